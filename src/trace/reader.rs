//! A reader of any version.

use std::io::Read;
use std::sync::Arc;
use std::thread::Scope;

use super::Chunk;
use super::bytes::Bytes;
use super::error::{TraceError, TraceErrorKind};
use super::input::Input;
use super::v1::V1Reader;
use super::v2::{Generations, Helper, Source, V2Reader};
use super::version::{HEADER_LEN, Version};

/// Traces of Go 1.21 and older are held in memory whole; larger ones are refused.
const MAX_V1: usize = 1 << 30;

/// Reads a trace: the header, then events in chunks.
pub struct Reader<R: Read> {
    version: Version,
    inner: Inner<R>,
}

enum Inner<R: Read> {
    V1(Box<V1Reader>),
    V2(Box<V2Reader<R>>),
}

impl<R: Read> Reader<R> {
    /// Reads the header of a trace (plain, gzip or Zstandard). The text of log messages is given only where
    /// `keep_messages` is true.
    ///
    /// # Errors
    /// When it is no trace, of a format that is not read, or (Go 1.21 and older, which is read at once) broken.
    pub fn new(bytes: impl Into<Bytes<R>>, keep_messages: bool) -> Result<Self, TraceError> {
        Reader::with(bytes.into(), keep_messages, None, |generations| Source::Here(Box::new(generations)))
    }

    /// The same, and a thread of `scope` reads a generation ahead (of Go 1.22 and newer); whoever waits for this one's events may
    /// meanwhile [`help`](Helper::help) to decode those to come.
    ///
    /// # Errors
    /// As [`Reader::new`].
    pub fn ahead<'scope>(
        bytes: impl Into<Bytes<R>>,
        keep_messages: bool,
        scope: &'scope Scope<'scope, '_>,
        helper: Arc<Helper>,
    ) -> Result<Self, TraceError>
    where
        R: Send + 'scope,
    {
        Reader::with(bytes.into(), keep_messages, Some(helper), |generations| Source::ahead(generations, scope))
    }

    fn with(
        bytes: Bytes<R>,
        keep_messages: bool,
        helper: Option<Arc<Helper>>,
        source: impl FnOnce(Generations<R>) -> Source<R>,
    ) -> Result<Self, TraceError> {
        let mut input = Input::new(bytes)?;
        let version = Version::parse(input.take(HEADER_LEN)?)?;
        let inner = match version {
            Version::V2(v2) => {
                let generations = Generations::new(input, v2);
                let file = generations.file();
                Inner::V2(Box::new(V2Reader::new(source(generations), file, helper, v2, keep_messages)))
            }
            Version::V1(v1) => {
                let Some(bytes) = input.rest(MAX_V1)? else {
                    return Err(TraceError::new(TraceErrorKind::V1TooLarge, input.offset()).with("1 GiB"));
                };
                Inner::V1(Box::new(V1Reader::parse(&bytes, HEADER_LEN as u64, v1, keep_messages)?))
            }
        };
        Ok(Reader { version, inner })
    }

    /// The format.
    pub fn version(&self) -> Version {
        self.version
    }

    /// How many bytes of the (unpacked) trace have been read; unknown for Go 1.21 and older.
    pub fn offset(&self) -> u64 {
        match &self.inner {
            Inner::V1(_) => 0,
            Inner::V2(reader) => reader.offset(),
        }
    }

    /// How often an event was tried before it could have happened: what putting events into order cost beyond one look
    /// at each, in a unit that does not depend on the machine. 0 for Go 1.21 and older, where no event is tried twice.
    pub fn waits(&self) -> u64 {
        match &self.inner {
            Inner::V1(_) => 0,
            Inner::V2(reader) => reader.waits(),
        }
    }

    /// How many generations have been begun; a trace of Go 1.21 or older is one.
    pub fn generations(&self) -> u64 {
        match &self.inner {
            Inner::V1(_) => 1,
            Inner::V2(reader) => reader.generations(),
        }
    }

    /// How many generations have been given out whole.
    pub fn complete_generations(&self) -> u64 {
        match &self.inner {
            Inner::V1(_) => 0,
            Inner::V2(reader) => reader.complete_generations(),
        }
    }

    /// The number of the first generation: 1, but for snapshots of the flight recorder, which begin later.
    pub fn first_generation(&self) -> u64 {
        match &self.inner {
            Inner::V1(_) => 1,
            Inner::V2(reader) => reader.first_generation(),
        }
    }

    /// Fills `chunk` with about `max` events; false when there are no more.
    ///
    /// # Errors
    /// Where the trace is cut or contradicts itself; what `chunk` holds is then without meaning.
    pub fn next_chunk(&mut self, chunk: &mut Chunk, max: usize) -> Result<bool, TraceError> {
        match &mut self.inner {
            Inner::V1(reader) => reader.next_chunk(chunk, max),
            Inner::V2(reader) => reader.next_chunk(chunk, max),
        }
    }
}
