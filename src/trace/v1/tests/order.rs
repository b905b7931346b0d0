//! When events happen, and in which order.

use super::bytes::Bytes;
use crate::trace::v1::Version;
use crate::trace::{EventKind, ProcId, TraceErrorKind};

#[test]
fn causes_come_before_effects_and_the_earliest_of_what_can_be_is_next() {
    // Processor 0 creates 2 and 3; processor 1 runs 3, blocks it, and it is woken from processor 0 for processor 2.
    //
    //   P0  create 2, 3 ───────────── wake 3 (2) ─────
    //   P1          start 3 (1) ─ block
    //   P2                                    start 3 (3)
    let first = Bytes::running().event(13, &[10, 2, 0, 0]).event(13, &[0, 3, 0, 0]).event(21, &[40, 3, 2, 0]);
    let second = Bytes::default().batch(1, 105).event(5, &[0, 8]).event(14, &[15, 3, 1]).event(22, &[10, 0]);
    let third = Bytes::default().batch(2, 106).event(5, &[0, 9]).event(14, &[60, 3, 3]);
    let join = |parts: [&Bytes; 3]| Bytes(parts.map(|part| part.0.clone()).concat()).end();
    let expected = [
        "5 -: proc 1: Undetermined to Running",
        "6 -: proc 2: Undetermined to Running",
        "10 0: go 2 in 1: NotExist to Runnable",
        "11 0: go 3 in 2: NotExist to Runnable",
        "20 2: go 3 in 2: Runnable to Running",
        "30 2: go 3 in 2: Running to Waiting (chan send)",
        "50 0: go 3 in 2: Waiting to Runnable",
        "66 2: go 3 in 2: Runnable to Running",
    ];
    assert_eq!(join([&first, &second, &third]).told_after_start(), expected);
    assert_eq!(join([&third, &second, &first]).told_after_start(), expected);

    // The third processor's clock says that 3 ran before it was woken: clocks that disagree are refused.
    let wrong = Bytes::default().batch(2, 106).event(5, &[0, 9]).event(14, &[20, 3, 3]);
    assert_eq!(join([&first, &second, &wrong]).error(), Some(TraceErrorKind::V1TimeOrder));
    // Nobody ever wakes it a second time.
    let stuck = Bytes::default().batch(2, 106).event(14, &[60, 3, 5]);
    assert_eq!(join([&first, &second, &stuck]).error(), Some(TraceErrorKind::NoProgress));
    // Two processors start it at once: when the second comes to it, it runs.
    let twice = Bytes::default().batch(2, 106).event(14, &[15, 3, 1]);
    assert_eq!(join([&first, &second, &twice]).error(), Some(TraceErrorKind::InconsistentGoStatus));
}

#[test]
fn a_goroutine_runs_on_from_batch_to_batch() {
    let bytes = Bytes::running().batch(1, 110).event(5, &[0, 8]).batch(0, 120).event(17, &[0, 0]).end();
    let told = bytes.told_after_start();
    assert_eq!(told.last().map(String::as_str), Some("20 0: go 1 in 0: Running to Runnable (runtime.Gosched)"));
}

#[test]
fn a_call_that_does_not_block_takes_a_nanosecond() {
    let bytes = Bytes::running().event(28, &[10, 0]).event(28, &[10, 0]).event(15, &[10]).end();
    let expected = [
        "10 0: go 1 in 0: Running to Syscall",
        "11 0: go 1 in 0: Syscall to Running",
        "20 0: go 1 in 0: Running to Syscall",
        "21 0: go 1 in 0: Syscall to Running",
        "30 0: go 1 in 0: Running to NotExist",
    ];
    assert_eq!(bytes.told_after_start(), expected);
}

