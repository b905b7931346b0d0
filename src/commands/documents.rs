//! JSON that we wrote, read back: nothing in it is trusted.

use std::borrow::Cow;
use std::io::Read;
use std::path::Path;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};

use super::sound;
use crate::baseline::{self, Baseline};
use crate::error::{DocumentFault as Fault, Error};
use crate::report::model::Report;
use crate::report::read;
use crate::summary::{self, Summary};

/// More bytes than any such file has.
pub(super) const MOST_BYTES: u64 = 64 << 20;
/// Several summaries in one file.
pub(super) const RUNS_SCHEMA: &str = "gotrace-diff/runs/1";

/// What a document holds.
#[derive(Debug)]
pub(super) enum Document {
    /// Summaries.
    Runs(Vec<Summary>),
    /// A committed baseline.
    Baseline(Baseline),
}

/// Several summaries.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Runs {
    #[serde(rename = "schema")]
    _schema: String,
    runs: Vec<Summary>,
}

/// Reads a text file of at most `most` bytes.
pub(crate) fn read_text(path: &Path, most: u64) -> Result<String, Error> {
    let name = path.display().to_string();
    let mut bytes = Vec::new();
    let file = super::sources::open(path)?;
    file.take(most + 1).read_to_end(&mut bytes).map_err(|source| Error::Read { file: name.clone(), source })?;
    text(&name, bytes, most)
}

/// The text of `bytes`, if it is not too much.
pub(super) fn text(name: &str, bytes: Vec<u8>, most: u64) -> Result<String, Error> {
    let wrong = |fault, message, advice: &str| Error::document(name, fault, message, advice);
    if bytes.len() as u64 > most {
        return Err(wrong(Fault::TooLarge, format!("larger than {} MiB", most >> 20), "is it the right file?"));
    }
    String::from_utf8(bytes).map_err(|e| {
        wrong(Fault::NotUtf8, format!("not UTF-8, at byte {}", e.utf8_error().valid_up_to()), "is it the right file?")
    })
}

/// Reads a report.
pub(super) fn parse_report(name: &str, text: &str) -> Result<Report, Error> {
    let (text, schema) = checked(name, text)?;
    let wrong = |fault, message, advice: &str| Error::document(name, fault, message, advice);
    if !read::is_report(&schema) {
        return Err(wrong(
            Fault::OtherDocument,
            format!("schema {schema:?} is none of a report"),
            "give what gotrace-diff BASE HEAD --format json wrote; a newer gotrace-diff may have newer schemas",
        ));
    }
    read::read(text).map_err(|e| {
        wrong(Fault::NotAsSchema, format!("not as its schema says: {e}"), "make it anew with this version")
    })
}

/// The schema that a document says it has.
pub(super) fn schema(name: &str, text: &str) -> Result<String, Error> {
    checked(name, text).map(|(_, schema)| schema)
}

/// The text without the mark of byte order that editors on Windows begin with.
pub(super) fn unmarked(text: &str) -> &str {
    text.strip_prefix('\u{feff}').unwrap_or(text)
}

/// The schema that a document begins with, as all that we write do.
pub(super) fn begins_with(text: &str) -> Option<&str> {
    let text = unmarked(text);
    fn after<'t>(text: &'t str, token: &str) -> Option<&'t str> {
        text.trim_ascii_start().strip_prefix(token)
    }
    let object = after(text, "{")?;
    let value = after(after(after(object, "\"schema\"")?, ":")?, "\"")?;
    value.split_once('"').map(|(schema, _)| schema).filter(|schema| !schema.contains('\\'))
}

/// Reads a summary in one go. None where it is no summary, or where there is anything wrong with it: then it has to be
/// looked at closely, for words on what that is. No type within a summary takes a key twice or one that it does not know.
pub(super) fn summary(text: &str) -> Option<Summary> {
    let is_one = begins_with(text)? == summary::SCHEMA;
    let text = unmarked(text);
    let read = is_one.then(|| serde_json::from_str::<Summary>(text).ok())?;
    read.filter(|s| s.schema == summary::SCHEMA && sound::wrong(s).is_none())
}

/// Reads a summary, a list of them or a baseline.
pub(super) fn parse(name: &str, text: &str) -> Result<Document, Error> {
    if let Some(summary) = summary(text) {
        return Ok(Document::Runs(vec![summary]));
    }
    let (text, schema) = checked(name, text)?;
    typed(name, text, &schema)
}

