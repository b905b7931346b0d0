//! The committed baseline: one side of a comparison, written so that people can review it and git can merge it.
//!
//! Canonical: sorted, one series a line, the environment once at the top, nothing that differs between two writings of
//! the same runs (no times of day, no folders of the machine).

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde::{Deserialize, Serialize};

use crate::compare::packages::NamedBy;
use crate::compare::side::{Repeat, SiteFigures, SiteKey};
use crate::compare::{Package, Run, Side, Subject, SubjectId, names};
use crate::error::Error;
use crate::metrics::registry::SubjectKind;
use crate::paths::Repository;
use crate::summary::{Position, SiteFrame};

/// The version of the document.
pub const SCHEMA: &str = "gotrace-diff/baseline/1";
/// What the file is called, beside go.mod.
pub const FILE_NAME: &str = "gotrace-baseline.json";

/// Stacks of a group that are kept: those with the most time. They say where a change happened, and gate nothing.
pub(crate) const MOST_SITES: usize = 20;

/// The document. `sites` and `series` name their subject by its place in `subjects`.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    schema: String,
    environment: Environment,
    packages: Vec<PackageLine>,
    subjects: Vec<SubjectLine>,
    series: Vec<SeriesLine>,
    sites: Vec<SiteLine>,
}

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Environment {
    formats: Vec<String>,
    gomaxprocs: Vec<u64>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct PackageLine {
    package: String,
    named_by: NamedBy,
    runs: Vec<Run>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SubjectLine {
    package: String,
    kind: SubjectKind,
    name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    start: Option<Position>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    creators: BTreeMap<String, u64>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    repeats: Vec<Repeat>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SeriesLine {
    package: String,
    kind: SubjectKind,
    name: String,
    metric: String,
    values: Vec<Option<i64>>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SiteLine {
    package: String,
    kind: SubjectKind,
    name: String,
    state: String,
    stack: Vec<SiteFrame>,
    count: Vec<i64>,
    time_ns: Vec<i64>,
}

/// Writes the baseline of a side.
///
/// # Errors
/// Where a run is partial: a baseline is made of whole runs.
pub fn write(side: &Side, repository: &Repository) -> Result<String, Error> {
    render(&portable(side, repository)?)
}

/// A side as a baseline holds it: without what only its machine knows, and without the framework's own subjects.
///
/// # Errors
/// Where a run is partial: a baseline is made of whole runs.
pub fn portable(side: &Side, repository: &Repository) -> Result<Side, Error> {
    if let Some(run) = side.runs().find(|r| !r.complete) {
        return Err(Error::Partial { file: run.source.clone() });
    }
    let mut out = side.clone();
    for package in out.packages.values_mut() {
        for run in &mut package.runs {
            run.source = run.source.rsplit(['/', '\\']).next().unwrap_or(&run.source).to_owned();
            run.started_ns = 0;
            run.warnings.clear();
        }
        // What the runtime and the test framework do changes with every Go release and gates nothing.
        package.subjects.retain(|_, s| !s.framework);
        for subject in package.subjects.values_mut() {
            if let Some(start) = &mut subject.start {
                start.file = repository.file(&start.file);
            }
            let mut sites: Vec<(SiteKey, SiteFigures)> = std::mem::take(&mut subject.sites).into_iter().collect();
            sites.sort_by_key(|(key, site)| {
                (std::cmp::Reverse(site.time_ns.iter().copied().fold(0, i64::saturating_add)), key.clone())
            });
            sites.truncate(MOST_SITES);
            for frame in sites.iter_mut().flat_map(|(_, site)| &mut site.stack) {
                frame.file = repository.file(&frame.file);
            }
            subject.sites = sites.into_iter().collect();
        }
    }
    Ok(out)
}

/// The text of a side that is as a baseline holds it.
///
/// # Errors
/// Where it is no JSON, which would be a bug.
pub fn render(side: &Side) -> Result<String, Error> {
    text(&document(side)).map_err(|e| Error::Bug(format!("a baseline that is no JSON: {e}")))
}

fn document(side: &Side) -> Document {
    let mut formats: Vec<String> = side.runs().map(|r| r.format.clone()).collect();
    let mut gomaxprocs: Vec<u64> = side.runs().map(|r| r.gomaxprocs).collect();
    formats.sort();
    formats.dedup();
    gomaxprocs.sort_unstable();
    gomaxprocs.dedup();
    let mut out = Document {
        schema: SCHEMA.to_owned(),
        environment: Environment { formats, gomaxprocs },
        packages: Vec::new(),
        subjects: Vec::new(),
        series: Vec::new(),
        sites: Vec::new(),
    };
    for (package, runs) in &side.packages {
        let line = PackageLine { package: package.clone(), named_by: runs.named_by, runs: runs.runs.clone() };
        out.packages.push(line);
        for (id, subject) in &runs.subjects {
            add_subject(&mut out, package, id, subject);
        }
    }
    out
}

fn add_subject(out: &mut Document, package: &str, id: &SubjectId, subject: &Subject) {
    let SubjectId { kind, name } = id;
    out.subjects.push(SubjectLine {
        package: package.to_owned(),
        kind: *kind,
        name: name.clone(),
        start: subject.start.clone(),
        creators: subject.creators.clone(),
        repeats: subject.repeats.clone(),
    });
    for (metric, values) in &subject.figures {
        out.series.push(SeriesLine {
            package: package.to_owned(),
            kind: *kind,
            name: name.clone(),
            metric: metric.clone(),
            values: values.clone(),
        });
    }
    for (key, site) in &subject.sites {
        out.sites.push(SiteLine {
            package: package.to_owned(),
            kind: *kind,
            name: name.clone(),
            state: key.state.clone(),
            stack: site.stack.clone(),
            count: site.count.clone(),
            time_ns: site.time_ns.clone(),
        });
    }
}

/// One entry a line, so that a change of one series is a change of one line.
fn text(document: &Document) -> Result<String, serde_json::Error> {
    let mut out = String::from("{\n");
    let _ = writeln!(out, "\"schema\": {},", serde_json::to_string(&document.schema)?);
    let _ = writeln!(out, "\"environment\": {},", serde_json::to_string(&document.environment)?);
    list(&mut out, "packages", &document.packages, ",")?;
    list(&mut out, "subjects", &document.subjects, ",")?;
    list(&mut out, "series", &document.series, ",")?;
    list(&mut out, "sites", &document.sites, "")?;
    out.push_str("}\n");
    Ok(out)
}

fn list<T: Serialize>(out: &mut String, name: &str, lines: &[T], end: &str) -> Result<(), serde_json::Error> {
    let _ = writeln!(out, "\"{name}\": [");
    for (i, line) in lines.iter().enumerate() {
        let comma = if i + 1 < lines.len() { "," } else { "" };
        let _ = writeln!(out, "{}{comma}", serde_json::to_string(line)?);
    }
    let _ = writeln!(out, "]{end}");
    Ok(())
}

/// Reads a baseline. The error is one sentence on what is wrong with it, and where.
///
/// # Errors
/// Where it is not of this schema, or its parts do not fit together.
pub fn read(text: &str) -> Result<Side, String> {
    let document: Document = serde_json::from_str(text).map_err(|e| e.to_string())?;
    let mut side = Side::default();
    for (i, line) in document.packages.into_iter().enumerate() {
        let package = Package { named_by: line.named_by, runs: line.runs, subjects: BTreeMap::new() };
        if side.packages.insert(line.package.clone(), package).is_some() {
            return Err(at(text, "packages", i) + &format!("package {:?} is there twice", line.package));
        }
    }
    for (i, line) in document.subjects.into_iter().enumerate() {
        add_subject_line(&mut side, line).map_err(|e| at(text, "subjects", i) + &e)?;
    }
    for (i, line) in document.series.into_iter().enumerate() {
        add_series(&mut side, line).map_err(|e| at(text, "series", i) + &e)?;
    }
    for (i, line) in document.sites.into_iter().enumerate() {
        add_site(&mut side, line).map_err(|e| at(text, "sites", i) + &e)?;
    }
    Ok(side)
}

/// Where entry `i` of a list stands, as we write them: `line 12: `. Nothing where the file is written another way.
fn at(text: &str, list: &str, i: usize) -> String {
    let begin = format!("\"{list}\": [");
    let line = text.lines().position(|l| l.trim_end() == begin).map(|begin| begin + 1 + i);
    let is_entry = |n: &usize| text.lines().nth(*n).is_some_and(|l| l.starts_with("{\"package\":"));
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
    if line.values.len() != runs {
        let n = line.values.len();
        return Err(format!("{} of {} {:?} has {n} values for {runs} runs", line.metric, id.kind, id.name));
    }
    match subject.figures.insert(line.metric.clone(), line.values) {
        Some(_) => Err(format!("{} of {} {:?} is there twice", line.metric, id.kind, id.name)),
        None => Ok(()),
    }
}

fn add_site(side: &mut Side, line: SiteLine) -> Result<(), String> {
    let id = SubjectId { kind: line.kind, name: line.name };
    let (subject, runs) = find(side, &line.package, &id)?;
    if line.count.len() != runs || line.time_ns.len() != runs {
        return Err(format!("a site of {} {:?} does not have one value for each run", id.kind, id.name));
    }
    let chain = line.stack.iter().map(|f| names::key(&f.func)).collect();
    let key = SiteKey { state: line.state, chain };
    let figures = SiteFigures { stack: line.stack, count: line.count, time_ns: line.time_ns };
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
