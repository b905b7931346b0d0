//! Folds spans into a [`crate::summary::Summary`], in one pass. One file for each family of figures.

mod account;
mod accounts;
mod belongs;
mod bins;
mod blocking;
mod by_task;
mod chosen;
mod frames;
mod gauges;
mod gc;
mod goset;
mod groups;
mod instances;
mod load;
mod mmu;
mod narrowed;
#[doc(hidden)]
pub mod plain;
pub mod population;
mod quiet;
mod recorded;
mod recorder;
mod regions;
pub mod registry;
mod stacks;
mod tally;
mod tasks;
mod tell;
mod tests;
mod top;
mod warnings;

use std::collections::BTreeMap;

use crate::hash::HashMap;
use crate::timeline::{Activity, Birth, Move, Open, Sink, Span, State, Timeline};
use crate::trace::{
    Event, EventKind, Frame, Gauge, GoSlot, GoState, ProcId, ProcState, Range, StackId, Sym, Symbols, TaskId, Time,
};
use account::{Mark, Worker};
use accounts::Accounts;
use belongs::Belongs;
use blocking::Blocking;
use chosen::Stretches;
pub use chosen::{Chosen, Names};
pub(crate) use frames::site_frame;
use gauges::Gauges;
use gc::Collector;
use instances::Instances;
use load::Load;
use mmu::Mutator;
use population::Part;
use regions::Regions;
use stacks::Stacks;
pub(crate) use stacks::test_frame;
use tasks::Tasks;
use tests::{TestIx, Tests, Tick};
use warnings::Warnings;

/// The figures of one trace, as they grow.
#[derive(Clone, Debug)]
pub struct Metrics {
    accounts: Accounts,
    belongs: Belongs,
    blocking: Blocking,
    collector: Collector,
    load: Load,
    /// Without and with background workers.
    mutators: [Mutator; 2],
    /// Whether any goroutine collects just now.
    collecting: bool,
    /// Whether there is anything that is there on request only, and looks at each goroutine.
    asked: bool,
    /// Whether there is nothing that must be looked at for each change of each goroutine, as of most programs: no test, no
    /// collection just now, and nothing that is there on request only.
    quiet: bool,
    regions: Regions,
    stacks: Stacks,
    tasks: Tasks,
    tests: Tests,
    warnings: Warnings,
    /// The tests whose goroutines count; all that there is where it is not given.
    chosen: Option<Chosen>,
    /// The times that count; all of them where it is not given.
    stretches: Option<Stretches>,
    gauges: Gauges,
    logs: BTreeMap<Sym, u64>,
    /// Goroutines created, by the stack that did.
    creations: Vec<u64>,
    /// Where goroutines stand that wait for ever, or are there when the trace ends.
    standing: HashMap<GoSlot, StackId>,
    /// The longest of single things, where they were asked for.
    instances: Option<Box<Instances>>,
}

impl Default for Metrics {
    fn default() -> Self {
        Metrics {
            accounts: Accounts::default(),
            belongs: Belongs::default(),
            blocking: Blocking::default(),
            collector: Collector::default(),
            load: Load::default(),
            mutators: [Mutator::new(false), Mutator::new(true)],
            collecting: false,
            asked: false,
            quiet: true,
            regions: Regions::default(),
            stacks: Stacks::default(),
            tasks: Tasks::default(),
            tests: Tests::default(),
            warnings: Warnings::default(),
            chosen: None,
            stretches: None,
            gauges: Gauges::default(),
            logs: BTreeMap::new(),
            creations: Vec::new(),
            standing: HashMap::default(),
            instances: None,
        }
    }
}

impl Metrics {
    /// Of the goroutines that work for these tests. Figures of the process are of all. `instances`: how many single
    /// goroutines, tasks and so on to keep of each kind, those that took longest; `profiles`: how many stacks of each
    /// profile of Go's own tool.
    pub fn of(chosen: Option<Chosen>, instances: usize, profiles: usize) -> Metrics {
        let stretches = chosen.as_ref().and_then(Stretches::of);
        let mut metrics = Metrics { stretches, ..Metrics::default() };
        metrics.tests.clips = metrics.stretches.is_none() && chosen.as_ref().is_some_and(|c| c.tests.is_some());
        metrics.chosen = chosen;
        metrics.blocking = Blocking::new(profiles);
        metrics.tasks = Tasks::new(instances > 0);
        metrics.instances = (instances > 0).then(|| Box::new(Instances::new(instances)));
        metrics.asked = metrics.chosen.is_some() || metrics.instances.is_some();
        metrics.listen();
        metrics
    }

