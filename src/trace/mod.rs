//! From bytes to events: decides *when* an event happened and knows nothing of metrics.
//!
//! ```text
//!   Read ──input──▶ bytes ──version──▶ v2 (one generation at a time)  ─┬─▶ Chunk of Event
//!         (gz, zst)                └─▶ v1 (the whole file)            ─┘
//! ```

mod arena;
mod bytes;
mod cursor;
pub mod error;
pub mod event;
mod input;
pub mod launches;
mod reader;
pub mod symbols;
pub mod v1;
mod v2;
pub mod version;

pub use bytes::{Bytes, ReadAt};
pub use error::{TraceError, TraceErrorClass, TraceErrorKind};
pub use event::*;
pub use reader::Reader;
pub use symbols::{Frame, Interner, SymbolDelta, Symbols};
pub use v2::Helper;
pub use version::Version;

/// A run of events of one generation, in order, with the symbols that they are the first to mention.
#[derive(Clone, Debug, Default)]
pub struct Chunk {
    /// The events, in order.
    pub events: Vec<Event>,
    /// What their symbols mean, as far as that is new.
    pub symbols: SymbolDelta,
    /// The clock snapshot of the generation that begins with this chunk, if one does.
    pub clocks: Vec<ClockSnapshot>,
    /// Which generation the events are from, counted from 1; one past the last for the mark that ends the trace.
    pub generation: u64,
}

impl Chunk {
    fn clear(&mut self) {
        self.events.clear();
        self.symbols = SymbolDelta::default();
        self.clocks.clear();
        self.generation = 0;
    }
}
