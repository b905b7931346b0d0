//! Each diagnosis is said just above its thresholds and not just below, only where it is new or has grown.

use gotrace_diff::diagnose::{self, Diagnosis, RULES, Settings};
use gotrace_diff::summary::{Group, Site, SiteFrame, StackCount, Summary, TestRun, Waker};

use crate::data;

const MS: i64 = 1_000_000;

/// A run of one second on four processors.
fn run() -> Summary {
    Summary { end_ns: 1000 * MS, gomaxprocs: 4, ..Summary::default() }
}

fn frame(func: &str) -> SiteFrame {
    SiteFrame { func: func.to_owned(), file: "shop/shop.go".to_owned(), line: 7 }
}

fn site(group: &str, state: &str, stack: &[&str], count: u64, time_ns: i64) -> Site {
    let stack = stack.iter().map(|f| frame(f)).collect();
    Site { group: group.to_owned(), state: state.to_owned(), stack, count, time_ns, ..Site::default() }
}

fn with_group(mut summary: Summary, name: &str, group: Group) -> Summary {
    summary.goroutines.insert(name.to_owned(), group);
    summary
}

const WORK: &str = "example.com/shop.work";

fn oversubscribed(ns: i64) -> Summary {
    let mut summary = with_group(run(), WORK, Group { count: 1, sched_wait_ns: 1, ..Group::default() });
    summary.sched.oversubscribed_ns = ns;
    summary.sched.any_runnable_ns = ns;
    summary
}

fn hogged(times: u64) -> Summary {
    let mut summary = with_group(run(), WORK, Group { count: 1, hogs: times, ..Group::default() });
    (summary.sched.hogs, summary.sched.hog_ns) = (times, 20 * MS);
    summary
}

fn assisting(ns: i64) -> Summary {
    with_group(run(), WORK, Group { count: 1, exec_ns: 100 * MS, assist_exec_ns: ns, ..Group::default() })
}

fn collecting(share: f64) -> Summary {
    let mut summary = run();
    summary.gc.share = share;
    summary
}

fn contended(ns: i64) -> Summary {
    let mut summary = with_group(run(), WORK, Group { count: 9, ..Group::default() });
    let mut site = site(WORK, "block_ns.sync", &["sync.(*Mutex).Lock", "example.com/shop.(*Cart).Add", WORK], 9, ns);
    let stack = vec![frame("sync.(*Mutex).Unlock"), frame("example.com/shop.(*Cart).Flush"), frame(WORK)];
    site.wakers.push(Waker { group: WORK.to_owned(), stack, count: 9, time_ns: ns });
    summary.sites.push(site);
    summary
}

fn pooled(waiting_ns: i64) -> Summary {
    let group = Group {
        count: 10,
        created: 10,
        peak: 10,
        present_ns: 100 * MS,
        total_ns: 1000 * MS,
        exec_ns: 10 * MS,
        ..Group::default()
    };
    let mut summary = with_group(run(), WORK, group);
    let stack = ["runtime.chansend1", "example.com/shop.(*DB).Get", WORK];
    summary.sites.push(site(WORK, "block_ns.chan send", &stack, 10, waiting_ns));
    summary
}

fn leaking(n: u64) -> Summary {
    let mut summary = run();
    let leaks = vec![StackCount { stack: vec![frame("example.com/shop.send")], count: n }];
    summary.tests.push(TestRun { name: "TestSend".to_owned(), leaked: n, leaks, ..TestRun::default() });
    summary
}

fn left_alive(n: u64) -> Summary {
    with_group(run(), WORK, Group { count: 16, created: 16, alive: n, ..Group::default() })
}

fn stuck(n: u64) -> Summary {
    let mut summary = with_group(run(), WORK, Group { count: 4, ..Group::default() });
    let mut site = site(WORK, "block_ns.sync", &["sync.(*Mutex).Lock", "example.com/shop.both", WORK], n, 100);
    site.open = n;
    summary.sites.push(site);
    summary
}

fn polling(count: u64) -> Summary {
    let mut summary = with_group(run(), WORK, Group { count: 1, ..Group::default() });
    let each = MS;
    let ns = each * i64::try_from(count).unwrap();
    summary.sites.push(site(WORK, "block_ns.sleep", &["time.Sleep", "example.com/shop.poll", WORK], count, ns));
    summary
}

fn on_the_network(ns: i64) -> Summary {
    let block_ns = [("network".to_owned(), ns)].into_iter().collect();
    with_group(run(), WORK, Group { count: 1, total_ns: 100 * MS, block_ns, ..Group::default() })
}

fn parallel(hundredths: i64) -> Summary {
    with_group(run(), WORK, Group { count: 4, present_ns: 100 * MS, exec_ns: hundredths * MS, ..Group::default() })
}

fn said(summary: &Summary) -> Vec<&'static str> {
    diagnose::of(summary, &Settings::new()).iter().map(|d| d.rule).collect()
}

