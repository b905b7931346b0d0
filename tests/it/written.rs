//! What a run writes: never what it reads, and nothing of an earlier run stays where it failed.

use std::path::Path;
use std::process::Output;

use serde_json::Value;

use crate::cli::{cli, json, write};
use crate::compare_make::{group, with};

/// A folder with three runs a side, a baseline of the base, and a configuration.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (side, n) in [("base", 10), ("head", 10), ("slow", 400)] {
        std::fs::create_dir(folder.path().join(side)).unwrap();
        for i in 0..3i64 {
            let mut summary = with("example.com/shop.work", group(n, 1000));
            summary.start_ns = 1 + i * 2_000_000 + i64::from(side != "base") * 1_000_000;
            summary.end_ns = summary.start_ns + 1_000_000_000;
            write(&folder.path().join(side), &format!("{i}.json"), &summary);
        }
    }
    let made = cli(folder.path(), &["baseline", "create", "base", "-o", "bl.json"]);
    assert_eq!(made.status.code(), Some(0), "{}", err(&made));
    std::fs::write(folder.path().join("gotrace-diff.toml"), "# nothing\n").unwrap();
    folder
}

fn err(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// All files below a folder, and what is in them.
fn all(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        match entry.path() {
            path if path.is_dir() => files.extend(all(&path)),
            path => files.push((path.display().to_string(), std::fs::read(&path).unwrap())),
        }
    }
    files.sort();
    files
}

#[test]
fn what_is_read_is_never_written_over() {
    let folder = folder();
    let dir = folder.path();
    let absolute = format!("text={}", dir.join("head/2.json").display());
    cli(dir, &["base", "slow", "--output", "json=shard.json"]);
    std::fs::write(dir.join("raw.out"), "go 1.26 trace\0\0\0").unwrap();
    std::fs::write(dir.join("raw.json"), "{\"Action\":\"start\"}\n").unwrap();
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink(dir.join("head"), dir.join("folder")).unwrap();
        std::os::unix::fs::symlink(dir.join("head/1.json"), dir.join("one.json")).unwrap();
    }
    let before = all(dir);
    let mut cases = vec![
        (vec!["base", "head", "--output", "text=head/2.json"], "head/2.json"),
        (vec!["base", "head", "--output", "text=./base/../head/2.json"], "head/2.json"),
        (vec!["base", "head", "--output", &absolute], "head/2.json"),
        (vec!["--base", "base/*.json", "--head", "head/0.json", "--output", "text=base/1.json"], "base/1.json"),
        (vec!["base", "head", "--output", "text=gotrace-diff.toml"], "gotrace-diff.toml"),
        (vec!["base", "head", "--output", "json=head/report.json"], "is in head, which is read"),
        (vec!["base", "head", "--report-dir", "head"], "is in head, which is read"),
        (vec!["base", "head", "--report-dir", "head/reports"], "is in head, which is read"),
        (vec!["base", "raw.out", "--output", "text=raw.json"], "raw.json"),
        (vec!["check", "head", "--baseline", "bl.json", "--output", "json=bl.json"], "bl.json"),
        (vec!["check", "head", "--baseline", "bl.json", "--candidate", "bl.json"], "bl.json"),
        (vec!["check", "head", "--baseline", "bl.json", "--candidate", "head/0.json"], "head/0.json"),
        (vec!["check", "slow", "--baseline", "bl.json", "--candidate", "c.json", "--output", "json=c.json"], "c.json"),
        (vec!["baseline", "create", "head", "-o", "head/0.json"], "head/0.json"),
        (vec!["baseline", "create", "head/0.json", "-o", "head/0.json"], "head/0.json"),
        (vec!["baseline", "update", "head/0.json", "-o", "head/0.json"], "head/0.json"),
        (vec!["merge", "shard.json", "--output", "json=shard.json"], "shard.json"),
        (vec!["merge", ".", "--output", "json=all.json"], "is in ., which is read"),
        (vec!["report", "shard.json", "--output", "html=shard.json"], "shard.json"),
        (vec!["export", "benchfmt", "base", "head", "--out", "head/1.json"], "head/1.json"),
        (vec!["base", "head", "--output", "text=r", "--output", "html=base/../r"], "two reports would go to base/../r"),
    ];
    if cfg!(unix) {
        // Through links on either side, which are the same files.
        cases.push((vec!["base", "folder", "--output", "text=head/2.json"], "folder/2.json"));
        cases.push((vec!["base", "one.json", "--output", "text=head/1.json"], "one.json"));
        cases.push((vec!["base", "head", "--output", "text=folder/1.json"], "head/1.json"));
    }
    for (args, names) in cases {
        let got = cli(dir, &args);
        assert_eq!(got.status.code(), Some(2), "{args:?}: {}", err(&got));
        let asked = args.iter().rev().find(|arg| !arg.starts_with('-')).unwrap();
        let asked = asked.split_once('=').map_or(*asked, |(_, path)| path);
        let said = err(&got);
        assert!(said.contains(asked), "{args:?}: {said}");
        assert!(said.contains(names) || said.contains(names.rsplit('/').next().unwrap()), "{args:?}: {said}");
        assert!(all(dir) == before, "{args:?}: a file has changed");
    }
    // What lies beside is fine, and so is what is no run in a folder of runs.
    for args in [
        ["base", "head", "--output", "json=head.json"],
        ["base", "head", "--output", "text=head/notes.txt"],
        ["base", "head", "--report-dir", "reports"],
        ["base", "head", "--report-dir", "head/.reports"],
    ] {
        for _ in 0..2 {
            assert_eq!(cli(dir, &args).status.code(), Some(0), "{args:?}");
        }
    }
}

