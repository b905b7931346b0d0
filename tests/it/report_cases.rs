//! Reports of every kind, made the way the command makes them, of runs made by hand.

use gotrace_diff::config::Config;
use gotrace_diff::paths::Repository;
use gotrace_diff::report::build::{self, Context, Drawn};
use gotrace_diff::report::escape::Text;
use gotrace_diff::report::format::{self, Format};
use gotrace_diff::report::model::{
    BlockedBy, Curve, Diagnosis, Fact, Interval, Point, Report, Span, Subject, Timeline, Track,
};
use gotrace_diff::report::terminal::{GroupBy, Layout};
use gotrace_diff::summary::Summary;

use crate::compare_make::{group, judge, placed, region, run, site, waiting};

pub(crate) const FILL: &str = "example.com/shop/cart.Fill.func1";

/// A repository with the module that the runs are of.
pub(crate) fn repository() -> Repository {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("go.mod"), "module example.com/shop\n").unwrap();
    Repository::around(folder.path())
}

/// Run `i` of the shop: goroutines that fill a cart and wait `send_ms` each, a region that takes `parse_us`.
pub(crate) fn shop(i: usize, send_ms: f64, parse_us: f64, name: &str) -> Summary {
    // Runs differ a little, in the same way on each side.
    let noise = 1.0 + [0.0, 0.01, -0.012, 0.018, -0.006, 0.004][i % 6];
    let send = (send_ms * noise * 1e6) as i64;
    let mut summary = Summary { source: format!("run.{i}.out"), start_ns: 1000 * i as i64, ..run() };
    let fill = placed(
        waiting(8, 1_000_000, "chan send", send),
        "example.com/shop/cart.Fill",
        "example.com/shop/cart/fill.go",
        24,
    );
    summary.goroutines.insert(name.to_owned(), fill);
    let mut wait =
        site(name, "block_ns.chan send", &["runtime.chansend1", "example.com/shop/db.(*Pool).Get", name], send * 8);
    for (frame, place) in wait.stack.iter_mut().zip([
        ("runtime/chan.go", 190),
        ("example.com/shop/db/pool.go", 31),
        ("example.com/shop/cart/fill.go", 25),
    ]) {
        (frame.file, frame.line) = (place.0.into(), place.1);
    }
    summary.sites.push(wait);
    summary.regions.insert("parse".to_owned(), region(40, (parse_us * noise * 1000.0) as i64));
    summary.logs.insert("orders".to_owned(), 12);
    summary
}

fn runs(n: usize, of: impl Fn(usize) -> Summary) -> Vec<Summary> {
    (0..n).map(of).collect()
}

/// The report of two sides.
pub(crate) fn told(base: &[Summary], head: &[Summary]) -> Report {
    told_with(base, head, &Config::default())
}

/// The same with a configuration.
fn told_with(base: &[Summary], head: &[Summary], config: &Config) -> Report {
    // Each run of the head after that of the base.
    let later = |run: &Summary| Summary { start_ns: run.start_ns + 500, end_ns: run.end_ns + 500, ..run.clone() };
    let head: Vec<Summary> = head.iter().map(later).collect();
    let (comparison, judged) = judge(base, &head, config);
    let repository = repository();
    let drawn = [Drawn::of(base), Drawn::of(&head)];
    build::build(&comparison, &judged, Context { drawn, ..context(&repository) })
}

/// A context in which there is nothing to say besides.
pub(crate) fn context(repository: &Repository) -> Context<'_> {
    Context {
        repository,
        warnings: Vec::new(),
        left_out: Vec::new(),
        show_framework: false,
        against_baseline: false,
        nested: false,
        diagnoses: Vec::new(),
        drawn: Default::default(),
    }
}

/// Every kind of report, by name.
pub(crate) fn all() -> Vec<(&'static str, Report)> {
    let plain = |n: usize| runs(n, |i| shop(i, 10.0, 300.0, FILL));
    let slow = |n: usize| runs(n, |i| shop(i, 21.0, 300.0, FILL));
    let mixed = runs(6, |i| {
        let mut summary = shop(i, 5.0, 480.0, FILL);
        summary.logs.insert("orders".to_owned(), 40);
        summary
    });
    let added = runs(6, |i| {
        let mut summary = shop(i, 10.0, 300.0, FILL);
        let new = placed(group(40, 50_000), "example.com/shop/cart.Fill", "example.com/shop/cart/retry.go", 9);
        summary.goroutines.insert("example.com/shop/cart.retry.func1".to_owned(), new);
        summary.regions.insert("render".to_owned(), region(3, 90_000));
        summary.regions.remove("parse");
        summary
    });
    let partial = runs(6, |i| Summary { complete: i != 3, ..shop(i, 10.0, 300.0, FILL) });
    // Three runs whose sides overlap: no test can decide on them.
    let (near, far) = (runs(3, |i| shop(i * 3, 10.0, 300.0, FILL)), runs(3, |i| shop(i, 11.8, 300.0, FILL)));
    vec![
        ("no-change", told(&plain(6), &runs(6, |i| shop(i + 1, 10.0, 300.0, FILL)))),
        ("regression", with_pictures(told(&plain(6), &slow(6)))),
        ("improvement", told(&slow(6), &plain(6))),
        ("mixed", told(&plain(6), &mixed)),
        ("added-and-removed", told(&plain(6), &added)),
        ("renamed", told(&plain(6), &runs(6, |i| shop(i, 21.0, 300.0, "example.com/shop/cart.Fill.func2")))),
        ("one-run", told(&plain(1), &slow(1))),
        ("inconclusive", told(&near, &far)),
        ("accepted", told_with(&plain(6), &slow(6), &accepting(&told(&plain(6), &slow(6))))),
        ("partial", told(&plain(6), &partial)),
        ("missing-baseline", missing_baseline()),
        ("hostile", crate::report_hostile::with(&crate::report_hostile::NAMES[..7])),
    ]
}

