//! The garbage collector: its cycles, its share of the processors, the heap over time. And the special ranges.

use std::collections::BTreeMap;

use super::bins::{Bin, Bins};
use super::tally::RangeName;
use crate::hash::HashMap;
use crate::summary::{Gc, Heap, HeapPoint, RangeStat};
use crate::trace::{Event, Gauge, Range, StackId, Symbols, Time};

/// The heap during a step of its curve: the greatest values.
#[derive(Clone, Debug, Default)]
struct HeapBin(Option<HeapPoint>);

impl Bin for HeapBin {
    fn merge(&mut self, next: &Self) {
        self.0 = match (self.0, next.0) {
            (Some(a), Some(b)) => Some(HeapPoint(a.0.max(b.0), a.1.max(b.1))),
            (a, b) => a.or(b),
        };
    }
}

/// Counts of ranges and of collections.
#[derive(Clone, Debug, Default)]
pub(super) struct Collector {
    ranges: HashMap<RangeName, RangeStat>,
    /// Of those two that there are many of, which [`Collector::all_ranges`] has besides.
    sweeps: RangeStat,
    assists: RangeStat,
    /// Collections by the stack that they began on.
    cycles: BTreeMap<StackId, u64>,
    worker_ns: i64,
    idle_worker_ns: i64,
    live: u64,
    goal: u64,
    heap: Bins<HeapBin>,
}

impl Collector {
    /// The window begins: only how large the heap is stays known.
    pub(super) fn begin_window(&mut self, from: Time) {
        *self = Collector { live: self.live, goal: self.goal, ..Collector::default() };
        if (self.live, self.goal) != (0, 0) {
            self.heap.bin(from).merge(&HeapBin(Some(HeapPoint(self.live, self.goal))));
        }
    }

    pub(super) fn begun(&mut self, event: &Event, range: Range) {
        if range == Range::GcMark {
            *self.cycles.entry(event.stack).or_default() += 1;
        }
    }

    #[inline(always)]
    pub(super) fn range(&mut self, range: Range, start: Time, end: Time) {
        let stat = match range {
            Range::Sweep(_) => &mut self.sweeps,
            Range::MarkAssist(_) => &mut self.assists,
            _ => self.ranges.entry(RangeName::from(range)).or_default(),
        };
        let ns = end.since(start);
        stat.count += 1;
        stat.time_ns = stat.time_ns.saturating_add(ns);
        stat.max_ns = stat.max_ns.max(ns);
    }

    /// A worker has run; `idle`: on a processor that had nothing else to do.
    pub(super) fn worked(&mut self, ns: i64, idle: bool) {
        let sum = if idle { &mut self.idle_worker_ns } else { &mut self.worker_ns };
        *sum = sum.saturating_add(ns);
    }

    #[inline(always)]
    pub(super) fn gauge(&mut self, gauge: Gauge, value: u64, time: Time) {
        match gauge {
            Gauge::HeapLive => self.live = value,
            Gauge::HeapGoal => self.goal = value,
            Gauge::Gomaxprocs => return,
        }
        let now = HeapPoint(self.live, self.goal);
        self.heap.bin(time).merge(&HeapBin(Some(now)));
    }

    /// By name, those of which there was any.
    fn all_ranges(&self) -> impl Iterator<Item = (RangeName, &RangeStat)> {
        let many = [(RangeName::Sweep, &self.sweeps), (RangeName::MarkAssist, &self.assists)];
        self.ranges.iter().map(|(&name, stat)| (name, stat)).chain(many).filter(|(_, stat)| stat.count > 0)
    }

    /// `procs`: GOMAXPROCS; `wall`: the length of the trace; `assisting`: time that goroutines ran within assists.
    pub(super) fn to_stats(
        &self,
        symbols: &Symbols,
        procs: u64,
        wall: i64,
        assisting: i64,
    ) -> (BTreeMap<String, RangeStat>, Gc, Heap) {
        let ranges: BTreeMap<String, RangeStat> =
            self.all_ranges().map(|(name, stat)| (name.text(symbols), stat.clone())).collect();
        let stopped = ranges.iter().filter(|(name, _)| name.starts_with("stop-the-world") && name.contains("GC"));
        let mut gc = Gc {
            mark_ns: self.ranges.get(&RangeName::GcMark).map_or(0, |stat| stat.time_ns),
            worker_ns: self.worker_ns,
            idle_worker_ns: self.idle_worker_ns,
            assist_exec_ns: assisting,
            sweep_ns: self.sweeps.time_ns,
            stopped_ns: stopped.fold(0, |sum, (_, stat)| sum.saturating_add(stat.time_ns)),
            ..Gc::default()
        };
        let procs = procs as f64;
        if procs > 0.0 && wall > 0 {
            let busy = (gc.worker_ns as f64) + (gc.assist_exec_ns as f64) + (gc.sweep_ns as f64);
            gc.share = ((busy + gc.stopped_ns as f64 * procs) / (procs * wall as f64)).clamp(0.0, 1.0);
        }
        for (&stack, &count) in &self.cycles {
            *gc.cycles.entry(cause(symbols, stack).to_owned()).or_default() += count;
        }
        (ranges, gc, self.heap())
    }

    fn heap(&self) -> Heap {
        if self.heap.is_empty() {
            return Heap::default();
        }
        // What is not set stays as it was.
        let mut last = HeapPoint(0, 0);
        let curve = self.heap.bins().iter().map(|bin| {
            last = bin.0.unwrap_or(last);
            last
        });
        Heap { step_ns: self.heap.width(), curve: curve.collect() }
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
