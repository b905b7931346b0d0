//! One page that needs nothing else: no network, no script but its own, pictures as SVG.
//!
//! ```text
//!   headline, counts
//!   findings          the worst in full: figures, cause, runs as dots, states of both sides, stack
//!   what happened     diagnoses
//!   pictures          waits as a flame graph, durations, curves, the slowest test
//!   all series        a table that searches and sorts
//!   circumstances     what was not compared, warnings, runs
//! ```
//!
//! A content security policy allows the one style and the one script by their hashes and nothing else. So a name that
//! got through every escaper could still run nothing and fetch nothing.

mod curves;
mod data;
mod finding;
mod rest;
mod runs;
mod states;
mod waits;

use base64::Engine as _;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use sha2::{Digest as _, Sha256};

use super::escape::json_in_html;
use super::model::{Finding, Meaning, Report};
use crate::error::Error;

const STYLE: &str = include_str!("html/style.css");
const SCRIPT: &str = concat!(
    "\"use strict\";\n",
    include_str!("html/table.js"),
    include_str!("html/flame.js"),
    include_str!("html/timeline.js"),
);
/// Findings that are shown in full; the table has all.
const IN_FULL: usize = 30;

/// The page.
///
/// # Errors
/// A bug, where its data are no JSON.
pub fn render(report: &Report) -> Result<String, Error> {
    let data = serde_json::to_string(&data::of(report))
        .map_err(|e| Error::Bug(format!("a page whose data are no JSON: {e}")))?;
    Ok(page(report, &json_in_html(&data)).into_string())
}

/// A source expression of a content security policy.
fn hash(of: &str) -> String {
    format!("'sha256-{}'", base64::engine::general_purpose::STANDARD.encode(Sha256::digest(of.as_bytes())))
}

fn page(report: &Report, data: &str) -> Markup {
    let policy = format!(
        "default-src 'none'; style-src {}; script-src {}; base-uri 'none'; form-action 'none'",
        hash(STYLE),
        hash(SCRIPT)
    );
    let full: Vec<&Finding> = report.leads().filter(|f| is_grave(f)).take(IN_FULL).collect();
    let better: Vec<&Finding> = report
        .leads()
        .filter(|f| matches!(f.verdict, Meaning::Improvement | Meaning::Accepted))
        .take(IN_FULL)
        .collect();
    let news: Vec<&Finding> = report
        .leads()
        .filter(|f| f.verdict == Meaning::Note && f.section != super::model::Section::Aside)
        .take(IN_FULL)
        .collect();
    let states = states::Index::of(report);
    let several = report.is_of_several();
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(policy);
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="referrer" content="no-referrer";
                title { (report.verdict.name()) " - gotrace-diff" }
                style { (PreEscaped(STYLE)) }
            }
            body {
                a class="skip" href="#main" { "To the findings" }
                header {
                    p class="soft" { "gotrace-diff " (report.version) }
                    h1 id="headline" class=(report.verdict.name()) { (report.headline) }
                    ul class="counts" id="counts" {
                        @for (name, count) in report.counts.named().into_iter().filter(|(_, n)| *n > 0) {
                            li { span class={ "badge " (name) } { (count) " " (plural(name, count)) } }
                        }
                    }
                    p class="soft" { (super::terminal::compared(report)) }
                    (contents(report, &full, &better, &news))
                }
                main id="main" {
                    (rest::diagnoses(report))
                    (finding::list("worse", "Worse, or looks so", (&full, several), &states))
                    @let more = report.leads().filter(|f| is_grave(f)).count() - full.len();
                    @if more > 0 { p { "and " (more) " more: " a href="#all" { "in the table of all series" } } }
                    (rest::advice(report))
                    (finding::list("better", "Better, or accepted", (&better, several), &states))
                    (finding::list("news", "New, gone, or looks better", (&news, several), &states))
                    (waits::part(report))
                    (curves::durations(report))
                    (curves::over_time(report))
                    (rest::timeline(report))
                    (rest::all(report))
                    (rest::circumstances(report))
                }
                footer { p class="soft" { "Every figure is per item, and the middle of the runs of a side." } }
                script type="application/json" id="data" { (PreEscaped(data)) }
                script { (PreEscaped(SCRIPT)) }
            }
        }
    }
}

fn is_grave(finding: &Finding) -> bool {
    matches!(finding.verdict, Meaning::Regression | Meaning::Inconclusive)
}

fn plural(name: &str, count: usize) -> String {
    if count == 1 || matches!(name, "inconclusive" | "accepted") { name.to_owned() } else { format!("{name}s") }
}

fn contents(report: &Report, full: &[&Finding], better: &[&Finding], news: &[&Finding]) -> Markup {
    let pictures = &report.pictures;
    let parts = [
        ("happened", "What happened", !report.diagnoses.is_empty()),
        ("worse", "Worse", !full.is_empty()),
        ("better", "Better", !better.is_empty()),
        ("news", "New or gone", !news.is_empty()),
        ("waits", "Waits", !pictures.waits.is_empty() || !pictures.blocked_by.is_empty()),
        ("durations", "Durations", !pictures.distributions.is_empty()),
        ("time", "Over time", !pictures.curves.is_empty()),
        ("timeline-part", "Slowest test or task", !pictures.timelines.is_empty()),
        ("all", "All series", true),
        ("circumstances", "Circumstances", true),
    ];
    html! {
        nav aria-label="Parts of the report" {
            ul { @for (id, title, _) in parts.into_iter().filter(|(.., there)| *there) {
                li { a href={ "#" (id) } { (title) } }
            } }
        }
    }
}
