//! A part of a recording has the figures that it would have if the trace had begun and ended there.

use std::collections::BTreeMap;
use std::path::Path;

use gotrace_diff::metrics::{Chosen, Names};
use gotrace_diff::summarize::{Options, summarize};
use gotrace_diff::summary::{Group, Summary};
use gotrace_diff::timeline::{Moment, Window};

use crate::cli::{cli, json, out};
use crate::craft::{Craft, Events, GO_RUNNING, PROC_RUNNING, ev};
use crate::data;

const PROC_STEAL: u8 = 12;
const SYSCALL_END_BLOCKED: u8 = 24;

fn part(trace: &[u8], from: Option<i64>, to: Option<i64>) -> Summary {
    let window = Window { from: from.map(Moment::Since), to: to.map(Moment::Since) };
    summarize("part", trace, &Options { window, ..Options::default() }).unwrap()
}

/// A part of [`crafted`], in ns after 100 on its clock, where its first goroutine is noted.
fn crafted_part(from: i64, to: i64) -> Summary {
    let window = Window { from: Some(Moment::At(100 + from)), to: Some(Moment::At(100 + to)) };
    summarize("crafted", crafted().as_slice(), &Options { window, ..Options::default() }).unwrap()
}

/// ```text
///   ns since 100     0     10     20    30      50     100      130   140   160    200      220        280
///   main.main        run         [render  wait sync     |runnable      |run ] |run  |syscall |stolen    |runnable
///   main.work              runnable             |run             |wait sync
/// ```
fn crafted() -> Vec<u8> {
    let (main, work, sync, render) = (2, 1, 3, 4);
    let a = Events::default()
        .event(ev::PROC_STATUS, 0, &[0, PROC_RUNNING])
        .event(ev::GO_STATUS, 0, &[1, 1, GO_RUNNING])
        .event(ev::GO_CREATE, 10, &[2, work, main])
        .event(ev::REGION_BEGIN, 10, &[0, render, main])
        .event(ev::GO_BLOCK, 10, &[sync, main])
        .event(ev::GO_START, 20, &[2, 1])
        .event(ev::GO_UNBLOCK, 50, &[1, 1, work])
        .event(ev::GO_BLOCK, 30, &[sync, work])
        .event(ev::GO_START, 10, &[1, 2])
        .event(ev::REGION_END, 20, &[0, render, main])
        .event(ev::GO_SYSCALL_BEGIN, 40, &[1, main])
        .event(SYSCALL_END_BLOCKED, 80, &[]);
    let b = Events::default().event(PROC_STEAL, 0, &[0, 2, 1]);
    Craft::new("go 1.22")
        .frequency(1)
        .strings(1, &["main.work", "main.main", "sync", "render"])
        .stacks(1, &[&[1], &[2]])
        .batch(1, 1, 100, &a.0)
        .batch(1, 2, 320, &b.0)
        .bytes
}

/// Running, runnable, in a system call, the same without a processor, waiting.
fn times(g: &Group) -> [i64; 5] {
    [g.exec_ns, g.sched_wait_ns, g.syscall_ns, g.syscall_block_ns, g.block_ns.values().sum()]
}

#[test]
fn what_goes_on_at_an_edge_of_the_window_is_cut_there() {
    for (from, to, main, work) in [
        (0, 280, [30 + 60, 40, 20, 60, 70], [80, 40, 0, 0, 150]),
        (40, 150, [10, 40, 0, 0, 60], [80, 10, 0, 0, 20]),
        (210, 250, [0, 0, 10, 30, 0], [0, 0, 0, 0, 40]),
        (230, 250, [0, 0, 0, 20, 0], [0, 0, 0, 0, 20]),
        (60, 90, [0, 0, 0, 0, 30], [30, 0, 0, 0, 0]),
    ] {
        let summary = crafted_part(from, to);
        assert_eq!((summary.start_ns, summary.end_ns), (100 + from, 100 + to), "{from} to {to}");
        assert_eq!(times(&summary.goroutines["main.main"]), main, "{from} to {to}");
        assert_eq!(times(&summary.goroutines["main.work"]), work, "{from} to {to}");
        for group in summary.goroutines.values() {
            assert_eq!(group.total_ns, times(group).iter().sum::<i64>(), "{from} to {to}");
        }
    }
    // A call that begins before the window and ends in it, or after it, or both.
    for (from, to, spent, durations) in
        [(0, 280, [30, 40, 70], 1), (40, 150, [10, 40, 60], 0), (145, 280, [15, 0, 0], 0), (0, 150, [20, 40, 70], 0)]
    {
        let region = crafted_part(from, to).regions["render"].clone();
        let blocked: i64 = region.block_ns.values().sum();
        assert_eq!([region.exec_ns, region.sched_wait_ns, blocked], spent, "{from} to {to}");
        assert_eq!((region.count, region.durations.count), (1, durations), "{from} to {to}");
    }
    // Over before the window begins.
    assert!(crafted_part(170, 280).regions.is_empty());
    // Nobody is created in a window that begins later.
    let later = crafted_part(40, 280);
    assert_eq!((later.goroutines["main.work"].count, later.goroutines["main.work"].created), (1, 0));
    assert!(later.creations.is_empty());
}

