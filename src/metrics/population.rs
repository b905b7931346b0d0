//! Whose goroutine is it? The runtime's, the test framework's or the program's. The only place that knows.
//!
//! Holds for every release from Go 1.11 to 1.27. Goroutines of the runtime have no name in traces of Go 1.22 and
//! older, where nothing tells their stack unless they do something.

use crate::launchers;
use crate::trace::{Sym, Symbols};

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

/// What a goroutine is to the tests, by the function that it starts in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// Runs a test or subtest.
    Test,
    /// Runs the first round of a benchmark.
    FirstRound,
    /// Runs its further rounds.
    Rounds,
    /// Reads what an example prints.
    Example,
    /// A bubble's first: stands between a test and the goroutine that runs its code.
    Bubble,
    /// The runtime's or the framework's own: belongs to no test, whoever created it.
    Stranger,
    /// Works for the test that it was created for, if any.
    Worker,
}

/// What the name of its start function tells of a goroutine: looked at once for all that start there.
#[derive(Clone, Copy, Debug)]
pub(super) struct Role {
    pub(super) owner: Owner,
    pub(super) part: Part,
    /// See [`is_system`].
    pub(super) system: bool,
    /// Whether a launcher started them: others have the same outermost frame in their stacks.
    pub(super) launched: bool,
}

impl Role {
    pub(super) fn of(name: &str) -> Role {
        let owner = owner(name, true);
        let part = match name {
            "testing.tRunner" | "testing.fRunner" => Part::Test,
            "testing.(*B).run1.func1" => Part::FirstRound,
            "testing.(*B).launch" => Part::Rounds,
            "testing.runExample.func1" => Part::Example,
            _ if name.starts_with("testing/synctest.") => Part::Bubble,
            _ if matches!(owner, Owner::Runtime | Owner::Framework) => Part::Stranger,
            _ => Part::Worker,
        };
        Role { owner, part, system: is_system(name), launched: launchers::parts(name).1.is_some() }
    }
}

/// Of those that never showed a stack.
impl Default for Role {
    fn default() -> Self {
        Role::of("")
    }
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

/// Whether it is the framework that waits at this stack (innermost function first), and not the code under test.
///
/// That is so where the innermost function outside the packages that merely carry a wait is the framework's:
///
/// ```text
///   runtime.chanrecv1 < testing.(*T).Run < pkg.TestAll         the framework waits for a subtest
///   runtime.chanrecv1 < pkg.wait < pkg.TestAll < testing.tRunner        the test itself waits
/// ```
pub fn is_framework_wait<'a>(mut stack: impl Iterator<Item = &'a str>) -> bool {
    stack.find(|func| !carries_wait(func)).is_some_and(is_framework)
}

/// Where a benchmark waits for its parallel workers, which run its code.
const RUN_PARALLEL: &str = "testing.(*B).RunParallel";

/// Whether a function is the framework's. A test waits in `testing/synctest.Test` for its own code; the goroutine between
/// the two waits for the framework. A benchmark waits in `RunParallel` for its own code, too.
pub(super) fn is_framework(func: &str) -> bool {
    (func.starts_with("testing.") && func != RUN_PARALLEL) || func == "testing/synctest.testingSynctestTest"
}

/// Whether a benchmark waits at this stack for its parallel workers: what takes long is told by where they wait.
pub fn waits_for_workers<'a>(mut stack: impl Iterator<Item = &'a str>) -> bool {
    stack.find(|func| !carries_wait(func)) == Some(RUN_PARALLEL)
}

/// Whether a function merely carries a wait for whoever called it.
pub(super) fn carries_wait(func: &str) -> bool {
    ["runtime.", "runtime/", "sync.", "internal/", "syscall.", "os.", "fmt.", "io.", "time.", "bufio.", "log."]
        .iter()
        .any(|prefix| func.starts_with(prefix))
}

/// Whether a function is of the standard library: its import path has no dot in its first element. Package main of a
/// program and packages of modules without a dot (`shop/cart`) cannot be told apart by name; `GOROOT` in the file can.
pub fn is_standard(function: &str) -> bool {
    const PACKAGES: [&str; 24] = [
        "runtime", "sync", "internal", "syscall", "os", "fmt", "io", "time", "bufio", "log", "net", "testing",
        "context", "database", "crypto", "encoding", "compress", "reflect", "iter", "slices", "maps", "sort", "bytes",
        "strings",
    ];
    let first = function.split(['/', '.']).next().unwrap_or_default();
    let path = function.split('/').next().unwrap_or_default();
    // `net/http.X` and `sync.X` are standard, `net.example/x.X` is not.
    let bare = !function.contains('/') || !path.contains('.');
    bare && PACKAGES.contains(&first)
}

/// The frame of a stack (innermost first) that a person looks for: the innermost one outside the standard library
/// that is no launcher, else outside of what merely carries a wait, else the innermost.
pub fn own_frame<'a, F>(stack: impl Iterator<Item = F> + Clone, func: impl Fn(&F) -> &'a str) -> Option<F> {
    let innermost = |is_it: fn(&str) -> bool| stack.clone().find(|frame| is_it(func(frame)));
    innermost(|func| !is_standard(func) && launchers::launcher(func).is_none())
        .or_else(|| innermost(|func| !carries_wait(func)))
        .or_else(|| stack.clone().next())
}

/// Whether this function runs the code of one test or benchmark: the function next to it is that code's.
pub fn is_runner(func: &str) -> bool {
    matches!(func, "testing.tRunner" | "testing.(*B).runN" | "testing.fRunner" | "testing.runExample")
        || func.starts_with("testing.(*B).RunParallel.")
}

