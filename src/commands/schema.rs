//! `gotrace-diff schema`: the published schemas of what is written.

use clap::Args;

use super::{DONE, output};
use crate::cli::Color;
use crate::error::Error;
use crate::schemas::Document;

/// `gotrace-diff schema [WHAT]`.
#[derive(Debug, Args)]
pub struct SchemaArgs {
    /// What the schema is of.
    #[arg(value_enum, value_name = "WHAT", default_value_t = Document::Report)]
    pub what: Document,
}

pub(super) fn run(args: &SchemaArgs) -> Result<u8, Error> {
    output::print(&args.what.schema()?, Color::Never)?;
    Ok(DONE)
}
