//! The comparison: this program once more, with what the inputs ask for. Its exit status is told as outputs; the job
//! fails in the last step only, so that summary and comment are there by then.
//!
//! It runs as a process of its own, since signals, panics and the tests' own output have to end there, and between two
//! commands that make the runner deaf: what tests print is not obeyed.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::environment::{
    hash, input, is_off, lines, one_of, path, report_folder, variable, words, working_folder, workspace,
};
use super::outputs::{Kind, Outputs, Wall, annotate, say};
use crate::commands::{DONE, documents, output};
use crate::error::{Error, exit};
use crate::report::annotations;
use crate::report::escape::term;
use crate::report::format::Format;
use crate::report::json;
use crate::report::model::{Meaning, Report, Verdict};
use crate::report::terminal::{self, Layout};

/// What the action can do.
pub(super) const MODES: [&str; 4] = ["run", "check", "compare", "merge"];
/// What fails the job.
const FAIL_ON: [&str; 3] = ["regression", "warning", "never"];
/// Why there is no report.
pub(super) const ERROR_FILE: &str = "error.json";
/// The runs as a baseline, to be committed instead of the one that they failed against.
const CANDIDATE: &str = "gotrace-baseline.candidate.json";
/// Columns of the log.
const WIDTH: usize = 120;
/// Which commits an attempt recorded.
const ATTEMPT_SCHEMA: &str = "gotrace-diff/attempt/1";
/// Attempts of one job that are looked at.
const MOST_ATTEMPTS: u32 = 20;

/// An attempt at this job: its runs are beside it as base.json and head.json.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Attempt {
    schema: String,
    run_id: String,
    base: String,
    head: String,
    /// What was asked for: runs of other tests are no more of the same.
    asked: Vec<String>,
}

pub(super) fn run() -> Result<u8, Error> {
    if let Err(error) = judge() {
        note(&error)?;
        output::fail(&error, false);
        failed(error.exit_code())?;
    }
    Ok(DONE)
}

/// Says why there will be no comparison: now, and for the steps after this one.
pub(super) fn note(error: &Error) -> Result<(), Error> {
    annotate(Kind::Error, &told(error))?;
    let (_, reports) = empty_folder()?;
    output::write_file(&reports.join(ERROR_FILE), &json::error(error)?)
}

/// The folder of the reports, without any. What is there already may be anybody's, or of an earlier attempt: it must not
/// be taken for what this one says.
pub(super) fn empty_folder() -> Result<(String, PathBuf), Error> {
    let (given, reports) = report_folder()?;
    std::fs::create_dir_all(&reports).map_err(|source| Error::Write { file: given.clone(), source })?;
    for name in Format::ALL.map(Format::file_name).into_iter().chain([ERROR_FILE, CANDIDATE]) {
        match std::fs::remove_file(reports.join(name)) {
            Err(source) if source.kind() != std::io::ErrorKind::NotFound => {
                return Err(Error::Write { file: format!("{given}/{name}"), source });
            }
            _ => {}
        }
    }
    Ok((given, reports))
}

/// An error in one line, with what to do.
pub(super) fn told(error: &Error) -> String {
    let advice = error.advice().map_or(String::new(), |a| format!("; {a}"));
    let said: Vec<&str> = error.output().take(3).collect();
    let said = if said.is_empty() { String::new() } else { format!(": {}", said.join(" ")) };
    format!("{error}{said}{advice}")
}

/// The outputs of a job that could not be done.
fn failed(status: u8) -> Result<(), Error> {
    let mut outputs = Outputs::default();
    if let Ok((given, reports)) = report_folder() {
        candidate(&mut outputs, &given, &reports);
    }
    outputs.set("verdict", "error");
    outputs.set("exit-code", status);
    outputs.write()
}

fn candidate(outputs: &mut Outputs, given: &str, reports: &Path) {
    if reports.join(CANDIDATE).is_file() {
        outputs.set("baseline-candidate", format!("{given}/{CANDIDATE}"));
    }
}