/// Recordings with several generations, tests, tasks, system calls and collections, of old and new formats.
const RECORDED: [&str; 9] = [
    "go1.21.13/test",
    "go1.22.10/test",
    "go1.24.11/tasks",
    "go1.25.5/net",
    "go1.26.6/gens",
    "go1.26.6/syscall",
    "go1.26.6/leak",
    "go1.26.6/flight",
    "go1.27.3/gc",
];

#[test]
fn a_window_over_the_whole_trace_is_the_whole_trace() {
    for name in RECORDED {
        let trace = data::trace(name);
        let whole = summarize("part", trace.as_slice(), &Options::default()).unwrap();
        for (from, to) in [(Some(0), None), (None, Some(i64::MAX / 2)), (Some(0), Some(i64::MAX / 2))] {
            assert!(part(&trace, from, to) == whole, "{name}: {from:?} to {to:?}");
        }
    }
}

/// By group and state.
fn all_times(summary: &Summary) -> BTreeMap<(String, String), i64> {
    let mut all = BTreeMap::new();
    for (name, g) in &summary.goroutines {
        let mut add = |state: &str, ns: i64| *all.entry((name.clone(), state.to_owned())).or_default() += ns;
        for (state, ns) in ["running", "runnable", "syscall", "syscall blocked"].iter().zip(times(g)) {
            add(state, ns);
        }
        for (reason, ns) in &g.block_ns {
            add(reason, *ns);
        }
    }
    all.retain(|_, ns| *ns != 0);
    all
}

#[test]
fn adjacent_windows_add_up_to_the_whole() {
    let mut exact = 0;
    for name in RECORDED {
        let trace = data::trace(name);
        let summary = summarize("whole", trace.as_slice(), &Options::default()).unwrap();
        let whole = all_times(&summary);
        for parts in [3, 2, 7] {
            let at = (summary.end_ns - summary.start_ns) / parts;
            let (before, after) = (part(&trace, None, Some(at)), part(&trace, Some(at), None));
            assert_eq!((before.end_ns, after.start_ns), (summary.start_ns + at, summary.start_ns + at), "{name}");
            let mut sum = all_times(&before);
            for (key, ns) in all_times(&after) {
                *sum.entry(key).or_default() += ns;
            }
            // Whoever first shows a stack after the window has no name in it.
            let by_state = |times: &BTreeMap<(String, String), i64>| {
                let mut by_state: BTreeMap<String, i64> = BTreeMap::new();
                times.iter().for_each(|((_, state), ns)| *by_state.entry(state.clone()).or_default() += ns);
                by_state
            };
            assert_eq!(by_state(&sum), by_state(&whole), "{name} at {at}");
            let nameless = |times: &BTreeMap<(String, String), i64>| -> i64 {
                times.iter().filter(|((group, _), _)| group.is_empty()).map(|(_, ns)| ns).sum()
            };
            if nameless(&sum) == nameless(&whole) {
                assert_eq!(sum, whole, "{name} at {at}");
                exact += 1;
            }
        }
    }
    assert!(exact >= 15, "{exact}");
}

fn folder(name: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("x.out"), data::trace(name)).unwrap();
    let printed = data::dir().join(format!("traces/{name}.json"));
    if printed.exists() {
        std::fs::copy(printed, folder.path().join("x.json")).unwrap();
    }
    folder
}

