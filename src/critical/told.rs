//! A path with names for numbers: time by category and by function, the waits that were passed, the pieces in order.

use std::collections::BTreeMap;

use serde::Serialize;

use super::record::Recording;
use super::walk::{Category, OWN, Segment, Walked};
use crate::compare::names;
use crate::gate::cause;
use crate::hash::HashMap;
use crate::metrics::site_frame;
use crate::metrics::test_frame;
use crate::paths::Repository;
use crate::subject::runner_kind;
use crate::summary::SiteFrame;
use crate::trace::{Frame, StackId, Sym, Symbols, Time};

/// More pieces than this are not listed.
const MOST_PIECES: usize = 10_000;

/// Where something happened.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Place {
    /// The function in full: the innermost of the program's own.
    pub function: String,
    /// `file:line`, relative to the repository; empty where it is not known.
    pub position: String,
}

impl Place {
    /// The frame that a person looks for in a stack, given innermost first: the innermost of the program's own.
    pub fn of(frames: impl Iterator<Item = Frame>, symbols: &Symbols, repository: &Repository) -> Place {
        let frames: Vec<SiteFrame> = frames.map(|frame| site_frame(symbols, frame)).collect();
        cause::leaf(&frames).map_or_else(Place::default, |f| Place {
            function: f.func.to_string(),
            position: repository.position(&f.position()),
        })
    }

    /// The function without its package's path.
    pub fn label(&self) -> &str {
        if self.function.is_empty() { "(nameless)" } else { names::short(&self.function) }
    }
}

/// Time of one category in one function.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FunctionTime {
    /// The category.
    pub category: &'static str,
    /// Where: at a wait the frame that waits; for running the innermost function that is on the stack both before and
    /// after, or the goroutine's start function where no stack is known.
    #[serde(flatten)]
    pub place: Place,
    /// In how many pieces.
    pub pieces: u64,
    /// ns.
    pub time_ns: i64,
}

/// Waits of one kind at one place, ended from one other place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PassedWait {
    /// Why they waited, in Go's words.
    pub reason: String,
    /// Where.
    #[serde(flatten)]
    pub place: Place,
    /// Who ended the wait: where that goroutine was.
    pub ended_by: Place,
    /// How many the path passed.
    pub count: u64,
    /// The time of the path behind them, ns: somebody of the path was waiting there for all of it.
    pub time_ns: i64,
}

/// A piece of the path.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Piece {
    /// Since the target began, ns.
    pub start_ns: i64,
    /// How long, ns.
    pub time_ns: i64,
    /// What it is.
    pub category: &'static str,
    /// The start function of its goroutine.
    pub goroutine: String,
    /// Where.
    #[serde(flatten)]
    pub place: Place,
    /// The wait that it stands behind, as `reason at function`; `None` where the target itself was at it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub behind: Option<String>,
}

/// One or several paths, told.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct PathTimes {
    /// Time by category, ns; they add up to `total_ns`.
    pub categories: BTreeMap<&'static str, i64>,
    /// Their sum: the wall time of the target, ns.
    pub total_ns: i64,
    /// By category and function, most time first.
    pub functions: Vec<FunctionTime>,
    /// The waits that the path passed, most time first. Their time and `own_ns` add up to `total_ns`.
    pub waits: Vec<PassedWait>,
    /// The time of the path that stands behind no wait, ns.
    pub own_ns: i64,
    /// The pieces, in order.
    pub pieces: Vec<Piece>,
    /// How many were left out at the end of that list.
    pub pieces_left_out: usize,
}

/// Why, in which function, and ended in which.
type WaitKey = (String, String, String);

/// Tells paths.
#[derive(Debug)]
pub(super) struct Teller<'a> {
    recording: &'a Recording,
    symbols: &'a Symbols,
    repository: &'a Repository,
    places: HashMap<StackId, Place>,
    between: HashMap<(StackId, StackId, Sym), Place>,
    functions: BTreeMap<(Category, String), (Place, u64, i64)>,
    waits: BTreeMap<WaitKey, (Place, Place, u64, i64)>,
    told: PathTimes,
}

