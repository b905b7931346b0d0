//! Matching groups of goroutines whose names differ though the code is the same.
//!
//! The compiler numbers the closures of a function in source order, so that those of one function keep their order:
//! matching them is an alignment, and what was inserted becomes a gap.
//!
//! ```text
//!   base    f.func1   f.func2                  f.func1 ─┐   ┌─ gap
//!   head    f.func1   f.func2   f.func3                 └─▶ f.func2 ...
//!           (new)     was 1     was 2
//! ```
//!
//! How alike two closures are is judged by who creates them, how many there are, where their time goes and at which
//! chains of functions they wait; their exact name and the distance of their lines speak too, but alone decide nothing.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use similar::{Algorithm, capture_diff_slices};

use super::names;
use super::side::Subject;
use crate::launchers;

/// A group on one side.
#[derive(Clone, Copy)]
pub struct Candidate<'a> {
    /// Its exact name.
    pub name: &'a str,
    /// Its figures and attributes.
    pub subject: &'a Subject,
}

/// More pairs than these are not looked at: names alone decide then, and a crafted file costs no more than others.
const MOST_PAIRS: usize = 40_000;
/// Below this two groups are not the same, whatever their names.
const LEAST_ALIKE: f64 = 0.45;
/// What an equal exact name is worth beside a likeness of at most 1.
const SAME_NAME: f64 = 0.25;
/// What a pair is worth that has nothing in common but its name.
const NAME_ALONE: f64 = 0.05;
/// Below this two counts are not the same but for chance.
const SAME_COUNT: f64 = 0.9;
/// What the same distance to the neighbour before is worth.
const SAME_PLACE: f64 = 0.15;

/// Pairs the groups of two sides: each index appears at most once.
pub fn pair(base: &[Candidate<'_>], head: &[Candidate<'_>]) -> Vec<(usize, usize)> {
    // Mostly one list in order and then another: what a stable sort merges.
    fn keys<'a>(side: &[Candidate<'a>]) -> Vec<Cow<'a, str>> {
        side.iter().map(|c| names::short_key(c.name)).collect()
    }
    let (base_keys, head_keys) = (keys(base), keys(head));
    let key = |&(of_head, i): &(bool, usize)| if of_head { &head_keys[i] } else { &base_keys[i] };
    let mut all: Vec<(bool, usize)> =
        (0..base.len()).map(|i| (false, i)).chain((0..head.len()).map(|i| (true, i))).collect();
    all.sort_by(|a, b| key(a).cmp(key(b)));
    let mut pairs = Vec::with_capacity(base.len().min(head.len()));
    for bucket in all.chunk_by(|a, b| key(a) == key(b)) {
        match bucket {
            [(false, one), (true, other)] if base[*one].name == head[*other].name => pairs.push((*one, *other)),
            _ => {
                let in_order = |side: &[Candidate<'_>], of_head: bool| {
                    let mut of: Vec<usize> = bucket.iter().filter(|(h, _)| *h == of_head).map(|(_, i)| *i).collect();
                    of.sort_by_cached_key(|&i| (names::numbers(side[i].name), side[i].name.to_owned()));
                    of
                };
                let (b, h) = (in_order(base, false), in_order(head, true));
                if b.len() * h.len() > MOST_PAIRS {
                    pairs.extend(by_name(base, &b, head, &h));
                } else {
                    pairs.extend(align(base, &b, head, &h));
                }
            }
        }
    }
    pairs.extend(inlined(base, head, &pairs));
    pairs.sort_unstable();
    pairs
}

fn by_name(base: &[Candidate<'_>], b: &[usize], head: &[Candidate<'_>], h: &[usize]) -> Vec<(usize, usize)> {
    let at: BTreeMap<&str, usize> = h.iter().map(|&i| (head[i].name, i)).collect();
    b.iter().filter_map(|&i| at.get(base[i].name).map(|&j| (i, j))).collect()
}

