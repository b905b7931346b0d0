//! Writes traces byte by byte: what a test wants to say, in the wire format of Go 1.22 and newer.

/// A trace under construction.
pub struct Craft {
    pub bytes: Vec<u8>,
}

/// The data of one batch under construction.
#[derive(Default)]
pub struct Events(pub Vec<u8>);

fn varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

impl Events {
    /// An event: its type, the time since the one before in clock units, and its arguments.
    pub fn event(mut self, typ: u8, dt: u64, args: &[u64]) -> Self {
        self.0.push(typ);
        varint(&mut self.0, dt);
        for &arg in args {
            varint(&mut self.0, arg);
        }
        self
    }
}

/// Event types by Go's names.
pub mod ev {
    pub const CPU_SAMPLES: u8 = 6;
    pub const CPU_SAMPLE: u8 = 7;
    pub const PROCS_CHANGE: u8 = 9;
    pub const PROC_START: u8 = 10;
    pub const PROC_STOP: u8 = 11;
    pub const PROC_STEAL: u8 = 12;
    pub const PROC_STATUS: u8 = 13;
    pub const GO_CREATE: u8 = 14;
    pub const GO_CREATE_SYSCALL: u8 = 15;
    pub const GO_START: u8 = 16;
    pub const GO_DESTROY: u8 = 17;
    pub const GO_DESTROY_SYSCALL: u8 = 18;
    pub const GO_STOP: u8 = 19;
    pub const GO_BLOCK: u8 = 20;
    pub const GO_UNBLOCK: u8 = 21;
    pub const GO_SYSCALL_BEGIN: u8 = 22;
    pub const GO_SYSCALL_END: u8 = 23;
    pub const GO_SYSCALL_END_BLOCKED: u8 = 24;
    pub const GO_STATUS: u8 = 25;
    pub const STW_BEGIN: u8 = 26;
    pub const STW_END: u8 = 27;
    pub const GC_ACTIVE: u8 = 28;
    pub const GC_BEGIN: u8 = 29;
    pub const GC_END: u8 = 30;
    pub const SWEEP_ACTIVE: u8 = 31;
    pub const SWEEP_BEGIN: u8 = 32;
    pub const SWEEP_END: u8 = 33;
    pub const ASSIST_ACTIVE: u8 = 34;
    pub const ASSIST_BEGIN: u8 = 35;
    pub const ASSIST_END: u8 = 36;
    pub const TASK_BEGIN: u8 = 40;
    pub const TASK_END: u8 = 41;
    pub const REGION_BEGIN: u8 = 42;
    pub const REGION_END: u8 = 43;
    pub const LOG: u8 = 44;
    pub const GO_SWITCH: u8 = 45;
}

/// Statuses on the wire.
pub const PROC_RUNNING: u64 = 1;
pub const PROC_IDLE: u64 = 2;
pub const PROC_SYSCALL: u64 = 3;
pub const PROC_ABANDONED: u64 = 4;
pub const GO_RUNNABLE: u64 = 1;
pub const GO_RUNNING: u64 = 2;
pub const GO_SYSCALL: u64 = 3;
pub const GO_WAITING: u64 = 4;

/// The thread id of batches that are tables.
const NO_THREAD: u64 = u64::MAX;

impl Craft {
    /// A trace with this header (`go 1.22` and so on).
    pub fn new(version: &str) -> Craft {
        let mut bytes = format!("{version} trace").into_bytes();
        bytes.resize(16, 0);
        Craft { bytes }
    }

    /// A batch of generation `generation` and of thread `m`, beginning at `time`.
    pub fn batch(mut self, generation: u64, m: u64, time: u64, data: &[u8]) -> Craft {
        self.bytes.push(1);
        for value in [generation, m, time, data.len() as u64] {
            varint(&mut self.bytes, value);
        }
        self.bytes.extend_from_slice(data);
        self
    }

    /// The clock frequency, one nanosecond a unit, as Go 1.22 to 1.24 write it.
    pub fn frequency(self, generation: u64) -> Craft {
        let mut data = vec![8];
        varint(&mut data, 1_000_000_000);
        self.batch(generation, NO_THREAD, 1, &data)
    }

    /// Strings with ids from 1.
    pub fn strings(self, generation: u64, texts: &[&str]) -> Craft {
        let mut data = vec![4];
        for (i, text) in texts.iter().enumerate() {
            data.push(5);
            varint(&mut data, i as u64 + 1);
            varint(&mut data, text.len() as u64);
            data.extend_from_slice(text.as_bytes());
        }
        self.batch(generation, NO_THREAD, 1, &data)
    }

