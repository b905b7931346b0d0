//! The rank test of Mann and Whitney, exact.
//!
//! Mann and Whitney, "On a test of whether one of two random variables is stochastically larger than the other",
//! Annals of Mathematical Statistics 18, 1947. Under the null hypothesis every choice of which runs are the head's is
//! equally likely; the p-value counts those whose rank sum is at least the one seen. Ties get the mean of their ranks
//! and are counted like the rest, so that the test stays exact with them.

use std::collections::BTreeSet;

use super::interval;

/// Up to this many values in all the distribution is counted; beyond it the normal approximation is close enough.
const MOST_EXACT: usize = 60;

/// The chance of a head at least as much greater than the base as this one, where both are alike (one-sided).
/// 1 where a side is empty.
pub fn p_greater(base: &[f64], head: &[f64]) -> f64 {
    if base.is_empty() || head.is_empty() {
        return 1.0;
    }
    let ranks = doubled_ranks(base, head);
    let (base_ranks, head_ranks) = ranks.split_at(base.len());
    let seen: usize = head_ranks.iter().sum();
    if ranks.len() <= MOST_EXACT {
        exact(&ranks, head.len(), seen)
    } else {
        normal(&ranks, base_ranks.len(), head.len(), seen)
    }
}

/// Twice the rank of each value among all, so that the mean of tied ranks is whole; first the base's, then the head's.
fn doubled_ranks(base: &[f64], head: &[f64]) -> Vec<usize> {
    let all: Vec<f64> = base.iter().chain(head).copied().collect();
    all.iter()
        .map(|v| {
            let below = all.iter().filter(|w| *w < v).count();
            let equal = all.iter().filter(|w| *w == v).count();
            2 * below + equal + 1
        })
        .collect()
}

/// Counts the choices of `k` ranks by their sum: `ways[j][s]` of the ranks so far, as for coins. Without ties the
/// choices are the same for all series of so many runs.
fn exact(ranks: &[usize], k: usize, seen: usize) -> f64 {
    if ranks.iter().collect::<BTreeSet<_>>().len() == ranks.len() {
        let u = seen / 2 - k * (k + 1) / 2;
        return interval::chances(ranks.len() - k, k).iter().skip(u).sum();
    }
    let most: usize = ranks.iter().sum();
    let mut ways = vec![vec![0.0f64; most + 1]; k + 1];
    ways[0][0] = 1.0;
    for &rank in ranks {
        for j in (1..=k).rev() {
            let (fewer, here) = ways.split_at_mut(j);
            for s in rank..=most {
                here[0][s] += fewer[j - 1][s - rank];
            }
        }
    }
    let all: f64 = ways[k].iter().sum();
    let as_great: f64 = ways[k].iter().skip(seen).sum();
    as_great / all
}

/// The normal approximation with correction for continuity and ties: Hollander and Wolfe, "Nonparametric Statistical
/// Methods", 2nd edition, 1999, section 4.1.
fn normal(ranks: &[usize], m: usize, n: usize, seen: usize) -> f64 {
    let (m, n, all) = (m as f64, n as f64, ranks.len() as f64);
    let u = seen as f64 / 2.0 - n * (n + 1.0) / 2.0;
    let mut sorted = ranks.to_vec();
    sorted.sort_unstable();
    let ties: f64 = sorted.chunk_by(|a, b| a == b).map(|t| (t.len() as f64).powi(3) - t.len() as f64).sum();
    let variance = m * n / 12.0 * (all + 1.0 - ties / (all * (all - 1.0)));
    if variance <= 0.0 {
        return 1.0;
    }
    upper_tail((u - m * n / 2.0 - 0.5) / variance.sqrt())
}

/// The normal distribution's upper tail, by the error function's continued fraction and series: Abramowitz and Stegun,
/// "Handbook of Mathematical Functions", 1964, 26.2.17, absolute error below 7.5e-8.
fn upper_tail(z: f64) -> f64 {
    if z < 0.0 {
        return 1.0 - upper_tail(-z);
    }
    let t = 1.0 / (1.0 + 0.231_641_9 * z);
    let poly =
        t * (0.319_381_530 + t * (-0.356_563_782 + t * (1.781_477_937 + t * (-1.821_255_978 + t * 1.330_274_429))));
    (-z * z / 2.0).exp() / (2.0 * std::f64::consts::PI).sqrt() * poly
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(got: f64, want: f64, within: f64) {
        assert!((got - want).abs() <= within, "{got} for {want}");
    }

    #[test]
    fn as_scipy_counts() {
        // python3 -c "from scipy.stats import mannwhitneyu as m; print(m(head, base, alternative='greater', method='exact').pvalue)"
        for (base, head, p) in [
            (&[1.0, 2.0, 3.0][..], &[4.0, 5.0, 6.0][..], 0.05),
            (&[1.1, 2.2, 3.3, 4.4, 5.5], &[2.5, 3.6, 4.7, 5.8, 6.9], 0.1111111111111111),
            (&[10.0, 11.0, 12.0, 13.0, 14.0, 15.0], &[12.5, 13.5, 14.5, 15.5, 16.5, 17.5], 0.032467532467532464),
            (&[5.0, 6.0, 7.0, 8.0], &[1.0, 2.0, 3.0, 4.0], 1.0),
        ] {
            close(p_greater(base, head), p, 1e-12);
        }
    }

    #[test]
    fn ties_are_counted_exactly() {
        // scipy.stats.permutation_test((head, base), rank_sum, alternative='greater', n_resamples=inf), with
        // rank_sum = lambda x, y: rankdata(concatenate([x, y]))[:len(x)].sum()
        close(p_greater(&[1.0, 2.0, 2.0, 3.0, 3.0], &[2.0, 3.0, 3.0, 4.0, 4.0]), 0.09523809523809523, 1e-12);
    }

    #[test]
    fn many_runs_are_approximated() {
        // i = arange(40); base = i * 37 % 101 + .5 * (i % 3); head = base[::-1] + 9
        // mannwhitneyu(head, base, alternative='greater', method='asymptotic').pvalue
        let base: Vec<f64> = (0..40).map(|i| f64::from(i * 37 % 101) + 0.5 * f64::from(i % 3)).collect();
        let head: Vec<f64> = base.iter().rev().map(|v| v + 9.0).collect();
        close(p_greater(&base, &head), 0.10902477354065032, 1e-6);
    }

    #[test]
    fn the_normal_distributions_tail_is_as_tabled() {
        // Abramowitz and Stegun, table 26.1: P(0), P(1), P(2), P(3).
        for (z, below) in [(0.0, 0.5), (1.0, 0.841_344_746), (2.0, 0.977_249_868), (3.0, 0.998_650_102)] {
            close(upper_tail(z), 1.0 - below, 1e-7);
            close(upper_tail(-z), below, 1e-7);
        }
    }

    #[test]
    fn degenerate_samples_prove_nothing() {
        for (base, head) in [(&[][..], &[1.0][..]), (&[1.0], &[]), (&[1.0, 1.0, 1.0], &[1.0, 1.0, 1.0])] {
            assert_eq!(p_greater(base, head), 1.0);
        }
        assert_eq!(p_greater(&[7.0; 40], &[7.0; 40]), 1.0);
    }
}
