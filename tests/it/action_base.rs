//! Which commit the action compares with: every event, in checkouts as shallow as CI makes them.

use std::path::Path;
use std::process::{Command, Output};

use serde_json::{Value, json};

use crate::machine;

/// Whether git is here; says so where it is not.
pub fn has_git(tests: &str) -> bool {
    let works = Command::new("git").arg("--version").output().is_ok_and(|o| o.status.success());
    if !works {
        machine::left_out("git", tests);
    }
    works
}

/// Runs git with a name of its own.
pub fn git(folder: &Path, args: &[&str]) -> String {
    crate::run::git(folder, args).trim().to_owned()
}

/// A checkout as actions/checkout makes it: one commit, and the remote.
pub fn check_out(origin: &Path, to: &Path, what: &str) {
    std::fs::create_dir_all(to).unwrap();
    git(to, &["init", "-q", "-b", "main"]);
    git(to, &["remote", "add", "origin", &format!("file://{}", origin.display())]);
    git(to, &["fetch", "-q", "--no-tags", "--depth=1", "origin", what]);
    git(to, &["checkout", "-q", "--detach", "FETCH_HEAD"]);
}

/// The remote:
///
/// ```text
///   main      A ── 1 ── 2 ── ... ── 70 ── C       tag v1 at A
///              \                           \
///   feature     F1 ── F2 ─────────────────── M    refs/pull/7/merge
/// ```
struct Remote {
    folder: tempfile::TempDir,
    a: String,
    before: String,
    c: String,
    feature: String,
    merge: String,
}

fn remote() -> Remote {
    let folder = tempfile::tempdir().unwrap();
    let repo = folder.path().join("origin");
    std::fs::create_dir(&repo).unwrap();
    let commit = |message: &str| {
        git(&repo, &["commit", "-q", "--allow-empty", "-m", message]);
        git(&repo, &["rev-parse", "HEAD"])
    };
    git(&repo, &["init", "-q", "-b", "main"]);
    let a = commit("A");
    git(&repo, &["tag", "v1"]);
    git(&repo, &["checkout", "-q", "-b", "feature"]);
    commit("F1");
    let feature = commit("F2");
    git(&repo, &["checkout", "-q", "main"]);
    let mut before = String::new();
    for i in 1..=70 {
        before = commit(&i.to_string());
    }
    let c = commit("C");
    git(&repo, &["checkout", "-q", "--detach", "main"]);
    git(&repo, &["merge", "-q", "--no-ff", "-m", "M", "feature"]);
    let merge = git(&repo, &["rev-parse", "HEAD"]);
    git(&repo, &["update-ref", "refs/pull/7/merge", &merge]);
    git(&repo, &["checkout", "-q", "main"]);
    Remote { folder, a, before, c, feature, merge }
}

/// What the step says in a fresh checkout of `what`.
fn base(remote: &Remote, what: &str, env: &[(&str, &str)], event: &Value) -> (String, Output) {
    let folder = tempfile::tempdir().unwrap();
    let (workspace, event_file) = (folder.path().join("workspace"), folder.path().join("event.json"));
    check_out(&remote.folder.path().join("origin"), &workspace, what);
    std::fs::write(&event_file, event.to_string()).unwrap();
    let out = folder.path().join("out");
    let output = Command::new(env!("CARGO_BIN_EXE_gotrace-diff"))
        .args(["github", "base"])
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap())
        .envs([("GITHUB_WORKSPACE", &workspace), ("GITHUB_EVENT_PATH", &event_file), ("GITHUB_OUTPUT", &out)])
        .env("HOME", folder.path())
        .envs(env.iter().copied())
        .current_dir(&workspace)
        .output()
        .unwrap();
    let made = std::fs::read_dir(&workspace).unwrap().flatten().map(|e| e.file_name());
    assert!(made.into_iter().all(|n| n == ".git" || n == "gotrace-report"), "something was made in the workspace");
    let outputs = std::fs::read_to_string(&out).unwrap_or_default();
    let found = outputs.lines().find_map(|l| l.strip_prefix("base=")).unwrap_or_default();
    (found.to_owned(), output)
}

