//! Go's benchmark format, so that benchstat and what is built on it can be used: `benchstat -col side report.bench`.
//!
//! A line for each run of a subject, with all its figures. `side` is a key of the file's configuration.

use std::fmt::Write as _;

use super::escape::Text;
use super::model::{Report, Row, Subject};
use crate::metrics::registry::Unit;

/// The lines of one side of a subject.
#[derive(Default)]
struct Lines(Vec<String>);

/// The document.
pub fn render(report: &Report) -> String {
    let mut subjects: Vec<(&Subject, [Lines; 2])> = Vec::new();
    let mut index: crate::hash::HashMap<(Text, Text), usize> = crate::hash::HashMap::default();
    for row in report.rows() {
        let package = row.subject.package.clone().unwrap_or_default();
        let mut name = Text::from(row.subject.kind.name());
        name += " ";
        name += &row.subject.name;
        let at = *index.entry((package, name)).or_insert_with(|| {
            subjects.push((row.subject, Default::default()));
            subjects.len() - 1
        });
        let unit = unit(&row);
        let factor = if row.unit == Unit::Nanoseconds { 1e-9 } else { 1.0 };
        for (lines, runs) in subjects[at].1.iter_mut().zip([row.base_runs, row.head_runs]) {
            for (i, value) in runs.iter().enumerate() {
                if lines.0.len() <= i {
                    lines.0.push(String::new());
                }
                let _ = write!(lines.0[i], " {} {unit}", value * factor);
            }
        }
    }
    let mut out = String::new();
    let _ = writeln!(out, "tool: gotrace-diff\nverdict: {}", report.verdict.name());
    let _ = writeln!(out, "headline: {}", report.headline.line());
    for (name, count) in report.counts.named() {
        let _ = writeln!(out, "{name}: {count}");
    }
    let mut configured = (None, "");
    for (subject, sides) in &subjects {
        for (side, lines) in ["base", "head"].into_iter().zip(sides) {
            if lines.0.is_empty() {
                continue;
            }
            let package = subject.package.clone().unwrap_or_default();
            if configured.0.as_ref() != Some(&package) {
                let _ = writeln!(out, "pkg: {}", package.line());
            }
            if configured.1 != side {
                let _ = writeln!(out, "side: {side}");
            }
            configured = (Some(package), side);
            for line in &lines.0 {
                let _ = writeln!(out, "{} 1{line}", name(subject));
            }
        }
    }
    out
}

/// `BenchmarkGroup/catalog.loadAll.func1`.
fn name(subject: &Subject) -> String {
    let kind = subject.kind.name();
    let (first, rest) = kind.split_at(1);
    let kind = format!("Benchmark{}{rest}", first.to_uppercase());
    if subject.name.is_empty() { kind } else { format!("{kind}/{}", subject.name.word()) }
}

/// `block.chan_send-sec/goroutine`: benchstat scales seconds and bytes, which it knows by these names.
fn unit(row: &Row<'_>) -> String {
    let metric = row.metric.word();
    let per = if row.per.is_empty() { String::new() } else { format!("/{}", row.per.word()) };
    match row.unit {
        Unit::Nanoseconds => {
            let bare = metric.strip_suffix("_ns").map(str::to_owned).unwrap_or_else(|| metric.replace("_ns.", "."));
            format!("{bare}-sec{per}")
        }
        Unit::Bytes => format!("{metric}-B{per}"),
        Unit::Count | Unit::Ratio => format!("{metric}{per}"),
    }
}
