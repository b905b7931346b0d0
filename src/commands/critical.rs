//! `gotrace-diff explain SUBJECT TRACE [TRACE] --critical-path`: traces are read again for one question.

use std::collections::BTreeSet;
use std::io::Read;
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::progress::Progress;
use super::{DONE, inputs, output, sources};
use crate::cli::{ExplainArgs, Format};
use crate::compare::names;
use crate::critical::{self, CriticalError, CriticalPath, PathChange, Pick, Question};
use crate::error::Error;
use crate::narrow::Narrow;
use crate::paths::Repository;
use crate::report::{json, path};
use crate::scan::{ScanError, Source};
use crate::subject::matches_target;
use crate::summarize::Options;
use crate::summary::TestRun;
use crate::trace::Bytes;

/// A trace in a file, which can be read more than once.
pub(super) struct TraceFile {
    /// As it is called.
    pub(super) name: String,
    path: PathBuf,
}

impl TraceFile {
    /// The one trace that is meant.
    pub(super) fn of(input: &Path) -> Result<TraceFile, Error> {
        let mut found = sources::find(&[input.to_path_buf()])?.sources;
        match (found.pop(), found.is_empty()) {
            (Some(sources::Source { name, path: Some(path), .. }), true) => TraceFile::at(name, path),
            (Some(sources::Source { path: None, .. }), true) => Err(Error::Usage(
                "standard input can be read once only, and this reads a trace twice: give a file".to_owned(),
            )),
            _ => Err(Error::Usage(format!("{} is more than one trace: give one", input.display()))),
        }
    }

    /// The trace in this file.
    pub(super) fn at(name: String, path: PathBuf) -> Result<TraceFile, Error> {
        sources::open(&path)?;
        Ok(TraceFile { name, path })
    }

    /// What went wrong with reading it.
    pub(super) fn failed(&self, error: ScanError) -> Error {
        match error {
            ScanError::Open(source) => Error::Read { file: self.name.clone(), source },
            ScanError::Trace(source) => Error::Trace { file: self.name.clone(), source },
        }
    }
}

impl Source for TraceFile {
    fn open(&self) -> std::io::Result<Bytes<Box<dyn Read + Send + '_>>> {
        sources::bytes_of(std::fs::File::open(&self.path)?, &Progress::untold())
    }
}

/// One or two traces.
pub(super) fn traces(args: &ExplainArgs) -> Result<Vec<TraceFile>, Error> {
    if args.traces.len() > 2 {
        return Err(Error::Usage(format!("one trace or two are explained, and {} were given", args.traces.len())));
    }
    args.traces.iter().map(|input| TraceFile::of(input)).collect()
}

#[derive(Serialize)]
struct Side<'a> {
    source: &'a str,
    #[serde(flatten)]
    path: &'a CriticalPath,
}

#[derive(Serialize)]
struct Document<'a> {
    schema: &'static str,
    subject: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    base: Option<Side<'a>>,
    head: Side<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    change: Option<&'a PathChange>,
}

const SCHEMA: &str = "gotrace-diff/critical-path/1";

pub(super) fn run(args: &ExplainArgs) -> Result<u8, Error> {
    let traces = traces(args)?;
    let repository = Repository::around(&super::working_folder()?);
    let (from_ns, to_ns) = args.window()?;
    let question = Question {
        subject: args.subject.clone(),
        pick: match args.nth {
            Some(nth) => Pick::Nth(nth),
            None if args.all => Pick::All,
            None => Pick::Slowest,
        },
        from_ns,
        to_ns,
        allow_partial: args.allow_partial,
        most_spans: critical::MOST_SPANS,
    };
    let find = |trace: &TraceFile| {
        critical::critical_path(trace, &question, &repository).map_err(|error| told(trace, &question, error))
    };
    let paths = traces.iter().map(find).collect::<Result<Vec<_>, _>>()?;
    let layout = path::Layout { width: output::width(), top: args.top };
    let side = |i: usize| Side { source: &traces[i].name, path: &paths[i] };
    let text = match &paths[..] {
        [base, head] => {
            let joined = critical::join(&base.times, &head.times);
            match args.format {
                Format::Text => path::two((&traces[0].name, &traces[1].name), base, head, &joined, layout),
                Format::Json => json::document(&Document {
                    schema: SCHEMA,
                    subject: args.subject.to_string(),
                    base: Some(side(0)),
                    head: side(1),
                    change: Some(&joined),
                })?,
            }
        }
        [only] => match args.format {
            Format::Text => path::one(&traces[0].name, only, layout),
            Format::Json => json::document(&Document {
                schema: SCHEMA,
                subject: args.subject.to_string(),
                base: None,
                head: side(0),
                change: None,
            })?,
        },
        _ => return Err(Error::Usage("give a trace".to_owned())),
    };
    output::print(&text, args.color)?;
    Ok(DONE)
}

/// What to name instead: a path knows tests by the functions in stacks alone, not by what `go test` printed.
fn not_found(trace: &TraceFile, question: &Question) -> String {
    const GENERAL: &str =
        "gotrace-diff summarize lists what is in a trace; tests go by their function, as in test:TestLoadAll";
    if question.from_ns.is_some() || question.to_ns.is_some() {
        return GENERAL.to_owned();
    }
    let options = Options { allow_partial: question.allow_partial, ..Options::default() };
    let read = inputs::read(&[std::slice::from_ref(&trace.path)], &[], &options, &Narrow::default());
    let runs = read.unwrap_or_default().into_iter().flat_map(|input| input.summaries);
    let tests: Vec<TestRun> = runs.flat_map(|run| run.tests).collect();
    let meant = tests.iter().filter(|test| matches_target(&question.subject, test.kind.into(), &test.name));
    let mut known = 0;
    let mut functions = BTreeSet::new();
    for test in meant {
        known += 1;
        functions.extend(test.function.as_ref().map(|frame| names::short(&frame.func).to_owned()));
    }
    let first: Vec<String> = functions.into_iter().take(3).collect();
    match (known, first.is_empty()) {
        (0, _) => GENERAL.to_owned(),
        (_, true) => "only functions are followed here, and no stack shows the function of that test".to_owned(),
        (_, false) => {
            format!("only functions are followed here, and that test is in the trace as {}", first.join(", "))
        }
    }
}

/// Why there is no path, and what to do.
fn told(trace: &TraceFile, question: &Question, error: CriticalError) -> Error {
    let advice = match &error {
        CriticalError::Scan(_) => String::new(),
        CriticalError::NotFound { .. } => not_found(trace, question),
        CriticalError::TooFew { .. } => "they are counted from 1, in the order in which they began".to_owned(),
        CriticalError::TooLong { .. } => {
            "narrow it with --from and --to, take a shorter one with --nth, or record a shorter trace".to_owned()
        }
        CriticalError::TooMany { .. } => "narrow it with --from and --to, or name fewer".to_owned(),
    };
    match error {
        CriticalError::Scan(error) => trace.failed(error),
        error => Error::Input { file: trace.name.clone(), message: format!("{}: {error}", question.subject), advice },
    }
}
