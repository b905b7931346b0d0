//! The test that a subject's figures belong to, over all runs of a side.

use crate::metrics::registry::SubjectKind;
use crate::summary::{Summary, TestNamedBy};

use super::side::{Package, SubjectId};

/// Whose the figures of a subject are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum OfTest {
    /// No run says so.
    #[default]
    Unknown,
    /// Of this test or benchmark; of several subtests it is the test around all of them.
    One(String),
    /// Of several, or of none.
    Several,
}

impl OfTest {
    /// The test's name.
    pub fn name(&self) -> Option<&str> {
        match self {
            OfTest::One(name) => Some(name),
            OfTest::Unknown | OfTest::Several => None,
        }
    }

    /// What both say together.
    pub(super) fn and(&mut self, other: OfTest) {
        *self = match (std::mem::take(self), other) {
            (OfTest::Unknown, one) | (one, OfTest::Unknown) => one,
            (OfTest::One(a), OfTest::One(b)) => around(&a, &b).map_or(OfTest::Several, |n| OfTest::One(n.to_owned())),
            _ => OfTest::Several,
        };
    }
}

impl From<Option<String>> for OfTest {
    fn from(name: Option<String>) -> OfTest {
        name.map_or(OfTest::Unknown, OfTest::One)
    }
}

/// The innermost test around both: `TestA` of `TestA/x` and `TestA/y/z`.
fn around<'a>(a: &'a str, b: &str) -> Option<&'a str> {
    let mut starts = a.match_indices('/').filter_map(|(i, _)| a.get(..i)).chain([a]);
    let is_around = |start: &str| b.strip_prefix(start).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    starts.rfind(|start| is_around(start))
}

/// Notes what a run says of its subjects.
pub(super) fn note(package: &mut Package, summary: &Summary) {
    if summary.tests.is_empty() {
        return;
    }
    let mut said: std::collections::BTreeMap<(SubjectKind, &str), OfTest> = std::collections::BTreeMap::new();
    for test in &summary.tests {
        let of = match test.named_by {
            TestNamedBy::Nothing => OfTest::Several,
            _ => OfTest::One(test.name.clone()),
        };
        let kinds = [
            (SubjectKind::Group, &test.groups),
            (SubjectKind::Region, &test.regions),
            (SubjectKind::Task, &test.tasks),
        ];
        for (kind, names) in kinds {
            for name in names {
                said.entry((kind, name.as_str())).or_default().and(of.clone());
            }
        }
    }
    let groups = summary.goroutines.keys().map(|name| (SubjectKind::Group, name));
    let regions = summary.regions.keys().map(|name| (SubjectKind::Region, name));
    let tasks = summary.tasks.keys().map(|name| (SubjectKind::Task, name));
    for (kind, name) in groups.chain(regions).chain(tasks) {
        let Some(subject) = package.subjects.get_mut(&SubjectId { kind, name: name.clone() }) else { continue };
        // What no test has in a run belongs to none there.
        subject.of_test.and(said.remove(&(kind, name.as_str())).unwrap_or(OfTest::Several));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_belong_to_the_test_around_all_that_have_them() {
        let cases = [
            ("TestA", "TestA", Some("TestA")),
            ("TestA/x", "TestA/y", Some("TestA")),
            ("TestA/x/1", "TestA/x/2", Some("TestA/x")),
            ("TestA", "TestA/x", Some("TestA")),
            ("TestA/x", "TestA", Some("TestA")),
            ("TestA", "TestAB", None),
            ("TestAB/x", "TestA/x", None),
            ("TestÄ/ß", "TestÄ/ö", Some("TestÄ")),
            // Cut within a character of the other.
            ("TestA", "TestÄ", None),
            ("TestA/x", "Testß", None),
            ("", "TestA", None),
        ];
        for (a, b, expected) in cases {
            assert_eq!(around(a, b), expected, "{a} and {b}");
        }
        let mut of = OfTest::Unknown;
        for next in [OfTest::One("TestA/x".into()), OfTest::Unknown, OfTest::One("TestA/y".into())] {
            of.and(next);
        }
        assert_eq!(of.name(), Some("TestA"));
        of.and(OfTest::Several);
        assert_eq!(of, OfTest::Several);
    }
}
