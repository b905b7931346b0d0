//! One finding in full.

use maud::{Markup, html};

use super::{runs, states};
use crate::report::model::{Finding, Presence};
use crate::report::units;

/// A part of the page: findings in their order.
pub(super) fn list(
    id: &str,
    title: &str,
    (findings, several): (&[&Finding], bool),
    states: &states::Index<'_>,
) -> Markup {
    html! {
        @if !findings.is_empty() {
            section id=(id) aria-labelledby={ (id) "-title" } {
                h2 id={ (id) "-title" } { (title) }
                @for finding in findings { (full(finding, several, states)) }
            }
        }
    }
}

/// `several`: with the package of what does not show its own.
fn full(finding: &Finding, several: bool, states: &states::Index<'_>) -> Markup {
    let figure = |value: Option<f64>| value.map_or("-".to_owned(), |v| units::figure(v, finding.unit));
    let change = units::change_of(finding.presence, finding.change, finding.head, finding.unit);
    html! {
        article class="finding" {
            h3 {
                span class={ "badge " (finding.verdict.name()) } { (finding.verdict.name()) } " "
                bdi class="code" { (finding.subject.told(several)) }
            }
            p class="figures" {
                bdi { (finding.what) } " "
                b { (figure(finding.base)) " → " (figure(finding.head)) }
                @if !finding.per.is_empty() { " per " (finding.per) }
                " " b class=(finding.verdict.name()) { (change) }
                @if let Some(max) = finding.limit.max.filter(|_| finding.evidence.kind.is("budget")) {
                    span class="soft" { ", budget " (units::figure(max, finding.unit)) }
                } @else if finding.presence == Presence::Both {
                    span class="soft" { ", limit " (units::percent(finding.limit.max_increase)) }
                }
            }
            (cause(finding))
            @if !finding.evidence.text.is_empty() { p class="soft" { (finding.evidence.text) } }
            @if let Some(interval) = &finding.interval {
                p class="soft" {
                    (units::change(interval.low)) " to " (units::change(interval.high)) " with "
                    (units::percent(interval.confidence)) " confidence"
                }
            }
            @if let Some(least) = finding.detectable {
                p class="soft" { "So many runs can find " (units::change(least)) " and more of this, in four of five comparisons" }
            }
            @if let Some(accepted) = &finding.accepted {
                p { "Accepted"
                    @if let Some(by) = &accepted.by { " by " bdi { (by) } }
                    @if let Some(until) = &accepted.until { " until " (until) }
                    ": " bdi { (accepted.reason) } }
            }
            (runs::plot(finding))
            (states.plot(&finding.subject))
            @if let Some(site) = &finding.site {
                details {
                    summary { "Stack" }
                    pre { @for frame in &site.stack { (frame) "\n" } }
                }
            }
            @if let Some(accept) = &finding.accept {
                details { summary { "Accept it" } pre { (accept) } }
            }
        }
    }
}

fn cause(finding: &Finding) -> Markup {
    let place = finding.position.as_ref().or(finding.subject.position.as_ref());
    html! {
        p {
            @if let Some(site) = &finding.site {
                (site.doing) ", " bdi { (site.place()) }
            } @else if !finding.cause.is_any(&["", "new", "gone"]) { bdi { (finding.cause) } }
            @if let Some(place) = place { " " bdi class="code soft" { (place) } }
            @if let Some(test) = finding.subject.in_test() { " in " bdi class="code" { (test) } }
            @if let Some(old) = &finding.subject.renamed_from {
                br; "renamed from " bdi class="code" { (old) }
            }
        }
    }
}
