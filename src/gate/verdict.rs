//! What each change means, and what all of them mean for the build.
//!
//! ```text
//!                      below 3 runs a side                 from 3 runs on                    from 4 runs on
//!   budget, required   fails                               fails                             fails
//!   structural count   fails if 4 times and grown by 16    constant on both sides: fails     the same
//!                                                          beyond limit and floor
//!   steady count       shown                               suspicious ([`steady`])             from 5: fails if all runs
//!                                                                                            are alike, or far apart
//!   other, times       fails beyond a hard limit of the    as before                         fails if the test of the
//!                      team's own; else inconclusive                                         family says so ([`evidence`])
//!
//! A base of 5 runs or more, as a baseline is, whose count is the same in all of them, needs one run of the head.
//! ```

use super::accept;
use super::added::{OfBase, added};
use super::doubt::{self, Doubt};
use super::evidence::{self, Detectable, OutOfReach};
use super::package::{Aside, Opened};
use super::queue;
use super::rules::Terms;
use super::steady;
use super::unlike;
use crate::compare::change::{Change, Presence};
use crate::compare::{Comparison, PackagePair, SubjectPair};
use crate::config::{Accept, Config, Level, OnInconclusive};
use crate::error::exit;
use crate::metrics::registry::{Class, SubjectKind};
use crate::stats::interval;

/// With fewer runs a side nothing can be said of how much a count varies.
pub const RUNS_FOR_EVIDENCE: usize = 3;
/// With fewer runs a count fails the build only if it grows by this much...
pub const CERTAIN_GROWTH: f64 = 16.0;
/// ...and to so many times what it was. Numbers of goroutines that depend on timing differ by up to 4.3 times between
/// single runs of the same code (database/sql, 225 to 983): with 2, 18 % of its unchanged builds failed.
pub const CERTAIN_FACTOR: f64 = 4.0;
/// A base of so many runs with one and the same count shows that it does not vary, whatever the head has.
pub const RUNS_OF_A_BASELINE: usize = 5;

/// What a change, or all of them, mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// Nothing is worse than allowed.
    Pass,
    /// Something looks worse than allowed, and it is not proven.
    Inconclusive,
    /// Something is worse than allowed.
    Regression,
}

impl Verdict {
    /// Its name in reports and JSON.
    pub fn name(self) -> &'static str {
        match self {
            Verdict::Pass => "pass",
            Verdict::Inconclusive => "inconclusive",
            Verdict::Regression => "regression",
        }
    }
}

/// What one change means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// Worse than allowed.
    Regression,
    /// Looks worse than allowed, unproven.
    Inconclusive,
    /// Better.
    Improvement,
    /// Worse than allowed, and the team has accepted it.
    Accepted,
    /// Worth knowing, whatever it means.
    Note,
    /// Within limits.
    Unchanged,
}

impl Outcome {
    /// Its name in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Outcome::Regression => "regression",
            Outcome::Inconclusive => "inconclusive",
            Outcome::Improvement => "improvement",
            Outcome::Accepted => "accepted",
            Outcome::Note | Outcome::Unchanged => "note",
        }
    }
}

/// What an outcome rests on.
#[derive(Clone, Debug, PartialEq)]
pub enum Evidence {
    /// The head is over the budget.
    Budget,
    /// A required subject is missing.
    Required,
    /// A rule names a subject that is missing.
    Named,
    /// A count at least quadrupled and grew by 16.
    Multiplied,
    /// Beyond the hard limit that the team wrote.
    HardLimit,
    /// The same in every run of a side.
    Constant,
    /// In every run of the head at least twice of what it is in any run of the base.
    Separated,
    /// The rule says that it does not vary.
    Exact,
    /// A permutation test; its p-value, corrected over the family.
    Tested(f64),
    /// A rank test of this series alone; its p-value. It proves what is better, which fails nothing.
    Ranked(f64),
    /// Base and head were not recorded alternately, and everything shifted at once: by this part.
    Shift(f64),
    /// Base and head were not recorded alternately, and too little is known to tell the machine from the change.
    Apart,
    /// Too few runs.
    FewRuns,
    /// The recordings differ in what the figure depends on.
    Environment,
    /// There are more or fewer items, and all together they take as long as before.
    Regrouped,
    /// Another number of tests ran.
    TestsDiffer,
    /// A test failed or was skipped on one side.
    OutcomesDiffer,
    /// New, or gone.
    Presence,
    /// Nothing speaks for a change.
    None,
}

