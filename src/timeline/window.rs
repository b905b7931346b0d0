//! A part of the trace: as if it had begun and ended there.
//!
//! ```text
//!   trace    |──────────────────────────────────────────|
//!   window             from |────────────| to
//!   g1         | running ···|████████████|··· |            what it does at an edge is cut there
//!   g2                      |   noted late: ░░░░░░░ |      known after `to`, but there since its generation began
//! ```
//!
//! What comes before is followed without being counted, so that at `from` the state of everything is known. What comes
//! after is read too: a broken or cut trace is refused whatever part of it was asked for.

use super::goroutines::Goroutine;
use super::{Birth, Open, Sink, Span, State, Timeline};
use crate::trace::{Event, EventKind, Frame, Gauge, GoSlot, GoState, GoTransition, ProcId, Range, StackId};
use crate::trace::{Sym, Symbols, TaskId, Time};

/// An edge of a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// So many ns after the first event of the trace.
    Since(i64),
    /// On the trace's clock, ns.
    At(i64),
}

impl Moment {
    /// The time that is meant, in a trace that begins at `first`.
    pub(crate) fn resolve(self, first: Time) -> Time {
        match self {
            Moment::Since(ns) => Time(first.0.saturating_add(ns)),
            Moment::At(ns) => Time(ns),
        }
    }
}

/// Which part of the trace counts; all of it by default. Both edges belong to it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Window {
    /// Where it begins; the trace's begin where not given.
    pub from: Option<Moment>,
    /// Where it ends; the trace's end where not given.
    pub to: Option<Moment>,
}

impl Window {
    /// Whether it is all of the trace, whatever that is.
    pub fn is_all(&self) -> bool {
        *self == Window::default()
    }
}

/// How far the window has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Phase {
    /// There is none.
    #[default]
    All,
    /// The trace has not begun.
    Unread,
    /// Before `from`.
    Before,
    /// In it.
    Within,
    /// After `to`.
    After,
}

/// The window and where the timeline is in it.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Progress {
    window: Window,
    phase: Phase,
    from: Time,
    to: Time,
    /// Time of the trace's first event, and how many came before the window.
    first: Option<Time>,
    before: u64,
    /// Of the window: time of the end, events.
    closed: (Time, u64),
}

impl Progress {
    pub(super) fn new(window: Window) -> Progress {
        let phase = if window.is_all() { Phase::All } else { Phase::Unread };
        Progress { window, phase, ..Progress::default() }
    }

    /// Whether there is no window to watch for.
    #[inline]
    pub(super) fn is_all(&self) -> bool {
        self.phase == Phase::All
    }

    /// Time of the trace's first event, where that was noted.
    pub(super) fn first(&self) -> Option<Time> {
        self.first
    }

    /// How many events came before the window.
    pub(super) fn before(&self) -> u64 {
        self.before
    }

    /// Time of the window's end and how many events were in it, once it is over.
    pub(super) fn closed(&self) -> Option<(Time, u64)> {
        (self.phase == Phase::After).then_some(self.closed)
    }
}

impl Timeline {
    /// A timeline that gives out what is in this window.
    pub fn within(window: Window) -> Timeline {
        Timeline { progress: Progress::new(window), ..Timeline::default() }
    }

    /// Whether the trace goes on behind the window's end.
    pub fn goes_on(&self) -> bool {
        self.progress.closed().is_some()
    }

    /// Feeds an event where there is a window to watch for.
    pub(super) fn windowed(&mut self, event: &Event, sink: &mut impl Sink) {
        if self.progress.phase == Phase::Unread {
            let Window { from, to } = self.progress.window;
            self.progress.first = Some(event.time);
            self.progress.from = from.map_or(event.time, |moment| moment.resolve(event.time));
            self.progress.to = to.map_or(Time(i64::MAX), |moment| moment.resolve(event.time));
            // A window that begins no later than the trace begins with it.
            self.progress.phase = if self.progress.from <= event.time { Phase::Within } else { Phase::Before };
        }
        if self.progress.phase == Phase::Before && event.time >= self.progress.from {
            self.begin_window(sink);
        }
        if self.progress.phase == Phase::Within && event.time > self.progress.to {
            self.end_window(event.time, sink);
        }
        self.hear(event, event, 1);
        if self.progress.phase == Phase::After {
            self.note_late(event, sink);
            self.event(event, &mut Quiet);
        } else {
            // Before the window, too: figures are forgotten when it begins, but the state of things has to be known.
            self.event(event, sink);
        }
    }

