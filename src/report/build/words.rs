//! The words for subjects, metrics, evidence and causes.

use std::collections::BTreeMap;

use super::drawn::Drawn;
use crate::compare::{Change, PackagePair, Presence, SubjectPair, framework, names};
use crate::gate::cause::SiteChange;
use crate::gate::fold::Finding;
use crate::gate::{Evidence, cause};
use crate::metrics::registry::{Class, SubjectKind, Unit};
use crate::paths::Repository;
use crate::report::model::Evidence as Told;
use crate::summary::SiteFrame;

/// How a report calls a subject.
pub(in crate::report) fn label(subject: &SubjectPair) -> String {
    match subject.kind {
        SubjectKind::Process => "the whole run".to_owned(),
        SubjectKind::Test | SubjectKind::Benchmark if !subject.name().starts_with("testing.") => {
            subject.name().to_owned()
        }
        SubjectKind::Test => runner(subject, "tests"),
        SubjectKind::Benchmark => runner(subject, "benchmarks"),
        SubjectKind::Site => subject.name().split(" < ").map(names::short).next().unwrap_or_default().to_owned(),
        SubjectKind::Group if subject.name() == names::PULL.0 => names::PULL.1.to_owned(),
        SubjectKind::Group => names::short(subject.name()).to_owned(),
        kind => format!("{kind} {}", subject.name()),
    }
}

/// Tests are called by their function where their stacks show only one.
fn runner(subject: &SubjectPair, all: &str) -> String {
    let functions = functions(subject);
    match functions.keys().next() {
        Some(only) if functions.len() == 1 => names::short(only).to_owned(),
        _ => all.to_owned(),
    }
}

/// The functions that runners of tests or benchmarks run, as far as stacks show them, with a line of each.
pub(super) fn functions(subject: &SubjectPair) -> BTreeMap<&str, &SiteFrame> {
    let sides = subject.head.iter().chain(&subject.base);
    sides
        .flat_map(|(_, s)| s.sites.values())
        .filter_map(|site| framework::test_frame(&site.stack))
        .map(|frame| (&*frame.func, frame))
        .collect()
}

/// The words for a metric of a subject.
pub(in crate::report) fn what(subject: &SubjectPair, change: &Change) -> String {
    let instance = change.metric.instance(&change.path);
    match change.path.as_str() {
        "count" => match subject.kind {
            SubjectKind::Test | SubjectKind::Benchmark if !subject.name().starts_with("testing.") => "runs".to_owned(),
            SubjectKind::Region => "calls".to_owned(),
            SubjectKind::Task => "tasks".to_owned(),
            SubjectKind::Log => "messages".to_owned(),
            _ => "goroutines".to_owned(),
        },
        "alive" => "left running".to_owned(),
        "total_ns" => "total time".to_owned(),
        "exec_ns" => "running".to_owned(),
        "sched_wait_ns" => "waiting for a P".to_owned(),
        "syscall_ns" => "system calls".to_owned(),
        "syscall_block_ns" => "long system calls".to_owned(),
        "duration_ns" => "wall time".to_owned(),
        "gc.mark_ns" => "GC marking".to_owned(),
        "gc.share" => "collector's share".to_owned(),
        "gc.assist_exec_ns" | "assist_exec_ns" => "GC assists".to_owned(),
        "self.total_ns" => "total time, self".to_owned(),
        "self.exec_ns" => "running, self".to_owned(),
        "work.exec_ns" => "running for it".to_owned(),
        "work.sched_wait_ns" => "waiting for a P for it".to_owned(),
        "tail_ns" => "time to the last goroutine".to_owned(),
        "framework_ns" => "the test framework".to_owned(),
        "sched.runnable_ns" => "waiting for a P".to_owned(),
        "sched.oversubscribed_ns" => "oversubscribed".to_owned(),
        "sched.idle_while_runnable_ns" => "idle Ps while work waited".to_owned(),
        "sched.hog_ns" => "waiting for hogs".to_owned(),
        path => match change.metric.id {
            "block_ns.*" if instance.is_empty() => "blocked".to_owned(),
            "block_ns.*" | "range_ns.*" => instance.to_owned(),
            "work.block_ns.*" => format!("{instance}, for it"),
            "blocks.*" => format!("waits in {instance}"),
            "mmu.*" => format!("mutator utilization ({instance})"),
            "sched.latency.p50.*" => format!("median wait for a P ({instance})"),
            "sched.latency.p99.*" => format!("p99 wait for a P ({instance})"),
            "gc.cycles.*" => format!("GC cycles ({instance})"),
            "ranges.count.*" => format!("{instance}, number"),
            "ranges.max_ns.*" => format!("{instance}, longest"),
            "ranges.time_ns.*" => format!("{instance}, time"),
            "metric_max.*" if instance.contains("goal") => "heap goal, peak".to_owned(),
            "metric_max.*" if instance.contains("heap") => "live heap, peak".to_owned(),
            "metric_max.*" => instance.to_owned(),
            _ => path.strip_prefix("durations.").unwrap_or(path).to_owned(),
        },
    }
}

