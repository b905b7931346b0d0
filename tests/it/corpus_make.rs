//! Makes the corpus of bad inputs: recordings and documents changed by seeds, and of what is refused so many of each kind.

use std::collections::{BTreeMap, BTreeSet};

use fastrand::Rng;
use gotrace_diff::summarize::{Options, summarize};
use gotrace_diff::trace::TraceErrorKind as Kind;

use crate::cli::cli;
use crate::corpus::{Case, Said, What, ask, place};
use crate::mutate::{self, Source, wire};
use crate::{craft, data};

/// Only recordings smaller than this are changed.
const MOST_BYTES: usize = 12_000;
/// How many traces of one kind of error.
const EACH: usize = 20;
/// How many documents of one sort that are refused for one reason.
const DOCUMENTS: usize = 12;
/// How many configurations: their errors have one kind.
const CONFIGS: usize = 60;
/// Of documents from this size on, one for each reason.
const LARGE: usize = 60_000;
/// How many seeds are tried for documents of a sort.
const DOCUMENT_SEEDS: u64 = 400;
/// How many seeds are tried for traces: the rarest kinds come once in ten thousand.
const SEEDS: u64 = 30_000;

/// All of it.
pub fn make() -> Vec<Case> {
    let mut cases = traces();
    cases.extend(documents());
    let mut seen = BTreeSet::new();
    cases.retain(|case| seen.insert(case.bytes.clone()));
    cases
}

fn kind(bytes: &[u8]) -> Option<Kind> {
    summarize("bad", bytes, &Options::default()).err().map(|error| error.kind())
}

/// Bad traces, those of one recording beside each other: packed they then take little more than what differs.
fn traces() -> Vec<Case> {
    let small = ["sched", "cgo", "coro", "syscall", "tasks"];
    let names = data::names().into_iter().filter(|name| small.iter().any(|kind| name.ends_with(kind)));
    let sources = names.map(|name| Source::new(&name, data::trace(&name)));
    let sources: Vec<Source> = sources.filter(|source| source.bytes.len() < MOST_BYTES).collect();
    let find = |seeds: std::ops::Range<u64>| {
        let mut found = BTreeMap::<Kind, BTreeSet<(String, Vec<u8>)>>::new();
        for seed in seeds {
            let (name, bytes) = mutate::mutated(&sources, seed);
            let Some(kind) = kind(&bytes) else { continue };
            let there = found.entry(kind).or_default();
            if there.len() < EACH {
                there.insert((name.to_owned(), bytes));
            }
        }
        found
    };
    let mut found = std::thread::scope(|scope| {
        let other = scope.spawn(|| find(SEEDS / 2..SEEDS));
        let mut found = find(0..SEEDS / 2);
        for (kind, more) in other.join().expect("no panic") {
            found.entry(kind).or_default().extend(more);
        }
        found
    });
    for bytes in crafted(&sources) {
        let kind = kind(&bytes).expect("crafted to be refused");
        found.entry(kind).or_default().insert((String::new(), bytes));
    }
    let of_each = found.into_values().flat_map(|these| these.into_iter().take(EACH));
    let all: BTreeSet<(String, Vec<u8>)> = of_each.collect();
    let folder = place();
    let case = |(_, bytes): (String, Vec<u8>)| {
        Some(Case { what: What::Trace, said: ask(folder.path(), What::Trace, &bytes)?, bytes })
    };
    all.into_iter().filter_map(case).collect()
}

/// Where the batches of a trace of Go 1.22 or newer lie, as far as there are any.
fn batches(bytes: &[u8]) -> Vec<std::ops::Range<usize>> {
    let number = |at: &mut usize| wire::take(bytes, at);
    let mut all = Vec::new();
    let mut at = 16;
    while let Some(&kind) = bytes.get(at) {
        let from = at;
        at += match kind {
            1 | 52 => 1,
            49 => 2,
            _ => break,
        };
        if kind != 52 {
            let head = (number(&mut at), number(&mut at), number(&mut at), number(&mut at));
            let Some(len) = head.3.and_then(|len| usize::try_from(len).ok()) else { break };
            at = at.saturating_add(len);
        }
        if at > bytes.len() {
            break;
        }
        all.push(from..at);
    }
    all
}

