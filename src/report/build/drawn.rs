//! What pictures need of runs and a side does not keep: taken from summaries before they become a side.

use std::collections::BTreeMap;

use super::durations::Durations;
use crate::compare::framework::{self, Owner};
use crate::metrics::registry::SubjectKind;
use crate::summary::{HeapPoint, LoadPoint, SlowSpan, Summary, TestKind};

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
            for (key, wall, spans) in slowest(run) {
                if drawn.slowest.get(&key).is_none_or(|(known, _)| wall > *known) {
                    drawn.slowest.insert(key, (wall, spans));
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
            }
        }
        drawn
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

/// What a run keeps spans of.
fn slowest(run: &Summary) -> Vec<((SubjectKind, String), i64, Spans)> {
    let mut all = Vec::new();
    if let Some(of) = &run.slowest
        && let Some(test) = run.tests.get(of.test)
    {
        let kind = match test.kind {
            TestKind::Test => SubjectKind::Test,
            TestKind::Benchmark => SubjectKind::Benchmark,
        };
        let named = (!test.name.is_empty()).then(|| test.name.clone());
        let spans = Spans { goroutines: of.goroutines.clone(), places: of.places.clone(), spans: of.spans.clone() };
        all.push(((kind, named.unwrap_or_else(|| "the slowest test".to_owned())), test.wall_ns, spans));
    }
    if let Some(of) = run.slowest_task.as_ref().filter(|of| !of.task.is_empty()) {
        let spans = Spans { goroutines: of.goroutines.clone(), places: of.places.clone(), spans: of.spans.clone() };
        all.push(((SubjectKind::Task, of.task.clone()), of.wall_ns, spans));
    }
    all
}
