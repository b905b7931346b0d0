//! `[framework]`: which goroutines and waits are of a framework of the team's own, and none of the code under test.

use std::path::PathBuf;

use serde::Deserialize;
use toml::Spanned;

use super::Pattern;
use super::rule::{At, OneOrMany};
use crate::compare::apart::{Apart, Written};
use crate::error::Error;

/// What is the framework's.
#[derive(Clone, Debug, Default)]
pub struct Framework {
    /// Goroutines that start in these functions.
    pub groups: Vec<Filter>,
    /// Waits with one of these functions on their stack.
    pub waits: Vec<Filter>,
}

/// A glob, and where it is written.
#[derive(Clone, Debug)]
pub struct Filter {
    /// The functions.
    pub pattern: Pattern,
    /// The file.
    pub file: PathBuf,
    /// The line.
    pub line: usize,
}

impl Apart for Framework {
    fn is_empty(&self) -> bool {
        self.groups.is_empty() && self.waits.is_empty()
    }

    fn group(&self, function: &str) -> Option<Written<'_>> {
        first(&self.groups, function)
    }

    fn wait(&self, function: &str) -> Option<Written<'_>> {
        first(&self.waits, function)
    }
}

fn first<'a>(filters: &'a [Filter], function: &str) -> Option<Written<'a>> {
    filters.iter().find(|f| f.pattern.matches(function)).map(|f| (f.file.as_path(), f.line))
}

/// As the file has it.
#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(super) struct FileFramework {
    group: Option<Spanned<OneOrMany>>,
    wait: Option<Spanned<OneOrMany>>,
}

impl FileFramework {
    /// Checks it; `line` says in which one a byte is.
    pub(super) fn check(
        self,
        at: &At<'_>,
        file: &std::path::Path,
        line: &dyn Fn(usize) -> usize,
    ) -> Result<Framework, Error> {
        let filters = |given: Option<Spanned<OneOrMany>>| -> Result<Vec<Filter>, Error> {
            let Some(given) = given else { return Ok(Vec::new()) };
            let span = given.span();
            let filter = |text: String| {
                let pattern = Pattern::new(&text).map_err(|message| at(span.clone(), message))?;
                Ok(Filter { pattern, file: file.to_path_buf(), line: line(span.start) })
            };
            let texts = given.into_inner().texts().map_err(|message| at(span.clone(), message))?;
            texts.into_iter().map(filter).collect()
        };
        Ok(Framework { groups: filters(self.group)?, waits: filters(self.wait)? })
    }
}
