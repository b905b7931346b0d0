//! One side of a comparison: the runs of one version, as series with one raw figure per run.
//!
//! Made from summaries or read from a baseline; nothing after this knows which. Figures stay raw (totals of a run)
//! until both sides are known: only then can be said per what they are to be compared.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::framework::{self, Owner};
use super::of_test::{self, OfTest};
use super::outcomes::Outcomes;
use super::{Figures, names, packages};
use crate::metrics::registry::{Path, SubjectKind, View, metrics_of};
use crate::summary::{Environment, Group, Position, Site, SiteFrame, Summary, TestNamedBy, TestRun, Warning};

/// The subject's exact name on this side. Joining sides matches names that differ.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct SubjectId {
    /// What it is.
    pub kind: SubjectKind,
    /// What it is called; empty for the process.
    pub name: String,
}

/// One side: by package, since only runs of one package are replicates.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Side {
    /// By import path, or what stands in for it.
    pub packages: BTreeMap<String, Package>,
}

/// The runs of one package.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Package {
    /// Where its name is from: decides how two sides' packages are paired.
    pub named_by: packages::NamedBy,
    /// In the order that all figures are in.
    pub runs: Vec<Run>,
    /// By kind and exact name.
    pub subjects: BTreeMap<SubjectId, Subject>,
}

/// What is known of a run beside its figures.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Run {
    /// The name of the file.
    pub source: String,
    /// The trace's header.
    pub format: String,
    /// False for a partial trace.
    pub complete: bool,
    /// Whether it is a flight recorder's snapshot.
    #[serde(default)]
    pub snapshot: bool,
    /// GOMAXPROCS; 0 where unknown.
    pub gomaxprocs: u64,
    /// Where it was recorded, as it is compared: what traces themselves do not say.
    #[serde(default, skip_serializing_if = "Environment::is_empty")]
    pub environment: Environment,
    /// How long the trace is, ns.
    pub duration_ns: i64,
    /// When it began, ns on its machine's clock; 0 where that is not known. Puts runs of one comparison in order.
    #[serde(skip)]
    pub started_ns: i64,
    /// Operations of its benchmarks, where known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operations: Option<u64>,
    /// What its counts are relative to.
    pub mode: Mode,
    /// Whether each of its tests has a name, so that they can be compared one by one.
    #[serde(default, skip_serializing_if = "is_false")]
    pub tests_named: bool,
    /// What became of its tests.
    #[serde(default, skip_serializing_if = "Outcomes::is_empty")]
    pub outcomes: Outcomes,
    /// What of its trace was asked for; empty for all of it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub narrowed: String,
    /// What is odd about it.
    #[serde(skip)]
    pub warnings: Vec<Warning>,
}

fn is_false(b: &bool) -> bool {
    !b
}

/// What a run's counts are relative to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// To the run: tests, or a program from begin to end.
    #[default]
    Run,
    /// To the rounds of its benchmarks.
    Benchmark,
    /// To its length: a window of a service.
    Window,
}

/// The series of one subject.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Subject {
    /// Whether it is the framework's or the runtime's, and so out of the verdict by default.
    pub framework: bool,
    /// Where it starts.
    pub start: Option<Position>,
    /// The functions that create it, with how many.
    pub creators: BTreeMap<String, u64>,
    /// The test that all of its figures are of.
    pub of_test: OfTest,
    /// Of a test with a name of its own: for each of its repeats the run that it was in. Its figures and sites are of
    /// repeats then, not of runs: a test that ran three times in each of two runs has six.
    pub repeats: Vec<Repeat>,
    /// Raw figures by metric path, one for each run; `None` where the run lacks the subject or the figure.
    pub figures: Figures,
    /// Where it waits.
    pub sites: BTreeMap<SiteKey, SiteFigures>,
}

/// One repeat of a test or benchmark.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Repeat {
    /// Index of the run that it was in.
    pub run: usize,
    /// Operations, of a benchmark and where they are known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operations: Option<u64>,
}

impl Subject {
    /// How many figures each of its series has, in a package of so many runs.
    pub fn points(&self, runs: usize) -> usize {
        if self.repeats.is_empty() { runs } else { self.repeats.len() }
    }

    /// Notes its figures in run `i` of `runs`.
    fn record(&mut self, kind: SubjectKind, view: View<'_>, i: usize, runs: usize) {
        self.figures.take(figures(kind, view), |series, figure| {
            series.resize(runs, None);
            series[i] = Some(figure);
        });
    }
}

