//! A thousand bad inputs: each is refused with the very status and kind of error that it was kept for.
//!
//! ```text
//!   tests/corpus/said.txt     trace 2 corrupt StackTooDeep 181      what it is, status, kind, cause, how many bytes
//!   tests/corpus/inputs.gz    …181 bytes…                           the bytes, one input behind the other
//! ```
//!
//! `UPDATE_CORPUS=said cargo test --test it corpus` writes what is said of them today, for a diff to be read.
//! `UPDATE_CORPUS=new` makes all of it anew from the recordings, by seeds (`corpus_make.rs`); `UPDATE_CORPUS=smaller` takes out of
//! the traces all that they are refused without as well.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use crate::cli::{cli, write};
use crate::compare_make::{group, with};
use crate::{corpus_make, data};

/// What a file is given as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum What {
    Trace,
    Summary,
    Baseline,
    Report,
    Shard,
    TestOutput,
    Config,
}

impl What {
    pub const ALL: [What; 7] =
        [What::Trace, What::Summary, What::Baseline, What::Report, What::Shard, What::TestOutput, What::Config];

    pub fn name(self) -> &'static str {
        match self {
            What::Trace => "trace",
            What::Summary => "summary",
            What::Baseline => "baseline",
            What::Report => "report",
            What::Shard => "shard",
            What::TestOutput => "test-output",
            What::Config => "config",
        }
    }

    /// The file's name.
    pub fn file(self) -> &'static str {
        match self {
            What::Trace => "bad.out",
            What::Config => "bad.toml",
            _ => "bad.json",
        }
    }

    /// The command that reads it; `good.json` is a summary that nothing is wrong with, `good.out` a trace.
    pub fn args(self) -> &'static [&'static str] {
        match self {
            What::Trace => &["summarize", "bad.out", "--format", "json"],
            What::Summary => &["summarize", "bad.json", "--format", "json"],
            What::Baseline => &["check", "--baseline", "bad.json", "good.json", "--format", "json"],
            What::Report => &["report", "bad.json", "--format", "json"],
            What::Shard => &["merge", "good.json", "bad.json", "--format", "json"],
            What::TestOutput => &["summarize", "good.out", "--test-json", "bad.json", "--format", "json"],
            What::Config => &["good.json", "good.json", "--config", "bad.toml", "--format", "json"],
        }
    }
}

/// A bad input, and what is said of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Case {
    pub what: What,
    pub said: Said,
    pub bytes: Vec<u8>,
}

/// What is said of a bad input.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Said {
    pub status: i32,
    pub kind: String,
    /// Of traces: the cause. `-` where there is none.
    pub cause: String,
}

/// A folder to ask in.
pub fn place() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "good.json", &with("example.com/shop.work", group(10, 1000)));
    std::fs::write(folder.path().join("good.out"), data::trace("go1.27.3/sched")).unwrap();
    folder
}

/// Asks what is said of these bytes; `None` where they are read.
pub fn ask(folder: &Path, what: What, bytes: &[u8]) -> Option<Said> {
    std::fs::write(folder.join(what.file()), bytes).unwrap();
    let output = cli(folder, what.args());
    let status = output.status.code().expect("an exit status");
    let said: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
    let error = said.get("error")?;
    let text = |key: &str| error[key].as_str().unwrap_or("-").to_owned();
    let message = text("message");
    assert!(message.len() < 2200, "{} bytes of message", message.len());
    Some(Said { status, kind: text("kind"), cause: text("cause") })
}

fn place_of(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus").join(name)
}

