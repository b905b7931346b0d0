//! `gotrace-diff baseline update TRACE...`: the baseline anew, and only what moved beyond its noise.
//!
//! ```text
//!   a subject's gating series      old runs   ●●●●●          new runs   ●●●●●     overlap: its lines stay as they are
//!                                  old runs   ●●●●●                  ●●●●●        apart: all its lines are rewritten
//! ```
//!
//! A subject's lines go together, since its figures are divided by each other. Where figures are divided by what a run
//! took, or the new runs are fewer, a package goes together.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use clap::Args;

use super::super::written::{self, Inputs, Output};
use super::super::{DONE, inputs, output, shown};
use super::places::Places;
use crate::baseline::{Baseline, Column};
use crate::cli::{Color, Format, NarrowArgs};
use crate::compare::per::Item;
use crate::compare::{self, Change, Package, Presence, Side, SubjectId};
use crate::config::{self, Config, Level, WorkingTree};
use crate::error::Error;
use crate::gate::rules::Spoken;
use crate::report::escape::term;
use crate::stats::rank;
use crate::summarize::Options;

/// The chance with which a series that did not move is rewritten, for each way that it could have moved.
const BY_CHANCE: f64 = 0.005;
/// The fewest runs on both sides for which the rank test can say so: 1 of 252 orders of 5 and 5 runs.
const RUNS_FOR_RANKS: usize = 5;

/// `gotrace-diff baseline update TRACE...`.
#[derive(Debug, Args)]
pub struct UpdateArgs {
    /// The runs: traces, summaries, or the candidate that a failing check wrote.
    #[arg(value_name = "TRACE", required = true)]
    pub traces: Vec<PathBuf>,
    /// What `go test -json` (or -v) printed, one for each trace in their order; else NAME.json beside NAME.out is used.
    #[arg(long, value_name = "FILE")]
    pub test_json: Vec<PathBuf>,
    /// Narrowing.
    #[command(flatten)]
    pub narrow: NarrowArgs,
    /// The baseline; else the configured or nearest one.
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Rewrite everything that these runs have, moved or not.
    #[arg(long)]
    pub all: bool,
    /// Take packages out that these runs lack.
    #[arg(long)]
    pub prune: bool,
    /// Only say what would be rewritten.
    #[arg(long)]
    pub dry_run: bool,
    /// The configuration; else the nearest gotrace-diff.toml.
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// The runs were recorded with this -benchtime, a fixed number of rounds.
    #[arg(long, value_name = "Nx", value_parser = crate::config::rounds)]
    pub benchtime: Option<u64>,
    /// How it is told.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
}

/// What became of the subjects.
#[derive(Debug, Default, serde::Serialize)]
struct Done {
    rewritten: Vec<String>,
    added: Vec<String>,
    removed: Vec<String>,
    kept: usize,
}

pub(in crate::commands) fn run(args: &UpdateArgs) -> Result<u8, Error> {
    let here = super::super::working_folder()?;
    let read = Inputs::default().runs(&args.traces).files(&args.test_json).config(args.config.as_ref());
    if let Some(path) = args.output.as_deref().filter(|path| *path != Path::new("-")) {
        written::apart(&[Output::new("-o", path, true)], &read)?;
    }
    let mut config = config::resolve(args.config.as_deref(), &here)?;
    let input = inputs::read(&[&args.traces], &args.test_json, &Options::default(), &args.narrow.narrow()?)?
        .pop()
        .unwrap_or_default();
    let warnings = input.warnings.clone();
    let new = super::of_input(&input, &mut config, args.config.as_deref(), args.benchtime, &here)?;
    let mut files = Vec::new();
    for (path, part) in Places::new(&config, &WorkingTree, &here).route(new, args.output.as_deref())? {
        files.push(one(&path, part, args, &config)?);
    }
    let own: Vec<Output> = files.iter().map(|file| Output::new("the baseline", &file.path, false)).collect();
    written::apart(&own, &read)?;
    // None is written before all are understood.
    for file in files.iter().filter(|f| f.changes && !args.dry_run) {
        output::write_file(&file.path, &file.text)?;
    }
    let said = match args.format {
        Format::Json => {
            let mut all = Done::default();
            files.iter().for_each(|f| all.add(&f.done));
            let names: Vec<String> = files.iter().map(|f| f.path.display().to_string()).collect();
            crate::report::json::document(&serde_json::json!({
                "schema": "gotrace-diff/baseline-update/1", "file": names.first(), "files": names,
                "changed": files.iter().any(|f| f.changes),
                "rewritten": all.rewritten, "added": all.added, "removed": all.removed, "kept": all.kept,
                "warnings": warnings, "exit_code": DONE,
            }))?
        }
        Format::Text => {
            let mut said: String = warnings.iter().map(|w| format!("Warning: {}\n", term(w))).collect();
            files.iter().for_each(|f| said += &tell(&f.done, &shown(&f.path), f.changes, args.dry_run));
            said
        }
    };
    output::print(&said, Color::Never)?;
    Ok(DONE)
}

