//! `gotrace-diff baseline ...`: the committed baseline.

mod accept;
pub(super) mod places;
mod show;
mod update;

use std::path::{Path, PathBuf};

pub use accept::AcceptArgs;
pub use show::{DiffArgs, FilesArgs, ShowArgs};
pub use update::UpdateArgs;

use self::show::read;
use super::{DONE, documents, inputs, output};
use crate::baseline::{self, Baseline};
use crate::cli::{BaselineCommand, BaselineCreateArgs, Color, Format};
use crate::config::{self, Config};
use crate::error::Error;
use crate::paths::Repository;
use crate::report::escape::term;
use crate::summarize::Options;

pub(super) fn run(command: &BaselineCommand) -> Result<u8, Error> {
    match command {
        BaselineCommand::Create(args) => create(args),
        BaselineCommand::Update(args) => update::run(args),
        BaselineCommand::Accept(args) => accept::run(args),
        BaselineCommand::Show(args) => show::show(args),
        BaselineCommand::List(args) => show::list(args),
        BaselineCommand::Verify(args) => show::verify(args),
        BaselineCommand::Diff(args) => show::diff(args),
    }
}

/// Makes a baseline from runs. Partial ones are refused.
fn create(args: &BaselineCreateArgs) -> Result<u8, Error> {
    let here = super::working_folder()?;
    let config = config::resolve(args.config.as_deref(), &here)?;
    let input = inputs::read(&[&args.traces], &args.test_json, &Options::default(), &args.narrow.narrow()?)?
        .pop()
        .unwrap_or_default();
    let warnings = input.warnings.clone();
    let made = input.baseline(args.benchtime.or(config.rounds)).portable(&Repository::around(&here))?;
    if args.output.as_deref() == Some(Path::new("-")) {
        output::print(&made.render()?, Color::Never)?;
        return Ok(DONE);
    }
    if args.output.is_none() && config.baseline_per_package {
        let mut said: String = warnings.iter().map(|w| format!("Warning: {}\n", term(w))).collect();
        let mut files = Vec::new();
        for (path, part) in places::route(made, None, &config, &here)? {
            output::write_file(&path, &part.render()?)?;
            let runs = part.runs();
            said += &format!("{}: the baseline of {runs} runs\n", term(&super::shown(&path)));
            files.push(serde_json::json!({"file": path.display().to_string(), "runs": runs}));
        }
        if args.format == Format::Json {
            said = crate::report::json::document(&serde_json::json!({
                "schema": "gotrace-diff/baseline-create/1", "files": files, "warnings": warnings, "exit_code": DONE,
            }))?;
        }
        output::print(&said, Color::Never)?;
        return Ok(DONE);
    }
    let runs = made.runs();
    let path = args.output.clone().or(config.baseline).unwrap_or_else(|| default_path(&here));
    output::write_file(&path, &made.render()?)?;
    let said = match args.format {
        Format::Json => format!(
            "{}\n",
            serde_json::json!({"schema": "gotrace-diff/baseline-create/1", "file": path.display().to_string(), "runs": runs, "warnings": warnings, "exit_code": DONE})
        ),
        Format::Text => {
            let mut said = String::new();
            for warning in warnings {
                said.push_str(&format!("Warning: {}\n", term(&warning)));
            }
            said + &format!(
                "{}: the baseline of {runs} run{}\n",
                term(&path.display().to_string()),
                if runs == 1 { "" } else { "s" }
            )
        }
    };
    output::print(&said, Color::Never)?;
    Ok(DONE)
}

/// Beside the nearest go.mod, else here.
pub(super) fn default_path(here: &Path) -> PathBuf {
    let folder = super::nearest(here, "go.mod").and_then(|f| f.parent().map(Path::to_path_buf));
    folder.unwrap_or_else(|| here.to_path_buf()).join(baseline::FILE_NAME)
}

/// The baseline that is meant: as said, as configured, or the nearest one; else where it should be.
fn find(said: Option<&Path>, config: &Config, here: &Path) -> PathBuf {
    said.map(Path::to_path_buf)
        .or_else(|| config.baseline.clone())
        .or_else(|| super::nearest(here, baseline::FILE_NAME))
        .unwrap_or_else(|| default_path(here))
}

/// Reads a baseline.
fn load(path: &Path) -> Result<Baseline, Error> {
    if !path.exists() {
        return Err(Error::MissingBaseline { path: path.to_path_buf() });
    }
    read(&path.display().to_string(), &documents::read_text(path, documents::MOST_BYTES)?)
}