/// Whether a function next to the framework's runner is a test's own: without one it is the framework's doing.
pub fn is_test_code(func: &str) -> bool {
    !func.starts_with("testing.") && !func.starts_with("runtime.")
}

/// Which function of a stack (innermost first) is a test's or benchmark's own: the one next to the framework's runner.
pub fn test_frame<'a>(stack: impl Iterator<Item = &'a str>) -> Option<usize> {
    let mut inner: Option<&str> = None;
    for (at, func) in stack.enumerate() {
        if is_runner(func) {
            return inner.filter(|func| is_test_code(func)).map(|_| at - 1);
        }
        inner = Some(func);
    }
    None
}

/// Whether Go's own analysis takes a goroutine for the runtime's, by its start function: it does not count regions
/// that such goroutines inherit.
pub(super) fn is_system(name: &str) -> bool {
    name.is_empty() || (name != "runtime.main" && name.starts_with("runtime."))
}

/// Whether code of the program's own runs on goroutines that start in this function.
///
/// `main.main` is the program itself, but in a test binary it only waits for the tests; they run on `testing.tRunner`
/// and the like. `runtime.corostart` is the other side of an `iter.Pull`.
fn carries_user_code(name: &str, test_binary: bool) -> bool {
    match name {
        "" | "testing.(*M).startAlarm.func1" => false,
        "main.main" | "runtime.main" => !test_binary,
        "runtime.corostart" => true,
        _ => !name.starts_with("runtime.") && !name.starts_with("runtime/trace."),
    }
}

/// Whether any of these groups, which did something, runs the program's own code.
pub(super) fn has_user_activity(mut active: impl Iterator<Item = Sym>, symbols: &Symbols) -> bool {
    let test_binary = (0..symbols.len() as u32).any(|i| symbols.text(Sym(i)) == "testing.(*M).Run");
    active.any(|name| carries_user_code(symbols.text(name), test_binary))
}

#[cfg(test)]
mod tests {
    use super::*;

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
    fn what_a_goroutine_is_to_the_tests_is_told_by_where_it_starts() {
        let parts = [
            ("testing.tRunner", Part::Test),
            ("testing.fRunner", Part::Test),
            ("testing.(*B).run1.func1", Part::FirstRound),
            ("testing.(*B).launch", Part::Rounds),
            ("testing.(*B).RunParallel.func1", Part::Worker),
            ("testing.runExample.func1", Part::Example),
            ("testing/synctest.Test.func1", Part::Bubble),
            ("testing.(*M).startAlarm.func1", Part::Stranger),
            ("runtime.bgsweep", Part::Stranger),
            ("runtime.corostart", Part::Worker),
            ("p.TestAll.func1", Part::Worker),
        ];
        for (name, part) in parts {
            assert_eq!(Role::of(name).part, part, "{name}");
        }
        let nameless = Role::of("");
        assert_eq!((nameless.owner, nameless.part, nameless.system), (Owner::Runtime, Part::Stranger, true));
    }

    #[test]
    fn framework_waits_are_those_whose_waiting_frame_is_the_frameworks() {
        let waits = |stack: &[&str]| is_framework_wait(stack.iter().copied());
        assert!(waits(&["runtime.chanrecv1", "testing.(*T).Run", "p.TestAll", "testing.tRunner"]));
        assert!(waits(&["runtime.GC", "testing.(*B).runN", "testing.(*B).launch"]));
        assert!(waits(&[
            "syscall.write",
            "internal/poll.(*FD).Write",
            "os.(*File).Write",
            "fmt.Fprintf",
            "testing.(*chattyPrinter).Updatef",
            "testing.(*T).Run",
            "p.TestAll"
        ]));
        assert!(!waits(&["runtime.chanrecv1", "p.wait", "p.TestAll", "testing.tRunner"]));
        let parallel = ["sync.(*WaitGroup).Wait", "testing.(*B).RunParallel", "p.BenchmarkAll", "testing.(*B).runN"];
        assert!(!waits(&parallel));
        assert!(waits_for_workers(parallel.into_iter()));
        assert_eq!(test_frame(parallel.into_iter()), Some(2));
        let worker = ["time.Sleep", "p.ask", "p.BenchmarkAll.func1", "testing.(*B).RunParallel.func1"];
        assert!(!waits(&worker) && !waits_for_workers(worker.into_iter()));
        assert_eq!(test_frame(worker.into_iter()), Some(2));
        assert!(!waits(&[]));
    }

    #[test]
    fn the_frame_to_look_for_is_the_programs_innermost() {
        let own = |stack: &[&'static str]| own_frame(stack.iter().copied(), |func| func);
        let waits = ["runtime.gopark", "internal/poll.(*FD).Read", "net.(*netFD).Read"];
        assert_eq!(
            own(&[&waits[..], &["bufio.(*Reader).Peek", "main.serve", "main.main"]].concat()),
            Some("main.serve")
        );
        assert_eq!(own(&[&waits[..], &["net/http.(*conn).serve"]].concat()), Some("net.(*netFD).Read"));
        assert_eq!(own(&["time.Sleep", "net.example/x.Wait"]), Some("net.example/x.Wait"));
        assert_eq!(own(&["runtime.gopark", "time.Sleep"]), Some("runtime.gopark"));
        assert_eq!(own(&["golang.org/x/sync/errgroup.(*Group).Go", "main.fetch"]), Some("main.fetch"));
        assert_eq!(own(&[]), None);
    }
}
