//! Quantities as people write them: `10%`, `100us`, `1MiB`, `16`.

use crate::metrics::registry::Unit;

/// A relative change: 0.1 for `10%`.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub struct Ratio(pub f64);

impl std::str::FromStr for Ratio {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let expected = || format!("`{text}` is not a relative change: write a percentage as in \"10%\"");
        let number = text.trim().strip_suffix('%').ok_or_else(expected)?;
        let percent: f64 = number.trim().parse().map_err(|_| expected())?;
        if !percent.is_finite() || percent < 0.0 {
            return Err(expected());
        }
        Ok(Ratio(percent / 100.0))
    }
}

/// An absolute amount with its unit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Amount {
    /// In nanoseconds, bytes or as a count.
    pub value: f64,
    /// Which of them.
    pub unit: Unit,
}

impl std::str::FromStr for Amount {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let expected =
            || format!("`{text}` is not an amount: write a time (\"100us\"), a size (\"1MiB\") or a count (\"16\")");
        let text = text.trim();
        let split = text.find(|c: char| c.is_alphabetic()).unwrap_or(text.len());
        let (number, unit) = text.split_at(split);
        let number: f64 = number.trim().parse().map_err(|_| expected())?;
        let (factor, unit) = match unit.trim() {
            "" => (1.0, Unit::Count),
            "ns" => (1.0, Unit::Nanoseconds),
            "us" | "µs" | "μs" => (1e3, Unit::Nanoseconds),
            "ms" => (1e6, Unit::Nanoseconds),
            "s" => (1e9, Unit::Nanoseconds),
            "B" => (1.0, Unit::Bytes),
            "kB" | "KB" => (1e3, Unit::Bytes),
            "MB" => (1e6, Unit::Bytes),
            "GB" => (1e9, Unit::Bytes),
            "KiB" => (1024.0, Unit::Bytes),
            "MiB" => (1024.0 * 1024.0, Unit::Bytes),
            "GiB" => (1024.0 * 1024.0 * 1024.0, Unit::Bytes),
            _ => return Err(expected()),
        };
        let value = number * factor;
        if !value.is_finite() || value < 0.0 {
            return Err(expected());
        }
        Ok(Amount { value, unit })
    }
}

/// A time as nanoseconds: `1.5s`.
///
/// # Errors
/// One sentence, where it is none.
pub fn nanoseconds(text: &str) -> Result<i64, String> {
    match text.parse::<Amount>() {
        // Below the greatest that a float holds exactly, as all times of traces are.
        Ok(Amount { value, unit: Unit::Nanoseconds }) if value < 9e15 => Ok(value as i64),
        _ => Err(format!("`{text}` is not a time: write it as in \"100us\" or \"1.5s\"")),
    }
}

/// At most one amount of each unit, so that one rule can speak of times and counts.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Amounts(Vec<Amount>);

impl Amounts {
    /// Those of `amounts`; the last of each unit.
    pub fn new(amounts: Vec<Amount>) -> Amounts {
        Amounts(amounts)
    }

    /// The one that speaks of figures in `unit`.
    pub fn of(&self, unit: Unit) -> Option<f64> {
        self.0.iter().rev().find(|a| a.unit == unit).map(|a| a.value)
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &Amount> {
        self.0.iter()
    }

    /// Bare numbers are ratios.
    pub(super) fn count_as_ratio(&mut self) {
        for amount in self.0.iter_mut().filter(|amount| amount.unit == Unit::Count) {
            amount.unit = Unit::Ratio;
        }
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_read_as_people_write_them() {
        for (text, value, unit) in [
            ("100us", 100e3, Unit::Nanoseconds),
            ("1.5 ms", 1.5e6, Unit::Nanoseconds),
            ("1MiB", 1048576.0, Unit::Bytes),
            ("16", 16.0, Unit::Count),
        ] {
            assert_eq!(text.parse(), Ok(Amount { value, unit }), "{text}");
        }
        for text in ["", "fast", "1 fortnight", "-1", "1e999", "NaN", "inf"] {
            assert!(text.parse::<Amount>().is_err(), "{text}");
        }
    }

    #[test]
    fn ratios_are_percentages() {
        assert_eq!("10%".parse(), Ok(Ratio(0.1)));
        assert_eq!("0%".parse(), Ok(Ratio(0.0)));
        for text in ["10", "-1%", "ten%", "NaN%"] {
            assert!(text.parse::<Ratio>().is_err(), "{text}");
        }
    }
}
