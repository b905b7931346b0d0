//! The recorded workloads: read, and cut into the runs of one trial.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use gotrace_diff::baseline;
use gotrace_diff::compare::Side;
use gotrace_diff::stats::random::Random;

/// A workload's name, half, package and switches, and what was recorded of it.
pub struct Workload {
    pub name: String,
    pub unseen: bool,
    pub switches: Vec<String>,
    /// By session, by variant (`base` or a switch), one run for each round.
    pub sessions: Vec<Session>,
    /// The same of those whose name begins with [`CROWDED`].
    pub crowded: Vec<Session>,
}

/// By variant (`base` or a switch), one run for each round.
pub type Session = BTreeMap<String, Side>;

/// How the names of sessions begin that were recorded while more than four times as much ran as the machine has cores
/// for: measured apart from the others.
const CROWDED: &str = "crowded";

/// The folder of the harness.
pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("accuracy")
}

/// The lines of workloads.txt: name, half, package, switches.
pub fn manifest() -> Result<Vec<[String; 4]>, String> {
    let path = folder().join("workloads.txt");
    let text = std::fs::read_to_string(&path).map_err(|e| format!("{}: {e}", path.display()))?;
    let mut lines = Vec::new();
    for line in text.lines().filter(|l| !l.trim().is_empty() && !l.starts_with('#')) {
        let mut words = line.split_whitespace().map(str::to_owned);
        match (words.next(), words.next(), words.next(), words.next()) {
            (Some(a), Some(b), Some(c), Some(d)) => lines.push([a, b, c, d]),
            _ => return Err(format!("{}: not understood: {line}", path.display())),
        }
    }
    Ok(lines)
}

/// Reads all workloads that were packed.
pub fn load() -> Result<Vec<Workload>, String> {
    let mut all = Vec::new();
    for [name, half, _, switches] in manifest()? {
        let switches: Vec<String> = switches.split(',').filter(|s| *s != "-").map(str::to_owned).collect();
        let (mut sessions, mut crowded) = (Vec::new(), Vec::new());
        let data = folder().join("data").join(&name);
        let mut found: Vec<PathBuf> = std::fs::read_dir(&data)
            .map_err(|e| format!("{}: {e}", data.display()))?
            .flatten()
            .map(|e| e.path())
            .collect();
        found.sort();
        for session in found {
            let mut variants = BTreeMap::new();
            for variant in std::iter::once("base").chain(switches.iter().map(String::as_str)) {
                let path = session.join(format!("{variant}.json.zst"));
                let wrong = |e: String| format!("{}: {e}", path.display());
                let file = std::fs::File::open(&path).map_err(|e| wrong(e.to_string()))?;
                let mut text = String::new();
                let mut unfolded = ruzstd::decoding::StreamingDecoder::new(file).map_err(|e| wrong(e.to_string()))?;
                std::io::Read::read_to_string(&mut unfolded, &mut text).map_err(|e| wrong(e.to_string()))?;
                variants.insert(variant.to_owned(), baseline::read_any(&text).map_err(wrong)?.into_side());
            }
            let name = session.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if name.starts_with(CROWDED) { crowded.push(variants) } else { sessions.push(variants) }
        }
        all.push(Workload { name, unseen: half == "unseen", switches, sessions, crowded });
    }
    Ok(all)
}

impl Workload {
    /// How many runs of unchanged code there are.
    pub fn runs(&self) -> usize {
        self.sessions.iter().filter_map(|s| s.get("base")).map(Side::rounds).sum()
    }

    /// How many sessions, and runs of unchanged code.
    pub fn recorded(&self) -> (usize, usize) {
        (self.sessions.len(), self.runs())
    }

    /// The same workload as if only one session had been recorded.
    pub fn only(&self, session: usize) -> Workload {
        self.of(self.sessions.get(session).cloned().into_iter().collect())
    }

    /// The same workload as if only the crowded sessions had been recorded.
    pub fn crowded(&self) -> Workload {
        self.of(self.crowded.clone())
    }

    fn of(&self, sessions: Vec<Session>) -> Workload {
        let (name, switches) = (self.name.clone(), self.switches.clone());
        Workload { name, unseen: self.unseen, switches, sessions, crowded: Vec::new() }
    }

    /// `n` runs a side of unchanged code, as if they had been recorded alternately: pairs of neighbours, each turned
    /// around at random.
    pub fn unchanged(&self, n: usize, random: &mut Random) -> Option<(Side, Side)> {
        let side = self.sessions.get(random.below(self.sessions.len()))?.get("base")?;
        let mut pairs: Vec<usize> = (0..side.rounds() / 2).collect();
        random.shuffle(&mut pairs);
        let (mut base, mut head) = (Vec::new(), Vec::new());
        for pair in pairs.get(..n)? {
            let turned = usize::from(random.coin());
            base.push(2 * pair + turned);
            head.push(2 * pair + 1 - turned);
        }
        Some((side.take(&base), side.take(&head)))
    }

    /// `n` runs of unchanged code, and the `n` of the regression that were recorded beside them.
    pub fn regression(&self, switch: &str, n: usize, random: &mut Random) -> Option<(Side, Side)> {
        let session = self.sessions.get(random.below(self.sessions.len()))?;
        let (base, head) = (session.get("base")?, session.get(switch)?);
        let mut rows: Vec<usize> = (0..base.rounds().min(head.rounds())).collect();
        random.shuffle(&mut rows);
        let rows = rows.get(..n)?;
        Some((base.take(rows), head.take(rows)))
    }

    /// `n` runs of unchanged code of one session, and `n` of another, crowded or not.
    pub fn apart(&self, n: usize, random: &mut Random) -> Option<(Side, Side)> {
        let sessions: Vec<&Session> = self.sessions.iter().chain(&self.crowded).collect();
        let of = sessions.len();
        let (one, by) = (random.below(of), 1 + random.below(of.checked_sub(1)?));
        let side = |at: usize, random: &mut Random| {
            let side = sessions.get(at % of)?.get("base")?;
            let mut rows: Vec<usize> = (0..side.rounds()).collect();
            random.shuffle(&mut rows);
            Some(side.take(rows.get(..n)?))
        };
        Some((side(one, random)?, side(one + by, random)?))
    }
}
