//! One subject in depth: its figures on both sides, run by run, and where it waits, stack by stack.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use similar::{Algorithm, DiffOp, capture_diff_slices};

use super::build;
use crate::compare::per::Item;
use crate::compare::side::{Run, SiteFigures, SiteKey, Subject};
use crate::compare::{Change, Comparison, PackagePair, Presence, SubjectPair, names};
use crate::config::Pattern;
use crate::gate::cause;
use crate::metrics::registry::{SubjectKind, Unit};
use crate::paths::Repository;
use crate::stats::sample::median;
use crate::subject::{SubjectPattern, matches_target};
use crate::summary::{SiteFrame, Summary};

/// A subject on both sides.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SubjectDepth {
    /// The package.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub package: String,
    /// What it is.
    pub kind: SubjectKind,
    /// Its exact name.
    pub name: String,
    /// What people call it.
    pub label: String,
    /// Where it starts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub position: Option<String>,
    /// What the base called it, where that differs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub renamed_from: Option<String>,
    /// `both`, `added` or `removed`.
    pub presence: &'static str,
    /// Its figures: states first, then what goroutines spent on it, what changed most before what changed less.
    pub series: Vec<Series>,
    /// Where it waits, what changed most first.
    pub sites: Vec<SiteDepth>,
    /// The stack at which the head waits longer than the base did, frame by frame against the one at which the base
    /// waited longest; empty where they are the same.
    pub frames: Vec<FrameChange>,
    /// Figures that could not be compared, and why.
    pub not_compared: Vec<(String, &'static str)>,
}

/// What a figure of a subject is about, in the order in which they are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// One of the states that its total is made of.
    State,
    /// What goroutines spent on a test or task, state by state: no part of a total, as there may be many of them at once.
    Spent,
    /// Anything else.
    Other,
}

/// A figure on both sides.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Series {
    /// The metric.
    pub metric: String,
    /// In words.
    pub what: String,
    /// The unit.
    #[serde(serialize_with = "unit")]
    pub unit: Unit,
    /// Per what the figure is; empty for the figure itself.
    pub per: &'static str,
    /// Whether it is one of the states that a total is made of.
    pub state: bool,
    /// The middle of the base.
    pub base: Option<f64>,
    /// The middle of the head.
    pub head: Option<f64>,
    /// Head less base.
    pub delta: f64,
    /// That as a part of the base.
    pub change: Option<f64>,
    /// Each run of the base.
    pub base_runs: Vec<f64>,
    /// Each run of the head.
    pub head_runs: Vec<f64>,
}

impl Series {
    /// What it is about.
    pub fn part(&self) -> Part {
        match () {
            () if self.state => Part::State,
            () if self.metric.starts_with("work.") => Part::Spent,
            () => Part::Other,
        }
    }
}

fn unit<S: serde::Serializer>(unit: &Unit, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(unit.name())
}

/// A stack at which it waits.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SiteDepth {
    /// The state: `block_ns.REASON` or `syscall`.
    pub state: String,
    /// The frame that a person looks for.
    pub function: String,
    /// Where that is.
    pub position: String,
    /// Per what the figures are.
    pub per: &'static str,
    /// Time in the base, ns.
    pub base_ns: f64,
    /// Time in the head, ns.
    pub head_ns: f64,
    /// Waits in the base.
    pub base_count: f64,
    /// Waits in the head.
    pub head_count: f64,
    /// Who ended these waits in the base, the longest first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub base_wakers: Vec<WakerDepth>,
    /// Who ended them in the head.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub head_wakers: Vec<WakerDepth>,
    /// The frames, innermost first, as the head has them.
    pub stack: Vec<String>,
}

/// Who ended waits at a stack, all runs together.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct WakerDepth {
    /// The start function of whoever did, or `(network)`, `(timer)` and the like.
    pub group: String,
    /// The frame that a person looks for in its stack; empty where it was nobody's goroutine.
    pub function: String,
    /// Where that is.
    pub position: String,
    /// How many waits.
    pub count: u64,
    /// Their time, ns.
    pub time_ns: i64,
}

/// By stack: who ended the waits there.
#[derive(Clone, Debug, Default)]
pub struct Wakers(BTreeMap<SiteKey, Vec<WakerDepth>>);

