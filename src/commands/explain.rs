//! `--explain METRIC` and `--list-metrics`: the registry, told.

use super::{DONE, output};
use crate::cli::{Color, Format};
use crate::diagnose::{self, Rule};
use crate::error::Error;
use crate::gate::rules;
use crate::metrics::registry::{self, Class, Metric, Per, Role, SubjectKind, metrics};
use crate::report::{format::Format as ReportFormat, units};

/// Metrics are told in two formats only.
pub(super) fn format(format: ReportFormat) -> Result<Format, Error> {
    match format {
        ReportFormat::Text => Ok(Format::Text),
        ReportFormat::Json => Ok(Format::Json),
        other => Err(Error::Usage(format!("metrics are told as text or json, not as {}", other.name()))),
    }
}

/// Lists all metrics.
pub(super) fn list(format: Format) -> Result<u8, Error> {
    let all: Vec<&Metric> = metrics().collect();
    tell(&all, format, |metric| {
        let gates = if metric.role == Role::Shown { "" } else { "gates" };
        format!(
            "{:<18} {:<6} {:<17} {:<6} {}\n",
            metric.id,
            metric.unit.name(),
            metric.class.name(),
            gates,
            kinds(metric)
        )
    })
}

/// Explains the metrics that `name` may mean.
pub(super) fn explain(name: &str, format: Format) -> Result<u8, Error> {
    let found = registry::search(name);
    if let Some(rule) = diagnose::rule(name).filter(|_| found.is_empty()) {
        return tell_rule(rule, format);
    }
    if found.is_empty() {
        return Err(Error::Usage(format!("there is no metric `{name}`: gotrace-diff --list-metrics lists them")));
    }
    tell(&found, format, |metric| {
        let (limit, floor) = rules::defaults(metric.class);
        format!(
            "{} ({})\n{}\n\n  class       {}\n  unit        {}\n  depends on  {}\n  compared    {}\n  limits      {} and {}{}\n\n",
            metric.id,
            kinds(metric),
            wrap(metric.definition, output::width().min(100)),
            metric.class.name(),
            metric.unit.name(),
            metric.depends.name(),
            per(metric),
            units::percent(limit),
            floor_words(metric, floor),
            match metric.role {
                Role::Gated => ", and fails the build",
                Role::Queue => ", and fails the build where runs prove it",
                Role::Steady => ", and fails the build where it is the same in all of 5 runs or more of each side",
                Role::Shown => ", shown only unless a rule says otherwise",
            },
        )
    })
}

/// Explains a rule of the diagnoses, with its thresholds.
fn tell_rule(rule: &Rule, format: Format) -> Result<u8, Error> {
    let text = match format {
        Format::Text => {
            let mut text =
                format!("{} (diagnosis)\n{}\n\n", rule.name, wrap(rule.definition, output::width().min(100)));
            for threshold in rule.thresholds {
                text += &format!("  {:<16} {:<12} {}\n", threshold.name, threshold.default, threshold.meaning);
            }
            format!("{text}\n{}\n", wrap(&format!("What people do: {}.", rule.advice), output::width().min(100)))
        }
        Format::Json => {
            let thresholds: Vec<serde_json::Value> = rule
                .thresholds
                .iter()
                .map(|t| serde_json::json!({"name": t.name, "default": t.default, "meaning": t.meaning}))
                .collect();
            crate::report::json::document(&serde_json::json!({
                "schema": "gotrace-diff/rule/1",
                "rule": rule.name,
                "definition": rule.definition,
                "advice": rule.advice,
                "thresholds": thresholds,
            }))?
        }
    };
    output::print(&text, Color::Never)?;
    Ok(DONE)
}

/// The absolute floor: of times it is what they cost a run.
fn floor_words(metric: &Metric, floor: f64) -> String {
    let figure = units::figure(floor, metric.unit);
    match (metric.class, metric.per) {
        (Class::Time, Per::Item) => {
            let least = units::figure(rules::LEAST_TIME, metric.unit);
            format!("{figure} in all of a run (and {least} per item)")
        }
        _ => figure,
    }
}

fn tell(metrics: &[&Metric], format: Format, text: impl Fn(&Metric) -> String) -> Result<u8, Error> {
    let said = match format {
        Format::Text => metrics.iter().map(|m| text(m)).collect::<String>().trim_end().to_owned() + "\n",
        Format::Json => {
            let entries: Vec<serde_json::Value> = metrics.iter().map(|m| entry(m)).collect();
            crate::report::json::document(&serde_json::json!({"schema": "gotrace-diff/metrics/1", "metrics": entries}))?
        }
    };
    output::print(&said, Color::Never)?;
    Ok(DONE)
}

fn entry(metric: &Metric) -> serde_json::Value {
    let (limit, floor) = rules::defaults(metric.class);
    serde_json::json!({
        "id": metric.id,
        "kinds": metric.kinds,
        "unit": metric.unit.name(),
        "class": metric.class.name(),
        "depends_on": metric.depends.name(),
        "compared": per(metric),
        "gated": metric.role != Role::Shown,
        "max_increase": limit,
        "min_delta": floor,
        "definition": metric.definition,
    })
}

fn kinds(metric: &Metric) -> String {
    metric.kinds.iter().map(|k| k.name()).collect::<Vec<_>>().join(", ")
}

fn per(metric: &Metric) -> &'static str {
    match (metric.per, metric.kinds.first()) {
        (Per::Run, _) => "per run, operation of a benchmark or second of a window",
        (Per::Item, Some(SubjectKind::Task)) => "per task",
        (Per::Item, Some(SubjectKind::Region)) => "per call",
        (Per::Item, _) => "per goroutine or call",
        (Per::Nothing, _) => "as it is",
    }
}

fn wrap(text: &str, width: usize) -> String {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let last = lines.last_mut().map_or(0, |l| l.chars().count());
        if last > 0 && last + 1 + word.chars().count() > width {
            lines.push(String::new());
        }
        if let Some(line) = lines.last_mut() {
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
    }
    lines.join("\n")
}
