//! `gotrace-diff run` and `gotrace-diff record`: build test binaries, record them, compare.
//!
//! ```text
//!   base: commit ──▶ work tree in a temporary folder ─┐
//!                                                     ├─ go test -c ──▶ binaries ──▶ pairs of runs ──▶ summaries ──▶ verdict
//!   head: working tree as it stands (or a commit) ────┘      equal ones                traces are deleted
//!                                                            are not run               once summarized
//! ```

mod build;
mod environment;
mod flags;
mod one;
mod plan;
mod pool;
pub(super) mod process;
mod progress;
mod reads;
mod schedule;
mod session;
pub(super) mod trees;
pub(super) mod verdict;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use self::flags::Flags;
use self::one::How;
use self::progress::Progress;
use self::session::{Ended, Recorded, Recorder, Target};
use super::output;
use crate::cli::{Color, RecordArgs, RecordingArgs, RunArgs};
use crate::error::Error;

/// Go's own limit for the tests of a package.
const TIMEOUT: u64 = 600;

pub(super) fn run(args: &RunArgs) -> Result<u8, Error> {
    process::listen();
    let mut config = super::configure(&args.gate)?;
    let flags = flags::split(&args.flags)?;
    let deadline = deadline(args.max_time.as_deref())?;
    if let Some(keep) = &args.keep {
        must_be_empty(keep)?;
    }
    let here = super::working_folder()?;
    let scratch = scratch()?;
    let mut progress = Progress::new(args.recording.quiet);
    let plan = plan::both(args, &flags, &here, scratch.path(), &mut progress)?;
    let packages = plan.targets.iter().map(|t| &t.package).chain(&plan.told.untested).map(String::as_str);
    super::nested::by_package(&mut config, &args.gate, &crate::config::WorkingTree, packages)?;
    config.rounds = flags.rounds.or(config.rounds);
    config.nested.values_mut().for_each(|own| own.rounds = flags.rounds.or(own.rounds));
    let how = how(&flags, &args.recording, &here)?;
    let mut recorder = Recorder {
        how,
        scratch: scratch.path().to_path_buf(),
        keep: args.keep.clone(),
        deadline,
        seed: args.recording.seed,
        progress: &mut progress,
    };
    let result = verdict::reach(&mut recorder, &plan, args, &config)?;
    progress.clear();
    // The work trees are of no more use, and a report that cannot be written must not leave them behind.
    drop(plan.trees);
    verdict::tell(result, &plan.told, args, &config)
}

pub(super) fn record(args: &RecordArgs) -> Result<u8, Error> {
    process::listen();
    let flags = flags::split(&args.flags)?;
    let deadline = deadline(args.max_time.as_deref())?;
    must_be_empty(&args.out)?;
    let here = super::working_folder()?;
    let scratch = scratch()?;
    let mut progress = Progress::new(args.recording.quiet);
    let plan = plan::one(args, &flags, &here, scratch.path(), &mut progress)?;
    let how = how(&flags, &args.recording, &here)?;
    let mut recorder = Recorder {
        how,
        scratch: scratch.path().to_path_buf(),
        keep: Some(args.out.clone()),
        deadline,
        seed: args.recording.seed,
        progress: &mut progress,
    };
    let mut said = String::new();
    let mut whole = true;
    let mut any = false;
    for target in &plan.targets {
        let mut recorded = Recorded::default();
        let ended = recorder.record(target, &mut recorded, args.runs as usize)?;
        whole &= ended == Ended::Enough;
        any |= !recorded.head.is_empty();
        said.push_str(&line(target, &recorded, ended, &args.out));
    }
    progress.clear();
    output::print(&said, Color::Never)?;
    if !any {
        return Err(Error::NothingInCommon("no run could be recorded".to_owned()));
    }
    Ok(if whole { super::DONE } else { crate::error::exit::ERROR })
}

fn line(target: &Target, recorded: &Recorded, ended: Ended, out: &Path) -> String {
    use crate::report::escape::term;
    let mut line = format!(
        "{}: {} runs in {}",
        term(&target.package),
        recorded.head.len(),
        term(&out.join(&target.slug).display().to_string())
    );
    match ended {
        Ended::Enough => {}
        Ended::OutOfTime => line.push_str("; the time was up"),
        Ended::Hopeless => line.push_str(&format!("; given up: {}", term(&recorded.said))),
    }
    for (test, [_, n]) in &recorded.failures {
        line.push_str(&format!("\n  {} failed in {n} of them, {}", term(test), left_out(recorded, test)));
    }
    line + "\n"
}

fn left_out(recorded: &Recorded, test: &str) -> &'static str {
    if recorded.skipped.contains(test) { "and was skipped from then on" } else { "and those runs were made again" }
}

fn deadline(max_time: Option<&str>) -> Result<Option<Instant>, Error> {
    let Some(text) = max_time else { return Ok(None) };
    let seconds = flags::seconds(text)?;
    Ok(Instant::now().checked_add(Duration::from_secs(seconds)))
}

fn scratch() -> Result<tempfile::TempDir, Error> {
    let failed = |source| Error::Write { file: std::env::temp_dir().display().to_string(), source };
    let folder = tempfile::Builder::new().prefix("gotrace-diff-").tempdir().map_err(failed)?;
    process::build_in(folder.path());
    Ok(folder)
}

/// What is in a folder already would be taken for runs of this recording.
fn must_be_empty(folder: &Path) -> Result<(), Error> {
    match std::fs::read_dir(folder) {
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(()),
        Err(source) => Err(Error::Read { file: folder.display().to_string(), source }),
        Ok(mut entries) => match entries.next() {
            None => Ok(()),
            Some(_) => Err(Error::Refused {
                file: folder.display().to_string(),
                message: "is not empty, and what is in it would be taken for runs of this recording".to_owned(),
            }),
        },
    }
}

fn how(flags: &Flags, recording: &RecordingArgs, here: &Path) -> Result<How, Error> {
    let seconds = flags.timeout.unwrap_or(TIMEOUT);
    if let Some(variable) = &recording.self_traced
        && (variable.is_empty() || variable.contains(['=', '\0']))
    {
        return Err(Error::Usage(format!("`{variable}` is no name of an environment variable")));
    }
    Ok(How {
        test: flags.test.clone(),
        args: flags.args.clone(),
        skip: flags.skip.clone(),
        timeout: (seconds > 0).then(|| Duration::from_secs(seconds)),
        self_traced: recording.self_traced.clone(),
        test2json: one::test2json(here),
    })
}

/// The folder's name of a package: its import path without what a file system may not like.
fn slug(package: &str) -> String {
    let clean: String =
        package.chars().map(|c| if c.is_ascii_alphanumeric() || matches!(c, '.' | '-') { c } else { '_' }).collect();
    clean.trim_matches(['.', '_']).to_owned()
}

/// An absolute path: the run starts in another folder.
fn absolute(path: &Path) -> Result<PathBuf, Error> {
    std::path::absolute(path).map_err(|source| Error::Read { file: path.display().to_string(), source })
}
