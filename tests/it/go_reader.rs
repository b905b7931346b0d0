//! Go's own tests of its reader, read from `GOROOT`: we yield every event where Go does, and refuse where Go refuses.

use std::ffi::OsStr;
use std::path::PathBuf;

use gotrace_diff::summarize::{Options, summarize};
use gotrace_diff::trace::TraceErrorKind as Kind;

use crate::machine::{Oracle, left_out, oracle};
use crate::{broken, figures};

fn files(oracle: &Oracle, folder: &str) -> Vec<PathBuf> {
    let folder = oracle.goroot.join("src/internal/trace").join(folder);
    let entries = std::fs::read_dir(&folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
    let mut files: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).filter(|path| path.is_file()).collect();
    files.sort();
    files
}

/// What Go's reader makes of a trace: how many events, or that it refuses.
fn parse(oracle: &Oracle, trace: &[u8]) -> Result<u64, String> {
    let file = tempfile::NamedTempFile::new().expect("a temporary file");
    std::fs::write(file.path(), trace).expect("written");
    let (out, err) = oracle.run(&[OsStr::new("-parse-only"), file.path().as_os_str()]);
    let out = String::from_utf8_lossy(&out).into_owned();
    let line = out.strip_prefix("events=").ok_or_else(|| format!("{out}{err}"))?;
    let (events, error) = line.split_once(" error=").expect("a line as the oracle prints it");
    if error.trim() == "\"\"" { Ok(events.parse().expect("a number")) } else { Err(error.to_owned()) }
}

#[test]
fn go_reader_tests_are_accepted_and_refused_as_by_go() {
    let Some(oracle) = oracle() else { return left_out("Go 1.26 or newer", "Go's own reader tests") };
    let (mut accepted, mut refused) = (0, 0);
    for file in files(oracle, "testdata/tests") {
        let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let (trace, verdict) = oracle.run(&[OsStr::new("-convert"), file.as_os_str()]);
        let ours = broken::events(&trace);
        if verdict.starts_with("SUCCESS") {
            let theirs = parse(oracle, &trace).unwrap_or_else(|e| panic!("{name}: Go says {e}"));
            assert_eq!(ours.as_ref().ok(), Some(&theirs), "{name}: {ours:?}");
            accepted += 1;
        } else {
            assert!(ours.is_err(), "{name} must be refused, and reads as {ours:?} events");
            refused += 1;
        }
    }
    assert!(accepted >= 15 && refused >= 1, "{accepted} accepted, {refused} refused");
}

#[test]
fn old_traces_of_go_read_as_by_go() {
    let Some(oracle) = oracle() else { return left_out("Go 1.26 or newer", "Go's own old traces") };
    let mut compared = 0;
    for file in files(oracle, "internal/tracev1/testdata") {
        let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let trace = std::fs::read(&file).expect("readable");
        if summarize(&name, trace.as_slice(), &Options::default()).is_err_and(|e| e.kind() == Kind::NoUserGoroutine) {
            // A test binary that ran no test while it was traced.
            assert_eq!(name, "http_1_21_good");
            continue;
        }
        let (theirs, _) = oracle.run(&[file.as_os_str()]);
        let theirs: serde_json::Value = serde_json::from_slice(&theirs).expect("the oracle prints JSON");
        let mut found = figures::differences_between(&figures::summary_of(&name, &trace), &theirs);
        figures::explain_open_syscalls(&mut found);
        // Where the clock is coarse, events of many processors tie, and Go's reader takes them from a hash table: its
        // figures differ from run to run by a few nanoseconds.
        if name.starts_with("stress") {
            found.retain(|_, (ours, theirs)| (*ours - *theirs).abs() > 16);
        }
        assert!(found.is_empty(), "{name}: (ours, Go's) {found:#?}");
        compared += 1;
    }
    assert!(compared >= 10, "{compared} traces");
}
