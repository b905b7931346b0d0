//! Changes that the team has accepted, and only as far as it has accepted them.
//!
//! ```text
//!   accepted          from 10 ms ─────────────▶ to 21 ms
//!   limit of the rule      ├─ 10 % ─┤                ├─ 10 % ─┤
//!   base   10.2 ms         ●                                     as good as `from`, or on the way to `to`
//!   head   20.6 ms                                 ●             holds
//!   head   30 ms                                                   ●   beyond `to` by more than the rule allows: fails
//!   base    5 ms    ●                                            better than `from`: another change, fails
//! ```
//!
//! From `to` on the rule holds as it does from a base, so that an acceptance needs no limits of its own.

use super::rules::Terms;
use super::verdict::{Evidence, Judgement, Outcome};
use crate::compare::{Change, PackagePair, Presence, SubjectPair};
use crate::config::series::{Series, write_figure};
use crate::config::{Accept, Config, Date};
use crate::metrics::registry::SubjectKind;

/// Takes what the team has accepted out of what fails.
pub(super) fn apply(
    judgement: &mut Judgement,
    package: &PackagePair,
    subject: &SubjectPair,
    change: &Change,
    config: &Config,
    today: Date,
) {
    if !matches!(judgement.outcome, Outcome::Regression | Outcome::Inconclusive) {
        return;
    }
    let speaks = |a: &&Accept| {
        a.package.as_ref().is_none_or(|p| *p == package.name)
            && subject.names().any(|name| a.series.is(subject.kind, name, &change.path))
    };
    let holds = |a: &&Accept| !a.has_lapsed(today) && within(a, change, &judgement.terms);
    if let Some(accept) = config.accepted.iter().filter(speaks).find(holds) {
        judgement.outcome = Outcome::Accepted;
        judgement.accepted = Some(Box::new(accept.clone()));
    }
}

/// Whether a change is the accepted one, or a part of it: begins no earlier, ends no later, and goes the same way.
///
/// ```text
///   accepted          from ──────────────▶ to
///   holds                     ──▶                   does not hold   ──────────────▶      ◀──
/// ```
fn within(accept: &Accept, change: &Change, terms: &Terms) -> bool {
    let allowed = |mark: f64| (terms.max_increase * mark.abs()).max(terms.min_delta);
    match (&change.presence, accept.from, accept.to) {
        (Presence::Added(head), None, Some(to)) => head.median() <= to + allowed(to),
        (Presence::Removed(_), Some(_), None) => true,
        (Presence::Both { base, head }, Some(from), Some(to)) => {
            let sign = if to >= from { 1.0 } else { -1.0 };
            let (base, head) = (base.median() * sign, head.median() * sign);
            base >= from * sign - allowed(from) && head <= to * sign + allowed(to) && head >= base - allowed(base)
        }
        _ => false,
    }
}

/// What accepts a judgement that fails, as [`crate::config::Accept`] and `baseline accept` have it: the series with
/// its figures. `None` where the name could not be typed.
pub fn argument(judgement: &Judgement, subject: &SubjectPair, change: &Change) -> Option<String> {
    if judgement.outcome != Outcome::Regression || judgement.evidence == Evidence::Presence {
        return None;
    }
    let name = subject.name();
    if name.chars().any(|c| c.is_control() || !is_visible(c))
        || (name.is_empty() && subject.kind != SubjectKind::Process)
    {
        return None;
    }
    let series = Series::new(subject.kind, name.to_owned(), change.path.to_string());
    let figure = |v: Option<f64>| v.map_or("none".to_owned(), |v| write_figure(v, change.metric.unit));
    Some(format!("{series}={}..{}", figure(change.base()), figure(change.head())))
}

/// Whether a character shows as itself: a command that is copied has to be what it looks like.
fn is_visible(c: char) -> bool {
    // Marks of direction and of no width, separators of lines.
    !matches!(c, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff0}'..='\u{ffff}' | '\u{e0000}'..='\u{e0fff}')
}

/// A word of a command, as a POSIX shell takes it.
pub fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-:=%+,".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_quoted_for_the_shell() {
        for (word, want) in [
            ("group:a.b#count=1..2", "'group:a.b#count=1..2'"),
            ("base.json", "base.json"),
            ("$(touch x)", "'$(touch x)'"),
            ("it's", "'it'\\''s'"),
            ("", "''"),
        ] {
            assert_eq!(quoted(word), want);
        }
    }
}
