//! The parts of `summarize` beyond the tables of goroutines and regions: tests, the scheduler, the collector, who
//! waited for whom, diagnoses.

use std::fmt::Write as _;

use crate::compare::{framework, names};
use crate::diagnose::{self, Settings};
use crate::metrics::registry::Unit;
use crate::report::escape::term;
use crate::report::units;
use crate::summary::{Site, Summary, TestNamedBy, TestRun};

/// How many rows of each part are shown without --all.
const FEW: usize = 5;

fn time(ns: i64) -> String {
    units::figure(ns as f64, Unit::Nanoseconds)
}

fn times(n: u64) -> String {
    if n == 1 { "once".to_owned() } else { format!("{n} times") }
}

fn percent(part: i64, whole: i64) -> String {
    format!("{:.0} %", part as f64 * 100.0 / whole.max(1) as f64)
}

/// Everything but the tables.
pub(super) fn tell(out: &mut String, summary: &Summary, settings: &Settings, all: bool) {
    tests(out, summary, all);
    scheduler(out, summary);
    collector(out, summary);
    waits(out, summary, all);
    diagnoses(out, summary, settings, all);
}

fn tests(out: &mut String, summary: &Summary, all: bool) {
    if summary.tests.is_empty() {
        return;
    }
    let attribution = &summary.attribution;
    let by = match attribution.method {
        TestNamedBy::RunLine => "by the lines that announce them",
        TestNamedBy::Order => "by the order in which they began",
        TestNamedBy::Stack => "by their functions, where a stack shows them",
        TestNamedBy::Nothing => "nobody knows their names: record with go test -json, beside the trace as NAME.json",
    };
    let _ = writeln!(out, "Tests and benchmarks: {}, {} named ({by})", attribution.tests, attribution.named);
    if !attribution.note.is_empty() {
        let _ = writeln!(out, "  {}", term(&attribution.note));
    }
    let mut tests: Vec<&TestRun> = summary.tests.iter().filter(|t| !t.name.is_empty()).collect();
    tests.sort_by(|a, b| b.wall_ns.cmp(&a.wall_ns).then(a.name.cmp(&b.name)).then(a.repeat.cmp(&b.repeat)));
    let shown = if all { tests.len() } else { FEW.min(tests.len()) };
    for test in &tests[..shown] {
        let repeat = if test.repeat > 0 { format!(" #{}", test.repeat + 1) } else { String::new() };
        let _ = write!(
            out,
            "  {}{repeat}: {}, {} goroutine{}, ran {} ({:.1} at once)",
            term(&test.name),
            time(test.wall_ns),
            test.goroutines,
            if test.goroutines == 1 { "" } else { "s" },
            time(test.work.exec_ns),
            test.work.exec_ns as f64 / test.wall_ns.max(1) as f64
        );
        if let Some(n) = test.operations {
            let _ = write!(out, ", {n} operations");
        }
        if test.leaked > 0 {
            let _ = write!(out, ", left {} goroutine{} behind", test.leaked, if test.leaked == 1 { "" } else { "s" });
        }
        out.push('\n');
    }
    if tests.len() > shown {
        let _ = writeln!(out, "  and {} more (--all)", tests.len() - shown);
    }
    if attribution.unattributed > 0 {
        let _ = writeln!(
            out,
            "  {}, and ran {}",
            match attribution.unattributed {
                1 => "1 goroutine belongs to no test".to_owned(),
                n => format!("{n} goroutines belong to no test"),
            },
            time(attribution.unattributed_exec_ns)
        );
    }
}

fn scheduler(out: &mut String, summary: &Summary) {
    let sched = &summary.sched;
    let wall = summary.end_ns.saturating_sub(summary.start_ns);
    let _ = writeln!(
        out,
        "Scheduler: {:.2} ran at once on average (most {}), {:.2} waited for a P (most {}); more waited than ran for {}; Ps idle while work waited {}",
        sched.running_ns as f64 / wall.max(1) as f64,
        sched.peak_running,
        sched.runnable_ns as f64 / wall.max(1) as f64,
        sched.peak_runnable,
        percent(sched.oversubscribed_ns, wall),
        time(sched.idle_while_runnable_ns),
    );
    let waits: Vec<String> = sched
        .latency
        .iter()
        .filter_map(|(cause, l)| {
            let (p50, p99) = (l.durations.quantile(0.5)?, l.durations.quantile(0.99)?);
            Some(format!("{} {} / {} ({})", term(cause), time(p50), time(p99), l.durations.count))
        })
        .collect();
    if !waits.is_empty() {
        let _ = writeln!(out, "  waits for a P, p50 / p99: {}", waits.join(", "));
    }
    if let (Some(p50), Some(p99)) = (sched.slices.quantile(0.5), sched.slices.quantile(0.99)) {
        let _ = writeln!(
            out,
            "  ran without a break, p50 / p99: {} / {}; {} over 10 ms while others waited",
            time(p50),
            time(p99),
            times(sched.hogs)
        );
    }
}

