//! One subject in depth, for people: tables, the runs of each side as dots, stacks.

use std::fmt::Write as _;

use super::depth::{Part, Series, SubjectDepth, WakerDepth};
use super::escape::term;
use super::path::Layout;
use super::table::Rows;
use super::units;
use crate::compare::names;
use crate::metrics::registry::{SubjectKind, Unit};

/// Frames of a stack that are shown.
const MOST_FRAMES: usize = 8;
/// Series whose runs are drawn.
const MOST_DRAWN: usize = 4;
/// How wide they are drawn.
const PLOT: usize = 48;
/// Runs whose figures are written out.
const MOST_RUNS: usize = 8;

/// All subjects.
pub fn render(subjects: &[SubjectDepth], warnings: &[String], layout: Layout) -> String {
    let most = if layout.top == 0 { subjects.len() } else { layout.top };
    let told: Vec<String> = subjects.iter().take(most).map(|s| one(s, layout)).collect();
    let mut out = told.join("\n");
    if subjects.len() > most {
        let _ = writeln!(out, "\nand {} more subjects (--top 0)", subjects.len() - most);
    }
    for warning in warnings {
        let _ = writeln!(out, "Warning: {}", term(warning));
    }
    out
}

fn one(subject: &SubjectDepth, layout: Layout) -> String {
    let name = if subject.kind == SubjectKind::Process || subject.label.starts_with(subject.kind.name()) {
        subject.label.clone()
    } else {
        format!("{} {}", subject.kind, subject.label)
    };
    let mut out = term(&name);
    if let Some(position) = &subject.position {
        let _ = write!(out, "  {}", term(position));
    }
    match subject.presence {
        "added" => out.push_str(": new in the head"),
        "removed" => out.push_str(": gone from the head"),
        _ => {}
    }
    out.push('\n');
    if let Some(old) = &subject.renamed_from {
        let _ = writeln!(out, "  renamed from {}", term(names::short(old)));
    }
    let parts = [
        (Part::State, "Where its time goes"),
        (Part::Spent, "What goroutines spent on it"),
        (Part::Other, "Other figures"),
    ];
    for (part, title) in parts {
        let mut rows = Rows::default();
        for series in subject.series.iter().filter(|s| s.part() == part) {
            rows.push(cells(series), vec![]);
        }
        let table = rows.render(&[title, "base", "head", "change", ""], layout.top, layout.width);
        if !table.is_empty() {
            let _ = write!(out, "\n{table}");
        }
    }
    runs(&mut out, subject, layout);
    sites(&mut out, subject, layout);
    if !subject.frames.is_empty() {
        out.push_str("\nThe stacks with the most time differ (- base, + head)\n");
        for frame in &subject.frames {
            let sign = match frame.side {
                "base" => '-',
                "head" => '+',
                _ => ' ',
            };
            let _ = writeln!(out, "  {sign} {}", term(names::short(&frame.function)));
        }
    }
    for (metric, why) in &subject.not_compared {
        let _ = writeln!(out, "Not compared: {}: {why}", term(metric));
    }
    out
}

fn cells(series: &Series) -> Vec<String> {
    let figure = |value: Option<f64>| value.map_or_else(|| "-".to_owned(), |v| units::figure(v, series.unit));
    let per = if series.per.is_empty() { String::new() } else { format!(", per {}", series.per) };
    let sign = if series.delta < 0.0 { '-' } else { '+' };
    vec![
        term(&format!("{}{per}", series.what)),
        figure(series.base),
        figure(series.head),
        format!("{sign}{}", units::figure(series.delta.abs(), series.unit)),
        series.change.map_or_else(String::new, units::change),
    ]
}

