//! Strings, stacks and goroutines of a file: ids of its own become dense indices.

use super::wire::{Raw, Wire};
use crate::hash::HashMap;
use crate::trace::cursor::uvarint;
use crate::trace::{TraceError, TraceErrorKind};

/// What Go's reader allows of a stack, in frames.
const MAX_FRAMES: u64 = 1000;

/// Strings and stacks. Index 0 is the empty string, and no stack.
#[derive(Debug)]
pub(super) struct Tables {
    text: Vec<u8>,
    strings: Vec<(u32, u32)>,
    string_ids: HashMap<u64, u32>,
    frames: Vec<FrameOf>,
    /// The same with ids of strings, until all strings are known.
    named_frames: Vec<(u64, u64, u32)>,
    /// Frames go by their program counter, as in Go's reader: the first that names one tells its function and line.
    counters: HashMap<u64, u32>,
    stack_frames: Vec<u32>,
    stacks: Vec<(u32, u32)>,
    stack_ids: HashMap<u32, u32>,
}

/// A frame; function and file are indices of strings.
#[derive(Clone, Copy, Debug)]
pub(super) struct FrameOf {
    pub(super) func: u32,
    pub(super) file: u32,
    pub(super) line: u32,
}

impl Default for Tables {
    fn default() -> Self {
        Tables {
            text: Vec::new(),
            strings: vec![(0, 0)],
            string_ids: HashMap::default(),
            frames: Vec::new(),
            named_frames: Vec::new(),
            counters: HashMap::default(),
            stack_frames: Vec::new(),
            stacks: vec![(0, 0)],
            stack_ids: HashMap::default(),
        }
    }
}

impl Tables {
    /// Enters a string.
    pub(super) fn add_string(&mut self, wire: &Wire<'_>, raw: &Raw<'_>) -> Result<(), TraceError> {
        let id = raw.numbers[0];
        let fail = |what| Err(wire.error(TraceErrorKind::V1BadString, raw.at).with(format_args!("string {id} {what}")));
        if id == 0 || raw.data.is_empty() {
            return fail("is empty");
        }
        let entry = (self.text.len() as u32, raw.data.len() as u32);
        if self.string_ids.insert(id, self.strings.len() as u32).is_some() {
            return fail("again");
        }
        self.strings.push(entry);
        self.text.extend_from_slice(raw.data);
        Ok(())
    }

    /// Enters a stack: id, depth, then counter, function, file and line of each frame, innermost first.
    pub(super) fn add_stack(&mut self, wire: &Wire<'_>, raw: &Raw<'_>) -> Result<(), TraceError> {
        if raw.data.is_empty() {
            return Ok(());
        }
        let mut pos = 0;
        let mut number = || {
            uvarint(raw.data, &mut pos)
                .map(|value| (value, pos))
                .map_err(|_| wire.error(TraceErrorKind::V1BadStack, raw.at))
        };
        let (id, _) = number()?;
        let (depth, mut end) = number()?;
        if depth > MAX_FRAMES {
            return Err(wire.error(TraceErrorKind::V1BadStack, raw.at).with(format_args!("{depth} frames")));
        }
        // Ids are 32 bits wide there, whatever is written.
        let id = id as u32;
        let first = self.stack_frames.len() as u32;
        for _ in 0..depth {
            let (counter, func, file, line);
            ((counter, _), (func, _), (file, _), (line, end)) = (number()?, number()?, number()?, number()?);
            if id == 0 {
                continue;
            }
            let next = self.named_frames.len() as u32;
            let frame = *self.counters.entry(counter).or_insert(next);
            if frame == next {
                self.named_frames.push((func, file, u32::try_from(line).unwrap_or(u32::MAX)));
            }
            self.stack_frames.push(frame);
        }
        if end != raw.data.len() {
            return Err(wire.error(TraceErrorKind::V1BadStack, raw.at));
        }
        if id != 0 && depth > 0 {
            self.stack_ids.insert(id, self.stacks.len() as u32);
            self.stacks.push((first, depth as u32));
        }
        Ok(())
    }

    /// To be called when all is entered: checks that the frames' strings are there.
    ///
    /// They are written before the stack that needs them, so where they are not, the file was cut or damaged.
    pub(super) fn resolve(&mut self, wire: &Wire<'_>) -> Result<(), TraceError> {
        self.counters = HashMap::default();
        let named = std::mem::take(&mut self.named_frames);
        self.frames.reserve_exact(named.len());
        for (func, file, line) in named {
            let find = |id, kind| {
                self.string(id).ok_or_else(|| wire.error(kind, wire.bytes.len()).with(format_args!("string {id}")))
            };
            let func = find(func, TraceErrorKind::FrameFunctionMissing)?;
            let file = find(file, TraceErrorKind::FrameFileMissing)?;
            self.frames.push(FrameOf { func, file, line });
        }
        Ok(())
    }

    /// The index of the string with this id.
    pub(super) fn string(&self, id: u64) -> Option<u32> {
        if id == 0 { Some(0) } else { self.string_ids.get(&id).copied() }
    }

    /// The index of the stack with this id.
    pub(super) fn stack(&self, id: u64) -> Option<u32> {
        if id == 0 { Some(0) } else { self.stack_ids.get(&u32::try_from(id).ok()?).copied() }
    }

    /// How many strings and stacks there are.
    pub(super) fn sizes(&self) -> (usize, usize) {
        (self.strings.len(), self.stacks.len())
    }

    /// The bytes of the string at an index.
    pub(super) fn text(&self, index: u32) -> &[u8] {
        let (start, length) = self.strings.get(index as usize).copied().unwrap_or_default();
        self.text.get(start as usize..).and_then(|rest| rest.get(..length as usize)).unwrap_or_default()
    }

    /// A frame of the stack at an index, counted from the outermost.
    pub(super) fn frame(&self, index: u32, depth: usize) -> Option<FrameOf> {
        let &(start, length) = self.stacks.get(index as usize)?;
        let place = (length as usize).checked_sub(depth + 1)? + start as usize;
        self.frames.get(*self.stack_frames.get(place)? as usize).copied()
    }

    /// Gives back what only the reading of events needed.
    pub(super) fn forget_ids(&mut self) {
        self.string_ids = HashMap::default();
        self.stack_ids = HashMap::default();
    }
}

/// The goroutines of a file. Index 0 is goroutine 0: none.
#[derive(Debug)]
pub(super) struct Goroutines {
    ids: Vec<u64>,
    by_id: HashMap<u64, u32>,
}

impl Default for Goroutines {
    fn default() -> Self {
        Goroutines { ids: vec![0], by_id: HashMap::from_iter([(0, 0)]) }
    }
}

impl Goroutines {
    /// The index of a goroutine, the next free one at its first mention.
    pub(super) fn index(&mut self, id: u64) -> u32 {
        let next = self.ids.len() as u32;
        let index = *self.by_id.entry(id).or_insert(next);
        if index == next {
            self.ids.push(id);
        }
        index
    }

    /// The ids, by index.
    pub(super) fn into_ids(self) -> Vec<u64> {
        self.ids
    }
}
