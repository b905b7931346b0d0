//! `gotrace-diff BASE HEAD`: compare two sides and gate.

use std::collections::BTreeSet;

use super::inputs::{self, Input};
use super::{diagnoses, output, written};
use crate::cli::{self, BothSidesArgs, CompareArgs, GateArgs, ReportArgs};
use crate::compare::apart::Written;
use crate::compare::{self, Comparison, Design, Presence, Recorded, Side};
use crate::config::{Config, Pattern, Rule, WorkingTree};
use crate::diagnose::Diagnosis;
use crate::error::Error;
use crate::gate::{self, Aside, Judged};
use crate::metrics::registry::SubjectKind;
use crate::paths::Repository;
use crate::report::build::{self, Context, Drawn};
use crate::report::format::Format;
use crate::report::model::{NotCompared, Report};
use crate::report::terminal::GroupBy;
use crate::sides::{self, LeftOut, Sides};
use crate::summarize::Options;

pub(super) fn run(args: &CompareArgs) -> Result<u8, Error> {
    let sides = &args.sides;
    let inputs = super::of_gate(&args.gate).runs(sides.sides.iter().chain(&sides.base).chain(&sides.head));
    written::reporting(&args.report, super::configure(&args.gate), None, &inputs, |config, how| {
        let mut report = report(sides, args.paired, &args.gate, config, how.writes(Format::Json))?;
        own(&mut report, how)?;
        output::report(&report, how)
    })
}

/// Says whose findings are, where they are grouped by that.
pub(super) fn own(report: &mut Report, args: &ReportArgs) -> Result<(), Error> {
    if args.group_by == Some(GroupBy::Owner) { super::merge::own(report, None) } else { Ok(()) }
}

/// Compares what was given as a base and a head, or as runs of each. `config`: that of `gate`, with those of packages still
/// to be found. `keeps`: with the sides, for programs that read it.
pub(super) fn report(
    args: &BothSidesArgs,
    paired: bool,
    gate: &GateArgs,
    mut config: Config,
    keeps: bool,
) -> Result<Report, Error> {
    let Some(sides) = cli::sides(&args.sides, &args.base, &args.head) else {
        return Err(Error::Usage(match args.sides.len() {
            0 => "give a base and a head: gotrace-diff base.out head.out".to_owned(),
            1 => "a head is missing: gotrace-diff BASE HEAD; against the committed baseline: gotrace-diff check HEAD"
                .to_owned(),
            more => format!(
                "a base and a head are compared, and {more} were given; for several runs a side: --base 'base/*.out' --head 'head/*.out'"
            ),
        }));
    };
    let mut read = inputs::read(&sides, &gate.test_json, &options(gate), &gate.narrow.narrow()?)?.into_iter();
    let (base, head) = (read.next().unwrap_or_default(), read.next().unwrap_or_default());
    let recorded = if paired { Recorded::Alternately } else { Recorded::default() };
    super::nested::by_package(&mut config, gate, &WorkingTree, names(&[&base, &head]).iter().map(String::as_str))?;
    let told = Told::of(&[&base, &head], &config);
    let (base, head) = Input::into_sides(base, head, &config.rounds_of());
    judged(
        told,
        base,
        head,
        &config,
        How { against_baseline: false, design: Design { recorded, ..Design::default() } },
        keeps,
    )
}

pub(super) fn options(gate: &GateArgs) -> Options {
    Options { allow_partial: gate.allow_partial, ..Options::default() }
}

/// Calls the base's subjects as the head does, and keeps apart what the team says is a framework's. Gives the filters that
/// matched anything, and a warning of each alias that renames what is still there.
pub(super) fn prepare<'c>(
    base: &mut Side,
    head: &mut Side,
    config: &'c Config,
) -> (BTreeSet<Written<'c>>, BTreeSet<String>) {
    let kept = base.rename(head, |package| &config.of(package).aliases);
    let mut matched = base.keep_apart(|package| &config.of(package).framework);
    matched.extend(head.keep_apart(|package| &config.of(package).framework));
    let warning = |name| format!("[aliases] {name}: the head still has it under this name, with which it is compared");
    (matched, kept.into_iter().map(warning).collect())
}

/// The packages that any of these has runs of.
pub(super) fn names(inputs: &[&Input]) -> BTreeSet<String> {
    inputs.iter().flat_map(|input| input.packages()).collect()
}

/// How the sides came to be.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct How {
    /// Whether the base is the committed baseline.
    pub(super) against_baseline: bool,
    /// How they were recorded.
    pub(super) design: Design,
}

/// What reading has to tell.
#[derive(Default)]
pub(super) struct Told {
    pub(super) warnings: Vec<String>,
    pub(super) left_out: Vec<NotCompared>,
    pub(super) drawn: [Drawn; 2],
    pub(super) diagnoses: Vec<Diagnosis>,
    /// Packages that have tests in the base only.
    pub(super) untested: Vec<String>,
    /// Both sides, for a result that can be merged.
    pub(super) sides: Option<sides::Written>,
}

