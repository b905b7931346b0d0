//! `gotrace-diff baseline show | list | verify | diff`: what baselines hold, and whether they are as they should be.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use clap::Args;

use super::super::at_ref::Commit;
use super::super::documents::{self, Document};
use super::super::{DONE, output, shown};
use crate::baseline::{self, Baseline, Column, Place};
use crate::cli::{Color, Format};
use crate::compare::{self, Change, Comparison, Presence};
use crate::config::{self, Files, Pattern, WorkingTree};
use crate::error::{DocumentFault, Error};
use crate::report::escape::term;
use crate::report::units;

/// Folders below the repository that are looked into for baselines, and how deep.
const DEEPEST: usize = 12;
const MOST_FILES: usize = 10_000;

/// `gotrace-diff baseline show [FILE]`.
#[derive(Debug, Args)]
pub struct ShowArgs {
    /// The baseline; else those of the working folder and below, or the nearest one.
    #[arg(value_name = "FILE")]
    pub file: Option<PathBuf>,
    /// Only these subjects: a glob.
    #[arg(long, value_name = "GLOB", value_parser = Pattern::new)]
    pub subject: Option<Pattern>,
    /// Only these metrics: a glob.
    #[arg(long, value_name = "GLOB", value_parser = Pattern::new)]
    pub metric: Option<Pattern>,
    /// How it is told.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
}

/// `gotrace-diff baseline list` and `verify`.
#[derive(Debug, Args)]
pub struct FilesArgs {
    /// The baselines; else all of the repository.
    #[arg(value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// How it is told.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
}

/// `gotrace-diff baseline diff [OLD [NEW]]`.
#[derive(Debug, Args)]
pub struct DiffArgs {
    /// The old baseline; else those of the working folder and below, or the nearest one, as --ref has them.
    #[arg(value_name = "OLD")]
    pub old: Option<PathBuf>,
    /// The new baseline; else the nearest one as it stands.
    #[arg(value_name = "NEW")]
    pub new: Option<PathBuf>,
    /// The commit that has the old one.
    #[arg(long, value_name = "REF", default_value = "HEAD", conflicts_with = "old")]
    pub r#ref: String,
    /// How it is told.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
}

pub(in crate::commands) fn show(args: &ShowArgs) -> Result<u8, Error> {
    let paths = of_here(args.file.as_slice())?;
    let (mut out, mut rows) = (String::new(), Vec::new());
    for path in &paths {
        let known = super::load(path)?;
        let _ = writeln!(out, "{}{}:", if out.is_empty() { "" } else { "\n" }, term(&shown(path)));
        let before = rows.len();
        for column in known.columns {
            let _ = writeln!(out, "{}", term(&column.place.words()));
            one_column(args, column, &mut out, &mut rows);
        }
        for row in &mut rows[before..] {
            row["file"] = path.display().to_string().into();
        }
    }
    if args.format == Format::Json {
        let names: Vec<String> = paths.iter().map(|p| p.display().to_string()).collect();
        out = crate::report::json::document(&serde_json::json!({
            "schema": "gotrace-diff/baseline-show/1", "file": names.first(), "files": names, "series": rows,
            "exit_code": DONE,
        }))?;
    }
    output::print(&out, Color::Never)?;
    Ok(DONE)
}

/// The runs of one environment.
fn one_column(args: &ShowArgs, column: Column, out: &mut String, rows: &mut Vec<serde_json::Value>) {
    // Compared with itself it says its figures per item, as reports do.
    for package in &compare::compare(column.side.clone(), column.side).packages {
        let runs = package.base_runs.len();
        let _ = writeln!(out, "\n{}: {runs} run{}", term(&package.name), if runs == 1 { "" } else { "s" });
        for subject in &package.subjects {
            if args.subject.as_ref().is_some_and(|p| !p.matches(subject.name())) {
                continue;
            }
            let mut named = false;
            for change in subject.changes.iter().filter(|c| args.metric.as_ref().is_none_or(|p| p.matches(&c.path))) {
                let Presence::Both { base, .. } = &change.presence else { continue };
                let edge = |f: fn(f64, f64) -> f64, start| base.values().iter().copied().fold(start, f);
                let (least, most) = (edge(f64::min, f64::INFINITY), edge(f64::max, f64::NEG_INFINITY));
                if !named {
                    named = true;
                    let _ = writeln!(out, "  {}", format!("{} {}", subject.kind, term(subject.name())).trim_end());
                }
                let figure = |v| units::figure(v, change.metric.unit);
                let per =
                    if change.item.name().is_empty() { String::new() } else { format!(" per {}", change.item.name()) };
                let spread =
                    if least == most { String::new() } else { format!("  ({} to {})", figure(least), figure(most)) };
                let _ = writeln!(out, "    {:<28} {:>10}{per}{spread}", term(&change.path), figure(base.median()));
                rows.push(serde_json::json!({
                    "package": package.name, "kind": subject.kind, "subject": subject.name(), "metric": change.path,
                    "unit": change.metric.unit.name(), "per": change.item.name(), "values": base.values(),
                    "median": base.median(), "environment": column.id,
                }));
            }
        }
    }
}

