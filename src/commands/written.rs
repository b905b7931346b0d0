//! What a run is to write: never what it reads, and never left as an earlier run wrote it.
//!
//! ```text
//!   before   an output that is an input, or would be taken for one the next time   usage error, nothing is touched
//!   after    an error                                                              JSON says it, other reports are gone
//! ```
//!
//! The second is for whoever reads the files and not the exit status: a report of yesterday says what was so then.

use std::io::{Read as _, Write as _};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use super::output;
use super::sources::{self, Wanted};
use crate::cli::ReportArgs;
use crate::config::{self, Config};
use crate::error::Error;
use crate::report::escape::term;
use crate::report::format::Format;
use crate::report::{json, read};

/// How much of a file says what it is.
const HEAD: u64 = 4096;

/// One file that is to be written.
#[derive(Clone, Debug)]
pub(super) struct Output {
    /// As it was asked for.
    asked: String,
    path: PathBuf,
    /// Whether it is JSON of ours, which is found by its content in whatever folder it lies.
    is_document: bool,
}

impl Output {
    /// What `flag` names.
    pub(super) fn new(flag: &str, path: &Path, is_document: bool) -> Output {
        Output { asked: format!("{flag} {}", path.display()), path: path.to_path_buf(), is_document }
    }

    /// The reports that are asked for.
    pub(super) fn reports(args: &ReportArgs) -> Vec<Output> {
        let named = args.output.iter().map(|(format, path)| {
            let flag = format!("--output {}={}", format.name(), path.display());
            Output { asked: flag, path: path.clone(), is_document: *format == Format::Json }
        });
        let folder = args.report_dir.iter().flat_map(|folder| {
            Format::ALL.map(|format| Output {
                asked: format!("--report-dir {}", folder.display()),
                path: folder.join(format.file_name()),
                is_document: format == Format::Json,
            })
        });
        named.chain(folder).collect()
    }
}

/// What is to be read.
#[derive(Debug, Default)]
pub(super) struct Inputs {
    /// Files, folders and globs of runs.
    runs: Vec<PathBuf>,
    /// The same of what shards wrote.
    shards: Vec<PathBuf>,
    /// Files that are nothing else.
    files: Vec<PathBuf>,
}

impl Inputs {
    /// Runs.
    pub(super) fn runs<'a>(mut self, runs: impl IntoIterator<Item = &'a PathBuf>) -> Inputs {
        self.runs.extend(runs.into_iter().cloned());
        self
    }

    /// What shards wrote.
    pub(super) fn shards<'a>(mut self, shards: impl IntoIterator<Item = &'a PathBuf>) -> Inputs {
        self.shards.extend(shards.into_iter().cloned());
        self
    }

    /// Files: outputs of `go test`, baselines, binaries.
    pub(super) fn files<'a>(mut self, files: impl IntoIterator<Item = &'a PathBuf>) -> Inputs {
        self.files.extend(files.into_iter().cloned());
        self
    }

    /// The configuration: the one that is named, and those that hold here by where they lie.
    pub(super) fn config(mut self, explicit: Option<&PathBuf>) -> Inputs {
        let here = super::working_folder().unwrap_or_default();
        let above = crate::paths::up_to_root(&here).map(|folder| folder.join(config::FILE_NAME));
        self.files.extend(explicit.cloned().into_iter().chain(above));
        self
    }
}

/// Refuses outputs that are inputs, and two of one file.
pub(super) fn apart(outputs: &[Output], inputs: &Inputs) -> Result<(), Error> {
    let places: Vec<PathBuf> = outputs.iter().map(|output| place(&output.path)).collect();
    for (i, output) in outputs.iter().enumerate() {
        if places[..i].contains(&places[i]) {
            return Err(Error::Usage(format!(
                "two reports would go to {}: give each a file of its own",
                output.path.display()
            )));
        }
    }
    if outputs.is_empty() {
        return Ok(());
    }
    let is_read = |output: &Output, input: &Path| {
        let input = input.display();
        Error::Usage(format!("{}: that is {input}, which is read: give another path", output.asked))
    };
    let mut known: Vec<(PathBuf, PathBuf)> = Vec::new();
    let mut folders: Vec<(PathBuf, PathBuf, Wanted)> = Vec::new();
    let searched = inputs.runs.iter().map(|path| (path, Wanted::Runs));
    for (input, wanted) in searched.chain(inputs.shards.iter().map(|path| (path, Wanted::Shards))) {
        for path in sources::meant(input) {
            match path.is_dir() {
                true => folders.push((place(&path), path, wanted)),
                false => known.extend(sources::beside(&path).into_iter().chain([path]).map(|p| (place(&p), p))),
            }
        }
    }
    known.extend(inputs.files.iter().map(|path| (place(path), path.clone())));
    for (output, place) in outputs.iter().zip(&places) {
        if let Some((_, input)) = known.iter().find(|(known, _)| known == place) {
            return Err(is_read(output, input));
        }
        for (folder, shown, wanted) in &folders {
            if !is_searched(folder, place) {
                continue;
            }
            if sources::is_read_there(place, *wanted) {
                return Err(is_read(output, place));
            }
            if output.is_document {
                return Err(Error::Usage(format!(
                    "{}: that is in {}, which is read, and would be taken for one of its files the next time: give another path",
                    output.asked,
                    shown.display()
                )));
            }
        }
    }
    Ok(())
}

