//! What the program was doing in the time that was added: the state, and the stack at which it waited.

use crate::compare::Change;
use crate::compare::framework;
pub use crate::compare::names::leaf;
use crate::compare::per::Item;
use crate::compare::side::{Run, SiteFigures, SiteKey, Subject};
use crate::compare::{PackagePair, SubjectPair};
use crate::metrics::registry::SubjectKind;
use crate::stats::sample::median;
use crate::summary::SiteFrame;

/// A stack whose time grew.
#[derive(Clone, Debug, PartialEq)]
pub struct SiteChange {
    /// The state: `block_ns.REASON` or `syscall`.
    pub state: String,
    /// The stack, innermost frame first, as the head has it (the base, where only it has).
    pub stack: Vec<SiteFrame>,
    /// Time per item in the base, ns.
    pub base: f64,
    /// Time per item in the head, ns.
    pub head: f64,
}

/// The state that explains most of a change of a subject's total time: its path and how much it adds, ns per item.
pub fn state<'s>(subject: &'s SubjectPair, total: &Change) -> Option<&'s Change> {
    let sign = if total.delta() < 0.0 { -1.0 } else { 1.0 };
    subject
        .changes
        .iter()
        .filter(|c| c.item == total.item && is_state(&c.path))
        .filter(|c| c.delta() * sign > 0.0)
        .max_by(|a, b| (a.delta() * sign).total_cmp(&(b.delta() * sign)))
}

/// Whether `path` is one of the disjoint states that a total is made of.
pub fn is_state(path: &str) -> bool {
    path.starts_with("block_ns.") || matches!(path, "exec_ns" | "syscall_ns" | "syscall_block_ns" | "sched_wait_ns")
}

/// The stack in the state of `change` whose time per item grew most.
pub fn site(subject: &SubjectPair, change: &Change, base_runs: &[Run], head_runs: &[Run]) -> Option<SiteChange> {
    if !matches!(subject.kind, SubjectKind::Group | SubjectKind::Test | SubjectKind::Benchmark) {
        return None;
    }
    let state = match change.path.as_str() {
        "syscall_ns" | "syscall_block_ns" => "syscall",
        path if path.starts_with("block_ns.") => path,
        _ => return None,
    };
    let sides = Sides { subject, item: change.item, base_runs, head_runs, falls: change.delta() < 0.0 };
    let site = sides.most_changed(|key| key.state == state)?;
    if !framework::waits_for_workers(&site.stack) {
        return Some(site);
    }
    // A benchmark that waits for its parallel workers waits for whatever those wait for.
    let own = |key: &SiteKey| !framework::waits_for_workers(&sides.stack(key).unwrap_or_default());
    Some(sides.most_changed(own).filter(|inner| sides.growth(inner) > 0.0).unwrap_or(site))
}

/// Where most of the goroutines wait that the head's runs of a test leave behind and the base's do not.
pub fn left_behind(package: &PackagePair, test: &str) -> Option<SiteChange> {
    let left = |subject: &SubjectPair| subject.change("alive").map_or(0.0, Change::delta);
    let of_test = package.subjects.iter().filter(|s| s.kind == SubjectKind::Group && s.test() == Some(test));
    let most = of_test.filter(|s| left(s) > 0.0).max_by(|a, b| left(a).total_cmp(&left(b)))?;
    let (sides, runs) = (most.head.as_ref().map(|(_, s)| s)?, &package.head_runs[..]);
    let waited = |site: &SiteFigures| site.time_ns.iter().copied().fold(0, i64::saturating_add);
    let (key, site) = sides.sites.iter().max_by_key(|(_, site)| waited(site))?;
    let time = |side: &Option<(String, Subject)>, runs| {
        time_per_item(side.as_ref().map(|(_, s)| s), key, Item::Goroutine, runs)
    };
    Some(SiteChange {
        state: key.state.clone(),
        stack: site.stack.clone(),
        base: time(&most.base, &package.base_runs),
        head: time(&most.head, runs),
    })
}

/// The stacks of both sides of a subject, and which way its time went.
struct Sides<'s> {
    subject: &'s SubjectPair,
    item: Item,
    base_runs: &'s [Run],
    head_runs: &'s [Run],
    falls: bool,
}

impl Sides<'_> {
    fn base(&self) -> Option<&Subject> {
        self.subject.base.as_ref().map(|(_, s)| s)
    }

    fn head(&self) -> Option<&Subject> {
        self.subject.head.as_ref().map(|(_, s)| s)
    }

    /// As the head has it (the base, where only it has).
    fn stack(&self, key: &SiteKey) -> Option<Vec<SiteFrame>> {
        let find = |s: Option<&Subject>| s.and_then(|s| s.sites.get(key)).map(|f| f.stack.clone());
        find(self.head()).or_else(|| find(self.base()))
    }

    fn growth(&self, site: &SiteChange) -> f64 {
        if self.falls { site.base - site.head } else { site.head - site.base }
    }

    /// Of the stacks that are wanted, the one whose time per item changed most in that direction.
    fn most_changed(&self, is_wanted: impl Fn(&SiteKey) -> bool) -> Option<SiteChange> {
        let (base, head) = (self.base(), self.head());
        let mut all: Vec<&SiteKey> =
            base.iter().chain(&head).flat_map(|s| s.sites.keys()).filter(|key| is_wanted(key)).collect();
        all.sort();
        all.dedup();
        all.into_iter()
            .filter_map(|key| {
                Some(SiteChange {
                    state: key.state.clone(),
                    stack: self.stack(key)?,
                    base: time_per_item(base, key, self.item, self.base_runs),
                    head: time_per_item(head, key, self.item, self.head_runs),
                })
            })
            .max_by(|a, b| self.growth(a).total_cmp(&self.growth(b)))
    }
}

fn time_per_item(subject: Option<&Subject>, key: &SiteKey, item: Item, runs: &[Run]) -> f64 {
    let Some((subject, site)) = subject.and_then(|s| Some((s, s.sites.get(key)?))) else { return 0.0 };
    let counts = subject.figures.get("count");
    let operations = |i: usize| match subject.repeats.get(i) {
        Some(repeat) => repeat.operations,
        None => runs.get(i)?.operations,
    };
    let values: Vec<f64> = site
        .time_ns
        .iter()
        .enumerate()
        .filter_map(|(i, &time)| {
            let items = match item {
                Item::Second => runs.get(i)?.duration_ns as f64 / 1e9,
                Item::Operation => operations(i)? as f64,
                _ => counts?.get(i).copied().flatten()? as f64,
            };
            (items > 0.0).then(|| time as f64 / items)
        })
        .collect();
    median(&values).unwrap_or(0.0)
}

/// The words for a state: what the program was doing.
pub fn words(path: &str) -> String {
    match path {
        "exec_ns" => "running on a processor".to_owned(),
        "sched_wait_ns" => "waiting for a processor".to_owned(),
        "syscall_ns" | "syscall_block_ns" | "syscall" => "in system calls".to_owned(),
        _ => match path.strip_prefix("block_ns.") {
            Some("") => "blocked (the trace does not say on what)".to_owned(),
            Some("sync") => "waiting in sync (a mutex, a WaitGroup)".to_owned(),
            Some("sleep") => "sleeping".to_owned(),
            Some("network") => "waiting for the network".to_owned(),
            Some(reason) => format!("waiting in {reason}"),
            None => path.to_owned(),
        },
    }
}
