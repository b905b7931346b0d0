//! Names and stacks: strings, frames and stacks of a trace, interned once for the whole trace.
//!
//! A trace repeats its strings and stacks in every generation, under new ids. The reader interns only what an event
//! refers to, so that memory follows the distinct stacks of the program and not the length of the trace.
//! Stacks are kept as a tree from the root frame: the stacks of one program share most of their frames.
//!
//! ```text
//!     main.main ── main.serve ┬─ net.Read ── poll.Wait      stack 3
//!                             └─ sync.Lock                  stack 4
//! ```

use std::sync::Arc;

use super::event::{StackId, Sym};
use crate::hash::HashMap;

/// One frame of a stack.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Frame {
    /// The function, with its package's path.
    pub func: Sym,
    /// The file, as the compiler wrote it (absolute, or with `-trimpath` as import path and file).
    pub file: Sym,
    /// The line in it.
    pub line: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Node {
    /// The caller's node; the root frame's is [`StackId::NONE`].
    parent: StackId,
    frame: Frame,
}

/// What symbols mean. Append-only; ids stay valid for the whole trace.
#[derive(Clone, Debug)]
pub struct Symbols {
    strings: Vec<Arc<str>>,
    nodes: Vec<Node>,
}

impl Default for Symbols {
    fn default() -> Self {
        let none = Node { parent: StackId::NONE, frame: Frame { func: Sym::EMPTY, file: Sym::EMPTY, line: 0 } };
        Symbols { strings: vec![Arc::from("")], nodes: vec![none] }
    }
}

impl Symbols {
    /// The text of a symbol. Symbols of another trace give some text or the empty string, never a panic.
    pub fn text(&self, sym: Sym) -> &str {
        self.strings.get(sym.0 as usize).map_or("", |s| s)
    }

    /// The text of a symbol, shared.
    pub fn shared(&self, sym: Sym) -> Arc<str> {
        self.strings.get(sym.0 as usize).cloned().unwrap_or_default()
    }

    /// How many distinct strings there are so far. Symbols are below this number.
    pub fn len(&self) -> usize {
        self.strings.len()
    }

    /// Whether there is no string but the empty one.
    pub fn is_empty(&self) -> bool {
        self.strings.len() <= 1
    }

    /// How many nodes the tree of stacks has so far. Stack ids are below this number.
    pub fn stack_nodes(&self) -> usize {
        self.nodes.len()
    }

    /// The frames of a stack, innermost (leaf) first.
    pub fn frames(&self, stack: StackId) -> impl Iterator<Item = Frame> + '_ {
        let mut at = stack;
        std::iter::from_fn(move || {
            if at == StackId::NONE {
                return None;
            }
            let node = self.nodes.get(at.0 as usize)?;
            at = node.parent;
            Some(node.frame)
        })
    }

    /// The outermost frame of a stack: for a goroutine's own stack, its start function.
    pub fn root(&self, stack: StackId) -> Option<Frame> {
        self.frames(stack).last()
    }

    /// Appends what `delta` learned. Deltas must come in the order in which they were taken.
    pub fn apply(&mut self, delta: &mut SymbolDelta) {
        self.strings.append(&mut delta.strings);
        self.nodes.append(&mut delta.nodes);
    }
}

/// Symbols that are new since the last delta was taken: what a reader on one thread tells an analysis on another.
#[derive(Clone, Debug, Default)]
pub struct SymbolDelta {
    strings: Vec<Arc<str>>,
    nodes: Vec<Node>,
}

/// The reader's half: finds the symbol for a text, the id for a stack.
#[derive(Clone, Debug)]
pub struct Interner {
    strings: HashMap<Arc<str>, Sym>,
    nodes: HashMap<Node, StackId>,
    delta: SymbolDelta,
}

impl Default for Interner {
    fn default() -> Self {
        let mut strings = HashMap::default();
        strings.insert(Arc::from(""), Sym::EMPTY);
        Interner { strings, nodes: HashMap::default(), delta: SymbolDelta::default() }
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
        self.strings.insert(shared.clone(), sym);
        self.delta.strings.push(shared);
        sym
    }

    /// The symbol for bytes that a trace calls a string; what is not UTF-8 is replaced by U+FFFD.
    pub fn bytes(&mut self, bytes: &[u8]) -> Sym {
        match std::str::from_utf8(bytes) {
            Ok(text) => self.text(text),
            Err(_) => self.text(&String::from_utf8_lossy(bytes)),
        }
    }

    /// The id of a stack, given its frames from the root (outermost) inwards.
    pub fn stack(&mut self, root_first: impl Iterator<Item = Frame>) -> StackId {
        root_first.fold(StackId::NONE, |parent, frame| self.child(parent, frame))
    }

    /// The id of the stack that is `parent` with one more frame called from it.
    pub fn child(&mut self, parent: StackId, frame: Frame) -> StackId {
        let node = Node { parent, frame };
        let next = StackId(self.nodes.len() as u32 + 1);
        *self.nodes.entry(node).or_insert_with(|| {
            self.delta.nodes.push(node);
            next
        })
    }

    /// Takes what is new since the last call.
    pub fn take_delta(&mut self) -> SymbolDelta {
        std::mem::take(&mut self.delta)
    }
}
