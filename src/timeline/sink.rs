//! What a timeline gives out, and who takes it.

use super::goroutines::Goroutine;
use crate::trace::{
    Event, Frame, Gauge, GoId, GoSlot, GoTransition, ProcId, ProcState, Range, StackId, Sym, Symbols, TaskId, Time,
};

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

/// How a goroutine came to wait for a processor.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Cause {
    /// The trace does not say: it was so when the trace began.
    #[default]
    Unknown,
    /// It was created.
    Created,
    /// A goroutine woke it.
    Woken,
    /// The network poller, a timer or the runtime woke it: nobody's goroutine.
    External,
    /// It had to give up its processor.
    Preempted,
    /// It gave up its processor by itself (`runtime.Gosched`).
    Yielded,
    /// It came back from a system call that had lost its processor.
    Syscall,
}

impl Cause {
    /// Every cause.
    pub const ALL: [Cause; 7] = [
        Cause::Unknown,
        Cause::Created,
        Cause::Woken,
        Cause::External,
        Cause::Preempted,
        Cause::Yielded,
        Cause::Syscall,
    ];

    /// Its name in summaries and reports.
    pub fn name(self) -> &'static str {
        match self {
            Cause::Unknown => "unknown",
            Cause::Created => "created",
            Cause::Woken => "woken",
            Cause::External => "network or timer",
            Cause::Preempted => "preempted",
            Cause::Yielded => "yielded",
            Cause::Syscall => "syscall",
        }
    }
}

/// What a goroutine is about, as far as the load of the scheduler is concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Activity {
    /// It does not exist, or will wait for ever.
    Gone,
    /// Runs.
    Running,
    /// Waits for a processor.
    Runnable,
    /// Blocked.
    Waiting,
    /// In a system call.
    Syscall,
}

impl Activity {
    /// Whether it runs or is in a system call.
    #[inline(always)]
    pub fn executes(self) -> bool {
        matches!(self, Activity::Running | Activity::Syscall)
    }
}

/// A goroutine changes its state.
#[derive(Clone, Copy, Debug)]
pub struct Move {
    /// Which one.
    pub g: GoSlot,
    /// What it did before.
    pub from: Activity,
    /// What it does now.
    pub to: Activity,
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
    /// How it came to wait for a processor, for [`State::Runnable`].
    pub cause: Cause,
    /// Where whoever began it was: for [`State::Runnable`] the waker or creator, else the goroutine itself.
    pub begun_at: StackId,
    /// True when the trace ended first.
    pub open: bool,
    /// Whether the trace tells of its begin; not so for what was going on when the trace began.
    pub has_begin: bool,
}

impl Span {
    /// How long it took, ns.
    #[inline(always)]
    pub fn ns(&self) -> i64 {
        self.end.after(self.start)
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

impl Birth {
    /// Of one that this event creates.
    #[inline(always)]
    pub(super) fn of(event: &Event, t: &GoTransition) -> Birth {
        Birth { g: t.slot, id: t.id, time: event.time, created: true, by: event.g, by_stack: event.stack }
    }
}

/// What goroutines are in the middle of.
#[derive(Clone, Copy, Debug)]
pub struct Open<'a>(pub(super) &'a [Goroutine]);

impl Open<'_> {
    /// What the goroutine is in the middle of, as if that ended at `now`.
    pub fn span(&self, g: GoSlot, now: Time) -> Option<Span> {
        self.0.get(g.index())?.open(now).map(|span| Span { g, ..span })
    }

    /// Since when the goroutine runs, if it does.
    #[inline(always)]
    pub fn runs_since(&self, g: GoSlot) -> Option<Time> {
        self.0.get(g.index())?.runs_since()
    }
}

/// Takes what a timeline gives out. Everything comes in the order of time, but for spans, which come when they end.
pub trait Sink {
    /// More symbols are known; told before the events that mention them.
    fn learn(&mut self, _symbols: &Symbols) {}
    /// The window begins: figures begin anew, with all in the state that it is in.
    fn begin_window(&mut self, _from: Time, _symbols: &Symbols) {}
    /// Something will soon be told of this goroutine: looks at what is known of it, and gives a part of each cache line.
    #[inline(always)]
    fn look(&self, _g: GoSlot) -> u64 {
        0
    }
    /// A generation begins.
    fn sync(&mut self, _time: Time) {}
    /// A goroutine is heard of for the first time.
    fn born(&mut self, birth: &Birth);
    /// The start function of a goroutine has become known; of one that a launcher started, who called that one, where.
    fn named(&mut self, g: GoSlot, start: Frame, symbols: &Symbols);
    /// A goroutine spent time in a state.
    fn span(&mut self, span: &Span, symbols: &Symbols);
    /// A goroutine's state changes; the span that this ends has been given out.
    fn moved(&mut self, _event: &Event, _moved: Move, _symbols: &Symbols) {}
    /// A processor's state changes.
    fn proc(&mut self, _event: &Event, _p: ProcId, _from: ProcState, _to: ProcState) {}
    /// The running goroutine got a label.
    fn label(&mut self, _event: &Event, _text: &str) {}
    /// A goroutine ended (or will wait forever), or the trace did; `reason` is the event that ended it, `open` what
    /// the others are in the middle of.
    fn finalize(&mut self, g: GoSlot, time: Time, reason: Option<&Event>, open: Open<'_>);
    /// A goroutine's slot is about to be used for another one, or the trace is over (`alive`: it never ended).
    fn retire(&mut self, g: GoSlot, alive: bool, time: Time);
    /// Time in a special range that belongs to a goroutine has begun.
    fn range_begin(&mut self, g: GoSlot, range: Range, since: Time);
    /// It has ended; `None` when it ended somewhere else and belongs to nobody after all.
    fn range_end(&mut self, g: GoSlot, range: Range, end: Option<Time>);
    /// A special range has come to its end, begun and ended within the trace.
    fn range(&mut self, range: Range, start: Time, end: Time, begin_stack: StackId);
    /// A special range begins, or (`active`) is open as a generation begins; `executing`: whether the goroutine of the event runs or is in a system call.
    fn range_begun(&mut self, _event: &Event, _range: Range, _active: bool, _executing: bool, _symbols: &Symbols) {}
    /// A special range ends, wherever it began.
    fn range_ended(&mut self, _event: &Event, _range: Range, _symbols: &Symbols) {}
    /// A region begins on the goroutine of the event, which has the id `g`; `open` is what goroutines are in the middle of.
    fn region_begin(&mut self, event: &Event, g: u64, task: TaskId, name: Sym, open: Open<'_>);
    /// A region ends on the goroutine of the event, which has the id `g`; `open` is what goroutines are in the middle of.
    fn region_end(&mut self, event: &Event, g: u64, task: TaskId, name: Sym, open: Open<'_>);
    /// A task begins; `g` is the id of the goroutine that says so, then the task and its parent.
    fn task_begin(&mut self, event: &Event, g: u64, ids: (TaskId, TaskId), name: Sym, open: Open<'_>);
    /// A task ends; `open` is what goroutines are in the middle of.
    fn task_end(&mut self, event: &Event, g: u64, ids: (TaskId, TaskId), name: Sym, open: Open<'_>);
    /// The program logged a message.
    fn log(&mut self, event: &Event, g: u64, task: TaskId, category: Sym, message: Sym);
    /// A gauge was set.
    fn gauge(&mut self, event: &Event, gauge: Gauge, value: u64);
}
