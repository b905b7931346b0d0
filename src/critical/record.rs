//! The second read: what every goroutine did within the chosen windows, as small as it can be kept.
//!
//! ```text
//!   window                |=====================|
//!   recorded     |--------X--|X----X|  X---X    |
//!   left out  |--|                            |-X-|-----|     what ends before or begins after
//! ```
//!
//! A span takes 32 bytes: state, reason and stack, which repeat all the time, are one number.

use crate::hash::HashMap;
use crate::scan::Watch;
use crate::timeline::{Birth, Span, State};
use crate::trace::{Frame, GoSlot, Range, StackId, Sym, Symbols, Time};

/// No goroutine of the recording.
pub(super) const NOBODY: u32 = u32::MAX;

/// What a goroutine does, why and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Doing {
    pub(super) state: State,
    pub(super) reason: Sym,
    pub(super) stack: StackId,
    pub(super) open: bool,
}

/// A span.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rec {
    pub(super) start: Time,
    pub(super) end: Time,
    g: u32,
    /// Who ended it.
    pub(super) by: u32,
    /// Where that one was.
    pub(super) by_stack: StackId,
    doing: u32,
}

/// A goroutine that did something within a window.
#[derive(Clone, Copy, Debug)]
pub(super) struct Go {
    slot: GoSlot,
    pub(super) born: Time,
    /// Whether it was created within the trace.
    pub(super) created: bool,
    /// Its creator.
    pub(super) by: u32,
    pub(super) by_stack: StackId,
    /// Its start function.
    pub(super) start: Sym,
    /// Its spans end here; they begin where those of the goroutine before end.
    spans_end: u32,
}

/// Time that belongs to the collector, whatever the goroutine's state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Collecting {
    /// The goroutine, or [`NOBODY`] where the world was stopped.
    pub(super) g: u32,
    pub(super) start: Time,
    pub(super) end: Time,
}

#[derive(Clone, Copy, Debug)]
struct Slot {
    go: u32,
    born: Time,
    created: bool,
    by: u32,
    by_stack: StackId,
    start: Sym,
}

const EMPTY: Slot = Slot {
    go: NOBODY,
    born: Time(i64::MIN + 1),
    created: false,
    by: NOBODY,
    by_stack: StackId::NONE,
    start: Sym::EMPTY,
};

/// Windows in order, those that overlap or touch as one.
pub(super) fn disjoint(mut windows: Vec<(Time, Time)>) -> Vec<(Time, Time)> {
    windows.sort_unstable();
    windows.dedup_by(|next, last| {
        let joins = next.0 <= last.1;
        last.1 = if joins { last.1.max(next.1) } else { last.1 };
        joins
    });
    windows.shrink_to_fit();
    windows
}

/// Records spans.
#[derive(Debug, Default)]
pub(super) struct Recorder {
    /// Disjoint, in order.
    windows: Vec<(Time, Time)>,
    most: usize,
    slots: Vec<Slot>,
    gos: Vec<Go>,
    spans: Vec<Rec>,
    doings: Vec<Doing>,
    known: HashMap<Doing, u32>,
    assists: HashMap<(GoSlot, Range), Time>,
    collecting: Vec<Collecting>,
    stops: Vec<(Sym, Time, Time)>,
    /// True when there were too many spans to keep.
    pub(super) overflow: bool,
}

impl Recorder {
    /// For windows that are disjoint and in order.
    pub(super) fn new(windows: Vec<(Time, Time)>, most: usize) -> Recorder {
        Recorder { windows, most, ..Recorder::default() }
    }

    /// Whether a time from `start` to `end` is in part within a window.
    fn wanted(&self, start: Time, end: Time) -> bool {
        let after = self.windows.partition_point(|w| w.1 <= start);
        self.windows.get(after).is_some_and(|w| w.0 < end)
    }

    fn slot(&mut self, g: GoSlot) -> &mut Slot {
        if g.index() >= self.slots.len() {
            self.slots.resize(g.index() + 1, EMPTY);
        }
        &mut self.slots[g.index()]
    }

