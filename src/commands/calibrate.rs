//! `gotrace-diff calibrate TRACE...`: what the gate would make of runs of one version.
//!
//! ```text
//!   runs of one version   1 2 3 4 5 6 7 8 9 10
//!   a split, alternate    b h h b b h b h h b     unchanged code, judged as if it were two versions
//! ```

use std::fmt::Write as _;

use super::{inputs, output};
use crate::cli::{CalibrateArgs, Color, Format};
use crate::compare::{self, Design, Presence, Recorded, Side};
use crate::config::{Config, Level, WorkingTree};
use crate::error::{Error, exit};
use crate::gate::{self, Judged, Verdict, evidence};
use crate::metrics::registry::{Class, SubjectKind};
use crate::narrow::Narrow;
use crate::report::escape::term;
use crate::report::units;
use crate::stats::random::Random;

/// Splits that are judged.
const SPLITS: usize = 200;
/// The fewest runs that can be split into two sides that a test can decide on.
const LEAST_RUNS: usize = 2 * evidence::RUNS_FOR_TEST;
/// What splits are drawn from.
pub(super) const SEED: u64 = 1;
/// A series that only a larger change shows in is no use as a gate by itself.
const DEAF: f64 = 0.5;

/// What one series' runs say.
#[derive(serde::Serialize)]
struct Noise {
    package: String,
    kind: SubjectKind,
    subject: String,
    metric: String,
    /// The standard deviation of the logarithms: the relative noise.
    noise: f64,
    /// The relative change that 5 and 10 runs a side would show.
    detectable_5: f64,
    detectable_10: f64,
}

#[derive(serde::Serialize)]
struct Calibration {
    schema: &'static str,
    runs: usize,
    runs_a_side: usize,
    splits: usize,
    fails: usize,
    inconclusive: usize,
    series: Vec<Noise>,
    rules: String,
    exit_code: u8,
}

/// Reads the runs, and refuses too few.
pub(super) fn read(args: &CalibrateArgs) -> Result<(Side, Config), Error> {
    let mut config = super::configure(&args.gate)?;
    let options = super::compare::options(&args.gate);
    let input =
        inputs::read(&[&args.traces], &args.gate.test_json, &options, &Narrow::default())?.pop().unwrap_or_default();
    let names = input.packages();
    super::nested::by_package(&mut config, &args.gate, &WorkingTree, names.iter().map(String::as_str))?;
    let mut side = input.into_side(&config.rounds_of(), None);
    side.keep_apart(|package| &config.of(package).framework);
    let runs = side.rounds();
    if runs < LEAST_RUNS {
        return Err(Error::Usage(format!(
            "{runs} runs of a package are too few: record {LEAST_RUNS} or more of one version, as with gotrace-diff record --runs 10 --out DIR"
        )));
    }
    Ok((side, config))
}

/// A split into two sides of neighbours.
pub(super) fn split(side: &Side, random: &mut Random) -> (Vec<usize>, Vec<usize>) {
    let (mut base, mut head) = (Vec::new(), Vec::new());
    for pair in 0..side.rounds() / 2 {
        let turned = usize::from(random.coin());
        base.push(2 * pair + turned);
        head.push(2 * pair + 1 - turned);
    }
    (base, head)
}

pub(super) fn judge(base: Side, head: Side, config: &Config) -> (compare::Comparison, Judged) {
    let mut comparison = compare::compare(base, head);
    comparison.design = Design { recorded: Recorded::Alternately, share: 1.0 };
    let judged = gate::judge(&comparison, config);
    (comparison, judged)
}

