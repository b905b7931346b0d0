//! Several environments in one baseline: a column each, none of which stands in for another.

use std::path::Path;

use gotrace_diff::summary::{Environment, Fact, Summary};

use crate::cli::{cli, json, out, write};
use crate::compare_make::{run, waiting};
use crate::data;
use crate::run::git;

fn environment(facts: &[(Fact, &str)]) -> Environment {
    let mut out = Environment::default();
    facts.iter().for_each(|(fact, value)| out.set(*fact, *value));
    out
}

const LINUX: &[(Fact, &str)] = &[(Fact::Go, "go1.26.3"), (Fact::Os, "linux"), (Fact::Cpu, "x"), (Fact::Race, "off")];
const DARWIN: &[(Fact, &str)] = &[(Fact::Go, "go1.26.3"), (Fact::Os, "darwin"), (Fact::Cpu, "m"), (Fact::Race, "off")];

fn shop(i: i64, workers: u64, environment: &Environment) -> Summary {
    let mut summary = Summary { source: format!("{i}.out"), start_ns: 1000 * i, ..run() };
    summary.environment = environment.clone();
    summary.end_ns += i * 1_000_000;
    summary.goroutines.insert("example.com/shop.work".into(), waiting(workers, 1_000_000, "sync", 2_000_000 + i));
    summary
}

/// A folder of 5 runs.
fn runs(dir: &Path, name: &str, workers: u64, facts: &[(Fact, &str)]) {
    std::fs::create_dir_all(dir.join(name)).unwrap();
    for i in 0..5 {
        write(&dir.join(name), &format!("{i}.json"), &shop(i, workers, &environment(facts)));
    }
}

fn repository() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path();
    std::fs::write(dir.join("go.mod"), "module example.com/shop\n").unwrap();
    git(dir, &["init", "-q", "-b", "main"]);
    runs(dir, "linux", 8, LINUX);
    runs(dir, "darwin", 10, DARWIN);
    folder
}

fn baseline(dir: &Path) -> String {
    std::fs::read_to_string(dir.join("gotrace-baseline.json")).unwrap()
}

