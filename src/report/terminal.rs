//! The report for a person at a terminal, or reading a CI log.
//!
//! ```text
//!   verdict: the worst finding, its cause            always
//!   what happened, by rules that know such changes
//!   what changed for certain                         new, gone, doubled, proven
//!   what looks slower but is unproven                the likeliest few
//!   what got better
//!   what was not compared and why                    a line each
//!   the command that would make it sure
//! ```
//!
//! Findings begin with `path:line:` where they have a place, so that editors jump there.

mod compared;
mod layout;

use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};
use clap::ValueEnum;

use super::escape::Text;
use super::model::{Finding, Meaning, Presence, Report, Section, Verdict};
use super::units;
use crate::metrics::registry::SubjectKind;
use layout::{pad, spark};

pub(super) use compared::{compared, runs_of_sides};
pub(crate) use layout::{fold, shorten};

/// How to lay it out.
#[derive(Clone, Copy, Debug)]
pub struct Layout {
    /// Columns of the terminal.
    pub width: usize,
    /// How many findings of a part to show.
    pub top: usize,
    /// Show everything.
    pub all: bool,
    /// What findings are put together by.
    pub group_by: GroupBy,
}

/// What findings are put together by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum GroupBy {
    /// By how certain they are, worst first.
    #[default]
    Certainty,
    /// By package.
    Package,
    /// By test or benchmark, where that is known, else by package.
    Test,
    /// By who owns the place to look at, as CODEOWNERS says.
    Owner,
}

const BOLD: Style = Style::new().bold();
const DIM: Style = Style::new().dimmed();
/// More warnings than these are for --all and JSON.
const MOST_WARNINGS: usize = 8;
/// More diagnoses than these are for --all and JSON.
const MOST_DIAGNOSES: usize = 5;

/// Renders the report, with colours as escape sequences: whoever prints it strips them where they do not belong.
pub fn render(report: &Report, layout: Layout) -> String {
    let mut out = String::new();
    let style = verdict_style(report.verdict);
    let headline = report.headline.term();
    let name = report.verdict.name();
    // A document that was read back may say anything; ours begins with the verdict.
    let rest = headline.strip_prefix(name).map_or_else(|| format!(": {headline}"), str::to_owned);
    let _ = writeln!(out, "{}", fold(&format!("{style}{name}{style:#}{rest}"), layout.width, name.len(), "    "));
    diagnoses(&mut out, report, layout);
    match layout.group_by {
        GroupBy::Certainty => by_certainty(&mut out, report, layout),
        by => by_group(&mut out, report, layout, by),
    }
    left_out(&mut out, report, layout);
    if let Some(advice) = &report.advice {
        let _ = writeln!(out, "\n{}", fold(&advice.why.term(), layout.width, 0, ""));
        for command in &advice.commands {
            let _ = writeln!(out, "  {}", command.term());
        }
    }
    out
}

fn verdict_style(verdict: Verdict) -> Style {
    let color = match verdict {
        Verdict::Pass => AnsiColor::Green,
        Verdict::Regression => AnsiColor::Red,
        Verdict::Inconclusive => AnsiColor::Yellow,
    };
    Style::new().bold().fg_color(Some(color.into()))
}

fn diagnoses(out: &mut String, report: &Report, layout: Layout) {
    if report.diagnoses.is_empty() {
        return;
    }
    let most = if layout.all { usize::MAX } else { MOST_DIAGNOSES };
    let _ = writeln!(out, "\n{BOLD}What happened{BOLD:#}");
    for diagnosis in report.diagnoses.iter().take(most) {
        let mut line = Text::default();
        if let Some(position) = &diagnosis.position {
            line += position;
            line += ": ";
        }
        line += &diagnosis.rule;
        line += ": ";
        line += &diagnosis.text;
        // It has a package where there are several, and names of functions show theirs.
        if let Some(package) =
            diagnosis.subject.package.as_ref().filter(|_| diagnosis.subject.kind != SubjectKind::Group)
        {
            line += " (of ";
            line += package;
            line += ")";
        }
        let _ = writeln!(out, "{}", fold(&line.term(), layout.width, 0, "    "));
        let facts: Vec<String> =
            diagnosis.evidence.iter().map(|f| format!("{} {}", f.label.term(), f.value.term())).collect();
        for detail in [facts.join(", "), diagnosis.advice.term()].iter().filter(|d| !d.is_empty()) {
            let _ = writeln!(out, "{DIM}{}{DIM:#}", fold(&format!("    {detail}"), layout.width, 0, "      "));
        }
    }
    if report.diagnoses.len() > most {
        let _ = writeln!(out, "{DIM}and {} more (--all){DIM:#}", report.diagnoses.len() - most);
    }
}

