//! A fan-out that is not parallel: a limited pool behind it, or work that became serial.

use std::borrow::Borrow;

use super::waits::lock;
use super::{Diagnosis, Found, Limits, Rule, Settings, Threshold, is_users, own, sites, time};
use crate::compare::names;
use crate::metrics::registry::SubjectKind;
use crate::summary::{Group, OTHERS, Site, Summary, Waker};

pub(super) static POOL: Rule = Rule {
    name: "limited-pool",
    definition: "At least `min-goroutines` of a group existed at once, at most `max-waits` waits for each, and at least `min-share` of their time together they waited in a channel, a select or package sync at one stack, on average `min-waiting` of them at once: few get through at a time, the rest wait there. At least half of the waits have ended, and who ended them is known and fewer than those who wait: the group's own goroutines, which hand on their place while at least `min-through` of them get on at once, or of other groups at most half as many at once. Another group that lets all go at once (it closes a channel, Broadcast, WaitGroup.Done) gives a signal and limits nothing. Where it is a Mutex it is `contention` instead. How many get on is the mean number that waited neither there nor for a processor: who has not reached the place yet mostly waits for one.",
    advice: "raise the limit (for a database/sql pool: SetMaxOpenConns) if what is behind it can take more, else start no more goroutines than get through",
    thresholds: &[
        Threshold { name: "min-goroutines", default: 8.0, meaning: "goroutines of the group at once, at the peak" },
        Threshold { name: "min-share", default: 0.5, meaning: "part of their time that they wait at one stack" },
        Threshold { name: "min-ns", default: 10e6, meaning: "time in ns that they wait there together" },
        Threshold { name: "min-waiting", default: 1.0, meaning: "goroutines that wait there at once on average" },
        Threshold {
            name: "max-waits",
            default: 4.0,
            meaning: "waits of each goroutine there: a worker waits for ever more work",
        },
        Threshold {
            name: "min-through",
            default: 0.2,
            meaning: "goroutines that get on at once on average, where the group itself ends the waits: who all wait for one signal do not",
        },
    ],
    fine: false,
    find: pool,
};

/// Whether most of the time was ended by fewer goroutines than wait: their own kind (`hands_on`: some of it get on
/// meanwhile), or few of another. What waits for a helper of its own, one each, stands in no queue, nor does what waits for
/// one signal to all. Where nobody is known to have ended a wait (a leak) nothing is handed on.
fn is_handed_on(site: &Site, group: &Group, summary: &Summary, hands_on: bool) -> bool {
    if site.open.saturating_mul(2) > site.count {
        return false;
    }
    let few = |waker: &Waker| {
        if waker.group == site.group {
            return hands_on;
        }
        let other = summary.goroutines.get(&waker.group);
        other.is_some_and(|other| other.peak.saturating_mul(2) <= group.peak) && !frees_all(site, waker)
    };
    let known = site.wakers.iter().filter(|waker| waker.group != OTHERS);
    let (all, handed) = known.fold((0.0, 0.0), |(all, handed), waker| {
        let ns = waker.time_ns as f64;
        (all + ns, handed + if few(waker) { ns } else { 0.0 })
    });
    handed > 0.0 && handed * 2.0 >= all
}

/// Whether all who wait go on at what the waker does: a closed channel, a broadcast, a WaitGroup that is done.
fn frees_all(site: &Site, waker: &Waker) -> bool {
    // Who sends or receives is within the runtime's function for it; of a close traces show who called it.
    let channel = ["block_ns.chan send", "block_ns.chan receive", "block_ns.select"].contains(&site.state.as_str());
    let closes = waker.stack.first().is_some_and(|leaf| !leaf.func.starts_with("runtime."));
    let all = ["sync.(*Cond).Broadcast", "sync.(*WaitGroup).Add", "sync.(*WaitGroup).Done"];
    channel && closes || waker.stack.iter().any(|frame| all.contains(&&*frame.func))
}

