//! Instructions of each stage, counted by callgrind: the same on a busy machine and a quiet one, so that CI can hold a line.
//!
//! ```text
//!   cargo bench --bench instructions      counts, beside the time without valgrind
//!   benches/instructions.sh check         against benches/instructions.json; status 1 where a stage needs more
//!   benches/instructions.sh update        writes that file anew
//! ```
//!
//! The line is held for the profile that tests are built with, in one unit of code: all that it is built of is there then,
//! and a stage that needs more instructions there needs more in a release.
//!
//! What is done for traces is done for this program: a committed baseline, a bound that follows from how much counts vary
//! between runs, and a first line that names the cause: the function that needs more.
//!
//! ```text
//!   valgrind this STAGE 1     set-up + one round
//!   valgrind this STAGE 3     set-up + three rounds          a round = the difference / 2
//! ```
//!
//! Large blocks of memory come from the system each time ([`FIXED`]): as glibc would have it, they are once they were given back
//! of what must be filled with zeros and copied to grow, and which are depends on what was done before. A round of reading a
//! small trace took 1.9, 3.1 or 3.9 million instructions for that, and one binary in two folders seemed to differ by 6 %.
#![allow(missing_docs, clippy::print_stdout)]

mod recordings;

use std::cell::LazyCell;
use std::collections::BTreeMap;
use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::Instant;

use gotrace_diff::compare::{Side, compare};
use gotrace_diff::config::Config;
use gotrace_diff::metrics::Metrics;
use gotrace_diff::report::format::{Format, render};
use gotrace_diff::report::read;
use gotrace_diff::report::terminal::{GroupBy, Layout};
use gotrace_diff::summarize::{Options, summarize};
use gotrace_diff::timeline::Timeline;
use gotrace_diff::trace::{Chunk, Reader};
use gotrace_diff::{gate, summary::Summary};
use recordings::load;
use serde::{Deserialize, Serialize};

/// A stage may need this much more before it is said to have grown. Counts of one binary differ by less than 0.1 %
/// between runs (hash tables are seeded), those of one source built in two folders by up to 1 %.
const BOUND: f64 = 0.02;
/// And as many instructions, some 5 µs: the `min_delta` of the gate, for the smallest stages.
const MIN_DELTA: u64 = 20_000;
/// Keeps glibc from learning which blocks to take from the system: <https://man7.org/linux/man-pages/man3/mallopt.3.html>.
const FIXED: (&str, &str) = ("MALLOC_MMAP_THRESHOLD_", "131072");
/// As many functions of a stage are kept in the baseline: those that need most.
const KEPT: usize = 16;
/// Rounds of the shorter and of the longer of the two runs.
const ROUNDS: [usize; 2] = [1, 3];

/// Recordings that are read and analysed: many goroutines, collections, tasks and regions, tests, short generations, and the
/// format before Go 1.22.
const TRACES: [&str; 6] = [
    "traces/go1.26.6/manyg.out",
    "traces/go1.26.6/gc.out",
    "traces/go1.26.6/tasks.out",
    "traces/go1.26.6/test.out",
    "traces/go1.27.3/gens.out",
    "traces/go1.21.13/gc.out",
];

/// What is compared, ten alike a side.
const SIDES: [&str; 2] = ["regressions/fanout-bench/base.out.zst", "regressions/fanout-bench/head.out.zst"];

/// Counts of one stage: all of them, and those of the functions that need most.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Count {
    total: u64,
    functions: BTreeMap<String, u64>,
}

type Counts = BTreeMap<String, Count>;