/// The alignment of two lists in source order with the greatest sum of likeness (Needleman and Wunsch, 1970, with
/// gaps that cost nothing).
fn align(base: &[Candidate<'_>], b: &[usize], head: &[Candidate<'_>], h: &[usize]) -> Vec<(usize, usize)> {
    let width = h.len() + 1;
    let score = |i: usize, j: usize| {
        let (one, other) = (base[b[i]], head[h[j]]);
        let alike = likeness(one.subject, other.subject);
        let same_name = one.name == other.name;
        if alike < LEAST_ALIKE {
            // Nothing but the name speaks for it: better than gone and new, where nobody else claims either.
            return (same_name && b.len() == h.len()).then_some(NAME_ALONE);
        }
        let place = same_place(base, b, i, head, h, j);
        Some(alike + if same_name { SAME_NAME } else { 0.0 } + if place { SAME_PLACE } else { 0.0 })
    };
    let scores: Vec<Option<f64>> =
        (0..b.len()).flat_map(|i| (0..h.len()).map(move |j| (i, j))).map(|(i, j)| score(i, j)).collect();
    let mut best = vec![0.0f64; (b.len() + 1) * width];
    for i in (0..b.len()).rev() {
        for j in (0..h.len()).rev() {
            let skip = best[(i + 1) * width + j].max(best[i * width + j + 1]);
            let take = scores[i * h.len() + j].map_or(f64::NEG_INFINITY, |s| s + best[(i + 1) * width + j + 1]);
            best[i * width + j] = skip.max(take);
        }
    }
    let (mut i, mut j, mut pairs) = (0, 0, Vec::new());
    while i < b.len() && j < h.len() {
        let here = best[i * width + j];
        if scores[i * h.len() + j].is_some_and(|s| s + best[(i + 1) * width + j + 1] >= here) {
            pairs.push((b[i], h[j]));
            i += 1;
            j += 1;
        } else if best[(i + 1) * width + j] >= here {
            i += 1;
        } else {
            j += 1;
        }
    }
    pairs
}

/// Whether two closures lie as many lines after the one before them: lines inserted above move both.
fn same_place(base: &[Candidate<'_>], b: &[usize], i: usize, head: &[Candidate<'_>], h: &[usize], j: usize) -> bool {
    let distance = |side: &[Candidate<'_>], order: &[usize], i: usize| {
        let line = |k: usize| side[order[k]].subject.start.as_ref().map(|p| i64::from(p.line));
        Some(line(i)? - line(i.checked_sub(1)?)?)
    };
    distance(base, b, i).is_some_and(|d| Some(d) == distance(head, h, j))
}

/// What is left, matched where one was inlined: the same closure within the same functions, some of which are missing
/// from one of the names.
fn inlined(base: &[Candidate<'_>], head: &[Candidate<'_>], done: &[(usize, usize)]) -> Vec<(usize, usize)> {
    let (mut taken_b, mut taken_h) = (vec![false; base.len()], vec![false; head.len()]);
    for &(i, j) in done {
        taken_b[i] = true;
        taken_h[j] = true;
    }
    let left = |taken: &[bool]| (0..taken.len()).filter(|&i| !taken[i]).collect::<Vec<usize>>();
    let (left_b, left_h) = (left(&taken_b), left(&taken_h));
    if left_b.len() * left_h.len() > MOST_PAIRS {
        return Vec::new();
    }
    // Names are taken apart once, and not for each pair.
    let mut ids = BTreeMap::new();
    let mut nested = |side: &[Candidate<'_>], left: &[usize]| -> Vec<(usize, Nested)> {
        left.iter().filter_map(|&i| Some((i, Nested::of(side[i].name, &mut ids)?))).collect()
    };
    let (nested_b, nested_h) = (nested(base, &left_b), nested(head, &left_h));
    let mut scored = Vec::new();
    for (i, one) in &nested_b {
        for (j, other) in &nested_h {
            if one.may_be(other)
                && let Some(score) = inlining_score(base[*i], head[*j])
            {
                scored.push((score, *i, *j));
            }
        }
    }
    scored.sort_by(|a, b| b.0.total_cmp(&a.0).then((a.1, a.2).cmp(&(b.1, b.2))));
    let (mut used_b, mut used_h, mut pairs) = (BTreeSet::new(), BTreeSet::new(), Vec::new());
    for (_, i, j) in scored {
        if !used_b.contains(&i) && !used_h.contains(&j) {
            used_b.insert(i);
            used_h.insert(j);
            pairs.push((i, j));
        }
    }
    pairs
}

/// A closure by the functions that it lies in.
struct Nested {
    package: String,
    /// How many functions.
    depth: usize,
    /// Each of them by a number, in order of those.
    within: Vec<usize>,
}

impl Nested {
    /// None of what is no closure, or within no function. `ids`: the number of each name.
    fn of(name: &str, ids: &mut BTreeMap<String, usize>) -> Option<Nested> {
        let parts = names::parts(name);
        // What is handed to a launcher is a closure of whoever does so, as what `go func` starts is.
        let launched = launchers::parts(name).1.is_some();
        if parts.is_empty() || !launched && names::numbers(name).is_empty() {
            return None;
        }
        let depth = parts.len();
        let mut within: Vec<usize> = Vec::with_capacity(depth);
        for part in parts {
            let next = ids.len();
            within.push(*ids.entry(part).or_insert(next));
        }
        within.sort_unstable();
        within.dedup();
        Some(Nested { package: names::package(&names::key(name)).to_owned(), depth, within })
    }

