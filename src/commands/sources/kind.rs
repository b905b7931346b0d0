//! What a file of a folder is, by its content and, where it has none, by its name.
//!
//! ```text
//!   .out, .trace             ours: read     empty, zeros, a link to nothing: an error     else passed over, and named
//!   the same, among shards   ours: read     empty, zeros, a link to nothing: an error     else passed over, and counted
//!   .json                    ours: read     and cut before it says whose, UTF-16, too     else passed over, and counted
//!   .json, among shards      ours: read     and cut anywhere, packed, too                 else passed over, and named
//!   anything else            ours: read     passed over, and counted
//! ```
//!
//! `NAME.json` beside a trace `NAME.out` is what its run printed, unless it says that it is ours. Among shards there is no such thing:
//! their folder is there for what they wrote.
//!
//! A file that is passed over is a run or a shard that nobody misses. So what is called as ours are, and holds nothing, is
//! one whose writer died rather than none.

use std::io::Read;
use std::path::Path;

use super::{Wanted, is_document, looks, open};
use crate::commands::documents::{self, MOST_BYTES};
use crate::error::{DocumentFault as Fault, Error};

/// What a file of a folder is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// One to read, or one whose reading tells what is wrong with it.
    Ours,
    /// Somebody else's.
    Theirs,
    /// Somebody else's by its content, called as traces are: what it looks like.
    NoTrace(&'static str),
    /// JSON of somebody else, where JSON of ours is looked for.
    OtherJson,
}

/// How much of a file tells what it is.
const HEAD: u64 = 4096;
const GZIP: &[u8] = &[0x1f, 0x8b];
const ZSTD: &[u8] = &[0x28, 0xb5, 0x2f, 0xfd];
/// How traces are called.
const TRACES: [&str; 6] = [".out", ".trace", ".out.gz", ".out.zst", ".trace.gz", ".trace.zst"];
/// The beginning of every schema of ours.
const OURS: &str = "gotrace-diff/";
const UTF16: &str = "UTF-16, as `>` of Windows PowerShell writes it: --output json=FILE writes UTF-8";

/// What `path`, a file of a folder, is.
pub(super) fn of(path: &Path, wanted: Wanted) -> Result<Kind, Error> {
    let name = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    // Hidden files are those of editors and systems.
    let shown = !name.starts_with('.');
    let is_json = shown && name.ends_with(".json");
    let is_called_a_trace = shown && TRACES.iter().any(|end| name.ends_with(end));
    let is_meant = is_json || is_called_a_trace;
    let ours = |is: bool| if is { Kind::Ours } else { Kind::Theirs };
    let Ok(head) = head(path) else {
        // A link to nowhere, a pipe, a file that may not be read: reading says which. Links to folders are not followed.
        return Ok(ours(is_meant && !path.is_dir()));
    };
    if is_json && !is_document(&head) && !is_trace(&head) {
        return if wanted == Wanted::Shards {
            among_shards(path, &head)
        } else if has_trace_beside(path) {
            // What its run printed need not be anything.
            Ok(Kind::Theirs)
        } else if is_packed(&head) {
            Ok(ours(holds_a_trace(path, &head)))
        } else {
            among_runs(path, &head)
        };
    }
    if is_nothing(&head) {
        return Ok(ours(is_meant));
    }
    if is_trace(&head) || is_document(&head) || is_packed(&head) && holds_a_trace(path, &head) {
        return Ok(Kind::Ours);
    }
    // Among shards the logs of jobs are called so, and traces are not looked for.
    Ok(if is_called_a_trace && wanted == Wanted::Runs { Kind::NoTrace(looks::like(&head)) } else { Kind::Theirs })
}

/// What a file is that is called `.json`, lies among shards and does not say at its beginning that it is one.
fn among_shards(path: &Path, head: &[u8]) -> Result<Kind, Error> {
    if head.is_empty() {
        return broken(path, Fault::BadJson, "an empty file: whoever wrote it died, or had no space left");
    }
    if is_nothing(head) {
        return broken(path, Fault::BadJson, "nothing but zeros: whoever wrote it died, or the machine did");
    }
    if is_utf16(head) {
        return broken(path, Fault::NotUtf8, UTF16);
    }
    if is_packed(head) {
        return broken(path, Fault::NotUtf8, "compressed: unpack it");
    }
    match schema(path) {
        Ok(schema) if schema.starts_with(OURS) => Ok(Kind::Ours),
        Ok(_) | Err(Error::Document { fault: Fault::NoSchema, .. }) => Ok(Kind::OtherJson),
        Err(Error::Document { fault, message, .. }) => broken(path, fault, &message),
        Err(other) => Err(other),
    }
}

