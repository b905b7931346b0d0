//! The checks of the fuzz targets, run on what cargo-fuzz found, and on what seeds give: for a second each here, and for as
//! long as `GOTRACE_DIFF_FUZZ_SECONDS` says.
//!
//! ```text
//!   seeds ──▶ fuzz/corpus ──▶ cargo-fuzz, for hours ──▶ minimised ──▶ tests/corpus/fuzz/TARGET.gz ──▶ here
//! ```
//!
//! `fuzz/run.sh` does the upper part: it sets `GOTRACE_DIFF_FUZZ_SEEDS` to have inputs to begin with written, and
//! `GOTRACE_DIFF_FUZZ_KEEP` to have minimised ones packed.
#![allow(clippy::print_stdout)]

use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use fastrand::Rng;

use crate::checks::ALL;
use crate::cli::cli;
use crate::{corpus, data, mutate, report_hostile};

/// Larger inputs are not packed: of what they reach, most is reached by smaller ones.
const MOST_BYTES: usize = 16 << 10;
/// How much of a target's inputs is packed at most, before it is.
const MOST_PACKED: usize = 256 << 10;
/// And how many: the ordinary tests replay them.
const MOST_INPUTS: usize = 400;

/// Inputs to begin with: those that a check is about.
fn seeds(name: &str) -> Vec<Vec<u8>> {
    let small = |kinds: &[&str]| -> Vec<Vec<u8>> {
        let names = data::names().into_iter().filter(|name| kinds.iter().any(|kind| name.ends_with(kind)));
        names.map(|name| data::trace(&name)).collect()
    };
    match name {
        "trace" => small(&["/sched", "/cgo", "/tasks"]),
        "v1" => {
            let v1 = small(&["/sched", "/cgo"]).into_iter().filter(|trace| trace.starts_with(b"go 1.21"));
            v1.map(|trace| [&[2], &trace[16..]].concat()).collect()
        }
        "baseline" => {
            let folder = tempfile::tempdir().unwrap();
            std::fs::write(folder.path().join("run.out"), data::trace("go1.27.3/sched")).unwrap();
            vec![cli(folder.path(), &["baseline", "create", "-o", "-", "run.out"]).stdout]
        }
        "merge" => {
            let folder = tempfile::tempdir().unwrap();
            let runs = ["go1.27.3/sched", "go1.22.10/cgo", "go1.21.13/sched"].map(|name| {
                std::fs::write(folder.path().join("run.out"), data::trace(name)).unwrap();
                cli(folder.path(), &["summarize", "run.out", "--format", "json"]).stdout
            });
            // A summary a line.
            let line = |run: &Vec<u8>| serde_json::from_slice::<serde_json::Value>(run).unwrap().to_string();
            vec![format!("\u{1}{}", runs.each_ref().map(line).join("\n")).into_bytes()]
        }
        "config" => {
            let paper = include_str!("../../docs/configuration.md");
            let examples = paper.split("```toml\n").skip(1).filter_map(|rest| rest.split("```").next());
            examples.map(|text| text.as_bytes().to_vec()).collect()
        }
        "test_output" => {
            let outputs = ["go1.27.3/test", "go1.27.3/bench", "go1.22.10/leak"];
            outputs.iter().map(|name| data::read(&format!("traces/{name}.json"))).collect()
        }
        "escapers" => report_hostile::NAMES.iter().map(|name| name.as_bytes().to_vec()).collect(),
        _ => vec![Vec::new()],
    }
}

/// Where the inputs of a target are packed.
fn place(target: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus/fuzz").join(format!("{target}.gz"))
}

/// What cargo-fuzz found for a target, minimised: each input behind its length. Nothing for a target that is new.
fn kept(target: &str) -> Vec<Vec<u8>> {
    let Ok(packed) = std::fs::File::open(place(target)) else { return Vec::new() };
    let mut all = Vec::new();
    flate2::read::GzDecoder::new(packed).read_to_end(&mut all).expect("unpacks");
    let (mut rest, mut inputs) = (all.as_slice(), Vec::new());
    while let Some((len, behind)) = rest.split_first_chunk() {
        let (input, behind) = behind.split_at(u32::from_le_bytes(*len) as usize);
        inputs.push(input.to_vec());
        rest = behind;
    }
    assert!(rest.is_empty(), "{} bytes are left", rest.len());
    inputs
}

/// Packs the smallest of the inputs in `folder`, evenly out of all.
fn keep(target: &str, folder: &Path) {
    let files = std::fs::read_dir(folder).expect("a folder of inputs").map(|file| file.expect("a file").path());
    let mut inputs: Vec<Vec<u8>> = files.map(|file| std::fs::read(file).expect("an input")).collect();
    inputs.sort_by(|a, b| (a.len(), a).cmp(&(b.len(), b)));
    let mut out = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    let (found, mut count, mut bytes) = (inputs.len(), 0, 0);
    inputs.retain(|input| input.len() <= MOST_BYTES);
    for input in inputs.iter().step_by(inputs.len().div_ceil(MOST_INPUTS).max(1)) {
        bytes += input.len();
        if bytes > MOST_PACKED {
            break;
        }
        count += 1;
        out.write_all(&(input.len() as u32).to_le_bytes()).unwrap();
        out.write_all(input).unwrap();
    }
    let packed = out.finish().unwrap();
    println!("{target}: {count} of {found} inputs, {} bytes packed", packed.len());
    std::fs::create_dir_all(place(target).parent().unwrap()).unwrap();
    std::fs::write(place(target), packed).unwrap();
}

