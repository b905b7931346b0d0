//! Batches decoded before they are needed, by a thread that has nothing else to do.
//!
//! Who orders events offers, with each batch that it begins, the next one of the same thread. Who waits for what it orders takes
//! the first that is offered. Nobody waits for it in turn: a batch that is not done when it is needed is taken back, and decoded
//! there. What comes out is the same either way.
//!
//! ```text
//!   ordering   | M1, first batch ------ | second: done --------- | third: taken back ----
//!   offered      second of M1             third of M1              fourth of M1
//!   helping             | second of M1 |                     | third of M1 |  for nothing
//! ```

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::decode::{At, Raw};
use super::generation::EventBatch;
use super::spec::Specs;
use super::tables::Clock;
use crate::trace::bytes::{ReadAt, read_exact_at};

/// So many batches are decoded and not used up, at most. The largest takes 1.4 MB.
const MOST_DECODED: usize = 16;

/// So many are offered, at most: an offer that is taken back is looked for among them.
const MOST_OFFERED: usize = 64;

/// Events are decoded into so many places more whenever there are none left.
const ROUND: usize = 2048;

/// Which batch: the generation, counted, and the batch's index in it.
pub(super) type Key = (u64, u32);

/// What it takes to decode a batch.
pub(super) struct Offer {
    pub(super) key: Key,
    pub(super) batch: EventBatch,
    pub(super) clock: Clock,
    pub(super) specs: Arc<Specs>,
    pub(super) file: Arc<dyn ReadAt>,
}

/// The events of a batch, as far as they can be decoded.
#[derive(Debug, Default)]
pub(super) struct Decoded {
    bytes: Vec<u8>,
    events: Vec<Raw>,
    /// How many of `events` there are.
    count: usize,
    /// How many have been given out, and how many before the last round.
    given: usize,
    before: usize,
    /// What is decoded next: nothing, or an event that is broken.
    end: At,
}

impl Decoded {
    /// Gives out the next events; none where all have been.
    pub(super) fn give(&mut self, out: &mut [Raw]) -> usize {
        let rest = self.events.get(self.given..self.count).unwrap_or_default();
        let count = rest.len().min(out.len());
        if let (Some(out), Some(rest)) = (out.get_mut(..count), rest.get(..count)) {
            out.copy_from_slice(rest);
        }
        self.before = self.given;
        self.given += count;
        count
    }

    /// How many had been given out before the last round, and the bytes of the batch.
    pub(super) fn before(&self) -> (usize, &[u8]) {
        (self.before, &self.bytes)
    }

    /// Where what has been decoded ends.
    pub(super) fn end(&self) -> At {
        self.end
    }

    /// Decodes a batch; false if it cannot be read.
    fn decode(&mut self, offer: &Offer) -> bool {
        self.bytes.resize(offer.batch.len as usize, 0);
        (self.count, self.given, self.before, self.end) = (0, 0, 0, At::of(offer.key.1));
        if read_exact_at(&*offer.file, &mut self.bytes, offer.batch.offset).is_err() {
            return false;
        }
        loop {
            if self.count == self.events.len() {
                self.events.resize(self.count + ROUND, Raw::default());
            }
            let room = self.events.get_mut(self.count..).unwrap_or_default();
            // An event that is broken is told by whoever comes to it.
            match self.end.decode(&self.bytes, offer.clock, offer.batch.time, &offer.specs, room) {
                Ok(count @ 1..) => self.count += count,
                _ => return true,
            }
        }
    }
}

/// What is offered, and what has been done.
#[derive(Default)]
struct Board {
    offered: VecDeque<Offer>,
    /// Being decoded, and still wanted.
    taken: Vec<Key>,
    done: Vec<(Key, Box<Decoded>)>,
    /// Memory for others.
    #[allow(clippy::vec_box)] // Who takes it keeps the box, as of what batches are read into.
    spare: Vec<Box<Decoded>>,
    /// How many are decoded or being decoded, and not given back.
    used: usize,
}

/// Lets a thread that waits decode batches for one that reads with [`Reader::ahead`](crate::trace::Reader::ahead).
#[derive(Default)]
pub struct Helper(Mutex<Board>);

