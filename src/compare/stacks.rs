//! Stacks as subjects: how often goroutines waited, were created and were woken at each, and made system calls.
//!
//! Such counts hardly vary between runs of the same code. A stack is called by the functions of its chain; lines and
//! files are shown, and are no part of the name.

use std::collections::BTreeMap;

use super::{framework, names};
use crate::metrics::registry::StackCounts;
use crate::summary::{Position, SiteFrame, Summary};

/// The name of a stack, and where the frame is that a person looks for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct StackName {
    /// The chain of functions, innermost first.
    pub(super) name: String,
    /// Its place.
    pub(super) start: Option<Position>,
}

/// The stacks of a run at which its own code was, those of the runtime and the test framework aside.
pub(super) fn of(summary: &Summary, under_test: bool) -> Vec<(StackName, StackCounts)> {
    let mut all: BTreeMap<String, (Option<Position>, StackCounts)> = BTreeMap::new();
    let mut at = |stack: &[SiteFrame], note: &dyn Fn(&mut StackCounts)| {
        let Some(root) = stack.last() else { return };
        let owner = framework::owner(&root.func, under_test);
        if matches!(owner, framework::Owner::Runtime | framework::Owner::Framework)
            || framework::is_framework_wait(stack)
        {
            return;
        }
        let chain: Vec<String> = stack.iter().map(|f| names::key(&f.func)).collect();
        let entry = all.entry(chain.join(" < ")).or_default();
        if entry.0.is_none() {
            entry.0 = names::leaf(stack).map(SiteFrame::position);
        }
        note(&mut entry.1);
    };
    for site in &summary.sites {
        at(&site.stack, &|counts| match site.state.strip_prefix("block_ns.") {
            Some(reason) => *counts.blocks.entry(reason.to_owned()).or_default() += site.count,
            None => counts.syscalls += site.count,
        });
    }
    for creation in &summary.creations {
        at(&creation.stack, &|counts| counts.creations += creation.count);
    }
    for unblock in &summary.unblocks {
        at(&unblock.stack, &|counts| counts.unblocks += unblock.count);
    }
    all.into_iter().map(|(name, (start, counts))| (StackName { name, start }, counts)).collect()
}
