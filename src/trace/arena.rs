//! The bytes of a generation, in blocks.
//!
//! Blocks are what the file is read into: a batch is used where it was read, is never copied, and never lies across
//! two of them. A generation that grows gets another block, and blocks go from one generation to the next.
//!
//! ```text
//!   block   | end of generation 1 | generation 2 … | next batch, of which a part has been read |
//!                                 ^ from           '── moved to the next block as it begins ───'
//! ```

use std::ops::{Deref, DerefMut};

use memmap2::MmapMut;

/// Length of a block that will be full, and of a large page of x86-64 and of aarch64.
const BLOCK: usize = 1 << SHIFT;
const SHIFT: u32 = 21;

/// Length of another block: enough that few batches have to be moved to the next one, so few that a small trace wastes nothing
/// (pages of it that are never written are never there).
pub(crate) const SMALL: usize = 1 << 20;

/// A block of bytes.
#[derive(Debug)]
pub(crate) enum Block {
    /// In the heap.
    Heap(Box<[u8]>),
    /// In pages of its own.
    Pages(MmapMut),
}

impl Block {
    /// A block, of which maybe a little is used.
    pub(crate) fn new() -> Block {
        Block::Heap(vec![0; SMALL].into_boxed_slice())
    }

    /// A block that will be full: in a large page, where the system has them. It is there at once, while the system stops for
    /// each of 512 small ones, and fills it with zeros; that took twice as long as copying a file there.
    pub(crate) fn full() -> Block {
        let Ok(pages) = MmapMut::map_anon(BLOCK) else { return Block::new() };
        #[cfg(target_os = "linux")]
        let _ = pages.advise(memmap2::Advice::HugePage); // It is as good without, but for the time.
        Block::Pages(pages)
    }
}

impl Deref for Block {
    type Target = [u8];

    #[inline(always)]
    fn deref(&self) -> &[u8] {
        match self {
            Block::Heap(bytes) => bytes,
            Block::Pages(bytes) => bytes,
        }
    }
}

impl DerefMut for Block {
    #[inline(always)]
    fn deref_mut(&mut self) -> &mut [u8] {
        match self {
            Block::Heap(bytes) => bytes,
            Block::Pages(bytes) => bytes,
        }
    }
}

/// Blocks of bytes. A place in them is one number: that of the block, then that within it.
#[derive(Debug, Default)]
pub(crate) struct Arena {
    /// Each with the index where the generation's part of it begins.
    blocks: Vec<(Block, usize)>,
}

impl Arena {
    /// The place of byte `at` of the generation's part of the block that will be pushed next.
    pub(crate) fn place(&self, at: usize) -> usize {
        self.blocks.len() << SHIFT | at
    }

    /// Appends a block, of which the generation owns what lies behind `from`.
    pub(crate) fn push(&mut self, block: Block, from: usize) {
        self.blocks.push((block, from));
    }

    /// Appends pieces, none longer than a [`SMALL`] block: each is filled by `fill`, which is told its place.
    ///
    /// # Errors
    /// Whatever `fill` fails with.
    pub(crate) fn append<'a, T: 'a, E>(
        &mut self,
        pieces: impl Iterator<Item = (usize, &'a mut T)>,
        pool: &mut Vec<Block>,
        mut fill: impl FnMut(&mut [u8], &mut T, usize) -> Result<(), E>,
    ) -> Result<(), E> {
        let (mut block, mut used): (Option<Block>, usize) = (None, 0);
        for (len, piece) in pieces {
            if let Some(full) = block.take_if(|block| block.len() - used < len) {
                self.push(full, 0);
                used = 0;
            }
            let place = self.place(used);
            let block = block.get_or_insert_with(|| pool.pop().unwrap_or_else(Block::full));
            fill(block.get_mut(used..used + len).unwrap_or_default(), piece, place)?;
            used += len;
        }
        block.into_iter().for_each(|block| self.push(block, 0));
        Ok(())
    }

    /// Takes all blocks out that can be read into again.
    pub(crate) fn drain(&mut self) -> impl Iterator<Item = Block> + '_ {
        self.blocks.drain(..).map(|(block, _)| block).filter(|block| block.len() >= SMALL)
    }

    /// `len` bytes from the place `start` on; fewer, or none, where there are not as many.
    pub(crate) fn bytes(&self, start: usize, len: usize) -> &[u8] {
        let Some((block, from)) = self.blocks.get(start >> SHIFT) else { return &[] };
        let block = block.get(from + (start & (BLOCK - 1))..).unwrap_or_default();
        block.get(..len).unwrap_or(block)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_finds_its_bytes_whichever_block_they_are_in() {
        let mut arena = Arena::default();
        let mut places = Vec::new();
        for (i, from, mut block) in [
            (1u8, 0, Block::new()),
            (2, 100, Block::full()),
            (3, BLOCK - 8, Block::full()),
            (4, SMALL - 8, Block::new()),
        ] {
            block[from + 5] = i;
            places.push(arena.place(5));
            arena.push(block, from);
        }
        for (place, i) in places.iter().zip(1..) {
            assert_eq!(arena.bytes(*place, 2), [i, 0]);
        }
        // Three bytes are left in the last block, and none behind it.
        for place in [places[2], places[3]] {
            assert_eq!((arena.bytes(place, 9).len(), arena.bytes(place + 4, 1).len()), (3, 0));
        }
        assert_eq!(arena.bytes(arena.place(0), 1).len(), 0);
        // What is no whole block cannot be read into again.
        arena.push(Block::Heap(Box::new([7; 9])), 0);
        assert_eq!((arena.drain().count(), arena.bytes(places[0], 1).len()), (4, 0));
    }

    #[test]
    fn pieces_lie_in_as_few_blocks_as_they_fit_into_in_their_order() {
        let (mut arena, mut pool) = (Arena::default(), vec![Block::new(), Block::full()]);
        arena.push(Block::new(), 7);
        // The block of 2 MiB is taken first and is full to the last byte, that of 1 MiB has 1 byte left, and then there is none.
        let lens = [SMALL, SMALL - 3, 3, SMALL - 1, 2, 0, 5];
        let mut pieces: Vec<(usize, usize)> = lens.iter().map(|&len| (len, usize::MAX)).collect();
        let fill = |into: &mut [u8], piece: &mut (usize, usize), place| {
            into.fill(piece.0 as u8 | 1);
            piece.1 = place;
            if into.len() == piece.0 { Ok(()) } else { Err(into.len()) }
        };
        assert_eq!(arena.append(pieces.iter_mut().map(|piece| (piece.0, piece)), &mut pool, fill), Ok(()));
        let at = |block: usize, byte: usize| block << SHIFT | byte;
        let places = [at(1, 0), at(1, SMALL), at(1, BLOCK - 3), at(2, 0), at(3, 0), at(3, 2), at(3, 2)];
        assert_eq!(pieces.iter().map(|piece| piece.1).collect::<Vec<_>>(), places);
        for (len, place) in pieces {
            let bytes = arena.bytes(place, len);
            assert!(bytes.len() == len && bytes.iter().all(|&byte| byte == len as u8 | 1), "{len} at {place:x}");
        }
        assert_eq!((pool.len(), arena.drain().count()), (0, 4));

        // What cannot be filled is an error, and nothing behind it is asked for.
        let mut asked = Vec::new();
        let failed = arena.append([1, 2, 3].iter_mut().map(|len| (*len, len)), &mut pool, |_, len, _| {
            asked.push(*len);
            if *len == 2 { Err("no") } else { Ok(()) }
        });
        assert_eq!((failed, asked), (Err("no"), vec![1, 2]));
    }
}
