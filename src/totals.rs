//! Many runs as one: counts and sums added up, distributions merged, package by package.
//!
//! The order and the grouping do not matter, so that any engine may do it in any tree:
//!
//! ```text
//!     trace ─▶ Summary ─▶ Totals ─┐
//!     trace ─▶ Summary ─▶ Totals ─┼─ merge ─┐
//!     trace ─▶ Summary ─▶ Totals ─┘         ├─ merge ─▶ the same bytes, whoever was added to whom first
//!                          ...  ── merge ───┘
//! ```
//!
//! Counts, sums, least and greatest values are exact (they stop at the ends of their types); quantiles are within
//! [`crate::sketch::RELATIVE_ERROR`] of the value at their rank, however often sketches were merged. What has an order
//! (curves, spans) or cannot be added (who ended a wait first) is not kept.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use serde::{Deserialize, Serialize};

use crate::compare::packages;
use crate::sketch::Sketch;
use crate::summary::{
    Group, Latency, OfTask, Position, RangeStat, Region, Site, SiteFrame, Summary, Task, TestKind, TestNamedBy, Times,
};

/// The version of the document.
pub const SCHEMA: &str = "gotrace-diff/totals/1";

/// Runs added up, by package.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Totals {
    /// [`SCHEMA`].
    pub schema: String,
    /// By import path, or what stands in for it.
    pub packages: BTreeMap<String, Total>,
}

/// The runs of one package.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Total {
    /// How many.
    pub runs: u64,
    /// How many of them are partial.
    #[serde(default)]
    pub partial: u64,
    /// Their length, ns.
    pub duration_ns: i64,
    /// The shortest and the longest of them, and how long most are.
    pub durations: Sketch,
    /// Events.
    pub events: u64,
    /// Operations of benchmarks, where they are known.
    #[serde(default)]
    pub operations: u64,
    /// Runs by the trace's header.
    pub formats: BTreeMap<String, u64>,
    /// Runs by GOMAXPROCS.
    pub gomaxprocs: BTreeMap<u64, u64>,
    /// Runs by what of them was asked for; `""` for all.
    pub narrowed: BTreeMap<String, u64>,
    /// By start function. `peak` and `peak_running` are the greatest of any run.
    pub goroutines: BTreeMap<String, Group>,
    /// By region type.
    pub regions: BTreeMap<String, Region>,
    /// By task type.
    pub tasks: BTreeMap<String, Task>,
    /// Tests, subtests and benchmarks with a name, by that.
    pub tests: BTreeMap<String, TestTotal>,
    /// Messages by category.
    pub logs: BTreeMap<String, u64>,
    /// The greatest of any run, by gauge.
    pub metric_max: BTreeMap<String, u64>,
    /// Special ranges by name.
    pub ranges: BTreeMap<String, RangeStat>,
    /// Garbage collections by cause.
    pub gc_cycles: BTreeMap<String, u64>,
    /// Time by what the collector did, ns: `mark`, `worker`, `idle worker`, `assist`, `sweep`, `stopped`.
    pub gc_ns: BTreeMap<String, i64>,
    /// The least of any run, by window.
    #[serde(default)]
    pub mmu: BTreeMap<String, Least>,
    /// How long goroutines waited for a processor, by what made them runnable.
    pub latency: BTreeMap<String, Latency>,
    /// For how long goroutines ran without a break.
    pub slices: Sketch,
    /// Goroutines running, and waiting for a processor, summed over time, ns.
    pub running_ns: i64,
    /// See `running_ns`.
    pub runnable_ns: i64,
    /// Where goroutines waited, in order of group, state and stack. A summary has those with the most time only.
    pub sites: Vec<Site>,
    /// Runs by what is odd about them.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub warnings: BTreeMap<String, u64>,
}

/// The repeats of one test or benchmark.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TestTotal {
    /// Which of both.
    pub kind: TestKind,
    /// How many repeats.
    pub count: u64,
    /// How long each took, without waits for the framework.
    pub wall: Sketch,
    /// Operations, where they are known.
    #[serde(default)]
    pub operations: u64,
    /// Goroutines that worked for them.
    pub goroutines: u64,
    /// Goroutines that they left and that never ended.
    pub leaked: u64,
    /// What their goroutines spent.
    pub work: Times,
}

/// The least of some numbers that are not negative.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Least(pub f64);

