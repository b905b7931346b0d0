//! `gotrace-diff check HEAD...`: gate against the committed baseline.
//!
//! ```text
//!   --baseline-ref REF   configuration and baseline as REF has them ─┐
//!   else                 as they stand in the working tree          ─┴▶ gate ─▶ report
//!                                                                        │ fails
//!                                                                        ▼
//!                                            gotrace-baseline.candidate.json, and the command that takes it
//! ```

use std::path::{Path, PathBuf};

use super::at_ref::Commit;
use super::documents::{self, Document};
use super::{compare, drift, inputs, output};
use crate::baseline;
use crate::cli::CheckArgs;
use crate::compare::{Design, Recorded, Side};
use crate::config::{Config, Files, OnMissingBaseline, WorkingTree};
use crate::error::{DocumentFault, Error, exit};
use crate::gate::accept::quoted;
use crate::paths::Repository;
use crate::report::build::Drawn;
use crate::report::format::Format as ReportFormat;
use crate::report::format::Format;
use crate::report::model::{Advice, Report, Verdict};

pub(super) fn run(args: &CheckArgs) -> Result<u8, Error> {
    let here = super::working_folder()?;
    let commit = args.baseline_ref.as_deref().map(|name| Commit::of(name, &here)).transpose()?;
    let files: &dyn Files = commit.as_ref().map_or(&WorkingTree, |c| c);
    let mut config = super::configure_in(&args.gate, files)?;
    config.on_missing_baseline = args.on_missing_baseline.unwrap_or(config.on_missing_baseline);
    let path = locate(args, &config, &here, files)?;
    let narrow = args.gate.narrow.narrow()?;
    let options = compare::options(&args.gate);
    let head = inputs::read(&[&args.head], &args.gate.test_json, &options, &narrow)?.pop().unwrap_or_default();
    let mut told = compare::Told::of(&[&head], &config);
    let head = head.into_side(config.rounds);
    let candidate = Candidate { args, baseline: &path, head: head.clone() };
    let Some(text) = files.read(&path, documents::MOST_BYTES)? else {
        return missing(&candidate, commit.as_ref(), config.on_missing_baseline, told);
    };
    let name = match &commit {
        Some(commit) => format!("{}:{}", commit.name, super::shown(&path)),
        None => path.display().to_string(),
    };
    let base = match documents::parse(&name, &text)? {
        Document::Baseline(side) => {
            // A baseline has only what is the program's: all others would look new.
            config.show_framework = false;
            side
        }
        Document::Runs(summaries) => {
            told.drawn[0] = Drawn::of(&summaries);
            Side::new(&summaries, config.rounds)
        }
    };
    if base.runs().next().is_none() {
        return Err(Error::Document {
            file: name,
            fault: DocumentFault::Incomplete,
            message: "a baseline without any run".to_owned(),
            advice: "make it anew: gotrace-diff baseline create TRACE...".to_owned(),
        });
    }
    let how =
        compare::How { against_baseline: true, design: Design { recorded: Recorded::Apart, ..Design::default() } };
    let comparison = compare::join(&mut told, base, head, &config, how, args.report.writes(Format::Json))?;
    if let Some(commit) = &commit {
        match super::configure_in(&args.gate, &WorkingTree) {
            Ok(working) => told.warnings.extend(drift::configuration(commit, &config, &working, &comparison)),
            Err(error) => told
                .warnings
                .push(format!("the configuration here is not understood ({error}); that of {} was used", commit.name)),
        }
        told.warnings.extend(drift::baseline(commit, &path, &text));
    }
    let mut report = compare::tell(&comparison, told, &config, how.against_baseline)?;
    if report.exit_code != exit::PASS {
        candidate.offer(&mut report);
    }
    compare::own(&mut report, &args.report)?;
    output::report(&report, &args.report)
}

/// The baseline: as said, as configured, or the nearest one; where there is none, where it should be.
fn locate(args: &CheckArgs, config: &Config, here: &Path, files: &dyn Files) -> Result<PathBuf, Error> {
    if let Some(path) = args.baseline.clone().or_else(|| config.baseline.clone()) {
        return Ok(path);
    }
    for folder in here.ancestors() {
        let path = folder.join(baseline::FILE_NAME);
        if files.read(&path, documents::MOST_BYTES)?.is_some() {
            return Ok(path);
        }
        if folder.join(".git").exists() {
            break;
        }
    }
    Ok(super::baseline::default_path(here))
}

