//! All goroutines that are alive, in dense slots, and where to find them by id.

use super::state::{GoStatus, Ranges, Seq};
use crate::hash::HashMap;
use crate::trace::event::GoSlot;

/// A goroutine.
#[derive(Clone, Debug)]
pub(crate) struct Go {
    pub(crate) id: u64,
    pub(crate) seq: Seq,
    pub(crate) status: GoStatus,
    live: bool,
    pub(crate) ranges: Ranges,
}

/// All goroutines, in dense slots.
///
/// The runtime hands out ids in order, so that those alive at once differ in their low bits for the most part. A table
/// by the low bits finds nearly all of them with one look; those whose place was taken are in a map.
#[derive(Debug)]
pub(crate) struct Gos {
    slots: Vec<Go>,
    free: Vec<GoSlot>,
    /// By the low bits of an id. Of a power of two entries, at least twice as many as there are goroutines.
    by_low: Vec<GoSlot>,
    crowded_out: HashMap<u64, GoSlot>,
}

impl Gos {
    pub(crate) fn new() -> Gos {
        Gos { slots: Vec::new(), free: Vec::new(), by_low: vec![GoSlot::NONE; 1024], crowded_out: HashMap::default() }
    }

    #[inline(always)]
    fn low(&self, id: u64) -> usize {
        id as usize & (self.by_low.len() - 1)
    }

    /// Where a goroutine is if it is anywhere, but for those that are crowded out.
    #[inline(always)]
    fn likely(&self, id: u64) -> GoSlot {
        self.by_low.get(self.low(id)).copied().unwrap_or(GoSlot::NONE)
    }

    /// The slot of a live goroutine.
    #[inline(always)]
    pub(crate) fn find(&self, id: u64) -> Option<GoSlot> {
        let slot = self.likely(id);
        match self.slots.get(slot.index()) {
            Some(go) if go.id == id => Some(slot),
            _ if self.crowded_out.is_empty() => None,
            _ => self.crowded_out.get(&id).copied(),
        }
    }

    /// A live goroutine, and its slot. Not by way of [`Gos::find`]: bounds would be checked once more, 2 % of reading.
    #[inline(always)]
    pub(crate) fn find_mut(&mut self, id: u64) -> Option<(GoSlot, &mut Go)> {
        let slot = self.likely(id);
        if self.slots.get(slot.index()).is_some_and(|go| go.id == id) {
            return Some((slot, &mut self.slots[slot.index()]));
        }
        self.find_crowded_out(id)
    }

    #[cold]
    fn find_crowded_out(&mut self, id: u64) -> Option<(GoSlot, &mut Go)> {
        let slot = self.crowded_out.get(&id).copied()?;
        Some((slot, self.slots.get_mut(slot.index())?))
    }

    /// Adds a goroutine that is not there yet; `None` when there are too many.
    #[inline(always)]
    pub(crate) fn add(&mut self, id: u64, status: GoStatus, seq: Seq) -> Option<GoSlot> {
        let slot = match self.free.pop() {
            Some(slot) => {
                // By field: of the one that was here before nothing is looked at. Its ranges went with it.
                let go = &mut self.slots[slot.index()];
                (go.id, go.seq, go.status, go.live) = (id, seq, status, true);
                slot
            }
            None => {
                let go = Go { id, seq, status, live: true, ranges: Ranges::default() };
                let slot = GoSlot(u32::try_from(self.slots.len()).ok().filter(|&n| n != u32::MAX)?);
                self.slots.push(go);
                if 2 * self.slots.len() > self.by_low.len() {
                    self.grow();
                }
                slot
            }
        };
        self.enter(id, slot);
        Some(slot)
    }

    #[inline(always)]
    fn enter(&mut self, id: u64, slot: GoSlot) {
        let low = self.low(id);
        if self.by_low[low] == GoSlot::NONE {
            self.by_low[low] = slot;
        } else {
            self.crowded_out.insert(id, slot);
        }
    }

    #[cold]
    fn grow(&mut self) {
        let len = 2 * self.by_low.len();
        self.by_low.clear();
        self.by_low.resize(len, GoSlot::NONE);
        self.crowded_out.clear();
        // The last one has not been entered yet.
        for slot in 0..self.slots.len() - 1 {
            if self.slots[slot].live {
                self.enter(self.slots[slot].id, GoSlot(slot as u32));
            }
        }
    }

    #[inline(always)]
    pub(crate) fn remove(&mut self, slot: GoSlot) {
        let go = &mut self.slots[slot.index()];
        go.live = false;
        go.ranges = Ranges::default();
        let id = go.id;
        let low = self.low(id);
        if self.by_low[low] == slot {
            self.by_low[low] = GoSlot::NONE;
        } else {
            self.crowded_out.remove(&id);
        }
        self.free.push(slot);
    }

    #[inline(always)]
    pub(crate) fn get(&mut self, slot: GoSlot) -> &mut Go {
        &mut self.slots[slot.index()]
    }

    /// Whether `slot` still holds the goroutine `id`.
    #[inline(always)]
    pub(crate) fn holds(&self, slot: GoSlot, id: u64) -> bool {
        self.slots.get(slot.index()).is_some_and(|g| g.live && g.id == id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn goroutines_are_found_whatever_their_ids_share() {
        let mut gos = Gos::new();
        let seq = Seq::new(1, 0);
        // Ids that share their low bits, and many in a row.
        let ids: Vec<u64> = (1..3000).chain((1..200).map(|n| n << 20)).chain([u64::MAX]).collect();
        for &id in &ids {
            assert_eq!(gos.find(id), None);
            assert!(gos.add(id, GoStatus::Runnable, seq).is_some());
        }
        let slots: Vec<_> = ids.iter().map(|&id| gos.find(id)).collect();
        assert!(slots.iter().enumerate().all(|(i, slot)| *slot == Some(GoSlot(i as u32))));
        for (&id, slot) in ids.iter().zip(&slots).step_by(2) {
            gos.remove(slot.unwrap_or(GoSlot::NONE));
            assert!(gos.find(id).is_none() && !gos.holds(slot.unwrap_or(GoSlot::NONE), id));
        }
        for (&id, slot) in ids.iter().zip(&slots).skip(1).step_by(2) {
            assert_eq!(gos.find(id), *slot);
        }
        for &id in ids.iter().step_by(2).rev() {
            assert!(gos.add(id, GoStatus::Waiting, seq).is_some_and(|slot| gos.holds(slot, id)));
            assert_eq!(gos.find(id).map(|slot| gos.get(slot).id), Some(id));
        }
    }
}
