//! Many series of the same runs tested together: the permutation test of the greatest standardised difference.
//!
//! Westfall and Young, "Resampling-Based Multiple Testing", 1993, section 2.8 (single-step max T). Where base and head
//! are alike, any choice of which runs are the head's is as likely as the one made. For each choice the statistic of
//! every series is computed, and the greatest one kept. A series' adjusted p-value is the part of choices whose
//! greatest is at least its own:
//!
//! ```text
//!            runs  b b b h h h     choice 1   h b h b b h     ...     choice C(n+m, m)
//!   series 1       t = 0.4                    t = 1.1                 t = 0.2
//!   series 2       t = 6.1  ◀── seen          t = 0.3                 t = 0.9
//!                                     greatest    1.1        greatest    0.9        p of series 2: how often >= 6.1
//! ```
//!
//! It bounds the chance of any false alarm among the series exactly, whatever depends on what: series that rise and
//! fall together count as the one that they are. With Holm's correction 5 runs a side allow 12 series and no more;
//! here their number costs nothing but what they add in noise.
//!
//! The statistic is a t of logarithms, to whose denominator something is added ([`fudge`]): with few runs some
//! of many series agree by chance so well that any difference looks large (Tusher, Tibshirani and Chu, "Significance
//! analysis of microarrays", PNAS 98, 2001).

use super::random::Random;

/// How far runs of a series are apart at least, as a standard deviation of logarithms, however well they agree.
const LEAST_SPREAD: f64 = 0.02;

/// What is added to the standard error of a difference of logarithms between so many runs and so many.
pub fn fudge(base: f64, head: f64) -> f64 {
    LEAST_SPREAD * (1.0 / base + 1.0 / head).sqrt()
}

/// Up to so many choices all are counted; of more so many are drawn.
const MOST: usize = 20_000;
/// Where so many draws show that nothing is suspicious, no more are made.
const FIRST: usize = 1_000;
/// The adjusted p-value above which nothing is suspicious.
const DULL: f64 = 0.15;

/// One series: what each run of either side says, on the scale on which differences are taken.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Column {
    /// The base's runs.
    pub base: Vec<f64>,
    /// The head's runs.
    pub head: Vec<f64>,
}

/// The outcome for a family.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tested {
    /// One-sided adjusted p-values, one for each series: how likely one of the family is greater by so much or more.
    pub p: Vec<f64>,
    /// The greatest statistics of the choices, rising; of some of them the last only.
    greatest: Vec<f64>,
    /// How many there were.
    choices: usize,
}

impl Tested {
    /// The statistic that a series needs to be significant at `level`.
    pub fn critical(&self, level: f64) -> Option<f64> {
        // As many as `level` allows may be at least as great.
        let beyond = (level * self.choices as f64).floor() as usize;
        let at = self.greatest.len().checked_sub(beyond)?;
        (beyond >= 1).then(|| self.greatest[at])
    }

    /// Forgets what no level up to `level` asks for.
    pub fn only_up_to(&mut self, level: f64) {
        let beyond = (level * self.choices as f64).floor() as usize;
        self.greatest.drain(..self.greatest.len().saturating_sub(beyond));
        self.greatest.shrink_to_fit();
        self.p = Vec::new();
    }
}