impl Wakers {
    /// Of the runs of one side.
    pub fn of(runs: &[Summary], repository: &Repository) -> Wakers {
        let mut sums: BTreeMap<SiteKey, BTreeMap<(String, String), WakerDepth>> = BTreeMap::new();
        for site in runs.iter().flat_map(|run| &run.sites).filter(|site| !site.wakers.is_empty()) {
            let of_site = sums.entry(SiteKey::of(site)).or_default();
            for waker in &site.wakers {
                let leaf = cause::leaf(&waker.stack);
                let function = leaf.map_or_else(String::new, |f| f.func.to_string());
                let sum = of_site.entry((waker.group.clone(), function.clone())).or_insert_with(|| WakerDepth {
                    group: waker.group.clone(),
                    function,
                    position: leaf.map_or_else(String::new, |f| repository.position(&f.position())),
                    ..WakerDepth::default()
                });
                sum.count = sum.count.saturating_add(waker.count);
                sum.time_ns = sum.time_ns.saturating_add(waker.time_ns);
            }
        }
        let longest_first = |of_site: BTreeMap<_, WakerDepth>| {
            let mut list: Vec<WakerDepth> = of_site.into_values().collect();
            list.sort_by_key(|waker| std::cmp::Reverse((waker.time_ns, waker.count)));
            list
        };
        Wakers(sums.into_iter().map(|(key, of_site)| (key, longest_first(of_site))).collect())
    }

    fn at(&self, key: &SiteKey) -> Vec<WakerDepth> {
        self.0.get(key).cloned().unwrap_or_default()
    }
}

/// A frame of the leading stacks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FrameChange {
    /// `same`, `base` (only there) or `head` (only there).
    pub side: &'static str,
    /// The function.
    pub function: String,
}

/// Tells the subjects that the pattern means, what changed most in time first. `metric`: only these figures.
pub fn build(
    comparison: &Comparison,
    subject: &SubjectPattern,
    metric: Option<&Pattern>,
    wakers: &[Wakers; 2],
    repository: &Repository,
) -> Vec<SubjectDepth> {
    let mut told = Vec::new();
    for package in &comparison.packages {
        for pair in &package.subjects {
            let label = build::label(pair);
            // Tests go by their name alone where `go test` told it, and by package and name too.
            let full = format!("{}.{}", package.name, pair.name());
            let tests = matches!(pair.kind, SubjectKind::Test | SubjectKind::Benchmark);
            if matches_target(subject, pair.kind, pair.name())
                || matches_target(subject, pair.kind, &label)
                || tests && matches_target(subject, pair.kind, &full)
            {
                let weight = pair.change("total_ns").map_or(0.0, |c| c.delta().abs() * c.head_items.max(c.items));
                told.push((weight, tell(package, pair, label, metric, wakers, repository)));
            }
        }
    }
    // Stable: the rest stays in the order of packages and names.
    told.sort_by(|a, b| b.0.total_cmp(&a.0));
    told.into_iter().map(|(_, subject)| subject).collect()
}

fn tell(
    package: &PackagePair,
    pair: &SubjectPair,
    label: String,
    metric: Option<&Pattern>,
    wakers: &[Wakers; 2],
    repository: &Repository,
) -> SubjectDepth {
    let mut series: Vec<Series> = pair
        .changes
        .iter()
        .filter(|c| metric.is_none_or(|m| m.matches(&c.path) || m.matches(c.metric.id)))
        .map(|change| series(pair, change))
        .filter(|s| s.base != Some(0.0) || s.head != Some(0.0))
        .collect();
    series.sort_by(|a, b| a.part().cmp(&b.part()).then(b.delta.abs().total_cmp(&a.delta.abs())));
    let (sites, frames) = sites(package, pair, wakers, repository);
    let start = pair.head.as_ref().or(pair.base.as_ref()).and_then(|(_, s)| s.start.as_ref());
    let runs = matches!(pair.kind, SubjectKind::Test | SubjectKind::Benchmark);
    SubjectDepth {
        package: package.name.clone(),
        kind: pair.kind,
        name: pair.name().to_owned(),
        label,
        // Where the framework starts its runners is of no use to anyone.
        position: start.filter(|_| !runs).map(|p| repository.position(p)),
        renamed_from: pair.renamed_from().map(str::to_owned),
        presence: match (&pair.base, &pair.head) {
            (Some(_), Some(_)) => "both",
            (None, _) => "added",
            (_, None) => "removed",
        },
        series,
        sites,
        frames,
        not_compared: pair.not_compared.iter().map(|(path, why)| (path.to_string(), *why)).collect(),
    }
}

fn series(pair: &SubjectPair, change: &Change) -> Series {
    let (base_runs, head_runs) = match &change.presence {
        Presence::Both { base, head } => (base.values().to_vec(), head.values().to_vec()),
        Presence::Added(head) => (Vec::new(), head.values().to_vec()),
        Presence::Removed(base) => (base.values().to_vec(), Vec::new()),
    };
    Series {
        metric: change.path.to_string(),
        what: build::what(pair, change),
        unit: change.metric.unit,
        per: change.item.name(),
        state: cause::is_state(&change.path),
        base: change.base(),
        head: change.head(),
        delta: change.delta(),
        change: change.ratio(),
        base_runs,
        head_runs,
    }
}

