//! Figures as people read them: three digits and a unit.

use super::model::Presence;
use crate::metrics::registry::Unit;

/// A figure in its unit: `12.1 ms`, `3.4 k`, `1.2 MiB`.
pub fn figure(value: f64, unit: Unit) -> String {
    match unit {
        Unit::Nanoseconds => scaled(value, &[("ns", 1.0), ("µs", 1e3), ("ms", 1e6), ("s", 1e9)]),
        Unit::Bytes => scaled(value, &[("B", 1.0), ("KiB", 1024.0), ("MiB", 1_048_576.0), ("GiB", 1_073_741_824.0)]),
        Unit::Ratio => digits(value),
        Unit::Count => scaled(value, &[("", 1.0), ("k", 1e4), ("M", 1e6), ("G", 1e9)]),
    }
}

/// A change as a part of the base: `+12 %`, `×2.1` from the double on.
pub fn change(ratio: f64) -> String {
    if ratio >= 1.0 {
        return format!("×{}", digits(ratio + 1.0));
    }
    let percent = ratio * 100.0;
    if percent.abs() < 9.95 { format!("{percent:+.1} %") } else { format!("{percent:+.0} %") }
}

/// A change wherever the series is: `new`, `gone`, `+12 %`, and from nothing `+400`.
pub fn change_of(presence: Presence, ratio: Option<f64>, head: Option<f64>, unit: Unit) -> String {
    match (presence, ratio) {
        (Presence::Added, _) => "new".to_owned(),
        (Presence::Removed, _) => "gone".to_owned(),
        (Presence::Both, Some(ratio)) => change(ratio),
        (Presence::Both, None) => match head.unwrap_or(0.0) {
            0.0 => "=".to_owned(),
            head => format!("+{}", figure(head, unit)),
        },
    }
}

/// A limit: `10 %`.
pub fn percent(ratio: f64) -> String {
    let percent = ratio * 100.0;
    if (percent - percent.round()).abs() < 0.05 { format!("{percent:.0} %") } else { format!("{percent:.1} %") }
}

fn scaled(value: f64, steps: &[(&str, f64)]) -> String {
    let size = value.abs();
    // 999.6 µs would be printed as 1000: it belongs to the next unit.
    let reaches = |factor: f64| size >= factor * if factor == 1e4 { 1.0 } else { 0.9995 };
    let (unit, factor) = steps.iter().rev().find(|(_, f)| reaches(*f)).or(steps.first()).copied().unwrap_or(("", 1.0));
    // The first step for counts only begins at ten thousand, but divides by a thousand.
    let divisor = if factor == 1e4 { 1e3 } else { factor };
    let number = digits(value / divisor);
    if unit.is_empty() { number } else { format!("{number} {unit}") }
}

/// Three digits; whole numbers stay whole.
fn digits(value: f64) -> String {
    let size = value.abs();
    if value == value.trunc() && size < 1e6 {
        return format!("{value:.0}");
    }
    match size {
        s if s < 0.01 => format!("{value:.4}"),
        s if s < 9.995 => format!("{value:.2}"),
        s if s < 99.95 => format!("{value:.1}"),
        _ => format!("{value:.0}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_have_three_digits_and_a_unit() {
        for (value, unit, want) in [
            (12_123_456.0, Unit::Nanoseconds, "12.1 ms"),
            (999_700.0, Unit::Nanoseconds, "1.00 ms"),
            (64.0, Unit::Nanoseconds, "64 ns"),
            (0.0, Unit::Nanoseconds, "0 ns"),
            (1_258_291.0, Unit::Bytes, "1.20 MiB"),
            (400.0, Unit::Count, "400"),
            (3400.0, Unit::Count, "3400"),
            (34_000.0, Unit::Count, "34 k"),
            (2.5, Unit::Count, "2.50"),
        ] {
            assert_eq!(figure(value, unit), want);
        }
    }

    #[test]
    fn changes_are_percentages_up_to_the_double() {
        assert_eq!(change(0.123), "+12 %");
        assert_eq!(change(-0.051), "-5.1 %");
        assert_eq!(change(1.0), "×2");
        assert_eq!(change(1.1), "×2.10");
        assert_eq!(percent(0.1), "10 %");
        assert_eq!(percent(0.125), "12.5 %");
    }
}
