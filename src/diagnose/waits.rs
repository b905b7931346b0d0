//! Waits that say what is wrong: for a lock, for ever, for nothing in particular. And the one that is fine.

use super::{Found, Limits, Rule, Threshold, is_programs, is_users, own, sites, time, wall};
use crate::compare::{framework, names};
use crate::metrics::registry::SubjectKind;
use crate::summary::{Site, Summary, TestKind, TestRun};

pub(super) static CONTENTION: Rule = Rule {
    name: "contention",
    definition: "Goroutines waited for one lock (sync.Mutex, sync.RWMutex) at one stack for at least `min-ns` together, which is at least `min-share` of the run.",
    advice: "hold the lock for less, split it, or keep the data in one goroutine; read-mostly data: readers that do not wait for each other (RWMutex.RLock, atomic.Pointer)",
    thresholds: &[
        Threshold { name: "min-ns", default: 10e6, meaning: "time in ns that all of them waited together" },
        Threshold {
            name: "min-share",
            default: 0.05,
            meaning: "the same as a part of the run (it can be more than 1)",
        },
    ],
    fine: false,
    find: contention,
};

/// The lock that a stack waits for: the innermost function of package sync, or that of the RWMutex which waits for its writers'
/// Mutex.
pub(super) fn lock(site: &Site) -> Option<&str> {
    let mut functions = site.stack.iter().map(|f| &*f.func).skip_while(|f| !f.starts_with("sync.("));
    let inner = functions.next()?;
    let outer = functions.take_while(|f| f.starts_with("sync.(")).find(|f| f.starts_with("sync.(*RWMutex)."));
    (inner.contains("Mutex)") && (inner.contains("Lock") || inner.contains("lock"))).then_some(outer.unwrap_or(inner))
}

fn contention(summary: &Summary, limits: &Limits<'_>) -> Vec<Found> {
    let mut found = Vec::new();
    for site in sites(summary).filter(|s| s.state == "block_ns.sync") {
        let (Some(lock), Some(at)) = (lock(site), own(&site.stack)) else { continue };
        let waited = site.time_ns as f64;
        let share = waited / wall(summary);
        if waited < limits.get("min-ns") || share < limits.get("min-share") {
            continue;
        }
        // Whoever unlocks it held it.
        let holder = site.wakers.iter().find_map(|w| own(&w.stack).map(|frame| (w, frame)));
        let held = holder.map_or(String::new(), |(_, frame)| format!("; mostly held by {}", names::short(&frame.func)));
        let mut evidence = vec![
            ("lock".to_owned(), lock.to_owned()),
            ("waits".to_owned(), site.count.to_string()),
            ("waited".to_owned(), time(waited)),
        ];
        if let Some((waker, frame)) = holder {
            let at = format!("{} {}:{}", names::short(&frame.func), frame.file, frame.line);
            evidence.push((
                "released by".to_owned(),
                if waker.count == 1 { format!("{at}, once") } else { format!("{at}, {} times", waker.count) },
            ));
        }
        found.push(Found {
            kind: SubjectKind::Group,
            subject: site.group.clone(),
            measure: share,
            text: format!(
                "goroutines of {} waited {} for the lock at {}{held}",
                names::short(&site.group),
                time(waited),
                names::short(&at.func)
            ),
            position: Some(at.position()),
            evidence,
        });
    }
    // One line for each group and place: the longest.
    found.sort_by(|a, b| b.measure.total_cmp(&a.measure));
    let mut seen = std::collections::BTreeSet::new();
    found.retain(|f| seen.insert(f.subject.clone()));
    found
}

