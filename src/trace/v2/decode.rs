//! From a batch's bytes to its events, undigested, some at a time.
//!
//! Each thread has a few events decoded ahead. Decoding several of one thread in a row is faster than one whenever the
//! order asks for it: the processor foresees what comes, and the next place to read never waits for anything else.

use std::io;
use std::sync::Arc;

use super::generation::{EventBatch, Generation};
use super::helper::{Decoded, Helper, Offer};
use super::spec::{MAX_ARGS, Specs};
use super::tables::Clock;
use crate::trace::bytes::{ReadAt, read_exact_at};
use crate::trace::cursor::{VarintError, in_word, uvarint};
use crate::trace::error::TraceErrorKind as Kind;

/// How many events of a thread are decoded at a time. Those of the few threads that are active at once stay in the
/// nearest cache.
const AHEAD: usize = 32;

/// How many of its events are decoded ahead for a thread of so many bytes in a generation: few where there is little to
/// gain, so that a file of a million threads does not take much memory.
pub(crate) fn room(bytes: u64) -> usize {
    (bytes / 16).clamp(1, AHEAD as u64) as usize
}

/// An event as it stands in its batch. Read in place, word by word: copies of parts of it would stall on one another.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Raw {
    /// When it happened, ns.
    pub(crate) time: i64,
    first: [u64; 3],
    /// The fourth argument is a stack's id in all events that have one. Larger ones than this are in no table.
    last: u32,
    pub(crate) typ: u8,
}

const _: () = assert!(size_of::<Raw>() == 40);

impl Raw {
    /// The arguments behind the time. Those that the event's type does not have are 0.
    #[inline(always)]
    pub(crate) fn args(&self) -> [u64; MAX_ARGS] {
        let [a, b, c] = self.first;
        [a, b, c, u64::from(self.last)]
    }

    #[inline(always)]
    fn set(&mut self, first: [u64; 3], last: u32) {
        (self.first, self.last) = (first, last);
    }
}

/// The events of a thread in a generation: how far they have been decoded, and the bytes of the batch that is, where that
/// was read for itself.
#[derive(Debug, Default)]
pub(crate) struct Source {
    at: At,
    read: Option<Box<Memory>>,
    /// The batch's events, where a helper has decoded it.
    ready: Option<Box<Decoded>>,
}

/// Where batches are read from that were not read with their generation.
pub(crate) struct Origin<'a> {
    pub(crate) file: Option<&'a Arc<dyn ReadAt>>,
    pub(crate) memory: &'a mut Spare,
    pub(crate) specs: &'a Arc<Specs>,
    pub(crate) helper: Option<&'a Helper>,
    /// The generation, counted.
    pub(crate) generation: u64,
}

/// Memory that is not in use.
#[allow(clippy::vec_box)] // Who takes it keeps the box: a word in each source, of which a file may have a million.
pub(crate) type Spare = Vec<Box<Memory>>;

/// Memory that batches are read into, one after the other.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    bytes: Vec<u8>,
    /// Which batch of the thread's that is, plus one; 0 for none.
    of: u32,
}

/// How far the events of a thread have been decoded.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct At {
    batch: u32,
    /// In the batch.
    pos: u32,
    /// Time of the last event decoded from this batch, ns; 0 when none has been.
    last_time: i64,
    /// The same as `pos` before the last round of decoding, which did not leave the batch.
    before: u32,
}

/// Why the next event of a thread cannot be decoded.
#[derive(Debug)]
pub(crate) enum Broken {
    /// What is wrong, and the event's type if that is it.
    Event(Kind, Option<u8>),
    /// Its batch cannot be read.
    Read(io::Error),
}

impl Source {
    /// Those from this batch on.
    pub(crate) fn new(batch: u32) -> Source {
        Source { at: At::of(batch), ..Source::default() }
    }

    /// The memory that batches were read into, for another thread to use.
    pub(crate) fn into_memory(self) -> Option<Box<Memory>> {
        self.read.map(|mut memory| {
            memory.of = 0;
            memory
        })
    }

