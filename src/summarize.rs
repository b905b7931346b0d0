//! From the bytes of one trace to its [`Summary`]: reader, timeline and metrics put together.
//!
//! ```text
//!   bytes ─▶ events ══ handover ══▶ timeline ─▶ metrics ─▶ Summary
//! ```

use std::io::Read;

use crate::handover::{self, Chunks, Facts};
use crate::metrics::{Chosen, Metrics};
use crate::summary::{Recording, Summary, Warning};
use crate::timeline::{Running, Timeline, Window};
use crate::trace::{Bytes, ClockSnapshot, Time, TraceError, TraceErrorClass, TraceErrorKind};

/// The tracer's own goroutine that ends generations (seen in all of Go 1.22 to 1.27; before there were none).
const ADVANCER: &str = "runtime.(*traceAdvancerState).start.func1";

/// How to read.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Of a truncated or broken trace use the complete generations. The summary says so, and no verdict built on it
    /// is a pass.
    pub allow_partial: bool,
    /// Keep so many stacks of each of the profiles of Go's own tool, those that took longest; none by default.
    pub profiles: usize,
    /// Keep so many single goroutines, tasks, region calls, running slices and waits, those that took longest; none by
    /// default.
    pub instances: usize,
    /// Keep the text of log messages.
    pub keep_messages: bool,
    /// Only this part of the trace counts.
    pub window: Window,
    /// Only goroutines that work for these tests count.
    pub chosen: Option<Chosen>,
}

#[derive(Clone, Default)]
struct Analysis {
    timeline: Timeline,
    metrics: Metrics,
    /// The generation that was fed last.
    generation: u64,
    /// The first reading of the wall clock.
    clock: Option<ClockSnapshot>,
}

impl Analysis {
    /// How much it knows, in things: so long it takes to copy it.
    fn size(&self) -> usize {
        let symbols = self.timeline.symbols();
        self.timeline.slots() + symbols.len() + symbols.stacks()
    }

    /// When something was by the wall clock, ns since 1970.
    fn wall(&self, at: Time) -> Option<i64> {
        let clock = self.clock?;
        let read = i64::try_from(clock.wall_sec).ok()?.checked_mul(1_000_000_000)?;
        read.checked_add(i64::try_from(clock.wall_nsec).ok()?)?.checked_add(at.since(clock.trace))
    }
}

/// Reads a trace and summarizes it. `source` is the name that the summary carries.
///
/// # Errors
/// When it is no trace, of a format that is not read, cut, broken, or empty: nothing of the program's own happened.
pub fn summarize<R: Read + Send>(
    source: &str,
    bytes: impl Into<Bytes<R>>,
    options: &Options,
) -> Result<Summary, TraceError> {
    let (analysis, read) =
        handover::analyse_ahead(bytes.into(), options.keep_messages, |chunks| analyse(chunks, options));
    let (facts, failure) = read?;
    let Analyses { current, before } = analysis;
    match failure {
        None => finish(current, source, facts, options),
        Some(error) if !options.allow_partial || !usable(error.kind().class()) => Err(error),
        Some(error) => {
            // The generation that the error is in was fed in part, or not at all.
            let whole = if current.generation <= facts.complete_generations { Some(current) } else { before };
            let Some(whole) = whole.filter(|analysis| analysis.generation > 0) else {
                let detail = format!("{error}; no generation is complete");
                return Err(TraceError::new(error.kind(), error.offset()).with(detail));
            };
            let mut facts = facts;
            facts.generations = whole.generation;
            let mut summary = finish(whole, source, facts, options)?;
            mark_partial(&mut summary, error.to_string());
            Ok(summary)
        }
    }
}

/// Whether what was read before such an error can be used.
pub(crate) fn usable(class: TraceErrorClass) -> bool {
    matches!(class, TraceErrorClass::Truncated | TraceErrorClass::Corrupt | TraceErrorClass::Glued)
}

fn mark_partial(summary: &mut Summary, why: String) {
    summary.complete = false;
    let message = format!("only the complete generations were used: {why}");
    summary.warnings.push(Warning { kind: "partial".to_owned(), count: 1, message });
}

/// The analysis as far as it came, and as it was before its last generation.
struct Analyses {
    current: Analysis,
    before: Option<Analysis>,
}

/// Whether the analysis is copied where a generation begins: as long as all copies together have no more than so many things for
/// each generation and each event, as a file may have a generation in eleven bytes. Where one is left out, the copy before is what
/// is left of a trace that breaks there.
#[derive(Debug, Default)]
struct Copies {
    left: usize,
}

impl Copies {
    const OF_A_GENERATION: usize = 1000;
    const OF_AN_EVENT: usize = 64;

    fn heard(&mut self, events: usize) {
        self.left += Copies::OF_AN_EVENT * events;
    }

