//! Minimum mutator utilization: the least part of the processors that was left to the program within any window.
//!
//! After Cheng and Blelloch, "A Parallel, Real-Time Garbage Collector", PLDI 2001, with what counts as collecting
//! taken from Go's own analysis (`internal/trace/gc.go`): the stopped world and mark assists, and in a second curve
//! the dedicated and fractional workers as well. (Go's analysis counts a worker once for its start and once for its
//! label from the second time on, so that a processor never stops collecting; ours counts it once.) Utilization is a step function; the mean over a sliding window is least where one
//! of the window's edges meets a step:
//!
//! ```text
//!   1 |‾‾‾‾|      |‾‾‾‾‾
//!     |    |______|              U(t) = 1 - processors that collect / GOMAXPROCS, 0 while the world is stopped
//!          [  w  ]               the window that is least
//! ```
//!
//! Steps are looked at as they come, and kept no longer than the longest window; only those of the first generation
//! wait until it is over, since what was open when the trace began is told late.

use std::collections::BTreeMap;

use super::goset::GoSet;
use crate::timeline::Move;
use crate::trace::{Event, GoSlot, ProcId, Range, Time};

/// The windows, ns, with their names.
const WINDOWS: [(i64, &str); 4] =
    [(100_000, "100µs"), (1_000_000, "1ms"), (10_000_000, "10ms"), (100_000_000, "100ms")];

/// More processors than this are not a machine.
const MOST_PROCS: u64 = 1 << 16;

#[derive(Clone, Copy, Debug)]
struct Step {
    time: i64,
    util: f64,
    /// The integral of utilization up to `time`.
    sum: f64,
}

/// One window that slides over the steps.
#[derive(Clone, Debug)]
struct Window {
    length: i64,
    /// The least mean so far.
    least: f64,
    /// Index of the step at or before the window's left edge, when its right edge is at the newest step.
    behind: usize,
    /// Index of the next step that the left edge has still to meet.
    ahead: usize,
}

/// So many steps that no window needs any more are dropped at once.
const DROPPED: usize = 1024;

impl Window {
    /// Moves on until the right edge is at the newest of `steps`, and looks at each place where an edge meets one. The curve
    /// begins at `start`.
    ///
    /// ```text
    ///   ... | before ──────── | now        the two newest steps
    /// ```
    #[inline(always)]
    fn slide(&mut self, steps: &[Step], start: i64, (before, now): (Step, Step)) {
        let Some((_, older)) = steps.split_last() else { return };
        let length = self.length as f64;
        // Left edge at a step, right edge anywhere before the newest one: within the span before it, that is.
        while let Some(left) = older.get(self.ahead) {
            let right = left.time.saturating_add(self.length);
            if right > now.time {
                break;
            }
            let area = before.sum + before.util * (right - before.time) as f64 - left.sum;
            self.least = self.least.min(area / length);
            self.ahead += 1;
        }
        // Right edge at the newest step.
        let left = now.time - self.length;
        if left >= start {
            while older.get(self.behind + 1).is_some_and(|step| step.time <= left) {
                self.behind += 1;
            }
            let Some(step) = steps.get(self.behind) else { return };
            let area = now.sum - (step.sum + step.util * (left - step.time) as f64);
            self.least = self.least.min(area / length);
        }
    }
}

/// So many assists are taken off one by one, as Go does it, which is not quite the same as all at once; each runs on a processor.
const MOST_ONE_BY_ONE: usize = 1024;

/// What is left to the program where such a part of the processors collects as well.
fn less(util: f64, part: f64) -> f64 {
    (util - part).max(0.0)
}

/// The steps so far, as far as they are needed.
#[derive(Clone, Debug)]
struct Curve {
    steps: Vec<Step>,
    start: i64,
    windows: [Window; WINDOWS.len()],
}

impl Curve {
    fn new(start: i64, util: f64) -> Curve {
        let window = |(length, _): (i64, &str)| Window { length, least: 1.0, behind: 0, ahead: 0 };
        let steps = vec![Step { time: start, util, sum: 0.0 }];
        Curve { steps, start, windows: WINDOWS.map(window) }
    }

    /// A step at `time`, later than all others.
    fn push(&mut self, time: i64, util: f64) {
        let Some(&last) = self.steps.last() else { return };
        if time <= last.time {
            // Of two at one moment the lower one holds.
            if let Some(last) = self.steps.last_mut() {
                last.util = last.util.min(util);
            }
            return;
        }
        let now = Step { time, util, sum: last.sum + last.util * (time - last.time) as f64 };
        self.steps.push(now);
        for window in &mut self.windows {
            window.slide(&self.steps, self.start, (last, now));
        }
        let needed = self.windows.iter().map(|window| window.behind.min(window.ahead)).min().unwrap_or(0);
        if needed >= DROPPED && needed > self.steps.len() / 2 {
            self.drop_first(needed);
        }
    }

