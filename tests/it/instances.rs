//! `explain SUBJECT --instances N`: the longest single things, of the whole trace and of a part of it.

use gotrace_diff::metrics::{Chosen, Names};
use gotrace_diff::summarize::{Options, summarize};
use gotrace_diff::summary::{Instances, Summary};
use gotrace_diff::timeline::{Moment, Window};

use crate::cli::{cli, out};
use crate::data;
use crate::slowest::crafted;

fn read(options: Options) -> Instances {
    let summary = summarize("instances", crafted().as_slice(), &options).unwrap();
    summary.instances.unwrap()
}

/// Goroutine, begin, length.
fn slices(of: &Instances) -> Vec<(u64, i64, i64)> {
    of.slices.iter().map(|slice| (slice.g, slice.start_ns, slice.ns)).collect()
}

/// Goroutine, state, begin, length, who ended it.
fn waits(of: &Instances) -> Vec<(u64, &str, i64, i64, Option<u64>)> {
    of.waits.iter().map(|wait| (wait.g, wait.state.as_str(), wait.start_ns, wait.ns, wait.by)).collect()
}

#[test]
fn the_longest_of_each_kind_are_listed_with_who_woke_them() {
    let of = read(Options { instances: 2, ..Options::default() });
    let goroutines: Vec<_> = of.goroutines.iter().map(|g| (g.g, g.start_ns, g.times.total_ns, g.created)).collect();
    assert_eq!(goroutines, [(1, 1, 255, false), (2, 130, 126, true)]);
    assert_eq!(of.goroutines[1].created_at[0].func.as_ref(), "main.main");
    let tasks: Vec<_> = of.tasks.iter().map(|t| (t.task.as_str(), t.start_ns, t.ns, t.complete, t.g)).collect();
    assert_eq!(tasks, [("handle", 110, 130, true, 1), ("short", 250, 5, true, 1)]);
    let calls: Vec<_> =
        of.regions.iter().map(|r| (r.region.as_str(), r.start_ns, r.times.exec_ns, r.task_id)).collect();
    assert_eq!(calls, [("load", Some(120), 20, Some(7))]);
    assert_eq!(slices(&of), [(1, 1, 149), (2, 170, 40)]);
    assert_eq!(of.slices[0].then, "waiting");
    assert_eq!(of.slices[0].stopped_at[0].func.as_ref(), "main.main");
    assert_eq!(waits(&of), [(1, "sync", 150, 50, Some(2)), (2, "sync", 210, 46, None)]);
    assert_eq!((of.waits[0].by_group.as_str(), of.waits[0].open, of.waits[1].open), ("main.work", false, true));
    // Nothing is kept where nothing was asked for.
    assert_eq!(summarize("none", crafted().as_slice(), &Options::default()).unwrap().instances, None);
}

#[test]
fn a_narrowed_trace_has_the_single_things_of_that_part() {
    let window = Window { from: Some(Moment::At(160)), to: Some(Moment::At(230)) };
    let of = read(Options { instances: 9, window, ..Options::default() });
    assert_eq!(slices(&of), [(2, 170, 40), (1, 220, 10)]);
    assert_eq!(
        waits(&of),
        [
            (1, "sync", 160, 40, Some(2)),
            (1, "runnable", 200, 20, None),
            (2, "sync", 210, 20, None),
            (2, "runnable", 160, 10, None)
        ]
    );
    assert!(of.tasks.is_empty() && of.regions.is_empty(), "{of:?}");
    // Within a region: from its begin to its end, in the middle of a slice.
    let regions = Some(Names::new(|name| name == "load"));
    let of =
        read(Options { instances: 9, chosen: Some(Chosen { regions, ..Chosen::default() }), ..Options::default() });
    assert_eq!(slices(&of), [(1, 120, 20)]);
    assert!(of.waits.is_empty(), "{of:?}");
    assert_eq!(of.goroutines.iter().map(|g| (g.g, g.times.total_ns)).collect::<Vec<_>>(), [(1, 20)]);
    let groups = Some(Names::new(|name| name == "main.work"));
    let of = read(Options { instances: 9, chosen: Some(Chosen { groups, ..Chosen::default() }), ..Options::default() });
    assert_eq!(slices(&of), [(2, 170, 40)]);
}

#[test]
fn the_longest_of_recordings_are_those_that_other_figures_know() {
    for name in data::names() {
        let options = Options { instances: 3, allow_partial: true, ..Options::default() };
        let summary: Summary = summarize(&name, data::trace(&name).as_slice(), &options).unwrap();
        let of = summary.instances.as_ref().unwrap();
        let longest = |all: &std::collections::BTreeMap<String, gotrace_diff::summary::Task>| {
            all.values().filter_map(|task| task.durations.quantile(1.0)).max()
        };
        let complete = of.tasks.iter().filter(|task| task.complete).map(|task| task.ns).max();
        if of.tasks.iter().all(|task| task.complete) {
            assert_eq!(complete, longest(&summary.tasks), "{name}");
        }
        for list in [
            of.goroutines.iter().map(|g| g.times.total_ns).collect::<Vec<_>>(),
            of.tasks.iter().map(|t| t.ns).collect(),
            of.regions.iter().map(|r| r.times.total_ns).collect(),
            of.slices.iter().map(|s| s.ns).collect(),
            of.waits.iter().map(|w| w.ns).collect(),
        ] {
            assert!(list.len() <= 3 && list.windows(2).all(|pair| pair[0] >= pair[1]), "{name}: {list:?}");
        }
        for g in &of.goroutines {
            assert!(summary.goroutines[&g.group].total_ns >= g.times.total_ns, "{name}: {g:?}");
        }
    }
}

#[test]
fn explain_lists_single_things_of_one_trace_or_two() {
    let trace = |name: &str| data::dir().join(format!("traces/{name}.out")).display().to_string();
    let (tasks, net) = (trace("go1.26.6/tasks"), trace("go1.26.6/net"));
    let one = out(&cli(data::dir().as_path(), &["explain", "task:request", "--instances", "2", &tasks]));
    for part in ["Narrowed: tasks request", "Tasks", "request 2", "Waits", "woken by G27 at main.request.func1"] {
        assert!(one.contains(part), "{part} in {one}");
    }
    let two = out(&cli(data::dir().as_path(), &["explain", "*", "--instances", "1", &tasks, &net]));
    assert!(two.contains("Base: ") && two.contains("Head: "), "{two}");
    for (args, status) in [
        (vec!["explain", "site:x", "--instances", "1", &tasks], 2),
        (vec!["explain", "nothing.called.so", "--instances", "1", &tasks], 2),
        (vec!["explain", "group:main.main", "--group", "x", "--instances", "1", &tasks], 2),
        (vec!["explain", "task:request", "--related", "--from", "1ms", &tasks], 2),
        (vec!["explain", "task:request", "--critical-path", "--group", "x", &tasks], 2),
    ] {
        assert_eq!(cli(data::dir().as_path(), &args).status.code(), Some(status), "{args:?}");
    }
}
