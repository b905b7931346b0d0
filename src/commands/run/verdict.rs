//! Recording until the verdict is clear, and telling it.
//!
//! Each package is looked at on its own while it is recorded ([`super::schedule`] says when and at which level), all of
//! them together at the end. What is suspected then and not proven is recorded afresh: the fresh runs alone decide on
//! it, since what made it look suspicious may not count twice.

use std::collections::BTreeMap;
use std::time::Duration;

use super::plan::{Plan, Told};
use super::pool;
use super::schedule;
use super::session::{Ended, Recorded, Recorder, Target};
use crate::cli::RunArgs;
use crate::commands::{compare, diagnoses, output};
use crate::compare::{self as joining, Comparison, Design, Recorded as How, Side};
use crate::config::{Config, OnInconclusive};
use crate::error::{Error, exit};
use crate::gate::accept::quoted;
use crate::gate::{self, Doubt, Judged, Verdict};
use crate::report::build::Drawn;
use crate::report::format::Format as ReportFormat;
use crate::report::model::{NotCompared, Report, Verdict as Means};
use crate::stats::sample::median;

/// Above this chance that unchanged code looks at least as bad, recording stops: nothing is suspected.
const CLEAR: f64 = 0.25;
/// At least so many runs a side are advised.
const MORE_RUNS: u32 = 10;
/// A tracer that slows tests down by more is warned of.
const DISTORTED: f64 = 0.20;

/// Why packages are missing that should have been compared.
pub(in crate::commands) const NOT_RECORDED: &str = "no run of them could be recorded";

/// What was recorded.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    packages: BTreeMap<String, Recorded>,
    warnings: Vec<String>,
    left_out: Vec<NotCompared>,
    /// Packages without any pair.
    missing: usize,
}

/// Records everything.
pub(super) fn reach(
    recorder: &mut Recorder<'_>,
    plan: &Plan,
    args: &RunArgs,
    config: &Config,
) -> Result<Outcome, Error> {
    let mut result = Outcome::default();
    let looks = schedule::looks(args.runs as usize, !args.all_runs);
    for target in &plan.targets {
        let mut recorded = Recorded::default();
        let mut ended = Ended::Enough;
        for look in &looks {
            ended = recorder.record(target, &mut recorded, look.pairs)?;
            if ended != Ended::Enough || is_clear(&recorded, look.share, config) {
                break;
            }
        }
        if args.untraced > 0 && ended == Ended::Enough {
            recorder.untraced(target, &mut recorded, args.untraced as usize)?;
        }
        result.note(target, &recorded, ended, args);
        result.packages.insert(target.package.clone(), recorded);
    }
    confirm(recorder, plan, args, config, &mut result)?;
    Ok(result)
}

/// Whether more runs of a package would not change what is said of it.
fn is_clear(recorded: &Recorded, share: f64, config: &Config) -> bool {
    let judged = judge(std::iter::once(recorded), share, config).1;
    match judged.verdict {
        Verdict::Regression => share > 0.0 || judged.is_certain(),
        _ => judged.suspicion > CLEAR,
    }
}

/// The part of the level that the last look has.
fn looks_share(args: &RunArgs) -> f64 {
    schedule::looks(args.runs as usize, !args.all_runs).last().map_or(1.0, |look| look.share)
}

/// Joins and judges what was recorded.
fn judge<'r>(recorded: impl Iterator<Item = &'r Recorded>, share: f64, config: &Config) -> (Comparison, Judged) {
    let (mut base, mut head) = (Vec::new(), Vec::new());
    for one in recorded {
        base.extend(one.base.iter().cloned());
        head.extend(one.head.iter().cloned());
    }
    let rounds = config.rounds_of();
    let mut base = Side::of_packages(&base, &rounds);
    let mut head = Side::of_packages(&head, &rounds);
    compare::prepare(&mut base, &mut head, config);
    let mut comparison = joining::compare(base, head);
    comparison.design = Design { recorded: How::Alternately, share };
    let judged = gate::judge(&comparison, config);
    (comparison, judged)
}

/// Records the packages afresh that look worse and are not proven so.
fn confirm(
    recorder: &mut Recorder<'_>,
    plan: &Plan,
    args: &RunArgs,
    config: &Config,
    result: &mut Outcome,
) -> Result<(), Error> {
    let share = looks_share(args);
    let (comparison, judged) = judge(result.packages.values().filter(|r| !r.head.is_empty()), share, config);
    let suspects = judged.suspects(&comparison);
    for target in plan.targets.iter().filter(|t| suspects.contains(&t.package)) {
        let Some(known) = result.packages.get(&target.package) else { continue };
        let pairs = known.head.len().max(args.runs as usize);
        let mut fresh = known.anew();
        recorder.progress.step(&format!("{}: looks slower; recording it afresh", target.package));
        if recorder.record(target, &mut fresh, pairs)? != Ended::Enough {
            result.warnings.push(format!(
                "{}: looks slower, and there was no time to record it afresh: give more --max-time",
                target.package
            ));
            continue;
        }
        let before = known.head.len();
        let still = judge(std::iter::once(&fresh), share, config).1.verdict;
        result.warnings.push(match still {
            Verdict::Pass => format!(
                "{}: looked slower in {before} runs a side, and not in {pairs} fresh ones, which decide",
                target.package
            ),
            _ => format!("{}: looked slower in {before} runs a side; {pairs} fresh ones decide", target.package),
        });
        result.packages.insert(target.package.clone(), fresh);
    }
    Ok(())
}