fn summary(folder: &Path, more: &[&str]) -> Summary {
    let mut args = vec!["summarize", "x.out", "--format", "json"];
    args.extend(more);
    serde_json::from_value(json(&cli(folder, &args))).unwrap()
}

#[test]
fn narrowing_to_nothing_is_an_error() {
    let folder = folder("go1.26.6/test");
    for more in [
        &["--from", "900s"][..],
        &["--from", "2s", "--to", "1s"],
        &["--test", "TestNowhere"],
        &["--group", "nobody"],
        &["--region", "nowhere"],
        &["--task", "nothing"],
        &["--warmup", "1000"],
    ] {
        for command in [&["summarize", "x.out"][..], &["x.out", "x.out"]] {
            let got = cli(folder.path(), &[command, more].concat());
            assert_eq!(got.status.code(), Some(2), "{command:?} {more:?}: {}", out(&got));
        }
    }
}

#[test]
fn tests_without_warm_up_keep_their_names_and_only_their_goroutines_count() {
    let folder = folder("go1.26.6/count");
    let whole = summary(folder.path(), &[]);
    assert!(whole.tests.iter().any(|t| t.repeat == 1), "{:?}", whole.tests.len());
    let later = summary(folder.path(), &["--warmup", "1"]);
    let want: Vec<_> = whole.tests.iter().filter(|t| t.repeat >= 1).collect();
    let key = |t: &gotrace_diff::summary::TestRun| (t.name.clone(), t.repeat, t.wall_ns, t.work.clone());
    assert_eq!(later.tests.iter().map(key).collect::<Vec<_>>(), want.iter().map(|t| key(t)).collect::<Vec<_>>());
    let group = |s: &Summary, name: &str| s.goroutines.get(name).map_or(0, |g| g.count);
    let runners = |s: &Summary| group(s, "testing.tRunner") + group(s, "testing.fRunner");
    // Examples run on the main goroutine, once whatever -count says.
    let is_test = |t: &&gotrace_diff::summary::TestRun| {
        t.kind == gotrace_diff::summary::TestKind::Test && !t.name.starts_with("Example")
    };
    let warm_up = whole.tests.iter().filter(is_test).filter(|t| t.repeat == 0).count();
    assert_eq!(runners(&whole) - runners(&later), warm_up as u64);
    // One test by its name: its runners, and no goroutine that works for another one.
    let name = want[0].name.as_str();
    let one = summary(folder.path(), &["--test", name]);
    let inside = |t: &&gotrace_diff::summary::TestRun| t.name == name || t.name.starts_with(&format!("{name}/"));
    let of_it: Vec<_> = whole.tests.iter().filter(inside).collect();
    assert_eq!(one.tests.iter().map(key).collect::<Vec<_>>(), of_it.iter().map(|t| key(t)).collect::<Vec<_>>());
    assert_eq!(runners(&one), of_it.len() as u64);
    assert!(one.goroutines.values().map(|g| g.count).sum::<u64>() <= of_it.iter().map(|t| t.goroutines).sum());
}

#[test]
fn trimming_leaves_out_what_is_before_the_first_test_and_after_the_last() {
    let folder = folder("go1.26.6/test");
    let (whole, trimmed) = (summary(folder.path(), &[]), summary(folder.path(), &["--trim"]));
    assert_eq!(trimmed.start_ns, whole.tests.iter().map(|t| t.start_ns).min().unwrap());
    assert_eq!(trimmed.end_ns, whole.tests.iter().map(|t| t.end_ns).max().unwrap());
    let names = |s: &Summary| s.tests.iter().map(|t| (t.name.clone(), t.wall_ns)).collect::<Vec<_>>();
    assert_eq!(names(&trimmed), names(&whole));
    assert!(trimmed.end_ns - trimmed.start_ns < whole.end_ns - whole.start_ns);
}

#[test]
fn sides_that_are_narrowed_differently_are_told_apart() {
    let folder = folder("go1.26.6/test");
    let narrowed = cli(folder.path(), &["summarize", "x.out", "--trim", "--format", "json"]);
    std::fs::write(folder.path().join("trimmed.json"), &narrowed.stdout).unwrap();
    let got = cli(folder.path(), &["trimmed.json", "x.out"]);
    assert!(out(&got).contains("narrowed differently"), "{}", out(&got));
    // A summary has no trace in it that could be cut.
    let got = cli(folder.path(), &["summarize", "trimmed.json", "--from", "1ms"]);
    assert_eq!(got.status.code(), Some(2), "{}", out(&got));
}

