//! Every figure that Go's own analysis computes equals it, to the nanosecond, on recordings of seven Go releases.
//!
//! Where Go's figure is wrong ours is right. The tests name each such difference and show that nothing else differs.

use std::collections::{BTreeMap, BTreeSet};

use gotrace_diff::launchers;
use gotrace_diff::summarize::{Options, summarize};
use serde_json::{Map, Value, json};

use crate::data;

/// The fields of `groups` and `regions` that the reference has, too.
const TIMES: [&str; 9] = [
    "count",
    "total_ns",
    "exec_ns",
    "sched_wait_ns",
    "syscall_ns",
    "syscall_block_ns",
    "block_ns",
    "range_ns",
    "unknown_ns",
];
const TASK: [&str; 7] = ["count", "complete", "total_ns", "logs", "regions", "goroutines", "children"];
const RANGE: [&str; 2] = ["count", "time_ns"];

fn summary(name: &str) -> Value {
    summary_of(name, &data::trace(name))
}

/// The summary of a trace as a JSON document.
pub fn summary_of(name: &str, trace: &[u8]) -> Value {
    let summary = summarize(name, trace, &Options::default());
    serde_json::to_value(summary.unwrap_or_else(|e| panic!("{name}: {e}"))).expect("a JSON document")
}

/// `path` to value for all numbers in `value`; what is zero or missing is left out, as the reference does it.
fn flatten(path: &str, value: &Value, out: &mut BTreeMap<String, i64>) {
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                flatten(&format!("{path}/{key}"), value, out);
            }
        }
        Value::Number(n) => {
            let n = n.as_i64().unwrap_or(i64::MAX);
            if n != 0 {
                *out.entry(path.to_owned()).or_default() += n;
            }
        }
        _ => {}
    }
}

fn pick(section: &Value, fields: &[&str]) -> Value {
    let Some(map) = section.as_object() else { return json!({}) };
    let picked = map.iter().map(|(name, value)| {
        let fields = fields.iter().map(|&f| (f.to_owned(), value.get(f).cloned().unwrap_or(Value::Null)));
        (name.clone(), Value::Object(fields.collect::<Map<_, _>>()))
    });
    Value::Object(picked.collect())
}

/// Goroutines that a launcher started are one group of Go's, and one for each caller of it here: by the launcher alone they
/// are one on both sides, whose figures are the sum.
fn by_launcher(groups: &Value) -> Vec<(String, Value)> {
    let launcher = |name: &str| match launchers::parts(name) {
        (_, Some(called)) => called.to_owned(),
        _ if launchers::is_launchers(name) => {
            let (function, _closure) = name.rsplit_once('.').expect("a closure");
            launchers::launcher(function).expect("a launcher").to_owned()
        }
        _ => name.to_owned(),
    };
    groups.as_object().into_iter().flatten().map(|(name, group)| (launcher(name), group.clone())).collect()
}

fn figures(document: &Value) -> BTreeMap<String, i64> {
    let mut out = BTreeMap::new();
    for field in ["events", "start_ns", "end_ns", "logs", "metric_max"] {
        flatten(field, &document[field], &mut out);
    }
    for (name, group) in by_launcher(&pick(&document["goroutines"], &TIMES)) {
        flatten(&format!("goroutines/{name}"), &group, &mut out);
    }
    for (section, fields) in [("regions", TIMES.as_slice()), ("tasks", TASK.as_slice()), ("ranges", RANGE.as_slice())] {
        flatten(section, &pick(&document[section], fields), &mut out);
    }
    out
}

fn differences(name: &str) -> BTreeMap<String, (i64, i64)> {
    differences_between(&summary(name), &data::oracle(name))
}

/// What differs: path to (ours, the reference's).
pub fn differences_between(ours: &Value, theirs: &Value) -> BTreeMap<String, (i64, i64)> {
    let (ours, theirs) = (figures(ours), figures(theirs));
    let paths: BTreeSet<&String> = ours.keys().chain(theirs.keys()).collect();
    let get = |map: &BTreeMap<String, i64>, path| map.get(path).copied().unwrap_or(0);
    let pairs = paths.into_iter().map(|path| (path.clone(), (get(&ours, path), get(&theirs, path))));
    pairs.filter(|(_, (a, b))| a != b).collect()
}

/// A system call that has lost its processor and is still open when the trace ends. Go's analysis counts the time
/// since the processor was lost as system call time *and* as time waiting for a processor, and not as blocked.
///
/// ```text
///   begin     processor lost        end of the trace
///     | syscall |   syscall blocked    |       ours
///     |           syscall              |       Go's,
///               |     sched wait       |       and this on top
/// ```
fn explain_open_syscall(group: &str, found: &mut BTreeMap<String, (i64, i64)>) -> bool {
    let path = |field: &str| format!("goroutines/{group}/{field}");
    let delta = |field| found.get(&path(field)).map_or(0, |(ours, theirs)| theirs - ours);
    let (syscall, blocked, sched) = (delta("syscall_ns"), delta("syscall_block_ns"), delta("sched_wait_ns"));
    let explained = syscall > 0 && blocked == -syscall && sched == syscall;
    if explained {
        for field in ["syscall_ns", "syscall_block_ns", "sched_wait_ns"] {
            found.remove(&path(field));
        }
    }
    explained
}

/// The same for all groups; whether there was any.
pub fn explain_open_syscalls(found: &mut BTreeMap<String, (i64, i64)>) -> bool {
    let groups: BTreeSet<String> = found.keys().filter_map(|path| path.split('/').nth(1)).map(str::to_owned).collect();
    groups.iter().filter(|group| explain_open_syscall(group, found)).count() > 0
}

