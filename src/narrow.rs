//! A part of a recording instead of all of it: a window of time, some tests, some groups, no warm-up.
//!
//! ```text
//!   first read     which tests are there, when do they begin and end     only where tests decide (--test, --warmup, --trim)
//!   second read    the window, as if the trace were no longer, and the goroutines of those tests
//!   afterwards     what of the tests, groups, regions and tasks was not asked for is left out
//! ```

mod edge;

use crate::config::Pattern;
use crate::launchers;
use crate::metrics::population::{self, Owner};
use crate::metrics::registry::SubjectKind;
use crate::metrics::{Chosen, Names};
use crate::subject::{SubjectPattern, matches_target};
use crate::summary::{RunOutcome, Summary, TestOutcome, TestRun};
use crate::timeline::{Moment, Window};
pub use edge::Edge;

/// What is wanted of a recording; all of it by default.
#[derive(Clone, Debug, Default)]
pub struct Narrow {
    /// From here.
    pub from: Option<Edge>,
    /// To here.
    pub to: Option<Edge>,
    /// From the begin of its first test to the end of its last one.
    pub trim: bool,
    /// Without the first so many repeats of each test.
    pub warmup: u64,
    /// Tests and benchmarks of these names, with all that run within them; all if none is given.
    pub tests: Vec<Pattern>,
    /// Goroutine groups of these names; all if none is given.
    pub groups: Vec<Pattern>,
    /// Regions of these types, and what goroutines do within them; all if none is given.
    pub regions: Vec<Pattern>,
    /// Tasks of these types, and what goroutines do while they work for them; all if none is given.
    pub tasks: Vec<Pattern>,
}

/// Gives tests the names that a read of the whole recording found: in a part of it they cannot be counted off against
/// the output of `go test`.
pub fn copy_names(whole: &Summary, part: &mut Summary) {
    part.package.clone_from(&whole.package);
    (part.operations, part.outcome) = (whole.operations, whole.outcome);
    part.attribution.method = whole.attribution.method;
    part.attribution.note.clone_from(&whole.attribution.note);
    for (test, known) in part.tests.iter_mut().zip(&whole.tests) {
        test.name.clone_from(&known.name);
        (test.named_by, test.repeat, test.operations) = (known.named_by, known.repeat, known.operations);
        test.outcome = known.outcome;
    }
    part.attribution.named = part.tests.iter().filter(|t| !t.name.is_empty()).count() as u64;
}

impl Narrow {
    /// Whether all is wanted.
    pub fn is_all(&self) -> bool {
        self.words().is_empty()
    }

    /// Whether the recording has to be known as a whole before a part of it can be cut out.
    pub fn needs_whole(&self) -> bool {
        let is_wall = |edge: Option<Edge>| matches!(edge, Some(Edge::Wall(_)));
        self.trim || self.warmup > 0 || !self.tests.is_empty() || is_wall(self.from) || is_wall(self.to)
    }

    /// The goroutines that count, and when, given all tests of the recording: those that work for the wanted ones, and,
    /// where only warm-up is left out, those that work for none. Tests are not asked for where there is no `whole`.
    pub fn chosen(&self, whole: Option<&Summary>) -> Option<Chosen> {
        let by_test = self.warmup > 0 || !self.tests.is_empty();
        let names = |kind: SubjectKind, globs: &[Pattern]| {
            let globs = globs.to_vec();
            (!globs.is_empty()).then(|| Names::new(move |name| globs.iter().any(|glob| means(glob, kind, name))))
        };
        let chosen = Chosen {
            tests: whole.filter(|_| by_test).map(|whole| self.by_name_and_repeat(&whole.tests)),
            others: self.tests.is_empty(),
            groups: names(SubjectKind::Group, &self.groups),
            regions: names(SubjectKind::Region, &self.regions),
            tasks: names(SubjectKind::Task, &self.tasks),
        };
        let is_all =
            chosen.tests.is_none() && self.groups.is_empty() && self.regions.is_empty() && self.tasks.is_empty();
        (!is_all).then_some(chosen)
    }

    /// The window, as far as it is known without the recording.
    pub fn window(&self) -> Window {
        let moment = |edge: Option<Edge>| match edge {
            Some(Edge::Since(ns)) => Some(Moment::Since(ns)),
            Some(Edge::Wall(_)) | None => None,
        };
        Window { from: moment(self.from), to: moment(self.to) }
    }

    /// When an edge is on the trace's clock, ns.
    fn at(edge: Edge, whole: &Summary) -> Result<i64, String> {
        let recording = whole.recording.unwrap_or_default();
        match edge {
            Edge::Since(ns) => Ok(recording.start_ns.saturating_add(ns)),
            Edge::Wall(ns) => {
                let began = recording.wall_ns.ok_or(
                    "it has no clock snapshots, so that nobody knows when it was by the wall clock: only Go 1.25 and newer \
                     write them; give --from and --to as times since it began",
                )?;
                Ok(recording.start_ns.saturating_add(ns.saturating_sub(began)))
            }
        }
    }

