//! `explain SUBJECT BASE HEAD`: one subject in depth, as the comparison has it.

use crate::cli::{cli, json, out, write};
use crate::compare_make::{site, waiting, with};
use crate::data;

fn explain(name: &str, sides: [&str; 2], subject: &str, more: &[&str]) -> std::process::Output {
    let folder = data::dir().join("regressions").join(name);
    let sides = sides.map(|s| folder.join(s).display().to_string());
    let args = [&["explain", subject, &sides[0], &sides[1]], more].concat();
    cli(&data::dir().join("../examples/regressions"), &args)
}

#[test]
fn figures_are_those_of_the_comparison() {
    let told = json(&explain("pool", ["base.out", "head.out"], "group:catalog.loadAll.func1", &["--format", "json"]));
    assert_eq!(told["schema"], "gotrace-diff/explain/1");
    let subject = &told["subjects"][0];
    assert_eq!(told["subjects"].as_array().unwrap().len(), 1);
    let first = &subject["series"][0];
    assert_eq!((&first["metric"], &first["per"]), (&"block_ns.chan send".into(), &"goroutine".into()), "{first}");
    let folder = data::dir().join("regressions/pool");
    let report = json(&cli(&folder, &["base.out", "head.out", "--format", "json"]));
    let finding = report["findings"].as_array().unwrap().iter().find(|f| f["metric"] == "block_ns.chan send").unwrap();
    assert_eq!((&first["base"], &first["head"]), (&finding["base"], &finding["head"]));
    // The states are told before what they make together, and the site with its stack.
    let states = subject["series"].as_array().unwrap().iter().map(|s| s["state"].as_bool().unwrap());
    assert!(states.collect::<Vec<_>>().is_sorted_by(|a, b| a >= b));
    let site = &subject["sites"][0];
    assert!(site["position"].as_str().unwrap().ends_with("catalog/catalog.go:31"), "{site}");
    assert!(site["stack"].as_array().unwrap().len() >= 3, "{site}");
    // Whoever gives its slot of the pool back ends the wait of the next one.
    let waker = &site["head_wakers"][0];
    assert!(waker["group"].as_str().unwrap().ends_with("catalog.loadAll.func1"), "{waker}");
    assert!(waker["function"].as_str().unwrap().ends_with("catalog.(*DB).Get.func1"), "{waker}");
    assert!(waker["position"].as_str().unwrap().ends_with("catalog/catalog.go:32"), "{waker}");
    assert!(waker["count"].as_u64().unwrap() > 390, "{waker}");
    let time = |v: &serde_json::Value| v.as_f64().unwrap();
    assert!((time(&site["head_ns"]) - time(&first["head"])).abs() < 1.0, "{site} {first}");
    assert!(time(&site["base_count"]) > 0.97 && time(&site["base_count"]) < 1.0, "{site}");
}

#[test]
fn tests_go_by_their_function_and_regions_by_their_name() {
    for (name, subject, label) in [
        ("pool", "test:TestLoadAll", "TestLoadAll"),
        ("region", "region:parse", "region parse"),
        ("pool", "catalog.TestLoad*", "TestLoadAll"),
        ("pool", "process:", "the whole run"),
    ] {
        let told = json(&explain(name, ["base.out", "head.out"], subject, &["--format", "json"]));
        let got = told["subjects"][0]["label"].as_str().unwrap();
        assert!(got.ends_with(label), "{subject}: {got}");
    }
    for (subject, more) in [("test:TestNone", &[][..]), ("group:*", &["--nth", "1"])] {
        let got = explain("pool", ["base.out", "head.out"], subject, more);
        assert_eq!(got.status.code(), Some(2), "{subject}");
    }
    let one = cli(&data::dir().join("regressions/pool"), &["explain", "test:TestLoadAll", "base.out"]);
    assert!(String::from_utf8(one.stderr).unwrap().contains("--critical-path"));
}

#[test]
fn the_runs_of_each_side_are_drawn_on_one_scale() {
    let sides = ["base.*.out", "head.*.out"];
    let told = json(&explain("region15-runs", sides, "region:tax", &["--format", "json", "--metric", "exec_ns"]));
    let series = told["subjects"][0]["series"].as_array().unwrap().clone();
    assert_eq!(series.len(), 1, "{told}");
    for side in ["base_runs", "head_runs"] {
        assert_eq!(series[0][side].as_array().unwrap().len(), 6);
    }
    let text = out(&explain("region15-runs", sides, "region:tax", &["--metric", "exec_ns"]));
    let drawn = |side: &str| {
        let line = text.lines().find_map(|l| l.trim_start().strip_prefix(side)).unwrap_or_else(|| panic!("{text}"));
        line.chars().filter_map(|c| c.to_digit(10)).sum::<u32>()
    };
    assert_eq!((drawn("base  "), drawn("head  ")), (6, 6), "{text}");
}

