//! A page of at most so many bytes, made of whole rows.

/// Room for the note of what was left out, and for closing what is open.
const RESERVE: usize = 300;

/// The page.
pub(super) struct Page {
    out: String,
    limit: usize,
    left_out: usize,
    open: usize,
}

impl Page {
    pub(super) fn new(limit: usize) -> Page {
        Page { out: String::new(), limit, left_out: 0, open: 0 }
    }

    fn fits(&self, more: usize) -> bool {
        self.out.len() + more + RESERVE <= self.limit
    }

    /// Adds `text` if all of it fits.
    fn add(&mut self, text: &str) -> bool {
        let fits = self.fits(text.len());
        if fits {
            self.out.push_str(text);
        }
        fits
    }

    /// A paragraph or anything else between blank lines.
    pub(super) fn block(&mut self, text: &str) {
        if !self.add(&format!("{text}\n\n")) {
            self.left_out += 1;
        }
    }

    /// A table: its header and all rows that fit.
    pub(super) fn table(&mut self, title: &str, header: &str, rows: impl Iterator<Item = String>) {
        self.rows(&[title, header], rows);
    }

    /// A list: its title and all items that fit.
    pub(super) fn list(&mut self, title: &str, items: impl Iterator<Item = String>) {
        self.rows(&[title], items);
    }

    fn rows(&mut self, above: &[&str], rows: impl Iterator<Item = String>) {
        let mut rows = rows.peekable();
        let Some(first) = rows.peek() else { return };
        let above: String = above.iter().filter(|t| !t.is_empty()).map(|t| format!("{t}\n")).collect();
        // No header without a row.
        let begun = self.fits(above.len() + first.len() + 2) && self.add(&above);
        for row in rows {
            if !(begun && self.add(&format!("{row}\n"))) {
                self.left_out += 1;
            }
        }
        if begun {
            self.out.push('\n');
        }
    }

    /// Begins a part that is folded; false where there is no room for it.
    pub(super) fn open(&mut self, title: &str) -> bool {
        let opened = self.add(&format!("<details><summary>{title}</summary>\n\n"));
        if opened {
            self.open += 1;
        } else {
            self.left_out += 1;
        }
        opened
    }

    /// Ends it.
    pub(super) fn close(&mut self) {
        if self.open > 0 {
            self.open -= 1;
            self.out.push_str("</details>\n\n");
        }
    }

    /// The page, with a note of what did not fit.
    pub(super) fn finish(mut self) -> String {
        while self.open > 0 {
            self.close();
        }
        if self.left_out > 0 {
            let rows = if self.left_out == 1 { "row was" } else { "rows were" };
            self.out.push_str(&format!(
                "{} {rows} left out for want of room: the other reports have them.\n",
                self.left_out
            ));
        }
        self.out.truncate(self.out.trim_end().len());
        self.out.push('\n');
        self.out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_whole_and_what_is_left_out_is_counted() {
        let mut page = Page::new(1000);
        assert!(page.open("all"));
        page.table("", "| a |\n|---|", (0..100).map(|i| format!("| {i:040} |")));
        page.close();
        page.block(&"x".repeat(900));
        let text = page.finish();
        assert!(text.len() <= 1000, "{}", text.len());
        let rows = text.lines().filter(|l| l.starts_with("| 0")).count();
        assert!(rows > 0 && text.lines().filter(|l| l.starts_with('|')).all(|l| l.ends_with('|')));
        assert!(
            text.ends_with(&format!(
                "{} rows were left out for want of room: the other reports have them.\n",
                101 - rows
            ))
        );
        assert!(text.contains("</details>"));
    }
}
