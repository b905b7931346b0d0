//! What holds of any input: mutated recordings neither panic nor read as something they are not.

use gotrace_diff::summarize::{Options, summarize};
use gotrace_diff::trace::TraceErrorClass as Class;
use proptest::prelude::*;

use crate::data;

/// One small recording of each format.
const SMALL: [&str; 7] = [
    "go1.21.13/sched",
    "go1.22.10/cgo",
    "go1.23.9/coro",
    "go1.24.11/sched",
    "go1.25.5/cgo",
    "go1.26.6/coro",
    "go1.27.3/sched",
];

/// A change to a file.
#[derive(Clone, Debug)]
enum Mutation {
    Flip(prop::sample::Index, u8),
    Set(prop::sample::Index, u8),
    Insert(prop::sample::Index, u8),
    Remove(prop::sample::Index, u8),
    Swap(prop::sample::Index, prop::sample::Index),
}

fn mutation() -> impl Strategy<Value = Mutation> {
    let at = || any::<prop::sample::Index>();
    prop_oneof![
        (at(), 0u8..8).prop_map(|(i, bit)| Mutation::Flip(i, bit)),
        (at(), any::<u8>()).prop_map(|(i, byte)| Mutation::Set(i, byte)),
        (at(), any::<u8>()).prop_map(|(i, byte)| Mutation::Insert(i, byte)),
        (at(), 1u8..20).prop_map(|(i, n)| Mutation::Remove(i, n)),
        (at(), at()).prop_map(|(a, b)| Mutation::Swap(a, b)),
    ]
}

fn apply(bytes: &mut Vec<u8>, mutation: &Mutation) {
    if bytes.is_empty() {
        return;
    }
    let len = bytes.len();
    match *mutation {
        Mutation::Flip(i, bit) => bytes[i.index(len)] ^= 1 << bit,
        Mutation::Set(i, byte) => bytes[i.index(len)] = byte,
        Mutation::Insert(i, byte) => bytes.insert(i.index(len), byte),
        Mutation::Remove(i, n) => {
            let at = i.index(len);
            bytes.drain(at..len.min(at + usize::from(n)));
        }
        Mutation::Swap(a, b) => bytes.swap(a.index(len), b.index(len)),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn mutated_traces_end_in_a_summary_or_a_short_error(
        which in 0..SMALL.len(),
        mutations in prop::collection::vec(mutation(), 1..6),
    ) {
        let mut bytes = data::trace(SMALL[which]);
        for mutation in &mutations {
            apply(&mut bytes, mutation);
        }
        let whole = summarize("mutated", bytes.as_slice(), &Options::default());
        let partial = summarize("mutated", bytes.as_slice(), &Options { allow_partial: true, ..Options::default() });
        match whole {
            Ok(summary) => {
                // Times in states never exceed what the sums can hold, and what is whole is whole either way.
                prop_assert!(summary.end_ns >= summary.start_ns);
                prop_assert_eq!(partial.ok(), Some(summary));
            }
            Err(error) => {
                prop_assert!(error.to_string().len() < 2048);
                if let Ok(summary) = partial {
                    prop_assert!(!summary.complete, "{}", error);
                    prop_assert!(matches!(error.kind().class(), Class::Truncated | Class::Corrupt | Class::Glued));
                }
            }
        }
    }

    #[test]
    fn random_bytes_behind_a_header_never_read(
        minor in prop_oneof![Just(11), Just(19), Just(21), Just(22), Just(23), Just(25), Just(26)],
        tail in prop::collection::vec(any::<u8>(), 0..400),
    ) {
        let mut bytes = format!("go 1.{minor} trace").into_bytes();
        bytes.resize(16, 0);
        bytes.extend(tail);
        prop_assert!(summarize("random", bytes.as_slice(), &Options::default()).is_err());
    }
}

#[test]
fn every_single_bit_flip_of_a_small_trace_is_survived() {
    let trace = data::trace("go1.27.3/coro");
    let (mut read, mut refused) = (0u32, 0u32);
    for at in 0..trace.len() {
        for bit in 0..8 {
            let mut flipped = trace.clone();
            flipped[at] ^= 1 << bit;
            match summarize("flipped", flipped.as_slice(), &Options::default()) {
                Ok(_) => read += 1,
                Err(_) => refused += 1,
            }
        }
    }
    // The format has no checksum: flips in times, names and positions cannot be noticed, and those are most bytes.
    assert!(refused > read / 4, "{read} flipped traces read, {refused} are refused");
}

#[test]
fn numbers_are_read_back_as_they_were_written() {
    // As cargo-fuzz found them: without serde_json's `float_roundtrip` each came back as its neighbour, and a report that was
    // read and written again was another.
    for value in [999_999_999.999_969_1, 3_717.565_217_391_304_5, 361.917_234_836_512_36, 3_948_026.534_119_375_5] {
        let text = serde_json::to_string(&value).unwrap();
        assert_eq!(serde_json::from_str::<f64>(&text).unwrap().to_bits(), f64::to_bits(value), "{text}");
    }
}
