//! Traces put together from their events.

use crate::trace::v1::{V1Reader, Version};
use crate::trace::{Chunk, Event, EventKind, Range, Symbols, TraceErrorKind};

/// A tick is a nanosecond here.
const FREQUENCY: u64 = 1_000_000_000;

fn varint(mut value: u64, out: &mut Vec<u8>) {
    while value > 0x7f {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// The bytes of a trace, as they are put together.
#[derive(Clone, Default)]
pub(super) struct Bytes(pub(super) Vec<u8>);

impl Bytes {
    pub(super) fn batch(mut self, proc: u64, ticks: u64) -> Self {
        self.0.push(1 | 1 << 6);
        varint(proc, &mut self.0);
        varint(ticks, &mut self.0);
        self
    }

    /// An event with its numbers, the time difference being the first.
    pub(super) fn event(mut self, code: u8, numbers: &[u64]) -> Self {
        let mut block = Vec::new();
        numbers.iter().for_each(|&number| varint(number, &mut block));
        if let inline @ 1..=3 = numbers.len() {
            self.0.push(code | (inline as u8 - 1) << 6);
        } else {
            self.0.push(code | 3 << 6);
            varint(block.len() as u64, &mut self.0);
        }
        self.0.extend(block);
        self
    }

    pub(super) fn text(mut self, text: &str) -> Self {
        varint(text.len() as u64, &mut self.0);
        self.0.extend_from_slice(text.as_bytes());
        self
    }

    pub(super) fn string(mut self, id: u64, text: &str) -> Self {
        self.0.push(37);
        varint(id, &mut self.0);
        self.text(text)
    }

    /// A stack of frames: counter, function, file, line.
    pub(super) fn stack(self, id: u64, frames: &[[u64; 4]]) -> Self {
        let mut numbers = vec![id, frames.len() as u64];
        numbers.extend(frames.as_flattened());
        self.event(3, &numbers)
    }

    pub(super) fn end(self) -> Self {
        self.event(2, &[FREQUENCY])
    }

    /// A processor that runs goroutine 1 from the first tick on, when all is known that was there before.
    pub(super) fn running() -> Self {
        Bytes::default()
            .batch(0, 100)
            .event(13, &[0, 1, 0, 0])
            .event(5, &[0, 7])
            .event(14, &[0, 1, 1])
            .event(4, &[0, 1, 0])
    }

    pub(super) fn read_as(
        &self,
        version: Version,
        keep: bool,
        chunk: usize,
    ) -> Result<(Vec<Event>, Symbols), TraceErrorKind> {
        let mut reader = V1Reader::parse(&self.0, 16, version, keep).map_err(|error| error.kind())?;
        let (mut events, mut symbols, mut out) = (Vec::new(), Symbols::default(), Chunk::default());
        while reader.next_chunk(&mut out, chunk).map_err(|error| error.kind())? {
            symbols.apply(&mut out.symbols);
            events.append(&mut out.events);
        }
        Ok((events, symbols))
    }

    pub(super) fn read(&self) -> Result<(Vec<Event>, Symbols), TraceErrorKind> {
        self.read_as(Version::Go121, true, 100)
    }

    /// Each event in a few words, or the error.
    pub(super) fn told(&self) -> Vec<String> {
        match self.read() {
            Ok((events, symbols)) => events.iter().map(|event| tell(event, &symbols)).collect(),
            Err(kind) => vec![kind.name().to_owned()],
        }
    }

    /// The words for the events behind those of [`Bytes::running`], without the last mark.
    pub(super) fn told_after_start(&self) -> Vec<String> {
        let mut told = self.told();
        told.truncate(told.len().saturating_sub(1));
        told.drain(..told.len().min(3));
        told
    }

    pub(super) fn error(&self) -> Option<TraceErrorKind> {
        self.read().err()
    }
}

fn tell(event: &Event, symbols: &Symbols) -> String {
    let slot = event.g.get().map_or("-".to_owned(), |slot| slot.0.to_string());
    let what = match event.kind {
        EventKind::Go(go) => {
            let reason = symbols.text(go.reason);
            let reason = if reason.is_empty() { String::new() } else { format!(" ({reason})") };
            format!("go {} in {}: {:?} to {:?}{reason}", go.id.0, go.slot.0, go.from, go.to)
        }
        EventKind::Proc { p, from, to } => format!("proc {}: {from:?} to {to:?}", p.0),
        EventKind::Label(name) => format!("label {}", symbols.text(name)),
        EventKind::RangeBegin(Range::StopTheWorld(why)) => format!("stop ({})", symbols.text(why)),
        kind => format!("{kind:?}"),
    };
    format!("{} {slot}: {what}", event.time.0)
}
