//! From a judged comparison to the finished report.

use std::collections::BTreeMap;

use super::model::{
    Compared, Detectable, Environment, Evidence as Told, Finding as Row, Limit, NotCompared, Report, Run, Runs, SCHEMA,
    Section, SideEnvironment, Site, Subject,
};
use super::{advice, headline};
use crate::compare::{Change, Comparison, PackagePair, Presence, SubjectPair, framework, names};
use crate::gate::fold::{self, Finding};
use crate::gate::{Evidence, Judged, Judgement, Outcome, cause};
use crate::metrics::registry::{Class, SubjectKind, Unit};
use crate::paths::Repository;
use crate::summary::{Position, SiteFrame};

/// What the report has to know beside the comparison.
pub struct Context<'a> {
    /// For positions.
    pub repository: &'a Repository,
    /// What is odd about the input.
    pub warnings: Vec<String>,
    /// What of the input was left out.
    pub left_out: Vec<NotCompared>,
    /// Whether framework goroutines are shown.
    pub show_framework: bool,
    /// Whether the base is the committed baseline.
    pub against_baseline: bool,
}

/// Makes the report.
pub fn build(comparison: &Comparison, judged: &Judged, context: Context<'_>) -> Report {
    let findings = fold::findings(comparison, judged);
    let mut rows = Vec::new();
    for finding in &findings {
        rows.extend(tell(comparison, finding, context.repository));
    }
    let environment = environment(comparison);
    let mut not_compared = not_compared(comparison, judged, context.show_framework, &environment);
    not_compared.extend(context.left_out);
    let compared = compared(comparison, judged);
    Report {
        schema: SCHEMA,
        verdict: judged.verdict.name(),
        exit_code: judged.exit_code,
        headline: headline::headline(comparison, judged, &rows, &environment),
        advice: advice::advice(comparison, judged, &rows, context.against_baseline),
        findings: rows,
        compared,
        not_compared,
        warnings: warnings(comparison, context.warnings),
        environment,
        runs: Runs { base: runs(comparison, |p| &p.base_runs), head: runs(comparison, |p| &p.head_runs) },
    }
}

/// One finding, and the rows that are a part of it.
fn tell(comparison: &Comparison, finding: &Finding, repository: &Repository) -> Vec<Row> {
    let (p, s) = finding.at;
    let package = &comparison.packages[p];
    let subject = &package.subjects[s];
    let lead = &subject.changes[finding.lead];
    let mut first = row(package, subject, lead, &finding.judgement, repository);
    first.verdict = finding.outcome.name();
    first.evidence = with_interval(evidence(&finding.evidence, lead), &finding.judgement);
    first.section = section(finding, lead);
    first.site = finding.site.as_ref().map(|site| {
        let leaf = cause::leaf(&site.stack);
        Site {
            state: site.state.clone(),
            function: leaf.map_or(String::new(), |f| f.func.clone()),
            label: leaf.map_or(String::new(), |f| names::short(&f.func).to_owned()),
            position: leaf.map_or(String::new(), |f| format!("{}:{}", repository.file(&f.file), f.line)),
            base: site.base,
            head: site.head,
            stack: site.stack.iter().map(|f| format!("{} {}:{}", f.func, repository.file(&f.file), f.line)).collect(),
        }
    });
    first.cause = cause_of(finding, package, subject, lead, &first);
    let metric = first.metric.clone();
    let mut rows = vec![first];
    for judgement in &finding.folded {
        let change = &subject.changes[judgement.at.2];
        let mut part = row(package, subject, change, judgement, repository);
        part.part_of = Some(metric.clone());
        part.section = rows[0].section;
        rows.push(part);
    }
    rows
}

