//! Text out of traces, made harmless: one escaper for each kind of sink.
//!
//! Names of functions, regions and files are input, and so is every byte of a report that is read back. [`Text`] holds
//! such text and cannot be printed: the only ways out are the escapers.
//!
//! ```text
//!                ┌─ term      terminal, CI log            controls, bidi marks and commands to GitHub's runner shown
//!                ├─ json      JSON                        controls and bidi marks as JSON's own escapes
//!                ├─ markdown  comment, job summary        code spans, entities, no mention and no link
//!   Text ────────┼─ maud      HTML                        entities
//!                ├─ xml       JUnit                       what XML cannot hold shown; quick-xml does the rest
//!                ├─ command   GitHub annotations          %, line ends; in properties : and , too
//!                ├─ label     OpenMetrics                 \, ", line ends
//!                ├─ cell      CSV                         formulas; the csv crate does the rest
//!                ├─ word      benchfmt                    one word
//!                ├─ frame     folded stacks               ; and numbers at the end
//!                ├─ shown     profiles, timelines         controls and bidi marks shown
//!                ├─ sarif     messages of SARIF           links, and places to fill in
//!                └─ uri       SARIF, code quality         a relative reference, or none
//! ```

pub mod json;
mod lines;
mod markdown;
mod markup;
mod owned;
mod sarif;
mod terminal;

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use markdown::fence;
pub use markup::json_in_html;
pub use terminal::term;

/// Untrusted text.
///
/// It has no `Display` and gives out no `&str`:
///
/// ```compile_fail
/// let name = gotrace_diff::report::escape::Text::from("f");
/// println!("{name}");
/// ```
///
/// ```compile_fail
/// let name = gotrace_diff::report::escape::Text::from("f");
/// let text: &str = name.as_ref();
/// ```
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Text(String);

impl Text {
    /// Whether it is exactly `text`.
    pub fn is(&self, text: &str) -> bool {
        self.0 == text
    }

    /// Whether it is one of `texts`.
    pub fn is_any(&self, texts: &[&str]) -> bool {
        texts.contains(&self.0.as_str())
    }

    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether it begins with `start`.
    pub fn starts_with(&self, start: &str) -> bool {
        self.0.starts_with(start)
    }

    /// What follows `start`.
    pub fn strip_prefix(&self, start: &str) -> Option<Text> {
        self.0.strip_prefix(start).map(Text::from)
    }

    /// What is before and after the first `at`.
    pub fn split_once(&self, at: &str) -> Option<(Text, Text)> {
        self.0.split_once(at).map(|(a, b)| (Text::from(a), Text::from(b)))
    }

    /// What `words` makes of it: untrusted as before.
    pub(in crate::report) fn map(&self, words: fn(&str) -> String) -> Text {
        Text(words(&self.0))
    }

    /// At most `most` characters: longer ones lose their middle.
    pub fn clip(&self, most: usize) -> Text {
        // Most are short: their bytes say so without counting.
        if self.0.len() <= most || self.0.chars().count() <= most {
            return self.clone();
        }
        Text(super::terminal::shorten(&self.0, most))
    }

    /// What is before and after the last `at`.
    pub fn split_last(&self, at: char) -> Option<(Text, Text)> {
        self.0.rsplit_once(at).map(|(a, b)| (Text::from(a), Text::from(b)))
    }

    /// A place in source code, `file:line`, if it is one: lines count from 1.
    pub fn place(&self) -> Option<(Text, u32)> {
        let (file, line) = self.0.rsplit_once(':')?;
        let line: u32 = line.parse().ok()?;
        (!file.is_empty() && line > 0).then(|| (Text::from(file), line))
    }

    /// All of them, with `between` between.
    pub fn join<'t>(parts: impl IntoIterator<Item = &'t Text>, between: &str) -> Text {
        let parts: Vec<&str> = parts.into_iter().map(|p| p.0.as_str()).collect();
        Text(parts.join(between))
    }

    /// How many characters a person sees: of the escaped text.
    pub fn width(&self) -> usize {
        self.term().chars().count()
    }

    /// A number that is the same for the same text, in hexadecimal: for fingerprints that must not change from run to run.
    pub fn fingerprint<'t>(parts: impl IntoIterator<Item = &'t Text>) -> String {
        use sha2::Digest as _;
        let mut hash = sha2::Sha256::new();
        for part in parts {
            hash.update((part.0.len() as u64).to_le_bytes());
            hash.update(part.0.as_bytes());
        }
        hash.finalize().iter().take(16).map(|b| format!("{b:02x}")).collect()
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Text {
        Text(text.to_owned())
    }
}

impl From<String> for Text {
    fn from(text: String) -> Text {
        Text(text)
    }
}

impl std::ops::AddAssign<&str> for Text {
    fn add_assign(&mut self, more: &str) {
        self.0.push_str(more);
    }
}

impl std::ops::AddAssign<String> for Text {
    fn add_assign(&mut self, more: String) {
        self.0.push_str(&more);
    }
}

impl std::ops::AddAssign<&Text> for Text {
    fn add_assign(&mut self, more: &Text) {
        self.0.push_str(&more.0);
    }
}

/// For assertions: everything but printable ASCII is shown as an escape.
impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", self.0.escape_default())
    }
}

/// Controls (C0, DEL, C1), marks of direction, separators of lines, what takes no width, and what is no character.
fn is_harmful(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{00ad}' | '\u{034f}' | '\u{061c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{3164}' | '\u{feff}' | '\u{ffa0}' | '\u{fff9}'..='\u{fffb}'
            | '\u{fdd0}'..='\u{fdef}' | '\u{fffe}' | '\u{ffff}' | '\u{e0000}'..='\u{e0fff}')
        || u32::from(c) & 0xfffe == 0xfffe
}

/// Adds `c` as a person may see it: `\u{1b}` where it would do harm.
fn show(c: char, out: &mut String) {
    if is_harmful(c) {
        escaped(c, out);
    } else {
        out.push(c);
    }
}

/// Adds `\u{..}` for `c`.
fn escaped(c: char, out: &mut String) {
    use fmt::Write as _;
    let _ = write!(out, "\\u{{{:x}}}", u32::from(c));
}

/// All of it as a person may see it.
fn shown(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    text.chars().for_each(|c| show(c, &mut out));
    out
}

impl Text {
    /// The metric that it is the path of, for a kind of subject.
    pub fn metric(
        &self,
        kind: crate::metrics::registry::SubjectKind,
    ) -> Option<&'static crate::metrics::registry::Metric> {
        crate::metrics::registry::find(kind, &self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_words_make_of_a_text_is_text() {
        assert_eq!(Text::from("a b").map(|text| text.replace(' ', "-")), Text::from("a-b"));
    }

    #[test]
    fn a_text_is_shown_where_it_would_do_harm_and_stays_as_it_is_elsewhere() {
        for (text, want) in [("größe <b>", "größe <b>"), ("a\u{202e}b", "a\\u{202e}b"), ("", "")] {
            assert_eq!(Text::from(text).seen(), Text::from(want));
        }
    }
}
