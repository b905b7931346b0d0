//! Interrupted in the middle, or kept from writing: no half-written file, nothing left behind, the right exit status.
#![cfg(unix)]

use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use crate::cli::cli;
use crate::data;

const BINARY: &str = env!("CARGO_BIN_EXE_gotrace-diff");

/// A folder with the runs of both sides and a baseline of before.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("base.out"), data::trace("go1.27.3/test")).unwrap();
    std::fs::write(folder.path().join("head.out"), data::trace("go1.27.3/leak")).unwrap();
    std::fs::write(folder.path().join("old.json"), "what was there").unwrap();
    folder
}

/// What is in a folder, sorted.
fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap().flatten();
    let mut names: Vec<String> = entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

/// Runs the command in a shell that first does `before`.
fn behind(folder: &Path, before: &str, args: &[&str]) -> Output {
    let script = format!("{before}; exec \"$@\"");
    Command::new("sh").args(["-c", &script, "sh", BINARY]).args(args).current_dir(folder).output().unwrap()
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

#[test]
fn a_full_disk_leaves_what_was_there_and_no_half_of_anything() {
    let folder = folder();
    let dir = folder.path();
    let before = names(dir);
    // The system refuses to let a file grow beyond a block, as it refuses when a disk is full.
    let full = "trap '' XFSZ; ulimit -f 1";
    for args in [
        &["baseline", "create", "-o", "old.json", "base.out"][..],
        &["baseline", "create", "-o", "new.json", "base.out"],
        &["base.out", "head.out", "--output", "html=new.html", "--output", "junit=new.xml"],
        &["base.out", "head.out", "--output", "json=old.json"],
    ] {
        let output = behind(dir, full, args);
        assert_eq!(output.status.code(), Some(2), "{args:?}: {}", text(&output));
        assert!(text(&output).contains("too large"), "{args:?}: {}", text(&output));
        assert_eq!(names(dir), before, "{args:?}");
        // A report of before says nothing any more, and gives way to the error.
        let (left, is_report) =
            (std::fs::read_to_string(dir.join("old.json")).unwrap(), args.contains(&"json=old.json"));
        assert!(
            if is_report { left.contains("gotrace-diff/error/1") } else { left == "what was there" },
            "{args:?}: {left}"
        );
    }
}

#[test]
#[cfg(target_os = "linux")]
fn a_verdict_that_cannot_be_printed_is_an_error() {
    let folder = folder();
    for args in [
        &["base.out", "base.out"][..],
        &["summarize", "base.out"],
        &["baseline", "create", "-o", "-", "base.out"],
        &["--list-metrics"],
        &["schema"],
    ] {
        let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        let mut command = Command::new(BINARY);
        let output =
            command.args(args).current_dir(folder.path()).stdout(full).stderr(Stdio::piped()).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{args:?}: {}", text(&output));
        assert!(text(&output).contains("standard output"), "{args:?}: {}", text(&output));
    }
}

#[test]
fn a_reader_that_goes_away_changes_no_verdict() {
    let folder = folder();
    for args in [
        &["base.out", "head.out", "--format", "json"][..],
        &["base.out", "head.out"],
        &["summarize", "base.out", "--format", "json"],
        &["baseline", "create", "-o", "-", "base.out"],
        &["--list-metrics"],
        &["--help"],
        &["base.out", "missing.out", "--format", "json"],
    ] {
        let want = cli(folder.path(), args).status.code();
        let mut command = Command::new(BINARY);
        command.args(args).current_dir(folder.path()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        // Nobody ever reads.
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), want, "{args:?}: {}", text(&output));
        let closed = behind(folder.path(), "exec >&- 2>&-", args);
        assert!(matches!(closed.status.code(), Some(0..=3)), "{args:?} with closed streams: {:?}", closed.status);
    }
}

