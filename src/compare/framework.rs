//! What kind of program a summary is of: tests, benchmarks, a window of a service.

use std::ops::Bound;

use crate::metrics::population;
pub use crate::metrics::population::{Owner, owner};
use crate::summary::{SiteFrame, Summary};

/// Whether this is the trace of a test binary.
pub fn is_under_test(summary: &Summary) -> bool {
    // Asked for each of very many goroutine groups: names are in order.
    let mut from = summary.goroutines.range::<str, _>((Bound::Included("testing."), Bound::Unbounded));
    from.next().is_some_and(|(name, _)| name.starts_with("testing."))
        || summary.sites.iter().any(|s| s.stack.iter().any(|f| &*f.func == "testing.(*M).Run"))
}

/// Whether benchmarks ran, which the framework lets run for as many rounds as fit in a second.
pub fn has_benchmark(summary: &Summary) -> bool {
    summary.goroutines.keys().any(|name| owner(name, true) == Owner::BenchmarkHost)
}

/// Whether the trace is a window of a process that began before and went on after: a flight recorder's snapshot, or
/// what /debug/pprof/trace served. Whoever recorded it chose its length, so that its counts are compared per second.
pub fn is_window(summary: &Summary) -> bool {
    if is_under_test(summary) {
        // What a benchmark records of itself, for the second time in one process, looks like a snapshot.
        return summary.snapshot && !has_benchmark(summary);
    }
    if summary.snapshot {
        return true;
    }
    let served = summary.sites.iter().any(|s| s.stack.iter().any(|f| &*f.func == "net/http/pprof.Trace"));
    served
        || summary.goroutines.iter().any(|(name, g)| {
            owner(name, false) == Owner::User && name != "main.main" && name != "os/signal.loop" && g.created < g.count
        })
}

/// Whether it is the framework that waits at this stack, and not the code under test.
pub fn is_framework_wait(stack: &[SiteFrame]) -> bool {
    population::is_framework_wait(stack.iter().map(|f| &*f.func))
}

/// Whether a benchmark waits at this stack for its parallel workers.
pub fn waits_for_workers(stack: &[SiteFrame]) -> bool {
    population::waits_for_workers(stack.iter().map(|f| &*f.func))
}

/// The frame of the test or benchmark function that a stack belongs to.
pub fn test_frame(stack: &[SiteFrame]) -> Option<&SiteFrame> {
    stack.get(population::test_frame(stack.iter().map(|f| &*f.func))?)
}
