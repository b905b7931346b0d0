//! The goroutines of each test, as a list through all of them: one more, and one less, takes no searching.
//!
//! ```text
//!   test's first ──▶ g9 ◀──▶ g4 ◀──▶ g2
//! ```

use crate::trace::GoSlot;

/// By slot: the neighbours before and behind a goroutine.
#[derive(Clone, Debug, Default)]
pub(super) struct Members(Vec<[GoSlot; 2]>);

impl Members {
    /// The one behind `g`.
    pub(super) fn next(&self, g: GoSlot) -> GoSlot {
        self.0.get(g.index()).map_or(GoSlot::NONE, |of| of[1])
    }

    /// Puts `g` before the first one, which may be none.
    pub(super) fn put(&mut self, g: GoSlot, first: GoSlot) {
        *self.of(g) = [GoSlot::NONE, first];
        if first != GoSlot::NONE {
            self.of(first)[0] = g;
        }
    }

    /// Takes `g` out; where it was the first one, says which is now.
    pub(super) fn take(&mut self, g: GoSlot) -> Option<GoSlot> {
        let [before, after] = std::mem::replace(self.of(g), [GoSlot::NONE; 2]);
        if after != GoSlot::NONE {
            self.of(after)[0] = before;
        }
        if before == GoSlot::NONE {
            return Some(after);
        }
        self.of(before)[1] = after;
        None
    }

    fn of(&mut self, g: GoSlot) -> &mut [GoSlot; 2] {
        if g.index() >= self.0.len() {
            self.0.resize(g.index() + 1, [GoSlot::NONE; 2]);
        }
        &mut self.0[g.index()]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_is_taken_out_the_others_stay_in_order() {
        let slots = [4, 0, 7, 2].map(GoSlot);
        for gone in 0..slots.len() {
            let (mut members, mut first) = (Members::default(), GoSlot::NONE);
            for g in slots {
                members.put(g, first);
                first = g;
            }
            first = members.take(slots[gone]).unwrap_or(first);
            let (mut left, mut next) = (Vec::new(), first);
            while next != GoSlot::NONE {
                left.push(next);
                next = members.next(next);
            }
            let want: Vec<GoSlot> = slots.iter().rev().copied().filter(|g| *g != slots[gone]).collect();
            assert_eq!(left, want);
        }
    }
}
