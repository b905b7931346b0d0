//! Critical paths: every nanosecond of the target is on it once, by hand and on all recordings.

use gotrace_diff::critical::{self, CriticalError, CriticalPath, MOST_SPANS, Pick, Question};
use gotrace_diff::paths::Repository;
use gotrace_diff::summarize::{Options, summarize};
use gotrace_diff::{logs, related};

use crate::cli::{cli, json, out};
use crate::craft::{Craft, Events, GO_RUNNING, PROC_RUNNING, ev};
use crate::data;

fn question(subject: &str, pick: Pick) -> Question {
    Question {
        subject: subject.parse().unwrap(),
        pick,
        from_ns: None,
        to_ns: None,
        allow_partial: false,
        most_spans: MOST_SPANS,
    }
}

fn path(trace: &[u8], subject: &str, pick: Pick) -> Result<CriticalPath, CriticalError> {
    critical::critical_path(&trace, &question(subject, pick), &Repository::default())
}

/// Whatever the trace: the parts are the whole.
fn adds_up(name: &str, path: &CriticalPath) {
    let times = &path.times;
    assert_eq!(times.categories.values().sum::<i64>(), times.total_ns, "{name}: categories");
    assert_eq!(times.functions.iter().map(|f| f.time_ns).sum::<i64>(), times.total_ns, "{name}: functions");
    let behind: i64 = times.waits.iter().map(|w| w.time_ns).sum();
    assert_eq!(behind + times.own_ns, times.total_ns, "{name}: waits");
    let mut at = 0;
    for piece in &times.pieces {
        assert_eq!(piece.start_ns, at, "{name}: a gap or an overlap");
        assert!(piece.time_ns > 0, "{name}: {piece:?}");
        at += piece.time_ns;
    }
    if path.walked == 1 && times.pieces_left_out == 0 {
        assert_eq!(at, times.total_ns, "{name}: pieces");
    }
}

/// Main starts a worker and waits for it; the worker waits for the network, and then for a second goroutine to send.
///
/// ```text
///          10   20  25   30   40   50 55  60        80  85   100  104  110  120
///   main    |run*run|····· waits (sync) ························|  runnable  |run|
///   worker      |runnable|run|network|  |run|· chan ··|  |··run··*···|
///   second  ──────────────────────── runs ────────────*─────|
///                *creates                              *wakes     *wakes
/// ```
fn two_waits() -> Vec<u8> {
    let strings = [
        "main.main",
        "main.work",
        "main.send",
        "sync",
        "network",
        "chan receive",
        "main.wait",
        "main.fetch",
        "main.take",
        "region",
    ];
    // Stacks: 1 main.main, 2 work, 3 send, 4 wait<main, 5 fetch<work, 6 take<work.
    let stacks: [&[u64]; 6] = [&[1], &[2], &[3], &[7, 1], &[8, 2], &[9, 2]];
    let at = |last: &mut u64, now: u64| now - std::mem::replace(last, now);
    let (mut a, mut b) = (0, 0);
    // Processor 0: main, then the worker, then main.
    let first = Events::default()
        .event(ev::PROC_STATUS, at(&mut a, 1), &[0, PROC_RUNNING])
        .event(ev::GO_STATUS, at(&mut a, 2), &[1, 1, GO_RUNNING])
        .event(ev::REGION_BEGIN, at(&mut a, 10), &[0, 10, 1])
        .event(ev::GO_CREATE, at(&mut a, 20), &[2, 2, 1])
        .event(ev::GO_BLOCK, at(&mut a, 25), &[4, 4])
        .event(ev::GO_START, at(&mut a, 30), &[2, 1])
        .event(ev::GO_BLOCK, at(&mut a, 40), &[5, 5])
        .event(ev::GO_UNBLOCK, at(&mut a, 50), &[2, 2, 0])
        .event(ev::GO_START, at(&mut a, 55), &[2, 3])
        .event(ev::GO_BLOCK, at(&mut a, 60), &[6, 6])
        .event(ev::GO_START, at(&mut a, 85), &[2, 5])
        .event(ev::GO_UNBLOCK, at(&mut a, 100), &[1, 1, 2])
        .event(ev::GO_DESTROY, at(&mut a, 104), &[])
        .event(ev::GO_START, at(&mut a, 110), &[1, 2])
        .event(ev::REGION_END, at(&mut a, 120), &[0, 10, 1])
        .event(ev::GO_BLOCK, at(&mut a, 125), &[4, 4]);
    // Processor 1: the sender, which was there before the trace.
    let second = Events::default()
        .event(ev::PROC_STATUS, at(&mut b, 3), &[1, PROC_RUNNING])
        .event(ev::GO_STATUS, at(&mut b, 4), &[3, 2, GO_RUNNING])
        .event(ev::GO_UNBLOCK, at(&mut b, 80), &[2, 4, 3])
        .event(ev::GO_BLOCK, at(&mut b, 90), &[6, 3]);
    Craft::new("go 1.22")
        .frequency(1)
        .strings(1, &strings)
        .stacks(1, &stacks)
        .batch(1, 1, 0, &first.0)
        .batch(1, 2, 0, &second.0)
        .bytes
}

