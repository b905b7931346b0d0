//! Per what figures are compared: slower code does fewer rounds, so that totals say nothing.

use super::of_test::OfTest;
use super::side::{Mode, Package, Subject, SubjectId};
use crate::few::Few;
use crate::metrics::registry::{Class, Metric, Per, SubjectKind, Unit};

/// What one figure stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Item {
    /// One run: nothing is divided.
    Run,
    /// One operation of a benchmark.
    Operation,
    /// One second of a window.
    Second,
    /// One goroutine of the group.
    Goroutine,
    /// One test.
    Test,
    /// One call of the region.
    Call,
    /// One task.
    Task,
    /// The figure itself: a quantile, a peak.
    Itself,
}

impl Item {
    /// As it follows a number: `12 ms per call`. Empty where nothing is divided.
    pub fn name(self) -> &'static str {
        match self {
            Item::Run | Item::Itself => "",
            Item::Operation => "operation",
            Item::Second => "second",
            Item::Goroutine => "goroutine",
            Item::Test => "test",
            Item::Call => "call",
            Item::Task => "task",
        }
    }
}

/// Why a figure cannot be made comparable.
pub const ROUNDS_UNKNOWN: &str = "rounds of the benchmark unknown (record with -benchtime=Nx and say --benchtime=Nx)";
/// The same for windows.
pub const WINDOW_LENGTH: &str = "the length of a window says nothing about the program";
/// The same for unlike recordings.
pub const MODES_DIFFER: &str =
    "base and head were not recorded in the same way (tests, benchmarks, windows of a service)";

/// The same for test binaries.
pub const TESTS_DIFFER: &str = "another number of tests ran";

/// Both sides of a package, with what is asked for each of its series.
#[derive(Clone, Copy, Debug)]
pub struct Both<'p> {
    /// The base.
    pub base: &'p Package,
    /// The head.
    pub head: &'p Package,
    modes: (Mode, Mode),
    /// Whether another number of tests ran.
    pub tests_differ: bool,
}

impl<'p> Both<'p> {
    /// Of these sides, of which [`tests_differ`] was asked while they had their runners of tests.
    pub fn of(base: &'p Package, head: &'p Package, tests_differ: bool) -> Both<'p> {
        Both { base, head, modes: (mode(base), mode(head)), tests_differ }
    }
}

/// Per what `metric` of a subject is compared, given both sides.
pub fn item(
    kind: SubjectKind,
    metric: &Metric,
    packages: &Both<'_>,
    subjects: (Option<&Subject>, Option<&Subject>),
) -> Result<Item, &'static str> {
    // What is on one side alone is per what that side has.
    let ((base, head), modes) = match subjects {
        (None, Some(_)) => ((packages.head, packages.head), (packages.modes.1, packages.modes.1)),
        (Some(_), None) => ((packages.base, packages.base), (packages.modes.0, packages.modes.0)),
        _ => ((packages.base, packages.head), packages.modes),
    };
    // A test's own goroutines are as many whatever benchmarks run beside it.
    let are_of_tests = kind == SubjectKind::Group && are_of_tests(packages, subjects);
    let (mode, other) = if are_of_tests { (Mode::Run, Mode::Run) } else { modes };
    if metric.per != Per::Nothing && mode != other && (metric.per == Per::Run || kind == SubjectKind::Group) {
        return Err(MODES_DIFFER);
    }
    // A test with a name of its own is itself, however many others ran.
    let of_all_tests = kind == SubjectKind::Test && !has_repeats(subjects.0) && !has_repeats(subjects.1)
        || kind == SubjectKind::Process && metric.class == Class::Time;
    if of_all_tests && metric.per != Per::Nothing && packages.tests_differ {
        return Err(TESTS_DIFFER);
    }
    match metric.per {
        Per::Nothing => Ok(Item::Itself),
        Per::Run => match mode {
            Mode::Run => Ok(Item::Run),
            Mode::Window if metric.id == "duration_ns" => Err(WINDOW_LENGTH),
            Mode::Window => Ok(Item::Second),
            Mode::Benchmark if operations_known(base) && operations_known(head) => Ok(Item::Operation),
            Mode::Benchmark => Err(ROUNDS_UNKNOWN),
        },
        Per::Item => match kind {
            SubjectKind::Region => Ok(Item::Call),
            SubjectKind::Task => Ok(Item::Task),
            // The goroutine that runs a benchmark's rounds does as many as fit into its time.
            SubjectKind::Benchmark if rounds_known(base, subjects.0) && rounds_known(head, subjects.1) => {
                Ok(Item::Operation)
            }
            SubjectKind::Benchmark => Err(ROUNDS_UNKNOWN),
            SubjectKind::Test => Ok(Item::Test),
            // Goroutines that were there before the window are cut at its ends: their times grow with its length.
            _ if mode == Mode::Window && !(born_inside(subjects.0) && born_inside(subjects.1)) => Ok(Item::Second),
            _ => Ok(Item::Goroutine),
        },
    }
}

/// Whether both sides ran another number of tests: what they all did together says nothing of the program then.
pub fn tests_differ(base: &Package, head: &Package) -> bool {
    let tests = |package: &Package| -> Vec<i64> {
        let hosts = package.subjects.iter().filter(|(id, s)| id.kind == SubjectKind::Test && s.repeats.is_empty());
        let runs = package.runs.len();
        let of_run =
            |s: &Subject, i: usize| s.figures.get("count").and_then(|c| c.get(i).copied().flatten()).unwrap_or(0);
        let hosts: Vec<&Subject> = hosts.map(|(_, s)| s).collect();
        let mut counts: Vec<i64> =
            (0..runs).map(|i| hosts.iter().map(|s| of_run(s, i)).fold(0, i64::saturating_add)).collect();
        counts.sort_unstable();
        counts.dedup();
        counts
    };
    tests(base) != tests(head)
}

