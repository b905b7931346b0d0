//! A list that is mostly of one: the values of a series with one run a side need no memory of their own.
//!
//! A thousand shards have millions of series. With a vector for each, most of a merge's time went to the allocator.

use std::fmt;
use std::marker::PhantomData;
use std::ops::{Deref, DerefMut};

use serde::de::{Deserialize, Deserializer, SeqAccess, Visitor};
use serde::ser::{Serialize, Serializer};

/// None, one or more: used as the slice that it stands for.
#[derive(Clone)]
pub struct Few<T>(Inner<T>);

#[derive(Clone)]
enum Inner<T> {
    One(T),
    Many(Vec<T>),
}

impl<T> Few<T> {
    /// Only this.
    pub fn one(value: T) -> Few<T> {
        Few(Inner::One(value))
    }

    /// One more at the end.
    pub fn push(&mut self, value: T) {
        match &mut self.0 {
            Inner::Many(many) if many.capacity() == 0 => self.0 = Inner::One(value),
            Inner::Many(many) => many.push(value),
            Inner::One(_) => {
                let mut many = std::mem::take(self).into_vec();
                many.push(value);
                self.0 = Inner::Many(many);
            }
        }
    }

    /// The same as a vector.
    pub fn into_vec(self) -> Vec<T> {
        match self.0 {
            Inner::One(value) => vec![value],
            Inner::Many(many) => many,
        }
    }
}

impl<T: Clone> Few<T> {
    /// So many times the same.
    pub fn of(value: T, count: usize) -> Few<T> {
        if count == 1 { Few::one(value) } else { vec![value; count].into() }
    }

    /// So many, with `value` for those that are missing.
    pub fn resize(&mut self, count: usize, value: T) {
        if self.is_empty() {
            *self = Few::of(value, count);
        } else if self.len() != count {
            let mut all = std::mem::take(self).into_vec();
            all.resize(count, value);
            *self = all.into();
        }
    }
}

impl<T> Default for Few<T> {
    fn default() -> Few<T> {
        Few(Inner::Many(Vec::new()))
    }
}

impl<T> From<Vec<T>> for Few<T> {
    fn from(many: Vec<T>) -> Few<T> {
        Few(Inner::Many(many))
    }
}

impl<T> Deref for Few<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        match &self.0 {
            Inner::One(value) => std::slice::from_ref(value),
            Inner::Many(many) => many,
        }
    }
}

impl<T> DerefMut for Few<T> {
    fn deref_mut(&mut self) -> &mut [T] {
        match &mut self.0 {
            Inner::One(value) => std::slice::from_mut(value),
            Inner::Many(many) => many,
        }
    }
}

impl<T: fmt::Debug> fmt::Debug for Few<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

impl<T: PartialEq> PartialEq for Few<T> {
    fn eq(&self, other: &Few<T>) -> bool {
        **self == **other
    }
}

impl<T> Extend<T> for Few<T> {
    fn extend<I: IntoIterator<Item = T>>(&mut self, more: I) {
        more.into_iter().for_each(|value| self.push(value));
    }
}

impl<T> FromIterator<T> for Few<T> {
    fn from_iter<I: IntoIterator<Item = T>>(values: I) -> Few<T> {
        let mut all = Few::default();
        all.extend(values);
        all
    }
}

impl<T> IntoIterator for Few<T> {
    type Item = T;
    type IntoIter = std::vec::IntoIter<T>;

    fn into_iter(self) -> Self::IntoIter {
        self.into_vec().into_iter()
    }
}

impl<'f, T> IntoIterator for &'f Few<T> {
    type Item = &'f T;
    type IntoIter = std::slice::Iter<'f, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl<T: Serialize> Serialize for Few<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        (**self).serialize(serializer)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Few<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Few<T>, D::Error> {
        struct List<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for List<T> {
            type Value = Few<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a sequence")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Few<T>, A::Error> {
                let mut all = Few::default();
                while let Some(value) = seq.next_element()? {
                    all.push(value);
                }
                Ok(all)
            }
        }
        deserializer.deserialize_seq(List(PhantomData))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_are_the_slice_that_a_vector_would_be() {
        for n in 0..6 {
            let want: Vec<i32> = (0..n).collect();
            let few: Few<i32> = want.iter().copied().collect();
            let json = serde_json::to_string(&few).unwrap();
            assert_eq!((&*few, json.as_str()), (&want[..], serde_json::to_string(&want).unwrap().as_str()));
            assert_eq!(serde_json::from_str::<Few<i32>>(&json).unwrap(), few);
            assert_eq!(few, Few::from(want.clone()), "however it is kept");
            for count in 0..4 {
                let (mut few, mut vec) = (few.clone(), want.clone());
                few.resize(count, 7);
                vec.resize(count, 7);
                assert_eq!(few.into_iter().collect::<Vec<_>>(), vec);
                assert_eq!(&*Few::of(7, count), &vec![7; count][..]);
            }
        }
    }
}
