//! What `go test` printed: the tests in the order in which they began, what became of them, and the results of benchmarks.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::summary::{RunOutcome, TestOutcome};

/// More of an output than this is not read.
const MOST_LINES: usize = 20_000_000;

/// The output of one run of `go test`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TestOutput {
    /// By package, in order of appearance.
    pub packages: Vec<Package>,
}

/// What one package printed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Package {
    /// Its import path; empty where the output does not say.
    pub name: String,
    /// Everything that was announced to run, in order.
    pub ran: Vec<String>,
    /// Results of benchmarks in order: name without the number of processors, and operations.
    pub results: Vec<(String, u64)>,
    /// What became of the tests that ended, by name, a repeat after the other; `None` for those that passed.
    pub ended: BTreeMap<String, Vec<Option<TestOutcome>>>,
    /// What became of all of it, where the output goes that far.
    pub outcome: Option<RunOutcome>,
    /// What the last line has so far: benchmarks print theirs in two parts.
    line: String,
}

impl Package {
    /// Tests, fuzz tests and examples, in the order in which they began.
    pub fn tests(&self) -> impl Iterator<Item = &str> {
        self.ran.iter().map(String::as_str).filter(|n| !n.starts_with("Benchmark"))
    }

    /// Benchmarks, where they were announced.
    pub fn benchmarks(&self) -> impl Iterator<Item = &str> {
        self.ran.iter().map(String::as_str).filter(|n| n.starts_with("Benchmark"))
    }

    /// What became of each repeat of each test, by name. What began and never ended was running when the run failed:
    /// a panic, `os.Exit` or the timeout stopped it. Of benchmarks that pass nothing is said.
    pub fn outcomes(&self) -> BTreeMap<&str, Vec<Option<TestOutcome>>> {
        let mut all: BTreeMap<&str, Vec<Option<TestOutcome>>> =
            self.ended.iter().map(|(name, ended)| (name.as_str(), ended.clone())).collect();
        if self.outcome == Some(RunOutcome::Failed) {
            let mut began: BTreeMap<&str, usize> = BTreeMap::new();
            for name in self.tests() {
                let began = began.entry(name).or_default();
                *began += 1;
                let ended = all.entry(name).or_default();
                if ended.len() < *began {
                    ended.push(Some(TestOutcome::Failed));
                }
            }
        }
        all
    }

    /// Whether it says nothing of any test.
    fn is_empty(&self) -> bool {
        self.ran.is_empty() && self.results.is_empty() && self.ended.is_empty()
    }

    /// A test has ended.
    fn end(&mut self, test: &str, outcome: Option<TestOutcome>) {
        let name = if test.starts_with("Benchmark") { without_procs(test) } else { test };
        self.ended.entry(name.to_owned()).or_default().push(outcome);
    }

    /// Takes in more of what was printed.
    fn print(&mut self, text: &str) {
        for part in text.split_inclusive('\n') {
            self.line.push_str(part);
            if part.ends_with('\n') {
                self.end_line();
            }
        }
    }

    fn end_line(&mut self) {
        let line = std::mem::take(&mut self.line);
        self.results.extend(result(line.trim_end()));
    }
}

/// One line of `go test -json`.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Line {
    action: String,
    #[serde(default)]
    package: String,
    #[serde(default)]
    test: String,
    #[serde(default)]
    output: String,
}

impl TestOutput {
    /// Reads the output of `go test -json` or `go test -v`; `None` where it is neither.
    pub fn parse(text: &str) -> Option<TestOutput> {
        let first = text.lines().find(|line| !line.trim().is_empty())?;
        let mut output = TestOutput::default();
        if serde_json::from_str::<Line>(first).is_ok() {
            // Lines that are no JSON come from the build, or from a test that writes past the framework.
            let mut places = BTreeMap::new();
            for line in text.lines().take(MOST_LINES).filter_map(|line| serde_json::from_str::<Line>(line).ok()) {
                output.take(line, &mut places);
            }
        } else {
            output.take_plain(text);
        }
        let empty = output.packages.iter().all(|p| p.is_empty() && p.outcome != Some(RunOutcome::Failed));
        (!empty).then_some(output)
    }

    /// The package of that name. `places`: where each is.
    fn package(&mut self, name: String, places: &mut BTreeMap<String, usize>) -> &mut Package {
        let at = match places.get(&name) {
            Some(at) => *at,
            None => {
                let at = self.packages.len();
                self.packages.push(Package { name: name.clone(), ..Package::default() });
                places.insert(name, at);
                at
            }
        };
        &mut self.packages[at]
    }

    fn take(&mut self, line: Line, places: &mut BTreeMap<String, usize>) {
        match line.action.as_str() {
            "run" => self.package(line.package, places).ran.push(line.test),
            "output" => self.package(line.package, places).print(&line.output),
            "pass" | "fail" | "skip" if line.test.is_empty() => {
                let failed = line.action == "fail";
                let package = self.package(line.package, places);
                package.outcome = Some(if failed { RunOutcome::Failed } else { RunOutcome::Passed });
            }
            "pass" => self.package(line.package, places).end(&line.test, None),
            "fail" => self.package(line.package, places).end(&line.test, Some(TestOutcome::Failed)),
            "skip" => self.package(line.package, places).end(&line.test, Some(TestOutcome::Skipped)),
            _ => {}
        }
    }

