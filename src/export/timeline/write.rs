//! The second read: turns what the timeline tells into lanes, slices, arrows and counters.
//!
//! ```text
//!   waker   ▓▓▓▓▓▓▓▓▓▓▓▓▓            an arrow begins where the wake-up was
//!                 ╲
//!   woken   ░░░░░░▒▒▒▓▓▓▓▓           and ends where the wait did
//!           wait  could run
//! ```

use std::cell::RefCell;
use std::io;

use super::events::{Events, Frames};
use super::lanes::{self, Lanes};
use super::marks::{Lane, Mark};
use super::plan::Plan;
use super::render::Renderer;
use super::{Lanes as Kind, Wanted};
use crate::hash::HashMap;
use crate::paths::Repository;
use crate::scan::Watch;
use crate::timeline::{Activity, Birth, Move, Span, State};
use crate::trace::{
    Event, EventKind, Frame, Gauge, GoSlot, ProcId, ProcState, Range, StackId, Sym, Symbols, TaskId, Time,
};

/// Curves of the process have at most this many points in a window.
const POINTS: i64 = 4096;

#[derive(Clone, Copy, Debug)]
struct OpenRegion {
    name: Sym,
    task: TaskId,
    stack: StackId,
    since: Time,
}

#[derive(Clone, Debug)]
struct Slot {
    number: u32,
    id: u64,
    start: Sym,
    /// Whether it has lanes, and which have been announced: its own, that of its regions.
    shown: bool,
    pid: Option<u32>,
    announced: [bool; 2],
    regions: Vec<OpenRegion>,
    ranges: Vec<(Range, Time)>,
    /// Where and since when it runs, or is in a system call with a processor.
    on: Option<(ProcId, Time, bool)>,
    /// Who woke or created it, while it has not run: where, when.
    woken: Option<(ProcId, Time, bool)>,
}

#[derive(Clone, Copy, Debug)]
struct OpenTask {
    name: Sym,
    parent: TaskId,
    since: Time,
    shown: bool,
}

/// Draws one side.
pub(super) struct Drawer<'a, 'w> {
    side: usize,
    plan: &'a Plan,
    lanes: &'a Lanes,
    renderer: Renderer<'a>,
    out: &'a RefCell<(&'a mut Events<'w>, &'a mut Frames)>,
    failed: Option<io::Error>,
    marks: Vec<Mark>,
    slots: Vec<Option<Slot>>,
    born: u32,
    procs: Vec<bool>,
    /// Which goroutine is in a system call with this processor.
    calls: HashMap<ProcId, GoSlot>,
    tasks: HashMap<TaskId, OpenTask>,
    heap: (u64, u64),
    load: Load,
}

/// Goroutines that run and that could: now, and at most since the last point.
#[derive(Clone, Copy, Debug, Default)]
struct Load {
    now: [u64; 2],
    most: [u64; 2],
    last: Option<Time>,
}

