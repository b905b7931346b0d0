//! A part of a recording instead of all of it: a window of time, some tests, some groups, no warm-up.
//!
//! ```text
//!   first read     which tests are there, when do they begin and end     only where tests decide (--test, --warmup, --trim)
//!   second read    the window, as if the trace were no longer, and the goroutines of those tests
//!   afterwards     what of the tests, groups, regions and tasks was not asked for is left out
//! ```

use crate::config::Pattern;
use crate::metrics::Chosen;
use crate::metrics::population::{self, Owner};
use crate::metrics::registry::SubjectKind;
use crate::subject::{SubjectPattern, matches_target};
use crate::summary::{Summary, TestKind, TestRun};
use crate::timeline::{Moment, Window};

/// What is wanted of a recording; all of it by default.
#[derive(Clone, Debug, Default)]
pub struct Narrow {
    /// From so many ns after its begin.
    pub from: Option<i64>,
    /// To so many ns after its begin.
    pub to: Option<i64>,
    /// From the begin of its first test to the end of its last one.
    pub trim: bool,
    /// Without the first so many repeats of each test.
    pub warmup: u64,
    /// Tests and benchmarks of these names, with all that run within them; all if none is given.
    pub tests: Vec<Pattern>,
    /// Goroutine groups of these names; all if none is given.
    pub groups: Vec<Pattern>,
    /// Regions of these types; all if none is given.
    pub regions: Vec<Pattern>,
    /// Tasks of these types; all if none is given.
    pub tasks: Vec<Pattern>,
}

/// Gives tests the names that a read of the whole recording found: in a part of it they cannot be counted off against
/// the output of `go test`.
pub fn copy_names(whole: &Summary, part: &mut Summary) {
    part.package.clone_from(&whole.package);
    part.operations = whole.operations;
    part.attribution.method = whole.attribution.method;
    part.attribution.note.clone_from(&whole.attribution.note);
    for (test, known) in part.tests.iter_mut().zip(&whole.tests) {
        test.name.clone_from(&known.name);
        (test.named_by, test.repeat, test.operations) = (known.named_by, known.repeat, known.operations);
    }
    part.attribution.named = part.tests.iter().filter(|t| !t.name.is_empty()).count() as u64;
}

impl Narrow {
    /// Whether all is wanted.
    pub fn is_all(&self) -> bool {
        self.words().is_empty()
    }

    /// Whether the tests of the recording have to be known before its window is.
    pub fn needs_tests(&self) -> bool {
        self.trim || self.warmup > 0 || !self.tests.is_empty()
    }

    /// The goroutines that count, given all tests of the recording: those that work for the wanted ones, and, where
    /// only warm-up is left out, those that work for none.
    pub fn chosen(&self, whole: &Summary) -> Option<Chosen> {
        let chosen = || Chosen { tests: self.by_name_and_repeat(&whole.tests), others: self.tests.is_empty() };
        (self.warmup > 0 || !self.tests.is_empty()).then(chosen)
    }

    /// The window, as far as it is known without the tests.
    pub fn window(&self) -> Window {
        Window { from: self.from.map(Moment::Since), to: self.to.map(Moment::Since) }
    }

    /// The window of a recording that has been read as a whole before.
    ///
    /// # Errors
    /// One sentence, where it has no test.
    pub fn window_of(&self, whole: &Summary) -> Result<Window, String> {
        if !self.trim {
            return Ok(self.window());
        }
        let first = whole.tests.iter().map(|t| t.start_ns).min();
        let last = whole.tests.iter().map(|t| t.end_ns).max();
        let (Some(first), Some(last)) = (first, last) else {
            return Err("no test or benchmark is in it, so that there is nothing to trim to".to_owned());
        };
        let from = self.from.map_or(first, |ns| first.max(whole.start_ns.saturating_add(ns)));
        let to = self.to.map_or(last, |ns| last.min(whole.start_ns.saturating_add(ns)));
        Ok(Window { from: Some(Moment::At(from)), to: Some(Moment::At(to)) })
    }

    /// What was asked for, in words; equal words mean that figures can be compared.
    pub fn words(&self) -> String {
        let mut words = Vec::new();
        if let Some(from) = self.from {
            words.push(format!("from {from} ns"));
        }
        if let Some(to) = self.to {
            words.push(format!("to {to} ns"));
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
            globs.is_empty()
                || globs.iter().any(|pattern| {
                    matches_target(&SubjectPattern { kind: Some(kind), pattern: pattern.clone() }, kind, name)
                })
        };
        summary.goroutines.retain(|name, _| is_wanted(SubjectKind::Group, &self.groups, name));
        if !self.groups.is_empty() {
            let of_group = |root: Option<&crate::summary::SiteFrame>| {
                root.is_some_and(|frame| is_wanted(SubjectKind::Group, &self.groups, &frame.func))
            };
            summary.creations.retain(|c| of_group(c.stack.last()));
            summary.unblocks.retain(|c| of_group(c.stack.last()));
            keep_sites(summary, |i, summary| of_group(summary.sites[i].stack.last()));
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
            return Err(format!("no test of it was repeated more than {} times", self.warmup));
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
        let named = |test: &TestRun| {
            let kind = match test.kind {
                TestKind::Test => SubjectKind::Test,
                TestKind::Benchmark => SubjectKind::Benchmark,
            };
            self.tests.iter().any(|pattern| {
                matches_target(&SubjectPattern { kind: Some(kind), pattern: pattern.clone() }, kind, &test.name)
            })
        };
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

/// Leaves out tests, and gives those that stay their new indices.
fn keep_tests(summary: &mut Summary, wanted: &[bool]) {
    if wanted.iter().all(|&w| w) {
        return;
    }
    let mut next = 0;
    let new: Vec<Option<usize>> = wanted
        .iter()
        .map(|&w| {
            next += usize::from(w);
            w.then(|| next - 1)
        })
        .collect();
    let at = |old: usize| new.get(old).copied().flatten();
    let mut index = 0;
    summary.tests.retain(|_| {
        index += 1;
        wanted[index - 1]
    });
    for test in &mut summary.tests {
        test.parent = test.parent.and_then(at);
    }
    summary.slowest = summary.slowest.take().and_then(|slowest| {
        let test = at(slowest.test)?;
        Some(crate::summary::Slowest { test, ..slowest })
    });
    if summary.operations.is_some() {
        let known = summary.tests.iter().filter_map(|t| t.operations);
        summary.operations = Some(known.fold(0, u64::saturating_add)).filter(|&n| n > 0);
    }
    let named = summary.tests.iter().filter(|t| !t.name.is_empty()).count();
    (summary.attribution.tests, summary.attribution.named) = (summary.tests.len() as u64, named as u64);
}

/// Leaves out sites, and gives those that stay their new indices in tests.
fn keep_sites(summary: &mut Summary, keep: impl Fn(usize, &Summary) -> bool) {
    let wanted: Vec<bool> = (0..summary.sites.len()).map(|i| keep(i, summary)).collect();
    let mut next = 0;
    let new: Vec<Option<usize>> = wanted
        .iter()
        .map(|&w| {
            next += usize::from(w);
            w.then(|| next - 1)
        })
        .collect();
    let mut index = 0;
    summary.sites.retain(|_| {
        index += 1;
        wanted[index - 1]
    });
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
