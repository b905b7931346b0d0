//! gotrace-diff.toml: where it is found, and what it does.

use crate::cli::{cli, json, out, write};
use crate::compare_make::{group, with};

fn folder(config: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path();
    std::fs::create_dir_all(dir.join(".git")).unwrap();
    std::fs::create_dir_all(dir.join("below")).unwrap();
    std::fs::write(dir.join("gotrace-diff.toml"), config).unwrap();
    write(dir, "base.json", &with("example.com/shop.work", group(40, 1000)));
    write(dir, "head.json", &with("example.com/shop.work", group(200, 1000)));
    folder
}

fn status(config: &str, args: &[&str]) -> Option<i32> {
    let folder = folder(config);
    let mut all = vec!["base.json", "head.json"];
    all.extend(args);
    cli(folder.path(), &all).status.code()
}

#[test]
fn rules_decide() {
    for (config, args, want) in [
        ("", &[][..], 1),
        ("[[rule]]\nmetric = \"count\"\nlevel = \"off\"\n", &[], 0),
        ("[[rule]]\nsubject = \"example.com/other*\"\nlevel = \"off\"\n", &[], 1),
        ("[[rule]]\nmax-increase = \"450%\"\n", &[], 0),
        ("[[rule]]\nmax-increase = \"450%\"\n", &["--max-increase", "50%"], 1),
        ("[[rule]]\nmin-delta = 200\n", &[], 0),
        ("[[rule]]\nmetric = \"count\"\nkind = \"group\"\nmax = 60\nmax-increase = \"900%\"\n", &[], 1),
        ("[[rule]]\nsubject = \"example.com/shop.gone\"\nrequired = true\n", &[], 1),
        ("on-inconclusive = \"fail\"\n[[rule]]\nmin-delta = 200\n", &[], 0),
        ("[[rule]]\nsubject = \"example.com/shop.work\"\nmax-increase = \"450%\"\n", &["--strict"], 0),
        ("[[rule]]\nsubject = \"example.com/shop.wrok\"\nlevel = \"off\"\n", &["--strict"], 2),
        ("[diagnose.contention]\nmin-share = 0.2\n", &[], 1),
        ("[diagnose.contention]\nmin-shore = 0.2\n", &[], 2),
        ("[diagnose.contention]\nmin-share = -1\n", &[], 2),
    ] {
        assert_eq!(status(config, args), Some(want), "{config} {args:?}");
    }
}

#[test]
fn the_nearest_file_up_to_the_repository_holds() {
    let folder = folder("[[rule]]\nlevel = \"off\"\nmetric = \"count\"\n");
    let below = folder.path().join("below");
    assert_eq!(cli(&below, &["../base.json", "../head.json"]).status.code(), Some(0));
    // It inherits what it does not say, unless it is a root of its own.
    std::fs::write(below.join("gotrace-diff.toml"), "").unwrap();
    assert_eq!(cli(&below, &["../base.json", "../head.json"]).status.code(), Some(0));
    std::fs::write(below.join("gotrace-diff.toml"), "[[rule]]\nmetric = \"count\"\nmax-increase = \"10%\"\n").unwrap();
    assert_eq!(cli(&below, &["../base.json", "../head.json"]).status.code(), Some(1));
    std::fs::write(below.join("gotrace-diff.toml"), "root = true\n").unwrap();
    assert_eq!(cli(&below, &["../base.json", "../head.json"]).status.code(), Some(1));
    assert_eq!(
        cli(&below, &["../base.json", "../head.json", "--config", "../gotrace-diff.toml"]).status.code(),
        Some(0)
    );
    assert_eq!(cli(&below, &["../base.json", "../head.json", "--config", "missing.toml"]).status.code(), Some(2));
}

#[test]
fn a_slip_in_the_file_is_named_with_its_place() {
    let folder = folder("[[rule]]\nmax_increase = \"10%\"\n");
    let got = cli(folder.path(), &["base.json", "head.json", "--format", "json"]);
    assert_eq!(got.status.code(), Some(2));
    let message = json(&got)["error"]["message"].as_str().unwrap().to_owned();
    assert!(
        message.contains("gotrace-diff.toml:2:1: unknown key `max_increase`: did you mean `max-increase`?"),
        "{message}"
    );
}

#[test]
fn flags_speak_of_what_they_name() {
    let hard = ["--metric", "count", "--subject", "*work", "--hard-limit", "10%", "--min-delta", "1"];
    assert_eq!(status("", &hard), Some(1));
    let folder = folder("");
    let got = cli(folder.path(), &["base.json", "head.json", "--max-increase", "500%", "--top", "1"]);
    assert!(out(&got).starts_with("pass"), "{}", out(&got));
}
