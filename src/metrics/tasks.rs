//! User tasks: from begin to end, across goroutines, nested, with what was spent on them.
//!
//! A goroutine works for a task while it is between the task's begin and end, if it began it; within the outermost of
//! its regions that belong to the task; and all its life, if it was created within such a region:
//!
//! ```text
//!   g1   begin task ───────────────────────────── end      works from begin to end
//!   g2                 |region of task|                    works within the region
//!   g3   created by g2 in it |──────────────────────|      works as long as it lives
//! ```

use std::collections::BTreeMap;

use super::accounts::Accounts;
use super::by_task::ByTask;
use super::frames::frames;
use super::groups::GroupIx;
use super::instances::without_tracer;
use super::recorded::{Place, Recorded, Recording};
use super::tally::Spent;
use super::top::Top;
use super::warnings::Warnings;
use crate::hash::{HashMap, HashSet};
use crate::summary::{Task, TaskInstance};
use crate::timeline::{Open, Span};
use crate::trace::{Event, GoSlot, StackId, Sym, Symbols, TaskId, Time};

/// More tasks than this no goroutine works for at once; what goes beyond is counted, not measured.
const AT_ONCE: usize = 64;

/// One task. Kept small, since a trace may have millions of them, and any may be mentioned again after its end.
#[derive(Clone, Debug)]
struct TaskSum {
    begin: Time,
    end: Time,
    /// The id of the goroutine that began it.
    starter: u64,
    /// The id of the first of its goroutines; the others are in [`Tasks::workers`].
    worker: u64,
    /// What was spent on it, where that is asked for by task, or its type is not known yet.
    spent: Option<Box<Spent>>,
    name: Sym,
    /// The goroutine that began it, as long as it is open.
    begun_by: GoSlot,
    /// Where that was.
    begun_at: StackId,
    logs: u32,
    regions: u32,
    goroutines: u32,
    children: u32,
    has_parent: bool,
    /// Begun before the window, and neither mentioned nor worked for in it.
    unseen: bool,
    /// Where its spans are kept, as long as it is open.
    place: Place,
}

const _: () = assert!(size_of::<TaskSum>() <= 72);

impl Default for TaskSum {
    fn default() -> Self {
        TaskSum {
            begin: Time::NEVER,
            end: Time::NEVER,
            starter: 0,
            worker: 0,
            spent: None,
            name: Sym::EMPTY,
            begun_by: GoSlot::NONE,
            begun_at: StackId::NONE,
            logs: 0,
            regions: 0,
            goroutines: 0,
            children: 0,
            has_parent: false,
            unseen: false,
            place: Place::NONE,
        }
    }
}

impl TaskSum {
    /// Whether it has begun, and has not ended.
    fn is_open(&self) -> bool {
        self.begin != Time::NEVER && self.end < self.begin
    }
}

/// A goroutine works for a task.
#[derive(Clone, Debug)]
struct Work {
    task: TaskId,
    /// How many begins and regions it is in.
    depth: u32,
    before: Spent,
    /// Since when.
    since: Time,
    place: Place,
    /// Which of the sums is the task's.
    ix: u32,
}

/// All tasks. One exists as soon as anything mentions it.
#[derive(Clone, Debug, Default)]
pub(super) struct Tasks {
    sums: Vec<TaskSum>,
    /// Which of them is whose.
    by_id: ByTask,
    /// What was spent on tasks of each type, but for what stands beside the task itself.
    spent: HashMap<Sym, Spent>,
    /// Whether single tasks are asked for.
    single: bool,
    /// Which goroutines worked for which task, besides the first one of each.
    workers: HashSet<(TaskId, u64)>,
    /// By slot: what the goroutine works for now.
    work: Vec<Vec<Work>>,
    recorded: Recorded,
}

impl Tasks {
    /// All tasks; `single`: those that took longest will be asked for one by one.
    pub(super) fn new(single: bool) -> Tasks {
        Tasks { single, ..Tasks::default() }
    }

    /// Which of the sums is the task's: a new one where nothing was heard of it.
    fn index(&mut self, id: TaskId) -> u32 {
        self.by_id.get(id).unwrap_or_else(|| self.add(id, TaskSum::default()))
    }

    fn add(&mut self, id: TaskId, sum: TaskSum) -> u32 {
        let ix = self.sums.len() as u32;
        self.sums.push(sum);
        self.by_id.insert(id, ix);
        ix
    }

