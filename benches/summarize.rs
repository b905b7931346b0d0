//! Throughput of each stage, on recordings of testdata: `cargo bench --bench summarize`. And what everything costs that is
//! told besides the figures of Go's own analysis, on those, or on traces of yours: `cargo bench --bench summarize -- TRACE...`
//!
//! ```text
//!   reading    bytes ──▶ events           decoding and ordering
//!   summarize  bytes ──▶ Summary          the same and the analysis, on two threads
//!   compare    two sides ──▶ verdicts
//!   render     verdicts ──▶ text, JSON
//!
//!   cost       bytes ──▶ events ══▶ Plain ──▶ Summary       taking turns; two threads, as in use, and one,
//!              bytes ──▶ events ══▶ Metrics ──▶ Summary     where nothing hides behind the reader
//! ```
//!
//! How that compares with Go's own reader is what `benches/against-go.sh` measures, on larger traces.
#![allow(missing_docs, clippy::print_stdout)] // What `criterion_group!` makes has none.

mod recordings;

use std::hint::black_box;
use std::path::Path;
use std::process::ExitCode;
use std::sync::mpsc::{channel, sync_channel};
use std::time::{Duration, Instant};

use criterion::{BenchmarkGroup, Criterion, Throughput, criterion_group, measurement::WallTime};
use gotrace_diff::compare::{Side, compare};
use gotrace_diff::config::Config;
use gotrace_diff::gate;
use gotrace_diff::metrics::{Metrics, plain::Plain};
use gotrace_diff::paths::Repository;
use gotrace_diff::report::build::{Context, build};
use gotrace_diff::report::json;
use gotrace_diff::summarize::{Options, summarize};
use gotrace_diff::summary::Summary;
use gotrace_diff::timeline::{Sink, Timeline};
use gotrace_diff::trace::{Chunk, Reader, TraceError};
use recordings::load;

/// Recordings of different kinds: many tiny goroutines, collections, many generations, a benchmark's fan-out.
const TRACES: [&str; 4] = [
    "traces/go1.26.6/manyg.out",
    "traces/go1.26.6/gc.out",
    "traces/go1.27.3/gens.out",
    "regressions/fanout-bench/base.out.zst",
];

/// Recordings on which what everything costs is measured: of each kind, and the largest that there are.
const KINDS: [&str; 10] = [
    "traces/go1.26.6/manyg.out",
    "traces/go1.26.6/gc.out",
    "traces/go1.26.6/net.out",
    "traces/go1.26.6/tasks.out",
    "traces/go1.26.6/test.out",
    "traces/go1.26.6/count.out",
    "traces/go1.27.3/gens.out",
    "traces/go1.21.13/gc.out",
    "regressions/fanout-bench/base.out.zst",
    "regressions/pool/base.out",
];

/// A regression, recorded: compared 10 runs a side, all alike.
const SIDES: [&str; 2] = ["regressions/fanout-bench/base.out.zst", "regressions/fanout-bench/head.out.zst"];
const RUNS: usize = 10;

/// Events of a chunk, and chunks that may wait, as where traces are summarized.
const CHUNK: usize = 16384;
const AHEAD: usize = 4;

fn quick(group: &mut BenchmarkGroup<'_, WallTime>) {
    group.sample_size(20).measurement_time(Duration::from_secs(2)).warm_up_time(Duration::from_millis(500));
}

fn reading(c: &mut Criterion) {
    for name in TRACES {
        let bytes = load(name);
        let mut group = c.benchmark_group(name);
        group.throughput(Throughput::Bytes(bytes.len() as u64));
        quick(&mut group);
        group.bench_function("reading", |b| {
            b.iter(|| {
                let mut reader = Reader::new(bytes.as_slice(), false).ok()?;
                let (mut chunk, mut events) = (Chunk::default(), 0);
                while reader.next_chunk(&mut chunk, 4096).ok()? {
                    events += chunk.events.len();
                }
                Some(events)
            });
        });
        group.bench_function("summarize", |b| b.iter(|| summarize(name, bytes.as_slice(), &Options::default())));
        group.finish();
    }
}

fn comparing(c: &mut Criterion) {
    let sides = SIDES.map(|name| -> Vec<Summary> {
        let summary = summarize(name, load(name).as_slice(), &Options::default());
        summary.into_iter().cycle().take(RUNS).collect()
    });
    let side = |at: usize| Side::new(&sides[at], None);
    let (config, repository) = (Config::default(), Repository::around(Path::new(env!("CARGO_MANIFEST_DIR"))));
    let mut group = c.benchmark_group("a comparison");
    quick(&mut group);
    group.bench_function("compare", |b| {
        b.iter(|| {
            let comparison = compare(side(0), side(1));
            black_box(gate::judge(&comparison, &config)).judgements.len()
        });
    });
    let comparison = compare(side(0), side(1));
    let judged = gate::judge(&comparison, &config);
    group.bench_function("render", |b| {
        b.iter(|| {
            let (warnings, left_out) = (Vec::new(), Vec::new());
            let context = Context {
                repository: &repository,
                warnings,
                left_out,
                show_framework: false,
                against_baseline: false,
                nested: false,
                diagnoses: Vec::new(),
                drawn: Default::default(),
            };
            json::render(&build(&comparison, &judged, context)).map(|text| text.len())
        });
    });
    group.finish();
}

