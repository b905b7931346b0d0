//! Sums of time: by state, by reason, by special range. Kept small, since every goroutine alive has one.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::summary::Times;
use crate::timeline::State;
use crate::trace::{Range, Sym, Symbols};

/// The sum of times that are not negative; saturates. By a branch that is never taken, which takes fewer instructions than choosing.
#[inline(always)]
pub(super) fn plus(sum: i64, ns: i64) -> i64 {
    #[cold]
    fn too_long() -> i64 {
        i64::MAX
    }
    sum.checked_add(ns).unwrap_or_else(too_long)
}

/// More kinds than Go has reasons to wait or to stop the world.
const MOST_KINDS: usize = 32;

/// A special range by what it is called, whoever it belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum RangeName {
    StopTheWorld(Sym),
    GcMark,
    Sweep,
    MarkAssist,
    /// What of a mark assist its goroutine ran: no range of Go's, told as a figure of its own.
    Assisting,
}

/// What is counted together where a trace has more kinds than any of Go's.
impl Default for RangeName {
    fn default() -> Self {
        RangeName::StopTheWorld(Sym::EMPTY)
    }
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
            RangeName::MarkAssist | RangeName::Assisting => "GC mark assist".to_owned(),
        }
    }
}

/// Sums by key. The first `N` keys need no memory besides: hardly any goroutine waits for more than two reasons. What comes after
/// [`MOST_KINDS`] more is counted together, as that of no name: nothing that is done with all keys may grow with what a file says.
///
/// A place whose sum is 0 is free.
#[derive(Clone, Debug)]
pub(super) struct Tally<K, const N: usize = 2> {
    keys: [K; N],
    sums: [i64; N],
    more: Option<Arc<More<K>>>,
}

/// Sums by special range. Who sweeps and assists has three.
pub(super) type Ranges = Tally<RangeName, 3>;

impl<K: Copy + Default, const N: usize> Default for Tally<K, N> {
    fn default() -> Self {
        Tally { keys: [K::default(); N], sums: [0; N], more: None }
    }
}

/// Those who have none, as nearly all, spend one word on them; and who takes note of all sums copies none of these.
#[derive(Clone, Debug)]
struct More<K>(Vec<(K, i64)>);

impl<K> Default for More<K> {
    fn default() -> Self {
        More(Vec::new())
    }
}

impl<K: Copy + Default + PartialEq, const N: usize> Tally<K, N> {
    #[inline(always)]
    pub(super) fn add(&mut self, key: K, ns: i64) {
        for (known, sum) in self.keys.iter_mut().zip(&mut self.sums) {
            if *known == key || *sum == 0 {
                *known = key;
                *sum = sum.saturating_add(ns);
                return;
            }
        }
        self.add_more(key, ns);
    }

    #[cold]
    fn add_more(&mut self, key: K, ns: i64) {
        let More(more) = Arc::make_mut(self.more.get_or_insert_default());
        let known = |key: K| move |&(known, _): &(K, i64)| known == key;
        let key = if more.len() < MOST_KINDS || more.iter().any(known(key)) { key } else { K::default() };
        match more.iter().position(known(key)) {
            Some(at) => more[at].1 = more[at].1.saturating_add(ns),
            None => more.push((key, ns)),
        }
    }

    #[inline(always)]
    fn clear(&mut self) {
        self.sums = [0; N];
        if self.more.is_some() {
            self.more = None;
        }
    }

    #[inline(always)]
    fn is_empty(&self) -> bool {
        self.sums.iter().fold(0, |all, sum| all | sum) == 0 && self.more.is_none()
    }

    /// What is not zero.
    pub(super) fn iter(&self) -> impl Iterator<Item = (K, i64)> + '_ {
        let first = self.keys.iter().copied().zip(self.sums);
        first.chain(self.more.iter().flat_map(|more| more.0.iter().copied())).filter(|(_, ns)| *ns != 0)
    }

    fn get(&self, key: K) -> i64 {
        // Once it has a place of its own, a key can be found in a freed one as well.
        self.iter().filter(|(known, _)| *known == key).fold(0, |sum, (_, ns)| sum.saturating_add(ns))
    }

    fn sum(&self) -> i64 {
        let first = self.sums.iter().fold(0i64, |sum, ns| sum.saturating_add(*ns));
        match &self.more {
            None => first,
            Some(more) => more.0.iter().fold(first, |sum, (_, ns)| sum.saturating_add(*ns)),
        }
    }

    #[inline]
    pub(super) fn less(&self, earlier: &Self) -> Self {
        // A snapshot of the same tally has its keys in the same places.
        let alike = |i: usize| earlier.sums[i] == 0 || earlier.keys[i] == self.keys[i];
        if self.more.is_none() && earlier.more.is_none() && (0..N).all(alike) {
            let sums = std::array::from_fn(|i| self.sums[i].wrapping_sub(earlier.sums[i]));
            return Tally { keys: self.keys, sums, more: None };
        }
        let mut less = Tally::default();
        for (key, ns) in self.iter() {
            less.add(key, ns.saturating_sub(earlier.get(key)));
        }
        less
    }

    #[inline]
    pub(super) fn merge(&mut self, other: &Self) {
        for i in 0..N {
            if other.sums[i] != 0 {
                self.add(other.keys[i], other.sums[i]);
            }
        }
        if let Some(more) = &other.more {
            more.0.iter().for_each(|&(key, ns)| self.add(key, ns));
        }
    }
}

