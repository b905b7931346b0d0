//! Other programs: started, watched, and ended with all that they started themselves.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::error::Error;

/// Set by Ctrl-C, SIGTERM and SIGHUP.
static STOPPED: AtomicBool = AtomicBool::new(false);

/// From now on a signal only asks to stop, so that what was made is cleaned up on the way out.
pub(in crate::commands) fn listen() {
    // Fails only where a handler is there already: then it is ours, of a test in the same process.
    let _ = ctrlc::set_handler(|| STOPPED.store(true, Ordering::SeqCst));
}

/// Ends with an error where a signal asked to stop.
pub(in crate::commands) fn go_on() -> Result<(), Error> {
    if STOPPED.load(Ordering::SeqCst) { Err(Error::Interrupted) } else { Ok(()) }
}

/// Where `go` keeps what it builds with while it does.
static BUILDS: OnceLock<PathBuf> = OnceLock::new();

/// From now on `go` builds below `folder`: killed in the middle, it leaves its temporary files there.
pub(super) fn build_in(folder: &Path) {
    let _ = BUILDS.set(folder.to_path_buf());
}

/// How often a child is looked after, while it runs. Long enough to cost nothing.
const PULSE: Duration = Duration::from_millis(5);

/// Waits for a child. `None`: it did not end within `limit`, and was killed with all of its group.
pub(super) fn wait(child: &mut Child, limit: Option<Duration>) -> Result<Option<std::process::ExitStatus>, Error> {
    let begin = Instant::now();
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return Ok(Some(status)),
            Ok(None) => {}
            Err(source) => return Err(Error::Read { file: "a child process".to_owned(), source }),
        }
        let late = limit.is_some_and(|l| begin.elapsed() > l);
        if late || STOPPED.load(Ordering::SeqCst) {
            kill(child);
            let _ = child.wait();
            go_on()?;
            return Ok(None);
        }
        std::thread::sleep(PULSE);
    }
}

/// Makes a child the first of a group of its own, so that what it starts can be ended with it.
pub(super) fn grouped(command: &mut Command) -> &mut Command {
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(command, 0);
    command
}

fn kill(child: &mut Child) {
    if cfg!(unix) {
        let group = format!("-{}", child.id());
        let _ = Command::new("kill").args(["-KILL", "--", &group]).stderr(Stdio::null()).status();
    }
    let _ = child.kill();
}

/// What a program says.
#[derive(Debug)]
pub(in crate::commands) struct Said {
    pub(in crate::commands) ok: bool,
    pub(in crate::commands) out: String,
    pub(in crate::commands) err: String,
}

/// Runs a program to its end and gives what it said.
pub(in crate::commands) fn ask(program: &str, args: &[&str], folder: &Path) -> Result<Said, Error> {
    go_on()?;
    let mut command = Command::new(program);
    // Git would refresh the user's index on the way: it is told not to.
    command.env("GIT_OPTIONAL_LOCKS", "0");
    if let Some(folder) = BUILDS.get() {
        command.env("GOTMPDIR", folder);
    }
    command.args(args).current_dir(folder).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = grouped(&mut command).spawn().map_err(|source| Error::Program {
        program: program.to_owned(),
        message: source.to_string(),
        output: String::new(),
    })?;
    // Both pipes have to be emptied while it runs, or it waits for ever.
    let drain = |pipe: Option<Box<dyn Read + Send>>| {
        std::thread::spawn(move || {
            let mut bytes = Vec::new();
            if let Some(pipe) = pipe {
                let _ = pipe.take(MOST_OUTPUT).read_to_end(&mut bytes);
            }
            String::from_utf8_lossy(&bytes).into_owned()
        })
    };
    let out = drain(child.stdout.take().map(|p| Box::new(p) as Box<dyn Read + Send>));
    let err = drain(child.stderr.take().map(|p| Box::new(p) as Box<dyn Read + Send>));
    let status = wait(&mut child, None)?;
    Ok(Said {
        ok: status.is_some_and(|s| s.success()),
        out: out.join().unwrap_or_default(),
        err: err.join().unwrap_or_default(),
    })
}

/// More than any list of packages has.
const MOST_OUTPUT: u64 = 256 << 20;

/// Runs a program that has to succeed, and gives its standard output.
pub(in crate::commands) fn must(program: &str, args: &[&str], folder: &Path) -> Result<String, Error> {
    let said = ask(program, args, folder)?;
    if said.ok {
        return Ok(said.out);
    }
    Err(Error::Program {
        program: program.to_owned(),
        message: format!("`{program} {}` failed", args.join(" ")),
        output: last_lines(&said.err),
    })
}

/// The end of what a program said: that is where the reason is.
pub(super) fn last_lines(text: &str) -> String {
    let lines: Vec<&str> = text.trim_end().lines().collect();
    lines[lines.len().saturating_sub(20)..].join("\n")
}
