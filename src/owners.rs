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

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Where forges look for it, in their order.
pub const PLACES: [&str; 4] = [".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS", ".gitlab/CODEOWNERS"];

/// GitHub ignores a larger file.
pub const MOST_BYTES: u64 = 3 << 20;

/// Of a pattern, in bytes: no path is as long.
const MOST_PATTERN: usize = 4096;
/// Owners of a file that are told: each finding names them.
const MOST_OWNERS: usize = 100;

/// The lines of a CODEOWNERS file.
#[derive(Debug, Default)]
pub struct Owners {
    /// In order.
    lines: Vec<Line>,
    /// How many sections there are.
    sections: usize,
}

#[derive(Debug)]
struct Line {
    /// Which section it is in; all lines before the first are section 0, as all of GitHub's are.
    section: usize,
    pattern: Pattern,
    /// Those of a section are shared by its lines.
    owners: Arc<[String]>,
}

impl Owners {
    /// Reads a file's text. Lines that make no sense are left out, as forges leave them out; they are given back with
    /// their number.
    pub fn parse(text: &str) -> (Owners, Vec<(usize, String)>) {
        let (mut owners, mut odd) = (Owners::default(), Vec::new());
        let nobody: Arc<[String]> = Arc::default();
        let (mut section, mut default) = (0, Arc::clone(&nobody));
        let mut names = BTreeMap::from([(String::new(), 0)]);
        for (i, line) in text.lines().enumerate() {
            let words = words(line);
            let Some((pattern, rest)) = words.split_first() else { continue };
            if let Some((name, named)) = heading(line) {
                // Sections of one name are one section, whatever the case.
                let next = names.len();
                section = *names.entry(name.to_lowercase()).or_insert(next);
                default = named.into();
                continue;
            }
            match Pattern::parse(pattern) {
                Ok(pattern) => {
                    let owners_of = if rest.is_empty() { Arc::clone(&default) } else { rest.into() };
                    owners.lines.push(Line { section, pattern, owners: owners_of });
                }
                Err(why) => odd.push((i + 1, why)),
            }
        }
        owners.sections = names.len();
        (owners, odd)
    }

