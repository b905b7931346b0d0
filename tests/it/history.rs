//! The query of docs/history.md, run by DuckDB over a history made of real runs.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::cli::cli;
use crate::data;
use crate::machine::left_out;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A Python that has DuckDB.
fn python() -> Option<PathBuf> {
    let known = ["TEST_DUCKDB_PYTHON", "TEST_PYTHON"].into_iter().filter_map(std::env::var_os).map(PathBuf::from);
    let has = |p: &PathBuf| Command::new(p).args(["-c", "import duckdb"]).output().is_ok_and(|o| o.status.success());
    known.chain([PathBuf::from("python3")]).find(has)
}

/// Twelve commits of three runs each; the region became slower with the eighth.
fn history(folder: &Path) {
    let runs = data::dir().join("regressions/region15-runs");
    for commit in 1..=12usize {
        let side = if commit >= 8 { "head" } else { "base" };
        let files: Vec<String> = (0..3).map(|k| format!("{side}.{}.out", (commit + k) % 6 + 1)).collect();
        let labels = [format!("commit=c{commit:02}"), format!("at=2026-11-{commit:02}T12:00:00Z")];
        let mut args = vec!["summarize", "--format", "ndjson", "--label", &labels[0], "--label", &labels[1]];
        args.extend(files.iter().map(String::as_str));
        let output = cli(&runs, &args);
        assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
        std::fs::write(folder.join(format!("c{commit:02}.ndjson")), output.stdout).unwrap();
    }
}

#[test]
fn the_query_says_since_when_a_region_is_slow() {
    let Some(python) = python() else {
        return left_out("DuckDB for Python (TEST_DUCKDB_PYTHON)", "the query over a history");
    };
    let folder = tempfile::tempdir().unwrap();
    history(folder.path());
    let script = "import duckdb, json, sys\n\
        c = duckdb.connect()\n\
        c.execute(\"SET VARIABLE history = '\" + sys.argv[2] + \"'\")\n\
        rows = c.execute(open(sys.argv[1]).read()).fetchall()\n\
        print(json.dumps([[r[1], r[2], round(r[4]), round(r[5])] for r in rows]))\n";
    let query = root().join("docs/since-when.sql");
    let ask = |pattern: &str| -> serde_json::Value {
        let files = folder.path().join(pattern);
        let output = Command::new(&python).args(["-c", script]).arg(&query).arg(files).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).unwrap()
    };
    let found = ask("*.ndjson");
    // As docs/history.md prints it.
    assert_eq!(found, serde_json::json!([["tax", "c08", 180_294, 221_552], ["render", "c08", 356_710, 402_949]]));
    // Without the change there is nothing to find.
    assert_eq!(ask("c0[1-7].ndjson"), serde_json::json!([]));
}

#[test]
fn the_published_schema_of_rows_is_that_of_the_code() {
    let path = root().join("docs/row.schema.json");
    let printed = cli(root(), &["schema", "row"]).stdout;
    if std::env::var_os("UPDATE_PAPERS").is_some() {
        std::fs::write(&path, &printed).unwrap();
    }
    let update = "UPDATE_PAPERS=1 cargo test --test it history";
    assert!(std::fs::read(&path).unwrap_or_default() == printed, "docs/row.schema.json is old: {update}");
}
