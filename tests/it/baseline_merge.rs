//! Baselines under git: what two branches do to one file.

use std::path::Path;

use gotrace_diff::summary::{Fact, Summary};

use crate::cli::{cli, out, write};
use crate::compare_make::{group, run};
use crate::machine;
use crate::run::git;

/// A baseline of three groups, committed on main.
fn repository() -> Option<tempfile::TempDir> {
    if !std::process::Command::new("git").arg("--version").output().is_ok_and(|o| o.status.success()) {
        machine::left_out("git", "merging baselines");
        return None;
    }
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path();
    git(dir, &["init", "-q", "-b", "main"]);
    std::fs::write(dir.join("go.mod"), "module example.com/shop\n").unwrap();
    std::fs::write(dir.join(".gitignore"), "runs/\n").unwrap();
    baseline(dir, "create", &[("b", 10), ("f", 10), ("m", 10), ("t", 10)], "linux");
    git(dir, &["add", "-A"]);
    git(dir, &["commit", "-qm", "base"]);
    Some(folder)
}

/// Makes or updates the baseline of runs with these groups.
fn baseline(dir: &Path, how: &str, groups: &[(&str, u64)], os: &str) {
    let _ = std::fs::remove_dir_all(dir.join("runs"));
    std::fs::create_dir_all(dir.join("runs")).unwrap();
    for i in 0..3 {
        let mut summary = Summary { source: format!("{i}.out"), start_ns: i, ..run() };
        summary.environment.set(Fact::Os, os);
        for (name, count) in groups {
            summary.goroutines.insert(format!("example.com/shop.{name}"), group(*count, 1000));
        }
        write(&dir.join("runs"), &format!("{i}.json"), &summary);
    }
    let made = cli(dir, &["baseline", how, "runs"]);
    assert_eq!(made.status.code(), Some(0), "{made:?}");
}

/// Does each on a branch of its own and merges both; what git says of it.
fn merged(dir: &Path, one: &dyn Fn(), other: &dyn Fn()) -> bool {
    for (branch, change) in [("one", one), ("other", other)] {
        git(dir, &["checkout", "-q", "-B", branch, "main"]);
        change();
        git(dir, &["commit", "-qam", branch]);
    }
    let settings = ["-c", "user.name=a", "-c", "user.email=a@example.com"];
    let merge = std::process::Command::new("git")
        .args(settings)
        .args(["merge", "-q", "--no-edit", "one"])
        .current_dir(dir)
        .output()
        .unwrap();
    merge.status.success()
}

const ALL: &[(&str, u64)] = &[("b", 10), ("f", 10), ("m", 10), ("t", 10)];

fn with(name: &'static str, count: u64) -> Vec<(&'static str, u64)> {
    let mut all: Vec<(&str, u64)> = ALL.iter().copied().filter(|(n, _)| *n != name).collect();
    all.push((name, count));
    all
}

#[test]
fn branches_that_change_different_subjects_merge_without_a_conflict() {
    let update = |dir: &Path, name, count| baseline(dir, "update", &with(name, count), "linux");
    for (one, other) in [(("b", 12), ("m", 14)), (("t", 12), ("b", 14)), (("z", 10), ("c", 10)), (("a", 10), ("z", 10))]
    {
        let Some(folder) = repository() else { return };
        let dir = folder.path();
        let done = merged(dir, &|| update(dir, one.0, one.1), &|| update(dir, other.0, other.1));
        assert!(done, "{one:?} {other:?}: {}", std::fs::read_to_string(dir.join("gotrace-baseline.json")).unwrap());
        let sound = cli(dir, &["baseline", "verify"]);
        assert_eq!(sound.status.code(), Some(0), "{one:?} {other:?}: {sound:?}");
        let shown = out(&cli(dir, &["baseline", "show", "--metric", "count"]));
        for (name, count) in [one, other] {
            let line =
                shown.split(&format!("group example.com/shop.{name}\n")).nth(1).unwrap_or_else(|| panic!("{shown}"));
            assert!(line.lines().next().unwrap().contains(&format!(" {count}")), "{name}: {line}");
        }
    }
}

#[test]
fn branches_that_add_at_the_same_place_merge_by_union() {
    let Some(folder) = repository() else { return };
    let dir = folder.path();
    let plain = merged(dir, &|| baseline(dir, "update", ALL, "plan9"), &|| baseline(dir, "update", ALL, "windows"));
    assert!(!plain, "both come behind the one that is there: git alone cannot know");
    // Until it is resolved the conflict is named, with its line.
    let refused = cli(dir, &["check", "runs"]);
    assert_eq!(refused.status.code(), Some(2));
    let said = String::from_utf8(refused.stderr).unwrap();
    assert!(said.contains("conflict") && said.contains("line "), "{said}");
    git(dir, &["merge", "--abort"]);
    git(dir, &["checkout", "-q", "main"]);
    std::fs::write(dir.join(".gitattributes"), "gotrace-baseline.json merge=union\n").unwrap();
    git(dir, &["add", "-A"]);
    git(dir, &["commit", "-qm", "attributes"]);
    assert!(merged(dir, &|| baseline(dir, "update", ALL, "plan9"), &|| baseline(dir, "update", ALL, "windows")));
    let migrated = cli(dir, &["migrate", "gotrace-baseline.json"]);
    assert_eq!(migrated.status.code(), Some(0), "{migrated:?}");
    assert_eq!(cli(dir, &["baseline", "verify"]).status.code(), Some(0));
    let listed = out(&cli(dir, &["baseline", "list"]));
    for os in ["linux", "plan9", "windows"] {
        assert!(listed.contains(&format!("GOOS {os}")), "{listed}");
    }
    assert_eq!(cli(dir, &["check", "runs"]).status.code(), Some(0));
}

#[test]
fn a_series_that_both_branches_changed_is_an_error_that_names_it() {
    let Some(folder) = repository() else { return };
    let dir = folder.path();
    std::fs::write(dir.join(".gitattributes"), "gotrace-baseline.json merge=union\n").unwrap();
    git(dir, &["add", "-A"]);
    git(dir, &["commit", "-qm", "attributes"]);
    let update = |count| baseline(dir, "update", &with("f", count), "linux");
    assert!(merged(dir, &|| update(12), &|| update(14)));
    for args in [&["check", "runs"][..], &["baseline", "verify"], &["migrate", "gotrace-baseline.json"]] {
        let refused = cli(dir, args);
        assert_eq!(refused.status.code(), Some(2), "{args:?}");
        let said = String::from_utf8(refused.stderr).unwrap();
        assert!(said.contains("example.com/shop.f\" is there twice") && said.contains("line "), "{args:?}: {said}");
    }
}
