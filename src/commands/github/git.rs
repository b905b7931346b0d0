//! Git in a checkout of one commit, which is what a job has: the rest is fetched as it is needed.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use base64::Engine as _;

use super::environment::{hash, variable};
use crate::error::Error;

/// So much more history is fetched each time, until there is a common ancestor.
const STEPS: [u32; 4] = [50, 200, 1000, 5000];

/// A repository.
#[derive(Debug)]
pub(super) struct Git {
    pub(super) folder: PathBuf,
    pub(super) token: String,
}

/// What git said.
struct Said {
    ok: bool,
    out: String,
    err: String,
}

impl Git {
    fn ask(&self, args: &[&str], header: Option<&str>) -> Result<Said, Error> {
        let mut command = Command::new("git");
        command.args(args).current_dir(&self.folder).stdin(Stdio::null());
        // Nobody is there to type a password, and no hook has any business here.
        command.envs([("GIT_TERMINAL_PROMPT", "0"), ("GIT_OPTIONAL_LOCKS", "0"), ("LC_ALL", "C")]);
        if let Some(header) = header {
            // In the environment: arguments of a process can be read by all others.
            let server = server();
            command.envs([("GIT_CONFIG_COUNT", "1"), ("GIT_CONFIG_KEY_0", &format!("http.{server}/.extraheader"))]);
            command.env("GIT_CONFIG_VALUE_0", header);
        }
        let output = command.output().map_err(|source| Error::Program {
            program: "git".to_owned(),
            message: source.to_string(),
            output: String::new(),
        })?;
        Ok(Said {
            ok: output.status.success(),
            out: String::from_utf8_lossy(&output.stdout).trim().to_owned(),
            err: String::from_utf8_lossy(&output.stderr).trim().to_owned(),
        })
    }

    /// The commit that `name` means here, without asking the remote.
    pub(super) fn commit(&self, name: &str) -> Result<Option<String>, Error> {
        let spec = format!("{name}^{{commit}}");
        let said = self.ask(&["rev-parse", "--verify", "--quiet", "--end-of-options", &spec], None)?;
        Ok(Some(said.out).filter(|out| said.ok && hash(out).is_some()))
    }

    /// The commit that is checked out.
    pub(super) fn head(&self) -> Result<String, Error> {
        self.commit("HEAD")?.ok_or_else(|| {
            Error::Usage("no commit is checked out here: run actions/checkout before this action".to_owned())
        })
    }

    /// The parents that a commit names, whether they are here or not. A shallow clone hides them from all other
    /// commands of git.
    pub(super) fn parents(&self, commit: &str) -> Result<Vec<String>, Error> {
        let said = self.ask(&["cat-file", "commit", commit], None)?;
        let header = said.out.split("\n\n").next().unwrap_or_default();
        let parents = header.lines().filter_map(|l| l.strip_prefix("parent ")).filter_map(hash);
        Ok(parents.map(str::to_owned).collect())
    }

    /// Fetches, first with what the checkout left behind, then with the job's token. Both at once would send two
    /// headers of one name, which GitHub refuses.
    fn fetch(&self, more: &[&str]) -> Result<Result<(), String>, Error> {
        let args = [&["fetch", "--no-tags", "--no-recurse-submodules", "--quiet"][..], more].concat();
        let first = self.ask(&args, None)?;
        if first.ok {
            return Ok(Ok(()));
        }
        let token = &self.token;
        if token.is_empty() || token.contains(char::is_control) {
            return Ok(Err(first.err));
        }
        let pair = base64::engine::general_purpose::STANDARD.encode(format!("x-access-token:{token}"));
        let second = self.ask(&args, Some(&format!("AUTHORIZATION: basic {pair}")))?;
        Ok(if second.ok { Ok(()) } else { Err(first.err) })
    }

