//! The goroutines related to a group or a task: who woke its goroutines, and whom they woke.
//!
//! ```text
//!   waker     ──────────────────|────          woke it: their count, and how long it had waited
//!                               ↓ unblock
//!   subject   ──|·· waiting ····|─────────|──
//!                                         ↓
//!   others           |····· waiting ······|    whom it woke
//! ```
//!
//! A group's goroutines are those that started in its function. A goroutine belongs to a task from the first time that
//! it says so (it begins it, or a region or a message of it) until the task ends.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::critical::Place;
use crate::hash::HashMap;
use crate::metrics::registry::SubjectKind;
use crate::paths::Repository;
use crate::scan::{self, ScanError, Source, Watch};
use crate::subject::{Meant, SubjectPattern};
use crate::timeline::{Birth, Span, State};
use crate::trace::{Event, Frame, GoSlot, StackId, Sym, Symbols, TaskId};

/// More waits than this are not kept for a goroutine whose start function is not known yet.
const MOST_EARLY: usize = 64;
/// Tasks that a goroutine works for at once; of more the first are known.
const AT_ONCE: usize = 64;
/// More distinct relations than this are added up as one.
const MOST_RELATIONS: usize = 1 << 20;

/// One way in which goroutines woke others.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Relation {
    /// The start function of the other goroutines; empty where no stack of them is known.
    pub group: String,
    /// Where it was no goroutine: `network`, `timer`, `timer or runtime`; `nobody` where the trace ended first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by: Option<&'static str>,
    /// Why whoever waited did so.
    pub reason: String,
    /// Where whoever waited was.
    pub waited_at: Place,
    /// Where whoever ended it was.
    pub woken_at: Place,
    /// How many waits.
    pub count: u64,
    /// How long they were, ns.
    pub wait_ns: i64,
}

/// All relations of a subject.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Related {
    /// How many goroutines belonged to the subject.
    pub goroutines: u64,
    /// Who woke them, the longest waits first.
    pub woken_by: Vec<Relation>,
    /// Whom they woke, the longest waits first.
    pub woke: Vec<Relation>,
    /// Waits of relations that are too many to tell apart.
    pub not_told_apart: u64,
    /// Of a truncated trace this many generations were used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub partial: Option<u64>,
}

/// Reads the relations of a subject, a group or a task.
///
/// # Errors
/// When the trace cannot be read.
pub fn read(
    source: &dyn Source,
    subject: &SubjectPattern,
    allow_partial: bool,
    repository: &Repository,
) -> Result<Related, ScanError> {
    let options = scan::Options { keep_messages: false, allow_partial };
    let read = scan::scan(source, options, None, || Collector::new(subject.clone()))?;
    let partial = read.upto;
    let (collector, symbols) = read.into_parts();
    Ok(Related { partial, ..collector.finish(&symbols, repository) })
}

/// Who is at the other end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Other {
    Group(Sym),
    Nobody,
    Outside,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Key {
    /// Whether it was the subject that waited.
    subject_waited: bool,
    other: Other,
    reason: Sym,
    stack: StackId,
    by_stack: StackId,
}

#[derive(Clone, Debug, Default)]
struct Slot {
    start: Sym,
    /// The tasks that it works for.
    tasks: Vec<TaskId>,
    /// Whether it has been counted as one of the subject's.
    counted: bool,
    /// Waits from before any stack told its start function: it was there before the trace was.
    early: Vec<Wake>,
}

/// A wait that has ended, or the trace did.
#[derive(Clone, Copy, Debug)]
struct Wake {
    span: Span,
    start: Sym,
    by_start: Sym,
    /// Whether the one that waited, and the one that ended it, work for a task that is meant.
    in_task: (bool, bool),
}

#[derive(Debug)]
struct Collector {
    meant: Meant,
    slots: Vec<Slot>,
    /// The goroutines that work for a task that is meant.
    tasks: HashMap<TaskId, Vec<GoSlot>>,
    pending: Vec<Wake>,
    sums: HashMap<Key, (u64, i64)>,
    goroutines: u64,
    not_told_apart: u64,
}