/// The same of what [`checked`] has looked at.
pub(super) fn typed(name: &str, text: &str, schema: &str) -> Result<Document, Error> {
    let wrong = |fault, message, advice: &str| Error::document(name, fault, message, advice);
    let bad =
        |e: String| wrong(Fault::NotAsSchema, format!("not as its schema says: {e}"), "make it anew with this version");
    match schema {
        summary::SCHEMA => {
            let run: Summary = serde_json::from_str(text).map_err(|e| bad(e.to_string()))?;
            sound::wrong(&run).map_or(Ok(Document::Runs(vec![run])), |wrong| Err(bad(wrong)))
        }
        RUNS_SCHEMA => {
            let runs: Runs = serde_json::from_str(text).map_err(|e| bad(e.to_string()))?;
            match runs.runs.iter().find(|s| s.schema != summary::SCHEMA) {
                Some(odd) => Err(wrong(
                    Fault::NotAsSchema,
                    format!("a run of schema {:?}", odd.schema),
                    "make it anew with this version",
                )),
                // A baseline of nothing would take the place of a good one.
                None if runs.runs.is_empty() => Err(wrong(
                    Fault::NotAsSchema,
                    "a list of runs without any".to_owned(),
                    "whoever wrote it found nothing to summarize: look at its log",
                )),
                None => match runs.runs.iter().find_map(sound::wrong) {
                    Some(wrong) => Err(bad(wrong)),
                    None => Ok(Document::Runs(runs.runs)),
                },
            }
        }
        baseline::SCHEMA | baseline::SCHEMA_1 => baseline::read(schema, text).map(Document::Baseline).map_err(bad),
        report if read::is_report(report) => Err(wrong(
            Fault::OtherDocument,
            "a report, and sides are traces, summaries or baselines".to_owned(),
            "to render it again: gotrace-diff report FILE",
        )),
        other => Err(wrong(
            Fault::UnknownSchema,
            format!("schema {other:?} is not known"),
            "it may be of a newer gotrace-diff: update, or make it anew with this version",
        )),
    }
}

/// The text without what no document of ours has, and its schema.
pub(super) fn checked<'t>(name: &str, text: &'t str) -> Result<(&'t str, String), Error> {
    let text = unmarked(text);
    let wrong = |fault, message, advice: &str| Error::document(name, fault, message, advice);
    if let Some(line) = text.lines().position(is_conflict_marker) {
        return Err(wrong(
            Fault::Conflict,
            format!("line {}: a conflict of git that was not resolved", line + 1),
            "resolve it, or make the baseline anew: gotrace-diff baseline create",
        ));
    }
    let mut strict = serde_json::Deserializer::from_str(text);
    let mut schema = None;
    NoDuplicates { schema: Some(&mut schema) }
        .deserialize(&mut strict)
        .and_then(|()| strict.end())
        .map_err(|e| wrong(Fault::BadJson, format!("bad JSON: {e}"), ""))?;
    match schema {
        Some(schema) => Ok((text, schema)),
        None => Err(wrong(
            Fault::NoSchema,
            "JSON without our schema".to_owned(),
            "give what gotrace-diff summarize --format json or baseline create wrote",
        )),
    }
}

/// A line that git leaves where it could not merge. Our own lines never begin so.
fn is_conflict_marker(line: &str) -> bool {
    line.starts_with("<<<<<<< ") || line.starts_with(">>>>>>> ") || line == "======="
}

/// Accepts any JSON in which no object has a key twice and no number is out of range: readers differ in which of two
/// they believe. Of an object it hands out what stands at `schema`.
#[derive(Default)]
pub(super) struct NoDuplicates<'s> {
    schema: Option<&'s mut Option<String>>,
}

