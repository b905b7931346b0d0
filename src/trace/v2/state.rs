//! What is known of each goroutine, processor and thread while events are put into order: an emulation of the
//! scheduler, as far as it is needed to tell which event may come next.

use super::frontier::{Entry, Wait};
use crate::hash::HashMap;
use crate::trace::error::TraceErrorKind as Kind;
use crate::trace::event::{GoSlot, ProcId, Sym};

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

/// Boxed, so that a goroutine that never had any, as nearly all are, spends one word on them. Those that had one will
/// have another: the box stays.
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
        Ok(open.swap_remove(at).name)
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

/// A thread: what it is bound to, and which of its events is next.
#[derive(Clone, Debug)]
pub(crate) struct Thread {
    pub(crate) id: u64,
    pub(crate) g: GoSlot,
    pub(crate) p: ProcIx,
    /// The id of the goroutine in `g`: the slot may have been given away since.
    pub(crate) gid: u64,
    /// The id of `p`.
    pub(crate) proc: ProcId,
    /// Its place among the generation's threads, as [`Entry::place`] gives it.
    pub(crate) place: u64,
    /// Index of its next event among those decoded, and of the one behind the last of them.
    pub(crate) next: u32,
    pub(crate) end: u32,
    /// Whether any event of it has been tried, or another thread's event told of it.
    pub(crate) seen: bool,
    /// What it waits for, when it is parked, and the time of the event that does.
    pub(crate) parked: Option<Wait>,
    pub(crate) parked_time: i64,
    /// The processor whose leaving a system call made it ready again, if it was parked before its next event happened: such
    /// an event is the end of a system call, which forgets it.
    pub(crate) woken: ProcId,
}

impl Thread {
    pub(crate) fn new(id: u64) -> Thread {
        Thread {
            id,
            g: GoSlot::NONE,
            p: ProcIx::NONE,
            gid: 0,
            proc: ProcId::NONE,
            place: 0,
            next: 0,
            end: 0,
            seen: false,
            parked: None,
            parked_time: 0,
            woken: ProcId::NONE,
        }
    }

    /// Where it stands among the parked threads.
    pub(crate) fn parked_entry(&self) -> Entry {
        Entry::new(self.parked_time, self.place)
    }

    /// Binds it to a processor, or to none.
    pub(crate) fn bind(&mut self, p: ProcIx, proc: ProcId) {
        (self.p, self.proc) = (p, proc);
    }
}
