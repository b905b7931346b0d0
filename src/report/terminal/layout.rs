//! Lines that fit: shortened, padded, folded; and runs as sparks.

/// Cuts the middle of a text that is too long: its ends tell most.
pub(crate) fn shorten(text: &str, width: usize) -> String {
    let count = text.chars().count();
    if count <= width {
        return text.to_owned();
    }
    let keep = width.saturating_sub(1);
    let front = keep / 3;
    let back = keep - front;
    let head: String = text.chars().take(front).collect();
    let tail: String = text.chars().skip(count - back).collect();
    format!("{head}…{tail}")
}

/// Fills up with blanks, on the left where `right` is said.
pub(super) fn pad(text: &str, width: usize, right: bool) -> String {
    if right { format!("{text:>width$}") } else { format!("{text:<width$}") }
}

/// Breaks a line between words. The first `styled` visible characters carry escape sequences, which take no width.
pub(crate) fn fold(text: &str, width: usize, styled: usize, indent: &str) -> String {
    let width = width.max(20);
    let leading: String = text.chars().take_while(|c| *c == ' ').collect();
    let mut lines = Vec::new();
    let mut line = leading.clone();
    let mut used = leading.chars().count();
    let mut first = true;
    for word in words(text.trim_start()) {
        let size = if styled > 0 && first { styled + 1 } else { word.chars().count() };
        if used + size + usize::from(!first) > width && used > indent.len() {
            lines.push(std::mem::replace(&mut line, format!("{indent}{word}")).trim_end().to_owned());
            used = indent.chars().count() + size;
        } else {
            if !first {
                line.push(' ');
                used += 1;
            }
            line.push_str(word);
            used += size;
        }
        first = false;
    }
    lines.push(line);
    lines.join("\n")
}

/// The words of a line; a figure and its unit are one.
fn words(line: &str) -> Vec<&str> {
    const UNITS: [&str; 9] = ["%", "ns", "µs", "ms", "s", "B", "KiB", "MiB", "GiB"];
    let (mut all, mut from) = (Vec::new(), 0);
    for (at, _) in line.match_indices(' ') {
        let next = line.get(at + 1..).and_then(|behind| behind.split(' ').next()).unwrap_or_default();
        let unit = UNITS.contains(&next.trim_end_matches([')', ',', '.', ':', ';']));
        let word = line.get(from..at).unwrap_or_default();
        if !(unit && word.ends_with(|c: char| c.is_ascii_digit())) {
            all.push(word);
            from = at + 1;
        }
    }
    all.extend(line.get(from..));
    all
}

/// Fewer runs a side than these say nothing as a picture.
const LEAST_RUNS: usize = 3;
/// More runs than these are left to other formats.
const MOST_RUNS: usize = 16;

/// The runs of both sides, from the least of all to the greatest: `▂▁▁▂▁▃ → ▆▇▆▆█▆`. Bars that began at nothing would
/// hide what matters: whether the sides overlap.
pub(super) fn spark(base: &[f64], head: &[f64]) -> String {
    const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let usable = |runs: &[f64]| runs.len() >= LEAST_RUNS && runs.iter().all(|v| v.is_finite());
    if !usable(base) || !usable(head) {
        return String::new();
    }
    let (least, most) =
        base.iter().chain(head).fold((f64::MAX, f64::MIN), |(least, most), &v| (least.min(v), most.max(v)));
    if most <= least {
        return String::new();
    }
    let side = |runs: &[f64]| -> String {
        let bar = |v: &f64| BARS[(((v - least) / (most - least) * 7.0).round() as usize).min(7)];
        let more = if runs.len() > MOST_RUNS { "…" } else { "" };
        runs.iter().take(MOST_RUNS).map(bar).collect::<String>() + more
    };
    format!("{} → {}", side(base), side(head))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_names_lose_their_middle() {
        assert_eq!(shorten("catalog.loadAll.func1", 40), "catalog.loadAll.func1");
        let short = shorten("catalog.loadAllTheProductsThereAre.func1", 20);
        assert_eq!(short.chars().count(), 20);
        assert!(short.ends_with("func1") && short.starts_with("catal"), "{short}");
    }

    #[test]
    fn lines_break_between_words() {
        assert_eq!(fold("one two three four five", 20, 0, "  "), "one two three four\n  five");
    }

    #[test]
    fn a_figure_keeps_its_unit() {
        assert_eq!(fold("grew from +11 % to +26 % of it", 20, 0, "  "), "grew from +11 % to\n  +26 % of it");
        assert_eq!(words("12 %, 3 µs) at  %"), ["12 %,", "3 µs)", "at", "", "%"]);
    }

    #[test]
    fn sparks_share_one_scale() {
        assert_eq!(spark(&[150.0, 150.0, 150.0], &[200.0, 200.0, 100.0]), "▅▅▅ → ██▁");
        assert_eq!(spark(&[1.0, 1.0], &[2.0, 2.0]), "");
        assert_eq!(spark(&[0.0; 3], &[0.0; 3]), "");
    }
}
