//! Where the runs of both sides were made, and what of them can be compared at all.
//!
//! Each fact moves some figures and leaves others alone. What a figure depends on includes all that is weaker:
//!
//! ```text
//!                        nothing   Go release   operating system   machine     figures that depend on ...
//!   build tags              ×          ×               ×              ×
//!   Go, GODEBUG, -race                 ×               ×              ×
//!   GOOS, GOARCH                                       ×              ×
//!   CPU, GOMAXPROCS                                                   ×       ×: out of the verdict
//! ```

use std::cmp::Reverse;
use std::collections::BTreeSet;

use super::side::Run;
use crate::metrics::registry::{Class, DependsOn, Metric, SubjectKind};
use crate::summary::Fact;

/// What differs between where base and where head was recorded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Difference {
    /// One trace is of Go 1.21 or older, the other is not: their times mean other things.
    pub eras: bool,
    /// What differs, one text for each: `GOMAXPROCS (base 4, head 2)`.
    pub what: Vec<String>,
    /// What is known of one side only, which is neither the same nor different.
    pub one_sided: usize,
    /// What is known of both sides, and the same.
    pub same: usize,
    /// The least that a figure has to depend on to be moved by what differs.
    reach: Option<DependsOn>,
}

/// The least that a figure has to depend on to be moved by a fact.
pub fn reach(fact: Fact) -> DependsOn {
    match fact {
        // They choose which files are compiled: another program.
        Fact::Tags => DependsOn::Nothing,
        Fact::Go | Fact::Gogc | Fact::Gomemlimit | Fact::Godebug | Fact::Goexperiment | Fact::Race | Fact::Cover => {
            DependsOn::GoRelease
        }
        Fact::Os | Fact::Arch => DependsOn::Os,
        Fact::Cpu | Fact::Quota | Fact::Pgo => DependsOn::Machine,
    }
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
        difference.look("the trace's format", DependsOn::GoRelease, &b, &h);
        for fact in Fact::ALL {
            // One run that does not say leaves it unknown of the side.
            let values = |runs: &[&Run]| {
                let all: Option<BTreeSet<String>> =
                    runs.iter().map(|r| r.environment.get(fact).map(str::to_owned)).collect();
                all.unwrap_or_default()
            };
            difference.look(fact.name(), reach(fact), &values(base), &values(head));
        }
        difference.look("GOMAXPROCS", DependsOn::Machine, &procs(base), &procs(head));
        difference
    }

    fn look(&mut self, name: &str, reach: DependsOn, base: &BTreeSet<String>, head: &BTreeSet<String>) {
        match (base.is_empty(), head.is_empty()) {
            (true, true) => {}
            (false, false) if base == head => self.same += 1,
            (false, false) => {
                let (base, head) = apart(base, head);
                self.what.push(format!("{name} (base {}, head {})", list(&base), list(&head)));
                self.reach = Some(self.reach.map_or(reach, |r| r.min(reach)));
            }
            _ => self.one_sided += 1,
        }
    }

    /// Whether base and head were recorded alike, as far as is known.
    pub fn is_none(&self) -> bool {
        self.what.is_empty()
    }

    /// Why `metric` cannot be compared at all.
    pub fn forbids(&self, kind: SubjectKind, metric: &Metric) -> Option<&'static str> {
        let counts = matches!(kind, SubjectKind::Group | SubjectKind::Region | SubjectKind::Task | SubjectKind::Log);
        (self.eras && !(counts && metric.class == Class::Structural))
            .then_some("traces of Go 1.21 and older measure other things than newer ones: only goroutine, region, task and log counts are compared")
    }

    /// Whether `metric` may be in the verdict: nothing that it depends on differs.
    pub fn keeps(&self, metric: &Metric) -> bool {
        self.reach.is_none_or(|reach| metric.depends < reach)
    }

    /// How far apart both are, for choosing the nearest: less is nearer. By how many figures can still gate, then by
    /// how much differs, then by how much is known to be the same.
    pub fn distance(&self) -> (bool, Reverse<Option<DependsOn>>, usize, Reverse<usize>) {
        (self.reach.is_some(), Reverse(self.reach), self.what.len(), Reverse(self.same))
    }
}