fn row(
    package: &PackagePair,
    subject: &SubjectPair,
    change: &Change,
    judgement: &Judgement,
    repository: &Repository,
) -> Row {
    let start = |side: &Option<(String, crate::compare::Subject)>| side.as_ref().and_then(|(_, s)| s.start.clone());
    let (presence, base_runs, head_runs) = match &change.presence {
        Presence::Both { base, head } => ("both", base.values().to_vec(), head.values().to_vec()),
        Presence::Added(head) => ("added", Vec::new(), head.values().to_vec()),
        Presence::Removed(base) => ("removed", base.values().to_vec(), Vec::new()),
    };
    let terms = &judgement.terms;
    Row {
        subject: Subject {
            kind: subject.kind,
            name: subject.name().to_owned(),
            label: label(subject),
            package: Some(package.name.clone()).filter(|n| !n.is_empty()),
            renamed_from: subject.renamed_from().map(str::to_owned),
            position: match subject.kind {
                // Where the framework starts its runners is of no use to anyone: a line of the function that they run is.
                SubjectKind::Test | SubjectKind::Benchmark if subject.name().starts_with("testing.") => {
                    functions(subject).into_values().next().and_then(|frame| {
                        let position = Position { file: frame.file.clone(), line: frame.line };
                        (functions(subject).len() == 1).then(|| repository.position(&position))
                    })
                }
                _ => start(&subject.head).or_else(|| start(&subject.base)).map(|p| repository.position(&p)),
            },
        },
        metric: change.path.clone(),
        unit: change.metric.unit,
        per: change.item.name(),
        base: change.base(),
        head: change.head(),
        change: change.ratio(),
        presence,
        limit: Limit {
            max_increase: terms.max_increase,
            min_delta: terms.min_delta,
            max: terms.budget,
            hard_limit: terms.hard_limit,
        },
        verdict: judgement.outcome.name(),
        level: terms.level.name(),
        evidence: with_interval(evidence(&judgement.evidence, change), judgement),
        cause: String::new(),
        site: None,
        part_of: None,
        base_runs,
        head_runs,
        section: Section::Aside,
        what: what(subject, change),
    }
}

