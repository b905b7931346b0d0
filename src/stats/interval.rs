//! How large a change is: the interval that belongs to the rank test.
//!
//! Hodges and Lehmann, "Estimates of location based on rank tests", Annals of Mathematical Statistics 34, 1963; the
//! interval's bounds by the rank statistic's exact distribution as in Bauer, "Constructing confidence sets using rank
//! statistics", Journal of the American Statistical Association 67, 1972. On logarithms a shift is a ratio.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

/// The confidence that intervals are shown at.
pub const CONFIDENCE: f64 = 0.95;

/// The relative change, as a part of the base, and its two-sided interval. `None` where a figure is not above 0, or
/// there are too few runs for the confidence (3 and 3 are, 4 and 4 are not).
pub fn relative(base: &[f64], head: &[f64]) -> Option<(f64, f64)> {
    if base.iter().chain(head).any(|v| *v <= 0.0) {
        return None;
    }
    let mut ratios: Vec<f64> = head.iter().flat_map(|h| base.iter().map(move |b| h / b)).collect();
    ratios.sort_by(f64::total_cmp);
    let skip = outside(base.len(), head.len())?;
    Some((ratios[skip] - 1.0, ratios[ratios.len() - 1 - skip] - 1.0))
}

/// How many of the differences lie outside of the interval at each end: one less than the greatest `k` for which U is
/// below `k` with at most half of what may be missed.
fn outside(n: usize, m: usize) -> Option<usize> {
    let chances = chances(n, m);
    let mut below = 0.0;
    let mut k = 0;
    for chance in chances.iter() {
        below += chance;
        if below > (1.0 - CONFIDENCE) / 2.0 {
            break;
        }
        k += 1;
    }
    (k > 0).then(|| k - 1)
}

/// By the numbers of runs of base and head.
type BySize = HashMap<(usize, usize), Rc<[f64]>>;

thread_local! {
    /// Every series of a comparison asks for the same few.
    static CHANCES: RefCell<BySize> = RefCell::default();
}

/// The chance of each value of Mann and Whitney's U, where no two figures are equal. Of more than 60 runs a side those of
/// 60.
pub(super) fn chances(n: usize, m: usize) -> Rc<[f64]> {
    CHANCES.with_borrow_mut(|known| {
        let of = known.entry((n, m)).or_insert_with(|| {
            let ways = distribution(n, m);
            let all: f64 = ways.iter().sum();
            ways.iter().map(|way| way / all).collect()
        });
        Rc::clone(of)
    })
}

/// In how many ways Mann and Whitney's U takes each of its values, where no two are equal.
fn distribution(n: usize, m: usize) -> Vec<f64> {
    // Beyond this the bounds of 60 runs a side are close enough, and still on the safe side.
    let (n, m) = (n.min(60), m.min(60));
    let mut ways = vec![vec![0.0f64; n * m + 1]; m + 1];
    ways[0][0] = 1.0;
    // The i-th of all in rising order is the head's or not; as head's j-th it has i - j of the base below it.
    for i in 0..n + m {
        for j in (1..=m.min(i + 1)).rev() {
            let below = i + 1 - j;
            if below > n {
                continue;
            }
            for u in (below..=n * m).rev() {
                let more = ways[j - 1][u - below];
                ways[j][u] += more;
            }
        }
    }
    ways.swap_remove(m)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_are_those_of_the_published_tables() {
        // Hollander and Wolfe, 2nd edition, table A.6 by way of R: qwilcox(0.025, n, m) is the number of differences
        // below the interval plus one: 1 for 4 and 4, 3 for 5 and 5, 14 for 8 and 8, 24 for 10 and 10.
        for (n, m, want) in [(3, 3, None), (4, 4, Some(0)), (5, 5, Some(2)), (8, 8, Some(13)), (10, 10, Some(23))] {
            assert_eq!(outside(n, m), want, "{n} and {m}");
        }
        assert_eq!(distribution(3, 2), [1.0, 1.0, 2.0, 2.0, 2.0, 1.0, 1.0]);
        assert_eq!(distribution(2, 3), [1.0, 1.0, 2.0, 2.0, 2.0, 1.0, 1.0]);
    }

    #[test]
    fn the_interval_holds_the_change() {
        let base = [100.0, 101.0, 99.0, 103.0, 98.0];
        let head = base.map(|b| b * 1.2);
        let (low, high) = relative(&base, &head).unwrap();
        assert!(low > 0.14 && low < 0.2 && high > 0.2 && high < 0.27, "{low} {high}");
        // Two of the 25 ratios lie outside at each end; by hand, of powers of two.
        let powers = [1.0, 2.0, 4.0, 8.0, 16.0];
        assert_eq!(relative(&powers, &powers.map(|b| b * 2.0)), Some((-0.75, 15.0)));
        // And where no two ratios are equal, the third from either end.
        let primes = ([2.0, 3.0, 5.0, 7.0, 11.0], [13.0, 17.0, 19.0, 23.0, 29.0]);
        assert_eq!(relative(&primes.0, &primes.1), Some((19.0 / 11.0 - 1.0, 29.0 / 3.0 - 1.0)));
        assert_eq!((relative(&[], &head), relative(&base, &[])), (None, None));
        assert_eq!(relative(&[0.0; 5], &head), None);
        assert_eq!(relative(&base[..3], &head[..3]), None);
    }
}
