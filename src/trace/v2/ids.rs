//! Tables by id, as a generation's strings and stacks are.
//!
//! The runtime counts ids from 1, so that most tables become arrays, in whatever order their entries come; a file may use
//! any number, though, and then the rest stays in a map, so that memory follows the entries and not the largest id.

use crate::hash::HashMap;

/// For each id where its entry lies (any number but 0), and what was found there once it was looked up. A trace of a
/// program that logs holds millions of strings that nobody asks for: an entry takes 12 bytes.
#[derive(Debug, Default)]
pub(super) struct IdTable {
    dense: Vec<u64>,
    /// Those whose ids are too far off: the same two.
    sparse: HashMap<u64, (u64, u32)>,
    entries: u64,
    /// By id: what was found, or [`IdTable::UNKNOWN`]. Id 0 means nothing in all tables, and is found always.
    found: Vec<u32>,
}

impl IdTable {
    const ABSENT: u64 = 0;
    const UNKNOWN: u32 = u32::MAX;

    /// Ids below this have a place in the array, where there are so many entries. What counts is not how long the array is: then each
    /// entry could double it, and thirty of them would fill any memory.
    fn near(entries: u64) -> u64 {
        2 * entries + 1024
    }

    pub(super) fn clear(&mut self) {
        self.dense.clear();
        self.sparse.clear();
        self.found.clear();
        self.entries = 0;
    }

    /// Adds an entry; false when the id is taken.
    pub(super) fn insert(&mut self, id: u64, place: u64) -> bool {
        if id == 0 || self.place(id).is_some() {
            return false;
        }
        if id < IdTable::near(self.entries) {
            let index = id as usize;
            if index >= self.dense.len() {
                self.dense.resize(index + 1, IdTable::ABSENT);
            }
            self.dense[index] = place;
        } else {
            self.sparse.insert(id, (place, IdTable::UNKNOWN));
        }
        self.entries += 1;
        true
    }

    /// All entries are in: makes room for what will be found.
    pub(super) fn finish(&mut self) {
        let near = IdTable::near(self.entries);
        if let Some(last) = self.sparse.keys().copied().filter(|&id| id < near).max() {
            let len = self.dense.len().max(last as usize + 1);
            self.dense.resize(len, IdTable::ABSENT);
            let dense = &mut self.dense;
            self.sparse.retain(|&id, &mut (place, _)| match dense.get_mut(usize::try_from(id).unwrap_or(usize::MAX)) {
                Some(entry) => {
                    *entry = place;
                    false
                }
                None => true,
            });
        }
        self.found.resize(self.dense.len().max(1), IdTable::UNKNOWN);
        self.found[0] = 0;
    }

    /// Where the entry lies.
    pub(super) fn place(&self, id: u64) -> Option<u64> {
        match self.dense.get(usize::try_from(id).unwrap_or(usize::MAX)) {
            Some(&place) if place != IdTable::ABSENT => Some(place),
            // An id that was far off when it came may lie within the array by now.
            _ if self.sparse.is_empty() => None,
            _ => self.sparse.get(&id).map(|&(place, _)| place),
        }
    }

    /// What was found, if it has been looked up.
    #[inline(always)]
    pub(super) fn found(&self, id: u64) -> Option<u32> {
        match self.found.get(usize::try_from(id).unwrap_or(usize::MAX)) {
            Some(&found) if found != IdTable::UNKNOWN => Some(found),
            Some(_) => None,
            None => self.found_far_off(id),
        }
    }

    #[cold]
    fn found_far_off(&self, id: u64) -> Option<u32> {
        self.sparse.get(&id).map(|&(_, found)| found).filter(|&found| found != IdTable::UNKNOWN)
    }

    /// Notes what was found.
    pub(super) fn note(&mut self, id: u64, found: u32) {
        match self.found.get_mut(usize::try_from(id).unwrap_or(usize::MAX)) {
            Some(entry) => *entry = found,
            None => {
                if let Some((_, entry)) = self.sparse.get_mut(&id) {
                    *entry = found;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_ids_may_come_in_any_order() {
        let mut table = IdTable::default();
        assert!(table.insert(100, 1) && table.insert(1, 2) && table.insert(64, 3) && table.insert(u64::MAX, 4));
        assert!(!table.insert(100, 5) && !table.insert(64, 5) && !table.insert(0, 5));
        table.finish();
        assert_eq!(
            [100, 1, 64, u64::MAX, 2, 0].map(|id| table.place(id)),
            [Some(1), Some(2), Some(3), Some(4), None, None]
        );
        assert_eq!((table.found(0), table.found(1), table.found(u64::MAX)), (Some(0), None, None));
        table.note(1, 7);
        table.note(u64::MAX, 8);
        assert_eq!((table.found(1), table.found(u64::MAX)), (Some(7), Some(8)));
    }

    #[test]
    fn memory_follows_the_entries_and_not_the_largest_id() {
        let mut table = IdTable::default();
        // Each is the last one that would be near if the array's length decided.
        let ids: Vec<u64> = (1..40).map(|i| (64 << i) - 65).collect();
        assert!(ids.iter().zip(1..).all(|(&id, place)| table.insert(id, place)));
        table.finish();
        assert!(table.dense.capacity() < 4096 && table.found.capacity() < 4096, "{}", table.dense.capacity());
        for (&id, place) in ids.iter().zip(1..) {
            table.note(id, place as u32);
            assert_eq!((table.place(id), table.found(id)), (Some(place), Some(place as u32)));
        }
    }
}
