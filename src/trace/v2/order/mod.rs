//! The order of events: an emulation of Go's scheduler that lets an event happen only when it can have happened.
//!
//! Clocks of different threads need not agree, so times alone do not order events. Sequence numbers do: a goroutine
//! that blocks on one thread and is woken and started on others leaves
//!
//! ```text
//!   M1:  … GoBlock g7
//!   M2:              GoUnblock g7 seq 5 …
//!   M3:                                   GoStart g7 seq 6 …
//! ```
//!
//! and whatever the clocks say, the start comes after the wake-up, which comes after the block. The files here hold the
//! rules: for each event type when it may happen, what must hold then, and what it changes. An event that may not
//! happen *yet* makes its thread wait; one that contradicts what is known makes the trace broken.

mod goroutines;
mod procs;
mod ranges;
mod syscalls;
mod user;

use super::decode::Raw;
use super::frontier::{Entry, Frontier, Wait};
use super::generation::Generation;
use super::gos::Gos;
use super::spec::{MAX_ARGS, ev};
use super::state::{ProcIx, Procs, Seq, Thread};
use crate::hash::HashMap;
use crate::trace::error::TraceErrorKind as Kind;
use crate::trace::event::{Event, EventKind, GoSlot, ProcId, StackId, Sym, TaskId, ThreadId, Time};
use crate::trace::symbols::Interner;

/// What came of trying an event.
pub(crate) enum Step {
    /// It happened.
    Advanced,
    /// It cannot have happened yet: what for is in [`Order::wait`], so that this fits into a register.
    Blocked,
}

type Result<T> = std::result::Result<T, Kind>;

/// Where an event happens: the thread, and what it is bound to.
#[derive(Clone, Copy)]
struct Ctx {
    /// Index of the thread.
    t: u32,
    thread: ThreadId,
    /// What the thread says it runs.
    bound: GoSlot,
    /// The same, or none if that goroutine is gone.
    g: GoSlot,
    p: ProcIx,
    /// The id of `p`.
    proc: ProcId,
}

/// What a rule asks of the processor of the context. Where there must be none it waits until that is so.
#[derive(Clone, Copy, PartialEq, Eq)]
enum ProcNeed {
    Must,
    May,
}

/// What a rule asks of its goroutine.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Need {
    Must,
    May,
    MustNot,
}

impl Ctx {
    #[inline(always)]
    fn check(self, proc: ProcNeed, goroutine: Need) -> Result<()> {
        if self.thread == ThreadId::NONE {
            return Err(Kind::NeedsThread);
        }
        if proc == ProcNeed::Must && self.p == ProcIx::NONE {
            return Err(Kind::NeedsProc);
        }
        match (goroutine, self.bound != GoSlot::NONE) {
            (Need::Must, false) => Err(Kind::NeedsGoroutine),
            (Need::MustNot, true) => Err(Kind::HasGoroutine),
            _ => Ok(()),
        }
    }

    /// What events of running user code need.
    #[inline(always)]
    fn check_user(self) -> Result<()> {
        self.check(ProcNeed::Must, Need::Must)
    }

    /// The goroutine that runs here, which must be known.
    #[inline(always)]
    fn current(self) -> Result<GoSlot> {
        self.g.get().ok_or(Kind::UnknownGoroutine)
    }

