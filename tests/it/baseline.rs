//! The committed baseline, and gating against it.

use crate::cli::{cli, json, out, write};
use crate::compare_make::{group, placed, with};
use crate::data;

fn repository() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path();
    std::fs::create_dir_all(dir.join(".git")).unwrap();
    std::fs::create_dir_all(dir.join("cart")).unwrap();
    std::fs::write(dir.join("go.mod"), "module example.com/shop\n").unwrap();
    for (name, n) in [("a.json", 40), ("b.json", 160)] {
        write(
            dir,
            name,
            &with(
                "example.com/shop.work",
                placed(group(n, 1000), "example.com/shop.serve", "/elsewhere/shop/go.mod", 3),
            ),
        );
    }
    folder
}

#[test]
fn a_list_without_runs_is_no_baseline_and_takes_the_place_of_none() {
    let folder = repository();
    let dir = folder.path();
    assert_eq!(cli(dir, &["baseline", "create", "a.json"]).status.code(), Some(0));
    let good = std::fs::read(dir.join("gotrace-baseline.json")).unwrap();
    std::fs::write(dir.join("none.json"), r#"{"schema": "gotrace-diff/runs/1", "runs": []}"#).unwrap();
    for args in [
        &["baseline", "create", "none.json"][..],
        &["summarize", "none.json"],
        &["merge", "none.json"],
        &["check", "none.json"],
    ] {
        let refused = cli(dir, args);
        let said = String::from_utf8(refused.stderr).unwrap();
        assert!(refused.status.code() == Some(2) && said.contains("none.json"), "{args:?}: {said}");
    }
    assert_eq!(std::fs::read(dir.join("gotrace-baseline.json")).unwrap(), good);
}

#[test]
fn a_baseline_without_runs_or_with_more_said_of_them_than_fits_is_refused() {
    let folder = repository();
    let dir = folder.path();
    assert_eq!(cli(dir, &["baseline", "create", "a.json"]).status.code(), Some(0));
    let path = dir.join("gotrace-baseline.json");
    let mut baseline: serde_json::Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    let run = baseline["packages"][0]["runs"][0].clone();
    for (runs, length, status) in [(600, 100_000, Some(0)), (700, 100_000, Some(2)), (0, 10, Some(2))] {
        baseline["environments"][0]["format"] = "x".repeat(length).into();
        baseline["packages"][0]["runs"] = vec![run.clone(); runs].into();
        for lines in ["subjects", "series", "sites"] {
            baseline[lines] = serde_json::json!([]);
        }
        std::fs::write(&path, serde_json::to_string(&baseline).unwrap()).unwrap();
        let shown = cli(dir, &["baseline", "show"]);
        assert_eq!(shown.status.code(), status, "{runs} runs: {}", String::from_utf8_lossy(&shown.stderr));
    }
}

#[test]
fn a_baseline_gates_from_anywhere_in_the_repository() {
    let folder = repository();
    let dir = folder.path();
    let created = cli(&dir.join("cart"), &["baseline", "create", "../a.json"]);
    assert_eq!(created.status.code(), Some(0), "{}", out(&created));
    assert!(dir.join("gotrace-baseline.json").is_file());
    assert_eq!(cli(dir, &["check", "a.json"]).status.code(), Some(0));
    assert_eq!(cli(&dir.join("cart"), &["check", "../b.json"]).status.code(), Some(1));
    assert_eq!(cli(dir, &["check", "a.json", "--baseline", "missing.json"]).status.code(), Some(2));
    // A baseline is a side like any other.
    assert_eq!(cli(dir, &["gotrace-baseline.json", "b.json"]).status.code(), Some(1));
}

#[test]
fn a_baseline_says_the_same_as_the_traces_it_was_made_of() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path();
    for side in ["base", "head"] {
        std::fs::write(dir.join(format!("{side}.out")), data::read(&format!("regressions/pool/{side}.out"))).unwrap();
    }
    assert_eq!(cli(dir, &["baseline", "create", "base.out", "-o", "b.json"]).status.code(), Some(0));
    let direct = json(&cli(dir, &["base.out", "head.out", "--format", "json"]));
    let stored = json(&cli(dir, &["check", "head.out", "--baseline", "b.json", "--format", "json"]));
    assert_eq!(stored["findings"], direct["findings"]);
    assert_eq!(stored["headline"], direct["headline"]);
}

