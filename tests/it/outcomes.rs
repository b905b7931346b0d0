//! Tests that failed or were skipped: read off what `go test` printed, and never taken for improvements.

use std::collections::BTreeMap;

use gotrace_diff::attribution::{name_tests, output::TestOutput};
use gotrace_diff::compare::Side;
use gotrace_diff::compare::outcomes::Outcomes;
use gotrace_diff::compare::per::Item;
use gotrace_diff::summarize::{Options, summarize};
use gotrace_diff::summary::{RunOutcome, Summary, TestKind, TestNamedBy, TestOutcome, TestRun, TestSite};

use crate::cli::{cli, json, out, write};
use crate::compare_make::{group, join, placed, site, with};
use crate::data;
use crate::run::{edit, has_go, repository};

const FAILED: Option<TestOutcome> = Some(TestOutcome::Failed);
const SKIPPED: Option<TestOutcome> = Some(TestOutcome::Skipped);

/// Every test's outcomes, as one line.
fn told(printed: &str) -> String {
    let Some(output) = TestOutput::parse(printed) else { return "no output".to_owned() };
    let word = |outcome: &Option<TestOutcome>| match outcome {
        None => "passed",
        Some(TestOutcome::Failed) => "failed",
        Some(TestOutcome::Skipped) => "skipped",
    };
    let package = |p: &gotrace_diff::attribution::output::Package| {
        let tests = p.outcomes().into_iter().map(|(name, all)| {
            let words: Vec<&str> = all.iter().map(word).collect();
            format!("{name} {}", words.join(" "))
        });
        let whole = format!("{:?}", p.outcome).to_lowercase();
        tests.chain([whole]).collect::<Vec<_>>().join(", ")
    };
    output.packages.iter().map(package).collect::<Vec<_>>().join("; ")
}

#[test]
fn outcomes_are_read_off_plain_output_as_go_s_test2json_reads_them() {
    let cases = [
        ("=== RUN   TestA\n--- PASS: TestA (0.00s)\nPASS\nok  \tp\t0.1s\n", "TestA passed, some(passed)"),
        (
            "=== RUN   TestA\n    a.go:3: boom\n--- FAIL: TestA (0.00s)\nFAIL\nFAIL\tp\t0.1s\nFAIL\n",
            "TestA failed, some(failed)",
        ),
        ("=== RUN   TestA\n--- SKIP: TestA (0.00s)\nPASS\n", "TestA skipped, some(passed)"),
        (
            "=== RUN   TestA\n=== RUN   TestA/x\n--- FAIL: TestA (0.00s)\n    --- FAIL: TestA/x (0.00s)\nFAIL\n",
            "TestA failed, TestA/x failed, some(failed)",
        ),
        // -count=2
        (
            "=== RUN   TestA\n--- PASS: TestA (0.00s)\n=== RUN   TestA\n--- FAIL: TestA (0.00s)\nFAIL\n",
            "TestA passed failed, some(failed)",
        ),
        // Ended by a panic, os.Exit or the timeout; and cut before anybody knows.
        (
            "=== RUN   TestA\n--- PASS: TestA (0.00s)\n=== RUN   TestB\nFAIL\tp\t0.1s\n",
            "TestA passed, TestB failed, some(failed)",
        ),
        ("=== RUN   TestA\n--- PASS: TestA (0.00s)\n=== RUN   TestB\n", "TestA passed, none"),
        // Without -v only what fails is named; a package that was not built has not run.
        ("--- FAIL: TestA (0.00s)\nFAIL\tp\t0.1s\n", "TestA failed, some(failed)"),
        ("FAIL\tp\t0.1s\n", "some(failed)"),
        ("FAIL\tp [build failed]\n", "no output"),
        ("FAIL\n", "no output"),
        (
            "BenchmarkA-8 \t 100\t 123 ns/op\n--- FAIL: BenchmarkB-8\n--- BENCH: BenchmarkA-8\nFAIL\n",
            "BenchmarkB failed, some(failed)",
        ),
        (
            "=== RUN   TestA\nFAIL\tp\t1s\n=== RUN   TestB\n--- PASS: TestB (0s)\nok  \tq\t1s\n",
            "TestA failed, some(failed); TestB passed, some(passed)",
        ),
    ];
    for (printed, expected) in cases {
        assert_eq!(told(printed), expected, "{printed}");
    }
}

