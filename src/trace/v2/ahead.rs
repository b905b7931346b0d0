//! Where generations come from: read when they are asked for, or one ahead by a thread of its own.
//!
//! ```text
//!   reading    | 1 | 2 |       | 3 |      | 4 |          two generations are in memory at most:
//!   ordering       | 1 ------- | 2 ------ | 3 ------ |   the one that is used up is read into again
//! ```

use std::io::Read;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::Scope;

use super::generation::{Generation, Generations};
use crate::trace::error::TraceError;

/// A generation, and what came of reading it.
type Message = (Generation, Result<bool, TraceError>);

/// Gives one generation after the other.
pub(crate) enum Source<R: Read> {
    /// Read here.
    Here(Box<Generations<R>>),
    /// Read by another thread.
    Ahead {
        /// What it has read.
        read: Receiver<Message>,
        /// What it may read into.
        used: Sender<Generation>,
    },
}

impl<R: Read> Source<R> {
    /// Has `generations` read by a thread of `scope`.
    pub(crate) fn ahead<'scope>(mut generations: Generations<R>, scope: &'scope Scope<'scope, '_>) -> Source<R>
    where
        R: Send + 'scope,
    {
        let (full, read) = channel::<Message>();
        let (used, empty) = channel();
        scope.spawn(move || {
            let mut generation = Generation::default();
            loop {
                let result = generations.read(&mut generation);
                let last = !matches!(result, Ok(true));
                if full.send((generation, result)).is_err() || last {
                    return;
                }
                // Nobody is left to read for, once there is nobody to take things back from.
                let Ok(next) = empty.recv() else { return };
                generation = next;
            }
        });
        Source::Ahead { read, used }
    }

    /// Puts the next generation into `into`; false at the end of the trace.
    pub(crate) fn next(&mut self, into: &mut Generation) -> Result<bool, TraceError> {
        match self {
            Source::Here(generations) => generations.read(into),
            Source::Ahead { read, used } => {
                // The other thread ends early only if it panics, and then that is what is reported.
                let Ok((next, result)) = read.recv() else { return Ok(false) };
                // It may be done already.
                let _ = used.send(std::mem::replace(into, next));
                result
            }
        }
    }
}
