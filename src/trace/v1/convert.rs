//! From the events of the file to those of the crate.

use super::Version;
use super::index::Index;
use super::names;
use super::record::{Details, Record, place};
use super::slots::Slots;
use super::spec::Kind;
use super::symbols::Names;
use crate::hash::HashMap;
use crate::trace::{
    Event, EventKind, Gauge, GoId, GoSlot, GoState, GoTransition, ProcId, ProcState, Range, StackId, Sym, SymbolDelta,
    TaskId, Time,
};

/// Turns records into events. What it knows is what earlier events told.
#[derive(Debug)]
pub(super) struct Converter {
    version: Version,
    names: Names,
    details: Details,
    /// Ids of the goroutines, by index.
    goroutines: Vec<u64>,
    slots: Slots,
    procs: Vec<Proc>,
    /// While the trace still lists the goroutines that were there before it: those listed, in the order of their
    /// listing, and of each goroutine whether its state is not known yet.
    listed: Option<Vec<u32>>,
    unknown: Vec<bool>,
    /// Parent and name of the tasks that are under way.
    tasks: HashMap<u64, (TaskId, Sym)>,
    /// Why the world is stopped.
    stop: Sym,
    /// The time of the last event.
    last: i64,
}

#[derive(Clone, Copy, Debug)]
struct Proc {
    id: ProcId,
    seen: bool,
}

impl Converter {
    /// `first` is the time of the first event.
    pub(super) fn new(index: Index, goroutines: Vec<u64>, details: Details, version: Version, first: i64) -> Self {
        // Number -1, which stands for none, becomes `ProcId::NONE`.
        let procs = index.procs.iter().map(|&id| Proc { id: ProcId(id as u32), seen: false });
        let mut tables = index.tables;
        tables.forget_ids();
        Converter {
            version,
            names: Names::new(tables),
            details,
            slots: Slots::new(goroutines.len()),
            procs: procs.collect(),
            listed: Some(Vec::new()),
            unknown: vec![false; goroutines.len()],
            goroutines,
            tasks: HashMap::default(),
            stop: Sym::EMPTY,
            // So that no time is negative.
            last: first.saturating_sub(1).max(-1),
        }
    }

    /// What symbols are new since the last call.
    pub(super) fn take_delta(&mut self) -> SymbolDelta {
        self.names.take_delta()
    }

    /// The mark that opens the trace.
    pub(super) fn begin(&self) -> Event {
        nobody(self.last, EventKind::Sync)
    }

    /// The mark that closes it.
    pub(super) fn end(&self) -> Event {
        nobody(self.last.saturating_add(1), EventKind::Sync)
    }

    /// Appends the events that `record` stands for: none, one or several.
    pub(super) fn convert(&mut self, record: &Record, out: &mut Vec<Event>) {
        use GoState::{NotExist, Runnable, Running, Syscall, Undetermined, Waiting};
        let own = record.g;
        let kind = match record.kind {
            Kind::GoCreate => {
                let target = record.target();
                if let Some(listed) = &mut self.listed {
                    listed.push(target);
                    self.set_unknown(target, true);
                    return;
                }
                let stack = self.names.stack(record.start_stack());
                self.transition(target, NotExist, Runnable, Sym::EMPTY, stack)
            }
            Kind::GoStart if self.listed.is_some() => {
                self.set_unknown(own, false);
                self.plain_transition(own, Undetermined, Running)
            }
            Kind::GoStart => self.plain_transition(own, Runnable, Running),
            // As in Go's reader this is no status, whenever it comes.
            Kind::GoStartLabel => {
                let kind = self.plain_transition(own, Runnable, Running);
                self.emit(record, kind, 0, out);
                EventKind::Label(self.names.string(record.name))
            }
            Kind::GoWaiting | Kind::GoInSyscall => {
                self.set_unknown(own, false);
                let to = if record.kind == Kind::GoWaiting { Waiting } else { Syscall };
                self.plain_transition(own, Undetermined, to)
            }
            Kind::GoUnblock => self.plain_transition(record.target(), Waiting, Runnable),
            Kind::GoEnd => {
                let kind = self.plain_transition(own, Running, NotExist);
                self.emit(record, kind, 0, out);
                self.slots.release(own);
                return;
            }
            Kind::GoSysCall => {
                let stack = self.names.stack(record.stack);
                let kind = self.transition(own, Running, Syscall, Sym::EMPTY, stack);
                if record.flag {
                    kind
                } else {
                    // How long a call takes that does not block the trace does not say: the least there is.
                    self.emit(record, kind, 0, out);
                    let (kind, record) = (self.plain_transition(own, Syscall, Running), Record { stack: 0, ..*record });
                    self.emit(&record, kind, 1, out);
                    return;
                }
            }
            Kind::GoSysExit => self.plain_transition(own, Syscall, Runnable),
            // The transition came with the call, see above.
            Kind::GoSysBlock => return,
            kind if kind.leaves() => {
                let to = if matches!(kind, Kind::GoSched | Kind::GoPreempt) { Runnable } else { Waiting };
                let (reason, stack) = (self.names.reason(kind), self.names.stack(record.stack));
                self.transition(own, Running, to, reason, stack)
            }
            Kind::Gomaxprocs => {
                if let Some(listed) = self.listed.take() {
                    self.end_of_list(listed, record, out);
                    return;
                }
                EventKind::Metric(Gauge::Gomaxprocs, record.arg)
            }
            _ => match self.other(record) {
                Some(kind) => kind,
                None => return,
            },
        };
        self.emit(record, kind, 0, out);
    }

