//! Why the job could not be done: every such way, with its exit status and its advice.

use std::path::PathBuf;

use crate::trace::TraceError;

/// Exit statuses, which are an interface: scripts and CI systems rely on them.
pub mod exit {
    /// Compared, and nothing is worse than allowed.
    pub const PASS: u8 = 0;
    /// Compared, and something is worse than allowed.
    pub const REGRESSION: u8 = 1;
    /// The job could not be done.
    pub const ERROR: u8 = 2;
    /// Inconclusive, and the policy says that this fails; or inconclusive for want of input.
    pub const INCONCLUSIVE: u8 = 3;
    /// A bug in gotrace-diff.
    pub const BUG: u8 = 70;
}

/// Why the job could not be done. Messages are lowercase and name the file; escaping for the terminal is the sink's.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// What was typed makes no sense.
    #[error("{0}")]
    Usage(String),
    /// The configuration is not understood.
    #[error("{}:{line}:{column}: {message}", file.display())]
    Config {
        /// The file.
        file: PathBuf,
        /// From 1.
        line: usize,
        /// From 1.
        column: usize,
        /// What is wrong there.
        message: String,
    },
    /// A trace cannot be read.
    #[error("{file}: {source}")]
    Trace {
        /// As it was given.
        file: String,
        /// What is wrong with it.
        source: TraceError,
    },
    /// A summary or a baseline cannot be read.
    #[error("{file}: {message}")]
    Document {
        /// As it was given.
        file: String,
        /// The way in which it cannot.
        fault: DocumentFault,
        /// What is wrong with it.
        message: String,
        /// What to do.
        advice: String,
    },
    /// A file cannot be read.
    #[error("{file}: {source}")]
    Read {
        /// As it was given.
        file: String,
        /// What the operating system says.
        source: std::io::Error,
    },
    /// Nothing to read where something was said to be.
    #[error("{file}: {message}")]
    Input {
        /// As it was given.
        file: String,
        /// What is missing or odd.
        message: String,
        /// What to do.
        advice: String,
    },
    /// There is no baseline to check against.
    #[error("{}: there is no baseline", path.display())]
    MissingBaseline {
        /// Where it was looked for.
        path: PathBuf,
    },
    /// A partial trace where only whole ones will do.
    #[error("{file}: the trace is partial, and a baseline is made of whole ones")]
    Partial {
        /// The trace.
        file: String,
    },
    /// A run in which something failed, where only those that passed will do.
    #[error("{file}: {what} failed in this run, and a baseline is made of runs that passed")]
    FailedTest {
        /// The trace.
        file: String,
        /// The test, or words for all of it.
        what: String,
    },
    /// A comparison that would compare nothing.
    #[error("nothing in common to compare: {0}")]
    NothingInCommon(String),
    /// A report cannot be written.
    #[error("{file}: {source}")]
    Write {
        /// Where to.
        file: String,
        /// What the operating system says.
        source: std::io::Error,
    },
    /// A report will not be written.
    #[error("{file}: {message}")]
    Refused {
        /// Where to.
        file: String,
        /// Why not.
        message: String,
    },
    /// Another program, go or git, failed.
    #[error("{message}")]
    Program {
        /// Its name.
        program: String,
        /// What was asked of it.
        message: String,
        /// The end of what it said.
        output: String,
    },
    /// A signal asked to stop.
    #[error("interrupted")]
    Interrupted,
    /// A bug.
    #[error("this is a bug in gotrace-diff, not in what it read: {0}")]
    Bug(String),
}

/// The ways in which a summary, a baseline, a result or the like cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum DocumentFault {
    /// Larger than any such document is.
    TooLarge,
    /// Bytes that are no text.
    NotUtf8,
    /// A merge that git left to be resolved.
    Conflict,
    /// No JSON, or such as readers differ about: a key twice, a number out of range.
    BadJson,
    /// JSON of somebody else.
    NoSchema,
    /// A schema that this version does not know.
    UnknownSchema,
    /// A document of ours, but not of the sort that is wanted here.
    OtherDocument,
    /// Not what its schema says.
    NotAsSchema,
    /// A whole document without what is needed here.
    Incomplete,
    /// A shard of a matrix says that it could not do its job.
    FailedShard,
    /// A baseline that reads, and is not written as this version writes it.
    NotCanonical,
    /// What `go test` should have printed, and did not.
    NotTestOutput,
    /// In a commit, and no regular file there.
    NotAFile,
}

impl DocumentFault {
    /// A stable name, for tools.
    pub fn name(self) -> &'static str {
        match self {
            DocumentFault::TooLarge => "TooLarge",
            DocumentFault::NotUtf8 => "NotUtf8",
            DocumentFault::Conflict => "Conflict",
            DocumentFault::BadJson => "BadJson",
            DocumentFault::NoSchema => "NoSchema",
            DocumentFault::UnknownSchema => "UnknownSchema",
            DocumentFault::OtherDocument => "OtherDocument",
            DocumentFault::NotAsSchema => "NotAsSchema",
            DocumentFault::Incomplete => "Incomplete",
            DocumentFault::FailedShard => "FailedShard",
            DocumentFault::NotCanonical => "NotCanonical",
            DocumentFault::NotTestOutput => "NotTestOutput",
            DocumentFault::NotAFile => "NotAFile",
        }
    }
}

impl Error {
    /// A document that cannot be used.
    pub(crate) fn document(file: &str, fault: DocumentFault, message: String, advice: &str) -> Error {
        Error::Document { file: file.to_owned(), fault, message, advice: advice.to_owned() }
    }