    /// Whether any goroutine of the program's own did anything.
    pub fn has_user_activity(&self, timeline: &Timeline) -> bool {
        population::has_user_activity(self.accounts.active_groups(), timeline.symbols())
    }
}

impl Sink for Metrics {
    fn begin_window(&mut self, from: Time, _symbols: &Symbols) {
        self.tests.begin_window(from, &self.accounts);
        self.accounts.begin_window(from);
        self.belongs = Belongs::default();
        self.blocking.begin_window();
        self.collector.begin_window(from);
        self.load.begin_window(from);
        self.mutators.iter_mut().for_each(|m| m.begin_window(from));
        self.regions.begin_window();
        if let Some(stretches) = &mut self.stretches {
            stretches.begin_window(&mut self.accounts);
        }
        self.tasks.begin_window(&self.accounts);
        self.warnings = Warnings::default();
        self.gauges.begin_window();
        self.logs.clear();
        self.creations.clear();
        if let Some(instances) = &mut self.instances {
            instances.begin_window();
        }
    }

    fn learn(&mut self, symbols: &Symbols) {
        if let Some(stretches) = &mut self.stretches {
            stretches.learn(symbols);
        }
    }

    #[inline(always)]
    fn look(&self, g: GoSlot) -> u64 {
        self.accounts.look(g)
    }

    fn sync(&mut self, _time: Time) {
        self.mutators.iter_mut().for_each(|m| m.sync());
    }

    #[inline(always)]
    fn born(&mut self, birth: &Birth) {
        let inherited = self.regions.inherit(birth);
        let test = self.tests.inherit(birth, &self.accounts);
        self.accounts.born(birth, test);
        self.regions.born(birth.g, inherited);
        if !self.quiet {
            self.choose(birth.g, "");
            if let Some(stretches) = &mut self.stretches {
                stretches.born(birth.g, self.accounts.get(birth.g));
            }
        }
        if let Some(task) = inherited {
            self.tasks.enter(birth.g, task, birth.time, Default::default);
        }
        if !self.quiet {
            self.stretch(birth.g, None, birth.time);
        }
        if birth.created && !self.is_outside(birth.by) {
            let at = birth.by_stack.0 as usize;
            if at >= self.creations.len() {
                self.creations.resize(at + 1, 0);
            }
            self.creations[at] += 1;
        }
    }

    #[inline(always)]
    fn named(&mut self, g: GoSlot, start: Frame, symbols: &Symbols) {
        let (part, test) = self.accounts.named(g, start, symbols, self.quiet);
        if part != Part::Worker || test != TestIx::NONE {
            self.tests.named(g, part, &mut self.accounts);
            self.listen();
        }
        if !self.quiet {
            let name = symbols.text(start.func);
            if let Some(instances) = &mut self.instances {
                instances.named(self.accounts.get(g).group, name);
            }
            self.choose(g, name);
            self.accounts.recount(g, None);
        }
    }

    #[inline(always)]
    fn span(&mut self, span: &Span, symbols: &Symbols) {
        let by = span.by.get().and_then(|by| self.accounts.peek(by)).map(|by| by.group);
        self.regions.note(span.g, &self.accounts);
        let account = self.accounts.span(span);
        let (test, id, ran) = (account.test, account.id, account.is(Mark::Ran));
        let aside = !self.quiet && (account.aside || account.outside);
        let group = account.group;
        let apart = account.apart();
        if span.open && !self.quiet {
            self.standing.insert(span.g, span.stack);
        }
        match span.state {
            State::Running => {
                let (worker, waited) = (account.worker(), account.waited);
                if let Some(worker) = worker {
                    self.collector.worked(span.ns(), worker == Worker::Idle);
                }
                if self.load.slice(span.ns(), waited, span.end) && !aside {
                    self.accounts.hog(group);
                }
            }
            State::Runnable => {
                if !span.open {
                    self.load.latency(span.cause, span.ns());
                }
                if !aside && self.blocking.takes_runnable() {
                    self.blocking.runnable((span.begun_at, test), span.ns(), span.open, ran);
                }
            }
            _ if aside => {}
            _ => self.blocking.span(span, (test, apart), by, ran),
        }
        if !aside {
            self.tasks.span(span, id, group);
        }
        if !self.quiet && (test != TestIx::NONE || self.instances.is_some()) {
            self.span_also(*span, (test, id), !aside, symbols);
        }
    }