#[test]
fn outcomes_are_read_off_json_and_laid_to_the_repeats_of_a_recording() {
    let name = "traces/go1.26.6/test";
    let printed = String::from_utf8(data::read(&format!("{name}.json"))).unwrap();
    let of = |printed: &str| {
        let mut summary = summarize("test.out", data::trace("go1.26.6/test").as_slice(), &Options::default()).unwrap();
        name_tests(&mut summary, TestOutput::parse(printed).as_ref());
        (Outcomes::of(&summary), summary)
    };
    let list = |names: &[&str]| names.iter().map(|n| (*n).to_owned()).collect::<Vec<_>>();
    let (outcomes, summary) = of(&printed);
    assert_eq!(summary.outcome, Some(RunOutcome::Passed));
    let skipped = list(&["TestSubtests/skipped"]);
    assert!(outcomes.skipped.contains(&skipped[0]) && outcomes.failed.is_empty() && outcomes.known, "{outcomes:?}");
    // One that fails makes those around it fail, and is the one that is named.
    let mut failing = printed.clone();
    for test in ["TestSubtests/a/deep", "TestSubtests/a", "TestSubtests"] {
        failing = failing.replace(
            &format!(r#""Action":"pass","Package":"example.com/workloads/demo","Test":"{test}""#),
            &format!(r#""Action":"fail","Package":"example.com/workloads/demo","Test":"{test}""#),
        );
    }
    let (outcomes, summary) = of(&failing);
    assert_eq!(outcomes.failed, list(&["TestSubtests/a/deep"]));
    assert_eq!(summary.tests.iter().filter(|t| t.outcome == FAILED).count(), 3);
    // Without the end nobody knows; where only the end says that it failed, the run has.
    let lines: Vec<&str> = printed.lines().collect();
    let cut = lines[..lines.len() - 1].join("\n");
    assert!(!of(&cut).0.known);
    let last = lines[lines.len() - 1].replace(r#""Action":"pass""#, r#""Action":"fail""#);
    let outcomes = of(&format!("{cut}\n{last}\n")).0;
    assert!(outcomes.whole && outcomes.failed.is_empty(), "{outcomes:?}");
}

/// A run of two tests, one of which takes `ns`.
fn run(i: i64, ns: i64, outcome: Option<TestOutcome>, whole: Option<RunOutcome>) -> Summary {
    let mut summary = with("example.com/shop.work", group(4, 1_000_000 + i));
    let test = |name: &str, ns: i64, outcome| {
        let mut test = TestRun {
            name: name.to_owned(),
            kind: TestKind::Test,
            named_by: TestNamedBy::RunLine,
            wall_ns: ns,
            complete: true,
            outcome,
            ..TestRun::default()
        };
        (test.times.total_ns, test.times.exec_ns) = (ns, ns);
        (test.work.total_ns, test.work.exec_ns) = (ns, ns);
        test
    };
    summary.tests = vec![test("TestZero", ns + i * 10, outcome), test("TestOne", 50_000_000 + i * 10, None)];
    (summary.attribution.tests, summary.attribution.named) = (2, 2);
    summary.outcome = whole;
    (summary.start_ns, summary.end_ns) = (i, 1_000_000_000 + i);
    summary
}

/// Five runs a side, each with what became of its TestZero.
struct Case {
    base: [Option<TestOutcome>; 5],
    head: [Option<TestOutcome>; 5],
    /// What `go test` says of the base's runs, and of the head's.
    whole: [Option<RunOutcome>; 2],
    /// How long TestZero takes in the base and in the head, ns.
    ns: [i64; 2],
    verdict: &'static str,
    /// What is warned of; nothing where it is empty.
    warning: &'static str,
    /// What comes of TestZero's time.
    finding: &'static str,
}

#[test]
fn a_test_that_did_not_do_its_work_is_no_improvement() {
    const LONG: i64 = 100_000_000;
    const SHORT: i64 = 10_000;
    let (passed, failed) = (Some(RunOutcome::Passed), Some(RunOutcome::Failed));
    let one_of_five = [FAILED, None, None, None, None];
    let cases = [
        ([None; 5], [None; 5], [passed; 2], [LONG, SHORT], "pass", "", "improvement"),
        (
            [None; 5],
            [FAILED; 5],
            [passed, failed],
            [LONG, SHORT],
            "inconclusive",
            "TestZero failed in 5 of 5 runs of the head, and passed in the base: what it did not do took no time",
            "note",
        ),
        (
            [None; 5],
            [SKIPPED; 5],
            [passed; 2],
            [LONG, SHORT],
            "inconclusive",
            "TestZero was skipped in 5 of 5 runs of the head, and passed in the base",
            "note",
        ),
        (
            [None; 5],
            one_of_five,
            [passed, None],
            [LONG, SHORT],
            "inconclusive",
            "TestZero failed in 1 of 5 runs of the head, and passed in the base",
            "note",
        ),
        (
            [FAILED; 5],
            [SKIPPED; 5],
            [failed, passed],
            [LONG, SHORT],
            "inconclusive",
            "TestZero was skipped in 5 of 5 runs of the head, and in none of the base",
            "note",
        ),
        // The same on both sides changes nothing.
        ([SKIPPED; 5], [SKIPPED; 5], [passed; 2], [LONG, SHORT], "pass", "", "improvement"),
        ([FAILED; 5], [FAILED; 5], [failed; 2], [LONG, SHORT], "pass", "", "improvement"),
        (one_of_five, [None, None, FAILED, None, None], [None; 2], [LONG, SHORT], "pass", "", "improvement"),
        // A base without output, as baselines of old: what is skipped there nobody knows, and it shows where time is gone.
        ([None; 5], [SKIPPED; 5], [None, passed], [SHORT, SHORT], "pass", "", ""),
        (
            [None; 5],
            [SKIPPED; 5],
            [None, passed],
            [LONG, SHORT],
            "inconclusive",
            "TestZero was skipped in 5 of 5 runs of the head, and what became of it in the base is not known",
            "note",
        ),
        (
            [None; 5],
            [FAILED; 5],
            [None, failed],
            [SHORT, SHORT],
            "inconclusive",
            "TestZero failed in 5 of 5 runs of the head",
            "",
        ),
        // What the base left undone, the head does.
        (
            [SKIPPED; 5],
            [None; 5],
            [passed; 2],
            [SHORT, LONG],
            "inconclusive",
            "TestZero was skipped in 5 of 5 runs of the base, and passed in the head",
            "inconclusive",
        ),
        // A flake of the base does not lower its median: what is slower is slower. Where most of the base is without, nobody knows.
        (
            one_of_five,
            [None; 5],
            [None, passed],
            [SHORT, LONG],
            "regression",
            "TestZero failed in 1 of 5 runs of the base, and passed in the head",
            "regression",
        ),
        (
            [FAILED, SKIPPED, SKIPPED, SKIPPED, None],
            [None; 5],
            [None, passed],
            [SHORT, LONG],
            "inconclusive",
            "TestZero was skipped in 3 of 5 runs of the base, and passed in the head",
            "inconclusive",
        ),
        // What got slower although the head did less is slower.
        (
            [None; 5],
            [FAILED; 5],
            [passed, failed],
            [SHORT, LONG],
            "regression",
            "TestZero failed in 5 of 5 runs of the head",
            "regression",
        ),
        // A run that failed, and nobody knows in which test.
        (
            [None; 5],
            [None; 5],
            [passed, failed],
            [LONG, SHORT],
            "inconclusive",
            "go test failed in 5 of 5 runs of the head, and passed in the base: what was not done took no time",
            "note",
        ),
    ];
    for (base, head, whole, ns, verdict, warning, finding) in cases {
        check(&Case { base, head, whole, ns, verdict, warning, finding });
    }
}

fn check(case: &Case) {
    let what = format!("{:?} {:?} {:?} {:?}", case.base, case.head, case.whole, case.ns);
    let folder = tempfile::tempdir().unwrap();
    let sides = [("base", &case.base), ("head", &case.head)];
    for (side, (name, outcomes)) in sides.into_iter().enumerate() {
        std::fs::create_dir(folder.path().join(name)).unwrap();
        for (i, outcome) in outcomes.iter().enumerate() {
            // Alternately, so that times count.
            let at = i64::try_from(2 * i + side).unwrap();
            let summary = run(at, case.ns[side], *outcome, case.whole[side]);
            write(folder.path(), &format!("{name}/{i}.json"), &summary);
        }
    }
    let args = ["--base", "base", "--head", "head", "--paired", "--format", "json", "--on-inconclusive", "fail"];
    let output = cli(folder.path(), &args);
    let report = json(&output);
    assert_eq!(report["verdict"], case.verdict, "{what}: {report:#}");
    let status = BTreeMap::from([("pass", 0), ("regression", 1), ("inconclusive", 3)])[case.verdict];
    assert_eq!(output.status.code(), Some(status), "{what}");
    let warnings = report["warnings"].to_string();
    assert_eq!(
        case.warning.is_empty(),
        !warnings.contains("TestZero") && !warnings.contains("go test"),
        "{what}: {warnings}"
    );
    assert!(warnings.contains(case.warning), "{what}: {warnings}");
    let findings = report["findings"].as_array().unwrap();
    let of_zero =
        findings.iter().find(|f| f["subject"]["name"] == "TestZero").map_or("", |f| f["verdict"].as_str().unwrap());
    assert_eq!(of_zero, case.finding, "{what}: {report:#}");
    // By the default policy it ends in 0, as whatever is inconclusive does.
    let by_default = cli(folder.path(), &args[..5]).status.code();
    assert_eq!(by_default, Some(if case.verdict == "regression" { 1 } else { 0 }), "{what}");
}

#[test]
fn a_baseline_is_made_of_runs_that_passed_and_remembers_what_was_skipped() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path();
    write(dir, "failed.json", &run(0, 1_000, FAILED, Some(RunOutcome::Failed)));
    write(dir, "whole.json", &run(0, 1_000, None, Some(RunOutcome::Failed)));
    for (file, what) in [("failed.json", "TestZero failed in this run"), ("whole.json", "go test failed in this run")] {
        let refused = cli(dir, &["baseline", "create", file]);
        let said = String::from_utf8(refused.stderr).unwrap();
        assert_eq!(refused.status.code(), Some(2), "{said}");
        assert!(said.contains("run.out: ") && said.contains(what) && said.contains("make it pass"), "{said}");
        assert!(!dir.join("gotrace-baseline.json").exists());
    }
    for i in 0..5 {
        write(dir, &format!("base.{i}.json"), &run(i, 10_000, SKIPPED, Some(RunOutcome::Passed)));
        write(dir, &format!("same.{i}.json"), &run(i + 5, 10_000, SKIPPED, Some(RunOutcome::Passed)));
        write(dir, &format!("passed.{i}.json"), &run(i + 5, 10_000, None, Some(RunOutcome::Passed)));
    }
    let created = cli(dir, &["baseline", "create", "base.*.json"]);
    assert_eq!(created.status.code(), Some(0), "{}", String::from_utf8_lossy(&created.stderr));
    let verified = cli(dir, &["baseline", "verify"]);
    assert_eq!(verified.status.code(), Some(0), "{}", String::from_utf8_lossy(&verified.stderr));
    for (head, warns) in [("same.*.json", false), ("passed.*.json", true)] {
        let output = cli(dir, &["check", head, "--format", "json"]);
        let report = json(&output);
        let warned = report["warnings"].to_string().contains("TestZero was skipped in 5 of 5 runs of the base");
        assert_eq!(warned, warns, "{report:#}");
        assert_eq!(report["verdict"] == "inconclusive", warns, "{report:#}");
    }
}

#[test]
fn a_test_skipped_in_the_baseline_excuses_nothing_of_another_test() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path();
    let of_test_one = |i: i64, outcome, goroutines| {
        let mut summary = run(i, 10_000, outcome, Some(RunOutcome::Passed));
        summary.goroutines.insert("example.com/shop.work".to_owned(), group(goroutines, 1_000_000 + i));
        summary.tests[1].groups = vec!["example.com/shop.work".to_owned()];
        summary
    };
    for i in 0..5 {
        write(dir, &format!("base.{i}.json"), &of_test_one(i, SKIPPED, 4));
        write(dir, &format!("head.{i}.json"), &of_test_one(i + 5, None, 400));
    }
    assert_eq!(cli(dir, &["baseline", "create", "base.*.json"]).status.code(), Some(0));
    // A baseline does not keep whose the goroutines are; the head says that they are of TestOne.
    let checked = json(&cli(dir, &["check", "head.*.json", "--format", "json"]));
    assert_eq!(checked["verdict"], "regression", "{checked:#}");
    let compared = json(&cli(dir, &["--base", "base.*.json", "--head", "head.*.json", "--format", "json"]));
    assert_eq!(compared["verdict"], "regression", "{compared:#}");
}

#[test]
fn a_new_test_makes_the_whole_run_no_slower() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path();
    let with_runners = |i, tests| {
        let mut summary = run(i, 10_000, None, Some(RunOutcome::Passed));
        summary.goroutines.insert("testing.tRunner".to_owned(), group(tests, 1_000_000));
        summary
    };
    for i in 0..5 {
        write(dir, &format!("base.{i}.json"), &with_runners(2 * i, 2));
        let mut head = with_runners(2 * i + 1, 3);
        let new = TestRun { name: "TestNew".to_owned(), ..head.tests[0].clone() };
        head.tests.push(new);
        (head.attribution.tests, head.attribution.named) = (3, 3);
        head.end_ns += 1_000_000_000;
        write(dir, &format!("head.{i}.json"), &head);
    }
    let args = ["--base", "base.*.json", "--head", "head.*.json", "--paired", "--format", "json"];
    let report = json(&cli(dir, &args));
    assert_eq!(report["verdict"], "pass", "{report:#}");
    assert!(report["not_compared"].to_string().contains("another number of tests ran"), "{report:#}");
}

