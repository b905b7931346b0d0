//! Shards become one verdict; summaries become one total, in any order.

use std::path::Path;

use gotrace_diff::summary::Summary;
use gotrace_diff::totals::Totals;
use proptest::prelude::*;
use serde_json::Value;

use crate::cli::{cli, json, out, write};
use crate::compare_make::{group, region, run, waiting, with};
use crate::data;

/// Writes six runs a side of one package and compares them: what a shard of a monorepo does.
pub fn shard(folder: &Path, name: &str, package: &str, base_ns: i64, head_ns: i64) {
    let here = folder.join(name);
    std::fs::create_dir_all(&here).unwrap();
    for (side, ns) in [("base", base_ns), ("head", head_ns)] {
        for i in 0..6i64 {
            let mut summary = with(&format!("{package}.work"), waiting(8, 1_000_000, "sync", ns + i * 1000));
            summary.package = Some(package.to_owned());
            summary.source = format!("{package} {side} {i}");
            // Alternately: the sides interlock on the clock of the machine.
            summary.start_ns = 1 + i * 2_000_000 + i64::from(side == "head") * 1_000_000;
            summary.end_ns = summary.start_ns + 1_000_000_000;
            summary.regions.insert("load".to_owned(), region(10, ns / 4 + i * 500));
            write(&here, &format!("{side}.{i}.json"), &summary);
        }
    }
    let sides = ["--base", &format!("{name}/base.*.json"), "--head", &format!("{name}/head.*.json")];
    let output = cli(folder, &[&sides[..], &["--output", &format!("json={name}.json")]].concat());
    assert!(output.status.code().unwrap() < 2, "{}", String::from_utf8_lossy(&output.stderr));
}

/// A result without what only says how it was made.
fn verdicts(result: &Value) -> Value {
    let mut result = result.clone();
    let object = result.as_object_mut().unwrap();
    // Drawn from summaries, which results do not hold; the framework's groups are left out of results.
    for key in ["pictures", "sides", "not_compared", "diagnoses"] {
        object.remove(key);
    }
    result
}

#[test]
fn results_of_shards_give_what_one_comparison_of_all_runs_gives() {
    let folder = tempfile::tempdir().unwrap();
    shard(folder.path(), "cart", "example.com/shop/cart", 10_000_000, 10_000_000);
    shard(folder.path(), "db", "example.com/shop/db", 10_000_000, 21_000_000);
    shard(folder.path(), "web", "example.com/shop/web", 10_000_000, 10_000_000);
    let merged = cli(folder.path(), &["merge", "web.json", "cart.json", "db.json", "--format", "json"]);
    let all = cli(folder.path(), &["--base", "*/base.*.json", "--head", "*/head.*.json", "--format", "json"]);
    assert_eq!(merged.status.code(), Some(1));
    assert_eq!(all.status.code(), Some(1));
    assert_eq!(verdicts(&json(&merged)), verdicts(&json(&all)));
    // The order does not matter, and neither does merging from summaries.
    let again = cli(folder.path(), &["merge", "db.json", "web.json", "cart.json", "--format", "json"]);
    assert_eq!(out(&again), out(&merged));
    let sides = ["merge", "--base", "*/base.*.json", "--head", "*/head.*.json", "--format", "json"];
    assert_eq!(verdicts(&json(&cli(folder.path(), &sides))), verdicts(&json(&all)));
}

#[test]
fn what_one_shard_proves_alone_has_to_stand_among_all() {
    // Six runs against six that overlap a little: proven at the level of one package, and not at a twelfth of it.
    let folder = tempfile::tempdir().unwrap();
    let p = |result: &Value| {
        let of = |f: &&Value| f["evidence"]["p_value"].is_number();
        result["findings"].as_array().unwrap().iter().find(of).map(|f| f["evidence"]["p_value"].as_f64().unwrap())
    };
    shard(folder.path(), "db", "example.com/shop/db", 10_000_000, 21_000_000);
    for i in 0..11 {
        shard(folder.path(), &format!("calm{i}"), &format!("example.com/shop/calm{i}"), 10_000_000, 10_000_000);
    }
    let alone = json(&cli(folder.path(), &["merge", "db.json", "--format", "json"]));
    let among = json(&cli(folder.path(), &["merge", "db.json", "calm*.json", "--format", "json"]));
    let (one, all) = (p(&alone).unwrap(), p(&among).unwrap());
    assert!(all > one * 5.0, "{one} alone and {all} among twelve packages: corrected over all of them");
    assert_eq!(among["compared"]["packages"].as_array().unwrap().len(), 12);
}