    /// Events that are about no goroutine's state.
    fn other(&mut self, record: &Record) -> Option<EventKind> {
        let p = self.proc_id(record.proc);
        Some(match record.kind {
            Kind::ProcStart | Kind::ProcStop => {
                let starts = record.kind == Kind::ProcStart;
                let proc = self.procs.get_mut(record.proc as usize)?;
                let (to, other) =
                    if starts { (ProcState::Running, ProcState::Idle) } else { (ProcState::Idle, ProcState::Running) };
                let from = if std::mem::replace(&mut proc.seen, true) { other } else { ProcState::Undetermined };
                EventKind::Proc { p, from, to }
            }
            Kind::HeapAlloc => EventKind::Metric(Gauge::HeapLive, record.arg),
            Kind::HeapGoal => EventKind::Metric(Gauge::HeapGoal, record.arg),
            Kind::GcStart => EventKind::RangeBegin(Range::GcMark),
            Kind::GcDone => EventKind::RangeEnd(Range::GcMark),
            Kind::StwStart => {
                self.stop = self.names.text(names::stop(record.arg, self.version));
                EventKind::RangeBegin(Range::StopTheWorld(self.stop))
            }
            Kind::StwDone => EventKind::RangeEnd(Range::StopTheWorld(self.stop)),
            Kind::GcSweepStart => EventKind::RangeBegin(Range::Sweep(p)),
            Kind::GcSweepDone => EventKind::RangeEnd(Range::Sweep(p)),
            Kind::GcMarkAssistStart => EventKind::RangeBegin(Range::MarkAssist(self.slots.of(record.g))),
            Kind::GcMarkAssistDone => EventKind::RangeEnd(Range::MarkAssist(self.slots.of(record.g))),
            Kind::UserTaskCreate => {
                let task = self.details.tasks.get(record.arg as usize).copied().unwrap_or_default();
                // In this format 0 is no task, in newer ones it is the background's.
                let parent = if task.parent == 0 { TaskId::NONE } else { TaskId(task.parent) };
                let name = self.names.string(record.name);
                self.tasks.insert(task.id, (parent, name));
                EventKind::TaskBegin { id: TaskId(task.id), parent, name }
            }
            Kind::UserTaskEnd => {
                let (parent, name) = self.tasks.remove(&record.arg).unwrap_or((TaskId::NONE, Sym::EMPTY));
                EventKind::TaskEnd { id: TaskId(record.arg), parent, name }
            }
            Kind::UserRegion => {
                let (task, name) = (TaskId(record.arg), self.names.string(record.name));
                if record.flag { EventKind::RegionEnd { task, name } } else { EventKind::RegionBegin { task, name } }
            }
            Kind::UserLog => {
                let log = self.details.logs.get(record.arg as usize).copied().unwrap_or_default();
                let (category, message) = (self.names.string(record.name), self.names.message(log, &self.details));
                EventKind::Log { task: TaskId(log.task), category, message }
            }
            Kind::CpuSample => EventKind::CpuSample,
            // No others get this far.
            _ => return None,
        })
    }

    /// The first event about the number of processors ends the list of goroutines that were there before the trace.
    /// Those of which nothing else was said could run.
    ///
    /// Go's reader has them in the order of a hash table, another one each time; here it is that of their ids.
    fn end_of_list(&mut self, mut listed: Vec<u32>, record: &Record, out: &mut Vec<Event>) {
        listed.retain(|&g| self.unknown.get(g as usize).is_some_and(|&unknown| unknown));
        listed.sort_unstable_by_key(|&g| self.goroutines.get(g as usize));
        self.unknown = Vec::new();
        for g in listed {
            let kind = self.plain_transition(g, GoState::Undetermined, GoState::Runnable);
            let time = self.tick(record.time);
            out.push(nobody(time, kind));
        }
    }

    fn set_unknown(&mut self, g: u32, value: bool) {
        if let Some(unknown) = self.unknown.get_mut(g as usize) {
            *unknown = value;
        }
    }

    fn plain_transition(&mut self, g: u32, from: GoState, to: GoState) -> EventKind {
        self.transition(g, from, to, Sym::EMPTY, StackId::NONE)
    }

    fn transition(&mut self, g: u32, from: GoState, to: GoState, reason: Sym, stack: StackId) -> EventKind {
        let id = GoId(self.goroutines.get(g as usize).copied().unwrap_or_default());
        EventKind::Go(GoTransition { id, slot: self.slots.of(g), from, to, reason, stack })
    }

    /// Appends an event `later` nanoseconds after the record, with the record's context.
    fn emit(&mut self, record: &Record, kind: EventKind, later: i64, out: &mut Vec<Event>) {
        let time = self.tick(record.time.saturating_add(later));
        let (g, p) = (self.slots.of(record.g), self.proc_id(record.proc));
        out.push(Event { time: Time(time), g, p, stack: self.names.stack(record.stack), kind });
    }

    /// The time for an event of `time`: no two events share one.
    fn tick(&mut self, time: i64) -> i64 {
        self.last = time.max(self.last.saturating_add(1));
        self.last
    }

    fn proc_id(&self, proc: u32) -> ProcId {
        match self.procs.get(proc as usize) {
            Some(proc) => proc.id,
            None => place::number(proc).map_or(ProcId::NONE, ProcId),
        }
    }
}

/// An event outside any context.
fn nobody(time: i64, kind: EventKind) -> Event {
    Event { time: Time(time), g: GoSlot::NONE, p: ProcId::NONE, stack: StackId::NONE, kind }
}
