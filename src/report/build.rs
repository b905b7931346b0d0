//! From a judged comparison to the finished report.

mod drawn;
mod durations;
mod left_out;
mod pictures;
mod slowest;
mod unlike;
mod words;

pub use drawn::Drawn;
pub(super) use unlike::left_out as test_left_out;
pub(super) use words::{label, what};

use super::escape::Text;
use super::model::{
    Accepted, Counts, Diagnosis, Fact, Finding as Row, Interval, Limit, Meaning, NotCompared, Presence as On, Report,
    SCHEMA, Section, Series, Site, Subject,
};
use super::{advice, headline};
use crate::compare::{Change, Comparison, PackagePair, Presence, SubjectPair, names};
use crate::config::Level;
use crate::gate::fold::{self, Finding};
use crate::gate::{Evidence, Judged, Judgement, Outcome, Verdict, accept, cause};
use crate::hash::HashSet;
use crate::metrics::registry::{Class, SubjectKind};
use crate::paths::Repository;

/// What the report has to know beside the comparison.
pub struct Context<'a> {
    /// For positions.
    pub repository: &'a Repository,
    /// What is odd about the input.
    pub warnings: Vec<String>,
    /// What of the input was left out.
    pub left_out: Vec<NotCompared>,
    /// Whether framework goroutines are shown.
    pub show_framework: bool,
    /// Whether the base is the committed baseline.
    pub against_baseline: bool,
    /// Whether packages have configurations of their own: commands that change one say of which package.
    pub nested: bool,
    /// What is the matter with the head that was not with the base.
    pub diagnoses: Vec<crate::diagnose::Diagnosis>,
    /// What is drawn of the base's runs and the head's, as far as there are any.
    pub drawn: [Drawn; 2],
}

/// Makes the report.
pub fn build(comparison: &Comparison, judged: &Judged, context: Context<'_>) -> Report {
    let findings = fold::findings(comparison, judged);
    let mut rows = Vec::new();
    let mut told = HashSet::default();
    for finding in &findings {
        told.insert(finding.judgement.at);
        told.extend(finding.folded.iter().map(|j| j.at));
        rows.extend(tell(comparison, finding, &context));
    }
    let (mut subjects, series) = others(comparison, judged, &told, context.repository);
    // Of several packages each has a whole run.
    if comparison.packages.len() > 1 {
        rows.iter_mut().map(|row| &mut row.subject).chain(&mut subjects).for_each(name_package);
    }
    let environment = left_out::environment(comparison);
    let mut not_compared = left_out::not_compared(comparison, judged, context.show_framework, &environment);
    not_compared.extend(context.left_out);
    let headline = headline::headline(comparison, judged, &rows, &environment);
    Report {
        schema: SCHEMA.to_owned(),
        version: env!("CARGO_PKG_VERSION").into(),
        verdict: match judged.verdict {
            Verdict::Pass => super::model::Verdict::Pass,
            Verdict::Regression => super::model::Verdict::Regression,
            Verdict::Inconclusive => super::model::Verdict::Inconclusive,
        },
        exit_code: judged.exit_code,
        headline,
        counts: Counts::of(rows.iter().filter(|r| r.part_of.is_none()).map(|r| r.verdict)),
        advice: advice::advice(comparison, judged, &rows, context.against_baseline),
        findings: rows,
        diagnoses: context.diagnoses.into_iter().map(|d| diagnosis(d, context.repository)).collect(),
        compared: left_out::compared(comparison, judged),
        not_compared,
        warnings: left_out::warnings(
            comparison,
            judged,
            unlike::warnings(comparison, judged).chain(context.warnings).collect(),
        ),
        environment,
        runs: left_out::runs(comparison),
        subjects,
        series,
        pictures: pictures::pictures(comparison, &context.drawn, context.repository),
        sides: None,
    }
}

/// Says in the label of a whole run of which package it is.
fn name_package(subject: &mut Subject) {
    if let (SubjectKind::Process, Some(package)) = (subject.kind, &subject.package) {
        subject.label = "all of ".into();
        subject.label += package;
    }
}

/// What a rule has found, told.
fn diagnosis(diagnosis: crate::diagnose::Diagnosis, repository: &Repository) -> Diagnosis {
    let found = diagnosis.found;
    let label = match found.kind {
        SubjectKind::Process => match &diagnosis.package {
            Some(package) => format!("all of {package}"),
            None => "the whole run".to_owned(),
        },
        SubjectKind::Group => names::short(&found.subject).to_owned(),
        kind => format!("{kind} {}", found.subject),
    };
    Diagnosis {
        rule: diagnosis.rule.into(),
        subject: Subject {
            kind: found.kind,
            name: found.subject.into(),
            label: label.into(),
            package: diagnosis.package.map(Into::into),
            test: None,
            renamed_from: None,
            position: None,
        },
        text: found.text.into(),
        advice: diagnosis.advice.into(),
        position: found.position.map(|p| repository.position(&p).into()),
        evidence: found
            .evidence
            .into_iter()
            .map(|(label, value)| Fact { label: label.into(), value: value.into() })
            .collect(),
    }
}

