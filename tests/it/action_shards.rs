//! Shards through the action: each writes its report and says nothing, one job merges them, comments once and fails.

use crate::action_api::Api;
use crate::action_comment::{compare, pull_request};
use crate::action_harness::{Job, root, yaml};

/// What each shard of examples/github/shards.yml is told, with the recordings that it has made.
fn shard(api: &Api, recording: &str) -> std::path::PathBuf {
    let workflow = yaml(&root().join("examples/github/shards.yml"));
    let steps = workflow["jobs"]["shard"]["steps"].as_array().unwrap();
    let ours = steps.iter().find(|s| s["uses"].as_str().is_some_and(|u| u.starts_with("OWNER/"))).unwrap();
    let mut job = compare(api, recording);
    for name in ["comment", "fail-on"] {
        job.with(&[(name, ours["with"][name].as_str().unwrap())]);
    }
    let done = job.run();
    assert_eq!((done.failed, done.output("comment-posted")), (None, "false"), "{recording}: {}", done.log());
    let kept = job.workspace().join(done.output("report-json"));
    let (_, path) = tempfile::NamedTempFile::new().unwrap().keep().unwrap();
    std::fs::copy(kept, &path).unwrap();
    path
}

fn merge(api: &Api, shards: &[(&str, &std::path::Path)], expect: &str) -> Job {
    let mut job = Job::new(".");
    for (name, report) in shards {
        let folder = job.workspace().join("shards").join(format!("gotrace-shard-{name}"));
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::copy(report, folder.join("report.json")).unwrap();
    }
    job.with(&[("mode", "merge"), ("traces", "shards"), ("args", expect)]);
    job.env(&[("GITHUB_API_URL", &api.url)]).event("pull_request", &pull_request("team/shop"));
    job
}

#[test]
fn shards_end_in_one_verdict_and_one_comment() {
    let api = Api::start();
    let (slow, same) = (shard(&api, "region15-runs"), shard(&api, "none-runs"));
    assert_eq!(api.bodies(), [""; 0], "a shard has commented");

    let done = merge(&api, &[("cart", &slow), ("orders", &same)], "--expect 2").run();
    assert_eq!((done.failed, done.output("verdict")), (Some(1), "regression"), "{}", done.log());
    assert_eq!((done.output("regressions"), done.output("comment-posted")), ("1", "true"), "{}", done.log());
    let bodies = api.bodies();
    assert_eq!(bodies.len(), 1);
    assert!(bodies[0].contains("**regression**") && bodies[0].contains("tax"), "{}", bodies[0]);
    assert!(done.summary().contains("tax"), "{}", done.summary());

    // A shard that wrote nothing is no pass, and the comment does not go on to say what it said.
    let done = merge(&api, &[("orders", &same)], "--expect 2").run();
    assert_eq!((done.failed, done.output("verdict")), (Some(2), "error"), "{}", done.log());
    assert!(api.bodies()[0].contains("**error**"), "{}", api.bodies()[0]);

    // The same result twice is one; that of another time is another.
    let done = merge(&api, &[("cart", &same), ("orders", &same)], "--expect 2").run();
    assert_eq!((done.failed, done.output("verdict")), (Some(2), "error"), "{}", done.log());
    let later = same.with_extension("later.json");
    let mut result: serde_json::Value = serde_json::from_slice(&std::fs::read(&same).unwrap()).unwrap();
    for side in ["base", "head"] {
        for package in result["sides"][side].as_array_mut().unwrap() {
            for run in package["runs"].as_array_mut().unwrap() {
                run["started_ns"] = (run["started_ns"].as_i64().unwrap() + 3_600_000_000_000).into();
            }
        }
    }
    std::fs::write(&later, serde_json::to_vec(&result).unwrap()).unwrap();
    let done = merge(&api, &[("cart", &same), ("orders", &later)], "--expect 2").run();
    assert_eq!((done.failed, done.output("verdict")), (None, "pass"), "{}", done.log());
    assert!(api.bodies()[0].contains("**resolved**"), "{}", api.bodies()[0]);

    let nothing = merge(&api, &[], "").with(&[("traces", "")]).run();
    assert_eq!(nothing.failed, Some(2), "{}", nothing.log());
    for path in [slow, same, later] {
        std::fs::remove_file(path).unwrap();
    }
}
