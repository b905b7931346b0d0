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

use super::queue;
use super::verdict::{Evidence, Judgement, Outcome, change_at};
use crate::compare::change::Presence;
use crate::compare::design::Recorded;
use crate::compare::{Comparison, PackagePair};
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

/// What testing gave beside the judgements.
#[derive(Clone, Debug, Default)]
pub(super) struct Weighed {
    /// The least p-value.
    pub(super) suspicion: f64,
    pub(super) detectable: Option<Detectable>,
}

/// Tests all series that can fail the build and vary, and decides those that look worse than allowed.
pub(super) fn weigh(judgements: &mut [Judgement], comparison: &Comparison) -> Weighed {
    let mut families: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (i, judgement) in judgements.iter().enumerate() {
        if is_tested(judgement, comparison) {
            families.entry(judgement.at.0).or_default().push(i);
        }
    }
    let mut tested: Vec<(Vec<usize>, Family)> = Vec::new();
    for members in families.into_values() {
        let family = Family::test(&members, judgements, comparison);
        tested.push((members, family));
    }
    // A whole build is one verdict: its packages share the level.
    let least: Vec<f64> = tested.iter().map(|(_, f)| f.p.iter().copied().fold(1.0, f64::min)).collect();
    let adjusted = multiple::holm(&least);
    let mut weighed = Weighed { suspicion: 1.0, detectable: None };
    let mut detectable = Vec::new();
    let mut runs = usize::MAX;
    let packages = tested.len();
    for (((members, family), least), adjusted) in tested.iter().zip(&least).zip(&adjusted) {
        let factor = if *least > 0.0 { adjusted / least } else { 1.0 };
        for (&i, p) in members.iter().zip(&family.p) {
            let p = (p * factor).min(1.0);
            weighed.suspicion = weighed.suspicion.min(p);
            decide(&mut judgements[i], comparison, p);
        }
        if let Some((least_runs, sizes)) = family.detectable(members, judgements, comparison, packages) {
            runs = runs.min(least_runs);
            // Of times that prove nothing, nothing could have been found.
            let package = members.first().map_or(0, |&i| judgements[i].at.0);
            let doubtful = doubt(comparison, package).is_some();
            for (i, size) in sizes {
                let metric = change_at(comparison, &judgements[i]).metric;
                if doubtful && metric.depends == DependsOn::Machine {
                    continue;
                }
                judgements[i].detectable = Some(size);
                if metric.class == Class::Time && metric.role == Role::Gated {
                    detectable.push(size);
                }
            }
        }
    }
    detectable.sort_by(f64::total_cmp);
    if let (Some(half), Some(most)) = (detectable.get(detectable.len() / 2), detectable.get(detectable.len() * 9 / 10))
    {
        weighed.detectable = Some(Detectable { runs, half: *half, most: *most });
    }
    for judgement in judgements.iter_mut() {
        if judgement.terms.steady && judgement.outcome == Outcome::Inconclusive {
            // A few runs more prove it.
            weighed.suspicion = 0.0;
        }
        alone(judgement, comparison);
        only_in_some_runs(judgement, comparison);
    }
    weighed
}

