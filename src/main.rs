//! The command: what was typed goes in, an exit status comes out.

use std::process::ExitCode;

fn main() -> ExitCode {
    ExitCode::from(gotrace_diff::commands::main())
}
