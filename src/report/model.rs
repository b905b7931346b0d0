//! The finished report: all numbers made, all words chosen. Formats only lay it out.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::metrics::registry::{SubjectKind, Unit};

/// The version of the JSON that reports are written as.
pub const SCHEMA: &str = "gotrace-diff/report/1";

/// A comparison, told.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// [`SCHEMA`].
    pub schema: &'static str,
    /// `pass`, `regression` or `inconclusive`.
    pub verdict: &'static str,
    /// The exit status.
    pub exit_code: u8,
    /// One line: the verdict and what it rests on.
    pub headline: String,
    /// Most important first; what explains a finding follows it with `part_of`.
    pub findings: Vec<Finding>,
    /// How much was compared.
    pub compared: Compared,
    /// What was not, and why.
    pub not_compared: Vec<NotCompared>,
    /// What is odd about the input.
    pub warnings: Vec<String>,
    /// Where both sides were recorded.
    pub environment: Environment,
    /// The runs of both sides.
    pub runs: Runs,
    /// What to do to know more.
    pub advice: Option<Advice>,
}

/// One change.
#[derive(Clone, Debug, Serialize)]
pub struct Finding {
    /// What it is about.
    pub subject: Subject,
    /// The metric's path.
    pub metric: String,
    /// `ns`, `count` or `bytes`.
    #[serde(serialize_with = "unit_name")]
    pub unit: Unit,
    /// Per what the figures are: `goroutine`, `call` and so on; empty where nothing is divided.
    pub per: &'static str,
    /// The middle of the base's runs, per item; null where absent.
    pub base: Option<f64>,
    /// The middle of the head's runs, per item; null where absent.
    pub head: Option<f64>,
    /// The change as a part of the base; null where that is 0 or absent.
    pub change: Option<f64>,
    /// `both`, `added` or `removed`.
    pub presence: &'static str,
    /// What was allowed.
    pub limit: Limit,
    /// `regression`, `improvement`, `inconclusive` or `note`.
    pub verdict: &'static str,
    /// `off`, `info`, `warn` or `error`: only the last can fail the build.
    pub level: &'static str,
    /// What the verdict rests on.
    pub evidence: Evidence,
    /// One line: what the program was doing.
    pub cause: String,
    /// The stack whose time changed most.
    pub site: Option<Site>,
    /// The metric of the finding that this one is a part of; the finding precedes it.
    pub part_of: Option<String>,
    /// Each run's figure.
    pub base_runs: Vec<f64>,
    /// Each run's figure.
    pub head_runs: Vec<f64>,
    /// Which part of the report it belongs to.
    #[serde(skip)]
    pub section: Section,
    /// The words for the metric: `waiting in chan send`.
    #[serde(skip)]
    pub what: String,
}

/// The part of a report that a finding belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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

/// What a finding is about.
#[derive(Clone, Debug, Serialize)]
pub struct Subject {
    /// What it is.
    pub kind: SubjectKind,
    /// Its full name.
    pub name: String,
    /// As a report shows it.
    #[serde(skip)]
    pub label: String,
    /// The package whose runs it is from.
    pub package: Option<String>,
    /// What it was called in the base.
    pub renamed_from: Option<String>,
    /// Where it starts: `file:line`, relative to the repository.
    pub position: Option<String>,
}

/// What was allowed.
#[derive(Clone, Debug, Serialize)]
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
#[derive(Clone, Debug, Serialize)]
pub struct Evidence {
    /// A stable name.
    pub kind: &'static str,
    /// In words.
    pub text: String,
    /// Of the permutation test, corrected over the family that gates.
    pub p_value: Option<f64>,
    /// The 95 % interval of the relative change, where there are runs enough for one.
    pub interval: Option<(f64, f64)>,
}

/// A stack.
#[derive(Clone, Debug, Serialize)]
pub struct Site {
    /// The state of which it is a part.
    pub state: String,
    /// The function to look at.
    pub function: String,
    /// As a report shows it.
    #[serde(skip)]
    pub label: String,
    /// `file:line` of it, relative to the repository.
    pub position: String,
    /// Its time per item in the base, ns.
    pub base: f64,
    /// Its time per item in the head, ns.
    pub head: f64,
    /// The whole stack, innermost frame first: `function file:line`.
    pub stack: Vec<String>,
}

/// How much was compared.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Compared {
    /// Series on both sides.
    pub series: usize,
    /// Those of them that can fail the build.
    pub gated: usize,
    /// Subjects on both sides.
    pub subjects: usize,
    /// Packages on both sides.
    pub packages: Vec<String>,
    /// What these runs could have found, where there are enough to find anything.
    pub detectable: Option<Detectable>,
}

/// Changes that would have been found in four of five comparisons, had they been there.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Detectable {
    /// Runs of the smaller side.
    pub runs: usize,
    /// The relative change of half of the times that can fail the build: 0.12 for 12 %.
    pub half: f64,
    /// The same for nine in ten of them.
    pub most: f64,
}

/// Something that was left out.
#[derive(Clone, Debug, Serialize)]
pub struct NotCompared {
    /// What.
    pub what: String,
    /// Why.
    pub why: String,
    /// How many of them.
    pub count: usize,
}

/// Where both sides were recorded, as far as traces tell.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Environment {
    /// The base's.
    pub base: SideEnvironment,
    /// The head's.
    pub head: SideEnvironment,
    /// What differs.
    pub differences: Vec<String>,
}

/// Where one side was recorded.
#[derive(Clone, Debug, Default, Serialize)]
pub struct SideEnvironment {
    /// Headers of traces.
    pub formats: Vec<String>,
    /// Values of GOMAXPROCS.
    pub gomaxprocs: Vec<u64>,
}

/// The runs of both sides.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Runs {
    /// By package.
    pub base: BTreeMap<String, Vec<Run>>,
    /// By package.
    pub head: BTreeMap<String, Vec<Run>>,
}

/// One run.
#[derive(Clone, Debug, Serialize)]
pub struct Run {
    /// The file.
    pub source: String,
    /// How long it is, ns.
    pub duration_ns: i64,
    /// False for a partial trace.
    pub complete: bool,
}

/// What to do to know more.
#[derive(Clone, Debug, Serialize)]
pub struct Advice {
    /// Why.
    pub why: String,
    /// Commands, one a line.
    pub commands: Vec<String>,
}

fn unit_name<S: serde::Serializer>(unit: &Unit, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(unit.name())
}
