//! What is told first and as one: how a change is ranked, what explains it, and what the team has accepted of it.

use std::path::PathBuf;

use gotrace_diff::compare::per::Item;
use gotrace_diff::compare::side::{Repeat, SiteFigures, SiteKey};
use gotrace_diff::compare::{Change, Run, Subject, SubjectPair};
use gotrace_diff::config::{Accept, Config, Direction, Level, Rule};
use gotrace_diff::gate::{self, accept, cause, fold, rank};
use gotrace_diff::metrics::registry::{Path, SubjectKind};
use gotrace_diff::summary::SiteFrame;

use crate::compare_series::{GROUP, alone, at, change, comparison, package, rule, said, subject, with_rules};

use SubjectKind::{Process, Region};

/// Figures are those of a program of its own in Python with the formula of `src/gate/rank.rs`.
fn is_near(found: f64, want: f64, what: &str) {
    assert!((found - want).abs() < 1e-8, "{found} for {want}: {what}");
}

#[test]
fn how_surprising_a_change_is_depends_on_how_much_its_kind_varies_and_whether_it_is_a_cause() {
    for (path, leaf, want) in [
        ("total_ns", "", 0.391652856),
        ("sched_wait_ns", "", 0.020888152),
        ("syscall_ns", "", 0.125328914),
        ("syscall_block_ns", "", 0.125328914),
        ("exec_ns", "", 0.250657828),
        ("unknown_ns", "", 0.052220381),
        ("block_ns.sleep", "", 1.253289140),
        ("range_ns.GC mark assist", "", 0.078330571),
        ("gc.assist_exec_ns", "", 0.208881523),
        ("durations.p50", "", 0.391652856),
        ("durations.p99", "", 0.156661143),
        ("durations.max", "", 0.052220381),
        ("block_ns.chan receive", "", 0.195826428),
        ("block_ns.select", "", 0.234991714),
        ("block_ns.sync.(*Cond).Wait", "", 0.234991714),
        ("block_ns.sync", "sync.(*Mutex).Lock", 0.391652856),
        ("block_ns.sync", "sync.(*WaitGroup).Wait", 0.097913214),
        ("block_ns.sync", "golang.org/x/sync/errgroup.(*Group).Wait", 0.097913214),
    ] {
        let one = change(GROUP, "total_ns", &[1e6], &[1.25e6]);
        is_near(rank::score(&one, path, 1e5, 1e9, leaf), want, &format!("{path} {leaf}"));
    }
    for (path, want) in [
        ("goroutines", 0.358061734),
        ("events", 0.358061734),
        ("gc.cycles.x", 0.954831290),
        ("ranges.count.x", 0.358061734),
        ("metric_max.x", 0.954831290),
    ] {
        let one = change(Process, "goroutines", &[100.0], &[125.0]);
        is_near(rank::score(&one, path, 10.0, 1e9, ""), want, path);
    }
}

#[test]
fn what_a_change_costs_a_run_raises_it() {
    for (base, head, floor, wall, items, want) in [
        (&[1e6][..], &[1.25e6][..], 1e5, 1e9, 1.0, 0.391652856),
        (&[1e6], &[1.25e6], 1e5, 1e9, 1e3, 0.956960237),
        // At most four times the run.
        (&[1e6], &[1.25e6], 1e5, 1e9, 1e6, 3.516096426),
        (&[1e6], &[1.25e6], 1e5, 0.0, 1e3, 1.790308669),
        (&[1e6], &[0.5e6], 1e5, 1e9, 1.0, 1.744338939),
        // As surprising as can be.
        (&[1e6], &[0.0], 1e5, 1e9, 1.0, 6.498251948),
        (&[0.0], &[1e6], 1e5, 1e9, 1.0, 6.498251948),
        (&[], &[1e6], 1e5, 1e9, 1.0, 6.498251948),
        (&[1e6], &[], 1e5, 1e9, 1.0, 6.498251948),
        (&[1e6], &[1e9], 1e5, 1e9, 1.0, 113.188475701),
    ] {
        let one = Change { items, ..change(GROUP, "total_ns", base, head) };
        is_near(rank::score(&one, "total_ns", floor, wall, ""), want, &format!("{base:?} to {head:?}, {items}"));
    }
    // Nothing is a thousandth of what it was.
    let gone = change(GROUP, "sched_wait_ns", &[1e6], &[0.0]);
    is_near(rank::score(&gone, "sched_wait_ns", 1e5, 1e9, ""), 1.246898172, "nothing is left");
    // The whole run is one, and a consequence; a count costs nothing by itself.
    let whole = Change { items: 50.0, ..change(Process, "duration_ns", &[1e9], &[1.25e9]) };
    is_near(rank::score(&whole, "duration_ns", 1e5, 1e9, ""), 1.195387127, "the whole run");
    let count = Change { items: 50.0, ..change(GROUP, "count", &[100.0], &[125.0]) };
    is_near(rank::score(&count, "count", 1.0, 1e9, ""), 4.656107040, "a count");
    is_near(rank::score(&count, "count", 0.0, 1e9, ""), 4.656107040, "a count without a floor");
}

