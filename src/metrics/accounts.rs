//! Where each goroutine's time went, and the groups by start function.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::groups::GroupSum;
use super::narrowed::Narrowed;
use super::population::{Owner, Part, Role};
use super::tally::{RangeName, Spent, Sums, Tally};
use super::tests::TestIx;
use crate::hash::HashMap;
use crate::summary::{Group, Position};
use crate::timeline::{Activity, Birth, Move, Span, State};
use crate::trace::{Frame, GoSlot, Range, StackId, Sym, Symbols, Time};

/// Special ranges of one goroutine, and what of it counts.
#[derive(Clone, Debug, Default)]
pub(super) struct Special {
    /// Shared with all that was noted since it last grew.
    sums: Arc<Tally<RangeName>>,
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

/// Index of a group.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct GroupIx(pub(super) u32);

impl GroupIx {
    /// Those that never showed a stack.
    pub(super) const NAMELESS: GroupIx = GroupIx(0);
}

/// One goroutine.
#[derive(Clone, Debug)]
pub(super) struct Account {
    sums: Sums,
    /// What few have, in a word for those who have not.
    pub(super) special: Option<Box<Special>>,
    pub(super) id: u64,
    pub(super) born: Time,
    /// Since when it runs, while it does.
    runs_since: Time,
    /// What [`super::load::Load::waited`] said then.
    pub(super) waited: i64,
    pub(super) group: GroupIx,
    pub(super) created_by: StackId,
    pub(super) test: TestIx,
    /// Neighbours in the list of its test's goroutines.
    pub(super) neighbours: [GoSlot; 2],
    /// True for the runtime's own, by name, and for those that never showed a stack.
    pub(super) system: bool,
    pub(super) created: bool,
    /// Whether it does not count, since it works for no test that was asked for.
    pub(super) aside: bool,
    /// Whether what it does just now does not count, though it does itself: it is not in a region or task that was
    /// asked for, or its test is over.
    pub(super) outside: bool,
    /// Whether it ever changed its state within the trace.
    active: bool,
    /// Whether it ever ran within the trace.
    pub(super) ran: bool,
    /// Whether its test is over, and has been given what it spent until then.
    pub(super) settled: bool,
    /// Where it was when the trace ended, or when it began to wait for ever.
    pub(super) stands_at: StackId,
    /// Whether it is one of those of its group that are there and count.
    present: bool,
}

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
            neighbours: [GoSlot::NONE; 2],
            system: true,
            created: false,
            aside: false,
            outside: false,
            active: false,
            ran: false,
            settled: false,
            stands_at: StackId::NONE,
            present: false,
        }
    }
}

impl Account {
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

    /// When it ended, if that is `now` unless it began to wait for ever before.
    fn end(&self, now: Time) -> Time {
        self.special.as_ref().and_then(|special| special.stuck).unwrap_or(now)
    }

