//! What the order of events depends on, in traces made by hand: cases that no recording has.

use gotrace_diff::trace::{Chunk, Event, EventKind, GoState, ProcState, Reader, Symbols, TraceError, TraceErrorKind};

use crate::craft::{
    Craft, Events, GO_RUNNABLE, GO_RUNNING, GO_SYSCALL, GO_WAITING, PROC_ABANDONED, PROC_IDLE, PROC_RUNNING,
    PROC_SYSCALL, ev,
};

/// A trace of these generations, each of so many threads, which are numbered from 1. Generation 1 begins at 1000 ns, the
/// next one at 2000.
fn trace(generations: &[&[Events]]) -> Vec<u8> {
    let mut craft = Craft::new("go 1.23");
    for (number, threads) in (1..).zip(generations) {
        craft = craft.frequency(number).strings(number, &["a", "b"]);
        for (m, events) in (1..).zip(*threads) {
            craft = craft.batch(number, m, number * 1000, &events.0);
        }
    }
    craft.bytes
}

/// The same thread in `trace`, with a processor in this status (number first), on which the goroutine is in that one.
fn thread(m: u64, proc: (u64, u64), go: (u64, u64)) -> Events {
    Events::default().event(ev::PROC_STATUS, 0, &[proc.0, proc.1]).event(ev::GO_STATUS, 1, &[go.0, m, go.1])
}

/// Thread 1, whose goroutine runs.
fn running() -> Events {
    thread(1, (0, PROC_RUNNING), (1, GO_RUNNING))
}

/// A thread whose goroutine is in a system call, with the processor of the same number less one.
fn in_syscall(m: u64) -> Events {
    thread(m, (m - 1, PROC_SYSCALL), (m, GO_SYSCALL))
}

fn read(bytes: &[u8], keep_messages: bool) -> Result<(Vec<Event>, Symbols), TraceError> {
    let mut reader = Reader::new(bytes, keep_messages)?;
    let (mut chunk, mut events, mut symbols) = (Chunk::default(), Vec::new(), Symbols::default());
    while reader.next_chunk(&mut chunk, 10)? {
        symbols.apply(&mut chunk.symbols);
        events.append(&mut chunk.events);
    }
    Ok((events, symbols))
}

/// What happens, with the slot of the goroutine and the processor where it does; what is noted the first time is left out.
fn told(bytes: &[u8]) -> Vec<String> {
    let (events, _) = read(bytes, false).unwrap();
    let told = events.iter().filter_map(|event| {
        let what = match event.kind {
            EventKind::Go(go) if go.from == GoState::Undetermined || go.from == go.to => return None,
            EventKind::Proc { from: ProcState::Undetermined, .. } | EventKind::Sync => return None,
            EventKind::Go(go) => format!("go {}: {:?} to {:?}", go.id.0, go.from, go.to),
            EventKind::Proc { p, from, to } => format!("proc {}: {from:?} to {to:?}", p.0),
            kind => format!("{kind:?}"),
        };
        Some(format!("{} {} {what}", event.g.0 as i32, event.p.0 as i32))
    });
    told.collect()
}

