//! What runs prove: the p-value at which a series fails, is suspicious or is noise, and the change that would have been found.
//!
//! P-values and detectable changes are those of a program of its own in Python, which goes over all choices of runs with
//! the formulas of `src/gate/evidence.rs` and `src/stats/permutation.rs`.

use gotrace_diff::compare::environment::Difference;
use gotrace_diff::compare::per::Item;
use gotrace_diff::compare::{Change, Comparison, PackagePair, Recorded, SubjectPair};
use gotrace_diff::config::quantity::{Amount, Amounts, Ratio};
use gotrace_diff::config::{Config, Level, Rule};
use gotrace_diff::gate::{self, evidence};
use gotrace_diff::metrics::registry::{SubjectKind, Unit};

use crate::compare_series::{GROUP, alone, at, change, comparison, package, rule, said, subject, told, with_rules};

/// Milliseconds.
fn ms(values: &[f64]) -> Vec<f64> {
    values.iter().map(|v| (v * 1e6).round()).collect()
}

fn times(base: &[f64], head: &[f64]) -> Change {
    change(GROUP, "exec_ns", &ms(base), &ms(head))
}

const BASE: [f64; 5] = [10.0, 10.1, 10.2, 10.3, 10.4];
/// Of the 252 ways to choose 5 of the 10 runs so many are as extreme: 1, 4, 5, 6, 23 and 26.
const ONE: [f64; 5] = [10.9, 11.9, 12.0, 12.1, 12.2];
const FOUR: [f64; 5] = [10.45, 11.9, 12.0, 12.1, 12.2];
const FIVE: [f64; 5] = [10.35, 11.9, 12.0, 12.1, 12.2];
const SIX: [f64; 5] = [10.2, 11.9, 12.0, 12.1, 12.2];
const NEARLY_A_TENTH: [f64; 5] = [9.9, 10.15, 11.9, 12.0, 12.1];
const OVER_A_TENTH: [f64; 5] = [9.9, 10.05, 11.9, 12.0, 12.1];

#[test]
fn the_p_value_decides_between_regression_suspicion_and_noise() {
    let info = with_rules(vec![at(Level::Info, &["*"])]);
    let warn = with_rules(vec![at(Level::Warn, &["*"])]);
    let by_default = Config::default();
    for (base, head, config, want) in [
        (&BASE[..], &ONE[..], &by_default, "Regression Tested 0.0040"),
        (&BASE, &FOUR, &by_default, "Regression Tested 0.0159"),
        (&BASE, &FIVE, &by_default, "Regression Tested 0.0198"),
        (&BASE, &SIX, &by_default, "Inconclusive Tested 0.0238"),
        (&BASE, &NEARLY_A_TENTH, &by_default, "Inconclusive Tested 0.0913"),
        (&BASE, &OVER_A_TENTH, &by_default, "Note Tested 0.1032"),
        // 7 of 70 are five times the level to the digit.
        (&BASE[..4], &[10.2, 10.8, 11.8, 12.0], &by_default, "Inconclusive Tested 0.1000"),
        (&BASE[..4], &ONE[1..], &by_default, "Regression Tested 0.0143"),
        (&BASE[..3], &ONE[2..], &by_default, "Inconclusive FewRuns"),
        (&BASE[..3], &ONE, &by_default, "Inconclusive FewRuns"),
        (&BASE, &BASE, &by_default, "Unchanged None"),
        // What only warns is tested by itself.
        (&BASE, &ONE, &warn, "Regression Tested 0.0040"),
        (&BASE, &SIX, &warn, "Inconclusive Tested 0.0238"),
        (&BASE, &OVER_A_TENTH, &warn, "Note Tested 0.1032"),
        (&BASE[..4], &ONE[1..], &warn, "Regression Tested 0.0143"),
        (&BASE[..3], &ONE[2..], &warn, "Inconclusive FewRuns"),
        (&BASE, &ONE, &info, "Note FewRuns"),
        // What is better is ranked, at any level: of 70 orders 1, 2, 4 and 12. Where the interval has 0 in it, as that of four runs
        // has unless they are all apart, it is not called better.
        (&BASE[..4], &[8.0, 8.1, 8.2, 8.3], &by_default, "Improvement Ranked 0.0143"),
        (&BASE[..4], &[8.0, 8.1, 8.2, 10.05], &by_default, "Note Ranked 0.0286"),
        (&BASE, &[8.0, 8.1, 8.2, 8.3, 10.05], &by_default, "Improvement Ranked 0.0079"),
        (&BASE[..4], &[8.0, 8.1, 8.2, 10.15], &by_default, "Note Ranked 0.0571"),
        (&BASE[..4], &[8.0, 8.1, 8.2, 11.0], &by_default, "Note Ranked 0.1714"),
        (&BASE[..4], &[8.0, 8.1, 8.2, 8.3], &info, "Improvement Ranked 0.0143"),
        (&BASE[..3], &[8.0, 8.1, 8.2], &by_default, "Note FewRuns"),
    ] {
        assert_eq!(said(alone(times(base, head)), config), want, "{base:?} to {head:?}");
    }
    assert_eq!([4, 7, 8, 9].map(evidence::level), [0.02, 0.02, 0.01, 0.01]);
}