/// Runs whose TestOne leaves so many goroutines of a function behind, beside so many more tests.
fn leaving(i: i64, goroutines: u64, new_tests: u64) -> Summary {
    let mut summary = run(i, 10_000, None, Some(RunOutcome::Passed));
    summary.goroutines.insert("testing.tRunner".to_owned(), group(2 + new_tests, 1_000_000));
    let known = placed(group(4, 1_000_000 + i), "example.com/shop.TestOne", "/src/shop/shop.go", 7);
    summary.goroutines.insert("example.com/shop.work".to_owned(), known);
    if goroutines > 0 {
        let mut left = placed(group(goroutines, 1_000_000 + i), "example.com/shop.work", "/src/shop/shop.go", 9);
        left.alive = goroutines;
        summary.goroutines.insert("example.com/shop.leak".to_owned(), left);
    }
    summary.tests[1].groups = vec!["example.com/shop.leak".to_owned(), "example.com/shop.work".to_owned()];
    summary.tests[1].leaked = goroutines;
    for test in 0..new_tests {
        summary.tests.push(TestRun { name: format!("TestNew{test}"), groups: Vec::new(), ..summary.tests[0].clone() });
    }
    (summary.attribution.tests, summary.attribution.named) = (2 + new_tests, 2 + new_tests);
    summary
}

