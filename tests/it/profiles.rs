//! Blocking profiles and mutator utilization equal Go's own, on recordings of seven releases; tests get their names.

use std::collections::{BTreeMap, BTreeSet};

use gotrace_diff::attribution::{name_tests, output::TestOutput};
use gotrace_diff::summarize::{Options, summarize};
use gotrace_diff::summary::{Profile, Summary, TestKind, TestNamedBy, TestRun};
use serde_json::Value;

use crate::craft::{Craft, Events, GO_RUNNING, PROC_RUNNING, ev};
use crate::data;

fn summary(name: &str) -> Summary {
    let options = Options { profiles: usize::MAX, ..Options::default() };
    summarize(name, data::trace(name).as_slice(), &options).unwrap_or_else(|e| panic!("{name}: {e}"))
}

/// The summary with tests named by what `go test` printed.
fn named(name: &str) -> Summary {
    let mut summary = summary(name);
    let text = String::from_utf8(data::read(&format!("traces/{name}.json"))).expect("text");
    name_tests(&mut summary, Some(&TestOutput::parse(&text).expect("test output")));
    summary
}

type Sites = BTreeMap<Vec<String>, (u64, i64)>;

fn ours(list: &[Profile]) -> Sites {
    let lines = |p: &Profile| p.stack.iter().map(|f| format!("{}:{}", f.func, f.line)).collect();
    list.iter().map(|p| (lines(p), (p.count, p.time_ns))).collect()
}

fn theirs(list: &Value) -> Sites {
    let sites = list.as_array().expect("a list").iter().map(|site| {
        let stack = site["stack"].as_array().cloned().unwrap_or_default();
        let stack = stack.iter().filter_map(Value::as_str).map(str::to_owned).collect();
        (stack, (site["count"].as_u64().expect("a count"), site["time_ns"].as_i64().expect("a time")))
    });
    sites.collect()
}

#[test]
fn the_four_profiles_equal_those_of_go() {
    let mut explained = BTreeSet::new();
    let mut compared = [0; 4];
    for name in data::names() {
        let (summary, oracle) = (summary(&name), data::oracle(&name));
        let profiles = summary.profiles.expect("asked for");
        let kinds =
            [("net", profiles.net), ("sync", profiles.sync), ("syscall", profiles.syscall), ("sched", profiles.sched)];
        for (i, (kind, list)) in kinds.iter().enumerate() {
            let (mut ours, mut theirs) = (ours(list), theirs(&oracle["profiles"][kind]));
            compared[i] += ours.len();
            if ours != theirs {
                // Goroutines that C code makes use one id again and again, and have no stack. Go's analysis knows when
                // the last of them began to run, and leaves out the waits of all before it.
                let (all, last) = (ours.remove(&Vec::new()), theirs.remove(&Vec::new()));
                assert!(all > last, "{name} {kind}: {all:?} {last:?}");
                explained.insert(name.split('/').nth(1).unwrap_or_default().to_owned());
            }
            assert_eq!(ours, theirs, "{name}: {kind}");
        }
    }
    assert_eq!(explained.into_iter().collect::<Vec<_>>(), ["cgo"]);
    assert!(compared.iter().all(|&n| n > 50), "sites compared: {compared:?}");
}

#[test]
fn mutator_utilization_equals_that_of_go() {
    let mut below_one = 0;
    for name in data::names() {
        let (summary, oracle) = (summary(&name), data::oracle(&name));
        for (window, least) in oracle["mmu"].as_object().expect("windows") {
            let least = least.as_f64().expect("a number");
            let ours = summary.mmu.get(window).copied().unwrap_or(-1.0);
            assert!((ours - least).abs() <= 1e-9, "{name} {window}: {ours}, Go has {least}");
            below_one += usize::from(least > 0.0 && least < 1.0);
        }
        // Workers can only take more.
        for (window, least) in &summary.mmu_workers {
            assert!(*least <= summary.mmu[window] + 1e-9, "{name} {window}");
        }
    }
    assert!(below_one > 50, "{below_one} windows in which the collector took some but not all");
}

