//! The committed baseline: the runs of one version, written so that people can review them and git can merge them.
//!
//! Canonical: sorted, one series a line, environments once at the top, nothing that differs between two writings of the
//! same runs (no times of day, no folders of the machine). One document holds runs of several environments, each a
//! column of its own; its lines lie together, so that two branches which update two environments touch no common line:
//!
//! ```text
//!   environments   1f0c…: linux, go1.26, GOMAXPROCS 2        9b77…: darwin, go1.26, GOMAXPROCS 8
//!   series         1f0c…  cart.Fill count  [8,8,8]
//!                  1f0c…  cart.Sum  count  [1,1,1]
//!                  9b77…  cart.Fill count  [8,8,8]
//! ```

mod document;
mod read;

use std::collections::{BTreeMap, BTreeSet};

pub use document::SCHEMA;
pub use read::{SCHEMA_1, read, read_any};

use crate::compare::environment::Difference;
use crate::compare::side::{SiteFigures, SiteKey};
use crate::compare::{Package, Run, Side};
use crate::error::Error;
use crate::paths::Repository;
use crate::summary::{Environment, Summary};

/// What the file is called, beside go.mod.
pub const FILE_NAME: &str = "gotrace-baseline.json";

/// Stacks of a group that are kept: those with the most time. They say where a change happened, and gate nothing.
pub(crate) const MOST_SITES: usize = 20;

/// Longer values of an environment are cut in its words.
const LONGEST_WORD: usize = 40;

/// Where a column's runs were recorded.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// The trace's header.
    pub format: String,
    /// GOMAXPROCS; 0 where unknown.
    pub gomaxprocs: u64,
    /// What else is known.
    pub facts: Environment,
}

/// The runs of one environment.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Column {
    /// What its lines are marked by; drawn from the place, and kept while the column lives.
    pub id: String,
    /// Where it was recorded.
    pub place: Place,
    /// Its runs.
    pub side: Side,
}

/// A baseline.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Baseline {
    /// In the order of their places.
    pub columns: Vec<Column>,
}

impl Place {
    /// Where a run was recorded.
    pub fn of(run: &Run) -> Place {
        Place { format: run.format.clone(), gomaxprocs: run.gomaxprocs, facts: run.environment.clone() }
    }

    /// A run that was recorded there, for comparing places.
    fn run(&self) -> Run {
        Run {
            format: self.format.clone(),
            gomaxprocs: self.gomaxprocs,
            environment: self.facts.clone(),
            ..Run::default()
        }
    }

    /// Whether nothing that is known of both differs.
    pub fn fits(&self, other: &Place) -> bool {
        Difference::between(&[&self.run()], &[&other.run()]).is_none()
    }

    /// What is known of both. They have to fit.
    pub fn common(&self, other: &Place) -> Place {
        let gomaxprocs = if self.gomaxprocs == other.gomaxprocs { self.gomaxprocs } else { 0 };
        Place { format: self.format.clone(), gomaxprocs, facts: self.facts.common(&other.facts) }
    }

    /// In words: `go 1.26, GOMAXPROCS 2, GOOS linux`.
    pub fn words(&self) -> String {
        let procs = if self.gomaxprocs == 0 { "unknown".to_owned() } else { self.gomaxprocs.to_string() };
        let mut words = vec![format!("traces of {}", self.format), format!("GOMAXPROCS {procs}")];
        // GODEBUG of an old go.mod has dozens of settings.
        let short = |value: &str| match value.char_indices().nth(LONGEST_WORD) {
            Some((end, _)) => format!("{}…", value.get(..end).unwrap_or_default()),
            None => value.to_owned(),
        };
        words.extend(self.facts.iter().map(|(fact, value)| format!("{} {}", fact.name(), short(value))));
        words.join(", ")
    }
}