/// A stack that waits in `state`, with its time in each run.
fn site(state: &str, func: &str, time_ns: &[i64]) -> (SiteKey, SiteFigures) {
    let frame = |f: &str| SiteFrame { func: f.into(), file: "/src/p.go".into(), line: 7 };
    let key = SiteKey { state: state.to_owned(), chain: vec![func.to_owned()] };
    let stack = vec![frame("runtime.gopark"), frame("internal/poll.wait"), frame(func)];
    (key, SiteFigures { stack, count: vec![1; time_ns.len()], time_ns: time_ns.to_vec() })
}

fn with_sites(
    mut pair: SubjectPair,
    base: Vec<(SiteKey, SiteFigures)>,
    head: Vec<(SiteKey, SiteFigures)>,
) -> SubjectPair {
    let side = |side: &mut Option<(String, Subject)>, sites: Vec<(SiteKey, SiteFigures)>| {
        let (_, subject) = side.as_mut().unwrap();
        subject.sites = sites.into_iter().collect();
    };
    side(&mut pair.base, base);
    side(&mut pair.head, head);
    pair
}

#[test]
fn the_state_that_explains_most_moves_the_way_of_the_total() {
    let group = |total: [f64; 2], states: &[(&str, [f64; 2], Item)]| {
        let total = change(GROUP, "total_ns", &[total[0]], &[total[1]]);
        let states = states.iter().map(|(p, [b, h], item)| Change { item: *item, ..change(GROUP, p, &[*b], &[*h]) });
        subject(GROUP, "p.work", std::iter::once(total).chain(states).collect())
    };
    let run = Item::Run;
    for (total, states, want) in [
        ([10.0, 20.0], &[("exec_ns", [1.0, 4.0], run), ("block_ns.sync", [1.0, 8.0], run)][..], Some("block_ns.sync")),
        ([10.0, 20.0], &[("exec_ns", [1.0, 4.0], run), ("block_ns.sync", [8.0, 1.0], run)], Some("exec_ns")),
        ([20.0, 10.0], &[("exec_ns", [4.0, 1.0], run), ("block_ns.sync", [8.0, 1.0], run)], Some("block_ns.sync")),
        ([20.0, 10.0], &[("exec_ns", [4.0, 1.0], run), ("block_ns.sync", [1.0, 8.0], run)], Some("exec_ns")),
        ([10.0, 10.0], &[("exec_ns", [1.0, 4.0], run), ("block_ns.sync", [8.0, 1.0], run)], Some("exec_ns")),
        ([10.0, 20.0], &[("exec_ns", [4.0, 4.0], run)], None),
        (
            [10.0, 20.0],
            &[("exec_ns", [4.0, 4.5], run), ("block_ns.sync", [1.0, 9.0], Item::Goroutine)],
            Some("exec_ns"),
        ),
        // Other views of the same time are no states.
        ([10.0, 20.0], &[("range_ns.GC mark assist", [1.0, 9.0], run), ("exec_ns", [1.0, 2.0], run)], Some("exec_ns")),
    ] {
        let group = group(total, states);
        let found = cause::state(&group, &group.changes[0]).map(|c| c.path.to_string());
        assert_eq!(found.as_deref(), want, "{total:?} {states:?}");
    }
    for (path, is) in [
        ("exec_ns", true),
        ("syscall_ns", true),
        ("syscall_block_ns", true),
        ("sched_wait_ns", true),
        ("block_ns.", true),
        ("block_ns.sync", true),
        ("total_ns", false),
        ("work.block_ns.sync", false),
        ("count", false),
    ] {
        assert_eq!(cause::is_state(path), is, "{path}");
    }
}

