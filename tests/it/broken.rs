//! Input that is cut, glued, crafted or no trace: one clear error, no panic, bounded time and memory.

use std::time::{Duration, Instant};

use gotrace_diff::summarize::{Options, summarize};
use gotrace_diff::summary::Summary;
use gotrace_diff::trace::{Chunk, Reader, TraceError, TraceErrorClass as Class, TraceErrorKind as Kind};

use crate::craft::{self, Craft, Events, ev};
use crate::data;

fn read(bytes: &[u8]) -> Result<Summary, TraceError> {
    summarize("test", bytes, &Options::default())
}

fn kind(bytes: &[u8]) -> Option<Kind> {
    read(bytes).err().map(|error| error.kind())
}

/// How many events the reader alone gives, or what it refuses.
pub fn events(bytes: &[u8]) -> Result<u64, TraceError> {
    let mut reader = Reader::new(bytes, false)?;
    let (mut chunk, mut count) = (Chunk::default(), 0);
    while reader.next_chunk(&mut chunk, 1000)? {
        count += chunk.events.len() as u64;
    }
    Ok(count)
}

#[test]
fn what_is_no_trace_is_refused_by_name() {
    let cases: &[(&[u8], Kind)] = &[
        (b"", Kind::NoBytes),
        (b"go 1", Kind::HeaderCut),
        (b"PK\x03\x04 some archive", Kind::BadHeader),
        (b"{\"schema\": \"json\"}", Kind::BadHeader),
        (b"go 1.26 trace\0\0\0", Kind::HeaderOnly),
        (b"go 1.22 trace\0\0\0", Kind::HeaderOnly),
        (b"go 1.21 trace\0\0\0", Kind::HeaderOnly),
        (b"go 1.5 trace\0\0\0\0", Kind::TooOld),
        (b"go 1.99 trace\0\0\0", Kind::TooNew),
        (b"go 1.26 trace\0\0\0\x09", Kind::NotABatch),
    ];
    for (bytes, expected) in cases {
        assert_eq!(kind(bytes), Some(*expected), "{:?}", String::from_utf8_lossy(bytes));
    }
}

#[test]
fn every_truncation_of_a_trace_is_refused() {
    // Two of each release, and a snapshot of the flight recorder, which is one generation: no cut leaves a whole one.
    let mut names: Vec<String> = Vec::new();
    for release in ["go1.21.13", "go1.22.10", "go1.23.9", "go1.24.11", "go1.25.5", "go1.26.6", "go1.27.3"] {
        names.extend([format!("{release}/sched"), format!("{release}/cgo")]);
    }
    names.extend(["go1.27.3/flight".to_owned(), "go1.27.3/coro".to_owned()]);
    let check = |name: &String| {
        let whole = data::trace(name);
        let generations = read(&whole).unwrap_or_else(|e| panic!("{name}: {e}")).generations;
        // A cut between two generations of a snapshot cannot be seen; all others can.
        let snapshot = name.ends_with("/flight");
        let mut passed = 0;
        for len in 0..whole.len() {
            match read(&whole[..len]) {
                Ok(summary) => {
                    assert!(snapshot && summary.generations < generations, "{name} cut at {len} reads");
                    passed += 1;
                }
                Err(error) => {
                    // C threads' goroutines are known by the order of the file alone, so that what is missing of one
                    // contradicts another.
                    let contradicts = name.ends_with("/cgo") && error.kind() == Kind::GoroutineExists;
                    let expected = [Class::Truncated, Class::NotATrace, Class::Empty];
                    assert!(contradicts || expected.contains(&error.kind().class()), "{name} cut at {len}: {error}");
                }
            }
        }
        assert!(passed < generations, "{name}: {passed} cuts read");
    };
    std::thread::scope(|scope| {
        for half in names.chunks(names.len().div_ceil(2)) {
            scope.spawn(|| half.iter().for_each(check));
        }
    });
}

