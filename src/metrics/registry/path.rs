//! The path of a figure, `exec_ns` or `block_ns.sync`: one text for all series that have it.

use std::borrow::{Borrow, Cow};
use std::cell::RefCell;
use std::fmt;
use std::ops::Deref;
use std::sync::{LazyLock, Mutex, PoisonError};

use serde::de::{Deserialize, DeserializeSeed, Deserializer, Visitor};
use serde::ser::{Serialize, Serializer};

use super::{Metric, metrics};
use crate::hash::HashSet;

/// The path of a figure. A comparison has one for each of its series, which are millions, of a few dozen texts.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Path(Cow<'static, str>);

/// So many texts are kept for good; more than any trace has, unless it was crafted for that.
const MOST_KEPT: usize = 2048;
/// Longer ones are not.
const LONGEST_KEPT: usize = 128;

impl Path {
    /// The same text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The path that reads so.
    pub fn new(text: &str) -> Path {
        thread_local! {
            static KNOWN: RefCell<HashSet<&'static str>> = RefCell::default();
        }
        KNOWN.with_borrow_mut(|known| {
            if let Some(kept) = known.get(text) {
                return Path(Cow::Borrowed(kept));
            }
            match kept(text) {
                Some(kept) => {
                    known.insert(kept);
                    Path(Cow::Borrowed(kept))
                }
                None => Path(Cow::Owned(text.to_owned())),
            }
        })
    }

    /// The path of what `name` stands for in a family of figures.
    pub(super) fn in_family(metric: &'static Metric, name: &str) -> Path {
        const MOST: usize = 64;
        let stem = metric.id.trim_end_matches('*');
        let mut text = [0; MOST];
        let length = stem.len() + name.len();
        // Nearly all are short and known: those are put together without the heap.
        if let Some(text) = text.get_mut(..length) {
            let (begin, end) = text.split_at_mut(stem.len());
            begin.copy_from_slice(stem.as_bytes());
            end.copy_from_slice(name.as_bytes());
            if let Ok(text) = std::str::from_utf8(text) {
                return Path::new(text);
            }
        }
        Path::new(&format!("{stem}{name}"))
    }
}

impl From<&'static Metric> for Path {
    fn from(metric: &'static Metric) -> Path {
        Path(Cow::Borrowed(metric.id))
    }
}

/// The text that stays, whoever asks for it first.
fn kept(text: &str) -> Option<&'static str> {
    static ALL: LazyLock<Mutex<HashSet<&'static str>>> =
        LazyLock::new(|| Mutex::new(metrics().map(|metric| metric.id).collect()));
    let mut all = ALL.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(kept) = all.get(text) {
        return Some(kept);
    }
    if all.len() >= MOST_KEPT || text.len() > LONGEST_KEPT {
        return None;
    }
    let kept: &'static str = Box::leak(text.into());
    all.insert(kept);
    Some(kept)
}

impl Deref for Path {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl Borrow<str> for Path {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl PartialEq<str> for Path {
    fn eq(&self, other: &str) -> bool {
        self.as_str() == other
    }
}

impl PartialEq<&str> for Path {
    fn eq(&self, other: &&str) -> bool {
        self.as_str() == *other
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self)
    }
}

impl fmt::Debug for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

impl Serialize for Path {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self)
    }
}

impl<'de> Deserialize<'de> for Path {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Path, D::Error> {
        Expected(None).deserialize(deserializer)
    }
}

/// Reads a path that is probably this one: subjects of a kind have the same paths in the same order.
pub struct Expected<'p>(pub Option<&'p Path>);

impl<'de> DeserializeSeed<'de> for Expected<'_> {
    type Value = Path;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Path, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Expected<'_> {
    type Value = Path;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_str<E>(self, text: &str) -> Result<Path, E> {
        Ok(self.0.filter(|path| path.as_str() == text).cloned().unwrap_or_else(|| Path::new(text)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_flood_of_names_is_kept() {
        let long = "x".repeat(LONGEST_KEPT + 1);
        assert_eq!(kept(&long), None);
        assert_eq!(Path::new(&long), *long.as_str());
        for i in 0..MOST_KEPT + 10 {
            let text = format!("block_ns.reason {i}");
            assert_eq!((Path::new(&text).as_str(), Path::new("exec_ns").as_str()), (text.as_str(), "exec_ns"));
        }
        assert_eq!(kept("one that nobody has"), None);
        assert_eq!(kept("exec_ns"), Some("exec_ns"));
    }
}
