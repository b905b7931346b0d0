//! How surely figures that vary are worse: one family of series for each package, tested together.
//!
//! ```text
//!   package   series that can fail the build ──▶ max-T permutation test ──▶ p, corrected within the package
//!                                                                             │ Holm over packages
//!   details (states, stacks) are never tested: they explain              p <= level ──▶ regression
//!   what stands above them                                          p <= 5 x level ──▶ inconclusive
//!                                                                        above that ──▶ no more than noise does
//! ```
//!
//! Tested is not whether the head is worse at all, but whether it is worse by more than a part of what is allowed
//! (`PART_OF_LIMIT`): unchanged code has to be wrong twice to fail. The figures are taken as `ln(figure + floor)`, so
//! that what is small beside the absolute floor cannot matter, however constant it is.
//!
//! Waits for other goroutines are taken by the goroutines' own work: see [`queue`].
//!
//! Pairs of alternate runs are not tested as pairs: on the recorded workloads the differences within pairs vary as
//! much as those between any two runs of a session, while only 1 in 32 orders of 5 pairs is as extreme as can be,
//! against 1 in 252 of 5 and 5 runs. What alternating brings is that both sides meet the same machine.

use std::collections::BTreeMap;

use super::package::Opened;
use super::queue;
use super::verdict::{Evidence, Judgement, Outcome};
use crate::compare::change::{Change, Presence};
use crate::compare::design::Recorded;
use crate::compare::{Comparison, Design, PackagePair};
use crate::config::Level;
use crate::metrics::registry::{Better, Class, DependsOn, Role, SubjectKind};
use crate::stats::permutation::{self, Column, Tested};
use crate::stats::{multiple, rank, sample};

/// The fewest runs a side that a test can decide on: 1 of 70 orders of 4 and 4 runs is below the level.
pub const RUNS_FOR_TEST: usize = 4;
/// The part of the relative limit that a change has to exceed surely.
const PART_OF_LIMIT: f64 = 1.0 / 3.0;
/// What is less likely than this many times the level is suspicious.
const SUSPICIOUS: f64 = 5.0;
/// The part of the level that series have which all runs have; the rest is for those that some runs lack.
const FULL_SERIES: f64 = 0.9;
/// An improvement fails nothing: it is tested on its own, at the customary level.
const IMPROVEMENT: f64 = 0.05;
/// What permutations are drawn from, where they are too many to count.
const SEED: u64 = 0x6762_7472_6163_6521;
/// The chance with which a change of the detectable size is found, as a quantile of the normal distribution: 80 %.
const POWER: f64 = 0.8416;

/// The chance of a false alarm in a whole comparison that is accepted: with few runs a smaller one is out of reach.
pub fn level(runs: usize) -> f64 {
    if runs >= 8 { 0.01 } else { 0.02 }
}

/// What the given runs could have found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Detectable {
    /// Runs of the smaller side.
    pub runs: usize,
    /// The relative change that would have been found in half of the times that can fail the build.
    pub half: f64,
    /// The same for nine in ten of them.
    pub most: f64,
}

/// So many packages share the level that so few runs prove nothing of a time, however large it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutOfReach {
    /// Runs a side, of the package that has the fewest.
    pub runs: usize,
    /// Packages that were tested.
    pub packages: usize,
    /// Runs a side that would do.
    pub needed: usize,
}

impl OutOfReach {
    /// The p-value of Fisher's permutation test is at least one over the number of ways to choose a side's runs, and Holm's
    /// correction multiplies that of the first package by how many there are.
    fn of(runs: usize, packages: usize, share: f64) -> OutOfReach {
        let ways = |runs: usize| (1..=runs).map(|i| (runs + i) as f64 / i as f64).product::<f64>();
        let does = |runs: &usize| packages as f64 <= ways(*runs) * level(*runs) * share;
        OutOfReach { runs, packages, needed: (runs + 1..64).find(does).unwrap_or(64) }
    }
}

/// What testing gave beside the judgements.
#[derive(Clone, Debug, Default)]
pub(super) struct Weighed {
    /// The least p-value.
    pub(super) suspicion: f64,
    pub(super) detectable: Option<Detectable>,
    pub(super) out_of_reach: Option<OutOfReach>,
}

