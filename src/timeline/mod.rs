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
mod ranges;
mod sink;

pub use sink::{Birth, Sink, Span, State};

use crate::hash::HashMap;
use crate::trace::{Chunk, Event, EventKind, GoSlot, ProcId, Sym, Symbols, Time};
use goroutines::Goroutine;
use ranges::OpenRanges;

/// The state of the program at one moment of the trace.
#[derive(Clone, Debug, Default)]
pub struct Timeline {
    symbols: Symbols,
    /// By slot.
    goroutines: Vec<Goroutine>,
    /// Which goroutine holds this processor while in a system call.
    syscalls: HashMap<ProcId, GoSlot>,
    ranges: OpenRanges,
    events: u64,
    first: Time,
    last: Time,
    /// Time of the last generation mark.
    sync: Time,
    /// The reason of those who wait for nothing, once it has been heard.
    forever: Option<Sym>,
}

impl Timeline {
    /// What symbols mean, as far as events have been fed.
    pub fn symbols(&self) -> &Symbols {
        &self.symbols
    }

    /// How many events have been fed.
    pub fn events(&self) -> u64 {
        self.events
    }

    /// Time of the first event.
    pub fn start(&self) -> Time {
        self.first
    }

    /// Time of the last event.
    pub fn end(&self) -> Time {
        self.last
    }

    /// Feeds a chunk of events; what follows from them goes to `sink`.
    pub fn feed(&mut self, chunk: &mut Chunk, sink: &mut impl Sink) {
        let known = self.symbols.len();
        self.symbols.apply(&mut chunk.symbols);
        let mut new = (known..self.symbols.len()).map(|i| Sym(i as u32));
        self.forever = self.forever.or_else(|| new.find(|&sym| self.symbols.text(sym) == "forever"));
        for event in &chunk.events {
            self.event(event, sink);
        }
    }

    #[inline(always)]
    fn event(&mut self, event: &Event, sink: &mut impl Sink) {
        if self.events == 0 {
            (self.first, self.sync) = (event.time, event.time);
        }
        self.events += 1;
        self.last = event.time;
        match event.kind {
            EventKind::Go(transition) => self.go(event, transition, sink),
            EventKind::Proc { p, from, to } => self.proc(event, p, from, to),
            EventKind::Sync => {
                self.sync = event.time;
                sink.sync(event.time);
            }
            EventKind::RangeBegin(range) => self.ranges.begin(event, range, sink),
            EventKind::RangeActive(range) => self.ranges.active(event, range, self.sync, sink),
            EventKind::RangeEnd(range) => self.ranges.end(event, range, sink),
            EventKind::RegionBegin { task, name } => {
                if let Some(g) = self.known(event.g) {
                    sink.region_begin(event, g.id.0, task, name, g.open(event.time));
                }
            }
            EventKind::RegionEnd { task, name } => {
                if let Some(g) = self.known(event.g) {
                    sink.region_end(event, g.id.0, task, name, g.open(event.time));
                }
            }
            EventKind::TaskBegin { id, parent, name } => sink.task_begin(event, self.id(event.g), id, parent, name),
            EventKind::TaskEnd { id, parent, name } => sink.task_end(event, self.id(event.g), id, parent, name),
            EventKind::Log { task, category, message } => {
                sink.log(event, self.id(event.g), task, category, message);
            }
            EventKind::Metric(gauge, value) => sink.gauge(event, gauge, value),
            EventKind::Label(_) | EventKind::CpuSample | EventKind::Experimental => {}
        }
    }

    /// The goroutine in this slot, if the trace told of it.
    fn known(&self, slot: GoSlot) -> Option<&Goroutine> {
        self.goroutines.get(slot.index()).filter(|g| g.known)
    }

    /// The id of the goroutine in this slot; `u64::MAX` for none.
    fn id(&self, slot: GoSlot) -> u64 {
        self.known(slot).map_or(u64::MAX, |g| g.id.0)
    }

    /// Ends the trace: closes what is still open. Gives the names of the goroutines that were running then.
    pub fn finish(&mut self, sink: &mut impl Sink) -> Vec<String> {
        let mut running = Vec::new();
        let end = self.last;
        for slot in 0..self.goroutines.len() {
            let g = &self.goroutines[slot];
            if !g.known {
                continue;
            }
            if g.state == State::Running {
                running.push(self.symbols.text(g.name).to_owned());
            }
            self.close_open(GoSlot(slot as u32), end, sink);
            sink.finalize(GoSlot(slot as u32), end, None);
            sink.retire(GoSlot(slot as u32), true);
        }
        running
    }
}
