//! Tests that failed or were skipped on one side, in words.

use crate::compare::Comparison;
use crate::compare::outcomes::{Fared, Unlike};
use crate::gate::{Doubt, Judged};
use crate::summary::TestOutcome;

/// More tests of a package are not named: what they need to run is missing, most often.
const MOST_NAMED: usize = 10;

/// One line for each of them.
pub(super) fn warnings(comparison: &Comparison, judged: &Judged) -> impl Iterator<Item = String> {
    let several = comparison.packages.len() > 1;
    let unlike = |doubt: &Doubt| match doubt {
        Doubt::Unlike { package, which, .. } => Some((*package, *which)),
        _ => None,
    };
    let all: Vec<(usize, usize)> = judged.doubts.iter().filter_map(unlike).collect();
    let mut lines = Vec::new();
    for of_one in all.chunk_by(|a, b| a.0 == b.0) {
        let Some(package) = of_one.first().and_then(|&(p, _)| comparison.packages.get(p)) else { continue };
        let of = if several && !package.name.is_empty() { format!("{}: ", package.name) } else { String::new() };
        let named = of_one.iter().filter_map(|&(_, i)| package.unlike.get(i)).take(MOST_NAMED);
        lines.extend(named.map(|unlike| format!("{of}{}", words(unlike))));
        if let Some(more) = of_one.len().checked_sub(MOST_NAMED).filter(|more| *more > 0) {
            lines.push(format!("{of}{more} more tests failed or were skipped on one side"));
        }
    }
    lines.into_iter()
}

/// What the first line says of a test that was left out: `TestA fails on the head and passes on the base`.
pub(in crate::report) fn left_out(comparison: &Comparison, doubt: &Doubt) -> Option<String> {
    let Doubt::Unlike { package, which, .. } = doubt else { return None };
    let unlike = comparison.packages.get(*package)?.unlike.get(*which)?;
    unlike.left_out.then(|| fails(unlike))
}

fn fails(unlike: &Unlike) -> String {
    let (here, there, other) =
        if unlike.base.runs > 0 { ("base", "head", unlike.head) } else { ("head", "base", unlike.base) };
    let other = if other.passed { "passes on" } else { "not on" };
    format!("{} fails on the {here} and {other} the {there}", unlike.test)
}

/// `TestA failed in 3 of 3 runs of the head, and passed in the base: what it did not do took no time`.
fn words(unlike: &Unlike) -> String {
    if unlike.left_out {
        return format!("{}: it is left out on both sides, and what it does is not compared", fails(unlike));
    }
    let sides = [(unlike.head, "head"), (unlike.base, "base")];
    let [(most, here), (least, there)] = if unlike.is_mostly_of_base() { [sides[1], sides[0]] } else { sides };
    let other = match least {
        Fared { runs: 0, passed: true, .. } => format!("and passed in the {there}"),
        Fared { runs: 0, known: true, .. } => format!("and in none of the {there}"),
        Fared { runs: 0, .. } => format!("and what became of it in the {there} is not known"),
        Fared { runs, of, .. } => format!("and in {runs} of {of} of the {there}"),
    };
    let (what, it) = match (&*unlike.test, unlike.how) {
        ("", _) => ("go test failed".to_owned(), "what was"),
        (test, TestOutcome::Failed) => (format!("{test} failed"), "what it did"),
        (test, TestOutcome::Skipped) => (format!("{test} was skipped"), "what it did"),
    };
    let done = if unlike.test.is_empty() { " not done" } else { " not do" };
    let s = if most.of == 1 { "" } else { "s" };
    format!("{what} in {} of {} run{s} of the {here}, {other}: {it}{done} took no time", most.runs, most.of)
}