pub(super) static LEAK: Rule = Rule {
    name: "leak",
    definition: "A test left at least `min-goroutines` behind that never ended. Outside of tests: at least `min-alive` goroutines that a group created during the run, and `min-share` of all that it created, were still there at its end.",
    advice: "give every goroutine a way to end (a context, a closed channel), and wait for it",
    thresholds: &[
        Threshold { name: "min-goroutines", default: 1.0, meaning: "goroutines that a test left" },
        Threshold { name: "min-alive", default: 16.0, meaning: "goroutines of a group left at the end of a run" },
        Threshold { name: "min-share", default: 0.9, meaning: "the same as a part of those that it created" },
    ],
    fine: false,
    find: leak,
};

fn leak(summary: &Summary, limits: &Limits<'_>) -> Vec<Found> {
    let mut found = Vec::new();
    for test in summary.tests.iter().filter(|t| t.leaked as f64 >= limits.get("min-goroutines") && t.leaked > 0) {
        let at = test.leaks.first().and_then(|leak| own(&leak.stack));
        let stands = at.map_or(String::new(), |frame| format!(", most of them at {}", names::short(&frame.func)));
        found.push(Found {
            kind: if test.kind == TestKind::Test { SubjectKind::Test } else { SubjectKind::Benchmark },
            subject: if test.name.is_empty() { "a test".to_owned() } else { test.name.clone() },
            measure: test.leaked as f64,
            text: format!(
                "{} left {} goroutine{} behind{stands}",
                if test.name.is_empty() { "a test" } else { &test.name },
                test.leaked,
                if test.leaked == 1 { "" } else { "s" }
            ),
            position: at.map(|frame| frame.position()),
            evidence: test
                .leaks
                .iter()
                .take(3)
                .filter_map(|l| own(&l.stack).map(|f| (format!("{}:{}", f.file, f.line), l.count.to_string())))
                .collect(),
        });
    }
    if !framework::is_under_test(summary) && !framework::is_window(summary) {
        for (name, group) in summary.goroutines.iter().filter(|(name, _)| is_users(name, summary)) {
            let left = group.alive.min(group.created) as f64;
            if group.created > 0
                && left >= limits.get("min-alive")
                && left >= limits.get("min-share") * group.created as f64
            {
                found.push(Found {
                    kind: SubjectKind::Group,
                    subject: name.clone(),
                    measure: left,
                    text: format!("{left:.0} of {} goroutines of {} never ended", group.created, names::short(name)),
                    position: group.start.clone(),
                    evidence: Vec::new(),
                });
            }
        }
    }
    found
}

pub(super) static STUCK: Rule = Rule {
    name: "stuck",
    definition: "At least `min-goroutines` were waiting for a lock or for ever (nil channel, empty select) when the run ended: a deadlock in the making, or one that only a part of the program is in.",
    advice: "look at who holds the lock; take locks in one order everywhere",
    thresholds: &[Threshold {
        name: "min-goroutines",
        default: 2.0,
        meaning: "goroutines that waited at one stack when the run ended",
    }],
    fine: false,
    find: stuck,
};

fn stuck(summary: &Summary, limits: &Limits<'_>) -> Vec<Found> {
    let mut found = Vec::new();
    for site in sites(summary).filter(|s| s.open > 0) {
        let waits_for_lock = site.state == "block_ns.sync" && lock(site).is_some();
        if !(waits_for_lock || site.state == "block_ns.forever") || (site.open as f64) < limits.get("min-goroutines") {
            continue;
        }
        let Some(at) = own(&site.stack) else { continue };
        let what = if waits_for_lock { "for a lock" } else { "for ever" };
        found.push(Found {
            kind: SubjectKind::Group,
            subject: site.group.clone(),
            measure: site.open as f64,
            text: format!(
                "{} goroutines of {} were waiting {what} at {} when the run ended",
                site.open,
                names::short(&site.group),
                names::short(&at.func)
            ),
            position: Some(at.position()),
            evidence: vec![("waiting at the end".to_owned(), site.open.to_string())],
        });
    }
    found
}

