//! Which thread's event is tried next.
//!
//! Of all threads whose next event may happen, the one least by (time, thread id) is next. A thread whose event cannot
//! happen yet is parked on what it waits for, and tried again only when that changes, so that no file can make the
//! search quadratic:
//!
//! ```text
//!   ready (a heap)          parked, by what they wait for
//!   M7 10:00.1              goroutine 12 waiting, sequence 4 ── M3 09:59.8, M9 10:00.2
//!   M2 10:00.3              processor 0 idle, sequence 9    ── M5 09:59.9
//! ```
//!
//! A change wakes the least of the threads that wait for it, no more: the first one to advance changes the state
//! again. (Where it does not, see [`Wait::SyscallLeft`], the one that advanced wakes the next.)

use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap};

use crate::hash::HashMap;

/// What a parked thread waits for. Sequence numbers are part of it: a thread that waits for another one of the same
/// goroutine is not disturbed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Wait {
    /// The goroutine becomes runnable, and its next sequence number is this.
    GoRunnable(u64, u64),
    /// The goroutine waits, and its next sequence number is this.
    GoWaiting(u64, u64),
    /// The processor is idle, and its next sequence number is this.
    ProcIdle(u32, u64),
    /// The processor is in a system call, and its next sequence number is this.
    ProcInSyscall(u32, u64),
    /// The processor is no longer in a system call. Many may wait, and all may go.
    SyscallLeft(u32),
    /// The thread (an index) loses its processor.
    ProcLost(u32),
    /// The collector's sequence number before this one has been seen.
    Gc(u64),
}

/// A thread with the time of its next event. Ordered by time, then thread id: one number, so that comparing takes no
/// branch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Entry {
    key: u128,
    /// Index of the thread.
    pub(crate) t: u32,
}

impl Entry {
    #[inline(always)]
    pub(crate) fn new(time: i64, thread: u64, t: u32) -> Entry {
        // Flipping the sign bit makes negative times the smaller unsigned numbers.
        let time = time as u64 ^ (1 << 63);
        Entry { key: u128::from(time) << 64 | u128::from(thread), t }
    }

    /// When its event happened, ns.
    pub(crate) fn time(self) -> i64 {
        ((self.key >> 64) as u64 ^ (1 << 63)) as i64
    }

    /// The thread's id.
    pub(crate) fn thread(self) -> u64 {
        self.key as u64
    }
}

/// The threads that have a next event.
#[derive(Debug, Default)]
pub(crate) struct Frontier {
    ready: BinaryHeap<Reverse<Entry>>,
    parked: HashMap<Wait, BinaryHeap<Reverse<Entry>>>,
    /// The parked threads by time; what it holds is also in `parked`.
    parked_times: BTreeSet<Entry>,
}

impl Frontier {
    pub(crate) fn push(&mut self, entry: Entry) {
        self.ready.push(Reverse(entry));
    }

    pub(crate) fn pop(&mut self) -> Option<Entry> {
        self.ready.pop().map(|Reverse(entry)| entry)
    }

    /// The least of `entry` and all that are ready; the others stay.
    #[inline(always)]
    pub(crate) fn least(&mut self, entry: Entry) -> Entry {
        match self.ready.peek_mut() {
            Some(mut top) if top.0.key < entry.key => std::mem::replace(&mut top.0, entry),
            _ => entry,
        }
    }

    /// The least time of any thread, parked ones included; `current` is one that is neither ready nor parked.
    pub(crate) fn least_time(&self, current: Option<i64>) -> Option<i64> {
        let ready = self.ready.peek().map(|Reverse(entry)| entry.time());
        let parked = self.parked_times.first().map(|entry| entry.time());
        [ready, parked, current].into_iter().flatten().min()
    }

    #[inline(always)]
    pub(crate) fn any_parked(&self) -> bool {
        !self.parked_times.is_empty()
    }

    /// The parked thread with the least time.
    pub(crate) fn first_parked(&self) -> Option<Entry> {
        self.parked_times.first().copied()
    }

    /// Parks a thread. The caller notes in the thread what it waits for.
    pub(crate) fn park(&mut self, entry: Entry, wait: Wait) {
        self.parked.entry(wait).or_default().push(Reverse(entry));
        self.parked_times.insert(entry);
    }

    /// Takes the least thread that waits for `wait` out of the parked ones. Threads that were woken otherwise leave
    /// their entries behind: `still` says whether an entry still holds.
    pub(crate) fn wake(&mut self, wait: Wait, still: impl Fn(u32) -> bool) -> Option<Entry> {
        let waiting = self.parked.get_mut(&wait)?;
        let woken = loop {
            match waiting.pop() {
                Some(Reverse(entry)) if still(entry.t) && self.parked_times.contains(&entry) => break Some(entry),
                Some(_) => {}
                None => break None,
            }
        };
        if waiting.is_empty() {
            self.parked.remove(&wait);
        }
        if let Some(entry) = woken {
            self.unpark(entry);
        }
        woken
    }

    /// Takes this thread out of the parked ones, whatever it waits for, and makes it ready.
    pub(crate) fn unpark(&mut self, entry: Entry) {
        self.parked_times.remove(&entry);
        self.ready.push(Reverse(entry));
    }

    /// Forgets everything: the generation is over.
    pub(crate) fn clear(&mut self) {
        self.ready.clear();
        self.parked.clear();
        self.parked_times.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(time: i64, thread: u64) -> Entry {
        Entry::new(time, thread, thread as u32)
    }

    #[test]
    fn the_least_by_time_then_thread_comes_first() {
        let mut frontier = Frontier::default();
        frontier.push(at(5, 1));
        frontier.push(at(-3, 9));
        assert_eq!(frontier.least(at(-3, 2)), at(-3, 2));
        assert_eq!(frontier.least(at(4, 2)), at(-3, 9));
        assert_eq!(frontier.pop(), Some(at(4, 2)));
        assert_eq!(frontier.pop(), Some(at(5, 1)));
        assert_eq!(frontier.pop(), None);
        assert_eq!((at(-3, 9).time(), at(-3, 9).thread()), (-3, 9));
    }

    #[test]
    fn a_change_wakes_the_least_that_waits_for_it_and_no_other() {
        let mut frontier = Frontier::default();
        let wait = Wait::GoRunnable(7, 2);
        frontier.park(at(5, 1), wait);
        frontier.park(at(4, 2), wait);
        frontier.park(at(1, 3), Wait::GoRunnable(7, 3));
        assert_eq!(frontier.least_time(None), Some(1));
        assert_eq!(frontier.wake(wait, |_| true), Some(at(4, 2)));
        assert_eq!(frontier.pop(), Some(at(4, 2)));
        assert_eq!(frontier.pop(), None);
        // The other one was woken for another reason since.
        frontier.unpark(at(5, 1));
        assert_eq!(frontier.wake(wait, |_| true), None);
        assert_eq!(frontier.first_parked(), Some(at(1, 3)));
    }
}
