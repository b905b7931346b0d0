//! Examples: they run on the test binary's main goroutine, one after the other, and have none of their own. But each is
//! accompanied by a goroutine that reads what it prints, from just before it begins to just after it ends:
//!
//! ```text
//!   main.main               | === RUN line | ExampleA ────────────────── | --- PASS line | ExampleB ...
//!   testing.runExample.func1                |created                    end|
//!   whoever main.main creates               belongs to ExampleA
//! ```

use super::{Kind, TestIx, Tests};
use crate::metrics::account::Account;
use crate::metrics::accounts::Accounts;
use crate::metrics::tally::Spent;
use crate::trace::GoSlot;

impl Tests {
    /// The goroutine `reader` is to read what an example prints.
    pub(super) fn begin_example(&mut self, reader: GoSlot, accounts: &mut Accounts) {
        let runner = self.creator(reader);
        let began = accounts.get(reader).born;
        accounts.get(reader).test = TestIx::NONE;
        if runner == GoSlot::NONE {
            return;
        }
        if self.example.is_some_and(|(_, ix)| ix == accounts.get(runner).test) {
            // The reader of the one before has handed over what it read, and is only late to end. What goroutines that
            // are left over wait for just now is not known here: it is added to no test.
            self.close((runner, true), began, false, accounts, &|_, account| account.spent_running(began));
        }
        let account = accounts.get(runner);
        if account.test != TestIx::NONE {
            return;
        }
        let before = account.spent_running(began);
        let line = self.wrote.remove(&runner);
        let ix = self.push(Kind::Test, TestIx::NONE, line, began, runner);
        if let Some(test) = self.get(ix) {
            test.before = Some(Box::new(before));
        }
        accounts.get(runner).test = ix;
        self.join(runner, ix, accounts);
        self.example = Some((reader, ix));
    }

    /// The goroutine that runs an example, and the example, if `g` reads what that prints.
    pub(super) fn example_read_by(&self, g: GoSlot) -> Option<(GoSlot, TestIx)> {
        let (_, ix) = self.example.filter(|(reader, _)| *reader == g)?;
        let test = self.all.get((ix.0 as usize).checked_sub(1)?)?;
        Some((test.runner, ix))
    }

    /// An example is over: its goroutine goes on with another, or with none.
    pub(super) fn end_example(
        &mut self,
        ix: TestIx,
        accounts: &mut Accounts,
        spent: &dyn Fn(GoSlot, &Account) -> Spent,
    ) {
        self.example = None;
        let Some(test) = self.get(ix) else { return };
        let (runner, before) = (test.runner, test.before.take());
        let account = accounts.get(runner).clone();
        let spent = spent(runner, &account).since(&before.unwrap_or_default());
        test.own.merge(&spent);
        test.spent.merge(&spent);
        self.leave(runner, account.test);
        accounts.get(runner).test = TestIx::NONE;
    }

    /// What a goroutine spent on its test: all of it, but for one that ran an example when the trace ended.
    pub(super) fn part<'s>(&self, g: GoSlot, ix: TestIx, spent: &'s Spent) -> std::borrow::Cow<'s, Spent> {
        let test = (ix.0 as usize).checked_sub(1).and_then(|at| self.all.get(at)).filter(|test| test.runner == g);
        match test.and_then(|test| test.before.as_deref()) {
            Some(before) => std::borrow::Cow::Owned(spent.since(before)),
            None => std::borrow::Cow::Borrowed(spent),
        }
    }
}
