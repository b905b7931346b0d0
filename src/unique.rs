//! Maps out of JSON in which no key is twice: readers differ in which of two they believe.

use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, Visitor};

/// Such a map, where a type of its own is needed.
#[derive(Debug)]
pub struct Unique<K, V>(pub BTreeMap<K, V>);

/// Reads one: `#[serde(deserialize_with = "unique::map")]`.
///
/// # Errors
/// Where it is none.
pub fn map<'de, D, K, V>(deserializer: D) -> Result<BTreeMap<K, V>, D::Error>
where
    D: Deserializer<'de>,
    K: Deserialize<'de> + Ord,
    V: Deserialize<'de>,
{
    Unique::deserialize(deserializer).map(|unique| unique.0)
}

/// Larger maps are built in one go, which inserting into would take a search for each key.
const FEW: usize = 8;

impl<'de, K: Deserialize<'de> + Ord, V: Deserialize<'de>> Deserialize<'de> for Unique<K, V> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Map<K, V>(PhantomData<(K, V)>);
        impl<'de, K: Deserialize<'de> + Ord, V: Deserialize<'de>> Visitor<'de> for Map<K, V> {
            type Value = Unique<K, V>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a map")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let (mut all, mut more, mut seen) = (BTreeMap::new(), Vec::new(), 0);
                while let Some((key, value)) = map.next_entry()? {
                    seen += 1;
                    if seen <= FEW {
                        all.insert(key, value);
                    } else {
                        more.push((key, value));
                    }
                }
                if !more.is_empty() {
                    all.append(&mut more.into_iter().collect());
                }
                if all.len() == seen { Ok(Unique(all)) } else { Err(A::Error::custom("a key is there twice")) }
            }
        }
        deserializer.deserialize_map(Map(PhantomData))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn maps_are_read_whole_unless_a_key_is_twice() {
        for n in 0..40u64 {
            let want: BTreeMap<String, u64> = (0..n).map(|i| (format!("k{i}"), i)).collect();
            for rotated in [0, n / 3, n / 2] {
                let order = (0..n).map(|i| (i + rotated) % n.max(1));
                let keys: Vec<String> = order.map(|i| format!("\"k{i}\":{i}")).collect();
                let text = format!("{{{}}}", keys.join(","));
                assert_eq!(serde_json::from_str::<Unique<String, u64>>(&text).unwrap().0, want, "{text}");
                for again in [0, n / 2, n.saturating_sub(1)].into_iter().filter(|&i| i < n) {
                    let text = text.replacen('}', &format!(",\"k{again}\":7}}"), 1);
                    assert!(serde_json::from_str::<Unique<String, u64>>(&text).is_err(), "{text}");
                }
            }
        }
    }
}
