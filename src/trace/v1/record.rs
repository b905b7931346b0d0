//! An event as it is kept in memory: forty bytes, ids replaced by indices.

use super::spec::Kind;

/// An event of one processor, or a CPU sample.
#[derive(Clone, Copy, Debug)]
pub(super) struct Record {
    /// When: ticks of the machine's clock, later nanoseconds.
    pub(super) time: i64,
    /// What the type needs. A goroutine (an index) for an unblocking; for a creation the new goroutine with the stack
    /// that it starts on; the thread of a started processor; the figure of a metric; the reason that stops the
    /// world; the task that ends or a region belongs to; the place in [`Details`] of a new task or a log; for the
    /// exit from a system call the time when it happened.
    pub(super) arg: u64,
    /// The goroutine that it happened on.
    pub(super) g: u32,
    /// A name: the string of a task, a region, a log's category, a label.
    pub(super) name: u32,
    /// The stack of the goroutine.
    pub(super) stack: u32,
    /// The processor: a place in the list of processors, or one of those in [`place`].
    pub(super) proc: u32,
    /// Where it stands in the file.
    pub(super) at: u32,
    pub(super) kind: Kind,
    /// A region ends rather than begins; a system call blocks.
    pub(super) flag: bool,
}

// Two bytes are the shortest event: with this, a file takes twenty times its size.
const _: () = assert!(size_of::<Record>() == 40);

impl Record {
    /// Room for a record.
    pub(super) const NONE: Record =
        Record { time: 0, arg: 0, g: 0, name: 0, stack: 0, proc: 0, at: 0, kind: Kind::Batch, flag: false };

    /// The argument of a creation.
    pub(super) fn creation(goroutine: u32, stack: u32) -> u64 {
        u64::from(goroutine) | u64::from(stack) << 32
    }

    /// The goroutine that a creation or an unblocking is about.
    pub(super) fn target(&self) -> u32 {
        self.arg as u32
    }

    /// The stack that a new goroutine starts on.
    pub(super) fn start_stack(&self) -> u32 {
        (self.arg >> 32) as u32
    }
}

/// What does not fit into a [`Record`].
#[derive(Debug, Default)]
pub(super) struct Details {
    pub(super) tasks: Vec<NewTask>,
    pub(super) logs: Vec<Log>,
    /// The messages of the logs, one behind the other, if they are to be kept.
    pub(super) messages: Vec<u8>,
}

/// A task that begins.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct NewTask {
    pub(super) id: u64,
    /// 0 for none.
    pub(super) parent: u64,
}

/// A log.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Log {
    pub(super) task: u64,
    /// Where its message is among the messages.
    pub(super) start: u32,
    pub(super) length: u32,
}

/// Processors that are none. Go's reader moves there what no processor really did, and calls them by these numbers.
pub(super) mod place {
    /// Goroutines that a timer woke.
    pub(in super::super) const TIMER: u32 = u32::MAX - 1;
    /// Goroutines that the network poller woke.
    pub(in super::super) const NETPOLL: u32 = u32::MAX - 2;
    /// Returns from system calls.
    pub(in super::super) const SYSCALL: u32 = u32::MAX - 3;
    /// The beginning of a collection.
    pub(in super::super) const GC: u32 = u32::MAX - 4;

    /// Go's number for one of these.
    pub(in super::super) fn number(place: u32) -> Option<u32> {
        match place {
            TIMER => Some(1_000_001),
            NETPOLL => Some(1_000_002),
            SYSCALL => Some(1_000_003),
            GC => Some(1_000_004),
            _ => None,
        }
    }
}
