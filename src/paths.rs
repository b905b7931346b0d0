//! Positions as editors open them: relative to the repository, however the trace was recorded.
//!
//! ```text
//!   /home/ci/shop/cart/add.go        recorded here               ─▶ cart/add.go
//!   /builds/4711/shop/cart/add.go    recorded in another folder  ─▶ cart/add.go    the longest end that exists here
//!   example.com/shop/cart/add.go     recorded with -trimpath     ─▶ cart/add.go    the module's path replaced
//!   /usr/local/go/src/sync/mutex.go  Go's own                    ─▶ $GOROOT/src/sync/mutex.go
//! ```

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use crate::summary::Position;

/// More modules than any repository has within the folders that are looked at.
const MOST_MODULES: usize = 256;
/// More elements than any path of a source file has. What ends a longer one is not looked for: a name in a trace may be a megabyte.
const MOST_ELEMENTS: usize = 256;
/// More folders than are worth looking at for modules.
const MOST_FOLDERS: usize = 4096;

/// What is known of the repository that the tool runs in.
#[derive(Debug, Default)]
pub struct Repository {
    /// Its root: where .git is, else where the outermost go.mod is, else the working folder.
    root: PathBuf,
    /// Module paths with their folders relative to the root, `/` between elements; longer paths before those that they
    /// begin with, and of one path the folder nearest to the root first.
    modules: Vec<(String, String)>,
    /// What was found out about files.
    known: Mutex<BTreeMap<String, String>>,
}

/// The root of the repository around `folder`: where .git is, else where the outermost go.mod is, else the folder itself.
fn root(folder: &Path) -> &Path {
    let marked = |name: &'static str| folder.ancestors().filter(move |f| f.join(name).exists());
    let git = marked(".git").next();
    git.or_else(|| marked("go.mod").last()).unwrap_or(folder)
}

/// `folder` and those around it, up to the root of the repository. What lies above it is somebody else's.
pub fn up_to_root(folder: &Path) -> impl Iterator<Item = &Path> {
    let depth = root(folder).ancestors().count();
    folder.ancestors().take_while(move |f| f.ancestors().count() >= depth)
}

impl Repository {
    /// The repository around `folder`.
    pub fn around(folder: &Path) -> Repository {
        let root = root(folder).to_path_buf();
        let modules = modules(&root);
        Repository { root, modules, known: Mutex::default() }
    }

    /// Where it is.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The folder of a package of one of its modules, relative to the root; empty for the root itself.
    pub fn folder(&self, package: &str) -> Option<String> {
        self.folder_in(package, &|_, _| true)
    }

    /// The same, of the modules of which `counts` says so: by folder and path.
    fn folder_in(&self, package: &str, counts: &dyn Fn(&str, &str) -> bool) -> Option<String> {
        self.modules.iter().find_map(|(path, folder)| {
            let inside = package.strip_prefix(path.as_str())?;
            let inside = if inside.is_empty() { inside } else { inside.strip_prefix('/')? };
            let both = [folder.as_str(), inside].into_iter().filter(|part| !part.is_empty());
            if !counts(folder, path) {
                return None;
            }
            Some(both.collect::<Vec<_>>().join("/"))
        })
    }

    /// The folder of a package of one of its modules, as the system has it: whether or not it is there. `None` where the
    /// package is of none, or its name would lead anywhere else, since it is out of a trace.
    ///
    /// `module_in`: the module that a go.mod names, as the commit that gates has it. A change under review could add one
    /// that claims another's packages, and with that choose the rules for them.
    pub fn package_folder(&self, package: &str, module_in: &dyn Fn(&Path) -> Option<String>) -> Option<PathBuf> {
        let plain = |part: &str| !matches!(part, "" | "." | "..") && !part.contains(['\\', ':', '\0']);
        let counts = |folder: &str, path: &str| {
            module_in(&self.root.join(folder).join("go.mod")).is_some_and(|known| known == path)
        };
        let inside = self.folder_in(package, &counts)?;
        (inside.is_empty() || inside.split('/').all(plain)).then(|| self.root.join(inside))
    }

