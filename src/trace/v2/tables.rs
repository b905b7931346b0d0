//! The tables of a generation: strings, stacks, clock and CPU samples. Ids start anew in each.

use super::spec::{MAX_FRAMES, MAX_STRING, ev};
use crate::hash::HashMap;
use crate::trace::cursor::{VarintError, uvarint};
use crate::trace::error::{TraceError, TraceErrorKind as Kind};
use crate::trace::event::{StackId, Sym};
use crate::trace::symbols::{Frame, FrameId, Interner};
use crate::trace::version::V2;

/// A table by id. The runtime counts ids from 1, so most tables are arrays; a file may use any number, though, and
/// then the rest goes into a map, so that memory follows the entries and not the largest id.
#[derive(Debug)]
pub(crate) struct IdTable<T> {
    dense: Vec<Option<T>>,
    sparse: HashMap<u64, T>,
}

impl<T> Default for IdTable<T> {
    fn default() -> Self {
        IdTable { dense: Vec::new(), sparse: HashMap::default() }
    }
}

impl<T> IdTable<T> {
    fn clear(&mut self) {
        self.dense.clear();
        self.sparse.clear();
    }

    /// Adds an entry; false when the id is taken.
    fn insert(&mut self, id: u64, value: T) -> bool {
        if self.get(id).is_some() {
            return false;
        }
        let near = 2 * self.dense.len() as u64 + 64;
        if id < near {
            let index = id as usize;
            if index >= self.dense.len() {
                self.dense.resize_with(index + 1, || None);
            }
            self.dense[index] = Some(value);
        } else {
            self.sparse.insert(id, value);
        }
        true
    }

    #[inline(always)]
    fn get(&self, id: u64) -> Option<&T> {
        match self.dense.get(usize::try_from(id).unwrap_or(usize::MAX)) {
            Some(Some(value)) => Some(value),
            // An id that was far off when it came may lie within the array by now.
            _ if self.sparse.is_empty() => None,
            _ => self.sparse.get(&id),
        }
    }

    fn get_mut(&mut self, id: u64) -> Option<&mut T> {
        match self.dense.get_mut(usize::try_from(id).unwrap_or(usize::MAX)) {
            Some(Some(value)) => Some(value),
            _ => self.sparse.get_mut(&id),
        }
    }
}

/// A string, not yet interned: most are never asked for.
#[derive(Clone, Copy, Debug)]
struct Text {
    start: usize,
    len: u16,
    sym: Option<Sym>,
}

#[derive(Clone, Copy, Debug)]
struct Stack {
    /// Index of its first frame in [`Tables::frames`]; the leaf comes first.
    start: usize,
    len: u8,
    id: Option<StackId>,
}

#[derive(Clone, Copy, Debug)]
struct PcFrame {
    func: u64,
    file: u64,
    line: u64,
    id: Option<FrameId>,
}

