//! Which limits hold for a series: by its metric, by its items, and by what rules and flags say.

use gotrace_diff::compare::Change;
use gotrace_diff::config::quantity::{Amount, Amounts, Ratio};
use gotrace_diff::config::{Assume, Config, Direction, Level, Pattern, Rule};
use gotrace_diff::gate::rules::{self, Spoken, Terms};
use gotrace_diff::metrics::registry::{Class, SubjectKind, Unit};

use crate::compare_series::{GROUP, at, change, rule, with_rules};

use SubjectKind::{Benchmark, Process, Region, Site, Test};

fn terms(config: &Config, kind: SubjectKind, path: &str) -> Terms {
    Spoken::of(config, kind, "p.work", None).terms(&change(kind, path, &[1.0], &[1.0]))
}

#[test]
fn each_class_has_its_limit_and_floor() {
    let all = [Class::Time, Class::Structural, Class::Count, Class::Ratio, Class::Bytes].map(rules::defaults);
    assert_eq!(all, [(0.1, 1e5), (0.05, 1.0), (0.2, 10.0), (0.1, 0.05), (0.2, 1_048_576.0)]);
    assert_eq!(rules::LEAST_TIME, 1280.0);
}

#[test]
fn times_matter_by_what_they_cost_a_run() {
    for (path, items, floor) in [
        ("exec_ns", 0.0, 100_000.0),
        ("exec_ns", 0.5, 100_000.0),
        ("exec_ns", 1.0, 100_000.0),
        ("exec_ns", 10.0, 10_000.0),
        ("exec_ns", 78.0, 100_000.0 / 78.0),
        ("exec_ns", 79.0, 1280.0),
        ("exec_ns", 1e9, 1280.0),
        ("syscalls", 10.0, 10.0),
        ("count", 10.0, 1.0),
    ] {
        let one = Change { items, ..change(GROUP, path, &[1.0], &[1.0]) };
        let terms = Spoken::of(&Config::default(), GROUP, "p.work", None).terms(&one);
        assert_eq!(terms.min_delta, floor, "{path} of {items}");
    }
}

#[test]
fn what_a_series_means_for_the_build_depends_on_what_it_is() {
    let config = Config::default();
    for (kind, path, level, only_if_proven, steady) in [
        (GROUP, "count", Level::Error, false, false),
        (GROUP, "alive", Level::Error, false, false),
        (GROUP, "exec_ns", Level::Error, false, false),
        (GROUP, "created", Level::Info, false, false),
        (GROUP, "sched_wait_ns", Level::Info, false, false),
        (GROUP, "block_ns.sync", Level::Error, true, false),
        (GROUP, "block_ns.chan send", Level::Error, true, false),
        (GROUP, "block_ns.chan receive", Level::Error, true, false),
        (GROUP, "block_ns.select", Level::Error, true, false),
        (GROUP, "block_ns.sync.(*Cond).Wait", Level::Error, true, false),
        (GROUP, "block_ns.network", Level::Info, true, false),
        (GROUP, "block_ns.sleep", Level::Info, true, false),
        (Region, "block_ns.sync", Level::Info, false, false),
        (Region, "count", Level::Error, false, false),
        (GROUP, "syscalls", Level::Info, false, true),
        (Site, "creations", Level::Info, false, true),
        // A test more is no regression, but what it takes may be.
        (Test, "count", Level::Info, false, false),
        (Test, "goroutines", Level::Info, false, false),
        (Benchmark, "count", Level::Info, false, false),
        (Test, "total_ns", Level::Error, false, false),
        (Benchmark, "exec_ns", Level::Error, false, false),
        (Process, "duration_ns", Level::Error, false, false),
        (Process, "goroutines", Level::Info, false, false),
    ] {
        let terms = terms(&config, kind, path);
        assert_eq!((terms.level, terms.only_if_proven, terms.steady), (level, only_if_proven, steady), "{kind} {path}");
        assert_eq!((terms.exact, terms.both_ways, terms.named, terms.required), (false, false, false, false));
    }
    for (base, head, level) in [
        (&[3.0; 3][..], &[30.0; 3][..], Level::Error),
        (&[3.0; 2], &[30.0; 2], Level::Info),
        (&[3.0, 9.0, 3.0], &[10.0; 3], Level::Info),
        (&[3.0, 4.0, 3.0], &[20.0; 3], Level::Error),
    ] {
        let one = change(GROUP, "syscalls", base, head);
        assert_eq!(Spoken::of(&config, GROUP, "p.work", None).terms(&one).level, level, "{base:?} to {head:?}");
    }
}

