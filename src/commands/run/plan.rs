//! What is to be recorded: the packages of both sides, their test binaries built, those told apart that need no run.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::build::{self, Listed};
use super::flags::Flags;
use super::progress::Progress;
use super::reads::{self, Data};
use super::session::{Binary, Target};
use super::trees::{Repository, WorkTree};
use super::{absolute, process, slug};
use crate::cli::{RecordArgs, RunArgs};
use crate::compare::Run;
use crate::compare::environment::Difference;
use crate::error::Error;
use crate::report::escape::Text;
use crate::report::model::NotCompared;

/// What is to be done.
#[derive(Debug, Default)]
pub(super) struct Plan {
    pub(super) targets: Vec<Target>,
    /// Those with the same binary on both sides. They are recorded last, since the time may be up before.
    later: Vec<Target>,
    /// Work trees; taken away when dropped.
    pub(super) trees: Vec<WorkTree>,
    pub(super) told: Told,
}

/// What is known before anything runs.
#[derive(Debug, Default)]
pub(super) struct Told {
    pub(super) warnings: Vec<String>,
    pub(super) left_out: Vec<NotCompared>,
    /// Packages that are the same on both sides.
    pub(super) unchanged: usize,
    /// Packages that are still there, without the tests that they have in the base.
    pub(super) untested: Vec<String>,
    /// Packages that should have been compared and cannot be.
    pub(super) broken: usize,
}

/// A side, before anything is built.
struct Side {
    folder: PathBuf,
    binaries: PathBuf,
    packages: BTreeMap<String, Listed>,
}

/// One side only.
pub(super) fn one(
    args: &RecordArgs,
    flags: &Flags,
    here: &Path,
    scratch: &Path,
    progress: &mut Progress,
) -> Result<Plan, Error> {
    let mut plan = Plan::default();
    let folder = match &args.reference {
        None => here.to_path_buf(),
        Some(name) => {
            let repository = Repository::around(here)?;
            let tree = repository.check_out(&repository.commit(name)?, scratch, "tree")?;
            let folder = tree.folder.clone();
            plan.trees.push(tree);
            folder
        }
    };
    let side = Side::list(folder, scratch.join("head-bin"), &args.packages, flags)?;
    for listed in side.with_tests()? {
        progress.step(&format!("building {}", listed.import_path));
        let head = side.build(listed, flags)?;
        plan.targets.push(target(&listed.import_path, None, head));
    }
    plan.tell_slugs_apart();
    Ok(plan)
}

/// Both sides.
pub(super) fn both(
    args: &RunArgs,
    flags: &Flags,
    here: &Path,
    scratch: &Path,
    progress: &mut Progress,
) -> Result<Plan, Error> {
    if let (Some(base), Some(head)) = (&args.base_binary, &args.head_binary) {
        return binaries(base, head, here, args.all_packages);
    }
    let repository = Repository::around(here)?;
    let head_commit = args.head.as_deref().map(|name| repository.commit(name)).transpose()?;
    let (base_commit, base_name) = match &args.base {
        Some(name) => (repository.commit(name)?, name.clone()),
        None => {
            let (commit, branch) = repository.merge_base(head_commit.as_deref().unwrap_or("HEAD"))?;
            let short = commit.get(..12).unwrap_or(&commit).to_owned();
            (commit, format!("{short}, the merge base with {branch}"))
        }
    };
    let nothing = match &head_commit {
        Some(head) => *head == base_commit,
        None => repository.is_at(&base_commit)?,
    };
    if nothing {
        return Err(Error::Usage(format!(
            "base and head are the same code ({base_name}): say what to compare with, as in --base HEAD~1"
        )));
    }
    let mut plan = Plan::default();
    progress.step(&format!("base: {base_name}; head: {}", args.head.as_deref().unwrap_or("the working tree")));
    let tree = repository.check_out(&base_commit, scratch, "base")?;
    let base_folder = tree.folder.clone();
    plan.trees.push(tree);
    let head_folder = match &head_commit {
        None => here.to_path_buf(),
        Some(commit) => {
            let tree = repository.check_out(commit, scratch, "head")?;
            let folder = tree.folder.clone();
            plan.trees.push(tree);
            folder
        }
    };
    let head = Side::list(head_folder, scratch.join("head-bin"), &args.packages, flags)?;
    let base = Side::list(base_folder, scratch.join("base-bin"), &args.packages, flags)?;
    let mut targets: Vec<String> = head.with_tests()?.map(|p| p.import_path.clone()).collect();
    let top = plan.trees.get(1).map_or(repository.top().to_path_buf(), |t| t.top().to_path_buf());
    let mut files = repository.changed(&base_commit, head_commit.as_deref())?;
    // What is merely there, as what an earlier step of a job left, is in no commit that changes it.
    let data = Data::of(&files, &top);
    if args.affected {
        if head_commit.is_none() {
            files.extend(repository.untracked()?);
        }
        let all = build::list(&head.folder, &["./...".to_owned()], &flags.build)?;
        let reached = build::affected(&targets, &all, &top, &files);
        plan.leave_out(targets.iter().filter(|t| !reached.contains(*t)), "the change does not reach them");
        plan.told.unchanged += targets.len() - reached.len();
        targets.retain(|t| reached.contains(t));
    }
    for package in &targets {
        progress.step(&format!("building {package}"));
        plan.add(package, (&base, &head), flags, (&data, args.all_packages))?;
    }
    plan.record_later(&data);
    plan.tell_gone(&base, &head);
    plan.name_what_differs();
    plan.tell_slugs_apart();
    Ok(plan)
}

