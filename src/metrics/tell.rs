//! From figures with symbols for names to the finished [`Summary`].

use std::collections::BTreeMap;

use super::Metrics;
use super::belongs::Owned;
use super::blocking::TestSites;
use super::frames::{frames, site_frame};
use super::instances::Instances;
use super::population::own_frame;
use super::recorder::Recorder;
use super::tally::{Spent, Sums};
use super::tests::{Kind, TestIx, TestSum};
use crate::summary::{
    self, Attribution, SCHEMA, SlowSpan, Slowest, SlowestTask, StackCount, Summary, TestKind, TestNamedBy, TestRun,
    TestSite,
};
use crate::timeline::{State, Timeline};
use crate::trace::{Gauge, StackId, Sym, Symbols, Time};

/// As many stacks of creations and of unblocks are kept.
const KEPT: usize = 256;

/// Counts by what their symbols say.
pub(super) fn by_name(counts: &BTreeMap<Sym, u64>, symbols: &Symbols) -> BTreeMap<String, u64> {
    let mut named = BTreeMap::new();
    for (&symbol, count) in counts {
        *named.entry(symbols.text(symbol).to_owned()).or_default() += count;
    }
    named
}

impl Metrics {
    /// The figures, once [`Timeline::finish`] has been called. What the reader alone knows (format, generations,
    /// completeness, source) is left for the caller to fill in.
    pub fn into_summary(self, timeline: &Timeline) -> Summary {
        let symbols = timeline.symbols();
        let (start, end) = (timeline.start(), timeline.end());
        let logs = by_name(&self.logs, symbols);
        let gomaxprocs = self.gauges.max(Gauge::Gomaxprocs);
        let assisting = self.accounts.assisting();
        let (ranges, gc, heap) = self.collector.to_stats(symbols, gomaxprocs, end.since(start), assisting);
        let (sites, of_tests) = self.blocking.to_sites(symbols, &self.accounts);
        let creations = (0..).map(StackId).zip(self.creations.iter().copied());
        let [mmu, mmu_workers] = self.mutators.each_ref().map(|m| m.clone().finish(end, timeline.goes_on()));
        let owned = self.belongs.by_test(|group| self.accounts.name(group), symbols);
        let [profiles, honest_profiles] = [false, true].map(|honest| self.blocking.profiles(symbols, honest));
        let instances = self.instances.clone().map(|instances| self.tell_instances(*instances, timeline));
        Summary {
            schema: SCHEMA.to_owned(),
            complete: true,
            start_ns: start.0,
            end_ns: end.0,
            events: timeline.events(),
            gomaxprocs,
            goroutines: self.accounts.to_groups(symbols),
            regions: self.regions.to_stats(symbols),
            tasks: self.tasks.to_stats(symbols),
            logs,
            metric_max: self.gauges.by_name(),
            ranges,
            gc,
            heap,
            profiles,
            honest_profiles,
            creations: counts(creations, symbols),
            unblocks: counts(self.blocking.unblocks().into_iter(), symbols),
            tests: self.tests.all().map(|(ix, test)| run(ix, test, (&of_tests, owned.get(&ix)), symbols)).collect(),
            attribution: self.attribution(),
            slowest: self.slowest(symbols),
            slowest_task: self.slowest_task(symbols),
            instances,
            sites,
            mmu,
            mmu_workers,
            sched: self.load.finish(end),
            warnings: self.warnings.into_list(symbols),
            ..Summary::default()
        }
    }

    fn attribution(&self) -> Attribution {
        Attribution {
            tests: self.tests.all().count() as u64,
            unattributed: self.tests.unattributed,
            unattributed_exec_ns: self.tests.unattributed_exec,
            ..Attribution::default()
        }
    }

    fn tell_instances(&self, instances: Instances, timeline: &Timeline) -> summary::Instances {
        let symbols = timeline.symbols();
        let under_test = timeline.knows("testing.tRunner");
        let is_wanted = |name| self.stretches.as_ref().is_none_or(|stretches| stretches.wants_task(name));
        let tasks = self.tasks.longest(instances.keep(), timeline.end(), symbols, is_wanted);
        let told = instances.tell(&self.accounts, symbols, under_test, |id| self.tasks.name(id));
        summary::Instances { tasks, ..told }
    }

    fn slowest(&self, symbols: &Symbols) -> Option<Slowest> {
        let (ix, recorder) = self.tests.slowest()?;
        let began = self.tests.all().find(|(at, _)| *at == ix)?.1.began;
        let told = self.told(recorder, began, symbols);
        Some(Slowest {
            test: ix.0 as usize - 1,
            threshold_ns: recorder.threshold,
            left_out: recorder.left_out,
            goroutines: told.goroutines,
            places: told.places,
            spans: told.spans,
        })
    }