#[test]
fn a_change_has_to_be_more_than_a_third_of_the_limit_beside_figure_and_floor() {
    let limit =
        |percent: f64| with_rules(vec![Rule { max_increase: Some(Ratio(percent / 100.0)), ..rule(&["exec_ns"]) }]);
    let us = [0.19, 0.192, 0.194, 0.196, 0.2];
    for (base, head, config, want) in [
        (BASE, FOUR, limit(10.0), "Regression Tested 0.0159"),
        (BASE, FOUR, limit(0.0), "Regression Tested 0.0040"),
        // 8 % between the nearest runs are less than a third of the limit with the floor in both, and more without.
        (us, [0.208, 0.24, 0.3, 0.31, 0.32], limit(10.0), "Regression Tested 0.0079"),
        (us, [0.22, 0.24, 0.3, 0.31, 0.32], limit(10.0), "Regression Tested 0.0040"),
    ] {
        assert_eq!(said(alone(times(&base, &head)), &config), want, "{base:?} to {head:?}");
    }
    // Of parallelism more is better, though no improvement by itself.
    let gated = with_rules(vec![at(Level::Error, &["parallelism"])]);
    let base = [4.0, 4.1, 4.2, 4.3, 4.05];
    for (base, head, want) in [
        (base, [3.8, 3.2, 3.3, 3.1, 3.0], "Regression Tested 0.0040"),
        (base, [3.9, 3.2, 3.3, 3.1, 3.0], "Regression Tested 0.0079"),
        (base, [5.0, 5.1, 5.2, 5.3, 5.4], "Note Ranked 0.0040"),
        ([5.0, 5.1, 5.2, 5.3, 5.4], base, "Regression Tested 0.0040"),
        (base, [4.1, 4.0, 4.2, 4.3, 4.1], "Unchanged None"),
        (base, [4.15, 5.2, 5.25, 5.3, 5.4], "Note Ranked 0.0159"),
    ] {
        assert_eq!(said(alone(change(GROUP, "parallelism", &base, &head)), &gated), want, "{base:?} to {head:?}");
    }
}

/// Groups of one package, each with a series.
fn groups(runs: usize, changes: Vec<Change>) -> PackagePair {
    let name = |i| format!("p.{i}");
    let subjects = changes.into_iter().enumerate().map(|(i, c)| subject(GROUP, &name(i), vec![c])).collect();
    package("p", (runs, runs), subjects)
}

#[test]
fn packages_share_the_level_and_so_do_looks() {
    let one = |head: &[f64; 5]| alone(times(&BASE, head));
    let with_second = groups(5, vec![times(&BASE, &ONE), times(&BASE, &SIX)]);
    let counts = || alone(change(GROUP, "count", &[20.0; 5], &[20.0; 5]));
    for (packages, share, want, suspicion) in [
        (
            vec![one(&FOUR), counts(), one(&ONE), one(&FIVE)],
            1.0,
            "Inconclusive Tested 0.0317, Unchanged None, Regression Tested 0.0119, Inconclusive Tested 0.0317",
            3.0 / 252.0,
        ),
        (
            vec![with_second, one(&ONE)],
            1.0,
            "Regression Tested 0.0079, Inconclusive Tested 0.0476, Regression Tested 0.0079",
            2.0 / 252.0,
        ),
        (vec![one(&ONE)], 0.3, "Regression Tested 0.0040", 1.0 / 252.0),
        (vec![one(&FOUR)], 0.3, "Inconclusive Tested 0.0159", 4.0 / 252.0),
        (vec![one(&OVER_A_TENTH), one(&OVER_A_TENTH)], 1.0, "Note Tested 0.2063, Note Tested 0.2063", 52.0 / 252.0),
        (vec![counts()], 1.0, "Unchanged None", 1.0),
    ] {
        let mut comparison = comparison(packages);
        comparison.design.share = share;
        let judged = gate::judge(&comparison, &Config::default());
        assert_eq!(told(&judged).join(", "), want);
        assert!((judged.suspicion - suspicion).abs() < 1e-12, "{} for {suspicion}", judged.suspicion);
    }
}

