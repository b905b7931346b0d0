//! Which goroutine works for which test or benchmark, and what each test took.
//!
//! ```text
//!   testing.tRunner          one for each test and subtest: this is where a test begins and ends
//!     ├─ p.work              whoever it creates belongs to it, and whoever those create
//!     ├─ testing.tRunner     a subtest is a test of its own
//!     └─ runtime.…           but for the runtime's own, which anyone may happen to create
//! ```
//!
//! The names of tests are not in a trace. But with `-v` or `-json` the framework writes a line before it starts a
//! test's goroutine, and that write is a system call in the trace, on the creating goroutine. The writes are numbered;
//! what stands in the lines comes from the output of `go test` later (`src/attribution/`).

mod examples;
mod members;
mod sum;
mod timer;

use std::collections::{BTreeMap, BTreeSet};

use super::account::{Account, Mark};
use super::accounts::Accounts;
use super::groups::GroupIx;
use super::population::{Owner, Part};
use super::recorder::Recorder;
use super::stacks::{self, Traits};
use super::tally::{Spent, Sums};
use crate::hash::HashMap;
use crate::timeline::{Birth, Open, Span, State};
use crate::trace::{GoSlot, StackId, Symbols, Time};
use members::Members;
pub(super) use sum::{Kind, TestSum};
pub(super) use timer::Tick;

/// Whoever outlives its test by more than this has been forgotten; less is a matter of who is scheduled first.
pub(super) const GRACE: i64 = 10_000_000;

/// More tests than this run at once in no program whose timeline anyone wants to see.
const RECORDED_AT_ONCE: usize = 64;

/// Index of a test.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct TestIx(pub(super) u32);

impl TestIx {
    /// No test: the process itself.
    pub(super) const NONE: TestIx = TestIx(0);
}

/// All tests.
#[derive(Clone, Debug, Default)]
pub(super) struct Tests {
    all: Vec<TestSum>,
    lines: u64,
    /// The number of the last line that a goroutine wrote.
    wrote: HashMap<GoSlot, u64>,
    /// The last benchmark that a goroutine started: what is launched later belongs to it.
    launched: HashMap<GoSlot, TestIx>,
    /// The goroutine that was created last, and who did.
    last_birth: Option<(GoSlot, GoSlot)>,
    members: Members,
    /// The example that runs, and the goroutine that reads what it prints.
    example: Option<(GoSlot, TestIx)>,
    /// Tests that are running: begun, not over, not waiting for their turn.
    running: BTreeSet<TestIx>,
    recording: usize,
    /// The spans of the test that took longest.
    slowest: Option<(TestIx, Box<Recorder>)>,
    /// User goroutines that belong to no test, and what they ran.
    pub(super) unattributed: u64,
    pub(super) unattributed_exec: i64,
    /// Whether goroutines that outlive their test count up to its end only.
    pub(super) clips: bool,
}

impl Tests {
    /// Whether no test has begun so far.
    #[inline(always)]
    pub(super) fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// All tests, the first one at index 1.
    pub(super) fn all(&self) -> impl Iterator<Item = (TestIx, &TestSum)> {
        self.all.iter().enumerate().map(|(i, test)| (TestIx(i as u32 + 1), test))
    }

    /// The outermost test around a test, itself where there is none.
    pub(super) fn root(&self, ix: TestIx) -> TestIx {
        (ix.0 as usize).checked_sub(1).and_then(|i| self.all.get(i)).map_or(TestIx::NONE, |test| test.root)
    }

    pub(super) fn get(&mut self, ix: TestIx) -> Option<&mut TestSum> {
        self.all.get_mut((ix.0 as usize).checked_sub(1)?)
    }

