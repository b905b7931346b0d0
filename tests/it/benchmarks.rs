//! Benchmarks take in the trace what `go test` says that they take.

use gotrace_diff::attribution::{name_tests, output::TestOutput};
use gotrace_diff::summarize::{Options, summarize};

use crate::data;

/// The nanoseconds per operation that are printed for a benchmark.
fn printed(output: &str, name: &str) -> Option<f64> {
    let test = format!("\"Test\":\"{name}\"");
    let line = output.lines().find(|line| line.contains("ns/op") && line.contains(&test))?;
    let (before, _) = line.split_once(" ns/op")?;
    before.rsplit(|c: char| !c.is_ascii_digit() && c != '.').next()?.parse().ok()
}

#[test]
fn a_benchmark_of_few_rounds_takes_what_go_test_prints() {
    let mut seen = 0;
    for name in data::names().iter().filter(|name| name.ends_with("/bench")) {
        let output = String::from_utf8(data::read(&format!("traces/{name}.json"))).unwrap();
        let mut summary = summarize(name, &data::trace(name)[..], &Options::default()).unwrap();
        name_tests(&mut summary, Some(&TestOutput::parse(&output).unwrap()));
        for test in &summary.tests {
            let (Some(printed), Some(operations)) = (printed(&output, &test.name), test.operations) else { continue };
            let own = test.wall_ns as f64 / operations as f64;
            // The first operation is in the trace, and not in what is printed.
            assert!(own > 0.8 * printed && own < 1.5 * printed, "{name} {}: {own} ns, not {printed}", test.name);
            seen += 1;
        }
    }
    assert!(seen >= 20, "{seen}");
}