pub(super) fn evidence(evidence: &Evidence, change: &Change) -> Told {
    let runs = change.runs();
    let (kind, text, p_value) = match evidence {
        Evidence::Budget => ("budget", "over its budget".to_owned(), None),
        Evidence::Required => ("required", "required, and missing".to_owned(), None),
        Evidence::Named => ("named", "a rule names it, and it is missing".to_owned(), None),
        Evidence::Multiplied => ("multiplied", "at least 4 times as many, and 16 or more".to_owned(), None),
        Evidence::HardLimit => ("hard-limit", "beyond the hard limit".to_owned(), None),
        Evidence::Constant => {
            let all = match &change.presence {
                Presence::Both { base, head } if base.len() != head.len() => {
                    format!("the same in all runs, {} of the base and {} of the head", base.len(), head.len())
                }
                _ => format!("the same in all of {runs} runs a side"),
            };
            ("constant", all, None)
        }
        Evidence::Separated => (
            "separated",
            format!("every run of one side is at least twice every run of the other, and far from it, {runs} a side"),
            None,
        ),
        Evidence::Exact => ("exact", "a rule says that it does not vary".to_owned(), None),
        Evidence::Tested(p) => {
            ("permutation-test", format!("permutation test, {} after correction", chance(*p)), Some(*p))
        }
        Evidence::Ranked(p) => ("rank-test", format!("rank test of this alone, {}", chance(*p)), Some(*p)),
        Evidence::Shift(by) => (
            "shift",
            format!(
                "not recorded alternately, and everything shifted by {}: the machine's doing",
                crate::report::units::change(*by)
            ),
            None,
        ),
        Evidence::Apart => {
            ("apart", "base and head were not recorded alternately: the machine may have done it".to_owned(), None)
        }
        Evidence::FewRuns if runs < crate::gate::evidence::RUNS_FOR_TEST => (
            "few-runs",
            format!("{runs} run{} nothing", if runs == 1 { " a side proves" } else { "s a side prove" }),
            None,
        ),
        Evidence::FewRuns => ("unproven", "not tested: it cannot fail the build".to_owned(), None),
        Evidence::Environment => ("environment", "recorded in another environment".to_owned(), None),
        Evidence::TestsDiffer => ("tests-differ", "another number of tests ran".to_owned(), None),
        Evidence::OutcomesDiffer => ("outcomes-differ", "a test failed or was skipped on one side".to_owned(), None),
        Evidence::Regrouped => {
            ("regrouped", "another number of items, which together take as long as before".to_owned(), None)
        }
        Evidence::Presence => ("presence", if change.base().is_none() { "new" } else { "gone" }.to_owned(), None),
        Evidence::None => ("none", String::new(), None),
    };
    Told { kind: kind.into(), text: text.into(), p_value }
}

fn chance(p: f64) -> String {
    if p < 0.0001 { "p < 0.0001".to_owned() } else { format!("p = {p:.4}") }
}

