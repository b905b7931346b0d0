//! Runs that an earlier attempt recorded, counted in.
//!
//! Whoever starts a failed job again draws again, and with enough draws everything passes. So the runs of all attempts
//! are judged together: more runs prove a change, or show that there is none. Base and head alternate within each
//! attempt, so that another machine in the next one meets both sides alike.

use std::path::{Path, PathBuf};

use crate::commands::documents::{self, Document};
use crate::commands::output;
use crate::commands::summarize::Runs;
use crate::error::{DocumentFault, Error};
use crate::report::json;
use crate::summary::Summary;

const BASE: &str = "base.json";
const HEAD: &str = "head.json";

/// Writes the runs of both sides.
pub(super) fn write(folder: Option<&Path>, base: &[Summary], head: &[Summary]) -> Result<(), Error> {
    let Some(folder) = folder else { return Ok(()) };
    std::fs::create_dir_all(folder).map_err(|source| Error::Write { file: folder.display().to_string(), source })?;
    for (name, runs) in [(BASE, base), (HEAD, head)] {
        output::write_file(&folder.join(name), &json::document(&Runs::of(runs))?)?;
    }
    Ok(())
}

/// Adds the runs of earlier attempts before those that are there; says so.
pub(super) fn read(
    folders: &[PathBuf],
    base: &mut Vec<Summary>,
    head: &mut Vec<Summary>,
) -> Result<Vec<String>, Error> {
    let mut said = Vec::new();
    let (mut all_base, mut all_head) = (Vec::new(), Vec::new());
    for folder in folders {
        let (b, h) = (runs(&folder.join(BASE))?, runs(&folder.join(HEAD))?);
        if h.is_empty() {
            continue;
        }
        said.push(format!(
            "{} runs of the base and {} of the head are counted in that an earlier attempt recorded ({})",
            b.len(),
            h.len(),
            folder.file_name().unwrap_or(folder.as_os_str()).to_string_lossy()
        ));
        all_base.extend(b);
        all_head.extend(h);
    }
    all_base.append(base);
    all_head.append(head);
    (*base, *head) = (all_base, all_head);
    Ok(said)
}

fn runs(file: &Path) -> Result<Vec<Summary>, Error> {
    let name = file.display().to_string();
    match documents::parse(&name, &documents::read_text(file, documents::MOST_BYTES)?)? {
        Document::Runs(runs) => Ok(runs),
        Document::Baseline(_) => Err(Error::Document {
            file: name,
            fault: DocumentFault::OtherDocument,
            message: "a baseline, and runs are wanted".to_owned(),
            advice: "give what gotrace-diff run --summaries wrote".to_owned(),
        }),
    }
}
