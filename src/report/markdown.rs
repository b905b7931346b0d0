//! Markdown for a comment on a pull request and for a job summary.
//!
//! ```text
//!   **regression**: the worst, its cause        stands alone: it is all that a notification mail shows
//!   what happened                               diagnoses
//!   a short table                               the worst few
//!   why, and where                              a line for each of them
//!   what to do now                              commands to copy
//!   <details> the rest </details>
//! ```
//!
//! Forges refuse what is too long as a whole. So a page is built of whole rows, and a row that does not fit any more is
//! counted instead of written.

mod page;

use super::escape::{Text, fence};
use super::model::{Counts, Finding, Meaning, Presence, Report, Section, Verdict};
use super::owned::{self, Part};
use super::units;
use page::Page;

/// GitHub takes 65,536 characters; some count bytes.
pub const COMMENT: usize = 60_000;
/// GitHub's runner drops a summary of more than 1 MiB, other steps' part included.
pub const SUMMARY: usize = 900 << 10;
/// Findings in the short table.
const SHORT: usize = 5;
/// Longer names lose their middle: Go's own are shorter.
const NAME: usize = 120;
/// Longer sentences lose their middle.
const SENTENCE: usize = 600;

/// The comment, at most [`COMMENT`] bytes.
pub fn comment(report: &Report) -> String {
    render(report, COMMENT)
}

/// The job summary, at most [`SUMMARY`] bytes.
pub fn summary(report: &Report) -> String {
    render(report, SUMMARY)
}

/// The same in at most so many bytes, where others have taken a part of the room.
pub fn within(report: &Report, limit: usize) -> String {
    render(report, limit)
}

fn render(report: &Report, limit: usize) -> String {
    let mut page = Page::new(limit);
    page.block(&headline_of(report));
    diagnoses(&mut page, report);
    let worst: Vec<&Finding> = report.leads().filter(|f| is_grave(f)).take(SHORT).collect();
    let several = report.is_of_several();
    table(&mut page, "", (&worst, several));
    reasons(&mut page, (&worst, several));
    what_to_do(&mut page, report);
    whose(&mut page, report);
    page.block(&super::terminal::compared(report));
    let rest: Vec<&Finding> = report.leads().filter(|f| is_grave(f)).skip(SHORT).collect();
    folded(&mut page, "More that is worse, or looks so", (&rest, several));
    let of = |section: Section| report.leads().filter(|f| !is_grave(f) && f.section == section).collect::<Vec<_>>();
    folded(&mut page, "New, or gone", (&of(Section::Certain), several));
    folded(&mut page, "Better, or looks better", (&of(Section::Better), several));
    let accepted: Vec<&Finding> = report.leads().filter(|f| f.verdict == Meaning::Accepted).collect();
    folded(&mut page, "Accepted by the team", (&accepted, several));
    let aside: Vec<&Finding> = of(Section::Aside).into_iter().filter(|f| f.verdict != Meaning::Accepted).collect();
    folded(&mut page, "Moved, and nothing depends on it", (&aside, several));
    circumstances(&mut page, report);
    page.finish()
}

fn is_grave(finding: &Finding) -> bool {
    matches!(finding.verdict, Meaning::Regression | Meaning::Inconclusive)
}

/// The verdict is one of three words of ours, whatever a document that was read back calls its headline.
fn headline_of(report: &Report) -> String {
    let name = report.verdict.name();
    let rest = report.headline.strip_prefix(name).unwrap_or_else(|| {
        let mut rest = Text::from(": ");
        rest += &report.headline;
        rest
    });
    let inconclusive = rest.strip_prefix(" (").and_then(|r| r.split_once("): "));
    let said = |text: &Text| text.clip(SENTENCE).markdown_line();
    match (report.verdict, inconclusive) {
        (Verdict::Inconclusive, Some((why, sentence))) => format!("**{name}** ({}): {}", said(&why), said(&sentence)),
        _ => format!("**{name}**: {}", said(&rest.strip_prefix(": ").unwrap_or(rest))),
    }
}

