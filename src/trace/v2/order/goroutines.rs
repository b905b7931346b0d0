//! Goroutines: created, started, stopped, blocked, woken, switched to, and their status notes.

use super::{Kind, Need, ProcNeed, Result, Rule, Step, Wait};
use crate::trace::event::{EventKind, GoId, GoSlot, GoState, GoTransition, ProcId, StackId, Sym};
use crate::trace::v2::spec::ev;
use crate::trace::v2::state::{GoStatus, ProcIx};

impl GoStatus {
    fn state(self) -> GoState {
        match self {
            GoStatus::Runnable => GoState::Runnable,
            GoStatus::Running => GoState::Running,
            GoStatus::Syscall => GoState::Syscall,
            GoStatus::Waiting => GoState::Waiting,
        }
    }
}

/// A change of state that carries neither reason nor stack.
#[inline(always)]
pub(super) fn change(id: u64, slot: GoSlot, from: GoState, to: GoState) -> EventKind {
    EventKind::Go(GoTransition { id: GoId(id), slot, from, to, reason: Sym::EMPTY, stack: StackId::NONE })
}

impl Rule<'_> {
    /// The running goroutine creates another (or the runtime does, for a timer: then there is no running one).
    #[inline(always)]
    pub(super) fn go_create(&mut self, blocked: bool) -> Result<()> {
        self.ctx.check(ProcNeed::Must, Need::May)?;
        if let Some(g) = self.ctx.g.get()
            && self.order.gos.get(g).status != GoStatus::Running
        {
            return Err(Kind::GoroutineNotRunning);
        }
        let [id, new_stack, stack, _] = self.args();
        let status = if blocked { GoStatus::Waiting } else { GoStatus::Runnable };
        let slot = self.add(id, status)?;
        let (new_stack, stack) = (self.stack(new_stack)?, self.stack(stack)?);
        let to = status.state();
        let from = GoState::NotExist;
        let created = GoTransition { id: GoId(id), slot, from, to, reason: Sym::EMPTY, stack: new_stack };
        self.emit(stack, EventKind::Go(created));
        Ok(())
    }

    /// Enters a goroutine that must be new.
    #[inline(always)]
    pub(super) fn add(&mut self, id: u64, status: GoStatus) -> Result<GoSlot> {
        if self.order.gos.find(id).is_some() {
            return Err(Kind::GoroutineExists);
        }
        let seq = self.seq(0);
        let slot = self.order.gos.add(id, status, seq).ok_or(Kind::TooManyGoroutines)?;
        self.order.go_changed(slot);
        Ok(slot)
    }

    #[inline(always)]
    pub(super) fn go_start(&mut self) -> Result<Step> {
        let [id, seq, ..] = self.args();
        let wait = Wait::GoRunnable(id, seq);
        let next = self.seq(seq);
        let Some((slot, go)) = self.order.gos.find_mut(id) else { return self.blocked(wait) };
        if go.status != GoStatus::Runnable || !next.succeeds(go.seq) {
            return self.blocked(wait);
        }
        self.ctx.check(ProcNeed::Must, Need::MustNot)?;
        (go.status, go.seq.n) = (GoStatus::Running, seq);
        self.emit(StackId::NONE, change(id, slot, GoState::Runnable, GoState::Running));
        self.bind_g(slot, id);
        Ok(Step::Advanced)
    }

    /// The goroutine of this thread and its id, which must be in this state.
    #[inline(always)]
    pub(super) fn current_in(&mut self, status: GoStatus, otherwise: Kind) -> Result<(GoSlot, u64)> {
        let slot = self.ctx.current()?;
        let go = self.order.gos.get(slot);
        if go.status == status { Ok((slot, go.id)) } else { Err(otherwise) }
    }

    /// The running goroutine blocks, yields or ends.
    #[inline(always)]
    pub(super) fn go_leave(&mut self) -> Result<()> {
        self.ctx.check_user()?;
        let (slot, id) = self.current_in(GoStatus::Running, Kind::GoroutineNotRunning)?;
        if self.typ == ev::GoDestroy {
            self.emit(StackId::NONE, change(id, slot, GoState::Running, GoState::NotExist));
            self.order.gos.remove(slot);
        } else {
            let status = if self.typ == ev::GoBlock { GoStatus::Waiting } else { GoStatus::Runnable };
            self.order.gos.get(slot).status = status;
            let (reason, stack) = (self.string(self.args()[0])?, self.stack(self.args()[1])?);
            let (from, to) = (GoState::Running, status.state());
            self.emit(stack, EventKind::Go(GoTransition { id: GoId(id), slot, from, to, reason, stack }));
            self.order.go_changed(slot);
        }
        self.bind_g(GoSlot::NONE, 0);
        Ok(())
    }

    /// Anything may wake a goroutine: another one, the network poller, a timer, the system monitor.
    #[inline(always)]
    pub(super) fn go_unblock(&mut self) -> Result<Step> {
        let [id, seq, stack, _] = self.args();
        let wait = Wait::GoWaiting(id, seq);
        let next = self.seq(seq);
        let Some((slot, go)) = self.order.gos.find_mut(id) else { return self.blocked(wait) };
        if go.status != GoStatus::Waiting || !next.succeeds(go.seq) {
            return self.blocked(wait);
        }
        (go.status, go.seq.n) = (GoStatus::Runnable, seq);
        let stack = self.stack(stack)?;
        self.emit(stack, change(id, slot, GoState::Waiting, GoState::Runnable));
        self.order.go_changed(slot);
        Ok(Step::Advanced)
    }

    /// The running goroutine hands its thread to another, as coroutines do: three events at one instant.
    ///
    /// ```text
    ///   next:     waiting ─▶ runnable ──────────────▶ running
    ///   current:  running ────────────▶ waiting or gone
    /// ```
    pub(super) fn go_switch(&mut self, destroy: bool) -> Result<Step> {
        self.ctx.check_user()?;
        let (current, current_id) = self.current_in(GoStatus::Running, Kind::GoroutineNotRunning)?;
        let [id, seq, ..] = self.args();
        let wait = Wait::GoWaiting(id, seq);
        let seq = self.seq(seq);
        let Some((slot, next)) = self.order.gos.find_mut(id) else { return self.blocked(wait) };
        if next.status != GoStatus::Waiting || !seq.succeeds(next.seq) {
            return self.blocked(wait);
        }
        (next.status, next.seq) = (GoStatus::Running, seq);
        self.emit(StackId::NONE, change(id, slot, GoState::Waiting, GoState::Runnable));
        if destroy {
            self.emit(StackId::NONE, change(current_id, current, GoState::Running, GoState::NotExist));
            self.order.gos.remove(current);
        } else {
            self.order.gos.get(current).status = GoStatus::Waiting;
            self.emit(StackId::NONE, change(current_id, current, GoState::Running, GoState::Waiting));
            self.order.go_changed(current);
        }
        self.ctx = self.ctx.without_g();
        self.emit(StackId::NONE, change(id, slot, GoState::Runnable, GoState::Running));
        self.bind_g(slot, id);
        Ok(Step::Advanced)
    }

    /// A note of what a goroutine is doing, once in each generation.
    pub(super) fn go_status(&mut self, stack: StackId) -> Result<()> {
        let [id, thread, status, _] = self.args();
        let status = GoStatus::from_wire(status).ok_or(Kind::BadGoStatus)?;
        let seq = self.seq(0);
        let (slot, from) = match self.order.gos.find(id) {
            Some(slot) => {
                let go = self.order.gos.get(slot);
                if go.status != status {
                    return Err(Kind::InconsistentGoStatus);
                }
                go.seq = seq;
                (slot, status.state())
            }
            None if self.in_first_generation() => {
                let slot = self.order.gos.add(id, status, seq).ok_or(Kind::TooManyGoroutines)?;
                (slot, GoState::Undetermined)
            }
            None => return Err(Kind::NewGoroutineStatus),
        };
        let mut bind = status == GoStatus::Running;
        if status == GoStatus::Syscall {
            bind = self.status_in_syscall(slot, id, thread)?;
        }
        let noted = GoTransition { id: GoId(id), slot, from, to: status.state(), reason: Sym::EMPTY, stack };
        self.emit(stack, EventKind::Go(noted));
        if bind {
            self.bind_g(slot, id);
        }
        self.order.go_changed(slot);
        Ok(())
    }

    /// A goroutine in a system call sits on a thread, often not the one that notes it. Moves this event's context
    /// to that thread; says whether the goroutine is to be bound to the noting thread.
    fn status_in_syscall(&mut self, slot: GoSlot, id: u64, thread: u64) -> Result<bool> {
        if thread == u64::MAX {
            return Err(Kind::SyscallWithoutThread);
        }
        if thread == self.ctx.thread.0 {
            // After the first generation the binding must have been seen.
            let bound = self.ctx.bound != GoSlot::NONE && self.ctx.g == slot;
            if bound || self.in_first_generation() {
                return Ok(true);
            }
            return Err(Kind::SyscallOnOtherThread);
        }
        let t = self.order.thread(thread);
        let other = &mut self.order.threads[t as usize];
        if other.seen {
            if other.g != slot || other.gid != id {
                return Err(Kind::SyscallOnOtherThread);
            }
            (self.ctx.g, self.ctx.bound) = (slot, slot);
        } else {
            // It has been sitting there since before the trace began.
            (other.seen, other.g, other.gid) = (true, slot, id);
            other.bind(ProcIx::NONE, ProcId::NONE);
        }
        self.ctx.thread.0 = thread;
        Ok(false)
    }
}
