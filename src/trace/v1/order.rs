//! One order of all processors' events.
//!
//! The clocks of a machine's processors may disagree, so time alone does not give it. Most events of a goroutine say
//! what must be true of it before (its state, and how many such events it has seen), and of all processors whose
//! next event can have happened, the earliest is next.
//!
//! ```text
//!   P0  ── create 7 ───────────── unblock 7 (2) ──
//!                   ╲                          ╲
//!   P1  ─────────── start 7 (1) ── block ──     ╲
//!                                                ╲
//!   P2  ───────────────────────────────────── start 7 (3)
//! ```
//!
//! Go's reader tries all processors that cannot go on after each event. Here such a processor is parked on what it
//! waits for, and looked at again when that has come true: no file costs more than O(n log n).

use super::cursor::{ANY, COLLECTOR, Condition, Cursor, Decoder, Head, Status};
use super::heap::Heap;
use super::index::{Index, Sample};
use super::record::Record;
use super::spec::Kind;
use crate::hash::HashMap;
use crate::trace::{TraceError, TraceErrorKind};

/// What is known of a goroutine, and how many processors are parked on it.
#[derive(Clone, Copy, Debug, Default)]
struct State {
    sequence: u64,
    status: Status,
    parked: u32,
}

/// What a parked processor waits for: a goroutine, its sequence number (or [`ANY`]), its status.
type Awaited = (u32, u64, Status);

/// Where a list of parked processors ends.
const NOBODY: u32 = u32::MAX;

struct Merge<'a, 'b> {
    decoder: &'b mut Decoder<'a>,
    cursors: Vec<Cursor>,
    samples: &'b [Sample],
    /// The next event of each processor.
    heads: Vec<Head>,
    /// The processors whose next event can have happened.
    ready: Heap,
    /// The first of those that wait for the same.
    parked: HashMap<Awaited, u32>,
    /// The next of those that wait for the same, by processor.
    next_parked: Vec<u32>,
    states: Vec<State>,
    collector: State,
}

/// Puts the events of all processors into order.
pub(super) fn merge(index: &Index, decoder: &mut Decoder<'_>) -> Result<Vec<Record>, TraceError> {
    let count = index.procs.len();
    let mut merge = Merge {
        cursors: Cursor::all(count, &index.batches),
        decoder,
        samples: &index.samples,
        heads: vec![Head { filled: false, record: Record::NONE, condition: None }; count + 1],
        ready: Heap::default(),
        parked: HashMap::default(),
        next_parked: vec![NOBODY; count],
        states: Vec::new(),
        collector: State::default(),
    };
    merge.run(count as u32, index.events)
}

impl Merge<'_, '_> {
    fn run(&mut self, samplers: u32, events: usize) -> Result<Vec<Record>, TraceError> {
        let mut out: Vec<Record> = Vec::with_capacity(events);
        for proc in 0..=samplers {
            if let Some(time) = self.advance(proc)? {
                self.ready.push((time, proc));
            }
        }
        while let Some((_, proc)) = self.ready.pop() {
            let Some(head) = self.heads.get_mut(proc as usize) else { continue };
            head.filled = false;
            let (record, condition) = (head.record, head.condition);
            if let Some(condition) = condition {
                self.apply(&condition, &record)?;
            }
            if out.last().is_some_and(|last| last.time > record.time) {
                return Err(self.decoder.wire.error(TraceErrorKind::V1TimeOrder, record.at as usize));
            }
            out.push(record);
            if let Some(time) = self.advance(proc)? {
                self.ready.push((time, proc));
            }
        }
        // Whoever is parked now waits for something that never happened.
        let stuck = self.heads.iter().filter(|head| head.filled).map(|head| head.record.at).min();
        match stuck {
            Some(at) => Err(self.decoder.wire.error(TraceErrorKind::NoProgress, at as usize)),
            None => Ok(out),
        }
    }

    /// Gets the next event of a processor. Its time, if it can have happened; otherwise the processor is parked.
    fn advance(&mut self, proc: u32) -> Result<Option<i64>, TraceError> {
        let Some(cursor) = self.cursors.get_mut(proc as usize) else { return Ok(self.next_sample(proc)) };
        let Some(head) = self.heads.get_mut(proc as usize) else { return Ok(None) };
        if !cursor.next(self.decoder, head)? {
            return Ok(None);
        }
        let time = head.record.time;
        let Some(condition) = head.condition else { return Ok(Some(time)) };
        let state = self.state(condition.g);
        if condition.holds(state) {
            return Ok(Some(time));
        }
        state.parked += 1;
        let awaited = (condition.g, condition.sequence, condition.from);
        let before = self.parked.insert(awaited, proc).unwrap_or(NOBODY);
        if let Some(next) = self.next_parked.get_mut(proc as usize) {
            *next = before;
        }
        Ok(None)
    }

    /// CPU samples come as if from one more processor, whose events are always possible.
    fn next_sample(&mut self, proc: u32) -> Option<i64> {
        let (sample, rest) = self.samples.split_first()?;
        self.samples = rest;
        let head = self.heads.get_mut(proc as usize)?;
        head.filled = true;
        head.record = Record {
            time: sample.ticks,
            g: sample.g,
            stack: sample.stack,
            proc: sample.proc,
            at: sample.at,
            kind: Kind::CpuSample,
            ..Record::NONE
        };
        Some(sample.ticks)
    }

    /// Lets an event happen, and wakes the processors that have waited for it.
    fn apply(&mut self, condition: &Condition, record: &Record) -> Result<(), TraceError> {
        let state = self.state(condition.g);
        // It held when the processor became ready. If two processors tell of one goroutine, it need not hold any more.
        if !condition.holds(state) {
            return Err(self.decoder.wire.error(TraceErrorKind::InconsistentGoStatus, record.at as usize));
        }
        state.status = condition.to;
        state.sequence = state.sequence.wrapping_add(u64::from(condition.counts));
        if state.parked > 0 {
            let (sequence, status) = (state.sequence, state.status);
            self.wake((condition.g, sequence, status));
            self.wake((condition.g, ANY, status));
        }
        Ok(())
    }

    fn wake(&mut self, awaited: Awaited) {
        let mut next = self.parked.remove(&awaited);
        while let Some(proc) = next.filter(|&proc| proc != NOBODY) {
            if let Some(head) = self.heads.get(proc as usize) {
                self.ready.push((head.record.time, proc));
            }
            let state = self.state(awaited.0);
            state.parked = state.parked.saturating_sub(1);
            next = self.next_parked.get(proc as usize).copied();
        }
    }

    fn state(&mut self, g: u32) -> &mut State {
        if g == COLLECTOR {
            return &mut self.collector;
        }
        let g = g as usize;
        if g >= self.states.len() {
            self.states.resize(g + 1, State::default());
        }
        &mut self.states[g]
    }
}

impl Condition {
    fn holds(&self, state: &State) -> bool {
        state.status == self.from && (self.sequence == ANY || self.sequence == state.sequence)
    }
}
