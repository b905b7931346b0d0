//! One goroutine: what it has spent, and what it is in the middle of.

use std::sync::Arc;

use super::groups::{GroupIx, GroupSum};
use super::narrowed::Narrowed;
use super::tally::{RangeName, Ranges, Spent, Sums};
use super::tests::TestIx;
use crate::timeline::{Birth, Span, State};
use crate::trace::{Range, StackId, Sym, Time};

/// Special ranges of one goroutine, and what of it counts.
#[derive(Clone, Debug, Default)]
pub(super) struct Special {
    /// Shared with all that was noted since it last grew.
    sums: Arc<Ranges>,
    /// Those that are open, since when.
    open: Vec<(RangeName, Time)>,
    /// When it began to wait for ever, which is as good as its end.
    stuck: Option<Time>,
    pub(super) narrowed: Narrowed,
    /// What it collects as, if it is a worker of the collector.
    pub(super) worker: Option<Worker>,
}

/// How a worker of the collector shares its processor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Worker {
    /// Runs where nothing else would.
    Idle,
    /// Dedicated or fractional.
    Busy,
}

impl Special {
    fn add(&mut self, name: RangeName, ns: i64) {
        Arc::make_mut(&mut self.sums).add(name, ns);
    }

    fn assists_since(&self) -> Option<Time> {
        self.open.iter().find(|(name, _)| *name == RangeName::MarkAssist).map(|&(_, since)| since)
    }
}

/// What is or was true of a goroutine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Mark {
    /// It is the runtime's own, by name, or never showed a stack.
    System = 1,
    Created = 2,
    /// It changed its state within the trace.
    Active = 4,
    /// It ran within the trace.
    Ran = 8,
    /// Its test is over, and has been given what it spent until then.
    Settled = 16,
    /// A launcher started it: its stacks do not tell its group.
    Launched = 32,
}

/// One goroutine: two cache lines, as there may be hundreds of thousands, and each event needs one.
#[derive(Clone, Debug)]
#[repr(C, align(64))]
pub(super) struct Account {
    pub(super) sums: Sums,
    /// What few have, in a word for those who have not.
    pub(super) special: Option<Box<Special>>,
    pub(super) id: u64,
    pub(super) born: Time,
    /// Since when it runs, while it does.
    pub(super) runs_since: Time,
    /// What [`super::load::Load::waited`] said then.
    pub(super) waited: i64,
    pub(super) group: GroupIx,
    pub(super) created_by: StackId,
    pub(super) test: TestIx,
    /// Each [`Mark`] is a bit.
    marks: u8,
    /// Whether it does not count, since it works for no test that was asked for.
    pub(super) aside: bool,
    /// Whether what it does just now does not count, though it does itself: it is not in a region or task that was
    /// asked for, or its test is over.
    pub(super) outside: bool,
    /// Whether it is one of those of its group that are there and count.
    pub(super) present: bool,
}

const _: () = assert!(size_of::<Account>() == 128);

impl Default for Account {
    fn default() -> Self {
        Account {
            sums: Sums::default(),
            special: None,
            id: u64::MAX,
            born: Time(0),
            runs_since: Time::NEVER,
            waited: 0,
            group: GroupIx::NAMELESS,
            created_by: StackId::NONE,
            test: TestIx::NONE,
            marks: Mark::System as u8,
            aside: false,
            outside: false,
            present: false,
        }
    }
}

impl Account {
    /// A goroutine that the trace has just heard of, in place of one that is gone.
    #[inline(always)]
    pub(super) fn begin(&mut self, birth: &Birth, test: TestIx) {
        self.forget();
        self.sums.clear();
        let created = if birth.created { Mark::Created as u8 | Mark::Active as u8 } else { 0 };
        (self.id, self.born, self.created_by) = (birth.id.0, birth.time, birth.by_stack);
        (self.marks, self.test) = (Mark::System as u8 | created, test);
    }

