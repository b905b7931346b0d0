//! Who owns what a text names: the one thing that is asked of a place beside where it is.

use super::Text;
use crate::owners::Owners;
use crate::paths::Repository;

impl Text {
    /// The owners of the file of this place (`file:line`), if that is inside of the repository.
    pub fn owners(&self, owners: &Owners) -> Vec<Text> {
        let file = self.place().and_then(|(file, _)| file.inside());
        file.map_or_else(Vec::new, |file| owners.of(&file.0).into_iter().map(Text::from).collect())
    }

    /// The owners of this package's folder: of any Go file in it.
    pub fn package_owners(&self, owners: &Owners, repository: &Repository) -> Vec<Text> {
        let Some(folder) = repository.folder(&self.0) else { return Vec::new() };
        let file = if folder.is_empty() { "x.go".to_owned() } else { format!("{folder}/x.go") };
        owners.of(&file).into_iter().map(Text::from).collect()
    }
}
