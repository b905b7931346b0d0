//! CSV for spreadsheets and data frames: a row for each series, findings first in their order.

use super::escape::Text;
use super::model::{Report, Row};
use crate::error::Error;

const HEADER: [&str; 26] = [
    "rank",
    "verdict",
    "package",
    "kind",
    "subject",
    "metric",
    "unit",
    "per",
    "presence",
    "base",
    "head",
    "change",
    "change_low",
    "change_high",
    "limit",
    "min_delta",
    "level",
    "evidence",
    "p_value",
    "cause",
    "position",
    "part_of",
    "base_runs",
    "head_runs",
    "test",
    "detectable",
];

/// The table, with CRLF as RFC 4180 says.
///
/// # Errors
/// A bug, where a row cannot be written.
pub fn render(report: &Report) -> Result<String, Error> {
    let failed = |e: &dyn std::fmt::Display| Error::Bug(format!("a report that is no CSV: {e}"));
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    writer.write_record(HEADER).map_err(|e| failed(&e))?;
    let mut rank = 0;
    for row in report.rows() {
        if row.finding.is_some_and(|f| f.part_of.is_none()) {
            rank += 1;
        }
        writer.write_record(cells(&row, rank)).map_err(|e| failed(&e))?;
    }
    if report.compared_nothing() {
        // An empty table would look like a pass.
        let only = HEADER.map(|column| match column {
            "verdict" => report.verdict.name().to_owned(),
            "evidence" => report.headline.cell(),
            _ => String::new(),
        });
        writer.write_record(only).map_err(|e| failed(&e))?;
    }
    let bytes = writer.into_inner().map_err(|e| failed(&e))?;
    String::from_utf8(bytes).map_err(|e| failed(&e))
}

fn cells(row: &Row<'_>, rank: usize) -> [String; 26] {
    let number = |value: Option<f64>| value.map_or(String::new(), |v| v.to_string());
    let text = |text: Option<&Text>| text.map_or(String::new(), Text::cell);
    let runs = |runs: &[f64]| runs.iter().map(f64::to_string).collect::<Vec<_>>().join(" ");
    let finding = row.finding;
    [
        if finding.is_some() { rank.to_string() } else { String::new() },
        row.meaning().map_or("within limits", super::model::Meaning::name).to_owned(),
        text(row.subject.package.as_ref()),
        row.subject.kind.name().to_owned(),
        row.subject.name.cell(),
        row.metric.cell(),
        row.unit.name().to_owned(),
        row.per.cell(),
        match row.presence {
            super::model::Presence::Both => "both",
            super::model::Presence::Added => "added",
            super::model::Presence::Removed => "removed",
        }
        .to_owned(),
        number(row.base),
        number(row.head),
        number(row.change),
        number(finding.and_then(|f| f.interval.as_ref()).map(|i| i.low)),
        number(finding.and_then(|f| f.interval.as_ref()).map(|i| i.high)),
        row.limit.max_increase.to_string(),
        row.limit.min_delta.to_string(),
        row.level.cell(),
        text(finding.map(|f| &f.evidence.kind)),
        number(finding.and_then(|f| f.evidence.p_value)),
        text(finding.map(|f| &f.cause)),
        text(finding.and_then(|f| f.position.as_ref())),
        text(finding.and_then(|f| f.part_of.as_ref())),
        runs(row.base_runs),
        runs(row.head_runs),
        text(row.subject.test.as_ref()),
        number(finding.and_then(|f| f.detectable)),
    ]
}