#[test]
fn only_what_can_fail_and_varies_is_tested_with_others() {
    let none = Config::default();
    let budget = with_rules(vec![Rule {
        max: Amounts::new(vec![Amount { value: 15e6, unit: Unit::Nanoseconds }]),
        ..rule(&["exec_ns"])
    }]);
    let (error, warn) = (with_rules(vec![at(Level::Error, &["*"])]), with_rules(vec![at(Level::Warn, &["*"])]));
    for (path, base, head, config, suspicion) in [
        ("exec_ns", &[1e6; 3][..], &[2e6; 3][..], &none, 0.05),
        ("exec_ns", &[1e6; 2], &[2e6; 2], &none, 1.0),
        ("exec_ns", &[1e6; 3], &[2e6; 3], &warn, 1.0),
        ("exec_ns", &[10e6; 3], &[20e6; 3], &budget, 1.0),
        ("exec_ns", &[10e6; 3], &[14e6; 3], &budget, 0.05),
        // Neither side reaches the floor, or one does.
        ("exec_ns", &[40e3; 3], &[99e3; 3], &none, 1.0),
        ("exec_ns", &[40e3; 3], &[100e3; 3], &none, 0.05),
        ("count", &[20.0; 3], &[21.0; 3], &none, 1.0),
        ("count", &[20.0, 20.1, 20.2], &[30.0; 3], &none, 0.05),
        ("concurrency", &[1.0; 3], &[2.0; 3], &error, 1.0),
        ("syscalls", &[3.0; 5], &[30.0; 5], &none, 1.0),
        ("syscalls", &[3.0; 5], &[30.0; 5], &error, 1.0 / 252.0),
        ("syscalls", &[3.0; 4], &[30.0; 4], &none, 0.0),
        ("syscalls", &[3.0; 4], &[4.0; 4], &none, 1.0),
        ("sched_wait_ns", &[1e6; 5], &[2e6; 5], &none, 1.0),
    ] {
        let judged = gate::judge(&comparison(vec![alone(change(GROUP, path, base, head))]), config);
        assert!((judged.suspicion - suspicion).abs() < 1e-12, "{} of {path} {base:?} to {head:?}", judged.suspicion);
    }
    let mut kept_out = alone(change(GROUP, "exec_ns", &[1e6; 3], &[2e6; 3]));
    kept_out.head_runs.iter_mut().for_each(|run| run.gomaxprocs = 8);
    let sides = [&kept_out.base_runs, &kept_out.head_runs].map(|runs| runs.iter().collect::<Vec<_>>());
    kept_out.environment = Difference::between(&sides[0], &sides[1]);
    assert_eq!(gate::judge(&comparison(vec![kept_out]), &none).suspicion, 1.0);
}

#[test]
fn figures_that_most_runs_lack_are_no_suspicion() {
    let three = || change(GROUP, "exec_ns", &[1e6; 3], &[2e6; 3]);
    for (runs, change, differ, want) in [
        ((4, 4), three(), false, "Note FewRuns"),
        ((4, 3), three(), false, "Inconclusive FewRuns"),
        ((3, 4), three(), false, "Inconclusive FewRuns"),
        ((4, 4), change(GROUP, "syscalls", &[3.0; 4], &[30.0; 4]), false, "Inconclusive FewRuns"),
        ((4, 4), change(GROUP, "count", &[20.0; 3], &[22.0; 3]), false, "Regression Constant"),
        ((4, 4), change(GROUP, "count", &[20.0; 3], &[22.0; 3]), true, "Inconclusive TestsDiffer"),
        ((4, 4), change(GROUP, "exec_ns", &[1e6; 4], &[2e6; 4]), false, "Regression Tested 0.0143"),
        ((4, 4), change(GROUP, "exec_ns", &[2e6; 3], &[1e6; 3]), false, "Note FewRuns"),
    ] {
        let package = package("p", runs, vec![subject(GROUP, "p.work", vec![change])]);
        let package = PackagePair { tests_differ: differ, ..package };
        assert_eq!(said(package, &Config::default()), want, "{runs:?} {differ}");
    }
    let split = |change: Change| Change { item: Item::Goroutine, items: 10.0, head_items: 20.0, ..change };
    let enough = alone(split(times(&[10.0; 4], &[4.25; 4])));
    assert_eq!(said(enough, &Config::default()), "Note Regrouped", "what is only split another way is not ranked");
}

