//! What of a goroutine counts, where that is not all of it: its test is over, or it is not always in a region or task that
//! was asked for.

use super::account::Account;
use super::tally::Spent;
use crate::trace::Time;

/// What of a goroutine counts.
#[derive(Clone, Debug, Default)]
pub(super) struct Narrowed {
    /// What of its time does, where that is not all of it.
    counted: Option<Spent>,
    /// Since when what it does counts, where that is later than its begin.
    from: Option<Time>,
}

impl Account {
    /// What of its time counts, where that is not all of it.
    pub(super) fn counted(&self) -> Option<&Spent> {
        self.special.as_ref()?.narrowed.counted.as_ref()
    }

    /// Adds to what counts.
    pub(super) fn count(&mut self, spent: &Spent) {
        self.special.get_or_insert_default().narrowed.counted.get_or_insert_default().merge(spent);
    }

    /// Nothing of it has counted so far.
    pub(super) fn count_anew(&mut self) {
        if let Some(special) = &mut self.special {
            special.narrowed.counted = None;
        }
    }

    /// When it began to count what lies behind `start`.
    pub(super) fn counts_from(&self, start: Time) -> Time {
        self.special.as_ref().and_then(|special| special.narrowed.from).map_or(start, |from| from.max(start))
    }

    /// What it does counts from here.
    pub(super) fn count_from(&mut self, from: Time) {
        self.special.get_or_insert_default().narrowed.from = Some(from);
    }
}
