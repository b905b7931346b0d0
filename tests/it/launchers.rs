//! Goroutines that `WaitGroup.Go` and errgroups start belong to whoever called those.

use std::collections::{BTreeMap, BTreeSet};

use gotrace_diff::compare::names;
use gotrace_diff::metrics::{Chosen, Names};
use gotrace_diff::summarize::{Options, summarize};
use gotrace_diff::summary::Summary;
use serde_json::Value;

use crate::{data, figures};

const WAIT_GROUP: &str = "sync.(*WaitGroup).Go.func1";

fn summary(options: &Options) -> Summary {
    summarize("launch.out", data::read("launchers/launch.out").as_slice(), options).expect("reads")
}

/// The line of the source that has this text.
fn line(text: &str) -> u32 {
    let source = String::from_utf8(data::read("launchers/launch_test.go")).expect("text");
    let at = source.lines().position(|line| line.trim() == text).unwrap_or_else(|| panic!("{text}"));
    u32::try_from(at + 1).expect("a line")
}

fn launched(summary: &Summary) -> BTreeMap<&str, u64> {
    let groups = summary.goroutines.iter().filter(|(name, _)| name.ends_with(')'));
    groups.map(|(name, group)| (name.as_str(), group.count)).collect()
}

#[test]
fn a_launchers_goroutines_are_grouped_by_who_called_it_at_the_line_of_the_call() {
    let summary = summary(&Options::default());
    let wanted = [
        ("fetch", "errgroup.Go", 5, "g.Go(func() error { update(); return nil })"),
        ("fetch", "errgroup.TryGo", 1, "g.TryGo(func() error { update(); return nil })"),
        ("TestStore.func1", "WaitGroup.Go", 6, "wg.Go(update)"),
        ("TestNested", "WaitGroup.Go", 1, "wg.Go(func() {"),
        ("TestNested.func1", "WaitGroup.Go", 21, ""),
    ];
    for (caller, launcher, count, call) in wanted {
        let (caller, name) =
            (format!("example.com/launch.{caller}"), format!("example.com/launch.{caller} ({launcher})"));
        let group = summary.goroutines.get(&name).unwrap_or_else(|| panic!("{name}"));
        assert_eq!((group.count, group.created), (count, count), "{name}");
        assert_eq!(group.creators, [(caller, count)].into(), "{name}");
        let start = group.start.as_ref().expect("a place");
        assert!(start.file.ends_with("launch_test.go"), "{name}: {}", start.file);
        assert!(call.is_empty() || start.line == line(call), "{name}: {}", start.line);
        assert_eq!(names::package(&name), "example.com/launch");
    }
    assert_eq!(launched(&summary).len(), wanted.len());
    assert!(!summary.goroutines.keys().any(|name| name.ends_with("Go.func1")));
}

#[test]
fn sites_and_wakers_are_of_the_same_groups_where_their_stacks_are_equal() {
    let summary = summary(&Options::default());
    let mut waits: BTreeMap<(&str, &str), i64> = BTreeMap::new();
    let mut by_stack: BTreeMap<_, BTreeSet<&str>> = BTreeMap::new();
    for site in &summary.sites {
        *waits.entry((&site.group, &site.state)).or_default() += site.time_ns;
        by_stack.entry(&site.stack).or_default().insert(&site.group);
    }
    for (name, group) in summary.goroutines.iter().filter(|(name, _)| name.ends_with(')')) {
        for (reason, ns) in &group.block_ns {
            let at_sites = waits.get(&(name, &format!("block_ns.{reason}"))).copied();
            assert_eq!(at_sites.unwrap_or_default(), *ns, "{name} {reason}");
        }
    }
    let (store, nested) =
        ("example.com/launch.TestStore.func1 (WaitGroup.Go)", "example.com/launch.TestNested.func1 (WaitGroup.Go)");
    assert!(by_stack.values().any(|groups| groups.contains(store) && groups.contains(nested)), "{by_stack:#?}");
    let wakers: BTreeSet<&str> =
        summary.sites.iter().flat_map(|site| &site.wakers).map(|waker| waker.group.as_str()).collect();
    assert!(wakers.contains(store) && !wakers.contains(WAIT_GROUP), "{wakers:?}");
}

#[test]
fn figures_of_a_launchers_groups_sum_up_to_those_of_go() {
    let ours = figures::summary_of("launch", &data::read("launchers/launch.out"));
    let theirs: Value = serde_json::from_slice(&data::read("launchers/launch.oracle.json")).expect("JSON");
    assert_eq!(figures::differences_between(&ours, &theirs), BTreeMap::new());
    // The difference that is meant: Go has one group of them.
    assert_eq!(theirs["goroutines"][WAIT_GROUP]["count"], 28);
    assert_eq!(ours["goroutines"].get(WAIT_GROUP), None);
}

#[test]
fn such_groups_can_be_asked_for_by_name() {
    let names = Names::new(|name| name == "example.com/launch.fetch (errgroup.Go)");
    let chosen = Some(Chosen { groups: Some(names), ..Chosen::default() });
    let narrowed = summary(&Options { chosen, ..Options::default() });
    assert_eq!(launched(&narrowed), [("example.com/launch.fetch (errgroup.Go)", 5)].into());
}
