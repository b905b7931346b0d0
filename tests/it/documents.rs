//! Documents: their published schemas, and that those of every version stay readable.

use std::path::Path;

use gotrace_diff::config;
use gotrace_diff::schemas::Document;

use crate::cli::{cli, json, out};
use crate::data;

fn read(path: &str) -> String {
    let path = data::dir().join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// TOML as the JSON that editors check it as.
fn as_json(value: toml::Value) -> serde_json::Value {
    match value {
        toml::Value::Datetime(day) => day.to_string().into(),
        toml::Value::Array(all) => all.into_iter().map(as_json).collect(),
        toml::Value::Table(all) => all.into_iter().map(|(k, v)| (k, as_json(v))).collect(),
        other => serde_json::to_value(other).unwrap(),
    }
}

#[test]
fn schemas_are_published() {
    for (document, file) in Document::ALL {
        let path = data::dir().join("../docs").join(file);
        let real = document.schema().unwrap();
        if std::env::var_os("UPDATE_PAPERS").is_some() {
            std::fs::write(&path, &real).unwrap();
        }
        assert!(
            std::fs::read_to_string(&path).ok().as_deref() == Some(&real),
            "{file}: UPDATE_PAPERS=1 writes it anew"
        );
        jsonschema::validator_for(&serde_json::from_str(&real).unwrap()).unwrap();
    }
    for (name, document) in [
        ("result", Document::Report),
        ("configuration", Document::Configuration),
        ("baseline", Document::Baseline),
        ("summary", Document::Summary),
    ] {
        assert_eq!(out(&cli(&data::dir(), &["schema", name])), document.schema().unwrap());
    }
}

#[test]
fn the_schema_of_the_configuration_has_the_keys_that_are_read() {
    let schema: serde_json::Value = serde_json::from_str(&Document::Configuration.schema().unwrap()).unwrap();
    let keys = |of: &serde_json::Value| {
        let mut keys: Vec<String> = of["properties"].as_object().unwrap().keys().cloned().collect();
        keys.sort();
        keys
    };
    for (place, of) in [
        ("", &schema),
        ("[[rule]]\n", &schema["$defs"]["rule"]),
        ("[[accept]]\n", &schema["$defs"]["accept"]),
        ("[report]\n", &schema["$defs"]["report"]),
        ("[framework]\n", &schema["$defs"]["framework"]),
    ] {
        // A key that is like no other lists all that there are.
        let error = config::parse_text(Path::new("x.toml"), &format!("{place}zzzzzzzzzzzzzzzzzzzz = 1")).unwrap_err();
        let text = error.to_string();
        let mut known: Vec<String> = text.split_once("there are ").unwrap().1.split(", ").map(str::to_owned).collect();
        known.sort();
        assert_eq!(known, keys(of), "{place}");
    }
}

#[test]
fn documents_are_as_their_schemas_say() {
    let validator = |document: Document| {
        jsonschema::validator_for(&serde_json::from_str(&document.schema().unwrap()).unwrap()).unwrap()
    };
    let configuration = validator(Document::Configuration);
    let paper = std::fs::read_to_string(data::dir().join("../docs/configuration.md")).unwrap();
    for text in
        [paper.split("```toml\n").nth(1).unwrap().split("```").next().unwrap(), &read("documents/configuration-1.toml")]
    {
        config::parse_text(Path::new("x.toml"), text).unwrap();
        let value = as_json(toml::from_str(text).unwrap());
        assert!(
            configuration.is_valid(&value),
            "{:?}",
            configuration.iter_errors(&value).map(|e| e.to_string()).collect::<Vec<_>>()
        );
    }
    for text in [
        "on-inconclusive = \"no\"",
        "[[rule]]\nmax-increase = 10",
        "[[accept]]\nseries = \"group:x#count\"\nreason = \"y\"",
        "x = 1",
        "[report]\nformat = \"yaml\"",
        "[report]\noutput = [\"html\"]",
        "[report]\ngroup-by = \"color\"",
        "[framework]\nwait = 1",
    ] {
        assert!(!configuration.is_valid(&as_json(toml::from_str(text).unwrap())), "{text}");
        assert!(config::parse_text(Path::new("x.toml"), text).is_err(), "{text}");
    }
    let baseline = validator(Document::Baseline);
    let folder = tempfile::tempdir().unwrap();
    for trace in ["regressions/pool/base.out", "traces/go1.21.13/test.out", "traces/go1.26.6/test.out"] {
        let path = data::dir().join(trace);
        if !path.exists() {
            continue;
        }
        let got = cli(folder.path(), &["baseline", "create", "-o", "-", &path.display().to_string()]);
        let value = json(&got);
        assert!(
            baseline.is_valid(&value),
            "{trace}: {:?}",
            baseline.iter_errors(&value).map(|e| e.to_string()).take(3).collect::<Vec<_>>()
        );
    }
    assert!(baseline.is_valid(&serde_json::from_str(&read("documents/baseline-2.json")).unwrap()));
    let summary = validator(Document::Summary);
    for trace in ["regressions/pool/base.out", "traces/go1.21.13/test.out", "traces/go1.26.6/test.out"] {
        let path = data::dir().join(trace);
        if path.exists() {
            let value = json(&cli(folder.path(), &["summarize", "--format", "json", &path.display().to_string()]));
            let errors: Vec<String> = summary.iter_errors(&value).map(|e| e.to_string()).take(3).collect();
            assert!(errors.is_empty(), "{trace}: {errors:?}");
        }
    }
}

/// Written by the version that first had the schema, and never again.
#[test]
fn documents_of_every_schema_stay_readable() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path();
    std::fs::write(dir.join("gotrace-baseline.json"), read("documents/baseline-1.json")).unwrap();
    std::fs::write(dir.join("summary.json"), read("documents/summary-1.json")).unwrap();
    std::fs::write(dir.join("gotrace-diff.toml"), read("documents/configuration-1.toml")).unwrap();
    std::fs::write(dir.join("report.json"), read("reports/pool.report-1.json")).unwrap();
    let head = data::dir().join("regressions/pool/head.out").display().to_string();
    // The configuration names another place.
    let check = ["check", "--baseline", "gotrace-baseline.json", "--candidate", "none"];
    let told = json(&cli(dir, &[&check[..], &[&head, "--format", "json"]].concat()));
    assert_eq!(told["runs"]["base"]["example.com/shop/catalog"].as_array().map(Vec::len), Some(1), "{told}");
    assert!(told["findings"][0]["subject"]["name"].as_str().unwrap().contains("catalog.loadAll.func1"));
    for (baseline, summary) in [(1, "summary-1"), (2, "summary-1"), (2, "summary-1-environment")] {
        std::fs::write(dir.join("gotrace-baseline.json"), read(&format!("documents/baseline-{baseline}.json")))
            .unwrap();
        std::fs::write(dir.join("summary.json"), read(&format!("documents/{summary}.json"))).unwrap();
        let of_summary = cli(dir, &[&check[..], &["summary.json"]].concat());
        assert_eq!(of_summary.status.code(), Some(0), "{of_summary:?}");
    }
    assert_eq!(cli(dir, &["report", "report.json"]).status.code(), Some(0));
}

