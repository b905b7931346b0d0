//! Where reports and errors go: standard output, standard error, files.

use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use anstream::{AutoStream, ColorChoice};

use crate::cli::{Color, ReportArgs};
use crate::error::{Error, exit};
use crate::report::escape::{self, term};
use crate::report::format::{self, Format};
use crate::report::json;
use crate::report::model::Report;
use crate::report::terminal::Layout;
use crate::trace::TraceErrorClass;

/// Columns where nothing says otherwise.
const WIDTH: usize = 80;

/// Of what tests printed so much is looked through for a panic.
const MOST_OUTPUT: u64 = 16 << 20;

/// What it is called in errors.
const STANDARD_OUTPUT: &str = "standard output";

/// Columns of text in files.
const FILE_WIDTH: usize = 120;

/// Prints a report and writes the files that were asked for. Files first: they have to be there whatever becomes of
/// standard output. All of them are rendered before the first is written.
pub(super) fn report(report: &Report, args: &ReportArgs) -> Result<u8, Error> {
    tell(report, args, true)
}

/// Writes the files that were asked for, where standard output is to get something else.
pub(super) fn report_files(report: &Report, args: &ReportArgs) -> Result<u8, Error> {
    tell(report, args, false)
}

fn tell(report: &Report, args: &ReportArgs, aloud: bool) -> Result<u8, Error> {
    let layout = Layout { width: width(), top: args.top(), all: args.all, group_by: args.group_by.unwrap_or_default() };
    let files = files(args)?;
    let mut written = Vec::with_capacity(files.len());
    for (format, path) in files {
        let text = format::render(format, report, Layout { width: FILE_WIDTH, ..layout })?;
        let text = if format == Format::Text { anstream::adapter::strip_str(&text).to_string() } else { text };
        written.push((path, text));
    }
    let said = format::render(args.format(), report, layout)?;
    for (path, text) in &written {
        write_file(path, text)?;
    }
    // Escape sequences of other formats are none of ours: nothing there may be taken for colour.
    let color = if args.format() == Format::Text { args.color } else { Color::Never };
    if aloud {
        print(&said, color)?;
    }
    Ok(report.exit_code)
}

/// The files that were asked for, their folders being there, which are none of the inputs and each one of its own ([`super::written`]).
fn files(args: &ReportArgs) -> Result<Vec<(Format, PathBuf)>, Error> {
    let mut files = args.output.clone();
    if let Some(folder) = &args.report_dir {
        files.extend(Format::ALL.map(|format| (format, folder.join(format.file_name()))));
    }
    // What a job recorded for minutes is not lost for a folder that is not there.
    for folder in files.iter().filter_map(|(_, path)| path.parent()).filter(|folder| !folder.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder)
            .map_err(|source| Error::Write { file: folder.display().to_string(), source })?;
    }
    Ok(files)
}

/// Prints text to standard output. A reader that has gone away is no error: it has seen what it wanted.
pub(super) fn print(text: &str, color: Color) -> Result<(), Error> {
    let choice = match color {
        Color::Auto => AutoStream::choice(&io::stdout()),
        Color::Always => ColorChoice::Always,
        Color::Never => ColorChoice::Never,
    };
    let mut out = io::stdout().lock();
    // Documents of tens of megabytes have no colours: taking those out would cost more than all else that is done to them.
    let written = match text.contains('\x1b') {
        true => AutoStream::new(&mut out, choice).write_all(text.as_bytes()),
        false => out.write_all(text.as_bytes()),
    };
    printed(written.and_then(|()| out.flush()))
}

/// Prints a value as an indented document of JSON, piece by piece: one of a large trace takes more memory than all else. No escape
/// sequence is in it, as what would begin one is escaped.
pub(super) fn print_document<T: serde::Serialize>(value: &T) -> Result<(), Error> {
    let mut out = io::BufWriter::with_capacity(64 << 10, io::stdout().lock());
    let written = escape::json::write(&mut out, value).map_err(io::Error::from);
    printed(written.and_then(|()| out.write_all(b"\n")).and_then(|()| out.flush()))
}

/// Whether all is done but for what standard output did not take.
pub(super) fn is_of_standard_output(error: &Error) -> bool {
    matches!(error, Error::Write { file, .. } if file == STANDARD_OUTPUT)
}

/// Whoever reads may have seen enough.
fn printed(written: io::Result<()>) -> Result<(), Error> {
    match written {
        Err(e) if e.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        Err(source) => Err(Error::Write { file: STANDARD_OUTPUT.to_owned(), source }),
        Ok(()) => Ok(()),
    }
}

