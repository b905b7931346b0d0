//! The tutorial, done: every block of commands of docs/tutorial.md, and its pull request through the action.

use std::path::Path;
use std::process::Command;

use serde_json::json;

use crate::action_api::Api;
use crate::action_base::{check_out, git, has_git};
use crate::action_harness::{Done, Job, root};
use crate::machine;

/// The blocks of commands, each with the exit status that it says it has.
fn blocks(text: &str) -> Vec<(i32, String)> {
    let mut found = Vec::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        if let Some(info) = line.strip_prefix("```sh") {
            let status = info.trim().strip_prefix("exit=").map_or(0, |s| s.parse().unwrap());
            let block: Vec<&str> = lines.by_ref().take_while(|l| *l != "```").collect();
            found.push((status, block.join("\n")));
        }
    }
    found
}

/// The workflow of the tutorial, run as a pull request's job.
fn pull_request(origin: &Path, api: &Api, run: &str) -> Done {
    let work = tempfile::tempdir().unwrap();
    let clone = work.path().join("clone");
    git(work.path(), &["clone", "-q", origin.to_str().unwrap(), clone.to_str().unwrap()]);
    git(&clone, &["checkout", "-q", "--detach", "origin/main"]);
    git(&clone, &["merge", "-q", "--no-ff", "-m", "merge", "origin/polite"]);
    git(&clone, &["push", "-q", "--force", "origin", "HEAD:refs/pull/7/merge"]);
    let merge = git(&clone, &["rev-parse", "HEAD"]);
    let head = git(&clone, &["rev-parse", "origin/polite"]);
    let mut job = Job::new(".");
    std::fs::remove_dir(job.workspace()).unwrap();
    check_out(origin, &job.workspace(), "refs/pull/7/merge");
    let workflow = crate::action_harness::yaml(&job.workspace().join(".github/workflows/traces.yml"));
    let steps = workflow["jobs"]["traces"]["steps"].as_array().unwrap();
    let ours = steps.iter().find(|s| s["uses"].as_str().is_some_and(|u| u.contains("gotrace-diff@"))).unwrap();
    for (name, value) in ours["with"].as_object().unwrap() {
        job.with(&[(name, value.as_str().unwrap())]);
    }
    for name in ["GOCACHE", "GOMODCACHE"] {
        let known = Command::new("go").args(["env", name]).output().unwrap();
        job.env(&[(name, String::from_utf8(known.stdout).unwrap().trim())]);
    }
    job.env(&[("GITHUB_API_URL", &api.url), ("GITHUB_SHA", &merge), ("GITHUB_RUN_ID", run)]);
    let event = json!({"pull_request": {"number": 7, "head": {"sha": head, "repo": {"full_name": "team/shop"}},
                       "base": {"ref": "main"}}});
    job.event("pull_request", &event);
    job.run()
}

#[test]
fn the_tutorial_does_what_it_says() {
    if !Command::new("go").arg("version").output().is_ok_and(|o| o.status.success()) {
        machine::left_out("Go", "the tutorial");
        return;
    }
    if !has_git("the tutorial") {
        return;
    }
    let text = std::fs::read_to_string(root().join("docs/tutorial.md")).unwrap();
    let blocks = blocks(&text);
    assert!(blocks.len() >= 8, "{}", blocks.len());
    let folder = tempfile::tempdir().unwrap();
    let origin = folder.path().join("origin.git");
    git(folder.path(), &["init", "-q", "--bare", "-b", "main", origin.to_str().unwrap()]);
    let own = Path::new(env!("CARGO_BIN_EXE_gotrace-diff")).parent().unwrap();
    let path = format!("{}:{}", own.display(), std::env::var("PATH").unwrap());
    let api = Api::start();
    let mut said = Vec::new();
    for (status, block) in &blocks {
        let first = block.starts_with("mkdir fetch");
        let here = if first { folder.path().to_path_buf() } else { folder.path().join("fetch") };
        let output = Command::new("bash")
            .args(["-e", "-u", "-o", "pipefail", "-c", block])
            .current_dir(&here)
            .env("PATH", &path)
            .envs([("GIT_AUTHOR_NAME", "a"), ("GIT_COMMITTER_NAME", "a")])
            .envs([("GIT_AUTHOR_EMAIL", "a@example.com"), ("GIT_COMMITTER_EMAIL", "a@example.com")])
            .env_remove("GITHUB_ACTIONS")
            .output()
            .unwrap();
        let out = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
        assert_eq!(output.status.code(), Some(*status), "{block}\n{out}");
        if first {
            // "Make a repository on GitHub": here it is.
            git(&folder.path().join("fetch"), &["remote", "add", "origin", origin.to_str().unwrap()]);
        }
        if *status == 1 {
            assert!(out.starts_with("regression: ") && out.contains("limited-pool"), "{out}");
            assert!(out.contains("fetch.All.func1") && out.contains("fetch.go:2"), "{out}");
        }
        if block.contains("git push") {
            said.push(pull_request(&origin, &api, &(said.len() + 1).to_string()));
        }
    }
    let [red, green] = &said[..] else { panic!("{} pushes", said.len()) };
    assert_eq!((red.failed, red.output("verdict")), (Some(1), "regression"), "{}", red.log());
    assert_eq!((green.failed, green.output("verdict")), (None, "pass"), "{}", green.log());
    let bodies = api.bodies();
    assert!(bodies.len() == 1 && bodies[0].contains("**resolved**"), "{bodies:?}");
}
