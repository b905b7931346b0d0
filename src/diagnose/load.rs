//! More could run than there are processors for: who, and why.

use super::{Found, Limits, Rule, Threshold, is_users, time, wall};
use crate::compare::names;
use crate::metrics::registry::SubjectKind;
use crate::summary::{Fact, Summary};

pub(super) static OVERSUBSCRIPTION: Rule = Rule {
    name: "oversubscription",
    definition: "More goroutines waited for a processor than ran, over at least `min-ns` and `min-share` of the run. If hogs made others wait for at least `hog-share` of the time during which any waited, it is their doing; else, if at some moment more than `per-proc` goroutines for each processor waited, there are too many goroutines; else GOMAXPROCS is low for the work, where more goroutines than that could run on average over the run. That is not said where processors were idle while goroutines could run for all but `min-ns` of that time: then it is waking that took long. The machine's own limit of processors is not in a trace and is never guessed.",
    advice: "start fewer goroutines at once (a semaphore, errgroup.SetLimit), break up long computations, or give the process more processors",
    thresholds: &[
        Threshold { name: "min-ns", default: 10e6, meaning: "time in ns during which more waited than ran" },
        Threshold { name: "min-share", default: 0.01, meaning: "the same as a part of the run" },
        Threshold { name: "hog-share", default: 0.5, meaning: "part of the waiting time that hogs are to blame for" },
        Threshold { name: "per-proc", default: 8.0, meaning: "goroutines waiting for each processor at the peak" },
    ],
    fine: false,
    find: oversubscription,
};

fn oversubscription(summary: &Summary, limits: &Limits<'_>) -> Vec<Found> {
    let sched = &summary.sched;
    let over = sched.oversubscribed_ns as f64;
    let share = over / wall(summary);
    if over < limits.get("min-ns") || share < limits.get("min-share") {
        return Vec::new();
    }
    let procs = summary.gomaxprocs.max(1);
    let waiting = |(name, group): (&String, &crate::summary::Group)| (group.sched_wait_ns, name.clone());
    let users = summary.goroutines.iter().filter(|(name, _)| is_users(name, summary));
    let most = users.map(waiting).max().map(|(_, name)| name).unwrap_or_default();
    let hogged = sched.hog_ns as f64 / sched.any_runnable_ns.max(1) as f64;
    let could_run = (sched.running_ns as f64 + sched.runnable_ns as f64) / wall(summary);
    let why = if hogged >= limits.get("hog-share") {
        "others run for more than 10 ms at a time".to_owned()
    } else if sched.peak_runnable as f64 > limits.get("per-proc") * procs as f64 {
        format!("too many goroutines: up to {} waited for {procs} processors", sched.peak_runnable)
    } else if over - (sched.idle_while_runnable_ns as f64) < limits.get("min-ns") || could_run <= procs as f64 {
        // A program with little to do, or on a machine that others keep busy: more processors would be idle, too.
        return Vec::new();
    } else {
        format!("GOMAXPROCS {procs} is low for the work: {could_run:.1} goroutines could run on average")
    };
    vec![Found {
        kind: SubjectKind::Process,
        subject: String::new(),
        measure: share,
        text: format!(
            "more goroutines waited for a processor than ran for {:.0} % of the run, most of them {}: {why}",
            share * 100.0,
            names::short(&most)
        ),
        position: summary.goroutines.get(&most).and_then(|group| group.start.clone()),
        evidence: vec![
            ("oversubscribed".to_owned(), time(over)),
            ("GOMAXPROCS".to_owned(), procs.to_string()),
            ("most that waited at once".to_owned(), sched.peak_runnable.to_string()),
            ("hogs".to_owned(), sched.hogs.to_string()),
        ],
    }]
}

pub(super) static HOG: Rule = Rule {
    name: "hog",
    definition: "Goroutines of a group ran for more than 10 ms without a break, at least `min-times`, while others waited for a processor, and the others waited for at least `min-ns` and `min-share` of the run because of that.",
    advice: "break up the loop, or let it run where nobody waits; runtime.Gosched in a tight loop is a last resort",
    thresholds: &[
        Threshold { name: "min-times", default: 2.0, meaning: "how often" },
        Threshold { name: "min-ns", default: 10e6, meaning: "time in ns that others waited meanwhile" },
        Threshold { name: "min-share", default: 0.01, meaning: "the same as a part of the run" },
    ],
    fine: false,
    find: hogs,
};

fn hogs(summary: &Summary, limits: &Limits<'_>) -> Vec<Found> {
    let waited = summary.sched.hog_ns as f64;
    if waited < limits.get("min-ns") || waited / wall(summary) < limits.get("min-share") {
        return Vec::new();
    }
    let users = summary
        .goroutines
        .iter()
        .filter(|(name, group)| is_users(name, summary) && group.hogs as f64 >= limits.get("min-times"));
    let found = users.map(|(name, group)| Found {
        kind: SubjectKind::Group,
        subject: name.clone(),
        measure: group.hogs as f64,
        text: format!(
            "{} ran for more than 10 ms without a break {} times while others waited for a processor",
            names::short(name),
            group.hogs
        ),
        position: group.start.clone(),
        evidence: vec![("others waited".to_owned(), time(waited))],
    });
    found.collect()
}

pub(super) static QUOTA: Rule = Rule {
    name: "above-quota",
    definition: "GOMAXPROCS is at least `min-excess` above the processors that the control group allows: rounded up, and at least 2, as Go 1.25 and newer choose it by themselves. Whoever runs on more spends the quota of a period early, and then all stand still until the next. The quota is not in a trace: it is known where `gotrace-diff run` or `record` recorded, and never guessed.",
    advice: "set GOMAXPROCS to the quota (Go 1.25 and newer do, unless the variable is set), or raise the quota",
    thresholds: &[Threshold {
        name: "min-excess",
        default: 1.0,
        meaning: "processors that GOMAXPROCS is above what the quota allows",
    }],
    fine: false,
    find: quota,
};

fn quota(summary: &Summary, limits: &Limits<'_>) -> Vec<Found> {
    let quota = summary.environment.get(Fact::Quota).map(str::parse::<f64>);
    let Some(Ok(quota)) = quota else { return Vec::new() };
    let excess = summary.gomaxprocs as f64 - quota.ceil().max(2.0);
    if excess < limits.get("min-excess") {
        return Vec::new();
    }
    vec![Found {
        kind: SubjectKind::Process,
        subject: String::new(),
        measure: excess,
        text: format!("GOMAXPROCS is {}, but the control group allows {quota} processors", summary.gomaxprocs),
        position: None,
        evidence: vec![
            ("GOMAXPROCS".to_owned(), summary.gomaxprocs.to_string()),
            ("CPU quota".to_owned(), quota.to_string()),
        ],
    }]
}