    /// It ended, or the trace did, or (`stuck`) it will wait for ever.
    pub(super) fn finalize(&mut self, time: Time, stuck: bool) {
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
    fn begin_window(&mut self, from: Time) {
        (self.sums, self.born) = (Sums::default(), from);
        (self.created, self.created_by, self.active) = (false, StackId::NONE, false);
        self.ran = self.runs_since != Time::NEVER;
        if self.ran {
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
    fn is_present(&self) -> bool {
        self.group != GroupIx::NAMELESS && !self.aside && !self.outside
    }

    /// All that it spent in its life.
    pub(super) fn lifetime(&self, now: Time) -> Spent {
        let total = self.end(now).since(self.born);
        let range = self.special.as_ref().map(|special| Arc::clone(&special.sums));
        Spent::new(self.sums.clone(), range, total)
    }
}

/// All goroutines, by slot, and what has been summed up of those that ended.
#[derive(Clone, Debug)]
pub(super) struct Accounts {
    by_slot: Vec<Account>,
    groups: Vec<GroupSum>,
    by_name: HashMap<Sym, GroupIx>,
    /// The group that was asked for last.
    last: (Sym, GroupIx),
    /// Time that all goroutines ran within mark assists, also those that do not count, ns.
    assisted: i64,
}

impl Default for Accounts {
    fn default() -> Self {
        let by_name = [(Sym::EMPTY, GroupIx::NAMELESS)].into_iter().collect();
        Accounts {
            by_slot: Vec::new(),
            groups: vec![GroupSum::default()],
            by_name,
            last: (Sym::EMPTY, GroupIx::NAMELESS),
            assisted: 0,
        }
    }
}

impl Accounts {
    #[inline(always)]
    pub(super) fn get(&mut self, g: GoSlot) -> &mut Account {
        if g.index() >= self.by_slot.len() {
            self.by_slot.resize_with(g.index() + 1, Account::default);
        }
        &mut self.by_slot[g.index()]
    }

    /// The account of a slot, if there ever was one.
    #[inline(always)]
    pub(super) fn peek(&self, g: GoSlot) -> Option<&Account> {
        self.by_slot.get(g.index())
    }

    /// A part of each cache line of a goroutine's account.
    #[inline(always)]
    pub(super) fn look(&self, g: GoSlot) -> u64 {
        self.by_slot.get(g.index()).map_or(0, |account| {
            let sums = &account.sums;
            (sums.exec ^ sums.block.first() ^ account.born.0 ^ account.waited) as u64 ^ u64::from(account.stands_at.0)
        })
    }

    #[inline(always)]
    pub(super) fn born(&mut self, birth: &Birth, test: TestIx) {
        *self.get(birth.g) = Account {
            id: birth.id.0,
            born: birth.time,
            created: birth.created,
            created_by: birth.by_stack,
            active: birth.created,
            test,
            ..Account::default()
        };
    }

    /// The window begins.
    pub(super) fn begin_window(&mut self, from: Time) {
        self.by_slot.iter_mut().filter(|account| account.id != u64::MAX).for_each(|account| account.begin_window(from));
        self.groups.iter_mut().for_each(|group| group.begin_window(from));
        self.assisted = 0;
    }

    /// The start function of a goroutine is known from now on, and what it is to the tests.
    #[inline(always)]
    pub(super) fn named(&mut self, g: GoSlot, start: Frame, name: &str) -> Part {
        let ix = self.group(start.func, name);
        let role = self.groups[ix.0 as usize].role;
        let account = self.get(g);
        (account.group, account.system) = (ix, role.system);
        let created = account.created;
        let group = &mut self.groups[ix.0 as usize];
        if group.start.is_none() || (created && !group.exact_start) {
            group.start = Some(start);
            group.exact_start = created;
        }
        role.part
    }

    /// What a goroutine does begins to count for its group, or ceases to: it is there, or not, `now`. Nothing is told of
    /// when where its name has just become known: it has been there since it counts.
    #[inline(always)]
    pub(super) fn recount(&mut self, g: GoSlot, now: Option<Time>) {
        let account = self.get(g);
        let (ix, present, runs) = (account.group, account.is_present(), account.runs_since != Time::NEVER);
        if std::mem::replace(&mut account.present, present) == present {
            return;
        }
        let since = now.unwrap_or_else(|| account.counts_from(account.born));
        let always = !account.created && since == account.born;
        let group = &mut self.groups[ix.0 as usize];
        if present { group.enter(since, always, runs) } else { group.leave(since, runs) }
    }

    #[inline(always)]
    fn group(&mut self, name: Sym, text: &str) -> GroupIx {
        if self.last.0 == name {
            return self.last.1;
        }
        let next = GroupIx(self.groups.len() as u32);
        let ix = *self.by_name.entry(name).or_insert(next);
        if ix == next {
            self.groups.push(GroupSum { name, role: Role::of(text), ..GroupSum::default() });
        }
        self.last = (name, ix);
        ix
    }

    /// A span has ended. Gives the account back.
    #[inline(always)]
    pub(super) fn span(&mut self, span: &Span) -> &mut Account {
        let account = self.get(span.g);
        account.sums.add(span.state, span.reason, span.ns());
        account.active |= !span.open;
        account
    }

    /// Keeps count of how many run at once.
    #[inline(always)]
    pub(super) fn moved(&mut self, moved: Move, now: Time, waited: i64) {
        let runs = moved.to == Activity::Running;
        if !runs && moved.from != Activity::Running {
            return;
        }
        let account = self.get(moved.g);
        let (ix, present) = (account.group, account.present);
        if runs {
            (account.runs_since, account.waited, account.ran) = (now, waited, true);
        } else {
            if let Some(special) = &mut account.special
                && let Some(since) = special.assists_since()
                && let Some(runs) = account.runs_since.get()
            {
                special.add(RangeName::Assisting, now.since(since.max(runs)));
            }
            account.runs_since = Time::NEVER;
        }
        if present {
            let group = &mut self.groups[ix.0 as usize];
            if runs {
                group.running += 1;
                group.peak_running = group.peak_running.max(group.running);
            } else {
                group.running = group.running.saturating_sub(1);
            }
        }
    }

    pub(super) fn hog(&mut self, ix: GroupIx) {
        self.groups[ix.0 as usize].hogs += 1;
    }

    /// The goroutine is gone: its group is given what it spent. Its account stays until it is taken.
    #[inline(always)]
    pub(super) fn retire(&mut self, g: GoSlot, alive: bool, time: Time) {
        // Looked at in place: an account is long, and goroutines come and go by the million.
        let Some(account) = self.by_slot.get(g.index()) else { return };
        let group = &mut self.groups[account.group.0 as usize];
        if account.present {
            group.leave(account.end(time), account.runs_since != Time::NEVER);
        }
        if account.counts() {
            group.count += 1;
            group.created += u64::from(account.created);
            group.alive += u64::from(alive);
            group.active |= account.active;
            if account.created && account.created_by != StackId::NONE {
                group.note_creator(account.created_by);
            }
        }
        if account.special.is_some() {
            return self.retire_special(g, time);
        }
        if account.counts() {
            group.spent.add(&account.sums, time.since(account.born));
        }
    }

    /// The goroutine was in special ranges, or not all of it counts.
    #[inline(never)]
    fn retire_special(&mut self, g: GoSlot, time: Time) {
        let account = &self.by_slot[g.index()];
        let spent = account.lifetime(time);
        self.assisted = self.assisted.saturating_add(spent.assisting());
        if account.counts() {
            self.groups[account.group.0 as usize].spent.merge(account.counted().unwrap_or(&spent));
        }
    }

    /// All that is known of a goroutine, which is forgotten here.
    pub(super) fn take(&mut self, g: GoSlot) -> Account {
        std::mem::take(self.get(g))
    }

    /// Forgets a goroutine.
    #[inline(always)]
    pub(super) fn forget(&mut self, g: GoSlot) {
        *self.get(g) = Account::default();
    }

    /// The start functions of goroutines that did anything.
    pub(super) fn active_groups(&self) -> impl Iterator<Item = Sym> + '_ {
        self.groups.iter().filter(|group| group.active).map(|group| group.name)
    }

    /// Whose the goroutines of a group are.
    pub(super) fn owner(&self, ix: GroupIx) -> Owner {
        self.groups.get(ix.0 as usize).map_or(Owner::Runtime, |group| group.role.owner)
    }

    /// The name of a group.
    pub(super) fn name(&self, ix: GroupIx) -> Sym {
        self.groups.get(ix.0 as usize).map_or(Sym::EMPTY, |group| group.name)
    }

    /// Time that all goroutines ran within mark assists, ns.
    pub(super) fn assisting(&self) -> i64 {
        self.assisted
    }

    pub(super) fn to_groups(&self, symbols: &Symbols) -> BTreeMap<String, Group> {
        let used = self.groups.iter().filter(|group| group.count > 0);
        let named = used.map(|sum| {
            let mut sum = sum.clone();
            sum.flush_creator();
            let times = sum.spent.times(symbols);
            let mut creators = BTreeMap::new();
            for (stack, count) in sum.creators {
                *creators.entry(creator(symbols, stack)).or_default() += count;
            }
            let group = Group {
                count: sum.count,
                created: sum.created,
                alive: sum.alive,
                total_ns: times.total_ns,
                exec_ns: times.exec_ns,
                sched_wait_ns: times.sched_wait_ns,
                syscall_ns: times.syscall_ns,
                syscall_block_ns: times.syscall_block_ns,
                block_ns: times.block_ns,
                range_ns: times.range_ns,
                unknown_ns: times.unknown_ns,
                syscalls: times.syscalls,
                assist_exec_ns: sum.spent.assisting(),
                present_ns: sum.present,
                peak: u64::from(sum.peak),
                peak_running: u64::from(sum.peak_running),
                hogs: sum.hogs,
                start: sum.start.map(|frame| position(symbols, frame)),
                creators,
            };
            (symbols.text(sum.name).to_owned(), group)
        });
        named.collect()
    }
}

/// A frame's place, as the trace says it.
pub(super) fn position(symbols: &Symbols, frame: Frame) -> Position {
    Position { file: symbols.text(frame.file).to_owned(), line: frame.line }
}

/// The function that created a goroutine, given its stack: the innermost one outside the runtime.
fn creator(symbols: &Symbols, stack: StackId) -> String {
    let mut frames = symbols.frames(stack).map(|frame| symbols.text(frame.func));
    frames.find(|name| !name.starts_with("runtime.")).unwrap_or_default().to_owned()
}
