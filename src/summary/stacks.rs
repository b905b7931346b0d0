//! What is told by stack: waits and who ended them, profiles, counts.

use std::fmt;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::de::Visitor;
use serde::{Deserialize, Deserializer, Serialize};

use super::Position;

/// The profiles of `go tool trace`. Each is sorted by time, the longest first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
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
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Profile {
    /// How many waits.
    pub count: u64,
    /// Their time, ns.
    pub time_ns: i64,
    /// Where, innermost frame first. Stacks that differ in their files alone are one, with the files of one of them.
    #[serde(deserialize_with = "frames")]
    pub stack: Vec<SiteFrame>,
}

/// Frames, or `function:line` as the first summaries had them, without files.
fn frames<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<SiteFrame>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Told {
        Frame(SiteFrame),
        Line(String),
    }
    let frame = |told| match told {
        Told::Frame(frame) => frame,
        Told::Line(text) => {
            let (func, line) = text.rsplit_once(':').unwrap_or((&text, ""));
            SiteFrame { func: func.into(), file: Arc::default(), line: line.parse().unwrap_or(0) }
        }
    };
    Ok(Vec::<Told>::deserialize(from)?.into_iter().map(frame).collect())
}

/// Text, kept without what it was read into.
fn shared<'de, D: Deserializer<'de>>(from: D) -> Result<Arc<str>, D::Error> {
    struct Shared;
    impl Visitor<'_> for Shared {
        type Value = Arc<str>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a string")
        }

        fn visit_str<E>(self, text: &str) -> Result<Arc<str>, E> {
            Ok(Arc::from(text))
        }
    }
    from.deserialize_str(Shared)
}

/// How often something happened at a stack.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StackCount {
    /// The stack, innermost frame first.
    pub stack: Vec<SiteFrame>,
    /// How often.
    pub count: u64,
}

/// One frame of a site's stack.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SiteFrame {
    // Text is shared: one stack of a hundred frames has most of them in common with the next.
    /// The function.
    #[serde(deserialize_with = "shared")]
    pub func: Arc<str>,
    /// The file.
    #[serde(deserialize_with = "shared")]
    pub file: Arc<str>,
    /// The line.
    pub line: u32,
}

impl SiteFrame {
    /// Where in the source it is.
    pub fn position(&self) -> Position {
        Position { file: self.file.to_string(), line: self.line }
    }
}

/// Waits that began at one stack.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
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

/// What those are called together that are not named one by one.
pub const OTHERS: &str = "(others)";

/// Who ended waits.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
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
