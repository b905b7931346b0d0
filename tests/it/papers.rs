//! The papers say what is true: commands print what stands below them, links lead somewhere, tables equal the code.
//!
//! `UPDATE_PAPERS=1 cargo test --test it papers` writes anew what commands print.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use gotrace_diff::error::exit;
use gotrace_diff::gate::rules;
use gotrace_diff::metrics::registry::{Class, metrics};
use gotrace_diff::report::units;
use gotrace_diff::trace::{TraceErrorKind, Version};

const PAPERS: [&str; 8] = [
    "README.md",
    "ARCHITECTURE.md",
    "CONTRIBUTING.md",
    "CHANGELOG.md",
    "docs/configuration.md",
    "docs/exit-status.md",
    "docs/export.md",
    "docs/from-go-tool-trace.md",
];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(paper: &str) -> String {
    std::fs::read_to_string(root().join(paper)).unwrap_or_else(|e| panic!("{paper}: {e}"))
}

/// The fenced blocks of a paper: language, and what is in it.
fn blocks(text: &str) -> Vec<(&str, String)> {
    let mut blocks = Vec::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        if let Some(language) = line.strip_prefix("```") {
            let inside: Vec<&str> = lines.by_ref().take_while(|l| *l != "```").collect();
            blocks.push((language, inside.join("\n")));
        }
    }
    blocks
}

/// The rows of all tables below `heading`, up to the next heading: cells without blanks around them.
fn rows(text: &str, heading: &str) -> Vec<Vec<String>> {
    let (_, below) = text.split_once(&format!("\n{heading}\n")).unwrap_or_else(|| panic!("no heading `{heading}`"));
    let lines = below.lines().take_while(|line| !line.starts_with('#'));
    let cells = |line: &str| line.trim_matches('|').split('|').map(|c| c.trim().to_owned()).collect::<Vec<_>>();
    lines.filter(|line| line.starts_with('|') && !line.contains("---")).skip(1).map(cells).collect()
}

/// The words of a command line; those in single quotes are one.
fn words(line: &str) -> Vec<String> {
    let quoted = line.split('\'').enumerate();
    let split = quoted.flat_map(|(i, part)| {
        if i % 2 == 1 { vec![part.to_owned()] } else { part.split_whitespace().map(str::to_owned).collect() }
    });
    split.collect()
}

/// Runs `gotrace-diff ...` as a reader would: what both outputs say, and the exit status.
fn run(line: &str) -> (String, i32) {
    let words = words(line);
    assert_eq!(words.first().map(String::as_str), Some("gotrace-diff"), "{line}");
    let output = Command::new(env!("CARGO_BIN_EXE_gotrace-diff"))
        .args(&words[1..])
        .current_dir(root())
        .env_remove("GITHUB_ACTIONS")
        .envs([("COLUMNS", "80"), ("NO_COLOR", "1")])
        .output()
        .expect("the command runs");
    let said = [output.stdout, output.stderr].concat();
    (String::from_utf8(said).expect("UTF-8"), output.status.code().expect("an exit status"))
}

/// A block with its commands run anew.
fn rerun(block: &str) -> String {
    let mut status = 0;
    let mut out = String::new();
    for command in block.lines().filter_map(|line| line.strip_prefix("$ ")) {
        let said = match command {
            "echo $?" => format!("{status}\n"),
            _ => {
                let (said, code) = run(command);
                status = code;
                said
            }
        };
        out.push_str(&format!("$ {command}\n{said}"));
    }
    out.trim_end().to_owned()
}

#[test]
fn papers_show_what_commands_print() {
    let mut commands = 0;
    for paper in PAPERS {
        let mut text = read(paper);
        for (_, block) in blocks(&text.clone()) {
            if !block.starts_with("$ ") {
                continue;
            }
            commands += 1;
            let anew = rerun(&block);
            if std::env::var_os("UPDATE_PAPERS").is_some() {
                text = text.replace(&format!("```text\n{block}\n```"), &format!("```text\n{anew}\n```"));
                std::fs::write(root().join(paper), &text).expect("written");
            } else {
                assert_eq!(block, anew, "{paper} shows another output; UPDATE_PAPERS=1 writes it anew");
            }
        }
    }
    assert!(commands >= 5, "{commands} blocks with commands");
}

