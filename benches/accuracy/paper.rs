//! The figures as docs/accuracy.md has them.

use std::fmt::Write as _;

use crate::trial::Outcome;

/// A part of trials.
#[derive(Clone, Copy, Debug, Default)]
pub struct Rate {
    pub hits: usize,
    pub of: usize,
}

impl Rate {
    pub fn of(outcomes: &[Outcome], is: impl Fn(&Outcome) -> bool) -> Rate {
        Rate { hits: outcomes.iter().filter(|o| is(o)).count(), of: outcomes.len() }
    }

    pub fn among(outcomes: &[Outcome], base: impl Fn(&Outcome) -> bool, is: impl Fn(&Outcome) -> bool) -> Rate {
        let all: Vec<&Outcome> = outcomes.iter().filter(|o| base(o)).collect();
        Rate { hits: all.iter().filter(|o| is(o)).count(), of: all.len() }
    }

    fn add(self, other: Rate) -> Rate {
        Rate { hits: self.hits + other.hits, of: self.of + other.of }
    }

    fn part(self) -> f64 {
        self.hits as f64 / self.of.max(1) as f64
    }

    /// The one-sided upper bound at 95 %: Clopper and Pearson, Biometrika 26, 1934.
    fn upper(self) -> f64 {
        if self.of == 0 || self.hits >= self.of {
            return 1.0;
        }
        let (mut low, mut high) = (self.part(), 1.0);
        for _ in 0..60 {
            let middle = f64::midpoint(low, high);
            if at_most(self.hits, self.of, middle) > 0.05 { low = middle } else { high = middle }
        }
        high
    }

    fn text(self) -> String {
        if self.of == 0 { "-".to_owned() } else { percent(self.part()) }
    }

    fn bounded(self) -> String {
        if self.of == 0 { "-".to_owned() } else { format!("{} (≤ {})", percent(self.part()), percent(self.upper())) }
    }
}

fn percent(part: f64) -> String {
    if part == 0.0 || part >= 0.0995 { format!("{:.0} %", part * 100.0) } else { format!("{:.1} %", part * 100.0) }
}

/// The chance of at most `k` of `n` at chance `p`.
fn at_most(k: usize, n: usize, p: f64) -> f64 {
    let (mut log, mut sum) = (n as f64 * (1.0 - p).ln(), 0.0);
    for i in 0..=k {
        sum += log.exp();
        log += ((n - i) as f64 / (i + 1) as f64).ln() + (p / (1.0 - p)).ln();
    }
    sum
}

/// A workload at a number of runs.
pub struct Row {
    pub name: String,
    pub switch: String,
    pub unseen: bool,
    pub doubles: bool,
    pub runs: usize,
    pub fails: Rate,
    pub inconclusive: Rate,
    pub inconclusive_counts: Rate,
    pub named: Rate,
    pub in_three: Rate,
    pub benchstat: Rate,
    pub threshold: Rate,
}

/// What a verdict on unchanged code costs, in runs of the package's tests.
pub struct Cost {
    pub name: String,
    pub unseen: bool,
    pub median: usize,
    pub mean: f64,
}

/// What was recorded of a workload: sessions, and runs of unchanged code in them.
pub struct Recorded {
    pub name: String,
    pub unseen: bool,
    pub measured: (usize, usize),
    pub crowded: (usize, usize),
}

/// All figures.
#[derive(Default)]
pub struct Tables {
    pub recorded: Vec<Recorded>,
    pub unchanged: Vec<Row>,
    pub apart: Vec<Row>,
    pub regressions: Vec<Row>,
    /// Of the crowded sessions; unchanged code has no switch.
    pub crowded: Vec<Row>,
    pub builds: Vec<(bool, usize, Rate, Rate)>,
    pub cost: Vec<Cost>,
}

const HALVES: [(bool, &str); 2] = [(false, "looked at while tuning"), (true, "unseen while tuning")];

fn sum(rows: &[Row], unseen: bool, runs: usize, of: impl Fn(&Row) -> Rate) -> Rate {
    rows.iter().filter(|r| r.unseen == unseen && r.runs == runs).map(of).fold(Rate::default(), Rate::add)
}

