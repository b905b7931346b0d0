//! The one event type that every trace format becomes.
//!
//! Events come in one total order, each with a time later than the one before (Go's reader adds a nanosecond where
//! the clock did not move). Everything above this module is ignorant of trace versions.

/// A moment on the trace's own clock, in nanoseconds. Its zero has no meaning outside the trace.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time(pub i64);

impl Time {
    /// No moment at all, where an `Option` would take twice the room.
    pub const NEVER: Time = Time(i64::MIN);

    /// This moment, or `None` for [`Time::NEVER`].
    pub fn get(self) -> Option<Time> {
        (self != Time::NEVER).then_some(self)
    }

    /// Nanoseconds from `earlier` to `self`, both of them times of events: those are never negative, so that nothing can
    /// overflow, and sums of stretches that do not overlap cannot either.
    #[inline(always)]
    pub fn after(self, earlier: Time) -> i64 {
        self.0.wrapping_sub(earlier.0)
    }

    /// Nanoseconds from `earlier` to `self`; saturates, and is negative when `earlier` is later.
    pub fn since(self, earlier: Time) -> i64 {
        self.0.saturating_sub(earlier.0)
    }
}

/// A goroutine's id as the runtime counts them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GoId(pub u64);

/// A dense index of a live goroutine: consecutive small numbers, reused after the goroutine has ended.
///
/// The reader looks every id up once and hands this on, so that what follows can index an array.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GoSlot(pub u32);

impl GoSlot {
    /// No goroutine: the scheduler, the network poller, a timer or the system monitor did it.
    pub const NONE: GoSlot = GoSlot(u32::MAX);

    /// This slot, or `None` where there is no goroutine.
    pub fn get(self) -> Option<GoSlot> {
        (self != GoSlot::NONE).then_some(self)
    }

    /// As an index into a table of slots.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// A processor (P): one of GOMAXPROCS.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ProcId(pub u32);

impl ProcId {
    /// No processor.
    pub const NONE: ProcId = ProcId(u32::MAX);
}

/// A thread (M), by the operating system's id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ThreadId(pub u64);

impl ThreadId {
    /// No thread.
    pub const NONE: ThreadId = ThreadId(u64::MAX);
}

/// A task's id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TaskId(pub u64);

impl TaskId {
    /// Regions and logs outside any task belong to this one (`context.Background`).
    pub const BACKGROUND: TaskId = TaskId(0);
    /// No task, as the parent of a task without one.
    pub const NONE: TaskId = TaskId(u64::MAX);
}

/// A string of the trace, interned for the whole trace: equal text, equal symbol.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Sym(pub u32);

impl Sym {
    /// The empty string.
    pub const EMPTY: Sym = Sym(0);
}

/// A stack, interned for the whole trace: equal frames, equal id. [`crate::trace::Symbols::frames`] lists it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StackId(pub u32);

impl StackId {
    /// No stack was recorded.
    pub const NONE: StackId = StackId(0);
}

/// The states of a goroutine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum GoState {
    /// Not known yet: the trace began when the goroutine existed already.
    Undetermined,
    /// Before creation or after the end.
    NotExist,
    /// Could run, waits for a processor.
    Runnable,
    /// Runs on a processor.
    Running,
    /// Blocked.
    Waiting,
    /// In a system call.
    Syscall,
}

/// The states of a processor, as analysis sees them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum ProcState {
    /// Not known yet.
    Undetermined,
    /// Before it was created (GOMAXPROCS grew).
    NotExist,
    /// Runs Go code, or a system call that did not lose it yet.
    Running,
    /// Runs nothing.
    Idle,
}

/// A change of a goroutine's state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GoTransition {
    /// The goroutine's id.
    pub id: GoId,
    /// Its slot. After a transition to [`GoState::NotExist`] the slot is free for another goroutine.
    pub slot: GoSlot,
    /// The state before.
    pub from: GoState,
    /// The state after; equal to `from` for the status notes that open each generation.
    pub to: GoState,
    /// Why it blocks or stops ([`Sym::EMPTY`] where the trace gives no reason).
    pub reason: Sym,
    /// The stack *of this goroutine*: where it blocked, or for a creation its start function. An event's own
    /// [`Event::stack`] is that of whoever caused it (the creator, the waker).
    pub stack: StackId,
}

/// Which special range of time begins or ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Range {
    /// The world is stopped, for the named purpose; belongs to the goroutine that stopped it ([`Event::g`]).
    StopTheWorld(Sym),
    /// The collector's concurrent mark phase; belongs to nobody.
    GcMark,
    /// Incremental sweeping; belongs to a processor.
    Sweep(ProcId),
    /// A goroutine is made to help with marking.
    MarkAssist(GoSlot),
}

