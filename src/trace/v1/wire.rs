//! From bytes to raw events, one at a time.
//!
//! ```text
//!   ┌────────┬────────┐
//!   │ n : 2  │ type:6 │  n = 0, 1, 2:  n + 1 numbers follow
//!   └────────┴────────┘  n = 3:        a length in bytes follows, then as many numbers as fit
//! ```

use super::Version;
use super::spec::{Kind, MAX_NUMBERS, Spec};
use crate::trace::cursor::{VarintError, uvarint};
use crate::trace::{TraceError, TraceErrorKind};

/// The longest string, bytes: the runtime cuts off what does not fit into a buffer. Go's reader would take 1,000,000.
const MAX_STRING: u64 = 64 << 10;
/// What Go's reader allows of the numbers of an event, in bytes.
const MAX_BLOCK: u64 = 2048;

/// The file after its header.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wire<'a> {
    pub(super) bytes: &'a [u8],
    /// Where `bytes` begin in the file.
    pub(super) base: u64,
    pub(super) version: Version,
}

/// An event as it stands in the file.
#[derive(Clone, Copy, Debug)]
pub(super) struct Raw<'a> {
    pub(super) kind: Kind,
    /// Where it begins in [`Wire::bytes`].
    pub(super) at: usize,
    /// Its numbers; how many there are its type says. A string has its id as the first, a batch processor and time.
    pub(super) numbers: [u64; MAX_NUMBERS],
    /// The id of its stack; 0 for none.
    pub(super) stack: u64,
    /// A stack's numbers, not taken apart; a string's or a log's text.
    pub(super) data: &'a [u8],
}

impl Raw<'_> {
    /// Room for an event.
    pub(super) const NONE: Raw<'static> =
        Raw { kind: Kind::Batch, at: 0, numbers: [0; MAX_NUMBERS], stack: 0, data: &[] };
}

impl<'a> Wire<'a> {
    /// An error noticed at index `at` of the bytes.
    pub(super) fn error(&self, kind: TraceErrorKind, at: usize) -> TraceError {
        TraceError::new(kind, self.base.saturating_add(at as u64))
    }

    /// Reads the event at `*pos`, which moves behind it, into `raw`; false at the end.
    #[inline]
    pub(super) fn event(&self, pos: &mut usize, raw: &mut Raw<'a>) -> Result<bool, TraceError> {
        let at = *pos;
        let Some(&first) = self.bytes.get(at) else { return Ok(false) };
        // A header would read as an event with a number too few, so nothing legal is mistaken for it.
        if first == b'g' && self.bytes.get(at..).is_some_and(|rest| rest.starts_with(b"go 1.")) {
            return Err(self.error(TraceErrorKind::SecondHeader, at));
        }
        let Some(spec) = Spec::of(first, self.version) else {
            return Err(self.error(TraceErrorKind::V1BadEvent, at).with(format_args!("type {}", first & 0x3f)));
        };
        *raw = Raw { kind: spec.kind, at, numbers: [0; MAX_NUMBERS], stack: 0, data: &[] };
        *pos = at + 1;
        let inline = first >> 6;
        if inline < 3 && inline + 1 == spec.numbers {
            // The usual case, in straight lines.
            raw.numbers[0] = self.number(pos, at)?;
            if inline > 0 {
                raw.numbers[1] = self.number(pos, at)?;
            }
            if inline > 1 {
                raw.numbers[2] = self.number(pos, at)?;
            }
            if spec.stack {
                raw.stack = raw.numbers[usize::from(inline)];
            }
        } else {
            self.unusual(spec, inline, pos, raw)?;
        }
        Ok(true)
    }

    #[inline(never)]
    fn unusual(&self, spec: Spec, inline: u8, pos: &mut usize, raw: &mut Raw<'a>) -> Result<(), TraceError> {
        match spec.kind {
            Kind::Batch => self.batch(inline, pos, raw),
            Kind::String => {
                raw.numbers[0] = self.number(pos, raw.at)?;
                raw.data = self.text(pos, raw.at)?;
                Ok(())
            }
            _ if inline == 3 => self.block(spec, pos, raw),
            Kind::Stack => self.inline_stack(inline, pos, raw),
            _ => Err(self.miscounted(raw)),
        }
    }