    /// `file` as it is called in the repository; outside of it as short as it can be.
    pub fn file(&self, file: &str) -> String {
        if let Ok(known) = self.known.lock()
            && let Some(name) = known.get(file)
        {
            return name.clone();
        }
        let name = self.look_up(file);
        if let Ok(mut known) = self.known.lock() {
            known.insert(file.to_owned(), name.clone());
        }
        name
    }

    /// `file:line`.
    pub fn position(&self, position: &Position) -> String {
        format!("{}:{}", self.file(&position.file), position.line)
    }

    fn look_up(&self, file: &str) -> String {
        let file = file.replace('\\', "/");
        if let Some(inside) = file.strip_prefix("$GOROOT/") {
            return format!("$GOROOT/{inside}");
        }
        // In this checkout.
        let root = self.root.to_string_lossy().replace('\\', "/");
        if let Some(inside) = file.strip_prefix(root.as_str()).and_then(|f| f.strip_prefix('/')) {
            return inside.to_owned();
        }
        // With -trimpath, in a module of this repository: the longest module path that fits.
        let module = self.modules.iter().find_map(|(path, folder)| {
            let inside = file.strip_prefix(path.as_str())?.strip_prefix('/')?;
            Some(if folder.is_empty() { inside.to_owned() } else { format!("{folder}/{inside}") })
        });
        if let Some(inside) = module {
            return inside;
        }
        if let Some(inside) = goroot(&file) {
            return format!("$GOROOT/src/{inside}");
        }
        // In another checkout. A file's name alone proves nothing: its folder has to be there too.
        let elements: Vec<&str> = file.split('/').filter(|e| !e.is_empty()).collect();
        let safe = elements.len() <= MOST_ELEMENTS && !elements.iter().any(|e| *e == ".." || *e == ".");
        let absolute = file.starts_with('/') || file.get(1..3) == Some(":/");
        if absolute && safe {
            let ends = (1..elements.len()).map(|i| elements[i..].join("/"));
            if let Some(end) =
                ends.take_while(|e| e.contains('/') || elements.len() <= 2).find(|e| self.root.join(e).is_file())
            {
                return end;
            }
            if let Some(last) = elements.last().filter(|e| self.root.join(e).is_file()) {
                return (*last).to_owned();
            }
        }
        file
    }
}

/// What follows `src/` of a file of Go's own. Without -trimpath it is below some GOROOT; with it, it is relative and
/// its first element has no dot, as no module's may (`example.com`); command-line packages are `./`.
fn goroot(file: &str) -> Option<&str> {
    const FIRST: [&str; 36] = [
        "archive",
        "bufio",
        "bytes",
        "compress",
        "container",
        "context",
        "crypto",
        "database",
        "encoding",
        "errors",
        "expvar",
        "fmt",
        "go",
        "hash",
        "html",
        "image",
        "internal",
        "io",
        "iter",
        "log",
        "maps",
        "math",
        "mime",
        "net",
        "os",
        "reflect",
        "regexp",
        "runtime",
        "slices",
        "sort",
        "strings",
        "sync",
        "syscall",
        "testing",
        "text",
        "time",
    ];
    if let Some((before, inside)) = file.rsplit_once("/src/") {
        let toolchain = before.rsplit('/').next().unwrap_or_default();
        let is_go = toolchain.starts_with("go") || before.contains("/toolchain@") || before.ends_with("/goroot");
        let first = inside.split('/').next().unwrap_or_default();
        return (is_go && !first.contains('.')).then_some(inside);
    }
    let first = file.split('/').next().unwrap_or_default();
    (FIRST.contains(&first) && file.ends_with(".go")).then_some(file)
}

