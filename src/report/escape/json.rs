//! JSON as it is printed and written: the same document, with nothing in it that a terminal or a reader's eye obeys.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::ser::{CharEscape, Formatter, PrettyFormatter, Serializer};

use super::is_harmful;

/// Writes a value as an indented document. Controls beyond those that JSON escapes itself, marks of direction and what takes no
/// width are escaped (`\u009b`): whoever reads the document gets the same text.
///
/// # Errors
/// What writing fails with, and what cannot be JSON.
pub fn write<T: Serialize>(out: impl Write, value: &T) -> serde_json::Result<()> {
    value.serialize(&mut Serializer::with_formatter(out, Harmless(PrettyFormatter::new())))
}

struct Harmless<'a>(PrettyFormatter<'a>);

/// How serde_json writes what is harmless.
macro_rules! as_it_is {
    ($($name:ident($($arg:ident: $typ:ty),*);)*) => {
        $(#[inline]
        fn $name<W: ?Sized + Write>(&mut self, out: &mut W $(, $arg: $typ)*) -> io::Result<()> {
            self.0.$name(out $(, $arg)*)
        })*
    };
}

impl Formatter for Harmless<'_> {
    as_it_is! {
        begin_array();
        end_array();
        begin_array_value(first: bool);
        end_array_value();
        begin_object();
        end_object();
        begin_object_key(first: bool);
        begin_object_value();
        end_object_value();
        write_char_escape(escape: CharEscape);
    }

    #[inline]
    fn write_string_fragment<W: ?Sized + Write>(&mut self, out: &mut W, fragment: &str) -> io::Result<()> {
        // As nearly all is. JSON has escaped the controls below the space.
        if fragment.is_ascii() && !fragment.contains('\x7f') {
            return out.write_all(fragment.as_bytes());
        }
        let mut rest = fragment;
        while let Some((at, c)) = rest.char_indices().find(|&(_, c)| is_harmful(c)) {
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
        }
    }

    #[test]
    fn all_else_is_as_serde_json_has_it() {
        let value = serde_json::json!({
            "a": [], "b": {}, "c": [1, -2, 0.5, 1e300, null, true, "\"\\\n"], "d": {"e": {"f": [[1], [2, 3]]}, "ü": u64::MAX},
        });
        let mut out = Vec::new();
        write(&mut out, &value).unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), serde_json::to_string_pretty(&value).unwrap());
    }
}
