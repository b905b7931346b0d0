//! One package, recorded: pairs of runs until the verdict is clear, failing tests left out on both sides.
//!
//! A test that fails on one side alone is remembered by the runs of that side: what it does is not compared, and may be the
//! very thing that got slower.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use super::super::{environment, inputs};
use super::one::{self, How, Place};
use super::progress::Progress;
use super::schedule;
use crate::error::Error;
use crate::narrow::Narrow;
use crate::stats::random::Random;
use crate::summarize::Options;
use crate::summary::{Environment, LeftOut, Summary};

/// A test that fails in more runs than these is skipped from then on, and the package begins anew.
const MOST_FAILURES: usize = 1;
/// How often a package begins anew before it is given up.
const MOST_STARTS: usize = 4;

/// A test binary and the folder it runs in.
#[derive(Clone, Debug)]
pub(super) struct Binary {
    pub(super) file: PathBuf,
    pub(super) folder: PathBuf,
    /// What is known of it and of this machine.
    pub(super) environment: Environment,
}

impl Binary {
    /// A binary, with what it says of itself.
    pub(super) fn new(file: PathBuf, folder: PathBuf) -> Binary {
        let environment = super::environment::of(&file, &folder);
        Binary { file, folder, environment }
    }
}

/// A package to be recorded.
#[derive(Clone, Debug)]
pub(super) struct Target {
    pub(super) package: String,
    /// What its files are called.
    pub(super) slug: String,
    /// `None` where only one side is recorded.
    pub(super) base: Option<Binary>,
    pub(super) head: Binary,
}

/// What is known of a package so far.
#[derive(Debug, Default)]
pub(super) struct Recorded {
    /// In pairs with the head's.
    pub(super) base: Vec<Summary>,
    pub(super) head: Vec<Summary>,
    /// Tests that were skipped in all of these runs.
    pub(super) skipped: BTreeSet<String>,
    /// Tests that failed, with how many runs of the base and of the head they failed in.
    pub(super) failures: BTreeMap<String, [usize; 2]>,
    /// Tests that passed in any run of the base, and of the head.
    passed: [BTreeSet<String>; 2],
    /// Those that are skipped for having failed on one side alone, by side.
    left_out: [Vec<LeftOut>; 2],
    /// Pairs that were thrown away.
    lost: usize,
    /// What the last failing run said.
    pub(super) said: String,
    /// How long runs took with the tracer on.
    pub(super) traced: Vec<Duration>,
    /// How long they took with it off, base and head.
    pub(super) untraced: [Vec<Duration>; 2],
    /// Which of the pairs' sides run first, as far as it is drawn.
    order: Vec<bool>,
    /// The number of the next run's files.
    number: usize,
}

impl Recorded {
    /// What carries over to fresh runs of the same package.
    pub(super) fn anew(&self) -> Recorded {
        let (skipped, left_out) = (self.skipped.clone(), self.left_out.clone());
        Recorded { skipped, left_out, number: self.number, ..Recorded::default() }
    }

    /// Whether a test failed on one side alone, and is skipped for it: the runs say so.
    pub(super) fn is_of_one_side(&self, test: &str) -> bool {
        self.left_out.iter().flatten().any(|left| left.test == test)
    }

    /// Skips a test from now on.
    fn leave_out(&mut self, test: String) {
        let one_sided = match self.failures.get(&test) {
            Some(&[base, 0]) if base > 0 => Some((0, 1)),
            Some(&[0, head]) if head > 0 => Some((1, 0)),
            _ => None,
        };
        if let Some((here, there)) = one_sided {
            let passes_there = self.passed[there].contains(&test);
            self.left_out[here].push(LeftOut { test: test.clone(), passes_there });
        }
        self.skipped.insert(test);
    }
}

/// Why recording a package ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ended {
    /// It has as many pairs as were asked for.
    Enough,
    /// The time is up.
    OutOfTime,
    /// Nothing of it can be recorded.
    Hopeless,
}

/// Records packages.
pub(super) struct Recorder<'a> {
    pub(super) how: How,
    /// Where the files of a run live until they are summarized.
    pub(super) scratch: PathBuf,
    /// Where they are kept.
    pub(super) keep: Option<PathBuf>,
    pub(super) deadline: Option<Instant>,
    pub(super) seed: u64,
    pub(super) progress: &'a mut Progress,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum SideOf {
    Base,
    Head,
}