#[test]
fn a_call_that_blocks_ends_when_it_did_and_not_when_that_was_written() {
    // The exit is written at 190, ten ticks after the processor has begun to run goroutine 2; it was at 150.
    let bytes = Bytes::running()
        .event(13, &[10, 2, 0, 0])
        .event(28, &[10, 0])
        .event(30, &[10])
        .event(38, &[50, 2])
        .event(29, &[20, 1, 2, 150])
        .end();
    let expected = [
        "10 0: go 2 in 1: NotExist to Runnable",
        "20 0: go 1 in 0: Running to Syscall",
        "50 0: go 1 in 0: Syscall to Runnable",
        "80 1: go 2 in 1: Runnable to Running",
    ];
    assert_eq!(bytes.told_after_start(), expected);
    let (events, _) = bytes.read().unwrap_or_default();
    let exit = events.iter().find(|event| event.time.0 == 50);
    assert_eq!(exit.map(|event| event.p), Some(ProcId(1_000_003)));

    // Before it blocked it cannot have been over.
    let early = Bytes::running().event(28, &[20, 0]).event(30, &[10]).event(29, &[60, 1, 2, 125]).end();
    assert_eq!(early.error(), Some(TraceErrorKind::V1TimeOrder));
    let at_once = Bytes::running().event(28, &[20, 0]).event(30, &[10]).event(29, &[60, 1, 2, 130]).end();
    assert_eq!(at_once.told_after_start().last().map(String::as_str), Some("30 0: go 1 in 0: Syscall to Runnable"));
    // Without a time, it was when it was written.
    let unknown = Bytes::running().event(28, &[20, 0]).event(30, &[10]).event(29, &[60, 1, 2, 0]).end();
    assert_eq!(unknown.told_after_start().last().map(String::as_str), Some("90 0: go 1 in 0: Syscall to Runnable"));
}

#[test]
fn samples_take_their_place_by_time() {
    let bytes =
        Bytes::running().event(49, &[0, 130, u64::MAX, 0, 0]).event(49, &[0, 110, 0, 1, 0]).event(33, &[20, 64]).end();
    let (events, _) = bytes.read_as(Version::Go119, false, 100).unwrap_or_default();
    let samples: Vec<_> = events
        .iter()
        .filter(|event| event.kind == EventKind::CpuSample)
        .map(|event| (event.time.0, event.p.0 as i32, event.g.0 as i32))
        .collect();
    assert_eq!(samples, [(10, 0, 0), (30, -1, -1)]);
    // They are events as others are, be they the only ones.
    let alone = Bytes::default().batch(0, 100).event(49, &[0, 110, 0, 1, 0]).end();
    assert_eq!(alone.told(), ["-1 -: Sync", "0 0: CpuSample", "1 -: Sync"]);
    let old = bytes.read_as(Version::Go111, false, 100);
    assert_eq!(old.err(), Some(TraceErrorKind::V1BadEvent));
}

#[test]
fn the_goroutines_that_were_there_come_as_states() {
    // Listed are 9, 3, 4, 5 and 1; of 9 and 3 nothing more is said, so they can run.
    let mut bytes = Bytes::default().batch(0, 100);
    for id in [9, 3, 4, 5, 1] {
        bytes = bytes.event(13, &[0, id, 0, 0]);
    }
    let bytes = bytes
        .event(31, &[0, 4])
        .event(32, &[0, 5])
        .event(5, &[1, 7])
        .event(14, &[1, 1, 1])
        .event(4, &[0, 8, 0])
        .event(4, &[5, 2, 0])
        .end();
    let told = bytes.told();
    let expected = [
        "-1 -: Sync",
        "0 0: go 4 in 0: Undetermined to Waiting",
        "1 1: go 5 in 1: Undetermined to Syscall",
        "2 -: proc 0: Undetermined to Running",
        "3 2: go 1 in 2: Undetermined to Running",
        // In the order of their ids; and each a nanosecond later, though the clock did not move.
        "4 -: go 3 in 3: Undetermined to Runnable",
        "5 -: go 9 in 4: Undetermined to Runnable",
        "7 2: Metric(Gomaxprocs, 2)",
        "8 -: Sync",
    ];
    assert_eq!(told, expected);
}
