//! Several packages in one command: each judged by the configuration nearest to it, against the baseline nearest to it.

use std::path::Path;

use gotrace_diff::summary::Summary;

use crate::cli::{cli, json, out, write};
use crate::compare_make::{group, region, run};

/// A run of a package, with so many workers of its own.
fn of(package: &str, workers: u64) -> Summary {
    let mut summary = Summary { source: format!("{workers}.out"), package: Some(package.to_owned()), ..run() };
    summary.goroutines.insert(format!("{package}.work"), group(workers, 1000));
    summary
}

/// Two modules and no go.mod above them. In both the workers are five times as many in the head.
fn repository() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path();
    std::fs::create_dir_all(dir.join(".git")).unwrap();
    for (module, packages) in [("cart", ["", "fill"]), ("billing", ["", "invoice"])] {
        std::fs::create_dir_all(dir.join(module).join(packages[1])).unwrap();
        std::fs::write(dir.join(module).join("go.mod"), format!("module example.com/{module}\n")).unwrap();
        for (side, workers) in [("base", 40), ("head", 200)] {
            std::fs::create_dir_all(dir.join(side)).unwrap();
            for package in packages {
                let name = format!("example.com/{module}/{package}");
                let file = format!("{module}-{package}.json");
                write(&dir.join(side), &file, &of(name.trim_end_matches('/'), workers));
            }
        }
    }
    folder
}

/// The packages in which something fails.
fn failing(told: &serde_json::Value) -> Vec<String> {
    let mut all: Vec<String> = told["findings"]
        .as_array()
        .unwrap_or_else(|| panic!("{told}"))
        .iter()
        .filter(|f| f["verdict"] == "regression")
        .map(|f| f["subject"]["package"].as_str().unwrap_or_default().replace("example.com/", ""))
        .collect();
    all.sort();
    all.dedup();
    all
}

fn compared(dir: &Path, args: &[&str]) -> serde_json::Value {
    let mut all = vec!["base", "head", "--format", "json"];
    all.extend(args);
    json(&cli(dir, &all))
}

#[test]
fn each_package_is_judged_by_the_file_nearest_to_it() {
    let all = ["billing", "billing/invoice", "cart", "cart/fill"];
    let allow = "[[rule]]\nmetric = \"count\"\nkind = \"group\"\nmax-increase = \"900%\"\n";
    let forbid = "[[rule]]\nmetric = \"count\"\nkind = \"group\"\nmax-increase = \"1%\"\n";
    for (files, args, want) in [
        (&[][..], &[][..], &all[..]),
        (&[("cart", allow)], &[], &["billing", "billing/invoice"]),
        (&[("cart/fill", allow)], &[], &["billing", "billing/invoice", "cart"]),
        // The nearest comes first, and inherits.
        (&[("", allow), ("cart", forbid)], &[], &["cart", "cart/fill"]),
        (&[("", allow), ("cart", "strict = false\n")], &[], &[]),
        (&[("", allow), ("cart", "root = true\n")], &[], &["cart", "cart/fill"]),
        // What is typed holds for all.
        (&[("cart", allow)], &["--max-increase", "1%"], &all),
        (&[("cart", allow)], &["--config", "billing/gotrace-diff.toml"], &all),
        // A budget and an accepted change are those of the packages below.
        (
            &[
                ("", allow),
                ("billing", "[[rule]]\nkind = \"group\"\nmetric = \"count\"\nmax = 60\nmax-increase = \"900%\"\n"),
            ],
            &[],
            &["billing", "billing/invoice"],
        ),
        (
            &[(
                "billing",
                "[[accept]]\nseries = \"group:example.com/billing.work#count\"\nfrom = 40\nto = 200\nreason = \"x\"\n",
            )],
            &[],
            &["billing/invoice", "cart", "cart/fill"],
        ),
    ] {
        let folder = repository();
        let dir = folder.path();
        std::fs::write(dir.join("billing/gotrace-diff.toml"), "").unwrap();
        for (place, text) in files {
            std::fs::write(dir.join(place).join("gotrace-diff.toml"), text).unwrap();
        }
        let told = compared(dir, args);
        assert_eq!(failing(&told), want, "{files:?} {args:?}");
        assert_eq!(told["exit_code"], i32::from(!want.is_empty()), "{files:?} {args:?}: {}", told["headline"]);
        // Where one stands changes nothing, nor does handing results on.
        assert_eq!(
            failing(&json(&cli(
                &dir.join("cart"),
                &[&["../base", "../head", "--format", "json"], args_of(args)].concat()
            ))),
            want,
            "{files:?}"
        );
        let written = cli(dir, &[&["base", "head", "--output", "json=result.json"], args].concat());
        assert_eq!(
            failing(&json(&cli(dir, &[&["merge", "result.json", "--format", "json"], args].concat()))),
            want,
            "{}",
            out(&written)
        );
    }
}