/// What everything may take longer than the plain summary, where a second core reads ahead.
const MOST: f64 = 1.0 / 3.0;
/// Each takes so many turns; the fastest counts, since whatever else runs on the machine can only add.
const TURNS: usize = 15;
/// A turn takes at least as long: small recordings are summarized several times.
const TURN: Duration = Duration::from_millis(40);
/// Single goroutines, tasks and so on that are kept of each kind.
const INSTANCES: usize = 100;

/// Feeds all of a trace to what tells of it: on the thread that reads, or (`ahead`) on another.
fn feed<S: Sink>(trace: &[u8], ahead: bool, sink: &mut S) -> Result<Timeline, TraceError> {
    let mut reader = Reader::new(trace, false)?;
    let mut timeline = Timeline::default();
    if ahead {
        let ((full, to_feed), (emptied, to_fill)) = (sync_channel::<Chunk>(AHEAD), channel::<Chunk>());
        std::thread::scope(|scope| {
            let reading = scope.spawn(move || {
                loop {
                    let mut chunk = to_fill.try_recv().unwrap_or_default();
                    if !reader.next_chunk(&mut chunk, CHUNK)? || full.send(chunk).is_err() {
                        return Ok(());
                    }
                }
            });
            for mut chunk in to_feed {
                timeline.feed(&mut chunk, sink);
                let _ = emptied.send(chunk);
            }
            reading.join().unwrap_or(Ok(()))
        })?;
    } else {
        let mut chunk = Chunk::default();
        while reader.next_chunk(&mut chunk, CHUNK)? {
            timeline.feed(&mut chunk, sink);
        }
    }
    timeline.finish(sink);
    Ok(timeline)
}

type Take = fn(&[u8], bool) -> Result<Summary, TraceError>;

/// The figures of Go's own analysis.
fn plain(trace: &[u8], ahead: bool) -> Result<Summary, TraceError> {
    let mut plain = Plain::default();
    let timeline = feed(trace, ahead, &mut plain)?;
    Ok(plain.into_summary(&timeline))
}

/// All that is told of why it is slow, without being asked for.
fn told(trace: &[u8], ahead: bool) -> Result<Summary, TraceError> {
    let mut metrics = Metrics::default();
    let timeline = feed(trace, ahead, &mut metrics)?;
    Ok(metrics.into_summary(&timeline))
}

/// On request, too: all stacks of Go's profiles and of the honest ones, and the longest of single things.
fn asked(trace: &[u8], ahead: bool) -> Result<Summary, TraceError> {
    let mut metrics = Metrics::of(None, INSTANCES, usize::MAX);
    let timeline = feed(trace, ahead, &mut metrics)?;
    Ok(metrics.into_summary(&timeline))
}

/// How long each takes, at best.
fn fastest(trace: &[u8], ahead: bool) -> Result<[Duration; 3], TraceError> {
    let takes: [Take; 3] = [plain, told, asked];
    let mut best = [Duration::MAX; 3];
    for _ in 0..TURNS {
        for (best, take) in best.iter_mut().zip(takes) {
            let (begin, mut times) = (Instant::now(), 0);
            while times == 0 || begin.elapsed() < TURN {
                black_box(take(trace, ahead)?);
                times += 1;
            }
            *best = (*best).min(begin.elapsed() / times);
        }
    }
    Ok(best)
}

/// Prints what everything costs over the plain summary. True where what is told unasked does not cost too much.
fn cost(traces: impl Iterator<Item = (String, Vec<u8>)>) -> bool {
    let mut holds = true;
    println!("milliseconds of the plain summary; more for all that is told unasked, and for all that can be asked for");
    for (name, trace) in traces {
        match fastest(&trace, true).and_then(|two| Ok([two, fastest(&trace, false)?])) {
            Err(error) => {
                println!("{name}: {error}");
                holds = false;
            }
            Ok(both) => {
                let told = both.map(|took| {
                    let [plain, told, asked] = took.map(|took| took.as_secs_f64() * 1e3);
                    let more = |all: f64| (all / plain - 1.0) * 100.0;
                    (format!("{plain:.2}, {:+.0} %, {:+.0} %", more(told), more(asked)), told <= plain * (1.0 + MOST))
                });
                println!("{name}: two threads {}; one thread {}", told[0].0, told[1].0);
                holds &= told[0].1;
            }
        }
    }
    println!("{} %: {}", (MOST * 100.0).round(), if holds { "held with two threads" } else { "not held" });
    holds
}

criterion_group!(all, reading, comparing);

fn main() -> ExitCode {
    let given: Vec<String> = std::env::args().skip(1).filter(|arg| Path::new(arg).is_file()).collect();
    let holds = if given.is_empty() {
        all();
        Criterion::default().configure_from_args().final_summary();
        cost(KINDS.iter().map(|name| ((*name).to_owned(), load(name))))
    } else {
        cost(given.into_iter().map(|path| (path.clone(), std::fs::read(path).unwrap_or_default())))
    };
    if holds { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
