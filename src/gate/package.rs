//! One package judged as far as that goes without the others, and what of it cannot matter any more set aside.
//!
//! ```text
//!   package ──▶ each change alone ──▶ test of its family ──┬─▶ all of it                    ─┐
//!   package ──▶ ...                                        ├─▶ ...                           ├─▶ corrected over packages,
//!   package ──▶ ...                 (on any thread) ───────┴─▶ what is remarkable, and counts ┘   accepted, one verdict
//! ```
//!
//! A thousand shards have millions of series, nearly all of which did not change. What they add to the verdict are
//! numbers: how many there were, the least p-value, and how small a change they would have shown.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use super::added::OfBase;
use super::evidence::{self, Family};
use super::rules::Spoken;
use super::verdict::{self, Evidence, Judgement, Outcome};
use crate::compare::change::Presence;
use crate::compare::{Design, PackagePair, SubjectPair};
use crate::config::{Config, Level, OnEnvMismatch, Rule};
use crate::metrics::registry::{Path, SubjectKind};

/// Of more series than this a merge lists the remarkable ones only.
pub const MOST_SERIES: usize = 50_000;

/// A package judged without the others.
#[derive(Debug)]
pub struct Opened {
    /// Of all changes that were compared and not set aside; the package's own index is not known yet.
    pub(super) judgements: Vec<Judgement>,
    pub(super) family: Option<Family>,
    pub(super) times_out: bool,
    /// By how much the groups' own times changed, where some of them are set aside.
    pub(super) own_times: Option<Vec<f64>>,
    pub(super) aside: Aside,
}

/// What was compared and is not listed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Aside {
    /// Series on both sides.
    pub series: usize,
    /// Subjects that have such.
    pub subjects: usize,
    /// Series that can fail the build.
    pub gated: usize,
    /// Series that the environment keeps out of the verdict.
    pub apart: usize,
    /// Subjects of the runtime and the test framework.
    pub framework: usize,
    /// Series that could not be compared, by metric's kind and path, and why.
    pub not_compared: BTreeMap<(SubjectKind, Path, &'static str), usize>,
    /// Where the rules are written that match one of them: file and line.
    pub matched: BTreeSet<(PathBuf, usize)>,
    /// All subjects set aside, package by package.
    pub of_package: Vec<usize>,
}

impl Aside {
    /// Whether a rule matches something that is not listed.
    pub fn is_matched(&self, rule: &Rule) -> bool {
        self.matched.iter().any(|(file, line)| *line == rule.line && *file == rule.file)
    }

    /// Adds what another package has.
    pub(super) fn add(&mut self, other: Aside) {
        self.series += other.series;
        self.subjects += other.subjects;
        self.gated += other.gated;
        self.apart += other.apart;
        self.framework += other.framework;
        for (key, count) in other.not_compared {
            *self.not_compared.entry(key).or_default() += count;
        }
        self.matched.extend(other.matched);
        self.of_package.extend(other.of_package);
    }
}

impl Opened {
    /// Judges a package. `design`: of the whole comparison.
    pub fn of(package: &PackagePair, design: Design, config: &Config) -> Opened {
        // What differs between the sides is what is tested, or the team wants it to be.
        let alternating = package.is_stated_alternating(design);
        let any_environment = alternating || config.on_env_mismatch == OnEnvMismatch::Warn;
        let known = OfBase::of(package);
        let unknown = package.base_runs.is_empty() || package.head_runs.is_empty();
        let mut judgements = Vec::with_capacity(package.subjects.iter().map(|s| s.changes.len()).sum());
        let mut times_out = false;
        for (s, subject) in package.subjects.iter().enumerate() {
            let spoken = Spoken::of(config, subject.kind, subject.name(), subject.renamed_from());
            for (c, change) in subject.changes.iter().enumerate() {
                let mut terms = spoken.terms(change);
                let asked_for = package.head_runs.is_empty() && (terms.required || terms.named);
                if unknown && !asked_for && !terms.is_over_budget(change) {
                    // Nobody ran the package on one side: that is told once, not for each of its subjects.
                    continue;
                }
                if terms.level == Level::Off || (subject.is_framework() && !config.show_framework) {
                    continue;
                }
                if change.is_more_than_presence() && !terms.is_over_budget(change) {
                    // Of a subject that is new its count says all, unless a budget says that this is too much.
                    continue;
                }
                if subject.is_framework() {
                    terms.level = terms.level.min(Level::Info);
                }
                let mut judgement = Judgement {
                    at: (0, s, c),
                    terms,
                    outcome: Outcome::Unchanged,
                    evidence: Evidence::None,
                    interval: None,
                    detectable: None,
                    accepted: None,
                };
                verdict::alone(&mut judgement, package, subject, change, (any_environment, &known));
                times_out |= judgement.evidence == Evidence::Environment;
                judgements.push(judgement);
            }
        }
        let family = Family::of(&judgements, package);
        Opened {
            judgements,
            family,
            times_out,
            own_times: None,
            aside: Aside { of_package: vec![0], ..Aside::default() },
        }
    }

