//! Joining two sides: packages by name, subjects by key, series by path.

use std::cmp::Ordering;
use std::collections::BTreeSet;

use super::change::{Change, Presence};
use super::closures::{self, Candidate};
use super::design::{self, Design, Recorded};
use super::environment::Difference;
use super::figures::Values;
use super::names;
use super::of_test::OfTest;
use super::outcomes::{self, Unlike};
use super::packages::{self, NamedBy};
use super::per::{self, Item};
use super::side::{Package, Run, Side, Subject, SubjectId};
use crate::few::Few;
use crate::metrics::registry::{self, Path, SubjectKind};
use crate::stats::sample::Sample;

/// Two sides, joined.
#[derive(Debug)]
pub struct Comparison {
    /// By package.
    pub packages: Vec<PackagePair>,
    /// How they were recorded.
    pub design: Design,
    /// Packages that have tests in the base only, where whoever recorded them looked.
    pub untested: Vec<String>,
}

/// The runs of one package on both sides.
#[derive(Debug)]
pub struct PackagePair {
    /// Its name; empty where none is known.
    pub name: String,
    /// What the base says that it is, where that is another package: neither says so by the names of files alone.
    pub base_name: Option<String>,
    /// The runs of the base; empty where the base has none.
    pub base_runs: Vec<Run>,
    /// The runs of the head; empty where the head has none.
    pub head_runs: Vec<Run>,
    /// How they were recorded, where that is known of this package alone: of one shard among several.
    pub stated: Option<Recorded>,
    /// How their environments differ.
    pub environment: Difference,
    /// Whether another number of tests ran.
    pub tests_differ: bool,
    /// The tests and benchmarks with names that only one side ran, or more often: those that [`tests_differ`](Self::tests_differ) is
    /// about. Empty where tests are compared all together.
    pub other_tests: BTreeSet<String>,
    /// Tests that failed or were skipped, and not as often on the other side.
    pub unlike: Vec<Unlike>,
    /// Whether tests are compared all together although some of them have names.
    pub tests_unnamed: bool,
    /// What was joined.
    pub subjects: Vec<SubjectPair>,
}

impl PackagePair {
    /// Whether another number of tests ran, of those that the figures of a subject may be of: a test that is new starts no
    /// goroutines of one that was there before.
    pub fn tests_differ_for(&self, subject: &SubjectPair) -> bool {
        let Some(test) = subject.test().filter(|_| !self.other_tests.is_empty()) else { return self.tests_differ };
        if subject.of_tests().any(|of| of.name() != Some(test)) {
            return self.tests_differ;
        }
        let within = format!("{test}/");
        let has_within = self.other_tests.range(within.clone()..).next().is_some_and(|name| name.starts_with(&within));
        self.tests_differ && (has_within || self.other_tests.contains(test))
    }

    /// Whether somebody said that its sides were recorded alternately.
    pub fn is_stated_alternating(&self, design: Design) -> bool {
        self.stated.unwrap_or(design.recorded) == Recorded::Alternately
    }

    /// Whether its sides were recorded alternately: as `design` says, else as its runs show.
    pub fn recorded(&self, design: Design) -> Recorded {
        match self.stated.unwrap_or(design.recorded) {
            Recorded::Unknown => design::seen(&self.base_runs, &self.head_runs),
            known => known,
        }
    }
}

/// A subject on one or both sides.
#[derive(Debug)]
pub struct SubjectPair {
    /// What it is.
    pub kind: SubjectKind,
    /// Its name and figures in the base.
    pub base: Option<(String, Subject)>,
    /// Its name and figures in the head.
    pub head: Option<(String, Subject)>,
    /// Its series.
    pub changes: Vec<Change>,
    /// Series that could not be compared: the metric's path and why.
    pub not_compared: Vec<(Path, &'static str)>,
}

impl SubjectPair {
    /// Its name: the head's, where it is there.
    pub fn name(&self) -> &str {
        self.head.as_ref().or(self.base.as_ref()).map_or("", |(name, _)| name)
    }

    /// What it was called in the base, where that differs.
    pub fn renamed_from(&self) -> Option<&str> {
        match (&self.base, &self.head) {
            (Some((old, _)), Some((new, _))) if old != new && names::versionless(old) != names::versionless(new) => {
                Some(old)
            }
            _ => None,
        }
    }

    /// What it is called on either side.
    pub fn names(&self) -> impl Iterator<Item = &str> + Clone {
        std::iter::once(self.name()).chain(self.renamed_from())
    }

