//! Compares Go execution traces and says what got slower, by how much, how surely, and what the program waited on.
//!
//! ```text
//!  bytes ──trace──▶ events ──timeline──▶ spans ──metrics──▶ Summary ──compare──▶ Comparison ──gate──▶ Judged ──report──▶ text
//! ```
//!
//! Dependencies point down this list only. [`summary::Summary`] is the only thing that the later stages see of a trace.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]
// A place in one text may lie within a character of another. (Tests know their texts.)
#![cfg_attr(not(test), warn(clippy::string_slice))]

pub mod attribution;
pub mod baseline;
pub mod cli;
pub mod commands;
pub mod compare;
pub mod config;
pub mod critical;
pub mod diagnose;
pub mod error;
pub mod export;
pub mod few;
pub mod gate;
mod handover;
pub mod hash;
pub mod launchers;
pub mod logs;
pub mod metrics;
pub mod narrow;
pub mod owners;
pub mod paths;
pub mod related;
pub mod report;
pub mod rows;
pub mod scan;
pub mod schemas;
pub mod sides;
pub mod sketch;
pub mod stats;
pub mod subject;
pub mod summarize;
pub mod summary;
pub mod timeline;
pub mod totals;
pub mod trace;
pub mod unique;