/// One file, as it will be.
struct Updated {
    path: PathBuf,
    text: String,
    changes: bool,
    done: Done,
}

fn one(path: &Path, new: Baseline, args: &UpdateArgs, config: &Config) -> Result<Updated, Error> {
    let mut old = if path.exists() { super::load(path)? } else { Baseline::default() };
    let before = if path.exists() { Some(old.render()?) } else { None };
    for column in old.columns.iter_mut().filter(|c| !c.side.packages.is_empty()) {
        let nothing = Side::default();
        let fresh = new.column_of(&column.place).map_or(&nothing, |at| &new.columns[at].side);
        column.side.rename(fresh, |package| &config.of(package).aliases);
    }
    let mut done = Done::default();
    if args.prune {
        prune(&mut old, &new, &mut done);
    }
    for fresh in new.columns {
        match old.column_of(&fresh.place) {
            None => {
                if !old.columns.is_empty() {
                    done.added.push(format!("environment {}", fresh.place.words()));
                }
                let packages = fresh.side.packages.keys();
                done.added.extend(packages.map(|name| format!("package {name}")));
                old.add(fresh.place, fresh.side);
            }
            Some(at) => into(&mut old.columns[at], fresh, args.all, config, &mut done),
        }
    }
    let text = old.render()?;
    let changes = before.as_deref() != Some(text.as_str());
    Ok(Updated { path: path.to_path_buf(), text, changes, done })
}

impl Done {
    fn add(&mut self, other: &Done) {
        self.rewritten.extend(other.rewritten.iter().cloned());
        self.added.extend(other.added.iter().cloned());
        self.removed.extend(other.removed.iter().cloned());
        self.kept += other.kept;
    }
}

fn tell(done: &Done, path: &str, changes: bool, dry_run: bool) -> String {
    let mut said = String::new();
    for (what, names) in [("rewritten", &done.rewritten), ("added", &done.added), ("removed", &done.removed)] {
        for name in names {
            said += &format!("{what}: {}\n", term(name));
        }
    }
    let path = term(path);
    let n = done.rewritten.len() + done.added.len() + done.removed.len();
    said + &match (changes, dry_run) {
        (false, _) => format!("{path}: nothing moved beyond its noise; {} subjects as they were\n", done.kept),
        (true, true) => format!("{path}: {n} would change, {} subjects stay as they are\n", done.kept),
        (true, false) => format!("{path}: {n} changed, {} subjects as they were\n", done.kept),
    }
}

/// Takes packages out that the new runs lack in the environments that they are of.
fn prune(old: &mut Baseline, new: &Baseline, done: &mut Done) {
    let mut wanted: Vec<BTreeSet<&String>> = vec![BTreeSet::new(); old.columns.len()];
    let mut touched = vec![false; old.columns.len()];
    for fresh in &new.columns {
        if let Some(at) = old.column_of(&fresh.place) {
            touched[at] = true;
            wanted[at].extend(fresh.side.packages.keys());
        }
    }
    for ((column, wanted), touched) in old.columns.iter_mut().zip(wanted).zip(touched) {
        // The machines of other environments are not at hand: what they have stays.
        column.side.packages.retain(|name, _| {
            let keep = !touched || wanted.contains(name);
            if !keep {
                done.removed.push(format!("package {name}"));
            }
            keep
        });
    }
}

