//! What can be typed.

mod explain;
mod shared;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use crate::commands::baseline::{AcceptArgs, DiffArgs, FilesArgs, ShowArgs, UpdateArgs};
use crate::commands::export::ExportArgs;
use crate::commands::init::InitArgs;
use crate::commands::migrate::MigrateArgs;
use crate::commands::rows::SummaryFormat;
use crate::config::{OnMissingBaseline, Pattern};

pub use explain::ExplainArgs;
pub use shared::{BothSidesArgs, Color, Format, GateArgs, NarrowArgs, ReportArgs, sides};

/// Compares Go execution traces and fails the build when one got slower, saying why.
#[derive(Debug, Parser)]
#[command(name = "gotrace-diff", version, args_conflicts_with_subcommands = true, after_help = AFTER_HELP)]
pub struct Cli {
    /// What to do; comparing two sides where nothing is said.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// The comparison.
    #[command(flatten)]
    pub compare: CompareArgs,
    /// Explain a metric: what it means and how it is compared.
    #[arg(long, value_name = "METRIC")]
    pub explain: Option<String>,
    /// List all metrics.
    #[arg(long)]
    pub list_metrics: bool,
}

const AFTER_HELP: &str = "\
BASE, HEAD and TRACE are each a trace (.gz and .zst too), `-` for standard input, a folder, a glob, a summary or a
baseline. More runs a side: --base 'base/*.out' --head 'head/*.out'.

Exit status: 0 pass, 1 regression, 2 could not do the job, 3 inconclusive where the policy says that this fails,
70 a bug in gotrace-diff.";

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Record base and head alternately on this machine, and compare them.
    Run(RunArgs),
    /// Record one side: for a baseline, or to calibrate.
    Record(RecordArgs),
    /// Gate runs against the committed baseline.
    Check(CheckArgs),
    /// Say how noisy runs of one version are, and what the gate would make of them.
    Calibrate(CalibrateArgs),
    /// Prove on runs of one version that this configuration can fail.
    Selftest(CalibrateArgs),
    /// Make the baseline that `check` gates against.
    Baseline(BaselineArgs),
    /// Print what a trace amounts to.
    Summarize(SummarizeArgs),
    /// Render a report again, from the JSON of a comparison and without its traces.
    Report(RenderArgs),
    /// Print a JSON schema: of reports, the configuration, baselines, summaries or rows.
    Schema(crate::commands::schema::SchemaArgs),
    /// Print what completes command lines in a shell.
    Completions(crate::commands::shell::CompletionsArgs),
    /// Print the manual page.
    Man,
    /// Reduce the results of shards to one verdict, or summaries to one total.
    Merge(crate::commands::merge::MergeArgs),
    /// Write a commented gotrace-diff.toml for this module.
    Init(InitArgs),
    /// Rewrite documents of older versions as this one writes them.
    Migrate(MigrateArgs),
    /// Tell one subject in depth: what its time was spent on, and on whom it depends.
    Explain(ExplainArgs),
    /// The steps of the GitHub Action.
    #[command(hide = true)]
    Github(crate::commands::github::GithubArgs),
    /// Write profiles, flame graphs, a timeline, or benchmark text for other tools.
    Export(ExportArgs),
}

/// `gotrace-diff BASE HEAD`.
#[derive(Debug, Args)]
pub struct CompareArgs {
    /// What is compared.
    #[command(flatten)]
    pub sides: BothSidesArgs,
    /// The runs were recorded alternately on one machine, the first of the base beside the first of the head.
    #[arg(long)]
    pub paired: bool,
    /// The gate.
    #[command(flatten)]
    pub gate: GateArgs,
    /// The report.
    #[command(flatten)]
    pub report: ReportArgs,
}

