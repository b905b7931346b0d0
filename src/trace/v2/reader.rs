//! The reader: generation by generation, event by event.

use std::io::Read;

use super::frontier::Entry;
use super::generation::{Generation, Generations};
use super::order::{Order, Step};
use super::spec::{MAX_ARGS, Specs};
use crate::trace::Chunk;
use crate::trace::cursor::{VarintError, uvarint};
use crate::trace::error::{TraceError, TraceErrorKind as Kind};
use crate::trace::event::{ClockSnapshot, EventKind, ProcId, ThreadId, Time};
use crate::trace::input::Input;
use crate::trace::version::V2;

/// Reads a trace of Go 1.22 or newer. Holds one generation in memory.
pub(crate) struct V2Reader<R: Read> {
    specs: Specs,
    generations: Generations<R>,
    /// The generation whose events are being put into order.
    data: Generation,
    in_generation: bool,
    order: Order,
    /// The thread that advanced last, with its next event: usually it is next again.
    current: Option<Entry>,
    /// Index of the next CPU sample.
    next_sample: usize,
    count: u64,
    first_number: u64,
    done: bool,
}

impl<R: Read> V2Reader<R> {
    pub(crate) fn new(input: Input<R>, version: V2, keep_messages: bool) -> Self {
        V2Reader {
            specs: Specs::of(version),
            generations: Generations::new(input, version),
            data: Generation::default(),
            in_generation: false,
            order: Order::new(keep_messages),
            current: None,
            next_sample: 0,
            count: 0,
            first_number: 0,
            done: false,
        }
    }

    /// How many generations have been begun.
    pub(crate) fn generations(&self) -> u64 {
        self.count
    }

    /// How many generations have been given out whole.
    pub(crate) fn complete_generations(&self) -> u64 {
        if self.in_generation { self.count - 1 } else { self.count }
    }

    /// The number of the first generation: 1, but for snapshots of the flight recorder, which begin later.
    pub(crate) fn first_generation(&self) -> u64 {
        self.first_number
    }

    /// How many bytes of the trace have been read.
    pub(crate) fn offset(&self) -> u64 {
        self.generations.input.offset()
    }

    /// Fills `chunk` with the next `max` events or a few more; false when there are none left.
    ///
    /// # Errors
    /// Where the trace is cut or contradicts itself; what was put into `chunk` in this call is then without meaning.
    pub(crate) fn next_chunk(&mut self, chunk: &mut Chunk, max: usize) -> Result<bool, TraceError> {
        chunk.clear();
        std::mem::swap(&mut self.order.out, &mut chunk.events);
        let result = self.fill(chunk, max);
        std::mem::swap(&mut self.order.out, &mut chunk.events);
        chunk.symbols = self.order.interner.take_delta();
        chunk.generation = self.count + u64::from(self.done);
        result?;
        Ok(!chunk.events.is_empty())
    }

    fn fill(&mut self, chunk: &mut Chunk, max: usize) -> Result<(), TraceError> {
        while self.order.out.len() < max && !self.done {
            if !self.in_generation {
                if !self.order.out.is_empty() {
                    break; // A chunk ends with its generation.
                }
                self.begin_generation(chunk)?;
            } else if !self.step()? {
                self.in_generation = false;
            }
        }
        Ok(())
    }

    fn begin_generation(&mut self, chunk: &mut Chunk) -> Result<(), TraceError> {
        if !self.generations.read(&mut self.data)? {
            self.order.sync(None);
            self.done = true;
            return Ok(());
        }
        self.in_generation = true;
        self.count += 1;
        if self.count == 1 {
            self.first_number = self.data.number;
        }
        self.next_sample = 0;
        self.current = None;
        self.order.begin(self.data.number);
        let clock = self.data.tables.clock();
        if let Some(s) = self.data.tables.snapshot {
            let trace = Time(clock.ns(s.time));
            chunk.clocks.push(ClockSnapshot { trace, mono: s.mono, wall_sec: s.sec, wall_nsec: s.nsec });
        }
        for i in 0..self.data.threads.len() {
            let batches = self.data.threads[i];
            let first = self.data.batches[batches.first as usize];
            let t = self.order.thread(batches.thread);
            let thread = &mut self.order.threads[t as usize];
            (thread.batch, thread.pos, thread.end) = (batches.first, first.start, first.end);
            (thread.last_time, thread.parked, thread.woken) = (0, None, None);
            if self.decode(t)? {
                let thread = &self.order.threads[t as usize];
                self.order.frontier.push(Entry::new(thread.time, thread.id, t));
            }
        }
        self.order.sync(Some(clock.ns(self.data.min_time)));
        Ok(())
    }

