//! What stands around findings and pictures: diagnoses, advice, the timeline's frame, the table of all, circumstances.

use maud::{Markup, html};

use super::data::{meaning, whose};
use crate::report::model::{Report, Row, SideEnvironment};
use crate::report::units;

/// Rows that are there without a script.
const STATIC: usize = 100;

/// What rules know.
pub(super) fn diagnoses(report: &Report) -> Markup {
    html! {
        @if !report.diagnoses.is_empty() {
            section id="happened" aria-labelledby="happened-title" {
                h2 id="happened-title" { "What happened" }
                @for one in &report.diagnoses {
                    article {
                        h3 { bdi { (one.rule) } }
                        p { bdi { (one.text) } @if let Some(place) = &one.position { " " bdi class="code soft" { (place) } } }
                        @if !one.evidence.is_empty() {
                            ul class="key" { @for fact in &one.evidence { li { bdi { (fact.label) } ": " b { bdi { (fact.value) } } } } }
                        }
                        p class="soft" { bdi { (one.advice) } }
                    }
                }
            }
        }
    }
}

/// What to do to know more.
pub(super) fn advice(report: &Report) -> Markup {
    html! {
        @if let Some(advice) = &report.advice {
            section aria-labelledby="advice-title" {
                h2 id="advice-title" { "What to do now" }
                p { (advice.why) }
                @if !advice.commands.is_empty() { pre tabindex="0" { @for command in &advice.commands { (command) "\n" } } }
            }
        }
    }
}

/// The frame that the script draws timelines into.
pub(super) fn timeline(report: &Report) -> Markup {
    let all = &report.pictures.timelines;
    html! {
        @if !all.is_empty() {
            section id="timeline-part" class="none" aria-labelledby="timeline-title" {
                h2 id="timeline-title" { "The slowest test or task" }
                div class="tools" {
                    label { "of" select id="timeline-choice" {
                        @for (i, one) in all.iter().enumerate() { option value=(i) { (one.subject.label) } }
                    } }
                }
                p class="soft" {
                    kbd { "w" } " " kbd { "s" } " zoom, " kbd { "a" } " " kbd { "d" } " move, " kbd { "f" } " fits the selection, "
                    kbd { "m" } " marks it, " kbd { "Esc" } " starts over. Click a span; with " kbd { "Shift" } " add more to sum them up. "
                    "Drawn are the goroutines that took part longest."
                }
                canvas id="timeline-base" tabindex="0" role="img" aria-label="Goroutines of the base over time" aria-describedby="timeline-told" {}
                canvas id="timeline-head" tabindex="0" role="img" aria-label="Goroutines of the head over time" aria-describedby="timeline-told" {}
                (key())
                div id="timeline-told" class="told" aria-live="polite" {}
            }
        }
    }
}

fn key() -> Markup {
    let states = [
        ("exec", "running"),
        ("runnable", "waiting for a processor"),
        ("syscall", "system call"),
        ("sync", "sync"),
        ("send", "chan send"),
        ("receive", "chan receive"),
        ("select", "select"),
        ("sleep", "sleep"),
        ("network", "network"),
        ("other", "other"),
    ];
    html! {
        ul class="key" aria-hidden="true" { @for (class, name) in states {
            li { (super::states::swatch(&format!("s-{class}"))) " " (name) }
        } }
    }
}

/// The table of all series; the script takes it over.
pub(super) fn all(report: &Report) -> Markup {
    let columns = [
        ("subject", ""),
        ("package · test", ""),
        ("metric", ""),
        ("base", "n"),
        ("head", "n"),
        ("change", "n"),
        ("verdict", ""),
    ];
    let count = report.rows().count();
    html! {
        section id="all" aria-labelledby="all-title" {
            h2 id="all-title" { "All series" }
            div class="tools none" {
                label { "Search" input id="search" type="search" autocomplete="off"; }
                label { "Verdict" select id="meaning" {
                    option value="" { "all" }
                    @for name in ["regression", "inconclusive", "improvement", "accepted", "note", "within limits"] { option { (name) } }
                } }
                button type="button" id="back" { "Previous" }
                button type="button" id="on" { "Next" }
                span id="shown" role="status" {}
            }
            div class="scroll" tabindex="0" role="region" aria-labelledby="all-title" {
                table id="series" {
                    thead { tr { @for (name, class) in columns { th scope="col" class=(class) { button type="button" { (name) } } } } }
                    tbody { @for row in report.rows().take(STATIC) { (line(&row)) } }
                }
            }
            noscript { @if count > STATIC { p { (count - STATIC) " more are in the other reports." } } }
        }
    }
}

fn line(row: &Row<'_>) -> Markup {
    let figure = |value: Option<f64>| value.map_or("-".to_owned(), |v| units::figure(v, row.unit));
    html! {
        tr {
            td class="name" { bdi { (row.subject.label) } }
            td class="name" { bdi { (whose(row.subject)) } }
            td class="name" { bdi { (row.what) } @if !row.per.is_empty() { " per " (row.per) } }
            td class="n" { (figure(row.base)) }
            td class="n" { (figure(row.head)) }
            td class="n" { (units::change_of(row.presence, row.change, row.head, row.unit)) }
            td class=(meaning(row).replace(' ', "-")) { (meaning(row)) }
        }
    }
}

/// What was not compared, what is odd, and where it was recorded.
pub(super) fn circumstances(report: &Report) -> Markup {
    let side = |name: &str, of: &SideEnvironment| {
        html! {
            li {
                (name) ": format " @for (i, format) in of.formats.iter().enumerate() { @if i > 0 { ", " } (format) }
                "; GOMAXPROCS " @for (i, n) in of.gomaxprocs.iter().enumerate() { @if i > 0 { ", " } (n) }
            }
        }
    };
    html! {
        section id="circumstances" aria-labelledby="circumstances-title" {
            h2 id="circumstances-title" { "Circumstances" }
            ul {
                @for left in &report.not_compared { li { "Not compared: " (left.what) " (" (left.count) "): " bdi { (left.why) } } }
                @for warning in &report.warnings { li { "Warning: " bdi { (warning) } } }
                (side("base", &report.environment.base)) (side("head", &report.environment.head))
                @for difference in &report.environment.differences { li { "Differs: " bdi { (difference) } } }
            }
            details {
                summary { "Runs" }
                div class="scroll" { table {
                    thead { tr { th scope="col" { "side" } th scope="col" { "package" } th scope="col" { "file" } th scope="col" class="n" { "length" } } }
                    tbody {
                        @for (name, runs) in [("base", &report.runs.base), ("head", &report.runs.head)] {
                            @for (package, runs) in runs { @for run in runs { tr {
                                td { (name) } td class="name" { bdi { (package) } }
                                td class="name" { bdi { (run.source) } @if !run.complete { " (partial)" } }
                                td class="n" { (units::figure(run.duration_ns as f64, crate::metrics::registry::Unit::Nanoseconds)) }
                            } } }
                        }
                    }
                } }
            }
        }
    }
}