/// How a report calls a subject.
pub(super) fn label(subject: &SubjectPair) -> String {
    match subject.kind {
        SubjectKind::Process => "the whole run".to_owned(),
        SubjectKind::Test | SubjectKind::Benchmark if !subject.name().starts_with("testing.") => {
            subject.name().to_owned()
        }
        SubjectKind::Test => runner(subject, "tests"),
        SubjectKind::Benchmark => runner(subject, "benchmarks"),
        SubjectKind::Site => subject.name().split(" < ").map(names::short).next().unwrap_or_default().to_owned(),
        SubjectKind::Group if subject.name() == "runtime.corostart" => "iter.Pull".to_owned(),
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
fn functions(subject: &SubjectPair) -> BTreeMap<&str, &SiteFrame> {
    let sides = subject.head.iter().chain(&subject.base);
    sides
        .flat_map(|(_, s)| s.sites.values())
        .filter_map(|site| framework::test_frame(&site.stack))
        .map(|frame| (frame.func.as_str(), frame))
        .collect()
}

/// The words for a metric of a subject.
pub(super) fn what(subject: &SubjectPair, change: &Change) -> String {
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

fn evidence(evidence: &Evidence, change: &Change) -> Told {
    let runs = change.runs();
    let (kind, text, p_value) = match evidence {
        Evidence::Budget => ("budget", "over its budget".to_owned(), None),
        Evidence::Required => ("required", "required, and missing".to_owned(), None),
        Evidence::Named => ("named", "a rule names it, and it is missing".to_owned(), None),
        Evidence::Multiplied => ("multiplied", "at least 4 times as many, and 16 or more".to_owned(), None),
        Evidence::HardLimit => ("hard-limit", "beyond the hard limit".to_owned(), None),
        Evidence::Constant => ("constant", format!("the same in all of {runs} runs a side"), None),
        Evidence::Tested(p) => ("permutation-test", format!("permutation test, p = {p:.4} after correction"), Some(*p)),
        Evidence::Shift(by) => (
            "shift",
            format!(
                "not recorded alternately, and everything shifted by {}: the machine's doing",
                super::units::change(*by)
            ),
            None,
        ),
        Evidence::Apart => {
            ("apart", "base and head were not recorded alternately: the machine may have done it".to_owned(), None)
        }
        Evidence::FewRuns if runs < crate::gate::evidence::RUNS_FOR_TEST => {
            ("few-runs", format!("{runs} run{} a side prove nothing", if runs == 1 { "" } else { "s" }), None)
        }
        Evidence::FewRuns => ("unproven", "not tested: it cannot fail the build".to_owned(), None),
        Evidence::Environment => ("environment", "recorded in another environment".to_owned(), None),
        Evidence::TestsDiffer => ("tests-differ", "another number of tests ran".to_owned(), None),
        Evidence::Regrouped => {
            ("regrouped", "another number of items, which together take as long as before".to_owned(), None)
        }
        Evidence::Presence => ("presence", if change.base().is_none() { "new" } else { "gone" }.to_owned(), None),
        Evidence::None => ("none", String::new(), None),
    };
    Told { kind, text, p_value, interval: None }
}

/// How large a tested change is, beside how sure.
fn with_interval(mut told: Told, judgement: &Judgement) -> Told {
    told.interval = judgement.interval;
    if let (Some((low, high)), "permutation-test") = (judgement.interval, told.kind) {
        told.text.push_str(&format!("; 95 % interval {} to {}", super::units::change(low), super::units::change(high)));
    }
    told
}

fn section(finding: &Finding, change: &Change) -> Section {
    let falls = change.worse_by().is_some_and(|w| w < 0.0);
    match (finding.outcome, &finding.evidence) {
        (Outcome::Regression, _) | (_, Evidence::Presence | Evidence::Named | Evidence::Required) => Section::Certain,
        (Outcome::Inconclusive, _) => Section::Unproven,
        (Outcome::Improvement, _) => Section::Better,
        (_, Evidence::FewRuns | Evidence::Tested(_)) if falls && finding.gates => Section::Better,
        _ => Section::Aside,
    }
}

/// More allocation shows as running, at no stack: what gives it away is that the collector ran more often.
fn collections(package: &PackagePair, lead: &Change) -> Option<String> {
    if !matches!(lead.path.as_str(), "exec_ns" | "total_ns" | "duration_ns" | "sched_wait_ns") || lead.delta() <= 0.0 {
        return None;
    }
    let process = package.subjects.iter().find(|s| s.kind == SubjectKind::Process)?;
    let cycles = process.change("gc.cycles.allocation")?;
    let (base, head) = (cycles.base()?, cycles.head()?);
    let figure = |v| super::units::figure(v, Unit::Count);
    (head >= 2.0 * base && head - base >= 3.0).then(|| format!("GC cycles {} → {}", figure(base), figure(head)))
}

/// One line on what the program was doing.
fn cause_of(finding: &Finding, package: &PackagePair, subject: &SubjectPair, lead: &Change, row: &Row) -> String {
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
    match &row.site {
        Some(site) => format!("{state} at {} {}", site.label, site.position),
        None if !state.is_empty() => state,
        None if lead.metric.class == Class::Structural && subject.kind == SubjectKind::Group => {
            let (a, b) = (&subject.base, &subject.head);
            let by = b.iter().chain(a).flat_map(|(_, s)| s.creators.keys()).next();
            by.map_or(String::new(), |c| format!("started by {}", names::short(c)))
        }
        None => String::new(),
    }
}

fn compared(comparison: &Comparison, judged: &Judged) -> Compared {
    let mut compared = Compared { gated: judged.gated, ..Compared::default() };
    let mut subjects = std::collections::BTreeSet::new();
    for judgement in &judged.judgements {
        let (p, s, c) = judgement.at;
        if let Presence::Both { .. } = comparison.packages[p].subjects[s].changes[c].presence {
            compared.series += 1;
            subjects.insert((p, s));
        }
    }
    compared.detectable = judged.detectable.map(|d| Detectable { runs: d.runs, half: d.half, most: d.most });
    compared.subjects = subjects.len();
    compared.packages = comparison
        .packages
        .iter()
        .filter(|p| !p.base_runs.is_empty() && !p.head_runs.is_empty() && !p.name.is_empty())
        .map(|p| p.name.clone())
        .collect();
    compared
}

/// What was left out, with why, each reason once.
fn not_compared(
    comparison: &Comparison,
    judged: &Judged,
    show_framework: bool,
    environment: &Environment,
) -> Vec<NotCompared> {
    let mut reasons: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    let mut framework = 0;
    for package in &comparison.packages {
        let missing = match (package.base_runs.is_empty(), package.head_runs.is_empty()) {
            (true, false) => Some("the base has no run of it"),
            (false, true) => Some("the head has no run of it"),
            _ => None,
        };
        if let Some(why) = missing {
            *reasons.entry((&package.name, why)).or_default() += package.subjects.len();
        }
        for subject in &package.subjects {
            if subject.is_framework() {
                framework += 1;
                if !show_framework {
                    continue;
                }
            }
            for (path, why) in &subject.not_compared {
                let what = match crate::metrics::registry::find(subject.kind, path) {
                    Some(m) if m.class == Class::Structural || m.class == Class::Count => "counts",
                    Some(m) if m.unit == Unit::Nanoseconds => "times",
                    _ => "other figures",
                };
                *reasons.entry((what, why)).or_default() += 1;
            }
        }
    }
    let mut all: Vec<NotCompared> = Vec::new();
    for ((what, why), count) in reasons {
        match all.iter_mut().find(|n| n.why == why) {
            Some(same) => {
                same.what = format!("{}, {what}", same.what);
                same.count += count;
            }
            None => all.push(NotCompared { what: what.to_owned(), why: why.to_owned(), count }),
        }
    }
    let apart = judged.judgements.iter().filter(|j| j.evidence == Evidence::Environment).count();
    if judged.times_out && apart > 0 {
        let why = format!("out of the verdict: base and head differ in {}", environment.differences.join(" and "));
        all.push(NotCompared { what: "figures that depend on the machine".to_owned(), why, count: apart });
    }
    if framework > 0 && !show_framework {
        all.push(NotCompared {
            what: "goroutine groups".to_owned(),
            why: "the runtime's and the test framework's own (--show-framework)".to_owned(),
            count: framework,
        });
    }
    all
}

fn environment(comparison: &Comparison) -> Environment {
    let side = |runs: fn(&PackagePair) -> &Vec<crate::compare::Run>| {
        let mut formats: Vec<String> = comparison.packages.iter().flat_map(runs).map(|r| r.format.clone()).collect();
        let mut gomaxprocs: Vec<u64> = comparison.packages.iter().flat_map(runs).map(|r| r.gomaxprocs).collect();
        formats.sort();
        formats.dedup();
        gomaxprocs.sort_unstable();
        gomaxprocs.dedup();
        SideEnvironment { formats, gomaxprocs }
    };
    let mut differences: Vec<String> = comparison
        .packages
        .iter()
        .filter(|p| !p.base_runs.is_empty() && !p.head_runs.is_empty())
        .flat_map(|p| p.environment.what.iter().cloned())
        .collect();
    differences.sort();
    differences.dedup();
    Environment { base: side(|p| &p.base_runs), head: side(|p| &p.head_runs), differences }
}

fn runs(comparison: &Comparison, side: fn(&PackagePair) -> &Vec<crate::compare::Run>) -> BTreeMap<String, Vec<Run>> {
    comparison
        .packages
        .iter()
        .filter(|p| !side(p).is_empty())
        .map(|p| {
            let runs = side(p).iter().map(|r| Run {
                source: r.source.clone(),
                duration_ns: r.duration_ns,
                complete: r.complete,
            });
            (p.name.clone(), runs.collect())
        })
        .collect()
}

/// What is odd about runs, each thing once, with the first run that has it.
fn warnings(comparison: &Comparison, mut warnings: Vec<String>) -> Vec<String> {
    const PARTIAL: &str = "partial: the end is missing, and nothing that rests on it is a pass";
    let mut first: Vec<(&str, &str, Vec<&str>)> = Vec::new();
    let mut note = |kind, message, source| match first.iter_mut().find(|(k, ..)| *k == kind) {
        Some((.., sources)) if sources.contains(&source) => {}
        Some((.., sources)) => sources.push(source),
        None => first.push((kind, message, vec![source])),
    };
    let runs = comparison.packages.iter().flat_map(|p| p.base_runs.iter().chain(&p.head_runs));
    for run in runs {
        if !run.complete {
            note("partial", PARTIAL, &run.source);
        }
        for warning in &run.warnings {
            note(&warning.kind, &warning.message, &run.source);
        }
    }
    for (_, message, sources) in first {
        let more = if sources.len() > 1 { format!(" and {} more", sources.len() - 1) } else { String::new() };
        warnings.push(format!("{}{more}: {message}", sources[0]));
    }
    warnings
}