impl Outcome {
    /// Notes what is worth knowing of how a package was recorded.
    fn note(&mut self, target: &Target, recorded: &Recorded, ended: Ended, args: &RunArgs) {
        let package = &target.package;
        for (test, runs) in &recorded.failures {
            // The runs that decide say more.
            if recorded.is_of_one_side(test) && !recorded.head.is_empty() {
                continue;
            }
            self.warnings.push(format!(
                "{package}: {test} failed in {}; {}",
                failed_in(*runs),
                if recorded.skipped.contains(test) {
                    "it is left out on both sides"
                } else {
                    "each of them was recorded again, with its counterpart"
                }
            ));
        }
        match ended {
            Ended::Enough => {}
            Ended::OutOfTime => {
                let of = args.runs;
                self.warnings
                    .push(format!("{package}: {} of {of} pairs recorded when the time was up", recorded.head.len()));
            }
            Ended::Hopeless => self.warnings.push(format!("{package}: given up: {}", recorded.said)),
        }
        if recorded.head.is_empty() {
            self.missing += 1;
            let why = NOT_RECORDED;
            match self.left_out.iter_mut().find(|n| n.why.is(why)) {
                Some(known) => known.count += 1,
                None => self.left_out.push(NotCompared { what: "packages".into(), why: why.into(), count: 1 }),
            }
        }
        self.distortion(package, recorded);
    }

    /// How much the tracer slows tests down, and whether it hides or makes a change.
    fn distortion(&mut self, package: &str, recorded: &Recorded) {
        let middle = |times: &[Duration]| median(&times.iter().map(Duration::as_secs_f64).collect::<Vec<_>>());
        let [base, head] = &recorded.untraced;
        let (Some(traced), Some(head)) = (middle(&recorded.traced), middle(head)) else { return };
        let untraced = middle(base).map_or(head, |b| f64::midpoint(b, head));
        let slower = traced / untraced.max(1e-9) - 1.0;
        if slower > DISTORTED {
            self.warnings.push(format!(
                "{package}: the tracer slows its tests down by {:.0} % ({:.0} ms traced, {:.0} ms not): figures of what it traces most, as short waits and hand-overs, are distorted",
                slower * 100.0,
                traced * 1e3,
                untraced * 1e3
            ));
        }
        let duration = |runs: &[crate::summary::Summary]| {
            median(&runs.iter().map(|s| s.end_ns.saturating_sub(s.start_ns) as f64).collect::<Vec<_>>())
        };
        if let (Some(b), Some(h), Some(ub)) = (duration(&recorded.base), duration(&recorded.head), middle(base)) {
            let (traced, untraced) = (h / b.max(1.0) - 1.0, head / ub.max(1e-9) - 1.0);
            if (traced - untraced).abs() > DISTORTED {
                self.warnings.push(format!(
                    "{package}: traced and untraced runs disagree: wall time {:+.0} % with the tracer, {:+.0} % without",
                    traced * 100.0,
                    untraced * 100.0
                ));
            }
        }
    }
}

/// `1 run of the base and 2 runs of the head`.
fn failed_in([base, head]: [usize; 2]) -> String {
    let of = |n: usize, side: &str| match n {
        0 => None,
        1 => Some(format!("1 run of the {side}")),
        n => Some(format!("{n} runs of the {side}")),
    };
    [of(base, "base"), of(head, "head")].into_iter().flatten().collect::<Vec<_>>().join(" and ")
}