/// What is done where there is no baseline: never a silent pass.
fn missing(
    candidate: &Candidate<'_>,
    commit: Option<&Commit>,
    policy: OnMissingBaseline,
    told: compare::Told,
) -> Result<u8, Error> {
    let path = candidate.baseline;
    let shown = super::shown(path);
    let mut place = shown.clone();
    if let Some(commit) = commit {
        place = format!("{shown} in {}", commit.name);
    }
    let report = |exit_code: u8, why: String| Report {
        warnings: told.warnings.iter().map(|w| w.as_str().into()).collect(),
        not_compared: told.left_out.clone(),
        ..Report::without_findings(Verdict::Inconclusive, exit_code, why.into())
    };
    let args = &candidate.args.report;
    match policy {
        OnMissingBaseline::Create => {
            let text = baseline::write(&candidate.head, &Repository::around(&super::working_folder()?))?;
            output::write_file(path, &text)?;
            let runs = candidate.head.runs().count();
            let mut report = report(
                exit::PASS,
                format!(
                    "inconclusive: there was no baseline at {place}; it was made of the {runs} runs at hand: nothing was compared"
                ),
            );
            report.advice = Some(Advice {
                why: "To gate by it from now on, commit it:".into(),
                commands: vec![format!("git add {}", quoted(&shown)).into()],
            });
            output::report(&report, args)
        }
        OnMissingBaseline::Warn | OnMissingBaseline::Fail => {
            let fails = policy == OnMissingBaseline::Fail;
            let code = if fails { exit::ERROR } else { exit::PASS };
            let mut report =
                report(code, format!("inconclusive: there is no baseline at {place}: nothing was compared"));
            if commit.is_some() && path.is_file() {
                report
                    .warnings
                    .push(format!("{shown} is there in the working tree, and gates once it is committed there").into());
            }
            candidate.offer(&mut report);
            let error = Error::MissingBaseline { path: path.clone() };
            match (fails, args.format) {
                (false, _) => output::report(&report, args),
                // Programs are told as they are of every other error.
                (true, ReportFormat::Json) => output::report_files(&report, args).and(Err(error)),
                (true, _) => {
                    output::report(&report, args)?;
                    Ok(output::fail(&error, false))
                }
            }
        }
    }
}

/// The runs at hand as the baseline that they would be.
struct Candidate<'a> {
    args: &'a CheckArgs,
    baseline: &'a PathBuf,
    head: Side,
}

impl Candidate<'_> {
    /// Writes it, and says how it is taken. That it cannot be written does not change the verdict.
    fn offer(&self, report: &mut Report) {
        let path = match &self.args.candidate {
            Some(path) if path.as_os_str() == "none" => return,
            Some(path) => path.clone(),
            None => beside(self.baseline),
        };
        let shown = super::shown(&path);
        let written = super::working_folder()
            .and_then(|here| baseline::write(&self.head, &Repository::around(&here)))
            .and_then(|text| output::write_file(&path, &text));
        if let Err(error) = written {
            report.warnings.push(format!("no candidate for a new baseline: {error}").into());
            return;
        }
        let to = super::shown(self.baseline);
        let into = if to == baseline::FILE_NAME { String::new() } else { format!(" -o {}", quoted(&to)) };
        let command = format!("gotrace-diff baseline update{into} {}", quoted(&shown));
        match &mut report.advice {
            Some(advice) => {
                advice.commands.extend(["# Or take the runs at hand as the new baseline:".into(), command.into()])
            }
            None => {
                report.advice = Some(Advice {
                    why: "To take the runs at hand as the new baseline, all of it:".into(),
                    commands: vec![command.into()],
                });
            }
        }
    }
}

/// `gotrace-baseline.candidate.json` beside `gotrace-baseline.json`.
pub(super) fn beside(baseline: &Path) -> PathBuf {
    let stem = baseline.file_stem().unwrap_or_default().to_string_lossy();
    baseline.with_file_name(format!("{stem}.candidate.json"))
}
