//! What is told: the first line names the true cause, on the recorded regressions.

use crate::cli::{cli, json, out};
use crate::data;

/// Compares a recorded regression, standing in the module that it was recorded from.
fn compare(name: &str, more: &[&str]) -> std::process::Output {
    let folder = data::dir().join("regressions").join(name);
    let side = |side: &str| {
        let path = folder.join(format!("{side}.out"));
        if path.exists() { path.display().to_string() } else { format!("{}.zst", path.display()) }
    };
    let mut args = vec![side("base"), side("head")];
    args.extend(more.iter().map(|m| (*m).to_owned()));
    cli(&data::dir().join("../examples/regressions"), &args.iter().map(String::as_str).collect::<Vec<_>>())
}

#[test]
fn a_finding_says_through_what_it_waits_and_who_ends_that() {
    for (name, words) in [
        ("lock", "nearly all at sync.(*Mutex).Lock from cache.(*Cache).Page, woken by cache.(*Cache).Page"),
        ("pool", "nearly all at catalog.(*DB).Get, woken by catalog.(*DB).Get.func1"),
        ("sqlpool", "nearly all at sql.(*DB).conn from orders."),
        ("sleep", "at time.Sleep from payment."),
    ] {
        let report = json(&compare(name, &["--format", "json"]));
        let findings = report["findings"].as_array().unwrap();
        let told: Vec<&str> = findings.iter().filter_map(|finding| finding["site"]["told"].as_str()).collect();
        assert!(told.iter().any(|told| told.contains(words)), "{name}: {told:#?}");
        // A timer that ends a sleep goes without saying.
        assert!(name != "sleep" || told.iter().all(|told| !told.contains("woken by (")), "{told:#?}");
    }
}

#[test]
fn the_first_line_names_the_true_cause() {
    for (name, want) in [
        ("pool", &["catalog.loadAll.func1", "chan send", "catalog.(*DB).Get", "catalog/catalog.go:"][..]),
        ("sqlpool", &["orders.Find.func1", "select", "orders/orders.go:"]),
        ("lock", &["cache.", "sync", "cache.(*Cache).Page", "cache/cache.go:"]),
        ("region", &["region parse", "running", "per call"]),
        ("regionshift", &["region render"]),
        ("alloc", &["TestBuild", "running", "GC cycles 0"]),
        ("peer", &["sleep", "payment.Bank.func1", "payment/payment.go:"]),
        ("unbuffered", &["TestWrite", "system calls", "report.lines", "report/report.go:"]),
        ("perjob", &["regression: media.Thumbnails.func1", "goroutines", "500"]),
        ("oversub", &["regression: media.Transcode.func1", "goroutines"]),
        ("leak", &["notify.Send.func1", "chan send", "notify/notify.go:"]),
        ("sleep", &["TestRetry", "sleep", "payment.Retry", "payment/payment.go:"]),
        ("fanout-bench", &["catalog.loadAll.func1", "chan send", "per goroutine"]),
    ] {
        let report = json(&compare(name, &["--format", "json"]));
        let headline = report["headline"].as_str().unwrap();
        for words in want {
            assert!(headline.contains(words), "{name}: {headline:?} lacks {words:?}");
        }
        assert_ne!(report["verdict"], "pass", "{name}");
    }
}