/// `gotrace-diff run [PACKAGES] -- FLAGS`.
#[derive(Debug, Args)]
pub struct RunArgs {
    /// The packages, as `go test` takes them.
    #[arg(value_name = "PACKAGE", default_value = "./...")]
    pub packages: Vec<String>,
    /// The commit to compare with; else where this branch left the default branch.
    #[arg(long, value_name = "REF", help_heading = "Sides")]
    pub base: Option<String>,
    /// The commit to judge; else the working tree as it stands.
    #[arg(long, value_name = "REF", help_heading = "Sides")]
    pub head: Option<String>,
    /// A test binary (go test -c) instead of a commit; the working folder is its package's.
    #[arg(long, value_name = "FILE", requires = "head_binary", conflicts_with_all = ["base", "head", "affected"], help_heading = "Sides")]
    pub base_binary: Option<PathBuf>,
    /// The same for the head.
    #[arg(long, value_name = "FILE", requires = "base_binary", help_heading = "Sides")]
    pub head_binary: Option<PathBuf>,
    /// Only packages that the change can reach, by what they import.
    #[arg(long, help_heading = "Sides")]
    pub affected: bool,
    /// Packages, too, that are the same on both sides: the test binary, and what tests may read.
    #[arg(long, conflicts_with = "affected", help_heading = "Sides")]
    pub all_packages: bool,
    /// The most runs a side of each package.
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=1000), help_heading = "Recording")]
    pub runs: u32,
    /// Record all runs, also where the verdict is clear before.
    #[arg(long, help_heading = "Recording")]
    pub all_runs: bool,
    /// How long to record at most, as in 90s, 10m or 1h30m.
    #[arg(long, value_name = "TIME", help_heading = "Recording")]
    pub max_time: Option<String>,
    /// Run so often without the tracer too, and say by how much it slows the tests down.
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = clap::value_parser!(u32).range(0..=1000), help_heading = "Recording")]
    pub untraced: u32,
    /// What is shared with recording one side.
    #[command(flatten)]
    pub recording: RecordingArgs,
    /// Keep the traces, what the tests said, and the result in this folder.
    #[arg(long, value_name = "DIR", help_heading = "Recording")]
    pub keep: Option<PathBuf>,
    /// Write the summaries of the runs that decide into this folder, as base.json and head.json.
    #[arg(long, value_name = "DIR", help_heading = "Recording")]
    pub summaries: Option<PathBuf>,
    /// Count the runs in too that were written with --summaries when the same two commits were compared before
    /// (repeatable).
    #[arg(long, value_name = "DIR", help_heading = "Recording")]
    pub pool: Vec<PathBuf>,
    /// The gate.
    #[command(flatten)]
    pub gate: GateArgs,
    /// The report.
    #[command(flatten)]
    pub report: ReportArgs,
    /// Flags as `go test` takes them: -run, -bench with -benchtime=100x, -race, -tags, -short...
    #[arg(last = true, value_name = "FLAGS")]
    pub flags: Vec<String>,
}

/// `gotrace-diff record [PACKAGES] -- FLAGS`.
#[derive(Debug, Args)]
pub struct RecordArgs {
    /// The packages, as `go test` takes them.
    #[arg(value_name = "PACKAGE", default_value = "./...")]
    pub packages: Vec<String>,
    /// The commit to record; else the working tree as it stands.
    #[arg(long = "ref", value_name = "REF")]
    pub reference: Option<String>,
    /// Runs of each package.
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub runs: u32,
    /// The folder that the traces are written to, one folder for each package.
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
    /// How long to record at most, as in 90s, 10m or 1h30m.
    #[arg(long, value_name = "TIME")]
    pub max_time: Option<String>,
    /// What is shared with recording both sides.
    #[command(flatten)]
    pub recording: RecordingArgs,
    /// Flags as `go test` takes them: -run, -bench with -benchtime=100x, -race, -tags, -short...
    #[arg(last = true, value_name = "FLAGS")]
    pub flags: Vec<String>,
}

/// What recording one side and both have in common.
#[derive(Debug, Args)]
pub struct RecordingArgs {
    /// What the order of the sides is drawn from.
    #[arg(long, value_name = "SEED", default_value_t = 1, help_heading = "Recording")]
    pub seed: u64,
    /// The benchmarks start the tracer themselves, into the file that this environment variable names.
    #[arg(long, value_name = "VARIABLE", num_args = 0..=1, require_equals = true, default_missing_value = "TRACE", help_heading = "Recording")]
    pub self_traced: Option<String>,
    /// No progress on standard error.
    #[arg(short, long, help_heading = "Recording")]
    pub quiet: bool,
}

/// `gotrace-diff check HEAD...`.
#[derive(Debug, Args)]
pub struct CheckArgs {
    /// Runs of the head.
    #[arg(value_name = "HEAD", required = true)]
    pub head: Vec<PathBuf>,
    /// The baseline; else the nearest gotrace-baseline.json from here upwards.
    #[arg(long, value_name = "FILE")]
    pub baseline: Option<PathBuf>,
    /// Read baseline and configuration as this commit has them: a change cannot loosen its own gate.
    #[arg(long, value_name = "REF")]
    pub baseline_ref: Option<String>,
    /// What it means that there is no baseline.
    #[arg(long, value_enum, value_name = "POLICY")]
    pub on_missing_baseline: Option<OnMissingBaseline>,
    /// Where the runs at hand are written as a baseline if the check fails [default: beside the baseline, as
    /// gotrace-baseline.candidate.json]; `none` for nowhere.
    #[arg(long, value_name = "FILE")]
    pub candidate: Option<PathBuf>,
    /// The gate.
    #[command(flatten)]
    pub gate: GateArgs,
    /// The report.
    #[command(flatten)]
    pub report: ReportArgs,
}

/// `gotrace-diff calibrate TRACE...` and `selftest TRACE...`.
#[derive(Debug, Args)]
pub struct CalibrateArgs {
    /// Runs of one version, recorded one after the other.
    #[arg(value_name = "TRACE", required = true)]
    pub traces: Vec<PathBuf>,
    /// The gate.
    #[command(flatten)]
    pub gate: GateArgs,
    /// What standard output gets.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
}