/// Decides those that look worse than allowed, of packages whose families were tested.
pub(super) fn weigh(packages: &mut [Opened], comparison: &Comparison) -> Weighed {
    // A whole build is one verdict: its packages share the level.
    let least: Vec<f64> = packages.iter().filter_map(|o| o.family.as_ref()).map(|f| f.least).collect();
    let mut adjusted = multiple::holm(&least).into_iter();
    let tested = least.len();
    let mut weighed = Weighed { suspicion: 1.0, ..Weighed::default() };
    let mut detectable = Vec::new();
    let mut runs = usize::MAX;
    let design = comparison.design;
    for (opened, pair) in packages.iter_mut().zip(&comparison.packages) {
        let doubt = match &opened.own_times {
            Some(ratios) => doubt(pair, design, || ratios.clone()),
            None => doubt(pair, design, || own_times(pair)),
        };
        if let Some(family) = opened.family.take() {
            let adjusted = adjusted.next().unwrap_or(1.0);
            let factor = if family.least > 0.0 { adjusted / family.least } else { 1.0 };
            weighed.suspicion = weighed.suspicion.min((family.least * factor).min(1.0));
            for &(i, p) in &family.p {
                decide(&mut opened.judgements[i], pair, design, (p * factor).min(1.0), doubt.as_ref());
            }
            if family.critical(design.share, tested).is_none() && family.runs >= RUNS_FOR_TEST {
                let known = weighed.out_of_reach.map_or(usize::MAX, |known: OutOfReach| known.runs);
                weighed.out_of_reach = Some(OutOfReach::of(family.runs.min(known), tested, design.share));
            }
            if let Some(critical) = family.critical(design.share, tested) {
                runs = runs.min(family.runs);
                // Of times that prove nothing, nothing could have been found.
                let sizes = family.sizes.iter().filter(|size| doubt.is_none() || !size.of_machine);
                for (size, found) in sizes.filter_map(|size| Some((size, size.found(critical)?))) {
                    if let Some(i) = size.at {
                        opened.judgements[i].detectable = Some(found);
                    }
                    if size.is_gated_time {
                        detectable.push(found);
                    }
                }
            }
        }
        for judgement in &mut opened.judgements {
            if judgement.terms.steady && judgement.outcome == Outcome::Inconclusive {
                // A few runs more prove it.
                weighed.suspicion = 0.0;
            }
            alone(judgement, pair, design, doubt.as_ref());
            only_in_some_runs(judgement, pair);
        }
    }
    detectable.sort_by(f64::total_cmp);
    if let (Some(half), Some(most)) = (detectable.get(detectable.len() / 2), detectable.get(detectable.len() * 9 / 10))
    {
        weighed.detectable = Some(Detectable { runs, half: *half, most: *most });
    }
    weighed
}

fn change_in<'p>(package: &'p PackagePair, judgement: &Judgement) -> &'p Change {
    &package.subjects[judgement.at.1].changes[judgement.at.2]
}

/// Whether a series is in its package's family. That must not depend on how its runs fall on the two sides; how large
/// its figures are may decide: where none reaches the floor, no change that is allowed to matter could be seen.
fn is_tested(judgement: &Judgement, package: &PackagePair) -> bool {
    let change = change_in(package, judgement);
    let Presence::Both { base, head } = &change.presence else { return false };
    change.runs() >= super::verdict::RUNS_FOR_EVIDENCE
        && judgement.terms.level == Level::Error
        && !matches!(judgement.evidence, Evidence::Environment | Evidence::Budget)
        && !(change.is_structural() && change.is_constant())
        && !judgement.terms.steady
        && change.worse_by().is_some()
        && base.values().iter().chain(head.values()).any(|v| v.abs() >= judgement.terms.min_delta)
}

