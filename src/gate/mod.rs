//! The team's rules applied to a comparison: what each change means, and what all of them mean together.

pub mod accept;
mod added;
pub mod cause;
pub mod doubt;
pub mod evidence;
pub mod fold;
pub mod package;
pub mod queue;
pub mod rank;
pub mod rules;
mod steady;
mod unlike;
pub mod verdict;

pub use doubt::Doubt;
pub use package::{Aside, Opened};
pub use verdict::{Evidence, Judged, Judgement, Outcome, Verdict, close, judge};