#[test]
fn kept_inputs_of_the_fuzz_targets_hold() {
    let from = std::env::var_os("GOTRACE_DIFF_FUZZ_KEEP").map(PathBuf::from);
    for (name, check) in ALL {
        if let Some(folder) = from.as_ref().map(|from| from.join(name)).filter(|folder| folder.is_dir()) {
            keep(name, &folder);
        }
        let inputs = kept(name);
        let distinct: BTreeSet<&[u8]> = inputs.iter().map(Vec::as_slice).collect();
        assert!(distinct.len() == inputs.len() && inputs.len() >= 20, "{name}: {} inputs", inputs.len());
        for (i, input) in inputs.iter().enumerate() {
            assert!(std::panic::catch_unwind(|| check(input)).is_ok(), "{name}, input {i} of {}", inputs.len());
        }
    }
}

#[test]
fn seeds_for_cargo_fuzz_are_written_where_one_asks_for_them() {
    let asked = std::env::var_os("GOTRACE_DIFF_FUZZ_SEEDS").map(PathBuf::from);
    let temporary = tempfile::tempdir().unwrap();
    let to = asked.unwrap_or_else(|| temporary.path().to_owned());
    let bad = corpus::kept();
    for (name, _) in ALL {
        let of = |what: corpus::What| bad.iter().filter(move |case| case.what == what).map(|case| case.bytes.clone());
        let mut inputs = seeds(name);
        match name {
            "trace" => inputs.extend(of(corpus::What::Trace)),
            "v1" => {
                let v1 = of(corpus::What::Trace).filter(|trace| trace.starts_with(b"go 1.21"));
                inputs.extend(v1.filter_map(|trace| Some([&[2], trace.get(16..)?].concat())));
            }
            // What stands behind the header and the first byte of a batch.
            "batches" => {
                let v2 = of(corpus::What::Trace).filter(|trace| trace.starts_with(b"go 1.26"));
                inputs.extend(v2.chain([data::trace("go1.26.6/sched")]).filter_map(|t| Some(t.get(17..)?.to_vec())));
            }
            "baseline" => inputs
                .extend(of(corpus::What::Baseline).chain(of(corpus::What::Report)).chain(of(corpus::What::Summary))),
            // Its bytes are choices.
            "structured" => inputs.extend((0..100).map(|seed| {
                let rng = &mut Rng::with_seed(seed);
                (0..rng.usize(50..3000)).map(|_| rng.u8(..)).collect()
            })),
            "config" => inputs.extend(of(corpus::What::Config)),
            "test_output" => inputs.extend(of(corpus::What::TestOutput)),
            "merge" => inputs.extend(of(corpus::What::Summary).map(|summary| {
                let text = String::from_utf8_lossy(&summary);
                [b"\x01", text.replace('\n', " ").as_bytes()].concat()
            })),
            _ => {}
        }
        inputs.extend(kept(name));
        let inputs: BTreeSet<Vec<u8>> = inputs.into_iter().filter(|input| input.len() <= 1 << 16).collect();
        let folder = to.join(name);
        std::fs::create_dir_all(&folder).unwrap();
        for (i, input) in inputs.iter().enumerate() {
            std::fs::write(folder.join(format!("seed-{i}")), input).unwrap();
        }
        assert!(inputs.len() >= 3, "{name}: {} seeds", inputs.len());
    }
}

#[test]
fn what_must_hold_of_any_input_holds() {
    let seconds = std::env::var("GOTRACE_DIFF_FUZZ_SECONDS").ok().and_then(|n| n.parse().ok()).unwrap_or(1);
    for (name, check) in ALL {
        let seeds = seeds(name);
        let begin = Instant::now();
        let mut seed = 0u64;
        while seed < 20 || begin.elapsed() < Duration::from_secs(seconds) {
            let rng = &mut Rng::with_seed(seed);
            let mut bytes = seeds[rng.usize(..seeds.len())].clone();
            if bytes.is_empty() {
                bytes = (0..rng.usize(..2000)).map(|_| rng.u8(..)).collect();
            }
            // The first ones as they are.
            if seed >= seeds.len() as u64 {
                (0..rng.u8(1..8)).for_each(|_| mutate::change_bytes(&mut bytes, rng));
            }
            if std::panic::catch_unwind(|| check(&bytes)).is_err() {
                let file = std::env::temp_dir().join(format!("gotrace-diff-{name}-{seed}"));
                let _ = std::fs::write(&file, &bytes);
                panic!("{name}, seed {seed}: {}", file.display());
            }
            seed += 1;
        }
        println!("{name}: {seed} inputs");
    }
}

#[test]
fn the_hours_that_are_told_are_those_that_were_run() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let hours = std::fs::read_to_string(root.join("fuzz/hours.tsv")).unwrap();
    let mut seconds = 0u64;
    for line in hours.lines().skip(1) {
        let columns: Vec<&str> = line.split('\t').collect();
        let [_, target, ran, inputs, "no" | "yes"] = columns[..] else { panic!("{line}") };
        assert!(ALL.iter().any(|(name, _)| *name == target) && inputs.parse::<u64>().is_ok(), "{line}");
        seconds += ran.parse::<u64>().unwrap();
    }
    let path = root.join("docs/robustness.md");
    let paper = std::fs::read_to_string(&path).unwrap();
    let (before, rest) = paper.split_once("cargo-fuzz ran for ").unwrap();
    let (told, after) = rest.split_once(" minutes in all").unwrap();
    let now = (seconds / 60).to_string();
    if std::env::var_os("UPDATE_PAPERS").is_some() {
        std::fs::write(&path, format!("{before}cargo-fuzz ran for {now} minutes in all{after}")).unwrap();
    } else {
        assert_eq!(told, now, "UPDATE_PAPERS=1 cargo test --test it fuzzed");
    }
}
