//! The longest single goroutines, region calls, running slices and waits, where they were asked for. Tasks are all known
//! at the end, and chosen then (`src/metrics/tasks.rs`).
//!
//! Nothing is kept but the longest of each: a run of many goroutines takes as much room as one of few. The runtime's and
//! the framework's own goroutines, and what goroutines wait for the framework, are left out.

use super::account::{Account, Mark};
use super::accounts::Accounts;
use super::frames::frames;
use super::groups::GroupIx;
use super::population::{self, Owner};
use super::tally::Spent;
use super::tests::TestIx;
use super::top::Top;
use crate::summary::{self, GoroutineInstance, RegionInstance, SliceInstance, WaitInstance};
use crate::timeline::{Activity, Span, State};
use crate::trace::{GoSlot, StackId, Sym, Symbols, TaskId, Time};

/// In a test binary main.main is the framework's; whether this is one is known at the end only. Until then it gets room
/// of its own.
const SPARE: usize = 8;

/// Whoever something happened to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Who {
    pub(super) id: u64,
    pub(super) group: GroupIx,
    pub(super) test: TestIx,
}

impl Who {
    pub(super) fn of(account: &Account) -> Who {
        Who { id: account.id, group: account.group, test: account.test }
    }
}

#[derive(Clone, Debug)]
struct Life {
    who: Who,
    account: Box<Account>,
    spent: Spent,
    /// Where it stood when the trace ended, if that was first.
    stands_at: Option<StackId>,
}

/// A call of a region.
#[derive(Clone, Debug)]
pub(super) struct Call {
    pub(super) who: Who,
    pub(super) name: Sym,
    pub(super) task: TaskId,
    pub(super) began: Option<Time>,
    pub(super) complete: bool,
    pub(super) stack: StackId,
    pub(super) spent: Spent,
}

/// What a goroutine did for a while.
#[derive(Clone, Copy, Debug)]
struct Piece {
    who: Who,
    span: Span,
    /// Who ended it.
    by: Option<Who>,
    /// What it did then, and where it was: of what ran.
    then: Option<(Activity, StackId)>,
}

/// The longest so far.
#[derive(Clone, Debug)]
pub(super) struct Instances {
    keep: usize,
    goroutines: Top<Life>,
    calls: Top<Call>,
    slices: Top<Piece>,
    waits: Top<Piece>,
    /// What has ended last: how is told next. A system call whose processor was retaken comes in two parts.
    last: Option<Piece>,
    /// By group: whether it is the program's.
    own: Vec<bool>,
}

impl Instances {
    pub(super) fn new(keep: usize) -> Instances {
        let with_spare = keep.saturating_add(SPARE);
        Instances {
            keep,
            goroutines: Top::new(with_spare),
            calls: Top::new(keep),
            slices: Top::new(with_spare),
            waits: Top::new(with_spare),
            last: None,
            own: Vec::new(),
        }
    }

    /// How many of each kind.
    pub(super) fn keep(&self) -> usize {
        self.keep
    }

    pub(super) fn begin_window(&mut self) {
        self.goroutines.clear();
        self.calls.clear();
        self.slices.clear();
        self.waits.clear();
        self.last = None;
    }

    /// What a group is called.
    pub(super) fn named(&mut self, group: GroupIx, name: &str) {
        let at = group.0 as usize;
        if at >= self.own.len() {
            self.own.resize(at + 1, false);
        }
        self.own[at] = !matches!(population::owner(name, false), Owner::Runtime | Owner::Framework);
    }

    fn is_own(&self, group: GroupIx) -> bool {
        self.own.get(group.0 as usize).copied().unwrap_or_default()
    }

    /// Whether a stretch of time is too short to be told. A system call may go on without its processor.
    #[inline]
    fn is_short(&self, span: &Span) -> bool {
        match span.state {
            State::Running => self.slices.is_beneath(span.ns()),
            State::Runnable | State::Waiting => self.waits.is_beneath(span.ns()),
            State::Syscall | State::SyscallBlocked => false,
        }
    }

    /// A goroutine has spent time; `by`: who ended it.
    pub(super) fn span(&mut self, span: Span, who: Who, by: Option<Who>) {
        if let Some(last) = &mut self.last
            && span.state == State::SyscallBlocked
            && last.span.g == span.g
            && last.span.state == State::Syscall
            && last.span.end == span.start
        {
            (last.span.end, last.span.open) = (span.end, span.open);
            return;
        }
        self.settle();
        self.last = Some(Piece { who, span, by, then: None });
    }

    /// A goroutine's state changes: what ran has stopped doing so. Of one that was there before the trace, that may be the
    /// first time that a stack tells its group.
    pub(super) fn moved(&mut self, g: GoSlot, group: GroupIx, to: Activity, stack: StackId) {
        let Some(last) = self.last.as_mut().filter(|last| last.span.g == g) else { return };
        if last.who.group == GroupIx::NAMELESS {
            last.who.group = group;
        }
        if last.span.state == State::Running && last.then.is_none() {
            last.then = Some((to, stack));
        }
    }

    fn settle(&mut self) {
        let Some(piece) = self.last.take().filter(|piece| self.is_own(piece.who.group)) else { return };
        let top = if piece.span.state == State::Running { &mut self.slices } else { &mut self.waits };
        top.offer(piece.span.ns(), piece.span.start.0, piece.who.id, || piece);
    }

