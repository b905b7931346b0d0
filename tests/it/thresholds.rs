//! Each threshold of the verdict, just below and just above it: what one series means by itself.

use gotrace_diff::compare::environment::Difference;
use gotrace_diff::compare::per::Item;
use gotrace_diff::compare::side::{Repeat, SiteFigures, SiteKey};
use gotrace_diff::compare::{Change, Mode, PackagePair, Recorded, Run, SubjectPair};
use gotrace_diff::config::quantity::{Amount, Amounts, Ratio};
use gotrace_diff::config::{Assume, Config, Direction, Level, OnEnvMismatch, OnInconclusive, Rule};
use gotrace_diff::gate::{self, Doubt, Outcome, Verdict};
use gotrace_diff::metrics::registry::{SubjectKind, Unit};

use crate::compare_series::{GROUP, alone, at, change, comparison, package, rule, runs, said, subject, with_rules};

/// What is said of one series of a group.
fn of(change: Change, config: &Config) -> String {
    said(alone(change), config)
}

#[test]
fn a_count_fails_from_its_limits_on_and_not_below_them() {
    for (base, head, want) in [
        // One or two runs: four times as many and 16 more.
        (&[4.0][..], &[20.0][..], "Regression Multiplied"),
        (&[5.0], &[21.0], "Regression Multiplied"),
        (&[5.0], &[20.5], "Inconclusive FewRuns"),
        (&[10.0], &[40.0], "Regression Multiplied"),
        (&[10.0], &[39.0], "Inconclusive FewRuns"),
        (&[20.0, 21.0], &[90.0, 91.0], "Regression Multiplied"),
        // The same for the better: a quarter and 16 less.
        (&[40.0], &[10.0], "Improvement Multiplied"),
        (&[40.0], &[10.5], "Note FewRuns"),
        (&[20.0], &[4.0], "Improvement Multiplied"),
        (&[20.0], &[4.5], "Note FewRuns"),
        // Of nothing any number is infinitely many times as much.
        (&[0.0], &[16.0], "Regression Multiplied"),
        (&[0.0], &[15.0], "Inconclusive FewRuns"),
        (&[0.0], &[1.0], "Inconclusive FewRuns"),
        (&[0.0], &[0.5], "Unchanged None"),
        (&[0.0], &[0.0], "Unchanged None"),
        // The relative limit of 5 %, and the floor of 1.
        (&[20.0], &[21.0], "Unchanged None"),
        (&[20.0], &[22.0], "Inconclusive FewRuns"),
        (&[20.0], &[19.0], "Unchanged None"),
        (&[20.0], &[18.0], "Note FewRuns"),
        (&[10.0], &[11.0], "Inconclusive FewRuns"),
        (&[10.0], &[10.75], "Unchanged None"),
        // From three runs a side on what does not vary is certain.
        (&[20.0; 2], &[22.0; 2], "Inconclusive FewRuns"),
        (&[20.0; 3], &[22.0; 3], "Regression Constant"),
        (&[22.0; 3], &[20.0; 3], "Improvement Constant"),
        (&[20.0; 3], &[21.0; 3], "Unchanged None"),
        (&[20.0; 3], &[22.0; 2], "Inconclusive FewRuns"),
        (&[20.0, 21.0, 20.0], &[90.0, 91.0, 90.0], "Inconclusive FewRuns"),
        // A base of five needs one of the head.
        (&[20.0; 5], &[22.0], "Regression Constant"),
        (&[20.0; 4], &[22.0], "Inconclusive FewRuns"),
        (&[20.0; 5], &[22.0, 23.0], "Inconclusive FewRuns"),
        (&[22.0], &[24.0; 5], "Inconclusive FewRuns"),
    ] {
        assert_eq!(of(change(GROUP, "count", base, head), &Config::default()), want, "{base:?} to {head:?}");
    }
    // Without limit and floor everything matters but what is the same.
    let free = Rule {
        max_increase: Some(Ratio(0.0)),
        min_delta: Amounts::new(vec![Amount { value: 0.0, unit: Unit::Count }]),
        ..rule(&["count"])
    };
    for (base, head, want) in
        [(0.0, 0.0, "Unchanged None"), (20.0, 20.0, "Unchanged None"), (20.0, 20.5, "Inconclusive FewRuns")]
    {
        let config = with_rules(vec![free.clone()]);
        assert_eq!(of(change(GROUP, "count", &[base], &[head]), &config), want, "{base} to {head}");
    }
}

