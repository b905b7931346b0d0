//! Where the time of a subject went, base and head side by side.

use maud::{Markup, html};

use crate::hash::HashMap;
use crate::report::escape::Text;
use crate::report::model::{Report, Row, Subject};
use crate::report::units;

/// The states by metric: how they are drawn.
const CLASSES: [(&str, &str); 14] = [
    ("exec_ns", "exec"),
    ("sched_wait_ns", "runnable"),
    ("syscall_ns", "syscall"),
    ("syscall_block_ns", "syscall"),
    ("syscall", "syscall"),
    ("block_ns.sync", "sync"),
    ("block_ns.sync.(*Cond).Wait", "sync"),
    ("block_ns.chan send", "send"),
    ("block_ns.chan receive", "receive"),
    ("block_ns.select", "select"),
    ("block_ns.sleep", "sleep"),
    ("block_ns.network", "network"),
    ("block_ns.GC mark assist wait for work", "other"),
    ("block_ns.", "other"),
];

/// How a state is drawn.
pub(super) fn class(state: &Text) -> &'static str {
    CLASSES.iter().find(|(metric, _)| state.is(metric)).map_or("other", |(_, class)| class)
}

/// A square in the colour of what it stands beside.
pub(super) fn swatch(class: &str) -> Markup {
    html! { svg class="swatch" viewBox="0 0 10 10" aria-hidden="true" { rect width="10" height="10" class=(class) {} } }
}

type Key<'r> = (Option<&'r Text>, crate::metrics::registry::SubjectKind, &'r Text);

fn key(subject: &Subject) -> Key<'_> {
    (subject.package.as_ref(), subject.kind, &subject.name)
}

/// The states of every subject.
pub(super) struct Index<'r>(HashMap<Key<'r>, Vec<Row<'r>>>);

impl<'r> Index<'r> {
    pub(super) fn of(report: &'r Report) -> Index<'r> {
        let mut index: HashMap<Key<'r>, Vec<Row<'r>>> = HashMap::default();
        let is_state = |m: &Text| {
            m.is_any(&["exec_ns", "sched_wait_ns", "syscall_ns", "syscall_block_ns"]) || m.starts_with("block_ns.")
        };
        for row in report.rows().filter(|r| is_state(r.metric)) {
            index.entry(key(row.subject)).or_default().push(row);
        }
        Index(index)
    }

    /// Two bars on one scale, and what each part is.
    pub(super) fn plot(&self, subject: &Subject) -> Markup {
        let Some(rows) = self.0.get(&key(subject)) else { return html! {} };
        let mut parts: Vec<(&Row<'_>, f64, f64)> =
            rows.iter().map(|r| (r, r.base.unwrap_or(0.0).max(0.0), r.head.unwrap_or(0.0).max(0.0))).collect();
        parts.retain(|(_, base, head)| base + head > 0.0);
        parts.sort_by(|a, b| (b.1.max(b.2)).total_cmp(&a.1.max(a.2)).then_with(|| a.0.metric.cmp(b.0.metric)));
        let total = |side: fn(&(&Row<'_>, f64, f64)) -> f64| parts.iter().map(side).sum::<f64>();
        let (base, head) = (total(|p| p.1), total(|p| p.2));
        let most = base.max(head);
        if parts.is_empty() || !most.is_finite() || most <= 0.0 {
            return html! {};
        }
        let mut moved: Vec<&(&Row<'_>, f64, f64)> = parts.iter().collect();
        moved.sort_by(|a, b| (b.2 - b.1).abs().total_cmp(&(a.2 - a.1).abs()).then_with(|| a.0.metric.cmp(b.0.metric)));
        let figure = |v: f64| units::figure(v, parts[0].0.unit);
        html! {
            details open?[parts.len() > 1] {
                summary { "Where the time went" @if !rows[0].per.is_empty() { " per " (rows[0].per) } }
                div class="lanes" {
                    span { "base" } (bar(&parts, |p| p.1, most)) span class="total" { (figure(base)) }
                    span { "head" } (bar(&parts, |p| p.2, most)) span class="total" { (figure(head)) }
                }
                div class="scroll" { table {
                    thead { tr { th scope="col" { "state" } th scope="col" class="n" { "base" } th scope="col" class="n" { "head" } th scope="col" class="n" { "moved" } } }
                    tbody { @for (row, base, head) in moved {
                        tr {
                            td { (swatch(&format!("s-{}", class(row.metric)))) " " bdi { (row.what) } }
                            td class="n" { (figure(*base)) } td class="n" { (figure(*head)) }
                            td class="n" { @if head >= base { "+" } @else { "−" } (figure((head - base).abs())) }
                        }
                    } }
                } }
            }
        }
    }
}

fn bar(parts: &[(&Row<'_>, f64, f64)], side: fn(&(&Row<'_>, f64, f64)) -> f64, most: f64) -> Markup {
    let mut at = 0.0;
    let boxes: Vec<(f64, f64, &Row<'_>)> = parts
        .iter()
        .map(|part| {
            let width = side(part) / most * 1000.0;
            let from = at;
            at += width;
            (from, width, part.0)
        })
        .filter(|(_, width, _)| *width >= 0.05)
        .collect();
    html! {
        svg class="bar" viewBox="0 0 1000 10" preserveAspectRatio="none" aria-hidden="true" {
            @for (x, width, row) in boxes {
                rect x=(format!("{x:.2}")) width=(format!("{width:.2}")) height="10" class={ "s-" (class(row.metric)) } {
                    title { (row.what) }
                }
            }
        }
    }
}