#[test]
fn each_rule_speaks_just_above_its_threshold_and_not_below() {
    let cases: Vec<(&str, Summary, Summary)> = vec![
        ("oversubscription", oversubscribed(10 * MS - 1), oversubscribed(10 * MS)),
        ("hog", hogged(1), hogged(2)),
        ("collector-behind", assisting(5 * MS - 1), assisting(5 * MS)),
        ("collector-behind", collecting(0.249), collecting(0.25)),
        ("contention", contended(50 * MS - 1), contended(50 * MS)),
        ("limited-pool", pooled(500 * MS - 1), pooled(500 * MS)),
        ("leak", leaking(0), leaking(1)),
        ("leak", left_alive(15), left_alive(16)),
        ("stuck", stuck(1), stuck(2)),
        ("busy-polling", polling(499), polling(500)),
        ("network-wait", on_the_network(80 * MS - 1), on_the_network(80 * MS)),
    ];
    for (rule, below, above) in &cases {
        assert!(!said(below).contains(rule), "{rule} is said below its threshold: {:?}", said(below));
        assert!(said(above).contains(rule), "{rule} is not said above its threshold: {:?}", said(above));
    }
    // Serial is a matter of two sides.
    let lost = |base, head| {
        let all = diagnose::changes(&[parallel(base)], &[parallel(head)], &Settings::new());
        all.iter().any(|d| d.rule == "serial")
    };
    assert!(lost(150, 100) && !lost(149, 99) && !lost(150, 101));
    let tried: Vec<&str> = cases.iter().map(|(rule, ..)| *rule).chain(["serial"]).collect();
    assert!(RULES.iter().all(|rule| tried.contains(&rule.name)), "a rule without a case");
}

#[test]
fn a_diagnosis_is_said_where_it_is_new_or_has_grown() {
    let changes = |base, head| -> Vec<Diagnosis> { diagnose::changes(&[base], &[head], &Settings::new()) };
    assert!(changes(contended(60 * MS), contended(60 * MS)).is_empty());
    assert!(changes(contended(60 * MS), contended(89 * MS)).is_empty());
    let grown = changes(contended(60 * MS), contended(90 * MS));
    assert_eq!(grown.iter().map(|d| (d.rule, d.new)).collect::<Vec<_>>(), [("contention", false)]);
    let new = changes(run(), contended(60 * MS));
    assert_eq!(new.iter().map(|d| (d.rule, d.new)).collect::<Vec<_>>(), [("contention", true)]);
    // What is fine is no news.
    assert!(changes(run(), on_the_network(90 * MS)).is_empty());
    // One odd run of five says nothing.
    let head: Vec<Summary> = (0..5).map(|i| if i == 0 { contended(900 * MS) } else { run() }).collect();
    assert!(diagnose::changes(&[run(), run(), run(), run(), run()], &head, &Settings::new()).is_empty());
}

#[test]
fn thresholds_can_be_set() {
    let settings: Settings = [("contention.min-share".to_owned(), 0.2)].into_iter().collect();
    assert!(diagnose::of(&contended(199 * MS), &settings).is_empty());
    assert_eq!(diagnose::of(&contended(200 * MS), &settings).len(), 1);
    assert!(diagnose::is_threshold("contention.min-share"));
    assert!(!diagnose::is_threshold("contention.min"));
}

#[test]
fn oversubscription_says_whose_doing_it_is() {
    let text = |change: &dyn Fn(&mut Summary)| {
        let mut summary = oversubscribed(100 * MS);
        change(&mut summary);
        diagnose::of(&summary, &Settings::new()).into_iter().find(|d| d.rule == "oversubscription").unwrap().found.text
    };
    assert!(text(&|_| ()).contains("GOMAXPROCS 4 is low"));
    assert!(text(&|s| s.sched.peak_runnable = 33).contains("too many goroutines"));
    assert!(text(&|s| s.sched.peak_runnable = 32).contains("GOMAXPROCS 4 is low"));
    assert!(text(&|s| s.sched.hog_ns = 50 * MS).contains("10 ms at a time"));
    assert!(text(&|s| s.sched.hog_ns = 50 * MS - 1).contains("GOMAXPROCS 4 is low"));
}

#[test]
fn the_injected_regressions_are_diagnosed() {
    use gotrace_diff::attribution::{name_tests, output::TestOutput};
    use gotrace_diff::summarize::{Options, summarize};
    let read = |name: &str, side: &str| -> Summary {
        let bytes = data::read(&format!("regressions/{name}/{side}.out"));
        let mut summary = summarize(name, bytes.as_slice(), &Options::default()).unwrap();
        let text = String::from_utf8(data::read(&format!("regressions/{name}/{side}.json"))).unwrap();
        name_tests(&mut summary, TestOutput::parse(&text).as_ref());
        summary
    };
    for (name, rule, word) in [
        ("pool", "limited-pool", "catalog.(*DB).Get"),
        ("lock", "contention", "cache.(*Cache).Page"),
        ("leak", "leak", "TestSend"),
        ("oversub", "oversubscription", "media.Transcode.func1"),
    ] {
        let (base, head) = (read(name, "base"), read(name, "head"));
        let said = diagnose::changes(&[base], &[head], &Settings::new());
        let texts: Vec<String> = said.iter().map(|d| format!("{}: {}", d.rule, d.found.text)).collect();
        assert!(said.iter().any(|d| d.rule == rule && d.found.text.contains(word)), "{name}: {texts:#?}");
    }
    let unchanged = diagnose::changes(&[read("none", "base")], &[read("none", "head")], &Settings::new());
    assert!(unchanged.is_empty(), "{unchanged:#?}");
}
