//! Series as people write them: the subject's kind and name, and the metric's path.
//!
//! ```text
//!   group:example.com/shop/cart.Fill.func1#total_ns
//!   test:TestCheckout/empty_cart#01#count            a test's own # is before the last one
//!   process:#duration_ns                             the whole run has no name
//! ```

use std::str::FromStr;

use super::quantity::Amount;
use crate::compare::names;
use crate::metrics::registry::{self, Metric, SubjectKind, Unit};

/// A series.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Series {
    /// What it is about.
    pub kind: SubjectKind,
    /// Its name; empty for the whole run.
    pub subject: String,
    /// The path of its metric.
    pub metric: String,
    /// What is left of its name when closures are counted anew; it follows from the name.
    key: String,
}

impl Series {
    /// A series by its parts.
    pub fn new(kind: SubjectKind, subject: String, metric: String) -> Series {
        Series { key: names::key(&subject), kind, subject, metric }
    }

    /// The metric, which is known.
    pub fn definition(&self) -> Option<&'static Metric> {
        registry::find(self.kind, &self.metric)
    }

    /// Whether it is this one. Numbers of closures do not matter, as everywhere; a `*` in a name is a part of it.
    pub fn is(&self, kind: SubjectKind, subject: &str, metric: &str) -> bool {
        let closure =
            || matches!(kind, SubjectKind::Group | SubjectKind::Site) && self.key == names::short_key(subject);
        self.kind == kind && self.metric == metric && (self.subject == subject || closure())
    }
}

impl FromStr for Series {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let form = "write it as KIND:SUBJECT#METRIC, as in group:example.com/shop/cart.Fill.func1#total_ns";
        let named = |kind: &SubjectKind| text.strip_prefix(kind.name()).and_then(|rest| rest.strip_prefix(':'));
        let (kind, rest) = SubjectKind::ALL
            .iter()
            .find_map(|kind| named(kind).map(|rest| (*kind, rest)))
            .ok_or_else(|| format!("`{text}` names no kind of subject: {form}"))?;
        let (subject, metric) = rest.rsplit_once('#').ok_or_else(|| format!("`{text}` names no metric: {form}"))?;
        if registry::find(kind, metric).is_none() {
            return Err(format!("there is no metric `{metric}` of a {kind}: gotrace-diff --list-metrics names them"));
        }
        if subject.is_empty() != (kind == SubjectKind::Process) {
            return Err(format!("`{text}` does not fit: only the whole run has no name ({form})"));
        }
        Ok(Series::new(kind, subject.to_owned(), metric.to_owned()))
    }
}

impl std::fmt::Display for Series {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}#{}", self.kind.name(), self.subject, self.metric)
    }
}

/// A figure as it is written into a command or a file: four digits that matter, and its unit.
pub fn write_figure(value: f64, unit: Unit) -> String {
    let digits = |x: f64| {
        let whole = if x.abs() >= 1.0 { x.abs().log10().floor() as i32 + 1 } else { 0 };
        let text = format!("{x:.*}", usize::try_from(4 - whole).unwrap_or(0));
        if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
    };
    let scale: &[(f64, &str)] = match unit {
        Unit::Nanoseconds => &[(1e9, "s"), (1e6, "ms"), (1e3, "us"), (0.0, "ns")],
        Unit::Bytes => &[(1024.0 * 1024.0 * 1024.0, "GiB"), (1024.0 * 1024.0, "MiB"), (1024.0, "KiB"), (0.0, "B")],
        Unit::Count | Unit::Ratio => &[],
    };
    match scale.iter().find(|(least, _)| value.abs() >= *least) {
        Some((factor, name)) => format!("{}{name}", digits(value / factor.max(1.0))),
        None => digits(value),
    }
}

/// Reads what [`write_figure`] writes; `none` is the figure of a subject that is not there.
///
/// # Errors
/// One sentence, where it is none, or of another unit than `unit`.
pub fn read_figure(text: &str, unit: Unit) -> Result<Option<f64>, String> {
    if text.trim() == "none" {
        return Ok(None);
    }
    let amount: Amount = text.parse()?;
    let fits = amount.unit == unit || (unit == Unit::Ratio && amount.unit == Unit::Count);
    if !fits {
        return Err(format!("`{text}` is no figure in {}", unit.name()));
    }
    Ok(Some(amount.value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn series_are_read_as_they_are_written() {
        for text in [
            "group:example.com/shop/cart.Fill.func1#total_ns",
            "group:p.(*T[...]).Run#block_ns.chan send",
            "test:TestCheckout/empty_cart#01#count",
            "region:parse: all = 1#durations.p50",
            "process:#duration_ns",
        ] {
            let series: Series = text.parse().unwrap();
            assert_eq!(series.to_string(), text);
            assert!(series.is(series.kind, &series.subject, &series.metric));
        }
        for text in
            ["", "cart.Fill", "group:cart.Fill", "group:cart.Fill#speed", "group:#count", "process:x#duration_ns"]
        {
            assert!(text.parse::<Series>().is_err(), "{text}");
        }
        let closure: Series = "group:p.f.func1#count".parse().unwrap();
        assert!(closure.is(SubjectKind::Group, "p.f.func2", "count"));
        assert!(!closure.is(SubjectKind::Group, "p.f.func2", "alive"));
        for (name, other) in [("t*", "tax"), ("t?x", "tax"), ("[ab]", "a"), ("*", "tax"), ("{a,b}", "b")] {
            let series: Series = format!("region:{name}#count").parse().unwrap();
            assert!(series.is(SubjectKind::Region, name, "count"), "{name}");
            assert!(!series.is(SubjectKind::Region, other, "count"), "a name is no glob: {name}");
        }
        assert!(!closure.is(SubjectKind::Region, "p.f.func1", "count"));
    }

    #[test]
    fn figures_keep_four_digits_and_their_unit() {
        for (value, unit, text) in [
            (21_345_678.0, Unit::Nanoseconds, "21.35ms"),
            (999.6, Unit::Nanoseconds, "999.6ns"),
            (10e6, Unit::Nanoseconds, "10ms"),
            (1.5e9, Unit::Nanoseconds, "1.5s"),
            (160.0, Unit::Count, "160"),
            (123_456.0, Unit::Count, "123456"),
            (0.0, Unit::Count, "0"),
            (0.351, Unit::Ratio, "0.351"),
            (1536.0, Unit::Bytes, "1.5KiB"),
        ] {
            assert_eq!(write_figure(value, unit), text);
            let back = read_figure(text, unit).unwrap().unwrap();
            assert!((back - value).abs() <= value.abs() * 1e-3, "{text}: {back}");
        }
        assert_eq!(read_figure("none", Unit::Count), Ok(None));
        assert!(read_figure("10ms", Unit::Count).is_err());
    }
}
