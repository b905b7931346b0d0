//! What must hold of any input: one function for each fuzz target.
//!
//! cargo-fuzz calls them with what it finds (`fuzz/fuzz_targets`), and `tests/it/fuzzed.rs` with what seeds give, on
//! stable Rust and in the ordinary tests. A function ends, or panics: there is nothing else to say.
// A fuzz target calls one of them.
#![allow(dead_code)]

use arbitrary::{Arbitrary, Unstructured};
use gotrace_diff::attribution::output::TestOutput;
use gotrace_diff::baseline::{self, Baseline};
use gotrace_diff::compare::{self, Side};
use gotrace_diff::config::{self, Config};
use gotrace_diff::gate;
use gotrace_diff::paths::Repository;
use gotrace_diff::report::build::{Context, build};
use gotrace_diff::report::escape::{Text, fence, json_in_html, term};
use gotrace_diff::report::format::{Format, render};
use gotrace_diff::report::terminal::{GroupBy, Layout};
use gotrace_diff::report::{json, read};
use gotrace_diff::summarize::{Options, summarize};
use gotrace_diff::summary::Summary;
use gotrace_diff::totals::{self, Totals};
use gotrace_diff::trace::Bytes;

/// A check, by its fuzz target's name.
pub type Check = fn(&[u8]);

/// All of them.
pub const ALL: [(&str, Check); 9] = [
    ("trace", trace),
    ("v1", v1),
    ("structured", structured),
    ("batches", batches),
    ("baseline", a_baseline),
    ("config", a_config),
    ("test_output", test_output),
    ("escapers", escapers),
    ("merge", merge),
];

/// Any bytes through to the summary, its JSON, and the report of a comparison with itself, in all formats.
pub fn trace(bytes: &[u8]) {
    let whole = summarize("fuzz", bytes, &Options::default());
    let partial = summarize("fuzz", bytes, &Options { allow_partial: true, ..Options::default() });
    // A file of these bytes, of which batches are read when their turn comes, says the same.
    let file = Bytes::of_file(bytes.to_vec(), bytes.len() as u64, std::io::Cursor::new).expect("its first bytes");
    let filed = summarize("fuzz", file, &Options::default()).map_err(|error| (error.kind(), error.offset()));
    assert_eq!(filed.as_ref().map_err(|&error| error), whole.as_ref().map_err(|error| (error.kind(), error.offset())));
    match whole {
        Ok(summary) => {
            // What reads as whole reads the same when partial traces are allowed.
            assert_eq!(partial.ok().as_ref(), Some(&summary));
            let text = serde_json::to_string(&summary).expect("a summary is JSON");
            let again: Summary = serde_json::from_str(&text).expect("its own JSON");
            assert_eq!(again, summary);
            compared(summary);
        }
        Err(error) => {
            assert!(error.to_string().len() < 2048, "{error}");
            assert!(partial.is_err() || partial.is_ok_and(|summary| !summary.complete), "{error}");
        }
    }
}

/// A summary compared with itself: nothing changed, and every format can say so.
fn compared(summary: Summary) {
    let runs = [summary];
    let comparison = compare::compare(Side::new(&runs, None), Side::new(&runs, None));
    let judged = gate::judge(&comparison, &Config::default());
    // Of no folder: looking for modules among the inputs that were gathered took longer than all else.
    let repository = Repository::default();
    let context = Context {
        repository: &repository,
        warnings: Vec::new(),
        left_out: Vec::new(),
        show_framework: true,
        against_baseline: false,
        nested: false,
        diagnoses: Vec::new(),
        drawn: Default::default(),
    };
    let report = build(&comparison, &judged, context);
    assert!(report.exit_code != 1, "{:?}", report.headline);
    let layout = Layout { width: 100, top: 10, all: true, group_by: GroupBy::default() };
    for format in Format::ALL {
        render(format, &report, layout).expect("renders");
    }
    let text = json::render(&report).expect("JSON");
    let again = read::read(&text).expect("its own JSON");
    assert_eq!(json::render(&again).expect("JSON"), text);
}

/// A trace of Go 1.21 or older: what stands behind the header.
pub fn v1(bytes: &[u8]) {
    let (first, rest) = bytes.split_first().unwrap_or((&0, &[]));
    let minor = [11, 19, 21][usize::from(*first) % 3];
    trace(&[format!("go 1.{minor} trace\0\0\0").as_bytes(), rest].concat());
}

