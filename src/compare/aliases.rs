//! Subjects that the team has renamed, and says so: the base's are called as the head calls them.

use std::collections::{BTreeMap, BTreeSet};

use super::side::{Package, Side, SubjectId};
use crate::metrics::registry::SubjectKind;

impl Side {
    /// Calls subjects by their new names, of which each package has its own. One that is there under its new name already
    /// stays apart; and so does one that `head` still has under its old name, which an alias with a slip of the pen would take away
    /// from what it is compared with. Gives the old names of the latter.
    pub fn rename<'a>(
        &mut self,
        head: &Side,
        aliases: impl Fn(&str) -> &'a BTreeMap<String, String>,
    ) -> BTreeSet<String> {
        let mut still_there = BTreeSet::new();
        // A single one is compared with a single one, whatever they are called.
        let only = head.packages.values().next().filter(|_| head.packages.len() == 1 && self.packages.len() == 1);
        for (name, package) in &mut self.packages {
            let aliases = aliases(name);
            let other = head.packages.get(name).or(only);
            let tests = tests_to_rename(package, other, aliases);
            package.runs.iter_mut().for_each(|run| run.outcomes.rename(&tests));
            let old: Vec<SubjectId> =
                package.subjects.keys().filter(|id| aliases.contains_key(&id.name)).cloned().collect();
            for id in old {
                if other.is_some_and(|other| other.subjects.contains_key(&id)) {
                    still_there.insert(id.name);
                    continue;
                }
                let Some(name) = aliases.get(&id.name).cloned() else { continue };
                let new = SubjectId { kind: id.kind, name };
                if package.subjects.contains_key(&new) {
                    continue;
                }
                if let Some(subject) = package.subjects.remove(&id) {
                    package.subjects.insert(new, subject);
                }
            }
        }
        still_there
    }
}

/// The aliases that hold for tests: what became of one has the name that its figures have.
fn tests_to_rename(
    package: &Package,
    other: Option<&Package>,
    aliases: &BTreeMap<String, String>,
) -> BTreeMap<String, String> {
    let has = |package: &Package, name: &str| {
        let is = |kind| package.subjects.contains_key(&SubjectId { kind, name: name.to_owned() });
        is(SubjectKind::Test)
            || is(SubjectKind::Benchmark)
            || package.runs.iter().flat_map(|run| run.outcomes.listed()).any(|(_, listed)| listed == name)
    };
    let holds = |(old, new): &(&String, &String)| !other.is_some_and(|other| has(other, old)) && !has(package, new);
    aliases.iter().filter(holds).map(|(old, new)| (old.clone(), new.clone())).collect()
}