    /// Decodes the next events into `out` and says how many; none at the end of the generation. An event that is broken
    /// is an error once it is the next one.
    pub(crate) fn fill(&mut self, data: &Generation, from: &mut Origin<'_>, out: &mut [Raw]) -> Result<usize, Broken> {
        if let Some(count) = self.give(from, out) {
            return Ok(count);
        }
        let Some(mut batch) = data.batches.get(self.at.batch as usize) else { return Ok(0) };
        while self.at.pos == batch.len {
            if batch.next == EventBatch::LAST {
                return Ok(0);
            }
            let Some(next) = data.batches.get(batch.next as usize) else { return Ok(0) };
            self.at = At::of(batch.next);
            batch = next;
        }
        self.at.before = self.at.pos;
        if batch.start == EventBatch::IN_FILE && self.read.as_ref().is_none_or(|read| read.of != self.at.batch + 1) {
            if self.at.pos == 0 && self.claim(data, batch, from) {
                return self.fill(data, from, out);
            }
            let read = self.read.get_or_insert_with(|| from.memory.pop().unwrap_or_default());
            read.load(self.at.batch, batch, from.file.map(|file| &**file))?;
        }
        let bytes = Source::bytes(self.read.as_deref(), data, batch);
        self.at.decode(bytes, data.tables.clock(), batch.time, from.specs, out)
    }

    /// Gives out events that a helper has decoded, where there are any.
    #[inline(never)]
    fn give(&mut self, from: &Origin<'_>, out: &mut [Raw]) -> Option<usize> {
        let count = self.ready.as_mut()?.give(out);
        if count > 0 {
            return Some(count);
        }
        let ready = self.ready.take()?;
        self.at = ready.end();
        if let Some(helper) = from.helper {
            helper.give_back(ready);
        }
        None
    }

    /// Takes what a helper has made of this batch, which begins now, if it has; and offers it the next one.
    #[cold]
    fn claim(&mut self, data: &Generation, batch: &EventBatch, from: &Origin<'_>) -> bool {
        let (Some(helper), Some(file)) = (from.helper, from.file) else { return false };
        if let Some(next) = data.batches.get(batch.next as usize).filter(|next| next.start == EventBatch::IN_FILE) {
            helper.offer(Offer {
                key: (from.generation, batch.next),
                batch: *next,
                clock: data.tables.clock(),
                specs: Arc::clone(from.specs),
                file: Arc::clone(file),
            });
        }
        self.ready = helper.claim((from.generation, self.at.batch));
        self.ready.is_some()
    }

    /// The bytes of a batch, wherever they are.
    #[inline(always)]
    fn bytes<'a>(read: Option<&'a Memory>, data: &'a Generation, batch: &EventBatch) -> &'a [u8] {
        match batch.start {
            EventBatch::IN_FILE => read.and_then(|read| read.bytes.get(..batch.len as usize)).unwrap_or_default(),
            start => data.arena.bytes(start, batch.len as usize),
        }
    }

    /// Where in the file the bytes stand that are decoded next.
    pub(crate) fn offset(&self, data: &Generation) -> Option<u64> {
        self.at.offset(data)
    }

    /// Where that was when only `count` events of the last round were decoded.
    pub(crate) fn offset_behind(&self, data: &Generation, specs: &Specs, count: usize) -> Option<u64> {
        let batch = data.batches.get(self.at.batch as usize)?;
        let (before, mut count, bytes) = match &self.ready {
            Some(ready) => {
                let (given, bytes) = ready.before();
                (0, given + count, bytes)
            }
            None => (self.at.before, count, Source::bytes(self.read.as_deref(), data, batch)),
        };
        // Their times no longer matter: they are counted from the begin of the batch, so that they are not later than they were
        // and none of them is too late.
        let mut at = At { pos: before, last_time: 0, ..self.at };
        let mut scratch = [Raw::default(); AHEAD];
        while count > 0 {
            let out = scratch.get_mut(..count.min(AHEAD)).unwrap_or_default();
            match at.decode(bytes, data.tables.clock(), batch.time, specs, out) {
                Ok(decoded @ 1..) => count -= decoded,
                _ => break,
            }
        }
        at.offset(data)
    }
}

impl Memory {
    #[cold]
    fn load(&mut self, index: u32, batch: &EventBatch, file: Option<&dyn ReadAt>) -> Result<(), Broken> {
        let len = batch.len as usize;
        if self.bytes.len() < len {
            // Most are as long as they may be.
            self.bytes.resize(len.next_power_of_two(), 0);
        }
        if let (Some(file), Some(into)) = (file, self.bytes.get_mut(..len)) {
            read_exact_at(file, into, batch.offset).map_err(Broken::Read)?;
        }
        self.of = index + 1;
        Ok(())
    }
}

