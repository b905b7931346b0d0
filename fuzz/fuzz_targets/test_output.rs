//! `cargo +nightly fuzz run test_output`: see `checks::test_output`.
#![no_main]

#[path = "../checks/mod.rs"]
mod checks;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| checks::test_output(bytes));
