//! The problem matcher of VS Code in examples/vscode, applied as the editor applies it.

use gotrace_diff::report::format::Format;
use gotrace_diff::report::model::Report;
use regex::Regex;

use crate::report_cases;

/// A line of the Problems view.
#[derive(Debug, PartialEq)]
struct Problem {
    severity: String,
    file: String,
    line: u32,
    message: String,
}

/// Matches lines against patterns of two lines, as VS Code does: the second has to follow the first.
fn problems(text: &str) -> Vec<Problem> {
    let tasks = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/vscode/tasks.json");
    // JSON with comments, of which there are only whole lines.
    let json: String =
        std::fs::read_to_string(tasks).unwrap().lines().filter(|l| !l.trim_start().starts_with("//")).collect();
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    let matchers = json["tasks"][0]["problemMatcher"].as_array().unwrap();
    let mut found = Vec::new();
    let lines: Vec<&str> = text.lines().collect();
    for pair in lines.windows(2) {
        for matcher in matchers {
            let pattern = |i: usize| Regex::new(matcher["pattern"][i]["regexp"].as_str().unwrap()).unwrap();
            let (Some(first), Some(second)) = (pattern(0).captures(pair[0]), pattern(1).captures(pair[1])) else {
                continue;
            };
            let group = |name: &str| &first[matcher["pattern"][0][name].as_u64().unwrap() as usize];
            found.push(Problem {
                severity: matcher["severity"].as_str().unwrap().to_owned(),
                file: group("file").to_owned(),
                line: group("line").parse().unwrap(),
                message: format!("{}\n{}", group("message"), &second[1]),
            });
        }
    }
    found
}

fn report(name: &str) -> Report {
    report_cases::all().into_iter().find(|(n, _)| *n == name).unwrap().1
}

#[test]
fn editors_jump_to_findings() {
    for (name, severity) in [("regression", "error"), ("one-run", "warning"), ("improvement", "info")] {
        let found = problems(&report_cases::render(Format::Text, &report(name)));
        let first = &found[0];
        assert_eq!(
            (first.severity.as_str(), first.file.as_str(), first.line),
            (severity, "db/pool.go", 31),
            "{name}: {found:?}"
        );
        assert!(first.message.starts_with("cart.Fill.func1\nchan send"), "{name}: {first:?}");
    }
    assert_eq!(problems(&report_cases::render(Format::Text, &report("no-change"))), []);
}

#[test]
fn every_finding_with_a_place_is_matched_once() {
    for (name, report) in report_cases::all().into_iter().filter(|(name, _)| *name != "hostile") {
        let placed = report.leads().filter(|f| f.position.is_some()).count();
        let found = problems(&report_cases::render(Format::Text, &report));
        assert_eq!(found.len(), placed, "{name}: {found:?}");
    }
}
