//! Reading the runs of one or both sides, on all cores.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use sha2::{Digest, Sha256};

use super::documents::{self, Document};
use super::environment;
use super::progress::Progress;
use super::repeated;
use super::sources::{self, Source};
use crate::attribution::{self, output::TestOutput};
use crate::baseline::Baseline;
use crate::compare::{Side, packages};
use crate::error::{DocumentFault, Error};
use crate::narrow::{self, Narrow};
use crate::report::model::NotCompared;
use crate::summarize::{self, Options};
use crate::summary::{Environment, Summary, TestNamedBy};
use crate::trace::Bytes;

/// The largest output of `go test` that is read.
const MOST_TEST_OUTPUT: u64 = 1 << 30;

/// What one side amounts to.
#[derive(Debug, Default)]
pub(super) struct Input {
    /// The runs, in the order given.
    pub(super) summaries: Vec<Summary>,
    /// What of it is baselines.
    pub(super) baselines: Baseline,
    /// What is odd about the input.
    pub(super) warnings: Vec<String>,
    /// Files of folders that are no traces.
    pub(super) skipped: usize,
}

impl Input {
    /// The side that all of it makes. Of a baseline of several environments it is what is nearest to `other`.
    pub(super) fn into_side(self, rounds: &dyn Fn(&str) -> Option<u64>, other: Option<&Side>) -> Side {
        let mut side = Side::of_packages(&self.summaries, rounds);
        let known = other.cloned().unwrap_or_else(|| side.clone());
        side.absorb(self.baselines.beside(&known).0);
        side
    }

    /// Base and head as sides.
    pub(super) fn into_sides(base: Input, head: Input, rounds: &dyn Fn(&str) -> Option<u64>) -> (Side, Side) {
        let mut hint = Side::default();
        if !head.baselines.columns.is_empty() {
            hint = Side::of_packages(&base.summaries, rounds);
            base.baselines.columns.iter().for_each(|c| hint.absorb(c.side.clone()));
        }
        let head = head.into_side(rounds, Some(&hint));
        (base.into_side(rounds, Some(&head)), head)
    }

    /// The baseline that all of it makes: the runs of each environment by themselves.
    pub(super) fn baseline(&self, rounds: &dyn Fn(&str) -> Option<u64>) -> Baseline {
        let mut baseline = Baseline::of(&self.summaries, rounds);
        baseline.absorb(self.baselines.clone());
        baseline
    }

    /// The packages that it has runs of.
    pub(super) fn packages(&self) -> BTreeSet<String> {
        let mut names: BTreeSet<String> = packages::group(&self.summaries).into_keys().map(|i| i.name).collect();
        names.extend(self.baselines.packages().into_iter().map(str::to_owned));
        names
    }

    /// What of it was left out.
    pub(super) fn left_out(&self) -> Option<NotCompared> {
        (self.skipped > 0).then(|| NotCompared {
            what: if self.skipped == 1 { "file".into() } else { "files".into() },
            why: "neither traces nor summaries".into(),
            count: self.skipped,
        })
    }
}

/// Reads several sides at once. The first error in the order given is told, whatever happened first.
pub(super) fn read(
    sides: &[&[PathBuf]],
    tests: &[PathBuf],
    options: &Options,
    narrow: &Narrow,
) -> Result<Vec<Input>, Error> {
    let mut found = sides.iter().map(|inputs| sources::find(inputs)).collect::<Result<Vec<_>, _>>()?;
    give_outputs(&mut found, tests)?;
    found.iter_mut().for_each(|found| found.give(tests));
    let all: Vec<&Source> = found.iter().flat_map(|f| &f.sources).collect();
    if all.iter().filter(|s| s.path.is_none()).count() > 1 {
        return Err(Error::Usage("standard input can be read once only: give - once".to_owned()));
    }
    let size = |source: &&Source| source.path.as_ref().and_then(|p| std::fs::metadata(p).ok()).map_or(0, |m| m.len());
    let progress = Progress::of(all.iter().map(size).sum());
    let mut documents = on_all_cores(&all, |source| one(source, options, narrow, &progress)).into_iter();
    drop(progress);
    let mut inputs = Vec::new();
    for found in &found {
        let mut input = Input { skipped: found.skipped, warnings: found.warnings(), ..Input::default() };
        for document in documents.by_ref().take(found.sources.len()) {
            match document? {
                Document::Runs(runs) => input.summaries.extend(runs),
                Document::Baseline(baseline) => input.baselines.absorb(baseline),
            }
        }
        drop_duplicates(&mut input);
        inputs.push(input);
    }
    Ok(inputs)
}

