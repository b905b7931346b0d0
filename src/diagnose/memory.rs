//! The collector behind allocation.

use super::{Found, Limits, Rule, Threshold, is_users, time};
use crate::compare::names;
use crate::metrics::registry::SubjectKind;
use crate::summary::{Heap, Summary};

pub(super) static COLLECTOR: Rule = Rule {
    name: "collector-behind",
    definition: "Goroutines of a group spent at least `min-ns` and `min-share` of the time that they ran in mark assists: they allocate faster than the collector marks, and are made to help. Or the collector took at least `process-share` of all processors.",
    advice: "allocate less (reuse buffers, size slices and maps beforehand), raise GOGC, or set GOMEMLIMIT where memory is there",
    thresholds: &[
        Threshold { name: "min-ns", default: 5e6, meaning: "time in ns that the group ran in mark assists" },
        Threshold { name: "min-share", default: 0.05, meaning: "the same as a part of the time that it ran" },
        Threshold {
            name: "process-share",
            default: 0.25,
            meaning: "part of all processors' time that the collector took",
        },
    ],
    fine: false,
    find: collector,
};

fn collector(summary: &Summary, limits: &Limits<'_>) -> Vec<Found> {
    let cycles: u64 = summary.gc.cycles.iter().filter(|(cause, _)| *cause != "test framework").map(|(_, n)| n).sum();
    let evidence = || {
        let mut evidence = vec![
            ("collections".to_owned(), cycles.to_string()),
            ("collector's share of the processors".to_owned(), format!("{:.0} %", summary.gc.share * 100.0)),
        ];
        if let Some(reached) = reached(&summary.heap) {
            evidence.push(("live heap of its goal, at most".to_owned(), format!("{:.0} %", reached * 100.0)));
        }
        evidence
    };
    let mut found = Vec::new();
    for (name, group) in summary.goroutines.iter().filter(|(name, _)| is_users(name, summary)) {
        let (assists, share) = (group.assist_exec_ns as f64, group.assist_exec_ns as f64 / group.exec_ns.max(1) as f64);
        if assists >= limits.get("min-ns") && share >= limits.get("min-share") {
            found.push(Found {
                kind: SubjectKind::Group,
                subject: name.clone(),
                measure: share,
                text: format!(
                    "{} spent {:.0} % of the time that it ran ({}) helping the collector: it allocates faster than that marks",
                    names::short(name),
                    share * 100.0,
                    time(assists)
                ),
                position: group.start.clone(),
                evidence: evidence(),
            });
        }
    }
    if summary.gc.share >= limits.get("process-share") {
        found.push(Found {
            kind: SubjectKind::Process,
            subject: String::new(),
            measure: summary.gc.share,
            text: format!("the collector took {:.0} % of all processors", summary.gc.share * 100.0),
            position: None,
            evidence: evidence(),
        });
    }
    found
}

/// How much of its goal the live heap reached at most.
fn reached(heap: &Heap) -> Option<f64> {
    let parts = heap.curve.iter().filter(|p| p.1 > 0).map(|p| p.0 as f64 / p.1 as f64);
    parts.max_by(f64::total_cmp)
}
