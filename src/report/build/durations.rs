//! How long calls of regions and tasks took, on both sides.

use std::collections::BTreeMap;

use super::drawn::Key;
use crate::metrics::registry::SubjectKind;
use crate::report::escape::Text;
use crate::report::model::{Bucket, Distribution, Subject};
use crate::sketch::Sketch;
use crate::summary::Summary;

/// Bars of a distribution.
const BARS: usize = 40;
/// Distributions of a report: those that moved most.
const MOST: usize = 50;

/// The distributions of a side, all runs together.
#[derive(Debug, Default)]
pub(super) struct Durations(BTreeMap<Key, Sketch>);

impl Durations {
    /// Adds those of a run.
    pub(super) fn add(&mut self, run: &Summary) {
        let package = run.package.clone().unwrap_or_default();
        let regions = run.regions.iter().map(|(name, r)| (SubjectKind::Region, name, &r.durations));
        let tasks = run.tasks.iter().map(|(name, t)| (SubjectKind::Task, name, &t.durations));
        for (kind, name, sketch) in regions.chain(tasks) {
            self.0.entry((package.clone(), kind, name.clone())).or_default().merge(sketch);
        }
    }
}

/// Distributions of what both sides have, those first whose middle moved most. `alone`: of what the head has, since the
/// base keeps none; most calls first.
pub(super) fn told(base: &Durations, head: &Durations, alone: bool) -> Vec<Distribution> {
    let none = Sketch::default();
    let mut all: Vec<(f64, &Key, &Sketch, &Sketch)> = Vec::new();
    for (key, after) in &head.0 {
        let Some(other) = after.quantile(0.5) else { continue };
        let before = base.0.get(key).and_then(|before| Some((before, before.quantile(0.5)?)));
        match before {
            Some((before, one)) => all.push(((other.max(1) as f64 / one.max(1) as f64).ln().abs(), key, before, after)),
            None if alone => all.push((after.count as f64, key, &none, after)),
            None => {}
        }
    }
    all.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.cmp(b.1)));
    all.truncate(MOST);
    all.into_iter()
        .map(|(_, (package, kind, name), before, after)| {
            let least = if alone { after.min_ns } else { before.min_ns.min(after.min_ns) };
            let from = least.max(1) as f64;
            let to = (before.max_ns.max(after.max_ns).max(2) as f64).max(from * 1.01);
            Distribution {
                subject: Subject {
                    kind: *kind,
                    label: format!("{kind} {name}").into(),
                    name: name.as_str().into(),
                    package: Some(Text::from(package.as_str())).filter(|p| !p.is_empty()),
                    test: None,
                    renamed_from: None,
                    position: None,
                },
                base: bars(before, from, to),
                head: bars(after, from, to),
            }
        })
        .collect()
}

/// Bars of equal width on a scale of logarithms.
///
/// ```text
///   from |---|---|---|--- ... ---| to      each step is the same factor
/// ```
fn bars(sketch: &Sketch, from: f64, to: f64) -> Vec<Bucket> {
    let step = (to / from).ln() / BARS as f64;
    let mut counts = [0u64; BARS];
    for (low, high, count) in sketch.bars() {
        let middle = ((low.max(1) as f64 + high as f64) / 2.0).clamp(from, to);
        let at = ((middle / from).ln() / step) as usize;
        let bar = &mut counts[at.min(BARS - 1)];
        *bar = bar.saturating_add(count);
    }
    let edge = |i: usize| from * (step * i as f64).exp();
    let used = counts.iter().enumerate().filter(|(_, count)| **count > 0);
    used.map(|(i, &count)| Bucket { from: edge(i), to: edge(i + 1), count }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::summary::Region;

    #[test]
    fn every_call_is_in_a_bar_near_its_duration() {
        let mut run = Summary::default();
        let mut region = Region::default();
        for i in 0..1000i64 {
            region.durations.add(100_000 + i * i);
        }
        run.regions.insert("parse".to_owned(), region);
        let (mut base, mut head) = (Durations::default(), Durations::default());
        base.add(&run);
        base.add(&run);
        head.add(&run);
        let all = told(&base, &head, false);
        assert_eq!(all.len(), 1);
        assert_eq!(all[0].base.iter().map(|b| b.count).sum::<u64>(), 2000);
        assert!(all[0].head.len() <= BARS);
        for pair in all[0].head.windows(2) {
            assert!(pair[0].to <= pair[1].from * 1.0001);
        }
        let last = all[0].head.last().unwrap();
        assert!(last.from < 1_098_001.0 && last.to >= 1_098_000.0, "{last:?}");
    }
}
