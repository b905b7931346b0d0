//! What was typed becomes what is done: one file for each subcommand. The only place that touches files and streams.

mod at_ref;
pub mod baseline;
mod calibrate;
mod check;
mod columns;
mod compare;
mod critical;
mod depth;
mod diagnoses;
mod documents;
mod drift;
mod environment;
mod explain;
pub(crate) mod export;
pub(crate) mod github;
pub mod init;
mod inputs;
mod instances;
mod joined;
mod logs;
pub mod merge;
pub mod migrate;
mod nested;
mod output;
mod overview;
mod progress;
mod related;
mod repeated;
mod report;
pub mod rows;
mod run;
pub mod schema;
mod selftest;
mod shards;
pub mod shell;
mod sound;
mod sources;
mod summarize;
mod timeline;
mod totals;
mod written;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use clap::Parser;

use crate::cli::{Cli, Command, GateArgs};
use crate::config::{self, Config, Level, Rule, quantity::Amounts};
use crate::error::{Error, exit};

pub(crate) use documents::read_text;

/// Does what the command line says, and gives back the exit status. A panic is a bug, and never looks like a verdict.
pub fn main() -> u8 {
    // The default hook would print the panic's place before the message below, twice as much as anyone can use.
    std::panic::set_hook(Box::new(|_| {}));
    let json = wants_json(std::env::args_os());
    match catch_unwind(AssertUnwindSafe(run)) {
        Ok(Ok(code)) => code,
        Ok(Err(error)) => output::fail(&error, json),
        Err(panic) => output::fail(&bug(&*panic), json),
    }
}

/// What a panic said.
fn bug(panic: &(dyn std::any::Any + Send)) -> Error {
    let text = panic.downcast_ref::<String>().cloned();
    Error::Bug(text.or_else(|| panic.downcast_ref::<&str>().map(|s| (*s).to_owned())).unwrap_or_default())
}

/// Whether errors are to be JSON; asked before the command line is parsed, since that may fail.
fn wants_json(args: impl Iterator<Item = std::ffi::OsString>) -> bool {
    let args: Vec<String> = args.map(|a| a.to_string_lossy().into_owned()).take_while(|a| a != "--").collect();
    args.iter().any(|a| a == "--format=json") || args.windows(2).any(|w| w[0] == "--format" && w[1] == "json")
}

fn run() -> Result<u8, Error> {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return output::usage(&error, wants_json(std::env::args_os())),
    };
    match cli.command {
        Some(Command::Run(args)) => {
            let binaries = args.base_binary.iter().chain(&args.head_binary);
            let inputs = of_gate(&args.gate).runs(&args.pool).files(binaries);
            written::reporting(&args.report, configure(&args.gate), None, &inputs, |_, _| run::run(&args))
        }
        Some(Command::Record(args)) => run::record(&args),
        Some(Command::Check(args)) => check::run(&args),
        Some(Command::Calibrate(args)) => calibrate::calibrate(&args),
        Some(Command::Selftest(args)) => selftest::run(&args),
        Some(Command::Baseline(args)) => baseline::run(&args.command),
        Some(Command::Summarize(args)) => summarize::run(&args),
        Some(Command::Report(args)) => report::run(&args),
        Some(Command::Schema(args)) => schema::run(&args),
        Some(Command::Completions(args)) => shell::completions(&args),
        Some(Command::Man) => shell::man(),
        Some(Command::Merge(args)) => merge::run(&args),
        Some(Command::Github(args)) => github::run(&args),
        Some(Command::Init(args)) => init::run(&args),
        Some(Command::Migrate(args)) => migrate::run(&args),
        Some(Command::Explain(args)) if args.related => related::run(&args),
        Some(Command::Explain(args)) if args.critical_path => critical::run(&args),
        Some(Command::Explain(args)) => match args.instances {
            Some(most) => instances::run(&args, most),
            None => depth::run(&args),
        },
        Some(Command::Export(args)) => export::run(&args),
        None if cli.list_metrics => explain::list(explain::format(cli.compare.report.format())?),
        None => match &cli.explain {
            Some(metric) => explain::explain(metric, explain::format(cli.compare.report.format())?),
            None => compare::run(&cli.compare),
        },
    }
}

/// What the flags of the gate name to be read.
fn of_gate(gate: &GateArgs) -> written::Inputs {
    written::Inputs::default().files(&gate.test_json).config(gate.config.as_ref())
}

/// The configuration, overlaid by flags.
fn configure(gate: &GateArgs) -> Result<Config, Error> {
    configure_in(gate, &config::WorkingTree)
}

/// The same, of the configuration as a commit has it.
fn configure_in(gate: &GateArgs, files: &dyn config::Files) -> Result<Config, Error> {
    let mut config = config::resolve_in(gate.config.as_deref(), &working_folder()?, files)?;
    overlay(&mut config, gate)?;
    Ok(config)
}

/// What was typed holds for this run, whatever the files say.
fn overlay(config: &mut Config, gate: &GateArgs) -> Result<(), Error> {
    config.on_env_mismatch = gate.on_env_mismatch.unwrap_or(config.on_env_mismatch);
    config.today = gate.today;
    if let Some(policy) = gate.on_inconclusive {
        config.on_inconclusive = policy;
    }
    config.show_framework |= gate.show_framework;
    config.strict |= gate.strict;
    config.rounds = gate.benchtime.or(config.rounds);
    let selects = !gate.metric.is_empty();
    config.flags = Rule {
        subjects: gate.subject.clone(),
        metrics: gate.metric.clone(),
        level: selects.then_some(Level::Error),
        max_increase: gate.max_increase,
        min_delta: Amounts::new(gate.min_delta.clone()),
        hard_limit: gate.hard_limit,
        ..Rule::default()
    };
    config::units::settle(&mut config.flags).map_err(|misfit| Error::Usage(misfit.message.replace('`', "")))
}

fn working_folder() -> Result<PathBuf, Error> {
    std::env::current_dir().map_err(|source| Error::Read { file: ".".to_owned(), source })
}

/// A path as people read it: relative to the working folder, where it is below that.
fn shown(path: &Path) -> String {
    let here = working_folder().unwrap_or_default();
    path.strip_prefix(&here).unwrap_or(path).display().to_string()
}

/// The nearest file called `name` from `folder` up to the repository's root.
fn nearest(folder: &Path, name: &str) -> Option<PathBuf> {
    crate::paths::up_to_root(folder).map(|folder| folder.join(name)).find(|path| path.exists())
}

/// Never fails the build by itself: for commands that have nothing to say about a build.
const DONE: u8 = exit::PASS;
