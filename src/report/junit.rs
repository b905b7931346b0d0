//! JUnit XML, which every CI system shows: a test suite for each package, a test case for each series that can fail
//! the build.
//!
//! ```text
//!   regression                               failure
//!   inconclusive                             skipped; an error where the policy lets it fail the build
//!   new or gone                              skipped
//!   accepted, better, within its limits      passed
//! ```

use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesText, Event};

use super::escape::Text;
use super::headline;
use super::model::{Finding, Meaning, Presence, Report, Row};
use crate::error::{Error, exit};

/// The document.
///
/// # Errors
/// A bug, where it cannot be written.
pub fn render(report: &Report) -> Result<String, Error> {
    let mut out = Vec::new();
    write(report, &mut out).map_err(|e| Error::Bug(format!("a report that is no XML: {e}")))?;
    String::from_utf8(out).map_err(|e| Error::Bug(format!("a report that is no UTF-8: {e}")))
}

/// What a test case comes to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Case {
    Passed,
    Failed,
    Errored,
    Skipped,
}

fn case(row: &Row<'_>, exit_code: u8) -> Case {
    match row.meaning() {
        Some(Meaning::Regression) => Case::Failed,
        Some(Meaning::Inconclusive) if exit_code == exit::INCONCLUSIVE => Case::Errored,
        Some(Meaning::Inconclusive) => Case::Skipped,
        _ if row.presence != Presence::Both => Case::Skipped,
        _ => Case::Passed,
    }
}

fn write(report: &Report, out: &mut Vec<u8>) -> std::io::Result<()> {
    let mut suites: Vec<(Text, Vec<(Row<'_>, Case)>)> = Vec::new();
    for row in report.rows().filter(Row::gates) {
        let package = row.subject.package.clone().unwrap_or_else(|| "gotrace-diff".into());
        let entry = (row, case(&row, report.exit_code));
        match suites.iter_mut().find(|(name, _)| *name == package) {
            Some((_, cases)) => cases.push(entry),
            None => suites.push((package, vec![entry])),
        }
    }
    let count = |cases: &[(Row<'_>, Case)], of: Case| cases.iter().filter(|(_, c)| *c == of).count().to_string();
    let all: Vec<(Row<'_>, Case)> = suites.iter().flat_map(|(_, cases)| cases.iter().copied()).collect();
    let mut writer = Writer::new_with_indent(out, b' ', 2);
    writer.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    let totals = [
        ("name", "gotrace-diff".to_owned()),
        ("tests", all.len().to_string()),
        ("failures", count(&all, Case::Failed)),
        ("errors", count(&all, Case::Errored)),
    ];
    let element = writer.create_element("testsuites").with_attributes(attributes(&totals));
    element.write_inner_content(|writer| {
        if suites.is_empty() {
            suite(writer, report, &"gotrace-diff".into(), &[], true)?;
        }
        for (i, (name, cases)) in suites.iter().enumerate() {
            suite(writer, report, name, cases, i == 0)?;
        }
        Ok(())
    })?;
    writer.get_mut().push(b'\n');
    Ok(())
}

fn attributes<'a>(of: &'a [(&'a str, String)]) -> impl Iterator<Item = (&'a str, &'a str)> {
    of.iter().map(|(name, value)| (*name, value.as_str()))
}

type Xml<'w> = Writer<&'w mut Vec<u8>>;

fn suite(
    writer: &mut Xml<'_>,
    report: &Report,
    name: &Text,
    cases: &[(Row<'_>, Case)],
    first: bool,
) -> std::io::Result<()> {
    let count = |of: Case| cases.iter().filter(|(_, c)| *c == of).count().to_string();
    let all = [
        ("name", name.xml()),
        ("tests", cases.len().to_string()),
        ("failures", count(Case::Failed)),
        ("errors", count(Case::Errored)),
        ("skipped", count(Case::Skipped)),
    ];
    writer.create_element("testsuite").with_attributes(attributes(&all)).write_inner_content(|writer| {
        if first {
            properties(writer, report)?;
        }
        for (row, case) in cases {
            test_case(writer, row, *case, name)?;
        }
        Ok(())
    })?;
    Ok(())
}

/// What holds of the whole report stands in the first suite.
fn properties(writer: &mut Xml<'_>, report: &Report) -> std::io::Result<()> {
    let mut all = vec![("verdict", report.verdict.name().to_owned()), ("headline", report.headline.xml())];
    all.extend(report.counts.named().map(|(name, count)| (name, count.to_string())));
    writer.create_element("properties").write_inner_content(|writer| {
        for (name, value) in &all {
            let pair = [("name", (*name).to_owned()), ("value", value.clone())];
            writer.create_element("property").with_attributes(attributes(&pair)).write_empty()?;
        }
        Ok(())
    })?;
    Ok(())
}

fn test_case(writer: &mut Xml<'_>, row: &Row<'_>, case: Case, package: &Text) -> std::io::Result<()> {
    let per = if row.per.is_empty() { String::new() } else { format!(" per {}", row.per.xml()) };
    let kind = row.subject.kind.name();
    let subject = if row.subject.name.is_empty() { String::new() } else { format!(" {}", row.subject.name.xml()) };
    let names = [
        ("classname", package.xml()),
        ("name", format!("{kind}{subject}: {}{per}", row.metric.xml())),
        ("time", "0".to_owned()),
    ];
    let element = writer.create_element("testcase").with_attributes(attributes(&names));
    let Some(finding) = row.finding.filter(|_| case != Case::Passed) else {
        element.write_empty()?;
        return Ok(());
    };
    let message = headline::sentence(finding).xml();
    element.write_inner_content(|writer| {
        let (name, kind) = match case {
            Case::Failed => ("failure", "regression"),
            Case::Errored => ("error", "inconclusive"),
            _ => ("skipped", ""),
        };
        let mut all = vec![("message", message.clone())];
        if !kind.is_empty() {
            all.push(("type", kind.to_owned()));
        }
        let inner = writer.create_element(name).with_attributes(attributes(&all));
        if case == Case::Skipped {
            inner.write_empty()?;
        } else {
            inner.write_text_content(BytesText::new(&body(finding)))?;
        }
        Ok(())
    })?;
    Ok(())
}

/// What a person reads who opens the failure.
fn body(finding: &Finding) -> String {
    let mut lines = vec![headline::sentence(finding).xml()];
    let place = finding.position.as_ref().map(Text::xml).unwrap_or_default();
    lines.extend(finding.subject.in_test().map(|test| format!("in {}", test.xml())));
    lines.extend([place, finding.cause.xml(), finding.evidence.text.xml()].into_iter().filter(|l| !l.is_empty()));
    if let Some(site) = &finding.site {
        lines.extend(site.stack.iter().map(|frame| format!("  at {}", frame.xml())));
    }
    lines.extend(finding.accept.iter().map(|c| format!("to accept it: {}", c.xml())));
    lines.join("\n")
}
