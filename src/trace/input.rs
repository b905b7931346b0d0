//! Bytes in: plain, gzip or Zstandard, detected by content, with a cap on how far they may unfold.

use std::io::{BufReader, ErrorKind, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use flate2::bufread::MultiGzDecoder;
use ruzstd::decoding::StreamingDecoder;

use super::arena::{Arena, Block};
use super::bytes::{Bytes, ReadAt};
use super::error::{TraceError, TraceErrorKind};

/// A compressed trace may unfold to this many times its size (real ones unfold 3 to 10 times) ...
const MAX_RATIO: u64 = 200;
/// ... and to this many bytes in all.
const MAX_UNPACKED: u64 = 2 << 30;
/// Files that unpack to less than this are never a bomb, whatever their ratio.
const HARMLESS: u64 = 1 << 20;

/// Of a file no more is read at a time than is asked for, but at least this: the header of a batch and what comes behind.
const LEAST: usize = 64;
/// As long as nothing is passed over it is twice as much each time, up to this.
const MOST: usize = 1 << 16;

/// So far ahead of what is read a file is announced.
const ANNOUNCED: u64 = 16 << 20;

const GZIP: [u8; 2] = [0x1f, 0x8b];
const ZSTD: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];

/// A stream of the trace's bytes that knows how far it has come.
pub(crate) struct Input<R: Read> {
    from: Decoder<R>,
    block: Block,
    /// `block[owned..pos]` belongs to the generation that is being read, `block[pos..len]` is read and not yet taken.
    owned: usize,
    pos: usize,
    len: usize,
    /// Offset of `block[0]` in the (decompressed) trace.
    base: u64,
    /// How much is read of a file at least.
    least: usize,
}

impl<R: Read> Input<R> {
    /// Looks at the first bytes of a stream and picks the decoder.
    pub(crate) fn new(bytes: Bytes<R>) -> Result<Self, TraceError> {
        let mut reader = match bytes {
            Bytes::Stream(reader) => reader,
            Bytes::File(file, size) => {
                let from = Decoder::File { file, size, announced: 0 };
                return Ok(Input { from, block: Block::new(), owned: 0, pos: 0, len: 0, base: 0, least: LEAST });
            }
        };
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
        let mut block = Block::new();
        let from = if magic[..have].starts_with(&GZIP) {
            Decoder::gzip(Counted::new(&magic[..have], reader))
        } else if magic[..have].starts_with(&ZSTD) {
            Decoder::zstd(Counted::new(&magic[..have], reader))?
        } else {
            block[..have].copy_from_slice(&magic[..have]);
            Decoder::Plain(reader)
        };
        let len = if matches!(from, Decoder::Plain(_)) { have } else { 0 };
        let compressed = len == 0 && have > 0;
        let mut input = Input { from, block, owned: 0, pos: 0, len, base: 0, least: LEAST };
        if compressed {
            input.fill(ZSTD.len())?;
            if input.ahead().starts_with(&GZIP) || input.ahead().starts_with(&ZSTD) {
                return Err(TraceError::new(TraceErrorKind::NestedCompression, 0));
            }
        }
        Ok(input)
    }

    /// The file that the bytes come from, if they can be read from any place, and how many there are.
    pub(crate) fn file(&self) -> Option<(&Arc<dyn ReadAt>, u64)> {
        match &self.from {
            Decoder::File { file, size, .. } => Some((file, *size)),
            _ => None,
        }
    }

    /// How many bytes of the trace have been taken.
    pub(crate) fn offset(&self) -> u64 {
        self.base + self.pos as u64
    }

    /// An error noticed here.
    pub(crate) fn error(&self, kind: TraceErrorKind) -> TraceError {
        TraceError::new(kind, self.offset())
    }

    /// What has been read and not yet taken.
    #[inline(always)]
    pub(crate) fn ahead(&self) -> &[u8] {
        &self.block[self.pos..self.len]
    }

    /// Where that begins in the part of the block that belongs to the generation.
    pub(crate) fn place(&self) -> usize {
        self.pos - self.owned
    }

    /// Takes `count` bytes of what is ahead.
    #[inline(always)]
    pub(crate) fn skip(&mut self, count: usize) {
        self.pos = (self.pos + count).min(self.len);
    }

