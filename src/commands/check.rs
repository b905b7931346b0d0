//! `gotrace-diff check HEAD...`: gate against the committed baseline.

use std::path::PathBuf;

use super::documents::{self, Document};
use super::{compare, inputs, output};
use crate::baseline;
use crate::cli::CheckArgs;
use crate::compare::{Design, Recorded, Side};
use crate::config::{Config, OnMissingBaseline};
use crate::error::{Error, exit};
use crate::report::model::{Report, Verdict};

pub(super) fn run(args: &CheckArgs) -> Result<u8, Error> {
    let mut config = super::configure(&args.gate)?;
    let path = locate(args, &config)?;
    if !path.exists() {
        if args.baseline.is_none() && config.on_missing_baseline == OnMissingBaseline::Warn {
            return output::report(&no_baseline(&path), &args.report);
        }
        return Err(Error::MissingBaseline { path });
    }
    let name = path.display().to_string();
    let base = match documents::parse(&name, &documents::read_text(&path, documents::MOST_BYTES)?)? {
        Document::Baseline(side) => {
            // A baseline has only what is the program's: all others would look new.
            config.show_framework = false;
            side
        }
        Document::Runs(summaries) => Side::new(&summaries, config.rounds),
    };
    if base.runs().next().is_none() {
        return Err(Error::Document {
            file: name,
            message: "a baseline without any run".to_owned(),
            advice: "make it anew: gotrace-diff baseline create TRACE...".to_owned(),
        });
    }
    let narrow = args.gate.narrow.narrow()?;
    let options = compare::options(&args.gate);
    let head = inputs::read(&[&args.head], &args.gate.test_json, &options, &narrow)?.pop().unwrap_or_default();
    let told = compare::Told::of(&[&head], &config);
    compare::finish(
        told,
        base,
        head.into_side(config.rounds),
        &config,
        &args.report,
        compare::How { against_baseline: true, design: Design { recorded: Recorded::Apart, ..Design::default() } },
    )
}

/// The baseline: as said, as configured, or the nearest one; where there is none, where it should be.
fn locate(args: &CheckArgs, config: &Config) -> Result<PathBuf, Error> {
    if let Some(path) = args.baseline.clone().or_else(|| config.baseline.clone()) {
        return Ok(path);
    }
    let here = super::working_folder()?;
    Ok(super::nearest(&here, baseline::FILE_NAME).unwrap_or_else(|| super::baseline::default_path(&here)))
}

/// What is told where the policy says that a missing baseline is no error.
fn no_baseline(path: &std::path::Path) -> Report {
    let why = format!(
        "inconclusive: there is no baseline at {}; make one: gotrace-diff baseline create TRACE...",
        path.display()
    );
    Report::without_findings(Verdict::Inconclusive, exit::PASS, why.into())
}
