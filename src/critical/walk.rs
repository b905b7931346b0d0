//! The walk: from the end of the target backwards, always along what it could not have gone on without.
//!
//! ```text
//!   test     |run|···· waits for the worker ················|run|
//!                                                           ↑ woken
//!   worker       ↑ created  |run|··· network ····|run|······|
//!                |                                           read backwards:
//!   path     |run|-scheduler|run|··· network ····|run|------|run|
//! ```
//!
//! Waits that another goroutine ended are not on the path themselves: it goes on with that goroutine. But it is kept
//! in mind that all this time somebody was waiting: each piece of the path stands *behind* the wait that was passed
//! last and that had begun by then.

use super::record::{At, Doing, NOBODY, Rec, Recording};
use crate::hash::HashMap;
use crate::timeline::State;
use crate::trace::{StackId, Sym, Symbols, Time};

use super::find::Instance;

/// What the time of a piece is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Category {
    /// A goroutine of the path ran.
    Cpu,
    /// A wait for another goroutine that cannot be followed further: nobody ended it, or the trace does not say who.
    Sync,
    /// A wait that the network poller ended.
    Network,
    /// `time.Sleep`.
    Sleep,
    /// A wait on a channel, lock or the like that a timer or the runtime ended; before a goroutine that a timer
    /// started.
    Timer,
    /// A system call.
    Syscall,
    /// A goroutine of the path could have run, and waited for a processor.
    Scheduler,
    /// The garbage collector: the world stopped for it, assists, sweeping, waiting for it, its workers.
    Gc,
    /// The target, a test, waited for its turn (`t.Parallel`).
    Paused,
    /// The trace does not say.
    Unknown,
}

impl Category {
    /// All, as reports list them.
    pub const ALL: [Category; 10] = [
        Category::Cpu,
        Category::Sync,
        Category::Network,
        Category::Sleep,
        Category::Timer,
        Category::Syscall,
        Category::Scheduler,
        Category::Gc,
        Category::Paused,
        Category::Unknown,
    ];

    /// Its name in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Category::Cpu => "cpu",
            Category::Sync => "sync",
            Category::Network => "network",
            Category::Sleep => "sleep",
            Category::Timer => "timer",
            Category::Syscall => "syscall",
            Category::Scheduler => "scheduler",
            Category::Gc => "gc",
            Category::Paused => "paused",
            Category::Unknown => "unknown",
        }
    }
}

/// A piece of the path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Segment {
    pub(super) start: Time,
    pub(super) end: Time,
    /// The goroutine, by its number in the recording.
    pub(super) g: u32,
    pub(super) category: Category,
    /// Where it was when that began; for running and scheduling, where it was before.
    pub(super) stack: StackId,
    /// For running: where it was after.
    pub(super) after: StackId,
    /// The wait that it stands behind, by its number in [`Walked::waits`].
    pub(super) wait: u32,
}

impl Segment {
    pub(super) fn ns(&self) -> i64 {
        self.end.since(self.start)
    }
}

/// A wait that the path passed: another goroutine ended it, and the path went on there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Wait {
    pub(super) g: u32,
    pub(super) start: Time,
    pub(super) reason: Sym,
    pub(super) stack: StackId,
    /// Where whoever ended it was.
    pub(super) by_stack: StackId,
    pub(super) by: u32,
}

/// No wait.
pub(super) const OWN: u32 = u32::MAX;

/// A path.
#[derive(Debug, Default)]
pub(super) struct Walked {
    /// From the start of the target to its end, without gaps.
    pub(super) segments: Vec<Segment>,
    pub(super) waits: Vec<Wait>,
}

/// What reasons and start functions mean, found out once for each.
#[derive(Debug)]
pub(super) struct Walker<'a> {
    recording: &'a Recording,
    symbols: &'a Symbols,
    reasons: HashMap<Sym, Reason>,
    pauses: HashMap<StackId, bool>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reason {
    /// Whoever ends it is on the path.
    Follow,
    /// It takes its time by itself.
    External(Category),
}

