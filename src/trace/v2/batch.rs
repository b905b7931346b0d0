//! Framing: the file is a row of batches, each of one thread and one generation.
//!
//! ```text
//!   01           generation  thread  time  length  data…      events of a thread, or a table
//!   31 experiment generation  thread  time  length  data…      an experiment's, skipped by its length
//!   34                                                         end of the generation (Go 1.26 and newer)
//! ```

use std::io::Read;

use super::spec::{MAX_BATCH, ev};
use crate::trace::error::{TraceError, TraceErrorKind};
use crate::trace::input::Input;

/// A batch's header. Its data has been appended to the arena that was given.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Batch {
    pub(crate) generation: u64,
    pub(crate) thread: u64,
    /// In units of the trace's clock.
    pub(crate) time: u64,
    pub(crate) experiment: bool,
    /// Where its data begins in the arena.
    pub(crate) start: usize,
    /// Where its data begins in the file.
    pub(crate) offset: u64,
}

/// What comes next in the file.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Next {
    Batch(Batch),
    EndOfGeneration,
    EndOfFile,
}

/// Reads the next batch and appends its data to `arena`.
pub(crate) fn read<R: Read>(input: &mut Input<R>, arena: &mut Vec<u8>, has_end_mark: bool) -> Result<Next, TraceError> {
    let at = input.offset();
    if input.looks_like(b"go 1.")? {
        return Err(TraceError::new(TraceErrorKind::SecondHeader, at));
    }
    let experiment = match input.byte()? {
        None => return Ok(Next::EndOfFile),
        Some(ev::EventBatch) => false,
        Some(ev::ExperimentalBatch) => {
            // Which experiment does not matter.
            if input.byte()?.is_none() {
                return Err(input.error(TraceErrorKind::BatchHeaderCut));
            }
            true
        }
        Some(ev::EndOfGeneration) if has_end_mark => return Ok(Next::EndOfGeneration),
        Some(byte) => {
            return Err(TraceError::new(TraceErrorKind::NotABatch, at).with(format_args!("found {byte:#04x}")));
        }
    };
    let generation = input.uvarint(TraceErrorKind::BatchHeaderCut)?;
    let thread = input.uvarint(TraceErrorKind::BatchHeaderCut)?;
    let time = input.uvarint(TraceErrorKind::BatchHeaderCut)?;
    let length = input.uvarint(TraceErrorKind::BatchHeaderCut)?;
    if length > MAX_BATCH {
        return Err(TraceError::new(TraceErrorKind::BatchTooLarge, at).with(format_args!("{length} bytes")));
    }
    let (start, offset) = (arena.len(), input.offset());
    let have = input.take(length as usize, arena)?;
    if have < length as usize {
        let detail = format!("{have} of {length} bytes are there");
        return Err(TraceError::new(TraceErrorKind::BatchCut, offset + have as u64).with(detail));
    }
    Ok(Next::Batch(Batch { generation, thread, time, experiment, start, offset }))
}
