//! Profiles as `go tool pprof` reads them: protocol buffers, compressed.
//!
//! The tables are those of pprof's `profile.proto`; sample types, period and the order of the values are those of the
//! profiles that `go tool trace -pprof` writes, so that one can be laid beside the other.

use std::collections::BTreeMap;
use std::io::Write;

use flate2::{Compression, write::GzEncoder};
use prost::Message;

use super::profiles::Sample;
use crate::report::escape::Text;

/// `perftools.profiles.Profile`, as far as it is used.
#[derive(Clone, PartialEq, Message)]
struct Profile {
    #[prost(message, repeated, tag = "1")]
    sample_type: Vec<ValueType>,
    #[prost(message, repeated, tag = "2")]
    sample: Vec<Values>,
    #[prost(message, repeated, tag = "4")]
    location: Vec<Location>,
    #[prost(message, repeated, tag = "5")]
    function: Vec<Function>,
    #[prost(string, repeated, tag = "6")]
    string_table: Vec<String>,
    #[prost(int64, tag = "10")]
    duration_nanos: i64,
    #[prost(message, optional, tag = "11")]
    period_type: Option<ValueType>,
    #[prost(int64, tag = "12")]
    period: i64,
    #[prost(int64, repeated, tag = "13")]
    comment: Vec<i64>,
}

#[derive(Clone, PartialEq, Message)]
struct ValueType {
    #[prost(int64, tag = "1")]
    kind: i64,
    #[prost(int64, tag = "2")]
    unit: i64,
}

#[derive(Clone, PartialEq, Message)]
struct Values {
    #[prost(uint64, repeated, tag = "1")]
    location_id: Vec<u64>,
    #[prost(int64, repeated, tag = "2")]
    value: Vec<i64>,
}

#[derive(Clone, PartialEq, Message)]
struct Location {
    #[prost(uint64, tag = "1")]
    id: u64,
    #[prost(message, repeated, tag = "4")]
    line: Vec<Line>,
}

#[derive(Clone, PartialEq, Message)]
struct Line {
    #[prost(uint64, tag = "1")]
    function_id: u64,
    #[prost(int64, tag = "2")]
    line: i64,
}

#[derive(Clone, PartialEq, Message)]
struct Function {
    #[prost(uint64, tag = "1")]
    id: u64,
    #[prost(int64, tag = "2")]
    name: i64,
    #[prost(int64, tag = "3")]
    system_name: i64,
    #[prost(int64, tag = "4")]
    filename: i64,
}

/// Strings of a profile, each once; the first one has to be empty.
struct Strings(Vec<String>, BTreeMap<String, i64>);

impl Strings {
    fn of(&mut self, text: &str) -> i64 {
        let next = self.0.len() as i64;
        let at = *self.1.entry(text.to_owned()).or_insert(next);
        if at == next {
            self.0.push(text.to_owned());
        }
        at
    }

    fn value_type(&mut self, kind: &str, unit: &str) -> ValueType {
        ValueType { kind: self.of(kind), unit: self.of(unit) }
    }
}

/// The profile as a file: `duration_ns` is how long what it shows took, `comments` are shown by `pprof -comments`.
///
/// # Errors
/// When it cannot be compressed.
pub fn file(samples: &[Sample], duration_ns: i64, comments: &[&str]) -> std::io::Result<Vec<u8>> {
    let mut strings = Strings(vec![String::new()], [(String::new(), 0)].into_iter().collect());
    let mut profile = Profile {
        sample_type: vec![strings.value_type("contentions", "count"), strings.value_type("delay", "nanoseconds")],
        period_type: Some(strings.value_type("trace", "count")),
        period: 1,
        duration_nanos: duration_ns,
        comment: comments.iter().map(|comment| strings.of(&Text::from(*comment).shown())).collect(),
        ..Profile::default()
    };
    let mut functions: BTreeMap<(&str, &str), u64> = BTreeMap::new();
    let mut locations: BTreeMap<(u64, u32), u64> = BTreeMap::new();
    for sample in samples {
        let mut ids = Vec::with_capacity(sample.stack.len());
        for frame in &sample.stack {
            let next = functions.len() as u64 + 1;
            let function = *functions.entry((&frame.func, &frame.file)).or_insert(next);
            if function == next {
                let name = strings.of(&Text::from(&*frame.func).shown());
                let filename = strings.of(&Text::from(&*frame.file).shown());
                profile.function.push(Function { id: function, name, system_name: name, filename });
            }
            let next = locations.len() as u64 + 1;
            let location = *locations.entry((function, frame.line)).or_insert(next);
            if location == next {
                let line = vec![Line { function_id: function, line: i64::from(frame.line) }];
                profile.location.push(Location { id: location, line });
            }
            ids.push(location);
        }
        profile.sample.push(Values { location_id: ids, value: vec![sample.count, sample.time_ns] });
    }
    profile.string_table = strings.0;
    let mut out = GzEncoder::new(Vec::new(), Compression::default());
    out.write_all(&profile.encode_to_vec())?;
    out.finish()
}
