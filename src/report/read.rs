//! Reports read back from JSON, of this version and of those before it.

mod v1;

use serde::Deserialize;

use super::model::{Report, SCHEMA};

/// Whether `schema` is one of a report.
pub fn is_report(schema: &str) -> bool {
    schema == SCHEMA || schema == v1::SCHEMA
}

#[derive(Deserialize)]
struct Head {
    schema: String,
}

/// Reads a report.
///
/// # Errors
/// What is wrong with the document, in words.
pub fn read(text: &str) -> Result<Report, String> {
    let head: Head = serde_json::from_str(text).map_err(|e| e.to_string())?;
    let report = match head.schema.as_str() {
        v1::SCHEMA => v1::read(text)?,
        SCHEMA => serde_json::from_str::<Report>(text).map_err(|e| e.to_string())?,
        other => return Err(format!("the schema {other:?} is none of a report")),
    };
    if let Some(series) = report.series.iter().find(|s| s.subject >= report.subjects.len()) {
        return Err(format!("a series of subject {}, and there are {}", series.subject, report.subjects.len()));
    }
    Ok(report)
}
