//! Where each goroutine's time went, and the groups by start function.

use std::collections::BTreeMap;

use crate::hash::HashMap;
use crate::summary::{Group, Position, Times};
use crate::timeline::{Birth, Span, State};
use crate::trace::{Frame, GoSlot, Range, StackId, Sym, Symbols, Time};

/// A special range by what it is called, whoever it belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum RangeName {
    StopTheWorld(Sym),
    GcMark,
    Sweep,
    MarkAssist,
}

impl From<Range> for RangeName {
    fn from(range: Range) -> Self {
        match range {
            Range::StopTheWorld(kind) => RangeName::StopTheWorld(kind),
            Range::GcMark => RangeName::GcMark,
            Range::Sweep(_) => RangeName::Sweep,
            Range::MarkAssist(_) => RangeName::MarkAssist,
        }
    }
}

impl RangeName {
    /// Go's name for it.
    pub(super) fn text(self, symbols: &Symbols) -> String {
        match self {
            RangeName::StopTheWorld(kind) => format!("stop-the-world ({})", symbols.text(kind)),
            RangeName::GcMark => "GC concurrent mark phase".to_owned(),
            RangeName::Sweep => "GC incremental sweep".to_owned(),
            RangeName::MarkAssist => "GC mark assist".to_owned(),
        }
    }
}

/// Sums by key, where there are few keys. Every goroutine has two: they are kept small, and grow by one.
#[derive(Clone, Debug)]
pub(super) struct Tally<K>(Box<[(K, i64)]>);

impl<K> Default for Tally<K> {
    fn default() -> Self {
        Tally(Box::default())
    }
}

impl<K: Copy + PartialEq> Tally<K> {
    #[inline(always)]
    pub(super) fn add(&mut self, key: K, ns: i64) {
        match self.0.iter_mut().find(|(k, _)| *k == key) {
            Some((_, sum)) => *sum = sum.saturating_add(ns),
            None => self.grow(key, ns),
        }
    }

    fn grow(&mut self, key: K, ns: i64) {
        let mut grown = Vec::with_capacity(self.0.len() + 1);
        grown.extend_from_slice(&self.0);
        grown.push((key, ns));
        self.0 = grown.into_boxed_slice();
    }

    fn get(&self, key: K) -> i64 {
        self.0.iter().find(|(k, _)| *k == key).map_or(0, |&(_, ns)| ns)
    }

    fn sum(&self) -> i64 {
        self.0.iter().fold(0, |sum, &(_, ns)| sum.saturating_add(ns))
    }

    fn less(&self, earlier: &Self) -> Self {
        Tally(self.0.iter().map(|&(k, ns)| (k, ns.saturating_sub(earlier.get(k)))).collect())
    }

    fn merge(&mut self, other: &Self) {
        for &(key, ns) in other.0.iter() {
            self.add(key, ns);
        }
    }

    /// By name, without what is zero.
    fn named(&self, name: impl Fn(K) -> String) -> BTreeMap<String, i64> {
        let mut named = BTreeMap::new();
        for &(key, ns) in self.0.iter().filter(|(_, ns)| *ns != 0) {
            *named.entry(name(key)).or_default() += ns;
        }
        named
    }
}

/// Time by state, with symbols for names.
#[derive(Clone, Debug, Default)]
struct Sums {
    exec: i64,
    sched: i64,
    syscall: i64,
    syscall_block: i64,
    block: Tally<Sym>,
    range: Tally<RangeName>,
}

impl Sums {
    #[inline(always)]
    fn add(&mut self, state: State, reason: Sym, ns: i64) {
        let sum = match state {
            State::Running => &mut self.exec,
            State::Runnable => &mut self.sched,
            State::Syscall => &mut self.syscall,
            State::SyscallBlocked => &mut self.syscall_block,
            State::Waiting => return self.block.add(reason, ns),
        };
        *sum = sum.saturating_add(ns);
    }

    /// All of it but the ranges, which overlap.
    fn known(&self) -> i64 {
        let parts = [self.exec, self.sched, self.syscall, self.syscall_block, self.block.sum()];
        parts.into_iter().fold(0, i64::saturating_add)
    }
}

