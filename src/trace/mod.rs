//! From bytes to events: decides *when* an event happened and knows nothing of metrics.
//!
//! ```text
//!   Read ──input──▶ bytes ──version──▶ v2 (one generation at a time)  ─┬─▶ Chunk of Event
//!         (gz, zst)                └─▶ v1 (the whole file)            ─┘
//! ```

mod cursor;
pub mod error;
pub mod event;
mod input;
mod reader;
pub mod symbols;
pub mod v1;
mod v2;
pub mod version;

pub use error::{TraceError, TraceErrorClass, TraceErrorKind};
pub use event::*;
pub use reader::Reader;
pub use symbols::{Frame, Interner, SymbolDelta, Symbols};
pub use version::Version;

/// A run of events in order, with the symbols that they are the first to mention.
#[derive(Clone, Debug, Default)]
pub struct Chunk {
    /// The events, in order.
    pub events: Vec<Event>,
    /// What their symbols mean, as far as that is new.
    pub symbols: SymbolDelta,
    /// The clock snapshots of the generations that begin in this chunk.
    pub clocks: Vec<ClockSnapshot>,
}

impl Chunk {
    fn clear(&mut self) {
        self.events.clear();
        self.symbols = SymbolDelta::default();
        self.clocks.clear();
    }
}
