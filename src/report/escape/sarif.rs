//! Messages of SARIF, whose plain text has links and places to fill in (SARIF 2.1.0, 3.11.5 and 3.11.6).

use super::{Text, shown};

impl Text {
    /// A message of SARIF: `{{` and `}}` for braces, always; `\[`, `\]` and `\\` where there is a `](`, without which brackets make no
    /// link and stay as they are, since names of generic functions have them. The bracket behind gets a backslash as well, for readers
    /// that look for `](` and know of no escape.
    pub fn sarif(&self) -> String {
        let text = shown(&self.0).replace('{', "{{").replace('}', "}}");
        if !text.contains("](") {
            return text;
        }
        text.replace('\\', "\\\\").replace('[', "\\[").replace(']', "\\]").replace("\\](", "\\]\\(")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neither_links_nor_places_to_fill_in_are_left() {
        for (text, want) in [
            ("pkg.(*T[...]).Run: time 1 ms → 2 ms", "pkg.(*T[...]).Run: time 1 ms → 2 ms"),
            ("C:\\x [1]", "C:\\x [1]"),
            ("{0} of struct {}", "{{0}} of struct {{}}"),
            ("[details](https://example.com/x) {0}", "\\[details\\]\\(https://example.com/x) {{0}}"),
            // A backslash before a bracket would make a bracket of the escape again.
            ("[a\\](1)", "\\[a\\\\\\]\\(1)"),
            ("[[a](1)](2)", "\\[\\[a\\]\\(1)\\]\\(2)"),
            // What is shown for a mark without width between the two has braces, and no link comes out.
            ("[a]\u{200b}(1)", "[a]\\u{{200b}}(1)"),
        ] {
            assert_eq!(Text::from(text).sarif(), want);
        }
    }
}
