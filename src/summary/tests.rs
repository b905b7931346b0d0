//! Tests and benchmarks, and the spans of the slowest.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{SiteFrame, StackCount, Times};

/// What runs the program's code.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum TestKind {
    /// A test, subtest or the seeds of a fuzz test.
    #[default]
    Test,
    /// A benchmark.
    Benchmark,
}

/// How a test got its name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
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

/// What became of a test, where that is anything but that it passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum TestOutcome {
    /// It failed, or its run did before it was over.
    Failed,
    /// It was skipped.
    Skipped,
}

/// A test that failed on this side alone where both were recorded, and that no run of either side has for it.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LeftOut {
    /// Its name.
    pub test: String,
    /// Whether it was seen to pass on the other side.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub passes_there: bool,
}

/// What `go test` says of a run as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum RunOutcome {
    /// All of it passed or was skipped.
    Passed,
    /// Something failed.
    Failed,
}

/// One repeat of a test or benchmark: its own goroutine and all that it, and those, created; subtests apart.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TestRun {
    /// Its name as `go test` prints it, or its function's; empty where neither is known.
    pub name: String,
    /// What it is.
    pub kind: TestKind,
    /// How it got its name.
    pub named_by: TestNamedBy,
    /// Which repeat it is (`-count`), from 0.
    pub repeat: u64,
    /// What became of it, where the output says anything but that it passed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<TestOutcome>,
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
    /// Waiting for the test framework otherwise: for its subtests, to print; of a benchmark all that its goroutine did while its
    /// timer stood. Nanoseconds.
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
    /// Start functions of the goroutines that worked for it, where all goroutines of that function worked for tests,
    /// and for few of them. Of several subtests of one test the outermost test has them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<String>,
    /// The same of regions, by who made the calls.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub regions: Vec<String>,
    /// The same of task types, by who began the tasks.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tasks: Vec<String>,
    /// Where its goroutines waited most.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sites: Vec<TestSite>,
}

/// Waits of one test at one of the summary's sites.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TestSite {
    /// Index in [`super::Summary::sites`].
    pub site: usize,
    /// How many waits.
    pub count: u64,
    /// Their time, ns.
    pub time_ns: i64,
}

/// How tests got their names, and what belongs to none.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
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
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Slowest {
    /// Index in [`super::Summary::tests`].
    pub test: usize,
    /// Spans shorter than this are left out, ns.
    pub threshold_ns: i64,
    /// How many were left out.
    pub left_out: u64,
    /// Start functions of goroutines, by id.
    #[serde(deserialize_with = "crate::unique::map")]
    pub goroutines: BTreeMap<u64, String>,
    /// Places that spans speak of: `function file:line`; the first is empty.
    pub places: Vec<String>,
    /// In order of time.
    pub spans: Vec<SlowSpan>,
}

/// The spans of the task that took longest of those that began and ended, at most 2,000: where there are more, the
/// shortest are left out. They are cut to the task, and to when goroutines worked for it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SlowestTask {
    /// Its type.
    pub task: String,
    /// Its id.
    pub id: u64,
    /// When it began, ns on the trace's clock.
    pub start_ns: i64,
    /// From its begin to its end, ns.
    pub wall_ns: i64,
    /// Spans shorter than this are left out, ns.
    pub threshold_ns: i64,
    /// How many were left out.
    pub left_out: u64,
    /// Start functions of goroutines, by id.
    #[serde(deserialize_with = "crate::unique::map")]
    pub goroutines: BTreeMap<u64, String>,
    /// Places that spans speak of: `function file:line`; the first is empty.
    pub places: Vec<String>,
    /// In order of time; `start_ns` is since the task began.
    pub spans: Vec<SlowSpan>,
}

/// One span: what a goroutine did, from when, for how long.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SlowSpan {
    /// The goroutine.
    pub g: u64,
    /// `running`, `runnable`, `syscall`, `syscall blocked`, or the reason that it waits for.
    pub state: String,
    /// From when, ns since the test or task began.
    pub start_ns: i64,
    /// For how long, ns.
    pub ns: i64,
    /// Index of the place where it waits.
    pub at: usize,
    /// Index of the place where whoever woke it was.
    pub by: usize,
}
