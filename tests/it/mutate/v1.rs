//! A trace of Go 1.21 or older taken apart into events, changed, and put together again.

use fastrand::Rng;

use super::wire::{put, take};

/// The event whose numbers are followed by a text.
const STRING: u8 = 37;
const LOG: u8 = 48;
const BATCH: u8 = 1;

/// An event as it stands in the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// Type, and how many numbers follow: `n << 6 | type`.
    pub first: u8,
    pub args: Vec<u64>,
    /// A string's text, or a log's message.
    pub text: Option<Vec<u8>>,
}

/// A trace taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trace {
    pub header: [u8; 16],
    pub items: Vec<Item>,
    /// What could not be taken apart.
    pub rest: Vec<u8>,
}

impl Trace {
    /// Takes a trace apart; what comes out of [`Trace::bytes`] is the same again.
    pub fn parse(bytes: &[u8]) -> Option<Trace> {
        let header = bytes.get(..16)?.try_into().ok()?;
        let (mut pos, mut items) = (16, Vec::new());
        while let Some((item, end)) = Item::parse(bytes, pos) {
            items.push(item);
            pos = end;
        }
        Some(Trace { header, items, rest: bytes[pos..].to_vec() })
    }

    /// The bytes of it.
    pub fn bytes(&self) -> Vec<u8> {
        let mut out = self.header.to_vec();
        self.items.iter().for_each(|item| item.write(&mut out));
        out.extend_from_slice(&self.rest);
        out
    }

    /// One change. `donor` is another trace, of which parts are taken.
    pub fn change(&mut self, donor: &Trace, rng: &mut Rng) {
        let count = self.items.len();
        if count < 2 {
            return;
        }
        let at = rng.usize(..count);
        match rng.u8(..12) {
            0 => drop(self.items.remove(at)),
            1 => self.items.insert(at, self.items[rng.usize(..count)].clone()),
            2 => self.items.swap(at, rng.usize(..count)),
            3 => self.items.swap(at.max(1) - 1, at),
            4 if !donor.items.is_empty() => {
                let from = rng.usize(..donor.items.len());
                let to = (from + rng.usize(1..40)).min(donor.items.len());
                drop(self.items.splice(at..at, donor.items[from..to].iter().cloned()));
            }
            5 => {
                let end = (at + rng.usize(1..40)).min(count);
                drop(self.items.drain(at..end));
            }
            6 if rng.u8(..8) == 0 => self.header = donor.header,
            _ => self.items[at].change(rng),
        }
    }
}

impl Item {
    fn parse(bytes: &[u8], mut pos: usize) -> Option<(Item, usize)> {
        let first = *bytes.get(pos)?;
        pos += 1;
        let (typ, inline) = (first & 0x3f, first >> 6);
        let mut args = Vec::new();
        let mut text = None;
        let take_text = |pos: &mut usize| {
            let len = take(bytes, pos)? as usize;
            let text = bytes.get(*pos..pos.checked_add(len)?)?.to_vec();
            *pos += len;
            Some(text)
        };
        if typ == STRING {
            args.push(take(bytes, &mut pos)?);
            text = Some(take_text(&mut pos)?);
        } else if inline < 3 {
            for _ in 0..=usize::from(inline) + usize::from(typ == BATCH) {
                args.push(take(bytes, &mut pos)?);
            }
        } else {
            let len = take(bytes, &mut pos)? as usize;
            let end = pos.checked_add(len).filter(|&end| end <= bytes.len())?;
            while pos < end {
                args.push(take(bytes, &mut pos)?);
            }
            if typ == LOG {
                text = Some(take_text(&mut pos)?);
            }
        }
        Some((Item { first, args, text }, pos))
    }

    fn write(&self, out: &mut Vec<u8>) {
        out.push(self.first);
        if self.first & 0x3f != STRING && self.first >> 6 == 3 {
            let mut block = Vec::new();
            self.args.iter().for_each(|&arg| put(&mut block, arg));
            put(out, block.len() as u64);
            out.extend_from_slice(&block);
        } else {
            self.args.iter().for_each(|&arg| put(out, arg));
        }
        if let Some(text) = &self.text {
            put(out, text.len() as u64);
            out.extend_from_slice(text);
        }
    }

    fn change(&mut self, rng: &mut Rng) {
        let count = self.args.len();
        match rng.u8(..10) {
            0 => self.first = self.first & 0xc0 | rng.u8(..64),
            1 => self.first ^= 0x40 << rng.u8(..2),
            2 => drop(self.args.pop()),
            3 => self.args.push(rng.u64(..200)),
            4 if count > 0 => self.args[rng.usize(..count)] = u64::MAX >> rng.u32(..64),
            5 if count > 0 => self.args[rng.usize(..count)] = rng.u64(..100),
            _ if count > 0 => {
                let arg = &mut self.args[rng.usize(..count)];
                *arg = if rng.bool() { arg.wrapping_add(1) } else { arg.wrapping_sub(1) };
            }
            _ => {}
        }
    }
}
