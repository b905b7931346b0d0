//! The formats of reports: what they are called, what their files are called, and who renders them.

use clap::ValueEnum;

use super::model::Report;
use super::terminal::Layout;
use super::{annotations, benchfmt, codequality, csv, html, json, junit, markdown, openmetrics, sarif, terminal};
use crate::error::Error;

/// A format of reports.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub enum Format {
    /// For people at a terminal or reading a CI log.
    #[default]
    Text,
    /// For programs, and for rendering again: gotrace-diff report.
    Json,
    /// A comment on a pull request, at most 60,000 characters.
    #[value(alias = "md")]
    Markdown,
    /// A GitHub job summary, at most 900 KiB.
    Summary,
    /// One page with pictures, which needs no network.
    Html,
    /// JUnit XML: a test case for each series that can fail the build.
    Junit,
    /// SARIF 2.1.0, for code scanning.
    Sarif,
    /// GitHub annotations: commands to its runner, for standard output.
    Annotations,
    /// GitLab code quality.
    Codequality,
    /// OpenMetrics text, for GitLab's metrics reports and Prometheus.
    Openmetrics,
    /// A row for each series.
    Csv,
    /// Go's benchmark format, for benchstat -col side.
    Benchfmt,
}

impl Format {
    /// Every format.
    pub const ALL: [Format; 12] = [
        Format::Text,
        Format::Json,
        Format::Markdown,
        Format::Summary,
        Format::Html,
        Format::Junit,
        Format::Sarif,
        Format::Annotations,
        Format::Codequality,
        Format::Openmetrics,
        Format::Csv,
        Format::Benchfmt,
    ];

    /// What it is called on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Format::Text => "text",
            Format::Json => "json",
            Format::Markdown => "markdown",
            Format::Summary => "summary",
            Format::Html => "html",
            Format::Junit => "junit",
            Format::Sarif => "sarif",
            Format::Annotations => "annotations",
            Format::Codequality => "codequality",
            Format::Openmetrics => "openmetrics",
            Format::Csv => "csv",
            Format::Benchfmt => "benchfmt",
        }
    }

    /// What its file is called in `--report-dir`.
    pub fn file_name(self) -> &'static str {
        match self {
            Format::Text => "report.txt",
            Format::Json => "report.json",
            Format::Markdown => "report.md",
            Format::Summary => "summary.md",
            Format::Html => "report.html",
            Format::Junit => "junit.xml",
            Format::Sarif => "report.sarif",
            Format::Annotations => "annotations.txt",
            Format::Codequality => "codequality.json",
            Format::Openmetrics => "metrics.txt",
            Format::Csv => "report.csv",
            Format::Benchfmt => "report.bench",
        }
    }
}

/// Renders `report`. Only text heeds `layout`, and only text may hold colours, as escape sequences.
///
/// # Errors
/// A bug, where what the model holds cannot be written.
pub fn render(format: Format, report: &Report, layout: Layout) -> Result<String, Error> {
    match format {
        Format::Text => Ok(terminal::render(report, layout)),
        Format::Json => json::render(report),
        Format::Markdown => Ok(markdown::comment(report)),
        Format::Summary => Ok(markdown::summary(report)),
        Format::Html => html::render(report),
        Format::Junit => junit::render(report),
        Format::Sarif => sarif::render(report),
        Format::Annotations => Ok(annotations::render(report)),
        Format::Codequality => codequality::render(report),
        Format::Openmetrics => Ok(openmetrics::render(report)),
        Format::Csv => csv::render(report),
        Format::Benchfmt => Ok(benchfmt::render(report)),
    }
}