    /// The window of a recording that has been read as a whole before.
    ///
    /// # Errors
    /// One sentence, where it has no test, or no wall clock.
    pub fn window_of(&self, whole: &Summary) -> Result<Window, String> {
        let at = |edge: Option<Edge>| edge.map(|edge| Narrow::at(edge, whole)).transpose();
        let (mut from, mut to) = (at(self.from)?, at(self.to)?);
        if self.trim {
            let first = whole.tests.iter().map(|t| t.start_ns).min();
            let last = whole.tests.iter().map(|t| t.end_ns).max();
            let (Some(first), Some(last)) = (first, last) else {
                return Err("no test or benchmark is in it, so that there is nothing to trim to".to_owned());
            };
            (from, to) = (Some(from.map_or(first, |at| first.max(at))), Some(to.map_or(last, |at| last.min(at))));
        }
        Ok(Window { from: from.map(Moment::At), to: to.map(Moment::At) })
    }

    /// What was asked for, in words; equal words mean that figures can be compared.
    pub fn words(&self) -> String {
        let mut words = Vec::new();
        for (word, edge) in [("from", self.from), ("to", self.to)] {
            match edge {
                Some(Edge::Since(ns)) => words.push(format!("{word} {ns} ns")),
                Some(Edge::Wall(ns)) => words.push(format!("{word} {ns} ns since 1970")),
                None => {}
            }
        }
        if self.trim {
            words.push("trimmed to its tests".to_owned());
        }
        if self.warmup > 0 {
            words.push(format!("without {} warm-up repeats", self.warmup));
        }
        for (kind, globs) in
            [("tests", &self.tests), ("groups", &self.groups), ("regions", &self.regions), ("tasks", &self.tasks)]
        {
            if !globs.is_empty() {
                let globs: Vec<&str> = globs.iter().map(Pattern::text).collect();
                words.push(format!("{kind} {}", globs.join(" ")));
            }
        }
        words.join(", ")
    }

    /// Leaves out what was not asked for. The window has been cut by the timeline; tests have their names.
    ///
    /// # Errors
    /// One sentence, where nothing is left.
    pub fn apply(&self, summary: &mut Summary) -> Result<(), String> {
        if self.is_all() {
            return Ok(());
        }
        summary.narrowed = self.words();
        if self.from.is_some() || self.to.is_some() {
            // How many operations of a benchmark are in a window nobody knows.
            summary.operations = None;
            let (start, end) = (summary.start_ns, summary.end_ns);
            let cut = |t: &&mut TestRun| t.start_ns <= start || t.end_ns >= end;
            summary.tests.iter_mut().filter(cut).for_each(|t| t.operations = None);
        }
        self.window_has_something(summary)?;
        let is_wanted = |kind: SubjectKind, globs: &[Pattern], name: &str| {
            globs.is_empty() || globs.iter().any(|glob| means(glob, kind, name))
        };
        summary.goroutines.retain(|name, _| is_wanted(SubjectKind::Group, &self.groups, name));
        if !self.groups.is_empty() {
            let of_group = |root: Option<&crate::summary::SiteFrame>| {
                root.is_some_and(|frame| is_wanted(SubjectKind::Group, &self.groups, &frame.func))
            };
            // Whose goroutine stood at such a stack is told by who called the launcher, which no stack of it has. What others
            // did is left out already.
            let launched = summary.goroutines.keys().any(|name| launchers::parts(name).1.is_some());
            let of_group = |root: Option<&crate::summary::SiteFrame>| {
                of_group(root) || launched && root.is_some_and(|frame| launchers::is_launchers(&frame.func))
            };
            summary.creations.retain(|c| of_group(c.stack.last()));
            summary.unblocks.retain(|c| of_group(c.stack.last()));
            keep_sites(summary, |i, summary| is_wanted(SubjectKind::Group, &self.groups, &summary.sites[i].group));
        }
        summary.regions.retain(|name, _| is_wanted(SubjectKind::Region, &self.regions, name));
        summary.tasks.retain(|name, _| is_wanted(SubjectKind::Task, &self.tasks, name));
        let wanted = self.tests_wanted(summary);
        keep_tests(summary, &wanted);
        for (what, globs, left) in [
            ("test or benchmark", &self.tests, summary.tests.len()),
            ("goroutine group", &self.groups, summary.goroutines.len()),
            ("region", &self.regions, summary.regions.len()),
            ("task", &self.tasks, summary.tasks.len()),
        ] {
            if !globs.is_empty() && left == 0 {
                let globs: Vec<&str> = globs.iter().map(Pattern::text).collect();
                return Err(format!("no {what} of it is called {}", globs.join(" or ")));
            }
        }
        if self.warmup > 0 && summary.tests.is_empty() {
            return Err(match self.warmup {
                1 => "no test of it was repeated more than once".to_owned(),
                n => format!("no test of it was repeated more than {n} times"),
            });
        }
        Ok(())
    }

