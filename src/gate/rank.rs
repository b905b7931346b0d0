//! Which finding to read first: how likely it is no accident, times how much it costs.

use crate::compare::change::{Change, Presence};

/// How much figures of a kind differ between runs of the same code, as the standard deviation of their logarithm.
/// Measured on 20 runs of one test binary on a shared machine of 2 cores.
fn noise(path: &str) -> f64 {
    match path {
        "sched_wait_ns" | "durations.max" | "unknown_ns" => 1.2,
        "syscall_ns" | "syscall_block_ns" => 0.5,
        "durations.p99" => 0.4,
        "exec_ns" => 0.25,
        "block_ns.sleep" => 0.05,
        _ if path.starts_with("range_ns.") || path.starts_with("ranges.") => 0.8,
        _ if path.starts_with("gc.") || path.starts_with("metric_max.") => 0.3,
        _ => 0.16,
    }
}

/// How much a state is a cause rather than an effect: who waits for goroutines that became slower is not why.
///
/// `leaf` is the function that waits.
fn causal(path: &str, leaf: &str) -> f64 {
    if leaf.starts_with("sync.(*WaitGroup)") || leaf.contains("errgroup.(*Group).Wait") {
        return 0.25;
    }
    match path {
        "block_ns.chan receive" => 0.5,
        "block_ns.select" | "block_ns.sync.(*Cond).Wait" => 0.6,
        "sched_wait_ns" => 0.4,
        // What the whole run took is a consequence of everything else.
        "duration_ns" => 0.2,
        "events" | "goroutines" => 0.2,
        _ => 1.0,
    }
}

/// What is left of the score of those who only wait for work.
pub const IDLE: f64 = 0.1;

/// The rank of a change: greater is worth reading earlier. `floor` is its absolute floor, `wall` the time of a base
/// run, `leaf` the function that waits, if one does.
pub fn score(change: &Change, path: &str, floor: f64, wall: f64, leaf: &str) -> f64 {
    let surprise = match (&change.presence, change.base()) {
        (Presence::Both { .. }, Some(base)) if base > 0.0 => {
            let head = change.head().unwrap_or(0.0).max(base * 1e-3);
            ((head / base).ln().abs() / noise(path)).min(12.0)
        }
        _ => 12.0,
    };
    // Without a floor, which is for whoever asks for everything, one of the unit stands for it.
    let floor = if floor > 0.0 { floor } else { 1.0 };
    let multiples = (change.delta().abs() / floor).ln_1p();
    // What it costs a run beside how long the run is: a millisecond matters more in a test of ten than in one of a
    // thousand. Goroutines side by side can cost more than the run is long.
    let cost = match change.metric.unit {
        crate::metrics::registry::Unit::Nanoseconds if wall > 0.0 => {
            let items = if change.path == "duration_ns" { 1.0 } else { change.items };
            (change.delta().abs() * items / wall).min(4.0)
        }
        _ => 1.0,
    };
    surprise * multiples * (0.05 + cost).sqrt() * causal(path, leaf)
}
