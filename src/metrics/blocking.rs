//! Where goroutines waited and who ended it: by stack, reason and test, those that a launcher started by group, too. And the four
//! profiles of Go's own tool.
//!
//! ```text
//!   p.get  ─block──────────────▶ unblocked by p.put
//!          |  site: stack, why  |  pair: site, waker's group and stack
//! ```

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use super::accounts::Accounts;
use super::frames::{Room, frames};
use super::groups::GroupIx;
use super::tally::plus;
use super::tests::TestIx;
use crate::hash::HashMap;
use crate::summary::{OTHERS, Profile, Profiles, Site, Waker};
use crate::timeline::{Span, State};
use crate::trace::{GoSlot, StackId, Sym, Symbols};

/// A summary keeps this many sites with the most time, and as many of the rest with the most waits.
const KEPT: usize = 256;
/// As many wakers of a site are named; the rest is summed up.
const WAKERS: usize = 8;
/// As many sites of a test are named.
const OF_A_TEST: usize = 8;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Why {
    Blocked(Sym),
    Syscall,
    /// Waits for a processor; the stack is that of whoever made it runnable.
    Runnable,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct SiteKey {
    stack: StackId,
    why: Why,
    test: TestIx,
    /// The group of goroutines that a launcher started; nameless where the stack tells it.
    apart: GroupIx,
}

impl SiteKey {
    /// The same, whichever test it is of.
    fn place(&self) -> Place {
        (self.stack, self.why, self.apart)
    }
}

/// What a site of a summary is of.
type Place = (StackId, Why, GroupIx);

/// What Go's own profile has of a site: waits that ended, from when their goroutine first ran.
#[derive(Clone, Copy, Debug, Default)]
struct Closed {
    count: u64,
    ns: i64,
}

impl Closed {
    fn add(&mut self, more: Closed) {
        self.count += more.count;
        self.ns = plus(self.ns, more.ns);
    }
}

#[derive(Clone, Copy, Debug)]
struct SiteSum {
    key: SiteKey,
    count: u64,
    open: u64,
    ns: i64,
    closed: Closed,
    /// Index of the pair that was asked for last.
    pair: u32,
}

impl SiteSum {
    #[inline(always)]
    fn add(&mut self, count: u64, open: bool, ns: i64) {
        self.count += count;
        self.open += u64::from(open);
        self.ns = plus(self.ns, ns);
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct PairKey {
    site: u32,
    by: Option<GroupIx>,
    by_stack: StackId,
}

#[derive(Clone, Copy, Debug)]
struct PairSum {
    key: PairKey,
    count: u64,
    ns: i64,
}

/// A site, whichever tests it is of.
struct Whole {
    key: Place,
    count: u64,
    open: u64,
    ns: i64,
}

impl Whole {
    /// The sum of what has one key.
    fn of(parts: &[Whole]) -> Whole {
        let sum = |of: fn(&Whole) -> u64| parts.iter().map(of).sum();
        let ns = parts.iter().fold(0, |ns: i64, part| ns.saturating_add(part.ns));
        Whole { key: parts[0].key, count: sum(|part| part.count), open: sum(|part| part.open), ns }
    }
}

/// All sites so far.
#[derive(Clone, Debug, Default)]
pub(super) struct Blocking {
    sites: Vec<SiteSum>,
    by_key: HashMap<SiteKey, u32>,
    /// By stack: index of the site that was asked for last, plus one, of waits and of waits for a processor. Stacks are
    /// small consecutive numbers.
    last: Vec<[u32; 2]>,
    pairs: Vec<PairSum>,
    /// By the waker's stack: index of the pair that was asked for last.
    last_by: Vec<u32>,
    by_pair: HashMap<PairKey, u32>,
    /// System calls that ended before their goroutine first ran. Go's profiles count those of goroutines that never do.
    early: HashMap<GoSlot, Early>,
    /// As many stacks are kept of each profile of Go's own tool. Where that is none, what they alone tell is not counted.
    profiles: usize,
}

#[derive(Clone, Copy, Debug)]
struct Early {
    stack: StackId,
    test: TestIx,
    apart: GroupIx,
    ns: i64,
}

impl Blocking {
    pub(super) fn new(profiles: usize) -> Blocking {
        Blocking { profiles, ..Blocking::default() }
    }

    /// The window begins.
    pub(super) fn begin_window(&mut self) {
        *self = Blocking::new(self.profiles);
    }

    /// Whether waits for a processor are asked for by stack: by nothing but a profile.
    #[inline(always)]
    pub(super) fn takes_runnable(&self) -> bool {
        self.profiles > 0
    }

    /// A wait for a processor has ended, or (`open`) the trace did. The stack is that of whoever made the goroutine runnable.
    #[inline(always)]
    pub(super) fn runnable(&mut self, (stack, test): (StackId, TestIx), ns: i64, open: bool, ran: bool) {
        let site = self.site(SiteKey { stack, why: Why::Runnable, test, apart: GroupIx::NAMELESS });
        let sum = &mut self.sites[site as usize];
        sum.add(1, open, ns);
        if ran && !open {
            sum.closed.add(Closed { count: 1, ns });
        }
    }

    /// Another wait has ended, or the trace did. `by`: the group of whoever ended it. `ran`: whether the goroutine had run
    /// before. `apart`: its group, if a launcher started it.
    #[inline(always)]
    pub(super) fn span(&mut self, span: &Span, (test, apart): (TestIx, GroupIx), by: Option<GroupIx>, ran: bool) {
        let why = if span.state == State::Waiting { Why::Blocked(span.reason) } else { Why::Syscall };
        let ns = span.ns();
        let site = self.site(SiteKey { stack: span.stack, why, test, apart });
        // A call whose processor was retaken comes in two parts.
        let begins = span.state != State::SyscallBlocked;
        self.sites[site as usize].add(u64::from(begins), span.open && begins, ns);
        if self.profiles > 0 && !span.open {
            if ran {
                self.sites[site as usize].closed.add(Closed { count: u64::from(begins), ns });
            } else if span.state != State::Waiting && !span.has_begin {
                self.early(span.g, Early { stack: span.stack, test, apart, ns });
            }
        }
        if span.state == State::Waiting && !span.open {
            self.pair(PairKey { site, by, by_stack: span.by_stack }, ns);
        }
    }

    /// A system call ended before its goroutine first ran.
    #[cold]
    fn early(&mut self, g: GoSlot, more: Early) {
        let early = self.early.entry(g).or_insert(Early { ns: 0, ..more });
        early.ns = early.ns.saturating_add(more.ns);
    }

    /// A goroutine is gone.
    #[inline(always)]
    pub(super) fn retire(&mut self, g: GoSlot, ran: bool) {
        if !self.early.is_empty() {
            self.retire_early(g, ran);
        }
    }

    #[inline(never)]
    fn retire_early(&mut self, g: GoSlot, ran: bool) {
        if let Some(Early { stack, test, apart, ns }) = self.early.remove(&g)
            && !ran
        {
            let site = self.site(SiteKey { stack, why: Why::Syscall, test, apart });
            let closed = &mut self.sites[site as usize].closed;
            closed.count += 1;
            closed.ns = closed.ns.saturating_add(ns);
        }
    }

    #[inline(always)]
    fn site(&mut self, key: SiteKey) -> u32 {
        let at = key.stack.0 as usize;
        let last = self.last.get(at).map_or(0, |last| last[usize::from(key.why == Why::Runnable)]);
        match self.sites.get((last as usize).wrapping_sub(1)) {
            Some(site) if site.key == key => last - 1,
            _ => self.find_site(key),
        }
    }

    fn find_site(&mut self, key: SiteKey) -> u32 {
        let next = self.sites.len() as u32;
        let site = *self.by_key.entry(key).or_insert(next);
        if site == next {
            self.sites.push(SiteSum { key, count: 0, open: 0, ns: 0, closed: Closed::default(), pair: u32::MAX });
        }
        let at = key.stack.0 as usize;
        if at >= self.last.len() {
            self.last.resize(at + 1, [0; 2]);
        }
        self.last[at][usize::from(key.why == Why::Runnable)] = site + 1;
        site
    }

    #[inline(always)]
    fn pair(&mut self, key: PairKey, ns: i64) {
        let last = self.sites[key.site as usize].pair;
        let pair = match self.pairs.get(last as usize) {
            Some(pair) if pair.key == key => last,
            _ => self.other_pair(key),
        };
        let sum = &mut self.pairs[pair as usize];
        sum.count += 1;
        sum.ns = plus(sum.ns, ns);
    }

    /// The pair, which is not what its site asked for last.
    #[inline(never)]
    fn other_pair(&mut self, key: PairKey) -> u32 {
        let last = self.last_by.get(key.by_stack.0 as usize).map_or(u32::MAX, |&last| last);
        match self.pairs.get(last as usize) {
            Some(pair) if pair.key == key => {
                self.sites[key.site as usize].pair = last;
                last
            }
            _ => self.find_pair(key),
        }
    }

    fn find_pair(&mut self, key: PairKey) -> u32 {
        let next = self.pairs.len() as u32;
        let pair = *self.by_pair.entry(key).or_insert(next);
        if pair == next {
            self.pairs.push(PairSum { key, count: 0, ns: 0 });
        }
        self.sites[key.site as usize].pair = pair;
        let at = key.by_stack.0 as usize;
        if at >= self.last_by.len() {
            self.last_by.resize(at + 1, u32::MAX);
        }
        self.last_by[at] = pair;
        pair
    }

    /// The sites worth keeping, those of the whole process and those that tests need, and for each test (by index)
    /// its own: index of the site, waits, their time.
    pub(super) fn to_sites(&self, symbols: &Symbols, accounts: &Accounts) -> (Vec<Site>, TestSites) {
        let told = self.sites.iter().filter(|s| s.key.why != Why::Runnable && s.key.stack != StackId::NONE);
        let mut sums: Vec<Whole> = Vec::new();
        let mut by_test: BTreeMap<TestIx, Vec<&SiteSum>> = BTreeMap::new();
        for sum in told {
            sums.push(Whole { key: sum.key.place(), count: sum.count, open: sum.open, ns: sum.ns });
            if sum.key.test != TestIx::NONE {
                by_test.entry(sum.key.test).or_default().push(sum);
            }
        }
        sums.sort_unstable_by_key(|sum| sum.key);
        let whole: Vec<Whole> = sums.chunk_by(|a, b| a.key == b.key).map(Whole::of).collect();
        // Stack ids are given in order of appearance: the same trace gives the same choice.
        let mut order: Vec<&Whole> = whole.iter().collect();
        order.sort_unstable_by_key(|sum| (std::cmp::Reverse(sum.ns), sum.key));
        let mut rest = order.split_off(KEPT.min(order.len()));
        rest.sort_unstable_by_key(|sum| (std::cmp::Reverse(sum.count), sum.key));
        order.extend(rest.into_iter().take(KEPT));
        for sums in by_test.values_mut() {
            sums.sort_by_key(|sum| (std::cmp::Reverse(sum.ns), sum.key.place()));
            sums.truncate(OF_A_TEST);
        }
        let mut index: BTreeMap<Place, u32> = order.iter().map(|sum| sum.key).zip(0..).collect();
        for sum in by_test.values().flatten() {
            let (key, next) = (sum.key.place(), order.len() as u32);
            if let Entry::Vacant(place) = index.entry(key)
                && let Ok(at) = whole.binary_search_by_key(&key, |sum| sum.key)
            {
                place.insert(next);
                order.push(&whole[at]);
            }
        }
        let mut room = Room::default();
        let stacks: Vec<_> = order.iter().map(|sum| room.frames(symbols, sum.key.0)).collect();
        let mut wakers = self.wakers(&index, symbols, accounts, &mut room);
        let sites = order.iter().zip(stacks).zip(0..).map(|((sum, stack), at)| {
            let state = match sum.key.1 {
                Why::Blocked(reason) => format!("block_ns.{}", symbols.text(reason)),
                Why::Syscall | Why::Runnable => "syscall".to_owned(),
            };
            let group = match sum.key.2 {
                GroupIx::NAMELESS => stack.last().map_or(String::new(), |frame| frame.func.to_string()),
                apart => symbols.text(accounts.name(apart)).to_owned(),
            };
            let wakers = wakers.remove(&at).unwrap_or_default();
            Site { group, state, stack, count: sum.count, open: sum.open, time_ns: sum.ns, wakers }
        });
        let tests = by_test.into_iter().map(|(test, sums)| {
            let own = sums.iter().map(|sum| (index[&sum.key.place()], sum.count, sum.ns));
            (test, own.collect())
        });
        (sites.collect(), tests.collect())
    }

    /// By site: who ended its waits, the longest first.
    fn wakers(
        &self,
        index: &BTreeMap<Place, u32>,
        symbols: &Symbols,
        accounts: &Accounts,
        room: &mut Room,
    ) -> BTreeMap<u32, Vec<Waker>> {
        /// No goroutine.
        const NOBODY: Sym = Sym(u32::MAX);
        /// Waits at a site that one goroutine's group ended at one stack.
        struct Woken {
            at: u32,
            by: Sym,
            stack: StackId,
            why: Why,
            count: u64,
            ns: i64,
        }
        let of = |pair: &PairSum| {
            let site = &self.sites[pair.key.site as usize].key;
            let at = *index.get(&site.place())?;
            let by = match pair.key.by.map(|group| accounts.name(group)) {
                // It was there before the trace was. All its stacks grow from its start function.
                Some(Sym::EMPTY) => symbols.root(pair.key.by_stack).map_or(Sym::EMPTY, |root| root.func),
                Some(name) => name,
                None => NOBODY,
            };
            Some(Woken { at, by, stack: pair.key.by_stack, why: site.why, count: pair.count, ns: pair.ns })
        };
        // There can be a hundred thousand pairs: they are brought together by sorting numbers, and text is looked at of those
        // that took equally long.
        let mut pairs: Vec<Woken> = self.pairs.iter().filter_map(of).collect();
        pairs.sort_unstable_by_key(|pair| (pair.at, pair.by, pair.stack));
        let text = |by: Sym, why| if by == NOBODY { nobody(why, symbols) } else { symbols.text(by) };
        let lines = |stack| symbols.frames(stack).map(|f| (symbols.text(f.func), symbols.text(f.file), f.line));
        let of_site = pairs.chunk_by(|a, b| a.at == b.at).map(|pairs| {
            let same = pairs.chunk_by(|a, b| (a.by, a.stack) == (b.by, b.stack)).map(|same| {
                let count = same.iter().map(|pair| pair.count).sum();
                let ns = same.iter().fold(0, |sum: i64, pair| sum.saturating_add(pair.ns));
                Woken { count, ns, ..same[0] }
            });
            let mut list: Vec<Woken> = same.collect();
            let group = |woken: &Woken| text(woken.by, woken.why);
            list.sort_by(|a, b| {
                let by_text = || group(a).cmp(group(b)).then_with(|| lines(a.stack).cmp(lines(b.stack)));
                b.ns.cmp(&a.ns).then_with(by_text)
            });
            let rest = if list.len() > WAKERS { list.split_off(WAKERS - 1) } else { Vec::new() };
            let named = list.iter().map(|woken| Waker {
                group: group(woken).to_owned(),
                stack: room.frames(symbols, woken.stack),
                count: woken.count,
                time_ns: woken.ns,
            });
            let mut named: Vec<Waker> = named.collect();
            if !rest.is_empty() {
                let count = rest.iter().map(|w| w.count).sum();
                let time_ns = rest.iter().fold(0, |sum: i64, w| sum.saturating_add(w.ns));
                named.push(Waker { group: OTHERS.to_owned(), stack: Vec::new(), count, time_ns });
            }
            (pairs[0].at, named)
        });
        of_site.collect()
    }

    /// How often goroutines were woken at each stack: by whom, where.
    pub(super) fn unblocks(&self) -> BTreeMap<StackId, u64> {
        let mut unblocks = BTreeMap::new();
        for pair in self.pairs.iter().filter(|pair| pair.key.by.is_some()) {
            *unblocks.entry(pair.key.by_stack).or_default() += pair.count;
        }
        unblocks
    }

    /// The four profiles of `go tool trace`: as it makes them (`honest` false), or with the waits that it leaves out,
    /// those that were open at the end and those before a goroutine first ran, and with those in sleep, in `select`
    /// and for the collector, of which it has no profile.
    /// Of each kind those stacks that took longest, as many as were asked for.
    pub(super) fn profiles(&self, symbols: &Symbols, honest: bool) -> Option<Profiles> {
        if self.profiles == 0 {
            return None;
        }
        let mut by_stack: [HashMap<StackId, Closed>; 5] = Default::default();
        for site in &self.sites {
            let Some(kind) = kind(site.key.why, symbols, honest) else { continue };
            let counted = if honest { Closed { count: site.count, ns: site.ns } } else { site.closed };
            if counted.count > 0 {
                by_stack[kind].entry(site.key.stack).or_default().add(counted);
            }
        }
        let [net, sync, syscall, sched, other] = by_stack.map(|by_stack| {
            let mut chosen: Vec<(StackId, Closed)> = by_stack.into_iter().collect();
            chosen.sort_by_key(|(stack, sum)| (std::cmp::Reverse(sum.ns), *stack));
            chosen.truncate(self.profiles);
            // Stacks that differ in their files alone are one in Go's profiles.
            let mut sums: HashMap<Vec<(Sym, u32)>, (StackId, Closed)> = HashMap::default();
            sums.reserve(chosen.len());
            for (stack, sum) in chosen {
                let lines = symbols.frames(stack).map(|frame| (frame.func, frame.line));
                sums.entry(lines.collect()).or_insert((stack, Closed::default())).1.add(sum);
            }
            let entries = sums.into_values().map(|(stack, sum)| Profile {
                count: sum.count,
                time_ns: sum.ns,
                stack: frames(symbols, stack),
            });
            let mut list: Vec<Profile> = entries.collect();
            list.sort_unstable_by(|a, b| b.time_ns.cmp(&a.time_ns).then_with(|| a.stack.cmp(&b.stack)));
            list
        });
        Some(Profiles { net, sync, syscall, sched, other })
    }
}

/// Sites of tests: index of the site in the summary, waits, their time in ns.
pub(super) type TestSites = BTreeMap<TestIx, Vec<(u32, u64, i64)>>;

/// The index of the profile that such a wait belongs to.
fn kind(why: Why, symbols: &Symbols, honest: bool) -> Option<usize> {
    match why {
        Why::Syscall => Some(2),
        Why::Runnable => Some(3),
        Why::Blocked(reason) => match symbols.text(reason) {
            "network" => Some(0),
            text if ["chan", "sync", "select"].iter().any(|part| text.contains(part)) => Some(1),
            _ => honest.then_some(4),
        },
    }
}

/// Who ends a wait that no goroutine ends.
fn nobody(why: Why, symbols: &Symbols) -> &'static str {
    match why {
        Why::Blocked(reason) => match symbols.text(reason) {
            "network" => "(network)",
            "sleep" => "(timer)",
            "select" | "chan receive" | "chan send" | "sync.(*Cond).Wait" => "(timer or runtime)",
            _ => "(runtime)",
        },
        _ => "(runtime)",
    }
}
