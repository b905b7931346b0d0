//! Days, as acceptances lapse by them: in UTC, so that the same commit is judged alike everywhere.

use std::str::FromStr;

/// A day of the calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Date(toml::value::Date);

impl Date {
    /// Today, in UTC.
    pub fn today() -> Date {
        let now = time::OffsetDateTime::now_utc().date();
        Date(toml::value::Date {
            year: u16::try_from(now.year()).unwrap_or(u16::MAX),
            month: u8::from(now.month()),
            day: now.day(),
        })
    }

    /// The day of a TOML date; `None` where a time of day is in it, which no acceptance needs.
    pub fn of(moment: &toml::value::Datetime) -> Option<Date> {
        moment.date.filter(|_| moment.time.is_none() && moment.offset.is_none()).map(Date)
    }
}

impl FromStr for Date {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let moment = text.trim().parse::<toml::value::Datetime>().ok();
        moment.as_ref().and_then(Date::of).ok_or_else(|| format!("`{text}` is no day: write it as in 2027-01-31"))
    }
}

impl std::fmt::Display for Date {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_come_in_order_and_only_real_ones_are_read() {
        let day = |text: &str| text.parse::<Date>();
        assert!(day("2026-12-31").unwrap() < day("2027-01-01").unwrap());
        assert_eq!(day("2028-02-29").unwrap().to_string(), "2028-02-29");
        for text in ["", "tomorrow", "2027-02-29", "2027-13-01", "27-01-01", "2027-01-31T00:00:00Z", "10:00:00"] {
            assert!(day(text).is_err(), "{text}");
        }
        assert!(Date::today() > day("2026-01-01").unwrap());
    }
}
