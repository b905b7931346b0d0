//! Whose goroutines they are: the program's, the test framework's or the runtime's. The only place that knows.
//!
//! Holds for every release from Go 1.11 to 1.27. Goroutines of the runtime have no name in traces of Go 1.22 and
//! older, where nothing tells their stack unless they do something.

use crate::summary::{SiteFrame, Summary};

/// Whose a group of goroutines is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owner {
    /// The program under test.
    User,
    /// Runs the code of tests: one for each test or subtest.
    TestHost,
    /// Runs the code of benchmarks.
    BenchmarkHost,
    /// The test framework's own.
    Framework,
    /// The runtime's own, or nameless.
    Runtime,
}

/// Whose the group called `name` is. `under_test`: whether this is a test binary, whose main is the framework's.
pub fn owner(name: &str, under_test: bool) -> Owner {
    match name {
        "" => Owner::Runtime,
        "testing.tRunner" | "testing.fRunner" => Owner::TestHost,
        "testing.(*B).launch" | "testing.(*B).run1.func1" | "testing.(*B).RunParallel.func1" => Owner::BenchmarkHost,
        "main.main" | "runtime.main" => {
            if under_test {
                Owner::Framework
            } else {
                Owner::User
            }
        }
        // Every iter.Pull of the program starts here.
        "runtime.corostart" => Owner::User,
        _ if name.starts_with("runtime.") || name.starts_with("runtime/") => Owner::Runtime,
        _ if name.starts_with("testing.") || name.starts_with("testing/") => Owner::Framework,
        // The goroutine that serves /debug/pprof/trace is the program's, but what it does is to record.
        _ => Owner::User,
    }
}

/// Whether this is the trace of a test binary.
pub fn is_under_test(summary: &Summary) -> bool {
    summary.goroutines.keys().any(|name| name.starts_with("testing."))
        || summary.sites.iter().any(|s| s.stack.iter().any(|f| f.func == "testing.(*M).Run"))
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
    let served = summary.sites.iter().any(|s| s.stack.iter().any(|f| f.func == "net/http/pprof.Trace"));
    served
        || summary.goroutines.iter().any(|(name, g)| {
            owner(name, false) == Owner::User && name != "main.main" && name != "os/signal.loop" && g.created < g.count
        })
}

/// Whether it is the framework that waits at this stack, and not the code under test.
///
/// That is so where the innermost frame outside the packages that merely carry a wait is the framework's:
///
/// ```text
///   runtime.chanrecv1 < testing.(*T).Run < pkg.TestAll         the framework waits for a subtest
///   runtime.chanrecv1 < pkg.wait < pkg.TestAll < testing.tRunner        the test itself waits
/// ```
pub fn is_framework_wait(stack: &[SiteFrame]) -> bool {
    let carrier = |func: &str| {
        ["runtime.", "runtime/", "sync.", "internal/", "syscall.", "os.", "fmt.", "io.", "time.", "bufio.", "log."]
            .iter()
            .any(|prefix| func.starts_with(prefix))
    };
    stack.iter().find(|f| !carrier(&f.func)).is_some_and(|f| f.func.starts_with("testing."))
}

/// The frame of the test or benchmark function that a stack belongs to: the one next to the framework's runner.
pub fn test_frame(stack: &[SiteFrame]) -> Option<&SiteFrame> {
    let runner = stack.iter().position(|f| {
        matches!(f.func.as_str(), "testing.tRunner" | "testing.(*B).runN" | "testing.fRunner")
            || f.func.starts_with("testing.(*B).RunParallel")
    })?;
    let frame = stack.get(runner.checked_sub(1)?)?;
    // Without a user frame in between it is the framework's own doing.
    (!frame.func.starts_with("testing.") && !frame.func.starts_with("runtime.")).then_some(frame)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stack(funcs: &[&str]) -> Vec<SiteFrame> {
        funcs.iter().map(|f| SiteFrame { func: (*f).to_owned(), ..SiteFrame::default() }).collect()
    }

    #[test]
    fn goroutines_of_all_releases_are_told_apart() {
        for name in [
            "",
            "runtime.forcegchelper",
            "runtime.bgsweep",
            "runtime.runfinq",
            "runtime.runCleanups",
            "runtime.unique_runtime_registerUniqueMapCleanup.func1",
            "runtime.gcBgMarkWorker",
            "runtime.(*traceAdvancerState).start.func1",
            "runtime/trace.Start.func1",
            "runtime/trace.(*traceMultiplexer).startLocked.func1",
            "runtime/pprof.profileWriter",
        ] {
            assert_eq!(owner(name, true), Owner::Runtime, "{name}");
        }
        assert_eq!(owner("testing.runExample.func1", true), Owner::Framework);
        assert_eq!(owner("testing.tRunner", true), Owner::TestHost);
        assert_eq!(owner("runtime.corostart", true), Owner::User);
        assert_eq!(owner("main.main", true), Owner::Framework);
        assert_eq!(owner("main.main", false), Owner::User);
        assert_eq!(owner("runtimes.work", false), Owner::User);
    }

    #[test]
    fn framework_waits_are_those_whose_waiting_frame_is_the_frameworks() {
        assert!(is_framework_wait(&stack(&["runtime.chanrecv1", "testing.(*T).Run", "p.TestAll", "testing.tRunner"])));
        assert!(is_framework_wait(&stack(&["runtime.GC", "testing.(*B).runN", "testing.(*B).launch"])));
        assert!(is_framework_wait(&stack(&[
            "syscall.write",
            "internal/poll.(*FD).Write",
            "os.(*File).Write",
            "fmt.Fprintf",
            "testing.(*chattyPrinter).Updatef",
            "testing.(*T).Run",
            "p.TestAll"
        ])));
        assert!(!is_framework_wait(&stack(&["runtime.chanrecv1", "p.wait", "p.TestAll", "testing.tRunner"])));
        assert!(!is_framework_wait(&stack(&[])));
    }
}