/// Whether a file at `place` is found where `folder` is searched: hidden folders are not looked into.
fn is_searched(folder: &Path, place: &Path) -> bool {
    let below = place.strip_prefix(folder).ok().and_then(Path::parent);
    below.is_some_and(|below| !below.iter().any(|name| name.to_string_lossy().starts_with('.')))
}

/// Where a path leads, through all links; of what is not there yet the folder that is, and the rest.
fn place(path: &Path) -> PathBuf {
    let whole = std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf());
    let there = whole.ancestors().find_map(|above| Some((above, std::fs::canonicalize(above).ok()?)));
    match there {
        Some((above, place)) => match whole.strip_prefix(above) {
            Ok(rest) if rest.as_os_str().is_empty() => place,
            Ok(rest) => place.join(rest),
            Err(_) => whole,
        },
        None => whole,
    }
}

/// Does the work of a command that writes reports, and perhaps something `also`, with its configuration and what is to be told
/// where, outputs having been held against inputs. Where it ends in an error, no report of an earlier run stays where one of this would have been.
pub(super) fn reporting(
    typed: &ReportArgs,
    config: Result<Config, Error>,
    also: Option<Output>,
    inputs: &Inputs,
    work: impl FnOnce(Config, &ReportArgs) -> Result<u8, Error>,
) -> Result<u8, Error> {
    let how = config.as_ref().map_or_else(|_| typed.clone(), |config| typed.over(&config.report));
    let outputs = Output::reports(&how);
    apart(&outputs.iter().cloned().chain(also).collect::<Vec<_>>(), inputs)?;
    let done = catch_unwind(AssertUnwindSafe(|| work(config?, &how)));
    let done = done.unwrap_or_else(|panic| Err(super::bug(&*panic)));
    match &done {
        // All reports were there by then: what they say is so.
        Err(error) if !output::is_of_standard_output(error) => instead(&outputs, error),
        _ => {}
    }
    done
}

/// Puts an error where the JSON of a report was to be, and takes away the reports of an earlier run. That one of them cannot
/// be written or removed is said, and changes nothing: the job has failed already.
fn instead(outputs: &[Output], error: &Error) {
    for output in outputs {
        // Where that cannot be, writing tells.
        let _ = output.path.parent().map(std::fs::create_dir_all);
        // What reports are not written over is not taken away either.
        let old = std::fs::symlink_metadata(&output.path);
        if old.as_ref().is_ok_and(|old| !old.is_file()) || is_somebodys(&output.path) {
            continue;
        }
        let done = match (output.is_document, old) {
            (true, old) => json::error(error).and_then(|text| match output::write_file(&output.path, &text) {
                // The same signal as before: the file is there.
                Err(Error::Interrupted) => Ok(()),
                // Nothing fits, as where the disk is full: then nothing says what is not so.
                Err(_) if old.is_ok() && std::fs::remove_file(&output.path).is_ok() => Ok(()),
                done => done,
            }),
            (false, Err(_)) => Ok(()),
            (false, Ok(_)) => std::fs::remove_file(&output.path)
                .map_err(|source| Error::Write { file: output.path.display().to_string(), source }),
        };
        // Where writing it is what failed, that is told anyway.
        if let Err(failed) = done
            && failed.to_string() != error.to_string()
        {
            let _ = anstream::stderr().write_all(format!("warning: {}\n", term(&failed.told())).as_bytes());
        }
    }
}

/// Whether a file has what cannot be made again from what is read now: a trace, a summary, a baseline.
fn is_somebodys(path: &Path) -> bool {
    let mut head = Vec::new();
    let Ok(file) = sources::open(path) else { return false };
    if file.take(HEAD).read_to_end(&mut head).is_err() {
        return false;
    }
    if sources::is_trace(&head) {
        return true;
    }
    let text = String::from_utf8_lossy(&head);
    let schema = super::documents::begins_with(&text);
    schema.is_some_and(|s| s.starts_with("gotrace-diff/") && s != json::ERROR_SCHEMA && !read::is_report(s))
}