    /// The goroutine's number in the recording; it gets one when it is wanted for the first time.
    fn go(&mut self, g: GoSlot) -> u32 {
        if g == GoSlot::NONE {
            return NOBODY;
        }
        let next = self.gos.len() as u32;
        let slot = self.slot(g);
        if slot.go != NOBODY {
            return slot.go;
        }
        slot.go = next;
        let Slot { born, created, by, by_stack, start, .. } = *slot;
        self.gos.push(Go { slot: g, born, created, by, by_stack, start, spans_end: 0 });
        next
    }

    fn doing(&mut self, doing: Doing) -> u32 {
        let next = self.doings.len() as u32;
        let at = *self.known.entry(doing).or_insert(next);
        if at == next {
            self.doings.push(doing);
        }
        at
    }

    /// The goroutine did the collector's work.
    fn collected(&mut self, g: GoSlot, start: Time, end: Time) {
        if g != GoSlot::NONE && self.slot(g).born <= start && self.wanted(start, end) && !self.full() {
            let g = self.go(g);
            self.collecting.push(Collecting { g, start, end });
        }
    }

    fn full(&mut self) -> bool {
        self.overflow |= self.spans.len() + self.gos.len() + self.collecting.len() + self.stops.len() >= self.most;
        self.overflow
    }

    /// Puts the recording in order.
    pub(super) fn finish(mut self, symbols: &Symbols) -> Recording {
        self.spans.sort_unstable_by_key(|s| (s.g, s.end, s.start));
        for (i, span) in self.spans.iter().enumerate() {
            self.gos[span.g as usize].spans_end = i as u32 + 1;
        }
        let mut end = 0;
        for go in &mut self.gos {
            end = end.max(go.spans_end);
            go.spans_end = end;
        }
        let mut by_slot: Vec<(GoSlot, Time, u32)> =
            self.gos.iter().enumerate().map(|(i, go)| (go.slot, go.born, i as u32)).collect();
        by_slot.sort_unstable();
        let stops = self.stops.iter().filter(|(kind, ..)| symbols.text(*kind).contains("GC"));
        self.collecting.extend(stops.map(|&(_, start, end)| Collecting { g: NOBODY, start, end }));
        self.collecting.sort_unstable();
        // An assist may sweep: what overlaps becomes one.
        let mut disjoint: Vec<Collecting> = Vec::with_capacity(self.collecting.len());
        for next in self.collecting {
            match disjoint.last_mut() {
                Some(last) if last.g == next.g && next.start <= last.end => last.end = last.end.max(next.end),
                _ => disjoint.push(next),
            }
        }
        Recording { gos: self.gos, by_slot, spans: self.spans, doings: self.doings, collecting: disjoint }
    }
}

impl Watch for Recorder {
    fn enough(&self) -> bool {
        self.overflow
    }

    fn born(&mut self, birth: &Birth) {
        *self.slot(birth.g) = Slot { born: birth.time, created: birth.created, ..EMPTY };
        // Whoever was created before every window is not asked for its creator.
        if birth.created && self.wanted(Time(birth.time.0.saturating_sub(1)), birth.time) && !self.full() {
            let by = self.go(birth.by);
            let slot = self.slot(birth.g);
            (slot.by, slot.by_stack) = (by, birth.by_stack);
            self.go(birth.g);
        }
    }

    fn named(&mut self, g: GoSlot, start: Frame) {
        let slot = self.slot(g);
        slot.start = start.func;
        if let Some(go) = slot.go.checked_add(1).and_then(|n| self.gos.get_mut(n as usize - 1)) {
            go.start = start.func;
        }
    }

    fn span(&mut self, span: &Span) {
        if span.end <= span.start || !self.wanted(span.start, span.end) || self.full() {
            return;
        }
        let g = self.go(span.g);
        let by = self.go(span.by);
        let doing = self.doing(Doing { state: span.state, reason: span.reason, stack: span.stack, open: span.open });
        self.spans.push(Rec { start: span.start, end: span.end, g, by, by_stack: span.by_stack, doing });
    }

    fn retired(&mut self, g: GoSlot) {
        *self.slot(g) = EMPTY;
    }