#[test]
fn a_count_per_operation_or_second_has_to_grow_by_as_many_in_a_run() {
    let per = |item: Item, base: f64, head: f64, (operations, duration_ns): (&[u64], i64)| {
        let mut package = alone(Change { item, ..change(GROUP, "count", &[base], &[head]) });
        package.head_runs = operations
            .iter()
            .map(|&n| Run { operations: (n > 0).then_some(n), duration_ns, complete: true, ..Run::default() })
            .collect();
        said(package, &Config::default())
    };
    for (item, base, head, of_head, want) in [
        (Item::Operation, 1.0, 5.0, (&[4][..], 1), "Regression Multiplied"),
        (Item::Operation, 1.0, 5.0, (&[1, 4], 1), "Regression Multiplied"),
        (Item::Operation, 1.0, 5.0, (&[3], 1), "Inconclusive FewRuns"),
        (Item::Operation, 1.0, 5.0, (&[0], 1), "Inconclusive FewRuns"),
        (Item::Operation, 1.0, 17.0, (&[0], 1), "Regression Multiplied"),
        (Item::Second, 1.0, 5.0, (&[9], 4_000_000_000), "Regression Multiplied"),
        (Item::Second, 1.0, 5.0, (&[9], 3_900_000_000), "Inconclusive FewRuns"),
        (Item::Run, 1.0, 5.0, (&[9], 4_000_000_000), "Inconclusive FewRuns"),
        // What is gone of an operation is no more in a run.
        (Item::Operation, 5.0, 1.0, (&[100], 1), "Note FewRuns"),
        (Item::Operation, 20.0, 4.0, (&[100], 1), "Improvement Multiplied"),
    ] {
        assert_eq!(per(item, base, head, of_head), want, "{item:?} {base} to {head}, {of_head:?}");
    }
}

#[test]
fn budgets_and_hard_limits_hold_to_the_figure() {
    let budget =
        |level| Rule { max: Amounts::new(vec![Amount { value: 50.0, unit: Unit::Count }]), ..at(level, &["count"]) };
    for (level, head, want) in [
        (Level::Error, 50.0, "Unchanged None"),
        (Level::Error, 51.0, "Regression Budget"),
        (Level::Warn, 51.0, "Regression Budget"),
        (Level::Info, 51.0, "Unchanged None"),
        (Level::Info, 53.0, "Note FewRuns"),
    ] {
        let config = with_rules(vec![budget(level)]);
        assert_eq!(of(change(GROUP, "count", &[50.0], &[head]), &config), want, "{level:?} {head}");
    }
    let hard = with_rules(vec![Rule { hard_limit: Some(Ratio(0.5)), ..rule(&["exec_ns"]) }]);
    for (base, head, differ, want) in [
        (1e6, 1.5e6, false, "Inconclusive FewRuns"),
        (1e6, 1.6e6, false, "Regression HardLimit"),
        (1e6, 0.4e6, false, "Note FewRuns"),
        (0.0, 1e6, false, "Regression HardLimit"),
        // A hard limit holds whatever tests ran.
        (1e6, 1.6e6, true, "Regression HardLimit"),
    ] {
        let one = change(GROUP, "exec_ns", &[base], &[head]);
        let package = PackagePair { tests_differ: differ, ..alone(one) };
        assert_eq!(said(package, &hard), want, "{base} to {head}, {differ}");
    }
}

