//! `gotrace-diff export ...`: the traces in the formats of other tools.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand, ValueEnum};

use super::inputs::{self, Input};
use super::written::{self, Inputs, Output};
use super::{DONE, compare, output, timeline};
use crate::cli::{BothSidesArgs, Color, GateArgs, NarrowArgs};
use crate::compare::framework::{self, Owner};
use crate::error::Error;
use crate::export::flame::{self, Draw};
use crate::export::folded::{self, Folded};
use crate::export::pprof;
use crate::export::profiles::{self, Kind, Sample, Waits};
use crate::metrics::registry::Unit;
use crate::report::escape::term;
use crate::report::{benchfmt, units};
use crate::summarize::Options;
use crate::summary::Summary;

/// `gotrace-diff export ...`.
#[derive(Debug, Args)]
pub struct ExportArgs {
    /// The format.
    #[command(subcommand)]
    pub what: What,
}

/// The format.
#[derive(Debug, Subcommand)]
pub enum What {
    /// Profiles of waits for go tool pprof, base and head.
    Pprof(ProfileArgs),
    /// Folded stacks of waits, for tools that draw flame graphs.
    Folded(ProfileArgs),
    /// A flame graph of waits in SVG; of two sides, what grew and what shrank.
    Flamegraph(FlameArgs),
    /// A timeline for Perfetto and Chrome's viewer, base and head one above the other.
    Timeline(timeline::TimelineArgs),
    /// All figures in Go's benchmark format, for benchstat.
    Benchfmt(BenchfmtArgs),
}

/// Whose traces.
#[derive(Debug, Args)]
pub struct SidesArgs {
    /// A trace, or the base and the head, each as for a comparison.
    #[arg(value_name = "TRACE", num_args = 0..=2)]
    pub sides: Vec<PathBuf>,
    /// Runs of the base (repeatable).
    #[arg(long, value_name = "TRACE", num_args = 1.., conflicts_with = "sides", requires = "head")]
    pub base: Vec<PathBuf>,
    /// Runs of the head (repeatable).
    #[arg(long, value_name = "TRACE", num_args = 1.., conflicts_with = "sides")]
    pub head: Vec<PathBuf>,
    /// What `go test -json` (or -v) printed, one for each trace in their order; else NAME.json beside NAME.out is used.
    #[arg(long, value_name = "FILE")]
    pub test_json: Vec<PathBuf>,
    /// Use what is whole of truncated traces.
    #[arg(long)]
    pub allow_partial: bool,
}

impl SidesArgs {
    /// One side or two: what each is called, and its traces.
    pub(super) fn named(&self) -> Result<Vec<(&'static str, Vec<PathBuf>)>, Error> {
        Ok(match (&self.sides[..], self.base.is_empty(), self.head.is_empty()) {
            ([one], ..) => vec![("head", vec![one.clone()])],
            ([base, head, ..], ..) => vec![("base", vec![base.clone()]), ("head", vec![head.clone()])],
            ([], false, _) => vec![("base", self.base.clone()), ("head", self.head.clone())],
            ([], true, false) => vec![("head", self.head.clone())],
            ([], true, true) => {
                return Err(Error::Usage(
                    "give a trace, or a base and a head: gotrace-diff export pprof base.out head.out --out DIR"
                        .to_owned(),
                ));
            }
        })
    }

    /// Refuses a file to write that is one of those to read.
    pub(super) fn apart(&self, out: &Path) -> Result<(), Error> {
        let read = Inputs::default().runs(self.sides.iter().chain(&self.base).chain(&self.head)).files(&self.test_json);
        written::apart(&[Output::new("--out", out, false)], &read)
    }
}

/// `export pprof` and `export folded`.
#[derive(Debug, Args)]
pub struct ProfileArgs {
    /// Whose traces.
    #[command(flatten)]
    pub sides: SidesArgs,
    /// The folder that the files are written to.
    #[arg(short, long, value_name = "DIR")]
    pub out: PathBuf,
    /// Which waits.
    #[command(flatten)]
    pub waits: WaitsArgs,
    /// Narrowing.
    #[command(flatten)]
    pub narrow: NarrowArgs,
}