/// One finding, and the rows that are a part of it.
fn tell(comparison: &Comparison, finding: &Finding, context: &Context<'_>) -> Vec<Row> {
    let (repository, drawn) = (context.repository, &context.drawn);
    let (p, s) = finding.at;
    let package = &comparison.packages[p];
    let subject = &package.subjects[s];
    let lead = &subject.changes[finding.lead];
    let mut first = row(package, subject, lead, &finding.judgement, repository);
    first.verdict = meaning(finding.outcome);
    first.evidence = words::evidence(&finding.evidence, lead);
    first.section = section(finding, lead);
    let place = finding.site.as_ref().map(|site| {
        let moved = subject.changes.iter().find(|c| finding.state.as_deref() == Some(&*c.path) && c.item == lead.item);
        words::Place::of(site, moved.map(Change::delta), drawn)
    });
    first.site = finding.site.as_ref().map(|site| {
        let leaf = cause::leaf(&site.stack);
        Site {
            state: site.state.as_str().into(),
            doing: cause::words(&site.state).into(),
            function: leaf.map_or("", |f| &*f.func).into(),
            label: leaf.map_or("", |f| names::short(&f.func)).into(),
            position: leaf.map_or(String::new(), |f| format!("{}:{}", repository.file(&f.file), f.line)).into(),
            told: place.as_ref().map(|place| place.words("")).unwrap_or_default().into(),
            base: site.base,
            head: site.head,
            stack: site
                .stack
                .iter()
                .map(|f| format!("{} {}:{}", f.func, repository.file(&f.file), f.line).into())
                .collect(),
        }
    });
    // The function to look at, else whoever called it, else where the subject starts.
    let frames = finding.site.iter().flat_map(|s| cause::leaf(&s.stack).into_iter().chain(&s.stack));
    let places = frames.map(|f| Text::from(format!("{}:{}", repository.file(&f.file), f.line)));
    first.position = places.chain(first.subject.position.clone()).find(is_inside);
    if finding.outcome == Outcome::Accepted {
        // The lead may be the state that explains what was accepted.
        let members = || std::iter::once(&finding.judgement).chain(&finding.folded);
        first.accepted = members().find_map(|j| j.accepted.as_deref()).map(accepted);
    }
    first.accept = accept_command(finding, package, subject, context.nested || comparison.packages.len() > 1);
    first.cause = words::cause_of(finding, place.as_ref(), package, subject, lead, repository).into();
    let metric = first.metric.clone();
    let mut rows = vec![first];
    for judgement in &finding.folded {
        let change = &subject.changes[judgement.at.2];
        let mut part = row(package, subject, change, judgement, repository);
        part.part_of = Some(metric.clone());
        part.section = rows[0].section;
        rows.push(part);
    }
    rows
}

/// What the team has said of a change, told.
fn accepted(accept: &crate::config::Accept) -> Accepted {
    Accepted {
        reason: accept.reason.as_str().into(),
        by: accept.by.as_deref().map(Text::from),
        until: accept.until.map(|day| day.to_string().into()),
    }
}

/// The command that accepts a finding that fails the build: every series of it that does.
fn accept_command(finding: &Finding, package: &PackagePair, subject: &SubjectPair, several: bool) -> Option<Text> {
    let members = std::iter::once(&finding.judgement).chain(&finding.folded);
    let words: Vec<String> = members
        .filter(|j| j.terms.level == Level::Error)
        .filter_map(|j| accept::argument(j, subject, &subject.changes[j.at.2]))
        .map(|argument| accept::quoted(&argument))
        .collect();
    if words.is_empty() {
        return None;
    }
    // Tests and regions of several packages may be called alike.
    let named = several && package.name.chars().all(|c| c.is_ascii_graphic()) && !package.name.is_empty();
    let of = if named { format!(" --package {}", accept::quoted(&package.name)) } else { String::new() };
    Some(format!("gotrace-diff baseline accept{of} --reason WHY {}", words.join(" ")).into())
}

/// Whether a place is in the repository's own code.
fn is_inside(place: &Text) -> bool {
    place.place().is_some_and(|(file, _)| file.inside().is_some())
}

fn meaning(outcome: Outcome) -> Meaning {
    match outcome {
        Outcome::Regression => Meaning::Regression,
        Outcome::Inconclusive => Meaning::Inconclusive,
        Outcome::Improvement => Meaning::Improvement,
        Outcome::Accepted => Meaning::Accepted,
        Outcome::Note | Outcome::Unchanged => Meaning::Note,
    }
}

