//! OpenMetrics text: what GitLab shows beside a merge request and Prometheus reads.
//!
//! Times are in seconds, as the format's readers expect. Figures that change from run to run are values, never labels.

use std::fmt::Write as _;

use super::escape::Text;
use super::model::{Report, Row};
use crate::hash::HashSet;
use crate::metrics::registry::Unit;

/// The families of figures, by unit: name, what it is, and by how much a figure is multiplied.
const FAMILIES: [(Unit, &str, &str, f64); 4] = [
    (Unit::Nanoseconds, "gotrace_diff_time_seconds", "Times, each per item, the middle of the runs of a side.", 1e-9),
    (Unit::Count, "gotrace_diff_items", "Counts, each per item, the middle of the runs of a side.", 1.0),
    (Unit::Ratio, "gotrace_diff_part_ratio", "Parts of a whole, the middle of the runs of a side.", 1.0),
    (Unit::Bytes, "gotrace_diff_memory_bytes", "Memory, the middle of the runs of a side.", 1.0),
];

/// The exposition, which ends with `# EOF`.
pub fn render(report: &Report) -> String {
    let mut out = String::new();
    let _ = writeln!(out, "# TYPE gotrace_diff info\n# HELP gotrace_diff What all changes mean for the build.");
    let _ = writeln!(
        out,
        "gotrace_diff_info{{version=\"{}\",verdict=\"{}\",headline=\"{}\"}} 1",
        report.version.label(),
        report.verdict.name(),
        report.headline.label()
    );
    let _ =
        writeln!(out, "# TYPE gotrace_diff_exit_status gauge\n# HELP gotrace_diff_exit_status 0 pass, 1 regression.");
    let _ = writeln!(out, "gotrace_diff_exit_status {}", report.exit_code);
    let _ =
        writeln!(out, "# TYPE gotrace_diff_findings gauge\n# HELP gotrace_diff_findings Findings by what they mean.");
    for (name, count) in report.counts.named() {
        let _ = writeln!(out, "gotrace_diff_findings{{verdict=\"{name}\"}} {count}");
    }
    for (unit, family, help, factor) in FAMILIES {
        let rows: Vec<Row<'_>> = report.rows().filter(|r| r.unit == unit).collect();
        if rows.is_empty() {
            continue;
        }
        let _ = writeln!(out, "# TYPE {family} gauge");
        // Where a family has a unit, the format wants it at the end of the name.
        if let Some(unit) = ["seconds", "bytes", "ratio"].into_iter().find(|u| family.ends_with(u)) {
            let _ = writeln!(out, "# UNIT {family} {unit}");
        }
        let _ = writeln!(out, "# HELP {family} {help}");
        // A series given twice would make the whole exposition unreadable.
        let mut seen = HashSet::default();
        for row in rows {
            let labels = labels(&row);
            if !seen.insert(labels.clone()) {
                continue;
            }
            for (side, value) in [("base", row.base), ("head", row.head)] {
                if let Some(value) = value {
                    let _ = writeln!(out, "{family}{{{labels},side=\"{side}\"}} {}", value * factor);
                }
            }
        }
    }
    let _ = writeln!(out, "# TYPE gotrace_diff_change_ratio gauge\n# UNIT gotrace_diff_change_ratio ratio");
    let _ = writeln!(out, "# HELP gotrace_diff_change_ratio The change as a part of the base.");
    let mut seen = HashSet::default();
    for row in report.rows() {
        let labels = labels(&row);
        if let Some(change) = row.change
            && seen.insert(labels.clone())
        {
            let _ = writeln!(out, "gotrace_diff_change_ratio{{{labels}}} {change}");
        }
    }
    out.push_str("# EOF\n");
    out
}

fn labels(row: &Row<'_>) -> String {
    let package = row.subject.package.as_ref().map_or(String::new(), Text::label);
    format!(
        "package=\"{package}\",kind=\"{}\",subject=\"{}\",metric=\"{}\",per=\"{}\"",
        row.subject.kind.name(),
        row.subject.name.label(),
        row.metric.label(),
        row.per.label()
    )
}
