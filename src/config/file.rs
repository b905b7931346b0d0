//! The file: found, read, and refused where it is not understood.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use toml::Spanned;

use super::quantity::{Amount, Amounts, Ratio};
use super::{Config, Level, OnInconclusive, OnMissingBaseline, Pattern, Rule, suggest};
use crate::diagnose;
use crate::error::Error;
use crate::metrics::registry::SubjectKind;

/// What the file is called.
pub const FILE_NAME: &str = "gotrace-diff.toml";

/// More than any such file has.
const MOST_BYTES: u64 = 1 << 20;

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
struct File {
    on_inconclusive: OnInconclusive,
    on_missing_baseline: OnMissingBaseline,
    baseline: Option<PathBuf>,
    show_framework: bool,
    benchtime: Option<Spanned<String>>,
    diagnose: BTreeMap<String, BTreeMap<Spanned<String>, f64>>,
    rule: Vec<Spanned<FileRule>>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
struct FileRule {
    subject: Option<Spanned<OneOrMany>>,
    kind: Option<Kinds>,
    metric: Option<Spanned<OneOrMany>>,
    level: Option<Level>,
    max_increase: Option<Spanned<Value>>,
    min_delta: Option<Spanned<Values>>,
    max: Option<Spanned<Values>>,
    hard_limit: Option<Spanned<Value>>,
    required: bool,
}

#[derive(Deserialize)]
#[serde(untagged, expecting = "expected a name or a list of names")]
enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

#[derive(Deserialize)]
#[serde(untagged, expecting = "expected a kind of subject: process, test, benchmark, group, region, task, log or site")]
enum Kinds {
    One(SubjectKind),
    Many(Vec<SubjectKind>),
}

#[derive(Deserialize)]
#[serde(untagged, expecting = "expected a quantity as in \"10%\", \"100us\", \"1MiB\" or 16")]
enum Value {
    Text(String),
    Whole(i64),
    Float(f64),
}

impl Value {
    fn text(&self) -> String {
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

/// The keys that there are, for the advice where one is not.
const TOP: &[&str] =
    &["on-inconclusive", "on-missing-baseline", "baseline", "show-framework", "benchtime", "diagnose", "rule"];
const RULE: &[&str] =
    &["subject", "kind", "metric", "level", "max-increase", "min-delta", "max", "hard-limit", "required"];

/// The nearest file from `folder` up to the root of the repository.
pub fn nearest(folder: &Path) -> Option<PathBuf> {
    for folder in folder.ancestors() {
        let path = folder.join(FILE_NAME);
        if path.is_file() {
            return Some(path);
        }
        if folder.join(".git").exists() {
            break;
        }
    }
    None
}

/// Reads a file.
///
/// # Errors
///
/// Where it cannot be read, is not TOML, or says anything that is not understood: with line and column.
pub fn load(path: &Path) -> Result<Config, Error> {
    let text = crate::commands::read_text(path, MOST_BYTES)?;
    parse(path, text.strip_prefix('\u{feff}').unwrap_or(&text))
}

fn parse(path: &Path, text: &str) -> Result<Config, Error> {
    let at = |span: std::ops::Range<usize>, message: String| {
        let (line, column) = position(text, span.start);
        Error::Config { file: path.to_path_buf(), line, column, message }
    };
    let file: File = toml::from_str(text).map_err(|e| at(e.span().unwrap_or(0..0), explain(e.message())))?;
    let mut config = Config {
        path: Some(path.to_path_buf()),
        on_inconclusive: file.on_inconclusive,
        on_missing_baseline: file.on_missing_baseline,
        baseline: file.baseline.map(|b| path.parent().unwrap_or(Path::new("")).join(b)),
        show_framework: file.show_framework,
        ..Config::default()
    };
    if let Some(benchtime) = file.benchtime {
        let span = benchtime.span();
        config.rounds = Some(rounds(benchtime.get_ref()).map_err(|message| at(span, message))?);
    }
    for (rule, thresholds) in file.diagnose {
        for (name, value) in thresholds {
            let key = format!("{rule}.{}", name.get_ref());
            if !diagnose::is_threshold(&key) {
                let what = format!("there is no threshold `{key}`: gotrace-diff --explain {rule} lists them");
                return Err(at(name.span(), what));
            }
            if !value.is_finite() || value < 0.0 {
                return Err(at(name.span(), format!("`{key}` must be a number that is not negative")));
            }
            config.diagnose.insert(key, value);
        }
    }
    for rule in file.rule {
        let line = position(text, rule.span().start).0;
        config.rules.push(Rule { line, ..rule.into_inner().check(&at)? });
    }
    Ok(config)
}

/// The N of `Nx`.
///
/// # Errors
/// One sentence, where it is none.
pub fn rounds(benchtime: &str) -> Result<u64, String> {
    benchtime
        .strip_suffix('x')
        .and_then(|n| n.parse().ok())
        .filter(|&n| n > 0)
        .ok_or_else(|| format!("`{benchtime}` is not a fixed number of rounds: write it as in \"100x\""))
}

impl FileRule {
    fn check(self, at: &dyn Fn(std::ops::Range<usize>, String) -> Error) -> Result<Rule, Error> {
        let patterns = |given: Option<Spanned<OneOrMany>>| -> Result<Vec<Pattern>, Error> {
            let Some(given) = given else { return Ok(Vec::new()) };
            let span = given.span();
            let texts = match given.into_inner() {
                OneOrMany::One(text) => vec![text],
                OneOrMany::Many(texts) => texts,
            };
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
        Ok(Rule {
            subjects: patterns(self.subject)?,
            kinds: match self.kind {
                None => Vec::new(),
                Some(Kinds::One(kind)) => vec![kind],
                Some(Kinds::Many(kinds)) => kinds,
            },
            metrics: patterns(self.metric)?,
            level: self.level,
            max_increase: ratio(self.max_increase)?,
            min_delta: amounts(self.min_delta)?,
            max: amounts(self.max)?,
            hard_limit: ratio(self.hard_limit)?,
            required: self.required,
            line: 0,
        })
    }
}

/// Adds to an error of the parser which key was probably meant.
fn explain(message: &str) -> String {
    let Some(rest) = message.strip_prefix("unknown field `") else { return message.to_owned() };
    let key = rest.split('`').next().unwrap_or_default();
    let known = if rest.contains("`on-inconclusive`") { TOP } else { RULE };
    match suggest::nearest(key, known) {
        Some(meant) => format!("unknown key `{key}`: did you mean `{meant}`?"),
        None => format!("unknown key `{key}`: there are {}", known.join(", ")),
    }
}

/// Line and column, from 1, of a byte.
fn position(text: &str, offset: usize) -> (usize, usize) {
    let before = text.get(..offset).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().map_or(0, |l| l.chars().count()) + 1;
    (line, column)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::registry::Unit;

    fn message(text: &str) -> String {
        match parse(Path::new("gotrace-diff.toml"), text) {
            Ok(_) => String::new(),
            Err(e) => e.to_string(),
        }
    }

    #[test]
    fn a_whole_file_is_understood() {
        let config = parse(
            Path::new("x/gotrace-diff.toml"),
            r#"
on-inconclusive = "fail"
baseline = "perf/baseline.json"
benchtime = "100x"

[[rule]]
subject = "example.com/shop/*"
kind = ["group", "region"]
metric = "block_ns.*"
level = "warn"
max-increase = "25%"
min-delta = ["1ms", 5]
max = "2s"
hard-limit = "200%"
required = true
"#,
        )
        .unwrap();
        assert_eq!(config.on_inconclusive, OnInconclusive::Fail);
        assert_eq!(config.baseline.as_deref(), Some(Path::new("x/perf/baseline.json")));
        assert_eq!(config.rounds, Some(100));
        let rule = &config.rules[0];
        assert!(rule.matches(SubjectKind::Group, "example.com/shop/a/b.F", "block_ns.sync"));
        assert!(!rule.matches(SubjectKind::Task, "example.com/shop/a/b.F", "block_ns.sync"));
        assert_eq!(rule.min_delta.of(Unit::Nanoseconds), Some(1e6));
        assert_eq!(rule.min_delta.of(Unit::Count), Some(5.0));
        assert_eq!(rule.max.of(Unit::Bytes), None);
    }

    #[test]
    fn what_is_not_understood_is_refused_with_its_place() {
        for (text, want) in [
            (
                "on_inconclusive = \"fail\"",
                "gotrace-diff.toml:1:1: unknown key `on_inconclusive`: did you mean `on-inconclusive`?",
            ),
            (
                "[[rule]]\nmax_increase = \"1%\"",
                "gotrace-diff.toml:2:1: unknown key `max_increase`: did you mean `max-increase`?",
            ),
            ("[[rule]]\nmax-increase = 10", "gotrace-diff.toml:2:16: `10` is not a relative change"),
            ("[[rule]]\nmin-delta = \"10%\"", "gotrace-diff.toml:2:13: `10%` is not an amount"),
            ("[[rule]]\nsubject = \"a{\"", "gotrace-diff.toml:2:11: bad glob"),
            ("[[rule]]\nlevel = \"fatal\"", "gotrace-diff.toml:2:9: unknown variant `fatal`"),
            ("baseline = [", "gotrace-diff.toml:1:"),
        ] {
            let got = message(text);
            assert!(got.contains(want), "{text:?}: {got}");
        }
    }
}
