//! Many changes of one subject are one finding: the total rose because one state did.
//!
//! ```text
//!   loadAll.func1   total_ns                58 ms ──▶ 118 ms   ┐
//!                   block_ns.chan send      55 ms ──▶ 115 ms   ├─ one finding, which names the state and the stack
//!                   sched_wait_ns          600 µs ──▶ 900 µs   ┘
//! ```

use std::collections::BTreeMap;

use super::cause::{self, SiteChange};
use super::rank;
use super::verdict::{Evidence, Judged, Judgement, Outcome};
use crate::compare::{Change, Comparison, PackagePair, SubjectPair};
use crate::config::Level;
use crate::metrics::population::is_standard;
use crate::metrics::registry::{Class, SubjectKind};

/// One thing to tell.
#[derive(Clone, Debug)]
pub struct Finding {
    /// Which package and which of its subjects.
    pub at: (usize, usize),
    /// The change that tells it best, as an index into the subject's changes.
    pub lead: usize,
    /// What it means: the gravest of what is folded into it.
    pub outcome: Outcome,
    /// What that rests on.
    pub evidence: Evidence,
    /// The judgement of the lead.
    pub judgement: Judgement,
    /// The state that explains it, as the path of a metric.
    pub state: Option<String>,
    /// The stack whose time grew most in that state.
    pub site: Option<SiteChange>,
    /// The other changes that are folded into it.
    pub folded: Vec<Judgement>,
    /// Whether any of it can fail the build.
    pub gates: bool,
    /// Its rank.
    pub score: f64,
}

/// The findings of a comparison, most important first.
pub fn findings(comparison: &Comparison, judged: &Judged) -> Vec<Finding> {
    let mut by_family: BTreeMap<(usize, usize, bool, &str), Vec<&Judgement>> = BTreeMap::new();
    for judgement in &judged.judgements {
        if judgement.outcome == Outcome::Unchanged {
            continue;
        }
        let (p, s, c) = judgement.at;
        let change = &comparison.packages[p].subjects[s].changes[c];
        let family = change.metric.part_of.unwrap_or(&change.path);
        // What rose does not explain what fell.
        by_family.entry((p, s, change.delta() < 0.0, family)).or_default().push(judgement);
    }
    let mut all: Vec<Finding> =
        by_family.into_iter().filter_map(|((p, s, ..), members)| fold(comparison, (p, s), &members)).collect();
    // How often a stack was met says less than what was done there for how long; and what the whole run took is told by
    // everything else: it comes after what can be named.
    let detail = |f: &Finding| match comparison.packages[f.at.0].subjects[f.at.1].kind {
        SubjectKind::Process => 2,
        SubjectKind::Site => 1,
        _ => 0,
    };
    all.sort_by(|a, b| {
        let class = |f: &Finding| (f.outcome, is_weak(f), detail(f));
        class(a).cmp(&class(b)).then(b.score.total_cmp(&a.score)).then(a.at.cmp(&b.at))
    });
    all
}

/// Notes that nothing gates come after those that are news: what is new and what is gone.
fn is_weak(finding: &Finding) -> bool {
    finding.outcome == Outcome::Note && finding.evidence != Evidence::Presence
}