/// What `check` tells where there is no baseline, and the policy only warns of it.
fn missing_baseline() -> Report {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("go.mod"), "module example.com/shop\n").unwrap();
    let runs = crate::data::dir().join("regressions/region15-runs");
    std::fs::copy(runs.join("head.1.out"), folder.path().join("head.1.out")).unwrap();
    let args = ["check", "--on-missing-baseline", "warn", "head.1.out", "--format", "json"];
    let got = crate::cli::cli(folder.path(), &args);
    gotrace_diff::report::read::read(&crate::cli::out(&got)).unwrap()
}

/// The configuration of a team that has accepted all that fails there, as the commands of the report would write it.
fn accepting(report: &Report) -> Config {
    let json: serde_json::Value = serde_json::from_str(&render(Format::Json, report)).unwrap();
    let commands = json["findings"].as_array().unwrap().iter().filter_map(|f| f["accept"].as_str());
    let mut text = String::new();
    for word in commands.flat_map(|c| c.split('\'')).filter(|w| w.contains('#')) {
        let (series, figures) = word.rsplit_once('=').unwrap();
        let (from, to) = figures.split_once("..").unwrap();
        text += &format!(
            "[[accept]]\nseries = \"{series}\"\nfrom = \"{from}\"\nto = \"{to}\"\nreason = \"the pool is smaller on purpose\"\nby = \"ada\"\nuntil = 2027-01-31\n"
        );
    }
    let config = gotrace_diff::config::parse_text(std::path::Path::new("gotrace-diff.toml"), &text).unwrap();
    Config { today: Some("2027-01-01".parse().unwrap()), ..config }
}

/// All that a report may hold beside what every comparison has.
pub(crate) fn with_pictures(mut report: Report) -> Report {
    let first = report.findings[0].clone();
    report.findings[0].interval = Some(Interval { low: 0.92, high: 1.16, confidence: 0.95 });
    report.findings[0].detectable = Some(0.08);
    report.findings[0].accept = Some("gotrace-diff baseline accept 'example.com/shop/cart.Fill.func1'".into());
    report.diagnoses.push(Diagnosis {
        rule: "pool-exhausted".into(),
        subject: first.subject.clone(),
        text: "Goroutines queue for a pool that has become too small.".into(),
        advice: "Raise the size of the pool, or hold its members for a shorter time.".into(),
        position: Some("db/pool.go:31".into()),
        evidence: vec![Fact { label: "waiting at a time".into(), value: "2 → 6".into() }],
    });
    report.pictures.blocked_by.push(BlockedBy {
        waiter: "cart.Fill.func1".into(),
        state: "chan send".into(),
        waker: "db.(*Pool).Put".into(),
        base_count: 8.0,
        head_count: 8.0,
        base: 8e7,
        head: 16.8e7,
    });
    for (name, factor) in [("running", 1.0), ("runnable", 0.6)] {
        let points = |more: f64| {
            (0..64)
                .map(|i| Point { at: f64::from(i) * 1e6, value: (f64::from(i * 7 % 9) * factor * more).floor() })
                .collect::<Vec<_>>()
        };
        report.pictures.curves.push(Curve {
            name: name.into(),
            unit: "count".into(),
            picture: "Goroutines".into(),
            base: points(1.0),
            head: points(1.4),
        });
    }
    let states = ["exec_ns", "block_ns.chan send", "sched_wait_ns", "syscall"];
    let track = |g: u64, long: f64| Track {
        goroutine: g,
        start: "cart.Fill.func1".into(),
        spans: (0..20)
            .map(|i| Span {
                at: i as f64 * 1e6 * long,
                ns: 9e5 * long,
                state: states[(i as usize + g as usize) % 4].into(),
                stack: vec!["db.(*Pool).Get db/pool.go:31".into(), "cart.Fill.func1 cart/fill.go:25".into()],
                waker: (i % 4 == 1).then(|| Text::from("db.(*Pool).Put")),
            })
            .collect(),
    };
    report.pictures.timelines.push(Timeline {
        subject: Subject { label: "cart.TestFill".into(), ..first.subject },
        base: (1..9).map(|g| track(g, 1.0)).collect(),
        head: (1..9).map(|g| track(g + 40, 1.9)).collect(),
    });
    report
}

/// What the command writes to a file.
pub(crate) fn render(format: Format, report: &Report) -> String {
    render_within(format, report, 100)
}

/// The same within so many columns.
pub(crate) fn render_within(format: Format, report: &Report, width: usize) -> String {
    let layout = Layout { width, top: 5, all: true, group_by: GroupBy::Certainty };
    let text = format::render(format, report, layout).unwrap();
    if format == Format::Text { anstream_free(&text) } else { text }
}

/// Without colours.
pub(crate) fn anstream_free(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("\u{1b}[") {
        out.push_str(before);
        let end = after.find('m').unwrap();
        assert!(after[..end].chars().all(|c| c.is_ascii_digit() || c == ';'), "an escape sequence that is no colour");
        rest = &after[end + 1..];
    }
    out + rest
}
