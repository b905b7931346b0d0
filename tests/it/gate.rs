//! What fails a build, what is only said, and what is never taken for a pass.

use gotrace_diff::config::{Config, Level, Pattern, Rule, quantity::Ratio};
use gotrace_diff::gate::{Evidence, Judged, Outcome, Verdict};
use gotrace_diff::metrics::registry::SubjectKind;
use gotrace_diff::summary::{Group, Summary};

use crate::compare_make::{group, judge, numbered, placed, region, run, site, waiting, with};

const WORK: &str = "example.com/shop.work";

fn verdict(base: &[Summary], head: &[Summary]) -> Verdict {
    judge(base, head, &Config::default()).1.verdict
}

fn counts(values: &[u64]) -> Vec<Summary> {
    numbered(values.iter().map(|&n| with(WORK, group(n, 1000))).collect())
}

fn times(values: &[i64]) -> Vec<Summary> {
    numbered(values.iter().map(|&ns| with(WORK, group(4, ns))).collect())
}

fn evidence(judged: &Judged, outcome: Outcome) -> Vec<Evidence> {
    judged.judgements.iter().filter(|j| j.outcome == outcome).map(|j| j.evidence.clone()).collect()
}

fn rule(subject: &str, metric: &str) -> Rule {
    Rule {
        subjects: vec![Pattern::new(subject).unwrap()],
        metrics: vec![Pattern::new(metric).unwrap()],
        ..Rule::default()
    }
}

fn configured(rule: Rule) -> Config {
    Config { rules: vec![rule], ..Config::default() }
}

#[test]
fn below_three_runs_only_counts_that_are_4_times_as_many_and_16_more_fail() {
    for (base, head, want) in [
        (10, 10, Verdict::Pass),
        (10, 25, Verdict::Inconclusive),
        // Twice as many happens to unchanged code: 18 % of comparisons of database/sql at one run a side.
        (10, 26, Verdict::Inconclusive),
        (10, 40, Verdict::Regression),
        (4, 16, Verdict::Inconclusive),
        (100, 390, Verdict::Inconclusive),
        (100, 400, Verdict::Regression),
        (100, 104, Verdict::Pass),
        (100, 50, Verdict::Pass),
        (0, 16, Verdict::Regression),
    ] {
        assert_eq!(verdict(&counts(&[base]), &counts(&[head])), want, "{base} to {head}");
        assert_eq!(verdict(&counts(&[base; 2]), &counts(&[head; 2])), want, "{base} to {head}, two runs");
    }
}

#[test]
fn below_three_runs_times_never_fail_and_never_pass_silently() {
    assert_eq!(verdict(&times(&[1_000_000]), &times(&[3_000_000])), Verdict::Inconclusive);
    assert_eq!(verdict(&times(&[1_000_000]), &times(&[1_050_000])), Verdict::Pass);
    // Beyond the relative limit, and below the floor.
    assert_eq!(verdict(&times(&[1000]), &times(&[2000])), Verdict::Pass);
}

#[test]
fn constant_counts_need_no_test_from_three_runs_on() {
    assert_eq!(verdict(&counts(&[20; 3]), &counts(&[22; 3])), Verdict::Regression);
    assert_eq!(verdict(&counts(&[100; 3]), &counts(&[104; 3])), Verdict::Pass);
    // Counts that vary are noisy: three runs prove nothing of them, beside other series.
    assert_eq!(verdict(&counts(&[20, 21, 19]), &counts(&[26, 24, 25])), Verdict::Inconclusive);
}

