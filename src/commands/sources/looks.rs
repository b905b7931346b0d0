//! What a file looks like that is called like a trace and is none: most often the answer of a server, a pointer to a file, or a trace that
//! something has changed on its way.

/// What it begins with, in words. `head` is its beginning.
pub(super) fn like(head: &[u8]) -> &'static str {
    const BEGINNINGS: [(&[u8], &str); 7] = [
        (b"version https://git-lfs", "a pointer of Git LFS: git lfs pull fetches the file"),
        (b"mode: ", "a coverage profile"),
        (b"PK\x03\x04", "a ZIP archive"),
        (b"\x1f\x8b", "gzip, and no trace in it"),
        (b"\x28\xb5\x2f\xfd", "Zstandard, and no trace in it"),
        (b"\xff\xfe", "UTF-16"),
        (b"\xfe\xff", "UTF-16"),
    ];
    // `go 1.26 trace\0\0\0`, something lost or added before or within it.
    let header = head.get(..32).unwrap_or(head);
    if header.windows(7).any(|word| word == b" trace\0") {
        return "a trace whose beginning is broken";
    }
    if let Some((_, what)) = BEGINNINGS.iter().find(|(begin, _)| head.starts_with(begin)) {
        return what;
    }
    let text = head.strip_prefix("\u{feff}".as_bytes()).unwrap_or(head).trim_ascii_start();
    let lower: Vec<u8> = text.iter().take(16).map(u8::to_ascii_lowercase).collect();
    match lower.first() {
        _ if lower.starts_with(b"<!doctype html") || lower.starts_with(b"<html") => "HTML",
        _ if lower.starts_with(b"<?xml") => "XML",
        Some(b'{' | b'[') => "JSON",
        _ if head.iter().any(|&b| b < b' ' && !b.is_ascii_whitespace() && b != 0x1b) => "binary data",
        _ => "text",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_often_called_like_a_trace_and_is_none_has_a_name() {
        for (head, want) in [
            (&b"o 1.26 trace\0\0\0\x01"[..], "a trace whose beginning is broken"),
            (b"\xef\xbb\xbfgo 1.26 trace\0\0\0\x01", "a trace whose beginning is broken"),
            (b"GO 1.26 trace\0\0\0", "a trace whose beginning is broken"),
            (b"\n <!DOCTYPE HTML><title>404</title>", "HTML"),
            (b"<html>404</html>", "HTML"),
            (b"<?xml version=\"1.0\"?><Error>", "XML"),
            (b"{\"message\": \"Not Found\"}", "JSON"),
            (b"version https://git-lfs.github.com/spec/v1\n", "a pointer of Git LFS: git lfs pull fetches the file"),
            (b"mode: set\n", "a coverage profile"),
            (b"PK\x03\x04\x14", "a ZIP archive"),
            (b"\x1f\x8b\x08", "gzip, and no trace in it"),
            (b"\xff\xfeo\0k\0", "UTF-16"),
            (b"\x7fELF\x02\x01", "binary data"),
            ("ok  example.com/shop 1.2s\n\u{1b}[0mgrößer\n".as_bytes(), "text"),
        ] {
            assert_eq!(like(head), want, "{}", head.escape_ascii());
        }
    }
}