#[test]
fn series_that_some_runs_lack_have_a_tenth_of_the_level_together() {
    let all = || times(&BASE, &ONE);
    for (others, want) in [
        (
            vec![times(&BASE[..4], &ONE)],
            "Regression Tested 0.0044, Regression Tested 0.0044, Inconclusive Tested 0.0794",
        ),
        (
            vec![times(&BASE[..4], &ONE), times(&BASE[..4], &ONE[1..])],
            "Regression Tested 0.0044, Regression Tested 0.0044, Note Tested 0.1587, Note Tested 0.2857",
        ),
    ] {
        let changes = [all(), all()].into_iter().chain(others).collect();
        let judged = gate::judge(&comparison(vec![groups(5, changes)]), &Config::default());
        assert_eq!(told(&judged).join(", "), want);
        let found: Vec<bool> = judged.judgements.iter().map(|j| j.detectable.is_some()).collect();
        assert_eq!(found[..2], [true; 2]);
        assert!(!found[2..].contains(&true), "what some runs lack");
        let found = judged.judgements[0].detectable.unwrap();
        assert!((found - 0.147_579_600_860).abs() < 1e-9, "{found}");
    }
}

#[test]
fn the_change_that_would_have_been_found_is_told() {
    let error = with_rules(vec![at(Level::Error, &["parallelism"])]);
    let none = Config::default();
    let wide = with_rules(vec![Rule { max_increase: Some(Ratio(0.9)), ..rule(&["exec_ns"]) }]);
    let floorless = with_rules(vec![Rule {
        min_delta: Amounts::new(vec![Amount { value: 0.0, unit: Unit::Nanoseconds }]),
        ..rule(&["exec_ns"])
    }]);
    let us = [0.2, 0.201, 0.202, 0.203, 0.204];
    let more = |path, base: &[f64], head: &[f64]| change(GROUP, path, base, head);
    for (change, config, share, packages, want) in [
        (times(&BASE, &ONE), &none, 1.0, 1, Some(0.147_579_600_860)),
        (times(&BASE, &ONE), &none, 0.3, 1, Some(0.189_680_307_423)),
        (times(&BASE, &ONE), &none, 1.0, 2, Some(0.172_408_597_733)),
        (times(&BASE[..4], &[11.9, 12.0, 12.1, 12.2]), &none, 1.0, 1, Some(0.208_842_197_829)),
        (times(&BASE[..3], &ONE[..3]), &none, 1.0, 1, None),
        (times(&BASE, &BASE), &none, 1.0, 1, Some(0.1)),
        (times(&BASE, &ONE), &wide, 1.0, 1, Some(0.9)),
        // The floor is half of what it is.
        (times(&us, &[0.33, 0.331, 0.332, 0.333, 0.334]), &none, 1.0, 1, Some(0.495_049_504_950)),
        (times(&[0.0; 5], &[0.5; 5]), &none, 1.0, 1, None),
        (times(&[0.0; 5], &[0.5; 5]), &floorless, 1.0, 1, None),
        (
            more("parallelism", &[4.0, 4.1, 4.2, 4.3, 4.05], &[3.8, 3.2, 3.3, 3.1, 3.0]),
            &error,
            1.0,
            1,
            Some(0.196_007_434_349),
        ),
        // It can fall by all of it, and by no more.
        (
            more("parallelism", &[0.05, 0.05, 0.06, 0.04, 0.05], &[0.04, 0.05, 0.06, 0.04, 0.05]),
            &error,
            1.0,
            1,
            Some(1.0),
        ),
        (more("parallelism", &[0.06, 0.06, 0.06, 0.5, 0.01], &[0.06, 0.06, 0.06, 0.5, 0.01]), &error, 1.0, 1, None),
    ] {
        let told = format!("{} {:?}", change.path.as_str(), change.presence);
        let mut all = comparison((0..packages).map(|_| alone(change.clone())).collect());
        all.design.share = share;
        let found = gate::judge(&all, config).judgements[0].detectable;
        let near = match (found, want) {
            (Some(found), Some(want)) => (found - want).abs() < 1e-9,
            (found, want) => found == want,
        };
        assert!(near, "{found:?} for {want:?} of {told}");
    }
    for (noise, runs, limit, want) in [
        (0.1, 5, 0.1, 0.549_897_437_229),
        (0.1, 7, 0.1, 0.455_594_573_561),
        (0.1, 8, 0.1, 0.340_825_974_333),
        (0.3, 20, 0.1, 0.603_403_973_642),
        (0.0001, 20, 0.5, 0.5),
    ] {
        let found = evidence::detectable_change(noise, runs, limit);
        assert!((found - want).abs() < 1e-9, "{found} for {want}");
    }
}

