//! Some of a side's runs, as a side of their own: for trials on runs of one version.

use super::side::{Package, Repeat, Run, Side};

impl Side {
    /// The runs with these numbers, in this order, of every package. Numbers that a package lacks are left out.
    pub fn take(&self, runs: &[usize]) -> Side {
        let packages = self.packages.iter().map(|(name, package)| (name.clone(), package.take(runs))).collect();
        Side { packages }
    }

    /// The runs that are `meant`, of every package that has such.
    pub fn only(&self, meant: impl Fn(&Run) -> bool) -> Side {
        let runs = |p: &Package| (0..p.runs.len()).filter(|&i| meant(&p.runs[i])).collect::<Vec<_>>();
        let packages = self.packages.iter().map(|(name, p)| (name.clone(), p.take(&runs(p))));
        Side { packages: packages.filter(|(_, p)| !p.runs.is_empty()).collect() }
    }

    /// The fewest runs that a package has.
    pub fn rounds(&self) -> usize {
        self.packages.values().map(|p| p.runs.len()).min().unwrap_or(0)
    }
}

impl Package {
    fn take(&self, runs: &[usize]) -> Package {
        let runs: Vec<usize> = runs.iter().copied().filter(|&i| i < self.runs.len()).collect();
        let mut out = Package { named_by: self.named_by, ..Package::default() };
        out.runs = runs.iter().map(|&i| self.runs[i].clone()).collect();
        for (id, subject) in &self.subjects {
            let mut kept = subject.clone();
            // A test's figures are of its repeats, each of which belongs to a run.
            let rows: Vec<usize> = if subject.repeats.is_empty() {
                runs.clone()
            } else {
                let of_run = |&run: &usize| (0..subject.repeats.len()).filter(move |&k| subject.repeats[k].run == run);
                runs.iter().flat_map(of_run).collect()
            };
            let place = |run: usize| runs.iter().position(|&r| r == run).unwrap_or(0);
            if !subject.repeats.is_empty() {
                let moved = |&k: &usize| Repeat { run: place(subject.repeats[k].run), ..subject.repeats[k] };
                kept.repeats = rows.iter().map(moved).collect();
            }
            for values in kept.figures.values_mut() {
                *values = rows.iter().map(|&i| values.get(i).copied().flatten()).collect();
            }
            // What none of these runs has, nobody would know of.
            kept.figures.retain(|_, values| values.iter().any(Option::is_some));
            for site in kept.sites.values_mut() {
                site.count = rows.iter().map(|&i| site.count.get(i).copied().unwrap_or(0)).collect();
                site.time_ns = rows.iter().map(|&i| site.time_ns.get(i).copied().unwrap_or(0)).collect();
            }
            kept.sites.retain(|_, site| site.count.iter().any(|n| *n > 0));
            if !kept.figures.is_empty() {
                out.subjects.insert(id.clone(), kept);
            }
        }
        out
    }
}
