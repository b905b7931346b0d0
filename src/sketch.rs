//! A mergeable sketch of a distribution of durations, with a bounded relative error.
//!
//! Values fall into buckets that are linear within each power of two, as in G. Tene's HdrHistogram: the first 64
//! values have a bucket each, and every octave above is divided into 64 of equal width. Finding a bucket takes a
//! shift and no logarithm, and is exact on every machine:
//!
//! ```text
//!     2^k                                      2^(k+1)
//!      |----|----|----|----|--- ... ---|----|----|        64 buckets, each 2^k / 64 wide
//!        answer: the middle, at most half a width off: 2^k / 128, less than 0.8 % of any value in it
//! ```
//!
//! Merging adds bucket counts, so any order of merging gives the same sketch. Count, sum, least and greatest are exact.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The relative error of every quantile: at most half a bucket, 1/128.
pub const RELATIVE_ERROR: f64 = 1.0 / 128.0;

/// Each octave has `2^DIVISION` buckets.
const DIVISION: u32 = 6;
/// The number of buckets of an octave.
const PER_OCTAVE: u64 = 1 << DIVISION;
/// One more than the greatest bucket, that of `i64::MAX`.
const BUCKETS: usize = ((63 - DIVISION as usize) << DIVISION) + PER_OCTAVE as usize;
/// Up to this many buckets in use a sketch lists them; one with more has a table of all.
const LISTED: usize = 192;

/// From this many values on there is a table, whichever they are: looking buckets up in a list takes longer.
const MANY: u64 = 1024;

/// A distribution of durations in nanoseconds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
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
    /// Bucket number to count.
    #[serde(deserialize_with = "buckets")]
    buckets: Buckets,
}

fn buckets<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Buckets, D::Error> {
    crate::unique::map(deserializer).map(Buckets::from)
}

/// Counts by bucket. Equal counts are equal however they are kept, and are written as an object.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(from = "BTreeMap<u16, u64>", into = "BTreeMap<u16, u64>")]
enum Buckets {
    /// In order of the bucket.
    Listed(Vec<(u16, u64)>),
    /// By bucket, [`BUCKETS`] of them.
    Table(Vec<u64>),
}

impl Default for Buckets {
    fn default() -> Self {
        Buckets::Listed(Vec::new())
    }
}

impl Buckets {
    #[inline(always)]
    fn add(&mut self, bucket: u16, n: u64) {
        match self {
            Buckets::Table(table) => {
                if let Some(count) = table.get_mut(usize::from(bucket)) {
                    *count = count.saturating_add(n);
                }
            }
            Buckets::Listed(_) => self.add_listed(bucket, n),
        }
    }

    fn add_listed(&mut self, bucket: u16, n: u64) {
        match self {
            Buckets::Table(_) => self.add(bucket, n),
            Buckets::Listed(list) => match list.binary_search_by_key(&bucket, |&(b, _)| b) {
                Ok(at) => list[at].1 = list[at].1.saturating_add(n),
                Err(at) if list.len() < LISTED => list.insert(at, (bucket, n)),
                Err(_) => {
                    self.tabulate();
                    self.add(bucket, n);
                }
            },
        }
    }

    #[cold]
    fn tabulate(&mut self) {
        if let Buckets::Listed(list) = self {
            let mut table = vec![0; BUCKETS];
            list.iter().for_each(|&(b, n)| table[usize::from(b)] = n);
            *self = Buckets::Table(table);
        }
    }

    /// Those in use, in order.
    fn iter(&self) -> Box<dyn Iterator<Item = (u16, u64)> + '_> {
        match self {
            Buckets::Listed(list) => Box::new(list.iter().copied()),
            Buckets::Table(table) => {
                Box::new(table.iter().enumerate().filter(|(_, n)| **n > 0).map(|(b, &n)| (b as u16, n)))
            }
        }
    }
}

impl PartialEq for Buckets {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl Eq for Buckets {}

impl From<BTreeMap<u16, u64>> for Buckets {
    fn from(map: BTreeMap<u16, u64>) -> Self {
        let mut buckets = Buckets::default();
        // What is beyond the last bucket no value can have made.
        map.into_iter().filter(|&(_, n)| n > 0).for_each(|(b, n)| buckets.add(b.min(BUCKETS as u16 - 1), n));
        buckets
    }
}

impl From<Buckets> for BTreeMap<u16, u64> {
    fn from(buckets: Buckets) -> Self {
        buckets.iter().collect()
    }
}

impl Sketch {
    /// Adds one duration, ns. Negative ones count as 0.
    #[inline(always)]
    pub fn add(&mut self, ns: i64) {
        let ns = ns.max(0);
        self.min_ns = if self.count == 0 { ns } else { self.min_ns.min(ns) };
        self.max_ns = self.max_ns.max(ns);
        // Nobody counts to the end of these by ones.
        self.count = self.count.wrapping_add(1);
        self.sum_ns = self.sum_ns.saturating_add(ns);
        self.buckets.add(bucket(ns), 1);
        if self.count == MANY {
            self.buckets.tabulate();
        }
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
        other.buckets.iter().for_each(|(bucket, n)| self.buckets.add(bucket, n));
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
        if rank == self.count - 1 {
            return Some(self.max_ns); // So is this.
        }
        let mut seen = 0u64;
        for (bucket, count) in self.buckets.iter() {
            seen = seen.saturating_add(count);
            if seen > rank {
                return Some(answer(bucket).clamp(self.min_ns, self.max_ns.max(self.min_ns)));
            }
        }
        Some(self.max_ns)
    }