#[test]
fn a_package_of_two_machines_stays_two() {
    let folder = tempfile::tempdir().unwrap();
    for (machine, head) in [("linux", 21_000_000), ("darwin", 10_000_000)] {
        std::fs::create_dir(folder.path().join(machine)).unwrap();
        shard(&folder.path().join(machine), "result", "example.com/shop/db", 10_000_000, head);
    }
    let merged = json(&cli(folder.path(), &["merge", "*/result.json", "--format", "json"]));
    assert_eq!(
        merged["compared"]["packages"],
        serde_json::json!(["example.com/shop/db (darwin)", "example.com/shop/db (linux)"])
    );
    let of = |f: &Value| f["subject"]["package"].as_str().unwrap().to_owned();
    let worse: Vec<String> =
        merged["findings"].as_array().unwrap().iter().filter(|f| f["verdict"] == "regression").map(of).collect();
    assert!(!worse.is_empty() && worse.iter().all(|p| p.ends_with("(linux)")), "{worse:?}");
    let pooled = json(&cli(folder.path(), &["merge", "*/result.json", "--pool", "--format", "json"]));
    assert_eq!(pooled["compared"]["packages"], serde_json::json!(["example.com/shop/db"]));
    assert_eq!(pooled["runs"]["head"]["example.com/shop/db"].as_array().unwrap().len(), 12);
}

#[test]
fn findings_go_to_their_owners() {
    let folder = tempfile::tempdir().unwrap();
    for (file, text) in [
        ("go.mod", "module example.com/shop\n"),
        ("db/db.go", "package db\n"),
        ("CODEOWNERS", "* @org/everyone\n/db/ @org/storage dba@example.com\n"),
    ] {
        std::fs::create_dir_all(folder.path().join(file).parent().unwrap()).unwrap();
        std::fs::write(folder.path().join(file), text).unwrap();
    }
    shard(folder.path(), "one", "example.com/shop/db", 10_000_000, 21_000_000);
    shard(folder.path(), "two", "example.com/shop/web", 10_000_000, 21_000_000);
    let result = json(&cli(folder.path(), &["merge", "one.json", "two.json", "--format", "json"]));
    for finding in result["findings"].as_array().unwrap() {
        let want = match finding["subject"]["package"].as_str().unwrap() {
            "example.com/shop/db" => serde_json::json!(["@org/storage", "dba@example.com"]),
            _ => serde_json::json!(["@org/everyone"]),
        };
        assert_eq!(finding["owners"], want, "{finding}");
    }
    let text = out(&cli(folder.path(), &["merge", "one.json", "two.json"]));
    assert!(text.contains("\n@org/storage dba@example.com\n") && text.contains("\n@org/everyone\n"), "{text}");
    let comment = out(&cli(folder.path(), &["merge", "one.json", "two.json", "--format", "markdown"]));
    assert!(comment.contains("| package | owner | regressions | unproven | better |"), "{comment}");
    // No mention: the forge would call people with every push.
    let owners = "<code>&#64;org/storage</code>, <code>dba&#64;example.com</code>";
    assert!(comment.contains(&format!("| `example.com/shop/db` | {owners} | ")), "{comment}");
    // Another file, and one that does not say who.
    std::fs::write(folder.path().join("OWNERS"), "/db/\n[a]bad\n").unwrap();
    let none = json(&cli(folder.path(), &["merge", "one.json", "--codeowners", "OWNERS", "--format", "json"]));
    assert!(none["findings"].as_array().unwrap().iter().all(|f| f.get("owners").is_none()));
}

