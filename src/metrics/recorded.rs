//! The spans of the task that took longest, kept while several tasks are open of which any may become it.
//!
//! ```text
//!   task A   begin ═══════════════════ end            longest so far: its spans stay
//!   task B      begin ═════ end                       shorter: its place is free again
//!   g1         run |── wait ──────────────| run       cut to the task's begin and end
//!   g2               [region of A | run ──]|          and to when the goroutine worked for it
//! ```
//!
//! Who still works for a task when it ends tells of its last span later: that is cut to the task's end then.

use super::groups::GroupIx;
use super::recorder::Recorder;
use crate::timeline::Span;
use crate::trace::{Sym, TaskId, Time};

/// More tasks than this are not recorded at once: their spans would be too many to keep. Those that began first are.
const AT_ONCE: usize = 64;

/// Where the spans of a task are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place(u8);

impl Place {
    /// Nowhere.
    pub(super) const NONE: Place = Place(u8::MAX);
}

impl Default for Place {
    fn default() -> Self {
        Place::NONE
    }
}

/// One task.
#[derive(Clone, Debug)]
pub(super) struct Recording {
    pub(super) id: TaskId,
    pub(super) name: Sym,
    pub(super) began: Time,
    /// Never, as long as it is open.
    pub(super) ended: Time,
    pub(super) spans: Recorder,
}

/// Tasks that are open, and the longest of those that are over.
#[derive(Clone, Debug, Default)]
pub(super) struct Recorded {
    places: Vec<Option<Box<Recording>>>,
    slowest: Option<(Place, i64)>,
}

impl Recorded {
    fn at(&mut self, place: Place, id: TaskId) -> Option<&mut Recording> {
        self.places.get_mut(usize::from(place.0))?.as_deref_mut().filter(|recording| recording.id == id)
    }

    /// A task begins. Where its spans are kept from now on.
    pub(super) fn begin(&mut self, id: TaskId, name: Sym, began: Time) -> Place {
        let free = self.places.iter().position(Option::is_none).unwrap_or(self.places.len());
        if free >= AT_ONCE {
            return Place::NONE;
        }
        let recording = Recording { id, name, began, ended: Time::NEVER, spans: Recorder::default() };
        if free == self.places.len() {
            self.places.push(None);
        }
        self.places[free] = Some(Box::new(recording));
        Place(free as u8)
    }

    /// A task ends: its spans are kept if none took longer.
    pub(super) fn end(&mut self, place: Place, id: TaskId, now: Time) {
        let Some(recording) = self.at(place, id) else { return };
        recording.ended = now;
        let ns = now.since(recording.began);
        let free = match self.slowest {
            Some((_, longest)) if longest >= ns => Some(place),
            before => {
                self.slowest = Some((place, ns));
                before.map(|(place, _)| place)
            }
        };
        if let Some(free) = free.and_then(|free| self.places.get_mut(usize::from(free.0))) {
            *free = None;
        }
    }

    /// A goroutine that has worked for a task since `since` has spent time.
    #[inline]
    pub(super) fn span(&mut self, (place, task): (Place, TaskId), since: Time, span: &Span, id: u64, group: GroupIx) {
        if place == Place::NONE {
            return;
        }
        let Some(recording) = self.at(place, task) else { return };
        let end = recording.ended.get().map_or(span.end, |ended| ended.min(span.end));
        let start = span.start.max(since).max(recording.began);
        if start < end {
            recording.spans.add(&Span { start, end, ..*span }, id, group);
        }
    }

    /// The task that took longest of those that began and ended.
    pub(super) fn slowest(&self) -> Option<&Recording> {
        let (place, _) = self.slowest?;
        self.places.get(usize::from(place.0))?.as_deref()
    }
}
