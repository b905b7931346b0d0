//! The configuration of each package: of several packages in one command, each is judged by the nearest file of its own.
//!
//! ```text
//!   shop/gotrace-diff.toml            ◀── example.com/shop/cart      has none of its own: that of shop
//!   shop/billing/gotrace-diff.toml    ◀── example.com/shop/billing   its own first, then that of shop
//!   traces from elsewhere             ◀── the working folder's, as with one package
//! ```

use std::path::{Path, PathBuf};

use crate::cli::GateArgs;
use crate::config::{self, Config, Files};
use crate::error::Error;
use crate::paths::{Repository, module_name};

/// More than any go.mod has.
const MOST_BYTES: u64 = 1 << 20;

/// Gives each of `packages` its own configuration, where one is nearer to it than the working folder's. The flags hold
/// for all of them, and a file that was named (`--config`) holds alone.
pub(super) fn by_package<'p>(
    config: &mut Config,
    gate: &GateArgs,
    files: &dyn Files,
    packages: impl IntoIterator<Item = &'p str>,
) -> Result<(), Error> {
    let flags = |config: &mut Config| super::overlay(config, gate);
    nest(config, gate.config.as_deref(), files, packages, &flags)
}

/// The same, where there are no flags beside `--config`.
pub(super) fn of_files<'p>(
    config: &mut Config,
    explicit: Option<&Path>,
    packages: impl IntoIterator<Item = &'p str>,
) -> Result<(), Error> {
    nest(config, explicit, &config::WorkingTree, packages, &|_| Ok(()))
}

fn nest<'p>(
    config: &mut Config,
    explicit: Option<&Path>,
    files: &dyn Files,
    packages: impl IntoIterator<Item = &'p str>,
    flags: &dyn Fn(&mut Config) -> Result<(), Error>,
) -> Result<(), Error> {
    if explicit.is_some() {
        return Ok(());
    }
    let repository = Repository::around(&super::working_folder()?);
    for package in packages {
        let Some(folder) = folder_of(&repository, package, files) else { continue };
        let mut own = config::resolve_in(None, &folder, files)?;
        if own.files == config.files {
            continue;
        }
        flags(&mut own)?;
        config.nested.insert(package.to_owned(), own);
    }
    Ok(())
}

/// The folder of a package, by the go.mod files of the working tree that the commit that gates has too.
pub(super) fn folder_of(repository: &Repository, package: &str, files: &dyn Files) -> Option<PathBuf> {
    let module = |path: &Path| module_name(&files.read(path, MOST_BYTES).ok()??);
    repository.package_folder(package, &module)
}
