//! What the reader makes of each recording, to the event: a digest of all that it gives out.
//!
//! The figures are compared with Go's own elsewhere (`figures.rs`). This says that nothing of what the reader hands on
//! has changed unseen: order, times, arguments, stacks, texts. It needs nothing but the reader, so that mutants of its source
//! are tried in seconds (`tests/mutants`).
//!
//! `UPDATE_PAPERS=1 cargo test --test it events` writes the digests anew; look at what changed.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;

use gotrace_diff::trace::{Bytes, Chunk, EventKind, GoState, Helper, Reader, Symbols, TraceError, TraceErrorKind};

use crate::{craft, data};

/// Larger recordings say little more, and take longer.
pub const MOST_BYTES: usize = 200_000;

/// FNV-1a over text as it is written: equal on every machine and in every release of Rust.
struct Digest(u64);

impl Default for Digest {
    fn default() -> Self {
        Digest(0xcbf2_9ce4_8422_2325)
    }
}

impl Write for Digest {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        for byte in text.bytes() {
            self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
        Ok(())
    }
}

/// How many events there are, and the digest of all that is given out.
pub fn digest<R: Read>(bytes: impl Into<Bytes<R>>) -> Result<(u64, u64), TraceError> {
    digest_of(&mut Reader::new(bytes, false)?, || {})
}

/// The same where up to `most` batches are decoded ahead before each run of events. Says, too, how many were.
pub fn digest_helped<R: Read + Send>(
    bytes: impl Into<Bytes<R>>,
    most: usize,
) -> (Result<(u64, u64), TraceError>, usize) {
    let (bytes, helper, mut helped) = (bytes.into(), Arc::<Helper>::default(), 0);
    let digest = std::thread::scope(|scope| {
        let mut reader = Reader::ahead(bytes, false, scope, Arc::clone(&helper))?;
        digest_of(&mut reader, || helped += (0..most).take_while(|_| helper.help()).count())
    });
    (digest, helped)
}

fn digest_of(reader: &mut Reader<impl Read>, mut before: impl FnMut()) -> Result<(u64, u64), TraceError> {
    let (mut chunk, mut count) = (Chunk::default(), 0);
    let mut digest = Digest::default();
    let mut symbols = Symbols::default();
    loop {
        before();
        let more = reader.next_chunk(&mut chunk, 1000)?;
        count += chunk.events.len() as u64;
        write!(digest, "{:?}", (&chunk.symbols, &chunk.clocks, chunk.generation)).unwrap();
        symbols.apply(&mut chunk.symbols);
        for event in &chunk.events {
            write!(digest, "{event:?}{:?}", symbols.root(event.stack)).unwrap();
        }
        if !more {
            let read = [reader.generations(), reader.complete_generations(), reader.first_generation(), reader.waits()];
            write!(digest, "{read:?}{}{}{}", reader.offset(), symbols.stacks(), symbols.is_empty()).unwrap();
            return Ok((count, digest.0));
        }
    }
}

#[test]
fn every_recording_is_read_to_the_event_as_it_always_was() {
    let mut now = String::new();
    for name in data::names() {
        let bytes = data::trace(&name);
        if bytes.len() <= MOST_BYTES {
            let (events, digest) = digest(bytes.as_slice()).unwrap_or_else(|e| panic!("{name}: {e}"));
            writeln!(now, "{name} {events} {digest:016x}").unwrap();
        }
    }
    assert!(now.lines().count() > 50, "{now}");
    as_before("events", &now);
}

/// Compares with the golden text of this name.
fn as_before(name: &str, now: &str) {
    let place = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/it/golden/{name}.txt"));
    if std::env::var_os("UPDATE_PAPERS").is_some() {
        std::fs::write(&place, now).unwrap();
    }
    let was = std::fs::read_to_string(&place).unwrap();
    let changed: Vec<_> = now.lines().zip(was.lines()).filter(|(now, was)| now != was).collect();
    assert!(now == was, "now and before: {changed:#?}");
}

/// The bad traces of the corpus whose fault is one that the reader finds.
pub fn bad() -> Vec<(String, Vec<u8>)> {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus");
    let said = std::fs::read_to_string(corpus.join("said.txt")).unwrap();
    let mut inputs = Vec::new();
    let packed = std::fs::File::open(corpus.join("inputs.gz")).unwrap();
    std::io::Read::read_to_end(&mut flate2::read::GzDecoder::new(packed), &mut inputs).unwrap();
    let (mut at, mut bad) = (0, Vec::new());
    for line in said.lines() {
        let words: Vec<&str> = line.split(' ').collect();
        let len: usize = words[4].parse().unwrap();
        if words[0] == "trace" {
            bad.push((words[3].to_owned(), inputs[at..at + len].to_vec()));
        }
        at += len;
    }
    bad
}

