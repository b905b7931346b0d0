//! What several subcommands have in common: what is read, how much of it counts, what is allowed, how it is told.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::config::quantity::{Amount, Ratio};
use crate::config::{Date, OnEnvMismatch, OnInconclusive, Pattern, ReportOptions};
use crate::error::Error;
use crate::narrow::{Edge, Narrow};
use crate::report::format::Format as ReportFormat;
use crate::report::terminal::GroupBy;

/// So many findings of each part are shown where nothing else is said.
const MOST_FINDINGS: usize = 5;

/// A base and a head.
#[derive(Debug, Args)]
pub struct BothSidesArgs {
    /// The base and the head.
    #[arg(value_name = "BASE HEAD")]
    pub sides: Vec<PathBuf>,
    /// Runs of the base (repeatable).
    #[arg(long, value_name = "TRACE", num_args = 1.., conflicts_with = "sides", requires = "head")]
    pub base: Vec<PathBuf>,
    /// Runs of the head (repeatable).
    #[arg(long, value_name = "TRACE", num_args = 1.., conflicts_with = "sides", requires = "base")]
    pub head: Vec<PathBuf>,
}

/// What the base is made of, and the head: the two that were `given` by their places, or the runs of each; `None` where neither
/// is so.
pub fn sides<'a>(given: &'a [PathBuf], base: &'a [PathBuf], head: &'a [PathBuf]) -> Option<[&'a [PathBuf]; 2]> {
    match given {
        [base, head] => Some([std::slice::from_ref(base), std::slice::from_ref(head)]),
        [] if !base.is_empty() => Some([base, head]),
        _ => None,
    }
}

/// What of each trace counts.
#[derive(Clone, Debug, Default, Args)]
pub struct NarrowArgs {
    /// Only what is after this time since the trace began, as in 1.5s, or by the wall clock, as in 2026-11-24T12:00:00Z.
    #[arg(long, value_name = "TIME", help_heading = "Narrowing")]
    pub from: Option<Edge>,
    /// Only what is before this time.
    #[arg(long, value_name = "TIME", help_heading = "Narrowing")]
    pub to: Option<Edge>,
    /// Only from the begin of the first test to the end of the last: without set-up and tear-down of the test binary.
    #[arg(long, help_heading = "Narrowing")]
    pub trim: bool,
    /// Without the first N repeats (-count) of each test.
    #[arg(long, value_name = "N", default_value_t = 0, help_heading = "Narrowing")]
    pub warmup: u64,
    /// Only tests and benchmarks of these names, and the goroutines that work for them: globs (repeatable).
    #[arg(long, value_name = "GLOB", value_parser = Pattern::new, help_heading = "Narrowing")]
    pub test: Vec<Pattern>,
    /// Only goroutine groups of these names: globs (repeatable).
    #[arg(long, value_name = "GLOB", value_parser = Pattern::new, help_heading = "Narrowing")]
    pub group: Vec<Pattern>,
    /// Only regions of these types, and what goroutines do within them: globs (repeatable).
    #[arg(long, value_name = "GLOB", value_parser = Pattern::new, help_heading = "Narrowing")]
    pub region: Vec<Pattern>,
    /// Only tasks of these types, and what goroutines do while they work for them: globs (repeatable).
    #[arg(long, value_name = "GLOB", value_parser = Pattern::new, help_heading = "Narrowing")]
    pub task: Vec<Pattern>,
}

impl NarrowArgs {
    /// What was asked for.
    ///
    /// # Errors
    /// When it ends before it begins.
    pub fn narrow(&self) -> Result<Narrow, Error> {
        let ends_early = match (self.from, self.to) {
            (Some(Edge::Since(from)), Some(Edge::Since(to))) => from >= to,
            (Some(Edge::Wall(from)), Some(Edge::Wall(to))) => from >= to,
            _ => false,
        };
        if ends_early {
            return Err(Error::Usage("--to has to be later than --from".to_owned()));
        }
        Ok(Narrow {
            from: self.from,
            to: self.to,
            trim: self.trim,
            warmup: self.warmup,
            tests: self.test.clone(),
            groups: self.group.clone(),
            regions: self.region.clone(),
            tasks: self.task.clone(),
        })
    }
}