#[test]
fn the_stack_whose_time_per_item_grew_most_is_named() {
    let sync = "block_ns.sync";
    let base = || {
        vec![
            site(sync, "p.lock", &[400, 600]),
            site(sync, "p.put", &[900, 900]),
            site(sync, "p.get", &[9000, 9000]),
            site("syscall", "p.read", &[50, 50]),
        ]
    };
    let head = || {
        vec![
            site(sync, "p.lock", &[4000, 4000]),
            site(sync, "p.put", &[300, 300]),
            // Long, and as long as before.
            site(sync, "p.get", &[9000, 9000]),
            site("syscall", "p.read", &[80, 80]),
        ]
    };
    let runs = |operations: u64, seconds: i64| -> Vec<Run> {
        vec![Run { operations: Some(operations), duration_ns: seconds * 1_000_000_000, ..Run::default() }; 2]
    };
    let find = |kind, path: &str, delta: [f64; 2], item| {
        let one = Change { item, ..change(kind, path, &[delta[0]], &[delta[1]]) };
        let mut pair = with_sites(subject(kind, "p.work", vec![one]), base(), head());
        for side in [&mut pair.base, &mut pair.head] {
            let counts = vec![Some(10), Some(20)];
            side.as_mut().unwrap().1.figures.insert(Path::new("count"), counts.into());
        }
        let found = cause::site(&pair, &pair.changes[0], &runs(5, 2), &runs(4, 4))?;
        Some((found.state, found.stack.last().map(|f| f.func.to_string()), found.base, found.head))
    };
    let told = |state: &str, func: &str, base, head| Some((state.to_owned(), Some(func.to_owned()), base, head));
    let test = SubjectKind::Test;
    for (kind, path, delta, item, want) in [
        (GROUP, sync, [1.0, 2.0], Item::Goroutine, told(sync, "p.lock", 35.0, 300.0)),
        (GROUP, sync, [2.0, 1.0], Item::Goroutine, told(sync, "p.put", 67.5, 22.5)),
        (GROUP, sync, [1.0, 1.0], Item::Goroutine, told(sync, "p.lock", 35.0, 300.0)),
        (GROUP, sync, [1.0, 2.0], Item::Operation, told(sync, "p.lock", 100.0, 1000.0)),
        (GROUP, sync, [1.0, 2.0], Item::Second, told(sync, "p.lock", 250.0, 1000.0)),
        (test, sync, [1.0, 2.0], Item::Test, told(sync, "p.lock", 35.0, 300.0)),
        (GROUP, "syscall_ns", [1.0, 2.0], Item::Second, told("syscall", "p.read", 25.0, 20.0)),
        (GROUP, "syscall_block_ns", [1.0, 2.0], Item::Second, told("syscall", "p.read", 25.0, 20.0)),
        (GROUP, "exec_ns", [1.0, 2.0], Item::Goroutine, None),
        (GROUP, "block_ns.select", [1.0, 2.0], Item::Goroutine, None),
        (Region, sync, [1.0, 2.0], Item::Call, None),
    ] {
        assert_eq!(find(kind, path, delta, item), want, "{kind} {path} {delta:?} {item:?}");
    }
    // Where a run has no item it says nothing.
    let one = Change { item: Item::Operation, ..change(GROUP, sync, &[1.0], &[2.0]) };
    let pair = with_sites(subject(GROUP, "p.work", vec![one]), base(), vec![site(sync, "p.lock", &[40, 40])]);
    let none = |n| vec![Run { operations: n, ..Run::default() }; 2];
    let found = cause::site(&pair, &pair.changes[0], &none(Some(0)), &none(Some(4))).unwrap();
    assert_eq!(
        (found.stack.last().unwrap().func.to_string(), found.base, found.head),
        ("p.lock".to_owned(), 0.0, 10.0)
    );
}

#[test]
fn states_have_words() {
    for (path, want) in [
        ("exec_ns", "running on a processor"),
        ("sched_wait_ns", "waiting for a processor"),
        ("syscall_ns", "in system calls"),
        ("syscall_block_ns", "in system calls"),
        ("syscall", "in system calls"),
        ("block_ns.", "blocked (the trace does not say on what)"),
        ("block_ns.sync", "waiting in sync (a mutex, a WaitGroup)"),
        ("block_ns.sleep", "sleeping"),
        ("block_ns.network", "waiting for the network"),
        ("block_ns.chan send", "waiting in chan send"),
        ("total_ns", "total_ns"),
    ] {
        assert_eq!(cause::words(path), want, "{path}");
    }
}

