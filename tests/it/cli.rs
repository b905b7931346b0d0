//! The command line: exit statuses, inputs, errors, outputs.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use gotrace_diff::summary::Summary;

use crate::compare_make::{group, run, with};
use crate::data;

/// Runs the command in `folder`.
pub(crate) fn cli(folder: &Path, args: &[&str]) -> Output {
    command(folder, args).output().unwrap()
}

fn command(folder: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_gotrace-diff"));
    command.current_dir(folder).args(args).env_remove("GITHUB_ACTIONS").env("COLUMNS", "100");
    command
}

/// Standard output as text.
pub(crate) fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn err(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// Standard output as JSON.
pub(crate) fn json(output: &Output) -> serde_json::Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|e| panic!("{e}: {}", out(output)))
}

/// Writes a summary.
pub(crate) fn write(folder: &Path, name: &str, summary: &Summary) {
    std::fs::write(folder.join(name), serde_json::to_string(summary).unwrap()).unwrap();
}

/// A folder with runs of 10, 12 and 400 goroutines.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for n in [10, 12, 400] {
        write(folder.path(), &format!("{n}.json"), &with("example.com/shop.work", group(n, 1000)));
    }
    let mut partial = with("example.com/shop.work", group(10, 1000));
    partial.complete = false;
    write(folder.path(), "partial.json", &partial);
    write(folder.path(), "other.json", &Summary { package: Some("example.com/other".to_owned()), ..run() });
    let mut stranger = with("example.com/other.work", group(3, 1000));
    stranger.goroutines.remove("testing.tRunner");
    write(folder.path(), "stranger.json", &stranger);
    let mut known = with("example.com/shop.work", group(10, 1000));
    known.goroutines.remove("testing.tRunner");
    write(folder.path(), "known.json", &known);
    folder
}

#[test]
fn exit_statuses_are_what_the_documentation_says() {
    let folder = folder();
    for (args, want) in [
        (&["10.json", "10.json"][..], 0),
        (&["10.json", "12.json"], 0),
        (&["10.json", "12.json", "--on-inconclusive", "fail"], 3),
        (&["10.json", "400.json"], 1),
        (&["10.json", "400.json", "--format", "json"], 1),
        (&["10.json", "partial.json"], 3),
        (&["partial.json", "400.json"], 1),
        (&["10.json", "missing.json"], 2),
        (&["known.json", "stranger.json"], 2),
        (&["10.json"], 2),
        (&[], 2),
        (&["--no-such-flag"], 2),
        (&["10.json", "12.json", "400.json"], 2),
        (&["-", "-"], 2),
        (&["check", "10.json"], 2),
        (&["--help"], 0),
        (&["--version"], 0),
        (&["--list-metrics"], 0),
        (&["--explain", "exec_ns"], 0),
        (&["--explain", "no_such_metric"], 2),
        (&["10.json", "12.json", "--max-increase", "50%"], 0),
        (&["10.json", "12.json", "--max-increase", "10"], 2),
        (&["10.json", "12.json", "--hard-limit", "15%"], 1),
        (&["summarize", "10.json"], 0),
        (&["summarize", "missing.out"], 2),
        (&["baseline", "create", "partial.json"], 2),
    ] {
        let got = cli(folder.path(), args);
        assert_eq!(got.status.code(), Some(want), "{args:?}: {} {}", out(&got), err(&got));
    }
}

#[test]
fn errors_are_json_where_json_is_asked_for() {
    let folder = folder();
    std::fs::write(folder.path().join("cut.out"), b"go 1.26 tr").unwrap();
    for (args, kind) in [
        (&["10.json", "missing.json", "--format", "json"][..], "read"),
        (&["10.json", "cut.out", "--format=json"], "truncated"),
        (&["--no-such-flag", "--format", "json"], "usage"),
        (&["check", "10.json", "--format", "json"], "missing-baseline"),
        (&["known.json", "stranger.json", "--format", "json"], "nothing-in-common"),
        (&["summarize", "missing.out", "--format", "json"], "read"),
    ] {
        let got = cli(folder.path(), args);
        let told = json(&got);
        assert_eq!(told["error"]["kind"], kind, "{args:?}: {told}");
        assert_eq!(told["exit_code"], 2, "{args:?}");
        assert!(told["error"]["message"].as_str().is_some_and(|m| !m.is_empty()));
    }
    let told = json(&cli(folder.path(), &["10.json", "cut.out", "--format", "json"]));
    assert_eq!(told["error"]["file"], "cut.out");
    assert!(told["error"]["offset"].is_u64());
}

