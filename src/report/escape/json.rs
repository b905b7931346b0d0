//! JSON as it is printed and written: the same document, with nothing in it that a terminal or a reader's eye obeys.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::ser::{Formatter, Serializer};

use super::is_harmful;

/// Writes a value as an indented document. Controls beyond those that JSON escapes itself, marks of direction and what takes no
/// width are escaped (`\u009b`): whoever reads the document gets the same text.
///
/// # Errors
/// What writing fails with, and what cannot be JSON.
pub fn write<T: Serialize>(out: impl Write, value: &T) -> serde_json::Result<()> {
    value.serialize(&mut Serializer::with_formatter(out, Harmless::default()))
}

/// Line ends and indentation, as [`PrettyFormatter`](serde_json::ser::PrettyFormatter) has them, written in one piece: that one
/// writes two spaces at a time, a third of what a document of a hundred thousand frames took.
#[derive(Default)]
struct Harmless {
    depth: usize,
    /// Whether what was opened last has anything in it.
    has_value: bool,
}

/// So many spaces are written at once.
const LINE: &[u8; 64] = b"\n                                                               ";

impl Harmless {
    #[inline]
    fn open<W: ?Sized + Write>(&mut self, out: &mut W, bracket: &[u8]) -> io::Result<()> {
        (self.depth, self.has_value) = (self.depth + 1, false);
        out.write_all(bracket)
    }

    #[inline]
    fn close<W: ?Sized + Write>(&mut self, out: &mut W, bracket: &[u8]) -> io::Result<()> {
        self.depth = self.depth.saturating_sub(1);
        if self.has_value {
            self.line(out)?;
        }
        out.write_all(bracket)
    }

    #[inline]
    fn next<W: ?Sized + Write>(&mut self, out: &mut W, first: bool) -> io::Result<()> {
        if !first {
            out.write_all(b",")?;
        }
        self.line(out)
    }

    #[inline]
    fn line<W: ?Sized + Write>(&self, out: &mut W) -> io::Result<()> {
        let mut left = 2 * self.depth;
        let begin = LINE.get(..=left.min(LINE.len() - 1)).unwrap_or(LINE);
        out.write_all(begin)?;
        left -= begin.len() - 1;
        (0..left).try_for_each(|_| out.write_all(b" "))
    }
}

impl Formatter for Harmless {
    #[inline]
    fn begin_array<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.open(out, b"[")
    }

    #[inline]
    fn end_array<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.close(out, b"]")
    }

    #[inline]
    fn begin_array_value<W: ?Sized + Write>(&mut self, out: &mut W, first: bool) -> io::Result<()> {
        self.next(out, first)
    }

    #[inline]
    fn end_array_value<W: ?Sized + Write>(&mut self, _out: &mut W) -> io::Result<()> {
        self.has_value = true;
        Ok(())
    }

    #[inline]
    fn begin_object<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.open(out, b"{")
    }

    #[inline]
    fn end_object<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.close(out, b"}")
    }

    #[inline]
    fn begin_object_key<W: ?Sized + Write>(&mut self, out: &mut W, first: bool) -> io::Result<()> {
        self.next(out, first)
    }

    #[inline]
    fn begin_object_value<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        out.write_all(b": ")
    }

    #[inline]
    fn end_object_value<W: ?Sized + Write>(&mut self, _out: &mut W) -> io::Result<()> {
        self.has_value = true;
        Ok(())
    }

    /// What is harmful is nowhere in JSON but within strings; controls below the space nowhere but between them, as white space.
    fn write_raw_fragment<W: ?Sized + Write>(&mut self, out: &mut W, fragment: &str) -> io::Result<()> {
        self.write_string_fragment(out, fragment)
    }

    #[inline]
    fn write_string_fragment<W: ?Sized + Write>(&mut self, out: &mut W, fragment: &str) -> io::Result<()> {
        // As nearly all is: ASCII, and no DEL, which one more makes no ASCII. JSON has escaped the controls below the space.
        if fragment.bytes().fold(0, |seen, byte| seen | byte.wrapping_add(1)).is_ascii() {
            return out.write_all(fragment.as_bytes());
        }
        let mut rest = fragment;
        while let Some((at, c)) = rest.char_indices().find(|&(_, c)| c >= ' ' && is_harmful(c)) {
            let (before, from) = rest.split_at_checked(at).unwrap_or_default();
            out.write_all(before.as_bytes())?;
            for unit in c.encode_utf16(&mut [0; 2]) {
                write!(out, "\\u{unit:04x}")?;
            }
            rest = from.strip_prefix(c).unwrap_or_default();
        }
        out.write_all(rest.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::value::RawValue;

    use super::*;

    #[test]
    fn what_would_do_harm_is_escaped_and_read_back_the_same() {
        for (text, written) in [
            ("pkg.(*T).f", "pkg.(*T).f"),
            ("größe 世界", "größe 世界"),
            ("\u{1b}[31m\x7f", "\\u001b[31m\\u007f"),
            ("a\u{9b}31m\u{85}b", "a\\u009b31m\\u0085b"),
            ("\u{202e}fdp\u{200b}", "\\u202efdp\\u200b"),
            ("ü\u{e0041}ü\u{feff}", "ü\\udb40\\udc41ü\\ufeff"),
        ] {
            let (mut out, value) = (Vec::new(), [text]);
            write(&mut out, &value).unwrap();
            let json = String::from_utf8(out).unwrap();
            assert_eq!(json, format!("[\n  \"{written}\"\n]"));
            assert_eq!(serde_json::from_str::<[String; 1]>(&json).unwrap(), value);
            // What is written as it is, too.
            let (mut out, raw) = (Vec::new(), serde_json::value::to_raw_value(&value).unwrap());
            write(&mut out, &raw).unwrap();
            assert_eq!(String::from_utf8(out).unwrap(), format!("[\"{written}\"]"));
            let spread = format!("[\n\t\"{text}\"]");
            if text.chars().all(|c| c >= ' ') {
                let (mut out, raw) = (Vec::new(), serde_json::from_str::<Box<RawValue>>(&spread).unwrap());
                write(&mut out, &raw).unwrap();
                assert_eq!(String::from_utf8(out).unwrap(), format!("[\n\t\"{written}\"]"));
            }
        }
    }

    #[test]
    fn all_else_is_as_serde_json_has_it() {
        let value = serde_json::json!({
            "a": [], "b": {}, "c": [1, -2, 0.5, 1e300, null, true, "\"\\\n"], "d": {"e": {"f": [[1], [2, 3]]}, "ü": u64::MAX},
        });
        let deep = (0..80).fold(value.clone(), |inner, _| serde_json::json!([inner]));
        for value in [value, deep] {
            let mut out = Vec::new();
            write(&mut out, &value).unwrap();
            assert_eq!(String::from_utf8(out).unwrap(), serde_json::to_string_pretty(&value).unwrap());
        }
    }
}