    #[cold]
    fn drop_first(&mut self, steps: usize) {
        self.steps.drain(..steps);
        for window in &mut self.windows {
            (window.behind, window.ahead) = (window.behind - steps, window.ahead - steps);
        }
    }

    /// The least mean of each window; a window longer than the trace is as long as the trace. `goes_on`: the trace does,
    /// but what was asked for of it ends here.
    fn finish(mut self, end: i64, goes_on: bool) -> BTreeMap<String, f64> {
        // Where nothing is left to the program when a trace ends, Go's curve ends with the step to that.
        if goes_on || self.steps.last().is_some_and(|last| last.util != 0.0) {
            self.push(end, 0.0);
        }
        let (whole, total) = self.steps.last().map_or((0, 0.0), |s| (s.time - self.start, s.sum));
        let named = WINDOWS.iter().zip(&self.windows).map(|(&(length, name), window)| {
            let least = if whole < length {
                if whole > 0 { (total / whole as f64).min(1.0) } else { 0.0 }
            } else {
                window.least
            };
            (name.to_owned(), least.max(0.0))
        });
        named.collect()
    }
}

/// Which processors collect, and what that leaves.
#[derive(Clone, Debug, Default)]
pub(super) struct Mutator {
    stopped: i64,
    /// For each processor how many reasons there are to say that it collects.
    procs: Vec<i64>,
    collecting: usize,
    /// Whether background workers count.
    with_workers: bool,
    /// Goroutines within a mark assist, and workers that run.
    assisting: GoSet,
    working: GoSet,
    syncs: u64,
    /// The steps of the first generation.
    early: Vec<(i64, f64)>,
    /// For each assist that was going on when the trace began: to how many steps before the newest it has to be added.
    reach: Vec<usize>,
    /// The number of processors since when, in the first generation.
    sizes: Vec<(i64, usize)>,
    last: f64,
    curve: Option<Curve>,
}

impl Mutator {
    /// With background workers, or without.
    pub(super) fn new(with_workers: bool) -> Mutator {
        Mutator { with_workers, ..Mutator::default() }
    }

    /// A generation begins.
    pub(super) fn sync(&mut self) {
        self.syncs += 1;
        if self.syncs == 2 {
            self.replay();
        }
    }

    /// The window begins: the curve begins anew with what is left to the program now.
    pub(super) fn begin_window(&mut self, from: Time) {
        if self.procs.is_empty() {
            return;
        }
        if self.syncs < 2 {
            self.early = vec![(from.0, self.last)];
            self.reach = Vec::new();
            self.sizes = vec![(from.0, self.procs.len())];
        } else {
            self.curve = Some(Curve::new(from.0, self.last));
        }
    }

    /// The steps of the first generation as they are with all assists that were going on.
    fn put_right(&mut self) -> Vec<(i64, f64)> {
        let (early, reach) = (std::mem::take(&mut self.early), std::mem::take(&mut self.reach));
        // Assists come to be known one after the other, as steps do: each reaches at least as far as the one before.
        let (mut known, mut size) = (0, 0);
        let steps = early.into_iter().enumerate().map(|(i, (time, mut util))| {
            while reach.get(known).is_some_and(|&steps| steps <= i) {
                known += 1;
            }
            let (one, assists) = (self.one_at(time, &mut size), reach.len() - known);
            for _ in 0..assists.min(MOST_ONE_BY_ONE) {
                util = less(util, one);
            }
            (time, less(util, one * assists.saturating_sub(MOST_ONE_BY_ONE) as f64))
        });
        steps.collect()
    }

    /// The first generation is over: its steps are as they will be.
    fn replay(&mut self) {
        let mut steps = self.put_right().into_iter();
        let Some((start, util)) = steps.next() else { return };
        let mut curve = Curve::new(start, util);
        let mut last = util;
        for (time, util) in steps {
            if util != last {
                curve.push(time, util);
                last = util;
            }
        }
        self.curve = Some(curve);
    }

    pub(super) fn gomaxprocs(&mut self, procs: u64, time: Time) {
        let n = procs.min(MOST_PROCS) as usize;
        if self.procs.is_empty() && n > 0 {
            self.step_at(time.0, 1.0);
        }
        self.procs.resize(n, 0);
        self.collecting = self.procs.iter().filter(|&&n| n > 0).count();
        if self.syncs < 2 && self.sizes.last().is_none_or(|&(_, size)| size != n) {
            self.sizes.push((time.0, n));
        }
        self.record(time);
    }

