//! Whether amounts can speak of what they are meant for: a budget in the wrong unit would hold nothing, and say nothing.

use super::quantity::Amounts;
use super::{Pattern, Rule};
use crate::metrics::registry::{Metric, Unit, metrics};

/// Settles the units of a rule's amounts. A bare number is a ratio where the rule names ratios, and no counts.
///
/// # Errors
/// What does not fit, as one sentence: amounts in units that none of the metrics has which the rule names.
pub fn settle(rule: &mut Rule) -> Result<(), Misfit> {
    if rule.metrics.is_empty() {
        return Ok(());
    }
    let named: Vec<&Metric> = metrics().filter(|metric| speaks_of(rule, metric)).collect();
    let has = |unit| named.iter().any(|metric| metric.unit == unit);
    if has(Unit::Ratio) && !has(Unit::Count) {
        rule.max.count_as_ratio();
        rule.min_delta.count_as_ratio();
    }
    // Of what nobody knows, it is said that it matches nothing.
    let Some(first) = named.first() else { return Ok(()) };
    let misfit = |key, amounts: &Amounts| {
        // A list has one of each unit, for whatever there is.
        let fits = amounts.iter().any(|amount| has(amount.unit));
        let amount = amounts.iter().next().filter(|_| !fits)?;
        let what = match amount.unit {
            Unit::Nanoseconds => "a time",
            Unit::Bytes => "a size",
            Unit::Count | Unit::Ratio => "a bare number",
        };
        let write = match first.unit {
            Unit::Nanoseconds => "is a time: write it as in \"100us\"",
            Unit::Bytes => "is a size: write it as in \"1MiB\"",
            Unit::Count => "is a count: write it as in 16",
            Unit::Ratio => "is a ratio: write it as in 0.2",
        };
        Some(Misfit { key, message: format!("`{key}` is {what}, and {} {write}", first.id) })
    };
    match misfit("max", &rule.max).or_else(|| misfit("min-delta", &rule.min_delta)) {
        Some(misfit) => Err(misfit),
        None => Ok(()),
    }
}

/// An amount that holds nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Misfit {
    /// The key that it stands behind.
    pub key: &'static str,
    /// What is wrong, and how to write it.
    pub message: String,
}

/// Whether the rule may speak of series of this metric.
fn speaks_of(rule: &Rule, metric: &Metric) -> bool {
    let mut kinds = metric.kinds.iter();
    let of_kind = kinds.any(|kind| {
        (rule.kinds.is_empty() || rule.kinds.contains(kind))
            && (rule.of_kind.is_empty() || rule.of_kind.iter().any(|(of, _)| of == kind))
    });
    of_kind && rule.metrics.iter().any(|pattern| names(pattern, metric))
}

/// Whether a pattern matches a metric's paths, or some of them where it stands for several.
fn names(pattern: &Pattern, metric: &Metric) -> bool {
    let family = metric.id.strip_suffix('*');
    pattern.matches(metric.id) || family.is_some_and(|stem| pattern.text().starts_with(stem))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::registry::SubjectKind;

    #[test]
    fn amounts_fit_the_metrics_that_a_rule_names() {
        // Kinds, metrics, an amount, and in which unit it is then; none where it fits nothing.
        for (kind, metric, amount, expected) in [
            (SubjectKind::Region, "total_ns", "100us", Some(Unit::Nanoseconds)),
            (SubjectKind::Region, "total_ns", "1000", None),
            (SubjectKind::Region, "count", "1000", Some(Unit::Count)),
            (SubjectKind::Region, "count", "1ms", None),
            (SubjectKind::Region, "*", "1000", Some(Unit::Count)),
            (SubjectKind::Group, "block_ns.chan*", "1ms", Some(Unit::Nanoseconds)),
            (SubjectKind::Group, "block_ns.sync", "3", None),
            (SubjectKind::Process, "gc.share", "0.2", Some(Unit::Ratio)),
            (SubjectKind::Process, "gc.share", "2MiB", None),
            (SubjectKind::Process, "mmu.*", "0.5", Some(Unit::Ratio)),
            (SubjectKind::Process, "nothing.at.all", "5", Some(Unit::Count)),
        ] {
            for of_max in [true, false] {
                let amounts = Amounts::new(vec![amount.parse().unwrap()]);
                let mut rule =
                    Rule { kinds: vec![kind], metrics: vec![Pattern::new(metric).unwrap()], ..Rule::default() };
                if of_max {
                    rule.max = amounts
                } else {
                    rule.min_delta = amounts
                }
                let settled = settle(&mut rule);
                let unit = settled.is_ok().then(|| rule.max.iter().chain(rule.min_delta.iter()).next().unwrap().unit);
                assert_eq!(unit, expected, "{kind:?} {metric} {amount}: {settled:?}");
            }
        }
    }
}