fn collector(out: &mut String, summary: &Summary) {
    let gc = &summary.gc;
    if gc.cycles.is_empty() && gc.worker_ns == 0 {
        return;
    }
    let cycles: Vec<String> = gc.cycles.iter().map(|(cause, n)| format!("{n} {}", term(cause))).collect();
    let stops: Vec<String> = summary
        .ranges
        .iter()
        .filter_map(|(name, r)| {
            let kind = name.strip_prefix("stop-the-world (")?.strip_suffix(')')?;
            Some(format!("{} {} (longest {})", term(kind), time(r.time_ns), time(r.max_ns)))
        })
        .collect();
    let _ = writeln!(
        out,
        "Collector: {} cycle{}; {:.1} % of the processors; assists ran {}",
        cycles.join(", "),
        if gc.cycles.values().copied().fold(0, u64::saturating_add) == 1 { "" } else { "s" },
        gc.share * 100.0,
        time(gc.assist_exec_ns)
    );
    if !stops.is_empty() {
        let _ = writeln!(out, "  world stopped: {}", stops.join(", "));
    }
    let windows: Vec<String> = ["100µs", "1ms", "10ms", "100ms"]
        .iter()
        .filter_map(|window| Some(format!("{:.0} % in {window}", summary.mmu_workers.get(*window)? * 100.0)))
        .collect();
    let _ =
        writeln!(out, "  left to the program at least (mutator utilization, workers counted): {}", windows.join(", "));
}

fn waits(out: &mut String, summary: &Summary, all: bool) {
    let under_test = framework::is_under_test(summary);
    let user = |site: &&Site| {
        let owner = framework::owner(&site.group, under_test);
        !matches!(owner, framework::Owner::Runtime | framework::Owner::Framework)
            && !framework::is_framework_wait(&site.stack)
            && !site.wakers.is_empty()
    };
    let mut sites: Vec<&Site> = summary.sites.iter().filter(user).collect();
    sites.sort_by_key(|site| std::cmp::Reverse(site.time_ns));
    if sites.is_empty() {
        return;
    }
    let _ = writeln!(out, "Who waited for whom, the longest first");
    for site in sites.iter().take(if all { usize::MAX } else { FEW }) {
        let Some(at) = names::leaf(&site.stack) else { continue };
        let state = site.state.strip_prefix("block_ns.").unwrap_or(&site.state);
        let _ = writeln!(
            out,
            "  {} in {} at {}: {}, {}",
            term(names::short(&site.group)),
            term(if state.is_empty() { "an unknown wait" } else { state }),
            term(names::short(&at.func)),
            times(site.count),
            time(site.time_ns)
        );
        for waker in site.wakers.iter().take(if all { usize::MAX } else { 2 }) {
            let place =
                names::leaf(&waker.stack).map_or(String::new(), |f| format!(" at {}", term(names::short(&f.func))));
            let who = if waker.group.is_empty() { "(nameless)" } else { names::short(&waker.group) };
            let _ = writeln!(out, "    ended by {}{place}: {}, {}", term(who), times(waker.count), time(waker.time_ns));
        }
    }
}

/// What is the matter, rule by rule; what people do about it is said once for each.
fn diagnoses(out: &mut String, summary: &Summary, settings: &Settings, all: bool) {
    let found = diagnose::of(summary, settings);
    for same in found.chunk_by(|a, b| a.rule == b.rule) {
        let shown = if all { same.len() } else { FEW.min(same.len()) };
        for diagnosis in &same[..shown] {
            let _ = writeln!(out, "Diagnosis: {} ({})", term(&diagnosis.found.text), diagnosis.rule);
        }
        if same.len() > shown {
            let _ = writeln!(out, "  and {} more (--all)", same.len() - shown);
        }
        if let Some(diagnosis) = same.first().filter(|diagnosis| !diagnosis.fine) {
            let _ = writeln!(out, "  What people do: {}", diagnosis.advice);
        }
    }
}
