//! Git: which commits are meant, and a work tree of one outside the user's own.
//!
//! The user's working tree and index are only ever read. A work tree is registered in `.git/worktrees` while it lives;
//! dropping it takes both away again, also on the way out after a signal.

use std::path::{Path, PathBuf};

use super::process;
use crate::error::Error;

/// A repository, seen from a folder in it.
#[derive(Debug)]
pub(in crate::commands) struct Repository {
    top: PathBuf,
    /// The folder, relative to the top; empty for the top itself.
    prefix: PathBuf,
}

/// A checkout of one commit in a temporary folder.
#[derive(Debug)]
pub(super) struct WorkTree {
    repository: PathBuf,
    path: PathBuf,
    /// The folder that corresponds to where the user stands.
    pub(super) folder: PathBuf,
    /// Those of its submodules, which have to go before it.
    modules: Vec<WorkTree>,
}

impl Repository {
    /// The repository around `folder`.
    pub(in crate::commands) fn around(folder: &Path) -> Result<Repository, Error> {
        let said = process::ask("git", &["rev-parse", "--show-toplevel", "--show-prefix"], folder)?;
        let mut lines = said.out.lines();
        match (said.ok, lines.next()) {
            (true, Some(top)) => Ok(Repository { top: top.into(), prefix: lines.next().unwrap_or_default().into() }),
            _ => Err(Error::Usage(
                "this is no work tree of git: stand in one, or give two test binaries (--base-binary, --head-binary)"
                    .to_owned(),
            )),
        }
    }

    /// The commit that `name` means.
    pub(in crate::commands) fn commit(&self, name: &str) -> Result<String, Error> {
        let spec = format!("{name}^{{commit}}");
        let said = process::ask("git", &["rev-parse", "--verify", "--quiet", "--end-of-options", &spec], &self.top)?;
        match said.out.lines().next() {
            Some(commit) if said.ok => Ok(commit.to_owned()),
            _ => Err(Error::Usage(format!(
                "git knows no commit `{name}`: fetch it first (in CI: a checkout with its whole history, fetch-depth: 0)"
            ))),
        }
    }

    /// The commit where this branch left the default branch, and what that branch is called.
    pub(super) fn merge_base(&self, head: &str) -> Result<(String, String), Error> {
        let mut candidates: Vec<String> = Vec::new();
        // The branch that a pull request goes to, as GitHub and GitLab say it.
        for variable in ["GITHUB_BASE_REF", "CI_MERGE_REQUEST_TARGET_BRANCH_NAME"] {
            candidates.extend(std::env::var(variable).ok().filter(|b| !b.is_empty()).map(|b| format!("origin/{b}")));
        }
        let said =
            process::ask("git", &["rev-parse", "--abbrev-ref", "--verify", "--quiet", "origin/HEAD"], &self.top)?;
        candidates.extend(said.out.lines().next().filter(|_| said.ok).map(str::to_owned));
        candidates.extend(["origin/main", "origin/master", "main", "master"].map(str::to_owned));
        for branch in candidates {
            if self.commit(&branch).is_err() {
                continue;
            }
            let said = process::ask("git", &["merge-base", &branch, head], &self.top)?;
            return match said.out.lines().next() {
                Some(base) if said.ok => Ok((base.to_owned(), branch)),
                _ => Err(Error::Usage(format!(
                    "there is no merge base with {branch}: fetch more history (git fetch --unshallow), or say --base REF"
                ))),
            };
        }
        Err(Error::Usage("no default branch is known (origin/HEAD, main, master): say --base REF".to_owned()))
    }

    /// Whether the working tree is what `commit` holds, files that git does not know included.
    pub(super) fn is_at(&self, commit: &str) -> Result<bool, Error> {
        Ok(self.commit("HEAD")? == commit && process::must("git", &["status", "--porcelain"], &self.top)?.is_empty())
    }

