//! The scheduler's load: how many goroutines run, how many could, how long each waited for a processor and why.
//!
//! ```text
//!   running    2|  ____      ____
//!              1|_|    |____|    |__      sums of number times length, at each change
//!   runnable   1|      __
//!              0|_____|  |__________
//! ```

use super::bins::{Bin, Bins};
use crate::sketch::Sketch;
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
}

/// What a point of the curve is made of.
#[derive(Clone, Debug, Default)]
struct Point {
    /// Sums at the end of the bin; `None` where nothing changed in it.
    end: Option<Totals>,
    peak_runnable: u32,
}

impl Bin for Point {
    fn merge(&mut self, next: &Self) {
        self.end = next.end.or(self.end);
        self.peak_runnable = self.peak_runnable.max(next.peak_runnable);
    }
}

/// A number of goroutines over time.
#[inline(always)]
fn over(ns: i64, n: u32) -> i128 {
    i128::from(ns) * i128::from(n)
}

/// The load so far.
#[derive(Clone, Debug)]
pub(super) struct Load {
    first: Option<Time>,
    /// Up to when all sums are; later than any event before the first one.
    last: Time,
    running: u32,
    runnable: u32,
    idle: u32,
    totals: Totals,
    /// Time during which at least one ran.
    any_running: i64,
    /// Time during which at least one waited for a processor.
    any_runnable: i64,
    /// Time during which more waited than ran.
    oversubscribed: i64,
    /// Processors without work while goroutines waited, over time.
    wasted: i128,
    peak_running: u32,
    peak_runnable: u32,
    points: Bins<Point>,
    point_ends: Time,
    latency: [Sketch; Cause::ALL.len()],
    slices: Sketch,
    hogs: u64,
    hog_ns: i64,
}

impl Default for Load {
    fn default() -> Self {
        Load {
            first: None,
            last: Time(i64::MAX),
            running: 0,
            runnable: 0,
            idle: 0,
            totals: Totals::default(),
            any_running: 0,
            any_runnable: 0,
            oversubscribed: 0,
            wasted: 0,
            peak_running: 0,
            peak_runnable: 0,
            points: Bins::default(),
            point_ends: Time::default(),
            latency: std::array::from_fn(|_| Sketch::dense()),
            slices: Sketch::dense(),
            hogs: 0,
            hog_ns: 0,
        }
    }
}

impl Load {
    /// Brings all sums up to `now`.
    #[inline(always)]
    fn advance(&mut self, now: Time) {
        let ns = now.after(self.last);
        if ns <= 0 {
            return self.start(now);
        }
        self.last = now;
        // Each moment is counted once at most in what follows: no sum of `ns` alone can overflow.
        self.totals.running += over(ns, self.running);
        if self.running > 0 {
            self.any_running = self.any_running.wrapping_add(ns);
        }
        if self.runnable > 0 {
            self.totals.runnable += over(ns, self.runnable);
            self.any_runnable = self.any_runnable.wrapping_add(ns);
            if self.runnable > self.running {
                self.oversubscribed = self.oversubscribed.wrapping_add(ns);
            }
            if self.idle > 0 {
                self.wasted += over(ns, self.idle.min(self.runnable));
            }
        }
        if now >= self.point_ends {
            self.note();
        }
    }

    /// No time has passed: with the first event, sums begin.
    #[cold]
    fn start(&mut self, now: Time) {
        if self.first.is_none() {
            (self.first, self.last) = (Some(now), now);
        }
    }

    /// The window begins: sums begin anew with as many goroutines as there are.
    pub(super) fn begin_window(&mut self, from: Time) {
        *self = Load {
            first: Some(from),
            last: from,
            running: self.running,
            runnable: self.runnable,
            idle: self.idle,
            peak_running: self.running,
            peak_runnable: self.runnable,
            ..Load::default()
        };
    }

    /// Begins a point of the curve.
    #[cold]
    fn note(&mut self) {
        let totals = self.totals;
        let (point, ends) = self.points.at(self.last);
        point.end = Some(totals);
        self.point_ends = ends;
    }

    #[inline(always)]
    pub(super) fn moved(&mut self, from: Activity, to: Activity, now: Time) {
        self.advance(now);
        match from {
            Activity::Running => self.running = self.running.saturating_sub(1),
            Activity::Runnable => self.runnable = self.runnable.saturating_sub(1),
            _ => {}
        }
        match to {
            Activity::Running => {
                self.running += 1;
                self.peak_running = self.peak_running.max(self.running);
            }
            Activity::Runnable => {
                self.runnable += 1;
                self.peak_runnable = self.peak_runnable.max(self.runnable);
            }
            _ => {}
        }
    }

    pub(super) fn proc(&mut self, from: ProcState, to: ProcState, now: Time) {
        if from == to {
            return;
        }
        self.advance(now);
        if from == ProcState::Idle {
            self.idle = self.idle.saturating_sub(1);
        }
        if to == ProcState::Idle {
            self.idle += 1;
        }
    }

    /// For how long at least one goroutine has been waiting for a processor by now, since the trace began.
    #[inline(always)]
    pub(super) fn waited(&self) -> i64 {
        self.any_runnable
    }

    /// A goroutine got its processor.
    #[inline(always)]
    pub(super) fn latency(&mut self, cause: Cause, ns: i64) {
        self.latency[cause as usize].add(ns);
    }

    /// A goroutine stopped running; for `waited` of that time others waited for a processor. Whether it was a hog.
    #[inline(always)]
    pub(super) fn slice(&mut self, ns: i64, waited: i64) -> bool {
        self.slices.add(ns);
        let hog = ns > HOG && waited > 0;
        if hog {
            self.hogs += 1;
            self.hog_ns = self.hog_ns.saturating_add(waited);
        }
        hog
    }

    pub(super) fn finish(mut self, end: Time) -> Sched {
        self.advance(end);
        self.point_ends = Time(i64::MIN + 1);
        if self.first.is_some() {
            self.note();
        }
        let curve = self.curve();
        let causes = Cause::ALL.iter().zip(self.latency);
        let latency = causes
            .filter(|(_, sketch)| sketch.count > 0)
            .map(|(cause, sketch)| (cause.name().to_owned(), Latency { durations: sketch }))
            .collect();
        Sched {
            running_ns: clamp(self.totals.running),
            runnable_ns: clamp(self.totals.runnable),
            any_running_ns: self.any_running,
            any_runnable_ns: self.any_runnable,
            oversubscribed_ns: self.oversubscribed,
            idle_while_runnable_ns: clamp(self.wasted),
            peak_running: u64::from(self.peak_running),
            peak_runnable: u64::from(self.peak_runnable),
            latency,
            slices: self.slices,
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