#[test]
fn what_half_and_most_of_the_times_would_have_shown_is_told() {
    // The further runs are apart, the less would have been found: 10 %, 10 %, 12 % and 20 %.
    let noisy = |noise: f64, path| {
        let around = [-1.0, 0.5, 0.0, 1.0, -0.5].map(|by| 10e6 * (1.0 + noise * by));
        let mut back = around;
        back.reverse();
        change(GROUP, path, &around, &back)
    };
    let all = || [0.001, 0.01, 0.03, 0.08].map(|noise| noisy(noise, "exec_ns"));
    let told = |comparison: &Comparison, config: &Config| {
        gate::judge(comparison, config).detectable.map(|d| (d.runs, format!("{:.4} {:.4}", d.half, d.most)))
    };
    let package = groups(5, all().into());
    assert_eq!(told(&comparison(vec![package]), &Config::default()), Some((5, "0.1211 0.2018".to_owned())));
    // Only of times that gate where no rule speaks of them.
    let count = change(GROUP, "count", &[20.0, 21.0, 20.0, 22.0, 19.0], &[20.0, 21.0, 20.0, 22.0, 19.0]);
    let shown = [0.3, 0.4].map(|noise| noisy(noise, "sched_wait_ns"));
    let others: Vec<Change> = [count.clone(), count].into_iter().chain(shown).collect();
    let error = with_rules(vec![at(Level::Error, &["*"])]);
    assert_eq!(told(&comparison(vec![groups(5, others)]), &error), None);
    // The fewest runs of all packages.
    let eight = |by: f64| (0..8).map(|i| by * (10.0 + f64::from(i) / 10.0)).collect::<Vec<_>>();
    let two = vec![alone(times(&eight(1.0), &eight(1.3))), alone(times(&BASE, &ONE))];
    assert_eq!(told(&comparison(two), &Config::default()).map(|(runs, _)| runs), Some(5));
}

/// Groups whose time is so many times what it was, and a region that is slower beside them.
fn shifted(by: &[f64], region: bool) -> Vec<SubjectPair> {
    let group = |(i, by): (usize, &f64)| {
        // Nothing before, or nothing after.
        let (base, head) = match *by {
            0.0 => (4e6, 0.0),
            by if by.is_infinite() => (0.0, 4e6),
            by => (4e6, 4e6 * by),
        };
        subject(GROUP, &format!("p.{i}"), vec![change(GROUP, "exec_ns", &[base; 5], &[head; 5])])
    };
    let mut all: Vec<SubjectPair> = by.iter().enumerate().map(group).collect();
    let slower = change(SubjectKind::Region, "exec_ns", &ms(&BASE), &ms(&ONE));
    all.extend(region.then(|| subject(SubjectKind::Region, "parse", vec![slower])));
    all
}