#[test]
fn the_reader_alone_refuses_what_is_bad_about_a_trace() {
    // Nothing of the program's own in it, a cut between generations: that is for who reads the events.
    let above = [TraceErrorKind::NoUserGoroutine, TraceErrorKind::AdvancerRunning];
    let mut wrong = Vec::new();
    for (i, (cause, bytes)) in bad().iter().enumerate() {
        let said = digest(bytes.as_slice()).err().map(|error| error.kind().name());
        if said != Some(cause) && !(said.is_none() && above.iter().any(|kind| kind.name() == cause)) {
            wrong.push(format!("{} of said.txt: {said:?}, not {cause}", i + 1));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_is_said_of_a_bad_trace_names_the_same_place_in_the_same_words() {
    // Of each cause the first one in full, and a digest of all the others, with where the error is.
    let mut by_cause: BTreeMap<String, (String, usize, Digest)> = BTreeMap::new();
    let mut classes = BTreeMap::new();
    for (cause, bytes) in bad() {
        let Err(error) = digest(bytes.as_slice()) else { continue };
        let class = error.kind().class();
        classes.insert(class.name(), (class.headline(), class.advice()));
        let text = format!("{} at {}: {error}", class.name(), error.offset());
        let of = by_cause.entry(cause).or_insert_with(|| (text.clone(), 0, Digest::default()));
        of.1 += 1;
        write!(of.2, "{text}").unwrap();
    }
    let mut now = String::new();
    for (cause, (first, count, digest)) in by_cause {
        writeln!(now, "{cause} {count} {:016x}\n    {}", digest.0, first.escape_debug()).unwrap();
    }
    for (class, (headline, advice)) in classes {
        writeln!(now, "{class}\n    {headline}\n    {advice}").unwrap();
    }
    as_before("refused", &now);
}

/// Gives so many bytes at a time, and is interrupted before each of them. Fails at the end where that is asked for.
struct Drops<'a> {
    bytes: &'a [u8],
    most: usize,
    interrupted: bool,
    fails: bool,
}

impl Read for Drops<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.interrupted = !self.interrupted;
        if self.interrupted {
            return Err(io::ErrorKind::Interrupted.into());
        }
        if self.bytes.is_empty() && self.fails {
            return Err(io::Error::other("the disk is gone"));
        }
        let n = self.most.min(into.len());
        (&mut self.bytes).take(n as u64).read(into)
    }
}

fn gzip(part: &[u8]) -> Vec<u8> {
    let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    io::Write::write_all(&mut gz, part).unwrap();
    gz.finish().unwrap()
}

fn zstd(part: &[u8]) -> Vec<u8> {
    ruzstd::encoding::compress_to_vec(part, ruzstd::encoding::CompressionLevel::Fastest)
}

#[test]
fn a_trace_is_the_same_however_its_bytes_come() {
    for name in ["go1.26.6/flight", "go1.21.13/sched", "go1.27.3/gens"] {
        let bytes = data::trace(name);
        let whole = digest(bytes.as_slice()).unwrap();
        let (a, b) = bytes.split_at(bytes.len() / 3);
        let packed =
            [bytes.clone(), gzip(&bytes), [gzip(a), gzip(b)].concat(), zstd(&bytes), [zstd(a), zstd(b)].concat()];
        for (form, packed) in packed.iter().enumerate() {
            for most in [1, 7, 4096] {
                let drops = Drops { bytes: packed, most, interrupted: false, fails: false };
                assert_eq!(digest(drops).unwrap(), whole, "{name}, form {form}, {most} at a time");
            }
            // What cannot be read is said as such, at the place where it was; nothing of a trace may be missed unnoticed.
            for (most, end) in [(1, packed.len() / 2), (4096, packed.len() / 2), (4096, packed.len())] {
                let drops = Drops { bytes: &packed[..end], most, interrupted: false, fails: true };
                let error = digest(drops).unwrap_err();
                assert!(
                    error.kind() == TraceErrorKind::ReadFailed
                        || form > 0 && error.kind() == TraceErrorKind::Decompression,
                    "{name}, form {form}: {error}"
                );
                let place = if end == packed.len() { bytes.len() } else { end } as u64;
                assert!(error.offset() == place || form > 0 && end < packed.len(), "{name}, form {form}: {error}");
            }
        }
    }
}