/// What is counted within regions and tasks, in ns after 100 on the clock.
///
/// ```text
///   ns since 100   0     10       20     30      50     60      80    100    110    120     140       170
///   main.main      run   [request create wait sync               ·    |runnable    |run     ]|
///   main.work                     runnable       |run   [fetch  ]     ·      |wait
/// ```
fn crafted_task() -> Vec<u8> {
    const TASK_END: u8 = 41;
    let (main, work, sync, request, fetch) = (2, 1, 3, 4, 5);
    let a = Events::default()
        .event(ev::PROC_STATUS, 0, &[0, PROC_RUNNING])
        .event(ev::GO_STATUS, 0, &[1, 1, GO_RUNNING])
        .event(ev::TASK_BEGIN, 10, &[7, 0, request, main])
        .event(ev::GO_CREATE, 10, &[2, work, main])
        .event(ev::GO_BLOCK, 10, &[sync, main])
        .event(ev::GO_START, 20, &[2, 1])
        .event(ev::REGION_BEGIN, 10, &[7, fetch, work])
        .event(ev::REGION_END, 20, &[7, fetch, work])
        .event(ev::GO_UNBLOCK, 20, &[1, 1, work])
        .event(ev::GO_BLOCK, 10, &[sync, work])
        .event(ev::GO_START, 10, &[1, 2])
        .event(TASK_END, 20, &[7, main])
        .event(ev::GO_SYSCALL_BEGIN, 30, &[1, main]);
    Craft::new("go 1.22")
        .frequency(1)
        .strings(1, &["main.work", "main.main", "sync", "request", "fetch"])
        .stacks(1, &[&[1], &[2]])
        .batch(1, 1, 100, &a.0)
        .bytes
}

#[test]
fn within_regions_and_tasks_goroutines_count_for_that_time_only() {
    let named = |name: &'static str| Some(Names::new(move |other| other == name));
    let of = |trace: &[u8], chosen: Chosen, window: Window| {
        summarize("part", trace, &Options { window, chosen: Some(chosen), ..Options::default() }).unwrap()
    };
    // All of a region that waits.
    let render = Chosen { regions: named("render"), ..Chosen::default() };
    let summary = of(&crafted(), render, Window::default());
    assert_eq!(times(&summary.goroutines["main.main"]), [30, 40, 0, 0, 70]);
    assert_eq!(summary.goroutines["main.main"].total_ns, 140);
    assert_eq!(summary.goroutines.len(), 1, "main.work is in no region");
    assert_eq!(summary.sites.iter().map(|site| (site.count, site.time_ns)).collect::<Vec<_>>(), [(1, 70)]);
    // A task: its goroutine from its begin to its end, another one while it says that it works for it.
    let request = || Chosen { tasks: named("request"), ..Chosen::default() };
    for (window, main, work) in [
        (Window::default(), [40, 20, 0, 0, 70], [20, 0, 0, 0, 0]),
        (Window { from: Some(Moment::At(150)), to: Some(Moment::At(230)) }, [10, 20, 0, 0, 50], [20, 0, 0, 0, 0]),
        (Window { from: Some(Moment::At(170)), to: None }, [20, 20, 0, 0, 30], [10, 0, 0, 0, 0]),
    ] {
        let summary = of(&crafted_task(), request(), window);
        assert_eq!(times(&summary.goroutines["main.main"]), main, "{window:?}");
        assert_eq!(times(&summary.goroutines["main.work"]), work, "{window:?}");
    }
    let both = Chosen { regions: named("fetch"), ..request() };
    let summary = of(&crafted_task(), both, Window::default());
    assert_eq!(summary.goroutines.keys().collect::<Vec<_>>(), ["main.work"]);
}

