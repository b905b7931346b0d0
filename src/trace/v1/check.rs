//! What is done with all events in their order, before the first is handed on: correct times, and no contradictions.

use super::record::{Record, place};
use super::spec::Kind;
use super::wire::Wire;
use crate::hash::HashSet;
use crate::trace::{TraceError, TraceErrorKind};

/// Moves exits from system calls to when they happened.
///
/// The event is written when the goroutine has found a processor, and says when the call was over. Only now can that
/// time take its place: as long as the order is being found, it would seem to come before its causes.
///
/// ```text
///   block ──── call over ─ ─ ─ ─ ─ exit written
///              ▲                        │
///              └────────────────────────┘
/// ```
pub(super) fn retime(records: &mut [Record], goroutines: usize, wire: &Wire<'_>) -> Result<(), TraceError> {
    let mut blocked = vec![0_i64; goroutines];
    let mut moved = false;
    for record in &mut *records {
        let Some(blocked) = blocked.get_mut(record.g as usize) else { continue };
        match record.kind {
            Kind::GoSysBlock | Kind::GoInSyscall => *blocked = record.time,
            Kind::GoSysExit => {
                let over = record.arg as i64;
                if over == 0 {
                    continue;
                }
                if *blocked == 0 {
                    return Err(wire.error(TraceErrorKind::GoroutineNotInSyscall, record.at as usize));
                }
                if over < *blocked {
                    return Err(wire.error(TraceErrorKind::V1TimeOrder, record.at as usize));
                }
                record.time = over;
                moved = true;
            }
            _ => {}
        }
    }
    if moved {
        records.sort_by_key(|record| record.time);
    }
    Ok(())
}

/// Behind the last nanosecond that an event may have there is one for each event that a file can hold: no two share one.
const LATEST: i64 = i64::MAX - (1 << 32);

/// Turns ticks into nanoseconds since the first event, with Go's own rounding.
pub(super) fn nanoseconds(records: &mut [Record], ticks_per_second: i64, wire: &Wire<'_>) -> Result<(), TraceError> {
    let Some(first) = records.first().map(|record| record.time) else { return Ok(()) };
    let scale = 1e9 / ticks_per_second as f64;
    for record in records {
        record.time = (record.time.wrapping_sub(first) as f64 * scale) as i64;
        if !(0..=LATEST).contains(&record.time) {
            return Err(wire.error(TraceErrorKind::TimeOutOfRange, record.at as usize));
        }
    }
    Ok(())
}

