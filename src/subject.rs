//! Subjects as people name them on the command line, and what of a trace they mean.
//!
//! ```text
//!   test:TestLoadAll       kind and glob
//!   region:render          `*` crosses dots and slashes
//!   catalog.loadAll.*      any kind
//! ```

use std::str::FromStr;

use crate::compare::names;
use crate::config::Pattern;
use crate::hash::{HashMap, HashSet};
use crate::metrics::registry::SubjectKind;
use crate::metrics::test_frame;
use crate::trace::{StackId, Sym, Symbols, launches};

/// `kind:name` or a name, the name a glob.
#[derive(Clone, Debug)]
pub struct SubjectPattern {
    /// The kind; `None` for any.
    pub kind: Option<SubjectKind>,
    /// The name.
    pub pattern: Pattern,
}

impl FromStr for SubjectPattern {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let named = |kind: &SubjectKind| text.strip_prefix(kind.name()).and_then(|rest| rest.strip_prefix(':'));
        let found = SubjectKind::ALL.iter().find_map(|kind| named(kind).map(|rest| (*kind, rest)));
        let (kind, name) = found.map_or((None, text), |(kind, name)| (Some(kind), name));
        if name.is_empty() && kind != Some(SubjectKind::Process) {
            return Err(
                "write it as kind:name, as in test:TestLoadAll, task:request, region:render, group:cart.*".into()
            );
        }
        Ok(SubjectPattern { kind, pattern: Pattern::new(name)? })
    }
}

impl std::fmt::Display for SubjectPattern {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.kind {
            Some(kind) => write!(f, "{kind}:{}", self.pattern.text()),
            None => write!(f, "{}", self.pattern.text()),
        }
    }
}

impl SubjectPattern {
    /// Whether subjects of this kind may be meant.
    pub fn may_be(&self, kind: SubjectKind) -> bool {
        self.kind.is_none_or(|wanted| wanted == kind)
    }
}

/// Whether the pattern means the subject of this kind and name. Functions go by their full name, by what reports show
/// (`catalog.loadAll.func1`), tests and benchmarks by the function alone (`TestLoadAll`) too.
///
/// The one place that decides on it: exact names of tests, as `go test -json` gives them, would be looked up here.
pub fn matches_target(pattern: &SubjectPattern, kind: SubjectKind, name: &str) -> bool {
    if !pattern.may_be(kind) {
        return false;
    }
    let glob = &pattern.pattern;
    match kind {
        SubjectKind::Group | SubjectKind::Site => {
            let told = if name == names::PULL.0 { names::PULL.1 } else { names::short(name) };
            glob.matches(name) || glob.matches(told)
        }
        SubjectKind::Test | SubjectKind::Benchmark => {
            let short = names::short(name);
            let bare = short.split_once('.').map_or(short, |(_, function)| function);
            glob.matches(name) || glob.matches(short) || glob.matches(bare)
        }
        _ => glob.matches(name),
    }
}

/// The kind of subject that goroutines with this start function are the runners of.
pub fn runner_kind(start: &str) -> Option<SubjectKind> {
    match start {
        "testing.tRunner" | "testing.fRunner" => Some(SubjectKind::Test),
        "testing.(*B).launch" | "testing.(*B).run1.func1" => Some(SubjectKind::Benchmark),
        _ => None,
    }
}

/// Which stacks are a test's or a benchmark's, found out once for each.
#[derive(Clone, Debug, Default)]
pub struct TestStacks {
    known: usize,
    functions: HashMap<StackId, Sym>,
}

impl TestStacks {
    /// Looks at the stacks that are new.
    pub fn learn(&mut self, symbols: &Symbols) {
        for stack in (self.known..symbols.stacks()).map(|i| StackId(i as u32)) {
            if let Some(frame) = test_frame(stack, symbols) {
                self.functions.insert(stack, frame.func);
            }
        }
        self.known = symbols.stacks();
    }

    /// The function, where the stack is one of a test or a benchmark.
    pub fn function(&self, stack: StackId) -> Option<Sym> {
        self.functions.get(&stack).copied()
    }
}