/// The same trace without the batches that it is refused without just as well; none of `known`.
fn smaller(bytes: &[u8], known: &BTreeSet<Vec<u8>>) -> Vec<u8> {
    let (want, mut now) = (kind(bytes), bytes.to_vec());
    // From behind, so that places before it stay.
    for range in batches(bytes).into_iter().rev() {
        let mut without = now.clone();
        without.drain(range);
        if kind(&without) == want && !known.contains(&without) {
            now = without;
        }
    }
    now
}

/// All cases, the traces of Go 1.22 and newer without what they are refused without as well.
pub fn minimised(cases: Vec<Case>) -> Vec<Case> {
    let mut known: BTreeSet<Vec<u8>> = cases.iter().map(|case| case.bytes.clone()).collect();
    let mut all = Vec::new();
    for mut case in cases {
        if case.what == What::Trace && case.bytes.starts_with(b"go 1.2") && !case.bytes.starts_with(b"go 1.21") {
            known.remove(&case.bytes);
            case.bytes = smaller(&case.bytes, &known);
            known.insert(case.bytes.clone());
        }
        all.push(case);
    }
    all
}

/// What changes at random do not come to: headers of other releases, compressed files, limits.
fn crafted(sources: &[Source]) -> Vec<Vec<u8>> {
    let mut all: Vec<Vec<u8>> = Vec::new();
    for header in
        ["", "go 1", "go 1.5 trace\0\0\0\0", "go 1.99 trace\0\0\0", "go 1.28 trace\0\0\0", "go 1.24 trace\0\0\0"]
    {
        all.push(header.as_bytes().to_vec());
    }
    for minor in [11, 19, 21, 22, 23, 25, 26] {
        all.push(format!("go 1.{minor} trace\0\0\0").into_bytes());
    }
    let mut ranges = craft::Events::default().event(craft::ev::PROC_STATUS, 1, &[0, craft::PROC_RUNNING]);
    ranges = ranges.event(craft::ev::GO_STATUS, 1, &[1, 1, craft::GO_RUNNING]);
    for kind in 1..=70 {
        ranges = ranges.event(craft::ev::STW_BEGIN, 1, &[kind, 0]);
    }
    let names: Vec<String> = (0..70).map(|i| format!("kind {i}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    all.push(craft::Craft::new("go 1.22").frequency(1).strings(1, &names).batch(1, 1, 1, &ranges.0).bytes);
    for source in sources.iter().take(8) {
        all.push([source.bytes.clone(), source.bytes.clone()].concat());
        let packed = gz(&source.bytes);
        all.push(gz(&packed));
        all.push(packed[..packed.len() / 2].to_vec());
        let mut broken = packed.clone();
        broken[packed.len() / 2] ^= 0x55;
        all.push(broken);
        let mut broken = packed;
        let end = broken.len() - 5;
        broken[end] ^= 1;
        all.push(broken);
    }
    let mut bomb = b"go 1.22 trace\0\0\0".to_vec();
    for i in 0..40u8 {
        bomb.extend([49, 1, 1, i, 1, 0x80, 0x80, 0x04]);
        bomb.resize(bomb.len() + (64 << 10), 0);
    }
    all.push(gz(&bomb));
    all.retain(|bytes| kind(bytes).is_some());
    all
}

fn gz(bytes: &[u8]) -> Vec<u8> {
    use std::io::Write;
    let mut out = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    out.write_all(bytes).expect("in memory");
    out.finish().expect("in memory")
}

/// One whole document of each sort, in a folder to ask in.
fn sources() -> (tempfile::TempDir, [(What, Vec<u8>); 6]) {
    let folder = place();
    let dir = folder.path();
    let print = |args: &[&str]| {
        let output = cli(dir, args);
        assert!(!output.stdout.is_empty(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
        output.stdout
    };
    let config = include_str!("../../docs/configuration.md");
    let config = config.split("```toml\n").nth(1).and_then(|rest| rest.split("```").next()).expect("an example");
    let report = print(&["good.out", "good.out", "--format", "json"]);
    let sources = [
        (What::Summary, print(&["summarize", "good.out", "--format", "json"])),
        (What::Baseline, print(&["baseline", "create", "-o", "-", "good.out"])),
        (What::Report, report.clone()),
        (What::Shard, report),
        (What::TestOutput, data::read("traces/go1.27.3/test.json")),
        (What::Config, config.as_bytes().to_vec()),
    ];
    (folder, sources)
}

/// Summaries, baselines, reports, shards, the output of tests and configurations.
fn documents() -> Vec<Case> {
    let (folder, sources) = sources();
    let mut cases = Vec::new();
    let mut seen = BTreeSet::new();
    for (what, source) in &sources {
        let most = if *what == What::Config { CONFIGS } else { DOCUMENTS };
        let mut found = BTreeMap::<Said, usize>::new();
        // The documents of other sorts; blank lines, so that each is there once.
        let blank = vec![b'\n'; *what as usize];
        let others = sources.iter().filter(|(other, _)| other != what);
        let others = others.map(|(_, bytes)| [bytes.as_slice(), &blank].concat());
        let changed = (0..DOCUMENT_SEEDS).map(|seed| mistyped(source, &mut Rng::with_seed(seed)));
        for bytes in others.chain(changed) {
            let Some(said) = ask(folder.path(), *what, &bytes) else { continue };
            let count = found.entry(said.clone()).or_default();
            if *count < most && (bytes.len() < LARGE || *count == 0) && seen.insert(bytes.clone()) {
                *count += 1;
                cases.push(Case { what: *what, said, bytes });
            }
        }
    }
    cases
}

/// `text` with one `from`, the `nth` of the first few, as `to`.
fn edited(text: &[u8], from: &str, to: &str, rng: &mut Rng) -> Vec<u8> {
    let text = String::from_utf8_lossy(text);
    let places: Vec<usize> = text.match_indices(from).map(|(at, _)| at).take(60).collect();
    let Some(&at) = places.get(rng.usize(..places.len().max(1))) else { return text.into_owned().into_bytes() };
    [&text[..at], to, &text[at + from.len()..]].concat().into_bytes()
}

/// A text as a merge, a hand or a disk may leave it.
fn mistyped(source: &[u8], rng: &mut Rng) -> Vec<u8> {
    let mut text = source.to_vec();
    let lines: Vec<&[u8]> = source.split_inclusive(|&byte| byte == b'\n').collect();
    // Where to cut or to paste: at a line, in the first few thousand bytes.
    let line = rng.usize(..lines.len().min(200));
    let at = lines[..line].iter().map(|line| line.len()).sum::<usize>();
    let paste = |text: &mut Vec<u8>, what: &[u8]| drop(text.splice(at..at, what.iter().copied()));
    match rng.u8(..16) {
        0 => text.truncate(at + rng.usize(..40).min(source.len() - at)),
        1 => paste(&mut text, b"<<<<<<< HEAD\n"),
        2 => paste(&mut text, b"\"twice\": 1, \"twice\": 2,\n"),
        3 => paste(&mut text, &b"[".repeat(rng.usize(1..300))),
        4 => paste(&mut text, &[0xff, 0xfe, 0x00]),
        5 => paste(&mut text, lines[rng.usize(..lines.len())]),
        6 => drop(text.drain(at..at + lines[line].len())),
        7 => text = edited(&text, "/1\"", &format!("/{}\"", rng.u32(50..)), rng),
        8 => text = edited(&text, ": ", ": -1e999, \"x\": ", rng),
        9 => text = edited(&text, " = ", " = nan # ", rng),
        10 => drop(text.drain(..at)),
        11 => text = edited(&text, "\"schema\"", "\"scheme\"", rng),
        // A number where there was a text, a text where there was a number, a list for an object.
        12 => text = edited(&text, "\": \"", "\": 7, \"x\": \"", rng),
        13 => text = edited(&text, "\": {", "\": [], \"x\": {", rng),
        _ => (0..rng.u8(1..4)).for_each(|_| mutate::change_bytes(&mut text, rng)),
    }
    // A page or two are enough to be wrong in.
    if text.len() > 6000 && rng.u8(..4) > 0 {
        text.truncate(6000);
    }
    text
}