#[test]
fn a_path_goes_back_through_wake_ups_and_creations() {
    let trace = two_waits();
    let got = path(&trace, "region:region", Pick::Slowest).unwrap();
    adds_up("two waits", &got);
    assert_eq!((got.instances, got.walked, got.whole), (1, 1, true));
    // From the region's end backwards: main runs 110-120, is runnable 100-110; the worker that woke it runs 85-100, is
    // runnable 80-85; whoever woke that ran all the time before, up to the region's beginning.
    let pieces: Vec<(i64, i64, &str, &str)> =
        got.times.pieces.iter().map(|p| (p.start_ns + 10, p.time_ns, p.category, p.goroutine.as_str())).collect();
    assert_eq!(
        pieces,
        [
            (10, 15, "cpu", "main.send"),
            (25, 35, "cpu", "main.send"),
            (60, 20, "cpu", "main.send"),
            (80, 5, "scheduler", "main.work"),
            (85, 15, "cpu", "main.work"),
            (100, 10, "scheduler", "main.main"),
            (110, 10, "cpu", "main.main"),
        ]
    );
    // 60 to 80 somebody of the path waited to receive; the rest since 25 main waited; before that nobody did.
    let waits: Vec<(&str, &str, &str, u64, i64)> = got
        .times
        .waits
        .iter()
        .map(|w| (w.reason.as_str(), w.place.function.as_str(), w.ended_by.function.as_str(), w.count, w.time_ns))
        .collect();
    assert_eq!(waits, [("sync", "main.wait", "main.work", 1, 55), ("chan receive", "main.take", "main.send", 1, 20)]);
    assert_eq!(got.times.own_ns, 35);
    assert_eq!(got.times.categories.into_iter().collect::<Vec<_>>(), [("cpu", 95), ("scheduler", 15)]);
}

#[test]
fn a_path_of_a_goroutine_takes_its_life_and_can_be_cut_at_a_time() {
    let trace = two_waits();
    // The worker, created at 20, ended at 104.
    let got = path(&trace, "group:main.work", Pick::Slowest).unwrap();
    adds_up("worker", &got);
    assert_eq!(got.times.total_ns, 84);
    let to = Question { from_ns: Some(0), to_ns: None, ..question("group:main.work", Pick::Slowest) };
    let whole = critical::critical_path(&trace.as_slice(), &to, &Repository::default()).unwrap();
    assert_eq!(whole.times.total_ns, 84);
    // The trace begins at 1: this is from 80 on.
    let late = Question { from_ns: Some(79), ..to };
    let late = critical::critical_path(&trace.as_slice(), &late, &Repository::default()).unwrap();
    assert!(!late.whole);
    assert_eq!(late.times.total_ns, 104 - 80);
}

