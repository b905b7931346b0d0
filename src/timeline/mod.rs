//! From events to spans: decides *what the time means*, and keeps no figure.
//!
//! Each goroutine is at any moment in one state. A span is the time from one change of state to the next:
//!
//! ```text
//!   events   create      start          block              unblock   start      end
//!               |          |              |                   |        |         |
//!   spans       | runnable |   running    | waiting (reason)  |runnable| running |
//! ```
//!
//! A system call is one span while the goroutine keeps its processor, and a second one once that has been retaken:
//!
//! ```text
//!   goroutine   begin                                end
//!   processor     |  held     idle or another thread's |
//!   spans         | syscall  |     syscall blocked     |
//! ```
//!
//! A goroutine that existed before the trace gets its first note late: at the latest when its generation ends. What
//! it was doing then it has been doing since the generation began, so that its first span begins there.

mod goroutines;
mod procs;
mod ranges;
mod sink;
mod window;

pub use sink::{Activity, Birth, Cause, Move, Open, Sink, Span, State};
pub use window::{Moment, Window};

use std::sync::Arc;

use crate::trace::{Chunk, Event, EventKind, Frame, GoSlot, StackId, Sym, Symbols, Time};
use goroutines::Goroutine;
use procs::ByProc;
use ranges::OpenRanges;
use window::Progress;

/// More goroutines than these, with all that is known of them, are too much for a processor's nearer caches.
const MANY: usize = 2048;
/// As many events are looked at ahead.
const AHEAD: usize = 16;

/// The state of the program at one moment of the trace.
#[derive(Clone, Debug, Default)]
pub struct Timeline {
    symbols: Symbols,
    /// By slot.
    goroutines: Vec<Goroutine>,
    /// Which goroutine holds this processor while in a system call.
    syscalls: ByProc<Option<GoSlot>>,
    ranges: OpenRanges,
    progress: Progress,
    began: bool,
    events: u64,
    first: Time,
    last: Time,
    /// Time of the last generation mark.
    sync: Time,
    /// Times of the last generation mark and the one before, whatever the window.
    marks: (Time, Time),
    known: Known,
    last_root: Root,
}

/// The stack whose outermost frame was asked for last.
#[derive(Clone, Copy, Debug, Default)]
struct Root {
    of: StackId,
    frame: Frame,
    /// Whether goroutines that start there are called by whoever had them launched, see [`crate::launchers`].
    for_others: bool,
}

/// Reasons that mean something here, once they have been heard; until then none that there is.
#[derive(Clone, Copy, Debug)]
struct Known {
    /// Of those who wait for nothing.
    forever: Sym,
    /// Of those who give up their processor by themselves.
    gosched: Sym,
    /// Of those who wait for a semaphore.
    sync: Sym,
}

impl Default for Known {
    fn default() -> Self {
        const UNHEARD: Sym = Sym(u32::MAX);
        Known { forever: UNHEARD, gosched: UNHEARD, sync: UNHEARD }
    }
}

/// A goroutine that was running when the trace ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Running {
    /// Its start function; empty if that is not known.
    pub name: Arc<str>,
    /// Whether it woke up in the last generation, from a wait for anything but a semaphore.
    pub woke: bool,
    /// Whether the last generation tells of it at all: whole ones do of every goroutine.
    pub heard: bool,
}

impl Timeline {
    /// What symbols mean, as far as events have been fed.
    pub fn symbols(&self) -> &Symbols {
        &self.symbols
    }

    /// How many goroutines have been alive at once.
    pub(crate) fn slots(&self) -> usize {
        self.goroutines.len()
    }

    /// How many events have been fed, of those in the window.
    pub fn events(&self) -> u64 {
        self.progress.closed().map_or(self.events, |(_, events)| events)
    }

    /// Time of the first event, or where the window began.
    pub fn start(&self) -> Time {
        self.first
    }

    /// Time of the last event, or where the window ended.
    pub fn end(&self) -> Time {
        self.progress.closed().map_or(self.last.max(self.first), |(end, _)| end)
    }

    /// Time of the first and of the last event, and how many there were, whatever the window.
    pub fn read(&self) -> (Time, Time, u64) {
        (self.progress.first().unwrap_or(self.first), self.last, self.progress.before() + self.events)
    }

    /// Feeds a chunk of events; what follows from them goes to `sink`.
    pub fn feed(&mut self, chunk: &mut Chunk, sink: &mut impl Sink) {
        let known = self.symbols.len();
        self.symbols.apply(&mut chunk.symbols);
        for sym in (known..self.symbols.len()).map(|i| Sym(i as u32)) {
            match self.symbols.text(sym) {
                "forever" => self.known.forever = sym,
                "runtime.Gosched" => self.known.gosched = sym,
                "sync" => self.known.sync = sym,
                _ => {}
            }
        }
        sink.learn(&self.symbols);
        if self.progress.is_all() {
            let (Some(first), Some(last)) = (chunk.events.first(), chunk.events.last()) else { return };
            self.hear(first, last, chunk.events.len() as u64);
            for events in chunk.events.chunks(AHEAD) {
                if self.goroutines.len() > MANY {
                    self.look_ahead(events, sink);
                }
                self.run(events, sink);
            }
        } else {
            for event in &chunk.events {
                self.windowed(event, sink);
            }
        }
    }

