//! A timeline for Perfetto and for Chrome's viewer, the one that `go tool trace` shows: JSON of trace events, base and
//! head one above the other.
//!
//! ```text
//!   base · process          GC ▂▂  STW |   heap, goroutines running and runnable, tests, tasks
//!   head · process          GC ▂▂▂ STW |
//!   base · shop.worker      G12  ▓▓▓▒▒▒▓▓▓      a lane for each goroutine: what it did, with stack and waker
//!                           G12   [region]
//!   head · shop.worker      G14  ▓▓▒▒▒▒▒▒▓▓
//! ```
//!
//! A trace is read twice for it: once to find out which goroutines did something within the window and what they are
//! called, and once to write. Nothing is kept of the second read but what is open, so that memory follows goroutines and
//! distinct stacks, never the length of the trace. Both sides begin at 0.
//!
//! The format is Chrome's «Trace Event Format»; stack traces are in its dictionary of frames.

mod events;
mod lanes;
mod marks;
mod plan;
mod render;
mod write;

use std::cell::RefCell;
use std::io::Write;

use crate::config::Pattern;
use crate::paths::Repository;
use crate::scan::{self, ScanError, Source};
use crate::timeline::Window;

pub use plan::Stretch;

/// What a lane is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Lanes {
    /// A goroutine, those of one start function together, base above head.
    #[default]
    Goroutines,
    /// A processor, with the goroutines that ran on it.
    Procs,
}

/// What is wanted of one side.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// This part of the trace.
    pub window: Window,
    /// Only goroutines that work for one of these tests; all if none is given.
    pub tests: Vec<Stretch>,
    /// All tests of the trace, for a lane of their own.
    pub named: Vec<Stretch>,
}

/// How it is drawn.
#[derive(Clone, Debug, Default)]
pub struct Question {
    /// What a lane is.
    pub lanes: Lanes,
    /// Only goroutines of these groups; all if none is given.
    pub groups: Vec<Pattern>,
    /// At most so many goroutines a side, those that did most; 0 for all.
    pub most: usize,
    /// Use the complete generations of a truncated trace.
    pub allow_partial: bool,
}

/// What came of it, for one side.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Drawn {
    /// Goroutines that have a lane, or may be on one.
    pub goroutines: usize,
    /// Goroutines that did something in the window and were left out.
    pub left_out: usize,
    /// Events written.
    pub events: u64,
    /// How long the window is, ns.
    pub window_ns: i64,
    /// Of a truncated trace this many generations were used.
    pub partial: Option<u64>,
}

/// Why there is no timeline.
#[derive(Debug, thiserror::Error)]
pub enum TimelineError {
    /// The trace (by its index) could not be read.
    #[error("{1}")]
    Scan(usize, ScanError),
    /// Nothing of what is wanted is in the trace.
    #[error("no goroutine that was asked for did anything in this window")]
    Nothing(usize),
    /// It could not be written.
    #[error("{0}")]
    Write(#[from] std::io::Error),
}

/// Writes the timeline of one trace or two to `out`.
///
/// # Errors
/// When a trace cannot be read, nothing of what is wanted is in it, or `out` fails.
pub fn write(
    sides: &[(&str, &dyn Source, &Wanted)],
    question: &Question,
    repository: &Repository,
    out: &mut dyn Write,
) -> Result<Vec<Drawn>, TimelineError> {
    let options = scan::Options { keep_messages: true, allow_partial: question.allow_partial };
    let mut plans = Vec::new();
    for (i, (_, source, wanted)) in sides.iter().enumerate() {
        let first = scan::Options { keep_messages: false, ..options };
        let read = scan::scan(*source, first, None, || plan::Planner::new((*wanted).clone()))
            .map_err(|error| TimelineError::Scan(i, error))?;
        let (end, upto) = (read.end(), read.upto);
        let (planner, symbols) = read.into_parts();
        let plan = planner.finish(end, upto, question, &symbols);
        if plan.shown == 0 {
            return Err(TimelineError::Nothing(i));
        }
        plans.push(plan);
    }
    let lanes = lanes::Lanes::of(&plans, sides, question.lanes);
    let mut writer = events::Events::begin(out)?;
    let mut frames = events::Frames::default();
    let mut drawn = Vec::new();
    for (i, (_, source, wanted)) in sides.iter().enumerate() {
        lanes.announce(i, &mut writer)?;
        let before = writer.written();
        let shared = RefCell::new((&mut writer, &mut frames));
        let make = || write::Drawer::new(i, &plans[i], wanted, &lanes, repository, &shared);
        let read = scan::scan(*source, options, plans[i].upto, make).map_err(|error| TimelineError::Scan(i, error))?;
        let (drawer, symbols) = read.into_parts();
        drawer.finish(&symbols)?;
        drawn.push(Drawn {
            goroutines: plans[i].shown,
            left_out: plans[i].left_out,
            events: writer.written() - before,
            window_ns: plans[i].window.1.since(plans[i].window.0),
            partial: plans[i].upto,
        });
    }
    writer.end(&frames)?;
    Ok(drawn)
}
