//! `gotrace-diff summarize --logs TRACE...`: what the program itself said.

use serde::Serialize;

use super::critical::TraceFile;
use super::rows::SummaryFormat as Format;
use super::sources::{self, Source};
use super::{DONE, output};
use crate::cli::SummarizeArgs;
use crate::error::Error;
use crate::logs::{self, Logs, Question};
use crate::report::json;
use crate::report::logs::{self as report, Layout};

#[derive(Serialize)]
struct Document<'a> {
    schema: &'static str,
    runs: Vec<Run<'a>>,
}

#[derive(Serialize)]
struct Run<'a> {
    source: &'a str,
    #[serde(flatten)]
    logs: &'a Logs,
}

pub(super) fn run(args: &SummarizeArgs) -> Result<u8, Error> {
    let question = Question {
        category: args.log_category.clone(),
        task: args.log_task.clone(),
        text: args.log_text.clone(),
        fold_numbers: args.log_fold_numbers,
        allow_partial: args.allow_partial,
    };
    let mut read: Vec<(String, Logs)> = Vec::new();
    for Source { name, path, .. } in sources::find(&args.traces)?.sources {
        let Some(path) = path else {
            return Err(Error::Usage("log messages are read from files: give a trace".to_owned()));
        };
        let trace = TraceFile::at(name, path)?;
        let logs = logs::read(&trace, &question).map_err(|error| trace.failed(error))?;
        read.push((trace.name, logs));
    }
    let text = match args.format {
        Format::Json => json::document(&Document {
            schema: "gotrace-diff/logs/1",
            runs: read.iter().map(|(source, logs)| Run { source, logs }).collect(),
        })?,
        Format::Ndjson => {
            return Err(Error::Usage("log messages have no rows: --format json lists them".to_owned()));
        }
        Format::Text => {
            let layout = Layout { width: output::width(), all: args.all };
            read.iter().map(|(source, logs)| report::render(source, logs, layout)).collect::<Vec<_>>().join("\n")
        }
    };
    output::print(&text, args.color)?;
    Ok(DONE)
}
