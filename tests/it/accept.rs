//! Accepted changes: they hold from what to what they say, until the day they say, and reports name who said so.

use std::path::Path;

use crate::cli::{cli, json, out, write};
use crate::compare_make::{group, with};

const SERIES: &str = "group:example.com/shop.work#count";

/// A repository whose goroutines were 40, with heads of other numbers.
fn repository() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path();
    std::fs::create_dir_all(dir.join(".git")).unwrap();
    std::fs::write(dir.join("go.mod"), "module example.com/shop\n").unwrap();
    for n in [5, 40, 160, 162, 400] {
        write(dir, &format!("{n}.json"), &with("example.com/shop.work", group(n, 1000)));
    }
    folder
}

fn accept(dir: &Path, what: &str, until: &str) {
    let text = format!(
        "# The team's.\n[[accept]]\nseries = \"{SERIES}\"\n{what}\nreason = \"wider on purpose\"\nby = \"ada\"\n{until}\n"
    );
    std::fs::write(dir.join("gotrace-diff.toml"), text).unwrap();
}

#[test]
fn an_accepted_change_holds_from_what_to_what_it_says() {
    let folder = repository();
    let dir = folder.path();
    for (what, base, head, want) in [
        ("from = 40\nto = 160", "40", "160", 0),
        // The rule's limit holds from there on: 5 % of a count.
        ("from = 40\nto = 160", "40", "162", 0),
        ("from = 40\nto = 160", "40", "400", 1),
        // What became better since is another base.
        ("from = 40\nto = 160", "5", "160", 1),
        ("from = 40\nto = 400", "40", "160", 0),
        ("to = 160", "40", "160", 1),
        ("from = 40", "40", "160", 1),
    ] {
        accept(dir, what, "");
        let (base, head) = (format!("{base}.json"), format!("{head}.json"));
        assert_eq!(cli(dir, &[&base, &head]).status.code(), Some(want), "{what}: {base} to {head}");
    }
    accept(dir, "from = 40\nto = 160", "package = \"example.com/other\"");
    assert_eq!(cli(dir, &["40.json", "160.json"]).status.code(), Some(1));
    accept(dir, "from = 40\nto = 160", "package = \"example.com/shop\"");
    assert_eq!(cli(dir, &["40.json", "160.json"]).status.code(), Some(0));
}

#[test]
fn reports_say_who_accepted_what_until_when() {
    let folder = repository();
    let dir = folder.path();
    accept(dir, "from = 40\nto = 160", "until = 2027-01-31");
    let told = json(&cli(dir, &["40.json", "160.json", "--format", "json", "--today", "2027-01-31"]));
    assert_eq!(told["verdict"], "pass");
    assert_eq!(told["counts"]["accepted"], 1);
    let finding = told["findings"].as_array().unwrap().iter().find(|f| f["verdict"] == "accepted").unwrap();
    assert_eq!(finding["accepted"]["by"], "ada");
    assert_eq!(finding["accepted"]["reason"], "wider on purpose");
    assert_eq!(finding["accepted"]["until"], "2027-01-31");
    assert!(told["headline"].as_str().unwrap().contains("1 accepted change"), "{}", told["headline"]);
    let text = out(&cli(dir, &["40.json", "160.json", "--today", "2027-01-31"]));
    assert!(text.contains("Accepted by the team"), "{text}");
    assert!(text.contains("accepted by ada until 2027-01-31: wider on purpose"), "{text}");
}

#[test]
fn what_has_lapsed_fails_again_and_is_named() {
    let folder = repository();
    let dir = folder.path();
    accept(dir, "from = 40\nto = 160", "until = 2027-01-31");
    let got = cli(dir, &["40.json", "160.json", "--today", "2027-02-01"]);
    assert_eq!(got.status.code(), Some(1));
    let text = out(&got).split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(text.contains("gotrace-diff.toml:2: lapsed on 2027-01-31: group:example.com/shop.work#count"), "{text}");
    assert_eq!(cli(dir, &["40.json", "160.json", "--today", "someday"]).status.code(), Some(2));
}

