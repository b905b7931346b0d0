//! A thousand shards of a thousand subjects, merged. `cargo bench --bench merge`
//!
//! Two ways: summaries of either side that become one comparison, and results that become one verdict.
#![allow(missing_docs, clippy::print_stdout, clippy::expect_used)]

use std::path::Path;
use std::process::Command;
use std::time::Instant;

use gotrace_diff::summary::{Group, SCHEMA, Summary};

const SHARDS: usize = 1000;
const SUBJECTS: usize = 1000;

/// Run of a package with a thousand groups of goroutines, each of which runs, waits and blocks.
fn run(shard: usize, head: bool) -> Summary {
    let package = format!("example.com/mono/part{shard}");
    let mut summary = Summary {
        schema: SCHEMA.to_owned(),
        source: format!("{shard}.{head}.out"),
        package: Some(package.clone()),
        format: "go 1.26".to_owned(),
        complete: true,
        start_ns: 1 + i64::from(head),
        end_ns: 1_000_000_000,
        events: 100_000,
        generations: 1,
        gomaxprocs: 4,
        ..Summary::default()
    };
    summary.goroutines.insert("testing.tRunner".to_owned(), Group { count: 1, total_ns: 1, ..Group::default() });
    for subject in 0..SUBJECTS {
        let ns = 1_000_000 + (shard * 31 + subject * 17) as i64 % 1000;
        let group = Group {
            count: 8,
            created: 8,
            total_ns: 3 * ns,
            exec_ns: ns,
            sched_wait_ns: ns,
            block_ns: [("sync".to_owned(), ns)].into(),
            peak: 8,
            peak_running: 2,
            ..Group::default()
        };
        summary.goroutines.insert(format!("{package}.worker{subject}"), group);
    }
    summary
}

fn timed(folder: &Path, what: &str, args: &[&str]) {
    let began = Instant::now();
    let output = Command::new(env!("CARGO_BIN_EXE_gotrace-diff")).current_dir(folder).args(args).output();
    let output = output.expect("the binary runs");
    let first = String::from_utf8_lossy(&output.stdout).lines().next().unwrap_or_default().to_owned();
    let bytes: u64 = std::fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .filter(|e| e.file_name().to_string_lossy().starts_with(what))
        .filter_map(|e| e.metadata().ok())
        .map(|m| m.len())
        .sum();
    println!(
        "{what}: {SHARDS} shards of {SUBJECTS} subjects, {} MB of JSON: {:.1} s, status {:?}: {first}",
        bytes / 1_000_000,
        began.elapsed().as_secs_f64(),
        output.status.code(),
    );
}

fn main() {
    let folder = tempfile::tempdir().expect("a folder");
    let write = |name: String, text: String| std::fs::write(folder.path().join(name), text).expect("written");
    for shard in 0..SHARDS {
        let (base, head) = (run(shard, false), run(shard, true));
        write(format!("summary-base.{shard}.json"), serde_json::to_string(&base).expect("JSON"));
        write(format!("summary-head.{shard}.json"), serde_json::to_string(&head).expect("JSON"));
        let side = |run: &Summary| gotrace_diff::compare::Side::new(std::slice::from_ref(run), None);
        let sides = gotrace_diff::sides::Sides { base: side(&base), head: side(&head), ..Default::default() };
        let result = serde_json::json!({
            "schema": gotrace_diff::report::model::SCHEMA, "verdict": "pass", "headline": "pass",
            "compared": {"series": 1, "gated": 1, "subjects": 1, "packages": []},
            "sides": gotrace_diff::sides::write(&sides, false).expect("JSON"),
        });
        write(format!("result.{shard}.json"), result.to_string());
    }
    timed(folder.path(), "summary-base", &["merge", "summary-base.*.json"]);
    timed(folder.path(), "summary", &["merge", "--base", "summary-base.*.json", "--head", "summary-head.*.json"]);
    timed(folder.path(), "result", &["merge", "result.*.json"]);
}