/// By name.
fn named<K>(sums: impl Iterator<Item = (K, i64)>, name: impl Fn(K) -> String) -> BTreeMap<String, i64> {
    let mut named: BTreeMap<String, i64> = BTreeMap::new();
    for (key, ns) in sums {
        let sum = named.entry(name(key)).or_default();
        *sum = sum.saturating_add(ns);
    }
    named
}

/// Time by state.
#[derive(Clone, Debug, Default)]
pub(super) struct Sums {
    pub(super) exec: i64,
    pub(super) sched: i64,
    pub(super) syscall: i64,
    pub(super) syscall_block: i64,
    pub(super) block: Tally<Sym>,
    /// System calls begun.
    pub(super) syscalls: u64,
}

impl Sums {
    #[inline(always)]
    pub(super) fn add(&mut self, state: State, reason: Sym, ns: i64) {
        let sum = match state {
            State::Running => &mut self.exec,
            State::Runnable => &mut self.sched,
            // A call whose processor was retaken has a second part, which is no other call.
            State::Syscall => {
                self.syscalls += 1;
                &mut self.syscall
            }
            State::SyscallBlocked => &mut self.syscall_block,
            State::Waiting => return self.block.add(reason, ns),
        };
        // One goroutine does one thing at a time: its sums are no longer than the trace.
        *sum = sum.wrapping_add(ns);
    }

    /// As it was when nothing had been added.
    #[inline(always)]
    pub(super) fn clear(&mut self) {
        (self.exec, self.sched, self.syscall, self.syscall_block, self.syscalls) = (0, 0, 0, 0, 0);
        self.block.clear();
    }

    /// Whether its goroutine, which lived no longer than the trace, ran or waited to run, and did nothing else.
    #[inline(always)]
    fn only_ran(&self) -> bool {
        (self.syscall | self.syscall_block | self.syscalls as i64) == 0 && self.block.is_empty()
    }

    /// What has been added since `earlier`.
    #[inline]
    pub(super) fn less(&self, earlier: &Sums) -> Sums {
        // Both are sums of time that was never negative: nothing overflows.
        Sums {
            exec: self.exec.wrapping_sub(earlier.exec),
            sched: self.sched.wrapping_sub(earlier.sched),
            syscall: self.syscall.wrapping_sub(earlier.syscall),
            syscall_block: self.syscall_block.wrapping_sub(earlier.syscall_block),
            block: self.block.less(&earlier.block),
            syscalls: self.syscalls.wrapping_sub(earlier.syscalls),
        }
    }

    #[inline]
    pub(super) fn merge(&mut self, other: &Sums) {
        for (mine, theirs) in [
            (&mut self.exec, other.exec),
            (&mut self.sched, other.sched),
            (&mut self.syscall, other.syscall),
            (&mut self.syscall_block, other.syscall_block),
        ] {
            *mine = mine.saturating_add(theirs);
        }
        self.block.merge(&other.block);
        self.syscalls = self.syscalls.saturating_add(other.syscalls);
    }

    /// All states together.
    #[inline]
    pub(super) fn known(&self) -> i64 {
        let parts = [self.exec, self.sched, self.syscall, self.syscall_block, self.block.sum()];
        parts.into_iter().fold(0, i64::saturating_add)
    }
}

/// Where a goroutine's or a call's time went: [`Times`] with symbols for names.
#[derive(Clone, Debug, Default)]
pub(super) struct Spent {
    pub(super) sums: Sums,
    /// Within special ranges; most goroutines never are. Shared by all that was noted between two of them.
    pub(super) range: Option<Arc<Ranges>>,
    pub(super) total: i64,
    pub(super) unknown: i64,
}

impl Spent {
    #[inline]
    pub(super) fn new(sums: Sums, range: Option<Arc<Ranges>>, total: i64) -> Spent {
        let unknown = total.saturating_sub(sums.known()).max(0);
        Spent { sums, range, total, unknown }
    }

