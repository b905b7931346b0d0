//! What is drawn over time: goroutines and heap of a run of each side, the slowest test of both, and who woke whom.

use std::collections::BTreeMap;

use super::drawn::{Drawn, Load, Spans};
use crate::compare::names;
use crate::gate::cause;
use crate::metrics::registry::SubjectKind;
use crate::paths::Repository;
use crate::report::escape::Text;
use crate::report::model::{BlockedBy, Curve, Point, Span, Subject, Timeline, Track};

/// Goroutines of a side: both sides are to be seen at once. Of more, those that took part longest are drawn.
const MOST_TRACKS: usize = 24;
/// Timelines of a report: the slowest.
const MOST_TIMELINES: usize = 8;
/// Pairs of who waited and who woke.
const MOST_PAIRS: usize = 40;

/// A figure over time, taken from one run.
type Points<'f> = &'f dyn Fn(&Load) -> Vec<Point>;

/// Curves of a run of each side; of the head alone where the base has no runs.
pub(super) fn curves(base: &Drawn, head: &Drawn) -> Vec<Curve> {
    let none = Load::default();
    let (alone, base) = (base.runs == 0, base.load.as_ref().unwrap_or(&none));
    let Some(head) = &head.load else { return Vec::new() };
    let at = |step: i64, i: usize| step.saturating_mul(i64::try_from(i).unwrap_or(i64::MAX)) as f64;
    let load = |of: &Load, value: fn(&crate::summary::LoadPoint) -> i64| -> Vec<Point> {
        // Means are kept in hundredths.
        let points = of.load.iter().enumerate();
        points.map(|(i, p)| Point { at: at(of.load_step_ns, i), value: value(p) as f64 / 100.0 }).collect()
    };
    let heap = |of: &Load, value: fn(&crate::summary::HeapPoint) -> u64| -> Vec<Point> {
        let points = of.heap.iter().enumerate();
        points.map(|(i, p)| Point { at: at(of.heap_step_ns, i), value: value(p) as f64 }).collect()
    };
    let procs = |of: &Load| {
        let value = of.gomaxprocs as f64;
        if of.duration_ns == 0 {
            return Vec::new();
        }
        vec![Point { at: 0.0, value }, Point { at: of.duration_ns as f64, value }]
    };
    let all: [(&str, &str, &str, Points<'_>); 5] = [
        ("Goroutines", "running", "count", &|of| load(of, |p| p.0)),
        ("Goroutines", "waiting for a processor", "count", &|of| load(of, |p| p.1)),
        ("Goroutines", "processors", "count", &procs),
        ("Heap", "live", "bytes", &|of| heap(of, |p| p.0)),
        ("Heap", "goal of the collector", "bytes", &|of| heap(of, |p| p.1)),
    ];
    let drawn = |picture: &str| match picture {
        "Heap" => (alone || !base.heap.is_empty()) && !head.heap.is_empty(),
        _ => (alone || !base.load.is_empty()) && !head.load.is_empty(),
    };
    all.into_iter()
        .filter(|(picture, ..)| drawn(picture))
        .map(|(picture, name, unit, points)| Curve {
            name: name.into(),
            unit: unit.into(),
            picture: picture.into(),
            base: points(base),
            head: points(head),
        })
        .collect()
}

/// The slowest tests and tasks that both sides have spans of, the slowest first; those of the head where the base has no runs.
pub(super) fn timelines(base: &Drawn, head: &Drawn, repository: &Repository) -> Vec<Timeline> {
    let alone = base.runs == 0;
    let of_both = head.slowest.iter().filter_map(|(name, (wall, after))| {
        let before = base.slowest.get(name).map(|(_, before)| before);
        (alone || before.is_some()).then_some((name, wall, before, after))
    });
    let mut all: Vec<_> = of_both.collect();
    all.sort_by(|a, b| b.1.cmp(a.1).then_with(|| a.0.cmp(b.0)));
    all.truncate(MOST_TIMELINES);
    all.into_iter()
        .map(|(name, _, before, after)| Timeline {
            subject: subject(name.0, &name.1),
            base: before.map_or_else(Vec::new, |before| tracks(before, repository)),
            head: tracks(after, repository),
        })
        .collect()
}

fn subject(kind: SubjectKind, name: &str) -> Subject {
    Subject {
        kind,
        name: name.into(),
        label: match kind {
            SubjectKind::Test | SubjectKind::Benchmark => name.into(),
            _ => format!("{kind} {name}").into(),
        },
        package: None,
        test: None,
        renamed_from: None,
        position: None,
    }
}

fn tracks(of: &Spans, repository: &Repository) -> Vec<Track> {
    let places: Vec<Text> = of.places.iter().map(|place| told(place, repository)).collect();
    let place = |i: usize| places.get(i).filter(|p| !p.is_empty()).cloned();
    let mut tracks: BTreeMap<u64, Vec<Span>> = BTreeMap::new();
    for span in &of.spans {
        tracks.entry(span.g).or_default().push(Span {
            at: span.start_ns as f64,
            ns: span.ns as f64,
            state: match span.state.as_str() {
                "running" => "exec_ns".into(),
                "runnable" => "sched_wait_ns".into(),
                "syscall" | "syscall blocked" => "syscall".into(),
                reason => format!("block_ns.{reason}").into(),
            },
            stack: place(span.at).into_iter().collect(),
            waker: place(span.by),
        });
    }
    let mut tracks: Vec<Track> = tracks
        .into_iter()
        .map(|(goroutine, spans)| Track {
            goroutine,
            start: of.goroutines.get(&goroutine).map_or_else(Text::default, |name| names::short(name).into()),
            spans,
        })
        .collect();
    let first = |t: &Track| t.spans.first().map_or(0.0, |s| s.at);
    let long = |t: &Track| t.spans.iter().map(|s| s.ns).sum::<f64>();
    tracks.sort_by(|a, b| long(b).total_cmp(&long(a)).then(a.goroutine.cmp(&b.goroutine)));
    tracks.truncate(MOST_TRACKS);
    tracks.sort_by(|a, b| first(a).total_cmp(&first(b)).then(a.goroutine.cmp(&b.goroutine)));
    tracks
}

/// `function file:line`, with the function as people call it and the file as the repository does.
fn told(place: &str, repository: &Repository) -> Text {
    let parts = place.rsplit_once(' ').and_then(|(function, at)| Some((function, at.rsplit_once(':')?)));
    match parts {
        Some((function, (file, line))) => format!("{} {}:{line}", names::short(function), repository.file(file)).into(),
        None => place.into(),
    }
}

/// Who kept whom waiting, what moved most first.
pub(super) fn blocked_by(base: &Drawn, head: &Drawn) -> Vec<BlockedBy> {
    let keys: std::collections::BTreeSet<_> = base.wakers.keys().chain(head.wakers.keys()).collect();
    let mut all: Vec<BlockedBy> = keys
        .into_iter()
        .map(|key| {
            let (waiter, state, waker) = key;
            let per_run = |side: &Drawn| {
                let (count, ns) = side.wakers.get(key).copied().unwrap_or_default();
                let runs = side.runs.max(1) as f64;
                (count as f64 / runs, ns as f64 / runs)
            };
            let ((base_count, base), (head_count, head)) = (per_run(base), per_run(head));
            BlockedBy {
                waiter: names::short(waiter).into(),
                state: cause::words(state).into(),
                waker: names::short(waker).into(),
                base_count,
                head_count,
                base,
                head,
            }
        })
        .collect();
    let moved = |pair: &BlockedBy| (pair.head - pair.base).abs();
    // Stable: equals stay in the order of their names.
    all.sort_by(|a, b| moved(b).total_cmp(&moved(a)));
    all.truncate(MOST_PAIRS);
    all
}
