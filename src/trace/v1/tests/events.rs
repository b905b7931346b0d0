//! What events say.

use super::bytes::Bytes;
use crate::trace::v1::Version;
use crate::trace::{EventKind, GoState, Range, StackId, Sym, TaskId, TraceErrorKind};

#[test]
fn slots_are_reused_and_a_label_follows_its_start() {
    let bytes = Bytes::running()
        .string(1, "GC (idle)")
        .event(13, &[10, 2, 0, 0])
        .event(15, &[10])
        .event(41, &[10, 2, 1, 1])
        .event(13, &[10, 3, 0, 0])
        .end();
    let expected = [
        "10 0: go 2 in 1: NotExist to Runnable",
        "20 0: go 1 in 0: Running to NotExist",
        "30 1: go 2 in 1: Runnable to Running",
        "31 1: label GC (idle)",
        "40 1: go 3 in 0: NotExist to Runnable",
    ];
    assert_eq!(bytes.told_after_start(), expected);
}

#[test]
fn who_wakes_whom_tells_the_processor() {
    // Goroutine 1 waits for the network, then for a channel; nobody and then the timers' goroutine 2 wake it.
    let bytes = Bytes::default()
        .batch(0, 100)
        .event(35, &[2])
        .event(13, &[0, 1, 0, 0])
        .event(13, &[0, 2, 0, 0])
        .event(4, &[0, 1, 0])
        .event(38, &[10, 1])
        .event(27, &[10, 0])
        .event(39, &[10, 1, 0])
        .event(38, &[10, 1])
        .event(23, &[10, 0])
        .event(38, &[10, 2])
        .event(39, &[10, 1, 0])
        .event(7, &[10, 0, 0])
        .end();
    let (events, _) = bytes.read().unwrap_or_default();
    let at = |time| events.iter().find(|event| event.time.0 == time).map(|event| event.p.0);
    assert_eq!(at(30), Some(1_000_002));
    assert_eq!(at(70), Some(1_000_001));
    assert_eq!(at(80), Some(1_000_004));
}

#[test]
fn stacks_are_those_of_the_event_and_of_the_goroutine() {
    // Counter 1 is named twice: what is said of it first is true.
    let tables = Bytes::default()
        .batch(0, 200)
        .string(1, "leaf")
        .string(2, "root")
        .string(3, "f.go")
        .stack(1, &[[1, 1, 3, 10], [2, 2, 3, 20]])
        .stack(2, &[[3, 2, 3, 30]])
        .stack(3, &[[1, 2, 3, 99]]);
    let events =
        Bytes::running().event(13, &[10, 2, 2, 1]).event(22, &[10, 1]).event(38, &[10, 2]).event(39, &[10, 1, 3]);
    let bytes = Bytes([events.0.clone(), tables.0].concat()).end();
    let (read, symbols) = bytes.read().unwrap_or_default();
    let text = |stack: StackId| {
        let frames: Vec<_> =
            symbols.frames(stack).map(|frame| format!("{}:{}", symbols.text(frame.func), frame.line)).collect();
        frames.join(" ")
    };
    let stacks: Vec<_> = read
        .iter()
        .skip(3)
        .filter_map(|event| match event.kind {
            EventKind::Go(go) => Some((text(event.stack), text(go.stack))),
            _ => None,
        })
        .collect();
    let owned = |a: &str, b: &str| (a.to_owned(), b.to_owned());
    let expected = [
        owned("leaf:10 root:20", "root:30"),
        owned("leaf:10 root:20", "leaf:10 root:20"),
        owned("", ""),
        owned("leaf:10", ""),
    ];
    assert_eq!(stacks, expected);
    assert_eq!(events.end().error(), Some(TraceErrorKind::StackMissing));
}

