//! What a team's own framework does, kept apart as the test framework's is: its goroutines out of the verdict, its waits
//! out of the figures of whoever waits there.
//!
//! ```text
//!   TestCheckout   running ███ testkit.WaitForServer ░░░░░░░░ running ██      wait = "…/testkit.WaitFor*"
//!   counted        running ███                                running ██      as with waits for subtests
//! ```
//!
//! Done on sides rather than on summaries, so that it holds for baselines and results that were made before.

use std::collections::BTreeSet;
use std::path::Path;

use super::side::{Side, Subject, SubjectId};
use crate::metrics::registry::SubjectKind;

/// Where it is written that something is a framework's: the file and the line.
pub type Written<'a> = (&'a Path, usize);

/// What is of a framework of the team's own.
pub trait Apart {
    /// Whether it is nothing.
    fn is_empty(&self) -> bool;
    /// Whether goroutines that start in this function are.
    fn group(&self, function: &str) -> Option<Written<'_>>;
    /// Whether waits with this function on their stack are.
    fn wait(&self, function: &str) -> Option<Written<'_>>;
}

impl Side {
    /// Keeps apart what `of` says of each package. Gives back which filters matched anything.
    pub fn keep_apart<'a, A: Apart + 'a>(&mut self, of: impl Fn(&str) -> &'a A) -> BTreeSet<Written<'a>> {
        let mut matched = BTreeSet::new();
        for (name, package) in &mut self.packages {
            let framework = of(name);
            if framework.is_empty() {
                continue;
            }
            for (id, subject) in &mut package.subjects {
                match id.kind {
                    SubjectKind::Group | SubjectKind::Site => {
                        let found = owner(id, framework);
                        subject.framework |= found.is_some();
                        matched.extend(found);
                    }
                    SubjectKind::Test | SubjectKind::Benchmark => {}
                    SubjectKind::Process | SubjectKind::Region | SubjectKind::Task | SubjectKind::Log => continue,
                }
                if id.kind != SubjectKind::Site {
                    matched.extend(take_waits(subject, framework));
                }
            }
        }
        matched
    }
}

/// The filter that makes a goroutine group, or a stack, the framework's.
fn owner<'a>(id: &SubjectId, framework: &'a impl Apart) -> Option<Written<'a>> {
    if id.kind == SubjectKind::Group {
        return framework.group(&id.name);
    }
    // The chain of a stack, innermost first.
    let root = id.name.rsplit(" < ").next().unwrap_or_default();
    framework.group(root).or_else(|| id.name.split(" < ").find_map(|name| framework.wait(name)))
}

/// Takes the waits at these stacks out of a subject's figures.
fn take_waits<'a>(subject: &mut Subject, framework: &'a impl Apart) -> Vec<Written<'a>> {
    let mut matched = Vec::new();
    let figures = &mut subject.figures;
    subject.sites.retain(|key, site| {
        let Some(filter) = site.stack.iter().find_map(|frame| framework.wait(&frame.func)) else { return true };
        matched.push(filter);
        for (i, &time) in site.time_ns.iter().enumerate() {
            let mut take = |path: &str, most: i64| {
                let Some(Some(value)) = figures.get_mut(path).and_then(|values| values.get_mut(i)) else { return 0 };
                let taken = most.clamp(0, (*value).max(0));
                *value -= taken;
                taken
            };
            // System calls are told in two parts, and a site has both.
            let taken = if key.state.starts_with("block_ns.") {
                take(&key.state, time)
            } else {
                let held = take("syscall_ns", time);
                held + take("syscall_block_ns", time - held)
            };
            take("total_ns", taken);
        }
        false
    });
    matched
}
