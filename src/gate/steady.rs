//! Counts that are no part of what a program is asked for, and hardly vary all the same: system calls, blocks, goroutines
//! woken at a stack. They fail a build where the runs themselves show that they do not vary, or that the two sides have
//! nothing in common.
//!
//! ```text
//!   base  3 3 3 3 3          constant       head beyond limit and floor: fails
//!   head  7 7 7 7 7
//!
//!   base  40 41 44 40 39     separated      the least of the head is twice the most of the base, and further from it than
//!   head  90 95 88 91 99                    the runs of a side are from each other: fails
//!
//!   base  40 41 44 40 39     neither        is shown, and fails nothing
//!   head  60 95 88 91 99
//!
//!   base   1  3  5  2  2     neither        a count that varies as much within a side is not steady
//!   head  11 19 12 14 24
//! ```
//!
//! That 5 runs of one side all lie above 5 of the other happens by chance once in 252 times; that they lie above twice
//! the greatest hardly ever does with a count that varies by a few per cent. How far runs are from each other is measured
//! between square roots, which vary alike for few events and for many (of independent events, as contended locks are
//! nearly, by a half: the variance-stabilizing transformation of a Poisson count).

use super::verdict::{Evidence, RUNS_FOR_EVIDENCE, RUNS_OF_A_BASELINE};
use crate::compare::Change;
use crate::compare::change::Presence;
use crate::config::Level;
use crate::stats::sample::Sample;

/// How many times as much makes two sides that vary different for certain.
const APART: f64 = 2.0;

/// Whether the runs differ as only steady counts can: nothing varies, or the sides have nothing in common.
fn differs(change: &Change) -> Option<Evidence> {
    let Presence::Both { base, head } = &change.presence else { return None };
    if change.is_constant() {
        return Some(Evidence::Constant);
    }
    let extremes = |side: &Sample| {
        let values = side.values().iter().copied();
        (values.clone().fold(f64::INFINITY, f64::min), values.fold(f64::NEG_INFINITY, f64::max))
    };
    let ((base_least, base_most), (head_least, head_most)) = (extremes(base), extremes(head));
    let far = |less: f64, more: f64| more.max(0.0).sqrt() - less.max(0.0).sqrt();
    let spread = far(base_least, base_most).max(far(head_least, head_most));
    let apart = |less: f64, more: f64| more >= APART * less && far(less, more) > spread;
    (apart(base_most, head_least) || apart(head_most, base_least)).then_some(Evidence::Separated)
}

/// What proves that a steady count differs, whatever the limits are.
pub(super) fn proof(change: &Change) -> Option<Evidence> {
    if change.runs() < RUNS_OF_A_BASELINE { None } else { differs(change) }
}

/// How much a steady count matters where no rule speaks of it. With fewer runs than prove anything it is a suspicion, for
/// which more runs are made.
pub(super) fn level(change: &Change) -> Level {
    if change.runs() >= RUNS_FOR_EVIDENCE && differs(change).is_some() { Level::Error } else { Level::Info }
}
