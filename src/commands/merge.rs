//! `gotrace-diff merge`: what the shards of a build have written becomes one verdict.
//!
//! ```text
//!   RESULT.json ...             both sides of every shard, joined and judged again: one verdict, one comment
//!   --base ... --head ...       summaries of either side: the same, from the runs of all shards
//!   SUMMARY.json ...            summaries alone: added up to one total
//! ```
//!
//! A package of two shards stays two: other machines, other environments or other tests are no replicates. `--pool` says
//! that the shards are further runs of the same.

mod copies;
pub(super) mod rules;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use clap::Args;

use super::compare::{self, Told};
use super::inputs::{self, Input};
use super::joined::{self, Judge};
use super::repeated;
use super::run::verdict::NOT_RECORDED;
use super::shards::{self, Shard, ShardResult};
use super::sources::{self, Found};
use super::{documents, export, output, totals, written};
use crate::cli::{GateArgs, ReportArgs};
use crate::compare::{self as joining, Design, PackagePair, Recorded, Side};
use crate::config::{Config, OnInconclusive};
use crate::error::{Error, exit};
use crate::owners::{self, Owners};
use crate::paths::Repository;
use crate::report::escape::Text;
use crate::report::model::{NotCompared, Report, Verdict};
use crate::report::owned;
use crate::report::terminal::GroupBy;
use crate::sides::Sides;

/// `gotrace-diff merge ...`.
#[derive(Debug, Args)]
pub struct MergeArgs {
    /// What shards wrote: results of comparisons (--output json=FILE), or summaries; files, folders or globs.
    #[arg(value_name = "SHARD", required_unless_present = "base", conflicts_with_all = ["base", "head"])]
    pub shards: Vec<PathBuf>,
    /// Summaries of the base (repeatable).
    #[arg(long, value_name = "SUMMARY", num_args = 1.., requires = "head")]
    pub base: Vec<PathBuf>,
    /// Summaries of the head (repeatable).
    #[arg(long, value_name = "SUMMARY", num_args = 1.., requires = "base")]
    pub head: Vec<PathBuf>,
    /// Fail unless there are so many results: a shard that died wrote none.
    #[arg(long, value_name = "N", conflicts_with = "base")]
    pub expect: Option<usize>,
    /// Results of one package are further runs of the same tests on like machines, and make one family.
    #[arg(long, conflicts_with = "base")]
    pub pool: bool,
    /// Who owns what; else the repository's own CODEOWNERS.
    #[arg(long, value_name = "FILE")]
    pub codeowners: Option<PathBuf>,
    /// The gate.
    #[command(flatten)]
    pub gate: GateArgs,
    /// The report.
    #[command(flatten)]
    pub report: ReportArgs,
}

/// A result with the name that it goes by.
struct Named {
    name: String,
    /// Without the runs, where those have become packages.
    sides: Sides,
    packages: Vec<joined::One>,
}

pub(super) fn run(args: &MergeArgs) -> Result<u8, Error> {
    let inputs = super::of_gate(&args.gate).shards(&args.shards).runs(args.base.iter().chain(&args.head));
    let inputs = inputs.files(&args.codeowners);
    // Totals ask for no configuration, so that a broken one is an error where there is a verdict.
    let config = super::configure(&args.gate).or_else(|_| Ok(Config::default()));
    written::reporting(&args.report, config, None, &inputs, |_, _| merge(args))
}