/// The collector's ranges on the only processor, and a region; main.work wakes main.main up.
///
/// ```text
///   ns since 100  0     20    40 50    60    70  80   110 120 130    140   150 160     200 210
///   main.main     run   [STW   ] [assist            ···········            ]   [sweep   ]
///                                      [render             ···········]
///                                            |wait sync ·····|runnable|run
///   main.work                                    |run     |wait
/// ```
fn crafted_collector() -> Vec<u8> {
    let (main, work, sync, render, kind) = (2, 1, 3, 4, 5);
    let a = Events::default()
        .event(ev::PROC_STATUS, 0, &[0, PROC_RUNNING])
        .event(ev::GO_STATUS, 0, &[1, 1, GO_RUNNING])
        .event(ev::PROCS_CHANGE, 0, &[1, main])
        .event(ev::GO_CREATE, 10, &[2, work, main])
        .event(ev::STW_BEGIN, 10, &[kind, main])
        .event(ev::STW_END, 20, &[])
        .event(ev::ASSIST_BEGIN, 10, &[main])
        .event(ev::REGION_BEGIN, 10, &[0, render, main])
        .event(ev::GO_BLOCK, 10, &[sync, main])
        .event(ev::GO_START, 10, &[2, 1])
        .event(ev::GO_UNBLOCK, 30, &[1, 1, work])
        .event(ev::GO_BLOCK, 10, &[sync, work])
        .event(ev::GO_START, 10, &[1, 2])
        .event(ev::REGION_END, 10, &[0, render, main])
        .event(ev::ASSIST_END, 10, &[])
        .event(ev::SWEEP_BEGIN, 10, &[main])
        .event(ev::SWEEP_END, 40, &[0, 0])
        .event(ev::GO_SYSCALL_BEGIN, 10, &[1, main]);
    Craft::new("go 1.22")
        .frequency(1)
        .strings(1, &["main.work", "main.main", "sync", "render", "GC sweep termination"])
        .stacks(1, &[&[1], &[2]])
        .batch(1, 1, 100, &a.0)
        .bytes
}

#[test]
fn ranges_of_the_collector_are_cut_at_the_edges_of_a_window() {
    const STW: &str = "stop-the-world (GC sweep termination)";
    const RANGES: [&str; 3] = [STW, "GC mark assist", "GC incremental sweep"];
    // Stopped, assisting, sweeping; what of the assist was run; what was left to the program.
    for (from, to, ranges, assisted, left) in [
        // The number of processors is known from the third event on, 2 ns after the first.
        (0, 210, [20, 100, 40], 40, 148.0 / 208.0),
        (30, 60, [10, 10, 0], 10, 10.0 / 30.0),
        (60, 140, [0, 80, 0], 20, 60.0 / 80.0),
        (75, 105, [0, 30, 0], 0, 1.0),
        (140, 180, [0, 10, 20], 10, 30.0 / 40.0),
        (165, 190, [0, 0, 25], 0, 1.0),
    ] {
        let window = Window { from: Some(Moment::At(100 + from)), to: Some(Moment::At(100 + to)) };
        let options = Options { window, ..Options::default() };
        let summary = summarize("crafted", crafted_collector().as_slice(), &options).unwrap();
        // Until it first blocks no stack tells its name.
        let group = &summary.goroutines[if to <= 70 { "" } else { "main.main" }];
        let of_group = RANGES.map(|name| group.range_ns.get(name).copied().unwrap_or(0));
        let of_all = RANGES.map(|name| summary.ranges.get(name).map_or(0, |range| range.time_ns));
        assert_eq!((of_group, group.assist_exec_ns), (ranges, assisted), "{from} to {to}");
        assert_eq!((of_all, summary.gc.assist_exec_ns), (ranges, assisted), "{from} to {to}");
        let least = summary.mmu["100µs"];
        assert!((least - left).abs() < 1e-9, "{from} to {to}: {least}, not {left}");
        let share = (assisted + ranges[0] + ranges[2]) as f64 / (to - from) as f64;
        assert!((summary.gc.share - share).abs() < 1e-9, "{from} to {to}: {}, not {share}", summary.gc.share);
    }
    // The same of a region, which is where the third window is.
    let chosen = Some(Chosen { regions: Some(Names::new(|name| name == "render")), ..Chosen::default() });
    let options = Options { chosen, ..Options::default() };
    let summary = summarize("crafted", crafted_collector().as_slice(), &options).unwrap();
    let group = &summary.goroutines["main.main"];
    assert_eq!((group.total_ns, group.range_ns["GC mark assist"], group.assist_exec_ns), (80, 80, 20));
}

