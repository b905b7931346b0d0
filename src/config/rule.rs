//! A rule as the file has it, checked.

use serde::Deserialize;
use toml::Spanned;

use super::quantity::{Amount, Amounts, Ratio};
use super::{Assume, Direction, Level, Pattern, Rule, units};
use crate::error::Error;
use crate::metrics::registry::SubjectKind;

/// Makes the error of a place in the file.
pub(super) type At<'a> = dyn Fn(std::ops::Range<usize>, String) -> Error + 'a;

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(super) struct FileRule {
    subject: Option<Spanned<OneOrMany>>,
    kind: Option<Spanned<Kinds>>,
    test: Option<Spanned<OneOrMany>>,
    benchmark: Option<Spanned<OneOrMany>>,
    group: Option<Spanned<OneOrMany>>,
    region: Option<Spanned<OneOrMany>>,
    task: Option<Spanned<OneOrMany>>,
    log: Option<Spanned<OneOrMany>>,
    site: Option<Spanned<OneOrMany>>,
    metric: Option<Spanned<OneOrMany>>,
    level: Option<Level>,
    max_increase: Option<Spanned<Value>>,
    min_delta: Option<Spanned<Values>>,
    max: Option<Spanned<Values>>,
    hard_limit: Option<Spanned<Value>>,
    required: bool,
    assume: Option<Assume>,
    direction: Option<Direction>,
}

#[derive(Deserialize)]
#[serde(untagged, expecting = "expected a name or a list of names")]
pub(super) enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

/// More names than any list has: a glob matches many, and takes about 10 KB.
const MOST_NAMES: usize = 1000;

/// Said of a list that somebody's template left empty: it would be taken for all there is.
const EMPTY: &str = "an empty list: name something, or leave the key out, which means all";

impl OneOrMany {
    /// All of them, if they are not too many. The error is one sentence.
    pub(super) fn texts(self) -> Result<Vec<String>, String> {
        match self {
            OneOrMany::One(text) => Ok(vec![text]),
            OneOrMany::Many(texts) if texts.len() > MOST_NAMES => Err(format!(
                "{} names in one list, and {MOST_NAMES} at most are read: a glob matches many",
                texts.len()
            )),
            OneOrMany::Many(texts) => Ok(texts),
        }
    }
}

#[derive(Deserialize)]
#[serde(untagged, expecting = "expected a kind of subject: process, test, benchmark, group, region, task, log or site")]
enum Kinds {
    One(SubjectKind),
    Many(Vec<SubjectKind>),
}

#[derive(Deserialize)]
#[serde(untagged, expecting = "expected a quantity as in \"10%\", \"100us\", \"1MiB\" or 16")]
pub(super) enum Value {
    Text(String),
    Whole(i64),
    Float(f64),
}

impl Value {
    pub(super) fn text(&self) -> String {
        match self {
            Value::Text(text) => text.clone(),
            Value::Whole(n) => n.to_string(),
            Value::Float(n) => n.to_string(),
        }
    }
}

#[derive(Deserialize)]
#[serde(untagged, expecting = "expected a quantity as in \"100us\", \"1MiB\" or 16, or a list of them")]
enum Values {
    One(Value),
    Many(Vec<Value>),
}

impl FileRule {
    pub(super) fn check(self, at: &At<'_>) -> Result<Rule, Error> {
        let patterns = |given: Option<Spanned<OneOrMany>>| -> Result<Vec<Pattern>, Error> {
            let Some(given) = given else { return Ok(Vec::new()) };
            let span = given.span();
            let texts = given.into_inner().texts().map_err(|message| at(span.clone(), message))?;
            if texts.is_empty() {
                return Err(at(span, EMPTY.to_owned()));
            }
            texts.iter().map(|t| Pattern::new(t).map_err(|message| at(span.clone(), message))).collect()
        };
        let ratio = |given: Option<Spanned<Value>>| -> Result<Option<Ratio>, Error> {
            given.map(|v| v.get_ref().text().parse().map_err(|message| at(v.span(), message))).transpose()
        };
        let amounts = |given: Option<Spanned<Values>>| -> Result<Amounts, Error> {
            let Some(given) = given else { return Ok(Amounts::default()) };
            let span = given.span();
            let values = match given.into_inner() {
                Values::One(value) => vec![value],
                Values::Many(values) => values,
            };
            let parse = |v: &Value| v.text().parse::<Amount>().map_err(|message| at(span.clone(), message));
            Ok(Amounts::new(values.iter().map(parse).collect::<Result<_, _>>()?))
        };
        let kinds = match self.kind.map(|kind| (kind.span(), kind.into_inner())) {
            None => Vec::new(),
            Some((_, Kinds::One(kind))) => vec![kind],
            Some((span, Kinds::Many(kinds))) if kinds.is_empty() => return Err(at(span, EMPTY.to_owned())),
            Some((_, Kinds::Many(kinds))) => kinds,
        };
        let spans =
            [("max", self.max.as_ref().map(Spanned::span)), ("min-delta", self.min_delta.as_ref().map(Spanned::span))];
        let mut of_kind = Vec::new();
        for (kind, given) in [
            (SubjectKind::Test, self.test),
            (SubjectKind::Benchmark, self.benchmark),
            (SubjectKind::Group, self.group),
            (SubjectKind::Region, self.region),
            (SubjectKind::Task, self.task),
            (SubjectKind::Log, self.log),
            (SubjectKind::Site, self.site),
        ] {
            of_kind.extend(patterns(given)?.into_iter().map(|p| (kind, p)));
        }
        let mut rule = Rule {
            subjects: patterns(self.subject)?,
            kinds,
            of_kind,
            metrics: patterns(self.metric)?,
            level: self.level,
            max_increase: ratio(self.max_increase)?,
            min_delta: amounts(self.min_delta)?,
            max: amounts(self.max)?,
            hard_limit: ratio(self.hard_limit)?,
            required: self.required,
            assume: self.assume,
            direction: self.direction,
            file: std::path::PathBuf::new(),
            line: 0,
        };
        units::settle(&mut rule).map_err(|misfit| {
            let span = spans.into_iter().find(|(key, _)| *key == misfit.key).and_then(|(_, span)| span);
            at(span.unwrap_or_default(), misfit.message)
        })?;
        Ok(rule)
    }
}