impl At {
    /// The begin of a batch.
    pub(super) fn of(batch: u32) -> At {
        At { batch, ..At::default() }
    }

    /// Decodes the next events of the batch, whose bytes and time these are.
    pub(super) fn decode(
        &mut self,
        bytes: &[u8],
        clock: Clock,
        time: u64,
        specs: &Specs,
        out: &mut [Raw],
    ) -> Result<usize, Broken> {
        let mut rest = bytes.get(self.pos as usize..).unwrap_or_default();
        let mut last_time = self.last_time;
        if last_time == 0 {
            last_time = clock.ns(time);
        }
        let mut count = 0;
        let (mut failure, mut overflow) = (None, false);
        for raw in out.iter_mut() {
            // Behind an event's type are its numbers: nearly always within eight bytes, and those in the batch.
            let short = rest.first_chunk::<9>().and_then(|next| {
                let (typ, word) = (next[0], u64::from_le_bytes(*next.last_chunk()?));
                numbers(word, specs.arity[usize::from(typ)], raw).map(|(units, len)| (typ, units, len))
            });
            let (typ, units, len) = match short {
                Some(next) => next,
                None => match long(rest, specs, raw) {
                    Ok(Some(next)) => next,
                    Ok(None) => break,
                    Err(broken) => {
                        failure = Some(broken);
                        break;
                    }
                },
            };
            let Some(behind) = rest.get(1 + len..) else { break };
            // Delta by delta, as Go does it: the sum of the parts is not the conversion of the sum.
            last_time = clock.ns(units).wrapping_add(last_time);
            // Neither of the two is negative.
            overflow |= last_time < 0;
            (raw.time, raw.typ) = (last_time, typ);
            rest = behind;
            count += 1;
        }
        if overflow || last_time == i64::MAX {
            // What Go makes of times as late as that depends on the processor. Those before count.
            let good = out.iter().take(count).take_while(|raw| (0..i64::MAX).contains(&raw.time)).count();
            return match out.get_mut(..good) {
                Some(out) if good > 0 => self.decode(bytes, clock, time, specs, out),
                _ => Err(Broken::Event(Kind::TimeOutOfRange, None)),
            };
        }
        (self.pos, self.last_time) = ((bytes.len() - rest.len()) as u32, last_time);
        match failure {
            Some(failure) if count == 0 => Err(failure),
            _ => Ok(count),
        }
    }

    fn offset(self, data: &Generation) -> Option<u64> {
        data.batches.get(self.batch as usize).map(|batch| batch.offset + u64::from(self.pos))
    }
}

/// A fourth argument as [`Raw`] has it.
#[inline(always)]
fn fourth(number: u64) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

/// Takes numbers out of the eight bytes behind an event's type.
struct Word {
    rest: u64,
    /// Bits taken. More than 64 are no numbers at all.
    taken: u32,
}

impl Word {
    #[inline(always)]
    fn number(&mut self) -> u64 {
        let low = self.rest & 0xffff;
        // Nearly all numbers of a trace take one byte, most of the others two.
        if low & 0x80 == 0 {
            (self.rest, self.taken) = (self.rest >> 8, self.taken + 8);
            low & 0x7f
        } else if low & 0x8000 == 0 {
            (self.rest, self.taken) = (self.rest >> 16, self.taken + 16);
            low & 0x7f | low >> 1 & 0x3f80
        } else if self.rest & 0x80_0000 == 0 {
            // Sequence numbers, before long.
            let low = self.rest;
            (self.rest, self.taken) = (self.rest >> 24, self.taken + 24);
            low & 0x7f | low >> 1 & 0x3f80 | low >> 2 & 0x1f_c000
        } else {
            self.long_number()
        }
    }

    #[inline(always)]
    fn long_number(&mut self) -> u64 {
        let Some((x, bits)) = in_word(self.rest) else {
            self.taken = 1000;
            return 0;
        };
        self.rest = self.rest.checked_shr(bits).unwrap_or(0);
        self.taken += bits;
        x
    }
}

