//! What every side that is read has to be, whatever it is read from: one figure for each run, and none that nothing which was measured
//! can have. A time below zero takes away from what others took, so that a regression could hide behind it.

use super::side::{Run, SiteFigures, SubjectId};

/// Whether a run can be one. The error says what is wrong with it.
///
/// # Errors
/// Where it took less than no time.
pub fn run(run: &Run) -> Result<(), String> {
    if run.duration_ns < 0 {
        return Err(format!("run {:?} took {} ns", run.source, run.duration_ns));
    }
    Ok(())
}

/// Whether these can be the figures of a series, of which there are so many points. The error says what is wrong with them.
///
/// # Errors
/// Where there are more or fewer, or one is below zero.
pub fn series(id: &SubjectId, path: &str, values: &[Option<i64>], points: usize) -> Result<(), String> {
    if values.len() != points {
        return Err(format!("{path} of {} {:?} has {} values for {points} runs", id.kind, id.name, values.len()));
    }
    match values.iter().flatten().find(|value| **value < 0) {
        Some(value) => Err(format!("{path} of {} {:?} is {value} in a run, and cannot be below 0", id.kind, id.name)),
        None => Ok(()),
    }
}

/// The same of a site.
///
/// # Errors
/// As of [`series`].
pub fn site(id: &SubjectId, site: &SiteFigures, points: usize) -> Result<(), String> {
    if site.count.len() != points || site.time_ns.len() != points {
        return Err(format!("a site of {} {:?} does not have one value for each run", id.kind, id.name));
    }
    match site.count.iter().chain(&site.time_ns).find(|value| **value < 0) {
        Some(value) => Err(format!("a site of {} {:?} has {value}, and cannot be below 0", id.kind, id.name)),
        None => Ok(()),
    }
}