    /// Lets the next event happen; false when the generation has no more.
    fn step(&mut self) -> Result<bool, TraceError> {
        if self.next_sample < self.data.tables.samples.len() && self.inject_sample()? {
            return Ok(true);
        }
        loop {
            let next = match self.current.take() {
                Some(entry) => Some(self.order.frontier.least(entry)),
                None => self.order.frontier.pop(),
            };
            let Some(entry) = next else {
                let Some(stuck) = self.order.frontier.first_parked() else { return Ok(false) };
                let name = self.order.threads[stuck.t as usize].raw.name();
                let detail = format!("thread {} is stuck at {name}", stuck.thread());
                let kind = if self.data.at_end_of_file { Kind::NoProgressAtEnd } else { Kind::NoProgress };
                return Err(self.error_at(stuck.t, kind).with(detail));
            };
            let t = entry.t;
            match self.order.advance(t, &mut self.data) {
                Err(kind) => {
                    let name = self.order.threads[t as usize].raw.name();
                    return Err(self.error_at(t, kind).with(format_args!("{name} of thread {}", entry.thread())));
                }
                Ok(Step::Blocked(wait)) => {
                    self.order.threads[t as usize].parked = Some(*wait);
                    self.order.frontier.park(entry, *wait);
                }
                Ok(Step::Advanced) => {
                    self.order.threads[t as usize].woken = None;
                    if self.decode(t)? {
                        let thread = &self.order.threads[t as usize];
                        self.current = Some(Entry::new(thread.time, thread.id, t));
                    }
                    return Ok(true);
                }
            }
        }
    }

    /// CPU samples are placed by their time alone: before any event that is not older.
    fn inject_sample(&mut self) -> Result<bool, TraceError> {
        let sample = self.data.tables.samples[self.next_sample];
        let least = self.order.frontier.least_time(self.current.map(Entry::time));
        if least.is_some_and(|least| sample.time >= least) {
            return Ok(false);
        }
        self.next_sample += 1;
        let Generation { tables, bytes, .. } = &mut self.data;
        let stack = tables.stack(sample.stack, bytes, &mut self.order.interner);
        let stack = stack.ok_or_else(|| self.generations.input.error(Kind::StackMissing))?;
        let g = self.order.sampled(sample.g);
        let p = u32::try_from(sample.proc).map_or(ProcId::NONE, ProcId);
        self.order.emit_as(sample.time, ThreadId(sample.thread), g, p, stack, EventKind::CpuSample);
        Ok(true)
    }

    /// Reads the next event of thread `t` from its batches; false when it has no more in this generation.
    #[inline(always)]
    fn decode(&mut self, t: u32) -> Result<bool, TraceError> {
        let thread = &mut self.order.threads[t as usize];
        while thread.pos == thread.end {
            let Some(next) = self.data.batches[thread.batch as usize].next else { return Ok(false) };
            let batch = self.data.batches[next as usize];
            (thread.batch, thread.pos, thread.end, thread.last_time) = (next, batch.start, batch.end, 0);
        }
        let clock = self.data.tables.clock();
        if thread.last_time == 0 {
            thread.last_time = clock.ns(self.data.batches[thread.batch as usize].time);
        }
        let typ = self.data.bytes[thread.pos];
        let arity = self.specs.arity[usize::from(typ)];
        if arity >= Specs::STRUCTURAL {
            let kind = if arity == Specs::UNKNOWN { Kind::UnknownEvent } else { Kind::UntimedEvent };
            return Err(self.error_at(t, kind).with(format_args!("type {typ}")));
        }
        match numbers(&self.data.bytes, thread.pos + 1, thread.end, usize::from(arity), &mut thread.raw.args) {
            Ok((units, pos)) => {
                // Delta by delta, as Go does it: the sum of the parts is not the conversion of the sum.
                thread.time = clock.ns(units).saturating_add(thread.last_time);
                thread.last_time = thread.time;
                (thread.raw.typ, thread.pos) = (u64::from(typ), pos);
                Ok(true)
            }
            Err(VarintError::Cut) => Err(self.error_at(t, Kind::EventCut)),
            Err(VarintError::TooLong) => Err(self.error_at(t, Kind::VarintTooLong)),
        }
    }

    /// An error at the place where thread `t` reads.
    #[cold]
    fn error_at(&self, t: u32, kind: Kind) -> TraceError {
        let thread = &self.order.threads[t as usize];
        let offset = match self.data.batches.get(thread.batch as usize) {
            Some(batch) => batch.offset + thread.pos.saturating_sub(batch.start) as u64,
            None => self.generations.input.offset(),
        };
        TraceError::new(kind, offset)
    }
}

/// Reads an event's time and its `arity` arguments from `bytes[pos..end]`; gives the time and where the event ends.
#[inline(always)]
fn numbers(
    bytes: &[u8],
    mut pos: usize,
    end: usize,
    arity: usize,
    args: &mut [u64; MAX_ARGS],
) -> Result<(u64, usize), VarintError> {
    let batch = &bytes[..end];
    let units = uvarint(batch, &mut pos)?;
    // Most events have one or two arguments. Reading these without a loop is measurably faster.
    if arity > 0 {
        args[0] = uvarint(batch, &mut pos)?;
        if arity > 1 {
            args[1] = uvarint(batch, &mut pos)?;
            for arg in &mut args[2..arity] {
                *arg = uvarint(batch, &mut pos)?;
            }
        }
    }
    Ok((units, pos))
}
