//! Gives tests their names: what `go test -json` (or `-v`) printed, laid beside the lines that the trace shows being
//! written.
//!
//! ```text
//!   output   === RUN TestA      === RUN TestA/x     === RUN TestB
//!   trace    write, line 0      write, line 1       write, line 4      lines 2 and 3 announce no test
//!                 └▶ runner          └▶ runner            └▶ runner
//! ```
//!
//! The framework writes the line and starts the test's goroutine with nothing in between, holding the lock of the
//! printer: the i-th runner that a line announces is the i-th test of the output. Where the numbers do not agree
//! (no `-v`, a part of the output is missing) each test's subtests are matched in the order in which it started them,
//! and failing that tests are called by their functions, as far as stacks show those.

pub mod output;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use crate::summary::{Summary, TestKind, TestNamedBy, TestRun};
use output::{Package, TestOutput};

/// Names the tests of a summary by what `go test` printed.
pub fn name_tests(summary: &mut Summary, printed: Option<&TestOutput>) {
    let mut note = String::new();
    for test in &mut summary.tests {
        name_it(test, "", TestNamedBy::Nothing);
        (test.repeat, test.operations, test.outcome) = (0, None, None);
    }
    summary.outcome = None;
    let mut outcomes = BTreeMap::new();
    if let Some(printed) = printed {
        match of_this_trace(summary, printed) {
            Ok(package) => {
                summary.package = Some(package.name.clone()).filter(|name| !name.is_empty());
                note = apply(summary, package);
                summary.outcome = package.outcome;
                outcomes = package.outcomes();
            }
            Err(why) => note = why,
        }
    }
    by_stack(&mut summary.tests);
    count_repeats(&mut summary.tests);
    for test in summary.tests.iter_mut().filter(|t| t.named_by != TestNamedBy::Nothing) {
        let repeats = outcomes.get(test.name.as_str()).zip(usize::try_from(test.repeat).ok());
        test.outcome = repeats.and_then(|(ended, repeat)| ended.get(repeat).copied().flatten());
    }
    finish(summary, note);
}

/// Which package's output belongs to this trace: the only one, or the only one with as many tests.
fn of_this_trace<'p>(summary: &Summary, printed: &'p TestOutput) -> Result<&'p Package, String> {
    let announced = runners(&summary.tests, TestKind::Test).len();
    let mut fitting = printed.packages.iter().filter(|package| package.tests().count() == announced);
    match (&printed.packages[..], fitting.next(), fitting.next()) {
        ([only], ..) => Ok(only),
        (_, Some(fits), None) => Ok(fits),
        ([], ..) => Err("the test output has no test in it".to_owned()),
        _ => Err(format!(
            "the test output is of {} packages, and which of them this trace is of cannot be told",
            printed.packages.len()
        )),
    }
}

/// Indices of the tests that a line announced, in the order of the lines.
fn runners(tests: &[TestRun], kind: TestKind) -> Vec<usize> {
    let mut announced: Vec<usize> =
        (0..tests.len()).filter(|&i| tests[i].kind == kind && tests[i].line.is_some()).collect();
    announced.sort_by_key(|&i| tests[i].line);
    announced
}

/// Names what can be named; gives back why not everything can.
fn apply(summary: &mut Summary, package: &Package) -> String {
    let tests = &mut summary.tests;
    let mut note = String::new();
    let announced = runners(tests, TestKind::Test);
    let names: Vec<&str> = package.tests().collect();
    if announced.len() == names.len() && agrees(tests, &announced, &names) {
        for (&i, name) in announced.iter().zip(&names) {
            name_it(&mut tests[i], name, TestNamedBy::RunLine);
        }
    } else {
        note = if announced.is_empty() {
            format!("the trace shows no test being announced, the output {}: record with -v or -json", names.len())
        } else {
            format!("the trace shows {} tests being announced, the output {}", announced.len(), names.len())
        };
        by_order(tests, &names);
    }
    benchmarks(tests, package);
    let known: Vec<u64> = tests.iter().filter(|t| t.kind == TestKind::Benchmark).filter_map(|t| t.operations).collect();
    let all = tests.iter().filter(|t| t.kind == TestKind::Benchmark && t.parent.is_none()).count();
    if !known.is_empty() && known.len() >= all {
        summary.operations = Some(known.iter().fold(0, |sum, n| sum.saturating_add(*n)));
    }
    note
}

/// Whether the functions that stacks show are those that the names mean.
fn agrees(tests: &[TestRun], announced: &[usize], names: &[&str]) -> bool {
    announced.iter().zip(names).all(|(&i, name)| {
        let Some(function) = tests[i].function.as_ref().filter(|_| !name.contains('/')) else { return true };
        match function.func.rsplit('/').next().and_then(|f| f.split('.').nth(1)) {
            // A helper or a closure may run instead: only another test's function is a contradiction.
            Some(f) => !["Test", "Fuzz", "Example"].iter().any(|kind| f.starts_with(kind)) || f == *name,
            None => true,
        }
    })
}

