//! Summaries as rows for a warehouse: one for each series of each run, with the figure per item.
//!
//! ```text
//!   run 1 ─┬─ region "render"  exec_ns   per call        one row
//!          ├─ region "render"  count     per run         one row
//!          └─ group  shop.work block_ns.sync ...         ...
//! ```
//!
//! A row holds all that is needed to filter and group it, so that any engine reads it without joins. `docs/history.md`
//! has the columns, the schema and a query.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

use crate::compare::{Side, Subject, SubjectId, per};
use crate::metrics::registry::{self, SubjectKind, Unit};
use crate::summary::Summary;

/// The version of a row.
pub const SCHEMA: &str = "gotrace-diff/row/1";

/// One series of one run.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Row<'a> {
    /// `gotrace-diff/row/1`.
    pub schema: &'static str,
    /// What whoever made it says of it: `commit`, `at`, `branch` and so on.
    pub labels: &'a BTreeMap<String, String>,
    /// The file of the run.
    pub source: &'a str,
    /// The import path of the package, or what stands in for it.
    pub package: &'a str,
    /// The trace's header.
    pub format: &'a str,
    /// GOMAXPROCS; 0 where unknown.
    pub gomaxprocs: u64,
    /// False for a partial trace.
    pub complete: bool,
    /// How long the run is, ns.
    pub duration_ns: i64,
    /// `process`, `test`, `benchmark`, `group`, `region`, `task`, `log` or `site`.
    pub kind: &'static str,
    /// The subject's name; empty for the process.
    pub subject: &'a str,
    /// Which repeat of a test (`-count`), from 0; null for what is no test with a name of its own.
    pub repeat: Option<usize>,
    /// The metric's path, as `gotrace-diff --list-metrics` lists it.
    pub metric: &'a str,
    /// `ns`, `count`, `bytes` or `ratio`.
    pub unit: &'static str,
    /// Per what `value` is: `goroutine`, `call`, `task`, `test`, `operation`, `second`; empty where nothing is divided.
    pub per: &'static str,
    /// The figure per item; null where it cannot be said per item (rounds of a benchmark unknown, no call).
    pub value: Option<f64>,
    /// The figure of the whole run.
    pub total: f64,
    /// How many goroutines, calls, tasks or messages there were, where they are counted.
    pub items: Option<i64>,
}

/// Gives the rows of a run to `each`, sorted by subject and metric. `framework`: those of the runtime's and the test
/// framework's goroutines too.
///
/// # Errors
/// What `each` makes of it.
pub fn of<E>(
    run: &Summary,
    labels: &BTreeMap<String, String>,
    rounds: Option<u64>,
    framework: bool,
    mut each: impl FnMut(&Row<'_>) -> Result<(), E>,
) -> Result<(), E> {
    let side = Side::new(std::slice::from_ref(run), rounds);
    for (name, package) in &side.packages {
        let both = per::Both::of(package, package, false);
        for (id, subject) in package.subjects.iter().filter(|(_, s)| framework || !s.framework) {
            for (path, values) in &subject.figures {
                for (i, total) in values.iter().enumerate().filter_map(|(i, v)| Some((i, (*v)?))) {
                    if let Some(row) = row(run, labels, (name, both), (id, subject), (path, i, total)) {
                        each(&row)?;
                    }
                }
            }
        }
    }
    Ok(())
}

fn row<'a>(
    run: &'a Summary,
    labels: &'a BTreeMap<String, String>,
    (name, packages): (&'a str, per::Both<'_>),
    (id, subject): (&'a SubjectId, &Subject),
    (path, i, total): (&'a str, usize, i64),
) -> Option<Row<'a>> {
    let metric = registry::find(id.kind, path)?;
    let package = packages.base;
    let item = per::item(id.kind, metric, &packages, (Some(subject), Some(subject)));
    let value = item.ok().and_then(|item| per::each_value(package, subject, id.kind, metric, path, item).nth(i)?);
    let items = match id.kind {
        SubjectKind::Process => None,
        _ => subject.figures.get("count").and_then(|counts| counts.get(i).copied().flatten()),
    };
    Some(Row {
        schema: SCHEMA,
        labels,
        source: &run.source,
        package: name,
        format: &run.format,
        gomaxprocs: run.gomaxprocs,
        complete: run.complete,
        duration_ns: run.end_ns.saturating_sub(run.start_ns),
        kind: id.kind.name(),
        subject: &id.name,
        repeat: (!subject.repeats.is_empty()).then_some(i),
        metric: path,
        unit: metric.unit.name(),
        per: item.map_or("", per::Item::name),
        value: value.filter(|v| v.is_finite()),
        total: if metric.unit == Unit::Ratio { total as f64 / 1e6 } else { total as f64 },
        items,
    })
}

/// The schema of a row.
pub fn schema() -> schemars::Schema {
    let mut schema = schemars::schema_for!(Row<'static>);
    schema.insert("$id".to_owned(), format!("urn:{}", SCHEMA.replace('/', ":")).into());
    schema.insert("title".to_owned(), "A row of gotrace-diff summarize --format ndjson".into());
    schema
}
