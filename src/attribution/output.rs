//! What `go test` printed: the tests in the order in which they began, and the results of benchmarks.

use std::collections::BTreeMap;

use serde::Deserialize;

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
        let empty = output.packages.iter().all(|p| p.ran.is_empty() && p.results.is_empty());
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
            } else if let Some(done) = line.strip_prefix("ok  \t") {
                done.split('\t').next().unwrap_or_default().trim().clone_into(&mut package.name);
                self.packages.push(std::mem::take(&mut package));
            } else {
                package.results.extend(result(line));
            }
        }
        if !package.ran.is_empty() || !package.results.is_empty() {
            self.packages.push(package);
        }
    }
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
    let bare = match name.rsplit_once('-') {
        Some((bare, procs)) if !procs.is_empty() && procs.bytes().all(|b| b.is_ascii_digit()) => bare,
        _ => name,
    };
    Some((bare.to_owned(), n))
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
