//! What most programs have nothing of: tests, a collection that goes on just now, what is there on request only. Whether any of it
//! has to look at a goroutine is one question, asked for each change of each goroutine.
//!
//! ```text
//!   event ──▶ span, moved ──┬─▶ quiet: accounts, sites, load, tasks
//!                           └─▶ else these, and tests, mutator utilization, single instances
//! ```

use super::mmu::Mutator;
use super::tests::{TestIx, Tick};
use crate::timeline::{Activity, Move, Span, State};
use crate::trace::{Event, Range, Symbols};

impl super::Metrics {
    /// The collector's doings have changed.
    pub(super) fn watch(&mut self) {
        self.collecting = self.mutators.iter().any(Mutator::watches);
        self.listen();
    }

    /// Sees whether it is quiet.
    #[inline(always)]
    pub(super) fn listen(&mut self) {
        self.quiet = !self.asked && !self.collecting && self.tests.is_empty();
    }

    /// A goroutine's state has changed while it is not quiet.
    #[inline(always)] // Which states those are is known where it is called.
    pub(super) fn moved_also(&mut self, event: &Event, moved: Move, symbols: &Symbols) {
        let waits = moved.to == Activity::Waiting;
        // Stacks are looked at of those alone that run a benchmark, which few do.
        let stops = moved.from == Activity::Running && (waits || moved.to == Activity::Runnable);
        let is_benchmark = || self.accounts.peek(moved.g).is_some_and(|a| self.tests.is_benchmark_of(moved.g, a.test));
        if stops && is_benchmark() {
            let traits = self.stacks.of(event.stack, symbols);
            self.tick(event, Tick::at(traits, waits));
        }
        if let Some(instances) = &mut self.instances {
            let group = self.accounts.get(moved.g).group;
            instances.moved(moved.g, group, moved.to, event.stack);
        }
        // Who matters without workers matters with them.
        let [without, with_workers] = &mut self.mutators;
        if self.collecting && moved.from.executes() != moved.to.executes() && with_workers.concerns(moved.g) {
            without.moved(event, moved);
            with_workers.moved(event, moved);
            self.watch();
        }
    }

    /// An event tells what the framework does on a goroutine that may run a benchmark.
    pub(super) fn tick(&mut self, event: &Event, tick: Option<Tick>) {
        if let (Some(tick), Some(account)) = (tick, self.accounts.peek(event.g))
            && account.test != TestIx::NONE
        {
            self.tests.tick(event.g, account.test, tick, event.time, account.runs_since.get());
        }
    }

    /// The same of the begin of a range.
    pub(super) fn tick_at(&mut self, event: &Event, range: Range, symbols: &Symbols) {
        let tick = match range {
            Range::GcMark => self.stacks.of(event.stack, symbols).begins_round().then_some(Tick::Collects),
            Range::StopTheWorld(_) => Tick::of_stop(self.stacks.of(event.stack, symbols)),
            Range::Sweep(_) | Range::MarkAssist(_) => None,
        };
        self.tick(event, tick);
    }

    /// A goroutine has spent time while it is not quiet. Where that does not count, since groups, regions or tasks were asked for
    /// that it is not in, its test is still told what of it was the framework's: a test takes as long as it takes.
    #[inline(never)]
    pub(super) fn span_also(&mut self, span: Span, (test, id): (TestIx, u64), counts: bool, symbols: &Symbols) {
        if counts && self.instances.is_some() {
            self.stacks.of(span.stack, symbols);
            self.instance(span);
        }
        if test == TestIx::NONE {
            return;
        }
        let traits = self.stacks.of(span.stack, symbols);
        if traits.waits_for_turn() && span.state == State::Waiting {
            self.tests.waits_for_turn(span.g, test, false);
        }
        self.tests.span(&span, test, traits, symbols);
        if counts {
            let group = self.accounts.peek(span.g).map(|a| a.group).unwrap_or_default();
            self.tests.record(&span, test, id, group);
        }
    }
}
