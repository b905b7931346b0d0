//! The one integration binary.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
// In a binary, what modules share is public to nobody else.
#![allow(unreachable_pub)]

mod accept;
mod baseline;
mod baseline_ref;
mod baseline_update;
mod broken;
mod browser;
mod calibrate;
mod cli;
mod compare_make;
mod compare_rename;
mod config;
mod craft;
mod critical;
mod data;
mod depth;
mod diagnose;
mod documents;
mod figures;
mod gate;
mod go_reader;
mod history;
mod init;
mod logs;
mod machine;
mod merge;
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