#[test]
fn more_tests_make_counts_inconclusive_and_nothing_else() {
    let exact = with_rules(vec![Rule { assume: Some(Assume::Exact), ..Rule::default() }]);
    for (path, base, head, config, want) in [
        ("count", &[10.0][..], &[40.0][..], &Config::default(), "Inconclusive TestsDiffer"),
        ("count", &[20.0; 3], &[22.0; 3], &Config::default(), "Inconclusive TestsDiffer"),
        ("count", &[22.0; 3], &[20.0; 3], &Config::default(), "Improvement Constant"),
        ("count", &[20.0], &[22.0], &exact, "Inconclusive TestsDiffer"),
        ("count", &[22.0], &[20.0], &exact, "Improvement Exact"),
        ("syscalls", &[3.0; 5], &[30.0; 5], &Config::default(), "Inconclusive TestsDiffer"),
        ("syscalls", &[3.0, 4.0, 3.0, 4.0, 3.0], &[30.0; 5], &Config::default(), "Inconclusive TestsDiffer"),
        ("exec_ns", &[1e6], &[2e6], &Config::default(), "Inconclusive FewRuns"),
        ("block_ns.sync", &[1e6], &[2e6], &exact, "Inconclusive TestsDiffer"),
    ] {
        let package = PackagePair { tests_differ: true, ..alone(change(GROUP, path, base, head)) };
        assert_eq!(said(package, config), want, "{path} {base:?} to {head:?}");
    }
}

#[test]
fn steady_counts_have_to_lie_further_apart_than_a_side_varies() {
    for (base, head, want) in [
        (&[3.0; 5][..], &[30.0; 5][..], "Regression Constant"),
        (&[30.0; 5], &[3.0; 5], "Improvement Constant"),
        (&[3.0; 5], &[13.0; 5], "Regression Constant"),
        (&[3.0; 5], &[12.0; 5], "Unchanged None"),
        // Fewer runs are a suspicion, two are none.
        (&[3.0; 4], &[30.0; 4], "Inconclusive FewRuns"),
        (&[3.0; 3], &[30.0; 3], "Inconclusive FewRuns"),
        (&[3.0; 2], &[30.0; 2], "Note FewRuns"),
        (&[3.0; 5], &[30.0; 4], "Inconclusive FewRuns"),
        // Twice as many.
        (&[40.0, 41.0, 44.0, 40.0, 39.0], &[88.0; 5], "Regression Separated"),
        (&[40.0, 41.0, 44.0, 40.0, 39.0], &[87.0; 5], "Note FewRuns"),
        (&[88.0; 5], &[40.0, 41.0, 44.0, 40.0, 39.0], "Improvement Separated"),
        (&[87.0; 5], &[40.0, 41.0, 44.0, 40.0, 39.0], "Improvement Ranked 0.0040"),
        // From 4 to 16 is as far as from 16 to 36: between square roots, 2.
        (&[4.0, 16.0, 16.0, 16.0, 16.0], &[36.0; 5], "Note FewRuns"),
        (&[4.0, 16.0, 16.0, 16.0, 16.0], &[37.0; 5], "Regression Separated"),
        (&[16.0; 5], &[36.0, 64.0, 64.0, 64.0, 64.0], "Note FewRuns"),
        (&[16.0; 5], &[37.0, 64.0, 64.0, 64.0, 64.0], "Regression Separated"),
        (&[36.0, 64.0, 64.0, 64.0, 64.0], &[16.0; 5], "Improvement Ranked 0.0040"),
        (&[37.0, 64.0, 64.0, 64.0, 64.0], &[16.0; 5], "Improvement Separated"),
        (&[0.0; 5], &[10.0, 11.0, 10.0, 12.0, 10.0], "Regression Separated"),
    ] {
        assert_eq!(of(change(GROUP, "syscalls", base, head), &Config::default()), want, "{base:?} to {head:?}");
    }
}

