//! Packages of many shards, joined and judged one by one on all cores.
//!
//! ```text
//!   runs of package 1 ─▶ both sides ─▶ joined ─▶ judged ─┬─ up to MOST_SERIES in all: kept
//!   runs of package 2 ─▶ ...                             └─ more: what is remarkable, and numbers ─▶ one verdict
//! ```
//!
//! The sides of a package are alive while it is looked at, so that memory grows with what there is to tell.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::inputs::{self, Input};
use crate::compare::packages::{self, Identity, NamedBy};
use crate::compare::{self, Comparison, Design, Package, PackagePair, Side};
use crate::config::Config;
use crate::gate::package::MOST_SERIES;
use crate::gate::{self, Judged, Opened};
use crate::report::model::Report;
use crate::summary::Summary;

/// Judges packages, and sets aside what is not remarkable once there is too much of it. Whether that happens depends on
/// how many series there are in all, and not on which were first.
pub(super) struct Judge {
    config: Arc<Config>,
    design: Design,
    series: AtomicUsize,
}

/// A package with what is known of it.
pub(super) type One = (PackagePair, Opened);

impl Judge {
    pub(super) fn new(config: &Arc<Config>, design: Design) -> Judge {
        Judge { config: Arc::clone(config), design, series: AtomicUsize::new(0) }
    }

    /// What the team calls by another name.
    pub(super) fn aliases(&self) -> &BTreeMap<String, String> {
        &self.config.aliases
    }

    /// Judges one package.
    pub(super) fn open(&self, mut pair: PackagePair) -> One {
        let mut opened = Opened::of(&pair, self.design, &self.config);
        let before = self.series.fetch_add(opened.series(), Ordering::Relaxed);
        if before.saturating_add(opened.series()) > MOST_SERIES {
            opened.set_aside(&mut pair, &self.config);
        }
        (pair, opened)
    }

    /// Judges all of them, which are in the order of the report. `share`: see [`Design`].
    pub(super) fn close(self, all: Vec<One>, share: f64) -> (Comparison, Judged) {
        let aside = self.series.load(Ordering::Relaxed) > MOST_SERIES;
        let (mut pairs, mut opened) = (Vec::with_capacity(all.len()), Vec::with_capacity(all.len()));
        for (mut pair, mut one) in all {
            if aside && !one.is_set_aside() {
                one.set_aside(&mut pair, &self.config);
            }
            pairs.push(pair);
            opened.push(one);
        }
        let comparison = Comparison { packages: pairs, design: Design { share, ..self.design } };
        let judged = gate::close(&comparison, opened, &self.config);
        (comparison, judged)
    }
}

/// Says what is not listed.
pub(super) fn note(report: &mut Report, judged: &Judged) {
    if judged.aside.series > 0 {
        let words = format!(
            "{} of the {} series that were compared are not listed: nothing is remarkable about them, and more than {MOST_SERIES} are too many to list",
            judged.aside.series, report.compared.series
        );
        report.warnings.push(words.into());
    }
}

/// Joins summaries of both sides package by package. None where they have to be looked at together: with a baseline
/// among them, or where files name packages.
pub(super) fn summaries(base: &Input, head: &Input, config: &Arc<Config>) -> Option<(Comparison, Judged)> {
    if !base.baselines.columns.is_empty() || !head.baselines.columns.is_empty() {
        return None;
    }
    let mut sides = [packages::group(&base.summaries), packages::group(&head.summaries)];
    if sides.iter().flat_map(|side| side.keys()).any(|identity| identity.named_by == NamedBy::File) {
        return None;
    }
    let names = |i: usize| sides[i].keys().map(|id| (id.name.clone(), id.named_by)).collect::<Vec<_>>();
    let pairs = packages::pair(&names(0), &names(1));
    let mut take = |i: usize, name: Option<String>| {
        let side: &mut BTreeMap<Identity, Vec<&Summary>> = &mut sides[i];
        let members = name.and_then(|name| side.remove_entry(&Identity { name, named_by: NamedBy::Import }));
        members.map(|(identity, members)| (identity.name, members))
    };
    let pairs: Vec<_> = pairs.into_iter().map(|(b, h)| (take(0, b), take(1, h))).collect();
    let judge = Judge::new(config, Design::default());
    let all = inputs::on_all_cores(&pairs, |(b, h)| {
        let side = |of: &Option<(String, Vec<&Summary>)>| {
            let mut side = Side::default();
            if let Some((name, members)) = of {
                side.packages.insert(name.clone(), Package::of(NamedBy::Import, members, config.rounds));
            }
            side
        };
        let (mut base, head) = (side(b), side(h));
        base.rename(&config.aliases);
        compare::compare(base, head).packages.into_iter().map(|pair| judge.open(pair)).collect::<Vec<_>>()
    });
    Some(judge.close(all.into_iter().flatten().collect(), Design::default().share))
}
