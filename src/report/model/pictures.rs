//! What pictures are drawn of: more than tables tell, bounded whatever was recorded.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Subject;
use crate::report::escape::Text;

/// All of it; each part may be missing.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Pictures {
    /// Waits by stack: the differential flame graph.
    pub waits: Vec<Stack>,
    /// How long calls and tasks took.
    pub distributions: Vec<Distribution>,
    /// Who kept whom waiting.
    pub blocked_by: Vec<BlockedBy>,
    /// Goroutines, heap and the like over time.
    pub curves: Vec<Curve>,
    /// The slowest test or task of both sides.
    pub timelines: Vec<Timeline>,
    /// What could not be drawn, and why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub missing: Option<Text>,
}

impl Pictures {
    /// Whether there is nothing to draw.
    pub fn is_empty(&self) -> bool {
        *self == Pictures::default()
    }
}

/// Time that was waited at one stack.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Stack {
    /// What was waited for, in words.
    pub state: Text,
    /// Outermost function first.
    pub frames: Vec<StackFrame>,
    /// In a run of the base (the middle of runs), ns.
    pub base: f64,
    /// In a run of the head, ns.
    pub head: f64,
}

/// A frame of a stack.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StackFrame {
    /// The function.
    pub function: Text,
    /// `file:line`, relative to the repository.
    pub position: Text,
}

/// How long calls of a region or tasks of a type took.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Distribution {
    /// Of what.
    pub subject: Subject,
    /// All runs of the base together, by rising duration. Empty where the base is a baseline, which keeps none.
    pub base: Vec<Bucket>,
    /// All runs of the head together, by rising duration.
    pub head: Vec<Bucket>,
}

/// So many took about so long.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Bucket {
    /// From this duration, ns.
    pub from: f64,
    /// To this one, ns.
    pub to: f64,
    /// How many.
    pub count: u64,
}

/// Goroutines that waited until others woke them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BlockedBy {
    /// Who waited.
    pub waiter: Text,
    /// What for, in words.
    pub state: Text,
    /// Who woke them.
    pub waker: Text,
    /// How often in a run of the base.
    pub base_count: f64,
    /// How often in a run of the head.
    pub head_count: f64,
    /// How long in a run of the base, ns.
    pub base: f64,
    /// How long in a run of the head, ns.
    pub head: f64,
}

/// A figure over time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Curve {
    /// What is drawn: `goroutines running`.
    pub name: Text,
    /// `count` or `bytes`.
    pub unit: Text,
    /// The picture that it belongs to: curves of one picture share their axes.
    pub picture: Text,
    /// One run of the base. Empty where the base is a baseline, which keeps none.
    pub base: Vec<Point>,
    /// One run of the head.
    pub head: Vec<Point>,
}

/// A point of a curve.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Point {
    /// Since the run began, ns.
    pub at: f64,
    /// The figure from then on.
    pub value: f64,
}

/// What goroutines did in the slowest test or task of a kind, on both sides.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Timeline {
    /// Of what.
    pub subject: Subject,
    /// The base's. Empty where the base is a baseline, which keeps none.
    pub base: Vec<Track>,
    /// The head's.
    pub head: Vec<Track>,
}

/// One goroutine.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Track {
    /// Its number.
    pub goroutine: u64,
    /// The function that it started in.
    pub start: Text,
    /// By time, not overlapping.
    pub spans: Vec<Span>,
}

/// A time in one state.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Span {
    /// Since the test or task began, ns.
    pub at: f64,
    /// How long, ns.
    pub ns: f64,
    /// The state: `exec_ns`, `sched_wait_ns`, `syscall` or `block_ns.REASON`.
    pub state: Text,
    /// Where: innermost frame first.
    #[serde(default)]
    pub stack: Vec<Text>,
    /// Who ended a wait.
    #[serde(default)]
    pub waker: Option<Text>,
}