    fn step_at(&mut self, time: i64, util: f64) {
        self.last = util;
        if self.syncs < 2 {
            match self.early.last_mut() {
                Some((at, lower)) if *at == time => {
                    *lower = lower.min(util);
                    self.last = *lower;
                }
                _ => self.early.push((time, util)),
            }
        } else {
            match &mut self.curve {
                Some(curve) => curve.push(time, util),
                None => self.curve = Some(Curve::new(time, util)),
            }
        }
    }

    /// Notes the utilization if it has changed.
    fn record(&mut self, time: Time) {
        if self.procs.is_empty() {
            return;
        }
        let collecting = if self.stopped > 0 { self.procs.len() } else { self.collecting };
        let util = 1.0 - collecting as f64 / self.procs.len() as f64;
        if util != self.last {
            self.step_at(time.0, util);
        }
    }

    fn add(&mut self, p: ProcId, by: i64) {
        if let Some(n) = self.procs.get_mut(p.0 as usize) {
            let before = *n > 0;
            *n += by;
            match (before, *n > 0) {
                (false, true) => self.collecting += 1,
                (true, false) => self.collecting -= 1,
                _ => {}
            }
        }
    }

    pub(super) fn range_begun(&mut self, event: &Event, range: Range, active: bool, name: &str, executing: bool) {
        if self.procs.is_empty() {
            return;
        }
        let assist = matches!(range, Range::MarkAssist(_));
        if active && self.syncs > 1 {
            return; // What a later generation says of open ranges is known.
        }
        if active && assist && executing {
            self.reach_back();
        }
        match range {
            Range::StopTheWorld(_) if name.contains("GC") => self.stopped += 1,
            Range::MarkAssist(g) => {
                self.add(event.p, 1);
                self.assisting.insert(g);
            }
            _ => return,
        }
        self.record(event.time);
    }

    /// An assist that was going on when the trace began took one processor ever since. The newest step has to be right at
    /// once; those before it are put right together, once all such assists are known.
    fn reach_back(&mut self) {
        let Some((time, util)) = self.early.last().copied() else { return };
        let mut size = self.sizes.partition_point(|&(since, _)| since < time).saturating_sub(1);
        self.last = less(util, self.one_at(time, &mut size));
        self.reach.push(self.early.len() - 1);
        if let Some((_, util)) = self.early.last_mut() {
            *util = self.last;
        }
    }

    /// What part of all processors one was at a step of the first generation; `size` counts [`Mutator::sizes`] up to there.
    fn one_at(&self, time: i64, size: &mut usize) -> f64 {
        while self.sizes.get(*size + 1).is_some_and(|&(since, _)| since < time) {
            *size += 1;
        }
        1.0 / self.sizes.get(*size).map_or(1, |&(_, n)| n.max(1)) as f64
    }

    pub(super) fn range_ended(&mut self, event: &Event, range: Range, name: &str) {
        match range {
            Range::StopTheWorld(_) if name.contains("GC") => self.stopped -= 1,
            Range::MarkAssist(g) => {
                self.add(event.p, -1);
                self.assisting.remove(g);
            }
            _ => return,
        }
        self.record(event.time);
    }

    /// A background worker has got its processor, and says what kind of worker it is now.
    pub(super) fn label(&mut self, event: &Event, text: &str) {
        let takes = matches!(text, "GC (dedicated)" | "GC (fractional)");
        if self.with_workers && takes && !self.procs.is_empty() && self.working.insert(event.g) {
            self.add(event.p, 1);
            self.record(event.time);
        }
    }

    /// Whether the goroutine collects, so that its moves matter.
    #[inline(always)]
    pub(super) fn concerns(&self, g: GoSlot) -> bool {
        self.working.contains(g) || self.assisting.contains(g)
    }

    /// Whether any goroutine does.
    pub(super) fn watches(&self) -> bool {
        !self.assisting.is_empty() || !self.working.is_empty()
    }

    #[inline(always)]
    pub(super) fn moved(&mut self, event: &Event, moved: Move) {
        let by = match (moved.from.executes(), moved.to.executes()) {
            (false, true) => 1,
            (true, false) => -1,
            _ => return,
        };
        // A worker says that it is one each time it gets a processor.
        let stops_working = by < 0 && self.working.remove(moved.g);
        if stops_working || self.assisting.contains(moved.g) {
            self.add(event.p, by);
            self.record(event.time);
        }
    }

    /// The goroutine is gone: its slot may be another's.
    pub(super) fn retire(&mut self, g: GoSlot) {
        self.working.remove(g);
        self.assisting.remove(g);
    }

