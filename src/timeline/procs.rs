//! What is known of processors, by their numbers.

use crate::hash::HashMap;
use crate::trace::ProcId;

/// Processors below this one have a place in a table: more than any machine has, and few enough for a crafted trace.
const TABLED: usize = 1 << 12;

/// By processor; the default where nothing is known. Consecutive small numbers in every real trace: a table is three times as
/// fast as hashing them.
#[derive(Clone, Debug, Default)]
pub(super) struct ByProc<T> {
    table: Vec<T>,
    others: HashMap<ProcId, T>,
}

impl<T: Clone + Default> ByProc<T> {
    /// What is known of the processor.
    #[inline(always)]
    pub(super) fn entry(&mut self, p: ProcId) -> &mut T {
        let at = p.0 as usize;
        if at >= self.table.len() {
            return self.entry_new(p);
        }
        &mut self.table[at]
    }

    #[cold]
    fn entry_new(&mut self, p: ProcId) -> &mut T {
        let at = p.0 as usize;
        if at >= TABLED {
            return self.others.entry(p).or_default();
        }
        self.table.resize(at + 1, T::default());
        &mut self.table[at]
    }

    /// The same, which is forgotten.
    #[inline(always)]
    pub(super) fn take(&mut self, p: ProcId) -> T {
        match self.table.get_mut(p.0 as usize) {
            Some(known) => std::mem::take(known),
            None if self.others.is_empty() => T::default(),
            None => self.others.remove(&p).unwrap_or_default(),
        }
    }

    /// Of all processors, in any order.
    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = (ProcId, &mut T)> {
        let tabled = self.table.iter_mut().zip(0..).map(|(known, p)| (ProcId(p), known));
        tabled.chain(self.others.iter_mut().map(|(&p, known)| (p, known)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_known_of_a_processor_is_found_whatever_its_number() {
        let mut known = ByProc::<u32>::default();
        let numbers = [5, 0, TABLED as u32 - 1, TABLED as u32, u32::MAX];
        for (n, &p) in (1..).zip(&numbers) {
            assert_eq!((known.take(ProcId(p)), *known.entry(ProcId(p))), (0, 0));
            *known.entry(ProcId(p)) = n;
        }
        let mut all: Vec<_> = known.iter_mut().filter(|(_, n)| **n > 0).map(|(p, n)| (*n, p.0)).collect();
        all.sort_unstable();
        assert_eq!(all, [(1, 5), (2, 0), (3, 4095), (4, 4096), (5, u32::MAX)]);
        known.iter_mut().for_each(|(_, n)| *n *= 10);
        assert_eq!(numbers.map(|p| known.take(ProcId(p))), [10, 20, 30, 40, 50]);
        assert!(known.iter_mut().all(|(_, n)| *n == 0));
        // Numbers as large as that take no table.
        assert_eq!(known.table.len(), TABLED);
    }
}