impl Told {
    pub(super) fn of(inputs: &[&Input], config: &Config) -> Told {
        let mut left_out: Vec<NotCompared> = inputs.iter().filter_map(|i| i.left_out()).collect();
        // One line for both sides.
        if let [one, other] = &left_out[..] {
            let both = NotCompared { count: one.count + other.count, ..other.clone() };
            left_out = vec![both];
        }
        let (drawn, diagnoses) = match inputs {
            [base, head] => (
                [Drawn::of(&base.summaries), Drawn::of(&head.summaries)],
                diagnoses::changes(&base.summaries, &head.summaries, config),
            ),
            // Against a baseline.
            [head] => ([Drawn::default(), Drawn::of(&head.summaries)], Vec::new()),
            _ => Default::default(),
        };
        Told {
            warnings: inputs.iter().flat_map(|i| i.warnings.clone()).collect(),
            left_out,
            drawn,
            diagnoses,
            untested: Vec::new(),
            sides: None,
        }
    }

    /// The sides as a result keeps them, with what reading has to tell.
    fn keep(&self, sides: &mut Sides, config: &Config) -> Result<sides::Written, Error> {
        sides.warnings.clone_from(&self.warnings);
        sides.untested.clone_from(&self.untested);
        let left = |n: &NotCompared| LeftOut { what: n.what.term(), why: n.why.term(), count: n.count };
        sides.left_out = self.left_out.iter().map(left).collect();
        sides::write(sides, config.show_framework).map_err(|e| Error::Bug(format!("sides that are no JSON: {e}")))
    }
}

/// Joins and judges.
pub(super) fn judged(
    mut told: Told,
    base: Side,
    head: Side,
    config: &Config,
    how: How,
    keeps: bool,
) -> Result<Report, Error> {
    let comparison = join(&mut told, base, head, config, how, keeps)?;
    tell(&comparison, told, config, how.against_baseline)
}

/// Joins two sides.
pub(super) fn join(
    told: &mut Told,
    base: Side,
    head: Side,
    config: &Config,
    how: How,
    keeps: bool,
) -> Result<Comparison, Error> {
    let narrowed = |side: &Side| side.runs().map(|r| r.narrowed.clone()).collect::<BTreeSet<_>>();
    if narrowed(&base) != narrowed(&head) {
        let words = |side: &Side| {
            let words = |n: String| if n.is_empty() { "all of the trace".to_owned() } else { n };
            narrowed(side).into_iter().map(words).collect::<Vec<_>>().join("; ")
        };
        let warning =
            format!("base and head are narrowed differently (base: {}, head: {})", words(&base), words(&head));
        told.warnings.push(warning);
    }
    // Only programs that read the result can use them.
    let (design, against_baseline) = (how.design, how.against_baseline);
    let mut sides = Sides { base, head, design, against_baseline, ..Sides::default() };
    told.sides = keeps.then(|| told.keep(&mut sides, config)).transpose()?;
    let (matched, warnings) = prepare(&mut sides.base, &mut sides.head, config);
    told.warnings.extend(warnings);
    told.warnings.extend(filters_without_match(&matched, config)?);
    let mut comparison = compare::compare(sides.base, sides.head);
    comparison.design = how.design;
    comparison.untested.clone_from(&told.untested);
    Ok(comparison)
}

/// Judges, and makes the report.
pub(super) fn tell(
    comparison: &Comparison,
    told: Told,
    config: &Config,
    against_baseline: bool,
) -> Result<Report, Error> {
    tell_judged(comparison, &gate::judge(comparison, config), told, config, against_baseline)
}

/// Makes the report of what is judged, which has to have something in common.
pub(super) fn tell_judged(
    comparison: &Comparison,
    judged: &Judged,
    told: Told,
    config: &Config,
    against_baseline: bool,
) -> Result<Report, Error> {
    compares_something(comparison, &judged.aside)?;
    let unmatched = rules_without_match(comparison, &judged.aside, config)?;
    let warnings = unmatched.into_iter().chain(lapsed(config)).chain(told.warnings).collect();
    let repository = Repository::around(&super::working_folder()?);
    let context = Context {
        repository: &repository,
        warnings,
        left_out: told.left_out,
        show_framework: config.show_framework,
        against_baseline,
        nested: !config.nested.is_empty(),
        drawn: told.drawn,
        diagnoses: told.diagnoses,
    };
    let mut report = build::build(comparison, judged, context);
    report.sides = told.sides;
    Ok(report)
}

/// What is accepted no longer: named, so that nobody wonders why it fails.
fn lapsed(config: &Config) -> impl Iterator<Item = String> {
    config.lapsed().into_iter().map(|a| {
        let until = a.until.map(|day| format!(" on {day}")).unwrap_or_default();
        let by = a.by.as_ref().map(|by| format!(", accepted by {by}")).unwrap_or_default();
        format!("{}:{}: lapsed{until}: {}{by}: {}", a.file.display(), a.line, a.series, a.reason)
    })
}

