//! The table of all metrics; see [`super`] for what its columns mean.

use super::{Better, Class, DependsOn, Metric, Per, Read, Role, SubjectKind, Unit, View};

use Better::{Larger, Neither, Smaller};
use Class::{Bytes, Count, Ratio, Structural, Time};
use Role::{Gated, Queue, Shown, Steady};
use SubjectKind::{Benchmark, Group, Log, Process, Region, Site, Task, Test};

/// Figures that goroutines, tests and regions have in common.
const TIMED: &[SubjectKind] = &[Group, Test, Benchmark, Region];
/// Tests and benchmarks.
const TESTS: &[SubjectKind] = &[Test, Benchmark];
/// What several goroutines work for.
const WORKED_FOR: &[SubjectKind] = &[Task, Test, Benchmark];

/// What most entries have; each says only how it differs.
const BASE: Metric = Metric {
    id: "",
    kinds: &[],
    unit: Unit::Count,
    better: Smaller,
    class: Count,
    depends: DependsOn::Nothing,
    per: Per::Run,
    role: Shown,
    part_of: None,
    zero_when_absent: true,
    definition: "",
    read: Read::One(|_| None),
};

const STRUCTURE: Metric = Metric { class: Structural, role: Gated, ..BASE };
const TIME: Metric = Metric {
    unit: Unit::Nanoseconds,
    class: Time,
    depends: DependsOn::Machine,
    per: Per::Item,
    kinds: TIMED,
    part_of: Some("total_ns"),
    ..BASE
};
const RATIO: Metric = Metric {
    unit: Unit::Ratio,
    class: Ratio,
    depends: DependsOn::Machine,
    per: Per::Nothing,
    zero_when_absent: false,
    ..BASE
};
const LOAD: Metric = Metric { kinds: &[Process], per: Per::Run, part_of: None, ..TIME };
const QUANTILE: Metric = Metric { kinds: &[Region, Task], per: Per::Nothing, zero_when_absent: false, ..TIME };

/// Reads one field that [`Group`](crate::summary::Group) and [`Region`](crate::summary::Region) share.
macro_rules! timed {
    ($field:ident) => {
        Read::One(|v| match v {
            View::Group(g) => Some(g.$field),
            View::Region(r) => Some(r.$field),
            View::Test(t) => Some(t.times.$field),
            _ => None,
        })
    };
}

/// Reads one map that both share.
macro_rules! timed_map {
    ($field:ident) => {
        Read::Each(|v| match v {
            View::Group(g) => g.$field.iter().map(|(k, v)| (k.as_str(), *v)).collect(),
            View::Region(r) => r.$field.iter().map(|(k, v)| (k.as_str(), *v)).collect(),
            View::Test(t) => t.times.$field.iter().map(|(k, v)| (k.as_str(), *v)).collect(),
            _ => Vec::new(),
        })
    };
}

/// Reads what goroutines spent while they worked for a task or test.
macro_rules! work {
    ($field:ident) => {
        Read::One(|v| match v {
            View::Task(t) => Some(t.work.$field),
            View::Test(t) => Some(t.work.$field),
            _ => None,
        })
    };
}

/// Reads one count of a test or benchmark.
macro_rules! test {
    ($field:ident) => {
        Read::One(|v| match v {
            View::Test(t) => Some(whole(t.$field)),
            _ => None,
        })
    };
}

/// Reads one sum of the scheduler's.
macro_rules! sched {
    ($field:ident) => {
        Read::One(|v| match v {
            View::Process(s) => Some(s.sched.$field),
            _ => None,
        })
    };
}

/// Reads one count of a stack.
macro_rules! stack {
    ($field:ident) => {
        Read::One(|v| match v {
            View::Stack(s) if s.$field > 0 => Some(whole(s.$field)),
            _ => None,
        })
    };
}

/// Reads one count of a task.
macro_rules! task {
    ($field:ident) => {
        Read::One(|v| match v {
            View::Task(t) => Some(whole(t.$field)),
            _ => None,
        })
    };
}

/// Reads a quantile of the durations of a region's calls or of tasks.
macro_rules! quantile {
    ($q:expr) => {
        Read::One(|v| match v {
            View::Region(r) => r.durations.quantile($q),
            View::Task(t) => t.durations.quantile($q),
            _ => None,
        })
    };
}

/// A part of a whole, in millionths.
fn ratio(part: i64, whole: i64) -> Option<i64> {
    (whole > 0).then(|| i64::try_from(i128::from(part) * 1_000_000 / i128::from(whole)).unwrap_or(i64::MAX))
}

fn whole(n: u64) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

// After the macros, which they use.
mod process;
mod subjects;

/// All of them, in the order in which they are listed.
pub(super) const FAMILIES: [&[Metric]; 2] = [subjects::METRICS, process::METRICS];
