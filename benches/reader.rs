//! How long reading takes by itself, and with the analysis, and whether that grows with the events alone:
//! `cargo bench --bench reader -- TRACE...`
//!
//! Of each trace the first generations that make up a tenth and a third of it, and all: nanoseconds an event of one thread that
//! does nothing but read, and of the whole pipeline. Of one trace, since what takes time in two that were recorded is never the
//! same: how often two threads take turns, how many goroutines there are.
#![allow(missing_docs, clippy::print_stdout, clippy::print_stderr)]

use std::fs::File;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use gotrace_diff::summarize::{Options, summarize};
use gotrace_diff::trace::{Bytes, Chunk, Reader, TraceError, TraceErrorClass, TraceErrorKind};

/// How often each is timed; the fastest counts, since whatever else runs on the machine can only add.
const RUNS: usize = 5;

/// Which parts of a trace are timed, in tenths of its bytes.
const TENTHS: [u64; 3] = [1, 3, 10];

/// A trace, or its first generations.
#[derive(Clone, Copy)]
struct Part {
    bytes: u64,
    events: u64,
}

/// The first `len` bytes of a file.
fn open(file: &Arc<File>, len: u64) -> Bytes<std::io::Empty> {
    Bytes::File(file.clone(), len)
}

/// Reads the first `len` bytes, and says where their generations end and how many events there are up to there.
fn read(file: &Arc<File>, len: u64) -> Result<Vec<Part>, TraceError> {
    let mut reader = Reader::new(open(file, len), false)?;
    let (mut chunk, mut parts, mut events) = (Chunk::default(), Vec::<Part>::new(), 0);
    while reader.next_chunk(&mut chunk, 4096)? {
        events += chunk.events.len() as u64;
        // A trace of Go 1.21 or older is one generation.
        let bytes = if reader.offset() == 0 { len } else { reader.offset() };
        let part = Part { bytes, events };
        match parts.last_mut() {
            Some(last) if last.bytes == part.bytes => *last = part,
            _ => parts.push(part),
        }
    }
    Ok(parts)
}

fn fastest(mut run: impl FnMut() -> Result<(), TraceError>) -> Result<Duration, TraceError> {
    let mut best = Duration::MAX;
    for _ in 0..RUNS {
        let begin = Instant::now();
        run()?;
        best = best.min(begin.elapsed());
    }
    Ok(best)
}

/// Summarizes a part. That the rest is missing is told at the end.
fn analyse(path: &str, bytes: Bytes<std::io::Empty>) -> Result<(), TraceError> {
    match summarize(path, bytes, &Options::default()) {
        Err(error) if error.kind().class() != TraceErrorClass::Truncated => Err(error),
        _ => Ok(()),
    }
}

fn time(path: &str) -> Result<(), TraceError> {
    let opened = File::open(path).and_then(|file| Ok((file.metadata()?.len(), Arc::new(file))));
    let (len, file) = opened.map_err(|error| TraceError::new(TraceErrorKind::ReadFailed, 0).with(error))?;
    let generations = read(&file, len)?;
    let up_to = |tenths| generations.iter().find(|part| part.bytes * 10 >= len * tenths).or(generations.last());
    let mut parts: Vec<Part> = TENTHS.iter().filter_map(|&tenths| up_to(tenths)).copied().collect();
    parts.dedup_by_key(|part| part.bytes);
    println!("{path}: {} generations", generations.len());
    println!(
        "{:>8} {:>9} {:>8} {:>9} {:>11} {:>9}",
        "MiB", "k-events", "read ms", "ns/event", "summary ms", "ns/event"
    );
    for part in parts {
        let reading = fastest(|| read(&file, part.bytes).map(drop))?;
        let whole = fastest(|| analyse(path, open(&file, part.bytes)))?;
        let ms = |took: Duration| took.as_secs_f64() * 1e3;
        let each = |took: Duration| took.as_nanos() as f64 / part.events as f64;
        println!(
            "{:8.1} {:9} {:8.0} {:9.1} {:11.0} {:9.1}",
            part.bytes as f64 / 1048576.0,
            part.events / 1000,
            ms(reading),
            each(reading),
            ms(whole),
            each(whole)
        );
    }
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
