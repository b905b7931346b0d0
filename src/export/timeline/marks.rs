//! What is drawn, as it is kept until names can be looked up: a run of events, never more.

use crate::timeline::Span;
use crate::trace::{ProcId, Range, StackId, Sym, TaskId, Time};

/// A lane: the viewer's process and thread.
pub(super) type Lane = (u32, u64);

/// Something to draw.
#[derive(Clone, Copy, Debug)]
pub(super) enum Mark {
    /// A lane appears: that of this goroutine, or of its regions.
    Goroutine { lane: Lane, id: u64, regions: bool },
    /// A processor's lane appears.
    Proc { lane: Lane, p: ProcId },
    /// What a goroutine did; `by`: id and start function of whoever ended it.
    Span { lane: Lane, id: u64, start: Sym, span: Span, by: Option<(u64, Sym)> },
    /// A goroutine ran on a processor, or was in a system call with it.
    Ran { lane: Lane, id: u64, start: Sym, from: Time, to: Time, syscall: bool },
    /// A region.
    Region { lane: Lane, name: Sym, task: TaskId, stack: StackId, from: Time, to: Time, open: bool },
    /// A special range of the runtime.
    Range { lane: Lane, range: Range, from: Time, to: Time },
    /// An arrow.
    Arrow { creates: bool, from: (Lane, Time), to: (Lane, Time) },
    /// The program logged a message.
    Log { lane: Lane, category: Sym, message: Sym, task: TaskId, stack: StackId, at: Time },
    /// A task, from its begin to its end.
    Task { id: TaskId, parent: TaskId, name: Sym, from: Time, to: Time, open: bool },
    /// The heap.
    Heap { at: Time, live: u64, goal: u64 },
    /// Goroutines that run and that could.
    Load { at: Time, running: u64, runnable: u64 },
}
