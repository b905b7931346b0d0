//! What `gotrace-diff run` does not record, and when that is no pass.

use std::path::{Path, PathBuf};

use crate::cli::{cli, json, out};
use crate::run::{edit, git, has_go};

const SERVICE: &str = r#"package svc

import (
	"os"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Run does its jobs with as many workers as a file of another folder says.
func Run(jobs int) {
	text, err := os.ReadFile("../shared/pool.txt")
	if err != nil {
		panic(err)
	}
	workers, _ := strconv.Atoi(strings.TrimSpace(string(text)))
	in := make(chan int)
	var wg sync.WaitGroup
	for range workers {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for range in {
				time.Sleep(time.Millisecond)
			}
		}()
	}
	for i := range jobs {
		in <- i
	}
	close(in)
	wg.Wait()
}
"#;
const TESTS: &str = "package svc\n\nimport \"testing\"\n\nfunc TestRun(t *testing.T) { Run(100) }\n";
const OTHER: &str = "package other\n\nfunc Work() { done := make(chan int); go close(done); <-done }\n";
const ITS_TESTS: &str = "package other\n\nimport \"testing\"\n\nfunc TestWork(t *testing.T) { Work() }\n";

/// A repository of two packages, one commit.
fn repository() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let repo = folder.path().join("repo");
    for (file, text) in [
        ("go.mod", "module example.com/two\n\ngo 1.22\n"),
        ("shared/pool.txt", "8\n"),
        ("svc/svc.go", SERVICE),
        ("svc/svc_test.go", TESTS),
        ("other/other.go", OTHER),
        ("other/other_test.go", ITS_TESTS),
    ] {
        put(&repo, file, text);
    }
    git(&repo, &["init", "-q", "-b", "main"]);
    git(&repo, &["add", "-A"]);
    git(&repo, &["commit", "-qm", "base"]);
    (folder, repo)
}

fn put(repo: &Path, file: &str, text: &str) {
    let file = repo.join(file);
    std::fs::create_dir_all(file.parent().unwrap()).unwrap();
    std::fs::write(file, text).unwrap();
}

