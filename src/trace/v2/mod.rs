//! Traces of Go 1.22 and newer: generations of batches, put into one order.
//!
//! ```text
//!   input ──batch──▶ generation ──┬─ tables: strings, stacks, clock, CPU samples
//!                                 └─ threads: the batches of each thread ──frontier──▶ order ──▶ Event
//! ```

mod ahead;
mod batch;
mod decode;
mod frontier;
mod generation;
mod gos;
mod ids;
mod order;
mod reader;
pub(crate) mod spec;
mod state;
mod tables;

pub(crate) use ahead::Source;
pub(crate) use generation::Generations;
pub(crate) use reader::V2Reader;