#[test]
fn what_contradicts_what_was_before_is_refused() {
    use TraceErrorKind as Kind;
    let none = Events::default;
    let other = || thread(2, (1, PROC_RUNNING), (2, GO_RUNNING));
    // Two threads say that they run goroutine 1, and one ends it.
    let ended = || thread(2, (1, PROC_RUNNING), (1, GO_RUNNING)).event(ev::GO_DESTROY, 10, &[]);
    let collects = || running().event(ev::GC_BEGIN, 1, &[1, 0]);
    let stops = |n| (0..n).fold(running(), |events, kind| events.event(ev::STW_BEGIN, 1, &[kind % 3, 0]));
    let cases: &[(&[&[Events]], Kind)] = &[
        // Goroutines.
        (&[&[running().event(ev::GO_BLOCK, 20, &[0, 0]), ended()]], Kind::UnknownGoroutine),
        (
            &[&[thread(1, (0, PROC_RUNNING), (1, GO_SYSCALL)).event(ev::GO_CREATE, 1, &[2, 0, 0])]],
            Kind::GoroutineNotRunning,
        ),
        (&[&[running()], &[none().event(ev::GO_STATUS, 1, &[9, 1, GO_WAITING])]], Kind::NewGoroutineStatus),
        // Goroutine 1 is in a call on thread 1, and is said to be on thread 2, which is idle or runs another.
        (
            &[&[in_syscall(1)], &[none(), none().event(ev::GO_STATUS, 1, &[1, 2, GO_SYSCALL])]],
            Kind::SyscallOnOtherThread,
        ),
        (
            &[&[in_syscall(1), other()], &[none(), none().event(ev::GO_STATUS, 1, &[1, 2, GO_SYSCALL])]],
            Kind::SyscallOnOtherThread,
        ),
        (&[&[in_syscall(1), other(), none().event(ev::GO_STATUS, 9, &[1, 2, GO_SYSCALL])]], Kind::SyscallOnOtherThread),
        // Goroutine 5 got the slot of the one that thread 1 still thinks it runs, or the other way round.
        (
            &[&[
                running(),
                ended().event(ev::GO_CREATE_SYSCALL, 1, &[5]),
                none().event(ev::GO_STATUS, 20, &[5, 1, GO_SYSCALL]),
            ]],
            Kind::SyscallOnOtherThread,
        ),
        (
            &[&[
                running(),
                ended().event(ev::GO_CREATE, 0, &[5, 0, 0]).event(ev::GO_CREATE_SYSCALL, 1, &[1]),
                none().event(ev::GO_STATUS, 20, &[1, 1, GO_SYSCALL]),
            ]],
            Kind::SyscallOnOtherThread,
        ),
        // Processors.
        (
            &[&[
                in_syscall(1).event(ev::PROC_STATUS, 1, &[1, PROC_RUNNING]),
                none().event(ev::PROC_STATUS, 9, &[0, PROC_ABANDONED]),
            ]],
            Kind::ProcLost,
        ),
        (&[&[in_syscall(1), in_syscall(2).event(ev::PROC_STEAL, 9, &[0, 1, 2])]], Kind::StealOfOtherProc),
        (&[&[in_syscall(1), in_syscall(2), none().event(ev::PROC_STEAL, 9, &[0, 1, 2])]], Kind::StealOfOtherProc),
        (&[&[thread(1, (0, PROC_RUNNING), (1, GO_SYSCALL)).event(ev::GO_SYSCALL_END, 1, &[])]], Kind::ProcNotInSyscall),
        (
            &[&[thread(1, (0, PROC_RUNNING), (1, GO_SYSCALL)).event(ev::GO_DESTROY_SYSCALL, 1, &[])]],
            Kind::ProcNotInSyscall,
        ),
        // Collections.
        (&[&[collects().event(ev::GC_BEGIN, 1, &[2, 0])]], Kind::GcAlreadyRunning),
        (&[&[collects().event(ev::GC_ACTIVE, 1, &[2])]], Kind::GcNotFirst),
        (&[&[collects().event(ev::GC_END, 1, &[2])], &[none().event(ev::GC_ACTIVE, 1, &[3])]], Kind::GcNotRunning),
        (&[&[collects().event(ev::GC_END, 1, &[2]).event(ev::GC_END, 1, &[3])]], Kind::GcNotRunning),
        // Ranges.
        (&[&[stops(4)]], Kind::RangeAlreadyOpen),
        (&[&[running().event(ev::ASSIST_BEGIN, 1, &[0]).event(ev::ASSIST_BEGIN, 1, &[0])]], Kind::RangeAlreadyOpen),
        (&[&[running().event(ev::SWEEP_BEGIN, 1, &[0]).event(ev::SWEEP_BEGIN, 1, &[0])]], Kind::RangeAlreadyOpen),
        (&[&[stops(1).event(ev::ASSIST_END, 1, &[])]], Kind::RangeNotOpen),
        (&[&[stops(1)], &[none().event(ev::ASSIST_ACTIVE, 1, &[1])]], Kind::RangeNotOpen),
        // What never can happen, and so keeps its thread waiting.
        (
            &[&[
                running().event(ev::GO_CREATE, 1, &[2, 0, 0]),
                none().event(ev::PROC_STATUS, 0, &[1, PROC_RUNNING]).event(ev::GO_START, 9, &[2, 2]),
            ]],
            Kind::NoProgressAtEnd,
        ),
        (
            &[&[none()
                .event(ev::PROC_STATUS, 0, &[1, PROC_RUNNING])
                .event(ev::GO_STATUS, 1, &[2, 9, GO_WAITING])
                .event(ev::GO_START, 9, &[2, 1])]],
            Kind::NoProgressAtEnd,
        ),
        (&[&[running().event(ev::GO_UNBLOCK, 1, &[1, 1, 0])]], Kind::NoProgressAtEnd),
        (
            &[&[running().event(ev::GO_STATUS, 1, &[2, 9, GO_WAITING]).event(ev::GO_UNBLOCK, 1, &[2, 2, 0])]],
            Kind::NoProgressAtEnd,
        ),
        (
            &[&[running().event(ev::GO_STATUS, 1, &[2, 9, GO_WAITING]).event(ev::GO_SWITCH, 1, &[2, 2])]],
            Kind::NoProgressAtEnd,
        ),
        (
            &[&[running().event(ev::GO_STATUS, 1, &[2, 9, GO_RUNNABLE]).event(ev::GO_SWITCH, 1, &[2, 1])]],
            Kind::NoProgressAtEnd,
        ),
        (
            &[&[none().event(ev::PROC_STATUS, 0, &[0, PROC_IDLE]).event(ev::PROC_START, 1, &[0, 2])]],
            Kind::NoProgressAtEnd,
        ),
        (&[&[running(), none().event(ev::PROC_START, 9, &[0, 1])]], Kind::NoProgressAtEnd),
        (&[&[running(), none().event(ev::PROC_STEAL, 9, &[0, 1, 1])]], Kind::NoProgressAtEnd),
        (&[&[in_syscall(1), none().event(ev::PROC_STEAL, 9, &[0, 2, 1])]], Kind::NoProgressAtEnd),
        (&[&[collects().event(ev::GC_END, 1, &[9])]], Kind::NoProgressAtEnd),
        (&[&[collects()], &[none().event(ev::GC_ACTIVE, 1, &[9])]], Kind::NoProgressAtEnd),
    ];
    for (i, (generations, kind)) in cases.iter().enumerate() {
        let error = read(&trace(generations), false).err();
        assert_eq!(error.as_ref().map(TraceError::kind), Some(*kind), "case {i}: {error:?}");
    }
}

