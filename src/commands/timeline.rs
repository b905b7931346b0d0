//! `gotrace-diff export timeline TRACE [TRACE] --out FILE`: base and head one above the other.

use std::path::PathBuf;

use clap::Args;

use super::critical::TraceFile;
use super::export::{SidesArgs, warn};
use super::{DONE, inputs, output};
use crate::cli::Color;
use crate::config::Pattern;
use crate::error::Error;
use crate::export::timeline::{self, Drawn, Lanes, Question, Stretch, TimelineError, Wanted};
use crate::metrics::registry::Unit;
use crate::narrow::{Edge, Narrow};
use crate::paths::Repository;
use crate::report::escape::term;
use crate::report::units;
use crate::scan::Source;
use crate::summarize::Options;
use crate::summary::{Summary, TestRun};
use crate::timeline::{Moment, Window};
use crate::trace::Time;

/// A viewer takes its time with more than this.
const LARGE: u64 = 100 << 20;

/// `export timeline`.
#[derive(Debug, Args)]
pub struct TimelineArgs {
    /// Whose traces: one of each side.
    #[command(flatten)]
    pub sides: SidesArgs,
    /// The file.
    #[arg(short, long, value_name = "FILE.json")]
    pub out: PathBuf,
    /// What a lane is.
    #[arg(long, value_enum, value_name = "LANES", default_value_t = Lanes::Goroutines)]
    pub lanes: Lanes,
    /// At most so many goroutines a side, those that did most; 0 for all.
    #[arg(long, value_name = "N", default_value_t = 500)]
    pub goroutines: usize,
    /// Only what is after this time since the trace began, as in 1.5s, or by the wall clock, as in 2026-11-24T12:00:00Z.
    #[arg(long, value_name = "TIME", help_heading = "Narrowing")]
    pub from: Option<Edge>,
    /// Only what is before this time.
    #[arg(long, value_name = "TIME", help_heading = "Narrowing")]
    pub to: Option<Edge>,
    /// Only tests and benchmarks of these names, from the begin of the first to the end of the last, and the goroutines
    /// that work for them: globs (repeatable).
    #[arg(long, value_name = "GLOB", value_parser = Pattern::new, help_heading = "Narrowing")]
    pub test: Vec<Pattern>,
    /// Only goroutine groups of these names: globs (repeatable).
    #[arg(long, value_name = "GLOB", value_parser = Pattern::new, help_heading = "Narrowing")]
    pub group: Vec<Pattern>,
}

