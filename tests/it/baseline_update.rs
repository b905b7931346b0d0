//! `baseline update`, `show`, `list`, `verify` and `diff`: no churn, and nothing that is not said.

use std::path::Path;

use gotrace_diff::summary::Summary;

use crate::cli::{cli, json, out, write};
use crate::compare_make::{run, waiting};

/// Run `i`: workers that wait `send` µs each, give or take some percent, and goroutines that never change.
fn shop(i: i64, workers: u64, send: i64) -> Summary {
    let wobble = [0, 3, -2, 4, -3, 1][i as usize % 6];
    let mut summary = Summary { source: format!("{i}.out"), start_ns: 1000 * i, ..run() };
    summary.end_ns += wobble * 1_000_000;
    let wait = send * 1000 * (100 + wobble) / 100;
    summary.goroutines.insert("example.com/shop.work".into(), waiting(workers, 1_000_000, "chan send", wait));
    summary.goroutines.insert("example.com/shop.serve".into(), waiting(3, 2_000_000, "select", 40_000_000 + wobble));
    summary
}

fn repository() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path();
    std::fs::create_dir_all(dir.join(".git")).unwrap();
    std::fs::write(dir.join("go.mod"), "module example.com/shop\n").unwrap();
    for (side, shift, workers, send) in
        [("base", 0, 8, 10_000), ("same", 2, 8, 10_000), ("slow", 1, 8, 30_000), ("more", 3, 9, 10_000)]
    {
        std::fs::create_dir_all(dir.join(side)).unwrap();
        for i in 0..6 {
            write(&dir.join(side), &format!("{i}.json"), &shop(i + shift, workers, send));
        }
    }
    assert_eq!(cli(dir, &["baseline", "create", "base"]).status.code(), Some(0));
    folder
}

fn baseline(dir: &Path) -> String {
    std::fs::read_to_string(dir.join("gotrace-baseline.json")).unwrap()
}

/// The names of the subjects whose lines differ.
fn changed(old: &str, new: &str) -> Vec<String> {
    let lines = |text: &str| text.lines().map(|l| l.trim_end_matches(',').to_owned()).collect::<Vec<_>>();
    let (old, new) = (lines(old), lines(new));
    let mut names: Vec<String> = old
        .iter()
        .filter(|l| !new.contains(l))
        .chain(new.iter().filter(|l| !old.contains(l)))
        .map(|l| l.split("\"name\":\"").nth(1).unwrap_or(l).split('"').next().unwrap_or_default().to_owned())
        .collect();
    names.sort();
    names.dedup();
    names
}

#[test]
fn what_did_not_move_beyond_its_noise_is_not_rewritten() {
    let folder = repository();
    let dir = folder.path();
    let before = baseline(dir);
    let got = cli(dir, &["baseline", "update", "same"]);
    assert_eq!(got.status.code(), Some(0));
    assert!(out(&got).contains("nothing moved beyond its noise"), "{}", out(&got));
    assert_eq!(baseline(dir), before);
}

#[test]
fn only_the_subjects_that_moved_are_rewritten() {
    for (head, subject) in [("slow", "example.com/shop.work"), ("more", "example.com/shop.work")] {
        let folder = repository();
        let dir = folder.path();
        let before = baseline(dir);
        let dry = cli(dir, &["baseline", "update", head, "--dry-run"]);
        assert!(out(&dry).contains(&format!("rewritten: group {subject}")), "{}", out(&dry));
        assert_eq!(baseline(dir), before, "a dry run writes nothing");
        let told = json(&cli(dir, &["baseline", "update", head, "--format", "json"]));
        assert_eq!(told["rewritten"], serde_json::json!([format!("group {subject}")]), "{told}");
        assert_eq!(changed(&before, &baseline(dir)), [subject]);
        // Once it is taken over nothing moves any more.
        let after = baseline(dir);
        cli(dir, &["baseline", "update", head]);
        assert_eq!(baseline(dir), after);
        assert_eq!(cli(dir, &["check", head]).status.code(), Some(0));
    }
}