#[test]
fn what_is_rare_and_right_is_read() {
    let none = Events::default;
    let cases: &[(&[&[Events]], &[&str])] = &[
        // Whoever lost a processor in a call goes on when that has left it, in the order of their times, however it left.
        (
            &[&[
                in_syscall(1).event(ev::GO_SYSCALL_END, 20, &[]),
                thread(2, (0, PROC_SYSCALL), (2, GO_SYSCALL)).event(ev::GO_SYSCALL_END_BLOCKED, 12, &[]),
                thread(3, (0, PROC_SYSCALL), (3, GO_SYSCALL)).event(ev::GO_SYSCALL_END_BLOCKED, 10, &[]),
            ]],
            &[
                "-1 -1 proc 0: Running to Running",
                "-1 -1 proc 0: Running to Running",
                "0 0 go 1: Syscall to Running",
                "2 0 go 3: Syscall to Runnable",
                "1 0 go 2: Syscall to Runnable",
            ],
        ),
        (
            &[&[
                in_syscall(1).event(ev::GO_SYSCALL_END_BLOCKED, 5, &[]).event(ev::PROC_START, 1, &[0, 2]),
                none().event(ev::PROC_STEAL, 9, &[0, 1, 1]),
            ]],
            &["-1 -1 proc 0: Running to Idle", "0 -1 go 1: Syscall to Runnable", "-1 -1 proc 0: Idle to Running"],
        ),
        // A thread takes its own, and nobody has one that was given up.
        (&[&[in_syscall(1).event(ev::PROC_STEAL, 9, &[0, 1, 1])]], &["0 0 proc 0: Running to Idle"]),
        (
            &[&[none().event(ev::PROC_STATUS, 0, &[0, PROC_ABANDONED]).event(ev::PROC_STEAL, 9, &[0, 1, 9])]],
            &["-1 -1 proc 0: Idle to Idle"],
        ),
        (
            &[&[in_syscall(1).event(ev::GO_DESTROY_SYSCALL, 1, &[]), none().event(ev::PROC_STEAL, 9, &[0, 1, 1])]],
            &["0 0 proc 0: Running to Idle", "0 0 go 1: Syscall to NotExist", "-1 -1 proc 0: Idle to Idle"],
        ),
        // It is noted as given up, which was seen not to be so: the note belongs to who holds it.
        (
            &[&[in_syscall(1), none().event(ev::PROC_STATUS, 9, &[0, PROC_ABANDONED])]],
            &["0 0 proc 0: Running to Running"],
        ),
        (
            &[&[
                in_syscall(1),
                none().event(ev::GO_STATUS, 2, &[1, 2, GO_SYSCALL]).event(ev::GO_DESTROY_SYSCALL, 1, &[]),
                none().event(ev::PROC_STATUS, 9, &[0, PROC_ABANDONED]),
            ]],
            &["0 -1 go 1: Syscall to NotExist", "-1 0 proc 0: Running to Running"],
        ),
        // A call on a thread that was not seen yet, or that is known to make it.
        (
            &[&[
                none().event(ev::GO_SYSCALL_END_BLOCKED, 30, &[]),
                none()
                    .event(ev::PROC_STATUS, 0, &[0, PROC_RUNNING])
                    .event(ev::GO_STATUS, 1, &[1, 1, GO_SYSCALL])
                    .event(ev::GO_STATUS, 1, &[2, 9, GO_RUNNABLE])
                    .event(ev::GO_START, 1, &[2, 1]),
            ]],
            &["-1 0 go 2: Runnable to Running", "0 -1 go 1: Syscall to Runnable"],
        ),
        (
            &[&[in_syscall(1)], &[in_syscall(1).event(ev::GO_SYSCALL_END, 1, &[])]],
            &["0 0 proc 0: Running to Running", "0 0 go 1: Syscall to Running"],
        ),
        (&[&[in_syscall(1), none().event(ev::GO_STATUS, 5, &[1, 1, GO_SYSCALL])]], &[]),
        // Collections and ranges from one generation to the next.
        (
            &[
                &[running().event(ev::GC_ACTIVE, 1, &[1]).event(ev::ASSIST_ACTIVE, 1, &[1]).event(
                    ev::SWEEP_ACTIVE,
                    1,
                    &[0],
                )],
                &[running()
                    .event(ev::GC_ACTIVE, 1, &[2])
                    .event(ev::ASSIST_ACTIVE, 1, &[1])
                    .event(ev::SWEEP_ACTIVE, 1, &[0])
                    .event(ev::ASSIST_END, 1, &[])
                    .event(ev::GC_END, 1, &[3])],
            ],
            &[
                "0 0 RangeActive(GcMark)",
                "0 0 RangeActive(MarkAssist(GoSlot(0)))",
                "0 0 RangeActive(Sweep(ProcId(0)))",
                "0 0 proc 0: Running to Running",
                "0 0 RangeActive(GcMark)",
                "0 0 RangeActive(MarkAssist(GoSlot(0)))",
                "0 0 RangeActive(Sweep(ProcId(0)))",
                "0 0 RangeEnd(MarkAssist(GoSlot(0)))",
                "0 0 RangeEnd(GcMark)",
            ],
        ),
        // The world may be stopped for several reasons at once, and during an assist: the first to begin ends first.
        (
            &[&[running()
                .event(ev::ASSIST_BEGIN, 1, &[0])
                .event(ev::STW_BEGIN, 1, &[0, 0])
                .event(ev::STW_BEGIN, 1, &[1, 0])
                .event(ev::STW_END, 1, &[])
                .event(ev::STW_END, 1, &[])]],
            &[
                "0 0 RangeBegin(MarkAssist(GoSlot(0)))",
                "0 0 RangeBegin(StopTheWorld(Sym(0)))",
                "0 0 RangeBegin(StopTheWorld(Sym(1)))",
                "0 0 RangeEnd(StopTheWorld(Sym(0)))",
                "0 0 RangeEnd(StopTheWorld(Sym(1)))",
            ],
        ),
    ];
    for (i, (generations, expected)) in cases.iter().enumerate() {
        assert_eq!(told(&trace(generations)), *expected, "case {i}");
    }
}

