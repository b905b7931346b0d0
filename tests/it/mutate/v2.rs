//! A trace of Go 1.22 or newer taken apart into batches and events, changed, and put together again.
//!
//! Most changes to bytes are noticed where the bytes are framed. Changed where they mean something, a trace comes much
//! further: into the tables, the order, the timeline.

use fastrand::Rng;

use super::wire::{put, put_wide, take};

/// An event, or an entry of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    pub typ: u8,
    pub args: Vec<u64>,
    /// A string's text, which its length precedes.
    pub text: Option<Vec<u8>>,
    /// Zeros that pad its last number, as no Go writes them but any reader takes them.
    pub padding: u8,
}

/// A batch, or what stands between batches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    Batch(Batch),
    /// The end of a generation, or any other byte.
    Mark(u8),
}

/// A batch of a thread's events or of a table's entries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batch {
    /// An experiment's: its number.
    pub experiment: Option<u8>,
    /// Generation, thread, time.
    pub head: [u64; 3],
    /// How many bytes its length is written in: the runtime keeps room for it, and fills it in at the end.
    pub width: usize,
    /// A length that is not that of the data.
    pub claim: Option<u64>,
    /// The type of the table, if it is one.
    pub table: Option<u8>,
    pub items: Vec<Item>,
    /// What could not be taken apart.
    pub rest: Vec<u8>,
}

/// A trace taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trace {
    pub header: [u8; 16],
    pub pieces: Vec<Piece>,
}

/// How many numbers an event has behind its type, the time among them.
pub fn arity(typ: u8) -> Option<usize> {
    const TIMED: [u8; 40] = [
        2, 2, 0, 3, 2, 3, 1, 2, 0, 0, 2, 2, 3, 2, 0, 0, 3, 2, 0, 1, 2, 1, 1, 1, 2, 1, 1, 0, 1, 1, 1, 4, 2, 3, 3, 4, 2,
        2, 3, 4,
    ];
    match typ {
        9..=48 => Some(usize::from(TIMED[usize::from(typ) - 9]) + 1),
        128 | 129 => Some(4),
        131 | 132 | 134 | 135 => Some(3),
        130 | 133 | 136 => Some(2),
        _ => None,
    }
}

impl Trace {
    /// Takes a trace apart; what comes out of [`Trace::bytes`] is the same again.
    pub fn parse(bytes: &[u8]) -> Option<Trace> {
        let header = bytes.get(..16)?.try_into().ok()?;
        let (mut pos, mut pieces) = (16, Vec::new());
        while let Some(&first) = bytes.get(pos) {
            pos += 1;
            if first != 1 && first != 49 {
                pieces.push(Piece::Mark(first));
                continue;
            }
            let experiment = if first == 49 { Some(*bytes.get(pos)?) } else { None };
            pos += usize::from(experiment.is_some());
            let head = [take(bytes, &mut pos)?, take(bytes, &mut pos)?, take(bytes, &mut pos)?];
            let before = pos;
            let len = take(bytes, &mut pos)? as usize;
            let width = pos - before;
            let data = bytes.get(pos..pos.checked_add(len)?)?;
            pos += len;
            pieces.push(Piece::Batch(Batch::parse(experiment, head, width, data)));
        }
        Some(Trace { header, pieces })
    }

    /// The bytes of it.
    pub fn bytes(&self) -> Vec<u8> {
        let mut out = self.header.to_vec();
        let mut data = Vec::new();
        for piece in &self.pieces {
            let batch = match piece {
                Piece::Mark(byte) => {
                    out.push(*byte);
                    continue;
                }
                Piece::Batch(batch) => batch,
            };
            match batch.experiment {
                Some(number) => out.extend([49, number]),
                None => out.push(1),
            }
            batch.head.iter().for_each(|&number| put(&mut out, number));
            data.clear();
            data.extend(batch.table);
            batch.items.iter().for_each(|item| item.write(&mut data));
            data.extend_from_slice(&batch.rest);
            put_wide(&mut out, batch.claim.unwrap_or(data.len() as u64), batch.width);
            out.extend_from_slice(&data);
        }
        out
    }

