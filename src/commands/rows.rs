//! `gotrace-diff summarize --format ndjson`: rows for a warehouse, one a line.

use std::collections::BTreeMap;
use std::io::{self, BufWriter, Write as _};

use clap::ValueEnum;

use super::DONE;
use crate::cli::SummarizeArgs;
use crate::error::Error;
use crate::rows;
use crate::summary::Summary;

/// How summaries are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum SummaryFormat {
    /// For people.
    #[default]
    Text,
    /// The summaries, for comparing and merging.
    Json,
    /// A row for each series of each run, for a warehouse.
    Ndjson,
}

/// Reads `KEY=VALUE`. Keys are such as every engine takes for the name of a column.
///
/// # Errors
/// In a sentence, where it is none.
pub fn label(text: &str) -> Result<(String, String), String> {
    let (key, value) = text.split_once('=').ok_or("write it as KEY=VALUE, as in commit=4f1c2e0")?;
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    if key.is_empty() || !key.chars().all(plain) || key.starts_with(|c: char| c.is_ascii_digit()) {
        return Err(format!("the key {key:?} is no name: lower-case letters, digits and _, a letter first"));
    }
    Ok((key.to_owned(), value.to_owned()))
}

/// Prints the rows of all runs. They are written as they are made: a thousand traces have a million of them.
pub(super) fn print(runs: &[Summary], args: &SummarizeArgs, rounds: Option<u64>) -> Result<u8, Error> {
    let mut labels = BTreeMap::new();
    for (key, value) in &args.label {
        if labels.insert(key.clone(), value.clone()).is_some() {
            return Err(Error::Usage(format!("--label {key} is there twice")));
        }
    }
    let mut out = BufWriter::new(io::stdout().lock());
    let write = |out: &mut BufWriter<_>| -> io::Result<()> {
        for run in runs {
            rows::of(run, &labels, rounds, args.show_framework, |row| {
                serde_json::to_writer(&mut *out, row)?;
                out.write_all(b"\n")
            })?;
        }
        out.flush()
    };
    match write(&mut out) {
        Err(e) if e.kind() == io::ErrorKind::BrokenPipe => Ok(DONE),
        Err(source) => Err(Error::Write { file: "standard output".to_owned(), source }),
        Ok(()) => Ok(DONE),
    }
}
