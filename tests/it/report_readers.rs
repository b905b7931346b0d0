//! Formats read by those who read them: xmllint, the schema of SARIF, Prometheus' parser, benchstat.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use gotrace_diff::report::format::Format;

use crate::{machine, report_cases};

/// Whether this is the report of a comparison that did not take place, and so without any series.
fn is_empty(file: &Path) -> bool {
    file.file_name().is_some_and(|name| name.to_string_lossy().starts_with("missing-baseline"))
}

/// Runs a tool on every kind of report; nothing where it cannot be started.
fn each(format: Format, tool: impl Fn(&Path) -> Option<Output>, missing: &str, tests: &str) {
    let folder = tempfile::tempdir().unwrap();
    for (name, report) in report_cases::all() {
        let file = folder.path().join(format!("{name}-{}", format.file_name()));
        std::fs::write(&file, report_cases::render(format, &report)).unwrap();
        let Some(output) = tool(&file) else { return machine::left_out(missing, tests) };
        let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success(), "{name}: {said}");
    }
}

#[test]
fn junit_is_valid_by_its_schema() {
    let schema = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/schemas/junit.xsd");
    let lint = |file: &Path| {
        Command::new("xmllint").args(["--noout", "--nonet", "--schema"]).arg(&schema).arg(file).output().ok()
    };
    each(Format::Junit, lint, "xmllint", "the test of JUnit XML");
}

#[test]
fn sarif_is_valid_by_its_schema() {
    let Some(path) = std::env::var_os("SARIF_SCHEMA").map(PathBuf::from) else {
        return machine::left_out("schema of SARIF 2.1.0 in SARIF_SCHEMA", "the test of SARIF");
    };
    // One pattern of the published schema has a bracket too many, for a property that we do not write.
    let text = std::fs::read_to_string(path).unwrap().replace("{2}]?$", "{2}$");
    let schema: serde_json::Value = serde_json::from_str(&text).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    for (name, report) in report_cases::all() {
        let text = report_cases::render(Format::Sarif, &report);
        let value: serde_json::Value = serde_json::from_str(&text).unwrap();
        let wrong: Vec<String> = validator.iter_errors(&value).map(|e| format!("{}: {e}", e.instance_path())).collect();
        assert!(wrong.is_empty(), "{name}: {wrong:#?}");
    }
}

#[test]
fn openmetrics_is_read_by_prometheus() {
    const PARSE: &str = "
import sys
try:
    from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse
except ImportError:
    sys.exit(77)
samples = [s for family in parse(open(sys.argv[1], encoding='utf-8').read()) for s in family.samples]
assert len(samples) > (5 if sys.argv[2] == 'empty' else 10), len(samples)
assert sys.argv[2] == 'empty' or any(s.name == 'gotrace_diff_time_seconds' and s.labels['side'] == 'head' for s in samples)
";
    let python = std::env::var_os("TEST_PYTHON").unwrap_or_else(|| "python3".into());
    let parse = |file: &Path| {
        let output = Command::new(&python)
            .args(["-c", PARSE])
            .arg(file)
            .arg(if is_empty(file) { "empty" } else { "" })
            .output()
            .ok()?;
        (output.status.code() != Some(77)).then_some(output)
    };
    each(Format::Openmetrics, parse, "prometheus_client for Python", "the test of OpenMetrics");
}

#[test]
fn benchfmt_is_read_by_benchstat() {
    let read = |file: &Path| {
        let output = Command::new("benchstat").args(["-col", "side"]).arg(file).output().ok()?;
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        let complaints = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(is_empty(file) || said.contains("base") && said.contains("head"), "{said}{complaints}");
        assert_eq!(complaints, "", "{}", file.display());
        Some(output)
    };
    each(Format::Benchfmt, read, "benchstat", "the test of benchfmt");
}

#[test]
fn csv_is_read_by_python() {
    const READ: &str = "
import csv, sys
rows = list(csv.DictReader(sys.stdin))
assert rows and (sys.argv[1] != 'empty' or [r['verdict'] for r in rows] == ['inconclusive'])
assert all(None not in row and None not in row.values() for row in rows)
assert [r for r in rows if r['rank']] == rows[:sum(1 for r in rows if r['rank'])]
";
    let read = |file: &Path| {
        let mut child = Command::new("python3")
            .args(["-c", READ, if is_empty(file) { "empty" } else { "" }])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .ok()?;
        child.stdin.take().unwrap().write_all(&std::fs::read(file).unwrap()).unwrap();
        child.wait_with_output().ok()
    };
    each(Format::Csv, read, "Python", "the test of CSV");
}
