//! What the order of events depends on, in traces made by hand: cases that no recording has.

use gotrace_diff::trace::{Chunk, EventKind, GoState, Reader, TraceError, TraceErrorKind as Kind};

use crate::craft::{Craft, Events, GO_RUNNING, PROC_RUNNING, ev};

/// Statuses on the wire.
const PROC_SYSCALL: u64 = 3;
const GO_SYSCALL: u64 = 3;

/// Event types by Go's names.
const CPU_SAMPLES: u8 = 6;
const CPU_SAMPLE: u8 = 7;
const GO_SYSCALL_END_BLOCKED: u8 = 24;

/// What happens, in order: the marks of generations left out.
fn read(bytes: &[u8]) -> Result<Vec<EventKind>, TraceError> {
    let mut reader = Reader::new(bytes, false)?;
    let (mut chunk, mut kinds) = (Chunk::default(), Vec::new());
    while reader.next_chunk(&mut chunk, 10)? {
        kinds.extend(chunk.events.iter().map(|event| event.kind).filter(|kind| *kind != EventKind::Sync));
    }
    Ok(kinds)
}

/// A trace of one generation with these threads, numbered from 1: when each begins, and its events.
fn trace(threads: &[(u64, Events)]) -> Craft {
    let craft = Craft::new("go 1.22").frequency(1);
    let numbered = (1..).zip(threads);
    numbered.fold(craft, |craft, (m, (time, events))| craft.batch(1, m, *time, &events.0))
}

/// A thread with the processor of this number in this status, on which the goroutine is in that one.
fn thread(m: u64, proc: (u64, u64), go: (u64, u64)) -> Events {
    Events::default().event(ev::PROC_STATUS, 0, &[proc.0, proc.1]).event(ev::GO_STATUS, 1, &[go.0, m, go.1])
}

#[test]
fn a_goroutine_that_another_thread_ended_does_nothing_more() {
    let ends = thread(1, (0, PROC_RUNNING), (1, GO_RUNNING)).event(ev::GO_DESTROY, 10, &[]);
    let blocks = thread(2, (1, PROC_RUNNING), (1, GO_RUNNING)).event(ev::GO_BLOCK, 20, &[0, 0]);
    let error = read(&trace(&[(100, ends), (100, blocks)]).bytes).unwrap_err();
    assert_eq!(error.kind(), Kind::UnknownGoroutine, "{error}");
}

#[test]
fn who_waits_for_a_processor_to_leave_its_system_call_goes_on_however_it_left() {
    // Both say that they hold processor 0. The call of the first is over later than the second's, which lost it.
    let over = thread(1, (0, PROC_SYSCALL), (1, GO_SYSCALL)).event(ev::GO_SYSCALL_END, 20, &[]);
    let lost = thread(2, (0, PROC_SYSCALL), (2, GO_SYSCALL)).event(GO_SYSCALL_END_BLOCKED, 10, &[]);
    let kinds = read(&trace(&[(100, over), (100, lost)]).bytes).unwrap();
    let ends = kinds.iter().filter_map(|kind| match kind {
        EventKind::Go(go) if go.from != GoState::Undetermined => Some((go.id.0, go.to)),
        _ => None,
    });
    assert_eq!(ends.collect::<Vec<_>>(), [(1, GoState::Running), (2, GoState::Runnable)]);
}

#[test]
fn a_sample_does_not_overtake_a_thread_that_waits() {
    // The start, at 150, waits for the creation, which another clock says was at 300.
    let creates = thread(1, (0, PROC_RUNNING), (1, GO_RUNNING)).event(ev::GO_CREATE, 199, &[2, 0, 0]);
    let starts = Events::default().event(ev::PROC_STATUS, 0, &[1, PROC_RUNNING]).event(ev::GO_START, 50, &[2, 1]);
    let threads = trace(&[(100, creates), (100, starts)]).bytes;
    for (time, place) in [(149, 0), (150, 2), (299, 2), (300, 2)] {
        let sample = Events::default().event(CPU_SAMPLE, time, &[1, 0, 1, 0]);
        let samples = [&[CPU_SAMPLES], &sample.0[..]].concat();
        let kinds = read(&Craft { bytes: threads.clone() }.batch(1, 3, 100, &samples).bytes).unwrap();
        let of_two = kinds.iter().filter_map(|kind| match kind {
            EventKind::Go(go) if go.id.0 == 2 => Some(Some(go.to)),
            EventKind::CpuSample => Some(None),
            _ => None,
        });
        let mut expected = vec![Some(GoState::Runnable), Some(GoState::Running)];
        expected.insert(place, None);
        assert_eq!(of_two.collect::<Vec<_>>(), expected, "a sample at {time}");
    }
}

#[test]
fn an_error_stands_behind_its_event_however_late_that_was() {
    for late in [1, 1 << 62] {
        let events = thread(1, (0, PROC_RUNNING), (1, GO_RUNNING)).event(ev::PROCS_CHANGE, late, &[1, 0]);
        let wrong = events.event(ev::GO_CREATE, 1, &[1, 0, 0]);
        let len = trace(&[(100, Events(wrong.0.clone()))]).bytes.len() as u64;
        let error = read(&trace(&[(100, wrong.event(ev::GO_BLOCK, 1, &[0, 0]))]).bytes).unwrap_err();
        assert_eq!((error.kind(), error.offset()), (Kind::GoroutineExists, len), "{error}");
    }
}
