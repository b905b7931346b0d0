//! A baseline as it is written.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde::{Deserialize, Deserializer, Serialize};
use sha2::{Digest, Sha256};

use super::{Baseline, Column, Place};
use crate::compare::outcomes::Outcomes;
use crate::compare::packages::NamedBy;
use crate::compare::side::Repeat;
use crate::compare::{Mode, Run, Subject, SubjectId, Values};
use crate::metrics::registry::{Path, SubjectKind};
use crate::summary::{Environment, Position, SiteFrame};

/// The version of the document.
pub const SCHEMA: &str = "gotrace-diff/baseline/2";

/// The document. Every line names the environment, package and subject that it is of.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Document {
    pub(super) schema: String,
    #[serde(deserialize_with = "entries")]
    pub(super) environments: Vec<EnvironmentLine>,
    #[serde(deserialize_with = "entries")]
    pub(super) packages: Vec<PackageLine>,
    #[serde(deserialize_with = "entries")]
    pub(super) subjects: Vec<SubjectLine>,
    #[serde(deserialize_with = "entries")]
    pub(super) series: Vec<SeriesLine>,
    #[serde(deserialize_with = "entries")]
    pub(super) sites: Vec<SiteLine>,
}

/// The entries of a list. Its last line is `null`, so that all before it end alike.
fn entries<'de, D: Deserializer<'de>, T: Deserialize<'de>>(list: D) -> Result<Vec<T>, D::Error> {
    Ok(Vec::<Option<T>>::deserialize(list)?.into_iter().flatten().collect())
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct EnvironmentLine {
    pub(super) id: String,
    pub(super) format: String,
    #[serde(default, skip_serializing_if = "is_zero")]
    pub(super) gomaxprocs: u64,
    #[serde(default, skip_serializing_if = "Environment::is_empty")]
    pub(super) facts: Environment,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PackageLine {
    pub(super) env: String,
    pub(super) package: String,
    pub(super) named_by: NamedBy,
    pub(super) runs: Vec<RunLine>,
}

/// A run, without what its environment says.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RunLine {
    source: String,
    duration_ns: i64,
    #[serde(default, skip_serializing_if = "is_default")]
    mode: Mode,
    #[serde(default, skip_serializing_if = "is_default")]
    snapshot: bool,
    #[serde(default, skip_serializing_if = "is_default")]
    operations: Option<u64>,
    #[serde(default, skip_serializing_if = "is_default")]
    tests_named: bool,
    #[serde(default, skip_serializing_if = "is_default")]
    outcomes: Outcomes,
    #[serde(default, skip_serializing_if = "is_default")]
    narrowed: String,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SubjectLine {
    #[serde(default, skip_serializing_if = "is_default")]
    pub(super) env: String,
    pub(super) package: String,
    pub(super) kind: SubjectKind,
    pub(super) name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) start: Option<Position>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) creators: BTreeMap<String, u64>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) repeats: Vec<Repeat>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SeriesLine {
    #[serde(default, skip_serializing_if = "is_default")]
    pub(super) env: String,
    pub(super) package: String,
    pub(super) kind: SubjectKind,
    pub(super) name: String,
    pub(super) metric: Path,
    pub(super) values: Values,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SiteLine {
    #[serde(default, skip_serializing_if = "is_default")]
    pub(super) env: String,
    pub(super) package: String,
    pub(super) kind: SubjectKind,
    pub(super) name: String,
    pub(super) state: String,
    pub(super) stack: Vec<SiteFrame>,
    pub(super) count: Vec<i64>,
    pub(super) time_ns: Vec<i64>,
}

fn is_zero(n: &u64) -> bool {
    *n == 0
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

impl RunLine {
    fn of(run: &Run) -> RunLine {
        RunLine {
            source: run.source.clone(),
            duration_ns: run.duration_ns,
            mode: run.mode,
            snapshot: run.snapshot,
            operations: run.operations,
            tests_named: run.tests_named,
            outcomes: run.outcomes.clone(),
            narrowed: run.narrowed.clone(),
        }
    }

    /// The run, recorded at `place`.
    pub(super) fn run(self, place: &Place) -> Run {
        Run {
            source: self.source,
            format: place.format.clone(),
            complete: true,
            snapshot: self.snapshot,
            gomaxprocs: place.gomaxprocs,
            environment: place.facts.clone(),
            duration_ns: self.duration_ns,
            operations: self.operations,
            mode: self.mode,
            tests_named: self.tests_named,
            outcomes: self.outcomes,
            narrowed: self.narrowed,
            ..Run::default()
        }
    }
}

/// What marks the lines of a place, in full: the beginning of it will do.
pub(super) fn digest(place: &Place) -> String {
    let text = format!("{}\n{}\n{}", place.format, place.gomaxprocs, facts(&place.facts));
    Sha256::digest(text.as_bytes()).iter().fold(String::new(), |mut out, byte| {
        let _ = write!(out, "{byte:02x}");
        out
    })
}

fn facts(facts: &Environment) -> String {
    facts.iter().map(|(fact, value)| format!("{}={value}\n", fact.name())).collect()
}

fn document(baseline: &Baseline) -> Document {
    let mut out = Document {
        schema: SCHEMA.to_owned(),
        environments: Vec::new(),
        packages: Vec::new(),
        subjects: Vec::new(),
        series: Vec::new(),
        sites: Vec::new(),
    };
    let mut columns: Vec<&Column> = baseline.columns.iter().collect();
    columns.sort_by(|a, b| (&a.place, &a.id).cmp(&(&b.place, &b.id)));
    for column in columns {
        let Column { id, place, side } = column;
        let Place { format, gomaxprocs, facts } = place.clone();
        out.environments.push(EnvironmentLine { id: id.clone(), format, gomaxprocs, facts });
        for (name, package) in &side.packages {
            let runs = package.runs.iter().map(RunLine::of).collect();
            let line = PackageLine { env: id.clone(), package: name.clone(), named_by: package.named_by, runs };
            out.packages.push(line);
            for (subject, figures) in &package.subjects {
                add_subject(&mut out, (id, name), subject, figures);
            }
        }
    }
    out
}

fn add_subject(out: &mut Document, (env, package): (&str, &str), id: &SubjectId, subject: &Subject) {
    let SubjectId { kind, name } = id;
    out.subjects.push(SubjectLine {
        env: env.to_owned(),
        package: package.to_owned(),
        kind: *kind,
        name: name.clone(),
        start: subject.start.clone(),
        creators: subject.creators.clone(),
        repeats: subject.repeats.clone(),
    });
    for (metric, values) in &subject.figures {
        out.series.push(SeriesLine {
            env: env.to_owned(),
            package: package.to_owned(),
            kind: *kind,
            name: name.clone(),
            metric: metric.clone(),
            values: values.clone(),
        });
    }
    for (key, site) in &subject.sites {
        out.sites.push(SiteLine {
            env: env.to_owned(),
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

/// One entry a line, so that a change of one series is a change of one line, and each of them whole in itself: what two
/// branches add at the same place stays JSON if both are kept, in any order.
///
/// ```text
///   {"env":"1f0c",…},      branch a adds a line here
///   {"env":"1f0c",…},      branch b adds a line here
///   null                   without this, both would have to put a comma behind the line before
///   ],
/// ```
pub(super) fn text(baseline: &Baseline) -> Result<String, serde_json::Error> {
    let document = document(baseline);
    let mut out = String::from("{\n");
    let _ = writeln!(out, "\"schema\": {},", serde_json::to_string(&document.schema)?);
    list(&mut out, "environments", &document.environments, ",")?;
    list(&mut out, "packages", &document.packages, ",")?;
    list(&mut out, "subjects", &document.subjects, ",")?;
    list(&mut out, "series", &document.series, ",")?;
    list(&mut out, "sites", &document.sites, "")?;
    out.push_str("}\n");
    Ok(out)
}

fn list<T: Serialize>(out: &mut String, name: &str, lines: &[T], end: &str) -> Result<(), serde_json::Error> {
    let _ = writeln!(out, "\"{name}\": [");
    for line in lines {
        let _ = writeln!(out, "{},", serde_json::to_string(line)?);
    }
    let _ = writeln!(out, "null\n]{end}");
    Ok(())
}
