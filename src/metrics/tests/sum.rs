//! One test, subtest or benchmark: what is known of it, and what was spent on it.

use std::collections::BTreeMap;

use super::super::recorder::Recorder;
use super::super::tally::{Spent, Sums};
use super::TestIx;
use super::timer::Timer;
use crate::trace::{Frame, GoSlot, StackId, Time};

/// What runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::metrics) enum Kind {
    Test,
    Benchmark,
}

/// One test, subtest or benchmark, one repeat of it.
#[derive(Clone, Debug)]
pub(in crate::metrics) struct TestSum {
    pub(in crate::metrics) kind: Kind,
    pub(in crate::metrics) parent: TestIx,
    /// The outermost test around it, itself where there is none.
    pub(super) root: TestIx,
    /// The number of the framework's line that announced it.
    pub(in crate::metrics) line: Option<u64>,
    /// The function that runs, as far as any stack shows it.
    pub(in crate::metrics) function: Option<Frame>,
    pub(in crate::metrics) began: Time,
    pub(in crate::metrics) ended: Time,
    /// From begin to end, added up over the goroutines that ran a benchmark's rounds, ns.
    pub(in crate::metrics) wall: i64,
    /// Of that, waiting for its turn as a parallel test.
    pub(in crate::metrics) paused: i64,
    /// What its own goroutine waited for the framework: for subtests, and of a benchmark all that is not its rounds.
    pub(in crate::metrics) waited: i64,
    /// What its own goroutine spent, and what of that it waited for the framework.
    pub(in crate::metrics) own: Spent,
    pub(in crate::metrics) own_framework: Sums,
    /// What all its goroutines spent, and what of that they waited for the framework.
    pub(in crate::metrics) spent: Spent,
    pub(in crate::metrics) framework: Sums,
    pub(in crate::metrics) goroutines: u64,
    /// Those that were left when it ended, with what they stood at.
    pub(in crate::metrics) outlived: u64,
    pub(in crate::metrics) leaks: BTreeMap<StackId, u64>,
    /// When the last of them ended, ns after the test.
    pub(in crate::metrics) tail: i64,
    /// How often the framework began a round of a benchmark.
    pub(in crate::metrics) rounds: u64,
    pub(in crate::metrics) over: bool,
    /// The trace ended first.
    pub(in crate::metrics) cut: bool,
    pub(super) first: GoSlot,
    pub(super) runner: GoSlot,
    /// Who ran the rounds of a benchmark before `runner` does, while it has not ended:
    ///
    /// ```text
    ///   run1    first round ── done ┄┄ ends     its end comes late on a busy machine
    ///   launch                   more rounds ──
    /// ```
    pub(super) last_runner: GoSlot,
    /// Of a benchmark: what its runner and the one before show of its timer.
    pub(super) timer: Option<Box<Timer>>,
    pub(super) last_timer: Option<Box<Timer>>,
    /// Of an example that runs: what its goroutine had spent before.
    pub(super) before: Option<Box<Spent>>,
    pub(super) recorder: Option<Box<Recorder>>,
}

impl TestSum {
    /// From begin to end without what it waited for the framework: for its turn, for its subtests. Nanoseconds.
    pub(in crate::metrics) fn own_wall(&self) -> i64 {
        self.wall.saturating_sub(self.paused).saturating_sub(self.waited)
    }
}
