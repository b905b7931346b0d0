//! What is given twice: shards, results and runs that would prove anything if one of them counted as several.

use std::collections::BTreeMap;
use std::hash::Hash;

use crate::hash::HashMap;

/// Which items are the same as one before: their indices, and of each that of the first. `near` is quick, and tells most of them
/// apart; `digest` is taken of those alone that are near each other. An item that has none of either is the same as no other.
pub(super) fn find<T, K: Eq + Hash>(
    items: &[T],
    near: impl Fn(&T) -> Option<K>,
    digest: impl Fn(&T) -> Option<[u8; 32]>,
) -> BTreeMap<usize, usize> {
    let mut alike: HashMap<K, Vec<usize>> = HashMap::default();
    for (i, item) in items.iter().enumerate() {
        if let Some(key) = near(item) {
            alike.entry(key).or_default().push(i);
        }
    }
    let mut same = BTreeMap::new();
    for alike in alike.into_values().filter(|alike| alike.len() > 1) {
        let mut known: BTreeMap<[u8; 32], usize> = BTreeMap::new();
        for i in alike {
            let Some(digest) = digest(&items[i]) else { continue };
            let first = *known.entry(digest).or_insert(i);
            if first != i {
                same.insert(i, first);
            }
        }
    }
    same
}

/// Takes out what [`find`] found.
pub(super) fn drop_from<T>(items: &mut Vec<T>, same: &BTreeMap<usize, usize>) {
    let mut at = 0..;
    items.retain(|_| at.next().is_none_or(|i| !same.contains_key(&i)));
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;

    #[test]
    fn digests_are_taken_of_those_alone_that_are_near_each_other() {
        // How near an item is, and what it is.
        let items = [(Some(1), 7), (Some(2), 7), (Some(1), 7), (None, 7), (Some(1), 8), (Some(1), 7), (Some(1), 0)];
        let asked = RefCell::new(Vec::new());
        let digest = |item: &(Option<u8>, u8)| {
            asked.borrow_mut().push(*item);
            (item.1 > 0).then_some([item.1; 32])
        };
        let same = find(&items, |item| item.0, digest);
        assert_eq!(same, BTreeMap::from([(2, 0), (5, 0)]));
        assert!(asked.into_inner().iter().all(|item| item.0 == Some(1)));
        let mut left = items.to_vec();
        drop_from(&mut left, &same);
        assert_eq!(left, [items[0], items[1], items[3], items[4], items[6]]);
    }
}
