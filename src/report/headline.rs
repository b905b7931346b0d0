//! The first line: the verdict, the worst finding and its cause.

use super::escape::Text;
use super::model::{Environment, Finding, Meaning, Presence, Section};
use super::units;
use crate::compare::Comparison;
use crate::gate::evidence::RUNS_FOR_TEST;
use crate::gate::{Judged, Verdict};

/// One line that stands alone: `regression: ...`.
pub fn headline(comparison: &Comparison, judged: &Judged, rows: &[Finding], environment: &Environment) -> Text {
    let worst =
        rows.first().filter(|r| matches!(r.section, Section::Certain | Section::Unproven) && is_grave(r.verdict));
    let mut line = match judged.verdict {
        Verdict::Pass => format!("pass: {} series compared, none worse than allowed", judged.gated).into(),
        Verdict::Regression => Text::from("regression: "),
        Verdict::Inconclusive => {
            let why = reason(comparison, judged, rows);
            match worst {
                Some(_) => format!("inconclusive ({why}): ").into(),
                None => format!("inconclusive: {why}").into(),
            }
        }
    };
    if let Some(row) = worst.filter(|_| judged.verdict != Verdict::Pass) {
        line += &row.subject.told(comparison.packages.len() > 1);
        line += &figures(row);
    }
    let same = |r: &&Finding| r.part_of.is_none() && r.verdict.name() == judged.verdict.name();
    let others = rows.iter().filter(same).count().saturating_sub(1);
    if worst.is_some() && others > 0 {
        line += format!("; and {others} more");
    }
    let accepted = rows.iter().filter(|r| r.part_of.is_none() && r.verdict == Meaning::Accepted).count();
    if accepted > 0 {
        line += format!("; {accepted} accepted change{}", if accepted == 1 { "" } else { "s" });
    }
    if judged.times_out && !environment.differences.is_empty() {
        line += "; times are out of the verdict: base and head differ in ";
        line += &Text::join(&environment.differences, " and ");
    }
    line
}

fn is_grave(meaning: Meaning) -> bool {
    matches!(meaning, Meaning::Regression | Meaning::Inconclusive | Meaning::Improvement)
}

/// Why nothing is certain.
fn reason(comparison: &Comparison, judged: &Judged, rows: &[Finding]) -> String {
    // Where something looks worse as well, that is why, and not which runs there are.
    let looks_worse = rows.iter().any(|r| r.verdict == Meaning::Inconclusive);
    if let Some(doubt) = judged.doubts.iter().find(|doubt| !(looks_worse && doubt.is_of_runs())) {
        return super::build::test_left_out(comparison, doubt).unwrap_or_else(|| doubt.to_string());
    }
    let fewest = comparison
        .packages
        .iter()
        .filter(|p| !p.base_runs.is_empty() && !p.head_runs.is_empty())
        .map(|p| p.base_runs.len().min(p.head_runs.len()))
        .min()
        .unwrap_or(0);
    if rows.first().is_some_and(|r| r.evidence.kind.is("tests-differ")) {
        return "another number of tests ran".to_owned();
    }
    if rows.first().is_some_and(|r| r.evidence.kind.is("named")) {
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
pub fn sentence(row: &Finding) -> Text {
    let mut text = row.subject.label.clone();
    text += &figures(row);
    text
}

/// The same behind what the subject is called.
fn figures(row: &Finding) -> Text {
    let figure = |value: Option<f64>| value.map_or("none".to_owned(), |v| units::figure(v, row.unit));
    let mut per = Text::default();
    if !row.per.is_empty() {
        per += " per ";
        per += &row.per;
    }
    let mut text = Text::default();
    match row.presence {
        Presence::Added => {
            text += format!(": {} ", figure(row.head));
            text += &row.what;
            text += &per;
            text += ", new";
        }
        Presence::Removed => {
            text += format!(": gone ({} ", figure(row.base));
            text += &row.what;
            text += &per;
            text += " in the base)";
        }
        Presence::Both => {
            text += ": ";
            text += &row.what;
            text += format!(" {} → {}", figure(row.base), figure(row.head));
            text += &per;
        }
    }
    if let Some(change) = row.change {
        text += format!(" ({})", units::change(change));
    }
    match (&row.site, row.limit.max) {
        (_, Some(max)) if row.evidence.kind.is("budget") => {
            text += format!(", over its budget of {}", units::figure(max, row.unit));
        }
        (Some(site), _) => {
            text += ", at ";
            text += &site.label;
            text += " ";
            text += &site.position;
        }
        (None, _) if row.presence == Presence::Added && row.cause.starts_with("new,") => {
            text += &row.cause.strip_prefix("new").unwrap_or_default();
        }
        (None, _) => {
            if let Some((_, gc)) = row.cause.split_once("; ") {
                text += ", ";
                text += &gc;
            }
            if let Some(position) = &row.subject.position {
                text += ", ";
                text += position;
            }
        }
    }
    text
}

/// The words for a state: what goroutines were doing.
pub fn state_words(state: &Text) -> Text {
    state.map(crate::gate::cause::words).seen()
}
