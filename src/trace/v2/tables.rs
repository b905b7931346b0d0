//! The tables of a generation: strings, stacks, clock and CPU samples. Ids start anew in each.

use super::ids::IdTable;
use super::spec::{MAX_FRAMES, MAX_STRING, ev};
use crate::hash::HashMap;
use crate::trace::arena::Arena;
use crate::trace::cursor::{VarintError, first_of_word, uvarint};
use crate::trace::error::{TraceError, TraceErrorKind as Kind};
use crate::trace::event::{StackId, Sym};
use crate::trace::symbols::{Frame, FrameId, Interner};
use crate::trace::version::V2;

/// Where a string lies: its place in the arena and its length, in one number. It is interned when it is asked for.
fn text_place(start: usize, len: u64) -> u64 {
    const { assert!(MAX_STRING < 1 << TEXT_BITS) };
    (start as u64) << TEXT_BITS | len | TEXT_MARK
}

const TEXT_BITS: u32 = 12;
/// Tells the empty string at the begin of the arena from none.
const TEXT_MARK: u64 = 1 << 11;

/// Where the frames of a stack lie: index of the first, the leaf, in [`Tables::frames`], and how many.
fn stack_place(start: usize, len: u64) -> u64 {
    const { assert!(MAX_FRAMES < 1 << 8) };
    (start as u64) << STACK_BITS | len | STACK_MARK
}

const STACK_BITS: u32 = 9;
const STACK_MARK: u64 = 1 << 8;

#[derive(Clone, Copy, Debug)]
struct PcFrame {
    func: u64,
    file: u64,
    line: u64,
}

/// A frame that was found last, by its program counter. The stacks of a program go through the same few hundred calls again
/// and again, and a frame is then written the same, byte for byte:
///
/// ```text
///   | program counter | function, file, line |
///   '------ key ------'------- rest ---------'
/// ```
#[derive(Clone, Copy, Debug)]
struct Recent {
    /// The bytes that the counter is written in.
    key: u64,
    /// Those behind it, which bits of a word they are, and how many bytes that is.
    rest: u64,
    mask: u64,
    len: u32,
    /// In [`Tables::pcs`].
    index: u32,
}

impl Recent {
    /// No bytes are these.
    const NONE: Recent = Recent { key: 0, rest: 1, mask: 0, len: 0, index: 0 };

    /// A frame of `len` bytes, with which `bytes` begin, if it is not too long for that.
    fn new(bytes: u128, len: usize, index: u32) -> Option<Recent> {
        let (key, bits) = first_of_word(bytes as u64)?;
        let len = len.checked_sub(bits as usize / 8).filter(|len| (1..=8).contains(len))?;
        let mask = u64::MAX >> (64 - 8 * len);
        Some(Recent { key, rest: (bytes >> bits) as u64 & mask, mask, len: len as u32, index })
    }

    /// Where in [`Tables::recent`] those with such a counter are.
    #[inline(always)]
    fn place(key: u64) -> usize {
        // Multiplied by the golden ratio the high bits depend on all of it.
        (key.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 52) as usize % Tables::RECENT
    }
}

/// A sample of the CPU profiler. Times are in clock units until [`Tables::finish`] has seen the frequency.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CpuSample {
    pub(crate) time: i64,
    pub(crate) proc: u64,
    pub(crate) g: u64,
    pub(crate) stack: u64,
}

/// A clock snapshot in clock units.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RawSnapshot {
    pub(crate) time: u64,
    pub(crate) mono: u64,
    pub(crate) sec: u64,
    pub(crate) nsec: u64,
}

/// The tables of one generation. Texts are kept as places in the generation's bytes.
#[derive(Debug, Default)]
pub(crate) struct Tables {
    strings: IdTable,
    stacks: IdTable,
    /// For each frame of each stack its index in `pcs`.
    frames: Vec<u32>,
    /// A program counter means the same frame in all stacks of a generation: the first that was written.
    pcs: Vec<PcFrame>,
    /// Of each its id, once it is interned: until then none.
    ids: Vec<FrameId>,
    by_pc: HashMap<u64, u32>,
    /// By [`Recent::place`]; none at all until there is one.
    recent: Vec<Recent>,
    /// Ascending by time once finished.
    pub(crate) samples: Vec<CpuSample>,
    clock: Option<Clock>,
    pub(crate) snapshot: Option<RawSnapshot>,
}

/// Reads the entries of one table's batch, keeping the file offset for errors.
struct Entries<'a> {
    bytes: &'a [u8],
    pos: usize,
    offset: u64,
}

impl<'a> Entries<'a> {
    fn error(&self, kind: Kind) -> TraceError {
        TraceError::new(kind, self.offset + self.pos as u64)
    }

