//! Names and stacks: strings, frames and stacks of a trace, interned once for the whole trace.
//!
//! A trace repeats its strings and stacks in every generation, under new ids. The reader interns only what an event
//! refers to, so that memory follows the distinct stacks of the program and not the length of the trace.

use std::hash::BuildHasher;
use std::sync::Arc;

use super::event::{StackId, Sym};
use super::launches::Launches;
use crate::hash::{HashMap, KeyedHash, QuickHash};

/// One frame of a stack.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Frame {
    /// The function, with its package's path.
    pub func: Sym,
    /// The file, as the compiler wrote it (absolute, or with `-trimpath` as import path and file).
    pub file: Sym,
    /// The line in it.
    pub line: u32,
}

/// A frame, interned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct FrameId(u32);

impl FrameId {
    /// No frame: there are not as many.
    pub(crate) const NONE: FrameId = FrameId(u32::MAX);
}

/// What symbols mean. Append-only; ids stay valid for the whole trace.
#[derive(Clone, Debug)]
pub struct Symbols {
    strings: Vec<Arc<str>>,
    frames: Vec<Frame>,
    /// The frames of all stacks, one stack after the other, each from its root inwards.
    stacked: Vec<FrameId>,
    /// By stack id: where its frames end in `stacked`. They begin where those of the stack before end.
    ends: Vec<u32>,
    launches: Launches,
}

impl Default for Symbols {
    fn default() -> Self {
        // Symbol 0 is the empty string, stack 0 is none.
        let strings = vec![Arc::from("")];
        let (frames, stacked, ends, launches) = (Vec::new(), Vec::new(), vec![0], Launches::default());
        Symbols { strings, frames, stacked, ends, launches }
    }
}

impl Symbols {
    /// The text of a symbol. Symbols of another trace give some text or the empty string, never a panic.
    pub fn text(&self, sym: Sym) -> &str {
        self.strings.get(sym.0 as usize).or_else(|| self.launches.text(sym)).map_or("", |s| s)
    }

    /// The text of a symbol, shared.
    pub fn shared(&self, sym: Sym) -> Arc<str> {
        self.strings.get(sym.0 as usize).or_else(|| self.launches.text(sym)).cloned().unwrap_or_default()
    }

    /// How many distinct strings there are so far. Symbols are below this number, but for those of [`Symbols::made`].
    pub fn len(&self) -> usize {
        self.strings.len()
    }

    /// Whether there is no string but the empty one.
    pub fn is_empty(&self) -> bool {
        self.strings.len() <= 1
    }

    /// How many distinct stacks there are so far, none included. Stack ids are below this number.
    pub fn stacks(&self) -> usize {
        self.ends.len()
    }

    /// The frames of a stack, innermost (leaf) first.
    pub fn frames(&self, stack: StackId) -> impl DoubleEndedIterator<Item = Frame> + ExactSizeIterator + Clone + '_ {
        let at = stack.0 as usize;
        let end = self.ends.get(at).copied().unwrap_or(0) as usize;
        let start = if at == 0 { end } else { self.ends.get(at - 1).map_or(end, |&start| start as usize) };
        let ids = self.stacked.get(start..end).unwrap_or_default();
        // Frames are told before the stacks that have them. So many are there that nobody has to gather them piece by piece.
        ids.iter().rev().map(|id| self.frames.get(id.0 as usize).copied().unwrap_or_default())
    }

    /// The outermost frame of a stack: for a goroutine's own stack, its start function.
    pub fn root(&self, stack: StackId) -> Option<Frame> {
        self.frames(stack).next_back()
    }

    /// Whether goroutines that start in this function do so for whoever called a launcher.
    #[inline]
    pub fn starts_for_others(&self, start: Sym) -> bool {
        self.launches.starts(start)
    }

    /// Who called the launcher that created a goroutine at this stack: the name of the group, and the line of the call.
    pub fn launch(&self, creator: StackId) -> Option<Frame> {
        self.launches.caller(creator)
    }

    /// The names of groups that launchers started so far, which no trace has, but for so many first ones. See
    /// [`super::launches`].
    pub fn made(&self, seen: usize) -> impl Iterator<Item = Sym> + use<> {
        self.launches.made(seen)
    }

    /// Appends what `delta` learned. Deltas must come in the order in which they were taken.
    pub fn apply(&mut self, delta: &mut SymbolDelta) {
        let (strings, stacks) = (self.strings.len(), self.ends.len());
        self.strings.append(&mut delta.strings);
        self.frames.append(&mut delta.frames);
        self.stacked.append(&mut delta.stacked);
        self.ends.append(&mut delta.ends);
        self.learn_launches(strings, stacks);
    }

    /// Looks for launchers in the strings and stacks from these on.
    fn learn_launches(&mut self, strings: usize, stacks: usize) {
        let mut launches = std::mem::take(&mut self.launches);
        for (at, text) in (strings..).zip(self.strings.get(strings..).unwrap_or_default()) {
            launches.learn(Sym(at as u32), text);
        }
        if !launches.is_empty() {
            for stack in (stacks..self.ends.len()).map(|at| StackId(at as u32)) {
                launches.learn_stack(stack, self.frames(stack), |sym| self.text(sym));
            }
        }
        self.launches = launches;
    }
}

