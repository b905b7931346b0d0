//! `calibrate` and `selftest`, on twelve recorded runs of one version.

use std::path::Path;

use crate::cli::{cli, json, out};

const RUNS: &str = "testdata/regressions/none-runs";

fn here() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn the_noise_of_unchanged_runs_is_told_series_by_series() {
    let got = json(&cli(here(), &["calibrate", RUNS, "--format=json"]));
    assert_eq!(got["runs"], 12);
    assert_eq!(got["fails"], 0, "unchanged code failed");
    let tax =
        got["series"].as_array().unwrap().iter().find(|s| s["subject"] == "tax" && s["metric"] == "durations.p10");
    let (five, ten) = (&tax.unwrap()["detectable_5"], &tax.unwrap()["detectable_10"]);
    assert!(five.as_f64() > ten.as_f64() && ten.as_f64() > Some(0.1), "{five} {ten}");
    let few = cli(here(), &["calibrate", "testdata/regressions/pool"]);
    assert_eq!(few.status.code(), Some(2));
}

#[test]
fn a_configuration_that_cannot_fail_does_not_pass_the_self_test() {
    for (args, status, says) in [
        (&["selftest", RUNS][..], 0, "works"),
        (&["selftest", RUNS, "--max-increase=500%"], 1, "does not work"),
        (&["selftest", RUNS, "--min-delta=1h"], 2, ""),
    ] {
        let got = cli(here(), args);
        assert_eq!(got.status.code(), Some(status), "{args:?}: {}", out(&got));
        assert!(out(&got).starts_with(says), "{}", out(&got));
    }
    let got = out(&cli(here(), &["selftest", RUNS]));
    assert!(got.contains("takes twice as long: ") && got.contains("twice as many goroutines of "), "{got}");
    // Whoever shows everything and gates nothing cannot fail.
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("gotrace-diff.toml");
    std::fs::write(&config, "[[rule]]\nlevel = \"info\"\n").unwrap();
    let got = cli(here(), &["selftest", RUNS, "--config", config.to_str().unwrap()]);
    assert_eq!(got.status.code(), Some(1), "{}", out(&got));
}
