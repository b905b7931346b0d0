//! Where a run was recorded, and what its binary was built with: what a trace does not say, and whoever recorded it
//! knows.
//!
//! What is not known is not there. Nothing is filled in from the machine that reads a trace, which may be another one.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One thing that is known of an environment, beside the trace's format and GOMAXPROCS, which traces say themselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Fact {
    /// The Go release that built the binary, as in `go1.26.3`.
    Go,
    /// GOOS.
    Os,
    /// GOARCH, with its level where that is not the least: `amd64`, `amd64/v3`.
    Arch,
    /// The processor's model, as the system calls it.
    Cpu,
    /// How many processors the control group allows, as in `2` or `1.5`; `none` without such a limit.
    Quota,
    /// GOGC.
    Gogc,
    /// GOMEMLIMIT.
    Gomemlimit,
    /// GODEBUG: what the binary was built with, then what the environment variable says.
    Godebug,
    /// GOEXPERIMENT.
    Goexperiment,
    /// Whether it was built with -race, -msan or -asan: `off`, or which.
    Race,
    /// Whether it was built with -cover: `on` or `off`.
    Cover,
    /// Build tags, sorted, with commas between them; `none`.
    Tags,
    /// The profile that guided optimization: the beginning of its SHA-256, or `off`.
    Pgo,
}

impl Fact {
    /// Every fact.
    pub const ALL: [Fact; 13] = [
        Fact::Go,
        Fact::Os,
        Fact::Arch,
        Fact::Cpu,
        Fact::Quota,
        Fact::Gogc,
        Fact::Gomemlimit,
        Fact::Godebug,
        Fact::Goexperiment,
        Fact::Race,
        Fact::Cover,
        Fact::Tags,
        Fact::Pgo,
    ];

    /// What it is called in reports.
    pub fn name(self) -> &'static str {
        match self {
            Fact::Go => "Go release",
            Fact::Os => "GOOS",
            Fact::Arch => "GOARCH",
            Fact::Cpu => "CPU model",
            Fact::Quota => "CPU quota",
            Fact::Gogc => "GOGC",
            Fact::Gomemlimit => "GOMEMLIMIT",
            Fact::Godebug => "GODEBUG",
            Fact::Goexperiment => "GOEXPERIMENT",
            Fact::Race => "-race",
            Fact::Cover => "-cover",
            Fact::Tags => "build tags",
            Fact::Pgo => "-pgo",
        }
    }
}

/// What is known of where a run was recorded.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Environment(#[serde(deserialize_with = "crate::unique::map")] BTreeMap<Fact, String>);

/// Longer values are no facts, but an attempt to fill the disk.
const LONGEST: usize = 4096;

impl Environment {
    /// What is known of one thing.
    pub fn get(&self, fact: Fact) -> Option<&str> {
        self.0.get(&fact).map(String::as_str)
    }

    /// Notes a fact.
    pub fn set(&mut self, fact: Fact, value: impl Into<String>) {
        let value: String = value.into();
        self.0.insert(fact, value.chars().take(LONGEST).collect());
    }

    /// Whether nothing is known.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All that is known, in the order of [`Fact`].
    pub fn iter(&self) -> impl Iterator<Item = (Fact, &str)> {
        self.0.iter().map(|(fact, value)| (*fact, value.as_str()))
    }

    /// What is known here and there, and the same.
    pub fn common(&self, other: &Environment) -> Environment {
        let same = |(fact, value): &(&Fact, &String)| other.0.get(fact) == Some(*value);
        Environment(self.0.iter().filter(same).map(|(f, v)| (*f, v.clone())).collect())
    }

    /// As it is compared: Go's patch releases are the same Go (`go1.26.3` is `go1.26`).
    pub fn to_compare(&self) -> Environment {
        let mut out = self.clone();
        if let Some(go) = out.0.get_mut(&Fact::Go) {
            *go = minor(go);
        }
        out
    }
}

/// `go1.26` of `go1.26.3`; what is no release stays as it is, as `devel ...` does.
fn minor(release: &str) -> String {
    let mut parts = release.splitn(3, '.');
    match (parts.next(), parts.next()) {
        (Some(major), Some(minor)) if major.starts_with("go") => {
            let digits: String = minor.chars().take_while(char::is_ascii_digit).collect();
            if digits.is_empty() { release.to_owned() } else { format!("{major}.{digits}") }
        }
        _ => release.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patch_releases_are_one_go() {
        for (release, want) in [
            ("go1.26.3", "go1.26"),
            ("go1.27rc1", "go1.27"),
            ("go1.27", "go1.27"),
            ("devel go1.28-abc", "devel go1.28-abc"),
        ] {
            assert_eq!(minor(release), want);
        }
    }

    #[test]
    fn only_what_both_know_is_common() {
        let mut a = Environment::default();
        a.set(Fact::Os, "linux");
        a.set(Fact::Arch, "amd64");
        a.set(Fact::Cpu, "x".repeat(5000));
        assert_eq!(a.get(Fact::Cpu).map(str::len), Some(LONGEST));
        let mut b = Environment::default();
        b.set(Fact::Os, "linux");
        b.set(Fact::Arch, "arm64");
        let common = a.common(&b);
        assert_eq!(common.iter().collect::<Vec<_>>(), [(Fact::Os, "linux")]);
        assert_eq!(serde_json::to_string(&common).unwrap(), r#"{"os":"linux"}"#);
        assert!(serde_json::from_str::<Environment>(r#"{"moon":"full"}"#).is_err());
    }
}