/// Two goroutines of one group that are in a region for a while.
///
/// ```text
///   ns since 100  0   5 10  15 20      30        50  60    70        80         100   110 120    130    150
///   main.main     run      |wait
///   main.work 2       |runnable|run    [render   wait ·· ·  ·········|runnable         ·  |run   ]
///   main.work 3         |runnable                    |run  [render               ]     |wait
/// ```
fn crafted_pair() -> Vec<u8> {
    let (main, work, sync, render) = (2, 1, 3, 4);
    let a = Events::default()
        .event(ev::PROC_STATUS, 0, &[0, PROC_RUNNING])
        .event(ev::GO_STATUS, 0, &[1, 1, GO_RUNNING])
        .event(ev::GO_CREATE, 5, &[2, work, main])
        .event(ev::GO_CREATE, 5, &[3, work, main])
        .event(ev::GO_BLOCK, 5, &[sync, main])
        .event(ev::GO_START, 5, &[2, 1])
        .event(ev::REGION_BEGIN, 10, &[0, render, work])
        .event(ev::GO_BLOCK, 20, &[sync, work])
        .event(ev::GO_START, 10, &[3, 1])
        .event(ev::REGION_BEGIN, 10, &[0, render, work])
        .event(ev::GO_UNBLOCK, 10, &[2, 2, work])
        .event(ev::REGION_END, 20, &[0, render, work])
        .event(ev::GO_BLOCK, 10, &[sync, work])
        .event(ev::GO_START, 10, &[2, 3])
        .event(ev::REGION_END, 10, &[0, render, work])
        .event(ev::GO_SYSCALL_BEGIN, 20, &[1, work]);
    Craft::new("go 1.22")
        .frequency(1)
        .strings(1, &["main.work", "main.main", "sync", "render"])
        .stacks(1, &[&[1], &[2]])
        .batch(1, 1, 100, &a.0)
        .bytes
}

#[test]
fn how_many_there_are_at_once_counts_within_regions_only_too() {
    let of = |chosen: Option<Chosen>, from: Option<i64>, to: Option<i64>| {
        let at = |ns: i64| Moment::At(100 + ns);
        let options = Options { chosen, window: Window { from: from.map(at), to: to.map(at) }, ..Options::default() };
        let summary = summarize("pair", crafted_pair().as_slice(), &options).unwrap();
        let group = &summary.goroutines["main.work"];
        [group.total_ns, group.present_ns, group.peak as i64, group.peak_running as i64, group.exec_ns]
    };
    let render = || Some(Chosen { regions: Some(Names::new(|name| name == "render")), ..Chosen::default() });
    assert_eq!(of(None, None, Some(150)), [145 + 140, 145, 2, 1, 30 + 30 + 50]);
    assert_eq!(of(render(), None, None), [100 + 30, 100, 2, 1, 30 + 30]);
    assert_eq!(of(render(), Some(80), Some(125)), [45 + 20, 45, 2, 1, 5 + 20]);
    assert_eq!(of(render(), Some(105), None), [25, 25, 1, 1, 10]);
    assert_eq!(of(render(), None, Some(65)), [35, 35, 1, 1, 20]);
}

#[test]
fn groups_count_within_regions_and_regions_of_groups_only() {
    let folder = folder("go1.26.6/tasks");
    let whole = summary(folder.path(), &[]);
    let of_region = summary(folder.path(), &["--region", "fetch"]);
    let ran = |s: &Summary| s.goroutines.values().map(|g| g.exec_ns).sum::<i64>();
    let waited = |s: &Summary| s.goroutines.values().flat_map(|g| g.block_ns.values()).sum::<i64>();
    let fetch = &whole.regions["fetch"];
    assert_eq!(ran(&of_region), fetch.exec_ns);
    assert_eq!(waited(&of_region), fetch.block_ns.values().sum::<i64>());
    assert_eq!(
        of_region.sites.iter().filter(|s| s.state.starts_with("block")).map(|s| s.time_ns).sum::<i64>(),
        waited(&of_region)
    );
    let of_task = summary(folder.path(), &["--task", "request"]);
    let work = &whole.tasks["request"].work;
    assert_eq!((ran(&of_task), waited(&of_task)), (work.exec_ns, work.block_ns.values().sum::<i64>()));
    // Messages say themselves which task they are of, wherever they are written.
    assert_eq!(of_task.tasks["request"].logs, whole.tasks["request"].logs);
    assert_eq!(of_task.logs.values().sum::<u64>(), whole.tasks["request"].logs);
    let of_group = summary(folder.path(), &["--group", "main.request.func1"]);
    assert!(whole.regions.contains_key("render") && !of_group.regions.contains_key("render"));
    assert_eq!(of_group.regions["fetch"], whole.regions["fetch"]);
    assert!(of_group.logs.values().sum::<u64>() < whole.logs.values().sum::<u64>());
    assert!(!of_group.logs.contains_key("request") && of_group.logs.contains_key("fetch"), "{:?}", of_group.logs);
}

