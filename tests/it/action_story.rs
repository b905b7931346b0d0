//! The whole story of a pull request in mode run: a real repository, the real action, the real binary, and Go.
//!
//! ```text
//!   main        base ──────────── somebody else's slower code
//!                  \                        \
//!   feature         slower ──── fixed        merge commits, as GitHub makes them
//! ```

use std::path::PathBuf;
use std::process::Command;

use serde_json::{Value, json};

use crate::action_api::Api;
use crate::action_base::{check_out, git, has_git};
use crate::action_harness::{Done, Job, root};
use crate::machine;
use crate::run::{copy, edit};

fn has_go() -> bool {
    let works = Command::new("go").arg("version").output().is_ok_and(|o| o.status.success());
    if !works {
        machine::left_out("Go", "the story of a pull request");
    }
    works && has_git("the story of a pull request")
}

/// The slower version starts many times as many goroutines: a count, which is the same on any machine however busy.
const MEDIA: &str = "media/media.go";
const SLOW: (&str, &str) = (r#"if regress.On("perjob")"#, r#"if !regress.On("perjob")"#);

struct Story {
    _folder: tempfile::TempDir,
    origin: PathBuf,
    api: Api,
}

impl Story {
    fn new() -> Story {
        let folder = tempfile::tempdir().unwrap();
        let origin = folder.path().join("origin");
        copy(&root().join("examples/regressions"), &origin);
        git(&origin, &["init", "-q", "-b", "main"]);
        git(&origin, &["add", "-A"]);
        git(&origin, &["commit", "-qm", "base"]);
        git(&origin, &["checkout", "-qb", "feature"]);
        Story { _folder: folder, origin, api: Api::start() }
    }

    /// Commits on the feature branch.
    fn change(&self, what: &str, file: &str, from: &str, to: &str) {
        edit(&self.origin.join(file), from, to);
        git(&self.origin, &["commit", "-qam", what]);
    }

    /// Merges main and feature as GitHub does for a pull request; gives the merge.
    fn merge(&self) -> String {
        git(&self.origin, &["checkout", "-q", "--detach", "main"]);
        git(&self.origin, &["merge", "-q", "--no-ff", "-m", "merge", "feature"]);
        let merge = git(&self.origin, &["rev-parse", "HEAD"]);
        git(&self.origin, &["update-ref", "refs/pull/7/merge", &merge]);
        git(&self.origin, &["checkout", "-q", "feature"]);
        merge
    }

    /// A job of the pull request's workflow.
    fn job(&self, run: &str, from: &str) -> Job {
        let merge = self.merge();
        let head = git(&self.origin, &["rev-parse", "feature"]);
        let mut job = Job::new(".");
        std::fs::remove_dir(job.workspace()).unwrap();
        check_out(&self.origin, &job.workspace(), "refs/pull/7/merge");
        for name in ["GOCACHE", "GOMODCACHE"] {
            let known = Command::new("go").args(["env", name]).output().unwrap();
            job.env(&[(name, String::from_utf8(known.stdout).unwrap().trim())]);
        }
        job.env(&[("GITHUB_API_URL", &self.api.url), ("GITHUB_SHA", &merge), ("GITHUB_RUN_ID", run)]);
        job.event(
            "pull_request",
            &json!({
                "pull_request": {
                    "number": 7,
                    "head": {"sha": head, "ref": "feature", "repo": {"full_name": from}},
                    // What GitHub says is where the branch began, whatever main has become.
                    "base": {"ref": "main", "sha": git(&self.origin, &["merge-base", "main", "feature"])},
                },
                "repository": {"default_branch": "main"},
            }),
        );
        job.with(&[("packages", "./media ./orders"), ("runs", "6"), ("test-args", "-run='^Test' -short")]);
        job
    }

    fn report(job: &Job) -> Value {
        let text = std::fs::read_to_string(job.workspace().join("gotrace-report/report.json")).unwrap();
        serde_json::from_str(&text).unwrap()
    }
}

fn is(done: &Done, failed: Option<i32>, verdict: &str, comment: &str) {
    let got = (done.failed, done.output("verdict"), done.output("comment-posted"));
    assert_eq!(got, (failed, verdict, comment), "{}", done.log());
}

#[test]
fn a_pull_request_goes_red_is_fixed_and_goes_green() {
    if !has_go() {
        return;
    }
    let story = Story::new();
    story.change("a goroutine for each job", MEDIA, SLOW.0, SLOW.1);
    // Meanwhile somebody else makes another package slower on main. That is not this pull request's doing.
    git(&story.origin, &["checkout", "-q", "main"]);
    story.change("slower orders", "orders/orders.go", r#"Pick("sqlpool", 8, 4)"#, r#"Pick("sqlpool", 4, 4)"#);
    let main = git(&story.origin, &["rev-parse", "HEAD"]);
    git(&story.origin, &["checkout", "-q", "feature"]);

    let job = story.job("1", "team/shop");
    let done = job.run();
    is(&done, Some(1), "regression", "true");
    assert_eq!(done.output("base"), main, "the base is what the pull request is merged into");
    let report = Story::report(&job);
    assert_eq!(report["compared"]["packages"], json!(["example.com/shop/media"]), "orders are the same on both sides");
    let place = "::error file=media/media.go,line=";
    assert!(done.annotations().iter().any(|a| a.starts_with(place)), "{}", done.log());
    let body = story.api.bodies().pop().unwrap();
    assert!(body.contains("**regression**: ") && body.contains("`media.Thumbnails"), "{body}");
    let short = |hash: &str| hash.get(..12).unwrap().to_owned();
    assert!(body.contains(&format!("`{}` → `", short(&main))), "{body}");

    // Somebody presses "re-run": the workflow has restored the folder of the reports.
    let mut again = story.job("1", "team/shop");
    copy(&job.workspace().join("gotrace-report"), &again.workspace().join("gotrace-report"));
    again.env(&[("GITHUB_RUN_ATTEMPT", "2"), ("GITHUB_SHA", job.env["GITHUB_SHA"].as_str())]);
    git(&again.workspace(), &["fetch", "-q", "--depth=1", "origin", &job.env["GITHUB_SHA"]]);
    git(&again.workspace(), &["checkout", "-q", "--detach", &job.env["GITHUB_SHA"]]);
    let done = again.run();
    is(&done, Some(1), "regression", "true");
    assert!(done.summary().contains("that an earlier attempt recorded"), "{}", done.summary());
    let runs = |report: &Value| report["runs"]["head"]["example.com/shop/media"].as_array().map_or(0, Vec::len);
    assert!(runs(&Story::report(&again)) > runs(&report));

    story.change("fix", MEDIA, SLOW.1, SLOW.0);
    let done = story.job("2", "team/shop").run();
    is(&done, None, "pass", "true");
    let bodies = story.api.bodies();
    assert!(bodies.len() == 1 && bodies[0].contains("**resolved**"), "{bodies:?}");
}

#[test]
fn a_fork_gets_its_verdict_and_its_summary_without_a_comment() {
    if !has_go() {
        return;
    }
    let story = Story::new();
    story.api.state().refuse = Some((403, ""));
    story.change("a goroutine for each job", MEDIA, SLOW.0, SLOW.1);
    let mut job = story.job("1", "stranger/shop");
    job.with(&[("packages", "./media")]);
    let done = job.run();
    is(&done, Some(1), "regression", "skipped-fork");
    assert!(done.summary().starts_with("**regression**: "), "{}", done.summary());
}

#[test]
fn what_the_team_accepts_by_the_command_of_the_comment_passes_from_then_on() {
    if !has_go() {
        return;
    }
    let story = Story::new();
    // Times are another story's, since this machine may be busy.
    let rules = "# The team's rules.\n[[rule]]\nmetric = \"*_ns\"\nlevel = \"info\"\n";
    std::fs::write(story.origin.join("gotrace-diff.toml"), rules).unwrap();
    git(&story.origin, &["add", "-A"]);
    story.change("a goroutine for each job", MEDIA, SLOW.0, SLOW.1);
    let mut job = story.job("1", "team/shop");
    job.with(&[("packages", "./media")]);
    is(&job.run(), Some(1), "regression", "true");
    // Somebody copies what the comment says, writes why, and pushes what the command wrote.
    let body = story.api.bodies().pop().unwrap();
    let commands: Vec<&str> = body.lines().filter(|l| l.starts_with("gotrace-diff baseline accept ")).collect();
    assert!(!commands.is_empty(), "{body}");
    for command in commands {
        let line = command.replace("--reason WHY", "--reason 'each job is independent' --by ada");
        let line = line.replacen("gotrace-diff", env!("CARGO_BIN_EXE_gotrace-diff"), 1);
        let got = Command::new("bash").args(["-c", &line]).current_dir(&story.origin).output().unwrap();
        assert!(got.status.success(), "{line}: {}", String::from_utf8_lossy(&got.stderr));
    }
    let written = std::fs::read_to_string(story.origin.join("gotrace-diff.toml")).unwrap();
    assert!(written.starts_with("# The team's rules.") && written.contains("[[accept]]"), "{written}");
    git(&story.origin, &["commit", "-qam", "jobs may have a goroutine each"]);
    let mut job = story.job("2", "team/shop");
    job.with(&[("packages", "./media")]);
    let done = job.run();
    is(&done, None, "pass", "true");
    let report = Story::report(&job);
    assert_ne!(report["counts"]["accepted"], 0, "{}", report["counts"]);
    let accepted = report["findings"].as_array().unwrap().iter().filter(|f| f["verdict"] == "accepted");
    assert!(accepted.clone().all(|f| f["accepted"]["reason"] == "each job is independent"), "{report}");
    assert!(accepted.clone().any(|f| f["accepted"]["by"] == "ada"), "{report}");
    assert!(done.summary().contains("Accepted by the team"), "{}", done.summary());
    let bodies = story.api.bodies();
    assert!(bodies.len() == 1 && bodies[0].contains("**resolved**"), "{bodies:?}");
}

#[test]
fn tests_that_speak_to_the_runner_are_not_heard() {
    if !has_go() {
        return;
    }
    let story = Story::new();
    let loud = "package media\n\nimport (\n\t\"fmt\"\n\t\"os\"\n\t\"testing\"\n)\n\nfunc TestLoud(t *testing.T) {\n\
                \tfmt.Println(\"::error::pwned\")\n\tfmt.Println(\"##[error]pwned\")\n\
                \tos.WriteFile(os.Getenv(\"GITHUB_OUTPUT\"), []byte(\"verdict=pass\\n\"), 0o644)\n\
                \tif os.Getenv(\"GOTRACE_DIFF_TOKEN\") != \"\" {\n\t\tt.Fatal(\"the token\")\n\t}\n}\n";
    std::fs::write(story.origin.join("media/loud_test.go"), loud).unwrap();
    git(&story.origin, &["add", "-A"]);
    // Both sides have it: with one test more on one of them counts prove nothing, and times only where the machine is quiet.
    git(&story.origin, &["commit", "-qm", "a loud test"]);
    git(&story.origin, &["branch", "-qf", "main", "feature"]);
    story.change("a goroutine for each job", MEDIA, SLOW.0, SLOW.1);
    let mut job = story.job("1", "team/shop");
    job.with(&[("packages", "./media")]);
    let done = job.run();
    is(&done, Some(1), "regression", "true");
    assert!(done.annotations().iter().all(|a| !a.contains("pwned")), "{}", done.log());
    assert!(!done.log().contains("TestLoud failed"), "{}", done.log());
}
