//! Critical paths for people: one alone, or two side by side.

use std::fmt::Write as _;

use super::escape::term;
use super::table::Rows;
use super::units;
use crate::compare::names;
use crate::critical::{Both, CriticalPath, FunctionTime, PassedWait, PathChange, Piece, Place};
use crate::metrics::registry::{SubjectKind, Unit};

/// How to lay it out.
#[derive(Clone, Copy, Debug)]
pub struct Layout {
    /// Columns of the terminal.
    pub width: usize,
    /// How many rows of each table to show; 0 for all.
    pub top: usize,
}

pub(super) fn time(ns: i64) -> String {
    units::figure(ns as f64, Unit::Nanoseconds)
}

pub(super) fn delta(ns: i64) -> String {
    if ns < 0 { format!("-{}", time(ns.saturating_neg())) } else { format!("+{}", time(ns)) }
}

fn share(ns: i64, of: i64) -> String {
    if of == 0 { String::new() } else { units::percent(ns as f64 / of as f64) }
}

/// What people call a category.
fn words(category: &str) -> &str {
    match category {
        "cpu" => "running",
        "sync" => "waiting, not followed",
        "syscall" => "system call",
        "scheduler" => "waiting for a processor",
        "gc" => "garbage collection",
        "paused" => "paused by t.Parallel",
        other => other,
    }
}

fn subject(path: &CriticalPath) -> String {
    let functions = matches!(path.kind, SubjectKind::Test | SubjectKind::Benchmark | SubjectKind::Group);
    let name = if functions { names::short(&path.name) } else { &path.name };
    term(&match (path.walked, path.names) {
        (1, _) => format!("{} {name}", path.kind),
        (n, 1) => format!("{} {name}, {n} of them", path.kind),
        (n, names) => format!("{n} of {names} {}s, the slowest {name}", path.kind),
    })
}

/// Which of its instances this is.
fn which(path: &CriticalPath) -> String {
    let mut said = match (path.walked, path.instances) {
        (1, 1) => "the only one of its name".to_owned(),
        (1, n) => format!("one of {n}"),
        (n, _) => format!("all {n}, added up"),
    };
    if path.walked == 1 {
        let _ = write!(said, ", {} after the trace began", time(path.start_ns));
    }
    if !path.whole {
        said.push_str(", not whole");
    }
    if let Some(generations) = path.partial {
        let _ = write!(said, ", of the {generations} complete generations of a truncated trace");
    }
    said
}

fn wait_words(reason: &str, place: &Place) -> String {
    let reason = if reason.is_empty() { "wait" } else { reason };
    term(&format!("{reason} at {}", place.label()))
}

fn ended_by(place: &Place, by: &Place) -> Vec<String> {
    let mut lines = vec![term(&format!("ended by {}", by.label()))];
    if !place.position.is_empty() {
        lines.insert(0, term(&place.position));
    }
    lines
}

/// One path.
pub fn one(source: &str, path: &CriticalPath, layout: Layout) -> String {
    let times = &path.times;
    let mut out = format!("{}: critical path of {}\n", subject(path), time(times.total_ns));
    let _ = writeln!(out, "  {}\n  {}\n", term(source), which(path));

    let mut categories: Vec<(&str, i64)> = times.categories.iter().map(|(name, ns)| (*name, *ns)).collect();
    categories.sort_by_key(|(_, ns)| std::cmp::Reverse(*ns));
    let mut rows = Rows::default();
    for (category, ns) in categories {
        rows.push(vec![words(category).to_owned(), time(ns), share(ns, times.total_ns)], vec![]);
    }
    out.push_str(&rows.render(&["What the time was", "time", "share"], 0, layout.width));

    let mut rows = Rows::default();
    for PassedWait { reason, place, ended_by: by, count, time_ns } in &times.waits {
        let cells = vec![wait_words(reason, place), count.to_string(), time(*time_ns), share(*time_ns, times.total_ns)];
        rows.push(cells, ended_by(place, by));
    }
    if !rows.is_empty() {
        let cells = vec!["none".to_owned(), String::new(), time(times.own_ns), share(times.own_ns, times.total_ns)];
        rows.push(cells, vec![]);
        let table = rows.render(&["Behind which wait", "passed", "time", "share"], layout.top, layout.width);
        let _ = write!(out, "\n{table}");
    }

    let mut rows = Rows::default();
    for FunctionTime { category, place, pieces, time_ns } in &times.functions {
        let cells = vec![
            term(&format!("{}  {}", words(category), place.label())),
            pieces.to_string(),
            time(*time_ns),
            share(*time_ns, times.total_ns),
        ];
        rows.push(cells, position(place));
    }
    let table = rows.render(&["Where", "pieces", "time", "share"], layout.top, layout.width);
    let _ = write!(out, "\n{table}");
    pieces(&mut out, "The longest pieces, in order", path, layout);
    out
}

