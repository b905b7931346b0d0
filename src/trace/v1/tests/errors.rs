//! What is refused, and how it is called.

use super::bytes::Bytes;
use crate::trace::TraceErrorKind;

#[test]
fn a_cut_file_is_never_taken_for_a_whole_one() {
    let events = Bytes::running().event(13, &[10, 2, 2, 1]).event(22, &[10, 1]).batch(0, 150).end();
    let bytes = events.string(1, "f").stack(1, &[[1, 1, 0, 10]]).stack(2, &[[2, 1, 0, 30]]);
    assert_eq!(bytes.error(), None);
    for end in 0..bytes.0.len() {
        let cut = Bytes(bytes.0[..end].to_vec()).error();
        assert!(cut.is_some(), "reads when cut to {end} bytes");
    }
}

#[test]
fn what_is_wrong_is_named() {
    use TraceErrorKind as Kind;
    let raw = |bytes: &[u8]| Bytes([Bytes::running().0, bytes.to_vec()].concat()).end();
    let cases = [
        (Bytes::default(), Kind::HeaderOnly),
        (Bytes::running(), Kind::V1NoFrequency),
        (Bytes::default().batch(0, 1).end(), Kind::V1NoEvents),
        (Bytes::default().event(33, &[1, 2]), Kind::V1NoBatch),
        (raw(b"go 1.21 trace\0\0\0"), Kind::SecondHeader),
        // Begins as a header does, and is an event with a number too few.
        (raw(b"go"), Kind::V1BadArguments),
        (raw(&[0]), Kind::V1BadEvent),
        (raw(&[50]), Kind::V1BadEvent),
        (Bytes::running().event(36, &[1]).end(), Kind::V1BadEvent),
        (Bytes::running().event(33, &[1]).end(), Kind::V1BadArguments),
        (Bytes::running().event(13, &[1, 2, 3, 4, 5]).end(), Kind::V1BadArguments),
        (raw(&[13 | 3 << 6, 2, 0x80, 0x80]), Kind::V1BadArguments),
        (raw(&[13 | 3 << 6, 0x81, 0x10]), Kind::V1BadArguments),
        (raw(&[13 | 3 << 6, 100]), Kind::V1EventCut),
        (raw(&[1]), Kind::V1BadArguments),
        (raw(&[33 | 1 << 6, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]), Kind::VarintTooLong),
        (Bytes::running().batch(1 << 31, 5).end(), Kind::ProcOutOfRange),
        (Bytes::running().string(0, "x").end(), Kind::V1BadString),
        (Bytes::running().string(1, "").end(), Kind::V1BadString),
        (Bytes::running().string(1, "x").string(1, "x").end(), Kind::V1BadString),
        (raw(&[37, 1, 0xc1, 0x84, 0x3d]), Kind::V1BadString),
        (Bytes::running().event(3, &[1, 1, 2, 3]).end(), Kind::V1BadStack),
        (Bytes::running().event(3, &[1, 1001, 1, 1, 1, 1]).end(), Kind::V1BadStack),
        // A few numbers are a stack only where they say that it is empty.
        (raw(&[3, 0]), Kind::V1BadStack),
        (raw(&[3 | 1 << 6, 1, 1]), Kind::V1BadStack),
        (raw(&[3 | 2 << 6, 1, 0, 0]), Kind::V1BadStack),
        // An empty stack is passed over, however it is written: nothing may name it.
        (raw(&[3 | 1 << 6, 1, 0, 28 | 1 << 6, 1, 1]), Kind::StackMissing),
        (raw(&[3 | 3 << 6, 2, 1, 0, 28 | 1 << 6, 1, 1]), Kind::StackMissing),
        (Bytes::running().stack(1, &[[1, 9, 0, 1]]).end(), Kind::FrameFunctionMissing),
        (Bytes::running().stack(1, &[[1, 0, 9, 1]]).end(), Kind::FrameFileMissing),
        (Bytes::running().event(45, &[1, 1, 0, 9, 0]).end(), Kind::StringMissing),
        (Bytes::running().event(2, &[0]), Kind::ZeroFrequency),
        (Bytes::running().event(13, &[1, 1, 0, 0]).end(), Kind::NoProgress),
        (Bytes::running().event(5, &[1, 1]).end(), Kind::InconsistentProcStatus),
        (Bytes::running().event(6, &[1]).end(), Kind::HasGoroutine),
        (Bytes::running().event(8, &[1]).end(), Kind::GcNotRunning),
        (Bytes::running().event(10, &[1]).end(), Kind::RangeNotOpen),
        (Bytes::running().event(11, &[1, 0]).event(11, &[1, 0]).end(), Kind::RangeAlreadyOpen),
        (Bytes::running().event(43, &[1, 0]).event(43, &[1, 0]).end(), Kind::RangeAlreadyOpen),
        (Bytes::running().event(15, &[1]).event(15, &[1]).end(), Kind::GoroutineNotRunning),
        // Collections are numbered from 0.
        (Bytes::running().event(7, &[1, 5, 0]).end(), Kind::NoProgress),
        // Later than nanoseconds can say, and before the first.
        (Bytes::running().event(33, &[i64::MAX as u64 - 200, 1]).end(), Kind::TimeOutOfRange),
        // A goroutine goes on, and none is on the processor that tells.
        (
            Bytes::running().event(28, &[10, 0]).event(30, &[10]).event(40, &[20, 1, 150]).end(),
            Kind::GoroutineNotInSyscall,
        ),
    ];
    for (i, (bytes, expected)) in cases.iter().enumerate() {
        assert_eq!(bytes.error(), Some(*expected), "case {i}");
    }
}

#[test]
fn what_just_fits_is_read_and_one_more_is_refused() {
    let string = |len: usize| Bytes::running().string(1, &"x".repeat(len)).end();
    // A number of two bytes, and four of one for each frame: 2,048 bytes with the depth.
    let stack = |id, frames| Bytes::running().stack(id, &vec![[1, 0, 0, 1]; frames]).event(28, &[1, id]).end();
    assert_eq!((string(65_536).error(), string(65_537).error()), (None, Some(TraceErrorKind::V1BadString)));
    assert_eq!((stack(128, 511).error(), stack(1 << 14, 511).error()), (None, Some(TraceErrorKind::V1BadArguments)));
}
