//! The summary of the job: the report as Markdown, or why there is none.

use serde_json::Value;

use super::environment::{has_compared, report_folder, text, variable};
use super::gate::ERROR_FILE;
use super::outputs::append;
use crate::commands::{DONE, documents};
use crate::error::Error;
use crate::report::escape::Text;
use crate::report::format::Format;
use crate::report::markdown;

/// Less is left by others in the same file than a report is worth.
const LEAST: usize = 2_000;

pub(super) fn run() -> Result<u8, Error> {
    let (_, folder) = report_folder()?;
    let path = folder.join(Format::Json.file_name());
    let room = std::fs::metadata(variable("GITHUB_STEP_SUMMARY")).map_or(0, |m| usize::try_from(m.len()).unwrap_or(0));
    let room = markdown::SUMMARY.saturating_sub(room).max(LEAST);
    let page = if has_compared() {
        let file = path.display().to_string();
        let report = documents::parse_report(&file, &documents::read_text(&path, documents::MOST_BYTES)?)?;
        markdown::within(&report, room)
    } else {
        let said = documents::read_text(&folder.join(ERROR_FILE), 1 << 20).unwrap_or_default();
        nothing(&serde_json::from_str(&said).unwrap_or_default())
    };
    append("GITHUB_STEP_SUMMARY", &format!("{page}\n"))?;
    Ok(DONE)
}

/// A comparison that did not take place.
fn nothing(error: &Value) -> String {
    let line = |pointer: &str| Text::from(text(error, pointer)).clip(600).markdown_line();
    let (message, advice) = (line("/error/message"), line("/error/advice"));
    let message = if message.is_empty() { "see the log".to_owned() } else { message };
    let advice = if advice.is_empty() { String::new() } else { format!("\n\n{advice}") };
    format!("**error**: nothing could be compared: {message}{advice}\n")
}
