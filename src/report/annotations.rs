//! GitHub annotations: commands that its runner reads from what a step prints.
//!
//! A step may have ten of each kind, and the rest is dropped without a word. So the worst nine are told, and one that
//! says how many more there are.

use super::escape::Text;
use super::headline;
use super::model::{Finding, Meaning, Report};

/// One less than what a step may have.
const MOST: usize = 9;

/// The commands, one a line. The first is the headline.
pub fn render(report: &Report) -> String {
    let mut out = String::new();
    // Notices are for nothing else: it never counts against the nine.
    command(&mut out, "notice", None, &"gotrace-diff".into(), std::slice::from_ref(&report.headline));
    let grave: Vec<&Finding> =
        report.leads().filter(|f| matches!(f.verdict, Meaning::Regression | Meaning::Inconclusive)).collect();
    for finding in grave.iter().take(MOST) {
        let kind =
            if finding.verdict == Meaning::Regression && finding.level.is("error") { "error" } else { "warning" };
        let mut title = Text::from(finding.verdict.name());
        title += ": ";
        title += &finding.subject.label;
        let mut lines = vec![headline::sentence(finding)];
        for more in [&finding.cause, &finding.evidence.text] {
            if !more.is_empty() {
                lines.push(more.clone());
            }
        }
        command(&mut out, kind, finding.position.as_ref(), &title, &lines);
    }
    if grave.len() > MOST {
        let more = format!("and {} more: see the report", grave.len() - MOST);
        command(&mut out, "warning", None, &"gotrace-diff".into(), &[more.into()]);
    }
    out
}

fn command(out: &mut String, kind: &str, position: Option<&Text>, title: &Text, lines: &[Text]) {
    out.push_str("::");
    out.push_str(kind);
    out.push(' ');
    let place = position.and_then(Text::place).and_then(|(file, line)| Some((file.inside()?, line)));
    if let Some((file, line)) = place {
        out.push_str(&format!("file={},line={line},", file.command_property()));
    }
    out.push_str(&format!("title={}::", title.command_property()));
    let lines: Vec<String> = lines.iter().map(Text::command).collect();
    out.push_str(&lines.join("%0A"));
    out.push('\n');
}
