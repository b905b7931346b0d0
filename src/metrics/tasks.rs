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
use super::blocking::frames;
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

#[derive(Clone, Debug, Default)]
struct TaskSum {
    name: Sym,
    begin: Option<Time>,
    end: Option<Time>,
    has_parent: bool,
    logs: u64,
    regions: u64,
    goroutines: u64,
    children: u64,
    /// The goroutine that began it: its slot and its id.
    begun_by: Option<(GoSlot, u64)>,
    spent: Option<Box<Spent>>,
    /// Begun before the window, and neither mentioned nor worked for in it.
    unseen: bool,
    /// The goroutine that began it, and where.
    starter: (u64, StackId),
    /// Where its spans are kept, as long as it is open.
    place: Place,
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
}

/// All tasks. One exists as soon as anything mentions it.
#[derive(Clone, Debug, Default)]
pub(super) struct Tasks {
    by_id: HashMap<TaskId, TaskSum>,
    /// Which goroutines worked for which task.
    workers: HashSet<(TaskId, u64)>,
    /// What was added to `workers` last.
    last: Option<(TaskId, u64)>,
    /// By slot: what the goroutine works for now.
    work: Vec<Vec<Work>>,
    recorded: Recorded,
}

impl Tasks {
    #[inline]
    fn mention(&mut self, id: TaskId, g: u64) -> &mut TaskSum {
        let task = self.by_id.entry(id).or_default();
        task.unseen = false;
        // Everything outside tasks belongs to the background task, which is not reported: who is in it does not
        // matter, and may be many.
        if id != TaskId::BACKGROUND && self.last != Some((id, g)) {
            self.last = Some((id, g));
            if self.workers.insert((id, g)) {
                task.goroutines += 1;
            }
        }
        task
    }

    /// The window begins: tasks that are not over stay known, and count as begun before the trace. Whoever works for
    /// one has done so since the window began.
    pub(super) fn begin_window(&mut self, accounts: &Accounts) {
        self.workers.clear();
        self.last = None;
        self.recorded = Recorded::default();
        let worked: HashSet<TaskId> = self.work.iter().flatten().map(|work| work.task).collect();
        self.by_id.retain(|id, task| worked.contains(id) || (task.begin.is_some() && task.end < task.begin));
        for task in self.by_id.values_mut() {
            *task = TaskSum { name: task.name, begun_by: task.begun_by, unseen: true, ..TaskSum::default() };
        }
        let mut works = Vec::new();
        for (slot, work) in self.work.iter_mut().enumerate() {
            let Some(account) = accounts.peek(GoSlot(slot as u32)) else { continue };
            for work in work {
                (work.before, work.place) = (Spent::default(), Place::NONE);
                works.push((work.task, account.id));
            }
        }
        for (task, g) in works {
            self.mention(task, g);
        }
    }

