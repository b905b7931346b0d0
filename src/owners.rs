//! Who owns a file, as a repository's CODEOWNERS says.
//!
//! The rules are GitHub's: patterns are those of `.gitignore` without `!`, `[ ]` and `\#`; the last line that matches
//! decides alone, and one without owners says that nobody does. GitLab's sections are read, too: there the last match
//! of each section counts, and a section may name owners for lines without any.
//!
//! ```text
//!   pattern       matches                                        does not match
//!   *.go          a.go  b/c.go                                   a.txt
//!   /docs/        docs/a.md  docs/b/c.md                         x/docs/a.md
//!   docs/*        docs/a.md                                      docs/b/c.md
//!   apps/         apps/x  b/apps/y/z                             apps (a file)
//!   **/logs       logs/x  build/logs/y                           logs2
//! ```
//!
//! Source: "About code owners" in GitHub's documentation, "CODEOWNERS syntax" in GitLab's.

use std::path::{Path, PathBuf};

use globset::{GlobBuilder, GlobMatcher};

/// Where forges look for it, in their order.
pub const PLACES: [&str; 4] = [".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS", ".gitlab/CODEOWNERS"];

/// GitHub ignores a larger file.
pub const MOST_BYTES: u64 = 3 << 20;

/// The lines of a CODEOWNERS file.
#[derive(Debug, Default)]
pub struct Owners {
    /// In order.
    lines: Vec<Line>,
}

#[derive(Debug)]
struct Line {
    /// Which section it is in; all lines before the first are section 0, as all of GitHub's are.
    section: usize,
    /// Any of them.
    globs: Vec<GlobMatcher>,
    owners: Vec<String>,
}

impl Owners {
    /// Reads a file's text. Lines that make no sense are left out, as forges leave them out; they are given back with
    /// their number.
    pub fn parse(text: &str) -> (Owners, Vec<(usize, String)>) {
        let (mut owners, mut odd) = (Owners::default(), Vec::new());
        let (mut section, mut names, mut default) = (0, vec![String::new()], Vec::new());
        for (i, line) in text.lines().enumerate() {
            let words = words(line);
            let Some((pattern, rest)) = words.split_first() else { continue };
            if let Some((name, named)) = heading(line) {
                // Sections of one name are one section, whatever the case.
                let name = name.to_lowercase();
                section = names.iter().position(|n| *n == name).unwrap_or_else(|| {
                    names.push(name);
                    names.len() - 1
                });
                default = named;
                continue;
            }
            match globs(pattern) {
                Ok(globs) => {
                    let said = if rest.is_empty() { default.clone() } else { rest.to_vec() };
                    owners.lines.push(Line { section, globs, owners: said });
                }
                Err(why) => odd.push((i + 1, why)),
            }
        }
        (owners, odd)
    }

    /// The owners of a file, relative to the repository with `/` between elements; empty where nobody owns it.
    pub fn of(&self, file: &str) -> Vec<&str> {
        let path = Path::new(file);
        let last = self.lines.iter().map(|l| l.section).max().unwrap_or(0);
        let mut found = Vec::new();
        for section in 0..=last {
            let of_section = self.lines.iter().rev().filter(|l| l.section == section);
            let line = of_section.into_iter().find(|l| l.globs.iter().any(|g| g.is_match(path)));
            for owner in line.iter().flat_map(|l| &l.owners) {
                if !found.contains(&owner.as_str()) {
                    found.push(owner.as_str());
                }
            }
        }
        found
    }

    /// Whether it says nothing.
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }
}

/// The file that the forge would use, if the repository at `root` has one.
pub fn find(root: &Path) -> Option<PathBuf> {
    PLACES.iter().map(|place| root.join(place)).find(|path| path.is_file())
}

/// The words of a line, without a comment. A space after `\` belongs to a word.
fn words(line: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut word = String::new();
    let mut chars = line.trim().chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '#' if word.is_empty() => break,
            '\\' if chars.peek().is_some_and(|next| next.is_whitespace() || *next == '#') => {
                word.extend(chars.next());
            }
            c if c.is_whitespace() => {
                if !word.is_empty() {
                    words.push(std::mem::take(&mut word));
                }
            }
            c => word.push(c),
        }
    }
    if !word.is_empty() {
        words.push(word);
    }
    words
}

