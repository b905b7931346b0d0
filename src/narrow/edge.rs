//! Where a window begins or ends, as people type it: since the trace began, or by the wall clock.

use std::str::FromStr;

use crate::config::quantity;

/// An edge of a window, as it is typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Edge {
    /// So many ns after the recording began: `1.5s`.
    Since(i64),
    /// By the wall clock, ns since 1970: `2026-11-24T12:00:00.5Z`.
    Wall(i64),
}

impl FromStr for Edge {
    type Err = String;

    fn from_str(text: &str) -> Result<Edge, String> {
        match quantity::nanoseconds(text) {
            Ok(ns) => Ok(Edge::Since(ns)),
            Err(unfit) if !text.contains(['T', 't', ':']) => Err(unfit),
            Err(_) => wall_clock(text).map(Edge::Wall).ok_or_else(|| {
                "write it as a time since the trace began, as in 1.5s, or by the wall clock with its offset, as in \
                 2026-11-24T12:00:00.5Z"
                    .to_owned()
            }),
        }
    }
}

/// RFC 3339 with an offset, as ns since 1970.
fn wall_clock(text: &str) -> Option<i64> {
    use toml::value::{Datetime, Offset};
    let Datetime { date: Some(date), time: Some(time), offset: Some(offset) } = text.parse().ok()? else { return None };
    let minutes = match offset {
        Offset::Z => 0,
        Offset::Custom { minutes } => i64::from(minutes),
    };
    // Days since 1970 in the Gregorian calendar; years begin in March, so that leap days come last.
    // H. Hinnant, «chrono-compatible low-level date algorithms», days_from_civil.
    let (year, month, day) = (i64::from(date.year), i64::from(date.month), i64::from(date.day));
    let year = year - i64::from(month <= 2);
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let days = era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468;
    let second = time.second.map_or(0, i64::from);
    let seconds = days * 86_400 + i64::from(time.hour) * 3600 + (i64::from(time.minute) - minutes) * 60 + second;
    seconds.checked_mul(1_000_000_000)?.checked_add(i64::from(time.nanosecond.unwrap_or(0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edges_are_times_since_the_begin_or_of_the_wall_clock() {
        for (text, want) in [
            ("1.5s", Edge::Since(1_500_000_000)),
            ("1970-01-01T00:00:00Z", Edge::Wall(0)),
            // As date -d TIME +%s tells.
            ("2026-11-24T12:00:00.5Z", Edge::Wall(1_795_521_600_500_000_000)),
            ("2024-02-29T23:59:59+02:00", Edge::Wall(1_709_243_999_000_000_000)),
            ("1969-12-31T23:59:59-00:30", Edge::Wall(1_799_000_000_000)),
        ] {
            assert_eq!(text.parse(), Ok(want), "{text}");
        }
        // Without an offset nobody knows whose clock it is.
        for text in ["2026-11-24T12:00:00", "2026-13-24T12:00:00Z", "12:00:00", "soon", ""] {
            assert!(text.parse::<Edge>().is_err(), "{text}");
        }
    }
}