/// What a series' runs say, greater being worse.
fn column(judgement: &Judgement, package: &PackagePair) -> Column {
    let (change, terms) = (change_in(package, judgement), &judgement.terms);
    let Presence::Both { base, head } = &change.presence else { return Column::default() };
    let floor = terms.min_delta.max(f64::MIN_POSITIVE);
    let part = (1.0 + terms.max_increase * PART_OF_LIMIT).ln();
    let subject = &package.subjects[judgement.at.1];
    if queue::is_queue(subject.kind, &change.path)
        && let Some(column) = queue::column(subject, change, terms, part)
    {
        return column;
    }
    let log = |v: &f64| (v.max(0.0) + floor).ln();
    if change.metric.better == Better::Larger {
        Column {
            base: base.values().iter().map(|v| -log(v)).collect(),
            head: head.values().iter().map(|v| -log(v) - part).collect(),
        }
    } else {
        Column {
            base: base.values().iter().map(log).collect(),
            head: head.values().iter().map(|v| log(v) - part).collect(),
        }
    }
}

/// The series of one package, tested.
#[derive(Debug)]
pub(super) struct Family {
    /// Index of the judgement, and its p-value, corrected within the package.
    p: Vec<(usize, f64)>,
    /// The least p-value.
    least: f64,
    /// The most runs that the smaller side of a series has.
    runs: usize,
    /// The test of the series that all runs have.
    full: Tested,
    /// Of the series with so many runs.
    sizes: Vec<Size>,
}

/// What tells how small a change of one series would have been found.
#[derive(Debug)]
struct Size {
    /// The index of its judgement, if that is still there.
    at: Option<usize>,
    scale: f64,
    limit: f64,
    base: f64,
    floor: f64,
    larger_is_better: bool,
    of_machine: bool,
    is_gated_time: bool,
}

impl Family {
    /// Tests the series of a package that can fail the build and vary. None where there is none.
    pub(super) fn of(judgements: &[Judgement], package: &PackagePair) -> Option<Family> {
        let members: Vec<usize> = (0..judgements.len()).filter(|&i| is_tested(&judgements[i], package)).collect();
        let columns: Vec<Column> = members.iter().map(|&i| column(&judgements[i], package)).collect();
        let fewest = |c: &Column| c.base.len().min(c.head.len());
        let runs = columns.iter().map(fewest).max()?;
        let (p, mut full) = test(&columns);
        full.only_up_to(level(runs));
        let of = members.iter().zip(&columns).filter(|(_, c)| runs >= RUNS_FOR_TEST && fewest(c) == runs);
        let sizes = of.filter_map(|(&i, c)| Size::of(i, c, &judgements[i], package)).collect();
        let least = p.iter().copied().fold(1.0, f64::min);
        Some(Family { p: members.into_iter().zip(p).collect(), least, runs, full, sizes })
    }

    /// Judgements have other indices now, or none.
    pub(super) fn moved(&mut self, to: &[Option<usize>]) {
        let new = |i: usize| to.get(i).copied().flatten();
        self.p = self.p.iter().filter_map(|&(i, p)| Some((new(i)?, p))).collect();
        self.sizes.iter_mut().for_each(|size| size.at = size.at.and_then(new));
        self.sizes.shrink_to_fit();
    }

    /// The statistic that a series needs, where so many packages share the level.
    fn critical(&self, share: f64, packages: usize) -> Option<f64> {
        if self.runs < RUNS_FOR_TEST {
            return None;
        }
        self.full.critical(level(self.runs) * share / packages as f64)
    }
}

/// The p-value of each column, and the test of those that all runs have.
fn test(columns: &[Column]) -> (Vec<f64>, Tested) {
    let mut by_shape: BTreeMap<(usize, usize), Vec<usize>> = BTreeMap::new();
    for (k, c) in columns.iter().enumerate() {
        by_shape.entry((c.base.len(), c.head.len())).or_default().push(k);
    }
    // Most series have a figure in every run; those that some runs lack cannot be permuted with them.
    let most = by_shape.iter().max_by_key(|(shape, of)| (of.len(), **shape)).map(|(shape, _)| *shape);
    let others = by_shape.len().saturating_sub(1);
    let (mut all, mut full) = (vec![1.0; columns.len()], Tested::default());
    for (shape, of) in by_shape {
        let of_shape: Vec<Column> = of.iter().map(|&k| columns[k].clone()).collect();
        let tested = permutation::max_t(&of_shape, SEED);
        let share = match (Some(shape) == most, others) {
            (true, 0) => 1.0,
            (true, _) => FULL_SERIES,
            (false, _) => (1.0 - FULL_SERIES) / others as f64,
        };
        for (&k, p) in of.iter().zip(&tested.p) {
            all[k] = (p / share).min(1.0);
        }
        if Some(shape) == most {
            full = tested;
        }
    }
    (all, full)
}

