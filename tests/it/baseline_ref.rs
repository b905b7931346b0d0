//! Baseline and configuration as a commit has them: a change cannot loosen its own gate unseen.

use std::path::Path;
use std::process::Command;

use crate::cli::{cli, json, write};
use crate::compare_make::{group, with};
use crate::machine;
use crate::run::git;

/// A repository with a module below its top, whose baseline of 40 goroutines is committed; heads of 40 and 160.
fn repository() -> Option<tempfile::TempDir> {
    if !Command::new("git").arg("--version").output().is_ok_and(|o| o.status.success()) {
        machine::left_out("git", "baselines of a commit");
        return None;
    }
    let folder = tempfile::tempdir().unwrap();
    let module = folder.path().join("shop");
    std::fs::create_dir_all(module.join("cart")).unwrap();
    std::fs::write(module.join("go.mod"), "module example.com/shop\n").unwrap();
    std::fs::write(
        module.join("gotrace-diff.toml"),
        "on-inconclusive = \"fail\"\n[[rule]]\nmetric = \"count\"\nmax-increase = \"10%\"\n",
    )
    .unwrap();
    for n in [40, 160] {
        write(folder.path(), &format!("{n}.json"), &with("example.com/shop.work", group(n, 1000)));
    }
    assert_eq!(cli(&module, &["baseline", "create", "../40.json"]).status.code(), Some(0));
    git(folder.path(), &["init", "-q", "-b", "main"]);
    git(folder.path(), &["add", "-A"]);
    git(folder.path(), &["commit", "-qm", "base"]);
    Some(folder)
}

/// What a check against `main` says, from a folder below the module.
fn check(folder: &Path, head: &str, more: &[&str]) -> serde_json::Value {
    let head = format!("../../{head}.json");
    let mut args = vec!["check", &head, "--baseline-ref", "main", "--format", "json", "--candidate", "none"];
    args.extend(more);
    json(&cli(&folder.join("shop/cart"), &args))
}

fn warnings(told: &serde_json::Value) -> String {
    told["warnings"].as_array().unwrap().iter().map(|w| w.as_str().unwrap()).collect::<Vec<_>>().join("\n")
}

#[test]
fn a_change_cannot_loosen_its_own_gate_unseen() {
    let Some(folder) = repository() else { return };
    let dir = folder.path();
    let told = check(dir, "160", &[]);
    assert_eq!((told["exit_code"].as_u64(), warnings(&told)), (Some(1), String::new()));
    // The change raises the baseline, loosens the limit, and accepts what it does.
    assert_eq!(cli(&dir.join("shop"), &["baseline", "create", "../160.json"]).status.code(), Some(0));
    let loose = "[[rule]]\nmetric = \"count\"\nmax-increase = \"900%\"\n\n[[accept]]\nseries = \"group:example.com/shop.work#count\"\nfrom = 40\nto = 160\nreason = \"trust me\"\nby = \"eve\"\n";
    std::fs::write(dir.join("shop/gotrace-diff.toml"), loose).unwrap();
    assert_eq!(cli(&dir.join("shop/cart"), &["check", "../../160.json"]).status.code(), Some(0), "without a ref");
    let told = check(dir, "160", &[]);
    assert_eq!(told["exit_code"], 1);
    let warned = warnings(&told);
    for want in [
        "gotrace-diff.toml here is not that of main, which was used: it loosens on-inconclusive",
        "max-increase 10 % → 900 %",
        "group:example.com/shop.work#count accepted by eve (trust me)",
        "gotrace-baseline.json here is not that of main, which was used: it is worse in",
        "group example.com/shop.work count: 40 → 160",
    ] {
        assert!(warned.contains(want), "{want}: {warned}");
    }
    // Without its baseline and with a configuration that nobody understands it fails alike.
    std::fs::remove_file(dir.join("shop/gotrace-baseline.json")).unwrap();
    std::fs::write(dir.join("shop/gotrace-diff.toml"), "max = [").unwrap();
    let told = check(dir, "160", &[]);
    assert_eq!(told["exit_code"], 1);
    let warned = warnings(&told);
    assert!(warned.contains("the configuration here is not understood") && warned.contains("is gone here"), "{warned}");
    assert_eq!(check(dir, "40", &[])["exit_code"], 0);
}