#[test]
fn a_folder_is_read_by_content() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path();
    for side in ["base", "head"] {
        std::fs::create_dir_all(dir.join(side).join("below")).unwrap();
        std::fs::write(dir.join(side).join("below/x.bin"), data::trace("go1.26.6/test")).unwrap();
        std::fs::write(dir.join(side).join("notes.txt"), "go home").unwrap();
        std::fs::write(dir.join(side).join("x.json"), "{\"Action\":\"run\"}").unwrap();
        std::fs::write(dir.join(side).join("cover.out"), "mode: set\n").unwrap();
    }
    let got = cli(dir, &["base", "head", "--format", "json"]);
    let report = json(&got);
    assert_eq!(got.status.code(), Some(0), "{report}");
    assert_eq!(report["headline"], "inconclusive: base and head are the same runs");
    let skipped =
        report["not_compared"].as_array().unwrap().iter().find(|n| n["why"] == "neither traces nor summaries");
    assert_eq!(skipped.map(|n| n["count"].clone()), Some(4.into()));
    // A run that crashed leaves an empty file: it must not be overlooked.
    std::fs::write(dir.join("head/crashed.out"), "").unwrap();
    assert_eq!(cli(dir, &["base", "head"]).status.code(), Some(2));
}

#[test]
fn a_summary_that_died_or_was_written_anew_is_not_passed_over() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path();
    for side in ["base", "head"] {
        std::fs::create_dir_all(dir.join(side)).unwrap();
        for (i, ns) in [(1, 1000), (2, 1100)] {
            let mut summary = with("example.com/shop.work", group(20, ns));
            summary.start_ns = i;
            write(&dir.join(side), &format!("{i}.json"), &summary);
        }
        std::fs::write(dir.join(side).join("run.out"), data::trace("go1.26.6/test")).unwrap();
    }
    let second = dir.join("head/2.json");
    let whole = std::fs::read(&second).unwrap();
    let utf16: Vec<u8> = [0xff, 0xfe].into_iter().chain(whole.iter().flat_map(|&b| [b, 0])).collect();
    let broken =
        [("empty", vec![]), ("zeros", vec![0; 100]), ("a byte", whole[..1].to_vec()), ("cut", whole[..20].to_vec())];
    let broken: Vec<_> =
        broken.into_iter().chain([("cut late", whole[..whole.len() - 3].to_vec()), ("UTF-16", utf16)]).collect();
    // A log that is called like a trace has not printed it.
    for beside in ["", "log"] {
        if !beside.is_empty() {
            std::fs::write(dir.join("head/2.out"), beside).unwrap();
        }
        for (what, bytes) in &broken {
            std::fs::write(&second, bytes).unwrap();
            let got = cli(dir, &["base", "head"]);
            assert_eq!(got.status.code(), Some(2), "{what}, {beside}: {}", out(&got));
            assert!(err(&got).contains("2.json"), "{what}, {beside}: {}", err(&got));
        }
    }
    std::fs::remove_file(dir.join("head/2.out")).unwrap();
    // With sorted keys and spaces what says whose it is stands far behind.
    let sorted: serde_json::Value = serde_json::from_slice(&whole).unwrap();
    let text = format!("{{{}{}", " ".repeat(5000), &sorted.to_string()[1..]);
    std::fs::write(&second, text).unwrap();
    // What a run printed need not be anything, and other JSON is none of ours.
    std::fs::write(dir.join("head/run.json"), "").unwrap();
    std::fs::write(dir.join("head/other.json"), "{\"name\": \"shop\"}").unwrap();
    let got = cli(dir, &["base", "head", "--format", "json"]);
    let report = json(&got);
    assert_eq!(got.status.code(), Some(0), "{report}");
    assert_eq!(report["runs"]["head"]["example.com/shop"].as_array().unwrap().len(), 2);
    // A packed trace is one whatever it is called.
    let mut gzip =
        flate2::write::GzEncoder::new(std::fs::File::create(dir.join("head/x.json")).unwrap(), Default::default());
    gzip.write_all(&data::trace("go1.26.6/test")[..20_000]).unwrap();
    gzip.finish().unwrap();
    let got = cli(dir, &["base", "head"]);
    assert!(got.status.code() == Some(2) && err(&got).contains("x.json"), "cut: {}", err(&got));
}