impl<'a, 'w> Drawer<'a, 'w> {
    pub(super) fn new(
        side: usize,
        plan: &'a Plan,
        wanted: &'a Wanted,
        lanes: &'a Lanes,
        repository: &'a Repository,
        out: &'a RefCell<(&'a mut Events<'w>, &'a mut Frames)>,
    ) -> Drawer<'a, 'w> {
        let mut drawer = Drawer {
            side,
            plan,
            lanes,
            renderer: Renderer::new(side, plan.window.0, repository),
            out,
            failed: None,
            marks: Vec::new(),
            slots: Vec::new(),
            born: 0,
            procs: Vec::new(),
            calls: HashMap::default(),
            tasks: HashMap::default(),
            heap: (0, 0),
            load: Load::default(),
        };
        let process = lanes.process(side);
        for test in &wanted.named {
            if let Some((from, to)) = drawer.clip(Time(test.start_ns), Time(test.end_ns)) {
                let drawn = drawer.renderer.test(process, &test.name, from, to, out.borrow_mut().0);
                drawer.note(drawn);
            }
        }
        drawer
    }

    /// Writes what is left.
    pub(super) fn finish(mut self, symbols: &Symbols) -> io::Result<()> {
        let end = self.plan.window.1;
        let mut open: Vec<(TaskId, OpenTask)> = self.tasks.drain().collect();
        open.sort_by_key(|(id, task)| (task.since, *id));
        for (id, OpenTask { name, parent, since, shown }) in open {
            if let Some((from, to)) = self.clip(since, end).filter(|_| shown) {
                self.marks.push(Mark::Task { id, parent, name, from, to, open: true });
            }
        }
        self.flush(symbols);
        self.failed.map_or(Ok(()), Err)
    }

    fn note(&mut self, drawn: io::Result<()>) {
        if let Err(error) = drawn {
            self.failed.get_or_insert(error);
        }
    }

    fn flush(&mut self, symbols: &Symbols) {
        let mut marks = std::mem::take(&mut self.marks);
        for mark in marks.drain(..) {
            if self.failed.is_some() {
                break;
            }
            let process = self.lanes.process(self.side);
            let out = &mut *self.out.borrow_mut();
            if let Err(error) = self.renderer.draw(&mark, process, symbols, out.0, out.1) {
                self.failed = Some(error);
            }
        }
        marks.clear();
        self.marks = marks;
    }

    /// The part within the window.
    fn clip(&self, start: Time, end: Time) -> Option<(Time, Time)> {
        let (from, to) = (start.max(self.plan.window.0), end.min(self.plan.window.1));
        (from < to || from == to && start == end).then_some((from, to))
    }

    fn within(&self, at: Time) -> bool {
        self.plan.window.0 <= at && at <= self.plan.window.1
    }

    fn slot(&mut self, g: GoSlot) -> Option<&mut Slot> {
        self.slots.get_mut(g.get()?.index())?.as_mut()
    }

    /// The lane of a goroutine, or of its regions; `None` where it has none.
    fn lane(&mut self, g: GoSlot, regions: bool) -> Option<Lane> {
        if self.lanes.kind == Kind::Procs {
            return None;
        }
        let slot = self.slot(g).filter(|slot| slot.shown)?;
        let lane = (slot.pid?, 2 * u64::from(slot.number) + 2 + u64::from(regions));
        let id = slot.id;
        if !std::mem::replace(&mut slot.announced[usize::from(regions)], true) {
            self.marks.push(Mark::Goroutine { lane, id, regions });
        }
        Some(lane)
    }

    fn proc_lane(&mut self, p: ProcId) -> Option<Lane> {
        if self.lanes.kind == Kind::Goroutines || p == ProcId::NONE {
            return None;
        }
        let lane = (self.lanes.of_group(self.side, ""), u64::from(p.0) + 1);
        // Processors are numbered from 0; whatever is far beyond that is no processor of a real machine.
        let at = usize::try_from(p.0).ok().filter(|&at| at < 1 << 16)?;
        if at >= self.procs.len() {
            self.procs.resize(at + 1, false);
        }
        if !std::mem::replace(&mut self.procs[at], true) {
            self.marks.push(Mark::Proc { lane, p });
        }
        Some(lane)
    }

    /// A goroutine leaves the processor that it was on.
    fn leaves(&mut self, g: GoSlot, at: Time) {
        let Some(slot) = self.slot(g) else { return };
        let (Some((p, since, syscall)), shown) = (slot.on.take(), slot.shown) else { return };
        let (id, start) = (slot.id, slot.start);
        if syscall {
            self.calls.remove(&p);
        }
        if let Some((from, to)) = self.clip(since, at).filter(|_| shown)
            && let Some(lane) = self.proc_lane(p)
        {
            self.marks.push(Mark::Ran { lane, id, start, from, to, syscall });
        }
    }

    fn on_procs(&mut self, event: &Event, moved: Move) {
        self.leaves(moved.g, event.time);
        let within = self.within(event.time);
        let Some(slot) = self.slot(moved.g) else { return };
        let shown = slot.shown && within;
        match moved.to {
            Activity::Running => {
                slot.on = Some((event.p, event.time, false));
                let woken = slot.woken.take();
                if let Some((by, at, creates)) = woken.filter(|_| shown)
                    && self.within(at)
                    && let (Some(from), Some(to)) = (self.proc_lane(by), self.proc_lane(event.p))
                {
                    self.marks.push(Mark::Arrow { creates, from: (from, at), to: (to, event.time) });
                }
            }
            Activity::Syscall if event.p != ProcId::NONE => {
                slot.on = Some((event.p, event.time, true));
                self.calls.insert(event.p, moved.g);
            }
            Activity::Runnable if event.g != GoSlot::NONE && moved.from != Activity::Running => {
                slot.woken = Some((event.p, event.time, moved.from == Activity::Gone));
            }
            _ => {}
        }
    }

    fn load(&mut self, event: &Event, moved: Move) {
        let at = |activity| match activity {
            Activity::Running => Some(0),
            Activity::Runnable => Some(1),
            _ => None,
        };
        let load = &mut self.load;
        if let Some(from) = at(moved.from) {
            load.now[from] = load.now[from].saturating_sub(1);
        }
        if let Some(to) = at(moved.to) {
            load.now[to] += 1;
        }
        load.most = [load.most[0].max(load.now[0]), load.most[1].max(load.now[1])];
        let (from, to) = self.plan.window;
        let step = to.since(from) / POINTS;
        let due = self.load.last.is_none_or(|last| event.time.since(last) >= step);
        if due && self.within(event.time) {
            let [running, runnable] = self.load.most;
            self.marks.push(Mark::Load { at: event.time, running, runnable });
            (self.load.most, self.load.last) = (self.load.now, Some(event.time));
        }
    }
}

