//! `cargo +nightly fuzz run structured`: see `checks::structured`.
#![no_main]

#[path = "../checks/mod.rs"]
mod checks;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| checks::structured(bytes));