#[test]
fn globs_and_repeated_flags_give_several_runs_a_side() {
    let folder = tempfile::tempdir().unwrap();
    for (i, ns) in [1000, 1100, 1200].into_iter().enumerate() {
        for (side, n) in [("base", 20), ("head", 22)] {
            let mut summary = with("example.com/shop.work", group(n, ns));
            summary.start_ns = i64::try_from(i).unwrap();
            write(folder.path(), &format!("{side}.{i}.json"), &summary);
        }
    }
    let quoted = cli(folder.path(), &["base.*.json", "head.*.json", "--format", "json"]);
    assert_eq!(quoted.status.code(), Some(1), "{}", out(&quoted));
    let expanded = ["--base", "base.0.json", "base.1.json", "base.2.json", "--head", "head.?.json", "--format", "json"];
    assert_eq!(json(&cli(folder.path(), &expanded)), json(&quoted));
    assert_eq!(cli(folder.path(), &["nothing*.json", "head.*.json"]).status.code(), Some(2));
}

#[test]
fn the_same_run_given_twice_counts_once() {
    let folder = folder();
    std::fs::copy(folder.path().join("10.json"), folder.path().join("again.json")).unwrap();
    let args = ["--base", "10.json", "again.json", "10.json", "--head", "12.json", "--format", "json"];
    let report = json(&cli(folder.path(), &args));
    assert_eq!(report["runs"]["base"]["example.com/shop"].as_array().unwrap().len(), 1);
    assert!(report["warnings"][0].as_str().unwrap().contains("counted once"), "{report}");
}

#[test]
fn what_is_called_like_a_trace_and_is_none_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path();
    std::fs::create_dir_all(dir.join("head")).unwrap();
    for name in ["base.out", "head/run.out"] {
        std::fs::write(dir.join(name), data::trace("go1.26.6/test")).unwrap();
    }
    std::fs::write(dir.join("head/a.out"), "<html>404</html>").unwrap();
    std::fs::write(dir.join("head/b.trace"), &data::trace("go1.26.6/test")[1..]).unwrap();
    std::fs::write(dir.join("head/c.out.zst"), b"PK\x03\x04").unwrap();
    std::fs::write(dir.join("head/notes.txt"), "go home").unwrap();
    let warnings = || {
        let got = cli(dir, &["base.out", "head", "--format", "json"]);
        assert_eq!(got.status.code(), Some(0), "{}", err(&got));
        json(&got)["warnings"].as_array().unwrap().iter().map(|w| w.as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let said = |warnings: &[String]| warnings.iter().find(|w| w.starts_with("called like traces")).cloned().unwrap();
    assert_eq!(
        said(&warnings()),
        "called like traces, and passed over: head/a.out (HTML), head/b.trace (a trace whose beginning is broken), \
         head/c.out.zst (a ZIP archive)"
    );
    for i in 0..4 {
        std::fs::write(dir.join(format!("head/d{i}.out")), "x").unwrap();
    }
    let warnings = said(&warnings());
    assert!(warnings.ends_with("head/d0.out (text), head/d1.out (text), and 2 more"), "{warnings}");
}

#[cfg(unix)]
#[test]
fn a_log_without_its_trace_is_named() {
    let folder = folder();
    let dir = folder.path();
    for name in ["a", "b"] {
        std::fs::create_dir(dir.join(name)).unwrap();
        std::fs::copy(dir.join("10.json"), dir.join(name).join("run.json")).unwrap();
    }
    let event = |action: &str| format!("{{\"Action\":\"start\"}}\n{{\"Action\":\"{action}\",\"Elapsed\":1}}\n");
    // A trace of its name is there, or what was made of it.
    std::fs::write(dir.join("b/3.summary.json"), std::fs::read(dir.join("12.json")).unwrap()).unwrap();
    std::fs::write(dir.join("b/3.json"), event("fail")).unwrap();
    let warned = |more: &[&str]| {
        let got = cli(dir, &[&["a", "b", "--format", "json"], more].concat());
        json(&got)["warnings"].as_array().unwrap().iter().find(|w| w.to_string().contains("go test printed")).cloned()
    };
    assert_eq!(warned(&[]), None);
    std::fs::write(dir.join("b/4.json"), event("pass")).unwrap();
    std::fs::write(dir.join("b/5.json"), event("fail")).unwrap();
    let said = warned(&[]).expect("it is named").to_string();
    assert!(said.contains("b/5.json (the run failed), b/4.json"), "{said}");
    for i in 10..20 {
        std::fs::write(dir.join(format!("b/{i}.json")), event("pass")).unwrap();
    }
    let said = warned(&[]).expect("they are named").to_string();
    assert!(said.ends_with("and 7 more\""), "{said}");
    // By a glob as well.
    let got = cli(dir, &["--base", "a/*", "--head", "b/*", "--format", "json"]);
    assert!(json(&got)["warnings"].to_string().contains("b/5.json (the run failed)"), "{got:?}");
}

#[test]
fn a_link_to_a_folder_that_a_glob_means_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path();
    std::fs::create_dir_all(dir.join("elsewhere")).unwrap();
    for name in ["base.out", "head1.out", "elsewhere/run.out"] {
        std::fs::write(dir.join(name), data::trace("go1.26.6/test")).unwrap();
    }
    std::os::unix::fs::symlink("elsewhere", dir.join("head2")).unwrap();
    let told = json(&cli(dir, &["--base", "base.out", "--head", "head*", "--format", "json"]));
    let warnings = told["warnings"].to_string();
    assert!(warnings.contains("links to folders, which are not followed: head2"), "{told}");
}

