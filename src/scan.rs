//! A trace read for one question: whoever watches gets what the timeline gives out, and keeps what it needs.
//!
//! ```text
//!   first read    which instances are there, when do they begin and end     critical::find
//!   second read   what happened within the chosen one                       critical::record
//! ```
//!
//! The same bytes give the same chunks, so that slots and symbols of one read mean the same in the next.

use std::io::Read;

use crate::handover::{self, Facts};
use crate::summarize;
use crate::timeline::{Birth, Move, Open, Sink, Span, Timeline};
use crate::trace::{
    Bytes, Event, Frame, Gauge, GoSlot, ProcId, ProcState, Range, StackId, Sym, Symbols, TaskId, Time, TraceError,
    TraceErrorKind,
};

/// Takes what it wants to know of a trace. Like [`Sink`], but nothing has to be taken, and names have meanings.
pub trait Watch {
    /// More symbols are known; called before the events that mention them.
    fn learn(&mut self, _symbols: &Symbols) {}
    /// The time of the first event of the trace; told once, before anything else but symbols.
    fn began(&mut self, _time: Time) {}
    /// The events of a run have been told; whoever kept some of them can now look up what they speak of.
    fn settle(&mut self, _symbols: &Symbols) {}
    /// True when nothing more is wanted: the rest is not read.
    fn enough(&self) -> bool {
        false
    }
    /// A goroutine is heard of for the first time.
    fn born(&mut self, _birth: &Birth) {}
    /// Its start function has become known.
    fn named(&mut self, _g: GoSlot, _start: Frame) {}
    /// A goroutine spent time in a state.
    fn span(&mut self, _span: &Span) {}
    /// A goroutine ended or will wait for ever; `open`: the trace ended first. May be told twice.
    fn ended(&mut self, _g: GoSlot, _time: Time, _open: bool) {}
    /// The goroutine's slot is free for another one.
    fn retired(&mut self, _g: GoSlot) {}
    /// Time in a special range that belongs to a goroutine has begun.
    fn range_begin(&mut self, _g: GoSlot, _range: Range, _since: Time) {}
    /// It has ended; `None` when it belongs to nobody after all.
    fn range_end(&mut self, _g: GoSlot, _range: Range, _end: Option<Time>) {}
    /// A special range began and ended.
    fn range(&mut self, _range: Range, _start: Time, _end: Time) {}
    /// A region begins on the goroutine of the event.
    fn region_begin(&mut self, _event: &Event, _task: TaskId, _name: Sym) {}
    /// A region ends on the goroutine of the event.
    fn region_end(&mut self, _event: &Event, _task: TaskId, _name: Sym) {}
    /// A task begins.
    fn task_begin(&mut self, _event: &Event, _id: TaskId, _name: Sym) {}
    /// A task ends.
    fn task_end(&mut self, _event: &Event, _id: TaskId, _name: Sym) {}
    /// The program logged a message.
    fn log(&mut self, _event: &Event, _task: TaskId, _category: Sym, _message: Sym) {}
    /// A goroutine's state changes; the span that this ends has been told.
    fn moved(&mut self, _event: &Event, _moved: Move) {}
    /// A processor's state changes.
    fn proc(&mut self, _event: &Event, _p: ProcId, _to: ProcState) {}
    /// A gauge was set.
    fn gauge(&mut self, _event: &Event, _gauge: Gauge, _value: u64) {}
}

/// The one place that takes all of a timeline's calls for those who watch.
struct Watched<'w, W>(&'w mut W);

impl<W: Watch> Sink for Watched<'_, W> {
    fn born(&mut self, birth: &Birth) {
        self.0.born(birth);
    }
    fn named(&mut self, g: GoSlot, start: Frame, _symbols: &Symbols) {
        self.0.named(g, start);
    }
    fn span(&mut self, span: &Span, _symbols: &Symbols) {
        self.0.span(span);
    }
    fn finalize(&mut self, g: GoSlot, time: Time, reason: Option<&Event>, _open: Open<'_>) {
        self.0.ended(g, time, reason.is_none());
    }
    fn retire(&mut self, g: GoSlot, _alive: bool, _time: Time) {
        self.0.retired(g);
    }
    fn range_begin(&mut self, g: GoSlot, range: Range, since: Time) {
        self.0.range_begin(g, range, since);
    }
    fn range_end(&mut self, g: GoSlot, range: Range, end: Option<Time>) {
        self.0.range_end(g, range, end);
    }
    fn range(&mut self, range: Range, start: Time, end: Time, _begin_stack: StackId) {
        self.0.range(range, start, end);
    }
    fn region_begin(&mut self, event: &Event, _g: u64, task: TaskId, name: Sym, _open: Open<'_>) {
        self.0.region_begin(event, task, name);
    }
    fn region_end(&mut self, event: &Event, _g: u64, task: TaskId, name: Sym, _open: Open<'_>) {
        self.0.region_end(event, task, name);
    }
    fn task_begin(&mut self, event: &Event, _g: u64, (id, _): (TaskId, TaskId), name: Sym, _open: Open<'_>) {
        self.0.task_begin(event, id, name);
    }
    fn task_end(&mut self, event: &Event, _g: u64, (id, _): (TaskId, TaskId), name: Sym, _open: Open<'_>) {
        self.0.task_end(event, id, name);
    }
    fn log(&mut self, event: &Event, _g: u64, task: TaskId, category: Sym, message: Sym) {
        self.0.log(event, task, category, message);
    }
    #[inline]
    fn moved(&mut self, event: &Event, moved: Move, _symbols: &Symbols) {
        self.0.moved(event, moved);
    }
    fn proc(&mut self, event: &Event, p: ProcId, _from: ProcState, to: ProcState) {
        self.0.proc(event, p, to);
    }
    fn gauge(&mut self, event: &Event, gauge: Gauge, value: u64) {
        self.0.gauge(event, gauge, value);
    }
}