#[test]
fn every_event_is_compared_with_what_it_changes() {
    if !has_git("the base of a pull request") {
        return;
    }
    let r = remote();
    // The event's own base is older than what was merged into.
    let pull = json!({"pull_request": {"head": {"sha": r.feature}, "base": {"ref": "main", "sha": r.a}},
                      "repository": {"default_branch": "main"}});
    let push = |before: &str| json!({"before": before, "repository": {"default_branch": "main"}});
    let named = |name: &'static str| [("GITHUB_EVENT_NAME", name)];
    let request = ("GITHUB_EVENT_NAME", "pull_request");
    let (zeros, gone) = ("0".repeat(40), "d".repeat(40));
    for (what, env, event, want) in [
        ("refs/pull/7/merge", &[request, ("GITHUB_SHA", r.merge.as_str())][..], &pull, &r.c),
        ("refs/pull/7/merge", &[request, ("GITHUB_SHA", "")], &pull, &r.c),
        ("feature", &[request, ("GITHUB_SHA", &r.merge), ("GITHUB_BASE_REF", "main")], &pull, &r.a),
        ("feature", &[request, ("GITHUB_SHA", &r.merge)], &pull, &r.a),
        ("main", &named("push"), &push(&r.before), &r.before),
        ("main", &named("push"), &push(&r.a), &r.a),
        ("main", &named("push"), &push(&zeros), &r.before),
        ("main", &named("push"), &push(&gone), &r.before),
        ("refs/pull/7/merge", &named("merge_group"), &json!({"merge_group": {"base_sha": r.c}}), &r.c),
        ("feature", &[("GITHUB_EVENT_NAME", "workflow_dispatch"), ("GITHUB_REF", "refs/heads/feature")], &pull, &r.a),
        ("main", &[("GITHUB_EVENT_NAME", "schedule"), ("GITHUB_REF", "refs/heads/main")], &pull, &r.before),
        ("feature", &[request, ("GOTRACE_DIFF_INPUT_BASE_REF", "main")], &pull, &r.c),
        ("feature", &[request, ("GOTRACE_DIFF_INPUT_BASE_REF", "origin/main")], &pull, &r.c),
        ("feature", &[request, ("GOTRACE_DIFF_INPUT_BASE_REF", "v1")], &pull, &r.a),
        ("feature", &[request, ("GOTRACE_DIFF_INPUT_BASE_REF", &r.before)], &pull, &r.before),
    ] {
        let (found, output) = base(&r, what, env, event);
        assert_eq!(output.status.code(), Some(0), "{what} {env:?}: {output:?}");
        assert_eq!(found, *want, "{what} {env:?}: {output:?}");
    }
}

/// What GitHub shows beside the job.
fn warnings(output: &Output) -> Vec<String> {
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    said.lines().filter(|l| l.starts_with("::warning ")).map(str::to_owned).collect()
}

#[test]
fn on_pull_request_target_the_base_branch_is_not_judged_instead_of_the_pull_request() {
    if !has_git("the base of a pull request") {
        return;
    }
    let r = remote();
    // The tip of main is a merge commit, as it is where pull requests are merged so.
    let origin = r.folder.path().join("origin");
    git(&origin, &["merge", "-q", "--no-ff", "-m", "merged", "feature"]);
    let tip = git(&origin, &["rev-parse", "HEAD"]);
    git(&origin, &["checkout", "-q", "-b", "second", &r.before]);
    git(&origin, &["commit", "-q", "--allow-empty", "-m", "S"]);
    let second = git(&origin, &["rev-parse", "HEAD"]);
    git(&origin, &["checkout", "-q", "main"]);
    let event = json!({"pull_request": {"head": {"sha": second}, "base": {"ref": "main", "sha": r.c}},
                       "repository": {"default_branch": "main"}});
    let env = [("GITHUB_EVENT_NAME", "pull_request_target"), ("GITHUB_SHA", tip.as_str()), ("GITHUB_BASE_REF", "main")];
    for what in ["main", &r.c] {
        let (found, output) = base(&r, what, &env, &event);
        assert_eq!((output.status.code(), found.as_str()), (Some(2), ""), "{what}: {output:?}");
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(said.contains("ref: ${{ github.event.pull_request.head.sha }}"), "{said}");
    }
    let (found, output) = base(&r, "second", &env, &event);
    assert_eq!((output.status.code(), &found), (Some(0), &r.before), "{output:?}");
    // The merge commit of the pull request, where that was checked out by its name.
    let of_merge = json!({"pull_request": {"head": {"sha": r.feature}, "base": {"ref": "main", "sha": r.a}}});
    let (found, output) = base(&r, "refs/pull/7/merge", &env, &of_merge);
    assert_eq!((output.status.code(), &found), (Some(0), &r.c), "{output:?}");
}

#[test]
fn a_push_whose_predecessor_is_gone_says_what_it_is_compared_with() {
    if !has_git("the base of a push") {
        return;
    }
    let r = remote();
    let gone = "d".repeat(40);
    for (before, warns) in [(gone.as_str(), true), (&"0".repeat(40), false), (&r.a, false)] {
        let event = json!({"before": before, "repository": {"default_branch": "main"}});
        let (_, output) = base(&r, "main", &[("GITHUB_EVENT_NAME", "push")], &event);
        let warnings = warnings(&output);
        assert_eq!((output.status.code(), warnings.len()), (Some(0), usize::from(warns)), "{output:?}");
        if warns {
            assert!(warnings[0].contains(before) && warnings[0].contains(&r.before), "{warnings:?}");
            let said = String::from_utf8_lossy(&output.stdout).into_owned();
            assert!(said.contains("its first parent, as ddd"), "{said}");
        }
    }
}

