//! Bytes in: plain, gzip or Zstandard, detected by content, with a cap on how far they may unfold.

use std::cell::Cell;
use std::io::{BufReader, ErrorKind, Read};
use std::rc::Rc;

use flate2::bufread::MultiGzDecoder;
use ruzstd::decoding::StreamingDecoder;

use super::cursor::{self, VarintError};
use super::error::{TraceError, TraceErrorKind};

/// A compressed trace may unfold to this many times its size (real ones unfold 3 to 10 times) ...
const MAX_RATIO: u64 = 200;
/// ... and to this many bytes in all.
const MAX_UNPACKED: u64 = 2 << 30;
/// Files that unpack to less than this are never a bomb, whatever their ratio.
const HARMLESS: u64 = 1 << 20;

const BUFFER: usize = 256 << 10;
const GZIP: [u8; 2] = [0x1f, 0x8b];
const ZSTD: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];

/// A stream of the trace's bytes that knows how far it has come.
pub(crate) struct Input<R: Read> {
    from: Decoder<R>,
    buffer: Box<[u8]>,
    /// `buffer[pos..len]` is read and not yet taken.
    pos: usize,
    len: usize,
    /// Offset of `buffer[0]` in the (decompressed) trace.
    base: u64,
}

impl<R: Read> Input<R> {
    /// Looks at the first bytes of `reader` and picks the decoder.
    pub(crate) fn new(mut reader: R) -> Result<Self, TraceError> {
        let mut magic = [0u8; 4];
        let mut have = 0;
        while have < magic.len() {
            match reader.read(&mut magic[have..]) {
                Ok(0) => break,
                Ok(n) => have += n,
                Err(e) if e.kind() == ErrorKind::Interrupted => {}
                Err(e) => return Err(TraceError::new(TraceErrorKind::ReadFailed, 0).with(e)),
            }
        }
        let mut buffer = vec![0; BUFFER].into_boxed_slice();
        let from = if magic[..have].starts_with(&GZIP) {
            Decoder::gzip(Counted::new(&magic[..have], reader))
        } else if magic[..have].starts_with(&ZSTD) {
            Decoder::zstd(Counted::new(&magic[..have], reader))?
        } else {
            buffer[..have].copy_from_slice(&magic[..have]);
            Decoder::Plain(reader)
        };
        let len = if matches!(from, Decoder::Plain(_)) { have } else { 0 };
        let compressed = len == 0 && have > 0;
        let mut input = Input { from, buffer, pos: 0, len, base: 0 };
        if compressed && (input.looks_like(&GZIP)? || input.looks_like(&ZSTD)?) {
            return Err(TraceError::new(TraceErrorKind::NestedCompression, 0));
        }
        Ok(input)
    }

    /// How many bytes of the trace have been taken.
    pub(crate) fn offset(&self) -> u64 {
        self.base + self.pos as u64
    }

    /// An error noticed here.
    pub(crate) fn error(&self, kind: TraceErrorKind) -> TraceError {
        TraceError::new(kind, self.offset())
    }

    /// Whether the next bytes are `prefix`; takes nothing. `prefix` is at most a few bytes long.
    pub(crate) fn looks_like(&mut self, prefix: &[u8]) -> Result<bool, TraceError> {
        while self.len - self.pos < prefix.len() {
            self.buffer.copy_within(self.pos..self.len, 0);
            self.base += self.pos as u64;
            self.len -= self.pos;
            self.pos = 0;
            let n = self.from.read(&mut self.buffer[self.len..], self.base + self.len as u64)?;
            if n == 0 {
                return Ok(false);
            }
            self.len += n;
        }
        Ok(self.buffer[self.pos..self.len].starts_with(prefix))
    }

    /// Takes a byte; `None` at the end.
    pub(crate) fn byte(&mut self) -> Result<Option<u8>, TraceError> {
        if self.pos == self.len && !self.refill()? {
            return Ok(None);
        }
        self.pos += 1;
        Ok(Some(self.buffer[self.pos - 1]))
    }

    /// Takes a number; `cut` is the error for a file that ends inside it.
    pub(crate) fn uvarint(&mut self, cut: TraceErrorKind) -> Result<u64, TraceError> {
        // Ten bytes are the longest number there is.
        let mut bytes = [0u8; 10];
        for n in 1..=bytes.len() {
            let Some(byte) = self.byte()? else { return Err(self.error(cut)) };
            bytes[n - 1] = byte;
            if byte < 0x80 || n == bytes.len() {
                return match cursor::uvarint(&bytes[..n], &mut 0) {
                    Ok(value) => Ok(value),
                    Err(VarintError::TooLong | VarintError::Cut) => Err(self.error(TraceErrorKind::VarintTooLong)),
                };
            }
        }
        Err(self.error(TraceErrorKind::VarintTooLong))
    }

    /// Appends up to `count` bytes to `out` and says how many there were.
    pub(crate) fn take(&mut self, mut count: usize, out: &mut Vec<u8>) -> Result<usize, TraceError> {
        let before = out.len();
        while count > 0 {
            if self.pos == self.len && !self.refill()? {
                break;
            }
            let n = count.min(self.len - self.pos);
            out.extend_from_slice(&self.buffer[self.pos..self.pos + n]);
            self.pos += n;
            count -= n;
        }
        Ok(out.len() - before)
    }