    /// The files in which `to` (the working tree where `None`) differs from `from`, relative to the repository's top.
    pub(super) fn changed(&self, from: &str, to: Option<&str>) -> Result<Vec<String>, Error> {
        let mut args = vec!["diff", "--name-only", "--no-renames", "-z", from];
        args.extend(to);
        args.push("--");
        process::must("git", &args, &self.top).map(|all| lines(&all))
    }

    /// Files of the working tree that git does not know, and is not told to ignore.
    pub(super) fn untracked(&self) -> Result<Vec<String>, Error> {
        process::must("git", &["ls-files", "--others", "--exclude-standard", "-z"], &self.top).map(|all| lines(&all))
    }

    /// The repository's top.
    pub(in crate::commands) fn top(&self) -> &Path {
        &self.top
    }

    /// Checks a commit out below `scratch`.
    pub(super) fn check_out(&self, commit: &str, scratch: &Path, name: &str) -> Result<WorkTree, Error> {
        let path = scratch.join(name);
        // Made before git is asked, so that what a signal leaves half done is taken away too.
        let mut tree = WorkTree::new(&self.top, &path);
        tree.folder = path.join(&self.prefix);
        tree.fill(commit)?;
        Ok(tree)
    }
}

impl WorkTree {
    fn new(repository: &Path, path: &Path) -> WorkTree {
        let (repository, path) = (repository.to_path_buf(), path.to_path_buf());
        WorkTree { repository, folder: path.clone(), path, modules: Vec::new() }
    }

    /// Checks a commit out, with the submodules that the user has checked out too: as that commit has them, out of the
    /// repositories that are here already. What is not here is left out: nothing is fetched.
    fn fill(&mut self, commit: &str) -> Result<(), Error> {
        // No hook of the repository runs: a checkout here is not the user's.
        let args = ["-c", "core.hooksPath=/dev/null", "worktree", "add", "--detach", "--force"];
        let path = self.path.to_string_lossy().into_owned();
        process::must("git", &[&args[..], &[path.as_str(), commit]].concat(), &self.repository)?;
        if !self.path.join(".gitmodules").is_file() {
            return Ok(());
        }
        let entries = process::must("git", &["ls-tree", "-r", "-z", "--full-tree", commit], &self.repository)?;
        for entry in entries.split('\0').filter_map(|e| e.strip_prefix("160000 commit ")) {
            let Some((commit, inside)) = entry.split_once('\t') else { continue };
            let theirs = self.repository.join(inside);
            let known = || {
                let spec = format!("{commit}^{{commit}}");
                process::ask("git", &["cat-file", "-e", &spec], &theirs).is_ok_and(|said| said.ok)
            };
            if theirs.join(".git").exists() && known() {
                self.modules.push(WorkTree::new(&theirs, &self.path.join(inside)));
                if let Some(module) = self.modules.last_mut() {
                    module.fill(commit)?;
                }
            }
        }
        Ok(())
    }

    /// Its top.
    pub(in crate::commands) fn top(&self) -> &Path {
        &self.path
    }
}

impl Drop for WorkTree {
    fn drop(&mut self) {
        self.modules.clear();
        // Not through `process`: after a signal that would refuse.
        let git = |args: &[&str]| {
            std::process::Command::new("git")
                .args(args)
                .current_dir(&self.repository)
                .stdout(std::process::Stdio::null())
                .stderr(std::process::Stdio::null())
                .status()
                .is_ok_and(|s| s.success())
        };
        let path = self.path.to_string_lossy().into_owned();
        if !git(&["worktree", "remove", "--force", &path]) {
            let _ = std::fs::remove_dir_all(&self.path);
            git(&["worktree", "prune"]);
        }
    }
}

/// Names of files that git ends with a zero each.
fn lines(names: &str) -> Vec<String> {
    names.split('\0').filter(|name| !name.is_empty()).map(str::to_owned).collect()
}
