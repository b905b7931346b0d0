//! Single goroutines, tasks, region calls, running slices and waits: the longest of each, where they were asked for.

use serde::{Deserialize, Serialize};

use super::{SiteFrame, Times};

/// The longest of each kind, the longest first. Times are on the trace's clock, ns.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Instances {
    /// Goroutines, by the time that they were there.
    pub goroutines: Vec<GoroutineInstance>,
    /// Tasks, by the time from begin to end.
    pub tasks: Vec<TaskInstance>,
    /// Calls of regions, by the time from begin to end.
    pub regions: Vec<RegionInstance>,
    /// For how long a goroutine ran without a break.
    pub slices: Vec<SliceInstance>,
    /// For how long a goroutine waited: for others, for a processor, in system calls.
    pub waits: Vec<WaitInstance>,
}

/// One goroutine.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct GoroutineInstance {
    /// Its id.
    pub g: u64,
    /// The function that it started in.
    pub group: String,
    /// Index of the test that it works for in [`super::Summary::tests`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub test: Option<usize>,
    /// When it was created; else since when the trace knows of it.
    pub start_ns: i64,
    /// Whether it was created within the trace.
    pub created: bool,
    /// Whether it was there when the trace ended.
    pub alive: bool,
    /// Where it was created, innermost function first.
    pub created_at: Vec<SiteFrame>,
    /// Where it stood when the trace ended, or when it began to wait for ever.
    pub stands_at: Vec<SiteFrame>,
    /// What it spent, as far as that counts.
    #[serde(flatten)]
    pub times: Times,
}

/// One task.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskInstance {
    /// Its type.
    pub task: String,
    /// Its id.
    pub id: u64,
    /// The goroutine that began it.
    pub g: u64,
    /// When it began.
    pub start_ns: i64,
    /// From begin to end, or to the end of the trace, ns.
    pub ns: i64,
    /// Whether its end is in the trace.
    pub complete: bool,
    /// Goroutines that worked for it.
    pub goroutines: u64,
    /// Its regions.
    pub regions: u64,
    /// Its messages.
    pub logs: u64,
    /// Where it began, innermost function first.
    pub begun_at: Vec<SiteFrame>,
    /// What was spent on it, by all goroutines.
    pub work: Times,
}

/// One call of a region.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RegionInstance {
    /// Its type.
    pub region: String,
    /// The type of the task that it belongs to; empty for none.
    pub task: String,
    /// The id of that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task_id: Option<u64>,
    /// The goroutine.
    pub g: u64,
    /// The function that this started in.
    pub group: String,
    /// When it began; not known where that was before the window.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_ns: Option<i64>,
    /// Whether its end is in the trace.
    pub complete: bool,
    /// Where it began, innermost function first.
    pub begun_at: Vec<SiteFrame>,
    /// What was spent in it.
    #[serde(flatten)]
    pub times: Times,
}

/// A time for which a goroutine ran.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SliceInstance {
    /// The goroutine.
    pub g: u64,
    /// The function that it started in.
    pub group: String,
    /// Index of the test that it works for in [`super::Summary::tests`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub test: Option<usize>,
    /// From when.
    pub start_ns: i64,
    /// For how long, ns.
    pub ns: i64,
    /// What it did then: `waiting`, `runnable` (it had to give up its processor, or did), `syscall`, `gone`;
    /// `running` where the trace ended first.
    pub then: String,
    /// Where it was when it stopped running, innermost function first.
    pub stopped_at: Vec<SiteFrame>,
}

/// A time for which a goroutine waited.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WaitInstance {
    /// The goroutine.
    pub g: u64,
    /// The function that it started in.
    pub group: String,
    /// Index of the test that it works for in [`super::Summary::tests`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub test: Option<usize>,
    /// `runnable`, `syscall`, or the reason that it waited for.
    pub state: String,
    /// From when.
    pub start_ns: i64,
    /// For how long, ns.
    pub ns: i64,
    /// Whether the trace ended first.
    pub open: bool,
    /// Where it waited, innermost function first; of `runnable` where whoever made it so was.
    pub at: Vec<SiteFrame>,
    /// The goroutine that ended it; none for the network, timers, the runtime, and what nobody ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<u64>,
    /// The function that this started in.
    pub by_group: String,
    /// Where it was, innermost function first.
    pub by_at: Vec<SiteFrame>,
}

impl Instances {
    /// Gives tests the indices that `at` says.
    pub(crate) fn renumber_tests(&mut self, at: impl Fn(usize) -> Option<usize>) {
        let goroutines = self.goroutines.iter_mut().map(|g| &mut g.test);
        let slices = self.slices.iter_mut().map(|slice| &mut slice.test);
        let waits = self.waits.iter_mut().map(|wait| &mut wait.test);
        goroutines.chain(slices).chain(waits).for_each(|test| *test = test.and_then(&at));
    }
}