    /// A goroutine is gone, or the trace ended first; it spent `spent`, as far as that counts.
    pub(super) fn retire(&mut self, account: &Account, spent: &Spent, stands_at: Option<StackId>) {
        if self.is_own(account.group) {
            let who = Who::of(account);
            self.goroutines.offer(spent.total, account.born.0, who.id, || Life {
                who,
                account: Box::new(account.clone()),
                spent: spent.clone(),
                stands_at,
            });
        }
    }

    /// A call of a region is over, or its goroutine or the trace is.
    pub(super) fn call(&mut self, ns: i64, began: Option<Time>, who: Who, call: impl FnOnce() -> Call) {
        self.calls.offer(ns, began.map_or(i64::MIN, |at| at.0), who.id, call);
    }

    /// In words. `under_test`: whether this is a test binary. `task`: the type of a task.
    pub(super) fn tell(
        mut self,
        accounts: &Accounts,
        symbols: &Symbols,
        under_test: bool,
        task: impl Fn(TaskId) -> Sym,
    ) -> summary::Instances {
        self.settle();
        let text = |sym: Sym| symbols.text(sym).to_owned();
        let group = |who: Who| text(accounts.name(who.group));
        let test = |who: Who| (who.test.0 as usize).checked_sub(1);
        let is_own = |who: Who| {
            let owner = population::owner(symbols.text(accounts.name(who.group)), under_test);
            !matches!(owner, Owner::Runtime | Owner::Framework)
        };
        let goroutines = self.goroutines.into_sorted().filter(|life| is_own(life.who)).take(self.keep);
        let slices = self.slices.into_sorted().filter(|piece| is_own(piece.who)).take(self.keep);
        let waits = self.waits.into_sorted().filter(|piece| is_own(piece.who)).take(self.keep);
        summary::Instances {
            goroutines: goroutines
                .map(|Life { who, account, spent, stands_at }| GoroutineInstance {
                    g: who.id,
                    group: group(who),
                    test: test(who),
                    start_ns: account.born.0,
                    created: account.is(Mark::Created),
                    alive: stands_at.is_some(),
                    created_at: frames(symbols, account.created_by),
                    stands_at: frames(symbols, stands_at.unwrap_or_default()),
                    times: spent.times(symbols),
                })
                .collect(),
            tasks: Vec::new(),
            regions: self
                .calls
                .into_sorted()
                .map(|call| RegionInstance {
                    region: text(call.name),
                    task: text(task(call.task)),
                    task_id: (call.task != TaskId::BACKGROUND).then_some(call.task.0),
                    g: call.who.id,
                    group: group(call.who),
                    start_ns: call.began.map(|at| at.0),
                    complete: call.complete,
                    begun_at: without_tracer(frames(symbols, call.stack)),
                    times: call.spent.times(symbols),
                })
                .collect(),
            slices: slices
                .map(|Piece { who, span, then, .. }| SliceInstance {
                    g: who.id,
                    group: group(who),
                    test: test(who),
                    start_ns: span.start.0,
                    ns: span.ns(),
                    then: match then.map(|(to, _)| to) {
                        Some(Activity::Waiting) => "waiting",
                        Some(Activity::Runnable) => "runnable",
                        Some(Activity::Syscall) => "syscall",
                        Some(Activity::Gone) => "gone",
                        Some(Activity::Running) | None => "running",
                    }
                    .to_owned(),
                    stopped_at: then.map(|(_, stack)| frames(symbols, stack)).unwrap_or_default(),
                })
                .collect(),
            waits: waits
                .map(|Piece { who, span, by, .. }| WaitInstance {
                    g: who.id,
                    group: group(who),
                    test: test(who),
                    state: match span.state {
                        State::Waiting => text(span.reason),
                        State::Runnable => "runnable".to_owned(),
                        _ => "syscall".to_owned(),
                    },
                    start_ns: span.start.0,
                    ns: span.ns(),
                    open: span.open,
                    at: frames(symbols, if span.state == State::Runnable { span.begun_at } else { span.stack }),
                    by: by.map(|by| by.id),
                    by_group: by.map(group).unwrap_or_default(),
                    by_at: frames(symbols, span.by_stack),
                })
                .collect(),
        }
    }
}

impl super::Metrics {
    /// A goroutine has spent time that counts: from where it began to count.
    #[cold]
    #[inline(never)]
    pub(super) fn instance(&mut self, span: Span) {
        let Some(instances) = &mut self.instances else { return };
        // As nearly all are.
        if instances.is_short(&span) {
            return;
        }
        let blocked = !matches!(span.state, State::Running | State::Runnable);
        if blocked && self.stacks.known(span.stack).is_framework() {
            return;
        }
        let Some(account) = self.accounts.peek(span.g) else { return };
        let by = span.by.get().and_then(|by| self.accounts.peek(by)).map(Who::of);
        let span = Span { start: account.counts_from(span.start), ..span };
        instances.span(span, Who::of(account), by);
    }
}

/// Without the functions of runtime/trace that note where a region or a task begins.
pub(super) fn without_tracer(mut frames: Vec<summary::SiteFrame>) -> Vec<summary::SiteFrame> {
    let from = frames.iter().position(|frame| !frame.func.starts_with("runtime/trace.")).unwrap_or(0);
    frames.drain(..from);
    frames
}