    fn take_plain(&mut self, text: &str) {
        let mut package = Package::default();
        for line in text.lines().take(MOST_LINES) {
            // Since Go 1.20 the framework marks its own lines with this byte where it is asked to.
            let line = line.trim_start_matches('\u{16}');
            if let Some(name) = line.strip_prefix("=== RUN   ") {
                package.ran.push(name.trim_end().to_owned());
            } else if let Some(name) = line.strip_prefix("pkg: ") {
                name.trim().clone_into(&mut package.name);
            } else if let Some((outcome, done)) = last_line(line) {
                done.split('\t').next().unwrap_or_default().trim().clone_into(&mut package.name);
                package.outcome = Some(outcome);
                self.packages.push(std::mem::take(&mut package));
            } else if let Some((name, outcome)) = report(line) {
                package.end(name, outcome);
            } else if line == "PASS" || line == "FAIL" {
                // What the test binary itself says at its end, as test2json reads it.
                package.outcome = Some(if line == "PASS" { RunOutcome::Passed } else { RunOutcome::Failed });
            } else {
                package.results.extend(result(line));
            }
        }
        if !package.is_empty() {
            self.packages.push(package);
        }
    }
}

/// The line that `go test` ends a package with, and what follows its first word. One that was not built has not run.
fn last_line(line: &str) -> Option<(RunOutcome, &str)> {
    let failed = line.strip_prefix("FAIL\t").filter(|rest| !rest.ends_with(']'));
    let passed = line.strip_prefix("ok  \t").map(|rest| (RunOutcome::Passed, rest));
    passed.or_else(|| failed.map(|rest| (RunOutcome::Failed, rest)))
}

/// What became of a test, if this line says so: `    --- FAIL: TestA/x (0.00s)`.
fn report(line: &str) -> Option<(&str, Option<TestOutcome>)> {
    let (word, rest) = line.trim_start_matches(' ').strip_prefix("--- ")?.split_once(": ")?;
    let outcome = match word {
        "PASS" => None,
        "FAIL" => Some(TestOutcome::Failed),
        "SKIP" => Some(TestOutcome::Skipped),
        _ => return None,
    };
    Some((rest.split_whitespace().next()?, outcome))
}

/// The result of a benchmark, if this line is one: `BenchmarkSum-8  100  123 ns/op`.
fn result(line: &str) -> Option<(String, u64)> {
    let mut words = line.split_whitespace();
    let name = words.next()?.strip_prefix("Benchmark").map(|_| line.split_whitespace().next())??;
    let n = words.next()?.parse().ok()?;
    let is_result = words.clone().any(|word| word == "ns/op") || words.next().is_some();
    if !is_result {
        return None;
    }
    Some((without_procs(name).to_owned(), n))
}

/// The name of a benchmark without the number of processors.
fn without_procs(name: &str) -> &str {
    match name.rsplit_once('-') {
        Some((bare, procs)) if !procs.is_empty() && procs.bytes().all(|b| b.is_ascii_digit()) => bare,
        _ => name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_and_plain_output_tell_the_same() {
        let json = r#"{"Action":"start","Package":"p"}
{"Action":"run","Package":"p","Test":"TestA"}
{"Action":"output","Package":"p","Test":"TestA","Output":"=== RUN   TestA\n"}
{"Action":"run","Package":"p","Test":"TestA/x"}
not json
{"Action":"run","Package":"p","Test":"BenchmarkSum"}
{"Action":"output","Package":"p","Test":"BenchmarkSum","Output":"BenchmarkSum-2 \t"}
{"Action":"output","Package":"p","Test":"BenchmarkSum","Output":"     100\t  123 ns/op\n"}
"#;
        let plain = "=== RUN   TestA\n=== RUN   TestA/x\n--- PASS: TestA (0.00s)\nBenchmarkSum-2 \t 100\t 123 ns/op\nPASS\nok  \tp\t0.1s\n";
        let (json, plain) = (TestOutput::parse(json).unwrap_or_default(), TestOutput::parse(plain).unwrap_or_default());
        for output in [&json, &plain] {
            let package = &output.packages[0];
            assert_eq!(package.name, "p");
            assert_eq!(package.tests().collect::<Vec<_>>(), ["TestA", "TestA/x"]);
            assert_eq!(package.results, [("BenchmarkSum".to_owned(), 100)]);
        }
        assert_eq!(json.packages[0].benchmarks().collect::<Vec<_>>(), ["BenchmarkSum"]);
        assert_eq!(TestOutput::parse("no test\n"), None);
        assert_eq!(TestOutput::parse(""), None);
    }
}
