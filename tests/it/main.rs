//! The one integration binary.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
// In a binary, what modules share is public to nobody else.
#![allow(unreachable_pub)]

mod baseline;
mod broken;
mod browser;
mod calibrate;
#[path = "../../fuzz/checks/mod.rs"]
mod checks;
mod cli;
mod compare_make;
mod compare_rename;
mod comparing;
mod config;
mod craft;
mod critical;
mod cut_between;
mod data;
mod dependencies;
mod depth;
mod diagnose;
mod differential;
mod figures;
mod fuzzed;
mod gate;
mod go_reader;
mod interrupted;
mod logs;
mod machine;
mod mutate;
mod narrow;
mod papers;
mod profiles;
mod properties;
mod related;
mod report;
mod report_agree;
mod report_browser;
mod report_cases;
mod report_golden;
mod report_hostile;
mod report_matcher;
mod report_readers;
mod run;
