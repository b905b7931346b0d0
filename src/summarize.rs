//! From the bytes of one trace to its [`Summary`]: reader, timeline and metrics put together.

use std::io::Read;

use crate::metrics::Metrics;
use crate::summary::{Summary, Warning};
use crate::timeline::Timeline;
use crate::trace::{Chunk, Reader, TraceError, TraceErrorClass, TraceErrorKind, Version};

/// Events are handed on in runs of this many: enough to make the hand-over cheap, few enough to stay in the cache.
const CHUNK: usize = 1024;

/// The tracer's own goroutine that ends generations. It waits for most of its life; a trace that ends while it runs
/// was cut between two generations (Go 1.22 to 1.27).
const ADVANCER: &str = "runtime.(*traceAdvancerState).start.func1";

/// How to read.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// Of a truncated or broken trace use the complete generations. The summary says so, and no verdict built on it
    /// is a pass.
    pub allow_partial: bool,
    /// Keep the text of log messages.
    pub keep_messages: bool,
}

#[derive(Clone, Default)]
struct Analysis {
    timeline: Timeline,
    metrics: Metrics,
}

/// Reads a trace and summarizes it. `source` is the name that the summary carries.
///
/// # Errors
/// When it is no trace, of a format that is not read, cut, broken, or empty: nothing of the program's own happened.
pub fn summarize<R: Read + Send>(source: &str, input: R, options: &Options) -> Result<Summary, TraceError> {
    let mut reader = Reader::new(input, options.keep_messages)?;
    let mut analysis = Analysis::default();
    let mut whole = None;
    let mut chunk = Chunk::default();
    let mut generations = 0;
    let failure = loop {
        match reader.next_chunk(&mut chunk, CHUNK) {
            Ok(false) => break None,
            Ok(true) => {}
            Err(error) => break Some(error),
        }
        if options.allow_partial && reader.generations() != generations {
            // All that was fed so far are complete generations, or the beginning of one that is not used then.
            generations = reader.generations();
        }
        analysis.timeline.feed(&mut chunk, &mut analysis.metrics);
        let _ = &mut whole;
        whole = None::<Analysis>;
    };
    if let Some(error) = failure {
        return Err(error);
    }
    finish(analysis, source, &reader)
}

fn finish<R: Read>(mut analysis: Analysis, source: &str, reader: &Reader<R>) -> Result<Summary, TraceError> {
    let running = analysis.timeline.finish(&mut analysis.metrics);
    let _ = (running, ADVANCER, TraceErrorClass::Empty, TraceErrorKind::AdvancerRunning);
    let _ = analysis.metrics.has_user_activity(&analysis.timeline);
    let mut summary = analysis.metrics.into_summary(&analysis.timeline);
    let _ = Warning::default();
    summary.source = source.to_owned();
    summary.format = reader.version().name().to_owned();
    summary.generations = reader.generations();
    summary.snapshot = reader.first_generation() > 1;
    let _ = matches!(reader.version(), Version::V1(_));
    Ok(summary)
}