fn merge(args: &MergeArgs) -> Result<u8, Error> {
    if !args.base.is_empty() {
        let judge = Judge::new(super::configure(&args.gate)?, Design::default());
        let sides: [&[PathBuf]; 2] = [&args.base, &args.head];
        let narrow = args.gate.narrow.narrow()?;
        let mut read = inputs::read(&sides, &args.gate.test_json, &compare::options(&args.gate), &narrow)?.into_iter();
        let (base, head) = (read.next().unwrap_or_default(), read.next().unwrap_or_default());
        judge.meet(&args.gate, compare::names(&[&base, &head]).iter().map(String::as_str))?;
        let config = judge.config();
        let mut told = Told::of(&[&base, &head], &config);
        let opened = joined::summaries(&base, &head, &judge).unwrap_or_else(|| {
            let (mut base, mut head) = Input::into_sides(base, head, &config.rounds_of());
            judge.prepare(&mut base, &mut head);
            joining::compare(base, head).packages.into_iter().map(|pair| judge.open(pair)).collect()
        });
        told.warnings.extend(judge.warnings()?);
        let (comparison, judged) = judge.close(opened, Design::default().share, Vec::new());
        let mut report = compare::tell_judged(&comparison, &judged, told, &config, false)?;
        joined::note(&mut report, &judged);
        return tell(report, args, &config);
    }
    // Of totals nobody asks for it.
    let judge = super::configure(&args.gate).map(|config| Judge::new(config, Design::default()));
    let (read, warnings) = read(args, judge.as_ref().ok())?;
    if let Some(expected) = args.expect
        && read.len() != expected
    {
        return Err(Error::Input {
            file: args.shards.first().map_or(String::new(), |p| p.display().to_string()),
            message: format!("{} shards, and {expected} were expected", read.len()),
            advice: "a shard that was killed wrote nothing: look at its log".to_owned(),
        });
    }
    let (mut results, mut summaries) = (Vec::new(), Vec::new());
    for (name, shard) in read {
        match shard {
            Shard::Result(result) => results.push((name, *result)),
            Shard::Summaries(total) => summaries.push((name, *total)),
        }
    }
    match (&results[..], &summaries[..]) {
        ([], _) => {
            export::warn(&warnings);
            totals::tell(summaries.into_iter().map(|(_, total)| total), &args.report)
        }
        (_, []) => {
            let judge = judge?;
            verdict(named(results), warnings, args, judge)
        }
        ([(result, _), ..], [(summary, _), ..]) => Err(Error::Usage(format!(
            "{result} is a result and {summary} a summary: merge results, or summaries of both sides with --base and --head"
        ))),
    }
}

/// What shards wrote, with the names of their files.
type Shards = Vec<(String, Shard)>;

/// Reads all shards on all cores, in the order of their names. Results become packages as they are read, unless those
/// are joined over shards. Says, too, what was passed over.
fn read(args: &MergeArgs, judge: Option<&Judge>) -> Result<(Shards, Vec<String>), Error> {
    let found = sources::find_shards(&args.shards)?;
    let linked = found.warnings();
    let Found { sources: mut found, others, .. } = found;
    found.sort_by(|a, b| a.name.cmp(&b.name));
    let passed_over = others.iter().map(|name| format!("{name}: JSON, and none of ours: passed over"));
    let mut warnings: Vec<String> =
        copies::drop_from(&mut found).into_iter().chain(passed_over).chain(linked).collect();
    let read = inputs::on_all_cores(&found, |source| {
        let Some(path) = &source.path else {
            return Err(Error::Usage("shards are files, and standard input is none".to_owned()));
        };
        let mut shard = shards::read(path)?;
        let runs = match &shard {
            Shard::Result(result) => result.sides.as_ref().and_then(copies::runs_of),
            Shard::Summaries(_) => None,
        };
        if let (Shard::Result(result), Some(judge), false) = (&mut shard, judge, args.pool)
            && let Some(sides) = &mut result.sides
        {
            result.packages = open(sides, &args.gate, judge)?;
        }
        Ok((shard, runs))
    });
    let read: Vec<(Shard, Option<[u8; 32]>)> = read.into_iter().collect::<Result<_, _>>()?;
    let runs = |(_, runs): &(Shard, Option<[u8; 32]>)| *runs;
    let same = repeated::find(&read, runs, runs);
    for (&again, &first) in &same {
        let [again, first] = [again, first].map(|i| &found[i].name);
        warnings.push(format!("{again}: the same runs as {first}, counted once"));
    }
    let mut shards: Shards =
        found.iter().map(|source| source.name.clone()).zip(read.into_iter().map(|r| r.0)).collect();
    for (&again, &first) in &same {
        // What it failed by counts, whichever of the two stays.
        let failed = match &mut shards[again].1 {
            Shard::Result(result) => std::mem::take(&mut result.failed),
            Shard::Summaries(_) => continue,
        };
        if let Shard::Result(result) = &mut shards[first].1 {
            result.failed.extend(failed);
        }
    }
    repeated::drop_from(&mut shards, &same);
    Ok((shards, warnings))
}

