//! The one integration binary.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
// In a binary, what modules share is public to nobody else.
#![allow(unreachable_pub)]

mod accept;
mod action_api;
mod action_base;
mod action_comment;
mod action_docs;
mod action_harness;
mod action_hostile;
mod action_install;
mod action_story;
mod action_tutorial;
mod attribution;
mod baseline;
mod baseline_ref;
mod baseline_update;
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
mod documents;
mod export;
mod figures;
mod fuzzed;
mod gate;
mod go_reader;
mod history;
mod init;
mod instances;
mod interrupted;
mod logs;
mod machine;
mod merge;
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
mod ship;
mod slowest;
