//! Batches that are decoded ahead, by whoever waits for events: what comes out is what comes out without, errors and their places
//! included.

use std::collections::BTreeSet;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use gotrace_diff::trace::{Chunk, Helper, Reader, TraceErrorKind};

use crate::events::{digest, digest_helped};
use crate::from_file::{Broken, in_file};
use crate::mutate::{Parts, Source, mutated};
use crate::{craft, data};

/// Checks one trace; says with which error it is refused, if it is, and how many batches were decoded ahead.
fn check(name: &str, bytes: &[u8]) -> (Option<TraceErrorKind>, usize) {
    let expected = digest(bytes);
    let helped = [1, usize::MAX].map(|most| {
        let (read, helped) = digest_helped(in_file(bytes.to_vec(), bytes.len()), most);
        assert_eq!(read, expected, "{name}, up to {most} batches at a time");
        helped
    });
    (expected.err().map(|error| error.kind()), helped.into_iter().sum())
}

/// Recordings in many more batches than they have, since of the last of a thread nothing is decoded ahead. Very short batches
/// are not either: they are read with the others.
fn split() -> Vec<Source> {
    let names = data::names();
    let sources = names.iter().map(|name| Source::new(name, data::trace(name)));
    let in_batches = sources.filter_map(|source| match source.parts {
        Parts::V2(mut trace) if source.bytes.len() < 60_000 => {
            trace.split(400);
            Some(Source::new(&source.name, trace.bytes()))
        }
        _ => None,
    });
    in_batches.filter(|source| check(&source.name, &source.bytes).1 > 1).collect()
}

#[test]
fn a_trace_is_the_same_where_its_batches_are_decoded_ahead() {
    let sources = split();
    assert!(sources.len() > 20, "{}", sources.len());
    // Of both generations.
    let bytes = craft::many_goroutines_twice(100_000, 300_000);
    assert_eq!(check("of many goroutines", &bytes), (None, 90));
    // Wherever it is broken: in what was decoded ahead, in what was not, in the order of the events.
    let (mut kinds, mut refused) = (BTreeSet::new(), 0);
    for seed in 0..1_000 {
        let (name, bytes) = mutated(&sources, seed);
        if let (Some(kind), 1..) = check(name, &bytes) {
            kinds.insert(format!("{kind:?}"));
            refused += 1;
        }
    }
    assert!(refused > 200 && kinds.len() > 15, "{refused} refused: {kinds:?}");
}

#[test]
fn what_cannot_be_read_ahead_is_told_by_whoever_needs_it() {
    let bytes = craft::many_goroutines(400_000);
    for from in [0, 100_000, 2_000_000] {
        let file = || {
            let error = || Err(io::Error::other("the disk is gone"));
            in_file(Broken { bytes: bytes.clone(), from, error }, bytes.len())
        };
        let (read, helped) = digest_helped(file(), usize::MAX);
        assert_eq!(read, digest(file()), "from {from} on");
        assert_eq!(read.err().map(|error| error.kind()), Some(TraceErrorKind::ReadFailed));
        assert_eq!(helped > 10, from == 2_000_000, "{helped}");
    }
}

#[test]
fn a_trace_is_the_same_where_another_thread_decodes_as_it_likes() {
    let bytes = craft::many_goroutines_twice(100_000, 300_000);
    let (helper, is_read) = (Arc::<Helper>::default(), AtomicBool::new(false));
    let file = in_file(bytes.clone(), bytes.len());
    let (events, helped) = std::thread::scope(|scope| {
        let helping = scope.spawn(|| {
            let mut helped = 0;
            while !is_read.load(Ordering::Acquire) {
                helped += usize::from(helper.help());
            }
            helped
        });
        let mut reader = Reader::ahead(file, false, scope, Arc::clone(&helper)).unwrap();
        let (mut chunk, mut events) = (Chunk::default(), Vec::new());
        while reader.next_chunk(&mut chunk, 1000).unwrap() {
            events.append(&mut chunk.events);
        }
        is_read.store(true, Ordering::Release);
        (events, helping.join().unwrap())
    });
    let mut expected = Vec::new();
    let (mut reader, mut chunk) = (Reader::new(bytes.as_slice(), false).unwrap(), Chunk::default());
    while reader.next_chunk(&mut chunk, 1000).unwrap() {
        expected.append(&mut chunk.events);
    }
    assert!(helped <= 90, "each once: {helped}");
    assert_eq!(format!("{events:?}"), format!("{expected:?}"));
}
