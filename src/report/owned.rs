//! Whose the findings are: each gets the owners of the place to look at, and all are counted by package and owner.

use std::collections::BTreeMap;

use super::escape::Text;
use super::model::{Counts, Report};
use crate::owners::Owners;
use crate::paths::Repository;

/// Findings of one package and its owners.
#[derive(Clone, Debug, PartialEq)]
pub struct Part {
    /// The package; empty where it is not known.
    pub package: Text,
    /// Who owns the places of these findings; nobody, where that is not known.
    pub owners: Vec<Text>,
    /// How many there are of each kind, without those that are a part of another.
    pub counts: Counts,
}

/// Says of every finding whose it is: the owners of the place to look at, else of where the subject starts, else of the
/// package.
pub fn own(report: &mut Report, owners: &Owners, repository: &Repository) {
    for finding in &mut report.findings {
        let places = [finding.position.as_ref(), finding.subject.position.as_ref()];
        let found = places.into_iter().flatten().map(|place| place.owners(owners)).find(|found| !found.is_empty());
        let package = || finding.subject.package.as_ref().map(|p| p.package_owners(owners, repository));
        finding.owners = found.or_else(package).unwrap_or_default();
    }
}

/// The findings by package and owners, those with the gravest first.
pub fn parts(report: &Report) -> Vec<Part> {
    let mut by: BTreeMap<(Text, Vec<Text>), Vec<super::model::Meaning>> = BTreeMap::new();
    for finding in report.leads() {
        let key = (finding.subject.package.clone().unwrap_or_default(), finding.owners.clone());
        by.entry(key).or_default().push(finding.verdict);
    }
    let part = |((package, owners), meanings): ((Text, Vec<Text>), Vec<super::model::Meaning>)| Part {
        package,
        owners,
        counts: Counts::of(meanings),
    };
    let mut parts: Vec<Part> = by.into_iter().map(part).collect();
    parts.sort_by_key(|p| std::cmp::Reverse((p.counts.regressions, p.counts.inconclusive, p.counts.improvements)));
    parts
}