#[test]
fn of_two_events_at_one_moment_that_of_the_lesser_thread_is_first_whichever_thread_was_there_first() {
    let notes = |proc| Events::default().event(ev::PROC_STATUS, 0, &[proc, PROC_RUNNING]).0;
    let craft = Craft::new("go 1.23").frequency(1).batch(1, 5, 1000, &running().0);
    let craft = craft.frequency(2).batch(2, 5, 2000, &notes(0)).batch(2, 3, 2000, &notes(1));
    assert_eq!(told(&craft.bytes), ["-1 -1 proc 1: NotExist to Running", "0 0 proc 0: Running to Running"]);
}

#[test]
fn a_sample_does_not_overtake_a_thread_that_waits() {
    // The start, at 1050, waits for the creation, which another clock says was at 1200.
    let creates = running().event(ev::GO_CREATE, 199, &[2, 0, 0]);
    let starts = Events::default().event(ev::PROC_STATUS, 0, &[1, PROC_RUNNING]).event(ev::GO_START, 50, &[2, 1]);
    let threads = trace(&[&[creates, starts]]);
    for (time, place) in [(1049, 0), (1050, 2), (1199, 2), (1200, 2)] {
        let sample = Events::default().event(ev::CPU_SAMPLE, time, &[1, 0, 1, 0]);
        let samples = [&[ev::CPU_SAMPLES], &sample.0[..]].concat();
        let bytes = Craft { bytes: threads.clone() }.batch(1, 3, 1000, &samples).bytes;
        let mut expected = vec!["0 0 go 2: NotExist to Runnable", "-1 1 go 2: Runnable to Running"];
        expected.insert(place, "0 0 CpuSample");
        assert_eq!(told(&bytes), expected, "a sample at {time}");
    }
}

