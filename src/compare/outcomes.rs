//! What became of the tests of each run, and which of them fared otherwise on the other side.
//!
//! ```text
//!   base   TestA passed  passed  passed        head   TestA failed  failed  failed       unlike: no work, no time
//!          TestB skipped skipped skipped              TestB skipped skipped skipped      alike: nothing to say
//!          TestC left out, it passes                  TestC left out, it fails           unlike: no figure has it
//! ```

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::side::{Package, Run, SubjectId};
use crate::metrics::registry::SubjectKind;
use crate::summary::{LeftOut, RunOutcome, Summary, TestNamedBy, TestOutcome, TestRun};

/// What became of the tests of a run, as far as its output says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Outcomes {
    /// Whether the output says how the run ended: what is not listed passed then.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub known: bool,
    /// Whether it failed, and no test that has a name did.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub whole: bool,
    /// Tests any repeat of which failed, in order; of those within each other the innermost.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub failed: Vec<String>,
    /// Tests all repeats of which were skipped, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub skipped: Vec<String>,
    /// Tests that no run of either side has, since they failed on this one alone.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub left_out: Vec<LeftOut>,
}

impl Outcomes {
    /// Those of a run.
    pub fn of(summary: &Summary) -> Outcomes {
        let tests = &summary.tests;
        let mut outer = vec![false; tests.len()];
        for test in tests.iter().filter(|t| t.outcome == Some(TestOutcome::Failed)) {
            if let Some(outer) = test.parent.and_then(|parent| outer.get_mut(parent)) {
                *outer = true;
            }
        }
        let named = || tests.iter().zip(&outer).filter(|(t, _)| t.named_by != TestNamedBy::Nothing);
        let is = |how: TestOutcome| move |t: &TestRun| t.outcome == Some(how);
        let failed: BTreeSet<&str> =
            named().filter(|(t, outer)| is(TestOutcome::Failed)(t) && !**outer).map(|(t, _)| t.name.as_str()).collect();
        let mut skipped: BTreeSet<&str> =
            named().filter(|(t, _)| is(TestOutcome::Skipped)(t)).map(|(t, _)| t.name.as_str()).collect();
        for (test, _) in named().filter(|(t, _)| !is(TestOutcome::Skipped)(t)) {
            skipped.remove(test.name.as_str());
        }
        let owned = |names: BTreeSet<&str>| names.into_iter().map(str::to_owned).collect();
        Outcomes {
            known: summary.outcome.is_some(),
            whole: summary.outcome == Some(RunOutcome::Failed) && failed.is_empty(),
            failed: owned(failed),
            skipped: owned(skipped),
            left_out: summary.left_out.clone(),
        }
    }

    /// Whether nothing is known.
    pub fn is_empty(&self) -> bool {
        *self == Outcomes::default()
    }

    /// What failed, if anything did.
    pub fn failure(&self) -> Option<String> {
        let left_out = || self.left_out.first().map(|left| left.test.clone());
        self.failed.first().cloned().or_else(left_out).or_else(|| self.whole.then(|| "go test".to_owned()))
    }

    /// Calls tests by their new names.
    pub(super) fn rename(&mut self, aliases: &BTreeMap<String, String>) {
        for names in [&mut self.failed, &mut self.skipped] {
            for name in names.iter_mut() {
                if let Some(new) = aliases.get(name) {
                    name.clone_from(new);
                }
            }
            names.sort();
            names.dedup();
        }
        for left in &mut self.left_out {
            if let Some(new) = aliases.get(&left.test) {
                left.test.clone_from(new);
            }
        }
    }

    /// What it lists; a run that failed as a whole has no name.
    pub(super) fn listed(&self) -> impl Iterator<Item = (TestOutcome, &str)> {
        let whole = self.whole.then_some((TestOutcome::Failed, ""));
        let failed = self.failed.iter().map(|name| (TestOutcome::Failed, name.as_str()));
        whole.into_iter().chain(failed).chain(self.skipped.iter().map(|name| (TestOutcome::Skipped, name.as_str())))
    }
}

/// A test that failed or was skipped, and not as often on the other side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unlike {
    /// Its name; empty where runs failed as a whole.
    pub test: String,
    /// What became of it.
    pub how: TestOutcome,
    /// In the runs of the base.
    pub base: Fared,
    /// In the runs of the head.
    pub head: Fared,
    /// Whether it is in no run, for having failed on one side: no figure is of it.
    pub left_out: bool,
}

