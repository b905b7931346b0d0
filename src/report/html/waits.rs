//! Waits: the flame graph that the script draws, the same as a table, and who kept whom waiting.

use maud::{Markup, html};

use crate::metrics::registry::Unit;
use crate::report::model::{BlockedBy, Report, Stack};
use crate::report::units;

/// Rows of the tables below the picture.
const MOST: usize = 20;

/// The part of the page.
pub(super) fn part(report: &Report) -> Markup {
    let pictures = &report.pictures;
    if pictures.waits.is_empty() && pictures.blocked_by.is_empty() {
        return html! {};
    }
    html! {
        section id="waits" aria-labelledby="waits-title" {
            h2 id="waits-title" { "What goroutines waited for" }
            @if !pictures.waits.is_empty() {
                div id="flame-part" class="none" {
                    p class="soft" {
                        "Waits by stack, in a run. A box is as wide as the longer of both sides; red waits longer in the head, blue shorter. "
                        "Click a box to look into it; with the keyboard arrows, " kbd { "Enter" } " and " kbd { "Esc" } "."
                    }
                    svg id="flame" role="group" aria-label="Waits by stack" {}
                    div id="flame-told" class="told" aria-live="polite" {}
                }
                (stacks(&pictures.waits))
            }
            @if !pictures.blocked_by.is_empty() { (blocked_by(&pictures.blocked_by)) }
        }
    }
}

fn figure(ns: f64) -> String {
    units::figure(ns, Unit::Nanoseconds)
}

fn moved(base: f64, head: f64) -> Markup {
    html! { @if head >= base { "+" } @else { "−" } (figure((head - base).abs())) }
}

fn stacks(all: &[Stack]) -> Markup {
    let mut stacks: Vec<&Stack> = all.iter().collect();
    let size = |s: &Stack| (s.head - s.base).abs();
    stacks.sort_by(|a, b| size(b).total_cmp(&size(a)).then_with(|| a.frames.cmp(&b.frames)));
    stacks.truncate(MOST);
    html! {
        details {
            summary { "The same as a table: what moved most" }
            div class="scroll" { table {
                thead { tr { th scope="col" { "where" } th scope="col" { "waiting" } th scope="col" class="n" { "base" } th scope="col" class="n" { "head" } th scope="col" class="n" { "moved" } } }
                tbody { @for stack in stacks { tr {
                    td { @for frame in stack.frames.iter().rev().filter(|f| !f.function.starts_with("runtime.")).take(3) {
                        div class="code" { bdi { (frame.function) } " " span class="soft" { (frame.position) } }
                    } }
                    td { (stack.state) }
                    td class="n" { (figure(stack.base)) } td class="n" { (figure(stack.head)) } td class="n" { (moved(stack.base, stack.head)) }
                } } }
            } }
        }
    }
}

fn blocked_by(all: &[BlockedBy]) -> Markup {
    html! {
        h3 { "Who kept whom waiting" }
        div class="scroll" { table {
            thead { tr { th scope="col" { "waits" } th scope="col" { "in" } th scope="col" { "until woken by" } th scope="col" class="n" { "times" } th scope="col" class="n" { "base" } th scope="col" class="n" { "head" } th scope="col" class="n" { "moved" } } }
            tbody { @for one in all.iter().take(MOST * 2) { tr {
                td class="name code" { bdi { (one.waiter) } } td { (one.state) } td class="name code" { bdi { (one.waker) } }
                td class="n" { (units::figure(one.base_count, Unit::Count)) " → " (units::figure(one.head_count, Unit::Count)) }
                td class="n" { (figure(one.base)) } td class="n" { (figure(one.head)) } td class="n" { (moved(one.base, one.head)) }
            } } }
        } }
    }
}
