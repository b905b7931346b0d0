//! How much was compared: of which packages, with how many runs of each.

use crate::report::escape::Text;
use crate::report::model::Report;

/// How much was compared, in a sentence.
pub(in crate::report) fn compared(report: &Report) -> String {
    let compared = &report.compared;
    if compared.series == 0 && report.runs.base.is_empty() && report.runs.head.is_empty() {
        return "Compared: nothing.".to_owned();
    }
    let [base, head] = runs_of(report);
    let each = match compared_packages(report).count() {
        0 | 1 => String::new(),
        n => format!("of each of {n} packages"),
    };
    let runs = match (base == head, each.is_empty()) {
        (_, true) => format!("{} of the base, {} of the head", count(&base), count(&head)),
        (true, _) => format!("{} a side {each}", count(&base)),
        (false, _) => format!("{} of the base and {} of the head {each}", count(&base), count(&head)),
    };
    format!(
        "Compared: {} series of {} subjects, {} of which can fail the build; {runs}.",
        compared.series, compared.subjects, compared.gated,
    )
}

/// The packages that both sides have runs of.
fn compared_packages(report: &Report) -> impl Iterator<Item = &Text> {
    report.runs.base.keys().filter(|package| report.runs.head.contains_key(package))
}

/// The fewest and the most runs of a package that was compared, on either side.
fn runs_of(report: &Report) -> [(usize, usize); 2] {
    [&report.runs.base, &report.runs.head].map(|side| {
        let runs = || compared_packages(report).filter_map(|package| side.get(package)).map(Vec::len);
        (runs().min().unwrap_or(0), runs().max().unwrap_or(0))
    })
}

/// `6 runs`, `5 to 6 runs`.
fn count((least, most): &(usize, usize)) -> String {
    match (least, most) {
        (1, 1) => "1 run".to_owned(),
        (least, most) if least == most => format!("{most} runs"),
        (least, most) => format!("{least} to {most} runs"),
    }
}

/// How many runs a side has of each package, base and head.
pub(in crate::report) fn runs_of_sides(report: &Report) -> [String; 2] {
    let several = compared_packages(report).nth(1).is_some();
    runs_of(report).map(|runs| count(&runs) + if several { " of each package" } else { "" })
}
