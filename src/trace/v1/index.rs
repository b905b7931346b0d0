//! The first pass: where each processor's batches are, and everything that is no event.

use super::spec::Kind;
use super::tables::{Goroutines, Tables};
use super::wire::{Raw, Wire};
use crate::hash::{HashMap, HashSet};
use crate::trace::{TraceError, TraceErrorKind};

/// What the first pass found.
#[derive(Debug)]
pub(super) struct Index {
    pub(super) tables: Tables,
    pub(super) goroutines: Goroutines,
    /// The processors' numbers in ascending order, -1 for none. Everywhere else they go by their place in this list.
    pub(super) procs: Vec<i32>,
    /// Ordered by processor, and those of one processor as in the file.
    pub(super) batches: Vec<Batch>,
    /// The CPU profiler's samples, by time.
    pub(super) samples: Vec<Sample>,
    /// The goroutines that serve timers. (Go 1.14 and newer have none.)
    pub(super) timers: HashSet<u32>,
    /// How many events there are, samples included: for a list that need not grow.
    pub(super) events: usize,
    /// Ticks of the clock in a second.
    pub(super) frequency: i64,
}

/// A batch: where it begins and where the next one does.
#[derive(Clone, Copy, Debug)]
pub(super) struct Batch {
    pub(super) proc: u32,
    pub(super) start: u32,
    pub(super) end: u32,
}

/// A sample of the CPU profiler. They stand in batches of whoever fetched them, in the order of a race.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sample {
    pub(super) ticks: i64,
    pub(super) g: u32,
    pub(super) proc: u32,
    pub(super) stack: u32,
    pub(super) at: u32,
}

impl Index {
    /// Reads all of `wire` once.
    pub(super) fn build(wire: &Wire<'_>) -> Result<Index, TraceError> {
        let mut index = Index {
            tables: Tables::default(),
            goroutines: Goroutines::default(),
            procs: Vec::new(),
            batches: Vec::new(),
            samples: Vec::new(),
            timers: HashSet::default(),
            events: 0,
            frequency: 0,
        };
        let mut procs = HashMap::default();
        let (mut pos, mut raw) = (0, Raw::NONE);
        while wire.event(&mut pos, &mut raw)? {
            if raw.kind == Kind::Batch {
                let proc = index.proc(&mut procs, raw.numbers[0]);
                if let Some(last) = index.batches.last_mut() {
                    last.end = raw.at as u32;
                }
                index.batches.push(Batch { proc, start: raw.at as u32, end: wire.bytes.len() as u32 });
            } else {
                index.add(wire, &raw, &mut procs)?;
            }
        }
        if index.frequency == 0 {
            return Err(wire.error(TraceErrorKind::V1NoFrequency, wire.bytes.len()));
        }
        if index.events == 0 {
            return Err(wire.error(TraceErrorKind::V1NoEvents, wire.bytes.len()));
        }
        index.tables.resolve(wire)?;
        for sample in &mut index.samples {
            sample.stack = index
                .tables
                .stack(u64::from(sample.stack))
                .ok_or_else(|| wire.error(TraceErrorKind::StackMissing, sample.at as usize))?;
        }
        index.settle();
        Ok(index)
    }

    fn add(&mut self, wire: &Wire<'_>, raw: &Raw<'_>, procs: &mut HashMap<i32, u32>) -> Result<(), TraceError> {
        // A string names nobody's doing.
        if self.batches.is_empty() && raw.kind != Kind::String {
            return Err(wire.error(TraceErrorKind::V1NoBatch, raw.at));
        }
        match raw.kind {
            Kind::String => self.tables.add_string(wire, raw)?,
            Kind::Stack => self.tables.add_stack(wire, raw)?,
            Kind::TimerGoroutine => {
                let timer = self.goroutines.index(raw.numbers[0]);
                self.timers.insert(timer);
            }
            Kind::Frequency => {
                self.frequency = raw.numbers[0] as i64;
                if self.frequency <= 0 {
                    return Err(wire.error(TraceErrorKind::ZeroFrequency, raw.at));
                }
            }
            Kind::CpuSample => {
                // The first number is when the sample was fetched from the profiler's buffer: of no interest.
                let [_, ticks, proc, goroutine, stack] = raw.numbers;
                let sample = Sample {
                    ticks: ticks as i64,
                    g: self.goroutines.index(goroutine),
                    proc: self.proc(procs, proc),
                    stack: stack as u32,
                    at: raw.at as u32,
                };
                self.samples.push(sample);
                self.events += 1;
            }
            _ => self.events += 1,
        }
        Ok(())
    }

    /// A processor's place in the list of processors, for now in the order of their mention.
    fn proc(&mut self, procs: &mut HashMap<i32, u32>, number: u64) -> u32 {
        let next = self.procs.len() as u32;
        let place = *procs.entry(number as i32).or_insert(next);
        if place == next {
            self.procs.push(number as i32);
        }
        place
    }

    /// Brings processors, batches and samples into their final order.
    fn settle(&mut self) {
        let mut order: Vec<u32> = (0..self.procs.len() as u32).collect();
        order.sort_unstable_by_key(|&place| self.procs[place as usize]);
        let mut new_place = vec![0; order.len()];
        for (new, &old) in order.iter().enumerate() {
            new_place[old as usize] = new as u32;
        }
        for batch in &mut self.batches {
            batch.proc = new_place[batch.proc as usize];
        }
        for sample in &mut self.samples {
            sample.proc = new_place[sample.proc as usize];
        }
        self.procs.sort_unstable();
        self.batches.sort_unstable_by_key(|batch| (batch.proc, batch.start));
        // Samples of one tick stay in the file's order; Go's reader leaves that to its sort.
        self.samples.sort_by_key(|sample| sample.ticks);
    }
}
