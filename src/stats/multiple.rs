//! Many tests at once: adjusted p-values.

/// Holm's step-down adjustment, which bounds the chance of any false alarm in the family.
///
/// Holm, "A simple sequentially rejective multiple test procedure", Scandinavian Journal of Statistics 6, 1979. With
/// `m` p-values in rising order the `i`-th (from 0) becomes `(m - i) p`, at least the one before it and at most 1.
pub fn holm(p: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..p.len()).collect();
    order.sort_by(|&a, &b| p[a].total_cmp(&p[b]));
    let mut adjusted = vec![1.0; p.len()];
    let mut least = 0.0f64;
    for (i, &at) in order.iter().enumerate() {
        least = least.max((p.len() - i) as f64 * p[at]).min(1.0);
        adjusted[at] = least;
    }
    adjusted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_statsmodels_adjusts() {
        // python3 -c "from statsmodels.stats.multitest import multipletests as m; print(m([.01,.04,.03,.005], method='holm')[1])"
        let got = holm(&[0.01, 0.04, 0.03, 0.005]);
        for (got, want) in got.iter().zip([0.03, 0.06, 0.06, 0.02]) {
            assert!((got - want).abs() < 1e-12, "{got} for {want}");
        }
        assert!(holm(&[]).is_empty());
        assert_eq!(holm(&[0.9, 0.8]), [1.0, 1.0]);
    }
}