/// Whether a series is in its package's family. That must not depend on how its runs fall on the two sides; how large
/// its figures are may decide: where none reaches the floor, no change that is allowed to matter could be seen.
fn is_tested(judgement: &Judgement, comparison: &Comparison) -> bool {
    let change = change_at(comparison, judgement);
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
fn column(judgement: &Judgement, comparison: &Comparison) -> Column {
    let (change, terms) = (change_at(comparison, judgement), &judgement.terms);
    let Presence::Both { base, head } = &change.presence else { return Column::default() };
    let floor = terms.min_delta.max(f64::MIN_POSITIVE);
    let part = (1.0 + terms.max_increase * PART_OF_LIMIT).ln();
    let subject = &comparison.packages[judgement.at.0].subjects[judgement.at.1];
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
struct Family {
    p: Vec<f64>,
    columns: Vec<Column>,
    /// The test of the series that all runs have.
    full: Tested,
}

impl Family {
    fn test(members: &[usize], judgements: &[Judgement], comparison: &Comparison) -> Family {
        let columns: Vec<Column> = members.iter().map(|&i| column(&judgements[i], comparison)).collect();
        let mut by_shape: BTreeMap<(usize, usize), Vec<usize>> = BTreeMap::new();
        for (k, c) in columns.iter().enumerate() {
            by_shape.entry((c.base.len(), c.head.len())).or_default().push(k);
        }
        // Most series have a figure in every run; those that some runs lack cannot be permuted with them.
        let most = by_shape.iter().max_by_key(|(shape, of)| (of.len(), **shape)).map(|(shape, _)| *shape);
        let others = by_shape.len().saturating_sub(1);
        let mut family = Family { p: vec![1.0; members.len()], columns, full: Tested::default() };
        for (shape, of) in by_shape {
            let of_shape: Vec<Column> = of.iter().map(|&k| family.columns[k].clone()).collect();
            let tested = permutation::max_t(&of_shape, SEED);
            let share = match (Some(shape) == most, others) {
                (true, 0) => 1.0,
                (true, _) => FULL_SERIES,
                (false, _) => (1.0 - FULL_SERIES) / others as f64,
            };
            for (&k, p) in of.iter().zip(&tested.p) {
                family.p[k] = (p / share).min(1.0);
            }
            if Some(shape) == most {
                family.full = tested;
            }
        }
        family
    }

    /// The relative change of each series that would have been found, with the index of its judgement.
    fn detectable(
        &self,
        members: &[usize],
        judgements: &[Judgement],
        comparison: &Comparison,
        packages: usize,
    ) -> Option<(usize, Vec<(usize, f64)>)> {
        let runs = self.columns.iter().map(|c| c.base.len().min(c.head.len())).max()?;
        if runs < RUNS_FOR_TEST {
            return None;
        }
        let critical = self.full.critical(level(runs) * comparison.design.share / packages as f64)?;
        let all = members.iter().zip(&self.columns).filter(|(i, c)| {
            let judgement = &judgements[**i];
            let kind = comparison.packages[judgement.at.0].subjects[judgement.at.1].kind;
            let of_a_ratio = queue::is_queue(kind, &change_at(comparison, judgement).path);
            !of_a_ratio && c.base.len().min(c.head.len()) == runs
        });
        let sizes = all.filter_map(|(&i, c)| Some((i, self.least_found(c, &judgements[i], comparison, critical)?)));
        Some((runs, sizes.collect()))
    }

    /// The relative change of one series that would have been found: the test statistic of a true change lies above
    /// `critical` in four of five comparisons where it is [`POWER`] standard errors above it. What is tested are
    /// logarithms of figure plus floor, and relative changes are of the figure alone:
    ///
    /// ```text
    ///   ln(head + floor) - ln(base + floor) = x      (head - base) / base = (e^x - 1) (base + floor) / base
    /// ```
    fn least_found(
        &self,
        column: &Column,
        judgement: &Judgement,
        comparison: &Comparison,
        critical: f64,
    ) -> Option<f64> {
        let (change, terms) = (change_at(comparison, judgement), &judgement.terms);
        let limit = terms.max_increase;
        let part = (1.0 + limit * PART_OF_LIMIT).ln();
        let x = part + (critical + POWER) * permutation::scale(column);
        let base = change.base().filter(|base| *base > 0.0)?;
        let floor = terms.min_delta.max(0.0);
        let found = match change.metric.better {
            // Of what should be great, the base is the greater: it falls by at most all of it.
            Better::Larger => (-(-x).exp_m1() * (base + floor) / base).max(limit).max(floor / base),
            _ => (x.exp_m1() * (base + floor) / base).max(limit).max(floor / base),
        };
        (found.is_finite() && !(change.metric.better == Better::Larger && found > 1.0)).then_some(found)
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
fn decide(judgement: &mut Judgement, comparison: &Comparison, p: f64) {
    if judgement.outcome != Outcome::Inconclusive || judgement.evidence != Evidence::FewRuns {
        return;
    }
    let change = change_at(comparison, judgement);
    if change.runs() < RUNS_FOR_TEST {
        return;
    }
    let level = level(change.runs());
    judgement.evidence = Evidence::Tested(p);
    if p > level * SUSPICIOUS {
        judgement.outcome = Outcome::Note;
    } else if p <= level * comparison.design.share {
        judgement.outcome = Outcome::Regression;
    }
    if p <= level * SUSPICIOUS
        && change.metric.depends == DependsOn::Machine
        && let Some(doubt) = doubt(comparison, judgement.at.0)
    {
        judgement.outcome = Outcome::Inconclusive;
        judgement.evidence = doubt;
    }
}

/// A figure per item that only a few of enough runs have, since the others had no such item: what it says is that the
/// item is rare, which its count tells.
fn only_in_some_runs(judgement: &mut Judgement, comparison: &Comparison) {
    let change = change_at(comparison, judgement);
    let package = &comparison.packages[judgement.at.0];
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
fn alone(judgement: &mut Judgement, comparison: &Comparison) {
    let change = change_at(comparison, judgement);
    let Presence::Both { base, head } = &change.presence else { return };
    if judgement.evidence != Evidence::FewRuns || change.runs() < RUNS_FOR_TEST {
        return;
    }
    if judgement.outcome == Outcome::Inconclusive && judgement.terms.level == Level::Warn {
        let p = permutation::max_t(&[column(judgement, comparison)], SEED).p.first().copied().unwrap_or(1.0);
        decide(judgement, comparison, p);
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
fn doubt(comparison: &Comparison, package: usize) -> Option<Evidence> {
    let pair = comparison.packages.get(package)?;
    if pair.recorded(comparison.design) != Recorded::Apart {
        return None;
    }
    let ratios = own_times(pair);
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
fn own_times(pair: &PackagePair) -> Vec<f64> {
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