#[test]
fn what_should_stay_as_it_is_fails_either_way_where_that_is_certain() {
    let both = |level, assume| {
        let all = ["count", "created", "concurrency", "exec_ns"];
        with_rules(vec![Rule { direction: Some(Direction::Both), assume, ..at(level, &all) }])
    };
    let (error, warn, info) = (both(Level::Error, None), both(Level::Warn, None), both(Level::Info, None));
    let (exact, worse) = (both(Level::Error, Some(Assume::Exact)), with_rules(vec![at(Level::Error, &["created"])]));
    for (path, base, head, config, want) in [
        ("created", &[20.0; 3][..], &[25.0; 3][..], &error, "Regression Constant"),
        ("created", &[25.0; 3], &[20.0; 3], &error, "Regression Constant"),
        ("created", &[20.0; 3], &[21.0; 3], &error, "Unchanged None"),
        ("created", &[20.0; 2], &[25.0; 2], &error, "Note None"),
        ("created", &[20.0, 21.0, 20.0], &[30.0; 3], &error, "Note None"),
        ("created", &[20.0; 3], &[25.0; 3], &worse, "Note None"),
        ("created", &[20.0], &[25.0], &exact, "Regression Exact"),
        ("concurrency", &[1.0; 3], &[2.0; 3], &error, "Note None"),
        ("concurrency", &[2.0], &[1.0], &exact, "Regression Exact"),
        ("concurrency", &[1.0], &[1.04], &exact, "Unchanged None"),
        ("count", &[40.0; 3], &[20.0; 3], &error, "Regression Constant"),
        ("count", &[40.0; 3], &[20.0; 3], &warn, "Regression Constant"),
        ("count", &[40.0; 3], &[20.0; 3], &info, "Improvement Constant"),
        ("exec_ns", &[2e6], &[1e6], &exact, "Regression Exact"),
        ("exec_ns", &[2e6], &[1e6], &error, "Note FewRuns"),
    ] {
        assert_eq!(of(change(GROUP, path, base, head), config), want, "{path} {base:?} to {head:?}");
    }
}

#[test]
fn what_the_environment_moves_is_kept_out_unless_it_is_what_is_tested() {
    let package = |path: &str, head: f64| {
        let mut package = alone(change(GROUP, path, &[1e6], &[head]));
        package.head_runs[0].gomaxprocs = 8;
        package.environment =
            Difference::between(&package.base_runs.iter().collect::<Vec<_>>(), &[&package.head_runs[0]]);
        package
    };
    let (by_default, warn) = (Config::default(), Config { on_env_mismatch: OnEnvMismatch::Warn, ..Config::default() });
    let fail = Config { on_env_mismatch: OnEnvMismatch::Fail, ..Config::default() };
    for (path, head, stated, config, want, facts) in [
        ("exec_ns", 2e6, None, &by_default, "Note Environment", (Verdict::Inconclusive, 0, 0, true, false)),
        ("exec_ns", 1.05e6, None, &by_default, "Unchanged Environment", (Verdict::Inconclusive, 0, 0, true, false)),
        ("exec_ns", 0.5e6, None, &by_default, "Note Environment", (Verdict::Inconclusive, 0, 0, true, false)),
        ("exec_ns", 1.05e6, None, &warn, "Unchanged None", (Verdict::Pass, 0, 1, false, false)),
        ("exec_ns", 2e6, None, &warn, "Inconclusive FewRuns", (Verdict::Inconclusive, 0, 1, false, false)),
        ("count", 1e6, None, &fail, "Unchanged None", (Verdict::Inconclusive, 3, 1, false, true)),
        ("count", 1e6, None, &by_default, "Unchanged None", (Verdict::Pass, 0, 1, false, false)),
        ("count", 8e6, None, &fail, "Regression Multiplied", (Verdict::Regression, 1, 1, false, true)),
        // Two numbers of processors, alternately: that is the question.
        (
            "exec_ns",
            2e6,
            Some(Recorded::Alternately),
            &fail,
            "Inconclusive FewRuns",
            (Verdict::Inconclusive, 0, 1, false, false),
        ),
        ("exec_ns", 2e6, Some(Recorded::Apart), &fail, "Note Environment", (Verdict::Inconclusive, 3, 0, true, true)),
    ] {
        let mut package = package(path, head);
        package.stated = stated;
        let comparison = comparison(vec![package]);
        let judged = gate::judge(&comparison, config);
        assert_eq!(crate::compare_series::told(&judged), [want], "{path} {head} {stated:?}");
        let now = (
            judged.verdict,
            judged.exit_code,
            judged.gated,
            judged.times_out,
            judged.doubts.contains(&Doubt::Mismatch),
        );
        assert_eq!(now, facts, "{path} {head} {stated:?}");
    }
}