/// How to read.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// Keep the text of log messages.
    pub keep_messages: bool,
    /// Use the complete generations of a truncated trace.
    pub allow_partial: bool,
}

/// What a read gave.
#[derive(Debug)]
pub struct Scan<W> {
    /// Whoever watched.
    pub watch: W,
    timeline: Timeline,
    /// Generations after this one were left out, since the trace is truncated or broken there.
    pub upto: Option<u64>,
}

impl<W> Scan<W> {
    /// What symbols mean.
    pub fn symbols(&self) -> &Symbols {
        self.timeline.symbols()
    }

    /// Whoever watched; all else that the read needed is let go of.
    pub fn into_watch(self) -> W {
        self.watch
    }

    /// Whoever watched, and what symbols mean.
    pub fn into_parts(self) -> (W, Symbols) {
        (self.watch, self.timeline.symbols().clone())
    }

    /// Time of the first event.
    pub fn start(&self) -> Time {
        self.timeline.start()
    }

    /// Time of the last event.
    pub fn end(&self) -> Time {
        self.timeline.end()
    }
}

/// Where a trace's bytes come from, as often as they are wanted.
pub trait Source {
    /// The bytes from the beginning.
    ///
    /// # Errors
    /// When they cannot be had.
    fn open(&self) -> std::io::Result<Bytes<Box<dyn Read + Send + '_>>>;
}

impl Source for &[u8] {
    fn open(&self) -> std::io::Result<Bytes<Box<dyn Read + Send + '_>>> {
        Ok(Bytes::Stream(Box::new(*self)))
    }
}

/// Why a trace could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ScanError {
    /// Its bytes cannot be had.
    #[error("{0}")]
    Open(#[from] std::io::Error),
    /// They are no trace, or a broken one.
    #[error("{0}")]
    Trace(#[from] TraceError),
}

/// Reads a trace for whoever `make` makes. A truncated one is read again up to where it is whole, if that is allowed;
/// `upto` is what an earlier read of the same trace found out about that.
///
/// # Errors
/// When it cannot be opened, is no trace, or is cut or broken and partial ones are not allowed.
pub fn scan<W: Watch>(
    source: &dyn Source,
    options: Options,
    upto: Option<u64>,
    make: impl Fn() -> W,
) -> Result<Scan<W>, ScanError> {
    let mut read = once(source.open()?, options, upto, make())?;
    let mut partial = upto;
    if let Some(error) = read.failure {
        if !options.allow_partial || !summarize::usable(error.kind().class()) {
            return Err(error.into());
        }
        let whole = read.facts.complete_generations;
        if whole == 0 {
            let detail = format!("{error}; no generation is complete");
            return Err(TraceError::new(error.kind(), error.offset()).with(detail).into());
        }
        partial = Some(whole);
        read = once(source.open()?, options, partial, make())?;
    }
    let snapshot = read.facts.first_generation > 1;
    if read.cut && !snapshot && !options.allow_partial {
        return Err(TraceError::new(TraceErrorKind::AdvancerRunning, read.facts.offset).into());
    }
    Ok(Scan { watch: read.watch, timeline: read.timeline, upto: partial })
}

struct Once<W> {
    watch: W,
    timeline: Timeline,
    facts: Facts,
    failure: Option<TraceError>,
    /// Whether the trace ended where no trace ends by itself.
    cut: bool,
}

/// One read, on two threads: events are decided on one, and made sense of on the other.
fn once<W: Watch>(
    bytes: Bytes<Box<dyn Read + Send + '_>>,
    options: Options,
    upto: Option<u64>,
    mut watch: W,
) -> Result<Once<W>, TraceError> {
    let mut timeline = Timeline::default();
    let mut stopped = false;
    let ((), read) = handover::analyse_ahead(bytes, options.keep_messages, |mut chunks| {
        while let Some(mut chunk) = chunks.next() {
            if upto.is_some_and(|last| chunk.generation > last) || watch.enough() {
                stopped = true;
                break;
            }
            // Symbols first, so that whoever watches knows what the events speak of.
            let events = std::mem::take(&mut chunk.events);
            timeline.feed(&mut chunk, &mut Watched(&mut watch));
            watch.learn(timeline.symbols());
            if timeline.events() == 0
                && let Some(first) = events.first()
            {
                watch.began(first.time);
            }
            chunk.events = events;
            timeline.feed(&mut chunk, &mut Watched(&mut watch));
            watch.settle(timeline.symbols());
            chunks.give_back(chunk);
        }
    });
    let (facts, failure) = read?;
    let running = timeline.finish(&mut Watched(&mut watch));
    watch.settle(timeline.symbols());
    let cut = !stopped && summarize::cut_between_generations(&timeline, &running);
    Ok(Once { watch, timeline, facts, failure: failure.filter(|_| !stopped), cut })
}
