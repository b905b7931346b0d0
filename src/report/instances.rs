//! Single goroutines, tasks, region calls, running slices and waits for people: what one would click in a viewer.

use std::fmt::Write as _;

use super::escape::term;
use super::path::{Layout, time};
use super::table::Rows;
use crate::compare::names;
use crate::paths::Repository;
use crate::summary::{
    GoroutineInstance, Instances, RegionInstance, SiteFrame, SliceInstance, Summary, TaskInstance, Times, WaitInstance,
};

/// Frames of a stack that are shown.
const MOST_FRAMES: usize = 4;

struct Telling<'a> {
    run: &'a Summary,
    repository: &'a Repository,
    /// When the recording begins.
    origin: i64,
}

/// One run.
pub fn one(title: &str, run: &Summary, repository: &Repository, layout: Layout) -> String {
    let mut out = format!("{title}{}\n", term(&run.source));
    if !run.narrowed.is_empty() {
        let _ = writeln!(out, "Narrowed: {}", term(&run.narrowed));
    }
    let Some(instances) = &run.instances else { return out };
    let telling = Telling { run, repository, origin: run.recording.map_or(run.start_ns, |r| r.start_ns) };
    for (header, rows) in telling.tables(instances) {
        let table = rows.render(header, layout.top, layout.width);
        if !table.is_empty() {
            let _ = write!(out, "\n{table}");
        }
    }
    out
}

