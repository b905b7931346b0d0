//! The first line: the verdict, the worst finding and its cause.

use super::model::{Environment, Finding, Section};
use super::units;
use crate::compare::Comparison;
use crate::gate::evidence::RUNS_FOR_TEST;
use crate::gate::{Judged, Verdict};

/// One line, without the verdict's word itself being left to the format: `regression: ...`.
pub fn headline(comparison: &Comparison, judged: &Judged, rows: &[Finding], environment: &Environment) -> String {
    let worst =
        rows.first().filter(|r| matches!(r.section, Section::Certain | Section::Unproven) && r.verdict != "note");
    let mut line = match judged.verdict {
        Verdict::Pass => format!("pass: {} series compared, none worse than allowed", judged.gated),
        Verdict::Regression => format!("regression: {}", worst.map_or_else(String::new, sentence)),
        Verdict::Inconclusive => {
            let why = reason(comparison, judged, rows);
            match worst {
                Some(row) => format!("inconclusive ({why}): {}", sentence(row)),
                None => format!("inconclusive: {why}"),
            }
        }
    };
    let others =
        rows.iter().filter(|r| r.part_of.is_none() && r.verdict == judged.verdict.name()).count().saturating_sub(1);
    if worst.is_some() && others > 0 {
        line.push_str(&format!("; and {others} more"));
    }
    if judged.times_out && !environment.differences.is_empty() {
        line.push_str(&format!(
            "; times are out of the verdict: base and head differ in {}",
            environment.differences.join(" and ")
        ));
    }
    line
}

/// Why nothing is certain.
fn reason(comparison: &Comparison, judged: &Judged, rows: &[Finding]) -> String {
    if judged.partial {
        return "a trace is partial".to_owned();
    }
    if judged.gated == 0 {
        return "nothing that can fail the build could be compared".to_owned();
    }
    let fewest = comparison
        .packages
        .iter()
        .filter(|p| !p.base_runs.is_empty() && !p.head_runs.is_empty())
        .map(|p| p.base_runs.len().min(p.head_runs.len()))
        .min()
        .unwrap_or(0);
    if rows.first().is_some_and(|r| r.evidence.kind == "tests-differ") {
        return "another number of tests ran".to_owned();
    }
    if rows.first().is_some_and(|r| r.evidence.kind == "named") {
        return "a subject that a rule names is gone".to_owned();
    }
    match fewest {
        0..RUNS_FOR_TEST => format!(
            "{fewest} run{} a side prove{} nothing",
            if fewest == 1 { "" } else { "s" },
            if fewest == 1 { "s" } else { "" }
        ),
        n => format!("not proven with {n} runs a side"),
    }
}

/// `loadAll.func1: chan send 55 ms → 110 ms per goroutine (×2), at catalog.(*DB).Get catalog/catalog.go:31`.
pub(super) fn sentence(row: &Finding) -> String {
    let figure = |value: Option<f64>| value.map_or("none".to_owned(), |v| units::figure(v, row.unit));
    let per = if row.per.is_empty() { String::new() } else { format!(" per {}", row.per) };
    let mut text = match row.presence {
        "added" => format!("{}: {} {}{per}, new", row.subject.label, figure(row.head), row.what),
        "removed" => format!("{}: gone ({} {}{per} in the base)", row.subject.label, figure(row.base), row.what),
        _ => format!("{}: {} {} → {}{per}", row.subject.label, row.what, figure(row.base), figure(row.head)),
    };
    if let Some(change) = row.change {
        text.push_str(&format!(" ({})", units::change(change)));
    }
    match (&row.site, row.limit.max) {
        (_, Some(max)) if row.evidence.kind == "budget" => {
            text.push_str(&format!(", over its budget of {}", units::figure(max, row.unit)));
        }
        (Some(site), _) => text.push_str(&format!(", at {} {}", site.label, site.position)),
        (None, _) if row.presence == "added" && row.cause.len() > 5 => {
            text.push_str(row.cause.strip_prefix("new").unwrap_or(&row.cause));
        }
        (None, _) => {
            if let Some((_, gc)) = row.cause.split_once("; ") {
                text.push_str(&format!(", {gc}"));
            }
            if let Some(position) = &row.subject.position {
                text.push_str(&format!(", {position}"));
            }
        }
    }
    text
}