/// A blocking site of a known group.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SiteKey {
    /// The figure that its time is part of: `block_ns.REASON` or `syscall`.
    pub state: String,
    /// The keys of the functions of its stack, innermost first.
    pub chain: Vec<String>,
}

impl SiteKey {
    /// The key of a site.
    pub fn of(site: &Site) -> SiteKey {
        SiteKey { state: site.state.clone(), chain: site.stack.iter().map(|f| names::key(&f.func)).collect() }
    }
}

/// The figures of a blocking site.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SiteFigures {
    /// The stack as the first run that has it says it, innermost frame first.
    pub stack: Vec<SiteFrame>,
    /// Waits, one for each run.
    pub count: Vec<i64>,
    /// Their time, one for each run.
    pub time_ns: Vec<i64>,
}

impl Side {
    /// The side that these runs make. `rounds`: the N of `-benchtime=Nx`, where the user says that it was given.
    pub fn new(summaries: &[Summary], rounds: Option<u64>) -> Side {
        Side::of_packages(summaries, &|_| rounds)
    }

    /// The same, where packages may have been recorded with a `-benchtime` of their own.
    pub fn of_packages(summaries: &[Summary], rounds: &dyn Fn(&str) -> Option<u64>) -> Side {
        let mut side = Side::default();
        for (identity, members) in packages::group(summaries) {
            let rounds = rounds(&identity.name);
            side.packages.insert(identity.name, Package::of(identity.named_by, &members, rounds));
        }
        side
    }

    /// Adds the runs of another part of the same side: a shard of a matrix, another document.
    pub fn absorb(&mut self, other: Side) {
        for (name, package) in other.packages {
            self.packages.entry(name).or_default().absorb(package);
        }
    }

    /// Makes one package of all that only files name.
    pub fn fold_files(&mut self) {
        let names: Vec<String> = self
            .packages
            .iter()
            .filter(|(_, p)| p.named_by == packages::NamedBy::File)
            .map(|(name, _)| name.clone())
            .collect();
        if let [first, rest @ ..] = &names[..] {
            for name in rest {
                if let (Some(more), Some(all)) = (self.packages.remove(name), self.packages.get_mut(first)) {
                    all.absorb(more);
                }
            }
        }
    }

    /// All runs.
    pub fn runs(&self) -> impl Iterator<Item = &Run> {
        self.packages.values().flat_map(|p| &p.runs)
    }
}

fn run_of(summary: &Summary, rounds: Option<u64>) -> Run {
    let mode = if framework::is_window(summary) {
        Mode::Window
    } else if framework::has_benchmark(summary) {
        Mode::Benchmark
    } else {
        Mode::Run
    };
    let operations = summary.operations.filter(|&n| n > 0).or_else(|| {
        // With -benchtime=Nx the framework runs each benchmark once with 1 and then once with N.
        let count = |name: &str| summary.goroutines.get(name).map_or(0, |g| g.count);
        let n = count("testing.(*B).launch").saturating_mul(rounds?).saturating_add(count("testing.(*B).run1.func1"));
        (mode == Mode::Benchmark && n > 0).then_some(n)
    });
    Run {
        source: summary.source.clone(),
        format: summary.format.clone(),
        complete: summary.complete,
        snapshot: summary.snapshot,
        gomaxprocs: summary.gomaxprocs,
        environment: summary.environment.to_compare(),
        duration_ns: summary.end_ns.saturating_sub(summary.start_ns),
        started_ns: summary.start_ns,
        operations,
        mode,
        tests_named: summary.attribution.tests > 0 && summary.attribution.named == summary.attribution.tests,
        outcomes: Outcomes::of(summary),
        narrowed: summary.narrowed.clone(),
        warnings: summary.warnings.clone(),
    }
}

impl Package {
    /// The package that these runs are of.
    pub fn of(named_by: packages::NamedBy, members: &[&Summary], rounds: Option<u64>) -> Package {
        let mut package = Package { named_by, ..Package::default() };
        for (i, summary) in members.iter().enumerate() {
            package.runs.push(run_of(summary, rounds));
            package.add(summary, i, members.len());
        }
        package
    }