/// `export flamegraph`.
#[derive(Debug, Args)]
pub struct FlameArgs {
    /// Whose traces.
    #[command(flatten)]
    pub sides: SidesArgs,
    /// The file.
    #[arg(short, long, value_name = "FILE.svg")]
    pub out: PathBuf,
    /// Which side's times are the widths of a differential graph: what that side lacks is missing.
    #[arg(long, value_enum, value_name = "SIDE", default_value_t = Width::Head)]
    pub width: Width,
    /// Which waits.
    #[command(flatten)]
    pub waits: WaitsArgs,
    /// Narrowing.
    #[command(flatten)]
    pub narrow: NarrowArgs,
}

/// Whose times are the widths.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Width {
    /// The base's.
    Base,
    /// The head's.
    Head,
}

/// Which waits count.
#[derive(Debug, Args)]
pub struct WaitsArgs {
    /// Only these profiles (repeatable).
    #[arg(long, value_enum, value_name = "KIND")]
    pub profile: Vec<Kind>,
    /// Count what go tool trace leaves out too: waits that were open at the end, those before a goroutine first ran,
    /// sleep and the collector.
    #[arg(long)]
    pub all_waits: bool,
}

impl WaitsArgs {
    fn waits(&self) -> Waits {
        if self.all_waits { Waits::All } else { Waits::AsGo }
    }

    /// What is wanted of all kinds, without `left_out` where nothing is said.
    fn kinds(&self, left_out: &[Kind]) -> Vec<Kind> {
        let wanted = |kind: &Kind| match self.profile.is_empty() {
            // Go's tool has no profile of the rest.
            true => !left_out.contains(kind) && (self.all_waits || *kind != Kind::Other),
            false => self.profile.contains(kind),
        };
        Kind::ALL.into_iter().filter(wanted).collect()
    }
}

/// `export benchfmt`.
#[derive(Debug, Args)]
pub struct BenchfmtArgs {
    /// What is compared.
    #[command(flatten)]
    pub sides: BothSidesArgs,
    /// The file; else standard output.
    #[arg(short, long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// What `go test -json` (or -v) printed, one for each trace in their order; else NAME.json beside NAME.out is used.
    #[arg(long, value_name = "FILE")]
    pub test_json: Vec<PathBuf>,
    /// Narrowing.
    #[command(flatten)]
    pub narrow: NarrowArgs,
}

pub(super) fn run(args: &ExportArgs) -> Result<u8, Error> {
    match &args.what {
        What::Pprof(args) => write_profiles(args, Form::Pprof),
        What::Folded(args) => write_profiles(args, Form::Folded),
        What::Flamegraph(args) => flamegraph(args),
        What::Timeline(args) => timeline::run(args),
        What::Benchfmt(args) => bench(args),
    }
}

/// One side, read.
struct Side {
    name: &'static str,
    runs: Vec<Summary>,
}

impl Side {
    fn samples(&self, kind: Kind, waits: Waits) -> Result<Vec<Sample>, Error> {
        profiles::samples(&self.runs, kind, waits).ok_or_else(|| Error::Input {
            file: self.runs.iter().map(|run| run.source.as_str()).collect::<Vec<_>>().join(", "),
            message: "a summary or a baseline, which has no profiles".to_owned(),
            advice: "give the traces that it was made from".to_owned(),
        })
    }
}