/// The baselines that are meant: those given, else all of the repository.
fn meant(files: &[PathBuf]) -> Result<Vec<PathBuf>, Error> {
    if !files.is_empty() {
        return Ok(files.to_vec());
    }
    let here = super::super::working_folder()?;
    let root = here.ancestors().find(|f| f.join(".git").exists()).unwrap_or(&here).to_path_buf();
    let found = below(&root)?;
    if found.is_empty() {
        return Err(Error::MissingBaseline { path: super::default_path(&here) });
    }
    Ok(found)
}

/// The baselines that a command means which is given none: those of the working folder and below it, else the nearest.
pub(super) fn of_here(files: &[PathBuf]) -> Result<Vec<PathBuf>, Error> {
    if !files.is_empty() {
        return Ok(files.to_vec());
    }
    let here = super::super::working_folder()?;
    let config = config::resolve(None, &here)?;
    let nearest = super::places::Places::new(&config, &WorkingTree, &here).for_all()?;
    let mut found = below(&here)?;
    if nearest.is_file() || found.is_empty() {
        found.push(nearest);
    }
    found.sort();
    found.dedup();
    Ok(found)
}

/// All baselines below a folder: by their name, and as the configurations there say.
fn below(folder: &Path) -> Result<Vec<PathBuf>, Error> {
    let mut found = Vec::new();
    look(folder, 0, &mut found)?;
    found.sort();
    found.dedup();
    Ok(found)
}

fn look(folder: &Path, depth: usize, found: &mut Vec<PathBuf>) -> Result<(), Error> {
    let failed = |source| Error::Read { file: folder.display().to_string(), source };
    let mut entries = std::fs::read_dir(folder).map_err(failed)?.collect::<Result<Vec<_>, _>>().map_err(failed)?;
    entries.sort_by_key(std::fs::DirEntry::file_name);
    for entry in entries {
        let Ok(kind) = entry.file_type() else { continue };
        let name = entry.file_name();
        if kind.is_dir() && depth < DEEPEST && !name.to_string_lossy().starts_with('.') && name != "node_modules" {
            // A folder that may not be read holds none of ours.
            let _ = look(&entry.path(), depth + 1, found);
        } else if kind.is_file() && name == baseline::FILE_NAME && found.len() < MOST_FILES {
            found.push(entry.path());
        } else if kind.is_file() && name == config::FILE_NAME && found.len() < MOST_FILES {
            // One that is not understood is told where it gates.
            let said = config::load(&entry.path()).ok().and_then(|c| c.baseline);
            found.extend(said.filter(|b| b.is_file()));
        }
    }
    Ok(())
}

pub(in crate::commands) fn list(args: &FilesArgs) -> Result<u8, Error> {
    let (mut out, mut rows) = (String::new(), Vec::new());
    for path in meant(&args.files)? {
        let known = super::load(&path)?;
        let (n, runs) = (known.series(), known.runs());
        let packages: Vec<&str> = known.packages().into_iter().collect();
        let environments: Vec<String> = known.columns.iter().map(|c| c.place.words()).collect();
        let _ = writeln!(
            out,
            "{}: {n} series, {runs} run{} of {}; {}",
            term(&shown(&path)),
            if runs == 1 { "" } else { "s" },
            term(&packages.join(", ")),
            term(&environments.join("; "))
        );
        rows.push(serde_json::json!({
            "file": path.display().to_string(), "series": n, "runs": runs, "packages": packages,
            "environments": environments,
        }));
    }
    if args.format == Format::Json {
        out = crate::report::json::document(&serde_json::json!({
            "schema": "gotrace-diff/baseline-list/1", "baselines": rows, "exit_code": DONE,
        }))?;
    }
    output::print(&out, Color::Never)?;
    Ok(DONE)
}

/// Reads each, and asks whether it is written as we write it: what an editor or a merge left otherwise would churn.
pub(in crate::commands) fn verify(args: &FilesArgs) -> Result<u8, Error> {
    let (mut out, mut rows) = (String::new(), Vec::new());
    for path in meant(&args.files)? {
        let name = path.display().to_string();
        let text = documents::read_text(&path, documents::MOST_BYTES)?;
        let known = super::read(&name, &text)?;
        let canonical = known.render()?;
        // Checked out with the line ends of Windows it is the same file to git.
        let plain = text.replace("\r\n", "\n");
        if plain != canonical {
            let line = plain.lines().zip(canonical.lines()).position(|(a, b)| a != b);
            let line = line.unwrap_or_else(|| plain.lines().count().min(canonical.lines().count())) + 1;
            return Err(Error::Document {
                file: name,
                fault: DocumentFault::NotCanonical,
                message: format!("line {line}: not as gotrace-diff writes it"),
                advice: format!("gotrace-diff migrate {}", crate::gate::accept::quoted(&shown(&path))),
            });
        }
        let _ = writeln!(out, "{}: sound, {} series", term(&shown(&path)), known.series());
        rows.push(serde_json::json!({"file": name, "series": known.series()}));
    }
    if args.format == Format::Json {
        out = crate::report::json::document(&serde_json::json!({
            "schema": "gotrace-diff/baseline-verify/1", "sound": rows, "exit_code": DONE,
        }))?;
    }
    output::print(&out, Color::Never)?;
    Ok(DONE)
}