    /// Nothing is left of it that anybody asks for where there is no goroutine. What it spent is not among that: it is cleared
    /// when another one begins, by the million, and by field, since what takes memory of its own is hardly ever there.
    #[inline(always)]
    pub(super) fn forget(&mut self) {
        if self.special.is_some() {
            self.special = None;
        }
        (self.id, self.group, self.test) = (u64::MAX, GroupIx::NAMELESS, TestIx::NONE);
        (self.runs_since, self.marks) = (Time::NEVER, Mark::System as u8);
        (self.aside, self.outside, self.present) = (false, false, false);
    }

    /// The same without anything that it was.
    #[cold]
    pub(super) fn anew(&mut self) -> &mut Account {
        *self = Account::default();
        self
    }

    #[inline(always)]
    pub(super) fn is(&self, mark: Mark) -> bool {
        self.marks & mark as u8 != 0
    }

    #[inline(always)]
    pub(super) fn set(&mut self, mark: Mark, is: bool) {
        self.marks = if is { self.marks | mark as u8 } else { self.marks & !(mark as u8) };
    }

    /// Its group, where its stacks do not tell that.
    #[inline(always)]
    pub(super) fn apart(&self) -> GroupIx {
        if self.is(Mark::Launched) { self.group } else { GroupIx::NAMELESS }
    }

    /// What it has spent up to `now`, in the middle of `open`.
    #[inline]
    pub(super) fn snapshot(&self, open: Option<Span>, now: Time) -> Spent {
        let mut sums = self.sums.clone();
        if let Some(span) = open {
            sums.add(span.state, span.reason, span.ns());
        }
        let range = self.special.as_ref().map(|special| {
            let mut range = Arc::clone(&special.sums);
            for &(name, since) in &special.open {
                Arc::make_mut(&mut range).add(name, now.since(since));
            }
            if let (Some(since), Some(runs)) = (special.assists_since(), self.runs_since.get()) {
                Arc::make_mut(&mut range).add(RangeName::Assisting, now.since(since.max(runs)));
            }
            range
        });
        Spent::new(sums, range, self.end(now).since(self.born))
    }

    /// Whether it is in a special range just now, or as good as ended.
    pub(super) fn in_range(&self) -> bool {
        self.special.as_ref().is_some_and(|special| !special.open.is_empty() || special.stuck.is_some())
    }

    /// What it had spent `at` a moment when it had been running since `since`, in no special range, and that is not added yet.
    pub(super) fn spent_before(&self, since: Time, at: Time) -> Spent {
        let mut sums = self.sums.clone();
        sums.add(State::Running, Sym::EMPTY, at.since(since));
        let range = self.special.as_ref().map(|special| Arc::clone(&special.sums));
        Spent::new(sums, range, at.since(self.born))
    }

    /// What it has spent up to `now`, if it runs then.
    pub(super) fn spent_running(&self, now: Time) -> Spent {
        let mut spent = self.snapshot(None, now);
        if let Some(since) = self.runs_since.get() {
            let mut sums = spent.sums.clone();
            sums.add(State::Running, Sym::EMPTY, now.since(since));
            spent = Spent::new(sums, spent.range, spent.total);
        }
        spent
    }

    /// It stops running: what of it was within a mark assist is counted.
    #[inline(always)]
    pub(super) fn stops(&mut self, now: Time) {
        if let Some(special) = &mut self.special
            && let Some(since) = special.assists_since()
            && let Some(runs) = self.runs_since.get()
        {
            special.add(RangeName::Assisting, now.since(since.max(runs)));
        }
        self.runs_since = Time::NEVER;
    }

    /// When it ended, if that is `now` unless it began to wait for ever before.
    pub(super) fn end(&self, now: Time) -> Time {
        self.special.as_ref().and_then(|special| special.stuck).unwrap_or(now)
    }

    /// It ended, or the trace did, or (`stuck`) it will wait for ever.
    #[inline(always)]
    pub(super) fn finalize(&mut self, time: Time, stuck: bool) {
        if stuck || self.special.is_some() {
            self.finalize_special(time, stuck);
        }
    }

