//! One trace on two threads: one reads, the other makes sense of what is read. Chunks of events go one way, emptied ones come back:
//!
//! ```text
//!   reading thread   bytes ─▶ events ══ chunks ══▶   timeline ─▶ …   calling thread
//!                                    ◀═ emptied ══
//! ```

use std::io::Read;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, SyncSender, TryRecvError, channel, sync_channel};
use std::thread::Scope;

use crate::trace::{Bytes, Chunk, Helper, Reader, TraceError};

/// Events are handed on in runs of this many. Who waits for the next run sleeps, and waking it takes a virtual machine 14 µs:
/// as long as reading a thousand events.
const CHUNK: usize = 16384;

/// How many chunks may wait for the analysis.
const AHEAD: usize = 4;

/// What the reader knows at the end besides the events.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Facts {
    pub(crate) format: &'static str,
    pub(crate) generations: u64,
    /// How many of them were given out whole.
    pub(crate) complete_generations: u64,
    pub(crate) first_generation: u64,
    pub(crate) offset: u64,
}

/// What came of reading. An error before the first event is the outer one, later ones come with what is known then.
pub(crate) type Outcome = Result<(Facts, Option<TraceError>), TraceError>;

/// Reads a trace on a thread of its own while `analyse` takes its chunks here. What is not taken when that ends is not read.
pub(crate) fn analyse_ahead<R: Read + Send, T>(
    bytes: Bytes<R>,
    keep_messages: bool,
    analyse: impl FnOnce(Chunks) -> T,
) -> (T, Outcome) {
    let (full, filled) = sync_channel(AHEAD);
    let (emptied, to_fill) = channel();
    let helper = Arc::<Helper>::default();
    let chunks = Chunks { filled, emptied, helper: Arc::clone(&helper) };
    std::thread::scope(|scope| {
        let reading = scope.spawn(move || read(bytes, keep_messages, scope, helper, &full, &to_fill));
        let analysed = analyse(chunks);
        match reading.join() {
            Ok(outcome) => (analysed, outcome),
            Err(panic) => std::panic::resume_unwind(panic),
        }
    })
}

/// The reading thread.
fn read<'scope, R: Read + Send + 'scope>(
    bytes: Bytes<R>,
    keep_messages: bool,
    scope: &'scope Scope<'scope, '_>,
    helper: Arc<Helper>,
    full: &SyncSender<Chunk>,
    to_fill: &Receiver<Chunk>,
) -> Outcome {
    let mut reader = Reader::ahead(bytes, keep_messages, scope, helper)?;
    let failure = loop {
        let mut chunk = to_fill.try_recv().unwrap_or_default();
        match reader.next_chunk(&mut chunk, CHUNK) {
            Ok(false) => break None,
            Err(error) => break Some(error),
            // The analysis has seen enough, or it panicked, and then that is what is reported.
            Ok(true) if full.send(chunk).is_err() => break None,
            Ok(true) => {}
        }
    };
    let facts = Facts {
        format: reader.version().name(),
        generations: reader.generations(),
        complete_generations: reader.complete_generations(),
        first_generation: reader.first_generation(),
        offset: reader.offset(),
    };
    Ok((facts, failure))
}

/// The chunks that the reading thread fills.
pub(crate) struct Chunks {
    filled: Receiver<Chunk>,
    emptied: Sender<Chunk>,
    helper: Arc<Helper>,
}

impl Chunks {
    /// The next one; none at the end. Helps the reading thread while it has none.
    pub(crate) fn next(&mut self) -> Option<Chunk> {
        loop {
            match self.filled.try_recv() {
                Ok(chunk) => return Some(chunk),
                Err(TryRecvError::Empty) if self.helper.help() => {}
                Err(_) => return self.filled.recv().ok(),
            }
        }
    }

    /// This one has been analysed, and can be filled again.
    pub(crate) fn give_back(&self, chunk: Chunk) {
        // The reader may be done already.
        let _ = self.emptied.send(chunk);
    }
}
