//! Which tests the goroutines of a group, the calls of a region and the tasks of a type worked for.
//!
//! ```text
//!   TestLoad ──┬─ catalog.load.func1   all of them          belongs to TestLoad
//!   TestSave ──┴─ db.(*pool).worker    some here, some there       to both
//!   no test  ──── http.serve           one belongs to nobody       to none: its figures are of no test
//! ```
//!
//! Subtests of one test count as that test as soon as a second one of them takes part: a table of a hundred cases is
//! one thing to whoever looks for it.

use std::collections::BTreeMap;

use super::groups::GroupIx;
use super::population::{self, Owner};
use super::tests::{TestIx, Tests};
use crate::hash::HashMap;
use crate::trace::{Sym, Symbols};

/// What worked for more tests than these (repeats count as such) belongs to none.
const MOST: usize = 16;

/// The tests of one subject: each with the outermost test around it.
#[derive(Clone, Debug, Default)]
struct Owners {
    tests: Vec<(TestIx, TestIx)>,
    mixed: bool,
}

impl Owners {
    fn add(&mut self, root: TestIx, test: TestIx) {
        if self.mixed || self.tests.last() == Some(&(root, test)) {
            return;
        }
        match self.tests.iter_mut().find(|(known, _)| *known == root) {
            Some((root, known)) if *known != test => *known = *root,
            Some(_) => {}
            None => self.tests.push((root, test)),
        }
        if test == TestIx::NONE || self.tests.len() > MOST {
            (self.tests, self.mixed) = (Vec::new(), true);
        }
    }
}

/// The names of the subjects that belong to one test.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Owned {
    pub(super) groups: Vec<String>,
    pub(super) regions: Vec<String>,
    pub(super) tasks: Vec<String>,
}

/// Of all subjects.
#[derive(Clone, Debug, Default)]
pub(super) struct Belongs {
    groups: Vec<Owners>,
    regions: HashMap<Sym, Owners>,
    tasks: HashMap<Sym, Owners>,
    /// By symbol: the test that was said last of the region of this name. The same again needs no looking up.
    last: Vec<Option<TestIx>>,
}

impl Belongs {
    /// A goroutine of the group worked for a test.
    #[inline(always)]
    pub(super) fn group(&mut self, group: GroupIx, test: TestIx, tests: &Tests) {
        // One of nobody's goroutines, and nothing more is to be learnt of the group.
        if !self.groups.get(group.0 as usize).is_some_and(|owners| owners.mixed) {
            self.add_group(group, test, tests);
        }
    }

    fn add_group(&mut self, group: GroupIx, test: TestIx, tests: &Tests) {
        let at = group.0 as usize;
        if at >= self.groups.len() {
            self.groups.resize_with(at + 1, Owners::default);
        }
        self.groups[at].add(tests.root(test), test);
    }

    /// A call of the region was made for a test.
    #[inline(always)]
    pub(super) fn region(&mut self, name: Sym, test: TestIx, tests: &Tests) {
        if self.last.get(name.0 as usize) != Some(&Some(test)) {
            self.add_region(name, test, tests);
        }
    }

    fn add_region(&mut self, name: Sym, test: TestIx, tests: &Tests) {
        let at = name.0 as usize;
        if at >= self.last.len() {
            self.last.resize(at + 1, None);
        }
        self.last[at] = Some(test);
        self.regions.entry(name).or_default().add(tests.root(test), test);
    }

    /// A task of the type was begun for a test.
    pub(super) fn task(&mut self, name: Sym, test: TestIx, tests: &Tests) {
        self.tasks.entry(name).or_default().add(tests.root(test), test);
    }

    /// By test: what belongs to it, be it also to others. Names are in order.
    pub(super) fn by_test(&self, group: impl Fn(GroupIx) -> Sym, symbols: &Symbols) -> BTreeMap<TestIx, Owned> {
        let mut all: BTreeMap<TestIx, Owned> = BTreeMap::new();
        // Of the framework's own goroutines everyone knows it.
        let own = |name: &Sym| population::owner(symbols.text(*name), true) == Owner::User;
        let named = (0..).map(GroupIx).zip(&self.groups).map(|(ix, owners)| (group(ix), owners));
        let groups = named.filter(|(name, _)| *name != Sym::EMPTY && own(name));
        for (name, owners) in groups {
            owners
                .tests
                .iter()
                .for_each(|(_, t)| all.entry(*t).or_default().groups.push(symbols.text(name).to_owned()));
        }
        for (name, owners) in &self.regions {
            owners
                .tests
                .iter()
                .for_each(|(_, t)| all.entry(*t).or_default().regions.push(symbols.text(*name).to_owned()));
        }
        for (name, owners) in &self.tasks {
            owners
                .tests
                .iter()
                .for_each(|(_, t)| all.entry(*t).or_default().tasks.push(symbols.text(*name).to_owned()));
        }
        for owned in all.values_mut() {
            [&mut owned.groups, &mut owned.regions, &mut owned.tasks].into_iter().for_each(|names| {
                names.sort();
                names.dedup();
            });
        }
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn subtests_of_one_test_count_as_that_test_and_strangers_make_it_nobodys() {
        let [root, a, b, other] = [1, 2, 3, 9].map(TestIx);
        let mut owners = Owners::default();
        owners.add(root, a);
        assert_eq!(owners.tests, [(root, a)]);
        owners.add(root, b);
        owners.add(root, a);
        assert_eq!(owners.tests, [(root, root)]);
        owners.add(other, other);
        assert_eq!(owners.tests, [(root, root), (other, other)]);
        owners.add(TestIx::NONE, TestIx::NONE);
        owners.add(other, other);
        assert_eq!(owners.tests, []);
    }

    #[test]
    fn what_works_for_very_many_tests_belongs_to_none() {
        let mut owners = Owners::default();
        (1..=MOST as u32).for_each(|i| owners.add(TestIx(i), TestIx(i)));
        assert_eq!(owners.tests.len(), MOST);
        owners.add(TestIx(99), TestIx(99));
        assert!(owners.tests.is_empty() && owners.mixed);
    }
}