    /// A generation begins, and a copy would have so many things.
    fn may_take(&mut self, things: usize) -> bool {
        self.left += Copies::OF_A_GENERATION;
        let rest = self.left.checked_sub(things);
        self.left = rest.unwrap_or(self.left);
        rest.is_some()
    }
}

fn analyse(mut chunks: Chunks, options: &Options) -> Analyses {
    let keep_before = options.allow_partial;
    let timeline = Timeline::within(options.window);
    let mut current = Analysis {
        timeline,
        metrics: Metrics::of(options.chosen.clone(), options.instances, options.profiles),
        generation: 0,
        clock: None,
    };
    let mut before = None;
    let mut copies = Copies::default();
    while let Some(mut chunk) = chunks.next() {
        if keep_before && chunk.generation != current.generation && copies.may_take(current.size()) {
            before = Some(current.clone());
        }
        copies.heard(chunk.events.len());
        current.generation = chunk.generation;
        current.clock = current.clock.or(chunk.clocks.first().copied());
        current.timeline.feed(&mut chunk, &mut current.metrics);
        chunks.give_back(chunk);
    }
    Analyses { current, before }
}

/// Whether a trace ends where no trace ends by itself: between two generations.
///
/// A generation is ended by a goroutine of the tracer's own, which sleeps, wakes up and does it; the last one is ended
/// by whoever calls trace.Stop. So a trace was cut if the former runs at its end, unless it is only late:
///
/// ```text
///   generation      1                 | 2               | 3 (last)       end
///   cut there       sleeps ─── runs ──│── sleeps ─ runs ┤
///   late to sleep   sleeps ─── runs ──│─── sleeps ─ runs│─ runs ─        ┤   another has ended it: trace.Stop
///   late to start                                         created ─ runs ┤   a busy machine, a short test
///   cut a bit later                     sleeps ─ runs ──│  not heard of  ┤
/// ```
///
/// It may also have woken up by itself at the very moment of trace.Stop. Then the test binary's main goroutine, which
/// calls that, is running, and no test or benchmark is left: nothing else looks like this.
pub(crate) fn cut_between_generations(timeline: &Timeline, running: &[Running]) -> bool {
    let Some(advancer) = running.iter().find(|g| *g.name == *ADVANCER) else { return false };
    if !advancer.heard || !advancer.woke {
        return !advancer.heard;
    }
    let stops = running.iter().any(|g| *g.name == *"main.main") && timeline.knows("testing.tRunner");
    !stops || timeline.any_alive(|name| name.starts_with("testing."))
}

fn finish(mut analysis: Analysis, source: &str, facts: Facts, options: &Options) -> Result<Summary, TraceError> {
    let snapshot = facts.first_generation > 1;
    let running = analysis.timeline.finish(&mut analysis.metrics);
    let cut = !snapshot && cut_between_generations(&analysis.timeline, &running);
    if cut && !options.allow_partial {
        return Err(TraceError::new(TraceErrorKind::AdvancerRunning, facts.offset));
    }
    // Whoever asks for a part of the trace finds out that nothing is in it.
    if options.window.is_all() && options.chosen.is_none() && !analysis.metrics.has_user_activity(&analysis.timeline) {
        return Err(TraceError::new(TraceErrorKind::NoUserGoroutine, facts.offset));
    }
    let (first, last, events) = analysis.timeline.read();
    let wall_ns = analysis.wall(first);
    let mut summary = analysis.metrics.into_summary(&analysis.timeline);
    summary.source = source.to_owned();
    summary.format = facts.format.to_owned();
    summary.generations = facts.generations;
    summary.snapshot = snapshot;
    let (start_ns, duration_ns) = (first.0, last.since(first));
    summary.recording = Some(Recording { bytes: facts.offset, events, start_ns, duration_ns, wall_ns });
    if snapshot {
        let message = "a flight recorder's snapshot: whether later generations are missing cannot be seen".to_owned();
        summary.warnings.push(Warning { kind: "snapshot".to_owned(), count: 1, message });
    }
    crate::attribution::name_tests(&mut summary, None);
    if cut {
        mark_partial(&mut summary, TraceError::new(TraceErrorKind::AdvancerRunning, facts.offset).to_string());
    }
    Ok(summary)
}

#[cfg(test)]
mod tests {
    use super::Copies;

    #[test]
    fn each_generation_is_copied_but_where_they_are_tiny_and_much_is_known() {
        // Events of each of a thousand generations, things that are known, and how many copies are made.
        for (events, things, expected) in
            [(500, 30_000, 1000), (0, 1000, 1000), (20, 2000, 1000), (0, 60_000, 16), (10, 60_000, 27)]
        {
            let mut copies = Copies::default();
            let made = (0..1000).filter(|_| {
                copies.heard(events);
                copies.may_take(things)
            });
            assert_eq!(made.count(), expected, "{events} events, {things} things");
        }
    }
}