#[test]
fn what_a_test_leaves_behind_fails_whatever_tests_are_new_beside_it() {
    // Goroutines left, new tests; the verdict, and the subjects that fail.
    for (goroutines, new_tests, verdict, failing) in [
        (0, 1, "pass", vec![]),
        (2, 0, "regression", vec!["TestOne"]),
        (2, 1, "regression", vec!["TestOne"]),
        (20, 1, "regression", vec!["TestOne", "example.com/shop.leak"]),
    ] {
        let folder = tempfile::tempdir().unwrap();
        for i in 0..5 {
            write(folder.path(), &format!("base.{i}.json"), &leaving(2 * i, 0, 0));
            write(folder.path(), &format!("head.{i}.json"), &leaving(2 * i + 1, goroutines, new_tests));
        }
        let args = ["--base", "base.*.json", "--head", "head.*.json", "--paired", "--format", "json"];
        let report = json(&cli(folder.path(), &args));
        assert_eq!(report["verdict"], verdict, "{goroutines} {new_tests}: {report:#}");
        let findings = report["findings"].as_array().unwrap().iter().filter(|f| f["verdict"] == "regression");
        let mut names: Vec<&str> = findings.map(|f| f["subject"]["name"].as_str().unwrap()).collect();
        names.sort_unstable();
        assert_eq!(names, failing, "{goroutines} {new_tests}");
    }
}