pub(super) fn run(args: &TimelineArgs) -> Result<u8, Error> {
    args.sides.apart(&args.out)?;
    let named = args.sides.named()?;
    let mut traces: Vec<(&'static str, TraceFile)> = Vec::new();
    for (name, paths) in &named {
        let [path] = &paths[..] else {
            return Err(Error::Usage("a timeline is of one run a side: give one trace for each".to_owned()));
        };
        traces.push((name, TraceFile::of(path)?));
    }
    let narrow = Narrow { from: args.from, to: args.to, tests: args.test.clone(), ..Narrow::default() };
    let paths: Vec<&[PathBuf]> = named.iter().map(|(_, paths)| &paths[..]).collect();
    let options = Options { allow_partial: args.sides.allow_partial, ..Options::default() };
    let mut wanted = Vec::new();
    for input in inputs::read(&paths, &args.sides.test_json, &options, &Narrow::default())? {
        let Some(summary) = input.summaries.first() else {
            return Err(Error::Usage("a timeline is drawn of traces, and this is a baseline: give a trace".to_owned()));
        };
        wanted.push(want(summary, &narrow)?);
    }
    let question = Question {
        lanes: args.lanes,
        groups: args.group.clone(),
        most: args.goroutines,
        allow_partial: args.sides.allow_partial,
    };
    let repository = Repository::around(&super::working_folder()?);
    let sides: Vec<(&str, &dyn Source, &Wanted)> =
        traces.iter().zip(&wanted).map(|((name, trace), wanted)| (*name, trace as &dyn Source, wanted)).collect();
    // What went wrong with reading is no fault of the file's.
    let mut failed = None;
    let drawn = output::stream_file(&args.out, |out| {
        timeline::write(&sides, &question, &repository, out).map_err(|error| match error {
            TimelineError::Write(error) => error,
            error => {
                let message = error.to_string();
                failed = Some(error);
                std::io::Error::other(message)
            }
        })
    });
    let drawn = match (failed, drawn) {
        (None, drawn) => drawn?,
        (Some(TimelineError::Scan(side, error)), _) => return Err(traces[side].1.failed(error)),
        (Some(error @ TimelineError::Nothing(side)), _) => {
            return Err(Error::Input {
                file: traces[side].1.name.clone(),
                message: error.to_string(),
                advice: "gotrace-diff summarize TRACE lists what is in it, and how long it is".to_owned(),
            });
        }
        (Some(TimelineError::Write(source)), _) => {
            return Err(Error::Write { file: args.out.display().to_string(), source });
        }
    };
    tell(args, &traces, &drawn)
}

/// What is wanted of a trace, whose tests are known by now.
fn want(summary: &Summary, narrow: &Narrow) -> Result<Wanted, Error> {
    let stretch = |test: &TestRun| Stretch { name: test.name.clone(), start_ns: test.start_ns, end_ns: test.end_ns };
    let named: Vec<Stretch> = summary.tests.iter().filter(|t| !t.name.is_empty()).map(stretch).collect();
    let unfit = |message: String| Error::Input {
        file: summary.source.clone(),
        message,
        advice: "gotrace-diff summarize TRACE lists what is in it".to_owned(),
    };
    let mut window = narrow.window_of(summary).map_err(unfit)?;
    let mut tests = Vec::new();
    if let Some(chosen) = narrow.chosen(Some(summary)).and_then(|chosen| chosen.tests) {
        let of = summary.tests.iter().zip(&chosen).filter(|(_, wanted)| **wanted);
        tests = of.map(|(test, _)| stretch(test)).collect();
        let (first, last) = (tests.iter().map(|t| t.start_ns).min(), tests.iter().map(|t| t.end_ns).max());
        let (Some(first), Some(last)) = (first, last) else {
            let globs: Vec<&str> = narrow.tests.iter().map(Pattern::text).collect();
            return Err(unfit(format!("no test or benchmark of it is called {}", globs.join(" or "))));
        };
        let edge = |moment: Option<Moment>| moment.map(|moment| moment.resolve(Time(summary.start_ns)).0);
        let from = edge(window.from).map_or(first, |at| first.max(at));
        let to = edge(window.to).map_or(last, |at| last.min(at));
        window = Window { from: Some(Moment::At(from)), to: Some(Moment::At(to)) };
    }
    Ok(Wanted { window, tests, named })
}

fn tell(args: &TimelineArgs, traces: &[(&str, TraceFile)], drawn: &[Drawn]) -> Result<u8, Error> {
    let mut text = String::new();
    let mut warnings = Vec::new();
    for ((name, trace), drawn) in traces.iter().zip(drawn) {
        let side = if traces.len() > 1 { format!("{name}  ") } else { String::new() };
        text.push_str(&format!(
            "{side}{}: {} of {} goroutines, {} events\n",
            term(&trace.name),
            units::figure(drawn.window_ns as f64, Unit::Nanoseconds),
            drawn.goroutines,
            drawn.events,
        ));
        if drawn.left_out > 0 {
            warnings.push(format!(
                "{}: {} goroutines that did less are left out; --test, --group, --from and --to narrow it, --goroutines 0 shows all",
                trace.name, drawn.left_out
            ));
        }
        if let Some(upto) = drawn.partial {
            warnings.push(format!("{}: only its {upto} complete generations were used", trace.name));
        }
    }
    let size = std::fs::metadata(&args.out).map_or(0, |m| m.len());
    if size > LARGE {
        warnings.push(format!(
            "{} is large for a viewer ({}); --test, --group, --from and --to narrow it",
            args.out.display(),
            units::figure(size as f64, Unit::Bytes)
        ));
    }
    warn(&warnings);
    text.push_str(&format!(
        "{}: open it with ui.perfetto.dev or chrome://tracing\n",
        term(&args.out.display().to_string())
    ));
    output::print(&text, Color::Never)?;
    Ok(DONE)
}