/// Every stage by its name, with what one round of it does.
fn stages() -> BTreeMap<String, Box<dyn FnMut()>> {
    let mut stages: BTreeMap<String, Box<dyn FnMut()>> = BTreeMap::new();
    for name in TRACES {
        let bytes = LazyCell::new(move || load(name));
        stages.insert(
            format!("read {name}"),
            Box::new(move || {
                black_box(read_all(&bytes));
            }),
        );
        let bytes = LazyCell::new(move || load(name));
        stages.insert(format!("summarize {name}"), Box::new(move || drop(black_box(summarized(&bytes)))));
    }
    let runs = |name: &str| -> Vec<Summary> {
        summarize(name, load(name).as_slice(), &Options::default()).into_iter().cycle().take(10).collect()
    };
    stages.insert("compare".to_owned(), {
        let sides = LazyCell::new(move || SIDES.map(runs));
        Box::new(move || {
            let [base, head] = &*sides;
            let comparison = compare(Side::new(base, None), Side::new(head, None));
            black_box(gate::judge(&comparison, &Config::default()).judgements.len());
        })
    });
    for format in Format::ALL {
        let report = LazyCell::new(|| {
            let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/gallery/report.json");
            std::fs::read_to_string(path).ok().and_then(|text| read::read(&text).ok())
        });
        let layout = Layout { width: 100, top: 5, all: true, group_by: GroupBy::Certainty };
        stages.insert(
            format!("render {}", format.name()),
            Box::new(move || drop(black_box(report.as_ref().map(|report| render(format, report, layout))))),
        );
    }
    stages
}

/// Decoding and ordering.
fn read_all(bytes: &[u8]) -> Option<usize> {
    let (mut reader, mut chunk, mut events) = (Reader::new(bytes, false).ok()?, Chunk::default(), 0);
    while reader.next_chunk(&mut chunk, 4096).ok()? {
        events += chunk.events.len();
    }
    Some(events)
}

/// The same and the analysis, on one thread: two would take turns differently each time.
fn summarized(bytes: &[u8]) -> Option<Summary> {
    let (mut reader, mut chunk) = (Reader::new(bytes, false).ok()?, Chunk::default());
    let (mut timeline, mut metrics) = (Timeline::default(), Metrics::default());
    while reader.next_chunk(&mut chunk, 4096).ok()? {
        timeline.feed(&mut chunk, &mut metrics);
    }
    timeline.finish(&mut metrics);
    Some(metrics.into_summary(&timeline))
}

/// What callgrind wrote: instructions by function, those of all it calls left out.
fn functions(written: &str) -> BTreeMap<String, u64> {
    let (mut names, mut counts) = (BTreeMap::new(), BTreeMap::<String, u64>::new());
    let (mut function, mut called) = (String::new(), false);
    for line in written.lines() {
        // A name is given once, with a number that stands for it from then on.
        let mut named = |rest: &str| {
            let (number, name) = rest.split_once(' ').unwrap_or((rest, ""));
            if !name.is_empty() {
                names.insert(number.to_owned(), name.to_owned());
            }
            names.get(number).cloned().unwrap_or_default()
        };
        if let Some(rest) = line.strip_prefix("fn=") {
            function = named(rest);
        } else if let Some(rest) = line.strip_prefix("cfn=") {
            named(rest);
        } else if line.starts_with("calls=") {
            called = true;
        } else if line.starts_with(|c: char| c.is_ascii_digit() || "+-*".contains(c))
            && !std::mem::take(&mut called)
            && let Some(n) = line.split(' ').nth(1).and_then(|n| n.parse::<u64>().ok())
        {
            *counts.entry(plain(&function)).or_default() += n;
        }
    }
    counts
}

/// A function's name without what differs from build to build, and without the instances of recursion.
fn plain(name: &str) -> String {
    let name = name.split('\'').next().unwrap_or_default();
    name.replace("gotrace_diff::", "")
}

/// Instructions of a stage with so many rounds; `None` where valgrind cannot be run.
fn run(stage: &str, rounds: usize, folder: &Path) -> Option<Count> {
    let out = folder.join("callgrind.out");
    let ran = Command::new("valgrind")
        .args(["--tool=callgrind", "--quiet", "--compress-strings=yes", "--compress-pos=no"])
        .arg(format!("--callgrind-out-file={}", out.display()))
        .arg(std::env::current_exe().ok()?)
        .args(["--stage", stage, &rounds.to_string()])
        .env(FIXED.0, FIXED.1)
        .output()
        .ok()?;
    let written = ran.status.success().then(|| std::fs::read_to_string(&out).ok())??;
    let functions = functions(&written);
    Some(Count { total: functions.values().sum(), functions })
}

