//! `gotrace-diff summarize TRACE...`: what traces amount to.

use std::fmt::Write as _;

use comfy_table::{CellAlignment, ContentArrangement, Table};
use serde::Serialize;

use super::documents::RUNS_SCHEMA;
use super::rows::{self, SummaryFormat as Format};
use super::{DONE, inputs, output};
use crate::cli::SummarizeArgs;
use crate::compare::framework::{self, Owner};
use crate::compare::names;
use crate::config;
use crate::diagnose::Settings;
use crate::error::Error;
use crate::metrics::registry::Unit;
use crate::report::escape::term;
use crate::report::terminal::shorten;
use crate::report::{recording, units};
use crate::summarize::Options;
use crate::summary::Summary;

/// Several summaries in one document.
#[derive(Serialize)]
pub(super) struct Runs<'a> {
    schema: &'static str,
    runs: &'a [Summary],
}

impl<'a> Runs<'a> {
    pub(super) fn of(runs: &'a [Summary]) -> Runs<'a> {
        Runs { schema: RUNS_SCHEMA, runs }
    }
}

pub(super) fn run(args: &SummarizeArgs) -> Result<u8, Error> {
    if args.logs {
        return super::logs::run(args);
    }
    let profiles = match (args.format, args.all) {
        (Format::Json, true) => usize::MAX,
        (Format::Json, false) => PROFILE,
        (Format::Text | Format::Ndjson, _) => 0,
    };
    let options = Options { allow_partial: args.allow_partial, profiles, ..Options::default() };
    let input =
        inputs::read(&[&args.traces], &args.test_json, &options, &args.narrow.narrow()?)?.pop().unwrap_or_default();
    if !input.baselines.columns.is_empty() {
        return Err(Error::Usage("a baseline has no summaries: give traces".to_owned()));
    }
    let config = config::resolve(None, &super::working_folder()?)?;
    if !args.label.is_empty() && args.format != Format::Ndjson {
        return Err(Error::Usage("--label is written into rows: give --format ndjson".to_owned()));
    }
    let text = match (args.format, &input.summaries[..]) {
        (Format::Ndjson, runs) => return rows::print(runs, args, args.benchtime.or(config.rounds)),
        (Format::Json, [one]) => return output::print_document(one).map(|()| DONE),
        (Format::Json, runs) => return output::print_document(&Runs::of(runs)).map(|()| DONE),
        (Format::Text, runs) => {
            let mut text = String::new();
            for warning in &input.warnings {
                let _ = writeln!(text, "Warning: {}", term(warning));
            }
            text + &runs.iter().map(|s| tell(s, args, &config.diagnose)).collect::<Vec<_>>().join("\n")
        }
    };
    output::print(&text, args.color)?;
    Ok(DONE)
}

/// How many stacks of each profile are written without --all: as many as there are sites, those with the most time.
const PROFILE: usize = 256;

const HEADER: [&str; 6] = ["count", "running", "runnable", "syscall", "blocked", "most in"];

/// How many rows of a table are shown without --all.
const MOST_ROWS: usize = 15;

fn tell(summary: &Summary, args: &SummarizeArgs, settings: &Settings) -> String {
    let mut out = String::new();
    let time = |ns: i64| units::figure(ns as f64, Unit::Nanoseconds);
    let _ = writeln!(
        out,
        "{}: {}, {} long, {} events, GOMAXPROCS {}{}{}",
        term(&summary.source),
        term(&summary.format),
        time(summary.end_ns.saturating_sub(summary.start_ns)),
        summary.events,
        summary.gomaxprocs,
        if summary.snapshot { ", a flight recorder's snapshot" } else { "" },
        if summary.complete { "" } else { ", partial" },
    );
    if !summary.narrowed.is_empty() {
        let _ = writeln!(out, "Narrowed: {}", term(&summary.narrowed));
    }
    if let Some(line) = summary.recording.as_ref().and_then(recording::line) {
        let _ = writeln!(out, "Recording: {line}");
    }
    if let Some(advice) = recording::narrower(summary) {
        let _ = writeln!(out, "Advice: {}", term(&advice));
    }
    let under_test = framework::is_under_test(summary);
    let mut rows = Vec::new();
    let mut hidden = 0;
    for (name, g) in &summary.goroutines {
        if !args.show_framework && matches!(framework::owner(name, under_test), Owner::Framework | Owner::Runtime) {
            hidden += 1;
            continue;
        }
        let label = if name.is_empty() { "(nameless)" } else { names::short(name) };
        rows.push((
            g.total_ns,
            row(
                label,
                g.count,
                g.exec_ns,
                g.sched_wait_ns,
                g.syscall_ns.saturating_add(g.syscall_block_ns),
                &g.block_ns,
            ),
        ));
    }
    if args.go_columns {
        out.push_str(&super::columns::table(summary, args.show_framework, if args.all { 0 } else { MOST_ROWS }));
    } else {
        table(&mut out, "Goroutines", rows, args.all);
    }
    let regions = summary.regions.iter().map(|(name, r)| {
        (
            r.total_ns,
            row(
                name,
                r.count,
                r.exec_ns,
                r.sched_wait_ns,
                r.syscall_ns.saturating_add(r.syscall_block_ns),
                &r.block_ns,
            ),
        )
    });
    table(&mut out, "Regions", regions.collect(), args.all);
    for (name, task) in &summary.tasks {
        let quantile = |q| task.durations.quantile(q).map_or("-".to_owned(), time);
        let _ = writeln!(
            out,
            "Task {}: {} ({} complete), p50 {}, p99 {}",
            term(name),
            task.count,
            task.complete,
            quantile(0.5),
            quantile(0.99)
        );
    }
    super::overview::tell(&mut out, summary, settings, args.all);
    for (name, count) in &summary.logs {
        let category = if name.is_empty() { "(none)".to_owned() } else { term(name) };
        let _ = writeln!(out, "Log {category}: {count}");
    }
    if hidden > 0 {
        let _ = writeln!(out, "Left out: {hidden} groups of the runtime and the test framework (--show-framework)");
    }
    for warning in &summary.warnings {
        let _ = writeln!(out, "Warning: {} ({}×)", term(&warning.message), warning.count);
    }
    out
}

type Row = Vec<String>;

fn row(
    name: &str,
    count: u64,
    exec: i64,
    sched: i64,
    syscall: i64,
    block: &std::collections::BTreeMap<String, i64>,
) -> Row {
    let time = |ns: i64| units::figure(ns as f64, Unit::Nanoseconds);
    let blocked = block.values().copied().fold(0, i64::saturating_add);
    let most = block.iter().max_by_key(|(_, ns)| **ns).filter(|(_, ns)| **ns > 0).map_or("", |(reason, _)| reason);
    vec![term(name), count.to_string(), time(exec), time(sched), time(syscall), time(blocked), term(most)]
}

fn table(out: &mut String, title: &str, mut rows: Vec<(i64, Row)>, all: bool) {
    if rows.is_empty() {
        return;
    }
    rows.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)));
    let more = if all { 0 } else { rows.len().saturating_sub(MOST_ROWS) };
    // Names give way: figures have to stay whole.
    let widest = |column: usize| rows.iter().map(|(_, r)| r[column].chars().count()).max().unwrap_or(0);
    let figures: usize = (1..7).map(|i| widest(i).max(HEADER[i - 1].len()) + 2).sum();
    let name = output::width().saturating_sub(figures + 2).max(16);
    let mut table = Table::new();
    table.load_style(comfy_table::presets::NOTHING);
    table.set_content_arrangement(ContentArrangement::Disabled);
    table.set_header(std::iter::once(title).chain(HEADER));
    for (_, row) in rows.iter().take(rows.len() - more) {
        let mut row = row.clone();
        row[0] = shorten(&row[0], name);
        table.add_row(row);
    }
    for (i, column) in table.column_iter_mut().enumerate() {
        column.set_padding((0, 2));
        if (1..6).contains(&i) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    for line in table.lines() {
        let _ = writeln!(out, "{}", line.trim_end());
    }
    if more > 0 {
        let _ = writeln!(out, "and {more} more (--all)");
    }
}
