//! The reader: generation by generation, event by event.

use std::io::Read;
use std::sync::Arc;

use super::ahead::Source as Generations;
use super::decode::{self, Broken, Origin, Raw, Source, Spare};
use super::frontier::Entry;
use super::generation::Generation;
use super::helper::Helper;
use super::order::{Order, Step};
use super::spec::{self, Specs};
use crate::trace::Chunk;
use crate::trace::bytes::ReadAt;
use crate::trace::error::{TraceError, TraceErrorKind as Kind};
use crate::trace::event::{ClockSnapshot, EventKind, ProcId, Time};
use crate::trace::version::V2;

/// So much of the memory that batches were read into is kept from one generation to the next: a batch for each of so many threads.
const KEPT_MEMORY: usize = 256;

/// Reads a trace of Go 1.22 or newer. Holds one generation in memory, or two where the next one is read ahead.
pub(crate) struct V2Reader<R: Read> {
    specs: Arc<Specs>,
    generations: Generations<R>,
    /// Where batches are read from that were not read with their generation.
    file: Option<Arc<dyn ReadAt>>,
    /// Who decodes batches before they are needed, if anybody does.
    helper: Option<Arc<Helper>>,
    /// Memory that batches were read into, for others.
    memory: Spare,
    /// The generation whose events are being put into order.
    data: Generation,
    in_generation: bool,
    order: Order,
    /// How far the events of each thread have been decoded; by thread index, for those of the generation.
    sources: Vec<Source>,
    /// Events decoded ahead. Each thread of the generation has a part of it, which `rings` says.
    decoded: Vec<Raw>,
    /// By thread index: where its part of `decoded` begins and ends.
    rings: Vec<(u32, u32)>,
    /// The thread that is tried next, the least of all that are ready.
    current: Entry,
    /// Index of the next CPU sample, and its time; later than anything when there is none.
    next_sample: usize,
    sample_time: i64,
    count: u64,
    first_number: u64,
    done: bool,
}

