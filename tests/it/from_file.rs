//! A trace that is read from any place of its file: what comes out is what comes out of a stream of the same bytes, errors and their
//! places included; and of the file nothing is read that is not asked for.

use std::fs::File;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use gotrace_diff::trace::{Bytes, Chunk, ReadAt, Reader, TraceError, TraceErrorKind};

use crate::events::{MOST_BYTES, digest};
use crate::{craft, data};

/// What the reader gives out of a file that has these bytes.
fn digest_in_file(bytes: &[u8]) -> Result<(u64, u64), TraceError> {
    digest(in_file(bytes.to_vec(), bytes.len()))
}

pub fn in_file(file: impl ReadAt + 'static, size: usize) -> Bytes<io::Empty> {
    Bytes::File(Arc::new(file), size as u64)
}

#[test]
fn a_trace_is_the_same_where_its_batches_are_read_when_their_turn_comes() {
    let mut checked = 0;
    for name in data::names() {
        let bytes = data::trace(&name);
        if bytes.len() <= MOST_BYTES {
            assert_eq!(digest_in_file(&bytes), digest(bytes.as_slice()), "{name}");
            checked += 1;
        }
    }
    assert!(checked > 50, "{checked}");
    // Of a second generation, read ahead whole where it is small, and not where it is large.
    for (first, second, least) in [(100, 100_000, 0), (20_000, 1_300_000, 8 << 20)] {
        let bytes = craft::many_goroutines_twice(first, second);
        assert!(bytes.len() > least, "{}", bytes.len());
        let read = digest_in_file(&bytes);
        assert!(read.as_ref().is_ok_and(|&(events, _)| events > first + second), "{read:?}");
        assert_eq!(read, digest(bytes.as_slice()));
    }
    // Wherever it is cut, and whatever bit is wrong, with which error, and where.
    for name in ["go1.26.6/sched", "go1.22.10/sched", "go1.21.13/sched"] {
        let bytes = data::trace(name);
        for end in 0..bytes.len() {
            assert_eq!(digest_in_file(&bytes[..end]), digest(&bytes[..end]), "{name}, cut at {end}");
        }
        let mut bytes = bytes.to_vec();
        for at in 0..bytes.len() {
            bytes[at] ^= 1 << (at % 8);
            assert_eq!(digest_in_file(&bytes), digest(bytes.as_slice()), "{name}, byte {at}");
            bytes[at] ^= 1 << (at % 8);
        }
    }
}

/// A file of which a part cannot be read.
pub struct Broken {
    pub bytes: Vec<u8>,
    pub from: usize,
    pub error: fn() -> io::Result<usize>,
}

impl ReadAt for Broken {
    fn read_at(&self, into: &mut [u8], at: u64) -> io::Result<usize> {
        // Headers of batches are short.
        if into.len() > 1000 && at as usize >= self.from { (self.error)() } else { self.bytes.read_at(into, at) }
    }
}

#[test]
fn a_batch_that_cannot_be_read_when_its_turn_comes_is_an_error_with_its_place() {
    let bytes = craft::many_goroutines(400_000);
    for (error, says) in [
        (|| Err(io::Error::other("the disk is gone")), "the disk is gone"),
        // Somebody made it shorter.
        (|| Ok(0), "unexpected end of file"),
    ] as [(fn() -> io::Result<usize>, &str); 2]
    {
        for from in [0, 100_000, 2_000_000] {
            let file = Broken { bytes: bytes.clone(), from, error };
            let error = digest(in_file(file, bytes.len())).unwrap_err();
            assert_eq!(error.kind(), TraceErrorKind::ReadFailed, "{error}");
            assert!(error.to_string().contains(says), "{error}");
            assert!((from as u64..from as u64 + 200_000).contains(&error.offset()), "{from}: {error}");
        }
    }
}

