//! Shards that are given twice. Two that are the same to the byte are one, and so are two results of the same runs, however they are
//! written: runs have their times in nanoseconds, and one run taken for several would prove anything.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::commands::repeated;
use crate::commands::shards::{self, Shard};
use crate::commands::sources::Source;
use crate::sides::Sides;

/// Takes out what is there already, under the same path however it is spelled, or as a copy. Names each copy, and what it is one of.
pub(super) fn drop_from(found: &mut Vec<Source>) -> Vec<String> {
    let mut places: BTreeSet<PathBuf> = BTreeSet::new();
    found.retain(|source| {
        let place = source.path.as_ref().and_then(|path| path.canonicalize().ok());
        place.is_none_or(|place| places.insert(place))
    });
    // Bytes are looked at of those alone that are of one length, which hardly any are.
    let length = |source: &Source| source.path.as_ref()?.metadata().ok().map(|meta| meta.len());
    let bytes = |source: &Source| Some(Sha256::digest(std::fs::read(source.path.as_ref()?).ok()?).into());
    let mut same = repeated::find(found, length, bytes);
    same.retain(|&again, _| found[again].path.as_ref().is_some_and(|path| has_runs(path)));
    let said = same.iter().map(|(&again, &first)| {
        let [again, first] = [again, first].map(|i| &found[i].name);
        format!("{again}: the same as {first}, counted once")
    });
    let said = said.collect();
    repeated::drop_from(found, &same);
    said
}

/// What tells the runs of a result from those of all others: what they are called, when they began, how long they were, and their
/// figures. None where there is none, or one that does not say when it began. A baseline says that of no run: of a result that is
/// compared with one the head's runs have to.
pub(super) fn runs_of(sides: &Sides) -> Option<[u8; 32]> {
    let (mut hash, mut bytes) = (Sha256::new(), Vec::new());
    let mut any = false;
    for (which, side, is_baseline) in [("base", &sides.base, sides.against_baseline), ("head", &sides.head, false)] {
        for (name, package) in &side.packages {
            let runs = package.runs.iter().map(|run| (run, run.started_ns));
            if !is_baseline {
                if package.runs.iter().any(|run| run.started_ns == 0) {
                    return None;
                }
                any |= !package.runs.is_empty();
            }
            hash.update(serde_json::to_vec(&(which, name, runs.collect::<Vec<_>>())).ok()?);
            for (id, subject) in &package.subjects {
                bytes.clear();
                bytes.extend_from_slice(id.name.as_bytes());
                for value in subject.figures.iter().flat_map(|(_, values)| values.iter()) {
                    bytes.extend_from_slice(&value.unwrap_or(i64::MIN).to_le_bytes());
                }
                hash.update(&bytes);
            }
        }
    }
    any.then(|| hash.finalize().into())
}

/// Whether it tells of any run: results of shards that had nothing to run are all the same.
fn has_runs(path: &Path) -> bool {
    match shards::read(path) {
        Ok(Shard::Result(result)) => result.sides.is_some(),
        Ok(Shard::Summaries(_)) => true,
        // Said where all are read.
        Err(_) => false,
    }
}