#[test]
fn the_first_block_of_the_readme_is_its_two_commands() {
    let readme = read("README.md");
    let all = blocks(&readme);
    let (_, first) = all.iter().find(|(language, _)| *language == "sh").expect("a block");
    let lines: Vec<&str> = first.lines().collect();
    let [main, test] = lines[..] else { panic!("{} lines: {first}", lines.len()) };
    assert!(main.starts_with("cargo run --quiet -- ") && test.starts_with("cargo test"), "{first}");
    for file in main.split_whitespace().filter(|word| word.starts_with("testdata/")) {
        assert!(root().join(file).is_file(), "{file}");
    }
}

/// What a heading is called in links.
fn anchor(heading: &str) -> String {
    let kept = heading.trim_start_matches('#').trim().to_lowercase();
    kept.chars().filter(|c| c.is_alphanumeric() || " -_".contains(*c)).collect::<String>().replace(' ', "-")
}

/// Every `.md` of the repository, without what tools made.
fn all_papers(folder: &Path, out: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("a folder").flatten() {
        let (name, path) = (entry.file_name().to_string_lossy().into_owned(), entry.path());
        if path.is_dir() && !name.starts_with('.') && name != "target" {
            all_papers(&path, out);
        } else if name.ends_with(".md") {
            out.push(path);
        }
    }
}

#[test]
fn every_relative_link_leads_somewhere() {
    let mut papers = Vec::new();
    all_papers(root(), &mut papers);
    assert!(papers.len() >= PAPERS.len(), "{papers:?}");
    for paper in papers {
        let text = std::fs::read_to_string(&paper).expect("readable");
        let targets = text.split("](").skip(1).filter_map(|rest| rest.split(')').next());
        for target in targets.filter(|t| !t.contains("://")) {
            let (file, place) = target.split_once('#').unwrap_or((target, ""));
            let to = if file.is_empty() { paper.clone() } else { paper.parent().expect("a folder").join(file) };
            assert!(to.exists(), "{}: {target} leads nowhere", paper.display());
            let headings = || std::fs::read_to_string(&to).expect("readable");
            let known = place.is_empty() || headings().lines().any(|l| l.starts_with('#') && anchor(l) == place);
            assert!(known, "{}: {target}: no such heading", paper.display());
        }
    }
}

/// Paths in backticks that begin with a folder of the repository, or name one of its sources.
fn paths(text: &str) -> BTreeSet<&str> {
    let folders = ["src/", "tests/", "testdata/", "examples/", "benches/", "fuzz/", "docs/", ".ci/"];
    let code = text.split('`').skip(1).step_by(2);
    let whole = |p: &&str| folders.iter().any(|f| p.starts_with(f)) && !p.contains([' ', '*', '\n']);
    code.filter(whole).collect()
}

#[test]
fn files_that_papers_name_exist() {
    for paper in PAPERS {
        let text = read(paper);
        for path in paths(&text) {
            // A fuzzer's finds are made as it runs.
            assert!(root().join(path).exists() || path == "fuzz/corpus", "{paper}: {path} does not exist");
        }
    }
}

#[test]
fn the_layout_names_every_part_of_the_sources() {
    let architecture = read("ARCHITECTURE.md");
    let named: BTreeSet<String> =
        rows(&architecture, "## Layout").iter().map(|row| row[0].trim_matches('`').to_owned()).collect();
    for entry in std::fs::read_dir(root().join("src")).expect("sources").flatten() {
        let (name, path) = (entry.file_name().to_string_lossy().into_owned(), entry.path());
        let parts = if path.is_dir() { format!("src/{name}/") } else { format!("src/{name}") };
        // Git keeps no empty folders.
        let empty = path.is_dir() && std::fs::read_dir(&path).expect("a folder").next().is_none();
        assert!(empty || named.contains(&parts), "{parts} is not in the layout");
    }
}

/// The module that a source belongs to, and the modules that it names.
fn dependencies(file: &Path, out: &mut BTreeSet<(String, String)>) {
    let inside = file.strip_prefix(root().join("src")).expect("a source");
    let module = inside.iter().next().map(|m| m.to_string_lossy().trim_end_matches(".rs").to_owned());
    let text = std::fs::read_to_string(file).expect("readable");
    for rest in text.split("crate::").skip(1) {
        let name: String = rest.chars().take_while(|c| c.is_ascii_lowercase() || *c == '_').collect();
        out.insert((module.clone().unwrap_or_default(), name));
    }
}

