//! The spans of one test, as many as a picture can show.
//!
//! Where there are more, the short ones are left out: the threshold below which nothing is kept doubles until half of
//! the room is free again.

use super::groups::GroupIx;
use crate::timeline::{Span, State};
use crate::trace::{StackId, Sym, Time};

/// The most spans that are kept.
pub(super) const MOST: usize = 2_000;

/// One span.
#[derive(Clone, Copy, Debug)]
pub(super) struct Kept {
    pub(super) id: u64,
    pub(super) group: GroupIx,
    pub(super) state: State,
    pub(super) reason: Sym,
    pub(super) stack: StackId,
    pub(super) by_stack: StackId,
    pub(super) start: Time,
    pub(super) ns: i64,
}

/// The longest spans so far.
#[derive(Clone, Debug, Default)]
pub(super) struct Recorder {
    spans: Vec<Kept>,
    /// Shorter ones are left out, ns.
    pub(super) threshold: i64,
    /// How many were left out.
    pub(super) left_out: u64,
}

impl Recorder {
    #[inline]
    pub(super) fn add(&mut self, span: &Span, id: u64, group: GroupIx) {
        let ns = span.ns();
        if ns < self.threshold {
            self.left_out += 1;
            return;
        }
        if self.spans.len() == MOST {
            self.make_room();
        }
        let (state, reason, stack, by_stack, start) = (span.state, span.reason, span.stack, span.by_stack, span.start);
        self.spans.push(Kept { id, group, state, reason, stack, by_stack, start, ns });
    }

    fn make_room(&mut self) {
        let before = self.spans.len();
        let mut lengths: Vec<i64> = self.spans.iter().map(|span| span.ns).collect();
        let (_, median, _) = lengths.select_nth_unstable(before / 2);
        self.threshold = (*median).saturating_add(1).max(self.threshold.saturating_mul(2));
        let threshold = self.threshold;
        self.spans.retain(|span| span.ns >= threshold);
        self.left_out += (before - self.spans.len()) as u64;
    }

    /// In order of time.
    pub(super) fn spans(&self) -> Vec<Kept> {
        let mut spans = self.spans.clone();
        spans.sort_by_key(|span| (span.start, span.id));
        spans
    }
}
