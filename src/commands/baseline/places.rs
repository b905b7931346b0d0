//! Where a package's baseline lies: in one file for all, or beside each package (`baseline-per-package`).
//!
//! ```text
//!   go.mod: module example.com/shop       example.com/shop/cart      ▶ cart/gotrace-baseline.json
//!   billing/go.mod: module example.com/b  example.com/b/invoice      ▶ billing/invoice/gotrace-baseline.json
//!                                         what lies nowhere here     ▶ the file for all
//! ```

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use crate::baseline::{self, Baseline};
use crate::config::Config;
use crate::error::Error;
use crate::paths::module_name;

/// Folders below the repository that are looked into for modules, and how deep.
const DEEPEST: usize = 12;
const MOST_MODULES: usize = 10_000;
/// More than any go.mod has before its module's name.
const MOST_BYTES: u64 = 1 << 20;

/// The files that the packages of a baseline belong in, each with its part.
pub(in crate::commands) fn route(
    whole: Baseline,
    said: Option<&Path>,
    config: &Config,
    here: &Path,
) -> Result<BTreeMap<PathBuf, Baseline>, Error> {
    let for_all = super::find(said, config, here);
    if said.is_some() || !config.baseline_per_package {
        return Ok(BTreeMap::from([(for_all, whole)]));
    }
    let modules = Modules::around(here)?;
    let mut packages: BTreeMap<PathBuf, BTreeSet<String>> = BTreeMap::new();
    for package in whole.packages() {
        let path = modules.folder(package).map_or_else(|| for_all.clone(), |f| f.join(baseline::FILE_NAME));
        packages.entry(path).or_default().insert(package.to_owned());
    }
    Ok(packages.into_iter().map(|(path, of)| (path, whole.only(&of))).collect())
}

/// The modules of a repository: their names and folders.
struct Modules(Vec<(String, PathBuf)>);

impl Modules {
    fn around(here: &Path) -> Result<Modules, Error> {
        let root = here.ancestors().find(|f| f.join(".git").exists()).unwrap_or(here);
        let mut found = Modules(Vec::new());
        found.look(root, 0)?;
        Ok(found)
    }

    fn look(&mut self, folder: &Path, depth: usize) -> Result<(), Error> {
        let failed = |source| Error::Read { file: folder.display().to_string(), source };
        let mut entries = std::fs::read_dir(folder).map_err(failed)?.collect::<Result<Vec<_>, _>>().map_err(failed)?;
        entries.sort_by_key(std::fs::DirEntry::file_name);
        for entry in entries {
            let kind = entry.file_type().map_err(failed)?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let ignored = name.starts_with(['.', '_']) || ["node_modules", "testdata", "vendor"].contains(&&*name);
            if kind.is_dir() && depth < DEEPEST && !ignored {
                // A folder that may not be read has no packages of ours.
                let _ = self.look(&entry.path(), depth + 1);
            } else if kind.is_file() && name == "go.mod" && self.0.len() < MOST_MODULES {
                let text = super::documents::read_text(&entry.path(), MOST_BYTES)?;
                if let Some(module) = module_name(&text) {
                    self.0.push((module, folder.to_path_buf()));
                }
            }
        }
        Ok(())
    }

    /// The folder of a package of these modules, if it is there.
    fn folder(&self, package: &str) -> Option<PathBuf> {
        let within = |module: &str| match package.strip_prefix(module)? {
            "" => Some(String::new()),
            rest => rest.strip_prefix('/').map(str::to_owned),
        };
        let of = self.0.iter().filter_map(|(module, folder)| Some((module.len(), folder, within(module)?)));
        let (_, folder, rest) = of.max_by_key(|(length, ..)| *length)?;
        // A package's name is out of a trace: it may not lead anywhere else.
        let plain = rest.split('/').all(|part| {
            !matches!(part, "." | "..") && (rest.is_empty() || !part.is_empty()) && !part.contains(['\\', ':'])
        });
        Some(folder.join(rest)).filter(|f| plain && f.is_dir())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packages_are_found_by_the_nearest_module_and_nowhere_else() {
        let folder = tempfile::tempdir().unwrap();
        let top = folder.path();
        for below in ["cart", "billing/invoice"] {
            std::fs::create_dir_all(top.join(below)).unwrap();
        }
        let modules = Modules(vec![
            (module_name("// x\nmodule example.com/shop // y\n").unwrap(), top.to_path_buf()),
            (module_name("module \"example.com/shop/billing\"").unwrap(), top.join("billing")),
        ]);
        for (package, want) in [
            ("example.com/shop", Some("")),
            ("example.com/shop/cart", Some("cart")),
            ("example.com/shop/billing/invoice", Some("billing/invoice")),
            ("example.com/shop/gone", None),
            ("example.com/shopping", None),
            ("example.com/shop/../cart", None),
            ("example.com/shop//tmp", None),
            ("base", None),
        ] {
            assert_eq!(modules.folder(package), want.map(|w| top.join(w)), "{package}");
        }
    }
}
