//! Every test that `go test -json` lists is found in the trace: in the recordings, and in packages of the Go at hand.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use gotrace_diff::attribution::{name_tests, output::TestOutput};
use gotrace_diff::summarize::{Options, summarize};
use gotrace_diff::summary::{Summary, TestNamedBy};

use crate::data;
use crate::machine::left_out;

/// Reads a trace with what was printed beside it.
fn named(source: &str, trace: &[u8], printed: &str) -> (Summary, TestOutput) {
    let mut summary = summarize(source, trace, &Options::default()).unwrap();
    let output = TestOutput::parse(printed).unwrap();
    name_tests(&mut summary, Some(&output));
    (summary, output)
}

/// How many tests and examples were listed, and how many of those were found by their line.
fn matched(summary: &Summary, output: &TestOutput) -> (usize, usize) {
    let mut found: BTreeMap<&str, usize> = BTreeMap::new();
    for test in summary.tests.iter().filter(|t| t.named_by == TestNamedBy::RunLine) {
        *found.entry(&test.name).or_default() += 1;
    }
    let mut counts = (0, 0);
    for name in output.packages[0].tests() {
        counts.0 += 1;
        if let Some(left) = found.get_mut(name).filter(|left| **left > 0) {
            *left -= 1;
            counts.1 += 1;
        }
    }
    counts
}

#[test]
fn tests_and_examples_of_recordings_of_every_release_are_matched() {
    let mut examples = 0;
    for name in data::names().iter().filter(|name| name.ends_with("/test") || name.ends_with("/count")) {
        let printed = String::from_utf8(data::read(&format!("traces/{name}.json"))).unwrap();
        let (summary, output) = named(name, &data::trace(name), &printed);
        let (listed, found) = matched(&summary, &output);
        assert_eq!(found, listed, "{name}: {:?}", summary.attribution);
        for test in summary.tests.iter().filter(|test| test.name.starts_with("Example")) {
            examples += 1;
            assert!(test.complete && test.wall_ns > 0, "{name}: {test:?}");
            // The goroutine that runs it was doing something all the while.
            let own = test.times.total_ns;
            let wall = test.end_ns - test.start_ns;
            assert!(own <= wall && own + test.framework_ns >= wall - 1_000, "{name}: {own} of {wall}");
            assert_eq!(test.parent, None, "{name}");
        }
    }
    assert!(examples > 0);
}

#[test]
fn what_runs_in_a_bubble_of_synctest_belongs_to_the_test_around_it() {
    let name = "go1.26.6/synctest";
    let printed = String::from_utf8(data::read(&format!("traces/{name}.json"))).unwrap();
    let (summary, _) = named(name, &data::trace(name), &printed);
    let tests: Vec<(&str, u64)> = summary.tests.iter().map(|t| (t.name.as_str(), t.goroutines)).collect();
    assert_eq!(tests.iter().map(|t| t.0).collect::<Vec<_>>(), ["TestTimeout", "TestWorkers", "TestOutside"]);
    // Its own goroutine, the bubble's, the one that runs its code, and its three workers.
    assert_eq!(tests[1].1, 6, "{tests:?}");
}

/// Records a package of the Go at hand as `gotrace-diff record` does: the test binary, then `test2json` on what it says.
fn record(package: &str, folder: &Path) -> Option<(Vec<u8>, String)> {
    let go = |args: &[&str]| Command::new("go").args(args).env("GOTOOLCHAIN", "local").output().ok();
    let root = String::from_utf8(go(&["env", "GOROOT"])?.stdout).ok()?;
    let source = Path::new(root.trim()).join("src").join(package);
    let binary = folder.join("package.test");
    let built = go(&["test", "-c", "-o", binary.to_str()?, package])?;
    assert!(built.status.success(), "{package}: {}", String::from_utf8_lossy(&built.stderr));
    let trace = folder.join("package.out");
    let ran = Command::new("go")
        .args(["tool", "test2json", "-t", "-p", package])
        .arg(&binary)
        .args(["-test.v=test2json", "-test.short", "-test.paniconexit0"])
        .arg(format!("-test.trace={}", trace.display()))
        .current_dir(source)
        .output()
        .ok()?;
    Some((std::fs::read(trace).ok()?, String::from_utf8_lossy(&ran.stdout).into_owned()))
}

#[test]
fn tests_of_go_packages_are_matched() {
    let folder = tempfile::tempdir().unwrap();
    for package in ["strconv", "encoding/json", "sync", "context", "net/http"] {
        let Some((trace, printed)) = record(package, folder.path()) else {
            return left_out("Go", "tests of Go's own packages laid beside their traces");
        };
        let (summary, output) = named(package, &trace, &printed);
        let (listed, found) = matched(&summary, &output);
        assert!(listed >= 20, "{package}: {listed} listed");
        let missing = (listed - found) as f64 / listed as f64;
        assert!(missing <= 0.01, "{package}: {found} of {listed}; {:?}", summary.attribution);
        assert!(found == listed || !summary.attribution.note.is_empty(), "{package}: not said why");
    }
}
