//! The wire format of Go 1.22 and newer as a table. A version is a slice of it.

use crate::trace::version::V2;

/// The longest batch, bytes of data.
pub(crate) const MAX_BATCH: u64 = 64 << 10;
/// The longest string, bytes.
pub(crate) const MAX_STRING: u64 = 1 << 10;
/// The deepest stack, frames.
pub(crate) const MAX_FRAMES: u64 = 128;
/// The most arguments a timed event has, besides its time.
pub(crate) const MAX_ARGS: usize = 4;

/// What an argument is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Arg {
    Value,
    /// A sequence number, within its generation.
    Seq,
    G,
    P,
    M,
    Status,
    Task,
    /// Id of a string of the generation.
    Str,
    /// Id of a stack of the generation.
    Stack,
}

/// One event type.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Spec {
    /// Go's name for it.
    pub(crate) name: &'static str,
    /// Its arguments behind the time difference; `None` for structural events, which carry no time.
    pub(crate) args: Option<&'static [Arg]>,
}

macro_rules! events {
    ($($name:ident = $number:literal $(($($arg:ident)*))? ;)*) => {
        /// The number of each event type.
        #[allow(non_upper_case_globals, dead_code)] // Go's own names; structural ones serve as documentation.
        pub(crate) mod ev {
            $(pub(crate) const $name: u8 = $number;)*
        }

        const TABLE: [Option<Spec>; 256] = {
            let mut table: [Option<Spec>; 256] = [const { None }; 256];
            $(table[$number] = Some(Spec {
                name: stringify!($name),
                args: events!(@args $(($($arg)*))?),
            });)*
            table
        };
    };
    (@args) => { None };
    (@args ($($arg:ident)*)) => { Some(&[$(Arg::$arg),*]) };
}

events! {
    EventBatch = 1;
    Stacks = 2;
    Stack = 3;
    Strings = 4;
    String = 5;
    CPUSamples = 6;
    CPUSample = 7;
    Frequency = 8;
    ProcsChange = 9 (Value Stack);
    ProcStart = 10 (P Seq);
    ProcStop = 11 ();
    ProcSteal = 12 (P Seq M);
    ProcStatus = 13 (P Status);
    GoCreate = 14 (G Stack Stack);
    GoCreateSyscall = 15 (G);
    GoStart = 16 (G Seq);
    GoDestroy = 17 ();
    GoDestroySyscall = 18 ();
    GoStop = 19 (Str Stack);
    GoBlock = 20 (Str Stack);
    GoUnblock = 21 (G Seq Stack);
    GoSyscallBegin = 22 (Seq Stack);
    GoSyscallEnd = 23 ();
    GoSyscallEndBlocked = 24 ();
    GoStatus = 25 (G M Status);
    STWBegin = 26 (Str Stack);
    STWEnd = 27 ();
    GCActive = 28 (Seq);
    GCBegin = 29 (Seq Stack);
    GCEnd = 30 (Seq);
    GCSweepActive = 31 (P);
    GCSweepBegin = 32 (Stack);
    GCSweepEnd = 33 (Value Value);
    GCMarkAssistActive = 34 (G);
    GCMarkAssistBegin = 35 (Stack);
    GCMarkAssistEnd = 36 ();
    HeapAlloc = 37 (Value);
    HeapGoal = 38 (Value);
    GoLabel = 39 (Str);
    UserTaskBegin = 40 (Task Task Str Stack);
    UserTaskEnd = 41 (Task Stack);
    UserRegionBegin = 42 (Task Str Stack);
    UserRegionEnd = 43 (Task Str Stack);
    UserLog = 44 (Task Str Str Stack);
    GoSwitch = 45 (G Seq);
    GoSwitchDestroy = 46 (G Seq);
    GoCreateBlocked = 47 (G Stack Stack);
    GoStatusStack = 48 (G M Status Stack);
    ExperimentalBatch = 49;
    Sync = 50;
    ClockSnapshot = 51;
    EndOfGeneration = 52;
    Span = 128 (Value Value Value);
    SpanAlloc = 129 (Value Value Value);
    SpanFree = 130 (Value);
    HeapObject = 131 (Value Value);
    HeapObjectAlloc = 132 (Value Value);
    HeapObjectFree = 133 (Value);
    GoroutineStack = 134 (Value Value);
    GoroutineStackAlloc = 135 (Value Value);
    GoroutineStackFree = 136 (Value);
}

/// The events of one version.
pub(crate) struct Specs {
    /// For each event type the number of its arguments, or [`Specs::STRUCTURAL`] or [`Specs::UNKNOWN`].
    pub(crate) arity: [u8; 256],
}

impl Specs {
    /// Stands for an event that carries no time and so no place in the stream of events.
    pub(crate) const STRUCTURAL: u8 = 0xfe;
    /// Stands for a number that the version does not use.
    pub(crate) const UNKNOWN: u8 = 0xff;

    /// The slice of the table that `version` knows.
    pub(crate) fn of(version: V2) -> Specs {
        let last = match version {
            V2::Go122 => ev::UserLog,
            V2::Go123 => ev::ExperimentalBatch,
            V2::Go125 => ev::ClockSnapshot,
            V2::Go126 => ev::EndOfGeneration,
        };
        let experiments = version >= V2::Go123;
        let mut arity = [Specs::UNKNOWN; 256];
        for (number, spec) in TABLE.iter().enumerate() {
            let Some(spec) = spec else { continue };
            if number <= usize::from(last) || (experiments && number >= 128) {
                arity[number] = spec.args.map_or(Specs::STRUCTURAL, |args| args.len() as u8);
            }
        }
        Specs { arity }
    }
}

/// Go's name for an event type.
pub(crate) fn name(number: u8) -> &'static str {
    TABLE[usize::from(number)].as_ref().map_or("an unknown event", |spec| spec.name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_slices_of_the_table() {
        let known = |v| Specs::of(v).arity.iter().filter(|&&n| n != Specs::UNKNOWN).count();
        assert_eq!([V2::Go122, V2::Go123, V2::Go125, V2::Go126].map(known), [44, 49 + 9, 51 + 9, 52 + 9]);
        assert!(TABLE.iter().flatten().filter_map(|s| s.args).all(|args| args.len() <= MAX_ARGS));
        assert_eq!(name(ev::GoSyscallEndBlocked), "GoSyscallEndBlocked");
    }
}
