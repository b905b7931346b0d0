//! Files as a commit has them: what a change under review cannot have touched.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};

use super::run::process;
use super::run::trees::Repository;
use crate::config::Files;
use crate::error::{DocumentFault, Error};

/// A commit.
#[derive(Debug)]
pub(super) struct Commit {
    repository: Repository,
    commit: String,
    /// As the user calls it.
    pub(super) name: String,
    /// What has been asked for: packages of one folder ask for the same files.
    known: RefCell<BTreeMap<String, Option<String>>>,
}

impl Commit {
    /// The commit that `name` means in the repository around `folder`.
    pub(super) fn of(name: &str, folder: &Path) -> Result<Commit, Error> {
        let repository = Repository::around(folder)?;
        let commit = repository.commit(name)?;
        Ok(Commit { repository, commit, name: name.to_owned(), known: RefCell::default() })
    }

    /// `path` relative to the repository's top, as git names it; `None` outside of it.
    fn inside(&self, path: &Path) -> Option<String> {
        let path = lexical(&std::path::absolute(path).ok()?);
        let top = std::fs::canonicalize(self.repository.top()).unwrap_or_else(|_| self.repository.top().to_path_buf());
        // The file may not be there any more: its nearest folder that is there tells where it is.
        let known = path.ancestors().find_map(|a| Some((a, std::fs::canonicalize(a).ok()?)));
        let (ancestor, real) = known?;
        let whole = real.join(path.strip_prefix(ancestor).ok()?);
        let inside = whole.strip_prefix(&top).or_else(|_| path.strip_prefix(self.repository.top())).ok()?;
        Some(inside.components().map(|c| c.as_os_str().to_string_lossy()).collect::<Vec<_>>().join("/"))
    }
}

/// Without `.` and `..`.
fn lexical(path: &Path) -> PathBuf {
    let mut out = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => {
                out.pop();
            }
            other => out.push(other),
        }
    }
    out
}

impl Files for Commit {
    fn read(&self, path: &Path, most: u64) -> Result<Option<String>, Error> {
        let Some(inside) = self.inside(path).filter(|i| !i.is_empty()) else { return Ok(None) };
        if let Some(text) = self.known.borrow().get(&inside) {
            return Ok(text.clone());
        }
        let text = self.look_up(&inside, most)?;
        self.known.borrow_mut().insert(inside, text.clone());
        Ok(text)
    }
}

impl Commit {
    /// A file by git's name of it.
    fn look_up(&self, inside: &str, most: u64) -> Result<Option<String>, Error> {
        let name = format!("{}:{inside}", self.name);
        let top = self.repository.top();
        let entry = process::must(
            "git",
            &["--literal-pathspecs", "ls-tree", "--full-tree", "-z", &self.commit, "--", inside],
            top,
        )?;
        let Some((about, _)) = entry.split_once('\t') else { return Ok(None) };
        let mut words = about.split(' ');
        let (mode, kind, object) = (words.next(), words.next(), words.next());
        let Some(object) = object.filter(|_| kind == Some("blob")) else { return Ok(None) };
        if !mode.is_some_and(|m| m.starts_with("100")) {
            return Err(Error::Document {
                file: name,
                fault: DocumentFault::NotAFile,
                message: "is no regular file in that commit".to_owned(),
                advice: "commit the file itself, not a link to it".to_owned(),
            });
        }
        let text = process::must("git", &["cat-file", "blob", object], top)?;
        super::documents::text(&name, text.into_bytes(), most).map(Some)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dots_are_resolved_without_asking_the_disk() {
        assert_eq!(lexical(Path::new("/a/./b/../c.json")), Path::new("/a/c.json"));
        assert_eq!(lexical(Path::new("/../c.json")), Path::new("/c.json"));
    }
}
