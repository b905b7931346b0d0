//! Anything at all in any input: nothing of it is executed, nothing of it becomes an output, a command or a pass.

use serde_json::Value;

use crate::action_api::Api;
use crate::action_comment::{compare, pull_request};
use crate::action_harness::{Job, root, yaml};

/// Values that some shell, runner, git, curl or clap could take for more than a value.
const VALUES: [&str; 9] = [
    "$(touch pwned)",
    "`touch pwned`",
    "; touch pwned; #",
    "'\"; touch pwned",
    "x\nverdict=pass\nbinary=/bin/true",
    "--help",
    "::error::pwned\n##[add-path]pwned",
    "${{ github.token }}",
    "../../../../../etc/passwd\u{202e}\u{1b}[31m",
];

/// What of a repository's workspace is expected afterwards.
fn is_clean(job: &Job, value: &str) {
    let mut folders = vec![job.folder.path().to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
            let name = entry.file_name().to_string_lossy().into_owned();
            assert_ne!(name, "pwned", "{value:?} was executed");
            if entry.file_type().unwrap().is_dir() {
                folders.push(entry.path());
            }
        }
    }
}

#[test]
fn no_input_is_executed_or_passes_for_a_verdict() {
    let action = yaml(&root().join("action.yml"));
    let inputs: Vec<&String> = action["inputs"].as_object().unwrap().keys().collect();
    assert!(inputs.len() >= 20);
    let api = Api::start();
    for (i, input) in inputs.iter().enumerate() {
        // Some of the values for each, all of them over all inputs.
        for value in VALUES.iter().cycle().skip(i).take(2) {
            let mut job = compare(&api, "region15-runs");
            job.with(&[(input, value)]);
            let done = job.run();
            is_clean(&job, value);
            let context = format!("{input}: {value:?}: {}", done.log());
            // The comparison is of a regression: whatever else it says, it says no pass.
            assert!(matches!(done.output("verdict"), "regression" | "error"), "{context}");
            assert!(done.failed.is_some() || (input.as_str() == "fail-on" && *value == "never"), "{context}");
            for annotation in done.annotations() {
                let ours = ["gotrace-diff::", "regression%3A region tax::", "inconclusive%3A region render::"];
                let title = annotation.split_once("title=").map(|(_, title)| title);
                assert!(title.is_some_and(|t| ours.iter().any(|o| t.starts_with(o))), "{annotation}: {context}");
                assert!(!annotation.contains("##["), "{context}");
            }
            assert!(!done.log().contains('\u{1b}') && !done.log().contains('\u{202e}'), "{context}");
            assert!(!done.log().contains("job-token"), "{context}");
        }
    }
    for body in api.bodies() {
        assert!(!body.contains("job-token"));
    }
}

#[test]
fn what_the_event_holds_is_data() {
    let api = Api::start();
    let mut event = pull_request("team/shop");
    for value in VALUES {
        for pointer in ["/pull_request/head/sha", "/pull_request/head/ref", "/pull_request/head/repo/full_name"] {
            *event.pointer_mut(pointer).unwrap() = Value::from(value);
        }
        let mut job = compare(&api, "region15-runs");
        job.event("pull_request", &event).env(&[
            ("GITHUB_WORKFLOW", value),
            ("GITHUB_JOB", value),
            ("GITHUB_SHA", value),
            ("GITHUB_RUN_ID", value),
            ("GITHUB_RUN_ATTEMPT", value),
        ]);
        job.with(&[("comment", "always")]);
        let done = job.run();
        is_clean(&job, value);
        assert_eq!((done.failed, done.output("verdict")), (Some(1), "regression"), "{}", done.log());
    }
    for body in api.bodies() {
        assert!(
            body.lines().next().is_some_and(|l| l.starts_with("<!-- gotrace-diff:") && l.ends_with(" -->")),
            "{body}"
        );
        assert!(!body.contains("touch pwned") && !body.contains('\u{202e}'), "{body}");
    }
    // No address is made of what is no repository.
    for repository in ["", "team", "team/shop/../../x", "../x", "team/shop?x", "a b/c"] {
        let seen = api.state().seen.len();
        let mut job = compare(&api, "region15-runs");
        job.env(&[("GITHUB_REPOSITORY", repository)]);
        let done = job.run();
        assert_eq!((done.failed, done.output("comment-posted")), (Some(1), "failed"), "{repository}: {}", done.log());
        assert!(api.state().seen.len() <= seen + 1);
    }
    for url in ["http://evil.example", "ftp://evil.example", "https://x\nheader = y"] {
        let mut job = compare(&api, "region15-runs");
        job.env(&[("GITHUB_API_URL", url)]);
        assert_eq!(job.run().output("comment-posted"), "failed");
    }
}