/// `gotrace-diff baseline ...`.
#[derive(Debug, Args)]
pub struct BaselineArgs {
    /// What to do with it.
    #[command(subcommand)]
    pub command: BaselineCommand,
}

/// What to do with the baseline.
#[derive(Debug, Subcommand)]
pub enum BaselineCommand {
    /// Make it from runs.
    Create(BaselineCreateArgs),
    /// Rewrite what moved beyond its noise, and nothing else.
    Update(UpdateArgs),
    /// Accept a change that is meant to be so, in gotrace-diff.toml.
    Accept(AcceptArgs),
    /// Print what it holds.
    Show(ShowArgs),
    /// List the baselines of the repository.
    List(FilesArgs),
    /// Say whether baselines are sound and written as gotrace-diff writes them.
    Verify(FilesArgs),
    /// Say what differs between two baselines, or from the committed one.
    Diff(DiffArgs),
}

/// `gotrace-diff baseline create TRACE...`.
#[derive(Debug, Args)]
pub struct BaselineCreateArgs {
    /// The runs.
    #[arg(value_name = "TRACE", required = true)]
    pub traces: Vec<PathBuf>,
    /// What `go test -json` (or -v) printed, one for each trace in their order; else NAME.json beside NAME.out is used.
    #[arg(long, value_name = "FILE")]
    pub test_json: Vec<PathBuf>,
    /// Narrowing.
    #[command(flatten)]
    pub narrow: NarrowArgs,
    /// Where to write it [default: gotrace-baseline.json beside go.mod]; `-` for standard output.
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// The configuration; else the nearest gotrace-diff.toml.
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// The runs were recorded with this -benchtime, a fixed number of rounds.
    #[arg(long, value_name = "Nx", value_parser = crate::config::rounds)]
    pub benchtime: Option<u64>,
    /// How errors are told.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
}

/// `gotrace-diff report RESULT.json`.
#[derive(Debug, Args)]
pub struct RenderArgs {
    /// What a comparison wrote with --format json or --output json=PATH; `-` for standard input.
    #[arg(value_name = "RESULT.json")]
    pub result: PathBuf,
    /// The report.
    #[command(flatten)]
    pub report: ReportArgs,
}

/// `gotrace-diff summarize TRACE...`.
#[derive(Debug, Args)]
pub struct SummarizeArgs {
    /// The traces.
    #[arg(value_name = "TRACE", required = true)]
    pub traces: Vec<PathBuf>,
    /// Text, the summary as JSON (of several traces: `runs`), or a row for each series of each run.
    #[arg(long, value_enum, default_value_t = SummaryFormat::Text)]
    pub format: SummaryFormat,
    /// What rows say of where they are from, as in commit=4f1c2e0 or at=2026-11-24T12:00:00Z (repeatable).
    #[arg(long, value_name = "KEY=VALUE", value_parser = crate::commands::rows::label)]
    pub label: Vec<(String, String)>,
    /// What `go test -json` (or -v) printed, one for each trace in their order; else NAME.json beside NAME.out is used.
    #[arg(long, value_name = "FILE")]
    pub test_json: Vec<PathBuf>,
    /// The traces were recorded with this -benchtime, a fixed number of rounds: rows can then tell them per operation.
    #[arg(long, value_name = "Nx", value_parser = crate::config::rounds)]
    pub benchtime: Option<u64>,
    /// Use what is whole of a truncated trace.
    #[arg(long)]
    pub allow_partial: bool,
    /// Narrowing.
    #[command(flatten)]
    pub narrow: NarrowArgs,
    /// Show the runtime's and the test framework's goroutines.
    #[arg(long)]
    pub show_framework: bool,
    /// Goroutines with the columns of go tool trace's goroutine analysis.
    #[arg(long)]
    pub go_columns: bool,
    /// Show everything.
    #[arg(long)]
    pub all: bool,
    /// List the program's log messages instead.
    #[arg(long, help_heading = "Logs")]
    pub logs: bool,
    /// Messages of these categories: a glob.
    #[arg(long, value_name = "GLOB", value_parser = Pattern::new, requires = "logs", help_heading = "Logs")]
    pub log_category: Option<Pattern>,
    /// Messages of tasks of these types: a glob.
    #[arg(long, value_name = "GLOB", value_parser = Pattern::new, requires = "logs", help_heading = "Logs")]
    pub log_task: Option<Pattern>,
    /// Messages that hold this text.
    #[arg(long, value_name = "SUBSTRING", requires = "logs", help_heading = "Logs")]
    pub log_text: Option<String>,
    /// Count messages as one that differ only in numbers.
    #[arg(long, requires = "logs", help_heading = "Logs")]
    pub log_fold_numbers: bool,
    /// When to use colours.
    #[arg(long, value_enum, default_value_t = Color::Auto)]
    pub color: Color,
}
