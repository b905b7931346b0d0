//! The table of all metrics; see [`super`] for what its columns mean.

use super::{Better, Class, DependsOn, Metric, Per, Read, Role, SubjectKind, Unit, View};

use Better::{Neither, Smaller};
use Class::{Bytes, Count, Structural, Time};
use Role::{Gated, Shown};
use SubjectKind::{Group, Log, Process, Region, Task};

/// Figures that goroutines and regions have in common.
const TIMED: &[SubjectKind] = &[Group, Region];

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
const QUANTILE: Metric = Metric { kinds: &[Region, Task], per: Per::Nothing, zero_when_absent: false, ..TIME };

/// Reads one field that [`Group`](crate::summary::Group) and [`Region`](crate::summary::Region) share.
macro_rules! timed {
    ($field:ident) => {
        Read::One(|v| match v {
            View::Group(g) => Some(g.$field),
            View::Region(r) => Some(r.$field),
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
            _ => Vec::new(),
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

fn whole(n: u64) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

pub(super) const METRICS: &[Metric] = &[
    Metric {
        id: "count",
        kinds: &[Group],
        definition: "Goroutines that started in this function. In a benchmark per operation, in a window of a service per second, else per run.",
        read: Read::One(|v| if let View::Group(g) = v { Some(whole(g.count)) } else { None }),
        ..STRUCTURE
    },
    Metric {
        id: "count",
        kinds: &[Region],
        definition: "Calls of this region type. In a benchmark per operation, in a window of a service per second, else per run.",
        read: Read::One(|v| if let View::Region(r) = v { Some(whole(r.count)) } else { None }),
        ..STRUCTURE
    },
    Metric {
        id: "count",
        kinds: &[Task],
        definition: "Tasks of this type. In a benchmark per operation, in a window of a service per second, else per run.",
        read: task!(count),
        ..STRUCTURE
    },
    Metric {
        id: "count",
        kinds: &[Log],
        definition: "Log messages of this category. In a benchmark per operation, in a window of a service per second, else per run.",
        read: Read::One(|v| if let View::Log(n) = v { Some(whole(n)) } else { None }),
        ..STRUCTURE
    },
    Metric {
        id: "created",
        kinds: &[Group],
        role: Shown,
        better: Neither,
        definition: "Goroutines of this group that were created within the trace; the others were there when it began.",
        read: Read::One(|v| if let View::Group(g) = v { Some(whole(g.created)) } else { None }),
        ..STRUCTURE
    },
    Metric {
        id: "alive",
        kinds: &[Group],
        definition: "Goroutines of this group that had not ended when the trace did: in a test, those that were forgotten or that the test did not wait for.",
        read: Read::One(|v| if let View::Group(g) = v { Some(whole(g.alive)) } else { None }),
        ..STRUCTURE
    },
    Metric {
        id: "total_ns",
        role: Gated,
        part_of: None,
        definition: "Time from the creation of a goroutine to its end, or from the begin of a region's call to its end, per goroutine or call: all states together. What lies outside the trace does not count.",
        read: timed!(total_ns),
        ..TIME
    },
    Metric {
        id: "total_ns",
        kinds: &[Task],
        role: Gated,
        part_of: None,
        definition: "Time from begin to end of a task, per complete task (its begin and end are both in the trace).",
        read: Read::One(|v| if let View::Task(t) = v { Some(t.total_ns) } else { None }),
        ..TIME
    },
    Metric {
        id: "exec_ns",
        role: Gated,
        definition: "Time running on a processor, per goroutine or call.",
        read: timed!(exec_ns),
        ..TIME
    },
    Metric {
        id: "block_ns.*",
        definition: "Time blocked, by the reason that the runtime gives (chan send, sync, network, select, sleep and so on; empty where the trace does not say), per goroutine or call.",
        read: timed_map!(block_ns),
        ..TIME
    },
    Metric {
        id: "syscall_ns",
        depends: DependsOn::Machine,
        definition: "Time in system calls while still holding a processor, per goroutine or call. Traces of Go 1.21 and older do not record the length of short system calls.",
        read: timed!(syscall_ns),
        ..TIME
    },
    Metric {
        id: "syscall_block_ns",
        definition: "Time in system calls after the processor was taken away, per goroutine or call: the long part of long system calls.",
        read: timed!(syscall_block_ns),
        ..TIME
    },
    Metric {
        id: "sched_wait_ns",
        definition: "Time runnable but waiting for a processor, per goroutine or call. It depends on everything else that runs on the machine: look at it, but do not gate on it.",
        read: timed!(sched_wait_ns),
        ..TIME
    },
    Metric {
        id: "range_ns.*",
        definition: "Time within special ranges (GC mark assist, GC incremental sweep, stop-the-world), per goroutine or call; it overlaps the other times.",
        read: timed_map!(range_ns),
        ..TIME
    },
    Metric {
        id: "unknown_ns",
        better: Neither,
        definition: "Time that the trace does not account for, per goroutine or call. Much of it means that the other times are too small.",
        read: timed!(unknown_ns),
        ..TIME
    },
    Metric {
        id: "durations.p10",
        role: Gated,
        definition: "The duration that only 10 % of calls or complete tasks stay below, from a sketch with a relative error of 1 %. What the machine does to a run makes some calls longer and none shorter: the fast ones show best how much work there is.",
        read: quantile!(0.1),
        ..QUANTILE
    },
    Metric {
        id: "durations.p50",
        role: Gated,
        definition: "The median duration of single calls or complete tasks, from a sketch with a relative error of 1 %. One slow call in a hundred moves the mean, and not this.",
        read: quantile!(0.5),
        ..QUANTILE
    },
    Metric {
        id: "durations.p90",
        definition: "The duration that 90 % of calls or complete tasks stay below, from a sketch with a relative error of 1 %.",
        read: quantile!(0.9),
        ..QUANTILE
    },
    Metric {
        id: "durations.p99",
        definition: "The duration that 99 % of calls or complete tasks stay below, from a sketch with a relative error of 1 %.",
        read: quantile!(0.99),
        ..QUANTILE
    },
    Metric {
        id: "durations.max",
        definition: "The longest call or complete task of a run. One bad moment of the machine makes it: look at it, but do not gate on it.",
        read: quantile!(1.0),
        ..QUANTILE
    },
    Metric {
        id: "complete",
        kinds: &[Task],
        better: Neither,
        class: Structural,
        definition: "Tasks of this type whose begin and end are both in the trace.",
        read: task!(complete),
        ..BASE
    },
    Metric {
        id: "children",
        kinds: &[Task],
        per: Per::Item,
        definition: "Tasks begun inside one task of this type, on average.",
        read: task!(children),
        ..BASE
    },
    Metric {
        id: "regions",
        kinds: &[Task],
        per: Per::Item,
        definition: "Region calls that belong to one task of this type, on average.",
        read: task!(regions),
        ..BASE
    },
    Metric {
        id: "goroutines",
        kinds: &[Task],
        per: Per::Item,
        definition: "Goroutines that worked for one task of this type, on average.",
        read: task!(goroutines),
        ..BASE
    },
    Metric {
        id: "logs",
        kinds: &[Task],
        per: Per::Item,
        definition: "Log messages of one task of this type, on average.",
        read: task!(logs),
        ..BASE
    },
    Metric {
        id: "duration_ns",
        kinds: &[Process],
        per: Per::Run,
        part_of: None,
        role: Gated,
        definition: "Wall time of the whole trace; of a benchmark per operation. Not compared for windows of a service, whose length whoever recorded them chose.",
        read: Read::One(|v| if let View::Process(s) = v { Some(s.end_ns.saturating_sub(s.start_ns)) } else { None }),
        ..TIME
    },
    Metric {
        id: "goroutines",
        kinds: &[Process],
        definition: "Goroutines of all groups together, the runtime's and the test framework's included. In a benchmark per operation, in a window of a service per second, else per run.",
        read: Read::One(|v| {
            if let View::Process(s) = v {
                Some(whole(s.goroutines.values().fold(0, |n, g| n.saturating_add(g.count))))
            } else {
                None
            }
        }),
        ..BASE
    },
    Metric {
        id: "events",
        kinds: &[Process],
        depends: DependsOn::Machine,
        definition: "Events in the trace: how much happened, in the scheduler's eyes. In a benchmark per operation, in a window of a service per second, else per run.",
        read: Read::One(|v| if let View::Process(s) = v { Some(whole(s.events)) } else { None }),
        ..BASE
    },
    Metric {
        id: "gc.cycles.*",
        kinds: &[Process],
        depends: DependsOn::GoRelease,
        definition: "Garbage collection cycles by cause; those that the test framework asks for around benchmarks are not counted. In a benchmark per operation, in a window of a service per second, else per run.",
        read: Read::Each(|v| match v {
            View::Process(s) => {
                s.gc.cycles
                    .iter()
                    .filter(|(cause, _)| *cause != "test framework")
                    .map(|(cause, n)| (cause.as_str(), whole(*n)))
                    .collect()
            }
            _ => Vec::new(),
        }),
        ..BASE
    },
    Metric {
        id: "gc.mark_ns",
        kinds: &[Process],
        per: Per::Run,
        part_of: None,
        definition: "Wall time of concurrent marking. In a benchmark per operation, in a window of a service per second, else per run.",
        read: Read::One(|v| if let View::Process(s) = v { Some(s.gc.mark_ns) } else { None }),
        ..TIME
    },
    Metric {
        id: "metric_max.*",
        kinds: &[Process],
        unit: Unit::Bytes,
        class: Bytes,
        depends: DependsOn::GoRelease,
        per: Per::Nothing,
        zero_when_absent: false,
        definition: "The greatest value of a gauge of memory during the run, by its runtime/metrics name: the live heap (which the runtime updates coarsely) and the heap goal.",
        read: Read::Each(|v| match v {
            View::Process(s) => s
                .metric_max
                .iter()
                .filter(|(name, _)| name.ends_with(":bytes"))
                .map(|(name, n)| (name.as_str(), whole(*n)))
                .collect(),
            _ => Vec::new(),
        }),
        ..BASE
    },
    Metric {
        id: "ranges.count.*",
        kinds: &[Process],
        depends: DependsOn::Machine,
        definition: "Special ranges (stop-the-world by kind, GC mark assist, GC incremental sweep) that began and ended in the trace. In a benchmark per operation, in a window of a service per second, else per run.",
        read: Read::Each(|v| ranges(v, |r| whole(r.count))),
        ..BASE
    },
    Metric {
        id: "ranges.time_ns.*",
        kinds: &[Process],
        per: Per::Run,
        part_of: None,
        definition: "Wall time of special ranges by name. In a benchmark per operation, in a window of a service per second, else per run.",
        read: Read::Each(|v| ranges(v, |r| r.time_ns)),
        ..TIME
    },
    Metric {
        id: "ranges.max_ns.*",
        kinds: &[Process],
        per: Per::Nothing,
        part_of: None,
        zero_when_absent: false,
        definition: "The longest special range of each name in a run. One bad moment of the machine makes it: look at it, but do not gate on it.",
        read: Read::Each(|v| ranges(v, |r| r.max_ns)),
        ..TIME
    },
];

/// One figure of each special range but the one that the tracer itself causes at its start.
fn ranges<'a>(view: View<'a>, figure: fn(&crate::summary::RangeStat) -> i64) -> Vec<(&'a str, i64)> {
    match view {
        View::Process(s) => s
            .ranges
            .iter()
            .filter(|(name, _)| !is_artefact(name))
            .map(|(name, range)| (name.as_str(), figure(range)))
            .collect(),
        _ => Vec::new(),
    }
}

/// The stop of the world that starting the tracer takes: it is in every trace and says nothing of the program.
fn is_artefact(range: &str) -> bool {
    range == "stop-the-world (start trace)"
}
