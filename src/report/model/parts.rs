//! What findings and reports are made of.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Meaning;
use crate::metrics::registry::SubjectKind;
use crate::report::escape::Text;

/// What a finding is about.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Subject {
    /// What it is.
    #[schemars(schema_with = "kinds")]
    pub kind: SubjectKind,
    /// Its full name.
    pub name: Text,
    /// As a report shows it.
    pub label: Text,
    /// The package whose runs it is from.
    pub package: Option<Text>,
    /// The test or benchmark that all of its figures belong to, itself where it is one; null where there are several,
    /// or none is known.
    #[serde(default)]
    pub test: Option<Text>,
    /// What it was called in the base.
    pub renamed_from: Option<Text>,
    /// Where it starts: `file:line`, relative to the repository.
    pub position: Option<Text>,
}

impl Subject {
    /// The test around it, where it is none itself.
    pub fn in_test(&self) -> Option<&Text> {
        self.test.as_ref().filter(|_| !matches!(self.kind, SubjectKind::Test | SubjectKind::Benchmark))
    }

    /// The label, and behind it the package, where there are `several` and the label does not show it: tests, regions and
    /// the like of several packages may be called alike.
    pub fn told(&self, several: bool) -> Text {
        let mut told = self.label.clone();
        let shows = matches!(self.kind, SubjectKind::Group | SubjectKind::Site | SubjectKind::Process);
        if let Some(package) = self.package.as_ref().filter(|_| several && !shows) {
            told += " of ";
            told += package;
        }
        told
    }
}

fn kinds(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
    schemars::json_schema!({ "type": "string", "enum": SubjectKind::ALL.map(SubjectKind::name) })
}

/// What was allowed.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Limit {
    /// The relative change: 0.1 for 10 %.
    pub max_increase: f64,
    /// The absolute one, in the metric's unit.
    pub min_delta: f64,
    /// The most that the head may be.
    pub max: Option<f64>,
    /// The relative change that fails without statistics.
    pub hard_limit: Option<f64>,
}

/// What a verdict rests on.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Evidence {
    /// A stable name.
    pub kind: Text,
    /// In words.
    pub text: Text,
    /// Of the test, corrected over the family that gates.
    pub p_value: Option<f64>,
}

/// An interval of the relative change: from -0.02 to 0.11 is from 2 % less to 11 % more.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Interval {
    /// Its lower end.
    pub low: f64,
    /// Its upper end.
    pub high: f64,
    /// How often such intervals hold the true change: 0.95.
    pub confidence: f64,
}

/// What the team has accepted.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Accepted {
    /// Why.
    pub reason: Text,
    /// Who.
    pub by: Option<Text>,
    /// How long, as a date.
    pub until: Option<Text>,
}

/// A stack.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Site {
    /// The state of which it is a part.
    pub state: Text,
    /// The state in words.
    pub doing: Text,
    /// The function to look at.
    pub function: Text,
    /// As a report shows it.
    pub label: Text,
    /// `file:line` of it, relative to the repository.
    pub position: Text,
    /// Where, through what, and who ended it: `nearly all at sync.(*Mutex).Lock from cache.(*Cache).Put, woken by
    /// cache.flush`.
    #[serde(default)]
    pub told: Text,
    /// Its time per item in the base, ns.
    pub base: f64,
    /// Its time per item in the head, ns.
    pub head: f64,
    /// The whole stack, innermost frame first: `function file:line`.
    pub stack: Vec<Text>,
}

impl Site {
    /// Where, in words: the function alone in results of older versions.
    pub fn place(&self) -> Text {
        if !self.told.is_empty() {
            return self.told.clone();
        }
        let mut place = Text::from("at ");
        place += &self.label;
        place
    }
}

/// How many findings there are of each kind.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Counts {
    /// Worse than allowed.
    pub regressions: usize,
    /// Look worse.
    pub inconclusive: usize,
    /// Better.
    pub improvements: usize,
    /// Accepted by the team.
    pub accepted: usize,
    /// Worth knowing.
    pub notes: usize,
}

impl Counts {
    /// Counts.
    pub fn of(meanings: impl IntoIterator<Item = Meaning>) -> Counts {
        let mut counts = Counts::default();
        for meaning in meanings {
            *match meaning {
                Meaning::Regression => &mut counts.regressions,
                Meaning::Inconclusive => &mut counts.inconclusive,
                Meaning::Improvement => &mut counts.improvements,
                Meaning::Accepted => &mut counts.accepted,
                Meaning::Note => &mut counts.notes,
            } += 1;
        }
        counts
    }

    /// Each with its name, gravest first.
    pub fn named(&self) -> [(&'static str, usize); 5] {
        [
            ("regression", self.regressions),
            ("inconclusive", self.inconclusive),
            ("improvement", self.improvements),
            ("accepted", self.accepted),
            ("note", self.notes),
        ]
    }
}

/// How the program changed, told by a rule that knows such changes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Diagnosis {
    /// The name of the rule, stable.
    pub rule: Text,
    /// What it is about.
    pub subject: Subject,
    /// What happened, in a sentence.
    pub text: Text,
    /// What to do about it.
    pub advice: Text,
    /// Where, as `file:line`, relative to the repository.
    pub position: Option<Text>,
    /// The figures that it rests on.
    pub evidence: Vec<Fact>,
}

/// A figure with what it is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Fact {
    /// What it is.
    pub label: Text,
    /// The figure, as people read it.
    pub value: Text,
}

/// How much was compared.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Compared {
    /// Series on both sides.
    pub series: usize,
    /// Those of them that can fail the build.
    pub gated: usize,
    /// Subjects on both sides.
    pub subjects: usize,
    /// Packages on both sides.
    pub packages: Vec<Text>,
    /// How large a change so many runs could have found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detectable: Option<Detectable>,
}

/// Changes that would have been found in four of five comparisons, had they been there.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Detectable {
    /// Runs of the smaller side.
    pub runs: usize,
    /// The relative change of half of the times that can fail the build: 0.12 for 12 %.
    pub half: f64,
    /// The same for nine in ten of them.
    pub most: f64,
}

/// Something that was left out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NotCompared {
    /// What.
    pub what: Text,
    /// Why.
    pub why: Text,
    /// How many of them.
    pub count: usize,
}

/// Where both sides were recorded, as far as traces tell.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Environment {
    /// The base's.
    pub base: SideEnvironment,
    /// The head's.
    pub head: SideEnvironment,
    /// What differs.
    pub differences: Vec<Text>,
}

/// Where one side was recorded.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SideEnvironment {
    /// Headers of traces.
    pub formats: Vec<Text>,
    /// Values of GOMAXPROCS.
    pub gomaxprocs: Vec<u64>,
}

/// The runs of both sides.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Runs {
    /// By package.
    pub base: BTreeMap<Text, Vec<Run>>,
    /// By package.
    pub head: BTreeMap<Text, Vec<Run>>,
}

/// One run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Run {
    /// The file.
    pub source: Text,
    /// How long it is, ns.
    pub duration_ns: i64,
    /// False for a partial trace.
    pub complete: bool,
}

/// What to do to know more.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Advice {
    /// Why.
    pub why: Text,
    /// Commands, one a line.
    pub commands: Vec<Text>,
}