/// Lays outputs of `go test` beside the traces, in order.
fn give_outputs(found: &mut [sources::Found], tests: &[PathBuf]) -> Result<(), Error> {
    let traces: usize = found.iter().map(|f| f.sources.len()).sum();
    if !tests.is_empty() && tests.len() != traces {
        return Err(Error::Usage(format!(
            "{traces} traces and {} times --test-json: give one for each trace, in their order, or put each beside its trace as NAME.json beside NAME.out",
            tests.len()
        )));
    }
    for (source, output) in found.iter_mut().flat_map(|f| &mut f.sources).zip(tests) {
        source.tests = Some(output.clone());
    }
    Ok(())
}

fn one(source: &Source, options: &Options, narrow: &Narrow, progress: &Progress) -> Result<Document, Error> {
    let trace = |source_error| Error::Trace { file: source.name.clone(), source: source_error };
    let failed = |e| Error::Read { file: source.name.clone(), source: e };
    let mut reader: Box<dyn Read + Send> = match &source.path {
        Some(path) => Box::new(progress.count(sources::open(path)?)),
        None => Box::new(std::io::stdin()),
    };
    let mut head = Vec::new();
    (&mut reader).take(4096).read_to_end(&mut head).map_err(failed)?;
    let looks_like_json = String::from_utf8_lossy(&head).trim_start_matches('\u{feff}').trim_start().starts_with('{');
    if looks_like_json {
        let mut bytes = head;
        reader.take(documents::MOST_BYTES + 1).read_to_end(&mut bytes).map_err(failed)?;
        let document = documents::parse(&source.name, &documents::text(&source.name, bytes, documents::MOST_BYTES)?)?;
        let words = narrow.words();
        if let Document::Runs(runs) = &document
            && !narrow.is_all()
            && runs.iter().any(|run| run.narrowed != words)
        {
            return Err(Error::Document {
                file: source.name.clone(),
                fault: DocumentFault::OtherDocument,
                message: "a summary cannot be narrowed".to_owned(),
                advice: "give the trace that it was made from".to_owned(),
            });
        }
        return Ok(document);
    }
    let whole = match &source.path {
        Some(path) => sources::bytes(path, progress)?,
        None => Bytes::Stream(Box::new(std::io::Cursor::new(head).chain(reader)) as Box<dyn Read + Send>),
    };
    let output = test_output(source)?;
    let named = |bytes: Bytes<Box<dyn Read + Send>>, options: &Options| {
        let mut summary = summarize::summarize(&source.name, bytes, options).map_err(trace)?;
        if let Some(output) = &output {
            attribution::name_tests(&mut summary, Some(output));
        }
        Ok(summary)
    };
    // Where the window ends before the trace does, tests cannot be counted off against the output.
    let twice = narrow.needs_whole() || (narrow.to.is_some() && output.is_some());
    let unfit = |message: String| Error::Input {
        file: source.name.clone(),
        message,
        advice: "gotrace-diff summarize TRACE lists what is in it".to_owned(),
    };
    let mut summary = if twice {
        let Some(path) = &source.path else {
            return Err(Error::Usage(
                "--test, --warmup, --trim, times of the wall clock and --to beside --test-json need two reads, and standard input can be read once: give a file"
                    .to_owned(),
            ));
        };
        let all = named(whole, options)?;
        let window = narrow.window_of(&all).map_err(unfit)?;
        let options = Options { window, chosen: narrow.chosen(Some(&all)), ..options.clone() };
        let mut part = named(sources::bytes(path, &Progress::untold())?, &options)?;
        narrow::copy_names(&all, &mut part);
        part
    } else {
        named(whole, &Options { window: narrow.window(), chosen: narrow.chosen(None), ..options.clone() })?
    };
    narrow.apply(&mut summary).map_err(unfit)?;
    if let Some(path) = &source.path {
        summary.environment = environment::beside(path)?;
    }
    Ok(Document::Runs(vec![summary]))
}

