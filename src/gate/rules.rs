//! Which limits hold for a series.

use std::sync::LazyLock;

use super::{queue, steady};
use crate::compare::{Change, Presence};
use crate::config::{Assume, Config, Direction, Level, Rule};
use crate::metrics::registry::{Class, Role, SubjectKind};

/// The limits of one series.
#[derive(Clone, Debug, PartialEq)]
pub struct Terms {
    /// How much it matters.
    pub level: Level,
    /// The relative change that is allowed: 0.1 for 10 %.
    pub max_increase: f64,
    /// The absolute change below which nothing is said, in the metric's unit.
    pub min_delta: f64,
    /// The most that the head may be.
    pub budget: Option<f64>,
    /// The relative change that fails without statistics; only where the team wrote one.
    pub hard_limit: Option<f64>,
    /// Whether the subject has to be in the head.
    pub required: bool,
    /// Whether a rule names the subject without a wildcard.
    pub named: bool,
    /// Whether it can fail the build only where runs prove it, and is no suspicion before: so with queues that no rule
    /// speaks of.
    pub only_if_proven: bool,
    /// Whether it is a steady count that no rule speaks of, which no test is needed for: see `steady`.
    pub steady: bool,
    /// Whether a difference needs no proof.
    pub exact: bool,
    /// Whether a change for the better fails as one for the worse does.
    pub both_ways: bool,
}

/// The relative limit and the absolute floor of a class, until the accuracy harness shows better.
pub fn defaults(class: Class) -> (f64, f64) {
    match class {
        Class::Time => (0.10, 100_000.0),
        Class::Structural => (0.05, 1.0),
        Class::Count => (0.20, 10.0),
        Class::Ratio => (0.10, 0.05),
        Class::Bytes => (0.20, 1024.0 * 1024.0),
    }
}

/// Times below 20 ticks of the trace's clock (64 ns) are no times.
pub const LEAST_TIME: f64 = 20.0 * 64.0;

/// The floor per item where no rule says another: times matter by what they cost a run, so that a region called a
/// thousand times may not become a microsecond slower unnoticed.
fn default_floor(change: &Change) -> f64 {
    let (_, floor) = defaults(change.metric.class);
    match change.metric.class {
        Class::Time => (floor / change.items.max(1.0)).max(LEAST_TIME),
        _ => floor,
    }
}

/// What a configuration says of one subject. It is looked for once for all of its series: there may be thousands of rules, a subject
/// has tens of series, and matching names is what takes time.
pub struct Spoken<'c> {
    config: &'c Config,
    kind: SubjectKind,
    /// What it is called, and what it was called in the base.
    names: [Option<&'c str>; 2],
    /// The rules that speak of it, in order.
    rules: Vec<&'c Rule>,
}

impl<'c> Spoken<'c> {
    /// `old_name` is what the subject was called in the base, where that differs.
    pub fn of(config: &'c Config, kind: SubjectKind, name: &'c str, old_name: Option<&'c str>) -> Spoken<'c> {
        let names = [Some(name), old_name];
        let speaks = |rule: &&Rule| names.iter().flatten().any(|name| rule.matches_subject(kind, name));
        Spoken { config, kind, names, rules: config.rules.iter().filter(speaks).collect() }
    }

    fn names(&self) -> impl Iterator<Item = &'c str> {
        self.names.into_iter().flatten()
    }
}

