//! Who woke whom, for people: one trace alone, or two side by side.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::escape::term;
use super::path::{Layout, delta, time};
use super::table::Rows;
use crate::compare::names;
use crate::related::{Related, Relation};

/// What stands for the other goroutines.
fn other(relation: &Relation) -> String {
    match relation.by {
        Some(by) => format!("({by})"),
        None if relation.group.is_empty() => "(nameless)".to_owned(),
        None => names::short(&relation.group).to_owned(),
    }
}

fn label(relation: &Relation) -> String {
    term(&other(relation))
}

/// Where the one waited and the other ended it.
fn below(relation: &Relation) -> Vec<String> {
    let reason = if relation.reason.is_empty() { "wait" } else { &relation.reason };
    let at = &relation.waited_at;
    let mut lines = vec![term(&format!("{reason} at {} {}", at.label(), at.position))];
    if !relation.woken_at.function.is_empty() {
        lines.push(term(&format!("woken at {} {}", relation.woken_at.label(), relation.woken_at.position)));
    }
    lines
}

fn of(count: u64) -> String {
    if count == 1 { "1 goroutine".to_owned() } else { format!("{count} goroutines") }
}

/// One trace.
pub fn one(subject: &str, source: &str, related: &Related, layout: Layout) -> String {
    let mut out = format!("{}: {} in {}\n", term(subject), of(related.goroutines), term(source));
    for (title, relations) in [("Woken by", &related.woken_by), ("Woke", &related.woke)] {
        let mut rows = Rows::default();
        for r in relations {
            rows.push(vec![label(r), r.count.to_string(), time(r.wait_ns)], below(r));
        }
        let table = rows.render(&[title, "waits", "waiting time"], layout.top, layout.width);
        if !table.is_empty() {
            let _ = write!(out, "\n{table}");
        }
    }
    rest(&mut out, related);
    out
}

fn rest(out: &mut String, related: &Related) {
    if related.not_told_apart > 0 {
        let _ = writeln!(out, "and {} waits at more places than are told apart", related.not_told_apart);
    }
    if let Some(generations) = related.partial {
        let _ = writeln!(out, "Only the {generations} complete generations of a truncated trace were used");
    }
}

/// Two traces side by side; what changed most is first.
pub fn two(subject: &str, sources: (&str, &str), base: &Related, head: &Related, layout: Layout) -> String {
    let mut out = format!(
        "{}: {} → {}\n  base  {}\n  head  {}\n",
        term(subject),
        of(base.goroutines),
        of(head.goroutines),
        term(sources.0),
        term(sources.1)
    );
    for (title, base, head) in [("Woken by", &base.woken_by, &head.woken_by), ("Woke", &base.woke, &head.woke)] {
        let mut joined = join(base, head);
        joined.sort_by_key(|(_, b, h)| std::cmp::Reverse(h.1.saturating_sub(b.1).unsigned_abs()));
        let mut rows = Rows::default();
        for (relation, base, head) in joined {
            let waits = format!("{} → {}", base.0, head.0);
            let change = delta(head.1.saturating_sub(base.1));
            rows.push(vec![label(relation), waits, time(base.1), time(head.1), change], below(relation));
        }
        let table = rows.render(&[title, "waits", "base", "head", "change"], layout.top, layout.width);
        if !table.is_empty() {
            let _ = write!(out, "\n{table}");
        }
    }
    rest(&mut out, base);
    rest(&mut out, head);
    out
}

type Side = (u64, i64);

/// By names without the numbers of closures, as the head has them.
fn join<'r>(base: &'r [Relation], head: &'r [Relation]) -> Vec<(&'r Relation, Side, Side)> {
    let mut joined: BTreeMap<[String; 4], (&Relation, Side, Side)> = BTreeMap::new();
    for (side, is_head) in [(head, true), (base, false)] {
        for r in side {
            let key = [
                names::key(&other(r)),
                r.reason.clone(),
                names::key(&r.waited_at.function),
                names::key(&r.woken_at.function),
            ];
            let entry = joined.entry(key).or_insert((r, (0, 0), (0, 0)));
            let sum = if is_head { &mut entry.2 } else { &mut entry.1 };
            *sum = (sum.0 + r.count, sum.1.saturating_add(r.wait_ns));
        }
    }
    joined.into_values().collect()
}