#[test]
fn a_pool_cut_in_half_is_no_improvement_of_a_benchmark() {
    let report = json(&compare("fanout-bench", &["--format", "json"]));
    let findings = report["findings"].as_array().unwrap();
    assert!(findings.iter().all(|f| f["verdict"] != "improvement"), "{findings:#?}");
    // The output of go test beside the traces tells how many operations there were: each takes twice as long.
    let per_operation = findings.iter().find(|f| f["subject"]["kind"] == "benchmark" && f["metric"] == "total_ns");
    let per_operation = per_operation.unwrap_or_else(|| panic!("{findings:#?}"));
    assert_eq!(per_operation["subject"]["name"], "BenchmarkLoadAll");
    assert_eq!(per_operation["per"], "operation");
    assert!(per_operation["change"].as_f64().unwrap() > 0.8, "{per_operation}");
    // Without it nobody knows how many there were.
    let folder = tempfile::tempdir().unwrap();
    for side in ["base", "head"] {
        let bytes = data::read(&format!("regressions/fanout-bench/{side}.out"));
        std::fs::write(folder.path().join(format!("{side}.out")), bytes).unwrap();
    }
    let report = json(&cli(folder.path(), &["base.out", "head.out", "--format", "json"]));
    let findings = report["findings"].as_array().unwrap();
    assert!(findings.iter().all(|f| f["verdict"] != "improvement"), "{findings:#?}");
    let said = report["not_compared"].as_array().unwrap();
    assert!(said.iter().any(|n| n["why"].as_str().unwrap().contains("rounds of the benchmark unknown")), "{said:?}");
}

#[test]
fn six_runs_a_side_decide() {
    for (name, verdict, first) in [("none-runs", "pass", ""), ("region15-runs", "regression", "region tax")] {
        let folder = data::dir().join("regressions").join(name);
        let side = |side: &str| format!("{}/{side}.*.out", folder.display());
        let got = cli(&data::dir(), &["--base", &side("base"), "--head", &side("head"), "--format", "json"]);
        let report = json(&got);
        assert_eq!(report["verdict"], verdict, "{name}: {}", report["headline"]);
        assert!(report["headline"].as_str().unwrap().contains(first), "{}", report["headline"]);
    }
}

#[test]
fn findings_have_what_programs_need() {
    let report = json(&compare("pool", &["--format", "json"]));
    assert_eq!(report["schema"], "gotrace-diff/report/2");
    for key in ["verdict", "exit_code", "headline", "compared", "not_compared", "warnings", "environment", "runs"] {
        assert!(!report[key].is_null(), "{key}");
    }
    let first = &report["findings"][0];
    assert_eq!(first["subject"]["kind"], "group");
    assert_eq!(first["subject"]["name"], "example.com/shop/catalog.loadAll.func1");
    assert_eq!(first["metric"], "block_ns.chan send");
    assert_eq!(first["unit"], "ns");
    assert_eq!(first["verdict"], "inconclusive");
    let (base, head) = (first["base"].as_f64().unwrap(), first["head"].as_f64().unwrap());
    assert!((head / base - 1.0 - first["change"].as_f64().unwrap()).abs() < 1e-9);
    assert!(first["site"]["position"].as_str().unwrap().contains("catalog/catalog.go:"));
    // What explains it follows, and says so.
    let total = report["findings"].as_array().unwrap().iter().find(|f| f["metric"] == "total_ns").unwrap();
    assert_eq!(total["part_of"], "block_ns.chan send");
}

#[test]
fn a_finding_says_what_so_many_runs_could_have_found() {
    let folder = data::dir().join("regressions/region15-runs");
    let side = |side: &str| format!("{}/{side}.*.out", folder.display());
    let args = ["--base", &side("base"), "--head", &side("head"), "--format", "json"];
    let report = json(&cli(&data::dir(), &args));
    let findings = report["findings"].as_array().unwrap();
    let found = |label: &str, metric: &str| {
        let finding = findings.iter().find(|f| f["subject"]["label"] == label && f["metric"] == metric);
        finding.unwrap_or_else(|| panic!("{label} {metric}: {findings:#?}")).clone()
    };
    // A proven change is beyond what could be found; one that was not proven is below.
    for (label, metric, proven) in [("region tax", "exec_ns", true), ("region render", "exec_ns", false)] {
        let finding = found(label, metric);
        let (change, least) = (finding["change"].as_f64().unwrap(), finding["detectable"].as_f64().unwrap());
        assert_eq!(finding["verdict"] == "regression", proven, "{finding}");
        assert_eq!(change >= least, proven, "{label}: {change} and {least}");
        assert!(least >= finding["limit"]["max_increase"].as_f64().unwrap(), "{finding}");
    }
    // What is never tested could not have been found at any size.
    assert!(found("region tax", "durations.p99")["detectable"].is_null());
    let few = json(&compare("pool", &["--format", "json"]));
    assert!(few["findings"].as_array().unwrap().iter().all(|f| f["detectable"].is_null()));
}

