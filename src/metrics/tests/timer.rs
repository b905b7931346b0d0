//! Which part of a benchmark's goroutine is the benchmark, and which is the framework that measures it.
//!
//! ```text
//!   testing.(*B).runN    runtime.GC ── StartTimer │ the benchmark │ StopTimer ── runtime.GC ── StartTimer │ …
//!   counted                                        ███████████████                                         ███
//! ```
//!
//! Both read the allocator's figures, which stops the world: from Go 1.22 on with a stack. So the timer is seen, also where
//! the benchmark itself stops, starts and resets it. Older traces show `runtime.GC` alone: what lies between its stacks is
//! the framework's, and what comes after the last of them may be the benchmark.

use super::super::stacks::{Timing, Traits};
use super::super::tally::Sums;
use super::{Kind, TestIx, TestSum, Tests};
use crate::timeline::{Span, State};
use crate::trace::{GoSlot, Sym, Time};

/// Whether the benchmark's timer runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Clock {
    /// Nothing has told so far.
    #[default]
    Unseen,
    Runs,
    Stands,
}

/// What an event tells of where the goroutine is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::metrics) enum Tick {
    /// The framework's collection begins.
    Collects,
    /// It waits.
    Waits,
    /// It gives way.
    Yields,
    /// The world is stopped to start the timer, to stop it, or to begin anew with it.
    Starts,
    Stops,
    Resets,
    /// The world goes on.
    GoesOn,
}

impl Tick {
    /// What the goroutine is up to at such a stack, by whether it waits or gives way there.
    pub(in crate::metrics) fn at(traits: Traits, waits: bool) -> Option<Tick> {
        traits.begins_round().then_some(if waits { Tick::Waits } else { Tick::Yields })
    }

    /// What the world is stopped for at such a stack, if it is for the timer.
    pub(in crate::metrics) fn of_stop(traits: Traits) -> Option<Tick> {
        traits.timer().map(|timing| match timing {
            Timing::Starts => Tick::Starts,
            Timing::Stops => Tick::Stops,
            Timing::Resets => Tick::Resets,
        })
    }
}

/// The timer of a benchmark, as its goroutine shows it.
#[derive(Clone, Debug, Default)]
pub(super) struct Timer {
    clock: Clock,
    /// What is before this has been told.
    from: Option<Time>,
    /// What the goroutine ran and waited to run since then: the framework's, where the next event says so.
    pending: Sums,
    /// What it did since the round began and is not known to be the framework's.
    round: Sums,
    /// The last event within the framework's collection; `None` before there was one.
    last: Option<Tick>,
    /// For what the world is stopped just now.
    stopped: Option<Tick>,
}

impl Timer {
    /// The window begins, perhaps in the middle of the benchmark.
    pub(super) fn begin_window(&mut self) {
        (self.pending, self.round) = (Sums::default(), Sums::default());
        self.last = self.last.or(Some(Tick::Yields));
    }

    /// Of a goroutine that has said `at` a time that it is done: whatever it still does is the framework's.
    pub(super) fn done(mut self, at: Time) -> Timer {
        if self.clock != Clock::Stands {
            (self.clock, self.from) = (Clock::Stands, Some(at));
        }
        self
    }

    /// The goroutine did something that is not known to be the framework's otherwise. Gives what of it is.
    pub(super) fn span(&mut self, span: &Span) -> Sums {
        let mut theirs = Sums::default();
        let start = self.from.map_or(span.start, |from| from.max(span.start));
        if start >= span.end {
            return theirs;
        }
        let ns = span.end.since(start);
        match self.clock {
            Clock::Stands => theirs.add(span.state, span.reason, ns),
            Clock::Runs => self.round.add(span.state, span.reason, ns),
            // Woken out of the collection, or given its turn again, it still is there.
            Clock::Unseen if span.state == State::Runnable && self.last.is_some() && self.pending.exec == 0 => {
                theirs.add(span.state, span.reason, ns);
            }
            Clock::Unseen => self.pending.add(span.state, span.reason, ns),
        }
        theirs
    }

    /// An event tells where the goroutine is, which has been running since `runs`, if it runs. Gives what of the time before it
    /// was the framework's.
    pub(super) fn tick(&mut self, tick: Tick, now: Time, runs: Option<Time>) -> Sums {
        let mut theirs = Sums::default();
        if let Some(runs) = runs {
            let since = self.from.map_or(runs, |from| from.max(runs));
            let ran = now.since(since).max(0);
            match self.clock {
                Clock::Stands => theirs.add(State::Running, Sym::EMPTY, ran),
                Clock::Runs => self.round.add(State::Running, Sym::EMPTY, ran),
                Clock::Unseen => self.pending.add(State::Running, Sym::EMPTY, ran),
            }
            self.from = Some(now);
        }
        match tick {
            Tick::Collects | Tick::Waits | Tick::Yields => {
                let pending = std::mem::take(&mut self.pending);
                // After the last time it gave way came the benchmark, whose end nothing showed.
                let is_next = match self.last {
                    None => false,
                    Some(last) => tick == Tick::Collects || (tick == Tick::Waits && last == Tick::Yields),
                };
                if !is_next {
                    theirs.merge(&pending);
                }
                if tick == Tick::Collects {
                    self.round = Sums::default();
                }
                self.last = Some(tick);
            }
            Tick::Starts | Tick::Resets => {
                theirs.merge(&std::mem::take(&mut self.pending));
                (self.stopped, self.clock) = (Some(tick), Clock::Stands);
            }
            Tick::Stops => {
                self.round.merge(&std::mem::take(&mut self.pending));
                (self.stopped, self.clock) = (None, Clock::Stands);
            }
            Tick::GoesOn => match self.stopped.take() {
                Some(Tick::Starts) => self.clock = Clock::Runs,
                Some(Tick::Resets) => {
                    theirs.merge(&std::mem::take(&mut self.round));
                    self.clock = Clock::Runs;
                }
                _ => {}
            },
        }
        theirs
    }
}