/// All of them, as they are kept.
pub fn kept() -> Vec<Case> {
    let packed = std::fs::File::open(place_of("inputs.gz")).expect("tests/corpus/inputs.gz");
    let mut inputs = Vec::new();
    flate2::read::GzDecoder::new(packed).read_to_end(&mut inputs).expect("unpacks");
    let said = std::fs::read_to_string(place_of("said.txt")).expect("tests/corpus/said.txt");
    let mut rest = inputs.as_slice();
    let case = |line: &str| {
        let words: Vec<&str> = line.split(' ').collect();
        let [what, status, kind, cause, len] = words[..] else { panic!("{line}") };
        let what = What::ALL.into_iter().find(|known| known.name() == what).expect("a kind of file");
        let said = Said { status: status.parse().unwrap(), kind: kind.to_owned(), cause: cause.to_owned() };
        let (bytes, behind) = rest.split_at(len.parse().unwrap());
        rest = behind;
        Case { what, said, bytes: bytes.to_vec() }
    };
    let cases = said.lines().map(case).collect();
    assert!(rest.is_empty(), "{} bytes are left", rest.len());
    cases
}

fn keep(cases: &[Case]) {
    std::fs::create_dir_all(place_of("")).unwrap();
    let packed = std::fs::File::create(place_of("inputs.gz")).unwrap();
    let mut out = flate2::write::GzEncoder::new(packed, flate2::Compression::best());
    let mut said = String::new();
    for Case { what, said: Said { status, kind, cause }, bytes } in cases {
        said += &format!("{} {status} {kind} {cause} {}\n", what.name(), bytes.len());
        out.write_all(bytes).unwrap();
    }
    out.finish().unwrap();
    std::fs::write(place_of("said.txt"), said).unwrap();
}

/// Asks about all of them anew, on two threads.
fn replay(cases: &[Case]) -> Vec<Option<Said>> {
    let ask_all = |cases: &[Case]| -> Vec<Option<Said>> {
        let folder = place();
        cases.iter().map(|case| ask(folder.path(), case.what, &case.bytes)).collect()
    };
    let (first, second) = cases.split_at(cases.len() / 2);
    std::thread::scope(|scope| {
        let first = scope.spawn(|| ask_all(first));
        let second = ask_all(second);
        [first.join().unwrap(), second].concat()
    })
}

#[test]
fn a_thousand_bad_inputs_are_refused_as_they_always_were() {
    let mut cases = match std::env::var("UPDATE_CORPUS").as_deref() {
        Ok("new") => corpus_make::minimised(corpus_make::make()),
        Ok("smaller") => corpus_make::minimised(kept()),
        _ => kept(),
    };
    let now = replay(&cases);
    if std::env::var_os("UPDATE_CORPUS").is_some() {
        for (case, now) in cases.iter_mut().zip(&now) {
            case.said = now.clone().unwrap_or_else(|| panic!("{:?} of {:?} reads now", case.what, case.said));
        }
        keep(&cases);
    }
    let wrong = cases.iter().zip(&now).enumerate().filter_map(|(i, (case, now))| {
        let (what, was) = (case.what.name(), &case.said);
        (now.as_ref() != Some(was)).then(|| format!("{} of said.txt, {what}: {now:?}, not {was:?}", i + 1))
    });
    let wrong: Vec<String> = wrong.collect();
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
}

#[test]
fn the_corpus_is_of_many_kinds_and_none_makes_up_most_of_it() {
    let cases = kept();
    let distinct: BTreeSet<&[u8]> = cases.iter().map(|case| case.bytes.as_slice()).collect();
    assert!(distinct.len() >= 1000 && distinct.len() == cases.len(), "{} distinct inputs", distinct.len());
    let mut kinds = BTreeMap::<(&str, &str), usize>::new();
    for Case { said, .. } in &cases {
        *kinds.entry((&said.kind, &said.cause)).or_default() += 1;
    }
    assert!(kinds.len() >= 40 && kinds.values().all(|n| n * 10 <= cases.len()), "{} kinds: {kinds:?}", kinds.len());
    for what in What::ALL {
        let count = cases.iter().filter(|case| case.what == what).count();
        assert!(count >= 12, "{count} of {what:?}");
    }
    // A bad input is never a verdict, and never a bug.
    assert!(cases.iter().all(|case| case.said.status == 2 && case.said.kind != "bug"));
}
