//! `cargo +nightly fuzz run config`: see `checks::a_config`.
#![no_main]

#[path = "../checks/mod.rs"]
mod checks;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| checks::a_config(bytes));
