//! What the working tree's configuration and baseline say other than those of the commit that gates: a change that
//! loosens its own gate is not believed, and said to have tried.

use std::path::Path;

use super::at_ref::Commit;
use super::documents::{self, Document};
use crate::baseline::Baseline;
use crate::compare::{self, Comparison, Presence};
use crate::config::{Accept, Config, Files, OnEnvMismatch, OnInconclusive, OnMissingBaseline, WorkingTree};
use crate::gate::rules::{Spoken, Terms};
use crate::metrics::registry::{Better, Unit};
use crate::report::units;

/// So many examples are told of each.
const EXAMPLES: usize = 3;

/// What the configuration here would loosen.
pub(super) fn configuration(commit: &Commit, used: &Config, here: &Config, comparison: &Comparison) -> Vec<String> {
    let mut differing: Vec<&Path> = Vec::new();
    for path in used.all().chain(here.all()).flat_map(|c| &c.files) {
        let read = |files: &dyn Files| files.read(path, documents::MOST_BYTES).ok().flatten();
        if !differing.contains(&path.as_path()) && read(commit) != read(&WorkingTree) {
            differing.push(path);
        }
    }
    if differing.is_empty() {
        return Vec::new();
    }
    let mut looser: Vec<String> = Vec::new();
    let packages = comparison.packages.iter().map(|p| (used.of(&p.name), here.of(&p.name)));
    for (used, here) in std::iter::once((used, here)).chain(packages) {
        looser.extend(policies(used, here));
    }
    looser.sort();
    looser.dedup();
    let mut series = 0;
    let mut examples = Vec::new();
    for package in &comparison.packages {
        for subject in &package.subjects {
            let [used, here] = [used, here].map(|config| {
                Spoken::of(config.of(&package.name), subject.kind, subject.name(), subject.renamed_from())
            });
            for change in subject.changes.iter().filter(|c| !c.is_more_than_presence()) {
                let (used, here) = (used.terms(change), here.terms(change));
                if let Some(how) = loosened(&used, &here, change.metric.unit, change.metric.better) {
                    series += 1;
                    if examples.len() < EXAMPLES {
                        let name = format!("{} {} {}", subject.kind.name(), subject.name(), change.path);
                        examples.push(format!("{}: {how}", name.replace("  ", " ")));
                    }
                }
            }
        }
    }
    if series > 0 {
        let more =
            if series > examples.len() { format!("; and {} more", series - examples.len()) } else { String::new() };
        looser.push(format!("limits of {series} series ({}{more})", examples.join("; ")));
    }
    let mut told: Vec<&Accept> = Vec::new();
    for accept in here.all().flat_map(|c| &c.accepted).filter(|a| {
        let same = |b: &Accept| b.series == a.series && (b.from, b.to, b.until) == (a.from, a.to, a.until);
        !used.all().flat_map(|c| &c.accepted).any(same)
    }) {
        if told.iter().any(|known| known.file == accept.file && known.line == accept.line) {
            continue;
        }
        told.push(accept);
        let by = accept.by.as_ref().map(|by| format!(" by {by}")).unwrap_or_default();
        looser.push(format!("{} accepted{by} ({})", accept.series, accept.reason));
    }
    let names: Vec<String> = differing.iter().map(|p| super::shown(p)).collect();
    let how = if looser.is_empty() {
        "it loosens nothing that was compared".to_owned()
    } else {
        format!("it loosens {}", looser.join(", "))
    };
    vec![format!("{} here is not that of {}, which was used: {how}", names.join(" and "), commit.name)]
}

fn policies(used: &Config, here: &Config) -> Vec<String> {
    let mut all = Vec::new();
    let mut say = |loosened: bool, key: &str| {
        if loosened {
            all.push(key.to_owned());
        }
    };
    say(
        used.on_inconclusive == OnInconclusive::Fail && here.on_inconclusive != OnInconclusive::Fail,
        "on-inconclusive",
    );
    say(
        used.on_missing_baseline == OnMissingBaseline::Fail && here.on_missing_baseline != OnMissingBaseline::Fail,
        "on-missing-baseline",
    );
    say(used.on_env_mismatch == OnEnvMismatch::Fail && here.on_env_mismatch != OnEnvMismatch::Fail, "on-env-mismatch");
    say(used.strict && !here.strict, "strict");
    all
}