    /// The task's sum.
    fn sum(&mut self, id: TaskId) -> &mut TaskSum {
        let ix = self.index(id);
        &mut self.sums[ix as usize]
    }

    /// The goroutine in slot `g`, whose id is `gid`, speaks of a task: mostly of what it works for.
    #[inline(always)]
    fn mention(&mut self, id: TaskId, g: GoSlot, gid: u64) -> &mut TaskSum {
        let ix = self.latest_index(g, id).unwrap_or_else(|| self.index(id));
        self.mentioned(ix, id, gid)
    }

    #[inline(always)]
    fn mentioned(&mut self, ix: u32, id: TaskId, g: u64) -> &mut TaskSum {
        let task = &mut self.sums[ix as usize];
        task.unseen = false;
        // Everything outside tasks belongs to the background task, which is not reported: who is in it does not
        // matter, and may be many.
        if id == TaskId::BACKGROUND {
            return task;
        }
        if task.goroutines == 0 {
            (task.worker, task.goroutines) = (g, 1);
        } else if task.worker != g && self.workers.insert((id, g)) {
            task.goroutines += 1;
        }
        task
    }

    /// The window begins: tasks that are not over stay known, and count as begun before the trace. Whoever works for
    /// one has done so since the window began.
    pub(super) fn begin_window(&mut self, accounts: &Accounts) {
        self.workers.clear();
        self.spent.clear();
        self.recorded = Recorded::default();
        let worked: HashSet<TaskId> = self.work.iter().flatten().map(|work| work.task).collect();
        let (before, by_id) = (std::mem::take(&mut self.sums), std::mem::take(&mut self.by_id));
        for (id, ix) in by_id.iter() {
            let task = &before[ix as usize];
            if worked.contains(&id) || task.is_open() {
                let (name, begun_by, starter) = (task.name, task.begun_by, task.starter);
                self.add(id, TaskSum { name, begun_by, starter, unseen: true, ..TaskSum::default() });
            }
        }
        let mut works = Vec::new();
        for (slot, work) in self.work.iter_mut().enumerate() {
            // What is worked for was kept, at another place.
            work.iter_mut().for_each(|work| work.ix = self.by_id.get(work.task).unwrap_or_default());
            let Some(account) = accounts.peek(GoSlot(slot as u32)) else { continue };
            for work in work {
                (work.before, work.place) = (Spent::default(), Place::NONE);
                works.push((work.ix, work.task, account.id));
            }
        }
        for (ix, task, g) in works {
            self.mentioned(ix, task, g);
        }
    }

