//! Statistics of few runs. Each formula cites its source; tests hold values recorded from other implementations.

pub mod multiple;
pub mod random;
pub mod rank;
pub mod sample;
