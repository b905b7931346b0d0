//! User regions: what a goroutine spent between the begin and the end of each call.
//!
//! ```text
//!   begin a        begin b            end b     end a
//!     |--------------|------------------|---------|
//!     '-- spent(end a) - spent(begin a) ----------'      a includes b
//!     '-- self ------'                  '-- self -'      a without b
//! ```
//!
//! Most calls begin and end while their goroutine runs without a break. What those spent is the time in between, and what
//! the goroutine had spent before is noted only once its running span ends, or a special range begins, with the call
//! still open:
//!
//! ```text
//!   running span   |──────────────────────────|────────
//!   a                   |──────|                          ran from begin to end
//!   b                              |──────────+────|      noted at +: what was spent up to b's begin
//! ```

use std::collections::BTreeMap;

use super::account::{Account, Mark};
use super::accounts::{Accounts, position};
use super::instances::{Call, Instances, Who};
use super::tally::Spent;
use super::tasks::Tasks;
use super::warnings::Warnings;
use crate::hash::HashMap;
use crate::sketch::Sketch;
use crate::summary::{OfTask, Region};
use crate::timeline::{Birth, Open};
use crate::trace::{Event, GoSlot, StackId, Sym, Symbols, TaskId, Time};

/// More open regions than this on one goroutine are a program's mistake; deeper ones are counted, and not measured.
pub(super) const MAX_OPEN: usize = 4096;

#[derive(Clone, Debug)]
struct OpenRegion {
    task: TaskId,
    name: Sym,
    /// Never, where that was before the window.
    began: Time,
    stack: StackId,
    /// What its goroutine had spent when it began; not there as long as it has merely run since.
    before: Option<Box<Spent>>,
    /// Since when it ran then.
    runs_since: Time,
    /// Whether it is one of those that were asked for.
    wanted: bool,
    /// How long the regions inside it ran, of those that did nothing else, ns; and what the others have spent.
    inner_ran: i64,
    inner: Option<Box<Spent>>,
}

#[derive(Clone, Debug, Default)]
struct RegionSum {
    name: Sym,
    count: u64,
    spent: Spent,
    inner: Spent,
    durations: Sketch,
    stack: StackId,
    tasks: HashMap<Sym, OfTask>,
    /// Calls for the type of task that was named last, which `tasks` does not have yet.
    last_task: (Sym, OfTask),
}

impl RegionSum {
    /// A call that took so long, if both its begin and its end were seen, ns.
    #[inline(always)]
    fn add(&mut self, region: &OpenRegion, took: Option<i64>) {
        self.count += 1;
        self.inner.ran(region.inner_ran);
        if self.stack == StackId::NONE {
            self.stack = region.stack;
        }
        if let Some(took) = took {
            self.durations.add(took);
        }
    }

    /// A call for a task took `ns`.
    fn of_task(&mut self, task: Sym, ns: i64) {
        if self.last_task.0 != task {
            self.flush_task();
            self.last_task.0 = task;
        }
        self.last_task.1.count += 1;
        self.last_task.1.total_ns = self.last_task.1.total_ns.saturating_add(ns);
    }

    fn flush_task(&mut self) {
        let (task, last) = std::mem::take(&mut self.last_task);
        if last.count > 0 {
            let of = self.tasks.entry(task).or_default();
            of.count += last.count;
            of.total_ns = of.total_ns.saturating_add(last.total_ns);
        }
    }
}

/// The regions of one goroutine.
#[derive(Clone, Debug, Default)]
struct Stack {
    open: Vec<OpenRegion>,
    /// How many are open above those: as many ends are theirs.
    deeper: u64,
    /// A goroutine created inside a region belongs to its task, as long as it lives.
    inherited: Option<TaskId>,
}

/// In a box that was in use before, where there is one.
#[allow(clippy::vec_box)] // What they are taken for keeps a box.
fn boxed(spare: &mut Vec<Box<Spent>>, spent: Spent) -> Box<Spent> {
    match spare.pop() {
        Some(mut used) => {
            *used = spent;
            used
        }
        None => Box::new(spent),
    }
}

/// The moment at which calls of a goroutine end.
struct Now<'a> {
    g: GoSlot,
    account: &'a Account,
    /// What goroutines are in the middle of; not given where that has ended.
    open: Option<Open<'a>>,
    time: Time,
    /// Whether the program ended them, not the goroutine or the trace.
    complete: bool,
}