impl Size {
    fn of(i: usize, column: &Column, judgement: &Judgement, package: &PackagePair) -> Option<Size> {
        let change = change_in(package, judgement);
        // What is tested of queues is a ratio.
        if queue::is_queue(package.subjects[judgement.at.1].kind, &change.path) {
            return None;
        }
        Some(Size {
            at: Some(i),
            scale: permutation::scale(column),
            limit: judgement.terms.max_increase,
            base: change.base().filter(|base| *base > 0.0)?,
            floor: judgement.terms.min_delta.max(0.0),
            larger_is_better: change.metric.better == Better::Larger,
            of_machine: change.metric.depends == DependsOn::Machine,
            is_gated_time: change.metric.class == Class::Time && change.metric.role == Role::Gated,
        })
    }

    /// The relative change of the series that would have been found: the test statistic of a true change lies above
    /// `critical` in four of five comparisons where it is [`POWER`] standard errors above it. What is tested are
    /// logarithms of figure plus floor, and relative changes are of the figure alone:
    ///
    /// ```text
    ///   ln(head + floor) - ln(base + floor) = x      (head - base) / base = (e^x - 1) (base + floor) / base
    /// ```
    fn found(&self, critical: f64) -> Option<f64> {
        let Size { scale, limit, base, floor, .. } = *self;
        let part = (1.0 + limit * PART_OF_LIMIT).ln();
        let x = part + (critical + POWER) * scale;
        // Of what should be great, the base is the greater: it falls by at most all of it.
        let found = if self.larger_is_better { -(-x).exp_m1() } else { x.exp_m1() };
        let found = (found * (base + floor) / base).max(limit).max(floor / base);
        (found.is_finite() && !(self.larger_is_better && found > 1.0)).then_some(found)
    }
}

/// The relative change that `runs` runs a side would show of a series with this noise (the standard deviation of its
/// logarithms), roughly: tested in a family, with the statistic that most families on the recorded workloads ask for.
pub fn detectable_change(noise: f64, runs: usize, limit: f64) -> f64 {
    let critical = if runs >= 8 { 3.5 } else { 4.5 };
    let scale = noise * (2.0 / runs as f64).sqrt() + permutation::fudge(runs as f64, runs as f64);
    ((1.0 + limit * PART_OF_LIMIT).ln() + (critical + POWER) * scale).exp_m1().max(limit)
}

/// Decides a series that looks worse than allowed, by its corrected p-value.
fn decide(judgement: &mut Judgement, package: &PackagePair, design: Design, p: f64, doubt: Option<&Evidence>) {
    if judgement.outcome != Outcome::Inconclusive || judgement.evidence != Evidence::FewRuns {
        return;
    }
    let change = change_in(package, judgement);
    if change.runs() < RUNS_FOR_TEST {
        return;
    }
    let level = level(change.runs());
    judgement.evidence = Evidence::Tested(p);
    if p > level * SUSPICIOUS {
        judgement.outcome = Outcome::Note;
    } else if p <= level * design.share {
        judgement.outcome = Outcome::Regression;
    }
    if p <= level * SUSPICIOUS
        && change.metric.depends == DependsOn::Machine
        && let Some(doubt) = doubt
    {
        judgement.outcome = Outcome::Inconclusive;
        judgement.evidence = doubt.clone();
    }
}

/// A figure per item that only a few of enough runs have, since the others had no such item: what it says is that the
/// item is rare, which its count tells.
fn only_in_some_runs(judgement: &mut Judgement, package: &PackagePair) {
    let change = change_in(package, judgement);
    let enough = package.base_runs.len().min(package.head_runs.len()) >= RUNS_FOR_TEST;
    if judgement.outcome == Outcome::Inconclusive
        && judgement.evidence == Evidence::FewRuns
        && enough
        && change.runs() < RUNS_FOR_TEST
    {
        judgement.outcome = Outcome::Note;
    }
}