/// A sample of the CPU profiler. Times are in clock units until [`Tables::finish`] has seen the frequency.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CpuSample {
    pub(crate) time: i64,
    pub(crate) thread: u64,
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
    strings: IdTable<Text>,
    stacks: IdTable<Stack>,
    /// For each frame of each stack its index in `pcs`.
    frames: Vec<u32>,
    /// A program counter means the same frame in all stacks of a generation: the first that was written.
    pcs: Vec<PcFrame>,
    by_pc: HashMap<u64, u32>,
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
    pub(crate) fn clear(&mut self) {
        self.strings.clear();
        self.stacks.clear();
        self.frames.clear();
        self.pcs.clear();
        self.by_pc.clear();
        self.samples.clear();
        self.clock = None;
        self.snapshot = None;
    }

    /// Takes in a batch if it is a table's; false when it holds events. `arena[start..]` is its data.
    pub(crate) fn take(
        &mut self,
        version: V2,
        arena: &[u8],
        start: usize,
        time: u64,
        offset: u64,
    ) -> Result<bool, TraceError> {
        let bytes = &arena[start..];
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
            let text = Text { start: start + entries.pos, len: len as u16, sym: None };
            if entries.bytes.len() - entries.pos < len as usize {
                return Err(entries.error(Kind::TableCut));
            }
            entries.pos += len as usize;
            // Id 0 is the empty string, always.
            if id == 0 || !self.strings.insert(id, text) {
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
                let pc = entries.number()?;
                let (func, file, line) = (entries.number()?, entries.number()?, entries.number()?);
                let next = self.pcs.len() as u32;
                let index = *self.by_pc.entry(pc).or_insert_with(|| {
                    self.pcs.push(PcFrame { func, file, line, id: None });
                    next
                });
                self.frames.push(index);
            }
            // Id 0 is no stack, always.
            if id == 0 || !self.stacks.insert(id, Stack { start, len: len as u8, id: None }) {
                return Err(entries.error(Kind::DuplicateStack));
            }
        }
        Ok(())
    }

    fn take_samples(&mut self, entries: &mut Entries<'_>) -> Result<(), TraceError> {
        while !entries.done() {
            entries.expect(ev::CPUSample, Kind::BadCpuSample)?;
            let time = entries.number()? as i64;
            let (thread, proc) = (entries.number()?, entries.number()?);
            let (g, stack) = (entries.number()?, entries.number()?);
            self.samples.push(CpuSample { time, thread, proc, g, stack });
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
            if frame.func != 0 && self.strings.get(frame.func).is_none() {
                return Err(TraceError::new(Kind::FrameFunctionMissing, offset));
            }
            if frame.file != 0 && self.strings.get(frame.file).is_none() {
                return Err(TraceError::new(Kind::FrameFileMissing, offset));
            }
        }
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

    /// Interns the string with this id.
    #[inline(always)]
    pub(crate) fn string(&mut self, id: u64, arena: &[u8], interner: &mut Interner) -> Option<Sym> {
        if id == 0 {
            return Some(Sym::EMPTY);
        }
        match self.strings.get(id)?.sym {
            Some(sym) => Some(sym),
            None => self.intern_string(id, arena, interner),
        }
    }

    #[cold]
    fn intern_string(&mut self, id: u64, arena: &[u8], interner: &mut Interner) -> Option<Sym> {
        let text = self.strings.get_mut(id)?;
        let sym = interner.bytes(arena.get(text.start..text.start + usize::from(text.len)).unwrap_or_default());
        text.sym = Some(sym);
        Some(sym)
    }

    /// Whether there is a string with this id.
    pub(crate) fn has_string(&self, id: u64) -> bool {
        id == 0 || self.strings.get(id).is_some()
    }

    /// Interns the stack with this id.
    #[inline(always)]
    pub(crate) fn stack(&mut self, id: u64, arena: &[u8], interner: &mut Interner) -> Option<StackId> {
        if id == 0 {
            return Some(StackId::NONE);
        }
        match self.stacks.get(id)?.id {
            Some(id) => Some(id),
            None => Some(self.intern_stack(id, arena, interner)),
        }
    }

    #[cold]
    fn intern_stack(&mut self, id: u64, arena: &[u8], interner: &mut Interner) -> StackId {
        let Some(&Stack { start, len, .. }) = self.stacks.get(id) else { return StackId::NONE };
        let range = start..start + usize::from(len);
        for at in range.clone() {
            self.intern_frame(self.frames[at], arena, interner);
        }
        let frames = self.frames[range].iter().rev();
        let interned = interner.stack(frames.filter_map(|&pc| self.pcs[pc as usize].id));
        if let Some(stack) = self.stacks.get_mut(id) {
            stack.id = Some(interned);
        }
        interned
    }

    fn intern_frame(&mut self, pc: u32, arena: &[u8], interner: &mut Interner) {
        let PcFrame { func, file, line, id } = self.pcs[pc as usize];
        if id.is_none() {
            let frame = Frame {
                func: self.string(func, arena, interner).unwrap_or_default(),
                file: self.string(file, arena, interner).unwrap_or_default(),
                line: u32::try_from(line).unwrap_or(u32::MAX),
            };
            self.pcs[pc as usize].id = Some(interner.frame(frame));
        }
    }
}

/// The clock of a generation: units to nanoseconds.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Clock {
    ns_per_unit: f64,
    /// The same as a whole number, where it is one (64 on most systems), else 0.
    whole: u64,
}

impl Clock {
    /// Below this many units a product with [`Clock::whole`] is exact in a float, too.
    const EXACT: u64 = 1 << 40;

    fn new(units_per_second: u64) -> Clock {
        // The order of operations is Go's, so that every time converts to the same nanosecond.
        let ns_per_unit = 1.0 / (units_per_second as f64 / 1e9);
        let whole = if ns_per_unit.fract() == 0.0 && ns_per_unit < 4096.0 { ns_per_unit as u64 } else { 0 };
        Clock { ns_per_unit, whole }
    }

    /// Nanoseconds as Go converts them: through a float, cut off, saturating where Go's result is undefined.
    #[inline(always)]
    pub(crate) fn ns(self, units: u64) -> i64 {
        if self.whole != 0 && units < Clock::EXACT {
            (units * self.whole) as i64
        } else {
            (units as f64 * self.ns_per_unit) as i64
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_clocks_convert_as_floats_do() {
        let clock = Clock::new(15_625_000);
        assert_eq!(clock.whole, 64);
        for units in [0, 1, 63, 1 << 20, Clock::EXACT - 1, Clock::EXACT, 1 << 52, (1 << 53) + 1, u64::MAX] {
            assert_eq!(clock.ns(units), (units as f64 * clock.ns_per_unit) as i64, "{units}");
        }
        let odd = Clock::new(24_000_000);
        assert_eq!((odd.whole, odd.ns(24), odd.ns(1)), (0, 1000, 41));
    }
}
