//! The state machine of each goroutine.

use super::procs::ByProc;
use super::{Activity, Birth, Cause, Move, Open, Root, Sink, Span, State, Timeline};
use crate::trace::{Event, GoId, GoSlot, GoState, GoTransition, ProcId, ProcState, StackId, Sym, Symbols, Time};

/// What a goroutine is about in this state.
#[inline(always)]
fn activity(state: GoState) -> Activity {
    match state {
        GoState::Undetermined | GoState::NotExist => Activity::Gone,
        GoState::Runnable => Activity::Runnable,
        GoState::Running => Activity::Running,
        GoState::Waiting => Activity::Waiting,
        GoState::Syscall => Activity::Syscall,
    }
}

/// What a goroutine does that was noted to be in this state.
#[inline(always)]
fn state(state: GoState) -> State {
    match state {
        GoState::Running => State::Running,
        GoState::Waiting => State::Waiting,
        GoState::Syscall => State::Syscall,
        GoState::Runnable | GoState::Undetermined | GoState::NotExist => State::Runnable,
    }
}

/// What is known of one goroutine: a cache line.
#[derive(Clone, Debug)]
#[repr(align(64))]
pub(super) struct Goroutine {
    pub(super) id: GoId,
    pub(super) known: bool,
    pub(super) state: State,
    /// Since when; never where the time before is accounted for and nothing has begun.
    since: Time,
    /// When its processor was retaken, in a system call.
    retaken: Time,
    reason: Sym,
    stack: StackId,
    cause: Cause,
    begun_at: StackId,
    /// When it last woke up from a wait for anything but a semaphore.
    pub(super) woke: Time,
    /// When it was last noted to be still doing the same.
    noted: Time,
    /// Whether the trace tells when its state began.
    has_begin: bool,
    /// The processor that it entered a system call with.
    syscall_p: ProcId,
    /// Its start function, once known.
    pub(super) name: Sym,
}

impl Goroutine {
    const UNKNOWN: Goroutine = Goroutine {
        id: GoId(u64::MAX),
        known: false,
        state: State::Runnable,
        since: Time::NEVER,
        retaken: Time::NEVER,
        reason: Sym::EMPTY,
        stack: StackId::NONE,
        cause: Cause::Unknown,
        begun_at: StackId::NONE,
        woke: Time::NEVER,
        noted: Time::NEVER,
        has_begin: false,
        syscall_p: ProcId::NONE,
        name: Sym::EMPTY,
    };

    /// A part of each cache line that it is in.
    #[inline(always)]
    pub(super) fn look(&self) -> u64 {
        self.since.0 as u64 ^ u64::from(self.name.0) ^ u64::from(self.stack.0)
    }

    /// Whether the trace tells of it at `from` or later. (Where a window has ended meanwhile that is not known.)
    pub(super) fn is_heard_since(&self, from: Time) -> bool {
        self.since == Time::NEVER || self.since.max(self.noted) >= from
    }

    /// What it is in the middle of, as if that ended at `now`.
    pub(super) fn open(&self, now: Time) -> Option<Span> {
        Some(Span { end: now, open: true, ..self.begun(self.since.get()?) })
    }

    /// Since when it runs, if it does.
    #[inline(always)]
    pub(super) fn runs_since(&self) -> Option<Time> {
        if self.state == State::Running { self.since.get() } else { None }
    }

    /// The window begins in the middle of what it does: that began there, and nothing tells how.
    pub(super) fn begin_at(&mut self, from: Time) {
        if self.since != Time::NEVER {
            self.since = self.since.max(from);
            (self.cause, self.has_begin) = (Cause::Unknown, false);
        }
        if self.retaken != Time::NEVER {
            self.retaken = self.retaken.max(from);
        }
    }

    /// What a goroutine did that is noted for the first time by `t`, since its generation began.
    pub(super) fn noted(t: GoTransition, state: State, since: Time, end: Time) -> Span {
        let (reason, stack) = (t.reason, t.stack);
        Span { g: t.slot, state, reason, stack, end, open: true, ..Goroutine::UNKNOWN.begun(since) }
    }

    /// What it is in the middle of, since `start`; the end is still to be filled in.
    #[inline(always)]
    fn begun(&self, start: Time) -> Span {
        Span {
            g: GoSlot::NONE,
            state: self.state,
            reason: self.reason,
            stack: self.stack,
            start,
            end: start,
            by: GoSlot::NONE,
            by_stack: StackId::NONE,
            cause: self.cause,
            begun_at: self.begun_at,
            open: false,
            has_begin: self.has_begin,
        }
    }