#[test]
fn findings_are_grouped_by_the_test_that_their_figures_are_of() {
    let trace = |go: &str| data::dir().join(format!("traces/{go}/test.out")).display().to_string();
    let (base, head) = (trace("go1.26.6"), trace("go1.27.3"));
    let report = json(&cli(&data::dir(), &[&base, &head, "--format", "json"]));
    let subjects = report["findings"].as_array().unwrap().iter().map(|f| &f["subject"]);
    let all: Vec<&serde_json::Value> = subjects.chain(report["subjects"].as_array().unwrap()).collect();
    let test_of = |name: &str| {
        let subject = all.iter().find(|s| s["name"].as_str().unwrap().ends_with(name));
        subject.unwrap_or_else(|| panic!("{name}: {all:#?}"))["test"].clone()
    };
    assert_eq!(test_of("demo.TestMutex.func1"), "TestMutex");
    assert_eq!(test_of("demo.Pipeline.func1"), "TestChan");
    assert_eq!(test_of("TestCond"), "TestCond");
    // Several tests have contexts with deadlines.
    assert!(test_of("context.WithDeadlineCause.func2").is_null());
    let text = out(&cli(&data::dir(), &[&base, &head, "--group-by", "test", "--all", "--show-framework"]));
    let titles: Vec<&str> = text.lines().filter(|l| l.starts_with("Test")).collect();
    assert!(titles.len() >= 3, "{text}");
    let mut sorted = titles.clone();
    sorted.sort_unstable();
    sorted.dedup();
    assert_eq!(sorted.len(), titles.len(), "each test is there once: {text}");
}

#[test]
fn against_a_baseline_the_head_is_drawn_and_what_cannot_be_is_said() {
    let runs = data::dir().join("regressions/region15-runs");
    let side = |side: &str, last: u32| {
        (1..=last).map(|i| runs.join(format!("{side}.{i}.out")).display().to_string()).collect::<Vec<_>>()
    };
    let folder = tempfile::tempdir().unwrap();
    let with = |first: &[&str], more: &[String]| {
        let args: Vec<&str> = first.iter().copied().chain(more.iter().map(String::as_str)).collect();
        cli(folder.path(), &args)
    };
    assert_eq!(with(&["baseline", "create", "-o", "b.json"], &side("base", 5)).status.code(), Some(0));
    let got = with(&["check", "--baseline", "b.json", "--report-dir", "reports", "--format", "json"], &side("head", 5));
    let report = json(&got);
    let pictures = &report["pictures"];
    assert!(pictures["missing"].as_str().unwrap().contains("baseline"), "{pictures}");
    for (name, sides) in
        [("curves", ["base", "head"]), ("timelines", ["base", "head"]), ("distributions", ["base", "head"])]
    {
        let all = pictures[name].as_array().unwrap();
        assert!(!all.is_empty(), "{name}");
        for one in all {
            assert_eq!(one[sides[0]].as_array().unwrap().len(), 0, "{name}: {one}");
            assert!(!one[sides[1]].as_array().unwrap().is_empty(), "{name}: {one}");
        }
    }
    // What a baseline has is beside the head's: stacks, states, the dots of the runs.
    let waits = pictures["waits"].as_array().unwrap();
    assert!(waits.iter().any(|w| w["base"].as_f64() > Some(0.0) && w["head"].as_f64() > Some(0.0)), "{waits:?}");
    let finding = report["findings"].as_array().unwrap().iter().find(|f| f["metric"] == "exec_ns").unwrap();
    assert_eq!(
        (finding["base_runs"].as_array().unwrap().len(), finding["head_runs"].as_array().unwrap().len()),
        (5, 5)
    );
    let page = std::fs::read_to_string(folder.path().join("reports/report.html")).unwrap();
    assert!(
        page.contains("drawn of the head alone") && page.contains("class=\"runs\"") && page.contains("class=\"bar\"")
    );
    // Times of another day prove nothing, so that nothing could have been found in them either.
    assert!(finding["detectable"].is_null() && report["compared"]["detectable"].is_null(), "{finding}");
}

