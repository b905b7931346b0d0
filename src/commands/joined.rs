//! Packages of many shards, joined and judged one by one on all cores.
//!
//! ```text
//!   runs of package 1 ─▶ both sides ─▶ joined ─▶ judged ─┬─ up to MOST_SERIES in all: kept
//!   runs of package 2 ─▶ ...                             └─ more: what is remarkable, and numbers ─▶ one verdict
//! ```
//!
//! The sides of a package are alive while it is looked at, so that memory grows with what there is to tell.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::compare as compare_command;
use super::inputs::{self, Input};
use crate::cli::GateArgs;
use crate::compare::packages::{self, Identity, NamedBy};
use crate::compare::{self, Comparison, Design, Package, PackagePair, Side};
use crate::config::{Config, WorkingTree};
use crate::error::Error;
use crate::gate::package::MOST_SERIES;
use crate::gate::{self, Judged, Opened};
use crate::report::model::Report;
use crate::summary::Summary;

/// Judges packages, and sets aside what is not remarkable once there is too much of it. Whether that happens depends on
/// how many series there are in all, and not on which were first.
pub(super) struct Judge {
    /// That of the working folder, and of the packages seen so far.
    config: Mutex<Arc<Config>>,
    seen: Mutex<BTreeSet<String>>,
    /// Where the filters are written that kept something apart: file and line.
    kept_apart: Mutex<BTreeSet<(PathBuf, usize)>>,
    /// What is odd about aliases.
    warnings: Mutex<BTreeSet<String>>,
    design: Design,
    series: AtomicUsize,
}

/// A package with what is known of it.
pub(super) type One = (PackagePair, Opened);

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Judge {
    pub(super) fn new(config: Config, design: Design) -> Judge {
        Judge {
            config: Mutex::new(Arc::new(config)),
            seen: Mutex::default(),
            kept_apart: Mutex::default(),
            warnings: Mutex::default(),
            design,
            series: AtomicUsize::new(0),
        }
    }

    /// The configuration, with those of all packages seen.
    pub(super) fn config(&self) -> Arc<Config> {
        Arc::clone(&locked(&self.config))
    }

    /// These packages are about to come: each has a configuration of its own, where one is nearer.
    pub(super) fn meet<'p>(&self, gate: &GateArgs, packages: impl Iterator<Item = &'p str>) -> Result<(), Error> {
        let mut seen = locked(&self.seen);
        let new: Vec<&str> = packages.filter(|package| seen.insert((*package).to_owned())).collect();
        if !new.is_empty() {
            let mut config = locked(&self.config);
            super::nested::by_package(Arc::make_mut(&mut config), gate, &WorkingTree, new)?;
        }
        Ok(())
    }

    /// What the team calls by another name in the base, and what it keeps apart as a framework's.
    pub(super) fn prepare(&self, base: &mut Side, head: &mut Side) {
        let config = self.config();
        let (matched, warnings) = compare_command::prepare(base, head, &config);
        locked(&self.warnings).extend(warnings);
        locked(&self.kept_apart).extend(matched.into_iter().map(|(file, line)| (file.to_owned(), line)));
    }

    /// Says which filters found nothing, and which aliases rename what is still there.
    pub(super) fn warnings(&self) -> Result<BTreeSet<String>, Error> {
        let kept_apart = locked(&self.kept_apart);
        let matched = kept_apart.iter().map(|(file, line)| (file.as_path(), *line)).collect();
        let mut warnings = compare_command::filters_without_match(&matched, &self.config())?;
        warnings.extend(locked(&self.warnings).iter().cloned());
        Ok(warnings)
    }

    /// Judges one package.
    pub(super) fn open(&self, mut pair: PackagePair) -> One {
        let config = self.config();
        let own = config.of(&pair.name);
        let mut opened = Opened::of(&pair, self.design, own);
        let before = self.series.fetch_add(opened.series(), Ordering::Relaxed);
        if before.saturating_add(opened.series()) > MOST_SERIES {
            opened.set_aside(&mut pair, own);
        }
        (pair, opened)
    }

    /// Judges all of them, which are in the order of the report. `share`: see [`Design`]; `untested`: see [`Comparison`].
    pub(super) fn close(self, all: Vec<One>, share: f64, untested: Vec<String>) -> (Comparison, Judged) {
        let config = self.config();
        let aside = self.series.load(Ordering::Relaxed) > MOST_SERIES;
        let (mut pairs, mut opened) = (Vec::with_capacity(all.len()), Vec::with_capacity(all.len()));
        for (mut pair, mut one) in all {
            if aside && !one.is_set_aside() {
                let own = config.of(&pair.name);
                one.set_aside(&mut pair, own);
            }
            pairs.push(pair);
            opened.push(one);
        }
        let comparison = Comparison { packages: pairs, design: Design { share, ..self.design }, untested };
        let judged = gate::close(&comparison, opened, &config);
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
pub(super) fn summaries(base: &Input, head: &Input, judge: &Judge) -> Option<Vec<One>> {
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
    let config = judge.config();
    let all = inputs::on_all_cores(&pairs, |(b, h)| {
        let side = |of: &Option<(String, Vec<&Summary>)>| {
            let mut side = Side::default();
            if let Some((name, members)) = of {
                let rounds = config.of(name).rounds;
                side.packages.insert(name.clone(), Package::of(NamedBy::Import, members, rounds));
            }
            side
        };
        let (mut base, mut head) = (side(b), side(h));
        judge.prepare(&mut base, &mut head);
        compare::compare(base, head).packages.into_iter().map(|pair| judge.open(pair)).collect::<Vec<_>>()
    });
    Some(all.into_iter().flatten().collect())
}