#[test]
fn another_environment_is_a_column_beside_and_changes_no_other_line() {
    let folder = repository();
    let dir = folder.path();
    assert_eq!(cli(dir, &["baseline", "create", "linux"]).status.code(), Some(0));
    let before = baseline(dir);
    assert!(before.contains(r#""facts":{"go":"go1.26","os":"linux","cpu":"x","race":"off"}"#), "{before}");
    let got = out(&cli(dir, &["baseline", "update", "darwin"]));
    assert!(
        got.contains("added: environment traces of go 1.26, GOMAXPROCS 4, Go release go1.26, GOOS darwin"),
        "{got}"
    );
    let after = baseline(dir);
    let plain = |text: &str| text.lines().map(|l| l.trim_end_matches(',').to_owned()).collect::<Vec<_>>();
    let lost: Vec<String> = plain(&before).into_iter().filter(|l| !plain(&after).contains(l)).collect();
    assert_eq!(lost, Vec::<String>::new());
    // The same, whatever the order, and from both at once.
    std::fs::remove_file(dir.join("gotrace-baseline.json")).unwrap();
    assert_eq!(out(&cli(dir, &["baseline", "create", "darwin", "linux", "-o", "-"])), after);
    std::fs::write(dir.join("gotrace-baseline.json"), &after).unwrap();
    assert_eq!(cli(dir, &["baseline", "verify"]).status.code(), Some(0));
    // Each is checked against its own.
    for side in ["linux", "darwin"] {
        let told = json(&cli(dir, &["check", side, "--format", "json"]));
        assert_eq!(
            (told["verdict"].as_str(), told["environment"]["differences"].as_array().map(Vec::len)),
            (Some("pass"), Some(0)),
            "{side}: {}",
            told["headline"]
        );
    }
    let shown = out(&cli(dir, &["baseline", "show", "--metric", "count"]));
    assert_eq!(shown.matches("group example.com/shop.work").count(), 2, "{shown}");
    let listed = json(&cli(dir, &["baseline", "list", "--format", "json"]));
    assert_eq!(listed["baselines"][0]["environments"].as_array().map(Vec::len), Some(2));
    // An update touches its own column only.
    runs(dir, "more", 12, DARWIN);
    let told = json(&cli(dir, &["baseline", "update", "more", "--format", "json"]));
    assert_eq!(told["rewritten"], serde_json::json!(["group example.com/shop.work"]));
    let (now, linux) = (baseline(dir), before.lines().nth(3).unwrap()[7..15].to_owned());
    let of_linux = |text: &str| plain(text).into_iter().filter(|l| l.contains(&linux)).collect::<Vec<_>>();
    assert_eq!(of_linux(&now), of_linux(&before));
    let differ = out(&cli(dir, &["baseline", "diff", "darwin.json", "gotrace-baseline.json"]));
    assert!(differ.is_empty(), "the first is not there: {differ}");
    std::fs::write(dir.join("before.json"), &after).unwrap();
    let differ = out(&cli(dir, &["baseline", "diff", "before.json", "gotrace-baseline.json"]));
    assert!(differ.contains("GOOS darwin") && !differ.contains("GOOS linux"), "{differ}");
    assert!(differ.contains("group example.com/shop.work count: 10 → 12"), "{differ}");
}

#[test]
fn a_head_of_no_known_environment_is_checked_against_the_nearest_and_told_so() {
    let folder = repository();
    let dir = folder.path();
    cli(dir, &["baseline", "create", "linux", "darwin"]);
    runs(dir, "other", 8, &[(Fact::Go, "go1.26.9"), (Fact::Os, "linux"), (Fact::Cpu, "y"), (Fact::Race, "off")]);
    let got = json(&cli(dir, &["check", "other", "--format", "json"]));
    assert_eq!(got["verdict"], "pass", "{}", got["headline"]);
    assert_eq!(got["environment"]["differences"], serde_json::json!(["CPU model (base x, head y)"]));
    let warnings = got["warnings"].to_string();
    assert!(warnings.contains("has no runs of this environment") && warnings.contains("GOOS linux"), "{warnings}");
    // Counts do not depend on the machine, and gate all the same.
    runs(dir, "worse", 16, &[(Fact::Go, "go1.26.9"), (Fact::Os, "linux"), (Fact::Cpu, "y"), (Fact::Race, "off")]);
    assert_eq!(cli(dir, &["check", "worse"]).status.code(), Some(1));
    // Other build tags are another program: nothing is left to gate, which is never a pass.
    runs(dir, "tagged", 16, &[(Fact::Os, "linux"), (Fact::Tags, "integration")]);
    runs(dir, "plain", 8, &[(Fact::Os, "linux"), (Fact::Tags, "none")]);
    cli(dir, &["baseline", "create", "plain"]);
    let got = cli(dir, &["check", "tagged"]);
    assert!(out(&got).starts_with("inconclusive"), "{}", out(&got));
}

#[test]
fn what_is_not_known_of_new_runs_is_no_longer_claimed_and_never_guessed() {
    let folder = repository();
    let dir = folder.path();
    // Without facts, as plain go test leaves them.
    runs(dir, "unknown", 9, &[]);
    cli(dir, &["baseline", "create", "unknown"]);
    assert!(!baseline(dir).contains("facts"));
    // What knows more belongs to it, and says nothing of the runs that were there.
    cli(dir, &["baseline", "update", "linux"]);
    assert!(!baseline(dir).contains("facts") && baseline(dir).contains("[8,8,8,8,8]"), "{}", baseline(dir));
    // Written anew as a whole, it says all that these runs say.
    cli(dir, &["baseline", "update", "linux", "--all"]);
    assert!(baseline(dir).contains(r#""cpu":"x""#));
    cli(dir, &["baseline", "update", "darwin"]);
    // Two that it might be: neither is taken.
    let got = out(&cli(dir, &["baseline", "update", "unknown"]));
    assert!(got.contains("added: environment traces of go 1.26, GOMAXPROCS 4\n"), "{got}");
    assert_eq!(cli(dir, &["baseline", "verify"]).status.code(), Some(0));
}

#[test]
fn branches_that_update_two_environments_merge_without_conflict() {
    let folder = repository();
    let dir = folder.path();
    cli(dir, &["baseline", "create", "linux", "darwin"]);
    git(dir, &["add", "gotrace-baseline.json"]);
    git(dir, &["commit", "-qm", "baseline"]);
    for (branch, workers, facts) in [("one", 16, LINUX), ("two", 20, DARWIN)] {
        git(dir, &["checkout", "-q", "-b", branch, "main"]);
        runs(dir, branch, workers, facts);
        cli(dir, &["baseline", "update", branch]);
        git(dir, &["commit", "-qam", branch]);
    }
    git(dir, &["merge", "-q", "--no-edit", "one"]);
    assert_eq!(cli(dir, &["baseline", "verify"]).status.code(), Some(0));
    for side in ["one", "two"] {
        assert_eq!(cli(dir, &["check", side]).status.code(), Some(0), "{side}");
    }
}

#[test]
fn facts_beside_a_trace_are_read_and_no_trace() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path();
    std::fs::create_dir_all(dir.join("runs")).unwrap();
    std::fs::write(dir.join("runs/0.out"), data::read("regressions/pool/base.out")).unwrap();
    let file = dir.join("runs/gotrace-environment.json");
    std::fs::write(&file, r#"{"schema":"gotrace-diff/environment/1","facts":{"gogc":"50"}}"#).unwrap();
    for given in ["runs", "runs/*"] {
        let told = json(&cli(dir, &["summarize", given, "--format", "json"]));
        assert_eq!(told["environment"], serde_json::json!({"gogc": "50"}), "{given}");
    }
    for (text, want) in [
        (r#"{"schema":"gotrace-diff/environment/9","facts":{}}"#, "is not known"),
        (r#"{"schema":"gotrace-diff/environment/1","facts":{"moon":"full"}}"#, "unknown variant `moon`"),
    ] {
        std::fs::write(&file, text).unwrap();
        let got = cli(dir, &["summarize", "runs", "--format", "json"]);
        assert_eq!(got.status.code(), Some(2));
        let message = json(&got)["error"]["message"].as_str().unwrap().to_owned();
        assert!(message.contains("gotrace-environment.json") && message.contains(want), "{message}");
    }
    // What is called so and is no file says nothing, and is not as if nothing were there.
    let refused = |want: &str| {
        let got = cli(dir, &["summarize", "runs/0.out", "--format", "json"]);
        let told = json(&got);
        assert_eq!(got.status.code(), Some(2), "{told}");
        assert!(told["error"].to_string().contains("gotrace-environment.json"), "{told}");
        assert!(told["error"].to_string().contains(want), "{told}");
    };
    std::fs::remove_file(&file).unwrap();
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink("gone", &file).unwrap();
        refused("link to nothing");
        std::fs::remove_file(&file).unwrap();
    }
    std::fs::create_dir(&file).unwrap();
    refused("no regular file");
}

#[test]
fn each_package_may_have_a_baseline_beside_it() {
    let folder = repository();
    let dir = folder.path();
    std::fs::create_dir_all(dir.join("cart")).unwrap();
    std::fs::create_dir_all(dir.join("billing/invoice")).unwrap();
    std::fs::write(dir.join("billing/go.mod"), "module example.com/billing\n").unwrap();
    std::fs::write(dir.join("gotrace-diff.toml"), "baseline-per-package = true\n").unwrap();
    let packages = [
        ("example.com/shop/cart", "cart/gotrace-baseline.json"),
        ("example.com/billing/invoice", "billing/invoice/gotrace-baseline.json"),
    ];
    for (side, workers) in [("base", 8), ("head", 16)] {
        std::fs::create_dir_all(dir.join(side)).unwrap();
        for (i, (package, _)) in packages.iter().enumerate() {
            for run in 0..5 {
                let summary = Summary {
                    package: Some((*package).to_owned()),
                    ..shop(run + 10 * i as i64, workers, &environment(LINUX))
                };
                write(&dir.join(side), &format!("{i}-{run}.json"), &summary);
            }
        }
    }
    // Without any, and with one of them only.
    assert_eq!(cli(dir, &["check", "base", "--candidate", "none"]).status.code(), Some(2));
    let made = out(&cli(dir, &["baseline", "create", "base"]));
    for (package, file) in packages {
        assert!(made.contains(file), "{made}");
        let text = std::fs::read_to_string(dir.join(file)).unwrap();
        let others = packages.iter().filter(|(p, _)| *p != package);
        assert!(text.contains(package) && others.into_iter().all(|(p, _)| !text.contains(p)), "{text}");
    }
    assert!(!dir.join("gotrace-baseline.json").exists());
    assert_eq!(out(&cli(dir, &["baseline", "verify"])).matches("sound").count(), 2);
    assert_eq!(cli(dir, &["check", "base"]).status.code(), Some(0));
    let got = cli(dir, &["check", "head"]);
    assert_eq!(got.status.code(), Some(1));
    // The command that is printed puts each part where it belongs.
    let command = "gotrace-diff baseline update gotrace-baseline.candidate.json";
    assert!(out(&got).lines().any(|l| l.trim() == command), "{}", out(&got));
    let args: Vec<&str> = command.split(' ').skip(1).collect();
    let updated = out(&cli(dir, &args));
    assert!(packages.iter().all(|(_, file)| updated.contains(file)), "{updated}");
    assert_eq!(cli(dir, &["check", "head"]).status.code(), Some(0));
    // One that is missing fails, or is named while the others are compared.
    std::fs::remove_file(dir.join(packages[0].1)).unwrap();
    let got = cli(dir, &["check", "head", "--candidate", "none"]);
    assert_eq!(got.status.code(), Some(2));
    assert!(out(&got).starts_with("inconclusive: there is no baseline at cart/gotrace-baseline.json"), "{}", out(&got));
    let told = json(&cli(dir, &["check", "base", "--on-missing-baseline", "warn", "--format", "json"]));
    assert!(told["warnings"].to_string().contains("there is no baseline at cart/gotrace-baseline.json"), "{told}");
    assert_eq!(cli(dir, &["check", "head", "--on-missing-baseline", "create"]).status.code(), Some(0));
    assert!(dir.join(packages[0].1).exists());
}
