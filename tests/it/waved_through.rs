//! What would let a build pass unseen: rules that hold nothing, names that match nothing, and sides that are not what they seem.

use gotrace_diff::summary::{RunOutcome, Summary, TestKind, TestNamedBy, TestOutcome, TestRun};

use crate::cli::{cli, json, out, write};
use crate::compare_make::{group, region, run};

/// A run that begins at `start`, with two regions.
fn at(start: i64) -> Summary {
    let mut summary = run();
    (summary.start_ns, summary.end_ns) = (start, start + 1_000_000_000);
    summary.goroutines.insert("example.com/shop.work".to_owned(), group(40, 1_000_000));
    summary.regions.insert("tax".to_owned(), region(40, 1_000_000));
    summary.regions.insert("render".to_owned(), region(40, 2_000_000));
    summary
}

/// Base and head, and what `change` makes of the head.
fn folder(config: &str, change: impl Fn(&mut Summary)) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path();
    std::fs::create_dir(dir.join(".git")).unwrap();
    std::fs::write(dir.join("gotrace-diff.toml"), config).unwrap();
    for (side, from) in [("base", 1_000), ("head", 2_000)] {
        std::fs::create_dir(dir.join(side)).unwrap();
        for i in 0..5 {
            let mut summary = at(from + i);
            if side == "head" {
                change(&mut summary);
            }
            write(&dir.join(side), &format!("{i}.json"), &summary);
        }
    }
    folder
}

const SIDES: [&str; 6] = ["--base", "base", "--head", "head", "--format", "json"];

/// The status and the verdict; of an error its message.
fn judged(folder: &tempfile::TempDir, more: &[&str]) -> (i32, String) {
    let got = cli(folder.path(), &[&SIDES[..], more].concat());
    let told = json(&got);
    let text = told["verdict"].as_str().or(told["error"]["message"].as_str()).unwrap_or_default().to_owned();
    (got.status.code().unwrap(), text)
}

#[test]
fn what_rules_require_or_name_is_missed_whichever_of_its_metrics_they_speak_of() {
    for (config, status, verdict) in [
        ("", 0, "pass"),
        ("[[rule]]\nregion = \"tax\"\nrequired = true\n", 1, "regression"),
        (
            "[[rule]]\nregion = \"tax\"\nmetric = \"total_ns\"\nmax-increase = \"10%\"\nrequired = true\n",
            1,
            "regression",
        ),
        ("[[rule]]\nregion = \"t*\"\nmetric = \"total_ns\"\nrequired = true\n", 1, "regression"),
        ("[[rule]]\nregion = \"tax\"\nmetric = \"total_ns\"\nmax-increase = \"10%\"\n", 0, "inconclusive"),
        (
            "on-inconclusive = \"fail\"\n[[rule]]\nregion = \"tax\"\nmetric = \"total_ns\"\nmax = \"1s\"\n",
            3,
            "inconclusive",
        ),
        ("[[rule]]\nregion = \"tax\"\nmetric = \"total_ns\"\nlevel = \"info\"\n", 0, "pass"),
        ("[[rule]]\nregion = \"tax\"\nlevel = \"off\"\n[[rule]]\nregion = \"tax\"\nrequired = true\n", 0, "pass"),
        ("[[rule]]\nregion = \"render\"\nrequired = true\n", 0, "pass"),
        // Of rules that speak of the count the first holds, and those before it.
        (
            "[[rule]]\nregion = \"t*\"\nmetric = \"total_ns\"\nrequired = true\n[[rule]]\nmin-delta = 1\n",
            1,
            "regression",
        ),
        ("[[rule]]\nregion = \"t*\"\nmin-delta = 1\n[[rule]]\nkind = \"region\"\nrequired = true\n", 0, "pass"),
    ] {
        let folder = folder(config, |head| drop(head.regions.remove("tax")));
        assert_eq!(judged(&folder, &[]), (status, verdict.to_owned()), "{config}");
    }
}

