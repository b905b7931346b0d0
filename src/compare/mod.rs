//! Two sides become changes: packages paired, subjects joined, figures made per item.
//!
//! Nothing here knows limits or verdicts.

mod aliases;
pub mod apart;
pub mod change;
pub mod closures;
pub mod design;
pub mod environment;
pub mod figures;
pub mod framework;
pub mod join;
pub mod names;
pub mod of_test;
pub mod outcomes;
pub mod packages;
pub mod per;
pub mod side;
pub mod sound;
mod stacks;
mod take;

pub use change::{Change, Presence};
pub use design::{Design, Recorded};
pub use figures::{Figures, Values};
pub use join::{Comparison, PackagePair, SubjectPair, compare};
pub use side::{Mode, Package, Run, Side, Subject, SubjectId};
