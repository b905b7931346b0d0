//! What a trace knows, in the formats of other tools: profiles, folded stacks, flame graphs, timelines.
//!
//! ```text
//!   Summary of each run ──profiles──▶ samples of base and head ─┬─ pprof      go tool pprof
//!                                                               ├─ folded     whatever draws flame graphs
//!                                                               └─ flame      SVG
//!   trace, read again   ──timeline──▶ lanes of base and head  ──── Perfetto, chrome://tracing
//! ```
//!
//! Names are text out of traces: each format gets them through the one escaper of its sink.

pub mod flame;
pub mod folded;
pub mod pprof;
pub mod profiles;
pub mod timeline;
