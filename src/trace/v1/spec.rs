//! The event types of Go 1.11 to 1.21, as a table.

use super::Version;

/// What the table says of a type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Spec {
    pub(super) kind: Kind,
    /// How many numbers it carries: time difference, arguments, stack. 0 for what has a layout of its own.
    pub(super) numbers: u8,
    /// Whether the last number is a stack.
    pub(super) stack: bool,
}

macro_rules! kinds {
    ($($name:ident $code:literal $timed:ident $args:literal $stack:ident;)*) => {
        /// The types, by Go's names and numbers.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[repr(u8)]
        pub(super) enum Kind {
            $($name = $code,)*
        }

        /// Indexed by the type's number.
        const TABLE: [Option<Spec>; 64] = {
            let mut table = [None; 64];
            $(
                let spec =
                    Spec { kind: Kind::$name, numbers: kinds!($timed) + $args + kinds!($stack), stack: kinds!($stack) > 0 };
                table[$code] = Some(spec);
            )*
            table
        };
    };
    (timed) => { 1 };
    (plain) => { 0 };
    (stack) => { 1 };
    (bare) => { 0 };
}

kinds! {
    // These have a layout of their own. None of them counts as having numbers.
    Batch 1 plain 0 bare;
    Stack 3 plain 0 bare;
    String 37 plain 0 bare;

    // What belongs to no moment.
    Frequency 2 plain 1 bare;
    TimerGoroutine 35 plain 1 bare;

    // The program's processors, world and heap.
    Gomaxprocs 4 timed 1 stack;
    ProcStart 5 timed 1 bare;
    ProcStop 6 timed 0 bare;
    GcStart 7 timed 1 stack;
    GcDone 8 timed 0 bare;
    StwStart 9 timed 1 bare;
    StwDone 10 timed 0 bare;
    GcSweepStart 11 timed 0 stack;
    GcSweepDone 12 timed 2 bare;
    HeapAlloc 33 timed 1 bare;
    HeapGoal 34 timed 1 bare;
    GcMarkAssistStart 43 timed 0 stack;
    GcMarkAssistDone 44 timed 0 bare;

    // Goroutines. Those called local leave out the sequence number: what went before happened on the same processor.
    GoCreate 13 timed 2 stack;
    GoStart 14 timed 2 bare;
    GoEnd 15 timed 0 bare;
    GoStop 16 timed 0 stack;
    GoSched 17 timed 0 stack;
    GoPreempt 18 timed 0 stack;
    GoSleep 19 timed 0 stack;
    GoBlock 20 timed 0 stack;
    GoUnblock 21 timed 2 stack;
    GoBlockSend 22 timed 0 stack;
    GoBlockRecv 23 timed 0 stack;
    GoBlockSelect 24 timed 0 stack;
    GoBlockSync 25 timed 0 stack;
    GoBlockCond 26 timed 0 stack;
    GoBlockNet 27 timed 0 stack;
    GoSysCall 28 timed 0 stack;
    GoSysExit 29 timed 3 bare;
    GoSysBlock 30 timed 0 bare;
    GoWaiting 31 timed 1 bare;
    GoInSyscall 32 timed 1 bare;
    FutileWakeup 36 timed 0 bare;
    GoStartLocal 38 timed 1 bare;
    GoUnblockLocal 39 timed 1 stack;
    GoSysExitLocal 40 timed 2 bare;
    GoStartLabel 41 timed 3 bare;
    GoBlockGc 42 timed 0 stack;

    // What the program itself notes. A log is followed by its message.
    UserTaskCreate 45 timed 3 stack;
    UserTaskEnd 46 timed 1 stack;
    UserRegion 47 timed 3 stack;
    UserLog 48 timed 2 stack;
    CpuSample 49 timed 3 stack;
}

/// The most numbers that any type of the table carries.
pub(super) const MAX_NUMBERS: usize = 5;

impl Spec {
    /// The type with this number (its low six bits), if `version` has it: the format of 1.11 is that of 1.21 but for CPU samples.
    #[inline]
    pub(super) fn of(code: u8, version: Version) -> Option<Spec> {
        let spec = TABLE[usize::from(code & 0x3f)]?;
        (spec.kind != Kind::CpuSample || version >= Version::Go119).then_some(spec)
    }
}

impl Kind {
    /// Whether a goroutine leaves its processor with this: afterwards the processor runs none.
    pub(super) fn leaves(self) -> bool {
        self == Kind::GoEnd
            || self == Kind::GoStop
            || self == Kind::GoSched
            || self == Kind::GoPreempt
            || self == Kind::GoSysBlock
            || self.blocks()
    }

    /// Whether a goroutine begins to wait with this, for something that can happen.
    pub(super) fn blocks(self) -> bool {
        matches!(
            self,
            Kind::GoSleep
                | Kind::GoBlock
                | Kind::GoBlockSend
                | Kind::GoBlockRecv
                | Kind::GoBlockSelect
                | Kind::GoBlockSync
                | Kind::GoBlockCond
                | Kind::GoBlockNet
                | Kind::GoBlockGc
        )
    }
}