#[test]
fn the_text_of_messages_is_given_on_demand_and_must_be_there() {
    for (message, texts) in [(2, Some(["", "b"])), (0, Some(["", ""])), (9, None)] {
        let bytes = trace(&[&[running().event(ev::LOG, 1, &[0, 1, message, 0])]]);
        for keep in [false, true] {
            let told = read(&bytes, keep).map_err(|error| error.kind()).map(|(events, symbols)| {
                let last = events.iter().rev().find_map(|event| match event.kind {
                    EventKind::Log { message, .. } => Some(symbols.text(message).to_owned()),
                    _ => None,
                });
                last.unwrap()
            });
            let expected = texts.map(|texts| texts[usize::from(keep)].to_owned());
            assert_eq!(told, expected.ok_or(TraceErrorKind::StringMissing), "{message}");
        }
    }
}

#[test]
fn an_error_stands_behind_its_event_however_early_or_late_that_was() {
    let gauge = |events: Events, late| events.event(ev::PROCS_CHANGE, late, &[1, 0]);
    for (begin, late) in [(0, 1), (100, 1 << 62)] {
        let trace = |events: &Events| Craft::new("go 1.22").frequency(1).batch(1, 1, begin, &events.0).bytes;
        let wrong = gauge(running(), late).event(ev::GO_CREATE, 1, &[1, 0, 0]);
        let place = trace(&wrong).len() as u64;
        // So many behind it that all are decoded together.
        let more = (0..20).fold(wrong, |events, _| gauge(events, 1));
        let error = read(&trace(&more), false).unwrap_err();
        assert_eq!((error.kind(), error.offset()), (TraceErrorKind::GoroutineExists, place), "{error}");
    }
}
