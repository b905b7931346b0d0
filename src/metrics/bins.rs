//! A curve over the length of a trace that is not known beforehand, in at most 512 points.
//!
//! Bins begin narrow. Whenever time runs past the last one, neighbours are merged and all become twice as wide:
//!
//! ```text
//!   |a|b|c|d|           4 bins are full, the next event lies behind them
//!   | a+b | c+d |  |    now 2 are, and there is room again
//! ```

use crate::trace::Time;

/// The most points that a curve has.
pub(super) const POINTS: usize = 512;

/// What a bin holds.
pub(super) trait Bin: Clone + Default {
    /// Takes in the bin right after this one.
    fn merge(&mut self, next: &Self);
}

/// Bins of equal width, as many as the time so far takes.
#[derive(Clone, Debug)]
pub(super) struct Bins<T> {
    start: Time,
    /// Bins are `1 << shift` ns wide.
    shift: u32,
    bins: Vec<T>,
}

impl<T: Bin> Default for Bins<T> {
    fn default() -> Self {
        Bins { start: Time::NEVER, shift: 10, bins: Vec::new() }
    }
}

impl<T: Bin> Bins<T> {
    /// The bin of `time`, and when it ends. Times must not decrease; what is skipped stays as it is by default.
    pub(super) fn at(&mut self, time: Time) -> (&mut T, Time) {
        let index = self.index(time);
        let end = (index as i64 + 1).saturating_mul(self.width()).saturating_add(self.start.0);
        (&mut self.bins[index], Time(end))
    }

    /// The bin of `time` alone.
    #[inline(always)]
    pub(super) fn bin(&mut self, time: Time) -> &mut T {
        // Most come into the bin of the one before. Where there is none yet this is beyond all.
        let index = (time.0.wrapping_sub(self.start.0) as u64 >> self.shift) as usize;
        let index = if index < self.bins.len() { index } else { self.index(time) };
        &mut self.bins[index]
    }

    /// Makes a bin for `time`.
    fn index(&mut self, time: Time) -> usize {
        if self.start == Time::NEVER {
            self.start = time;
        }
        let since = time.since(self.start).max(0);
        while since >> self.shift >= POINTS as i64 {
            self.halve();
        }
        let index = (since >> self.shift) as usize;
        if index >= self.bins.len() {
            self.bins.resize_with(index + 1, T::default);
        }
        index
    }

    fn halve(&mut self) {
        self.shift += 1;
        let merged = self.bins.chunks(2).map(|pair| match pair {
            [one, two] => {
                let mut both = one.clone();
                both.merge(two);
                both
            }
            rest => rest.first().cloned().unwrap_or_default(),
        });
        self.bins = merged.collect();
    }

    /// How wide a bin is, ns.
    pub(super) fn width(&self) -> i64 {
        1 << self.shift
    }

    /// All bins, in order.
    pub(super) fn bins(&self) -> &[T] {
        &self.bins
    }

    /// Whether any bin was ever asked for.
    pub(super) fn is_empty(&self) -> bool {
        self.bins.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Clone, Debug, Default, PartialEq)]
    struct Sum(i64);

    impl Bin for Sum {
        fn merge(&mut self, next: &Self) {
            self.0 += next.0;
        }
    }

    #[test]
    fn nothing_is_lost_however_long_it_takes() {
        let mut bins = Bins::<Sum>::default();
        for i in 0..100_000i64 {
            bins.at(Time(5 + i * 777)).0.0 += 1;
        }
        assert!(bins.bins().len() <= POINTS);
        assert_eq!(bins.bins().iter().map(|s| s.0).sum::<i64>(), 100_000);
        let last = 99_999 * 777 / bins.width();
        assert_eq!(bins.bins().len() as i64, last + 1);
        // The longest time that there is.
        bins.at(Time(i64::MAX - 1)).0.0 += 1;
        assert_eq!(bins.bins().iter().map(|s| s.0).sum::<i64>(), 100_001);
    }

    #[test]
    fn a_bin_is_the_same_however_it_is_asked_for() {
        let (mut one, mut other) = (Bins::<Sum>::default(), Bins::<Sum>::default());
        for time in [0, 3, 1024, 1023, 600_000, 40_000_000, 39_999_999, 1 << 40, i64::MAX - 1] {
            let at = Time(time);
            one.bin(at).0 += time % 7 + 1;
            let (sum, end) = other.at(at);
            sum.0 += time % 7 + 1;
            assert_eq!((one.bins(), one.width()), (other.bins(), other.width()), "at {time}");
            assert!(time < end.0 && time >= end.0 - other.width(), "{time} is not before {}", end.0);
        }
        // A moment before the first is not lost.
        let mut bins = Bins::<Sum>::default();
        bins.bin(Time(5_000)).0 += 1;
        bins.bin(Time(4_000)).0 += 1;
        assert_eq!(bins.bins(), [Sum(2)]);
    }
}
