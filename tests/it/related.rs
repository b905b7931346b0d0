//! Who woke a group's or a task's goroutines, and whom they woke.

use serde_json::Value;

use crate::cli::{cli, json, out};
use crate::data;
use crate::figures::summary_of;

/// Explains a subject of a trace with --related, standing in the module that the regressions were recorded from.
fn related(subject: &str, traces: &[String], more: &[&str]) -> std::process::Output {
    let mut args = vec!["explain", subject, "--related"];
    args.extend(traces.iter().map(String::as_str));
    args.extend(more);
    cli(&data::dir().join("../examples/regressions"), &args)
}

fn regression(name: &str) -> Vec<String> {
    let folder = data::dir().join("regressions").join(name);
    ["base.out", "head.out"].iter().map(|s| folder.join(s).display().to_string()).collect()
}

fn sum(list: &Value, key: &str, of: impl Fn(&Value) -> bool) -> i64 {
    list.as_array().unwrap().iter().filter(|r| of(r)).filter_map(|r| r[key].as_i64()).sum()
}

#[test]
fn waits_of_a_group_are_those_of_the_summary_whoever_ended_them() {
    let mut groups = 0;
    for name in ["go1.22.10/test", "go1.24.11/tasks", "go1.25.5/net", "go1.27.3/leak", "go1.27.3/coro"] {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("x.out"), data::trace(name)).unwrap();
        let summary = summary_of(name, &data::trace(name));
        for (group, figures) in summary["goroutines"].as_object().unwrap().iter().filter(|(g, _)| !g.is_empty()) {
            let blocked: i64 = figures["block_ns"].as_object().unwrap().values().filter_map(Value::as_i64).sum();
            let got =
                cli(folder.path(), &["explain", &format!("group:{group}"), "--related", "x.out", "--format", "json"]);
            let head = json(&got)["head"].clone();
            // Closures go by their names without numbers: others of the same function may be in it.
            assert!(sum(&head["woken_by"], "wait_ns", |_| true) >= blocked, "{name}: {group}");
            groups += 1;
        }
        // All groups at once: exactly all waits, of those who have a name or stand at a stack when they wait.
        let all: i64 = summary["goroutines"]
            .as_object()
            .unwrap()
            .values()
            .flat_map(|g| g["block_ns"].as_object().unwrap().values().filter_map(Value::as_i64).collect::<Vec<_>>())
            .sum();
        let nameless: i64 = summary["goroutines"]
            .get("")
            .map_or(0, |g| g["block_ns"].as_object().unwrap().values().filter_map(Value::as_i64).sum());
        let head = json(&cli(folder.path(), &["explain", "group:*", "--related", "x.out", "--format", "json"]))["head"]
            .clone();
        let told = sum(&head["woken_by"], "wait_ns", |_| true);
        assert!(told <= all && told >= all - nameless - all / 100, "{name}: {told} of {all}, {nameless} nameless");
        // What goroutines did to each other is in both lists.
        let by_goroutines = sum(&head["woken_by"], "count", |r| r["by"].is_null());
        assert!(sum(&head["woke"], "count", |_| true) >= by_goroutines * 9 / 10, "{name}");
    }
    assert!(groups > 50, "{groups}");
}

#[test]
fn a_pool_is_handed_on_within_the_group() {
    let got = json(&related("group:catalog.loadAll.func1", &regression("pool"), &["--format", "json"]));
    assert_eq!(got["schema"], "gotrace-diff/related/1");
    for (side, conns) in [("base", 8), ("head", 4)] {
        let side = &got[side];
        assert_eq!(side["goroutines"], 400);
        let first = &side["woken_by"][0];
        assert_eq!((&first["group"], &first["reason"]), (&side["woke"][0]["group"], &"chan send".into()));
        assert!(first["waited_at"]["function"].as_str().unwrap().ends_with("catalog.(*DB).Get"), "{first}");
        // All but those who found a slot free waited for one.
        assert_eq!(first["count"].as_i64().unwrap(), 400 - conns, "{first}");
        assert_eq!(sum(&side["woken_by"], "count", |r| r["by"] == "timer"), 400, "{side}");
        // The last one wakes whoever waits for all.
        assert_eq!(sum(&side["woke"], "count", |r| r["group"] == "testing.tRunner"), 1, "{side}");
    }
    let text = out(&related("group:catalog.loadAll.func1", &regression("pool"), &[]));
    assert!(text.contains("  catalog.loadAll.func1  392 → 396"), "{text}");
    assert!(text.contains("chan send at catalog.(*DB).Get examples/regressions/catalog/catalog.go:31"), "{text}");
    assert!(
        text.lines().all(|l| l.chars().count() <= 100 || l.starts_with("  base") || l.starts_with("  head")),
        "{text}"
    );
}

#[test]
fn a_task_is_related_to_those_it_waits_for() {
    for release in ["go1.21.13", "go1.22.10", "go1.25.5", "go1.27.3"] {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("x.out"), data::trace(&format!("{release}/tasks"))).unwrap();
        let ask = |subject: &str| {
            json(&cli(folder.path(), &["explain", subject, "--related", "x.out", "--format", "json"]))["head"].clone()
        };
        let requests = ask("task:request");
        // Go 1.21 starts them in a wrapper of its own, func4. Eight requests, each waits once for the last of its three fetches.
        assert_eq!(requests["goroutines"], 8, "{release}: {requests}");
        let by_fetches =
            |list: &Value| sum(list, "count", |r| r["group"].as_str().unwrap().starts_with("main.request.func"));
        assert_eq!(by_fetches(&requests["woken_by"]), 8, "{release}: {requests}");
        let fetches = ask("task:fetch *");
        assert_eq!(fetches["goroutines"], 24, "{release}");
        // Each sleeps once while it works for its task.
        assert_eq!(
            sum(&fetches["woken_by"], "count", |r| r["reason"] == "sleep" || r["by"] == "timer or runtime"),
            24,
            "{release}: {fetches}"
        );
    }
}

#[test]
fn what_is_not_there_is_an_error() {
    for (subject, words) in [("group:nobody", "no goroutine"), ("test:TestLoadAll", "a group or a task")] {
        let got = related(subject, &regression("pool"), &[]);
        assert_eq!(got.status.code(), Some(2), "{subject}");
        assert!(String::from_utf8(got.stderr).unwrap().contains(words), "{subject}");
    }
}
