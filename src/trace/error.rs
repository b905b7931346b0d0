//! What can be wrong with a trace: one kind for each cause, and the byte offset where it was noticed.

use std::fmt;

/// Why a trace could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TraceError {
    kind: TraceErrorKind,
    /// Bytes from the start of the (decompressed) trace.
    offset: u64,
    detail: Option<Box<str>>,
}

impl TraceError {
    /// An error of `kind`, noticed at `offset` bytes into the decompressed trace.
    pub fn new(kind: TraceErrorKind, offset: u64) -> Self {
        TraceError { kind, offset, detail: None }
    }

    /// The same with a few words on what was found. Long text is cut: errors stay short whatever the input holds.
    #[must_use]
    pub fn with(mut self, detail: impl fmt::Display) -> Self {
        let mut text = detail.to_string();
        if let Some((cut, _)) = text.char_indices().nth(400) {
            text.truncate(cut);
            text.push('…');
        }
        self.detail = Some(text.into());
        self
    }

    /// What is wrong.
    pub fn kind(&self) -> TraceErrorKind {
        self.kind
    }

    /// Where it was noticed, in bytes from the start of the decompressed trace.
    pub fn offset(&self) -> u64 {
        self.offset
    }
}

impl fmt::Display for TraceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (class, what) = (self.kind.class(), self.kind.message());
        write!(f, "{}", class.headline())?;
        write!(f, " ({what}")?;
        if let Some(detail) = &self.detail {
            write!(f, ": {detail}")?;
        }
        write!(f, ", at byte {})", self.offset)
    }
}

impl std::error::Error for TraceError {}

/// The few classes that a person cares about; each has one headline and one advice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TraceErrorClass {
    /// No trace at all.
    NotATrace,
    /// A trace of a version that is not read.
    Unsupported,
    /// The end is missing.
    Truncated,
    /// More than one trace in the file.
    Glued,
    /// The bytes contradict themselves.
    Corrupt,
    /// A limit that protects this machine was reached.
    Limit,
    /// Nothing of the user's own happened.
    Empty,
    /// The operating system could not deliver the bytes.
    Io,
}

impl TraceErrorClass {
    /// The words that people search for.
    pub fn headline(self) -> &'static str {
        match self {
            TraceErrorClass::NotATrace => "not a Go execution trace",
            TraceErrorClass::Unsupported => "unsupported format",
            TraceErrorClass::Truncated => "truncated: trace.Stop was not called, or the process died",
            TraceErrorClass::Glued => "second header found: two traces in one file",
            TraceErrorClass::Corrupt => "broken trace",
            TraceErrorClass::Limit => "limit reached",
            TraceErrorClass::Empty => "empty trace: no goroutine of the program's own did anything in it",
            TraceErrorClass::Io => "could not be read",
        }
    }

    /// A stable name, for tools.
    pub fn name(self) -> &'static str {
        match self {
            TraceErrorClass::NotATrace => "not-a-trace",
            TraceErrorClass::Unsupported => "unsupported",
            TraceErrorClass::Truncated => "truncated",
            TraceErrorClass::Glued => "glued",
            TraceErrorClass::Corrupt => "corrupt",
            TraceErrorClass::Limit => "limit",
            TraceErrorClass::Empty => "empty",
            TraceErrorClass::Io => "read",
        }
    }

    /// What to do about it.
    pub fn advice(self) -> &'static str {
        match self {
            TraceErrorClass::NotATrace => {
                "give the file written by `go test -trace=FILE`, runtime/trace.Start or /debug/pprof/trace; a test binary that calls os.Exit or log.Fatal leaves an empty or unfinished file"
            }
            TraceErrorClass::Unsupported => {
                "traces of Go 1.11 to 1.27 are read (headers go 1.11, 1.19, 1.21, 1.22, 1.23, 1.25 and 1.26); update gotrace-diff, or record with one of these releases"
            }
            TraceErrorClass::Truncated => {
                "record again and let the program end: pair every trace.Start with a deferred trace.Stop, do not call os.Exit in tests; or use what is whole with --allow-partial (which never passes)"
            }
            TraceErrorClass::Glued => "pass the traces as separate files",
            TraceErrorClass::Corrupt => {
                "record the trace again; if `go tool trace` opens this one, please report it as a bug of gotrace-diff"
            }
            TraceErrorClass::Limit => {
                "capture a shorter window (2 to 5 seconds are enough), or raise the limit that is named"
            }
            TraceErrorClass::Empty => {
                "record a run that does something: was any test or benchmark selected, did the program end early?"
            }
            TraceErrorClass::Io => "check the path, its permissions and the disk",
        }
    }
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident, $class:ident, $message:literal;)*) => {
        /// One kind for each cause.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum TraceErrorKind {
            $(#[doc = $message] $(#[$doc])* $name,)*
        }

        impl TraceErrorKind {
            /// Every kind.
            pub const ALL: &'static [TraceErrorKind] = &[$(TraceErrorKind::$name,)*];

            /// The class it belongs to.
            pub fn class(self) -> TraceErrorClass {
                match self { $(TraceErrorKind::$name => TraceErrorClass::$class,)* }
            }

            /// What was noticed.
            pub fn message(self) -> &'static str {
                match self { $(TraceErrorKind::$name => $message,)* }
            }

            /// A stable name, for tools.
            pub fn name(self) -> &'static str {
                match self { $(TraceErrorKind::$name => stringify!($name),)* }
            }
        }
    };
}

