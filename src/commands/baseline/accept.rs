//! `gotrace-diff baseline accept SERIES=FROM..TO --reason WHY`: one more `[[accept]]` in gotrace-diff.toml, with all
//! else in it as it was: comments, order, line ends.

use std::path::{Path, PathBuf};

use clap::Args;
use toml_edit::{ArrayOfTables, DocumentMut, Item, Table, value};

use super::super::run::process;
use super::super::{DONE, output, shown};
use super::places::Places;
use crate::baseline::Baseline;
use crate::cli::{Color, Format};
use crate::compare;
use crate::config::series::{Series, read_figure, write_figure};
use crate::config::{self, Date, Files, WorkingTree};
use crate::error::Error;
use crate::metrics::registry::Unit;
use crate::paths::Repository;
use crate::report::escape::term;

/// More than any configuration has.
const MOST_BYTES: u64 = 1 << 20;
/// What stands for a reason in the commands of reports.
const NO_REASON: &str = "WHY";

/// `gotrace-diff baseline accept SERIES...`.
#[derive(Debug, Args)]
pub struct AcceptArgs {
    /// What is accepted, as reports print it: KIND:SUBJECT#METRIC=FROM..TO. Without figures they are those of the
    /// baseline and of the candidate that the last failing check wrote beside it.
    #[arg(value_name = "SERIES", required = true)]
    pub series: Vec<String>,
    /// Why.
    #[arg(long, value_name = "WHY")]
    pub reason: String,
    /// The last day on which it holds; else it holds until it is taken out of the file.
    #[arg(long, value_name = "YYYY-MM-DD")]
    pub until: Option<Date>,
    /// By whom [default: git's user.name].
    #[arg(long, value_name = "NAME")]
    pub by: Option<String>,
    /// Only in this package.
    #[arg(long, value_name = "PACKAGE")]
    pub package: Option<String>,
    /// The configuration to write to; else the nearest gotrace-diff.toml, else one beside go.mod.
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// How it is told.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
}

/// One change that is to be accepted.
struct Change {
    series: Series,
    unit: Unit,
    from: Option<f64>,
    to: Option<f64>,
}

pub(in crate::commands) fn run(args: &AcceptArgs) -> Result<u8, Error> {
    let here = super::super::working_folder()?;
    let reason = args.reason.trim();
    if reason.is_empty() || reason == NO_REASON {
        return Err(Error::Usage("say in --reason why this is accepted: reports print it".to_owned()));
    }
    if let Some(until) = args.until.filter(|until| *until < Date::today()) {
        return Err(Error::Usage(format!("--until {until} is over already")));
    }
    let changes = args.series.iter().map(|text| change(text, args, &here)).collect::<Result<Vec<_>, _>>()?;
    let folder = args
        .package
        .as_ref()
        .and_then(|p| super::super::nested::folder_of(&Repository::around(&here), p, &WorkingTree));
    let folder = folder.unwrap_or_else(|| here.clone());
    let path = args
        .config
        .clone()
        .or_else(|| config::nearest(&folder))
        .unwrap_or_else(|| super::default_path(&folder).with_file_name(config::FILE_NAME));
    let by = args.by.clone().or_else(|| user(&here));
    let old = WorkingTree.read(&path, MOST_BYTES)?.unwrap_or_default();
    let text = edit(
        &path,
        &old,
        &changes,
        &Said { reason, by: by.as_deref(), until: args.until, package: args.package.as_deref() },
    )?;
    // What was written has to be understood.
    config::parse_text(&path, &text)?;
    output::write_file(&path, &text)?;
    let name = shown(&path);
    let unknown: Vec<String> = unknown(&changes, args).unwrap_or_default();
    let said = match args.format {
        Format::Json => crate::report::json::document(&serde_json::json!({
            "schema": "gotrace-diff/baseline-accept/1",
            "file": path.display().to_string(),
            "accepted": changes.iter().map(|c| c.series.to_string()).collect::<Vec<_>>(),
            "warnings": unknown,
            "exit_code": DONE,
        }))?,
        Format::Text => {
            let figure = |v: Option<f64>, unit| v.map_or("none".to_owned(), |v| write_figure(v, unit));
            let mut said = String::new();
            for c in &changes {
                let until = args.until.map(|u| format!(" until {u}")).unwrap_or_default();
                let (from, to) = (figure(c.from, c.unit), figure(c.to, c.unit));
                said += &format!("{}: accepted {}, {from} to {to}{until}\n", term(&name), term(&c.series.to_string()));
            }
            for warning in &unknown {
                said += &format!("Warning: {}\n", term(warning));
            }
            said + &format!("It holds once it is committed: git add {}\n", term(&name))
        }
    };
    output::print(&said, Color::Never)?;
    Ok(DONE)
}

