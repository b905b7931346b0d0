//! `gotrace-diff init`: a commented gotrace-diff.toml for the module that one stands in.

use std::path::{Path, PathBuf};

use clap::Args;

use super::{DONE, output, shown};
use crate::cli::{Color, Format};
use crate::config;
use crate::error::Error;
use crate::report::escape::term;

/// Go files that are looked at, and how much of each.
const MOST_FILES: usize = 4096;
const MOST_BYTES: u64 = 4 << 20;
/// Names of each kind that are put into the file.
const MOST_NAMES: usize = 5;

/// `gotrace-diff init`.
#[derive(Debug, Args)]
pub struct InitArgs {
    /// The folder [default: that of the nearest go.mod].
    #[arg(value_name = "FOLDER")]
    pub folder: Option<PathBuf>,
    /// Print it, and write nothing.
    #[arg(long)]
    pub print: bool,
    /// How it is told.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
}

/// What the sources of a module say.
#[derive(Debug, Default)]
struct Found {
    module: String,
    regions: Vec<String>,
    tasks: Vec<String>,
    benchmarks: bool,
    files: usize,
}

pub(super) fn run(args: &InitArgs) -> Result<u8, Error> {
    let here = super::working_folder()?;
    let folder = match &args.folder {
        Some(folder) => folder.clone(),
        None => super::nearest(&here, "go.mod").and_then(|f| f.parent().map(Path::to_path_buf)).ok_or_else(|| {
            Error::Usage("there is no go.mod here or above: stand in a Go module, or name its folder".to_owned())
        })?,
    };
    let path = folder.join(config::FILE_NAME);
    if std::fs::symlink_metadata(&path).is_ok() && !args.print {
        return Err(Error::Refused {
            file: path.display().to_string(),
            message: "is there already, and is left as it is".to_owned(),
        });
    }
    let mut found = Found { module: module(&folder), ..Found::default() };
    look(&folder, 0, &mut found);
    let above = folder.parent().and_then(config::nearest);
    let text = text(&found, above.as_deref());
    config::parse_text(&path, &text)?;
    if args.print {
        output::print(&text, Color::Never)?;
        return Ok(DONE);
    }
    output::write_file(&path, &text)?;
    let said = match args.format {
        Format::Json => crate::report::json::document(&serde_json::json!({
            "schema": "gotrace-diff/init/1", "file": path.display().to_string(), "exit_code": DONE,
        }))?,
        Format::Text => format!(
            "{}: written; all of it is as by default until you change it. Next:\n  gotrace-diff record ./... --runs 10 --out traces\n  gotrace-diff baseline create traces\n  gotrace-diff selftest traces\n",
            term(&shown(&path))
        ),
    };
    output::print(&said, Color::Never)?;
    Ok(DONE)
}

/// The path in the module's go.mod.
fn module(folder: &Path) -> String {
    let text = super::read_text(&folder.join("go.mod"), MOST_BYTES).unwrap_or_default();
    let line = text.lines().find_map(|l| l.trim().strip_prefix("module ")).unwrap_or_default();
    let path = line.split("//").next().unwrap_or_default().trim().trim_matches('"');
    let plain = path.chars().all(|c| c.is_ascii_alphanumeric() || "/._-~".contains(c));
    if path.is_empty() || !plain { "example.com/module".to_owned() } else { path.to_owned() }
}

/// Looks for regions, tasks and benchmarks, by text: what is not found is only not put into the file.
fn look(folder: &Path, depth: usize, found: &mut Found) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    let mut entries: Vec<_> = entries.flatten().collect();
    entries.sort_by_key(std::fs::DirEntry::file_name);
    for entry in entries {
        let name = entry.file_name().to_string_lossy().into_owned();
        let Ok(kind) = entry.file_type() else { continue };
        let below = entry.path();
        if kind.is_dir() {
            let skipped = name.starts_with(['.', '_']) || matches!(&*name, "vendor" | "testdata" | "node_modules");
            // Another module has a file of its own.
            if !skipped && depth < 12 && !below.join("go.mod").exists() {
                look(&below, depth + 1, found);
            }
        } else if kind.is_file() && name.ends_with(".go") && found.files < MOST_FILES {
            found.files += 1;
            let Ok(text) = super::read_text(&below, MOST_BYTES) else { continue };
            found.benchmarks |= name.ends_with("_test.go") && text.contains("\nfunc Benchmark");
            for call in ["trace.WithRegion(", "trace.StartRegion("] {
                names(&text, call, &mut found.regions);
            }
            names(&text, "trace.NewTask(", &mut found.tasks);
        }
    }
}

