//! `cargo +nightly fuzz run v1`: see `checks::v1`.
#![no_main]

#[path = "../checks/mod.rs"]
mod checks;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| checks::v1(bytes));
