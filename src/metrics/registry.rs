//! Every metric, once: what it is called, what it means, how it is made per item, and whether it gates.
//!
//! `--list-metrics`, `--explain`, limits, JSON and reports are all read off [`metrics`]: a new metric is one entry.
//!
//! ```text
//!     Summary ──View──▶ raw figure of one run ──Per──▶ figure per item, which is what is compared
//! ```

mod definitions;
mod path;

use std::fmt;
use std::sync::LazyLock;

pub use path::{Expected, Path};
use serde::{Deserialize, Serialize};

use crate::hash::HashMap;
use crate::summary::{Group, Region, Summary, Task, TestKind, TestRun};

/// What a figure is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SubjectKind {
    /// The whole run.
    Process,
    /// A test function.
    Test,
    /// A benchmark function.
    Benchmark,
    /// The goroutines that started in one function.
    Group,
    /// The calls of one region type.
    Region,
    /// The tasks of one type.
    Task,
    /// The messages of one log category.
    Log,
    /// A stack at which goroutines waited.
    Site,
}

impl SubjectKind {
    /// Every kind.
    pub const ALL: [SubjectKind; 8] = [
        SubjectKind::Process,
        SubjectKind::Test,
        SubjectKind::Benchmark,
        SubjectKind::Group,
        SubjectKind::Region,
        SubjectKind::Task,
        SubjectKind::Log,
        SubjectKind::Site,
    ];

    /// Its name in reports, rules and JSON.
    pub fn name(self) -> &'static str {
        match self {
            SubjectKind::Process => "process",
            SubjectKind::Test => "test",
            SubjectKind::Benchmark => "benchmark",
            SubjectKind::Group => "group",
            SubjectKind::Region => "region",
            SubjectKind::Task => "task",
            SubjectKind::Log => "log",
            SubjectKind::Site => "site",
        }
    }
}

impl From<TestKind> for SubjectKind {
    fn from(kind: TestKind) -> Self {
        match kind {
            TestKind::Test => SubjectKind::Test,
            TestKind::Benchmark => SubjectKind::Benchmark,
        }
    }
}

impl fmt::Display for SubjectKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// What a figure is measured in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Nanoseconds.
    Nanoseconds,
    /// A number of things.
    Count,
    /// Bytes.
    Bytes,
    /// A ratio. Summaries and baselines have it in millionths, comparisons as it is.
    Ratio,
}

impl Unit {
    /// Its name in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Unit::Nanoseconds => "ns",
            Unit::Count => "count",
            Unit::Bytes => "bytes",
            Unit::Ratio => "ratio",
        }
    }
}

/// Which way is better.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Better {
    /// Less is better.
    Smaller,
    /// More is better.
    Larger,
    /// Neither: a change is only a change.
    Neither,
}

/// How a figure behaves, which decides its default limits and what counts as evidence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// Goroutines, region calls, tasks and log messages: the same in every run of the same code, as a rule.
    Structural,
    /// Any other count.
    Count,
    /// A time.
    Time,
    /// A part of a whole.
    Ratio,
    /// An amount of memory.
    Bytes,
}

impl Class {
    /// Its name in listings and JSON.
    pub fn name(self) -> &'static str {
        match self {
            Class::Structural => "structural count",
            Class::Count => "count",
            Class::Time => "time",
            Class::Ratio => "ratio",
            Class::Bytes => "bytes",
        }
    }
}

/// What else than the program moves a figure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum DependsOn {
    /// Nothing: the same on any machine.
    Nothing,
    /// The Go release, as with the runtime's own behaviour.
    GoRelease,
    /// The operating system.
    Os,
    /// The machine and its load.
    Machine,
}

impl DependsOn {
    /// Its name in listings.
    pub fn name(self) -> &'static str {
        match self {
            DependsOn::Nothing => "nothing but the program",
            DependsOn::GoRelease => "the Go release",
            DependsOn::Os => "the operating system",
            DependsOn::Machine => "the machine and its load",
        }
    }
}

/// What a raw figure of one run is divided by before it is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Per {
    /// By what the run did: operations of benchmarks, seconds of a service's window; else nothing.
    Run,
    /// By the subject's own items: goroutines, calls, complete tasks.
    Item,
    /// By nothing: quantiles, peaks and the like are what they are.
    Nothing,
}

/// Whether a metric takes part in the verdict where no rule speaks of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// It can fail the build.
    Gated,
    /// It can fail the build where it is a queue that runs prove to be longer; else it is shown.
    Queue,
    /// It can fail the build where enough runs of both sides show that it does not vary; else it is shown.
    Steady,
    /// It is shown, and explains what is gated.
    Shown,
}

