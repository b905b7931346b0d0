//! Function names, reduced to what survives ordinary edits.
//!
//! ```text
//!   example.com/shop/v2/cart.(*Cart[go.shape.int]).Add.func3.1-range2
//!   example.com/shop   /cart.(*Cart)              .Add.func .func-range       the key
//! ```
//!
//! Groups that a launcher started have it behind the name of who called that one, `svc.Run.func1 (WaitGroup.Go)`: the
//! same is done with what is before it.
//!
//! Closures are numbered in source order, so that a new one renumbers all that follow; type arguments and major
//! versions of modules come and go. Lines and files are never part of a name.

use std::borrow::Cow;

use crate::launchers;
use crate::metrics::population::own_frame;
use crate::summary::SiteFrame;

/// The goroutine behind an `iter.Pull`: what the runtime calls it, and what a person does.
pub const PULL: (&str, &str) = ("runtime.corostart", "iter.Pull");

/// The key of a function: its name without closure numbers, type arguments and module versions.
pub fn key(function: &str) -> String {
    short_key(function).into_owned()
}

/// The same, borrowed where the name is its own key, as most are.
pub fn short_key(function: &str) -> Cow<'_, str> {
    if is_key(function) { Cow::Borrowed(function) } else { Cow::Owned(made_key(function)) }
}

/// Whether nothing of a name can be dropped. It may be said of fewer than it is true of.
fn is_key(name: &str) -> bool {
    let bytes = launchers::parts(name).0.as_bytes();
    let mut part = 0;
    for (i, &byte) in bytes.iter().enumerate() {
        match byte {
            // Type arguments, and names out of the module cache.
            b'[' | b']' | b'@' => return false,
            // Major versions of modules.
            b'/' if bytes.get(i + 1) == Some(&b'v') => return false,
            // `-range`.
            b'-' if bytes.get(i + 1) == Some(&b'r') => return false,
            b'.' | b'/' => part = i + 1,
            b'0'..=b'9' if matches!(bytes.get(i + 1), None | Some(b'.')) => {
                let digits = bytes[part..=i].iter().rev().take_while(|b| b.is_ascii_digit()).count();
                if matches!(&bytes[part..i + 1 - digits], b"" | b"func" | b"gowrap" | b"deferwrap") {
                    return false;
                }
            }
            _ => {}
        }
    }
    bytes.first() != Some(&b'v')
}

fn made_key(function: &str) -> String {
    let (function, launcher) = launchers::parts(function);
    let name = versionless(function);
    let (path, symbol) = split(&name);
    let mut out = path.to_owned();
    for (i, part) in symbol.split('.').enumerate() {
        if i > 0 {
            out.push('.');
        }
        // The first part is the package: one that is called `func1` is a user's own affair.
        if i == 0 { out.push_str(part) } else { out.push_str(&component(part)) }
    }
    if let Some(launcher) = launcher {
        out.push_str(&format!(" ({launcher})"));
    }
    out
}

/// The name without type arguments and module versions: what a person would take for the same name.
pub fn versionless(function: &str) -> String {
    let name = without_type_arguments(function);
    let (path, symbol) = split(&name);
    let mut out = String::with_capacity(name.len());
    for element in path.split_inclusive('/') {
        let bare = element.trim_end_matches('/');
        if is_major_version(bare) {
            continue;
        }
        // `mod@v1.2.3` appears where names are taken from the module cache.
        match bare.split_once("@v") {
            Some((module, _)) => {
                out.push_str(module);
                out.push('/');
            }
            None => out.push_str(element),
        }
    }
    out.push_str(symbol);
    out
}

/// The names of the functions that a closure lies in, outermost first, without numbers: what inlining shuffles.
///
/// `pkg.Outer.func1` inlined into `Caller` is called `pkg.Caller.Outer.func1`, or `pkg.Outer.Caller.func1`.
pub fn parts(function: &str) -> Vec<String> {
    let key = key(launchers::parts(function).0);
    let (_, symbol) = split(&key);
    symbol.split('.').skip(1).filter(|p| !is_anonymous(p) && !p.is_empty()).map(str::to_owned).collect()
}

/// The import path of the package that a function belongs to, as the name has it.
pub fn package(function: &str) -> &str {
    let head = function.get(..without_brackets_end(function)).unwrap_or(function);
    let slash = head.rfind('/').map_or(0, |i| i + 1);
    let dot = head.get(slash..).and_then(|behind| behind.find('.'));
    dot.and_then(|dot| head.get(..slash + dot)).unwrap_or(head)
}

/// The function without its package's path: `cart.(*Cart).Add.func3`.
pub fn short(function: &str) -> &str {
    let head = function.get(..without_brackets_end(function)).unwrap_or(function);
    let slash = head.rfind('/').map_or(0, |i| i + 1);
    function.get(slash..).unwrap_or(function)
}

/// The position of a closure among those of its function, for putting them in source order: the numbers of its name.
pub fn numbers(function: &str) -> Vec<u64> {
    let name = without_type_arguments(launchers::parts(function).0);
    let (_, symbol) = split(&name);
    symbol
        .split('.')
        .skip(1)
        .filter(|part| is_anonymous(&component(part)))
        .map(|part| {
            let digits: String =
                part.chars().skip_while(|c| !c.is_ascii_digit()).take_while(char::is_ascii_digit).collect();
            digits.parse().unwrap_or(0)
        })
        .collect()
}