/// One goroutine and all that nobody else did to it.
///
/// ```text
///   10   20    30 35 40 45  50   58 60      70 71   80        95 96 100
///    |run|sleep |  |run|stw|run|sys|run|net  |  |run|  timer   |  |run|
/// ```
fn alone() -> Vec<u8> {
    let strings = ["main.main", "sleep", "network", "chan receive", "GC mark termination", "main.rest", "region"];
    let at = |last: &mut u64, now: u64| now - std::mem::replace(last, now);
    let mut a = 0;
    let events = Events::default()
        .event(ev::PROC_STATUS, at(&mut a, 1), &[0, PROC_RUNNING])
        .event(ev::GO_STATUS, at(&mut a, 2), &[1, 1, GO_RUNNING])
        .event(ev::REGION_BEGIN, at(&mut a, 10), &[0, 7, 1])
        .event(ev::GO_BLOCK, at(&mut a, 20), &[2, 2])
        .event(ev::GO_UNBLOCK, at(&mut a, 30), &[1, 1, 0])
        .event(ev::GO_START, at(&mut a, 35), &[1, 2])
        .event(ev::STW_BEGIN, at(&mut a, 40), &[5, 1])
        .event(ev::STW_END, at(&mut a, 45), &[])
        .event(ev::GO_SYSCALL_BEGIN, at(&mut a, 50), &[1, 2])
        .event(ev::GO_SYSCALL_END, at(&mut a, 58), &[])
        .event(ev::GO_BLOCK, at(&mut a, 60), &[3, 2])
        .event(ev::GO_UNBLOCK, at(&mut a, 70), &[1, 3, 0])
        .event(ev::GO_START, at(&mut a, 71), &[1, 4])
        .event(ev::GO_BLOCK, at(&mut a, 80), &[4, 2])
        .event(ev::GO_UNBLOCK, at(&mut a, 95), &[1, 5, 0])
        .event(ev::GO_START, at(&mut a, 96), &[1, 6])
        .event(ev::REGION_END, at(&mut a, 100), &[0, 7, 1]);
    Craft::new("go 1.22").frequency(1).strings(1, &strings).stacks(1, &[&[1], &[6, 1]]).batch(1, 1, 0, &events.0).bytes
}

#[test]
fn what_nobody_else_did_takes_its_time_by_itself() {
    let got = path(&alone(), "region:region", Pick::Slowest).unwrap();
    adds_up("alone", &got);
    let want = [
        ("cpu", 10 + 5 + 5 + 2 + 9 + 4),
        ("gc", 5),
        ("network", 10),
        ("scheduler", 5 + 1 + 1),
        ("sleep", 10),
        ("syscall", 8),
        ("timer", 15),
    ];
    assert_eq!(got.times.categories.into_iter().collect::<Vec<_>>(), want);
    assert!(got.times.waits.is_empty(), "{:?}", got.times.waits);
    // What ran between two waits in main.rest, which main.main called, is somewhere within both.
    let ran = got.times.functions.iter().filter(|f| f.category == "cpu");
    let ran: Vec<(&str, i64)> = ran.map(|f| (f.place.function.as_str(), f.time_ns)).collect();
    assert_eq!(ran, [("main.rest", 21), ("main.main", 14)]);
}

#[test]
fn a_test_is_not_charged_with_what_it_waited_for_its_turn() {
    for release in ["go1.21.13", "go1.23.9", "go1.27.3"] {
        let trace = data::trace(&format!("{release}/test"));
        let alone = path(&trace, "test:TestParallelAlone", Pick::Slowest).unwrap();
        let pause = alone.times.functions.iter().find(|f| f.category == "paused").unwrap();
        assert!(pause.place.function.ends_with("TestParallelAlone"), "{release}: {pause:?}");
        // For whoever waits for it, that is a wait like any other, and somebody did something meanwhile.
        let all = path(&trace, "group:main.main", Pick::Slowest).unwrap();
        assert_eq!(all.times.categories.get("paused"), None, "{release}");
    }
}

#[test]
fn all_paths_of_all_recordings_cover_their_targets() {
    for name in data::names() {
        let trace = data::trace(&name);
        let summary = summarize(&name, trace.as_slice(), &Options::default()).unwrap();
        // Every goroutine of the trace as a target.
        let all = path(&trace, "group:*", Pick::All).unwrap_or_else(|e| panic!("{name}: {e}"));
        adds_up(&name, &all);
        let lives: i64 = summary.goroutines.values().map(|g| g.total_ns).sum();
        assert_eq!(all.times.total_ns, lives, "{name}: the lives of all goroutines");
        for kind in ["test:*", "benchmark:*", "task:*", "region:*", "group:*"] {
            match path(&trace, kind, Pick::Slowest) {
                Ok(one) => adds_up(&format!("{name} {kind}"), &one),
                Err(CriticalError::NotFound { .. }) => {}
                Err(error) => panic!("{name}: {error}"),
            }
        }
    }
}

