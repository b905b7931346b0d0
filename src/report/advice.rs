//! What to do to be sure: commands that can be copied.

use super::model::{Advice, Finding, Section};
use crate::compare::{Comparison, Mode};
use crate::gate::verdict::ALPHA;
use crate::gate::{Judged, Verdict};

/// More runs than these are asked of nobody.
const MOST_RUNS: u64 = 10;
/// Fewer do not say much about noise.
const LEAST_RUNS: u64 = 5;

/// What to do next, where there is anything.
pub fn advice(comparison: &Comparison, judged: &Judged, rows: &[Finding], against_baseline: bool) -> Option<Advice> {
    let unproven = rows.iter().any(|r| r.section == Section::Unproven);
    if judged.verdict != Verdict::Inconclusive && !unproven {
        return None;
    }
    if judged.partial {
        return Some(Advice {
            why: "A partial trace proves nothing: record it again and let the program end.".into(),
            commands: Vec::new(),
        });
    }
    let package = comparison.packages.iter().find(|p| !p.base_runs.is_empty() && !p.head_runs.is_empty())?;
    let have = package.base_runs.len().min(package.head_runs.len()) as u64;
    let runs = runs_needed(judged.gated as u64).max(have + 1).min(MOST_RUNS.max(have + 1));
    let mode = package.head_runs.iter().map(|r| r.mode).max().unwrap_or_default();
    let target = match mode {
        Mode::Window => None,
        _ if package.name.contains('/') => Some(package.name.as_str()),
        _ => Some("./PACKAGE"),
    };
    let commands = match target {
        Some(target) => test_loop(target, mode, runs),
        None => window_loop(runs),
    };
    let mut why = format!("To be sure, record {runs} runs a side, alternately, on one machine:");
    if against_baseline {
        why.push_str(" a baseline from another day proves little about times.");
    }
    Some(Advice { why: why.into(), commands: commands.into_iter().map(Into::into).collect() })
}

/// The fewest runs a side with which the exact rank test can ever speak, corrected for `gated` series.
fn runs_needed(gated: u64) -> u64 {
    let family = gated.max(1) as f64;
    (LEAST_RUNS..=MOST_RUNS).find(|&n| 1.0 / choose(2 * n, n) <= ALPHA / family).unwrap_or(MOST_RUNS)
}

fn choose(n: u64, k: u64) -> f64 {
    (0..k).map(|i| (n - i) as f64 / (i + 1) as f64).product()
}

fn test_loop(target: &str, mode: Mode, runs: u64) -> Vec<String> {
    let flags = match mode {
        Mode::Benchmark => "-run='^$' -bench=. -benchtime=100x",
        _ => "-count=1",
    };
    vec![
        "git worktree add ../base origin/main && mkdir -p base head".to_owned(),
        format!("for i in $(seq {runs}); do"),
        format!("  (cd ../base && go test {flags} -trace=\"$OLDPWD/base/$i.out\" {target})"),
        format!("  go test {flags} -trace=\"$PWD/head/$i.out\" {target}"),
        "done".to_owned(),
        "gotrace-diff --base 'base/*.out' --head 'head/*.out'".to_owned()
            + if mode == Mode::Benchmark { " --benchtime=100x" } else { "" },
    ]
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_larger_family_needs_more_runs() {
        assert_eq!(runs_needed(1), 5);
        assert_eq!(runs_needed(12), 5);
        assert_eq!(runs_needed(13), 6);
        assert_eq!(runs_needed(1_000_000), 10);
    }
}