#[test]
fn what_tightens_is_said_to_loosen_nothing() {
    let Some(folder) = repository() else { return };
    let dir = folder.path();
    std::fs::write(
        dir.join("shop/gotrace-diff.toml"),
        "on-inconclusive = \"fail\"\n[[rule]]\nmetric = \"count\"\nmax-increase = \"1%\"\n",
    )
    .unwrap();
    let warned = warnings(&check(dir, "40", &[]));
    assert!(warned.contains("it loosens nothing that was compared"), "{warned}");
}

#[test]
fn a_commit_without_baseline_is_told_by_the_policy() {
    let Some(folder) = repository() else { return };
    let dir = folder.path();
    git(dir, &["rm", "-q", "--cached", "shop/gotrace-baseline.json"]);
    git(dir, &["commit", "-qm", "without"]);
    let told = check(dir, "40", &[]);
    assert_eq!(told["error"]["kind"], "missing-baseline");
    let told = check(dir, "40", &["--on-missing-baseline", "warn"]);
    assert_eq!((told["exit_code"].as_u64(), told["verdict"].as_str()), (Some(0), Some("inconclusive")));
    assert!(told["headline"].as_str().unwrap().contains("in main"), "{}", told["headline"]);
    assert!(warnings(&told).contains("is there in the working tree"), "{}", warnings(&told));
    let unknown = cli(dir, &["check", "40.json", "--baseline-ref", "no-such-branch"]);
    assert_eq!(unknown.status.code(), Some(2));
}

#[cfg(unix)]
#[test]
fn a_committed_link_is_no_baseline() {
    let Some(folder) = repository() else { return };
    let dir = folder.path();
    std::fs::remove_file(dir.join("shop/gotrace-baseline.json")).unwrap();
    std::os::unix::fs::symlink("../../40.json", dir.join("shop/gotrace-baseline.json")).unwrap();
    git(dir, &["add", "-A"]);
    git(dir, &["commit", "-qm", "a link"]);
    let told = check(dir, "40", &[]);
    assert!(told["error"]["message"].as_str().unwrap().contains("no regular file in that commit"), "{told}");
}

#[test]
fn a_change_cannot_claim_packages_of_another_module_for_rules_of_its_own() {
    let Some(folder) = repository() else { return };
    let dir = folder.path();
    let from_the_top = || {
        let args = ["check", "160.json", "--baseline-ref", "main", "--format", "json", "--candidate", "none"];
        json(&cli(dir, &args))
    };
    assert_eq!(from_the_top()["exit_code"], 1);
    // Nearer to the top than the true one, and the same name.
    std::fs::create_dir_all(dir.join("decoy")).unwrap();
    std::fs::write(dir.join("decoy/go.mod"), "module example.com/shop\n").unwrap();
    let loose = "root = true\n[[rule]]\nmax-increase = \"900%\"\n";
    std::fs::write(dir.join("decoy/gotrace-diff.toml"), loose).unwrap();
    assert_eq!(
        cli(dir, &["baseline", "create", "160.json", "-o", "decoy/gotrace-baseline.json"]).status.code(),
        Some(0)
    );
    let told = from_the_top();
    assert_eq!(told["exit_code"], 1, "{told}");
    assert!(warnings(&told).contains("max-increase 10 % → 900 %"), "{told}");
    // A file for a package that had none of its own.
    std::fs::write(dir.join("shop/cart/gotrace-diff.toml"), loose).unwrap();
    assert_eq!(from_the_top()["exit_code"], 1);
}