fn by_certainty(out: &mut String, report: &Report, layout: Layout) {
    let many = if layout.all { usize::MAX } else { layout.top };
    let sections = [
        (Section::Certain, "Changed for certain", many),
        (Section::Unproven, "Looks slower, unproven (likeliest first)", many),
        (Section::Better, "Better, or looks better", if layout.all { many } else { layout.top.min(3) }),
        (Section::Aside, "Moved, and nothing depends on it", if layout.all { many } else { 0 }),
    ];
    let shown = |f: &Finding| layout.all || f.part_of.is_none();
    let named = report.is_of_several();
    for (section, title, most) in sections {
        let rows: Vec<&Finding> = report
            .findings
            .iter()
            .filter(|f| f.section == section && f.verdict != Meaning::Accepted && shown(f))
            .collect();
        part(out, (title, named), &rows, most, layout);
        // What the team has accepted is never silent.
        if section == Section::Unproven {
            let accepted: Vec<&Finding> =
                report.findings.iter().filter(|f| f.verdict == Meaning::Accepted && shown(f)).collect();
            part(out, ("Accepted by the team", named), &accepted, many, layout);
        }
    }
}

/// The same findings in the same order, below the package or test that they belong to; that of the worst comes first.
fn by_group(out: &mut String, report: &Report, layout: Layout, by: GroupBy) {
    let many = if layout.all { usize::MAX } else { layout.top };
    let mut groups: Vec<(Text, Vec<&Finding>)> = Vec::new();
    let shown = |f: &&Finding| layout.all || f.part_of.is_none() && f.section != Section::Aside;
    for finding in report.findings.iter().filter(shown) {
        let test = finding.subject.test.clone().filter(|_| by == GroupBy::Test);
        let name = match by {
            GroupBy::Owner if finding.owners.is_empty() => "no owner".into(),
            GroupBy::Owner => Text::join(&finding.owners, " "),
            _ => test.or_else(|| finding.subject.package.clone()).unwrap_or_else(|| "no package".into()),
        };
        match groups.iter_mut().find(|(known, _)| *known == name) {
            Some((_, rows)) => rows.push(finding),
            None => groups.push((name, vec![finding])),
        }
    }
    for (name, rows) in &groups {
        // Packages have their own parts.
        let named = by != GroupBy::Package && report.is_of_several();
        part(out, (&name.term(), named), rows, many, layout);
    }
}

/// `named`: with the packages of what does not show its own.
fn part(out: &mut String, (title, named): (&str, bool), rows: &[&Finding], most: usize, layout: Layout) {
    if rows.is_empty() || most == 0 {
        return;
    }
    let shown = &rows[..rows.len().min(most)];
    let _ = writeln!(out, "\n{BOLD}{}{BOLD:#}", shorten(title, layout.width));
    let cells: Vec<[String; 5]> = shown.iter().map(|row| cells(row)).collect();
    let widest = |column: usize| cells.iter().map(|c| c[column].chars().count()).max().unwrap_or(0);
    let widths = [widest(0).min(24), widest(1), widest(2), widest(3)];
    for (row, [what, base, head, change, rest]) in shown.iter().zip(&cells) {
        let style = row_style(row);
        if row.part_of.is_none() {
            let _ = writeln!(out, "{style}{}{style:#}", title_of(row, named, layout.width));
        }
        let line = format!(
            "    {}  {} → {}  {}  {rest}",
            pad(&shorten(what, widths[0]), widths[0], false),
            pad(base, widths[1], true),
            pad(head, widths[2], true),
            pad(change, widths[3], true),
        );
        let _ = writeln!(out, "{}", fold(line.trim_end(), layout.width, 0, "      "));
        for detail in details(row) {
            let _ = writeln!(out, "{DIM}{}{DIM:#}", fold(&format!("    {detail}"), layout.width, 0, "      "));
        }
    }
    if rows.len() > shown.len() {
        let _ = writeln!(out, "{DIM}and {} more (--all){DIM:#}", rows.len() - shown.len());
    }
}

/// In less room than this no package is recognized, its " of " included.
const LEAST_PACKAGE: usize = 16;

/// `catalog/catalog.go:31: regression: catalog.loadAll.func1`. The place stays whole, whatever it takes.
fn title_of(row: &Finding, named: bool, width: usize) -> String {
    let place = row.position.as_ref().map_or(String::new(), |p| format!("{}: ", p.term()));
    let start = format!("{place}{}: ", row.verdict.name());
    let left = width.saturating_sub(start.chars().count()).max(12);
    let (label, told) = (row.subject.label.term(), row.subject.told(named).term());
    // Of what does not fit the package is cut first.
    let room = left.saturating_sub(label.chars().count());
    let fits = told.chars().count() <= left;
    let cut = told.strip_prefix(&label).filter(|_| !fits && room >= LEAST_PACKAGE).map(|rest| shorten(rest, room));
    match cut {
        Some(cut) => format!("{start}{label}{cut}"),
        None if fits => format!("{start}{told}"),
        None => format!("{start}{}", shorten(&label, left)),
    }
}