/// The findings of one package, each with what it is made of.
fn findings(subjects: Vec<SubjectPair>, config: &Config) -> Vec<String> {
    let comparison = comparison(vec![package("p", (1, 1), subjects)]);
    let judged = gate::judge(&comparison, config);
    let told = |f: &fold::Finding| {
        let subject = &comparison.packages[0].subjects[f.at.1];
        let (name, lead) = (subject.name(), &subject.changes[f.lead].path);
        format!("{:?} {name} {lead} {:?} {} {}", f.outcome, f.state.as_deref().unwrap_or("-"), f.folded.len(), f.gates)
    };
    fold::findings(&comparison, &judged).iter().map(told).collect()
}

#[test]
fn changes_of_one_subject_are_one_finding_and_its_state_leads() {
    let group = |series: &[(&str, f64, f64)]| {
        subject(GROUP, "p.work", series.iter().map(|(p, b, h)| change(GROUP, p, &[*b], &[*h])).collect())
    };
    for (series, want) in [
        // At least half of it is the state.
        (
            &[("total_ns", 10e6, 20e6), ("exec_ns", 1e6, 6e6)][..],
            &["Inconclusive p.work exec_ns \"exec_ns\" 1 true"][..],
        ),
        (&[("total_ns", 10e6, 20e6), ("exec_ns", 1e6, 5.9e6)], &["Inconclusive p.work total_ns \"exec_ns\" 1 true"]),
        (
            &[("total_ns", 10e6, 20e6), ("block_ns.sync", 1e6, 9e6)],
            &["Inconclusive p.work block_ns.sync \"block_ns.sync\" 1 true"],
        ),
        // What rose does not explain what fell.
        (
            &[("total_ns", 10e6, 20e6), ("exec_ns", 6e6, 1e6)],
            &["Inconclusive p.work total_ns \"-\" 0 true", "Note p.work exec_ns \"exec_ns\" 0 true"],
        ),
        (&[("syscalls", 10.0, 30.0), ("syscall_ns", 1e6, 1e6)], &["Note p.work syscalls \"syscall_ns\" 0 false"]),
        (&[("count", 10.0, 13.0), ("exec_ns", 1e6, 1e6)], &["Inconclusive p.work count \"-\" 0 true"]),
        (&[("count", 10.0, 10.0), ("exec_ns", 1e6, 1e6)], &[]),
        // A state explains time and nothing else, and a state that is worse is not told by one that only took longer.
        (&[("count", 10.0, 13.0), ("exec_ns", 1e6, 1.05e6)], &["Inconclusive p.work count \"-\" 0 true"]),
        (&[("exec_ns", 1e6, 2e6), ("block_ns.network", 1e6, 9e6)], &["Inconclusive p.work exec_ns \"exec_ns\" 1 true"]),
        // A queue that nothing proves gates nothing.
        (&[("block_ns.sync", 1e6, 9e6)], &["Note p.work block_ns.sync \"block_ns.sync\" 0 false"]),
        (&[("sched_wait_ns", 1e6, 9e6)], &["Note p.work sched_wait_ns \"sched_wait_ns\" 0 false"]),
    ] {
        assert_eq!(findings(vec![group(series)], &Config::default()), want, "{series:?}");
    }
    // A quantile leads only where it moved twice as much as the total.
    for (quantile, lead) in [(3.1, "durations.p50"), (2.9, "total_ns")] {
        let series = vec![
            change(Region, "total_ns", &[10e6], &[11.5e6]),
            change(Region, "durations.p50", &[10e6], &[10e6 + quantile * 1e6]),
        ];
        let told = findings(vec![subject(Region, "parse", series)], &Config::default());
        assert_eq!(told, [format!("Inconclusive parse {lead} \"-\" 1 true")]);
    }
}