impl<R: Read> V2Reader<R> {
    pub(crate) fn new(
        generations: Generations<R>,
        file: Option<Arc<dyn ReadAt>>,
        helper: Option<Arc<Helper>>,
        version: V2,
        keep_messages: bool,
    ) -> Self {
        V2Reader {
            specs: Arc::new(Specs::of(version)),
            generations,
            file,
            helper,
            memory: Vec::new(),
            data: Generation::default(),
            in_generation: false,
            order: Order::new(keep_messages),
            sources: Vec::new(),
            decoded: Vec::new(),
            rings: Vec::new(),
            current: Entry::NONE,
            next_sample: 0,
            sample_time: i64::MAX,
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

    /// How often an event was tried before it could have happened.
    pub(crate) fn waits(&self) -> u64 {
        self.order.frontier.parks()
    }

    /// How many bytes of the trace have been read, up to the end of a generation.
    pub(crate) fn offset(&self) -> u64 {
        self.data.end
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
        while self.order.out.is_empty() && !self.done {
            if !self.in_generation {
                self.begin_generation(chunk)?;
            }
            // A chunk ends with its generation.
            if self.in_generation && !self.run(max)? {
                self.in_generation = false;
            }
        }
        Ok(())
    }

    fn begin_generation(&mut self, chunk: &mut Chunk) -> Result<(), TraceError> {
        self.take_memory();
        if !self.generations.next(&mut self.data)? {
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
        self.sample_time = self.data.tables.samples.first().map_or(i64::MAX, |sample| sample.time);
        self.current = Entry::NONE;
        self.order.begin(self.data.number, !self.data.tables.samples.is_empty());
        let clock = self.data.tables.clock();
        if let Some(s) = self.data.tables.snapshot {
            let trace = Time(clock.ns(s.time));
            chunk.clocks.push(ClockSnapshot { trace, mono: s.mono, wall_sec: s.sec, wall_nsec: s.nsec });
        }
        self.decoded.clear();
        self.decoded.reserve_exact(self.data.threads.iter().map(|batches| decode::room(batches.bytes)).sum());
        for i in 0..self.data.threads.len() {
            let batches = self.data.threads[i];
            let t = self.order.thread(batches.thread);
            let (from, index) = (self.decoded.len(), t as usize);
            self.decoded.resize(from + decode::room(batches.bytes), Raw::default());
            if index >= self.sources.len() {
                self.sources.resize_with(index + 1, Source::default);
                self.rings.resize(index + 1, (0, 0));
            }
            self.sources[index] = Source::new(batches.first);
            self.rings[index] = (from as u32, self.decoded.len() as u32);
            let thread = &mut self.order.threads[index];
            (thread.place, thread.parked, thread.woken) = (Entry::place(i as u32, t), None, ProcId::NONE);
            let entry = self.refill(t)?;
            self.order.frontier.push(entry);
        }
        self.current = self.order.frontier.least(Entry::NONE);
        self.order.sync(Some(clock.ns(self.data.min_time)));
        Ok(())
    }

    /// The generation is over: what its batches were read into can be used for others.
    fn take_memory(&mut self) {
        if self.file.is_none() {
            return;
        }
        for batches in &self.data.threads {
            let t = self.order.thread(batches.thread);
            if let Some(source) = self.sources.get_mut(t as usize) {
                let memory = std::mem::take(source).into_memory();
                self.memory.extend(memory.filter(|_| self.memory.len() < KEPT_MEMORY));
            }
        }
    }

    /// Lets events happen until there are `max` of them; false when the generation has no more.
    #[inline(always)]
    fn run(&mut self, max: usize) -> Result<bool, TraceError> {
        let mut current = self.current;
        while self.order.out.len() < max {
            if self.sample_time < current.time() && self.inject_sample()? {
                continue;
            }
            let t = current.t();
            let Some(thread) = self.order.threads.get(t as usize) else {
                // There is none that is ready.
                self.current = current;
                return self.stuck().map_or(Ok(false), Err);
            };
            let Some(raw) = self.decoded.get(thread.next as usize) else { return Ok(false) };
            match self.order.advance(t, raw, &mut self.data) {
                Ok(Step::Advanced) => {
                    let thread = &mut self.order.threads[t as usize];
                    thread.next += 1;
                    let next = match self.decoded.get(thread.next as usize) {
                        Some(raw) if thread.next < thread.end => Entry::new(raw.time, thread.place),
                        _ => self.refill(t)?,
                    };
                    current = self.order.frontier.least(next);
                }
                Ok(Step::Blocked) => {
                    self.order.park(current);
                    current = self.order.frontier.least(Entry::NONE);
                }
                Err(kind) => {
                    let typ = raw.typ;
                    return Err(self.refused(t, typ, kind));
                }
            }
        }
        self.current = current;
        Ok(true)
    }

    /// Decodes the next events of a thread, which has none left; gives its place among the others, or none at its end.
    #[inline(never)]
    fn refill(&mut self, t: u32) -> Result<Entry, TraceError> {
        let (from, to) = self.rings[t as usize];
        let room = self.decoded.get_mut(from as usize..to as usize).unwrap_or_default();
        let mut origin = Origin {
            file: self.file.as_ref(),
            memory: &mut self.memory,
            specs: &self.specs,
            helper: self.helper.as_deref(),
            generation: self.count,
        };
        let filled = self.sources[t as usize].fill(&self.data, &mut origin, room);
        let time = room.first().map_or(0, |raw| raw.time);
        match filled {
            Ok(count) => {
                let thread = &mut self.order.threads[t as usize];
                (thread.next, thread.end) = (from, from + count as u32);
                Ok(if count == 0 { Entry::NONE } else { Entry::new(time, thread.place) })
            }
            Err(broken) => Err(self.broken(t, broken)),
        }
    }

    /// CPU samples are placed by their time alone: before any event that is younger, those of parked threads included.
    #[cold]
    fn inject_sample(&mut self) -> Result<bool, TraceError> {
        let samples = &self.data.tables.samples;
        let Some(&sample) = samples.get(self.next_sample) else {
            self.sample_time = i64::MAX;
            return Ok(false);
        };
        if self.order.frontier.parked_by(sample.time) {
            return Ok(false);
        }
        self.next_sample += 1;
        self.sample_time = samples.get(self.next_sample).map_or(i64::MAX, |sample| sample.time);
        let Generation { tables, arena, .. } = &mut self.data;
        let stack = tables.intern_stack(sample.stack, arena, &mut self.order.interner);
        let stack = stack.ok_or_else(|| TraceError::new(Kind::StackMissing, self.data.end))?;
        let g = self.order.sampled(sample.g);
        let p = u32::try_from(sample.proc).map_or(ProcId::NONE, ProcId);
        self.order.emit_as(sample.time, g, p, stack, EventKind::CpuSample);
        Ok(true)
    }

    /// No thread is ready. Either none has any event left, or those that have wait for ever.
    #[cold]
    fn stuck(&self) -> Option<TraceError> {
        let t = self.order.first_parked()?.t();
        let thread = self.order.threads.get(t as usize)?;
        let name = spec::name(self.decoded.get(thread.next as usize).map_or(0, |raw| raw.typ));
        let detail = format!("thread {} is stuck at {name}", thread.id);
        let kind = if self.data.at_end_of_file { Kind::NoProgressAtEnd } else { Kind::NoProgress };
        Some(self.error_behind(t, kind).with(detail))
    }

    /// An event contradicts what is known.
    #[cold]
    fn refused(&self, t: u32, typ: u8, kind: Kind) -> TraceError {
        let thread = self.order.threads.get(t as usize).map_or(0, |thread| thread.id);
        self.error_behind(t, kind).with(format_args!("{} of thread {thread}", spec::name(typ)))
    }

    /// An event cannot be decoded.
    #[cold]
    fn broken(&self, t: u32, broken: Broken) -> TraceError {
        let offset = self.sources.get(t as usize).and_then(|source| source.offset(&self.data));
        let offset = offset.unwrap_or(self.data.end);
        let (kind, typ) = match broken {
            Broken::Event(kind, typ) => (kind, typ),
            Broken::Read(error) => return TraceError::new(Kind::ReadFailed, offset).with(error),
        };
        let error = TraceError::new(kind, offset);
        match (kind, typ) {
            (Kind::UnknownEvent | Kind::UntimedEvent, Some(typ)) => error.with(format_args!("type {typ}")),
            _ => error,
        }
    }

    /// An error at the place behind the next event of thread `t`.
    fn error_behind(&self, t: u32, kind: Kind) -> TraceError {
        let place = || {
            let (source, thread) = (self.sources.get(t as usize)?, self.order.threads.get(t as usize)?);
            let (from, _) = self.rings.get(t as usize)?;
            let decoded = thread.next.checked_sub(*from)? as usize + 1;
            source.offset_behind(&self.data, &self.specs, decoded)
        };
        TraceError::new(kind, place().unwrap_or(self.data.end))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trace::bytes::Bytes;
    use crate::trace::cursor::encoded;
    use crate::trace::input::Input;
    use crate::trace::v2::spec::ev;

    /// A batch of a thread.
    fn batch(generation: u64, thread: u64, data: &[u8]) -> Vec<u8> {
        let header = [generation, thread, 1, data.len() as u64].into_iter().flat_map(encoded);
        [ev::EventBatch].into_iter().chain(header).chain(data.iter().copied()).collect()
    }

    #[test]
    fn what_batches_were_read_into_is_kept_for_others_and_not_too_much_of_it() {
        for threads in [3, 400] {
            let frequency = [vec![ev::Frequency], encoded(1_000_000_000)].concat();
            let mut bytes = batch(1, u64::MAX, &frequency);
            for thread in 0..threads {
                // Each notes 300 goroutines that wait.
                let note = |go| [ev::GoStatus, 0].into_iter().chain([go, u64::MAX, 4].into_iter().flat_map(encoded));
                let notes: Vec<u8> = (1..=300).flat_map(|i| note(thread * 300 + i)).collect();
                bytes.extend(batch(1, thread, &notes));
            }
            bytes.extend(batch(2, u64::MAX, &frequency));
            bytes.extend(batch(2, 1, &[]));
            let size = bytes.len() as u64;
            let input = Input::<std::io::Empty>::new(Bytes::File(Arc::new(bytes), size)).unwrap();
            let generations = super::super::generation::Generations::new(input, V2::Go122);
            let file = generations.file();
            let mut reader = V2Reader::new(Generations::Here(Box::new(generations)), file, None, V2::Go122, false);
            let (mut chunk, mut events) = (Chunk::default(), 0);
            while reader.next_chunk(&mut chunk, 100).unwrap() {
                events += chunk.events.len() as u64;
                assert!(reader.count > 1 || reader.memory.is_empty(), "all of it is in use");
            }
            assert_eq!((events, reader.count), (threads * 300 + 3, 2));
            assert_eq!(reader.memory.len(), (threads as usize).min(KEPT_MEMORY));
        }
    }
}
