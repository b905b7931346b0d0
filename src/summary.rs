//! What one run amounts to: the only thing that later stages see.
//!
//! Figures that Go's own analysis computes have the names that our reference prints them under, so that one can be
//! laid beside the other. All maps are sorted; equal traces give equal bytes.

mod environment;
mod instances;
mod load;
mod spans;
mod stacks;
mod tests;
mod times;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use environment::{Environment, Fact};
pub use instances::{GoroutineInstance, Instances, RegionInstance, SliceInstance, TaskInstance, WaitInstance};
pub use load::{Gc, Heap, HeapPoint, Latency, LoadPoint, Sched};
pub use spans::{OfTask, RangeStat, Region, Task};
pub use stacks::{OTHERS, Profile, Profiles, Site, SiteFrame, StackCount, Waker};
pub use tests::{
    Attribution, LeftOut, RunOutcome, SlowSpan, Slowest, SlowestTask, TestKind, TestNamedBy, TestOutcome, TestRun,
    TestSite,
};
pub use times::{Group, Position, Times};

/// The version of this document. Readers accept this one and the ones before it.
pub const SCHEMA: &str = "gotrace-diff/summary/1";

/// One run: one trace file.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Summary {
    /// [`SCHEMA`].
    pub schema: String,
    /// The name of the file, as it was given.
    pub source: String,
    /// The import path of the package under test, where it is known. Only runs of one package are replicates.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub package: Option<String>,
    /// The header: `go 1.22` and so on. Go 1.24 writes 1.23, Go 1.27 writes 1.26.
    pub format: String,
    /// False where only the complete generations of a truncated trace were used.
    pub complete: bool,
    /// True for a flight recorder's snapshot, which begins in mid-execution and carries no mark at its end.
    #[serde(default, skip_serializing_if = "is_false")]
    pub snapshot: bool,
    /// Time of the first event, ns on the trace's clock.
    pub start_ns: i64,
    /// Time of the last event, ns on the trace's clock.
    pub end_ns: i64,
    /// The whole recording, of which the rest may be a part.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recording: Option<Recording>,
    /// What of the recording was asked for, in words; empty for all of it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub narrowed: String,
    /// How many events, as Go's reader counts them.
    pub events: u64,
    /// How many generations.
    pub generations: u64,
    /// GOMAXPROCS: the greatest value seen; 0 where the trace does not say.
    pub gomaxprocs: u64,
    /// Where it was recorded, as far as whoever recorded it said so.
    #[serde(default, skip_serializing_if = "Environment::is_empty")]
    pub environment: Environment,
    /// Operations (b.N) of the benchmarks in this run, all rounds added up, where it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operations: Option<u64>,
    /// By start function; `""` is the group of goroutines that never showed a stack.
    #[serde(deserialize_with = "crate::unique::map")]
    pub goroutines: BTreeMap<String, Group>,
    /// By region type.
    #[serde(deserialize_with = "crate::unique::map")]
    pub regions: BTreeMap<String, Region>,
    /// By task type; `""` for tasks whose begin is not in the trace.
    #[serde(deserialize_with = "crate::unique::map")]
    pub tasks: BTreeMap<String, Task>,
    /// Messages by category.
    #[serde(deserialize_with = "crate::unique::map")]
    pub logs: BTreeMap<String, u64>,
    /// The greatest value of each gauge, by its runtime/metrics name: heap live and goal in bytes, GOMAXPROCS.
    #[serde(deserialize_with = "crate::unique::map")]
    pub metric_max: BTreeMap<String, u64>,
    /// Special ranges of time by name: `stop-the-world (kind)`, `GC concurrent mark phase`, `GC mark assist`,
    /// `GC incremental sweep`. Only ranges whose begin and end are both in the trace.
    #[serde(deserialize_with = "crate::unique::map")]
    pub ranges: BTreeMap<String, RangeStat>,
    /// Garbage collection.
    pub gc: Gc,
    /// Minimum mutator utilization: the least part of the processors that was left to the program within any window
    /// of this length (`100µs`, `1ms`, `10ms`, `100ms`), 0 to 1; 1 where GOMAXPROCS is not known.
    #[serde(deserialize_with = "crate::unique::map", default)]
    pub mmu: BTreeMap<String, f64>,
    /// The same with the collector's background workers (idle ones aside) counted as taking their processors.
    #[serde(deserialize_with = "crate::unique::map", default)]
    pub mmu_workers: BTreeMap<String, f64>,
    /// The scheduler's load.
    #[serde(default)]
    pub sched: Sched,
    /// The heap over time.
    #[serde(default)]
    pub heap: Heap,
    /// Tests, subtests and benchmarks, each repeat by itself, in the order in which they began.
    #[serde(default)]
    pub tests: Vec<TestRun>,
    /// What `go test` says of the run as a whole, where that is known. A test that has no outcome passed then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<RunOutcome>,
    /// Tests that `gotrace-diff run` left out of it, since they failed on this side alone.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub left_out: Vec<LeftOut>,
    /// How tests got their names, and what belongs to none.
    #[serde(default)]
    pub attribution: Attribution,
    /// The spans of the test that took longest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slowest: Option<Slowest>,
    /// The spans of the task that took longest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slowest_task: Option<SlowestTask>,
    /// The longest single goroutines, tasks and so on; only where they were asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instances: Option<Instances>,
    /// The four profiles of `go tool trace`, exactly as it makes them; only where they were asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub profiles: Option<Profiles>,
    /// The same with the waits that it leaves out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub honest_profiles: Option<Profiles>,
    /// Goroutines created, by the stack that created them; the most frequent ones.
    #[serde(default)]
    pub creations: Vec<StackCount>,
    /// Goroutines woken, by the stack of whoever woke them; the most frequent ones.
    #[serde(default)]
    pub unblocks: Vec<StackCount>,
    /// Where goroutines waited, by stack.
    pub sites: Vec<Site>,
    /// What is odd about this trace but does not keep it from being read.
    pub warnings: Vec<Warning>,
}

fn is_false(b: &bool) -> bool {
    !b
}

/// A recording, as it is in its file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Recording {
    /// Decompressed.
    pub bytes: u64,
    /// How many events.
    pub events: u64,
    /// Time of the first event, ns on the trace's clock.
    pub start_ns: i64,
    /// From the first event to the last, ns.
    pub duration_ns: i64,
    /// Time of the first event by the wall clock, ns since 1970, where the trace has clock snapshots (Go 1.25 and newer).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wall_ns: Option<i64>,
}

/// Something odd.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Warning {
    /// A stable name: `region-misnested`, `region-end-without-start`, `task-id-conflict`, and so on.
    pub kind: String,
    /// How often.
    pub count: u64,
    /// What it means and what to do, with the first place where it was seen.
    pub message: String,
}
