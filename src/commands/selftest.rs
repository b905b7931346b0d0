//! `gotrace-diff selftest TRACE...`: whether this configuration can fail at all, on the user's own runs of one version.
//!
//! ```text
//!   runs              b h h b b h b h h b     unchanged code: must not fail
//!   times doubled     b H H b b H b H H b     the busiest subject of each package takes twice as long
//!   without noise     m M M m m M m M M m     the same with the middle of all runs in each: is it the limits or the noise?
//!   counts doubled    b H H b b H b H H b     its goroutines are twice as many
//! ```

use super::calibrate::{self, SEED, judge, split};
use super::output;
use crate::cli::{CalibrateArgs, Color, Format};
use crate::compare::{Side, Subject, SubjectId};
use crate::error::{Error, exit};
use crate::gate::Verdict;
use crate::metrics::registry::{self, Class, SubjectKind};
use crate::report::escape::term;
use crate::stats::random::Random;
use crate::stats::sample::median;

/// Whether doubled times were found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Found {
    /// It fails the build.
    Yes,
    /// It would, if the runs varied less.
    ButForNoise,
    /// This configuration lets it pass.
    No,
}

pub(super) fn run(args: &CalibrateArgs) -> Result<u8, Error> {
    let (side, config) = calibrate::read(args)?;
    let (base, head) = split(&side, &mut Random::new(SEED));
    let (base, head) = (side.take(&base), side.take(&head));
    let verdict = |base: &Side, head: Side| judge(base.clone(), head, &config).1.verdict;
    let unchanged = verdict(&base, head.clone());
    let mut lines = vec![format!("unchanged: {}", unchanged.name())];
    let (mut deaf, mut noisy) = (Vec::new(), Vec::new());
    for name in side.packages.keys() {
        let fails = |base: &Side, head: &Side, id: &SubjectId, class: Class| {
            let mut worse = head.clone();
            change(&mut worse, name, id, |path, values| {
                if registry::find(id.kind, path).is_some_and(|m| m.class == class) {
                    values.iter_mut().flatten().for_each(|v| *v = v.saturating_mul(2));
                }
            });
            verdict(base, worse) == Verdict::Regression
        };
        let Some(busiest) = most(&side, name, "total_ns") else { continue };
        let still = |side: &Side| {
            let mut side = side.clone();
            change(&mut side, name, &busiest, |_, values| hold(values));
            side
        };
        let times = if fails(&base, &head, &busiest, Class::Time) {
            Found::Yes
        } else if fails(&still(&base), &still(&head), &busiest, Class::Time) {
            Found::ButForNoise
        } else {
            Found::No
        };
        let says = match times {
            Found::Yes => "fails",
            Found::ButForNoise => "would fail, but these runs vary too much to show it",
            Found::No => "passes",
        };
        // Tests of several packages may be called alike.
        let of = if side.packages.len() > 1 { format!(" of {}", term(name)) } else { String::new() };
        lines.push(format!("{} {}{of} takes twice as long: {says}", busiest.kind, term(&busiest.name)));
        let group = most(&side, name, "count").filter(|id| id.kind == SubjectKind::Group);
        let counts = group.as_ref().is_some_and(|group| fails(&base, &head, group, Class::Structural));
        if let Some(group) = &group {
            let says = if counts { "fails" } else { "passes" };
            lines.push(format!("twice as many goroutines of {}: {says}", term(&group.name)));
        }
        match times {
            Found::No if !counts => deaf.push(name.clone()),
            Found::ButForNoise => noisy.push(name.clone()),
            _ => {}
        }
    }
    let works = unchanged != Verdict::Regression && deaf.is_empty();
    let exit_code = if works { exit::PASS } else { exit::REGRESSION };
    let text = match args.format {
        Format::Json => crate::report::json::document(&serde_json::json!({
            "schema": "gotrace-diff/selftest/1", "works": works, "unchanged": unchanged.name(),
            "not_found_in": deaf, "too_noisy_in": noisy, "exit_code": exit_code,
        }))?,
        _ => format!("{}\n{}\n", headline(unchanged, works, !noisy.is_empty()), lines.join("\n")),
    };
    output::print(&text, Color::Never)?;
    Ok(exit_code)
}

fn headline(unchanged: Verdict, works: bool, noisy: bool) -> &'static str {
    match (unchanged, works, noisy) {
        (Verdict::Regression, ..) => "does not work: unchanged code fails",
        (_, false, _) => "does not work: nothing that was made worse fails the build",
        (_, true, true) => {
            "works, but hardly for times: these runs vary so much that a doubling does not show (gotrace-diff calibrate says what does)"
        }
        (_, true, false) => "works: this configuration passes unchanged code and fails what is twice as bad",
    }
}

/// The subject of a package that has most of `path` in the middle run, tests and groups alike.
fn most(side: &Side, package: &str, path: &str) -> Option<SubjectId> {
    let package = side.packages.get(package)?;
    let figure = |s: &Subject| {
        let values: Vec<f64> = s.figures.get(path)?.iter().flatten().map(|v| *v as f64).collect();
        median(&values)
    };
    let of = package.subjects.iter().filter(|(id, s)| {
        !s.framework
            && !id.name.starts_with("testing.")
            && matches!(id.kind, SubjectKind::Test | SubjectKind::Benchmark | SubjectKind::Group)
    });
    of.filter_map(|(id, s)| Some((figure(s)?, id))).max_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, id)| id.clone())
}

fn change(side: &mut Side, package: &str, id: &SubjectId, how: impl Fn(&str, &mut [Option<i64>])) {
    let Some(subject) = side.packages.get_mut(package).and_then(|p| p.subjects.get_mut(id)) else { return };
    subject.figures.iter_mut().for_each(|(path, values)| how(path, values));
}

/// Gives every run the figure of the middle one.
fn hold(values: &mut [Option<i64>]) {
    let mut sorted: Vec<i64> = values.iter().flatten().copied().collect();
    sorted.sort_unstable();
    let middle = sorted.get(sorted.len() / 2).copied();
    values.iter_mut().filter(|v| v.is_some()).for_each(|v| *v = middle);
}
