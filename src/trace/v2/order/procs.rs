//! Processors: started, stopped, retaken from a thread in a system call, and their status notes.

use super::{Kind, Need, ProcNeed, Result, Rule, Step, Wait};
use crate::trace::event::{EventKind, ProcId, ProcState, StackId};
use crate::trace::v2::state::{ProcIx, ProcStatus};

impl ProcStatus {
    fn state(self) -> ProcState {
        match self {
            ProcStatus::Running | ProcStatus::Syscall => ProcState::Running,
            ProcStatus::Idle | ProcStatus::SyscallAbandoned => ProcState::Idle,
        }
    }
}

pub(super) fn proc_change(p: u32, from: ProcState, to: ProcState) -> EventKind {
    EventKind::Proc { p: ProcId(p), from, to }
}

fn proc_id(wire: u64) -> Result<u32> {
    u32::try_from(wire).ok().filter(|&p| p != u32::MAX).ok_or(Kind::ProcOutOfRange)
}

impl Rule<'_> {
    pub(super) fn proc_start(&mut self) -> Result<Step> {
        let [p, n, ..] = self.args();
        let p = proc_id(p)?;
        let seq = self.seq(n);
        // A thread that has one already is in a system call whose processor is about to be retaken.
        if self.ctx.p != ProcIx::NONE {
            return self.blocked(Wait::ProcLost(self.ctx.t));
        }
        let wait = Wait::ProcIdle(p, n);
        let Some(ix) = self.order.procs.find(p) else { return self.blocked(wait) };
        let proc = self.order.procs.get(ix);
        if proc.status != ProcStatus::Idle || !seq.succeeds(proc.seq) {
            return self.blocked(wait);
        }
        self.ctx.check(ProcNeed::May, Need::May)?;
        (proc.status, proc.seq) = (ProcStatus::Running, seq);
        self.emit(StackId::NONE, proc_change(p, ProcState::Idle, ProcState::Running));
        self.bind_p(ix);
        self.order.proc_changed(ix);
        Ok(Step::Advanced)
    }

    pub(super) fn proc_stop(&mut self) -> Result<()> {
        if self.ctx.p == ProcIx::NONE {
            return Err(Kind::UnknownProc);
        }
        let proc = self.order.procs.get(self.ctx.p);
        if !matches!(proc.status, ProcStatus::Running | ProcStatus::Syscall) {
            return Err(Kind::ProcNotRunning);
        }
        self.ctx.check(ProcNeed::Must, Need::May)?;
        proc.status = ProcStatus::Idle;
        let p = proc.id;
        self.emit(StackId::NONE, proc_change(p, ProcState::Running, ProcState::Idle));
        self.bind_p(ProcIx::NONE);
        self.order.proc_changed(self.ctx.p);
        Ok(())
    }

    /// Another thread (or this one) takes the processor of a thread that sits in a system call.
    pub(super) fn proc_steal(&mut self) -> Result<Step> {
        let [p, n, from, _] = self.args();
        let p = proc_id(p)?;
        let seq = self.seq(n);
        let wait = Wait::ProcInSyscall(p, n);
        let Some(ix) = self.order.procs.find(p) else { return self.blocked(wait) };
        let proc = self.order.procs.get(ix);
        if !proc.status.in_syscall() || !seq.succeeds(proc.seq) {
            return self.blocked(wait);
        }
        self.ctx.check(ProcNeed::May, Need::May)?;
        let abandoned = proc.status == ProcStatus::SyscallAbandoned;
        (proc.status, proc.seq) = (ProcStatus::Idle, seq);
        if abandoned {
            // Whoever held it may have moved on: there is nothing to take it from, and for all that analysis can
            // tell it was idle.
            self.emit(StackId::NONE, proc_change(p, ProcState::Idle, ProcState::Idle));
            self.order.proc_changed(ix);
            return Ok(Step::Advanced);
        }
        if from == self.ctx.thread.0 {
            if self.ctx.p != ix {
                return Err(Kind::StealOfOtherProc);
            }
            self.emit(StackId::NONE, proc_change(p, ProcState::Running, ProcState::Idle));
            self.bind_p(ProcIx::NONE);
        } else {
            let t = self.order.thread(from);
            let victim = &self.order.threads[t as usize];
            if !victim.seen {
                return Err(Kind::StealFromUnknownThread);
            }
            if victim.p != ix {
                return Err(Kind::StealOfOtherProc);
            }
            self.emit(StackId::NONE, proc_change(p, ProcState::Running, ProcState::Idle));
            self.order.lose_proc(t);
        }
        self.order.proc_changed(ix);
        Ok(Step::Advanced)
    }

    /// A note of what a processor is doing, once in each generation.
    pub(super) fn proc_status(&mut self) -> Result<()> {
        let p = proc_id(self.args()[0])?;
        let status = ProcStatus::from_wire(self.args()[1]).ok_or(Kind::BadProcStatus)?;
        let seq = self.seq(0);
        let (ix, from, to) = match self.order.procs.find(p) {
            Some(ix) => {
                let proc = self.order.procs.get(ix);
                let known = proc.status;
                // "Abandoned" says that something may have been lost. Where the system call was seen, nothing was.
                let seen_in_syscall = status == ProcStatus::SyscallAbandoned && known == ProcStatus::Syscall;
                if known != status && !seen_in_syscall {
                    return Err(Kind::InconsistentProcStatus);
                }
                proc.seq = seq;
                if seen_in_syscall {
                    // Whoever notes this is about to retake it; the note belongs to the thread that holds it.
                    let holder = proc.holder;
                    let Some(thread) = self.order.threads.get(holder as usize).filter(|t| t.p == ix) else {
                        return Err(Kind::ProcLost);
                    };
                    (self.ctx.t, self.ctx.thread.0, self.ctx.p, self.ctx.proc) = (holder, thread.id, ix, ProcId(p));
                    (self.ctx.g, self.ctx.bound) = (thread.g, thread.g);
                    if !self.order.gos.holds(thread.g, thread.gid) {
                        self.ctx.g = crate::trace::event::GoSlot::NONE;
                    }
                    self.emit(StackId::NONE, proc_change(p, ProcState::Running, ProcState::Running));
                    self.order.proc_changed(ix);
                    return Ok(());
                }
                (ix, status.state(), status.state())
            }
            None => {
                let from = if self.in_first_generation() { ProcState::Undetermined } else { ProcState::NotExist };
                (self.order.procs.add(p, status, seq), from, status.state())
            }
        };
        self.emit(StackId::NONE, proc_change(p, from, to));
        if matches!(status, ProcStatus::Running | ProcStatus::Syscall) {
            self.bind_p(ix);
        }
        self.order.proc_changed(ix);
        Ok(())
    }
}