/// An event or a table's entry as the wire has it.
#[derive(Arbitrary, Debug)]
struct Event {
    typ: u8,
    dt: u8,
    args: [u8; 4],
    /// Instead of the last argument, where it is not 0.
    wide: u64,
}

/// A batch of a thread.
#[derive(Arbitrary, Debug)]
struct Batch {
    generation: bool,
    thread: u8,
    time: u16,
    events: Vec<Event>,
}

/// How many arguments a timed event has, by its type from 9 on.
const ARGS: &[u8; 40] = &[
    2, 2, 0, 3, 2, 3, 1, 2, 0, 0, 2, 2, 3, 2, 0, 0, 3, 2, 0, 1, 2, 1, 1, 1, 2, 1, 1, 0, 1, 1, 1, 4, 2, 3, 3, 4, 2, 2,
    3, 4,
];

fn varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

fn framed(out: &mut Vec<u8>, generation: u64, thread: u64, time: u64, data: &[u8]) {
    out.push(1);
    for number in [generation, thread, time, data.len() as u64] {
        varint(out, number);
    }
    out.extend_from_slice(data);
}

/// A trace of Go 1.22 with whole tables, whose batches of events are `batches`.
fn with_tables(batches: &[(u64, u64, u64, Vec<u8>)]) -> Vec<u8> {
    let mut out = b"go 1.22 trace\0\0\0".to_vec();
    let tables = |out: &mut Vec<u8>, generation| {
        framed(out, generation, u64::MAX, 1, &[8, 1]);
        let mut strings = vec![4];
        for (i, text) in ["main.work", "testing.tRunner", "sync", "chan receive", "forever", "job"].iter().enumerate() {
            strings.extend([5, i as u8 + 1, text.len() as u8]);
            strings.extend_from_slice(text.as_bytes());
        }
        framed(out, generation, u64::MAX, 1, &strings);
        framed(out, generation, u64::MAX, 1, &[2, 3, 1, 1, 9, 1, 1, 1, 3, 2, 2, 9, 1, 1, 1, 8, 2, 2, 7]);
    };
    for generation in [1, 2] {
        if batches.iter().any(|batch| batch.0 == generation) || generation == 1 {
            tables(&mut out, generation);
        }
        for (_, thread, time, data) in batches.iter().filter(|batch| batch.0 == generation) {
            framed(&mut out, generation, *thread, *time, data);
        }
    }
    out
}

/// Events that are well-formed one by one, of small ids, so that many of them are about the same.
pub fn structured(bytes: &[u8]) {
    let Ok(all) = Vec::<Batch>::arbitrary_take_rest(Unstructured::new(bytes)) else { return };
    let mut batches = Vec::new();
    // Somebody has to run for anything to happen.
    batches.push((1, 1, 1, vec![13, 1, 0, 1, 25, 1, 1, 1, 2]));
    for batch in all.iter().take(64) {
        let mut data = Vec::new();
        for event in &batch.events {
            let typ = 9 + event.typ % 40;
            let count = usize::from(ARGS[usize::from(typ) - 9]);
            data.push(typ);
            varint(&mut data, u64::from(event.dt));
            for (i, &arg) in event.args.iter().take(count).enumerate() {
                let wide = i + 1 == count && event.wide % 16 == 1;
                varint(&mut data, if wide { event.wide } else { u64::from(arg % 8) });
            }
            if data.len() > 60_000 {
                break;
            }
        }
        batches.push((1 + u64::from(batch.generation), u64::from(batch.thread % 4), u64::from(batch.time) + 1, data));
    }
    trace(&with_tables(&batches));
}

/// Bytes as the data of a batch of events, and as a header's numbers.
pub fn batches(bytes: &[u8]) {
    let half = bytes.len().min(120_000) / 2;
    let (a, b) = bytes[..half * 2].split_at(half);
    trace(&with_tables(&[(1, 1, 1, a.to_vec()), (1, 2, 1, b.to_vec())]));
    let mut framed = b"go 1.26 trace\0\0\0\x01".to_vec();
    framed.extend_from_slice(bytes);
    trace(&framed);
}