fn cells(row: &Finding) -> [String; 5] {
    let figure = |value: Option<f64>| value.map_or("-".to_owned(), |v| units::figure(v, row.unit));
    let change = units::change_of(row.presence, row.change, row.head, row.unit);
    let mut rest: Vec<String> = Vec::new();
    if !row.per.is_empty() {
        rest.push(format!("per {}", row.per.term()));
    }
    match row.limit.max {
        Some(max) if row.evidence.kind.is("budget") => rest.push(format!("(max {})", units::figure(max, row.unit))),
        _ if row.presence != Presence::Both => {}
        _ => rest.push(format!("(limit {})", units::percent(row.limit.max_increase))),
    }
    [row.what.term(), figure(row.base), figure(row.head), change, rest.join(" ")]
}

/// What stands below a row.
fn details(row: &Finding) -> Vec<String> {
    let mut lines = Vec::new();
    if row.part_of.is_some() {
        return lines;
    }
    if let Some(old) = &row.subject.renamed_from {
        lines.push(format!("renamed from {}", old.term()));
    }
    let mut place = String::new();
    if let Some(site) = &row.site {
        let same = row.metric == site.state || site.state.is("syscall") && row.metric.starts_with("syscall");
        let doing = if same { String::new() } else { format!("{}, ", site.doing.term()) };
        place = format!("{doing}{}", site.place().term());
        // Where the wait is below the code that is the repository's own.
        if row.position.as_ref() != Some(&site.position) {
            place.push_str(&format!("  {}", site.position.term()));
        }
    } else if !row.cause.is_any(&["", "new", "gone", "waiting for a processor"]) {
        // That a time of running is spent running needs no words.
        let cause = row.cause.term();
        place = cause.trim_start_matches("running on a processor").trim_start_matches("; ").to_owned();
    }
    if row.position.is_none() && row.site.is_none() {
        let start = row.subject.position.as_ref().map(Text::term).unwrap_or_default();
        place = [place, start].into_iter().filter(|w| !w.is_empty()).collect::<Vec<_>>().join("  ");
    }
    // Which test to run again.
    if let Some(test) = row.subject.in_test() {
        let gap = if place.is_empty() { "" } else { "  " };
        place.push_str(&format!("{gap}in {}", test.term()));
    }
    let sparks = spark(&row.base_runs, &row.head_runs);
    let evidence = match row.verdict {
        Meaning::Regression | Meaning::Inconclusive | Meaning::Improvement => row.evidence.text.term(),
        _ => String::new(),
    };
    // That runs prove nothing stands in the first line already.
    let evidence = if row.evidence.kind.is("few-runs") { String::new() } else { evidence };
    let interval = row.interval.as_ref().map(|i| {
        format!("{} to {} ({} confidence)", units::change(i.low), units::change(i.high), units::percent(i.confidence))
    });
    let detectable = row.detectable.map(|d| format!("detectable from {} on", units::change(d)));
    let proof: Vec<String> =
        [Some(sparks), Some(evidence), interval, detectable].into_iter().flatten().filter(|w| !w.is_empty()).collect();
    lines.extend([place, proof.join("  ")].into_iter().filter(|l| !l.is_empty()));
    if let Some(accepted) = &row.accepted {
        let by = accepted.by.as_ref().map_or(String::new(), |b| format!(" by {}", b.term()));
        let until = accepted.until.as_ref().map_or(String::new(), |u| format!(" until {}", u.term()));
        lines.push(format!("accepted{by}{until}: {}", accepted.reason.term()));
    }
    lines
}

fn row_style(row: &Finding) -> Style {
    match row.verdict {
        Meaning::Regression => Style::new().fg_color(Some(AnsiColor::Red.into())),
        Meaning::Inconclusive => Style::new().fg_color(Some(AnsiColor::Yellow.into())),
        Meaning::Improvement => Style::new().fg_color(Some(AnsiColor::Green.into())),
        Meaning::Accepted | Meaning::Note => Style::new(),
    }
}

fn left_out(out: &mut String, report: &Report, layout: Layout) {
    let _ = writeln!(out, "\n{}", fold(&compared(report), layout.width, 0, "  "));
    if let Some(found) = report.compared.detectable {
        let line = format!(
            "Detectable with {} runs a side: {} or more, in half of the times; {} in nine of ten.",
            found.runs,
            super::units::change(found.half),
            super::units::change(found.most)
        );
        let _ = writeln!(out, "{}", fold(&line, layout.width, 0, "  "));
    }
    for left in &report.not_compared {
        let line = format!("Not compared: {} ({}): {}", left.what.term(), left.count, left.why.term());
        let _ = writeln!(out, "{}", fold(&line, layout.width, 0, "  "));
    }
    let most = if layout.all { usize::MAX } else { MOST_WARNINGS };
    for warning in report.warnings.iter().take(most) {
        let _ = writeln!(out, "{}", fold(&format!("Warning: {}", warning.term()), layout.width, 0, "  "));
    }
    if report.warnings.len() > most {
        let _ = writeln!(out, "and {} more warnings (--all)", report.warnings.len() - most);
    }
}