fn pool(summary: &Summary, limits: &Limits<'_>) -> Vec<Found> {
    let mut found = Vec::new();
    for site in sites(summary) {
        let Some(group) = summary.goroutines.get(&site.group) else { continue };
        let waits_for_room = matches!(
            site.state.as_str(),
            "block_ns.chan send"
                | "block_ns.chan receive"
                | "block_ns.select"
                | "block_ns.sync"
                | "block_ns.sync.(*Cond).Wait"
        ) && lock(site).is_none();
        let share = site.time_ns as f64 / group.total_ns.max(1) as f64;
        let Some(at) = own(&site.stack).filter(|_| waits_for_room) else { continue };
        let present = group.present_ns.max(1) as f64;
        let waiting = site.time_ns as f64 / present;
        let through = (group.total_ns - site.time_ns - group.sched_wait_ns).max(0) as f64 / present;
        // A fan-out: started together, each to do one thing. Workers that wait for work are no such thing.
        let fans_out = group.created == group.count
            && site.count as f64 <= limits.get("max-waits") * group.count as f64
            && is_handed_on(site, group, summary, through >= limits.get("min-through"));
        if !fans_out
            || waiting < limits.get("min-waiting")
            || (group.peak as f64) < limits.get("min-goroutines")
            || share < limits.get("min-share")
            || (site.time_ns as f64) < limits.get("min-ns")
        {
            continue;
        }
        found.push(Found {
            kind: SubjectKind::Group,
            subject: site.group.clone(),
            measure: site.time_ns as f64 / group.count.max(1) as f64,
            text: format!(
                "of up to {} goroutines of {} about {through:.1} get on at once, {waiting:.1} wait at {}",
                group.peak,
                names::short(&site.group),
                names::short(&at.func)
            ),
            position: Some(at.position()),
            evidence: vec![
                ("goroutines".to_owned(), group.count.to_string()),
                ("waited there each".to_owned(), time(site.time_ns as f64 / group.count.max(1) as f64)),
                ("ran at once, on average".to_owned(), format!("{:.1}", group.exec_ns as f64 / present)),
            ],
        });
    }
    found
}

pub(super) static SERIAL: Rule = Rule {
    name: "serial",
    definition: "Goroutines of a group ran at least `min-before` at once on average in the base, and in the head at most `max-part` of that, at least `min-ns` altogether: what was parallel is no longer. Said in comparisons only.",
    advice: "look for a lock, a channel or a limit that they now have to pass one by one",
    thresholds: &[
        Threshold { name: "min-before", default: 1.5, meaning: "goroutines that ran at once on average in the base" },
        Threshold { name: "max-part", default: 0.67, meaning: "part of that which is left in the head" },
        Threshold { name: "min-ns", default: 10e6, meaning: "time in ns that they ran together in the head" },
    ],
    fine: false,
    find: |_, _| Vec::new(),
};

/// Groups that are less parallel than they were.
pub(super) fn lost<S: Borrow<Summary>>(base: &[S], head: &[S], settings: &Settings) -> Vec<Diagnosis> {
    let limits = Limits { rule: SERIAL.name, thresholds: SERIAL.thresholds, slack: 1.0, settings };
    let parallelism = |group: &Group| group.exec_ns as f64 / group.present_ns.max(1) as f64;
    let middle = |runs: &[S], name: &str, of: &dyn Fn(&Group) -> f64| {
        let mut all: Vec<f64> = runs.iter().filter_map(|run| run.borrow().goroutines.get(name)).map(of).collect();
        all.sort_by(f64::total_cmp);
        all.get(all.len() / 2).copied()
    };
    let Some(first) = head.first().map(Borrow::borrow) else { return Vec::new() };
    let mut said = Vec::new();
    for (name, group) in first.goroutines.iter().filter(|(name, _)| is_users(name, first)) {
        let (Some(before), Some(now)) = (middle(base, name, &parallelism), middle(head, name, &parallelism)) else {
            continue;
        };
        let ran = middle(head, name, &|g| g.exec_ns as f64).unwrap_or(0.0);
        if before < limits.get("min-before") || now > limits.get("max-part") * before || ran < limits.get("min-ns") {
            continue;
        }
        let found = Found {
            kind: SubjectKind::Group,
            subject: name.clone(),
            measure: before / now.max(1e-9),
            text: format!(
                "{} ran {before:.1} at once on average, and runs {now:.1} now: what was parallel is no longer",
                names::short(name)
            ),
            position: group.start.clone(),
            evidence: vec![
                ("ran at once before".to_owned(), format!("{before:.2}")),
                ("runs at once now".to_owned(), format!("{now:.2}")),
            ],
        };
        said.push(Diagnosis { rule: SERIAL.name, advice: SERIAL.advice, fine: false, new: true, found, package: None });
    }
    said
}
