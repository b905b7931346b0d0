//! Where the bytes of a trace come from: one after the other, or from any place of a file.
//!
//! Of a file the events need not be held in memory: what is read ahead of a generation are its tables and where its batches
//! begin, and each batch is read when its turn comes, into memory that was used for the one before.
//!
//! ```text
//!   stream   | generation 1 ....... | generation 2 ....... |     read whole, one ahead
//!   file     |h   h   h  h  h tables|h  h   h    h h tables|     h: the header of a batch
//! ```

use std::fs::File;
use std::io::{self, Read};
use std::sync::Arc;

/// With this every trace begins that is not packed.
const PLAIN: &[u8; 5] = b"go 1.";

/// Reads from any place, without a place of its own.
pub trait ReadAt: Send + Sync {
    /// Reads what lies `at` bytes behind the beginning, or a part of it, and says how much; 0 at the end.
    ///
    /// # Errors
    /// As [`Read::read`].
    fn read_at(&self, into: &mut [u8], at: u64) -> io::Result<usize>;

    /// Says that `len` bytes from there on will be read before long: a disk is better at reading all of them than at reading
    /// one piece when it is asked for, and then the next.
    fn will_need(&self, _at: u64, _len: u64) {}
}

impl ReadAt for File {
    #[cfg(unix)]
    fn read_at(&self, into: &mut [u8], at: u64) -> io::Result<usize> {
        std::os::unix::fs::FileExt::read_at(self, into, at)
    }

    #[cfg(windows)]
    fn read_at(&self, into: &mut [u8], at: u64) -> io::Result<usize> {
        std::os::windows::fs::FileExt::seek_read(self, into, at)
    }

    #[cfg(target_os = "linux")]
    fn will_need(&self, at: u64, len: u64) {
        // It is as good without, but for the time.
        let _ = rustix::fs::fadvise(self, at, std::num::NonZero::new(len), rustix::fs::Advice::WillNeed);
    }
}

impl ReadAt for Vec<u8> {
    fn read_at(&self, into: &mut [u8], at: u64) -> io::Result<usize> {
        let mut rest = usize::try_from(at).ok().and_then(|at| self.get(at..)).unwrap_or_default();
        rest.read(into)
    }
}

/// The bytes of a trace.
pub enum Bytes<R> {
    /// Plain or packed, from the first on.
    Stream(R),
    /// Those of a file that is not packed, and how many there are.
    File(Arc<dyn ReadAt>, u64),
}

impl<R: Read> From<R> for Bytes<R> {
    fn from(stream: R) -> Bytes<R> {
        Bytes::Stream(stream)
    }
}

impl<R> Bytes<R> {
    /// Those of a regular file that has `size` bytes. Where it is not a plain trace, `stream` makes a stream of it.
    ///
    /// # Errors
    /// When its first bytes cannot be read.
    pub fn of_file<F: ReadAt + 'static>(file: F, size: u64, stream: impl FnOnce(F) -> R) -> io::Result<Bytes<R>> {
        let mut begin = [0; PLAIN.len()];
        let is_plain = match read_exact_at(&file, &mut begin, 0) {
            Ok(()) => begin == *PLAIN,
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => false,
            Err(error) => return Err(error),
        };
        Ok(if is_plain { Bytes::File(Arc::new(file), size) } else { Bytes::Stream(stream(file)) })
    }
}

/// Fills `into` with what lies `at`.
///
/// # Errors
/// When it cannot be read, or there is less.
pub(crate) fn read_exact_at(file: &dyn ReadAt, mut into: &mut [u8], mut at: u64) -> io::Result<()> {
    while !into.is_empty() {
        match file.read_at(into, at) {
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(n) => {
                at += n as u64;
                into = into.get_mut(n..).unwrap_or_default();
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}
