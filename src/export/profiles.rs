//! Where goroutines waited, as samples: the runs of one side become one profile of each kind.
//!
//! Sides may have different numbers of runs, so a sample is the mean of a run: what differs between two profiles is then
//! what differs between base and head. With one run it is what the run had, exactly.

use std::collections::BTreeMap;

use clap::ValueEnum;

use crate::summary::{Profile, SiteFrame, Summary};

/// What goroutines waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub enum Kind {
    /// The network.
    Network,
    /// Other goroutines: channels, select, locks, conditions.
    Sync,
    /// System calls.
    Syscall,
    /// A processor; the stack is that of whoever made the goroutine runnable.
    Sched,
    /// Anything else: sleep, the collector.
    Other,
}

impl Kind {
    /// All of them.
    pub const ALL: [Kind; 5] = [Kind::Network, Kind::Sync, Kind::Syscall, Kind::Sched, Kind::Other];

    /// Its name in files.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Network => "network",
            Kind::Sync => "sync",
            Kind::Syscall => "syscall",
            Kind::Sched => "sched",
            Kind::Other => "other",
        }
    }
}

/// Which waits count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Waits {
    /// Those that `go tool trace` counts: that have ended, of goroutines that had run before.
    #[default]
    AsGo,
    /// All of them: also those that were open at the end, and those before a goroutine first ran.
    All,
}

/// One stack of a profile.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sample {
    /// How many waits.
    pub count: i64,
    /// Their time, ns.
    pub time_ns: i64,
    /// Where, innermost frame first; empty where the trace does not say.
    pub stack: Vec<SiteFrame>,
}

/// The samples of one kind, by stack; `None` where the runs were read without profiles.
pub fn samples(runs: &[Summary], kind: Kind, waits: Waits) -> Option<Vec<Sample>> {
    let mut sums: BTreeMap<&[SiteFrame], (i128, i128)> = BTreeMap::new();
    for run in runs {
        let profiles = match waits {
            Waits::AsGo => run.profiles.as_ref()?,
            Waits::All => run.honest_profiles.as_ref()?,
        };
        let list: &[Profile] = match kind {
            Kind::Network => &profiles.net,
            Kind::Sync => &profiles.sync,
            Kind::Syscall => &profiles.syscall,
            Kind::Sched => &profiles.sched,
            Kind::Other => &profiles.other,
        };
        for Profile { count, time_ns, stack } in list {
            let (counts, times) = sums.entry(stack).or_default();
            *counts += i128::from(*count);
            *times += i128::from(*time_ns);
        }
    }
    let n = runs.len().max(1) as i128;
    let mean = |sum: i128| i64::try_from((sum + n / 2).div_euclid(n)).unwrap_or(i64::MAX);
    let of = |(stack, (count, time)): (&[SiteFrame], (i128, i128))| Sample {
        count: mean(count),
        time_ns: mean(time),
        stack: stack.to_vec(),
    };
    Some(sums.into_iter().map(of).filter(|s| s.count > 0 || s.time_ns > 0).collect())
}