impl Watch for Drawer<'_, '_> {
    fn enough(&self) -> bool {
        // A full disk.
        self.failed.is_some()
    }

    fn settle(&mut self, symbols: &Symbols) {
        self.flush(symbols);
    }

    fn born(&mut self, birth: &Birth) {
        let number = self.born;
        self.born += 1;
        let go = self.plan.gos.get(number as usize);
        let slot = Slot {
            number,
            id: birth.id.0,
            start: go.map_or(Sym::EMPTY, |go| go.name),
            shown: go.is_some_and(|go| go.shown),
            pid: None,
            announced: [false; 2],
            regions: Vec::new(),
            ranges: Vec::new(),
            on: None,
            woken: None,
        };
        let at = birth.g.index();
        if at >= self.slots.len() {
            self.slots.resize(at + 1, None);
        }
        self.slots[at] = Some(slot);
        // What it is called is known once any stack of it has been seen; the plan has seen them all.
        self.unplaced(birth.g);
        if birth.created
            && self.within(birth.time)
            && let (Some(from), Some(to)) = (self.lane(birth.by, false), self.lane(birth.g, false))
        {
            self.marks.push(Mark::Arrow { creates: true, from: (from, birth.time), to: (to, birth.time) });
        }
    }

    fn named(&mut self, _g: GoSlot, _start: Frame) {}

    fn span(&mut self, span: &Span) {
        let Some((from, to)) = self.clip(span.start, span.end) else { return };
        let Some(lane) = self.lane(span.g, false) else { return };
        let woken = span.state == State::Waiting && !span.open;
        let by = span.by.get().filter(|_| woken);
        let by = by.and_then(|by| self.slot(by).map(|slot| (slot.id, slot.start)));
        let Some(slot) = self.slot(span.g) else { return };
        let (id, start) = (slot.id, slot.start);
        self.marks.push(Mark::Span { lane, id, start, span: Span { start: from, end: to, ..*span }, by });
        if by.is_some()
            && to == span.end
            && let Some(waker) = self.lane(span.by, false)
        {
            self.marks.push(Mark::Arrow { creates: false, from: (waker, span.end), to: (lane, span.end) });
        }
    }

    fn moved(&mut self, event: &Event, moved: Move) {
        self.load(event, moved);
        if self.lanes.kind == Kind::Procs {
            self.on_procs(event, moved);
        }
    }

    fn proc(&mut self, event: &Event, p: ProcId, to: ProcState) {
        if to != ProcState::Running
            && let Some(&g) = self.calls.get(&p)
        {
            self.leaves(g, event.time);
        }
    }

    fn ended(&mut self, g: GoSlot, time: Time, open: bool) {
        self.leaves(g, time);
        let Some(slot) = self.slot(g) else { return };
        let regions = std::mem::take(&mut slot.regions);
        for region in regions.into_iter().rev() {
            self.region(g, region, time, open);
        }
    }

    fn retired(&mut self, g: GoSlot) {
        if let Some(slot) = self.slots.get_mut(g.index()) {
            *slot = None;
        }
    }