impl Helper {
    /// Whoever holds it does nothing that could fail.
    fn board(&self) -> MutexGuard<'_, Board> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Decodes a batch that is offered; false if there is none, or if so many are decoded that no more should be.
    pub fn help(&self) -> bool {
        let mut board = self.board();
        if board.used >= MOST_DECODED {
            return false;
        }
        let Some(offer) = board.offered.pop_front() else { return false };
        let mut decoded = board.spare.pop().unwrap_or_default();
        board.used += 1;
        board.taken.push(offer.key);
        drop(board);
        // Whoever comes to a batch that cannot be read finds that out again, and tells it.
        let is_read = decoded.decode(&offer);
        let mut board = self.board();
        let wanted = board.taken.iter().position(|&key| key == offer.key).map(|at| board.taken.swap_remove(at));
        if is_read && wanted.is_some() {
            board.done.push((offer.key, decoded));
        } else {
            board.give_back(decoded);
        }
        true
    }

    /// Lets others decode this batch.
    pub(super) fn offer(&self, offer: Offer) {
        let mut board = self.board();
        if board.offered.len() < MOST_OFFERED {
            board.offered.push_back(offer);
        }
    }

    /// The events of a batch if they have been decoded. If not, nobody will.
    pub(super) fn claim(&self, key: Key) -> Option<Box<Decoded>> {
        let mut board = self.board();
        if let Some(at) = board.done.iter().position(|(done, _)| *done == key) {
            return Some(board.done.swap_remove(at).1);
        }
        board.offered.retain(|offer| offer.key != key);
        board.taken.retain(|&taken| taken != key);
        None
    }

    /// They have been used up.
    pub(super) fn give_back(&self, decoded: Box<Decoded>) {
        self.board().give_back(decoded);
    }
}

