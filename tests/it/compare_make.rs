//! Summaries made by hand, and comparisons of them.

use gotrace_diff::compare::{self, Comparison, Side};
use gotrace_diff::config::Config;
use gotrace_diff::gate::{self, Judged};
use gotrace_diff::summary::{Group, Position, Region, SCHEMA, Site, SiteFrame, Summary};

/// A run of a test binary of package example.com/shop that is 1 s long, with nothing of the program's own in it.
pub(crate) fn run() -> Summary {
    let mut summary = Summary {
        schema: SCHEMA.to_owned(),
        source: "run.out".to_owned(),
        package: Some("example.com/shop".to_owned()),
        format: "go 1.26".to_owned(),
        complete: true,
        end_ns: 1_000_000_000,
        events: 100,
        generations: 1,
        gomaxprocs: 4,
        ..Summary::default()
    };
    summary.goroutines.insert("testing.tRunner".to_owned(), group(1, 1_000_000));
    summary.goroutines.insert("runtime.bgsweep".to_owned(), group(1, 0));
    summary
}

/// Goroutines that do nothing but run, each for `exec_ns`.
pub(crate) fn group(count: u64, exec_ns: i64) -> Group {
    let all = exec_ns * i64::try_from(count).unwrap();
    Group { count, created: count, total_ns: all, exec_ns: all, ..Group::default() }
}

/// The same, waiting for `reason` too.
pub(crate) fn waiting(count: u64, exec_ns: i64, reason: &str, block_ns: i64) -> Group {
    let mut group = group(count, exec_ns);
    let all = block_ns * i64::try_from(count).unwrap();
    group.block_ns.insert(reason.to_owned(), all);
    group.total_ns += all;
    group
}

/// Adds where it starts and who creates it.
pub(crate) fn placed(mut group: Group, creator: &str, file: &str, line: u32) -> Group {
    group.creators.insert(creator.to_owned(), group.count);
    group.start = Some(Position { file: file.to_owned(), line });
    group
}

/// Calls of a region, each `ns` long.
pub(crate) fn region(count: u64, ns: i64) -> Region {
    let mut region = Region { count, ..Region::default() };
    for _ in 0..count {
        region.durations.add(ns);
        region.total_ns += ns;
        region.exec_ns += ns;
    }
    region
}

/// A stack at which a group waits.
pub(crate) fn site(group: &str, state: &str, funcs: &[&str], time_ns: i64) -> Site {
    let frame = |f: &&str| SiteFrame { func: (*f).into(), file: "/src/shop/shop.go".into(), line: 7 };
    Site {
        wakers: Vec::new(),
        group: group.to_owned(),
        state: state.to_owned(),
        stack: funcs.iter().map(frame).collect(),
        count: 1,
        open: 0,
        time_ns,
    }
}

/// A run with one group.
pub(crate) fn with(name: &str, group: Group) -> Summary {
    let mut summary = run();
    summary.goroutines.insert(name.to_owned(), group);
    summary
}

/// Runs that begin at different times, as real ones do.
pub(crate) fn numbered(runs: Vec<Summary>) -> Vec<Summary> {
    runs.into_iter()
        .enumerate()
        .map(|(i, mut s)| {
            s.source = format!("run.{i}.out");
            s
        })
        .collect()
}

/// Joins both sides.
pub(crate) fn join(base: &[Summary], head: &[Summary]) -> Comparison {
    compare::compare(Side::new(base, None), Side::new(head, None))
}

/// Joins and judges both sides.
pub(crate) fn judge(base: &[Summary], head: &[Summary], config: &Config) -> (Comparison, Judged) {
    let comparison = join(base, head);
    let judged = gate::judge(&comparison, config);
    (comparison, judged)
}