/// Goroutines that C code makes by calling into Go use one id again and again. Go's analysis keeps only the last of
/// each id, and only its regions; all of them ran.
fn explain_reused_ids(found: &mut BTreeMap<String, (i64, i64)>) -> bool {
    let reused = ["goroutines/runtime.cgocallback/", "regions/callback/"];
    let count = found.get(&format!("{}count", reused[0])).copied();
    let Some((ours, theirs)) = count else { return false };
    assert!(ours > theirs, "{ours} {theirs}");
    found.retain(|path, (ours, theirs)| !(reused.iter().any(|prefix| path.starts_with(prefix)) && ours > theirs));
    true
}

/// A task that is ended twice. Go's analysis forgets its name, and has it end with the second one; here it keeps its name, and
/// what ended it. There are as many tasks on both sides, and none of ours is longer.
fn explain_ended_twice(found: &mut BTreeMap<String, (i64, i64)>) -> bool {
    let is_nameless = found.get("tasks//count").is_some_and(|(ours, theirs)| ours < theirs);
    if !is_nameless {
        return false;
    }
    let sum = |field: &str| {
        let of = found.iter().filter(|(path, _)| path.starts_with("tasks/") && path.ends_with(field));
        of.fold((0, 0), |(a, b), (_, (ours, theirs))| (a + ours, b + theirs))
    };
    for field in ["/count", "/complete", "/goroutines"] {
        let (ours, theirs) = sum(field);
        assert_eq!(ours, theirs, "{field}: {found:#?}");
    }
    let (ours, theirs) = sum("/total_ns");
    assert!(ours < theirs, "{found:#?}");
    found.retain(|path, _| !path.starts_with("tasks/"));
    true
}

#[test]
fn figures_equal_those_of_go() {
    let names = data::names();
    let releases: BTreeSet<&str> = names.iter().filter_map(|name| name.split('/').next()).collect();
    assert!(names.len() >= 40 && releases.len() >= 7, "{} recordings of {releases:?}", names.len());
    let (mut open_syscalls, mut reused_ids, mut ended_twice) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    for name in &names {
        let mut found = differences(name);
        if explain_open_syscalls(&mut found) {
            open_syscalls.insert(name);
        }
        if explain_reused_ids(&mut found) {
            reused_ids.insert(name);
        }
        if explain_ended_twice(&mut found) {
            ended_twice.insert(name);
        }
        assert!(found.is_empty(), "{name}: (ours, Go's) {found:#?}");
    }
    // The explanations are for what was recorded on purpose, and nothing else needed them.
    let recording = |name: &&String| name.split('/').nth(1).unwrap_or_default().to_owned();
    let of =
        |set: &BTreeSet<&String>| set.iter().map(recording).collect::<BTreeSet<_>>().into_iter().collect::<Vec<_>>();
    assert_eq!(of(&open_syscalls), ["cgo", "syscall"]);
    assert_eq!(of(&reused_ids), ["cgo"]);
    assert_eq!(of(&ended_twice), ["tasks"]);
}

#[test]
fn states_add_up_to_the_lifetime() {
    for name in data::names() {
        let document = summary(&name);
        for (group, figures) in document["goroutines"].as_object().expect("groups") {
            let ns = |field: &str| figures[field].as_i64().unwrap_or(0);
            let blocked: i64 = figures["block_ns"].as_object().expect("a map").values().filter_map(Value::as_i64).sum();
            let states = ["exec_ns", "sched_wait_ns", "syscall_ns", "syscall_block_ns", "unknown_ns"];
            let sum: i64 = states.into_iter().map(ns).sum::<i64>() + blocked;
            assert_eq!(sum, ns("total_ns"), "{name}: {group}");
        }
    }
}

#[test]
fn summaries_do_not_depend_on_how_the_bytes_arrive() {
    /// A reader that gives a few bytes at a time.
    struct Trickle<'a>(&'a [u8], usize);
    impl std::io::Read for Trickle<'_> {
        fn read(&mut self, buf: &mut [u8]) -> std::io::Result<usize> {
            let n = buf.len().min(self.1).min(self.0.len());
            buf[..n].copy_from_slice(&self.0[..n]);
            self.0 = &self.0[n..];
            self.1 = self.1 % 7 + 1;
            Ok(n)
        }
    }
    for name in ["go1.21.13/tasks", "go1.22.10/gens", "go1.27.3/test"] {
        let bytes = data::trace(name);
        let whole = summarize(name, bytes.as_slice(), &Options::default()).expect("reads");
        let trickled = summarize(name, Trickle(&bytes, 1), &Options::default()).expect("reads");
        assert_eq!(whole, trickled, "{name}");
    }
}

#[test]
fn regions_know_how_long_their_calls_took() {
    let document = summary("go1.26.6/tasks");
    let regions = document["regions"].as_object().expect("regions");
    let with_calls = regions.values().filter(|r| r["durations"]["count"].as_u64() > Some(0));
    let mut seen = 0;
    for region in with_calls {
        let durations: gotrace_diff::sketch::Sketch =
            serde_json::from_value(region["durations"].clone()).expect("a sketch");
        assert!(durations.count <= region["count"].as_u64().unwrap_or(0));
        let [p50, p90, p99] = [0.5, 0.9, 0.99].map(|q| durations.quantile(q).unwrap_or(0));
        assert!(durations.min_ns <= p50 && p50 <= p90 && p90 <= p99 && p99 <= durations.max_ns, "{region}");
        seen += 1;
    }
    assert!(seen >= 3, "{seen} regions");
}
