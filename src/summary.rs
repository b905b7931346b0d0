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
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
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
    /// Garbage collection.
    pub gc: Gc,
    /// Minimum mutator utilization: the least part of the processors that was left to the program within any window
    /// of this length (`100µs`, `1ms`, `10ms`, `100ms`), 0 to 1; 1 where GOMAXPROCS is not known.
    #[serde(default)]
    pub mmu: BTreeMap<String, f64>,
    /// The same with the collector's background workers (idle ones aside) counted as taking their processors.
    #[serde(default)]
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
    /// How tests got their names, and what belongs to none.
    #[serde(default)]
    pub attribution: Attribution,
    /// The spans of the test that took longest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slowest: Option<Slowest>,
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
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
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
    /// Running within GC mark assists, ns: `range_ns` has their wall time, waits included.
    #[serde(default)]
    pub assist_exec_ns: i64,
    /// For how long there was at least one of them, ns.
    #[serde(default)]
    pub present_ns: i64,
    /// The most there were at once.
    #[serde(default)]
    pub peak: u64,
    /// The most that ran at once.
    #[serde(default)]
    pub peak_running: u64,
    /// How often one of them ran for more than 10 ms without a break while others waited for a processor.
    #[serde(default)]
    pub hogs: u64,
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
    /// The same without the regions nested in it.
    #[serde(default, rename = "self")]
    pub own: Times,
    /// Its calls by the type of the task that they belong to.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tasks: BTreeMap<String, OfTask>,
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
    /// What goroutines spent while they worked for them, by state.
    #[serde(default)]
    pub work: Times,
}

/// Calls of a region that belong to tasks of one type.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OfTask {
    /// How many.
    pub count: u64,
    /// Their time, ns.
    pub total_ns: i64,
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
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Gc {
    /// Cycles that began in the trace, by cause: `explicit` (runtime.GC), `allocation`, `periodic`, `memory limit or
    /// other`. Those that the test framework asks for around benchmarks are `test framework`.
    pub cycles: BTreeMap<String, u64>,
    /// Wall time of concurrent marking, ns (begin and end in the trace).
    pub mark_ns: i64,
    /// Time that dedicated and fractional workers ran, ns.
    #[serde(default)]
    pub worker_ns: i64,
    /// Time that workers ran on processors that had nothing else to do, ns.
    #[serde(default)]
    pub idle_worker_ns: i64,
    /// Time that goroutines of the program ran within mark assists, ns.
    #[serde(default)]
    pub assist_exec_ns: i64,
    /// Time of incremental sweeping, ns.
    #[serde(default)]
    pub sweep_ns: i64,
    /// Time that the world was stopped for the collector, ns.
    #[serde(default)]
    pub stopped_ns: i64,
    /// The part of the processors that all of this took, 0 to 1: workers (idle ones aside), assists, sweeping, and all
    /// processors while the world was stopped.
    #[serde(default)]
    pub share: f64,
}

/// The scheduler's load. Sums are of numbers over time: divided by the length of the trace they are means.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sched {
    /// Goroutines running, summed over time, ns.
    pub running_ns: i64,
    /// Goroutines waiting for a processor, summed over time, ns.
    pub runnable_ns: i64,
    /// Time during which at least one ran, ns.
    pub any_running_ns: i64,
    /// Time during which at least one waited for a processor, ns.
    pub any_runnable_ns: i64,
    /// Time during which more waited for a processor than ran, ns.
    pub oversubscribed_ns: i64,
    /// Processors without work, or goroutines waiting for one if those were fewer, summed over time, ns.
    pub idle_while_runnable_ns: i64,
    /// The most that ran at once.
    pub peak_running: u64,
    /// The most that waited for a processor at once.
    pub peak_runnable: u64,
    /// How long goroutines waited for a processor, by what made them runnable.
    pub latency: BTreeMap<String, Latency>,
    /// For how long goroutines ran without a break.
    pub slices: Sketch,
    /// How many of those took more than 10 ms while others waited for a processor.
    pub hogs: u64,
    /// For how long others waited meanwhile, ns.
    pub hog_ns: i64,
    /// The length of a step of the curve, ns.
    pub step_ns: i64,
    /// Means within each step from the trace's begin: running, runnable.
    pub curve: Vec<LoadPoint>,
}

/// How long goroutines waited for a processor.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Latency {
    /// Each wait.
    pub durations: Sketch,
}

/// Mean numbers of goroutines within a step, in hundredths: running, and waiting for a processor.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LoadPoint(pub i64, pub i64);

/// The heap over time.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Heap {
    /// The length of a step, ns.
    pub step_ns: i64,
    /// The greatest values within each step, from the first one known.
    pub curve: Vec<HeapPoint>,
}

/// Bytes of live heap and of the heap goal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeapPoint(pub u64, pub u64);

/// What runs the program's code.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TestKind {
    /// A test, subtest or the seeds of a fuzz test.
    #[default]
    Test,
    /// A benchmark.
    Benchmark,
}

/// How a test got its name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TestNamedBy {
    /// It has none.
    #[default]
    Nothing,
    /// The trace shows the framework write the line that announces it: exact.
    RunLine,
    /// By the order in which each test started its subtests.
    Order,
    /// A stack shows its function; subtests are called by the closure that they run.
    Stack,
}