/// The runs of the series that changed most, on one scale a series.
///
/// ```text
///   chan send  55.1 ms                         112 ms
///     base     2·1
///     head                                     11 1
/// ```
fn runs(out: &mut String, subject: &SubjectDepth, layout: Layout) {
    let several: Vec<&Series> =
        subject.series.iter().filter(|s| s.base_runs.len() > 1 || s.head_runs.len() > 1).collect();
    if several.is_empty() {
        return;
    }
    let most = if layout.top == 0 { several.len() } else { MOST_DRAWN };
    out.push_str("\nEach run (a figure is how many runs are there)\n");
    for series in several.into_iter().take(most) {
        let all = || series.base_runs.iter().chain(&series.head_runs).copied();
        let (low, high) = (all().fold(f64::INFINITY, f64::min), all().fold(f64::NEG_INFINITY, f64::max));
        let (from, to) = (units::figure(low, series.unit), units::figure(high, series.unit));
        let gap = PLOT.saturating_sub(from.chars().count());
        let _ = writeln!(out, "  {}\n          {from}{to:>gap$}", term(&series.what));
        for (side, runs) in [("base", &series.base_runs), ("head", &series.head_runs)] {
            let figures: Vec<String> = runs.iter().take(MOST_RUNS).map(|&v| units::figure(v, series.unit)).collect();
            let more = if runs.len() > MOST_RUNS { ", …" } else { "" };
            let _ = writeln!(out, "    {side}  {}", plot(runs, low, high).trim_end());
            let _ = writeln!(out, "          {}{more}", figures.join(", "));
        }
    }
}

fn plot(runs: &[f64], low: f64, high: f64) -> String {
    let mut cells = [0u32; PLOT];
    for value in runs {
        let part = if high > low { (value - low) / (high - low) } else { 0.0 };
        let at = (part * (PLOT - 1) as f64).round() as usize;
        cells[at.min(PLOT - 1)] += 1;
    }
    cells.iter().map(|&n| if n == 0 { ' ' } else { char::from_digit(n.min(9), 10).unwrap_or('9') }).collect()
}

/// Who ended the waits, mostly; both sides where that is not the same.
fn ended_by(base: &[WakerDepth], head: &[WakerDepth]) -> Vec<String> {
    let told = |waker: &WakerDepth| {
        let group = if waker.group.is_empty() { "(nameless)" } else { names::short(&waker.group) };
        let at = match waker.function.as_str() {
            "" => String::new(),
            function => format!(" at {}  {}", names::short(function), waker.position),
        };
        term(&format!("{group}{at}"))
    };
    let same = |a: &WakerDepth, b: &WakerDepth| {
        names::key(&a.group) == names::key(&b.group) && names::key(&a.function) == names::key(&b.function)
    };
    match (base.first(), head.first()) {
        (Some(base), Some(head)) if !same(base, head) => {
            vec![format!("ended in the base by {}", told(base)), format!("ended in the head by {}", told(head))]
        }
        (base, head) => head.or(base).map(|waker| format!("ended by {}", told(waker))).into_iter().collect(),
    }
}

fn sites(out: &mut String, subject: &SubjectDepth, layout: Layout) {
    let mut rows = Rows::default();
    for site in &subject.sites {
        let time = |ns: f64| units::figure(ns, Unit::Nanoseconds);
        let delta = site.head_ns - site.base_ns;
        let sign = if delta < 0.0 { '-' } else { '+' };
        let state = site.state.strip_prefix("block_ns.").unwrap_or("system call");
        let waits = |n: f64| units::figure(n, Unit::Count);
        let mut below = vec![format!("{} → {} times", waits(site.base_count), waits(site.head_count))];
        below.extend(ended_by(&site.base_wakers, &site.head_wakers));
        below.extend(site.stack.iter().take(MOST_FRAMES).map(|frame| {
            let (function, position) = frame.rsplit_once(' ').unwrap_or((frame, ""));
            term(&format!("{}  {position}", names::short(function)))
        }));
        if site.stack.len() > MOST_FRAMES {
            below.push(format!("and {} more frames", site.stack.len() - MOST_FRAMES));
        }
        rows.push(
            vec![
                term(&format!("{state} at {}", names::short(&site.function))),
                time(site.base_ns),
                time(site.head_ns),
                format!("{sign}{}", time(delta.abs())),
            ],
            below,
        );
    }
    let per = subject.sites.first().map_or("", |s| s.per);
    let title = if per.is_empty() { "Where it waits".to_owned() } else { format!("Where it waits, per {per}") };
    let table = rows.render(&[&title, "base", "head", "change"], layout.top.min(5), layout.width);
    if !table.is_empty() {
        let _ = write!(out, "\n{table}");
    }
}
