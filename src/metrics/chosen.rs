//! Whose goroutines count, and when, where only a part of a recording was asked for.
//!
//! ```text
//!   goroutine      run |[region   wait   ]| run |[region ]|
//!   counted             ██████████████████       █████████      with --region; with --task likewise
//! ```
//!
//! A region begins and ends on its goroutine while that runs, so that no wait lies across its edge: what a goroutine spent
//! in regions is the sum of differences between what it had spent at their ends and at their begins. What lies within
//! another matching region counts once.

use std::sync::Arc;

use super::account::{Account, Mark};
use super::accounts::Accounts;
use super::regions::MAX_OPEN;
use super::tally::Spent;
use super::tasks::Tasks;
use crate::timeline::{Span, State};
use crate::trace::{GoSlot, Sym, Symbols, TaskId, Time};

/// Names that were asked for.
#[derive(Clone)]
pub struct Names(Arc<dyn Fn(&str) -> bool + Send + Sync>);

impl Names {
    /// Those for which `is_wanted` holds.
    pub fn new(is_wanted: impl Fn(&str) -> bool + Send + Sync + 'static) -> Names {
        Names(Arc::new(is_wanted))
    }

    /// Whether this name was.
    pub(super) fn has(&self, name: &str) -> bool {
        self.0(name)
    }
}

impl std::fmt::Debug for Names {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Names")
    }
}

/// Whose goroutines count, and when.
#[derive(Clone, Debug)]
pub struct Chosen {
    /// The tests whose goroutines count, by index in [`crate::summary::Summary::tests`], from begin to end of their
    /// test; all if it is not given.
    pub tests: Option<Vec<bool>>,
    /// Whether goroutines that work for no test count, too.
    pub others: bool,
    /// Goroutines of groups of these names; all if it is not given.
    pub groups: Option<Names>,
    /// What goroutines do within regions of these names; all that they do if it is not given.
    pub regions: Option<Names>,
    /// What goroutines do while they work for tasks of these names; all that they do if it is not given.
    pub tasks: Option<Names>,
}

impl Default for Chosen {
    fn default() -> Self {
        Chosen { tests: None, others: true, groups: None, regions: None, tasks: None }
    }
}

/// Symbols that are wanted names, looked up once for each.
#[derive(Clone, Debug)]
struct Known(Names, Vec<bool>);

impl Known {
    fn learn(&mut self, symbols: &Symbols) {
        let Known(Names(is_wanted), known) = self;
        known.extend((known.len()..symbols.len()).map(|i| is_wanted(symbols.text(Sym(i as u32)))));
    }

    fn has(&self, name: Sym) -> bool {
        self.1.get(name.0 as usize).copied().unwrap_or_default()
    }
}

/// What is known of one goroutine.
#[derive(Clone, Debug, Default)]
struct Inside {
    /// Matching regions that are open on it, outermost first.
    regions: Vec<(TaskId, Sym)>,
    /// How many matching ones are open above so many that no more are kept.
    deeper: u64,
    /// What it had spent when its time began to count; `None` while it does not.
    since: Option<Spent>,
}

/// The times that count.
#[derive(Clone, Debug)]
pub(super) struct Stretches {
    regions: Option<Known>,
    tasks: Option<Known>,
    by_slot: Vec<Inside>,
}

impl Stretches {
    /// `None` where all times count.
    pub(super) fn of(chosen: &Chosen) -> Option<Stretches> {
        let known = |names: &Option<Names>| names.clone().map(|names| Known(names, Vec::new()));
        let (regions, tasks) = (known(&chosen.regions), known(&chosen.tasks));
        (regions.is_some() || tasks.is_some()).then(|| Stretches { regions, tasks, by_slot: Vec::new() })
    }

    pub(super) fn learn(&mut self, symbols: &Symbols) {
        [&mut self.regions, &mut self.tasks].into_iter().flatten().for_each(|known| known.learn(symbols));
    }

    /// Whether tasks of this type are what was asked for, or any are.
    pub(super) fn wants_task(&self, name: Sym) -> bool {
        self.tasks.as_ref().is_none_or(|known| known.has(name))
    }

    /// Whether regions of this type are what was asked for, or any are.
    pub(super) fn wants_region(&self, name: Sym) -> bool {
        self.regions.as_ref().is_none_or(|known| known.has(name))
    }

    /// Whether messages of a task of this type count wherever they are written: tasks alone were asked for, and this is one.
    pub(super) fn takes_logs_of(&self, name: Sym) -> bool {
        self.regions.is_none() && self.tasks.as_ref().is_some_and(|known| known.has(name))
    }

    fn at(&mut self, g: GoSlot) -> &mut Inside {
        if g.index() >= self.by_slot.len() {
            self.by_slot.resize_with(g.index() + 1, Inside::default);
        }
        &mut self.by_slot[g.index()]
    }

    /// A goroutine is new.
    pub(super) fn born(&mut self, g: GoSlot, account: &mut Account) {
        *self.at(g) = Inside::default();
        account.outside = true;
    }

