//! gotrace-diff (library).
pub mod hash;
pub mod metrics;
pub mod sketch;
pub mod summarize;
pub mod summary;
pub mod timeline;
pub mod trace;
