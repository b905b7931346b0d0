//! What the program itself says (tasks, regions, logs), gauges, labels and experiments: events that order nothing.

use super::{ActiveTask, Need, ProcNeed, Result, Rule};
use crate::trace::error::TraceErrorKind as Kind;
use crate::trace::event::{EventKind, Gauge, StackId, Sym, TaskId};
use crate::trace::v2::spec::ev;

/// Messages may be many and distinct. Once all text is longer than this, no more of them is kept.
const MOST_TEXT: usize = 64 << 20;
/// What stands for the text of such a message.
const LEFT_OUT: &str = "(text left out: more than 64 MiB of messages)";

impl Rule<'_> {
    pub(super) fn metric(&mut self) -> Result<()> {
        let (gauge, stack) = match self.typ {
            ev::ProcsChange => {
                self.ctx.check_user()?;
                (Gauge::Gomaxprocs, self.stack(self.args()[1])?)
            }
            typ => {
                self.ctx.check(ProcNeed::Must, Need::May)?;
                (if typ == ev::HeapAlloc { Gauge::HeapLive } else { Gauge::HeapGoal }, StackId::NONE)
            }
        };
        self.emit(stack, EventKind::Metric(gauge, self.args()[0]));
        Ok(())
    }

    pub(super) fn label(&mut self) -> Result<()> {
        self.ctx.check_user()?;
        let label = self.string(self.args()[0])?;
        self.emit(StackId::NONE, EventKind::Label(label));
        Ok(())
    }

    /// Go's reader refuses a second begin of an active task. It is legal to write, though, and says nothing against
    /// the rest of the trace: analysis counts a warning instead.
    pub(super) fn task_begin(&mut self) -> Result<()> {
        let [id, parent, name, stack] = self.args();
        // On the wire 0 means no parent here, not the background task.
        let parent = if parent == 0 { TaskId::NONE } else { TaskId(parent) };
        let name = self.string(name)?;
        self.order.tasks.insert(id, ActiveTask { name, parent });
        self.ctx.check_user()?;
        let stack = self.stack(stack)?;
        self.emit(stack, EventKind::TaskBegin { id: TaskId(id), parent, name });
        Ok(())
    }

    pub(super) fn task_end(&mut self) -> Result<()> {
        let [id, stack, ..] = self.args();
        let begun = self.order.tasks.remove(&id);
        let ActiveTask { name, parent } = begun.unwrap_or(ActiveTask { name: Sym::EMPTY, parent: TaskId::NONE });
        self.ctx.check_user()?;
        let stack = self.stack(stack)?;
        self.emit(stack, EventKind::TaskEnd { id: TaskId(id), parent, name });
        Ok(())
    }

    #[inline(always)]
    pub(super) fn region(&mut self, begin: bool) -> Result<()> {
        self.ctx.check_user()?;
        self.ctx.current()?;
        let [task, name, stack, _] = self.args();
        let (task, name, stack) = (TaskId(task), self.string(name)?, self.stack(stack)?);
        let kind = if begin { EventKind::RegionBegin { task, name } } else { EventKind::RegionEnd { task, name } };
        self.emit(stack, kind);
        Ok(())
    }

    pub(super) fn log(&mut self) -> Result<()> {
        self.ctx.check_user()?;
        let [task, category, message, stack] = self.args();
        let (category, stack) = (self.string(category)?, self.stack(stack)?);
        let message = if self.order.keep_messages && self.order.interner.text_bytes() < MOST_TEXT {
            self.string(message)?
        } else if self.data.tables.has_string(message) {
            if self.order.keep_messages { self.order.interner.text(LEFT_OUT) } else { Sym::EMPTY }
        } else {
            return Err(Kind::StringMissing);
        };
        self.emit(stack, EventKind::Log { task: TaskId(task), category, message });
        Ok(())
    }

    pub(super) fn experimental(&mut self) -> Result<()> {
        self.ctx.check(ProcNeed::May, Need::May)?;
        self.emit(StackId::NONE, EventKind::Experimental);
        Ok(())
    }
}