    fn absorb(&mut self, other: Package) {
        let (runs_before, after) = (self.runs.len(), other.runs.len());
        let before = runs_before;
        if before == 0 {
            *self = other;
            return;
        }
        self.runs.extend(other.runs);
        for (id, mut theirs) in other.subjects {
            let subject = self.subjects.entry(id).or_default();
            // A test's own figures are counted by its repeats.
            let own = !subject.repeats.is_empty() || !theirs.repeats.is_empty();
            let before = if own { subject.repeats.len() } else { before };
            subject.repeats.extend(theirs.repeats.drain(..).map(|r| Repeat { run: r.run + runs_before, ..r }));
            subject.framework |= theirs.framework;
            subject.start = subject.start.take().or(theirs.start);
            subject.of_test.and(theirs.of_test);
            for (creator, n) in theirs.creators {
                let known = subject.creators.entry(creator).or_default();
                *known = known.saturating_add(n);
            }
            subject.figures.take(theirs.figures, |series, values| {
                series.resize(before, None);
                series.extend(values);
            });
            for (key, theirs) in theirs.sites {
                let site = subject.sites.entry(key).or_default();
                if site.stack.is_empty() {
                    site.stack = theirs.stack;
                }
                site.count.resize(before, 0);
                site.count.extend(theirs.count);
                site.time_ns.resize(before, 0);
                site.time_ns.extend(theirs.time_ns);
            }
        }
        for subject in self.subjects.values_mut() {
            let points = subject.points(before + after);
            subject.figures.values_mut().for_each(|series| series.resize(points, None));
            for site in subject.sites.values_mut() {
                site.count.resize(points, 0);
                site.time_ns.resize(points, 0);
            }
        }
    }

    /// Adds run `i` of `runs`.
    fn add(&mut self, summary: &Summary, i: usize, runs: usize) {
        let under_test = framework::is_under_test(summary);
        self.add_groups(summary, under_test, i, runs);
        self.record(SubjectKind::Process, "", View::Process(summary), i, runs);
        for (name, group) in &summary.goroutines {
            let kind = match framework::owner(name, under_test) {
                Owner::TestHost => SubjectKind::Test,
                Owner::BenchmarkHost => SubjectKind::Benchmark,
                _ => continue,
            };
            let own = without_framework_waits(name, group, &summary.sites);
            describe(self.record(kind, name, View::Group(&own), i, runs), group);
        }
        for (name, region) in &summary.regions {
            let subject = self.record(SubjectKind::Region, name, View::Region(region), i, runs);
            subject.start = subject.start.take().or_else(|| region.start.clone());
        }
        for (name, task) in &summary.tasks {
            self.record(SubjectKind::Task, name, View::Task(task), i, runs);
        }
        for (name, &count) in &summary.logs {
            self.record(SubjectKind::Log, name, View::Log(count), i, runs);
        }
        for site in &summary.sites {
            self.add_site(site, under_test, i, runs);
        }
        for test in summary.tests.iter().filter(|t| t.named_by != TestNamedBy::Nothing) {
            self.add_test(test, summary, i);
        }
        of_test::note(self, summary);
        for (id, counts) in super::stacks::of(summary, under_test) {
            self.record(SubjectKind::Site, &id.name, View::Stack(&counts), i, runs).start = id.start;
        }
    }

    /// Adds the groups of a run. Those of the first are all new and come in order: nothing has to be looked for.
    fn add_groups(&mut self, summary: &Summary, under_test: bool, i: usize, runs: usize) {
        let id = |name: &String| SubjectId { kind: SubjectKind::Group, name: name.clone() };
        let fill = |subject: &mut Subject, name: &str, group: &Group| {
            subject.record(SubjectKind::Group, View::Group(group), i, runs);
            subject.framework = framework::owner(name, under_test) != Owner::User;
            describe(subject, group);
        };
        if !self.subjects.is_empty() {
            for (name, group) in &summary.goroutines {
                fill(self.subjects.entry(id(name)).or_default(), name, group);
            }
            return;
        }
        let new = summary.goroutines.iter().map(|(name, group)| {
            let mut subject = Subject::default();
            fill(&mut subject, name, group);
            (id(name), subject)
        });
        self.subjects = new.collect();
    }

