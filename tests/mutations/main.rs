//! Recordings changed at random, from seeds: none makes the reader panic, and each costs bounded work and memory.
//!
//! A binary of its own, since its allocator counts. What is counted belongs to one process, so that each shard of the
//! seeds runs in a process of its own, one trace after the other:
//!
//! ```text
//!   seeds   0 … 49,999     ─▶ this binary again, shard 0 of 2 ─▶ how many read, how many were refused, the most of each
//!           50,000 … 99,999 ─▶ this binary again, shard 1 of 2 ─▶ …
//! ```
//!
//! `GOTRACE_DIFF_MUTATIONS` says how many; 100,000 without it, and a million in `.ci/run`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout)]
#![allow(unreachable_pub, dead_code)]

#[path = "../it/data.rs"]
mod data;
#[path = "../it/mutate/mod.rs"]
mod mutate;

use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;
use std::process::{Command, Stdio};
use std::sync::Arc;

use gotrace_diff::summarize::{Options, summarize};
use gotrace_diff::summary::Summary;
use gotrace_diff::trace::{Bytes, Chunk, Reader, TraceError};
use mutate::Source;

#[global_allocator]
static ALLOCATOR: peak_alloc::PeakAlloc = peak_alloc::PeakAlloc;

/// How many mutations, in all shards.
const COUNT: &str = "GOTRACE_DIFF_MUTATIONS";
/// The first seed, and the one behind the last: set in a shard.
const SEEDS: &str = "GOTRACE_DIFF_MUTATION_SEEDS";

/// Bytes that a shard need not give back.
const KEPT: &str = "268435456";

/// The smallest recordings of each release, most of all those of a few kilobytes: what is changed there is more of the
/// whole, and is read sooner.
const SMALL: [&str; 5] = ["sched", "cgo", "coro", "syscall", "tasks"];
const LARGER: [&str; 6] = ["synctest", "weak", "cpuprof", "leak", "test", "gens"];

fn sources() -> Vec<Source> {
    let mut sources = Vec::new();
    for name in data::names() {
        let kind = name.rsplit('/').next().unwrap_or_default();
        if SMALL.contains(&kind) {
            (0..6).for_each(|_| sources.push(Source::new(&name, data::trace(&name))));
        } else if LARGER.contains(&kind) && data::trace(&name).len() < 60_000 {
            sources.push(Source::new(&name, data::trace(&name)));
        }
    }
    sources
}

/// What reading took, in units that no other program on the machine changes.
#[derive(Clone, Copy, Debug, Default)]
struct Work {
    events: u64,
    /// How often an event was tried too early, and had to wait.
    waits: u64,
}

fn work(bytes: &[u8]) -> Result<Work, TraceError> {
    let mut reader = Reader::new(bytes, false)?;
    let (mut chunk, mut work) = (Chunk::default(), Work::default());
    loop {
        let more = reader.next_chunk(&mut chunk, 1000);
        work.waits = reader.waits();
        // What an event on the wire unfolds to is bounded: three events for a switch of coroutines.
        work.events += chunk.events.len() as u64;
        assert!(work.events <= 4 * bytes.len() as u64 + 64, "{} events of {} bytes", work.events, bytes.len());
        // An event waits once, is woken by one change, and may then find that it waits for another.
        assert!(work.waits <= 2 * bytes.len() as u64 + 64, "{} waits of {} bytes", work.waits, bytes.len());
        if !more? {
            return Ok(work);
        }
    }
}

/// How many rows a summary has: whatever grows with what a trace claims.
fn rows(summary: &Summary) -> usize {
    let named = summary.goroutines.len() + summary.regions.len() + summary.tasks.len() + summary.logs.len();
    named + summary.ranges.len() + summary.metric_max.len() + summary.sites.len() + summary.warnings.len()
}