/// Tells the verdict.
pub(super) fn tell(result: Outcome, told: &Told, args: &RunArgs, config: &Config) -> Result<u8, Error> {
    let report_args = &args.report.over(&config.report);
    let mut warnings = told.warnings.clone();
    warnings.extend(result.warnings);
    let mut left_out = told.left_out.clone();
    left_out.extend(result.left_out);
    let (mut base, mut head) = (Vec::new(), Vec::new());
    for recorded in result.packages.into_values() {
        base.extend(recorded.base);
        head.extend(recorded.head);
    }
    pool::write(args.summaries.as_deref(), &base, &head)?;
    warnings.extend(pool::read(&args.pool, &mut base, &mut head)?);
    let missing = result.missing + told.broken;
    let mut kept = report_args.output.clone();
    if let Some(keep) = &args.keep {
        std::fs::create_dir_all(keep).map_err(|source| Error::Write { file: keep.display().to_string(), source })?;
        kept.push((ReportFormat::Json, keep.join("report.json")));
    }
    let report_args = crate::cli::ReportArgs { output: kept, ..report_args.clone() };
    if head.is_empty() {
        if missing > 0 {
            return Err(Error::NothingInCommon(format!(
                "no package could be recorded: {}",
                warnings.last().cloned().unwrap_or_default()
            )));
        }
        return output::report(&nothing_to_run(told, warnings, left_out, config), &report_args);
    }
    let how = compare::How {
        against_baseline: false,
        design: Design { recorded: How::Alternately, share: looks_share(args) },
    };
    let told = compare::Told {
        warnings,
        left_out,
        drawn: [Drawn::of(&base), Drawn::of(&head)],
        diagnoses: diagnoses::changes(&base, &head, config),
        untested: told.untested.clone(),
        ..compare::Told::default()
    };
    let rounds = config.rounds_of();
    let (base, head) = (Side::of_packages(&base, &rounds), Side::of_packages(&head, &rounds));
    let mut report = compare::judged(told, base, head, config, how, report_args.writes(ReportFormat::Json))?;
    if missing > 0 && report.exit_code == exit::PASS {
        not_a_pass(&mut report, missing);
    }
    // Who has recorded with this command does so again.
    if let Some(advice) = report.advice.as_mut().filter(|a| !a.commands.is_empty()) {
        advice.why = "To be sure, record more runs:".into();
        advice.commands = vec![again(args).into()];
    }
    compare::own(&mut report, &report_args)?;
    output::report(&report, &report_args)
}

/// What should have been compared and was not is no pass.
fn not_a_pass(report: &mut Report, missing: usize) {
    if report.verdict == Means::Pass {
        let s = if missing == 1 { "" } else { "s" };
        report.headline = format!("inconclusive: {missing} package{s} could not be recorded; see the warnings").into();
        report.verdict = Means::Inconclusive;
    }
    report.exit_code = exit::INCONCLUSIVE;
}

/// The command that records the same with more runs.
fn again(args: &RunArgs) -> String {
    let mut words: Vec<String> = ["gotrace-diff", "run"].map(str::to_owned).into();
    words.extend(args.packages.iter().filter(|p| *p != "./...").cloned());
    let mut flag = |name: &str, value: Option<String>| words.extend(value.map(|v| format!("{name}={v}")));
    let path = |path: &Option<std::path::PathBuf>| path.as_ref().map(|p| p.display().to_string());
    flag("--base", args.base.clone());
    flag("--head", args.head.clone());
    flag("--base-binary", path(&args.base_binary));
    flag("--head-binary", path(&args.head_binary));
    flag("--self-traced", args.recording.self_traced.clone());
    flag("--config", path(&args.gate.config));
    flag("--runs", Some((args.runs.saturating_mul(2).clamp(MORE_RUNS, 1000)).to_string()));
    if args.affected {
        words.push("--affected".to_owned());
    }
    if args.all_packages {
        words.push("--all-packages".to_owned());
    }
    if !args.flags.is_empty() {
        words.push("--".to_owned());
        words.extend(args.flags.iter().cloned());
    }
    words.iter().map(|word| quoted(word)).collect::<Vec<_>>().join(" ")
}

/// All packages are the same on both sides, which needs no run to be known; or there is none to compare.
fn nothing_to_run(told: &Told, mut warnings: Vec<String>, left_out: Vec<NotCompared>, config: &Config) -> Report {
    let fails = |config: &Config| config.on_inconclusive == OnInconclusive::Fail;
    let (verdict, fails, headline) = if !told.untested.is_empty() {
        let doubt = Doubt::Untested(told.untested.clone()).to_string();
        let headline = format!("inconclusive: {doubt}");
        warnings.insert(0, doubt);
        (Means::Inconclusive, told.untested.iter().any(|package| fails(config.of(package))), headline)
    } else if told.unchanged > 0 {
        let are = if told.unchanged == 1 { " is" } else { "s are" };
        (Means::Pass, false, format!("pass: nothing had to run: {} package{are} unchanged", told.unchanged))
    } else {
        (Means::Inconclusive, fails(config), "inconclusive: no package has tests on both sides".to_owned())
    };
    let exit_code = if fails { exit::INCONCLUSIVE } else { exit::PASS };
    Report {
        not_compared: left_out,
        warnings: warnings.into_iter().map(Into::into).collect(),
        ..Report::without_findings(verdict, exit_code, headline.into())
    }
}
