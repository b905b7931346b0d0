//! What a shard failed by, and the merge does not ask for.
//!
//! ```text
//!   shard    budget of 1 ms in its own configuration    regression
//!   merge    in a folder without that configuration     nothing is worse: no pass, and the shard is named
//! ```
//!
//! A test of a shard may be taken back, since it is corrected over all shards. Budgets and counts are no matter of chance: where
//! one is gone, other rules were given.

use serde::Deserialize;

use crate::compare::Comparison;
use crate::config::Config;
use crate::error::exit;
use crate::gate::rules::Terms;
use crate::gate::{Judged, verdict::change_at};
use crate::report::escape::Text;
use crate::report::model::{Meaning, Report, Verdict};

/// The kinds of evidence that no correction over more series takes back.
const CERTAIN: [&str; 7] = ["budget", "required", "hard-limit", "constant", "multiplied", "separated", "exact"];
/// Those that a rule or a flag asked for.
const RULED: [&str; 3] = ["budget", "required", "hard-limit"];
/// So many findings of a shard are named.
const MOST_NAMED: usize = 3;

/// A finding, as far as it says whether its shard failed by it.
#[derive(Debug, Deserialize)]
pub(in crate::commands) struct Finding {
    subject: Subject,
    metric: String,
    verdict: Meaning,
    level: String,
    evidence: Evidence,
}

#[derive(Debug, Deserialize)]
struct Subject {
    kind: String,
    name: String,
    package: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Evidence {
    kind: String,
}

/// A series: package, kind and name of its subject, metric; as texts, which can be told and compared, and not be read.
type Series = (Text, String, Text, Text);

impl Finding {
    /// Whether its shard failed by it, and more series would not have changed that.
    pub(in crate::commands) fn is_certain(&self) -> bool {
        self.verdict == Meaning::Regression && self.level == "error" && CERTAIN.contains(&self.evidence.kind.as_str())
    }

    fn series(&self, package: &str) -> Series {
        let Finding { subject, metric, .. } = self;
        (package.into(), subject.kind.clone(), subject.name.as_str().into(), metric.as_str().into())
    }

    /// The names that its package can have after the merge.
    fn packages(&self, shard: &str) -> [String; 2] {
        let package = self.subject.package.clone().unwrap_or_default();
        [format!("{package} ({shard})").trim().to_owned(), package]
    }
}

/// What each shard failed by for certain, with the shard's name.
pub(super) type Failed = Vec<(String, Vec<Finding>)>;

/// Names the shards that failed by what is not worse by the rules of the merge: it is no pass then. Where `pooled`, the runs of
/// several shards are one family, so that only what no rule asks for counts.
pub(super) fn hold(report: &mut Report, failed: &Failed, config: &Config, pooled: Option<(&Comparison, &Judged)>) {
    let told = |f: &&crate::report::model::Finding| matches!(f.verdict, Meaning::Regression | Meaning::Accepted);
    let said: Vec<Series> = report.findings.iter().filter(told).map(series_of).collect();
    // Counts fail without any rule: where they do not, and the merge has a configuration, that says so.
    let is_silent =
        config.all().all(|c| c.rules.is_empty() && c.framework.groups.is_empty() && c.framework.waits.is_empty());
    let is_lost = |shard: &str, finding: &Finding| {
        if !is_silent && !RULED.contains(&finding.evidence.kind.as_str()) {
            return false;
        }
        let is_said = finding.packages(shard).iter().any(|package| said.contains(&finding.series(package)));
        !is_said && pooled.is_none_or(|(comparison, judged)| !is_asked_for(finding, comparison, judged))
    };
    let mut warnings = Vec::new();
    let mut shards = Vec::new();
    for (shard, findings) in failed {
        let lost: Vec<String> = findings
            .iter()
            .filter(|finding| is_lost(shard, finding))
            .map(|f| format!("{} {}: {}", f.subject.name, f.metric, f.evidence.kind))
            .collect();
        if lost.is_empty() {
            continue;
        }
        let more = lost.len().saturating_sub(MOST_NAMED);
        let more = if more > 0 { format!(", and {more} more") } else { String::new() };
        let named = lost.into_iter().take(MOST_NAMED).collect::<Vec<_>>().join(", ");
        warnings.push(Text::from(format!(
            "{shard}: a regression by its own rules ({named}{more}), and none by those of this merge: give it the configuration and the flags that the shard had, --config FILE"
        )));
        shards.push(shard.as_str());
    }
    let which = match &shards[..] {
        [] => return,
        [one] => format!("{one} is a regression by its own rules"),
        [one, rest @ ..] => format!("{one} and {} more are regressions by their own rules", rest.len()),
    };
    report.warnings.splice(0..0, warnings);
    if report.verdict == Verdict::Pass {
        report.verdict = Verdict::Inconclusive;
        report.headline =
            format!("inconclusive: {which}, which this merge was not given (--config); see the warnings").into();
    }
    // Whatever the policy: what is missing is no figure.
    if report.exit_code == exit::PASS {
        report.exit_code = exit::INCONCLUSIVE;
    }
}

fn series_of(finding: &crate::report::model::Finding) -> Series {
    let subject = &finding.subject;
    let package = subject.package.clone().unwrap_or_default();
    (package, subject.kind.name().to_owned(), subject.name.clone(), finding.metric.clone())
}

/// Whether a rule of the merge asks for the same, so that the runs of other shards must have made the difference.
fn is_asked_for(finding: &Finding, comparison: &Comparison, judged: &Judged) -> bool {
    let asks: fn(&Terms) -> bool = match finding.evidence.kind.as_str() {
        "budget" => |terms| terms.budget.is_some(),
        "required" => |terms| terms.required,
        "hard-limit" => |terms| terms.hard_limit.is_some(),
        _ => return true,
    };
    judged.judgements.iter().any(|judgement| {
        let package = &comparison.packages[judgement.at.0];
        let subject = &package.subjects[judgement.at.1];
        let series: Series = (
            package.name.as_str().into(),
            subject.kind.name().to_owned(),
            subject.name().into(),
            change_at(comparison, judgement).path.as_str().into(),
        );
        asks(&judgement.terms) && finding.packages("").iter().any(|package| finding.series(package) == series)
    })
}