/// Writes the paper.
pub fn write(t: &Tables, (splits, detections, builds, packages): (usize, usize, usize, usize)) -> String {
    let mut out = String::from(HEAD);
    let _ = writeln!(
        out,
        "## Recordings\n\n| workload | half | sessions | runs of unchanged code | crowded sessions | their runs |\n|---|---|---:|---:|---:|---:|"
    );
    for Recorded { name, unseen, measured: (sessions, runs), crowded: (crowded, theirs) } in &t.recorded {
        let half = if *unseen { "unseen" } else { "tuning" };
        let _ = writeln!(out, "| {name} | {half} | {sessions} | {runs} | {crowded} | {theirs} |");
    }
    let _ = writeln!(
        out,
        "\n## False alarms\n\nUnchanged code, recorded alternately, {splits} random splits of each workload. In brackets the 95 % upper bound.\n\n| half | runs a side | the build fails | inconclusive | benchstat | 10 % threshold |\n|---|---:|---:|---:|---:|---:|"
    );
    for (unseen, half) in HALVES {
        for n in [10, 5, 1] {
            let s = |of: fn(&Row) -> Rate| sum(&t.unchanged, unseen, n, of);
            let _ = writeln!(
                out,
                "| {half} | {n} | {} | {} | {} | {} |",
                s(|r| r.fails).bounded(),
                s(|r| r.inconclusive).text(),
                if n < 4 { "-".to_owned() } else { s(|r| r.benchstat).text() },
                s(|r| r.threshold).text()
            );
        }
    }
    let _ = writeln!(out, "\n| workload | at 10 | at 5 | at 1 | inconclusive at 10, 5, 1 |\n|---|---:|---:|---:|---:|");
    each(&mut out, &t.unchanged);
    let _ = writeln!(
        out,
        "\nA whole build: {packages} unchanged packages drawn from a half's workloads, one verdict, {builds} builds.\n\n| half | runs a side | the build fails | inconclusive |\n|---|---:|---:|---:|"
    );
    for (unseen, n, fails, inconclusive) in &t.builds {
        let half = HALVES[usize::from(*unseen)].1;
        let _ = writeln!(out, "| {half} | {n} | {} | {} |", fails.bounded(), inconclusive.text());
    }
    apart(&mut out, &t.apart, splits / 4);
    let _ = writeln!(
        out,
        "\n## Detection\n\nEach switch of examples/regressions, {detections} random choices of runs. `named`: of the builds that fail, those whose first finding names the injected subject and the right kind. At one run nothing is proven: `in 3` says how often one of the first three findings names the cause.\n\n| workload | switch | half | doubles | at 10 | at 5 | at 1 | named at 10, 5 | in 3 at 1 | benchstat at 10, 5 | 10 % at 10, 5, 1 |\n|---|---|---|---|---:|---:|---:|---:|---:|---:|---:|"
    );
    for row in t.regressions.iter().filter(|r| r.runs == 10) {
        let at = |n: usize| t.regressions.iter().find(|r| r.runs == n && r.name == row.name && r.switch == row.switch);
        let (five, one) = (at(5).unwrap_or(row), at(1).unwrap_or(row));
        let _ = writeln!(
            out,
            "| {} | {} | {} | {} | {} | {} | {} | {}, {} | {} | {}, {} | {}, {}, {} |",
            row.name,
            row.switch,
            if row.unseen { "unseen" } else { "tuning" },
            if row.doubles { "yes" } else { "no" },
            row.fails.text(),
            five.fails.text(),
            one.fails.text(),
            row.named.text(),
            five.named.text(),
            one.in_three.text(),
            row.benchstat.text(),
            five.benchstat.text(),
            row.threshold.text(),
            five.threshold.text(),
            one.threshold.text()
        );
    }
    let named = |unseen| sum(&t.regressions, unseen, 10, |r| r.named).add(sum(&t.regressions, unseen, 5, |r| r.named));
    let doubled = |unseen: bool, runs: usize, of: fn(&Row) -> Rate| {
        let rows = t.regressions.iter().filter(|r| r.doubles && r.unseen == unseen && r.runs == runs);
        rows.map(of).fold(Rate::default(), Rate::add)
    };
    let _ = writeln!(
        out,
        "\n| half | doublings at 10 | at 5 | cause in the first three at 1 | named of all detections |\n|---|---:|---:|---:|---:|"
    );
    for (unseen, half) in HALVES {
        let _ = writeln!(
            out,
            "| {half} | {} | {} | {} | {} |",
            doubled(unseen, 10, |r| r.fails).text(),
            doubled(unseen, 5, |r| r.fails).text(),
            doubled(unseen, 1, |r| r.in_three).text(),
            named(unseen).text()
        );
    }
    crowded(&mut out, t, (splits, detections));
    let _ = writeln!(
        out,
        "\n## Cost\n\nHow often `gotrace-diff run` runs a package's tests until the verdict on unchanged code, both sides together, at most 10 pairs.\n\n| workload | half | median | mean |\n|---|---|---:|---:|"
    );
    for cost in &t.cost {
        let half = if cost.unseen { "unseen" } else { "tuning" };
        let _ = writeln!(out, "| {} | {half} | {} | {:.1} |", cost.name, cost.median, cost.mean);
    }
    let mut medians: Vec<usize> = t.cost.iter().map(|c| c.median).collect();
    medians.sort_unstable();
    let _ = writeln!(out, "\nThe median over workloads: {}.", medians.get(medians.len() / 2).copied().unwrap_or(0));
    out
}

