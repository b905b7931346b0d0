//! What a test did not do took no time: figures of tests that failed or were skipped on one side are taken out of what
//! is better, and where it was the base's side out of what fails.
//!
//! ```text
//!   TestA failed in the head       its figures, and those that are of no other test alone:   improvement ──▶ note
//!   TestA failed in the base       the same                                                  regression ──▶ inconclusive
//! ```
//!
//! A flake does neither: what failed in fewer than half of the base's runs does not lower the median of what it is compared with.

use std::collections::{BTreeMap, BTreeSet};

use super::doubt::Doubt;
use super::verdict::{Evidence, Judgement, Outcome};
use crate::compare::of_test::OfTest;
use crate::compare::outcomes::Unlike;
use crate::compare::{Comparison, PackagePair, SubjectPair};
use crate::metrics::registry::SubjectKind;

/// Takes out what cannot be told. Gives the tests that keep the comparison from passing.
pub(super) fn set_aside(judgements: &mut [Judgement], comparison: &Comparison) -> Vec<Doubt> {
    let packages: Vec<OfPackage<'_>> = comparison.packages.iter().map(OfPackage::of).collect();
    let mut told: BTreeSet<(usize, usize)> = BTreeSet::new();
    for judgement in judgements.iter_mut() {
        let (p, s, c) = judgement.at;
        let (package, subject) = (&packages[p], &comparison.packages[p].subjects[s]);
        if package.all.is_empty() {
            continue;
        }
        let doubted = match judgement.outcome {
            Outcome::Improvement => Some((Outcome::Note, false)),
            // What only looks better.
            Outcome::Note
                if matches!(judgement.evidence, Evidence::FewRuns | Evidence::Tested(_) | Evidence::Ranked(_))
                    && subject.changes[c].worse_by().is_some_and(|worse| worse < 0.0) =>
            {
                Some((Outcome::Note, false))
            }
            Outcome::Regression | Outcome::Inconclusive
                if !matches!(judgement.evidence, Evidence::Budget | Evidence::Required | Evidence::Named) =>
            {
                Some((Outcome::Inconclusive, true))
            }
            _ => None,
        };
        let Some((outcome, of_base)) = doubted else { continue };
        let touching: Vec<usize> =
            package.touching(subject).into_iter().filter(|&i| !of_base || package.all[i].lowers_base()).collect();
        if !touching.is_empty() {
            (judgement.outcome, judgement.evidence) = (outcome, Evidence::OutcomesDiffer);
            told.extend(touching.into_iter().map(|i| (p, i)));
        }
    }
    for (p, package) in packages.iter().enumerate() {
        told.extend((0..package.all.len()).filter(|&i| !package.all[i].is_unsure()).map(|i| (p, i)));
    }
    let doubt =
        |(package, which): (usize, usize)| Doubt::Unlike { how: packages[package].all[which].how, package, which };
    told.into_iter().map(doubt).collect()
}

/// The tests of a package that fared otherwise on the other side, by name.
struct OfPackage<'p> {
    all: &'p [Unlike],
    by_name: BTreeMap<&'p str, Vec<usize>>,
    /// Those that touch whatever is of no test alone: one of each side will do.
    any: Vec<usize>,
}

impl<'p> OfPackage<'p> {
    fn of(package: &'p PackagePair) -> OfPackage<'p> {
        let all = &package.unlike[..];
        let mut by_name: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        // Of what was left out on both sides no figure is.
        for (i, unlike) in all.iter().enumerate().filter(|(_, u)| !u.left_out) {
            by_name.entry(&unlike.test).or_default().push(i);
        }
        let first =
            |of_base: bool| all.iter().position(|u| !u.left_out && !u.is_unsure() && u.lowers_base() == of_base);
        OfPackage { all, by_name, any: [first(true), first(false)].into_iter().flatten().collect() }
    }

    /// Those that a subject's figures may be of.
    fn touching(&self, subject: &SubjectPair) -> Vec<usize> {
        let mut touching = BTreeSet::new();
        let mut is_known = false;
        for (name, side) in [&subject.base, &subject.head].into_iter().flatten() {
            let of = match (subject.kind, &side.of_test) {
                (SubjectKind::Test | SubjectKind::Benchmark, _) if !side.repeats.is_empty() => Some(name),
                (_, OfTest::One(test)) => Some(test),
                (_, OfTest::Several) => None,
                // A baseline does not say: the other side does.
                (_, OfTest::Unknown) => continue,
            };
            is_known = true;
            match of {
                Some(test) => touching.extend(self.around(test)),
                None => touching.extend(&self.any),
            }
        }
        if !is_known {
            touching.extend(&self.any);
        }
        touching.into_iter().collect()
    }

    /// Those of a test, of the tests around it and within it, and of the whole run.
    fn around(&self, test: &str) -> Vec<usize> {
        let within = format!("{test}/");
        let outer = test.match_indices('/').filter_map(|(at, _)| test.get(..at)).chain([test, ""]);
        let inner = self.by_name.range(&*within..).take_while(|(name, _)| name.starts_with(&within));
        outer.filter_map(|name| self.by_name.get(name)).chain(inner.map(|(_, at)| at)).flatten().copied().collect()
    }
}
