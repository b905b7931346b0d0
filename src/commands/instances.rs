//! `gotrace-diff explain SUBJECT --instances N TRACE [TRACE]`: the longest single goroutines, tasks, region calls, running
//! slices and waits of a subject. The subject narrows the trace, as the flag of its kind does.

use std::path::PathBuf;

use serde::Serialize;

use super::{DONE, inputs, output};
use crate::cli::{ExplainArgs, Format};
use crate::error::Error;
use crate::metrics::registry::SubjectKind;
use crate::narrow::Narrow;
use crate::paths::Repository;
use crate::report::path::Layout;
use crate::report::{instances as report, json};
use crate::subject::matches_target;
use crate::summarize::Options;
use crate::summary::{Instances, Summary};

/// What is told of one kind of subject.
#[derive(Serialize)]
struct Part<'a> {
    /// What the trace was narrowed to; empty for all of it.
    narrowed: &'a str,
    instances: &'a Instances,
}

#[derive(Serialize)]
struct Side<'a> {
    source: &'a str,
    /// When the recording begins on the trace's clock, ns: times of instances are on that clock.
    start_ns: i64,
    /// The tests that instances name by index.
    tests: Vec<Vec<&'a str>>,
    parts: Vec<Part<'a>>,
}

#[derive(Serialize)]
struct Document<'a> {
    schema: &'static str,
    subject: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    base: Option<Side<'a>>,
    head: Side<'a>,
}

/// What is narrowed by, for a subject.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    All,
    Tests,
    Tasks,
    Regions,
    Groups,
}

fn way(kind: SubjectKind) -> Option<Way> {
    match kind {
        SubjectKind::Process => Some(Way::All),
        SubjectKind::Test | SubjectKind::Benchmark => Some(Way::Tests),
        SubjectKind::Task => Some(Way::Tasks),
        SubjectKind::Region => Some(Way::Regions),
        SubjectKind::Group => Some(Way::Groups),
        _ => None,
    }
}

pub(super) fn run(args: &ExplainArgs, most: u32) -> Result<u8, Error> {
    if args.traces.len() > 2 {
        return Err(Error::Usage(format!("one trace or two are explained, and {} were given", args.traces.len())));
    }
    let narrow = args.narrow.narrow()?;
    let options = Options { allow_partial: args.allow_partial, ..Options::default() };
    let ways = match args.subject.kind {
        Some(kind) => vec![way(kind).ok_or_else(|| {
            Error::Usage(
                "--instances is about process:, test:NAME, benchmark:NAME, task:NAME, region:NAME or group:NAME"
                    .to_owned(),
            )
        })?],
        None if args.subject.pattern.text() == "*" => vec![Way::All],
        None => ways_of_name(args, &narrow, &options)?,
    };
    let options = Options { instances: most as usize, ..options };
    let mut parts = Vec::new();
    for way in ways {
        parts.push(read(args, &narrowed(&narrow, way, args)?, &options)?);
    }
    let repository = Repository::around(&super::working_folder()?);
    let subject = args.subject.to_string();
    let text = match args.format {
        Format::Text => {
            let layout = Layout { width: output::width(), top: 0 };
            let sides = args.traces.len();
            let titles: &[&str] = if sides == 2 { &["Base: ", "Head: "] } else { &[""] };
            let all = parts.iter().flat_map(|part| part.iter().zip(titles));
            all.map(|(run, title)| report::one(title, run, &repository, layout)).collect::<Vec<_>>().join("\n")
        }
        Format::Json => {
            let mut sides = (0..args.traces.len()).map(|i| side(&parts, i)).collect::<Vec<_>>();
            let head = sides.pop().flatten().ok_or_else(|| Error::Usage("give a trace".to_owned()))?;
            json::document(&Document {
                schema: "gotrace-diff/instances/1",
                subject,
                base: sides.pop().flatten(),
                head,
            })?
        }
    };
    output::print(&text, args.color)?;
    Ok(DONE)
}

fn side(parts: &[Vec<Summary>], i: usize) -> Option<Side<'_>> {
    let runs: Vec<&Summary> = parts.iter().filter_map(|part| part.get(i)).collect();
    let first = runs.first()?;
    Some(Side {
        source: &first.source,
        start_ns: first.recording.map_or(first.start_ns, |r| r.start_ns),
        tests: runs.iter().map(|run| run.tests.iter().map(|t| t.name.as_str()).collect()).collect(),
        parts: runs
            .iter()
            .filter_map(|run| Some(Part { narrowed: &run.narrowed, instances: run.instances.as_ref()? }))
            .collect(),
    })
}

/// A name without a kind: what is called so in the traces.
fn ways_of_name(args: &ExplainArgs, narrow: &Narrow, options: &Options) -> Result<Vec<Way>, Error> {
    let runs = read(args, narrow, options)?;
    let is = |kind: SubjectKind, name: &str| matches_target(&args.subject, kind, name);
    let has = |way: Way| {
        runs.iter().any(|run| match way {
            Way::All => false,
            Way::Tests => run.tests.iter().any(|test| is(test.kind.into(), &test.name)),
            Way::Tasks => run.tasks.keys().any(|name| is(SubjectKind::Task, name)),
            Way::Regions => run.regions.keys().any(|name| is(SubjectKind::Region, name)),
            Way::Groups => run.goroutines.keys().any(|name| is(SubjectKind::Group, name)),
        })
    };
    let ways: Vec<Way> =
        [Way::Tests, Way::Tasks, Way::Regions, Way::Groups].into_iter().filter(|&way| has(way)).collect();
    if ways.is_empty() {
        return Err(Error::Usage(format!(
            "{}: nothing of that name; gotrace-diff summarize lists what is in a trace",
            args.subject
        )));
    }
    Ok(ways)
}

/// The trace is narrowed to the subject, too.
fn narrowed(narrow: &Narrow, way: Way, args: &ExplainArgs) -> Result<Narrow, Error> {
    let mut narrow = narrow.clone();
    let (globs, flag) = match way {
        Way::All => return Ok(narrow),
        Way::Tests => (&mut narrow.tests, "--test"),
        Way::Tasks => (&mut narrow.tasks, "--task"),
        Way::Regions => (&mut narrow.regions, "--region"),
        Way::Groups => (&mut narrow.groups, "--group"),
    };
    if !globs.is_empty() {
        return Err(Error::Usage(format!("{}: the subject says what {flag} says: leave {flag} out", args.subject)));
    }
    globs.push(args.subject.pattern.clone());
    Ok(narrow)
}

/// One run of each side.
fn read(args: &ExplainArgs, narrow: &Narrow, options: &Options) -> Result<Vec<Summary>, Error> {
    let sides: Vec<&[PathBuf]> = args.traces.chunks(1).collect();
    let inputs = inputs::read(&sides, &args.test_json, options, narrow)?;
    let mut runs = Vec::new();
    for (input, given) in inputs.into_iter().zip(&args.traces) {
        let given = given.display();
        let mut of_side = input.summaries.into_iter();
        let (Some(run), None) = (of_side.next(), of_side.next()) else {
            return Err(Error::Usage(format!("{given} is not one trace: give one for each side")));
        };
        if options.instances > 0 && run.instances.is_none() {
            return Err(Error::Usage(format!("{given} is a summary, and has no single instances: give its trace")));
        }
        runs.push(run);
    }
    Ok(runs)
}
