//! `gotrace-diff explain SUBJECT TRACE [TRACE] --related`: who woke it, and whom it woke.

use serde::Serialize;

use super::critical::{TraceFile, traces};
use super::{DONE, output};
use crate::cli::{ExplainArgs, Format};
use crate::error::Error;
use crate::metrics::registry::SubjectKind;
use crate::paths::Repository;
use crate::related::{self, Related};
use crate::report::path::Layout;
use crate::report::{json, related as report};

#[derive(Serialize)]
struct Side<'a> {
    source: &'a str,
    #[serde(flatten)]
    related: &'a Related,
}

#[derive(Serialize)]
struct Document<'a> {
    schema: &'static str,
    subject: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    base: Option<Side<'a>>,
    head: Side<'a>,
}

pub(super) fn run(args: &ExplainArgs) -> Result<u8, Error> {
    if ![SubjectKind::Group, SubjectKind::Task].iter().any(|&kind| args.subject.may_be(kind)) {
        return Err(Error::Usage(
            "--related is about goroutines of a group or a task: group:NAME, task:NAME".to_owned(),
        ));
    }
    if !args.narrow.narrow()?.is_all() {
        return Err(Error::Usage("--related tells of the whole trace: it cannot be narrowed".to_owned()));
    }
    let traces = traces(args)?;
    let repository = Repository::around(&super::working_folder()?);
    let read = |trace: &TraceFile| {
        let related = related::read(trace, &args.subject, args.allow_partial, &repository);
        related.map_err(|error| trace.failed(error))
    };
    let all = traces.iter().map(read).collect::<Result<Vec<_>, _>>()?;
    if all.iter().all(|related| related.goroutines == 0) {
        return Err(Error::Input {
            file: traces.iter().map(|t| t.name.as_str()).collect::<Vec<_>>().join(", "),
            message: format!("{}: no goroutine of that group or task", args.subject),
            advice: "gotrace-diff summarize lists what is in a trace".to_owned(),
        });
    }
    let subject = args.subject.to_string();
    let layout = Layout { width: output::width(), top: args.top };
    let side = |i: usize| Side { source: &traces[i].name, related: &all[i] };
    let text = match (&all[..], args.format) {
        ([base, head], Format::Text) => report::two(&subject, (&traces[0].name, &traces[1].name), base, head, layout),
        ([only], Format::Text) => report::one(&subject, &traces[0].name, only, layout),
        (sides, Format::Json) => json::document(&Document {
            schema: "gotrace-diff/related/1",
            subject: &subject,
            base: (sides.len() == 2).then(|| side(0)),
            head: side(sides.len() - 1),
        })?,
        _ => return Err(Error::Usage("give a trace".to_owned())),
    };
    output::print(&text, args.color)?;
    Ok(DONE)
}