#[test]
fn system_calls_fail_where_the_runs_show_that_their_number_hardly_varies() {
    let runs = |values: &[u64]| -> Vec<Summary> {
        numbered(values.iter().map(|&n| with(WORK, Group { syscalls: n, ..group(4, 1000) })).collect())
    };
    for (base, head, want) in [
        // Constant on both sides.
        ([3; 5].as_slice(), [30; 5].as_slice(), Verdict::Regression),
        (&[30; 5], &[3; 5], Verdict::Pass),
        // Below the floor of 10 more, or the limit of 20 %.
        (&[3; 5], &[12; 5], Verdict::Pass),
        (&[100; 5], &[115; 5], Verdict::Pass),
        (&[100; 5], &[125; 5], Verdict::Regression),
        // They vary: every run of the head has to make twice as many as any of the base.
        (&[40, 41, 44, 40, 39], &[90, 95, 88, 91, 99], Verdict::Regression),
        (&[40, 41, 44, 40, 39], &[90, 95, 87, 91, 99], Verdict::Pass),
        // What varies as much within a side as between the two is not steady.
        (&[10, 30, 50, 20, 20], &[110, 190, 120, 140, 240], Verdict::Pass),
        // Three runs a side are suspicious, two say nothing.
        (&[3; 3], &[30; 3], Verdict::Inconclusive),
        (&[3; 2], &[30; 2], Verdict::Pass),
        (&[3; 5], &[30; 1], Verdict::Pass),
    ] {
        let (_, judged) = judge(&runs(base), &runs(head), &Config::default());
        assert_eq!(judged.verdict, want, "{base:?} to {head:?}");
        // What asks for more runs says so to whoever decides how many there are.
        assert_eq!(judged.suspicion == 0.0, want == Verdict::Inconclusive, "{base:?} to {head:?}");
    }
    let asked = configured(rule(WORK, "syscalls"));
    let asked = Config { rules: vec![Rule { level: Some(Level::Error), ..asked.rules[0].clone() }], ..asked };
    let (_, judged) = judge(&runs(&[3; 2]), &runs(&[30; 2]), &asked);
    assert_eq!(judged.verdict, Verdict::Inconclusive, "a rule wants it looked at whatever the runs show");
}

#[test]
fn times_are_tested_and_corrected_over_the_family() {
    let base = [1_000_000, 1_010_000, 1_020_000, 1_030_000, 1_040_000, 1_050_000];
    let slower = base.map(|t| t * 3 / 2);
    let (_, judged) = judge(&times(&base), &times(&slower), &Config::default());
    assert_eq!(judged.verdict, Verdict::Regression);
    assert!(evidence(&judged, Outcome::Regression).iter().all(|e| matches!(e, Evidence::Tested(p) if *p <= 0.05)));
    // The same runs mixed are no proof, though their middles differ.
    let mixed = [1_000_000, 1_900_000, 1_020_000, 1_700_000, 1_600_000, 1_030_000];
    assert_eq!(verdict(&times(&base), &times(&mixed)), Verdict::Inconclusive);
    // A proven change within the limit is none.
    assert_eq!(verdict(&times(&base), &times(&base.map(|t| t * 21 / 20))), Verdict::Pass);
}

/// Runs on a machine that is as many times slower as `slower` says each time.
fn queueing(slower: &[i64], work_us: i64, reason: &str, wait_us: i64) -> Vec<Summary> {
    let run = |by: &i64| with(WORK, waiting(40, by * work_us * 100, reason, by * wait_us * 100));
    numbered(slower.iter().map(run).collect())
}

#[test]
fn queues_are_proven_by_the_work_beside_them_however_slow_the_machine_is() {
    let (base, head) = ([10, 25, 12, 41, 15, 22], [14, 11, 36, 20, 13, 27]);
    let (comparison, judged) =
        judge(&queueing(&base, 5000, "sync", 3000), &queueing(&head, 5000, "sync", 6000), &Config::default());
    assert_eq!(judged.verdict, Verdict::Regression);
    let proven: Vec<&str> = (judged.judgements.iter().filter(|j| j.outcome == Outcome::Regression))
        .map(|j| comparison.packages[j.at.0].subjects[j.at.1].changes[j.at.2].path.as_str())
        .collect();
    assert_eq!(proven, ["block_ns.sync"], "the times vary too much");
    // What goroutines wait for peers is no queue.
    let network = |us| queueing(&base, 5000, "network", us);
    let slower = |us| queueing(&head, 5000, "network", us);
    assert_ne!(judge(&network(3000), &slower(6000), &Config::default()).1.verdict, Verdict::Regression);
}

#[test]
fn a_worker_that_got_faster_and_waits_for_work_is_no_regression() {
    let slower = [10, 11, 12, 10, 13, 11];
    for reason in ["chan receive", "select", "sync", "chan send"] {
        let (base, head) = (queueing(&slower, 9000, reason, 3000), queueing(&slower, 3000, reason, 9000));
        assert_eq!(verdict(&base, &head), Verdict::Pass, "{reason}");
    }
}

