//! What is known of each goroutine, processor and thread while events are put into order: an emulation of the
//! scheduler, as far as it is needed to tell which event may come next.

use super::spec::{self, MAX_ARGS};
use crate::hash::HashMap;
use crate::trace::error::TraceErrorKind as Kind;
use crate::trace::event::{GoSlot, Sym};

/// More special ranges than this are never open on one goroutine or processor at once (the runtime opens two).
const MAX_RANGES: usize = 64;

/// A sequence number: valid within its generation only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Seq {
    pub(crate) generation: u64,
    pub(crate) n: u64,
}

impl Seq {
    pub(crate) fn new(generation: u64, n: u64) -> Seq {
        Seq { generation, n }
    }

    /// Whether this is the number right after `before`.
    #[inline(always)]
    pub(crate) fn succeeds(self, before: Seq) -> bool {
        self.generation == before.generation && self.n == before.n.wrapping_add(1)
    }
}

/// A goroutine's status on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum GoStatus {
    Runnable = 1,
    Running = 2,
    Syscall = 3,
    Waiting = 4,
}

impl GoStatus {
    pub(crate) fn from_wire(status: u64) -> Option<GoStatus> {
        Some(match status {
            1 => GoStatus::Runnable,
            2 => GoStatus::Running,
            3 => GoStatus::Syscall,
            4 => GoStatus::Waiting,
            _ => return None,
        })
    }
}

/// A processor's status on the wire. Abandoned: in a system call, but nobody knows on which thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum ProcStatus {
    Running = 1,
    Idle = 2,
    Syscall = 3,
    SyscallAbandoned = 4,
}

impl ProcStatus {
    pub(crate) fn from_wire(status: u64) -> Option<ProcStatus> {
        Some(match status {
            1 => ProcStatus::Running,
            2 => ProcStatus::Idle,
            3 => ProcStatus::Syscall,
            4 => ProcStatus::SyscallAbandoned,
            _ => return None,
        })
    }

    pub(crate) fn in_syscall(self) -> bool {
        matches!(self, ProcStatus::Syscall | ProcStatus::SyscallAbandoned)
    }
}

/// Special ranges that are open on a goroutine or processor. Hardly ever more than one, mostly none.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ranges(Option<Box<OpenRanges>>);

/// Boxed, so that a goroutine without any, as nearly all are, spends one word on them.
#[derive(Clone, Debug, Default)]
struct OpenRanges(Vec<OpenRange>);

#[derive(Clone, Copy, Debug)]
struct OpenRange {
    /// The event type that begins it.
    begin: u8,
    /// The string id that tells kinds of stop-the-world apart, in the generation where it began.
    kind: u64,
    name: Sym,
}

impl Ranges {
    fn open(&self) -> &[OpenRange] {
        self.0.as_ref().map_or(&[], |open| open.0.as_slice())
    }

    fn has(&self, begin: u8, kind: u64) -> bool {
        self.open().iter().any(|r| r.begin == begin && r.kind == kind)
    }

    pub(crate) fn begin(&mut self, begin: u8, kind: u64, name: Sym) -> Result<(), Kind> {
        if self.has(begin, kind) {
            return Err(Kind::RangeAlreadyOpen);
        }
        let OpenRanges(open) = &mut **self.0.get_or_insert_default();
        if open.len() >= MAX_RANGES {
            return Err(Kind::TooManyRanges);
        }
        open.push(OpenRange { begin, kind, name });
        Ok(())
    }

    /// A range that was open already when the generation began.
    pub(crate) fn active(&mut self, begin: u8, first_generation: bool) -> Result<(), Kind> {
        if first_generation {
            self.begin(begin, 0, Sym::EMPTY)
        } else if self.has(begin, 0) {
            Ok(())
        } else {
            Err(Kind::RangeNotOpen)
        }
    }

    /// Ends the first open range of that type and gives its name.
    pub(crate) fn end(&mut self, begin: u8) -> Result<Sym, Kind> {
        let OpenRanges(open) = &mut **self.0.as_mut().ok_or(Kind::RangeNotOpen)?;
        let at = open.iter().position(|r| r.begin == begin).ok_or(Kind::RangeNotOpen)?;
        let range = open.swap_remove(at);
        if open.is_empty() {
            self.0 = None;
        }
        Ok(range.name)
    }
}

/// A goroutine.
#[derive(Clone, Debug)]
pub(crate) struct Go {
    pub(crate) id: u64,
    pub(crate) seq: Seq,
    pub(crate) status: GoStatus,
    live: bool,
    pub(crate) ranges: Ranges,
}

/// All goroutines, in dense slots.
#[derive(Debug)]
pub(crate) struct Gos {
    slots: Vec<Go>,
    free: Vec<GoSlot>,
    by_id: HashMap<u64, GoSlot>,
    /// For the low bits of an id, the slot that the last look-up of such an id found. The events of a trace go back
    /// to the same few goroutines, and this spares them the hash table.
    recent: Box<[GoSlot; Gos::RECENT]>,
}

impl Gos {
    const RECENT: usize = 1024;

    pub(crate) fn new() -> Gos {
        Gos {
            slots: Vec::new(),
            free: Vec::new(),
            by_id: HashMap::default(),
            recent: Box::new([GoSlot::NONE; Gos::RECENT]),
        }
    }