/// Tells an error, and gives back its exit status.
pub(super) fn fail(error: &Error, as_json: bool) -> u8 {
    if as_json && let Ok(text) = json::error(error) {
        // Standard output may be what failed: there is nothing left to do about it then.
        let _ = print(&text, Color::Never);
    }
    let mut text = format!("error: {}\n", term(&error.told()));
    for line in error.output() {
        text.push_str(&format!("  | {}\n", term(line)));
    }
    if let Some(advice) = error.advice() {
        let advice = if matches!(error, Error::Usage(_)) {
            help(std::env::args_os().map(|arg| arg.to_string_lossy().into_owned()))
        } else {
            advice
        };
        text.push_str(&format!("  {}\n", term(&advice)));
    }
    if let Some((file, said)) = panic_beside(error) {
        text.push_str(&format!("  {} beside it has: {}\n", term(&file), term(&said)));
    }
    let _ = anstream::stderr().write_all(text.as_bytes());
    error.exit_code()
}

/// Where the flags of what was typed are listed.
fn help(args: impl Iterator<Item = String>) -> String {
    use clap::CommandFactory as _;
    let mut command = crate::cli::Cli::command();
    let mut said = "see gotrace-diff".to_owned();
    for arg in args.skip(1) {
        let Some(found) = command.find_subcommand(&arg).cloned() else { break };
        said = format!("{said} {arg}");
        command = found;
    }
    said + " --help"
}

/// Why a trace ends early, where the tests' output beside it tells of a panic: the file, and its first line on it.
fn panic_beside(error: &Error) -> Option<(String, String)> {
    let Error::Trace { file, source } = error else { return None };
    if source.kind().class() != TraceErrorClass::Truncated {
        return None;
    }
    let beside = Path::new(file).with_extension("json");
    let text = super::read_text(&beside, MOST_OUTPUT).ok()?;
    let said = text.lines().find_map(|line| {
        let event = serde_json::from_str::<serde_json::Value>(line).ok();
        let output = event.as_ref().and_then(|event| event.get("Output")).and_then(|output| output.as_str());
        output.unwrap_or(line).strip_prefix("panic: ").map(|what| format!("panic: {}", what.trim_end()))
    })?;
    Some((beside.display().to_string(), crate::error::clipped(said)))
}

/// What clap says: help and version are no errors.
pub(super) fn usage(error: &clap::Error, as_json: bool) -> Result<u8, Error> {
    if !error.use_stderr() {
        print(&error.render().ansi().to_string(), Color::Auto)?;
        return Ok(exit::PASS);
    }
    if as_json {
        let text = error.render().to_string();
        return Err(Error::Usage(text.trim().trim_start_matches("error: ").to_owned()));
    }
    let _ = anstream::stderr().write_all(error.render().ansi().to_string().as_bytes());
    Ok(exit::ERROR)
}

/// How wide the terminal is.
pub(super) fn width() -> usize {
    let columns = std::env::var("COLUMNS").ok().and_then(|c| c.parse::<usize>().ok());
    let terminal = io::stdout().is_terminal().then(terminal_size::terminal_size).flatten();
    columns.or(terminal.map(|(w, _)| usize::from(w.0))).unwrap_or(WIDTH).clamp(60, 400)
}

/// Writes a file whole or not at all.
pub(super) fn write_file(path: &Path, text: &str) -> Result<(), Error> {
    stream_file(path, |out| out.write_all(text.as_bytes()))
}

/// Writes a file whole or not at all, as `write` makes it: beside its place first, then renamed. Never through a
/// symbolic link, which whoever wrote the repository could point anywhere.
pub(super) fn stream_file<T>(path: &Path, write: impl FnOnce(&mut dyn Write) -> io::Result<T>) -> Result<T, Error> {
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    let file = path.display().to_string();
    let failed = |source: io::Error| Error::Write { file: file.clone(), source };
    match std::fs::symlink_metadata(path) {
        Ok(meta) if meta.is_symlink() => {
            return Err(Error::Refused {
                file,
                message: "is a symbolic link, which is not written through".to_owned(),
            });
        }
        Ok(meta) if !meta.is_file() => {
            return Err(Error::Refused { file, message: "is there already, and is no regular file".to_owned() });
        }
        _ => {}
    }
    let name =
        path.file_name().ok_or_else(|| Error::Refused { file: file.clone(), message: "names no file".to_owned() })?;
    // From here on a signal waits until the file is whole: otherwise it would leave what is beside its place.
    super::run::process::listen();
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let beside = path.with_file_name(format!(".{}.{}.{number}.tmp", name.to_string_lossy(), std::process::id()));
    let written = std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(&beside)
        .and_then(|file| {
            let mut out = io::BufWriter::new(file);
            let made = write(&mut out)?;
            out.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()?;
            Ok(made)
        })
        .and_then(|made| std::fs::rename(&beside, path).map(|()| made));
    if written.is_err() {
        let _ = std::fs::remove_file(&beside);
    }
    written.map_err(failed).and_then(|made| super::run::process::go_on().map(|()| made))
}