/// A baseline: what is read is written and read again as the same.
pub fn a_baseline(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if let Ok(known) = baseline::read_any(text) {
        let repository = Repository::default();
        let write = |b: &Baseline| b.portable(&repository).and_then(|b| b.render());
        // A run of a document of version 1 may say that it is partial, and no baseline is written of such.
        let Ok(written) = write(&known) else { return };
        let again = baseline::read_any(&written).expect("what was written can be read");
        assert_eq!(write(&again).expect("again"), written);
    }
    let _ = read::read(text);
    let _ = serde_json::from_str::<Summary>(text);
}

/// A configuration: an error names a line of the file.
pub fn a_config(bytes: &[u8]) {
    let file = tempfile::NamedTempFile::new().expect("a temporary file");
    std::fs::write(file.path(), bytes).expect("written");
    if let Err(error) = config::load(file.path()) {
        assert_eq!(error.exit_code(), 2);
        assert!(!error.to_string().is_empty() && error.kind() != "bug", "{error}");
    }
}

/// What `go test -json` prints, or may.
pub fn test_output(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    if let Some(output) = TestOutput::parse(&text) {
        let tests: usize = output.packages.iter().map(|package| package.tests().count()).sum();
        assert!(tests <= text.len());
    }
}

/// Totals of summaries: the same in any order and grouping, and read again as they were written.
///
/// The first byte says after which of the lines to split, each line is a summary.
pub fn merge(bytes: &[u8]) {
    let (at, rest) = bytes.split_first().unwrap_or((&0, &[]));
    let text = String::from_utf8_lossy(rest);
    let runs: Vec<Summary> = text.lines().take(8).filter_map(|line| serde_json::from_str(line).ok()).collect();
    let whole = Totals::of(&runs);
    let mut backwards = runs.clone();
    backwards.reverse();
    assert_eq!(Totals::of(&backwards), whole, "backwards");
    let (first, second) = runs.split_at(usize::from(*at) % (runs.len() + 1));
    let mut grouped = Totals::of(second);
    grouped.merge(&Totals::of(first));
    assert_eq!(grouped, whole, "in two groups");
    let written = serde_json::to_string(&whole).expect("JSON");
    assert_eq!(totals::read(&written).expect("its own JSON"), whole);
    let _ = totals::read(&text);
}

/// Every escaper lets out nothing that its reader obeys.
pub fn escapers(bytes: &[u8]) {
    let raw = String::from_utf8_lossy(bytes).into_owned();
    let text = Text::from(raw.as_str());
    let controls = |said: &str| {
        said.chars().any(|c| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}'))
    };
    for said in
        [text.term(), term(&raw), text.command(), text.command_property(), text.label(), text.cell(), text.line()]
    {
        assert!(!controls(&said), "{said:?}");
    }
    assert!(!text.command().contains("##["), "{raw:?}");
    assert!(!text.command_property().contains([':', ',']), "{raw:?}");
    assert!(!text.cell().starts_with(['=', '+', '-', '@']), "{raw:?}");
    assert!(!text.word().chars().any(|c| c.is_whitespace() || c == '/') && !text.word().is_empty(), "{raw:?}");
    let sarif = text.sarif();
    assert!(!controls(&sarif) && !sarif.contains("]("), "{raw:?}");
    assert!(!sarif.replace("{{", "").replace("}}", "").contains(['{', '}']), "{raw:?}");
    let markdown = [text.markdown(), text.markdown_line()];
    assert!(markdown.iter().all(|said| !controls(said) && !said.contains("<script") && !said.contains("@")), "{raw:?}");
    assert!(!text.markdown_fenced().contains(&fence([&text])), "{raw:?}");
    assert!(text.xml().chars().all(|c| c == '\t' || c >= ' ' && c != '\u{fffe}' && c != '\u{ffff}'), "{raw:?}");
    let in_page = json_in_html(&serde_json::to_string(&raw).expect("JSON"));
    assert!(!in_page.contains(['<', '>', '&']), "{raw:?}");
    assert_eq!(serde_json::from_str::<String>(&in_page).expect("still JSON"), raw);
    if let Some(uri) = text.uri() {
        assert!(!uri.contains("..") || !uri.split('/').any(|part| part == ".."), "{raw:?}");
        assert!(!uri.starts_with('/') && !uri.contains(':'), "{raw:?}");
    }
}