    /// The types of the tasks that a goroutine works for.
    pub(super) fn of(&self, g: GoSlot) -> impl Iterator<Item = Sym> + '_ {
        self.work.get(g.index()).into_iter().flatten().map(|work| self.sums[work.ix as usize].name)
    }

    /// The goroutine that began a task, if it is still open.
    pub(super) fn begun_by(&self, id: TaskId) -> Option<(GoSlot, u64)> {
        let task = self.get(id)?;
        Some((task.begun_by.get()?, task.starter))
    }

    fn get(&self, id: TaskId) -> Option<&TaskSum> {
        self.by_id.get(id).map(|ix| &self.sums[ix as usize])
    }

    /// Whether anything was heard of the task.
    pub(super) fn knows(&self, id: TaskId) -> bool {
        self.by_id.get(id).is_some()
    }

    /// The type of a task, as far as it is known.
    pub(super) fn name(&self, id: TaskId) -> Sym {
        self.get(id).map_or(Sym::EMPTY, |task| task.name)
    }

    /// The same, asked by the goroutine in slot `g`: mostly of what it works for.
    #[inline(always)]
    pub(super) fn name_for(&self, g: GoSlot, id: TaskId) -> Sym {
        self.latest_index(g, id).map_or_else(|| self.name(id), |ix| self.sums[ix as usize].name)
    }

    fn parent(&mut self, id: TaskId, parent: TaskId) {
        if parent == TaskId::NONE {
            return;
        }
        if !std::mem::replace(&mut self.sum(id).has_parent, true) {
            self.sum(parent).children += 1;
        }
    }

    /// What a goroutine began to work for last, if that is the task.
    #[inline(always)]
    fn latest(&mut self, g: GoSlot, id: TaskId) -> Option<&mut Work> {
        self.work.get_mut(g.index())?.last_mut().filter(|work| work.task == id)
    }

    /// Which of the sums is the task's, if that is what a goroutine began to work for last.
    #[inline(always)]
    fn latest_index(&self, g: GoSlot, id: TaskId) -> Option<u32> {
        self.work.get(g.index())?.last().filter(|work| work.task == id).map(|work| work.ix)
    }

    /// A goroutine works for a task from now on; `before` is what it has spent so far.
    #[inline(always)]
    pub(super) fn enter(&mut self, g: GoSlot, id: TaskId, since: Time, before: impl FnOnce() -> Spent) {
        if id == TaskId::BACKGROUND {
            return;
        }
        match self.latest(g, id) {
            Some(work) => work.depth += 1,
            None => self.enter_another(g, id, since, before),
        }
    }

    #[inline(never)]
    fn enter_another(&mut self, g: GoSlot, id: TaskId, since: Time, before: impl FnOnce() -> Spent) {
        if id == TaskId::NONE {
            return;
        }
        if g.index() >= self.work.len() {
            self.work.resize_with(g.index() + 1, Vec::new);
        }
        let work = &mut self.work[g.index()];
        if let Some(work) = work.iter_mut().find(|work| work.task == id) {
            work.depth += 1;
        } else if work.len() < AT_ONCE {
            let ix = self.index(id);
            let place = self.sums[ix as usize].place;
            self.work[g.index()].push(Work { task: id, depth: 1, before: before(), since, place, ix });
        }
    }

    /// A goroutine leaves what made it work for a task `now`; `open` is what goroutines are in the middle of.
    #[inline(always)]
    pub(super) fn leave(&mut self, g: GoSlot, id: TaskId, accounts: &Accounts, open: Open<'_>, now: Time) {
        if id == TaskId::BACKGROUND {
            return;
        }
        match self.latest(g, id) {
            Some(work) if work.depth > 1 => work.depth -= 1,
            _ => self.leave_for_good(g, id, accounts, open, now),
        }
    }

    #[inline(never)]
    fn leave_for_good(&mut self, g: GoSlot, id: TaskId, accounts: &Accounts, open: Open<'_>, now: Time) {
        let Some(work) = self.work.get_mut(g.index()) else { return };
        let Some(at) = work.iter().position(|work| work.task == id) else { return };
        work[at].depth -= 1;
        if work[at].depth == 0 {
            let done = work.swap_remove(at);
            let Some(account) = accounts.peek(g) else { return };
            let open = open.span(g, now);
            if let Some(span) = open {
                self.recorded.span((done.place, id), done.since, &span, account.id, account.group);
            }
            self.credit(&done, &account.snapshot(open, now));
        }
    }

    /// A goroutine has spent time, perhaps on tasks.
    #[inline(always)]
    pub(super) fn span(&mut self, span: &Span, id: u64, group: GroupIx) {
        // Most programs have no tasks: those who never worked for one are not asked about.
        if span.g.index() < self.work.len() {
            self.span_of_worker(*span, id, group);
        }
    }

    /// By value, as all that is called for few spans: those that stay in registers are never written to memory.
    #[inline(never)]
    fn span_of_worker(&mut self, span: Span, id: u64, group: GroupIx) {
        for work in self.work.get(span.g.index()).into_iter().flatten() {
            self.recorded.span((work.place, work.task), work.since, &span, id, group);
        }
    }

    /// The task that took longest of those that began and ended, with what was done for it.
    pub(super) fn slowest(&self) -> Option<&Recording> {
        self.recorded.slowest()
    }

    fn credit(&mut self, done: &Work, now: &Spent) {
        let task = &mut self.sums[done.ix as usize];
        task.unseen = false;
        let spent = now.since(&done.before);
        if self.single || task.begin == Time::NEVER {
            task.spent.get_or_insert_default().merge(&spent);
        } else {
            self.spent.entry(task.name).or_default().merge(&spent);
        }
    }

    /// A goroutine ends, and with it its work.
    pub(super) fn close_all(&mut self, g: GoSlot, now: impl FnOnce() -> Spent) {
        let Some(work) = self.work.get_mut(g.index()).filter(|work| !work.is_empty()) else { return };
        let (done, now) = (std::mem::take(work), now());
        done.iter().for_each(|work| self.credit(work, &now));
    }

    pub(super) fn begin(
        &mut self,
        event: &Event,
        g: u64,
        (id, parent): (TaskId, TaskId),
        (name, records): (Sym, bool),
        warnings: &mut Warnings,
    ) {
        let ix = self.index(id);
        let task = self.mentioned(ix, id, g);
        if task.is_open() {
            warnings.add("task-id-conflict", event, name);
        }
        (task.name, task.begin) = (name, event.time);
        (task.starter, task.begun_by, task.begun_at) = (g, event.g, event.stack);
        if task.place == Place::NONE && records {
            self.sums[ix as usize].place = self.recorded.begin(id, name, event.time);
        }
        self.parent(id, parent);
    }

    pub(super) fn end(
        &mut self,
        event: &Event,
        g: u64,
        (id, parent): (TaskId, TaskId),
        name: Sym,
        (accounts, warnings): (&Accounts, &mut Warnings),
        open: Open<'_>,
    ) {
        let task = self.mention(id, event.g, g);
        // A second end, as of `defer task.End()` beside another one, has no name, and ends nothing.
        if task.end != Time::NEVER && !task.is_open() {
            let name = task.name;
            return warnings.add("task-ended-twice", event, name);
        }
        (task.name, task.end) = (name, event.time);
        let begun_by = std::mem::replace(&mut task.begun_by, GoSlot::NONE).get().map(|slot| (slot, task.starter));
        let place = std::mem::take(&mut task.place);
        self.recorded.end(place, id, event.time);
        self.parent(id, parent);
        // Whoever began it works for it until now, wherever it is.
        if let Some((slot, gid)) = begun_by
            && accounts.peek(slot).is_some_and(|account| account.id == gid)
        {
            self.leave(slot, id, accounts, open, event.time);
        }
    }

    #[inline(always)]
    pub(super) fn log(&mut self, id: TaskId, g: GoSlot, gid: u64) {
        self.mention(id, g, gid).logs += 1;
    }

    #[inline(always)]
    pub(super) fn region(&mut self, id: TaskId, g: GoSlot, gid: u64) {
        self.mention(id, g, gid).regions += 1;
    }

    /// The longest tasks of those for which `is_wanted` holds; those that are open end with the trace.
    pub(super) fn longest(
        &self,
        keep: usize,
        end: Time,
        symbols: &Symbols,
        is_wanted: impl Fn(Sym) -> bool,
    ) -> Vec<TaskInstance> {
        let mut top = Top::new(keep);
        for (id, ix) in self.by_id.iter() {
            let sum = &self.sums[ix as usize];
            let wanted = !sum.unseen && id != TaskId::BACKGROUND && is_wanted(sum.name);
            let Some(begin) = sum.begin.get().filter(|_| wanted) else { continue };
            let ended = sum.end.get().filter(|&end| end >= begin);
            top.offer(ended.unwrap_or(end).since(begin), begin.0, id.0, || (id, sum, begin, ended));
        }
        let tell = |(id, sum, begin, ended): (TaskId, &TaskSum, Time, Option<Time>)| TaskInstance {
            task: symbols.text(sum.name).to_owned(),
            id: id.0,
            g: sum.starter,
            start_ns: begin.0,
            ns: ended.unwrap_or(end).since(begin),
            complete: ended.is_some(),
            goroutines: sum.goroutines.into(),
            regions: sum.regions.into(),
            logs: sum.logs.into(),
            begun_at: without_tracer(frames(symbols, sum.begun_at)),
            work: sum.spent.as_deref().cloned().unwrap_or_default().times(symbols),
        };
        top.into_sorted().map(tell).collect()
    }

    pub(super) fn to_stats(&self, symbols: &Symbols) -> BTreeMap<String, Task> {
        let mut stats: BTreeMap<Sym, (Task, Spent)> = BTreeMap::new();
        for (id, ix) in self.by_id.iter() {
            let sum = &self.sums[ix as usize];
            if id == TaskId::BACKGROUND || sum.unseen {
                continue;
            }
            let (task, spent) = stats.entry(sum.name).or_default();
            task.count += 1;
            task.logs += u64::from(sum.logs);
            task.regions += u64::from(sum.regions);
            task.goroutines += u64::from(sum.goroutines);
            task.children += u64::from(sum.children);
            if let (Some(begin), Some(end)) = (sum.begin.get(), sum.end.get()) {
                task.complete += 1;
                task.total_ns = task.total_ns.saturating_add(end.since(begin));
                task.durations.add(end.since(begin));
            }
            if let Some(more) = &sum.spent {
                spent.merge(more);
            }
        }
        for (name, more) in &self.spent {
            if let Some((_, spent)) = stats.get_mut(name) {
                spent.merge(more);
            }
        }
        let named = stats.into_iter().map(|(name, (mut task, spent))| {
            task.work = spent.times(symbols);
            (symbols.text(name).to_owned(), task)
        });
        named.collect()
    }
}
