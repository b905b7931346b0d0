//! How the two sides were recorded, which decides what their difference can prove.

use serde::{Deserialize, Serialize};

use super::side::Run;

/// Whether base and head met the same machine in the same state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Recorded {
    /// Alternately on one machine: what the machine does meets both sides, and what differs is the code or its build.
    Alternately,
    /// One side after the other, or on two machines.
    Apart,
    /// Nobody said so, and the runs do not show it.
    #[default]
    Unknown,
}

/// The design of a comparison.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Design {
    /// What is known of how it was recorded.
    pub recorded: Recorded,
    /// The part of the level of significance that this look at the data may use; 1 where there is one look only.
    pub share: f64,
}

impl Default for Design {
    fn default() -> Self {
        Design { recorded: Recorded::Unknown, share: 1.0 }
    }
}

/// What the runs' own clocks show. A trace's clock is the machine's since it started, so that runs of one machine can
/// be put in order, and those of two machines hardly ever interlock:
///
/// ```text
///   alternately   b h h b b h h b      the side changes at least once for each run of the smaller side
///   apart         b b b b h h h h      it changes less often
/// ```
pub fn seen(base: &[Run], head: &[Run]) -> Recorded {
    let sides = |runs: &[Run], head: bool| runs.iter().map(|r| (r.started_ns, head)).collect::<Vec<_>>();
    let mut all = sides(base, false);
    all.extend(sides(head, true));
    all.sort_unstable();
    let few = base.len().min(head.len()) < 2;
    if few || all.iter().any(|(at, _)| *at <= 0) || all.windows(2).any(|w| w[0].0 == w[1].0) {
        return Recorded::Unknown;
    }
    let changes = all.windows(2).filter(|w| w[0].1 != w[1].1).count();
    if changes >= base.len().min(head.len()) { Recorded::Alternately } else { Recorded::Apart }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn runs(starts: &[i64]) -> Vec<Run> {
        starts.iter().map(|&started_ns| Run { started_ns, ..Run::default() }).collect()
    }

    #[test]
    fn clocks_show_whether_sides_alternate() {
        for (base, head, want) in [
            (&[1, 4, 5, 8][..], &[2, 3, 6, 7][..], Recorded::Alternately),
            (&[1, 3, 5], &[2, 4, 6], Recorded::Alternately),
            (&[1, 2, 3, 4], &[5, 6, 7, 8], Recorded::Apart),
            (&[1, 2, 3, 8], &[4, 5, 6, 7], Recorded::Apart),
            (&[1], &[2], Recorded::Unknown),
            (&[0, 0, 0], &[0, 0, 0], Recorded::Unknown),
        ] {
            assert_eq!(seen(&runs(base), &runs(head)), want, "{base:?} {head:?}");
        }
    }
}