impl Board {
    fn give_back(&mut self, decoded: Box<Decoded>) {
        self.used -= 1;
        self.spare.push(decoded);
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::super::decode::Broken;
    use super::super::spec::ev;
    use super::*;
    use crate::trace::error::TraceErrorKind as Kind;
    use crate::trace::version::V2;

    const KEY: Key = (1, 7);

    /// A batch of so many events, each a nanosecond after the one before.
    fn batch(events: usize) -> Vec<u8> {
        [ev::GoDestroy, 1].repeat(events)
    }

    /// Offers the batch that these bytes of a file are.
    fn offer_from(helper: &Helper, key: Key, file: Arc<dyn ReadAt>, len: usize) {
        let batch =
            EventBatch { time: 10, start: EventBatch::IN_FILE, len: len as u32, next: EventBatch::LAST, offset: 0 };
        let (clock, specs) = (Clock::new(1_000_000_000), Arc::new(Specs::of(V2::Go126)));
        helper.offer(Offer { key, batch, clock, specs, file });
    }

    fn offer(helper: &Helper, key: Key, bytes: Vec<u8>) {
        let len = bytes.len();
        offer_from(helper, key, Arc::new(bytes), len);
    }

    /// The times of the events that are given out.
    fn times(decoded: &mut Decoded) -> Vec<i64> {
        let (mut out, mut times) = ([Raw::default(); 32], Vec::new());
        loop {
            match decoded.give(&mut out) {
                0 => return times,
                count => times.extend(out[..count].iter().map(|raw| raw.time)),
            }
        }
    }

    /// What comes behind the events of a batch that was decoded.
    fn behind(decoded: &Decoded) -> Result<usize, Option<Kind>> {
        let (_, bytes) = decoded.before();
        let next =
            decoded.end().decode(bytes, Clock::new(1_000_000_000), 10, &Specs::of(V2::Go126), &mut [Raw::default()]);
        next.map_err(|broken| match broken {
            Broken::Event(kind, _) => Some(kind),
            Broken::Read(_) => None,
        })
    }

    #[test]
    fn a_batch_is_decoded_once_and_given_out_bit_by_bit() {
        let helper = Helper::default();
        for events in [2 * ROUND + 1, 1, 31, 32, ROUND - 1, ROUND] {
            assert!(!helper.help() && helper.claim(KEY).is_none());
            offer(&helper, KEY, batch(events));
            assert!(helper.help() && !helper.help(), "it is all there is");
            assert!(helper.claim((2, 7)).is_none() && helper.claim((1, 8)).is_none());
            let mut decoded = helper.claim(KEY).unwrap();
            assert!(helper.claim(KEY).is_none(), "it has been given out");
            assert_eq!(times(&mut decoded), (11..11 + events as i64).collect::<Vec<_>>());
            assert_eq!(behind(&decoded), Ok(0));
            helper.give_back(decoded);
        }
    }

    #[test]
    fn it_is_known_where_the_last_events_were_given_out_from() {
        let (helper, mut out) = (Helper::default(), [Raw::default(); 32]);
        offer(&helper, KEY, batch(70));
        helper.help();
        let mut decoded = helper.claim(KEY).unwrap();
        for (before, count) in [(0, 32), (32, 32), (64, 6), (70, 0)] {
            assert_eq!(decoded.give(&mut out), count);
            assert_eq!(decoded.before(), (before, &batch(70)[..]));
        }
    }

    #[test]
    fn a_broken_event_is_found_by_whoever_comes_to_it() {
        for good in [0, 40, ROUND] {
            let (helper, mut bytes) = (Helper::default(), batch(good));
            bytes.extend([0xff, 1]);
            bytes.extend(batch(10));
            offer(&helper, KEY, bytes);
            assert!(helper.help());
            let mut decoded = helper.claim(KEY).unwrap();
            assert_eq!(times(&mut decoded).len(), good);
            assert_eq!(behind(&decoded), Err(Some(Kind::UnknownEvent)));
        }
    }

    /// Nothing of what was decoded for nothing is still in use.
    fn all_is_given_back(helper: &Helper) {
        let board = helper.board();
        assert_eq!((board.used, board.taken.len(), board.done.len(), board.offered.len()), (0, 0, 0, 0));
    }

    fn is_decoded_for_nothing(helper: &Helper) {
        assert!(helper.help());
        assert!(helper.claim(KEY).is_none());
        all_is_given_back(helper);
    }

    #[test]
    fn what_is_needed_before_it_is_decoded_is_taken_back() {
        let helper = Helper::default();
        for index in 0..3 {
            offer(&helper, (1, index), batch(1));
        }
        assert!(helper.claim((1, 1)).is_none());
        assert!(helper.help() && helper.help() && !helper.help());
        for index in [0, 2] {
            helper.give_back(helper.claim((1, index)).unwrap());
        }
        all_is_given_back(&helper);
    }

    #[test]
    fn what_is_needed_while_it_is_decoded_is_decoded_for_nothing() {
        /// Needs the batch while it is read.
        struct Needed(Arc<Helper>);
        impl ReadAt for Needed {
            fn read_at(&self, into: &mut [u8], at: u64) -> io::Result<usize> {
                assert!(self.0.claim(KEY).is_none(), "nobody waits for it");
                batch(5).read_at(into, at)
            }
        }
        let helper = Arc::<Helper>::default();
        offer_from(&helper, KEY, Arc::new(Needed(Arc::clone(&helper))), 10);
        is_decoded_for_nothing(&helper);
    }

    #[test]
    fn what_cannot_be_read_is_not_decoded() {
        let helper = Helper::default();
        offer_from(&helper, KEY, Arc::new(batch(5)), 11);
        is_decoded_for_nothing(&helper);
    }

    #[test]
    fn only_so_much_is_offered_and_only_so_much_decoded() {
        let helper = Helper::default();
        for index in 0..MOST_OFFERED as u32 + 5 {
            offer(&helper, (1, index), batch(1));
        }
        let helped = || (0..).take_while(|_| helper.help()).count();
        assert_eq!(helped(), MOST_DECODED);
        let first = helper.claim((1, 0)).unwrap();
        assert_eq!(helped(), 0, "it is in use");
        helper.give_back(first);
        assert_eq!(helped(), 1);
        let mut count = 1;
        for index in 1..MOST_OFFERED as u32 + 5 {
            let Some(decoded) = helper.claim((1, index)) else { continue };
            helper.give_back(decoded);
            helped();
            count += 1;
        }
        assert_eq!(count, MOST_OFFERED);
        all_is_given_back(&helper);
    }
}