/// The seeds of one shard, one after the other.
fn shard(seeds: std::ops::Range<u64>) {
    let sources = sources();
    let (mut read, mut refused) = (0u64, BTreeMap::<&str, u64>::new());
    let (mut most_memory, mut most_share) = (0, 0.0f64);
    for seed in seeds {
        let (name, bytes) = mutate::mutated(&sources, seed);
        let context = || format!("seed {seed}, {name}, {} bytes", bytes.len());
        let worked = std::panic::catch_unwind(|| work(&bytes)).unwrap_or_else(|_| panic!("{}", context()));
        let before = ALLOCATOR.current_usage();
        ALLOCATOR.reset_peak_usage();
        let options = Options { allow_partial: seed % 4 == 0, ..Options::default() };
        // One read as a stream, the next as a file, of which batches are read when their turn comes.
        let source: Bytes<&[u8]> = match seed % 2 {
            0 => Bytes::Stream(&bytes),
            _ => Bytes::File(Arc::new(bytes.clone()), bytes.len() as u64),
        };
        let summary = std::panic::catch_unwind(AssertUnwindSafe(|| summarize("mutated", source, &options)))
            .unwrap_or_else(|_| panic!("{}", context()));
        let memory = ALLOCATOR.peak_usage().saturating_sub(before);
        let bound = (4 << 20) + 32 * bytes.len();
        assert!(memory <= bound, "{}: {memory} bytes of memory, more than {bound}", context());
        most_memory = most_memory.max(memory);
        most_share = most_share.max(memory as f64 / bound as f64);
        match (worked, summary) {
            (Ok(_), Ok(summary)) => {
                assert!(summary.end_ns >= summary.start_ns, "{}", context());
                assert!(rows(&summary) <= bytes.len() / 2 + 64, "{}: {} rows", context(), rows(&summary));
                assert!(summary.complete, "{}: read whole, and marked as partial", context());
                read += 1;
            }
            (Err(error), Ok(summary)) => {
                assert!(options.allow_partial && !summary.complete, "{}: {error}, and read", context());
            }
            (worked, Err(error)) => {
                if let (Err(other), false) = (worked, options.allow_partial) {
                    assert_eq!((error.kind(), error.offset()), (other.kind(), other.offset()), "{}", context());
                }
                assert!(error.to_string().len() < 2048, "{}", context());
                *refused.entry(error.kind().name()).or_default() += 1;
            }
        }
    }
    println!("read {read} memory {most_memory} share {most_share:.3}");
    for (kind, count) in refused {
        println!("refused {kind} {count}");
    }
}

#[test]
fn mutated_recordings_cost_bounded_work_and_memory_and_never_panic() {
    if let Ok(seeds) = std::env::var(SEEDS) {
        let (from, to) = seeds.split_once("..").expect("a range");
        return shard(from.parse().expect("a number")..to.parse().expect("a number"));
    }
    let count: u64 = std::env::var(COUNT).map_or(100_000, |count| count.parse().expect("a number"));
    let shards = std::thread::available_parallelism().map_or(1, |n| n.get() as u64);
    let this = std::env::current_exe().expect("its own path");
    let children: Vec<_> = (0..shards)
        .map(|i| {
            let seeds = format!("{}..{}", count * i / shards, count * (i + 1) / shards);
            Command::new(&this)
                .args(["--exact", "mutated_recordings_cost_bounded_work_and_memory_and_never_panic", "--nocapture"])
                .env(SEEDS, seeds)
                // glibc gives blocks of a megabyte back to the system, and gets them anew for the next trace: half of the time.
                .env("MALLOC_MMAP_THRESHOLD_", KEPT)
                .env("MALLOC_TRIM_THRESHOLD_", KEPT)
                .stdout(Stdio::piped())
                .stderr(Stdio::piped())
                .spawn()
                .expect("this binary runs again")
        })
        .collect();
    let (mut read, mut refused) = (0, BTreeMap::<String, u64>::new());
    for child in children {
        let output = child.wait_with_output().expect("a child");
        let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success(), "{out}{err}");
        for line in out.lines() {
            let words: Vec<&str> = line.split(' ').collect();
            match words[..] {
                ["read", n, ..] => {
                    println!("{line}");
                    read += n.parse::<u64>().expect("a number");
                }
                ["refused", kind, n] => {
                    *refused.entry(kind.to_owned()).or_default() += n.parse::<u64>().expect("a number")
                }
                _ => {}
            }
        }
    }
    let all_refused: u64 = refused.values().sum();
    println!("{count} mutations: {read} read, {all_refused} refused for {} reasons: {refused:#?}", refused.len());
    // Otherwise the mutations are too wild to reach the timeline, or too tame to be refused.
    assert!(read > count / 20 && all_refused > count / 4, "{read} read, {all_refused} are refused");
    assert!(refused.len() >= if count >= 100_000 { 60 } else { 20 }, "only {refused:?}");
}