/// Which packages and owners it is about, where there is more than one of either. Names are no mentions: nobody is
/// called by a comment that is rewritten with every push.
fn whose(page: &mut Page, report: &Report) {
    let grave = |counts: &Counts| counts.regressions + counts.inconclusive > 0;
    let parts: Vec<Part> = owned::parts(report).into_iter().filter(|p| grave(&p.counts)).collect();
    let owners = parts.iter().any(|p| !p.owners.is_empty());
    if parts.is_empty() || !owners && report.compared.packages.len() < 2 {
        return;
    }
    let (title, line) = if owners { ("| package | owner |", "|---|---|") } else { ("| package |", "|---|") };
    let header = format!("{title} regressions | unproven | better |\n{line}--:|--:|--:|");
    page.table(
        "",
        &header,
        parts.iter().map(|part| {
            let names: Vec<String> = part.owners.iter().map(|o| o.clip(NAME).markdown()).collect();
            let package = if part.package.is_empty() { "-".to_owned() } else { part.package.clip(NAME).markdown() };
            let owner = match (owners, names.is_empty()) {
                (false, _) => String::new(),
                (true, true) => " nobody |".to_owned(),
                (true, false) => format!(" {} |", names.join(", ")),
            };
            let Counts { regressions, inconclusive, improvements, .. } = part.counts;
            format!("| {package} |{owner} {regressions} | {inconclusive} | {improvements} |")
        }),
    );
}

fn diagnoses(page: &mut Page, report: &Report) {
    page.list(
        "### What happened",
        report.diagnoses.iter().map(|d| {
            let place = d.position.as_ref().map_or(String::new(), |p| format!(" ({})", p.clip(NAME).markdown()));
            let facts: Vec<String> = d
                .evidence
                .iter()
                .map(|f| format!("{} {}", f.label.clip(NAME).markdown_line(), f.value.clip(NAME).markdown_line()))
                .collect();
            let facts = if facts.is_empty() { String::new() } else { format!(" [{}]", facts.join(", ")) };
            let (text, advice) = (d.text.clip(SENTENCE).markdown_line(), d.advice.clip(SENTENCE).markdown_line());
            format!("- **{}**: {text}{place}{facts} {advice}", d.rule.clip(NAME).markdown_line())
        }),
    );
}

/// What a row is called in the first column.
fn word(finding: &Finding) -> &'static str {
    match finding.verdict {
        Meaning::Regression => "**regression**",
        Meaning::Inconclusive => "unproven",
        Meaning::Improvement => "better",
        Meaning::Accepted => "accepted",
        Meaning::Note => match finding.presence {
            Presence::Added => "new",
            Presence::Removed => "gone",
            Presence::Both => "note",
        },
    }
}

fn table(page: &mut Page, title: &str, (findings, several): (&[&Finding], bool)) {
    const HEADER: &str = "| | subject | | base | head | change | limit |\n|---|---|---|--:|--:|--:|--:|";
    page.table(title, HEADER, findings.iter().map(|f| row(f, several)));
}

/// `several`: with the packages of what does not show its own.
fn row(finding: &Finding, several: bool) -> String {
    let figure = |value: Option<f64>| value.map_or("-".to_owned(), |v| units::figure(v, finding.unit));
    let per =
        if finding.per.is_empty() { String::new() } else { format!(" per {}", finding.per.clip(NAME).markdown_line()) };
    let limit = match finding.limit.max {
        Some(max) if finding.evidence.kind.is("budget") => format!("max {}", units::figure(max, finding.unit)),
        _ if finding.presence != Presence::Both => String::new(),
        _ => units::percent(finding.limit.max_increase),
    };
    format!(
        "| {} | {} | {}{per} | {} | {} | {} | {limit} |",
        word(finding),
        finding.subject.told(several).clip(NAME).markdown(),
        finding.what.clip(NAME).markdown_line(),
        figure(finding.base),
        figure(finding.head),
        units::change_of(finding.presence, finding.change, finding.head, finding.unit),
    )
}

/// Why, where, and how sure.
fn reasons(page: &mut Page, (findings, several): (&[&Finding], bool)) {
    page.list("", findings.iter().map(|f| reason(f, several)));
}