    /// The owners of a file, relative to the repository with `/` between elements; empty where nobody owns it.
    pub fn of(&self, file: &str) -> Vec<&str> {
        let path: Vec<&str> = file.split('/').collect();
        // Of each section the last line that matches.
        let (mut decided, mut deciding) = (vec![false; self.sections], Vec::new());
        for line in self.lines.iter().rev() {
            if !decided[line.section] && line.pattern.matches(&path) {
                decided[line.section] = true;
                deciding.push(line);
            }
        }
        deciding.sort_by_key(|line| line.section);
        let mut known = BTreeSet::new();
        let all = deciding.into_iter().flat_map(|line| line.owners.iter()).map(String::as_str);
        all.filter(|owner| known.insert(*owner)).take(MOST_OWNERS).collect()
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

/// A pattern, element by element of a path. Files have 100,000 of them, too many to compile each to a regular expression.
#[derive(Debug)]
struct Pattern {
    /// Without empty ones; `**` is any number of elements.
    text: String,
    /// It begins at the repository's root: else in any folder.
    anchored: bool,
    /// It ends in `/`: what it names is a folder, and what is meant lies in it.
    folder: bool,
}

impl Pattern {
    fn parse(pattern: &str) -> Result<Pattern, String> {
        if pattern.len() > MOST_PATTERN {
            return Err(format!("a pattern of {} bytes, and {MOST_PATTERN} at most are read", pattern.len()));
        }
        if pattern.starts_with('!') || pattern.contains(['[', ']']) {
            return Err(format!("{pattern}: ! and [ ] mean nothing in CODEOWNERS"));
        }
        let inside = pattern.trim_matches('/');
        if inside.is_empty() {
            return Err(format!("{pattern}: no pattern"));
        }
        let slashes = pattern.bytes().rev().take_while(|b| *b == b'\\').count();
        if slashes % 2 == 1 {
            return Err(format!("{pattern}: nothing follows its last \\"));
        }
        Ok(Pattern {
            text: inside.to_owned(),
            anchored: pattern.trim_end_matches('/').contains('/'),
            folder: pattern.ends_with('/'),
        })
    }

    /// Whether it means the file at `path`: itself, or a folder that it lies in.
    fn matches(&self, path: &[&str]) -> bool {
        let elements = || self.text.split('/').filter(|e| !e.is_empty());
        // docs/* is what lies in docs, and not what lies deeper.
        let deep = self.folder || !(self.anchored && self.text.ends_with("/*"));
        let start = (!self.anchored).then_some("**");
        let all = || start.into_iter().chain(elements());
        (!self.folder && follows(all(), path)) || (deep && follows(all().chain(["**"]), path))
    }
}

/// Whether elements of a pattern match those of a path, all of them. `**` at the end is one element at least. Where a part
/// after `**` does not match, that `**` takes one more: an earlier one need not, since what it leaves out the later one can take.
fn follows<'p>(pattern: impl Iterator<Item = &'p str> + Clone, path: &[&str]) -> bool {
    let (mut rest, mut at) = (pattern, 0);
    let mut again = None;
    loop {
        let mut next = rest.clone();
        let fits = match next.next() {
            None => at == path.len(),
            Some("**") => {
                if next.clone().next().is_none() {
                    return at < path.len();
                }
                again = Some((next.clone(), at));
                rest = next;
                continue;
            }
            Some(element) => at < path.len() && is_like(element, path[at]),
        };
        if fits && at == path.len() {
            return true;
        }
        if fits {
            (rest, at) = (next, at + 1);
            continue;
        }
        match &mut again {
            Some((after, from)) if *from < path.len() => {
                *from += 1;
                (rest, at) = (after.clone(), *from);
            }
            _ => return false,
        }
    }
}

/// Whether `*` and `?` of a pattern match the whole of an element, in the same way.
fn is_like(pattern: &str, element: &str) -> bool {
    let (mut rest, mut left) = (pattern.chars(), element.chars());
    let mut again = None;
    loop {
        let (mut next, mut after) = (rest.clone(), left.clone());
        let fits = match (next.next(), after.next()) {
            (None, None) => return true,
            (Some('*'), _) => {
                again = Some((next.clone(), left.clone()));
                rest = next;
                continue;
            }
            (Some('?'), Some(_)) => true,
            (Some('\\'), Some(c)) => next.next() == Some(c),
            (p, c) => p == c,
        };
        if fits {
            (rest, left) = (next, after);
            continue;
        }
        // The last `*` takes one more.
        let Some((pattern, from)) = &mut again else { return false };
        if from.next().is_none() {
            return false;
        }
        (rest, left) = (pattern.clone(), from.clone());
    }
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

    /// The same by globs, which are compiled one by one.
    fn by_globs(pattern: &str, file: &str) -> bool {
        let folder = pattern.ends_with('/');
        let anchored = pattern.trim_end_matches('/').contains('/');
        let inside = pattern.trim_matches('/');
        let start = if anchored || inside.starts_with("**/") { "" } else { "**/" };
        let mut texts = Vec::new();
        if !folder {
            texts.push(format!("{start}{inside}"));
        }
        if folder || !(anchored && inside.ends_with("/*")) {
            texts.push(format!("{start}{inside}/**"));
        }
        let glob = |text: &String| {
            let built = globset::GlobBuilder::new(text).literal_separator(true).backslash_escape(true).build();
            built.unwrap().compile_matcher().is_match(file)
        };
        texts.iter().any(glob)
    }

    #[test]
    fn patterns_match_as_globs_do() {
        let elements = ["a", "b", "*", "**", "a*", "*b", "a?", "?", "a*b*"];
        let names = ["a", "b", "ab", "ba", "aab", "abb"];
        let one = elements.iter().map(|e| e.to_string());
        let two = elements.iter().flat_map(|a| elements.iter().map(move |b| format!("{a}/{b}")));
        let three = elements.iter().flat_map(|a| elements.iter().map(move |b| format!("{a}/{b}/a*")));
        let inner = elements.iter().map(|e| format!("**/a/{e}/b"));
        let bare: Vec<String> = one.chain(two).chain(three).chain(inner).collect();
        let files: Vec<String> = names
            .iter()
            .map(|n| n.to_string())
            .chain(names.iter().flat_map(|a| names.iter().map(move |b| format!("{a}/{b}"))))
            .chain(
                names.iter().flat_map(|a| names.iter().flat_map(move |b| ["a", "ab"].map(|c| format!("{a}/{b}/{c}")))),
            )
            .chain(["a/a/a/b", "b/a/b/a/b", "a/b/ab/b/a"].map(str::to_owned))
            .collect();
        let mut matches = 0;
        for pattern in bare.iter().flat_map(|p| [p.clone(), format!("/{p}"), format!("{p}/"), format!("/{p}/")]) {
            let parsed = Pattern::parse(&pattern).unwrap();
            for file in &files {
                let is = parsed.matches(&file.split('/').collect::<Vec<_>>());
                assert_eq!(is, by_globs(&pattern, file), "{pattern} {file}");
                matches += u64::from(is);
            }
        }
        assert!(matches > 1000, "{matches}");
    }

    #[test]
    fn a_pattern_longer_than_any_path_is_odd_and_many_stars_take_no_time() {
        let odd = |pattern: &str| Owners::parse(&format!("{pattern} @x")).1.len();
        assert_eq!((odd(&"?".repeat(MOST_PATTERN)), odd(&"?".repeat(MOST_PATTERN + 1))), (0, 1));
        let (owners, _) = Owners::parse(&format!("{}b @x", "*a".repeat(1000)));
        assert_eq!(owners.of(&"a".repeat(2000)), <[&str; 0]>::default());
        let (owners, _) = Owners::parse(&format!("/{}b @x", "**/a/".repeat(100)));
        assert_eq!(owners.of(&["a"; 300].join("/")), <[&str; 0]>::default());
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
