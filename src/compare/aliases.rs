//! Subjects that the team has renamed, and says so: the base's are called as the head calls them.

use std::collections::{BTreeMap, BTreeSet};

use super::side::{Side, SubjectId};

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
            package.runs.iter_mut().for_each(|run| run.outcomes.rename(aliases));
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
