//! Folds spans into a [`Summary`], in one pass. One file for each family of figures.

mod accounts;
mod blocking;
mod gc;
mod population;
mod regions;
pub mod registry;
mod tasks;
mod warnings;

use std::collections::BTreeMap;

use crate::summary::{SCHEMA, Summary};
use crate::timeline::{Birth, Sink, Span, State, Timeline};
use crate::trace::{Event, Frame, Gauge, GoSlot, Range, StackId, Sym, TaskId, Time};
use accounts::Accounts;
use blocking::Blocking;
use gc::Collector;
use regions::Regions;
use tasks::Tasks;
use warnings::Warnings;

/// The figures of one trace, as they grow.
#[derive(Clone, Debug, Default)]
pub struct Metrics {
    accounts: Accounts,
    blocking: Blocking,
    collector: Collector,
    regions: Regions,
    tasks: Tasks,
    warnings: Warnings,
    gauges: BTreeMap<&'static str, u64>,
    logs: BTreeMap<Sym, u64>,
}

impl Metrics {
    /// The figures, once [`Timeline::finish`] has been called. What the reader alone knows (format, generations,
    /// completeness, source) is left for the caller to fill in.
    pub fn into_summary(self, timeline: &Timeline) -> Summary {
        let symbols = timeline.symbols();
        let mut logs = BTreeMap::new();
        for (category, count) in self.logs {
            *logs.entry(symbols.text(category).to_owned()).or_default() += count;
        }
        let (ranges, gc) = self.collector.into_stats(symbols);
        Summary {
            schema: SCHEMA.to_owned(),
            complete: true,
            start_ns: timeline.start().0,
            end_ns: timeline.end().0,
            events: timeline.events(),
            gomaxprocs: self.gauges.get(Gauge::Gomaxprocs.name()).copied().unwrap_or(0),
            goroutines: self.accounts.into_groups(symbols),
            regions: self.regions.into_stats(symbols),
            tasks: self.tasks.into_stats(symbols),
            logs,
            metric_max: self.gauges.iter().map(|(&name, &max)| (name.to_owned(), max)).collect(),
            ranges,
            gc,
            sites: self.blocking.into_sites(symbols),
            warnings: self.warnings.into_list(symbols),
            ..Summary::default()
        }
    }

    /// Whether any goroutine of the program's own did anything.
    pub fn has_user_activity(&self, timeline: &Timeline) -> bool {
        population::has_user_activity(self.accounts.active_groups(), timeline.symbols())
    }
}

impl Sink for Metrics {
    fn born(&mut self, birth: &Birth) {
        let inherited = self.regions.inherit(birth);
        self.accounts.born(birth);
        self.regions.born(birth.g, inherited);
    }

    fn named(&mut self, g: GoSlot, start: Frame, name: &str) {
        self.accounts.named(g, start, name);
    }

    #[inline(always)]
    fn span(&mut self, span: &Span) {
        self.accounts.span(span);
        if matches!(span.state, State::Waiting | State::Syscall | State::SyscallBlocked) {
            self.blocking.span(span);
        }
    }

    fn finalize(&mut self, g: GoSlot, time: Time, _reason: Option<&Event>) {
        let account = self.accounts.get(g);
        account.finalize(time);
        self.regions.close_all(g, account, time);
    }

    fn retire(&mut self, g: GoSlot, alive: bool) {
        self.accounts.retire(g, alive);
    }

    fn range_begin(&mut self, g: GoSlot, range: Range, since: Time) {
        self.accounts.get(g).range_begin(range, since);
    }

    fn range_end(&mut self, g: GoSlot, range: Range, end: Option<Time>) {
        self.accounts.get(g).range_end(range, end);
    }

    fn range_begun(&mut self, event: &Event, range: Range) {
        self.collector.begun(event, range);
    }

    fn range(&mut self, range: Range, start: Time, end: Time, _begin_stack: StackId) {
        self.collector.range(range, start, end);
    }

    fn region_begin(&mut self, event: &Event, g: u64, task: TaskId, name: Sym, open: Option<Span>) {
        let now = self.accounts.get(event.g).snapshot(open, event.time);
        self.regions.begin(event, task, name, now);
        self.tasks.region(task, g);
    }

    fn region_end(&mut self, event: &Event, g: u64, task: TaskId, name: Sym, open: Option<Span>) {
        let now = self.accounts.get(event.g).snapshot(open, event.time);
        if self.regions.end(event, task, name, &now, &mut self.warnings) {
            // An end without a begin is all that tells of this call.
            self.tasks.region(task, g);
        }
    }

    fn task_begin(&mut self, event: &Event, g: u64, id: TaskId, parent: TaskId, name: Sym) {
        self.tasks.begin(event, g, id, parent, name, &mut self.warnings);
    }

    fn task_end(&mut self, event: &Event, g: u64, id: TaskId, parent: TaskId, name: Sym) {
        self.tasks.end(event, g, id, parent, name);
    }

    fn log(&mut self, _event: &Event, g: u64, task: TaskId, category: Sym, _message: Sym) {
        *self.logs.entry(category).or_default() += 1;
        self.tasks.log(task, g);
    }

    fn gauge(&mut self, _event: &Event, gauge: Gauge, value: u64) {
        let max = self.gauges.entry(gauge.name()).or_default();
        *max = (*max).max(value);
    }
}
