//! `gotrace-diff BASE HEAD`: compare two sides and gate.

use std::collections::BTreeSet;
use std::path::PathBuf;

use super::inputs::{self, Input};
use super::output;
use crate::cli::{CompareArgs, GateArgs, ReportArgs};
use crate::compare::{self, Comparison, Presence, Side};
use crate::config::Config;
use crate::error::Error;
use crate::gate;
use crate::metrics::registry::SubjectKind;
use crate::paths::Repository;
use crate::report::build::{self, Context};
use crate::report::model::NotCompared;
use crate::summarize::Options;

pub(super) fn run(args: &CompareArgs) -> Result<u8, Error> {
    let (base, head): (Vec<PathBuf>, Vec<PathBuf>) = match &args.sides[..] {
        [] if !args.base.is_empty() => (args.base.clone(), args.head.clone()),
        [base, head] => (vec![base.clone()], vec![head.clone()]),
        [] => return Err(Error::Usage("give a base and a head: gotrace-diff base.out head.out".to_owned())),
        [_] => {
            return Err(Error::Usage(
                "a head is missing: gotrace-diff BASE HEAD; against the committed baseline: gotrace-diff check HEAD"
                    .to_owned(),
            ));
        }
        more => {
            return Err(Error::Usage(format!(
                "a base and a head are compared, and {} were given; for several runs a side: --base 'base/*.out' --head 'head/*.out'",
                more.len()
            )));
        }
    };
    let config = super::configure(&args.gate)?;
    let mut read =
        inputs::read(&[&base, &head], &args.gate.test_json, &options(&args.gate), &args.gate.narrow.narrow()?)?
            .into_iter();
    let (base, head) = (read.next().unwrap_or_default(), read.next().unwrap_or_default());
    finish(
        Told::of(&[&base, &head]),
        base.into_side(config.rounds),
        head.into_side(config.rounds),
        &config,
        &args.report,
        false,
    )
}

pub(super) fn options(gate: &GateArgs) -> Options {
    Options { allow_partial: gate.allow_partial, ..Options::default() }
}

/// What reading has to tell.
pub(super) struct Told {
    warnings: Vec<String>,
    left_out: Vec<NotCompared>,
}

impl Told {
    pub(super) fn of(inputs: &[&Input]) -> Told {
        let mut left_out: Vec<NotCompared> = inputs.iter().filter_map(|i| i.left_out()).collect();
        // One line for both sides.
        if let [one, other] = &left_out[..] {
            let both = NotCompared { count: one.count + other.count, ..other.clone() };
            left_out = vec![both];
        }
        Told { warnings: inputs.iter().flat_map(|i| i.warnings.clone()).collect(), left_out }
    }
}

/// Joins, judges and tells.
pub(super) fn finish(
    mut told: Told,
    base: Side,
    head: Side,
    config: &Config,
    report: &ReportArgs,
    against_baseline: bool,
) -> Result<u8, Error> {
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
    let comparison = compare::compare(base, head);
    has_something_in_common(&comparison)?;
    let judged = gate::judge(&comparison, config);
    let repository = Repository::around(&super::working_folder()?);
    let context = Context {
        repository: &repository,
        warnings: told.warnings,
        left_out: told.left_out,
        show_framework: config.show_framework,
        against_baseline,
    };
    output::report(&build::build(&comparison, &judged, context), report)
}

/// A comparison that compared nothing of the program's is an error: it would pass for ever.
fn has_something_in_common(comparison: &Comparison) -> Result<(), Error> {
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