#[test]
fn what_cannot_be_compared_with_is_told() {
    if !has_git("the base of a pull request") {
        return;
    }
    let r = remote();
    let none = json!({});
    let request = ("GITHUB_EVENT_NAME", "pull_request");
    let named = |value: &'static str| [request, ("GOTRACE_DIFF_INPUT_BASE_REF", value)];
    for (what, env, says) in [
        ("feature", &named("no-such-branch")[..], "no commit, branch or tag"),
        ("feature", &named("--upload-pack=touch pwned"), "no commit, branch or tag"),
        ("feature", &named("$(touch pwned)"), "no commit, branch or tag"),
        ("feature", &named("main\nverdict=pass"), "no commit, branch or tag"),
        ("feature", &named("feature"), "the same commit"),
        ("feature", &named("dddddddddddddddddddddddddddddddddddddddd"), "could not be fetched"),
        ("feature", &[request, ("GITHUB_BASE_REF", "--all")], "could not be fetched"),
        ("feature", &[request, ("GITHUB_BASE_REF", "a..b")], "no name of a branch"),
        ("feature", &[request], "names no branch"),
        ("v1", &[("GITHUB_EVENT_NAME", "push")], "no parent"),
        ("v1", &[request, ("GOTRACE_DIFF_INPUT_MODE", "walk")], "none of run, check, compare"),
        ("v1", &[request, ("GOTRACE_DIFF_INPUT_WORKING_DIRECTORY", "no/such")], "is no folder"),
    ] {
        let (found, output) = base(&r, what, env, &none);
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert_eq!((output.status.code(), found.as_str()), (Some(2), ""), "{env:?}: {output:?}");
        assert!(said.starts_with("::error ") && said.lines().count() == 1 && said.contains(says), "{says}: {output:?}");
    }
}

#[test]
fn the_token_goes_to_the_jobs_own_server_only_and_only_where_it_is_needed() {
    use std::io::{BufRead, BufReader, Write};
    use std::sync::{Arc, Mutex};
    if !has_git("fetching with a token") {
        return;
    }
    // A server that asks for a password: what it is given is noted.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let server = format!("http://{}", listener.local_addr().unwrap());
    let given: Arc<Mutex<Vec<String>>> = Arc::default();
    let seen = Arc::clone(&given);
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let headers = BufReader::new(&stream).lines().map_while(Result::ok).take_while(|l| !l.is_empty());
            let all: Vec<String> = headers.collect();
            let found =
                all.iter().find_map(|l| l.split_once(": ").filter(|(n, _)| n.eq_ignore_ascii_case("authorization")));
            seen.lock().unwrap().push(found.map_or(String::new(), |(_, value)| value.to_owned()));
            let answer = "HTTP/1.1 401 x\r\nWWW-Authenticate: Basic realm=\"x\"\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
            let _ = (&stream).write_all(answer.as_bytes());
        }
    });
    for (ours, tokens) in [(server.as_str(), 1), ("https://github.example", 0)] {
        given.lock().unwrap().clear();
        let folder = tempfile::tempdir().unwrap();
        git(folder.path(), &["init", "-q", "-b", "main"]);
        git(folder.path(), &["commit", "-q", "--allow-empty", "-m", "A"]);
        git(folder.path(), &["remote", "add", "origin", &format!("{server}/team/shop.git")]);
        let output = Command::new(env!("CARGO_BIN_EXE_gotrace-diff"))
            .args(["github", "base"])
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap())
            .envs([("GITHUB_WORKSPACE", folder.path()), ("HOME", folder.path())])
            .envs([("GITHUB_SERVER_URL", ours), ("GOTRACE_DIFF_TOKEN", "job-token")])
            .env("GOTRACE_DIFF_INPUT_BASE_REF", "d".repeat(40))
            .current_dir(folder.path())
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(2), "{output:?}");
        assert!(!String::from_utf8_lossy(&output.stdout).contains("job-token"), "{output:?}");
        let given = given.lock().unwrap();
        assert_eq!(given.first().map(String::as_str), Some(""), "the checkout's own means come first");
        // x-access-token:job-token
        let with = given.iter().filter(|g| g.as_str() == "basic eC1hY2Nlc3MtdG9rZW46am9iLXRva2Vu").count();
        assert_eq!(with.min(1), tokens, "{given:?}");
        assert_eq!(given.iter().filter(|g| !g.is_empty()).count(), with, "{given:?}");
    }
}