impl Spoken<'_> {
    /// The limits of a series.
    pub fn terms(&self, change: &Change) -> Terms {
        let (metric, path) = (change.metric, change.path.as_str());
        static NONE: LazyLock<Rule> = LazyLock::new(Rule::default);
        let rule = self.rules.iter().copied().find(|rule| rule.matches_metric(path)).unwrap_or(&NONE);
        let (kind, flags) = (self.kind, &self.config.flags);
        let flags = if self.names().any(|name| flags.matches(kind, name, path)) { flags } else { &*NONE };
        let (max_increase, _) = defaults(metric.class);
        let by_default = match metric.role {
            Role::Gated => Level::Error,
            Role::Queue if queue::is_queue(kind, path) => Level::Error,
            Role::Steady => steady::level(change),
            Role::Queue | Role::Shown => Level::Info,
        };
        // A limit on a metric that is named is meant to hold; one on `*` does not make every noisy figure gate.
        let asks = |r: &&&Rule| r.limits() || r.assume == Some(Assume::Exact) || r.direction == Some(Direction::Both);
        let implied = [flags, rule].iter().any(|r| asks(&r) && r.names_metrics()).then_some(Level::Error);
        let said = flags.level.or(rule.level).or(implied);
        let mut terms = Terms {
            only_if_proven: said.is_none() && metric.role == Role::Queue,
            steady: said.is_none() && metric.role == Role::Steady,
            level: said.unwrap_or(by_default),
            max_increase: flags.max_increase.or(rule.max_increase).map_or(max_increase, |r| r.0),
            min_delta: flags
                .min_delta
                .of(metric.unit)
                .or(rule.min_delta.of(metric.unit))
                .unwrap_or_else(|| default_floor(change)),
            budget: flags.max.of(metric.unit).or(rule.max.of(metric.unit)),
            hard_limit: flags.hard_limit.or(rule.hard_limit).map(|r| r.0),
            required: rule.required,
            named: self.names().any(|name| rule.names(name)),
            exact: rule.assume == Some(Assume::Exact),
            both_ways: rule.direction == Some(Direction::Both),
        };
        if matches!(change.presence, Presence::Removed(_)) {
            self.of_gone(&mut terms, path, said.is_some());
        }
        terms
    }

    /// A subject that is gone has no series left but its count: what rules say of any of its series is said of that, up to the first
    /// that speaks of the count itself. `said`: whether one says how much the count matters.
    fn of_gone(&self, terms: &mut Terms, path: &str, said: bool) {
        let (mut required, mut named) = (None, None);
        for &rule in &self.rules {
            let judged = rule.level.is_none_or(|level| level >= Level::Warn);
            if rule.required {
                required.get_or_insert(rule);
            } else if judged && self.names().any(|name| rule.names(name)) {
                named.get_or_insert(rule);
            }
            if rule.matches_metric(path) {
                break;
            }
        }
        terms.required |= required.is_some();
        terms.named |= named.is_some();
        if let (Some(rule), false) = (required.or(named), said) {
            terms.level = rule.level.unwrap_or(Level::Error).max(Level::Info);
        }
    }
}

impl Terms {
    /// Whether the head is over its budget, and that is judged.
    pub(super) fn is_over_budget(&self, change: &Change) -> bool {
        let over = |budget: f64| change.head().is_some_and(|head| head > budget);
        self.level >= Level::Warn && self.budget.is_some_and(over)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::per::Item;
    use crate::config::{Pattern, quantity::Ratio};
    use crate::metrics::registry;
    use crate::stats::sample::Sample;

    fn rule(subject: &str, metric: &str, percent: f64) -> Rule {
        Rule {
            subjects: vec![Pattern::new(subject).unwrap()],
            metrics: vec![Pattern::new(metric).unwrap()],
            max_increase: Some(Ratio(percent / 100.0)),
            ..Rule::default()
        }
    }

    fn limit(config: &Config, name: &str, path: &str) -> Terms {
        let metric = registry::find(SubjectKind::Group, path).unwrap();
        let presence = Presence::Added(Sample::new(vec![1.0]).unwrap());
        let change = Change {
            metric,
            path: registry::Path::new(path),
            item: Item::Goroutine,
            presence,
            items: 1.0,
            head_items: 1.0,
            items_are_fixed: true,
        };
        Spoken::of(config, SubjectKind::Group, name, None).terms(&change)
    }

    #[test]
    fn the_first_rule_that_matches_wins() {
        let config = Config { rules: vec![rule("a.*", "*", 50.0), rule("*", "exec_ns", 1.0)], ..Config::default() };
        assert_eq!(limit(&config, "a.f", "exec_ns").max_increase, 0.5);
        assert_eq!(limit(&config, "b.f", "exec_ns").max_increase, 0.01);
        assert_eq!(limit(&config, "b.f", "total_ns").max_increase, 0.1);
    }

    #[test]
    fn flags_overlay_the_rule_that_matches() {
        let mut config = Config { rules: vec![rule("*", "exec_ns", 1.0)], ..Config::default() };
        config.rules[0].level = Some(Level::Warn);
        config.flags.max_increase = Some(Ratio(0.3));
        let terms = limit(&config, "a.f", "exec_ns");
        assert_eq!((terms.max_increase, terms.level), (0.3, Level::Warn));
    }

    #[test]
    fn a_limit_on_a_named_metric_makes_it_gate() {
        let config = Config { rules: vec![rule("*", "block_ns.*", 5.0)], ..Config::default() };
        let named = limit(&config, "a.f", "block_ns.sync");
        assert!(!named.only_if_proven && named.level == Level::Error, "{named:?}");
        let config = Config { rules: vec![rule("*", "*", 5.0)], ..Config::default() };
        assert_eq!(limit(&config, "a.f", "sched_wait_ns").level, Level::Info);
        let queue = limit(&config, "a.f", "block_ns.sync");
        assert!(queue.only_if_proven && queue.level == Level::Error, "{queue:?}");
        assert!(limit(&config, "a.f", "count").level == Level::Error);
    }

    #[test]
    fn names_with_brackets_and_stars_are_names() {
        let rule = rule("p.(*T[...]).Run.func1", "*", 1.0);
        assert!(rule.names("p.(*T[...]).Run.func1"));
        assert!(rule.names("p.(*T[...]).Run.func2"));
        assert!(!rule.names("p.(*U).Run"));
    }
}
