//! Where each goroutine's time went, and the groups by start function.

use std::collections::BTreeMap;

use super::account::{Account, Mark};
use super::groups::{GroupIx, GroupSum};
use super::population::{Owner, Part, Role};
use super::tests::TestIx;
use crate::hash::HashMap;
use crate::launchers;
use crate::summary::{Group, Position};
use crate::timeline::{Activity, Birth, Move, Span};
use crate::trace::{Frame, GoSlot, StackId, Sym, Symbols, Time};

/// So many functions are told that created goroutines of a group, those that created most. Each name may have a kilobyte.
const CREATORS: usize = 16;

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
    /// Stands for goroutines that were never heard of.
    nobody: Account,
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
            nobody: Account::default(),
        }
    }
}

impl Accounts {
    /// The account of a slot: of those that were never born one that nobody asks for again.
    #[inline(always)]
    pub(super) fn get(&mut self, g: GoSlot) -> &mut Account {
        match self.by_slot.get_mut(g.index()) {
            Some(account) => account,
            None => self.nobody.anew(),
        }
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
            // The first field and the last ones lie at either end of it.
            account.sums.exec as u64 ^ u64::from(account.test.0)
        })
    }

    #[inline(always)]
    pub(super) fn born(&mut self, birth: &Birth, test: TestIx) {
        if birth.g.index() >= self.by_slot.len() {
            self.by_slot.resize_with(birth.g.index() + 1, Account::default);
        }
        self.by_slot[birth.g.index()].begin(birth, test);
    }

    /// The window begins.
    pub(super) fn begin_window(&mut self, from: Time) {
        self.by_slot.iter_mut().filter(|account| account.id != u64::MAX).for_each(|account| account.begin_window(from));
        self.groups.iter_mut().for_each(|group| group.begin_window(from));
        self.assisted = 0;
    }

    /// The start function of a goroutine is known from now on, and what it is to the tests. Gives its test, too. It begins to count
    /// for its group if `counts`; else [`Accounts::recount`] says whether it does.
    #[inline(always)]
    pub(super) fn named(&mut self, g: GoSlot, start: Frame, symbols: &Symbols, counts: bool) -> (Part, TestIx) {
        let ix = if self.last.0 == start.func { self.last.1 } else { self.group(start.func, symbols) };
        let group = &mut self.groups[ix.0 as usize];
        let account = self.by_slot.get_mut(g.index()).unwrap_or(&mut self.nobody);
        account.group = ix;
        account.set(Mark::System, group.role.system);
        account.set(Mark::Launched, group.role.launched);
        let created = account.is(Mark::Created);
        if group.start.is_none() || (created && !group.exact_start) {
            group.start = Some(start);
            group.exact_start = created;
        }
        if counts && !account.present && account.is_present() {
            account.present = true;
            account.enter(group, account.counts_from(account.born));
        }
        (group.role.part, account.test)
    }

    /// What a goroutine does begins to count for its group, or ceases to: it is there, or not, `now`. Nothing is told of
    /// when where its name has just become known: it has been there since it counts.
    #[inline(always)]
    pub(super) fn recount(&mut self, g: GoSlot, now: Option<Time>) {
        let account = self.by_slot.get_mut(g.index()).unwrap_or(&mut self.nobody);
        let present = account.is_present();
        if std::mem::replace(&mut account.present, present) == present {
            return;
        }
        let account = &*account;
        let since = now.unwrap_or_else(|| account.counts_from(account.born));
        let group = &mut self.groups[account.group.0 as usize];
        if present { account.enter(group, since) } else { group.leave(since, account.runs_since != Time::NEVER) }
    }

    /// The group of a start function, which was not asked for last.
    #[inline(never)]
    fn group(&mut self, name: Sym, symbols: &Symbols) -> GroupIx {
        let next = GroupIx(self.groups.len() as u32);
        let ix = *self.by_name.entry(name).or_insert(next);
        if ix == next {
            self.groups.push(GroupSum { name, role: Role::of(symbols.text(name)), ..GroupSum::default() });
        }
        self.last = (name, ix);
        ix
    }

    /// A span has ended. Gives the account back.
    #[inline(always)]
    pub(super) fn span(&mut self, span: &Span) -> &mut Account {
        let account = self.get(span.g);
        account.sums.add(span.state, span.reason, span.ns());
        if !span.open {
            account.set(Mark::Active, true);
        }
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
            (account.runs_since, account.waited) = (now, waited);
            account.set(Mark::Ran, true);
        } else {
            account.stops(now);
        }
        if present {
            let group = &mut self.groups[ix.0 as usize];
            if runs {
                group.running += 1;
                if group.running > group.peak_running {
                    group.peak_running = group.running;
                }
            } else {
                group.running = group.running.saturating_sub(1);
            }
        }
    }

    pub(super) fn hog(&mut self, ix: GroupIx) {
        self.groups[ix.0 as usize].hogs += 1;
    }

    /// The goroutine is gone: its group is given what it spent. Its account stays until it is taken, or is forgotten here. Gives
    /// its group and test, if it counts, and whether it ran.
    #[inline(always)]
    pub(super) fn retire(
        &mut self,
        g: GoSlot,
        (alive, time): (bool, Time),
        forget: bool,
    ) -> (Option<(GroupIx, TestIx)>, bool) {
        // Looked at in place: an account is long, and goroutines come and go by the million.
        let Some(account) = self.by_slot.get_mut(g.index()) else { return (None, false) };
        let (ix, ran) = (account.group, account.is(Mark::Ran));
        let group = &mut self.groups[ix.0 as usize];
        if account.present {
            group.leave(account.end(time), account.runs_since != Time::NEVER);
        }
        let counts = account.counts().then_some((ix, account.test));
        if counts.is_some() {
            group.count += 1;
            let created = account.is(Mark::Created);
            group.created += u64::from(created);
            group.alive += u64::from(alive);
            group.active |= account.is(Mark::Active);
            if created && account.created_by != StackId::NONE {
                group.note_creator(account.created_by);
            }
        }
        if account.special.is_some() {
            self.retire_special(g, time, forget);
        } else {
            if counts.is_some() {
                group.spent.add(&account.sums, time.after(account.born));
            }
            if forget {
                account.forget();
            }
        }
        (counts, ran)
    }

    /// The goroutine was in special ranges, or not all of it counts.
    #[inline(never)]
    fn retire_special(&mut self, g: GoSlot, time: Time, forget: bool) {
        let account = &mut self.by_slot[g.index()];
        let spent = account.lifetime(time);
        self.assisted = self.assisted.saturating_add(spent.assisting());
        if account.counts() {
            self.groups[account.group.0 as usize].spent.merge(account.counted().unwrap_or(&spent));
        }
        if forget {
            account.forget();
        }
    }

    /// All that is known of a goroutine, which is forgotten here.
    pub(super) fn take(&mut self, g: GoSlot) -> Account {
        std::mem::take(self.get(g))
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
            let mut creators: BTreeMap<&str, u64> = BTreeMap::new();
            for (stack, count) in sum.creators {
                *creators.entry(creator(symbols, stack)).or_default() += count;
            }
            let mut creators: Vec<_> = creators.into_iter().map(|(name, count)| (name.to_owned(), count)).collect();
            creators.sort_by_key(|&(_, count)| std::cmp::Reverse(count));
            creators.truncate(CREATORS);
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
                creators: creators.into_iter().collect(),
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

/// The function that created a goroutine, given its stack: the innermost one that is neither the runtime's nor a launcher.
fn creator(symbols: &Symbols, stack: StackId) -> &str {
    let mut frames = symbols.frames(stack).map(|frame| symbols.text(frame.func));
    frames.find(|name| !name.starts_with("runtime.") && launchers::launcher(name).is_none()).unwrap_or_default()
}
