//! Distributions of durations, and figures over time: both sides in one picture.

use maud::{Markup, html};

use super::states::swatch;
use crate::metrics::registry::Unit;
use crate::report::escape::Text;
use crate::report::model::{Bucket, Curve, Distribution, Point, Report};
use crate::report::units;

/// Pictures of one kind; more are left to the table.
const MOST: usize = 12;

/// How long calls of regions and tasks took.
pub(super) fn durations(report: &Report) -> Markup {
    let all = &report.pictures.distributions;
    html! {
        @if !all.is_empty() {
            section id="durations" aria-labelledby="durations-title" {
                h2 id="durations-title" { "How long calls and tasks took" }
                (missing(report))
                @for one in all.iter().take(MOST) { (distribution(one)) }
                @if all.len() > MOST { p class="soft" { "and " (all.len() - MOST) " more, in the JSON" } }
            }
        }
    }
}

/// What could not be drawn, and why.
pub(super) fn missing(report: &Report) -> Markup {
    html! { @if let Some(missing) = &report.pictures.missing { p class="soft" { bdi { (missing) } } } }
}

/// Where a duration is between two, on a scale of logarithms.
fn log(v: f64, from: f64, to: f64) -> f64 {
    ((v.max(1.0) / from).ln() / (to / from).ln().max(f64::MIN_POSITIVE) * 1000.0).clamp(0.0, 1000.0)
}

fn distribution(of: &Distribution) -> Markup {
    let all = || of.base.iter().chain(&of.head).filter(|b| b.count > 0 && b.from.is_finite() && b.to.is_finite());
    let from = all().map(|b| b.from.max(1.0)).fold(f64::MAX, f64::min);
    let to = all().map(|b| b.to.max(2.0)).fold(0.0, f64::max);
    if to <= from {
        return html! {};
    }
    let count = |side: &[Bucket]| side.iter().map(|b| b.count).sum::<u64>();
    // Shares of a side, since sides may have another number of calls.
    let share = |b: &Bucket, side: &[Bucket]| b.count as f64 / count(side).max(1) as f64;
    let tallest = [&of.base, &of.head].iter().flat_map(|s| s.iter().map(|b| share(b, s))).fold(0.0, f64::max);
    let area = |side: &[Bucket]| -> String {
        let mut path = String::new();
        for b in side.iter().filter(|b| b.count > 0) {
            let (x, x2) = (log(b.from, from, to), log(b.to, from, to));
            let y = 100.0 - share(b, side) / tallest.max(f64::MIN_POSITIVE) * 98.0;
            path.push_str(&format!("M{x:.1} 100V{y:.1}H{:.1}V100Z", x2.max(x + 1.5)));
        }
        path
    };
    let figure = |v: f64| units::figure(v, Unit::Nanoseconds);
    let of_base = if of.base.is_empty() { String::new() } else { format!("{} of the base, ", count(&of.base)) };
    let said = format!("{of_base}{} of the head, from {} to {}", count(&of.head), figure(from), figure(to));
    html! {
        figure {
            figcaption { bdi class="code" { (of.subject.label) } ": " (said) ", by logarithm" }
            svg class="plot" role="img" aria-label=(said) viewBox="0 0 1000 100" preserveAspectRatio="none" {
                path class="frame" d="M0 100H1000" {}
                path class="fb" d=(area(&of.base)) {}
                path class="fh" d=(area(&of.head)) {}
            }
            div class="axis" aria-hidden="true" { span { (figure(from)) } span { (figure((from * to).sqrt())) } span { (figure(to)) } }
            ul class="key" aria-hidden="true" { li { (swatch("k-b")) " base" } li { (swatch("k-h")) " head" } }
        }
    }
}

/// Goroutines, heap and the like over time; curves of one picture share their axes.
pub(super) fn over_time(report: &Report) -> Markup {
    let curves = &report.pictures.curves;
    let mut pictures: Vec<&Text> = Vec::new();
    for curve in curves {
        if !pictures.contains(&&curve.picture) {
            pictures.push(&curve.picture);
        }
    }
    html! {
        @if !curves.is_empty() {
            section id="time" aria-labelledby="time-title" {
                h2 id="time-title" { "Over time" }
                @if report.pictures.missing.is_none() { p class="soft" { "One run of each side, from its begin." } }
                (missing(report))
                @for picture in pictures.into_iter().take(MOST) {
                    h3 { (picture) }
                    @let of = curves.iter().filter(|c| c.picture == *picture).collect::<Vec<_>>();
                    (panel("base", &of, |c| &c.base))
                    (panel("head", &of, |c| &c.head))
                }
            }
        }
    }
}

fn panel(side: &str, curves: &[&Curve], points: fn(&Curve) -> &[Point]) -> Markup {
    let both =
        || curves.iter().flat_map(|c| c.base.iter().chain(&c.head)).filter(|p| p.at.is_finite() && p.value.is_finite());
    let end = both().map(|p| p.at).fold(1.0, f64::max);
    let most = both().map(|p| p.value).fold(0.0, f64::max).max(f64::MIN_POSITIVE);
    let path = |points: &[Point]| -> String {
        let mut path = String::new();
        for (i, p) in points.iter().filter(|p| p.at.is_finite() && p.value.is_finite()).enumerate() {
            let (x, y) = ((p.at / end).clamp(0.0, 1.0) * 1000.0, 98.0 - (p.value / most).clamp(0.0, 1.0) * 96.0);
            path.push_str(&if i == 0 { format!("M{x:.1} {y:.1}") } else { format!("H{x:.1}V{y:.1}") });
        }
        path
    };
    let unit = |c: &Curve| if c.unit.is("bytes") { Unit::Bytes } else { Unit::Count };
    let figure = |v: f64| curves.first().map_or(String::new(), |c| units::figure(v, unit(c)));
    let classes = ["curve h", "curve second b", "curve limit"];
    let names: Vec<String> = curves
        .iter()
        .map(|c| {
            let peak = points(c).iter().map(|p| p.value).fold(0.0, f64::max);
            format!("at most {}", figure(peak))
        })
        .collect();
    if curves.iter().all(|c| points(c).is_empty()) {
        return html! {};
    }
    html! {
        figure {
            figcaption {
                (side) ": "
                @for (i, (curve, name)) in curves.iter().zip(&names).enumerate() {
                    @if i > 0 { ", " } (swatch(["k-h", "k-b", "k-l"][i.min(2)])) " " (curve.name) " " (name)
                }
            }
            svg class="plot" role="img" aria-label={ (side) " over time" } viewBox="0 0 1000 100" preserveAspectRatio="none" {
                path class="frame" d="M0 98H1000" {}
                @for (i, curve) in curves.iter().enumerate() { path class=(classes[i.min(2)]) d=(path(points(curve))) {} }
            }
            div class="axis" aria-hidden="true" { span { "0" } span { (figure(most)) " at the top" } span { (units::figure(end, Unit::Nanoseconds)) } }
        }
    }
}
