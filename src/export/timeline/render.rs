//! From marks to events: names are looked up and escaped, stacks go to the dictionary.

use std::io;

use super::events::{Args, Event, Events, Frames};
use super::lanes::shown;
use super::marks::{Lane, Mark};
use crate::critical::Place;
use crate::hash::HashMap;
use crate::paths::Repository;
use crate::report::escape::Text;
use crate::timeline::{Cause, Span, State};
use crate::trace::{Range, StackId, Sym, Symbols, TaskId, Time};

/// Turns marks of one side into events.
pub(super) struct Renderer<'a> {
    side: u64,
    /// What becomes 0.
    zero: Time,
    repository: &'a Repository,
    /// By stack: its number in the dictionary, and the frame that people look for.
    stacks: HashMap<StackId, (u32, String)>,
    /// Arrows, tasks and tests so far.
    ids: u64,
}

/// What a slice is called, and its colour in Chrome's viewer.
fn look(span: &Span, symbols: &Symbols) -> (String, &'static str) {
    match span.state {
        State::Running => ("running".to_owned(), "thread_state_running"),
        State::Runnable => ("runnable".to_owned(), "thread_state_runnable"),
        State::Syscall => ("syscall".to_owned(), "rail_load"),
        State::SyscallBlocked => ("syscall, processor lost".to_owned(), "rail_load"),
        State::Waiting => {
            let reason = Text::from(symbols.text(span.reason)).shown();
            let colour = match reason.as_str() {
                "network" => "thread_state_iowait",
                "sleep" => "thread_state_sleeping",
                r if ["chan", "sync", "select"].iter().any(|part| r.contains(part)) => "thread_state_uninterruptible",
                _ => "grey",
            };
            (if reason.is_empty() { "waiting".to_owned() } else { reason }, colour)
        }
    }
}

fn name_of(symbols: &Symbols, sym: Sym) -> String {
    Text::from(symbols.text(sym)).shown()
}

fn task(id: TaskId) -> Option<u64> {
    (id != TaskId::NONE && id != TaskId::BACKGROUND).then_some(id.0)
}

impl<'a> Renderer<'a> {
    pub(super) fn new(side: usize, zero: Time, repository: &'a Repository) -> Renderer<'a> {
        Renderer { side: side as u64, zero, repository, stacks: HashMap::default(), ids: 0 }
    }

    fn micros(&self, at: Time) -> f64 {
        at.since(self.zero) as f64 / 1e3
    }

    /// A number that no other arrow, task or test of the file has.
    fn id(&mut self) -> Option<u64> {
        self.ids += 1;
        Some(2 * self.ids + self.side)
    }

    /// Where a stack is in the dictionary, and `function file:line` of the frame that people look for.
    fn stack(&mut self, stack: StackId, symbols: &Symbols, frames: &mut Frames) -> (Option<u32>, Option<String>) {
        if stack == StackId::NONE {
            return (None, None);
        }
        if let Some((number, at)) = self.stacks.get(&stack) {
            return (Some(*number), Some(at.clone()));
        }
        let mut number = 0;
        for frame in symbols.frames(stack).rev() {
            number = frames.of(number, &format!("{}:{}", symbols.text(frame.func), frame.line));
        }
        let place = Place::of(symbols.frames(stack), symbols, self.repository);
        let at = Text::from(format!("{} {}", place.label(), place.position)).shown();
        self.stacks.insert(stack, (number, at.clone()));
        (Some(number), Some(at))
    }

    fn slice(&self, lane: Lane, from: Time, to: Time) -> Event<'static> {
        let (pid, tid) = lane;
        Event {
            ph: "X",
            ts: Some(self.micros(from)),
            dur: Some(to.since(from) as f64 / 1e3),
            pid,
            tid: Some(tid),
            ..Event::default()
        }
    }

    /// Something that lies over lanes: a task or a test.
    fn spanning(
        &mut self,
        what: &'static str,
        (pid, name): (u32, &str),
        (from, to): (Time, Time),
        args: Args,
        out: &mut Events<'_>,
    ) -> io::Result<()> {
        let id = self.id();
        let edge = |ph, at, args| Event {
            name,
            ph,
            cat: Some(what),
            ts: Some(at),
            pid,
            tid: Some(0),
            id,
            args,
            ..Event::default()
        };
        out.push(&edge("b", self.micros(from), args))?;
        out.push(&edge("e", self.micros(to), Args::default()))
    }

    /// A test.
    pub(super) fn test(&mut self, pid: u32, name: &str, from: Time, to: Time, out: &mut Events<'_>) -> io::Result<()> {
        self.spanning("test", (pid, &Text::from(name).shown()), (from, to), Args::default(), out)
    }

