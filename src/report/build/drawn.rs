//! What pictures need of runs and a side does not keep: taken from summaries before they become a side.

use std::collections::BTreeMap;

use super::durations::Durations;
use crate::compare::framework::{self, Owner};
use crate::compare::names;
use crate::metrics::registry::SubjectKind;
use crate::summary::{HeapPoint, LoadPoint, Site, SlowSpan, Summary};

/// Package, kind and name of a subject.
pub(super) type Key = (String, SubjectKind, String);

/// What is drawn of one side.
#[derive(Debug, Default)]
pub struct Drawn {
    pub(super) durations: Durations,
    pub(super) load: Option<Load>,
    /// The slowest tests and tasks of all runs: kind and name, how long it took, its spans.
    pub(super) slowest: BTreeMap<(SubjectKind, String), (i64, Spans)>,
    /// Group that waited, state, group that woke it: how often and how long, all runs together.
    pub(super) wakers: BTreeMap<(String, String, String), (u64, i64)>,
    /// State and function at which goroutines waited: the functions that ended that, and how long it had lasted.
    pub(super) ended: BTreeMap<(String, String), BTreeMap<String, i64>>,
    pub(super) runs: usize,
}

/// What goroutines did in one test or task.
#[derive(Debug)]
pub(super) struct Spans {
    /// Start functions, by id.
    pub(super) goroutines: BTreeMap<u64, String>,
    pub(super) places: Vec<String>,
    pub(super) spans: Vec<SlowSpan>,
}

/// The same as a summary has it.
type Kept<'a> = (&'a BTreeMap<u64, String>, &'a Vec<String>, &'a Vec<SlowSpan>);

impl Spans {
    fn of((goroutines, places, spans): Kept<'_>) -> Spans {
        Spans { goroutines: goroutines.clone(), places: places.clone(), spans: spans.clone() }
    }
}

/// One run over time.
#[derive(Debug, Default)]
pub(super) struct Load {
    pub(super) gomaxprocs: u64,
    pub(super) duration_ns: i64,
    pub(super) load_step_ns: i64,
    pub(super) load: Vec<LoadPoint>,
    pub(super) heap_step_ns: i64,
    pub(super) heap: Vec<HeapPoint>,
}

impl Drawn {
    /// Of the runs of a side.
    pub fn of(runs: &[Summary]) -> Drawn {
        let mut drawn = Drawn { runs: runs.len(), load: middle(runs).map(load), ..Drawn::default() };
        for run in runs {
            drawn.durations.add(run);
            for (key, wall, kept) in slowest(run) {
                if drawn.slowest.get(&key).is_none_or(|(known, _)| wall > *known) {
                    drawn.slowest.insert(key, (wall, Spans::of(kept)));
                }
            }
            // The framework's and the runtime's goroutines wait by design.
            let under_test = framework::is_under_test(run);
            let own = |group: &str| !matches!(framework::owner(group, under_test), Owner::Framework | Owner::Runtime);
            for site in run.sites.iter().filter(|site| own(&site.group)) {
                for waker in &site.wakers {
                    let key = (site.group.clone(), site.state.clone(), waker.group.clone());
                    let known = drawn.wakers.entry(key).or_default();
                    known.0 = known.0.saturating_add(waker.count);
                    known.1 = known.1.saturating_add(waker.time_ns);
                }
                drawn.note_ended(site);
            }
        }
        drawn
    }

    /// Only what goroutines did: that a timer ends a sleep goes without saying.
    fn note_ended(&mut self, site: &Site) {
        let Some(at) = names::leaf(&site.stack) else { return };
        let ended = self.ended.entry((site.state.clone(), at.func.to_string())).or_default();
        for (waker, at) in site.wakers.iter().filter_map(|waker| Some((waker, names::leaf(&waker.stack)?))) {
            if !waker.group.starts_with('(') {
                let ns = ended.entry(at.func.to_string()).or_default();
                *ns = ns.saturating_add(waker.time_ns);
            }
        }
    }

    /// The function that ended most of the time that was waited in this state at this function.
    pub(super) fn ended_by(&self, state: &str, function: &str) -> Option<&str> {
        let ended = self.ended.get(&(state.to_owned(), function.to_owned()))?;
        let (name, _) = ended.iter().max_by(|a, b| a.1.cmp(b.1).then(b.0.cmp(a.0)))?;
        Some(name)
    }
}

/// The run of middle length among those of the package that took longest in all.
fn middle(runs: &[Summary]) -> Option<&Summary> {
    let length = |run: &Summary| run.end_ns.saturating_sub(run.start_ns);
    let mut packages: BTreeMap<&str, Vec<&Summary>> = BTreeMap::new();
    for run in runs {
        packages.entry(run.package.as_deref().unwrap_or_default()).or_default().push(run);
    }
    let total = |runs: &Vec<&Summary>| runs.iter().fold(0i64, |sum, run| sum.saturating_add(length(run)));
    let mut longest = packages.into_values().max_by_key(total)?;
    longest.sort_by_key(|run| length(run));
    longest.get(longest.len() / 2).copied()
}

fn load(run: &Summary) -> Load {
    Load {
        gomaxprocs: run.gomaxprocs,
        duration_ns: run.end_ns.saturating_sub(run.start_ns),
        load_step_ns: run.sched.step_ns,
        load: run.sched.curve.clone(),
        heap_step_ns: run.heap.step_ns,
        heap: run.heap.curve.clone(),
    }
}

/// What a run keeps spans of, and how long that took.
fn slowest(run: &Summary) -> impl Iterator<Item = ((SubjectKind, String), i64, Kept<'_>)> {
    let test = run.slowest.as_ref().and_then(|of| {
        let test = run.tests.get(of.test)?;
        let name = if test.name.is_empty() { "the slowest test" } else { &test.name };
        Some(((test.kind.into(), name.to_owned()), test.wall_ns, (&of.goroutines, &of.places, &of.spans)))
    });
    let task = run
        .slowest_task
        .as_ref()
        .filter(|of| !of.task.is_empty())
        .map(|of| ((SubjectKind::Task, of.task.clone()), of.wall_ns, (&of.goroutines, &of.places, &of.spans)));
    test.into_iter().chain(task)
}