#[test]
fn a_shard_that_is_missing_or_failed_is_no_pass() {
    let folder = tempfile::tempdir().unwrap();
    shard(folder.path(), "cart", "example.com/shop/cart", 10_000_000, 10_000_000);
    let failed = cli(folder.path(), &["missing.out", "missing.out", "--format", "json"]);
    std::fs::write(folder.path().join("failed.json"), &failed.stdout).unwrap();
    let baseline = cli(folder.path(), &["baseline", "create", "cart/base.0.json", "-o", "-"]);
    std::fs::write(folder.path().join("baseline.json"), &baseline.stdout).unwrap();
    let old = r#"{"schema": "gotrace-diff/report/2", "verdict": "pass", "headline": "pass", "compared": {"series": 3, "gated": 3, "subjects": 1, "packages": []}}"#;
    std::fs::write(folder.path().join("old.json"), old).unwrap();
    for (args, want) in [
        (&["cart.json", "failed.json"][..], "this shard could not do its job: missing.out"),
        (&["cart.json", "--expect", "2"], "1 shards, and 2 were expected"),
        (&["cart.json", "gone.json"], "gone.json"),
        (&["cart.json", "baseline.json"], "shards are results or summaries"),
        (&["cart.json", "old.json"], "without the values of its runs"),
        (&["cart.json", "cart/base.0.json"], "is a result and"),
        (&["cart/base.0.json", "--format", "junit"], "for a verdict give --base and --head"),
        (&["-"], "shards are files"),
    ] {
        let output = cli(folder.path(), &[&["merge"], args].concat());
        let error = String::from_utf8(output.stderr.clone()).unwrap();
        assert_eq!(output.status.code(), Some(2), "{args:?}: {error}");
        assert!(error.contains(want), "{args:?}: {error}");
    }
}

#[test]
fn sides_that_do_not_fit_together_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    shard(folder.path(), "cart", "example.com/shop/cart", 10_000_000, 10_000_000);
    let text = std::fs::read_to_string(folder.path().join("cart.json")).unwrap();
    for (change, want) in [
        (&(|v: &mut Value| v["sides"]["share"] = 7.into()) as &dyn Fn(&mut Value), "a share of the level of 7"),
        (
            &|v| v["sides"]["base"][0]["subjects"][0]["figures"]["duration_ns"] = serde_json::json!([1]),
            "has 1 values for 6",
        ),
        (
            &|v| v["sides"]["head"][0]["subjects"][0]["repeats"] = serde_json::json!([{"run": 9}]),
            "runs that are not there",
        ),
        (&|v| v["sides"]["more"] = 1.into(), "unknown field `more`"),
    ] {
        let mut value: Value = serde_json::from_str(&text).unwrap();
        change(&mut value);
        std::fs::write(folder.path().join("odd.json"), value.to_string()).unwrap();
        let output = cli(folder.path(), &["merge", "odd.json"]);
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{error}");
        assert!(error.contains(want), "{want}: {error}");
    }
}

#[test]
fn merging_sides_that_have_nothing_in_common_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path();
    shard(dir, "cart", "example.com/shop/cart", 10_000_000, 10_000_000);
    shard(dir, "db", "example.com/shop/db", 10_000_000, 10_000_000);
    shard(dir, "web", "example.com/shop/web", 10_000_000, 10_000_000);
    let result = |name: &str| -> Value { serde_json::from_slice(&std::fs::read(dir.join(name)).unwrap()).unwrap() };
    let (mut moved, db) = (result("cart.json"), result("db.json"));
    // Two packages, neither of which the head has: one on each side would be taken for one that was renamed.
    moved["sides"]["base"].as_array_mut().unwrap().push(db["sides"]["base"][0].clone());
    moved["sides"]["head"][0]["package"] = "example.com/shop/basket".into();
    std::fs::write(dir.join("moved.json"), moved.to_string()).unwrap();
    for args in [
        &["merge", "moved.json"][..],
        &["merge", "moved.json", "--pool"],
        &["merge", "--base", "cart/base.*.json", "db/base.*.json", "--head", "web/head.*.json"],
    ] {
        let output = cli(dir, args);
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{args:?}: {error}");
        assert!(error.contains("nothing in common to compare"), "{args:?}: {error}");
    }
    // What one shard of two compares is compared.
    assert_eq!(cli(dir, &["merge", "moved.json", "db.json"]).status.code(), Some(0));
}

