//! The first read: which goroutines did something within the window, what are they called, whom do they work for.
//!
//! Goroutines are numbered as they are heard of. The same bytes give the same numbers, so that the second read knows of
//! each goroutine, when it appears, what will become of it.

use crate::config::Pattern;
use crate::hash::HashMap;
use crate::metrics::population::{self, Owner};
use crate::metrics::registry::SubjectKind;
use crate::scan::Watch;
use crate::subject::{SubjectPattern, matches_target, runner_kind};
use crate::timeline::{Birth, Span, State};
use crate::trace::{Frame, GoSlot, Sym, Symbols, Time};

use super::{Question, Wanted};

/// A test: its name, when it began and when it ended, on the trace's clock, ns.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stretch {
    /// Its name.
    pub name: String,
    /// When it began.
    pub start_ns: i64,
    /// When it ended.
    pub end_ns: i64,
}

/// A goroutine, as the first read knows it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Go {
    /// Its start function.
    pub(super) name: Sym,
    /// Its group's index in the plan, where it is drawn.
    pub(super) group: u32,
    /// Ran, could have run, or was in a system call, within the window, ns.
    busy: i64,
    /// Waited within the window, ns.
    waited: i64,
    /// Whether it works for a test that is wanted.
    inside: bool,
    /// Whether it is drawn.
    pub(super) shown: bool,
}

/// What the second read has to know.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) window: (Time, Time),
    /// Goroutines by number.
    pub(super) gos: Vec<Go>,
    /// Groups that have lanes, by name, with the time of their goroutines within the window, ns.
    pub(super) groups: Vec<(String, i64)>,
    pub(super) shown: usize,
    pub(super) left_out: usize,
    pub(super) upto: Option<u64>,
}

/// Watches the first read.
#[derive(Debug)]
pub(super) struct Planner {
    wanted: Wanted,
    from: Time,
    to: Time,
    gos: Vec<Go>,
    /// The number of the goroutine in each slot, and its birth.
    slots: Vec<Option<(u32, Birth)>>,
    /// What runs tests and benchmarks, by start function.
    runners: Vec<(Sym, Runner)>,
    symbols: usize,
    /// By the goroutine that launches the rounds of benchmarks: whether its last one is wanted.
    launchers: HashMap<GoSlot, bool>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Runner {
    /// Runs a test, or the first round of a benchmark: this is where it begins.
    Begins,
    /// Runs further rounds of a benchmark.
    GoesOn,
}

impl Planner {
    pub(super) fn new(wanted: Wanted) -> Planner {
        Planner {
            wanted,
            from: Time(i64::MIN + 1),
            to: Time(i64::MAX),
            gos: Vec::new(),
            slots: Vec::new(),
            runners: Vec::new(),
            symbols: 0,
            launchers: HashMap::default(),
        }
    }

    fn at(&self, g: GoSlot) -> Option<(u32, Birth)> {
        self.slots.get(g.get()?.index()).copied().flatten()
    }