impl Telling<'_> {
    fn tables(&self, of: &Instances) -> [(&'static [&'static str], Rows); 5] {
        let rows = |each: Vec<(Vec<String>, Vec<String>)>| {
            let mut rows = Rows::default();
            each.into_iter().for_each(|(cells, below)| rows.push(cells, below));
            rows
        };
        [
            (
                &["Goroutines", "from", "time", "running", "runnable", "syscall", "blocked"],
                rows(of.goroutines.iter().map(|g| self.goroutine(g)).collect()),
            ),
            (
                &["Tasks", "from", "time", "goroutines", "regions", "messages"],
                rows(of.tasks.iter().map(|t| self.task(t)).collect()),
            ),
            (
                &["Region calls", "from", "time", "running", "runnable", "syscall", "blocked"],
                rows(of.regions.iter().map(|r| self.region(r)).collect()),
            ),
            (&["Running slices", "from", "time"], rows(of.slices.iter().map(|s| self.slice(s)).collect())),
            (&["Waits", "from", "time", "for"], rows(of.waits.iter().map(|w| self.wait(w)).collect())),
        ]
    }

    fn at(&self, ns: i64) -> String {
        time(ns.saturating_sub(self.origin))
    }

    fn test(&self, test: Option<usize>) -> Option<String> {
        let test = self.run.tests.get(test?).filter(|test| !test.name.is_empty())?;
        Some(format!("works for {}", test.name))
    }

    /// `word function file:line < function file:line < ...`, from the frame that a person looks for outwards.
    fn stack(&self, word: &str, stack: &[SiteFrame]) -> Option<String> {
        let leaf = names::leaf(stack)?;
        let from = stack.iter().position(|frame| std::ptr::eq(frame, leaf)).unwrap_or(0);
        let told = |frame: &SiteFrame| {
            let position = self.repository.position(&frame.position());
            format!("{} {position}", names::short(&frame.func))
        };
        let shown: Vec<String> = stack[from..].iter().take(MOST_FRAMES).map(told).collect();
        let through = stack[..from].iter().rev().map(|f| &*f.func).find(|f| !f.starts_with("runtime."));
        let through = through.map(|f| format!(" ({})", names::short(f))).unwrap_or_default();
        let more = if stack.len() - from > MOST_FRAMES { " < ..." } else { "" };
        Some(format!(
            "{word} {}{through}{}{more}",
            shown[0],
            shown[1..].iter().map(|f| format!(" < {f}")).collect::<String>()
        ))
    }

    fn goroutine(&self, g: &GoroutineInstance) -> (Vec<String>, Vec<String>) {
        let mut cells = vec![who(g.g, &g.group), self.at(g.start_ns), time(g.times.total_ns)];
        cells.extend(states(&g.times));
        let created = if g.created { "created at" } else { "there before the trace, created at" };
        let below = [
            self.stack(created, &g.created_at),
            g.alive.then(|| self.stack("never ended, stands at", &g.stands_at)).flatten(),
            self.test(g.test),
        ];
        (cells, told(below))
    }

    fn task(&self, task: &TaskInstance) -> (Vec<String>, Vec<String>) {
        let [goroutines, regions, logs] = [task.goroutines, task.regions, task.logs].map(|n| n.to_string());
        let name = if task.task.is_empty() { "(nameless)" } else { &task.task };
        let cells = vec![
            term(&format!("{name} {}", task.id)),
            self.at(task.start_ns),
            time(task.ns),
            goroutines,
            regions,
            logs,
        ];
        let begun = format!("begun by G{} at", task.g);
        let open = (!task.complete).then(|| "the trace ended first".to_owned());
        let blocked = task.work.block_ns.values().copied().fold(0, i64::saturating_add);
        let [running, runnable] = [task.work.exec_ns, task.work.sched_wait_ns].map(time);
        let work = (task.work.total_ns > 0)
            .then(|| format!("its goroutines ran {running}, were runnable {runnable}, blocked {}", time(blocked)));
        (cells, told([self.stack(&begun, &task.begun_at), work, open]))
    }

    fn region(&self, region: &RegionInstance) -> (Vec<String>, Vec<String>) {
        let from = region.start_ns.map_or("before".to_owned(), |ns| self.at(ns));
        let mut cells = vec![term(&region.region), from, time(region.times.total_ns)];
        cells.extend(states(&region.times));
        let on = format!("on {}", who(region.g, &region.group));
        let task = region.task_id.map(|id| {
            let name = if region.task.is_empty() { "(nameless)" } else { &region.task };
            format!("of task {name} {id}")
        });
        let open = (!region.complete).then(|| "did not end".to_owned());
        let on = [Some(on), task, open].into_iter().flatten().collect::<Vec<_>>().join(", ");
        (cells, told([self.stack("begun at", &region.begun_at), Some(on), None]))
    }

    fn slice(&self, slice: &SliceInstance) -> (Vec<String>, Vec<String>) {
        let cells = vec![who(slice.g, &slice.group), self.at(slice.start_ns), time(slice.ns)];
        let then = match slice.then.as_str() {
            "waiting" => "waits at",
            "runnable" => "gave up its processor at",
            "syscall" => "enters a system call at",
            "gone" => "ended at",
            _ => "still running at",
        };
        let stopped = self.stack(then, &slice.stopped_at).or_else(|| match slice.then.as_str() {
            "gone" => Some("then it ended".to_owned()),
            "running" => Some("the trace ended first".to_owned()),
            _ => None,
        });
        (cells, told([stopped, self.test(slice.test), None]))
    }

    fn wait(&self, wait: &WaitInstance) -> (Vec<String>, Vec<String>) {
        let state = match wait.state.as_str() {
            "runnable" => "a processor",
            "syscall" => "a system call",
            "" => "unknown",
            reason => reason,
        };
        let cells = vec![who(wait.g, &wait.group), self.at(wait.start_ns), time(wait.ns), term(state)];
        let at = if wait.state == "runnable" { "made runnable at" } else { "at" };
        let woken = match wait.by {
            Some(by) => {
                let by = format!("woken by {}", who(by, &wait.by_group));
                // Most wakers are where their own function is.
                let at_home = names::leaf(&wait.by_at).is_some_and(|leaf| *leaf.func == *wait.by_group);
                let by = if at_home { format!("woken by G{} at", wait.by.unwrap_or_default()) } else { by + " at" };
                Some(self.stack(&by, &wait.by_at).unwrap_or_else(|| by.trim_end_matches(" at").to_owned()))
            }
            None if wait.open => Some("nobody has ended it when it is last seen".to_owned()),
            None if matches!(wait.state.as_str(), "runnable" | "syscall") => None,
            None => Some("ended by no goroutine: network, timer or runtime".to_owned()),
        };
        (cells, told([self.stack(at, &wait.at), woken, self.test(wait.test)]))
    }
}

fn who(g: u64, group: &str) -> String {
    let group = if group.is_empty() { "(nameless)" } else { names::short(group) };
    term(&format!("G{g} {group}"))
}

fn states(times: &Times) -> [String; 4] {
    let blocked = times.block_ns.values().copied().fold(0, i64::saturating_add);
    let syscall = times.syscall_ns.saturating_add(times.syscall_block_ns);
    [times.exec_ns, times.sched_wait_ns, syscall, blocked].map(time)
}

fn told(lines: [Option<String>; 3]) -> Vec<String> {
    lines.into_iter().flatten().map(|line| term(&line)).collect()
}