#[test]
fn shards_with_nothing_to_run_pass_together() {
    let folder = tempfile::tempdir().unwrap();
    let empty = r#"{"schema": "gotrace-diff/report/2", "verdict": "VERDICT", "headline": "VERDICT: so it is", "compared": {"series": 0, "gated": 0, "subjects": 0, "packages": []}}"#;
    for (name, verdict) in [("a", "pass"), ("b", "pass"), ("c", "inconclusive")] {
        std::fs::write(folder.path().join(format!("{name}.json")), empty.replace("VERDICT", verdict)).unwrap();
    }
    shard(folder.path(), "cart", "example.com/shop/cart", 10_000_000, 10_000_000);
    for (files, first) in [
        (&["a.json", "b.json"][..], "pass: none of 2 shards had anything to run"),
        (&["a.json", "cart.json"], "pass: "),
        (&["a.json", "c.json"], "inconclusive: "),
        (&["c.json", "cart.json"], "inconclusive: "),
    ] {
        let output = cli(folder.path(), &[&["merge"], files].concat());
        assert_eq!(output.status.code(), Some(0), "{files:?}");
        assert!(out(&output).starts_with(first), "{files:?}: {}", out(&output));
        let strict = cli(folder.path(), &[&["merge", "--on-inconclusive", "fail"], files].concat());
        assert_eq!(strict.status.code(), Some(if first.starts_with("pass") { 0 } else { 3 }), "{files:?}");
    }
}

#[test]
fn real_runs_merge_to_the_same_total_however_they_are_split() {
    let folder = data::dir().join("regressions/region15-runs");
    let scratch = tempfile::tempdir().unwrap();
    let summarize = |pattern: &str, name: &str| {
        let output = cli(&folder, &["summarize", "--format", "json", pattern]);
        std::fs::write(scratch.path().join(name), output.stdout).unwrap();
    };
    for i in 1..=6 {
        summarize(&format!("base.{i}.out"), &format!("run{i}.json"));
    }
    summarize("base.*.out", "all.json");
    let merge = |files: &[&str]| out(&cli(scratch.path(), &[&["merge", "--format", "json"], files].concat()));
    let want = merge(&["all.json"]);
    assert_eq!(merge(&["run6.json", "run2.json", "run3.json", "run1.json", "run5.json", "run4.json"]), want);
    // Totals merge on: ((1 2) 3) (4 (5 6)).
    for (name, files) in [
        ("a.json", &["run1.json", "run2.json"][..]),
        ("b.json", &["a.json", "run3.json"]),
        ("c.json", &["run5.json", "run6.json"]),
    ] {
        std::fs::write(scratch.path().join(name), merge(files)).unwrap();
    }
    assert_eq!(merge(&["b.json", "run4.json", "c.json"]), want);
    let total: Value = serde_json::from_str(&want).unwrap();
    let tax = &total["packages"]["example.com/shop/checkout"]["regions"]["tax"];
    let runs = || (1..=6).map(|i| std::fs::read(scratch.path().join(format!("run{i}.json"))).unwrap());
    let sum = |key: &str| {
        runs()
            .map(|b| serde_json::from_slice::<Value>(&b).unwrap()["regions"]["tax"][key].as_i64().unwrap())
            .sum::<i64>()
    };
    assert_eq!((tax["count"].as_i64(), tax["total_ns"].as_i64()), (Some(sum("count")), Some(sum("total_ns"))));
    let text = out(&cli(scratch.path(), &["merge", "all.json"]));
    assert!(text.starts_with("example.com/shop/checkout: 6 runs, ") && text.contains("  region tax: "), "{text}");
}

