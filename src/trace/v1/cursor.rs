//! The second pass: one cursor for each processor, which turns its batches into records one by one.

use super::index::Batch;
use super::record::{Details, Log, NewTask, Record};
use super::spec::Kind;
use super::tables::{Goroutines, Tables};
use super::wire::{Raw, Wire};
use crate::trace::{TraceError, TraceErrorKind};

/// What is known of a goroutine while events are being ordered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[repr(u8)]
pub(super) enum Status {
    #[default]
    Dead,
    Runnable,
    Running,
    Waiting,
}

/// In the place of a goroutine: the collections, which are numbered too.
pub(super) const COLLECTOR: u32 = u32::MAX;
/// In the place of a sequence number: any will do.
pub(super) const ANY: u64 = u64::MAX;

/// What must be true of a goroutine for an event to have happened, and what is true of it afterwards.
#[derive(Clone, Copy, Debug)]
pub(super) struct Condition {
    pub(super) g: u32,
    pub(super) sequence: u64,
    pub(super) from: Status,
    pub(super) to: Status,
    /// Whether the event takes a sequence number.
    pub(super) counts: bool,
}

/// The next event of a processor.
#[derive(Clone, Copy, Debug)]
pub(super) struct Head {
    /// Whether there is one.
    pub(super) filled: bool,
    pub(super) record: Record,
    pub(super) condition: Option<Condition>,
}

/// What all cursors share.
#[derive(Debug)]
pub(super) struct Decoder<'a> {
    pub(super) wire: Wire<'a>,
    pub(super) tables: &'a Tables,
    pub(super) batches: &'a [Batch],
    pub(super) goroutines: Goroutines,
    pub(super) details: Details,
    pub(super) keep_messages: bool,
}

/// One processor's events: its batches in the file's order.
#[derive(Debug, Default)]
pub(super) struct Cursor {
    proc: u32,
    /// The batches not begun yet.
    next_batch: u32,
    last_batch: u32,
    /// What is left of the current one.
    pos: u32,
    end: u32,
    /// The time of the last event: each tells the difference to the one before.
    time: i64,
    /// The goroutine that runs there. It goes on running from one batch to the next.
    g: u32,
}

impl Cursor {
    /// A cursor for each of `count` processors; `batches` are ordered by processor.
    pub(super) fn all(count: usize, batches: &[Batch]) -> Vec<Cursor> {
        let mut cursors: Vec<Cursor> = (0..count as u32).map(|proc| Cursor { proc, ..Cursor::default() }).collect();
        for (i, batch) in batches.iter().enumerate() {
            let Some(cursor) = cursors.get_mut(batch.proc as usize) else { continue };
            if cursor.last_batch == 0 {
                cursor.next_batch = i as u32;
            }
            cursor.last_batch = i as u32 + 1;
        }
        cursors
    }

    /// Puts the next event into `head`; false at the end.
    pub(super) fn next(&mut self, decoder: &mut Decoder<'_>, head: &mut Head) -> Result<bool, TraceError> {
        let mut raw = Raw::NONE;
        loop {
            while self.pos < self.end {
                let mut pos = self.pos as usize;
                if !decoder.wire.event(&mut pos, &mut raw)? {
                    break;
                }
                self.pos = pos as u32;
                match raw.kind {
                    Kind::Batch => self.time = raw.numbers[1] as i64,
                    // The first pass has dealt with these.
                    Kind::String | Kind::Stack | Kind::Frequency | Kind::TimerGoroutine | Kind::CpuSample => {}
                    _ => return self.fill(&raw, decoder, head).map(|()| true),
                }
            }
            if self.next_batch >= self.last_batch {
                return Ok(false);
            }
            let Some(batch) = decoder.batches.get(self.next_batch as usize) else { return Ok(false) };
            (self.pos, self.end) = (batch.start, batch.end);
            self.next_batch += 1;
        }
    }