/// One change, judged.
#[derive(Clone, Debug)]
pub struct Judgement {
    /// Which package, which of its subjects, which of its changes.
    pub at: (usize, usize, usize),
    /// Its limits.
    pub terms: Terms,
    /// What it means.
    pub outcome: Outcome,
    /// Why.
    pub evidence: Evidence,
    /// The interval of the relative change, where there are enough runs for one.
    pub interval: Option<(f64, f64)>,
    /// The relative change that would have been found in four of five such comparisons, where it was tested. None for
    /// queues: what is tested of them is a ratio.
    pub detectable: Option<f64>,
    /// What the team has said of it, where that holds.
    pub accepted: Option<Box<Accept>>,
}

/// A whole comparison, judged.
#[derive(Clone, Debug)]
pub struct Judged {
    /// The verdict.
    pub verdict: Verdict,
    /// The exit status.
    pub exit_code: u8,
    /// All changes that were compared.
    pub judgements: Vec<Judgement>,
    /// How many of them can fail the build.
    pub gated: usize,
    /// Whether the environment kept times out of the verdict.
    pub times_out: bool,
    /// What keeps it from passing though nothing is worse, the gravest first.
    pub doubts: Vec<Doubt>,
    /// The least p-value of all series that can fail the build; 1 where none was tested.
    pub suspicion: f64,
    /// What the given runs could have found.
    pub detectable: Option<Detectable>,
    /// Where they could not have found anything, in times of some packages.
    pub out_of_reach: Option<OutOfReach>,
    /// What was compared and is in no judgement.
    pub aside: Aside,
}

impl Judged {
    /// Whether something fails that no more runs could change: a budget, a count that is the same in all runs.
    pub fn is_certain(&self) -> bool {
        self.judgements.iter().any(|j| {
            j.outcome == Outcome::Regression
                && j.terms.level == Level::Error
                && !matches!(j.evidence, Evidence::Tested(_) | Evidence::Multiplied)
        })
    }

    /// The packages in which something looks worse and only more runs can tell.
    pub fn suspects(&self, comparison: &Comparison) -> std::collections::BTreeSet<String> {
        let unproven = |j: &&Judgement| {
            j.outcome == Outcome::Inconclusive
                && j.terms.level == Level::Error
                && matches!(j.evidence, Evidence::Tested(_) | Evidence::FewRuns)
        };
        self.judgements.iter().filter(unproven).map(|j| comparison.packages[j.at.0].name.clone()).collect()
    }
}

/// Judges a comparison.
pub fn judge(comparison: &Comparison, config: &Config) -> Judged {
    let opened = comparison.packages.iter().map(|p| Opened::of(p, comparison.design, config.of(&p.name))).collect();
    close(comparison, opened, config)
}

/// Judges packages together that were judged one by one, in the order of the comparison's.
pub fn close(comparison: &Comparison, mut opened: Vec<Opened>, config: &Config) -> Judged {
    let weighed = evidence::weigh(&mut opened, comparison);
    let times_out = opened.iter().any(|o| o.times_out);
    let mut judgements = Vec::with_capacity(opened.iter().map(|o| o.judgements.len()).sum());
    let mut aside = Aside::default();
    for (p, package) in opened.into_iter().enumerate() {
        judgements.extend(package.judgements.into_iter().map(|j| Judgement { at: (p, j.at.1, j.at.2), ..j }));
        aside.add(package.aside);
    }
    let today = config.today();
    for judgement in judgements.iter_mut().filter(|j| j.outcome != Outcome::Unchanged) {
        if judgement.terms.both_ways
            && judgement.terms.level >= Level::Warn
            && judgement.outcome == Outcome::Improvement
        {
            judgement.outcome = Outcome::Regression;
        }
        // More at once, or a smaller share of more: what code that got slower shows, too.
        if judgement.outcome == Outcome::Improvement && change_at(comparison, judgement).metric.class == Class::Ratio {
            judgement.outcome = Outcome::Note;
        }
        let (p, s, c) = judgement.at;
        let package = &comparison.packages[p];
        let subject = &package.subjects[s];
        accept::apply(judgement, package, subject, &subject.changes[c], config.of(&package.name), today);
        if let Presence::Both { base, head } = &change_at(comparison, judgement).presence {
            judgement.interval = interval::relative(base.values(), head.values());
        }
        // The test of improvements is one-sided, and what is shown beside it must not say that it may as well be worse.
        if judgement.outcome == Outcome::Improvement
            && matches!(judgement.evidence, Evidence::Ranked(_))
            && judgement.interval.is_some_and(|(low, high)| low <= 0.0 && high >= 0.0)
        {
            judgement.outcome = Outcome::Note;
        }
    }
    let unlike = unlike::set_aside(&mut judgements, comparison);
    let gated = judgements
        .iter()
        .filter(|j| j.terms.level == Level::Error && j.evidence != Evidence::Environment)
        .filter(|j| matches!(change_at(comparison, j).presence, Presence::Both { .. }))
        .count()
        + aside.gated;
    let fails = |outcome: Outcome| judgements.iter().any(|j| j.terms.level == Level::Error && j.outcome == outcome);
    let doubts = doubt::all(comparison, unlike, gated, config);
    let verdict = if fails(Outcome::Regression) {
        Verdict::Regression
    } else if !doubts.is_empty() || fails(Outcome::Inconclusive) {
        Verdict::Inconclusive
    } else {
        Verdict::Pass
    };
    let exit_code = match verdict {
        Verdict::Regression => exit::REGRESSION,
        Verdict::Inconclusive if inconclusive_fails(comparison, &judgements, &doubts, config) => exit::INCONCLUSIVE,
        Verdict::Pass | Verdict::Inconclusive => exit::PASS,
    };
    Judged {
        verdict,
        exit_code,
        judgements,
        gated,
        times_out,
        doubts,
        suspicion: weighed.suspicion,
        detectable: weighed.detectable,
        out_of_reach: weighed.out_of_reach,
        aside,
    }
}

