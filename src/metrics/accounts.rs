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

/// Sums by key, where there are few keys.
#[derive(Clone, Debug)]
pub(super) struct Tally<K>(Vec<(K, i64)>);

impl<K> Default for Tally<K> {
    fn default() -> Self {
        Tally(Vec::new())
    }
}

impl<K: Copy + PartialEq> Tally<K> {
    #[inline(always)]
    pub(super) fn add(&mut self, key: K, ns: i64) {
        match self.0.iter_mut().find(|(k, _)| *k == key) {
            Some((_, sum)) => *sum = sum.saturating_add(ns),
            None => self.0.push((key, ns)),
        }
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
        for &(key, ns) in &other.0 {
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

/// Time by state, as [`Times`] but with symbols.
#[derive(Clone, Debug, Default)]
pub(super) struct Spent {
    pub(super) total: i64,
    exec: i64,
    sched: i64,
    syscall: i64,
    syscall_block: i64,
    block: Tally<Sym>,
    range: Tally<RangeName>,
    unknown: i64,
}

impl Spent {
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

    /// What was spent since `earlier`, which is a snapshot of the same goroutine.
    pub(super) fn since(&self, earlier: &Spent) -> Spent {
        Spent {
            total: self.total.saturating_sub(earlier.total),
            exec: self.exec.saturating_sub(earlier.exec),
            sched: self.sched.saturating_sub(earlier.sched),
            syscall: self.syscall.saturating_sub(earlier.syscall),
            syscall_block: self.syscall_block.saturating_sub(earlier.syscall_block),
            block: self.block.less(&earlier.block),
            range: self.range.less(&earlier.range),
            unknown: 0,
        }
        .settled()
    }

    /// Sets what the states leave of the total.
    fn settled(mut self) -> Spent {
        let known = [self.exec, self.sched, self.syscall, self.syscall_block, self.block.sum()];
        let known = known.into_iter().fold(0i64, i64::saturating_add);
        self.unknown = self.total.saturating_sub(known).max(0);
        self
    }

    /// Adds what another goroutine or call spent.
    pub(super) fn merge(&mut self, other: &Spent) {
        for (mine, theirs) in [
            (&mut self.total, other.total),
            (&mut self.exec, other.exec),
            (&mut self.sched, other.sched),
            (&mut self.syscall, other.syscall),
            (&mut self.syscall_block, other.syscall_block),
            (&mut self.unknown, other.unknown),
        ] {
            *mine = mine.saturating_add(theirs);
        }
        self.block.merge(&other.block);
        self.range.merge(&other.range);
    }

    /// With names for symbols.
    pub(super) fn times(&self, symbols: &Symbols) -> Times {
        Times {
            total_ns: self.total,
            exec_ns: self.exec,
            sched_wait_ns: self.sched,
            syscall_ns: self.syscall,
            syscall_block_ns: self.syscall_block,
            block_ns: self.block.named(|reason| symbols.text(reason).to_owned()),
            range_ns: self.range.named(|range| range.text(symbols)),
            unknown_ns: self.unknown,
        }
    }
}

/// One goroutine.
#[derive(Clone, Debug)]
pub(super) struct Account {
    id: u64,
    spent: Spent,
    open_ranges: Vec<(RangeName, Time)>,
    start: Frame,
    /// True for the runtime's own, by name, and for those that never showed a stack.
    pub(super) system: bool,
    born: Time,
    created: bool,
    created_by: StackId,
    /// Whether it ever changed its state within the trace.
    active: bool,
    /// Whether the total is settled: it ended, or the trace did.
    ended: bool,
}

impl Default for Account {
    fn default() -> Self {
        Account {
            id: u64::MAX,
            spent: Spent::default(),
            open_ranges: Vec::new(),
            start: Frame { func: Sym::EMPTY, file: Sym::EMPTY, line: 0 },
            system: true,
            born: Time(0),
            created: false,
            created_by: StackId::NONE,
            active: false,
            ended: false,
        }
    }
}

impl Account {
    /// What it has spent up to `now`, in the middle of `open`.
    pub(super) fn snapshot(&self, open: Option<Span>, now: Time) -> Spent {
        let mut spent = self.spent.clone();
        if !self.ended {
            spent.total = now.since(self.born);
        }
        if let Some(span) = open {
            spent.add(span.state, span.reason, span.ns());
        }
        for &(range, since) in &self.open_ranges {
            spent.range.add(range, now.since(since));
        }
        spent
    }

    /// It ended, or the trace did.
    pub(super) fn finalize(&mut self, time: Time) {
        if !self.ended {
            self.spent = self.snapshot(None, time);
            self.ended = true;
        }
        self.open_ranges.clear();
    }

    pub(super) fn range_begin(&mut self, range: Range, since: Time) {
        let name = RangeName::from(range);
        match self.open_ranges.iter_mut().find(|(open, _)| *open == name) {
            Some((_, begun)) => {
                // Still open as a generation begins: what has passed is counted, and it goes on from here.
                self.spent.range.add(name, since.since(*begun));
                *begun = since;
            }
            None => self.open_ranges.push((name, since)),
        }
    }

    pub(super) fn range_end(&mut self, range: Range, end: Option<Time>) {
        let name = RangeName::from(range);
        if let Some(at) = self.open_ranges.iter().position(|(open, _)| *open == name) {
            let (_, since) = self.open_ranges.swap_remove(at);
            if let Some(end) = end {
                self.spent.range.add(name, end.since(since));
            }
        }
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

    /// The id of the goroutine in this slot.
    pub(super) fn id(&mut self, g: GoSlot) -> u64 {
        self.get(g).id
    }

    pub(super) fn born(&mut self, birth: &Birth) {
        let account = self.get(birth.g);
        *account = Account {
            id: birth.id.0,
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
        account.spent.add(span.state, span.reason, span.ns());
        account.active |= !span.open;
    }

    pub(super) fn retire(&mut self, g: GoSlot, alive: bool) {
        let account = std::mem::take(self.get(g));
        let group = self.groups.entry(account.start.func).or_default();
        group.count += 1;
        group.created += u64::from(account.created);
        group.alive += u64::from(alive);
        group.active |= account.active;
        group.spent.merge(&account.spent.settled());
        if account.created && account.created_by != StackId::NONE {
            *group.creators.entry(account.created_by).or_default() += 1;
        }
        if account.start.func != Sym::EMPTY && (group.start.is_none() || (account.created && !group.exact_start)) {
            group.start = Some(account.start);
            group.exact_start = account.created;
        }
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