/// How terms are looser than they were, if they are.
fn loosened(was: &Terms, is: &Terms, unit: Unit, better: Better) -> Option<String> {
    let figure = |v: Option<f64>| v.map_or("none".to_owned(), |v| units::figure(v, unit));
    let percent = |v: Option<f64>| v.map_or("none".to_owned(), units::percent);
    let gone_or_more = |a: Option<f64>, b: Option<f64>| a.is_some_and(|a| b.is_none_or(|b| b > a));
    let budget = match better {
        Better::Larger => false,
        _ => gone_or_more(was.budget, is.budget),
    };
    Some(match () {
        () if is.level < was.level => format!("level {} → {}", was.level.name(), is.level.name()),
        () if is.max_increase > was.max_increase => {
            format!("max-increase {} → {}", units::percent(was.max_increase), units::percent(is.max_increase))
        }
        () if is.min_delta > was.min_delta => {
            format!("min-delta {} → {}", figure(Some(was.min_delta)), figure(Some(is.min_delta)))
        }
        () if budget => format!("max {} → {}", figure(was.budget), figure(is.budget)),
        () if gone_or_more(was.hard_limit, is.hard_limit) => {
            format!("hard-limit {} → {}", percent(was.hard_limit), percent(is.hard_limit))
        }
        () if was.required && !is.required => "no longer required".to_owned(),
        () if was.exact && !is.exact => "no longer exact".to_owned(),
        () if was.both_ways && !is.both_ways => "only changes for the worse".to_owned(),
        () => return None,
    })
}

/// What the baseline here says other than the one that was used.
pub(super) fn baseline(commit: &Commit, path: &Path, used: &str) -> Vec<String> {
    let name = super::shown(path);
    let of = &commit.name;
    let text = match WorkingTree.read(path, documents::MOST_BYTES) {
        Ok(Some(text)) => text,
        Ok(None) => return vec![format!("{name} is gone here; that of {of} was used")],
        Err(error) => return vec![format!("the baseline here cannot be read ({error}); that of {of} was used")],
    };
    if text == used {
        return Vec::new();
    }
    let side = |text: &str| match documents::parse(&name, text) {
        Ok(Document::Baseline(baseline)) => Ok(baseline),
        Ok(Document::Runs(runs)) => Ok(Baseline::of(&runs, &|_| None)),
        Err(error) => Err(error),
    };
    let (was, is) = match (side(used), side(&text)) {
        (Ok(was), Ok(is)) => (was, is),
        (_, Err(error)) => return vec![format!("the baseline here cannot be read ({error}); that of {of} was used")],
        (Err(_), _) => return Vec::new(),
    };
    let (mut raised, mut lowered, mut apart) = (0, 0, 0);
    let mut examples = Vec::new();
    let comparisons: Vec<Comparison> =
        Baseline::pairs(was, is).into_iter().map(|(_, was, is)| compare::compare(was, is)).collect();
    for subject in comparisons.iter().flat_map(|c| &c.packages).flat_map(|p| &p.subjects) {
        for change in subject.changes.iter().filter(|c| !c.is_more_than_presence()) {
            if !matches!(change.presence, Presence::Both { .. }) {
                apart += 1;
                continue;
            }
            match change.worse_by() {
                Some(worse) if worse > 0.0 => {
                    raised += 1;
                    if examples.len() < EXAMPLES {
                        let figure =
                            |v: Option<f64>| v.map_or("none".to_owned(), |v| units::figure(v, change.metric.unit));
                        let name = format!("{} {} {}", subject.kind.name(), subject.name(), change.path);
                        examples.push(format!(
                            "{}: {} → {}",
                            name.replace("  ", " "),
                            figure(change.base()),
                            figure(change.head())
                        ));
                    }
                }
                Some(worse) if worse < 0.0 => lowered += 1,
                _ => {}
            }
        }
    }
    let told = if examples.is_empty() { String::new() } else { format!(" ({})", examples.join("; ")) };
    vec![format!(
        "{name} here is not that of {of}, which was used: it is worse in {raised} series{told}, better in {lowered}, and {apart} are only in one of them"
    )]
}