    fn range_begin(&mut self, g: GoSlot, range: Range, since: Time) {
        if !matches!(range, Range::MarkAssist(_) | Range::Sweep(_)) {
            return;
        }
        // Told again where a generation begins: what has passed counts, unless it was another goroutine's.
        if let Some(before) = self.assists.insert((g, range), since) {
            self.collected(g, before, since);
        }
    }

    fn range_end(&mut self, g: GoSlot, range: Range, end: Option<Time>) {
        if let (Some(start), Some(end)) = (self.assists.remove(&(g, range)), end) {
            self.collected(g, start, end);
        }
    }

    fn range(&mut self, range: Range, start: Time, end: Time) {
        if let Range::StopTheWorld(kind) = range
            && self.wanted(start, end)
            && !self.full()
        {
            self.stops.push((kind, start, end));
        }
    }
}

/// What happened within the windows.
#[derive(Debug, Default)]
pub(super) struct Recording {
    gos: Vec<Go>,
    by_slot: Vec<(GoSlot, Time, u32)>,
    spans: Vec<Rec>,
    doings: Vec<Doing>,
    collecting: Vec<Collecting>,
}

impl Recording {
    pub(super) fn go(&self, g: u32) -> Option<&Go> {
        self.gos.get(g as usize)
    }

    /// The goroutine that was in this slot at `time`.
    pub(super) fn in_slot(&self, slot: GoSlot, time: Time) -> Option<u32> {
        let after = self.by_slot.partition_point(|&(s, born, _)| (s, born) < (slot, time));
        let &(found, _, g) = self.by_slot.get(after.checked_sub(1)?)?;
        (found == slot).then_some(g)
    }

    pub(super) fn doing(&self, rec: &Rec) -> Option<&Doing> {
        self.doings.get(rec.doing as usize)
    }

    fn range(&self, g: u32) -> std::ops::Range<usize> {
        let end = self.go(g).map_or(0, |go| go.spans_end as usize);
        let start = g.checked_sub(1).and_then(|before| self.go(before)).map_or(0, |go| go.spans_end as usize);
        start.min(end)..end
    }

    /// The goroutine's span that holds the moment before `time`; or else the last one before that. Also what it did
    /// just before and after, where that joins.
    pub(super) fn at(&self, g: u32, time: Time) -> At<'_> {
        let range = self.range(g);
        let spans = &self.spans[range];
        let i = spans.partition_point(|s| s.end < time);
        match spans.get(i).filter(|s| s.start < time) {
            Some(rec) => {
                let after = spans.get(i + 1).filter(|next| next.start == rec.end).and_then(|next| self.doing(next));
                At::Span { rec, before: self.before(spans, i), after: after.map_or(StackId::NONE, |d| d.stack) }
            }
            None => At::Gap(i.checked_sub(1).and_then(|b| spans.get(b)).map(|rec| rec.end)),
        }
    }

    /// Where the goroutine was when it was last seen before span `i`: before it ran it waited for a processor, which
    /// says nothing, and before that it was somewhere.
    fn before(&self, spans: &[Rec], i: usize) -> StackId {
        let mut start = spans.get(i).map(|rec| rec.start);
        for rec in spans[..i].iter().rev().take(2) {
            let Some(doing) = self.doing(rec).filter(|_| Some(rec.end) == start) else { break };
            if doing.stack != StackId::NONE || doing.state != State::Runnable {
                return doing.stack;
            }
            start = Some(rec.start);
        }
        StackId::NONE
    }

    /// The time of the collector on this goroutine, or of the stopped world for [`NOBODY`]: those that end after
    /// `time`, in order.
    pub(super) fn collecting(&self, g: u32, time: Time) -> impl Iterator<Item = &Collecting> {
        let from = self.collecting.partition_point(|c| (c.g, c.end) <= (g, time));
        self.collecting[from..].iter().take_while(move |c| c.g == g)
    }
}

/// What a goroutine did at a moment.
#[derive(Debug)]
pub(super) enum At<'r> {
    /// It was in the middle of this.
    Span {
        rec: &'r Rec,
        /// Where it was before.
        before: StackId,
        /// Where it was when the next span began.
        after: StackId,
    },
    /// Nothing is known; since this time, if anything is known before.
    Gap(Option<Time>),
}
