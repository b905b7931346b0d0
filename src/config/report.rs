//! `[report]`: how comparisons are told, said once. What is typed overrides it.

use std::path::{Component, Path, PathBuf};

use clap::ValueEnum;
use serde::Deserialize;
use toml::Spanned;

use super::place::Place;
use super::rule::At;
use super::suggest;
use crate::error::Error;
use crate::report::format::Format;
use crate::report::terminal::GroupBy;

/// What is said of reports; `None` and empty where nothing is.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ReportOptions {
    /// What standard output gets.
    pub format: Option<Format>,
    /// Files, with what each gets.
    pub output: Vec<(Format, PathBuf)>,
    /// The folder that gets every format.
    pub folder: Option<PathBuf>,
    /// What the text puts findings together by.
    pub group_by: Option<GroupBy>,
    /// How many findings of each part are shown.
    pub top: Option<usize>,
    /// Whether everything is shown.
    pub all: Option<bool>,
}

impl ReportOptions {
    /// What this says, and what `above` says where this does not.
    pub(super) fn over(self, above: ReportOptions) -> ReportOptions {
        // Who says how many are shown does not mean the `all` of another file, nor the other way round.
        let (top, all) =
            if self.top.is_some() || self.all.is_some() { (self.top, self.all) } else { (above.top, above.all) };
        ReportOptions {
            format: self.format.or(above.format),
            output: if self.output.is_empty() { above.output } else { self.output },
            folder: self.folder.or(above.folder),
            group_by: self.group_by.or(above.group_by),
            top,
            all,
        }
    }
}

/// As the file has it.
#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(super) struct FileReport {
    format: Option<Spanned<String>>,
    output: Vec<Spanned<String>>,
    report_dir: Option<Spanned<PathBuf>>,
    group_by: Option<Spanned<String>>,
    top: Option<usize>,
    all: Option<bool>,
}

impl FileReport {
    /// Checks it; paths are relative to the folder of the file, which is at `place`.
    pub(super) fn check(self, at: &At<'_>, place: &Place) -> Result<ReportOptions, Error> {
        let inside = |path: &Path, span: std::ops::Range<usize>| match below(path) {
            true => place.within(path).map_err(|message| at(span, message)),
            false => Err(at(span, format!("`{}` has to lie below the folder of this file", path.display()))),
        };
        let mut output = Vec::new();
        for given in self.output {
            let span = given.span();
            let Some((format, path)) = given.get_ref().split_once('=').filter(|(_, path)| !path.is_empty()) else {
                return Err(at(span, format!("`{}`: write it as \"FORMAT=PATH\"", given.get_ref())));
            };
            output.push((one_of(format, "format").map_err(|m| at(span.clone(), m))?, inside(Path::new(path), span)?));
        }
        let named = |given: Option<Spanned<String>>| {
            given.map(|g| one_of(g.get_ref(), "format").map_err(|m| at(g.span(), m))).transpose()
        };
        let grouped = |given: Option<Spanned<String>>| {
            given.map(|g| one_of(g.get_ref(), "way to group").map_err(|m| at(g.span(), m))).transpose()
        };
        Ok(ReportOptions {
            format: named(self.format)?,
            output,
            folder: self.report_dir.map(|given| inside(given.get_ref(), given.span())).transpose()?,
            group_by: grouped(self.group_by)?,
            top: self.top,
            all: self.all,
        })
    }
}

/// Whether a path stays within the folder that it is relative to: a change under review may not write elsewhere.
fn below(path: &Path) -> bool {
    path.components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir))
        && path.components().any(|part| matches!(part, Component::Normal(_)))
}

fn one_of<T: ValueEnum>(name: &str, what: &str) -> Result<T, String> {
    T::from_str(name, false).map_err(|_| {
        let values: Vec<_> = T::value_variants().iter().filter_map(ValueEnum::to_possible_value).collect();
        let known: Vec<&str> = values.iter().map(|v| v.get_name()).collect();
        match suggest::nearest(name, &known) {
            Some(meant) => format!("there is no {what} `{name}`: did you mean `{meant}`?"),
            None => format!("there is no {what} `{name}`: there are {}", known.join(", ")),
        }
    })
}