impl<'de> DeserializeSeed<'de> for NoDuplicates<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for NoDuplicates<'_> {
    type Value = ();

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("JSON")
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E: serde::de::Error>(self, v: f64) -> Result<(), E> {
        if v.is_finite() { Ok(()) } else { Err(E::custom("a number that is not finite")) }
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        while seq.next_element_seed(NoDuplicates::default())?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let mut keys: Vec<Cow<'de, str>> = Vec::new();
        let mut found = None;
        while let Some(Key(key)) = map.next_key()? {
            if self.schema.is_some() && key == "schema" && !keys.contains(&key) {
                found = match map.next_value()? {
                    serde_json::Value::String(schema) => Some(schema),
                    _ => None,
                };
            } else {
                map.next_value_seed(NoDuplicates::default())?;
            }
            keys.push(key);
        }
        if let Some(schema) = self.schema {
            *schema = found;
        }
        match twice(keys) {
            Some(key) => Err(A::Error::custom(format!("the key {key:?} is there twice"))),
            None => Ok(()),
        }
    }
}

/// A key that is there twice. Our own documents have few keys in an object, or many in order: neither needs a table.
pub(super) fn twice(mut keys: Vec<Cow<'_, str>>) -> Option<Cow<'_, str>> {
    const FEW: usize = 12;
    if keys.len() <= FEW {
        let at = (1..keys.len()).find(|&i| keys[..i].contains(&keys[i]))?;
        return Some(keys.swap_remove(at));
    }
    if !keys.is_sorted() {
        keys.sort_unstable();
    }
    let at = keys.windows(2).position(|pair| pair[0] == pair[1])?;
    Some(keys.swap_remove(at))
}

/// A key of an object, borrowed from the text where it has no escapes.
pub(super) struct Key<'de>(pub(super) Cow<'de, str>);

