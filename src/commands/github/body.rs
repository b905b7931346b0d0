//! The text of a comment, and what is read from one that is there.
//!
//! ```text
//!   <!-- gotrace-diff:KEY -->                                      whose it is: the whole first line
//!   <!-- gotrace-diff state=regression run=17 attempt=1 -->        what it said, and which run said so
//!   [### gotrace-diff: KEY]                                        where there may be several
//!   **regression**: ...                                            the report
//!   ---
//!   <sub>base → head, run</sub>
//! ```

use serde_json::Value;
use sha2::Digest as _;

use super::environment::{hash, input, text, variable};
use crate::report::escape::Text;
use crate::report::markdown;
use crate::report::model::{Report, Verdict};

/// Longer keys are cut, and told apart by their hash.
const KEY: usize = 80;

/// Which of several comments of one pull request.
#[derive(Debug)]
pub(super) struct Key {
    /// As a comment's first line holds it.
    marker: String,
    /// As people see it; empty where there is only one.
    title: Text,
}

impl Key {
    /// The key of this job: as given, else the workflow, the job and its place in the matrix.
    pub(super) fn of_job(event: &Value) -> Key {
        let given = input("comment-key");
        if !given.is_empty() {
            return Key { marker: slug(&given), title: given.into() };
        }
        if variable("GITHUB_EVENT_NAME") == "workflow_run" {
            let name = text(event, "/workflow_run/name");
            return Key { marker: slug(name), title: Text::default() };
        }
        let matrix: Value = serde_json::from_str(&variable("GOTRACE_DIFF_MATRIX")).unwrap_or_default();
        let folder = input("working-directory");
        let mut title: Vec<String> = Vec::new();
        if let Some(matrix) = matrix.as_object() {
            let value = |v: &Value| v.as_str().map_or_else(|| v.to_string(), str::to_owned);
            title.extend(matrix.iter().map(|(k, v)| format!("{k}={}", value(v))));
        }
        if !matches!(folder.as_str(), "" | ".") {
            title.push(folder);
        }
        let title = title.join(", ");
        let all = format!("{}/{} {title} {}", variable("GITHUB_WORKFLOW"), variable("GITHUB_JOB"), input("mode"));
        Key { marker: slug(all.trim()), title: title.into() }
    }

    /// The first line of its comment.
    fn first_line(&self) -> String {
        format!("<!-- gotrace-diff:{} -->", self.marker)
    }

    /// Whether a comment is the one of this key.
    pub(super) fn is_of(&self, body: &str) -> bool {
        body.lines().next().is_some_and(|line| line.trim_end() == self.first_line())
    }
}

/// `text` in letters, digits and a few signs that end no comment; what was changed is told apart by its hash.
fn slug(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '/');
    let clean: String = text.chars().map(|c| if plain(c) { c } else { '_' }).take(KEY).collect();
    if clean == text {
        return clean;
    }
    let hash = sha2::Sha256::digest(text.as_bytes());
    let hash: String = hash.iter().take(6).map(|b| format!("{b:02x}")).collect();
    format!("{clean}.{hash}")
}

/// What a comment said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    Regression,
    Inconclusive,
    Error,
    Pass,
    /// A pass after something else.
    Resolved,
}

impl State {
    const ALL: [State; 5] = [State::Regression, State::Inconclusive, State::Error, State::Pass, State::Resolved];

    fn name(self) -> &'static str {
        match self {
            State::Regression => "regression",
            State::Inconclusive => "inconclusive",
            State::Error => "error",
            State::Pass => "pass",
            State::Resolved => "resolved",
        }
    }
}

/// Which run said something: later ones are greater.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct When {
    run: u64,
    attempt: u64,
}

impl When {
    /// The run that is told of: this one, or in `workflow_run` the one that ended.
    pub(super) fn now(event: &Value) -> When {
        let number = |pointer: &str| event.pointer(pointer).and_then(Value::as_u64).unwrap_or(0);
        if variable("GITHUB_EVENT_NAME") == "workflow_run" {
            return When { run: number("/workflow_run/id"), attempt: number("/workflow_run/run_attempt") };
        }
        let number = |name: &str| variable(name).parse().unwrap_or(0);
        When { run: number("GITHUB_RUN_ID"), attempt: number("GITHUB_RUN_ATTEMPT") }
    }
}

/// What a comment of ours says of itself in its second line.
pub(super) fn read(body: &str) -> (Option<State>, When) {
    let line = body.lines().nth(1).unwrap_or_default();
    let value = |key: &str| line.split_whitespace().find_map(|w| w.strip_prefix(key)?.strip_prefix('='));
    let state = value("state").and_then(|name| State::ALL.into_iter().find(|s| s.name() == name));
    let number = |key: &str| value(key).and_then(|v| v.parse().ok()).unwrap_or(0);
    (state, When { run: number("run"), attempt: number("attempt") })
}