#[test]
fn framework_goroutines_are_shown_on_demand() {
    let names = |more: &[&str]| {
        let report = json(&compare("pool", &[&["--format", "json"], more].concat()));
        let findings = report["findings"].as_array().unwrap().clone();
        findings.iter().map(|f| format!("{} {}", f["subject"]["kind"], f["subject"]["name"])).collect::<Vec<_>>()
    };
    let framework = |names: Vec<String>| {
        names.iter().any(|n| n.contains("group") && (n.contains("main.main") || n.contains("runtime.")))
    };
    assert!(!framework(names(&[])));
    assert!(framework(names(&["--show-framework"])));
}

#[test]
fn a_report_fits_its_columns() {
    for (name, columns) in [("pool", 80), ("peer", 80), ("peer", 140), ("alloc", 80)] {
        let mut args = Vec::new();
        for side in ["base", "head"] {
            args.push(data::dir().join("regressions").join(name).join(format!("{side}.out")).display().to_string());
        }
        let got = std::process::Command::new(env!("CARGO_BIN_EXE_gotrace-diff"))
            .current_dir(data::dir().join("../examples/regressions"))
            .args(&args)
            .env("COLUMNS", columns.to_string())
            .output()
            .unwrap();
        // Commands that are to be copied stay whole.
        let text = out(&got);
        let report = text.split("\nTo be sure").next().unwrap();
        for line in report.lines() {
            assert!(line.chars().count() <= columns, "{name}, {columns} columns: {line}");
        }
    }
}

#[test]
fn the_published_schema_is_that_of_the_code() {
    let path = data::dir().join("../docs/report.schema.json");
    let real = gotrace_diff::report::json::document(&gotrace_diff::report::schema::report()).unwrap();
    if std::env::var_os("UPDATE_PAPERS").is_some() {
        std::fs::write(&path, &real).unwrap();
    }
    assert_eq!(std::fs::read_to_string(&path).unwrap(), real, "UPDATE_PAPERS=1 writes it anew");
    assert_eq!(out(&cli(&data::dir(), &["schema"])), real);
}

#[test]
fn reports_are_as_their_schema_says() {
    let schema = json(&cli(&data::dir(), &["schema"]));
    let validator = jsonschema::validator_for(&schema).unwrap();
    for name in ["pool", "none", "leak", "perjob", "sqlpool"] {
        let report = json(&compare(name, &["--format", "json"]));
        let wrong: Vec<String> = validator.iter_errors(&report).map(|e| e.to_string()).collect();
        assert!(wrong.is_empty(), "{name}: {wrong:?}");
    }
}

#[test]
fn a_report_is_rendered_again_without_its_traces() {
    let folder = tempfile::tempdir().unwrap();
    let (first, again) = (folder.path().join("first"), folder.path().join("again"));
    compare("pool", &["--report-dir", first.to_str().unwrap()]);
    let result = first.join("report.json").display().to_string();
    let got = cli(folder.path(), &["report", &result, "--report-dir", again.to_str().unwrap()]);
    assert_eq!(got.status.code(), Some(0));
    let mut files = 0;
    for file in std::fs::read_dir(&first).unwrap().flatten() {
        let (one, other) = (std::fs::read(file.path()).unwrap(), std::fs::read(again.join(file.file_name())).unwrap());
        assert!(!one.is_empty() && one == other, "{:?} differs", file.file_name());
        files += 1;
    }
    assert_eq!(files, gotrace_diff::report::format::Format::ALL.len());
}

