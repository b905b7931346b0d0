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
use super::baseline::places::Places;
use super::documents::{self, Document};
use super::written::{self, Inputs, Output};
use super::{compare, drift, inputs, output};
use crate::baseline::Baseline;
use crate::cli::{CheckArgs, ReportArgs};
use crate::compare::{Design, Recorded, Side};
use crate::config::{Config, Files, OnMissingBaseline, WorkingTree};
use crate::error::{DocumentFault, Error, exit};
use crate::gate::accept::quoted;
use crate::paths::Repository;
use crate::report::advice;
use crate::report::build::Drawn;
use crate::report::format::Format;
use crate::report::model::{Advice, Report, Verdict};

pub(super) fn run(args: &CheckArgs) -> Result<u8, Error> {
    let here = super::working_folder()?;
    let (commit, config) = match args.baseline_ref.as_deref().map(|name| Commit::of(name, &here)).transpose() {
        Ok(commit) => {
            let config = super::configure_in(&args.gate, files_of(commit.as_ref()));
            (commit, config)
        }
        Err(error) => (None, Err(error)),
    };
    let baseline = match (&args.baseline, &config) {
        (Some(path), _) => Some(path.clone()),
        (None, Ok(config)) => Places::new(config, files_of(commit.as_ref()), &here).for_all().ok(),
        (None, Err(_)) => None,
    };
    let inputs = super::of_gate(&args.gate).runs(&args.head).files(&baseline);
    written::reporting(&args.report, config, candidate(args), &inputs, |config, how| {
        check(args, how, commit.as_ref(), config)
    })
}

fn files_of(commit: Option<&Commit>) -> &dyn Files {
    commit.map_or(&WorkingTree, |commit| commit)
}

/// The candidate, where it is said where that goes: by itself it goes where nothing else does.
fn candidate(args: &CheckArgs) -> Option<Output> {
    let path = args.candidate.as_ref().filter(|path| path.as_os_str() != "none")?;
    Some(Output::new("--candidate", path, true))
}

fn check(args: &CheckArgs, report_args: &ReportArgs, commit: Option<&Commit>, mut config: Config) -> Result<u8, Error> {
    let here = super::working_folder()?;
    let files = files_of(commit);
    let narrow = args.gate.narrow.narrow()?;
    let options = compare::options(&args.gate);
    let head = inputs::read(&[&args.head], &args.gate.test_json, &options, &narrow)?.pop().unwrap_or_default();
    super::nested::by_package(&mut config, &args.gate, files, head.packages().iter().map(String::as_str))?;
    if let Some(policy) = args.on_missing_baseline {
        config.on_missing_baseline = policy;
        config.nested.values_mut().for_each(|own| own.on_missing_baseline = policy);
    }
    let mut told = compare::Told::of(&[&head], &config);
    let runs = head.baseline(&config.rounds_of());
    let head = head.into_side(&config.rounds_of(), None);
    let places = Places::new(&config, files, &here);
    let parts = places.route(runs.clone(), args.baseline.as_deref())?;
    let path = match &parts.keys().collect::<Vec<_>>()[..] {
        [only] => (*only).clone(),
        _ => places.for_all()?,
    };
    let outputs: Vec<Output> = Output::reports(report_args).into_iter().chain(candidate(args)).collect();
    written::apart(&outputs, &Inputs::default().files(parts.keys()))?;
    let candidate = Candidate { args, report: report_args, baseline: &path, head: runs };
    let (mut base, mut texts, mut without) = (Side::default(), Vec::new(), Vec::new());
    let mut shows_framework = true;
    for (path, part) in parts {
        let Some(text) = files.read(&path, documents::MOST_BYTES)? else {
            without.push((path, part));
            continue;
        };
        let name = match commit {
            Some(commit) => format!("{}:{}", commit.name, super::shown(&path)),
            None => path.display().to_string(),
        };
        let side = match documents::parse(&name, &text)? {
            Document::Baseline(baseline) => {
                // A baseline has only what is the program's: all others would look new.
                shows_framework = false;
                let (mut side, said) = baseline.beside(&head);
                told.warnings.extend(said);
                // What has a nearer baseline is not compared with this one too.
                let here = part.packages();
                side.packages.retain(|name, _| here.contains(name.as_str()) || !head.packages.contains_key(name));
                side
            }
            Document::Runs(summaries) => {
                told.drawn[0] = Drawn::of(&summaries);
                Side::of_packages(&summaries, &config.rounds_of())
            }
        };
        if side.runs().next().is_none() {
            return Err(Error::Document {
                file: name,
                fault: DocumentFault::Incomplete,
                message: "a baseline without any run".to_owned(),
                advice: "make it anew: gotrace-diff baseline create TRACE...".to_owned(),
            });
        }
        base.absorb(side);
        texts.push((path, text));
    }
    // Of several packages the strictest policy holds for what they have in common.
    let policy_of = |part: &Baseline| {
        let policies: Vec<_> = part.packages().into_iter().map(|p| config.of(p).on_missing_baseline).collect();
        let strictest = [OnMissingBaseline::Fail, OnMissingBaseline::Warn, OnMissingBaseline::Create];
        strictest.into_iter().find(|policy| policies.contains(policy)).unwrap_or(config.on_missing_baseline)
    };
    let policies: Vec<OnMissingBaseline> = without.iter().map(|(_, part)| policy_of(part)).collect();
    let fails = policies.contains(&OnMissingBaseline::Fail);
    let policy = match policies.first() {
        _ if fails => OnMissingBaseline::Fail,
        Some(first) if policies.iter().all(|p| p == first) => *first,
        _ => OnMissingBaseline::Warn,
    };
    // Where there are several, those that are there are compared, unless the policy wants all of them.
    if !without.is_empty() && (texts.is_empty() || fails) {
        return missing(&candidate, &without, commit, policy, told);
    }
    for ((path, part), policy) in without.iter().zip(policies) {
        let name = super::shown(path);
        if policy == OnMissingBaseline::Create {
            output::write_file(path, &portable(part)?)?;
            told.warnings.push(format!(
                "there was no baseline at {name}: it was made of the runs at hand, and nothing of it was compared"
            ));
        } else {
            told.warnings.push(format!("there is no baseline at {name}: nothing of it was compared"));
        }
    }
    let how =
        compare::How { against_baseline: true, design: Design { recorded: Recorded::Apart, ..Design::default() } };
    config.show_framework &= shows_framework;
    config.nested.values_mut().for_each(|own| own.show_framework &= shows_framework);
    let comparison = compare::join(&mut told, base, head, &config, how, report_args.writes(Format::Json))?;
    if let Some(commit) = commit {
        let packages = || comparison.packages.iter().map(|p| p.name.as_str());
        let working = super::configure_in(&args.gate, &WorkingTree).and_then(|mut working| {
            super::nested::by_package(&mut working, &args.gate, &WorkingTree, packages())?;
            Ok(working)
        });
        match working {
            Ok(working) => told.warnings.extend(drift::configuration(commit, &config, &working, &comparison)),
            Err(error) => told
                .warnings
                .push(format!("the configuration here is not understood ({error}); that of {} was used", commit.name)),
        }
        for (path, text) in &texts {
            told.warnings.extend(drift::baseline(commit, path, text));
        }
    }
    let mut report = compare::tell(&comparison, told, &config, how.against_baseline)?;
    if report.exit_code != exit::PASS {
        candidate.offer(&mut report);
    }
    compare::own(&mut report, report_args)?;
    output::report(&report, report_args)
}