    #[inline(always)]
    fn moved(&mut self, event: &Event, moved: Move, symbols: &Symbols) {
        self.load.moved(moved.from, moved.to, event.time);
        self.accounts.moved(moved, event.time, self.load.waited(event.time));
        if !self.quiet {
            self.moved_also(event, moved, symbols);
        }
        match moved.to {
            Activity::Syscall if self.stacks.of(event.stack, symbols).writes_line() => self.tests.line(moved.g),
            Activity::Waiting if !self.quiet && self.stacks.of(event.stack, symbols).waits_for_turn() => {
                let test = self.accounts.get(moved.g).test;
                self.tests.waits_for_turn(moved.g, test, true);
            }
            _ => {}
        }
    }

    fn proc(&mut self, event: &Event, _p: ProcId, from: ProcState, to: ProcState) {
        self.load.proc(from, to, event.time);
    }

    fn label(&mut self, event: &Event, text: &str) {
        self.mutators.iter_mut().for_each(|m| m.label(event, text));
        self.watch();
        if event.g != GoSlot::NONE {
            self.accounts.get(event.g).works_as(match text {
                "GC (idle)" => Some(Worker::Idle),
                "GC (dedicated)" | "GC (fractional)" => Some(Worker::Busy),
                _ => None,
            });
        }
    }

    #[inline(always)]
    fn finalize(&mut self, g: GoSlot, time: Time, reason: Option<&Event>, open: Open<'_>) {
        if !self.quiet && !self.tests.is_empty() {
            for left in self.tests.finalize(g, time, reason.is_none(), &mut self.accounts, open) {
                self.accounts.recount(left, Some(time));
                self.cut(left, open.span(left, time));
            }
        }
        let stuck_at = reason.filter(|event| is_stuck(event)).map(|event| event.stack);
        let mut account = self.accounts.get(g);
        account.finalize(time, stuck_at.is_some());
        if let Some(stretches) = self.stretches.as_mut().filter(|_| !self.quiet) {
            stretches.close(g, account, |account| account.snapshot(None, time));
            self.accounts.recount(g, Some(time));
            account = self.accounts.get(g);
        }
        if let Some(at) = stuck_at {
            self.standing.insert(g, at);
        }
        self.regions.close_all(g, account, time, self.instances.as_deref_mut(), &self.tasks);
        self.tasks.close_all(g, || account.snapshot(None, time));
    }

    #[inline(always)]
    fn retire(&mut self, g: GoSlot, alive: bool, time: Time) {
        let asked = !self.quiet && (self.instances.is_some() || !self.tests.is_empty());
        let (counts, ran) = self.accounts.retire(g, (alive, time), !asked);
        if let Some((group, test)) = counts {
            self.belongs.group(group, test, &self.tests);
        }
        self.blocking.retire(g, ran);
        if self.quiet {
            return;
        }
        if self.collecting {
            self.mutators.iter_mut().for_each(|m| m.retire(g));
        }
        if !asked {
            return;
        }
        let stands_at = alive.then(|| self.standing.get(&g).copied().unwrap_or_default());
        let account = self.accounts.take(g);
        let spent = account.lifetime(time);
        if let Some(instances) = &mut self.instances
            && account.counts()
        {
            instances.retire(&account, account.counted().unwrap_or(&spent), stands_at);
        }
        let owner = self.accounts.owner(account.group);
        self.tests.retire(g, (&account, &spent), owner, stands_at, time);
    }

    #[inline(always)]
    fn range_begin(&mut self, g: GoSlot, range: Range, since: Time) {
        self.regions.note(g, &self.accounts);
        self.accounts.get(g).range_begin(range, since);
    }

    #[inline(always)]
    fn range_end(&mut self, g: GoSlot, range: Range, end: Option<Time>) {
        self.accounts.get(g).range_end(range, end);
    }

    #[inline(always)]
    fn range_begun(&mut self, event: &Event, range: Range, active: bool, executing: bool, symbols: &Symbols) {
        if collects(range) {
            let name = kind(range, symbols);
            self.mutators.iter_mut().for_each(|m| m.range_begun(event, range, active, name, executing));
            self.watch();
        }
        if active {
            return;
        }
        self.collector.begun(event, range);
        self.tick_at(event, range, symbols);
    }

    #[inline(always)]
    fn range_ended(&mut self, event: &Event, range: Range, symbols: &Symbols) {
        if collects(range) {
            self.mutators.iter_mut().for_each(|m| m.range_ended(event, range, kind(range, symbols)));
            self.watch();
            self.tick(event, Some(Tick::GoesOn));
        }
    }

    #[inline(always)]
    fn range(&mut self, range: Range, start: Time, end: Time, _begin_stack: StackId) {
        self.collector.range(range, start, end);
    }

