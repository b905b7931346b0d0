//! SARIF 2.1.0 (OASIS), for code scanning: a result for each finding that is worse, at its line.
//!
//! Results are told apart from those of another version by fingerprints without figures. What the team has accepted is
//! a result that is suppressed.

use serde_json::{Value, json};

use super::codequality::{fingerprint, rule};
use super::escape::Text;
use super::headline;
use super::json;
use super::model::{Finding, Meaning, Report};
use crate::error::Error;
use crate::metrics::registry::metrics;

/// GitHub takes 25,000 results and shows 5,000.
const MOST: usize = 5000;

/// The document.
///
/// # Errors
/// As [`json::document`].
pub fn render(report: &Report) -> Result<String, Error> {
    let told = |f: &&Finding| matches!(f.verdict, Meaning::Regression | Meaning::Inconclusive | Meaning::Accepted);
    let findings: Vec<&Finding> = report.leads().filter(told).take(MOST).collect();
    let mut ids: Vec<Text> = findings.iter().map(|f| rule(f)).collect();
    ids.sort();
    ids.dedup();
    let rules: Vec<Value> = ids.iter().map(rule_of).collect();
    let results: Vec<Value> = findings.iter().map(|f| result(f, &ids)).collect();
    json::document(&json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "gotrace-diff",
                "semanticVersion": report.version.seen(),
                "rules": rules,
            }},
            "automationDetails": { "id": "gotrace-diff/" },
            "invocations": [{ "executionSuccessful": true, "exitCode": report.exit_code }],
            "columnKind": "utf16CodeUnits",
            "results": results,
            "properties": {
                "verdict": report.verdict.name(),
                "headline": report.headline.seen(),
                "counts": report.counts,
            },
        }],
    }))
}

fn rule_of(id: &Text) -> Value {
    let metric = metrics().find(|m| id.is(m.id));
    let definition = metric.map_or("A figure that this version does not know.", |m| m.definition);
    let first = definition.split_once(". ").map_or(definition, |(first, _)| first).trim_end_matches('.');
    json!({
        "id": id,
        "shortDescription": { "text": first },
        "fullDescription": { "text": definition },
        "help": { "text": definition },
        "defaultConfiguration": { "level": "warning" },
        "properties": { "tags": ["performance"] },
    })
}

fn result(finding: &Finding, ids: &[Text]) -> Value {
    let id = rule(finding);
    let level = match finding.verdict {
        Meaning::Regression if finding.level.is("error") => "error",
        Meaning::Regression | Meaning::Inconclusive => "warning",
        _ => "note",
    };
    let sentence = headline::sentence(finding);
    let said = [&sentence, &finding.cause, &finding.evidence.text].into_iter().filter(|said| !said.is_empty());
    // Each by itself: a line end may stand in a message, and is shown where it stands in a name.
    let text = said.map(Text::sarif).collect::<Vec<_>>().join("\n");
    let mut result = json!({
        "ruleId": id,
        "ruleIndex": ids.iter().position(|known| *known == id),
        "level": level,
        "message": { "text": text },
        "partialFingerprints": { "gotraceDiff/v1": fingerprint(finding) },
        "locations": [location(finding.position.as_ref(), finding)],
        "properties": { "base": finding.base, "head": finding.head, "change": finding.change, "unit": finding.unit.name() },
    });
    if let Some(site) = finding.site.as_ref().filter(|s| !s.stack.is_empty()) {
        let frames: Vec<Value> = site.stack.iter().map(frame).collect();
        result["stacks"] = json!([{ "message": { "text": site.doing.sarif() }, "frames": frames }]);
    }
    if let Some(accepted) = &finding.accepted {
        result["suppressions"] = json!([{ "kind": "external", "justification": accepted.reason.seen() }]);
    }
    result
}

/// Where it is in the repository, if anywhere, and in which function.
fn location(position: Option<&Text>, finding: &Finding) -> Value {
    let function = finding.site.as_ref().map_or(&finding.subject.name, |s| &s.function).seen();
    let mut location = json!({});
    if !function.is_empty() {
        location["logicalLocations"] = json!([{ "fullyQualifiedName": function, "kind": "function" }]);
    }
    if let Some(place) = position.and_then(physical) {
        location["physicalLocation"] = place;
    }
    location
}

fn physical(position: &Text) -> Option<Value> {
    let (file, line) = position.place()?;
    Some(json!({
        "artifactLocation": { "uri": file.uri()?, "uriBaseId": "%SRCROOT%" },
        "region": { "startLine": line },
    }))
}

/// `function file:line`.
fn frame(frame: &Text) -> Value {
    let Some((function, position)) = frame.split_last(' ') else { return json!({ "location": {} }) };
    let mut location = json!({ "logicalLocations": [{ "fullyQualifiedName": function.seen() }] });
    if let Some(place) = physical(&position) {
        location["physicalLocation"] = place;
    }
    json!({ "location": location })
}