impl<'a> Walker<'a> {
    pub(super) fn new(recording: &'a Recording, symbols: &'a Symbols) -> Walker<'a> {
        Walker { recording, symbols, reasons: HashMap::default(), pauses: HashMap::default() }
    }

    fn reason(&mut self, reason: Sym) -> Reason {
        *self.reasons.entry(reason).or_insert_with(|| match self.symbols.text(reason) {
            "network" => Reason::External(Category::Network),
            "sleep" => Reason::External(Category::Sleep),
            "preempted" => Reason::External(Category::Scheduler),
            text if text.starts_with("GC ") || text == "wait until GC ends" => Reason::External(Category::Gc),
            _ => Reason::Follow,
        })
    }

    /// Whether a test waits for its turn at this stack.
    fn pauses(&mut self, stack: StackId) -> bool {
        *self
            .pauses
            .entry(stack)
            .or_insert_with(|| self.symbols.frames(stack).any(|f| self.symbols.text(f.func) == "testing.(*T).Parallel"))
    }

    /// Whether the goroutine was up to anything at this moment, so that it can have done something to others.
    fn acts(&self, g: u32, time: Time) -> bool {
        match self.recording.at(g, time) {
            At::Span { rec, .. } => self
                .recording
                .doing(rec)
                .is_some_and(|d| matches!(d.state, State::Running | State::Syscall | State::SyscallBlocked)),
            At::Gap(_) => false,
        }
    }

    /// Walks from the end of `target` back to `from`, its start or later. The pieces cover all of that time.
    ///
    /// Each step takes a span, or jumps to a goroutine that acts at that moment, so that the next step takes one: the
    /// number of steps is at most twice that of spans.
    pub(super) fn walk(&mut self, target: &Instance, from: Time) -> Walked {
        let mut path = Path { from, t: target.end, ..Path::default() };
        let Some(mut g) = self.recording.in_slot(target.slot, target.end) else {
            path.take(from, NOBODY, Category::Unknown, StackId::NONE, StackId::NONE, self.recording);
            return path.finish();
        };
        path.target = g;
        // Where the goroutine was at this moment, if the jump here tells.
        let mut here = target.stack;
        while path.t > from {
            let t = path.t;
            match self.recording.at(g, t) {
                At::Span { rec, before, after } => match self.recording.doing(rec).copied() {
                    Some(doing) => {
                        if let Some((by, at)) = self.span(&mut path, g, rec, doing, (before, after, here)) {
                            (g, here) = (by, at);
                            continue;
                        }
                    }
                    None => self.unknown(&mut path, g, rec.start),
                },
                At::Gap(since) => {
                    let Some(go) = self.recording.go(g).filter(|go| go.created && go.born >= t) else {
                        let born = self.recording.go(g).map_or(from, |go| go.born);
                        let start = since.unwrap_or(from).max(if born < t { born } else { from });
                        self.unknown(&mut path, g, start);
                        continue;
                    };
                    if go.by == NOBODY {
                        path.take(from, g, Category::Timer, StackId::NONE, StackId::NONE, self.recording);
                    } else if self.acts(go.by, t) {
                        (g, here) = (go.by, go.by_stack);
                        continue;
                    } else {
                        self.unknown(&mut path, g, from);
                    }
                }
            }
            here = StackId::NONE;
        }
        path.finish()
    }

    fn unknown(&self, path: &mut Path, g: u32, start: Time) {
        path.take(start, g, Category::Unknown, StackId::NONE, StackId::NONE, self.recording);
    }

    /// Takes a span; or gives the goroutine that the path goes on with at the same moment, and where that one is.
    fn span(
        &mut self,
        path: &mut Path,
        g: u32,
        rec: &Rec,
        doing: Doing,
        (was, after, here): (StackId, StackId, StackId),
    ) -> Option<(u32, StackId)> {
        let (category, stack, then) = match doing.state {
            State::Running => {
                let is_worker =
                    self.recording.go(g).is_some_and(|go| self.symbols.text(go.start) == "runtime.gcBgMarkWorker");
                let category = if is_worker { Category::Gc } else { Category::Cpu };
                let ended = if path.t == rec.end { after } else { StackId::NONE };
                (category, was, if here == StackId::NONE { ended } else { here })
            }
            State::Runnable => {
                let stack = if doing.stack == StackId::NONE { was } else { doing.stack };
                (Category::Scheduler, stack, StackId::NONE)
            }
            State::Syscall | State::SyscallBlocked => (Category::Syscall, doing.stack, StackId::NONE),
            State::Waiting => {
                let category = match self.reason(doing.reason) {
                    Reason::External(category) => category,
                    // Whoever has the target wait for its turn is no part of it; of others it is a wait like any.
                    Reason::Follow if path.target == g && self.pauses(doing.stack) => Category::Paused,
                    Reason::Follow if doing.open || path.t != rec.end => Category::Sync,
                    Reason::Follow if rec.by == NOBODY => Category::Timer,
                    Reason::Follow if self.acts(rec.by, path.t) => {
                        path.pass(Wait {
                            g,
                            start: rec.start,
                            reason: doing.reason,
                            stack: doing.stack,
                            by: rec.by,
                            by_stack: rec.by_stack,
                        });
                        return Some((rec.by, rec.by_stack));
                    }
                    Reason::Follow => Category::Sync,
                };
                (category, doing.stack, StackId::NONE)
            }
        };
        path.take(rec.start, g, category, stack, then, self.recording);
        None
    }
}

