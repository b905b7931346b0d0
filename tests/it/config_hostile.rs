//! A configuration that a change under review wrote: nothing of it is passed over, nothing is written where it leads outside.

use std::path::Path;

use crate::cli::{cli, write};
use crate::compare_make::{group, with};

fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(folder.path().join("shop/.git")).unwrap();
    std::fs::create_dir_all(folder.path().join("elsewhere")).unwrap();
    write(&folder.path().join("shop"), "base.json", &with("example.com/shop.work", group(40, 1000)));
    write(&folder.path().join("shop"), "head.json", &with("example.com/shop.work", group(41, 1000)));
    folder
}

/// The status of comparing, and what is said.
fn compare(dir: &Path, more: &[&str]) -> (Option<i32>, String) {
    let compared = cli(dir, &[&["base.json", "head.json"], more].concat());
    (compared.status.code(), String::from_utf8(compared.stderr).unwrap())
}

#[cfg(unix)]
#[test]
fn what_is_no_file_in_the_place_of_a_configuration_or_baseline_is_not_taken_for_none() {
    use std::os::unix::fs::symlink;
    type Put = fn(&Path);
    let put: [(&str, Put); 4] = [
        ("a link to nothing", |path| symlink("gone.toml", path).unwrap()),
        ("a link to a device", |path| symlink("/dev/zero", path).unwrap()),
        ("a folder", |path| std::fs::create_dir(path).unwrap()),
        ("a pipe", |path| assert!(std::process::Command::new("mkfifo").arg(path).status().unwrap().success())),
    ];
    for (what, put) in put {
        let folder = folder();
        let dir = folder.path().join("shop");
        assert_eq!(compare(&dir, &[]).0, Some(0), "without");
        put(&dir.join("gotrace-diff.toml"));
        let (status, said) = compare(&dir, &[]);
        assert!(status == Some(2) && said.contains("gotrace-diff.toml"), "{what}: {status:?} {said}");
        let (status, said) = compare(&dir, &["--config", "gotrace-diff.toml"]);
        assert!(status == Some(2) && said.contains("gotrace-diff.toml"), "{what}: {status:?} {said}");
        let named = "baseline = \"b.json\"\non-missing-baseline = \"warn\"\n";
        let _ = std::fs::remove_dir(dir.join("gotrace-diff.toml"));
        let _ = std::fs::remove_file(dir.join("gotrace-diff.toml"));
        std::fs::write(dir.join("gotrace-diff.toml"), named).unwrap();
        assert_eq!(cli(&dir, &["check", "head.json"]).status.code(), Some(0), "without a baseline");
        put(&dir.join("b.json"));
        let checked = cli(&dir, &["check", "head.json"]);
        let said = String::from_utf8(checked.stderr).unwrap();
        assert!(checked.status.code() == Some(2) && said.contains("b.json"), "{what}: {:?} {said}", checked.status);
    }
}

#[cfg(unix)]
#[test]
fn what_a_configuration_names_is_written_within_its_repository_and_nowhere_else() {
    for (config, args) in [
        ("[report]\nreport-dir = \"reports\"\n", &["base.json", "head.json"][..]),
        ("[report]\nreport-dir = \"reports/today\"\n", &["base.json", "head.json"]),
        ("[report]\noutput = [\"html=reports/x.html\"]\n", &["base.json", "head.json"]),
        ("baseline = \"reports/b.json\"\n", &["baseline", "create", "base.json"]),
        ("baseline = \"../elsewhere/b.json\"\n", &["baseline", "create", "base.json"]),
        ("baseline = \"reports/b.json\"\non-missing-baseline = \"create\"\n", &["check", "head.json"]),
        ("baseline = \"/tmp/gotrace-diff-outside.json\"\non-missing-baseline = \"create\"\n", &["check", "head.json"]),
    ] {
        let folder = folder();
        let dir = folder.path().join("shop");
        std::os::unix::fs::symlink("../elsewhere", dir.join("reports")).unwrap();
        std::fs::write(dir.join("gotrace-diff.toml"), config).unwrap();
        let refused = cli(&dir, args);
        let said = String::from_utf8(refused.stderr).unwrap();
        assert_eq!(refused.status.code(), Some(2), "{config}: {said}");
        assert!(said.contains("gotrace-diff.toml:") && said.contains("has to lie below"), "{config}: {said}");
        assert_eq!(std::fs::read_dir(folder.path().join("elsewhere")).unwrap().count(), 0, "{config}");
        // A folder of its own instead, which need not be there.
        std::fs::remove_file(dir.join("reports")).unwrap();
        if config.contains("reports") {
            // A file goes into a folder that is there.
            if !config.contains("report-dir") {
                std::fs::create_dir(dir.join("reports")).unwrap();
            }
            assert_eq!(cli(&dir, args).status.code(), Some(0), "{config}");
            assert!(dir.join("reports").is_dir(), "{config}");
        }
    }
}

#[test]
fn globs_that_are_too_long_or_too_deep_are_refused_and_long_values_not_told_whole() {
    let folder = folder();
    let dir = folder.path().join("shop");
    let long = "?".repeat(5000);
    for glob in [format!("{}a{}", "{".repeat(300), "}".repeat(300)), "*a".repeat(3000), "[a-z]".repeat(1000), long] {
        let (status, said) = compare(&dir, &["--group", &glob]);
        assert_eq!(status, Some(2), "{said}");
        assert!(said.contains("at most are read"), "{said}");
        std::fs::write(dir.join("gotrace-diff.toml"), format!("[[rule]]\nsubject = \"{glob}\"\n")).unwrap();
        let (status, said) = compare(&dir, &[]);
        assert_eq!(status, Some(2), "{said}");
        assert!(said.contains("gotrace-diff.toml:2:11") && said.len() < 4096, "{said}");
        std::fs::remove_file(dir.join("gotrace-diff.toml")).unwrap();
    }
    for config in [format!("{} = 1\n", "x".repeat(900_000)), format!("on-inconclusive = \"{}\"\n", "x".repeat(900_000))]
    {
        std::fs::write(dir.join("gotrace-diff.toml"), config).unwrap();
        let (status, said) = compare(&dir, &[]);
        assert!(status == Some(2) && said.len() < 4096, "{} bytes", said.len());
    }
    for (config, what) in [
        ("[[rule]]\n", "rules"),
        ("[[accept]]\nseries = \"process:gomaxprocs=1..2\"\nuntil = 2030-01-01\nreason = \"x\"\n", "accepted"),
    ] {
        std::fs::write(dir.join("gotrace-diff.toml"), config.repeat(10_001)).unwrap();
        let (status, said) = compare(&dir, &[]);
        assert!(status == Some(2) && said.contains("more than") && said.contains(what), "{said}");
    }
}