    /// The slot of a live goroutine.
    #[inline(always)]
    pub(crate) fn find(&mut self, id: u64) -> Option<GoSlot> {
        let recent = id as usize % Gos::RECENT;
        let slot = self.recent[recent];
        if self.slots.get(slot.index()).is_some_and(|g| g.id == id && g.live) {
            return Some(slot);
        }
        let slot = *self.by_id.get(&id)?;
        self.recent[recent] = slot;
        Some(slot)
    }

    /// Adds a goroutine that is not there yet; `None` when there are too many.
    pub(crate) fn add(&mut self, id: u64, status: GoStatus, seq: Seq) -> Option<GoSlot> {
        let go = Go { id, seq, status, live: true, ranges: Ranges::default() };
        let slot = match self.free.pop() {
            Some(slot) => {
                self.slots[slot.index()] = go;
                slot
            }
            None => {
                let slot = GoSlot(u32::try_from(self.slots.len()).ok().filter(|&n| n != u32::MAX)?);
                self.slots.push(go);
                slot
            }
        };
        self.by_id.insert(id, slot);
        Some(slot)
    }

    pub(crate) fn remove(&mut self, slot: GoSlot) {
        let go = &mut self.slots[slot.index()];
        go.live = false;
        go.ranges = Ranges::default();
        self.by_id.remove(&go.id);
        self.free.push(slot);
    }

    #[inline(always)]
    pub(crate) fn get(&mut self, slot: GoSlot) -> &mut Go {
        &mut self.slots[slot.index()]
    }

    /// Whether `slot` still holds the goroutine `id`.
    #[inline(always)]
    pub(crate) fn holds(&self, slot: GoSlot, id: u64) -> bool {
        self.slots.get(slot.index()).is_some_and(|g| g.live && g.id == id)
    }
}

/// Index of a processor in [`Procs`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ProcIx(pub(crate) u32);

impl ProcIx {
    pub(crate) const NONE: ProcIx = ProcIx(u32::MAX);
}

/// A processor.
#[derive(Clone, Debug)]
pub(crate) struct Proc {
    pub(crate) id: u32,
    pub(crate) seq: Seq,
    pub(crate) status: ProcStatus,
    /// The thread that was last bound to it, an index.
    pub(crate) holder: u32,
    pub(crate) ranges: Ranges,
}

/// All processors.
#[derive(Debug, Default)]
pub(crate) struct Procs {
    all: Vec<Proc>,
    by_id: HashMap<u32, ProcIx>,
}

impl Procs {
    pub(crate) fn find(&self, id: u32) -> Option<ProcIx> {
        // Processors are numbered from 0 and mostly first seen in that order.
        match self.all.get(id as usize) {
            Some(p) if p.id == id => Some(ProcIx(id)),
            _ => self.by_id.get(&id).copied(),
        }
    }

    pub(crate) fn add(&mut self, id: u32, status: ProcStatus, seq: Seq) -> ProcIx {
        let ix = ProcIx(self.all.len() as u32);
        self.all.push(Proc { id, seq, status, holder: u32::MAX, ranges: Ranges::default() });
        self.by_id.insert(id, ix);
        ix
    }

    #[inline(always)]
    pub(crate) fn get(&mut self, ix: ProcIx) -> &mut Proc {
        &mut self.all[ix.0 as usize]
    }
}

/// The next event of a thread, undigested.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Raw {
    pub(crate) args: [u64; MAX_ARGS],
    /// The event type, in a whole word: a byte with padding behind it is slow to copy.
    pub(crate) typ: u64,
}

impl Raw {
    pub(crate) fn name(&self) -> &'static str {
        spec::name(self.typ as u8)
    }
}

/// A thread: what it is bound to, and how far its events have been read.
#[derive(Clone, Debug)]
pub(crate) struct Thread {
    pub(crate) id: u64,
    /// Whether any event of it has been tried, or another thread's event told of it.
    pub(crate) seen: bool,
    pub(crate) g: GoSlot,
    /// The id of the goroutine in `g`: the slot may have been given away since.
    pub(crate) gid: u64,
    pub(crate) p: ProcIx,
    /// Its next event, and when that happened, ns.
    pub(crate) raw: Raw,
    pub(crate) time: i64,
    /// Place of the event behind that one in the generation's bytes, and the end of the batch.
    pub(crate) pos: usize,
    pub(crate) end: usize,
    /// Index of the batch that `pos` lies in.
    pub(crate) batch: u32,
    /// Time of the last event read from this batch, ns; 0 when none has been.
    pub(crate) last_time: i64,
    /// What it waits for, when it is parked.
    pub(crate) parked: Option<super::frontier::Wait>,
    /// What made it ready again, if it was parked before its next event happened.
    pub(crate) woken: Option<super::frontier::Wait>,
}

impl Thread {
    pub(crate) fn new(id: u64) -> Thread {
        Thread {
            id,
            seen: false,
            g: GoSlot::NONE,
            gid: 0,
            p: ProcIx::NONE,
            raw: Raw::default(),
            time: 0,
            pos: 0,
            end: 0,
            batch: 0,
            last_time: 0,
            parked: None,
            woken: None,
        }
    }
}