/// The packages of one shard, joined and judged: they take the runs out of its sides.
fn open(sides: &mut Sides, gate: &GateArgs, judge: &Judge) -> Result<Vec<joined::One>, Error> {
    let (mut base, mut head) = (std::mem::take(&mut sides.base), std::mem::take(&mut sides.head));
    judge.meet(gate, packages_of(&base, &head))?;
    judge.prepare(&mut base, &mut head);
    let stated = (sides.design.recorded != Recorded::Unknown).then_some(sides.design.recorded);
    let packages = joining::compare(base, head).packages.into_iter();
    Ok(packages.map(|pair| judge.open(PackagePair { stated, ..pair })).collect())
}

fn packages_of<'s>(base: &'s Side, head: &'s Side) -> impl Iterator<Item = &'s str> {
    base.packages.keys().chain(head.packages.keys()).map(String::as_str)
}

/// Gives each result what is left of its path when all have lost what they have in common.
fn named(results: Vec<(String, ShardResult)>) -> Vec<(String, ShardResult)> {
    let paths: Vec<Vec<&str>> =
        results.iter().map(|(name, _)| name.trim_end_matches(".json").split(['/', '\\']).collect()).collect();
    let shortest = paths.iter().map(Vec::len).min().unwrap_or(1);
    let same = |at: &dyn Fn(&Vec<&str>, usize) -> Option<String>, i: usize| {
        let first = paths.first().and_then(|p| at(p, i));
        paths.iter().all(|p| at(p, i) == first)
    };
    let from_start = |p: &Vec<&str>, i: usize| p.get(i).map(|s| (*s).to_owned());
    let from_end = |p: &Vec<&str>, i: usize| p.len().checked_sub(i + 1).and_then(|i| from_start(p, i));
    let start = (0..shortest.saturating_sub(1)).take_while(|&i| same(&from_start, i)).count();
    let most = shortest.saturating_sub(start + 1);
    let end = (0..most).take_while(|&i| same(&from_end, i)).count();
    let names: Vec<String> = paths.iter().map(|p| p[start..p.len() - end].join("/")).collect();
    results.into_iter().map(|(_, result)| result).zip(names).map(|(result, name)| (name, result)).collect()
}

