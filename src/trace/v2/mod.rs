//! Traces of Go 1.22 and newer: generations of batches, put into one order.
//!
//! ```text
//!   input ──batch──▶ generation ──┬─ tables: strings, stacks, clock, CPU samples
//!                                 └─ threads: the batches of each thread ─decode─▶ frontier ──▶ order ──▶ Event
//!                                                                           ╰ helper: by whoever waits for the events
//! ```

mod ahead;
mod batch;
mod decode;
mod frontier;
mod generation;
mod gos;
mod helper;
mod ids;
mod order;
mod reader;
pub(crate) mod spec;
mod state;
mod tables;

pub(crate) use ahead::Source;
pub(crate) use generation::Generations;
pub use helper::Helper;
pub(crate) use reader::V2Reader;