kinds! {
    // Header and framing.
    NoBytes, NotATrace, "the file has no bytes";
    BadHeader, NotATrace, "expected a header like `go 1.26 trace`";
    HeaderCut, Truncated, "the file ends inside its 16-byte header";
    TooOld, Unsupported, "the header names a release older than Go 1.11, whose format no current Go reads";
    TooNew, Unsupported, "the header names a newer Go than this version knows; the newest supported is go 1.26 (written by Go 1.26 and 1.27)";
    UnknownVersion, Unsupported, "the header names a format that no Go release writes";
    HeaderOnly, Empty, "the file ends after its header: the program died before anything was written";
    SecondHeader, Glued, "another header begins here";
    NotABatch, Corrupt, "expected a batch of events";
    VarintTooLong, Corrupt, "a number takes more than 64 bits";
    BatchTooLarge, Corrupt, "a batch claims more than 64 KiB";
    BatchHeaderCut, Truncated, "the file ends inside a batch header";
    BatchCut, Truncated, "the file ends inside a batch";
    GenerationZero, Corrupt, "a batch belongs to generation 0";
    GenerationsOutOfOrder, Corrupt, "generations are out of order or mixed";
    GenerationCut, Truncated, "the file ends before the end of its last generation";
    AdvancerRunning, Truncated, "the file ends between two generations while the tracer was still running";
    // Tables of a generation.
    NoFrequency, Truncated, "a generation has no clock frequency";
    DuplicateFrequency, Corrupt, "a generation has two clock frequencies";
    ZeroFrequency, Corrupt, "the clock frequency is 0";
    NoClockSnapshot, Truncated, "a generation has no clock snapshot";
    DuplicateClockSnapshot, Corrupt, "a generation has two clock snapshots";
    BadSyncEvent, Corrupt, "expected a frequency or a clock snapshot";
    TableCut, Corrupt, "a table entry runs past the end of its batch";
    BadStringEvent, Corrupt, "expected a string in a table of strings";
    StringTooLong, Corrupt, "a string claims more than 1024 bytes";
    DuplicateString, Corrupt, "two strings have the same id";
    BadStackEvent, Corrupt, "expected a stack in a table of stacks";
    StackTooDeep, Corrupt, "a stack claims more than 128 frames";
    DuplicateStack, Corrupt, "two stacks have the same id";
    FrameFunctionMissing, Truncated, "a stack frame names a function that is not in the table of strings";
    FrameFileMissing, Truncated, "a stack frame names a file that is not in the table of strings";
    BadCpuSample, Corrupt, "expected a CPU sample";
    // Events.
    UnknownEvent, Corrupt, "an event type that this version of the format does not have";
    UntimedEvent, Corrupt, "a structural event stands among timed ones";
    EventCut, Corrupt, "an event runs past the end of its batch";
    TimeOutOfRange, Corrupt, "an event lies more than 292 years behind the start of the clock";
    StackMissing, Truncated, "an event names a stack that is not in the table";
    StringMissing, Truncated, "an event names a string that is not in the table";
    ProcOutOfRange, Limit, "a processor number above 4294967294";
    // The order.
    NoProgress, Corrupt, "no thread's next event can have happened";
    NoProgressAtEnd, Truncated, "the file ends where events are missing that others wait for";
    NeedsThread, Corrupt, "an event that needs a thread has none";
    NeedsProc, Corrupt, "an event that needs a processor has none";
    NeedsGoroutine, Corrupt, "an event that needs a running goroutine has none";
    HasGoroutine, Corrupt, "an event happened on a thread that runs a goroutine already";
    BadProcStatus, Corrupt, "an unknown processor status";
    BadGoStatus, Corrupt, "an unknown goroutine status";
    InconsistentProcStatus, Corrupt, "a processor's status contradicts its history";
    InconsistentGoStatus, Corrupt, "a goroutine's status contradicts its history";
    NewGoroutineStatus, Corrupt, "a goroutine is first heard of by its status after the first generation";
    SyscallWithoutThread, Corrupt, "a goroutine is in a system call without a thread";
    SyscallOnOtherThread, Corrupt, "a goroutine is in a system call on a thread that runs another";
    UnknownProc, Corrupt, "a processor that was never heard of";
    ProcNotRunning, Corrupt, "a processor stops that was not running";
    ProcNotInSyscall, Corrupt, "a processor is not in a system call where it must be";
    ProcSequence, Corrupt, "a processor's sequence number does not follow";
    ProcLost, Corrupt, "nobody holds the processor that is about to be retaken";
    StealFromUnknownThread, Corrupt, "a processor is retaken from a thread that was never heard of";
    StealOfOtherProc, Corrupt, "a processor is retaken from a thread that holds another";
    UnknownGoroutine, Corrupt, "a goroutine that was never heard of";
    GoroutineNotRunning, Corrupt, "a goroutine acts that was not running";
    GoroutineNotInSyscall, Corrupt, "a goroutine is not in a system call where it must be";
    GoroutineExists, Corrupt, "a goroutine is created that exists already";
    GcAlreadyRunning, Corrupt, "a collection begins while one is running";
    GcNotRunning, Corrupt, "a collection ends while none is running";
    GcNotFirst, Corrupt, "a running collection is noted after the first event of the collector";
    RangeAlreadyOpen, Corrupt, "a range begins that is open already";
    RangeNotOpen, Corrupt, "a range ends that is not open";
    TooManyRanges, Limit, "one goroutine or processor has more than 64 special ranges open at once";
    // v1.
    V1TooLarge, Limit, "a trace of Go 1.21 or older is held in memory whole, and this one is larger than the limit";
    V1EventCut, Truncated, "the file ends inside an event";
    V1BadEvent, Corrupt, "an unknown event type";
    V1BadString, Corrupt, "a string is longer than 64 KiB, or its id is 0 or used twice";
    V1BadStack, Corrupt, "a stack is deeper than 1,000 frames, or its frames do not fill it";
    V1BadArguments, Corrupt, "an event has another number of arguments than its type";
    V1NoBatch, Corrupt, "an event stands outside any batch";
    V1NoFrequency, Truncated, "the clock frequency, which is written last, is missing";
    V1NoEvents, Empty, "there is no event in it";
    V1TimeOrder, Corrupt, "the times of events contradict their order (the recording machine's clocks disagree)";
    V1BadStwReason, Corrupt, "an unknown reason for stopping the world";
    V1BadRegionMode, Corrupt, "a region neither begins nor ends";
    // Around the reader.
    Decompression, Corrupt, "the compressed file cannot be unpacked";
    DecompressionCut, Truncated, "the compressed file ends early";
    UnpacksTooFar, Limit, "the compressed file unfolds to more than 2 GiB or 200 times its size; unpack it yourself if you trust it";
    NestedCompression, NotATrace, "the compressed file holds another compressed file";
    TooManyGoroutines, Limit, "more than 4294967294 goroutines at once";
    NoUserGoroutine, Empty, "nothing but the runtime's and the test framework's own goroutines";
    ReadFailed, Io, "reading failed";
}