fn sources(folder: &Path, out: &mut BTreeSet<(String, String)>) {
    for entry in std::fs::read_dir(folder).expect("sources").flatten() {
        let path = entry.path();
        if path.is_dir() {
            sources(&path, out);
        } else if path.extension().is_some_and(|e| e == "rs") {
            dependencies(&path, out);
        }
    }
}

#[test]
fn dependencies_point_down_the_list() {
    let architecture = read("ARCHITECTURE.md");
    let (_, rest) = architecture.split_once("**Dependencies point down this list:**").expect("the list");
    let (list, _) = rest.split_once('.').expect("its end");
    let order: Vec<&str> = list.split('`').skip(1).step_by(2).collect();
    let mut found = BTreeSet::new();
    sources(&root().join("src"), &mut found);
    let place = |name: &str| order.iter().position(|m| *m == name);
    for (from, to) in found.iter().filter(|(from, to)| from != to && !matches!(from.as_str(), "main" | "lib")) {
        let (Some(above), Some(below)) = (place(from), place(to)) else { panic!("{from} or {to} is not in the list") };
        let told = matches!((from.as_str(), to.as_str()), ("config" | "cli", "commands") | ("config", "report"));
        assert!(above < below || told, "{from} depends on {to}, which is above it");
    }
}

#[test]
fn exit_statuses_are_those_of_the_code() {
    let expected = [exit::PASS, exit::REGRESSION, exit::ERROR, exit::INCONCLUSIVE, exit::BUG];
    for (paper, heading) in [("README.md", "## Exit status"), ("docs/exit-status.md", "# Exit status")] {
        let text = format!("\n{}", read(paper));
        let told: Vec<u8> = rows(&text, heading).iter().map(|row| row[0].parse().expect("a status")).collect();
        assert_eq!(told, expected, "{paper}");
        let words = ["pass", "regression", "could not be done", "inconclusive", "bug"];
        for (row, word) in rows(&text, heading).iter().zip(words) {
            assert!(row[1].contains(word), "{paper}: {row:?}");
        }
    }
}

#[test]
fn errors_of_traces_are_told_in_their_words() {
    let text = read("docs/exit-status.md");
    let told: BTreeSet<String> =
        rows(&text, "## Errors").iter().map(|row| row[0].trim_matches('`').to_owned()).collect();
    let real = TraceErrorKind::ALL.iter().map(|kind| kind.class().headline().to_owned()).collect();
    assert_eq!(told, real);
}

#[test]
fn headers_are_those_that_are_read() {
    let readme = read("README.md");
    let told: Vec<String> =
        rows(&readme, "## What it reads").iter().map(|row| row[0].trim_matches('`').to_owned()).collect();
    let reads = |minor: &u32| {
        let mut header = format!("go 1.{minor} trace").into_bytes();
        header.resize(gotrace_diff::trace::version::HEADER_LEN, 0);
        Version::parse(&header).is_ok()
    };
    let real: Vec<String> = (0..1000).filter(reads).map(|minor| format!("go 1.{minor}")).collect();
    assert_eq!(told, real);
}

#[test]
fn defaults_are_those_of_the_code() {
    let rows = rows(&read("docs/configuration.md"), "## Defaults");
    let told: Vec<Vec<&str>> = rows.iter().map(|row| row.iter().map(String::as_str).collect()).collect();
    for class in [Class::Time, Class::Structural, Class::Count, Class::Bytes] {
        let unit = metrics().find(|m| m.class == class).expect("a metric of each class").unit;
        let (limit, floor) = rules::defaults(class);
        let real = [class.name(), &units::percent(limit), &units::figure(floor, unit)];
        assert!(told.iter().any(|row| row[..] == real), "{real:?} is not in {told:?}");
    }
}

#[test]
fn examples_of_configuration_are_understood() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("gotrace-diff.toml");
    let mut examples = 0;
    for paper in PAPERS {
        for (_, example) in blocks(&read(paper)).iter().filter(|(language, _)| *language == "toml") {
            std::fs::write(&file, example).expect("written");
            let config = gotrace_diff::config::load(&file).unwrap_or_else(|e| panic!("{paper}: {e}"));
            assert!(!config.rules.is_empty() || !config.diagnose.is_empty(), "{paper}");
            examples += 1;
        }
    }
    assert!(examples >= 2, "{examples} examples");
}