fn fold(comparison: &Comparison, at: (usize, usize), members: &[&Judgement]) -> Option<Finding> {
    let package = &comparison.packages[at.0];
    let subject = &package.subjects[at.1];
    // Of those that are as grave the one with the greatest change: the total, which states are a part of. A quantile
    // leads only where the total hardly moved: it has no state to explain it.
    let size = |j: &&&Judgement| {
        let change = &subject.changes[j.at.2];
        change.delta().abs() * if change.path.starts_with("durations.") { 0.5 } else { 1.0 }
    };
    let gravest = members.iter().min_by(|a, b| {
        a.outcome.cmp(&b.outcome).then(b.terms.level.cmp(&a.terms.level)).then(size(b).total_cmp(&size(a)))
    })?;
    let lead = lead(subject, gravest, members);
    let change = &subject.changes[lead.at.2];
    let total = &subject.changes[gravest.at.2];
    let state = match () {
        () if cause::is_state(&change.path) => Some(change.path.to_string()),
        // Where the calls are made shows in the time that they take.
        () if change.path == "syscalls" => Some("syscall_ns".to_owned()),
        // A wait is no reason to run for longer, or for less.
        () if change.metric.class == Class::Time => {
            let told = |c: &&Change| c.path == "exec_ns" || !is_running(&change.path);
            cause::state(subject, total).filter(told).map(|c| c.path.to_string())
        }
        () => None,
    };
    let site = state
        .as_deref()
        .and_then(|path| subject.change(path))
        .and_then(|c| cause::site(subject, c, &package.base_runs, &package.head_runs))
        .or_else(|| {
            subject.test().filter(|_| change.path == "leaked").and_then(|test| cause::left_behind(package, test))
        });
    let walls: Vec<f64> = package.base_runs.iter().map(|r| r.duration_ns as f64).collect();
    let wall = crate::stats::sample::median(&walls).unwrap_or(0.0);
    let leaf = site.as_ref().and_then(|s| waiting(&s.stack)).unwrap_or_default();
    let idle = is_idle(subject, state.as_deref(), test_wall(package, subject).unwrap_or(wall));
    let score = rank::score(change, state.as_deref().unwrap_or(&change.path), lead.terms.min_delta, wall, leaf)
        * if idle { rank::IDLE } else { 1.0 };
    Some(Finding {
        at,
        lead: lead.at.2,
        outcome: gravest.outcome,
        evidence: gravest.evidence.clone(),
        judgement: (*lead).clone(),
        state,
        site,
        folded: members.iter().filter(|j| j.at != lead.at).map(|j| (*j).clone()).collect(),
        gates: members.iter().any(|j| j.terms.level == Level::Error && !(j.terms.only_if_proven && is_unproven(j))),
        score,
    })
}

/// Whether a figure is time on a processor: `work.exec_ns`, `gc.assist_exec_ns` and the like.
fn is_running(path: &str) -> bool {
    path.ends_with("exec_ns")
}

/// Whether nothing proves the change.
fn is_unproven(judgement: &Judgement) -> bool {
    judgement.evidence == Evidence::FewRuns
}

/// How long the test is in the base that a subject's goroutines are of.
fn test_wall(package: &PackagePair, subject: &SubjectPair) -> Option<f64> {
    let name = subject.test()?;
    let is_it = |s: &&SubjectPair| {
        matches!(s.kind, SubjectKind::Test | SubjectKind::Benchmark)
            && s.base.as_ref().is_some_and(|(base, side)| base == name && !side.repeats.is_empty())
    };
    package.subjects.iter().find(is_it)?.change("total_ns")?.base()
}

/// Whether these are goroutines that wait to be given something to do, and live as long as the run or their test, or are the standard
/// library's, as those of a connection: what they wait longer is how much longer others take.
fn is_idle(subject: &SubjectPair, state: Option<&str>, wall: f64) -> bool {
    let waits_for_work = state.is_some_and(|s| {
        matches!(s, "block_ns.network" | "block_ns.select" | "block_ns.chan receive" | "block_ns.sync.(*Cond).Wait")
    });
    let lives_throughout =
        subject.change("total_ns").and_then(Change::base).is_some_and(|total| total > 0.7 * wall && wall > 0.0);
    subject.kind == SubjectKind::Group && waits_for_work && (lives_throughout || is_standard(subject.name()))
}

/// The innermost function outside the runtime: the one that waits.
fn waiting(stack: &[crate::summary::SiteFrame]) -> Option<&str> {
    stack.iter().map(|f| &*f.func).find(|f| !f.starts_with("runtime.") && !f.starts_with("internal/"))
}

/// The change that tells a finding best: a single state, where it is most of the gravest change.
fn lead<'j>(subject: &SubjectPair, gravest: &&'j Judgement, members: &[&'j Judgement]) -> &'j Judgement {
    let total = &subject.changes[gravest.at.2];
    if total.metric.class != Class::Time || cause::is_state(&total.path) {
        return gravest;
    }
    let explains = |c: &Change| c.delta().abs() >= total.delta().abs() / 2.0;
    let Some(state) = cause::state(subject, total).filter(|c| explains(c)) else { return gravest };
    // What is shown as better is itself better: nobody looks for the cause of that.
    let leads = |j: &&&Judgement| gravest.outcome != Outcome::Improvement || j.outcome == Outcome::Improvement;
    let of_state = members.iter().find(|j| subject.changes[j.at.2].path == state.path);
    of_state.filter(leads).copied().unwrap_or(gravest)
}
