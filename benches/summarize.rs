//! Throughput of the whole way from bytes to summary, on recordings of testdata. `cargo bench`
//!
//! How that compares with Go's own reader is what `benches/against-go.sh` measures.
#![allow(missing_docs)] // What `criterion_group!` makes has none.

use std::io::Read;
use std::path::Path;
use std::time::Duration;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use gotrace_diff::summarize::{Options, summarize};
use gotrace_diff::trace::{Chunk, Reader};

/// Recordings of different kinds: many tiny goroutines, collections, many generations, a benchmark's fan-out.
const TRACES: [&str; 4] = [
    "traces/go1.26.6/manyg.out",
    "traces/go1.26.6/gc.out",
    "traces/go1.27.3/gens.out",
    "regressions/fanout-bench/base.out.zst",
];

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

fn benches(c: &mut Criterion) {
    for name in TRACES {
        let bytes = load(name);
        let mut group = c.benchmark_group(name);
        group.throughput(Throughput::Bytes(bytes.len() as u64));
        group.sample_size(20).measurement_time(Duration::from_secs(2)).warm_up_time(Duration::from_millis(500));
        group.bench_function("read", |b| {
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

criterion_group!(all, benches);
criterion_main!(all);
