//! `cargo +nightly fuzz run trace`: see `checks::trace`.
#![no_main]

#[path = "../checks/mod.rs"]
mod checks;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| checks::trace(bytes));