    /// Makes several batches of each batch of events: of so many events each.
    pub fn split(&mut self, events: usize) {
        let mut pieces = Vec::new();
        for piece in self.pieces.drain(..) {
            match piece {
                Piece::Batch(mut batch) if batch.experiment.is_none() && batch.table.is_none() => {
                    while batch.items.len() > events {
                        let behind = batch.items.split_off(events);
                        let first = Batch { rest: Vec::new(), ..batch.clone() };
                        // Times are told as what has passed since the one before.
                        batch.head[2] += first.items.iter().filter_map(|item| item.args.first()).sum::<u64>();
                        pieces.push(Piece::Batch(first));
                        batch.items = behind;
                    }
                    pieces.push(Piece::Batch(batch));
                }
                other => pieces.push(other),
            }
        }
        self.pieces = pieces;
    }

    fn batch(&mut self, rng: &mut Rng) -> Option<&mut Batch> {
        let at = rng.usize(..self.pieces.len().max(1));
        let (behind, before) = self.pieces.split_at_mut(at);
        before.iter_mut().chain(behind).find_map(|piece| match piece {
            Piece::Batch(batch) => Some(batch),
            Piece::Mark(_) => None,
        })
    }

    /// One change. `donor` is another trace, of which parts are taken.
    pub fn change(&mut self, donor: &Trace, rng: &mut Rng) {
        if self.pieces.is_empty() {
            return;
        }
        let count = self.pieces.len();
        let at = rng.usize(..count);
        match rng.u8(..24) {
            0 => drop(self.pieces.remove(at)),
            1 => self.pieces.insert(at, self.pieces[rng.usize(..count)].clone()),
            2 => self.pieces.swap(at, rng.usize(..count)),
            3 => self.pieces.insert(at, Piece::Mark(if rng.bool() { 52 } else { rng.u8(..) })),
            4 if !donor.pieces.is_empty() => {
                self.pieces.insert(at, donor.pieces[rng.usize(..donor.pieces.len())].clone());
            }
            5 if rng.u8(..8) == 0 => self.header = donor.header,
            6 | 7 => {
                let other =
                    donor.clone().batch(rng).and_then(|b| b.items.get(rng.usize(..b.items.len().max(1))).cloned());
                if let (Some(item), Some(batch)) = (other, self.batch(rng)) {
                    let at = rng.usize(..=batch.items.len());
                    batch.items.insert(at, item);
                }
            }
            8 => {
                // An event moves to another thread, or to another place of its own.
                let moved =
                    self.batch(rng).filter(|b| !b.items.is_empty()).map(|b| b.items.remove(rng.usize(..b.items.len())));
                if let (Some(item), Some(batch)) = (moved, self.batch(rng)) {
                    let at = rng.usize(..=batch.items.len());
                    batch.items.insert(at, item);
                }
            }
            _ => {
                if let Some(batch) = self.batch(rng) {
                    batch.change(rng);
                }
            }
        }
    }
}

impl Batch {
    fn parse(experiment: Option<u8>, head: [u64; 3], width: usize, data: &[u8]) -> Batch {
        let table = data.first().copied().filter(|typ| experiment.is_none() && matches!(typ, 2 | 4 | 6 | 50));
        let mut pos = usize::from(table.is_some());
        let mut items = Vec::new();
        while experiment.is_none()
            && let Some((item, end)) = Item::parse(data, pos)
        {
            items.push(item);
            pos = end;
        }
        Batch { experiment, head, width, claim: None, table, items, rest: data[pos..].to_vec() }
    }

