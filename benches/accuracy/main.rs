//! How well the gate decides, measured on recorded runs: false alarms, detections, causes, cost, and the same for what
//! users have today.
//!
//! ```sh
//! cargo bench --profile accuracy --bench accuracy -- measure        # prints, and writes docs/accuracy.md
//! cargo bench --profile accuracy --bench accuracy -- pack FOLDER    # what accuracy/record.sh recorded, made small
//! ```
//!
//! Seeds are fixed: the same recordings give the same figures.
#![allow(missing_docs, unreachable_pub, clippy::print_stdout, clippy::print_stderr)]

mod data;
mod pack;
mod paper;
mod trial;

use std::process::ExitCode;
use std::sync::Mutex;

use data::Workload;
use gotrace_diff::compare::{Comparison, Design, Recorded, Side, compare};
use gotrace_diff::config::Config;
use gotrace_diff::gate;
use gotrace_diff::stats::random::Random;
use paper::{Cost, Rate, Row, Tables};
use trial::{Expected, Outcome};

/// Random splits of each workload at each number of runs.
const SPLITS: usize = 1000;
/// Trials of each regression at each number of runs.
const DETECTIONS: usize = 200;
/// Whole builds.
const BUILDS: usize = 100;
/// Packages of a whole build.
const PACKAGES: usize = 200;
/// Runs a side.
const RUNS: [usize; 3] = [10, 5, 1];
/// By how much `try` divides the trials.
const TRY: usize = 10;
const SEED: u64 = 20_261_124;

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).filter(|a| a != "--bench").collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let done = match args[..] {
        ["measure"] => measure(1, None),
        // So many times fewer trials, where the machine is wanted for something else; the paper says how many there were.
        ["measure", part] => match part.parse() {
            Ok(part) if (1..=DETECTIONS).contains(&part) => measure(part, None),
            _ => Err(format!("{part}: by how much to divide the trials, 1 to {DETECTIONS}")),
        },
        // A tenth of the trials, of all workloads or some, to try something out; nothing is written.
        ["try", ref only @ ..] => measure(TRY, Some(only)),
        // What unchanged code fails for, a tenth of the splits, of all workloads or some: one line for each series.
        ["alarms", ref only @ ..] => alarms(only),
        // How often each regression is found in each session, a tenth of the trials.
        ["found", ref only @ ..] => found(only),
        ["pack", folder] => pack::pack(std::path::Path::new(folder)),
        _ => {
            println!(
                "accuracy: -- measure [PART] | try [WORKLOAD...] | alarms [WORKLOAD...] | found [WORKLOAD...] | pack FOLDER (see benches/accuracy/main.rs)"
            );
            return ExitCode::SUCCESS;
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("accuracy: {message}");
            ExitCode::FAILURE
        }
    }
}

/// All workloads, or those with these names.
fn asked(only: &[&str]) -> Result<Vec<Workload>, String> {
    let mut workloads = data::load()?;
    workloads.retain(|w| only.is_empty() || only.contains(&w.name.as_str()));
    Ok(workloads)
}

/// Two sides of unchanged code that were recorded in this way.
fn unchanged(workload: &Workload, n: usize, recorded: Recorded, random: &mut Random) -> Option<(Side, Side)> {
    if recorded == Recorded::Apart { workload.apart(n, random) } else { workload.unchanged(n, random) }
}

/// What came of random splits of unchanged code.
fn splits(workload: &Workload, n: usize, recorded: Recorded, count: usize, name: &str) -> Vec<Outcome> {
    trials(count, name, |random| {
        let (base, head) = unchanged(workload, n, recorded, random)?;
        Some(trial::judge(base, head, recorded, None))
    })
}

/// What came of random choices of a regression's runs.
fn choices(
    workload: &Workload,
    (switch, expected): (&str, &Expected),
    n: usize,
    count: usize,
    name: &str,
) -> Vec<Outcome> {
    trials(count, name, |random| {
        let (base, head) = workload.regression(switch, n, random)?;
        Some(trial::judge(base, head, Recorded::Alternately, Some(expected)))
    })
}

