//! Which commit is compared with. It is fetched here, in a step of its own: only this one and the comment hold a token,
//! and neither runs any code of the repository's.
//!
//! ```text
//!   pull request, merge commit checked out        a branch checked out (`ref:` of actions/checkout)
//!
//!      base branch  ──o──o───o  HEAD^1               base branch  ──o──o──x──o
//!                       \     \                                         \  merge base
//!      pull request      o──o──M  HEAD               pull request        o──o  HEAD
//! ```
//!
//! In the first case the parent is exactly what the change is merged into; the event's `base.sha` may be older and
//! would blame others' commits on it. In the second case what others have committed since is on neither side.

use serde_json::Value;

use super::environment::{event, hash, input, one_of, text, variable, working_folder};
use super::gate;
use super::git::Git;
use super::outputs::{Kind, Outputs, annotate, say};
use crate::commands::DONE;
use crate::error::Error;
use crate::report::escape::term;

/// The commit to compare with, and in words why it is that one.
#[derive(Debug)]
struct Found {
    commit: String,
    why: String,
}

pub(super) fn run() -> Result<u8, Error> {
    match find() {
        Ok(()) => Ok(DONE),
        Err(error) => {
            gate::note(&error)?;
            Err(error)
        }
    }
}

fn find() -> Result<(), Error> {
    let mode = one_of("mode", &gate::MODES)?;
    let git = Git { folder: working_folder()?, token: variable("GOTRACE_DIFF_TOKEN") };
    let mut outputs = Outputs::default();
    if mode == "run" {
        let head = git.head()?;
        let found = base(&git, &head)?;
        if found.commit == head {
            return Err(Error::Usage(format!(
                "base and head are the same commit, {head}: say what to compare with as the input base-ref"
            )));
        }
        git.need(&found.commit)?;
        say(&format!("base: {} ({}); head: {head}\n", found.commit, term(&found.why)))?;
        outputs.set("base", found.commit);
        outputs.set("head", head);
    }
    let baseline = input("baseline-ref");
    if mode == "check" && !baseline.is_empty() {
        outputs.set("baseline-ref", git.find(&baseline)?);
    }
    outputs.set("ready", "true");
    outputs.write()
}

fn base(git: &Git, head: &str) -> Result<Found, Error> {
    let named = input("base-ref");
    if !named.is_empty() {
        return Ok(Found { commit: git.find(&named)?, why: format!("input base-ref: {named}") });
    }
    let event = event();
    let parents = git.parents(head)?;
    match variable("GITHUB_EVENT_NAME").as_str() {
        name @ ("pull_request" | "pull_request_target") => {
            let targets = name == "pull_request_target";
            if targets && is_base(&event, head) {
                return Err(Error::Usage(
                    "on pull_request_target the base branch is checked out, and not the pull request: give actions/checkout ref: ${{ github.event.pull_request.head.sha }}, or let the workflow run on pull_request, whose jobs have no token that may write".to_owned(),
                ));
            }
            if let Some(first) = merged_into(&event, head, &parents, !targets) {
                return Ok(Found { commit: first.to_owned(), why: "what the pull request is merged into".to_owned() });
            }
            let branch = match variable("GITHUB_BASE_REF") {
                empty if empty.is_empty() => text(&event, "/pull_request/base/ref").to_owned(),
                branch => branch,
            };
            merge_base(git, &branch, head)
        }
        "merge_group" => match hash(text(&event, "/merge_group/base_sha")) {
            Some(commit) => Ok(Found { commit: commit.to_owned(), why: "what the queue merges into".to_owned() }),
            None => first_parent(&parents),
        },
        "push" => match hash(text(&event, "/before")).filter(|b| *b != head) {
            Some(commit) => match git.need(commit) {
                Ok(()) => Ok(Found { commit: commit.to_owned(), why: "what was there before the push".to_owned() }),
                // A branch that was rewritten may have lost it: then the parent has to do, which may be one of many commits.
                Err(error) => {
                    let found = first_parent(&parents)?;
                    annotate(
                        Kind::Warning,
                        &format!(
                            "what was there before the push cannot be compared with: {error}; the first parent, {}, is: changes of other commits of this push are on both sides",
                            found.commit
                        ),
                    )?;
                    Ok(Found {
                        why: format!("{}, as {commit}, which was there before the push, is gone", found.why),
                        ..found
                    })
                }
            },
            None => first_parent(&parents),
        },
        _ => {
            let default = text(&event, "/repository/default_branch");
            if default.is_empty() || variable("GITHUB_REF") == format!("refs/heads/{default}") {
                return first_parent(&parents);
            }
            merge_base(git, default, head)
        }
    }
}

/// Whether it is the base branch of a pull request that is checked out, which is what jobs of pull_request_target begin with.
fn is_base(event: &Value, head: &str) -> bool {
    [variable("GITHUB_SHA").as_str(), text(event, "/pull_request/base/sha")].contains(&head)
}

/// The base of the merge commit that GitHub makes for a pull request, if that is what is checked out. `is_of_merge`: GITHUB_SHA
/// is that commit, and not the tip of the base branch, which may be a merge commit of its own.
fn merged_into<'p>(event: &Value, head: &str, parents: &'p [String], is_of_merge: bool) -> Option<&'p str> {
    let [first, second] = parents else { return None };
    let theirs = text(event, "/pull_request/head/sha");
    // A merge commit of the author's own has two parents too.
    (is_of_merge && variable("GITHUB_SHA") == head || second == theirs).then_some(first.as_str())
}

fn merge_base(git: &Git, branch: &str, head: &str) -> Result<Found, Error> {
    if branch.is_empty() {
        return Err(Error::Usage("the event names no branch to compare with: give the input base-ref".to_owned()));
    }
    Ok(Found { commit: git.merge_base(branch, head)?, why: format!("the merge base with {branch}") })
}

fn first_parent(parents: &[String]) -> Result<Found, Error> {
    let none = || Error::Usage("this commit has no parent to compare with: give the input base-ref".to_owned());
    let commit = parents.first().ok_or_else(none)?.clone();
    Ok(Found { commit, why: "its first parent".to_owned() })
}