    /// Takes `count` bytes of a file, which may not have been read, and never will be then.
    pub(crate) fn pass(&mut self, count: usize) {
        let unread = count.saturating_sub(self.len - self.pos);
        self.skip(count);
        self.base += unread as u64;
        self.least = if unread > 0 { LEAST } else { (2 * self.least).min(MOST) };
    }

    /// Takes up to `count` bytes, which fit into a block with what was taken before.
    pub(crate) fn take(&mut self, count: usize) -> Result<&[u8], TraceError> {
        self.fill(count)?;
        let start = self.pos;
        self.skip(count);
        Ok(&self.block[start..self.pos])
    }

    /// Reads on until `count` bytes are ahead or the trace ends. `count` is less than a block. A block that they do not
    /// fit into is full: it goes to `arena`, and reading goes on in one of `pool`.
    #[inline(always)]
    pub(crate) fn ensure(&mut self, count: usize, arena: &mut Arena, pool: &mut Vec<Block>) -> Result<(), TraceError> {
        if self.len - self.pos < count {
            if self.pos + count > self.block.len() {
                self.next_block(arena, pool, Block::full);
            }
            self.fill(count)?;
        }
        Ok(())
    }

    /// The generation is over: what was read of it in this block goes to `arena`. Either that or what is ahead moves to
    /// another block, whichever is less, so that many small generations cost no more than a large one.
    pub(crate) fn hand_over(&mut self, arena: &mut Arena, pool: &mut Vec<Block>) {
        if self.pos - self.owned < self.len - self.pos {
            arena.push(Block::Heap(self.block[self.owned..self.pos].into()), 0);
            self.owned = self.pos;
        } else {
            self.next_block(arena, pool, Block::new);
        }
    }

    /// `new`: which block is taken where there is none that was used.
    fn next_block(&mut self, arena: &mut Arena, pool: &mut Vec<Block>, new: fn() -> Block) {
        let mut next = pool.pop().unwrap_or_else(new);
        let ahead = self.ahead();
        next[..ahead.len()].copy_from_slice(ahead);
        arena.push(std::mem::replace(&mut self.block, next), self.owned);
        self.base += self.pos as u64;
        (self.owned, self.pos, self.len) = (0, 0, self.len - self.pos);
    }

    fn fill(&mut self, count: usize) -> Result<(), TraceError> {
        while self.len - self.pos < count {
            let to = match self.from {
                Decoder::File { .. } => (self.pos + count.max(self.least)).min(self.block.len()),
                _ => self.block.len(),
            };
            let n = self.from.read(&mut self.block[self.len..to], self.base + self.len as u64)?;
            if n == 0 {
                break;
            }
            self.len += n;
        }
        Ok(())
    }

    /// Takes all that is left, up to `limit` bytes; `None` when there is more.
    pub(crate) fn rest(&mut self, limit: usize) -> Result<Option<Vec<u8>>, TraceError> {
        let mut out = Vec::new();
        loop {
            out.extend_from_slice(self.ahead());
            self.base += self.len as u64;
            (self.owned, self.pos, self.len) = (0, 0, 0);
            if out.len() > limit {
                return Ok(None);
            }
            self.fill(self.block.len())?;
            if self.len == 0 {
                return Ok(Some(out));
            }
        }
    }
}

/// The compressed side: gives back the bytes that were looked at, and counts.
struct Counted<R> {
    ahead: Vec<u8>,
    taken: usize,
    inner: R,
    count: Arc<AtomicU64>,
}

impl<R> Counted<R> {
    fn new(ahead: &[u8], inner: R) -> Self {
        Counted { ahead: ahead.to_vec(), taken: 0, inner, count: Arc::default() }
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
        self.count.fetch_add(n as u64, Ordering::Relaxed);
        Ok(n)
    }
}

