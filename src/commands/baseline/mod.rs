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
use super::written::{self, Inputs, Output};
use super::{DONE, documents, inputs, output, shown};
use crate::baseline::{self, Baseline};
use crate::cli::{BaselineCommand, BaselineCreateArgs, Color, Format};
use crate::config::{self, Config, WorkingTree};
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
    let read = Inputs::default().runs(&args.traces).files(&args.test_json).config(args.config.as_ref());
    if let Some(path) = args.output.as_deref().filter(|path| *path != Path::new("-")) {
        written::apart(&[Output::new("-o", path, true)], &read)?;
    }
    let mut config = config::resolve(args.config.as_deref(), &here)?;
    let input = inputs::read(&[&args.traces], &args.test_json, &Options::default(), &args.narrow.narrow()?)?
        .pop()
        .unwrap_or_default();
    let warnings = input.warnings.clone();
    let made = of_input(&input, &mut config, args.config.as_deref(), args.benchtime, &here)?;
    if args.output.as_deref() == Some(Path::new("-")) {
        output::print(&made.render()?, Color::Never)?;
        return Ok(DONE);
    }
    let mut said: String = warnings.iter().map(|w| format!("Warning: {}\n", term(w))).collect();
    let mut files = Vec::new();
    let parts = places::Places::new(&config, &WorkingTree, &here).route(made, args.output.as_deref())?;
    let own: Vec<Output> = parts.keys().map(|path| Output::new("the baseline", path, false)).collect();
    written::apart(&own, &read)?;
    // None is written before all are understood.
    let texts = parts.values().map(Baseline::render).collect::<Result<Vec<_>, _>>()?;
    for ((path, part), text) in parts.iter().zip(texts) {
        output::write_file(path, &text)?;
        let runs = part.runs();
        said += &format!("{}: the baseline of {runs} run{}\n", term(&shown(path)), if runs == 1 { "" } else { "s" });
        files.push(serde_json::json!({"file": path.display().to_string(), "runs": runs}));
    }
    if args.format == Format::Json {
        let first = files.first().cloned().unwrap_or_default();
        said = crate::report::json::document(&serde_json::json!({
            "schema": "gotrace-diff/baseline-create/1", "file": first["file"],
            "runs": files.iter().filter_map(|f| f["runs"].as_u64()).sum::<u64>(), "files": files,
            "warnings": warnings, "exit_code": DONE,
        }))?;
    }
    output::print(&said, Color::Never)?;
    Ok(DONE)
}

/// The baseline that runs make, each package as its configuration says.
fn of_input(
    input: &inputs::Input,
    config: &mut Config,
    explicit: Option<&Path>,
    benchtime: Option<u64>,
    here: &Path,
) -> Result<Baseline, Error> {
    super::nested::of_files(config, explicit, input.packages().iter().map(String::as_str))?;
    let rounds = config.rounds_of();
    let mut made = input.baseline(&|package| benchtime.or(rounds(package)));
    for column in &mut made.columns {
        column.side.keep_apart(|package| &config.of(package).framework);
    }
    made.portable(&Repository::around(here))
}

/// Beside the nearest go.mod, else here.
pub(super) fn default_path(here: &Path) -> PathBuf {
    let folder = super::nearest(here, "go.mod").and_then(|f| f.parent().map(Path::to_path_buf));
    folder.unwrap_or_else(|| here.to_path_buf()).join(baseline::FILE_NAME)
}

/// Reads a baseline.
fn load(path: &Path) -> Result<Baseline, Error> {
    if !path.exists() {
        return Err(Error::MissingBaseline { path: path.to_path_buf() });
    }
    read(&path.display().to_string(), &documents::read_text(path, documents::MOST_BYTES)?)
}
