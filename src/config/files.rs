//! Where configuration is read from: the working tree, or a commit that a change under review cannot have touched.

use std::io::ErrorKind;
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
        if !stands(path)? {
            return Ok(None);
        }
        crate::commands::read_text(path, most).map(Some)
    }

    fn has(&self, path: &Path, _most: u64) -> Result<bool, Error> {
        stands(path)
    }
}

/// Whether a file is there. Whatever else has its name is an error, and not as if nothing were there: limits and a baseline that
/// are not read are not held to. Nothing is opened, since a pipe would wait for its other end.
fn stands(path: &Path) -> Result<bool, Error> {
    let file = || path.display().to_string();
    let odd = |message: &str| Error::Input {
        file: file(),
        message: message.to_owned(),
        advice: "put a file in its place, or take it away".to_owned(),
    };
    match std::fs::symlink_metadata(path) {
        Ok(_) => {}
        Err(e) if matches!(e.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => return Ok(false),
        Err(source) => return Err(Error::Read { file: file(), source }),
    }
    match std::fs::metadata(path) {
        Ok(meta) if meta.is_file() => Ok(true),
        Ok(_) => Err(odd("is no regular file")),
        Err(e) if e.kind() == ErrorKind::NotFound => Err(odd("is a symbolic link to nothing")),
        Err(source) => Err(Error::Read { file: file(), source }),
    }
}