/// Symbols that are new since the last delta was taken: what a reader on one thread tells an analysis on another.
#[derive(Clone, Debug, Default)]
pub struct SymbolDelta {
    strings: Vec<Arc<str>>,
    frames: Vec<Frame>,
    stacked: Vec<FrameId>,
    ends: Vec<u32>,
}

/// The reader's half: finds the symbol for a text, the id for a stack.
#[derive(Clone, Debug)]
pub struct Interner {
    strings: HashMap<Arc<str>, Sym>,
    frames: HashMap<Frame, FrameId>,
    /// Stacks by a hash of 128 bits, so that equal hashes mean equal stacks: half of it keyed, which no file can make equal
    /// for two, and half of it quick, which makes the odds of chance what they are for 128 bits. Looking up a hundred frames one
    /// by one costs a hundred cache misses, hashing them costs about one.
    stacks: HashMap<u128, StackId>,
    hash: (KeyedHash, QuickHash),
    /// Where the frames of the last stack end.
    end: u32,
    /// How long all strings are together.
    text_bytes: usize,
    /// The stack being looked up. Plain numbers: a slice of these is hashed in one go.
    scratch: Vec<u32>,
    delta: SymbolDelta,
}

impl Default for Interner {
    fn default() -> Self {
        let mut strings = HashMap::default();
        strings.insert(Arc::from(""), Sym::EMPTY);
        Interner {
            strings,
            frames: HashMap::default(),
            stacks: HashMap::default(),
            hash: (KeyedHash::new(), QuickHash::default()),
            end: 0,
            text_bytes: 0,
            scratch: Vec::new(),
            delta: SymbolDelta::default(),
        }
    }
}

impl Interner {
    /// The symbol for `text`.
    pub fn text(&mut self, text: &str) -> Sym {
        if let Some(&sym) = self.strings.get(text) {
            return sym;
        }
        let sym = Sym(self.strings.len() as u32);
        let shared: Arc<str> = Arc::from(text);
        self.text_bytes = self.text_bytes.saturating_add(text.len());
        self.strings.insert(shared.clone(), sym);
        self.delta.strings.push(shared);
        sym
    }

    /// How long all strings are together, in bytes.
    pub fn text_bytes(&self) -> usize {
        self.text_bytes
    }

    /// The symbol for bytes that a trace calls a string; what is not UTF-8 is replaced by U+FFFD.
    pub fn bytes(&mut self, bytes: &[u8]) -> Sym {
        match std::str::from_utf8(bytes) {
            Ok(text) => self.text(text),
            Err(_) => self.text(&String::from_utf8_lossy(bytes)),
        }
    }

    /// The id of a frame.
    pub fn frame(&mut self, frame: Frame) -> FrameId {
        let next = FrameId(self.frames.len() as u32);
        *self.frames.entry(frame).or_insert_with(|| {
            self.delta.frames.push(frame);
            next
        })
    }

    /// The id of a stack, given its frames from the root (outermost) inwards.
    pub fn stack(&mut self, root_first: impl Iterator<Item = FrameId>) -> StackId {
        self.scratch.clear();
        self.scratch.extend(root_first.map(|frame| frame.0));
        if self.scratch.is_empty() {
            return StackId::NONE;
        }
        let (high, low) = (self.hash.0.hash_one(&self.scratch), self.hash.1.hash_one(&self.scratch));
        let hash = u128::from(high) << 64 | u128::from(low);
        let next = StackId(self.stacks.len() as u32 + 1);
        *self.stacks.entry(hash).or_insert_with(|| {
            self.end += self.scratch.len() as u32;
            self.delta.stacked.extend(self.scratch.iter().map(|&id| FrameId(id)));
            self.delta.ends.push(self.end);
            next
        })
    }

    /// Takes what is new since the last call.
    pub fn take_delta(&mut self) -> SymbolDelta {
        std::mem::take(&mut self.delta)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_equal_is_one_symbol_and_what_a_trace_does_not_have_is_empty() {
        let mut interner = Interner::default();
        let symbols = ["main", "", "main", "f.go", "\u{fffd}"].map(|text| interner.text(text));
        assert_eq!((symbols, interner.bytes(&[0xff])), ([1, 0, 1, 2, 3].map(Sym), Sym(3)));
        assert_eq!(interner.text_bytes(), 4 + 4 + 3);
        let frame = Frame { func: Sym(1), file: Sym(2), line: 7 };
        let ids = [frame, Frame { line: 8, ..frame }, frame].map(|frame| interner.frame(frame));
        let stacks = [&ids[..2], &ids[1..], &[], &ids[..2]].map(|ids| interner.stack(ids.iter().copied()));
        assert_eq!(stacks, [1, 2, 0, 1].map(StackId));

        let mut known = Symbols::default();
        assert!(known.is_empty() && known.stacks() == 1);
        known.apply(&mut interner.take_delta());
        assert_eq!((known.is_empty(), known.len(), known.stacks()), (false, 4, 3));
        for (sym, text) in (0..).zip(["", "main", "f.go", "\u{fffd}", ""]) {
            assert_eq!((known.text(Sym(sym)), &*known.shared(Sym(sym))), (text, text));
        }
        let lines = |stack| known.frames(StackId(stack)).map(|frame| frame.line).collect::<Vec<_>>();
        assert_eq!([0, 1, 2, 3].map(lines), [vec![], vec![8, 7], vec![7, 8], vec![]]);
        assert_eq!((known.root(StackId(1)), known.root(StackId(0))), (Some(frame), None));
    }
}