#[test]
fn improvements_are_told_and_fail_nothing() {
    let base = [2_000_000, 2_010_000, 2_020_000, 2_030_000];
    let (_, judged) = judge(&times(&base), &times(&base.map(|t| t / 2)), &Config::default());
    assert_eq!(judged.verdict, Verdict::Pass);
    assert!(!evidence(&judged, Outcome::Improvement).is_empty());
}

#[test]
fn a_set_compared_with_itself_changes_nothing_and_passes() {
    for runs in [1, 2, 3, 6] {
        let side = numbered((0..runs).map(|i| with(WORK, waiting(40 + i, 5_000_000, "sync", 7_000_000))).collect());
        let (_, judged) = judge(&side, &side, &Config::default());
        assert_eq!(judged.verdict, Verdict::Pass);
        assert!(judged.judgements.iter().all(|j| j.outcome == Outcome::Unchanged));
    }
}

#[test]
fn budgets_hard_limits_and_required_subjects_fail_with_one_run() {
    let (base, head) = (times(&[1_000_000]), times(&[1_900_000]));
    let fails = |rule: Rule, head: &[Summary]| judge(&base, head, &configured(rule)).1.verdict == Verdict::Regression;
    let mut budget = rule("*", "exec_ns");
    budget.max = gotrace_diff::config::quantity::Amounts::new(vec!["1500us".parse().unwrap()]);
    assert!(fails(budget.clone(), &head));
    budget.max = gotrace_diff::config::quantity::Amounts::new(vec!["2ms".parse().unwrap()]);
    assert!(!fails(budget, &head));
    let mut hard = rule("*", "exec_ns");
    hard.hard_limit = Some(Ratio(0.5));
    assert!(fails(hard.clone(), &head));
    hard.hard_limit = Some(Ratio(1.0));
    assert!(!fails(hard, &head));
    let mut required = rule("example.com/*", "*");
    required.required = true;
    assert!(fails(required.clone(), &[run()]));
    assert!(!fails(required, &base));
}

#[test]
fn a_removed_subject_is_a_note_unless_a_rule_names_it() {
    let base = counts(&[40]);
    for (config, want) in [
        (Config::default(), Verdict::Pass),
        (configured(rule("example.com/*", "count")), Verdict::Pass),
        (configured(rule(WORK, "count")), Verdict::Inconclusive),
    ] {
        let (_, judged) = judge(&base, &[run()], &config);
        assert_eq!(judged.verdict, want);
    }
}

#[test]
fn new_goroutines_fail_where_known_code_starts_them() {
    let base = with("example.com/shop.serve.func1", placed(group(4, 1000), "example.com/shop.serve", "s.go", 3));
    let with_new = |creator: &str, n: u64| {
        let mut head = base.clone();
        head.goroutines.insert(WORK.to_owned(), placed(group(n, 1000), creator, "s.go", 9));
        head
    };
    let base = std::slice::from_ref(&base);
    assert_eq!(verdict(base, &[with_new("example.com/shop.serve", 500)]), Verdict::Regression);
    assert_eq!(verdict(base, &[with_new("example.com/shop.serve", 5)]), Verdict::Pass);
    assert_eq!(verdict(base, &[with_new("example.com/shop.TestNew", 500)]), Verdict::Pass);
}

#[test]
fn new_regions_tasks_and_messages_are_news_and_no_regression() {
    let mut head = run();
    head.regions.insert("db".to_owned(), region(1000, 5000));
    head.logs.insert("cache".to_owned(), 1000);
    assert_eq!(verdict(&[run()], &[head]), Verdict::Pass);
}

#[test]
fn calls_are_compared_per_call_and_by_number() {
    let with_region = |count, ns| {
        let mut summary = run();
        summary.regions.insert("db".to_owned(), region(count, ns));
        vec![summary]
    };
    // Half as many calls, each twice as long: a total would not have moved.
    assert_eq!(verdict(&with_region(100, 1_000_000), &with_region(50, 2_000_000)), Verdict::Inconclusive);
    assert_eq!(verdict(&with_region(100, 1_000_000), &with_region(400, 1_000_000)), Verdict::Regression);
    // A few microseconds matter where there are many calls.
    assert_eq!(verdict(&with_region(1000, 20_000), &with_region(1000, 30_000)), Verdict::Inconclusive);
    assert_eq!(verdict(&with_region(2, 20_000), &with_region(2, 30_000)), Verdict::Pass);
}

