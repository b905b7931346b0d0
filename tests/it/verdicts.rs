//! What the gate says of made-up comparisons, to the figure: `golden/verdicts.txt`.
//!
//! A seed makes runs of both sides (groups, regions, stacks, how much each varies and what became worse), a configuration and
//! acceptances. All judgements and findings are written down, so that whatever moves one of them shows as a difference.

use std::fmt::Write as _;
use std::path::PathBuf;

use fastrand::Rng;
use gotrace_diff::compare::design::Recorded;
use gotrace_diff::compare::{Change, Comparison, Presence};
use gotrace_diff::config::quantity::{Amount, Amounts, Ratio};
use gotrace_diff::config::{Accept, Assume, Config, Direction, Level, OnEnvMismatch, OnInconclusive, Pattern, Rule};
use gotrace_diff::gate::{self, Doubt, Evidence, Judged, Opened, Outcome, accept, fold};
use gotrace_diff::metrics::registry::Unit;
use gotrace_diff::summary::Summary;

use crate::compare_make::{join, numbered, placed, region, run, site, waiting};

const NAMES: [&str; 6] = ["work", "serve", "(*Pool).Run", "load.func1", "load.func2", "fetch"];
const WAITS: [&str; 7] = ["sync", "chan receive", "select", "network", "sleep", "sync.(*Cond).Wait", ""];
const PATHS: [&str; 10] = [
    "*",
    "count",
    "total_ns",
    "exec_ns",
    "block_ns.*",
    "syscalls",
    "duration_ns",
    "durations.p50",
    "sched_wait_ns",
    "alive",
];

/// One of the values.
fn one<T: Copy>(rng: &mut Rng, of: &[T]) -> T {
    of[rng.usize(..of.len())]
}

/// What a seed's groups are like, on both sides.
struct Plan {
    name: &'static str,
    count: f64,
    exec: f64,
    wait: f64,
    reason: &'static str,
    syscalls: f64,
    /// How much it varies from run to run.
    noise: f64,
    /// By how much the head differs: of counts, of work, of waits.
    by: [f64; 3],
    base: bool,
    head: bool,
}

fn plans(rng: &mut Rng) -> Vec<Plan> {
    let changes = [1.0, 1.0, 1.0, 1.03, 1.12, 1.5, 2.5, 6.0, 0.5, 0.2];
    let all = NAMES.iter().filter(|_| rng.u8(..4) > 0).copied().collect::<Vec<_>>();
    let plan = |name| Plan {
        name,
        count: one(rng, &[1.0, 4.0, 20.0, 400.0]),
        exec: one(rng, &[900.0, 40_000.0, 3e6, 4e7]),
        wait: one(rng, &[0.0, 2000.0, 4e6, 9e7]),
        reason: one(rng, &WAITS),
        syscalls: one(rng, &[0.0, 3.0, 90.0]),
        noise: one(rng, &[0.0, 0.0, 0.01, 0.05, 0.3]),
        by: [one(rng, &changes), one(rng, &changes), one(rng, &changes)],
        base: rng.u8(..8) > 0,
        head: rng.u8(..8) > 0,
    };
    all.into_iter().map(plan).collect()
}

