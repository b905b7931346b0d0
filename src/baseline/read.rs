//! A baseline read back: nothing in it is trusted, and an error names the line.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use super::document::{Document, SCHEMA, SeriesLine, SiteLine, SubjectLine};
use super::{Baseline, Column, Place};
use crate::compare::packages::NamedBy;
use crate::compare::side::{SiteFigures, SiteKey};
use crate::compare::{Package, Run, Side, Subject, SubjectId, names, sound};

/// Each run gets what is known of its place: so many bytes in all, and a file of a megabyte could ask for gigabytes.
const MOST_KNOWN: usize = 64 << 20;

/// The first version: one environment, which each run says itself.
pub const SCHEMA_1: &str = "gotrace-diff/baseline/1";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document1 {
    #[serde(rename = "schema")]
    _schema: String,
    #[serde(rename = "environment")]
    _environment: Environment1,
    packages: Vec<PackageLine1>,
    subjects: Vec<SubjectLine>,
    series: Vec<SeriesLine>,
    sites: Vec<SiteLine>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Environment1 {
    #[serde(rename = "formats")]
    _formats: Vec<String>,
    #[serde(rename = "gomaxprocs")]
    _gomaxprocs: Vec<u64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PackageLine1 {
    package: String,
    named_by: NamedBy,
    runs: Vec<Run>,
}

/// Reads a baseline of any schema. The error is as of [`read`].
///
/// # Errors
/// Where it is none, or its parts do not fit together.
pub fn read_any(text: &str) -> Result<Baseline, String> {
    #[derive(Deserialize)]
    struct Head {
        schema: String,
    }
    let head: Head = serde_json::from_str(text).map_err(|e| e.to_string())?;
    read(&head.schema, text)
}

/// Reads a baseline of `schema`. The error is one sentence on what is wrong with it, and where.
///
/// # Errors
/// Where it is not of this schema, or its parts do not fit together.
pub fn read(schema: &str, text: &str) -> Result<Baseline, String> {
    match schema {
        SCHEMA_1 => read_1(text),
        SCHEMA => read_2(text),
        other => Err(format!("schema {other:?} is none of a baseline")),
    }
}

fn read_1(text: &str) -> Result<Baseline, String> {
    let document: Document1 = serde_json::from_str(text).map_err(|e| e.to_string())?;
    let mut reading = Reading { text, columns: BTreeMap::from([(String::new(), (Place::default(), Side::default()))]) };
    let packages = document.packages.into_iter().map(|p| (String::new(), p.package, p.named_by, p.runs));
    reading.packages(packages.collect())?;
    reading.lines(document.subjects, document.series, document.sites)?;
    Ok(Baseline::from(reading.columns.remove("").unwrap_or_default().1))
}

fn read_2(text: &str) -> Result<Baseline, String> {
    let document: Document = serde_json::from_str(text).map_err(|e| e.to_string())?;
    let mut reading = Reading { text, columns: BTreeMap::new() };
    let mut places = BTreeSet::new();
    for (i, line) in document.environments.into_iter().enumerate() {
        let place = Place { format: line.format, gomaxprocs: line.gomaxprocs, facts: line.facts };
        if reading.columns.contains_key(&line.id) || !places.insert(place.clone()) {
            return Err(at(text, "environments", i) + &format!("environment {:?} is there twice", line.id));
        }
        reading.columns.insert(line.id, (place, Side::default()));
    }
    let (mut packages, mut known) = (Vec::new(), 0usize);
    for (i, line) in document.packages.into_iter().enumerate() {
        let place = match reading.columns.get(&line.env) {
            Some((place, _)) => place.clone(),
            None => return Err(at(text, "packages", i) + &no_environment(&line.env)),
        };
        let of_place = place.format.len() + place.facts.iter().map(|(_, value)| value.len()).sum::<usize>();
        known = known.saturating_add(of_place.saturating_mul(line.runs.len()));
        if known > MOST_KNOWN {
            return Err(at(text, "packages", i) + "more is said of the environments of its runs than of any machine's");
        }
        let runs = line.runs.into_iter().map(|r| r.run(&place)).collect();
        packages.push((line.env, line.package, line.named_by, runs));
    }
    reading.packages(packages)?;
    reading.lines(document.subjects, document.series, document.sites)?;
    let mut columns: Vec<Column> =
        reading.columns.into_iter().map(|(id, (place, side))| Column { id, place, side }).collect();
    columns.sort_by(|a, b| (&a.place, &a.id).cmp(&(&b.place, &b.id)));
    Ok(Baseline { columns })
}

/// What has been read so far.
struct Reading<'t> {
    text: &'t str,
    columns: BTreeMap<String, (Place, Side)>,
}

impl Reading<'_> {
    fn packages(&mut self, lines: Vec<(String, String, NamedBy, Vec<Run>)>) -> Result<(), String> {
        for (i, (env, name, named_by, runs)) in lines.into_iter().enumerate() {
            let place = || at(self.text, "packages", i);
            let Some((_, side)) = self.columns.get_mut(&env) else { return Err(place() + &no_environment(&env)) };
            runs.iter().try_for_each(sound::run).map_err(|e| place() + &e)?;
            let package = Package { named_by, runs, subjects: BTreeMap::new() };
            if side.packages.insert(name.clone(), package).is_some() {
                return Err(place() + &format!("package {name:?} is there twice"));
            }
        }
        let has_runs = self.columns.values().any(|(_, side)| side.packages.values().any(|p| !p.runs.is_empty()));
        if has_runs { Ok(()) } else { Err("no runs in it".to_owned()) }
    }

    fn lines(
        &mut self,
        subjects: Vec<SubjectLine>,
        series: Vec<SeriesLine>,
        sites: Vec<SiteLine>,
    ) -> Result<(), String> {
        let text = self.text;
        for (i, line) in subjects.into_iter().enumerate() {
            let side = self.side(&line.env).map_err(|e| at(text, "subjects", i) + &e)?;
            add_subject_line(side, line).map_err(|e| at(text, "subjects", i) + &e)?;
        }
        // As we write them they are in order. In any other the figures of a subject would be moved for each that comes.
        let mut series: Vec<(usize, SeriesLine)> = series.into_iter().enumerate().collect();
        if !series.is_sorted_by_key(|(_, l)| (&l.env, &l.package, l.kind, &l.name, &l.metric)) {
            series.sort_by(|(_, a), (_, b)| a.metric.cmp(&b.metric));
        }
        for (i, line) in series {
            let side = self.side(&line.env).map_err(|e| at(text, "series", i) + &e)?;
            add_series(side, line).map_err(|e| at(text, "series", i) + &e)?;
        }
        for (i, line) in sites.into_iter().enumerate() {
            let side = self.side(&line.env).map_err(|e| at(text, "sites", i) + &e)?;
            add_site(side, line).map_err(|e| at(text, "sites", i) + &e)?;
        }
        Ok(())
    }

    fn side(&mut self, env: &str) -> Result<&mut Side, String> {
        self.columns.get_mut(env).map(|(_, side)| side).ok_or_else(|| no_environment(env))
    }
}