impl<'de> Deserialize<'de> for Key<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Key<'de>, D::Error> {
        struct Borrow;
        impl<'de> Visitor<'de> for Borrow {
            type Value = Key<'de>;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a key")
            }

            fn visit_borrowed_str<E>(self, key: &'de str) -> Result<Key<'de>, E> {
                Ok(Key(Cow::Borrowed(key)))
            }

            fn visit_str<E>(self, key: &str) -> Result<Key<'de>, E> {
                Ok(Key(Cow::Owned(key.to_owned())))
            }
        }
        deserializer.deserialize_str(Borrow)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(text: &str) -> String {
        match parse("x.json", text) {
            Ok(_) => String::new(),
            Err(e) => e.to_string(),
        }
    }

    #[test]
    fn nothing_doubtful_is_read() {
        for (text, want) in [
            ("{}", "without our schema"),
            (r#"{"schema": "gotrace-diff/baseline/9"}"#, "is not known"),
            (r#"{"schema": "gotrace-diff/runs/1", "runs": [], "runs": []}"#, "\"runs\" is there twice"),
            (r#"{"schema": "gotrace-diff/runs/1", "runs": [1e999]}"#, "out of range"),
            (r#"{"schema": "gotrace-diff/runs/1", "runs": NaN}"#, "bad JSON"),
            (r#"{"schema": "gotrace-diff/runs/1", "schema": "gotrace-diff/runs/1"}"#, "\"schema\" is there twice"),
            (
                r#"{"b":1,"c":1,"d":1,"e":1,"f":1,"g":1,"h":1,"i":1,"j":1,"k":1,"l":1,"m":1,"n":1,"\u0062":1}"#,
                "\"b\" is there twice",
            ),
            (r#"{"schema": 7}"#, "without our schema"),
            (r#"{"in": {"schema": "gotrace-diff/runs/1"}}"#, "without our schema"),
            ("{\n<<<<<<< HEAD\n", "line 2: a conflict of git"),
            (r#"{"schema": "gotrace-diff/runs/1", "runs": [], "more": 1}"#, "unknown field `more`"),
            (r#"{"schema": "gotrace-diff/runs/1", "runs": []} x"#, "trailing"),
        ] {
            let got = message(text);
            assert!(got.contains(want), "{text}: {got}");
        }
        let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
        assert!(message(&deep).contains("recursion limit"));
    }

    #[test]
    fn no_key_of_a_summary_is_there_twice() {
        let text = include_str!("../../testdata/documents/summary-1.json");
        let mut whole: serde_json::Value = serde_json::from_str(text).unwrap();
        one_of_each(&mut whole);
        assert!(summary(text).is_some(), "it is read in one go");
        let mut objects = 0;
        // Each object of it in turn gets the first of its keys again.
        while let Some(twice) = with_key_twice(&whole, objects) {
            let message = message(&twice);
            assert!(message.contains("is there twice"), "{message}: {twice}");
            objects += 1;
        }
        assert!(objects > 30, "{objects} objects");
    }

    /// Leaves one entry of each list, and of each map whose entries are alike.
    fn one_of_each(value: &mut serde_json::Value) {
        match value {
            serde_json::Value::Array(list) => list.truncate(1),
            serde_json::Value::Object(map) if map.len() > 1 && map.values().all(serde_json::Value::is_object) => {
                let rest: Vec<String> = map.keys().skip(1).cloned().collect();
                rest.iter().for_each(|key| drop(map.remove(key)));
            }
            _ => {}
        }
        match value {
            serde_json::Value::Array(list) => list.iter_mut().for_each(one_of_each),
            serde_json::Value::Object(map) => map.values_mut().for_each(one_of_each),
            _ => {}
        }
    }

    /// The text of `value`, the first key of its object number `at` written twice. None where it has fewer.
    fn with_key_twice(value: &serde_json::Value, at: isize) -> Option<String> {
        fn write(value: &serde_json::Value, at: &mut isize) -> String {
            match value {
                serde_json::Value::Object(map) => {
                    let here = !map.is_empty() && *at == 0;
                    *at -= isize::from(!map.is_empty());
                    let entry = |(k, v): (&String, String)| format!("{}:{v}", serde_json::json!(k));
                    let mut entries: Vec<String> = map.iter().map(|(k, v)| (k, write(v, at))).map(entry).collect();
                    // Its schema comes first, as it does in what we write.
                    entries.sort_by_key(|entry| !entry.starts_with("\"schema\""));
                    entries.extend(entries.first().cloned().filter(|_| here));
                    format!("{{{}}}", entries.join(","))
                }
                serde_json::Value::Array(list) => {
                    format!("[{}]", list.iter().map(|v| write(v, at)).collect::<Vec<_>>().join(","))
                }
                other => other.to_string(),
            }
        }
        let mut left = at;
        let text = write(value, &mut left);
        (left < 0).then_some(text)
    }

    #[test]
    fn a_summary_with_numbers_that_no_run_has_is_refused() {
        let mut whole: serde_json::Value =
            serde_json::from_str(include_str!("../../testdata/documents/summary-1.json")).unwrap();
        whole["regions"] = serde_json::json!({"tax": summary::Region::default()});
        whole["tasks"] = serde_json::json!({"order": summary::Task::default()});
        assert_eq!(message(&whole.to_string()), "");
        for (place, want) in [
            ("/end_ns", "it ends at -5 ns"),
            ("/recording/duration_ns", "its recording took -5 ns"),
            ("/goroutines/*/exec_ns", "has exec_ns -5"),
            ("/goroutines/*/block_ns/*", "-5"),
            ("/regions/*/total_ns", "has total_ns -5"),
            ("/tasks/*/total_ns", "has total_ns -5"),
            ("/tests/0/wall_ns", "has total_ns -5"),
            ("/gc/mark_ns", "it has gc.mark_ns -5"),
        ] {
            let mut broken = whole.clone();
            let mut at = &mut broken;
            for key in place.split('/').skip(1) {
                at = match at {
                    serde_json::Value::Array(list) => &mut list[key.parse::<usize>().unwrap()],
                    serde_json::Value::Object(map) => {
                        let first = map.keys().next().cloned().filter(|_| key == "*");
                        map.get_mut(first.as_deref().unwrap_or(key)).expect(place)
                    }
                    other => panic!("{place}: {other}"),
                };
            }
            *at = (-5).into();
            let list = serde_json::json!({"schema": RUNS_SCHEMA, "runs": [whole, broken]});
            for text in [broken.to_string(), list.to_string()] {
                let said = message(&text);
                assert!(said.contains("not as its schema says") && said.contains(want), "{place}: {said}");
            }
        }
    }

    #[test]
    fn a_mark_of_byte_order_and_windows_lines_are_fine() {
        let run = serde_json::to_string(&Summary { schema: summary::SCHEMA.to_owned(), ..Summary::default() }).unwrap();
        let list = |runs| format!("\u{feff}{{\"schema\": \"gotrace-diff/runs/1\",\r\n\"runs\": [{runs}]}}\r\n");
        assert_eq!(message(&list(run.as_str())), "");
        assert!(message(&list("")).contains("without any"));
    }
}
