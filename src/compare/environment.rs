//! Where the runs of both sides were made, and what of them can be compared at all.

use std::collections::BTreeSet;

use super::side::Run;
use crate::metrics::registry::{Class, DependsOn, Metric, SubjectKind};

/// What differs between where base and where head was recorded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Difference {
    /// One trace is of Go 1.21 or older, the other is not: their times mean other things.
    pub eras: bool,
    /// What differs, one text for each: `GOMAXPROCS (base 4, head 2)`.
    pub what: Vec<String>,
}

impl Difference {
    /// Compares the runs of both sides.
    pub fn between(base: &[&Run], head: &[&Run]) -> Difference {
        let formats = |runs: &[&Run]| runs.iter().map(|r| r.format.clone()).collect::<BTreeSet<_>>();
        let procs = |runs: &[&Run]| {
            // 0: the trace does not say.
            runs.iter().map(|r| r.gomaxprocs).filter(|&n| n > 0).map(|n| n.to_string()).collect::<BTreeSet<_>>()
        };
        let mut difference = Difference::default();
        let (b, h) = (formats(base), formats(head));
        let eras: BTreeSet<bool> = b.iter().chain(&h).map(|f| is_old(f)).collect();
        difference.eras = eras.len() > 1;
        if b != h {
            difference.what.push(format!("the trace's format (base {}, head {})", list(&b), list(&h)));
        }
        let (b, h) = (procs(base), procs(head));
        if b != h && !b.is_empty() && !h.is_empty() {
            difference.what.push(format!("GOMAXPROCS (base {}, head {})", list(&b), list(&h)));
        }
        difference
    }

    /// Whether base and head were recorded alike, as far as traces tell.
    pub fn is_none(&self) -> bool {
        self.what.is_empty()
    }

    /// Why `metric` cannot be compared at all.
    pub fn forbids(&self, kind: SubjectKind, metric: &Metric) -> Option<&'static str> {
        let counts = matches!(kind, SubjectKind::Group | SubjectKind::Region | SubjectKind::Task | SubjectKind::Log);
        (self.eras && !(counts && metric.class == Class::Structural))
            .then_some("traces of Go 1.21 and older measure other things than newer ones: only goroutine, region, task and log counts are compared")
    }

    /// Whether `metric` may be in the verdict: times of other machines may not.
    pub fn keeps(&self, metric: &Metric) -> bool {
        self.is_none() || metric.depends == DependsOn::Nothing
    }
}

fn list(of: &BTreeSet<String>) -> String {
    of.iter().map(String::as_str).collect::<Vec<_>>().join(" and ")
}

/// Formats before `go 1.22`.
fn is_old(format: &str) -> bool {
    format.strip_prefix("go 1.").and_then(|minor| minor.parse::<u32>().ok()).is_some_and(|minor| minor < 22)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(format: &str, gomaxprocs: u64) -> Run {
        Run { format: format.to_owned(), gomaxprocs, ..Run::default() }
    }

    #[test]
    fn differences_are_named() {
        let (a, b) = (run("go 1.26", 4), run("go 1.26", 2));
        let difference = Difference::between(&[&a], &[&b]);
        assert_eq!(difference.what, ["GOMAXPROCS (base 4, head 2)"]);
        assert!(Difference::between(&[&a], &[&a]).is_none());
        assert!(Difference::between(&[&run("go 1.21", 4)], &[&a]).eras);
        assert!(!Difference::between(&[&run("go 1.21", 4)], &[&run("go 1.19", 4)]).eras);
        // Unknown is not different.
        assert!(Difference::between(&[&run("go 1.26", 0)], &[&a]).is_none());
    }
}