#[test]
fn a_task_without_parent_has_none_at_its_end_either() {
    let bytes = Bytes::running()
        .string(1, "t")
        .event(45, &[10, 5, 0, 1, 0])
        .event(45, &[10, 6, 5, 1, 0])
        .event(46, &[10, 6, 0])
        .event(46, &[10, 5, 0])
        .event(46, &[10, 8, 0])
        .end();
    let (events, symbols) = bytes.read().unwrap_or_default();
    let tasks: Vec<_> = events
        .iter()
        .filter_map(|event| match event.kind {
            EventKind::TaskBegin { id, parent, name } => Some((true, id.0, parent, symbols.text(name))),
            EventKind::TaskEnd { id, parent, name } => Some((false, id.0, parent, symbols.text(name))),
            _ => None,
        })
        .collect();
    let expected = [
        (true, 5, TaskId::NONE, "t"),
        (true, 6, TaskId(5), "t"),
        (false, 6, TaskId(5), "t"),
        (false, 5, TaskId::NONE, "t"),
        (false, 8, TaskId::NONE, ""),
    ];
    assert_eq!(tasks, expected);
}

#[test]
fn messages_are_kept_on_demand_and_misused_regions_pass() {
    let bytes = Bytes::running()
        .string(1, "a")
        .string(2, "b")
        .event(47, &[10, 0, 0, 1, 0])
        .event(47, &[10, 0, 1, 2, 0])
        .event(48, &[10, 4, 1, 0])
        .text("hello")
        .end();
    for (keep, expected) in [(true, "hello"), (false, "")] {
        let (events, symbols) = bytes.read_as(Version::Go121, keep, 100).unwrap_or_default();
        let messages: Vec<_> = events
            .iter()
            .filter_map(|event| match event.kind {
                EventKind::Log { task, category, message } => {
                    Some((task.0, symbols.text(category), symbols.text(message)))
                }
                _ => None,
            })
            .collect();
        assert_eq!(messages, [(4, "a", expected)]);
        assert_eq!((0..symbols.len() as u32).any(|sym| symbols.text(Sym(sym)) == "hello"), keep);
    }
    let neither = Bytes::running().event(47, &[10, 0, 2, 0, 0]).end();
    assert_eq!(neither.error(), Some(TraceErrorKind::V1BadRegionMode));
}

#[test]
fn reasons_to_stop_the_world_have_other_numbers_in_each_version() {
    for (number, version, want) in [
        (1, Version::Go111, "GC sweep termination"),
        (1, Version::Go121, "GC mark termination"),
        // Before Go 1.21 there were two.
        (2, Version::Go111, ""),
        (2, Version::Go121, "GC sweep termination"),
        (9, Version::Go121, "GOMAXPROCS"),
        (17, Version::Go121, ""),
    ] {
        let bytes = Bytes::running().event(9, &[10, number]).event(10, &[10]).end();
        let (events, symbols) = bytes.read_as(version, false, 100).unwrap_or_default();
        let reasons: Vec<_> = events
            .iter()
            .filter_map(|event| match event.kind {
                EventKind::RangeBegin(Range::StopTheWorld(why)) | EventKind::RangeEnd(Range::StopTheWorld(why)) => {
                    Some(symbols.text(why))
                }
                _ => None,
            })
            .collect();
        assert_eq!(reasons, [want; 2], "{number} of {version:?}");
    }
}

#[test]
fn chunks_of_any_size_hold_the_same_events() {
    let bytes = Bytes::running().event(28, &[10, 0]).event(13, &[10, 2, 0, 0]).event(15, &[10]).end();
    let all = bytes.read().map(|(events, _)| events);
    assert_eq!(all.as_ref().map(Vec::len), Ok(8));
    for size in [0, 1, 2, 3, 7, 8, 9] {
        assert_eq!(bytes.read_as(Version::Go121, true, size).map(|(events, _)| events), all);
    }
    let gone = all
        .unwrap_or_default()
        .iter()
        .any(|event| matches!(event.kind, EventKind::Go(go) if go.to == GoState::NotExist));
    assert!(gone);
}