/// Two test binaries of one package, which is where the user stands. `all`: also where they are equal.
fn binaries(base: &Path, head: &Path, here: &Path, all: bool) -> Result<Plan, Error> {
    let binary = |file: &Path| -> Result<Binary, Error> {
        let failed = |source| Error::Read { file: file.display().to_string(), source };
        if !std::fs::metadata(file).map_err(failed)?.is_file() {
            return Err(Error::Usage(format!("{} is no test binary", file.display())));
        }
        Ok(Binary::new(absolute(file)?, here.to_path_buf()))
    };
    let (base, head) = (binary(base)?, binary(head)?);
    let mut plan = Plan::default();
    let listed = build::list(here, &[".".to_owned()], &[]).unwrap_or_default();
    let package = listed.into_keys().next().unwrap_or_else(|| {
        head.file.file_stem().map_or_else(|| "package".to_owned(), |n| n.to_string_lossy().into_owned())
    });
    // Both run in one folder, and read what is there.
    if build::same(&base.file, &head.file) && !all {
        plan.told.unchanged += 1;
        plan.leave_out([&package].into_iter(), UNCHANGED);
    } else {
        plan.targets.push(target(&package, Some(base), head));
    }
    plan.name_what_differs();
    Ok(plan)
}

const UNCHANGED: &str = "test binary and what tests may read are the same on both sides";

fn target(package: &str, base: Option<Binary>, head: Binary) -> Target {
    Target { package: package.to_owned(), slug: slug(package), base, head }
}

impl Side {
    fn list(folder: PathBuf, binaries: PathBuf, patterns: &[String], flags: &Flags) -> Result<Side, Error> {
        if !folder.is_dir() {
            // The folder that the user stands in is new.
            return Ok(Side { folder, binaries, packages: BTreeMap::new() });
        }
        std::fs::create_dir_all(&binaries)
            .map_err(|source| Error::Write { file: binaries.display().to_string(), source })?;
        let packages = build::list(&folder, patterns, &flags.build)?;
        Ok(Side { folder, binaries, packages })
    }

    /// Its packages with tests; an error where there is none.
    fn with_tests(&self) -> Result<impl Iterator<Item = &Listed>, Error> {
        if let Some(error) = self.packages.values().filter(|p| !p.has_tests()).find_map(|p| p.error.as_ref()) {
            return Err(Error::Program {
                program: "go".to_owned(),
                message: "a package cannot be loaded".to_owned(),
                output: process::last_lines(&error.err),
            });
        }
        if !self.packages.values().any(Listed::has_tests) {
            return Err(Error::Usage("none of these packages has a test".to_owned()));
        }
        Ok(self.packages.values().filter(|p| p.has_tests()))
    }

    fn build(&self, listed: &Listed, flags: &Flags) -> Result<Binary, Error> {
        let file = self.binaries.join(format!("{}.test", slug(&listed.import_path)));
        build::build(&self.folder, &listed.import_path, &flags.build, &file)?;
        Ok(Binary::new(file, listed.dir.clone()))
    }
}

