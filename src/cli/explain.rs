//! What `gotrace-diff explain` takes.

use std::path::PathBuf;

use clap::Args;

use super::{Color, Format, NarrowArgs};
use crate::config::Pattern;
use crate::error::Error;
use crate::narrow::Edge;
use crate::subject::SubjectPattern;

/// `gotrace-diff explain SUBJECT TRACE [TRACE]`, or with `--base TRACE... --head TRACE...`.
#[derive(Debug, Args)]
pub struct ExplainArgs {
    /// What to explain, as kind:name: test:TestLoadAll, benchmark:*, task:request, region:render, group:cart.*; the
    /// name is a glob, and the kind may be left out.
    #[arg(value_name = "SUBJECT")]
    pub subject: SubjectPattern,
    /// The base and the head, each as for a comparison; for --critical-path, --related and --instances one trace or two.
    #[arg(value_name = "TRACE", required_unless_present = "base")]
    pub traces: Vec<PathBuf>,
    /// Runs of the base, instead (repeatable).
    #[arg(long, value_name = "TRACE", num_args = 1.., requires = "head", conflicts_with_all = ["traces", "critical_path", "related", "instances"])]
    pub base: Vec<PathBuf>,
    /// Runs of the head (repeatable).
    #[arg(long, value_name = "TRACE", num_args = 1.., requires = "base")]
    pub head: Vec<PathBuf>,
    /// What `go test -json` (or -v) printed, one for each trace in their order; else NAME.json beside NAME.out is used.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["critical_path", "related"])]
    pub test_json: Vec<PathBuf>,
    /// Only these of its figures: a glob.
    #[arg(long, value_name = "METRIC", value_parser = Pattern::new, conflicts_with_all = ["critical_path", "related", "instances"])]
    pub metric: Option<Pattern>,
    /// Follow its time backwards through wake-ups and creations: what it could not have been done without.
    #[arg(long)]
    pub critical_path: bool,
    /// Who woke its goroutines, and whom they woke.
    #[arg(long, conflicts_with = "critical_path")]
    pub related: bool,
    /// The longest N of its single goroutines, tasks, region calls, running slices and waits.
    #[arg(long, value_name = "N", conflicts_with_all = ["critical_path", "related"], value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub instances: Option<u32>,
    /// Follow the instance that began K-th instead of the slowest.
    #[arg(long, value_name = "K", requires = "critical_path", conflicts_with = "all")]
    pub nth: Option<usize>,
    /// Follow all instances, and add up.
    #[arg(long, requires = "critical_path")]
    pub all: bool,
    /// Narrowing.
    #[command(flatten)]
    pub narrow: NarrowArgs,
    /// How many rows of each table to show; 0 for all.
    #[arg(long, value_name = "N", default_value_t = 10)]
    pub top: usize,
    /// Use what is whole of a truncated trace.
    #[arg(long)]
    pub allow_partial: bool,
    /// Text, or JSON.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
    /// When to use colours.
    #[arg(long, value_enum, default_value_t = Color::Auto)]
    pub color: Color,
}

impl ExplainArgs {
    /// The window that a critical path is looked for in, ns since the trace began.
    ///
    /// # Errors
    /// Where anything was asked for that a path cannot be narrowed by.
    pub fn window(&self) -> Result<(Option<i64>, Option<i64>), Error> {
        let narrow = self.narrow.narrow()?;
        let since = |edge: Option<Edge>| match edge {
            None => Ok(None),
            Some(Edge::Since(ns)) => Ok(Some(ns)),
            Some(Edge::Wall(_)) => Err(()),
        };
        let only_times = NarrowArgs { from: None, to: None, ..self.narrow.clone() }.narrow()?.is_all();
        match (since(narrow.from), since(narrow.to), only_times) {
            (Ok(from), Ok(to), true) => Ok((from, to)),
            _ => Err(Error::Usage(
                "--critical-path is narrowed by --from and --to, as times since the trace began, and by nothing else"
                    .to_owned(),
            )),
        }
    }
}
