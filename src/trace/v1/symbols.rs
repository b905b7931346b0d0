//! Interning: a symbol for each string, an id for each stack that an event handed on mentions.

use super::names;
use super::record::{Details, Log};
use super::spec::Kind;
use super::tables::Tables;
use crate::trace::{Frame, Interner, StackId, Sym, SymbolDelta};

/// The tables of the file, and what of them is interned.
#[derive(Debug)]
pub(super) struct Names {
    tables: Tables,
    interner: Interner,
    /// By index; [`StackId::NONE`] for what is not interned. (No stack in the table is empty.)
    stacks: Vec<StackId>,
    /// By index; [`Sym::EMPTY`] for what is not interned. (No string but the first is empty.)
    strings: Vec<Sym>,
    /// By type of event.
    reasons: [Option<Sym>; 64],
}

impl Names {
    pub(super) fn new(tables: Tables) -> Self {
        let (strings, stacks) = tables.sizes();
        Names {
            tables,
            interner: Interner::default(),
            stacks: vec![StackId::NONE; stacks],
            strings: vec![Sym::EMPTY; strings],
            reasons: [None; 64],
        }
    }

    /// What is new since the last call.
    pub(super) fn take_delta(&mut self) -> SymbolDelta {
        self.interner.take_delta()
    }

    /// The symbol of the string at an index.
    pub(super) fn string(&mut self, index: u32) -> Sym {
        let Some(known) = self.strings.get_mut(index as usize).filter(|_| index != 0) else { return Sym::EMPTY };
        if *known == Sym::EMPTY {
            *known = self.interner.bytes(self.tables.text(index));
        }
        *known
    }

    /// The id of the stack at an index.
    pub(super) fn stack(&mut self, index: u32) -> StackId {
        match self.stacks.get(index as usize) {
            Some(&known) if known != StackId::NONE || index == 0 => return known,
            None => return StackId::NONE,
            _ => {}
        }
        let mut frames = Vec::new();
        while let Some(frame) = self.tables.frame(index, frames.len()) {
            let (func, file) = (self.string(frame.func), self.string(frame.file));
            frames.push(self.interner.frame(Frame { func, file, line: frame.line }));
        }
        let id = self.interner.stack(frames.into_iter());
        if let Some(known) = self.stacks.get_mut(index as usize) {
            *known = id;
        }
        id
    }

    /// The reason why a goroutine blocks or stops with an event of this type.
    pub(super) fn reason(&mut self, kind: Kind) -> Sym {
        match self.reasons.get_mut(kind as usize) {
            Some(known) => *known.get_or_insert_with(|| self.interner.text(names::reason(kind))),
            None => Sym::EMPTY,
        }
    }

    /// Any other text.
    pub(super) fn text(&mut self, text: &str) -> Sym {
        self.interner.text(text)
    }

    /// The message of a log, empty unless messages are kept.
    pub(super) fn message(&mut self, log: Log, details: &Details) -> Sym {
        let messages = details.messages.get(log.start as usize..).unwrap_or_default();
        self.interner.bytes(messages.get(..log.length as usize).unwrap_or_default())
    }
}
