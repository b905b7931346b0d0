//! The checks of the fuzz targets, run on what seeds give: for a second each here, and for as long as
//! `GOTRACE_DIFF_FUZZ_SECONDS` says.
#![allow(clippy::print_stdout)]

use std::time::{Duration, Instant};

use fastrand::Rng;

use crate::checks::ALL;
use crate::cli::cli;
use crate::{data, mutate, report_hostile};

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