impl Baseline {
    /// The baseline of these runs: a column for each environment. `rounds`: the N of `-benchtime=Nx` of each
    /// package, where it is said.
    pub fn of(summaries: &[Summary], rounds: &dyn Fn(&str) -> Option<u64>) -> Baseline {
        let mut by_place: BTreeMap<Place, Vec<Summary>> = BTreeMap::new();
        for summary in summaries {
            let place = Place {
                format: summary.format.clone(),
                gomaxprocs: summary.gomaxprocs,
                facts: summary.environment.to_compare(),
            };
            by_place.entry(place).or_default().push(summary.clone());
        }
        let mut out = Baseline::default();
        for (place, runs) in by_place {
            out.add(place, Side::of_packages(&runs, rounds));
        }
        out
    }

    /// Adds a column, or to the one that there is of this place.
    pub fn add(&mut self, place: Place, side: Side) {
        match self.columns.iter_mut().find(|c| c.place == place) {
            Some(known) => known.side.absorb(side),
            None => {
                let id = self.fresh_id(&place);
                self.columns.push(Column { id, place, side });
                self.columns.sort_by(|a, b| (&a.place, &a.id).cmp(&(&b.place, &b.id)));
            }
        }
    }

    /// Adds all columns of another.
    pub fn absorb(&mut self, other: Baseline) {
        other.columns.into_iter().for_each(|column| self.add(column.place, column.side));
    }

    /// The column that runs of a place belong to: the same place, else the only one that nothing known speaks against.
    pub fn column_of(&self, place: &Place) -> Option<usize> {
        if let Some(same) = self.columns.iter().position(|c| c.place == *place) {
            return Some(same);
        }
        let mut fitting = (0..self.columns.len()).filter(|&i| self.columns[i].place.fits(place));
        fitting.next().filter(|_| fitting.next().is_none())
    }

    /// The columns of two baselines, those of one environment together.
    pub fn pairs(old: Baseline, new: Baseline) -> Vec<(Place, Side, Side)> {
        let of_new: Vec<Option<usize>> = new.columns.iter().map(|c| old.column_of(&c.place)).collect();
        let mut pairs: Vec<(Place, Side, Side)> =
            old.columns.into_iter().map(|c| (c.place, c.side, Side::default())).collect();
        for (at, column) in of_new.into_iter().zip(new.columns) {
            match at.filter(|&i| pairs[i].2.packages.is_empty()) {
                Some(i) => pairs[i].2 = column.side,
                None => pairs.push((column.place, Side::default(), column.side)),
            }
        }
        pairs
    }

    /// A mark that no other column has.
    fn fresh_id(&self, place: &Place) -> String {
        let long = document::digest(place);
        let taken = |id: &str| self.columns.iter().any(|c| c.id == id);
        (8..=long.len()).filter_map(|n| long.get(..n)).find(|id| !taken(id)).unwrap_or(&long).to_owned()
    }

    /// As a baseline holds it: without what only its machine knows, and without the framework's own subjects.
    ///
    /// # Errors
    /// Where a run is partial or a test failed in it: a baseline is made of whole runs that passed.
    pub fn portable(&self, repository: &Repository) -> Result<Baseline, Error> {
        let mut out = self.clone();
        for column in &mut out.columns {
            make_portable(&mut column.side, repository)?;
        }
        Ok(out)
    }

    /// The text of a baseline that is portable.
    ///
    /// # Errors
    /// Where it is no JSON, which would be a bug.
    pub fn render(&self) -> Result<String, Error> {
        document::text(self).map_err(|e| Error::Bug(format!("a baseline that is no JSON: {e}")))
    }

    /// All of its runs as one side, whatever their environments.
    pub fn into_side(self) -> Side {
        let mut side = Side::default();
        self.columns.into_iter().for_each(|column| side.absorb(column.side));
        side
    }

    /// How many runs it has.
    pub fn runs(&self) -> usize {
        self.columns.iter().map(|c| c.side.runs().count()).sum()
    }

    /// How many series it has.
    pub fn series(&self) -> usize {
        let packages = self.columns.iter().flat_map(|c| c.side.packages.values());
        packages.flat_map(|p| p.subjects.values()).map(|s| s.figures.len()).sum()
    }