fn any_run() -> impl Strategy<Value = Summary> {
    let names = prop::sample::subsequence(vec!["a", "b", "c"], 0..=3);
    let figures = (0u64..50, 0i64..i64::MAX / 4, any::<bool>(), 0i64..1_000_000);
    (names, figures, prop::sample::select(vec!["x", "y"])).prop_map(|(names, (count, ns, complete, start), package)| {
        let mut summary = Summary { package: Some(package.to_owned()), complete, start_ns: start, ..run() };
        for (i, name) in names.into_iter().enumerate() {
            let i = i as u64 + 1;
            let of = group(count * i, ns / (1 + (count * i) as i64));
            summary.goroutines.insert(name.to_owned(), of);
            summary.regions.insert(name.to_owned(), region(count % 5, ns / 1000));
            summary.logs.insert(name.to_owned(), u64::MAX / i);
            summary.mmu.insert("1ms".to_owned(), 1.0 / i as f64);
            summary.sites.push(crate::compare_make::site(name, "block_ns.sync", &["f", name], ns / 3));
        }
        summary
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn totals_do_not_depend_on_order_or_grouping(runs in prop::collection::vec(any_run(), 1..8), at in any::<prop::sample::Index>(), seed in any::<u64>()) {
        let total = |runs: &[Summary]| Totals::of(runs);
        let all = total(&runs);
        let (left, right) = runs.split_at(at.index(runs.len()));
        // Grouped otherwise.
        let mut parts = total(left);
        parts.merge(&total(right));
        prop_assert_eq!(&parts, &all);
        // The other way round.
        let mut parts = total(right);
        parts.merge(&total(left));
        prop_assert_eq!(&parts, &all);
        // One by one, in an order of its own, and through JSON.
        let mut shuffled = runs.clone();
        shuffled.sort_by_key(|r| (r.start_ns as u64).wrapping_mul(seed | 1));
        let mut sum = Totals::default();
        for one in &shuffled {
            let text = serde_json::to_string(&total(std::slice::from_ref(one))).unwrap();
            sum.merge(&gotrace_diff::totals::read(&text).unwrap());
        }
        prop_assert_eq!(&sum, &all);
        prop_assert_eq!(serde_json::to_string(&sum).unwrap(), serde_json::to_string(&all).unwrap());
    }
}

#[test]
fn rows_say_what_the_summary_says() {
    let folder = data::dir().join("regressions/region15-runs");
    let args = ["summarize", "--format", "ndjson", "--label", "commit=4f1c2e0", "--label", "at=2026-11-24T12:00:00Z"];
    let output = cli(&folder, &[&args[..], &["base.1.out", "base.2.out"]].concat());
    assert_eq!(output.status.code(), Some(0));
    let rows: Vec<Value> = out(&output).lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    let schema: Value = serde_json::from_slice(&cli(&folder, &["schema", "row"]).stdout).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    for row in &rows {
        validator.validate(row).unwrap_or_else(|e| panic!("{e}: {row}"));
        assert_eq!(row["labels"]["commit"], "4f1c2e0");
    }
    let summary = json(&cli(&folder, &["summarize", "--format", "json", "base.2.out"]));
    let of = |kind: &str, subject: &str, metric: &str| {
        rows.iter()
            .find(|r| {
                r["source"] == "base.2.out" && r["kind"] == kind && r["subject"] == subject && r["metric"] == metric
            })
            .unwrap_or_else(|| panic!("{kind} {subject} {metric}"))
    };
    let tax = &summary["regions"]["tax"];
    let row = of("region", "tax", "exec_ns");
    assert_eq!(row["total"].as_f64(), tax["exec_ns"].as_f64());
    assert_eq!(row["items"], tax["count"]);
    assert_eq!(row["per"], "call");
    let each = tax["exec_ns"].as_f64().unwrap() / tax["count"].as_f64().unwrap();
    assert!((row["value"].as_f64().unwrap() - each).abs() < 1e-6);
    // Nobody knows how often a figure of another kind of row stands for the same: each is there once.
    let key = |r: &Value| ["source", "kind", "subject", "repeat", "metric"].map(|k| r[k].to_string());
    let keys: std::collections::BTreeSet<_> = rows.iter().map(key).collect();
    assert_eq!(keys.len(), rows.len());
    for (args, want) in [
        (&["--format", "ndjson", "--label", "Commit=1"][..], "is no name"),
        (&["--format", "ndjson", "--label", "a=1", "--label", "a=2"], "is there twice"),
        (&["--label", "a=1"], "--label is written into rows"),
    ] {
        let output = cli(&folder, &[&["summarize", "base.1.out"], args].concat());
        assert_eq!(output.status.code(), Some(2));
        assert!(String::from_utf8_lossy(&output.stderr).contains(want), "{args:?}");
    }
}