/// Finds out which system calls block: those whose goroutine's next event says so.
pub(super) fn find_blocking_calls(records: &mut [Record], goroutines: usize) {
    // From the end, so that one look is enough for each.
    let mut blocks_next = vec![false; goroutines];
    for record in records.iter_mut().rev() {
        let Some(blocks_next) = blocks_next.get_mut(record.g as usize) else { continue };
        if record.kind == Kind::GoSysCall {
            record.flag = *blocks_next;
        }
        *blocks_next = record.kind == Kind::GoSysBlock;
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Status {
    #[default]
    Dead,
    Runnable,
    Running,
    Waiting,
}

#[derive(Clone, Copy, Debug, Default)]
struct Goroutine {
    status: Status,
    /// Whether it was heard of.
    known: bool,
    on_network: bool,
    assists: bool,
}

#[derive(Clone, Copy, Debug, Default)]
struct Processor {
    running: bool,
    sweeps: bool,
    g: u32,
}

/// Goes through all events and refuses what Go's reader refuses, but for misused tasks and regions: those are the
/// program's mistakes and not the trace's.
pub(super) struct Check<'a> {
    wire: Wire<'a>,
    goroutines: Vec<Goroutine>,
    procs: Vec<Processor>,
    timers: &'a HashSet<u32>,
    collecting: bool,
    stopped: bool,
}

impl<'a> Check<'a> {
    pub(super) fn new(wire: Wire<'a>, goroutines: usize, procs: usize, timers: &'a HashSet<u32>) -> Self {
        let mut goroutines = vec![Goroutine::default(); goroutines];
        // Goroutine 0 stands for none, and nobody is always there.
        if let Some(nobody) = goroutines.first_mut() {
            *nobody = Goroutine { status: Status::Running, known: true, ..Goroutine::default() };
        }
        let procs = vec![Processor::default(); procs];
        Check { wire, goroutines, procs, timers, collecting: false, stopped: false }
    }

    /// Checks all events, and moves those to another processor that the given one had no part in.
    pub(super) fn run(&mut self, records: &mut [Record]) -> Result<(), TraceError> {
        for record in records {
            self.event(record).map_err(|kind| self.wire.error(kind, record.at as usize))?;
        }
        Ok(())
    }

    fn event(&mut self, record: &mut Record) -> Result<(), TraceErrorKind> {
        match record.kind {
            Kind::GoCreate | Kind::GoWaiting | Kind::GoInSyscall | Kind::GoStart | Kind::GoStartLabel => {
                self.goroutine_begins(record)
            }
            Kind::GoUnblock | Kind::GoSysExit => self.goroutine_goes_on(record),
            Kind::GoSysCall => {
                self.must_run(record)?;
                self.goroutine(record.g)?.on_network = false;
                Ok(())
            }
            kind if kind.leaves() => self.goroutine_leaves(record),
            Kind::ProcStart | Kind::ProcStop => self.processor(record),
            _ => self.range(record),
        }
    }

    fn goroutine_begins(&mut self, record: &Record) -> Result<(), TraceErrorKind> {
        if record.kind == Kind::GoCreate {
            let creator = self.goroutine(record.g)?.status;
            if creator != Status::Running || self.proc(record)?.g != record.g {
                return Err(TraceErrorKind::GoroutineNotRunning);
            }
            let created = self.goroutine(record.target())?;
            if created.known {
                return Err(TraceErrorKind::GoroutineExists);
            }
            *created = Goroutine { status: Status::Runnable, known: true, ..Goroutine::default() };
            return Ok(());
        }
        let g = self.goroutine(record.g)?;
        if g.status != Status::Runnable {
            return Err(TraceErrorKind::InconsistentGoStatus);
        }
        g.on_network = false;
        if matches!(record.kind, Kind::GoWaiting | Kind::GoInSyscall) {
            g.status = Status::Waiting;
            return Ok(());
        }
        g.status = Status::Running;
        let proc = self.proc(record)?;
        if proc.g != 0 {
            return Err(TraceErrorKind::HasGoroutine);
        }
        proc.g = record.g;
        Ok(())
    }

    fn goroutine_goes_on(&mut self, record: &mut Record) -> Result<(), TraceErrorKind> {
        if record.kind == Kind::GoSysExit {
            record.proc = place::SYSCALL;
            let g = self.goroutine(record.g)?;
            if g.status != Status::Waiting {
                return Err(TraceErrorKind::GoroutineNotInSyscall);
            }
            (g.status, g.on_network) = (Status::Runnable, false);
            return Ok(());
        }
        let waker = self.goroutine(record.g)?.status;
        if self.timers.contains(&record.g) {
            record.proc = place::TIMER;
        } else if self.proc(record)?.g != record.g {
            return Err(TraceErrorKind::GoroutineNotRunning);
        }
        if waker != Status::Running {
            return Err(TraceErrorKind::GoroutineNotRunning);
        }
        let woken = self.goroutine(record.target())?;
        if woken.status != Status::Waiting {
            return Err(TraceErrorKind::InconsistentGoStatus);
        }
        if woken.on_network {
            record.proc = place::NETPOLL;
        }
        (woken.status, woken.on_network) = (Status::Runnable, false);
        Ok(())
    }

    fn goroutine_leaves(&mut self, record: &Record) -> Result<(), TraceErrorKind> {
        self.must_run(record)?;
        self.proc(record)?.g = 0;
        let g = self.goroutine(record.g)?;
        match record.kind {
            Kind::GoEnd | Kind::GoStop => g.status = Status::Dead,
            Kind::GoSched | Kind::GoPreempt => (g.status, g.on_network) = (Status::Runnable, false),
            // It blocks in the system call that it has begun before.
            Kind::GoSysBlock => g.status = Status::Waiting,
            kind => (g.status, g.on_network) = (Status::Waiting, kind == Kind::GoBlockNet),
        }
        Ok(())
    }

    fn processor(&mut self, record: &Record) -> Result<(), TraceErrorKind> {
        let proc = self.proc(record)?;
        let starts = record.kind == Kind::ProcStart;
        if proc.running == starts {
            return Err(if starts { TraceErrorKind::InconsistentProcStatus } else { TraceErrorKind::ProcNotRunning });
        }
        if !starts && proc.g != 0 {
            return Err(TraceErrorKind::HasGoroutine);
        }
        proc.running = starts;
        Ok(())
    }

    fn range(&mut self, record: &mut Record) -> Result<(), TraceErrorKind> {
        let begin = |open: &mut bool, error| if std::mem::replace(open, true) { Err(error) } else { Ok(()) };
        let end = |open: &mut bool, error| if std::mem::replace(open, false) { Ok(()) } else { Err(error) };
        match record.kind {
            Kind::GcStart => {
                record.proc = place::GC;
                begin(&mut self.collecting, TraceErrorKind::GcAlreadyRunning)
            }
            Kind::GcDone => end(&mut self.collecting, TraceErrorKind::GcNotRunning),
            Kind::StwStart => begin(&mut self.stopped, TraceErrorKind::RangeAlreadyOpen),
            Kind::StwDone => end(&mut self.stopped, TraceErrorKind::RangeNotOpen),
            Kind::GcSweepStart => begin(&mut self.proc(record)?.sweeps, TraceErrorKind::RangeAlreadyOpen),
            Kind::GcSweepDone => end(&mut self.proc(record)?.sweeps, TraceErrorKind::RangeNotOpen),
            Kind::GcMarkAssistStart => {
                let g = self.goroutine(record.g)?;
                g.known = true;
                begin(&mut g.assists, TraceErrorKind::RangeAlreadyOpen)
            }
            // It may have begun before the trace did.
            Kind::GcMarkAssistDone => {
                let g = self.goroutine(record.g)?;
                (g.known, g.assists) = (true, false);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// The event's goroutine must run on the event's processor.
    fn must_run(&mut self, record: &Record) -> Result<(), TraceErrorKind> {
        let running = self.goroutine(record.g)?.status == Status::Running && self.proc(record)?.g == record.g;
        if running && record.g != 0 { Ok(()) } else { Err(TraceErrorKind::GoroutineNotRunning) }
    }

    fn goroutine(&mut self, g: u32) -> Result<&mut Goroutine, TraceErrorKind> {
        self.goroutines.get_mut(g as usize).ok_or(TraceErrorKind::UnknownGoroutine)
    }

    fn proc(&mut self, record: &Record) -> Result<&mut Processor, TraceErrorKind> {
        self.procs.get_mut(record.proc as usize).ok_or(TraceErrorKind::UnknownProc)
    }
}