/// What is to be told.
#[derive(Debug)]
pub(super) struct Told {
    /// `None` where nothing could be compared.
    pub(super) report: Option<Report>,
    pub(super) when: When,
}

impl Told {
    /// What a comment would say, after one that said `before`.
    pub(super) fn state(&self, before: Option<State>) -> State {
        match (self.report.as_ref().map(|r| r.verdict), before) {
            (None, _) => State::Error,
            (Some(Verdict::Regression), _) => State::Regression,
            (Some(Verdict::Inconclusive), _) => State::Inconclusive,
            (Some(Verdict::Pass), None | Some(State::Pass)) => State::Pass,
            (Some(Verdict::Pass), Some(_)) => State::Resolved,
        }
    }

    /// The comment.
    pub(super) fn body(&self, key: &Key, before: Option<State>, event: &Value) -> String {
        let state = self.state(before);
        let When { run, attempt } = self.when;
        let mut out = key.first_line();
        out += &format!("\n<!-- gotrace-diff state={} run={run} attempt={attempt} -->\n", state.name());
        if !key.title.is_empty() {
            out += &format!("### gotrace-diff: {}\n\n", key.title.clip(200).markdown());
        }
        match (&self.report, state) {
            (Some(report), State::Resolved) => {
                out += "**resolved**: what this comment told of is gone\n\n";
                out += &markdown::comment(report);
            }
            (Some(report), _) => out += &markdown::comment(report),
            (None, _) => out += "**error**: nothing could be compared this time: see the log of the run\n",
        }
        out + "\n---\n" + &self.footer(event) + "\n"
    }

    fn footer(&self, event: &Value) -> String {
        let short = |h: &str| hash(h).map(|h| format!("`{}`", h.get(..12).unwrap_or(h)));
        let workflow_run = variable("GITHUB_EVENT_NAME") == "workflow_run";
        let head =
            match short(text(event, if workflow_run { "/workflow_run/head_sha" } else { "/pull_request/head/sha" })) {
                Some(head) => head,
                None => short(&variable("GITHUB_SHA")).unwrap_or_default(),
            };
        let mut parts = Vec::new();
        if let Some(base) = short(&variable("GOTRACE_DIFF_BASE")) {
            parts.push(format!("{base} → {head}"));
        } else if !head.is_empty() {
            parts.push(head);
        }
        let When { run, attempt } = self.when;
        if let (Ok(repository), true) = (super::environment::repository(), run > 0) {
            let server = variable("GITHUB_SERVER_URL");
            let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, ':' | '/' | '.' | '-' | '_');
            if !server.is_empty() && server.chars().all(plain) {
                let url = format!("{}/{repository}/actions/runs/{run}", server.trim_end_matches('/'));
                let which = if attempt > 1 { format!("run, attempt {attempt}") } else { "run".to_owned() };
                parts.push(format!("[{which}]({url})"));
            }
        }
        format!("<sub>gotrace-diff {}: {}</sub>", env!("CARGO_PKG_VERSION"), parts.join(", "))
    }
}

/// A report that somebody else's job wrote. Its figures stand as that job's claim, in words of ours; but what is meant
/// to be copied into a shell is not taken from it.
pub(super) fn without_commands(mut report: Report) -> Report {
    report.advice = None;
    for finding in &mut report.findings {
        finding.accept = None;
    }
    for diagnosis in &mut report.diagnoses {
        diagnosis.advice = Text::default();
    }
    report
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_end_no_comment_and_stay_apart() {
        for text in ["a --> <b>", "a\nb", "ü", "a b", "", &"x".repeat(500)] {
            let slug = slug(text);
            assert!(slug.len() < 120 && !slug.contains(['-', '>', '<', '\n', ' ']), "{slug}");
        }
        assert_eq!(slug("ci/test"), "ci/test");
        assert_ne!(slug("a b"), slug("a_b"));
    }

    #[test]
    fn a_comment_is_found_by_its_whole_first_line() {
        let key = Key { marker: "a".to_owned(), title: Text::default() };
        assert!(key.is_of("<!-- gotrace-diff:a -->\r\nx"));
        for other in ["<!-- gotrace-diff:ab -->", "x\n<!-- gotrace-diff:a -->", "> <!-- gotrace-diff:a -->", ""] {
            assert!(!key.is_of(other), "{other}");
        }
    }

    #[test]
    fn what_was_written_is_read() {
        let told = Told { report: None, when: When { run: 17, attempt: 2 } };
        let key = Key { marker: "a".to_owned(), title: Text::default() };
        let body = told.body(&key, None, &Value::Null);
        assert_eq!(read(&body), (Some(State::Error), When { run: 17, attempt: 2 }));
        assert_eq!(read("x\nstate=nothing run=-1"), (None, When::default()));
    }
}