#[test]
fn a_partial_trace_is_marked_and_holds_the_complete_generations() {
    for release in ["go1.22.10", "go1.23.9", "go1.24.11", "go1.25.5", "go1.26.6", "go1.27.3"] {
        let name = format!("{release}/gens");
        let whole = data::trace(&name);
        let generations = read(&whole).map(|s| s.generations).unwrap_or(0);
        assert!(generations > 2, "{name} has {generations} generations");
        let partial = Options { allow_partial: true, ..Options::default() };
        let mut usable = 0;
        for len in (0..whole.len()).step_by(97) {
            assert!(read(&whole[..len]).is_err(), "{name} cut at {len}");
            if let Ok(summary) = summarize("test", &whole[..len], &partial) {
                assert!(!summary.complete, "{name} cut at {len}");
                assert!(summary.generations <= generations && summary.warnings.iter().any(|w| w.kind == "partial"));
                usable += 1;
            }
        }
        assert!(usable > 0, "{name}: no cut left a complete generation");
        let all = summarize("test", whole.as_slice(), &partial);
        assert!(all.is_ok_and(|summary| summary.complete), "{name}: a whole trace is complete");
    }
}

#[test]
fn two_traces_in_one_file_are_told_apart() {
    for name in data::names() {
        let trace = data::trace(&name);
        let glued = [trace.clone(), trace.clone()].concat();
        let Err(error) = read(&glued) else { panic!("{name} twice reads as one trace") };
        assert_eq!((error.kind(), error.offset()), (Kind::SecondHeader, trace.len() as u64), "{name}: {error}");
    }
}

#[test]
fn recorded_accidents_are_named() {
    // What Go's reader says of these is in testdata/README.md; for `exit` and `exitgens` it says nothing at all.
    for (name, expected) in [
        ("go1.22.10/exit", Class::Empty),
        ("go1.25.5/exit", Class::Empty),
        ("go1.26.6/exit", Class::Truncated),
        ("go1.22.10/exitgens", Class::Truncated),
        ("go1.25.5/exitgens", Class::Truncated),
        ("go1.26.6/exitgens", Class::Truncated),
        ("go1.21.13/killed", Class::Truncated),
        ("go1.22.10/killed", Class::Truncated),
        ("go1.25.5/killed", Class::Truncated),
        ("go1.26.6/killed", Class::Truncated),
    ] {
        let Err(error) = read(&data::read(&format!("misuse/{name}.out"))) else { panic!("{name} reads") };
        assert_eq!(error.kind().class(), expected, "{name}: {error}");
    }
}

#[test]
fn misused_regions_are_warnings_and_reading_goes_on() {
    for release in ["go1.21.13", "go1.22.10", "go1.25.5", "go1.26.6"] {
        let double = read(&data::read(&format!("misuse/{release}/double.out"))).expect("reads");
        let warning = double.warnings.iter().find(|w| w.kind == "region-end-without-start").expect("warned");
        assert!(warning.message.contains("began and ended on different goroutines; use a task"), "{warning:?}");
        let elsewhere = read(&data::read(&format!("misuse/{release}/elsewhere.out"))).expect("reads");
        assert!(elsewhere.warnings.iter().any(|w| w.kind == "region-end-without-start"), "{elsewhere:?}");
    }
}

/// A goroutine running on a processor, as the first events of thread 1.
fn running() -> Events {
    Events::default().event(ev::PROC_STATUS, 1, &[0, craft::PROC_RUNNING]).event(
        ev::GO_STATUS,
        1,
        &[1, 1, craft::GO_RUNNING],
    )
}

fn program(events: Events) -> Vec<u8> {
    let data = events.event(ev::GO_BLOCK, 10, &[0, 1]).0;
    let craft = Craft::new("go 1.22").frequency(1).strings(1, &["main.work", "outer", "inner", "job"]);
    craft.stacks(1, &[&[1]]).batch(1, 1, 100, &data).bytes
}