#[test]
fn a_trace_is_the_same_where_a_thread_reads_ahead() {
    for name in ["go1.26.6/flight", "go1.21.13/sched", "go1.22.10/gens", "go1.27.3/gens"] {
        let bytes = data::trace(name);
        for bytes in [&bytes[..], &bytes[..bytes.len() / 2]] {
            assert_eq!(digest_helped(bytes, 1).0, digest(bytes), "{name}, {} bytes", bytes.len());
        }
    }
}

#[test]
fn a_generation_is_complete_once_all_of_it_was_given_out() {
    let bytes = data::trace("go1.27.3/gens");
    let mut reader = Reader::new(bytes.as_slice(), false).unwrap();
    let (mut chunk, mut seen) = (Chunk::default(), Vec::new());
    while reader.next_chunk(&mut chunk, 1).unwrap() {
        seen.push((reader.generations(), reader.complete_generations()));
    }
    seen.dedup();
    let last = reader.generations();
    assert!(last > 2, "{seen:?}");
    assert_eq!(seen, (1..=last).map(|n| (n, n - 1)).chain([(last, last)]).collect::<Vec<_>>());
}

#[test]
fn a_trace_longer_than_what_is_read_at_once_is_read_whole() {
    let mut bytes = craft::many_goroutines(400_000);
    assert!(bytes.len() > 2 << 20, "{}", bytes.len());
    let mut reader = Reader::new(bytes.as_slice(), false).unwrap();
    let (mut chunk, mut next) = (Chunk::default(), 2);
    while reader.next_chunk(&mut chunk, 1000).unwrap() {
        for event in &chunk.events {
            if let EventKind::Go(go) = event.kind
                && go.from == GoState::NotExist
            {
                assert_eq!(go.id.0, next);
                next += 1;
            }
        }
    }
    assert_eq!(next, 400_002);
    bytes.push(0);
    let error = digest(bytes.as_slice()).unwrap_err();
    assert_eq!((error.kind(), error.offset()), (TraceErrorKind::NotABatch, bytes.len() as u64 - 1));
}

#[test]
fn a_mebibyte_may_be_packed_as_small_as_it_will_and_no_more() {
    // Empty batches, of which one pads its length.
    let batch = |padding| [&[1; 4][..], &vec![0x80; padding], &[0]].concat();
    let mut bytes = craft::Craft::new("go 1.22").frequency(1).bytes;
    bytes.extend(batch(((1 << 20) - bytes.len()) % 5));
    while bytes.len() < 1 << 20 {
        bytes.extend(batch(0));
    }
    assert!(bytes.len() == 1 << 20 && gzip(&bytes).len() * 200 < bytes.len());
    assert_eq!(digest(gzip(&bytes).as_slice()), digest(bytes.as_slice()));
    bytes.extend(batch(0));
    let error = digest(gzip(&bytes).as_slice()).unwrap_err();
    assert_eq!(error.kind(), TraceErrorKind::UnpacksTooFar, "{error}");
}

#[test]
fn what_just_fits_is_read_and_one_more_is_refused() {
    let base = || craft::Craft::new("go 1.22").frequency(1);
    let string = |len| base().strings(1, &[&"x".repeat(len)]).bytes;
    // What has no name is called 0.
    let stack = |frames| base().stacks(1, &[&vec![0; frames]]).bytes;
    for (fits, more, kind) in [
        (string(1024), string(1025), TraceErrorKind::StringTooLong),
        (stack(128), stack(129), TraceErrorKind::StackTooDeep),
    ] {
        assert!(digest(fits.as_slice()).is_ok(), "{kind:?}");
        assert_eq!(digest(more.as_slice()).err().map(|error| error.kind()), Some(kind));
    }
}

#[test]
fn a_table_is_as_long_as_its_batch_and_as_its_version_has_it() {
    let base = || craft::Craft::new("go 1.22").frequency(1);
    let string = |len: u8| base().batch(1, 1, 1, &[4, 5, 1, len, b'x']).bytes;
    // From Go 1.25 on the frequency is in a batch of its own kind.
    let newer = craft::Craft::new("go 1.25").frequency(1).bytes;
    let cases = [
        (string(1), None),
        (string(2), Some(TraceErrorKind::TableCut)),
        (base().bytes, None),
        (newer, Some(TraceErrorKind::NoFrequency)),
    ];
    for (bytes, kind) in cases {
        assert_eq!(digest(bytes.as_slice()).err().map(|error| error.kind()), kind);
    }
}