    /// The window begins: tests that run begin with it. Those that are over stay, since the names of later ones depend
    /// on how many there were; whoever knows the names leaves them out.
    pub(super) fn begin_window(&mut self, from: Time, accounts: &Accounts) {
        (self.unattributed, self.unattributed_exec, self.slowest) = (0, 0, None);
        for test in &mut self.all {
            let (mut goroutines, mut next) = (0, test.first);
            while let Some(account) = next.get().and_then(|slot| accounts.peek(slot)) {
                goroutines += u64::from(!account.is(Mark::Settled));
                next = self.members.next(next);
            }
            test.began = test.began.max(from);
            (test.wall, test.paused, test.waited, test.tail) = (0, 0, 0, 0);
            (test.own, test.own_framework) = (Spent::default(), Sums::default());
            (test.spent, test.framework) = (Spent::default(), Sums::default());
            (test.goroutines, test.outlived, test.rounds) = (goroutines, 0, 0);
            test.leaks.clear();
            test.timer.iter_mut().chain(&mut test.last_timer).for_each(|timer| timer.begin_window());
            if let Some(before) = &mut test.before {
                **before = Spent::default();
            }
            if let Some(recorder) = &mut test.recorder {
                **recorder = Recorder::default();
            }
        }
    }

    /// The spans of the test that took longest.
    pub(super) fn slowest(&self) -> Option<(TestIx, &Recorder)> {
        self.slowest.as_ref().map(|(ix, recorder)| (*ix, &**recorder))
    }

    /// A goroutine enters a system call whose stack shows that it writes a line for the framework.
    pub(super) fn line(&mut self, g: GoSlot) {
        self.wrote.insert(g, self.lines);
        self.lines += 1;
    }

    /// The test that a new goroutine belongs to, as long as its name is not known.
    #[inline(always)]
    pub(super) fn inherit(&mut self, birth: &Birth, accounts: &Accounts) -> TestIx {
        if birth.created {
            self.last_birth = Some((birth.g, birth.by));
        }
        match birth.by.get() {
            Some(creator) => accounts.peek(creator).map_or(TestIx::NONE, |account| account.test),
            // A timer's function: it can only belong to the one test that is running.
            None if birth.created && self.running.len() == 1 => self.running.first().copied().unwrap_or_default(),
            None => TestIx::NONE,
        }
    }

    /// The start function of a goroutine is known: it runs a test, or may work for one.
    #[inline(never)]
    pub(super) fn named(&mut self, g: GoSlot, part: Part, accounts: &mut Accounts) {
        match part {
            Part::Test => self.begin(g, Kind::Test, accounts),
            Part::FirstRound => self.begin(g, Kind::Benchmark, accounts),
            Part::Rounds => self.launch(g, accounts),
            Part::Example => self.begin_example(g, accounts),
            Part::Stranger => accounts.get(g).test = TestIx::NONE,
            Part::Bubble | Part::Worker => {}
        }
        let ix = accounts.get(g).test;
        if ix != TestIx::NONE {
            self.join(g, ix, accounts);
        }
    }

    /// Who created this goroutine, if that has just happened.
    fn creator(&self, g: GoSlot) -> GoSlot {
        self.last_birth.filter(|&(child, _)| child == g).map_or(GoSlot::NONE, |(_, creator)| creator)
    }

    fn begin(&mut self, g: GoSlot, kind: Kind, accounts: &mut Accounts) {
        let creator = self.creator(g);
        let line = self.wrote.remove(&creator);
        let account = accounts.get(g);
        // The inner runner of synctest.Test is part of the test around it.
        if line.is_none() && account.test != TestIx::NONE && kind == Kind::Test && self.lines > 0 {
            return;
        }
        let (began, parent) = (account.born, account.test);
        let ix = self.push(kind, parent, line, began, g);
        accounts.get(g).test = ix;
        self.running.remove(&parent);
        if kind == Kind::Benchmark {
            self.launched.insert(creator, ix);
        }
    }

