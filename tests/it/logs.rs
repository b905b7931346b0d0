//! Log messages on request: what is listed, what is counted, and that they are text and nothing else.

use crate::cli::{cli, json, out};
use crate::craft::{Craft, Events, GO_RUNNING, PROC_RUNNING, ev};
use crate::data;

const TASKS: [&str; 7] = ["go1.21.13", "go1.22.10", "go1.23.9", "go1.24.11", "go1.25.5", "go1.26.6", "go1.27.3"];

fn logs(trace: &[u8], more: &[&str]) -> serde_json::Value {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("x.out"), trace).unwrap();
    let args = [&["summarize", "--logs", "x.out", "--format", "json"], more].concat();
    let document = json(&cli(folder.path(), &args));
    assert_eq!(document["schema"], "gotrace-diff/logs/1", "{document}");
    document["runs"][0].clone()
}

#[test]
fn every_message_of_every_release_is_listed_with_its_time_and_task() {
    for release in TASKS {
        let name = format!("{release}/tasks");
        let got = logs(&data::trace(&name), &[]);
        let oracle = data::oracle(&name);
        assert_eq!(got["categories"], oracle["logs"], "{release}");
        let messages = got["messages"].as_array().unwrap();
        let total: u64 = oracle["logs"].as_object().unwrap().values().filter_map(serde_json::Value::as_u64).sum();
        assert_eq!((got["total"].as_u64(), got["matched"].as_u64()), (Some(total), Some(total)), "{release}");
        assert_eq!(messages.len() as u64, total, "{release}");
        let text = |m: &serde_json::Value, key: &str| m[key].as_str().unwrap_or_default().to_owned();
        // `trace.Logf(ctx, "request", "id=%d", id)` in eight requests, each at the beginning of its task.
        let mut ids: Vec<String> =
            messages.iter().filter(|m| m["category"] == "request").map(|m| text(m, "message")).collect();
        ids.sort();
        assert_eq!(ids, (1..=8).map(|i| format!("id={i}")).collect::<Vec<_>>(), "{release}");
        for m in messages.iter().filter(|m| m["category"] == "fetch") {
            assert_eq!(text(m, "task"), format!("fetch {}", text(m, "message")), "{release}: {m}");
            assert_eq!(text(m, "goroutine"), "main.request.func1", "{release}: {m}");
            // A sleep of 200 µs comes before it.
            assert!(m["in_task_ns"].as_i64().unwrap() > 200_000, "{release}: {m}");
            assert!(m["at_ns"].as_i64() > m["in_task_ns"].as_i64(), "{release}: {m}");
        }
        // The task from before the trace has neither a type nor a beginning.
        let early = messages.iter().find(|m| m["category"] == "early").unwrap();
        assert!(early["task"].is_null() && early["in_task_ns"].is_null() && early["task_id"].is_u64(), "{early}");
        let times: Vec<i64> = messages.iter().filter_map(|m| m["at_ns"].as_i64()).collect();
        assert!(times.is_sorted(), "{release}");
    }
}

#[test]
fn filters_narrow_what_is_listed_and_counted() {
    let trace = data::trace("go1.27.3/tasks");
    for (more, matched, distinct) in [
        (&["--log-category", "request"][..], 8, 8),
        (&["--log-category", "request", "--log-fold-numbers"], 8, 1),
        (&["--log-category", "f*"], 24, 3),
        (&["--log-task", "fetch price"], 8, 1),
        (&["--log-text", "id=7"], 1, 1),
        (&["--log-category", "request", "--log-text", "stock"], 0, 0),
    ] {
        let got = logs(&trace, more);
        assert_eq!(got["matched"], matched, "{more:?}: {got}");
        assert_eq!(got["counts"].as_array().unwrap().len(), distinct, "{more:?}");
        assert!(got["total"].as_u64().unwrap() >= 33, "{more:?}");
    }
    let folded = logs(&trace, &["--log-category", "request", "--log-fold-numbers"]);
    assert_eq!(folded["counts"][0]["message"], "id=#");
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(cli(folder.path(), &["summarize", "x.out", "--log-text", "x"]).status.code(), Some(2));
}

#[test]
fn messages_of_too_much_text_are_counted() {
    let text = "x".repeat(1024);
    let trace = logging(&[&text], 70_000);
    let got = logs(&trace, &[]);
    let listed = got["messages"].as_array().unwrap().len() as u64;
    assert!((60_000..66_000).contains(&listed), "64 MiB with category and goroutine, not {listed}");
    assert_eq!((&got["matched"], &got["left_out"]), (&70_000.into(), &(70_000 - listed).into()));
    assert_eq!(got["counts"][0]["count"], 70_000);
}

/// A goroutine that logs each of these messages `times` over.
fn logging(messages: &[&str], times: usize) -> Vec<u8> {
    let texts = [&["main.main", "category"], messages].concat();
    let mut events =
        Events::default().event(ev::PROC_STATUS, 1, &[0, PROC_RUNNING]).event(ev::GO_STATUS, 1, &[1, 1, GO_RUNNING]);
    let mut craft = Craft::new("go 1.22").frequency(1).strings(1, &texts).stacks(1, &[&[1]]);
    for _ in 0..times {
        for message in 0..messages.len() as u64 {
            if events.0.len() > 60_000 {
                craft = craft.batch(1, 1, 1, &events.0);
                events = Events::default();
            }
            events = events.event(ev::LOG, 1, &[0, 2, 3 + message, 1]);
        }
    }
    // Something has to happen, or the trace is empty.
    craft.batch(1, 1, 1, &events.event(ev::GO_DESTROY, 1, &[]).0).bytes
}

#[test]
fn messages_cannot_speak_to_the_terminal() {
    let trace = logging(&["\u{1b}]0;x\u{7}red\u{202e}", "two\nlines", "##[error]f"], 1);
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("x.out"), &trace).unwrap();
    for more in [&[][..], &["--all"]] {
        let text = out(&cli(folder.path(), &[&["summarize", "--logs", "x.out"], more].concat()));
        assert!(!text.contains(['\u{1b}', '\u{7}', '\u{202e}']), "{text:?}");
        assert!(text.contains("two\\u{a}lines"), "{text}");
    }
    assert_eq!(logs(&trace, &[])["messages"][1]["message"], "two\nlines");
}

#[test]
fn what_is_too_much_to_list_is_counted() {
    let trace = logging(&["one", "two"], 60_000);
    let got = logs(&trace, &[]);
    assert_eq!(got["matched"], 120_000);
    assert_eq!(got["messages"].as_array().unwrap().len(), 100_000);
    assert_eq!(got["left_out"], 20_000);
    assert_eq!(got["counts"][0]["count"], 60_000);
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("x.out"), &trace).unwrap();
    let text = out(&cli(folder.path(), &["summarize", "--logs", "x.out"]));
    assert!(text.contains("and 99950 more (--all)") && text.contains("and 20000 that are too many to list"), "{text}");
}