/// Where a goroutine's or a call's time went: [`Times`] with symbols for names.
#[derive(Clone, Debug, Default)]
pub(super) struct Spent {
    sums: Sums,
    total: i64,
    unknown: i64,
}

impl Spent {
    fn new(sums: Sums, total: i64) -> Spent {
        let unknown = total.saturating_sub(sums.known()).max(0);
        Spent { sums, total, unknown }
    }

    /// What was spent since `earlier`, which is a snapshot of the same goroutine.
    pub(super) fn since(&self, earlier: &Spent) -> Spent {
        let (now, then) = (&self.sums, &earlier.sums);
        let sums = Sums {
            exec: now.exec.saturating_sub(then.exec),
            sched: now.sched.saturating_sub(then.sched),
            syscall: now.syscall.saturating_sub(then.syscall),
            syscall_block: now.syscall_block.saturating_sub(then.syscall_block),
            block: now.block.less(&then.block),
            range: now.range.less(&then.range),
        };
        Spent::new(sums, self.total.saturating_sub(earlier.total))
    }

    /// Adds what another goroutine or call spent.
    pub(super) fn merge(&mut self, other: &Spent) {
        let (mine, theirs) = (&mut self.sums, &other.sums);
        for (mine, theirs) in [
            (&mut self.total, other.total),
            (&mut self.unknown, other.unknown),
            (&mut mine.exec, theirs.exec),
            (&mut mine.sched, theirs.sched),
            (&mut mine.syscall, theirs.syscall),
            (&mut mine.syscall_block, theirs.syscall_block),
        ] {
            *mine = mine.saturating_add(theirs);
        }
        mine.block.merge(&theirs.block);
        mine.range.merge(&theirs.range);
    }

    /// With names for symbols.
    pub(super) fn times(&self, symbols: &Symbols) -> Times {
        Times {
            total_ns: self.total,
            exec_ns: self.sums.exec,
            sched_wait_ns: self.sums.sched,
            syscall_ns: self.sums.syscall,
            syscall_block_ns: self.sums.syscall_block,
            block_ns: self.sums.block.named(|reason| symbols.text(reason).to_owned()),
            range_ns: self.sums.range.named(|range| range.text(symbols)),
            unknown_ns: self.unknown,
        }
    }
}

/// One goroutine.
#[derive(Clone, Debug)]
pub(super) struct Account {
    sums: Sums,
    /// Special ranges that are open, with the time since when.
    open_ranges: Tally<RangeName>,
    start: Frame,
    /// True for the runtime's own, by name, and for those that never showed a stack.
    pub(super) system: bool,
    born: Time,
    /// When it ended, or the trace did; never as long as neither has happened.
    ended: Time,
    created: bool,
    created_by: StackId,
    /// Whether it ever changed its state within the trace.
    active: bool,
}

impl Default for Account {
    fn default() -> Self {
        Account {
            sums: Sums::default(),
            open_ranges: Tally::default(),
            start: Frame { func: Sym::EMPTY, file: Sym::EMPTY, line: 0 },
            system: true,
            born: Time(0),
            created: false,
            created_by: StackId::NONE,
            active: false,
            ended: Time::NEVER,
        }
    }
}

impl Account {
    /// What it has spent up to `now`, in the middle of `open`.
    pub(super) fn snapshot(&self, open: Option<Span>, now: Time) -> Spent {
        let mut sums = self.sums.clone();
        if let Some(span) = open {
            sums.add(span.state, span.reason, span.ns());
        }
        for &(range, since) in self.open_ranges.0.iter() {
            sums.range.add(range, now.since(Time(since)));
        }
        Spent::new(sums, self.ended.get().unwrap_or(now).since(self.born))
    }

    /// It ended, or the trace did.
    pub(super) fn finalize(&mut self, time: Time) {
        if self.ended == Time::NEVER {
            self.ended = time;
            for (range, since) in std::mem::take(&mut self.open_ranges).0 {
                self.sums.range.add(range, time.since(Time(since)));
            }
        }
        self.open_ranges = Tally::default();
    }