/// How the runs of a package were recorded.
pub fn mode(package: &Package) -> Mode {
    package.runs.iter().map(|r| r.mode).max().unwrap_or_default()
}

/// Whether all goroutines of a group are of one test on each side that has them, as far as those know: a baseline does not.
fn are_of_tests(packages: &Both<'_>, (base, head): (Option<&Subject>, Option<&Subject>)) -> bool {
    let is_of_test = |package: &Package, subject: Option<&Subject>| match &subject?.of_test {
        OfTest::One(name) => {
            Some(package.subjects.contains_key(&SubjectId { kind: SubjectKind::Test, name: name.clone() }))
        }
        OfTest::Several => Some(false),
        OfTest::Unknown => None,
    };
    let known = [is_of_test(packages.base, base), is_of_test(packages.head, head)];
    known.contains(&Some(true)) && !known.contains(&Some(false))
}

fn operations_known(package: &Package) -> bool {
    package.runs.iter().all(|r| r.operations.is_some())
}

/// Whether it is known how many operations a benchmark's figures are of.
fn rounds_known(package: &Package, subject: Option<&Subject>) -> bool {
    match subject {
        Some(subject) if !subject.repeats.is_empty() => subject.repeats.iter().all(|r| r.operations.is_some()),
        _ => operations_known(package),
    }
}

fn has_repeats(subject: Option<&Subject>) -> bool {
    subject.is_some_and(|subject| !subject.repeats.is_empty())
}

fn born_inside(subject: Option<&Subject>) -> bool {
    let Some(subject) = subject else { return true };
    match (subject.figures.get("count"), subject.figures.get("created")) {
        (Some(count), Some(created)) => count == created,
        _ => false,
    }
}

/// The figure of `path` in each run (or repeat), per `item`.
pub fn each_value<'s>(
    package: &'s Package,
    subject: &'s Subject,
    kind: SubjectKind,
    metric: &'s Metric,
    path: &str,
    item: Item,
) -> impl Iterator<Item = Option<f64>> + 's {
    let of = |path: &str| subject.figures.get(path).map_or(&[][..], |values| values);
    values_of(package, subject, metric, (of(path), of(divisor(kind, metric))), item)
}

/// The figure that figures per item of the subject are divided by.
pub fn divisor(kind: SubjectKind, metric: &Metric) -> &'static str {
    match (kind, metric.class) {
        (SubjectKind::Task, Class::Time) => "complete",
        _ => "count",
    }
}

/// The same of these raw figures, and of those of its [`divisor`].
///
/// A subject absent from a run counts 0 where the metric says so; figures per goroutine, call or task are missing
/// where there was none.
pub fn values_of<'s>(
    package: &'s Package,
    subject: &'s Subject,
    metric: &'s Metric,
    (figures, divisors): (&'s [Option<i64>], &'s [Option<i64>]),
    item: Item,
) -> impl Iterator<Item = Option<f64>> + 's {
    let at = |series: &[Option<i64>], i: usize| series.get(i).copied().flatten();
    (0..subject.points(package.runs.len())).map(move |i| {
        let repeat = subject.repeats.get(i);
        let run = package.runs.get(repeat.map_or(i, |r| r.run))?;
        let value = at(figures, i).or(metric.zero_when_absent.then_some(0))? as f64;
        let value = if metric.unit == Unit::Ratio { value / 1e6 } else { value };
        let divisor = match item {
            Item::Run | Item::Itself => 1.0,
            Item::Operation => repeat.map_or(run.operations, |r| r.operations)? as f64,
            Item::Second => run.duration_ns as f64 / 1e9,
            Item::Goroutine | Item::Test | Item::Call | Item::Task => at(divisors, i)? as f64,
        };
        (divisor > 0.0).then(|| value / divisor)
    })
}

/// How many items lie behind one run's figure, in the middle of the runs: turns figures per item back into totals.
pub fn items_per_run(package: &Package, subject: &Subject, item: Item) -> f64 {
    let counts: Few<f64> = match item {
        Item::Run | Item::Itself => return 1.0,
        Item::Operation if !subject.repeats.is_empty() => {
            subject.repeats.iter().filter_map(|r| r.operations).map(|n| n as f64).collect()
        }
        Item::Operation => package.runs.iter().filter_map(|r| r.operations).map(|n| n as f64).collect(),
        Item::Second => package.runs.iter().map(|r| r.duration_ns as f64 / 1e9).collect(),
        Item::Goroutine | Item::Test | Item::Call | Item::Task => {
            subject.figures.get("count").into_iter().flatten().flatten().map(|&n| n as f64).collect()
        }
    };
    crate::stats::sample::median(&counts).unwrap_or(1.0)
}

/// How many calls or tasks lie behind a quantile of their durations, in the middle of the runs.
pub fn durations_per_run(subject: &Subject) -> f64 {
    let counts = subject.figures.get("count").into_iter().flatten().flatten();
    crate::stats::sample::median(&counts.map(|&n| n as f64).collect::<Few<_>>()).unwrap_or(1.0)
}

/// Whether all runs have as many goroutines, calls or tasks of this subject.
pub fn has_fixed_items(subject: &Subject) -> bool {
    subject.figures.get("count").is_some_and(|counts| counts.windows(2).all(|w| w[0] == w[1]))
}