    fn window_has_something(&self, summary: &Summary) -> Result<(), String> {
        if self.from.is_none() && self.to.is_none() && !self.trim {
            return Ok(());
        }
        let length = summary.recording.map_or(0, |r| r.duration_ns);
        let users = summary.goroutines.iter().filter(|(name, _)| {
            matches!(population::owner(name, false), Owner::User | Owner::TestHost | Owner::BenchmarkHost)
        });
        let mut did = users.map(|(_, g)| g.exec_ns.max(g.syscall_ns).max(g.sched_wait_ns));
        if summary.end_ns <= summary.start_ns || !did.any(|ns| ns > 0) {
            return Err(format!(
                "nothing of the program's own happened in this window; the recording is {:.3} s long",
                length as f64 / 1e9
            ));
        }
        Ok(())
    }

    /// Which tests are wanted, by index: those of the names asked for with all that run within them, without warm-up,
    /// and none that was over before the window began.
    fn tests_wanted(&self, summary: &Summary) -> Vec<bool> {
        let windowed = self.from.is_some() || self.trim;
        let over = |t: &TestRun| windowed && t.complete && t.end_ns <= summary.start_ns;
        let wanted = self.by_name_and_repeat(&summary.tests);
        summary.tests.iter().zip(wanted).map(|(test, wanted)| wanted && !over(test)).collect()
    }

    fn by_name_and_repeat(&self, tests: &[TestRun]) -> Vec<bool> {
        let named = |test: &TestRun| self.tests.iter().any(|glob| means(glob, test.kind.into(), &test.name));
        let mut by_name: Vec<bool> = tests.iter().map(|t| self.tests.is_empty() || named(t)).collect();
        // A test begins before those within it, and has the lower index.
        for i in 0..tests.len() {
            if let Some(parent) = tests[i].parent.filter(|&parent| parent < i) {
                by_name[i] |= by_name[parent];
            }
        }
        let mut wanted: Vec<bool> =
            tests.iter().zip(by_name).map(|(t, named)| named && t.repeat >= self.warmup).collect();
        // What runs within a warm-up is one, too.
        for i in 0..tests.len() {
            if let Some(parent) = tests[i].parent.filter(|&parent| parent < i)
                && tests[parent].repeat < self.warmup
            {
                wanted[i] = false;
            }
        }
        wanted
    }
}

/// Whether a glob means the subject of this kind and name.
fn means(glob: &Pattern, kind: SubjectKind, name: &str) -> bool {
    matches_target(&SubjectPattern { kind: Some(kind), pattern: glob.clone() }, kind, name)
}

/// Keeps what is wanted of `all`. The new index of each; `None` for what is left out.
fn keep<T>(all: &mut Vec<T>, wanted: &[bool]) -> Vec<Option<usize>> {
    let mut each = wanted.iter();
    all.retain(|_| each.next().is_some_and(|w| *w));
    let mut next = 0;
    let number = |&w: &bool| {
        next += usize::from(w);
        w.then(|| next - 1)
    };
    wanted.iter().map(number).collect()
}

/// Leaves out tests, and gives those that stay their new indices.
fn keep_tests(summary: &mut Summary, wanted: &[bool]) {
    if wanted.iter().all(|&w| w) {
        return;
    }
    let has_failed = |tests: &[TestRun]| tests.iter().any(|t| t.outcome == Some(TestOutcome::Failed));
    let failed = has_failed(&summary.tests);
    let new = keep(&mut summary.tests, wanted);
    if failed && !has_failed(&summary.tests) {
        // What failed is not looked at.
        summary.outcome = Some(RunOutcome::Passed);
    }
    let at = |old: usize| new.get(old).copied().flatten();
    for test in &mut summary.tests {
        test.parent = test.parent.and_then(at);
    }
    summary.slowest = summary.slowest.take().and_then(|slowest| {
        let test = at(slowest.test)?;
        Some(crate::summary::Slowest { test, ..slowest })
    });
    if let Some(instances) = &mut summary.instances {
        instances.renumber_tests(at);
    }
    if summary.operations.is_some() {
        let known = summary.tests.iter().filter_map(|t| t.operations);
        summary.operations = Some(known.fold(0, u64::saturating_add)).filter(|&n| n > 0);
    }
    let named = summary.tests.iter().filter(|t| !t.name.is_empty()).count();
    (summary.attribution.tests, summary.attribution.named) = (summary.tests.len() as u64, named as u64);
}

/// Leaves out sites, and gives those that stay their new indices in tests.
fn keep_sites(summary: &mut Summary, is_wanted: impl Fn(usize, &Summary) -> bool) {
    let wanted: Vec<bool> = (0..summary.sites.len()).map(|i| is_wanted(i, summary)).collect();
    let new = keep(&mut summary.sites, &wanted);
    for test in &mut summary.tests {
        test.sites.retain_mut(|own| match new.get(own.site).copied().flatten() {
            Some(site) => {
                own.site = site;
                true
            }
            None => false,
        });
    }
}
