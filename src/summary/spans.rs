//! Region calls, tasks and special ranges.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Position, Times};
use crate::sketch::Sketch;

/// The calls of one region type.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
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
    #[serde(deserialize_with = "crate::unique::map")]
    pub block_ns: BTreeMap<String, i64>,
    /// See [`Times::range_ns`].
    #[serde(deserialize_with = "crate::unique::map")]
    pub range_ns: BTreeMap<String, i64>,
    /// See [`Times::unknown_ns`].
    pub unknown_ns: i64,
    /// See [`Times::syscalls`].
    #[serde(default, skip_serializing_if = "super::times::is_zero")]
    pub syscalls: u64,
    /// The same without the regions nested in it.
    #[serde(default, rename = "self")]
    pub own: Times,
    /// Its calls by the type of the task that they belong to.
    #[serde(deserialize_with = "crate::unique::map", default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tasks: BTreeMap<String, OfTask>,
    /// How long calls took whose begin and end are both in the trace.
    pub durations: Sketch,
    /// Where it begins: file and line of the first call's innermost frame outside `runtime/trace`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start: Option<Position>,
}

/// The tasks of one type.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
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
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OfTask {
    /// How many.
    pub count: u64,
    /// Their time, ns.
    pub total_ns: i64,
}

/// One kind of special range.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RangeStat {
    /// How many.
    pub count: u64,
    /// Their wall time, ns.
    pub time_ns: i64,
    /// The longest, ns.
    pub max_ns: i64,
}