#[test]
fn the_same_work_split_another_way_is_neither_better_nor_worse() {
    let limit = with_rules(vec![Rule { max_increase: Some(Ratio(0.01)), ..rule(&["exec_ns"]) }]);
    // Milliseconds per item, items.
    for (base, head, runs, fixed, config, want) in [
        ((16.0, 16.0), (10.0, 24.0), 1, true, &Config::default(), "Note Regrouped"),
        ((10.0, 10.0), (4.0, 20.0), 1, true, &Config::default(), "Note FewRuns"),
        ((10.0, 10.0), (4.25, 20.0), 1, true, &Config::default(), "Note Regrouped"),
        ((10.0, 10.0), (8.5, 10.0), 1, true, &Config::default(), "Note FewRuns"),
        ((10.0, 10.0), (8.5, 9.9), 1, true, &Config::default(), "Note FewRuns"),
        // Better by a test of enough runs, but not so much of it.
        ((10.0, 10.0), (4.25, 20.0), 4, true, &Config::default(), "Note Regrouped"),
        ((10.0, 10.0), (20.0, 5.0), 3, true, &Config::default(), "Note Regrouped"),
        ((10.0, 10.0), (20.0, 5.0), 2, true, &Config::default(), "Inconclusive FewRuns"),
        ((10.0, 10.0), (20.0, 5.0), 3, false, &Config::default(), "Inconclusive FewRuns"),
        ((10.0, 10.0), (21.0, 5.0), 3, true, &Config::default(), "Inconclusive FewRuns"),
        ((10.0, 10.0), (20.75, 5.0), 3, true, &Config::default(), "Note Regrouped"),
        ((10.0, 10.0), (20.0, 11.0), 3, true, &Config::default(), "Inconclusive FewRuns"),
        ((10.0, 10.0), (10.4, 10.0), 3, true, &limit, "Inconclusive FewRuns"),
        ((10.0, 10.0), (10.4, 9.0), 3, true, &limit, "Note Regrouped"),
    ] {
        for item in [Item::Goroutine, Item::Call, Item::Task] {
            let one = change(GROUP, "exec_ns", &vec![base.0 * 1e6; runs], &vec![head.0 * 1e6; runs]);
            let one = Change { item, items: base.1, head_items: head.1, items_are_fixed: fixed, ..one };
            assert_eq!(of(one, config), want, "{base:?} to {head:?}, {runs} runs, {item:?}");
        }
    }
    let one = change(GROUP, "exec_ns", &[16e6], &[10e6]);
    let per_run = Change { items: 16.0, head_items: 24.0, ..one };
    assert_eq!(of(per_run, &Config::default()), "Note FewRuns", "per run there are no items to be split");
}

