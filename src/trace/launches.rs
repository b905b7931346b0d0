//! Which goroutines of a trace a launcher started ([`crate::launchers`] says what those are), and who called it.
//!
//! ```text
//!   stack of the goroutine when it is created   sync.(*WaitGroup).Go.func1
//!   stack of its creator                        sync.(*WaitGroup).Go < svc.TestRequest < testing.tRunner
//!   what it is called                           svc.TestRequest (WaitGroup.Go), at the line of the call
//! ```
//!
//! All that a launcher starts begins in one function, whoever asked for it. The function that was handed in would tell them
//! apart, but is in no stack before the goroutine stops somewhere, and whether it does is a matter of timing. Who called
//! the launcher is known of all of them.

use std::sync::Arc;

use super::event::{StackId, Sym};
use super::symbols::Frame;
use crate::hash::{HashMap, HashSet};
use crate::launchers::{group_name, is_launchers, launcher};

/// What is known of launchers in a trace. The names of their groups are in no trace: they are symbols made here, whose numbers
/// the trace does not reach.
#[derive(Clone, Debug, Default)]
pub(super) struct Launches {
    /// Functions that are launchers.
    launchers: HashMap<Sym, &'static str>,
    /// Functions in which their goroutines start.
    starts: HashSet<Sym>,
    /// By the stack of a creator: who called the launcher.
    callers: HashMap<StackId, Frame>,
    made: Vec<Arc<str>>,
    by_caller: HashMap<(Sym, &'static str), Sym>,
}

/// Set in symbols that are made here.
const MADE: u32 = 1 << 31;

impl Launches {
    /// A string of the trace is known from now on.
    pub(super) fn learn(&mut self, sym: Sym, text: &str) {
        if let Some(called) = launcher(text) {
            self.launchers.insert(sym, called);
        } else if is_launchers(text) {
            self.starts.insert(sym);
        }
    }

    /// Whether there is nothing to be learnt of stacks.
    pub(super) fn is_empty(&self) -> bool {
        self.launchers.is_empty()
    }

    /// A stack of the trace is known from now on, innermost frame first.
    pub(super) fn learn_stack<'t>(
        &mut self,
        stack: StackId,
        mut frames: impl Iterator<Item = Frame>,
        text: impl Fn(Sym) -> &'t str,
    ) {
        // One launcher may use another: what is called last is what people wrote.
        let mut called = None;
        let caller = frames.find(|frame| match self.launchers.get(&frame.func) {
            Some(&launcher) => {
                called = Some(launcher);
                false
            }
            None => true,
        });
        let (Some(caller), Some(called)) = (caller, called) else { return };
        let next = Sym(MADE | self.made.len() as u32);
        let name = *self.by_caller.entry((caller.func, called)).or_insert(next);
        if name == next {
            self.made.push(group_name(text(caller.func), called).into());
        }
        self.callers.insert(stack, Frame { func: name, ..caller });
    }

    /// See [`super::Symbols::starts_for_others`].
    #[inline]
    pub(super) fn starts(&self, start: Sym) -> bool {
        !self.starts.is_empty() && self.starts.contains(&start)
    }

    /// See [`super::Symbols::launch`].
    pub(super) fn caller(&self, creator: StackId) -> Option<Frame> {
        self.callers.get(&creator).copied()
    }

    /// The text of a symbol that is made here.
    pub(super) fn text(&self, sym: Sym) -> Option<&Arc<str>> {
        if is_made(sym) { self.made.get((sym.0 & !MADE) as usize) } else { None }
    }

    /// All symbols that are made here, but for so many first ones.
    pub(super) fn made(&self, seen: usize) -> impl Iterator<Item = Sym> + use<> {
        (seen as u32..self.made.len() as u32).map(|at| Sym(MADE | at))
    }
}

/// Whether a symbol is the name of a group that a launcher started, which no trace has.
pub fn is_made(sym: Sym) -> bool {
    sym.0 & MADE != 0
}