    fn slowest_task(&self, symbols: &Symbols) -> Option<SlowestTask> {
        let recording = self.tasks.slowest()?;
        let told = self.told(&recording.spans, recording.began, symbols);
        Some(SlowestTask {
            task: symbols.text(recording.name).to_owned(),
            id: recording.id.0,
            start_ns: recording.began.0,
            wall_ns: recording.ended.since(recording.began),
            threshold_ns: recording.spans.threshold,
            left_out: recording.spans.left_out,
            goroutines: told.goroutines,
            places: told.places,
            spans: told.spans,
        })
    }

    fn told(&self, recorder: &Recorder, began: Time, symbols: &Symbols) -> Told {
        let (mut goroutines, mut places, mut spans) = (BTreeMap::new(), vec![String::new()], Vec::new());
        let mut known: BTreeMap<StackId, usize> = [(StackId::NONE, 0)].into_iter().collect();
        let mut place = |stack: StackId| {
            *known.entry(stack).or_insert_with(|| {
                places.push(leaf(symbols, stack));
                places.len() - 1
            })
        };
        for kept in recorder.spans() {
            let state = match kept.state {
                State::Running => "running",
                State::Runnable => "runnable",
                State::Syscall => "syscall",
                State::SyscallBlocked => "syscall blocked",
                State::Waiting => symbols.text(kept.reason),
            };
            // Of one that was there before the trace the first spans may come before any stack tells its name.
            let name: &mut String = goroutines.entry(kept.id).or_default();
            if name.is_empty() {
                symbols.text(self.accounts.name(kept.group)).clone_into(name);
            }
            let (at, by) = (place(kept.stack), place(kept.by_stack));
            let start_ns = kept.start.since(began);
            spans.push(SlowSpan { g: kept.id, state: state.to_owned(), start_ns, ns: kept.ns, at, by });
        }
        Told { goroutines, places, spans }
    }
}

/// Spans in words.
struct Told {
    goroutines: BTreeMap<u64, String>,
    places: Vec<String>,
    spans: Vec<SlowSpan>,
}

/// The frame of a stack that says most, with its line.
fn leaf(symbols: &Symbols, stack: StackId) -> String {
    let own = own_frame(symbols.frames(stack), |frame| symbols.text(frame.func));
    own.map_or(String::new(), |f| format!("{} {}:{}", symbols.text(f.func), symbols.text(f.file), f.line))
}

/// The most frequent stacks.
fn counts(all: impl Iterator<Item = (StackId, u64)>, symbols: &Symbols) -> Vec<StackCount> {
    let mut all: Vec<(StackId, u64)> = all.filter(|&(stack, count)| stack != StackId::NONE && count > 0).collect();
    all.sort_by_key(|&(stack, count)| (std::cmp::Reverse(count), stack));
    all.truncate(KEPT);
    all.into_iter().map(|(stack, count)| StackCount { stack: frames(symbols, stack), count }).collect()
}

fn run(ix: TestIx, test: &TestSum, (of_tests, owned): (&TestSites, Option<&Owned>), symbols: &Symbols) -> TestRun {
    let owned = owned.cloned().unwrap_or_default();
    let without = |spent: &Spent, framework: &Sums| {
        spent.without(&Spent::new(framework.clone(), None, framework.known())).times(symbols)
    };
    let sites = of_tests.get(&ix).into_iter().flatten();
    TestRun {
        kind: match test.kind {
            Kind::Test => TestKind::Test,
            Kind::Benchmark => TestKind::Benchmark,
        },
        named_by: TestNamedBy::Nothing,
        parent: (test.parent != TestIx::NONE).then(|| test.parent.0 as usize - 1),
        line: test.line,
        function: test.function.map(|frame| site_frame(symbols, frame)),
        start_ns: test.began.0,
        end_ns: test.ended.get().unwrap_or(test.began).0,
        complete: !test.cut,
        rounds: test.rounds,
        wall_ns: test.own_wall(),
        paused_ns: test.paused,
        framework_ns: test.waited,
        goroutines: test.goroutines,
        outlived: test.outlived,
        leaked: test.leaks.values().sum(),
        tail_ns: test.tail,
        times: without(&test.own, &test.own_framework),
        work: without(&test.spent, &test.framework),
        leaks: counts_of(&test.leaks, symbols),
        groups: owned.groups,
        regions: owned.regions,
        tasks: owned.tasks,
        sites: sites.map(|&(site, count, time_ns)| TestSite { site: site as usize, count, time_ns }).collect(),
        ..TestRun::default()
    }
}

/// Where leaked goroutines stand, all of them: there are few.
fn counts_of(leaks: &BTreeMap<StackId, u64>, symbols: &Symbols) -> Vec<StackCount> {
    let mut all: Vec<StackCount> =
        leaks.iter().map(|(&stack, &count)| StackCount { stack: frames(symbols, stack), count }).collect();
    all.sort_by_key(|leak| std::cmp::Reverse(leak.count));
    all.truncate(KEPT);
    all
}