#[test]
fn work_split_among_more_goroutines_is_no_improvement() {
    let base = with(WORK, group(16, 16_000_000));
    let head = with(WORK, group(24, 10_666_666));
    let (_, judged) = judge(&[base], &[head], &Config::default());
    assert!(judged.judgements.iter().all(|j| j.outcome != Outcome::Improvement));
    assert!(evidence(&judged, Outcome::Note).contains(&Evidence::Regrouped));
}

/// A benchmark that runs for a fixed time: slower code does fewer rounds.
fn benchmark(rounds: u64, wait_ns: i64) -> Summary {
    let mut summary = with(WORK, waiting(8 * rounds, 10_000, "chan send", wait_ns));
    summary.goroutines.remove("testing.tRunner");
    let round_ns = 1_000_000 + i64::try_from(rounds).unwrap() * 900_000;
    summary.end_ns = round_ns;
    summary.goroutines.insert("testing.(*B).launch".to_owned(), group(1, round_ns));
    summary.goroutines.insert("testing.(*B).run1.func1".to_owned(), group(1, 1_000_000));
    summary
}

#[test]
fn fewer_rounds_of_a_benchmark_are_neither_better_nor_worse() {
    let (comparison, judged) = judge(&[benchmark(1000, 5_000_000)], &[benchmark(500, 10_000_000)], &Config::default());
    assert_eq!(judged.verdict, Verdict::Inconclusive);
    assert!(judged.judgements.iter().all(|j| j.outcome != Outcome::Improvement));
    let work = comparison.packages[0].subjects.iter().find(|s| s.name() == WORK).unwrap();
    assert!(work.not_compared.iter().any(|(path, why)| path == "count" && why.contains("-benchtime=Nx")));
    assert!(work.change("total_ns").is_some_and(|c| c.delta() > 0.0));
}

#[test]
fn counts_are_per_operation_where_their_number_is_known() {
    let known = |mut summary: Summary, n| {
        summary.operations = Some(n);
        summary
    };
    let base = known(benchmark(1000, 5_000_000), 1000);
    assert_eq!(verdict(std::slice::from_ref(&base), &[known(benchmark(500, 5_000_000), 500)]), Verdict::Pass);
    // Four times the goroutines for each operation.
    assert_eq!(verdict(&[base], &[known(benchmark(1000, 5_000_000), 250)]), Verdict::Regression);
}

/// What a service did within a window.
fn window(seconds: i64, served: u64) -> Summary {
    let mut summary = with(WORK, group(served, 100_000));
    summary.goroutines.remove("testing.tRunner");
    summary.snapshot = true;
    summary.end_ns = seconds * 1_000_000_000;
    // Was there before the window, and is longer in a longer one.
    let mut listener = waiting(1, 1000, "network", seconds * 1_000_000_000 - 1000);
    listener.created = 0;
    summary.goroutines.insert("example.com/shop.listen".to_owned(), listener);
    summary
}

#[test]
fn windows_are_compared_per_second() {
    assert_eq!(verdict(&[window(2, 200)], &[window(5, 500)]), Verdict::Pass);
    assert_eq!(verdict(&[window(5, 500)], &[window(5, 2000)]), Verdict::Regression);
}

#[test]
fn another_environment_keeps_times_out_and_counts_in() {
    let other = |mut s: Summary| {
        s.gomaxprocs = 2;
        s
    };
    let (_, judged) = judge(&times(&[1_000_000]), &[other(times(&[9_000_000]).remove(0))], &Config::default());
    assert_eq!(judged.verdict, Verdict::Pass);
    assert!(judged.times_out);
    assert_eq!(verdict(&counts(&[40]), &[other(counts(&[160]).remove(0))]), Verdict::Regression);
}

#[test]
fn old_and_new_traces_are_compared_by_counts_only() {
    let old = |mut s: Summary| {
        s.format = "go 1.21".to_owned();
        s
    };
    let (comparison, judged) = judge(&[old(counts(&[40]).remove(0))], &counts(&[40]), &Config::default());
    assert_eq!(judged.verdict, Verdict::Pass);
    let kinds = [SubjectKind::Group, SubjectKind::Region, SubjectKind::Task, SubjectKind::Log];
    for subject in &comparison.packages[0].subjects {
        assert!(subject.changes.is_empty() || kinds.contains(&subject.kind), "{}", subject.kind);
        assert!(subject.changes.iter().all(|c| c.is_structural()), "{}", subject.name());
    }
}

