//! The first read: which instances of a subject there are, and when each began and ended.
//!
//! ```text
//!   test      |── its runner goroutine, from creation to end ──|
//!   group     |── a goroutine that started in the function ────|
//!   region        |── a call, begin to end ──|
//!   task          |── begin ─────────────── end ──|                on whatever goroutines
//! ```

use std::collections::BTreeMap;

use crate::hash::HashMap;
use crate::metrics::registry::SubjectKind;
use crate::scan::Watch;
use crate::subject::{Meant, SubjectPattern, TIMED, TestStacks, runner_kind};
use crate::timeline::{Birth, Span};
use crate::trace::{Event, Frame, GoSlot, StackId, Sym, Symbols, TaskId, Time};

/// More instances than this are not kept: 40 bytes each.
const MOST_INSTANCES: usize = 1 << 20;

/// More open regions on one goroutine than this are a program's mistake.
const MAX_OPEN: usize = 4096;

/// One test run, region call, task or goroutine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Instance {
    /// What it is called.
    pub name: Sym,
    /// The goroutine that it ends on.
    pub slot: GoSlot,
    /// When it began.
    pub start: Time,
    /// When it ended.
    pub end: Time,
    /// Where the goroutine was then; [`StackId::NONE`] where the trace does not say.
    pub stack: StackId,
    /// True when the trace ended first.
    pub open: bool,
}

impl Instance {
    /// How long it took, ns.
    pub fn ns(&self) -> i64 {
        self.end.since(self.start)
    }
}

/// Which of several instances is meant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Pick {
    /// The slowest; the earliest of those that are equally slow.
    #[default]
    Slowest,
    /// The one that began K-th, counted from 1.
    Nth(usize),
    /// All of them.
    All,
}

/// The instances of one kind.
#[derive(Clone, Debug, Default)]
pub(super) struct Found {
    /// How many there are.
    pub count: u64,
    /// Those that may be picked, in the order of their beginnings.
    pub instances: Vec<Instance>,
    /// True when there were too many to keep.
    pub overflow: bool,
}

/// What the event ends.
fn closed(name: Sym, start: Time, event: &Event) -> Instance {
    Instance { name, slot: event.g, start, end: event.time, stack: event.stack, open: false }
}

#[derive(Clone, Debug, Default)]
struct Slot {
    born: Time,
    start: Sym,
    kind: Option<SubjectKind>,
    /// The test or benchmark function that runs on it, once a stack has shown it.
    function: Option<Sym>,
    alive: bool,
}

/// A call that has not ended: its task, its name, and when it began.
type OpenRegion = (TaskId, Sym, Time);
/// Those of one goroutine, and how many are open above so many that no more are kept.
type OpenRegions = (Vec<OpenRegion>, u64);

/// Looks for instances.
#[derive(Clone, Debug)]
pub(super) struct Finder {
    meant: Meant,
    pick: Pick,
    stacks: TestStacks,
    /// Start functions that run tests or benchmarks.
    runners: HashMap<Sym, SubjectKind>,
    symbols_seen: usize,
    slots: Vec<Slot>,
    /// Those that are meant, by goroutine, for the few that are in one.
    regions: HashMap<GoSlot, OpenRegions>,
    tasks: HashMap<TaskId, (Sym, Time)>,
    found: BTreeMap<usize, Found>,
    /// Runners of tests whose function no stack has shown.
    pub(super) nameless: u64,
}

impl Finder {
    pub(super) fn new(pattern: SubjectPattern, pick: Pick) -> Finder {
        Finder {
            meant: Meant::new(pattern),
            pick,
            stacks: TestStacks::default(),
            runners: HashMap::default(),
            symbols_seen: 0,
            slots: Vec::new(),
            regions: HashMap::default(),
            tasks: HashMap::default(),
            found: BTreeMap::new(),
            nameless: 0,
        }
    }

    /// What was found, of the kind that comes first in [`TIMED`] where the pattern leaves that open.
    pub(super) fn into_found(self) -> Option<(SubjectKind, Found)> {
        let (kind, mut found) = self.found.into_iter().next()?;
        found.instances.sort_by_key(|i| (i.start, i.end, i.slot));
        Some((TIMED.get(kind).copied()?, found))
    }

    fn slot(&mut self, g: GoSlot) -> Option<&mut Slot> {
        let at = g.get()?.index();
        if at >= self.slots.len() {
            self.slots.resize_with(at + 1, Slot::default);
        }
        self.slots.get_mut(at)
    }

