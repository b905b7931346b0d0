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
use crate::metrics::registry::SubjectKind;
use crate::trace::launches;

/// New goroutines fail only where code that was there before starts them; new tests, regions, tasks and messages are news.
pub(super) fn added(
    package: &PackagePair,
    subject: &SubjectPair,
    change: &Change,
    terms: &Terms,
    known: &Known<'_>,
) -> (Outcome, Evidence) {
    let grown = |by: f64| by * verdict::runs_items(package, change) >= verdict::CERTAIN_GROWTH;
    let is_known = |creator: &String| launches::launcher(creator).is_none() && known.has(&names::key(creator));
    let by_known_code = || subject.head.as_ref().is_some_and(|(_, s)| s.creators.keys().any(is_known));
    let was_one_of_many = || is_launched(subject.name()) && known.has_all_of_launchers();
    if subject.kind == SubjectKind::Group
        && grown(change.delta())
        && by_known_code()
        && !was_one_of_many()
        && grown(change.delta() - known.gone_for(subject))
        && !package.tests_differ
        && terms.level >= Level::Warn
    {
        return (Outcome::Regression, Evidence::Multiplied);
    }
    (Outcome::Note, Evidence::Presence)
}

/// The functions that the base shows to have been there, by key: they started, created or waited. Collected when the
/// first is asked for.
pub(super) struct Known<'p> {
    package: &'p PackagePair,
    keys: OnceCell<HashSet<String>>,
    gone: OnceCell<HashMap<String, (f64, f64)>>,
    lumped: OnceCell<bool>,
}

/// Whether goroutines of a group of this name were started by a launcher.
fn is_launched(group: &str) -> bool {
    launches::parts(group).1.is_some()
}

impl Known<'_> {
    pub(super) fn of(package: &PackagePair) -> Known<'_> {
        Known { package, keys: OnceCell::new(), gone: OnceCell::new(), lumped: OnceCell::new() }
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

    /// How many goroutines of the same creator are gone, where a launcher starts either: `go` statements became `wg.Go`, or that
    /// became `go` statements.
    fn gone_for(&self, new: &SubjectPair) -> f64 {
        let Some((name, subject)) = &new.head else { return 0.0 };
        let gone = self.gone.get_or_init(|| self.all_gone());
        let of = |creator: &String| {
            let (all, launched) = gone.get(&names::key(creator)).copied().unwrap_or_default();
            if is_launched(name) { all } else { launched }
        };
        subject.creators.keys().map(of).fold(0.0, f64::max)
    }

    /// By creator: how many of its goroutines are gone, and how many of those a launcher started.
    fn all_gone(&self) -> HashMap<String, (f64, f64)> {
        let mut gone: HashMap<String, (f64, f64)> = HashMap::default();
        for pair in self.package.subjects.iter().filter(|s| s.kind == SubjectKind::Group && s.head.is_none()) {
            let Some((name, subject)) = &pair.base else { continue };
            let count = pair.change("count").and_then(Change::base).unwrap_or(0.0);
            for creator in subject.creators.keys() {
                let (all, launched) = gone.entry(names::key(creator)).or_default();
                *all += count;
                *launched += if is_launched(name) { count } else { 0.0 };
            }
        }
        gone
    }

    /// Whether the base is from before goroutines that launchers start were told apart: they are one group there, which the
    /// launcher itself created.
    fn has_all_of_launchers(&self) -> bool {
        let by_launcher = |s: &Subject| s.creators.keys().any(|c| launches::launcher(c).is_some());
        let bases = || self.package.subjects.iter().filter_map(|s| s.base.as_ref());
        *self.lumped.get_or_init(|| bases().any(|(_, s)| by_launcher(s)))
    }
}