    /// The exit status.
    pub fn exit_code(&self) -> u8 {
        match self {
            Error::Bug(_) => exit::BUG,
            _ => exit::ERROR,
        }
    }

    /// A stable name, for tools.
    pub fn kind(&self) -> &'static str {
        match self {
            Error::Usage(_) => "usage",
            Error::Config { .. } => "config",
            Error::Trace { source, .. } => source.kind().class().name(),
            Error::Document { .. } => "document",
            Error::Read { .. } => "read",
            Error::Input { .. } => "input",
            Error::MissingBaseline { .. } => "missing-baseline",
            Error::Partial { .. } => "partial",
            Error::FailedTest { .. } => "failed-test",
            Error::NothingInCommon(_) => "nothing-in-common",
            Error::Write { .. } => "write",
            Error::Refused { .. } => "refused",
            Error::Program { .. } => "program",
            Error::Interrupted => "interrupted",
            Error::Bug(_) => "bug",
        }
    }

    /// Its cause in more detail, where there is one: a stable name, for tools.
    pub fn cause(&self) -> Option<&'static str> {
        match self {
            Error::Trace { source, .. } => Some(source.kind().name()),
            Error::Document { fault, .. } => Some(fault.name()),
            _ => None,
        }
    }

    /// The file that it is about.
    pub fn file(&self) -> Option<String> {
        match self {
            Error::Config { file, .. } => Some(file.display().to_string()),
            Error::Trace { file, .. }
            | Error::Document { file, .. }
            | Error::Read { file, .. }
            | Error::Input { file, .. }
            | Error::Partial { file }
            | Error::FailedTest { file, .. }
            | Error::Write { file, .. }
            | Error::Refused { file, .. } => Some(file.clone()),
            Error::MissingBaseline { path } => Some(path.display().to_string()),
            Error::Usage(_)
            | Error::NothingInCommon(_)
            | Error::Program { .. }
            | Error::Interrupted
            | Error::Bug(_) => None,
        }
    }

    /// Where in the file, in bytes of the decompressed trace.
    pub fn offset(&self) -> Option<u64> {
        match self {
            Error::Trace { source, .. } => Some(source.offset()),
            _ => None,
        }
    }

    /// The message as it is told. Of a longer one, which has a key or a value of a crafted file in it, the beginning and the end.
    pub fn told(&self) -> String {
        clipped(self.to_string())
    }

    /// What another program said about it, line by line.
    pub fn output(&self) -> impl Iterator<Item = &str> {
        match self {
            Error::Program { output, .. } => output.lines(),
            _ => "".lines(),
        }
    }

    /// What to do about it.
    pub fn advice(&self) -> Option<String> {
        Some(match self {
            Error::Usage(_) => "see gotrace-diff --help".to_owned(),
            Error::Config { .. } => "correct the file; gotrace-diff --list-metrics names the metrics".to_owned(),
            Error::Trace { source, .. } => source.kind().class().advice().to_owned(),
            Error::Document { advice, .. } | Error::Input { advice, .. } if !advice.is_empty() => {
                clipped(advice.clone())
            }
            Error::Document { .. } | Error::Input { .. } => return None,
            Error::Read { .. } => "check the path and its permissions".to_owned(),
            Error::MissingBaseline { path } => format!(
                "make one from runs of the version to compare with, and commit it: gotrace-diff baseline create -o {} TRACE...",
                path.display()
            ),
            Error::Partial { .. } => "record the run again and let the program end".to_owned(),
            Error::FailedTest { .. } => {
                "make it pass, or leave it out with -skip here and wherever runs are compared with the baseline, and record again".to_owned()
            }
            Error::NothingInCommon(_) => {
                "record the same tests on both sides: the same packages, -run and -bench".to_owned()
            }
            Error::Write { .. } => "check the folder, its permissions and the disk".to_owned(),
            Error::Refused { .. } => "give another path".to_owned(),
            Error::Program { program, .. } if program == "go" => {
                "the same command by hand says more; Go has to be on PATH".to_owned()
            }
            Error::Program { program, .. } => format!("{program} has to be on PATH, and to work here"),
            Error::Interrupted => "what was made on the way is taken away again".to_owned(),
            Error::Bug(_) => "please report it, with the command and, if you can, the traces".to_owned(),
        })
    }
}

/// Of a message or its advice, in bytes: more than any of ours has that is about no crafted file.
const MOST_TOLD: usize = 2048;

/// `text`, and of a longer one the beginning and the end: what to do often stands there.
pub(crate) fn clipped(text: String) -> String {
    if text.len() <= MOST_TOLD {
        return text;
    }
    let start = (0..=MOST_TOLD * 3 / 4).rev().find_map(|at| text.get(..at)).unwrap_or_default();
    let end = (text.len() - MOST_TOLD / 4..=text.len()).find_map(|at| text.get(at..)).unwrap_or_default();
    format!("{start} [{} bytes left out] {end}", text.len() - start.len() - end.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_long_message_the_beginning_and_the_end_are_told() {
        for text in ["", "short", &"x".repeat(MOST_TOLD)] {
            assert_eq!(clipped(text.to_owned()), text);
        }
        for middle in ["x", "ü", "\u{1f600}"] {
            let told = clipped(format!("begins {} ends", middle.repeat(1 << 20)));
            assert!(told.len() < MOST_TOLD + 100, "{} bytes", told.len());
            assert!(
                told.starts_with("begins ") && told.ends_with(" ends") && told.contains(" bytes left out] "),
                "{told}"
            );
        }
    }
}
