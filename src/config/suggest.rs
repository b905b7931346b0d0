//! The key that was probably meant.

/// A longer word is none that we know.
const MOST_WORD: usize = 100;

/// The candidate nearest to `word`, if any is near enough to be meant.
pub(super) fn nearest<'a>(word: &str, candidates: &[&'a str]) -> Option<&'a str> {
    // No slip of a key is longer than all keys.
    if word.len() > MOST_WORD {
        return None;
    }
    let fold = |s: &str| s.to_lowercase().replace('_', "-");
    let word = fold(word);
    candidates
        .iter()
        .map(|c| (distance(&word, &fold(c)), *c))
        // More than half of a word has to be right, and of a long one two thirds: `html` is no slip of `yaml`.
        .filter(|(d, c)| *d <= c.len().max(word.len()) / 3 + 1 && 2 * d < c.len().max(word.len()))
        .min_by_key(|(d, _)| *d)
        .map(|(_, c)| c)
}

/// How many characters have to be inserted, dropped or replaced (Levenshtein, 1966).
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, ca) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, cb) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(ca != *cb);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(row[j + 1] + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_finds_the_key() {
        let keys = ["max-increase", "min-delta", "max", "level"];
        assert_eq!(nearest("max_increase", &keys), Some("max-increase"));
        assert_eq!(nearest("maxincrease", &keys), Some("max-increase"));
        assert_eq!(nearest("min-detla", &keys), Some("min-delta"));
        assert_eq!(nearest("levle", &keys), Some("level"));
        assert_eq!(nearest("colour", &keys), None);
        assert_eq!(nearest("yaml", &["html", "json", "markdown"]), None);
    }
}