#[test]
fn little_of_a_test_is_unknown() {
    for release in ["go1.21.13", "go1.22.10", "go1.23.9", "go1.24.11", "go1.25.5", "go1.26.6", "go1.27.3"] {
        let got = path(&data::trace(&format!("{release}/test")), "test:*", Pick::All).unwrap();
        let unknown = got.times.categories.get("unknown").copied().unwrap_or(0);
        assert!(got.walked >= 5, "{release}: {}", got.walked);
        assert!(unknown * 100 < got.times.total_ns, "{release}: {:?}", got.times.categories);
    }
}

/// Explains a subject of a recorded regression, standing in the module that it was recorded from.
fn explain(name: &str, subject: &str, more: &[&str]) -> std::process::Output {
    let folder = data::dir().join("regressions").join(name);
    let sides: Vec<String> = ["base.out", "head.out"].iter().map(|s| folder.join(s).display().to_string()).collect();
    let mut args = vec!["explain", subject, "--critical-path"];
    args.extend(sides.iter().map(String::as_str));
    args.extend(more);
    cli(&data::dir().join("../examples/regressions"), &args)
}

#[test]
fn the_path_shifts_to_where_the_regression_is() {
    for (name, subject, category, reason, function, position) in [
        ("pool", "test:TestLoadAll", "sleep", "chan send", "catalog.(*DB).Get", "catalog/catalog.go:31"),
        ("lock", "test:TestPage", "cpu", "sync", "cache.(*Cache).Page", "cache/cache.go:26"),
        ("sqlpool", "test:TestFind", "sleep", "select", "orders.Find.func1", "orders/orders.go:"),
    ] {
        let told = json(&explain(name, subject, &["--format", "json"]));
        let change = &told["change"];
        let growth = |v: &serde_json::Value| v["head_ns"].as_i64().unwrap() - v["base_ns"].as_i64().unwrap();
        let total = growth(&change["total"]);
        assert!(total > 0, "{name}: {total}");
        assert_eq!(change["categories"][0]["category"], category, "{name}: {}", change["categories"]);
        let wait = &change["waits"][0];
        assert_eq!(wait["reason"], reason, "{name}: {}", change["waits"]);
        assert!(wait["function"].as_str().unwrap().ends_with(function), "{name}: {wait}");
        assert!(wait["position"].as_str().unwrap().contains(position), "{name}: {wait}");
        assert!(growth(wait) * 10 > total * 8, "{name}: {wait} of {total}");
        assert!(wait["head_count"].as_u64() > wait["base_count"].as_u64(), "{name}: {wait}");
    }
}

#[test]
fn a_sleep_and_a_slower_peer_are_on_the_path_themselves() {
    for (name, subject, function) in
        [("sleep", "test:TestRetry", "payment.Retry"), ("peer", "test:TestCharge", "payment.Bank.func1")]
    {
        let told = json(&explain(name, subject, &["--format", "json"]));
        let first = &told["change"]["functions"][0];
        assert_eq!(first["category"], "sleep", "{name}: {first}");
        assert!(first["function"].as_str().unwrap().ends_with(function), "{name}: {first}");
    }
}

#[test]
fn the_text_says_where_the_added_time_went() {
    let text = out(&explain("pool", "test:TestLoadAll", &["--top", "3"]));
    let first = text.lines().next().unwrap();
    assert!(first.starts_with("test catalog.TestLoadAll: critical path of 115 ms → 228 ms (+114 ms"), "{first}");
    assert!(text.contains("ended by catalog.(*DB).Get.func1, passed 49 → 99 times"), "{text}");
    // The second and third line hold names of files, which are as long as they are.
    assert!(text.lines().skip(3).all(|l| l.chars().count() <= 100), "{text}");
}