/// What a file is that is called `.json`, lies among runs and does not say at its beginning that it is one: what is broken further
/// behind may be anybody's.
fn among_runs(path: &Path, head: &[u8]) -> Result<Kind, Error> {
    let words: Vec<u8> = head.iter().copied().filter(|b| *b != 0 && !b.is_ascii_whitespace()).collect();
    if is_utf16(head) && words.windows(OURS.len()).any(|word| word == OURS.as_bytes()) {
        return broken(path, Fault::NotUtf8, UTF16);
    }
    let words = words.strip_prefix("\u{feff}".as_bytes()).unwrap_or(&words);
    // Nothing, or cut before it says whose it is: what is whole and begins so goes on.
    let is_cut = br#"{"schema":"gotrace-diff/"#.starts_with(words);
    let is_ours = is_cut || schema(path).is_ok_and(|schema| schema.starts_with(OURS));
    Ok(if is_ours { Kind::Ours } else { Kind::Theirs })
}

/// One of ours that cannot be read.
fn broken(path: &Path, fault: Fault, message: &str) -> Result<Kind, Error> {
    let name = path.display().to_string();
    Err(Error::document(&name, fault, message.to_owned(), "make it anew, or take it out of the folder"))
}

/// Whose a document is. Other programs sort keys, so that what says it may be far behind.
fn schema(path: &Path) -> Result<String, Error> {
    let name = path.display().to_string();
    documents::read_text(path, MOST_BYTES).and_then(|text| documents::schema(&name, &text))
}

fn is_utf16(head: &[u8]) -> bool {
    head.starts_with(&[0xff, 0xfe]) || head.starts_with(&[0xfe, 0xff])
}

fn head(path: &Path) -> Result<Vec<u8>, Error> {
    let mut head = Vec::new();
    let failed = |source| Error::Read { file: path.display().to_string(), source };
    open(path)?.take(HEAD).read_to_end(&mut head).map_err(failed)?;
    Ok(head)
}

/// Whether nothing was written: no byte, or zeros where the machine went down.
fn is_nothing(head: &[u8]) -> bool {
    head.iter().all(|&b| b == 0)
}

/// Whether a trace lies beside `NAME.json`: as `NAME.out`, or packed. Logs are called so, too.
fn has_trace_beside(path: &Path) -> bool {
    let is_one =
        |path: &Path| head(path).is_ok_and(|head| is_trace(&head) || is_packed(&head) && holds_a_trace(path, &head));
    TRACES.iter().any(|end| is_one(&path.with_extension(end.trim_start_matches('.'))))
}

/// Whether a trace of the same name lies beside what `go test` printed, or what was made of it: what is wrong with that is told where it is read.
pub(super) fn has_run_beside(path: &Path) -> bool {
    TRACES
        .iter()
        .map(|end| end.trim_start_matches('.'))
        .chain(["summary.json"])
        .any(|end| path.with_extension(end).exists())
}

/// Whether this is the beginning of a trace.
pub(in crate::commands) fn is_trace(head: &[u8]) -> bool {
    let magic = b"go 1.";
    let n = head.len().min(magic.len());
    n > 0 && head[..n] == magic[..n]
}

fn is_packed(head: &[u8]) -> bool {
    [GZIP, ZSTD].iter().any(|magic| head.starts_with(magic) || !head.is_empty() && magic.starts_with(head))
}

/// Whether a compressed file unfolds to a trace.
fn holds_a_trace(path: &Path, head: &[u8]) -> bool {
    let Ok(file) = open(path) else { return false };
    let mut first = [0u8; 5];
    let read = if head.starts_with(GZIP) {
        flate2::read::GzDecoder::new(file).read_exact(&mut first).is_ok()
    } else {
        ruzstd::decoding::StreamingDecoder::new(file).is_ok_and(|mut d| d.read_exact(&mut first).is_ok())
    };
    // What cannot be unfolded so far is broken rather than none of ours, if it is called like a trace.
    let name = path.to_string_lossy();
    if read { is_trace(&first) } else { name.contains(".out.") || name.contains(".trace.") }
}