/// What no family holds: what only warns, and what is better.
fn alone(judgement: &mut Judgement, package: &PackagePair, design: Design, doubt: Option<&Evidence>) {
    let change = change_in(package, judgement);
    let Presence::Both { base, head } = &change.presence else { return };
    if judgement.evidence != Evidence::FewRuns || change.runs() < RUNS_FOR_TEST {
        return;
    }
    if judgement.outcome == Outcome::Inconclusive && judgement.terms.level == Level::Warn {
        let p = permutation::max_t(&[column(judgement, package)], SEED).p.first().copied().unwrap_or(1.0);
        decide(judgement, package, design, p, doubt);
    } else if judgement.outcome == Outcome::Note && change.worse_by().is_some_and(|w| w < 0.0) {
        let p = match change.metric.better {
            Better::Larger => rank::p_greater(base.values(), head.values()),
            _ => rank::p_greater(head.values(), base.values()),
        };
        judgement.evidence = Evidence::Ranked(p);
        if p <= IMPROVEMENT {
            judgement.outcome = Outcome::Improvement;
        }
    }
}

/// A shift is judged over at least so many series that have no time in common.
const LEAST_SERIES: usize = 8;
/// A common shift of less is none.
const LEAST_SHIFT: f64 = 0.05;
/// The part of the series that has to move the same way.
const ALIKE: f64 = 0.75;

/// Why times of a package prove nothing, where base and head were recorded at different times or on other machines. That
/// everything shifted at once is said, since it names the cause; where it did not, times prove as little: between
/// sessions on one machine 26 to 40 % of unchanged packages with enough series failed without a common shift.
fn doubt(pair: &PackagePair, design: Design, own_times: impl Fn() -> Vec<f64>) -> Option<Evidence> {
    if pair.recorded(design) != Recorded::Apart {
        return None;
    }
    let ratios = own_times();
    if ratios.len() < LEAST_SERIES {
        return Some(Evidence::Apart);
    }
    let middle = sample::median(&ratios).unwrap_or(0.0);
    let alike = ratios.iter().filter(|r| r.signum() == middle.signum() && r.abs() > middle.abs() / 2.0).count();
    let shifted = middle.abs() > LEAST_SHIFT.ln_1p() && alike as f64 >= ALIKE * ratios.len() as f64;
    Some(if shifted { Evidence::Shift(middle.exp_m1()) } else { Evidence::Apart })
}

/// By how much the time on processors of each group of goroutines changed, as logarithms. Groups have no time in
/// common; what tests, regions and the whole run take is made of theirs, and would move with a single real change.
pub(super) fn own_times(pair: &PackagePair) -> Vec<f64> {
    pair.subjects
        .iter()
        .filter(|s| s.kind == SubjectKind::Group)
        .filter_map(|s| s.change("exec_ns"))
        .filter_map(|c| match (c.base(), c.head()) {
            (Some(base), Some(head)) if base > 0.0 && head > 0.0 => Some((head / base).ln()),
            _ => None,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn so_many_runs_are_needed_as_have_enough_ways_to_be_chosen() {
        // Of 4 to 9 runs a side there are 70, 252, 924, 3432, 12870 and 48620 ways; up to 7 runs the level is 2 %, then 1 %.
        for (runs, packages, share, needed) in [
            (4, 2, 1.0, 5),
            (5, 6, 1.0, 6),
            (5, 18, 1.0, 6),
            (5, 19, 1.0, 7),
            (6, 68, 1.0, 7),
            (6, 69, 1.0, 8),
            (7, 128, 1.0, 8),
            (7, 129, 1.0, 9),
            (5, 9, 0.5, 6),
            (5, 10, 0.5, 7),
        ] {
            let found = OutOfReach::of(runs, packages, share);
            assert_eq!(found, OutOfReach { runs, packages, needed }, "{runs} {packages} {share}");
        }
    }
}