impl Collector {
    fn new(subject: SubjectPattern) -> Collector {
        Collector {
            meant: Meant::new(subject),
            slots: Vec::new(),
            tasks: HashMap::default(),
            pending: Vec::new(),
            sums: HashMap::default(),
            goroutines: 0,
            not_told_apart: 0,
        }
    }

    fn slot(&mut self, g: GoSlot) -> Option<&mut Slot> {
        let at = g.get()?.index();
        if at >= self.slots.len() {
            self.slots.resize_with(at + 1, Slot::default);
        }
        self.slots.get_mut(at)
    }

    fn count(&mut self, g: GoSlot) {
        let new = self.slot(g).is_some_and(|slot| !std::mem::replace(&mut slot.counted, true));
        self.goroutines += u64::from(new);
    }

    /// The goroutine says that it works for this task.
    fn works(&mut self, g: GoSlot, task: TaskId) {
        if !self.tasks.contains_key(&task) {
            return;
        }
        let room = |slot: &&mut Slot| slot.tasks.len() < AT_ONCE && !slot.tasks.contains(&task);
        let Some(slot) = self.slot(g).filter(room) else { return };
        slot.tasks.push(task);
        self.tasks.entry(task).or_default().push(g);
        self.count(g);
    }

    fn known(&self, g: GoSlot) -> (Sym, bool) {
        g.get().and_then(|g| self.slots.get(g.index())).map_or((Sym::EMPTY, false), |s| (s.start, !s.tasks.is_empty()))
    }

    fn add(&mut self, key: Key, ns: i64) {
        let room = self.sums.len() < MOST_RELATIONS;
        match self.sums.get_mut(&key) {
            Some((count, sum)) => (*count, *sum) = (*count + 1, sum.saturating_add(ns)),
            None if room => {
                self.sums.insert(key, (1, ns));
            }
            None => self.not_told_apart += 1,
        }
    }

    fn take(&mut self, wake: &Wake, symbols: &Symbols) {
        let Wake { span, start, by_start, in_task } = *wake;
        // A stack grows from the start function; but for wrappers of `go f(x)`, which are known by their own name.
        let name = |known: Sym, stack| match known {
            Sym::EMPTY => symbols.root(stack).map_or(known, |frame: Frame| frame.func),
            known => known,
        };
        let (waiter, waker) = (name(start, span.stack), name(by_start, span.by_stack));
        let is = |name, in_task| in_task || name != Sym::EMPTY && self.meant.means(SubjectKind::Group, name);
        let external = matches!(symbols.text(span.reason), "network" | "sleep");
        let other = match span.by {
            _ if span.open => Other::Nobody,
            GoSlot::NONE => Other::Outside,
            // Whoever happened to look after timers or the network is not who was waited for.
            _ if external => Other::Outside,
            _ => Other::Group(waker),
        };
        let (waited, woke) = (is(waiter, in_task.0), matches!(other, Other::Group(_)) && is(waker, in_task.1));
        let by_stack = if other == Other::Outside { StackId::NONE } else { span.by_stack };
        let key = Key { subject_waited: true, other, reason: span.reason, stack: span.stack, by_stack };
        if waited {
            self.add(key, span.ns());
        }
        if woke {
            self.add(Key { subject_waited: false, other: Other::Group(waiter), ..key }, span.ns());
        }
    }