/// What is compared, and what is allowed.
#[derive(Debug, Default, Args)]
pub struct GateArgs {
    /// Narrowing.
    #[command(flatten)]
    pub narrow: NarrowArgs,
    /// The relative change that is allowed, as in 10%.
    #[arg(long, value_name = "PERCENT", help_heading = "Gate")]
    pub max_increase: Option<Ratio>,
    /// The absolute change below which nothing is said, as in 100us, 1MiB or 16 (repeatable, one of each unit).
    #[arg(long, value_name = "AMOUNT", help_heading = "Gate")]
    pub min_delta: Vec<Amount>,
    /// The relative change that fails the build without statistics, as in 50%.
    #[arg(long, value_name = "PERCENT", help_heading = "Gate")]
    pub hard_limit: Option<Ratio>,
    /// The metrics that these flags speak of: globs (repeatable). They can then fail the build.
    #[arg(long, value_name = "GLOB", value_parser = Pattern::new, help_heading = "Gate")]
    pub metric: Vec<Pattern>,
    /// The subjects that these flags speak of: globs (repeatable).
    #[arg(long, value_name = "GLOB", value_parser = Pattern::new, help_heading = "Gate")]
    pub subject: Vec<Pattern>,
    /// What an inconclusive comparison means for the build.
    #[arg(long, value_enum, value_name = "POLICY", help_heading = "Gate")]
    pub on_inconclusive: Option<OnInconclusive>,
    /// What it means that base and head were recorded in different environments.
    #[arg(long, value_enum, value_name = "POLICY", help_heading = "Gate")]
    pub on_env_mismatch: Option<OnEnvMismatch>,
    /// The day as of which accepted changes hold [default: today, in UTC].
    #[arg(long, value_name = "YYYY-MM-DD", help_heading = "Gate")]
    pub today: Option<Date>,
    /// A rule of the configuration that matches nothing is an error, not a warning.
    #[arg(long, help_heading = "Gate")]
    pub strict: bool,
    /// Compare the runtime's and the test framework's goroutines too.
    #[arg(long, help_heading = "Gate")]
    pub show_framework: bool,
    /// The traces were recorded with this -benchtime, a fixed number of rounds: counts can then be compared.
    #[arg(long, value_name = "Nx", value_parser = crate::config::rounds, help_heading = "Gate")]
    pub benchtime: Option<u64>,
    /// What `go test -json` (or -v) printed, one for each trace in their order; else NAME.json beside NAME.out is used.
    #[arg(long, value_name = "FILE", help_heading = "Gate")]
    pub test_json: Vec<PathBuf>,
    /// Use what is whole of truncated traces; the verdict is then never a pass.
    #[arg(long, help_heading = "Gate")]
    pub allow_partial: bool,
    /// The configuration; else the nearest gotrace-diff.toml.
    #[arg(long, value_name = "FILE", help_heading = "Gate")]
    pub config: Option<PathBuf>,
}

/// How it is told.
#[derive(Clone, Debug, Args)]
pub struct ReportArgs {
    /// What standard output gets [default: text].
    #[arg(long, value_enum, value_name = "FORMAT", help_heading = "Report")]
    pub format: Option<ReportFormat>,
    /// Write a report to a file too, as in html=report.html (repeatable); formats are those of --format.
    #[arg(long, value_name = "FORMAT=PATH", value_parser = output, help_heading = "Report")]
    pub output: Vec<(ReportFormat, PathBuf)>,
    /// Write a report of every format into this folder.
    #[arg(long, value_name = "DIR", help_heading = "Report")]
    pub report_dir: Option<PathBuf>,
    /// What the text puts findings together by [default: certainty].
    #[arg(long, value_enum, value_name = "BY", help_heading = "Report")]
    pub group_by: Option<GroupBy>,
    /// How many findings of each part to show [default: 5].
    #[arg(long, value_name = "N", help_heading = "Report")]
    pub top: Option<usize>,
    /// Show everything.
    #[arg(long, help_heading = "Report")]
    pub all: bool,
    /// When to use colours.
    #[arg(long, value_enum, default_value_t = Color::Auto, help_heading = "Report")]
    pub color: Color,
}

impl ReportArgs {
    /// What was typed, and what the configuration says where nothing was. A file of a format that was typed takes the
    /// place of the configured ones of it.
    pub fn over(&self, configured: &ReportOptions) -> ReportArgs {
        let mut args = self.clone();
        args.format = args.format.or(configured.format);
        args.group_by = args.group_by.or(configured.group_by);
        args.report_dir = args.report_dir.or_else(|| configured.folder.clone());
        if args.top.is_none() && !args.all {
            args.top = configured.top;
            args.all = configured.all.unwrap_or_default();
        }
        let typed = |format: ReportFormat| self.output.iter().any(|(asked, _)| *asked == format);
        args.output.extend(configured.output.iter().filter(|(format, _)| !typed(*format)).cloned());
        args
    }

    /// What standard output gets.
    pub fn format(&self) -> ReportFormat {
        self.format.unwrap_or_default()
    }

    /// How many findings of each part to show.
    pub fn top(&self) -> usize {
        self.top.unwrap_or(MOST_FINDINGS)
    }

    /// Whether a report of this format is asked for.
    pub fn writes(&self, format: ReportFormat) -> bool {
        self.format() == format || self.report_dir.is_some() || self.output.iter().any(|(asked, _)| *asked == format)
    }
}

/// A format of what is no report of a comparison.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people.
    #[default]
    Text,
    /// For programs.
    Json,
}

/// When to use colours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// On a terminal, unless NO_COLOR is set.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

fn output(text: &str) -> Result<(ReportFormat, PathBuf), String> {
    let (format, path) = text.split_once('=').ok_or("write it as FORMAT=PATH, as in json=report.json")?;
    let format = ReportFormat::from_str(format, false).map_err(|_| {
        let known: Vec<&str> = ReportFormat::ALL.iter().map(|f| f.name()).collect();
        format!("there is no format `{format}`: {}", known.join(", "))
    })?;
    if path.is_empty() {
        return Err("the path is missing: write it as FORMAT=PATH".to_owned());
    }
    Ok((format, PathBuf::from(path)))
}