/// Tests series that all have the same numbers of runs; others are left at 1.
pub fn max_t(columns: &[Column], seed: u64) -> Tested {
    let Some(first) = columns.first() else { return Tested::default() };
    let (n, m) = (first.base.len(), first.head.len());
    let fits = |c: &Column| c.base.len() == n && c.head.len() == m;
    if n < 2 || m < 2 {
        return Tested { p: vec![1.0; columns.len()], ..Tested::default() };
    }
    let used: Vec<usize> = (0..columns.len()).filter(|&i| fits(&columns[i])).collect();
    // By run, so that a choice of runs adds up whole rows.
    let rows: Vec<Vec<f64>> = (0..n + m)
        .map(|r| used.iter().map(|&i| *columns[i].base.iter().chain(&columns[i].head).nth(r).unwrap_or(&0.0)).collect())
        .collect();
    let table = Table::new(rows, m);
    let chosen: Vec<usize> = (n..n + m).collect();
    let (mut seen, mut drawn) = (Vec::new(), Vec::new());
    table.statistics(&chosen, &mut seen);
    let mut greatest = Vec::new();
    let mut counts = vec![0usize; used.len()];
    let mut note = |choice: &[usize]| {
        table.statistics(choice, &mut drawn);
        let most = drawn.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        // Equal up to rounding: the sums are added in another order.
        let most = most + 1e-9 * most.abs();
        counts.iter_mut().zip(&seen).for_each(|(c, s)| *c += usize::from(most >= *s));
        greatest.push(most);
        counts.iter().min().copied().unwrap_or(0)
    };
    if choices(n + m, m) <= MOST as f64 {
        every_choice(n + m, m, &mut |choice| {
            note(choice);
        });
    } else {
        // The choice made is one of them: Phipson and Smyth, "Permutation p-values should never be zero", 2010.
        note(&chosen);
        let mut random = Random::new(seed);
        let mut order: Vec<usize> = (0..n + m).collect();
        for i in 1..MOST {
            random.shuffle(&mut order);
            let least = note(&order[..m]);
            if i + 1 == FIRST && least as f64 > DULL * FIRST as f64 {
                break;
            }
        }
    }
    let all = greatest.len() as f64;
    let mut p = vec![1.0; columns.len()];
    for (&i, count) in used.iter().zip(&counts) {
        p[i] = *count as f64 / all;
    }
    greatest.sort_by(f64::total_cmp);
    Tested { p, choices: greatest.len(), greatest }
}

/// The standard error of a series' difference, with [`fudge`] added.
pub fn scale(column: &Column) -> f64 {
    let spread = |v: &[f64]| {
        let mean = v.iter().sum::<f64>() / v.len().max(1) as f64;
        v.iter().map(|x| (x - mean).powi(2)).sum::<f64>()
    };
    let (n, m) = (column.base.len().max(1) as f64, column.head.len().max(1) as f64);
    ((spread(&column.base) + spread(&column.head)) / (n + m) * (1.0 / n + 1.0 / m)).sqrt() + fudge(n, m)
}

struct Table {
    rows: Vec<Vec<f64>>,
    sum: Vec<f64>,
    squares: Vec<f64>,
    base: f64,
    head: f64,
}

impl Table {
    fn new(mut rows: Vec<Vec<f64>>, head: usize) -> Table {
        let all = rows.len() as f64;
        let columns = rows.first().map_or(0, Vec::len);
        // About their middle, so that sums of squares lose nothing.
        for c in 0..columns {
            let mean = rows.iter().map(|r| r[c]).sum::<f64>() / all;
            rows.iter_mut().for_each(|r| r[c] -= mean);
        }
        let total = |f: fn(f64) -> f64| (0..columns).map(|c| rows.iter().map(|r| f(r[c])).sum()).collect();
        Table { sum: total(|x| x), squares: total(|x| x * x), base: all - head as f64, head: head as f64, rows }
    }

    /// The statistic of each series where these runs are the head's, in place of what `sums` held.
    fn statistics(&self, head: &[usize], sums: &mut Vec<f64>) {
        sums.clear();
        sums.resize(self.sum.len(), 0.0);
        for &run in head {
            sums.iter_mut().zip(&self.rows[run]).for_each(|(s, x)| *s += x);
        }
        let (n, m) = (self.base, self.head);
        let fudge = fudge(n, m);
        for ((h, all), squares) in sums.iter_mut().zip(&self.sum).zip(&self.squares) {
            let (mean_h, mean_b) = (*h / m, (all - *h) / n);
            // Squares about both means: what is left of all squares after the means of both sides.
            let within = (squares - m * mean_h * mean_h - n * mean_b * mean_b).max(0.0);
            let error = (within / (n + m) * (1.0 / n + 1.0 / m)).sqrt();
            *h = (mean_h - mean_b) / (error + fudge);
        }
    }
}

/// `n` over `k`.
pub fn choices(n: usize, k: usize) -> f64 {
    (0..k).map(|i| (n - i) as f64 / (i + 1) as f64).product()
}