#[test]
fn graver_findings_come_first_then_what_can_be_named() {
    let one = |kind, name: &str, path: &str, base: &[f64], head: &[f64]| {
        subject(kind, name, vec![change(kind, path, base, head)])
    };
    let subjects = vec![
        one(Process, "", "duration_ns", &[1e9], &[4e9]),
        one(GROUP, "p.a", "exec_ns", &[1e6], &[1.3e6]),
        one(GROUP, "p.b", "exec_ns", &[1e6], &[1.6e6]),
        one(GROUP, "p.c", "count", &[10.0], &[50.0]),
        one(GROUP, "p.d", "count", &[50.0], &[10.0]),
        one(GROUP, "p.e", "created", &[10.0], &[900.0]),
        one(GROUP, "p.f", "count", &[4.0], &[]),
        one(SubjectKind::Site, "p.g", "creations", &[10.0], &[9000.0]),
        one(GROUP, "p.h", "peak", &[10.0], &[30.0]),
    ];
    let asked = with_rules(vec![at(Level::Error, &["creations"])]);
    let told = findings(subjects, &asked);
    let order: Vec<&str> = told.iter().map(|line| line.split(' ').nth(1).unwrap()).collect();
    assert_eq!(order, ["p.c", "p.b", "p.a", "p.g", "", "p.d", "p.f", "p.e", "p.h"]);
}

#[test]
fn goroutines_that_wait_for_work_throughout_come_late() {
    // How long they live, in what they wait, and how long the run is.
    let score = |kind, state: &str, total: f64, wall: i64| {
        let state = format!("block_ns.{state}");
        let series = vec![change(kind, &state, &[1e6], &[9e6]), change(kind, "total_ns", &[total], &[total])];
        let mut package = package("p", (1, 1), vec![subject(kind, "p.work", series)]);
        package.base_runs[0].duration_ns = wall;
        let comparison = comparison(vec![package]);
        let judged = gate::judge(&comparison, &with_rules(vec![at(Level::Info, &["block_ns.*"])]));
        let found = fold::findings(&comparison, &judged);
        let lead = &comparison.packages[0].subjects[0].changes[found[0].lead];
        found[0].score / rank::score(lead, &state, 1e5, wall as f64, "")
    };
    let second = 1_000_000_000;
    for (kind, state, total, wall, want) in [
        (GROUP, "network", 0.8e9, second, 0.1),
        (GROUP, "select", 0.8e9, second, 0.1),
        (GROUP, "chan receive", 0.8e9, second, 0.1),
        (GROUP, "sync.(*Cond).Wait", 0.8e9, second, 0.1),
        (GROUP, "sync", 0.8e9, second, 1.0),
        (GROUP, "sleep", 0.8e9, second, 1.0),
        (GROUP, "network", 0.7e9, second, 1.0),
        (GROUP, "network", 0.71e9, second, 0.1),
        (GROUP, "network", 0.1e9, second, 1.0),
        (Region, "network", 0.8e9, second, 1.0),
        // Of a run that took no time nobody knows.
        (GROUP, "network", 0.8e9, 0, 1.0),
    ] {
        is_near(score(kind, state, total, wall), want, &format!("{kind} {state} {total} of {wall}"));
    }
    // Who waits is the innermost function outside the runtime.
    for (func, want) in [("sync.(*WaitGroup).Wait", 0.25), ("p.wait", 1.0), ("runtime.x", 1.0)] {
        let one = change(GROUP, "block_ns.sync", &[1e6], &[9e6]);
        let mut figures = subject(GROUP, "p.work", vec![one.clone()]);
        figures = with_sites(figures, Vec::new(), vec![site("block_ns.sync", func, &[9_000_000])]);
        let comparison = comparison(vec![package("p", (1, 1), vec![figures])]);
        let found = fold::findings(&comparison, &gate::judge(&comparison, &Config::default()));
        is_near(found[0].score / rank::score(&one, "block_ns.sync", 1e5, 1e9, ""), want, func);
    }
}

fn accepted(series: &str, from: Option<f64>, to: Option<f64>) -> Accept {
    Accept {
        series: series.parse().unwrap(),
        package: None,
        from,
        to,
        reason: "on purpose".to_owned(),
        by: None,
        until: None,
        file: PathBuf::new(),
        line: 0,
    }
}