#[test]
fn a_limit_makes_what_it_names_gate_and_a_level_says_so_itself() {
    let amount = || Amounts::new(vec![Amount { value: 5e6, unit: Unit::Nanoseconds }]);
    let named = ["sched_wait_ns", "block_ns.*", "syscalls"];
    let limits = [
        Rule { max_increase: Some(Ratio(0.5)), ..Rule::default() },
        Rule { max: amount(), ..Rule::default() },
        Rule { hard_limit: Some(Ratio(0.5)), ..Rule::default() },
        Rule { assume: Some(Assume::Exact), ..Rule::default() },
        Rule { direction: Some(Direction::Both), ..Rule::default() },
    ];
    for (i, limit) in limits.into_iter().enumerate() {
        let by_name = Rule { metrics: rule(&named).metrics, ..limit.clone() };
        for config in [with_rules(vec![by_name.clone()]), Config { flags: by_name, ..Config::default() }] {
            let all = named.map(|path| terms(&config, GROUP, path.trim_end_matches('*')));
            let told = all.map(|t| (t.level, t.only_if_proven, t.steady));
            assert_eq!(told, [(Level::Error, false, false); 3], "limit {i}");
        }
        let of_all = with_rules(vec![Rule { metrics: rule(&["*"]).metrics, ..limit }]);
        assert_eq!(terms(&of_all, GROUP, "sched_wait_ns").level, Level::Info, "limit {i}");
        assert!(terms(&of_all, GROUP, "block_ns.sync").only_if_proven, "limit {i}");
        assert!(terms(&of_all, GROUP, "syscalls").steady, "limit {i}");
    }
    // What only says from where on it matters does not make it gate; nor does `worse`, which is so anyway.
    let floor = Rule { min_delta: amount(), direction: Some(Direction::Worse), ..rule(&["sched_wait_ns"]) };
    let terms_of = terms(&with_rules(vec![floor]), GROUP, "sched_wait_ns");
    assert_eq!((terms_of.level, terms_of.min_delta, terms_of.both_ways), (Level::Info, 5e6, false));
    let said = terms(&with_rules(vec![at(Level::Warn, &["block_ns.*"])]), GROUP, "block_ns.sync");
    assert_eq!((said.level, said.only_if_proven), (Level::Warn, false));
    let said = terms(&with_rules(vec![at(Level::Info, &["syscalls"])]), GROUP, "syscalls");
    assert_eq!((said.level, said.steady), (Level::Info, false));
}

#[test]
fn rules_hold_for_what_a_subject_is_and_was_called() {
    let of = |name: &str| Rule {
        subjects: vec![Pattern::new(name).unwrap()],
        max_increase: Some(Ratio(0.7)),
        assume: Some(Assume::Exact),
        direction: Some(Direction::Both),
        required: true,
        ..Rule::default()
    };
    let by_default = (0.05, false, false, false, false);
    for (pattern, old, want) in [
        ("p.work", None, (0.7, true, true, true, true)),
        ("p.work", Some("p.old"), (0.7, true, true, true, true)),
        ("p.old", Some("p.old"), (0.7, true, true, true, true)),
        ("p.*", None, (0.7, false, true, true, true)),
        ("p.old", None, by_default),
        ("p.other", Some("p.old"), by_default),
    ] {
        let one = change(GROUP, "count", &[1.0], &[1.0]);
        let t = Spoken::of(&with_rules(vec![of(pattern)]), GROUP, "p.work", old).terms(&one);
        assert_eq!((t.max_increase, t.named, t.exact, t.both_ways, t.required), want, "{pattern} {old:?}");
    }
}
