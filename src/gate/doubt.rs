//! Why a comparison in which nothing is worse is no pass all the same: it did not compare what it should have.
//!
//! ```text
//!   Partial, Mismatch       fail whatever the policy for what is inconclusive
//!   SameRuns … OtherWay     what was compared is not what was meant
//!   Unlike                  the work of a test was not done on one side
//!   NothingGates            all is well, of nothing
//! ```

use std::collections::BTreeSet;
use std::fmt;

use crate::compare::{Comparison, Mode, PackagePair, Run, SubjectPair};
use crate::config::{Config, OnEnvMismatch};
use crate::metrics::registry::SubjectKind;
use crate::summary::TestOutcome;

/// What is the matter with it, the gravest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Doubt {
    /// The end of a trace is missing.
    Partial,
    /// The policy wants one environment, and there are two.
    Mismatch,
    /// Every run of one side is a run of the other: nothing can differ. Of several packages, in this one.
    SameRuns(Option<String>),
    /// The base is of this package, and the head of another one.
    OtherPackage(String, String),
    /// The head has no run of these packages of the base: they are gone, or nobody ran them.
    Unseen(Vec<String>),
    /// These packages have tests in the base only.
    Untested(Vec<String>),
    /// Most tests of the base did not run in the head: so many of so many, of which this is the first.
    TestsGone(usize, usize, String),
    /// Base and head were not recorded in the same way, and little of them can be compared: what their runs hold.
    OtherWay(Mode, Mode),
    /// A test failed or was skipped on one side.
    Unlike {
        /// Which of the two.
        how: TestOutcome,
        /// Which package of the comparison.
        package: usize,
        /// Which of its [`PackagePair::unlike`].
        which: usize,
    },
    /// Nothing that can fail the build was on both sides.
    NothingGates,
}

impl Doubt {
    /// Whether it fails the build whatever the policy for what is inconclusive.
    pub fn always_fails(&self) -> bool {
        matches!(self, Doubt::Partial | Doubt::Mismatch)
    }

    /// Whether it is about which runs there are: where something looks worse as well, that is the better reason.
    pub fn is_of_runs(&self) -> bool {
        matches!(
            self,
            Doubt::SameRuns(_)
                | Doubt::OtherPackage(..)
                | Doubt::Unseen(_)
                | Doubt::Untested(_)
                | Doubt::TestsGone(..)
                | Doubt::OtherWay(..)
        )
    }
}

/// All that there is to doubt of a comparison, of which `gated` changes can fail the build, and in which these tests were `unlike`.
pub(super) fn all(comparison: &Comparison, unlike: Vec<Doubt>, gated: usize, config: &Config) -> Vec<Doubt> {
    let packages = &comparison.packages;
    let mut doubts = Vec::new();
    if packages.iter().flat_map(|p| p.base_runs.iter().chain(&p.head_runs)).any(|run| !run.complete) {
        doubts.push(Doubt::Partial);
    }
    let differs = |p: &PackagePair| !p.is_stated_alternating(comparison.design) && !p.environment.is_none();
    let wants_one = |p: &&PackagePair| config.of(&p.name).on_env_mismatch == OnEnvMismatch::Fail;
    if packages.iter().filter(wants_one).any(differs) {
        doubts.push(Doubt::Mismatch);
    }
    let fewest = |p: &PackagePair| p.base_runs.len().min(p.head_runs.len());
    let same = packages.iter().find(|p| fewest(p) > 0 && shared_runs(p) == fewest(p));
    doubts.extend(same.map(|p| Doubt::SameRuns((packages.len() > 1).then(|| p.name.clone()))));
    let other = packages.iter().find_map(|p| Some((p.base_name.clone()?, p.name.clone())));
    doubts.extend(other.map(|(base, head)| Doubt::OtherPackage(base, head)));
    // A baseline is of all packages, and may be checked one by one. Its runs do not say when they were.
    let unseen = packages.iter().filter(|p| p.head_runs.is_empty() && p.base_runs.iter().any(|r| r.started_ns != 0));
    let unseen: Vec<String> = unseen.map(|p| p.name.clone()).collect();
    if !unseen.is_empty() {
        doubts.push(Doubt::Unseen(unseen));
    }
    if !comparison.untested.is_empty() {
        doubts.push(Doubt::Untested(comparison.untested.clone()));
    }
    doubts.extend(packages.iter().find_map(tests_gone));
    doubts.extend(packages.iter().find_map(other_way));
    doubts.extend(unlike);
    if gated == 0 {
        doubts.push(Doubt::NothingGates);
    }
    doubts
}

/// How the runs of both sides were recorded, where that is not in the same way.
fn other_way(package: &PackagePair) -> Option<Doubt> {
    let mode = |runs: &[Run]| runs.iter().map(|run| run.mode).max();
    let (base, head) = (mode(&package.base_runs)?, mode(&package.head_runs)?);
    (base != head).then_some(Doubt::OtherWay(base, head))
}