impl Default for Totals {
    fn default() -> Self {
        Totals { schema: SCHEMA.to_owned(), packages: BTreeMap::new() }
    }
}

impl Totals {
    /// The total of some runs.
    pub fn of(runs: &[Summary]) -> Totals {
        let mut totals = Totals::default();
        for (identity, members) in packages::group(runs) {
            let total = totals.packages.entry(identity.name).or_default();
            members.into_iter().for_each(|run| total.take(Total::of(run.clone())));
        }
        totals
    }

    /// The total of one run, of which nobody needs the rest.
    pub fn of_one(run: Summary) -> Totals {
        let package = packages::identity(&run).name;
        Totals { packages: [(package, Total::of(run))].into(), ..Totals::default() }
    }

    /// Adds other runs.
    pub fn merge(&mut self, other: &Totals) {
        self.packages.pool(&other.packages);
    }

    /// The same of what nobody else needs.
    pub fn absorb(&mut self, other: Totals) {
        self.packages.take(other.packages);
    }
}

/// Reads a document.
///
/// # Errors
/// Where it is not as its schema says.
pub fn read(text: &str) -> Result<Totals, String> {
    serde_json::from_str(text).map_err(|e| e.to_string())
}

impl Total {
    /// One run.
    fn of(run: Summary) -> Total {
        let duration = run.end_ns.saturating_sub(run.start_ns).max(0);
        let mut total = Total {
            runs: 1,
            partial: u64::from(!run.complete),
            duration_ns: duration,
            events: run.events,
            operations: run.operations.unwrap_or(0),
            formats: once(run.format),
            gomaxprocs: once(run.gomaxprocs),
            narrowed: once(run.narrowed),
            goroutines: run.goroutines,
            regions: run.regions,
            tasks: run.tasks,
            logs: run.logs,
            metric_max: run.metric_max,
            ranges: run.ranges,
            gc_cycles: run.gc.cycles,
            mmu: run.mmu.into_iter().map(|(window, least)| (window, Least(least))).collect(),
            latency: run.sched.latency,
            slices: run.sched.slices,
            running_ns: run.sched.running_ns,
            runnable_ns: run.sched.runnable_ns,
            warnings: run.warnings.into_iter().map(|w| (w.kind, 1)).collect(),
            ..Total::default()
        };
        total.durations.add(duration);
        for (what, ns) in [
            ("mark", run.gc.mark_ns),
            ("worker", run.gc.worker_ns),
            ("idle worker", run.gc.idle_worker_ns),
            ("assist", run.gc.assist_exec_ns),
            ("sweep", run.gc.sweep_ns),
            ("stopped", run.gc.stopped_ns),
        ] {
            total.gc_ns.insert(what.to_owned(), ns);
        }
        for test in run.tests.into_iter().filter(|t| t.named_by != TestNamedBy::Nothing) {
            let known = total.tests.entry(test.name).or_default();
            let mut one = TestTotal {
                kind: test.kind,
                count: 1,
                operations: test.operations.unwrap_or(0),
                goroutines: test.goroutines,
                leaked: test.leaked,
                work: test.work,
                ..TestTotal::default()
            };
            one.wall.add(test.wall_ns);
            known.take(one);
        }
        // Whoever ended waits is listed up to some number in each run: that cannot be added up.
        let sites = run.sites.into_iter().map(|site| Site { wakers: Vec::new(), ..site });
        total.sites = sites.collect();
        total.sites.sort_by(|a, b| key(a).cmp(&key(b)));
        total
    }
}

fn once<K: Ord>(key: K) -> BTreeMap<K, u64> {
    BTreeMap::from([(key, 1)])
}

fn key(site: &Site) -> (&str, &str, &[SiteFrame]) {
    (&site.group, &site.state, &site.stack)
}

/// What can be added in any order, to the same end.
trait Pool: Sized {
    fn pool(&mut self, other: &Self);

    /// The same of what nobody else needs.
    fn take(&mut self, other: Self) {
        self.pool(&other);
    }
}

impl Pool for u64 {
    fn pool(&mut self, other: &Self) {
        *self = self.saturating_add(*other);
    }
}

impl Pool for i64 {
    fn pool(&mut self, other: &Self) {
        // What is negative is no time or count: a sum that stops at the end would depend on the order with it.
        *self = (*self).max(0).saturating_add((*other).max(0));
    }
}

