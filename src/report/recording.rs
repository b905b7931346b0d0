//! What a recording is like as a whole: how dense it is, and what to record instead where it is too much.

use crate::summary::{Recording, Summary, TestKind};

/// Above so many bytes, or so many ns, a narrower recording is the better one.
const MANY_BYTES: u64 = 100_000_000;
const LONG: i64 = 60_000_000_000;

/// How busy a program is that writes so many bytes of trace a second. Programs that hardly do anything write about
/// 100 KB/s, those with some work 1 to 5 MB/s, busy ones 10 to 50 MB/s, and storms of goroutines 50 to 200 MB/s; what
/// is between two goes to the nearer one by ratio.
fn activity(bytes_a_second: f64) -> &'static str {
    match bytes_a_second {
        rate if rate < 316e3 => "idle",
        rate if rate < 7.1e6 => "some activity",
        rate if rate < 50e6 => "busy",
        _ => "a storm of events",
    }
}

/// One line about the recording.
pub fn line(recording: &Recording) -> Option<String> {
    if recording.duration_ns <= 0 {
        return None;
    }
    let seconds = recording.duration_ns as f64 / 1e9;
    let rate = recording.bytes as f64 / seconds;
    Some(format!(
        "{:.2} MB in {seconds:.3} s: {:.2} MB/s, {:.0} events/s, {}",
        recording.bytes as f64 / 1e6,
        rate / 1e6,
        recording.events as f64 / seconds,
        activity(rate)
    ))
}

/// What to record instead, where the recording is large or long: the test that took longest by itself, or 5 s of a
/// program.
pub fn narrower(summary: &Summary) -> Option<String> {
    let recording = summary.recording.filter(|r| r.bytes > MANY_BYTES || r.duration_ns > LONG)?;
    let longest = summary.tests.iter().filter(|t| !t.name.is_empty() && t.parent.is_none()).max_by_key(|t| t.wall_ns);
    // The command holds where the package is known; else it is for whoever stands in its folder.
    let is_plain = |c: char| c.is_alphanumeric() || "._-/~".contains(c);
    let package = summary.package.as_deref().filter(|path| !path.starts_with('-') && path.chars().all(is_plain));
    let package = package.map(|path| format!(" {path}")).unwrap_or_default();
    // A name is put between quotes of the shell: one that has such a quote itself is not.
    let command = match longest.filter(|t| t.name.chars().all(|c| c.is_alphanumeric() || c == '_')) {
        Some(test) if test.kind == TestKind::Benchmark => {
            format!("go test -run '^$' -bench '^{}$' -benchtime 100x -trace narrow.out{package}", test.name)
        }
        Some(test) => format!("go test -run '^{}$' -count 1 -trace narrow.out{package}", test.name),
        None if summary.tests.is_empty() => {
            "curl -o narrow.out 'http://localhost:6060/debug/pprof/trace?seconds=5'".to_owned()
        }
        None => format!("go test -run '^NAME$' -count 1 -trace narrow.out{package}"),
    };
    let why = if recording.bytes > MANY_BYTES { "large" } else { "long" };
    Some(format!("a {why} recording: a narrower one tells more, as in: {command}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::summary::TestRun;

    #[test]
    fn recordings_are_called_by_how_dense_they_are() {
        for (bytes, want) in [(100_000, "idle"), (3_000_000, "some"), (30_000_000, "busy"), (90_000_000, "a storm")] {
            let recording = Recording { bytes, events: 10, start_ns: 0, duration_ns: 1_000_000_000, wall_ns: None };
            assert!(line(&recording).unwrap().ends_with(activity(bytes as f64)));
            assert!(activity(bytes as f64).starts_with(want), "{bytes}");
        }
        assert_eq!(line(&Recording::default()), None);
    }

    #[test]
    fn large_recordings_come_with_the_narrower_one_to_make() {
        let of = |bytes, seconds: i64, tests: &[&str]| {
            let recording =
                Recording { bytes, events: 1, start_ns: 0, duration_ns: seconds * 1_000_000_000, wall_ns: None };
            let tests = tests.iter().map(|name| TestRun { name: (*name).to_owned(), ..TestRun::default() });
            let package = Some("example.com/shop/cart".to_owned());
            narrower(&Summary { recording: Some(recording), tests: tests.collect(), package, ..Summary::default() })
        };
        assert_eq!(of(100_000_000, 60, &["TestA"]), None);
        assert!(
            of(100_000_001, 1, &["TestA"])
                .unwrap()
                .ends_with("-run '^TestA$' -count 1 -trace narrow.out example.com/shop/cart")
        );
        assert!(of(1, 61, &[]).unwrap().contains("seconds=5"));
        assert!(of(1, 61, &["Test'; rm"]).unwrap().contains("NAME"));
        let run = |package: Option<&str>| {
            let recording = Recording { bytes: 1, events: 1, start_ns: 0, duration_ns: 2 * LONG, wall_ns: None };
            let tests = vec![TestRun { name: "TestA".to_owned(), ..TestRun::default() }];
            let package = package.map(str::to_owned);
            narrower(&Summary { recording: Some(recording), tests, package, ..Summary::default() }).unwrap()
        };
        for unknown in [None, Some("shop; rm"), Some("-exec=x")] {
            assert!(run(unknown).ends_with("narrow.out"), "{unknown:?}");
        }
    }
}