    /// The mean in ns; `None` when there is no value.
    pub fn mean(&self) -> Option<f64> {
        (self.count > 0).then(|| self.sum_ns as f64 / self.count as f64)
    }

    /// Lower and upper bound of each bucket in use, ns, with its count: what a histogram is drawn from.
    pub fn bars(&self) -> impl Iterator<Item = (i64, i64, u64)> + '_ {
        self.buckets.iter().map(|(bucket, n)| {
            let (low, width) = bounds(bucket);
            (low, low.saturating_add(width), n)
        })
    }
}

/// What a [`Sketch`] is made of where very many durations are added, one at a time: a place for each bucket, and nothing
/// that can be told from those at the end.
#[derive(Clone, Debug)]
pub struct Histogram {
    sum_ns: u128,
    min_ns: i64,
    max_ns: i64,
    /// By bucket. Longer than there are buckets, so that a mask is all that a bucket's number needs.
    counts: Box<[u64; PLACES]>,
}

/// The next power of two from [`BUCKETS`] on.
const PLACES: usize = BUCKETS.next_power_of_two();

impl Default for Histogram {
    fn default() -> Self {
        Histogram { sum_ns: 0, min_ns: i64::MAX, max_ns: 0, counts: Box::new([0; PLACES]) }
    }
}

impl Histogram {
    /// Adds one duration, ns, which is not negative.
    #[inline(always)]
    pub fn add(&mut self, ns: i64) {
        // Hardly ever true, so that nothing has to be written.
        if ns < self.min_ns {
            self.min_ns = ns;
        }
        if ns > self.max_ns {
            self.max_ns = ns;
        }
        self.sum_ns = self.sum_ns.wrapping_add(u128::from(ns as u64));
        // Nobody counts to the end of these by ones.
        let count = &mut self.counts[usize::from(bucket(ns)) % PLACES];
        *count = count.wrapping_add(1);
    }
}

impl From<Histogram> for Sketch {
    fn from(histogram: Histogram) -> Sketch {
        let count = histogram.counts.iter().sum();
        if count == 0 {
            return Sketch::default();
        }
        Sketch {
            count,
            sum_ns: i64::try_from(histogram.sum_ns).unwrap_or(i64::MAX),
            min_ns: histogram.min_ns,
            max_ns: histogram.max_ns,
            buckets: Buckets::Table(histogram.counts[..BUCKETS].to_vec()),
        }
    }
}

#[inline(always)]
fn bucket(ns: i64) -> u16 {
    let v = ns as u64;
    // Values below the second octave are in the first one.
    let octave = (v | PER_OCTAVE).ilog2() - DIVISION;
    (octave << DIVISION) as u16 + (v >> octave) as u16
}

/// The least value of a bucket and its width.
fn bounds(bucket: u16) -> (i64, i64) {
    let (octave, within) = (u32::from(bucket) >> DIVISION, i64::from(bucket) & (PER_OCTAVE as i64 - 1));
    match octave {
        0 => (within, 1),
        _ => {
            let shift = (octave - 1).min(56);
            ((within + PER_OCTAVE as i64) << shift, 1 << shift)
        }
    }
}

fn answer(bucket: u16) -> i64 {
    let (low, width) = bounds(bucket);
    low.saturating_add(width / 2)
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
            assert!((got - exact).abs() <= exact * RELATIVE_ERROR + 0.5, "q {q}: {got} for {exact}");
        }
    }

    #[test]
    fn every_value_lies_within_its_bucket() {
        let edges = (0..63).flat_map(|k| [(1i64 << k) - 1, 1 << k, (1 << k) + 1]);
        for v in edges.chain([i64::MAX]) {
            let (low, width) = bounds(bucket(v));
            assert!(low <= v && v - low < width, "{v}: {low} + {width}");
            assert!(usize::from(bucket(v)) < BUCKETS, "{v}");
        }
        assert_eq!(usize::from(bucket(i64::MAX)), BUCKETS - 1);
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
    fn a_histogram_becomes_the_sketch_of_the_same_durations() {
        for values in [vec![], vec![0], vec![i64::MAX, i64::MAX, 5], (0..3000i64).map(|i| i * i * 7919).collect()] {
            let (mut histogram, mut sketch) = (Histogram::default(), Sketch::default());
            for &v in &values {
                histogram.add(v);
                sketch.add(v);
            }
            assert_eq!(Sketch::from(histogram), sketch, "{values:?}");
        }
    }

    #[test]
    fn a_sketch_survives_json() {
        let mut sketch = Sketch::default();
        (0..5000i64).for_each(|i| sketch.add(i * i));
        let text = serde_json::to_string(&sketch).unwrap_or_default();
        assert_eq!(serde_json::from_str::<Sketch>(&text).ok(), Some(sketch));
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