fn judge() -> Result<(), Error> {
    let mode = one_of("mode", &MODES)?;
    let fail_on = one_of("fail-on", &FAIL_ON)?;
    let folder = working_folder()?;
    let (given, reports) = empty_folder()?;
    let mut arguments = arguments(mode)?;
    if mode == "check" {
        // Among the reports: who uploads these has it, and nothing new is in the working tree.
        arguments.insert(1, format!("--candidate={}", reports.join(CANDIDATE).display()));
    }
    if mode == "run" {
        let flags = words("test-args")?;
        arguments.extend(attempts(&reports, &arguments, &flags)?);
        if !flags.is_empty() {
            arguments.push("--".to_owned());
            arguments.extend(flags);
        }
    }
    let (status, said) = start(&arguments, &folder, &reports)?;
    let report = documents::parse_report("the report", &said);
    match report {
        Ok(report) if matches!(status, exit::PASS | exit::REGRESSION | exit::INCONCLUSIVE) => {
            finish(&report, status, fail_on, &given, &reports)
        }
        _ => {
            let error: Value = serde_json::from_str(&said).unwrap_or_default();
            output::write_file(&reports.join(ERROR_FILE), &said)?;
            let message = match error.pointer("/error/message").and_then(Value::as_str) {
                Some(message) => message.to_owned(),
                None => format!("gotrace-diff ended with {status} and without a report"),
            };
            annotate(Kind::Error, &message)?;
            failed(if status == exit::BUG { exit::BUG } else { exit::ERROR })
        }
    }
}

/// The command line that the inputs amount to, without flags of `go test`. Each value is one argument, whatever it
/// holds, and none of them can become a flag.
fn arguments(mode: &'static str) -> Result<Vec<String>, Error> {
    let mut all: Vec<String> = match mode {
        "compare" => Vec::new(),
        mode => vec![mode.to_owned()],
    };
    let mut flag = |name: &str, value: String| {
        if !value.is_empty() {
            all.push(format!("--{name}={value}"));
        }
    };
    let text = |path: Option<PathBuf>| path.map_or(String::new(), |p| p.display().to_string());
    flag("config", text(path("config")?));
    flag("on-inconclusive", input("on-inconclusive"));
    let (traces, base) = (lines("traces"), lines("base-traces"));
    let needs = |what: &[String], name: &str| match what {
        [] => Err(Error::Usage(format!("mode {mode} needs the input {name}: files, folders or globs, one a line"))),
        _ => Ok(()),
    };
    match mode {
        "run" => {
            if !traces.is_empty() || !base.is_empty() {
                return Err(Error::Usage(
                    "mode run records its own traces: leave traces and base-traces away, or say mode: compare"
                        .to_owned(),
                ));
            }
            flag("runs", input("runs"));
            flag("max-time", input("max-time"));
            let commit = variable("GOTRACE_DIFF_BASE");
            let commit = hash(&commit).ok_or_else(|| Error::Usage("the step before found no base".to_owned()))?;
            flag("base", commit.to_owned());
        }
        "check" => {
            needs(&traces, "traces")?;
            flag("baseline", text(path("baseline")?));
            flag("baseline-ref", variable("GOTRACE_DIFF_BASELINE_REF"));
            flag("on-missing-baseline", input("on-missing-baseline"));
        }
        "merge" => needs(&traces, "traces")?,
        _ => {
            needs(&traces, "traces")?;
            needs(&base, "base-traces")?;
            base.into_iter().for_each(|trace| flag("base", trace));
            traces.iter().for_each(|trace| flag("head", trace.clone()));
        }
    }
    let more = words("args")?;
    if more.iter().any(|w| w == "--") {
        return Err(Error::Usage("input args: flags of go test are the input test-args".to_owned()));
    }
    all.extend(more);
    match mode {
        "run" => {
            let packages: Vec<String> = input("packages").split_whitespace().map(str::to_owned).collect();
            if let Some(odd) = packages.iter().find(|p| p.starts_with('-')) {
                return Err(Error::Usage(format!(
                    "input packages: `{odd}` is no package; flags of go test are the input test-args"
                )));
            }
            all.extend(packages);
        }
        "check" | "merge" => {
            all.push("--".to_owned());
            all.extend(traces);
        }
        _ => {}
    }
    Ok(all)
}

