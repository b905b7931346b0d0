//! `gotrace-diff migrate FILE...`: documents of older versions, and those that an editor or a merge has touched, as this
//! version writes them.

use std::path::{Path, PathBuf};

use clap::Args;

use super::documents::{self, Document};
use super::{DONE, output, shown};
use crate::cli::{Color, Format};
use crate::config;
use crate::error::{DocumentFault, Error};
use crate::report::escape::term;
use crate::report::{json, read};

/// `gotrace-diff migrate FILE...`.
#[derive(Debug, Args)]
pub struct MigrateArgs {
    /// Baselines, results and configurations.
    #[arg(value_name = "FILE", required = true)]
    pub files: Vec<PathBuf>,
    /// Only say what would be rewritten.
    #[arg(long)]
    pub dry_run: bool,
    /// How it is told.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
}

pub(super) fn run(args: &MigrateArgs) -> Result<u8, Error> {
    // All are read before the first is written.
    let mut all = Vec::new();
    for path in &args.files {
        let old = documents::read_text(path, documents::MOST_BYTES)?;
        let new = anew(path, &old)?;
        all.push((path, new.filter(|new| *new != old)));
    }
    let (mut said, mut rows) = (String::new(), Vec::new());
    for (path, new) in &all {
        if let Some(text) = new
            && !args.dry_run
        {
            output::write_file(path, text)?;
        }
        let what = match (new, args.dry_run) {
            (None, _) => "as this version writes it",
            (Some(_), true) => "would be rewritten",
            (Some(_), false) => "rewritten",
        };
        said += &format!("{}: {what}\n", term(&shown(path)));
        rows.push(serde_json::json!({"file": path.display().to_string(), "changed": new.is_some()}));
    }
    if args.format == Format::Json {
        said = json::document(&serde_json::json!({
            "schema": "gotrace-diff/migrate/1", "files": rows, "exit_code": DONE,
        }))?;
    }
    output::print(&said, Color::Never)?;
    Ok(DONE)
}

/// The document as it is written now; `None` for what people write themselves, which is understood as it stands.
fn anew(path: &Path, old: &str) -> Result<Option<String>, Error> {
    let name = path.display().to_string();
    if path.extension().is_some_and(|e| e == "toml") {
        return config::parse_text(path, old).map(|_| None);
    }
    if documents::schema(&name, old).is_ok_and(|schema| read::is_report(&schema)) {
        return json::render(&documents::parse_report(&name, old)?).map(Some);
    }
    match documents::parse(&name, old)? {
        Document::Baseline(baseline) => baseline.render().map(Some),
        Document::Runs(_) => Err(Error::Document {
            file: name,
            fault: DocumentFault::OtherDocument,
            message: "a summary: it is read as it is".to_owned(),
            advice: "of its traces, summarize makes one anew".to_owned(),
        }),
    }
}