    fn done(&self) -> bool {
        self.pos >= self.bytes.len()
    }

    fn number(&mut self) -> Result<u64, TraceError> {
        match uvarint(self.bytes, &mut self.pos) {
            Ok(value) => Ok(value),
            Err(VarintError::Cut) => Err(self.error(Kind::TableCut)),
            Err(VarintError::TooLong) => Err(self.error(Kind::VarintTooLong)),
        }
    }

    /// The next sixteen bytes, where there are as many.
    #[inline(always)]
    fn next(&self) -> Option<u128> {
        self.bytes.get(self.pos..)?.first_chunk().map(|bytes| u128::from_le_bytes(*bytes))
    }

    fn expect(&mut self, tag: u8, kind: Kind) -> Result<(), TraceError> {
        let found = self.bytes.get(self.pos).copied();
        if found != Some(tag) {
            return Err(self.error(kind));
        }
        self.pos += 1;
        Ok(())
    }
}

impl Tables {
    const RECENT: usize = 1 << 12;

    pub(crate) fn clear(&mut self) {
        self.strings.clear();
        self.stacks.clear();
        self.frames.clear();
        self.pcs.clear();
        self.ids.clear();
        self.by_pc.clear();
        self.recent.clear();
        self.samples.clear();
        self.clock = None;
        self.snapshot = None;
    }

