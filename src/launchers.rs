//! Functions that start goroutines for others: `wg.Go(f)` of the standard library, `g.Go(f)` of an errgroup. What they are called,
//! and what groups of their goroutines are.

/// Launchers by the end of their name, which a path may come before, and what they are called behind the name of a caller.
/// (`add` did for one release of errgroup what its callers do in all others.)
const LAUNCHERS: [(&str, &str); 4] = [
    ("sync.(*WaitGroup).Go", "WaitGroup.Go"),
    ("errgroup.(*Group).Go", "errgroup.Go"),
    ("errgroup.(*Group).TryGo", "errgroup.TryGo"),
    ("errgroup.(*Group).add", "errgroup.Go"),
];

/// What a function is called if it is a launcher.
pub fn launcher(func: &str) -> Option<&'static str> {
    let is = |name: &str| func.strip_suffix(name).is_some_and(|path| path.is_empty() || path.ends_with('/'));
    LAUNCHERS.iter().find(|(name, _)| is(name)).map(|&(_, called)| called)
}

/// Whether the goroutines of a launcher start in this function: a closure of it.
pub fn is_launchers(start: &str) -> bool {
    let outer = start.trim_end_matches(|c: char| c.is_ascii_digit()).strip_suffix(".func");
    outer.is_some_and(|outer| launcher(outer).is_some())
}

/// The name of the group of what this function started with a launcher.
pub fn group_name(caller: &str, called: &str) -> String {
    format!("{caller} ({called})")
}

/// The name of a group as the function that called a launcher, and what that is called; the whole name where none was.
pub fn parts(group: &str) -> (&str, Option<&str>) {
    let split = group.strip_suffix(')').and_then(|head| head.rsplit_once(" ("));
    match split {
        Some((caller, called)) if LAUNCHERS.iter().any(|(_, launcher)| *launcher == called) => (caller, Some(called)),
        _ => (group, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn launchers_are_told_by_name_whatever_their_path() {
        for (func, called) in [
            ("sync.(*WaitGroup).Go", Some("WaitGroup.Go")),
            ("example.com/sync.(*WaitGroup).Go", Some("WaitGroup.Go")),
            ("golang.org/x/sync/errgroup.(*Group).Go", Some("errgroup.Go")),
            ("golang.org/x/sync/errgroup.(*Group).TryGo", Some("errgroup.TryGo")),
            ("example.com/vendor/golang.org/x/sync/errgroup.(*Group).add", Some("errgroup.Go")),
            ("example.com/async.(*WaitGroup).Go", None),
            ("golang.org/x/sync/errgroup.(*Group).Wait", None),
            ("sync.(*WaitGroup).Go.func1", None),
            ("", None),
        ] {
            assert_eq!(launcher(func), called, "{func}");
        }
        for (start, is) in [
            ("sync.(*WaitGroup).Go.func1", true),
            ("golang.org/x/sync/errgroup.(*Group).TryGo.func12", true),
            ("sync.(*WaitGroup).Go", false),
            ("sync.(*WaitGroup).Go.func1.1", false),
            ("svc.TestRequest.func1", false),
        ] {
            assert_eq!(is_launchers(start), is, "{start}");
        }
    }

    #[test]
    fn names_of_groups_come_apart_again() {
        assert_eq!(parts("svc.(*T).Run.func1 (WaitGroup.Go)"), ("svc.(*T).Run.func1", Some("WaitGroup.Go")));
        assert_eq!(parts("svc.F (errgroup.TryGo)"), ("svc.F", Some("errgroup.TryGo")));
        for name in ["svc.(*T).Run", "svc.F (x)", "load (all)", "(WaitGroup.Go)", ""] {
            assert_eq!(parts(name), (name, None), "{name}");
        }
    }
}