#[test]
fn reports_of_older_versions_are_still_read() {
    let mut read = 0;
    for file in std::fs::read_dir(data::dir().join("reports")).unwrap().flatten() {
        let name = file.path().display().to_string();
        let old: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(&name).unwrap()).unwrap();
        let new = json(&cli(&data::dir(), &["report", &name, "--format", "json"]));
        assert_eq!(new["schema"], "gotrace-diff/report/2");
        for key in ["verdict", "exit_code", "headline", "warnings", "environment", "runs", "advice"] {
            assert_eq!(new[key], old[key], "{name}: {key}");
        }
        let (old, new) = (old["findings"].as_array().unwrap(), new["findings"].as_array().unwrap());
        assert_eq!(old.len(), new.len());
        for (old, new) in old.iter().zip(new) {
            for (key, value) in old.as_object().unwrap() {
                if !matches!(key.as_str(), "subject" | "site") {
                    assert_eq!(&new[key], value, "{name}: {key}");
                }
            }
            assert_eq!(new["subject"]["name"], old["subject"]["name"]);
            assert!(new["subject"]["label"].as_str().is_some_and(|l| !l.is_empty()));
        }
        read += 1;
    }
    assert!(read >= 2);
}

#[test]
fn what_is_no_report_is_refused_with_advice() {
    let folder = tempfile::tempdir().unwrap();
    for (text, want) in [
        ("{}", "without our schema"),
        (r#"{"schema": "gotrace-diff/report/3"}"#, "none of a report"),
        (r#"{"schema": "gotrace-diff/report/2"}"#, "missing field"),
        (r#"{"schema": "gotrace-diff/report/2", "version": 1, "version": 2}"#, "there twice"),
        ("\u{1f}", "bad JSON"),
    ] {
        std::fs::write(folder.path().join("x.json"), text).unwrap();
        let got = cli(folder.path(), &["report", "x.json"]);
        assert_eq!(got.status.code(), Some(2), "{text}");
        let said = String::from_utf8(got.stderr).unwrap();
        assert!(said.contains(want), "{text}: {said}");
    }
    // A report is no side, and the error says what to do with it.
    let report = data::dir().join("reports/pool.report-1.json").display().to_string();
    let got = cli(folder.path(), &[&report, &report]);
    assert!(String::from_utf8(got.stderr).unwrap().contains("gotrace-diff report"));
}

#[test]
fn the_gallery_is_what_the_command_writes() {
    let root = data::dir().join("..");
    let gallery = root.join("docs/gallery");
    let fresh = tempfile::tempdir().unwrap();
    let into = if std::env::var_os("UPDATE_PAPERS").is_some() { gallery.as_path() } else { fresh.path() };
    let side = |side: &str| format!("testdata/regressions/region15-runs/{side}.*.out");
    let (base, head) = (side("base"), side("head"));
    let got = cli(&root, &["--base", &base, "--head", &head, "--report-dir", into.to_str().unwrap()]);
    assert_eq!(got.status.code(), Some(1));
    for format in gotrace_diff::report::format::Format::ALL {
        let read = |folder: &std::path::Path| std::fs::read_to_string(folder.join(format.file_name())).unwrap();
        assert!(read(into) == read(&gallery), "docs/gallery/{} is old: UPDATE_PAPERS=1", format.file_name());
    }
}

#[test]
fn nothing_is_drawn_where_no_terminal_is() {
    let got = compare("pool", &["--color", "always"]);
    assert_eq!(String::from_utf8(got.stderr).unwrap(), "");
}
