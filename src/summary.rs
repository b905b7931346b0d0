//! What one run amounts to: the only thing that later stages see.
//!
//! Figures that Go's own analysis computes have the names that our reference prints them under, so that one can be
//! laid beside the other. All maps are sorted; equal traces give equal bytes.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::sketch::Sketch;

/// The version of this document. Readers accept this one and the ones before it.
pub const SCHEMA: &str = "gotrace-diff/summary/1";

/// One run: one trace file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
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
    /// How many events, as Go's reader counts them.
    pub events: u64,
    /// How many generations.
    pub generations: u64,
    /// GOMAXPROCS: the greatest value seen; 0 where the trace does not say.
    pub gomaxprocs: u64,
    /// Operations (b.N) of the benchmarks in this run, all rounds added up, where it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operations: Option<u64>,
    /// By start function; `""` is the group of goroutines that never showed a stack.
    pub goroutines: BTreeMap<String, Group>,
    /// By region type.
    pub regions: BTreeMap<String, Region>,
    /// By task type; `""` for tasks whose begin is not in the trace.
    pub tasks: BTreeMap<String, Task>,
    /// Messages by category.
    pub logs: BTreeMap<String, u64>,
    /// The greatest value of each gauge, by its runtime/metrics name: heap live and goal in bytes, GOMAXPROCS.
    pub metric_max: BTreeMap<String, u64>,
    /// Special ranges of time by name: `stop-the-world (kind)`, `GC concurrent mark phase`, `GC mark assist`,
    /// `GC incremental sweep`. Only ranges whose begin and end are both in the trace.
    pub ranges: BTreeMap<String, RangeStat>,
    /// Garbage collection cycles.
    pub gc: Gc,
    /// Where goroutines waited, by stack.
    pub sites: Vec<Site>,
    /// What is odd about this trace but does not keep it from being read.
    pub warnings: Vec<Warning>,
}

fn is_false(b: &bool) -> bool {
    !b
}

/// Where time went, ns. All but `range_ns` are disjoint, and add up to `total_ns` for each goroutine.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Times {
    /// From creation (or the trace's start) to the end (or the trace's end).
    pub total_ns: i64,
    /// Running on a processor.
    pub exec_ns: i64,
    /// Runnable, waiting for a processor.
    pub sched_wait_ns: i64,
    /// In system calls, holding a processor.
    pub syscall_ns: i64,
    /// In system calls, after the processor was retaken.
    pub syscall_block_ns: i64,
    /// Blocked, by reason; `""` where the trace does not say.
    pub block_ns: BTreeMap<String, i64>,
    /// Within special ranges, by name; overlaps the others.
    pub range_ns: BTreeMap<String, i64>,
    /// What is left.
    pub unknown_ns: i64,
}

/// The goroutines that started in one function.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Group {
    /// How many goroutines.
    pub count: u64,
    /// How many of them were created within the trace.
    pub created: u64,
    /// How many of them had not ended when the trace did.
    pub alive: u64,
    /// See [`Times`]: `total_ns` and so on stand beside `count`.
    pub total_ns: i64,
    /// See [`Times::exec_ns`].
    pub exec_ns: i64,
    /// See [`Times::sched_wait_ns`].
    pub sched_wait_ns: i64,
    /// See [`Times::syscall_ns`].
    pub syscall_ns: i64,
    /// See [`Times::syscall_block_ns`].
    pub syscall_block_ns: i64,
    /// See [`Times::block_ns`].
    pub block_ns: BTreeMap<String, i64>,
    /// See [`Times::range_ns`].
    pub range_ns: BTreeMap<String, i64>,
    /// See [`Times::unknown_ns`].
    pub unknown_ns: i64,
    /// Where the start function is, as the trace says it: file and line of the first goroutine's start frame.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start: Option<Position>,
    /// The functions that created them, with how many.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub creators: BTreeMap<String, u64>,
}

/// The calls of one region type.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Region {
    /// How many calls.
    pub count: u64,
    /// See [`Times::total_ns`], summed over calls; a nested region's time is in both.
    pub total_ns: i64,
    /// See [`Times::exec_ns`].
    pub exec_ns: i64,
    /// See [`Times::sched_wait_ns`].
    pub sched_wait_ns: i64,
    /// See [`Times::syscall_ns`].
    pub syscall_ns: i64,
    /// See [`Times::syscall_block_ns`].
    pub syscall_block_ns: i64,
    /// See [`Times::block_ns`].
    pub block_ns: BTreeMap<String, i64>,
    /// See [`Times::range_ns`].
    pub range_ns: BTreeMap<String, i64>,
    /// See [`Times::unknown_ns`].
    pub unknown_ns: i64,
    /// How long calls took whose begin and end are both in the trace.
    pub durations: Sketch,
    /// Where it begins: file and line of the first call's innermost frame outside `runtime/trace`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start: Option<Position>,
}

/// The tasks of one type.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Task {
    /// How many.
    pub count: u64,
    /// How many have both begin and end in the trace.
    pub complete: u64,
    /// Time from begin to end of the complete ones, ns.
    pub total_ns: i64,
    /// Log messages.
    pub logs: u64,
    /// Region calls.
    pub regions: u64,
    /// Goroutines that worked for them (each counted once for each task).
    pub goroutines: u64,
    /// Tasks begun inside them.
    pub children: u64,
    /// How long the complete ones took.
    pub durations: Sketch,
}

/// One kind of special range.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RangeStat {
    /// How many.
    pub count: u64,
    /// Their wall time, ns.
    pub time_ns: i64,
    /// The longest, ns.
    pub max_ns: i64,
}

/// Garbage collection.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Gc {
    /// Cycles that began in the trace, by cause: `explicit` (runtime.GC), `allocation`, `periodic`, `memory limit or
    /// other`. Those that the test framework asks for around benchmarks are `test framework`.
    pub cycles: BTreeMap<String, u64>,
    /// Wall time of concurrent marking, ns (begin and end in the trace).
    pub mark_ns: i64,
}

/// A place in source code, as the trace says it.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Position {
    /// The file.
    pub file: String,
    /// The line.
    pub line: u32,
}

/// One frame of a site's stack.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SiteFrame {
    /// The function.
    pub func: String,
    /// The file.
    pub file: String,
    /// The line.
    pub line: u32,
}

/// Waits that began at one stack.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Site {
    /// The group that waited: the stack's root function.
    pub group: String,
    /// The figure that its time is part of: `block_ns.REASON` or `syscall` (both system call figures).
    pub state: String,
    /// The stack, innermost frame first.
    pub stack: Vec<SiteFrame>,
    /// How many waits, those still open at the end included.
    pub count: u64,
    /// How many of them were still open at the end.
    pub open: u64,
    /// Their time, ns.
    pub time_ns: i64,
}

/// Something odd.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Warning {
    /// A stable name: `region-misnested`, `region-end-without-start`, `task-id-conflict`, and so on.
    pub kind: String,
    /// How often.
    pub count: u64,
    /// What it means and what to do, with the first place where it was seen.
    pub message: String,
}
