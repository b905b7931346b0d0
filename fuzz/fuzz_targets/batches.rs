//! `cargo +nightly fuzz run batches`: see `checks::batches`.
#![no_main]

#[path = "../checks/mod.rs"]
mod checks;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| checks::batches(bytes));
