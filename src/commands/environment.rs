//! Where the traces of a folder were recorded, as `gotrace-diff record` and `run --keep` write it beside them.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::output;
use crate::config::{Files, WorkingTree};
use crate::error::{DocumentFault, Error};
use crate::report::json;
use crate::summary::Environment;

/// What the file is called, beside the traces that it is of.
pub(super) const FILE_NAME: &str = "gotrace-environment.json";
/// The version of the document.
const SCHEMA: &str = "gotrace-diff/environment/1";
/// More than any has.
const MOST_BYTES: u64 = 1 << 20;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Beside {
    schema: String,
    facts: Environment,
}

/// Writes what is known of the traces in `folder`.
pub(super) fn write(folder: &Path, environment: &Environment) -> Result<(), Error> {
    let text = json::document(&Beside { schema: SCHEMA.to_owned(), facts: environment.clone() })?;
    output::write_file(&folder.join(FILE_NAME), &text)
}

/// What is known of a trace: nothing, where nobody wrote it down. What is called so and is no file (a folder, a link to nothing) is an
/// error, as an empty one is.
pub(super) fn beside(trace: &Path) -> Result<Environment, Error> {
    let path = trace.with_file_name(FILE_NAME);
    let Some(text) = WorkingTree.read(&path, MOST_BYTES)? else { return Ok(Environment::default()) };
    let name = path.display().to_string();
    let advice = "remove it: what is not known of an environment is not compared";
    let wrong = |fault, message| Error::document(&name, fault, message, advice);
    match serde_json::from_str::<Beside>(&text) {
        Ok(known) if known.schema == SCHEMA => Ok(known.facts),
        Ok(other) => Err(wrong(DocumentFault::UnknownSchema, format!("schema {:?} is not known", other.schema))),
        Err(error) => Err(wrong(DocumentFault::NotAsSchema, format!("not as its schema says: {error}"))),
    }
}