    /// A system call ends.
    #[inline(always)]
    fn end_syscall(
        &mut self,
        span: Span,
        holders: &mut ByProc<Option<GoSlot>>,
        sink: &mut impl Sink,
        symbols: &Symbols,
    ) {
        let retaken = std::mem::replace(&mut self.retaken, Time::NEVER);
        // Go's analysis forgets whoever holds the processor now, even if that is another goroutine since this one lost
        // it: if that one loses it, too, its whole call counts as holding one. A matter of how a call is split, never of
        // its length, and followed so that figures equal Go's.
        holders.take(self.syscall_p);
        match retaken.get() {
            None => sink.span(&span, symbols),
            Some(at) => retaken_call(span, at, sink, symbols),
        }
    }
}

/// The two parts of a system call whose processor was retaken.
#[inline(never)]
fn retaken_call(span: Span, at: Time, sink: &mut impl Sink, symbols: &Symbols) {
    sink.span(&Span { end: at, ..span }, symbols);
    sink.span(&Span { state: State::SyscallBlocked, start: at, ..span }, symbols);
}

impl Timeline {
    #[inline(always)]
    pub(super) fn go(&mut self, event: &Event, t: &GoTransition, sink: &mut impl Sink) {
        use GoState::{NotExist, Runnable, Running, Syscall, Waiting};
        // Nearly all events are one of these changes. Each has code of its own, in which both states are known when it is
        // compiled: whatever depends on them, here and in the sink, is decided once for all of it.
        // One number for both states, so that one jump finds the code.
        const fn pair(from: GoState, to: GoState) -> u8 {
            (from as u8) << 3 | to as u8
        }
        macro_rules! changes {
            ($($name:ident: $from:ident, $to:ident;)*) => {
                $(const $name: u8 = pair($from, $to);)*
                match pair(t.from, t.to) {
                    $($name => self.change(event, GoTransition { from: $from, to: $to, ..*t }, sink),)*
                    _ => self.any_change(event, *t, sink),
                }
            };
        }
        changes! {
            STARTS: Runnable, Running;
            BLOCKS: Running, Waiting;
            WAKES: Waiting, Runnable;
            MAKES_WAY: Running, Runnable;
            CALLS: Running, Syscall;
            RETURNS: Syscall, Running;
            IS_CREATED: NotExist, Runnable;
            ENDS: Running, NotExist;
        }
    }

    #[inline(never)]
    fn any_change(&mut self, event: &Event, t: GoTransition, sink: &mut impl Sink) {
        if t.from != t.to {
            return self.change(event, t, sink);
        }
        // A generation's note of what is known already.
        if let Some(g) = self.goroutines.get_mut(t.slot.index()) {
            g.noted = event.time;
        }
    }

    #[inline(always)]
    fn change(&mut self, event: &Event, t: GoTransition, sink: &mut impl Sink) {
        // A goroutine that existed before the trace: its first span is begun with its first note.
        let known_before = t.from == GoState::Undetermined;
        let is_new = known_before || t.from == GoState::NotExist;
        if is_new && t.slot.index() >= self.goroutines.len() {
            self.goroutines.resize(t.slot.index() + 1, Goroutine::UNKNOWN);
        }
        match t.from {
            GoState::Undetermined => self.first_note(event, t, sink),
            GoState::NotExist => sink.born(&Birth::of(event, &t)),
            _ => {}
        }
        let Some(g) = self.goroutines.get_mut(t.slot.index()) else { return };
        if t.from == GoState::NotExist {
            *g = Goroutine { id: t.id, known: true, ..Goroutine::UNKNOWN };
        }
        if !is_new {
            // Whoever makes a waiting goroutine runnable woke it.
            let woken = t.from == GoState::Waiting;
            if woken && g.reason != self.known.sync {
                g.woke = event.time;
            }
            if let Some(start) = g.since.get() {
                let (by, by_stack) = if woken { (event.g, event.stack) } else { (GoSlot::NONE, StackId::NONE) };
                let state = state(t.from);
                let span = Span { g: t.slot, state, end: event.time, by, by_stack, ..g.begun(start) };
                if state == State::Syscall {
                    g.end_syscall(span, &mut self.syscalls, sink, &self.symbols);
                } else {
                    sink.span(&span, &self.symbols);
                }
            }
        }
        if t.to == GoState::NotExist {
            // Of a slot that nobody is in nothing else is asked.
            (g.known, g.since) = (false, Time::NEVER);
        } else {
            (g.reason, g.stack) = (t.reason, t.stack);
            if !known_before {
                g.since = event.time;
            }
            (g.begun_at, g.has_begin) = (event.stack, !known_before);
            g.state = state(t.to);
        }
        match t.to {
            GoState::Runnable => {
                g.cause = match t.from {
                    GoState::NotExist => Cause::Created,
                    GoState::Waiting if event.g == GoSlot::NONE => Cause::External,
                    GoState::Waiting => Cause::Woken,
                    GoState::Syscall => Cause::Syscall,
                    GoState::Running if t.reason == self.known.gosched => Cause::Yielded,
                    GoState::Running => Cause::Preempted,
                    GoState::Runnable | GoState::Undetermined => Cause::Unknown,
                };
            }
            GoState::Syscall => {
                g.syscall_p = event.p;
                *self.syscalls.entry(event.p) = Some(t.slot);
            }
            _ => {}
        }
        if g.name == Sym::EMPTY && t.stack != StackId::NONE {
            // Every stack of a goroutine grows from its start function. Those of many have the same stack when they are created.
            if self.last_root.of != t.stack
                && let Some(frame) = self.symbols.root(t.stack)
            {
                self.last_root = Root { of: t.stack, frame, for_others: self.symbols.starts_for_others(frame.func) };
            }
            let Root { of, frame, for_others } = self.last_root;
            if of == t.stack {
                // Who had it launched is known where it is created.
                let launch =
                    if for_others && t.from == GoState::NotExist { self.symbols.launch(event.stack) } else { None };
                let start = launch.unwrap_or(frame);
                g.name = start.func;
                sink.named(t.slot, start, &self.symbols);
            }
        }
        if t.to == GoState::Waiting && t.reason == self.known.forever {
            return self.stop_for_ever(event, t, sink);
        }
        // After `born` and `named`: load is counted by group, and to whom it belongs is known by then.
        sink.moved(event, Move { g: t.slot, from: activity(t.from), to: activity(t.to) }, &self.symbols);
        if t.to == GoState::NotExist {
            self.disappear(event, t.slot, sink);
        }
    }

