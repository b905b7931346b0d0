//! How much was compared, what was not and why, and what was odd.

use std::collections::BTreeMap;

use crate::compare::{Comparison, PackagePair, Presence};
use crate::gate::doubt::{self, Doubt};
use crate::gate::{Evidence, Judged};
use crate::metrics::registry::{Class, Unit};
use crate::report::escape::Text;
use crate::report::model::{Compared, Detectable, Environment, NotCompared, Run, Runs, SideEnvironment};

pub(super) fn compared(comparison: &Comparison, judged: &Judged) -> Compared {
    let mut compared = Compared { gated: judged.gated, ..Compared::default() };
    let mut subjects = std::collections::BTreeSet::new();
    for judgement in &judged.judgements {
        let (p, s, c) = judgement.at;
        if let Presence::Both { .. } = comparison.packages[p].subjects[s].changes[c].presence {
            compared.series += 1;
            subjects.insert((p, s));
        }
    }
    compared.detectable = judged.detectable.map(|d| Detectable { runs: d.runs, half: d.half, most: d.most });
    compared.series += judged.aside.series;
    compared.subjects = subjects.len() + judged.aside.subjects;
    compared.packages = comparison
        .packages
        .iter()
        .filter(|p| !p.base_runs.is_empty() && !p.head_runs.is_empty() && !p.name.is_empty())
        .map(|p| p.name.as_str().into())
        .collect();
    compared
}

/// What was left out, with why, each reason once.
pub(super) fn not_compared(
    comparison: &Comparison,
    judged: &Judged,
    show_framework: bool,
    environment: &Environment,
) -> Vec<NotCompared> {
    let mut reasons: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    let mut framework = judged.aside.framework;
    let kind_of = |kind, path: &str| match crate::metrics::registry::find(kind, path) {
        Some(m) if m.class == Class::Structural || m.class == Class::Count => "counts",
        Some(m) if m.unit == Unit::Nanoseconds => "times",
        _ => "other figures",
    };
    for ((kind, path, why), count) in &judged.aside.not_compared {
        *reasons.entry((kind_of(*kind, path), why)).or_default() += count;
    }
    for (p, package) in comparison.packages.iter().enumerate() {
        let missing = match (package.base_runs.is_empty(), package.head_runs.is_empty()) {
            (true, false) => Some("the base has no run of it"),
            (false, true) => Some("the head has no run of it"),
            _ => None,
        };
        if let Some(why) = missing {
            *reasons.entry((&package.name, why)).or_default() +=
                package.subjects.len() + judged.aside.of_package.get(p).unwrap_or(&0);
        }
        for subject in &package.subjects {
            if subject.is_framework() {
                framework += 1;
                if !show_framework {
                    continue;
                }
            }
            for (path, why) in &subject.not_compared {
                *reasons.entry((kind_of(subject.kind, path), why)).or_default() += 1;
            }
        }
    }
    let mut all: Vec<NotCompared> = Vec::new();
    for ((what, why), count) in reasons {
        match all.iter_mut().find(|n| n.why.is(why)) {
            Some(same) => {
                same.what += ", ";
                same.what += what;
                same.count += count;
            }
            None => all.push(NotCompared { what: what.into(), why: why.into(), count }),
        }
    }
    let apart = judged.judgements.iter().filter(|j| j.evidence == Evidence::Environment).count() + judged.aside.apart;
    if judged.times_out && apart > 0 {
        let mut why = Text::from("out of the verdict: base and head differ in ");
        why += &Text::join(&environment.differences, " and ");
        all.push(NotCompared { what: "figures that depend on the machine".into(), why, count: apart });
    }
    if framework > 0 && !show_framework {
        all.push(NotCompared {
            what: "goroutine groups".into(),
            why: "the runtime's and the test framework's own (--show-framework)".into(),
            count: framework,
        });
    }
    all
}

pub(super) fn environment(comparison: &Comparison) -> Environment {
    let side = |runs: fn(&PackagePair) -> &Vec<crate::compare::Run>| {
        let mut formats: Vec<String> = comparison.packages.iter().flat_map(runs).map(|r| r.format.clone()).collect();
        let mut gomaxprocs: Vec<u64> = comparison.packages.iter().flat_map(runs).map(|r| r.gomaxprocs).collect();
        formats.sort();
        formats.dedup();
        gomaxprocs.sort_unstable();
        gomaxprocs.dedup();
        SideEnvironment { formats: formats.into_iter().map(Text::from).collect(), gomaxprocs }
    };
    let mut differences: Vec<String> = comparison
        .packages
        .iter()
        .filter(|p| !p.base_runs.is_empty() && !p.head_runs.is_empty())
        .flat_map(|p| p.environment.what.iter().cloned())
        .collect();
    differences.sort();
    differences.dedup();
    let differences = differences.into_iter().map(Text::from).collect();
    Environment { base: side(|p| &p.base_runs), head: side(|p| &p.head_runs), differences }
}

/// The runs of both sides.
pub(super) fn runs(comparison: &Comparison) -> Runs {
    Runs { base: runs_of(comparison, |p| &p.base_runs), head: runs_of(comparison, |p| &p.head_runs) }
}

fn runs_of(comparison: &Comparison, side: fn(&PackagePair) -> &Vec<crate::compare::Run>) -> BTreeMap<Text, Vec<Run>> {
    comparison
        .packages
        .iter()
        .filter(|p| !side(p).is_empty())
        .map(|p| {
            let runs = side(p).iter().map(|r| Run {
                source: r.source.as_str().into(),
                duration_ns: r.duration_ns,
                complete: r.complete,
            });
            (p.name.as_str().into(), runs.collect())
        })
        .collect()
}

/// What is odd about runs, each thing once, with the first run that has it.
pub(super) fn warnings(comparison: &Comparison, judged: &Judged, warnings: Vec<String>) -> Vec<Text> {
    let mut said: Vec<String> = judged.doubts.iter().filter(|d| d.is_of_runs()).map(Doubt::to_string).collect();
    let shared: usize = comparison.packages.iter().map(doubt::shared_runs).sum();
    if shared > 0 && !judged.doubts.iter().any(|d| matches!(d, Doubt::SameRuns(_))) {
        said.push(format!("{shared} of the head's runs are the base's as well"));
    }
    if let Some(few) = judged.out_of_reach {
        said.push(format!(
            "with {} runs a side of {} packages no time can be proven to be worse, however much: they share one level; {} runs a side can",
            few.runs, few.packages, few.needed
        ));
    }
    let mut warnings: Vec<Text> = said.into_iter().chain(warnings).map(Text::from).collect();
    const PARTIAL: &str = "partial: the end is missing, and nothing that rests on it is a pass";
    let mut first: Vec<(&str, &str, Vec<&str>)> = Vec::new();
    let mut note = |kind, message, source| match first.iter_mut().find(|(k, ..)| *k == kind) {
        Some((.., sources)) if sources.contains(&source) => {}
        Some((.., sources)) => sources.push(source),
        None => first.push((kind, message, vec![source])),
    };
    let runs = comparison.packages.iter().flat_map(|p| p.base_runs.iter().chain(&p.head_runs));
    for run in runs {
        if !run.complete {
            note("partial", PARTIAL, &run.source);
        }
        for warning in &run.warnings {
            note(&warning.kind, &warning.message, &run.source);
        }
    }
    for (_, message, sources) in first {
        let more = if sources.len() > 1 { format!(" and {} more", sources.len() - 1) } else { String::new() };
        warnings.push(format!("{}{more}: {message}", sources[0]).into());
    }
    warnings
}
