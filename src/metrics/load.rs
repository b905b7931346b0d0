//! The scheduler's load: how many goroutines run, how many could, how long each waited for a processor and why.
//!
//! ```text
//!   running    2|  ____      ____
//!              1|_|    |____|    |__      sums of number times length
//!   runnable   1|      __
//!              0|_____|  |__________
//! ```

use super::bins::{Bin, Bins};
use crate::sketch::{Histogram, Sketch};
use crate::summary::{Latency, LoadPoint, Sched};
use crate::timeline::{Activity, Cause};
use crate::trace::{ProcState, Time};

/// A goroutine that runs longer than this without a break keeps others waiting: the runtime asks it to make way then
/// (`forcePreemptNS` of Go's scheduler, 10 ms).
pub(super) const HOG: i64 = 10_000_000;

/// Sums of numbers over time. Wide enough for as many goroutines as there are slots, for as long as time goes.
#[derive(Clone, Copy, Debug, Default)]
struct Totals {
    running: i128,
    runnable: i128,
    wasted: i128,
}

/// What a point of the curve is made of.
#[derive(Clone, Debug, Default)]
struct Point {
    /// Sums at the end of the bin; `None` where nothing changed in it.
    end: Option<Totals>,
}

impl Bin for Point {
    fn merge(&mut self, next: &Self) {
        self.end = next.end.or(self.end);
    }
}

/// A number, and the sum of it over time. Each that comes takes away the time before it came, each that goes adds the time
/// until then, so that nothing has to be done but where it changes:
///
/// ```text
///   number    1      2      1                    sum at t = base + number * t
///             |______|______|_______|            base     = -a - b + c
///             a      b      c       t
/// ```
///
/// `base` is right modulo 2^64, as the sum is then: it is taken out at each [point](Point) of the curve, and what is summed up
/// within one fits, unless so many goroutines are there for so long that it would be 292 years of one.
#[derive(Clone, Copy, Debug, Default)]
struct Count {
    number: u32,
    base: i64,
}

impl Count {
    #[inline(always)]
    fn comes(&mut self, now: Time) {
        self.number += 1;
        self.base = self.base.wrapping_sub(now.0);
    }

    /// No more go than came: the reader sees to it.
    #[inline(always)]
    fn goes(&mut self, now: Time) {
        self.number = self.number.wrapping_sub(1);
        self.base = self.base.wrapping_add(now.0);
    }

    /// It was another number before.
    #[inline(always)]
    fn becomes(&mut self, number: u32, now: Time) {
        let fewer = i64::from(self.number) - i64::from(number);
        self.base = self.base.wrapping_add(fewer.wrapping_mul(now.0));
        self.number = number;
    }

    /// The sum up to `now`, which begins anew.
    fn take(&mut self, now: Time) -> i128 {
        let since = Count::since(self.number, now);
        let sum = self.base.wrapping_sub(since.base);
        *self = since;
        i128::from(sum.max(0))
    }

    /// The sum begins `now`.
    fn since(number: u32, now: Time) -> Count {
        Count { number, base: 0i64.wrapping_sub(i64::from(number).wrapping_mul(now.0)) }
    }
}

/// The time during which something holds, ns: a [`Count`] of 0 or 1. There is no more of it than there is time.
#[derive(Clone, Copy, Debug, Default)]
struct While {
    holds: bool,
    base: i64,
}

impl While {
    #[inline(always)]
    fn becomes(&mut self, holds: bool, now: Time) {
        if holds != self.holds {
            if holds { self.begins(now) } else { self.ends(now) }
        }
    }

    #[inline(always)]
    fn begins(&mut self, now: Time) {
        (self.holds, self.base) = (true, self.base.wrapping_sub(now.0));
    }

    #[inline(always)]
    fn ends(&mut self, now: Time) {
        (self.holds, self.base) = (false, self.base.wrapping_add(now.0));
    }

    #[inline(always)]
    fn at(&self, now: Time) -> i64 {
        self.base.wrapping_add(if self.holds { now.0 } else { 0 })
    }

    fn since(&self, now: Time) -> While {
        While { holds: self.holds, base: if self.holds { -now.0 } else { 0 } }
    }
}

