//! Packages and their test binaries, on both sides.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::process;
use super::reads::{is_of_modules, is_prose};
use crate::error::Error;

/// What `go list` knows of a package.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct Listed {
    pub(super) import_path: String,
    pub(super) dir: PathBuf,
    pub(super) go_files: Vec<String>,
    pub(super) cgo_files: Vec<String>,
    pub(super) imports: Vec<String>,
    pub(super) test_imports: Vec<String>,
    #[serde(rename = "XTestImports")]
    pub(super) x_test_imports: Vec<String>,
    pub(super) test_go_files: Vec<String>,
    #[serde(rename = "XTestGoFiles")]
    pub(super) x_test_go_files: Vec<String>,
    pub(super) error: Option<ListedError>,
}

/// Why a package cannot be listed.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct ListedError {
    pub(super) err: String,
}

/// The packages that `patterns` mean, by import path.
pub(super) fn list(folder: &Path, patterns: &[String], flags: &[String]) -> Result<BTreeMap<String, Listed>, Error> {
    let flags: Vec<&str> = flags.iter().map(String::as_str).filter(|f| is_for_list(f)).collect();
    let fields =
        "-json=ImportPath,Dir,GoFiles,CgoFiles,Imports,TestImports,XTestImports,TestGoFiles,XTestGoFiles,Error";
    let mut args = vec!["list", "-e", fields];
    args.extend(flags);
    args.push("--");
    args.extend(patterns.iter().map(String::as_str));
    let out = process::must("go", &args, folder)?;
    let mut packages = BTreeMap::new();
    for package in serde_json::Deserializer::from_str(&out).into_iter::<Listed>() {
        let package = package.map_err(|e| Error::Program {
            program: "go".to_owned(),
            message: format!("`go list` said what is not understood: {e}"),
            output: String::new(),
        })?;
        packages.insert(package.import_path.clone(), package);
    }
    Ok(packages)
}

/// Flags of the build that choose which files and modules there are.
fn is_for_list(flag: &str) -> bool {
    ["-tags", "-mod", "-modfile", "-race", "-msan", "-asan", "-compiler", "-overlay"]
        .iter()
        .any(|f| flag.strip_prefix(f).is_some_and(|rest| rest.is_empty() || rest.starts_with('=')))
}

impl Listed {
    /// Whether it is anything but tests.
    pub(super) fn has_code(&self) -> bool {
        !self.go_files.is_empty() || !self.cgo_files.is_empty()
    }

    /// Whether it has any test.
    pub(super) fn has_tests(&self) -> bool {
        !self.test_go_files.is_empty() || !self.x_test_go_files.is_empty()
    }
}

/// Builds a package's test binary.
pub(super) fn build(folder: &Path, package: &str, flags: &[String], to: &Path) -> Result<(), Error> {
    let to = to.to_string_lossy();
    // -vet: `go test` of the build before this one has done it.
    let mut args = vec!["test", "-c", "-vet=off", "-o", &to];
    args.extend(flags.iter().map(String::as_str));
    // Equal code gives equal binaries, wherever it lies.
    args.extend(["-trimpath", "-buildvcs=false", package]);
    process::must("go", &args, folder).map(|_| ())
}

/// Whether two test binaries are equal to the byte.
pub(super) fn same(base: &Path, head: &Path) -> bool {
    matches!((std::fs::read(base), std::fs::read(head)), (Ok(one), Ok(other)) if one == other)
}

/// The packages of `targets` that a change of `files` can reach, by what they import. `all` are the module's packages.
///
/// A file belongs to the nearest package above it. What decides on all packages (go.mod and the like), or belongs to
/// none, reaches every one.
pub(super) fn affected(
    targets: &[String],
    all: &BTreeMap<String, Listed>,
    top: &Path,
    files: &[String],
) -> BTreeSet<String> {
    let by_folder: BTreeMap<PathBuf, &String> =
        all.values().map(|p| (p.dir.canonicalize().unwrap_or_else(|_| p.dir.clone()), &p.import_path)).collect();
    let top = top.canonicalize().unwrap_or_else(|_| top.to_path_buf());
    let mut changed: BTreeSet<&String> = BTreeSet::new();
    for file in files {
        let path = top.join(file);
        let global = is_of_modules(&path);
        match path.ancestors().skip(1).find_map(|folder| by_folder.get(folder)) {
            Some(package) if !global => {
                changed.insert(package);
            }
            // A file outside of all Go code, as documentation is: tests may still read it.
            _ if global || !is_prose(&path) => return targets.iter().cloned().collect(),
            _ => {}
        }
    }
    targets.iter().filter(|t| reaches(t, all, &changed)).cloned().collect()
}

fn reaches(target: &str, all: &BTreeMap<String, Listed>, changed: &BTreeSet<&String>) -> bool {
    let mut seen: BTreeSet<&str> = BTreeSet::from([target]);
    let mut next: Vec<&str> = vec![target];
    while let Some(name) = next.pop() {
        let Some(package) = all.get(name) else { continue };
        if changed.contains(&package.import_path) {
            return true;
        }
        let of_tests: &[&Vec<String>] =
            if name == target { &[&package.test_imports, &package.x_test_imports] } else { &[] };
        for import in std::iter::once(&package.imports).chain(of_tests.iter().copied()).flatten() {
            if seen.insert(import) {
                next.push(import);
            }
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package(name: &str, imports: &[&str], of_tests: &[&str]) -> (String, Listed) {
        let own = |list: &[&str]| list.iter().map(|i| (*i).to_owned()).collect();
        let listed = Listed {
            import_path: name.to_owned(),
            dir: Path::new("/m").join(name),
            imports: own(imports),
            test_imports: own(of_tests),
            ..Listed::default()
        };
        (name.to_owned(), listed)
    }

    #[test]
    fn a_change_reaches_those_that_import_it_also_by_their_tests() {
        let all: BTreeMap<String, Listed> =
            [package("a", &["b"], &[]), package("b", &[], &[]), package("c", &[], &["b"]), package("d", &[], &[])]
                .into();
        let targets: Vec<String> = ["a", "c", "d"].map(str::to_owned).into();
        let reached = |files: &[&str]| {
            let files: Vec<String> = files.iter().map(|f| (*f).to_owned()).collect();
            affected(&targets, &all, Path::new("/m"), &files).into_iter().collect::<Vec<_>>()
        };
        assert_eq!(reached(&["b/b.go"]), ["a", "c"]);
        assert_eq!(reached(&["b/testdata/x/y.json"]), ["a", "c"]);
        assert_eq!(reached(&["d/d_test.go"]), ["d"]);
        assert_eq!(reached(&["go.sum"]), ["a", "c", "d"]);
        assert_eq!(reached(&["README.md"]), Vec::<String>::new());
        assert_eq!(reached(&["fixtures/x.json"]), ["a", "c", "d"]);
    }
}
