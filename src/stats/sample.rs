//! The figures of one series on one side.

use crate::few::Few;

/// At least one figure, all finite, one for each run.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample {
    values: Few<f64>,
    median: f64,
}

impl Sample {
    /// A sample of these values; `None` where there is none, or one is not finite.
    pub fn new(values: impl Into<Few<f64>>) -> Option<Sample> {
        let values = values.into();
        if values.iter().any(|v| !v.is_finite()) {
            return None;
        }
        let median = median(&values)?;
        Some(Sample { values, median })
    }

    /// The figures, run by run.
    pub fn values(&self) -> &[f64] {
        &self.values
    }

    /// How many.
    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// Never true: a sample has at least one value.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// The middle one.
    pub fn median(&self) -> f64 {
        self.median
    }

    /// Whether all are equal.
    pub fn is_constant(&self) -> bool {
        self.values.windows(2).all(|w| w[0] == w[1])
    }
}

/// The median: the mean of the two in the middle where their number is even. `None` where there is no value.
pub fn median(values: &[f64]) -> Option<f64> {
    // Most samples are a few runs, and there may be millions of them: those are sorted without the heap.
    const FEW: usize = 32;
    if let [only] = values {
        return Some(*only);
    }
    let (mut few, mut many) = ([0.0; FEW], Vec::new());
    let sorted = match few.get_mut(..values.len()) {
        Some(few) => few,
        None => {
            many.resize(values.len(), 0.0);
            &mut many[..]
        }
    };
    sorted.copy_from_slice(values);
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    match sorted.len() {
        0 => None,
        n if n % 2 == 1 => Some(sorted[middle]),
        _ => Some(f64::midpoint(sorted[middle - 1], sorted[middle])),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn medians_of_odd_even_and_no_values() {
        assert_eq!(median(&[3.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median(&[4.0, 1.0, 2.0, 3.0]), Some(2.5));
        assert_eq!(median(&[]), None);
        for n in [31, 32, 33, 100] {
            let falling: Vec<f64> = (0..n).rev().map(f64::from).collect();
            assert_eq!(median(&falling), Some(f64::from(n - 1) / 2.0), "{n} values");
        }
    }

    #[test]
    fn only_finite_values_make_a_sample() {
        assert!(Sample::new(vec![1.0, f64::NAN]).is_none());
        assert!(Sample::new(Vec::new()).is_none());
        assert!(Sample::new(vec![2.0, 2.0]).is_some_and(|s| s.is_constant()));
        let sample = Sample::new(vec![7.0, 3.0, 4.0]).unwrap();
        assert_eq!((sample.values(), sample.len(), sample.median()), (&[7.0, 3.0, 4.0][..], 3, 4.0));
        assert!(!sample.is_empty() && !sample.is_constant());
    }
}
