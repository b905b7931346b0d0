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
        // The same of flags.
        ("", &["--metric", "count", "--max-increase=900%", "--strict"], 0),
        ("", &["--metric", "cuont", "--max-increase=0%", "--strict"], 2),
        ("", &["--subject", "nosuch", "--max-increase=5%", "--strict"], 2),
        ("", &["--subject", "nosuch", "--max-increase=5%"], 1),
        ("[diagnose.contention]\nmin-share = 0.2\n", &[], 1),
        ("[diagnose.contention]\nmin-shore = 0.2\n", &[], 2),
        ("[diagnose.contention]\nmin-share = -1\n", &[], 2),
    ] {
        assert_eq!(status(config, args), Some(want), "{config} {args:?}");
    }
}

#[test]
fn flags_that_match_nothing_are_named() {
    let folder = folder("");
    let args = ["../base.json", "../head.json", "--subject", "nosuch", "--metric", "count", "--format", "json"];
    let told = json(&cli(&folder.path().join("below"), &args));
    let warnings = told["warnings"].to_string();
    assert!(warnings.contains("--subject nosuch --metric count matches nothing that was compared"), "{warnings}");
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

#[test]
fn how_comparisons_are_told_is_said_once_and_flags_override_it() {
    let told = |config: &str, args: &[&str]| {
        let folder = folder(config);
        let mut all = vec!["base.json", "head.json"];
        all.extend(args);
        let output = cli(folder.path(), &all);
        let mut files: Vec<String> = std::fs::read_dir(folder.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
            .filter(|name| name.starts_with("report"))
            .collect();
        files.sort();
        (out(&output), files, folder)
    };
    let config = "[report]\nformat = \"csv\"\noutput = [\"html=report.html\", \"json=report.json\"]\n";
    let (said, files, _folder) = told(config, &[]);
    assert!(said.starts_with("rank,verdict,package,"), "{said}");
    assert_eq!(files, ["report.html", "report.json"]);
    let (said, files, folder) = told(config, &["--format=text", "--output=json=report.typed.json"]);
    assert!(said.starts_with("regression"), "{said}");
    assert_eq!(files, ["report.html", "report.typed.json"]);
    // A file below inherits, and its paths are those of the file that names them.
    std::fs::write(folder.path().join("below/gotrace-diff.toml"), "[report]\nformat = \"benchfmt\"\n").unwrap();
    std::fs::remove_file(folder.path().join("report.html")).unwrap();
    let output = cli(&folder.path().join("below"), &["../base.json", "../head.json"]);
    assert!(out(&output).contains("tool: gotrace-diff"), "{}", out(&output));
    assert!(folder.path().join("report.html").is_file());
    let (all, ..) = told("[report]\nall = true\n", &[]);
    let (few, ..) = told("[report]\nall = true\n", &["--top=1"]);
    let (none, ..) = told("", &["--all"]);
    assert!(all == none && few.len() < all.len(), "{few}");
    let (grouped, ..) = told("[report]\ngroup-by = \"package\"\n", &[]);
    assert_eq!(grouped, told("", &["--group-by=package"]).0);
}

/// A run of a test that waits for its server, as long as the server of a helper takes, and for a lock.
fn helped(server_ns: i64, lock_ns: i64, pollers: u64) -> gotrace_diff::summary::Summary {
    use crate::compare_make::{site, waiting};
    let mut summary = with("example.com/shop.work", group(40, 1000));
    let mut host = waiting(1, 1_000_000, "select", server_ns);
    host.block_ns.insert("sync".to_owned(), lock_ns);
    host.total_ns += lock_ns;
    summary.goroutines.insert("example.com/shop.serve".to_owned(), host);
    summary.goroutines.insert("example.com/testkit.poll".to_owned(), group(pollers, 1000));
    let wait = ["example.com/testkit.WaitForServer", "example.com/shop.serve"];
    summary.sites.push(site("example.com/shop.serve", "block_ns.select", &wait, server_ns));
    summary.sites.push(site("example.com/shop.serve", "block_ns.sync", &["example.com/shop.serve"], lock_ns));
    summary
}

#[test]
fn what_a_framework_of_the_team_does_is_kept_apart() {
    let filters = "[framework]\ngroup = \"example.com/testkit.*\"\nwait = \"example.com/testkit.WaitFor*\"\n";
    let folder = folder(filters);
    let dir = folder.path();
    write(dir, "base.json", &helped(10_000_000, 2_000_000, 10));
    write(dir, "head.json", &helped(90_000_000, 2_000_000, 400));
    write(dir, "slow.json", &helped(10_000_000, 90_000_000, 10));
    let compare = |head: &str, more: &[&str]| json(&cli(dir, &[&["base.json", head, "--format=json"], more].concat()));
    let limit = ["--metric=total_ns", "--metric=count", "--hard-limit=50%"];
    assert_eq!(compare("head.json", &limit)["verdict"], "pass", "{}", compare("head.json", &limit)["findings"]);
    assert_eq!(compare("slow.json", &limit)["verdict"], "regression");
    let shown = compare("head.json", &["--show-framework", "--all"]);
    assert!(shown["findings"].to_string().contains("testkit.poll"), "{}", shown["findings"]);
    assert_eq!(shown["exit_code"], 0);
    // A baseline that is made with the filters, and one that was made before there were any, say the same.
    for made_with in [filters, ""] {
        std::fs::write(dir.join("gotrace-diff.toml"), made_with).unwrap();
        assert_eq!(cli(dir, &["baseline", "create", "base.json"]).status.code(), Some(0));
        let text = std::fs::read_to_string(dir.join("gotrace-baseline.json")).unwrap();
        assert_eq!(text.contains("testkit"), made_with.is_empty());
        std::fs::write(dir.join("gotrace-diff.toml"), filters).unwrap();
        for (head, want) in [("head.json", "pass"), ("slow.json", "regression")] {
            let told = json(&cli(dir, &[&["check", head, "--format=json", "--candidate=none"], &limit[..]].concat()));
            assert_eq!(told["verdict"], want, "{head} {made_with:?}: {}", told["findings"]);
        }
    }
    // Results of shards are judged as the configuration says where they are merged.
    std::fs::write(dir.join("gotrace-diff.toml"), "").unwrap();
    assert_eq!(cli(dir, &["base.json", "head.json", "--output=json=shard.json"]).status.code(), Some(1));
    std::fs::write(dir.join("gotrace-diff.toml"), filters).unwrap();
    assert_eq!(json(&cli(dir, &[&["merge", "shard.json", "--format=json"], &limit[..]].concat()))["verdict"], "pass");
    // A glob that matches nothing is told, and an error where that is wanted.
    std::fs::write(dir.join("gotrace-diff.toml"), "[framework]\ngroup = \"example.com/testkti.*\"\n").unwrap();
    let warned = compare("base.json", &[]);
    assert!(
        warned["warnings"].to_string().contains("gotrace-diff.toml:2: [framework] `example.com/testkti.*` matches"),
        "{warned}"
    );
    assert!(compare("base.json", &["--strict"])["error"]["message"].as_str().unwrap().contains(":2:1: [framework]"));
}
