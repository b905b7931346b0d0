//! The program's log messages, on request: when, in which task, by whom, and how often.
//!
//! ```text
//!   trace  |──────────────────────────────────────
//!   task          |── begin ───────── log ──
//!                 '-- since its task --'
//!          '------- since the trace ---'
//! ```
//!
//! Messages are many and distinct, so a summary only counts them. Here as many are kept as people and programs read;
//! what was left out is counted.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Serialize;

use crate::config::Pattern;
use crate::hash::HashMap;
use crate::scan::{self, ScanError, Source, Watch};
use crate::timeline::Birth;
use crate::trace::{Event, Frame, GoSlot, StackId, Sym, Symbols, TaskId, Time, launches};

/// More messages than this are not listed.
pub const MOST_LISTED: usize = 100_000;
/// No more are listed once they hold more text than this, bytes: of each its goroutine, task and category are told, too.
const MOST_TEXT: usize = 64 << 20;
/// More distinct messages than this are not told apart.
const MOST_DISTINCT: usize = 65_536;

/// Which messages.
#[derive(Clone, Debug, Default)]
pub struct Question {
    /// Those of these categories.
    pub category: Option<Pattern>,
    /// Those of tasks of these types.
    pub task: Option<Pattern>,
    /// Those that hold this text.
    pub text: Option<String>,
    /// Count messages that differ in numbers only as one.
    pub fold_numbers: bool,
    /// Use what is whole of a truncated trace.
    pub allow_partial: bool,
}

/// A message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Message {
    /// Since the trace began, ns.
    pub at_ns: i64,
    /// Since its task began, ns; `None` without a task, or where that began before the trace.
    pub in_task_ns: Option<i64>,
    /// The start function of the goroutine that logged it.
    pub goroutine: String,
    /// The type of its task; `None` without a task, or where that began before the trace.
    pub task: Option<String>,
    /// The id of its task; `None` without one.
    pub task_id: Option<u64>,
    /// The category.
    pub category: String,
    /// The text.
    pub message: String,
}

/// How often something was logged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MessageCount {
    /// The category.
    pub category: String,
    /// The text; `#` for each number where numbers are folded.
    pub message: String,
    /// How often.
    pub count: u64,
}

/// The messages of a trace.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Logs {
    /// All messages of the trace.
    pub total: u64,
    /// Those that were asked for.
    pub matched: u64,
    /// Those by category.
    pub categories: BTreeMap<String, u64>,
    /// Those by text, the most frequent first.
    pub counts: Vec<MessageCount>,
    /// Messages whose text is not in `counts`, since there are too many.
    pub not_told_apart: u64,
    /// Those in order.
    pub messages: Vec<Message>,
    /// How many were left out at the end of that list.
    pub left_out: u64,
    /// Of a truncated trace this many generations were used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub partial: Option<u64>,
}

/// Reads the messages of a trace.
///
/// # Errors
/// When the trace cannot be read.
pub fn read(source: &dyn Source, question: &Question) -> Result<Logs, ScanError> {
    let options = scan::Options { keep_messages: true, allow_partial: question.allow_partial };
    let read = scan::scan(source, options, None, || Collector::new(question.clone()))?;
    let partial = read.upto;
    let (collector, symbols) = read.into_parts();
    let mut logs = collector.finish(&symbols);
    logs.partial = partial;
    Ok(logs)
}

/// A message as the trace has it.
#[derive(Clone, Copy, Debug)]
struct Raw {
    time: Time,
    task: TaskId,
    start: Sym,
    stack: StackId,
    category: Sym,
    message: Sym,
}

#[derive(Debug)]
struct Collector {
    question: Question,
    began: Option<Time>,
    starts: Vec<Sym>,
    /// Tasks that began in the trace; also those that ended, since messages may follow.
    tasks: HashMap<TaskId, (Time, Sym)>,
    /// Of the run of events that is being told, with the task as it is at that moment.
    pending: Vec<(Raw, Option<(Time, Sym)>)>,
    categories: HashMap<Sym, (bool, u64)>,
    types: HashMap<Sym, bool>,
    counts: HashMap<(Sym, Arc<str>), u64>,
    /// Bytes of text in the messages that are listed.
    listed: usize,
    logs: Logs,
}

impl Collector {
    fn new(question: Question) -> Collector {
        Collector {
            question,
            began: None,
            starts: Vec::new(),
            tasks: HashMap::default(),
            pending: Vec::new(),
            categories: HashMap::default(),
            types: HashMap::default(),
            counts: HashMap::default(),
            listed: 0,
            logs: Logs::default(),
        }
    }

