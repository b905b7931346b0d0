//! Where paths that a configuration names may lead: nowhere but into its own folder, or the repository that it is in. A change under
//! review can write the file, and links beside it.
//!
//! ```text
//!   shop/.git
//!   shop/cart/gotrace-diff.toml     baseline = "../perf/base.json"     within the repository
//!   shop/cart/reports -> ../../x    report-dir = "reports/today"       leads out of it: refused
//! ```
//!
//! What is typed may lead anywhere.

use std::io;
use std::path::{Component, Path, PathBuf};

/// Where a configuration is.
pub(super) struct Place {
    /// The folder that its paths are relative to, as the file was named.
    folder: PathBuf,
    /// The folder or repository that they have to stay in; none where that cannot be said, and then nothing is in it.
    around: Option<PathBuf>,
}

impl Place {
    /// That of the file `path`.
    pub(super) fn of(path: &Path) -> Place {
        let folder = path.parent().unwrap_or(Path::new("")).to_path_buf();
        let around = real(&folder).ok().map(|real| {
            let repository = real.ancestors().find(|above| above.join(".git").exists()).map(Path::to_path_buf);
            repository.unwrap_or(real)
        });
        Place { folder, around }
    }

    /// `given`, relative to the folder, if it stays within. The error is one sentence.
    pub(super) fn within(&self, given: &Path) -> Result<PathBuf, String> {
        let path = self.folder.join(given);
        let said = given.display();
        match real(&path) {
            Ok(real) if self.around.as_ref().is_some_and(|around| real.starts_with(around)) => Ok(path),
            Ok(real) => Err(format!(
                "`{said}` has to lie below the folder of this file or in its repository, and is {}",
                real.display()
            )),
            Err(why) => Err(format!("`{said}` leads nowhere: {why}")),
        }
    }
}

/// Where a path leads, links followed: of what is not there yet, where it would be made.
fn real(path: &Path) -> io::Result<PathBuf> {
    let mut found = PathBuf::new();
    let path = if path.as_os_str().is_empty() { Path::new(".") } else { path };
    let whole = std::path::absolute(path)?;
    let mut missing = false;
    for part in whole.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => {
                found.pop();
                missing = false;
            }
            Component::Normal(name) => {
                found.push(name);
                missing = missing || std::fs::symlink_metadata(&found).is_err();
                if !missing {
                    found = std::fs::canonicalize(&found)?;
                }
            }
            root => found.push(root),
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_there_yet_is_where_it_would_be_made() {
        let here = std::fs::canonicalize(".").unwrap();
        for (path, want) in [
            ("", here.clone()),
            ("src/nothing/x.json", here.join("src/nothing/x.json")),
            ("nothing/../src/x.json", here.join("src/x.json")),
            ("./src/../x.json", here.join("x.json")),
        ] {
            assert_eq!(real(Path::new(path)).unwrap(), want, "{path}");
        }
    }
}
