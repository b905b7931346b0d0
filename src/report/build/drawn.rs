//! What pictures need of runs and a side does not keep: taken from summaries before they become a side.

use std::collections::BTreeMap;

use crate::metrics::registry::SubjectKind;
use crate::report::escape::Text;
use crate::report::model::{Bucket, Distribution, Subject};
use crate::sketch::{RELATIVE_ERROR, Sketch};
use crate::summary::Summary;

/// Bars of a distribution.
const BARS: u16 = 40;
/// Distributions of a report: those that moved most.
const MOST: usize = 50;

/// Package, kind and name of a subject.
type Key = (String, SubjectKind, String);

/// What is drawn of one side.
#[derive(Debug, Default)]
pub struct Drawn {
    durations: BTreeMap<Key, Sketch>,
}

impl Drawn {
    /// Of the runs of a side.
    pub fn of(runs: &[Summary]) -> Drawn {
        let mut drawn = Drawn::default();
        for run in runs {
            let package = run.package.clone().unwrap_or_default();
            let regions = run.regions.iter().map(|(name, r)| (SubjectKind::Region, name, &r.durations));
            let tasks = run.tasks.iter().map(|(name, t)| (SubjectKind::Task, name, &t.durations));
            for (kind, name, sketch) in regions.chain(tasks) {
                drawn.durations.entry((package.clone(), kind, name.clone())).or_default().merge(sketch);
            }
        }
        drawn
    }
}

/// Distributions of what both sides have, those first whose middle moved most.
pub(super) fn distributions(base: &Drawn, head: &Drawn) -> Vec<Distribution> {
    let mut all: Vec<(f64, &Key, &Sketch, &Sketch)> = Vec::new();
    for (key, before) in &base.durations {
        let Some(after) = head.durations.get(key) else { continue };
        let (Some(one), Some(other)) = (before.quantile(0.5), after.quantile(0.5)) else { continue };
        all.push(((other.max(1) as f64 / one.max(1) as f64).ln().abs(), key, before, after));
    }
    all.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.cmp(b.1)));
    all.truncate(MOST);
    all.into_iter()
        .map(|(_, (package, kind, name), before, after)| {
            let width = bar_width(before, after);
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
                base: bars(before, width),
                head: bars(after, width),
            }
        })
        .collect()
}

/// How many buckets of a sketch make a bar, so that both sides together have about [`BARS`].
fn bar_width(one: &Sketch, other: &Sketch) -> u16 {
    let buckets = || one.buckets.keys().chain(other.buckets.keys()).copied();
    let span = buckets().max().unwrap_or(0).saturating_sub(buckets().min().unwrap_or(0));
    span.div_ceil(BARS).max(1)
}

/// Bucket `i` of a sketch holds the durations in `(factor^(i-1), factor^i]` ns.
fn bars(sketch: &Sketch, width: u16) -> Vec<Bucket> {
    let factor: f64 = (1.0 + RELATIVE_ERROR) / (1.0 - RELATIVE_ERROR);
    let mut bars: BTreeMap<u16, u64> = BTreeMap::new();
    for (bucket, count) in &sketch.buckets {
        let bar = bars.entry(bucket / width).or_default();
        *bar = bar.saturating_add(*count);
    }
    bars.into_iter()
        .map(|(bar, count)| {
            let first = i32::from(bar) * i32::from(width);
            Bucket { from: factor.powi(first - 1), to: factor.powi(first - 1 + i32::from(width)), count }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::summary::Region;

    #[test]
    fn every_call_is_in_the_bar_of_its_duration() {
        let mut run = Summary::default();
        let mut region = Region::default();
        for i in 0..1000i64 {
            region.durations.add(100_000 + i * i);
        }
        run.regions.insert("parse".to_owned(), region);
        let drawn = [Drawn::of(&[run.clone(), run.clone()]), Drawn::of(&[run])];
        let all = distributions(&drawn[0], &drawn[1]);
        assert_eq!(all.len(), 1);
        assert_eq!(all[0].base.iter().map(|b| b.count).sum::<u64>(), 2000);
        assert!(all[0].head.len() <= usize::from(BARS) + 2);
        for pair in all[0].head.windows(2) {
            assert!(pair[0].to <= pair[1].from * 1.0001);
        }
        let last = all[0].head.last().unwrap();
        assert!(last.from < 1_098_001.0 && last.to >= 1_098_001.0, "{last:?}");
    }
}
