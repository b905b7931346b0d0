//! docs/dependencies.md says why each crate is there: no more and no fewer than `Cargo.toml` has.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The crates of the table behind a heading, each with a reason.
fn told(paper: &str, heading: &str) -> BTreeSet<String> {
    let part = paper.split(heading).nth(1).expect("the heading").split("\n## ").next().expect("its part");
    let rows = part.lines().filter_map(|line| line.strip_prefix("| ")).skip(1);
    let rows = rows.map(|row| {
        let (name, why) = row.split_once(" | ").expect("two columns");
        assert!(why.trim_end_matches(" |").len() > 3, "no reason for {name}");
        name.to_owned()
    });
    rows.collect()
}

#[test]
fn every_dependency_is_told_with_its_reason() {
    let paper = std::fs::read_to_string(root().join("docs/dependencies.md")).unwrap();
    let manifest: toml::Table = std::fs::read_to_string(root().join("Cargo.toml")).unwrap().parse().unwrap();
    for (heading, section) in [("## In the binary\n", "dependencies"), ("## In tests alone\n", "dev-dependencies")] {
        // Of all systems, and of single ones.
        let of_systems = manifest["target"].as_table().unwrap().values().filter_map(|target| target.get(section));
        let tables = [&manifest[section]].into_iter().chain(of_systems);
        let there: BTreeSet<String> = tables.flat_map(|table| table.as_table().unwrap().keys().cloned()).collect();
        assert_eq!(told(&paper, heading), there, "{heading}: a row in docs/dependencies.md for each of [{section}]");
    }
}

#[test]
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
fn the_number_of_crates_is_the_one_that_is_told() {
    let tree = ["tree", "-e", "normal", "--prefix", "none", "--format", "{p}", "--locked", "--offline"];
    let output = Command::new(env!("CARGO")).args(tree).current_dir(root()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    let name = |line: &str| line.split(' ').take(2).collect::<Vec<_>>().join(" ");
    let crates: BTreeSet<String> = text.lines().map(name).filter(|line| !line.starts_with("gotrace-diff ")).collect();
    let path = root().join("docs/dependencies.md");
    let paper = std::fs::read_to_string(&path).unwrap();
    let (before, rest) = paper.split_once("the binary is built from ").unwrap();
    let (number, after) = rest.split_once(' ').unwrap();
    if std::env::var_os("UPDATE_PAPERS").is_some() {
        let now = format!("{before}the binary is built from {} {after}", crates.len());
        std::fs::write(&path, now).unwrap();
    } else {
        assert_eq!(number, crates.len().to_string(), "UPDATE_PAPERS=1 cargo test --test it dependencies");
    }
}
