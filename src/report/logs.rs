//! Log messages for people. Messages are the program's text, which may be its users' text: each is escaped.

use std::fmt::Write as _;

use super::escape::term;
use super::path::time;
use super::table::Rows;
use super::terminal::shorten;
use crate::compare::names;
use crate::logs::{Logs, Message};

/// How to lay it out.
#[derive(Clone, Copy, Debug)]
pub struct Layout {
    /// Columns of the terminal.
    pub width: usize,
    /// Show everything, and messages in full.
    pub all: bool,
}

/// Without --all so many counts and messages are shown.
const MOST_COUNTS: usize = 15;
const MOST_MESSAGES: usize = 50;

/// Names in the list of messages are cut to this.
const NAME: usize = 24;

/// The messages of one trace.
pub fn render(source: &str, logs: &Logs, layout: Layout) -> String {
    let of = if logs.matched == logs.total { String::new() } else { format!(" of {}", logs.total) };
    let categories = if logs.categories.len() == 1 { "category" } else { "categories" };
    let mut out =
        format!("{}: {}{of} log messages in {} {categories}\n", term(source), logs.matched, logs.categories.len());
    if let Some(generations) = logs.partial {
        let _ = writeln!(out, "Only the {generations} complete generations of a truncated trace were used");
    }
    if logs.matched == 0 {
        return out;
    }
    let top = if layout.all { 0 } else { MOST_COUNTS };
    let mut rows = Rows::default();
    for (category, count) in &logs.categories {
        let category = if category.is_empty() { "(none)".to_owned() } else { term(category) };
        rows.push(vec![category, count.to_string()], vec![]);
    }
    let _ = write!(out, "\n{}", rows.render(&["Category", "count"], top, layout.width).replace("--top 0", "--all"));
    let mut rows = Rows::default();
    for counted in &logs.counts {
        rows.push(vec![line(&counted.category, &counted.message), counted.count.to_string()], vec![]);
    }
    let _ = write!(out, "\n{}", rows.render(&["Message", "count"], top, layout.width).replace("--top 0", "--all"));
    if logs.not_told_apart > 0 {
        let _ = writeln!(out, "  and {} messages that are too many to tell apart", logs.not_told_apart);
    }
    list(&mut out, logs, layout);
    out
}

fn line(category: &str, message: &str) -> String {
    if category.is_empty() { term(message) } else { term(&format!("{category}: {message}")) }
}

fn list(out: &mut String, logs: &Logs, layout: Layout) {
    let most = if layout.all { logs.messages.len() } else { MOST_MESSAGES.min(logs.messages.len()) };
    let header = ["at", "in task", "task", "goroutine"].map(str::to_owned);
    let rows: Vec<([String; 4], String)> = logs.messages[..most].iter().map(row).collect();
    let width = |i: usize| {
        let cells = rows.iter().map(|(cells, _)| &cells[i]).chain([&header[i]]);
        cells.map(|c| c.chars().count()).max().unwrap_or(0)
    };
    let widths = [width(0), width(1), width(2), width(3)];
    let left = layout.width.saturating_sub(widths.iter().sum::<usize>() + 8).max(16);
    let head = (header, "message".to_owned());
    out.push('\n');
    for (cells, message) in std::iter::once(&head).chain(&rows) {
        let [at, within, task, goroutine] = cells;
        let [a, w, t, g] = widths;
        let message = if layout.all { message.clone() } else { shorten(message, left) };
        let said = format!("{at:>a$}  {within:>w$}  {task:<t$}  {goroutine:<g$}  {message}");
        let _ = writeln!(out, "{}", said.trim_end());
    }
    let rest = (logs.messages.len() - most) as u64;
    if rest > 0 {
        let _ = writeln!(out, "and {rest} more (--all)");
    }
    if logs.left_out > 0 {
        let _ = writeln!(
            out,
            "and {} that are too many to list: narrow them with --log-category, --log-task or --log-text",
            logs.left_out
        );
    }
}

fn row(message: &Message) -> ([String; 4], String) {
    let task = match (&message.task, message.task_id) {
        (Some(name), Some(id)) => shorten(&term(&format!("{name} {id}")), NAME),
        (None, Some(id)) => format!("(begun before) {id}"),
        _ => String::new(),
    };
    let goroutine = if message.goroutine.is_empty() { "(nameless)" } else { names::short(&message.goroutine) };
    let cells =
        [time(message.at_ns), message.in_task_ns.map_or_else(String::new, time), task, shorten(&term(goroutine), NAME)];
    (cells, line(&message.category, &message.message))
}