    /// All packages that it has.
    pub fn packages(&self) -> BTreeSet<&str> {
        self.columns.iter().flat_map(|c| c.side.packages.keys().map(String::as_str)).collect()
    }

    /// These packages of it.
    pub fn only(&self, packages: &BTreeSet<String>) -> Baseline {
        let mut out = self.clone();
        out.columns.iter_mut().for_each(|c| c.side.packages.retain(|name, _| packages.contains(name)));
        out.columns.retain(|c| !c.side.packages.is_empty());
        out
    }

    /// The side that `head` is compared with: of each package the runs whose environment is nearest to the head's. With
    /// what is to be said of packages that none of several environments fits.
    pub fn beside(self, head: &Side) -> (Side, Vec<String>) {
        let (mut side, mut said) = (Side::default(), BTreeSet::new());
        let several = self.columns.len() > 1;
        let mut by_package: BTreeMap<String, Vec<(Place, Package)>> = BTreeMap::new();
        for column in self.columns {
            for (name, package) in column.side.packages {
                by_package.entry(name).or_default().push((column.place.clone(), package));
            }
        }
        for (name, columns) in by_package {
            let of_head: Vec<&Run> = match head.packages.get(&name) {
                Some(package) => package.runs.iter().collect(),
                // Packages need not be called alike to be compared.
                None => head.runs().collect(),
            };
            let difference =
                |package: &Package| Difference::between(&package.runs.iter().collect::<Vec<_>>(), &of_head);
            let nearest = columns.into_iter().min_by_key(|(_, package)| difference(package).distance());
            let Some((place, package)) = nearest else { continue };
            if several && head.packages.contains_key(&name) && !difference(&package).is_none() {
                said.insert(format!(
                    "the baseline has no runs of this environment: the nearest one that it has is used ({}); gotrace-diff baseline update adds the runs at hand beside it",
                    place.words()
                ));
            }
            side.packages.insert(name, package);
        }
        (side, said.into_iter().collect())
    }
}

impl From<Side> for Baseline {
    /// The runs of each environment by themselves.
    fn from(side: Side) -> Baseline {
        let mut places: Vec<Place> = side.runs().map(Place::of).collect();
        places.sort();
        places.dedup();
        let mut out = Baseline::default();
        if let [place] = &places[..] {
            out.add(place.clone(), side);
            return out;
        }
        for place in places {
            let of_place = side.only(|run| Place::of(run) == place);
            out.add(place, of_place);
        }
        out
    }
}

/// Takes out what only the machine knows.
fn make_portable(side: &mut Side, repository: &Repository) -> Result<(), Error> {
    if let Some(run) = side.runs().find(|r| !r.complete) {
        return Err(Error::Partial { file: run.source.clone() });
    }
    if let Some((run, what)) = side.runs().find_map(|r| Some((r, r.outcomes.failure()?))) {
        return Err(Error::FailedTest { file: run.source.clone(), what });
    }
    for package in side.packages.values_mut() {
        for run in &mut package.runs {
            run.source = run.source.rsplit(['/', '\\']).next().unwrap_or(&run.source).to_owned();
            run.started_ns = 0;
            run.warnings.clear();
        }
        // What the runtime and the test framework do changes with every Go release and gates nothing.
        package.subjects.retain(|_, s| !s.framework);
        for subject in package.subjects.values_mut() {
            if let Some(start) = &mut subject.start {
                start.file = repository.file(&start.file);
            }
            let mut sites: Vec<(SiteKey, SiteFigures)> = std::mem::take(&mut subject.sites).into_iter().collect();
            sites.sort_by_key(|(key, site)| {
                (std::cmp::Reverse(site.time_ns.iter().copied().fold(0, i64::saturating_add)), key.clone())
            });
            sites.truncate(MOST_SITES);
            for frame in sites.iter_mut().flat_map(|(_, site)| &mut site.stack) {
                frame.file = repository.file(&frame.file).into();
            }
            subject.sites = sites.into_iter().collect();
        }
    }
    Ok(())
}