#[test]
fn what_is_gone_fails_where_it_is_required_and_is_asked_for_where_it_is_named() {
    let named = |level, required| Rule {
        subjects: vec![gotrace_diff::config::Pattern::new("p.work").unwrap()],
        required,
        ..at(level, &["count"])
    };
    let required = |level| Rule { required: true, ..at(level, &["count"]) };
    for (rule, head_runs, want) in [
        (Rule::default(), 1, "Note Presence"),
        (required(Level::Error), 1, "Regression Required"),
        (required(Level::Warn), 1, "Regression Required"),
        (required(Level::Info), 1, "Note Presence"),
        (required(Level::Error), 0, "Inconclusive Named"),
        (required(Level::Info), 0, "Note Presence"),
        (named(Level::Error, false), 1, "Inconclusive Named"),
        (named(Level::Warn, false), 1, "Inconclusive Named"),
        (named(Level::Info, false), 1, "Note Presence"),
        (named(Level::Error, false), 0, "Inconclusive Named"),
        (named(Level::Error, true), 1, "Regression Required"),
        (Rule::default(), 0, ""),
        (at(Level::Off, &["count"]), 1, ""),
    ] {
        let mut package = alone(change(GROUP, "count", &[40.0], &[]));
        package.head_runs = runs(head_runs);
        assert_eq!(said(package, &with_rules(vec![rule.clone()])), want, "{rule:?}, {head_runs} runs");
    }
    // A package that the base lacks is told once, whatever rules say.
    let mut package = alone(change(GROUP, "count", &[], &[40.0]));
    package.base_runs = Vec::new();
    assert_eq!(said(package, &with_rules(vec![required(Level::Error)])), "");
}

#[test]
fn new_goroutines_fail_from_16_on_where_code_that_was_there_starts_them() {
    let key = |chain: &[&str]| SiteKey {
        state: "block_ns.sync".to_owned(),
        chain: chain.iter().map(|f| (*f).to_owned()).collect(),
    };
    let case = |kind, creator: &str, new: Change, rule: Rule, differ| {
        let mut old = subject(GROUP, "p.serve", vec![change(GROUP, "alive", &[0.0], &[0.0])]);
        let (_, base) = old.base.as_mut().unwrap();
        base.creators.insert("p.main".to_owned(), 1);
        base.sites.insert(key(&["sync.(*Mutex).Lock", "p.lock"]), SiteFigures::default());
        let mut new = subject(kind, "p.new", vec![new]);
        new.head.as_mut().unwrap().1.creators.insert(creator.to_owned(), 1);
        let mut package = package("p", (1, 1), vec![old, new]);
        package.head_runs[0].operations = Some(4);
        package.tests_differ = differ;
        said(package, &with_rules(vec![rule])).replace("Unchanged None, ", "")
    };
    let new = |n: f64| change(GROUP, "count", &[], &[n]);
    for (creator, count, level, differ, want) in [
        ("p.serve", 16.0, Level::Error, false, "Regression Multiplied"),
        ("p.serve", 16.0, Level::Warn, false, "Regression Multiplied"),
        ("p.serve", 16.0, Level::Info, false, "Note Presence"),
        ("p.serve", 15.0, Level::Error, false, "Note Presence"),
        ("p.serve", 16.0, Level::Error, true, "Note Presence"),
        ("p.main", 16.0, Level::Error, false, "Regression Multiplied"),
        ("p.lock", 16.0, Level::Error, false, "Regression Multiplied"),
        ("p.other", 16.0, Level::Error, false, "Note Presence"),
    ] {
        let rule = at(level, &["count"]);
        assert_eq!(case(GROUP, creator, new(count), rule, differ), want, "{creator} {count} {level:?} {differ}");
    }
    let region = change(SubjectKind::Region, "count", &[], &[16.0]);
    assert_eq!(case(SubjectKind::Region, "p.serve", region, Rule::default(), false), "Note Presence");
    let per_operation = |n| Change { item: Item::Operation, ..new(n) };
    assert_eq!(case(GROUP, "p.serve", per_operation(4.0), Rule::default(), false), "Regression Multiplied");
    assert_eq!(case(GROUP, "p.serve", per_operation(3.9), Rule::default(), false), "Note Presence");
}

