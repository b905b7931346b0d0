//! Diagnoses in words: named rules that say what kind of trouble a run is in, with the evidence and what people do
//! about it. In a comparison only what is new or has grown is said.
//!
//! ```text
//!   Summary ──rules──▶ Found (rule, subject, how bad)  ─┬─ base ─┐
//!                                                       └─ head ─┴─▶ new, or worse than before ─▶ said
//! ```
//!
//! Every threshold has a name, can be set under `[diagnose]` in the configuration, and is shown by `--explain RULE`.

mod load;
mod memory;
mod parallel;
mod waits;

use std::borrow::Borrow;
use std::collections::BTreeMap;

use crate::metrics::registry::SubjectKind;
use crate::summary::{Position, Site, SiteFrame, Summary};

/// How much worse something must have become to be said again.
const GROWN: f64 = 1.5;

/// A number that a rule compares with.
#[derive(Clone, Copy, Debug)]
pub struct Threshold {
    /// Its name in the configuration, behind the rule's.
    pub name: &'static str,
    /// What it is unless the configuration says otherwise.
    pub default: f64,
    /// What it means, with its unit.
    pub meaning: &'static str,
}

/// A kind of trouble.
#[derive(Debug)]
pub struct Rule {
    /// Its name.
    pub name: &'static str,
    /// One paragraph: when it is said.
    pub definition: &'static str,
    /// What people do about it.
    pub advice: &'static str,
    /// What it compares with.
    pub thresholds: &'static [Threshold],
    /// Whether it is no trouble, but worth knowing.
    pub fine: bool,
    find: fn(&Summary, &Limits<'_>) -> Vec<Found>,
}

/// Every rule, in the order in which diagnoses are said.
pub static RULES: &[&Rule] = &[
    // What never ended is no queue: it outranks what is said of those who wait.
    &waits::LEAK,
    &parallel::POOL,
    &waits::CONTENTION,
    &load::OVERSUBSCRIPTION,
    &load::HOG,
    &load::QUOTA,
    &memory::COLLECTOR,
    &waits::STUCK,
    &waits::POLLING,
    &parallel::SERIAL,
    &waits::NETWORK,
];

/// The rule of that name.
pub fn rule(name: &str) -> Option<&'static Rule> {
    RULES.iter().copied().find(|rule| rule.name == name)
}

/// Thresholds that the configuration sets: `rule.threshold` to value.
pub type Settings = BTreeMap<String, f64>;

/// The thresholds of one rule.
struct Limits<'a> {
    rule: &'static str,
    /// What its lower limits are divided by, and its upper ones (`max-`) multiplied.
    slack: f64,
    thresholds: &'static [Threshold],
    settings: &'a Settings,
}

impl Limits<'_> {
    fn get(&self, name: &str) -> f64 {
        let default = self.thresholds.iter().find(|t| t.name == name).map_or(f64::INFINITY, |t| t.default);
        // Asked for each of very many groups, and hardly anybody sets one.
        let set = if self.settings.is_empty() { None } else { self.settings.get(&format!("{}.{name}", self.rule)) };
        let limit = set.copied().unwrap_or(default);
        if name.starts_with("max-") { limit * self.slack } else { limit / self.slack }
    }
}

/// Whether `key` is the name of a threshold, as `rule.threshold`.
pub fn is_threshold(key: &str) -> bool {
    RULES.iter().any(|rule| rule.thresholds.iter().any(|t| format!("{}.{}", rule.name, t.name) == key))
}

/// Trouble in one run.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    /// What is in trouble.
    pub kind: SubjectKind,
    /// What it is called.
    pub subject: String,
    /// How bad it is: in the unit of the rule, more is worse.
    pub measure: f64,
    /// What is the matter, in one sentence.
    pub text: String,
    /// Where.
    pub position: Option<Position>,
    /// What shows it: label and value.
    pub evidence: Vec<(String, String)>,
}

/// A diagnosis that is said.
#[derive(Clone, Debug, PartialEq)]
pub struct Diagnosis {
    /// The rule's name.
    pub rule: &'static str,
    /// What people do about it.
    pub advice: &'static str,
    /// Whether it is no trouble.
    pub fine: bool,
    /// Whether the base was free of it; false where it had it and it has grown.
    pub new: bool,
    /// What is the matter.
    pub found: Found,
    /// The package that it is of, where several are compared.
    pub package: Option<String>,
}

/// Everything that is the matter with one run.
pub fn of(summary: &Summary, settings: &Settings) -> Vec<Diagnosis> {
    with_slack(summary, settings, 1.0)
}

/// The same, and what would be with limits that are `slack` times as wide.
fn with_slack(summary: &Summary, settings: &Settings, slack: f64) -> Vec<Diagnosis> {
    let all = RULES.iter().flat_map(|rule| {
        let limits = Limits { rule: rule.name, thresholds: rule.thresholds, slack, settings };
        let found = (rule.find)(summary, &limits);
        found.into_iter().map(|found| Diagnosis {
            rule: rule.name,
            advice: rule.advice,
            fine: rule.fine,
            new: true,
            found,
            package: None,
        })
    });
    all.collect()
}

