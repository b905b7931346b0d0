//! The report as JSON: the model as it is.

use super::escape;
use super::model::Report;
use crate::error::Error;

/// The version of errors as JSON.
pub const ERROR_SCHEMA: &str = "gotrace-diff/error/1";

/// The report as one JSON document with a line's end.
///
/// # Errors
/// Never with what the model holds; a bug if it happens.
pub fn render(report: &Report) -> Result<String, Error> {
    document(report)
}

/// Any value as an indented document.
///
/// # Errors
/// As above.
pub fn document<T: serde::Serialize>(value: &T) -> Result<String, Error> {
    let bug = |e: &dyn std::fmt::Display| Error::Bug(format!("a report that is no JSON: {e}"));
    let mut text = Vec::new();
    escape::json::write(&mut text, value).map_err(|e| bug(&e))?;
    text.push(b'\n');
    String::from_utf8(text).map_err(|e| bug(&e))
}

/// An error as JSON.
///
/// # Errors
/// As above.
pub fn error(error: &Error) -> Result<String, Error> {
    document(&serde_json::json!({
        "schema": ERROR_SCHEMA,
        "error": {
            "kind": error.kind(),
            "cause": error.cause(),
            "message": error.to_string(),
            "file": error.file(),
            "offset": error.offset(),
            "advice": error.advice(),
        },
        "exit_code": error.exit_code(),
    }))
}
