//! Both sides of a comparison as JSON, with the values of each run: what a result carries so that results can be merged.
//!
//! ```text
//!   shard 1: base, head ──▶ result with its sides ─┐
//!   shard 2: base, head ──▶ result with its sides ─┼─ merge ──▶ all packages joined and judged again ──▶ one verdict
//!   shard 3: base, head ──▶ result with its sides ─┘
//! ```
//!
//! Verdicts of shards are never combined: each was corrected for the series of its shard alone, and a hundred shards
//! that are wrong in one of fifty cases are hardly ever right together.

use std::collections::BTreeMap;

use serde::de::{Deserializer, Error as _};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::compare::packages::NamedBy;
use crate::compare::side::{Repeat, SiteFigures, SiteKey};
use crate::compare::{Design, Figures, Package, Recorded, Run, Side, Subject, SubjectId, names, sound};
use crate::metrics::registry::SubjectKind;
use crate::summary::{Position, SiteFrame, Warning};

/// Stacks of a subject that are kept: those with the most time. They say where a change happened, and decide nothing.
const MOST_SITES: usize = 20;

/// The sides of one comparison, and how they came to be.
#[derive(Clone, Debug, Default)]
pub struct Sides {
    /// The base.
    pub base: Side,
    /// The head.
    pub head: Side,
    /// How they were recorded.
    pub design: Design,
    /// Whether the base is a committed baseline.
    pub against_baseline: bool,
    /// What was odd about the input, as it was read.
    pub warnings: Vec<String>,
    /// What of the input was left out.
    pub left_out: Vec<LeftOut>,
    /// Packages that have tests in the base only.
    pub untested: Vec<String>,
}

/// Sides as they stand in a result, without indentation: for programs, and large. A result that is read to be shown has them as
/// they are: taken apart into values they need a hundred times the memory.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Written(Box<RawValue>);

impl Written {
    /// The JSON.
    pub fn json(&self) -> &str {
        self.0.get()
    }
}

impl PartialEq for Written {
    fn eq(&self, other: &Written) -> bool {
        self.json() == other.json()
    }
}

