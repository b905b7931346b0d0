//! Which runs are replicates of one another: those of one package.

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::{framework, names};
use crate::summary::Summary;

/// Where a package's name is from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum NamedBy {
    /// `go test -json`, or the test functions in the trace.
    Import,
    /// The name of the file: only as good as the names are.
    #[default]
    File,
}

/// What runs of one program have in common.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Identity {
    /// An import path, or what is left of the file's name.
    pub name: String,
    /// Which of both.
    pub named_by: NamedBy,
}

/// The runs by package, each with its runs in the order given.
pub fn group(summaries: &[Summary]) -> BTreeMap<Identity, Vec<&Summary>> {
    let mut groups: BTreeMap<Identity, Vec<&Summary>> = BTreeMap::new();
    for summary in summaries {
        groups.entry(identity(summary)).or_default().push(summary);
    }
    // One package is known and some runs do not say theirs: a test that never waited shows no test function.
    let mut imports = groups.keys().filter(|k| k.named_by == NamedBy::Import);
    if let (Some(only), None) = (imports.next().cloned(), imports.next()) {
        let rest: Vec<Identity> = groups.keys().filter(|k| k.named_by == NamedBy::File).cloned().collect();
        for identity in rest {
            let runs = groups.remove(&identity).unwrap_or_default();
            groups.entry(only.clone()).or_default().extend(runs);
        }
        if let Some(runs) = groups.get_mut(&only) {
            // Back into the order given.
            runs.sort_by_key(|r| summaries.iter().position(|s| std::ptr::eq(s, *r)));
        }
    }
    groups
}

/// What a run has in common with others by itself.
pub fn identity(summary: &Summary) -> Identity {
    let import = summary.package.clone().or_else(|| tested_package(summary));
    match import {
        Some(name) => Identity { name, named_by: NamedBy::Import },
        None => Identity { name: stem(&summary.source), named_by: NamedBy::File },
    }
}

/// The package of the test functions that appear in stacks, starts and creators; the one named most often.
fn tested_package(summary: &Summary) -> Option<String> {
    let mut votes: BTreeMap<&str, usize> = BTreeMap::new();
    for function in summary.sites.iter().filter_map(|s| framework::test_frame(&s.stack)).map(|f| &*f.func) {
        *votes.entry(names::package(function)).or_default() += 1;
    }
    if votes.is_empty() && framework::is_under_test(summary) {
        let creators = summary.goroutines.values().flat_map(|g| g.creators.keys());
        for name in summary.goroutines.keys().chain(creators).filter(|n| is_test_function(n)) {
            *votes.entry(names::package(name)).or_default() += 1;
        }
    }
    let best = votes.into_iter().max_by_key(|&(name, n)| (n, std::cmp::Reverse(name)))?.0;
    // An external test package tests the package beside it.
    Some(best.strip_suffix("_test").unwrap_or(best).to_owned())
}

fn is_test_function(function: &str) -> bool {
    names::short(function).split('.').nth(1).is_some_and(|f| {
        ["Test", "Benchmark", "Fuzz", "Example"]
            .iter()
            .any(|p| f.strip_prefix(p).is_some_and(|rest| !rest.starts_with(|c: char| c.is_ascii_lowercase())))
    })
}

/// What is left of a file's name without extensions, the number of the run and the name of the side.
fn stem(source: &str) -> String {
    let name = Path::new(source).file_name().map_or_else(|| source.to_owned(), |n| n.to_string_lossy().into_owned());
    let mut parts: Vec<&str> = name.split(['.', '-', '_']).collect();
    let noise = |p: &str| {
        p.is_empty()
            || p.bytes().all(|b| b.is_ascii_digit())
            || matches!(
                p.to_ascii_lowercase().as_str(),
                "out"
                    | "trace"
                    | "gz"
                    | "zst"
                    | "json"
                    | "base"
                    | "head"
                    | "old"
                    | "new"
                    | "before"
                    | "after"
                    | "main"
                    | "pr"
                    | "run"
            )
    };
    parts.retain(|p| !noise(p));
    parts.join("-")
}

/// Pairs the packages of two sides by name; a single one on each side is a pair whatever they are called.
pub fn pair(base: &[(String, NamedBy)], head: &[(String, NamedBy)]) -> Vec<(Option<String>, Option<String>)> {
    if let ([(b, _)], [(h, _)]) = (base, head) {
        return vec![(Some(b.clone()), Some(h.clone()))];
    }
    let within = |name: &String, list: &[(String, NamedBy)]| list.iter().any(|(n, _)| n == name).then(|| name.clone());
    let mut pairs: Vec<_> = base.iter().map(|(name, _)| (Some(name.clone()), within(name, head))).collect();
    let added = head.iter().filter(|(name, _)| within(name, base).is_none());
    pairs.extend(added.map(|(name, _)| (None, Some(name.clone()))));
    pairs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stem_is_free_of_run_numbers_and_sides() {
        for (source, want) in [
            ("base.1.out", ""),
            ("traces/catalog-head-12.out.zst", "catalog"),
            ("base/catalog.out", "catalog"),
            ("api_v2.trace.gz", "api-v2"),
            ("-", ""),
        ] {
            assert_eq!(stem(source), want, "{source}");
        }
    }

    #[test]
    fn test_functions_are_known_by_name() {
        assert!(is_test_function("example.com/shop.TestLoad.func1"));
        assert!(is_test_function("example.com/shop.Test_load"));
        assert!(!is_test_function("example.com/shop.Testing"));
        assert!(!is_test_function("example.com/shop.load.func1"));
    }
}