#[test]
fn a_region_end_closes_the_innermost_of_its_name_and_those_above_are_misnested() {
    let events = running()
        .event(ev::REGION_BEGIN, 10, &[0, 2, 1])
        .event(ev::REGION_BEGIN, 10, &[0, 3, 1])
        .event(ev::REGION_END, 10, &[0, 2, 1])
        .event(ev::REGION_END, 10, &[0, 3, 1]);
    let summary = read(&program(events)).expect("reads");
    let total = |name: &str| summary.regions.get(name).map(|r| (r.count, r.total_ns));
    assert_eq!(total("outer"), Some((1, 20)));
    // Closed with the outer one; its own end, on a goroutine without open regions, tells of a call of its own.
    assert_eq!(total("inner").map(|(count, _)| count), Some(2));
    let kinds: Vec<&str> = summary.warnings.iter().map(|w| w.kind.as_str()).collect();
    assert_eq!(kinds, ["region-end-without-start", "region-misnested"]);
}

#[test]
fn regions_of_a_deep_recursion_end_as_they_began() {
    // 4,096 are measured; what lies deeper is counted, and ends none of those.
    for (depth, deeper) in [(4_096, 0), (4_097, 1), (5_000, 904)] {
        let mut events = running();
        for name in [2].into_iter().chain(std::iter::repeat_n(3, depth - 1)) {
            events = events.event(ev::REGION_BEGIN, 1, &[0, name, 1]);
        }
        for name in std::iter::repeat_n(3, depth - 1).chain([2]) {
            events = events.event(ev::REGION_END, 1, &[0, name, 1]);
        }
        let summary = read(&program(events)).expect("reads");
        let depth = i64::try_from(depth).unwrap();
        let total = |name: &str| summary.regions.get(name).map(|r| (r.count as i64, r.total_ns));
        assert_eq!(total("outer"), Some((1, 2 * depth - 1)));
        let within = (0..(depth - 1).min(4_095)).map(|at| 2 * (depth - 1 - at) - 1).sum();
        assert_eq!(total("inner"), Some((depth - 1, within)));
        let warned: Vec<(&str, u64)> = summary.warnings.iter().map(|w| (w.kind.as_str(), w.count)).collect();
        assert_eq!(warned, if deeper == 0 { vec![] } else { vec![("region-too-deep", deeper)] });
    }
}

#[test]
fn a_task_that_is_ended_twice_keeps_its_name_and_its_first_end() {
    // Go's analysis has it without a name, and until the second end: a deliberate difference.
    let events = running().event(ev::TASK_BEGIN, 10, &[7, 0, 4, 1]).event(ev::TASK_END, 10, &[7, 1]).event(
        ev::TASK_END,
        10,
        &[7, 1],
    );
    let summary = read(&program(events)).expect("reads");
    let told: Vec<_> = summary.tasks.iter().map(|(name, t)| (name.as_str(), t.count, t.total_ns)).collect();
    assert_eq!(told, [("job", 1, 10)]);
    assert_eq!(summary.warnings.iter().map(|w| w.kind.as_str()).collect::<Vec<_>>(), ["task-ended-twice"]);
}

#[test]
fn a_task_id_used_twice_is_a_warning() {
    let events = running().event(ev::TASK_BEGIN, 10, &[7, 0, 4, 1]).event(ev::TASK_BEGIN, 10, &[7, 0, 4, 1]);
    let summary = read(&program(events)).expect("reads");
    assert_eq!(summary.tasks.get("job").map(|t| t.count), Some(1));
    assert!(summary.warnings.iter().any(|w| w.kind == "task-id-conflict"));
}

#[test]
fn times_that_nanoseconds_cannot_say_are_refused_where_they_stand() {
    // Go converts such times to whatever the processor makes of them: the first event of all here, the last one there.
    for (begin, later) in [(u64::MAX, 1), (1 << 63, 1), (100, u64::MAX), (100, 1 << 63), (1 << 62, 1 << 62)] {
        let data = running().event(ev::GO_STOP, later, &[0, 1]).0;
        let craft = Craft::new("go 1.22").frequency(1).strings(1, &["main.work"]).stacks(1, &[&[1]]);
        assert_eq!(kind(&craft.batch(1, 1, begin, &data).bytes), Some(Kind::TimeOutOfRange), "{begin} and {later}");
    }
    // What stands before it is read: one that is broken otherwise is told first.
    let data = running().event(ev::GO_START, 1, &[9, 1]).event(ev::GO_STOP, u64::MAX, &[0, 1]).0;
    let craft = Craft::new("go 1.22").frequency(1).strings(1, &["main.work"]).stacks(1, &[&[1]]);
    assert_eq!(kind(&craft.batch(1, 1, 100, &data).bytes), Some(Kind::NoProgressAtEnd));
}

