//! What a timeline gives out, and who takes it.

use crate::trace::{Event, Frame, Gauge, GoId, GoSlot, Range, StackId, Sym, TaskId, Time};

/// What a goroutine does during a span.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum State {
    /// Runs on a processor.
    Running,
    /// Could run, waits for a processor.
    Runnable,
    /// Blocked.
    Waiting,
    /// In a system call, holding its processor.
    Syscall,
    /// In a system call, its processor retaken.
    SyscallBlocked,
}

/// A stretch of time that a goroutine spent in one state.
#[derive(Clone, Copy, Debug)]
pub struct Span {
    /// The goroutine.
    pub g: GoSlot,
    /// What it did.
    pub state: State,
    /// Why it waited, for [`State::Waiting`]; [`Sym::EMPTY`] where the trace does not say.
    pub reason: Sym,
    /// Where it was when that began; [`StackId::NONE`] where the trace does not say.
    pub stack: StackId,
    /// When that began.
    pub start: Time,
    /// When it ended.
    pub end: Time,
    /// Who ended it: the goroutine that woke this one; none for the network, timers, the runtime, and for what
    /// nobody ends.
    pub by: GoSlot,
    /// Where that one was.
    pub by_stack: StackId,
    /// True when the trace ended first.
    pub open: bool,
}

impl Span {
    /// How long it took, ns.
    pub fn ns(&self) -> i64 {
        self.end.since(self.start)
    }
}

/// A goroutine that is new to the analysis.
#[derive(Clone, Copy, Debug)]
pub struct Birth {
    /// Where it will be found.
    pub g: GoSlot,
    /// Its id.
    pub id: GoId,
    /// When it was created, or the time since when the trace knows of it.
    pub time: Time,
    /// True when it was created within the trace.
    pub created: bool,
    /// Who created it.
    pub by: GoSlot,
    /// Where that one was.
    pub by_stack: StackId,
}

/// Takes what a timeline gives out. Everything comes in the order of time, but for spans, which come when they end.
pub trait Sink {
    /// A generation begins.
    fn sync(&mut self, _time: Time) {}
    /// A goroutine is heard of for the first time.
    fn born(&mut self, birth: &Birth);
    /// The start function of a goroutine has become known: its frame, and its name in full.
    fn named(&mut self, g: GoSlot, start: Frame, name: &str);
    /// A goroutine spent time in a state.
    fn span(&mut self, span: &Span);
    /// A goroutine ended (or will wait forever), or the trace did; `reason` is the event that ended it.
    fn finalize(&mut self, g: GoSlot, time: Time, reason: Option<&Event>);
    /// A goroutine's slot is about to be used for another one, or the trace is over (`alive`: it never ended).
    fn retire(&mut self, g: GoSlot, alive: bool);
    /// Time in a special range that belongs to a goroutine has begun.
    fn range_begin(&mut self, g: GoSlot, range: Range, since: Time);
    /// It has ended; `None` when it ended somewhere else and belongs to nobody after all.
    fn range_end(&mut self, g: GoSlot, range: Range, end: Option<Time>);
    /// A special range has come to its end, begun and ended within the trace.
    fn range(&mut self, range: Range, start: Time, end: Time, begin_stack: StackId);
    /// A special range begins.
    fn range_begun(&mut self, _event: &Event, _range: Range) {}
    /// A region begins on the goroutine of the event, which has the id `g` and is in the middle of `open`.
    fn region_begin(&mut self, event: &Event, g: u64, task: TaskId, name: Sym, open: Option<Span>);
    /// A region ends on the goroutine of the event, which has the id `g` and is in the middle of `open`.
    fn region_end(&mut self, event: &Event, g: u64, task: TaskId, name: Sym, open: Option<Span>);
    /// A task begins; `g` is the id of the goroutine that says so.
    fn task_begin(&mut self, event: &Event, g: u64, id: TaskId, parent: TaskId, name: Sym);
    /// A task ends.
    fn task_end(&mut self, event: &Event, g: u64, id: TaskId, parent: TaskId, name: Sym);
    /// The program logged a message.
    fn log(&mut self, event: &Event, g: u64, task: TaskId, category: Sym, message: Sym);
    /// A gauge was set.
    fn gauge(&mut self, event: &Event, gauge: Gauge, value: u64);
}
