//! `gotrace-diff summarize --go-columns`: goroutine groups under the names that `go tool trace` gives their figures.
//!
//! ```text
//!   Total = Execution + Network wait + Sync block + Block syscall + Sched wait + Other wait (+ what is not known)
//!           GC assist, GC sweeping and GC pause lie within these
//! ```

use crate::compare::framework::{self, Owner};
use crate::compare::names;
use crate::metrics::registry::Unit;
use crate::report::escape::term;
use crate::report::table::Rows;
use crate::report::units;
use crate::summary::{Group, Summary};

use super::output;

/// A column: its name and its figure, ns.
type Column = (&'static str, fn(&Group) -> i64);

const COLUMNS: [Column; 10] = [
    ("Total", |g| g.total_ns),
    ("Execution", |g| g.exec_ns),
    ("Network wait", |g| blocked(g, |reason| reason == "network")),
    ("Sync block", |g| blocked(g, is_sync)),
    ("Block syscall", |g| g.syscall_ns.saturating_add(g.syscall_block_ns)),
    ("Sched wait", |g| g.sched_wait_ns),
    ("Other wait", |g| blocked(g, |reason| reason != "network" && !is_sync(reason))),
    ("GC assist", |g| ranges(g, |range| range == "GC mark assist")),
    ("GC sweeping", |g| ranges(g, |range| range == "GC incremental sweep")),
    ("GC pause", |g| ranges(g, |range| range.starts_with("stop-the-world"))),
];

/// Channels, select, locks and conditions: what Go's synchronization profile counts.
fn is_sync(reason: &str) -> bool {
    ["chan", "sync", "select"].iter().any(|part| reason.contains(part))
}

fn blocked(group: &Group, of: impl Fn(&str) -> bool) -> i64 {
    let times = group.block_ns.iter().filter(|(reason, _)| of(reason)).map(|(_, ns)| *ns);
    times.fold(0, i64::saturating_add)
}

fn ranges(group: &Group, of: impl Fn(&str) -> bool) -> i64 {
    let times = group.range_ns.iter().filter(|(range, _)| of(range)).map(|(_, ns)| *ns);
    times.fold(0, i64::saturating_add)
}

/// The table. Columns in which nothing stands are named below it.
pub(super) fn table(summary: &Summary, show_framework: bool, top: usize) -> String {
    let under_test = framework::is_under_test(summary);
    let is_shown =
        |name: &str| show_framework || !matches!(framework::owner(name, under_test), Owner::Framework | Owner::Runtime);
    let mut groups: Vec<(&String, &Group)> = summary.goroutines.iter().filter(|(name, _)| is_shown(name)).collect();
    groups.sort_by(|a, b| b.1.total_ns.cmp(&a.1.total_ns).then(a.0.cmp(b.0)));
    let (used, unused): (Vec<Column>, Vec<Column>) =
        COLUMNS.into_iter().partition(|(_, figure)| groups.iter().any(|(_, group)| figure(group) != 0));
    let mut rows = Rows::default();
    for (name, group) in &groups {
        let label = if name.is_empty() { "(nameless)".to_owned() } else { term(names::short(name)) };
        let figures = used.iter().map(|(_, figure)| units::figure(figure(group) as f64, Unit::Nanoseconds));
        rows.push([label, group.count.to_string()].into_iter().chain(figures).collect(), Vec::new());
    }
    let header: Vec<&str> = ["Goroutines", "Count"].into_iter().chain(used.iter().map(|(name, _)| *name)).collect();
    // Wide tables are folded by nobody: figures have to stay whole.
    let mut out = rows.render(&header, top, output::width());
    if !unused.is_empty() {
        let names: Vec<&str> = unused.iter().map(|(name, _)| *name).collect();
        out.push_str(&format!("Nothing in {}\n", names.join(", ")));
    }
    out
}
