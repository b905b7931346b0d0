//! `gotrace-diff schema`: the published schemas of what is written.

use clap::{Args, ValueEnum};

use super::{DONE, output};
use crate::cli::Color;
use crate::error::Error;
use crate::report::{json, schema};
use crate::rows;

/// `gotrace-diff schema [WHAT]`.
#[derive(Debug, Args)]
pub struct SchemaArgs {
    /// What the schema is of.
    #[arg(value_enum, value_name = "WHAT", default_value_t = Document::Report)]
    pub what: Document,
}

/// What has a published schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Document {
    /// What a comparison writes with --format json.
    Report,
    /// A line of what summarize writes with --format ndjson.
    Row,
}

pub(super) fn run(args: &SchemaArgs) -> Result<u8, Error> {
    let schema = match args.what {
        Document::Report => schema::report(),
        Document::Row => rows::schema(),
    };
    output::print(&json::document(&schema)?, Color::Never)?;
    Ok(DONE)
}
