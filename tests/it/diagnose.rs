//! Each diagnosis is said just above its thresholds and not just below, only where it is new or has grown.

use gotrace_diff::diagnose::{self, Diagnosis, RULES, Settings};
use gotrace_diff::summary::{Fact, Group, Site, SiteFrame, StackCount, Summary, TestRun, TestSite, Waker};

use crate::data;

const MS: i64 = 1_000_000;

/// A run of one second on four processors.
fn run() -> Summary {
    Summary { end_ns: 1000 * MS, gomaxprocs: 4, ..Summary::default() }
}

fn frame(func: &str) -> SiteFrame {
    SiteFrame { func: func.into(), file: "shop/shop.go".into(), line: 7 }
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
    // Five of them could run on average, for four processors.
    summary.sched.runnable_ns = 5 * (summary.end_ns - summary.start_ns);
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

/// Ten goroutines side by side that hardly run.
fn ten() -> Group {
    Group {
        count: 10,
        created: 10,
        peak: 10,
        present_ns: 100 * MS,
        total_ns: 1000 * MS,
        exec_ns: 10 * MS,
        ..Group::default()
    }
}

fn woken_by(group: &str, stack: &[&str]) -> Waker {
    let stack = stack.iter().map(|f| frame(f)).collect();
    Waker { group: group.to_owned(), stack, count: 10, time_ns: 500 * MS }
}

fn pooled(waiting_ns: i64) -> Summary {
    let mut summary = with_group(run(), WORK, ten());
    let stack = ["runtime.chansend1", "example.com/shop.(*DB).Get", WORK];
    let mut site = site(WORK, "block_ns.chan send", &stack, 10, waiting_ns);
    site.wakers.push(woken_by(WORK, &["runtime.chanrecv1", "example.com/shop.(*DB).Put", WORK]));
    summary.sites.push(site);
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

/// A run with one change made to it.
fn with(mut summary: Summary, change: impl FnOnce(&mut Summary)) -> Summary {
    change(&mut summary);
    summary
}

/// The only group of a run.
fn group(summary: &mut Summary) -> &mut Group {
    summary.goroutines.get_mut(WORK).unwrap()
}

/// A run whose control group allows so many processors.
fn allowed(quota: &str, gomaxprocs: u64) -> Summary {
    with(Summary { gomaxprocs, ..run() }, |s| s.environment.set(Fact::Quota, quota))
}

/// For each threshold of each rule a run that is just on the silent side of it, and one that is just on the other.
fn cases() -> Vec<(&'static str, Summary, Summary)> {
    let longer = |summary: Summary| Summary { end_ns: 2000 * MS, ..summary };
    let busier = |summary: Summary| with(summary, |s| s.sched.runnable_ns *= 2);
    let pool = |change: &dyn Fn(&mut Summary)| with(pooled(500 * MS), change);
    let asleep = |ns: i64| with(polling(1000), |s| s.sites[0].time_ns = 1000 * ns);
    let net = |sync: i64| {
        with(on_the_network(90 * MS), |s| {
            group(s).block_ns.insert("sync".to_owned(), sync);
        })
    };
    let assists = |exec_ns: i64| with(assisting(5 * MS), |s| group(s).exec_ns = exec_ns);
    let hog_ns = |ns: i64| with(hogged(2), |s| s.sched.hog_ns = ns);
    let lock = |ns: i64| Summary { end_ns: 100 * MS, ..contended(ns) };
    vec![
        ("oversubscription.min-ns", oversubscribed(10 * MS - 1), oversubscribed(10 * MS)),
        (
            "oversubscription.min-share",
            longer(busier(oversubscribed(20 * MS - 1))),
            longer(busier(oversubscribed(20 * MS))),
        ),
        ("hog.min-times", hogged(1), hogged(2)),
        ("hog.min-ns", hog_ns(10 * MS - 1), hog_ns(10 * MS)),
        ("hog.min-share", longer(hog_ns(20 * MS - 1)), longer(hog_ns(20 * MS))),
        ("above-quota.min-excess", allowed("3.5", 4), allowed("3", 4)),
        ("above-quota.min-excess", allowed("0.5", 2), allowed("0.5", 3)),
        ("above-quota.min-excess", allowed("none", 64), allowed("2", 64)),
        ("collector-behind.min-ns", assisting(5 * MS - 1), assisting(5 * MS)),
        ("collector-behind.min-share", assists(100 * MS + 20), assists(100 * MS)),
        ("collector-behind.process-share", collecting(0.249), collecting(0.25)),
        ("contention.min-ns", lock(10 * MS - 1), lock(10 * MS)),
        ("contention.min-share", contended(50 * MS - 1), contended(50 * MS)),
        ("limited-pool.min-share", pooled(500 * MS - 1), pooled(500 * MS)),
        ("limited-pool.min-goroutines", pool(&|s| group(s).peak = 7), pool(&|s| group(s).peak = 8)),
        (
            "limited-pool.min-ns",
            pool(&|s| (s.sites[0].time_ns, group(s).total_ns, group(s).present_ns) = (10 * MS - 1, 12 * MS, MS)),
            pool(&|s| (s.sites[0].time_ns, group(s).total_ns, group(s).present_ns) = (10 * MS, 12 * MS, MS)),
        ),
        (
            "limited-pool.min-waiting",
            pool(&|s| group(s).present_ns = 500 * MS + 1),
            pool(&|s| group(s).present_ns = 500 * MS),
        ),
        ("limited-pool.max-waits", pool(&|s| s.sites[0].count = 41), pool(&|s| s.sites[0].count = 40)),
        (
            "limited-pool.min-through",
            pool(&|s| group(s).total_ns = 520 * MS - 1),
            pool(&|s| group(s).total_ns = 520 * MS),
        ),
        ("leak.min-goroutines", leaking(0), leaking(1)),
        ("leak.min-alive", left_alive(15), left_alive(16)),
        (
            "leak.min-share",
            with(left_alive(18), |s| group(s).created = 21),
            with(left_alive(18), |s| group(s).created = 20),
        ),
        ("stuck.min-goroutines", stuck(1), stuck(2)),
        ("busy-polling.min-times", with(polling(9), |s| s.end_ns = MS), with(polling(10), |s| s.end_ns = MS)),
        (
            "busy-polling.min-each",
            with(polling(1000), |s| group(s).count = 251),
            with(polling(1000), |s| group(s).count = 250),
        ),
        ("busy-polling.per-second", polling(499), polling(500)),
        ("busy-polling.max-sleep-ns", asleep(2 * MS), asleep(2 * MS - 1)),
        ("network-wait.min-share", on_the_network(80 * MS - 1), on_the_network(80 * MS)),
        ("network-wait.max-sync", net(5 * MS), net(5 * MS - 1)),
    ]
}

#[test]
fn each_rule_speaks_just_above_its_thresholds_and_not_below() {
    for (threshold, silent, speaks) in &cases() {
        let rule = threshold.split('.').next().unwrap();
        assert!(!said(silent).contains(&rule), "{threshold}: said below it: {:?}", said(silent));
        assert!(said(speaks).contains(&rule), "{threshold}: not said above it: {:?}", said(speaks));
    }
    // Serial is a matter of two sides.
    let lost = |base, head| {
        let all = diagnose::changes(&[parallel(base)], &[parallel(head)], &Settings::new());
        all.iter().any(|d| d.rule == "serial")
    };
    assert!(lost(150, 100) && !lost(149, 99) && !lost(150, 101));
    let ran = |exec_ns: i64| with(parallel(150), |s| (group(s).exec_ns, group(s).present_ns) = (exec_ns, 10 * MS));
    let short = |exec_ns: i64| {
        let all = diagnose::changes(&[ran(15 * MS + 2)], &[ran(exec_ns)], &Settings::new());
        all.iter().any(|d| d.rule == "serial")
    };
    assert!(short(10 * MS) && !short(10 * MS - 1));
    // Those that tell one cause of oversubscription from another are in `oversubscription_says_whose_doing_it_is`.
    let causes = ["oversubscription.hog-share", "oversubscription.per-proc"];
    let tried: Vec<&str> = cases().iter().map(|(threshold, ..)| *threshold).chain(causes).collect();
    for rule in RULES.iter().filter(|rule| rule.name != "serial") {
        for threshold in rule.thresholds {
            let name = format!("{}.{}", rule.name, threshold.name);
            assert!(tried.contains(&name.as_str()), "{name}: a threshold without a case");
        }
    }
}

#[test]
fn what_waits_for_the_test_framework_is_no_trouble() {
    const RUNNER: &str = "testing.tRunner";
    let pool = |stack: &[&str]| {
        let mut summary = with_group(run(), RUNNER, ten());
        let mut site = site(RUNNER, "block_ns.chan receive", stack, 10, 900 * MS);
        site.wakers.push(woken_by(RUNNER, &["runtime.chansend1", "shop.(*DB).Put", "shop.TestGet", RUNNER]));
        summary.sites.push(site);
        said(&summary)
    };
    let turn = ["runtime.chanrecv1", "testing.(*testState).waitParallel", "testing.(*T).Parallel", "shop.TestGet"];
    assert!(pool(&turn).is_empty());
    assert_eq!(pool(&["runtime.chanrecv1", "shop.(*DB).Get", "shop.TestGet", RUNNER]), ["limited-pool"]);
}

#[test]
fn a_lock_is_called_by_what_the_program_locks() {
    const ADD: &str = "example.com/shop.(*Cart).Add";
    let cases: [(&[&str], &str); 5] = [
        (&["sync.(*Mutex).Lock", ADD], "sync.(*Mutex).Lock"),
        (&["internal/sync.(*Mutex).lockSlow", "sync.(*Mutex).Lock", ADD], "sync.(*Mutex).Lock"),
        // Writers of an RWMutex wait for each other at its Mutex.
        (&["sync.(*Mutex).Lock", "sync.(*RWMutex).Lock", ADD], "sync.(*RWMutex).Lock"),
        (&["sync.runtime_SemacquireRWMutexR", "sync.(*RWMutex).RLock", ADD], "sync.(*RWMutex).RLock"),
        (&["sync.(*Mutex).Lock", "sync.(*Once).doSlow", "sync.(*Once).Do", ADD], "sync.(*Mutex).Lock"),
    ];
    for (stack, lock) in cases {
        let summary = with(contended(50 * MS), |s| s.sites[0].stack = stack.iter().map(|f| frame(f)).collect());
        let found = diagnose::of(&summary, &Settings::new());
        let locks: Vec<&str> = found.iter().map(|d| d.found.evidence[0].1.as_str()).collect();
        assert_eq!((said(&summary), locks), (vec!["contention"], vec![lock]), "{stack:?}");
    }
}

#[test]
fn whoever_waits_for_a_helper_of_its_own_stands_in_no_queue() {
    let woken_by = |by: &str, peak: u64| {
        let mut summary = with_group(pooled(500 * MS), "example.com/shop.help", Group { peak, ..Group::default() });
        let waker = |group: &str, time_ns| Waker { group: group.to_owned(), stack: Vec::new(), count: 10, time_ns };
        summary.sites[0].wakers = vec![waker(by, 300 * MS), waker("(others)", 200 * MS)];
        said(&summary).contains(&"limited-pool")
    };
    assert!(woken_by(WORK, 0), "a slot that is given back");
    assert!(woken_by("example.com/shop.help", 5), "a few workers for all");
    assert!(!woken_by("example.com/shop.help", 6), "a helper for each");
    assert!(!woken_by("(network)", 0));
}

#[test]
fn where_all_wait_for_one_signal_or_for_ever_nothing_is_limited() {
    const STARTER: &str = "example.com/shop.start";
    let speaks = |change: &dyn Fn(&mut Summary)| {
        let summary = with_group(pooled(500 * MS), STARTER, Group { peak: 1, ..Group::default() });
        said(&with(summary, change)).contains(&"limited-pool")
    };
    let by = |group: &'static str, func: &'static str| {
        speaks(&move |s: &mut Summary| s.sites[0].wakers = vec![woken_by(group, &[func, group])])
    };
    assert!(by(STARTER, "runtime.chansend1"), "one after the other is let on");
    // The first is a close: the trace shows who called it.
    for func in ["example.com/shop.shoot", "sync.(*Cond).Broadcast", "sync.(*WaitGroup).Done"] {
        assert!(!by(STARTER, func), "{func}: all at once");
        assert!(by(WORK, func), "{func}: semaphores wake so, too, one after the other");
    }
    // Whoever comes last lets the others on: nobody got on before.
    assert!(!speaks(&|s| group(s).total_ns = 500 * MS));
    assert!(!speaks(&|s| s.sites[0].wakers.clear()), "who never went on was not let on");
    assert!(!speaks(&|s| s.sites[0].open = 6));
    assert!(speaks(&|s| s.sites[0].open = 5));
}

#[test]
fn a_leak_is_said_before_what_it_looks_like() {
    let mut summary = pooled(500 * MS);
    summary.tests = leaking(3).tests;
    assert_eq!(said(&summary), ["leak", "limited-pool"]);
}

#[test]
fn tests_that_sleep_in_turn_share_a_group_and_poll_each_for_itself() {
    const TEST: &str = "example.com/shop.TestPoll";
    let polls = |tests: usize| {
        let mut summary = with_group(run(), "testing.tRunner", Group { count: 300, ..Group::default() });
        let stack = ["time.Sleep", TEST, "testing.tRunner"];
        summary.sites.push(site("testing.tRunner", "block_ns.sleep", &stack, 1000, 1000 * MS));
        let own = TestSite { site: 0, count: 1, time_ns: 1 };
        summary.tests = vec![TestRun { sites: vec![own], ..TestRun::default() }; tests];
        said(&summary).contains(&"busy-polling")
    };
    assert!(!polls(0), "who slept is not known: any of 300");
    assert!(polls(250));
    assert!(!polls(251));
}

#[test]
fn a_diagnosis_is_said_where_it_is_new_or_has_grown() {
    let changes = |base, head| -> Vec<Diagnosis> { diagnose::changes(&[base], &[head], &Settings::new()) };
    assert!(changes(contended(60 * MS), contended(60 * MS)).is_empty());
    assert!(changes(contended(60 * MS), contended(89 * MS)).is_empty());
    let grown = changes(contended(60 * MS), contended(90 * MS));
    assert_eq!(grown.iter().map(|d| (d.rule, d.new)).collect::<Vec<_>>(), [("contention", false)]);
    // Just below the limit and just above it is no change.
    assert!(diagnose::of(&contended(49 * MS), &Settings::new()).is_empty());
    assert_eq!(diagnose::of(&contended(51 * MS), &Settings::new()).len(), 1);
    assert!(changes(contended(49 * MS), contended(51 * MS)).is_empty());
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
        let found = diagnose::of(&summary, &Settings::new()).into_iter().find(|d| d.rule == "oversubscription");
        found.map_or(String::new(), |diagnosis| diagnosis.found.text)
    };
    assert!(text(&|_| ()).contains("GOMAXPROCS 4 is low"));
    assert!(text(&|s| s.sched.peak_runnable = 33).contains("too many goroutines"));
    assert!(text(&|s| s.sched.peak_runnable = 32).contains("GOMAXPROCS 4 is low"));
    assert!(text(&|s| s.sched.hog_ns = 50 * MS).contains("10 ms at a time"));
    assert!(text(&|s| s.sched.hog_ns = 50 * MS - 1).contains("GOMAXPROCS 4 is low"));
    assert!(text(&|s| s.sched.runnable_ns = 4000 * MS + 1).contains("GOMAXPROCS 4 is low"));
    assert_eq!(text(&|s| s.sched.runnable_ns = 4000 * MS), "", "no more than there are processors for");
    // More processors are of no use where those that there are were idle.
    assert!(text(&|s| s.sched.idle_while_runnable_ns = 90 * MS).contains("GOMAXPROCS 4 is low"));
    assert_eq!(text(&|s| s.sched.idle_while_runnable_ns = 90 * MS + 1), "");
    let idle = |s: &mut Summary| (s.sched.idle_while_runnable_ns, s.sched.peak_runnable) = (100 * MS, 33);
    assert!(text(&idle).contains("too many goroutines"));
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