#[test]
fn fewer_runs_replace_a_package_only_where_something_moved() {
    let folder = repository();
    let dir = folder.path();
    let before = baseline(dir);
    assert_eq!(cli(dir, &["baseline", "update", "same/1.json"]).status.code(), Some(0));
    assert_eq!(baseline(dir), before);
    let got = cli(dir, &["baseline", "update", "slow/1.json", "slow/2.json"]);
    assert!(out(&got).contains("rewritten: package example.com/shop, as a whole (2 runs)"), "{}", out(&got));
    assert_eq!(baseline(dir), out(&cli(dir, &["baseline", "create", "slow/1.json", "slow/2.json", "-o", "-"])));
}

#[test]
fn packages_that_were_not_run_stay_unless_they_are_pruned() {
    let folder = repository();
    let dir = folder.path();
    let other = Summary { package: Some("example.com/other".into()), ..shop(0, 8, 10_000) };
    write(dir, "other.json", &other);
    let got = cli(dir, &["baseline", "update", "other.json"]);
    assert!(out(&got).contains("added: package example.com/other"), "{}", out(&got));
    assert_eq!(cli(dir, &["check", "base"]).status.code(), Some(0));
    let got = cli(dir, &["baseline", "update", "other.json", "--prune"]);
    assert!(out(&got).contains("removed: package example.com/shop"), "{}", out(&got));
    assert_eq!(baseline(dir), out(&cli(dir, &["baseline", "create", "other.json", "-o", "-"])));
}

#[test]
fn update_makes_what_is_not_there_yet() {
    let folder = repository();
    let dir = folder.path();
    let before = baseline(dir);
    std::fs::remove_file(dir.join("gotrace-baseline.json")).unwrap();
    assert_eq!(cli(dir, &["baseline", "update", "base"]).status.code(), Some(0));
    assert_eq!(baseline(dir), before);
}

#[test]
fn baselines_are_shown_listed_verified_and_compared() {
    let folder = repository();
    let dir = folder.path();
    let shown = out(&cli(dir, &["baseline", "show", "--subject", "*work", "--metric", "count"]));
    assert!(shown.contains("example.com/shop: 6 runs") && shown.contains("GOMAXPROCS 4"), "{shown}");
    assert!(shown.contains("group example.com/shop.work") && !shown.contains("shop.serve"), "{shown}");
    let told = json(&cli(dir, &["baseline", "show", "--subject", "*work", "--metric", "count", "--format", "json"]));
    assert_eq!(told["series"][0]["values"], serde_json::json!([8.0, 8.0, 8.0, 8.0, 8.0, 8.0]));
    assert_eq!(told["series"].as_array().unwrap().len(), 1);
    std::fs::create_dir_all(dir.join("sub")).unwrap();
    cli(dir, &["baseline", "create", "slow", "-o", "sub/gotrace-baseline.json"]);
    let listed = out(&cli(dir, &["baseline", "list"]));
    assert_eq!(listed.lines().count(), 2, "{listed}");
    assert!(listed.contains("sub/gotrace-baseline.json: "), "{listed}");
    assert_eq!(out(&cli(dir, &["baseline", "verify"])).matches("sound").count(), 2);
    let differ = out(&cli(dir, &["baseline", "diff", "gotrace-baseline.json", "sub/gotrace-baseline.json"]));
    assert!(differ.contains("group example.com/shop.work block_ns.chan send: 10"), "{differ}");
    let told =
        json(&cli(dir, &["baseline", "diff", "gotrace-baseline.json", "gotrace-baseline.json", "--format", "json"]));
    assert_eq!(told["series"], serde_json::json!([]));
    // Line ends of Windows are the checkout's; what an editor has moved is not.
    let text = baseline(dir);
    std::fs::write(dir.join("gotrace-baseline.json"), text.replace('\n', "\r\n")).unwrap();
    assert_eq!(cli(dir, &["baseline", "verify"]).status.code(), Some(0));
    std::fs::write(dir.join("gotrace-baseline.json"), text.replacen("\"schema\": ", "\"schema\":  ", 1)).unwrap();
    let got = cli(dir, &["baseline", "verify", "--format", "json"]);
    assert_eq!(got.status.code(), Some(2));
    let message = json(&got)["error"]["message"].as_str().unwrap().to_owned();
    assert!(message.contains("line 2: not as gotrace-diff writes it"), "{message}");
}
