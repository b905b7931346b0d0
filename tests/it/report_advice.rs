//! What a report says to do next: commands that record the same once more.

use crate::cli::{cli, json, write};
use crate::compare_make::{group, waiting, with};

/// Commands for a comparison of two runs whose goroutines are these, and one that has become slower.
fn commands(hosts: &[&str]) -> String {
    let folder = tempfile::tempdir().unwrap();
    for (side, ns) in [("base", 1_000_000), ("head", 3_000_000)] {
        let mut summary = with("example.com/shop.work.func1", waiting(10, 1000, "sync", ns));
        summary.goroutines.remove("testing.tRunner");
        summary.operations = Some(100);
        for host in hosts {
            summary.goroutines.insert((*host).to_owned(), group(1, 1_000_000));
        }
        write(folder.path(), &format!("{side}.json"), &summary);
    }
    let told = json(&cli(folder.path(), &["base.json", "head.json", "--format", "json"]));
    assert_eq!(told["verdict"], "inconclusive", "{told}");
    let lines = told["advice"]["commands"].as_array().unwrap().iter().map(|line| line.as_str().unwrap());
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn several_packages_are_recorded_again_together() {
    let folder = tempfile::tempdir().unwrap();
    for (side, ns) in [("base", 1_000_000), ("head", 3_000_000)] {
        std::fs::create_dir_all(folder.path().join(side)).unwrap();
        for package in ["cart", "billing"] {
            let mut summary = with("example.com/shop.work.func1", waiting(10, 1000, "sync", ns));
            summary.package = Some(format!("example.com/{package}"));
            write(&folder.path().join(side), &format!("{package}.json"), &summary);
        }
    }
    let told = json(&cli(folder.path(), &["base", "head", "--format", "json"]));
    let commands = &told["advice"]["commands"];
    assert_eq!(commands[0], "gotrace-diff run --runs 5 example.com/billing example.com/cart", "{told}");
}

#[test]
fn what_was_recorded_is_recorded_again_tests_benchmarks_or_both() {
    const TESTS: &str = "testing.tRunner";
    const BENCHMARKS: [&str; 2] = ["testing.(*B).run1.func1", "testing.(*B).launch"];
    let all = [TESTS, BENCHMARKS[0], BENCHMARKS[1]];
    for (hosts, flags) in [
        (&[TESTS][..], ""),
        (&BENCHMARKS, " -- -run='^$' -bench=. -benchtime=100x"),
        (&all, " -- -bench=. -benchtime=100x"),
    ] {
        assert_eq!(commands(hosts), format!("gotrace-diff run --runs 5 example.com/shop{flags}"), "{hosts:?}");
    }
}