#[test]
fn frames_of_the_leading_stacks_that_differ_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let name = "example.com/shop.work.func1";
    for (side, inner) in [("base", "example.com/shop.(*Cache).get"), ("head", "example.com/shop.(*Pool).take")] {
        let mut summary = with(name, waiting(10, 1000, "sync", 1_000_000));
        summary.sites.push(site(name, "block_ns.sync", &["sync.(*Mutex).Lock", inner, name], 9_000_000));
        write(folder.path(), &format!("{side}.json"), &summary);
    }
    let got = cli(folder.path(), &["explain", "group:shop.work.func1", "base.json", "head.json"]);
    let text = out(&got);
    assert!(text.contains("- shop.(*Cache).get\n  + shop.(*Pool).take\n    shop.work.func1"), "{text}");
    let same = out(&cli(folder.path(), &["explain", "group:shop.work.func1", "base.json", "base.json"]));
    assert!(!same.contains("stacks with the most time differ"), "{same}");
}

#[test]
fn the_runs_of_a_side_are_given_as_for_a_comparison() {
    let folder = data::dir().join("regressions/region15-runs");
    let runs = |side: &str| (1..=6).map(|i| format!("{side}.{i}.out")).collect::<Vec<_>>();
    let (base, head) = (runs("base"), runs("head"));
    assert!(base.iter().chain(&head).all(|name| folder.join(name).is_file()), "the recordings are called so");
    let args = [vec!["--base".to_owned()], base, vec!["--head".to_owned()], head].concat();
    let told = |args: &[&str]| out(&cli(&folder, &[&["explain", "region:tax", "--metric", "exec_ns"], args].concat()));
    let listed: Vec<&str> = args.iter().map(String::as_str).collect();
    assert_eq!(told(&listed), told(&["base.*.out", "head.*.out"]));
    for wrong in [
        &["--base", "base.1.out"][..],
        &["base.1.out", "--base", "base.1.out", "--head", "head.1.out"],
        &["--base", "base.1.out", "--head", "head.1.out", "--critical-path"],
        &[],
    ] {
        let got = cli(&folder, &[&["explain", "region:tax"], wrong].concat());
        assert_eq!(got.status.code(), Some(2), "{wrong:?}: {got:?}");
    }
}

#[test]
fn what_goroutines_did_for_a_task_is_told_before_its_other_figures() {
    let trace = data::dir().join("traces/go1.27.3/tasks.out").display().to_string();
    let told = json(&cli(&data::dir(), &["explain", "task:*", &trace, &trace, "--format", "json"]));
    let subjects = told["subjects"].as_array().unwrap();
    let series = |subject: &serde_json::Value| subject["series"].as_array().unwrap().clone();
    for subject in subjects {
        let spent = series(subject).into_iter().map(|s| s["metric"].as_str().unwrap().starts_with("work."));
        assert!(spent.is_sorted_by(|a, b| a >= b), "{subject}");
    }
    let all: Vec<serde_json::Value> = subjects.iter().flat_map(series).collect();
    let of_tasks: Vec<&str> = all.iter().map(|series| series["metric"].as_str().unwrap()).collect();
    let spent: Vec<bool> = of_tasks.iter().map(|metric| metric.starts_with("work.")).collect();
    assert!(of_tasks.contains(&"work.exec_ns") && of_tasks.contains(&"total_ns"), "{of_tasks:?}");
    assert!(spent.contains(&true) && spent.contains(&false), "{of_tasks:?}");
    let text = out(&cli(&data::dir(), &["explain", "task:*", &trace, &trace]));
    let spent: Vec<&str> = text.split("What goroutines spent on it").skip(1).collect();
    assert!(!spent.is_empty() && !text.contains("Where its time goes"), "{text}");
    for part in spent {
        let (running, other) = (part.find("running for it").unwrap(), part.find("Other figures").unwrap());
        assert!(running < other, "{text}");
    }
}