/// Joins all shards, judges them together, and tells it.
fn verdict(
    results: Vec<(String, ShardResult)>,
    warnings: Vec<String>,
    args: &MergeArgs,
    judge: Judge,
) -> Result<u8, Error> {
    let (mut shards, mut diagnoses, mut empty) = (Vec::new(), Vec::new(), Vec::new());
    let mut failed = rules::Failed::new();
    for (name, result) in results {
        diagnoses.extend(result.diagnoses);
        if result.sides.is_some() && !result.failed.is_empty() {
            failed.push((name.clone(), result.failed));
        }
        match result.sides {
            Some(sides) => shards.push(Named { name, sides, packages: result.packages }),
            None => empty.push((name, result.verdict, result.headline)),
        }
    }
    let against_baseline = shards.iter().any(|s| s.sides.against_baseline);
    if against_baseline && shards.iter().any(|s| !s.sides.against_baseline) {
        return Err(Error::Usage(
            "some results are of runs against a baseline, and some of two versions side by side: merge each kind apart"
                .to_owned(),
        ));
    }
    if shards.is_empty() {
        let config = judge.config();
        let mut report = nothing(&empty, &config);
        report.warnings.extend(warnings.into_iter().map(Text::from));
        return tell(report, args, &config);
    }
    let mut told = told(&shards);
    told.warnings.extend(warnings);
    let missing: usize = told.left_out.iter().filter(|n| n.why.is(NOT_RECORDED)).map(|n| n.count).sum();
    let untested: BTreeSet<String> = shards.iter().flat_map(|s| s.sides.untested.iter().cloned()).collect();
    judge.meet(&args.gate, untested.iter().map(String::as_str))?;
    let (packages, share) = if args.pool { pooled(shards, &args.gate, &judge)? } else { side_by_side(shards) };
    let config = judge.config();
    let config = &*config;
    told.warnings.extend(judge.warnings()?);
    let (comparison, judged) = judge.close(packages, share, untested.into_iter().collect());
    let mut report = compare::tell_judged(&comparison, &judged, told, config, against_baseline)?;
    joined::note(&mut report, &judged);
    report.diagnoses = diagnoses;
    rules::hold(&mut report, &failed, config, args.pool.then_some((&comparison, &judged)));
    for (name, verdict, headline) in empty.iter().filter(|(_, verdict, _)| *verdict != Verdict::Pass) {
        report.warnings.push(Text::from(format!("{name}: {}", headline.term())));
        unproven(&mut report, *verdict, config);
    }
    // What should have been compared and was not is no pass.
    if missing > 0 && report.exit_code == exit::PASS {
        unproven(&mut report, Verdict::Inconclusive, config);
        report.exit_code = exit::INCONCLUSIVE;
    }
    tell(report, args, config)
}

/// Makes a pass inconclusive; what a shard calls a regression is one, though nothing is there to judge it again by.
fn unproven(report: &mut Report, verdict: Verdict, config: &Config) {
    if verdict == Verdict::Regression && report.verdict != Verdict::Regression {
        report.verdict = Verdict::Regression;
        report.headline = "regression: a shard says so, and has no runs to judge again; see the warnings".into();
        report.exit_code = exit::REGRESSION;
        return;
    }
    if report.verdict == Verdict::Pass && verdict != Verdict::Pass {
        report.verdict = Verdict::Inconclusive;
        report.headline = "inconclusive: not every shard could compare what it should have; see the warnings".into();
        if config.on_inconclusive == OnInconclusive::Fail {
            report.exit_code = exit::INCONCLUSIVE;
        }
    }
}

/// No shard had anything to compare.
fn nothing(empty: &[(String, Verdict, Text)], config: &Config) -> Report {
    let headline = match empty.len() {
        1 => "pass: the one shard had nothing to run".to_owned(),
        n => format!("pass: none of {n} shards had anything to run"),
    };
    let mut report = Report::without_findings(Verdict::Pass, exit::PASS, headline.into());
    for (name, verdict, headline) in empty.iter().filter(|(_, verdict, _)| *verdict != Verdict::Pass) {
        report.warnings.push(Text::from(format!("{name}: {}", headline.term())));
        unproven(&mut report, *verdict, config);
    }
    report
}

fn told(shards: &[Named]) -> Told {
    let mut told = Told::default();
    let mut left_out: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for shard in shards {
        told.warnings.extend(shard.sides.warnings.iter().cloned());
        for left in &shard.sides.left_out {
            let count = left_out.entry((&left.what, &left.why)).or_default();
            *count = count.saturating_add(left.count);
        }
    }
    told.warnings.sort();
    told.warnings.dedup();
    let left = |((what, why), count): ((&str, &str), usize)| NotCompared { what: what.into(), why: why.into(), count };
    told.left_out = left_out.into_iter().map(left).collect();
    told
}