#[test]
fn a_trace_counts_once_whatever_lies_beside_its_copies() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path();
    let facts = |name: &str| format!("{{\"schema\":\"gotrace-diff/environment/1\",\"facts\":{{\"gogc\":{name:?}}}}}");
    std::fs::create_dir_all(dir.join("runs/elsewhere")).unwrap();
    for name in ["a.out", "z.out", "elsewhere/c.out"] {
        std::fs::write(dir.join("runs").join(name), data::trace("go1.26.6/test")).unwrap();
    }
    // Of three copies the last has names, and another says where it was recorded.
    std::fs::write(dir.join("runs/z.json"), data::read("traces/go1.26.6/test.json")).unwrap();
    std::fs::write(dir.join("runs/elsewhere/gotrace-environment.json"), facts("50")).unwrap();
    let told = json(&cli(dir, &["--base", "runs", "--head", "runs/z.out", "--format", "json"]));
    let runs = |told: &serde_json::Value| {
        let sides = told["runs"]["base"].as_object().unwrap();
        sides.iter().map(|(package, runs)| (package.clone(), runs.as_array().unwrap().len())).collect::<Vec<_>>()
    };
    let [(package, 1)] = &runs(&told)[..] else { panic!("{told}") };
    assert_eq!(told["runs"]["head"][package].as_array().map(Vec::len), Some(1), "the names are kept: {told}");
    let warnings = told["warnings"].to_string();
    assert_eq!(warnings.matches("runs/z.out, counted once").count(), 2, "{warnings}");
    // What says that they are two is believed.
    std::fs::write(dir.join("runs/gotrace-environment.json"), facts("100")).unwrap();
    let told = json(&cli(dir, &["--base", "runs", "--head", "runs/z.out", "--format", "json"]));
    assert_eq!(runs(&told).iter().map(|(_, runs)| runs).sum::<usize>(), 2, "{told}");
    // A third one is one of the two, whichever comes first.
    std::fs::create_dir(dir.join("runs/third")).unwrap();
    std::fs::copy(dir.join("runs/a.out"), dir.join("runs/third/b.out")).unwrap();
    std::fs::write(dir.join("runs/third/gotrace-environment.json"), facts("50")).unwrap();
    let told = json(&cli(dir, &["--base", "runs", "--head", "runs/z.out", "--format", "json"]));
    assert_eq!(runs(&told).iter().map(|(_, runs)| runs).sum::<usize>(), 2, "{told}");
}

#[test]
fn standard_input_is_a_side() {
    let trace = data::trace("go1.26.6/test");
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("head.out"), &trace).unwrap();
    let mut child =
        command(folder.path(), &["-", "head.out"]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(&trace).unwrap();
    let got = child.wait_with_output().unwrap();
    assert_eq!(got.status.code(), Some(0));
    assert!(out(&got).starts_with("inconclusive: base and head are the same runs"), "{}", out(&got));
}

#[test]
fn what_is_no_regular_file_is_refused() {
    let folder = folder();
    let got = cli(folder.path(), &["10.json", "/dev/zero"]);
    assert_eq!(got.status.code(), Some(2));
    assert!(err(&got).contains("no regular file"), "{}", err(&got));
}

