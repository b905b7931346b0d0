//! Which files are meant: a file, a folder, a glob or standard input becomes a list of files.

mod kind;
mod logs;
mod looks;

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use self::kind::Kind;
pub(super) use self::kind::is_trace;
use super::progress::Progress;
use crate::error::Error;
use crate::trace::Bytes;

/// More files than any comparison has.
pub(super) const MOST_FILES: usize = 10_000;
/// Folders nested deeper than this are not looked into.
const DEEPEST: usize = 32;

/// One thing to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Source {
    /// What it is called.
    pub(super) name: String,
    /// Where it is; `None` for standard input.
    pub(super) path: Option<PathBuf>,
    /// What `go test` printed, where the user says so.
    pub(super) tests: Option<PathBuf>,
}

impl Source {
    /// What `go test` printed in this run: as the user says, else `NAME.json` beside `NAME.out`.
    pub(super) fn test_output(&self) -> Option<PathBuf> {
        if self.tests.is_some() {
            return self.tests.clone();
        }
        let mut beside = self.path.clone()?;
        if beside.extension().is_some_and(|e| e == "gz" || e == "zst") {
            beside.set_extension("");
        }
        beside.set_extension("json").then_some(beside).filter(|path| Some(path) != self.path.as_ref())
    }
}

/// What was found.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// What to read, in order.
    pub(super) sources: Vec<Source>,
    /// How many files of folders are no traces.
    pub(super) skipped: usize,
    /// Which of those are JSON, where shards are looked for.
    pub(super) others: Vec<String>,
    /// Which of those are called as traces are, the first of them with what they look like; and how many there are.
    no_traces: (Vec<String>, usize),
    /// What `go test` printed of runs whose traces are not there.
    logs: Vec<PathBuf>,
    /// Links to folders that a glob means, which are not followed.
    links: (Vec<String>, usize),
}

/// So many files are named; of the rest only how many they are.
const MOST_NAMED: usize = 5;

impl Found {
    /// What was passed over though it is called as what is looked for.
    pub(super) fn warnings(&self) -> Vec<String> {
        let said = |(named, all): &(Vec<String>, usize), why: &str| {
            let more = all - named.len();
            let more = if more > 0 { format!(", and {more} more") } else { String::new() };
            (*all > 0).then(|| format!("{why}: {}{more}", named.join(", ")))
        };
        let no_traces = said(&self.no_traces, "called like traces, and passed over");
        let links = said(&self.links, "links to folders, which are not followed");
        no_traces.into_iter().chain(links).chain(self.orphans()).collect()
    }

    /// Logs without a trace. A run that died early, or whose trace was lost, is one run fewer, which nobody would notice.
    fn orphans(&self) -> Option<String> {
        let (failed, others): (Vec<&PathBuf>, _) = self.logs.iter().partition(|log| logs::failed(log));
        let mut named = (Vec::new(), 0);
        failed.iter().for_each(|log| Found::note(&mut named, || format!("{} (the run failed)", log.display())));
        others.iter().for_each(|log| Found::note(&mut named, || log.display().to_string()));
        let (named, all) = named;
        let more = if all > named.len() { format!(", and {} more", all - named.len()) } else { String::new() };
        let why = "what go test printed of runs without a trace of the same name beside it, which are not counted";
        (all > 0).then(|| format!("{why}: {}{more}", named.join(", ")))
    }

    /// Takes note of a file that is read with the trace beside it, where that is not there.
    fn without_trace(&mut self, beside: &Path, wanted: Wanted) {
        if wanted == Wanted::Runs && is_test_output(beside) && !kind::has_run_beside(beside) {
            self.logs.push(beside.to_path_buf());
        }
    }

    /// These outputs are given for traces that lie elsewhere.
    pub(super) fn give(&mut self, outputs: &[PathBuf]) {
        self.logs.retain(|log| !outputs.contains(log));
    }