    /// Makes sure that a commit is here.
    pub(super) fn need(&self, commit: &str) -> Result<(), Error> {
        if self.commit(commit)?.is_some() {
            return Ok(());
        }
        let asked = self.fetch(&["--depth=1", "origin", commit])?;
        match (asked, self.commit(commit)?) {
            (_, Some(_)) => Ok(()),
            (Err(said), None) => Err(cannot(&format!("the commit {commit} could not be fetched"), &said)),
            (Ok(()), None) => Err(cannot(&format!("the commit {commit} is not there after it was fetched"), "")),
        }
    }

    /// The commit that `name` means: here, or at the remote as a branch or a tag.
    pub(super) fn find(&self, name: &str) -> Result<String, Error> {
        if let Some(commit) = hash(name) {
            self.need(commit)?;
            return Ok(commit.to_owned());
        }
        let short = name.strip_prefix("origin/").unwrap_or(name);
        // A name that was typed: as it is now, not as a checkout long ago left it behind.
        for place in ["refs/heads/", "refs/tags/"] {
            let reference = format!("{place}{short}");
            if self.is_name(&reference)? && self.fetch(&["--depth=1", "origin", &reference])?.is_ok() {
                return self.commit("FETCH_HEAD")?.ok_or_else(|| cannot("nothing was fetched", ""));
            }
        }
        let known = self.commit(name)?;
        known.ok_or_else(|| cannot(&format!("`{name}` is no commit, branch or tag that git can find or fetch"), ""))
    }

    fn is_name(&self, reference: &str) -> Result<bool, Error> {
        Ok(self.ask(&["check-ref-format", reference], None)?.ok)
    }

    /// Where `head` left `branch`, history fetched until that is known.
    pub(super) fn merge_base(&self, branch: &str, head: &str) -> Result<String, Error> {
        let reference = format!("refs/heads/{branch}");
        if !self.is_name(&reference)? {
            return Err(cannot(&format!("`{branch}` is no name of a branch"), ""));
        }
        // A name of our own: the user's origin/... stay as they are.
        let ours = "refs/gotrace-diff/base";
        let spec = format!("+{reference}:{ours}");
        let mut said = String::new();
        let shallow = self.ask(&["rev-parse", "--is-shallow-repository"], None)?.out == "true";
        if !shallow {
            if let Err(why) = self.fetch(&["origin", &spec])? {
                return Err(cannot(&format!("the branch {branch} could not be fetched"), &why));
            }
            return self.common(ours, head, &said);
        }
        for depth in STEPS {
            let depth = format!("--depth={depth}");
            // What is checked out is deepened along: both sides have to reach back to the same commit.
            if let Err(why) = self.fetch(&[&depth, "origin", &spec])? {
                return Err(cannot(&format!("the branch {branch} could not be fetched"), &why));
            }
            if let Err(why) = self.fetch(&[&depth, "origin", head])? {
                said = why;
            }
            let found = self.ask(&["merge-base", ours, head], None)?;
            if found.ok && hash(&found.out).is_some() {
                return Ok(found.out);
            }
        }
        for what in [&["--unshallow", "origin", &spec][..], &["origin", head]] {
            if let Err(why) = self.fetch(what)? {
                said = why;
            }
        }
        self.common(ours, head, &said)
    }

    fn common(&self, one: &str, other: &str, said: &str) -> Result<String, Error> {
        let found = self.ask(&["merge-base", one, other], None)?;
        if found.ok && hash(&found.out).is_some() {
            return Ok(found.out);
        }
        Err(cannot("base and head have no commit in common", said))
    }
}

/// The server that repositories are fetched from.
fn server() -> String {
    let given = variable("GITHUB_SERVER_URL");
    if given.is_empty() { "https://github.com".to_owned() } else { given.trim_end_matches('/').to_owned() }
}

fn cannot(message: &str, said: &str) -> Error {
    let said: Vec<&str> = said.lines().take(2).collect();
    let said = if said.is_empty() { String::new() } else { format!(" (git: {})", said.join("; ")) };
    Error::Input {
        file: "base".to_owned(),
        message: format!("{message}{said}"),
        advice: "say what to compare with as the input base-ref, or check out the whole history (fetch-depth: 0)"
            .to_owned(),
    }
}