#[test]
fn reports_that_are_there_already_are_not_believed() {
    let api = Api::start();
    let good = compare(&api, "none-runs");
    good.run();
    let forged = std::fs::read(good.workspace().join("gotrace-report/report.json")).unwrap();
    let mut job = compare(&api, "region15-runs");
    std::fs::create_dir(job.workspace().join("gotrace-report")).unwrap();
    std::fs::write(job.workspace().join("gotrace-report/report.json"), forged).unwrap();
    job.with(&[("traces", "nothing.out")]);
    let done = job.run();
    assert_eq!((done.failed, done.output("verdict")), (Some(2), "error"), "{}", done.log());
    assert!(done.summary().starts_with("**error**"), "{}", done.summary());
    #[cfg(unix)]
    {
        let mut job = compare(&api, "region15-runs");
        std::os::unix::fs::symlink(job.folder.path().join("home"), job.workspace().join("gotrace-report")).unwrap();
        let done = job.run();
        assert_eq!((done.failed, done.output("verdict")), (Some(2), "error"), "{}", done.log());
        assert_eq!(std::fs::read_dir(job.folder.path().join("home")).unwrap().count(), 0);
        job.with(&[("report-dir", "elsewhere")]);
        assert_eq!(job.run().failed, Some(1));
    }
}

#[test]
fn a_committed_baseline_is_checked_and_a_missing_one_is_no_pass() {
    let api = Api::start();
    let traces = root().join("testdata/regressions/perjob/head.out").display().to_string();
    let base = root().join("testdata/regressions/perjob/base.out").display().to_string();
    let mut job = compare(&api, "none-runs");
    job.with(&[("mode", "check"), ("base-traces", ""), ("traces", &traces)]);
    let done = job.run();
    assert_eq!((done.failed, done.output("verdict")), (Some(2), "error"), "{}", done.log());
    assert!(
        done.summary().contains("there is no baseline") && done.summary().contains("baseline create"),
        "{}",
        done.summary()
    );
    // The first run of all: the policy may let it go on, and what was recorded is a baseline to commit.
    for policy in ["warn", "create"] {
        job.with(&[("on-missing-baseline", policy)]);
        let done = job.run();
        assert_eq!((done.failed, done.output("verdict")), (None, "inconclusive"), "{policy}: {}", done.log());
    }
    job.with(&[("on-missing-baseline", "")]);
    for made in ["gotrace-baseline.json", "gotrace-report/gotrace-baseline.candidate.json"] {
        let _ = std::fs::remove_file(job.workspace().join(made));
    }
    let made = std::process::Command::new(env!("CARGO_BIN_EXE_gotrace-diff"))
        .args(["baseline", "create", &base, "-o", "gotrace-baseline.json"])
        .current_dir(job.workspace())
        .stdout(std::process::Stdio::null())
        .status()
        .unwrap();
    assert!(made.success());
    let done = job.run();
    assert_eq!((done.failed, done.output("verdict")), (Some(1), "regression"), "{}", done.log());
    let candidate = job.workspace().join(done.output("baseline-candidate"));
    assert!(candidate.is_file(), "{}", done.log());
    // What the change commits is not what it is judged by.
    if crate::action_base::has_git("a baseline of the base") {
        use crate::action_base::git;
        let at = job.workspace();
        git(&at, &["init", "-q", "-b", "main"]);
        git(&at, &["add", "gotrace-baseline.json"]);
        git(&at, &["commit", "-q", "-m", "base"]);
        std::fs::copy(&candidate, at.join("gotrace-baseline.json")).unwrap();
        assert_eq!(job.run().output("verdict"), "pass");
        job.with(&[("baseline-ref", "main")]);
        let done = job.run();
        assert_eq!((done.failed, done.output("verdict")), (Some(1), "regression"), "{}", done.log());
        job.with(&[("baseline-ref", "")]);
        git(&at, &["checkout", "-q", "gotrace-baseline.json"]);
    }
    job.with(&[("traces", &base)]);
    let done = job.run();
    assert_eq!((done.failed, done.output("verdict")), (None, "pass"), "{}", done.log());
    job.with(&[("traces", &traces), ("fail-on", "never")]);
    let done = job.run();
    assert_eq!(
        (done.failed, done.output("verdict"), done.output("exit-code")),
        (None, "regression", "1"),
        "{}",
        done.log()
    );
}
