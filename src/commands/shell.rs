//! `gotrace-diff completions SHELL` and `gotrace-diff man`: what packages install beside the binary, made by the binary
//! so that it is never of another version.

use clap::{Args, CommandFactory};
use clap_complete::Shell;

use super::{DONE, output};
use crate::cli::{Cli, Color};
use crate::error::Error;

/// `gotrace-diff completions SHELL`.
#[derive(Debug, Args)]
pub struct CompletionsArgs {
    /// The shell.
    #[arg(value_enum, value_name = "SHELL")]
    pub shell: Shell,
}

pub(super) fn completions(args: &CompletionsArgs) -> Result<u8, Error> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "gotrace-diff", &mut script);
    print(&script)
}

/// One page for all: what each subcommand takes stands below its name.
pub(super) fn man() -> Result<u8, Error> {
    let failed = |source| Error::Write { file: "standard output".to_owned(), source };
    let mut page = Vec::new();
    let mut command = Cli::command();
    command.build();
    clap_mangen::Man::new(command.clone()).render(&mut page).map_err(failed)?;
    for of in command.get_subcommands().filter(|c| c.get_name() != "help") {
        page.extend_from_slice(format!(".SH \"COMMAND {}\"\n", of.get_name().to_uppercase()).as_bytes());
        let of = clap_mangen::Man::new(of.clone());
        let mut part = Vec::new();
        of.render_synopsis_section(&mut part)
            .and_then(|()| of.render_description_section(&mut part))
            .and_then(|()| of.render_options_section(&mut part))
            .map_err(failed)?;
        // Its sections are parts of ours.
        let part = String::from_utf8_lossy(&part).replace("\n.SH ", "\n.SS ");
        page.extend_from_slice(part.strip_prefix(".SH ").map_or(part.clone(), |rest| format!(".SS {rest}")).as_bytes());
    }
    print(&page)
}

fn print(bytes: &[u8]) -> Result<u8, Error> {
    output::print(&String::from_utf8_lossy(bytes), Color::Never)?;
    Ok(DONE)
}
