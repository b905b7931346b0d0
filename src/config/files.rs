//! Where configuration is read from: the working tree, or a commit that a change under review cannot have touched.

use std::path::Path;

use crate::error::Error;

/// Files, wherever they are.
pub trait Files {
    /// The text of a file; `None` where there is none.
    ///
    /// # Errors
    /// Where there is one that cannot be read, or that has more than `most` bytes.
    fn read(&self, path: &Path, most: u64) -> Result<Option<String>, Error>;

    /// Whether a file is there.
    ///
    /// # Errors
    /// As [`Files::read`], where nothing but reading tells.
    fn has(&self, path: &Path, most: u64) -> Result<bool, Error> {
        Ok(self.read(path, most)?.is_some())
    }
}

/// Files as they stand on the disk.
#[derive(Clone, Copy, Debug)]
pub struct WorkingTree;

impl Files for WorkingTree {
    fn read(&self, path: &Path, most: u64) -> Result<Option<String>, Error> {
        if !path.is_file() {
            return Ok(None);
        }
        crate::commands::read_text(path, most).map(Some)
    }

    fn has(&self, path: &Path, _most: u64) -> Result<bool, Error> {
        Ok(path.is_file())
    }
}