/// What was printed, without its line breaks.
fn one_line(output: &std::process::Output) -> String {
    out(output).split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Back to what was committed.
fn reset(repo: &Path) {
    git(repo, &["reset", "-q", "--hard"]);
    git(repo, &["clean", "-qfd"]);
}

#[test]
fn a_package_is_unchanged_only_where_no_file_changed_that_its_tests_may_read() {
    if !has_go("recording") {
        return;
    }
    let (_folder, repo) = repository();
    let (svc, other) = ("example.com/two/svc", "example.com/two/other");
    for (file, more, compared) in [
        ("shared/pool.txt", &[][..], &[other, svc][..]),
        ("svc/migrations/1.sql", &[], &[other, svc]),
        ("svc/testdata/case.go", &[], &[other, svc]),
        ("svc/prompt.md", &[], &[svc]),
        ("docs/use.md", &[], &[]),
        (".github/workflows/ci.yml", &[], &[]),
        ("docs/use.md", &["--all-packages"], &[other, svc]),
    ] {
        put(&repo, file, "2\n");
        git(&repo, &["add", "-A"]);
        let args = [&["run", "--base=HEAD", "--runs=1", "-q", "--format=json"], more].concat();
        let output = cli(&repo, &args);
        let report = json(&output);
        assert_eq!(report["compared"]["packages"], serde_json::json!(compared), "{file}: {report:#}");
        let warnings = report["warnings"].to_string();
        let says = format!("{file} changed, which tests may read");
        assert_eq!(warnings.contains(&says), !compared.is_empty() && more.is_empty(), "{file}: {warnings}");
        reset(&repo);
    }
    // What nobody has added may be anything that an earlier step of the job left.
    put(&repo, "report/old.json", "{}");
    let report = json(&cli(&repo, &["run", "--base=HEAD", "--runs=1", "-q", "--format=json"]));
    assert_eq!(report["compared"]["packages"], serde_json::json!([]), "{report:#}");
    reset(&repo);
    // And what they read is found.
    edit(&repo.join("shared/pool.txt"), "8", "2");
    let output = cli(&repo, &["run", "./svc", "--base=HEAD", "--runs=5", "-q"]);
    assert_eq!(output.status.code(), Some(1), "{}", out(&output));
    assert!(out(&output).starts_with("regression: "), "{}", out(&output));
}

#[test]
fn a_test_that_fails_on_one_side_alone_is_no_pass_and_is_named() {
    if !has_go("recording") {
        return;
    }
    let (_folder, repo) = repository();
    let test = |body: &str| {
        let text = format!(
            "package other\n\nimport (\n\t\"os\"\n\t\"testing\"\n)\n\nvar _ = os.Args\n\nfunc TestLimit(t *testing.T) {{\n\tWork()\n\t{body}\n}}\n"
        );
        put(&repo, "other/limit_test.go", &text);
    };
    let commit = |what: &str| {
        git(&repo, &["add", "-A"]);
        git(&repo, &["commit", "-qm", what]);
    };
    let (passes, fails) = ("_ = t", "t.Fatal(\"late\")");
    let on_head = "TestLimit fails on the head and passes on the base";
    let on_base = "TestLimit fails on the base and passes on the head";
    for (base, head, says) in [
        (passes, fails, Some(on_head)),
        (passes, "panic(\"late\")", Some(on_head)),
        (passes, "os.Exit(3)", Some(on_head)),
        (fails, passes, Some(on_base)),
        (fails, "panic(\"late\")", None),
    ] {
        test(base);
        commit("base");
        test(head);
        let args = ["run", "./other", "--base=HEAD", "--runs=1", "-q", "--format=json"];
        let output = cli(&repo, &[&args[..], &["--on-inconclusive=fail"]].concat());
        let report = json(&output);
        let (headline, warnings) = (report["headline"].to_string(), report["warnings"].to_string());
        let what = format!("{base}, {head}: {headline} {warnings}");
        match says {
            Some(says) => {
                assert_eq!(output.status.code(), Some(3), "{what}");
                assert_eq!(report["verdict"], "inconclusive", "{what}");
                assert!(headline.contains(says), "{what}");
                assert!(warnings.contains(&format!("{says}: it is left out on both sides")), "{what}");
            }
            None => {
                let told = "TestLimit failed in 1 run of the base and 1 run of the head; it is left out on both sides";
                assert!(warnings.contains(told) && !headline.contains("TestLimit"), "{what}");
            }
        }
        // Who merges results, or counts the runs in again, learns of it too.
        if head == fails {
            let args = [&args[..5], &["--summaries=runs", "--output=json=one.json"]].concat();
            cli(&repo, &args);
            let merged = json(&cli(&repo, &["merge", "one.json", "--format=json"]));
            assert!(merged["headline"].to_string().contains(on_head), "{merged:#}");
            let refused = cli(&repo, &["baseline", "create", "runs/head.json", "--output=b.json"]);
            assert_eq!(refused.status.code(), Some(2), "{refused:?}");
            std::fs::remove_dir_all(repo.join("runs")).unwrap();
            std::fs::remove_file(repo.join("one.json")).unwrap();
        }
        commit("head");
    }
}

#[test]
fn a_package_that_lost_its_tests_is_no_pass_and_one_that_is_gone_may_be() {
    if !has_go("recording") {
        return;
    }
    let (_folder, repo) = repository();
    put(&repo, "e2e/e2e_test.go", &ITS_TESTS.replace("Work() }", "}").replace("other", "e2e"));
    git(&repo, &["add", "-A"]);
    git(&repo, &["commit", "-qm", "tests alone"]);
    // What is removed; whether the package beside it has changed; the status by default and with --on-inconclusive=fail.
    for (removed, beside, statuses, verdict, says) in [
        ("svc/svc_test.go", false, [0, 3], "inconclusive", "example.com/two/svc has tests in the base only"),
        ("svc/svc_test.go", true, [0, 3], "inconclusive", "example.com/two/svc has tests in the base only"),
        ("e2e", false, [0, 3], "inconclusive", "example.com/two/e2e has tests in the base only"),
        ("svc", false, [0, 0], "pass", "example.com/two/svc is gone, with all code"),
    ] {
        git(&repo, &["rm", "-rq", removed]);
        if beside {
            edit(&repo.join("other/other.go"), "make(chan int)", "make(chan int, 1)");
        }
        for (policy, status) in ["warn", "fail"].iter().zip(statuses) {
            let args = ["run", "--base=HEAD", "--runs=1", "-q", "--output=json=one.json"];
            let policy = format!("--on-inconclusive={policy}");
            let output = cli(&repo, &[&args[..], &[&*policy]].concat());
            let told = one_line(&output);
            let what = format!("{removed} {policy}: {told}");
            assert_eq!(output.status.code(), Some(status), "{what}");
            assert!(told.starts_with(verdict) && told.contains(says), "{what}");
            let merged = cli(&repo, &["merge", "one.json", &policy]);
            assert_eq!(merged.status.code(), Some(status), "{what}: {}", out(&merged));
            std::fs::remove_file(repo.join("one.json")).unwrap();
        }
        git(&repo, &["reset", "-q", "--hard"]);
    }
    // Tests that are new have nothing to be compared with.
    put(&repo, "new/new.go", "package new\n");
    put(&repo, "new/new_test.go", &ITS_TESTS.replace("Work() }", "}").replace("other", "new"));
    let output = cli(&repo, &["run", "./new", "--base=HEAD", "-q", "--on-inconclusive=fail"]);
    assert_eq!(output.status.code(), Some(3), "{}", out(&output));
    assert!(out(&output).starts_with("inconclusive: no package has tests on both sides"), "{}", out(&output));
}