fn reason(finding: &Finding, several: bool) -> String {
    let mut parts = Vec::new();
    if let Some(site) = &finding.site {
        parts.push(format!(
            "{}, {}",
            site.doing.clip(NAME).markdown_line(),
            site.place().clip(SENTENCE).markdown_line()
        ));
    } else if !finding.cause.is_any(&["", "new", "gone"]) {
        parts.push(finding.cause.clip(SENTENCE).markdown_line());
    }
    if let Some(test) = finding.subject.in_test() {
        parts.push(format!("in {}", test.clip(NAME).markdown()));
    }
    if let Some(old) = &finding.subject.renamed_from {
        parts.push(format!("renamed from {}", old.clip(NAME).markdown()));
    }
    if let Some(accepted) = &finding.accepted {
        let by = accepted.by.as_ref().map_or(String::new(), |b| format!(" by {}", b.clip(NAME).markdown()));
        let until = accepted.until.as_ref().map_or(String::new(), |u| format!(" until {}", u.clip(NAME).markdown()));
        parts.push(format!("accepted{by}{until}: {}", accepted.reason.clip(SENTENCE).markdown_line()));
    }
    if !finding.evidence.text.is_empty() {
        parts.push(finding.evidence.text.clip(SENTENCE).markdown_line());
    }
    if let Some(interval) = &finding.interval {
        let (low, high) = (units::change(interval.low), units::change(interval.high));
        parts.push(format!("{low} to {high} with {} confidence", units::percent(interval.confidence)));
    }
    let place = finding.position.as_ref().or(finding.subject.position.as_ref());
    let place = place.map_or(String::new(), |p| format!("{}: ", p.clip(NAME * 2).markdown()));
    let why = if parts.is_empty() { String::new() } else { format!(": {}", parts.join("; ")) };
    format!("- {place}{}{why}", finding.subject.told(several).clip(NAME).markdown())
}

fn what_to_do(page: &mut Page, report: &Report) {
    let accept: Vec<&Text> = report
        .leads()
        .filter(|f| f.verdict == Meaning::Regression)
        .filter_map(|f| f.accept.as_ref())
        .take(SHORT)
        .collect();
    if !accept.is_empty() {
        page.block("What to do now: make it faster, or accept what is meant to be so and commit the file:");
        commands(page, &accept);
    }
    if let Some(advice) = &report.advice {
        page.block(&advice.why.clip(SENTENCE).markdown_line());
        // What accepts one change stands above.
        let stands = |c: &&Text| !accept.is_empty() && super::advice::accepts_one(c);
        commands(page, &advice.commands.iter().filter(|c| !stands(c)).collect::<Vec<_>>());
    }
}

/// Commands in a block that can be copied: whole or not at all.
fn commands(page: &mut Page, lines: &[&Text]) {
    if lines.is_empty() {
        return;
    }
    let fence = fence(lines.iter().copied());
    let inside: Vec<String> = lines.iter().map(|l| l.markdown_fenced()).collect();
    page.block(&format!("{fence}sh\n{}\n{fence}", inside.join("\n")));
}

/// More of what nothing depends on would push out what is worth reading.
const MOST_ASIDE: usize = 20;

fn folded(page: &mut Page, title: &str, (findings, several): (&[&Finding], bool)) {
    if findings.is_empty() {
        return;
    }
    if page.open(&format!("{title} ({})", findings.len())) {
        let most = if findings.iter().all(|f| f.section == Section::Aside) { MOST_ASIDE } else { findings.len() };
        table(page, "", (&findings[..findings.len().min(most)], several));
        if let Some(more) = findings.len().checked_sub(most).filter(|more| *more > 0) {
            page.block(&format!("and {more} more, which the page and the text with `--all` have"));
        }
        let accepted: Vec<&Finding> = findings.iter().copied().filter(|f| f.accepted.is_some()).collect();
        reasons(page, (&accepted, several));
        page.close();
    }
}

fn circumstances(page: &mut Page, report: &Report) {
    if !page.open("What was not compared, warnings, and where it was recorded") {
        return;
    }
    let name = |text: &Text| text.clip(SENTENCE).markdown_line();
    page.list(
        "",
        report
            .not_compared
            .iter()
            .map(|n| format!("- not compared: {} ({}): {}", name(&n.what), n.count, name(&n.why))),
    );
    page.list("", report.warnings.iter().map(|w| format!("- warning: {}", name(w))));
    let [base, head] = super::terminal::runs_of_sides(report);
    let sides = [
        ("base", base, &report.environment.base, &report.runs.base),
        ("head", head, &report.environment.head, &report.runs.head),
    ];
    page.list(
        "",
        sides.iter().filter(|(.., runs)| !runs.is_empty()).map(|(side, count, environment, _)| {
            let formats: Vec<String> = environment.formats.iter().map(|f| f.clip(NAME).markdown()).collect();
            let procs: Vec<String> = environment.gomaxprocs.iter().map(u64::to_string).collect();
            format!("- {side}: {count}, format {}, GOMAXPROCS {}", formats.join(", "), procs.join(", "))
        }),
    );
    page.list("", report.environment.differences.iter().map(|d| format!("- differs: {}", name(d))));
    page.close();
}