/// One repeat of a test or benchmark: its own goroutine and all that it, and those, created; subtests apart.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TestRun {
    /// Its name as `go test` prints it, or its function's; empty where neither is known.
    pub name: String,
    /// What it is.
    pub kind: TestKind,
    /// How it got its name.
    pub named_by: TestNamedBy,
    /// Which repeat it is (`-count`), from 0.
    pub repeat: u64,
    /// Index of the test around it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<usize>,
    /// The number of the framework's line that announced it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<u64>,
    /// Its function, where a stack shows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub function: Option<SiteFrame>,
    /// When it began, ns on the trace's clock.
    pub start_ns: i64,
    /// When it ended; the trace's end where that came first.
    pub end_ns: i64,
    /// Whether its end is in the trace.
    pub complete: bool,
    /// Operations (b.N, all rounds added up), where known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operations: Option<u64>,
    /// Rounds of a benchmark.
    #[serde(default)]
    pub rounds: u64,
    /// From begin to end without `paused_ns` and `framework_ns`, ns.
    pub wall_ns: i64,
    /// Waiting for its turn as a parallel test, ns.
    pub paused_ns: i64,
    /// Waiting for the test framework otherwise: for its subtests, to print. Nanoseconds.
    pub framework_ns: i64,
    /// Goroutines that worked for it, its own included.
    pub goroutines: u64,
    /// How many of them were still there 10 ms after its end.
    pub outlived: u64,
    /// How many of those never ended.
    pub leaked: u64,
    /// When the last of its goroutines ended, ns after it did.
    pub tail_ns: i64,
    /// What its own goroutine spent, without waits for the framework: the states that its wall time is made of.
    #[serde(flatten)]
    pub times: Times,
    /// What all its goroutines spent until its end, its own included, without waits for the framework.
    #[serde(default)]
    pub work: Times,
    /// Where goroutines stand that it left and that never ended.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub leaks: Vec<StackCount>,
    /// Where its goroutines waited most.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sites: Vec<TestSite>,
}

/// Waits of one test at one of the summary's sites.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TestSite {
    /// Index in [`Summary::sites`].
    pub site: usize,
    /// How many waits.
    pub count: u64,
    /// Their time, ns.
    pub time_ns: i64,
}

/// How tests got their names, and what belongs to none.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Attribution {
    /// How most got their names.
    pub method: TestNamedBy,
    /// Tests and benchmarks in the trace.
    pub tests: u64,
    /// Those of them that have a name.
    pub named: u64,
    /// Goroutines of the program that belong to no test.
    pub unattributed: u64,
    /// What those ran, ns.
    pub unattributed_exec_ns: i64,
    /// Why names could not be had in a better way; empty where there is nothing to say.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
}

/// The spans of a test, at most 2,000: where there are more, the shortest are left out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Slowest {
    /// Index in [`Summary::tests`].
    pub test: usize,
    /// Spans shorter than this are left out, ns.
    pub threshold_ns: i64,
    /// How many were left out.
    pub left_out: u64,
    /// Start functions of goroutines, by id.
    pub goroutines: BTreeMap<u64, String>,
    /// Places that spans speak of: `function file:line`; the first is empty.
    pub places: Vec<String>,
    /// In order of time.
    pub spans: Vec<SlowSpan>,
}

/// One span: what a goroutine did, from when, for how long.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SlowSpan {
    /// The goroutine.
    pub g: u64,
    /// `running`, `runnable`, `syscall`, `syscall blocked`, or the reason that it waits for.
    pub state: String,
    /// From when, ns since the test began.
    pub start_ns: i64,
    /// For how long, ns.
    pub ns: i64,
    /// Index of the place where it waits.
    pub at: usize,
    /// Index of the place where whoever woke it was.
    pub by: usize,
}

/// The profiles of `go tool trace`. Each is sorted by time, the longest first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Profiles {
    /// Waiting for the network.
    pub net: Vec<Profile>,
    /// Waiting for channels, locks and the like.
    pub sync: Vec<Profile>,
    /// In system calls.
    pub syscall: Vec<Profile>,
    /// Waiting for a processor, by the stack of whoever made the goroutine runnable.
    pub sched: Vec<Profile>,
    /// Waiting for anything else: sleep, the collector. Go's tool has no such profile.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub other: Vec<Profile>,
}

/// One stack of a profile.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Profile {
    /// How many waits.
    pub count: u64,
    /// Their time, ns.
    pub time_ns: i64,
    /// Where, innermost frame first. Stacks that differ in their files alone are one, with the files of one of them.
    pub stack: Vec<SiteFrame>,
}

/// How often something happened at a stack.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StackCount {
    /// The stack, innermost frame first.
    pub stack: Vec<SiteFrame>,
    /// How often.
    pub count: u64,
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
    /// Who ended them, those first that they waited for longest.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub wakers: Vec<Waker>,
}

/// Who ended waits.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Waker {
    /// The start function of the goroutine that did; `(network)`, `(timer)`, `(timer or runtime)` or `(runtime)` where
    /// none did; `(others)` for what is too much to list.
    pub group: String,
    /// Where it was, innermost frame first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stack: Vec<SiteFrame>,
    /// How many waits.
    pub count: u64,
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