/// A side's runs.
fn side(plans: &[Plan], runs: usize, head: bool, package: &str, rng: &mut Rng) -> Vec<Summary> {
    let one_run = |rng: &mut Rng| {
        let mut summary = run();
        summary.package = Some(package.to_owned());
        let mut wall = 1e8;
        for plan in plans.iter().filter(|plan| if head { plan.head } else { plan.base }) {
            let by = if head { plan.by } else { [1.0; 3] };
            let mut vary = |value: f64| value * (1.0 + plan.noise * (rng.f64() - 0.5) * 2.0);
            let count = (vary(plan.count * by[0]).round() as u64).max(1);
            let (exec, wait) = (vary(plan.exec * by[1]) as i64, vary(plan.wait * by[2]) as i64);
            let name = format!("{package}.{}", plan.name);
            let mut group = waiting(count, exec, plan.reason, wait);
            group.syscalls = vary(plan.syscalls * by[0]).round() as u64;
            group.sched_wait_ns = vary(exec as f64 / 3.0) as i64 * count as i64;
            group.total_ns += group.sched_wait_ns;
            wall += (exec + wait) as f64;
            let creator = format!("{package}.{}", if plan.by[1] > 2.0 { "main" } else { "work" });
            summary.goroutines.insert(name.clone(), placed(group, &creator, "/src/shop/shop.go", 7));
            if wait > 0 {
                let state = format!("block_ns.{}", plan.reason);
                let inner = ["sync.(*WaitGroup).Wait", "runtime.gopark", "net.(*conn).Read"][plan.name.len() % 3];
                summary.sites.push(site(&name, &state, &[inner, &name], wait * count as i64 * 2 / 3));
                summary.sites.push(site(&name, &state, &[&format!("{package}.other"), &name], wait * count as i64 / 3));
            }
            if plan.name.len() % 2 == 0 {
                summary.regions.insert(plan.name.to_owned(), region(count, exec));
            }
        }
        summary.end_ns = wall as i64;
        summary
    };
    numbered((0..runs).map(|_| one_run(rng)).collect())
}

fn config(rng: &mut Rng, package: &str) -> Config {
    let rule = |rng: &mut Rng| {
        let maybe = |rng: &mut Rng, one_in: u8| rng.u8(..one_in) == 0;
        let subject = format!("{package}.{}", one(rng, &NAMES));
        Rule {
            subjects: if maybe(rng, 2) { vec![Pattern::new(&subject).unwrap()] } else { Vec::new() },
            metrics: if maybe(rng, 4) { Vec::new() } else { vec![Pattern::new(one(rng, &PATHS)).unwrap()] },
            level: maybe(rng, 3).then(|| one(rng, &[Level::Off, Level::Info, Level::Warn, Level::Error])),
            max_increase: maybe(rng, 3).then(|| Ratio(one(rng, &[0.0, 0.02, 0.5, 2.0]))),
            min_delta: if maybe(rng, 4) {
                let (ns, count) = (one(rng, &[100.0, 1e7]), one(rng, &[1.0, 50.0]));
                let amount = |value, unit| Amount { value, unit };
                Amounts::new(vec![amount(ns, Unit::Nanoseconds), amount(count, Unit::Count)])
            } else {
                Amounts::default()
            },
            max: if maybe(rng, 5) {
                let value = one(rng, &[5.0, 1000.0, 5e6]);
                Amounts::new(vec![Amount { value, unit: one(rng, &[Unit::Nanoseconds, Unit::Count]) }])
            } else {
                Amounts::default()
            },
            hard_limit: maybe(rng, 5).then(|| Ratio(one(rng, &[0.3, 3.0]))),
            required: maybe(rng, 5),
            assume: maybe(rng, 6).then_some(Assume::Exact),
            direction: maybe(rng, 5).then_some(Direction::Both),
            line: rng.usize(..9),
            ..Rule::default()
        }
    };
    let rules = (0..rng.usize(..4)).map(|_| rule(rng)).collect();
    let accept = |rng: &mut Rng| {
        let (from, to) = one(rng, &[(4.0, 10.0), (20.0, 50.0), (400.0, 200.0), (3e6, 1e7), (4e6, 1e9)]);
        let path = one(rng, &PATHS[1..5]).replace('*', "sync");
        Accept {
            series: format!("group:{package}.{}#{path}", one(rng, &NAMES)).parse().unwrap(),
            package: one(rng, &[None, None, Some(package.to_owned()).as_ref(), Some("other".to_owned()).as_ref()])
                .cloned(),
            from: (rng.u8(..4) > 0).then_some(from),
            to: (rng.u8(..4) > 0).then_some(to),
            reason: "on purpose".to_owned(),
            by: None,
            until: None,
            file: PathBuf::new(),
            line: 0,
        }
    };
    Config {
        on_inconclusive: one(rng, &[OnInconclusive::Warn, OnInconclusive::Fail]),
        on_env_mismatch: one(rng, &[OnEnvMismatch::CountsOnly, OnEnvMismatch::Warn, OnEnvMismatch::Fail]),
        show_framework: rng.u8(..5) == 0,
        rules,
        accepted: (0..rng.usize(..5)).map(|_| accept(rng)).collect(),
        ..Config::default()
    }
}

