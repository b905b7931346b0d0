//! The spans of the slowest task, as summaries keep them for the timeline of the page.

use std::collections::BTreeMap;

use gotrace_diff::summarize::{Options, summarize};
use gotrace_diff::summary::{SlowestTask, Summary};

use crate::craft::{Craft, Events, GO_RUNNING, PROC_RUNNING, ev};
use crate::data;

/// ```text
///   ns           100     110     120      130         140     150       170    200     210     220    240    250    255
///   main.main     run    |task A [region   creates    ]       |sync            |runnable       |run  end]    [B      end]
///   main.work                              |runnable                    |run           |sync, to the end
/// ```
pub fn crafted() -> Vec<u8> {
    let (main, work) = (2, 1);
    let (sync, handle, load, short) = (3, 4, 5, 6);
    let events = Events::default()
        .event(ev::PROC_STATUS, 0, &[0, PROC_RUNNING])
        .event(ev::GO_STATUS, 0, &[1, 1, GO_RUNNING])
        .event(ev::TASK_BEGIN, 10, &[7, 0, handle, main])
        .event(ev::REGION_BEGIN, 10, &[7, load, main])
        .event(ev::GO_CREATE, 10, &[2, work, main])
        .event(ev::REGION_END, 10, &[7, load, main])
        .event(ev::GO_BLOCK, 10, &[sync, main])
        .event(ev::GO_START, 20, &[2, 1])
        .event(ev::GO_UNBLOCK, 30, &[1, 1, work])
        .event(ev::GO_BLOCK, 10, &[sync, work])
        .event(ev::GO_START, 10, &[1, 2])
        .event(ev::TASK_END, 20, &[7, main])
        .event(ev::TASK_BEGIN, 10, &[8, 0, short, main])
        .event(ev::TASK_END, 5, &[8, main]);
    Craft::new("go 1.22")
        .frequency(1)
        .strings(1, &["main.work", "main.main", "sync", "handle", "load", "short"])
        .stacks(1, &[&[1], &[2]])
        .batch(1, 1, 100, &events.0)
        .bytes
}

fn read(trace: &[u8]) -> Summary {
    summarize("slowest", trace, &Options::default()).unwrap()
}

/// Goroutine, state, begin, length.
fn told(slowest: &SlowestTask) -> Vec<(u64, &str, i64, i64)> {
    slowest.spans.iter().map(|span| (span.g, span.state.as_str(), span.start_ns, span.ns)).collect()
}

#[test]
fn spans_of_the_slowest_task_are_cut_to_it_and_to_who_worked_for_it() {
    let summary = read(&crafted());
    let slowest = summary.slowest_task.unwrap();
    assert_eq!((slowest.task.as_str(), slowest.id, slowest.start_ns, slowest.wall_ns), ("handle", 7, 110, 130));
    let expected = vec![
        (1, "running", 0, 40),
        (2, "runnable", 20, 40),
        (1, "sync", 40, 50),
        (2, "running", 60, 40),
        (1, "runnable", 90, 20),
        (2, "sync", 100, 30),
        (1, "running", 110, 20),
    ];
    assert_eq!(told(&slowest), expected);
    assert_eq!(slowest.goroutines, BTreeMap::from([(1, "main.main".to_owned()), (2, "main.work".to_owned())]));
    let places: Vec<&str> = slowest.spans.iter().map(|span| slowest.places[span.by].as_str()).collect();
    // The wait of main.main is ended by main.work, and nobody ends any other.
    assert_eq!(places.iter().filter(|place| !place.is_empty()).count(), 1, "{places:?}");
    assert_eq!(places[2], "main.work main.work:1");
}

#[test]
fn the_slowest_task_of_a_recording_is_the_longest_and_its_goroutines_do_one_thing_at_a_time() {
    let mut seen = 0;
    for name in data::names() {
        let summary = read(&data::trace(&name));
        let longest = summary.tasks.values().filter_map(|task| task.durations.quantile(1.0)).max();
        let Some(slowest) = &summary.slowest_task else {
            assert_eq!(longest, None, "{name}");
            continue;
        };
        seen += 1;
        assert_eq!(Some(slowest.wall_ns), longest, "{name}");
        let mut until: BTreeMap<u64, i64> = BTreeMap::new();
        for span in &slowest.spans {
            let before = until.entry(span.g).or_default();
            assert!(span.start_ns >= *before && span.ns > 0, "{name}: {span:?} after {before}");
            *before = span.start_ns + span.ns;
            assert!(*before <= slowest.wall_ns, "{name}: {span:?}");
        }
        // Whoever began it works for it from begin to end.
        if slowest.left_out == 0 {
            let all: i64 = slowest.spans.iter().map(|span| span.ns).sum();
            assert!(all >= slowest.wall_ns, "{name}: {all} of {}", slowest.wall_ns);
        }
    }
    assert!(seen >= 4, "only {seen} recordings have tasks");
}