/// Where it waits on both sides, and how the stacks with the most time differ.
fn sites(
    package: &PackagePair,
    pair: &SubjectPair,
    [base_wakers, head_wakers]: &[Wakers; 2],
    repository: &Repository,
) -> (Vec<SiteDepth>, Vec<FrameChange>) {
    let (base, head) = (pair.base.as_ref().map(|(_, s)| s), pair.head.as_ref().map(|(_, s)| s));
    let keys: BTreeSet<&SiteKey> = [base, head].into_iter().flatten().flat_map(|s| s.sites.keys()).collect();
    let item = pair.changes.iter().find(|c| c.path == "total_ns" || cause::is_state(&c.path)).map(|c| c.item);
    let item = item.unwrap_or(Item::Goroutine);
    let mut all = Vec::new();
    for key in keys {
        let of = |s: Option<&Subject>| s.and_then(|s| s.sites.get(key)).cloned();
        let (b, h) = (of(base), of(head));
        let Some(shown) = h.as_ref().or(b.as_ref()) else { continue };
        let leaf = cause::leaf(&shown.stack);
        let position = |f: &SiteFrame| repository.position(&f.position());
        let per = |side: Option<&Subject>, runs: &[Run], site: &Option<SiteFigures>, count: bool| match (side, site) {
            (Some(side), Some(site)) => per_item(side, runs, if count { &site.count } else { &site.time_ns }, item),
            _ => 0.0,
        };
        all.push(SiteDepth {
            state: key.state.clone(),
            function: leaf.map_or_else(String::new, |f| f.func.to_string()),
            position: leaf.map_or_else(String::new, position),
            per: item.name(),
            base_ns: per(base, &package.base_runs, &b, false),
            head_ns: per(head, &package.head_runs, &h, false),
            base_count: per(base, &package.base_runs, &b, true),
            head_count: per(head, &package.head_runs, &h, true),
            base_wakers: base_wakers.at(key),
            head_wakers: head_wakers.at(key),
            stack: shown.stack.iter().map(|f| format!("{} {}", f.func, position(f))).collect(),
        });
    }
    let delta = |s: &SiteDepth| s.head_ns - s.base_ns;
    all.sort_by(|a, b| delta(b).abs().total_cmp(&delta(a).abs()));
    let longest = |side: Option<&Subject>| {
        let sum = |f: &SiteFigures| f.time_ns.iter().fold(0i64, |all, &ns| all.saturating_add(ns));
        side.and_then(|s| s.sites.values().max_by_key(|f| sum(f))).map(|f| f.stack.clone())
    };
    let frames = match (longest(base), longest(head)) {
        (Some(base), Some(head)) => frames(&base, &head),
        _ => Vec::new(),
    };
    (all, frames)
}

/// The figures of a site per item, in the middle of the runs.
fn per_item(subject: &Subject, runs: &[Run], values: &[i64], item: Item) -> f64 {
    let counts = subject.figures.get("count");
    let each = values.iter().enumerate().filter_map(|(i, &value)| {
        let items = match item {
            Item::Run | Item::Itself => 1.0,
            Item::Second => runs.get(i)?.duration_ns as f64 / 1e9,
            Item::Operation => runs.get(i)?.operations? as f64,
            Item::Goroutine | Item::Test | Item::Call | Item::Task => counts?.get(i).copied().flatten()? as f64,
        };
        (items > 0.0).then(|| value as f64 / items)
    });
    median(&each.collect::<Vec<_>>()).unwrap_or(0.0)
}

/// Which frames of two stacks differ, innermost first. Lines do not count, nor do the numbers of closures.
fn frames(base: &[SiteFrame], head: &[SiteFrame]) -> Vec<FrameChange> {
    let keys = |stack: &[SiteFrame]| stack.iter().map(|f| names::key(&f.func)).collect::<Vec<_>>();
    let (b, h) = (keys(base), keys(head));
    if b == h {
        return Vec::new();
    }
    let mut changes = Vec::new();
    let mut add = |side: &'static str, stack: &[SiteFrame], from: usize, len: usize| {
        let frames = stack.iter().skip(from).take(len);
        changes.extend(frames.map(|f| FrameChange { side, function: f.func.to_string() }));
    };
    for op in capture_diff_slices(Algorithm::Myers, &b, &h) {
        match op {
            DiffOp::Equal { new_index, len, .. } => add("same", head, new_index, len),
            DiffOp::Delete { old_index, old_len, .. } => add("base", base, old_index, old_len),
            DiffOp::Insert { new_index, new_len, .. } => add("head", head, new_index, new_len),
            DiffOp::Replace { old_index, old_len, new_index, new_len } => {
                add("base", base, old_index, old_len);
                add("head", head, new_index, new_len);
            }
        }
    }
    changes
}
