//! Throughput of each stage, on recordings of testdata: `cargo bench --bench summarize`.
//!
//! ```text
//!   reading    bytes ──▶ events           decoding and ordering
//!   summarize  bytes ──▶ Summary          the same and the analysis, on two threads
//!   compare    two sides ──▶ verdicts
//!   render     verdicts ──▶ text, JSON
//! ```
//!
//! How that compares with Go's own reader is what `benches/against-go.sh` measures, on larger traces.
#![allow(missing_docs)] // What `criterion_group!` makes has none.

use std::hint::black_box;
use std::io::Read;
use std::path::Path;
use std::time::Duration;

use criterion::{BenchmarkGroup, Criterion, Throughput, criterion_group, criterion_main, measurement::WallTime};
use gotrace_diff::compare::{Side, compare};
use gotrace_diff::config::Config;
use gotrace_diff::gate;
use gotrace_diff::paths::Repository;
use gotrace_diff::report::build::{Context, build};
use gotrace_diff::report::json;
use gotrace_diff::summarize::{Options, summarize};
use gotrace_diff::summary::Summary;
use gotrace_diff::trace::{Chunk, Reader};

/// Recordings of different kinds: many tiny goroutines, collections, many generations, a benchmark's fan-out.
const TRACES: [&str; 4] = [
    "traces/go1.26.6/manyg.out",
    "traces/go1.26.6/gc.out",
    "traces/go1.27.3/gens.out",
    "regressions/fanout-bench/base.out.zst",
];

/// A regression, recorded: compared 10 runs a side, all alike.
const SIDES: [&str; 2] = ["regressions/fanout-bench/base.out.zst", "regressions/fanout-bench/head.out.zst"];
const RUNS: usize = 10;

fn load(name: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata").join(name);
    let bytes = std::fs::read(&path).unwrap_or_default();
    if !name.ends_with(".zst") {
        return bytes;
    }
    let mut plain = Vec::new();
    if let Ok(mut decoder) = ruzstd::decoding::StreamingDecoder::new(bytes.as_slice()) {
        let _ = decoder.read_to_end(&mut plain);
    }
    plain
}

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

criterion_group!(all, reading, comparing);
criterion_main!(all);
