//! One generation: its bytes, its tables and the batches of each thread. Purely data.

use std::io::Read;

use super::batch::{self, Batch, Next};
use super::tables::Tables;
use crate::hash::HashMap;
use crate::trace::error::{TraceError, TraceErrorKind as Kind};
use crate::trace::input::Input;
use crate::trace::version::V2;

/// A batch of events. Batches of one thread form a list, in the order of the file.
#[derive(Clone, Copy, Debug)]
pub(crate) struct EventBatch {
    pub(crate) time: u64,
    pub(crate) start: usize,
    pub(crate) end: usize,
    /// Where its data begins in the file.
    pub(crate) offset: u64,
    /// Index of the thread's next batch.
    pub(crate) next: Option<u32>,
}

/// The batches of one thread: indices of the first and last.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ThreadBatches {
    pub(crate) thread: u64,
    pub(crate) first: u32,
    last: u32,
}

/// A generation as read from the file. Its buffers are reused for the next one.
#[derive(Debug, Default)]
pub(crate) struct Generation {
    /// The generation's number; 0 before any batch was read.
    pub(crate) number: u64,
    pub(crate) bytes: Vec<u8>,
    pub(crate) tables: Tables,
    pub(crate) batches: Vec<EventBatch>,
    pub(crate) threads: Vec<ThreadBatches>,
    by_thread: HashMap<u64, u32>,
    /// The least time of any batch, tables included, in clock units.
    pub(crate) min_time: u64,
    /// Whether the file simply ended, and with it this generation (before Go 1.26): perhaps too early.
    pub(crate) at_end_of_file: bool,
}

/// Reads generation after generation.
pub(crate) struct Generations<R: Read> {
    pub(crate) input: Input<R>,
    version: V2,
    /// Before Go 1.26 a generation ends where a batch of the next one stands: that batch, and its data.
    spill: Option<(Batch, Vec<u8>)>,
    last: u64,
}

impl<R: Read> Generations<R> {
    pub(crate) fn new(input: Input<R>, version: V2) -> Self {
        Generations { input, version, spill: None, last: 0 }
    }

    /// Reads the next generation into `into`; false at the end of the trace.
    pub(crate) fn read(&mut self, into: &mut Generation) -> Result<bool, TraceError> {
        into.clear();
        if let Some((mut batch, data)) = self.spill.take() {
            batch.start = 0;
            into.bytes.extend_from_slice(&data);
            into.add(self.version, batch)?;
        }
        let has_end_mark = self.version >= V2::Go126;
        let mut any = into.number != 0;
        loop {
            match batch::read(&mut self.input, &mut into.bytes, has_end_mark)? {
                Next::EndOfGeneration => break,
                Next::EndOfFile if !any && self.last != 0 => return Ok(false),
                Next::EndOfFile if !any => return Err(self.input.error(Kind::HeaderOnly)),
                Next::EndOfFile if has_end_mark => return Err(self.input.error(Kind::GenerationCut)),
                Next::EndOfFile => {
                    into.at_end_of_file = true;
                    break;
                }
                Next::Batch(batch) => {
                    any = true;
                    if batch.generation == 0 {
                        return Err(TraceError::new(Kind::GenerationZero, batch.offset));
                    }
                    let number = if into.number == 0 { batch.generation } else { into.number };
                    if !has_end_mark && batch.generation == number.wrapping_add(1) {
                        let data = into.bytes.split_off(batch.start);
                        self.spill = Some((batch, data));
                        break;
                    }
                    if batch.generation != number {
                        return Err(TraceError::new(Kind::GenerationsOutOfOrder, batch.offset));
                    }
                    into.add(self.version, batch)?;
                }
            }
        }
        into.tables.finish(self.version, self.input.offset())?;
        self.last = into.number;
        Ok(true)
    }
}

impl Generation {
    fn clear(&mut self) {
        self.number = 0;
        self.bytes.clear();
        self.tables.clear();
        self.batches.clear();
        self.threads.clear();
        self.by_thread.clear();
        self.min_time = 0;
        self.at_end_of_file = false;
    }

    /// Files a batch whose data is the tail of `bytes`.
    fn add(&mut self, version: V2, batch: Batch) -> Result<(), TraceError> {
        self.number = batch.generation;
        if self.min_time == 0 || batch.time < self.min_time {
            self.min_time = batch.time;
        }
        if batch.experiment {
            self.bytes.truncate(batch.start);
            return Ok(());
        }
        let (start, end) = (batch.start, self.bytes.len());
        // An empty batch says nothing, and keeping a million of them would take a hundred times their bytes.
        if start == end || self.tables.take(version, &self.bytes, start, batch.time, batch.offset)? {
            return Ok(());
        }
        let index = self.batches.len() as u32;
        self.batches.push(EventBatch { time: batch.time, start, end, offset: batch.offset, next: None });
        let known = self.threads.len() as u32;
        let slot = *self.by_thread.entry(batch.thread).or_insert(known);
        if slot == known {
            self.threads.push(ThreadBatches { thread: batch.thread, first: index, last: index });
        } else {
            let thread = &mut self.threads[slot as usize];
            self.batches[thread.last as usize].next = Some(index);
            thread.last = index;
        }
        Ok(())
    }
}