/// The load so far.
#[derive(Clone, Debug, Default)]
pub(super) struct Load {
    running: Count,
    runnable: Count,
    idle: u32,
    /// At least one runs.
    any_running: While,
    /// At least one waits for a processor.
    any_runnable: While,
    /// More wait than run.
    oversubscribed: While,
    /// Processors without work while goroutines wait.
    wasted: Count,
    /// What all three summed up to when the point of the curve was begun.
    totals: Totals,
    peak_running: u32,
    peak_runnable: u32,
    points: Bins<Point>,
    /// Whether anything was heard yet.
    began: bool,
    /// When the point of the curve ends that was begun last; 0, which no time is before, where none was.
    point_ends: Time,
    latency: [Histogram; Cause::ALL.len()],
    slices: Histogram,
    hogs: u64,
    hog_ns: i64,
}

impl Load {
    /// The window begins: sums begin anew with as many goroutines as there are.
    pub(super) fn begin_window(&mut self, from: Time) {
        *self = Load {
            running: Count::since(self.running.number, from),
            runnable: Count::since(self.runnable.number, from),
            idle: self.idle,
            any_running: self.any_running.since(from),
            any_runnable: self.any_runnable.since(from),
            oversubscribed: self.oversubscribed.since(from),
            wasted: Count::since(self.wasted.number, from),
            peak_running: self.running.number,
            peak_runnable: self.runnable.number,
            began: true,
            point_ends: Time(from.0.saturating_add(1)),
            ..Load::default()
        };
    }

    /// Begins a point of the curve. The first one is begun once time has passed.
    #[cold]
    fn note(&mut self, now: Time) {
        if !std::mem::replace(&mut self.began, true) {
            self.point_ends = Time(now.0.saturating_add(1));
            return;
        }
        self.sum_up(now);
        let (point, ends) = self.points.at(now);
        point.end = Some(self.totals);
        self.point_ends = ends;
    }

    /// All that was summed up until `now` is in the totals.
    fn sum_up(&mut self, now: Time) {
        self.totals.running += self.running.take(now);
        self.totals.runnable += self.runnable.take(now);
        self.totals.wasted += self.wasted.take(now);
    }

    #[inline(always)]
    pub(super) fn moved(&mut self, from: Activity, to: Activity, now: Time) {
        if now >= self.point_ends {
            self.note(now);
        }
        let counts = |activity| matches!(activity, Activity::Running | Activity::Runnable);
        if !counts(from) && !counts(to) {
            return;
        }
        match from {
            Activity::Running => {
                self.running.goes(now);
                if self.running.number == 0 {
                    self.any_running.ends(now);
                }
            }
            Activity::Runnable => {
                self.runnable.goes(now);
                if self.runnable.number == 0 {
                    self.any_runnable.ends(now);
                }
            }
            _ => {}
        }
        match to {
            Activity::Running => {
                self.running.comes(now);
                if self.running.number == 1 {
                    self.any_running.begins(now);
                }
                if self.running.number > self.peak_running {
                    self.peak_running = self.running.number;
                }
            }
            Activity::Runnable => {
                self.runnable.comes(now);
                if self.runnable.number == 1 {
                    self.any_runnable.begins(now);
                }
                if self.runnable.number > self.peak_runnable {
                    self.peak_runnable = self.runnable.number;
                }
            }
            _ => {}
        }
        self.oversubscribed.becomes(self.runnable.number > self.running.number, now);
        if Activity::Runnable == from || Activity::Runnable == to {
            self.waste(now);
        }
    }

    /// As many processors have nothing to do, while goroutines wait, as there are of the fewer.
    #[inline(always)]
    fn waste(&mut self, now: Time) {
        let wasted = self.idle.min(self.runnable.number);
        if wasted != self.wasted.number {
            self.wasted.becomes(wasted, now);
        }
    }

    pub(super) fn proc(&mut self, from: ProcState, to: ProcState, now: Time) {
        if from == to {
            return;
        }
        if now >= self.point_ends {
            self.note(now);
        }
        if from == ProcState::Idle {
            self.idle = self.idle.saturating_sub(1);
        }
        if to == ProcState::Idle {
            self.idle += 1;
        }
        self.waste(now);
    }

    /// For how long at least one goroutine has been waiting for a processor by `now`, since the trace began.
    #[inline(always)]
    pub(super) fn waited(&self, now: Time) -> i64 {
        self.any_runnable.at(now)
    }

    /// A goroutine got its processor.
    #[inline(always)]
    pub(super) fn latency(&mut self, cause: Cause, ns: i64) {
        self.latency[cause as usize].add(ns);
    }

