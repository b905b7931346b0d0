//! HTML and XML.

use super::{Text, is_harmful, show, shown};

/// HTML, text and attributes alike: entities, and what would turn or hide text is shown.
impl maud::Render for Text {
    fn render_to(&self, buffer: &mut String) {
        for c in self.0.chars() {
            match c {
                '&' => buffer.push_str("&amp;"),
                '<' => buffer.push_str("&lt;"),
                '>' => buffer.push_str("&gt;"),
                '"' => buffer.push_str("&quot;"),
                '\'' => buffer.push_str("&#39;"),
                c => show(c, buffer),
            }
        }
    }
}

impl Text {
    /// For text and attributes that quick-xml escapes: XML cannot hold most controls, not even as references.
    pub fn xml(&self) -> String {
        shown(&self.0)
    }

    /// For JSON that a page shows: as a person may see it.
    pub(in crate::report) fn seen(&self) -> Text {
        if self.0.chars().any(is_harmful) { Text(shown(&self.0)) } else { self.clone() }
    }
}

/// JSON within a `<script>` of a page: nothing in it can end the script or begin a comment.
pub fn json_in_html(json: &str) -> String {
    let mut out = String::with_capacity(json.len() + json.len() / 16);
    for c in json.chars() {
        match c {
            '<' => out.push_str("\\u003c"),
            '>' => out.push_str("\\u003e"),
            '&' => out.push_str("\\u0026"),
            '\u{2028}' => out.push_str("\\u2028"),
            '\u{2029}' => out.push_str("\\u2029"),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use maud::Render as _;

    #[test]
    fn markup_in_names_is_text() {
        let text = Text::from("a<script>\"'&\u{0}\u{202e}");
        assert_eq!(text.render().0, "a&lt;script&gt;&quot;&#39;&amp;\\u{0}\\u{202e}");
        assert_eq!(text.xml(), "a<script>\"'&\\u{0}\\u{202e}");
    }

    #[test]
    fn json_cannot_end_its_script() {
        let json = serde_json::to_string("</script><!--\u{2028}").unwrap();
        let inside = json_in_html(&json);
        assert!(!inside.contains('<') && !inside.contains('\u{2028}'), "{inside}");
        assert_eq!(serde_json::from_str::<String>(&inside).unwrap(), "</script><!--\u{2028}");
    }
}