#[test]
fn a_folder_that_cannot_be_written_is_an_error_that_names_it() {
    let folder = folder();
    let dir = folder.path();
    let locked = dir.join("locked");
    std::fs::create_dir(&locked).unwrap();
    std::fs::set_permissions(&locked, std::fs::Permissions::from_mode(0o555)).unwrap();
    let mut places = vec!["base.out/new.json"];
    // Root may write anywhere but where the kernel itself says no.
    if std::fs::write(locked.join("probe"), "").is_ok() {
        std::fs::remove_file(locked.join("probe")).unwrap();
    } else {
        places.push("locked/new.json");
    }
    if cfg!(target_os = "linux") {
        places.push("/proc/new.json");
    }
    let before = names(dir);
    for place in places {
        for args in [
            &["baseline", "create", "-o", place, "base.out"][..],
            &["base.out", "head.out", "--output", &format!("json={place}")],
        ] {
            let output = cli(dir, args);
            assert_eq!(output.status.code(), Some(2), "{args:?}: {}", text(&output));
            assert!(text(&output).contains(place), "{args:?}: {}", text(&output));
        }
    }
    assert_eq!((names(dir), names(&locked)), (before, Vec::new()));
}

#[test]
fn nothing_is_written_through_a_symbolic_link_or_over_what_is_no_file() {
    let folder = folder();
    let dir = folder.path();
    std::os::unix::fs::symlink("old.json", dir.join("link.json")).unwrap();
    std::os::unix::fs::symlink("nothing.json", dir.join("dangling.json")).unwrap();
    assert!(Command::new("mkfifo").arg(dir.join("pipe.json")).status().unwrap().success());
    std::fs::create_dir(dir.join("folder.json")).unwrap();
    let before = names(dir);
    for place in ["link.json", "dangling.json", "pipe.json", "folder.json"] {
        for args in [
            &["baseline", "create", "-o", place, "base.out"][..],
            &["base.out", "head.out", "--output", &format!("json={place}")],
        ] {
            let output = cli(dir, args);
            assert_eq!(output.status.code(), Some(2), "{args:?}: {}", text(&output));
        }
    }
    assert_eq!(names(dir), before);
    assert_eq!(std::fs::read_to_string(dir.join("old.json")).unwrap(), "what was there");
}

#[test]
fn a_signal_at_any_moment_leaves_the_old_file_or_the_new_one() {
    let folder = folder();
    let dir = folder.path();
    let args = ["baseline", "create", "-o", "old.json", "base.out"];
    assert_eq!(cli(dir, &args).status.code(), Some(0));
    let new = std::fs::read_to_string(dir.join("old.json")).unwrap();
    let start = std::time::Instant::now();
    assert_eq!(cli(dir, &args).status.code(), Some(0));
    let usual = start.elapsed();
    let before = names(dir);
    let mut ended = 0;
    for i in 0..60u32 {
        std::fs::write(dir.join("old.json"), "what was there").unwrap();
        let mut command = Command::new(BINARY);
        command.args(args).current_dir(dir).stdout(Stdio::null()).stderr(Stdio::null());
        let mut child = command.spawn().unwrap();
        // All over the time that it takes, and a little beyond.
        std::thread::sleep(usual.mul_f64(f64::from(i) / 50.0).max(Duration::from_millis(1)));
        let signal = ["-INT", "-TERM", "-HUP"][i as usize % 3];
        let _ = Command::new("kill").args([signal, &child.id().to_string()]).stderr(Stdio::null()).status();
        let status = child.wait().unwrap();
        let left = std::fs::read_to_string(dir.join("old.json")).unwrap();
        assert!(left == new || left == "what was there", "{signal}: {} bytes are left", left.len());
        assert_eq!(names(dir), before, "{signal}");
        // Ended by the signal, or told that it was interrupted, or done before.
        match (status.signal(), status.code()) {
            (Some(1 | 2 | 15), _) => {
                assert_eq!(left, "what was there", "{signal}: ended by it, with the file written");
                ended += 1;
            }
            (_, Some(2)) => ended += 1,
            (_, Some(0)) => assert_eq!(left, new),
            _ => panic!("{signal}: {status:?}"),
        }
    }
    assert!(ended > 0, "no signal came in time");
}

/// The files of a folder and of its folders, with what is in them.
fn contents(folder: &Path) -> std::collections::BTreeMap<String, Vec<u8>> {
    let mut all = std::collections::BTreeMap::new();
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if entry.path().is_dir() {
            all.extend(contents(&entry.path()).into_iter().map(|(below, bytes)| (format!("{name}/{below}"), bytes)));
        } else {
            all.insert(name, std::fs::read(entry.path()).unwrap());
        }
    }
    all
}

