//! `cargo +nightly fuzz run baseline`: see `checks::a_baseline`.
#![no_main]

#[path = "../checks/mod.rs"]
mod checks;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| checks::a_baseline(bytes));
