//! Goroutines that a launcher starts for others: `wg.Go(f)` of the standard library, `g.Go(f)` of an errgroup.
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

/// Launchers by the end of their name, which a path may come before, and what they are called behind the name of a caller.
/// (`add` did for one release of errgroup what its callers do in all others.)
const LAUNCHERS: [(&str, &str); 4] = [
    ("sync.(*WaitGroup).Go", "WaitGroup.Go"),
    ("errgroup.(*Group).Go", "errgroup.Go"),
    ("errgroup.(*Group).TryGo", "errgroup.TryGo"),
    ("errgroup.(*Group).add", "errgroup.Go"),
];

/// What a function is called if it is a launcher.
pub fn launcher(func: &str) -> Option<&'static str> {
    let is = |name: &str| func.strip_suffix(name).is_some_and(|path| path.is_empty() || path.ends_with('/'));
    LAUNCHERS.iter().find(|(name, _)| is(name)).map(|&(_, called)| called)
}

/// Whether the goroutines of a launcher start in this function: a closure of it.
pub fn is_launchers(start: &str) -> bool {
    let outer = start.trim_end_matches(|c: char| c.is_ascii_digit()).strip_suffix(".func");
    outer.is_some_and(|outer| launcher(outer).is_some())
}

/// The name of a group as the function that called a launcher, and what that is called; the whole name where none was.
pub fn parts(group: &str) -> (&str, Option<&str>) {
    let split = group.strip_suffix(')').and_then(|head| head.rsplit_once(" ("));
    match split {
        Some((caller, called)) if LAUNCHERS.iter().any(|(_, launcher)| *launcher == called) => (caller, Some(called)),
        _ => (group, None),
    }
}

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
            self.made.push(format!("{} ({called})", text(caller.func)).into());
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn launchers_are_told_by_name_whatever_their_path() {
        for (func, called) in [
            ("sync.(*WaitGroup).Go", Some("WaitGroup.Go")),
            ("example.com/sync.(*WaitGroup).Go", Some("WaitGroup.Go")),
            ("golang.org/x/sync/errgroup.(*Group).Go", Some("errgroup.Go")),
            ("golang.org/x/sync/errgroup.(*Group).TryGo", Some("errgroup.TryGo")),
            ("example.com/vendor/golang.org/x/sync/errgroup.(*Group).add", Some("errgroup.Go")),
            ("example.com/async.(*WaitGroup).Go", None),
            ("golang.org/x/sync/errgroup.(*Group).Wait", None),
            ("sync.(*WaitGroup).Go.func1", None),
            ("", None),
        ] {
            assert_eq!(launcher(func), called, "{func}");
        }
        for (start, is) in [
            ("sync.(*WaitGroup).Go.func1", true),
            ("golang.org/x/sync/errgroup.(*Group).TryGo.func12", true),
            ("sync.(*WaitGroup).Go", false),
            ("sync.(*WaitGroup).Go.func1.1", false),
            ("svc.TestRequest.func1", false),
        ] {
            assert_eq!(is_launchers(start), is, "{start}");
        }
    }

    #[test]
    fn names_of_groups_come_apart_again() {
        assert_eq!(parts("svc.(*T).Run.func1 (WaitGroup.Go)"), ("svc.(*T).Run.func1", Some("WaitGroup.Go")));
        assert_eq!(parts("svc.F (errgroup.TryGo)"), ("svc.F", Some("errgroup.TryGo")));
        for name in ["svc.(*T).Run", "svc.F (x)", "load (all)", "(WaitGroup.Go)", ""] {
            assert_eq!(parts(name), (name, None), "{name}");
        }
    }
}
