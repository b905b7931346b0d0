//! `cargo +nightly fuzz run escapers`: see `checks::escapers`.
#![no_main]

#[path = "../checks/mod.rs"]
mod checks;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| checks::escapers(bytes));