/// What a metric is read from: one subject in one run.
#[derive(Clone, Copy, Debug)]
pub enum View<'a> {
    /// The whole run.
    Process(&'a Summary),
    /// A group of goroutines.
    Group(&'a Group),
    /// A region type.
    Region(&'a Region),
    /// A task type.
    Task(&'a Task),
    /// A log category and its messages.
    Log(u64),
    /// One repeat of a test or benchmark.
    Test(&'a TestRun),
    /// What happened at one stack.
    Stack(&'a StackCounts),
}

/// How often things happened at one stack.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StackCounts {
    /// Waits that began there, by reason.
    pub blocks: std::collections::BTreeMap<String, u64>,
    /// System calls.
    pub syscalls: u64,
    /// Goroutines created.
    pub creations: u64,
    /// Goroutines woken.
    pub unblocks: u64,
}

/// How a metric's raw figures are read.
#[derive(Clone, Copy, Debug)]
pub enum Read {
    /// One figure; `None` where this subject has none.
    One(fn(View<'_>) -> Option<i64>),
    /// One figure for each name; the metric's id ends in `*`, which the name replaces.
    Each(for<'a> fn(View<'a>) -> Vec<(&'a str, i64)>),
}

/// A registered figure.
#[derive(Debug)]
pub struct Metric {
    /// Its path in the summary; `*` stands for a name (a reason, a kind).
    pub id: &'static str,
    /// The kinds of subjects that have it.
    pub kinds: &'static [SubjectKind],
    /// What it is measured in.
    pub unit: Unit,
    /// Which way is better.
    pub better: Better,
    /// How it behaves.
    pub class: Class,
    /// What else than the program moves it.
    pub depends: DependsOn,
    /// How it is made per item.
    pub per: Per,
    /// Whether it can fail the build where no rule speaks of it.
    pub role: Role,
    /// The metric that it is a part of, or another view of: a change of both is one finding.
    pub part_of: Option<&'static str>,
    /// What a run without the subject counts: 0 for counts and times, nothing for quantiles and peaks.
    pub zero_when_absent: bool,
    /// One paragraph.
    pub definition: &'static str,
    /// How it is read.
    pub read: Read,
}

impl Metric {
    /// Gives the figures of one subject in one run to `each`, by path.
    pub fn figures(&'static self, view: View<'_>, mut each: impl FnMut(Path, i64)) {
        match self.read {
            Read::One(read) => {
                if let Some(figure) = read(view) {
                    each(Path::from(self), figure);
                }
            }
            Read::Each(read) => {
                for (name, figure) in read(view) {
                    each(Path::in_family(self, name), figure);
                }
            }
        }
    }

    /// Whether it stands for several figures, whose names end in what its `*` stands for.
    fn is_family(&self) -> bool {
        self.id.ends_with('*')
    }

    /// Whether `path` is this metric's.
    pub fn owns(&self, path: &str) -> bool {
        match self.id.strip_suffix('*') {
            Some(stem) => path.starts_with(stem),
            None => path == self.id,
        }
    }

    /// What stands for `*` in `path`.
    pub fn instance<'p>(&self, path: &'p str) -> &'p str {
        self.id.strip_suffix('*').and_then(|stem| path.strip_prefix(stem)).unwrap_or_default()
    }
}

/// Every metric, those that matter most first.
pub fn metrics() -> impl Iterator<Item = &'static Metric> {
    definitions::FAMILIES.into_iter().flatten()
}

/// Those that subjects of `kind` have, in the order of their ids.
pub fn metrics_of(kind: SubjectKind) -> &'static [&'static Metric] {
    static BY_KIND: LazyLock<[Vec<&'static Metric>; SubjectKind::ALL.len()]> = LazyLock::new(|| {
        SubjectKind::ALL.map(|kind| {
            let mut of_kind: Vec<_> = metrics().filter(|m| m.kinds.contains(&kind)).collect();
            of_kind.sort_by_key(|m| m.id);
            of_kind
        })
    });
    BY_KIND.get(kind as usize).map_or(&[], Vec::as_slice)
}

/// The metric of `path` for subjects of `kind`.
pub fn find(kind: SubjectKind, path: &str) -> Option<&'static Metric> {
    // Asked for each series of a comparison: those that are one figure are looked up, and win over families, whose stems
    // could be their beginning.
    static SINGLE: LazyLock<HashMap<(SubjectKind, &str), &Metric>> = LazyLock::new(|| {
        let single = metrics().filter(|m| !m.is_family());
        single.flat_map(|m| m.kinds.iter().map(move |&kind| ((kind, m.id), m))).collect()
    });
    SINGLE.get(&(kind, path)).copied().or_else(|| {
        let families = metrics_of(kind).iter().filter(|m| m.is_family() && m.owns(path));
        families.max_by_key(|m| m.id.len()).copied()
    })
}

/// All metrics that `name` may mean: an id, a path of a family, or the end of one.
pub fn search(name: &str) -> Vec<&'static Metric> {
    metrics().filter(|m| m.id == name || m.owns(name) || m.id.trim_end_matches(".*") == name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_metrics_claim_the_same_figure() {
        for kind in SubjectKind::ALL {
            let mut ids: Vec<_> = metrics().filter(|m| m.kinds.contains(&kind)).map(|m| m.id).collect();
            let all = ids.len();
            ids.sort_unstable();
            ids.dedup();
            assert_eq!(ids.len(), all, "{kind}");
        }
    }

    #[test]
    fn every_metric_is_whole() {
        for metric in metrics() {
            assert!(metric.definition.len() > 40, "{} needs a definition", metric.id);
            assert!(metric.definition.ends_with('.'), "{}", metric.id);
            assert!(!metric.kinds.is_empty(), "{}", metric.id);
            assert_eq!(metric.id.ends_with('*'), matches!(metric.read, Read::Each(_)), "{}", metric.id);
            for kind in metric.kinds {
                if let Some(parent) = metric.part_of {
                    assert!(find(*kind, parent).is_some(), "{} is part of {parent}, which {kind} lacks", metric.id);
                }
            }
        }
    }

    #[test]
    fn a_path_finds_its_metric() {
        assert_eq!(find(SubjectKind::Group, "block_ns.chan send").map(|m| m.id), Some("block_ns.*"));
        assert_eq!(find(SubjectKind::Group, "exec_ns").map(|m| m.id), Some("exec_ns"));
        assert_eq!(find(SubjectKind::Log, "exec_ns").map(|m| m.id), None);
        assert_eq!(search("block_ns").len(), 2, "of groups it is another than of tests and regions");
    }
}
