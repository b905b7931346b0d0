//! The one integration binary.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod broken;
mod craft;
mod data;
mod figures;
mod go_reader;
mod machine;
