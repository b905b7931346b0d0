//! Which goroutine holds a processor while it is in a system call.

use crate::hash::HashMap;
use crate::trace::{GoSlot, ProcId};

/// Processors below this one have a place in a table: more than any machine has, and few enough for a crafted trace.
const TABLED: usize = 1 << 12;

/// By processor. Consecutive small numbers in every real trace: a table is three times as fast as hashing them.
#[derive(Clone, Debug, Default)]
pub(super) struct Holders {
    table: Vec<GoSlot>,
    others: HashMap<ProcId, GoSlot>,
}

impl Holders {
    #[inline(always)]
    pub(super) fn insert(&mut self, p: ProcId, g: GoSlot) {
        match self.table.get_mut(p.0 as usize) {
            Some(holder) => *holder = g,
            None => self.insert_new(p, g),
        }
    }

    #[cold]
    fn insert_new(&mut self, p: ProcId, g: GoSlot) {
        let at = p.0 as usize;
        if at < TABLED {
            self.table.resize(at + 1, GoSlot::NONE);
            self.table[at] = g;
        } else {
            self.others.insert(p, g);
        }
    }

    #[inline(always)]
    pub(super) fn remove(&mut self, p: ProcId) -> Option<GoSlot> {
        match self.table.get_mut(p.0 as usize) {
            Some(holder) => std::mem::replace(holder, GoSlot::NONE).get(),
            None if self.others.is_empty() => None,
            None => self.others.remove(&p),
        }
    }
}