#[test]
fn amounts_that_no_named_metric_has_are_errors() {
    for (rule, says) in [
        ("region = \"*\"\nmetric = \"total_ns\"\nmax = 1000", "5:7: `max` is a bare number, and total_ns is a time"),
        ("metric = \"count\"\nmin-delta = \"1ms\"", "4:13: `min-delta` is a time, and count is a count"),
        ("kind = \"process\"\nmetric = \"gc.share\"\nmax = \"1ms\"", "and gc.share is a ratio: write it as in 0.2"),
        ("region = []\nmax-increase = \"900%\"", "3:10: an empty list"),
        ("kind = []\nmax-increase = \"900%\"", "3:8: an empty list"),
        ("metric = []\nmax-increase = \"900%\"", "an empty list"),
    ] {
        let folder = folder(&format!("strict = false\n[[rule]]\n{rule}\n"), |_| {});
        let (status, message) = judged(&folder, &[]);
        assert_eq!(status, 2, "{rule}");
        assert!(message.contains(says), "{rule}: {message}");
    }
    let (status, message) = judged(&folder("", |_| {}), &["--metric", "total_ns", "--min-delta", "5"]);
    assert_eq!(status, 2);
    assert!(message.contains("min-delta is a bare number, and total_ns is a time"), "{message}");
}

#[test]
fn budgets_hold_for_what_is_new() {
    let new = |head: &mut Summary| drop(head.regions.insert("slow".to_owned(), region(4, 5_000_000)));
    for (rule, status) in [
        ("region = \"*\"\nmetric = \"total_ns\"\nmax = \"4ms\"", 1),
        ("region = \"*\"\nmetric = \"total_ns\"\nmax = \"4ms\"\nlevel = \"info\"", 0),
        ("region = \"*\"\nmetric = \"total_ns\"\nmax = \"6ms\"", 0),
        ("region = \"slow\"\nmetric = \"durations.p50\"\nmax = \"4ms\"", 1),
    ] {
        assert_eq!(judged(&folder(&format!("[[rule]]\n{rule}\n"), new), &[]).0, status, "{rule}");
    }
    // Without one its count is all that is told.
    let folder = folder("", new);
    let told = json(&cli(folder.path(), &SIDES));
    let of_it = told["findings"].as_array().unwrap().iter().filter(|f| f["subject"]["name"] == "slow");
    assert_eq!(of_it.map(|f| f["metric"].as_str().unwrap()).collect::<Vec<_>>(), ["count"]);
}

#[test]
fn an_alias_takes_nothing_away_that_is_still_there() {
    let slower = |head: &mut Summary| drop(head.regions.insert("tax".to_owned(), region(40, 5_000_000)));
    for (alias, warned) in [("", false), ("[aliases]\ntax = \"taxes\"\n", true)] {
        let folder = folder(alias, slower);
        assert_eq!(judged(&folder, &["--paired"]).0, 1, "{alias}");
        let said = out(&cli(folder.path(), &SIDES[..4]));
        assert_eq!(said.contains("[aliases] tax: the head still has it"), warned, "{said}");
    }
    let renamed = |head: &mut Summary| {
        head.regions.remove("tax");
        head.regions.insert("taxes".to_owned(), region(40, 5_000_000));
    };
    assert_eq!(judged(&folder("[aliases]\ntax = \"taxes\"\n", renamed), &["--paired"]).0, 1);
}