#[test]
fn a_baseline_is_canonical() {
    let folder = repository();
    let dir = folder.path();
    let create = |args: &[&str]| {
        let mut all = vec!["baseline", "create", "-o", "-"];
        all.extend(args);
        out(&cli(dir, &all))
    };
    let text = create(&["a.json"]);
    assert_eq!(create(&["a.json"]), text);
    assert!(!text.contains(&*dir.to_string_lossy()) && !text.contains("/elsewhere"), "{text}");
    // One series a line: another count is another line, and nothing else.
    let other = create(&["b.json"]);
    let changed: Vec<_> = text.lines().zip(other.lines()).filter(|(a, b)| a != b).map(|(a, _)| a).collect();
    assert!(changed.len() <= 8, "{changed:#?}");
    let names = |t: &str| {
        t.lines()
            .filter(|l| l.contains("\"metric\""))
            .map(|l| l.split("\"values\"").next().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    let mut sorted = names(&text);
    sorted.sort();
    assert_eq!(sorted.len(), names(&text).len());
}

#[test]
fn a_missing_baseline_is_an_error_unless_the_policy_says_otherwise() {
    let folder = repository();
    let dir = folder.path();
    assert_eq!(cli(dir, &["check", "a.json"]).status.code(), Some(2));
    std::fs::write(dir.join("gotrace-diff.toml"), "on-missing-baseline = \"warn\"\n").unwrap();
    let got = cli(dir, &["check", "a.json"]);
    assert_eq!(got.status.code(), Some(0));
    assert!(out(&got).starts_with("inconclusive: there is no baseline"), "{}", out(&got));
    // The command line says so, too, and what it says wins.
    assert_eq!(cli(dir, &["check", "a.json", "--on-missing-baseline", "fail"]).status.code(), Some(2));
    assert!(!dir.join("gotrace-baseline.json").exists());
    let got = cli(dir, &["check", "a.json", "--on-missing-baseline", "create"]);
    assert_eq!(got.status.code(), Some(0));
    assert!(out(&got).starts_with("inconclusive: there was no baseline"), "{}", out(&got));
    let made = std::fs::read_to_string(dir.join("gotrace-baseline.json")).unwrap();
    assert_eq!(made, out(&cli(dir, &["baseline", "create", "a.json", "-o", "-"])));
    assert_eq!(cli(dir, &["check", "b.json"]).status.code(), Some(1));
}

#[test]
fn a_missing_baseline_is_in_every_report() {
    let folder = repository();
    let dir = folder.path();
    let got = cli(dir, &["check", "a.json", "--report-dir", "reports"]);
    assert_eq!(got.status.code(), Some(2));
    assert!(out(&got).starts_with("inconclusive: there is no baseline"), "{}", out(&got));
    for entry in std::fs::read_dir(dir.join("reports")).unwrap() {
        let path = entry.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        // Tables of series have no line for what was not compared.
        if ["report.csv", "report.bench", "codequality.json"].contains(&name.as_str()) {
            continue;
        }
        assert!(text.contains("inconclusive"), "{name}: {text}");
    }
    let told: serde_json::Value =
        serde_json::from_str(&std::fs::read_to_string(dir.join("reports/report.json")).unwrap()).unwrap();
    assert_eq!((told["exit_code"].as_u64(), told["verdict"].as_str()), (Some(2), Some("inconclusive")));
}

#[test]
fn a_failing_check_leaves_a_candidate_and_the_command_that_takes_it() {
    let folder = repository();
    let dir = folder.path();
    let candidate = dir.join("gotrace-baseline.candidate.json");
    cli(dir, &["baseline", "create", "a.json"]);
    assert_eq!(cli(dir, &["check", "a.json"]).status.code(), Some(0));
    assert!(!candidate.exists(), "nothing failed");
    assert_eq!(cli(dir, &["check", "b.json", "--candidate", "none"]).status.code(), Some(1));
    assert!(!candidate.exists(), "none was wanted");
    let got = cli(dir, &["check", "b.json"]);
    assert_eq!(got.status.code(), Some(1));
    assert_eq!(
        std::fs::read_to_string(&candidate).unwrap(),
        out(&cli(dir, &["baseline", "create", "b.json", "-o", "-"]))
    );
    // The command is the one that is printed, word for word.
    let text = out(&got);
    let command = text.lines().find(|l| l.trim_start().starts_with("gotrace-diff baseline update")).unwrap().trim();
    assert_eq!(command, "gotrace-diff baseline update gotrace-baseline.candidate.json");
    let args: Vec<&str> = command.split(' ').skip(1).collect();
    assert_eq!(cli(dir, &args).status.code(), Some(0));
    assert_eq!(cli(dir, &["check", "b.json"]).status.code(), Some(0));
    // One that cannot be written changes nothing of the verdict.
    let got = cli(dir, &["check", "a.json", "--candidate", "no/such/folder/c.json", "--max-increase", "1%"]);
    assert_eq!(got.status.code(), Some(0), "better is no failure");
    cli(dir, &["baseline", "update", "a.json", "--all"]);
    let got = cli(dir, &["check", "b.json", "--candidate", "no/such/folder/c.json"]);
    assert_eq!(got.status.code(), Some(1));
    assert!(out(&got).contains("no candidate for a new baseline"), "{}", out(&got));
}

#[cfg(unix)]
#[test]
fn a_baseline_is_never_written_through_a_link() {
    let folder = repository();
    let dir = folder.path();
    std::fs::write(dir.join("elsewhere.json"), "mine").unwrap();
    std::os::unix::fs::symlink(dir.join("elsewhere.json"), dir.join("gotrace-baseline.json")).unwrap();
    for args in [
        &["baseline", "create", "a.json"][..],
        &["check", "a.json", "--baseline", "gotrace-baseline.json", "--on-missing-baseline", "create"],
        &["baseline", "update", "a.json"],
    ] {
        assert_eq!(cli(dir, args).status.code(), Some(2), "{args:?}");
        assert_eq!(std::fs::read_to_string(dir.join("elsewhere.json")).unwrap(), "mine", "{args:?}");
    }
}

#[test]
fn a_broken_baseline_is_refused_by_name() {
    let folder = repository();
    let dir = folder.path();
    cli(dir, &["baseline", "create", "a.json"]);
    let good = std::fs::read_to_string(dir.join("gotrace-baseline.json")).unwrap();
    let line = 1 + good.lines().position(|l| l.contains("\"values\":[40]")).unwrap();
    let too_many = format!("line {line}: count of group \"example.com/shop.work\" has 2 values for 1 runs");
    for (broken, want) in [
        (good.replace("\"schema\"", "<<<<<<< HEAD\n\"schema\""), "conflict"),
        (good.replace("baseline/2", "baseline/7"), "is not known"),
        (good.replacen("\"metric\":\"count\"", "\"metric\":\"count\",\"metric\":\"count\"", 1), "there twice"),
        (good.replacen("\"values\":[40]", "\"values\":[40,41]", 1), too_many.as_str()),
        (good.replacen("\"values\":[40]", "\"values\":[1e999]", 1), "out of range"),
        (String::new(), "bad JSON"),
        (good.replacen("\"values\":[40]", "\"values\":[1.5]", 1), "line "),
        ("[".repeat(100_000), "recursion limit"),
    ] {
        std::fs::write(dir.join("gotrace-baseline.json"), broken).unwrap();
        let got = cli(dir, &["check", "a.json", "--format", "json"]);
        assert_eq!(got.status.code(), Some(2), "{want}");
        assert!(json(&got)["error"]["message"].as_str().unwrap().contains(want), "{want}: {}", out(&got));
    }
}
