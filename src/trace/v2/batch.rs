//! Framing: the file is a row of batches, each of one thread and one generation.
//!
//! ```text
//!   01           generation  thread  time  length  data…      events of a thread, or a table
//!   31 experiment generation  thread  time  length  data…      an experiment's, skipped by its length; of none (0): as 01
//!   34                                                         end of the generation (Go 1.26 and newer)
//! ```

use std::io::Read;

use super::spec::{MAX_BATCH, ev};
use crate::trace::arena::{Arena, Block};
use crate::trace::cursor::{VarintError, uvarint};
use crate::trace::error::{TraceError, TraceErrorKind as Kind};
use crate::trace::input::Input;

/// The longest header of a batch: its type, an experiment, and four numbers.
const MAX_HEADER: usize = 2 + 4 * 10;

/// Batches of no more bytes than this are read at once. Reading one for itself takes longer, and memory of its own.
const SHORT: usize = 1024;

/// A batch's header. Its data, where it was read, lies in the block that the input reads into.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Batch {
    pub(crate) generation: u64,
    pub(crate) thread: u64,
    /// In units of the trace's clock.
    pub(crate) time: u64,
    pub(crate) experiment: bool,
    /// Length of its data.
    pub(crate) len: usize,
    /// Where its data begins in the file.
    pub(crate) offset: u64,
    /// Length of its header.
    pub(crate) header: usize,
    /// Whether its data was read: of a file, only that of tables and of short ones is.
    pub(crate) is_read: bool,
}

/// What comes next in the file.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Next {
    Batch(Batch),
    EndOfGeneration,
    EndOfFile,
}

/// Looks at the next batch, and makes sure that all of it is in the input's block, or in the file. Takes nothing but an end mark.
/// Blocks that are full go to `arena`, empty ones are taken from `pool`.
pub(crate) fn next<R: Read>(
    input: &mut Input<R>,
    arena: &mut Arena,
    pool: &mut Vec<Block>,
    has_end_mark: bool,
) -> Result<Next, TraceError> {
    input.ensure(MAX_HEADER, arena, pool)?;
    let at = input.offset();
    let bytes = input.ahead();
    if bytes.starts_with(b"go 1.") {
        return Err(TraceError::new(Kind::SecondHeader, at));
    }
    let cut = || TraceError::new(Kind::BatchHeaderCut, at + bytes.len() as u64);
    let mut pos = 1;
    let experiment = match bytes.first().copied() {
        None => return Ok(Next::EndOfFile),
        Some(ev::EventBatch) => false,
        Some(ev::ExperimentalBatch) => {
            // Which experiment does not matter, as long as it is one.
            pos = 2;
            *bytes.get(1).ok_or_else(cut)? != 0
        }
        Some(ev::EndOfGeneration) if has_end_mark => {
            input.skip(1);
            return Ok(Next::EndOfGeneration);
        }
        Some(byte) => {
            return Err(TraceError::new(Kind::NotABatch, at).with(format_args!("found {byte:#04x}")));
        }
    };
    let mut number = || {
        uvarint(bytes, &mut pos).map_err(|error| match error {
            VarintError::Cut => cut(),
            VarintError::TooLong => TraceError::new(Kind::VarintTooLong, at + (pos + 10).min(bytes.len()) as u64),
        })
    };
    let (generation, thread, time, len) = (number()?, number()?, number()?, number()?);
    if len > MAX_BATCH {
        return Err(TraceError::new(Kind::BatchTooLarge, at).with(format_args!("{len} bytes")));
    }
    let (len, offset) = (len as usize, at + pos as u64);
    let mut batch = Batch { generation, thread, time, experiment, len, offset, header: pos, is_read: true };
    if let Some((_, size)) = input.file()
        && offset + len as u64 <= size
    {
        input.ensure(pos + len.min(1), arena, pool)?;
        batch.is_read = len <= SHORT || !experiment && input.ahead().get(pos).is_some_and(|&first| is_table(first));
        if !batch.is_read {
            return Ok(Next::Batch(batch));
        }
    }
    input.ensure(pos + len, arena, pool)?;
    let have = input.ahead().len() - pos;
    if have < len {
        let detail = format!("{have} of {len} bytes are there");
        return Err(TraceError::new(Kind::BatchCut, offset + have as u64).with(detail));
    }
    Ok(Next::Batch(batch))
}

/// Whether a batch that begins with this byte may be a table's.
fn is_table(first: u8) -> bool {
    matches!(first, ev::Strings | ev::Stacks | ev::CPUSamples | ev::Sync | ev::Frequency)
}
