//! What is told of a comparison. [`build`] makes one finished value of it, [`model::Report`]; each format renders that.

pub mod advice;
pub mod annotations;
pub mod benchfmt;
pub mod build;
pub mod codequality;
pub mod csv;
pub mod escape;
pub mod format;
pub mod headline;
pub mod html;
pub mod json;
pub mod junit;
pub mod markdown;
pub mod model;
pub mod openmetrics;
pub mod read;
pub mod sarif;
pub mod schema;
pub mod terminal;
pub mod units;
