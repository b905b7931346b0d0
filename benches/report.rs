//! 10,000 series rendered in every format. `cargo bench --bench report`
#![allow(missing_docs)] // What `criterion_group!` makes has none.

use std::path::Path;
use std::time::Duration;

use criterion::{Criterion, criterion_group, criterion_main};
use gotrace_diff::report::format::{Format, render};
use gotrace_diff::report::model::Report;
use gotrace_diff::report::read;
use gotrace_diff::report::terminal::{GroupBy, Layout};

const SERIES: usize = 10_000;

/// A real report, whose series are there so often that there are 10,000, a tenth of them findings.
fn report() -> Option<Report> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/gallery/report.json");
    let mut report = read::read(&std::fs::read_to_string(path).ok()?).ok()?;
    let (findings, subjects, series) = (report.findings.clone(), report.subjects.clone(), report.series.clone());
    for i in 0.. {
        if report.findings.len() + report.series.len() >= SERIES {
            break;
        }
        let renamed = |name: &str| format!("example.com/shop/part{i}.{name}").into();
        if report.findings.len() < SERIES / 10 {
            report.findings.extend(findings.iter().cloned().map(|mut f| {
                f.subject.name = renamed("F");
                f
            }));
        }
        let before = report.subjects.len();
        report.subjects.extend(subjects.iter().cloned().map(|mut s| {
            s.name = renamed("G");
            s
        }));
        report.series.extend(series.iter().cloned().map(|mut s| {
            s.subject += before;
            s
        }));
    }
    Some(report)
}

fn benches(c: &mut Criterion) {
    let Some(report) = report() else { return };
    let layout = Layout { width: 100, top: 5, all: true, group_by: GroupBy::Certainty };
    let mut group = c.benchmark_group("10,000 series");
    group.sample_size(10).measurement_time(Duration::from_secs(2)).warm_up_time(Duration::from_millis(500));
    for format in Format::ALL {
        group.bench_function(format.name(), |b| b.iter(|| render(format, &report, layout).map(|t| t.len())));
    }
    group.bench_function("all formats", |b| {
        b.iter(|| Format::ALL.iter().filter_map(|f| render(*f, &report, layout).ok()).map(|t| t.len()).sum::<usize>())
    });
    group.finish();
}

criterion_group!(all, benches);
criterion_main!(all);
