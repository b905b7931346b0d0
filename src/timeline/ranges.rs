//! Special ranges: which goroutine they are to be counted for, and their wall time.

use super::Sink;
use crate::hash::HashMap;
use crate::trace::{Event, GoSlot, ProcId, Range, StackId, Time};

/// Ranges that have begun and not ended.
#[derive(Clone, Debug, Default)]
pub(super) struct OpenRanges {
    /// By range and, for stop-the-world, the goroutine that did it: when and where it began.
    open: HashMap<(Range, GoSlot), (Time, StackId)>,
    /// Sweeping belongs to a processor. It is counted for the goroutine that ran there, if the same one was
    /// running at both ends.
    sweepers: HashMap<ProcId, GoSlot>,
}

fn key(event: &Event, range: Range) -> (Range, GoSlot) {
    let scope = if let Range::StopTheWorld(_) = range { event.g } else { GoSlot::NONE };
    (range, scope)
}

impl OpenRanges {
    pub(super) fn begin(&mut self, event: &Event, range: Range, sink: &mut impl Sink) {
        self.open.insert(key(event, range), (event.time, event.stack));
        self.credit(event, range, event.time, sink);
    }

    /// A range that was open when the generation began: since then at least.
    pub(super) fn active(&mut self, event: &Event, range: Range, sync: Time, sink: &mut impl Sink) {
        self.credit(event, range, sync, sink);
    }

    /// The window begins: those that are open count from here.
    pub(super) fn begin_at(&mut self, from: Time) {
        self.open.values_mut().for_each(|(since, _)| *since = from);
    }

    /// The window ends: those that are open count up to here.
    pub(super) fn end_at(&mut self, end: Time, sink: &mut impl Sink) {
        for ((range, _), (since, stack)) in self.open.drain() {
            sink.range(range, since, end, stack);
        }
    }

    /// Begins to count the range for a goroutine.
    fn credit(&mut self, event: &Event, range: Range, since: Time, sink: &mut impl Sink) {
        let owner = match range {
            Range::StopTheWorld(_) => event.g,
            Range::MarkAssist(g) => g,
            Range::GcMark => GoSlot::NONE,
            Range::Sweep(p) => {
                if let Some(before) = self.sweepers.insert(p, event.g)
                    && before != event.g
                {
                    sink.range_end(before, range, None);
                }
                event.g
            }
        };
        if owner != GoSlot::NONE {
            sink.range_begin(owner, range, since);
        }
    }

    pub(super) fn end(&mut self, event: &Event, range: Range, sink: &mut impl Sink) {
        if let Some((start, stack)) = self.open.remove(&key(event, range)) {
            sink.range(range, start, event.time, stack);
        }
        let owner = match range {
            Range::StopTheWorld(_) => event.g,
            Range::MarkAssist(g) => g,
            Range::GcMark => GoSlot::NONE,
            Range::Sweep(p) => match self.sweepers.remove(&p) {
                Some(g) if g == event.g => g,
                // Go's analysis leaves it open on the goroutine where it began, to the end of the trace.
                Some(g) => {
                    if g != GoSlot::NONE {
                        sink.range_end(g, range, None);
                    }
                    GoSlot::NONE
                }
                None => GoSlot::NONE,
            },
        };
        if owner != GoSlot::NONE {
            sink.range_end(owner, range, Some(event.time));
        }
    }
}