/// `[Section]`, `^[Optional section]` or `[Section][2] @owner`: its name and default owners.
fn heading(line: &str) -> Option<(String, Vec<String>)> {
    let inside = line.trim().trim_start_matches('^').strip_prefix('[')?;
    let (name, rest) = inside.split_once(']')?;
    // How many of them have to approve is of no use here.
    let rest = match rest.strip_prefix('[') {
        Some(count) => count.split_once(']')?.1,
        None => rest,
    };
    Some((name.trim().to_owned(), words(rest)))
}

/// What a pattern matches: the file itself, and all below a folder of that name.
fn globs(pattern: &str) -> Result<Vec<GlobMatcher>, String> {
    if pattern.starts_with('!') || pattern.contains(['[', ']']) {
        return Err(format!("{pattern}: ! and [ ] mean nothing in CODEOWNERS"));
    }
    let folder = pattern.ends_with('/');
    let inside = pattern.trim_matches('/');
    if inside.is_empty() {
        return Err(format!("{pattern}: no pattern"));
    }
    let anchored = pattern.trim_end_matches('/').contains('/');
    // Globs have alternatives, which CODEOWNERS has not.
    let inside = inside.replace('{', "\\{").replace('}', "\\}");
    let start = if anchored || inside.starts_with("**/") { "" } else { "**/" };
    let mut texts = Vec::new();
    if !folder {
        texts.push(format!("{start}{inside}"));
    }
    // docs/* is what lies in docs, and not what lies deeper.
    if folder || !(anchored && inside.ends_with("/*")) {
        texts.push(format!("{start}{inside}/**"));
    }
    let glob = |text: String| {
        let built = GlobBuilder::new(&text).literal_separator(true).backslash_escape(true).build();
        built.map(|g| g.compile_matcher()).map_err(|e| format!("{pattern}: {}", e.kind()))
    };
    texts.into_iter().map(glob).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_as_on_github() {
        for (pattern, file, want) in [
            ("*", "a/b.go", true),
            ("*.go", "a.go", true),
            ("*.go", "b/c.go", true),
            ("*.go", "a.txt", false),
            ("/build/logs/", "build/logs/x/y.txt", true),
            ("/build/logs/", "a/build/logs/x", false),
            ("docs/*", "docs/a.md", true),
            ("docs/*", "docs/b/c.md", false),
            ("docs/*", "x/docs/a.md", false),
            ("apps/", "apps/x", true),
            ("apps/", "b/apps/y/z.go", true),
            ("apps/", "apps", false),
            ("/docs/", "docs/a/b", true),
            ("/docs/", "x/docs/a", false),
            ("/scripts", "scripts/a.sh", true),
            ("/scripts", "scripts", true),
            ("**/logs", "build/logs/a", true),
            ("**/logs", "logs/a", true),
            ("**/logs", "logs2/a", false),
            ("/apps/github", "apps/github/x", true),
            ("/apps/*.js", "apps/a.js", true),
            ("/apps/*.js", "apps/b/a.js", false),
            ("a/**/z.go", "a/b/c/z.go", true),
            ("my\\ file.go", "my file.go", true),
            ("a{b,c}.go", "ab.go", false),
            ("a{b,c}.go", "a{b,c}.go", true),
        ] {
            let owners = Owners::parse(&format!("{pattern} @x")).0;
            assert_eq!(!owners.of(file).is_empty(), want, "{pattern} {file}");
        }
    }

    #[test]
    fn the_last_line_that_matches_decides() {
        let (owners, odd) = Owners::parse(
            "# all\n* @org/everyone\n*.go @gopher lead@example.com # who reads Go\n/gen/\n![x] @nobody\nsrc/[ab].go @nobody\n",
        );
        for (file, want) in
            [("README.md", &["@org/everyone"][..]), ("a/b.go", &["@gopher", "lead@example.com"]), ("gen/x.go", &[])]
        {
            assert_eq!(owners.of(file), want, "{file}");
        }
        assert_eq!(odd.iter().map(|(line, _)| *line).collect::<Vec<_>>(), [5, 6]);
    }

    #[test]
    fn each_section_of_gitlab_has_a_say() {
        let (owners, _) = Owners::parse(
            "* @all\n[Backend][2] @backend\n*.go\nsql/ @dba\n^[Docs]\ndocs/ @writers\n[backend]\n/cmd/ @cli\n",
        );
        for (file, want) in [
            ("a.txt", &["@all"][..]),
            ("a.go", &["@all", "@backend"]),
            ("sql/q.go", &["@all", "@dba"]),
            ("docs/x.go", &["@all", "@backend", "@writers"]),
            ("cmd/main.go", &["@all", "@cli"]),
        ] {
            assert_eq!(owners.of(file), want, "{file}");
        }
    }
}