#[test]
fn migrate_writes_documents_as_this_version_does() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path();
    std::fs::create_dir_all(dir.join(".git")).unwrap();
    let old = read("reports/pool.report-1.json");
    let text = read("documents/baseline-1.json");
    // As a merge may leave it: lines in another order, the ends of Windows.
    let mut lines: Vec<&str> = text.lines().collect();
    let first = lines.iter().position(|l| *l == "\"series\": [").unwrap() + 1;
    lines.swap(first, first + 1);
    std::fs::write(dir.join("gotrace-baseline.json"), lines.join("\r\n")).unwrap();
    std::fs::write(dir.join("report.json"), &old).unwrap();
    std::fs::write(dir.join("gotrace-diff.toml"), "strict = true\n").unwrap();
    assert_eq!(cli(dir, &["baseline", "verify"]).status.code(), Some(2));
    let files = ["gotrace-baseline.json", "report.json", "gotrace-diff.toml"];
    let dry = cli(dir, &[&["migrate", "--dry-run"][..], &files].concat());
    assert_eq!(out(&dry).matches("would be rewritten").count(), 2, "{}", out(&dry));
    assert_eq!(std::fs::read_to_string(dir.join("report.json")).unwrap(), old);
    assert_eq!(cli(dir, &[&["migrate"][..], &files].concat()).status.code(), Some(0));
    assert_eq!(cli(dir, &["baseline", "verify"]).status.code(), Some(0));
    let migrated = std::fs::read_to_string(dir.join("gotrace-baseline.json")).unwrap();
    assert!(migrated.contains("gotrace-diff/baseline/2"), "{migrated}");
    let figures = |text: &str| text.matches("\"values\":").count();
    assert_eq!(figures(&migrated), figures(&text));
    assert_eq!(
        out(&cli(dir, &["migrate", "gotrace-baseline.json"])),
        "gotrace-baseline.json: as this version writes it\n"
    );
    let new: serde_json::Value =
        serde_json::from_str(&std::fs::read_to_string(dir.join("report.json")).unwrap()).unwrap();
    assert_eq!(new["schema"], "gotrace-diff/report/2");
    assert_eq!(std::fs::read_to_string(dir.join("gotrace-diff.toml")).unwrap(), "strict = true\n");
    // One that cannot be read leaves all of them as they were.
    std::fs::write(dir.join("report.json"), &old).unwrap();
    std::fs::write(dir.join("broken.json"), "{").unwrap();
    assert_eq!(cli(dir, &["migrate", "report.json", "broken.json"]).status.code(), Some(2));
    assert_eq!(std::fs::read_to_string(dir.join("report.json")).unwrap(), old);
}