#[test]
fn what_is_inconclusive_fails_the_build_as_its_own_package_says() {
    let fail = Config { on_inconclusive: OnInconclusive::Fail, ..Config::default() };
    let nested = Config { nested: [("q".to_owned(), fail.clone())].into(), ..Config::default() };
    let of = |name: &str, head: f64| {
        let one = change(GROUP, "count", &[100.0], &[head]);
        package(name, (1, 1), vec![subject(GROUP, "p.work", vec![one])])
    };
    let warned = |name: &str| {
        let one = change(GROUP, "exec_ns", &[1e6], &[2e6]);
        package(name, (1, 1), vec![subject(GROUP, "p.work", vec![one])])
    };
    let mut warns = nested.clone();
    warns.nested.get_mut("q").unwrap().rules = vec![at(Level::Warn, &["exec_ns"])];
    let partial = |mut package: PackagePair| {
        package.head_runs[0].complete = false;
        package
    };
    for (packages, config, want) in [
        (vec![of("p", 100.0), of("q", 100.0)], &nested, (Verdict::Pass, 0, 2)),
        (vec![of("p", 150.0), of("q", 100.0)], &nested, (Verdict::Inconclusive, 0, 2)),
        (vec![of("p", 150.0), of("q", 150.0)], &nested, (Verdict::Inconclusive, 3, 2)),
        (vec![of("p", 100.0), of("q", 150.0)], &nested, (Verdict::Inconclusive, 3, 2)),
        (vec![of("p", 150.0), warned("q")], &warns, (Verdict::Inconclusive, 0, 1)),
        (vec![of("p", 150.0)], &fail, (Verdict::Inconclusive, 3, 1)),
        (vec![of("p", 500.0), of("q", 150.0)], &nested, (Verdict::Regression, 1, 2)),
        // Where nothing gates, each of them says it; and where there is nothing at all, what is said of the whole.
        (vec![], &fail, (Verdict::Inconclusive, 3, 0)),
        (vec![], &Config::default(), (Verdict::Inconclusive, 0, 0)),
        (vec![package("p", (1, 1), vec![])], &fail, (Verdict::Inconclusive, 3, 0)),
        (vec![package("p", (1, 1), vec![])], &nested, (Verdict::Inconclusive, 0, 0)),
        (vec![package("p", (1, 1), vec![]), package("q", (1, 1), vec![])], &nested, (Verdict::Inconclusive, 3, 0)),
        (vec![partial(of("p", 100.0))], &nested, (Verdict::Inconclusive, 3, 1)),
        (vec![partial(of("p", 500.0))], &nested, (Verdict::Regression, 1, 1)),
    ] {
        let names: Vec<_> = packages.iter().map(|p| p.name.clone()).collect();
        let judged = gate::judge(&comparison(packages), config);
        assert_eq!((judged.verdict, judged.exit_code, judged.gated), want, "{names:?}");
    }
    let names = [Verdict::Pass, Verdict::Inconclusive, Verdict::Regression].map(Verdict::name);
    assert_eq!(names, ["pass", "inconclusive", "regression"]);
    let all = [
        Outcome::Regression,
        Outcome::Inconclusive,
        Outcome::Improvement,
        Outcome::Accepted,
        Outcome::Note,
        Outcome::Unchanged,
    ];
    assert_eq!(all.map(Outcome::name), ["regression", "inconclusive", "improvement", "accepted", "note", "note"]);
}

#[test]
fn more_runs_are_asked_for_where_they_could_tell() {
    let warn = with_rules(vec![at(Level::Warn, &["*"])]);
    for (path, base, head, differ, config, certain, suspect) in [
        ("count", &[20.0; 3][..], &[22.0; 3][..], false, &Config::default(), true, false),
        ("count", &[20.0; 3], &[22.0; 3], false, &warn, false, false),
        ("count", &[22.0; 3], &[20.0; 3], false, &Config::default(), false, false),
        ("count", &[10.0], &[40.0], false, &Config::default(), false, false),
        ("count", &[10.0], &[20.0], false, &Config::default(), false, true),
        ("count", &[10.0], &[20.0], false, &warn, false, false),
        ("count", &[10.0], &[40.0], true, &Config::default(), false, false),
        ("exec_ns", &[1e6; 4], &[2e6; 4], false, &Config::default(), false, false),
    ] {
        let package = PackagePair { tests_differ: differ, ..alone(change(GROUP, path, base, head)) };
        let comparison = comparison(vec![package]);
        let judged = gate::judge(&comparison, config);
        let suspects: Vec<String> = judged.suspects(&comparison).into_iter().collect();
        assert_eq!(
            (judged.is_certain(), suspects),
            (certain, vec!["p".to_owned(); usize::from(suspect)]),
            "{path} {base:?} to {head:?}"
        );
    }
}