    /// The test that its figures belong to, in the head where that says so. Runners of tests without names are called by their
    /// function, which is no test's name.
    pub fn test(&self) -> Option<&str> {
        match self.kind {
            SubjectKind::Test | SubjectKind::Benchmark => Some(self.name()).filter(|n| !n.starts_with("testing.")),
            _ => self.of_tests().next().and_then(OfTest::name),
        }
    }

    /// What its sides say of whose its figures are: the head, then the base. A baseline does not.
    fn of_tests(&self) -> impl Iterator<Item = &OfTest> {
        let sides = [&self.head, &self.base].into_iter().flatten();
        sides.map(|(_, side)| &side.of_test).filter(|of| **of != OfTest::Unknown)
    }

    /// Whether it is the framework's or the runtime's.
    pub fn is_framework(&self) -> bool {
        self.head.as_ref().or(self.base.as_ref()).is_some_and(|(_, s)| s.framework)
    }

    /// The change of one series.
    pub fn change(&self, path: &str) -> Option<&Change> {
        self.changes.iter().find(|c| c.path == path)
    }
}

/// Joins two sides.
pub fn compare(mut base: Side, mut head: Side) -> Comparison {
    // Where only files name packages and no name is in common, the runs of a side are one program's.
    let by_file = |side: &Side| {
        side.packages
            .iter()
            .filter(|(_, p)| p.named_by == NamedBy::File)
            .map(|(n, _)| n.clone())
            .collect::<BTreeSet<_>>()
    };
    if by_file(&base).is_disjoint(&by_file(&head)) {
        base.fold_files();
        head.fold_files();
    }
    let list = |side: &Side| side.packages.iter().map(|(n, p)| (n.clone(), p.named_by)).collect::<Vec<_>>();
    let packages = packages::pair(&list(&base), &list(&head))
        .into_iter()
        .map(|(base_name, head_name)| {
            let take = |side: &mut Side, name: &Option<String>| {
                name.as_ref().and_then(|n| side.packages.remove(n)).unwrap_or_default()
            };
            let (one, other) = (take(&mut base, &base_name), take(&mut head, &head_name));
            let is_known = |package: &Package| package.named_by == NamedBy::Import && !package.runs.is_empty();
            // A new major version of a module is the same package.
            let versionless = |package: &String| names::versionless(&format!("{package}/p.f"));
            let differ =
                base_name.as_ref().zip(head_name.as_ref()).is_some_and(|(b, h)| versionless(b) != versionless(h));
            let another = base_name.clone().filter(|_| differ && is_known(&one) && is_known(&other));
            let name = head_name.or(base_name).unwrap_or_default();
            PackagePair { base_name: another, ..pair_package(name, one, other) }
        })
        .collect();
    Comparison { packages, design: Design::default(), untested: Vec::new() }
}

fn pair_package(name: String, mut base: Package, mut head: Package) -> PackagePair {
    let environment = Difference::between(&base.runs.iter().collect::<Vec<_>>(), &head.runs.iter().collect::<Vec<_>>());
    let tests_differ = per::tests_differ(&base, &head);
    let unnamed = choose_tests(&mut base, &mut head);
    let unlike = outcomes::unlike(&base, &head, unnamed);
    let both = per::Both::of(&base, &head, tests_differ);
    let (b, h): (Vec<Named<'_>>, Vec<Named<'_>>) = (base.subjects.iter().collect(), head.subjects.iter().collect());
    let joined: Vec<_> = pair_subjects(&b, &h)
        .into_iter()
        .map(|(i, j)| {
            let (one, other) = (i.map(|i| b[i]), j.map(|j| h[j]));
            let kind = one.or(other).map_or(SubjectKind::Process, |(id, _)| id.kind);
            let (changes, not_compared) = changes(kind, both, (one.map(|o| o.1), other.map(|o| o.1)), &environment);
            (kind, i, j, changes, not_compared)
        })
        .collect();
    let owned = |package: &mut Package| -> Vec<Option<(String, Subject)>> {
        std::mem::take(&mut package.subjects).into_iter().map(|(id, subject)| Some((id.name, subject))).collect()
    };
    let (mut b, mut h) = (owned(&mut base), owned(&mut head));
    let take = |side: &mut Vec<Option<(String, Subject)>>, at: Option<usize>| side.get_mut(at?)?.take();
    let subjects = joined
        .into_iter()
        .map(|(kind, i, j, changes, not_compared)| SubjectPair {
            kind,
            base: take(&mut b, i),
            head: take(&mut h, j),
            changes,
            not_compared,
        })
        .collect();
    let subjects: Vec<SubjectPair> = subjects;
    let other_tests = other_tests(&subjects, base.runs.len(), head.runs.len());
    let (base_runs, head_runs) = (base.runs, head.runs);
    PackagePair {
        name,
        base_name: None,
        base_runs,
        head_runs,
        stated: None,
        environment,
        tests_differ,
        other_tests,
        unlike,
        tests_unnamed: unnamed,
        subjects,
    }
}

/// The named tests and benchmarks that only one side ran, or more often a run.
fn other_tests(subjects: &[SubjectPair], base_runs: usize, head_runs: usize) -> BTreeSet<String> {
    let repeats = |side: &Option<(String, Subject)>| side.as_ref().map_or(0, |(_, subject)| subject.repeats.len());
    let differs = |s: &&SubjectPair| {
        matches!(s.kind, SubjectKind::Test | SubjectKind::Benchmark)
            && repeats(&s.base).saturating_mul(head_runs) != repeats(&s.head).saturating_mul(base_runs)
    };
    subjects.iter().filter(differs).map(|s| s.name().to_owned()).collect()
}

/// A subject of one side.
type Named<'p> = (&'p SubjectId, &'p Subject);

/// Tests are compared one by one where every test of both sides has a name, and else all together: a test that only
/// some runs know by name would look as if it came and went. Whether names were left out for that.
fn choose_tests(base: &mut Package, head: &mut Package) -> bool {
    let named = |package: &Package| package.runs.iter().all(|run| run.tests_named);
    let has_own = |package: &Package| package.subjects.values().any(|subject| !subject.repeats.is_empty());
    let one_by_one = named(base) && named(head);
    let left_out = !one_by_one && (has_own(base) || has_own(head));
    for package in [base, head] {
        package.subjects.retain(|id, subject| match id.kind {
            SubjectKind::Test | SubjectKind::Benchmark => subject.repeats.is_empty() != one_by_one,
            _ => true,
        });
    }
    left_out
}

fn candidate<'p>((id, subject): Named<'p>) -> Candidate<'p> {
    Candidate { name: &id.name, subject }
}