/// What is accepted of subjects that neither the baselines here nor what the last failing check left beside them have: most
/// often a name is misspelt. `None` where there is nothing to look it up in.
fn unknown(changes: &[Change], args: &AcceptArgs) -> Option<Vec<String>> {
    let files = super::show::of_here(&[]).ok()?;
    let candidates: Vec<PathBuf> = files.iter().map(|file| super::super::check::beside(file)).collect();
    let all = candidates.iter().chain(&files);
    let sides: Vec<_> = all.filter_map(|file| super::load(file).ok()).map(Baseline::into_side).collect();
    let candidate = candidates.iter().any(|file| file.is_file());
    let has = |series: &Series| {
        let packages = sides.iter().flat_map(|side| &side.packages);
        packages
            .filter(|(name, _)| args.package.as_ref().is_none_or(|wanted| wanted == *name))
            .flat_map(|(_, package)| package.subjects.keys())
            .any(|id| series.is(id.kind, &id.name, &series.metric))
    };
    // What is new is in no baseline: only a candidate has it.
    let tells = |c: &&Change| !sides.is_empty() && (c.from.is_some() || candidate) && !has(&c.series);
    let said =
        |c: &Change| format!("{}: nothing of the baseline is called so, and nothing is accepted by it", c.series);
    Some(changes.iter().filter(tells).map(said).collect())
}

/// A change as it was typed, or as baseline and candidate say it.
fn change(text: &str, args: &AcceptArgs, here: &Path) -> Result<Change, Error> {
    let unit = |series: &Series| series.definition().map_or(Unit::Count, |m| m.unit);
    if let Some((left, figures)) = text.rsplit_once('=')
        && let (Ok(series), Some((from, to))) = (left.parse::<Series>(), figures.split_once(".."))
    {
        let unit = unit(&series);
        let read = |text: &str| read_figure(text, unit).map_err(Error::Usage);
        let (from, to) = (read(from)?, read(to)?);
        if from.is_none() && to.is_none() {
            return Err(Error::Usage(format!("`{text}` goes from none to none")));
        }
        return Ok(Change { series, unit, from, to });
    }
    let series: Series = text.parse().map_err(Error::Usage)?;
    as_recorded(series, args, here)
}

/// The change from what a series is in the baseline to what it is in the candidate that the last failing check wrote
/// beside that.
fn as_recorded(series: Series, args: &AcceptArgs, here: &Path) -> Result<Change, Error> {
    let mut config = config::resolve(args.config.as_deref(), here)?;
    let for_all = Places::new(&config, &WorkingTree, here).for_all()?;
    let beside = super::super::check::beside;
    let mut candidates: Vec<PathBuf> = super::show::of_here(&[])?.iter().map(|path| beside(path)).collect();
    candidates.insert(0, beside(&for_all));
    candidates.dedup();
    candidates.retain(|path| path.is_file());
    if candidates.is_empty() {
        return Err(Error::Usage(format!(
            "{} is not there to say the figures: give them, as in '{series}=10ms..21ms'",
            shown(&beside(&for_all))
        )));
    }
    let mut whole = Baseline::default();
    for path in &candidates {
        whole.absorb(super::load(path)?);
    }
    super::super::nested::of_files(&mut config, args.config.as_deref(), whole.packages())?;
    let mut looked = Vec::new();
    for (path, part) in Places::new(&config, &WorkingTree, here).route(whole, None)? {
        looked.push(shown(&path));
        let old = super::load(&path).map_err(|error| match error {
            Error::Read { .. } | Error::MissingBaseline { .. } => Error::Usage(format!(
                "{} is not there to say the figures: give them, as in '{series}=10ms..21ms'",
                shown(&path)
            )),
            other => other,
        })?;
        let head = part.into_side();
        let comparison = compare::compare(old.beside(&head).0, head);
        let mut found = comparison
            .packages
            .iter()
            .filter(|p| args.package.as_ref().is_none_or(|name| *name == p.name))
            .flat_map(|p| &p.subjects)
            .filter(|s| s.kind == series.kind)
            .flat_map(|s| s.changes.iter().map(move |c| (s, c)));
        if let Some((_, found)) = found.find(|(s, c)| series.is(s.kind, s.name(), &c.path)) {
            return Ok(Change { unit: found.metric.unit, from: found.base(), to: found.head(), series });
        }
    }
    let candidates: Vec<String> = candidates.iter().map(|p| shown(p)).collect();
    Err(Error::Usage(format!(
        "neither {} nor {} has {series}: give its figures, as in '{series}=10ms..21ms'",
        looked.join(", "),
        candidates.join(", ")
    )))
}