/// Every package of every shard by itself; those of one name get the shard's name besides. Beside them the part of the
/// level that this look may use: looks at the data that a shard has had are looks at all of it.
fn side_by_side(shards: Vec<Named>) -> (Vec<joined::One>, f64) {
    let share = shards.iter().map(|shard| shard.sides.design.share).fold(1.0, f64::min);
    let mut names: BTreeMap<String, usize> = BTreeMap::new();
    for (package, _) in shards.iter().flat_map(|shard| &shard.packages) {
        *names.entry(package.name.clone()).or_default() += 1;
    }
    let mut all = Vec::new();
    for shard in shards {
        for (mut package, opened) in shard.packages {
            if names.get(&package.name).is_some_and(|&n| n > 1) {
                package.name = format!("{} ({})", package.name, shard.name).trim().to_owned();
            }
            all.push((package, opened));
        }
    }
    all.sort_by(|a, b| a.0.name.cmp(&b.0.name));
    (all, share)
}

/// The runs of all shards as runs of one build. They alternate where those of every shard did.
fn pooled(shards: Vec<Named>, gate: &GateArgs, judge: &Judge) -> Result<(Vec<joined::One>, f64), Error> {
    let mut all = Sides::default();
    let (mut recorded, mut share) = (Vec::new(), 1.0f64);
    for mut shard in shards {
        judge.meet(gate, packages_of(&shard.sides.base, &shard.sides.head))?;
        judge.prepare(&mut shard.sides.base, &mut shard.sides.head);
        recorded.push(how(&shard.sides));
        share = share.min(shard.sides.design.share);
        all.base.absorb(shard.sides.base);
        all.head.absorb(shard.sides.head);
    }
    let least = |how: Recorded| recorded.contains(&how).then_some(how);
    // Clocks of several machines cannot be laid beside one another.
    let stated = Some(least(Recorded::Apart).or(least(Recorded::Unknown)).unwrap_or(Recorded::Alternately));
    let packages = joining::compare(all.base, all.head).packages.into_iter();
    Ok((packages.map(|pair| judge.open(PackagePair { stated, ..pair })).collect(), share))
}

/// How a shard was recorded: as was said, else as the clocks of its runs show.
fn how(sides: &Sides) -> Recorded {
    if sides.design.recorded != Recorded::Unknown {
        return sides.design.recorded;
    }
    let of = |(name, base): (&String, &joining::Package)| {
        sides.head.packages.get(name).map(|head| joining::design::seen(&base.runs, &head.runs))
    };
    let seen: Vec<Recorded> = sides.base.packages.iter().filter_map(of).collect();
    let any = |how: Recorded| seen.contains(&how).then_some(how);
    any(Recorded::Apart).or(any(Recorded::Unknown)).unwrap_or(Recorded::Alternately)
}

/// Says whose the findings are, and prints: by owner where there are any, else by package.
fn tell(mut report: Report, args: &MergeArgs, config: &Config) -> Result<u8, Error> {
    own(&mut report, args.codeowners.clone())?;
    let owned = report.findings.iter().any(|f| !f.owners.is_empty());
    let default = match report.compared.packages.len() {
        _ if owned => GroupBy::Owner,
        0 | 1 => GroupBy::Certainty,
        _ => GroupBy::Package,
    };
    let how = args.report.over(&config.report);
    let group_by = Some(how.group_by.unwrap_or(default));
    output::report(&report, &ReportArgs { group_by, ..how })
}

/// Gives findings their owners, as `file` or the repository's CODEOWNERS says.
pub(super) fn own(report: &mut Report, file: Option<PathBuf>) -> Result<(), Error> {
    let repository = Repository::around(&super::working_folder()?);
    let Some(file) = file.or_else(|| owners::find(repository.root())) else { return Ok(()) };
    let (owners, odd) = Owners::parse(&documents::read_text(&file, owners::MOST_BYTES)?);
    report.warnings.extend(odd.iter().map(|(line, why)| format!("{}:{line}: {why}", file.display()).into()));
    owned::own(report, &owners, &repository);
    Ok(())
}
