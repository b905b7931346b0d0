//! Statistics of few runs. Each formula cites its source; tests hold values recorded from other implementations.

pub mod interval;
pub mod multiple;
pub mod permutation;
pub mod random;
pub mod rank;
pub mod sample;
