//! Special ranges: which goroutine they are to be counted for, and their wall time.

use super::Sink;
use super::procs::ByProc;
use crate::hash::HashMap;
use crate::trace::{Event, GoSlot, ProcId, Range, StackId, Time};

/// Ranges that have begun and not ended.
#[derive(Clone, Debug, Default)]
pub(super) struct OpenRanges {
    /// Those of processors.
    sweeps: ByProc<Sweep>,
    /// The others, by range and, for stop-the-world, the goroutine that did it: when and where it began.
    open: HashMap<(Range, GoSlot), (Time, StackId)>,
}

/// Sweeping belongs to a processor. It is counted for the goroutine that ran there, if the same one was running at both
/// ends.
#[derive(Clone, Copy, Debug)]
struct Sweep {
    by: GoSlot,
    /// When and where it began; never where the trace does not tell.
    since: Time,
    stack: StackId,
}

impl Default for Sweep {
    fn default() -> Self {
        Sweep { by: GoSlot::NONE, since: Time::NEVER, stack: StackId::NONE }
    }
}

fn key(event: &Event, range: Range) -> (Range, GoSlot) {
    let scope = if let Range::StopTheWorld(_) = range { event.g } else { GoSlot::NONE };
    (range, scope)
}

/// Whom a range is counted for: nobody, for a collection.
fn owner(event: &Event, range: Range) -> GoSlot {
    match range {
        Range::StopTheWorld(_) | Range::Sweep(_) => event.g,
        Range::MarkAssist(g) => g,
        Range::GcMark => GoSlot::NONE,
    }
}

impl OpenRanges {
    #[inline(always)]
    pub(super) fn begin(&mut self, event: &Event, range: Range, sink: &mut impl Sink) {
        if let Range::Sweep(p) = range {
            let sweep = self.sweeps.entry(p);
            (sweep.since, sweep.stack) = (event.time, event.stack);
        } else {
            self.open.insert(key(event, range), (event.time, event.stack));
        }
        self.credit(event, range, event.time, sink);
    }

    /// A range that was open when the generation began: since then at least.
    pub(super) fn active(&mut self, event: &Event, range: Range, sync: Time, sink: &mut impl Sink) {
        self.credit(event, range, sync, sink);
    }

    /// The window begins: those that are open count from here.
    pub(super) fn begin_at(&mut self, from: Time) {
        self.open.values_mut().for_each(|(since, _)| *since = from);
        let open = self.sweeps.iter_mut().filter(|(_, sweep)| sweep.since != Time::NEVER);
        open.for_each(|(_, sweep)| sweep.since = from);
    }

    /// The window ends: those that are open count up to here.
    pub(super) fn end_at(&mut self, end: Time, sink: &mut impl Sink) {
        for ((range, _), (since, stack)) in self.open.drain() {
            sink.range(range, since, end, stack);
        }
        for (p, sweep) in self.sweeps.iter_mut() {
            if let Some(since) = std::mem::replace(&mut sweep.since, Time::NEVER).get() {
                sink.range(Range::Sweep(p), since, end, sweep.stack);
            }
        }
    }

    /// Begins to count the range for a goroutine.
    #[inline(always)]
    fn credit(&mut self, event: &Event, range: Range, since: Time, sink: &mut impl Sink) {
        let owner = owner(event, range);
        if let Range::Sweep(p) = range {
            let before = std::mem::replace(&mut self.sweeps.entry(p).by, owner);
            if before != GoSlot::NONE && before != owner {
                sink.range_end(before, range, None);
            }
        }
        if owner != GoSlot::NONE {
            sink.range_begin(owner, range, since);
        }
    }

    #[inline(always)]
    pub(super) fn end(&mut self, event: &Event, range: Range, sink: &mut impl Sink) {
        if let Range::Sweep(p) = range {
            return self.end_sweep(event, p, sink);
        }
        if let Some((start, stack)) = self.open.remove(&key(event, range)) {
            sink.range(range, start, event.time, stack);
        }
        let owner = owner(event, range);
        if owner != GoSlot::NONE {
            sink.range_end(owner, range, Some(event.time));
        }
    }

    #[inline(always)]
    fn end_sweep(&mut self, event: &Event, p: ProcId, sink: &mut impl Sink) {
        let range = Range::Sweep(p);
        let Sweep { by, since, stack } = self.sweeps.take(p);
        if let Some(since) = since.get() {
            sink.range(range, since, event.time, stack);
        }
        if by != GoSlot::NONE {
            // Where another one runs by now, Go's analysis leaves it open on the goroutine where it began, to the end of the trace.
            sink.range_end(by, range, (by == event.g).then_some(event.time));
        }
    }
}
