//! The finished report: all numbers made, all words chosen. Formats only lay it out.
//!
//! It is written as JSON and read back ([`super::read`]): whatever is text is [`Text`], which no format can print but
//! through its escaper.

mod parts;
mod pictures;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

pub use parts::{
    Accepted, Advice, Compared, Counts, Detectable, Diagnosis, Environment, Evidence, Fact, Interval, Limit,
    NotCompared, Run, Runs, SideEnvironment, Site, Subject,
};
pub use pictures::{BlockedBy, Bucket, Curve, Distribution, Pictures, Point, Span, Stack, StackFrame, Timeline, Track};

use super::escape::Text;
use crate::metrics::registry::Unit;
use crate::sides::Written;

/// The version of the JSON that reports are written as. [`super::read`] reads this one and the ones before it.
pub const SCHEMA: &str = "gotrace-diff/report/2";

/// A comparison, told.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Report {
    /// `gotrace-diff/report/2`.
    pub schema: String,
    /// The version of gotrace-diff that made it.
    pub version: Text,
    /// What all of it means for the build.
    pub verdict: Verdict,
    /// The exit status.
    pub exit_code: u8,
    /// One line: the verdict and what it rests on.
    pub headline: Text,
    /// How many findings of each kind, without those that are a part of another.
    pub counts: Counts,
    /// Most important first; what explains a finding follows it with `part_of`.
    pub findings: Vec<Finding>,
    /// What is known by rule of how the program changed.
    #[serde(default)]
    pub diagnoses: Vec<Diagnosis>,
    /// How much was compared.
    pub compared: Compared,
    /// What was not, and why.
    pub not_compared: Vec<NotCompared>,
    /// What is odd about the input.
    pub warnings: Vec<Text>,
    /// Where both sides were recorded.
    pub environment: Environment,
    /// The runs of both sides.
    pub runs: Runs,
    /// What to do to know more.
    pub advice: Option<Advice>,
    /// What `series` is about.
    #[serde(default)]
    pub subjects: Vec<Subject>,
    /// All that was compared and is no finding.
    #[serde(default, serialize_with = "one_a_line")]
    #[schemars(with = "Vec<Series>")]
    pub series: Vec<Series>,
    /// What pictures are drawn of.
    #[serde(default, skip_serializing_if = "Pictures::is_empty")]
    pub pictures: Pictures,
    /// Both sides with the values of each run, for `gotrace-diff merge`. No report shows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<serde_json::Value>")]
    pub sides: Option<Written>,
}

/// What all changes mean for the build.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// Nothing is worse than allowed.
    Pass,
    /// Something is worse than allowed.
    Regression,
    /// Something looks worse than allowed, and it is not proven.
    Inconclusive,
}

impl Verdict {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Verdict::Pass => "pass",
            Verdict::Regression => "regression",
            Verdict::Inconclusive => "inconclusive",
        }
    }
}

/// What one change means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Meaning {
    /// Worse than allowed.
    Regression,
    /// Looks worse than allowed, unproven.
    Inconclusive,
    /// Better.
    Improvement,
    /// Worse, and the team has accepted it.
    Accepted,
    /// Worth knowing, whatever it means.
    Note,
}

impl Meaning {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Meaning::Regression => "regression",
            Meaning::Inconclusive => "inconclusive",
            Meaning::Improvement => "improvement",
            Meaning::Accepted => "accepted",
            Meaning::Note => "note",
        }
    }
}

/// On which sides a series is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Presence {
    /// On both.
    Both,
    /// Only in the head.
    Added,
    /// Only in the base.
    Removed,
}

/// The part of a report that a finding belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Section {
    /// New, gone, doubled, proven.
    Certain,
    /// Looks worse, and is not proven.
    Unproven,
    /// Is better, or looks so.
    Better,
    /// Moved, and nothing depends on it.
    Aside,
}