    /// A region begins.
    pub(super) fn region_begin(&mut self, g: GoSlot, task: TaskId, name: Sym) {
        if self.regions.as_ref().is_some_and(|known| known.has(name)) {
            let inside = self.at(g);
            if inside.regions.len() < MAX_OPEN {
                inside.regions.push((task, name));
            } else {
                inside.deeper += 1;
            }
        }
    }

    /// A region ends, with all that is still open within it.
    pub(super) fn region_end(&mut self, g: GoSlot, task: TaskId, name: Sym) {
        let wanted = self.wants_region(name);
        let Inside { regions: open, deeper, .. } = self.at(g);
        if *deeper > 0 {
            *deeper -= u64::from(wanted);
        } else if let Some(at) = open.iter().rposition(|&region| region == (task, name)) {
            open.truncate(at);
        }
    }

    /// Regions or tasks of a goroutine have changed: perhaps its time begins to count, or no longer does. True in that
    /// last case.
    pub(super) fn update(
        &mut self,
        g: GoSlot,
        account: &mut Account,
        tasks: &Tasks,
        now: impl FnOnce(&Account) -> Spent,
    ) -> bool {
        let in_region = self.regions.is_none() || !self.at(g).regions.is_empty();
        let in_task = self.tasks.as_ref().is_none_or(|known| tasks.of(g).any(|name| known.has(name)));
        self.set(g, account, in_region && in_task, now)
    }

    fn set(&mut self, g: GoSlot, account: &mut Account, counts: bool, now: impl FnOnce(&Account) -> Spent) -> bool {
        let inside = self.at(g);
        match (&inside.since, counts) {
            (None, true) => {
                let spent = now(account);
                account.outside = false;
                account.count_from(Time(account.born.0.saturating_add(spent.total)));
                inside.since = Some(spent);
                false
            }
            (Some(since), false) => {
                let spent = now(account).since(since);
                inside.since = None;
                account.count(&spent);
                account.outside = true;
                true
            }
            _ => false,
        }
    }

    /// A goroutine ended, or the trace did.
    pub(super) fn close(&mut self, g: GoSlot, account: &mut Account, now: impl FnOnce(&Account) -> Spent) {
        self.at(g).regions.clear();
        self.set(g, account, false, now);
    }

    /// The window begins: what counts does so from there.
    pub(super) fn begin_window(&mut self, accounts: &mut Accounts) {
        for (slot, inside) in self.by_slot.iter_mut().enumerate() {
            if let Some(since) = &mut inside.since {
                *since = Spent::default();
            }
            accounts.get(GoSlot(slot as u32)).count_anew();
        }
    }
}

impl super::Metrics {
    /// Decides whether a goroutine counts, as far as its test and its start function are known.
    #[inline(always)]
    pub(super) fn choose(&mut self, g: GoSlot, name: &str) {
        if self.chosen.is_some() {
            self.choose_among(g, name);
        }
    }

    fn choose_among(&mut self, g: GoSlot, name: &str) {
        if let Some(chosen) = &self.chosen {
            let account = self.accounts.get(g);
            let by_test = match (&chosen.tests, (account.test.0 as usize).checked_sub(1)) {
                (Some(tests), Some(test)) => tests.get(test).copied().unwrap_or(false),
                (Some(_), None) => chosen.others,
                (None, _) => true,
            };
            account.aside = !by_test || chosen.groups.as_ref().is_some_and(|groups| !groups.has(name));
        }
    }

    /// Whether the goroutine of an event does not count.
    #[inline(always)]
    pub(super) fn is_aside(&self, g: GoSlot) -> bool {
        match &self.chosen {
            // Who did it is not known where a goroutine has not been heard of.
            Some(chosen) => self.accounts.peek(g).map_or(!chosen.others || chosen.groups.is_some(), |a| a.aside),
            None => false,
        }
    }

    /// Whether what the goroutine of an event does just now does not count.
    #[inline(always)]
    pub(super) fn is_outside(&self, g: GoSlot) -> bool {
        self.chosen.is_some() && (self.is_aside(g) || self.accounts.peek(g).is_some_and(|account| account.outside))
    }

    /// The goroutine's regions or tasks have changed; `open` is what it is in the middle of.
    #[inline(always)]
    pub(super) fn stretch(&mut self, g: GoSlot, open: Option<Span>, now: Time) {
        if self.stretches.is_some() {
            self.stretch_out(g, open, now);
        }
    }

    fn stretch_out(&mut self, g: GoSlot, open: Option<Span>, now: Time) {
        let Some(stretches) = &mut self.stretches else { return };
        let account = self.accounts.get(g);
        if account.id == u64::MAX {
            return;
        }
        let ends = stretches.update(g, account, &self.tasks, |account| account.snapshot(open, now));
        self.accounts.recount(g, Some(now));
        if ends {
            self.cut(g, open);
        }
    }

    /// What the goroutine is in the middle of counts up to now, and no longer.
    pub(super) fn cut(&mut self, g: GoSlot, open: Option<Span>) {
        let (Some(account), Some(span)) = (self.accounts.peek(g), open) else { return };
        if account.aside {
            return;
        }
        if span.state != State::Running {
            let (whose, ran) = ((account.test, account.apart()), account.is(Mark::Ran));
            self.blocking.span(&Span { g, open: true, ..span }, whose, None, ran);
        }
        self.instance(Span { g, ..span });
    }
}
