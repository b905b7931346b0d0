//! What no run can be: a summary that reads, and whose numbers nothing that was measured can have. A time below zero takes away from what
//! others took, so that a regression could hide behind it.

use crate::metrics::registry::{SubjectKind, View, metrics_of};
use crate::summary::Summary;

/// What is wrong with it, if anything.
pub(super) fn wrong(summary: &Summary) -> Option<String> {
    if summary.end_ns < summary.start_ns {
        return Some(format!("it ends at {} ns and begins at {} ns", summary.end_ns, summary.start_ns));
    }
    if let Some(recording) = summary.recording.filter(|recording| recording.duration_ns < 0) {
        return Some(format!("its recording took {} ns", recording.duration_ns));
    }
    let tests = summary.tests.iter().map(|test| (test.kind.into(), &test.name, View::Test(test)));
    let groups = summary.goroutines.iter().map(|(name, group)| (SubjectKind::Group, name, View::Group(group)));
    let regions = summary.regions.iter().map(|(name, region)| (SubjectKind::Region, name, View::Region(region)));
    let tasks = summary.tasks.iter().map(|(name, task)| (SubjectKind::Task, name, View::Task(task)));
    let of_it = |(kind, name, view)| negative(kind, view).map(|what| format!("{kind} {name:?} has {what}"));
    negative(SubjectKind::Process, View::Process(summary))
        .map(|what| format!("it has {what}"))
        .or_else(|| groups.chain(regions).chain(tasks).chain(tests).find_map(of_it))
}

/// The first of its figures that is below zero, and none can be.
fn negative(kind: SubjectKind, view: View<'_>) -> Option<String> {
    let mut found = None;
    for metric in metrics_of(kind) {
        metric.figures(view, |path, figure| {
            if figure < 0 && found.is_none() {
                found = Some(format!("{path} {figure}"));
            }
        });
    }
    found
}