/// Pairs by exact name; groups also by what survives a changed name. Both lists are in order, and what comes of it are
/// places in them.
fn pair_subjects(base: &[Named<'_>], head: &[Named<'_>]) -> Vec<(Option<usize>, Option<usize>)> {
    let groups = |side: &[Named<'_>]| -> Vec<usize> {
        (0..side.len()).filter(|&i| side[i].0.kind == SubjectKind::Group).collect()
    };
    let (b, h) = (groups(base), groups(head));
    let b_candidates: Vec<Candidate<'_>> = b.iter().map(|&i| candidate(base[i])).collect();
    let h_candidates: Vec<Candidate<'_>> = h.iter().map(|&j| candidate(head[j])).collect();
    let mut pairs = Vec::with_capacity(base.len().max(head.len()));
    let (mut seen_b, mut seen_h) = (vec![false; base.len()], vec![false; head.len()]);
    for (i, j) in closures::pair(&b_candidates, &h_candidates) {
        seen_b[b[i]] = true;
        seen_h[h[j]] = true;
        pairs.push((Some(b[i]), Some(h[j])));
    }
    // Everything else by name: both lists are in order.
    let mut j = 0;
    for (i, (id, _)) in base.iter().enumerate().filter(|(_, (id, _))| id.kind != SubjectKind::Group) {
        while head.get(j).is_some_and(|(other, _)| other < id) {
            j += 1;
        }
        let same = head.get(j).is_some_and(|(other, _)| other == id).then_some(j);
        seen_b[i] = true;
        if let Some(j) = same {
            seen_h[j] = true;
        }
        pairs.push((Some(i), same));
    }
    let left = |seen: Vec<bool>| seen.into_iter().enumerate().filter(|(_, seen)| !seen).map(|(i, _)| i);
    pairs.extend(left(seen_b).map(|i| (Some(i), None)));
    pairs.extend(left(seen_h).map(|j| (None, Some(j))));
    let name = |pair: &(Option<usize>, Option<usize>)| pair.1.map(|j| head[j].0).or(pair.0.map(|i| base[i].0));
    pairs.sort_by(|a, b| name(a).cmp(&name(b)));
    pairs
}

