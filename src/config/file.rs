//! The file: found, read, and refused where it is not understood.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use toml::Spanned;

use super::accept::FileAccept;
use super::files::{Files, WorkingTree};
use super::framework::FileFramework;
use super::place::Place;
use super::report::FileReport;
use super::rule::FileRule;
use super::{Accept, Config, OnEnvMismatch, OnInconclusive, OnMissingBaseline, Rule, suggest};
use crate::diagnose;
use crate::error::Error;
use crate::paths;

/// What the file is called.
pub const FILE_NAME: &str = "gotrace-diff.toml";

/// More than any such file has.
const MOST_BYTES: u64 = 1 << 20;
/// More rules than anybody looks through. Each is held against every series.
const MOST_RULES: usize = 2000;
/// More than a team has accepted at a time. Each is held against every finding.
const MOST_ACCEPTED: usize = 10_000;
/// Names and globs of all rules: a glob takes about 10 KB.
const MOST_PATTERNS: usize = 10_000;

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
struct File {
    root: bool,
    on_inconclusive: Option<OnInconclusive>,
    on_missing_baseline: Option<OnMissingBaseline>,
    on_env_mismatch: Option<OnEnvMismatch>,
    baseline: Option<Spanned<PathBuf>>,
    baseline_per_package: Option<bool>,
    show_framework: Option<bool>,
    strict: Option<bool>,
    benchtime: Option<Spanned<String>>,
    report: FileReport,
    framework: FileFramework,
    diagnose: BTreeMap<String, BTreeMap<Spanned<String>, f64>>,
    aliases: BTreeMap<Spanned<String>, String>,
    rule: Vec<Spanned<FileRule>>,
    accept: Vec<Spanned<FileAccept>>,
}

/// The nearest file from `folder` up to the root of the repository.
pub fn nearest(folder: &Path) -> Option<PathBuf> {
    for folder in paths::up_to_root(folder) {
        let path = folder.join(FILE_NAME);
        // Whatever it is: reading says what is wrong with what is no file.
        if std::fs::symlink_metadata(&path).is_ok() {
            return Some(path);
        }
    }
    None
}

/// Reads a file, and nothing above it.
///
/// # Errors
///
/// Where it cannot be read, is not TOML, or says anything that is not understood: with line and column.
pub fn load(path: &Path) -> Result<Config, Error> {
    load_in(path, &WorkingTree)
}

/// Reads the text of a file that may not have been written yet.
///
/// # Errors
///
/// As [`load`].
pub fn parse_text(path: &Path, text: &str) -> Result<Config, Error> {
    parse(path, strip_bom(text)).map(|(config, _)| config)
}

/// The same, of other files than the disk's.
pub(super) fn load_in(path: &Path, files: &dyn Files) -> Result<Config, Error> {
    match files.read(path, MOST_BYTES)? {
        Some(text) => parse(path, strip_bom(&text)).map(|(config, _)| config),
        None => Err(Error::Read { file: path.display().to_string(), source: std::io::ErrorKind::NotFound.into() }),
    }
}

/// The nearest file from `folder` up to the root of the repository, and what it inherits from those above it.
///
/// ```text
///   shop/gotrace-diff.toml         rules C, on-inconclusive = "fail"     (root = true would stop here)
///   shop/cart/gotrace-diff.toml    rules A B
///   from shop/cart: rules A B C, the first that matches wins; on-inconclusive = "fail"
/// ```
pub(super) fn inherited(folder: &Path, files: &dyn Files) -> Result<Config, Error> {
    let mut all: Option<Partial> = None;
    for folder in paths::up_to_root(folder) {
        let path = folder.join(FILE_NAME);
        if let Some(text) = files.read(&path, MOST_BYTES)? {
            let (config, said) = parse(&path, strip_bom(&text))?;
            let here = Partial { config, said };
            let stops = here.said.root;
            all = Some(match all {
                None => here,
                Some(below) => below.over(here),
            });
            if stops {
                break;
            }
        }
    }
    Ok(all.map_or_else(Config::default, |a| a.config))
}

fn strip_bom(text: &str) -> &str {
    text.strip_prefix('\u{feff}').unwrap_or(text)
}

/// Which of a file's keys were said: what was not is inherited.
#[derive(Default)]
struct Said {
    root: bool,
    on_inconclusive: bool,
    on_missing_baseline: bool,
    on_env_mismatch: bool,
    baseline_per_package: bool,
    show_framework: bool,
    strict: bool,
}

/// A file on its own.
struct Partial {
    config: Config,
    said: Said,
}