    /// Writes what a mark means; `process` is that of what belongs to no goroutine.
    pub(super) fn draw(
        &mut self,
        mark: &Mark,
        process: u32,
        symbols: &Symbols,
        out: &mut Events<'_>,
        frames: &mut Frames,
    ) -> io::Result<()> {
        match *mark {
            Mark::Goroutine { lane: (pid, tid), id, regions } => {
                let name = if regions { format!("G{id} regions") } else { format!("G{id}") };
                out.label(pid, Some(tid), &name, tid)
            }
            Mark::Proc { lane: (pid, tid), p } => out.label(pid, Some(tid), &format!("P{}", p.0), tid),
            Mark::Span { lane, id, start, span, by } => {
                let (name, cname) = look(&span, symbols);
                let at = if span.state == State::Runnable { span.begun_at } else { span.stack };
                let (sf, at) = self.stack(at, symbols, frames);
                let ended_at = if by.is_some() { self.stack(span.by_stack, symbols, frames).1 } else { None };
                let args = Args {
                    goroutine: Some(id),
                    start_function: Some(shown(symbols.text(start))),
                    at,
                    ended_by: by.map(|(id, start)| format!("G{id} {}", shown(symbols.text(start)))),
                    ended_at,
                    cause: (span.state == State::Runnable && span.cause != Cause::Unknown).then(|| span.cause.name()),
                    open: span.open.then_some(true),
                    ..Args::default()
                };
                let slice = self.slice(lane, span.start, span.end);
                out.push(&Event { name: &name, cname: Some(cname), sf, args, ..slice })
            }
            Mark::Ran { lane, id, start, from, to, syscall } => {
                let group = shown(symbols.text(start));
                let name = if syscall { format!("syscall: {group}") } else { group };
                let args = Args { goroutine: Some(id), ..Args::default() };
                out.push(&Event { name: &name, args, ..self.slice(lane, from, to) })
            }
            Mark::Region { lane, name, task: of, stack, from, to, open } => {
                let (sf, at) = self.stack(stack, symbols, frames);
                let args = Args { at, task: task(of), open: open.then_some(true), ..Args::default() };
                let slice = self.slice(lane, from, to);
                out.push(&Event { name: &name_of(symbols, name), cat: Some("region"), sf, args, ..slice })
            }
            Mark::Range { lane, range, from, to } => {
                let (name, cname) = match range {
                    Range::GcMark => ("GC mark".to_owned(), "generic_work"),
                    Range::StopTheWorld(why) => (name_of(symbols, why), "terrible"),
                    Range::MarkAssist(_) => ("GC mark assist".to_owned(), "bad"),
                    Range::Sweep(_) => ("GC sweep".to_owned(), "generic_work"),
                };
                out.push(&Event { name: &name, cat: Some("runtime"), cname: Some(cname), ..self.slice(lane, from, to) })
            }
            Mark::Arrow { creates, from, to } => {
                let name = if creates { "creates" } else { "wakes" };
                let id = self.id();
                for (ph, bp, ((pid, tid), at)) in [("s", None, from), ("f", Some("e"), to)] {
                    let ts = Some(self.micros(at));
                    let tid = Some(tid);
                    out.push(&Event { name, ph, cat: Some("arrow"), ts, pid, tid, id, bp, ..Event::default() })?;
                }
                Ok(())
            }
            Mark::Log { lane: (pid, tid), category, message, task: of, stack, at } => {
                let (sf, place) = self.stack(stack, symbols, frames);
                let message = Some(name_of(symbols, message));
                let args = Args { at: place, message, task: task(of), ..Args::default() };
                let name = match symbols.text(category) {
                    "" => "log".to_owned(),
                    category => format!("log: {}", Text::from(category).shown()),
                };
                let ts = Some(self.micros(at));
                out.push(&Event {
                    name: &name,
                    ph: "i",
                    s: Some("t"),
                    ts,
                    pid,
                    tid: Some(tid),
                    sf,
                    args,
                    ..Event::default()
                })
            }
            Mark::Task { id, parent, name, from, to, open } => {
                let args = Args { task: task(id), parent: task(parent), open: open.then_some(true), ..Args::default() };
                self.spanning("task", (process, &name_of(symbols, name)), (from, to), args, out)
            }
            Mark::Heap { at, live, goal } => {
                let args = Args { live: Some(live), up_to_goal: Some(goal.saturating_sub(live)), ..Args::default() };
                let ts = Some(self.micros(at));
                out.push(&Event { name: "heap, bytes", ph: "C", ts, pid: process, args, ..Event::default() })
            }
            Mark::Load { at, running, runnable } => {
                let args = Args { running: Some(running), runnable: Some(runnable), ..Args::default() };
                let ts = Some(self.micros(at));
                out.push(&Event { name: "goroutines", ph: "C", ts, pid: process, args, ..Event::default() })
            }
        }
    }
}