/// What came of a run.
enum Ran {
    /// A trace of all tests.
    Whole(Box<Summary>),
    /// Tests failed in it.
    Failed,
    /// No whole trace, and no test to blame.
    Lost,
}

impl Recorder<'_> {
    /// Records until there are `pairs` of them (runs, where there is no base).
    pub(super) fn record(&mut self, target: &Target, recorded: &mut Recorded, pairs: usize) -> Result<Ended, Error> {
        let mut starts = 0;
        let most_lost = 2 * pairs + 6;
        while recorded.head.len() < pairs {
            if self.deadline.is_some_and(|d| Instant::now() >= d) {
                return Ok(Ended::OutOfTime);
            }
            let k = recorded.head.len();
            if recorded.order.len() <= k {
                let mut random = Random::named(self.seed ^ starts as u64, &target.slug);
                recorded.order = schedule::base_first(pairs.max(k + 1).next_multiple_of(2), &mut random);
            }
            self.progress.pair(&target.package, k + 1, pairs);
            match self.pair(target, recorded, recorded.order[k])? {
                Some((base, head)) => {
                    recorded.base.extend(base);
                    recorded.head.push(head);
                }
                None if recorded.lost >= most_lost || starts > MOST_STARTS => return Ok(Ended::Hopeless),
                None => {
                    recorded.lost += 1;
                    // Of one side alone there is nothing that a second run would tell apart.
                    let often = |n: &[usize; 2]| n[0] + n[1] > MOST_FAILURES || (k == 0 && target.base.is_none());
                    let fresh: Vec<String> = recorded
                        .failures
                        .iter()
                        .filter(|(test, n)| often(n) && !recorded.skipped.contains(*test))
                        .map(|(test, _)| test.clone())
                        .collect();
                    if !fresh.is_empty() {
                        // Another set of tests does other things: what was recorded with it is not comparable.
                        fresh.into_iter().for_each(|test| recorded.leave_out(test));
                        recorded.base.clear();
                        recorded.head.clear();
                        recorded.traced.clear();
                        self.forget(target)?;
                        starts += 1;
                    }
                }
            }
        }
        Ok(Ended::Enough)
    }

    /// One pair; `None` where one of it is of no use.
    fn pair(
        &mut self,
        target: &Target,
        recorded: &mut Recorded,
        base_first: bool,
    ) -> Result<Option<(Option<Summary>, Summary)>, Error> {
        let number = recorded.number;
        recorded.number += 1;
        let (mut base, mut head) = (None, None);
        let order = if base_first { [SideOf::Base, SideOf::Head] } else { [SideOf::Head, SideOf::Base] };
        let mut places = Vec::new();
        let mut whole = true;
        for side in order {
            let binary = match side {
                SideOf::Base => target.base.as_ref(),
                SideOf::Head => Some(&target.head),
            };
            let Some(binary) = binary else { continue };
            let name = if side == SideOf::Base { "base" } else { "head" };
            let place = Place::new(&self.scratch, &format!("{}-{number:03}-{name}", target.slug));
            let ran = self.run(target, (binary, side), recorded, &place)?;
            places.push((name, place));
            match (ran, side) {
                (Ran::Whole(summary), SideOf::Base) => base = Some(*summary),
                (Ran::Whole(summary), SideOf::Head) => head = Some(*summary),
                // Whether it fails on the other side too has to be known.
                (Ran::Failed, _) => whole = false,
                (Ran::Lost, _) => {
                    whole = false;
                    break;
                }
            }
        }
        for (name, place) in places {
            if whole {
                self.put_away(target, name, number, &place)?;
            }
            place.remove();
        }
        Ok(head.filter(|_| whole).map(|head| (base, head)))
    }

    /// One run.
    fn run(
        &mut self,
        target: &Target,
        (binary, side): (&Binary, SideOf),
        recorded: &mut Recorded,
        place: &Place,
    ) -> Result<Ran, Error> {
        let what = (binary.file.as_path(), binary.folder.as_path(), target.package.as_str());
        let outcome = one::run(&self.how, what, &recorded.skipped, Some(&place.trace), &place.json)?;
        recorded.passed[side as usize].extend(outcome.passed);
        if !outcome.ok || !outcome.failed.is_empty() {
            let ran = if outcome.failed.is_empty() { Ran::Lost } else { Ran::Failed };
            for test in outcome.failed {
                recorded.failures.entry(test).or_default()[side as usize] += 1;
            }
            recorded.said = if outcome.late { "it took too long and was ended".to_owned() } else { outcome.said };
            return Ok(ran);
        }
        let summary = match inputs::read(
            &[std::slice::from_ref(&place.trace)],
            &[],
            &Options::default(),
            &Narrow::default(),
        ) {
            Ok(mut read) => read.pop().and_then(|mut input| input.summaries.pop()),
            Err(error) => {
                recorded.said = match (&self.how.self_traced, place.trace.exists()) {
                    (Some(variable), false) => format!(
                        "the benchmark wrote no trace: it has to start the tracer into the file that the environment variable {variable} names"
                    ),
                    _ => error.to_string(),
                };
                None
            }
        };
        let Some(mut summary) = summary else { return Ok(Ran::Lost) };
        summary.left_out.clone_from(&recorded.left_out[side as usize]);
        summary.package.get_or_insert_with(|| target.package.clone());
        summary.source = place.trace.file_name().map_or_else(String::new, |n| n.to_string_lossy().into_owned());
        summary.environment = binary.environment.clone();
        recorded.traced.push(outcome.wall);
        Ok(Ran::Whole(Box::new(summary)))
    }

    /// Runs both sides `times` over with the tracer off.
    pub(super) fn untraced(&mut self, target: &Target, recorded: &mut Recorded, times: usize) -> Result<(), Error> {
        if self.how.self_traced.is_some() {
            return Ok(());
        }
        for _ in 0..times {
            for (i, binary) in [target.base.as_ref(), Some(&target.head)].into_iter().enumerate() {
                let Some(binary) = binary else { continue };
                if self.deadline.is_some_and(|d| Instant::now() >= d) {
                    return Ok(());
                }
                let place = Place::new(&self.scratch, "untraced");
                let what = (binary.file.as_path(), binary.folder.as_path(), target.package.as_str());
                let outcome = one::run(&self.how, what, &recorded.skipped, None, &place.json)?;
                place.remove();
                if outcome.ok {
                    recorded.untraced[i].push(outcome.wall);
                }
            }
        }
        Ok(())
    }

    /// Keeps the files of a run, where the user wants them.
    fn put_away(&self, target: &Target, side: &str, number: usize, place: &Place) -> Result<(), Error> {
        let Some(keep) = &self.keep else { return Ok(()) };
        let folder = match target.base {
            Some(_) => keep.join(side),
            None => keep.clone(),
        };
        let folder = folder.join(&target.slug);
        let failed = |source| Error::Write { file: folder.display().to_string(), source };
        std::fs::create_dir_all(&folder).map_err(failed)?;
        let to = Place::new(&folder, &format!("{number:03}"));
        // Copied: it may be another disk.
        std::fs::copy(&place.trace, &to.trace).map_err(failed)?;
        std::fs::copy(&place.json, &to.json).map_err(failed)?;
        let binary = target.base.as_ref().filter(|_| side == "base").unwrap_or(&target.head);
        environment::write(&folder, &binary.environment)?;
        Ok(())
    }

    /// Takes away what was kept of a package that begins anew.
    pub(super) fn forget(&self, target: &Target) -> Result<(), Error> {
        let Some(keep) = &self.keep else { return Ok(()) };
        let folders = match target.base {
            Some(_) => vec![keep.join("base").join(&target.slug), keep.join("head").join(&target.slug)],
            None => vec![keep.join(&target.slug)],
        };
        for folder in folders {
            let Ok(entries) = std::fs::read_dir(&folder) else { continue };
            for path in entries.flatten().map(|e| e.path()) {
                // Only what was written here: the folder is the user's.
                if path.extension().is_some_and(|e| e == "out" || e == "json") {
                    std::fs::remove_file(&path)
                        .map_err(|source| Error::Write { file: path.display().to_string(), source })?;
                }
            }
        }
        Ok(())
    }
}
