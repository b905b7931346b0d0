//! What tests may read that is in no binary: files of the repository, and those beside the test.
//!
//! ```text
//!   svc/svc.go  go.mod                       in the binary: equal binaries are of equal code
//!   shared/pool.txt  svc/migrations/1.sql    a test anywhere may read them: no package is the same on both sides
//!   docs/use.md  LICENSE                     a test of the package that they lie in may
//!   .github/  CODEOWNERS  gotrace-diff.toml  no test does
//! ```
//!
//! Which files a test reads only the test knows, and it may well be one of another folder. So whatever changed counts,
//! but for a short list: a package is recorded in vain rather than passed over.

use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};

/// The files that changed between two trees and that binaries do not show.
#[derive(Debug, Default)]
pub(super) struct Data {
    top: PathBuf,
    /// Relative to the top.
    any: Vec<PathBuf>,
    /// Those that only tests of the package around them read.
    prose: Vec<PathBuf>,
}

impl Data {
    /// Those of `changed`, which are relative to `top`.
    pub(super) fn of(changed: &[String], top: &Path) -> Data {
        let top = top.canonicalize().unwrap_or_else(|_| top.to_path_buf());
        let mut data = Data { top, ..Data::default() };
        for path in changed.iter().map(PathBuf::from) {
            let in_testdata = path.components().any(|c| c.as_os_str() == "testdata");
            if is_built(&path) || (is_of_no_test(&path) && !in_testdata) {
                continue;
            }
            if is_prose(&path) && !in_testdata { &mut data.prose } else { &mut data.any }.push(path);
        }
        data
    }

    /// A file that the tests of the package in `folder` may read.
    pub(super) fn read_in(&self, folder: &Path) -> Option<&Path> {
        let folder = folder.canonicalize().unwrap_or_else(|_| folder.to_path_buf());
        let mut inside = self.prose.iter().filter(|path| self.top.join(path).starts_with(&folder));
        self.any.first().or_else(|| inside.next()).map(PathBuf::as_path)
    }

    /// How many there are beside the one that is named.
    pub(super) fn more(&self) -> usize {
        self.any.len().saturating_sub(1)
    }
}

/// Whether the compiler sees it: then it is in the binaries. What Go ignores is data, Go's syntax or not.
fn is_built(path: &Path) -> bool {
    let ignored = |c: Component<'_>| {
        let name = c.as_os_str().to_string_lossy();
        name == "testdata" || name.starts_with(['.', '_'])
    };
    let is_source = path.extension().is_some_and(|e| e == "go") || is_of_modules(path);
    is_source && !path.components().any(ignored)
}

/// Whether it says which modules there are.
pub(super) fn is_of_modules(path: &Path) -> bool {
    let names = ["go.mod", "go.sum", "go.work", "go.work.sum", "modules.txt"];
    path.file_name().is_some_and(|name| names.iter().any(|known| name == *known))
}

/// Whether it is for whoever reads the repository.
pub(super) fn is_prose(path: &Path) -> bool {
    path.extension().is_some_and(|e| ["md", "rst", "adoc"].iter().any(|p| e == *p))
        || path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("LICENSE"))
        || path.components().any(|c| c.as_os_str() == ".github")
}

/// Whether it is for GitHub, git, or this program.
fn is_of_no_test(path: &Path) -> bool {
    let name = path.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
    path.starts_with(".github")
        || [".gitignore", "CODEOWNERS", "gotrace-diff.toml"].contains(&&*name)
        || (name.starts_with("gotrace-baseline") && name.ends_with(".json"))
}

/// Whether the files beside a test, and all below its `testdata`, are the same on both sides: git may not know them.
pub(super) fn same_beside(base: &Path, head: &Path) -> bool {
    matches!((beside(base), beside(head)), (Some(one), Some(other)) if one == other)
}

/// More than this beside a test is not compared: the package is run.
const MOST_BYTES: u64 = 256 << 20;

fn beside(folder: &Path) -> Option<BTreeMap<PathBuf, Vec<u8>>> {
    let mut all = BTreeMap::new();
    let mut left = MOST_BYTES;
    let mut folders = vec![folder.to_path_buf()];
    while let Some(at) = folders.pop() {
        for entry in std::fs::read_dir(&at).ok()? {
            let entry = entry.ok()?;
            let (path, kind) = (entry.path(), entry.file_type().ok()?);
            if kind.is_dir() {
                if at != folder || entry.file_name() == "testdata" {
                    folders.push(path);
                }
            } else if kind.is_symlink() {
                all.insert(
                    path.strip_prefix(folder).ok()?.to_path_buf(),
                    std::fs::read_link(&path).ok()?.to_string_lossy().into_owned().into_bytes(),
                );
            } else if kind.is_file() {
                left = left.checked_sub(entry.metadata().ok()?.len())?;
                all.insert(path.strip_prefix(folder).ok()?.to_path_buf(), std::fs::read(&path).ok()?);
            }
        }
    }
    // Go files are in the binary, but for those that are data.
    all.retain(|path, _| !is_built(path));
    Some(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_changed_is_read_by_any_test_unless_it_is_built_or_no_test_s_business() {
        let read = |file: &str, folder: &str| {
            let data = Data::of(&[file.to_owned()], Path::new("/m"));
            data.read_in(&Path::new("/m").join(folder)).is_some()
        };
        // The file; whether tests of svc may read it, and tests of other.
        for (file, of_svc, of_other) in [
            ("svc/svc.go", false, false),
            ("go.mod", false, false),
            ("vendor/modules.txt", false, false),
            ("shared/pool.txt", true, true),
            ("svc/migrations/1.sql", true, true),
            ("third/lib", true, true),
            // What Go ignores is data.
            ("svc/testdata/in.go", true, true),
            ("_old/old.go", true, true),
            ("svc/testdata/module/go.mod", true, true),
            // Prose is read where it lies, if at all.
            ("README.md", false, false),
            ("LICENSE-MIT", false, false),
            ("svc/prompts/ask.md", true, false),
            ("svc/testdata/page.md", true, true),
            (".github/workflows/ci.yml", false, false),
            (".gitignore", false, false),
            ("docs/CODEOWNERS", false, false),
            ("svc/gotrace-diff.toml", false, false),
            ("gotrace-baseline.json", false, false),
            ("testdata/gotrace-diff.toml", true, true),
        ] {
            assert_eq!((read(file, "svc"), read(file, "other")), (of_svc, of_other), "{file}");
        }
        // A package at the top has all prose below it.
        assert!(read("docs/use.md", ""));
    }
}