    fn note(list: &mut (Vec<String>, usize), name: impl FnOnce() -> String) {
        list.1 += 1;
        if list.0.len() < MOST_NAMED {
            list.0.push(name());
        }
    }
}

/// What folders are searched for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    /// Traces, summaries and baselines, among whatever else a run leaves.
    Runs,
    /// What shards wrote: a folder that is there for that.
    Shards,
}

/// Finds all files that `inputs` mean.
pub(super) fn find(inputs: &[PathBuf]) -> Result<Found, Error> {
    search(inputs, Wanted::Runs)
}

/// Finds what shards wrote. Of a folder every JSON is one of theirs, or named.
pub(super) fn find_shards(inputs: &[PathBuf]) -> Result<Found, Error> {
    search(inputs, Wanted::Shards)
}

fn search(inputs: &[PathBuf], wanted: Wanted) -> Result<Found, Error> {
    let mut found = Found::default();
    for input in inputs {
        let before = found.sources.len();
        one(input, wanted, &mut found)?;
        if found.sources.len() == before {
            return Err(Error::Input {
                file: input.display().to_string(),
                message: "no trace, summary or baseline in it".to_owned(),
                advice: "give traces as written by go test -trace=FILE; folders are searched by content".to_owned(),
            });
        }
    }
    Ok(found)
}

fn one(input: &Path, wanted: Wanted, found: &mut Found) -> Result<(), Error> {
    if input == Path::new("-") {
        return push(found, Source { name: "standard input".to_owned(), path: None, tests: None });
    }
    match std::fs::metadata(input) {
        Ok(meta) if meta.is_dir() => folder(input, 0, wanted, found),
        Ok(_) => push(found, at(input)),
        Err(missing) => match input.to_str().filter(|s| s.contains(['*', '?', '['])) {
            Some(pattern) => glob(input, pattern, wanted, found),
            None => Err(Error::Read { file: input.display().to_string(), source: missing }),
        },
    }
}

fn at(path: &Path) -> Source {
    Source { name: path.display().to_string(), path: Some(path.to_path_buf()), tests: None }
}

fn push(found: &mut Found, source: Source) -> Result<(), Error> {
    if found.sources.len() + found.skipped >= MOST_FILES {
        return Err(Error::Input {
            file: source.name,
            message: format!("more than {MOST_FILES} files"),
            advice: "give the folder or the glob that has the traces only".to_owned(),
        });
    }
    found.sources.push(source);
    Ok(())
}

fn glob(input: &Path, pattern: &str, wanted: Wanted, found: &mut Found) -> Result<(), Error> {
    let bad = |message: String| Error::Input { file: input.display().to_string(), message, advice: String::new() };
    for path in glob::glob(pattern).map_err(|e| bad(format!("bad glob: {}", e.msg)))? {
        let path = path.map_err(|e| Error::Read { file: e.path().display().to_string(), source: e.into() })?;
        if path.is_dir() {
            if path.is_symlink() {
                Found::note(&mut found.links, || path.display().to_string());
            } else {
                folder(&path, 0, wanted, found)?;
            }
        } else if is_beside(&path) {
            found.without_trace(&path, wanted);
        } else {
            push(found, at(&path))?;
        }
    }
    Ok(())
}

/// The files of a folder by name, those that are none of ours counted; links to folders are not followed.
fn folder(path: &Path, depth: usize, wanted: Wanted, found: &mut Found) -> Result<(), Error> {
    let failed = |source| Error::Read { file: path.display().to_string(), source };
    let mut entries = std::fs::read_dir(path).map_err(failed)?.collect::<Result<Vec<_>, _>>().map_err(failed)?;
    entries.sort_by_key(std::fs::DirEntry::file_name);
    for entry in entries {
        let kind = entry.file_type().map_err(failed)?;
        let below = entry.path();
        if kind.is_dir() {
            let hidden = entry.file_name().to_string_lossy().starts_with('.');
            if !hidden && depth < DEEPEST {
                folder(&below, depth + 1, wanted, found)?;
            }
        } else if is_beside(&below) {
            // What a run printed lies beside its trace, and is read with it; so does where it was recorded.
            found.without_trace(&below, wanted);
        } else {
            match kind::of(&below, wanted)? {
                Kind::Ours => push(found, at(&below))?,
                Kind::Theirs => found.skipped += 1,
                Kind::NoTrace(looks) => {
                    found.skipped += 1;
                    Found::note(&mut found.no_traces, || format!("{} ({looks})", below.display()));
                }
                Kind::OtherJson => {
                    found.skipped += 1;
                    found.others.push(below.display().to_string());
                }
            }
        }
    }
    Ok(())
}

