//! Changes that the team has accepted: which series, from what to what, why, by whom, and until when.

use std::path::PathBuf;

use serde::Deserialize;
use toml::Spanned;

use super::date::Date;
use super::rule::{At, Value};
use super::series::{self, Series};

/// One `[[accept]]`.
#[derive(Clone, Debug, PartialEq)]
pub struct Accept {
    /// The series.
    pub series: Series,
    /// The package, where the subject's name alone could mean others.
    pub package: Option<String>,
    /// What it was, per item and in the metric's unit; `None` for a subject that was not there.
    pub from: Option<f64>,
    /// What it may become; `None` for a subject that is gone.
    pub to: Option<f64>,
    /// Why.
    pub reason: String,
    /// By whom.
    pub by: Option<String>,
    /// The last day on which it holds.
    pub until: Option<Date>,
    /// The file that says so.
    pub file: PathBuf,
    /// The line in it.
    pub line: usize,
}

impl Accept {
    /// Whether it holds no longer.
    pub fn has_lapsed(&self, today: Date) -> bool {
        self.until.is_some_and(|until| until < today)
    }
}

/// As the file has it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct FileAccept {
    series: Spanned<String>,
    package: Option<String>,
    from: Option<Spanned<Value>>,
    to: Option<Spanned<Value>>,
    reason: Spanned<String>,
    by: Option<String>,
    until: Option<Spanned<toml::Value>>,
}

impl FileAccept {
    pub(super) fn check(self, at: &At<'_>) -> Result<Accept, crate::error::Error> {
        let series: Series = self.series.get_ref().parse().map_err(|message| at(self.series.span(), message))?;
        let unit = series.definition().map_or(crate::metrics::registry::Unit::Count, |m| m.unit);
        let figure = |given: Option<Spanned<Value>>| match given {
            None => Ok(None),
            Some(v) => series::read_figure(&v.get_ref().text(), unit).map_err(|message| at(v.span(), message)),
        };
        let (from, to) = (figure(self.from)?, figure(self.to)?);
        if from.is_none() && to.is_none() {
            let message =
                "an accepted change goes `from` one figure `to` another; a new subject has no `from`".to_owned();
            return Err(at(self.series.span(), message));
        }
        if self.reason.get_ref().trim().is_empty() {
            return Err(at(self.reason.span(), "say why in `reason`".to_owned()));
        }
        let until = match self.until {
            None => None,
            Some(given) => {
                let day = match given.get_ref() {
                    toml::Value::Datetime(moment) => {
                        Date::of(moment).ok_or_else(|| format!("`{moment}` is no day: write it as in 2027-01-31"))
                    }
                    toml::Value::String(text) => text.parse(),
                    other => Err(format!("`{other}` is no day: write it as in 2027-01-31")),
                };
                Some(day.map_err(|message| at(given.span(), message))?)
            }
        };
        Ok(Accept {
            series,
            package: self.package,
            from,
            to,
            reason: self.reason.into_inner(),
            by: self.by,
            until,
            file: PathBuf::new(),
            line: 0,
        })
    }
}