#[test]
fn an_acceptance_holds_from_where_it_began_to_where_it_ends_within_the_limits() {
    let count = "group:p.work#count";
    let up = || accepted(count, Some(40.0), Some(100.0));
    let small = || accepted(count, Some(4.0), Some(8.0));
    let down = || accepted(count, Some(100.0), Some(40.0));
    let day = |text: &str| Some(text.parse().unwrap());
    for (accept, base, head, want) in [
        (up(), &[40.0][..], &[100.0][..], "Accepted FewRuns"),
        (up(), &[40.0], &[70.0], "Accepted FewRuns"),
        (up(), &[40.0], &[105.0], "Accepted FewRuns"),
        (up(), &[40.0], &[106.0], "Inconclusive FewRuns"),
        (up(), &[38.0], &[100.0], "Accepted FewRuns"),
        (up(), &[37.0], &[100.0], "Inconclusive FewRuns"),
        (up(), &[60.0], &[100.0], "Accepted FewRuns"),
        (up(), &[40.0; 3], &[100.0; 3], "Accepted Constant"),
        // The floor of 1 is more than 5 % of so few.
        (small(), &[4.0], &[9.0], "Accepted FewRuns"),
        (small(), &[4.0], &[10.0], "Inconclusive FewRuns"),
        (small(), &[3.0], &[8.0], "Accepted FewRuns"),
        (small(), &[2.5], &[8.0], "Inconclusive FewRuns"),
        (down(), &[100.0; 3], &[40.0; 3], "Accepted Constant"),
        (down(), &[100.0; 3], &[38.0; 3], "Accepted Constant"),
        (down(), &[100.0; 3], &[37.0; 3], "Regression Constant"),
        (down(), &[105.0; 3], &[40.0; 3], "Accepted Constant"),
        (down(), &[106.0; 3], &[40.0; 3], "Regression Constant"),
        // The other way is another change.
        (down(), &[100.0; 3], &[200.0; 3], "Regression Constant"),
        (down(), &[40.0; 3], &[100.0; 3], "Regression Constant"),
        (up(), &[100.0; 3], &[40.0; 3], "Regression Constant"),
        (accepted(count, Some(40.0), None), &[40.0], &[100.0], "Inconclusive FewRuns"),
        (accepted(count, None, Some(100.0)), &[40.0], &[100.0], "Inconclusive FewRuns"),
        (accepted("group:p.work#alive", Some(40.0), Some(100.0)), &[40.0], &[100.0], "Inconclusive FewRuns"),
        (accepted("group:p.other#count", Some(40.0), Some(100.0)), &[40.0], &[100.0], "Inconclusive FewRuns"),
        (accepted(count, Some(40.0), None), &[40.0], &[], "Accepted Required"),
        (accepted(count, Some(40.0), Some(1.0)), &[40.0], &[], "Regression Required"),
        (Accept { package: Some("p".to_owned()), ..up() }, &[40.0], &[100.0], "Accepted FewRuns"),
        (Accept { package: Some("q".to_owned()), ..up() }, &[40.0], &[100.0], "Inconclusive FewRuns"),
        (Accept { until: day("2027-01-31"), ..up() }, &[40.0], &[100.0], "Accepted FewRuns"),
        (Accept { until: day("2027-01-30"), ..up() }, &[40.0], &[100.0], "Inconclusive FewRuns"),
        // What is within limits needs none.
        (up(), &[40.0], &[41.0], "Unchanged None"),
    ] {
        let rule = Rule { required: true, direction: Some(Direction::Both), ..rule(&["count"]) };
        let told = format!("{base:?} to {head:?} by {accept:?}");
        let config = Config { accepted: vec![accept], today: day("2027-01-31"), ..with_rules(vec![rule]) };
        assert_eq!(said(alone(change(GROUP, "count", base, head)), &config), want, "{told}");
    }
    for (head, want) in [(20.0, "Accepted Multiplied"), (21.0, "Accepted Multiplied"), (22.0, "Regression Multiplied")]
    {
        let mut new = subject(GROUP, "p.work", vec![change(GROUP, "count", &[], &[head])]);
        new.head.as_mut().unwrap().1.creators.insert("p.serve".to_owned(), 1);
        let old = subject(GROUP, "p.serve", vec![change(GROUP, "count", &[1.0], &[1.0])]);
        let config = Config { accepted: vec![accepted(count, None, Some(20.0))], ..Config::default() };
        assert_eq!(said(package("p", (1, 1), vec![new, old]), &config), format!("{want}, Unchanged None"));
    }
}