    /// Whether all functions of one are those of the other.
    fn may_be(&self, other: &Nested) -> bool {
        let (few, many) = if self.depth <= other.depth { (self, other) } else { (other, self) };
        let mut of_many = many.within.iter();
        self.package == other.package && few.within.iter().all(|id| of_many.any(|other| other == id))
    }
}

fn inlining_score(one: Candidate<'_>, other: Candidate<'_>) -> Option<f64> {
    // What a launcher starts for a function is one group, and may stand for several `go` statements: then it is none of them.
    let same_count = || counts_alike(one.subject, other.subject).is_some_and(|alike| alike >= SAME_COUNT);
    if launchers::parts(one.name).1.is_some() != launchers::parts(other.name).1.is_some() && !same_count() {
        return None;
    }
    let alike = likeness(one.subject, other.subject);
    let near = match (&one.subject.start, &other.subject.start) {
        (Some(p), Some(q)) if file_name(&p.file) != file_name(&q.file) => return None,
        (Some(p), Some(q)) => 0.3 / (1.0 + f64::from(p.line.abs_diff(q.line)) / 10.0),
        _ => 0.0,
    };
    (alike >= LEAST_ALIKE).then_some(alike + near)
}

fn file_name(path: &str) -> &str {
    path.rsplit(['/', '\\']).next().unwrap_or(path)
}

/// How alike two groups are, from 0 to 1.
pub fn likeness(a: &Subject, b: &Subject) -> f64 {
    let mut sum = 0.0;
    let mut weights = 0.0;
    let mut add = |weight: f64, value: Option<f64>| {
        if let Some(value) = value {
            sum += weight * value;
            weights += weight;
        }
    };
    add(0.15, creators_alike(a, b));
    add(0.40, states_alike(a, b));
    add(0.35, sites_alike(a, b));
    add(0.10, counts_alike(a, b));
    if weights > 0.0 { sum / weights } else { 0.5 }
}

/// The part of creators, by key, that both have.
fn creators_alike(a: &Subject, b: &Subject) -> Option<f64> {
    let keys = |s: &Subject| s.creators.keys().map(|c| names::key(c)).collect::<BTreeSet<_>>();
    let (a, b) = (keys(a), keys(b));
    let all = a.union(&b).count();
    (all > 0 && !a.is_empty() && !b.is_empty()).then(|| a.intersection(&b).count() as f64 / all as f64)
}

/// The part of the time that both spend in the same states.
fn states_alike(a: &Subject, b: &Subject) -> Option<f64> {
    let shares = |s: &Subject| {
        let states: BTreeMap<String, f64> = s
            .figures
            .iter()
            .filter(|(path, _)| {
                path.starts_with("block_ns.") || matches!(path.as_str(), "exec_ns" | "syscall_ns" | "syscall_block_ns")
            })
            .map(|(path, values)| (path.to_string(), values.iter().flatten().sum::<i64>() as f64))
            .collect();
        let all: f64 = states.values().sum();
        (all > 0.0).then(|| states.into_iter().map(|(k, v)| (k, v / all)).collect::<BTreeMap<_, _>>())
    };
    let (a, b) = (shares(a)?, shares(b)?);
    Some(a.iter().map(|(state, share)| share.min(*b.get(state).unwrap_or(&0.0))).sum())
}

/// How alike the chains of functions are at which both wait, as text.
fn sites_alike(a: &Subject, b: &Subject) -> Option<f64> {
    // The first sites in the order of states and chains say enough; comparing text is quadratic in their number.
    let text = |s: &Subject| -> Vec<String> {
        s.sites
            .keys()
            .take(12)
            .flat_map(|k| std::iter::once(k.state.clone()).chain(k.chain.iter().take(16).cloned()))
            .collect()
    };
    let (a, b) = (text(a), text(b));
    if a.is_empty() || b.is_empty() {
        return None;
    }
    let same: usize = capture_diff_slices(Algorithm::Myers, &a, &b)
        .iter()
        .filter_map(|op| match op {
            similar::DiffOp::Equal { len, .. } => Some(*len),
            _ => None,
        })
        .sum();
    Some(2.0 * same as f64 / (a.len() + b.len()) as f64)
}

fn counts_alike(a: &Subject, b: &Subject) -> Option<f64> {
    let mean = |s: &Subject| {
        let values: Vec<i64> = s.figures.get("count")?.iter().flatten().copied().collect();
        (!values.is_empty()).then(|| values.iter().sum::<i64>() as f64 / values.len() as f64)
    };
    let (a, b) = (mean(a)?, mean(b)?);
    (a.max(b) > 0.0).then(|| a.min(b) / a.max(b))
}
