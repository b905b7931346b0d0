//! What the page's script reads: all series, and what it draws. Text as a person may see it.

use serde::Serialize;

use super::states::class;
use crate::report::escape::Text;
use crate::report::model::{Pictures, Report, Row, Track};
use crate::report::units;

/// A row of the table: as the script's comment says.
#[derive(Serialize)]
struct Line(Text, Text, Text, String, String, String, &'static str, Option<f64>, Option<f64>, Option<f64>);

/// A stack: what was waited for, its frames with their places, base and head.
#[derive(Serialize)]
struct Wait(Text, Vec<(Text, Text)>, f64, f64);

/// A span: begin, length, state, stack, waker, and how it is drawn.
#[derive(Serialize)]
struct Span(f64, f64, Text, Vec<Text>, Option<Text>, &'static str);

/// A track: goroutine, where it started, its spans.
#[derive(Serialize)]
struct Lane(u64, Text, Vec<Span>);

#[derive(Serialize)]
struct Slowest {
    base: Vec<Lane>,
    head: Vec<Lane>,
}

/// All of it.
#[derive(Serialize)]
pub(super) struct Data {
    series: Vec<Line>,
    waits: Vec<Wait>,
    timelines: Vec<Slowest>,
}

pub(super) fn of(report: &Report) -> Data {
    let Pictures { waits, timelines, .. } = &report.pictures;
    Data {
        series: report.rows().map(|row| line(&row)).collect(),
        waits: waits
            .iter()
            .map(|w| {
                let frames = w.frames.iter().map(|f| (f.function.seen(), f.position.seen())).collect();
                Wait(w.state.seen(), frames, w.base, w.head)
            })
            .collect(),
        timelines: timelines.iter().map(|t| Slowest { base: lanes(&t.base), head: lanes(&t.head) }).collect(),
    }
}

fn line(row: &Row<'_>) -> Line {
    let figure = |value: Option<f64>| value.map_or("-".to_owned(), |v| units::figure(v, row.unit));
    let mut what = row.what.seen();
    if !row.per.is_empty() {
        what += " per ";
        what += &row.per.seen();
    }
    Line(
        row.subject.label.seen(),
        whose(row.subject),
        what,
        figure(row.base),
        figure(row.head),
        units::change_of(row.presence, row.change, row.head, row.unit),
        meaning(row),
        row.base,
        row.head,
        row.change,
    )
}

/// The package, and the test that the figures are of.
pub(super) fn whose(subject: &crate::report::model::Subject) -> Text {
    let named = [subject.package.as_ref(), subject.in_test()].into_iter().flatten().map(Text::seen);
    Text::join(&named.collect::<Vec<_>>(), " · ")
}

/// What the last column says.
pub(super) fn meaning(row: &Row<'_>) -> &'static str {
    row.meaning().map_or("within limits", crate::report::model::Meaning::name)
}

fn lanes(tracks: &[Track]) -> Vec<Lane> {
    let span = |s: &crate::report::model::Span| {
        Span(
            s.at,
            s.ns,
            crate::report::headline::state_words(&s.state),
            s.stack.iter().map(Text::seen).collect(),
            s.waker.as_ref().map(Text::seen),
            class(&s.state),
        )
    };
    tracks.iter().map(|t| Lane(t.goroutine, t.start.seen(), t.spans.iter().map(span).collect())).collect()
}