#[test]
fn the_printed_command_accepts_what_fails() {
    let folder = repository();
    let dir = folder.path();
    let told = json(&cli(dir, &["40.json", "160.json", "--format", "json"]));
    let command = told["findings"][0]["accept"].as_str().unwrap();
    assert_eq!(command, "gotrace-diff baseline accept --reason WHY 'group:example.com/shop.work#count=40..160'");
    let typed = |reason: &'static str| {
        let words = ["baseline", "accept", "--reason", reason, "group:example.com/shop.work#count=40..160"];
        cli(dir, &[&words[..], &["--by", "ada", "--until", "2999-12-31"]].concat())
    };
    assert_eq!(typed("WHY").status.code(), Some(2), "a reason has to be one");
    let existing = "# Ours.\r\n\r\n[[rule]] # noisy\r\nmetric = \"alive\"\r\nlevel = \"off\"\r\n";
    std::fs::write(dir.join("gotrace-diff.toml"), existing).unwrap();
    assert_eq!(typed("wider on purpose").status.code(), Some(0));
    let text = std::fs::read_to_string(dir.join("gotrace-diff.toml")).unwrap();
    assert_eq!(
        text,
        existing.to_owned()
            + "\r\n[[accept]]\r\nseries = \"group:example.com/shop.work#count\"\r\nfrom = 40\r\nto = 160\r\nreason = \"wider on purpose\"\r\nby = \"ada\"\r\nuntil = 2999-12-31\r\n"
    );
    assert_eq!(cli(dir, &["40.json", "160.json"]).status.code(), Some(0));
    // Said again it is there once.
    assert_eq!(typed("wider still").status.code(), Some(0));
    let text = std::fs::read_to_string(dir.join("gotrace-diff.toml")).unwrap();
    assert_eq!((text.matches("[[accept]]").count(), text.contains("wider still")), (1, true), "{text}");
}

#[test]
fn figures_that_are_not_typed_are_those_of_baseline_and_candidate() {
    let folder = repository();
    let dir = folder.path();
    let accept = |series: &str| cli(dir, &["baseline", "accept", series, "--reason", "meant", "--by", "ada"]);
    assert_eq!(accept(SERIES).status.code(), Some(2), "there is no baseline yet");
    assert_eq!(cli(dir, &["baseline", "create", "40.json"]).status.code(), Some(0));
    assert_eq!(cli(dir, &["check", "160.json"]).status.code(), Some(1));
    assert_eq!(accept("group:example.com/shop.wrok#count").status.code(), Some(2), "no such subject");
    assert_eq!(accept(SERIES).status.code(), Some(0));
    let text = std::fs::read_to_string(dir.join("gotrace-diff.toml")).unwrap();
    assert!(text.contains("from = 40\nto = 160\n"), "{text}");
    assert_eq!(cli(dir, &["check", "160.json"]).status.code(), Some(0));
    for wrong in ["work", "group:#count=1..2", "group:x#speed=1..2", "group:x#count=1ms..2", "group:x#count=none..none"]
    {
        assert_eq!(accept(wrong).status.code(), Some(2), "{wrong}");
    }
}

#[test]
fn what_accepts_nothing_of_the_baseline_says_so() {
    let folder = repository();
    let dir = folder.path();
    let accept = |series: &str| {
        let got = cli(dir, &["baseline", "accept", series, "--reason", "meant", "--by", "ada"]);
        assert_eq!(got.status.code(), Some(0), "{series}");
        out(&got).contains("nothing of the baseline is called so")
    };
    assert!(!accept("group:nosuch#alive=0..30"), "there is nothing to look it up in");
    assert_eq!(cli(dir, &["baseline", "create", "40.json"]).status.code(), Some(0));
    assert!(accept("group:nosuch#alive=0..30"));
    assert!(!accept("group:nosuch#alive=none..30"), "what is new is in no baseline");
    assert!(!accept("group:example.com/shop.work#count=40..160"));
    assert!(accept("group:example.com/shop.*#count=40..160"), "a name is no glob");
}

#[test]
fn a_check_that_fails_prints_what_accepts_one_change_and_what_accepts_all() {
    let folder = repository();
    let dir = folder.path();
    assert_eq!(cli(dir, &["baseline", "create", "40.json"]).status.code(), Some(0));
    let text = out(&cli(dir, &["check", "160.json"]));
    let one = format!("gotrace-diff baseline accept --reason WHY '{SERIES}=40..160' --until YYYY-MM-DD");
    assert!(text.contains(&one) && text.contains("gotrace-diff baseline update"), "{text}");
    // Markdown has it above already.
    let page = out(&cli(dir, &["check", "160.json", "--format", "markdown"]));
    assert_eq!(page.matches("baseline accept").count(), 1, "{page}");
}