/// A configuration that is named is named from the root.
fn args_of<'a>(args: &'a [&'a str]) -> &'a [&'a str] {
    if args.contains(&"--config") { &["--config", "../billing/gotrace-diff.toml"] } else { args }
}

#[test]
fn a_slip_in_the_file_of_any_package_is_an_error_and_a_rule_without_match_names_its_file() {
    let folder = repository();
    let dir = folder.path();
    std::fs::write(
        dir.join("cart/gotrace-diff.toml"),
        "[[rule]]\ngroup = \"example.com/billing.*\"\nlevel = \"off\"\n",
    )
    .unwrap();
    let told = compared(dir, &[]);
    assert_eq!(failing(&told).len(), 4);
    let warnings = told["warnings"].to_string();
    assert!(warnings.contains("cart/gotrace-diff.toml:1: this rule matches nothing"), "{warnings}");
    std::fs::write(
        dir.join("cart/gotrace-diff.toml"),
        "[[rule]]\ngroup = \"example.com/billing.*\"\nlevel = \"off\"\n\n[[rule]]\n",
    )
    .unwrap();
    std::fs::write(dir.join("billing/gotrace-diff.toml"), "strict = true\n").unwrap();
    assert_eq!(
        compared(dir, &[])["findings"].as_array().map(Vec::len),
        compared(dir, &["--subject=x"])["findings"].as_array().map(Vec::len)
    );
    std::fs::write(dir.join("cart/gotrace-diff.toml"), "strict = true\n[[rule]]\ngroup = \"example.com/billing.*\"\n")
        .unwrap();
    let strict = compared(dir, &[]);
    assert!(strict["error"]["message"].as_str().unwrap().contains("cart/gotrace-diff.toml:2:1: this rule"), "{strict}");
    std::fs::write(dir.join("cart/gotrace-diff.toml"), "[[rule]]\nmax_increase = \"1%\"\n").unwrap();
    let told = compared(dir, &[]);
    assert!(told["error"]["message"].as_str().unwrap().contains("did you mean `max-increase`"), "{told}");
}

#[test]
fn what_an_inconclusive_comparison_means_is_as_its_package_says() {
    let folder = repository();
    let dir = folder.path();
    // Twice as many once is suspicious and no more.
    for package in ["cart", "cart/fill", "billing/invoice"] {
        let file =
            format!("{}.json", if package.contains('/') { package.replace('/', "-") } else { format!("{package}-") });
        write(&dir.join("head"), &file, &of(&format!("example.com/{package}"), 40));
    }
    write(&dir.join("head"), "billing-.json", &of("example.com/billing", 80));
    for (place, want) in [("cart", 0), ("billing/invoice", 0), ("billing", 3), ("", 3)] {
        let file = dir.join(place).join("gotrace-diff.toml");
        std::fs::write(&file, "on-inconclusive = \"fail\"\n").unwrap();
        let told = compared(dir, &[]);
        assert_eq!((&told["verdict"], &told["exit_code"]), (&"inconclusive".into(), &want.into()), "{place}: {told}");
        std::fs::remove_file(file).unwrap();
    }
}

#[test]
fn baselines_lie_beside_their_modules_and_all_of_them_are_meant() {
    let folder = repository();
    let dir = folder.path();
    let made = cli(dir, &["baseline", "create", "base"]);
    assert_eq!(made.status.code(), Some(0), "{made:?}");
    for module in ["cart", "billing"] {
        assert!(dir.join(module).join("gotrace-baseline.json").is_file(), "{}", out(&made));
    }
    let told = json(&cli(dir, &["check", "head", "--format", "json"]));
    assert_eq!(failing(&told), ["billing", "billing/invoice", "cart", "cart/fill"]);
    // The commands that the report prints do what they say, from where it was printed.
    let commands: Vec<String> =
        told["advice"]["commands"].as_array().unwrap().iter().map(|c| c.as_str().unwrap().to_owned()).collect();
    let update = commands.iter().find(|c| c.contains("baseline update")).unwrap();
    let accepted = told["findings"][0]["accept"].as_str().unwrap().to_owned();
    assert!(accepted.contains("--package"), "{accepted}");
    let shell = |command: &str| {
        let command = command.replace("gotrace-diff ", &format!("{} ", env!("CARGO_BIN_EXE_gotrace-diff")));
        std::process::Command::new("sh").args(["-c", &command]).current_dir(dir).output().unwrap()
    };
    std::fs::write(dir.join("billing/gotrace-diff.toml"), "root = true\n").unwrap();
    let done = shell(&accepted.replace("WHY", "two"));
    assert_eq!(done.status.code(), Some(0), "{accepted}: {done:?}");
    assert!(std::fs::read_to_string(dir.join("billing/gotrace-diff.toml")).unwrap().contains("[[accept]]"));
    let without = json(&cli(dir, &["check", "head", "--format", "json", "--candidate=none"]));
    assert_eq!(failing(&without), ["billing/invoice", "cart", "cart/fill"]);
    // Without figures they are those of the baselines and of the candidate.
    let short =
        "gotrace-diff baseline accept --package example.com/cart --reason two group:example.com/cart.work#count";
    let done = shell(short);
    assert!(out(&done).contains("40 to 200"), "{done:?}");
    assert!(out(&done).contains("gotrace-diff.toml"), "{done:?}");
    let told = json(&cli(dir, &["baseline", "show", "--format", "json"]));
    assert_eq!(told["files"].as_array().unwrap().len(), 2);
    let done = shell(update);
    assert_eq!(done.status.code(), Some(0), "{update}: {done:?}");
    assert_eq!(json(&cli(dir, &["check", "head", "--format", "json"]))["verdict"], "pass");
    assert!(out(&cli(dir, &["baseline", "verify"])).lines().count() == 2);
}

#[test]
fn a_nearer_baseline_holds_for_its_packages_and_each_package_has_its_policy() {
    let folder = repository();
    let dir = folder.path();
    assert_eq!(cli(dir, &["baseline", "create", "base", "-o", "gotrace-baseline.json"]).status.code(), Some(0));
    assert_eq!(
        cli(dir, &["baseline", "create", "head/cart-.json", "head/cart-fill.json", "-o", "cart/gotrace-baseline.json"])
            .status
            .code(),
        Some(0)
    );
    let told = json(&cli(dir, &["check", "head", "--format", "json", "--candidate=none"]));
    assert_eq!(failing(&told), ["billing", "billing/invoice"]);
    let runs = told["runs"]["base"]["example.com/cart"].as_array().map(Vec::len);
    assert_eq!(runs, Some(1), "both baselines were counted: {}", told["runs"]);
    // Where billing's configuration names a file of its own that is not there, its policy decides.
    for (policy, want, code) in [("fail", "inconclusive", 2), ("warn", "pass", 0), ("create", "pass", 0)] {
        let text = format!("baseline = \"perf.json\"\non-missing-baseline = \"{policy}\"\n");
        std::fs::write(dir.join("billing/gotrace-diff.toml"), text).unwrap();
        let output = cli(dir, &["check", "head", "--output", "json=r.json", "--candidate=none"]);
        let told: serde_json::Value = serde_json::from_slice(&std::fs::read(dir.join("r.json")).unwrap()).unwrap();
        assert_eq!(
            (told["verdict"].as_str(), output.status.code()),
            (Some(want), Some(code)),
            "{policy}: {}",
            out(&output)
        );
        assert!(out(&output).contains("billing/perf.json"), "{policy}: {}", out(&output));
        assert_eq!(dir.join("billing/perf.json").is_file(), policy == "create");
    }
}

#[test]
fn of_several_packages_each_finding_says_whose_it_is_and_runs_are_counted_in_each() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path();
    for (side, waits) in [("base", 1), ("head", 40)] {
        std::fs::create_dir_all(dir.join(side)).unwrap();
        for (package, runs) in [("cart", 2), ("billing", if side == "base" { 3 } else { 2 })] {
            for i in 0..runs {
                let mut summary = of(&format!("example.com/{package}"), 40);
                summary.source = format!("{package}-{i}.out");
                summary.end_ns += waits * 1_000_000_000 + i;
                summary.regions.insert("parse".to_owned(), region(10, waits * 100_000_000));
                write(&dir.join(side), &format!("{package}-{i}.json"), &summary);
            }
        }
    }
    let text = out(&cli(dir, &["base", "head", "--all"]));
    for want in ["region parse of example.com/cart", "region parse of example.com/billing", "all of example.com/cart"] {
        assert!(text.contains(want), "{want}: {text}");
    }
    assert!(!text.contains("the whole run"), "{text}");
    let flat = text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(flat.contains("; 2 to 3 runs of the base and 2 runs of the head of each of 2 packages."), "{text}");
    // Below the name of a package it is not said again.
    let text = out(&cli(dir, &["base", "head", "--group-by", "package"]));
    assert!(text.contains(": region parse\n") && !text.contains(": region parse of example.com/cart\n"), "{text}");
    // What was not compared is not counted.
    std::fs::remove_file(dir.join("head/billing-0.json")).unwrap();
    std::fs::remove_file(dir.join("head/billing-1.json")).unwrap();
    let text = out(&cli(dir, &["base", "head"]));
    let flat = text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(flat.contains("; 2 runs of the base, 2 runs of the head."), "{text}");
}