/// Kinds that have instances in a trace: something that begins, ends, and takes time.
pub const TIMED: [SubjectKind; 5] =
    [SubjectKind::Test, SubjectKind::Benchmark, SubjectKind::Task, SubjectKind::Region, SubjectKind::Group];

/// Which names a pattern means, found out once for each; by kind, since a name may be a region's and a function's.
#[derive(Clone, Debug)]
pub struct Meant {
    pattern: SubjectPattern,
    /// By symbol: a bit for each kind of [`TIMED`].
    by_symbol: Vec<u8>,
    /// Names of groups that no trace has, and that are meant.
    made: HashSet<Sym>,
    made_seen: usize,
}

impl Meant {
    /// For this pattern.
    pub fn new(pattern: SubjectPattern) -> Meant {
        Meant { pattern, by_symbol: Vec::new(), made: HashSet::default(), made_seen: 0 }
    }

    /// Looks at the names that are new.
    pub fn learn(&mut self, symbols: &Symbols) {
        for sym in (self.by_symbol.len()..symbols.len()).map(|i| Sym(i as u32)) {
            let text = symbols.text(sym);
            let bit = |(i, kind): (usize, &SubjectKind)| u8::from(matches_target(&self.pattern, *kind, text)) << i;
            let bits = TIMED.iter().enumerate().map(bit).fold(0, |all, bit| all | bit);
            self.by_symbol.push(bits);
        }
        for sym in symbols.made(self.made_seen) {
            if matches_target(&self.pattern, SubjectKind::Group, symbols.text(sym)) {
                self.made.insert(sym);
            }
            self.made_seen += 1;
        }
    }

    /// Whether subjects of this kind may be meant.
    pub fn may_be(&self, kind: SubjectKind) -> bool {
        self.pattern.may_be(kind)
    }

    /// Whether the subject of this kind and name is meant.
    pub fn means(&self, kind: SubjectKind, name: Sym) -> bool {
        if launches::is_made(name) {
            return kind == SubjectKind::Group && self.made.contains(&name);
        }
        let bits = self.by_symbol.get(name.0 as usize).copied().unwrap_or(0);
        TIMED.iter().position(|k| *k == kind).is_some_and(|i| bits >> i & 1 == 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn subjects_are_named_as_reports_show_them_or_in_full() {
        for (pattern, kind, name, want) in [
            ("test:TestLoadAll", SubjectKind::Test, "example.com/shop/catalog.TestLoadAll", true),
            ("test:catalog.TestLoadAll", SubjectKind::Test, "example.com/shop/catalog.TestLoadAll", true),
            ("TestLoad*", SubjectKind::Test, "example.com/shop/catalog.TestLoadAll", true),
            ("test:TestLoad", SubjectKind::Test, "example.com/shop/catalog.TestLoadAll", false),
            ("test:TestAll", SubjectKind::Test, "example.com/shop/catalog.TestAll.func2", false),
            ("group:catalog.loadAll.func1", SubjectKind::Group, "example.com/shop/catalog.loadAll.func1", true),
            ("group:catalog.loadAll.func2", SubjectKind::Group, "example.com/shop/catalog.loadAll.func1", true),
            ("group:iter.Pull", SubjectKind::Group, "runtime.corostart", true),
            ("runtime.corostart", SubjectKind::Group, "runtime.corostart", true),
            ("region:render", SubjectKind::Group, "render", false),
            ("region:rend*", SubjectKind::Region, "render", true),
            ("task:fetch price", SubjectKind::Task, "fetch price", true),
        ] {
            let parsed: SubjectPattern = pattern.parse().unwrap();
            assert_eq!(matches_target(&parsed, kind, name), want, "{pattern} {name}");
        }
        assert!("test:".parse::<SubjectPattern>().is_err());
        assert!("".parse::<SubjectPattern>().is_err());
        assert!("process:".parse::<SubjectPattern>().is_ok());
    }
}
