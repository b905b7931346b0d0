//! What is the matter with the head that was not with the base, package by package: what most runs of one show, most runs
//! of all packages together do not.

use super::inputs;
use crate::compare::packages;
use crate::config::Config;
use crate::diagnose::{self, Diagnosis};
use crate::summary::Summary;

/// Diagnoses of all packages that both sides have runs of, those of a rule together.
pub(super) fn changes(base: &[Summary], head: &[Summary], config: &Config) -> Vec<Diagnosis> {
    let (bases, heads) = (packages::group(base), packages::group(head));
    let mut said: Vec<Diagnosis> = Vec::new();
    let mut paired = false;
    if bases.len() > 1 || heads.len() > 1 {
        let heads: Vec<_> = heads.iter().collect();
        let of_each = inputs::on_all_cores(&heads, |(identity, runs)| {
            let (_, before) = bases.iter().find(|(other, _)| other.name == identity.name)?;
            let settings = &config.of(&identity.name).diagnose;
            let of = diagnose::changes(before, runs, settings).into_iter();
            Some(of.map(|d| Diagnosis { package: Some(identity.name.clone()), ..d }).collect::<Vec<_>>())
        });
        paired = of_each.iter().any(Option::is_some);
        said.extend(of_each.into_iter().flatten().flatten());
    }
    if !paired {
        // One on each side, or only files name them and no name is in common: they are compared as one.
        let settings = heads.keys().next().map_or(&config.diagnose, |identity| &config.of(&identity.name).diagnose);
        return diagnose::changes(base, head, settings);
    }
    // Stable: within a rule the packages are in order.
    said.sort_by_key(|d| diagnose::RULES.iter().position(|rule| rule.name == d.rule));
    said
}
