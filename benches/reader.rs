//! How long reading takes by itself, and with the analysis: `cargo bench --bench reader -- TRACE...`
//!
//! Prints nanoseconds an event, of one thread that does nothing but read, and of the whole pipeline.
#![allow(missing_docs, clippy::print_stdout, clippy::print_stderr)]

use std::fs::File;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use gotrace_diff::summarize::{Options, summarize};
use gotrace_diff::trace::{Chunk, Reader, TraceError};

/// How often each is timed; the fastest counts, since whatever else runs on the machine can only add.
const RUNS: usize = 5;

fn read(path: &str) -> Result<usize, TraceError> {
    let mut reader = Reader::new(open(path)?, false)?;
    let (mut chunk, mut events) = (Chunk::default(), 0);
    while reader.next_chunk(&mut chunk, 4096)? {
        events += chunk.events.len();
    }
    Ok(events)
}

fn open(path: &str) -> Result<File, TraceError> {
    use gotrace_diff::trace::TraceErrorKind::ReadFailed;
    File::open(path).map_err(|error| TraceError::new(ReadFailed, 0).with(error))
}

fn fastest<T>(mut run: impl FnMut() -> Result<T, TraceError>) -> Result<(T, Duration), TraceError> {
    let mut best: Option<(T, Duration)> = None;
    for _ in 0..RUNS {
        let begin = Instant::now();
        let value = run()?;
        let took = begin.elapsed();
        if best.as_ref().is_none_or(|(_, least)| took < *least) {
            best = Some((value, took));
        }
    }
    best.ok_or_else(|| TraceError::new(gotrace_diff::trace::TraceErrorKind::NoBytes, 0))
}

fn time(path: &str) -> Result<(), TraceError> {
    let (events, reading) = fastest(|| read(path))?;
    let (_, whole) = fastest(|| summarize(path, open(path)?, &Options::default()))?;
    let each = |took: Duration| took.as_nanos() as f64 / events as f64;
    println!(
        "{path}: {events} events, read {:.0} ms = {:.1} ns each, summarized {:.0} ms = {:.1} ns each",
        reading.as_secs_f64() * 1e3,
        each(reading),
        whole.as_secs_f64() * 1e3,
        each(whole)
    );
    Ok(())
}

fn main() -> ExitCode {
    let mut all_read = true;
    for path in std::env::args().skip(1).filter(|arg| !arg.starts_with('-')) {
        if let Err(error) = time(&path) {
            eprintln!("{path}: {error}");
            all_read = false;
        }
    }
    if all_read { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