    #[inline(never)]
    fn finalize_special(&mut self, time: Time, stuck: bool) {
        if stuck {
            self.special.get_or_insert_default();
        }
        let Some(special) = &mut self.special else { return };
        let assists = special.assists_since();
        let open = std::mem::take(&mut special.open);
        if special.stuck.is_none() {
            if let (Some(since), Some(runs)) = (assists, self.runs_since.get()) {
                special.add(RangeName::Assisting, time.since(since.max(runs)));
            }
            open.into_iter().for_each(|(name, since)| special.add(name, time.since(since)));
            special.stuck = stuck.then_some(time);
        }
    }

    #[inline(always)]
    pub(super) fn range_begin(&mut self, range: Range, since: Time) {
        let name = RangeName::from(range);
        let special = self.special.get_or_insert_default();
        match special.open.iter_mut().find(|(open, _)| *open == name) {
            Some((_, begun)) => {
                // Still open as a generation begins: what has passed is counted, and it goes on from here.
                let begun = std::mem::replace(begun, since);
                special.add(name, since.since(begun));
                if name == RangeName::MarkAssist
                    && let Some(runs) = self.runs_since.get()
                {
                    special.add(RangeName::Assisting, since.since(runs.max(begun)));
                }
            }
            None => special.open.push((name, since)),
        }
    }

    #[inline(always)]
    pub(super) fn range_end(&mut self, range: Range, end: Option<Time>) {
        let name = RangeName::from(range);
        let Some(special) = &mut self.special else { return };
        if let Some(at) = special.open.iter().position(|(open, _)| *open == name) {
            let (_, since) = special.open.swap_remove(at);
            let Some(end) = end else { return };
            special.add(name, end.since(since));
            if name == RangeName::MarkAssist
                && let Some(runs) = self.runs_since.get()
            {
                special.add(RangeName::Assisting, end.since(since.max(runs)));
            }
        }
    }

    /// The window begins: as if all that it is in the middle of had begun there.
    pub(super) fn begin_window(&mut self, from: Time) {
        (self.sums, self.born) = (Sums::default(), from);
        let runs = self.runs_since != Time::NEVER;
        self.set(Mark::Created, false);
        self.set(Mark::Active, false);
        self.set(Mark::Ran, runs);
        self.created_by = StackId::NONE;
        if runs {
            (self.runs_since, self.waited) = (from, 0);
        }
        if let Some(special) = &mut self.special {
            special.sums = Arc::default();
            special.open.iter_mut().for_each(|(_, since)| *since = from);
            special.stuck = special.stuck.map(|_| from);
        }
    }

    /// Whether any of it counts.
    pub(super) fn counts(&self) -> bool {
        !self.aside && (!self.outside || self.counted().is_some())
    }

    /// What it collects as, if it is a worker of the collector.
    #[inline(always)]
    pub(super) fn worker(&self) -> Option<Worker> {
        self.special.as_ref()?.worker
    }

    /// It got a label: workers of the collector do.
    pub(super) fn works_as(&mut self, worker: Option<Worker>) {
        if worker.is_some() || self.special.is_some() {
            self.special.get_or_insert_default().worker = worker;
        }
    }

    /// Whether what it does just now counts for its group, as far as that is known.
    pub(super) fn is_present(&self) -> bool {
        self.group != GroupIx::NAMELESS && !self.aside && !self.outside
    }

    /// It begins to count for its group `since` then.
    #[inline(always)]
    pub(super) fn enter(&self, group: &mut GroupSum, since: Time) {
        let always = !self.is(Mark::Created) && since == self.born;
        group.enter(since, always, self.runs_since != Time::NEVER);
    }

    /// All that it spent in its life.
    pub(super) fn lifetime(&self, now: Time) -> Spent {
        let total = self.end(now).since(self.born);
        let range = self.special.as_ref().map(|special| Arc::clone(&special.sums));
        Spent::new(self.sums.clone(), range, total)
    }
}
