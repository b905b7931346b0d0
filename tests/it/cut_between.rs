//! A trace whose last generation is whole: was it cut behind it, or stopped? The tracer's goroutine tells.
//!
//! What is crafted here was seen in recordings: of 480 of short tests, made on a busy machine with a generation every 1
//! to 5 ms, 10 were whole and ended with that goroutine running.

use gotrace_diff::summarize::{Options, summarize};
use gotrace_diff::trace::TraceErrorKind as Kind;

use crate::craft::{Craft, Events, GO_RUNNING, PROC_RUNNING, ev};

/// The strings, by id; each is a stack of one frame, too.
const STRINGS: [&str; 6] =
    ["runtime.(*traceAdvancerState).start.func1", "main.work", "chan receive", "sync", "main.main", "testing.tRunner"];
const ADVANCER: u64 = 1;
const WORK: u64 = 2;
const RECEIVE: u64 = 3;
const SYNC: u64 = 4;
const MAIN: u64 = 5;
const RUNNER: u64 = 6;

/// A thread with its processor, both with this number, on which goroutine `g` (0 for none) runs.
fn thread(m: u64, g: u64) -> Events {
    let events = Events::default().event(ev::PROC_STATUS, 1, &[m, PROC_RUNNING]);
    if g == 0 { events } else { events.event(ev::GO_STATUS, 1, &[g, m, GO_RUNNING]) }
}

/// The tables of a generation.
fn generation(craft: Craft, number: u64) -> Craft {
    let stacks: Vec<[u64; 1]> = (1..=STRINGS.len() as u64).map(|i| [i]).collect();
    let stacks: Vec<&[u64]> = stacks.iter().map(|stack| &stack[..]).collect();
    craft.frequency(number).strings(number, &STRINGS).stacks(number, &stacks)
}

/// One generation: goroutine 1, whose start function is `name`, creates the tracer's, which does `rest` on thread 2.
fn first(name: u64, rest: impl Fn(Events) -> Events) -> Craft {
    let main = thread(1, 1).event(ev::STW_BEGIN, 1, &[RECEIVE, name]).event(ev::STW_END, 1, &[]);
    let main = main.event(ev::GO_CREATE, 1, &[2, ADVANCER, 0]).event(ev::GO_UNBLOCK, 10, &[2, 2, 0]);
    // A status alone names nobody: a short wait does.
    let main = main.event(ev::GO_BLOCK, 40, &[RECEIVE, name]).event(ev::GO_UNBLOCK, 10, &[1, 1, 0]);
    let main = main.event(ev::GO_START, 1, &[1, 2]);
    let tracer = rest(thread(2, 0).event(ev::GO_START, 10, &[2, 1]));
    generation(Craft::new("go 1.22"), 1).batch(1, 1, 100, &main.0).batch(1, 2, 100, &tracer.0)
}

/// It goes to sleep, and is woken.
fn sleeps(events: Events) -> Events {
    events.event(ev::GO_BLOCK, 1, &[RECEIVE, ADVANCER]).event(ev::GO_START, 30, &[2, 3])
}

/// The same without the wake-up: it does not get that far.
fn never_slept() -> Vec<u8> {
    let main = thread(1, 1).event(ev::GO_CREATE, 1, &[2, ADVANCER, 0]).event(ev::GO_BLOCK, 100, &[RECEIVE, WORK]);
    let tracer = thread(2, 0).event(ev::GO_START, 50, &[2, 1]);
    generation(Craft::new("go 1.22"), 1).batch(1, 1, 100, &main.0).batch(1, 2, 100, &tracer.0).bytes
}

/// Another generation behind, in which thread 2 has `rest`.
fn second(craft: Craft, rest: Option<Events>) -> Vec<u8> {
    let craft = generation(craft, 2).batch(2, 1, 1000, &thread(1, 1).event(ev::GO_BLOCK, 9, &[RECEIVE, WORK]).0);
    match rest {
        Some(events) => craft.batch(2, 2, 1000, &events.0).bytes,
        None => craft.bytes,
    }
}

/// A test on thread 3, which has ended or not.
fn with_test(craft: Craft, ended: bool) -> Vec<u8> {
    let test = thread(3, 0).event(ev::GO_CREATE, 1, &[3, RUNNER, 0]);
    let test = test.event(ev::GO_START, 1, &[3, 1]).event(ev::GO_STOP, 1, &[SYNC, RUNNER]);
    let test = test.event(ev::GO_START, 1, &[3, 2]);
    let test = if ended { test.event(ev::GO_DESTROY, 1, &[]) } else { test };
    craft.batch(1, 3, 100, &test.0).bytes
}

#[test]
fn a_trace_cut_between_generations_is_told_from_one_that_was_stopped() {
    let waits = |events: Events| events.event(ev::GO_BLOCK, 1, &[SYNC, ADVANCER]).event(ev::GO_START, 1, &[2, 2]);
    let woken = thread(1, 1).event(ev::GO_UNBLOCK, 3, &[2, 1, 0]);
    let late = generation(first(WORK, sleeps), 2)
        .batch(2, 1, 1000, &woken.event(ev::GO_BLOCK, 9, &[RECEIVE, WORK]).0)
        .batch(2, 2, 1000, &waits(thread(2, 2)).0)
        .bytes;
    for (what, bytes, want) in [
        ("it began late, and never slept", never_slept(), None),
        ("it woke up and ended the generation", first(WORK, sleeps).bytes, Some(Kind::AdvancerRunning)),
        (
            "it has ended the one before, and not gone to sleep yet",
            second(first(WORK, sleeps), Some(thread(2, 2))),
            None,
        ),
        ("the same, and it waited for the writer meanwhile", late, None),
        ("the last one is only begun", second(first(WORK, sleeps), None), Some(Kind::AdvancerRunning)),
        ("it woke up, main stops the trace, no test is left", with_test(first(MAIN, sleeps), true), None),
        ("it woke up, main runs and a test does", with_test(first(MAIN, sleeps), false), Some(Kind::AdvancerRunning)),
        ("it woke up, and main is no test binary's", first(MAIN, sleeps).bytes, Some(Kind::AdvancerRunning)),
    ] {
        let read = summarize("crafted", bytes.as_slice(), &Options::default());
        assert_eq!(read.as_ref().err().map(|e| e.kind()), want, "{what}: {:?}", read.err().map(|e| e.to_string()));
    }
}
