//! What is told of tests, groups, regions, tasks, messages and sites.

use super::*;

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
        kinds: TESTS,
        // A test more is no regression.
        role: Shown,
        definition: "One for each run of a test or benchmark; where tests have no names of their own, how many ran.",
        read: Read::One(|v| match v {
            View::Group(g) => Some(whole(g.count)),
            View::Test(_) => Some(1),
            _ => None,
        }),
        ..STRUCTURE
    },
    Metric {
        id: "goroutines",
        kinds: TESTS,
        per: Per::Item,
        // Those of its groups gate. A few new ones are news.
        role: Shown,
        definition: "Goroutines that worked for one run of a test: its own, those that it created, and those that they created; subtests are tests of their own. Of a benchmark per operation.",
        read: test!(goroutines),
        ..STRUCTURE
    },
    Metric {
        id: "syscalls",
        kinds: &[Group],
        role: Steady,
        depends: DependsOn::Os,
        definition: "System calls that goroutines of the group made. In a benchmark per operation, in a window of a service per second, else per run. Calls that depend on timing, as of the network poller, make the number vary; where it does not, more of them fail the build.",
        read: Read::One(|v| if let View::Group(g) = v { Some(whole(g.syscalls)) } else { None }),
        ..BASE
    },
    Metric {
        id: "syscalls",
        kinds: TESTS,
        per: Per::Item,
        role: Steady,
        depends: DependsOn::Os,
        definition: "System calls that goroutines made while they worked for one run of a test, those of the test framework included. Of a benchmark per operation. Where the number is the same in all of 5 runs or more, more of them fail the build.",
        read: Read::One(|v| match v {
            View::Test(t) => Some(whole(t.work.syscalls)),
            _ => None,
        }),
        ..BASE
    },
    Metric {
        id: "leaked",
        kinds: TESTS,
        per: Per::Item,
        definition: "Goroutines of one run of a test that were there when it ended and never ended themselves.",
        read: test!(leaked),
        ..STRUCTURE
    },
    Metric {
        id: "outlived",
        kinds: TESTS,
        per: Per::Item,
        part_of: None,
        definition: "Goroutines of one run of a test that were still there 10 ms after its end, those that never ended included.",
        read: test!(outlived),
        ..BASE
    },
    Metric {
        id: "tail_ns",
        kinds: TESTS,
        part_of: None,
        definition: "Time from the end of a test to the end of the last goroutine that it left behind (the trace's end, where that came first).",
        read: Read::One(|v| if let View::Test(t) = v { Some(t.tail_ns) } else { None }),
        ..TIME
    },
    Metric {
        id: "framework_ns",
        kinds: TESTS,
        part_of: None,
        better: Neither,
        definition: "Time that a test waited for the test framework: for its subtests, to print. Of a benchmark also what the framework does on its goroutine while the benchmark's timer stands: collect garbage before each round. It is kept out of all other times of the test.",
        read: Read::One(|v| if let View::Test(t) = v { Some(t.framework_ns) } else { None }),
        ..TIME
    },
    Metric {
        id: "parallelism",
        kinds: TESTS,
        better: Larger,
        part_of: None,
        definition: "How many of a test's goroutines ran at once on average: the time that they ran, divided by the test's own wall time.",
        read: Read::One(|v| if let View::Test(t) = v { ratio(t.work.exec_ns, t.wall_ns) } else { None }),
        ..RATIO
    },
    Metric {
        id: "parallelism",
        kinds: &[Group],
        better: Larger,
        part_of: None,
        definition: "How many goroutines of the group ran at once on average, while there was at least one: the time that they ran, divided by the time that any existed.",
        read: Read::One(|v| if let View::Group(g) = v { ratio(g.exec_ns, g.present_ns) } else { None }),
        ..RATIO
    },
    Metric {
        id: "concurrency",
        kinds: &[Group],
        better: Neither,
        part_of: None,
        definition: "How many goroutines of the group existed at once on average, while there was at least one. Far above `parallelism` they mostly wait.",
        read: Read::One(|v| if let View::Group(g) = v { ratio(g.total_ns, g.present_ns) } else { None }),
        ..RATIO
    },
    Metric {
        id: "peak",
        kinds: &[Group],
        per: Per::Nothing,
        zero_when_absent: false,
        definition: "The most goroutines of the group that existed at once.",
        read: Read::One(|v| if let View::Group(g) = v { Some(whole(g.peak)) } else { None }),
        ..BASE
    },
    Metric {
        id: "peak_running",
        kinds: &[Group],
        per: Per::Nothing,
        zero_when_absent: false,
        better: Neither,
        depends: DependsOn::Machine,
        definition: "The most goroutines of the group that ran at once: never more than GOMAXPROCS.",
        read: Read::One(|v| if let View::Group(g) = v { Some(whole(g.peak_running)) } else { None }),
        ..BASE
    },
    Metric {
        id: "hogs",
        kinds: &[Group],
        depends: DependsOn::Machine,
        definition: "How often a goroutine of the group ran for more than 10 ms without a break while others waited for a processor. In a benchmark per operation, in a window of a service per second, else per run.",
        read: Read::One(|v| if let View::Group(g) = v { Some(whole(g.hogs)) } else { None }),
        ..BASE
    },
    Metric {
        id: "assist_exec_ns",
        kinds: &[Group],
        part_of: Some("exec_ns"),
        definition: "Time running within GC mark assists, per goroutine: allocation that outruns the collector is made to help it. `range_ns.GC mark assist` has the wall time, waits included.",
        read: Read::One(|v| if let View::Group(g) = v { Some(g.assist_exec_ns) } else { None }),
        ..TIME
    },
    Metric {
        id: "self.total_ns",
        kinds: &[Region],
        definition: "Time from begin to end of a call without the regions nested in it, per call.",
        read: Read::One(|v| if let View::Region(r) = v { Some(r.own.total_ns) } else { None }),
        ..TIME
    },
    Metric {
        id: "self.exec_ns",
        kinds: &[Region],
        definition: "Time running in a call without the regions nested in it, per call.",
        read: Read::One(|v| if let View::Region(r) = v { Some(r.own.exec_ns) } else { None }),
        ..TIME
    },
    Metric {
        id: "work.exec_ns",
        kinds: WORKED_FOR,
        part_of: None,
        definition: "Time that goroutines ran for one task of this type: between its begin and end on the goroutine that began it, within its regions on others, and all of those created in them. Of a test or benchmark: all its goroutines, its own included.",
        read: work!(exec_ns),
        ..TIME
    },
    Metric {
        id: "work.sched_wait_ns",
        kinds: WORKED_FOR,
        part_of: None,
        definition: "Time that goroutines waited for a processor while they worked for one task of this type (see `work.exec_ns`).",
        read: work!(sched_wait_ns),
        ..TIME
    },
    Metric {
        id: "work.block_ns.*",
        kinds: WORKED_FOR,
        part_of: None,
        definition: "Time that goroutines were blocked while they worked for one task of this type (see `work.exec_ns`), by the reason that the runtime gives.",
        read: Read::Each(|v| match v {
            View::Task(t) => t.work.block_ns.iter().map(|(k, v)| (k.as_str(), *v)).collect(),
            View::Test(t) => t.work.block_ns.iter().map(|(k, v)| (k.as_str(), *v)).collect(),
            _ => Vec::new(),
        }),
        ..TIME
    },
    Metric {
        id: "blocks.*",
        kinds: &[Site],
        definition: "Waits that began at this stack, by reason. In a benchmark per operation, in a window of a service per second, else per run. Where 5 runs or more a side show that it hardly varies, more of them fail the build.",
        read: Read::Each(|v| match v {
            View::Stack(s) => s.blocks.iter().map(|(k, v)| (k.as_str(), whole(*v))).collect(),
            _ => Vec::new(),
        }),
        role: Steady,
        ..BASE
    },
    Metric {
        id: "syscalls",
        kinds: &[Site],
        depends: DependsOn::Os,
        definition: "System calls made at this stack. In a benchmark per operation, in a window of a service per second, else per run. Where 5 runs or more a side show that it hardly varies, more of them fail the build.",
        read: stack!(syscalls),
        role: Steady,
        ..BASE
    },
    Metric {
        id: "creations",
        kinds: &[Site],
        definition: "Goroutines created at this stack. In a benchmark per operation, in a window of a service per second, else per run. Where 5 runs or more a side show that it hardly varies, more of them fail the build.",
        read: stack!(creations),
        role: Steady,
        ..BASE
    },
    Metric {
        id: "unblocks",
        kinds: &[Site],
        definition: "Goroutines woken by whoever stood at this stack. In a benchmark per operation, in a window of a service per second, else per run. Where 5 runs or more a side show that it hardly varies, more of them fail the build.",
        read: stack!(unblocks),
        role: Steady,
        ..BASE
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
        definition: "Time from the creation of a goroutine to its end, or from the begin of a region's call to its end, per goroutine or call: all states together. Of a test or benchmark: its wall time without what it waited for the test framework, for its turn as a parallel test and for subtests. What lies outside the trace does not count.",
        read: Read::One(|v| match v {
            View::Group(g) => Some(g.total_ns),
            View::Region(r) => Some(r.total_ns),
            View::Test(t) => Some(t.wall_ns),
            _ => None,
        }),
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
        kinds: &[Group],
        role: Queue,
        definition: "Time blocked, by the reason that the runtime gives (chan send, sync, network, select, sleep and so on; empty where the trace does not say), per goroutine. Waits for other goroutines (sync, chan send, chan receive, select, Cond) fail the build where at least 4 runs a side prove that they take longer for each unit of the goroutines' own work, and are no suspicion with fewer.",
        read: timed_map!(block_ns),
        ..TIME
    },
    Metric {
        id: "block_ns.*",
        kinds: &[Test, Benchmark, Region],
        definition: "Time blocked, by the reason that the runtime gives (chan send, sync, network, select, sleep and so on; empty where the trace does not say), per test or call.",
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
];