    /// A goroutine was at this stack.
    fn seen(&mut self, g: GoSlot, stack: StackId) {
        let Some(function) = self.stacks.function(stack) else { return };
        if let Some(slot) = self.slot(g) {
            slot.function.get_or_insert(function);
        }
    }

    fn add(&mut self, kind: SubjectKind, instance: Instance) {
        if instance.end <= instance.start || !self.meant.means(kind, instance.name) {
            return;
        }
        let at = TIMED.iter().position(|k| *k == kind).unwrap_or(0);
        let found = self.found.entry(at).or_default();
        found.count += 1;
        match (self.pick, found.instances.first()) {
            (Pick::Slowest, Some(slowest)) => {
                let better = (instance.ns(), std::cmp::Reverse(instance.start));
                if better > (slowest.ns(), std::cmp::Reverse(slowest.start)) {
                    found.instances[0] = instance;
                }
            }
            _ if found.instances.len() < MOST_INSTANCES => found.instances.push(instance),
            _ => found.overflow = true,
        }
    }
}

impl Watch for Finder {
    fn learn(&mut self, symbols: &Symbols) {
        self.meant.learn(symbols);
        self.stacks.learn(symbols);
        for sym in (self.symbols_seen..symbols.len()).map(|i| Sym(i as u32)) {
            if let Some(kind) = runner_kind(symbols.text(sym)) {
                self.runners.insert(sym, kind);
            }
        }
        self.symbols_seen = symbols.len();
    }

    fn born(&mut self, birth: &Birth) {
        self.seen(birth.by, birth.by_stack);
        if let Some(slot) = self.slot(birth.g) {
            *slot = Slot { born: birth.time, alive: true, ..Slot::default() };
        }
    }

    fn named(&mut self, g: GoSlot, start: Frame) {
        let kind = self.runners.get(&start.func).copied();
        if let Some(slot) = self.slot(g) {
            (slot.start, slot.kind) = (start.func, kind);
        }
    }

    fn span(&mut self, span: &Span) {
        self.seen(span.g, span.stack);
        self.seen(span.by, span.by_stack);
    }

    fn ended(&mut self, g: GoSlot, time: Time, open: bool) {
        let Some(slot) = self.slot(g).filter(|slot| slot.alive) else { return };
        slot.alive = false;
        let (start, born, kind, function) = (slot.start, slot.born, slot.kind, slot.function);
        self.regions.remove(&g);
        let instance = |name| Instance { name, slot: g, start: born, end: time, stack: StackId::NONE, open };
        self.add(SubjectKind::Group, instance(start));
        if let Some(kind) = kind {
            match function {
                Some(function) => self.add(kind, instance(function)),
                None => self.nameless += 1,
            }
        }
    }

    fn region_begin(&mut self, event: &Event, task: TaskId, name: Sym) {
        self.seen(event.g, event.stack);
        if !self.meant.means(SubjectKind::Region, name) {
            return;
        }
        let (open, deeper) = self.regions.entry(event.g).or_default();
        if open.len() < MAX_OPEN {
            open.push((task, name, event.time));
        } else {
            *deeper += 1;
        }
    }

    fn region_end(&mut self, event: &Event, task: TaskId, name: Sym) {
        self.seen(event.g, event.stack);
        let Some((open, deeper)) = self.regions.get_mut(&event.g) else { return };
        if *deeper > 0 {
            *deeper -= u64::from(self.meant.means(SubjectKind::Region, name));
            return;
        }
        let Some(at) = open.iter().rposition(|r| r.0 == task && r.1 == name) else { return };
        let start = open[at].2;
        open.truncate(at);
        self.add(SubjectKind::Region, closed(name, start, event));
    }

    fn task_begin(&mut self, event: &Event, id: TaskId, name: Sym) {
        self.seen(event.g, event.stack);
        if self.meant.means(SubjectKind::Task, name) {
            self.tasks.insert(id, (name, event.time));
        }
    }

    fn task_end(&mut self, event: &Event, id: TaskId, _name: Sym) {
        self.seen(event.g, event.stack);
        if let Some((name, start)) = self.tasks.remove(&id) {
            self.add(SubjectKind::Task, closed(name, start, event));
        }
    }

    fn log(&mut self, event: &Event, _task: TaskId, _category: Sym, _message: Sym) {
        self.seen(event.g, event.stack);
    }
}
