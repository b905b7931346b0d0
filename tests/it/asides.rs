//! What is set aside of packages in which nothing is remarkable leaves its numbers behind.

use gotrace_diff::compare::environment::Difference;
use gotrace_diff::compare::{Comparison, Design, PackagePair, SubjectPair};
use gotrace_diff::config::{Config, Level, Rule};
use gotrace_diff::gate::package::matches;
use gotrace_diff::gate::{self, Aside, Opened};
use gotrace_diff::metrics::registry::{Path, SubjectKind};

use crate::compare_series::{GROUP, at, change, comparison, package, rule, runs, subject, with_rules};

const WHY: &str = "not comparable";

fn written(rule: Rule, file: &str, line: usize) -> Rule {
    Rule { file: file.into(), line, ..rule }
}

fn framework(mut pair: SubjectPair) -> SubjectPair {
    for (_, side) in [&mut pair.base, &mut pair.head].into_iter().flatten() {
        side.framework = true;
    }
    pair
}

/// One subject that became worse, and others that did not.
fn mixed(name: &str) -> PackagePair {
    let same = |path: &str| change(GROUP, path, &[40.0; 3], &[40.0; 3]);
    let lacks = |mut pair: SubjectPair, paths: &[&str]| {
        pair.not_compared = paths.iter().map(|path| (Path::new(path), WHY)).collect();
        pair
    };
    let mut package = package(
        name,
        (3, 3),
        vec![
            subject(SubjectKind::Process, "", vec![change(SubjectKind::Process, "duration_ns", &[1e9; 3], &[1e9; 3])]),
            lacks(subject(GROUP, "p.quiet", vec![same("count"), same("alive"), same("created")]), &["peak", "hogs"]),
            subject(GROUP, "p.worse", vec![change(GROUP, "count", &[40.0; 3], &[80.0; 3]), same("alive")]),
            // Moved by the environment, and not beyond limits.
            lacks(
                subject(GROUP, "p.times", vec![change(GROUP, "exec_ns", &[1e6; 3], &[1e6; 3]), same("count")]),
                &["peak"],
            ),
            framework(lacks(subject(GROUP, "testing.tRunner", vec![same("count")]), &["peak"])),
            subject(GROUP, "p.still", vec![same("count")]),
        ],
    );
    package.head_runs.iter_mut().for_each(|run| run.gomaxprocs = 8);
    let sides = [&package.base_runs, &package.head_runs].map(|runs| runs.iter().collect::<Vec<_>>());
    package.environment = Difference::between(&sides[0], &sides[1]);
    package
}

fn set_aside(comparison: &mut Comparison, config: &Config) -> Vec<Opened> {
    let design = comparison.design;
    let open = |package: &mut PackagePair| {
        let mut opened = Opened::of(package, design, config);
        assert!(!opened.is_set_aside());
        opened.set_aside(package, config);
        assert!(opened.is_set_aside());
        opened
    };
    comparison.packages.iter_mut().map(open).collect()
}

#[test]
fn numbers_of_what_is_set_aside_are_those_of_the_subjects_that_are_gone() {
    let mut config = with_rules(vec![
        written(at(Level::Warn, &["alive"]), "a.toml", 3),
        written(at(Level::Warn, &["hogs"]), "a.toml", 7),
        written(at(Level::Info, &["created"]), "b.toml", 3),
        at(Level::Error, &["peak"]),
        // What is written nowhere has no place to tell.
        at(Level::Warn, &["alive"]),
    ]);
    let mut two = comparison(vec![mixed("p"), mixed("q")]);
    let opened = set_aside(&mut two, &config);
    assert_eq!(opened.iter().map(Opened::series).collect::<Vec<_>>(), [3, 3], "of the run and of what is worse");
    let names: Vec<&str> = two.packages[0].subjects.iter().map(SubjectPair::name).collect();
    assert_eq!(names, ["", "p.worse"]);
    let judged = gate::close(&two, opened, &config);
    let aside = |twice: usize, framework: usize, peak: usize| Aside {
        series: 6 * twice + framework,
        subjects: 3 * twice + framework,
        gated: 3 * twice,
        apart: twice,
        framework: twice,
        not_compared: [((GROUP, Path::new("peak"), WHY), peak * twice), ((GROUP, Path::new("hogs"), WHY), twice)]
            .into(),
        matched: [("a.toml".into(), 3), ("b.toml".into(), 3)].into(),
        of_package: vec![4; twice],
    };
    assert_eq!(judged.aside, aside(2, 0, 2));
    assert_eq!(judged.gated, 6 + 2, "and in each package a count that is worse");
    assert!(judged.times_out);
    let is = |file: &str, line: usize| judged.aside.is_matched(&written(Rule::default(), file, line));
    assert_eq!([is("a.toml", 3), is("a.toml", 7), is("b.toml", 3), is("b.toml", 7)], [true, false, true, false]);
    // The subjects that are left are where their judgements say.
    let worse: Vec<_> = judged.judgements.iter().filter(|j| j.outcome == gate::Outcome::Regression).collect();
    assert_eq!(worse.iter().map(|j| j.at).collect::<Vec<_>>(), [(0, 1, 0), (1, 1, 0)]);

    // Where the framework is shown, what of it could not be compared is told too.
    config.show_framework = true;
    let mut one = comparison(vec![mixed("p")]);
    let opened = set_aside(&mut one, &config);
    assert_eq!(gate::close(&one, opened, &config).aside, aside(1, 1, 3));
}

