//! What stands after `--`: flags as `go test` takes them, told apart into those of the build and those of the test
//! binary.
//!
//! ```text
//!   -race -run=TestLoad -benchtime 100x -args -v
//!   └─┬─┘ └───────────────┬───────────┘ └──┬───┘
//!   build        binary: -test.run=...    binary, as it is
//! ```

use crate::error::Error;

/// Build flags that take a value.
const BUILD_VALUES: &[&str] = &[
    "asmflags",
    "buildmode",
    "compiler",
    "covermode",
    "coverpkg",
    "gccgoflags",
    "gcflags",
    "installsuffix",
    "ldflags",
    "mod",
    "modfile",
    "overlay",
    "p",
    "pgo",
    "pkgdir",
    "tags",
    "toolexec",
    "vet",
];
/// Build flags that take none.
const BUILD_SWITCHES: &[&str] = &["a", "asan", "cover", "linkshared", "modcacherw", "msan", "race", "trimpath"];
/// Flags of the test binary that take a value.
const TEST_VALUES: &[&str] = &[
    "bench",
    "benchtime",
    "count",
    "cpu",
    "parallel",
    "run",
    "shuffle",
    "skip",
    "timeout",
    "fuzzcachedir",
    "fuzzminimizetime",
    "testlogfile",
];
/// Flags of the test binary that take none.
const TEST_SWITCHES: &[&str] = &["short", "failfast", "fullpath", "benchmem"];
/// Flags that say nothing here: what they ask for is done anyhow.
const IMPLIED: &[&str] = &["v", "json"];

/// The flags, told apart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Flags {
    /// For `go list` and `go test -c`.
    pub(super) build: Vec<String>,
    /// For the test binary, with their `-test.`.
    pub(super) test: Vec<String>,
    /// After all others, as they were typed.
    pub(super) args: Vec<String>,
    /// The N of `-benchtime=Nx`.
    pub(super) rounds: Option<u64>,
    /// What the user's own `-skip` says.
    pub(super) skip: Option<String>,
    /// The user's `-timeout` in seconds; `None` where it is not said, 0 where there is none.
    pub(super) timeout: Option<u64>,
}

/// Tells flags apart.
///
/// # Errors
/// Where a flag would get in the way of recording, or benchmarks run for a time rather than a number of rounds.
pub(super) fn split(given: &[String]) -> Result<Flags, Error> {
    let mut flags = Flags::default();
    let mut benchmarks = false;
    let mut rest = given.iter();
    while let Some(token) = rest.next() {
        let Some((name, value)) = parse(token) else {
            flags.args.push(token.clone());
            continue;
        };
        if name == "args" {
            flags.args.extend(rest.by_ref().cloned());
            break;
        }
        let mut valued = || -> Result<String, Error> {
            value
                .clone()
                .or_else(|| rest.next().cloned())
                .ok_or_else(|| Error::Usage(format!("-{name} needs a value: write it as -{name}=VALUE")))
        };
        if BUILD_VALUES.contains(&name.as_str()) {
            let value = valued()?;
            flags.build.push(format!("-{name}={value}"));
        } else if BUILD_SWITCHES.contains(&name.as_str()) {
            flags.build.push(value.map_or_else(|| format!("-{name}"), |v| format!("-{name}={v}")));
        } else if TEST_VALUES.contains(&name.as_str()) || name.ends_with("profile") {
            let value = valued()?;
            match name.as_str() {
                "skip" => {
                    flags.skip = Some(value);
                    continue;
                }
                "timeout" => flags.timeout = Some(seconds(&value)?),
                "bench" => benchmarks = true,
                "benchtime" => flags.rounds = crate::config::rounds(&value).ok(),
                _ => {}
            }
            flags.test.push(format!("-test.{name}={value}"));
        } else if TEST_SWITCHES.contains(&name.as_str()) {
            flags.test.push(value.map_or_else(|| format!("-test.{name}"), |v| format!("-test.{name}={v}")));
        } else if IMPLIED.contains(&name.as_str()) {
        } else if let Some(why) = refused(&name) {
            return Err(Error::Usage(format!("-{name} after --: {why}")));
        } else {
            // As `go test` does: a flag that it does not know is the test binary's.
            flags.args.push(token.clone());
        }
    }
    if benchmarks && flags.rounds.is_none() {
        return Err(Error::Usage(
            "benchmarks need a fixed number of rounds, or a slower head does fewer: -- -run='^$' -bench=. -benchtime=100x"
                .to_owned(),
        ));
    }
    Ok(flags)
}