/// The workload's switches, with what each has to be called.
fn switches(workload: &Workload) -> impl Iterator<Item = (&str, Expected)> {
    workload.switches.iter().filter_map(|switch| Some((switch.as_str(), trial::expected(switch)?)))
}

fn measure(part: usize, only: Option<&[&str]>) -> Result<(), String> {
    let workloads = asked(only.unwrap_or_default())?;
    let mut tables = Tables::default();
    for workload in &workloads {
        let name = &workload.name;
        for n in RUNS {
            let outcomes = splits(workload, n, Recorded::Alternately, SPLITS / part, &format!("{name}/{n}"));
            tables.unchanged.push(row(workload, "", n, &outcomes));
            let outcomes = splits(workload, n, Recorded::Apart, SPLITS / part / 4, &format!("{name}/{n}/apart"));
            tables.apart.push(row(workload, "", n, &outcomes));
            for (switch, expected) in switches(workload) {
                let of = format!("{name}/{switch}/{n}");
                let outcomes = choices(workload, (switch, &expected), n, DETECTIONS / part, &of);
                let mut row = row(workload, switch, n, &outcomes);
                row.doubles = expected.doubles;
                tables.regressions.push(row);
            }
        }
        let crowded = workload.crowded();
        for n in [10, 5] {
            let of = format!("{name}/{n}/crowded");
            let outcomes = splits(&crowded, n, Recorded::Alternately, SPLITS / part / 4, &of);
            tables.crowded.push(row(workload, "", n, &outcomes));
            for (switch, expected) in switches(workload) {
                let of = format!("{name}/{switch}/{n}/crowded");
                let outcomes = choices(&crowded, (switch, &expected), n, DETECTIONS / part, &of);
                tables.crowded.push(row(workload, switch, n, &outcomes));
            }
        }
        tables.cost.push(cost(workload, SPLITS / part / 4));
        eprintln!("{name}: {} runs", workload.runs());
    }
    for unseen in [false, true] {
        let of: Vec<&Workload> = workloads.iter().filter(|w| w.unseen == unseen).collect();
        for n in [10, 5] {
            let outcomes = trials(BUILDS / part, &format!("build/{unseen}/{n}"), |random| build(&of, n, random));
            tables.builds.push((unseen, n, Rate::of(&outcomes, |o| o.fails), Rate::of(&outcomes, |o| o.inconclusive)));
        }
    }
    let recorded = |w: &Workload| paper::Recorded {
        name: w.name.clone(),
        unseen: w.unseen,
        measured: w.recorded(),
        crowded: w.crowded().recorded(),
    };
    tables.recorded = workloads.iter().map(recorded).collect();
    let text = paper::write(&tables, (SPLITS / part, DETECTIONS / part, BUILDS / part, PACKAGES));
    println!("{text}");
    if only.is_none() {
        let path = data::folder().join("../docs/accuracy.md");
        std::fs::write(&path, text).map_err(|e| format!("{}: {e}", path.display()))?;
    }
    Ok(())
}

/// Prints how often each regression is found in each session.
fn found(only: &[&str]) -> Result<(), String> {
    for workload in &asked(only)? {
        for (switch, expected) in switches(workload) {
            for session in 0..workload.sessions.len() {
                let alone = workload.only(session);
                for n in [10, 5] {
                    let name = format!("{}/{switch}/{n}/{session}", workload.name);
                    let outcomes = choices(&alone, (switch, &expected), n, DETECTIONS / TRY, &name);
                    let rate = Rate::of(&outcomes, |o| o.fails);
                    println!("{} {switch} session {session}: {n} runs: {rate:?}", workload.name);
                }
            }
        }
    }
    Ok(())
}