    /// Minimum mutator utilization by window: 1 where GOMAXPROCS is not known, as Go's analysis has it.
    pub(super) fn finish(mut self, end: Time, goes_on: bool) -> BTreeMap<String, f64> {
        if self.syncs < 2 {
            self.replay();
        }
        match self.curve {
            Some(curve) => curve.finish(end.0, goes_on),
            None => WINDOWS.iter().map(|&(_, name)| (name.to_owned(), 1.0)).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::random::Random;

    /// The least mean by its definition: with an edge of the window at each step, and at both ends.
    fn by_definition(steps: &[(i64, f64)], end: i64, length: i64) -> f64 {
        let start = steps[0].0;
        let sums: Vec<f64> = std::iter::once(0.0)
            .chain(steps.windows(2).scan(0.0, |sum, pair| {
                *sum += pair[0].1 * (pair[1].0 - pair[0].0) as f64;
                Some(*sum)
            }))
            .collect();
        let up_to = |time: i64| {
            let last = steps.partition_point(|step| step.0 <= time) - 1;
            sums[last] + steps[last].1 * (time - steps[last].0) as f64
        };
        let edges = steps.iter().map(|step| step.0).chain([end]);
        let lefts = edges.flat_map(|edge| [edge, edge - length]).filter(|&left| left >= start && left + length <= end);
        lefts.map(|left| (up_to(left + length) - up_to(left)) / length as f64).fold(1.0, f64::min)
    }

    /// With an assist that the trace is told of at each of these moments, after so many steps.
    fn early_with(reaches: &[usize], sizes: &[(i64, usize)], steps: usize) -> Mutator {
        let (mut random, mut mutator) = (Random::new(7), Mutator { sizes: sizes.to_vec(), ..Mutator::new(false) });
        for i in 0..=steps {
            reaches.iter().filter(|&&at| at == i).for_each(|_| mutator.reach_back());
            mutator.early.push((10 * i as i64, random.below(9) as f64 / 8.0));
        }
        mutator
    }

    #[test]
    fn assists_that_were_going_on_take_a_processor_from_all_steps_before() {
        for reaches in [&[][..], &[1], &[0, 3, 3, 7, 40, 40, 41, 99], &[100; 40], &[60; 5000]] {
            let sizes = [(0, 4), (300, 8), (500, 2), (2000, 16)];
            let none = early_with(&[], &sizes, 100);
            let expected = none.early.iter().enumerate().map(|(i, &(time, util))| {
                let procs = sizes.iter().rev().find(|size| size.0 < time).unwrap_or(&sizes[0]).1;
                let assists = reaches.iter().filter(|&&at| at > i).count();
                (time, (0..assists).fold(util, |util, _| (util - 1.0 / procs as f64).max(0.0)))
            });
            let expected: Vec<(i64, f64)> = expected.collect();
            let mut mutator = early_with(reaches, &sizes, 100);
            assert_eq!(mutator.put_right(), expected, "{reaches:?}");
        }
    }

    #[test]
    fn the_least_mean_is_that_of_all_places_of_the_window() {
        // Steps close together and far apart, so that all windows hold many of them and few, and most are dropped on the way.
        for (seed, apart) in [(1, 2_000), (2, 60_000), (3, 3_000_000)] {
            let (mut random, mut time, mut steps) = (Random::new(seed), 1_000, vec![(1_000, 1.0)]);
            for _ in 0..6_000 {
                time += 1 + random.below(apart) as i64;
                steps.push((time, random.below(9) as f64 / 8.0));
            }
            let end = time + 500;
            let mut curve = Curve::new(1_000, 1.0);
            for &(time, util) in &steps[1..] {
                curve.push(time, util);
            }
            assert!(apart < 3_000_000 || curve.steps.len() < steps.len() / 2, "none were dropped");
            let least = curve.finish(end, true);
            for (length, name) in WINDOWS {
                // Of sums in floating point.
                let (expected, found) = (by_definition(&steps, end, length), least[name]);
                let whole = (end - 1_000) < length;
                assert!(whole || (expected - found).abs() < 1e-6, "{seed} {name}: {found}, by definition {expected}");
            }
        }
    }

    #[test]
    fn a_window_longer_than_the_trace_is_as_long_as_the_trace() {
        let mut curve = Curve::new(0, 1.0);
        curve.push(50_000, 0.0);
        curve.push(150_000, 0.5);
        let least = curve.finish(200_000, true);
        assert_eq!(least.values().copied().collect::<Vec<_>>(), [0.375, 0.0, 0.375, 0.375]);
        assert_eq!(least.keys().collect::<Vec<_>>(), ["100ms", "100µs", "10ms", "1ms"]);
        assert!(Curve::new(7, 1.0).finish(7, true).values().all(|&least| least == 0.0));
    }
}