pub(in crate::commands) fn diff(args: &DiffArgs) -> Result<u8, Error> {
    let here = super::super::working_folder()?;
    let (mut out, mut rows, mut names) = (String::new(), Vec::new(), Vec::new());
    let mut compare_two = |old: (String, Baseline), new: (String, Baseline)| {
        let ((old_name, old), (new_name, new)) = (old, new);
        let first = rows.len();
        let pairs = Baseline::pairs(old, new);
        let several = pairs.len() > 1;
        for (place, old, new) in pairs {
            let compared = compare::compare(old, new);
            let before = rows.len();
            let mut lines = String::new();
            differing(&compared, &place, &mut lines, &mut rows);
            if several && rows.len() > before {
                let _ = writeln!(out, "{}", term(&place.words()));
            }
            out += &lines;
        }
        for row in &mut rows[first..] {
            row["file"] = new_name.as_str().into();
        }
        let n = rows.len() - first;
        let _ = writeln!(out, "{n} series differ between {} and {}", term(&old_name), term(&new_name));
        names.push((old_name, new_name));
    };
    match &args.old {
        Some(path) => {
            let old = super::read(&shown(path), &documents::read_text(path, documents::MOST_BYTES)?)?;
            let config = config::resolve(None, &here)?;
            let new = match &args.new {
                Some(path) => path.clone(),
                None => super::places::Places::new(&config, &WorkingTree, &here).for_all()?,
            };
            compare_two((shown(path), old), (shown(&new), super::load(&new)?));
        }
        None => {
            let commit = Commit::of(&args.r#ref, &here)?;
            let mut missing = None;
            for path in of_here(&[])? {
                let new = super::load(&path)?;
                let name = format!("{}:{}", commit.name, shown(&path));
                let old = match commit.read(&path, documents::MOST_BYTES)? {
                    Some(text) => super::read(&name, &text)?,
                    // New: all of it differs.
                    None => {
                        missing.get_or_insert_with(|| path.clone());
                        Baseline::default()
                    }
                };
                compare_two((name, old), (shown(&path), new));
            }
            // Not one is there to compare with: most often the wrong commit.
            if let Some(path) = missing.filter(|_| names.len() == 1) {
                return Err(Error::MissingBaseline { path });
            }
        }
    }
    if args.format == Format::Json {
        let files: Vec<_> = names.iter().map(|(old, new)| serde_json::json!({"old": old, "new": new})).collect();
        out = crate::report::json::document(&serde_json::json!({
            "schema": "gotrace-diff/baseline-diff/1", "old": names.first().map(|n| &n.0),
            "new": names.first().map(|n| &n.1), "files": files, "series": rows, "exit_code": DONE,
        }))?;
    }
    output::print(&out, Color::Never)?;
    Ok(DONE)
}

/// The series of one environment that differ.
fn differing(compared: &Comparison, place: &Place, out: &mut String, rows: &mut Vec<serde_json::Value>) {
    for package in &compared.packages {
        for subject in &package.subjects {
            for change in subject.changes.iter().filter(|c| differs(c) && !c.is_more_than_presence()) {
                let figure = |v: Option<f64>| v.map_or("none".to_owned(), |v| units::figure(v, change.metric.unit));
                let by = change.ratio().map(|r| format!("  {}", units::change(r))).unwrap_or_default();
                let name = format!("{} {} {}", subject.kind, subject.name(), change.path).replace("  ", " ");
                let _ = writeln!(out, "{}: {} → {}{by}", term(&name), figure(change.base()), figure(change.head()));
                rows.push(serde_json::json!({
                    "package": package.name, "kind": subject.kind, "subject": subject.name(), "metric": change.path,
                    "unit": change.metric.unit.name(), "old": change.base(), "new": change.head(),
                    "environment": place.words(),
                }));
            }
        }
    }
}

fn differs(change: &Change) -> bool {
    match &change.presence {
        Presence::Both { base, head } => base.values() != head.values(),
        _ => true,
    }
}

/// A baseline out of its text.
pub(super) fn read(name: &str, text: &str) -> Result<Baseline, Error> {
    match documents::parse(name, text)? {
        Document::Baseline(baseline) => Ok(baseline),
        Document::Runs(_) => Err(Error::Document {
            file: name.to_owned(),
            fault: DocumentFault::OtherDocument,
            message: "summaries, and no baseline".to_owned(),
            advice: "make one of them: gotrace-diff baseline create".to_owned(),
        }),
    }
}
