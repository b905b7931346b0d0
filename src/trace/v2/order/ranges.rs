//! Special ranges of time: collection, stop-the-world, sweep and mark assist.

use super::{GcState, Kind, Need, ProcNeed, Result, Rule, Step, Wait};
use crate::trace::event::{EventKind, GoSlot, ProcId, Range, StackId, Sym};
use crate::trace::v2::spec::ev;

impl Rule<'_> {
    /// Collections begin and end on different threads; their sequence numbers keep them apart.
    fn gc_step(&mut self, state: GcState, stack: u64, kind: EventKind) -> Result<Step> {
        self.order.gc = state;
        self.order.gc_seq = self.args()[0];
        let stack = self.stack(stack)?;
        self.emit(stack, kind);
        self.order.wake(Wait::Gc(self.order.gc_seq.wrapping_add(1)));
        Ok(Step::Advanced)
    }

    fn gc_waits(&mut self) -> Option<Result<Step>> {
        let seq = self.args()[0];
        (seq != self.order.gc_seq.wrapping_add(1)).then(|| self.blocked(Wait::Gc(seq)))
    }

    pub(super) fn gc_active(&mut self) -> Result<Step> {
        let kind = EventKind::RangeActive(Range::GcMark);
        if self.in_first_generation() {
            if self.order.gc != GcState::Undetermined {
                return Err(Kind::GcNotFirst);
            }
            return self.gc_step(GcState::Running, 0, kind);
        }
        if let Some(wait) = self.gc_waits() {
            return wait;
        }
        if self.order.gc != GcState::Running {
            return Err(Kind::GcNotRunning);
        }
        self.ctx.check_user()?;
        self.gc_step(GcState::Running, 0, kind)
    }

    pub(super) fn gc_begin(&mut self) -> Result<Step> {
        let kind = EventKind::RangeBegin(Range::GcMark);
        if self.order.gc != GcState::Undetermined {
            if let Some(wait) = self.gc_waits() {
                return wait;
            }
            if self.order.gc == GcState::Running {
                return Err(Kind::GcAlreadyRunning);
            }
            self.ctx.check_user()?;
        }
        self.gc_step(GcState::Running, self.args()[1], kind)
    }

    pub(super) fn gc_end(&mut self) -> Result<Step> {
        if let Some(wait) = self.gc_waits() {
            return wait;
        }
        if self.order.gc != GcState::Running {
            return Err(Kind::GcNotRunning);
        }
        self.ctx.check_user()?;
        self.gc_step(GcState::NotRunning, 0, EventKind::RangeEnd(Range::GcMark))
    }

    fn current_for_range(&mut self) -> Result<GoSlot> {
        self.ctx.check_user()?;
        self.ctx.current()
    }

    pub(super) fn stw_begin(&mut self) -> Result<()> {
        let g = self.current_for_range()?;
        let [kind, stack, ..] = self.args();
        let name = self.string(kind)?;
        self.order.gos.get(g).ranges.begin(ev::STWBegin, kind, name)?;
        let stack = self.stack(stack)?;
        self.emit(stack, EventKind::RangeBegin(Range::StopTheWorld(name)));
        Ok(())
    }

    pub(super) fn stw_end(&mut self) -> Result<()> {
        let g = self.current_for_range()?;
        let name = self.order.gos.get(g).ranges.end(ev::STWBegin)?;
        self.emit(StackId::NONE, EventKind::RangeEnd(Range::StopTheWorld(name)));
        Ok(())
    }

    pub(super) fn assist_begin(&mut self) -> Result<()> {
        let g = self.current_for_range()?;
        self.order.gos.get(g).ranges.begin(ev::GCMarkAssistBegin, 0, Sym::EMPTY)?;
        let stack = self.stack(self.args()[0])?;
        self.emit(stack, EventKind::RangeBegin(Range::MarkAssist(g)));
        Ok(())
    }

    /// Like a status note, this may be about any goroutine.
    pub(super) fn assist_active(&mut self) -> Result<()> {
        let g = self.order.gos.find(self.args()[0]).ok_or(Kind::UnknownGoroutine)?;
        let first = self.in_first_generation();
        self.order.gos.get(g).ranges.active(ev::GCMarkAssistBegin, first)?;
        self.emit(StackId::NONE, EventKind::RangeActive(Range::MarkAssist(g)));
        Ok(())
    }

    pub(super) fn assist_end(&mut self) -> Result<()> {
        let g = self.current_for_range()?;
        self.order.gos.get(g).ranges.end(ev::GCMarkAssistBegin)?;
        self.emit(StackId::NONE, EventKind::RangeEnd(Range::MarkAssist(g)));
        Ok(())
    }

    pub(super) fn sweep_begin(&mut self) -> Result<()> {
        self.ctx.check(ProcNeed::Must, Need::May)?;
        let stack = self.stack(self.args()[0])?;
        let proc = self.order.procs.get(self.ctx.p);
        proc.ranges.begin(ev::GCSweepBegin, 0, Sym::EMPTY)?;
        let p = ProcId(proc.id);
        self.emit(stack, EventKind::RangeBegin(Range::Sweep(p)));
        Ok(())
    }

    pub(super) fn sweep_active(&mut self) -> Result<()> {
        let p = u32::try_from(self.args()[0]).map_err(|_| Kind::ProcOutOfRange)?;
        let ix = self.order.procs.find(p).ok_or(Kind::UnknownProc)?;
        let first = self.in_first_generation();
        self.order.procs.get(ix).ranges.active(ev::GCSweepBegin, first)?;
        self.emit(StackId::NONE, EventKind::RangeActive(Range::Sweep(ProcId(p))));
        Ok(())
    }

    pub(super) fn sweep_end(&mut self) -> Result<()> {
        self.ctx.check(ProcNeed::Must, Need::May)?;
        let proc = self.order.procs.get(self.ctx.p);
        proc.ranges.end(ev::GCSweepBegin)?;
        let p = ProcId(proc.id);
        self.emit(StackId::NONE, EventKind::RangeEnd(Range::Sweep(p)));
        Ok(())
    }
}