#[test]
fn an_alias_renames_what_became_of_a_test_only_where_it_renames_the_test() {
    let flaky = |summary: &mut Summary| {
        let test = |name: &str, outcome| TestRun {
            name: name.to_owned(),
            kind: TestKind::Test,
            named_by: TestNamedBy::RunLine,
            wall_ns: 1_000_000,
            complete: true,
            outcome,
            ..TestRun::default()
        };
        summary.tests = vec![test("TestFlaky", Some(TestOutcome::Failed)), test("TestOther", None)];
        (summary.attribution.tests, summary.attribution.named) = (2, 2);
        summary.outcome = Some(RunOutcome::Failed);
    };
    let folder = folder("[aliases]\nTestFlaky = \"TestOther\"\n", |_| ());
    for (side, from) in [("base", 1_000), ("head", 2_000)] {
        for i in 0..5 {
            let mut summary = at(from + i);
            flaky(&mut summary);
            write(&folder.path().join(side), &format!("{i}.json"), &summary);
        }
    }
    assert_eq!(judged(&folder, &[]), (0, "pass".to_owned()));
}

#[test]
fn figures_below_zero_are_refused_wherever_they_stand() {
    let folder = folder("", |_| ());
    let dir = folder.path();
    let ended = |args: &[&str]| {
        let got = cli(dir, args);
        (got.status.code().unwrap(), String::from_utf8(got.stderr).unwrap())
    };
    assert_eq!(ended(&["baseline", "create", "base/*.json"]).0, 0);
    let result = cli(dir, &SIDES);
    std::fs::write(dir.join("result.json"), &result.stdout).unwrap();
    for (file, args, number, wrong) in [
        ("gotrace-baseline.json", vec!["check", "head"], "40000000", "-40000000 in a run, and cannot be below 0"),
        ("gotrace-baseline.json", vec!["check", "head"], "1000000000", "took -1000000000 ns"),
        ("result.json", vec!["merge", "result.json"], "40000000", "-40000000 in a run, and cannot be below 0"),
        ("result.json", vec!["merge", "result.json"], "1000000000", "took -1000000000 ns"),
    ] {
        let text = std::fs::read_to_string(dir.join(file)).unwrap();
        assert_eq!(ended(&args).0, 0, "{file}");
        let bad = regex::Regex::new(&format!(r"\b{number}\b")).unwrap().replace_all(&text, &format!("-{number}"));
        std::fs::write(dir.join(file), &*bad).unwrap();
        let (status, said) = ended(&args);
        assert_eq!(status, 2, "{file} {said}");
        assert!(said.contains(wrong) && said.contains(file), "{file} {said}");
        std::fs::write(dir.join(file), text).unwrap();
    }
}

#[test]
fn sides_that_are_not_what_they_seem_are_no_pass() {
    type Change = fn(&std::path::Path);
    let same: Change = |dir| {
        // In another order, and under other names.
        for i in 0..5 {
            std::fs::copy(dir.join(format!("base/{i}.json")), dir.join(format!("head/{}.json", 4 - i))).unwrap();
        }
    };
    let some: Change = |dir| {
        std::fs::copy(dir.join("base/0.json"), dir.join("head/0.json")).unwrap();
    };
    let another: Change = |dir| {
        for i in 0..5 {
            let package = Some("example.com/other".to_owned());
            write(&dir.join("head"), &format!("{i}.json"), &Summary { package, ..at(2_000 + i) });
        }
    };
    let major: Change = |dir| {
        for i in 0..5 {
            let package = Some("example.com/shop/v2".to_owned());
            write(&dir.join("head"), &format!("{i}.json"), &Summary { package, ..at(2_000 + i) });
        }
    };
    let unseen: Change = |dir| {
        let package = Some("example.com/other".to_owned());
        write(&dir.join("base"), "other.json", &Summary { package, ..at(3_000) });
    };
    for (change, verdict, says) in [
        (same, "inconclusive", "base and head are the same runs"),
        (some, "pass", "1 of the head's runs are the base's as well"),
        (another, "inconclusive", "the base is of package example.com/shop, and the head of example.com/other"),
        (major, "pass", ""),
        (unseen, "inconclusive", "the head has no run of example.com/other"),
    ] {
        let folder = folder("", |_| {});
        change(folder.path());
        let told = json(&cli(folder.path(), &SIDES));
        assert_eq!(told["verdict"], verdict, "{}", told["headline"]);
        let warnings = told["warnings"].to_string();
        assert!(warnings.contains(says), "{warnings}");
        if verdict != "pass" {
            assert_eq!(told["headline"], format!("inconclusive: {says}"));
            let fails = cli(folder.path(), &[&SIDES[..], &["--on-inconclusive", "fail"]].concat());
            assert_eq!(fails.status.code(), Some(3));
        }
    }
}