#[test]
fn a_batch_of_experiment_0_is_a_batch_like_others() {
    let plain = program(running());
    let count = events(&plain).expect("reads");
    let at = plain.windows(4).position(|bytes| bytes == [1, 1, 1, 100]).expect("the batch of thread 1");
    let marked = |experiment: u8| [&plain[..at], &[49, experiment], &plain[at + 1..]].concat();
    assert_eq!(events(&marked(0)).ok(), Some(count));
    assert_eq!(kind(&marked(1)), Some(Kind::NoUserGoroutine));
}

#[test]
fn a_trace_without_user_goroutines_is_empty() {
    let data = running().event(ev::GO_BLOCK, 1, &[0, 1]).0;
    let system = Craft::new("go 1.22").frequency(1).strings(1, &["runtime.bgsweep"]).stacks(1, &[&[1]]);
    assert_eq!(kind(&system.batch(1, 1, 100, &data).bytes), Some(Kind::NoUserGoroutine));
    let nameless = running().event(ev::GO_BLOCK, 1, &[0, 0]).0;
    assert_eq!(kind(&Craft::new("go 1.22").frequency(1).batch(1, 1, 1, &nameless).bytes), Some(Kind::NoUserGoroutine));
}

#[test]
fn ordering_is_not_quadratic() {
    let bytes = craft::reversed_proc_starts(1 << 20);
    assert!(bytes.len() > 1_000_000 && bytes.len() <= 1 << 20, "{} bytes", bytes.len());
    let start = Instant::now();
    let count = events(&bytes).expect("every processor starts in turn");
    // A quadratic order takes minutes for this: the bound is loose on purpose, it tells these apart anywhere.
    assert!(start.elapsed() < Duration::from_secs(20), "{:?}", start.elapsed());
    assert!(count > 100_000, "{count} events");
}

#[test]
fn many_waiters_for_the_same_thing_are_not_quadratic() {
    // Every thread wants to start goroutine 1 as its first start; it is created and destroyed over and over.
    let n = 20_000u64;
    let mut main = running();
    for _ in 0..n {
        main = main.event(ev::GO_CREATE, 1, &[2, 0, 0]);
        main = main.event(ev::GO_BLOCK, 1, &[0, 0]).event(ev::GO_START, 1, &[2, 1]).event(ev::GO_DESTROY, 1, &[]);
        main = main.event(ev::GO_UNBLOCK, 1, &[1, 1, 0]).event(ev::GO_START, 1, &[1, 2]);
    }
    let mut craft = Craft::new("go 1.22").frequency(1).batch(1, 1, 1_000_000, &main.0[..main.0.len().min(60_000)]);
    for m in 2..n {
        craft = craft.batch(1, m, m, &Events::default().event(ev::GO_START, 0, &[2, 1]).0);
    }
    let start = Instant::now();
    assert!(events(&craft.bytes).is_err());
    assert!(start.elapsed() < Duration::from_secs(20), "{:?}", start.elapsed());
}

/// The most memory that summarizing this file took, in bytes. Where the system does not say, `None`.
#[cfg(target_os = "linux")]
fn peak_memory(bytes: &[u8]) -> Option<u64> {
    let file = tempfile::NamedTempFile::new().expect("a temporary file");
    std::fs::write(file.path(), bytes).expect("written");
    let mut child = std::process::Command::new(env!("CARGO_BIN_EXE_gotrace-diff"))
        .args(["summarize", "--format", "json"])
        .arg(file.path())
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .spawn()
        .expect("the binary runs");
    let status = format!("/proc/{}/status", child.id());
    let mut peak = None;
    while child.try_wait().expect("a child").is_none() {
        // The high-water mark never falls: the last one that is seen is at most a moment old.
        let text = std::fs::read_to_string(&status).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kib = line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<u64>().ok());
        peak = kib.map(|kib| kib * 1024).or(peak);
        std::thread::sleep(Duration::from_millis(1));
    }
    peak
}