#[test]
fn partial_input_never_passes() {
    let partial = |mut s: Summary| {
        s.complete = false;
        s
    };
    for (base, head) in [(partial(run()), run()), (run(), partial(run()))] {
        let (_, judged) = judge(&[base], &[head], &Config::default());
        assert_eq!((judged.verdict, judged.exit_code), (Verdict::Inconclusive, 3));
    }
    let (_, judged) = judge(&counts(&[40]), &[partial(counts(&[400]).remove(0))], &Config::default());
    assert_eq!((judged.verdict, judged.exit_code), (Verdict::Regression, 1));
}

#[test]
fn framework_goroutines_are_out_of_the_verdict() {
    let framework = |n| {
        let mut summary = with("runtime.gcBgMarkWorker", group(n, 1_000_000));
        summary.goroutines.insert("testing.runExample.func1".to_owned(), group(n, 1_000_000));
        summary.goroutines.insert(String::new(), group(n, 1_000_000));
        summary
    };
    assert_eq!(verdict(&[framework(1)], &[framework(100)]), Verdict::Pass);
    // iter.Pull is the program's.
    let pull = |n| with("runtime.corostart", group(n, 1000));
    assert_eq!(verdict(&[pull(1)], &[pull(100)]), Verdict::Regression);
}

#[test]
fn waits_of_the_framework_are_taken_off_what_tests_wait() {
    let tested = |framework: i64, own: i64| {
        let mut summary = run();
        let runner: Group = waiting(1, 1_000_000, "chan receive", framework + own);
        summary.goroutines.insert("testing.tRunner".to_owned(), runner);
        let state = "block_ns.chan receive";
        let all = ["testing.(*T).Run", "example.com/shop.TestAll", "testing.tRunner"];
        summary.sites.push(site("testing.tRunner", state, &["runtime.chanrecv1", all[0], all[1], all[2]], framework));
        summary.sites.push(site("testing.tRunner", state, &["runtime.chanrecv1", all[1], all[2]], own));
        summary
    };
    assert_eq!(verdict(&[tested(5_000_000, 1_000_000)], &[tested(90_000_000, 1_000_000)]), Verdict::Pass);
    assert_eq!(verdict(&[tested(5_000_000, 1_000_000)], &[tested(5_000_000, 9_000_000)]), Verdict::Inconclusive);
}

#[test]
fn levels_decide_what_fails() {
    for (level, want) in [
        (Level::Off, Verdict::Pass),
        (Level::Info, Verdict::Pass),
        (Level::Warn, Verdict::Pass),
        (Level::Error, Verdict::Regression),
    ] {
        let mut rule = rule("*", "count");
        rule.level = Some(level);
        assert_eq!(judge(&counts(&[40]), &counts(&[400]), &configured(rule)).1.verdict, want, "{level:?}");
    }
}

#[test]
fn more_tests_are_no_regression() {
    let tests = |n: u64, work: u64| {
        let mut summary = with(WORK, group(work, 1000));
        summary.goroutines.insert("testing.tRunner".to_owned(), group(n, 5_000_000));
        summary.end_ns = i64::try_from(n).unwrap() * 100_000_000;
        summary
    };
    let (_, judged) = judge(&[tests(10, 100)], &[tests(40, 400)], &Config::default());
    assert_eq!(judged.verdict, Verdict::Inconclusive);
    assert_eq!(evidence(&judged, Outcome::Inconclusive), [Evidence::TestsDiffer]);
    assert_eq!(verdict(&[tests(10, 100)], &[tests(30, 100)]), Verdict::Pass);
}

#[test]
fn packages_that_only_one_side_ran_are_told_once() {
    let other = |mut s: Summary| {
        s.package = Some("example.com/other".to_owned());
        s
    };
    let base = vec![with(WORK, group(40, 1000)), other(with("example.com/other.work", group(40, 1000)))];
    let (_, judged) = judge(&base, &[with(WORK, group(40, 1000))], &Config::default());
    assert_eq!(judged.verdict, Verdict::Pass);
    assert!(judged.judgements.iter().all(|j| j.outcome == Outcome::Unchanged));
    let mut required = rule("example.com/other.work", "*");
    required.required = true;
    let (_, judged) = judge(&base, &[with(WORK, group(40, 1000))], &configured(required));
    assert_eq!(judged.verdict, Verdict::Inconclusive);
}
