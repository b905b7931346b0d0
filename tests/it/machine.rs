//! What this machine has besides Rust. Tests that need more are left out, in one line that says so.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// Set where nothing may be left out (`.ci/run` sets it).
const ALL: &str = "GOTRACE_DIFF_TEST_ALL";

/// Says that tests were left out for want of `what`. Where everything must run, fails instead.
pub fn left_out(what: &str, tests: &str) {
    assert!(std::env::var_os(ALL).is_none(), "{tests} need {what}, and {ALL} is set");
    // Straight to the terminal: what tests print through macros is kept from it.
    let _ = writeln!(std::io::stderr(), "left out: {tests} (no {what} on this machine)");
}

/// Go's analysis as JSON: tests/oracle/run with a Go of 1.26 or newer.
pub struct Oracle {
    script: PathBuf,
    /// `GOROOT` of the Go it uses.
    pub goroot: PathBuf,
}

impl Oracle {
    /// The script that runs it.
    pub fn script(&self) -> &Path {
        &self.script
    }

    /// Runs it; gives its standard output and standard error.
    pub fn run(&self, args: &[&std::ffi::OsStr]) -> (Vec<u8>, String) {
        let output = Command::new(&self.script).args(args).output().expect("the oracle runs");
        (output.stdout, String::from_utf8_lossy(&output.stderr).into_owned())
    }
}

/// The oracle, if there is a Go for it.
pub fn oracle() -> Option<&'static Oracle> {
    static ORACLE: OnceLock<Option<Oracle>> = OnceLock::new();
    let found = ORACLE.get_or_init(|| {
        let go = std::env::var_os("ORACLE_GO").unwrap_or_else(|| "go".into());
        let env = Command::new(go).args(["env", "GOVERSION", "GOROOT"]).env("GOTOOLCHAIN", "local").output().ok()?;
        let text = String::from_utf8(env.stdout).ok()?;
        let (version, root) = text.split_once('\n')?;
        let minor: u32 = version.strip_prefix("go1.")?.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()?;
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/oracle/run");
        (minor >= 26).then(|| Oracle { script, goroot: PathBuf::from(root.trim()) })
    });
    found.as_ref()
}