    /// Takes in a batch if it is a table's; false when it holds events. `start` is its place in the arena.
    pub(crate) fn take(
        &mut self,
        version: V2,
        bytes: &[u8],
        start: usize,
        time: u64,
        offset: u64,
    ) -> Result<bool, TraceError> {
        let mut entries = Entries { bytes, pos: 1, offset };
        match bytes.first() {
            Some(&ev::Strings) => self.take_strings(&mut entries, start)?,
            Some(&ev::Stacks) => self.take_stacks(&mut entries)?,
            Some(&ev::CPUSamples) => self.take_samples(&mut entries)?,
            Some(&ev::Sync) if version >= V2::Go125 => self.take_sync(&mut entries, time, true)?,
            Some(&ev::Frequency) if version < V2::Go125 => {
                entries.pos = 0;
                self.take_sync(&mut entries, time, false)?;
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn take_strings(&mut self, entries: &mut Entries<'_>, start: usize) -> Result<(), TraceError> {
        while !entries.done() {
            entries.expect(ev::String, Kind::BadStringEvent)?;
            let id = entries.number()?;
            let len = entries.number()?;
            if len > MAX_STRING {
                return Err(entries.error(Kind::StringTooLong));
            }
            let place = text_place(start + entries.pos, len);
            if entries.bytes.len() - entries.pos < len as usize {
                return Err(entries.error(Kind::TableCut));
            }
            entries.pos += len as usize;
            // Id 0 is the empty string, always.
            if !self.strings.insert(id, place) {
                return Err(entries.error(Kind::DuplicateString));
            }
        }
        Ok(())
    }

    fn take_stacks(&mut self, entries: &mut Entries<'_>) -> Result<(), TraceError> {
        while !entries.done() {
            entries.expect(ev::Stack, Kind::BadStackEvent)?;
            let id = entries.number()?;
            let len = entries.number()?;
            if len > MAX_FRAMES {
                return Err(entries.error(Kind::StackTooDeep));
            }
            let start = self.frames.len();
            for _ in 0..len {
                let index = match self.seen_frame(entries) {
                    Some(index) => index,
                    None => self.take_frame(entries)?,
                };
                self.frames.push(index);
            }
            // Id 0 is no stack, always.
            if !self.stacks.insert(id, stack_place(start, len)) {
                return Err(entries.error(Kind::DuplicateStack));
            }
        }
        Ok(())
    }

    /// The index of the next frame in `pcs`, and takes it, where it stands there as it did the last time.
    #[inline(always)]
    fn seen_frame(&self, entries: &mut Entries<'_>) -> Option<u32> {
        let bytes = entries.next()?;
        let (key, bits) = first_of_word(bytes as u64)?;
        let recent = self.recent.get(Recent::place(key))?;
        if recent.key != key || (bytes >> bits) as u64 & recent.mask != recent.rest {
            return None;
        }
        entries.pos += (bits / 8 + recent.len) as usize;
        Some(recent.index)
    }

    /// The same for any frame.
    #[inline(never)]
    fn take_frame(&mut self, entries: &mut Entries<'_>) -> Result<u32, TraceError> {
        let (from, bytes) = (entries.pos, entries.next());
        let pc = entries.number()?;
        let (func, file, line) = (entries.number()?, entries.number()?, entries.number()?);
        let next = self.pcs.len() as u32;
        let index = *self.by_pc.entry(pc).or_insert_with(|| {
            self.pcs.push(PcFrame { func, file, line });
            self.ids.push(FrameId::NONE);
            next
        });
        if self.recent.is_empty() {
            self.recent.resize(Tables::RECENT, Recent::NONE);
        }
        if let Some(recent) = bytes.and_then(|bytes| Recent::new(bytes, entries.pos - from, index)) {
            self.recent[Recent::place(recent.key)] = recent;
        }
        Ok(index)
    }

    fn take_samples(&mut self, entries: &mut Entries<'_>) -> Result<(), TraceError> {
        while !entries.done() {
            entries.expect(ev::CPUSample, Kind::BadCpuSample)?;
            let time = entries.number()? as i64;
            let (_thread, proc) = (entries.number()?, entries.number()?);
            let (g, stack) = (entries.number()?, entries.number()?);
            self.samples.push(CpuSample { time, proc, g, stack });
        }
        Ok(())
    }

    fn take_sync(&mut self, entries: &mut Entries<'_>, time: u64, snapshots: bool) -> Result<(), TraceError> {
        let mut time = time;
        while !entries.done() {
            let tag = entries.bytes[entries.pos];
            entries.pos += 1;
            if tag == ev::Frequency {
                if self.clock.is_some() {
                    return Err(entries.error(Kind::DuplicateFrequency));
                }
                let units_per_second = entries.number()?;
                if units_per_second == 0 {
                    return Err(entries.error(Kind::ZeroFrequency));
                }
                self.clock = Some(Clock::new(units_per_second));
            } else if tag == ev::ClockSnapshot && snapshots {
                if self.snapshot.is_some() {
                    return Err(entries.error(Kind::DuplicateClockSnapshot));
                }
                time = time.wrapping_add(entries.number()?);
                let (mono, sec, nsec) = (entries.number()?, entries.number()?, entries.number()?);
                self.snapshot = Some(RawSnapshot { time, mono, sec, nsec });
            } else {
                entries.pos -= 1;
                return Err(entries.error(Kind::BadSyncEvent));
            }
        }
        Ok(())
    }

    /// Checks a generation's tables once all its batches are read; `offset` is where it ends.
    pub(crate) fn finish(&mut self, version: V2, offset: u64) -> Result<(), TraceError> {
        let Some(clock) = self.clock else {
            return Err(TraceError::new(Kind::NoFrequency, offset));
        };
        if version >= V2::Go125 && self.snapshot.is_none() {
            return Err(TraceError::new(Kind::NoClockSnapshot, offset));
        }
        for frame in &self.pcs {
            if frame.func != 0 && self.strings.place(frame.func).is_none() {
                return Err(TraceError::new(Kind::FrameFunctionMissing, offset));
            }
            if frame.file != 0 && self.strings.place(frame.file).is_none() {
                return Err(TraceError::new(Kind::FrameFileMissing, offset));
            }
        }
        self.strings.finish();
        self.stacks.finish();
        for sample in &mut self.samples {
            sample.time = clock.ns(sample.time as u64);
        }
        self.samples.sort_by_key(|sample| sample.time);
        Ok(())
    }

    /// The generation's clock.
    #[inline(always)]
    pub(crate) fn clock(&self) -> Clock {
        self.clock.unwrap_or_default()
    }

    /// The string with this id, if it has been interned.
    #[inline(always)]
    pub(crate) fn string(&self, id: u64) -> Option<Sym> {
        self.strings.found(id).map(Sym)
    }

    /// The string with this id, interned if it has not been; `None` if there is none.
    pub(crate) fn intern_string(&mut self, id: u64, arena: &Arena, interner: &mut Interner) -> Option<Sym> {
        if let Some(sym) = self.string(id) {
            return Some(sym);
        }
        let place = self.strings.place(id)?;
        let (start, len) = (place >> TEXT_BITS, place & (TEXT_MARK - 1));
        let sym = interner.bytes(arena.bytes(start as usize, len as usize));
        self.strings.note(id, sym.0);
        Some(sym)
    }

    /// Whether there is a string with this id.
    pub(crate) fn has_string(&self, id: u64) -> bool {
        id == 0 || self.strings.place(id).is_some()
    }

    /// The stack with this id, if it has been interned.
    #[inline(always)]
    pub(crate) fn stack(&self, id: u64) -> Option<StackId> {
        self.stacks.found(id).map(StackId)
    }

    /// The stack with this id, interned if it has not been; `None` if there is none.
    pub(crate) fn intern_stack(&mut self, id: u64, arena: &Arena, interner: &mut Interner) -> Option<StackId> {
        if let Some(stack) = self.stack(id) {
            return Some(stack);
        }
        let place = self.stacks.place(id)?;
        let (start, len) = ((place >> STACK_BITS) as usize, (place & (STACK_MARK - 1)) as usize);
        if self.frames[start..start + len].iter().any(|&pc| self.ids[pc as usize] == FrameId::NONE) {
            for at in start..start + len {
                self.intern_frame(self.frames[at], arena, interner);
            }
        }
        let root_first = self.frames[start..start + len].iter().rev();
        let stack = interner.stack(root_first.map(|&pc| self.ids[pc as usize]));
        self.stacks.note(id, stack.0);
        Some(stack)
    }

    fn intern_frame(&mut self, pc: u32, arena: &Arena, interner: &mut Interner) {
        if self.ids[pc as usize] == FrameId::NONE {
            let PcFrame { func, file, line } = self.pcs[pc as usize];
            let frame = Frame {
                func: self.intern_string(func, arena, interner).unwrap_or_default(),
                file: self.intern_string(file, arena, interner).unwrap_or_default(),
                line: u32::try_from(line).unwrap_or(u32::MAX),
            };
            self.ids[pc as usize] = interner.frame(frame);
        }
    }
}

/// The clock of a generation: units to nanoseconds.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Clock {
    ns_per_unit: f64,
    /// The same as a whole number, where it is one (64 on most systems).
    whole: u64,
    /// Below this many units a product with `whole` is what Go's is, in a float; 0 where that is no whole number.
    exact: u64,
}

impl Clock {
    /// Below this many units a product with [`Clock::whole`] is exact in a float, too.
    const EXACT: u64 = 1 << 40;

    pub(super) fn new(units_per_second: u64) -> Clock {
        // The order of operations is Go's, so that every time converts to the same nanosecond.
        let ns_per_unit = 1.0 / (units_per_second as f64 / 1e9);
        let is_whole = ns_per_unit.fract() == 0.0 && ns_per_unit < 4096.0;
        Clock { ns_per_unit, whole: ns_per_unit as u64, exact: if is_whole { Clock::EXACT } else { 0 } }
    }

    /// Nanoseconds as Go converts them: through a float, cut off, saturating where Go's result is undefined.
    #[inline(always)]
    pub(crate) fn ns(self, units: u64) -> i64 {
        if units < self.exact { (units * self.whole) as i64 } else { (units as f64 * self.ns_per_unit) as i64 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trace::cursor::encoded;

    #[test]
    fn a_frame_ends_where_it_does_and_is_known_where_it_stands_again() {
        // Those of one counter are all the first of them, whatever else they say.
        let lines = [7, 7, 300, 300, 1 << 30, 1 << 30, u64::MAX, u64::MAX, 7];
        let counters = [5, 1 << 20, 1 << 49, 1 << 56];
        let frame = |counter, line| [counter, 1, 2, line].into_iter().flat_map(encoded).collect::<Vec<u8>>();
        let mut bytes = vec![ev::Stacks];
        for (id, counter) in (1..).zip(counters) {
            bytes.extend([ev::Stack, id, lines.len() as u8]);
            bytes.extend(lines.iter().flat_map(|&line| frame(counter, line)));
        }
        let mut tables = Tables::default();
        assert_eq!(tables.take(V2::Go122, &bytes, 0, 0, 0), Ok(true));
        assert_eq!(tables.frames, (0..4).flat_map(|index| [index; 9]).collect::<Vec<u32>>());
        for (index, counter) in (0..).zip(counters) {
            for line in [7, 8] {
                let mut bytes = frame(counter, line);
                let known = line == 7 && counter != 1 << 56;
                let expected = if known { (Some(index), bytes.len()) } else { (None, 0) };
                bytes.resize(16, 0xff);
                let mut entries = Entries { bytes: &bytes, pos: 0, offset: 0 };
                assert_eq!((tables.seen_frame(&mut entries), entries.pos), expected, "{counter} {line}");
            }
        }
    }

    #[test]
    fn whole_clocks_convert_as_floats_do() {
        let clock = Clock::new(15_625_000);
        assert_eq!((clock.whole, clock.exact), (64, Clock::EXACT));
        for units in [0, 1, 63, 1 << 20, Clock::EXACT - 1, Clock::EXACT, 1 << 52, (1 << 53) + 1, u64::MAX] {
            assert_eq!(clock.ns(units), (units as f64 * clock.ns_per_unit) as i64, "{units}");
        }
        let odd = Clock::new(24_000_000);
        assert_eq!((odd.exact, odd.ns(24), odd.ns(1)), (0, 1000, 41));
    }
}
