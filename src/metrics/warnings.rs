//! What a program does wrong with tasks and regions: counted, with the first place, and reading goes on.

use std::collections::BTreeMap;

use crate::summary::Warning;
use crate::trace::{Event, StackId, Sym, Symbols};

#[derive(Clone, Copy, Debug)]
struct First {
    count: u64,
    name: Sym,
    stack: StackId,
}

/// Warnings by kind.
#[derive(Clone, Debug, Default)]
pub(super) struct Warnings(BTreeMap<&'static str, First>);

impl Warnings {
    pub(super) fn add(&mut self, kind: &'static str, event: &Event, name: Sym) {
        self.0.entry(kind).or_insert(First { count: 0, name, stack: event.stack }).count += 1;
    }

    pub(super) fn into_list(self, symbols: &Symbols) -> Vec<Warning> {
        let list = self.0.into_iter().map(|(kind, first)| {
            let what = match kind {
                "region-misnested" => "region was still open when one around it ended: end regions in reverse order",
                "region-end-without-start" => {
                    "region ended that was not open on its goroutine: it began before the trace, was ended twice, or began and ended on different goroutines; use a task"
                }
                "region-too-deep" => {
                    "region began inside so many others that its time is not measured; regions of a recursion are better begun at its top"
                }
                "task-ended-twice" => "task ended that had ended before: the first end counts",
                _ => "task began with the id of one that had not ended",
            };
            let mut frames = symbols.frames(first.stack);
            let place = frames.find(|frame| !symbols.text(frame.func).starts_with("runtime/trace."));
            let place = place.map_or(String::new(), |frame| {
                format!(", in {} at {}:{}", symbols.text(frame.func), symbols.text(frame.file), frame.line)
            });
            let message = format!("{what} (first: {:?}{place})", symbols.text(first.name));
            Warning { kind: kind.to_owned(), count: first.count, message }
        });
        list.collect()
    }
}