/// More allocation shows as running, at no stack: what gives it away is that the collector ran more often.
fn collections(package: &PackagePair, lead: &Change) -> Option<String> {
    if !matches!(lead.path.as_str(), "exec_ns" | "total_ns" | "duration_ns" | "sched_wait_ns") || lead.delta() <= 0.0 {
        return None;
    }
    let process = package.subjects.iter().find(|s| s.kind == SubjectKind::Process)?;
    let cycles = process.change("gc.cycles.allocation")?;
    let (base, head) = (cycles.base()?, cycles.head()?);
    let figure = |v| crate::report::units::figure(v, Unit::Count);
    (head >= 2.0 * base && head - base >= 3.0).then(|| format!("GC cycles {} → {}", figure(base), figure(head)))
}

/// Where the time of a finding went, in parts.
pub(super) struct Place {
    /// How much of the change it is: `nearly all at`, `mostly at`, `at`.
    at: &'static str,
    /// What the wait is carried by, where that is the standard library's.
    via: Option<String>,
    function: String,
    woken_by: Option<String>,
}

impl Place {
    /// `moved`: by how much the state changed that the site is a part of.
    pub(super) fn of(site: &SiteChange, moved: Option<f64>, drawn: &[Drawn; 2]) -> Place {
        let leaf = cause::leaf(&site.stack);
        let part = moved.filter(|moved| *moved != 0.0).map_or(0.0, |moved| (site.head - site.base) / moved);
        let carries = |f: &&SiteFrame| ["runtime.", "internal/", "syscall."].iter().any(|p| f.func.starts_with(p));
        let via = site.stack.iter().find(|frame| !carries(frame)).filter(|frame| Some(*frame) != leaf);
        let ended = leaf.and_then(|leaf| drawn.iter().rev().find_map(|side| side.ended_by(&site.state, &leaf.func)));
        Place {
            at: match part {
                part if part >= 0.9 => "nearly all at",
                part if part >= 0.5 => "mostly at",
                _ => "at",
            },
            via: via.map(|frame| names::short(&frame.func).to_owned()),
            function: leaf.map_or(String::new(), |frame| names::short(&frame.func).to_owned()),
            woken_by: ended.map(|function| names::short(function).to_owned()),
        }
    }

    /// In words; `position` stands behind the function.
    pub(super) fn words(&self, position: &str) -> String {
        let via = self.via.as_ref().map(|via| format!("{via} from ")).unwrap_or_default();
        let gap = if position.is_empty() { "" } else { " " };
        let by = self.woken_by.as_ref().map(|by| format!(", woken by {by}")).unwrap_or_default();
        format!("{} {via}{}{gap}{position}{by}", self.at, self.function)
    }
}

/// One line on what the program was doing.
pub(super) fn cause_of(
    finding: &Finding,
    place: Option<&Place>,
    package: &PackagePair,
    subject: &SubjectPair,
    lead: &Change,
    repository: &Repository,
) -> String {
    match &lead.presence {
        Presence::Added(_) => {
            let creators = subject.head.iter().flat_map(|(_, s)| s.creators.keys());
            let by: Vec<&str> = creators.map(|c| names::short(c)).take(3).collect();
            return if by.is_empty() { "new".to_owned() } else { format!("new, started by {}", by.join(", ")) };
        }
        Presence::Removed(_) => return "gone".to_owned(),
        Presence::Both { .. } => {}
    }
    let mut state = finding.state.as_deref().map(cause::words).unwrap_or_default();
    if let Some(gc) = collections(package, lead) {
        state = format!("{state}; {gc}");
    }
    match (&finding.site, place) {
        (Some(site), Some(place)) => {
            let position = |f: &SiteFrame| format!("{}:{}", repository.file(&f.file), f.line);
            let at = place.words(&cause::leaf(&site.stack).map_or(String::new(), position));
            if state.is_empty() { at } else { format!("{state}, {at}") }
        }
        _ if !state.is_empty() => state,
        _ if lead.metric.class == Class::Structural && subject.kind == SubjectKind::Group => {
            let (a, b) = (&subject.base, &subject.head);
            let by = b.iter().chain(a).flat_map(|(_, s)| s.creators.keys()).next();
            by.map_or(String::new(), |c| format!("started by {}", names::short(c)))
        }
        _ => String::new(),
    }
}