    /// Puts the plan together once the trace is over at `end`.
    pub(super) fn finish(mut self, end: Time, upto: Option<u64>, question: &Question, symbols: &Symbols) -> Plan {
        let window = (self.from, self.to.min(end));
        let narrowed = !question.groups.is_empty() || !self.wanted.tests.is_empty();
        let wanted = |go: &Go| {
            let name = symbols.text(go.name);
            let group = question.groups.is_empty() || question.groups.iter().any(|glob| is_group(glob, name));
            // The runtime's own show what they do only where all was asked for.
            let user = !narrowed || !matches!(population::owner(name, true), Owner::Runtime);
            group && (self.wanted.tests.is_empty() || go.inside && user)
        };
        let mut order: Vec<u32> = (0..self.gos.len() as u32).collect();
        order.retain(|&i| {
            let go = &self.gos[i as usize];
            // Who waits all the time, and was not asked for, is a lane without anything on it.
            (go.busy > 0 || go.waited > 0 && !question.groups.is_empty()) && wanted(go)
        });
        let did = order.len();
        if question.most > 0 && did > question.most {
            order.sort_by_key(|&i| {
                let go = &self.gos[i as usize];
                (std::cmp::Reverse((go.busy, go.waited)), i)
            });
            order.truncate(question.most);
        }
        let mut groups: std::collections::BTreeMap<String, i64> = std::collections::BTreeMap::new();
        for &i in &order {
            let go = &mut self.gos[i as usize];
            go.shown = true;
            let time = groups.entry(symbols.text(go.name).to_owned()).or_default();
            *time = time.saturating_add(go.busy).saturating_add(go.waited);
        }
        let groups: Vec<(String, i64)> = groups.into_iter().collect();
        let index: HashMap<&str, u32> = groups.iter().zip(0..).map(|((name, _), i)| (name.as_str(), i)).collect();
        for &i in &order {
            let go = &mut self.gos[i as usize];
            go.group = index.get(symbols.text(go.name)).copied().unwrap_or_default();
        }
        Plan { window, shown: order.len(), left_out: did - order.len(), gos: self.gos, groups, upto }
    }
}

fn is_group(glob: &Pattern, name: &str) -> bool {
    let pattern = SubjectPattern { kind: Some(SubjectKind::Group), pattern: glob.clone() };
    matches_target(&pattern, SubjectKind::Group, name)
}

impl Watch for Planner {
    fn began(&mut self, time: Time) {
        let window = self.wanted.window;
        self.from = window.from.map_or(time, |moment| moment.resolve(time)).max(time);
        self.to = window.to.map_or(Time(i64::MAX), |moment| moment.resolve(time));
    }

    fn born(&mut self, birth: &Birth) {
        let number = self.gos.len() as u32;
        let inside = self.at(birth.by).is_some_and(|(creator, _)| self.gos[creator as usize].inside);
        self.gos.push(Go { name: Sym::EMPTY, group: 0, busy: 0, waited: 0, inside, shown: false });
        let at = birth.g.index();
        if at >= self.slots.len() {
            self.slots.resize(at + 1, None);
        }
        self.slots[at] = Some((number, *birth));
    }

    fn learn(&mut self, symbols: &Symbols) {
        if self.wanted.tests.is_empty() {
            return;
        }
        for sym in (self.symbols..symbols.len()).map(|i| Sym(i as u32)) {
            let runner = match symbols.text(sym) {
                "testing.(*B).launch" => Runner::GoesOn,
                name if runner_kind(name).is_some() => Runner::Begins,
                _ => continue,
            };
            self.runners.push((sym, runner));
        }
        self.symbols = symbols.len();
    }

    fn named(&mut self, g: GoSlot, start: Frame) {
        let Some((number, birth)) = self.at(g) else { return };
        let runner = self.runners.iter().find(|(sym, _)| *sym == start.func).map(|(_, runner)| *runner);
        let inside = match runner {
            None => false,
            Some(Runner::Begins) => {
                let wanted = self.wanted.tests.iter().any(|test| test.start_ns == birth.time.0);
                self.launchers.insert(birth.by, wanted);
                wanted
            }
            Some(Runner::GoesOn) => self.launchers.get(&birth.by).copied().unwrap_or_default(),
        };
        let go = &mut self.gos[number as usize];
        go.name = start.func;
        go.inside |= inside;
    }

    fn span(&mut self, span: &Span) {
        let Some((number, _)) = self.at(span.g) else { return };
        let (start, end) = (span.start.max(self.from), span.end.min(self.to));
        if start > end || start == end && span.ns() > 0 {
            return;
        }
        let go = &mut self.gos[number as usize];
        let sum = if span.state == State::Waiting { &mut go.waited } else { &mut go.busy };
        *sum = sum.saturating_add(end.since(start));
    }
}
