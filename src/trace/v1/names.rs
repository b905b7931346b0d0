//! Reasons in words. The format has event types and numbers for them; these are the words of newer releases.

use super::Version;
use super::spec::Kind;

/// Why a goroutine blocks or stops with an event of this type.
pub(super) fn reason(kind: Kind) -> &'static str {
    match kind {
        Kind::GoStop => "forever",
        Kind::GoSched => "runtime.Gosched",
        Kind::GoPreempt => "preempted",
        Kind::GoSleep => "sleep",
        Kind::GoBlockSend => "chan send",
        Kind::GoBlockRecv => "chan receive",
        Kind::GoBlockSelect => "select",
        Kind::GoBlockSync => "sync",
        Kind::GoBlockCond => "sync.(*Cond).Wait",
        Kind::GoBlockNet => "network",
        Kind::GoBlockGc => "GC mark assist wait for work",
        _ => "",
    }
}

/// Why the world is stopped, in the numbers of Go 1.21.
const STOPS: [&str; 17] = [
    "",
    "GC mark termination",
    "GC sweep termination",
    "write heap dump",
    "goroutine profile",
    "goroutine profile cleanup",
    "all goroutine stack trace",
    "read mem stats",
    "AllThreadsSyscall",
    "GOMAXPROCS",
    "start trace",
    "stop trace",
    "CountPagesInUse (test)",
    "ReadMetricsSlow (test)",
    "ReadMemStatsSlow (test)",
    "PageCachePagesLeaked (test)",
    "ResetDebugLog (test)",
];

/// Why the world is stopped; the empty string for what nobody knows.
pub(super) fn stop(number: u64, version: Version) -> &'static str {
    let number = match version {
        Version::Go121 => Some(number),
        // Only the collector's two stops were noted then: 0 is the end of marking, 1 that of sweeping.
        Version::Go111 | Version::Go119 => (number < 2).then_some(number + 1),
    };
    number.and_then(|number| STOPS.get(usize::try_from(number).ok()?)).copied().unwrap_or("")
}