/// What is the matter with the head, in most of its runs, that was not so with the base, or less.
pub fn changes<S: Borrow<Summary>>(base: &[S], head: &[S], settings: &Settings) -> Vec<Diagnosis> {
    // What is just below a limit on one side and just above it on the other has not changed.
    let before = gather(base, settings, GROWN);
    let now = gather(head, settings, 1.0);
    let mut said: Vec<Diagnosis> = Vec::new();
    for (key, runs) in now {
        let measures: Vec<f64> = runs.iter().map(|d| d.found.measure).collect();
        let Some(worst) = middle(measures, head.len()) else { continue };
        // The run that is nearest to the middle speaks for all.
        let nearest = |d: &&Diagnosis| (d.found.measure - worst).abs();
        let Some(speaker) = runs.iter().min_by(|a, b| nearest(a).total_cmp(&nearest(b))) else { continue };
        let measures = |runs: &[Diagnosis]| -> Vec<f64> { runs.iter().map(|d| d.found.measure).collect() };
        let before = before.get(&key).map(|runs| measures(runs)).unwrap_or_default();
        let apart = are_apart(before.clone(), base.len(), measures(&runs), head.len());
        let known = middle(before, base.len());
        let new = known.is_none();
        if !speaker.fine && apart && known.is_none_or(|known| worst >= GROWN * known) {
            said.push(Diagnosis { new, ..speaker.clone() });
        }
    }
    said.extend(parallel::lost(base, head, settings));
    let order = |d: &Diagnosis| RULES.iter().position(|rule| rule.name == d.rule);
    said.sort_by(|a, b| {
        order(a)
            .cmp(&order(b))
            .then(b.found.measure.total_cmp(&a.found.measure))
            .then(a.found.subject.cmp(&b.found.subject))
    });
    said
}

type Gathered = BTreeMap<(&'static str, SubjectKind, String), Vec<Diagnosis>>;

fn gather<S: Borrow<Summary>>(runs: &[S], settings: &Settings, slack: f64) -> Gathered {
    let mut all = Gathered::new();
    for diagnosis in runs.iter().flat_map(|run| with_slack(run.borrow(), settings, slack)) {
        let key = (diagnosis.rule, diagnosis.found.kind, diagnosis.found.subject.clone());
        all.entry(key).or_default().push(diagnosis);
    }
    all
}

/// The median over all runs, those that have nothing to say counting 0: `None` where most have not.
fn middle(mut measures: Vec<f64>, runs: usize) -> Option<f64> {
    if measures.len() * 2 <= runs && runs > 1 || measures.is_empty() {
        return None;
    }
    measures.resize(runs.max(measures.len()), 0.0);
    measures.sort_by(f64::total_cmp);
    Some(measures[measures.len() / 2])
}

/// Whether three quarters of the head's runs are above three quarters of the base's, those that have nothing to say counting 0:
/// what comes and goes between runs of the same code is no news.
fn are_apart(mut base: Vec<f64>, base_runs: usize, mut head: Vec<f64>, head_runs: usize) -> bool {
    for (side, runs) in [(&mut base, base_runs), (&mut head, head_runs)] {
        side.resize(runs.max(side.len()).max(1), 0.0);
        side.sort_by(f64::total_cmp);
    }
    head[head.len() / 4] > base[base.len() - 1 - base.len() / 4]
}

/// How long a run is, ns.
fn wall(summary: &Summary) -> f64 {
    summary.end_ns.saturating_sub(summary.start_ns).max(1) as f64
}

/// A duration for people.
fn time(ns: f64) -> String {
    let (value, unit) = match ns {
        ns if ns >= 1e9 => (ns / 1e9, "s"),
        ns if ns >= 1e6 => (ns / 1e6, "ms"),
        ns if ns >= 1e3 => (ns / 1e3, "µs"),
        ns => (ns, "ns"),
    };
    if value >= 100.0 || unit == "ns" { format!("{value:.0} {unit}") } else { format!("{value:.1} {unit}") }
}

/// The frame that a person looks for: the innermost of the program's own.
fn own(stack: &[SiteFrame]) -> Option<&SiteFrame> {
    crate::compare::names::leaf(stack)
}

/// Where the program's goroutines wait: not those of the runtime and the test framework, nor what waits for the latter
/// (a parallel test for its turn, a test for its subtests).
fn sites(summary: &Summary) -> impl Iterator<Item = &Site> {
    summary.sites.iter().filter(|site| is_programs(site, summary))
}

fn is_programs(site: &Site, summary: &Summary) -> bool {
    is_users(&site.group, summary) && !crate::compare::framework::is_framework_wait(&site.stack)
}

/// Whether a group's goroutines are the program's.
fn is_users(group: &str, summary: &Summary) -> bool {
    use crate::metrics::population::{Owner, owner};
    let under_test = crate::compare::framework::is_under_test(summary);
    !matches!(owner(group, under_test), Owner::Runtime | Owner::Framework)
}
