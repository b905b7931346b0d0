//! Terminals and CI logs, which obey escape sequences and commands.

use super::{Text, escaped, is_harmful};

impl Text {
    /// For a terminal or a CI log: see [`term`].
    pub fn term(&self) -> String {
        term(&self.0)
    }
}

/// `text` for a terminal or a CI log: controls, direction marks, line separators and invisible characters are shown as
/// `\u{..}`; where GitHub's runner reads along, what it would take for a command is broken.
pub fn term(text: &str) -> String {
    escape(text, std::env::var_os("GITHUB_ACTIONS").is_some_and(|v| v == "true"))
}

fn escape(text: &str, github: bool) -> String {
    let mut out = String::with_capacity(text.len());
    let mut previous = ['\0'; 2];
    let leading = text.trim_start().starts_with("::");
    let mut blank_so_far = true;
    for c in text.chars() {
        if is_harmful(c) {
            escaped(c, &mut out);
        } else if github && (c == '[' && previous == ['#', '#'] || c == ':' && leading && blank_so_far) {
            // `##[` is a command anywhere in a line, `::` at its start.
            escaped(c, &mut out);
        } else {
            out.push(c);
        }
        blank_so_far &= c.is_whitespace();
        previous = [previous[1], c];
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_a_terminal_obeys_gets_through() {
        for (text, want) in [
            ("example.com/shop.F.func1", "example.com/shop.F.func1"),
            ("\u{1b}[31mred", "\\u{1b}[31mred"),
            ("a\nb\r", "a\\u{a}b\\u{d}"),
            ("\u{9b}1m", "\\u{9b}1m"),
            ("a\u{202e}b\u{2066}c\u{200b}", "a\\u{202e}b\\u{2066}c\\u{200b}"),
            ("größe 日本", "größe 日本"),
        ] {
            assert_eq!(escape(text, false), want);
        }
    }

    #[test]
    fn commands_to_githubs_runner_are_broken() {
        assert_eq!(escape("##[error]x", true), "##\\u{5b}error]x");
        assert_eq!(escape("::error::x", true), "\\u{3a}:error::x");
        assert_eq!(escape("  ::error::x", true), "  \\u{3a}:error::x");
        assert_eq!(escape("std::vector", true), "std::vector");
        assert_eq!(escape("##[error]x", false), "##[error]x");
    }
}
