//! One generation: its bytes, its tables and the batches of each thread. Purely data.

use std::io::Read;
use std::sync::Arc;

use super::batch::{self, Batch, Next};
use super::tables::Tables;
use crate::hash::HashMap;
use crate::trace::arena::{Arena, Block};
use crate::trace::bytes::{ReadAt, read_exact_at};
use crate::trace::error::{TraceError, TraceErrorKind as Kind};
use crate::trace::input::Input;
use crate::trace::version::V2;

/// The table of threads is kept for the next generation unless it is larger than any real program's.
const KEPT_THREADS: usize = 1 << 12;

/// Of a file, generations of no more bytes of events than this are read ahead whole, in memory that is used again and again. The
/// batches of larger ones are read when their turn comes, or decoded before by whoever waits (see [`super::helper`]).
const READ_AHEAD: u64 = 1 << 20;

/// A batch of events. Batches of one thread form a list, in the order of the file.
#[derive(Clone, Copy, Debug)]
pub(crate) struct EventBatch {
    pub(crate) time: u64,
    /// Place of its data in the generation's bytes; [`EventBatch::IN_FILE`] if it has to be read.
    pub(crate) start: usize,
    pub(crate) len: u32,
    /// Index of the thread's next batch; [`EventBatch::LAST`] if there is none.
    pub(crate) next: u32,
    /// Where its data begins in the file.
    pub(crate) offset: u64,
}

impl EventBatch {
    pub(crate) const LAST: u32 = u32::MAX;
    pub(crate) const IN_FILE: usize = usize::MAX;
}

/// The batches of one thread: indices of the first and last.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ThreadBatches {
    pub(crate) thread: u64,
    pub(crate) first: u32,
    last: u32,
    /// Bytes in all of them.
    pub(crate) bytes: u64,
}

/// A generation as read from the file. Its buffers are reused for the next one.
#[derive(Debug, Default)]
pub(crate) struct Generation {
    /// The generation's number; 0 before any batch was read.
    pub(crate) number: u64,
    pub(crate) arena: Arena,
    pub(crate) tables: Tables,
    pub(crate) batches: Vec<EventBatch>,
    /// Ascending by id once read.
    pub(crate) threads: Vec<ThreadBatches>,
    by_thread: HashMap<u64, u32>,
    /// The least time of any batch, tables included, in clock units.
    pub(crate) min_time: u64,
    /// Whether the file simply ended, and with it this generation (before Go 1.26): perhaps too early.
    pub(crate) at_end_of_file: bool,
    /// Where it ends in the file.
    pub(crate) end: u64,
}

/// Reads generation after generation.
pub(crate) struct Generations<R: Read> {
    input: Input<R>,
    version: V2,
    last: u64,
    /// Blocks of bytes for the generations to come.
    pool: Vec<Block>,
}

impl<R: Read> Generations<R> {
    pub(crate) fn new(input: Input<R>, version: V2) -> Self {
        Generations { input, version, last: 0, pool: Vec::new() }
    }

    /// The file that batches which were not read have to be read from.
    pub(crate) fn file(&self) -> Option<Arc<dyn ReadAt>> {
        self.input.file().map(|(file, _)| Arc::clone(file))
    }

    /// Reads the next generation into `into`; false at the end of the trace.
    pub(crate) fn read(&mut self, into: &mut Generation) -> Result<bool, TraceError> {
        into.clear(&mut self.pool);
        into.end = self.input.offset();
        let has_end_mark = self.version >= V2::Go126;
        loop {
            let any = into.number != 0;
            match batch::next(&mut self.input, &mut into.arena, &mut self.pool, has_end_mark)? {
                Next::EndOfGeneration => break,
                Next::EndOfFile if !any && self.last != 0 => {
                    into.end = self.input.offset();
                    return Ok(false);
                }
                Next::EndOfFile if !any => return Err(self.input.error(Kind::HeaderOnly)),
                Next::EndOfFile if has_end_mark => return Err(self.input.error(Kind::GenerationCut)),
                Next::EndOfFile => {
                    into.at_end_of_file = true;
                    break;
                }
                Next::Batch(batch) => {
                    if batch.generation == 0 {
                        return Err(TraceError::new(Kind::GenerationZero, batch.offset));
                    }
                    if any && !has_end_mark && batch.generation == into.number.wrapping_add(1) {
                        // Before Go 1.26 a generation ends where a batch of the next one stands.
                        break;
                    }
                    if any && batch.generation != into.number {
                        return Err(TraceError::new(Kind::GenerationsOutOfOrder, batch.offset));
                    }
                    self.input.skip(batch.header);
                    into.add(self.version, batch, &self.input)?;
                    self.input.pass(batch.len);
                }
            }
        }
        self.input.hand_over(&mut into.arena, &mut self.pool);
        into.tables.finish(self.version, self.input.offset())?;
        if into.by_thread.capacity() > KEPT_THREADS {
            into.by_thread = HashMap::default();
        }
        into.threads.sort_unstable_by_key(|batches| batches.thread);
        // Nobody waits for one that is not the first.
        if self.last != 0
            && let Some((file, _)) = self.input.file()
            && into.threads.iter().map(|batches| batches.bytes).sum::<u64>() <= READ_AHEAD
        {
            into.load(&**file, &mut self.pool)?;
        }
        into.end = self.input.offset();
        self.last = into.number;
        Ok(true)
    }
}

impl Generation {
    fn clear(&mut self, pool: &mut Vec<Block>) {
        self.number = 0;
        pool.extend(self.arena.drain());
        self.tables.clear();
        self.batches.clear();
        self.threads.clear();
        self.by_thread.clear();
        self.min_time = 0;
        self.at_end_of_file = false;
    }

    /// Reads all batches that were not read.
    fn load(&mut self, file: &dyn ReadAt, pool: &mut Vec<Block>) -> Result<(), TraceError> {
        let unread = self.batches.iter_mut().filter(|batch| batch.start == EventBatch::IN_FILE);
        self.arena.append(unread.map(|batch| (batch.len as usize, batch)), pool, |into, batch, place| {
            batch.start = place;
            read_exact_at(file, into, batch.offset)
                .map_err(|error| TraceError::new(Kind::ReadFailed, batch.offset).with(error))
        })
    }

    /// Files a batch whose data comes next in the input.
    fn add<R: Read>(&mut self, version: V2, batch: Batch, input: &Input<R>) -> Result<(), TraceError> {
        self.number = batch.generation;
        if self.min_time == 0 || batch.time < self.min_time {
            self.min_time = batch.time;
        }
        // An empty batch says nothing, and keeping a million of them would take a hundred times their bytes.
        if batch.experiment || batch.len == 0 {
            return Ok(());
        }
        let mut start = EventBatch::IN_FILE;
        if batch.is_read {
            start = self.arena.place(input.place());
            let data = &input.ahead()[..batch.len];
            if self.tables.take(version, data, start, batch.time, batch.offset)? {
                return Ok(());
            }
        }
        let (index, bytes) = (self.batches.len() as u32, batch.len as u64);
        let (len, next) = (batch.len as u32, EventBatch::LAST);
        self.batches.push(EventBatch { time: batch.time, start, len, next, offset: batch.offset });
        let known = self.threads.len() as u32;
        let slot = *self.by_thread.entry(batch.thread).or_insert(known);
        if slot == known {
            self.threads.push(ThreadBatches { thread: batch.thread, first: index, last: index, bytes });
        } else {
            let thread = &mut self.threads[slot as usize];
            self.batches[thread.last as usize].next = index;
            (thread.last, thread.bytes) = (index, thread.bytes + bytes);
        }
        Ok(())
    }
}
