//! What holds of any comparison: with itself, in another order, with its sides swapped.

use std::collections::BTreeMap;

use gotrace_diff::compare::{Comparison, Design, Recorded, Side, compare};
use gotrace_diff::config::{Config, Pattern, Rule};
use gotrace_diff::gate::{Judged, Opened, Outcome, close};
use gotrace_diff::metrics::registry::Class;
use gotrace_diff::paths::Repository;
use gotrace_diff::report::build::build;
use gotrace_diff::summarize::{Options, summarize};
use gotrace_diff::summary::Summary;

use crate::compare_make::judge;
use crate::{data, report_cases};

/// The runs of one side of a recorded regression.
fn side(name: &str, side: &str) -> Vec<Summary> {
    let folder = data::dir().join("regressions").join(name);
    let entries = std::fs::read_dir(folder).unwrap().flatten();
    let names = entries.map(|entry| entry.file_name().to_string_lossy().into_owned());
    let mut names: Vec<String> = names.filter(|n| n.starts_with(side) && n.contains(".out")).collect();
    names.sort();
    let read = |n: &String| {
        let bytes = data::read(&format!("regressions/{name}/{}", n.trim_end_matches(".zst")));
        summarize(n, bytes.as_slice(), &Options::default()).unwrap()
    };
    names.iter().map(read).collect()
}

/// All recorded regressions, with their two sides.
fn recorded() -> Vec<(String, Vec<Summary>, Vec<Summary>)> {
    let entries = std::fs::read_dir(data::dir().join("regressions")).unwrap().flatten();
    let mut names: Vec<String> = entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names.into_iter().map(|name| (name.clone(), side(&name, "base"), side(&name, "head"))).collect()
}

/// What came of each series, by its name in both sides.
fn outcomes((comparison, judged): &(Comparison, Judged), swapped: bool) -> BTreeMap<String, (Outcome, f64)> {
    let of = |judgement: &gotrace_diff::gate::Judgement| {
        let (package, subject, change) = judgement.at;
        let pair = &comparison.packages[package].subjects[subject];
        let name = |side: &Option<(String, _)>| side.as_ref().map_or("-".to_owned(), |(name, _)| name.clone());
        let (one, other) = if swapped { (&pair.head, &pair.base) } else { (&pair.base, &pair.head) };
        let change = &pair.changes[change];
        let key = format!("{:?} {} {} {}", pair.kind, name(one), name(other), change.path);
        (key, (judgement.outcome, change.delta()))
    };
    judged.judgements.iter().map(of).collect()
}

#[test]
fn a_set_compared_with_itself_has_not_changed() {
    for (name, base, head) in recorded() {
        for runs in [base, head] {
            let (comparison, judged) = judge(&runs, &runs, &Config::default());
            assert_eq!(judged.exit_code, 0, "{name}");
            let all = outcomes(&(comparison, judged), false);
            assert!(!all.is_empty(), "{name}: nothing is compared");
            for (series, (outcome, delta)) in all {
                assert!(
                    delta == 0.0 && !matches!(outcome, Outcome::Regression | Outcome::Improvement),
                    "{name}: {series}"
                );
            }
        }
    }
}

#[test]
fn the_order_of_files_does_not_matter() {
    for (name, base, head) in recorded() {
        let backwards = |runs: &[Summary]| -> Vec<Summary> { runs.iter().rev().cloned().collect() };
        let one = judge(&base, &head, &Config::default());
        let other = judge(&backwards(&base), &backwards(&head), &Config::default());
        assert_eq!(one.1.exit_code, other.1.exit_code, "{name}");
        assert_eq!(outcomes(&one, false), outcomes(&other, false), "{name}");
    }
}