/// Whether what is inconclusive fails the build: as the packages say that it is of; all of them, where nothing gates; and where there
/// is no package, as is said of the whole.
fn inconclusive_fails(comparison: &Comparison, judgements: &[Judgement], doubts: &[Doubt], config: &Config) -> bool {
    if doubts.iter().any(Doubt::always_fails) {
        return true;
    }
    let fails = |package: &str| config.of(package).on_inconclusive == OnInconclusive::Fail;
    let unproven = |j: &&Judgement| j.terms.level == Level::Error && j.outcome == Outcome::Inconclusive;
    let unlike =
        doubts.iter().filter_map(|d| if let Doubt::Unlike { package, .. } = d { Some(*package) } else { None });
    let suspects = judgements.iter().filter(unproven).map(|j| j.at.0).chain(unlike);
    let untested = comparison.untested.iter().map(String::as_str);
    let mut suspects = suspects.map(|p| comparison.packages[p].name.as_str()).chain(untested).peekable();
    if suspects.peek().is_some() {
        return suspects.any(fails);
    }
    match &comparison.packages[..] {
        [] => config.on_inconclusive == OnInconclusive::Fail,
        packages => packages.iter().any(|p| fails(&p.name)),
    }
}

/// The change that a judgement is of.
pub fn change_at<'c>(comparison: &'c Comparison, judgement: &Judgement) -> &'c Change {
    let (p, s, c) = judgement.at;
    &comparison.packages[p].subjects[s].changes[c]
}

