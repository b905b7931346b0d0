//! In which order the sides run, and after how many pairs it is asked whether the verdict is clear.
//!
//! Runs come in blocks of two pairs, turned around within the block, so that a drift of the machine meets both sides
//! alike; which side begins a block is drawn (seeded), so that nothing periodic can side with one of them:
//!
//! ```text
//!   block    1         2         3
//!   order  A B B A   B A A B   A B B A        A: base or head, as drawn for the block
//! ```
//!
//! Looks at the data before the end cost error rate where they can end in "regression". Their number is fixed before
//! the first run, and each gets its share of the level (Bonferroni over looks, which holds whatever their dependence):
//! a look may fail the build only with evidence at its own share. Stopping because nothing looks suspicious can only
//! lose power, never raise false alarms, and so costs nothing (a non-binding futility boundary: Jennison and Turnbull,
//! "Group Sequential Methods", 2000, chapter 5).

use crate::stats::random::Random;

/// Which side runs first in each of `pairs` pairs: true for the base.
pub(super) fn base_first(pairs: usize, random: &mut Random) -> Vec<bool> {
    let mut order = Vec::with_capacity(pairs + 1);
    while order.len() < pairs {
        let first = random.coin();
        order.extend([first, !first]);
    }
    order.truncate(pairs);
    order
}

/// After how many pairs it is looked, and what share of the level a regression may use there (0: it may not stop for
/// one, only go on or end for want of suspicion).
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Look {
    pub(super) pairs: usize,
    pub(super) share: f64,
}

/// The first look: nothing can be proven with three pairs, but most unchanged code shows that it is.
const FIRST: usize = 3;
/// With five runs a side the most extreme order of runs has a chance of 1 in 252: enough for 40 % of the level.
const SECOND: usize = 5;
const SECOND_SHARE: f64 = 0.4;

/// The looks for at most `pairs` pairs. The shares add up to 1.
pub(super) fn looks(pairs: usize, early: bool) -> Vec<Look> {
    let mut looks = Vec::new();
    let mut left = 1.0;
    if early && pairs > FIRST {
        looks.push(Look { pairs: FIRST, share: 0.0 });
    }
    if early && pairs >= SECOND + 3 {
        looks.push(Look { pairs: SECOND, share: SECOND_SHARE });
        left -= SECOND_SHARE;
    }
    looks.push(Look { pairs, share: left });
    looks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_sides_run_first_equally_often_and_blocks_are_turned_around() {
        let order = base_first(40, &mut Random::new(7));
        assert_eq!(order.iter().filter(|b| **b).count(), 20);
        assert!(order.chunks(2).all(|block| block[0] != block[1]));
        assert_ne!(order, base_first(40, &mut Random::new(8)));
        assert_eq!(order, base_first(40, &mut Random::new(7)));
        assert_eq!(base_first(5, &mut Random::new(7)).len(), 5);
    }

    #[test]
    fn looks_share_the_whole_level() {
        for (pairs, early, want) in
            [(10, true, vec![3, 5, 10]), (5, true, vec![3, 5]), (2, true, vec![2]), (10, false, vec![10])]
        {
            let looks = looks(pairs, early);
            assert_eq!(looks.iter().map(|l| l.pairs).collect::<Vec<_>>(), want);
            assert!((looks.iter().map(|l| l.share).sum::<f64>() - 1.0).abs() < 1e-12);
        }
    }
}