#[test]
fn a_file_that_is_interrupted_or_gives_little_at_a_time_is_read_whole() {
    /// Gives a byte of a batch at a time, and is interrupted before each.
    struct Slow(Vec<u8>, AtomicU64);
    impl ReadAt for Slow {
        fn read_at(&self, into: &mut [u8], at: u64) -> io::Result<usize> {
            if self.1.fetch_add(1, Ordering::Relaxed).is_multiple_of(2) {
                return Err(io::ErrorKind::Interrupted.into());
            }
            let len = into.len().min(1);
            self.0.read_at(&mut into[..len], at)
        }
    }
    // A table behind the longest header that there is: whether it is one is told by its first byte, the next one behind.
    let padded = |number: u64| (0..10).map(move |i| (number >> (7 * i)) as u8 & 0x7f | if i < 9 { 0x80 } else { 0 });
    let mut long = craft::many_goroutines(10);
    let text = |id| [vec![5, id, 0xbc, 0x05], vec![b'a'; 700]].concat();
    let table = [vec![4], text(3), text(4)].concat();
    long.extend([49, 0]);
    long.extend([1, u64::MAX, 1, table.len() as u64].into_iter().flat_map(padded));
    long.extend(table);
    for bytes in [data::trace("go1.27.3/gens").to_vec(), long] {
        let (size, expected) = (bytes.len(), digest(bytes.as_slice()));
        assert!(expected.is_ok(), "{expected:?}");
        let slow = Slow(bytes, Default::default());
        assert_eq!(digest(in_file(slow, size)), expected);
    }
}

#[test]
fn a_packed_file_is_a_stream_and_a_plain_one_is_not() {
    let plain = data::trace("go1.26.6/sched");
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    io::Write::write_all(&mut packer, &plain).unwrap();
    let packed = packer.finish().unwrap();
    for (bytes, is_stream) in [(&plain[..], false), (&packed, true), (b"go 1", true), (b"", true)] {
        let of = Bytes::of_file(bytes.to_vec(), bytes.len() as u64, io::Cursor::new).unwrap();
        assert_eq!(matches!(of, Bytes::Stream(_)), is_stream, "{bytes:.4?}");
        assert_eq!(digest(of), digest(bytes));
    }
    let broken = Broken { bytes: Vec::new(), from: 0, error: || Ok(0) };
    assert!(Bytes::of_file(broken, 5, |_| io::empty()).is_ok());
    /// Whose first bytes cannot be read.
    struct Locked;
    impl ReadAt for Locked {
        fn read_at(&self, _: &mut [u8], _: u64) -> io::Result<usize> {
            Err(io::ErrorKind::PermissionDenied.into())
        }
    }
    let refused = Bytes::of_file(Locked, 5, |_| io::empty()).err().map(|error| error.kind());
    assert_eq!(refused, Some(io::ErrorKind::PermissionDenied));
}

#[test]
fn files_of_the_system_are_read_as_their_bytes_are() {
    for name in ["go1.26.6/gens", "go1.22.10/gens", "go1.21.13/sched"] {
        let bytes = data::trace(name);
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("trace.out");
        std::fs::write(&path, &bytes).unwrap();
        let file = Bytes::of_file(File::open(&path).unwrap(), bytes.len() as u64, |file| file).unwrap();
        assert!(matches!(file, Bytes::File(_, size) if size == bytes.len() as u64), "{name}");
        assert_eq!(digest(file), digest(bytes.as_slice()), "{name}");
    }
}

/// Notes what is read of it, and what is said to be read before long.
struct Watched {
    bytes: Vec<u8>,
    /// For each read: where, and how many bytes were given.
    reads: Mutex<Vec<(u64, usize)>>,
    /// Up to where it has been announced.
    announced: AtomicU64,
}

/// Files are announced at least so far ahead, and at most three times that.
const AHEAD: u64 = 16 << 20;

impl ReadAt for Watched {
    fn read_at(&self, into: &mut [u8], at: u64) -> io::Result<usize> {
        let (size, announced) = (self.bytes.len() as u64, self.announced.load(Ordering::Relaxed));
        assert!(announced >= size.min(at + AHEAD), "at {at} {announced} bytes were announced");
        let read = self.bytes.read_at(into, at)?;
        self.reads.lock().unwrap().push((at, read));
        Ok(read)
    }

