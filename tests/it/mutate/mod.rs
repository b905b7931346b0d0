//! Recordings changed at random, from a seed: their bytes, or what the bytes mean.

pub mod v1;
pub mod v2;
pub mod wire;

use fastrand::Rng;

/// A recording, and taken apart as its format is.
pub struct Source {
    pub name: String,
    pub bytes: Vec<u8>,
    pub parts: Parts,
}

/// A recording taken apart.
#[derive(Clone)]
pub enum Parts {
    V1(v1::Trace),
    V2(v2::Trace),
}

impl Source {
    /// Takes a recording apart.
    pub fn new(name: &str, bytes: Vec<u8>) -> Source {
        let parts = if bytes.starts_with(b"go 1.21") || bytes.starts_with(b"go 1.19") || bytes.starts_with(b"go 1.11") {
            Parts::V1(v1::Trace::parse(&bytes).expect("a recording"))
        } else {
            Parts::V2(v2::Trace::parse(&bytes).expect("a recording"))
        };
        Source { name: name.to_owned(), bytes, parts }
    }
}

/// One of `sources` with some changes, which `seed` says.
pub fn mutated(sources: &[Source], seed: u64) -> (&str, Vec<u8>) {
    let rng = &mut Rng::with_seed(seed);
    let source = &sources[rng.usize(..sources.len())];
    let donor = &sources[rng.usize(..sources.len())];
    let mut bytes = match (&source.parts, &donor.parts) {
        // A third is changed in its bytes alone.
        _ if rng.u8(..3) == 0 => source.bytes.clone(),
        (Parts::V1(trace), Parts::V1(donor)) => {
            let mut trace = trace.clone();
            (0..rng.u8(1..5)).for_each(|_| trace.change(donor, rng));
            trace.bytes()
        }
        (Parts::V2(trace), Parts::V2(donor)) => {
            let mut trace = trace.clone();
            (0..rng.u8(1..5)).for_each(|_| trace.change(donor, rng));
            trace.bytes()
        }
        (Parts::V1(trace), _) => {
            let mut trace = trace.clone();
            (0..rng.u8(1..5)).for_each(|_| trace.change(&trace.clone(), rng));
            trace.bytes()
        }
        (Parts::V2(trace), _) => {
            let mut trace = trace.clone();
            (0..rng.u8(1..5)).for_each(|_| trace.change(&trace.clone(), rng));
            trace.bytes()
        }
    };
    if bytes == source.bytes || rng.u8(..8) == 0 {
        (0..rng.u8(1..6)).for_each(|_| change_bytes(&mut bytes, rng));
    }
    (&source.name, bytes)
}

/// One change of bytes, whatever they mean.
pub fn change_bytes(bytes: &mut Vec<u8>, rng: &mut Rng) {
    if bytes.is_empty() {
        return;
    }
    let len = bytes.len();
    let at = rng.usize(..len);
    match rng.u8(..10) {
        0 | 1 => bytes[at] ^= 1 << rng.u8(..8),
        2 | 3 => bytes[at] = rng.u8(..),
        4 => bytes[at] = [0, 1, 0x7f, 0x80, 0xff][rng.usize(..5)],
        5 => bytes.insert(at, rng.u8(..)),
        6 => drop(bytes.drain(at..len.min(at + rng.usize(1..20)))),
        7 => bytes.swap(at, rng.usize(..len)),
        8 => {
            let part = bytes[at..len.min(at + rng.usize(1..200))].to_vec();
            let to = rng.usize(..len);
            drop(bytes.splice(to..to, part));
        }
        _ if rng.u8(..4) == 0 => bytes.truncate(at),
        _ => bytes[at] = bytes[at].wrapping_add(1),
    }
}