#[test]
fn what_accepts_a_regression_is_told_where_its_name_can_be_typed() {
    let all = with_rules(vec![Rule { required: true, ..rule(&["*"]) }]);
    let of = |kind, name: &str, one: Change, config: &Config| {
        let comparison = comparison(vec![package("p", (1, 1), vec![subject(kind, name, vec![one])])]);
        let judged = gate::judge(&comparison, config);
        let pair = &comparison.packages[0].subjects[0];
        accept::argument(&judged.judgements[0], pair, &pair.changes[0])
    };
    let grown = || change(GROUP, "count", &[10.0], &[50.0]);
    let told = |text: &str| Some(text.to_owned());
    for (name, want) in [
        ("p.work", told("group:p.work#count=10..50")),
        ("größe 日本", told("group:größe 日本#count=10..50")),
        ("", None),
        ("a\nb", None),
        ("a\u{1b}b", None),
        ("a\u{ad}b", None),
        ("a\u{202e}b", None),
        ("a\u{2060}b", None),
        ("a\u{feff}b", None),
        ("a\u{e0041}b", None),
    ] {
        assert_eq!(of(GROUP, name, grown(), &Config::default()), want, "{name:?}");
    }
    let budget =
        with_rules(vec![Rule { hard_limit: Some(gotrace_diff::config::quantity::Ratio(0.5)), ..rule(&["*"]) }]);
    let longer = || change(Process, "duration_ns", &[1e9], &[2.5e9]);
    assert_eq!(of(Process, "", longer(), &budget), told("process:#duration_ns=1s..2.5s"));
    assert_eq!(of(Process, "", longer(), &Config::default()), None, "it is not proven");
    assert_eq!(of(GROUP, "p.work", change(GROUP, "count", &[10.0], &[]), &all), told("group:p.work#count=10..none"));
    assert_eq!(of(GROUP, "p.work", change(GROUP, "count", &[50.0], &[10.0]), &Config::default()), None);
    for (word, want) in [("a/b._-:=%+,9Z", "a/b._-:=%+,9Z"), ("a b", "'a b'"), ("a#b", "'a#b'"), ("ü", "'ü'")] {
        assert_eq!(accept::quoted(word), want);
    }
}

#[test]
fn who_waits_to_be_given_something_comes_after_who_takes_longer() {
    let group = |name: &str, path: &str, base: f64, head: f64, test: Option<&str>| {
        let changes = vec![change(GROUP, "total_ns", &[base], &[head]), change(GROUP, path, &[base], &[head])];
        let mut pair = subject(GROUP, name, changes);
        if let Some((_, side)) = &mut pair.head {
            side.of_test = test.map(str::to_owned).into();
        }
        pair
    };
    let of_test = |name: &str, repeats: usize, ns: f64| {
        let mut pair = subject(SubjectKind::Test, name, vec![change(SubjectKind::Test, "total_ns", &[ns], &[ns])]);
        if let Some((_, side)) = &mut pair.base {
            side.repeats = vec![Repeat::default(); repeats];
        }
        pair
    };
    // The run takes a second. What waits has grown by 40 ms, and what runs by 10.
    let longer = || group("p.work", "exec_ns", 5e6, 15e6, None);
    for (name, path, base, test, tests, is_first) in [
        ("p.read", "block_ns.network", 20e6, None, vec![], true),
        ("p.read", "block_ns.network", 800e6, None, vec![], false),
        ("net/http.(*persistConn).readLoop", "block_ns.network", 20e6, None, vec![], false),
        ("net/http.(*persistConn).readLoop", "block_ns.sync", 20e6, None, vec![], true),
        // As long as its test, where that is known.
        ("p.read", "block_ns.network", 20e6, Some("TestA"), vec![of_test("TestA", 1, 25e6)], false),
        ("p.read", "block_ns.network", 20e6, Some("TestA"), vec![of_test("TestA", 1, 50e6)], true),
        ("p.read", "block_ns.network", 20e6, Some("TestA"), vec![of_test("TestB", 1, 25e6)], true),
        ("p.read", "block_ns.network", 20e6, Some("TestA"), vec![of_test("TestA", 0, 25e6)], true),
    ] {
        let mut subjects = vec![longer(), group(name, path, base, base + 40e6, test)];
        subjects.extend(tests);
        let told = findings(subjects, &Config::default());
        assert_eq!(told[0].contains(name), is_first, "{name} {path} {base} {test:?}: {told:?}");
    }
}