#[test]
fn what_is_set_aside_again_is_counted_on() {
    let config = Config::default();
    let mut one = comparison(vec![mixed("p")]);
    let mut opened = set_aside(&mut one, &config);
    opened[0].set_aside(&mut one.packages[0], &config);
    let judged = gate::close(&one, opened, &config);
    assert_eq!((judged.aside.of_package, judged.aside.series, judged.aside.subjects), (vec![4], 6, 3));
}

#[test]
fn what_only_one_side_has_is_no_series_that_could_fail() {
    let config = Config::default();
    let gone = || subject(GROUP, "p.gone", vec![change(GROUP, "count", &[4.0], &[])]);
    let mut one = comparison(vec![package("p", (1, 1), vec![gone()])]);
    let opened = set_aside(&mut one, &config);
    assert_eq!(opened[0].series(), 1, "what is gone is remarkable");
    let judged = gate::close(&one, opened, &config);
    assert_eq!((judged.gated, judged.aside.gated, judged.aside.series), (0, 0, 0));
}

#[test]
fn a_package_that_one_side_lacks_has_no_series_but_those_that_rules_ask_for() {
    let of = |base: usize, head: usize, config: &Config| {
        let count = match (base, head) {
            (0, _) => change(GROUP, "count", &[], &[4.0]),
            (_, 0) => change(GROUP, "count", &[4.0], &[]),
            _ => change(GROUP, "count", &[4.0], &[4.0]),
        };
        let mut package = package("p", (base, head), vec![subject(GROUP, "p.work", vec![count])]);
        package.base_runs = runs(base);
        Opened::of(&package, Design::default(), config).series()
    };
    let required = with_rules(vec![Rule { required: true, ..rule(&["*"]) }]);
    let none = Config::default();
    for (base, head, config, want) in [
        (1, 1, &none, 1),
        (1, 0, &none, 0),
        (0, 1, &none, 0),
        (1, 1, &required, 1),
        (1, 0, &required, 1),
        (0, 1, &required, 0),
    ] {
        assert_eq!(of(base, head, config), want, "{base} runs, {head} runs");
    }
}

#[test]
fn the_framework_is_shown_where_it_is_asked_for_and_never_fails() {
    let of = |config: &Config| {
        let worse = framework(subject(GROUP, "testing.tRunner", vec![change(GROUP, "count", &[4.0], &[90.0])]));
        let package = package("p", (1, 1), vec![worse]);
        crate::compare_series::said(package, config)
    };
    assert_eq!(of(&Config::default()), "");
    assert_eq!(of(&Config { show_framework: true, ..Config::default() }), "Note Multiplied");
    let off = with_rules(vec![at(Level::Off, &["count"])]);
    assert_eq!(of(&Config { show_framework: true, ..off }), "");
    assert_eq!(of(&with_rules(vec![at(Level::Error, &["count"])])), "");
}

#[test]
fn a_rule_matches_a_subject_by_either_of_its_names() {
    let mut pair = subject(GROUP, "p.new", vec![change(GROUP, "count", &[1.0], &[1.0])]);
    pair.base.as_mut().unwrap().0 = "p.old".to_owned();
    let of = |name: &str, metric: &str| Rule {
        subjects: vec![gotrace_diff::config::Pattern::new(name).unwrap()],
        ..rule(&[metric])
    };
    for (name, metric, is) in
        [("p.new", "count", true), ("p.old", "count", true), ("p.other", "count", false), ("p.new", "alive", false)]
    {
        assert_eq!(matches(&of(name, metric), &pair), is, "{name} {metric}");
    }
}
