//! The critical path of a test, task, region call or goroutine: what its wall time was spent on, whoever spent it.
//!
//! ```text
//!   bytes ──find──▶ Instance ──record──▶ spans of its window ──walk──▶ pieces ──told──▶ PathTimes
//!           1st read            2nd read
//! ```
//!
//! A summary cannot hold it: it takes all spans of a window at once. So it is found in a second read, on request.

mod find;
mod join;
mod record;
mod told;
mod walk;

pub use find::{Instance, Pick};
pub use join::{Both, CategoryChange, FunctionChange, PathChange, WaitChange, join};
pub use told::{FunctionTime, PassedWait, PathTimes, Piece, Place};
pub use walk::Category;

use std::collections::BTreeSet;

use find::Finder;
use record::Recorder;
use serde::Serialize;
use told::Teller;
use walk::Walker;

use crate::metrics::registry::SubjectKind;
use crate::paths::Repository;
use crate::scan::{self, ScanError, Source};
use crate::subject::SubjectPattern;
use crate::trace::Time;

/// Spans that are kept, by default: 256 MiB of them.
pub const MOST_SPANS: usize = 8 << 20;

/// Pieces that all paths together may have: those of many targets may share most of them.
const MOST_STEPS: usize = 16 << 20;

/// What is asked for.
#[derive(Clone, Debug)]
pub struct Question {
    /// Of what.
    pub subject: SubjectPattern,
    /// Which of them.
    pub pick: Pick,
    /// Only what is after this, ns since the trace began.
    pub from_ns: Option<i64>,
    /// Only what ended by then, ns since the trace began.
    pub to_ns: Option<i64>,
    /// Use what is whole of a truncated trace.
    pub allow_partial: bool,
    /// Keep at most this many spans, of 32 bytes each.
    pub most_spans: usize,
}

/// The answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CriticalPath {
    /// What the target is.
    pub kind: SubjectKind,
    /// What it is called; of several the slowest.
    pub name: String,
    /// How many names the targets have.
    pub names: usize,
    /// How many instances the subject has in the trace.
    pub instances: u64,
    /// Of how many this is the path: one, or all.
    pub walked: u64,
    /// When the target began, ns since the trace did; of the slowest one.
    pub start_ns: i64,
    /// False where the trace ended before the target did, or its beginning was cut off by `--from`.
    pub whole: bool,
    /// Of a truncated trace this many generations were used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub partial: Option<u64>,
    /// Where the time is.
    #[serde(flatten)]
    pub times: PathTimes,
}

/// Why there is no path.
#[derive(Debug, thiserror::Error)]
pub enum CriticalError {
    /// The trace cannot be read.
    #[error("{0}")]
    Scan(#[from] ScanError),
    /// Nothing of that name, or nothing of it that is whole.
    #[error("nothing of that name begins and ends in it{}", hint(*.nameless))]
    NotFound {
        /// Test goroutines whose function no stack shows.
        nameless: u64,
    },
    /// There are fewer.
    #[error("it has {count} of that name, and number {nth} was asked for")]
    TooFew {
        /// How many there are.
        count: u64,
        /// Which was asked for.
        nth: usize,
    },
    /// Too much to keep.
    #[error("more than {most} spans within the time of the target")]
    TooLong {
        /// The limit.
        most: usize,
    },
    /// Too many of them.
    #[error("{count} of that name are too many")]
    TooMany {
        /// How many there are.
        count: u64,
    },
}

fn hint(nameless: u64) -> String {
    match nameless {
        0 => String::new(),
        n => {
            format!("; the functions of {n} test goroutines are not known, as they never waited nor made a system call")
        }
    }
}

/// Finds the critical path, reading the trace twice.
///
/// # Errors
/// When the trace cannot be read, has no such target, or too much happened in its time.
pub fn critical_path(
    source: &dyn Source,
    question: &Question,
    repository: &Repository,
) -> Result<CriticalPath, CriticalError> {
    let options = scan::Options { keep_messages: false, allow_partial: question.allow_partial };
    let narrowed = question.from_ns.is_some() || question.to_ns.is_some();
    // Only the whole list tells the slowest of those within a time.
    let keep = if narrowed && question.pick == Pick::Slowest { Pick::All } else { question.pick };
    let first = scan::scan(source, options, None, || Finder::new(question.subject.clone(), keep))?;
    let (trace_start, partial) = (first.start(), first.upto);
    // Two reads never take their memory at once.
    let finder = first.into_watch();
    let nameless = finder.nameless;
    let (kind, found) = finder.into_found().ok_or(CriticalError::NotFound { nameless })?;
    if found.overflow {
        return Err(CriticalError::TooMany { count: found.count });
    }
    let at = |ns: Option<i64>, otherwise| ns.map_or(otherwise, |ns| Time(trace_start.0.saturating_add(ns)));
    let (from, to) = (at(question.from_ns, Time(i64::MIN + 1)), at(question.to_ns, Time(i64::MAX)));
    let mut targets: Vec<Instance> = found.instances.into_iter().filter(|i| i.end > from && i.end <= to).collect();
    let count = if narrowed { targets.len() as u64 } else { found.count };
    match question.pick {
        _ if targets.is_empty() => return Err(CriticalError::NotFound { nameless }),
        Pick::All => {}
        Pick::Nth(nth) => {
            let one = nth.checked_sub(1).and_then(|i| targets.get(i)).copied();
            targets = vec![one.ok_or(CriticalError::TooFew { count, nth })?];
        }
        Pick::Slowest => targets = slowest(&targets).into_iter().collect(),
    }
    let Some(shown) = slowest(&targets) else { return Err(CriticalError::NotFound { nameless }) };

    let windows = record::disjoint(targets.iter().map(|t| (t.start.max(from), t.end)).collect());
    let second = scan::scan(source, options, partial, || Recorder::new(windows.clone(), question.most_spans))?;
    if second.watch.overflow {
        return Err(CriticalError::TooLong { most: question.most_spans });
    }
    let (recorder, symbols) = second.into_parts();
    let recording = recorder.finish(&symbols);
    let mut walker = Walker::new(&recording, &symbols);
    let mut teller = Teller::new(&recording, &symbols, repository);
    let mut steps = 0;
    for target in &targets {
        let start = target.start.max(from);
        let path = walker.walk(target, start);
        steps += path.segments.len();
        if steps > MOST_STEPS {
            return Err(CriticalError::TooMany { count });
        }
        teller.add(&path, start, *target == shown);
    }
    Ok(CriticalPath {
        kind,
        name: symbols.text(shown.name).to_owned(),
        names: targets.iter().map(|t| t.name).collect::<BTreeSet<_>>().len(),
        instances: count,
        walked: targets.len() as u64,
        start_ns: shown.start.max(from).since(trace_start),
        whole: targets.iter().all(|t| !t.open && t.start >= from),
        partial,
        times: teller.finish(),
    })
}

/// The slowest; the earliest of those that are equally slow.
fn slowest(instances: &[Instance]) -> Option<Instance> {
    instances.iter().copied().max_by_key(|i| (i.ns(), std::cmp::Reverse(i.start)))
}
