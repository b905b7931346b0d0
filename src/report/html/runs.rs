//! The runs of both sides as dots, with the middle, the interval and the limit.
//!
//! ```text
//!   base   • ••|• •
//!   head             ┊    ••• |• •           |  middle      ┊  limit
//!                        ━━━━━━━━                ━  interval of the change, where it is known
//!   150 µs                         240 µs
//! ```

use maud::{Markup, html};

use crate::report::model::Finding;
use crate::report::units;

/// More dots than these are a line.
const MOST_RUNS: usize = 200;

/// The picture; nothing where there are no runs.
pub(super) fn plot(finding: &Finding) -> Markup {
    let finite = |runs: &[f64]| runs.iter().copied().filter(|v| v.is_finite()).take(MOST_RUNS).collect::<Vec<_>>();
    let (base, head) = (finite(&finding.base_runs), finite(&finding.head_runs));
    if base.len() + head.len() < 3 {
        return html! {};
    }
    let limit = finding.limit.max.or(finding.base.map(|b| b + b.abs() * finding.limit.max_increase));
    let band = finding.base.zip(finding.interval.as_ref()).map(|(b, i)| (b + b.abs() * i.low, b + b.abs() * i.high));
    let runs = || base.iter().chain(&head).copied();
    let (least, most) = runs().fold((f64::MAX, f64::MIN), |(a, b), v| (a.min(v), b.max(v)));
    // A limit far beyond all runs would squeeze them together: then its line is left out.
    let limit = limit.filter(|l| *l > least - (most - least) && *l < most + (most - least));
    let (least, most) = limit.iter().fold((least, most), |(a, b), v| (a.min(*v), b.max(*v)));
    let room = if most > least { most - least } else { most.abs().max(1.0) };
    let (from, to) = (least - room * 0.05, most + room * 0.05);
    let x = |v: f64| format!("{:.1}", ((v - from) / (to - from) * 1000.0).clamp(0.0, 1000.0));
    let dots = |runs: &[f64], y: u32| runs.iter().map(|v| format!("M{} {y}h0", x(*v))).collect::<String>();
    let figure = |v: f64| units::figure(v, finding.unit);
    let middle = |v: Option<f64>, y: u32| v.map_or(String::new(), |v| format!("M{} {}v24", x(v), y - 12));
    let said = format!(
        "{} runs of the base, middle {}; {} runs of the head, middle {}; on a scale from {} to {}",
        base.len(),
        finding.base.map_or("none".to_owned(), figure),
        head.len(),
        finding.head.map_or("none".to_owned(), figure),
        figure(least),
        figure(most),
    );
    html! {
        figure {
            svg class="runs" role="img" aria-label=(said) viewBox="0 0 1000 72" preserveAspectRatio="none" {
                path class="frame" d="M0 36H1000" {}
                @if let Some(limit) = limit { path class="limit" d={ "M" (x(limit)) " 0V72" } {} }
                @if let Some((low, high)) = band { path class="band h" d={ "M" (x(low)) " 66H" (x(high)) } {} }
                path class="tick b" d=(middle(finding.base, 18)) {}
                path class="tick h" d=(middle(finding.head, 54)) {}
                path class="dot b" d=(dots(&base, 18)) {}
                path class="dot h" d=(dots(&head, 54)) {}
            }
            div class="axis" aria-hidden="true" { span { (figure(from.max(least.min(0.0)))) } span { (figure(to)) } }
            ul class="key" aria-hidden="true" {
                li { (super::states::swatch("k-b")) " base" } li { (super::states::swatch("k-h")) " head" }
                @if limit.is_some() { li { (super::states::swatch("k-l")) " limit" } }
            }
        }
    }
}