    /// It cannot come back: as good as ended.
    #[cold]
    fn stop_for_ever(&mut self, event: &Event, t: GoTransition, sink: &mut impl Sink) {
        self.goroutines[t.slot.index()].since = Time::NEVER;
        sink.moved(event, Move { g: t.slot, from: activity(t.from), to: Activity::Gone }, &self.symbols);
        sink.finalize(t.slot, event.time, Some(event), Open(&self.goroutines));
    }

    #[inline(always)]
    fn disappear(&mut self, event: &Event, slot: GoSlot, sink: &mut impl Sink) {
        sink.finalize(slot, event.time, Some(event), Open(&self.goroutines));
        sink.retire(slot, false, event.time);
    }

    /// A goroutine that existed before the trace is noted for the first time. It has been doing the same since the
    /// generation began:
    ///
    /// ```text
    ///   sync                     note
    ///     |- - - - same state - - -|──────
    /// ```
    fn first_note(&mut self, event: &Event, t: GoTransition, sink: &mut impl Sink) {
        let g = &mut self.goroutines[t.slot.index()];
        *g = Goroutine { id: t.id, known: true, since: self.sync, ..Goroutine::UNKNOWN };
        let birth =
            Birth { g: t.slot, id: t.id, time: self.sync, created: false, by: GoSlot::NONE, by_stack: StackId::NONE };
        sink.born(&birth);
        if t.to == GoState::Syscall {
            // Without a processor it was taken away before the trace began. What follows the note counts as a
            // system call that holds one, as in Go's own analysis: nothing tells which it is.
            let state = if event.p == ProcId::NONE { State::SyscallBlocked } else { State::Syscall };
            g.since = event.time;
            let (start, end) = (self.sync, event.time);
            sink.span(
                &Span { g: t.slot, state, stack: t.stack, end, ..Goroutine::UNKNOWN.begun(start) },
                &self.symbols,
            );
        }
    }

    /// A processor that goes idle while a goroutine holds it in a system call has been retaken.
    pub(super) fn proc(&mut self, event: &Event, p: ProcId, from: ProcState, to: ProcState) {
        if from != to
            && to == ProcState::Idle
            && let Some(slot) = self.syscalls.take(p)
        {
            self.goroutines[slot.index()].retaken = event.time;
        }
    }

    /// The trace ends in the middle of what the goroutine does.
    pub(super) fn close_open(&mut self, slot: GoSlot, end: Time, sink: &mut impl Sink) {
        let g = &mut self.goroutines[slot.index()];
        let Some(open) = g.open(end) else { return };
        g.since = Time::NEVER;
        let span = Span { g: slot, ..open };
        if span.state == State::Syscall {
            g.end_syscall(span, &mut self.syscalls, sink, &self.symbols);
        } else {
            sink.span(&span, &self.symbols);
        }
    }
}
