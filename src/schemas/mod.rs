//! The published schemas of what people and programs write and read: `docs/*.schema.json` hold the same.

use crate::error::Error;
use crate::report::{json, schema as report};
use crate::rows;
use crate::summary::{SCHEMA, Summary};

/// What has a published schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Document {
    /// What a comparison writes with --format json.
    #[value(alias = "result")]
    Report,
    /// gotrace-diff.toml.
    Configuration,
    /// gotrace-baseline.json.
    Baseline,
    /// What summarize writes of a run with --format json.
    Summary,
    /// A line of what summarize writes with --format ndjson.
    Row,
}

impl Document {
    /// Every kind, with the name of its file in docs.
    pub const ALL: [(Document, &'static str); 5] = [
        (Document::Report, "report.schema.json"),
        (Document::Configuration, "configuration.schema.json"),
        (Document::Baseline, "baseline.schema.json"),
        (Document::Summary, "summary.schema.json"),
        (Document::Row, "row.schema.json"),
    ];

    /// Its JSON schema.
    ///
    /// # Errors
    /// Where it cannot be written as JSON, which would be a bug.
    pub fn schema(self) -> Result<String, Error> {
        match self {
            Document::Report => json::document(&report::report()),
            Document::Configuration => Ok(include_str!("configuration.json").to_owned()),
            Document::Baseline => Ok(include_str!("baseline.json").to_owned()),
            Document::Summary => json::document(&summary()),
            Document::Row => json::document(&rows::schema()),
        }
    }
}

/// The schema of summaries.
fn summary() -> schemars::Schema {
    let mut schema = schemars::schema_for!(Summary);
    schema.insert("$id".to_owned(), format!("urn:{}", SCHEMA.replace('/', ":")).into());
    schema.insert("title".to_owned(), "A run, as gotrace-diff summarize tells it".into());
    schema
}