/// `calibrate`.
pub(super) fn calibrate(args: &CalibrateArgs) -> Result<u8, Error> {
    let (side, config) = read(args)?;
    let mut random = Random::new(SEED);
    let (mut fails, mut inconclusive) = (0, 0);
    for _ in 0..SPLITS {
        let (base, head) = split(&side, &mut random);
        match judge(side.take(&base), side.take(&head), &config).1.verdict {
            Verdict::Regression => fails += 1,
            Verdict::Inconclusive => inconclusive += 1,
            Verdict::Pass => {}
        }
    }
    let series = noise(&side, &config);
    let told = Calibration {
        schema: "gotrace-diff/calibration/1",
        runs: side.rounds(),
        runs_a_side: side.rounds() / 2,
        splits: SPLITS,
        fails,
        inconclusive,
        rules: rules(&series),
        series,
        exit_code: exit::PASS,
    };
    let text = match args.format {
        Format::Json => crate::report::json::document(&told)?,
        _ => tell(&told),
    };
    output::print(&text, Color::Never)?;
    Ok(exit::PASS)
}

/// The noise of every time that can fail the build.
fn noise(side: &Side, config: &Config) -> Vec<Noise> {
    let all: Vec<usize> = (0..side.rounds()).collect();
    let (comparison, judged) = judge(side.take(&all), side.take(&all), config);
    let mut series = Vec::new();
    for judgement in judged.judgements.iter().filter(|j| j.terms.level == Level::Error) {
        let (p, s, c) = judgement.at;
        let (package, subject) = (&comparison.packages[p], &comparison.packages[p].subjects[s]);
        let change = &subject.changes[c];
        let Presence::Both { base, .. } = &change.presence else { continue };
        if change.metric.class != Class::Time || base.median() < judgement.terms.min_delta {
            continue;
        }
        let logs: Vec<f64> = base.values().iter().map(|v| (v.max(0.0) + judgement.terms.min_delta).ln()).collect();
        let mean = logs.iter().sum::<f64>() / logs.len() as f64;
        let noise = (logs.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / (logs.len().max(2) - 1) as f64).sqrt();
        let detectable = |n: usize| evidence::detectable_change(noise, n, judgement.terms.max_increase);
        series.push(Noise {
            package: package.name.clone(),
            kind: subject.kind,
            subject: subject.name().to_owned(),
            metric: change.path.to_string(),
            noise,
            detectable_5: detectable(5),
            detectable_10: detectable(10),
        });
    }
    series
}

/// Rules for series that no number of runs that anyone makes would gate by: shown, rather than silent.
fn rules(series: &[Noise]) -> String {
    let mut text = String::new();
    for one in series.iter().filter(|s| s.detectable_10 > DEAF) {
        let quote = |s: &str| serde_json::to_string(s).unwrap_or_default();
        let subject =
            if one.subject.is_empty() { String::new() } else { format!("subject = {}\n", quote(&one.subject)) };
        let _ = write!(
            text,
            "[[rule]] # noise {}: 10 runs a side show {} or more\nkind = \"{}\"\n{subject}metric = {}\nlevel = \"warn\"\n\n",
            units::percent(one.noise),
            units::change(one.detectable_10),
            one.kind,
            quote(&one.metric)
        );
    }
    text
}

fn tell(told: &Calibration) -> String {
    let mut out = format!(
        "{} runs. Of {} splits of them into {} and {} runs, {} fail the build and {} are inconclusive.\n",
        told.runs, told.splits, told.runs_a_side, told.runs_a_side, told.fails, told.inconclusive
    );
    let mut package = "";
    for one in &told.series {
        if one.package != package {
            let _ = writeln!(out, "\n{}\n   noise  5 runs show  10 runs show  series", term(&one.package));
            package = &one.package;
        }
        let _ = writeln!(
            out,
            "{:>8} {:>12} {:>13}  {} {} {}",
            units::percent(one.noise),
            units::change(one.detectable_5),
            units::change(one.detectable_10),
            one.kind,
            term(&one.subject),
            term(&one.metric)
        );
    }
    if !told.rules.is_empty() {
        let _ = write!(
            out,
            "\nToo noisy to gate by (only changes of more than {} show). For gotrace-diff.toml:\n\n{}",
            units::percent(DEAF),
            told.rules.lines().map(|l| term(l) + "\n").collect::<String>()
        );
    }
    out
}