/// All that can be said of a change without looking at others.
pub(super) fn alone(
    judgement: &mut Judgement,
    package: &PackagePair,
    subject: &SubjectPair,
    change: &Change,
    (alternating, known): (bool, &OfBase<'_>),
) {
    let (outcome, evidence) = match &change.presence {
        Presence::Removed(_) => removed(judgement, package),
        Presence::Added(_) => added(package, subject, change, &judgement.terms, known),
        Presence::Both { base, head } => {
            let constant = shows_no_variation(subject.kind, change, base.len(), head.len());
            both(judgement, package, subject, change, (alternating, constant))
        }
    };
    let unproven = outcome == Outcome::Inconclusive && evidence == Evidence::FewRuns && judgement.terms.only_if_proven;
    judgement.outcome = match outcome {
        Outcome::Inconclusive
            if unproven && (change.runs() < evidence::RUNS_FOR_TEST || queue::is_made_up_for(subject, change)) =>
        {
            Outcome::Note
        }
        // What cannot fail the build is shown for what it is.
        Outcome::Regression | Outcome::Inconclusive if judgement.terms.level == Level::Info => Outcome::Note,
        other => other,
    };
    judgement.evidence = evidence;
    if judgement.terms.is_over_budget(change) {
        judgement.outcome = Outcome::Regression;
        judgement.evidence = Evidence::Budget;
    }
}

fn removed(judgement: &Judgement, package: &PackagePair) -> (Outcome, Evidence) {
    let terms = &judgement.terms;
    if terms.level >= Level::Warn && terms.required && !package.head_runs.is_empty() {
        return (Outcome::Regression, Evidence::Required);
    }
    // Where no run of the package is in the head, nothing is known of what is required either.
    if terms.level >= Level::Warn && (terms.required || terms.named) {
        return (Outcome::Inconclusive, Evidence::Named);
    }
    (Outcome::Note, Evidence::Presence)
}

/// Items in a run, for saying what a count per operation or second is in a run.
pub(super) fn runs_items(package: &PackagePair, change: &Change) -> f64 {
    use crate::compare::per::Item;
    let head = &package.head_runs;
    match change.item {
        Item::Operation => head.iter().filter_map(|r| r.operations).max().unwrap_or(1) as f64,
        Item::Second => head.iter().map(|r| r.duration_ns).max().unwrap_or(0) as f64 / 1e9,
        _ => 1.0,
    }
}

/// Whether the runs show that a count does not vary, so that a difference is one.
fn shows_no_variation(kind: SubjectKind, change: &Change, base: usize, head: usize) -> bool {
    // With 3 runs a side, counts by stack fail 6 to 42 % of unchanged builds, with 5 at most 2 %.
    let least = if kind == SubjectKind::Site { RUNS_OF_A_BASELINE } else { RUNS_FOR_EVIDENCE };
    let of_a_baseline = base >= RUNS_OF_A_BASELINE && kind != SubjectKind::Site;
    change.is_constant() && (base.min(head) >= least || of_a_baseline)
}

fn both(
    judgement: &Judgement,
    package: &PackagePair,
    subject: &SubjectPair,
    change: &Change,
    (alternating, constant): (bool, bool),
) -> (Outcome, Evidence) {
    let terms = &judgement.terms;
    // What should stay as it is can only be told for certain where it is better neither way: no test asks for that.
    let proven_either_way = terms.both_ways && (terms.exact || (change.is_structural() && constant));
    let Some(worse) = change.worse_by().or_else(|| proven_either_way.then(|| change.delta().abs())) else {
        let moved = beyond(change, terms, change.delta().abs());
        return (if moved { Outcome::Note } else { Outcome::Unchanged }, Evidence::None);
    };
    let kept_out = !alternating && !package.environment.keeps(change.metric);
    if !beyond(change, terms, worse.abs()) {
        return (Outcome::Unchanged, if kept_out { Evidence::Environment } else { Evidence::None });
    }
    if kept_out {
        return (Outcome::Note, Evidence::Environment);
    }
    if regrouped(change, package, worse) {
        return (Outcome::Note, Evidence::Regrouped);
    }
    let few = change.runs() < RUNS_FOR_EVIDENCE;
    let relative = change.base().filter(|b| *b != 0.0).map_or(f64::INFINITY, |b| worse.abs() / b.abs());
    let certain = if terms.exact {
        Some(Evidence::Exact)
    } else if terms.steady {
        steady::proof(change)
    } else if !change.is_structural() {
        None
    } else if constant {
        Some(Evidence::Constant)
    } else if !few {
        None
    } else {
        let far = if worse > 0.0 { relative >= CERTAIN_FACTOR - 1.0 } else { relative >= 1.0 - 1.0 / CERTAIN_FACTOR };
        let items = if change.delta() > 0.0 { runs_items(package, change) } else { 1.0 };
        (far && worse.abs() * items >= CERTAIN_GROWTH).then_some(Evidence::Multiplied)
    };
    let hard = worse > 0.0 && terms.hard_limit.is_some_and(|hard| relative > hard);
    let proven = certain.or(hard.then_some(Evidence::HardLimit));
    if worse > 0.0
        && package.tests_differ_for(subject)
        && matches!(proven, Some(Evidence::Multiplied | Evidence::Constant | Evidence::Separated | Evidence::Exact))
    {
        // More tests start more goroutines: that is what they are for.
        return (Outcome::Inconclusive, Evidence::TestsDiffer);
    }
    match (proven, worse > 0.0) {
        (Some(evidence), true) => (Outcome::Regression, evidence),
        (Some(evidence), false) => (Outcome::Improvement, evidence),
        (None, true) => (Outcome::Inconclusive, Evidence::FewRuns),
        (None, false) => (Outcome::Note, Evidence::FewRuns),
    }
}

/// The same work split another way: with a goroutine for each job, each of them takes less than a worker took.
///
/// What falls per item is no improvement then. What rises per item counts all the same, since whoever works for a fixed
/// time does fewer rounds when slower; unless every run of a side has the same number of items.
fn regrouped(change: &Change, package: &PackagePair, worse: f64) -> bool {
    use crate::compare::per::Item;
    if !matches!(change.item, Item::Goroutine | Item::Call | Item::Task) {
        return false;
    }
    let (Some(base), Some(head)) = (change.base(), change.head()) else { return false };
    let (before, after) = (base * change.items, head * change.head_items);
    let runs = package.base_runs.len().min(package.head_runs.len());
    if worse < 0.0 {
        change.head_items > change.items && after > before * 0.8
    } else {
        runs >= RUNS_FOR_EVIDENCE && change.items_are_fixed && change.head_items < change.items && after < before * 1.05
    }
}

/// Beyond the relative limit and the absolute floor.
fn beyond(change: &Change, terms: &Terms, by: f64) -> bool {
    by > 0.0
        && by >= terms.min_delta
        && change.base().filter(|b| *b != 0.0).is_none_or(|b| by / b.abs() > terms.max_increase)
}
