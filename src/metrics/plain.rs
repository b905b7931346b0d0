//! What Go's own analysis tells of a trace, and nothing else: times of groups and regions by state, tasks, logs, special
//! ranges, collections, gauges. All that [`super::Metrics`] tells besides is measured against it (`benches/summarize.rs`).
//!
//! ```text
//!            ┌─▶ Plain     accounts  regions  tasks  collector  gauges  logs
//!   spans ───┤
//!            └─▶ Metrics   the same, and who waited for whom, tests, the scheduler's load, mutator utilization,
//!                          the slowest of each, profiles
//! ```

use std::collections::BTreeMap;

use super::accounts::Accounts;
use super::gauges::Gauges;
use super::gc::Collector;
use super::regions::Regions;
use super::tasks::Tasks;
use super::tests::TestIx;
use super::warnings::Warnings;
use crate::summary::Summary;
use crate::timeline::{Birth, Open, Sink, Span, Timeline};
use crate::trace::{Event, Frame, Gauge, GoSlot, Range, StackId, Sym, Symbols, TaskId, Time};

/// The figures of Go's own analysis, as they grow.
#[derive(Debug, Default)]
pub struct Plain {
    accounts: Accounts,
    collector: Collector,
    regions: Regions,
    tasks: Tasks,
    warnings: Warnings,
    gauges: Gauges,
    logs: BTreeMap<Sym, u64>,
}

impl Plain {
    /// The figures, once [`Timeline::finish`] has been called; the others are left out.
    pub fn into_summary(self, timeline: &Timeline) -> Summary {
        let symbols = timeline.symbols();
        let (start, end) = (timeline.start(), timeline.end());
        let gomaxprocs = self.gauges.max(Gauge::Gomaxprocs);
        let (ranges, gc, _) = self.collector.to_stats(symbols, gomaxprocs, end.since(start), 0);
        Summary {
            complete: true,
            start_ns: start.0,
            end_ns: end.0,
            events: timeline.events(),
            gomaxprocs,
            goroutines: self.accounts.to_groups(symbols),
            regions: self.regions.to_stats(symbols),
            tasks: self.tasks.to_stats(symbols),
            logs: super::tell::by_name(&self.logs, symbols),
            metric_max: self.gauges.by_name(),
            ranges,
            gc,
            warnings: self.warnings.into_list(symbols),
            ..Summary::default()
        }
    }
}

impl Sink for Plain {
    #[inline(always)]
    fn look(&self, g: GoSlot) -> u64 {
        self.accounts.look(g)
    }

    fn born(&mut self, birth: &Birth) {
        let inherited = self.regions.inherit(birth);
        self.accounts.born(birth, TestIx::NONE);
        self.regions.born(birth.g, inherited);
    }

    fn named(&mut self, g: GoSlot, start: Frame, symbols: &Symbols) {
        self.accounts.named(g, start, symbols, true);
    }

    #[inline(always)]
    fn span(&mut self, span: &Span, _symbols: &Symbols) {
        self.regions.note(span.g, &self.accounts);
        self.accounts.span(span);
    }

    fn finalize(&mut self, g: GoSlot, time: Time, reason: Option<&Event>, _open: Open<'_>) {
        let account = self.accounts.get(g);
        account.finalize(time, reason.is_some_and(super::is_stuck));
        self.regions.close_all(g, account, time, None, &self.tasks);
    }

    fn retire(&mut self, g: GoSlot, alive: bool, time: Time) {
        self.accounts.retire(g, (alive, time), true);
    }

    fn range_begin(&mut self, g: GoSlot, range: Range, since: Time) {
        self.regions.note(g, &self.accounts);
        self.accounts.get(g).range_begin(range, since);
    }

    fn range_end(&mut self, g: GoSlot, range: Range, end: Option<Time>) {
        self.accounts.get(g).range_end(range, end);
    }

    fn range_begun(&mut self, event: &Event, range: Range, active: bool, _executing: bool, _symbols: &Symbols) {
        if !active {
            self.collector.begun(event, range);
        }
    }

    fn range(&mut self, range: Range, start: Time, end: Time, _begin_stack: StackId) {
        self.collector.range(range, start, end);
    }

    fn region_begin(&mut self, event: &Event, g: u64, task: TaskId, name: Sym, open: Open<'_>) {
        let account = self.accounts.get(event.g);
        self.regions.begin(event, (task, name), account, open, (true, &mut self.warnings));
        self.tasks.region(task, event.g, g);
    }

    fn region_end(&mut self, event: &Event, g: u64, task: TaskId, name: Sym, open: Open<'_>) {
        let at = (&*self.accounts.get(event.g), open);
        if self.regions.end(event, (task, name), at, None, &self.tasks, &mut self.warnings) {
            self.tasks.region(task, event.g, g);
        }
    }

    fn task_begin(&mut self, event: &Event, g: u64, ids: (TaskId, TaskId), name: Sym, _open: Open<'_>) {
        self.tasks.begin(event, g, ids, (name, false), &mut self.warnings);
    }

    fn task_end(&mut self, event: &Event, g: u64, ids: (TaskId, TaskId), name: Sym, open: Open<'_>) {
        self.tasks.end(event, g, ids, name, (&self.accounts, &mut self.warnings), open);
    }

    fn log(&mut self, event: &Event, g: u64, task: TaskId, category: Sym, _message: Sym) {
        *self.logs.entry(category).or_default() += 1;
        self.tasks.log(task, event.g, g);
    }

    fn gauge(&mut self, _event: &Event, gauge: Gauge, value: u64) {
        self.gauges.set(gauge, value);
    }
}