/// The frame that a person looks for, see [`own_frame`].
pub fn leaf(stack: &[SiteFrame]) -> Option<&SiteFrame> {
    own_frame(stack.iter(), |frame| &frame.func)
}

/// Up to the first type argument, which may hold slashes and dots of its own.
fn without_brackets_end(function: &str) -> usize {
    function.find('[').unwrap_or(function.len())
}

fn without_type_arguments(function: &str) -> String {
    let mut depth = 0usize;
    function
        .chars()
        .filter(|&c| match c {
            '[' => {
                depth += 1;
                false
            }
            ']' => {
                depth = depth.saturating_sub(1);
                false
            }
            _ => depth == 0,
        })
        .collect()
}

/// The import path up to and with its last slash, and the rest.
fn split(name: &str) -> (&str, &str) {
    name.split_at(name.rfind('/').map_or(0, |i| i + 1))
}

fn is_major_version(element: &str) -> bool {
    element
        .strip_prefix('v')
        .is_some_and(|n| !n.is_empty() && n != "0" && n != "1" && n.bytes().all(|b| b.is_ascii_digit()))
}

/// One part of a symbol, its numbers dropped if the compiler made them up.
fn component(part: &str) -> String {
    if let Some((head, tail)) = part.split_once("-range") {
        return format!("{}-range{}", component(head), tail.trim_start_matches(|c: char| c.is_ascii_digit()));
    }
    let stem = part.trim_end_matches(|c: char| c.is_ascii_digit());
    if stem.len() == part.len() {
        return part.to_owned();
    }
    match stem {
        // A nested closure was `func1.2` once and is `func1.func2` for some: both are a closure in a closure.
        "" | "func" => "func".to_owned(),
        "gowrap" | "deferwrap" => stem.to_owned(),
        _ => part.to_owned(),
    }
}

fn is_anonymous(component: &str) -> bool {
    matches!(component, "func" | "gowrap" | "deferwrap") || component.starts_with("func-range")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_survives_ordinary_edits() {
        for (name, want) in [
            ("example.com/shop/catalog.loadAll.func1", "example.com/shop/catalog.loadAll.func"),
            ("example.com/shop/catalog.loadAll.func12.3", "example.com/shop/catalog.loadAll.func.func"),
            ("main.(*T).Run.gowrap2", "main.(*T).Run.gowrap"),
            ("main.Map[...]", "main.Map"),
            ("main.Map[go.shape.struct { a/b.C int }].func1", "main.Map.func"),
            ("example.com/mod/v2/pkg.F", "example.com/mod/pkg.F"),
            ("example.com/mod/v2.F", "example.com/mod/v2.F"),
            ("example.com/mod@v1.2.3/pkg.F", "example.com/mod/pkg.F"),
            ("main.each-range1", "main.each-range"),
            ("main.f.func1-range12", "main.f.func-range"),
            ("main.work2", "main.work2"),
            ("v2/pkg.F", "pkg.F"),
            ("a/v2/v3/pkg.F", "a/pkg.F"),
            ("main.f]g", "main.fg"),
            ("main.func", "main.func"),
            ("main.a.gowrap", "main.a.gowrap"),
            ("main.f-ranges", "main.f-ranges"),
            ("", ""),
            ("main.init.0", "main.init.func"),
            ("main.work (WaitGroup.Go)", "main.work (WaitGroup.Go)"),
            ("a/v2/p.f[...].func12.3 (errgroup.Go)", "a/p.f.func.func (errgroup.Go)"),
            ("main.f.func2 (else)", "main.f.func2 (else)"),
        ] {
            assert_eq!(key(name), want, "{name}");
            assert_eq!(made_key(name), want, "{name}");
            assert!(!is_key(name) || name == want, "{name}");
        }
    }

    #[test]
    fn packages_and_short_names() {
        assert_eq!(package("example.com/shop/catalog.loadAll.func1"), "example.com/shop/catalog");
        assert_eq!(package("main.Map[a/b.C]"), "main");
        assert_eq!(short("example.com/shop/catalog.(*DB).Get"), "catalog.(*DB).Get");
        assert_eq!(short("a/b.Map[c/d.E].func1"), "b.Map[c/d.E].func1");
        assert_eq!(package("a/b.Map[c/d.E].func1 (WaitGroup.Go)"), "a/b");
        assert_eq!(short("a/b.Get (WaitGroup.Go)"), "b.Get (WaitGroup.Go)");
    }

    #[test]
    fn inlined_closures_have_the_same_parts() {
        assert_eq!(parts("p.Outer.func1"), ["Outer"]);
        assert_eq!(parts("p.Caller.Outer.func1"), ["Caller", "Outer"]);
        assert_eq!(numbers("p.Outer.func12.3"), [12, 3]);
        assert_eq!(parts("p.Caller.func4 (WaitGroup.Go)"), ["Caller"]);
        assert_eq!(numbers("p.Caller.func4 (WaitGroup.Go)"), [4]);
    }
}