/// Of lists with commas, as GODEBUG is, what is not in both.
fn apart(base: &BTreeSet<String>, head: &BTreeSet<String>) -> (BTreeSet<String>, BTreeSet<String>) {
    let single = |of: &BTreeSet<String>| of.iter().next().filter(|_| of.len() == 1).cloned();
    let (Some(b), Some(h)) = (single(base), single(head)) else { return (base.clone(), head.clone()) };
    if !b.contains(',') && !h.contains(',') {
        return (base.clone(), head.clone());
    }
    let without = |this: &str, other: &str| {
        let rest: Vec<&str> = this.split(',').filter(|part| !other.split(',').any(|o| o == *part)).collect();
        BTreeSet::from([if rest.is_empty() { "none of it".to_owned() } else { rest.join(",") }])
    };
    (without(&b, &h), without(&h, &b))
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
    use crate::metrics::registry;

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
        let of = |godebug: &str| {
            let mut run = run("go 1.26", 4);
            run.environment.set(Fact::Godebug, godebug);
            run
        };
        let difference = Difference::between(&[&of("a=1,b=0,c=1")], &[&of("a=1,c=1,madvdontneed=1")]);
        assert_eq!(difference.what, ["GODEBUG (base b=0, head madvdontneed=1)"]);
        // Unknown is not different.
        assert!(Difference::between(&[&run("go 1.26", 0)], &[&a]).is_none());
    }

    fn knows(facts: &[(Fact, &str)]) -> Run {
        let mut run = run("go 1.26", 4);
        facts.iter().for_each(|(fact, value)| run.environment.set(*fact, *value));
        run
    }

    #[test]
    fn each_metric_gates_only_where_what_it_depends_on_matches() {
        let metric = |path: &str, kind| registry::find(kind, path).unwrap();
        let count = metric("count", SubjectKind::Group);
        let cycles = metric("gc.cycles.total", SubjectKind::Process);
        let syscalls = metric("syscalls", SubjectKind::Site);
        let time = metric("total_ns", SubjectKind::Group);
        for (fact, kept) in [
            (Fact::Cpu, [true, true, true, false]),
            (Fact::Quota, [true, true, true, false]),
            (Fact::Pgo, [true, true, true, false]),
            (Fact::Os, [true, true, false, false]),
            (Fact::Arch, [true, true, false, false]),
            (Fact::Go, [true, false, false, false]),
            (Fact::Gogc, [true, false, false, false]),
            (Fact::Race, [true, false, false, false]),
            (Fact::Tags, [false, false, false, false]),
        ] {
            let difference = Difference::between(&[&knows(&[(fact, "a")])], &[&knows(&[(fact, "b")])]);
            assert_eq!([count, cycles, syscalls, time].map(|m| difference.keeps(m)), kept, "{}", fact.name());
            assert_eq!(difference.what, [format!("{} (base a, head b)", fact.name())]);
            // Known of one side only it is neither the same nor different.
            let difference = Difference::between(&[&knows(&[(fact, "a")])], &[&knows(&[])]);
            assert!(difference.is_none() && difference.keeps(time) && difference.one_sided == 1);
        }
    }

    #[test]
    fn the_nearest_environment_leaves_most_to_gate() {
        let head = knows(&[(Fact::Os, "linux"), (Fact::Cpu, "x"), (Fact::Race, "off")]);
        let mut all = [
            ("race", knows(&[(Fact::Os, "linux"), (Fact::Cpu, "x"), (Fact::Race, "race")])),
            ("unknown", knows(&[])),
            ("same", head.clone()),
            ("cpu", knows(&[(Fact::Os, "linux"), (Fact::Cpu, "y"), (Fact::Race, "off")])),
            ("os", knows(&[(Fact::Os, "darwin"), (Fact::Cpu, "x"), (Fact::Race, "off")])),
        ];
        all.sort_by_key(|(_, run)| Difference::between(&[run], &[&head]).distance());
        assert_eq!(all.map(|(name, _)| name), ["same", "unknown", "cpu", "os", "race"]);
    }
}
