//! Which lane is where: numbers of the viewer's processes and threads, with their names and their order.
//!
//! ```text
//!   process  1  base · process       thread 1 GC, 2 STW
//!            2  head · process
//!            3  base · procs         thread P       only where lanes are processors
//!            4  head · procs
//!           10  base · group 1       threads 2n     goroutine n
//!           11  head · group 1               2n+1   its regions
//!           12  base · group 2       …
//! ```

use std::collections::BTreeMap;
use std::io;

use super::events::Events;
use super::plan::Plan;
use super::{Lanes as Kind, Wanted};
use crate::compare::names;
use crate::metrics::population::{self, Owner};
use crate::report::escape::Text;
use crate::scan::Source;

/// The lane of the collector, and of stops of the world.
pub(super) const GC: u64 = 1;
/// The lane of stops of the world.
pub(super) const STOPS: u64 = 2;
/// Processes of groups begin here.
const FIRST_GROUP: u32 = 10;

/// All lanes.
pub(super) struct Lanes {
    pub(super) kind: Kind,
    /// `base · ` and `head · `, or nothing where there is one side.
    sides: Vec<String>,
    /// The process of each group, on each side.
    groups: Vec<BTreeMap<String, u32>>,
}

impl Lanes {
    pub(super) fn of(plans: &[Plan], sides: &[(&str, &dyn Source, &Wanted)], kind: Kind) -> Lanes {
        let mut times: BTreeMap<&str, i64> = BTreeMap::new();
        for (name, ns) in plans.iter().flat_map(|plan| &plan.groups) {
            let sum = times.entry(name).or_default();
            *sum = sum.saturating_add(*ns);
        }
        let mut order: Vec<&str> = times.keys().copied().collect();
        // The program's own first.
        let is_aside = |name: &str| matches!(population::owner(name, true), Owner::Runtime | Owner::Framework);
        order.sort_by_key(|name| (is_aside(name), std::cmp::Reverse(times[name])));
        let ranks: BTreeMap<&str, usize> = order.iter().enumerate().map(|(i, name)| (*name, i)).collect();
        let groups = plans.iter().enumerate().map(|(side, plan)| {
            let number = |name: &String| FIRST_GROUP + 2 * ranks[name.as_str()] as u32 + side as u32;
            plan.groups.iter().map(|(name, _)| (name.clone(), number(name))).collect()
        });
        Lanes { kind, sides: sides.iter().map(|(side, ..)| (*side).to_owned()).collect(), groups: groups.collect() }
    }

    /// The process of what belongs to no goroutine.
    pub(super) fn process(&self, side: usize) -> u32 {
        1 + side as u32
    }

    /// The process of a group, or that of processors.
    pub(super) fn of_group(&self, side: usize, group: &str) -> u32 {
        match self.kind {
            Kind::Procs => 3 + side as u32,
            Kind::Goroutines => self.groups[side].get(group).copied().unwrap_or(self.process(side)),
        }
    }

    /// Says what the processes of a side are called. Lanes are named when they first appear.
    pub(super) fn announce(&self, side: usize, out: &mut Events<'_>) -> io::Result<()> {
        let label = |what: &str| match self.sides.len() {
            1 => what.to_owned(),
            _ => format!("{} · {what}", self.sides[side]),
        };
        let process = self.process(side);
        out.label(process, None, &label("process"), process.into())?;
        out.label(process, Some(GC), "GC", 1)?;
        out.label(process, Some(STOPS), "stop the world", 2)?;
        match self.kind {
            Kind::Procs => {
                let procs = 3 + side as u32;
                out.label(procs, None, &label("procs"), procs.into())?;
            }
            Kind::Goroutines => {
                for (group, &pid) in &self.groups[side] {
                    out.label(pid, None, &label(&shown(group)), pid.into())?;
                }
            }
        }
        Ok(())
    }
}

/// A group as people know it.
pub(super) fn shown(group: &str) -> String {
    if group.is_empty() { "(nameless)".to_owned() } else { Text::from(names::short(group)).shown() }
}