/// The names in calls such as `trace.WithRegion(ctx, "parse", ...)`.
fn names(text: &str, call: &str, into: &mut Vec<String>) {
    for rest in text.split(call).skip(1) {
        let second = rest.split_once(',').map(|(_, rest)| rest.trim_start()).unwrap_or_default();
        let Some(name) = second.strip_prefix('"').and_then(|r| r.split('"').next()) else { continue };
        let plain = !name.is_empty() && name.len() < 80 && name.chars().all(|c| (' '..='~').contains(&c) && c != '\\');
        if plain && into.len() < MOST_NAMES && !into.iter().any(|known| known == name) {
            into.push(name.to_owned());
        }
    }
}

fn text(found: &Found, above: Option<&Path>) -> String {
    let module = &found.module;
    let mut out = format!(
        "# What gotrace-diff allows in {module}. Everything in here is as by default: take a # away to change it.\n\
         # Keys: docs/configuration.md of gotrace-diff. Metrics: gotrace-diff --list-metrics, --explain METRIC.\n"
    );
    if let Some(above) = above {
        let name = above.parent().and_then(Path::file_name).map(|n| n.to_string_lossy().into_owned());
        let clean: String = name.unwrap_or_default().chars().filter(|c| c.is_ascii_graphic() || *c == ' ').collect();
        out += &format!(
            "# What is not said here is as in gotrace-diff.toml of the folder {clean} above.\n# root = true\n"
        );
    }
    out += "\n# An inconclusive comparison is said, and the build goes on; \"fail\" makes it end in 3.\n# on-inconclusive = \"warn\"\n\
            \n# `check` without a baseline fails; \"warn\" lets it go on, \"create\" makes one.\n# on-missing-baseline = \"fail\"\n\
            \n# Where base and head ran on different machines only counts can fail the build; \"fail\" wants one kind of machine.\n# on-env-mismatch = \"counts-only\"\n";
    if found.benchmarks {
        out += "\n# Benchmarks are compared per operation where their number is fixed: record with -benchtime=100x, and say so.\n# benchtime = \"100x\"\n";
    }
    out += &format!(
        "\n# How comparisons are told; flags override it.\n# [report]\n# group-by = \"package\"\n# top = 10\n# output = [\"html=report.html\"]\n\
         \n# Helpers of the tests, which are not the code under test: their goroutines are left out, and waits in them are not counted.\n# [framework]\n# group = \"{module}/internal/testkit.*\"\n# wait = \"{module}/internal/testkit.WaitFor*\"\n"
    );
    out += &format!(
        "\n# Rules come in order: the first that matches a series holds for it.\n\
         \n# [[rule]] # Times of this package are noisy: `gotrace-diff calibrate` says which.\n# group = \"{module}/internal/*\"\n# metric = [\"total_ns\", \"exec_ns\"]\n# max-increase = \"25%\"\n\
         \n# [[rule]] # Goroutines that must not be left running.\n# group = \"{module}/*\"\n# metric = \"alive\"\n# assume = \"exact\"\n"
    );
    for region in &found.regions {
        out += &format!(
            "\n# [[rule]] # A budget for each call.\n# region = {}\n# metric = \"durations.p50\"\n# max = \"5ms\"\n",
            quoted(region)
        );
    }
    for task in &found.tasks {
        out += &format!(
            "\n# [[rule]] # It has to be there.\n# task = {}\n# metric = \"count\"\n# required = true\n",
            quoted(task)
        );
    }
    out += "\n# Accepted changes are written by: gotrace-diff baseline accept SERIES --reason WHY --until YYYY-MM-DD\n";
    out
}

fn quoted(name: &str) -> String {
    toml::Value::String(name.to_owned()).to_string()
}
