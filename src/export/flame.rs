//! Flame graphs of waits, as SVG that stands alone: of one side, or of both with what grew in red and what shrank in blue.
//!
//! The widths of a differential graph are those of one side, usually the head: what the head has no more is missing in
//! it, and is seen when it is drawn by the base.

use inferno::flamegraph::color::{BackgroundColor, Color};
use inferno::flamegraph::{self, Options};

use super::folded::{self, Folded};

/// What is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Draw {
    /// The head alone.
    One,
    /// What changed, as wide as it is in the head.
    ByHead,
    /// What changed, as wide as it was in the base.
    ByBase,
}

/// The picture; `None` where there is nothing to draw.
///
/// # Errors
/// When it cannot be drawn, which the text is made to rule out.
pub fn svg(folded: &Folded, draw: Draw, title: &str) -> std::io::Result<Option<String>> {
    let wide = |times: &(i64, i64)| if draw == Draw::ByBase { times.0 } else { times.1 };
    if folded.values().all(|times| wide(times) <= 0) {
        return Ok(None);
    }
    let mut options = Options::default();
    options.title = title.to_owned();
    options.count_name = "µs".to_owned();
    options.factor = 1e-3;
    options.bgcolors = Some(BackgroundColor::Flat(Color::new(250, 250, 250)));
    // The same input gives the same picture.
    options.deterministic = true;
    let lines = match draw {
        Draw::One => folded::one_side(folded, |times| times.1),
        Draw::ByHead => {
            options.subtitle = Some("as wide as in the head; red: longer than in the base, blue: shorter".to_owned());
            folded::both_sides(folded)
        }
        Draw::ByBase => {
            options.subtitle =
                Some("as wide as in the base; red: longer in the head than in the base, blue: shorter".to_owned());
            options.negate_differentials = true;
            folded.iter().map(|(stack, (base, head))| format!("{stack} {head} {base}\n")).collect()
        }
    };
    let mut svg = Vec::new();
    flamegraph::from_lines(&mut options, lines.lines(), &mut svg)?;
    String::from_utf8(svg).map(Some).map_err(std::io::Error::other)
}