/// What makes a job that is run again add up: its own runs are written beside the report, and those of earlier attempts
/// are used where the workflow has restored the folder.
fn attempts(reports: &Path, arguments: &[String], flags: &[String]) -> Result<Vec<String>, Error> {
    let now = Attempt {
        schema: ATTEMPT_SCHEMA.to_owned(),
        run_id: variable("GITHUB_RUN_ID"),
        base: variable("GOTRACE_DIFF_BASE"),
        head: variable("GOTRACE_DIFF_HEAD"),
        asked: arguments.iter().chain(flags).cloned().collect(),
    };
    let number: u32 = variable("GITHUB_RUN_ATTEMPT").parse().unwrap_or(1);
    let folder = |number: u32| reports.join(format!("attempt-{number}"));
    let mut more = Vec::new();
    for earlier in 1..number.min(MOST_ATTEMPTS) {
        let written = documents::read_text(&folder(earlier).join("attempt.json"), 1 << 20);
        let same = written.is_ok_and(|text| serde_json::from_str::<Attempt>(&text).is_ok_and(|a| a == now));
        // A package may have been recorded in one attempt only, and none at all where the first one broke down.
        if same && folder(earlier).join("head.json").is_file() {
            more.push(format!("--pool={}", folder(earlier).display()));
        }
    }
    let ours = folder(number);
    std::fs::create_dir_all(&ours).map_err(|source| Error::Write { file: ours.display().to_string(), source })?;
    output::write_file(&ours.join("attempt.json"), &json::document(&now)?)?;
    more.push(format!("--summaries={}", ours.display()));
    Ok(more)
}

/// Runs this program; gives its exit status and its standard output.
fn start(arguments: &[String], folder: &Path, reports: &Path) -> Result<(u8, String), Error> {
    let shown: Vec<String> = arguments.iter().map(|a| term(a)).collect();
    say(&format!("gotrace-diff {}\n", shown.join(" ")))?;
    let program = |source: std::io::Error| Error::Program {
        program: "gotrace-diff".to_owned(),
        message: source.to_string(),
        output: String::new(),
    };
    let own = std::env::current_exe().map_err(program)?;
    let mut command = Command::new(own);
    // Before `--`, behind which all is somebody else's.
    let (before, after) = match arguments.iter().position(|a| a == "--") {
        Some(at) => arguments.split_at(at),
        None => (arguments, &[][..]),
    };
    command.args(before).arg("--format=json").arg(format!("--report-dir={}", reports.display())).args(after);
    command.current_dir(folder).stdin(Stdio::null()).stdout(Stdio::piped());
    // Tests that write there would speak for this step.
    for name in ["GITHUB_OUTPUT", "GITHUB_ENV", "GITHUB_PATH", "GITHUB_STATE", "GITHUB_STEP_SUMMARY"] {
        command.env_remove(name);
    }
    let wall = Wall::raise()?;
    let output = command.spawn().and_then(std::process::Child::wait_with_output).map_err(program)?;
    drop(wall);
    let status = output.status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(exit::ERROR);
    let said = documents::text("the report", output.stdout, documents::MOST_BYTES)?;
    Ok((status, said))
}

/// Tells a comparison that took place.
fn finish(report: &Report, status: u8, fail_on: &str, given: &str, reports: &Path) -> Result<(), Error> {
    let layout = Layout { width: WIDTH, top: 5, all: false, group_by: terminal::GroupBy::Certainty };
    say(&anstream::adapter::strip_str(&terminal::render(report, layout)).to_string())?;
    if !is_off("annotations") {
        say(&annotations::render(report))?;
    }
    let warned = report.leads().filter(|f| f.verdict == Meaning::Regression && !f.level.is("error")).count();
    let status = if status == exit::PASS && fail_on == "warning" && warned > 0 { exit::REGRESSION } else { status };
    let verdict = match (status, report.verdict) {
        (exit::REGRESSION, _) => Verdict::Regression,
        (exit::INCONCLUSIVE, _) => Verdict::Inconclusive,
        (_, verdict) => verdict,
    };
    let mut outputs = Outputs::default();
    outputs.set("verdict", verdict.name());
    outputs.set("exit-code", status);
    outputs.set("regressions", report.counts.regressions.saturating_sub(warned));
    outputs.set("warnings", warned);
    outputs.set("improvements", report.counts.improvements);
    outputs.set("compared", report.compared.series);
    for (name, format) in
        [("json", Format::Json), ("md", Format::Markdown), ("html", Format::Html), ("sarif", Format::Sarif)]
    {
        let file = format.file_name();
        if reports.join(file).is_file() {
            // As it was given: actions that upload files take paths relative to the workspace.
            outputs.set(&format!("report-{name}"), format!("{given}/{file}"));
        }
    }
    candidate(&mut outputs, given, reports);
    if let Ok(relative) = reports.strip_prefix(workspace()) {
        outputs.set("report-dir", relative.display());
    } else {
        outputs.set("report-dir", given);
    }
    outputs.write()
}
