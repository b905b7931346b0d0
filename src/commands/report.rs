//! `gotrace-diff report RESULT.json`: render again, without traces.

use std::io::Read;
use std::path::Path;

use super::{DONE, documents, output, written};
use crate::cli::{RenderArgs, ReportArgs};
use crate::config::Config;
use crate::error::Error;

pub(super) fn run(args: &RenderArgs) -> Result<u8, Error> {
    let inputs = written::Inputs::default().files([&args.result]);
    written::reporting(&args.report, Ok(Config::default()), None, &inputs, |_, how| render(args, how))
}

fn render(args: &RenderArgs, how: &ReportArgs) -> Result<u8, Error> {
    let name = args.result.display().to_string();
    let text = if args.result == Path::new("-") {
        let mut bytes = Vec::new();
        let all = std::io::stdin().lock().take(documents::MOST_BYTES + 1).read_to_end(&mut bytes);
        all.map_err(|source| Error::Read { file: "standard input".to_owned(), source })?;
        documents::text("standard input", bytes, documents::MOST_BYTES)?
    } else {
        documents::read_text(&args.result, documents::MOST_BYTES)?
    };
    output::report(&documents::parse_report(&name, &text)?, how)?;
    // Whoever compared has judged: to render is done when it is rendered.
    Ok(DONE)
}
