//! What a stack tells of whoever stood there, looked up once for each stack.

use super::population::{is_framework_wait, is_runner, is_test_code};
use crate::trace::{Frame, StackId, Symbols};

/// What is known of one stack.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Traits(u8);

impl Traits {
    const KNOWN: u8 = 1;
    const RUN_LINE: u8 = 2;
    const FRAMEWORK: u8 = 4;
    const PARALLEL: u8 = 8;
    const IN_TEST: u8 = 16;
    const BENCH_GC: u8 = 32;

    /// The test framework writes a line of its output: that a test begins, goes on and so on.
    pub(super) fn writes_line(self) -> bool {
        self.0 & Self::RUN_LINE != 0
    }

    /// It is the test framework that waits, not the code under test.
    pub(super) fn is_framework(self) -> bool {
        self.0 & Self::FRAMEWORK != 0
    }

    /// A parallel test waits for its turn.
    pub(super) fn waits_for_turn(self) -> bool {
        self.0 & Self::PARALLEL != 0
    }

    /// Beneath it is the function of a test or benchmark.
    pub(super) fn in_test(self) -> bool {
        self.0 & Self::IN_TEST != 0
    }

    /// The framework collects garbage before a round of a benchmark.
    pub(super) fn begins_round(self) -> bool {
        self.0 & Self::BENCH_GC != 0
    }
}

/// By stack.
#[derive(Clone, Debug, Default)]
pub(super) struct Stacks(Vec<Traits>);

impl Stacks {
    #[inline(always)]
    pub(super) fn of(&mut self, stack: StackId, symbols: &Symbols) -> Traits {
        match self.0.get(stack.0 as usize) {
            Some(&traits) if traits.0 & Traits::KNOWN != 0 => traits,
            _ => self.look(stack, symbols),
        }
    }

    #[cold]
    fn look(&mut self, stack: StackId, symbols: &Symbols) -> Traits {
        let names = || symbols.frames(stack).map(|frame| symbols.text(frame.func));
        let mut found = Traits::KNOWN;
        let mut inner = "";
        for name in names() {
            match name {
                "testing.(*chattyPrinter).Updatef" => found |= Traits::RUN_LINE,
                "testing.(*T).Parallel" => found |= Traits::PARALLEL,
                "testing.(*B).runN" if inner == "runtime.GC" => found |= Traits::BENCH_GC,
                _ => {}
            }
            if is_runner(name) && !inner.is_empty() && is_test_code(inner) {
                found |= Traits::IN_TEST;
            }
            inner = name;
        }
        if is_framework_wait(names()) {
            found |= Traits::FRAMEWORK;
        }
        let at = stack.0 as usize;
        if at >= self.0.len() {
            self.0.resize(at + 1, Traits::default());
        }
        self.0[at] = Traits(found);
        Traits(found)
    }
}

/// The frame of the test or benchmark function that a stack belongs to: the one next to the framework's runner.
pub(super) fn test_frame(stack: StackId, symbols: &Symbols) -> Option<Frame> {
    let mut inner: Option<Frame> = None;
    for frame in symbols.frames(stack) {
        if is_runner(symbols.text(frame.func)) {
            return inner.filter(|frame| is_test_code(symbols.text(frame.func)));
        }
        inner = Some(frame);
    }
    None
}