impl Plan {
    fn leave_out<'a>(&mut self, packages: impl Iterator<Item = &'a String>, why: &str) {
        let names: Vec<&str> = packages.map(String::as_str).collect();
        if names.is_empty() {
            return;
        }
        const MOST: usize = 8;
        let mut what = "packages ".to_owned();
        what += &names[..names.len().min(MOST)].join(", ");
        if names.len() > MOST {
            what += ", ...";
        }
        match self.told.left_out.iter_mut().find(|n| n.why.is(why)) {
            Some(known) => {
                if known.count < MOST {
                    known.what = Text::join([&known.what, &Text::from(names.join(", "))], ", ");
                }
                known.count += names.len();
            }
            None => self.told.left_out.push(NotCompared { what: what.into(), why: why.into(), count: names.len() }),
        }
    }

    /// Builds one package on both sides, and decides what becomes of it. `all`: it is recorded whatever there is to compare.
    fn add(
        &mut self,
        package: &String,
        (base, head): (&Side, &Side),
        flags: &Flags,
        (data, all): (&Data, bool),
    ) -> Result<(), Error> {
        let Some(in_head) = head.packages.get(package) else { return Ok(()) };
        let Some(in_base) = base.packages.get(package).filter(|p| p.has_tests()) else {
            self.leave_out([package].into_iter(), "their tests are new");
            return Ok(());
        };
        // A head that does not build fails `go test` too: nothing can be said then.
        let new = head.build(in_head, flags)?;
        let old = match base.build(in_base, flags) {
            Ok(old) => old,
            Err(Error::Program { output, .. }) => {
                self.told.broken += 1;
                self.told
                    .warnings
                    .push(format!("{package}: its tests do not build in the base: {}", first_error(&output)));
                return Ok(());
            }
            Err(other) => return Err(other),
        };
        if !build::same(&old.file, &new.file) {
            self.targets.push(target(package, Some(old), new));
        } else if all || data.read_in(&new.folder).is_some() || !reads::same_beside(&old.folder, &new.folder) {
            self.later.push(target(package, Some(old), new));
        } else {
            self.told.unchanged += 1;
            self.leave_out([package].into_iter(), UNCHANGED);
        }
        Ok(())
    }

    /// Packages without tests in the head: who took the tests away has taken the gate away, but not who took the code too.
    fn tell_gone(&mut self, base: &Side, head: &Side) {
        let of_head = |p: &Listed| head.packages.get(&p.import_path);
        let lost = base.packages.values().filter(|p| p.has_tests() && of_head(p).is_none_or(|h| !h.has_tests()));
        // What is tests alone has its code elsewhere, where it still is.
        let (gone, untested): (Vec<&Listed>, Vec<&Listed>) = lost.partition(|p| of_head(p).is_none() && p.has_code());
        self.leave_out(untested.iter().map(|p| &p.import_path), "they have tests in the base only");
        self.leave_out(gone.iter().map(|p| &p.import_path), "they are gone, with all of their code");
        self.told.untested = untested.into_iter().map(|p| p.import_path.clone()).collect();
        if let [first, more @ ..] = &gone[..] {
            let and = if more.is_empty() { String::new() } else { format!(" and {} more packages", more.len()) };
            let are = if more.is_empty() { "is" } else { "are" };
            self.told.warnings.push(format!(
                "{}{and} {are} gone, with all code: if moved, the new place has nothing to be compared with",
                first.import_path
            ));
        }
    }

    /// Puts what has the same binary on both sides behind all else, and says why it is recorded.
    fn record_later(&mut self, data: &Data) {
        let file = self.later.iter().find_map(|target| data.read_in(&target.head.folder));
        if let Some(file) = file {
            let n = self.later.iter().filter(|target| data.read_in(&target.head.folder).is_some()).count();
            let more = match data.more() {
                0 => String::new(),
                n => format!(" and {n} more file{}", if n == 1 { "" } else { "s" }),
            };
            let are = if n == 1 { " is" } else { "s are" };
            self.told.warnings.push(format!(
                "{}{more} changed, which tests may read: {n} package{are} recorded although the test binary is the same on both sides",
                file.display()
            ));
        }
        self.targets.append(&mut self.later);
    }

    /// The Go release, flags and the like may be the very change under test: they are named first, and still gate.
    fn name_what_differs(&mut self) {
        let run = |binary: &Binary| Run { environment: binary.environment.clone(), ..Run::default() };
        let sides = self.targets.iter().filter_map(|t| Some((run(t.base.as_ref()?), run(&t.head))));
        let mut what: Vec<String> =
            sides.flat_map(|(base, head)| Difference::between(&[&base], &[&head]).what).collect();
        what.sort();
        what.dedup();
        if !what.is_empty() {
            let said = format!(
                "base and head are built differently, which is a part of what is compared: {}",
                what.join(", ")
            );
            self.told.warnings.insert(0, said);
        }
    }

    /// Two packages whose files would be called alike would be taken for one.
    fn tell_slugs_apart(&mut self) {
        let mut seen = BTreeSet::new();
        for target in &mut self.targets {
            let mut slug = target.slug.clone();
            for n in 2.. {
                if seen.insert(slug.clone()) {
                    break;
                }
                slug = format!("{}-{n}", target.slug);
            }
            target.slug = slug;
        }
    }
}

/// The line of the compiler's that says what is wrong.
fn first_error(output: &str) -> &str {
    output.lines().find(|l| !l.starts_with('#') && !l.is_empty()).unwrap_or("no reason given")
}
