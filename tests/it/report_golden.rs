//! Every format of every kind of report, as it was looked at and found good.
//!
//! `UPDATE_PAPERS=1 cargo test --test it golden` writes them anew; look at what changed.

use std::path::Path;

use gotrace_diff::report::format::Format;

use crate::report_cases;

/// The page's style and script are the same in all, and have tests of their own.
fn without_style_and_script(page: &str) -> String {
    let mut out = String::new();
    let mut rest = page;
    for (open, close) in [("content=\"default-src", "\""), ("<style>", "</style>"), ("<script>", "</script>")] {
        let (before, after) = rest.split_once(open).unwrap();
        let (_, after) = after.split_once(close).unwrap();
        out.push_str(&format!("{before}{open}…{close}"));
        rest = after;
    }
    // A line for each element that begins a block, so that a change is a few lines.
    let mut text = out + rest;
    for block in ["<section", "<article", "<tr", "<p", "<h2", "<h3", "<li", "<svg", "<figure", "<details", "<script"] {
        text = text.replace(block, &format!("\n{block}"));
    }
    text
}

#[test]
fn reports_of_every_kind_are_golden() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/golden");
    let update = std::env::var_os("UPDATE_PAPERS").is_some();
    let mut wrong = Vec::new();
    for (name, report) in report_cases::all() {
        for format in Format::ALL {
            let mut text = report_cases::render(format, &report);
            if format == Format::Html {
                text = without_style_and_script(&text);
            }
            let path = folder.join(name).join(format.file_name());
            if update {
                std::fs::create_dir_all(path.parent().unwrap()).unwrap();
                std::fs::write(&path, &text).unwrap();
            }
            if std::fs::read_to_string(&path).ok().as_deref() != Some(&text) {
                wrong.push(format!("{name}/{}", format.file_name()));
            }
        }
    }
    assert!(wrong.is_empty(), "other than before: {wrong:?}; UPDATE_PAPERS=1 writes them anew");
}

#[test]
fn every_report_is_read_back_as_it_was() {
    for (name, report) in report_cases::all() {
        let text = report_cases::render(Format::Json, &report);
        let again = gotrace_diff::report::read::read(&text).unwrap_or_else(|e| panic!("{name}: {e}"));
        assert!(again == report, "{name} changed on the way");
    }
}