    fn begin_window(&mut self, sink: &mut impl Sink) {
        let from = self.progress.from;
        self.progress.phase = Phase::Within;
        self.goroutines.iter_mut().for_each(|g| g.begin_at(from));
        self.ranges.begin_at(from);
        self.progress.before = self.events;
        (self.first, self.last, self.events) = (from, self.last, 0);
        self.sync = self.sync.max(from);
        sink.begin_window(from, &self.symbols);
    }

    /// `now`: the time of the first event after it.
    fn end_window(&mut self, now: Time, sink: &mut impl Sink) {
        if !self.began {
            // All of the trace is after it.
            (self.began, self.first) = (true, now);
        }
        let end = self.progress.to.max(self.first);
        self.progress.closed = (end, self.events);
        self.ranges.end_at(end, sink);
        self.close(end, sink);
        self.progress.phase = Phase::After;
    }

    /// The trace is over: a window that has not begun by then has nothing in it.
    pub(super) fn finish_window(&mut self, sink: &mut impl Sink) {
        if self.progress.phase == Phase::Before {
            self.begin_window(sink);
        }
    }

    /// A goroutine that existed before the window's end but is noted after it, at the latest when its generation ends:
    /// it has been doing the same since the generation began.
    fn note_late(&mut self, event: &Event, sink: &mut impl Sink) {
        let EventKind::Go(t) = event.kind else { return };
        let end = self.progress.closed.0;
        if t.from != GoState::Undetermined || t.to == t.from || self.sync > end || self.known(t.slot).is_some() {
            return;
        }
        let birth =
            Birth { g: t.slot, id: t.id, time: self.sync, created: false, by: GoSlot::NONE, by_stack: StackId::NONE };
        sink.born(&birth);
        if let Some(root) = self.symbols.root(t.stack) {
            sink.named(t.slot, root, &self.symbols);
        }
        if let Some(span) = self.since_sync(event, t, end) {
            sink.span(&span, &self.symbols);
        }
        sink.finalize(t.slot, end, None, Open(&self.goroutines));
        sink.retire(t.slot, true, end);
    }

    fn since_sync(&self, event: &Event, t: GoTransition, end: Time) -> Option<Span> {
        let state = match t.to {
            GoState::Running => State::Running,
            GoState::Runnable => State::Runnable,
            GoState::Waiting if t.reason == self.known.forever => return None,
            GoState::Waiting => State::Waiting,
            GoState::Syscall if event.p == ProcId::NONE => State::SyscallBlocked,
            GoState::Syscall => State::Syscall,
            GoState::NotExist | GoState::Undetermined => return None,
        };
        Some(Goroutine::noted(t, state, self.sync, end))
    }
}

/// Hears nothing: what is outside the window is followed only so that the trace's end is known.
struct Quiet;

impl Sink for Quiet {
    fn born(&mut self, _: &Birth) {}
    fn named(&mut self, _: GoSlot, _: Frame, _: &Symbols) {}
    fn span(&mut self, _: &Span, _: &Symbols) {}
    fn finalize(&mut self, _: GoSlot, _: Time, _: Option<&Event>, _: Open<'_>) {}
    fn retire(&mut self, _: GoSlot, _: bool, _: Time) {}
    fn range_begin(&mut self, _: GoSlot, _: Range, _: Time) {}
    fn range_end(&mut self, _: GoSlot, _: Range, _: Option<Time>) {}
    fn range(&mut self, _: Range, _: Time, _: Time, _: StackId) {}
    fn region_begin(&mut self, _: &Event, _: u64, _: TaskId, _: Sym, _: Open<'_>) {}
    fn region_end(&mut self, _: &Event, _: u64, _: TaskId, _: Sym, _: Open<'_>) {}
    fn task_begin(&mut self, _: &Event, _: u64, _: (TaskId, TaskId), _: Sym, _: Open<'_>) {}
    fn task_end(&mut self, _: &Event, _: u64, _: (TaskId, TaskId), _: Sym, _: Open<'_>) {}
    fn log(&mut self, _: &Event, _: u64, _: TaskId, _: Sym, _: Sym) {}
    fn gauge(&mut self, _: &Event, _: Gauge, _: u64) {}
}