/// The files and folders that one input means, as far as that can be told without looking into any.
pub(super) fn meant(input: &Path) -> Vec<PathBuf> {
    if input == Path::new("-") {
        return Vec::new();
    }
    let pattern = input.to_str().filter(|_| std::fs::metadata(input).is_err());
    let matches = pattern.and_then(|pattern| glob::glob(pattern).ok());
    matches.map_or_else(|| vec![input.to_path_buf()], |matches| matches.flatten().collect())
}

/// The files that are read with one, where they are there.
pub(super) fn beside(path: &Path) -> Vec<PathBuf> {
    let recorded = path.with_file_name(super::environment::FILE_NAME);
    at(path).test_output().into_iter().chain([recorded]).filter(|path| path.is_file()).collect()
}

/// Whether a file that is there is read where its folder is searched.
pub(super) fn is_read_there(path: &Path, wanted: Wanted) -> bool {
    path.exists() && (is_beside(path) || !matches!(kind::of(path, wanted), Ok(k) if k != Kind::Ours))
}

/// Opens a regular file: what is none could keep us waiting for ever, or never end.
pub(super) fn open(path: &Path) -> Result<File, Error> {
    let name = || path.display().to_string();
    let failed = |source| Error::Read { file: name(), source };
    let refused = || Error::Input {
        file: name(),
        message: "is no regular file".to_owned(),
        advice: "pipe it in and give - for standard input".to_owned(),
    };
    // Opening a pipe waits for its other end, so it is asked before; and again after, since it may have changed.
    if !std::fs::metadata(path).map_err(failed)?.is_file() {
        return Err(refused());
    }
    let file = File::open(path).map_err(failed)?;
    if !file.metadata().map_err(failed)?.is_file() {
        return Err(refused());
    }
    Ok(file)
}

/// The bytes of a trace.
pub(super) fn bytes(path: &Path, progress: &Progress) -> Result<Bytes<Box<dyn Read + Send>>, Error> {
    bytes_of(open(path)?, progress).map_err(|source| Error::Read { file: path.display().to_string(), source })
}

/// The bytes of a trace in an open file.
pub(super) fn bytes_of(file: File, progress: &Progress) -> std::io::Result<Bytes<Box<dyn Read + Send>>> {
    let size = file.metadata()?.len();
    Bytes::of_file(progress.count(file), size, |file| Box::new(file) as Box<_>)
}

/// Whether a file is read with the traces beside it.
fn is_beside(path: &Path) -> bool {
    path.file_name().is_some_and(|n| n == super::environment::FILE_NAME) || is_test_output(path)
}

/// Whether a file holds what `go test -json` prints.
fn is_test_output(path: &Path) -> bool {
    let Ok(file) = open(path) else { return false };
    let mut head = Vec::new();
    if file.take(4096).read_to_end(&mut head).is_err() {
        return false;
    }
    let text = String::from_utf8_lossy(&head);
    text.trim_start().starts_with('{') && text.contains("\"Action\":") && !is_document(&head)
}

/// Whether this is the beginning of JSON of one of our schemas.
pub(super) fn is_document(head: &[u8]) -> bool {
    let text = String::from_utf8_lossy(head);
    text.trim_start_matches('\u{feff}').trim_start().starts_with('{') && text.contains("\"gotrace-diff/")
}