    /// The same place without a goroutine.
    fn without_g(self) -> Ctx {
        Ctx { g: GoSlot::NONE, ..self }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum GcState {
    Undetermined,
    NotRunning,
    Running,
}

#[derive(Clone, Copy)]
struct ActiveTask {
    name: Sym,
    parent: TaskId,
}

/// The scheduler's state, and the events that have come out of it so far.
pub(crate) struct Order {
    pub(crate) threads: Vec<Thread>,
    by_thread: HashMap<u64, u32>,
    gos: Gos,
    procs: Procs,
    tasks: HashMap<u64, ActiveTask>,
    gc: GcState,
    gc_seq: u64,
    /// The number of the generation that is being read, and of the first one.
    generation: u64,
    first_generation: u64,
    pub(crate) frontier: Frontier,
    /// What the event that was tried last and is blocked waits for.
    pub(crate) wait: Wait,
    pub(crate) interner: Interner,
    pub(crate) out: Vec<Event>,
    last_time: i64,
    keep_messages: bool,
}

impl Order {
    pub(crate) fn new(keep_messages: bool) -> Order {
        Order {
            threads: Vec::new(),
            by_thread: HashMap::default(),
            gos: Gos::new(),
            procs: Procs::default(),
            tasks: HashMap::default(),
            gc: GcState::Undetermined,
            gc_seq: 0,
            generation: 0,
            first_generation: 0,
            frontier: Frontier::default(),
            wait: Wait::Gc(0),
            interner: Interner::default(),
            out: Vec::new(),
            last_time: 0,
            keep_messages,
        }
    }

    /// Begins a generation.
    pub(crate) fn begin(&mut self, number: u64, with_samples: bool) {
        self.generation = number;
        if self.first_generation == 0 {
            self.first_generation = number;
        }
        self.frontier.clear(with_samples);
    }

    /// The index of a thread, known or new.
    pub(crate) fn thread(&mut self, id: u64) -> u32 {
        let next = self.threads.len() as u32;
        let index = *self.by_thread.entry(id).or_insert(next);
        if index == next {
            self.threads.push(Thread::new(id));
        }
        index
    }

    /// Tries `raw`, the next event of thread `t`.
    #[inline(always)]
    pub(crate) fn advance(&mut self, t: u32, raw: &Raw, data: &mut Generation) -> Result<Step> {
        let thread = &mut self.threads[t as usize];
        thread.seen = true;
        let (id, bound, gid, p, proc) = (thread.id, thread.g, thread.gid, thread.p, thread.proc);
        let g = if bound == GoSlot::NONE || self.gos.holds(bound, gid) { bound } else { GoSlot::NONE };
        let ctx = Ctx { t, thread: ThreadId(id), bound, g, p, proc };
        let typ = raw.typ;
        // One for each rule: what the frequent ones need of it then stays in registers.
        macro_rules! rule {
            () => {
                Rule { order: self, data, ctx, raw, typ }
            };
        }
        match typ {
            ev::GoStart => return rule!().go_start(),
            ev::GoUnblock => return rule!().go_unblock(),
            ev::GoBlock | ev::GoStop | ev::GoDestroy => rule!().go_leave()?,
            ev::GoSyscallBegin => rule!().syscall_begin()?,
            ev::GoSyscallEnd => rule!().syscall_end()?,
            ev::GoSyscallEndBlocked => return rule!().syscall_end_blocked(),
            ev::GoCreate => rule!().go_create(false)?,
            ev::GoCreateBlocked => rule!().go_create(true)?,
            ev::GoSwitch => return rule!().go_switch(false),
            ev::GoSwitchDestroy => return rule!().go_switch(true),
            ev::GoStatus => rule!().go_status(StackId::NONE)?,
            ev::GoStatusStack => {
                let mut rule = rule!();
                let stack = rule.stack(rule.args()[3])?;
                rule.go_status(stack)?;
            }
            ev::GoCreateSyscall => rule!().go_create_syscall()?,
            ev::GoDestroySyscall => rule!().go_destroy_syscall()?,
            ev::ProcStart => return rule!().proc_start(),
            ev::ProcStop => rule!().proc_stop()?,
            ev::ProcSteal => return rule!().proc_steal(),
            ev::ProcStatus => rule!().proc_status()?,
            ev::GCActive => return rule!().gc_active(),
            ev::GCBegin => return rule!().gc_begin(),
            ev::GCEnd => return rule!().gc_end(),
            ev::STWBegin => rule!().stw_begin()?,
            ev::STWEnd => rule!().stw_end()?,
            ev::GCSweepActive => rule!().sweep_active()?,
            ev::GCSweepBegin => rule!().sweep_begin()?,
            ev::GCSweepEnd => rule!().sweep_end()?,
            ev::GCMarkAssistActive => rule!().assist_active()?,
            ev::GCMarkAssistBegin => rule!().assist_begin()?,
            ev::GCMarkAssistEnd => rule!().assist_end()?,
            ev::ProcsChange | ev::HeapAlloc | ev::HeapGoal => rule!().metric()?,
            ev::GoLabel => rule!().label()?,
            ev::UserTaskBegin => rule!().task_begin()?,
            ev::UserTaskEnd => rule!().task_end()?,
            ev::UserRegionBegin => rule!().region(true)?,
            ev::UserRegionEnd => rule!().region(false)?,
            ev::UserLog => rule!().log()?,
            128.. => rule!().experimental()?,
            _ => return Err(Kind::UnknownEvent),
        }
        Ok(Step::Advanced)
    }

    /// Appends an event. The reader makes times strictly increasing: a nanosecond more where the clock stood still.
    #[inline(always)]
    fn emit(&mut self, time: i64, ctx: Ctx, stack: StackId, kind: EventKind) {
        self.emit_as(time, ctx.g, ctx.proc, stack, kind);
    }

    /// The same where the context is not a thread's own (CPU samples, generation marks).
    #[inline(always)]
    pub(crate) fn emit_as(&mut self, time: i64, g: GoSlot, p: ProcId, stack: StackId, kind: EventKind) {
        let time = if time <= self.last_time { self.last_time.saturating_add(1) } else { time };
        self.last_time = time;
        self.out.push(Event { time: Time(time), g, p, stack, kind });
    }

    /// Marks the begin of a generation, or with `None` the end of the trace.
    pub(crate) fn sync(&mut self, time: Option<i64>) {
        let time = time.unwrap_or(self.last_time);
        self.emit_as(time, GoSlot::NONE, ProcId::NONE, StackId::NONE, EventKind::Sync);
    }

    /// The slot of a goroutine for a CPU sample's context.
    pub(crate) fn sampled(&mut self, g: u64) -> GoSlot {
        if g == 0 { GoSlot::NONE } else { self.gos.find(g).unwrap_or(GoSlot::NONE) }
    }

    /// Sets aside a thread whose event is blocked.
    pub(crate) fn park(&mut self, entry: Entry) {
        let thread = &mut self.threads[entry.t() as usize];
        (thread.parked, thread.parked_time) = (Some(self.wait), entry.time());
        self.frontier.park(entry, self.wait);
    }

    /// The parked thread with the least time.
    pub(crate) fn first_parked(&self) -> Option<Entry> {
        self.threads.iter().filter(|thread| thread.parked.is_some()).map(Thread::parked_entry).min()
    }

    /// Wakes the least thread that waits for `wait`.
    fn wake(&mut self, wait: Wait) {
        let threads = &self.threads;
        let woken = self.frontier.wake(wait, |entry| {
            let thread = &threads[entry.t() as usize];
            thread.parked == Some(wait) && thread.parked_time == entry.time()
        });
        if let Some(entry) = woken {
            let thread = &mut self.threads[entry.t() as usize];
            thread.parked = None;
            if let Wait::SyscallLeft(p) = wait {
                thread.woken = ProcId(p);
            }
        }
    }

    /// Tells those who wait that this goroutine's status or sequence number has changed.
    #[inline(always)]
    fn go_changed(&mut self, slot: GoSlot) {
        if self.frontier.any_parked() {
            self.wake_for_go(slot);
        }
    }

    #[cold]
    fn wake_for_go(&mut self, slot: GoSlot) {
        use super::state::GoStatus;
        let generation = self.generation;
        let go = self.gos.get(slot);
        if go.seq.generation != generation {
            return;
        }
        let (id, next) = (go.id, go.seq.n.wrapping_add(1));
        match go.status {
            GoStatus::Runnable => self.wake(Wait::GoRunnable(id, next)),
            GoStatus::Waiting => self.wake(Wait::GoWaiting(id, next)),
            GoStatus::Running | GoStatus::Syscall => {}
        }
    }

    /// Tells those who wait that this processor's status or sequence number has changed.
    #[inline(always)]
    fn proc_changed(&mut self, p: ProcIx) {
        if self.frontier.any_parked() {
            self.wake_for_proc(p);
        }
    }

    #[cold]
    fn wake_for_proc(&mut self, p: ProcIx) {
        use super::state::ProcStatus;
        let generation = self.generation;
        let proc = self.procs.get(p);
        let (id, status, next) = (proc.id, proc.status, proc.seq.n.wrapping_add(1));
        if proc.seq.generation == generation {
            match status {
                ProcStatus::Idle => self.wake(Wait::ProcIdle(id, next)),
                ProcStatus::Syscall | ProcStatus::SyscallAbandoned => self.wake(Wait::ProcInSyscall(id, next)),
                ProcStatus::Running => {}
            }
        }
        if status != ProcStatus::Syscall {
            self.wake(Wait::SyscallLeft(id));
        }
    }

    /// Another thread took the processor of thread `t`.
    fn lose_proc(&mut self, t: u32) {
        let thread = &mut self.threads[t as usize];
        thread.bind(ProcIx::NONE, ProcId::NONE);
        if let Some(Wait::ProcLost(_) | Wait::SyscallLeft(_)) = thread.parked {
            thread.parked = None;
            let entry = thread.parked_entry();
            self.frontier.unpark(entry);
        }
    }
}

/// One event being tried: the state it meets, and the tables that its ids refer to.
struct Rule<'a> {
    order: &'a mut Order,
    data: &'a mut Generation,
    ctx: Ctx,
    raw: &'a Raw,
    typ: u8,
}

impl Rule<'_> {
    /// The event's arguments.
    #[inline(always)]
    fn args(&self) -> [u64; MAX_ARGS] {
        self.raw.args()
    }