    pub(super) fn range_begin(&mut self, range: Range, since: Time) {
        let name = RangeName::from(range);
        match self.open_ranges.0.iter_mut().find(|(open, _)| *open == name) {
            Some((_, begun)) => {
                // Still open as a generation begins: what has passed is counted, and it goes on from here.
                self.sums.range.add(name, since.since(Time(*begun)));
                *begun = since.0;
            }
            None => self.open_ranges.grow(name, since.0),
        }
    }

    pub(super) fn range_end(&mut self, range: Range, end: Option<Time>) {
        let name = RangeName::from(range);
        let mut open = std::mem::take(&mut self.open_ranges.0).into_vec();
        if let Some(at) = open.iter().position(|(open, _)| *open == name) {
            let (_, since) = open.swap_remove(at);
            if let Some(end) = end {
                self.sums.range.add(name, end.since(Time(since)));
            }
        }
        self.open_ranges = Tally(open.into_boxed_slice());
    }

    /// All that it spent in its life.
    fn lifetime(self) -> Spent {
        let total = self.ended.get().unwrap_or(self.born).since(self.born);
        Spent::new(self.sums, total)
    }
}

#[derive(Clone, Debug, Default)]
struct GroupSum {
    count: u64,
    created: u64,
    alive: u64,
    active: bool,
    spent: Spent,
    start: Option<Frame>,
    /// Whether `start` comes from a creation, whose frame is the function's own line.
    exact_start: bool,
    creators: HashMap<StackId, u64>,
}

/// All goroutines, by slot, and what has been summed up of those that ended.
#[derive(Clone, Debug, Default)]
pub(super) struct Accounts {
    by_slot: Vec<Account>,
    groups: HashMap<Sym, GroupSum>,
}

impl Accounts {
    pub(super) fn get(&mut self, g: GoSlot) -> &mut Account {
        if g.index() >= self.by_slot.len() {
            self.by_slot.resize_with(g.index() + 1, Account::default);
        }
        &mut self.by_slot[g.index()]
    }

    pub(super) fn born(&mut self, birth: &Birth) {
        let account = self.get(birth.g);
        *account = Account {
            born: birth.time,
            created: birth.created,
            created_by: birth.by_stack,
            active: birth.created,
            ..Account::default()
        };
    }

    pub(super) fn named(&mut self, g: GoSlot, start: Frame, name: &str) {
        let account = self.get(g);
        account.start = start;
        account.system = super::population::is_system(name);
    }

    #[inline(always)]
    pub(super) fn span(&mut self, span: &Span) {
        let account = self.get(span.g);
        account.sums.add(span.state, span.reason, span.ns());
        account.active |= !span.open;
    }

    pub(super) fn retire(&mut self, g: GoSlot, alive: bool) {
        let account = std::mem::take(self.get(g));
        let group = self.groups.entry(account.start.func).or_default();
        group.count += 1;
        group.created += u64::from(account.created);
        group.alive += u64::from(alive);
        group.active |= account.active;
        if account.created && account.created_by != StackId::NONE {
            *group.creators.entry(account.created_by).or_default() += 1;
        }
        if account.start.func != Sym::EMPTY && (group.start.is_none() || (account.created && !group.exact_start)) {
            group.start = Some(account.start);
            group.exact_start = account.created;
        }
        group.spent.merge(&account.lifetime());
    }

    /// The start functions of goroutines that did anything.
    pub(super) fn active_groups(&self) -> impl Iterator<Item = Sym> + '_ {
        self.groups.iter().filter(|(_, group)| group.active).map(|(&name, _)| name)
    }

    pub(super) fn into_groups(self, symbols: &Symbols) -> BTreeMap<String, Group> {
        let named = self.groups.into_iter().map(|(name, sum)| {
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
                start: sum.start.map(|frame| position(symbols, frame)),
                creators,
            };
            (symbols.text(name).to_owned(), group)
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