fn every_choice(n: usize, k: usize, visit: &mut dyn FnMut(&[usize])) {
    let mut choice: Vec<usize> = (0..k).collect();
    loop {
        visit(&choice);
        // The last one that can move on does, and those after it follow closely.
        let Some(i) = (0..k).rev().find(|&i| choice[i] < n - k + i) else { return };
        choice[i] += 1;
        for j in i + 1..k {
            choice[j] = choice[j - 1] + 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(base: &[f64], head: &[f64]) -> Column {
        Column { base: base.to_vec(), head: head.to_vec() }
    }

    #[test]
    fn a_single_series_has_the_p_value_of_its_permutation_test() {
        // scipy.stats.permutation_test((head, base), f, alternative='greater', n_resamples=inf).pvalue with
        // f = lambda x, y: (x.mean() - y.mean()) / (sqrt((len(x)*x.var() + len(y)*y.var()) / (len(x)+len(y))
        //                                                * (1/len(x) + 1/len(y))) + 0.02 * sqrt(1/len(x) + 1/len(y)))
        for (base, head, want) in [
            (&[1.0, 2.0, 3.0, 4.0][..], &[5.0, 6.0, 7.0, 8.0][..], 1.0 / 70.0),
            (&[1.0, 3.0, 2.0, 5.0, 4.0], &[4.5, 3.5, 6.0, 2.5, 5.5], 27.0 / 252.0),
        ] {
            let got = max_t(&[column(base, head)], 1).p[0];
            assert!((got - want).abs() < 1e-12, "{got} for {want}");
        }
    }

    #[test]
    fn series_that_say_the_same_count_once_and_others_are_corrected_for() {
        let clear = column(&[1.0, 1.1, 1.2, 1.3, 1.15], &[2.0, 2.1, 2.2, 2.3, 2.15]);
        let alone = max_t(std::slice::from_ref(&clear), 1).p[0];
        assert!((alone - 1.0 / 252.0).abs() < 1e-12);
        assert_eq!(max_t(&vec![clear.clone(); 40], 1).p, vec![alone; 40]);
        let noise = column(&[5.0, 1.0, 4.0, 2.0, 3.0], &[3.1, 4.1, 1.1, 5.1, 2.1]);
        let both = max_t(&[noise, clear], 1).p;
        assert!(both[0] > 0.3 && (both[1] - alone).abs() < 1e-12, "{both:?}");
    }

    /// The statistic as its definition says, from both means and all squares about them.
    fn t(base: &[f64], head: &[f64]) -> f64 {
        let mean = |v: &[f64]| v.iter().sum::<f64>() / v.len() as f64;
        let squares = |v: &[f64]| v.iter().map(|x| (x - mean(v)).powi(2)).sum::<f64>();
        let (n, m) = (base.len() as f64, head.len() as f64);
        let error = ((squares(base) + squares(head)) / (n + m) * (1.0 / n + 1.0 / m)).sqrt();
        (mean(head) - mean(base)) / (error + 0.02 * (1.0 / n + 1.0 / m).sqrt())
    }

    #[test]
    fn every_choice_of_runs_is_judged_by_the_statistic_of_the_definition() {
        let columns = [
            column(&[1.0, 2.5, 1.5], &[3.0, 2.0, 4.5, 2.25]),
            column(&[7.0, -3.0, 0.25], &[1.0, 1.0, 8.0, -2.0]),
            column(&[0.5, 0.5, 0.5], &[0.5, 0.5, 0.5, 0.625]),
        ];
        // All that there are, counted in binary.
        let mut greatest = Vec::new();
        let mut beyond = [0; 3];
        for bits in (0u32..1 << 7).filter(|bits| bits.count_ones() == 4) {
            let of = |c: &Column| {
                let all: Vec<f64> = c.base.iter().chain(&c.head).copied().collect();
                let side =
                    |is: u32| (0..7).filter(|i| bits >> i & 1 == is).map(|i| all[i as usize]).collect::<Vec<_>>();
                t(&side(0), &side(1))
            };
            let most = columns.iter().map(of).fold(f64::NEG_INFINITY, f64::max);
            greatest.push(most);
            for (count, c) in beyond.iter_mut().zip(&columns) {
                *count += usize::from(most >= t(&c.base, &c.head) - 1e-9);
            }
        }
        greatest.sort_by(f64::total_cmp);
        let tested = max_t(&columns, 1);
        assert_eq!((greatest.len(), choices(7, 4)), (35, 35.0));
        assert_eq!(tested.p, beyond.map(|count| count as f64 / 35.0));
        for (mine, want) in tested.greatest.iter().zip(&greatest) {
            assert!((mine - want).abs() <= 1e-8 * want.abs(), "{mine} for {want}");
        }
        // Of 35 a tenth are three.
        assert_eq!(tested.critical(0.1), Some(tested.greatest[32]));
        assert_eq!((tested.critical(0.02), tested.critical(1.0)), (None, Some(tested.greatest[0])));
        let mut less = tested.clone();
        less.only_up_to(0.1);
        assert_eq!((less.critical(0.1), less.critical(0.06)), (tested.critical(0.1), tested.critical(0.06)));
        assert_eq!((less.greatest.len(), less.p.len()), (3, 0));
    }

    #[test]
    fn the_scale_is_what_the_statistic_divides_by() {
        for c in [column(&[1.0, 2.5, 1.5], &[3.0, 2.0, 4.5, 2.25]), column(&[4.0, 4.0], &[5.0, 5.0, 5.0])] {
            let mean = |v: &[f64]| v.iter().sum::<f64>() / v.len() as f64;
            let want = (mean(&c.head) - mean(&c.base)) / t(&c.base, &c.head);
            assert!((scale(&c) - want).abs() < 1e-12, "{} for {want}", scale(&c));
        }
        assert_eq!(scale(&Column::default()), fudge(1.0, 1.0));
        assert!((fudge(2.0, 5.0) - 0.02 * 0.7f64.sqrt()).abs() < 1e-15);
    }

    #[test]
    fn choices_are_pascals() {
        for (n, k, want) in [(0, 0, 1.0), (5, 0, 1.0), (5, 2, 10.0), (10, 5, 252.0), (16, 8, 12_870.0), (20, 3, 1140.0)]
        {
            assert!((choices(n, k) - want).abs() < 1e-6, "{n} over {k}");
        }
    }

    #[test]
    fn few_draws_are_enough_where_nothing_is_suspicious() {
        let rising = |by: f64| (0..10).map(|i| f64::from(i) + by).collect::<Vec<_>>();
        let drawn = |by: f64| max_t(&[Column { base: rising(0.0), head: rising(by) }], 3).choices;
        assert_eq!([0.0, 3.0, 30.0].map(drawn), [FIRST, MOST, MOST]);
        // 12,870 choices of 16 runs are few enough to be counted, 184,756 of 20 are not; one run a side is no choice.
        let alike = |n: usize, m: usize| max_t(&[column(&vec![1.0; n], &vec![1.0; m])], 3).choices;
        assert_eq!([(8, 8), (10, 10), (2, 2), (1, 2), (2, 1)].map(|(n, m)| alike(n, m)), [12_870, FIRST, 6, 0, 0]);
    }

    #[test]
    fn what_is_alike_or_too_little_proves_nothing() {
        assert_eq!(max_t(&[], 1).p, Vec::<f64>::new());
        assert_eq!(max_t(&[column(&[1.0], &[9.0])], 1).p, [1.0]);
        assert_eq!(max_t(&[column(&[2.0; 5], &[2.0; 5])], 1).p, [1.0]);
        let odd = column(&[1.0, 1.0], &[9.0, 9.0, 9.0]);
        let even = column(&[1.0, 1.0, 1.0], &[1.0, 1.0, 1.0]);
        assert_eq!(max_t(&[even, odd], 1).p, [1.0, 1.0], "only series of the same runs are tested together");
    }

    #[test]
    fn many_runs_are_drawn_and_repeat() {
        let side = |from: usize, by: f64| (0..12).map(|i| ((i * 7 + from) % 12) as f64 / 10.0 + by).collect();
        let columns =
            [Column { base: side(0, 0.0), head: side(5, 0.8) }, Column { base: side(3, 0.0), head: side(1, 0.0) }];
        let (one, other) = (max_t(&columns, 7), max_t(&columns, 7));
        assert_eq!(one, other);
        assert!(one.p[0] < 0.001 && one.p[1] > 0.3, "{:?}", one.p);
        assert!(one.critical(0.01).is_some_and(|c| c > 1.0 && c < 10.0));
        assert_eq!(max_t(&[column(&[1.0, 2.0], &[3.0, 4.0])], 1).critical(0.01), None);
    }
}