/// One change.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Finding {
    /// What it is about.
    pub subject: Subject,
    /// The metric's path.
    pub metric: Text,
    /// The words for the metric: `chan send`.
    pub what: Text,
    /// What the figures are measured in.
    #[serde(with = "unit")]
    #[schemars(schema_with = "unit::schema")]
    pub unit: Unit,
    /// Per what the figures are: `goroutine`, `call` and so on; empty where nothing is divided.
    pub per: Text,
    /// The middle of the base's runs, per item; null where absent.
    pub base: Option<f64>,
    /// The middle of the head's runs, per item; null where absent.
    pub head: Option<f64>,
    /// The change as a part of the base; null where that is 0 or absent.
    pub change: Option<f64>,
    /// The interval that the change lies in, where runs say so.
    #[serde(default)]
    pub interval: Option<Interval>,
    /// The relative change that so many runs could have shown.
    #[serde(default)]
    pub detectable: Option<f64>,
    /// On which sides it is.
    pub presence: Presence,
    /// What was allowed.
    pub limit: Limit,
    /// What it means.
    pub verdict: Meaning,
    /// `off`, `info`, `warn` or `error`: only the last can fail the build.
    pub level: Text,
    /// What the verdict rests on.
    pub evidence: Evidence,
    /// What the team has said of it.
    #[serde(default)]
    pub accepted: Option<Accepted>,
    /// One line: what the program was doing.
    pub cause: Text,
    /// Where to look, inside of the repository: `file:line`.
    #[serde(default)]
    pub position: Option<Text>,
    /// Who owns that place, as CODEOWNERS says.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub owners: Vec<Text>,
    /// The stack whose time changed most.
    pub site: Option<Site>,
    /// The metric of the finding that this one is a part of; the finding precedes it.
    pub part_of: Option<Text>,
    /// Which part of the report it belongs to.
    pub section: Section,
    /// The command that accepts it.
    #[serde(default)]
    pub accept: Option<Text>,
    /// Each run's figure.
    pub base_runs: Vec<f64>,
    /// Each run's figure.
    pub head_runs: Vec<f64>,
}

/// One series that is no finding.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Series {
    /// Which of `subjects`.
    pub subject: usize,
    /// As in a finding.
    pub metric: Text,
    /// As in a finding.
    pub what: Text,
    /// As in a finding.
    #[serde(with = "unit")]
    #[schemars(schema_with = "unit::schema")]
    pub unit: Unit,
    /// As in a finding.
    pub per: Text,
    /// As in a finding.
    pub base: Option<f64>,
    /// As in a finding.
    pub head: Option<f64>,
    /// As in a finding.
    pub change: Option<f64>,
    /// As in a finding.
    pub presence: Presence,
    /// As in a finding.
    pub limit: Limit,
    /// As in a finding.
    pub level: Text,
    /// As in a finding.
    pub base_runs: Vec<f64>,
    /// As in a finding.
    pub head_runs: Vec<f64>,
}

/// Any series, finding or not: what tables of all series show.
#[derive(Clone, Copy, Debug)]
pub struct Row<'r> {
    /// What it is about.
    pub subject: &'r Subject,
    /// The metric's path.
    pub metric: &'r Text,
    /// The words for it.
    pub what: &'r Text,
    /// Its unit.
    pub unit: Unit,
    /// Per what.
    pub per: &'r Text,
    /// The base.
    pub base: Option<f64>,
    /// The head.
    pub head: Option<f64>,
    /// The change.
    pub change: Option<f64>,
    /// On which sides.
    pub presence: Presence,
    /// What was allowed.
    pub limit: &'r Limit,
    /// The level.
    pub level: &'r Text,
    /// Runs of the base.
    pub base_runs: &'r [f64],
    /// Runs of the head.
    pub head_runs: &'r [f64],
    /// The finding, where it is one.
    pub finding: Option<&'r Finding>,
}