#[test]
fn most_tests_gone_or_runs_of_another_kind_or_the_same_ones_are_doubted() {
    let test = |name: &str, is_named: bool, in_head: bool| {
        let mut pair = subject(SubjectKind::Test, name, vec![change(SubjectKind::Test, "count", &[1.0], &[1.0])]);
        if let Some((_, side)) = pair.base.as_mut().filter(|_| is_named) {
            side.repeats = vec![Repeat::default()];
        }
        pair.head = pair.head.filter(|_| in_head);
        pair
    };
    let doubts = |packages: Vec<PackagePair>| gate::judge(&comparison(packages), &Config::default()).doubts;
    for (all, gone, is_doubted) in
        [(1, 0, false), (1, 1, true), (2, 1, false), (3, 1, false), (3, 2, true), (4, 2, false)]
    {
        // Subtests, runners without names and groups do not count.
        let aside = [test("T0/sub", true, false), test("testing.tRunner", false, false)];
        let group = || vec![change(SubjectKind::Group, "count", &[1.0], &[1.0])];
        let mut others =
            vec![subject(SubjectKind::Group, "p.gone", group()), subject(SubjectKind::Group, "p.f", group())];
        others[0].head = None;
        let tests = (0..all).map(|i| test(&format!("T{i}"), true, i >= gone));
        let subjects: Vec<SubjectPair> = tests.chain(aside).chain(others).collect();
        let found = doubts(vec![package("p", (1, 1), subjects)]);
        let want = Doubt::TestsGone(gone, all, "T0".to_owned());
        assert_eq!(found.contains(&want), is_doubted, "{all} {gone}: {found:?}");
        assert_eq!(found.iter().any(|d| matches!(d, Doubt::TestsGone(..))), is_doubted, "{all} {gone}: {found:?}");
    }
    // Without any run nothing is known of tests, nor of what kind the runs were.
    let unseen = doubts(vec![package("p", (1, 0), vec![test("T", true, false)])]);
    assert!(!unseen.iter().any(|d| matches!(d, Doubt::TestsGone(..) | Doubt::OtherWay(..))), "{unseen:?}");
    for (base, head) in [(Mode::Run, Mode::Run), (Mode::Run, Mode::Benchmark), (Mode::Window, Mode::Run)] {
        let mut one = package("p", (2, 2), Vec::new());
        one.base_runs.iter_mut().for_each(|run| run.mode = base);
        // One of them is enough.
        one.head_runs[1].mode = head;
        one.head_runs[0].mode = if head == Mode::Benchmark { Mode::Run } else { head };
        assert_eq!(doubts(vec![one]).contains(&Doubt::OtherWay(base, head)), base != head, "{base:?} {head:?}");
    }
    for (shared, name) in [(0, None), (1, None), (2, Some(None)), (2, Some(Some("p".to_owned())))] {
        let mut one = package("p", (2, 2), Vec::new());
        for (i, run) in one.base_runs.iter_mut().chain(&mut one.head_runs).enumerate() {
            run.started_ns = i64::try_from(i).unwrap() + 1;
        }
        for i in 0..shared {
            one.head_runs[i].started_ns = one.base_runs[i].started_ns;
        }
        let more = matches!(name, Some(Some(_))).then(|| package("q", (0, 0), Vec::new()));
        let found = doubts([one].into_iter().chain(more).collect());
        let same = found.iter().find_map(|d| if let Doubt::SameRuns(of) = d { Some(of.clone()) } else { None });
        assert_eq!(same, name, "{shared}: {found:?}");
    }
}