#[test]
fn honest_profiles_have_what_those_of_go_leave_out() {
    let leak = summary("go1.26.6/leak");
    let (go, honest) = (leak.profiles.expect("asked for"), leak.honest_profiles.expect("asked for"));
    let time = |list: &[Profile]| list.iter().map(|p| p.time_ns).sum::<i64>();
    // Whoever never comes back is missing from Go's.
    assert!(time(&honest.sync) > time(&go.sync), "{} {}", time(&honest.sync), time(&go.sync));
    // Neither has it the first wait of a goroutine for a processor.
    let many = summary("go1.26.6/manyg");
    let (go, honest) = (many.profiles.expect("asked for"), many.honest_profiles.expect("asked for"));
    let waits: i64 = many.goroutines.values().map(|g| g.sched_wait_ns).sum();
    assert_eq!(time(&honest.sched), waits);
    assert!(time(&go.sched) < waits);
    assert!(go.other.is_empty());
}

fn test<'s>(summary: &'s Summary, name: &str) -> Vec<&'s TestRun> {
    summary.tests.iter().filter(|t| t.name == name).collect()
}

#[test]
fn tests_get_their_names_from_what_was_printed() {
    let mut releases = 0;
    for name in data::names().iter().filter(|n| n.ends_with("/test")) {
        let summary = named(name);
        assert_eq!(summary.attribution.method, TestNamedBy::RunLine, "{name}: {}", summary.attribution.note);
        assert_eq!(summary.attribution.named, summary.attribution.tests, "{name}");
        assert_eq!(summary.attribution.note, "", "{name}");
        assert!(summary.package.is_some(), "{name}");
        // Subtests lie within their parents, in name and in time.
        for test in summary.tests.iter().filter(|t| t.parent.is_some()) {
            let parent = &summary.tests[test.parent.expect("a parent")];
            assert!(test.name.starts_with(&format!("{}/", parent.name)), "{name}: {} in {}", test.name, parent.name);
            assert!(parent.start_ns <= test.start_ns && test.end_ns <= parent.end_ns, "{name}: {}", test.name);
        }
        releases += 1;
    }
    assert!(releases >= 6, "{releases}");
}

#[test]
fn repeats_are_told_apart() {
    let summary = named("go1.26.6/count");
    let repeats: BTreeMap<&str, usize> = summary.tests.iter().fold(BTreeMap::new(), |mut all, test| {
        *all.entry(test.name.as_str()).or_default() += 1;
        all
    });
    // -count repeats tests and benchmarks; examples run once.
    assert!(repeats.iter().all(|(name, &n)| (n >= 2) != name.starts_with("Example")), "{repeats:?}");
    for name in repeats.keys() {
        let numbers: Vec<u64> = test(&summary, name).iter().map(|t| t.repeat).collect();
        assert_eq!(numbers, (0..numbers.len() as u64).collect::<Vec<_>>(), "{name}");
    }
}

#[test]
fn what_goroutines_ran_is_shared_out_among_tests_and_nothing_is_lost() {
    for name in data::names().iter().filter(|n| n.ends_with("/test") || n.ends_with("/count")) {
        let summary = named(name);
        let tests: i64 = summary.tests.iter().map(|t| t.work.exec_ns).sum();
        let user: i64 = summary
            .goroutines
            .iter()
            .filter(|(group, _)| {
                use gotrace_diff::metrics::population::{Owner, owner};
                matches!(owner(group, true), Owner::User | Owner::TestHost | Owner::BenchmarkHost)
            })
            .map(|(_, g)| g.exec_ns)
            .sum();
        // Examples run on the main goroutine, which is nobody's besides.
        let examples = summary.tests.iter().filter(|t| t.name.starts_with("Example"));
        let user = user + examples.map(|t| t.times.exec_ns).sum::<i64>();
        let rest = user - tests;
        // What leftovers ran after the end of their test is nobody's.
        assert!(rest >= summary.attribution.unattributed_exec_ns, "{name}: {tests} of {user}");
        assert!(rest as f64 <= 0.05 * user as f64 + 1e6, "{name}: {tests} of {user}");
    }
}

