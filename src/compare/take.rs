//! Some of a side's runs, as a side of their own: for trials on runs of one version.

use super::side::{Package, Repeat, Run, Side, SiteFigures, Subject};

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
            // A test's figures are of its repeats, each of which belongs to a run.
            let rows: Vec<usize> = if subject.repeats.is_empty() {
                runs.clone()
            } else {
                let of_run = |&run: &usize| (0..subject.repeats.len()).filter(move |&k| subject.repeats[k].run == run);
                runs.iter().flat_map(of_run).collect()
            };
            let place = |run: usize| runs.iter().position(|&r| r == run).unwrap_or(0);
            let moved = |&k: &usize| {
                let repeat = subject.repeats.get(k)?;
                Some(Repeat { run: place(repeat.run), ..*repeat })
            };
            let figures = subject.figures.iter().filter_map(|(path, values)| {
                // What none of these runs has, nobody would know of.
                let of_row = |&i: &usize| values.get(i).copied().flatten();
                rows.iter().any(|row| of_row(row).is_some()).then(|| (path.clone(), rows.iter().map(of_row).collect()))
            });
            let sites = subject.sites.iter().filter_map(|(key, site)| {
                let of_rows =
                    |values: &[i64]| rows.iter().map(|&i| values.get(i).copied().unwrap_or(0)).collect::<Vec<i64>>();
                let count = of_rows(&site.count);
                let has_any = count.iter().any(|n| *n > 0);
                has_any.then(|| {
                    let time_ns = of_rows(&site.time_ns);
                    (key.clone(), SiteFigures { stack: site.stack.clone(), count, time_ns })
                })
            });
            let kept = Subject {
                framework: subject.framework,
                start: subject.start.clone(),
                creators: subject.creators.clone(),
                of_test: subject.of_test.clone(),
                repeats: rows.iter().filter_map(moved).collect(),
                figures: figures.collect(),
                sites: sites.collect(),
            };
            if !kept.figures.is_empty() {
                out.subjects.insert(id.clone(), kept);
            }
        }
        out
    }
}
