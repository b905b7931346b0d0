//! Folded stacks: one a line, outermost frame first, then what it took. What tools that draw flame graphs read.
//!
//! ```text
//!   testing.tRunner;shop.TestCart;shop.(*Cart).Add;sync.(*Mutex).Lock 1200000              one side, ns
//!   testing.tRunner;shop.TestCart;shop.(*Cart).Add;sync.(*Mutex).Lock 1200000 1700000      base and head
//! ```

use std::collections::BTreeMap;

use super::profiles::Sample;
use crate::report::escape::Text;

/// Stacks by their time in ns, on each side; equal ones added up. Lines do not count: a function is one box.
pub type Folded = BTreeMap<String, (i64, i64)>;

/// Adds the samples of base and head, below a frame of its own where `root` is given.
pub fn fold(folded: &mut Folded, root: Option<&str>, base: &[Sample], head: &[Sample]) {
    for (samples, is_head) in [(base, false), (head, true)] {
        for sample in samples {
            let frames = sample.stack.iter().rev().map(|frame| Text::from(&*frame.func).frame());
            let frames: Vec<String> = root.map(str::to_owned).into_iter().chain(frames).collect();
            let line = if frames.is_empty() { "(unknown)".to_owned() } else { frames.join(";") };
            let (base, head) = folded.entry(line).or_default();
            let sum = if is_head { head } else { base };
            *sum = sum.saturating_add(sample.time_ns);
        }
    }
}

/// The lines of one side, those that took no time left out.
pub fn one_side(folded: &Folded, side: fn(&(i64, i64)) -> i64) -> String {
    let lines = folded.iter().map(|(stack, times)| (stack, side(times))).filter(|(_, ns)| *ns > 0);
    lines.map(|(stack, ns)| format!("{stack} {ns}\n")).collect()
}

/// The lines of both sides.
pub fn both_sides(folded: &Folded) -> String {
    folded.iter().map(|(stack, (base, head))| format!("{stack} {base} {head}\n")).collect()
}
