//! A set of goroutines.

use crate::trace::GoSlot;

/// Slots are small consecutive numbers: a bit for each is asked in a few instructions, and takes less than a hash table.
#[derive(Clone, Debug, Default)]
pub(super) struct GoSet {
    bits: Vec<u64>,
    len: usize,
}

impl GoSet {
    #[inline(always)]
    pub(super) fn contains(&self, g: GoSlot) -> bool {
        self.bits.get(g.index() / 64).is_some_and(|bits| bits >> (g.index() % 64) & 1 != 0)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Whether it was not in it.
    pub(super) fn insert(&mut self, g: GoSlot) -> bool {
        if g == GoSlot::NONE || self.contains(g) {
            return false;
        }
        let word = g.index() / 64;
        if word >= self.bits.len() {
            self.bits.resize(word + 1, 0);
        }
        self.bits[word] |= 1 << (g.index() % 64);
        self.len += 1;
        true
    }

    /// Whether it was in it.
    #[inline(always)]
    pub(super) fn remove(&mut self, g: GoSlot) -> bool {
        let there = self.contains(g);
        if there {
            self.bits[g.index() / 64] &= !(1 << (g.index() % 64));
            self.len -= 1;
        }
        there
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_went_in_is_in_until_it_is_taken_out() {
        let mut set = GoSet::default();
        for g in [0, 63, 64, 1000] {
            assert!(set.insert(GoSlot(g)) && !set.insert(GoSlot(g)), "{g}");
            assert!(set.contains(GoSlot(g)) && !set.contains(GoSlot(g + 1)), "{g}");
        }
        assert!(!set.insert(GoSlot::NONE) && !set.contains(GoSlot::NONE) && !set.remove(GoSlot::NONE));
        for g in [63, 1000, 0, 64] {
            assert!(!set.is_empty() && set.remove(GoSlot(g)) && !set.remove(GoSlot(g)), "{g}");
        }
        assert!(set.is_empty());
    }
}
