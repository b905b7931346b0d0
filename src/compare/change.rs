//! One series compared: what each run says on either side, and how far the middles are apart.

use super::join::COUNT;
use super::per::Item;
use crate::metrics::registry::{Better, Class, Metric, Path};
use crate::stats::sample::Sample;

/// On which sides a series is. Added and removed are never an infinite percentage.
#[derive(Clone, Debug, PartialEq)]
pub enum Presence {
    /// On both.
    Both {
        /// The runs of the base.
        base: Sample,
        /// The runs of the head.
        head: Sample,
    },
    /// Only in the head.
    Added(Sample),
    /// Only in the base.
    Removed(Sample),
}

/// A series compared.
#[derive(Clone, Debug)]
pub struct Change {
    /// The metric.
    pub metric: &'static Metric,
    /// Its path, with the name that stands for `*`.
    pub path: Path,
    /// Per what the figures are.
    pub item: Item,
    /// The figures.
    pub presence: Presence,
    /// Items in a run of the base: by how much a change per item has to be multiplied to say what it costs a run.
    pub items: f64,
    /// Items in a run of the head.
    pub head_items: f64,
    /// Whether every run of a side has as many items as the others of that side.
    pub items_are_fixed: bool,
}

impl Change {
    /// The middle of the base; `None` where it is absent.
    pub fn base(&self) -> Option<f64> {
        match &self.presence {
            Presence::Both { base, .. } | Presence::Removed(base) => Some(base.median()),
            Presence::Added(_) => None,
        }
    }

    /// The middle of the head; `None` where it is absent.
    pub fn head(&self) -> Option<f64> {
        match &self.presence {
            Presence::Both { head, .. } | Presence::Added(head) => Some(head.median()),
            Presence::Removed(_) => None,
        }
    }

    /// Head less base, an absent side counting 0.
    pub fn delta(&self) -> f64 {
        self.head().unwrap_or(0.0) - self.base().unwrap_or(0.0)
    }

    /// How much worse the head is, in the metric's unit: negative where it is better. `None` where neither is.
    pub fn worse_by(&self) -> Option<f64> {
        match self.metric.better {
            Better::Smaller => Some(self.delta()),
            Better::Larger => Some(-self.delta()),
            Better::Neither => None,
        }
    }

    /// The delta as a part of the base: `None` where the base is 0 or absent.
    pub fn ratio(&self) -> Option<f64> {
        let base = self.base()?;
        self.head()?;
        (base != 0.0).then(|| self.delta() / base.abs()).filter(|r| r.is_finite())
    }

    /// How many runs the smaller side has.
    pub fn runs(&self) -> usize {
        match &self.presence {
            Presence::Both { base, head } => base.len().min(head.len()),
            Presence::Added(one) | Presence::Removed(one) => one.len(),
        }
    }

    /// Whether each side has one value only, run by run.
    pub fn is_constant(&self) -> bool {
        match &self.presence {
            Presence::Both { base, head } => base.is_constant() && head.is_constant(),
            Presence::Added(one) | Presence::Removed(one) => one.is_constant(),
        }
    }

    /// Whether it is another figure of a new subject than how many there are.
    pub fn is_more_than_presence(&self) -> bool {
        matches!(self.presence, Presence::Added(_)) && self.path != COUNT
    }

    /// Whether it is a count of goroutines, region calls, tasks or messages.
    pub fn is_structural(&self) -> bool {
        self.metric.class == Class::Structural
    }
}