/// What `go test` printed in this run, if that is there.
fn test_output(source: &Source) -> Result<Option<TestOutput>, Error> {
    let Some(path) = source.test_output() else { return Ok(None) };
    let wanted = source.tests.is_some();
    if !wanted && !path.is_file() {
        return Ok(None);
    }
    let text = documents::read_text(&path, MOST_TEST_OUTPUT);
    match text.map(|text| TestOutput::parse(&text)) {
        Ok(Some(output)) => Ok(Some(output)),
        // Another file may happen to be called like that.
        _ if !wanted => Ok(None),
        Ok(None) => Err(Error::Document {
            file: path.display().to_string(),
            fault: DocumentFault::NotTestOutput,
            message: "not what go test -json or go test -v prints".to_owned(),
            advice: "record with: go test -json -trace=NAME.out PACKAGE >NAME.json".to_owned(),
        }),
        Err(error) => Err(error),
    }
}

/// Does `work` for each item on as many threads as there are cores; the results are in the order of the items.
pub(super) fn on_all_cores<T: Sync, R: Send>(items: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let next = AtomicUsize::new(0);
    let results: Mutex<BTreeMap<usize, R>> = Mutex::default();
    let threads = std::thread::available_parallelism().map_or(1, usize::from).min(items.len().max(1));
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let i = next.fetch_add(1, Ordering::Relaxed);
                    let Some(item) = items.get(i) else { break };
                    let result = work(item);
                    if let Ok(mut results) = results.lock() {
                        results.insert(i, result);
                    }
                }
            });
        }
    });
    results.into_inner().unwrap_or_default().into_values().collect()
}

/// The same trace given twice would count as two runs that agree perfectly. The one that more is known of is kept.
fn drop_duplicates(input: &mut Input) {
    // Times are in nanoseconds: two traces hardly ever begin and end alike, so that few are compared whole.
    let times = |s: &Summary| Some((s.start_ns, s.end_ns, s.events));
    let copies = repeated::find(&input.summaries, times, |s| digest(&content(s)));
    drop_same(input, &copies);
    let mut same = BTreeMap::new();
    let mut kept: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (again, first) in repeated::find(&input.summaries, times, |s| digest(&nameless(s))) {
        let kept = kept.entry(first).or_insert_with(|| vec![first]);
        match kept.iter().find(|one| may_be_one(&input.summaries[again], &input.summaries[**one])) {
            Some(&one) => drop(same.insert(again, one)),
            None => kept.push(again),
        }
    }
    drop_same(input, &same);
}

/// Takes out runs that are the same as others, and says so.
fn drop_same(input: &mut Input, same: &BTreeMap<usize, usize>) {
    let known =
        |s: &Summary| (s.package.is_some(), s.operations.is_some(), s.attribution.named, !s.environment.is_empty());
    for (&again, &first) in same {
        if known(&input.summaries[again]) > known(&input.summaries[first]) {
            input.summaries.swap(again, first);
        }
    }
    for (&again, &first) in same {
        let [again, first] = [again, first].map(|i| &input.summaries[i].source);
        input.warnings.push(format!("{again}: the same run as {first}, counted once"));
    }
    repeated::drop_from(&mut input.summaries, same);
}

/// A digest of a summary; none of what cannot be JSON, which no summary is.
fn digest(summary: &Summary) -> Option<[u8; 32]> {
    serde_json::to_vec(summary).ok().map(|bytes| Sha256::digest(bytes).into())
}

/// All of a summary but the name of its file.
fn content(summary: &Summary) -> Summary {
    Summary { source: String::new(), ..summary.clone() }
}

/// What a trace itself says of its run: not what files beside it do, which are the output of `go test` and where it was recorded.
fn nameless(summary: &Summary) -> Summary {
    let environment = Environment::default();
    let mut run = Summary { package: None, operations: None, environment, ..content(summary) };
    attribution::name_tests(&mut run, None);
    run
}

/// Whether what is beside two equal traces lets them be one: nothing is there, or the same.
fn may_be_one(a: &Summary, b: &Summary) -> bool {
    fn agree<T: PartialEq>(a: T, b: T, is_known: impl Fn(&T) -> bool) -> bool {
        !is_known(&a) || !is_known(&b) || a == b
    }
    let names = |s: &Summary| -> Vec<String> {
        let printed = s.tests.iter().any(|t| matches!(t.named_by, TestNamedBy::RunLine | TestNamedBy::Order));
        s.tests.iter().filter(|_| printed).map(|t| t.name.clone()).collect()
    };
    agree(&a.package, &b.package, |package| package.is_some())
        && agree(&a.environment, &b.environment, |environment| !environment.is_empty())
        && agree(names(a), names(b), |names| !names.is_empty())
}
