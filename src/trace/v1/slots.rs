//! Slots for goroutines: consecutive small numbers.

use crate::trace::GoSlot;

/// Which goroutine has which slot.
#[derive(Debug, Default)]
pub(super) struct Slots {
    /// By index of the goroutine.
    slots: Vec<GoSlot>,
    free: Vec<GoSlot>,
    used: u32,
}

impl Slots {
    /// Slots for this many goroutines, none of which has one yet.
    pub(super) fn new(goroutines: usize) -> Self {
        Slots { slots: vec![GoSlot::NONE; goroutines], ..Slots::default() }
    }

    /// The slot of a goroutine, which gets one at its first mention. Goroutine 0 is none and has none.
    pub(super) fn of(&mut self, goroutine: u32) -> GoSlot {
        let Some(slot) = self.slots.get_mut(goroutine as usize).filter(|_| goroutine != 0) else { return GoSlot::NONE };
        if *slot == GoSlot::NONE {
            *slot = self.free.pop().unwrap_or_else(|| {
                self.used += 1;
                GoSlot(self.used - 1)
            });
        }
        *slot
    }

    /// Takes a goroutine's slot back.
    pub(super) fn release(&mut self, goroutine: u32) {
        if let Some(slot) = self.slots.get_mut(goroutine as usize).filter(|slot| **slot != GoSlot::NONE) {
            self.free.push(std::mem::replace(slot, GoSlot::NONE));
        }
    }
}
