//! `gotrace-diff merge SUMMARY...`: summaries added up, as JSON or for people.

use std::fmt::Write as _;

use super::{DONE, output};
use crate::cli::ReportArgs;
use crate::compare::framework::{self, Owner};
use crate::error::Error;
use crate::metrics::registry::Unit;
use crate::report::escape::term;
use crate::report::format::Format;
use crate::report::{json, units};
use crate::sketch::Sketch;
use crate::totals::{Total, Totals};

/// How many rows of a part are shown without --all.
const MOST_ROWS: usize = 15;

/// Adds up, writes the files that were asked for, prints.
pub(super) fn tell(parts: impl Iterator<Item = Totals>, args: &ReportArgs) -> Result<u8, Error> {
    let mut all = Totals::default();
    parts.for_each(|part| all.absorb(part));
    let render = |format: Format| match format {
        Format::Json => json::document(&all),
        Format::Text => Ok(text(&all, args.all)),
        other => Err(Error::Usage(format!(
            "summaries add up to figures and no verdict: --format text or json, and not {}; for a verdict give --base and --head",
            other.name()
        ))),
    };
    if args.report_dir.is_some() {
        return Err(Error::Usage("summaries add up to no report: --output json=FILE writes the total".to_owned()));
    }
    let files = args.output.iter().map(|(format, path)| Ok((path, render(*format)?)));
    let files = files.collect::<Result<Vec<_>, Error>>()?;
    let said = render(args.format())?;
    for (path, text) in files {
        output::write_file(path, &text)?;
    }
    output::print(&said, args.color)?;
    Ok(DONE)
}

fn text(all: &Totals, everything: bool) -> String {
    let mut out = String::new();
    for (package, total) in &all.packages {
        let name = if package.is_empty() { "(package unknown)".to_owned() } else { term(package) };
        let keys = |map: Vec<String>| map.join(", ");
        let _ = writeln!(
            out,
            "{name}: {} runs{}, {} in all, {} events, {}, GOMAXPROCS {}",
            total.runs,
            if total.partial > 0 { format!(" ({} partial)", total.partial) } else { String::new() },
            time(total.duration_ns as f64),
            total.events,
            keys(total.formats.keys().map(|f| term(f)).collect()),
            keys(total.gomaxprocs.keys().map(u64::to_string).collect()),
        );
        rows(&mut out, groups(total, everything), everything);
        rows(&mut out, spans(total), everything);
    }
    out
}

type Rows = Vec<(i64, String)>;

/// The program's own goroutines; all of them where everything is to be shown.
fn groups(total: &Total, everything: bool) -> Rows {
    let shown = |name: &str| everything || !matches!(framework::owner(name, true), Owner::Framework | Owner::Runtime);
    let line = |(name, g): (&String, &crate::summary::Group)| {
        let blocked = g.block_ns.values().copied().fold(0, i64::saturating_add);
        let each = |ns: i64| time(ns as f64 / g.count.max(1) as f64);
        let line = format!(
            "group {}: {}, each ran {}, waited for a processor {}, blocked {}",
            term(name),
            g.count,
            each(g.exec_ns),
            each(g.sched_wait_ns),
            each(blocked)
        );
        (g.total_ns, line)
    };
    total.goroutines.iter().filter(|(name, _)| shown(name)).map(line).collect()
}

fn spans(total: &Total) -> Rows {
    let line = |kind: &str, name: &str, count: u64, durations: &Sketch| {
        let at = |q| durations.quantile(q).map_or("-".to_owned(), |ns| time(ns as f64));
        let mean = durations.mean().map_or("-".to_owned(), time);
        let line = format!("{kind} {}: {count}, mean {mean}, p50 {}, p99 {}", term(name), at(0.5), at(0.99));
        (durations.sum_ns, line)
    };
    let regions = total.regions.iter().map(|(name, r)| line("region", name, r.count, &r.durations));
    let tasks = total.tasks.iter().map(|(name, t)| line("task", name, t.count, &t.durations));
    let tests = total.tests.iter().map(|(name, t)| line("test", name, t.count, &t.wall));
    regions.chain(tasks).chain(tests).collect()
}

fn rows(out: &mut String, mut rows: Rows, all: bool) {
    rows.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
    let most = if all { usize::MAX } else { MOST_ROWS };
    for (_, line) in rows.iter().take(most) {
        let _ = writeln!(out, "  {line}");
    }
    if rows.len() > most {
        let _ = writeln!(out, "  and {} more (--all)", rows.len() - most);
    }
}

fn time(ns: f64) -> String {
    units::figure(ns, Unit::Nanoseconds)
}