#[test]
fn most_tests_gone_or_another_kind_of_run_is_no_pass() {
    let without = |i: i64, gone: usize, benchmark: bool| {
        let mut summary = run(i, 10_000, None, Some(RunOutcome::Passed));
        summary.tests.push(TestRun { name: "TestTwo".to_owned(), ..summary.tests[1].clone() });
        summary.tests.truncate(3 - gone);
        let n = u64::try_from(summary.tests.len()).unwrap();
        summary.goroutines.insert("testing.tRunner".to_owned(), group(n, 1_000_000));
        (summary.attribution.tests, summary.attribution.named) = (n, n);
        if benchmark {
            summary.goroutines.insert("testing.(*B).run1.func1".to_owned(), group(1, 1_000_000));
        }
        summary
    };
    for (gone, benchmark, first_line) in [
        (0, false, "pass: "),
        (1, false, "pass: "),
        (2, false, "inconclusive: 2 of 3 tests of the base did not run in the head: TestOne and 1 more"),
        (0, true, "inconclusive: the base's runs are of tests, and the head's of benchmarks"),
        (1, true, "inconclusive: the base's runs are of tests, and the head's of benchmarks"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        for i in 0..5 {
            write(folder.path(), &format!("base.{i}.json"), &without(2 * i, 0, false));
            write(folder.path(), &format!("head.{i}.json"), &without(2 * i + 1, gone, benchmark));
        }
        let said = out(&cli(folder.path(), &["--base", "base.*.json", "--head", "head.*.json", "--paired"]));
        let line = said.split("\n\n").next().unwrap_or_default().split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(line.starts_with(first_line), "{gone} {benchmark}: {said}");
        // Each that is gone is told.
        assert_eq!(said.matches("note: Test").count(), gone, "{said}");
    }
}

#[test]
fn what_one_test_starts_is_compared_per_run_whatever_benchmarks_run_beside_it() {
    let of = |i: i64, goroutines: u64, benchmark: bool, of_test: bool| {
        let mut summary = run(i, 10_000, None, Some(RunOutcome::Passed));
        let placed = placed(group(goroutines, 1_000_000 + i), "example.com/shop.TestOne", "/src/shop/shop.go", 7);
        summary.goroutines.insert("example.com/shop.work".to_owned(), placed);
        if of_test {
            summary.tests[1].groups = vec!["example.com/shop.work".to_owned()];
        }
        if benchmark {
            summary.goroutines.insert("testing.(*B).run1.func1".to_owned(), group(1, 1_000_000));
            summary.operations = Some(1_000 + u64::try_from(i).unwrap());
        }
        summary
    };
    // Benchmarks in the base and in the head, whether the group is of a test; per what its goroutines are compared.
    for (benchmarks, of_test, item) in [
        ([false, false], true, Some(Item::Run)),
        ([true, true], true, Some(Item::Run)),
        ([false, true], true, Some(Item::Run)),
        ([true, true], false, Some(Item::Operation)),
        ([false, true], false, None),
    ] {
        let side = |first: i64, goroutines, benchmark| -> Vec<Summary> {
            (0..5).map(|i| of(first + i, goroutines, benchmark, of_test)).collect()
        };
        let comparison = join(&side(0, 4, benchmarks[0]), &side(5, 6, benchmarks[1]));
        let group = comparison.packages[0].subjects.iter().find(|s| s.name() == "example.com/shop.work").unwrap();
        assert_eq!(group.change("count").map(|c| c.item), item, "{benchmarks:?} {of_test}");
    }
}

#[test]
fn a_test_waits_at_each_line_of_a_function() {
    let waiting = |i: i64, ns: [i64; 2]| {
        let mut summary = run(i, 10_000, None, Some(RunOutcome::Passed));
        for (line, ns) in [(7, ns[0]), (9, ns[1])] {
            let mut site = site("testing.tRunner", "block_ns.sleep", &["time.Sleep", "example.com/shop.wait"], ns);
            site.stack[1].line = line;
            summary.sites.push(site);
            summary.tests[1].sites.push(TestSite { site: summary.sites.len() - 1, count: 1, time_ns: ns });
        }
        summary
    };
    let side = Side::new(&[waiting(0, [30_000, 1_000]), waiting(1, [40_000, 2_000])], None);
    let package = side.packages.values().next().unwrap();
    let test = package.subjects.iter().find(|(id, _)| id.name == "TestOne").unwrap().1;
    let [figures] = &test.sites.values().collect::<Vec<_>>()[..] else { panic!("{:?}", test.sites) };
    assert_eq!((&figures.time_ns, &figures.count), (&vec![31_000, 42_000], &vec![2, 2]));
    assert_eq!(figures.stack[1].line, 7, "the one with the most time");
}

#[test]
fn a_test_that_the_head_skips_is_no_improvement_where_both_sides_are_recorded() {
    if !has_go("recording") {
        return;
    }
    let (_folder, repo) = repository();
    let begin = "func TestLoadAll(t *testing.T) {";
    edit(&repo.join("catalog/catalog_test.go"), begin, &format!("{begin}\n\tt.Skip(\"later\")\n"));
    let output = cli(&repo, &["run", "./catalog", "--runs=5", "--format=json", "-q"]);
    let report = json(&output);
    assert_eq!(report["verdict"], "inconclusive", "{report:#}");
    assert_eq!(output.status.code(), Some(0));
    let warnings = report["warnings"].to_string();
    let told = warnings.contains("TestLoadAll was skipped in")
        && warnings.contains("runs of the head, and passed in the base");
    assert!(told, "{warnings}");
    let better = report["findings"].as_array().unwrap().iter().filter(|f| f["verdict"] == "improvement").count();
    assert_eq!(better, 0, "{report:#}");
}
