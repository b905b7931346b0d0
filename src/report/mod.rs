//! What is told of a comparison. [`build`] makes one finished value of it, [`model::Report`]; each format renders that.

pub mod advice;
pub mod build;
pub mod depth;
pub mod depth_text;
pub mod escape;
pub mod headline;
pub mod json;
pub mod logs;
pub mod model;
pub mod path;
pub mod recording;
pub mod related;
pub mod table;
pub mod terminal;
pub mod units;
