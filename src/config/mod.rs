//! What the team wrote down: `gotrace-diff.toml`, and the flags that overlay it.

mod accept;
mod date;
mod file;
mod files;
mod framework;
mod place;
pub mod quantity;
mod report;
mod rule;
pub mod series;
mod suggest;
pub mod units;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use globset::{Glob, GlobMatcher};
use serde::Deserialize;

pub use accept::Accept;
pub use date::Date;
pub use file::{FILE_NAME, load, nearest, parse_text, rounds};
pub use files::{Files, WorkingTree};
pub use framework::{Filter, Framework};
use quantity::{Amounts, Ratio};
pub use report::ReportOptions;

use crate::compare::names;
use crate::metrics::registry::SubjectKind;

/// Everything that can be configured.
#[derive(Clone, Debug, Default)]
pub struct Config {
    /// The file that it is from: the nearest one.
    pub path: Option<PathBuf>,
    /// All files that it is from, the nearest first.
    pub files: Vec<PathBuf>,
    /// What an inconclusive comparison means for the build.
    pub on_inconclusive: OnInconclusive,
    /// What a missing baseline means.
    pub on_missing_baseline: OnMissingBaseline,
    /// What it means that base and head were recorded in different environments.
    pub on_env_mismatch: OnEnvMismatch,
    /// The baseline, relative to the file.
    pub baseline: Option<PathBuf>,
    /// Whether each package has a baseline of its own, beside it.
    pub baseline_per_package: bool,
    /// Whether the framework's and the runtime's goroutines are compared too.
    pub show_framework: bool,
    /// What is of a framework of the team's own.
    pub framework: Framework,
    /// How comparisons are told.
    pub report: ReportOptions,
    /// The N of `-benchtime=Nx`, where all traces were recorded with it.
    pub rounds: Option<u64>,
    /// Thresholds of diagnoses, as `rule.threshold`.
    pub diagnose: crate::diagnose::Settings,
    /// Whether a rule that matches nothing is an error.
    pub strict: bool,
    /// From the command line: overlays whatever rule matches.
    pub flags: Rule,
    /// In order; the first that matches wins.
    pub rules: Vec<Rule>,
    /// Subjects that were renamed: what each was called in the base, and what it is called now.
    pub aliases: BTreeMap<String, String>,
    /// What the team has accepted.
    pub accepted: Vec<Accept>,
    /// The day as of which acceptances hold; today where nothing is said.
    pub today: Option<Date>,
    /// Of packages that have a nearer file than the working folder: theirs.
    pub nested: BTreeMap<String, Config>,
}

impl Config {
    /// The day as of which acceptances hold.
    pub fn today(&self) -> Date {
        self.today.unwrap_or_else(Date::today)
    }

    /// The acceptances that hold no longer, of all packages.
    pub fn lapsed(&self) -> Vec<&Accept> {
        let today = self.today();
        // What is inherited is the same entry in several.
        let mut known = BTreeSet::new();
        let lapsed = self.all().flat_map(|c| &c.accepted).filter(|a| a.has_lapsed(today));
        lapsed.filter(|accept| known.insert((accept.line, &accept.file))).collect()
    }

    /// What holds for a package: its own, where it has one. A package of several shards is called `NAME (SHARD)`.
    pub fn of(&self, package: &str) -> &Config {
        let name = package.split_once(" (").map_or(package, |(name, _)| name);
        self.nested.get(name).unwrap_or(self)
    }

    /// The N of `-benchtime=Nx` of a package, where its traces were recorded with it.
    pub fn rounds_of(&self) -> impl Fn(&str) -> Option<u64> + '_ {
        |package| self.of(package).rounds
    }

    /// That of the working folder, and those of packages.
    pub fn all(&self) -> impl Iterator<Item = &Config> {
        std::iter::once(self).chain(self.nested.values())
    }
}

/// What an inconclusive comparison means for the build.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum OnInconclusive {
    /// It is said, and the build goes on.
    #[default]
    Warn,
    /// The build fails, with an exit status of its own.
    Fail,
}

/// What a missing baseline means.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum OnMissingBaseline {
    /// An error.
    #[default]
    Fail,
    /// It is said, and the build goes on.
    Warn,
    /// It is made of the runs at hand, which is said, and the build goes on.
    Create,
}

/// What it means that base and head were recorded in different environments.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum OnEnvMismatch {
    /// Only what does not depend on the machine can fail the build.
    #[default]
    CountsOnly,
    /// Everything gates all the same, and the difference is said.
    Warn,
    /// The build fails, as inconclusive.
    Fail,
}

/// How figures are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Assume {
    /// They do not vary: a difference is one, with any number of runs.
    Exact,
}

/// Which changes fail the build.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// For the worse.
    Worse,
    /// For the worse and for the better: what should stay as it is.
    Both,
}

/// How much a series matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Not compared.
    Off,
    /// Shown.
    Info,
    /// Shown as a warning; never fails the build.
    Warn,
    /// Fails the build.
    Error,
}

impl Level {
    /// Its name in reports.
    pub fn name(self) -> &'static str {
        match self {
            Level::Off => "off",
            Level::Info => "info",
            Level::Warn => "warn",
            Level::Error => "error",
        }
    }
}