    #[inline(always)]
    fn region_begin(&mut self, event: &Event, g: u64, task: TaskId, name: Sym, open: Open<'_>) {
        if self.is_aside(event.g) {
            return;
        }
        let account = self.accounts.get(event.g);
        self.belongs.region(name, account.test, &self.tests);
        let spent = || account.snapshot(open.span(event.g, event.time), event.time);
        self.tasks.enter(event.g, task, event.time, spent);
        let wanted = self.stretches.as_ref().is_none_or(|stretches| stretches.wants_region(name));
        self.regions.begin(event, (task, name), account, open, (wanted, &mut self.warnings));
        self.tasks.region(task, event.g, g);
        if let Some(stretches) = &mut self.stretches {
            stretches.region_begin(event.g, task, name);
            self.stretch(event.g, open.span(event.g, event.time), event.time);
        }
    }

    #[inline(always)]
    fn region_end(&mut self, event: &Event, g: u64, task: TaskId, name: Sym, open: Open<'_>) {
        if self.is_aside(event.g) {
            return;
        }
        let at = (&*self.accounts.get(event.g), open);
        let calls = self.instances.as_deref_mut();
        let end_only = self.regions.end(event, (task, name), at, calls, &self.tasks, &mut self.warnings);
        self.tasks.leave(event.g, task, &self.accounts, open, event.time);
        if end_only {
            // An end without a begin is all that tells of this call.
            self.belongs.region(name, self.accounts.get(event.g).test, &self.tests);
            self.tasks.region(task, event.g, g);
        }
        if let Some(stretches) = &mut self.stretches {
            stretches.region_end(event.g, task, name);
            self.stretch(event.g, open.span(event.g, event.time), event.time);
        }
    }

    fn task_begin(&mut self, event: &Event, g: u64, (id, parent): (TaskId, TaskId), name: Sym, open: Open<'_>) {
        if self.is_aside(event.g) {
            return;
        }
        let test = if event.g == GoSlot::NONE { TestIx::NONE } else { self.accounts.get(event.g).test };
        self.belongs.task(name, test, &self.tests);
        let records = self.stretches.as_ref().is_none_or(|stretches| stretches.wants_task(name));
        self.tasks.begin(event, g, (id, parent), (name, records), &mut self.warnings);
        if event.g != GoSlot::NONE {
            let account = self.accounts.get(event.g);
            let open = open.span(event.g, event.time);
            self.tasks.enter(event.g, id, event.time, || account.snapshot(open, event.time));
            self.stretch(event.g, open, event.time);
        }
    }

    fn task_end(&mut self, event: &Event, g: u64, (id, parent): (TaskId, TaskId), name: Sym, open: Open<'_>) {
        if self.is_aside(event.g) && !self.tasks.knows(id) {
            return;
        }
        let begun_by = self.tasks.begun_by(id);
        self.tasks.end(event, g, (id, parent), name, (&self.accounts, &mut self.warnings), open);
        if let Some((slot, gid)) = begun_by
            && self.accounts.peek(slot).is_some_and(|account| account.id == gid)
        {
            self.stretch(slot, open.span(slot, event.time), event.time);
        }
    }

    #[inline(always)]
    fn log(&mut self, event: &Event, g: u64, task: TaskId, category: Sym, _message: Sym) {
        // A message says itself which task it is of.
        let is_of_task =
            self.stretches.as_ref().is_some_and(|stretches| stretches.takes_logs_of(self.tasks.name(task)));
        if self.is_outside(event.g) && (!is_of_task || self.is_aside(event.g)) {
            return;
        }
        *self.logs.entry(category).or_default() += 1;
        self.tasks.log(task, event.g, g);
    }

    #[inline(always)]
    fn gauge(&mut self, event: &Event, gauge: Gauge, value: u64) {
        self.gauges.set(gauge, value);
        if gauge == Gauge::Gomaxprocs {
            self.mutators.iter_mut().for_each(|m| m.gomaxprocs(value, event.time));
        }
        self.collector.gauge(gauge, value, event.time);
    }
}

/// Whether a goroutine has not ended where that is said of it, but waits for ever.
fn is_stuck(reason: &Event) -> bool {
    matches!(reason.kind, EventKind::Go(t) if t.to != GoState::NotExist)
}

/// Whether what goes on for such a range can be time that is not the program's.
fn collects(range: Range) -> bool {
    matches!(range, Range::StopTheWorld(_) | Range::MarkAssist(_))
}

/// For what the world is stopped, if this range is that.
fn kind(range: Range, symbols: &Symbols) -> &str {
    if let Range::StopTheWorld(kind) = range { symbols.text(kind) } else { "" }
}