enum Decoder<R: Read> {
    Plain(R),
    File { file: Arc<dyn ReadAt>, size: u64, announced: u64 },
    Gzip { inner: Box<MultiGzDecoder<BufReader<Counted<R>>>>, packed: Arc<AtomicU64> },
    Zstd { inner: Option<Box<ZstdFrame<R>>>, packed: Arc<AtomicU64> },
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
                Decoder::File { file, size, announced } => {
                    if offset + ANNOUNCED > *announced && *announced < *size {
                        file.will_need(*announced, 2 * ANNOUNCED);
                        *announced += 2 * ANNOUNCED;
                    }
                    // What is written behind the end meanwhile is of no concern.
                    let left = usize::try_from(size.saturating_sub(offset)).unwrap_or(usize::MAX);
                    let len = left.min(buf.len());
                    (file.read_at(&mut buf[..len], offset), None)
                }
                Decoder::Gzip { inner, packed } => (inner.read(buf), Some(packed.load(Ordering::Relaxed))),
                Decoder::Zstd { inner: None, .. } => return Ok(0),
                Decoder::Zstd { inner: Some(inner), packed } => (inner.read(buf), Some(packed.load(Ordering::Relaxed))),
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
        let (mut source, frame) = done.into_parts();
        // The decoder works it out and leaves it to whoever decodes to compare.
        let said = frame.get_checksum_from_data();
        if said.is_some() && said != frame.get_calculated_checksum() {
            return Err(TraceError::new(TraceErrorKind::Decompression, offset).with("the frame's checksum is another"));
        }
        let more = loop {
            match std::io::BufRead::fill_buf(&mut source) {
                Err(e) if e.kind() == ErrorKind::Interrupted => {}
                more => break more.map(|bytes| !bytes.is_empty()),
            }
        };
        match more {
            Ok(false) => Ok(false),
            Ok(true) => {
                let next = StreamingDecoder::new(source)
                    .map_err(|e| TraceError::new(TraceErrorKind::Decompression, offset).with(e))?;
                *inner = Some(Box::new(next));
                Ok(true)
            }
            Err(e) => Err(TraceError::new(TraceErrorKind::ReadFailed, offset).with(e)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_are_found_where_they_were_read_whatever_block_that_is() {
        /// Pieces of a generation, of which each byte says where in the trace it stood.
        const PIECE: usize = 61_007;
        let trace: Vec<u8> = (0..9u32 << 20).map(|at| (at % 251) as u8).collect();
        for pieces_of_a_generation in [1, 3, 17, 40, 1000] {
            let mut input = Input::new(trace.as_slice().into()).unwrap();
            let (mut arena, mut pool, mut places, mut mapped) = (Arena::default(), Vec::new(), Vec::new(), 0);
            let mut check = |arena: &mut Arena, pool: &mut Vec<Block>, places: &mut Vec<(usize, usize)>| {
                for (place, at) in places.drain(..) {
                    assert_eq!(arena.bytes(place, PIECE), &trace[at..at + PIECE], "{pieces_of_a_generation}, at {at}");
                }
                pool.extend(arena.drain().inspect(|block| mapped += usize::from(matches!(block, Block::Pages(_)))));
            };
            loop {
                input.ensure(PIECE, &mut arena, &mut pool).unwrap();
                if input.ahead().len() < PIECE {
                    break;
                }
                places.push((arena.place(input.place()), input.offset() as usize));
                input.skip(PIECE);
                if places.len() == pieces_of_a_generation {
                    input.hand_over(&mut arena, &mut pool);
                    check(&mut arena, &mut pool, &mut places);
                }
            }
            input.hand_over(&mut arena, &mut pool);
            check(&mut arena, &mut pool, &mut places);
            // Only what is longer than a block of the heap lies in mapped ones.
            assert_eq!(mapped > 0, pieces_of_a_generation > 17, "{pieces_of_a_generation}: {mapped}");
        }
    }

    #[test]
    fn what_is_left_is_taken_up_to_the_limit_and_not_beyond() {
        for (len, limit, fits) in
            [(0, 0, true), (1, 0, false), (7, 5, false), (7, 6, false), (7, 7, true), (7, 8, true)]
        {
            let bytes = vec![7; len];
            let rest = Input::new(bytes.as_slice().into()).and_then(|mut input| input.rest(limit)).unwrap();
            assert_eq!(rest, fits.then_some(bytes), "{len} bytes, {limit} allowed");
        }
    }

    #[test]
    fn what_is_packed_may_unpack_to_2_gib_and_not_to_more() {
        let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        std::io::Write::write_all(&mut packer, b"four").unwrap();
        let packed = packer.finish().unwrap();
        for (unpacked_before, want) in [(MAX_UNPACKED - 4, Ok(4)), (MAX_UNPACKED - 3, Err(MAX_UNPACKED - 3))] {
            let counted = Counted::new(&[], packed.as_slice());
            // As if there was so much of it that no ratio is too high.
            counted.count.store(MAX_UNPACKED, Ordering::Relaxed);
            let read = Decoder::gzip(counted).read(&mut [0; 8], unpacked_before);
            assert_eq!(read.map_err(|error| error.offset()), want);
        }
    }
}
