//! The figures of one subject, by path. A subject has some twenty, and a comparison millions of subjects: they lie in one
//! list in order.

use std::cell::RefCell;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, Visitor};
use serde::ser::{Serialize, Serializer};

use crate::few::Few;
use crate::metrics::registry::{Expected, Path};

/// One value for each run (or repeat); `None` where it lacks the subject or the figure.
pub type Values = Few<Option<i64>>;

/// So many a group of goroutines has.
const USUAL: usize = 16;
/// So many paths are expected again.
const MOST_EXPECTED: usize = 64;

/// Series by path, in the paths' order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Figures(Vec<(Path, Values)>);

impl Figures {
    /// The values of `path`.
    pub fn get(&self, path: &str) -> Option<&Values> {
        self.at(path).ok().map(|at| &self.0[at].1)
    }

    /// The same, to be changed.
    pub fn get_mut(&mut self, path: &str) -> Option<&mut Values> {
        self.at(path).ok().map(|at| &mut self.0[at].1)
    }

    /// Where `path` is, or would be.
    fn at(&self, path: &str) -> Result<usize, usize> {
        // They mostly come in order.
        match self.0.last() {
            Some((last, _)) if last.as_str() < path => Err(self.0.len()),
            _ => self.0.binary_search_by(|(known, _)| known.as_str().cmp(path)),
        }
    }

    /// Gives what comes under each path to its series, which may be new and empty then. However many there are and in
    /// whatever order they come, that takes no more than sorting them.
    pub fn take<T>(&mut self, more: impl IntoIterator<Item = (Path, T)>, mut give: impl FnMut(&mut Values, T)) {
        let more = more.into_iter();
        let known = self.0.len();
        if known == 0 {
            self.0.reserve_exact(more.size_hint().0);
        }
        let mut next = 0;
        for (path, what) in more {
            let at = match self.0[..known].get(next) {
                Some((expected, _)) if *expected == path => Ok(next),
                _ => self.0[..known].binary_search_by(|(known, _)| known.cmp(&path)),
            };
            match at {
                Ok(at) => {
                    give(&mut self.0[at].1, what);
                    next = at + 1;
                }
                Err(_) => {
                    let mut values = Values::default();
                    give(&mut values, what);
                    self.0.push((path, values));
                }
            }
        }
        self.in_order();
    }

    /// Puts them in order, of several under one path the last.
    fn in_order(&mut self) {
        if !self.0.windows(2).all(|pair| pair[0].0 < pair[1].0) {
            self.0.sort_by(|a, b| a.0.cmp(&b.0));
            self.0.reverse();
            self.0.dedup_by(|a, b| a.0 == b.0);
            self.0.reverse();
        }
    }

    /// Sets the values of `path`, and gives out those that were there.
    pub fn insert(&mut self, path: Path, values: Values) -> Option<Values> {
        match self.at(&path) {
            Ok(at) => Some(std::mem::replace(&mut self.0[at].1, values)),
            Err(at) => {
                self.0.insert(at, (path, values));
                None
            }
        }
    }

    /// Makes room for so many more.
    pub fn reserve(&mut self, more: usize) {
        self.0.reserve_exact(more);
    }

    /// All series.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&Path, &Values)> {
        self.0.iter().map(|(path, values)| (path, values))
    }

    /// All series, to be changed.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = (&Path, &mut Values)> {
        self.0.iter_mut().map(|(path, values)| (&*path, values))
    }

    /// All paths.
    pub fn keys(&self) -> impl Iterator<Item = &Path> {
        self.0.iter().map(|(path, _)| path)
    }

    /// All values.
    pub fn values(&self) -> impl Iterator<Item = &Values> {
        self.0.iter().map(|(_, values)| values)
    }

    /// All values, to be changed.
    pub fn values_mut(&mut self) -> impl Iterator<Item = &mut Values> {
        self.0.iter_mut().map(|(_, values)| values)
    }

    /// How many series there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl FromIterator<(Path, Values)> for Figures {
    fn from_iter<I: IntoIterator<Item = (Path, Values)>>(series: I) -> Figures {
        let mut all = Figures(series.into_iter().collect());
        all.in_order();
        all
    }
}

impl IntoIterator for Figures {
    type Item = (Path, Values);
    type IntoIter = std::vec::IntoIter<(Path, Values)>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<'f> IntoIterator for &'f Figures {
    type Item = &'f (Path, Values);
    type IntoIter = std::slice::Iter<'f, (Path, Values)>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}

impl Serialize for Figures {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter())
    }
}

impl<'de> Deserialize<'de> for Figures {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Figures, D::Error> {
        thread_local! {
            /// The paths of the subject before.
            static LAST: RefCell<Vec<Path>> = const { RefCell::new(Vec::new()) };
        }
        struct Map;
        impl<'de> Visitor<'de> for Map {
            type Value = Figures;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a map")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Figures, A::Error> {
                let mut all: Vec<(Path, Values)> = Vec::with_capacity(map.size_hint().unwrap_or(USUAL).min(USUAL));
                LAST.with_borrow_mut(|last| {
                    while let Some(path) = map.next_key_seed(Expected(last.get(all.len())))? {
                        all.push((path, map.next_value()?));
                    }
                    if !last.iter().eq(all.iter().map(|(path, _)| path)) {
                        last.clear();
                        last.extend(all.iter().take(MOST_EXPECTED).map(|(path, _)| path.clone()));
                    }
                    Ok(())
                })?;
                if !all.is_sorted_by(|a, b| a.0 < b.0) {
                    all.sort_by(|a, b| a.0.cmp(&b.0));
                    if let Some(pair) = all.windows(2).find(|pair| pair[0].0 == pair[1].0) {
                        return Err(A::Error::custom(format!("the key {:?} is there twice", pair[0].0)));
                    }
                }
                all.shrink_to_fit();
                Ok(Figures(all))
            }
        }
        deserializer.deserialize_map(Map)
    }
}
