//! `gotrace-diff explain SUBJECT BASE HEAD`: one subject in depth, from what is known of both sides.

use serde::Serialize;

use super::inputs::{self, Input};
use super::{DONE, output};
use crate::cli::{self, ExplainArgs, Format};
use crate::compare;
use crate::config;
use crate::error::Error;
use crate::paths::Repository;
use crate::report::depth::{self, SubjectDepth, Wakers};
use crate::report::path::Layout;
use crate::report::{depth_text, json};
use crate::summarize::Options;

#[derive(Serialize)]
struct Document<'a> {
    schema: &'static str,
    subject: String,
    subjects: &'a [SubjectDepth],
    warnings: &'a [String],
}

pub(super) fn run(args: &ExplainArgs) -> Result<u8, Error> {
    let Some(sides) = cli::sides(&args.traces, &args.base, &args.head) else {
        return Err(Error::Usage(
            "one subject is explained from a base and a head: explain SUBJECT BASE HEAD, or --base with --head where the runs of a side are many; of one trace alone: --critical-path, --related or --instances"
                .to_owned(),
        ));
    };
    let folder = super::working_folder()?;
    let mut config = config::resolve(None, &folder)?;
    let options = Options { allow_partial: args.allow_partial, ..Options::default() };
    let mut read = inputs::read(&sides, &args.test_json, &options, &args.narrow.narrow()?)?.into_iter();
    let (base, head) = (read.next().unwrap_or_default(), read.next().unwrap_or_default());
    let warnings = [base.warnings.clone(), head.warnings.clone()].concat();
    let repository = Repository::around(&folder);
    let wakers = [Wakers::of(&base.summaries, &repository), Wakers::of(&head.summaries, &repository)];
    let names = super::compare::names(&[&base, &head]);
    super::nested::of_files(&mut config, None, names.iter().map(String::as_str))?;
    let (mut base, mut head) = Input::into_sides(base, head, &config.rounds_of());
    for side in [&mut base, &mut head] {
        side.keep_apart(|package| &config.of(package).framework);
    }
    let comparison = compare::compare(base, head);
    let subjects = depth::build(&comparison, &args.subject, args.metric.as_ref(), &wakers, &repository);
    if subjects.is_empty() {
        return Err(Error::Usage(format!(
            "{}: nothing of that name on either side; gotrace-diff summarize lists what is in a trace",
            args.subject
        )));
    }
    let text = match args.format {
        Format::Json => json::document(&Document {
            schema: "gotrace-diff/explain/1",
            subject: args.subject.to_string(),
            subjects: &subjects,
            warnings: &warnings,
        })?,
        Format::Text => depth_text::render(&subjects, &warnings, Layout { width: output::width(), top: args.top }),
    };
    output::print(&text, args.color)?;
    Ok(DONE)
}
