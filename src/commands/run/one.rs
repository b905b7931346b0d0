//! One run: a test binary in a process of its own, in its package's folder, its trace and what its tests said.
//!
//! ```text
//!   binary ─┬─ stdout, stderr ──▶ go tool test2json ──▶ NAME.json   which tests ran, when, and which failed
//!           └─ trace ───────────────────────────────▶ NAME.out
//! ```

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde::Deserialize;

use super::process;
use crate::error::Error;

/// What does not change from run to run.
#[derive(Clone, Debug)]
pub(super) struct How {
    /// Flags of the test binary.
    pub(super) test: Vec<String>,
    /// What follows them.
    pub(super) args: Vec<String>,
    /// The user's own `-skip`.
    pub(super) skip: Option<String>,
    /// How long a run may take; the test binary is told a little less, so that it can say where it hangs.
    pub(super) timeout: Option<Duration>,
    /// The environment variable that benchmarks take the path of their trace from, where they start the tracer.
    pub(super) self_traced: Option<String>,
    /// The program that makes JSON of what tests say: `go tool test2json`, or where it lies.
    pub(super) test2json: Vec<String>,
}

/// What became of a run.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    /// Top-level tests that failed.
    pub(super) failed: BTreeSet<String>,
    /// Top-level tests that passed.
    pub(super) passed: BTreeSet<String>,
    /// Whether the process ended by itself, with 0.
    pub(super) ok: bool,
    /// Whether it was killed for taking too long.
    pub(super) late: bool,
    /// How long the process took.
    pub(super) wall: Duration,
    /// The end of what it said.
    pub(super) said: String,
}

/// A line of test2json.
#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct Line {
    action: String,
    test: Option<String>,
    output: Option<String>,
}

/// How `go tool test2json` is started: the tool itself, since `go tool` costs more than the test in many a run.
pub(super) fn test2json(folder: &Path) -> Vec<String> {
    let path = process::ask("go", &["tool", "-n", "test2json"], folder).ok().filter(|s| s.ok).map(|s| s.out);
    match path.map(|p| p.trim().to_owned()).filter(|p| Path::new(p).is_file()) {
        Some(path) => vec![path],
        None => ["go", "tool", "test2json"].map(str::to_owned).into(),
    }
}

/// Runs `binary` in `folder`. The trace goes to `trace`, where one is asked for; what tests said goes to `json`.
pub(super) fn run(
    how: &How,
    (binary, folder, package): (&Path, &Path, &str),
    skip: &BTreeSet<String>,
    trace: Option<&Path>,
    json: &Path,
) -> Result<Outcome, Error> {
    process::go_on()?;
    let failed = |what: &Path| {
        let file = what.display().to_string();
        move |source: std::io::Error| Error::Write { file, source }
    };
    let out = std::fs::File::create(json).map_err(failed(json))?;
    let (reader, writer) = std::io::pipe().map_err(failed(json))?;
    let mut reporter = Command::new(&how.test2json[0]);
    reporter.args(&how.test2json[1..]).args(["-t", "-p", package]).stdin(reader).stdout(out).stderr(Stdio::null());
    let mut reporter = process::grouped(&mut reporter).spawn().map_err(|source| Error::Program {
        program: "go tool test2json".to_owned(),
        message: source.to_string(),
        output: String::new(),
    })?;
    let mut command = Command::new(binary);
    command.args(arguments(how, skip, trace));
    if let (Some(variable), Some(trace)) = (&how.self_traced, trace) {
        command.env(variable, trace);
    }
    let same = writer.try_clone().map_err(failed(json))?;
    command.current_dir(folder).env("PWD", folder).stdin(Stdio::null()).stdout(same).stderr(writer);
    let begin = Instant::now();
    let started = process::grouped(&mut command).spawn();
    // The command keeps ends of the pipe: without them test2json ends when the binary does.
    drop(command);
    let waited = match started {
        Ok(mut child) => process::wait(&mut child, how.timeout.map(|t| t + GRACE)),
        Err(source) => Err(Error::Read { file: binary.display().to_string(), source }),
    };
    let wall = begin.elapsed();
    // A grandchild that outlives the tests keeps the pipe open: it is not waited for.
    let told = process::wait(&mut reporter, Some(GRACE));
    let status = waited?;
    told?;
    let mut outcome =
        Outcome { ok: status.is_some_and(|s| s.success()), late: status.is_none(), wall, ..Outcome::default() };
    let text = std::fs::read_to_string(json).unwrap_or_default();
    let lines: Vec<Line> = text.lines().filter_map(|l| serde_json::from_str(l).ok()).collect();
    let mut running = BTreeSet::new();
    for line in &lines {
        let Some(test) = line.test.as_deref() else { continue };
        let top = test.split('/').next().unwrap_or(test).to_owned();
        match line.action.as_str() {
            "run" if test == top => drop(running.insert(top)),
            "fail" => drop(outcome.failed.insert(top)),
            "pass" if test == top => {
                running.remove(&top);
                outcome.passed.insert(top);
            }
            "skip" if test == top => drop(running.remove(&top)),
            _ => {}
        }
    }
    if !outcome.ok && outcome.failed.is_empty() {
        // It died or hung in what was running then.
        outcome.failed = running;
    }
    let said: String = lines.iter().filter_map(|l| l.output.as_deref()).collect();
    outcome.said = process::last_lines(&said);
    Ok(outcome)
}

/// What a run may take beyond its time, to say where it hangs.
const GRACE: Duration = Duration::from_secs(20);

fn arguments(how: &How, skip: &BTreeSet<String>, trace: Option<&Path>) -> Vec<String> {
    let mut args = vec!["-test.paniconexit0".to_owned(), "-test.v=test2json".to_owned()];
    if how.self_traced.is_none()
        && let Some(trace) = trace
    {
        args.push(format!("-test.trace={}", trace.display()));
    }
    if let Some(timeout) = how.timeout.filter(|_| !how.test.iter().any(|f| f.starts_with("-test.timeout="))) {
        args.push(format!("-test.timeout={}s", timeout.as_secs()));
    }
    args.extend(how.test.iter().cloned());
    // A bar between whole patterns is understood since Go 1.20, which also brought -skip.
    let names = skip.iter().map(|t| format!("^{t}$"));
    let patterns: Vec<String> = how.skip.iter().cloned().chain(names).collect();
    if !patterns.is_empty() {
        args.push(format!("-test.skip={}", patterns.join("|")));
    }
    args.extend(how.args.iter().cloned());
    args
}

/// Where the files of one run go.
#[derive(Clone, Debug)]
pub(super) struct Place {
    pub(super) trace: PathBuf,
    pub(super) json: PathBuf,
}

impl Place {
    /// In `folder`, called `name`.
    pub(super) fn new(folder: &Path, name: &str) -> Place {
        Place { trace: folder.join(format!("{name}.out")), json: folder.join(format!("{name}.json")) }
    }

    /// Takes the files away.
    pub(super) fn remove(&self) {
        let _ = std::fs::remove_file(&self.trace);
        let _ = std::fs::remove_file(&self.json);
    }
}
