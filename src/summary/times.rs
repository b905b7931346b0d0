//! Where the time of goroutines went.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Where time went, ns. All but `range_ns` are disjoint, and add up to `total_ns` for each goroutine.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
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
    #[serde(deserialize_with = "crate::unique::map")]
    pub block_ns: BTreeMap<String, i64>,
    /// Within special ranges, by name; overlaps the others.
    #[serde(deserialize_with = "crate::unique::map")]
    pub range_ns: BTreeMap<String, i64>,
    /// What is left.
    pub unknown_ns: i64,
    /// System calls that were begun.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub syscalls: u64,
}

/// Whether there is nothing to write.
pub(super) fn is_zero(count: &u64) -> bool {
    *count == 0
}

/// The goroutines that started in one function.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
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
    #[serde(deserialize_with = "crate::unique::map")]
    pub block_ns: BTreeMap<String, i64>,
    /// See [`Times::range_ns`].
    #[serde(deserialize_with = "crate::unique::map")]
    pub range_ns: BTreeMap<String, i64>,
    /// See [`Times::unknown_ns`].
    pub unknown_ns: i64,
    /// See [`Times::syscalls`].
    #[serde(default, skip_serializing_if = "is_zero")]
    pub syscalls: u64,
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
    #[serde(deserialize_with = "crate::unique::map", default, skip_serializing_if = "BTreeMap::is_empty")]
    pub creators: BTreeMap<String, u64>,
}

/// A place in source code, as the trace says it.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Position {
    /// The file.
    pub file: String,
    /// The line.
    pub line: u32,
}
