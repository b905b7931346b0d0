//! What to do to be sure: commands that can be copied.

use super::escape::Text;
use super::model::{Advice, Finding, Section};
use crate::compare::{Comparison, Mode, PackagePair, SubjectPair};
use crate::gate::accept::quoted;
use crate::gate::{Doubt, Judged, Verdict};
use crate::metrics::registry::SubjectKind;

/// More runs than these are asked of nobody.
const MOST_RUNS: u64 = 10;
/// The fewest runs a side that most doublings are proven with.
const LEAST_RUNS: u64 = 5;
/// More packages than these are not named one by one.
const MOST_PACKAGES: usize = 5;

/// What stands above the command that accepts one change.
const ACCEPT_ONE: &str = "# This change alone, until a day:";

/// The commands that accept what a finding says, and take all that was recorded as the new baseline (`update`).
pub fn accepting(accept: Option<&Text>, update: String) -> Vec<Text> {
    let Some(accept) = accept else { return vec![update.into()] };
    let mut one = accept.clone();
    one += " --until YYYY-MM-DD";
    vec![ACCEPT_ONE.into(), one, "# All of it, the runs at hand as the new baseline:".into(), update.into()]
}

/// Whether a command is the one that accepts a change, or what stands above it.
pub fn accepts_one(command: &Text) -> bool {
    command.is(ACCEPT_ONE) || command.starts_with("gotrace-diff baseline accept ")
}

/// What to do next, where there is anything.
pub fn advice(comparison: &Comparison, judged: &Judged, rows: &[Finding], against_baseline: bool) -> Option<Advice> {
    let unproven = rows.iter().any(|r| r.section == Section::Unproven);
    if judged.verdict != Verdict::Inconclusive && !unproven {
        return None;
    }
    if judged.doubts.contains(&Doubt::Partial) {
        return Some(Advice {
            why: "A partial trace proves nothing: record it again and let the program end.".into(),
            commands: Vec::new(),
        });
    }
    if judged.verdict == Verdict::Inconclusive && judged.doubts.iter().any(|d| matches!(d, Doubt::Unlike { .. })) {
        return Some(Advice {
            why: "What a test did not do took no time: record again where the same tests pass on both sides.".into(),
            commands: Vec::new(),
        });
    }
    let unproven = |p: &&PackagePair| {
        let of = |r: &&Finding| r.subject.package.as_ref().is_some_and(|name| name.is(&p.name));
        rows.iter().filter(of).any(|r| r.section == Section::Unproven)
    };
    let several: Vec<&PackagePair> = comparison.packages.iter().filter(unproven).collect();
    // What looks worse is recorded again, else the first that both sides have.
    let is_of_both = |p: &&PackagePair| !p.base_runs.is_empty() && !p.head_runs.is_empty();
    let package = several.iter().copied().chain(&comparison.packages).find(is_of_both)?;
    let have = package.base_runs.len().min(package.head_runs.len()) as u64;
    // The family is tested as one, so that its size asks for no more runs.
    let runs = if have < LEAST_RUNS { LEAST_RUNS } else { MOST_RUNS.max(have + 1) };
    let runs = runs.max(judged.out_of_reach.map_or(0, |few| few.needed as u64));
    let mode = package.head_runs.iter().map(|r| r.mode).max().unwrap_or_default();
    let (mut why, commands) = match (mode, &several[..]) {
        (Mode::Window, _) => {
            (format!("To be sure, record {runs} runs a side, alternately, on one machine:"), window_loop(runs))
        }
        (_, several) if several.len() > 1 && several.iter().all(|p| p.name.contains('/')) => (
            format!("To be sure, record {runs} runs a side of each of {} packages, alternately:", several.len()),
            vec![run_command(several, mode, runs)],
        ),
        _ => (
            format!("To be sure, record {runs} runs a side, alternately, on one machine:"),
            vec![run_command(&[package], mode, runs)],
        ),
    };
    if against_baseline {
        why.push_str(" a baseline from another day proves little about times.");
    }
    Some(Advice { why: why.into(), commands: commands.into_iter().map(Into::into).collect() })
}

/// What builds both sides, records them in turn and compares them, wherever in the module it is called.
fn run_command(packages: &[&PackagePair], mode: Mode, runs: u64) -> String {
    // A file's name is no package's.
    let name = |p: &&PackagePair| if p.name.contains('/') { quoted(&p.name) } else { "./PACKAGE".to_owned() };
    let all: Vec<String> = packages.iter().map(name).collect();
    let names = if all.len() > MOST_PACKAGES { "./...".to_owned() } else { all.join(" ") };
    let flags = match (mode, packages.iter().any(|p| has_tests(p))) {
        (Mode::Benchmark, false) => " -- -run='^$' -bench=. -benchtime=100x",
        (Mode::Benchmark, true) => " -- -bench=. -benchtime=100x",
        _ => "",
    };
    format!("gotrace-diff run --runs {runs} {names}{flags}")
}

/// Whether tests are compared, maybe beside benchmarks.
fn has_tests(package: &PackagePair) -> bool {
    let both = |subject: &SubjectPair| subject.base.is_some() && subject.head.is_some() && !subject.is_framework();
    package.subjects.iter().any(|subject| subject.kind == SubjectKind::Test && both(subject))
}

fn window_loop(runs: u64) -> Vec<String> {
    vec![
        "mkdir -p base head".to_owned(),
        format!("for i in $(seq {runs}); do"),
        "  curl -so base/$i.out 'http://BASE:6060/debug/pprof/trace?seconds=5'".to_owned(),
        "  curl -so head/$i.out 'http://HEAD:6060/debug/pprof/trace?seconds=5'".to_owned(),
        "done".to_owned(),
        "gotrace-diff --base 'base/*.out' --head 'head/*.out'".to_owned(),
    ]
}