/// Reads an event's time and its `arity` arguments if `word`, the bytes behind its type, holds all of them. Gives the
/// time and how many bytes that was.
#[inline(always)]
fn numbers(word: u64, arity: u8, raw: &mut Raw) -> Option<(u64, usize)> {
    let mut word = Word { rest: word, taken: 0 };
    let units = word.number();
    let (mut first, mut last) = ([0; 3], 0);
    if arity > 0 {
        first[0] = word.number();
        if arity > 1 {
            first[1] = word.number();
            if arity > 2 {
                first[2] = word.number();
                if arity > 3 {
                    last = fourth(word.number());
                    if arity as usize > MAX_ARGS {
                        return None;
                    }
                }
            }
        }
    }
    if word.taken > 64 {
        return None;
    }
    raw.set(first, last);
    Some((units, word.taken as usize / 8))
}

/// The same for any event: long ones, and those at the end of their batch. Gives its type before; none at the end.
#[cold]
fn long(bytes: &[u8], specs: &Specs, raw: &mut Raw) -> Result<Option<(u8, u64, usize)>, Broken> {
    let Some((&typ, behind)) = bytes.split_first() else { return Ok(None) };
    let numbers = long_numbers(behind, specs.arity[usize::from(typ)], raw);
    numbers.map(|(units, len)| Some((typ, units, len))).map_err(|kind| Broken::Event(kind, Some(typ)))
}

/// Time and arguments, however long they are. `bytes` begin behind the event's type.
fn long_numbers(bytes: &[u8], arity: u8, raw: &mut Raw) -> Result<(u64, usize), Kind> {
    if arity >= Specs::STRUCTURAL {
        return Err(if arity == Specs::UNKNOWN { Kind::UnknownEvent } else { Kind::UntimedEvent });
    }
    let mut pos = 0;
    let number = |pos: &mut usize| {
        uvarint(bytes, pos).map_err(|error| match error {
            VarintError::Cut => Kind::EventCut,
            VarintError::TooLong => Kind::VarintTooLong,
        })
    };
    let units = number(&mut pos)?;
    let mut args = [0; MAX_ARGS];
    for arg in &mut args[..usize::from(arity)] {
        *arg = number(&mut pos)?;
    }
    let [a, b, c, d] = args;
    raw.set([a, b, c], fourth(d));
    Ok((units, pos))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trace::cursor::encoded;

    #[test]
    fn a_word_gives_the_same_numbers_as_the_cursor() {
        let lengths =
            [0u64, 1, 0x7f, 0x80, 0x3fff, 0x4000, 0x1f_ffff, 0xfff_ffff, 1 << 34, 1 << 41, 1 << 48, (1 << 56) - 1];
        for &units in &lengths {
            for &first in &lengths {
                for &second in &lengths {
                    let mut bytes = vec![1];
                    bytes.extend([units, first, second].into_iter().flat_map(encoded));
                    let len = bytes.len() - 1;
                    bytes.resize(64, 0xff);
                    let word = bytes[1..9].iter().rev().fold(0, |word, &b| word << 8 | u64::from(b));
                    let mut short = Raw::default();
                    let found = numbers(word, 2, &mut short);
                    let fits = len <= 8;
                    assert_eq!(found, fits.then_some((units, len)), "{units} {first} {second}");
                    let mut long = Raw::default();
                    assert_eq!(long_numbers(&bytes[1..], 2, &mut long), Ok((units, len)));
                    assert_eq!(long.args(), [first, second, 0, 0]);
                    if fits {
                        assert_eq!(short.args(), [first, second, 0, 0]);
                    }
                }
            }
        }
    }

    #[test]
    fn the_eight_bytes_need_not_hold_a_number_at_all() {
        assert_eq!(numbers(u64::MAX, 0, &mut Raw::default()), None);
        assert_eq!(numbers(0x00ff_ffff_ffff_ffff, 0, &mut Raw::default()).map(|(_, len)| len), Some(8));
        assert_eq!(numbers(0x00ff_ffff_ffff_ffff, 1, &mut Raw::default()), None);
    }

    #[test]
    fn memory_is_given_back_as_that_of_no_batch() {
        let memory = Box::new(Memory { bytes: vec![7; 2048], of: 3 });
        let given = Source { read: Some(memory), ..Source::default() }.into_memory();
        assert!(given.is_some_and(|memory| memory.bytes.len() == 2048 && memory.of == 0));
        assert!(Source::new(1).into_memory().is_none());
    }
}
