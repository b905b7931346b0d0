//! What shards have written, read back for merging.

use std::path::Path;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::documents::{self, Document, MOST_BYTES, checked, read_text};
use super::joined;
use crate::baseline;
use crate::error::{DocumentFault as Fault, Error};
use crate::report::escape::Text;
use crate::report::model::{Compared, Diagnosis, Verdict};
use crate::report::{json, read as report_read};
use crate::sides::{self, Sides};
use crate::totals::{self, Totals};

/// What a shard wrote.
pub(super) enum Shard {
    /// The result of a comparison.
    Result(Box<ShardResult>),
    /// One or more summaries, added up.
    Summaries(Box<Totals>),
}

/// What merging needs of a result.
pub(super) struct ShardResult {
    /// None where there was nothing to compare.
    pub(super) sides: Option<Sides>,
    /// What has become of them, where they are joined by themselves.
    pub(super) packages: Vec<joined::One>,
    pub(super) diagnoses: Vec<Diagnosis>,
    pub(super) verdict: Verdict,
    pub(super) headline: Text,
}

/// The same as it is written. All else is judged anew.
#[derive(Deserialize)]
struct ResultDoc<'t> {
    #[serde(borrow)]
    sides: Option<&'t RawValue>,
    #[serde(default)]
    diagnoses: Vec<Diagnosis>,
    verdict: Verdict,
    headline: Text,
    compared: Compared,
}

#[derive(Deserialize)]
struct ErrorDoc {
    error: ErrorPart,
}

#[derive(Deserialize)]
struct ErrorPart {
    message: String,
}

/// Reads what a shard wrote: a result, a summary, several of them, or a total.
pub(super) fn read(path: &Path) -> Result<Shard, Error> {
    let name = path.display().to_string();
    let text = read_text(path, MOST_BYTES)?;
    let (text, schema) = checked(&name, &text)?;
    let wrong = |fault, message, advice: &str| Error::document(&name, fault, message, advice);
    let bad =
        |e: String| wrong(Fault::NotAsSchema, format!("not as its schema says: {e}"), "make it anew with this version");
    match schema.as_str() {
        json::ERROR_SCHEMA => {
            let doc: ErrorDoc = serde_json::from_str(text).map_err(|e| bad(e.to_string()))?;
            Err(wrong(
                Fault::FailedShard,
                format!("this shard could not do its job: {}", doc.error.message),
                "look at its log; what it should have compared is not known, so that there is no verdict",
            ))
        }
        totals::SCHEMA => totals::read(text).map(|t| Shard::Summaries(Box::new(t))).map_err(bad),
        report if report_read::is_report(report) => {
            let doc: ResultDoc<'_> = serde_json::from_str(text).map_err(|e| bad(e.to_string()))?;
            if doc.sides.is_none() && doc.compared.series > 0 {
                return Err(wrong(
                    Fault::Incomplete,
                    "a result without the values of its runs".to_owned(),
                    "it is of an older gotrace-diff: make it anew with --output json=FILE",
                ));
            }
            Ok(Shard::Result(Box::new(ShardResult {
                sides: doc.sides.map(|s| sides::read(s.get())).transpose().map_err(bad)?,
                packages: Vec::new(),
                diagnoses: doc.diagnoses,
                verdict: doc.verdict,
                headline: doc.headline,
            })))
        }
        baseline::SCHEMA | baseline::SCHEMA_1 => Err(wrong(
            Fault::OtherDocument,
            "a baseline, and shards are results or summaries".to_owned(),
            "compare the shard with it first: gotrace-diff check --output json=FILE",
        )),
        other => match documents::typed(&name, text, other)? {
            Document::Runs(runs) => Ok(Shard::Summaries(Box::new(Totals::of(&runs)))),
            Document::Baseline(_) => {
                Err(wrong(Fault::OtherDocument, "a baseline".to_owned(), "shards are results or summaries"))
            }
        },
    }
}
