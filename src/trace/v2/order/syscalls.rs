//! System calls, and goroutines that C code makes by calling into Go.

use super::goroutines::change;
use super::procs::proc_change;
use super::{Kind, Need, ProcNeed, Result, Rule, Step, Wait};
use crate::trace::event::{EventKind, GoId, GoSlot, GoState, GoTransition, ProcId, ProcState, StackId, Sym};
use crate::trace::v2::state::{GoStatus, ProcIx, ProcStatus};

impl Rule<'_> {
    #[inline(always)]
    pub(super) fn syscall_begin(&mut self) -> Result<()> {
        self.ctx.check_user()?;
        let (slot, id) = self.current_in(GoStatus::Running, Kind::GoroutineNotRunning)?;
        self.order.gos.get(slot).status = GoStatus::Syscall;
        // The processor's sequence number is here so that a retake can tell which of several calls it ends, even
        // where the clocks are wrong. A processor that runs must have it: there is nothing to wait for.
        let seq = self.seq(self.args()[0]);
        let proc = self.order.procs.get(self.ctx.p);
        if !seq.succeeds(proc.seq) {
            return Err(Kind::ProcSequence);
        }
        (proc.status, proc.seq) = (ProcStatus::Syscall, seq);
        let stack = self.stack(self.args()[1])?;
        let (from, to) = (GoState::Running, GoState::Syscall);
        self.emit(stack, EventKind::Go(GoTransition { id: GoId(id), slot, from, to, reason: Sym::EMPTY, stack }));
        self.order.proc_changed(self.ctx.p);
        Ok(())
    }

    #[inline(always)]
    pub(super) fn syscall_end(&mut self) -> Result<()> {
        self.ctx.check_user()?;
        let (slot, id) = self.current_in(GoStatus::Syscall, Kind::GoroutineNotInSyscall)?;
        self.order.gos.get(slot).status = GoStatus::Running;
        let proc = self.order.procs.get(self.ctx.p);
        if proc.status != ProcStatus::Syscall {
            return Err(Kind::ProcNotInSyscall);
        }
        proc.status = ProcStatus::Running;
        self.emit(StackId::NONE, change(id, slot, GoState::Syscall, GoState::Running));
        self.order.proc_changed(self.ctx.p);
        Ok(())
    }

    /// The call took so long that the processor was taken away; until that has been seen, the end cannot have been.
    pub(super) fn syscall_end_blocked(&mut self) -> Result<Step> {
        if self.ctx.p != ProcIx::NONE {
            let proc = self.order.procs.get(self.ctx.p);
            if proc.status == ProcStatus::Syscall {
                let wait = Wait::SyscallLeft(proc.id);
                return self.blocked(wait);
            }
        }
        self.ctx.check(ProcNeed::May, Need::Must)?;
        let (slot, id) = self.current_in(GoStatus::Syscall, Kind::GoroutineNotInSyscall)?;
        self.order.gos.get(slot).status = GoStatus::Runnable;
        self.emit(StackId::NONE, change(id, slot, GoState::Syscall, GoState::Runnable));
        self.bind_g(GoSlot::NONE, 0);
        self.order.go_changed(slot);
        self.wake_next_for_syscall_left();
        Ok(Step::Advanced)
    }

    /// This event did not take away what it waited for: the next thread that waits for the same may go, too.
    fn wake_next_for_syscall_left(&mut self) {
        let woken = std::mem::replace(&mut self.order.threads[self.ctx.t as usize].woken, ProcId::NONE);
        if woken != ProcId::NONE
            && let Some(p) = self.order.procs.find(woken.0)
            && self.order.procs.get(p).status != ProcStatus::Syscall
        {
            self.order.wake(Wait::SyscallLeft(woken.0));
        }
    }

    /// C code calls into Go: a goroutine appears, in a system call.
    pub(super) fn go_create_syscall(&mut self) -> Result<()> {
        self.ctx.check(ProcNeed::May, Need::MustNot)?;
        let id = self.args()[0];
        let slot = self.add(id, GoStatus::Syscall)?;
        self.emit(StackId::NONE, change(id, slot, GoState::NotExist, GoState::Syscall));
        self.bind_g(slot, id);
        Ok(())
    }

    /// The call from C code is over. The thread may end now and its id be used again, so that it is taken to have
    /// lost its processor, if it has one: somebody will retake it.
    pub(super) fn go_destroy_syscall(&mut self) -> Result<()> {
        self.ctx.check(ProcNeed::May, Need::Must)?;
        let (slot, id) = self.current_in(GoStatus::Syscall, Kind::GoroutineNotInSyscall)?;
        if self.ctx.p != ProcIx::NONE {
            let proc = self.order.procs.get(self.ctx.p);
            if proc.status != ProcStatus::Syscall {
                return Err(Kind::ProcNotInSyscall);
            }
            proc.status = ProcStatus::SyscallAbandoned;
            let p = proc.id;
            self.emit(StackId::NONE, proc_change(p, ProcState::Running, ProcState::Idle));
            self.bind_p(ProcIx::NONE);
            self.order.proc_changed(self.ctx.p);
        }
        self.emit(StackId::NONE, change(id, slot, GoState::Syscall, GoState::NotExist));
        self.order.gos.remove(slot);
        self.bind_g(GoSlot::NONE, 0);
        Ok(())
    }
}