#[test]
fn a_baseline_of_all_packages_is_checked_one_by_one() {
    let folder = folder("", |_| {});
    let package = Some("example.com/other".to_owned());
    write(&folder.path().join("base"), "other.json", &Summary { package, ..at(3_000) });
    let created = cli(folder.path(), &["baseline", "create", "base"]);
    assert!(created.status.success(), "{created:?}");
    let checked = cli(folder.path(), &["check", "head"]);
    assert!(out(&checked).starts_with("pass"), "{}", out(&checked));
}

#[test]
fn a_configuration_above_the_repository_is_somebody_elses() {
    let outer = tempfile::tempdir().unwrap();
    std::fs::write(outer.path().join("gotrace-diff.toml"), "[[rule]]\nlevel = \"off\"\n").unwrap();
    let slower = |head: &mut Summary| drop(head.regions.insert("tax".to_owned(), region(40, 5_000_000)));
    let made = folder("", slower);
    // Without .git the outermost go.mod says where it ends, and without one the folder itself.
    for marks in [&["go.mod"][..], &[]] {
        let dir = outer.path().join(format!("shop{}", marks.len()));
        std::fs::create_dir(&dir).unwrap();
        for mark in marks {
            std::fs::write(dir.join(mark), "module example.com/shop\n").unwrap();
        }
        let sides = ["base", "head"].map(|side| made.path().join(side).display().to_string());
        let got = cli(&dir, &["--base", &sides[0], "--head", &sides[1], "--paired"]);
        assert_eq!(got.status.code(), Some(1), "{}", out(&got));
    }
}

#[test]
fn so_few_runs_of_so_many_packages_that_nothing_can_be_proven_are_told() {
    // One of 252 ways to choose 5 of 10 runs, times 6 packages, is more than 2 %.
    for (packages, verdict, warned) in [(5, "regression", false), (6, "inconclusive", true)] {
        let folder = tempfile::tempdir().unwrap();
        for side in ["base", "head"] {
            std::fs::create_dir(folder.path().join(side)).unwrap();
            for package in 0..packages {
                for i in 0..5 {
                    let from = if side == "head" { 2_000 } else { 1_000 };
                    let mut summary = at(from + 10 * package + i);
                    summary.package = Some(format!("example.com/shop/p{package}"));
                    let ns = if side == "head" { 5_000_000 } else { 1_000_000 };
                    summary.regions.insert("tax".to_owned(), region(40, ns + i * 1_000));
                    write(&folder.path().join(side), &format!("{package}.{i}.json"), &summary);
                }
            }
        }
        let told = json(&cli(folder.path(), &[&SIDES[..], &["--paired"]].concat()));
        assert_eq!(told["verdict"], verdict, "{packages}");
        let warnings = told["warnings"].to_string();
        let said = "with 5 runs a side of 6 packages no time can be proven to be worse, however much: they share one level; 6 runs a side can";
        assert_eq!(warnings.contains(said), warned, "{packages}: {warnings}");
        // Which package each of them is of stands in every form.
        for (format, name) in [
            ("text", "region tax of example.com/shop/p3"),
            ("markdown", "`region tax of example.com/shop/p3`"),
            ("html", "region tax of example.com/shop/p3</bdi>"),
        ] {
            let args = [&SIDES[..4], &["--paired", "--all", "--format", format]].concat();
            assert!(out(&cli(folder.path(), &args)).contains(name), "{format}");
        }
    }
}
