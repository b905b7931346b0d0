//! One trial: two sides judged, by us and by what users have today.

use gotrace_diff::compare::{self, Comparison, Design, Presence, Recorded, Side};
use gotrace_diff::config::{Config, Level};
use gotrace_diff::gate::{self, Judged, Verdict, fold};
use gotrace_diff::metrics::registry::DependsOn;
use gotrace_diff::stats::rank;

/// What came of a trial.
#[derive(Clone, Copy, Debug, Default)]
pub struct Outcome {
    pub fails: bool,
    pub inconclusive: bool,
    /// It is, and not for times alone, which prove nothing between recordings made at different times.
    pub inconclusive_counts: bool,
    /// The first finding names the injected subject and the right kind.
    pub named_first: bool,
    /// One of the first three does.
    pub named_in_three: bool,
    /// benchstat at its defaults: any series significantly worse.
    pub benchstat: bool,
    /// Any series more than 10 % worse.
    pub threshold: bool,
}

/// Judges two sides. `expected`: see [`expected`].
pub fn judge(base: Side, head: Side, recorded: Recorded, expected: Option<&Expected>) -> Outcome {
    let mut comparison = compare::compare(base, head);
    comparison.design = Design { recorded, share: 1.0 };
    let judged = gate::judge(&comparison, &Config::default());
    outcome(&comparison, &judged, expected)
}

/// Puts a verdict into words that can be counted.
pub fn outcome(comparison: &Comparison, judged: &Judged, expected: Option<&Expected>) -> Outcome {
    let mut out = Outcome {
        fails: judged.verdict == Verdict::Regression,
        inconclusive: judged.verdict == Verdict::Inconclusive,
        ..Outcome::default()
    };
    let counts = |j: &gate::Judgement| {
        let change = &comparison.packages[j.at.0].subjects[j.at.1].changes[j.at.2];
        j.outcome == gate::Outcome::Inconclusive
            && j.terms.level == Level::Error
            && change.metric.depends != DependsOn::Machine
    };
    out.inconclusive_counts = out.inconclusive && judged.judgements.iter().any(counts);
    (out.benchstat, out.threshold) = others(comparison, judged);
    if let Some(expected) = expected {
        let findings = fold::findings(comparison, judged);
        let names = |f: &fold::Finding| {
            let subject = &comparison.packages[f.at.0].subjects[f.at.1];
            let change = &subject.changes[f.lead];
            let stack = f.site.iter().flat_map(|s| &s.stack).map(|s| &*s.func);
            let who =
                std::iter::once(subject.name()).chain(stack).any(|n| expected.subject.iter().any(|e| n.contains(e)));
            let state = f.state.as_deref().unwrap_or(&change.path);
            let what = [state, change.path.as_str()].iter().any(|p| expected.kind.iter().any(|e| p.starts_with(e)));
            who && what
        };
        out.named_first = findings.first().is_some_and(names);
        out.named_in_three = findings.iter().take(3).any(names);
    }
    out
}

/// What fails the build: each series, and what that rests on.
pub fn failing(comparison: &Comparison, judged: &Judged) -> Vec<String> {
    let fails =
        judged.judgements.iter().filter(|j| j.outcome == gate::Outcome::Regression && j.terms.level == Level::Error);
    let line = |j: &gate::Judgement| {
        let subject = &comparison.packages[j.at.0].subjects[j.at.1];
        let evidence = format!("{:?}", j.evidence);
        let kind = evidence.split('(').next().unwrap_or_default();
        let change = &subject.changes[j.at.2];
        let values = match &change.presence {
            // What a test decides on is a ratio of its own.
            Presence::Both { base, head } if kind != "Tested" => format!(" {:?} {:?}", base.values(), head.values()),
            _ => String::new(),
        };
        format!("{kind}: {} {}: {}{values}", subject.kind.name(), subject.name(), change.path)
    };
    fails.map(line).collect()
}

/// What users have: the same series, each judged on its own. benchstat: Mann-Whitney, two-sided, p < 0.05, no
/// correction and no limit; the threshold: the middle of the runs more than 10 % up.
fn others(comparison: &Comparison, judged: &Judged) -> (bool, bool) {
    let (mut benchstat, mut threshold) = (false, false);
    for judgement in judged.judgements.iter().filter(|j| j.terms.level == Level::Error) {
        let (p, s, c) = judgement.at;
        let change = &comparison.packages[p].subjects[s].changes[c];
        let Presence::Both { base, head } = &change.presence else { continue };
        if change.worse_by().is_none_or(|w| w <= 0.0) {
            continue;
        }
        // Below this it has nothing to say (its own table: 4 and 4 runs).
        if base.len().min(head.len()) >= 4 {
            benchstat |= 2.0 * rank::p_greater(base.values(), head.values()) < 0.05;
        }
        threshold |= change.ratio().is_none_or(|r| r > 0.10);
    }
    (benchstat, threshold)
}

/// What a regression has to be called: parts of the subject's or the stack's names, and the metrics that say how.
pub struct Expected {
    pub subject: &'static [&'static str],
    pub kind: &'static [&'static str],
    /// Whether a count, a wait or a test's time at least doubles: the goals differ.
    pub doubles: bool,
}

/// What each switch of examples/regressions has to be called, as its README says it.
pub fn expected(switch: &str) -> Option<Expected> {
    let (subject, kind, doubles): (&[&str], &[&str], bool) = match switch {
        "pool" => (&["loadAll.func1", "(*DB).Get"], &["block_ns.chan send", "count"], true),
        "sqlpool" => (&["Find.func1", "(*DB).conn"], &["block_ns.select", "count"], true),
        "lock" => (&["(*Cache).Page", "TestPage"], &["block_ns.sync", "count"], true),
        "region" => (&["parse"], &["exec_ns", "total_ns", "durations."], true),
        "region15" => (&["tax"], &["exec_ns", "total_ns", "durations."], false),
        "alloc" => (&["TestBuild", "testing.tRunner", "Build"], &["exec_ns", "gc.", "total_ns", "sched_wait_ns"], true),
        "peer" => (&["payment", "net.", "net/http"], &["block_ns.network", "block_ns.select", "block_ns.sleep"], true),
        "unbuffered" => (&["lines", "Write", "testing.tRunner"], &["syscall", "count"], true),
        "perjob" => (&["Thumbnails"], &["count", "sched_wait_ns"], true),
        "leak" => (&["Send.func1", "notify.Send"], &["alive", "block_ns.chan send", "count"], true),
        "oversub" => (&["Transcode"], &["count", "sched_wait_ns"], true),
        "sleep" => (&["Retry", "testing.tRunner"], &["block_ns.sleep"], true),
        _ => return None,
    };
    Some(Expected { subject, kind, doubles })
}
