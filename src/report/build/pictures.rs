//! What pictures are drawn of, bounded whatever was recorded.

use super::drawn::Drawn;
use super::{durations, slowest};
use crate::compare::{Comparison, PackagePair, Subject, SubjectPair, names};
use crate::gate::cause;
use crate::paths::Repository;
use crate::report::model::{Pictures, Stack, StackFrame};
use crate::stats::sample::median;

/// More stacks than these are not drawn: the least of many thousand are less than a pixel wide.
const MOST_STACKS: usize = 500;
/// Deeper stacks lose their outermost frames.
const MOST_FRAMES: usize = 40;

/// What is said where the base is a committed baseline.
const MISSING: &str = "The base is a baseline, which keeps the figures of each run and the stacks waited at longest, but no \
    traces: figures over time, distributions of durations and the slowest test are drawn of the head alone, and who kept whom \
    waiting is not.";

/// All that the comparison has for pictures.
pub(super) fn pictures(comparison: &Comparison, [base, head]: &[Drawn; 2], repository: &Repository) -> Pictures {
    // A baseline has figures and no traces.
    let alone = base.runs == 0 && head.runs > 0;
    let mut pictures = Pictures {
        waits: waits(comparison, repository, alone),
        distributions: durations::told(&base.durations, &head.durations, alone),
        blocked_by: if alone { Vec::new() } else { slowest::blocked_by(base, head) },
        curves: slowest::curves(base, head),
        timelines: slowest::timelines(base, head, repository),
        missing: None,
    };
    if alone && !pictures.is_empty() {
        pictures.missing = Some(MISSING.into());
    }
    pictures
}

/// The waits of the program's own goroutines, by stack.
fn waits(comparison: &Comparison, repository: &Repository, alone: bool) -> Vec<Stack> {
    let mut all = Vec::new();
    for package in &comparison.packages {
        if package.base_runs.is_empty() || package.head_runs.is_empty() {
            continue;
        }
        for subject in package.subjects.iter().filter(|s| !s.is_framework() || is_runner(s)) {
            stacks(package, subject, repository, alone, &mut all);
        }
    }
    all.sort_by(|a, b| b.base.max(b.head).total_cmp(&a.base.max(a.head)).then_with(|| a.frames.cmp(&b.frames)));
    all.truncate(MOST_STACKS);
    all
}

fn is_runner(subject: &SubjectPair) -> bool {
    use crate::metrics::registry::SubjectKind;
    matches!(subject.kind, SubjectKind::Test | SubjectKind::Benchmark)
}

fn stacks(package: &PackagePair, subject: &SubjectPair, repository: &Repository, alone: bool, out: &mut Vec<Stack>) {
    let side = |s: &'_ Option<(String, Subject)>| s.as_ref().map(|(_, s)| s.sites.clone()).unwrap_or_default();
    let (base, mut head) = (side(&subject.base), side(&subject.head));
    let per_run = |times: &[i64], runs: usize| {
        let mut times: Vec<f64> = times.iter().map(|&t| t as f64).collect();
        times.resize(runs.max(1), 0.0);
        median(&times).unwrap_or(0.0)
    };
    let (base_runs, head_runs) = (package.base_runs.len(), package.head_runs.len());
    let mut add = |state: &str, frames: &[crate::summary::SiteFrame], base: f64, head: f64| {
        if base <= 0.0 && head <= 0.0 {
            return;
        }
        let mut frames: Vec<StackFrame> = frames
            .iter()
            .take(MOST_FRAMES)
            .map(|f| StackFrame {
                function: names::short(&f.func).into(),
                position: format!("{}:{}", repository.file(&f.file), f.line).into(),
            })
            .collect();
        frames.reverse();
        out.push(Stack { state: cause::words(state).into(), frames, base, head });
    };
    for (key, site) in &base {
        let other = head.remove(key);
        let stack = other.as_ref().map_or(&site.stack, |o| &o.stack);
        let after = other.as_ref().map_or(0.0, |o| per_run(&o.time_ns, head_runs));
        add(&key.state, stack, per_run(&site.time_ns, base_runs), after);
    }
    // A baseline that is full may have left them out: they are not new.
    let left_out = alone && base.len() >= crate::baseline::MOST_SITES;
    for (key, site) in head.iter().filter(|_| !left_out) {
        add(&key.state, &site.stack, 0.0, per_run(&site.time_ns, head_runs));
    }
}
