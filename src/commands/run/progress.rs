//! What is being done right now: one line that is rewritten on a terminal, plain lines elsewhere.

use std::io::{IsTerminal, Write};

use crate::report::escape::term;

/// Tells on standard error how far it is.
pub(super) struct Progress {
    live: bool,
    quiet: bool,
    /// The package whose line is there already.
    last: String,
}

impl Progress {
    /// Tells nothing where `quiet`.
    pub(super) fn new(quiet: bool) -> Progress {
        Progress { live: std::io::stderr().is_terminal(), quiet, last: String::new() }
    }

    /// A step that takes a while.
    pub(super) fn step(&mut self, text: &str) {
        self.write(text);
        self.last.clear();
    }

    /// A pair of runs begins. Off the terminal a package has one line.
    pub(super) fn pair(&mut self, package: &str, pair: usize, of: usize) {
        if self.live {
            self.write(&format!("{package}: pair {pair} of at most {of}"));
        } else if self.last != package {
            self.write(&format!("{package}: recording at most {of} runs a side"));
            package.clone_into(&mut self.last);
        }
    }

    /// Takes the rewritten line away.
    pub(super) fn clear(&mut self) {
        if self.live && !self.quiet {
            let _ = write!(std::io::stderr(), "\r\x1b[K");
        }
    }

    fn write(&mut self, text: &str) {
        if self.quiet {
            return;
        }
        let mut err = std::io::stderr();
        // Progress that cannot be told is no reason to stop.
        let _ = if self.live { write!(err, "\r\x1b[K{}", term(text)) } else { writeln!(err, "{}", term(text)) };
        let _ = err.flush();
    }
}