impl Pool for Least {
    fn pool(&mut self, other: &Self) {
        self.0 = self.0.min(other.0);
    }
}

impl Pool for Sketch {
    fn pool(&mut self, other: &Self) {
        Sketch::merge(self, other);
    }
}

impl<K: Ord + Clone, V: Pool + Clone> Pool for BTreeMap<K, V> {
    fn pool(&mut self, other: &Self) {
        for (key, value) in other {
            match self.get_mut(key) {
                Some(known) => known.pool(value),
                None => {
                    self.insert(key.clone(), value.clone());
                }
            }
        }
    }

    fn take(&mut self, other: Self) {
        if self.is_empty() {
            *self = other;
            return;
        }
        for (key, value) in other {
            match self.entry(key) {
                Entry::Occupied(mut known) => known.get_mut().take(value),
                Entry::Vacant(free) => {
                    free.insert(value);
                }
            }
        }
    }
}

/// The first in order, of those that are there.
impl Pool for Option<Position> {
    fn pool(&mut self, other: &Self) {
        if let Some(other) = other
            && self.as_ref().is_none_or(|known| other < known)
        {
            *self = Some(other.clone());
        }
    }
}

/// Adds the named fields.
macro_rules! add {
    ($type:ty: $($field:ident),+ $(; most $($most:ident),+)?) => {
        impl Pool for $type {
            fn pool(&mut self, other: &Self) {
                // A field that is forgotten here does not compile.
                let Self { $($field: _,)+ $($($most: _,)+)? } = other;
                $(self.$field.pool(&other.$field);)+
                $($(self.$most = self.$most.max(other.$most);)+)?
            }
        }
    };
}

add!(Times: total_ns, exec_ns, sched_wait_ns, syscall_ns, syscall_block_ns, block_ns, range_ns, unknown_ns,
    syscalls);
add!(Group: count, created, alive, total_ns, exec_ns, sched_wait_ns, syscall_ns, syscall_block_ns, block_ns, range_ns,
    unknown_ns, syscalls, assist_exec_ns, present_ns, hogs, start, creators; most peak, peak_running);
add!(Region: count, total_ns, exec_ns, sched_wait_ns, syscall_ns, syscall_block_ns, block_ns, range_ns, unknown_ns,
    syscalls, own,
    tasks, durations, start);
add!(OfTask: count, total_ns);
add!(Task: count, complete, total_ns, logs, regions, goroutines, children, durations, work);
add!(RangeStat: count, time_ns; most max_ns);
add!(Latency: durations);
add!(TestTotal: count, wall, operations, goroutines, leaked, work; most kind);

impl Pool for Site {
    fn pool(&mut self, other: &Self) {
        self.count.pool(&other.count);
        self.open.pool(&other.open);
        self.time_ns.pool(&other.time_ns);
    }
}

impl Pool for Total {
    fn pool(&mut self, other: &Self) {
        self.take(other.clone());
    }

    fn take(&mut self, other: Self) {
        for (gauge, most) in other.metric_max {
            let known = self.metric_max.entry(gauge).or_default();
            *known = (*known).max(most);
        }
        self.sites = merged(std::mem::take(&mut self.sites), &other.sites);
        macro_rules! each {
            ($($field:ident),+) => { $(self.$field.take(other.$field);)+ };
        }
        each!(runs, partial, duration_ns, durations, events, operations, formats, gomaxprocs, narrowed, goroutines);
        each!(regions, tasks, tests, logs, ranges, gc_cycles, gc_ns, mmu, latency, slices, running_ns, runnable_ns);
        each!(warnings);
    }
}

/// Two sorted lists as one.
fn merged(one: Vec<Site>, other: &[Site]) -> Vec<Site> {
    let mut out: Vec<Site> = Vec::with_capacity(one.len().max(other.len()));
    let (mut left, mut right) = (one.into_iter().peekable(), other.iter().peekable());
    loop {
        let next = match (left.peek(), right.peek()) {
            (Some(l), Some(r)) if key(l) <= key(r) => left.next(),
            (Some(_), None) => left.next(),
            (_, Some(_)) => right.next().cloned(),
            (None, None) => return out,
        };
        let Some(site) = next else { return out };
        match out.last_mut().filter(|last| key(last) == key(&site)) {
            Some(last) => last.pool(&site),
            None => out.push(site),
        }
    }
}
