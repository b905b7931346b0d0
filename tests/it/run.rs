//! `gotrace-diff run` and `record`, on a repository of git made from the example module.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use crate::cli::{cli, json, out};
use crate::machine;

/// Whether Go and git are here; says so where they are not.
pub fn has_go(tests: &str) -> bool {
    let works = |program: &str, arg: &str| Command::new(program).arg(arg).output().is_ok_and(|o| o.status.success());
    let all = works("go", "version") && works("git", "--version");
    if !all {
        machine::left_out("Go or git", tests);
    }
    all
}

pub fn git(folder: &Path, args: &[&str]) -> String {
    let settings = ["-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false"];
    let output = Command::new("git").args(settings).args(args).current_dir(folder).output().unwrap();
    assert!(output.status.success(), "git {args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

pub fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap().map(Result::unwrap) {
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

pub fn edit(file: &Path, from: &str, to: &str) {
    let text = std::fs::read_to_string(file).unwrap();
    assert!(text.contains(from), "{}: no {from}", file.display());
    std::fs::write(file, text.replace(from, to)).unwrap();
}

/// The example module on a branch whose working tree halves the pool of connections.
pub fn repository() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let repo = folder.path().join("repo");
    copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/regressions"), &repo);
    git(&repo, &["init", "-q", "-b", "main"]);
    git(&repo, &["add", "-A"]);
    git(&repo, &["commit", "-qm", "base"]);
    git(&repo, &["checkout", "-qb", "feature"]);
    edit(&repo.join("catalog/catalog.go"), r#"Pick("pool", 8, 4)"#, r#"Pick("pool", 4, 4)"#);
    (folder, repo)
}

/// Nothing of the recording is left, and nothing of the user's is touched.
pub fn is_clean(repo: &Path, index: &[u8]) {
    assert_eq!(git(repo, &["worktree", "list"]).lines().count(), 1);
    assert_eq!(git(repo, &["status", "--porcelain"]), " M catalog/catalog.go\n");
    assert_eq!(std::fs::read(repo.join(".git/index")).unwrap(), index, "the index was written");
}

fn text(output: &Output) -> String {
    out(output) + &String::from_utf8_lossy(&output.stderr)
}

#[test]
fn a_regression_of_the_working_tree_is_found_and_only_its_package_is_run() {
    if !has_go("recording") {
        return;
    }
    let (folder, repo) = repository();
    git(&repo, &["status"]);
    let index = std::fs::read(repo.join(".git/index")).unwrap();
    let kept = folder.path().join("kept");
    let output = cli(
        &repo,
        &["run", "./catalog", "./orders", "./cache", "--runs=5", "--keep", kept.to_str().unwrap(), "--format=json"],
    );
    let report = json(&output);
    assert_eq!(report["verdict"], "regression", "{}", text(&output));
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(report["findings"][0]["subject"]["name"], "example.com/shop/catalog.loadAll.func1");
    assert_eq!(report["diagnoses"][0]["rule"], "limited-pool", "{}", report["diagnoses"]);
    assert_eq!(report["compared"]["packages"], serde_json::json!(["example.com/shop/catalog"]));
    let unchanged = report["not_compared"].to_string();
    assert!(unchanged.contains("example.com/shop/orders") && unchanged.contains("same on both sides"), "{unchanged}");
    is_clean(&repo, &index);
    // What was kept says the same again, without a recording.
    let side = |name: &str| kept.join(name).to_str().unwrap().to_owned();
    let again = cli(&repo, &["--paired", "--base", &side("base"), "--head", &side("head")]);
    assert_eq!(again.status.code(), Some(1), "{}", text(&again));
    assert!(kept.join("report.json").is_file());
}

#[test]
fn a_signal_leaves_nothing_behind() {
    if cfg!(not(unix)) || !has_go("recording") {
        return;
    }
    let (folder, repo) = repository();
    git(&repo, &["status"]);
    let index = std::fs::read(repo.join(".git/index")).unwrap();
    let scratch = folder.path().join("tmp");
    std::fs::create_dir(&scratch).unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_gotrace-diff"))
        .args(["run", "./catalog", "--runs=1000", "--all-runs", "-q"])
        .current_dir(&repo)
        .env("TMPDIR", &scratch)
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let begin = Instant::now();
    let records = || {
        let found = std::fs::read_dir(&scratch).unwrap().flatten().flat_map(|d| std::fs::read_dir(d.path()));
        found.flatten().flatten().any(|f| f.path().extension().is_some_and(|e| e == "out"))
    };
    while !records() && begin.elapsed() < Duration::from_secs(120) {
        std::thread::sleep(Duration::from_millis(20));
    }
    assert!(Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap().success());
    assert_eq!(child.wait().unwrap().code(), Some(2));
    is_clean(&repo, &index);
    assert_eq!(std::fs::read_dir(&scratch).unwrap().count(), 0, "something is left in the temporary folder");
}

#[test]
fn what_cannot_be_run_is_told_and_never_passes() {
    if !has_go("recording") {
        return;
    }
    let (_folder, repo) = repository();
    for (args, status, want) in [
        (&["run", "--base=HEAD", "--head=HEAD"][..], 2, "the same code"),
        (&["run", "--base=nowhere"], 2, "git knows no commit `nowhere`"),
        (&["run", "--base=--output=x"], 2, "git knows no commit"),
        (&["run", "./orders", "--affected", "-q"], 0, "nothing had to run"),
        (&["run", "./orders", "-q"], 0, "nothing had to run"),
        (&["run", "./nothing"], 2, ""),
        (&["run", "--", "-bench=."], 2, "-benchtime=100x"),
        (&["run", "--", "-trace=x"], 2, "--keep"),
        (&["run", "./catalog", "--max-time=0", "-q"], 2, "the time was up"),
    ] {
        let output = cli(&repo, args);
        assert_eq!(output.status.code(), Some(status), "{args:?}: {}", text(&output));
        assert!(text(&output).replace("\n    ", " ").contains(want), "{args:?}: {}", text(&output));
    }
    edit(&repo.join("catalog/catalog.go"), "package catalog", "package catalog\n\nvar unused int = \"\"");
    let output = cli(&repo, &["run", "./catalog", "-q"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output).contains("catalog.go:"), "{}", text(&output));
}

#[test]
fn failing_tests_are_left_out_by_name_on_both_sides() {
    if !has_go("recording") {
        return;
    }
    let (_folder, repo) = repository();
    let failing = "package catalog\n\nimport \"testing\"\n\nfunc TestBroken(t *testing.T) { t.Fatal(\"broken\") }\n";
    std::fs::write(repo.join("catalog/broken_test.go"), failing).unwrap();
    let output = cli(&repo, &["run", "./catalog", "--runs=5", "--format=json", "-q"]);
    let report = json(&output);
    assert_eq!(report["verdict"], "regression", "{}", text(&output));
    let warnings = report["warnings"].to_string();
    assert!(warnings.contains("TestBroken fails on the head and not on the base: it is left out"), "{warnings}");
}

#[test]
fn one_side_is_recorded_for_a_baseline() {
    if !has_go("recording") {
        return;
    }
    let (folder, repo) = repository();
    let to = folder.path().join("runs");
    let to = to.to_str().unwrap();
    let output = cli(&repo, &["record", "./catalog", "--runs=3", "--out", to, "-q", "--", "-short"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output));
    assert!(out(&output).starts_with("example.com/shop/catalog: 3 runs in "), "{}", out(&output));
    assert_eq!(cli(&repo, &["baseline", "create", to]).status.code(), Some(0));
    let again = cli(&repo, &["record", "./catalog", "--out", to, "-q"]);
    assert!(text(&again).contains("is not empty"), "{}", text(&again));
}

#[test]
fn submodules_that_are_checked_out_are_there_on_both_sides() {
    if !has_go("recording with a submodule") {
        return;
    }
    let (folder, repo) = repository();
    let lib = folder.path().join("lib");
    std::fs::create_dir(&lib).unwrap();
    std::fs::write(lib.join("lib.go"), "package lib\n\nfunc N() int { return 1 }\n").unwrap();
    git(&lib, &["init", "-q", "-b", "main"]);
    git(&lib, &["add", "-A"]);
    git(&lib, &["commit", "-qm", "lib"]);
    git(&repo, &["checkout", "-q", "catalog/catalog.go"]);
    git(&repo, &["-c", "protocol.file.allow=always", "submodule", "--quiet", "add", "../lib", "third/lib"]);
    std::fs::write(
        repo.join("catalog/lib.go"),
        "package catalog\n\nimport \"example.com/shop/third/lib\"\n\nvar _ = lib.N()\n",
    )
    .unwrap();
    git(&repo, &["add", "-A"]);
    git(&repo, &["commit", "-qm", "with a submodule"]);
    edit(&repo.join("catalog/catalog.go"), r#"Pick("pool", 8, 4)"#, r#"Pick("pool", 4, 4)"#);
    let output = cli(&repo, &["run", "./catalog", "--base=HEAD", "--runs=1", "--format=json", "-q"]);
    let report = json(&output);
    assert_eq!(report["compared"]["packages"], serde_json::json!(["example.com/shop/catalog"]), "{}", text(&output));
    assert_eq!(git(&repo, &["worktree", "list"]).lines().count(), 1);
    assert_eq!(git(&repo.join("third/lib"), &["worktree", "list"]).lines().count(), 1);
}

#[test]
fn what_could_not_be_recorded_makes_every_report_inconclusive() {
    if !has_go("recording") {
        return;
    }
    let (folder, repo) = repository();
    git(&repo, &["checkout", "-q", "catalog/catalog.go"]);
    std::fs::write(repo.join("orders/bad.go"), "package orders\n\nvar bad int = \"\"\n").unwrap();
    git(&repo, &["add", "-A"]);
    git(&repo, &["commit", "-qm", "does not build"]);
    std::fs::remove_file(repo.join("orders/bad.go")).unwrap();
    edit(&repo.join("catalog/catalog.go"), r#"Pick("pool", 8, 4)"#, r#"Pick("pool", 7, 4)"#);
    let file = folder.path().join("report.json");
    let to = format!("json={}", file.display());
    let output = cli(&repo, &["run", "./orders", "./catalog", "--base=HEAD", "--runs=2", "-q", "--output", &to]);
    let report: serde_json::Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    assert_eq!(output.status.code(), Some(3), "{}", text(&output));
    assert_eq!((&report["verdict"], &report["exit_code"]), (&"inconclusive".into(), &3.into()));
    assert!(out(&output).starts_with("inconclusive"), "{}", out(&output));
    assert!(text(&output).contains("do not build in the base"), "{}", text(&output));
}