/// The modules below `root`, by breadth, without what is hidden or not the repository's own.
fn modules(root: &Path) -> Vec<(String, String)> {
    let mut modules = Vec::new();
    let mut folders = std::collections::VecDeque::from([root.to_path_buf()]);
    let mut seen = 0;
    while let Some(folder) = folders.pop_front() {
        seen += 1;
        if seen > MOST_FOLDERS || modules.len() >= MOST_MODULES {
            break;
        }
        if let Some(path) = module_path(&folder.join("go.mod")) {
            let inside = folder.strip_prefix(root).unwrap_or(Path::new("")).to_string_lossy().replace('\\', "/");
            modules.push((path, inside));
        }
        let Ok(entries) = std::fs::read_dir(&folder) else { continue };
        let mut below: Vec<PathBuf> = entries
            .flatten()
            .filter(|e| e.file_type().is_ok_and(|t| t.is_dir()))
            .filter(|e| {
                let name = e.file_name();
                let name = name.to_string_lossy();
                !name.starts_with(['.', '_']) && !matches!(&*name, "vendor" | "node_modules" | "testdata" | "target")
            })
            .map(|e| e.path())
            .collect();
        below.sort();
        folders.extend(below);
    }
    // Stable.
    modules.sort_by(|(one, _): &(String, String), (other, _)| other.cmp(one));
    modules
}

/// The path in a go.mod: `module example.com/shop`.
fn module_path(file: &Path) -> Option<String> {
    let size = std::fs::metadata(file).ok().filter(std::fs::Metadata::is_file)?.len();
    let text = (size <= 1 << 20).then(|| std::fs::read_to_string(file).ok())??;
    module_name(&text)
}

/// The name that the text of a go.mod gives its module.
pub(crate) fn module_name(text: &str) -> Option<String> {
    let is_name = |rest: &&str| rest.starts_with([' ', '\t', '"', '`']);
    let line = text.lines().find_map(|l| l.trim().strip_prefix("module").filter(is_name))?;
    let name = line.split("//").next()?.trim().trim_matches(['"', '`']);
    (!name.is_empty()).then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_are_relative_to_the_repository() {
        let root = tempfile::tempdir().unwrap();
        let dir = root.path();
        for (file, text) in [
            (".git/HEAD", ""),
            ("go.mod", "module example.com/shop\n"),
            ("cart/add.go", "package cart"),
            ("main.go", "package main"),
            ("tools/go.mod", "module example.com/shop/tools // apart\n"),
            ("tools/gen/gen.go", "package gen"),
        ] {
            std::fs::create_dir_all(dir.join(file).parent().unwrap()).unwrap();
            std::fs::write(dir.join(file), text).unwrap();
        }
        let repository = Repository::around(&dir.join("cart"));
        let here = format!("{}/cart/add.go", dir.display());
        for (file, want) in [
            (here.as_str(), "cart/add.go"),
            ("/builds/4711/shop/cart/add.go", "cart/add.go"),
            ("/builds/4711/shop/main.go", "main.go"),
            ("D:\\build\\shop\\cart\\add.go", "cart/add.go"),
            ("example.com/shop/cart/add.go", "cart/add.go"),
            ("example.com/shop/tools/gen/gen.go", "tools/gen/gen.go"),
            ("/usr/local/go/src/sync/mutex.go", "$GOROOT/src/sync/mutex.go"),
            (
                "/root/go/pkg/mod/golang.org/toolchain@v0.0.1-go1.26.6.linux-amd64/src/sync/mutex.go",
                "$GOROOT/src/sync/mutex.go",
            ),
            ("sync/waitgroup.go", "$GOROOT/src/sync/waitgroup.go"),
            ("database/sql/sql.go", "$GOROOT/src/database/sql/sql.go"),
            ("github.com/other/lib@v1.2.3/lib.go", "github.com/other/lib@v1.2.3/lib.go"),
            ("/x/../../etc/add.go", "/x/../../etc/add.go"),
        ] {
            assert_eq!(repository.file(file), want, "{file}");
        }
        // Of more elements than any path has the end is not looked for.
        let deep = |folders: usize| format!("/{}cart/add.go", "x/".repeat(folders));
        assert_eq!(repository.file(&deep(MOST_ELEMENTS - 2)), "cart/add.go");
        assert_eq!(repository.file(&deep(MOST_ELEMENTS - 1)), deep(MOST_ELEMENTS - 1));
    }
}
