//! Waiting in a queue, measured by one's own work: what shows that goroutines queue for longer, however slow the machine
//! is that day.
//!
//! ```text
//!   goroutine   run │ chan send ······················ │ sleep ──── │ run │ sync ······ │ run
//!                         waits for others                  own work           waits for others
//!
//!   what is tested:   ln(time in one queue) - ln(time of own work)          run by run
//! ```
//!
//! On a busy machine everything takes longer together: over 40 runs of a test on one (accuracy/data/orders, session 4) the
//! time waited for a connection varied by more than half (standard deviation of logarithms 0.60), but its ratio to the
//! work by a quarter (0.23). With half as many connections that ratio doubles.
//!
//! A ratio also rises where the work got less. So a queue fails the build only if its time itself is beyond the limit,
//! and only if the goroutines do not save as much elsewhere: see `is_made_up_for`.

use super::rules::Terms;
use crate::compare::change::Presence;
use crate::compare::{Change, SubjectPair};
use crate::metrics::registry::SubjectKind;
use crate::stats::permutation::Column;

/// Waits for other goroutines.
const QUEUES: [&str; 5] = ["sync", "chan send", "chan receive", "select", "sync.(*Cond).Wait"];
/// Waits for something that is held or full: they are nobody's idle time.
const CONTENTION: [&str; 2] = ["sync", "chan send"];
/// What goroutines do for themselves, peers and disks included.
const WORK: [&str; 5] = ["exec_ns", "block_ns.sleep", "block_ns.network", "block_ns.syscall", "syscall_ns"];

/// Whether a series is the time that a group's goroutines wait for others.
pub fn is_queue(kind: SubjectKind, path: &str) -> bool {
    kind == SubjectKind::Group && path.strip_prefix("block_ns.").is_some_and(|reason| QUEUES.contains(&reason))
}

/// What each run says of a queue; `part` is the logarithm of what the head is allowed to be worse.
pub(super) fn column(subject: &SubjectPair, change: &Change, terms: &Terms, part: f64) -> Option<Column> {
    let Presence::Both { base, head } = &change.presence else { return None };
    let floor = terms.min_delta.max(f64::MIN_POSITIVE);
    let (base_work, head_work) = (work(subject, base.len(), false)?, work(subject, head.len(), true)?);
    let ratio = |(waited, worked): (&f64, &f64)| (waited.max(0.0) + floor).ln() - (worked.max(0.0) + floor).ln();
    Some(Column {
        base: base.values().iter().zip(&base_work).map(ratio).collect(),
        head: head.values().iter().zip(&head_work).map(|both| ratio(both) - part).collect(),
    })
}

/// The time of own work in each of `runs` runs of a side, per goroutine. `None` where another number of runs has it.
fn work(subject: &SubjectPair, runs: usize, of_head: bool) -> Option<Vec<f64>> {
    let mut sums = vec![0.0; runs];
    for path in WORK {
        let Some(change) = subject.change(path) else { continue };
        let Presence::Both { base, head } = &change.presence else { continue };
        let side = if of_head { head } else { base };
        if side.len() != runs {
            return None;
        }
        sums.iter_mut().zip(side.values()).for_each(|(sum, value)| *sum += value);
    }
    Some(sums)
}

/// Whether goroutines that wait longer in this queue need at least half as much less for everything else: a faster worker
/// waits longer for its next piece of work. Waiting for a processor counts as such for all but a lock and a full
/// channel, where goroutines that used to compete for processors now compete for that.
pub(super) fn is_made_up_for(subject: &SubjectPair, change: &Change) -> bool {
    let middles = |path: &str| {
        let change = subject.change(path);
        (change.and_then(Change::base).unwrap_or(0.0), change.and_then(Change::head).unwrap_or(0.0))
    };
    let contended = change.path.strip_prefix("block_ns.").is_some_and(|reason| CONTENTION.contains(&reason));
    let runnable = if contended { middles("sched_wait_ns") } else { (0.0, 0.0) };
    let (total, waited) = (middles("total_ns"), middles(&change.path));
    let others = |side: fn((f64, f64)) -> f64| side(total) - side(waited) - side(runnable);
    let saved = others(|both| both.0) - others(|both| both.1);
    saved > change.delta() / 2.0
}
