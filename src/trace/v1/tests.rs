//! The delicate rules, on small traces made by hand. Go's own traces are compared elsewhere.

mod bytes;
mod errors;
mod events;
mod order;