    /// Adds a test, one repeat of it.
    fn add_test(&mut self, test: &TestRun, summary: &Summary, run: usize) {
        let kind = SubjectKind::from(test.kind);
        let subject = self.subjects.entry(SubjectId { kind, name: test.name.clone() }).or_default();
        let at = subject.repeats.len();
        subject.repeats.push(Repeat { run, operations: test.operations });
        subject.figures.take(figures(kind, View::Test(test)), |series, figure| {
            series.resize(at, None);
            series.push(Some(figure));
        });
        subject.figures.values_mut().for_each(|series| series.resize(at + 1, None));
        if let Some(function) = test.function.as_ref().filter(|_| subject.start.is_none()) {
            subject.start = Some(function.position());
        }
        let mut own_sites: Vec<_> = test.sites.iter().collect();
        // Of places in the same functions, the one with the most time is shown.
        own_sites.sort_by_key(|own| std::cmp::Reverse(own.time_ns));
        for own in own_sites {
            let Some(site) = summary.sites.get(own.site) else { continue };
            // The states of a test are those of its own goroutine. Others have groups of their own.
            let own_goroutine = matches!(framework::owner(&site.group, true), Owner::TestHost | Owner::BenchmarkHost);
            if !own_goroutine || framework::is_framework_wait(&site.stack) {
                continue;
            }
            let figures = subject.sites.entry(SiteKey::of(site)).or_default();
            if figures.stack.is_empty() {
                figures.stack.clone_from(&site.stack);
            }
            figures.count.resize(at + 1, 0);
            figures.time_ns.resize(at + 1, 0);
            figures.count[at] = figures.count[at].saturating_add(i64::try_from(own.count).unwrap_or(i64::MAX));
            figures.time_ns[at] = figures.time_ns[at].saturating_add(own.time_ns);
        }
        for figures in subject.sites.values_mut() {
            figures.count.resize(at + 1, 0);
            figures.time_ns.resize(at + 1, 0);
        }
    }

    fn record(&mut self, kind: SubjectKind, name: &str, view: View<'_>, i: usize, runs: usize) -> &mut Subject {
        let subject = self.subjects.entry(SubjectId { kind, name: name.to_owned() }).or_default();
        subject.record(kind, view, i, runs);
        subject
    }

    fn add_site(&mut self, site: &Site, under_test: bool, i: usize, runs: usize) {
        let kind = match framework::owner(&site.group, under_test) {
            Owner::User => SubjectKind::Group,
            Owner::TestHost => SubjectKind::Test,
            Owner::BenchmarkHost => SubjectKind::Benchmark,
            Owner::Framework | Owner::Runtime => return,
        };
        if kind != SubjectKind::Group && framework::is_framework_wait(&site.stack) {
            return;
        }
        let Some(subject) = self.subjects.get_mut(&SubjectId { kind, name: site.group.clone() }) else { return };
        let figures = subject.sites.entry(SiteKey::of(site)).or_default();
        if figures.stack.is_empty() {
            figures.stack.clone_from(&site.stack);
            figures.count = vec![0; runs];
            figures.time_ns = vec![0; runs];
        }
        figures.count[i] = figures.count[i].saturating_add(i64::try_from(site.count).unwrap_or(i64::MAX));
        figures.time_ns[i] = figures.time_ns[i].saturating_add(site.time_ns);
    }
}

/// What the metrics of `kind` read of one subject in one run.
fn figures(kind: SubjectKind, view: View<'_>) -> Vec<(Path, i64)> {
    let of_kind = metrics_of(kind);
    let mut all = Vec::with_capacity(of_kind.len());
    for metric in of_kind {
        metric.figures(view, |path, figure| all.push((path, figure)));
    }
    all
}

fn describe(subject: &mut Subject, group: &Group) {
    if subject.start.is_none() {
        subject.start.clone_from(&group.start);
    }
    for (creator, n) in &group.creators {
        let known = subject.creators.entry(creator.clone()).or_default();
        *known = known.saturating_add(*n);
    }
}

/// The figures of goroutines that run tests, less what the framework waited on them: for subtests, for its turn.
fn without_framework_waits(name: &str, group: &Group, sites: &[Site]) -> Group {
    let mut own = group.clone();
    let take = |from: &mut i64, most: i64| {
        let taken = most.clamp(0, (*from).max(0));
        *from -= taken;
        taken
    };
    for site in sites.iter().filter(|s| s.group == name && framework::is_framework_wait(&s.stack)) {
        let taken = match site.state.strip_prefix("block_ns.") {
            Some(reason) => own.block_ns.get_mut(reason).map_or(0, |ns| take(ns, site.time_ns)),
            None => {
                let held = take(&mut own.syscall_ns, site.time_ns);
                held + take(&mut own.syscall_block_ns, site.time_ns - held)
            }
        };
        own.total_ns = own.total_ns.saturating_sub(taken);
    }
    own
}