impl Row<'_> {
    /// Whether it can fail the build.
    pub fn gates(&self) -> bool {
        self.level.is("error")
    }

    /// What it means: nothing, where it is within its limits.
    pub fn meaning(&self) -> Option<Meaning> {
        self.finding.map(|f| f.verdict)
    }
}

impl Report {
    /// Whether findings are of more than one package.
    pub fn is_of_several(&self) -> bool {
        let mut packages = self.findings.iter().filter_map(|f| f.subject.package.as_ref());
        let of_runs = self.runs.base.keys().chain(self.runs.head.keys());
        of_runs.chain(&mut packages).collect::<BTreeSet<_>>().len() > 1
    }

    /// A report of a comparison that did not take place.
    pub fn without_findings(verdict: Verdict, exit_code: u8, headline: Text) -> Report {
        Report {
            schema: SCHEMA.to_owned(),
            version: env!("CARGO_PKG_VERSION").into(),
            verdict,
            exit_code,
            headline,
            counts: Counts::default(),
            findings: Vec::new(),
            diagnoses: Vec::new(),
            compared: Compared::default(),
            not_compared: Vec::new(),
            warnings: Vec::new(),
            environment: Environment::default(),
            runs: Runs::default(),
            advice: None,
            subjects: Vec::new(),
            series: Vec::new(),
            pictures: Pictures::default(),
            sides: None,
        }
    }

    /// Whether nothing was compared and that is no pass: so where there is no baseline.
    pub fn compared_nothing(&self) -> bool {
        self.verdict == Verdict::Inconclusive && self.findings.is_empty() && self.series.is_empty()
    }

    /// Every series: findings in their order, then all others.
    pub fn rows(&self) -> impl Iterator<Item = Row<'_>> {
        let findings = self.findings.iter().map(|f| Row {
            subject: &f.subject,
            metric: &f.metric,
            what: &f.what,
            unit: f.unit,
            per: &f.per,
            base: f.base,
            head: f.head,
            change: f.change,
            presence: f.presence,
            limit: &f.limit,
            level: &f.level,
            base_runs: &f.base_runs,
            head_runs: &f.head_runs,
            finding: Some(f),
        });
        let others = self.series.iter().filter_map(|s| {
            Some(Row {
                subject: self.subjects.get(s.subject)?,
                metric: &s.metric,
                what: &s.what,
                unit: s.unit,
                per: &s.per,
                base: s.base,
                head: s.head,
                change: s.change,
                presence: s.presence,
                limit: &s.limit,
                level: &s.level,
                base_runs: &s.base_runs,
                head_runs: &s.head_runs,
                finding: None,
            })
        });
        findings.chain(others)
    }

    /// Findings that are not a part of another, in their order.
    pub fn leads(&self) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(|f| f.part_of.is_none())
    }
}

/// Units by name.
mod unit {
    use serde::{Deserialize, Deserializer, Serializer};

    use crate::metrics::registry::Unit;

    const ALL: [Unit; 4] = [Unit::Nanoseconds, Unit::Count, Unit::Bytes, Unit::Ratio];

    pub(super) fn serialize<S: Serializer>(unit: &Unit, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(unit.name())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Unit, D::Error> {
        let name = String::deserialize(deserializer)?;
        let unknown = || serde::de::Error::unknown_variant(&name, &["ns", "count", "bytes", "ratio"]);
        ALL.into_iter().find(|u| u.name() == name).ok_or_else(unknown)
    }

    pub(super) fn schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "string", "enum": ALL.map(Unit::name) })
    }
}

/// Each series on a line of its own, however the document is indented: of 10,000 no one wants every figure on its own.
fn one_a_line<S: serde::Serializer>(all: &[Series], serializer: S) -> Result<S::Ok, S::Error> {
    use serde::ser::{Error as _, SerializeSeq as _};
    let mut seq = serializer.serialize_seq(Some(all.len()))?;
    for series in all {
        seq.serialize_element(&serde_json::value::to_raw_value(series).map_err(S::Error::custom)?)?;
    }
    seq.end()
}