    fn range_begin(&mut self, g: GoSlot, range: Range, since: Time) {
        if matches!(range, Range::MarkAssist(_) | Range::Sweep(_))
            && let Some(slot) = self.slot(g)
        {
            slot.ranges.push((range, since));
        }
    }

    fn range_end(&mut self, g: GoSlot, range: Range, end: Option<Time>) {
        let Some(slot) = self.slot(g) else { return };
        let Some(at) = slot.ranges.iter().rposition(|(open, _)| *open == range) else { return };
        let (_, since) = slot.ranges.remove(at);
        if let Some(end) = end
            && let Some((from, to)) = self.clip(since, end)
            && let Some(lane) = self.lane(g, true)
        {
            self.marks.push(Mark::Range { lane, range, from, to });
        }
    }

    fn range(&mut self, range: Range, start: Time, end: Time) {
        let thread = match range {
            Range::GcMark => lanes::GC,
            Range::StopTheWorld(_) => lanes::STOPS,
            Range::Sweep(_) | Range::MarkAssist(_) => return,
        };
        if let Some((from, to)) = self.clip(start, end) {
            self.marks.push(Mark::Range { lane: (self.lanes.process(self.side), thread), range, from, to });
        }
    }

    fn region_begin(&mut self, event: &Event, task: TaskId, name: Sym) {
        if let Some(slot) = self.slot(event.g) {
            slot.regions.push(OpenRegion { name, task, stack: event.stack, since: event.time });
        }
    }

    fn region_end(&mut self, event: &Event, _task: TaskId, _name: Sym) {
        if let Some(region) = self.slot(event.g).and_then(|slot| slot.regions.pop()) {
            self.region(event.g, region, event.time, false);
        }
    }

    fn task_begin(&mut self, event: &Event, id: TaskId, name: Sym) {
        let parent = if let EventKind::TaskBegin { parent, .. } = event.kind { parent } else { TaskId::NONE };
        let shown = event.g == GoSlot::NONE || self.slot(event.g).is_none_or(|slot| slot.shown);
        self.tasks.insert(id, OpenTask { name, parent, since: event.time, shown });
    }

    fn task_end(&mut self, event: &Event, id: TaskId, _name: Sym) {
        if let Some(OpenTask { name, parent, since, shown }) = self.tasks.remove(&id)
            && let Some((from, to)) = self.clip(since, event.time).filter(|_| shown)
        {
            self.marks.push(Mark::Task { id, parent, name, from, to, open: false });
        }
    }

    fn log(&mut self, event: &Event, task: TaskId, category: Sym, message: Sym) {
        if self.within(event.time)
            && let Some(lane) = self.lane(event.g, false)
        {
            let (stack, at) = (event.stack, event.time);
            self.marks.push(Mark::Log { lane, category, message, task, stack, at });
        }
    }

    fn gauge(&mut self, event: &Event, gauge: Gauge, value: u64) {
        match gauge {
            Gauge::HeapLive => self.heap.0 = value,
            Gauge::HeapGoal => self.heap.1 = value,
            Gauge::Gomaxprocs => return,
        }
        if self.within(event.time) {
            let (live, goal) = self.heap;
            self.marks.push(Mark::Heap { at: event.time, live, goal });
        }
    }
}

impl Drawer<'_, '_> {
    /// Finds the process of a goroutine's lanes.
    fn unplaced(&mut self, g: GoSlot) {
        let side = self.side;
        let group = self.slot(g).filter(|slot| slot.shown).map(|slot| slot.number);
        let Some(number) = group else { return };
        let pid = self.plan.gos.get(number as usize).and_then(|go| self.plan.groups.get(go.group as usize));
        let pid = pid.map(|(name, _)| self.lanes.of_group(side, name));
        if let Some(slot) = self.slot(g) {
            slot.pid = pid;
        }
    }

    fn region(&mut self, g: GoSlot, region: OpenRegion, end: Time, open: bool) {
        let OpenRegion { name, task, stack, since } = region;
        if let Some((from, to)) = self.clip(since, end)
            && let Some(lane) = self.lane(g, true)
        {
            self.marks.push(Mark::Region { lane, name, task, stack, from, to, open });
        }
    }
}
