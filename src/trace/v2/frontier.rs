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
use std::collections::hash_map::Entry::{Occupied, Vacant};
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
/// branch. Times are never negative, and earlier than the last one that there is.
///
/// ```text
///   time (64 bits) | rank of the thread's id in the generation (32) | index of the thread (32)
///                  |-------------------------- its place --------------------------|
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Entry(u128);

impl Entry {
    /// Behind all threads.
    pub(crate) const NONE: Entry = Entry::new(i64::MAX, u64::MAX);

    #[inline(always)]
    pub(crate) const fn new(time: i64, place: u64) -> Entry {
        Entry((time as u64 as u128) << 64 | place as u128)
    }

    /// The place among the others of a thread with this index and rank.
    pub(crate) fn place(rank: u32, t: u32) -> u64 {
        u64::from(rank) << 32 | u64::from(t)
    }

    /// When its event happened, ns.
    #[inline(always)]
    pub(crate) fn time(self) -> i64 {
        (self.0 >> 64) as i64
    }

    /// Index of the thread.
    #[inline(always)]
    pub(crate) fn t(self) -> u32 {
        self.0 as u32
    }
}

/// Threads that wait for the same. Hardly ever more than one.
#[derive(Debug)]
enum Waiting {
    One(Entry),
    Many(BinaryHeap<Reverse<Entry>>),
}

/// The threads that have a next event, but for the one that is being tried.
#[derive(Debug)]
pub(crate) struct Frontier {
    /// The least of those that are ready, or none. Two threads that run at the same time take turns, and never touch the
    /// heap.
    least: Entry,
    /// The others that are ready.
    ready: BinaryHeap<Reverse<Entry>>,
    parked: HashMap<Wait, Waiting>,
    /// How many threads are parked. Some of those in `parked` have been woken otherwise since.
    count: usize,
    /// How often a thread was parked, in all generations.
    parks: u64,
    /// The parked threads by time, where anybody asks for the least: in generations with CPU samples.
    by_time: Option<BTreeSet<Entry>>,
}

impl Default for Frontier {
    fn default() -> Self {
        let (ready, parked) = (BinaryHeap::new(), HashMap::default());
        Frontier { least: Entry::NONE, ready, parked, count: 0, parks: 0, by_time: None }
    }
}

impl Frontier {
    /// Makes a thread ready.
    #[inline(always)]
    pub(crate) fn push(&mut self, entry: Entry) {
        let later = self.least.max(entry);
        self.least = self.least.min(entry);
        if later != Entry::NONE {
            self.ready.push(Reverse(later));
        }
    }

    /// The least of `entry`, which may be none, and all that are ready; the others stay.
    #[inline(always)]
    pub(crate) fn least(&mut self, entry: Entry) -> Entry {
        if entry <= self.least {
            return entry;
        }
        let least = std::mem::replace(&mut self.least, entry);
        if self.ready.peek().is_some_and(|top| top.0 < entry) {
            self.refill();
        }
        least
    }

    /// `self.least` is not the least: changes it for the one that is.
    fn refill(&mut self) {
        if self.least == Entry::NONE {
            self.least = self.ready.pop().map_or(Entry::NONE, |Reverse(entry)| entry);
        } else if let Some(mut top) = self.ready.peek_mut() {
            std::mem::swap(&mut top.0, &mut self.least);
        }
    }

    /// Whether any parked thread's time is not after `time`. Only in generations that were begun with samples.
    pub(crate) fn parked_by(&self, time: i64) -> bool {
        self.by_time.as_ref().and_then(BTreeSet::first).is_some_and(|entry| entry.time() <= time)
    }

    #[inline(always)]
    pub(crate) fn any_parked(&self) -> bool {
        self.count > 0
    }

    /// How often a thread was parked so far: what ordering cost beyond one look at each event.
    pub(crate) fn parks(&self) -> u64 {
        self.parks
    }