    /// Takes all that is left, up to `limit` bytes; `None` when there is more.
    pub(crate) fn rest(&mut self, limit: usize) -> Result<Option<Vec<u8>>, TraceError> {
        let mut out = Vec::new();
        loop {
            let n = self.take(BUFFER, &mut out)?;
            if out.len() > limit {
                return Ok(None);
            }
            if n < BUFFER {
                return Ok(Some(out));
            }
        }
    }

    fn refill(&mut self) -> Result<bool, TraceError> {
        self.base += self.len as u64;
        (self.pos, self.len) = (0, 0);
        self.len = self.from.read(&mut self.buffer, self.base)?;
        Ok(self.len > 0)
    }
}

/// The compressed side: gives back the bytes that were looked at, and counts.
struct Counted<R> {
    ahead: Vec<u8>,
    taken: usize,
    inner: R,
    count: Rc<Cell<u64>>,
}

impl<R> Counted<R> {
    fn new(ahead: &[u8], inner: R) -> Self {
        Counted { ahead: ahead.to_vec(), taken: 0, inner, count: Rc::default() }
    }
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buf: &mut [u8]) -> std::io::Result<usize> {
        let ahead = &self.ahead[self.taken..];
        let n = if ahead.is_empty() {
            self.inner.read(buf)?
        } else {
            let n = ahead.len().min(buf.len());
            buf[..n].copy_from_slice(&ahead[..n]);
            self.taken += n;
            n
        };
        self.count.set(self.count.get() + n as u64);
        Ok(n)
    }
}

enum Decoder<R: Read> {
    Plain(R),
    Gzip { inner: Box<MultiGzDecoder<BufReader<Counted<R>>>>, packed: Rc<Cell<u64>> },
    Zstd { inner: Option<Box<ZstdFrame<R>>>, packed: Rc<Cell<u64>> },
}

type ZstdFrame<R> = StreamingDecoder<BufReader<Counted<R>>, ruzstd::decoding::FrameDecoder>;

impl<R: Read> Decoder<R> {
    fn gzip(counted: Counted<R>) -> Self {
        let packed = counted.count.clone();
        Decoder::Gzip { inner: Box::new(MultiGzDecoder::new(BufReader::new(counted))), packed }
    }

    fn zstd(counted: Counted<R>) -> Result<Self, TraceError> {
        let packed = counted.count.clone();
        let inner = StreamingDecoder::new(BufReader::new(counted))
            .map_err(|e| TraceError::new(TraceErrorKind::DecompressionCut, 0).with(e))?;
        Ok(Decoder::Zstd { inner: Some(Box::new(inner)), packed })
    }

    fn read(&mut self, buf: &mut [u8], offset: u64) -> Result<usize, TraceError> {
        let fail = |kind, e: &dyn std::fmt::Display| Err(TraceError::new(kind, offset).with(e));
        let (n, packed) = loop {
            let (read, packed) = match self {
                Decoder::Plain(inner) => (inner.read(buf), None),
                Decoder::Gzip { inner, packed } => (inner.read(buf), Some(packed.get())),
                Decoder::Zstd { inner: None, .. } => return Ok(0),
                Decoder::Zstd { inner: Some(inner), packed } => (inner.read(buf), Some(packed.get())),
            };
            match read {
                Ok(0) if self.next_frame(offset)? => {}
                Ok(n) => break (n, packed),
                Err(e) if e.kind() == ErrorKind::Interrupted => {}
                Err(e) if packed.is_none() => return fail(TraceErrorKind::ReadFailed, &e),
                Err(e) if e.kind() == ErrorKind::UnexpectedEof => return fail(TraceErrorKind::DecompressionCut, &e),
                Err(e) => return fail(TraceErrorKind::Decompression, &e),
            }
        };
        if let Some(packed) = packed {
            let unpacked = offset + n as u64;
            if unpacked > MAX_UNPACKED || unpacked > packed.saturating_mul(MAX_RATIO).max(HARMLESS) {
                return Err(TraceError::new(TraceErrorKind::UnpacksTooFar, offset));
            }
        }
        Ok(n)
    }

    /// A Zstandard file may be several frames one behind the other; the decoder knows only one.
    fn next_frame(&mut self, offset: u64) -> Result<bool, TraceError> {
        let Decoder::Zstd { inner, .. } = self else { return Ok(false) };
        let Some(done) = inner.take() else { return Ok(false) };
        let mut source = done.into_inner();
        match std::io::BufRead::fill_buf(&mut source) {
            Ok([]) => Ok(false),
            Ok(_) => {
                let next = StreamingDecoder::new(source)
                    .map_err(|e| TraceError::new(TraceErrorKind::Decompression, offset).with(e))?;
                *inner = Some(Box::new(next));
                Ok(true)
            }
            Err(e) => Err(TraceError::new(TraceErrorKind::ReadFailed, offset).with(e)),
        }
    }
}