    fn change(&mut self, rng: &mut Rng) {
        let count = self.items.len();
        match rng.u8(..20) {
            0 => self.head[rng.usize(..3)] = odd(rng),
            1 => nudge(&mut self.head[rng.usize(..3)], rng),
            2 => self.claim = Some(if rng.bool() { odd(rng) } else { rng.u64(..70_000) }),
            3 => self.width = rng.usize(1..12),
            4 => self.table = [None, Some(2), Some(4), Some(6), Some(8), Some(50)][rng.usize(..6)],
            5 => self.experiment = if self.experiment.is_some() { None } else { Some(rng.u8(..)) },
            6 => self.rest.push(rng.u8(..)),
            7 if count > 0 => drop(self.items.remove(rng.usize(..count))),
            8 if count > 0 => self.items.insert(rng.usize(..count), self.items[rng.usize(..count)].clone()),
            9 if count > 0 => self.items.swap(rng.usize(..count), rng.usize(..count)),
            10 if count > 0 => self.items.truncate(rng.usize(..count)),
            11 if count > 1 => {
                let at = rng.usize(1..count);
                self.items.swap(at - 1, at);
            }
            _ if count > 0 => {
                let known: Vec<u64> = self.items[rng.usize(..count)].args.clone();
                self.items[rng.usize(..count)].change(&known, rng);
            }
            _ => {}
        }
    }
}

impl Item {
    fn parse(data: &[u8], mut pos: usize) -> Option<(Item, usize)> {
        let typ = *data.get(pos)?;
        pos += 1;
        let count = match typ {
            3 => 2,
            5 | 8 => 1,
            7 => 5,
            51 => 4,
            _ => arity(typ)?,
        };
        let mut args = Vec::with_capacity(count);
        for _ in 0..count {
            args.push(take(data, &mut pos)?);
        }
        let mut text = None;
        if typ == 3 {
            for _ in 0..args[1].min(1000) * 4 {
                args.push(take(data, &mut pos)?);
            }
        } else if typ == 5 {
            let len = take(data, &mut pos)? as usize;
            text = Some(data.get(pos..pos.checked_add(len)?)?.to_vec());
            pos += len;
        }
        Some((Item { typ, args, text, padding: 0 }, pos))
    }

    fn write(&self, out: &mut Vec<u8>) {
        out.push(self.typ);
        for (i, &arg) in self.args.iter().enumerate() {
            let last = i + 1 == self.args.len() && self.padding > 0;
            if last { put_wide(out, arg, usize::from(self.padding)) } else { put(out, arg) }
        }
        if let Some(text) = &self.text {
            put(out, text.len() as u64);
            out.extend_from_slice(text);
        }
    }

    fn change(&mut self, known: &[u64], rng: &mut Rng) {
        let count = self.args.len();
        match rng.u8(..12) {
            0 => self.typ = rng.u8(1..53),
            1 => {
                // Another event, with as many numbers as it has.
                self.typ = if rng.u8(..8) == 0 { rng.u8(128..138) } else { rng.u8(9..49) };
                self.args.resize(arity(self.typ).unwrap_or(1), rng.u64(..4));
                self.text = None;
            }
            2 => self.padding = rng.u8(2..12),
            3 => match &mut self.text {
                Some(text) if rng.bool() => text.resize(rng.usize(..1200), b'x'),
                Some(text) => text.iter_mut().for_each(|byte| *byte ^= rng.u8(..2)),
                None => drop(self.args.pop()),
            },
            4 => self.args.push(odd(rng)),
            5 | 6 if count > 0 => self.args[rng.usize(..count)] = odd(rng),
            7 if count > 0 && !known.is_empty() => self.args[rng.usize(..count)] = known[rng.usize(..known.len())],
            _ if count > 0 => nudge(&mut self.args[rng.usize(..count)], rng),
            _ => {}
        }
    }
}

/// A number of the kind that goes wrong.
fn odd(rng: &mut Rng) -> u64 {
    match rng.u8(..8) {
        0 => 0,
        1 => u64::MAX - rng.u64(..3),
        2 => 1 << rng.u32(..64),
        3 => (1 << rng.u32(1..64)) - 1,
        4 => rng.u64(..),
        _ => rng.u64(..200),
    }
}

fn nudge(number: &mut u64, rng: &mut Rng) {
    *number = match rng.u8(..4) {
        0 => number.wrapping_sub(1),
        1 => number.wrapping_add(rng.u64(..10)),
        2 => *number ^ 1 << rng.u32(..64),
        _ => number.wrapping_add(1),
    };
}