/// Which figure a metric event sets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Gauge {
    /// `/sched/gomaxprocs:threads`
    Gomaxprocs,
    /// `/memory/classes/heap/objects:bytes`, live heap
    HeapLive,
    /// `/gc/heap/goal:bytes`
    HeapGoal,
}

impl Gauge {
    /// Every figure.
    pub const ALL: [Gauge; 3] = [Gauge::Gomaxprocs, Gauge::HeapLive, Gauge::HeapGoal];

    /// The name that Go's `runtime/metrics` gives it.
    pub fn name(self) -> &'static str {
        match self {
            Gauge::Gomaxprocs => "/sched/gomaxprocs:threads",
            Gauge::HeapLive => "/memory/classes/heap/objects:bytes",
            Gauge::HeapGoal => "/gc/heap/goal:bytes",
        }
    }
}

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventKind {
    /// A generation begins (or the last one has ended). Status notes follow.
    Sync,
    /// A gauge was set.
    Metric(Gauge, u64),
    /// The running goroutine got a label (garbage collector workers do).
    Label(Sym),
    /// A range begins.
    RangeBegin(Range),
    /// A range was open already when the generation began.
    RangeActive(Range),
    /// A range ends.
    RangeEnd(Range),
    /// A goroutine changes state.
    Go(GoTransition),
    /// A processor changes state.
    Proc {
        /// Which one.
        p: ProcId,
        /// The state before.
        from: ProcState,
        /// The state after.
        to: ProcState,
    },
    /// A task begins.
    TaskBegin {
        /// The task.
        id: TaskId,
        /// Its parent, or [`TaskId::NONE`].
        parent: TaskId,
        /// Its type.
        name: Sym,
    },
    /// A task ends. Name and parent are those of its begin, or empty and none where that is not in the trace.
    TaskEnd {
        /// The task.
        id: TaskId,
        /// Its parent, or [`TaskId::NONE`].
        parent: TaskId,
        /// Its type.
        name: Sym,
    },
    /// A region begins on the running goroutine.
    RegionBegin {
        /// The task it belongs to.
        task: TaskId,
        /// Its type.
        name: Sym,
    },
    /// A region ends on the running goroutine; not checked against the begins.
    RegionEnd {
        /// The task it belongs to.
        task: TaskId,
        /// Its type.
        name: Sym,
    },
    /// The program logged a message.
    Log {
        /// The task it belongs to.
        task: TaskId,
        /// The category.
        category: Sym,
        /// The message; [`Sym::EMPTY`] unless the reader was asked to keep messages (they may be many and distinct).
        message: Sym,
    },
    /// The CPU profiler took a sample.
    CpuSample,
    /// An event of an experiment; its arguments are not kept.
    Experimental,
}

/// One event. Small, as each is written by one thread and read by another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Event {
    /// When. Later than the event before, and never negative.
    pub time: Time,
    /// The goroutine that ran there, before the event.
    pub g: GoSlot,
    /// The processor it ran on, before the event.
    pub p: ProcId,
    /// The stack of `g` at that moment.
    pub stack: StackId,
    /// What happened.
    pub kind: EventKind,
}

/// A reading of the trace's clock and of the system's at about the same moment (Go 1.25 and newer).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClockSnapshot {
    /// On the trace's clock.
    pub trace: Time,
    /// On the system's monotonic clock, nanoseconds.
    pub mono: u64,
    /// Wall clock: seconds since 1970.
    pub wall_sec: u64,
    /// Wall clock: nanoseconds within the second.
    pub wall_nsec: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_lie_apart_as_they_say() {
        assert_eq!((Time(30).after(Time(12)), Time(12).after(Time(30))), (18, -18));
        assert_eq!((Time(30).since(Time(12)), Time(12).since(Time(30))), (18, -18));
        assert_eq!(Time(i64::MAX).since(Time(-5)), i64::MAX);
        assert_eq!((Time::NEVER.get(), Time(7).get(), Time(0).get()), (None, Some(Time(7)), Some(Time(0))));
    }

    #[test]
    fn gauges_are_called_as_runtime_metrics_calls_them() {
        let names = [Gauge::Gomaxprocs, Gauge::HeapLive, Gauge::HeapGoal].map(Gauge::name);
        let want = ["/sched/gomaxprocs:threads", "/memory/classes/heap/objects:bytes", "/gc/heap/goal:bytes"];
        assert_eq!(names, want);
    }
}