#[test]
fn goroutines_that_outlive_a_test_count_up_to_its_end() {
    let folder = folder("go1.26.6/leak");
    let whole = summary(folder.path(), &[]);
    let mut leaky = 0;
    for test in whole.tests.iter().filter(|test| test.parent.is_none()) {
        let one = summary(folder.path(), &["--test", &test.name]);
        let sum = |of: fn(&Group) -> i64| one.goroutines.values().map(of).sum::<i64>();
        let (ran, runnable) = (sum(|g| g.exec_ns), sum(|g| g.sched_wait_ns));
        let want = |of: fn(&gotrace_diff::summary::TestRun) -> i64| one.tests.iter().map(of).sum::<i64>();
        assert_eq!((ran, runnable), (want(|t| t.work.exec_ns), want(|t| t.work.sched_wait_ns)), "{}", test.name);
        leaky += usize::from(test.leaked > 0);
    }
    assert!(leaky > 0);
}

/// Two goroutines work for a test and outlive it, in ns after 100 on the clock.
///
/// ```text
///   ns since 100      15    20     30     40 45   50      60 65   70        90      100    110     120
///   testing.tRunner    |run create create wait     |runnable  |run  over
///   shop.work 3              |runnable        |run         |runnable         |run     |wait
///   shop.work 4                     |runnable                                               |run     wait
/// ```
fn crafted_leftovers() -> Vec<u8> {
    let (main, start, own, work, sync) = (1, 2, 3, 4, 5);
    let a = Events::default()
        .event(ev::PROC_STATUS, 0, &[0, PROC_RUNNING])
        .event(ev::GO_STATUS, 0, &[1, 1, GO_RUNNING])
        .event(ev::GO_CREATE, 5, &[2, start, main])
        .event(ev::GO_BLOCK, 5, &[sync, main])
        .event(ev::GO_START, 5, &[2, 1])
        .event(ev::GO_CREATE, 5, &[3, work, own])
        .event(ev::GO_CREATE, 10, &[4, work, own])
        .event(ev::GO_BLOCK, 10, &[sync, own])
        .event(ev::GO_START, 5, &[3, 1])
        .event(ev::GO_UNBLOCK, 5, &[2, 2, work])
        .event(ev::GO_STOP, 10, &[sync, work])
        .event(ev::GO_START, 5, &[2, 3])
        .event(ev::GO_DESTROY, 5, &[])
        .event(ev::GO_START, 20, &[3, 2])
        .event(ev::GO_BLOCK, 10, &[sync, work])
        .event(ev::GO_START, 10, &[4, 1])
        .event(ev::GO_BLOCK, 10, &[sync, work]);
    Craft::new("go 1.22")
        .frequency(1)
        .strings(1, &["testing.tRunner", "shop.TestPut", "shop.work", "main.main", "sync"])
        .stacks(1, &[&[4], &[1], &[2, 1], &[3]])
        .batch(1, 1, 100, &a.0)
        .bytes
}

