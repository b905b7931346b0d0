//! What is summed up of the goroutines that started in one function, and how many of them there are at once.
//!
//! ```text
//!   now    2|     ____        how many count just now: those that are narrowed away do not
//!          1|____|    |___
//!          0|             |__
//!           since     until   present: the time with at least one
//! ```

use super::population::Role;
use super::tally::Spent;
use crate::hash::HashMap;
use crate::trace::{Frame, StackId, Sym, Time};

/// Index of a group.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct GroupIx(pub(super) u32);

impl GroupIx {
    /// Those that never showed a stack.
    pub(super) const NAMELESS: GroupIx = GroupIx(0);
}

/// The goroutines that started in one function.
#[derive(Clone, Debug, Default)]
pub(super) struct GroupSum {
    pub(super) name: Sym,
    pub(super) role: Role,
    pub(super) count: u64,
    pub(super) created: u64,
    pub(super) alive: u64,
    pub(super) active: bool,
    pub(super) spent: Spent,
    pub(super) start: Option<Frame>,
    /// Whether `start` comes from a creation, whose frame is the function's own line.
    pub(super) exact_start: bool,
    pub(super) creators: HashMap<StackId, u64>,
    /// The creator of the last one, and how many it created in a row.
    pub(super) last_creator: (StackId, u64),
    /// How many there are now that count, since when there has been at least one, and when there last was.
    pub(super) now: u32,
    pub(super) since: Time,
    pub(super) until: Time,
    /// For how long there was at least one, ns.
    pub(super) present: i64,
    pub(super) peak: u32,
    pub(super) running: u32,
    pub(super) peak_running: u32,
    pub(super) hogs: u64,
}

impl GroupSum {
    pub(super) fn note_creator(&mut self, stack: StackId) {
        if self.last_creator.0 != stack {
            self.flush_creator();
            self.last_creator.0 = stack;
        }
        self.last_creator.1 += 1;
    }

    /// One more is there since `since`. `always`: it has been since before the trace, and so has the group.
    pub(super) fn enter(&mut self, since: Time, always: bool, runs: bool) {
        if always {
            (self.present, self.since) = (0, since);
        } else if self.now == 0 {
            // Where its name came late, another may have been there in between.
            self.since = since.max(self.until);
        }
        self.now += 1;
        self.peak = self.peak.max(self.now);
        self.running += u32::from(runs);
        self.peak_running = self.peak_running.max(self.running);
    }

    pub(super) fn leave(&mut self, now: Time, runs: bool) {
        self.now = self.now.saturating_sub(1);
        self.running = self.running.saturating_sub(u32::from(runs));
        if self.now == 0 {
            self.present = self.present.saturating_add(now.since(self.since).max(0));
            self.until = self.until.max(now);
        }
    }

    /// The window begins: what has been summed up is forgotten, but not how many there are.
    pub(super) fn begin_window(&mut self, from: Time) {
        *self = GroupSum {
            name: self.name,
            role: self.role,
            start: self.start,
            exact_start: self.exact_start,
            now: self.now,
            since: from,
            until: from,
            peak: self.now,
            running: self.running,
            peak_running: self.running,
            ..GroupSum::default()
        };
    }

    pub(super) fn flush_creator(&mut self) {
        let (stack, n) = std::mem::take(&mut self.last_creator);
        if n > 0 {
            *self.creators.entry(stack).or_default() += n;
        }
    }
}