    /// A test begins.
    fn push(&mut self, kind: Kind, parent: TestIx, line: Option<u64>, began: Time, runner: GoSlot) -> TestIx {
        let recorder = (self.recording < RECORDED_AT_ONCE).then(Box::<Recorder>::default);
        self.recording += usize::from(recorder.is_some());
        let own = TestIx(self.all.len() as u32 + 1);
        let root = Some(self.root(parent)).filter(|&root| root != TestIx::NONE).unwrap_or(own);
        self.all.push(TestSum {
            kind,
            parent,
            root,
            line,
            function: None,
            began,
            ended: Time::NEVER,
            wall: 0,
            paused: 0,
            waited: 0,
            own: Spent::default(),
            own_framework: Sums::default(),
            spent: Spent::default(),
            framework: Sums::default(),
            goroutines: 0,
            outlived: 0,
            leaks: BTreeMap::new(),
            tail: 0,
            rounds: 0,
            over: false,
            cut: false,
            first: GoSlot::NONE,
            runner,
            last_runner: GoSlot::NONE,
            timer: (kind == Kind::Benchmark).then(Box::default),
            last_timer: None,
            before: None,
            recorder,
        });
        let ix = TestIx(self.all.len() as u32);
        self.running.insert(ix);
        ix
    }

    /// More rounds of a benchmark, after the first, single one.
    fn launch(&mut self, g: GoSlot, accounts: &mut Accounts) {
        let Some(&ix) = self.launched.get(&self.creator(g)) else {
            return self.begin(g, Kind::Benchmark, accounts);
        };
        let account = accounts.get(g);
        account.test = ix;
        let at = account.born;
        if let Some(test) = self.get(ix) {
            test.last_timer = test.timer.replace(Box::default()).map(|timer| Box::new(timer.done(at)));
            // The one that ran the rounds before may have said that it is done, and still has to end.
            test.last_runner = if test.over { GoSlot::NONE } else { test.runner };
            (test.runner, test.over) = (g, false);
            self.running.insert(ix);
        }
    }

    /// Adds a goroutine to the list of those that work for a test.
    fn join(&mut self, g: GoSlot, ix: TestIx, accounts: &mut Accounts) {
        let clips = self.clips;
        let Some(test) = self.get(ix) else { return };
        if test.over {
            // Begun by someone who was left over: counted as such when it ends.
            let account = accounts.get(g);
            account.set(Mark::Settled, true);
            account.outside |= clips;
        }
        test.goroutines += 1;
        let second = std::mem::replace(&mut test.first, g);
        self.members.put(g, second);
    }

    /// Takes a goroutine off the list of its test.
    fn leave(&mut self, g: GoSlot, ix: TestIx) {
        if let Some(first) = self.members.take(g)
            && let Some(test) = self.get(ix)
        {
            test.first = first;
        }
    }

    /// A goroutine that works for a test has spent time.
    pub(super) fn span(&mut self, span: &Span, ix: TestIx, traits: Traits, symbols: &Symbols) {
        let Some(test) = self.get(ix) else { return };
        if traits.in_test() && test.function.is_none() && test.runner == span.g {
            test.function = stacks::test_frame(span.stack, symbols);
        }
        let blocked = !matches!(span.state, State::Running | State::Runnable);
        if blocked && traits.is_framework() && !test.over {
            test.framework.add(span.state, span.reason, span.ns());
            if test.is_run_by(span.g) {
                test.own_framework.add(span.state, span.reason, span.ns());
                let part = if traits.waits_for_turn() { &mut test.paused } else { &mut test.waited };
                *part = part.saturating_add(span.ns());
            }
        } else if let Some(timer) = test.timer_of(span.g) {
            let theirs = timer.span(span);
            test.give_framework(&theirs);
        }
    }

    /// Keeps what the goroutine did for the picture of the test.
    pub(super) fn record(&mut self, span: &Span, ix: TestIx, id: u64, group: GroupIx) {
        if let Some(recorder) = self.get(ix).and_then(|test| test.recorder.as_deref_mut()) {
            recorder.add(span, id, group);
        }
    }

    /// A goroutine begins to wait: a parallel test for its turn, or it goes on.
    pub(super) fn waits_for_turn(&mut self, g: GoSlot, ix: TestIx, waits: bool) {
        let Some(test) = self.get(ix) else { return };
        if test.runner == g && !test.over {
            if waits {
                self.running.remove(&ix);
            } else {
                self.running.insert(ix);
            }
        }
    }

