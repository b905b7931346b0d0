//! What the runner is told: outputs, the job summary, and commands in the log.

use std::io::Write;
use std::path::Path;

use super::environment::variable;
use crate::cli::Color;
use crate::commands::output;
use crate::error::Error;
use crate::report::escape::Text;

/// Where a step's outputs go, one `name=value` a line.
#[derive(Debug, Default)]
pub(super) struct Outputs(String);

impl Outputs {
    /// Adds one. A line's end in a value would begin another output: such a value is not written at all.
    pub(super) fn set(&mut self, name: &str, value: impl std::fmt::Display) {
        let value = value.to_string();
        if !value.contains(char::is_control) {
            self.0.push_str(&format!("{name}={value}\n"));
        }
    }

    /// Writes them.
    pub(super) fn write(&self) -> Result<(), Error> {
        append("GITHUB_OUTPUT", &self.0)
    }
}

/// Appends to the file that a variable of the runner's names; nothing where there is none.
pub(super) fn append(name: &str, text: &str) -> Result<(), Error> {
    let path = variable(name);
    if path.is_empty() {
        return Ok(());
    }
    let failed = |source| Error::Write { file: path.clone(), source };
    let mut file = std::fs::OpenOptions::new().append(true).create(true).open(Path::new(&path)).map_err(failed)?;
    file.write_all(text.as_bytes()).map_err(failed)
}

/// How grave an annotation is.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kind {
    Notice,
    Warning,
    Error,
}

/// An annotation of the job.
pub(super) fn annotate(kind: Kind, text: &str) -> Result<(), Error> {
    let kind = match kind {
        Kind::Notice => "notice",
        Kind::Warning => "warning",
        Kind::Error => "error",
    };
    say(&format!("::{kind} title=gotrace-diff::{}\n", Text::from(text).command()))
}

/// Prints to the log, as it is: whoever calls has escaped what is not ours.
pub(super) fn say(text: &str) -> Result<(), Error> {
    output::print(text, Color::Never)
}

/// While it lives the runner obeys nothing in the log: what other programs print there is not ours.
#[derive(Debug)]
pub(super) struct Wall(String);

impl Wall {
    pub(super) fn raise() -> Result<Wall, Error> {
        use std::hash::{BuildHasher as _, Hasher as _};
        // Keys of the standard library's hashers are drawn from the system for each of them.
        let random = || std::hash::RandomState::new().build_hasher().finish();
        let word = format!("gotrace-diff-{:016x}{:016x}", random(), random());
        say(&format!("::stop-commands::{word}\n"))?;
        Ok(Wall(word))
    }
}

impl Drop for Wall {
    fn drop(&mut self) {
        // Standard output that is gone has no runner behind it.
        let _ = say(&format!("::{}::\n", self.0));
    }
}
