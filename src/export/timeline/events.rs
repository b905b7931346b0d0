//! The JSON, written as it comes: an event a line, and at the end the dictionary of stack frames.

use std::io::{self, Write};

use serde::Serialize;

use crate::hash::HashMap;
use crate::report::escape::Text;

/// More frames than this are not told apart: a viewer would not open the file.
const MOST_FRAMES: usize = 1 << 20;

/// One event of the format. Times are microseconds, with nanoseconds behind the point.
#[derive(Default, Serialize)]
pub(super) struct Event<'a> {
    pub(super) name: &'a str,
    pub(super) ph: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) cat: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) ts: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) dur: Option<f64>,
    pub(super) pid: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) tid: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) id: Option<u64>,
    /// Where an arrow ends: at the slice around it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) bp: Option<&'static str>,
    /// How far an instant reaches.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) s: Option<&'static str>,
    /// One of the colours that Chrome's viewer has names for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) cname: Option<&'static str>,
    /// The stack, in the dictionary.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) sf: Option<u32>,
    #[serde(skip_serializing_if = "Args::is_empty")]
    pub(super) args: Args,
}

/// What a viewer shows of an event that was clicked.
#[derive(Default, Serialize)]
pub(super) struct Args {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) sort_index: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) goroutine: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) start_function: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) ended_by: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) ended_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) cause: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) message: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) task: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) parent: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) running: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) runnable: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) live: Option<u64>,
    /// From the live heap to the goal: viewers put it on top.
    #[serde(rename = "up to goal", skip_serializing_if = "Option::is_none")]
    pub(super) up_to_goal: Option<u64>,
    /// The trace ended first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) open: Option<bool>,
}

impl Args {
    fn is_empty(&self) -> bool {
        // Few events have none, and those are few: serialising twice does not matter there.
        matches!(
            self,
            Args {
                name: None,
                sort_index: None,
                goroutine: None,
                start_function: None,
                at: None,
                ended_by: None,
                ended_at: None,
                cause: None,
                message: None,
                task: None,
                parent: None,
                running: None,
                runnable: None,
                live: None,
                up_to_goal: None,
                open: None,
            }
        )
    }
}

/// The file being written.
pub(super) struct Events<'w> {
    out: &'w mut dyn Write,
    written: u64,
}

impl<'w> Events<'w> {
    pub(super) fn begin(out: &'w mut dyn Write) -> io::Result<Events<'w>> {
        out.write_all(b"{\"displayTimeUnit\":\"ns\",\"traceEvents\":[\n")?;
        Ok(Events { out, written: 0 })
    }

    pub(super) fn push(&mut self, event: &Event<'_>) -> io::Result<()> {
        if self.written > 0 {
            self.out.write_all(b",\n")?;
        }
        self.written += 1;
        serde_json::to_writer(&mut *self.out, event).map_err(io::Error::from)
    }

    /// A name for a process or one of its threads, and its place in the order.
    pub(super) fn label(&mut self, pid: u32, tid: Option<u64>, name: &str, place: u64) -> io::Result<()> {
        let (kind, order) = match tid {
            None => ("process_name", "process_sort_index"),
            Some(_) => ("thread_name", "thread_sort_index"),
        };
        let named = Args { name: Some(name.to_owned()), ..Args::default() };
        self.push(&Event { name: kind, ph: "M", pid, tid, args: named, ..Event::default() })?;
        let args = Args { sort_index: Some(place), ..Args::default() };
        self.push(&Event { name: order, ph: "M", pid, tid, args, ..Event::default() })
    }

    pub(super) fn written(&self) -> u64 {
        self.written
    }

    pub(super) fn end(self, frames: &Frames) -> io::Result<()> {
        self.out.write_all(b"\n],\"stackFrames\":{")?;
        for (i, (parent, name)) in frames.list.iter().enumerate() {
            let comma = if i == 0 { "" } else { "," };
            write!(self.out, "{comma}\n\"{}\":{{\"name\":{}", i + 1, serde_json::Value::from(name.as_str()))?;
            if *parent > 0 {
                write!(self.out, ",\"parent\":\"{parent}\"")?;
            }
            self.out.write_all(b"}")?;
        }
        self.out.write_all(b"\n}}\n")
    }
}

/// The dictionary of stack frames: each knows the one that called it, so that stacks share what they have in common.
#[derive(Default)]
pub(super) struct Frames {
    list: Vec<(u32, String)>,
    known: HashMap<(u32, String), u32>,
}

impl Frames {
    /// The frame of this name that `parent` called.
    pub(super) fn of(&mut self, parent: u32, name: &str) -> u32 {
        let key = (parent, Text::from(name).shown());
        if let Some(&known) = self.known.get(&key) {
            return known;
        }
        if self.list.len() >= MOST_FRAMES {
            return parent;
        }
        let new = self.list.len() as u32 + 1;
        self.list.push(key.clone());
        self.known.insert(key, new);
        new
    }
}
