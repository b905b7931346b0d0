//! What a stack tells of whoever stood there, looked up once for each stack.

use super::population::{self, carries_wait, is_framework, is_runner, is_test_code};
use crate::trace::{Frame, StackId, Sym, Symbols};

/// What is done to the timer of a benchmark.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Timing {
    Starts,
    Stops,
    Resets,
}

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
    const STARTS: u8 = 64;
    const STOPS: u8 = 128;
    /// Either; both is a reset.
    const TIMER: u8 = Self::STARTS | Self::STOPS;

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

    /// What is done to the timer of a benchmark, if anything is.
    pub(super) fn timer(self) -> Option<Timing> {
        match self.0 & Self::TIMER {
            Self::STARTS => Some(Timing::Starts),
            Self::STOPS => Some(Timing::Stops),
            Self::TIMER => Some(Timing::Resets),
            _ => None,
        }
    }
}

/// What a function's name tells: looked at once, while stacks of many frames are looked at by the thousand.
#[derive(Clone, Copy, Debug, Default)]
struct Function(u16);

impl Function {
    const KNOWN: u16 = 1;
    const PRINTS: u16 = 2;
    const PARALLEL: u16 = 4;
    const RUNNER: u16 = 8;
    const ROUND: u16 = 16;
    const COLLECTS: u16 = 32;
    const CARRIES: u16 = 64;
    const TESTING: u16 = 128;
    const EXAMPLE: u16 = 256;
    const PRINTF: u16 = 512;
    const READS: u16 = 1024;
    const STARTS: u16 = 2048;
    const STOPS: u16 = 4096;
    const TIMER: u16 = Self::STARTS | Self::STOPS;

    fn of(name: &str) -> Function {
        let mut found = Function::KNOWN;
        match name {
            "testing.(*chattyPrinter).Updatef" => found |= Function::PRINTS,
            "testing.(*T).Parallel" => found |= Function::PARALLEL,
            "testing.(*B).runN" => found |= Function::ROUND,
            "testing.runExample" => found |= Function::EXAMPLE,
            "fmt.Printf" => found |= Function::PRINTF,
            "runtime.GC" => found |= Function::COLLECTS,
            "runtime.ReadMemStats" => found |= Function::READS,
            "testing.(*B).StartTimer" => found |= Function::STARTS,
            "testing.(*B).StopTimer" => found |= Function::STOPS,
            "testing.(*B).ResetTimer" => found |= Function::TIMER,
            _ => {}
        }
        let flags = [
            (is_runner(name), Function::RUNNER),
            (carries_wait(name), Function::CARRIES),
            (is_framework(name), Function::TESTING),
        ];
        Function(flags.iter().filter(|(is, _)| *is).fold(found, |found, (_, flag)| found | flag))
    }

    fn is(self, flag: u16) -> bool {
        self.0 & flag != 0
    }
}

/// By stack, and by function.
#[derive(Clone, Debug, Default)]
pub(super) struct Stacks {
    stacks: Vec<Traits>,
    functions: Vec<Function>,
}

impl Stacks {
    #[inline(always)]
    pub(super) fn of(&mut self, stack: StackId, symbols: &Symbols) -> Traits {
        match self.stacks.get(stack.0 as usize) {
            Some(&traits) if traits.0 & Traits::KNOWN != 0 => traits,
            _ => self.look(stack, symbols),
        }
    }

    /// What is known of it so far.
    pub(super) fn known(&self, stack: StackId) -> Traits {
        self.stacks.get(stack.0 as usize).copied().unwrap_or_default()
    }

    fn function(&mut self, name: Sym, symbols: &Symbols) -> Function {
        let at = name.0 as usize;
        if at >= self.functions.len() {
            self.functions.resize(symbols.len().max(at + 1), Function::default());
        }
        if !self.functions[at].is(Function::KNOWN) {
            self.functions[at] = Function::of(symbols.text(name));
        }
        self.functions[at]
    }

    #[cold]
    fn look(&mut self, stack: StackId, symbols: &Symbols) -> Traits {
        let mut found = Traits::KNOWN;
        let mut inner: Option<(Sym, Function)> = None;
        // Whoever waits is the innermost function that does not merely carry a wait.
        let mut waits: Option<Function> = None;
        for frame in symbols.frames(stack) {
            let function = self.function(frame.func, symbols);
            // Of an example the framework's own line is printed by the function that runs it.
            let announces = function.is(Function::EXAMPLE) && inner.is_some_and(|(_, i)| i.is(Function::PRINTF));
            if function.is(Function::PRINTS) || announces {
                found |= Traits::RUN_LINE;
            }
            if function.is(Function::PARALLEL) {
                found |= Traits::PARALLEL;
            }
            if function.is(Function::ROUND) && inner.is_some_and(|(_, inner)| inner.is(Function::COLLECTS)) {
                found |= Traits::BENCH_GC;
            }
            if function.is(Function::TIMER) && inner.is_some_and(|(_, inner)| inner.is(Function::READS)) {
                found |= if function.is(Function::STARTS) { Traits::STARTS } else { 0 };
                found |= if function.is(Function::STOPS) { Traits::STOPS } else { 0 };
            }
            if function.is(Function::RUNNER) && inner.is_some_and(|(name, _)| is_test_code(symbols.text(name))) {
                found |= Traits::IN_TEST;
            }
            if !function.is(Function::CARRIES) {
                waits = waits.or(Some(function));
            }
            inner = Some((frame.func, function));
        }
        if waits.is_some_and(|function| function.is(Function::TESTING)) {
            found |= Traits::FRAMEWORK;
        }
        let at = stack.0 as usize;
        if at >= self.stacks.len() {
            self.stacks.resize(symbols.stacks().max(at + 1), Traits::default());
        }
        self.stacks[at] = Traits(found);
        Traits(found)
    }
}

/// The frame of the test or benchmark function that a stack belongs to.
pub(crate) fn test_frame(stack: StackId, symbols: &Symbols) -> Option<Frame> {
    let at = population::test_frame(symbols.frames(stack).map(|frame| symbols.text(frame.func)))?;
    symbols.frames(stack).nth(at)
}
