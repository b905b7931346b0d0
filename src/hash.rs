//! The hash tables of this crate, chosen in one place.
//!
//! Keys come out of untrusted traces, so the hasher is seeded from the process: a file cannot be built offline
//! to make its keys collide. Nothing that is printed or stored ever depends on iteration order.

/// A hash map with the crate's hasher.
pub type HashMap<K, V> = std::collections::HashMap<K, V, foldhash::fast::RandomState>;

/// A hash set with the crate's hasher.
pub type HashSet<K> = std::collections::HashSet<K, foldhash::fast::RandomState>;

/// A keyed hash, for hashes that stand for what they were made of. Each has a key of its own, drawn from the
/// operating system's randomness: SipHash, whose collisions cannot be found without the key.
pub(crate) type KeyedHash = std::hash::RandomState;

/// A quick hash, for the other half of such a hash: it need not resist anybody, only depend on something else.
pub(crate) type QuickHash = foldhash::quality::RandomState;
