//! How the two sides were recorded, which decides what their difference can prove.

/// The design of a comparison.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Design {
    /// Whether base and head were recorded alternately on one machine, the i-th run of each beside the other. Then
    /// what differs between them is the code (or its build), and what the machine does meets both.
    pub alternating: bool,
    /// The part of the level of significance that this look at the data may use; 1 where there is one look only.
    pub share: f64,
}

impl Default for Design {
    fn default() -> Self {
        Design { alternating: false, share: 1.0 }
    }
}
