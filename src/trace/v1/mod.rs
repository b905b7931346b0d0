//! Traces of Go 1.11 to 1.21: one stream of batches for each processor, put into one order.
//!
//! ```text
//!            ┌─ index: strings, stacks, CPU samples, where each processor's batches are
//!   bytes ───┤
//!            └─ cursors: one for each processor ──order──▶ records ──check──▶ records ──convert──▶ Event
//! ```
//!
//! What an event refers to is written at the end of the file, and the true times of some are known only when all are
//! in order: so the file is read whole, and held in memory as records of forty bytes.

mod check;
mod convert;
mod cursor;
mod heap;
mod index;
mod names;
mod order;
mod record;
mod slots;
mod spec;
mod symbols;
mod tables;
#[cfg(test)]
mod tests;
mod wire;

use self::check::Check;
use self::convert::Converter;
use self::cursor::Decoder;
use self::index::Index;
use self::record::Record;
use self::wire::Wire;
use super::{Chunk, TraceError, TraceErrorKind};

/// The formats of Go 1.11 to 1.21, oldest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Version {
    /// Go 1.11 to 1.18.
    Go111,
    /// Go 1.19 and 1.20: samples of the CPU profiler.
    Go119,
    /// Go 1.21: more reasons for stopping the world.
    Go121,
}

/// Reads a trace of Go 1.21 or older.
#[derive(Debug)]
pub struct V1Reader {
    records: Vec<Record>,
    /// The next record to hand on.
    next: usize,
    converter: Converter,
    begun: bool,
    ended: bool,
}

impl V1Reader {
    /// Reads a whole trace: `bytes` is the file from `base_offset` on, which is behind its header. The text of log
    /// messages is given only where `keep_messages` is true.
    ///
    /// # Errors
    /// Where the trace is cut or contradicts itself. A file that was cut anywhere is noticed: the clock's frequency
    /// and the stacks are written last.
    pub fn parse(
        bytes: &[u8],
        base_offset: u64,
        version: Version,
        keep_messages: bool,
    ) -> Result<V1Reader, TraceError> {
        let wire = Wire { bytes, base: base_offset, version };
        if bytes.is_empty() {
            return Err(wire.error(TraceErrorKind::HeaderOnly, 0));
        }
        // Places in the file are kept in 32 bits.
        if u32::try_from(bytes.len()).is_err() {
            return Err(wire.error(TraceErrorKind::V1TooLarge, 0).with("4 GiB"));
        }
        let mut index = Index::build(&wire)?;
        let goroutines = std::mem::take(&mut index.goroutines);
        let (tables, batches) = (&index.tables, &index.batches[..]);
        let mut decoder = Decoder { wire, tables, batches, goroutines, details: Default::default(), keep_messages };
        let mut records = order::merge(&index, &mut decoder)?;
        let Decoder { goroutines, details, .. } = decoder;
        let goroutines = goroutines.into_ids();
        index.batches = Vec::new();
        index.samples = Vec::new();

        check::retime(&mut records, goroutines.len(), &wire)?;
        check::nanoseconds(&mut records, index.frequency, &wire)?;
        Check::new(wire, goroutines.len(), index.procs.len(), &index.timers).run(&mut records)?;
        check::find_blocking_calls(&mut records, goroutines.len());
        let first = records.first().map_or(0, |record| record.time);
        let converter = Converter::new(index, goroutines, details, version, first);
        Ok(V1Reader { records, next: 0, converter, begun: false, ended: false })
    }

    /// Fills `chunk` with the next `max` events or a few more; false when there are none left.
    ///
    /// # Errors
    /// None: [`V1Reader::parse`] has found them all. The signature is that of the reader of newer formats.
    pub fn next_chunk(&mut self, chunk: &mut Chunk, max: usize) -> Result<bool, TraceError> {
        chunk.clear();
        let max = max.max(1);
        if !std::mem::replace(&mut self.begun, true) {
            chunk.events.push(self.converter.begin());
        }
        while chunk.events.len() < max {
            let Some(record) = self.records.get(self.next) else { break };
            self.next += 1;
            self.converter.convert(record, &mut chunk.events);
        }
        if chunk.events.len() < max && !std::mem::replace(&mut self.ended, true) {
            chunk.events.push(self.converter.end());
            self.records = Vec::new();
        }
        chunk.symbols = self.converter.take_delta();
        Ok(!chunk.events.is_empty())
    }
}