/// How many there are of a subject's own items: what most figures are divided by.
pub(super) const COUNT: &str = "count";

type NotCompared = Vec<(Path, &'static str)>;

/// The series of one subject.
fn changes(
    kind: SubjectKind,
    packages: per::Both<'_>,
    (one, other): (Option<&Subject>, Option<&Subject>),
    environment: &Difference,
) -> (Vec<Change>, NotCompared) {
    let count = |subject: Option<&Subject>| subject.map_or(0, |s| s.figures.len());
    let (mut changes, mut left_out) = (Vec::with_capacity(count(one).max(count(other))), Vec::new());
    let both = one.is_some() && other.is_some();
    let items_are_fixed = [one, other].into_iter().flatten().all(per::has_fixed_items);
    let counts = (one.and_then(|s| s.figures.get(COUNT)), other.and_then(|s| s.figures.get(COUNT)));
    let mut items = Items { known: Vec::new() };
    for (path, figures) in by_path(one, other) {
        let Some(metric) = registry::find(kind, path) else { continue };
        // Of one that is gone the count says all, and of a new one unless there are budgets.
        if other.is_none() && *path != COUNT {
            continue;
        }
        let item = match environment.forbids(kind, metric) {
            Some(why) => Err(why),
            None => per::item(kind, metric, &packages, (one, other)),
        };
        let item = match item {
            Ok(item) => item,
            Err(why) => {
                if both || *path == COUNT {
                    left_out.push((path.clone(), why));
                }
                continue;
            }
        };
        let divisor = per::divisor(kind, metric);
        let sample = |package, subject: Option<&Subject>, figures: Option<&Values>, counts: Option<&Values>| {
            let subject = subject?;
            let divisors = if divisor == COUNT { counts } else { subject.figures.get(divisor) };
            let raw = [figures, divisors].map(|values| values.map_or(&[][..], |values| values));
            let mut values = Few::default();
            values.extend(per::values_of(package, subject, metric, raw.into(), item).flatten());
            Sample::new(values)
        };
        let presence = match (
            sample(packages.base, one, figures.0, counts.0),
            sample(packages.head, other, figures.1, counts.1),
        ) {
            (Some(base), Some(head)) => Presence::Both { base, head },
            // What only one side has of a subject that both have, as a first GC cycle's length, is no change of it.
            _ if both => continue,
            (None, Some(head)) => Presence::Added(head),
            (Some(base), None) => Presence::Removed(base),
            (None, None) => continue,
        };
        let (items, head_items) = items.of(item, path.starts_with("durations."), packages, (one, other));
        changes.push(Change { metric, path: path.clone(), item, presence, items, head_items, items_are_fixed });
    }
    changes.shrink_to_fit();
    (changes, left_out)
}

/// The figures of both sides, by path.
fn by_path<'s>(
    one: Option<&'s Subject>,
    other: Option<&'s Subject>,
) -> impl Iterator<Item = (&'s Path, (Option<&'s Values>, Option<&'s Values>))> {
    let side = |subject: Option<&'s Subject>| subject.into_iter().flat_map(|s| s.figures.iter()).peekable();
    let (mut base, mut head) = (side(one), side(other));
    std::iter::from_fn(move || {
        let order = match (base.peek(), head.peek()) {
            (Some((b, _)), Some((h, _))) => b.cmp(h),
            (Some(_), None) => Ordering::Less,
            (None, _) => Ordering::Greater,
        };
        let b = if order.is_le() { base.next() } else { None };
        let h = if order.is_ge() { head.next() } else { None };
        let path = b.or(h)?.0;
        Some((path, (b.map(|b| b.1), h.map(|h| h.1))))
    })
}

/// How many items lie behind a run's figures of one subject: the same for most of its series.
struct Items {
    known: Vec<((Item, bool), (f64, f64))>,
}

impl Items {
    fn of(
        &mut self,
        item: Item,
        of_durations: bool,
        packages: per::Both<'_>,
        (one, other): (Option<&Subject>, Option<&Subject>),
    ) -> (f64, f64) {
        if let Some((_, items)) = self.known.iter().find(|(of, _)| *of == (item, of_durations)) {
            return *items;
        }
        let items = |package: &Package, subject: Option<&Subject>| match subject {
            Some(s) if of_durations => per::durations_per_run(s),
            Some(s) => per::items_per_run(package, s, item),
            None => 1.0,
        };
        let items = (items(packages.base, one), items(packages.head, other));
        self.known.push(((item, of_durations), items));
        items
    }
}
