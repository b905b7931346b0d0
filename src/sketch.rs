//! A mergeable sketch of a distribution of durations, with a bounded relative error.
//!
//! Values fall into buckets whose bounds grow by a constant factor, after Masson, Rim and Lee, "DDSketch: a fast and
//! fully-mergeable quantile sketch with relative-error guarantees", VLDB 2019. With relative error `a` the factor is
//! `(1 + a) / (1 - a)`; bucket `i` holds the values in `(factor^(i-1), factor^i]` and answers with the value that is
//! within `a` of both ends:
//!
//! ```text
//!     factor^(i-1)        answer        factor^i
//!         |------------------|--------------|
//!              at most a         at most a        (relative)
//! ```
//!
//! Merging adds bucket counts, so any order of merging gives the same sketch. Count, sum, least and greatest are exact.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// The relative error of every quantile: 1 %.
pub const RELATIVE_ERROR: f64 = 0.01;

/// The growth factor of the buckets, `(1 + a) / (1 - a)`.
const FACTOR: f64 = (1.0 + RELATIVE_ERROR) / (1.0 - RELATIVE_ERROR);

/// A distribution of durations in nanoseconds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sketch {
    /// How many values.
    pub count: u64,
    /// Their sum, ns.
    pub sum_ns: i64,
    /// The least, ns; 0 when there is none.
    pub min_ns: i64,
    /// The greatest, ns; 0 when there is none.
    pub max_ns: i64,
    /// Bucket number to count. Values of 1 ns and less fall into bucket 0.
    pub buckets: BTreeMap<u16, u64>,
}

impl Sketch {
    /// Adds one duration, ns. Negative ones count as 0.
    pub fn add(&mut self, ns: i64) {
        let ns = ns.max(0);
        self.min_ns = if self.count == 0 { ns } else { self.min_ns.min(ns) };
        self.max_ns = self.max_ns.max(ns);
        self.count = self.count.saturating_add(1);
        self.sum_ns = self.sum_ns.saturating_add(ns);
        *self.buckets.entry(bucket(ns)).or_default() += 1;
    }

    /// Adds all that `other` holds.
    pub fn merge(&mut self, other: &Sketch) {
        if other.count == 0 {
            return;
        }
        self.min_ns = if self.count == 0 { other.min_ns } else { self.min_ns.min(other.min_ns) };
        self.max_ns = self.max_ns.max(other.max_ns);
        self.count = self.count.saturating_add(other.count);
        self.sum_ns = self.sum_ns.saturating_add(other.sum_ns);
        for (&bucket, &count) in &other.buckets {
            let mine = self.buckets.entry(bucket).or_default();
            *mine = mine.saturating_add(count);
        }
    }

    /// The `q`-quantile in ns, `0 <= q <= 1`: a value within [`RELATIVE_ERROR`] of the value at rank
    /// `floor(q * (count - 1))`, never outside least and greatest; `None` when there is no value.
    pub fn quantile(&self, q: f64) -> Option<i64> {
        if self.count == 0 {
            return None;
        }
        let rank = (q.clamp(0.0, 1.0) * (self.count - 1) as f64).floor() as u64;
        if rank == 0 {
            return Some(self.min_ns); // Known exactly.
        }
        let mut seen = 0u64;
        for (&bucket, &count) in &self.buckets {
            seen = seen.saturating_add(count);
            if seen > rank {
                return Some(answer(bucket).clamp(self.min_ns, self.max_ns));
            }
        }
        Some(self.max_ns)
    }

    /// The mean in ns; `None` when there is no value.
    pub fn mean(&self) -> Option<f64> {
        (self.count > 0).then(|| self.sum_ns as f64 / self.count as f64)
    }
}

fn bucket(ns: i64) -> u16 {
    if ns <= 1 {
        return 0;
    }
    // i64::MAX falls into bucket 2184: the cast cannot overflow.
    ((ns as f64).ln() / FACTOR.ln()).ceil() as u16
}

fn answer(bucket: u16) -> i64 {
    if bucket == 0 {
        return 1;
    }
    (2.0 * FACTOR.powi(i32::from(bucket)) / (FACTOR + 1.0)).round() as i64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_within_the_stated_relative_error() {
        let mut sketch = Sketch::default();
        let values: Vec<i64> = (0..10_000).map(|i| 3 + i * i * 17).collect();
        for &v in &values {
            sketch.add(v);
        }
        for q in [0.0, 0.1, 0.5, 0.9, 0.99, 1.0] {
            let exact = values[(q * (values.len() - 1) as f64).floor() as usize] as f64;
            let got = sketch.quantile(q).unwrap_or(0) as f64;
            // Half a nanosecond more: answers are whole.
            assert!((got - exact).abs() <= exact * RELATIVE_ERROR + 0.5, "q {q}: {got} for {exact}");
        }
    }

    #[test]
    fn merging_equals_adding_in_any_order() {
        let (mut a, mut b, mut all) = (Sketch::default(), Sketch::default(), Sketch::default());
        for i in 0..1000i64 {
            let v = i * 7919 % 104_729;
            if i % 3 == 0 {
                a.add(v)
            } else {
                b.add(v)
            }
            all.add(v);
        }
        let (mut ab, mut ba) = (a.clone(), b.clone());
        ab.merge(&b);
        ba.merge(&a);
        assert_eq!(ab, all);
        assert_eq!(ba, all);
    }

    #[test]
    fn extremes_stay_within_bounds() {
        let mut sketch = Sketch::default();
        for v in [i64::MIN, -1, 0, 1, 2, i64::MAX] {
            sketch.add(v);
        }
        assert_eq!(sketch.quantile(0.0), Some(0));
        assert_eq!(sketch.quantile(1.0), Some(i64::MAX));
        assert_eq!(Sketch::default().quantile(0.5), None);
    }
}