/// How a test fared on one side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fared {
    /// In how many runs it failed, or was skipped.
    pub runs: usize,
    /// Of how many.
    pub of: usize,
    /// Whether it is known what became of it in all of them.
    pub known: bool,
    /// Whether it passed in all others.
    pub passed: bool,
}

impl Unlike {
    /// Whether nobody knows whether the sides differ in it: the output of some runs is missing, as in baselines that older
    /// versions wrote, and many a test is skipped everywhere.
    pub fn is_unsure(&self) -> bool {
        let unsure = |side: Fared| side.runs < side.of && !side.known;
        self.how == TestOutcome::Skipped && (unsure(self.base) || unsure(self.head))
    }

    /// Whether it was left undone more often in the base than in the head: what is worse then may be what it did.
    pub fn is_mostly_of_base(&self) -> bool {
        self.base.runs.saturating_mul(self.head.of) > self.head.runs.saturating_mul(self.base.of)
    }

    /// Whether so many runs of the base lack what it did that their median does: fewer make nothing else look worse.
    pub fn lowers_base(&self) -> bool {
        !self.left_out && self.is_mostly_of_base() && self.base.runs.saturating_mul(2) >= self.base.of
    }
}

/// The tests that fared otherwise on the other side. `unnamed`: tests are not compared one by one.
pub(super) fn unlike(base: &Package, head: &Package, unnamed: bool) -> Vec<Unlike> {
    let mut counts: BTreeMap<(TestOutcome, &str), [usize; 2]> = BTreeMap::new();
    for (side, package) in [base, head].into_iter().enumerate() {
        for listed in package.runs.iter().flat_map(|run| run.outcomes.listed()) {
            counts.entry(listed).or_default()[side] += 1;
        }
    }
    let of = [base.runs.len(), head.runs.len()];
    if of.contains(&0) {
        return Vec::new();
    }
    let has = |package: &Package, test: &str| {
        let is = |kind| package.subjects.contains_key(&SubjectId { kind, name: test.to_owned() });
        unnamed || is(SubjectKind::Test) || is(SubjectKind::Benchmark)
    };
    let known = [base, head].map(|p| p.runs.iter().all(|run: &Run| run.outcomes.known));
    // As often on both sides it is no difference between them.
    let differ = |runs: &[usize; 2]| runs[0].saturating_mul(of[1]) != runs[1].saturating_mul(of[0]);
    let unlike = counts.iter().filter(|(_, runs)| differ(runs)).filter(|((how, test), _)| {
        // A new test that is skipped has left nothing undone.
        *how == TestOutcome::Failed || (has(base, test) && has(head, test))
    });
    let other = |how| if how == TestOutcome::Failed { TestOutcome::Skipped } else { TestOutcome::Failed };
    let unlike = unlike.map(|(&(how, test), runs)| {
        let fared = |side: usize, package: &Package| Fared {
            runs: runs[side],
            of: of[side],
            known: known[side],
            passed: known[side]
                && counts.get(&(other(how), test)).is_none_or(|n| n[side] == 0)
                && (test.is_empty() || has(package, test)),
        };
        Unlike { test: test.to_owned(), how, base: fared(0, base), head: fared(1, head), left_out: false }
    });
    unlike.chain(left_out(base, head)).collect()
}

/// The tests that failed on one side alone, and are in no run for it.
fn left_out(base: &Package, head: &Package) -> Vec<Unlike> {
    let mut counts: BTreeMap<&str, ([usize; 2], bool)> = BTreeMap::new();
    for (side, package) in [base, head].into_iter().enumerate() {
        for left in package.runs.iter().flat_map(|run| &run.outcomes.left_out) {
            let (runs, passes) = counts.entry(&left.test).or_default();
            runs[side] += 1;
            *passes |= left.passes_there;
        }
    }
    // Of several attempts it may have failed on either side: that is no difference between them.
    let of_one = counts.into_iter().filter(|(_, (runs, _))| runs.contains(&0));
    let fared = |runs, package: &Package, passed| Fared { runs, of: package.runs.len(), known: true, passed };
    of_one
        .map(|(test, (runs, passes))| Unlike {
            test: test.to_owned(),
            how: TestOutcome::Failed,
            base: fared(runs[0], base, passes && runs[0] == 0),
            head: fared(runs[1], head, passes && runs[1] == 0),
            left_out: true,
        })
        .collect()
}