fn no_environment(env: &str) -> String {
    format!("environment {env:?} is not in its list")
}

/// Where entry `i` of a list stands, as we write them: `line 12: `. Nothing where the file is written another way.
fn at(text: &str, list: &str, i: usize) -> String {
    let begin = format!("\"{list}\": [");
    let line = text.lines().position(|l| l.trim_end() == begin).map(|begin| begin + 1 + i);
    let is_entry = |n: &usize| text.lines().nth(*n).is_some_and(|l| l.starts_with("{\""));
    line.filter(is_entry).map_or(String::new(), |n| format!("line {}: ", n + 1))
}

fn add_subject_line(side: &mut Side, line: SubjectLine) -> Result<(), String> {
    let (package, id) = (line.package, SubjectId { kind: line.kind, name: line.name });
    let subject = Subject { start: line.start, creators: line.creators, repeats: line.repeats, ..Subject::default() };
    let of = side.packages.get_mut(&package).ok_or_else(|| unknown(&id, &package))?;
    if subject.repeats.iter().any(|r| r.run >= of.runs.len()) {
        return Err(format!("{} {:?} has repeats of runs that are not there", id.kind, id.name));
    }
    match of.subjects.insert(id.clone(), subject) {
        Some(_) => Err(format!("{} {:?} is there twice", id.kind, id.name)),
        None => Ok(()),
    }
}

fn add_series(side: &mut Side, line: SeriesLine) -> Result<(), String> {
    let id = SubjectId { kind: line.kind, name: line.name };
    let (subject, runs) = find(side, &line.package, &id)?;
    sound::series(&id, &line.metric, &line.values, runs)?;
    match subject.figures.insert(line.metric.clone(), line.values) {
        Some(_) => Err(format!("{} of {} {:?} is there twice", line.metric, id.kind, id.name)),
        None => Ok(()),
    }
}

fn add_site(side: &mut Side, line: SiteLine) -> Result<(), String> {
    let id = SubjectId { kind: line.kind, name: line.name };
    let (subject, runs) = find(side, &line.package, &id)?;
    let chain = line.stack.iter().map(|f| names::key(&f.func)).collect();
    let key = SiteKey { state: line.state, chain };
    let figures = SiteFigures { stack: line.stack, count: line.count, time_ns: line.time_ns };
    sound::site(&id, &figures, runs)?;
    match subject.sites.insert(key, figures) {
        Some(_) => Err(format!("a site of {} {:?} is there twice", id.kind, id.name)),
        None => Ok(()),
    }
}

fn find<'s>(side: &'s mut Side, package: &str, id: &SubjectId) -> Result<(&'s mut Subject, usize), String> {
    let of = side.packages.get_mut(package).ok_or_else(|| unknown(id, package))?;
    let runs = of.runs.len();
    let subject = of.subjects.get_mut(id).ok_or_else(|| unknown(id, package))?;
    let points = subject.points(runs);
    Ok((subject, points))
}

fn unknown(id: &SubjectId, package: &str) -> String {
    format!("{} {:?} of package {package:?} is not in its lists", id.kind, id.name)
}
