//! Markdown on a forge: tables, HTML, links, images, mentions and references are all within reach of a name.
//!
//! Names go into code: forges look for mentions and references in text, never in code. A name of plain characters is
//! in backticks, any other in `<code>` with entities for everything that could mean something.

use std::fmt::Write as _;

use super::{Text, escaped, is_harmful};

impl Text {
    /// All of it as one piece of code: for cells and titles.
    pub fn markdown(&self) -> String {
        code(&self.0)
    }

    /// A sentence: what only can be words and figures stays as it is, all other words become code.
    pub fn markdown_line(&self) -> String {
        let words: Vec<String> = self.0.split([' ', '\n', '\t', '\r']).filter(|w| !w.is_empty()).map(word).collect();
        words.join(" ")
    }

    /// Text for a fenced block that [`fence`] made: lines stay lines, nothing else is obeyed there.
    pub fn markdown_fenced(&self) -> String {
        let mut out = String::with_capacity(self.0.len());
        for c in self.0.chars() {
            if is_harmful(c) { escaped(c, &mut out) } else { out.push(c) }
        }
        out
    }
}

/// A fence that is longer than any row of backticks in `lines`.
pub fn fence<'t>(lines: impl IntoIterator<Item = &'t Text>) -> String {
    let mut longest = 2;
    for line in lines {
        let runs = line.0.split(|c| c != '`').map(str::len).max().unwrap_or(0);
        longest = longest.max(runs);
    }
    "`".repeat(longest + 1)
}

fn word(word: &str) -> String {
    let bare = word.trim_end_matches([',', ';', ':', '.', ')', '?']).trim_start_matches('(');
    let Some((before, after)) = word.split_once(bare).filter(|_| !bare.is_empty()) else {
        // Punctuation alone would be a rule, a list or a heading only at the start of a line: code is harmless anywhere.
        return code(word);
    };
    if is_plain(bare) { word.to_owned() } else { format!("{before}{}{after}", code(bare)) }
}

/// Letters only, or a figure. Words of seven hexadecimal digits and more are taken for commits, `GH-1` for an issue.
fn is_plain(word: &str) -> bool {
    let letters = word.chars().all(|c| c.is_ascii_alphabetic() || c == '\'');
    let joined = word.split('-').all(|part| !part.is_empty() && part.chars().all(|c| c.is_ascii_alphabetic()));
    let figure = word.chars().all(|c| c.is_ascii_digit() || matches!(c, '.' | '+' | '-' | '×' | '%' | '→'))
        && word.chars().any(|c| c.is_ascii_digit() || matches!(c, '%' | '→'))
        && !word.starts_with(['+', '-']) | word.chars().nth(1).is_some_and(|c| c.is_ascii_digit());
    let unit = matches!(word, "µs" | "=");
    let commit = word.len() >= 7 && word.chars().all(|c| c.is_ascii_hexdigit());
    (letters || joined || figure || unit) && !commit
}

fn code(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '/' | '(' | ')' | '*' | ':' | '-' | ' ');
    let trimmed = text.trim() == text && !text.is_empty();
    if trimmed && text.chars().all(plain) {
        return format!("`{text}`");
    }
    let mut out = String::with_capacity(text.len() * 2 + 13);
    out.push_str("<code>");
    for c in text.chars() {
        if is_harmful(c) {
            let mut seen = String::new();
            escaped(c, &mut seen);
            seen.chars().for_each(|c| entity(c, &mut out));
        } else {
            entity(c, &mut out);
        }
    }
    out.push_str("</code>");
    out
}

/// Letters, digits and what never means anything stay; all else of ASCII becomes a numeric entity.
fn entity(c: char, out: &mut String) {
    if c.is_ascii_alphanumeric() || matches!(c, '.' | '/' | ' ') || !c.is_ascii() {
        out.push(c);
    } else {
        let _ = write!(out, "&#{};", u32::from(c));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_code_and_words_are_words() {
        for (text, want) in [
            ("regression: shop.(*DB).Get: running", "regression: `shop.(*DB).Get`: running"),
            ("55.5 ms → 112 ms (×2.01), at a.go:31; and 2 more", "55.5 ms → 112 ms (×2.01), at `a.go:31`; and 2 more"),
            ("+21 % of @team", "+21 % of <code>&#64;team</code>"),
            ("see #12 and GH-12", "see <code>&#35;12</code> and `GH-12`"),
            ("fix deadbeef1 facade", "fix `deadbeef1` facade"),
            ("deadbee", "`deadbee`"),
            ("a|b\n# c", "<code>a&#124;b</code> <code>&#35;</code> c"),
            ("www.example.com", "`www.example.com`"),
            ("x_y_z *a*", "`x_y_z` `*a*`"),
            ("<b>x</b>", "<code>&#60;b&#62;x&#60;/b&#62;</code>"),
        ] {
            assert_eq!(Text::from(text).markdown_line(), want);
        }
        assert_eq!(Text::from("a `b` c").markdown(), "<code>a &#96;b&#96; c</code>");
        assert_eq!(Text::from("region parse").markdown(), "`region parse`");
        assert_eq!(Text::from("").markdown(), "<code></code>");
    }

    #[test]
    fn a_fence_is_longer_than_what_it_holds() {
        assert_eq!(fence(&[Text::from("a ``` b"), Text::from("````")]), "`````");
        assert_eq!(fence(&[]), "```");
    }
}
