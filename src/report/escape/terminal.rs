//! Terminals and CI logs, which obey escape sequences and commands.

use super::{Text, escaped, is_harmful};

impl Text {
    /// For a terminal or a CI log: see [`term`].
    pub fn term(&self) -> String {
        term(&self.0)
    }
}

/// `text` for a terminal or a CI log: controls, direction marks, line separators and invisible characters are shown as
/// `\u{..}`; where a CI system reads along that obeys commands in logs, what it would take for one is broken.
pub fn term(text: &str) -> String {
    escape(text, ["GITHUB_ACTIONS", "TF_BUILD", "TEAMCITY_VERSION"].iter().any(|v| std::env::var_os(v).is_some()))
}

fn escape(text: &str, obeyed: bool) -> String {
    let mut out = String::with_capacity(text.len());
    for (i, c) in text.char_indices() {
        let (before, from) = text.split_at_checked(i).unwrap_or_default();
        if is_harmful(c) {
            escaped(c, &mut out);
        } else if obeyed
            && (c == '[' && ["##", "##vso", "##teamcity"].iter().any(|start| before.ends_with(start))
                || c == ':' && from.starts_with("::") && before.chars().next_back().is_none_or(char::is_whitespace))
        {
            // `##[` is a command anywhere in a line, `::` at its start; and a line may be broken between any two words.
            escaped(c, &mut out);
        } else {
            out.push(c);
        }
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
        assert_eq!(escape("text ::error::x", true), "text \\u{3a}:error::x");
        assert_eq!(escape("##vso[x] ##teamcity[y]", true), "##vso\\u{5b}x] ##teamcity\\u{5b}y]");
        assert_eq!(escape("std::vector", true), "std::vector");
        assert_eq!(escape("##[error]x", false), "##[error]x");
    }
}