    /// How many series it holds.
    pub fn series(&self) -> usize {
        self.judgements.len()
    }

    /// Whether that has happened.
    pub fn is_set_aside(&self) -> bool {
        self.own_times.is_some()
    }

    /// Takes all subjects out of `package` of which nothing is remarkable, and leaves numbers in their place. No verdict
    /// and no finding depends on them any more.
    pub fn set_aside(&mut self, package: &mut PackagePair, config: &Config) {
        let mut kept = vec![false; package.subjects.len()];
        for judgement in self.judgements.iter().filter(|j| j.outcome != Outcome::Unchanged) {
            kept[judgement.at.1] = true;
        }
        self.own_times.get_or_insert_with(|| evidence::own_times(package));
        for (subject, kept) in package.subjects.iter().zip(&mut kept) {
            // The whole run explains findings of its parts.
            *kept |= subject.kind == SubjectKind::Process;
            if !*kept {
                self.aside.note(subject, config);
            }
        }
        let mut with_both = BTreeSet::new();
        for judgement in self.judgements.iter().filter(|j| !kept[j.at.1]) {
            let both = is_both(package, judgement);
            if both {
                self.aside.series += 1;
                with_both.insert(judgement.at.1);
            }
            let apart = judgement.evidence == Evidence::Environment;
            self.aside.apart += usize::from(apart);
            self.aside.gated += usize::from(both && !apart && judgement.terms.level == Level::Error);
        }
        self.aside.subjects += with_both.len();
        if let Some(count) = self.aside.of_package.first_mut() {
            *count += kept.iter().filter(|kept| !**kept).count();
        }
        self.drop(&kept, package);
    }

    /// Forgets the subjects that are not kept; the indices of the others move up.
    fn drop(&mut self, kept: &[bool], package: &mut PackagePair) {
        let mut new = Vec::with_capacity(kept.len());
        let mut next = 0;
        for &kept in kept {
            new.push(next);
            next += usize::from(kept);
        }
        let mut moved = vec![None; self.judgements.len()];
        let mut judgements = Vec::new();
        for (i, mut judgement) in std::mem::take(&mut self.judgements).into_iter().enumerate() {
            if kept[judgement.at.1] {
                moved[i] = Some(judgements.len());
                judgement.at.1 = new[judgement.at.1];
                judgements.push(judgement);
            }
        }
        self.judgements = judgements;
        if let Some(family) = &mut self.family {
            family.moved(&moved);
        }
        let mut at = 0;
        package.subjects.retain(|_| {
            at += 1;
            kept[at - 1]
        });
        package.subjects.shrink_to_fit();
    }
}

impl Aside {
    fn note(&mut self, subject: &SubjectPair, config: &Config) {
        self.framework += usize::from(subject.is_framework());
        if !subject.is_framework() || config.show_framework {
            for (path, why) in &subject.not_compared {
                *self.not_compared.entry((subject.kind, path.clone(), why)).or_default() += 1;
            }
        }
        for rule in config.rules.iter().filter(|rule| rule.line > 0) {
            if !self.is_matched(rule) && matches(rule, subject) {
                self.matched.insert((rule.file.clone(), rule.line));
            }
        }
    }
}

/// Whether a rule speaks of one of a subject's series; of any that it had, where it is gone.
pub fn matches(rule: &Rule, subject: &SubjectPair) -> bool {
    let speaks_of_it = subject.names().any(|name| rule.matches_subject(subject.kind, name));
    speaks_of_it && (subject.head.is_none() || subject.changes.iter().any(|change| rule.matches_metric(&change.path)))
}

fn is_both(package: &PackagePair, judgement: &Judgement) -> bool {
    let (_, s, c) = judgement.at;
    matches!(package.subjects[s].changes[c].presence, Presence::Both { .. })
}