    /// A goroutine ends. Where it ran a test, that is over, and all that still work for it are left over.
    /// Where the trace ends first (`cut`), nothing is known of that. Gives those whose time no longer counts.
    pub(super) fn finalize(
        &mut self,
        g: GoSlot,
        time: Time,
        cut: bool,
        accounts: &mut Accounts,
        open: Open<'_>,
    ) -> Vec<GoSlot> {
        let example = self.example_read_by(g);
        let g = example.map_or(g, |(runner, _)| runner);
        let spent = |slot: GoSlot, account: &Account| account.snapshot(open.span(slot, time), time);
        self.close((g, example.is_some()), time, cut, accounts, &spent)
    }

    /// The test that `g` runs is over, if it runs one; `spent` is what goroutines have spent by then.
    fn close(
        &mut self,
        (g, is_example): (GoSlot, bool),
        time: Time,
        cut: bool,
        accounts: &mut Accounts,
        spent: &dyn Fn(GoSlot, &Account) -> Spent,
    ) -> Vec<GoSlot> {
        let mut clipped = Vec::new();
        let (ix, born) = accounts.peek(g).map_or((TestIx::NONE, time), |account| (account.test, account.born));
        let Some(test) = self.get(ix) else { return clipped };
        if test.last_runner == g {
            test.wall = test.wall.saturating_add(time.since(born));
            return clipped;
        }
        let born = if test.before.is_some() { test.began } else { born };
        if test.runner != g || test.over {
            return clipped;
        }
        (test.over, test.cut) = (true, cut);
        test.ended = time;
        test.wall = test.wall.saturating_add(time.since(born));
        let parent = test.parent;
        let mut next = if cut { GoSlot::NONE } else { test.first };
        self.running.remove(&ix);
        if !is_example {
            // Whoever runs examples may have announced the next one already.
            self.wrote.remove(&g);
            self.launched.remove(&g);
        }
        let mut all = Spent::default();
        while let Some(slot) = next.get() {
            next = self.members.next(slot);
            let account = accounts.get(slot);
            if slot == g {
                continue;
            }
            // Of a benchmark that goes on with more rounds: those behind it were there when the rounds before were done.
            if account.is(Mark::Settled) {
                break;
            }
            account.set(Mark::Settled, true);
            let spent = spent(slot, account);
            all.merge(&spent);
            if self.clips {
                account.count_anew();
                account.count(&spent);
                account.outside = true;
                clipped.push(slot);
            }
        }
        if is_example && !cut {
            self.end_example(ix, accounts, spent);
        }
        let mut recorder = None;
        if let Some(test) = self.get(ix) {
            test.spent.merge(&all);
            recorder = test.recorder.take();
        }
        if let Some(recorder) = recorder {
            self.recording -= 1;
            let own = |ix: TestIx| self.all.get(ix.0 as usize - 1).map_or(0, TestSum::own_wall);
            if self.slowest.as_ref().is_none_or(|(slowest, _)| own(ix) > own(*slowest)) {
                self.slowest = Some((ix, recorder));
            }
        }
        // With its last subtest over, the test around it goes on.
        if let Some(around) = self.get(parent)
            && !around.over
        {
            self.running.insert(parent);
        }
        clipped
    }

    /// A goroutine is gone, or the trace ended first, while it stood somewhere.
    pub(super) fn retire(
        &mut self,
        g: GoSlot,
        (account, spent): (&Account, &Spent),
        owner: Owner,
        stands_at: Option<StackId>,
        time: Time,
    ) {
        let spent = &*self.part(g, account.test, spent);
        let Some(test) = self.get(account.test) else {
            if !self.all.is_empty() && account.is(Mark::Created) && !account.aside && owner == Owner::User {
                self.unattributed += 1;
                self.unattributed_exec = self.unattributed_exec.saturating_add(spent.sums.exec);
            }
            return;
        };
        if test.is_run_by(g) {
            test.own.merge(spent);
        }
        if test.last_runner == g {
            test.last_runner = GoSlot::NONE;
        }
        if !account.is(Mark::Settled) {
            test.spent.merge(spent);
        } else {
            let late = time.since(test.ended);
            if let Some(at) = stands_at {
                *test.leaks.entry(at).or_default() += 1;
                test.outlived += 1;
            } else if late > GRACE {
                test.outlived += 1;
            }
            test.tail = test.tail.max(late);
        }
        self.leave(g, account.test);
    }
}