    /// The types of the tasks that a goroutine works for.
    pub(super) fn of(&self, g: GoSlot) -> impl Iterator<Item = Sym> + '_ {
        self.work.get(g.index()).into_iter().flatten().map(|work| self.name(work.task))
    }

    /// The goroutine that began a task, if it is still open.
    pub(super) fn begun_by(&self, id: TaskId) -> Option<(GoSlot, u64)> {
        self.by_id.get(&id)?.begun_by
    }

    /// Whether anything was heard of the task.
    pub(super) fn knows(&self, id: TaskId) -> bool {
        self.by_id.contains_key(&id)
    }

    /// The type of a task, as far as it is known.
    pub(super) fn name(&self, id: TaskId) -> Sym {
        self.by_id.get(&id).map_or(Sym::EMPTY, |task| task.name)
    }

    fn parent(&mut self, id: TaskId, parent: TaskId) {
        if parent == TaskId::NONE {
            return;
        }
        let task = self.by_id.entry(id).or_default();
        if !std::mem::replace(&mut task.has_parent, true) {
            self.by_id.entry(parent).or_default().children += 1;
        }
    }

    /// A goroutine works for a task from now on; `before` is what it has spent so far.
    pub(super) fn enter(&mut self, g: GoSlot, id: TaskId, since: Time, before: impl FnOnce() -> Spent) {
        if id == TaskId::BACKGROUND || id == TaskId::NONE {
            return;
        }
        if g.index() >= self.work.len() {
            self.work.resize_with(g.index() + 1, Vec::new);
        }
        let work = &mut self.work[g.index()];
        if let Some(work) = work.iter_mut().find(|work| work.task == id) {
            work.depth += 1;
        } else if work.len() < AT_ONCE {
            let place = self.by_id.get(&id).map_or(Place::NONE, |task| task.place);
            work.push(Work { task: id, depth: 1, before: before(), since, place });
        }
    }

    /// A goroutine leaves what made it work for a task `now`, in the middle of `open`.
    pub(super) fn leave(&mut self, g: GoSlot, id: TaskId, accounts: &Accounts, open: Option<Span>, now: Time) {
        let Some(work) = self.work.get_mut(g.index()) else { return };
        let Some(at) = work.iter().position(|work| work.task == id) else { return };
        work[at].depth -= 1;
        if work[at].depth == 0 {
            let done = work.swap_remove(at);
            let Some(account) = accounts.peek(g) else { return };
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
        let task = self.by_id.entry(done.task).or_default();
        task.unseen = false;
        task.spent.get_or_insert_default().merge(&now.since(&done.before));
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
        let task = self.mention(id, g);
        if task.begin.is_some() && task.end < task.begin {
            warnings.add("task-id-conflict", event, name);
        }
        (task.name, task.begin, task.starter) = (name, Some(event.time), (g, event.stack));
        task.begun_by = event.g.get().map(|slot| (slot, g));
        if task.place == Place::NONE && records {
            let place = self.recorded.begin(id, name, event.time);
            self.by_id.entry(id).or_default().place = place;
        }
        self.parent(id, parent);
    }

    pub(super) fn end(
        &mut self,
        event: &Event,
        g: u64,
        (id, parent): (TaskId, TaskId),
        name: Sym,
        accounts: &Accounts,
        open: Open<'_>,
    ) {
        let task = self.mention(id, g);
        (task.name, task.end) = (name, Some(event.time));
        let (begun_by, place) = (task.begun_by.take(), std::mem::take(&mut task.place));
        self.recorded.end(place, id, event.time);
        self.parent(id, parent);
        // Whoever began it works for it until now, wherever it is.
        if let Some((slot, gid)) = begun_by
            && accounts.peek(slot).is_some_and(|account| account.id == gid)
        {
            let open = open.span(slot, event.time);
            self.leave(slot, id, accounts, open, event.time);
        }
    }

    pub(super) fn log(&mut self, id: TaskId, g: u64) {
        self.mention(id, g).logs += 1;
    }

    pub(super) fn region(&mut self, id: TaskId, g: u64) {
        self.mention(id, g).regions += 1;
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
        for (&id, sum) in &self.by_id {
            let Some(begin) = sum.begin.filter(|_| !sum.unseen && id != TaskId::BACKGROUND && is_wanted(sum.name))
            else {
                continue;
            };
            let ended = sum.end.filter(|&end| end >= begin);
            top.offer(ended.unwrap_or(end).since(begin), begin.0, id.0, || (id, sum, begin, ended));
        }
        let tell = |(id, sum, begin, ended): (TaskId, &TaskSum, Time, Option<Time>)| TaskInstance {
            task: symbols.text(sum.name).to_owned(),
            id: id.0,
            g: sum.starter.0,
            start_ns: begin.0,
            ns: ended.unwrap_or(end).since(begin),
            complete: ended.is_some(),
            goroutines: sum.goroutines,
            regions: sum.regions,
            logs: sum.logs,
            begun_at: without_tracer(frames(symbols, sum.starter.1)),
            work: sum.spent.as_deref().cloned().unwrap_or_default().times(symbols),
        };
        top.into_sorted().map(tell).collect()
    }

    pub(super) fn to_stats(&self, symbols: &Symbols) -> BTreeMap<String, Task> {
        let mut stats: BTreeMap<Sym, (Task, Spent)> = BTreeMap::new();
        for (&id, sum) in &self.by_id {
            if id == TaskId::BACKGROUND || sum.unseen {
                continue;
            }
            let (task, spent) = stats.entry(sum.name).or_default();
            task.count += 1;
            task.logs += sum.logs;
            task.regions += sum.regions;
            task.goroutines += sum.goroutines;
            task.children += sum.children;
            if let (Some(begin), Some(end)) = (sum.begin, sum.end) {
                task.complete += 1;
                task.total_ns = task.total_ns.saturating_add(end.since(begin));
                task.durations.add(end.since(begin));
            }
            if let Some(more) = &sum.spent {
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