fn parse(token: &str) -> Option<(String, Option<String>)> {
    let bare = token.strip_prefix("--").or_else(|| token.strip_prefix('-'))?;
    let (name, value) = bare.split_once('=').map_or((bare, None), |(n, v)| (n, Some(v.to_owned())));
    let name = name.strip_prefix("test.").unwrap_or(name);
    (!name.is_empty()).then(|| (name.to_owned(), value))
}

fn refused(name: &str) -> Option<&'static str> {
    Some(match name {
        "trace" => "the traces are recorded by gotrace-diff; --keep DIR keeps them",
        "o" | "c" | "i" | "n" | "x" | "work" | "outputdir" => "gotrace-diff builds the test binaries itself",
        "exec" => "the test binaries run on this machine, or their traces could not be compared",
        "buildvcs" => "binaries are built without it, so that equal code gives equal binaries",
        "C" => "change into the folder before",
        "list" | "fuzz" | "fuzztime" => "it runs no test that could be compared",
        _ => return None,
    })
}

/// Go's durations, as far as a time limit needs them: `90s`, `1h30m`, `0`.
pub(super) fn seconds(text: &str) -> Result<u64, Error> {
    let wrong = || Error::Usage(format!("`{text}` is not a duration: write it as in 90s, 10m or 1h30m"));
    if text == "0" {
        return Ok(0);
    }
    let mut total = 0.0f64;
    let mut rest = text;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !(c.is_ascii_digit() || c == '.')).ok_or_else(wrong)?;
        let (number, behind) = rest.split_at_checked(digits).ok_or_else(wrong)?;
        let number: f64 = number.parse().map_err(|_| wrong())?;
        let letters = behind.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(behind.len());
        let (unit, behind) = behind.split_at_checked(letters).ok_or_else(wrong)?;
        let unit = match unit {
            "h" => 3600.0,
            "m" => 60.0,
            "s" => 1.0,
            "ms" => 1e-3,
            _ => return Err(wrong()),
        };
        total += number * unit;
        rest = behind;
    }
    // More than a day is a slip, and would not fit where it goes.
    if text.is_empty() || !(0.0..=86_400.0).contains(&total) { Err(wrong()) } else { Ok(total.ceil() as u64) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(tokens: &[&str]) -> Result<Flags, String> {
        split(&tokens.iter().map(|t| (*t).to_owned()).collect::<Vec<_>>()).map_err(|e| e.to_string())
    }

    #[test]
    fn flags_go_where_go_test_sends_them() {
        let flags =
            of(&["-race", "-tags", "a,b", "-run", "X", "--count=2", "-short", "-v", "-update", "-args", "-run", "Y"])
                .unwrap();
        assert_eq!(flags.build, ["-race", "-tags=a,b"]);
        assert_eq!(flags.test, ["-test.run=X", "-test.count=2", "-test.short"]);
        assert_eq!(flags.args, ["-update", "-run", "Y"]);
    }

    #[test]
    fn benchmarks_run_a_fixed_number_of_rounds() {
        assert!(of(&["-bench=."]).unwrap_err().contains("-benchtime=100x"));
        assert!(of(&["-bench=.", "-benchtime=1s"]).is_err());
        assert_eq!(of(&["-bench=.", "-benchtime=20x"]).unwrap().rounds, Some(20));
    }

    #[test]
    fn what_gets_in_the_way_of_recording_is_refused() {
        for flag in ["-trace=x", "-o=x", "-exec=x", "-list=.", "-test.trace=x"] {
            assert!(of(&[flag]).is_err(), "{flag}");
        }
        assert!(of(&["-run"]).unwrap_err().contains("needs a value"));
    }

    #[test]
    fn durations_are_gos() {
        for (text, want) in [("90s", Some(90)), ("1h30m", Some(5400)), ("0", Some(0)), ("1500ms", Some(2))] {
            assert_eq!(seconds(text).ok(), want, "{text}");
        }
        for text in ["", "10", "x", "1d", "999999h"] {
            assert!(seconds(text).is_err(), "{text}");
        }
    }
}
