//! A subject's key survives ordinary edits; what was renamed is matched, and shown as renamed.

use gotrace_diff::compare::{Comparison, SubjectPair};
use gotrace_diff::config::Config;
use gotrace_diff::gate::Verdict;
use gotrace_diff::metrics::registry::SubjectKind;
use gotrace_diff::summary::Summary;

use crate::compare_make::{group, join, judge, placed, run, site, waiting, with};

const FILE: &str = "/src/shop/cart.go";

fn groups(comparison: &Comparison) -> Vec<&SubjectPair> {
    let subjects = comparison.packages.iter().flat_map(|p| &p.subjects);
    subjects.filter(|s| s.kind == SubjectKind::Group && !s.is_framework()).collect()
}

/// `old -> new` of every pair, `-` where a side is missing.
fn pairs(base: &Summary, head: &Summary) -> Vec<String> {
    let comparison = join(std::slice::from_ref(base), std::slice::from_ref(head));
    let name = |side: &Option<(String, _)>| {
        side.as_ref().map_or("-".to_owned(), |(n, _)| n.rsplit('/').next().unwrap().to_owned())
    };
    let mut pairs: Vec<String> =
        groups(&comparison).iter().map(|s| format!("{} -> {}", name(&s.base), name(&s.head))).collect();
    pairs.sort();
    pairs
}

/// Two closures of one function: one receives, the other sleeps.
fn two_closures(first: &str, second: &str, line: u32) -> Summary {
    let mut summary = run();
    for (name, reason, funcs, line) in [
        (first, "chan receive", &["runtime.chanrecv1", "example.com/shop.take"][..], line),
        (second, "sleep", &["time.Sleep", "example.com/shop.rest"][..], line + 10),
    ] {
        let name = format!("example.com/shop.{name}");
        let placed = placed(waiting(4, 10_000, reason, 5_000_000), "example.com/shop.serve", FILE, line);
        summary.goroutines.insert(name.clone(), placed);
        let mut funcs = funcs.to_vec();
        funcs.push(&name);
        summary.sites.push(site(&name, &format!("block_ns.{reason}"), &funcs, 20_000_000));
    }
    summary
}

#[test]
fn a_closure_inserted_before_others_renames_them_and_pairs_none_wrongly() {
    let base = two_closures("serve.func1", "serve.func2", 20);
    let mut head = two_closures("serve.func2", "serve.func3", 30);
    let new = placed(waiting(4, 10_000, "network", 5_000_000), "example.com/shop.serve", FILE, 22);
    head.goroutines.insert("example.com/shop.serve.func1".to_owned(), new);
    assert_eq!(
        pairs(&base, &head),
        ["- -> shop.serve.func1", "shop.serve.func1 -> shop.serve.func2", "shop.serve.func2 -> shop.serve.func3"]
    );
}

#[test]
fn a_closure_removed_before_others_leaves_them_matched() {
    let mut base = two_closures("serve.func2", "serve.func3", 30);
    let old = placed(waiting(4, 10_000, "network", 5_000_000), "example.com/shop.serve", FILE, 22);
    base.goroutines.insert("example.com/shop.serve.func1".to_owned(), old);
    let head = two_closures("serve.func1", "serve.func2", 20);
    assert_eq!(
        pairs(&base, &head),
        ["shop.serve.func1 -> -", "shop.serve.func2 -> shop.serve.func1", "shop.serve.func3 -> shop.serve.func2"]
    );
}

#[test]
fn a_closure_swapped_for_another_is_not_taken_for_it() {
    let base = two_closures("serve.func1", "serve.func2", 20);
    // The first is gone, and a new one comes after what was the second.
    let mut head = two_closures("serve.func9", "serve.func1", 20);
    head.goroutines.remove("example.com/shop.serve.func9");
    head.sites.retain(|s| !s.group.ends_with("func9"));
    let new = placed(waiting(4, 10_000, "network", 5_000_000), "example.com/shop.serve", FILE, 40);
    head.goroutines.insert("example.com/shop.serve.func2".to_owned(), new);
    assert!(pairs(&base, &head).contains(&"shop.serve.func2 -> shop.serve.func1".to_owned()));
}

#[test]
fn closures_that_were_inlined_are_matched_and_shown_as_renamed() {
    for (old, new) in [
        ("example.com/shop.Outer.func1", "example.com/shop.Caller.Outer.func1"),
        ("example.com/shop.Outer.func1", "example.com/shop.Outer.Caller.func1"),
        ("example.com/shop.Caller.Outer.func2", "example.com/shop.Outer.func1"),
    ] {
        let make = |name: &str| {
            with(name, placed(waiting(8, 10_000, "select", 5_000_000), "example.com/shop.Caller", FILE, 20))
        };
        let comparison = join(&[make(old)], &[make(new)]);
        let groups = groups(&comparison);
        assert_eq!(groups.len(), 1, "{old} {new}");
        assert_eq!(groups[0].renamed_from(), Some(old));
        assert_eq!(groups[0].name(), new);
    }
}

#[test]
fn goroutines_that_a_launcher_starts_now_are_matched_with_those_of_a_go_statement() {
    let make = |name: &str, lock: i64| {
        with(name, placed(waiting(600, 10_000, "sync", lock), "example.com/shop.TestLoad", FILE, 20))
    };
    let (old, new) = ("example.com/shop.TestLoad.func1", "example.com/shop.TestLoad (WaitGroup.Go)");
    let comparison = join(&[make(old, 5_000_000)], &[make(new, 5_000_000)]);
    let groups = groups(&comparison);
    assert_eq!(groups.len(), 1);
    assert_eq!((groups[0].renamed_from(), groups[0].name()), (Some(old), new));
}

