//! Traces as `accuracy/record.sh` left them become what is kept: a baseline for each variant of each session, with the
//! three stacks of each subject that waited longest.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use gotrace_diff::attribution::{self, output::TestOutput};
use gotrace_diff::baseline::Baseline;
use gotrace_diff::compare::Side;
use gotrace_diff::paths::Repository;
use gotrace_diff::summarize::{Options, summarize};

use crate::data;

const STACKS: usize = 3;

/// Packs everything below `recorded`.
pub fn pack(recorded: &Path) -> Result<(), String> {
    for [name, _, package, _] in data::manifest()? {
        let rounds = switches_rounds(&name);
        let folder = recorded.join(&name);
        if !folder.is_dir() {
            continue; // It was not recorded this time.
        }
        let mut sessions: Vec<_> = list(&folder)?;
        sessions.sort();
        for session in sessions {
            let to = data::folder().join("data").join(&name).join(session.file_name().unwrap_or_default());
            std::fs::create_dir_all(&to).map_err(|e| e.to_string())?;
            let mut traces = list(&session)?;
            traces.retain(|t| t.extension().is_some_and(|e| e == "out"));
            traces.sort();
            let mut variants: BTreeMap<String, Vec<_>> = BTreeMap::new();
            for trace in traces {
                let stem = trace.file_stem().unwrap_or_default().to_string_lossy().into_owned();
                let (number, variant) = stem.split_once('-').ok_or(format!("{stem}: no NNN-VARIANT"))?;
                let file = std::fs::File::open(&trace).map_err(|e| e.to_string())?;
                let mut summary =
                    summarize(number, file, &Options::default()).map_err(|e| format!("{}: {e}", trace.display()))?;
                let said = std::fs::read_to_string(trace.with_extension("json")).unwrap_or_default();
                if let Some(said) = TestOutput::parse(&said) {
                    attribution::name_tests(&mut summary, Some(&said));
                }
                summary.package = Some(package.trim_start_matches("./").to_owned());
                variants.entry(variant.to_owned()).or_default().push(summary);
            }
            for (variant, runs) in variants {
                let mut side = Side::new(&runs, rounds);
                for subject in side.packages.values_mut().flat_map(|p| p.subjects.values_mut()) {
                    let mut times: Vec<i64> = subject.sites.values().map(|s| s.time_ns.iter().sum()).collect();
                    times.sort_unstable_by(|a, b| b.cmp(a));
                    if let Some(least) = times.get(STACKS) {
                        let least = *least;
                        subject.sites.retain(|_, s| s.time_ns.iter().sum::<i64>() > least);
                    }
                }
                let made = Baseline::from(side).portable(&Repository::around(Path::new("/")));
                let text = made.and_then(|b| b.render()).map_err(|e| e.to_string())?;
                let path = to.join(format!("{variant}.json"));
                std::fs::write(&path, text).map_err(|e| e.to_string())?;
                let packed = Command::new("zstd").args(["-q", "-19", "--rm", "-f"]).arg(&path).status();
                if !packed.is_ok_and(|s| s.success()) {
                    return Err("zstd is needed to pack".to_owned());
                }
            }
        }
        println!("{name}");
    }
    Ok(())
}

/// The N of -benchtime=Nx, as workloads.txt has it.
fn switches_rounds(name: &str) -> Option<u64> {
    let text = std::fs::read_to_string(data::folder().join("workloads.txt")).ok()?;
    let line = text.lines().find(|l| l.split_whitespace().next() == Some(name))?;
    line.split("-test.benchtime=").nth(1)?.split('x').next()?.parse().ok()
}

fn list(folder: &Path) -> Result<Vec<std::path::PathBuf>, String> {
    let entries = std::fs::read_dir(folder).map_err(|e| format!("{}: {e}", folder.display()))?;
    Ok(entries.flatten().map(|e| e.path()).collect())
}