fn read(sides: &SidesArgs, narrow: &NarrowArgs) -> Result<Vec<Side>, Error> {
    let named = sides.named()?;
    let options = Options { profiles: usize::MAX, allow_partial: sides.allow_partial, ..Options::default() };
    let paths: Vec<&[PathBuf]> = named.iter().map(|(_, paths)| &paths[..]).collect();
    let read = inputs::read(&paths, &sides.test_json, &options, &narrow.narrow()?)?;
    let mut all = Vec::new();
    for ((name, paths), Input { summaries, baselines, warnings, .. }) in named.into_iter().zip(read) {
        warn(&warnings);
        if summaries.is_empty() || !baselines.columns.is_empty() {
            return Err(Error::Input {
                file: paths.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(", "),
                message: "no trace in it".to_owned(),
                advice: "baselines hold figures only: give traces".to_owned(),
            });
        }
        all.push(Side { name, runs: summaries });
    }
    Ok(all)
}

/// Says on standard error what is odd.
pub(super) fn warn(warnings: &[String]) {
    use std::io::Write as _;
    for warning in warnings {
        // There is nowhere left to say that this failed.
        let _ = writeln!(anstream::stderr(), "warning: {}", term(warning));
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    Pprof,
    Folded,
}

/// What was written: the file, and what is in it.
struct Written(PathBuf, String);

fn write_profiles(args: &ProfileArgs, form: Form) -> Result<u8, Error> {
    let sides = read(&args.sides, &args.narrow)?;
    std::fs::create_dir_all(&args.out)
        .map_err(|source| Error::Write { file: args.out.display().to_string(), source })?;
    let mut written: Vec<Written> = Vec::new();
    let mut empty: Vec<&str> = Vec::new();
    let mut pairs: Vec<(PathBuf, PathBuf)> = Vec::new();
    for kind in args.waits.kinds(&[]) {
        let samples = sides.iter().map(|side| side.samples(kind, args.waits.waits())).collect::<Result<Vec<_>, _>>()?;
        if samples.iter().all(Vec::is_empty) {
            empty.push(kind.name());
            continue;
        }
        let path = |side: &str| {
            let prefix = if sides.len() > 1 { format!("{side}-") } else { String::new() };
            let suffix = if form == Form::Pprof { "pb.gz" } else { "folded" };
            args.out.join(format!("{prefix}{}.{suffix}", kind.name()))
        };
        for (side, samples) in sides.iter().zip(&samples) {
            let path = path(side.name);
            match form {
                Form::Pprof => write_pprof(&path, side, samples, args.waits.waits())?,
                Form::Folded => {
                    let mut all = Folded::new();
                    folded::fold(&mut all, None, &[], samples);
                    output::write_file(&path, &folded::one_side(&all, |times| times.1))?;
                }
            }
            let total = samples.iter().fold(0, |sum: i64, sample| sum.saturating_add(sample.time_ns));
            let stacks = stacks(samples.len());
            written.push(Written(path, format!("{stacks}, {}", units::figure(total as f64, Unit::Nanoseconds))));
        }
        if let [base, head] = &samples[..] {
            pairs.push((path(sides[0].name), path(sides[1].name)));
            if form == Form::Folded {
                let mut both = Folded::new();
                folded::fold(&mut both, None, base, head);
                let path = path("both");
                output::write_file(&path, &folded::both_sides(&both))?;
                written.push(Written(path, "base and head, for difffolded and the like".to_owned()));
            }
        }
    }
    let mut text = table(&written);
    if !empty.is_empty() {
        text.push_str(&format!("nothing waited: {}\n", empty.join(", ")));
    }
    if form == Form::Pprof
        && let Some((base, head)) = pairs.first()
    {
        let (base, head) = (base.display().to_string(), head.display().to_string());
        text.push_str(&format!("\n  go tool pprof -top -diff_base {} {}\n", term(&base), term(&head)));
    }
    output::print(&text, Color::Never)?;
    Ok(DONE)
}

fn stacks(n: usize) -> String {
    if n == 1 { "1 stack".to_owned() } else { format!("{n} stacks") }
}

fn table(written: &[Written]) -> String {
    let names: Vec<String> = written.iter().map(|Written(path, _)| term(&path.display().to_string())).collect();
    let width = names.iter().map(|name| name.chars().count()).max().unwrap_or(0);
    names.iter().zip(written).map(|(name, Written(_, what))| format!("{name:width$}  {what}\n")).collect()
}

fn write_pprof(path: &Path, side: &Side, samples: &[Sample], waits: Waits) -> Result<(), Error> {
    let n = side.runs.len().max(1) as i64;
    let total = side.runs.iter().fold(0, |sum: i64, run| sum.saturating_add(run.end_ns.saturating_sub(run.start_ns)));
    let of = if n > 1 { format!("the mean of {n} runs") } else { "one run".to_owned() };
    let which = match waits {
        Waits::AsGo => "waits as go tool trace counts them",
        Waits::All => "all waits",
    };
    let comment = format!("gotrace-diff: {}, {of}, {which}", side.name);
    let bytes = pprof::file(samples, total / n, &[&comment])
        .map_err(|source| Error::Write { file: path.display().to_string(), source })?;
    output::stream_file(path, |out| out.write_all(&bytes))
}

fn flamegraph(args: &FlameArgs) -> Result<u8, Error> {
    args.sides.apart(&args.out)?;
    let sides = read(&args.sides, &args.narrow)?;
    // Time in wait for a processor stands at whoever made it runnable: another kind of stack.
    let kinds = args.waits.kinds(&[Kind::Sched]);
    let mut all = Folded::new();
    for kind in kinds {
        let mut samples =
            sides.iter().map(|side| side.samples(kind, args.waits.waits())).collect::<Result<Vec<_>, _>>()?;
        samples.iter_mut().for_each(|samples| samples.retain(is_the_programs));
        let (base, head): (&[Sample], &[Sample]) = match &samples[..] {
            [base, head] => (base, head),
            [one] => (&[], one),
            _ => (&[], &[]),
        };
        folded::fold(&mut all, Some(kind.name()), base, head);
    }
    let (draw, title) = match (sides.len(), args.width) {
        (1, _) => (Draw::One, "What goroutines waited for"),
        (_, Width::Head) => (Draw::ByHead, "What goroutines waited for, base and head"),
        (_, Width::Base) => (Draw::ByBase, "What goroutines waited for, base and head"),
    };
    let file = || args.out.display().to_string();
    let svg = flame::svg(&all, draw, title).map_err(|source| Error::Write { file: file(), source })?;
    let Some(svg) = svg else {
        return Err(Error::Input {
            file: sides.iter().flat_map(|s| &s.runs).map(|r| r.source.as_str()).collect::<Vec<_>>().join(", "),
            message: "nothing waited, so that there is nothing to draw".to_owned(),
            advice: "--all-waits counts waits that were open at the end, sleep and the collector too".to_owned(),
        });
    };
    output::write_file(&args.out, &svg)?;
    let stacks = stacks(all.len());
    output::print(&table(&[Written(args.out.clone(), stacks)]), Color::Never)?;
    Ok(DONE)
}

/// The runtime's own goroutines and the test framework wait for as long as the trace is: nothing else would be seen.
fn is_the_programs(sample: &Sample) -> bool {
    let root = sample.stack.last().map_or("", |frame| &*frame.func);
    !matches!(framework::owner(root, true), Owner::Runtime) && !framework::is_framework_wait(&sample.stack)
}

/// A report of a comparison, whose verdict is not asked for.
fn bench(args: &BenchfmtArgs) -> Result<u8, Error> {
    if let Some(out) = &args.out {
        let sides = &args.sides;
        let read = Inputs::default().runs(sides.sides.iter().chain(&sides.base).chain(&sides.head));
        written::apart(&[Output::new("--out", out, false)], &read.files(&args.test_json))?;
    }
    let gate = GateArgs { narrow: args.narrow.clone(), test_json: args.test_json.clone(), ..GateArgs::default() };
    let report = compare::report(&args.sides, false, &gate, super::configure(&gate)?, false)?;
    let text = benchfmt::render(&report);
    match &args.out {
        Some(path) => output::write_file(path, &text)?,
        None => output::print(&text, Color::Never)?,
    }
    Ok(DONE)
}