    /// Whether this message was asked for.
    fn wanted(&mut self, raw: &Raw, task: Option<(Time, Sym)>, symbols: &Symbols) -> bool {
        let Question { category, task: of, text, .. } = &self.question;
        let (known, _) = self
            .categories
            .entry(raw.category)
            .or_insert_with(|| (category.as_ref().is_none_or(|glob| glob.matches(symbols.text(raw.category))), 0));
        if !*known || text.as_ref().is_some_and(|text| !symbols.text(raw.message).contains(text.as_str())) {
            return false;
        }
        let Some(glob) = of else { return true };
        task.is_some_and(|(_, name)| *self.types.entry(name).or_insert_with(|| glob.matches(symbols.text(name))))
    }

    fn take(&mut self, raw: &Raw, task: Option<(Time, Sym)>, symbols: &Symbols) {
        self.logs.total += 1;
        if !self.wanted(raw, task, symbols) {
            return;
        }
        self.logs.matched += 1;
        if let Some((_, count)) = self.categories.get_mut(&raw.category) {
            *count += 1;
        }
        let text = symbols.shared(raw.message);
        let key = (raw.category, if self.question.fold_numbers { fold_numbers(&text).into() } else { text });
        let room = self.counts.len() < MOST_DISTINCT;
        match self.counts.get_mut(&key) {
            Some(count) => *count += 1,
            None if room => {
                self.counts.insert(key, 1);
            }
            None => self.logs.not_told_apart += 1,
        }
        if self.logs.messages.len() >= MOST_LISTED || self.listed > MOST_TEXT {
            self.logs.left_out += 1;
            return;
        }
        // The goroutine's own stack tells its start function, whatever else is known of it but who had it launched.
        let root = symbols.root(raw.stack).filter(|_| !launches::is_made(raw.start));
        let start = root.map_or(raw.start, |frame| frame.func);
        let has_task = raw.task != TaskId::BACKGROUND && raw.task != TaskId::NONE;
        let began = self.began.unwrap_or(raw.time);
        let texts = [start, task.map_or(Sym::EMPTY, |(_, name)| name), raw.category, raw.message];
        self.listed += texts.iter().map(|&text| symbols.text(text).len()).sum::<usize>();
        self.logs.messages.push(Message {
            at_ns: raw.time.since(began),
            in_task_ns: task.map(|(since, _)| raw.time.since(since)),
            goroutine: symbols.text(start).to_owned(),
            task: task.map(|(_, name)| symbols.text(name).to_owned()),
            task_id: has_task.then_some(raw.task.0),
            category: symbols.text(raw.category).to_owned(),
            message: symbols.text(raw.message).to_owned(),
        });
    }

    fn finish(mut self, symbols: &Symbols) -> Logs {
        for (category, (_, count)) in self.categories.iter().filter(|(_, (_, count))| *count > 0) {
            *self.logs.categories.entry(symbols.text(*category).to_owned()).or_default() += count;
        }
        let counts = self.counts.into_iter().map(|((category, message), count)| MessageCount {
            category: symbols.text(category).to_owned(),
            message: message.to_string(),
            count,
        });
        self.logs.counts = counts.collect();
        self.logs.counts.sort_by(|a, b| {
            b.count.cmp(&a.count).then_with(|| (&a.category, &a.message).cmp(&(&b.category, &b.message)))
        });
        self.logs
    }
}

impl Watch for Collector {
    fn began(&mut self, time: Time) {
        self.began.get_or_insert(time);
    }

    fn born(&mut self, birth: &Birth) {
        let at = birth.g.index();
        if at >= self.starts.len() {
            self.starts.resize(at + 1, Sym::EMPTY);
        }
        self.starts[at] = Sym::EMPTY;
    }

    fn named(&mut self, g: GoSlot, start: Frame) {
        if let Some(known) = self.starts.get_mut(g.index()) {
            *known = start.func;
        }
    }

    fn task_begin(&mut self, event: &Event, id: TaskId, name: Sym) {
        self.tasks.insert(id, (event.time, name));
    }

    fn log(&mut self, event: &Event, task: TaskId, category: Sym, message: Sym) {
        let start = self.starts.get(event.g.index()).copied().unwrap_or(Sym::EMPTY);
        let raw = Raw { time: event.time, task, start, stack: event.stack, category, message };
        self.pending.push((raw, self.tasks.get(&task).copied()));
    }

    fn settle(&mut self, symbols: &Symbols) {
        let mut pending = std::mem::take(&mut self.pending);
        for (raw, task) in pending.drain(..) {
            self.take(&raw, task, symbols);
        }
        self.pending = pending;
    }
}

/// `id=17 took 3ms` as `id=# took #ms`.
fn fold_numbers(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut within = false;
    for c in text.chars() {
        let digit = c.is_ascii_digit();
        if !digit {
            out.push(c);
        } else if !within {
            out.push('#');
        }
        within = digit;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::fold_numbers;

    #[test]
    fn numbers_are_folded_and_nothing_else() {
        for (text, want) in [
            ("id=17 took 3ms", "id=# took #ms"),
            ("3.25", "#.#"),
            ("no number", "no number"),
            ("größe 12", "größe #"),
            ("", ""),
        ] {
            assert_eq!(fold_numbers(text), want);
        }
    }
}