    /// Looks at what is known of the goroutines of these events, so that it is in the cache by the time it is needed: one
    /// after the other the processor would wait for each, while it can wait for all of them at once.
    fn look_ahead(&self, events: &[Event], sink: &impl Sink) {
        let looked = events.iter().fold(0, |seen: u64, event| match event.kind {
            EventKind::Go(t) => {
                let g = self.goroutines.get(t.slot.index()).map_or(0, Goroutine::look);
                seen ^ g ^ sink.look(t.slot)
            }
            _ => seen,
        });
        std::hint::black_box(looked);
    }

    /// So many events are fed, of which these are the first and the last one. The first of all is when the trace begins.
    fn hear(&mut self, first: &Event, last: &Event, events: u64) {
        if !self.began {
            (self.began, self.first, self.sync) = (true, first.time, first.time);
        }
        (self.events, self.last) = (self.events + events, last.time);
    }

    /// The loop over nearly all events. A function of its own, so that its registers are for nothing else: that is an eighth
    /// of the analysis of locks.
    #[inline(never)]
    fn run(&mut self, events: &[Event], sink: &mut impl Sink) {
        for event in events {
            self.event(event, sink);
        }
    }

    #[inline(always)]
    fn event(&mut self, event: &Event, sink: &mut impl Sink) {
        // As nearly all are. By reference: what is read of it is read where it lies.
        if let EventKind::Go(transition) = &event.kind {
            return self.go(event, transition, sink);
        }
        match event.kind {
            EventKind::Proc { p, from, to } => {
                self.proc(event, p, from, to);
                sink.proc(event, p, from, to);
            }
            EventKind::Sync => {
                self.sync = event.time;
                self.marks = (event.time, self.marks.0);
                sink.sync(event.time);
            }
            EventKind::RangeBegin(range) => {
                sink.range_begun(event, range, false, self.executes(event.g), &self.symbols);
                self.ranges.begin(event, range, sink);
            }
            EventKind::RangeActive(range) => {
                sink.range_begun(event, range, true, self.executes(event.g), &self.symbols);
                self.ranges.active(event, range, self.sync, sink);
            }
            EventKind::RangeEnd(range) => {
                sink.range_ended(event, range, &self.symbols);
                self.ranges.end(event, range, sink);
            }
            EventKind::RegionBegin { task, name } => {
                if let Some(g) = self.known(event.g) {
                    sink.region_begin(event, g.id.0, task, name, Open(&self.goroutines));
                }
            }
            EventKind::RegionEnd { task, name } => {
                if let Some(g) = self.known(event.g) {
                    sink.region_end(event, g.id.0, task, name, Open(&self.goroutines));
                }
            }
            EventKind::TaskBegin { id, parent, name } => {
                sink.task_begin(event, self.id(event.g), (id, parent), name, Open(&self.goroutines));
            }
            EventKind::TaskEnd { id, parent, name } => {
                sink.task_end(event, self.id(event.g), (id, parent), name, Open(&self.goroutines));
            }
            EventKind::Log { task, category, message } => {
                sink.log(event, self.id(event.g), task, category, message);
            }
            EventKind::Metric(gauge, value) => sink.gauge(event, gauge, value),
            EventKind::Label(label) => sink.label(event, self.symbols.text(label)),
            EventKind::Go(_) | EventKind::CpuSample | EventKind::Experimental => {}
        }
    }

    /// Whether the goroutine in this slot runs or is in a system call.
    fn executes(&self, g: GoSlot) -> bool {
        self.known(g).is_some_and(|g| matches!(g.state, State::Running | State::Syscall))
    }

    /// The goroutine in this slot, if the trace told of it.
    fn known(&self, slot: GoSlot) -> Option<&Goroutine> {
        self.goroutines.get(slot.index()).filter(|g| g.known)
    }

    /// The id of the goroutine in this slot; `u64::MAX` for none.
    fn id(&self, slot: GoSlot) -> u64 {
        self.known(slot).map_or(u64::MAX, |g| g.id.0)
    }

    /// Ends the trace: closes what is still open. Gives the goroutines that were running then.
    pub fn finish(&mut self, sink: &mut impl Sink) -> Vec<Running> {
        self.finish_window(sink);
        // The last mark ends the last generation, where that is whole.
        let began = if self.marks.0 == self.last { self.marks.1 } else { self.marks.0 };
        let running = self.goroutines.iter().filter(|g| g.known && g.state == State::Running);
        let name = |g: &Goroutine| self.symbols.shared(g.name);
        let of = |g: &Goroutine| Running { name: name(g), woke: g.woke >= began, heard: g.is_heard_since(began) };
        let running = running.map(of).collect();
        if self.progress.closed().is_none() {
            self.close(self.end(), sink);
        }
        running
    }

    /// Whether the program has a function of this name, as far as the trace tells.
    pub fn knows(&self, function: &str) -> bool {
        (0..self.symbols.len()).any(|i| self.symbols.text(Sym(i as u32)) == function)
    }

    /// Whether a goroutine with such a start function is there and has not ended, as far as events have been fed.
    pub fn any_alive(&self, is: impl Fn(&str) -> bool) -> bool {
        self.goroutines.iter().any(|g| g.known && is(self.symbols.text(g.name)))
    }

    /// What is still open ends, and all that is known is given out.
    fn close(&mut self, end: Time, sink: &mut impl Sink) {
        for slot in 0..self.goroutines.len() {
            if !self.goroutines[slot].known {
                continue;
            }
            self.close_open(GoSlot(slot as u32), end, sink);
            sink.finalize(GoSlot(slot as u32), end, None, Open(&self.goroutines));
            sink.retire(GoSlot(slot as u32), true, end);
        }
    }
}
