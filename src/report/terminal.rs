//! The report for a person at a terminal, or reading a CI log.
//!
//! ```text
//!   verdict: the worst finding, its cause            always
//!   what changed for certain                         new, gone, doubled, proven
//!   what looks slower but is unproven                the likeliest few
//!   what got better
//!   what was not compared and why                    a line each
//!   the command that would make it sure
//! ```

use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};
use comfy_table::{CellAlignment, ContentArrangement, Table};

use super::escape::term;
use super::model::{Finding, Report, Section};
use super::units;

/// How to lay it out.
#[derive(Clone, Copy, Debug)]
pub struct Layout {
    /// Columns of the terminal.
    pub width: usize,
    /// How many findings of a part to show.
    pub top: usize,
    /// Show everything.
    pub all: bool,
}

const BOLD: Style = Style::new().bold();
const DIM: Style = Style::new().dimmed();

/// Renders the report, with colours as escape sequences: whoever prints it strips them where they do not belong.
pub fn render(report: &Report, layout: Layout) -> String {
    let mut out = String::new();
    let style = verdict_style(report.verdict);
    let headline = term(&report.headline);
    let (verdict, rest) = headline.split_at(report.verdict.len().min(headline.len()));
    let _ = writeln!(out, "{}", fold(&format!("{style}{verdict}{style:#}{rest}"), layout.width, verdict.len(), "    "));
    let many = if layout.all { usize::MAX } else { layout.top };
    let sections = [
        (Section::Certain, "Changed for certain", many),
        (Section::Unproven, "Looks slower, unproven (likeliest first)", many),
        (Section::Better, "Better, or looks better", if layout.all { many } else { layout.top.min(3) }),
        (Section::Aside, "Moved, and nothing depends on it", if layout.all { many } else { 0 }),
    ];
    for (section, title, most) in sections {
        let rows: Vec<&Finding> =
            report.findings.iter().filter(|f| f.section == section && (layout.all || f.part_of.is_none())).collect();
        part(&mut out, title, &rows, most, layout);
    }
    left_out(&mut out, report, layout);
    if let Some(advice) = &report.advice {
        let _ = writeln!(out, "\n{}", fold(&term(&advice.why), layout.width, 0, ""));
        for command in &advice.commands {
            let _ = writeln!(out, "  {}", term(command));
        }
    }
    out
}

fn verdict_style(verdict: &str) -> Style {
    let color = match verdict {
        "pass" => AnsiColor::Green,
        "regression" => AnsiColor::Red,
        _ => AnsiColor::Yellow,
    };
    Style::new().bold().fg_color(Some(color.into()))
}

fn part(out: &mut String, title: &str, rows: &[&Finding], most: usize, layout: Layout) {
    if rows.is_empty() || most == 0 {
        return;
    }
    let shown = &rows[..rows.len().min(most)];
    let _ = writeln!(out, "\n{BOLD}{title}{BOLD:#}");
    let cells: Vec<[String; 6]> = shown.iter().map(|row| cells(row)).collect();
    let width = |column: usize| cells.iter().map(|c| c[column].chars().count()).max().unwrap_or(0);
    let fixed: usize = (2..6).map(|i| width(i).max(HEADER[i].len()) + 2).sum();
    let flexible = layout.width.saturating_sub(fixed + 4);
    let what = width(1).max(HEADER[1].len()).min(flexible / 2).max(10);
    let name = width(0).max(HEADER[0].len()).min(flexible.saturating_sub(what + 2)).max(12);
    let mut table = Table::new();
    table.load_style(comfy_table::presets::NOTHING);
    table.set_content_arrangement(ContentArrangement::Disabled);
    table.set_header(HEADER);
    for row in &cells {
        let [subject, metric, rest @ ..] = row;
        let mut line = vec![shorten(subject, name), shorten(metric, what)];
        line.extend(rest.iter().cloned());
        table.add_row(line);
    }
    for (i, column) in table.column_iter_mut().enumerate() {
        column.set_padding((if i == 0 { 2 } else { 0 }, 2));
        column.set_cell_alignment(if i < 2 { CellAlignment::Left } else { CellAlignment::Right });
    }
    let lines: Vec<String> = table.lines().collect();
    let _ = writeln!(out, "{DIM}{}{DIM:#}", lines.first().map_or("", |l| l.trim_end()));
    for (row, line) in shown.iter().zip(lines.iter().skip(1)) {
        let style = row_style(row);
        let _ = writeln!(out, "{style}{}{style:#}", line.trim_end());
        for detail in details(row) {
            let _ = writeln!(out, "{DIM}{}{DIM:#}", fold(&format!("      {detail}"), layout.width, 0, "        "));
        }
    }
    if rows.len() > shown.len() {
        let _ = writeln!(out, "{DIM}  and {} more (--all){DIM:#}", rows.len() - shown.len());
    }
}

const HEADER: [&str; 6] = ["", "", "base", "head", "change", "limit"];

fn cells(row: &Finding) -> [String; 6] {
    let figure = |value: Option<f64>| value.map_or("-".to_owned(), |v| units::figure(v, row.unit));
    let change = match (row.presence, row.change) {
        ("added", _) => "new".to_owned(),
        ("removed", _) => "gone".to_owned(),
        (_, Some(change)) => units::change(change),
        (_, None) => format!("+{}", units::figure(row.head.unwrap_or(0.0), row.unit)),
    };
    let limit = match row.limit.max {
        Some(max) if row.evidence.kind == "budget" => format!("max {}", units::figure(max, row.unit)),
        _ if row.presence != "both" => String::new(),
        _ => units::percent(row.limit.max_increase),
    };
    let subject = if row.part_of.is_some() { String::new() } else { row.subject.label.clone() };
    [term(&subject), term(&row.what), figure(row.base), figure(row.head), change, limit]
}