#[test]
#[cfg(target_os = "linux")]
fn crafted_files_take_bounded_memory() {
    for (what, bytes) in [
        ("a million empty batches", craft::empty_batches(1_000_000)),
        ("threads with one event each", craft::tiny_batches(300_000)),
        ("goroutines that never do anything", craft::many_goroutines(500_000)),
        ("reversed starts", craft::reversed_proc_starts(1 << 20)),
        ("ids that double", craft::doubling_ids(21)),
    ] {
        let Some(peak) = peak_memory(&bytes) else { continue };
        let bound = (32 << 20) + 32 * bytes.len() as u64;
        assert!(peak <= bound, "{what}: {} bytes take {peak}, more than {bound}", bytes.len());
    }
}

#[test]
fn open_ranges_are_bounded() {
    let mut events = running();
    for kind in 1..=100 {
        events = events.event(ev::STW_BEGIN, 1, &[kind, 0]);
    }
    let names: Vec<String> = (0..100).map(|i| format!("kind {i}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let craft = Craft::new("go 1.22").frequency(1).strings(1, &names).batch(1, 1, 1, &events.0);
    assert_eq!(kind(&craft.bytes), Some(Kind::TooManyRanges));
}

#[test]
fn a_compressed_file_that_unfolds_too_far_is_refused() {
    use std::io::Write;
    let mut bomb = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    bomb.write_all(b"go 1.22 trace\0\0\0").expect("in memory");
    // Batches of an experiment are skipped by their length, so that nothing else refuses these.
    let mut batch = vec![49, 1, 1, 1, 1, 0x80, 0x80, 0x04];
    batch.resize(8 + (64 << 10), 0);
    for _ in 0..400 {
        bomb.write_all(&batch).expect("in memory");
    }
    assert_eq!(kind(&bomb.finish().expect("in memory")), Some(Kind::UnpacksTooFar));
}

#[test]
fn compressed_traces_read_as_the_plain_ones() {
    use std::io::Write;
    let plain = data::trace("go1.26.6/tasks");
    let expected = read(&plain).expect("reads");
    let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    gz.write_all(&plain).expect("in memory");
    let gz = gz.finish().expect("in memory");
    assert_eq!(read(&gz).expect("reads"), expected);
    let zst = ruzstd::encoding::compress_to_vec(plain.as_slice(), ruzstd::encoding::CompressionLevel::Fastest);
    assert_eq!(read(&zst).expect("reads"), expected);
    // Two members or frames, one behind the other, are one stream, as the tools that write them have it.
    let (a, b) = plain.split_at(plain.len() / 2);
    let level = ruzstd::encoding::CompressionLevel::Fastest;
    let frames = [ruzstd::encoding::compress_to_vec(a, level), ruzstd::encoding::compress_to_vec(b, level)].concat();
    assert_eq!(read(&frames).expect("reads"), expected);
    for mut packed in [gz, zst, frames] {
        for cut in [1, packed.len() / 2, packed.len() - 1] {
            assert!(read(&packed[..cut]).is_err(), "cut at {cut}");
        }
        // What both end with says how long it is, or what its bytes add up to.
        *packed.last_mut().expect("not empty") ^= 1;
        assert_eq!(kind(&packed), Some(Kind::Decompression));
    }
}

#[test]
fn errors_say_where_and_what_to_do() {
    let trace = data::trace("go1.26.6/tasks");
    let error = read(&trace[..trace.len() / 2]).expect_err("cut");
    let text = error.to_string();
    assert!(text.contains("truncated: trace.Stop was not called, or the process died"), "{text}");
    assert!(text.contains("at byte "), "{text}");
    assert!(error.kind().class().advice().contains("trace.Stop"));
    let newer = read(b"go 1.44 trace\0\0\0").expect_err("newer").to_string();
    assert!(newer.contains("unsupported format") && newer.contains("newest supported is go 1.26"), "{newer}");
    for kind in Kind::ALL {
        assert!(!kind.message().is_empty() && !kind.class().advice().is_empty());
    }
}