impl Now<'_> {
    /// Whether the goroutine runs.
    fn runs(&self) -> bool {
        self.open.is_some_and(|open| open.runs_since(self.g).is_some())
    }

    fn spent(&self) -> Spent {
        self.account.snapshot(self.open.and_then(|open| open.span(self.g, self.time)), self.time)
    }
}

/// All regions.
#[derive(Clone, Debug, Default)]
pub(super) struct Regions {
    by_slot: Vec<Stack>,
    sums: Vec<RegionSum>,
    /// By symbol: index of its sum plus one, once it has one. Symbols are small consecutive numbers.
    by_name: Vec<u32>,
    /// Boxes that were in use, for what is next to need one.
    #[allow(clippy::vec_box)] // What they are taken for keeps a box.
    spare: Vec<Box<Spent>>,
}

impl Regions {
    fn stack(&mut self, g: GoSlot) -> &mut Stack {
        if g.index() >= self.by_slot.len() {
            self.by_slot.resize_with(g.index() + 1, Stack::default);
        }
        &mut self.by_slot[g.index()]
    }

    /// What is known of all calls with this name.
    #[inline(always)]
    fn sum(&mut self, name: Sym) -> &mut RegionSum {
        let ix = match self.by_name.get(name.0 as usize) {
            Some(&ix) if ix > 0 => ix as usize - 1,
            _ => self.first(name),
        };
        &mut self.sums[ix]
    }

    /// Makes a sum for calls with this name, and gives its index.
    #[cold]
    fn first(&mut self, name: Sym) -> usize {
        let at = name.0 as usize;
        if at >= self.by_name.len() {
            self.by_name.resize(at + 1, 0);
        }
        self.sums.push(RegionSum { name, ..RegionSum::default() });
        self.by_name[at] = self.sums.len() as u32;
        self.sums.len() - 1
    }

    /// The task that a new goroutine inherits from its creator.
    pub(super) fn inherit(&self, birth: &Birth) -> Option<TaskId> {
        let creator = self.by_slot.get(birth.by.get()?.index())?;
        creator.open.last().map(|region| region.task).or(creator.inherited)
    }

    #[inline(always)]
    pub(super) fn born(&mut self, g: GoSlot, inherited: Option<TaskId>) {
        match self.by_slot.get_mut(g.index()) {
            Some(stack) => {
                stack.open.clear();
                stack.inherited = inherited;
            }
            None if inherited.is_some() => self.stack(g).inherited = inherited,
            None => {}
        }
    }

    /// The window begins: calls that are open are counted from there, but are no durations.
    pub(super) fn begin_window(&mut self) {
        self.sums.clear();
        self.by_name.clear();
        for region in self.by_slot.iter_mut().flat_map(|stack| &mut stack.open) {
            (region.began, region.before) = (Time::NEVER, Some(Box::default()));
            (region.inner_ran, region.inner) = (0, None);
        }
    }

    /// A call begins on a goroutine with this account; `open` is what goroutines are in the middle of.
    #[inline(always)]
    pub(super) fn begin(
        &mut self,
        event: &Event,
        (task, name): (TaskId, Sym),
        account: &Account,
        open: Open<'_>,
        (wanted, warnings): (bool, &mut Warnings),
    ) {
        let (before, runs_since) = match open.runs_since(event.g) {
            Some(since) if !account.in_range() => (None, since),
            _ => {
                let spent = account.snapshot(open.span(event.g, event.time), event.time);
                (Some(boxed(&mut self.spare, spent)), Time::NEVER)
            }
        };
        let open = &mut self.stack(event.g).open;
        if open.len() < MAX_OPEN {
            let (began, stack) = (event.time, event.stack);
            open.push(OpenRegion { task, name, began, stack, before, runs_since, wanted, inner_ran: 0, inner: None });
        } else {
            self.begin_deeper(event, name, warnings);
        }
    }

    #[cold]
    fn begin_deeper(&mut self, event: &Event, name: Sym, warnings: &mut Warnings) {
        self.stack(event.g).deeper += 1;
        warnings.add("region-too-deep", event, name);
    }