#[test]
fn times_of_sides_recorded_apart_prove_nothing_and_a_common_shift_is_named() {
    for (by, want) in [
        (&[4.0; 8][..], "Shift 3.0000"),
        (&[0.25; 8], "Shift -0.7500"),
        // Seven groups are too few, whatever else there is.
        (&[4.0; 7], "Apart"),
        (&[4.0, 4.0, 4.0, 4.0, 4.0, 4.0, 4.0, 0.0], "Apart"),
        (&[4.0, 4.0, 4.0, 4.0, 4.0, 4.0, 4.0, f64::INFINITY], "Apart"),
        // Three quarters have to move by more than half as much the same way.
        (&[4.0, 4.0, 4.0, 4.0, 4.0, 4.0, 1.0, 1.0], "Shift 3.0000"),
        (&[4.0, 4.0, 4.0, 4.0, 4.0, 2.0, 1.0, 1.0], "Apart"),
        (&[4.0, 4.0, 4.0, 4.0, 4.0, 2.1, 1.0, 1.0], "Shift 3.0000"),
        (&[4.0, 4.0, 4.0, 4.0, 4.0, 0.25, 0.25, 0.25], "Apart"),
        (&[4.0, 4.0, 4.0, 4.0, 4.0, 4.0, 0.25, 0.25], "Shift 3.0000"),
        // A shift of less than 5 % is none.
        (&[1.06; 8], "Shift 0.0600"),
        (&[1.04; 8], "Apart"),
        (&[1.0; 8], "Apart"),
    ] {
        let mut all = comparison(vec![package("p", (5, 5), shifted(by, true))]);
        all.design.recorded = Recorded::Apart;
        let judged = gate::judge(&all, &Config::default());
        assert_eq!(told(&judged).last().unwrap(), &format!("Inconclusive {want}"), "{by:?}");
        let found: Vec<_> = judged.judgements.iter().filter_map(|j| j.detectable).collect();
        assert_eq!((found, judged.detectable), (Vec::new(), None), "times prove nothing: {by:?}");
        for recorded in [Recorded::Alternately, Recorded::Unknown] {
            all.design.recorded = recorded;
            let judged = gate::judge(&all, &Config::default());
            assert!(told(&judged).last().unwrap().starts_with("Regression Tested"), "{by:?}");
            assert!(judged.detectable.is_some());
        }
    }
    // What is noise stays so, counts are the program's, and what only warns is doubted too.
    let count = change(GROUP, "count", &[20.0, 21.0, 20.0, 22.0, 20.0], &[30.0, 31.0, 30.0, 32.0, 30.0]);
    for (change, config, want, found) in [
        (times(&BASE, &OVER_A_TENTH), Config::default(), "Note Tested 0.1032", false),
        (times(&BASE, &NEARLY_A_TENTH), Config::default(), "Inconclusive Apart", false),
        (count, Config::default(), "Regression Tested 0.0040", true),
        (times(&BASE, &ONE), with_rules(vec![at(Level::Warn, &["*"])]), "Inconclusive Apart", false),
    ] {
        let mut all = comparison(vec![alone(change)]);
        all.packages[0].stated = Some(Recorded::Apart);
        let judged = gate::judge(&all, &config);
        assert_eq!((told(&judged).join(", "), judged.judgements[0].detectable.is_some()), (want.to_owned(), found));
    }
}

/// A group that waits for others in one queue and works besides.
fn queueing(kind: SubjectKind, reason: &str, [waits, work]: [[&[f64]; 2]; 2]) -> PackagePair {
    let total = |side: usize| -> Vec<f64> { waits[side].iter().zip(work[side]).map(|(a, b)| a + b).collect() };
    let series = vec![
        change(kind, &format!("block_ns.{reason}"), waits[0], waits[1]),
        change(kind, "exec_ns", work[0], work[1]),
        change(kind, "total_ns", &total(0), &total(1)),
    ];
    package("p", (waits[0].len(), waits[1].len()), vec![subject(kind, "p.work", series)])
}

