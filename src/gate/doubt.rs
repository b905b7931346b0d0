//! Why a comparison in which nothing is worse is no pass all the same: it did not compare what it should have.

use std::collections::BTreeSet;
use std::fmt;

use crate::compare::{Comparison, PackagePair, Run};

/// What is the matter with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Doubt {
    /// Every run of one side is a run of the other: nothing can differ.
    SameRuns,
    /// The base is of this package, and the head of another one.
    OtherPackage(String, String),
    /// The head has no run of these packages of the base: they are gone, or nobody ran them.
    Unseen(Vec<String>),
}

impl Doubt {
    /// The first that there is of a comparison.
    pub fn of(comparison: &Comparison) -> Option<Doubt> {
        let packages = &comparison.packages;
        let fewest = |p: &PackagePair| p.base_runs.len().min(p.head_runs.len());
        if packages.iter().any(|p| fewest(p) > 0 && shared_runs(p) == fewest(p)) {
            return Some(Doubt::SameRuns);
        }
        if let Some((base, head)) = packages.iter().find_map(|p| Some((p.base_name.clone()?, p.name.clone()))) {
            return Some(Doubt::OtherPackage(base, head));
        }
        // A baseline is of all packages, and may be checked one by one. Its runs do not say when they were.
        let unseen =
            packages.iter().filter(|p| p.head_runs.is_empty() && p.base_runs.iter().any(|r| r.started_ns != 0));
        let unseen: Vec<String> = unseen.map(|p| p.name.clone()).collect();
        (!unseen.is_empty()).then_some(Doubt::Unseen(unseen))
    }
}

impl fmt::Display for Doubt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Doubt::SameRuns => f.write_str("base and head are the same runs"),
            Doubt::OtherPackage(base, head) => write!(f, "the base is of package {base}, and the head of {head}"),
            Doubt::Unseen(packages) => match &packages[..] {
                [one, rest @ ..] if !rest.is_empty() => {
                    write!(f, "the head has no run of {one}, nor of {} more of the packages", rest.len())
                }
                packages => write!(f, "the head has no run of {}", packages.concat()),
            },
        }
    }
}

/// How many runs are on both sides of a package: they began at the same nanosecond, and were equally long.
pub fn shared_runs(package: &PackagePair) -> usize {
    let when = |run: &Run| (run.started_ns, run.duration_ns);
    let base: BTreeSet<(i64, i64)> = package.base_runs.iter().filter(|r| r.started_ns != 0).map(when).collect();
    package.head_runs.iter().filter(|run| base.contains(&when(run))).count()
}