    /// A goroutine is about to do something else than run, which its account does not have yet: what it had spent before
    /// the calls that are open began is noted.
    #[inline(always)]
    pub(super) fn note(&mut self, g: GoSlot, accounts: &Accounts) {
        // Most programs have no regions: those who never were in one are not asked about.
        if self.by_slot.get(g.index()).is_some_and(|stack| !stack.open.is_empty()) {
            self.note_open(g, accounts);
        }
    }

    #[inline(never)]
    fn note_open(&mut self, g: GoSlot, accounts: &Accounts) {
        let Some(account) = accounts.peek(g) else { return };
        for i in (0..self.by_slot[g.index()].open.len()).rev() {
            let OpenRegion { began, before, runs_since, .. } = &self.by_slot[g.index()].open[i];
            if before.is_some() {
                break; // And so have those around it.
            }
            let before = account.spent_before(*runs_since, *began);
            self.by_slot[g.index()].open[i].before = Some(boxed(&mut self.spare, before));
        }
    }

    /// Ends a call: the innermost open one of its task and name. True when it is told of by its end alone.
    #[inline(always)]
    pub(super) fn end(
        &mut self,
        event: &Event,
        of: (TaskId, Sym),
        (account, ongoing): (&Account, Open<'_>),
        calls: Option<&mut Instances>,
        tasks: &Tasks,
        warnings: &mut Warnings,
    ) -> bool {
        let now = Now { g: event.g, account, open: Some(ongoing), time: event.time, complete: true };
        if let Some(stack) = self.by_slot.get_mut(event.g.index())
            && stack.deeper == 0
            && let Some(region) = stack.open.pop_if(|region| (region.task, region.name) == of)
        {
            // As it should be: the innermost one ends.
            self.count(region, &now, calls, tasks);
            return false;
        }
        self.end_another(event, of, &now, calls, tasks, warnings)
    }

    /// The same for one that is not the innermost one, or not open at all.
    #[cold]
    fn end_another(
        &mut self,
        event: &Event,
        (task, name): (TaskId, Sym),
        now: &Now<'_>,
        mut calls: Option<&mut Instances>,
        tasks: &Tasks,
        warnings: &mut Warnings,
    ) -> bool {
        let Stack { open, deeper, .. } = self.stack(event.g);
        if *deeper > 0 {
            *deeper -= 1;
            self.sum(name).count += 1;
            return false;
        }
        if let Some(at) = open.iter().rposition(|region| region.task == task && region.name == name) {
            let above = open[at + 1].name;
            warnings.add("region-misnested", event, above);
            while self.stack(event.g).open.len() > at {
                let Some(region) = self.stack(event.g).open.pop() else { break };
                self.count(region, now, calls.as_deref_mut(), tasks);
            }
            return false;
        }
        warnings.add("region-end-without-start", event, name);
        if !open.is_empty() {
            return false;
        }
        // It may have begun before the trace did: Go's analysis credits it with all that the goroutine has spent.
        let sum = self.sum(name);
        sum.count += 1;
        sum.spent.merge(&now.spent().since(&Spent::default()));
        true
    }

    /// The goroutine ended, or the trace did: so do its regions. Those of the runtime's goroutines do not count.
    #[inline(always)]
    pub(super) fn close_all(
        &mut self,
        g: GoSlot,
        account: &Account,
        time: Time,
        calls: Option<&mut Instances>,
        tasks: &Tasks,
    ) {
        let Some(stack) = self.by_slot.get_mut(g.index()) else { return };
        stack.inherited = None;
        if !stack.open.is_empty() {
            self.close_open(g, account, time, calls, tasks);
        }
    }

    fn close_open(
        &mut self,
        g: GoSlot,
        account: &Account,
        time: Time,
        mut calls: Option<&mut Instances>,
        tasks: &Tasks,
    ) {
        self.stack(g).deeper = 0;
        if account.is(Mark::System) {
            return self.stack(g).open.clear();
        }
        let now = Now { g, account, open: None, time, complete: false };
        while let Some(region) = self.stack(g).open.pop() {
            self.count(region, &now, calls.as_deref_mut(), tasks);
        }
    }

    /// Adds a call that has just been taken off the goroutine's open ones.
    #[inline(always)]
    fn count(&mut self, region: OpenRegion, now: &Now<'_>, calls: Option<&mut Instances>, tasks: &Tasks) {
        // Most calls run from begin to end, and so do those inside them.
        if region.before.is_none() && region.inner.is_none() && calls.is_none() && now.runs() {
            self.count_ran(&region, now, tasks);
        } else {
            self.count_spent(region, now, calls, tasks);
        }
    }

    #[inline(always)]
    fn count_ran(&mut self, region: &OpenRegion, now: &Now<'_>, tasks: &Tasks) {
        let ran = now.time.since(region.began);
        if let Some(around) = self.by_slot[now.g.index()].open.last_mut() {
            around.inner_ran = around.inner_ran.saturating_add(ran);
        }
        let sum = self.sum(region.name);
        sum.spent.ran(ran);
        sum.add(region, now.complete.then_some(ran));
        if region.task != TaskId::BACKGROUND {
            sum.of_task(tasks.name_for(now.g, region.task), ran);
        }
    }

    #[inline(never)]
    fn count_spent(&mut self, region: OpenRegion, now: &Now<'_>, calls: Option<&mut Instances>, tasks: &Tasks) {
        // Whoever is told of single calls is told all of it.
        let spent = match &region.before {
            None if calls.is_none() && now.runs() => None,
            None => Some(now.spent().since(&now.account.spent_before(region.runs_since, region.began))),
            Some(before) => Some(now.spent().since(before)),
        };
        let ran = now.time.since(region.began);
        let total = spent.as_ref().map_or(ran, |spent| spent.total);
        if let (Some(calls), Some(spent)) = (calls.filter(|_| region.wanted && region.name != Sym::EMPTY), &spent) {
            let (name, task, stack, complete) = (region.name, region.task, region.stack, now.complete);
            let (began, who) = (region.began.get(), Who::of(now.account));
            let call = || Call { who, name, task, began, complete, stack, spent: spent.clone() };
            calls.call(spent.total, began, who, call);
        }
        if let Some(around) = self.by_slot[now.g.index()].open.last_mut() {
            match &spent {
                None => around.inner_ran = around.inner_ran.saturating_add(ran),
                Some(spent) => {
                    let spare = &mut self.spare;
                    around.inner.get_or_insert_with(|| boxed(spare, Spent::default())).merge(spent);
                }
            }
        }
        let sum = self.sum(region.name);
        match &spent {
            None => sum.spent.ran(ran),
            Some(spent) => sum.spent.merge(spent),
        }
        if let Some(inner) = &region.inner {
            sum.inner.merge(inner);
        }
        sum.add(&region, (now.complete && region.began != Time::NEVER).then_some(ran));
        if region.task != TaskId::BACKGROUND {
            sum.of_task(tasks.name_for(now.g, region.task), total);
        }
        self.spare.extend([region.inner, region.before].into_iter().flatten());
    }

    pub(super) fn to_stats(&self, symbols: &Symbols) -> BTreeMap<String, Region> {
        let mut stats = BTreeMap::new();
        // Go's analysis keeps the nameless for what goroutines inherit.
        for sum in self.sums.iter().filter(|sum| sum.name != Sym::EMPTY) {
            let mut sum = sum.clone();
            sum.flush_task();
            let times = sum.spent.times(symbols);
            let mut frames = symbols.frames(sum.stack);
            let start = frames.find(|frame| !symbols.text(frame.func).starts_with("runtime/trace."));
            let tasks = sum.tasks.iter().map(|(&task, of)| (symbols.text(task).to_owned(), of.clone()));
            let region = Region {
                count: sum.count,
                total_ns: times.total_ns,
                exec_ns: times.exec_ns,
                sched_wait_ns: times.sched_wait_ns,
                syscall_ns: times.syscall_ns,
                syscall_block_ns: times.syscall_block_ns,
                block_ns: times.block_ns,
                range_ns: times.range_ns,
                unknown_ns: times.unknown_ns,
                syscalls: times.syscalls,
                own: sum.spent.without(&sum.inner).times(symbols),
                tasks: tasks.collect(),
                durations: sum.durations.clone(),
                start: start.map(|frame| position(symbols, frame)),
            };
            stats.insert(symbols.text(sum.name).to_owned(), region);
        }
        stats
    }
}