/// What is done where there is no baseline: never a silent pass.
fn missing(
    candidate: &Candidate<'_>,
    without: &[(PathBuf, Baseline)],
    commit: Option<&Commit>,
    policy: OnMissingBaseline,
    told: compare::Told,
) -> Result<u8, Error> {
    let path = candidate.baseline;
    let shown = without.iter().map(|(path, _)| super::shown(path)).collect::<Vec<_>>().join(", ");
    let mut place = shown.clone();
    if let Some(commit) = commit {
        place = format!("{shown} in {}", commit.name);
    }
    let report = |exit_code: u8, why: String| Report {
        warnings: told.warnings.iter().map(|w| w.as_str().into()).collect(),
        not_compared: told.left_out.clone(),
        ..Report::without_findings(Verdict::Inconclusive, exit_code, why.into())
    };
    let args = candidate.report;
    match policy {
        OnMissingBaseline::Create => {
            for (path, part) in without {
                output::write_file(path, &portable(part)?)?;
            }
            let runs = candidate.head.runs();
            let mut report = report(
                exit::PASS,
                format!(
                    "inconclusive: there was no baseline at {place}; it was made of the {runs} runs at hand: nothing was compared"
                ),
            );
            report.advice = Some(Advice {
                why: "To gate by it from now on, commit it:".into(),
                commands: vec![
                    format!(
                        "git add {}",
                        without.iter().map(|(p, _)| quoted(&super::shown(p))).collect::<Vec<_>>().join(" ")
                    )
                    .into(),
                ],
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
            let error = Error::MissingBaseline { path: without.first().map_or(path, |(path, _)| path).clone() };
            match (fails, args.format()) {
                (false, _) => output::report(&report, args),
                // Programs are told as they are of every other error. The files are of this run, and stay.
                (true, Format::Json) => {
                    output::report_files(&report, args)?;
                    Ok(output::fail(&error, true))
                }
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
    report: &'a ReportArgs,
    baseline: &'a PathBuf,
    head: Baseline,
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
        let written = portable(&self.head).and_then(|text| output::write_file(&path, &text));
        if let Err(error) = written {
            report.warnings.push(format!("no candidate for a new baseline: {error}").into());
            return;
        }
        // Where it goes by itself is not said.
        let flag = |name: &str, path: &Option<PathBuf>| {
            path.as_ref().map_or(String::new(), |p| format!(" {name} {}", quoted(&super::shown(p))))
        };
        let (config, into) = (flag("--config", &self.args.gate.config), flag("-o", &self.args.baseline));
        let command = format!("gotrace-diff baseline update{config}{into} {}", quoted(&shown));
        let accept = report.leads().find_map(|f| f.accept.clone());
        match &mut report.advice {
            Some(advice) if accept.is_some() => {
                advice.commands.extend(advice::accepting(accept.as_ref(), command));
            }
            Some(advice) => {
                advice.commands.extend(["# Or take the runs at hand as the new baseline:".into(), command.into()])
            }
            None => {
                let why = match accept {
                    Some(_) => "What is meant to be so, and is to be the rule from now on, is accepted:",
                    None => "To take the runs at hand as the new baseline, all of it:",
                };
                let commands = advice::accepting(accept.as_ref(), command);
                report.advice = Some(Advice { why: why.into(), commands });
            }
        }
    }
}

/// The text of a baseline of runs that were just read.
fn portable(runs: &Baseline) -> Result<String, Error> {
    runs.portable(&Repository::around(&super::working_folder()?))?.render()
}

/// `gotrace-baseline.candidate.json` beside `gotrace-baseline.json`.
pub(super) fn beside(baseline: &Path) -> PathBuf {
    let stem = baseline.file_stem().unwrap_or_default().to_string_lossy();
    baseline.with_file_name(format!("{stem}.candidate.json"))
}
