//! The garbage collector's cycles and the special ranges of time.

use std::collections::BTreeMap;

use super::accounts::RangeName;
use crate::hash::HashMap;
use crate::summary::{Gc, RangeStat};
use crate::trace::{Event, Range, StackId, Symbols, Time};

/// Counts of ranges and of collections.
#[derive(Clone, Debug, Default)]
pub(super) struct Collector {
    ranges: HashMap<RangeName, RangeStat>,
    /// Collections by the stack that they began on.
    cycles: BTreeMap<StackId, u64>,
}

impl Collector {
    pub(super) fn begun(&mut self, event: &Event, range: Range) {
        if range == Range::GcMark {
            *self.cycles.entry(event.stack).or_default() += 1;
        }
    }

    pub(super) fn range(&mut self, range: Range, start: Time, end: Time) {
        let stat = self.ranges.entry(RangeName::from(range)).or_default();
        let ns = end.since(start);
        stat.count += 1;
        stat.time_ns = stat.time_ns.saturating_add(ns);
        stat.max_ns = stat.max_ns.max(ns);
    }

    pub(super) fn into_stats(self, symbols: &Symbols) -> (BTreeMap<String, RangeStat>, Gc) {
        let mut gc = Gc { mark_ns: self.ranges.get(&RangeName::GcMark).map_or(0, |s| s.time_ns), ..Gc::default() };
        for (stack, count) in self.cycles {
            *gc.cycles.entry(cause(symbols, stack).to_owned()).or_default() += count;
        }
        let ranges = self.ranges.into_iter().map(|(name, stat)| (name.text(symbols), stat)).collect();
        (ranges, gc)
    }
}

/// Why a collection began, by the stack that began it. The test framework asks for one around every benchmark.
fn cause(symbols: &Symbols, stack: StackId) -> &'static str {
    let mut cause = "unknown";
    for frame in symbols.frames(stack) {
        match symbols.text(frame.func) {
            "runtime.mallocgc" if cause == "unknown" => cause = "allocation",
            "runtime.forcegchelper" if cause == "unknown" => cause = "periodic",
            "runtime.GC" if cause == "unknown" => cause = "explicit",
            name if cause == "explicit" && name.starts_with("testing.(*B).") => {
                // Only where the framework itself calls runtime.GC: a benchmark's own call is further down.
                return "test framework";
            }
            name if cause == "explicit" && !name.starts_with("runtime.") => return cause,
            _ => {}
        }
    }
    cause
}