    fn fill(&mut self, raw: &Raw<'_>, decoder: &mut Decoder<'_>, head: &mut Head) -> Result<(), TraceError> {
        let [delta, first, second, third, _] = raw.numbers;
        self.time = self.time.wrapping_add(delta as i64);
        // Ids are 32 bits wide there, whatever is written.
        let stack = decoder.stack(u64::from(raw.stack as u32), raw)?;
        head.record = Record {
            time: self.time,
            arg: first,
            g: self.g,
            name: 0,
            stack,
            proc: self.proc,
            at: raw.at as u32,
            kind: raw.kind,
            flag: false,
        };
        let record = &mut head.record;
        let needs = |g, sequence, from, to, counts| Some(Condition { g, sequence, from, to, counts });
        use Status::{Dead, Runnable, Running, Waiting};
        head.condition = match raw.kind {
            Kind::GoCreate => {
                let target = decoder.goroutines.index(first);
                record.arg = Record::creation(target, decoder.stack(second, raw)?);
                needs(target, 0, Dead, Runnable, true)
            }
            Kind::GoWaiting | Kind::GoInSyscall => {
                record.g = decoder.goroutines.index(first);
                needs(record.g, 1, Runnable, Waiting, true)
            }
            Kind::GoStart | Kind::GoStartLabel | Kind::GoStartLocal => {
                self.g = decoder.goroutines.index(first);
                record.g = self.g;
                if raw.kind == Kind::GoStartLabel {
                    record.name = decoder.string(third, raw)?;
                }
                if raw.kind == Kind::GoStartLocal {
                    record.kind = Kind::GoStart;
                    needs(self.g, ANY, Runnable, Running, true)
                } else {
                    needs(self.g, second, Runnable, Running, true)
                }
            }
            Kind::GoUnblock | Kind::GoUnblockLocal => {
                let target = decoder.goroutines.index(first);
                record.arg = u64::from(target);
                record.kind = Kind::GoUnblock;
                let sequence = if raw.kind == Kind::GoUnblock { second } else { ANY };
                needs(target, sequence, Waiting, Runnable, true)
            }
            Kind::GoSysExit => {
                record.g = decoder.goroutines.index(first);
                record.arg = third;
                needs(record.g, second, Waiting, Runnable, true)
            }
            // No release writes it. Go's reader leaves its time alone, and the goroutine of the processor in place.
            Kind::GoSysExitLocal => {
                record.kind = Kind::GoSysExit;
                record.arg = 0;
                needs(decoder.goroutines.index(first), ANY, Waiting, Runnable, true)
            }
            Kind::GoSysBlock => needs(self.g, ANY, Running, Waiting, false),
            Kind::GoSched | Kind::GoPreempt => needs(self.g, ANY, Running, Runnable, false),
            kind if kind.blocks() => needs(self.g, ANY, Running, Waiting, false),
            Kind::GcStart => needs(COLLECTOR, first, Dead, Dead, true),
            Kind::UserTaskCreate => {
                record.name = decoder.string(third, raw)?;
                record.arg = decoder.details.tasks.len() as u64;
                decoder.details.tasks.push(NewTask { id: first, parent: second });
                None
            }
            Kind::UserRegion => {
                if second > 1 {
                    return Err(decoder.wire.error(TraceErrorKind::V1BadRegionMode, raw.at));
                }
                record.flag = second == 1;
                record.name = decoder.string(third, raw)?;
                None
            }
            Kind::UserLog => {
                record.name = decoder.string(second, raw)?;
                record.arg = decoder.log(first, raw);
                None
            }
            // Nobody has written these since Go 1.6, and Go's reader does not take them either.
            Kind::FutileWakeup => return Err(decoder.wire.error(TraceErrorKind::V1BadEvent, raw.at)),
            _ => None,
        };
        if raw.kind.leaves() {
            self.g = 0;
        }
        head.filled = true;
        Ok(())
    }
}

impl Decoder<'_> {
    fn stack(&self, id: u64, raw: &Raw<'_>) -> Result<u32, TraceError> {
        self.tables.stack(id).ok_or_else(|| {
            self.wire.error(TraceErrorKind::StackMissing, raw.at).with(format_args!("stack {id} of {:?}", raw.kind))
        })
    }

    fn string(&self, id: u64, raw: &Raw<'_>) -> Result<u32, TraceError> {
        self.tables.string(id).ok_or_else(|| {
            self.wire.error(TraceErrorKind::StringMissing, raw.at).with(format_args!("string {id} of {:?}", raw.kind))
        })
    }

    fn log(&mut self, task: u64, raw: &Raw<'_>) -> u64 {
        let mut log = Log { task, ..Log::default() };
        if self.keep_messages {
            log.start = self.details.messages.len() as u32;
            log.length = raw.data.len() as u32;
            self.details.messages.extend_from_slice(raw.data);
        }
        self.details.logs.push(log);
        self.details.logs.len() as u64 - 1
    }
}