    /// Stacks with ids from 1; each frame is the id of a string that names function and file, and its line is 1.
    pub fn stacks(self, generation: u64, stacks: &[&[u64]]) -> Craft {
        let mut data = vec![2];
        for (i, frames) in stacks.iter().enumerate() {
            data.push(3);
            varint(&mut data, i as u64 + 1);
            varint(&mut data, frames.len() as u64);
            for &name in *frames {
                for value in [0x1000 + name, name, name, 1] {
                    varint(&mut data, value);
                }
            }
        }
        self.batch(generation, NO_THREAD, 1, &data)
    }
}

/// Thousands of threads that start and stop one processor in turn, the last one in the order having the least time:
/// a reader that tries every thread again after every event takes a minute for a megabyte.
pub fn reversed_proc_starts(size: usize) -> Vec<u8> {
    let start = Events::default().event(ev::PROC_STATUS, 0, &[0, PROC_IDLE]).0;
    let mut craft = Craft::new("go 1.22").frequency(1).batch(1, 1, 1, &start);
    let threads = (size - craft.bytes.len()) as u64 / 17;
    for i in (1..=threads).rev() {
        let turn = Events::default().event(ev::PROC_START, 1, &[0, i]).event(ev::PROC_STOP, 1, &[]).0;
        craft = craft.batch(1, i + 1, 2_000_000 - i, &turn);
    }
    craft.bytes
}

/// This many empty batches, each of a thread of its own.
pub fn empty_batches(count: u64) -> Vec<u8> {
    let mut craft = Craft::new("go 1.22").frequency(1);
    for m in 0..count {
        craft = craft.batch(1, m, 1, &[]);
    }
    craft.bytes
}

/// So many strings and stacks, of which the id of each is about twice that of the one before.
pub fn doubling_ids(count: u64) -> Vec<u8> {
    let (mut strings, mut stacks) = (vec![4], vec![2]);
    for i in 0..count {
        let id = (64 << (i + 1)) - 65;
        for (table, typ) in [(&mut strings, 5), (&mut stacks, 3)] {
            table.push(typ);
            varint(table, id);
            table.push(0);
        }
    }
    let craft = Craft::new("go 1.22").frequency(1).batch(1, NO_THREAD, 1, &strings).batch(1, NO_THREAD, 1, &stacks);
    let running =
        Events::default().event(ev::PROC_STATUS, 1, &[0, PROC_RUNNING]).event(ev::GO_STATUS, 1, &[1, 1, GO_RUNNING]);
    craft.batch(1, 1, 1, &running.0).bytes
}

/// Batches with an event in each, each of a thread of its own: a goroutine's status, which any thread may note.
pub fn tiny_batches(count: u64) -> Vec<u8> {
    let mut craft = Craft::new("go 1.22").frequency(1);
    for m in 0..count {
        let data = Events::default().event(ev::GO_STATUS, 0, &[m + 1, NO_THREAD, GO_WAITING]).0;
        craft = craft.batch(1, m, 1, &data);
    }
    craft.bytes
}

/// This many goroutines, created by one that runs, none of which ever does anything or ends.
pub fn many_goroutines(count: u64) -> Vec<u8> {
    let craft = Craft::new("go 1.22").frequency(1).strings(1, &["main.work"]).stacks(1, &[&[1]]);
    with_goroutines(craft, 1, 2, count).bytes
}

/// The same of two generations: so many in the first, and so many more in the second.
pub fn many_goroutines_twice(first: u64, second: u64) -> Vec<u8> {
    let craft = Craft { bytes: many_goroutines(first) };
    let craft = craft.frequency(2).strings(2, &["main.work"]).stacks(2, &[&[1]]);
    with_goroutines(craft, 2, first + 2, second).bytes
}

/// So many goroutines in one generation, whose ids are `from` and more.
fn with_goroutines(mut craft: Craft, generation: u64, from: u64, count: u64) -> Craft {
    let mut events = Events::default().event(ev::PROC_STATUS, 1, &[0, PROC_RUNNING]);
    events = events.event(ev::GO_STATUS, 1, &[1, 1, GO_RUNNING]);
    for id in from..from + count {
        if events.0.len() > 60_000 {
            craft = craft.batch(generation, 1, generation, &events.0);
            events = Events::default();
        }
        events = events.event(ev::GO_CREATE, 1, &[id, 1, 0]);
    }
    craft.batch(generation, 1, generation, &events.0)
}