    /// A batch's head says one number too few: it has a processor and a time.
    fn batch(&self, inline: u8, pos: &mut usize, raw: &mut Raw<'a>) -> Result<(), TraceError> {
        if inline != 1 {
            return Err(self.miscounted(raw));
        }
        let proc = self.number(pos, raw.at)?;
        raw.numbers[0] = proc;
        raw.numbers[1] = self.number(pos, raw.at)?;
        // What no processor did is written as processor -1.
        if proc != u64::MAX && i32::try_from(proc).is_err() {
            return Err(self.error(TraceErrorKind::ProcOutOfRange, raw.at).with(format_args!("processor {proc}")));
        }
        Ok(())
    }

    /// Numbers with their length in front: three and more.
    fn block(&self, spec: Spec, pos: &mut usize, raw: &mut Raw<'a>) -> Result<(), TraceError> {
        let length = self.number(pos, raw.at)?;
        if length > MAX_BLOCK {
            return Err(self
                .error(TraceErrorKind::V1BadArguments, raw.at)
                .with(format_args!("{length} bytes of arguments, at most {MAX_BLOCK} are allowed")));
        }
        let block = self.take(length, pos, raw.at)?;
        if spec.kind == Kind::Stack {
            raw.data = block;
            return if block.is_empty() { Err(self.error(TraceErrorKind::V1BadStack, raw.at)) } else { Ok(()) };
        }
        let (mut found, mut inside) = (0, 0);
        while inside < block.len() {
            let Ok(value) = uvarint(block, &mut inside) else { return Err(self.miscounted(raw)) };
            if let Some(number) = raw.numbers.get_mut(found) {
                *number = value;
            }
            found += 1;
        }
        if found != usize::from(spec.numbers) {
            return Err(self.miscounted(raw));
        }
        if spec.stack {
            raw.stack = raw.numbers.get(found.wrapping_sub(1)).copied().unwrap_or(0);
        }
        if spec.kind == Kind::UserLog {
            raw.data = self.text(pos, raw.at)?;
        }
        Ok(())
    }

    /// A stack of so few numbers is an empty one; Go's reader passes over it.
    fn inline_stack(&self, inline: u8, pos: &mut usize, raw: &Raw<'a>) -> Result<(), TraceError> {
        let mut last = 1;
        for _ in 0..=inline {
            last = self.number(pos, raw.at)?;
        }
        if inline != 1 || last != 0 {
            return Err(self.error(TraceErrorKind::V1BadStack, raw.at));
        }
        Ok(())
    }

    fn text(&self, pos: &mut usize, at: usize) -> Result<&'a [u8], TraceError> {
        let length = self.number(pos, at)?;
        if length > MAX_STRING {
            return Err(self.error(TraceErrorKind::V1BadString, at).with(format_args!("{length} bytes")));
        }
        self.take(length, pos, at)
    }

    fn take(&self, length: u64, pos: &mut usize, at: usize) -> Result<&'a [u8], TraceError> {
        let taken = usize::try_from(length)
            .ok()
            .and_then(|length| pos.checked_add(length))
            .and_then(|end| self.bytes.get(*pos..end))
            .ok_or_else(|| self.error(TraceErrorKind::V1EventCut, at))?;
        *pos += taken.len();
        Ok(taken)
    }

    #[inline]
    fn number(&self, pos: &mut usize, at: usize) -> Result<u64, TraceError> {
        uvarint(self.bytes, pos).map_err(|error| {
            let kind = match error {
                VarintError::Cut => TraceErrorKind::V1EventCut,
                VarintError::TooLong => TraceErrorKind::VarintTooLong,
            };
            self.error(kind, at)
        })
    }

    fn miscounted(&self, raw: &Raw<'a>) -> TraceError {
        self.error(TraceErrorKind::V1BadArguments, raw.at).with(format_args!("{:?}", raw.kind))
    }
}