#[test]
fn reports_are_written_whole_and_never_through_a_link() {
    let folder = folder();
    let dir = folder.path();
    let got = cli(dir, &["10.json", "400.json", "--output", "json=r.json", "--output", "text=r.txt"]);
    assert_eq!(got.status.code(), Some(1));
    let report: serde_json::Value = serde_json::from_slice(&std::fs::read(dir.join("r.json")).unwrap()).unwrap();
    assert_eq!(report["exit_code"], 1);
    let text = std::fs::read_to_string(dir.join("r.txt")).unwrap();
    assert!(text.starts_with("regression: ") && !text.contains('\u{1b}'), "{text}");
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink(dir.join("10.json"), dir.join("link.json")).unwrap();
        assert_eq!(cli(dir, &["10.json", "400.json", "--output", "json=link.json"]).status.code(), Some(2));
    }
    assert_eq!(cli(dir, &["10.json", "400.json", "--output", "json=10.json/r.json"]).status.code(), Some(2));
    // Folders are made.
    assert_eq!(cli(dir, &["10.json", "400.json", "--output", "json=no/such/r.json"]).status.code(), Some(1));
    assert!(dir.join("no/such/r.json").is_file());
    assert!(!std::fs::read_dir(dir).unwrap().flatten().any(|e| e.file_name().to_string_lossy().ends_with(".tmp")));
}

#[test]
fn a_reader_that_goes_away_changes_no_exit_status() {
    let folder = folder();
    let mut child = command(folder.path(), &["10.json", "400.json", "--all"]).stdout(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    assert_eq!(child.wait().unwrap().code(), Some(1));
}

#[test]
fn names_cannot_speak_to_the_terminal_or_to_a_ci_system() {
    let folder = tempfile::tempdir().unwrap();
    let name = "example.com/shop.\u{1b}]0;x\u{7}\u{202e}##[error]f\n::error::g";
    write(folder.path(), "base.json", &with(name, group(10, 1000)));
    write(folder.path(), "head.json", &with(name, group(400, 1000)));
    let got =
        command(folder.path(), &["base.json", "head.json", "--all"]).env("GITHUB_ACTIONS", "true").output().unwrap();
    let text = out(&got);
    assert!(!text.contains(['\u{1b}', '\u{7}', '\u{202e}']), "{text:?}");
    assert!(!text.contains("##[") && !text.lines().any(|l| l.trim_start().starts_with("::")), "{text}");
    let got = cli(folder.path(), &["\u{1b}[31m.out", "head.json"]);
    assert!(!err(&got).contains('\u{1b}'), "{}", err(&got));
}

#[test]
fn colours_are_for_terminals() {
    let folder = folder();
    assert!(!out(&cli(folder.path(), &["10.json", "400.json"])).contains('\u{1b}'));
    assert!(out(&cli(folder.path(), &["10.json", "400.json", "--color", "always"])).contains('\u{1b}'));
}

#[test]
fn summaries_of_traces_can_be_handed_on() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path();
    for name in ["a", "b"] {
        std::fs::write(
            dir.join(format!("{name}.out")),
            data::read(&format!("regressions/pool/{}.out", if name == "a" { "base" } else { "head" })),
        )
        .unwrap();
        std::fs::write(
            dir.join(format!("{name}.json")),
            cli(dir, &["summarize", "--format", "json", &format!("{name}.out")]).stdout,
        )
        .unwrap();
    }
    let direct = json(&cli(dir, &["a.out", "b.out", "--format", "json"]));
    assert_eq!(json(&cli(dir, &["a.json", "b.json", "--format", "json"])), direct);
    let both = json(&cli(dir, &["summarize", "--format", "json", "a.out", "b.out"]));
    assert_eq!(both["runs"].as_array().unwrap().len(), 2);
    assert_eq!(both["schema"], "gotrace-diff/runs/1");
}

#[test]
fn an_error_of_a_subcommand_names_its_help() {
    for (args, want) in [
        (&["10.json"][..], "see gotrace-diff --help"),
        (&["explain", "work", "10.json"], "see gotrace-diff explain --help"),
        (&["baseline", "accept", "nothing", "--reason", "x"], "see gotrace-diff baseline accept --help"),
    ] {
        let folder = folder();
        let said = err(&cli(folder.path(), args));
        assert!(said.contains(want), "{args:?}: {said}");
    }
}

#[test]
fn what_ends_early_because_of_a_panic_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let whole = data::read("regressions/leak/head.out");
    std::fs::write(folder.path().join("run.out"), &whole[..whole.len() - 7]).unwrap();
    for (output, want) in [
        ("{\"Action\":\"output\",\"Output\":\"panic: boom\\n\"}\n", true),
        ("=== RUN TestX\npanic: boom\n", true),
        ("{\"Action\":\"output\",\"Output\":\"don't panic: boom\\n\"}\n", false),
    ] {
        std::fs::write(folder.path().join("run.json"), output).unwrap();
        let said = err(&cli(folder.path(), &["summarize", "run.out"]));
        assert!(said.contains("truncated") && said.contains("run.json beside it has: panic: boom") == want, "{said}");
    }
}
