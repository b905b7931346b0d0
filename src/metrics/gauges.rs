//! The gauges of the runtime: the greatest value of each, and its last one.

use std::collections::BTreeMap;

use crate::trace::Gauge;

/// Of one gauge.
#[derive(Clone, Copy, Debug)]
struct Values {
    max: u64,
    last: u64,
}

/// By gauge; nothing of those that the trace does not mention.
#[derive(Clone, Debug, Default)]
pub(super) struct Gauges([Option<Values>; Gauge::ALL.len()]);

impl Gauges {
    /// It has this value from now on.
    #[inline(always)]
    pub(super) fn set(&mut self, gauge: Gauge, value: u64) {
        let values = self.0[gauge as usize].get_or_insert(Values { max: 0, last: 0 });
        *values = Values { max: values.max.max(value), last: value };
    }

    /// The window begins: only what they are just now counts of what was before.
    pub(super) fn begin_window(&mut self) {
        self.0.iter_mut().flatten().for_each(|values| values.max = values.last);
    }

    /// The greatest value of a gauge; 0 where the trace has none.
    pub(super) fn max(&self, gauge: Gauge) -> u64 {
        self.0[gauge as usize].map_or(0, |values| values.max)
    }

    /// The greatest values by the names that Go's `runtime/metrics` gives them.
    pub(super) fn by_name(&self) -> BTreeMap<String, u64> {
        let named = Gauge::ALL.iter().zip(&self.0);
        named.filter_map(|(gauge, values)| Some((gauge.name().to_owned(), (*values)?.max))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_greatest_value_is_told_of_what_there_is() {
        let mut gauges = Gauges::default();
        assert!(gauges.by_name().is_empty() && gauges.max(Gauge::HeapGoal) == 0);
        for value in [5, 9, 0] {
            gauges.set(Gauge::HeapLive, value);
        }
        gauges.set(Gauge::Gomaxprocs, 0);
        assert_eq!(gauges.max(Gauge::HeapLive), 9);
        let names: Vec<_> = gauges.by_name().into_iter().collect();
        assert_eq!(names, [(Gauge::HeapLive.name().to_owned(), 9), (Gauge::Gomaxprocs.name().to_owned(), 0)]);
        gauges.set(Gauge::HeapLive, 4);
        gauges.begin_window();
        assert_eq!(gauges.max(Gauge::HeapLive), 4);
    }
}