impl Partial {
    /// What this file says, and what one above it says where this one does not.
    fn over(self, above: Partial) -> Partial {
        let (mut config, said, up) = (self.config, self.said, above.config);
        if !said.on_inconclusive {
            config.on_inconclusive = up.on_inconclusive;
        }
        if !said.on_missing_baseline {
            config.on_missing_baseline = up.on_missing_baseline;
        }
        if !said.on_env_mismatch {
            config.on_env_mismatch = up.on_env_mismatch;
        }
        if !said.baseline_per_package {
            // A file that names a baseline of its own means that one.
            config.baseline_per_package = up.baseline_per_package && config.baseline.is_none();
        }
        if !said.show_framework {
            config.show_framework = up.show_framework;
        }
        if !said.strict {
            config.strict = up.strict;
        }
        config.baseline = config.baseline.or(up.baseline);
        config.rounds = config.rounds.or(up.rounds);
        config.framework.groups.extend(up.framework.groups);
        config.framework.waits.extend(up.framework.waits);
        config.report = config.report.over(up.report);
        config.files.extend(up.files);
        config.rules.extend(up.rules);
        config.accepted.extend(up.accepted);
        for (old, new) in up.aliases {
            config.aliases.entry(old).or_insert(new);
        }
        for (key, value) in up.diagnose {
            config.diagnose.entry(key).or_insert(value);
        }
        let said = Said {
            root: above.said.root,
            on_inconclusive: said.on_inconclusive || above.said.on_inconclusive,
            on_missing_baseline: said.on_missing_baseline || above.said.on_missing_baseline,
            on_env_mismatch: said.on_env_mismatch || above.said.on_env_mismatch,
            baseline_per_package: said.baseline_per_package || above.said.baseline_per_package,
            show_framework: said.show_framework || above.said.show_framework,
            strict: said.strict || above.said.strict,
        };
        Partial { config, said }
    }
}

