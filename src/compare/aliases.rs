//! Subjects that the team has renamed, and says so: the base's are called as the head calls them.

use std::collections::BTreeMap;

use super::side::{Side, SubjectId};

impl Side {
    /// Calls subjects by their new names, of which each package has its own. One that is there under its new name already
    /// stays apart.
    pub fn rename<'a>(&mut self, aliases: impl Fn(&str) -> &'a BTreeMap<String, String>) {
        for (name, package) in &mut self.packages {
            let aliases = aliases(name);
            let old: Vec<SubjectId> =
                package.subjects.keys().filter(|id| aliases.contains_key(&id.name)).cloned().collect();
            for id in old {
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
    }
}