/// Who git says is at work here.
fn user(here: &Path) -> Option<String> {
    let said = process::ask("git", &["config", "user.name"], here).ok()?;
    said.out.lines().next().map(str::trim).filter(|name| said.ok && !name.is_empty()).map(str::to_owned)
}

struct Said<'a> {
    reason: &'a str,
    by: Option<&'a str>,
    until: Option<Date>,
    package: Option<&'a str>,
}

/// The text with the changes in it. One that is there for the same series gives way to the new one.
fn edit(path: &Path, old: &str, changes: &[Change], said: &Said<'_>) -> Result<String, Error> {
    let (mark, body) = match old.strip_prefix('\u{feff}') {
        Some(body) => ("\u{feff}", body),
        None => ("", old),
    };
    let wrong = |message: String| Error::Config { file: path.to_path_buf(), line: 1, column: 1, message };
    // Says where it is wrong, before anything is changed.
    config::parse_text(path, body)?;
    let mut document: DocumentMut = body.parse().map_err(|e: toml_edit::TomlError| wrong(e.message().to_owned()))?;
    let item = document.entry("accept").or_insert(Item::ArrayOfTables(ArrayOfTables::new()));
    let list =
        item.as_array_of_tables_mut().ok_or_else(|| wrong("`accept` has to be written as [[accept]]".to_owned()))?;
    for change in changes {
        let series = change.series.to_string();
        let is_same = |t: &Table| {
            let text = |key: &str| t.get(key).and_then(Item::as_str);
            text("series") == Some(series.as_str()) && text("package") == said.package
        };
        let at = list.iter().position(is_same);
        let table = match at {
            Some(at) => list.get_mut(at),
            None => {
                list.push(Table::new());
                let last = list.len() - 1;
                list.get_mut(last)
            }
        };
        if let Some(table) = table {
            fill(table, change, &series, said);
        }
    }
    let text = document.to_string();
    // The editor writes bare line feeds.
    let text = if body.contains("\r\n") { text.replace("\r\n", "\n").replace('\n', "\r\n") } else { text };
    Ok(format!("{mark}{text}"))
}

fn fill(table: &mut Table, change: &Change, series: &str, said: &Said<'_>) {
    let figure = |v: f64| match change.unit {
        Unit::Count if v.fract() == 0.0 && v.abs() < 1e15 => value(v as i64),
        _ => value(write_figure(v, change.unit)),
    };
    let until = said.until.and_then(|day| day.to_string().parse::<toml_edit::Datetime>().ok());
    let all = [
        ("series", Some(value(series))),
        ("package", said.package.map(value)),
        ("from", change.from.map(figure)),
        ("to", change.to.map(figure)),
        ("reason", Some(value(said.reason))),
        ("by", said.by.map(value)),
        ("until", until.map(value)),
    ];
    for (key, item) in all {
        match item {
            Some(item) => {
                table.insert(key, item);
            }
            None => {
                table.remove(key);
            }
        }
    }
}