    /// A goroutine stopped running after `ns`; [`Load::waited`] was `waited` when it began to. Whether it was a hog: whether others
    /// waited for a processor meanwhile.
    #[inline(always)]
    pub(super) fn slice(&mut self, ns: i64, waited: i64, now: Time) -> bool {
        self.slices.add(ns);
        ns > HOG && self.hogs(self.waited(now) - waited)
    }

    #[cold]
    fn hogs(&mut self, waited: i64) -> bool {
        let hog = waited > 0;
        if hog {
            self.hogs += 1;
            self.hog_ns = self.hog_ns.saturating_add(waited);
        }
        hog
    }

    pub(super) fn finish(mut self, end: Time) -> Sched {
        self.note(end);
        self.sum_up(end);
        let curve = self.curve();
        let causes = Cause::ALL.iter().zip(self.latency.map(Sketch::from));
        let latency = causes
            .filter(|(_, sketch)| sketch.count > 0)
            .map(|(cause, sketch)| (cause.name().to_owned(), Latency { durations: sketch }))
            .collect();
        Sched {
            running_ns: clamp(self.totals.running),
            runnable_ns: clamp(self.totals.runnable),
            any_running_ns: self.any_running.at(end),
            any_runnable_ns: self.any_runnable.at(end),
            oversubscribed_ns: self.oversubscribed.at(end),
            idle_while_runnable_ns: clamp(self.totals.wasted),
            peak_running: u64::from(self.peak_running),
            peak_runnable: u64::from(self.peak_runnable),
            latency,
            slices: self.slices.into(),
            hogs: self.hogs,
            hog_ns: self.hog_ns,
            step_ns: if curve.is_empty() { 0 } else { self.points.width() },
            curve,
        }
    }

    /// The mean numbers of running and runnable goroutines within each step, in hundredths.
    fn curve(&self) -> Vec<LoadPoint> {
        let width = i128::from(self.points.width()).max(1);
        let mut curve = Vec::with_capacity(self.points.bins().len());
        let bins = self.points.bins();
        // A bin notes the sums at its first change, near its begin; the next noted one tells what has been added since.
        let mut known: Vec<(usize, Totals)> = Vec::new();
        for (i, bin) in bins.iter().enumerate() {
            if let Some(totals) = bin.end {
                known.push((i, totals));
            }
        }
        for pair in known.windows(2) {
            let [(from, a), (to, b)] = [pair[0], pair[1]];
            let steps = (to - from) as i128 * width;
            let mean = |a: i128, b: i128| clamp((b - a) * 100 / steps);
            let point = LoadPoint(mean(a.running, b.running), mean(a.runnable, b.runnable));
            curve.extend(std::iter::repeat_n(point, to - from));
        }
        curve
    }
}

fn clamp(wide: i128) -> i64 {
    i64::try_from(wide).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_are_right_wherever_they_are_taken_and_however_late_it_is() {
        // A thousand come every 10 ns and go one by one: what is summed up is known of each step.
        for begin in [0, i64::MAX / 2, i64::MAX - 20_000] {
            for every in [1, 7, 5000] {
                let at = |step: i64| Time(begin + 10 * step);
                let (mut count, mut sum, mut want) = (Count::default(), 0, 0);
                for step in 0..2000 {
                    if step < 1000 {
                        count.comes(at(step))
                    } else {
                        count.goes(at(step))
                    }
                    want += 10 * i128::from(count.number);
                    if step % every == 0 {
                        sum += count.take(at(step));
                    }
                }
                sum += count.take(at(2000));
                assert_eq!((sum, count.number), (want, 0), "from {begin}, every {every}");
                count.becomes(3, at(0));
                count.becomes(1, at(4));
                assert_eq!(count.take(at(6)), 3 * 40 + 20);
                assert_eq!(count.take(at(6)), 0);
            }
        }
    }

    #[test]
    fn a_hog_is_one_that_others_waited_for() {
        let mut load = Load::default();
        load.moved(Activity::Gone, Activity::Runnable, Time(5));
        load.moved(Activity::Runnable, Activity::Running, Time(7));
        load.moved(Activity::Gone, Activity::Runnable, Time(HOG));
        assert_eq!(load.waited(Time(HOG + 10)), 2 + 10);
        assert!(!load.slice(HOG, 2, Time(HOG + 7)), "not longer than the runtime lets it");
        assert!(load.slice(HOG + 1, 2, Time(HOG + 8)));
        assert!(!load.slice(HOG + 1, 10, Time(HOG + 8)), "all had waited before");
        assert_eq!((load.hogs, load.hog_ns), (1, 8));
    }
}