fn name_it(test: &mut TestRun, name: &str, by: TestNamedBy) {
    name.clone_into(&mut test.name);
    test.named_by = by;
}

/// Matches each test's subtests in the order in which it started them. Exact unless a test starts subtests from
/// several goroutines at once.
fn by_order(tests: &mut [TestRun], names: &[&str]) {
    // Names wait for their turn below the name around them.
    let mut waiting: BTreeMap<&str, VecDeque<&str>> = BTreeMap::new();
    let known: BTreeSet<&str> = names.iter().copied().collect();
    for name in names {
        let around =
            name.match_indices('/').filter_map(|(at, _)| name.get(..at)).rfind(|prefix| known.contains(prefix));
        waiting.entry(around.unwrap_or_default()).or_default().push_back(name);
    }
    let mut children: BTreeMap<Option<usize>, Vec<usize>> = BTreeMap::new();
    for (i, test) in tests.iter().enumerate().filter(|(_, test)| test.kind == TestKind::Test) {
        children.entry(test.parent).or_default().push(i);
    }
    let mut level: VecDeque<(Option<usize>, &str)> = VecDeque::from([(None, "")]);
    while let Some((parent, around)) = level.pop_front() {
        let Some(queue) = waiting.get_mut(around) else { continue };
        // A repeat has the next of the names that are as many times there.
        for i in children.remove(&parent).unwrap_or_default() {
            let Some(name) = queue.pop_front() else { break };
            name_it(&mut tests[i], name, TestNamedBy::Order);
            level.push_back((Some(i), name));
        }
    }
}

/// Benchmarks: names from the lines that announce them (`-json`), and operations from the results.
fn benchmarks(tests: &mut [TestRun], package: &Package) {
    let announced = runners(tests, TestKind::Benchmark);
    let names: Vec<&str> = package.benchmarks().collect();
    if !announced.is_empty() && announced.len() == names.len() {
        for (&i, name) in announced.iter().zip(&names) {
            name_it(&mut tests[i], name, TestNamedBy::RunLine);
        }
    } else {
        // Without announcements only results are printed, one for each benchmark that has no others within it.
        let parents: BTreeSet<usize> = tests.iter().filter_map(|t| t.parent).collect();
        let leaves: Vec<usize> =
            (0..tests.len()).filter(|i| tests[*i].kind == TestKind::Benchmark && !parents.contains(i)).collect();
        if leaves.len() == package.results.len() {
            for (&i, (name, _)) in leaves.iter().zip(&package.results) {
                name_it(&mut tests[i], name, TestNamedBy::Order);
            }
        }
    }
    let mut results: BTreeMap<&str, Vec<u64>> = BTreeMap::new();
    for (name, n) in package.results.iter().rev() {
        results.entry(name).or_default().push(*n);
    }
    for test in tests.iter_mut().filter(|t| t.kind == TestKind::Benchmark && !t.name.is_empty()) {
        let Some(n) = results.get_mut(test.name.as_str()).and_then(Vec::pop) else { continue };
        // The result tells the operations of the last round. With a fixed number (-benchtime=Nx) there is a first one
        // of a single operation before it; b.Loop and N = 1 make do with one. With more rounds nobody knows.
        test.operations = match test.rounds {
            0 | 1 => Some(n),
            2 => Some(n.saturating_add(1)),
            _ => None,
        };
    }
}

/// What has no name is called by its function, if a stack shows that.
fn by_stack(tests: &mut [TestRun]) {
    for test in tests.iter_mut().filter(|t| t.named_by == TestNamedBy::Nothing) {
        if let Some(function) = &test.function {
            let name = function.func.rsplit('/').next().unwrap_or_default();
            let name = name.split_once('.').map_or(name, |(_, symbol)| symbol).to_owned();
            name_it(test, &name, TestNamedBy::Stack);
        }
    }
}

/// The same name again is the next repeat (`-count`).
fn count_repeats(tests: &mut [TestRun]) {
    let mut seen: BTreeMap<(TestKind, String), u64> = BTreeMap::new();
    for test in tests.iter_mut().filter(|t| t.named_by != TestNamedBy::Nothing) {
        let next = seen.entry((test.kind, test.name.clone())).or_default();
        test.repeat = *next;
        *next += 1;
    }
}

fn finish(summary: &mut Summary, note: String) {
    let by = |way: TestNamedBy| summary.tests.iter().filter(|t| t.named_by == way).count();
    let ways = [TestNamedBy::RunLine, TestNamedBy::Order, TestNamedBy::Stack];
    let method = ways.into_iter().filter(|&way| by(way) > 0).max_by_key(|&way| (by(way), std::cmp::Reverse(way)));
    let named = summary.tests.len() - by(TestNamedBy::Nothing);
    summary.attribution.method = method.unwrap_or_default();
    summary.attribution.named = named as u64;
    summary.attribution.note = note;
}
