//! The inputs of the action and what GitHub says of the job: all of it environment variables, none of it trusted.
//!
//! action.yml hands its inputs on as `GOTRACE_DIFF_INPUT_NAME`: a composite action gets no `INPUT_NAME` of its own.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::commands::documents;
use crate::error::Error;

/// The largest event that is read: GitHub's own limit of a webhook's payload is 25 MiB.
const MOST_EVENT: u64 = 32 << 20;

/// What an input holds, without blanks around it; empty where it is not given.
pub(super) fn input(name: &str) -> String {
    variable(&format!("GOTRACE_DIFF_INPUT_{}", name.to_ascii_uppercase().replace('-', "_")))
}

/// What a variable holds, without blanks around it; empty where there is none, or where it is no text.
pub(super) fn variable(name: &str) -> String {
    std::env::var(name).unwrap_or_default().trim().to_owned()
}

/// An input that is one of some words; the first where it is not given.
pub(super) fn one_of(name: &str, words: &[&'static str]) -> Result<&'static str, Error> {
    let given = input(name);
    if given.is_empty() {
        return Ok(words.first().copied().unwrap_or_default());
    }
    words
        .iter()
        .find(|w| **w == given)
        .copied()
        .ok_or_else(|| Error::Usage(format!("input {name}: `{given}` is none of {}", words.join(", "))))
}

/// The lines of an input, without empty ones and blanks around them.
pub(super) fn lines(name: &str) -> Vec<String> {
    input(name).lines().map(str::trim).filter(|l| !l.is_empty()).map(str::to_owned).collect()
}

/// The words of an input, told apart as a shell would by blanks and quotes, and nothing more: no variable, no glob.
pub(super) fn words(name: &str) -> Result<Vec<String>, Error> {
    let text = input(name);
    shlex::split(&text).ok_or_else(|| Error::Usage(format!("input {name}: a quote is not closed in `{text}`")))
}

/// A path that was given, relative to the workspace.
pub(super) fn path(name: &str) -> Result<Option<PathBuf>, Error> {
    let given = input(name);
    if given.contains(['\n', '\r', '\0']) {
        return Err(Error::Usage(format!("input {name}: a path of one line is wanted")));
    }
    Ok((!given.is_empty()).then(|| workspace().join(given)))
}

/// The folder that the repository is checked out in.
pub(super) fn workspace() -> PathBuf {
    PathBuf::from(variable("GITHUB_WORKSPACE"))
}

/// Where the tool is to stand.
pub(super) fn working_folder() -> Result<PathBuf, Error> {
    let folder = path("working-directory")?.unwrap_or_else(workspace);
    if folder.is_dir() {
        return Ok(folder);
    }
    Err(Error::Usage(format!(
        "input working-directory: {} is no folder: check the repository out before this step",
        folder.display()
    )))
}

/// The folder of the reports, as it was given and where it is. It has to be ours: a link in the repository could point
/// anywhere.
pub(super) fn report_folder() -> Result<(String, PathBuf), Error> {
    let given = match input("report-dir") {
        empty if empty.is_empty() => "gotrace-report".to_owned(),
        given => given,
    };
    let path = workspace().join(&given);
    let refused = |message: &str| Err(Error::Refused { file: given.clone(), message: message.to_owned() });
    if given.contains(char::is_control) {
        return refused("is no name of a folder");
    }
    if std::fs::symlink_metadata(&path).is_ok_and(|m| m.is_symlink()) {
        return refused("is a symbolic link, which is not written through");
    }
    Ok((given, path))
}

/// Whether an input is switched off. Everything else is on: a misspelt word must not silence anything.
pub(super) fn is_off(name: &str) -> bool {
    matches!(input(name).to_ascii_lowercase().as_str(), "false" | "no" | "off" | "0")
}

/// The event that started the workflow, `null` where there is none to be read.
pub(super) fn event() -> Value {
    let path = variable("GITHUB_EVENT_PATH");
    let text = documents::read_text(Path::new(&path), MOST_EVENT).unwrap_or_default();
    serde_json::from_str(&text).unwrap_or_default()
}

/// Text somewhere in a JSON document; empty where there is none.
pub(super) fn text<'v>(value: &'v Value, pointer: &str) -> &'v str {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

/// Whether the step before this one has compared anything.
pub(super) fn has_compared() -> bool {
    matches!(variable("GOTRACE_DIFF_VERDICT").as_str(), "pass" | "regression" | "inconclusive")
}

/// `text` if it is the hash of a commit (SHA-1 or SHA-256) and not the hash that stands for none.
pub(super) fn hash(text: &str) -> Option<&str> {
    let hex = matches!(text.len(), 40 | 64) && text.bytes().all(|b| b.is_ascii_hexdigit());
    (hex && text.bytes().any(|b| b != b'0')).then_some(text)
}

/// `owner/name` of the repository, if it is that and nothing else: it becomes a part of addresses.
pub(super) fn repository() -> Result<String, Error> {
    let given = variable("GITHUB_REPOSITORY");
    let plain = |part: &str| {
        !part.is_empty()
            && !part.starts_with('.')
            && part.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_'))
    };
    match given.split_once('/') {
        Some((owner, name)) if plain(owner) && plain(name) => Ok(given),
        _ => Err(Error::Usage(format!("GITHUB_REPOSITORY is `{given}`, not OWNER/NAME: this is no job of GitHub's"))),
    }
}