/// Instructions of one round.
fn count(stage: &str, folder: &Path) -> Option<Count> {
    let [shorter, longer] = ROUNDS;
    let (less, more) = (run(stage, shorter, folder)?, run(stage, longer, folder)?);
    let each = |more: u64, less: u64| more.saturating_sub(less) / (longer - shorter) as u64;
    let of = |(name, n): (&String, &u64)| (name.clone(), each(*n, less.functions.get(name).copied().unwrap_or(0)));
    let mut functions: Vec<(String, u64)> = more.functions.iter().map(of).collect();
    functions.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    functions.truncate(KEPT);
    Some(Count { total: each(more.total, less.total), functions: functions.into_iter().collect() })
}

fn percent(base: u64, head: u64) -> f64 {
    (head as f64 / base.max(1) as f64 - 1.0) * 100.0
}

/// The function that made most of the difference.
fn cause(base: &Count, head: &Count) -> String {
    let before = |name: &String| base.functions.get(name).copied().unwrap_or(0);
    let grew = head.functions.iter().map(|(name, &n)| (n.saturating_sub(before(name)), name, n));
    match grew.max() {
        Some((more, name, n)) if more > 0 => format!("most of it in {name}: {} → {n}", before(name)),
        _ => "in many functions".to_owned(),
    }
}

/// Says what has changed. True where nothing needs more than it may.
fn check(base: &Counts, head: &Counts) -> bool {
    let mut holds = true;
    for (stage, head) in head {
        let Some(base) = base.get(stage) else {
            println!("{stage}: new, {} instructions; `update` takes it", head.total);
            holds = false;
            continue;
        };
        let more = percent(base.total, head.total);
        let grew = head.total.saturating_sub(base.total) > MIN_DELTA;
        if grew && head.total as f64 > base.total as f64 * (1.0 + BOUND) {
            println!("{stage}: {} → {} instructions ({more:+.1} %), {}", base.total, head.total, cause(base, head));
            holds = false;
        } else if (head.total as f64) < base.total as f64 * (1.0 - BOUND) {
            println!(
                "{stage}: {} → {} instructions ({more:+.1} %): better; `update` keeps it so",
                base.total, head.total
            );
        }
    }
    for stage in base.keys().filter(|stage| !head.contains_key(*stage)) {
        println!("{stage}: gone; `update` forgets it");
        holds = false;
    }
    let bound = format!("{:+.0} % and {MIN_DELTA} instructions", BOUND * 100.0);
    println!("{} stages, bound {bound}: {}", head.len(), if holds { "held" } else { "not held" });
    holds
}

fn baseline() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/instructions.json")
}

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).filter(|arg| arg != "--bench").collect();
    if let [flag, stage, rounds] = args.as_slice()
        && flag == "--stage"
    {
        if let Some(round) = stages().get_mut(stage) {
            (0..rounds.parse().unwrap_or(0)).for_each(|_| round());
        }
        return ExitCode::SUCCESS;
    }
    let Ok(folder) = tempfile::tempdir() else { return ExitCode::FAILURE };
    let mut head = Counts::new();
    for (stage, mut round) in stages() {
        let Some(count) = count(&stage, folder.path()) else {
            println!("{stage}: not counted: valgrind cannot be run, or ended badly");
            return ExitCode::FAILURE;
        };
        if args.is_empty() {
            round();
            let began = Instant::now();
            (0..ROUNDS[1]).for_each(|_| round());
            println!("{stage}: {} instructions, {:.2?}", count.total, began.elapsed() / ROUNDS[1] as u32);
        }
        head.insert(stage, count);
    }
    let held = match args.first().map(String::as_str) {
        Some("update") => {
            let text = serde_json::to_string_pretty(&head).map(|text| text + "\n");
            text.is_ok_and(|text| std::fs::write(baseline(), text).is_ok())
        }
        Some("check") => {
            let base = std::fs::read_to_string(baseline()).ok().and_then(|text| serde_json::from_str(&text).ok());
            match base {
                Some(base) => check(&base, &head),
                None => {
                    println!("there is no baseline: `update` writes it");
                    false
                }
            }
        }
        _ => true,
    };
    if held { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