impl TestSum {
    /// Whether what a goroutine spends is the test's own.
    pub(super) fn is_run_by(&self, g: GoSlot) -> bool {
        g == self.runner || g == self.last_runner
    }

    /// The timer that a goroutine shows, if it runs a benchmark.
    pub(super) fn timer_of(&mut self, g: GoSlot) -> Option<&mut Timer> {
        let is_its = self.is_run_by(g);
        let timer = if g == self.runner { &mut self.timer } else { &mut self.last_timer };
        if is_its { timer.as_deref_mut() } else { None }
    }

    /// The framework's time on the goroutine of a benchmark.
    pub(super) fn give_framework(&mut self, theirs: &Sums) {
        self.framework.merge(theirs);
        self.own_framework.merge(theirs);
        self.waited = self.waited.saturating_add(theirs.known());
    }
}

impl Tests {
    /// Whether a goroutine runs this benchmark: no other shows its timer.
    pub(in crate::metrics) fn is_benchmark_of(&self, g: GoSlot, ix: TestIx) -> bool {
        let test = (ix.0 as usize).checked_sub(1).and_then(|at| self.all.get(at));
        test.is_some_and(|test| test.kind == Kind::Benchmark && test.is_run_by(g))
    }

    /// A goroutine is at what the framework does around the rounds of a benchmark; `runs`: since when it runs.
    pub(in crate::metrics) fn tick(&mut self, g: GoSlot, ix: TestIx, tick: Tick, now: Time, runs: Option<Time>) {
        let Some(test) = self.get(ix) else { return };
        test.rounds += u64::from(tick == Tick::Collects);
        if let Some(timer) = test.timer_of(g) {
            let theirs = timer.tick(tick, now, runs);
            test.give_framework(&theirs);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::timeline::Cause;
    use crate::trace::StackId;

    fn span(state: State, start: i64, end: i64) -> Span {
        Span {
            g: GoSlot(0),
            state,
            reason: Sym::EMPTY,
            stack: StackId::NONE,
            start: Time(start),
            end: Time(end),
            by: GoSlot::NONE,
            by_stack: StackId::NONE,
            cause: Cause::Unknown,
            begun_at: StackId::NONE,
            open: false,
            has_begin: true,
        }
    }

    /// What of running and of waiting for a processor is the framework's, on a goroutine that runs up to each event, waits for 1
    /// where it stops there, and runs for 1,000 behind the last.
    fn framework(events: &[(i64, Tick)]) -> (i64, i64) {
        let (mut timer, mut theirs) = (Timer::default(), Sums::default());
        let (mut since, mut now) = (0, 0);
        for &(ran, tick) in events {
            now += ran;
            if matches!(tick, Tick::Waits | Tick::Yields) {
                theirs.merge(&timer.span(&span(State::Running, since, now)));
                theirs.merge(&timer.tick(tick, Time(now), None));
                theirs.merge(&timer.span(&span(State::Runnable, now, now + 1)));
                now += 1;
                since = now;
            } else {
                theirs.merge(&timer.tick(tick, Time(now), Some(Time(since))));
            }
        }
        theirs.merge(&timer.span(&span(State::Running, since, now + 1_000)));
        (theirs.exec, theirs.sched)
    }

    #[test]
    fn a_benchmark_is_what_its_timer_runs_for() {
        use Tick::{Collects, GoesOn, Resets, Starts, Stops, Waits, Yields};
        let first = [(5, Collects), (1, Waits), (1, Yields), (1, Yields)];
        let begun = [(5, Collects), (1, Yields), (2, Starts), (3, GoesOn)];
        type Round = [(i64, Tick)];
        let cases: [(&str, &[&Round], (i64, i64)); 7] = [
            ("nothing tells", &[], (0, 0)),
            ("a collection alone", &[&first], (8, 3)),
            ("a second round behind it", &[&first, &[(100, Collects), (2, Waits)]], (10, 4)),
            (
                "the second round waits for a collection",
                &[&first, &[(100, Waits), (2, Collects), (3, Yields)]],
                (11, 5),
            ),
            ("started and stopped", &[&begun, &[(100, Stops), (4, GoesOn)]], (1_015, 1)),
            ("set up in the benchmark", &[&begun, &[(50, Resets), (1, GoesOn), (100, Stops)]], (1_062, 1)),
            ("stopped in the benchmark", &[&begun, &[(10, Stops), (1, GoesOn), (40, Starts), (1, GoesOn)]], (53, 1)),
        ];
        for (what, events, expected) in cases {
            assert_eq!(framework(&events.concat()), expected, "{what}");
        }
    }
}
