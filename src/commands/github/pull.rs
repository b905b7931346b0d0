//! Which pull request is commented on.
//!
//! In a job of the pull request itself the event says so. In `workflow_run` the report comes from a job that anybody may
//! have written, so its word counts for nothing: the pull request is the open one whose head is the commit that the
//! event names, in the repository that the event names.

use serde_json::Value;

use super::api::Api;
use super::environment::{hash, input, repository, text, variable};
use crate::error::Error;

/// What is commented on, or why nothing is.
#[derive(Debug)]
pub(super) enum Pull {
    Number(u64),
    /// In words.
    None(String),
}

/// The pull request of this job.
pub(super) fn find(api: &Api, event: &Value) -> Result<Pull, Error> {
    if variable("GITHUB_EVENT_NAME") == "workflow_run" {
        return of_run(api, event);
    }
    let given = input("pr-number");
    if !given.is_empty() {
        return match given.parse() {
            Ok(number) if number > 0 => Ok(Pull::Number(number)),
            _ => Err(Error::Usage(format!("input pr-number: `{given}` is no number"))),
        };
    }
    Ok(match event.pointer("/pull_request/number").and_then(Value::as_u64) {
        Some(number) => Pull::Number(number),
        None => Pull::None("this job belongs to no pull request".to_owned()),
    })
}

fn of_run(api: &Api, event: &Value) -> Result<Pull, Error> {
    let none = |why: &str| Ok(Pull::None(why.to_owned()));
    if text(event, "/workflow_run/event") != "pull_request" {
        return none("the run that ended was not of a pull request");
    }
    let sha = hash(text(event, "/workflow_run/head_sha"));
    let from = text(event, "/workflow_run/head_repository/full_name");
    let branch = text(event, "/workflow_run/head_branch");
    let (Some(sha), Some((owner, _)), false) = (sha, from.split_once('/'), branch.is_empty()) else {
        return none("the event does not name the commit, repository and branch of the run");
    };
    let (owner, branch) = (encoded(owner), encoded(branch));
    let path = format!("/repos/{}/pulls?state=open&head={owner}:{branch}", repository()?);
    let pulls = match api.list(&path)? {
        Ok(pulls) => pulls,
        Err(answer) => return Ok(Pull::None(format!("pull requests could not be listed: {}", answer.told()))),
    };
    let known: Vec<u64> = numbers(event.pointer("/workflow_run/pull_requests"));
    let mut found: Vec<u64> = pulls
        .iter()
        .filter(|p| text(p, "/head/sha") == sha && text(p, "/head/repo/full_name") == from)
        .filter_map(|p| p.pointer("/number").and_then(Value::as_u64))
        .collect();
    if found.len() > 1 {
        found.retain(|n| known.contains(n));
    }
    match found[..] {
        [number] => Ok(Pull::Number(number)),
        [] => none("no open pull request has the commit of that run as its head: it has moved on, or is closed"),
        _ => none("several pull requests have the commit of that run as their head"),
    }
}

fn numbers(list: Option<&Value>) -> Vec<u64> {
    let items = list.and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    items.iter().filter_map(|p| p.pointer("/number").and_then(Value::as_u64)).collect()
}

/// A value in the query of an address.
fn encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}
