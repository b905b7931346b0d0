//! A thousand shards of a thousand subjects, merged. `cargo bench --bench merge [-- SHARDS [SUBJECTS]]`
//!
//! Three ways: summaries that add up, summaries of either side that become one comparison, and results that become one
//! verdict. One subject of a hundred looks slower in the head, as one run a side makes it look, and one has many more
//! goroutines: that one has to be found among all of them. Where GNU time is there, it says what each took.
#![allow(missing_docs, clippy::print_stdout, clippy::expect_used)]

use std::path::Path;
use std::process::Command;
use std::time::Instant;

use gotrace_diff::summary::{Group, SCHEMA, Summary};

/// Run of a package with many groups of goroutines, each of which runs, waits and blocks.
fn run(shard: usize, subjects: usize, head: bool) -> Summary {
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
    for subject in 0..subjects {
        let slower = if head && subject % 100 == 7 { 13 } else { 10 };
        let ns = (1_000_000 + (shard * 31 + subject * 17) as i64 % 1000) * slower / 10;
        let count = if head && (shard, subject) == (0, 3) { 80 } else { 8 };
        let group = Group {
            count,
            created: count,
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

/// Runs gotrace-diff, below GNU time where that is there.
fn timed(folder: &Path, what: &str, args: &[&str]) {
    const TIME: &str = "/usr/bin/time";
    let mut command = match Path::new(TIME).exists() {
        true => Command::new(TIME),
        false => Command::new(env!("CARGO_BIN_EXE_gotrace-diff")),
    };
    if Path::new(TIME).exists() {
        command.args(["-f", "%U s + %S s of processor time, peak %M KiB", env!("CARGO_BIN_EXE_gotrace-diff")]);
    }
    let began = Instant::now();
    let output = command.current_dir(folder).args(args).output().expect("the binary runs");
    let took = began.elapsed().as_secs_f64();
    let lines = |bytes: &[u8]| String::from_utf8_lossy(bytes).lines().map(str::to_owned).collect::<Vec<_>>();
    let first = lines(&output.stdout).into_iter().next().unwrap_or_default();
    let spent = lines(&output.stderr).pop().unwrap_or_default();
    println!("{what}: {took:.1} s, {spent}; status {:?}: {first}", output.status.code());
}

fn size(folder: &Path, start: &str) -> u64 {
    let files = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let ours = files.filter(|e| e.file_name().to_string_lossy().starts_with(start));
    ours.filter_map(|e| e.metadata().ok()).map(|m| m.len()).sum::<u64>() / 1_000_000
}

fn main() {
    let mut sizes = std::env::args().skip(1).filter_map(|a| a.parse().ok());
    let (shards, subjects) = (sizes.next().unwrap_or(1000), sizes.next().unwrap_or(1000));
    let folder = tempfile::tempdir().expect("a folder");
    let write = |name: String, text: String| std::fs::write(folder.path().join(name), text).expect("written");
    for shard in 0..shards {
        let (base, head) = (run(shard, subjects, false), run(shard, subjects, true));
        write(format!("summary-base.{shard}.json"), serde_json::to_string(&base).expect("JSON"));
        write(format!("summary-head.{shard}.json"), serde_json::to_string(&head).expect("JSON"));
        let side = |run: &Summary| gotrace_diff::compare::Side::new(std::slice::from_ref(run), None);
        let sides = gotrace_diff::sides::Sides { base: side(&base), head: side(&head), ..Default::default() };
        // In the order in which a report is written.
        let result = format!(
            r#"{{"schema":"{}","verdict":"pass","headline":"pass","compared":{},"sides":{}}}"#,
            gotrace_diff::report::model::SCHEMA,
            serde_json::json!({"series": 1, "gated": 1, "subjects": 1, "packages": []}),
            gotrace_diff::sides::write(&sides, false).expect("JSON").json(),
        );
        write(format!("result.{shard}.json"), result);
    }
    println!(
        "{shards} shards of {subjects} subjects: {} MB of summaries of a side, {} MB of results",
        size(folder.path(), "summary-base"),
        size(folder.path(), "result")
    );
    timed(folder.path(), "summaries, added up", &["merge", "summary-base.*.json"]);
    let sides = ["merge", "--base", "summary-base.*.json", "--head", "summary-head.*.json"];
    timed(folder.path(), "summaries, compared", &sides);
    timed(folder.path(), "results", &["merge", "result.*.json"]);
}
