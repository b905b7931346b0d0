//! GitLab code quality: a list of issues, each at a line. What has no line cannot be told there.
//!
//! A fingerprint tells GitLab whether an issue is the same as on the target branch, so no figure goes into it.

use serde_json::{Value, json};

use super::escape::Text;
use super::headline;
use super::json;
use super::model::{Finding, Meaning, Report};
use crate::error::Error;

/// More issues than these nobody reads, and the widget becomes slow.
const MOST: usize = 1000;

/// The document.
///
/// # Errors
/// As [`json::document`].
pub fn render(report: &Report) -> Result<String, Error> {
    let grave = |f: &&Finding| matches!(f.verdict, Meaning::Regression | Meaning::Inconclusive);
    let mut issues: Vec<Value> = report.leads().filter(grave).take(MOST).map(issue).collect();
    if report.compared_nothing() {
        // An empty list would look like a pass.
        issues.push(json!({
            "description": report.headline.seen(),
            "check_name": "gotrace-diff/nothing-compared",
            "fingerprint": Text::fingerprint([&Text::from("nothing-compared")]),
            "severity": "minor",
            "location": { "path": "go.mod", "lines": { "begin": 1 } },
        }));
    }
    json::document(&issues)
}

fn issue(finding: &Finding) -> Value {
    let severity = match (finding.verdict, finding.level.is("error")) {
        (Meaning::Regression, true) => "critical",
        (Meaning::Regression, false) => "major",
        _ => "minor",
    };
    let place = finding.position.as_ref().and_then(Text::place).and_then(|(file, line)| Some((file.inside()?, line)));
    // A path and a line are required. What has none is put where everyone finds the module.
    let (path, line) = place.unwrap_or_else(|| ("go.mod".into(), 1));
    json!({
        "description": headline::sentence(finding).seen(),
        "check_name": check_name(finding),
        "fingerprint": fingerprint(finding),
        "severity": severity,
        "location": { "path": path, "lines": { "begin": line } },
    })
}

/// `gotrace-diff/block_ns`: the metric without the name that stands for `*`.
pub(super) fn check_name(finding: &Finding) -> Text {
    let mut name = Text::from("gotrace-diff/");
    name += &rule(finding);
    name
}

/// The metric's id, which is one of few: `block_ns.*` whatever the reason is.
pub(super) fn rule(finding: &Finding) -> Text {
    // Names that stand for `*` come from traces. What is no metric of ours comes from who knows where.
    let found = finding.metric.metric(finding.subject.kind);
    Text::from(found.map_or("other", |m| m.id))
}

/// What makes it the same finding in two versions.
pub(super) fn fingerprint(finding: &Finding) -> String {
    let kind = Text::from(finding.subject.kind.name());
    let package = finding.subject.package.clone().unwrap_or_default();
    Text::fingerprint([&package, &kind, &finding.subject.name, &finding.metric])
}