    /// What was spent since `earlier`, which is a snapshot of the same goroutine.
    #[inline]
    pub(super) fn since(&self, earlier: &Spent) -> Spent {
        let range = match (&self.range, &earlier.range) {
            (Some(now), Some(then)) if Arc::ptr_eq(now, then) => None,
            (Some(now), Some(then)) => Some(Arc::new(now.less(then))),
            (now, _) => now.clone(),
        };
        Spent::new(self.sums.less(&earlier.sums), range, self.total.saturating_sub(earlier.total))
    }

    /// Adds what another goroutine spent in its life, which took `total`, without special ranges.
    #[inline(always)]
    pub(super) fn add(&mut self, sums: &Sums, total: i64) {
        self.total = plus(self.total, total);
        if sums.only_ran() {
            self.sums.exec = plus(self.sums.exec, sums.exec);
            self.sums.sched = plus(self.sums.sched, sums.sched);
            self.unknown = plus(self.unknown, (total - sums.exec - sums.sched).max(0));
            return;
        }
        self.add_all(sums, total);
    }

    #[inline(never)]
    fn add_all(&mut self, sums: &Sums, total: i64) {
        self.sums.merge(sums);
        self.unknown = self.unknown.saturating_add(total.saturating_sub(sums.known()).max(0));
    }

    /// Adds time that was spent running, ns.
    #[inline(always)]
    pub(super) fn ran(&mut self, ns: i64) {
        self.sums.exec = plus(self.sums.exec, ns);
        self.total = plus(self.total, ns);
    }

    /// Adds what another goroutine or call spent.
    #[inline]
    pub(super) fn merge(&mut self, other: &Spent) {
        self.sums.merge(&other.sums);
        if let Some(range) = &other.range {
            Arc::make_mut(self.range.get_or_insert_default()).merge(range);
        }
        self.total = self.total.saturating_add(other.total);
        self.unknown = self.unknown.saturating_add(other.unknown);
    }

    /// Takes away what is a part of it.
    pub(super) fn without(&self, part: &Spent) -> Spent {
        let range = match (&self.range, &part.range) {
            (Some(all), Some(part)) => Some(Arc::new(all.less(part))),
            (all, _) => all.clone(),
        };
        Spent {
            sums: self.sums.less(&part.sums),
            range,
            total: self.total.saturating_sub(part.total),
            unknown: self.unknown.saturating_sub(part.unknown),
        }
    }

    /// Time that it ran within mark assists, ns.
    pub(super) fn assisting(&self) -> i64 {
        self.range.as_ref().map_or(0, |range| range.get(RangeName::Assisting))
    }

    /// With names for symbols.
    pub(super) fn times(&self, symbols: &Symbols) -> Times {
        let range = self.range.as_ref().map(|range| {
            let ranges = range.iter().filter(|(name, _)| *name != RangeName::Assisting);
            named(ranges, |range| range.text(symbols))
        });
        Times {
            total_ns: self.total,
            exec_ns: self.sums.exec,
            sched_wait_ns: self.sums.sched,
            syscall_ns: self.sums.syscall,
            syscall_block_ns: self.sums.syscall_block,
            block_ns: named(self.sums.block.iter(), |reason| symbols.text(reason).to_owned()),
            range_ns: range.unwrap_or_default(),
            unknown_ns: self.unknown,
            syscalls: self.sums.syscalls,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_of_many_keys_are_kept_apart() {
        let mut tally = Tally::<Sym>::default();
        for i in 0..20 {
            tally.add(Sym(i % 5), i64::from(i));
            tally.add(Sym(9), 0);
        }
        let mut sums: Vec<_> = tally.iter().collect();
        sums.sort();
        assert_eq!(sums, [(Sym(0), 30), (Sym(1), 34), (Sym(2), 38), (Sym(3), 42), (Sym(4), 46)]);
        let less = tally.less(&tally.clone());
        assert_eq!(less.iter().count(), 0);
    }

    #[test]
    fn more_kinds_than_there_are_have_no_name_and_lose_nothing() {
        let mut tally = Ranges::default();
        for i in 1..=1000 {
            tally.add(RangeName::StopTheWorld(Sym(i)), i64::from(i));
        }
        let earlier = tally.clone();
        for i in 1..=1000 {
            tally.add(RangeName::StopTheWorld(Sym(i)), 1);
        }
        let named = 3 + MOST_KINDS as i64;
        assert_eq!(earlier.iter().count() as i64, named + 1);
        assert_eq!(earlier.get(RangeName::StopTheWorld(Sym(1))), 1);
        assert_eq!(earlier.sum(), 500_500);
        assert_eq!(earlier.get(RangeName::default()), 500_500 - named * (named + 1) / 2);
        let less = tally.less(&earlier);
        assert_eq!((less.sum(), less.get(RangeName::default())), (1000, 1000 - named));
    }
}
