//! Where a package's baseline lies: where its configuration says, beside it (`baseline-per-package`), or the nearest one.
//!
//! ```text
//!   shop/gotrace-baseline.json             ◀── example.com/shop, example.com/shop/cart
//!   shop/billing/gotrace-baseline.json     ◀── example.com/billing/invoice, of shop/billing/go.mod: the nearest one
//!   none is there yet                      beside the go.mod of the package
//!   a package of no module of ours         the nearest one from the working folder
//! ```

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use crate::baseline::{self, Baseline};
use crate::commands::{documents, nested};
use crate::config::{Config, Files};
use crate::error::Error;
use crate::paths::Repository;

/// Where baselines are looked for.
pub(in crate::commands) struct Places<'a> {
    config: &'a Config,
    files: &'a dyn Files,
    here: PathBuf,
    repository: Repository,
}

impl<'a> Places<'a> {
    /// For commands that are given in `here`. `files`: those of the commit that gates, or the disk's.
    pub(in crate::commands) fn new(config: &'a Config, files: &'a dyn Files, here: &Path) -> Places<'a> {
        Places { config, files, here: here.to_path_buf(), repository: Repository::around(here) }
    }

    /// The baseline of what no module here has: the configured or nearest one, else where it should be.
    pub(in crate::commands) fn for_all(&self) -> Result<PathBuf, Error> {
        match &self.config.baseline {
            Some(path) => Ok(path.clone()),
            None => self.nearest(&self.here),
        }
    }

    /// The nearest baseline from `folder` up to the repository's root; else beside the nearest go.mod.
    fn nearest(&self, folder: &Path) -> Result<PathBuf, Error> {
        for above in folder.ancestors() {
            let path = above.join(baseline::FILE_NAME);
            if self.files.has(&path, documents::MOST_BYTES)? {
                return Ok(path);
            }
            if above.join(".git").exists() {
                break;
            }
        }
        Ok(super::default_path(folder))
    }

    /// The baseline of a package.
    fn of(&self, package: &str) -> Result<PathBuf, Error> {
        let config = self.config.of(package);
        let folder = nested::folder_of(&self.repository, package, self.files);
        if config.baseline_per_package
            && let Some(folder) = folder.as_ref().filter(|f| f.is_dir())
        {
            return Ok(folder.join(baseline::FILE_NAME));
        }
        match (&config.baseline, folder) {
            (Some(path), _) => Ok(path.clone()),
            (None, Some(folder)) => self.nearest(&folder),
            (None, None) => self.for_all(),
        }
    }

    /// The files that the packages of a baseline belong in, each with its part.
    pub(in crate::commands) fn route(
        &self,
        whole: Baseline,
        said: Option<&Path>,
    ) -> Result<BTreeMap<PathBuf, Baseline>, Error> {
        if let Some(path) = said {
            return Ok(BTreeMap::from([(path.to_path_buf(), whole)]));
        }
        let mut packages: BTreeMap<PathBuf, BTreeSet<String>> = BTreeMap::new();
        for package in whole.packages() {
            packages.entry(self.of(package)?).or_default().insert(package.to_owned());
        }
        if packages.len() < 2 {
            let path = packages.into_keys().next().map_or_else(|| self.for_all(), Ok)?;
            return Ok(BTreeMap::from([(path, whole)]));
        }
        Ok(packages.into_iter().map(|(path, of)| (path, whole.only(&of))).collect())
    }
}