fn position(place: &Place) -> Vec<String> {
    if place.position.is_empty() { vec![] } else { vec![term(&place.position)] }
}

/// The longest pieces of a path in the order of time.
fn pieces(out: &mut String, title: &str, path: &CriticalPath, layout: Layout) {
    let all = &path.times.pieces;
    let mut longest: Vec<usize> = (0..all.len()).collect();
    longest.sort_by_key(|&i| (std::cmp::Reverse(all[i].time_ns), i));
    let left_out = if layout.top == 0 { 0 } else { longest.len().saturating_sub(layout.top) };
    longest.truncate(longest.len() - left_out);
    longest.sort_unstable();
    let mut rows = Rows::default();
    for Piece { start_ns, time_ns, category, place, behind, .. } in longest.iter().map(|&i| &all[i]) {
        let at = format!("{}  {}", words(category), place.label());
        let behind = behind.as_ref().map(|wait| vec![term(&format!("behind {wait}"))]).unwrap_or_default();
        rows.push(vec![term(&at), time(*start_ns), time(*time_ns)], behind);
    }
    let _ = write!(out, "\n{}", rows.render(&[title, "at", "time"], 0, layout.width));
    let rest = left_out + path.times.pieces_left_out;
    if rest > 0 {
        let _ = writeln!(out, "  and {rest} shorter pieces (--top 0)");
    }
}

/// Two paths side by side.
pub fn two(
    sources: (&str, &str),
    base: &CriticalPath,
    head: &CriticalPath,
    joined: &PathChange,
    layout: Layout,
) -> String {
    let total = joined.total;
    let ratio = if total.base_ns > 0 {
        format!(", {}", units::change(total.delta() as f64 / total.base_ns as f64))
    } else {
        String::new()
    };
    let mut out = format!(
        "{}: critical path of {} → {} ({}{ratio})\n",
        subject(head),
        time(total.base_ns),
        time(total.head_ns),
        delta(total.delta()),
    );
    let _ = writeln!(out, "  base  {}\n        {}", term(sources.0), which(base));
    let _ = writeln!(out, "  head  {}\n        {}\n", term(sources.1), which(head));
    let cells = |label: String, both: &Both| vec![label, time(both.base_ns), time(both.head_ns), delta(both.delta())];

    let mut rows = Rows::default();
    for c in &joined.categories {
        rows.push(cells(words(c.category).to_owned(), &c.time), vec![]);
    }
    out.push_str(&rows.render(&["What the time was", "base", "head", "change"], 0, layout.width));

    let mut rows = Rows::default();
    for w in &joined.waits {
        let mut below = ended_by(&w.place, &w.ended_by);
        if let Some(last) = below.last_mut() {
            let _ = write!(last, ", passed {} → {} times", w.base_count, w.head_count);
        }
        rows.push(cells(wait_words(&w.reason, &w.place), &w.time), below);
    }
    if !rows.is_empty() {
        rows.push(cells("none".to_owned(), &joined.own), vec![]);
        let table = rows.render(&["Behind which wait", "base", "head", "change"], layout.top, layout.width);
        let _ = write!(out, "\n{table}");
    }

    let mut rows = Rows::default();
    for f in &joined.functions {
        rows.push(cells(term(&format!("{}  {}", words(f.category), f.place.label())), &f.time), position(&f.place));
    }
    let table = rows.render(&["Where", "base", "head", "change"], layout.top, layout.width);
    let _ = write!(out, "\n{table}");
    pieces(&mut out, "The head's longest pieces, in order", head, layout);
    out
}