/// Something of the input that was left out.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LeftOut {
    /// What.
    pub what: String,
    /// Why.
    pub why: String,
    /// How many of them.
    pub count: usize,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SidesDoc {
    recorded: Recorded,
    share: f64,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    against_baseline: bool,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    warnings: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    left_out: Vec<LeftOut>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    untested: Vec<String>,
    base: Vec<PackageDoc>,
    head: Vec<PackageDoc>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct PackageDoc {
    package: String,
    named_by: NamedBy,
    runs: Vec<RunDoc>,
    subjects: Vec<SubjectDoc>,
}

/// A run with what baselines do not keep.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RunDoc {
    run: Run,
    started_ns: i64,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    warnings: Vec<Warning>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SubjectDoc {
    kind: SubjectKind,
    name: String,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    framework: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    start: Option<Position>,
    #[serde(deserialize_with = "crate::unique::map", default, skip_serializing_if = "BTreeMap::is_empty")]
    creators: BTreeMap<String, u64>,
    /// The test that all of its figures are of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    test: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    repeats: Vec<Repeat>,
    figures: Figures,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    sites: Vec<SiteDoc>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SiteDoc {
    state: String,
    stack: Vec<SiteFrame>,
    count: Vec<i64>,
    time_ns: Vec<i64>,
}

/// Writes the sides. `framework`: with the goroutines of the runtime and the test framework, which is asked for rarely.
///
/// # Errors
/// Never with what sides hold.
pub fn write(sides: &Sides, framework: bool) -> Result<Written, serde_json::Error> {
    let side = |side: &Side| side.packages.iter().map(|(name, p)| package_doc(name, p, framework)).collect();
    let doc = SidesDoc {
        recorded: sides.design.recorded,
        share: sides.design.share,
        against_baseline: sides.against_baseline,
        warnings: sides.warnings.clone(),
        left_out: sides.left_out.clone(),
        untested: sides.untested.clone(),
        base: side(&sides.base),
        head: side(&sides.head),
    };
    serde_json::value::to_raw_value(&doc).map(Written)
}

fn package_doc(name: &str, package: &Package, framework: bool) -> PackageDoc {
    let run = |run: &Run| RunDoc { run: run.clone(), started_ns: run.started_ns, warnings: run.warnings.clone() };
    let subjects = package.subjects.iter().filter(|(_, s)| framework || !s.framework);
    PackageDoc {
        package: name.to_owned(),
        named_by: package.named_by,
        runs: package.runs.iter().map(run).collect(),
        subjects: subjects.map(|(id, subject)| subject_doc(id, subject)).collect(),
    }
}

fn subject_doc(id: &SubjectId, subject: &Subject) -> SubjectDoc {
    let mut sites: Vec<_> = subject.sites.iter().collect();
    let time = |site: &SiteFigures| site.time_ns.iter().copied().fold(0, i64::saturating_add);
    sites.sort_by_key(|(key, site)| (std::cmp::Reverse(time(site)), *key));
    sites.truncate(MOST_SITES);
    sites.sort_by_key(|(key, _)| *key);
    SubjectDoc {
        kind: id.kind,
        name: id.name.clone(),
        framework: subject.framework,
        start: subject.start.clone(),
        creators: subject.creators.clone(),
        test: subject.of_test.name().map(str::to_owned),
        repeats: subject.repeats.clone(),
        figures: subject.figures.clone(),
        sites: sites
            .into_iter()
            .map(|(key, site)| SiteDoc {
                state: key.state.clone(),
                stack: site.stack.clone(),
                count: site.count.clone(),
                time_ns: site.time_ns.clone(),
            })
            .collect(),
    }
}

/// Sides out of a document, as [`read`] reads them.
#[derive(Debug)]
pub struct Read(pub Sides);

impl<'de> Deserialize<'de> for Read {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Read, D::Error> {
        SidesDoc::deserialize(deserializer)?.sides().map(Read).map_err(D::Error::custom)
    }
}

/// Reads the sides of a result. The error is one sentence on what is wrong with them.
///
/// # Errors
/// Where they are not as they are written, or do not fit together.
pub fn read(json: &str) -> Result<Sides, String> {
    serde_json::from_str::<SidesDoc>(json).map_err(|e| e.to_string())?.sides()
}

impl SidesDoc {
    fn sides(self) -> Result<Sides, String> {
        let doc = self;
        if !(doc.share > 0.0 && doc.share <= 1.0) {
            return Err(format!("a share of the level of {}, and it is above 0 and at most 1", doc.share));
        }
        Ok(Sides {
            base: side(doc.base)?,
            head: side(doc.head)?,
            design: Design { recorded: doc.recorded, share: doc.share },
            against_baseline: doc.against_baseline,
            warnings: doc.warnings,
            left_out: doc.left_out,
            untested: doc.untested,
        })
    }
}

fn side(packages: Vec<PackageDoc>) -> Result<Side, String> {
    let mut side = Side::default();
    for doc in packages {
        let (name, package) = package(doc)?;
        if side.packages.contains_key(&name) {
            return Err(format!("package {name:?} is there twice"));
        }
        side.packages.insert(name, package);
    }
    Ok(side)
}

fn package(doc: PackageDoc) -> Result<(String, Package), String> {
    let runs = doc.runs.into_iter().map(|r| Run { started_ns: r.started_ns, warnings: r.warnings, ..r.run });
    let mut package = Package { named_by: doc.named_by, runs: runs.collect(), ..Package::default() };
    package.runs.iter().try_for_each(sound::run)?;
    let mut subjects = Vec::with_capacity(doc.subjects.len());
    for doc in doc.subjects {
        let id = SubjectId { kind: doc.kind, name: doc.name };
        let mut subject = Subject {
            framework: doc.framework,
            start: doc.start,
            creators: doc.creators,
            of_test: doc.test.into(),
            repeats: doc.repeats,
            figures: doc.figures,
            ..Subject::default()
        };
        if subject.repeats.iter().any(|r| r.run >= package.runs.len()) {
            return Err(format!("{} {:?} has repeats of runs that are not there", id.kind, id.name));
        }
        let points = subject.points(package.runs.len());
        subject.figures.iter().try_for_each(|(path, values)| sound::series(&id, path, values, points))?;
        for site in doc.sites {
            let chain = site.stack.iter().map(|f| names::key(&f.func)).collect();
            let figures = SiteFigures { stack: site.stack, count: site.count, time_ns: site.time_ns };
            sound::site(&id, &figures, points)?;
            if subject.sites.insert(SiteKey { state: site.state, chain }, figures).is_some() {
                return Err(format!("a site of {} {:?} is there twice", id.kind, id.name));
            }
        }
        subjects.push((id, subject));
    }
    // They are written in order, and the map is made of all at once.
    subjects.sort_by(|a, b| a.0.cmp(&b.0));
    if let Some((id, _)) = subjects.windows(2).find(|pair| pair[0].0 == pair[1].0).and_then(<[_]>::first) {
        return Err(format!("{} {:?} is there twice", id.kind, id.name));
    }
    package.subjects = subjects.into_iter().collect();
    Ok((doc.package, package))
}
