//! Which place is a task's, by its id.
//!
//! The runtime counts tasks, so that the ids of those begun one after the other are neighbours: in a list they stay neighbours, where
//! a hash table would scatter a million of them over more memory than the caches hold. Any id may come, though, and the list is never
//! longer than there are tasks for; the others are in a table.
//!
//! ```text
//!   id      90  91  92  93 …                 7,000,000
//!   near  |   |  0|  1|  2|                  far: 3
//!           ^ first
//! ```

use crate::hash::HashMap;
use crate::trace::TaskId;

/// So many ids may be nearer to 0 than the first one that is heard of: threads race for them.
const BEFORE: u64 = 64;

/// No place at all.
const NONE: u32 = u32::MAX;

/// Places by tasks' ids.
#[derive(Clone, Debug, Default)]
pub(super) struct ByTask {
    /// The id that the list begins with; nothing as long as the list is empty.
    first: u64,
    near: Vec<u32>,
    far: HashMap<TaskId, u32>,
    count: u64,
}

impl ByTask {
    /// Where an id is in the list, or would be.
    #[inline(always)]
    fn at(&self, id: TaskId) -> usize {
        usize::try_from(id.0.wrapping_sub(self.first)).unwrap_or(usize::MAX)
    }

    /// The task's place.
    #[inline(always)]
    pub(super) fn get(&self, id: TaskId) -> Option<u32> {
        match self.near.get(self.at(id)) {
            Some(&place) if place != NONE => Some(place),
            _ => self.far.get(&id).copied(),
        }
    }

    /// Enters a task that has no place yet.
    pub(super) fn insert(&mut self, id: TaskId, place: u32) {
        // What is outside of all tasks belongs to that of id 0, in traces that began when tasks had been counted for days, too.
        if self.near.is_empty() && id != TaskId::BACKGROUND {
            self.first = id.0.saturating_sub(BEFORE);
        }
        let at = self.at(id);
        if id != TaskId::BACKGROUND && (at as u64) < 2 * self.count + 1024 {
            if at >= self.near.len() {
                self.near.resize(at + 1, NONE);
            }
            self.near[at] = place;
        } else {
            self.far.insert(id, place);
        }
        self.count += 1;
    }

    /// All tasks with their places, those in the list by their ids.
    pub(super) fn iter(&self) -> impl Iterator<Item = (TaskId, u32)> + '_ {
        let near = self.near.iter().enumerate().filter(|&(_, &place)| place != NONE);
        let near = near.map(|(at, &place)| (TaskId(self.first.wrapping_add(at as u64)), place));
        near.chain(self.far.iter().map(|(&id, &place)| (id, place)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_task_is_found_whatever_its_id() {
        // Ids that are counted, in the order of a race; far ones; and the one of what is outside of all.
        let counted = (0..5_000).map(|i| 1_000_000 + (i ^ 5));
        let ids: Vec<TaskId> = [0].into_iter().chain(counted).chain([7, 9 << 40, u64::MAX]).map(TaskId).collect();
        let mut places = ByTask::default();
        for (place, &id) in (0..).zip(&ids) {
            assert_eq!(places.get(id), None);
            places.insert(id, place);
        }
        assert!((0..).zip(&ids).all(|(place, &id)| places.get(id) == Some(place)));
        assert_eq!(
            (places.get(TaskId(999_999)), places.get(TaskId(1_005_000)), places.get(TaskId(1))),
            (None, None, None)
        );
        assert_eq!(places.far.len(), 4);
        let mut all: Vec<_> = places.iter().collect();
        assert!(all.len() == ids.len() && all[..5_000].is_sorted());
        all.sort_unstable_by_key(|&(_, place)| place);
        assert_eq!(all, ids.iter().copied().zip(0..).collect::<Vec<_>>());
    }

    #[test]
    fn the_last_ids_of_all_are_ids_as_well() {
        let mut places = ByTask::default();
        for (place, id) in (u64::MAX - 3..=u64::MAX).enumerate() {
            places.insert(TaskId(id), place as u32);
        }
        let all: Vec<_> = places.iter().map(|(id, place)| (u64::MAX - id.0, place)).collect();
        assert_eq!((all, places.far.len()), (vec![(3, 0), (2, 1), (1, 2), (0, 3)], 0));
    }

    #[test]
    fn memory_follows_the_tasks_and_not_their_ids() {
        let mut places = ByTask::default();
        // Each id is about twice as far off as the one before.
        for (place, id) in (1..50).map(|i| TaskId((1 << i) * 1_000)).enumerate() {
            places.insert(id, place as u32);
            assert_eq!(places.get(id), Some(place as u32));
        }
        assert!(places.near.capacity() < 4096, "{}", places.near.capacity());
    }
}