/// Prints what fails on unchanged code, how often, and what on.
fn alarms(only: &[&str]) -> Result<(), String> {
    for workload in &asked(only)? {
        for n in [10, 5] {
            for (recorded, which) in [(Recorded::Alternately, ""), (Recorded::Apart, "/apart")] {
                let mut found = std::collections::BTreeMap::<String, usize>::new();
                for i in 0..SPLITS / TRY {
                    let mut random = Random::named(SEED + i as u64, &format!("{}/{n}{which}", workload.name));
                    let Some((base, head)) = unchanged(workload, n, recorded, &mut random) else { continue };
                    let mut comparison = compare(base, head);
                    comparison.design = Design { recorded, share: 1.0 };
                    for line in trial::failing(&comparison, &gate::judge(&comparison, &Config::default())) {
                        *found.entry(line).or_default() += 1;
                    }
                }
                for (line, count) in found {
                    println!("{}/{n}{which}: {count} of {}: {line}", workload.name, SPLITS / TRY);
                }
            }
        }
    }
    Ok(())
}

fn row(workload: &Workload, switch: &str, n: usize, outcomes: &[Outcome]) -> Row {
    Row {
        name: workload.name.clone(),
        switch: switch.to_owned(),
        unseen: workload.unseen,
        doubles: false,
        runs: n,
        fails: Rate::of(outcomes, |o| o.fails),
        inconclusive: Rate::of(outcomes, |o| o.inconclusive),
        inconclusive_counts: Rate::of(outcomes, |o| o.inconclusive_counts),
        named: Rate::among(outcomes, |o| o.fails, |o| o.named_first),
        in_three: Rate::of(outcomes, |o| o.named_in_three),
        benchstat: Rate::of(outcomes, |o| o.benchstat),
        threshold: Rate::of(outcomes, |o| o.threshold),
    }
}

/// The outcomes of `count` trials, each with numbers of its own, so that threads change nothing.
fn trials(count: usize, name: &str, one: impl Fn(&mut Random) -> Option<Outcome> + Sync) -> Vec<Outcome> {
    let next = std::sync::atomic::AtomicUsize::new(0);
    let done = Mutex::new(vec![None; count]);
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let i = next.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                    if i >= count {
                        break;
                    }
                    let outcome = one(&mut Random::named(SEED + i as u64, name));
                    if let Ok(mut done) = done.lock() {
                        done[i] = outcome;
                    }
                }
            });
        }
    });
    done.into_inner().unwrap_or_default().into_iter().flatten().collect()
}

/// A build of many packages without any change, one verdict for all.
fn build(workloads: &[&Workload], n: usize, random: &mut Random) -> Option<Outcome> {
    let mut packages = Vec::new();
    for _ in 0..PACKAGES {
        let workload = workloads.get(random.below(workloads.len()))?;
        let (base, head) = workload.unchanged(n, random)?;
        packages.extend(compare(base, head).packages);
    }
    let design = Design { recorded: Recorded::Alternately, share: 1.0 };
    let comparison = Comparison { packages, design, untested: Vec::new() };
    let judged = gate::judge(&comparison, &Config::default());
    Some(trial::outcome(&comparison, &judged, None))
}

/// How many runs `gotrace-diff run` makes of unchanged code, by its rule for stopping early: looks after 3, 5 and 10
/// pairs, and an end where nothing is suspicious.
fn cost(workload: &Workload, count: usize) -> Cost {
    let clear = 0.25;
    let mut runs = Vec::new();
    for i in 0..count {
        let mut random = Random::named(SEED + i as u64, &format!("{}/cost", workload.name));
        let Some((base, head)) = workload.unchanged(10, &mut random) else { continue };
        let pairs = [3, 5, 10].into_iter().find(|&look| {
            let first: Vec<usize> = (0..look).collect();
            let mut comparison = compare(base.take(&first), head.take(&first));
            comparison.design = Design { recorded: Recorded::Alternately, share: if look == 5 { 0.4 } else { 0.6 } };
            let judged = gate::judge(&comparison, &Config::default());
            look == 10 || judged.suspicion > clear || look == 5 && judged.verdict == gate::Verdict::Regression
        });
        runs.push(2 * pairs.unwrap_or(10));
    }
    runs.sort_unstable();
    Cost {
        name: workload.name.clone(),
        unseen: workload.unseen,
        median: runs.get(runs.len() / 2).copied().unwrap_or(0),
        mean: runs.iter().sum::<usize>() as f64 / runs.len().max(1) as f64,
    }
}
