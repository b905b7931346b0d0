//! The collector, the scheduler and the heap.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::sketch::Sketch;

/// Garbage collection.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Gc {
    /// Cycles that began in the trace, by cause: `explicit` (runtime.GC), `allocation`, `periodic`, `memory limit or
    /// other`. Those that the test framework asks for around benchmarks are `test framework`.
    #[serde(deserialize_with = "crate::unique::map")]
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
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
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
    #[serde(deserialize_with = "crate::unique::map")]
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
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Latency {
    /// Each wait.
    pub durations: Sketch,
}

/// Mean numbers of goroutines within a step, in hundredths: running, and waiting for a processor.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LoadPoint(pub i64, pub i64);

/// The heap over time.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Heap {
    /// The length of a step, ns.
    pub step_ns: i64,
    /// The greatest values within each step, from the first one known.
    pub curve: Vec<HeapPoint>,
}

/// Bytes of live heap and of the heap goal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct HeapPoint(pub u64, pub u64);