/// How many seeds.
const SEEDS: u64 = 60;

fn evidence(evidence: &Evidence) -> String {
    match evidence {
        Evidence::Tested(p) => format!("Tested {}", figure(*p)),
        Evidence::Ranked(p) => format!("Ranked {}", figure(*p)),
        Evidence::Shift(part) => format!("Shift {}", figure(*part)),
        other => format!("{other:?}"),
    }
}

fn figure(value: f64) -> String {
    if value == 0.0 || (1e-3..1e7).contains(&value.abs()) { format!("{value:.4}") } else { format!("{value:.3e}") }
}

/// A change's place and figures.
fn told(comparison: &Comparison, (p, s, c): (usize, usize, usize)) -> String {
    let subject = &comparison.packages[p].subjects[s];
    let change: &Change = &subject.changes[c];
    let both = if matches!(change.presence, Presence::Both { .. }) { "" } else { " one side" };
    let figures = [change.base(), change.head()].map(|v| v.map_or("-".to_owned(), figure));
    format!("{:?} {} {} {} to {}{both}", subject.kind, subject.name(), change.path, figures[0], figures[1])
}

fn write_down(out: &mut String, comparison: &Comparison, judged: &Judged) {
    let detectable = judged.detectable.as_ref().map(|d| (d.runs, figure(d.half), figure(d.most)));
    let _ = writeln!(
        out,
        "  {} exit {} gated {} partial {} times out {} mismatch {} suspicion {} detectable {detectable:?} certain {} suspects {:?}",
        judged.verdict.name(),
        judged.exit_code,
        judged.gated,
        judged.doubts.contains(&Doubt::Partial),
        judged.times_out,
        judged.doubts.contains(&Doubt::Mismatch),
        figure(judged.suspicion),
        judged.is_certain(),
        judged.suspects(comparison),
    );
    for judgement in judged.judgements.iter().filter(|j| j.outcome != Outcome::Unchanged) {
        let (p, s, c) = judgement.at;
        let subject = &comparison.packages[p].subjects[s];
        let interval = judgement.interval.map(|(low, high)| (figure(low), figure(high)));
        let _ = writeln!(
            out,
            "  {:?} {} {}; {interval:?} {:?} {:?}",
            judgement.outcome,
            evidence(&judgement.evidence),
            told(comparison, judgement.at),
            judgement.detectable.map(figure),
            accept::argument(judgement, subject, &subject.changes[c]),
        );
    }
    for finding in fold::findings(comparison, judged) {
        let at = (finding.at.0, finding.at.1, finding.lead);
        let site = finding
            .site
            .as_ref()
            .map(|s| (s.state.clone(), s.stack.first().map(|f| f.func.clone()), figure(s.base), figure(s.head)));
        let _ = writeln!(
            out,
            "  finding {:?} {} state {:?} site {site:?} folded {} gates {} score {}",
            finding.outcome,
            told(comparison, at),
            finding.state,
            finding.folded.len(),
            finding.gates,
            figure(finding.score),
        );
    }
}

