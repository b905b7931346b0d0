//! Whose goroutine is it? The runtime's, the test framework's or the program's.

use crate::trace::{Sym, Symbols};

/// Whether Go's own analysis takes a goroutine for the runtime's, by its start function: it does not count regions
/// that such goroutines inherit.
pub(super) fn is_system(name: &str) -> bool {
    name.is_empty() || (name != "runtime.main" && name.starts_with("runtime."))
}

/// Whether code of the program's own runs on goroutines that start in this function.
///
/// `main.main` is the program itself, but in a test binary it only waits for the tests; they run on `testing.tRunner`
/// and the like. `runtime.corostart` is the other side of an `iter.Pull`.
fn carries_user_code(name: &str, test_binary: bool) -> bool {
    match name {
        "" | "testing.(*M).startAlarm.func1" => false,
        "main.main" | "runtime.main" => !test_binary,
        "runtime.corostart" => true,
        _ => !name.starts_with("runtime.") && !name.starts_with("runtime/trace."),
    }
}

/// Whether any of these groups, which did something, runs the program's own code.
pub(super) fn has_user_activity(mut active: impl Iterator<Item = Sym>, symbols: &Symbols) -> bool {
    let test_binary = (0..symbols.len() as u32).any(|i| symbols.text(Sym(i)) == "testing.(*M).Run");
    active.any(|name| carries_user_code(symbols.text(name), test_binary))
}
