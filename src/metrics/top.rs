//! The longest few of many, in room for those few.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

/// How long, from when, and who: of equally long ones the first counts for more.
type Key = (i64, std::cmp::Reverse<i64>, std::cmp::Reverse<u64>);

#[derive(Clone, Debug)]
struct Entry<T>(Key, T);

/// The heap has the greatest on top: what is to go first is the shortest.
impl<T> Ord for Entry<T> {
    fn cmp(&self, other: &Self) -> Ordering {
        other.0.cmp(&self.0)
    }
}

impl<T> PartialOrd for Entry<T> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<T> PartialEq for Entry<T> {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

impl<T> Eq for Entry<T> {}

/// The longest `keep`.
#[derive(Clone, Debug)]
pub(super) struct Top<T> {
    keep: usize,
    heap: BinaryHeap<Entry<T>>,
}

impl<T> Top<T> {
    pub(super) fn new(keep: usize) -> Top<T> {
        Top { keep, heap: BinaryHeap::new() }
    }

    /// Takes one that took `ns` from `start` on, if it is among the longest so far. What takes no time is none.
    #[inline]
    pub(super) fn offer(&mut self, ns: i64, start: i64, who: u64, item: impl FnOnce() -> T) {
        let key = (ns, std::cmp::Reverse(start), std::cmp::Reverse(who));
        if self.heap.len() < self.keep {
            if ns > 0 {
                self.heap.push(Entry(key, item()));
            }
        } else if let Some(mut least) = self.heap.peek_mut()
            && least.0 < key
        {
            *least = Entry(key, item());
        }
    }

    /// Whether what took no longer than `ns` is too short to be among the longest.
    #[inline]
    pub(super) fn is_beneath(&self, ns: i64) -> bool {
        self.heap.len() >= self.keep && self.heap.peek().is_some_and(|least| ns < least.0.0)
    }

    /// The longest first.
    pub(super) fn into_sorted(self) -> impl Iterator<Item = T> {
        self.heap.into_sorted_vec().into_iter().map(|Entry(_, item)| item)
    }

    pub(super) fn clear(&mut self) {
        self.heap.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_are_kept_and_of_equals_the_first() {
        let mut top = Top::new(3);
        for (ns, start, who) in [(5, 0, 1), (9, 4, 2), (5, 0, 0), (0, 0, 9), (7, 1, 3), (9, 3, 4), (1, 9, 9)] {
            top.offer(ns, start, who, || who);
        }
        assert!(top.is_beneath(6) && !top.is_beneath(7));
        assert_eq!(top.into_sorted().collect::<Vec<_>>(), [4, 2, 3]);
        let mut none = Top::new(0);
        none.offer(5, 0, 1, || ());
        assert_eq!(none.into_sorted().count(), 0);
    }
}