#[test]
fn an_error_takes_the_place_of_an_earlier_report() {
    let folder = folder();
    let dir = folder.path();
    std::fs::create_dir(dir.join("broken")).unwrap();
    std::fs::write(dir.join("broken/1.json"), &std::fs::read(dir.join("head/1.json")).unwrap()[..200]).unwrap();
    let asked = ["--report-dir", "st", "--output", "json=r.json", "--output", "html=page.html"];
    let compare = |head: &str, more: &[&str]| cli(dir, &[&["base", head][..], &asked, more].concat());
    assert_eq!(compare("head", &[]).status.code(), Some(0));
    std::fs::write(dir.join("st/mine.txt"), "mine").unwrap();
    assert!(dir.join("st/junit.xml").is_file() && dir.join("page.html").is_file());
    for (head, more, kind) in [
        ("broken", &[][..], "document"),
        ("no-such", &[], "read"),
        ("head", &["--config", "no-such.toml"], "read"),
        ("head", &["--from", "2s", "--to", "1s"], "usage"),
    ] {
        assert_eq!(compare("head", &[]).status.code(), Some(0));
        let got = compare(head, more);
        assert_eq!(got.status.code(), Some(2), "{head}: {}", err(&got));
        for file in ["st/report.json", "r.json"] {
            let said: Value = serde_json::from_slice(&std::fs::read(dir.join(file)).unwrap()).unwrap();
            assert_eq!((&said["schema"], &said["exit_code"]), (&"gotrace-diff/error/1".into(), &2.into()), "{file}");
            assert_eq!(said["error"]["kind"], kind, "{head} {more:?}: {said}");
        }
        let mut left: Vec<_> = std::fs::read_dir(dir.join("st")).unwrap().flatten().map(|e| e.file_name()).collect();
        left.sort();
        assert_eq!(left, ["mine.txt", "report.json"], "{head}");
        assert!(!dir.join("page.html").exists());
        // Whoever merges learns of it.
        let merged = cli(dir, &["merge", "st"]);
        assert_eq!(merged.status.code(), Some(2));
        assert!(err(&merged).contains("this shard could not do its job"), "{}", err(&merged));
    }
    // Another report of the same run that cannot be written leaves none that says it passed.
    std::fs::create_dir(dir.join("taken")).unwrap();
    let got = compare("head", &["--output", "text=taken"]);
    assert_eq!(got.status.code(), Some(2));
    assert!(!dir.join("st/junit.xml").exists() && dir.join("taken").is_dir());
    // What was never there is not made, but for what says why.
    assert_eq!(
        cli(dir, &["base", "broken", "--output", "json=new/no.json", "--output", "text=t"]).status.code(),
        Some(2)
    );
    assert!(dir.join("new/no.json").exists() && !dir.join("t").exists());
    // Where a baseline or a run lies that was not named, it stays.
    assert_eq!(
        cli(dir, &["base", "broken", "--output", "json=bl.json", "--output", "text=slow/1.json"]).status.code(),
        Some(2)
    );
    let said: Value = serde_json::from_slice(&std::fs::read(dir.join("bl.json")).unwrap()).unwrap();
    assert_eq!(said["schema"], "gotrace-diff/baseline/2");
    assert!(dir.join("slow/1.json").is_file());
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink(dir.join("st/mine.txt"), dir.join("link.json")).unwrap();
        assert_eq!(cli(dir, &["base", "broken", "--output", "json=link.json"]).status.code(), Some(2));
        assert_eq!(std::fs::read_to_string(dir.join("st/mine.txt")).unwrap(), "mine");
    }
}

#[test]
fn a_check_without_a_baseline_keeps_the_report_that_says_so() {
    let folder = folder();
    for format in ["text", "json"] {
        let args = ["check", "head", "--baseline", "none.json", "--on-missing-baseline", "fail", "--format", format];
        let got = cli(folder.path(), &[&args[..], &["--report-dir", "st"]].concat());
        assert_eq!(got.status.code(), Some(2));
        let said: Value =
            serde_json::from_slice(&std::fs::read(folder.path().join("st/report.json")).unwrap()).unwrap();
        assert_eq!(said["verdict"], "inconclusive", "{format}");
        if format == "json" {
            assert_eq!(json(&got)["error"]["kind"], "missing-baseline");
        }
    }
}
