//! Comparisons made by hand, series by series: what each run says stands in the test, and nothing else is compared.

use gotrace_diff::compare::per::Item;
use gotrace_diff::compare::{Change, Comparison, Design, PackagePair, Presence, Run, Subject, SubjectPair};
use gotrace_diff::config::{Config, Level, Pattern, Rule};
use gotrace_diff::gate::{self, Evidence, Judged};
use gotrace_diff::metrics::registry::{self, Path, SubjectKind};
use gotrace_diff::stats::sample::Sample;

/// What most of them are about.
pub(crate) const GROUP: SubjectKind = SubjectKind::Group;

/// A series with these figures; a side without any lacks it.
pub(crate) fn change(kind: SubjectKind, path: &str, base: &[f64], head: &[f64]) -> Change {
    let presence = match (Sample::new(base.to_vec()), Sample::new(head.to_vec())) {
        (Some(base), Some(head)) => Presence::Both { base, head },
        (None, Some(head)) => Presence::Added(head),
        (Some(base), None) => Presence::Removed(base),
        (None, None) => panic!("no figures of {path}"),
    };
    Change {
        metric: registry::find(kind, path).unwrap(),
        path: Path::new(path),
        item: Item::Run,
        presence,
        items: 1.0,
        head_items: 1.0,
        items_are_fixed: true,
    }
}

/// A subject with these series, on the sides that they have figures of.
pub(crate) fn subject(kind: SubjectKind, name: &str, changes: Vec<Change>) -> SubjectPair {
    let side = |is: bool| is.then(|| (name.to_owned(), Subject::default()));
    let base = side(changes.iter().any(|c| c.base().is_some()));
    SubjectPair {
        kind,
        base,
        head: side(changes.iter().any(|c| c.head().is_some())),
        changes,
        not_compared: Vec::new(),
    }
}

/// So many runs of a second each.
pub(crate) fn runs(count: usize) -> Vec<Run> {
    vec![Run { complete: true, gomaxprocs: 4, duration_ns: 1_000_000_000, ..Run::default() }; count]
}

/// A package with so many runs a side.
pub(crate) fn package(name: &str, runs_of: (usize, usize), subjects: Vec<SubjectPair>) -> PackagePair {
    PackagePair {
        name: name.to_owned(),
        base_runs: runs(runs_of.0),
        head_runs: runs(runs_of.1),
        stated: None,
        environment: Default::default(),
        tests_differ: false,
        other_tests: Default::default(),
        base_name: None,
        unlike: Vec::new(),
        tests_unnamed: false,
        subjects,
    }
}

/// One series of one group in one package, which has as many runs as the series.
pub(crate) fn alone(change: Change) -> PackagePair {
    let count = |figures: Option<&Sample>| figures.map_or(1, Sample::len);
    let runs = match &change.presence {
        Presence::Both { base, head } => (count(Some(base)), count(Some(head))),
        Presence::Added(head) => (1, count(Some(head))),
        Presence::Removed(base) => (count(Some(base)), 1),
    };
    package("p", runs, vec![subject(GROUP, "p.work", vec![change])])
}

pub(crate) fn comparison(packages: Vec<PackagePair>) -> Comparison {
    Comparison { packages, design: Design::default(), untested: Vec::new() }
}

/// A rule for these metrics of all subjects.
pub(crate) fn rule(metrics: &[&str]) -> Rule {
    Rule { metrics: metrics.iter().map(|m| Pattern::new(m).unwrap()).collect(), ..Rule::default() }
}

/// A rule by which these metrics matter so much.
pub(crate) fn at(level: Level, metrics: &[&str]) -> Rule {
    Rule { level: Some(level), ..rule(metrics) }
}

pub(crate) fn with_rules(rules: Vec<Rule>) -> Config {
    Config { rules, ..Config::default() }
}

/// Outcome and evidence of each series, in their order.
pub(crate) fn told(judged: &Judged) -> Vec<String> {
    let evidence = |evidence: &Evidence| match evidence {
        Evidence::Tested(p) => format!("Tested {p:.4}"),
        Evidence::Ranked(p) => format!("Ranked {p:.4}"),
        Evidence::Shift(part) => format!("Shift {part:.4}"),
        other => format!("{other:?}"),
    };
    judged.judgements.iter().map(|j| format!("{:?} {}", j.outcome, evidence(&j.evidence))).collect()
}

/// The same of a package by itself.
pub(crate) fn said(package: PackagePair, config: &Config) -> String {
    told(&gate::judge(&comparison(vec![package]), config)).join(", ")
}