/// The tests of a package that are gone, where that is most of them: a slip in `-run` or in a build tag, more likely than work.
fn tests_gone(package: &PackagePair) -> Option<Doubt> {
    let outermost = |s: &&SubjectPair| {
        matches!(s.kind, SubjectKind::Test | SubjectKind::Benchmark)
            && s.base.as_ref().is_some_and(|(name, side)| !side.repeats.is_empty() && !name.contains('/'))
    };
    let all: Vec<&SubjectPair> = package.subjects.iter().filter(outermost).collect();
    let gone: Vec<&SubjectPair> = all.iter().copied().filter(|s| s.head.is_none()).collect();
    let first = gone.first().filter(|_| !package.head_runs.is_empty() && gone.len() * 2 > all.len())?;
    Some(Doubt::TestsGone(gone.len(), all.len(), first.name().to_owned()))
}

impl fmt::Display for Doubt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Doubt::Partial => f.write_str("a trace is partial"),
            Doubt::Mismatch => f.write_str("base and head were recorded in different environments"),
            Doubt::SameRuns(None) => f.write_str("base and head are the same runs"),
            Doubt::SameRuns(Some(package)) => write!(f, "base and head are the same runs of {package}"),
            Doubt::OtherPackage(base, head) => write!(f, "the base is of package {base}, and the head of {head}"),
            Doubt::Unseen(packages) => match &packages[..] {
                [one, rest @ ..] if !rest.is_empty() => {
                    write!(f, "the head has no run of {one}, nor of {} more of the packages", rest.len())
                }
                packages => write!(f, "the head has no run of {}", packages.concat()),
            },
            Doubt::Untested(packages) => match &packages[..] {
                [one, rest @ ..] if !rest.is_empty() => {
                    write!(f, "{one} and {} more of the packages have tests in the base only", rest.len())
                }
                packages => write!(f, "{} has tests in the base only", packages.concat()),
            },
            Doubt::OtherWay(base, head) => {
                let held = |mode: &Mode| match mode {
                    Mode::Run => "tests",
                    Mode::Benchmark => "benchmarks",
                    Mode::Window => "a window of a service",
                };
                write!(f, "the base's runs are of {}, and the head's of {}", held(base), held(head))
            }
            Doubt::TestsGone(gone, all, first) => {
                write!(f, "{gone} of {all} tests of the base did not run in the head: {first}")?;
                if *gone > 1 { write!(f, " and {} more", gone - 1) } else { Ok(()) }
            }
            Doubt::Unlike { how: TestOutcome::Failed, .. } => f.write_str("a test failed on one side"),
            Doubt::Unlike { how: TestOutcome::Skipped, .. } => f.write_str("a test was skipped on one side"),
            Doubt::NothingGates => f.write_str("nothing that can fail the build could be compared"),
        }
    }
}

/// How many runs are on both sides of a package: they began at the same nanosecond, and were equally long.
pub fn shared_runs(package: &PackagePair) -> usize {
    let when = |run: &Run| (run.started_ns, run.duration_ns);
    let base: BTreeSet<(i64, i64)> = package.base_runs.iter().filter(|r| r.started_ns != 0).map(when).collect();
    package.head_runs.iter().filter(|run| base.contains(&when(run))).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_doubt_says_what_it_is_about() {
        let unlike = |how| Doubt::Unlike { how, package: 0, which: 0 };
        let two = || vec!["p".to_owned(), "q".to_owned()];
        // Whether it fails whatever the policy, and whether it is about which runs there are.
        for (doubt, always_fails, of_runs, said) in [
            (Doubt::Partial, true, false, "a trace is partial"),
            (Doubt::Mismatch, true, false, "base and head were recorded in different environments"),
            (Doubt::SameRuns(None), false, true, "base and head are the same runs"),
            (Doubt::SameRuns(Some("p".to_owned())), false, true, "base and head are the same runs of p"),
            (
                Doubt::OtherPackage("p".to_owned(), "q".to_owned()),
                false,
                true,
                "the base is of package p, and the head of q",
            ),
            (Doubt::Unseen(vec!["p".to_owned()]), false, true, "the head has no run of p"),
            (Doubt::Unseen(two()), false, true, "the head has no run of p, nor of 1 more of the packages"),
            (Doubt::Untested(vec!["p".to_owned()]), false, true, "p has tests in the base only"),
            (Doubt::Untested(two()), false, true, "p and 1 more of the packages have tests in the base only"),
            (
                Doubt::TestsGone(1, 1, "TestA".to_owned()),
                false,
                true,
                "1 of 1 tests of the base did not run in the head: TestA",
            ),
            (
                Doubt::TestsGone(3, 4, "TestA".to_owned()),
                false,
                true,
                "3 of 4 tests of the base did not run in the head: TestA and 2 more",
            ),
            (
                Doubt::OtherWay(Mode::Window, Mode::Benchmark),
                false,
                true,
                "the base's runs are of a window of a service, and the head's of benchmarks",
            ),
            (unlike(TestOutcome::Failed), false, false, "a test failed on one side"),
            (unlike(TestOutcome::Skipped), false, false, "a test was skipped on one side"),
            (Doubt::NothingGates, false, false, "nothing that can fail the build could be compared"),
        ] {
            assert_eq!((doubt.always_fails(), doubt.is_of_runs()), (always_fails, of_runs), "{doubt}");
            assert_eq!(doubt.to_string(), said);
        }
    }
}