    /// Parks a thread. The caller notes in the thread what it waits for.
    pub(crate) fn park(&mut self, entry: Entry, wait: Wait) {
        match self.parked.entry(wait) {
            Vacant(vacant) => {
                vacant.insert(Waiting::One(entry));
            }
            Occupied(mut there) => match there.get_mut() {
                Waiting::Many(heap) => heap.push(Reverse(entry)),
                Waiting::One(other) => {
                    let both = [Reverse(*other), Reverse(entry)];
                    there.insert(Waiting::Many(BinaryHeap::from(both)));
                }
            },
        }
        self.count += 1;
        self.parks += 1;
        if let Some(by_time) = &mut self.by_time {
            by_time.insert(entry);
        }
    }

    /// Takes the least thread that waits for `wait` out of the parked ones, and makes it ready. Threads that were woken
    /// otherwise leave their entries behind: `still` says whether an entry still holds.
    pub(crate) fn wake(&mut self, wait: Wait, still: impl Fn(Entry) -> bool) -> Option<Entry> {
        let Occupied(mut there) = self.parked.entry(wait) else { return None };
        let woken = match there.get_mut() {
            Waiting::One(entry) => {
                let entry = *entry;
                there.remove();
                Some(entry).filter(|&entry| still(entry))
            }
            Waiting::Many(heap) => {
                let woken = loop {
                    match heap.pop() {
                        Some(Reverse(entry)) if still(entry) => break Some(entry),
                        Some(_) => {}
                        None => break None,
                    }
                };
                if heap.is_empty() {
                    there.remove();
                }
                woken
            }
        };
        if let Some(entry) = woken {
            self.unpark(entry);
        }
        woken
    }

    /// Takes this thread out of the parked ones, whatever it waits for, and makes it ready.
    pub(crate) fn unpark(&mut self, entry: Entry) {
        self.count -= 1;
        if let Some(by_time) = &mut self.by_time {
            by_time.remove(&entry);
        }
        self.push(entry);
    }

    /// Forgets everything: another generation begins.
    pub(crate) fn clear(&mut self, with_samples: bool) {
        self.least = Entry::NONE;
        self.ready.clear();
        self.parked.clear();
        self.count = 0;
        self.by_time = with_samples.then(BTreeSet::new);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(time: i64, thread: u32) -> Entry {
        Entry::new(time, Entry::place(thread, thread))
    }

    #[test]
    fn the_least_by_time_then_thread_comes_first() {
        let mut frontier = Frontier::default();
        frontier.push(at(5, 1));
        frontier.push(at(3, 9));
        frontier.push(at(7, 4));
        assert_eq!(frontier.least(at(3, 2)), at(3, 2));
        assert_eq!(frontier.least(at(4, 2)), at(3, 9));
        assert_eq!(frontier.least(at(6, 9)), at(4, 2));
        assert_eq!(frontier.least(Entry::NONE), at(5, 1));
        assert_eq!(frontier.least(Entry::NONE), at(6, 9));
        assert_eq!(frontier.least(Entry::NONE), at(7, 4));
        assert_eq!(frontier.least(Entry::NONE), Entry::NONE);
        assert_eq!((at(3, 9).time(), at(3, 9).t()), (3, 9));
        assert!(at(i64::MAX - 1, u32::MAX) < Entry::NONE);
        assert_eq!(Entry::NONE.time(), i64::MAX);
    }

    #[test]
    fn a_change_wakes_the_least_that_waits_for_it_and_no_other() {
        let mut frontier = Frontier::default();
        frontier.clear(true);
        let wait = Wait::GoRunnable(7, 2);
        frontier.park(at(5, 1), wait);
        frontier.park(at(4, 2), wait);
        frontier.park(at(1, 3), Wait::GoRunnable(7, 3));
        assert!(frontier.parked_by(1) && !frontier.parked_by(0));
        assert_eq!(frontier.wake(wait, |_| true), Some(at(4, 2)));
        assert_eq!(frontier.least(Entry::NONE), at(4, 2));
        assert_eq!(frontier.least(Entry::NONE), Entry::NONE);
        // The other one is woken for another reason.
        frontier.unpark(at(5, 1));
        assert_eq!(frontier.wake(wait, |_| false), None);
        assert_eq!(frontier.wake(Wait::GoRunnable(7, 3), |_| true), Some(at(1, 3)));
        assert!(!frontier.any_parked() && !frontier.parked_by(9));
    }
}
