//! Whose goroutines count, where only some tests were asked for.

/// The tests whose goroutines count.
#[derive(Clone, Debug, Default)]
pub struct Chosen {
    /// By index in [`crate::summary::Summary::tests`].
    pub tests: Vec<bool>,
    /// Whether goroutines that work for no test count, too.
    pub others: bool,
}
