//! What is told of a comparison. [`build`] makes one finished value of it, [`model::Report`]; each format renders that.

pub mod advice;
pub mod annotations;
pub mod benchfmt;
pub mod build;
pub mod codequality;
pub mod csv;
pub mod depth;
pub mod depth_text;
pub mod escape;
pub mod format;
pub mod headline;
pub mod html;
pub mod json;
pub mod junit;
pub mod logs;
pub mod markdown;
pub mod model;
pub mod openmetrics;
pub mod path;
pub mod read;
pub mod related;
pub mod sarif;
pub mod schema;
pub mod table;
pub mod terminal;
pub mod units;