#[test]
fn sides_swapped_a_regression_is_an_improvement() {
    let mut swapped = 0;
    for (name, base, head) in recorded() {
        let (comparison, judged) = judge(&base, &head, &Config::default());
        // A ratio that moved the better way says nothing by itself: slower code shows more at once, too.
        for better in judged.judgements.iter().filter(|j| j.outcome == Outcome::Improvement) {
            let (p, s, c) = better.at;
            let metric = comparison.packages[p].subjects[s].changes[c].metric;
            assert_ne!(metric.class, Class::Ratio, "{name}: {}", metric.id);
        }
        let there = outcomes(&(comparison, judged), false);
        let back = outcomes(&judge(&head, &base, &Config::default()), true);
        for (series, (outcome, delta)) in &there {
            let Some((other, negative)) = back.get(series) else { continue };
            assert!(
                (delta + negative).abs() <= 1e-9 * delta.abs().max(1.0),
                "{name}: {series}: {delta} and {negative}"
            );
            // What a limit says is not the same both ways (a tenth more is a tenth less only almost), so that
            // what is certain one way may be nothing the other; never is it the same thing both ways.
            match (outcome, other) {
                (Outcome::Regression, Outcome::Improvement) | (Outcome::Improvement, Outcome::Regression) => {
                    swapped += 1
                }
                (Outcome::Regression, Outcome::Regression) | (Outcome::Improvement, Outcome::Improvement) => {
                    panic!("{name}: {series} is {outcome:?} both ways")
                }
                _ => {}
            }
        }
    }
    assert!(swapped > 0, "no recorded regression was found either way");
}

/// All recorded regressions as packages of one comparison, judged; `bounded`: with what is not remarkable set aside.
fn all_judged(runs: &[(String, Vec<Summary>, Vec<Summary>)], config: &Config, bounded: bool) -> (Comparison, Judged) {
    let design = Design { recorded: Recorded::Alternately, share: 1.0 };
    let (mut packages, mut opened) = (Vec::new(), Vec::new());
    for (i, (name, base, head)) in runs.iter().enumerate() {
        let joined = compare(Side::new(base, None), Side::new(head, None));
        for mut package in joined.packages {
            package.name = format!("{name}/{}", package.name);
            // Some of them at different times, where nothing but what is set aside says how far all has shifted.
            package.stated = (i % 3 == 0).then_some(Recorded::Apart);
            let mut one = Opened::of(&package, design, config);
            if bounded {
                one.set_aside(&mut package, config);
            }
            packages.push(package);
            opened.push(one);
        }
    }
    let comparison = Comparison { packages, design, untested: Vec::new() };
    let judged = close(&comparison, opened, config);
    (comparison, judged)
}

#[test]
fn what_is_not_remarkable_is_counted_where_it_is_set_aside_and_changes_nothing_that_is_told() {
    let runs = recorded();
    let rule = Rule {
        subjects: vec![Pattern::new("*").unwrap()],
        metrics: vec![Pattern::new("exec_ns").unwrap()],
        file: "gotrace-diff.toml".into(),
        line: 1,
        ..Rule::default()
    };
    let config = Config { rules: vec![rule.clone()], ..Config::default() };
    let told = |(comparison, judged): &(Comparison, Judged)| {
        let repository = Repository::around(&data::dir());
        let context = report_cases::context(&repository);
        let mut report = build(comparison, judged, context);
        // What is listed besides findings is what is set aside, and so are its stacks.
        (report.subjects, report.series, report.pictures) = Default::default();
        (report, judged.suspicion, judged.detectable, judged.is_certain(), judged.suspects(comparison))
    };
    let (whole, bounded) = (all_judged(&runs, &config, false), all_judged(&runs, &config, true));
    let kept =
        |(comparison, _): &(Comparison, Judged)| comparison.packages.iter().map(|p| p.subjects.len()).sum::<usize>();
    assert!(kept(&bounded) * 2 < kept(&whole), "{} of {} subjects are kept", kept(&bounded), kept(&whole));
    assert!(bounded.1.aside.series > 300 && bounded.1.aside.gated > 50, "{:?}", bounded.1.aside);
    assert!(bounded.1.aside.is_matched(&rule), "{:?}", bounded.1.aside);
    assert_eq!(told(&whole), told(&bounded));
}
