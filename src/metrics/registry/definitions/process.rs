//! What is told of the whole run: the scheduler, the collector, the heap.

use super::*;

pub(super) const METRICS: &[Metric] = &[
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
        id: "gc.share",
        kinds: &[Process],
        part_of: None,
        definition: "The part of all processors' time that the collector took: dedicated and fractional workers, mark assists (running), sweeping, and every processor while the world was stopped for it. Workers on idle processors do not count. Shared by all that runs in the process.",
        read: Read::One(|v| if let View::Process(s) = v { Some((s.gc.share * 1e6).round() as i64) } else { None }),
        ..RATIO
    },
    Metric {
        id: "gc.assist_exec_ns",
        definition: "Time that the program's goroutines ran within GC mark assists. In a benchmark per operation, in a window of a service per second, else per run.",
        read: Read::One(|v| if let View::Process(s) = v { Some(s.gc.assist_exec_ns) } else { None }),
        ..LOAD
    },
    Metric {
        id: "mmu.*",
        kinds: &[Process],
        better: Larger,
        part_of: None,
        definition: "Minimum mutator utilization: the least part of the processors that was left to the program within any window of this length; the stopped world and mark assists count against it, as in Go's own analysis. Shared by all that runs in the process.",
        read: Read::Each(|v| match v {
            View::Process(s) => s.mmu.iter().map(|(k, v)| (k.as_str(), (v * 1e6).round() as i64)).collect(),
            _ => Vec::new(),
        }),
        ..RATIO
    },
    Metric {
        id: "parallelism",
        kinds: &[Process],
        better: Larger,
        part_of: None,
        definition: "How many goroutines ran at once on average over the whole trace. Shared by all that runs in the process.",
        read: Read::One(|v| match v {
            View::Process(s) => ratio(s.sched.running_ns, s.end_ns.saturating_sub(s.start_ns)),
            _ => None,
        }),
        ..RATIO
    },
    Metric {
        id: "sched.runnable_ns",
        definition: "Time that goroutines waited for a processor, summed over all of them. In a benchmark per operation, in a window of a service per second, else per run. Shared by all that runs in the process.",
        read: sched!(runnable_ns),
        ..LOAD
    },
    Metric {
        id: "sched.oversubscribed_ns",
        definition: "Time during which more goroutines waited for a processor than ran. In a benchmark per operation, in a window of a service per second, else per run. Shared by all that runs in the process.",
        read: sched!(oversubscribed_ns),
        ..LOAD
    },
    Metric {
        id: "sched.idle_while_runnable_ns",
        definition: "Time of processors without work while goroutines waited for one: at each moment the smaller of both numbers. In a benchmark per operation, in a window of a service per second, else per run. Shared by all that runs in the process.",
        read: sched!(idle_while_runnable_ns),
        ..LOAD
    },
    Metric {
        id: "sched.hog_ns",
        definition: "Time that goroutines waited for a processor while another ran for more than 10 ms without a break. In a benchmark per operation, in a window of a service per second, else per run. Shared by all that runs in the process.",
        read: sched!(hog_ns),
        ..LOAD
    },
    Metric {
        id: "sched.latency.p50.*",
        per: Per::Nothing,
        zero_when_absent: false,
        definition: "The median time that goroutines waited for a processor, by what made them runnable: created, woken by a goroutine, by the network or a timer, preempted, yielded, back from a system call.",
        read: Read::Each(|v| latency(v, 0.5)),
        ..LOAD
    },
    Metric {
        id: "sched.latency.p99.*",
        per: Per::Nothing,
        zero_when_absent: false,
        definition: "The time that 99 % of goroutines waited for a processor at most, by what made them runnable.",
        read: Read::Each(|v| latency(v, 0.99)),
        ..LOAD
    },
    Metric {
        id: "sched.slices.p50",
        per: Per::Nothing,
        zero_when_absent: false,
        better: Neither,
        definition: "The median time that a goroutine ran without a break. Short slices mean that goroutines hand work to each other all the time.",
        read: Read::One(|v| if let View::Process(s) = v { s.sched.slices.quantile(0.5) } else { None }),
        ..LOAD
    },
    Metric {
        id: "sched.slices.p99",
        per: Per::Nothing,
        zero_when_absent: false,
        better: Neither,
        definition: "The time that 99 % of goroutines ran without a break at most.",
        read: Read::One(|v| if let View::Process(s) = v { s.sched.slices.quantile(0.99) } else { None }),
        ..LOAD
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

/// A quantile of the time that goroutines waited for a processor, by cause.
fn latency(view: View<'_>, q: f64) -> Vec<(&str, i64)> {
    match view {
        View::Process(s) => s
            .sched
            .latency
            .iter()
            .filter(|(cause, _)| *cause != "unknown")
            .filter_map(|(cause, l)| Some((cause.as_str(), l.durations.quantile(q)?)))
            .collect(),
        _ => Vec::new(),
    }
}