pub(super) static POLLING: Rule = Rule {
    name: "busy-polling",
    definition: "Goroutines of one stack went to sleep at least `min-times`, `min-each` times for each goroutine of the group (in stacks of tests: for each run of those tests), and `per-second` times a second, for less than `max-sleep-ns` each on average: they look again and again whether something has happened.",
    advice: "wait for the event itself: a channel, sync.Cond, a context; or poll less often",
    thresholds: &[
        Threshold { name: "min-times", default: 10.0, meaning: "sleeps at one stack" },
        Threshold {
            name: "min-each",
            default: 4.0,
            meaning: "the same of each goroutine: who sleeps once does not look again",
        },
        Threshold { name: "per-second", default: 500.0, meaning: "the same a second" },
        Threshold { name: "max-sleep-ns", default: 2e6, meaning: "mean length of a sleep in ns" },
    ],
    fine: false,
    find: polling,
};

/// How many goroutines slept at a site, at most: those of its group, or of the tests whose own it is.
fn sleepers(site: &Site, at: usize, summary: &Summary) -> f64 {
    let own = |test: &&TestRun| framework::test_frame(&site.stack).is_some() && test.sites.iter().any(|s| s.site == at);
    let tests = summary.tests.iter().filter(own).count();
    let group = summary.goroutines.get(&site.group).map_or(1, |group| group.count);
    if tests > 0 { tests as f64 } else { group.max(1) as f64 }
}

fn polling(summary: &Summary, limits: &Limits<'_>) -> Vec<Found> {
    let mut found = Vec::new();
    let all = summary.sites.iter().enumerate().filter(|(_, s)| s.state == "block_ns.sleep" && is_programs(s, summary));
    for (at_site, site) in all {
        let per_second = site.count as f64 / (wall(summary) / 1e9);
        let mean = site.time_ns as f64 / site.count.max(1) as f64;
        let Some(at) = own(&site.stack) else { continue };
        if (site.count as f64) < limits.get("min-times")
            || (site.count as f64) < limits.get("min-each") * sleepers(site, at_site, summary)
            || per_second < limits.get("per-second")
            || mean >= limits.get("max-sleep-ns")
        {
            continue;
        }
        found.push(Found {
            kind: SubjectKind::Group,
            subject: site.group.clone(),
            measure: per_second,
            text: format!("{} sleeps {per_second:.0} times a second, {} each", names::short(&at.func), time(mean)),
            position: Some(at.position()),
            evidence: vec![("sleeps".to_owned(), site.count.to_string())],
        });
    }
    found
}

pub(super) static NETWORK: Rule = Rule {
    name: "network-wait",
    definition: "Goroutines of a group spent at least `min-share` of their time waiting for the network, and less than `max-sync` waiting for locks and channels. That is what they are there for: it is called fine.",
    advice: "nothing, unless the peer should answer sooner",
    thresholds: &[
        Threshold { name: "min-share", default: 0.8, meaning: "part of their time that they wait for the network" },
        Threshold {
            name: "max-sync",
            default: 0.05,
            meaning: "part of their time that they wait for locks and channels",
        },
    ],
    fine: true,
    find: network,
};

fn network(summary: &Summary, limits: &Limits<'_>) -> Vec<Found> {
    let mut found = Vec::new();
    for (name, group) in summary.goroutines.iter().filter(|(name, _)| is_users(name, summary)) {
        let total = group.total_ns.max(1) as f64;
        let net = group.block_ns.get("network").copied().unwrap_or(0) as f64 / total;
        let sync = group.block_ns.iter().filter(|(reason, _)| reason.contains("sync") || reason.contains("chan"));
        let sync = sync.map(|(_, ns)| *ns as f64).sum::<f64>() / total;
        if net >= limits.get("min-share") && sync < limits.get("max-sync") {
            found.push(Found {
                kind: SubjectKind::Group,
                subject: name.clone(),
                measure: net,
                text: format!("{} mostly waits for the network ({:.0} %): fine", names::short(name), net * 100.0),
                position: group.start.clone(),
                evidence: Vec::new(),
            });
        }
    }
    found
}