/// A rule that matches nothing guards nothing: most often a name is misspelt, or a subject was renamed.
fn rules_without_match(comparison: &Comparison, aside: &Aside, config: &Config) -> Result<Vec<String>, Error> {
    let mut warnings = Vec::new();
    let mut known: Vec<(&Rule, bool)> = Vec::new();
    for config in config.all() {
        for rule in config.rules.iter().filter(|r| r.line > 0) {
            // Inherited rules are in several configurations, and one of them that is strict will do.
            match known.iter_mut().find(|(k, _)| k.line == rule.line && k.file == rule.file) {
                Some((_, strict)) => *strict |= config.strict,
                None => known.push((rule, config.strict)),
            }
        }
    }
    for (rule, strict) in known {
        let is_it = |other: &Rule| other.line == rule.line && other.file == rule.file;
        let of = comparison.packages.iter().filter(|p| config.of(&p.name).rules.iter().any(is_it));
        if aside.is_matched(rule) || of.flat_map(|p| &p.subjects).any(|s| gate::package::matches(rule, s)) {
            continue;
        }
        warnings.push(idle((&rule.file, rule.line), "this rule", strict)?);
    }
    warnings.extend(flags_without_match(comparison, aside, config)?);
    Ok(warnings)
}

/// The same of --subject and --metric: what was typed holds for this run, and misspelt it guards nothing either.
fn flags_without_match(comparison: &Comparison, aside: &Aside, config: &Config) -> Result<Option<String>, Error> {
    let flags = &config.flags;
    // Of what a merge has dropped only rules of files are known.
    let dropped = aside.series > 0;
    let speaks = comparison.packages.iter().flat_map(|p| &p.subjects).any(|s| gate::package::matches(flags, s));
    if flags.subjects.is_empty() && flags.metrics.is_empty() || dropped || speaks {
        return Ok(None);
    }
    let typed =
        |flag: &str, globs: &[Pattern]| globs.iter().map(|g| format!("--{flag} {}", g.text())).collect::<Vec<_>>();
    let all = [typed("subject", &flags.subjects), typed("metric", &flags.metrics)].concat().join(" ");
    let message = format!("{all} matches nothing that was compared");
    if config.strict { Err(Error::Usage(message)) } else { Ok(Some(message)) }
}

/// Says that an entry of a configuration does nothing.
fn idle((file, line): Written<'_>, what: &str, strict: bool) -> Result<String, Error> {
    let message = format!("{what} matches nothing that was compared");
    if strict {
        return Err(Error::Config { file: file.to_owned(), line, column: 1, message });
    }
    Ok(format!("{}:{line}: {message}", file.display()))
}

/// The same of what is to be kept apart.
pub(super) fn filters_without_match(
    matched: &BTreeSet<Written<'_>>,
    config: &Config,
) -> Result<BTreeSet<String>, Error> {
    let mut warnings = BTreeSet::new();
    for config in config.all() {
        for filter in config.framework.groups.iter().chain(&config.framework.waits) {
            if matched.contains(&(filter.file.as_path(), filter.line)) {
                continue;
            }
            let what = format!("[framework] `{}`", filter.pattern.text());
            warnings.insert(idle((&filter.file, filter.line), &what, config.strict)?);
        }
    }
    Ok(warnings)
}

/// A comparison that compared nothing of the program's is an error: it would pass for ever.
fn compares_something(comparison: &Comparison, aside: &Aside) -> Result<(), Error> {
    if aside.series > 0 {
        return Ok(());
    }
    let both = |p: &&compare::PackagePair| !p.base_runs.is_empty() && !p.head_runs.is_empty();
    let list = |side: fn(&compare::PackagePair) -> bool| {
        let names: Vec<&str> = comparison.packages.iter().filter(|p| side(p)).map(|p| p.name.as_str()).collect();
        names.join(", ")
    };
    if !comparison.packages.iter().any(|p| both(&p)) {
        let (base, head) = (list(|p| !p.base_runs.is_empty()), list(|p| !p.head_runs.is_empty()));
        return Err(Error::NothingInCommon(format!("the base has runs of {base}, the head of {head}")));
    }
    let joined = comparison.packages.iter().filter(both).flat_map(|p| &p.subjects).any(|s| {
        s.kind != SubjectKind::Process
            && !s.is_framework()
            && s.changes.iter().any(|c| matches!(c.presence, Presence::Both { .. }))
            || matches!(s.kind, SubjectKind::Test | SubjectKind::Benchmark) && s.base.is_some() && s.head.is_some()
    });
    if joined {
        Ok(())
    } else {
        Err(Error::NothingInCommon("no goroutine group, region, task or log category is on both sides".to_owned()))
    }
}