fn parse(path: &Path, text: &str) -> Result<(Config, Said), Error> {
    let at = |span: std::ops::Range<usize>, message: String| {
        let (line, column) = position(text, span.start);
        Error::Config { file: path.to_path_buf(), line, column, message }
    };
    let file: File = toml::from_str(text).map_err(|e| at(e.span().unwrap_or(0..0), explain(e.message())))?;
    let said = Said {
        root: file.root,
        on_inconclusive: file.on_inconclusive.is_some(),
        on_missing_baseline: file.on_missing_baseline.is_some(),
        on_env_mismatch: file.on_env_mismatch.is_some(),
        baseline_per_package: file.baseline_per_package.is_some(),
        show_framework: file.show_framework.is_some(),
        strict: file.strict.is_some(),
    };
    let mut config = Config {
        path: Some(path.to_path_buf()),
        files: vec![path.to_path_buf()],
        on_inconclusive: file.on_inconclusive.unwrap_or_default(),
        on_missing_baseline: file.on_missing_baseline.unwrap_or_default(),
        on_env_mismatch: file.on_env_mismatch.unwrap_or_default(),
        baseline_per_package: file.baseline_per_package.unwrap_or_default(),
        show_framework: file.show_framework.unwrap_or_default(),
        strict: file.strict.unwrap_or_default(),
        ..Config::default()
    };
    let place = Place::of(path);
    if let Some(given) = file.baseline {
        config.baseline = Some(place.within(given.get_ref()).map_err(|message| at(given.span(), message))?);
    }
    config.report = file.report.check(&at, &place)?;
    let lines = Lines::of(text);
    config.framework = file.framework.check(&at, path, &|byte| lines.of_byte(byte))?;
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
    for (old, new) in file.aliases {
        if new.is_empty() || *old.get_ref() == new {
            return Err(at(old.span(), format!("`{}` has to be what it is called now", old.get_ref())));
        }
        config.aliases.insert(old.into_inner(), new);
    }
    if let Some(rule) = file.rule.get(MOST_RULES) {
        return Err(at(rule.span(), format!("more than {MOST_RULES} rules: a glob matches many names")));
    }
    if let Some(accept) = file.accept.get(MOST_ACCEPTED) {
        let what =
            format!("more than {MOST_ACCEPTED} accepted changes: make the baseline anew, and take out what it has");
        return Err(at(accept.span(), what));
    }
    let mut patterns = 0;
    for rule in file.rule {
        let (span, line) = (rule.span(), lines.of_byte(rule.span().start));
        let rule = rule.into_inner().check(&at)?;
        patterns += rule.patterns();
        if patterns > MOST_PATTERNS {
            return Err(at(span, format!("more than {MOST_PATTERNS} names in all rules: a glob matches many")));
        }
        config.rules.push(Rule { line, file: path.to_path_buf(), ..rule });
    }
    for accept in file.accept {
        let line = lines.of_byte(accept.span().start);
        config.accepted.push(Accept { line, file: path.to_path_buf(), ..accept.into_inner().check(&at)? });
    }
    Ok((config, said))
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

/// Adds to an error of the parser which key was probably meant, of those that are valid at that place.
fn explain(message: &str) -> String {
    let Some(rest) = message.strip_prefix("unknown field `") else { return message.to_owned() };
    let mut quoted = rest.split('`');
    let key = quoted.next().unwrap_or_default();
    let known: Vec<&str> = quoted.skip(1).step_by(2).collect();
    match suggest::nearest(key, &known) {
        Some(meant) => format!("unknown key `{key}`: did you mean `{meant}`?"),
        None => format!("unknown key `{key}`: there are {}", known.join(", ")),
    }
}

/// Where the lines of a text begin: each rule says in which one it is.
struct Lines(Vec<usize>);

impl Lines {
    fn of(text: &str) -> Lines {
        Lines(text.match_indices('\n').map(|(at, _)| at).collect())
    }

    /// The line, from 1, that a byte is in.
    fn of_byte(&self, byte: usize) -> usize {
        self.0.partition_point(|end| *end < byte) + 1
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
    use crate::config::{Assume, Direction};
    use crate::metrics::registry::{SubjectKind, Unit};

    fn message(text: &str) -> String {
        match parse(Path::new("gotrace-diff.toml"), text) {
            Ok(_) => String::new(),
            Err(e) => e.to_string(),
        }
    }

    #[test]
    fn a_whole_file_is_understood() {
        let (config, _) = parse(
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

[[rule]]
group = "example.com/shop/*"
test = ["TestCart/*", "TestAll"]
assume = "exact"
direction = "both"

[aliases]
"example.com/shop.old" = "example.com/shop.new"

[[accept]]
series = "group:example.com/shop/cart.Fill.func1#total_ns"
from = "10ms"
to = "21ms"
reason = "the pool is smaller on purpose"
by = "ada"
until = 2027-01-31

[[accept]]
series = "group:example.com/shop.retry#count"
to = 40
reason = "retries are new"
until = "2027-02-28"
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
        let rule = &config.rules[1];
        assert!(rule.matches(SubjectKind::Group, "example.com/shop/a", "count"));
        assert!(rule.matches(SubjectKind::Test, "TestCart/empty", "count"));
        assert!(!rule.matches(SubjectKind::Test, "example.com/shop/a", "count"));
        assert!(rule.names("TestAll") && !rule.names("TestCart/empty"));
        assert_eq!((rule.assume, rule.direction), (Some(Assume::Exact), Some(Direction::Both)));
        assert_eq!(config.aliases["example.com/shop.old"], "example.com/shop.new");
        let [one, other] = &config.accepted[..] else { panic!("two are accepted") };
        assert_eq!((one.from, one.to, one.by.as_deref(), one.line), (Some(10e6), Some(21e6), Some("ada"), 26));
        assert_eq!((other.from, other.to), (None, Some(40.0)));
        let day = |text: &str| text.parse().unwrap();
        assert!(!one.has_lapsed(day("2027-01-31")) && one.has_lapsed(day("2027-02-01")));
        assert!(!other.has_lapsed(day("2027-02-28")) && other.has_lapsed(day("2027-03-01")));
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
            ("[[acept]]", "gotrace-diff.toml:1:3: unknown key `acept`: did you mean `accept`?"),
            ("on-env-missmatch = \"fail\"", "1:1: unknown key `on-env-missmatch`: did you mean `on-env-mismatch`?"),
            ("[[rule]]\ngroups = \"*\"", "2:1: unknown key `groups`: did you mean `group`?"),
            ("[[accept]]\nserie = \"x\"\nreason = \"y\"", "2:1: unknown key `serie`: did you mean `series`?"),
            ("[[accept]]\nreason = \"y\"", "missing field `series`"),
            ("[[accept]]\nseries = \"work\"\nto = 1\nreason = \"y\"", "2:10: `work` names no kind of subject"),
            ("[[accept]]\nseries = \"group:w#count\"\nreason = \"y\"", "2:10: an accepted change goes `from`"),
            (
                "[[accept]]\nseries = \"group:w#count\"\nto = \"1ms\"\nreason = \"y\"",
                "3:6: `1ms` is no figure in count",
            ),
            ("[[accept]]\nseries = \"group:w#count\"\nto = 1\nreason = \" \"", "4:10: say why"),
            (
                "[[accept]]\nseries = \"group:w#count\"\nto = 1\nreason = \"y\"\nuntil = \"soon\"",
                "5:9: `soon` is no day",
            ),
            ("[aliases]\n\"a\" = \"a\"", "2:1: `a` has to be what it is called now"),
            ("[reports]\ntop = 3", "1:2: unknown key `reports`: did you mean `report`?"),
            ("[report]\ngroup_by = \"owner\"", "2:1: unknown key `group_by`: did you mean `group-by`?"),
            ("[report]\ngroup-by = \"owners\"", "2:12: there is no way to group `owners`: did you mean `owner`?"),
            ("[report]\nformat = \"powerpoint\"", "2:10: there is no format `powerpoint`: there are text, json"),
            ("[report]\noutput = [\"html\"]", "2:11: `html`: write it as \"FORMAT=PATH\""),
            ("[report]\noutput = [\"json=a\", \"html=../b\"]", "2:21: `../b` has to lie below the folder of this file"),
            ("[report]\noutput = [\"html=/b\"]", "2:11: `/b` has to lie below"),
            ("[report]\nreport-dir = \".\"", "2:14: `.` has to lie below"),
            ("[report]\ntop = -1", "2:7: invalid value"),
            ("[framework]\ngroups = \"a\"", "2:1: unknown key `groups`: did you mean `group`?"),
            ("[framework]\nwait = [\"a{\"]", "2:8: bad glob"),
        ] {
            let got = message(text);
            assert!(got.contains(want), "{text:?}: {got}");
        }
    }
}
