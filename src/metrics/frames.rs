//! Stacks as they are told: with text for symbols, and not more of it than a reader can use.

use crate::summary::SiteFrame;
use crate::trace::{Frame, StackId, Symbols};

/// A frame with text for symbols.
pub(crate) fn site_frame(symbols: &Symbols, frame: Frame) -> SiteFrame {
    SiteFrame { func: symbols.shared(frame.func), file: symbols.shared(frame.file), line: frame.line }
}

/// Told of the stacks of all sites together, in bytes: each frame is told in full, and a stack of a few bytes may have 128 of a
/// kilobyte each. (The summary of a program that waits in 512 places, 100 frames deep, has 30 MB: that is all told.)
const MOST_TOLD: usize = 64 << 20;

/// What a frame takes in JSON besides its names, bytes.
const OF_A_FRAME: usize = 40;

/// How many bytes may still be told.
pub(super) struct Room(usize);

impl Default for Room {
    fn default() -> Self {
        Room(MOST_TOLD)
    }
}

impl Room {
    /// The frames of a stack; where there is no room for all, where it is and where it began.
    pub(super) fn frames(&mut self, symbols: &Symbols, stack: StackId) -> Vec<SiteFrame> {
        let mut frames = frames(symbols, stack);
        let told = frames.iter().map(|frame| frame.func.len() + frame.file.len() + OF_A_FRAME).sum();
        match self.0.checked_sub(told) {
            Some(rest) => self.0 = rest,
            None if frames.len() > 2 => frames = vec![frames[0].clone(), frames[frames.len() - 1].clone()],
            None => {}
        }
        frames
    }
}

/// The frames of a stack, innermost first.
pub(super) fn frames(symbols: &Symbols, stack: StackId) -> Vec<SiteFrame> {
    symbols.frames(stack).map(|frame| site_frame(symbols, frame)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trace::{Interner, Sym};

    #[test]
    fn of_stacks_for_which_there_is_no_room_the_ends_are_told() {
        let mut interner = Interner::default();
        let names: Vec<Sym> = (0..9).map(|i| interner.text(&format!("{i}").repeat(10))).collect();
        let mut stack = |frames: &[usize]| {
            let ids: Vec<_> =
                frames.iter().map(|&i| interner.frame(Frame { func: names[i], file: names[i], line: 1 })).collect();
            interner.stack(ids.into_iter())
        };
        // From the outermost on.
        let stacks = [stack(&[0, 1, 2]), stack(&[3, 4, 5]), stack(&[6]), stack(&[7, 8]), stack(&[0, 1])];
        let mut symbols = Symbols::default();
        symbols.apply(&mut interner.take_delta());
        let mut room = Room(85 + 4 * OF_A_FRAME);
        let told = stacks.map(|stack| {
            let frames = room.frames(&symbols, stack);
            frames.iter().map(|frame| &frame.func[..1]).collect::<String>()
        });
        assert_eq!(told, ["210", "53", "6", "87", "10"]);
    }
}