    fn finish(self, symbols: &Symbols, repository: &Repository) -> Related {
        let mut places: HashMap<StackId, Place> = HashMap::default();
        let mut place = |stack: StackId| {
            places.entry(stack).or_insert_with(|| Place::of(symbols.frames(stack), symbols, repository)).clone()
        };
        type Named = (bool, String, Option<&'static str>, String, String, String);
        let mut sums: BTreeMap<Named, Relation> = BTreeMap::new();
        for (key, (count, ns)) in self.sums {
            let reason = symbols.text(key.reason).to_owned();
            let (group, by) = match key.other {
                Other::Group(name) => (symbols.text(name).to_owned(), None),
                Other::Nobody => (String::new(), Some("nobody")),
                Other::Outside => (
                    String::new(),
                    Some(match reason.as_str() {
                        "network" => "network",
                        "sleep" => "timer",
                        _ => "timer or runtime",
                    }),
                ),
            };
            let (waited_at, woken_at) = (place(key.stack), place(key.by_stack));
            let named = (
                key.subject_waited,
                group.clone(),
                by,
                reason.clone(),
                waited_at.function.clone(),
                woken_at.function.clone(),
            );
            let relation = sums.entry(named).or_insert_with(|| Relation {
                group,
                by,
                reason,
                waited_at: waited_at.clone(),
                woken_at: woken_at.clone(),
                count: 0,
                wait_ns: 0,
            });
            // Of several lines of one function the first is shown, whatever the order of the hash table.
            relation.waited_at = waited_at.min(relation.waited_at.clone());
            relation.woken_at = woken_at.min(relation.woken_at.clone());
            relation.count += count;
            relation.wait_ns = relation.wait_ns.saturating_add(ns);
        }
        let mut related =
            Related { goroutines: self.goroutines, not_told_apart: self.not_told_apart, ..Related::default() };
        for ((subject_waited, ..), relation) in sums {
            if subject_waited { &mut related.woken_by } else { &mut related.woke }.push(relation);
        }
        for list in [&mut related.woken_by, &mut related.woke] {
            // Stable: equal ones stay in the order of their names.
            list.sort_by_key(|r| std::cmp::Reverse((r.wait_ns, r.count)));
        }
        related
    }
}

impl Watch for Collector {
    fn learn(&mut self, symbols: &Symbols) {
        self.meant.learn(symbols);
    }

    fn born(&mut self, birth: &Birth) {
        if let Some(slot) = self.slot(birth.g) {
            *slot = Slot::default();
        }
    }

    fn named(&mut self, g: GoSlot, start: Frame) {
        if let Some(slot) = self.slot(g) {
            slot.start = start.func;
            let early = std::mem::take(&mut slot.early);
            self.pending.extend(early.into_iter().map(|wake| Wake { start: start.func, ..wake }));
        }
        if self.meant.means(SubjectKind::Group, start.func) {
            self.count(g);
        }
    }

    fn span(&mut self, span: &Span) {
        if span.state == State::Waiting {
            let ((start, waits), (by_start, wakes)) = (self.known(span.g), self.known(span.by));
            let wake = Wake { span: *span, start, by_start, in_task: (waits, wakes) };
            let unknown = start == Sym::EMPTY && span.stack == StackId::NONE;
            match self.slot(span.g).filter(|slot| unknown && slot.early.len() < MOST_EARLY) {
                Some(slot) => slot.early.push(wake),
                None => self.pending.push(wake),
            }
        }
    }

    fn retired(&mut self, g: GoSlot) {
        if let Some(slot) = self.slot(g) {
            let early = std::mem::take(slot).early;
            self.pending.extend(early);
        }
    }

    fn task_begin(&mut self, event: &Event, id: TaskId, name: Sym) {
        if self.meant.means(SubjectKind::Task, name) {
            self.tasks.entry(id).or_default();
            self.works(event.g, id);
        }
    }

    fn task_end(&mut self, event: &Event, id: TaskId, _name: Sym) {
        self.works(event.g, id);
        for g in self.tasks.remove(&id).unwrap_or_default() {
            if let Some(slot) = self.slot(g) {
                slot.tasks.retain(|task| *task != id);
            }
        }
    }

    fn region_begin(&mut self, event: &Event, task: TaskId, _name: Sym) {
        self.works(event.g, task);
    }

    fn log(&mut self, event: &Event, task: TaskId, _category: Sym, _message: Sym) {
        self.works(event.g, task);
    }

    fn settle(&mut self, symbols: &Symbols) {
        let mut pending = std::mem::take(&mut self.pending);
        for wake in pending.drain(..) {
            self.take(&wake, symbols);
        }
        self.pending = pending;
    }
}
