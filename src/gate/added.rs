//! What a subject means that is new: goroutines are growth from nothing where known code starts them, and all else is news.
//!
//! ```text
//!   base   p.serve ── created by p.main                 known: p.serve, p.main, and what waits in their stacks
//!   head   p.serve, p.new ── created by p.serve         p.new: growth          created by p.other, which is new, too: news
//! ```

use std::cell::OnceCell;

use super::rules::Terms;
use super::verdict::{self, Evidence, Outcome};
use crate::compare::{Change, PackagePair, Subject, SubjectPair, names};
use crate::config::Level;
use crate::hash::{HashMap, HashSet};
use crate::launchers;
use crate::metrics::registry::SubjectKind;

/// New goroutines fail only where code that was there before starts them; new tests, regions, tasks and messages are news.
pub(super) fn added(
    package: &PackagePair,
    subject: &SubjectPair,
    change: &Change,
    terms: &Terms,
    known: &OfBase<'_>,
) -> (Outcome, Evidence) {
    let grown = |by: f64| by * verdict::runs_items(package, change) >= verdict::CERTAIN_GROWTH;
    let is_known = |creator: &String| launchers::launcher(creator).is_none() && known.has(&names::key(creator));
    let by_known_code = || subject.head.as_ref().is_some_and(|(_, s)| s.creators.keys().any(is_known));
    let was_one_of_many = || is_launched(subject.name()) && known.has_all_of_launchers();
    if subject.kind == SubjectKind::Group
        && grown(change.delta())
        && by_known_code()
        && !was_one_of_many()
        && grown(known.beyond_what_is_gone(subject, change))
        && !package.tests_differ_for(subject)
        && terms.level >= Level::Warn
    {
        return (Outcome::Regression, Evidence::Multiplied);
    }
    (Outcome::Note, Evidence::Presence)
}

/// The functions that the base shows to have been there, by key: they started, created or waited. Collected when the
/// first is asked for.
pub(super) struct OfBase<'p> {
    package: &'p PackagePair,
    keys: OnceCell<HashSet<String>>,
    moved: OnceCell<HashMap<String, Moved>>,
    lumped: OnceCell<bool>,
}

/// What became of the goroutines of one creator.
#[derive(Default)]
struct Moved {
    /// How many are gone, of groups that the head does not have.
    gone: f64,
    /// How many of those a launcher started.
    gone_launched: f64,
    /// How many are new, of groups that the base does not have.
    new: f64,
}

/// Whether goroutines of a group of this name were started by a launcher.
fn is_launched(group: &str) -> bool {
    launchers::parts(group).1.is_some()
}

impl OfBase<'_> {
    pub(super) fn of(package: &PackagePair) -> OfBase<'_> {
        OfBase { package, keys: OnceCell::new(), moved: OnceCell::new(), lumped: OnceCell::new() }
    }

    fn has(&self, key: &str) -> bool {
        let all = || {
            let bases = self.package.subjects.iter().filter_map(|s| s.base.as_ref());
            bases
                .flat_map(|(name, s)| {
                    let chains = s.sites.keys().flat_map(|site| site.chain.iter().cloned());
                    std::iter::once(names::key(name)).chain(s.creators.keys().map(|c| names::key(c))).chain(chains)
                })
                .collect()
        };
        self.keys.get_or_init(all).contains(key)
    }

    /// How many goroutines of a new group there are beyond those of the same creator that are gone, where a launcher starts either:
    /// `go` statements became `wg.Go`, or that became `go` statements. What is gone is taken off all of the creator's new groups
    /// together.
    fn beyond_what_is_gone(&self, new: &SubjectPair, change: &Change) -> f64 {
        let Some((name, subject)) = &new.head else { return change.delta() };
        let moved = self.moved.get_or_init(|| self.all_moved());
        let beyond = |creator: &String| {
            let of = moved.get(&names::key(creator))?;
            Some(of.new - if is_launched(name) { of.gone } else { of.gone_launched })
        };
        subject.creators.keys().filter_map(beyond).fold(change.delta(), f64::min)
    }

    fn all_moved(&self) -> HashMap<String, Moved> {
        let mut all: HashMap<String, Moved> = HashMap::default();
        for pair in self.package.subjects.iter().filter(|s| s.kind == SubjectKind::Group) {
            let (name, subject, is_new) = match (&pair.base, &pair.head) {
                (Some((name, base)), None) => (name, base, false),
                (None, Some((name, head))) => (name, head, true),
                _ => continue,
            };
            let count = pair.change("count").map_or(0.0, |change| change.delta().abs());
            for creator in subject.creators.keys() {
                let moved = all.entry(names::key(creator)).or_default();
                if is_new {
                    moved.new += count;
                    continue;
                }
                moved.gone += count;
                moved.gone_launched += if is_launched(name) { count } else { 0.0 };
            }
        }
        all
    }

    /// Whether the base is from before goroutines that launchers start were told apart: they are one group there, which the
    /// launcher itself created.
    fn has_all_of_launchers(&self) -> bool {
        let by_launcher = |s: &Subject| s.creators.keys().any(|c| launchers::launcher(c).is_some());
        let bases = || self.package.subjects.iter().filter_map(|s| s.base.as_ref());
        *self.lumped.get_or_init(|| bases().any(|(_, s)| by_launcher(s)))
    }
}