/// Takes over the new runs of one environment.
fn into(column: &mut Column, fresh: Column, all: bool, config: &Config, done: &mut Done) {
    let anew = all && column.side.packages.keys().all(|name| fresh.side.packages.contains_key(name));
    // Where only a part is rewritten, nothing is claimed of all runs that is not known of each.
    column.place = if anew { fresh.place.clone() } else { column.place.common(&fresh.place) };
    for (name, package) in fresh.side.packages {
        match column.side.packages.get_mut(&name) {
            Some(known) if !all => merge(&name, known, package, config.of(&name), done),
            known => {
                let what = format!("package {name}");
                if known.is_some() {
                    done.rewritten.push(what);
                } else {
                    done.added.push(what);
                }
                column.side.packages.insert(name, package);
            }
        }
    }
    for run in column.side.packages.values_mut().flat_map(|p| &mut p.runs) {
        run.gomaxprocs = column.place.gomaxprocs;
        run.environment = column.place.facts.clone();
    }
}

/// Takes over what moved of one package.
fn merge(name: &str, known: &mut Package, fresh: Package, config: &Config, done: &mut Done) {
    let side = |package: &Package| {
        let mut side = Side::default();
        side.packages.insert(name.to_owned(), package.clone());
        side
    };
    let comparison = compare::compare(side(known), side(&fresh));
    let (mut moved, mut gone, mut together) = (Vec::new(), Vec::new(), false);
    for subject in comparison.packages.iter().flat_map(|p| &p.subjects) {
        let id = |name: &str| SubjectId { kind: subject.kind, name: name.to_owned() };
        match (&subject.base, &subject.head) {
            (Some((old, _)), Some((new, _))) => {
                let spoken = Spoken::of(config, subject.kind, new, Some(old));
                let by = subject.changes.iter().find(|c| {
                    let terms = spoken.terms(c);
                    terms.level >= Level::Warn && has_moved(c, terms.max_increase, terms.min_delta)
                });
                // A name that only differs in the numbers of closures stays as it is.
                if let Some(change) = by {
                    moved.push((id(old), id(new)));
                    together |= matches!(change.item, Item::Operation | Item::Second);
                }
            }
            (Some((old, old_subject)), None) if old_subject.figures.values().all(|v| v.iter().all(Option::is_some)) => {
                gone.push(id(old));
            }
            _ => {}
        }
    }
    let added: Vec<SubjectId> = comparison
        .packages
        .iter()
        .flat_map(|p| &p.subjects)
        .filter(|s| s.base.is_none())
        .filter_map(|s| s.head.as_ref().map(|(name, _)| SubjectId { kind: s.kind, name: name.clone() }))
        .collect();
    let say = |id: &SubjectId| format!("{} {}", id.kind, id.name).trim_end().to_owned();
    if moved.is_empty() && gone.is_empty() && added.is_empty() {
        done.kept += known.subjects.len();
        return;
    }
    if together || fresh.runs.len() < known.runs.len() {
        done.rewritten.push(format!("package {name}, as a whole ({} runs)", fresh.runs.len()));
        *known = fresh;
        return;
    }
    let runs: Vec<usize> = (0..known.runs.len()).collect();
    let fresh = side(&fresh).take(&runs).packages.remove(name).unwrap_or_default();
    for id in gone {
        known.subjects.remove(&id);
        done.removed.push(say(&id));
    }
    for (old, new) in moved {
        if let Some(subject) = fresh.subjects.get(&new) {
            known.subjects.remove(&old);
            done.rewritten.push(say(&new));
            known.subjects.insert(new, subject.clone());
        }
    }
    for id in added {
        if let Some(subject) = fresh.subjects.get(&id).filter(|s| !s.figures.is_empty()) {
            done.added.push(say(&id));
            known.subjects.insert(id, subject.clone());
        }
    }
    done.kept += known.subjects.len().saturating_sub(done.rewritten.len() + done.added.len());
}

/// Whether a series moved, either way, by more than is allowed and by more than its runs vary.
fn has_moved(change: &Change, limit: f64, floor: f64) -> bool {
    let Presence::Both { base, head } = &change.presence else { return false };
    if change.is_structural() && change.is_constant() {
        return change.delta() != 0.0;
    }
    let by = change.delta().abs();
    if by < floor || by <= limit * base.median().abs() {
        return false;
    }
    if base.len().min(head.len()) >= RUNS_FOR_RANKS {
        let (up, down) = (rank::p_greater(base.values(), head.values()), rank::p_greater(head.values(), base.values()));
        return up.min(down) <= BY_CHANCE;
    }
    // Too few for a test: the new runs' middle lies outside of what the old runs showed.
    let least = base.values().iter().copied().fold(f64::INFINITY, f64::min);
    let most = base.values().iter().copied().fold(f64::NEG_INFINITY, f64::max);
    head.median() < least || head.median() > most
}