/// What holds for the series that it matches. What it leaves open is as by default.
#[derive(Clone, Debug, Default)]
pub struct Rule {
    /// Subjects; empty: all.
    pub subjects: Vec<Pattern>,
    /// Kinds of subjects; empty: all.
    pub kinds: Vec<SubjectKind>,
    /// Subjects of one kind each; empty: all.
    pub of_kind: Vec<(SubjectKind, Pattern)>,
    /// Metrics; empty: all.
    pub metrics: Vec<Pattern>,
    /// How much they matter.
    pub level: Option<Level>,
    /// The relative change that is still allowed.
    pub max_increase: Option<Ratio>,
    /// The absolute change below which nothing is said.
    pub min_delta: Amounts,
    /// A budget: the most that the head may be, whatever the base was.
    pub max: Amounts,
    /// The relative change that fails the build without statistics.
    pub hard_limit: Option<Ratio>,
    /// Whether the subject has to be in the head.
    pub required: bool,
    /// How its figures are taken.
    pub assume: Option<Assume>,
    /// Which changes fail the build.
    pub direction: Option<Direction>,
    /// The file that it is from; empty where it is from none.
    pub file: PathBuf,
    /// The line of the file that it begins in; 0 where it is from no file.
    pub line: usize,
}

/// Whether one of these matches, or there is none.
fn any(patterns: &[Pattern], text: &str) -> bool {
    patterns.is_empty() || patterns.iter().any(|p| p.matches(text))
}

impl Rule {
    /// Whether it speaks of this series.
    pub fn matches(&self, kind: SubjectKind, subject: &str, metric: &str) -> bool {
        self.matches_subject(kind, subject) && self.matches_metric(metric)
    }

    /// Whether it speaks of series of this metric.
    pub fn matches_metric(&self, metric: &str) -> bool {
        any(&self.metrics, metric)
    }

    /// Whether it speaks of this subject, or of any of its series.
    pub fn matches_subject(&self, kind: SubjectKind, subject: &str) -> bool {
        (self.kinds.is_empty() || self.kinds.contains(&kind))
            && (self.of_kind.is_empty() || self.of_kind.iter().any(|(k, p)| *k == kind && p.matches(subject)))
            && any(&self.subjects, subject)
    }

    /// Whether it names `subject` itself, not by a wildcard.
    pub fn names(&self, subject: &str) -> bool {
        self.subjects
            .iter()
            .chain(self.of_kind.iter().map(|(_, pattern)| pattern))
            .any(|p| p.is_literal() && p.matches(subject))
    }

    /// How many names and globs it has.
    fn patterns(&self) -> usize {
        self.subjects.len() + self.of_kind.len() + self.metrics.len()
    }

    /// Whether it sets any limit.
    pub fn limits(&self) -> bool {
        self.max_increase.is_some() || !self.max.is_empty() || self.hard_limit.is_some()
    }

    /// Whether it names its metrics, other than by `*`.
    pub fn names_metrics(&self) -> bool {
        !self.metrics.is_empty() && self.metrics.iter().all(|p| p.text() != "*" && p.text() != "**")
    }
}

/// A glob on a name, which `*` crosses freely. A name also matches itself, whatever brackets and stars it holds, and
/// one that only differs in the numbers of closures.
#[derive(Clone, Debug)]
pub struct Pattern {
    text: String,
    key: String,
    /// None where no character of it is a wildcard: most are names.
    matcher: Option<GlobMatcher>,
}

/// Of a glob, in bytes: no function's name is nearly as long, and of longer ones the matcher would take megabytes.
const MOST_GLOB: usize = 4096;
/// Braces within braces, of which the library that makes matchers takes 250 at most.
const MOST_BRACES: usize = 16;

impl Pattern {
    /// Parses a glob. The error is one sentence.
    pub fn new(text: &str) -> Result<Pattern, String> {
        let matcher = text.contains(['*', '?', '[', ']', '{', '}', '\\']).then(|| matcher(text)).transpose()?;
        Ok(Pattern { text: text.to_owned(), key: names::key(text), matcher })
    }

    /// As it was written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether `name` is meant.
    pub fn matches(&self, name: &str) -> bool {
        self.text == name
            || self.matcher.as_ref().is_some_and(|m| m.is_match(name))
            || (!name.is_empty() && self.key == names::short_key(name))
    }

    /// Whether it can only mean one name. A star that stands for a pointer receiver is none.
    pub fn is_literal(&self) -> bool {
        !self.text.replace("(*", "(").replace("[...]", "").contains(['*', '?', '[', '{'])
    }
}

/// What matches as a glob says. What it is made of is bounded before: the library that makes it panics beyond its own bounds.
fn matcher(text: &str) -> Result<GlobMatcher, String> {
    if text.len() > MOST_GLOB {
        return Err(format!("bad glob: {} bytes, and {MOST_GLOB} at most are read", text.len()));
    }
    let (mut open, mut deepest) = (0usize, 0);
    for c in text.chars() {
        match c {
            '{' => open += 1,
            '}' => open = open.saturating_sub(1),
            _ => {}
        }
        deepest = deepest.max(open);
    }
    if deepest > MOST_BRACES {
        return Err(format!("bad glob: {deepest} braces within each other, and {MOST_BRACES} at most are read"));
    }
    // `[...]` is how Go writes type arguments, not a set of characters.
    let glob = Glob::new(&text.replace("[...]", "[[]...[]]")).map_err(|e| format!("bad glob: {}", e.kind()))?;
    Ok(glob.compile_matcher())
}

/// What holds for `folder`: the file `explicit` alone, else the nearest one and those above it, else the defaults.
///
/// # Errors
/// Where a file cannot be read or is not understood.
pub fn resolve(explicit: Option<&Path>, folder: &Path) -> Result<Config, crate::error::Error> {
    resolve_in(explicit, folder, &WorkingTree)
}

/// The same, of other files than the disk's.
///
/// # Errors
/// Where a file cannot be read or is not understood.
pub fn resolve_in(explicit: Option<&Path>, folder: &Path, files: &dyn Files) -> Result<Config, crate::error::Error> {
    match explicit {
        Some(path) => file::load_in(path, files),
        None => file::inherited(folder, files),
    }
}
