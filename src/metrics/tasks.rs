//! User tasks: from begin to end, across goroutines, nested.

use std::collections::BTreeMap;

use super::warnings::Warnings;
use crate::hash::{HashMap, HashSet};
use crate::summary::Task;
use crate::trace::{Event, Sym, Symbols, TaskId, Time};

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
}

/// All tasks. One exists as soon as anything mentions it.
#[derive(Clone, Debug, Default)]
pub(super) struct Tasks {
    by_id: HashMap<TaskId, TaskSum>,
    /// Which goroutines worked for which task.
    workers: HashSet<(TaskId, u64)>,
}

impl Tasks {
    fn mention(&mut self, id: TaskId, g: u64) -> &mut TaskSum {
        let task = self.by_id.entry(id).or_default();
        // Everything outside tasks belongs to the background task, which is not reported: who is in it does not
        // matter, and may be many.
        if id != TaskId::BACKGROUND && self.workers.insert((id, g)) {
            task.goroutines += 1;
        }
        task
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

    pub(super) fn begin(
        &mut self,
        event: &Event,
        g: u64,
        id: TaskId,
        parent: TaskId,
        name: Sym,
        warnings: &mut Warnings,
    ) {
        let task = self.mention(id, g);
        if task.begin.is_some() && task.end < task.begin {
            warnings.add("task-id-conflict", event, name);
        }
        (task.name, task.begin) = (name, Some(event.time));
        self.parent(id, parent);
    }

    pub(super) fn end(&mut self, event: &Event, g: u64, id: TaskId, parent: TaskId, name: Sym) {
        let task = self.mention(id, g);
        (task.name, task.end) = (name, Some(event.time));
        self.parent(id, parent);
    }

    pub(super) fn log(&mut self, id: TaskId, g: u64) {
        self.mention(id, g).logs += 1;
    }

    pub(super) fn region(&mut self, id: TaskId, g: u64) {
        self.mention(id, g).regions += 1;
    }

    pub(super) fn into_stats(self, symbols: &Symbols) -> BTreeMap<String, Task> {
        let mut stats: BTreeMap<String, Task> = BTreeMap::new();
        for (id, sum) in self.by_id {
            if id == TaskId::BACKGROUND {
                continue;
            }
            let task = stats.entry(symbols.text(sum.name).to_owned()).or_default();
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
        }
        stats
    }
}