/// What stands below a row.
fn details(row: &Finding) -> Vec<String> {
    let mut lines = Vec::new();
    if row.part_of.is_some() {
        return lines;
    }
    if let Some(old) = &row.subject.renamed_from {
        let old = crate::compare::names::short(old);
        lines.push(format!("renamed: {} → {}", term(old), term(&row.subject.label)));
    }
    let per = if row.per.is_empty() { String::new() } else { format!("per {}", row.per) };
    let place = if let Some(site) = &row.site {
        let state = crate::gate::cause::words(&site.state);
        let same = row.metric == site.state || site.state == "syscall" && row.metric.starts_with("syscall");
        let doing = if same { String::new() } else { format!("{state} ") };
        format!("{doing}at {}  {}", site.label, site.position)
    } else {
        // That a time of running is spent running needs no words.
        let said = ["new", "gone", "waiting for a processor"].contains(&row.cause.as_str());
        let cause =
            if said { "" } else { row.cause.trim_start_matches("running on a processor").trim_start_matches("; ") };
        let words: Vec<&str> =
            [Some(cause), row.subject.position.as_deref()].into_iter().flatten().filter(|w| !w.is_empty()).collect();
        words.join("  ")
    };
    let words: Vec<&str> = [per.as_str(), place.as_str()].into_iter().filter(|w| !w.is_empty()).collect();
    if !words.is_empty() {
        lines.push(term(&words.join(", ")));
    }
    if row.verdict == "regression" && !row.evidence.text.is_empty() {
        lines.push(term(&row.evidence.text));
    }
    lines
}

fn row_style(row: &Finding) -> Style {
    match row.verdict {
        "regression" => Style::new().fg_color(Some(AnsiColor::Red.into())),
        "improvement" => Style::new().fg_color(Some(AnsiColor::Green.into())),
        _ => Style::new(),
    }
}

fn runs(side: &std::collections::BTreeMap<String, Vec<super::model::Run>>) -> String {
    match side.values().map(Vec::len).sum::<usize>() {
        1 => "1 run".to_owned(),
        n => format!("{n} runs"),
    }
}

fn left_out(out: &mut String, report: &Report, layout: Layout) {
    let compared = &report.compared;
    let _ = writeln!(
        out,
        "\n{}",
        fold(
            &format!(
                "Compared: {} series of {} subjects, {} of which can fail the build; {} of the base, {} of the head.",
                compared.series,
                compared.subjects,
                compared.gated,
                runs(&report.runs.base),
                runs(&report.runs.head),
            ),
            layout.width,
            0,
            "  "
        )
    );
    if let Some(found) = compared.detectable {
        let line = format!(
            "Detectable with {} runs a side: {} or more, in half of the times; {} in nine of ten.",
            found.runs,
            super::units::change(found.half),
            super::units::change(found.most)
        );
        let _ = writeln!(out, "{}", fold(&line, layout.width, 0, "  "));
    }
    for left in &report.not_compared {
        let line = format!("Not compared: {} ({}): {}", left.what, left.count, left.why);
        let _ = writeln!(out, "{}", fold(&term(&line), layout.width, 0, "  "));
    }
    let most = if layout.all { usize::MAX } else { MOST_WARNINGS };
    for warning in report.warnings.iter().take(most) {
        let _ = writeln!(out, "{}", fold(&term(&format!("Warning: {warning}")), layout.width, 0, "  "));
    }
    if report.warnings.len() > most {
        let _ = writeln!(out, "and {} more warnings (--all)", report.warnings.len() - most);
    }
}

/// More warnings than these are for --all and JSON.
const MOST_WARNINGS: usize = 8;

/// Cuts the middle of a text that is too long: its ends tell most.
pub(crate) fn shorten(text: &str, width: usize) -> String {
    let count = text.chars().count();
    if count <= width {
        return text.to_owned();
    }
    let keep = width.saturating_sub(1);
    let front = keep / 3;
    let back = keep - front;
    let head: String = text.chars().take(front).collect();
    let tail: String = text.chars().skip(count - back).collect();
    format!("{head}…{tail}")
}

/// Breaks a line between words. The first `styled` visible characters carry escape sequences, which take no width.
pub(crate) fn fold(text: &str, width: usize, styled: usize, indent: &str) -> String {
    let width = width.max(20);
    let leading: String = text.chars().take_while(|c| *c == ' ').collect();
    let mut lines = Vec::new();
    let mut line = leading.clone();
    let mut used = leading.chars().count();
    let mut first = true;
    for word in text.trim_start().split(' ') {
        let size = if styled > 0 && first { styled + 1 } else { word.chars().count() };
        if used + size + usize::from(!first) > width && used > indent.len() {
            lines.push(std::mem::replace(&mut line, format!("{indent}{word}")).trim_end().to_owned());
            used = indent.chars().count() + size;
        } else {
            if !first {
                line.push(' ');
                used += 1;
            }
            line.push_str(word);
            used += size;
        }
        first = false;
    }
    lines.push(line);
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_names_lose_their_middle() {
        assert_eq!(shorten("catalog.loadAll.func1", 40), "catalog.loadAll.func1");
        let short = shorten("catalog.loadAllTheProductsThereAre.func1", 20);
        assert_eq!(short.chars().count(), 20);
        assert!(short.ends_with("func1") && short.starts_with("catal"), "{short}");
    }

    #[test]
    fn lines_break_between_words() {
        assert_eq!(fold("one two three four five", 20, 0, "  "), "one two three four\n  five");
    }
}