#[test]
fn what_cannot_be_followed_is_said_with_what_to_do() {
    let trace = data::read("regressions/pool/base.out");
    let few = Question { most_spans: 100, ..question("test:TestLoadAll", Pick::Slowest) };
    let got = critical::critical_path(&trace.as_slice(), &few, &Repository::default());
    assert!(matches!(got, Err(CriticalError::TooLong { most: 100 })), "{got:?}");
    assert!(matches!(path(&trace, "test:TestX", Pick::Slowest), Err(CriticalError::NotFound { nameless: 0 })));
    let got = path(&trace, "group:*loadAll*", Pick::Nth(401));
    assert!(matches!(got, Err(CriticalError::TooFew { count: 400, nth: 401 })), "{got:?}");
    let (first, last) =
        (path(&trace, "group:*loadAll*", Pick::Nth(1)), path(&trace, "group:*loadAll*", Pick::Nth(400)));
    assert!(first.unwrap().start_ns < last.unwrap().start_ns);

    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("x.out"), &trace).unwrap();
    for (args, words) in [
        (&["explain", "test:TestX", "--critical-path", "x.out"][..], "gotrace-diff summarize lists"),
        (&["explain", "test:TestLoadAll", "--critical-path", "-"], "twice"),
        (&["explain", "test:TestLoadAll", "--critical-path", "x.out", "--to", "100us"], "begins and ends"),
        (&["explain", "test:TestLoadAll", "--critical-path", "x.out", "--nth", "2"], "counted from 1"),
        (&["explain", "test:TestLoadAll", "--critical-path", "x.out", "x.out", "x.out"], "one trace or two"),
        (&["explain", "test:TestLoadAll", "--critical-path", "x.out", "--from", "5"], "is not a time"),
        (&["explain", "test:", "--critical-path", "x.out"], "kind:name"),
    ] {
        let got = cli(folder.path(), args);
        assert_eq!(got.status.code(), Some(2), "{args:?}");
        let said = String::from_utf8(got.stderr).unwrap();
        assert!(said.contains(words), "{args:?}: {said}");
    }
}

#[test]
fn hostile_traces_have_paths_that_add_up_or_errors() {
    let trace = data::trace("go1.27.3/coro");
    let mut paths = 0;
    for at in 0..trace.len() {
        let mut flipped = trace.clone();
        flipped[at] ^= 1 << (at % 8);
        if let Ok(all) = path(&flipped, "group:*", Pick::All) {
            adds_up(&format!("flipped at {at}"), &all);
            paths += 1;
        }
    }
    assert!(paths > 100, "{paths}");
}

#[test]
fn hostile_traces_are_survived_by_all_second_reads() {
    let trace = data::trace("go1.27.3/tasks");
    let mut read = 0;
    for at in (0..trace.len()).step_by(11) {
        let mut flipped = trace.clone();
        flipped[at] ^= 1 << (at % 8);
        let source = flipped.as_slice();
        if let Ok(logs) = logs::read(&source, &logs::Question::default()) {
            assert_eq!(logs.categories.values().sum::<u64>(), logs.matched, "flipped at {at}");
            read += 1;
        }
        let _ = related::read(&source, &"task:*".parse().unwrap(), true, &Repository::default());
        if let Ok(one) = path(&flipped, "task:*", Pick::Slowest) {
            adds_up(&format!("flipped at {at}"), &one);
        }
    }
    assert!(read > 100, "{read}");
}

#[test]
fn of_a_truncated_trace_the_whole_generations_are_used_on_request() {
    let trace = data::read("misuse/go1.26.6/killed.out");
    let refused = path(&trace, "group:*", Pick::Slowest);
    assert!(matches!(refused, Err(CriticalError::Scan(_))), "{refused:?}");
    let allowed = Question { allow_partial: true, ..question("group:*", Pick::All) };
    let got = critical::critical_path(&trace.as_slice(), &allowed, &Repository::default()).unwrap();
    adds_up("killed", &got);
    let partial =
        summarize("killed", trace.as_slice(), &Options { allow_partial: true, ..Options::default() }).unwrap();
    assert_eq!(got.partial, Some(partial.generations));
    let lives: i64 = partial.goroutines.values().map(|g| g.total_ns).sum();
    assert_eq!(got.times.total_ns, lives);
}