/// A seed's comparison and configuration.
fn case(seed: u64) -> (Comparison, Config) {
    let rng = &mut Rng::with_seed(seed);
    let package = "example.com/shop";
    let mut plans_of = plans(rng);
    // In a third of them nothing changes.
    if rng.u8(..3) == 0 {
        for plan in &mut plans_of {
            (plan.by, plan.base, plan.head, plan.noise) = ([1.0; 3], true, true, plan.noise / 5.0);
        }
    }
    let (base_runs, head_runs) = one(rng, &[(1, 1), (2, 2), (3, 3), (5, 1), (5, 5), (6, 6), (8, 8), (10, 4)]);
    let mut base = side(&plans_of, base_runs, false, package, rng);
    let mut head = side(&plans_of, head_runs, true, package, rng);
    if rng.u8(..4) == 0 {
        let more = plans(rng);
        base.extend(side(&more, base_runs, false, "example.com/cart", rng));
        head.extend(side(&more, head_runs, true, "example.com/cart", rng));
    }
    if rng.u8(..6) == 0 {
        head.iter_mut().for_each(|run| run.gomaxprocs = 8);
    }
    if rng.u8(..10) == 0 {
        head[0].complete = false;
    }
    let mut comparison = join(&base, &head);
    comparison.design.recorded =
        one(rng, &[Recorded::Alternately, Recorded::Alternately, Recorded::Apart, Recorded::Unknown]);
    comparison.design.share = one(rng, &[1.0, 1.0, 0.3]);
    let config = config(rng, package);
    (comparison, config)
}

#[test]
fn made_up_comparisons_are_judged_as_they_always_were() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/golden/verdicts.txt");
    let mut now = String::new();
    for seed in 0..SEEDS {
        let (comparison, config) = case(seed);
        let _ = writeln!(now, "seed {seed}");
        write_down(&mut now, &comparison, &gate::judge(&comparison, &config));
    }
    if std::env::var_os("UPDATE_PAPERS").is_some() {
        std::fs::write(&path, &now).unwrap();
    }
    let told = std::fs::read_to_string(&path).unwrap();
    for (i, (told, now)) in told.lines().zip(now.lines()).enumerate() {
        assert_eq!(now, told, "line {}", i + 1);
    }
    assert_eq!(told.len(), now.len());
    for verdict in ["  pass exit", "  inconclusive exit", "  regression exit"] {
        assert!(now.matches(verdict).count() >= 5, "hardly any {verdict}");
    }
}

#[test]
fn what_is_set_aside_changes_no_verdict() {
    for seed in 0..SEEDS {
        let (mut comparison, config) = case(seed);
        let whole = gate::judge(&comparison, &config);
        let before: Vec<String> = remarkable(&comparison, &whole);
        let design = comparison.design;
        let mut opened: Vec<Opened> =
            comparison.packages.iter().map(|p| Opened::of(p, design, config.of(&p.name))).collect();
        let series: usize = opened.iter().map(Opened::series).sum();
        for (opened, package) in opened.iter_mut().zip(&mut comparison.packages) {
            assert!(!opened.is_set_aside());
            let subjects = package.subjects.len();
            opened.set_aside(package, &config);
            assert!(opened.is_set_aside() && package.subjects.len() <= subjects);
        }
        assert!(opened.iter().map(Opened::series).sum::<usize>() <= series);
        let less = gate::close(&comparison, opened, &config);
        assert_eq!(remarkable(&comparison, &less), before, "seed {seed}");
        let facts = |j: &Judged| (j.verdict, j.exit_code, j.gated, j.times_out, j.doubts.clone(), figure(j.suspicion));
        assert_eq!(facts(&less), facts(&whole), "seed {seed}");
        let detectable = |j: &Judged| j.detectable.as_ref().map(|d| (d.runs, figure(d.half), figure(d.most)));
        assert_eq!(detectable(&less), detectable(&whole), "seed {seed}");
        let both = |j: &Judged, c: &Comparison| {
            let is_both =
                |j: &&gate::Judgement| matches!(gate::verdict::change_at(c, j).presence, Presence::Both { .. });
            j.judgements.iter().filter(is_both).count()
        };
        let (whole_comparison, _) = case(seed);
        assert_eq!(both(&less, &comparison) + less.aside.series, both(&whole, &whole_comparison), "seed {seed}");
    }
}

fn remarkable(comparison: &Comparison, judged: &Judged) -> Vec<String> {
    let all = judged.judgements.iter().filter(|j| j.outcome != Outcome::Unchanged);
    all.map(|j| format!("{:?} {} {}", j.outcome, evidence(&j.evidence), told(comparison, j.at))).collect()
}