    fn will_need(&self, at: u64, len: u64) {
        // The next read is of this batch or of the one behind it.
        let next = self.reads.lock().unwrap().last().map_or(0, |&(at, _)| at) + (64 << 10);
        assert!(at + len <= next + 3 * AHEAD, "{} bytes are announced where the reader is at {next}", at + len);
        assert!(at < self.bytes.len() as u64, "announced behind the end");
        assert_eq!(self.announced.swap(at + len, Ordering::Relaxed), at, "announced twice, or not at all");
    }
}

/// Reads a trace from a file and gives back how often, and how much was read in all.
fn watch(bytes: Vec<u8>) -> (usize, usize) {
    let (expected, size) = (digest(bytes.as_slice()), bytes.len());
    let watched = Arc::new(Watched { bytes, reads: Mutex::default(), announced: AtomicU64::new(0) });
    let file: Bytes<io::Empty> = Bytes::File(watched.clone(), size as u64);
    assert_eq!(digest(file), expected);
    let reads = watched.reads.lock().unwrap();
    (reads.len(), reads.iter().map(|read| read.1).sum())
}

#[test]
fn of_a_file_nothing_is_read_twice_and_all_is_announced_before() {
    // What lies in batches of experiments is passed over: of 1,500 of them the headers are read, and a little behind each.
    let events = craft::many_goroutines(400_000);
    let mut bytes = events.clone();
    for _ in 0..1_500 {
        bytes.extend([49, 1, 1, 1, 1, 0x80, 0x80, 0x03]); // of 48 KiB
        bytes.extend([7; 48 << 10]);
    }
    assert!(bytes.len() as u64 > 4 * AHEAD);
    let (reads, read) = watch(bytes);
    assert!((events.len()..events.len() + 1_500 * 80).contains(&read), "{read} bytes of {}", events.len());
    assert!(reads < 1_500 + 200, "{reads} times");
}

#[test]
fn where_all_of_a_file_is_read_it_is_read_in_large_pieces() {
    // Of short batches, which are read with their headers.
    let bytes = craft::tiny_batches(100_000);
    let (size, (reads, read)) = (bytes.len(), watch(bytes));
    assert_eq!(read, size);
    assert!(reads < size / (60 << 10) + 20, "{reads} times for {size} bytes");
}

#[test]
fn a_generation_is_read_when_its_turn_comes_unless_it_is_small_and_not_the_first() {
    /// A file of which how much has been read is known.
    struct Counted(Vec<u8>, AtomicU64);
    impl ReadAt for Counted {
        fn read_at(&self, into: &mut [u8], at: u64) -> io::Result<usize> {
            let read = self.0.read_at(into, at)?;
            self.1.fetch_add(read as u64, Ordering::Relaxed);
            Ok(read)
        }
    }
    for (first, second, is_ahead) in [(400_000, 100_000, true), (40_000, 1_500_000, false)] {
        let begin = craft::many_goroutines(first).len() as u64;
        let bytes = craft::many_goroutines_twice(first, second);
        let (size, counted) = (bytes.len() as u64, Arc::new(Counted(bytes, AtomicU64::new(0))));
        let file: Bytes<io::Empty> = Bytes::File(counted.clone(), size);
        let (mut reader, mut chunk) = (Reader::new(file, false).unwrap(), Chunk::default());
        let mut read_at_begin_of = [0; 3];
        while reader.next_chunk(&mut chunk, 100).unwrap() {
            let read = &mut read_at_begin_of[reader.generations() as usize];
            if *read == 0 {
                *read = counted.1.load(Ordering::Relaxed);
            }
        }
        let [_, of_first, of_second] = read_at_begin_of;
        // A batch of each, and the headers of the others.
        assert!(of_first < 100_000, "{first}: {of_first} bytes of {begin}");
        let behind = of_second - begin;
        assert!(if is_ahead { of_second >= size } else { behind < 200_000 }, "{second}: {behind} of {}", size - begin);
    }
}