#[test]
fn how_many_there_are_at_once_counts_up_to_the_end_of_their_test() {
    let of = |tests: Option<Vec<bool>>, window: (Option<i64>, Option<i64>)| {
        let at = |ns: i64| Moment::At(100 + ns);
        let window = Window { from: window.0.map(at), to: window.1.map(at) };
        let chosen = Some(Chosen { tests, others: false, ..Chosen::default() });
        let options = Options { chosen, window, ..Options::default() };
        let summary = summarize("leftovers", crafted_leftovers().as_slice(), &options).unwrap();
        summary.goroutines.get("shop.work").map(|group| {
            [group.total_ns, group.present_ns, group.peak as i64, group.peak_running as i64, group.exec_ns]
        })
    };
    let (test, whole) = (|| Some(vec![true]), (None, None));
    // The mark that ends the trace is a nanosecond behind the last event.
    assert_eq!(of(None, whole), Some([101 + 91, 101, 2, 1, 15 + 10 + 10]));
    assert_eq!(of(test(), whole), Some([50 + 40, 50, 2, 1, 15]));
    assert_eq!(of(test(), (None, Some(55))), Some([35 + 25, 35, 2, 1, 10]));
    assert_eq!(of(test(), (Some(55), None)), Some([15 + 15, 15, 2, 1, 5]));
    assert_eq!(of(test(), (Some(65), Some(115))), Some([5 + 5, 5, 2, 0, 0]));
    // It does not count at all.
    assert_eq!(of(Some(vec![false]), whole), None);
}

/// `2026-11-24T12:00:00.5Z` of ns since 1970, by counting days.
fn rfc3339(ns: i64) -> String {
    let (days, rest) = (ns.div_euclid(86_400_000_000_000), ns.rem_euclid(86_400_000_000_000));
    let (mut year, mut left) = (1970, days);
    let is_leap = |y: i64| y % 4 == 0 && (y % 100 != 0 || y % 400 == 0);
    while left >= 365 + i64::from(is_leap(year)) {
        left -= 365 + i64::from(is_leap(year));
        year += 1;
    }
    let lengths = [31, 28 + i64::from(is_leap(year)), 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let mut month = 0;
    while left >= lengths[month] {
        left -= lengths[month];
        month += 1;
    }
    let (seconds, nanos) = (rest / 1_000_000_000, rest % 1_000_000_000);
    let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    format!("{year:04}-{:02}-{:02}T{hour:02}:{minute:02}:{second:02}.{nanos:09}Z", month + 1, left + 1)
}

#[test]
fn edges_of_the_wall_clock_are_those_since_the_begin() {
    let folder1 = folder("go1.26.6/test");
    let whole = summary(folder1.path(), &[]);
    let began = whole.recording.unwrap().wall_ns.expect("Go 1.25 and newer have clock snapshots");
    // Recorded in the year that the recordings are of.
    assert!(rfc3339(began).starts_with("20"), "{}", rfc3339(began));
    let (from, to) = (rfc3339(began + 5_000_000), rfc3339(began + 20_000_000));
    let wall = summary(folder1.path(), &["--from", &from, "--to", &to]);
    let relative = summary(folder1.path(), &["--from", "5ms", "--to", "20ms"]);
    assert!(wall.narrowed != relative.narrowed);
    assert!(Summary { narrowed: String::new(), ..wall } == Summary { narrowed: String::new(), ..relative });
    let old = folder("go1.22.10/test");
    let got = cli(old.path(), &["summarize", "x.out", "--from", &from]);
    assert_eq!(got.status.code(), Some(2));
    assert!(
        String::from_utf8_lossy(&got.stderr).contains("no clock snapshots"),
        "{}",
        String::from_utf8_lossy(&got.stderr)
    );
}

#[test]
fn what_else_was_asked_for_changes_no_figure_of_a_test() {
    let nothing = || Some(Names::new(|_| false));
    for name in data::names().iter().filter(|n| ["/test", "/bench", "/count"].iter().any(|kind| n.ends_with(kind))) {
        let tests = |chosen: Option<Chosen>| {
            let options = Options { chosen, ..Options::default() };
            let mut tests = summarize(name, &data::trace(name)[..], &options).unwrap().tests;
            for test in &mut tests {
                // Which of what was asked for was the test's own.
                (test.sites, test.groups, test.regions, test.tasks) = Default::default();
            }
            tests
        };
        let whole = tests(None);
        assert!(whole.iter().any(|test| test.framework_ns + test.paused_ns > 0), "{name}");
        for chosen in [
            Chosen { groups: nothing(), ..Chosen::default() },
            Chosen { regions: nothing(), ..Chosen::default() },
            Chosen { tasks: nothing(), ..Chosen::default() },
        ] {
            assert_eq!(tests(Some(chosen)), whole, "{name}");
        }
    }
}