/// What was recorded at different times, crowded or not.
fn apart(out: &mut String, rows: &[Row], splits: usize) {
    let _ = writeln!(
        out,
        "\nBase and head recorded at different times, crowded sessions among them, {splits} random splits of each workload. Times prove nothing then and are inconclusive where they look worse; `counts`: inconclusive for anything that does not depend on the machine.\n\n| half | runs a side | the build fails | inconclusive | counts |\n|---|---:|---:|---:|---:|"
    );
    for (unseen, half) in HALVES {
        for n in [10, 5, 1] {
            let s = |of: fn(&Row) -> Rate| sum(rows, unseen, n, of);
            let (fails, all, counts) = (s(|r| r.fails), s(|r| r.inconclusive), s(|r| r.inconclusive_counts));
            let _ = writeln!(out, "| {half} | {n} | {} | {} | {} |", fails.bounded(), all.text(), counts.text());
        }
    }
    let _ = writeln!(out, "\n| workload | at 10 | at 5 | at 1 | inconclusive at 10, 5, 1 |\n|---|---:|---:|---:|---:|");
    each(out, rows);
}

/// What the crowded sessions gave.
fn crowded(out: &mut String, t: &Tables, (splits, detections): (usize, usize)) {
    let _ = writeln!(
        out,
        "\n## On a crowded machine\n\nSessions during which so much else ran that the load was 10 to 13 on two cores. {} splits of unchanged code of each workload, {detections} choices of each regression.\n\n| half | runs a side | the build fails | inconclusive |\n|---|---:|---:|---:|",
        splits / 4
    );
    let (unchanged, regressions): (Vec<&Row>, Vec<&Row>) = t.crowded.iter().partition(|r| r.switch.is_empty());
    for (unseen, half) in HALVES {
        for n in [10, 5] {
            let rows = || unchanged.iter().filter(|r| r.unseen == unseen && r.runs == n);
            let fails = rows().map(|r| r.fails).fold(Rate::default(), Rate::add);
            let inconclusive = rows().map(|r| r.inconclusive).fold(Rate::default(), Rate::add);
            let _ = writeln!(out, "| {half} | {n} | {} | {} |", fails.bounded(), inconclusive.text());
        }
    }
    let _ = writeln!(out, "\n| workload | switch | found at 10 | at 5 |\n|---|---|---:|---:|");
    for row in regressions.iter().filter(|r| r.runs == 10) {
        let five = regressions.iter().find(|r| r.runs == 5 && r.name == row.name && r.switch == row.switch);
        let five = five.map_or("-".to_owned(), |r| r.fails.text());
        let _ = writeln!(out, "| {} | {} | {} | {five} |", row.name, row.switch, row.fails.text());
    }
}

fn each(out: &mut String, rows: &[Row]) {
    for row in rows.iter().filter(|r| r.runs == 10) {
        let at = |n: usize| rows.iter().find(|r| r.runs == n && r.name == row.name).unwrap_or(row);
        let (five, one) = (at(5), at(1));
        let _ = writeln!(
            out,
            "| {} | {} | {} | {} | {}, {}, {} |",
            row.name,
            row.fails.bounded(),
            five.fails.bounded(),
            one.fails.bounded(),
            row.inconclusive.text(),
            five.inconclusive.text(),
            one.inconclusive.text()
        );
    }
}

const HEAD: &str = "# How well it decides

Written by `cargo bench --profile accuracy --bench accuracy -- measure` from the recordings in accuracy/data. Seeds are
fixed; nothing here was typed by hand. What is measured on: accuracy/workloads.txt. How it was recorded:
accuracy/record.sh, at different times on a shared machine of two cores, on which other builds were running. What was
recorded while the load was 10 and more is measured apart, at the end.

A workload's half was decided before it was recorded. The gate's rules were chosen by looking at the first one. Three workloads
changed halves: accuracy/workloads.txt says which and why.

";