/// On which sides a change is, and what its runs say.
fn sides(change: &Change) -> (On, Vec<f64>, Vec<f64>) {
    match &change.presence {
        Presence::Both { base, head } => (On::Both, base.values().to_vec(), head.values().to_vec()),
        Presence::Added(head) => (On::Added, Vec::new(), head.values().to_vec()),
        Presence::Removed(base) => (On::Removed, base.values().to_vec(), Vec::new()),
    }
}

fn limit(judgement: &Judgement) -> Limit {
    let terms = &judgement.terms;
    Limit {
        max_increase: terms.max_increase,
        min_delta: terms.min_delta,
        max: terms.budget,
        hard_limit: terms.hard_limit,
    }
}

fn row(
    package: &PackagePair,
    subject: &SubjectPair,
    change: &Change,
    judgement: &Judgement,
    repository: &Repository,
) -> Row {
    let (presence, base_runs, head_runs) = sides(change);
    let subject_told = told_subject(package, subject, repository);
    Row {
        position: subject_told.position.clone().filter(is_inside),
        subject: subject_told,
        metric: change.path.as_str().into(),
        what: words::what(subject, change).into(),
        unit: change.metric.unit,
        per: change.item.name().into(),
        base: change.base(),
        head: change.head(),
        change: change.ratio(),
        interval: judgement.interval.map(|(low, high)| Interval { low, high, confidence: 0.95 }),
        detectable: judgement.detectable,
        presence,
        limit: limit(judgement),
        verdict: meaning(judgement.outcome),
        level: judgement.terms.level.name().into(),
        evidence: words::evidence(&judgement.evidence, change),
        accepted: judgement.accepted.as_deref().map(accepted),
        cause: Text::default(),
        site: None,
        owners: Vec::new(),
        part_of: None,
        section: Section::Aside,
        accept: None,
        base_runs,
        head_runs,
    }
}

fn told_subject(package: &PackagePair, subject: &SubjectPair, repository: &Repository) -> Subject {
    let start = |side: &Option<(String, crate::compare::Subject)>| side.as_ref().and_then(|(_, s)| s.start.clone());
    Subject {
        kind: subject.kind,
        name: subject.name().into(),
        label: words::label(subject).into(),
        package: Some(package.name.as_str()).filter(|n| !n.is_empty()).map(Text::from),
        test: subject.test().map(Text::from),
        renamed_from: subject.renamed_from().map(Text::from),
        position: match subject.kind {
            // Where the framework starts its runners is of no use to anyone: a line of the function that they run is.
            SubjectKind::Test | SubjectKind::Benchmark if subject.name().starts_with("testing.") => {
                let functions = words::functions(subject);
                functions
                    .values()
                    .next()
                    .filter(|_| functions.len() == 1)
                    .map(|frame| repository.position(&frame.position()).into())
            }
            _ => start(&subject.head).or_else(|| start(&subject.base)).map(|p| repository.position(&p).into()),
        },
    }
}

/// What was compared and is no finding.
fn others(
    comparison: &Comparison,
    judged: &Judged,
    told: &HashSet<(usize, usize, usize)>,
    repository: &Repository,
) -> (Vec<Subject>, Vec<Series>) {
    let (mut subjects, mut all) = (Vec::new(), Vec::new());
    let mut last = None;
    for judgement in judged.judgements.iter().filter(|j| !told.contains(&j.at)) {
        let (p, s, c) = judgement.at;
        let package = &comparison.packages[p];
        let subject = &package.subjects[s];
        let change = &subject.changes[c];
        if last != Some((p, s)) {
            last = Some((p, s));
            subjects.push(told_subject(package, subject, repository));
        }
        let (presence, base_runs, head_runs) = sides(change);
        all.push(Series {
            subject: subjects.len() - 1,
            metric: change.path.as_str().into(),
            what: words::what(subject, change).into(),
            unit: change.metric.unit,
            per: change.item.name().into(),
            base: change.base(),
            head: change.head(),
            change: change.ratio(),
            presence,
            limit: limit(judgement),
            level: judgement.terms.level.name().into(),
            base_runs,
            head_runs,
        });
    }
    (subjects, all)
}

fn section(finding: &Finding, change: &Change) -> Section {
    let falls = change.worse_by().is_some_and(|w| w < 0.0);
    match (finding.outcome, &finding.evidence) {
        (Outcome::Accepted, _) => Section::Aside,
        (Outcome::Regression, _) | (_, Evidence::Presence | Evidence::Named | Evidence::Required) => Section::Certain,
        (Outcome::Inconclusive, _) => Section::Unproven,
        (Outcome::Improvement, _) => Section::Better,
        // A ratio that moved the better way may be that of slower code.
        (_, Evidence::FewRuns | Evidence::Tested(_) | Evidence::Ranked(_))
            if falls && finding.gates && change.metric.class != Class::Ratio =>
        {
            Section::Better
        }
        _ => Section::Aside,
    }
}