impl<'a> Teller<'a> {
    pub(super) fn new(recording: &'a Recording, symbols: &'a Symbols, repository: &'a Repository) -> Teller<'a> {
        Teller {
            recording,
            symbols,
            repository,
            places: HashMap::default(),
            between: HashMap::default(),
            functions: BTreeMap::new(),
            waits: BTreeMap::new(),
            told: PathTimes::default(),
        }
    }

    /// Adds a path; its pieces are listed if `listed`.
    pub(super) fn add(&mut self, path: &Walked, from: Time, listed: bool) {
        let mut behind = vec![0i64; path.waits.len()];
        for segment in &path.segments {
            let ns = segment.ns();
            self.told.total_ns = self.told.total_ns.saturating_add(ns);
            *self.told.categories.entry(segment.category.name()).or_default() += ns;
            match behind.get_mut(segment.wait as usize) {
                Some(sum) => *sum = sum.saturating_add(ns),
                None => self.told.own_ns = self.told.own_ns.saturating_add(ns),
            }
            let place = self.place(segment);
            let sum = self.functions.entry((segment.category, place.function.clone())).or_insert((place, 0, 0));
            (sum.1, sum.2) = (sum.1 + 1, sum.2.saturating_add(ns));
        }
        for (wait, &ns) in path.waits.iter().zip(&behind) {
            let (place, by) = (self.at(wait.stack, wait.g), self.at(wait.by_stack, wait.by));
            let reason = self.symbols.text(wait.reason).to_owned();
            let key = (reason, place.function.clone(), by.function.clone());
            let sum = self.waits.entry(key).or_insert((place, by, 0, 0));
            (sum.2, sum.3) = (sum.2 + 1, sum.3.saturating_add(ns));
        }
        if listed {
            self.list(path, from);
        }
    }

    fn list(&mut self, path: &Walked, from: Time) {
        for segment in path.segments.iter().take(MOST_PIECES) {
            let behind = (segment.wait != OWN).then(|| path.waits.get(segment.wait as usize)).flatten().map(|wait| {
                let place = self.at(wait.stack, wait.g);
                match self.symbols.text(wait.reason) {
                    "" => place.label().to_owned(),
                    reason => format!("{reason} at {}", place.label()),
                }
            });
            let piece = Piece {
                start_ns: segment.start.since(from),
                time_ns: segment.ns(),
                category: segment.category.name(),
                goroutine: self.start_of(segment.g),
                place: self.place(segment),
                behind,
            };
            self.told.pieces.push(piece);
        }
        self.told.pieces_left_out = path.segments.len().saturating_sub(MOST_PIECES);
    }

    pub(super) fn finish(mut self) -> PathTimes {
        let functions = self.functions.into_iter().map(|((category, _), (place, pieces, time_ns))| FunctionTime {
            category: category.name(),
            place,
            pieces,
            time_ns,
        });
        self.told.functions = functions.collect();
        // Stable: those of equal time stay in the order of their names.
        self.told.functions.sort_by_key(|f| std::cmp::Reverse(f.time_ns));
        let waits = self.waits.into_iter().map(|((reason, ..), (place, ended_by, count, time_ns))| PassedWait {
            reason,
            place,
            ended_by,
            count,
            time_ns,
        });
        self.told.waits = waits.collect();
        self.told.waits.sort_by_key(|w| std::cmp::Reverse((w.time_ns, w.count)));
        self.told
    }

    fn start_of(&self, g: u32) -> String {
        self.recording.go(g).map_or_else(String::new, |go| self.symbols.text(go.start).to_owned())
    }

    /// Where a piece is.
    fn place(&mut self, segment: &Segment) -> Place {
        let runs = matches!(segment.category, Category::Cpu | Category::Gc) && segment.after != StackId::NONE;
        if runs || segment.category == Category::Cpu {
            return self.between(segment);
        }
        self.at(segment.stack, segment.g)
    }

    /// The frame that a person looks for in a stack; the start function of the goroutine where there is none.
    fn at(&mut self, stack: StackId, g: u32) -> Place {
        if stack == StackId::NONE {
            return Place { function: self.start_of(g), position: String::new() };
        }
        let (symbols, repository) = (self.symbols, self.repository);
        self.places.entry(stack).or_insert_with(|| Place::of(symbols.frames(stack), symbols, repository)).clone()
    }

    /// Where a goroutine ran that was at one stack before and at another after: the innermost function that is in
    /// both. It may have been elsewhere in between, and come back.
    fn between(&mut self, segment: &Segment) -> Place {
        let start = self.recording.go(segment.g).map_or(Sym::EMPTY, |go| go.start);
        let (symbols, repository) = (self.symbols, self.repository);
        let known = self.between.entry((segment.stack, segment.after, start));
        let find = || {
            let (before, after) = (symbols.frames(segment.stack).rev(), symbols.frames(segment.after).rev());
            let common = before.zip(after).take_while(|(a, b)| a.func == b.func).map(|(_, b)| b);
            let mut common: Vec<_> = common.collect();
            common.reverse();
            // Between the runner of a test and the test there is nothing.
            if runner_kind(symbols.text(common.first().map_or(start, |f| f.func))).is_some() {
                let test = [segment.stack, segment.after].into_iter().find_map(|s| test_frame(s, symbols));
                common.extend(test);
                common.rotate_right(usize::from(test.is_some()));
            }
            if common.is_empty() {
                return Place { function: symbols.text(start).to_owned(), position: String::new() };
            }
            Place::of(common.into_iter(), symbols, repository)
        };
        known.or_insert_with(find).clone()
    }
}