    /// The event must wait.
    #[cold]
    fn blocked(&mut self, wait: Wait) -> Result<Step> {
        self.order.wait = wait;
        Ok(Step::Blocked)
    }

    #[inline(always)]
    fn emit(&mut self, stack: StackId, kind: EventKind) {
        self.order.emit(self.raw.time, self.ctx, stack, kind);
    }

    #[inline(always)]
    fn stack(&mut self, id: u64) -> Result<StackId> {
        match self.data.tables.stack(id) {
            Some(stack) => Ok(stack),
            None => self.intern_stack(id),
        }
    }

    /// It is mentioned for the first time.
    #[cold]
    #[inline(never)]
    fn intern_stack(&mut self, id: u64) -> Result<StackId> {
        let Generation { tables, arena, .. } = &mut *self.data;
        tables.intern_stack(id, arena, &mut self.order.interner).ok_or(Kind::StackMissing)
    }

    #[inline(always)]
    fn string(&mut self, id: u64) -> Result<Sym> {
        match self.data.tables.string(id) {
            Some(sym) => Ok(sym),
            None => self.intern_string(id),
        }
    }

    /// It is mentioned for the first time.
    #[cold]
    #[inline(never)]
    fn intern_string(&mut self, id: u64) -> Result<Sym> {
        let Generation { tables, arena, .. } = &mut *self.data;
        tables.intern_string(id, arena, &mut self.order.interner).ok_or(Kind::StringMissing)
    }

    #[inline(always)]
    fn seq(&self, n: u64) -> Seq {
        Seq::new(self.order.generation, n)
    }

    fn in_first_generation(&self) -> bool {
        self.order.generation == self.order.first_generation
    }

    /// Binds a goroutine (or none) to the thread of this event.
    #[inline(always)]
    fn bind_g(&mut self, slot: GoSlot, id: u64) {
        if self.ctx.thread != ThreadId::NONE {
            let thread = &mut self.order.threads[self.ctx.t as usize];
            (thread.g, thread.gid) = (slot, id);
        }
    }

    /// Binds a processor (or none) to the thread of this event.
    fn bind_p(&mut self, p: ProcIx) {
        if self.ctx.thread != ThreadId::NONE {
            let thread = &mut self.order.threads[self.ctx.t as usize];
            if p == ProcIx::NONE {
                thread.bind(p, ProcId::NONE);
            } else {
                let proc = self.order.procs.get(p);
                proc.holder = self.ctx.t;
                thread.bind(p, ProcId(proc.id));
            }
        }
    }
}