#[test]
fn several_go_statements_that_become_one_group_of_a_launcher_fail_no_build() {
    let caller = "example.com/shop.TestLoad";
    let of = |groups: &[(&str, u64)]| {
        let mut summary = run();
        for (name, count) in groups {
            let placed = placed(waiting(*count, 10_000, "sync", 5_000_000), caller, FILE, 20);
            summary.goroutines.insert(format!("{caller}{name}"), placed);
        }
        summary
    };
    let statements = of(&[(".func1", 20), (".func2", 24)]);
    let verdict = |head: &Summary| {
        judge(std::slice::from_ref(&statements), std::slice::from_ref(head), &Config::default()).1.verdict
    };
    let launched = of(&[(" (WaitGroup.Go)", 44)]);
    assert_eq!(
        pairs(&statements, &launched),
        ["- -> shop.TestLoad (WaitGroup.Go)", "shop.TestLoad.func1 -> -", "shop.TestLoad.func2 -> -"]
    );
    assert_ne!(verdict(&launched), Verdict::Regression);
    assert_eq!(verdict(&of(&[(" (WaitGroup.Go)", 60)])), Verdict::Regression);
    // Where no launcher starts either, what is new stands for nothing that is gone.
    let named = |name: &str| {
        let mut summary = of(&[(".func9", 2)]);
        let worker = placed(waiting(44, 10_000, "sync", 5_000_000), caller, FILE, 20);
        summary.goroutines.insert(format!("example.com/shop.{name}"), worker);
        summary
    };
    let (old, new) = (named("parse"), named("upload"));
    assert_eq!(judge(&[old], &[new], &Config::default()).1.verdict, Verdict::Regression);
    // What is gone stands for as many new ones, whatever groups they are in.
    let launched = of(&[(" (WaitGroup.Go)", 44)]);
    for (counts, fails) in [([20, 24, 1], false), ([44, 44, 44], true)] {
        let new = of(&[(".func3", counts[0]), (".func4", counts[1]), (".func5", counts[2])]);
        let judged = judge(std::slice::from_ref(&launched), &[new], &Config::default()).1;
        assert_eq!(judged.verdict == Verdict::Regression, fails, "{counts:?}");
    }
}

#[test]
fn a_base_that_does_not_tell_goroutines_of_launchers_apart_fails_no_build() {
    let caller = "example.com/shop.TestLoad";
    let new = with(&format!("{caller} (WaitGroup.Go)"), placed(group(600, 10_000), caller, FILE, 20));
    let of = |summary: Summary| {
        let mut summary = summary;
        // The caller is code that was there before.
        summary.goroutines.insert(format!("{caller}.func1"), placed(waiting(1, 1, "select", 9), caller, FILE, 90));
        summary
    };
    let launcher = "sync.(*WaitGroup).Go";
    let lumped = placed(group(600, 10_000), launcher, "/go/src/sync/waitgroup.go", 238);
    let old = with(&format!("{launcher}.func1"), lumped);
    let verdict = |base: &Summary, head: &Summary| {
        judge(std::slice::from_ref(base), std::slice::from_ref(head), &Config::default()).1.verdict
    };
    let (old, new, none) = (of(old), of(new), of(run()));
    assert_ne!(verdict(&old, &new), Verdict::Regression);
    assert_ne!(verdict(&new, &old), Verdict::Regression);
    assert_eq!(verdict(&none, &new), Verdict::Regression);
}

#[test]
fn ordinary_edits_change_no_subject() {
    let name = "example.com/shop/cart.(*Cart).Add.func1";
    let base = with(name, placed(waiting(8, 10_000, "sync", 5_000_000), "example.com/shop/cart.(*Cart).Add", FILE, 20));
    let edits: [(&str, &str, &str, u32); 6] = [
        ("lines inserted", name, FILE, 220),
        ("file moved", name, "/src/shop/cart/add.go", 20),
        ("another checkout", name, "/home/ci/work/4711/shop/cart.go", 20),
        ("with -trimpath", name, "example.com/shop/cart.go", 20),
        ("module version", "example.com/shop/v2/cart.(*Cart).Add.func1", FILE, 20),
        ("type arguments", "example.com/shop/cart.(*Cart[go.shape.int]).Add.func1", FILE, 20),
    ];
    for (edit, name, file, line) in edits {
        let creator = name.strip_suffix(".func1").unwrap();
        let head = with(name, placed(waiting(8, 10_000, "sync", 5_000_000), creator, file, line));
        let (comparison, judged) =
            judge(std::slice::from_ref(&base), &[head], &gotrace_diff::config::Config::default());
        let groups = groups(&comparison);
        assert_eq!(groups.len(), 1, "{edit}");
        assert_eq!(groups[0].renamed_from(), None, "{edit}");
        assert_eq!(judged.verdict, Verdict::Pass, "{edit}");
    }
}

#[test]
fn groups_that_have_nothing_in_common_are_new_and_gone() {
    let base = with("example.com/shop.oldWork", placed(group(8, 10_000), "example.com/shop.a", FILE, 20));
    let head = with("example.com/shop.newWork", placed(group(8, 10_000), "example.com/shop.b", FILE, 90));
    assert_eq!(pairs(&base, &head), ["- -> shop.newWork", "shop.oldWork -> -"]);
}

#[test]
fn a_crafted_crowd_of_closures_costs_no_more_than_others() {
    let crowd = |shift: usize| {
        let mut summary = run();
        for i in 0..3000 {
            summary.goroutines.insert(format!("example.com/shop.serve.func{}", i + shift), group(1, 1000));
        }
        summary
    };
    let start = std::time::Instant::now();
    join(&[crowd(1)], &[crowd(2)]);
    assert!(start.elapsed().as_secs() < 20, "{:?}", start.elapsed());
}