/// A path as it grows, from its end.
#[derive(Debug, Default)]
struct Path {
    /// The goroutine that the target ends on.
    target: u32,
    from: Time,
    /// All after this is taken.
    t: Time,
    /// The last piece first.
    segments: Vec<Segment>,
    waits: Vec<Wait>,
    /// Waits that were passed and had begun by now, the last one on top.
    behind: Vec<u32>,
}

impl Path {
    fn pass(&mut self, wait: Wait) {
        self.behind.push(self.waits.len() as u32);
        self.waits.push(wait);
    }

    /// Takes the time from `start` to where the path is, and goes there.
    fn take(&mut self, start: Time, g: u32, category: Category, stack: StackId, after: StackId, all: &Recording) {
        let start = start.max(self.from).min(Time(self.t.0.saturating_sub(1)));
        let end = self.t;
        // What the collector took of it, last first.
        let mut cuts: Vec<(Time, Time)> = Vec::new();
        if matches!(category, Category::Cpu | Category::Scheduler) {
            let stopped = all.collecting(NOBODY, start).take_while(|c| c.start < end);
            cuts.extend(stopped.map(|c| (c.start.max(start), c.end.min(end))));
            let own = all.collecting(g, start).take_while(|c| c.start < end);
            cuts.extend(own.map(|c| (c.start.max(start), c.end.min(end))));
            cuts.sort_unstable();
            cuts.dedup_by(|next, last| {
                let joins = next.0 <= last.1;
                last.1 = if joins { last.1.max(next.1) } else { last.1 };
                joins
            });
        }
        while let Some((from, to)) = cuts.pop() {
            let to = to.min(self.t);
            if from < to {
                self.piece(Segment { start: to, end: self.t, g, category, stack, after, wait: OWN });
                self.piece(Segment { start: from, end: to, g, category: Category::Gc, stack, after, wait: OWN });
            }
        }
        self.piece(Segment { start, end: self.t, g, category, stack, after, wait: OWN });
    }

    /// Adds a piece, cut where the wait that it stands behind begins.
    fn piece(&mut self, piece: Segment) {
        while self.t > piece.start {
            while let Some(&wait) = self.behind.last()
                && self.waits[wait as usize].start >= self.t
            {
                self.behind.pop();
            }
            let wait = self.behind.last().copied().unwrap_or(OWN);
            let began = self.waits.get(wait as usize).map_or(piece.start, |w| w.start);
            let start = piece.start.max(began);
            self.segments.push(Segment { start, end: self.t, wait, ..piece });
            self.t = start;
        }
    }

    fn finish(mut self) -> Walked {
        self.segments.reverse();
        Walked { segments: self.segments, waits: self.waits }
    }
}