#[test]
fn leaked_goroutines_are_charged_to_their_test() {
    let summary = named("go1.26.6/leak");
    let leaky: Vec<&TestRun> = summary.tests.iter().filter(|t| t.leaked > 0).collect();
    assert!(!leaky.is_empty());
    for test in leaky {
        assert_eq!(test.leaked, test.leaks.iter().map(|l| l.count).sum::<u64>(), "{}", test.name);
        assert!(test.leaks.iter().all(|l| !l.stack.is_empty()), "{}", test.name);
        assert!(test.outlived >= test.leaked);
    }
}

#[test]
fn benchmarks_know_their_operations_where_the_number_was_fixed() {
    let summary = named("go1.26.6/bench");
    let benchmarks: Vec<&TestRun> =
        summary.tests.iter().filter(|t| t.name.starts_with("Benchmark") && t.operations.is_some()).collect();
    assert!(!benchmarks.is_empty(), "{:?}", summary.tests.iter().map(|t| (&t.name, t.rounds)).collect::<Vec<_>>());
}

/// The goroutine of a benchmark's first round says that it is done, and ends only after the next round has begun, as
/// happens on a busy machine: what it spent until then is the benchmark's all the same, and the rest is the framework's.
///
/// ```text
///        10    20         120 121  130  140        150   160                      400
///   main  |─run─|·· waits ······|──run──|············ waits ·······················|──▶
///   run1        |── runs ────*──| runnable         |ends|
///   launch                       *created          ·    |────── runs ──────────────|
/// ```
#[test]
fn a_round_that_ends_after_the_next_has_begun_belongs_to_its_benchmark() {
    let strings = ["main.main", "testing.(*B).run1.func1", "testing.(*B).launch", "chan receive", "preempted"];
    let stacks: [&[u64]; 3] = [&[1], &[2], &[3]];
    let mut last = 0;
    let mut at = |now: u64| now - std::mem::replace(&mut last, now);
    let events = Events::default()
        .event(ev::PROC_STATUS, at(1), &[0, PROC_RUNNING])
        .event(ev::GO_STATUS, at(2), &[1, 1, GO_RUNNING])
        .event(ev::GO_CREATE, at(10), &[2, 2, 1])
        .event(ev::GO_BLOCK, at(20), &[4, 1])
        .event(ev::GO_START, at(21), &[2, 1])
        .event(ev::GO_UNBLOCK, at(120), &[1, 1, 2])
        .event(ev::GO_STOP, at(121), &[5, 2])
        .event(ev::GO_START, at(122), &[1, 2])
        .event(ev::GO_CREATE, at(130), &[3, 3, 1])
        .event(ev::GO_BLOCK, at(140), &[4, 1])
        .event(ev::GO_START, at(141), &[2, 2])
        .event(ev::GO_DESTROY, at(150), &[])
        .event(ev::GO_START, at(160), &[3, 1])
        .event(ev::GO_UNBLOCK, at(399), &[1, 3, 3])
        .event(ev::GO_DESTROY, at(400), &[])
        .event(ev::GO_START, at(410), &[1, 4])
        .event(ev::GO_BLOCK, at(420), &[4, 1]);
    let trace =
        Craft::new("go 1.22").frequency(1).strings(1, &strings).stacks(1, &stacks).batch(1, 1, 0, &events.0).bytes;
    let options = Options { allow_partial: true, ..Options::default() };
    let summary = summarize("handover", trace.as_slice(), &options).unwrap();
    let [test] = summary.tests.as_slice() else { panic!("{:?}", summary.tests) };
    // From 10 to 400: what the first still does from 130 on, when the next was created, is the framework's.
    assert_eq!((test.kind, test.wall_ns, test.times.total_ns), (TestKind::Benchmark, 390, 390));
    // Running from 21 to 121 and 160 to 400.
    assert_eq!((test.times.exec_ns, test.work.exec_ns, test.framework_ns), (340, 340, 20));
}
