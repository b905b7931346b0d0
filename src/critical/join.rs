//! Two critical paths side by side: category by category, function by function, wait by wait.

use std::collections::BTreeMap;

use serde::Serialize;

use super::told::{PathTimes, Place};
use super::walk::Category;
use crate::compare::names;

/// Time on both sides.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Both {
    /// In the base, ns.
    pub base_ns: i64,
    /// In the head, ns.
    pub head_ns: i64,
}

impl Both {
    /// Head less base, ns.
    pub fn delta(&self) -> i64 {
        self.head_ns.saturating_sub(self.base_ns)
    }

    fn weight(&self) -> std::cmp::Reverse<(u64, i64)> {
        std::cmp::Reverse((self.delta().unsigned_abs(), self.head_ns.max(self.base_ns)))
    }
}

/// One category on both sides.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CategoryChange {
    /// The category.
    pub category: &'static str,
    /// Its time.
    #[serde(flatten)]
    pub time: Both,
}

/// One function on both sides.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FunctionChange {
    /// The category.
    pub category: &'static str,
    /// Where, as the head has it.
    #[serde(flatten)]
    pub place: Place,
    /// Its time.
    #[serde(flatten)]
    pub time: Both,
}

/// One kind of wait at one place on both sides.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct WaitChange {
    /// Why.
    pub reason: String,
    /// Where, as the head has it.
    #[serde(flatten)]
    pub place: Place,
    /// Who ended it.
    pub ended_by: Place,
    /// How many the path of the base passed.
    pub base_count: u64,
    /// How many that of the head passed.
    pub head_count: u64,
    /// The time behind them.
    #[serde(flatten)]
    pub time: Both,
}

/// Two paths joined. What changed most is first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PathChange {
    /// All of it.
    pub total: Both,
    /// By category.
    pub categories: Vec<CategoryChange>,
    /// By category and function.
    pub functions: Vec<FunctionChange>,
    /// By wait.
    pub waits: Vec<WaitChange>,
    /// Behind no wait.
    pub own: Both,
}

/// Joins two paths. Functions are matched without the numbers of closures, which move with any edit.
pub fn join(base: &PathTimes, head: &PathTimes) -> PathChange {
    let both = |base_ns, head_ns| Both { base_ns, head_ns };
    let time = |side: &PathTimes, category: Category| side.categories.get(category.name()).copied().unwrap_or(0);
    let mut categories: Vec<CategoryChange> = Category::ALL
        .iter()
        .map(|&c| CategoryChange { category: c.name(), time: both(time(base, c), time(head, c)) })
        .filter(|c| c.time != Both::default())
        .collect();
    categories.sort_by_key(|c| c.time.weight());

    let mut functions: BTreeMap<(&str, String), FunctionChange> = BTreeMap::new();
    for (side, is_head) in [(head, true), (base, false)] {
        for f in &side.functions {
            let entry = functions.entry((f.category, names::key(&f.place.function))).or_insert_with(|| {
                FunctionChange { category: f.category, place: f.place.clone(), time: Both::default() }
            });
            *if is_head { &mut entry.time.head_ns } else { &mut entry.time.base_ns } += f.time_ns;
        }
    }
    let mut functions: Vec<FunctionChange> = functions.into_values().collect();
    functions.sort_by_key(|f| f.time.weight());

    let mut waits: BTreeMap<(&str, String, String), WaitChange> = BTreeMap::new();
    for (side, is_head) in [(head, true), (base, false)] {
        for w in &side.waits {
            let key = (w.reason.as_str(), names::key(&w.place.function), names::key(&w.ended_by.function));
            let entry = waits.entry(key).or_insert_with(|| WaitChange {
                reason: w.reason.clone(),
                place: w.place.clone(),
                ended_by: w.ended_by.clone(),
                base_count: 0,
                head_count: 0,
                time: Both::default(),
            });
            *if is_head { &mut entry.time.head_ns } else { &mut entry.time.base_ns } += w.time_ns;
            *if is_head { &mut entry.head_count } else { &mut entry.base_count } += w.count;
        }
    }
    let mut waits: Vec<WaitChange> = waits.into_values().collect();
    waits.sort_by_key(|w| w.time.weight());

    PathChange {
        total: both(base.total_ns, head.total_ns),
        categories,
        functions,
        waits,
        own: both(base.own_ns, head.own_ns),
    }
}