#[test]
fn queues_are_tested_by_the_ratio_to_own_work() {
    let waits: [&[f64]; 2] = [&[428e3, 236e3, 236e3, 248e3, 450e3], &[472e3, 236e3, 428e3, 214e3, 450e3]];
    let work: [&[f64]; 2] = [&[1200e3, 540e3, 540e3, 540e3, 1260e3], &[800e3, 440e3, 880e3, 420e3, 800e3]];
    let rules = || vec![at(Level::Info, &["exec_ns", "total_ns"])];
    let first = |package: PackagePair, rules: Vec<Rule>| {
        let all = said(package, &with_rules(rules));
        all.split(", ").next().unwrap().to_owned()
    };
    for reason in ["sync", "chan send", "chan receive", "select", "sync.(*Cond).Wait"] {
        assert_eq!(first(queueing(GROUP, reason, [waits, work]), rules()), "Regression Tested 0.0159", "{reason}");
    }
    // By the waits alone: of a wait for no goroutine, of a region, and where not every run has the work.
    let error = || vec![at(Level::Error, &["block_ns.*"]), at(Level::Info, &["exec_ns", "total_ns"])];
    assert_eq!(first(queueing(GROUP, "network", [waits, work]), error()), "Note Tested 0.4762");
    assert_eq!(first(queueing(SubjectKind::Region, "sync", [waits, work]), error()), "Note Tested 0.4762");
    let some = [work[0], &work[1][..4]];
    assert_eq!(first(queueing(GROUP, "sync", [waits, some]), error()), "Note Tested 0.4762");
    // Own work is more than what runs on a processor.
    for path in ["block_ns.sleep", "block_ns.network", "block_ns.syscall", "syscall_ns"] {
        let mut package = queueing(GROUP, "sync", [waits, work]);
        package.subjects[0].changes[1] = change(GROUP, path, work[0], work[1]);
        assert_eq!(first(package, vec![at(Level::Info, &["exec_ns", "total_ns", path])]), "Regression Tested 0.0159");
        let half = work.map(|side| side.iter().map(|v| v / 2.0).collect::<Vec<_>>());
        let mut package = queueing(GROUP, "sync", [waits, [&half[0], &half[1]]]);
        package.subjects[0].changes[2] = change(GROUP, "total_ns", &[1e9; 5], &[2e9; 5]);
        package.subjects[0].changes.push(change(GROUP, path, &half[0], &half[1]));
        assert_eq!(first(package, vec![at(Level::Info, &["exec_ns", "total_ns", path])]), "Regression Tested 0.0159");
    }
}

#[test]
fn a_queue_is_made_up_for_where_half_as_much_is_saved_elsewhere() {
    let ms = |v: f64| [v * 1e6; 4];
    // Of base and head: all time, the wait, waiting for a processor.
    for (reason, total, waited, runnable, want) in [
        ("chan receive", (10.0, 12.0), (2.0, 6.0), (0.0, 0.0), "Regression Tested 0.0143"),
        ("chan receive", (10.0, 11.9), (2.0, 6.0), (0.0, 0.0), "Note FewRuns"),
        ("chan receive", (10.0, 12.0), (2.0, 6.0), (3.0, 1.0), "Regression Tested 0.0143"),
        ("chan receive", (10.0, 11.9), (2.0, 6.0), (3.0, 1.0), "Note FewRuns"),
        ("sync", (10.0, 11.9), (2.0, 6.0), (0.0, 0.0), "Note FewRuns"),
        ("sync", (10.0, 11.9), (2.0, 6.0), (3.0, 1.0), "Regression Tested 0.0143"),
        ("chan send", (10.0, 11.9), (2.0, 6.0), (3.0, 1.0), "Regression Tested 0.0143"),
        ("sync", (10.0, 10.0), (2.0, 6.0), (3.0, 1.0), "Regression Tested 0.0143"),
        ("sync", (10.0, 9.9), (2.0, 6.0), (3.0, 1.0), "Note FewRuns"),
    ] {
        let series = vec![
            change(GROUP, &format!("block_ns.{reason}"), &ms(waited.0), &ms(waited.1)),
            change(GROUP, "total_ns", &ms(total.0), &ms(total.1)),
            change(GROUP, "sched_wait_ns", &ms(runnable.0), &ms(runnable.1)),
        ];
        let package = package("p", (4, 4), vec![subject(GROUP, "p.work", series)]);
        let all = said(package, &with_rules(vec![at(Level::Info, &["total_ns"])]));
        assert_eq!(all.split(", ").next().unwrap(), want, "{reason} {total:?} {waited:?} {runnable:?}");
    }
    // With fewer runs a queue is no suspicion, whatever is saved.
    let few = alone(change(GROUP, "block_ns.sync", &[2e6; 3], &[6e6; 3]));
    assert_eq!(said(few, &Config::default()), "Note FewRuns");
    let few = alone(change(GROUP, "exec_ns", &[2e6; 3], &[6e6; 3]));
    assert_eq!(said(few, &Config::default()), "Inconclusive FewRuns");
}
