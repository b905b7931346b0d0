//! Version 1 of the document: it had no labels and no sections, and only findings.

use serde::Deserialize;

use crate::compare::names;
use crate::gate::cause;
use crate::metrics::registry::{SubjectKind, Unit};
use crate::report::escape::Text;
use crate::report::model::{
    Advice, Compared, Counts, Environment, Evidence, Finding, Limit, Meaning, NotCompared, Pictures, Presence, Report,
    Runs, Section, Site, Subject, Verdict,
};

pub(super) const SCHEMA: &str = "gotrace-diff/report/1";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OldReport {
    #[serde(rename = "schema")]
    _schema: String,
    verdict: Verdict,
    exit_code: u8,
    headline: Text,
    findings: Vec<OldFinding>,
    compared: Compared,
    not_compared: Vec<NotCompared>,
    warnings: Vec<Text>,
    environment: Environment,
    runs: Runs,
    advice: Option<Advice>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OldFinding {
    subject: OldSubject,
    metric: String,
    unit: String,
    per: Text,
    base: Option<f64>,
    head: Option<f64>,
    change: Option<f64>,
    presence: Presence,
    limit: Limit,
    verdict: Meaning,
    level: Text,
    evidence: Evidence,
    cause: Text,
    site: Option<OldSite>,
    part_of: Option<Text>,
    base_runs: Vec<f64>,
    head_runs: Vec<f64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OldSubject {
    kind: SubjectKind,
    name: String,
    package: Option<Text>,
    renamed_from: Option<Text>,
    position: Option<Text>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OldSite {
    state: String,
    function: String,
    position: Text,
    base: f64,
    head: f64,
    stack: Vec<Text>,
}

pub(super) fn read(text: &str) -> Result<Report, String> {
    let old: OldReport = serde_json::from_str(text).map_err(|e| e.to_string())?;
    let findings = old.findings.into_iter().map(finding).collect::<Result<Vec<_>, _>>()?;
    Ok(Report {
        schema: super::SCHEMA.to_owned(),
        version: "0.1.0".into(),
        verdict: old.verdict,
        exit_code: old.exit_code,
        headline: old.headline,
        counts: Counts::of(findings.iter().filter(|f| f.part_of.is_none()).map(|f| f.verdict)),
        findings,
        diagnoses: Vec::new(),
        compared: old.compared,
        not_compared: old.not_compared,
        warnings: old.warnings,
        environment: old.environment,
        runs: old.runs,
        advice: old.advice,
        subjects: Vec::new(),
        series: Vec::new(),
        pictures: Pictures::default(),
        sides: None,
    })
}

fn finding(old: OldFinding) -> Result<Finding, String> {
    let unit = match old.unit.as_str() {
        "ns" => Unit::Nanoseconds,
        "count" => Unit::Count,
        "bytes" => Unit::Bytes,
        other => return Err(format!("the unit {other:?} is not known")),
    };
    let site = old.site.map(|site| Site {
        told: format!("at {}", names::short(&site.function)).into(),
        doing: cause::words(&site.state).into(),
        state: site.state.into(),
        label: names::short(&site.function).into(),
        function: site.function.into(),
        position: site.position,
        base: site.base,
        head: site.head,
        stack: site.stack,
    });
    let places = site.iter().map(|s| s.position.clone()).chain(old.subject.position.clone());
    let position = places.into_iter().find(|p| p.place().is_some_and(|(file, _)| file.inside().is_some()));
    Ok(Finding {
        section: match old.verdict {
            Meaning::Regression => Section::Certain,
            Meaning::Inconclusive => Section::Unproven,
            Meaning::Improvement => Section::Better,
            Meaning::Accepted => Section::Aside,
            Meaning::Note if old.presence != Presence::Both => Section::Certain,
            Meaning::Note => Section::Aside,
        },
        subject: Subject {
            kind: old.subject.kind,
            label: match old.subject.kind {
                SubjectKind::Process => "the whole run".into(),
                SubjectKind::Test => "tests".into(),
                SubjectKind::Benchmark => "benchmarks".into(),
                SubjectKind::Group => names::short(&old.subject.name).into(),
                kind => format!("{kind} {}", old.subject.name).into(),
            },
            name: old.subject.name.into(),
            package: old.subject.package,
            test: None,
            renamed_from: old.subject.renamed_from,
            position: old.subject.position,
        },
        what: old.metric.strip_prefix("block_ns.").unwrap_or(&old.metric).into(),
        metric: old.metric.into(),
        unit,
        per: old.per,
        base: old.base,
        head: old.head,
        change: old.change,
        interval: None,
        detectable: None,
        presence: old.presence,
        limit: old.limit,
        verdict: old.verdict,
        level: old.level,
        evidence: old.evidence,
        accepted: None,
        cause: old.cause,
        position,
        site,
        part_of: old.part_of,
        accept: None,
        owners: Vec::new(),
        base_runs: old.base_runs,
        head_runs: old.head_runs,
    })
}
