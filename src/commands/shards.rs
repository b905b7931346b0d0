//! What shards have written, read back for merging.

use std::fmt;
use std::path::Path;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::documents::{self, Document, Key, MOST_BYTES, NoDuplicates, checked, read_text, twice};
use super::joined;
use super::merge::rules::Finding;
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
    /// What it failed by whatever else is compared.
    pub(super) failed: Vec<Finding>,
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
    #[serde(default)]
    findings: Vec<Finding>,
}

/// The findings of a result by which it failed for certain.
fn certain(verdict: Verdict, mut findings: Vec<Finding>) -> Vec<Finding> {
    findings.retain(|finding| verdict == Verdict::Regression && finding.is_certain());
    findings
}

#[derive(Deserialize)]
struct ErrorDoc {
    error: ErrorPart,
}

#[derive(Deserialize)]
struct ErrorPart {
    message: String,
}

/// A result read in one go, as it is written: what needs a second look is left to that.
struct Quick(ShardResult);

impl<'de> Deserialize<'de> for Quick {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Quick, D::Error> {
        struct Whole;
        impl<'de> Visitor<'de> for Whole {
            type Value = Quick;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a result")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Quick, A::Error> {
                let mut keys: Vec<Key<'de>> = Vec::new();
                let (mut sides, mut diagnoses, mut verdict, mut headline) = (None, Vec::new(), None, None);
                let (mut schema, mut findings) = (None, Vec::new());
                while let Some(key) = map.next_key::<Key<'de>>()? {
                    match &*key.0 {
                        "schema" => schema = Some(map.next_value::<String>()?),
                        "sides" => sides = Some(map.next_value::<sides::Read>()?.0),
                        "diagnoses" => diagnoses = strictly(map.next_value()?)?,
                        "verdict" => verdict = Some(map.next_value()?),
                        "findings" => findings = strictly(map.next_value()?)?,
                        "headline" => headline = Some(map.next_value()?),
                        "compared" => strictly::<Compared, A::Error>(map.next_value()?).map(drop)?,
                        _ => map.next_value_seed(NoDuplicates::default())?,
                    }
                    keys.push(key);
                }
                if !schema.is_some_and(|schema| report_read::is_report(&schema)) {
                    return Err(A::Error::custom("no result"));
                }
                match (twice(keys.into_iter().map(|key| key.0).collect()), sides, verdict, headline) {
                    (None, Some(sides), Some(verdict), Some(headline)) => Ok(Quick(ShardResult {
                        sides: Some(sides),
                        packages: Vec::new(),
                        diagnoses,
                        verdict,
                        headline,
                        failed: certain(verdict, findings),
                    })),
                    _ => Err(A::Error::custom("not as results mostly are")),
                }
            }
        }
        deserializer.deserialize_map(Whole)
    }
}

/// Reads a part whose type lets keys pass that it does not know.
fn strictly<'t, T: Deserialize<'t>, E: serde::de::Error>(part: &'t RawValue) -> Result<T, E> {
    let mut strict = serde_json::Deserializer::from_str(part.get());
    NoDuplicates::default().deserialize(&mut strict).map_err(E::custom)?;
    serde_json::from_str(part.get()).map_err(E::custom)
}

/// Reads what a shard wrote: a result, a summary, several of them, or a total.
pub(super) fn read(path: &Path) -> Result<Shard, Error> {
    let name = path.display().to_string();
    let text = read_text(path, MOST_BYTES)?;
    // Nearly all are as they should be: those are read once. All others are looked at closely, for words on what is wrong.
    if let Some(summary) = documents::summary(&text) {
        return Ok(Shard::Summaries(Box::new(Totals::of_one(summary))));
    }
    if documents::begins_with(&text).is_none_or(report_read::is_report)
        && let Ok(Quick(result)) = serde_json::from_str(documents::unmarked(&text))
    {
        return Ok(Shard::Result(Box::new(result)));
    }
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
                failed: certain(doc.verdict, doc.findings),
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