#[test]
fn whatever_a_command_writes_a_signal_leaves_each_file_whole_or_not_there() {
    for args in [
        &["base.out", "head.out", "--report-dir", "reports"][..],
        &["merge", "base.json", "head.json", "--output", "json=old.json"],
        &["baseline", "update", "--all", "-o", "baseline.json", "head.out"],
        &["summarize", "base.out", "head.out"],
    ] {
        let start = || {
            let folder = folder();
            for name in ["base", "head"] {
                let said = cli(folder.path(), &["summarize", &format!("{name}.out"), "--format", "json"]);
                std::fs::write(folder.path().join(format!("{name}.json")), said.stdout).unwrap();
            }
            let made = cli(folder.path(), &["baseline", "create", "-o", "baseline.json", "base.out"]);
            assert_eq!(made.status.code(), Some(0), "{}", text(&made));
            folder
        };
        let whole = start();
        let before = contents(whole.path());
        let begin = std::time::Instant::now();
        let usual_status = cli(whole.path(), args).status.code();
        let usual = begin.elapsed();
        assert!(matches!(usual_status, Some(0..=1)), "{args:?}: {usual_status:?}");
        let after = contents(whole.path());
        for i in 0..8u32 {
            let folder = start();
            let mut command = Command::new(BINARY);
            command.args(args).current_dir(folder.path()).stdout(Stdio::null()).stderr(Stdio::null());
            let mut child = command.spawn().unwrap();
            std::thread::sleep(usual.mul_f64(f64::from(i) / 7.0));
            let _ = Command::new("kill").args(["-TERM", &child.id().to_string()]).stderr(Stdio::null()).status();
            let status = child.wait().unwrap();
            let ended = status.signal() == Some(15) || status.code() == Some(2);
            assert!(ended || status.code() == usual_status, "{args:?}: {status:?}");
            for (name, bytes) in contents(folder.path()) {
                let is_error = String::from_utf8_lossy(&bytes).contains("\"kind\": \"interrupted\"");
                let known = is_error || [&before, &after].into_iter().any(|all| all.get(&name) == Some(&bytes));
                assert!(known, "{args:?}: {name}, {} bytes, is neither the old file nor the new one", bytes.len());
            }
        }
    }
}

/// The files below a folder that end like this.
fn ending(folder: &Path, end: &str) -> Vec<String> {
    contents(folder).into_keys().filter(|name| name.ends_with(end)).collect()
}

#[test]
fn recording_one_side_ends_with_a_signal_and_what_is_kept_is_whole() {
    if !crate::run::has_go("recording one side until a signal") {
        return;
    }
    let (folder, repo) = crate::run::repository();
    crate::run::git(&repo, &["status"]);
    let index = std::fs::read(repo.join(".git/index")).unwrap();
    // While it builds, while it records, and from a work tree of a commit.
    for (signal, runs, of) in [("-INT", 0, &[][..]), ("-TERM", 2, &[]), ("-HUP", 1, &["--ref", "main"])] {
        let (scratch, kept) = (folder.path().join(format!("tmp{runs}")), folder.path().join(format!("kept{runs}")));
        std::fs::create_dir(&scratch).unwrap();
        let child = Command::new(BINARY)
            .args(["record", "./catalog", "--runs=1000", "-q", "--out"])
            .arg(&kept)
            .args(of)
            .current_dir(&repo)
            .env("TMPDIR", &scratch)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let begin = std::time::Instant::now();
        let ready = || match runs {
            0 => std::fs::read_dir(&scratch).is_ok_and(|mut d| d.next().is_some()),
            n => kept.is_dir() && ending(&kept, ".out").len() >= n,
        };
        while !ready() && begin.elapsed() < Duration::from_secs(180) {
            std::thread::sleep(Duration::from_millis(10));
        }
        std::thread::sleep(Duration::from_millis(200));
        assert!(Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap().success());
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{signal}: {}", text(&output));
        assert!(text(&output).contains("interrupted"), "{signal}: {}", text(&output));
        assert_eq!(std::fs::read_dir(&scratch).unwrap().count(), 0, "{signal}: {:?}", contents(&scratch).keys());
        crate::run::is_clean(&repo, &index);
        if kept.is_dir() {
            let traces = ending(&kept, ".out");
            assert!(traces.len() >= runs, "{signal}: {traces:?}");
            for trace in traces {
                let read = cli(&kept, &["summarize", &trace]);
                assert_eq!(read.status.code(), Some(0), "{signal}: {trace}: {}", text(&read));
            }
        }
    }
}
