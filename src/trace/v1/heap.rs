//! The heap that Go's reader takes the next processor from, tie for tie.
//!
//! Events of different processors may carry the same time, and which of them comes first moves figures by a nanosecond
//! or two. Go's reader leaves it to its binary heap: one that moves an entry only where another is strictly earlier.
//! The same heap gives the same order, wherever Go's is the same from run to run.

/// A processor and the time of its next event.
pub(super) type Entry = (i64, u32);

/// Processors by the time of their next event, the earliest first.
#[derive(Debug, Default)]
pub(super) struct Heap(Vec<Entry>);

impl Heap {
    /// Adds an entry at the bottom, and lets it rise above those that are later than it.
    pub(super) fn push(&mut self, entry: Entry) {
        let mut at = self.0.len();
        self.0.push(entry);
        while at > 0 {
            let parent = (at - 1) / 2;
            if self.0[at].0 >= self.0[parent].0 {
                break;
            }
            self.0.swap(at, parent);
            at = parent;
        }
    }

    /// Takes the root, puts the last entry there, and lets it sink below those that are earlier than it.
    pub(super) fn pop(&mut self) -> Option<Entry> {
        let last = self.0.len().checked_sub(1)?;
        self.0.swap(0, last);
        let taken = self.0.pop();
        let mut at = 0;
        loop {
            let left = 2 * at + 1;
            if left >= last {
                break;
            }
            let right = left + 1;
            let child = if right < last && self.0[right].0 < self.0[left].0 { right } else { left };
            if self.0[child].0 >= self.0[at].0 {
                break;
            }
            self.0.swap(at, child);
            at = child;
        }
        taken
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ties_come_in_the_order_of_go() {
        let mut heap = Heap::default();
        for entry in [(5, 0), (5, 1), (5, 2), (4, 3)] {
            heap.push(entry);
        }
        // 3 rose to the root past 1 and 0; then each time the last takes the root's place and stays there.
        let order: Vec<u32> = std::iter::from_fn(|| heap.pop()).map(|(_, proc)| proc).collect();
        assert_eq!(order, [3, 1, 2, 0]);

        // What container/heap of Go 1.26 gives.
        for (time, proc) in [3, 1, 2, 1, 3, 2, 1, 2, 3, 1, 2, 3, 1].into_iter().zip(0..) {
            heap.push((time, proc));
        }
        let order: Vec<u32> = std::iter::from_fn(|| heap.pop()).map(|(_, proc)| proc).collect();
        assert_eq!(order, [1, 3, 9, 6, 12, 7, 5, 2, 10, 8, 11, 4, 0]);
    }
}
