//! Formats of lines: GitHub's commands, OpenMetrics, CSV, benchfmt, folded stacks, names in exports, and references to
//! files.

use super::{Text, shown};

impl Text {
    /// The message of a command to GitHub's runner.
    pub fn command(&self) -> String {
        // What is shown holds no line end any more; the legacy spelling is looked for anywhere in a line.
        shown(&self.0).replace('%', "%25").replace("##[", "##\\u{5b}")
    }

    /// A property of a command to GitHub's runner.
    pub fn command_property(&self) -> String {
        self.command().replace(':', "%3A").replace(',', "%2C")
    }

    /// The value of a label of OpenMetrics, without the quotes around it.
    pub fn label(&self) -> String {
        shown(&self.0).replace('\\', "\\\\").replace('"', "\\\"")
    }

    /// A cell of CSV that no spreadsheet takes for a formula.
    pub fn cell(&self) -> String {
        let text = shown(&self.0);
        let formula = text
            .trim_start()
            .starts_with(['=', '+', '-', '@', '|', '%', '\u{ff1d}', '\u{ff0b}', '\u{ff0d}', '\u{ff20}']);
        if formula { format!("'{text}") } else { text }
    }

    /// One word, as Go's testing writes names of sub-benchmarks: a blank is `_`. `/` and `=` would be structure to
    /// benchstat, and a `-8` at the end the number of processors.
    pub fn word(&self) -> String {
        let plain = shown(&self.0);
        let plain: String = plain
            .chars()
            .map(|c| match c {
                ' ' => '_',
                '/' => '∕',
                '=' => '＝',
                c if c.is_whitespace() => '_',
                c => c,
            })
            .collect();
        let digits = plain.len() - plain.trim_end_matches(|c: char| c.is_ascii_digit()).len();
        let (name, number) = plain.split_at(plain.len() - digits);
        match name.strip_suffix('-').filter(|_| digits > 0) {
            Some(before) => format!("{before}_{number}"),
            None if plain.is_empty() => "_".to_owned(),
            None => plain,
        }
    }

    /// The value of a key of benchfmt, which ends with the line.
    pub fn line(&self) -> String {
        shown(&self.0).trim().to_owned()
    }

    /// A name in what other tools show: profiles and timelines, whose formats take any character but whose readers
    /// print it.
    pub fn shown(&self) -> String {
        shown(&self.0)
    }

    /// A frame of a folded stack: `;` ends a frame, and numbers at the end of a line are what it took.
    pub fn frame(&self) -> String {
        let plain = shown(&self.0).replace(';', "\\u{3b}");
        let is_number = |word: &str| !word.is_empty() && word.chars().all(|c| c.is_ascii_digit() || c == '.');
        match plain.rsplit_once(char::is_whitespace) {
            Some((before, last)) if is_number(last) || last.is_empty() => format!("{before}\\u{{20}}{last}"),
            _ if plain.is_empty() => "(nameless)".to_owned(),
            _ => plain,
        }
    }

    /// A file inside of the repository, as `/`-separated relative path: `None` for what lies outside or could.
    pub fn inside(&self) -> Option<Text> {
        let path = self.0.replace('\\', "/");
        let outside = path.is_empty()
            || path.starts_with(['/', '$', '~', '<'])
            || path.contains([':', '@', '\0'])
            || path.split('/').any(|e| matches!(e, "" | "." | ".."));
        (!outside).then_some(Text(path))
    }

    /// A relative reference (RFC 3986) to a file inside of the repository.
    pub fn uri(&self) -> Option<String> {
        let Text(path) = self.inside()?;
        let mut out = String::with_capacity(path.len());
        for byte in path.bytes() {
            if byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'.' | b'-' | b'_' | b'~') {
                out.push(char::from(byte));
            } else {
                out.push_str(&format!("%{byte:02X}"));
            }
        }
        Some(out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_stay_in_their_line_and_property() {
        let text = Text::from("100%\r\n::error::a,b##[set-env]");
        assert_eq!(text.command(), "100%25\\u{d}\\u{a}::error::a,b##\\u{5b}set-env]");
        assert!(!text.command_property().contains([':', ',', '\n']));
    }

    #[test]
    fn no_cell_is_a_formula() {
        for text in ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "  =cmd|'/c calc'!A0", "＝1", "|x", "%0a"] {
            let cell = Text::from(text).cell();
            assert!(cell.starts_with(['\'', '\\']), "{cell}");
        }
        assert_eq!(Text::from("shop.F").cell(), "shop.F");
    }

    #[test]
    fn references_stay_in_the_repository() {
        for outside in
            ["/etc/passwd", "../x.go", "a/../../x.go", "$GOROOT/src/a.go", "C:/x.go", "m@v1.2/x.go", "", "a//b"]
        {
            assert_eq!(Text::from(outside).uri(), None, "{outside}");
        }
        assert_eq!(Text::from("a b/ü.go").uri().as_deref(), Some("a%20b/%C3%BC.go"));
    }

    #[test]
    fn labels_and_words_keep_their_lines() {
        assert_eq!(Text::from("a\"b\\c\nd").label(), "a\\\"b\\\\c\\\\u{a}d");
        assert_eq!(Text::from("parse cart/x=1").word(), "parse_cart∕x＝1");
        assert_eq!(Text::from("shard-8").word(), "shard_8");
        assert_eq!(Text::from("shop.F[struct { A int; B int }]").frame(), "shop.F[struct { A int\\u{3b} B int }]");
        assert_eq!(Text::from("f 12").frame(), "f\\u{20}12");
        assert_eq!(Text::from("a\nb").frame(), "a\\u{a}b");
    }
}
