//! A cursor over bytes: the only place that takes numbers out of them.

/// Why a number could not be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum VarintError {
    /// The bytes end inside it.
    Cut,
    /// It takes more than 64 bits, or more than ten bytes.
    TooLong,
}

/// Reads the unsigned LEB128 number at `*pos` and moves `*pos` behind it.
///
/// Zero-padded numbers are normal: the runtime reserves ten bytes for a batch's length before it knows it.
#[inline(always)]
pub(crate) fn uvarint(bytes: &[u8], pos: &mut usize) -> Result<u64, VarintError> {
    // Nearly all numbers of a trace take one byte, most of the others two.
    match bytes.get(*pos) {
        Some(&b) if b < 0x80 => {
            *pos += 1;
            Ok(u64::from(b))
        }
        _ => uvarint_long(bytes, pos),
    }
}

#[inline(always)]
fn uvarint_long(bytes: &[u8], pos: &mut usize) -> Result<u64, VarintError> {
    if let Some(&[a, b]) = bytes.get(*pos..*pos + 2)
        && b < 0x80
    {
        *pos += 2;
        return Ok(u64::from(a & 0x7f) | u64::from(b) << 7);
    }
    uvarint_longer(bytes, pos)
}

/// The bytes of the first number of a word of eight, and how many bits they are; `None` where it is longer.
#[inline(always)]
pub(crate) fn first_of_word(word: u64) -> Option<(u64, u32)> {
    // The last byte of a number is the first without the high bit.
    let bits = (!word & 0x8080_8080_8080_8080).trailing_zeros() + 1;
    (bits <= 64).then(|| (word & (u64::MAX >> (64 - bits)), bits))
}

/// The number that the first bytes of a word of eight are, and how many bits of it that takes; `None` where it is longer.
#[inline(always)]
pub(crate) fn in_word(word: u64) -> Option<(u64, u32)> {
    let (bytes, bits) = first_of_word(word)?;
    let mut x = bytes & 0x7f7f_7f7f_7f7f_7f7f;
    // Eight groups of 7 bits become four of 14, two of 28, one of 56.
    x = x & 0x007f_007f_007f_007f | (x & 0x7f00_7f00_7f00_7f00) >> 1;
    x = x & 0x0000_3fff_0000_3fff | (x & 0x3fff_0000_3fff_0000) >> 2;
    x = x & 0x0fff_ffff | (x & 0x0fff_ffff_0000_0000) >> 4;
    Some((x, bits))
}

fn uvarint_longer(bytes: &[u8], pos: &mut usize) -> Result<u64, VarintError> {
    let mut value = 0u64;
    for (i, &b) in bytes.get(*pos..).unwrap_or_default().iter().enumerate() {
        // The tenth byte holds the 64th bit and nothing else.
        if i == 9 && b > 1 {
            return Err(VarintError::TooLong);
        }
        value |= u64::from(b & 0x7f) << (7 * i);
        if b < 0x80 {
            *pos += i + 1;
            return Ok(value);
        }
    }
    Err(VarintError::Cut)
}

/// A number as a trace has it.
#[cfg(test)]
pub(crate) fn encoded(mut number: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    while number >= 0x80 {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_every_length() {
        let read = |bytes: &[u8]| {
            let mut pos = 0;
            uvarint(bytes, &mut pos).map(|v| (v, pos))
        };
        assert_eq!(read(&[0]), Ok((0, 1)));
        assert_eq!(read(&[0x7f, 9]), Ok((127, 1)));
        assert_eq!(read(&[0x80, 0x01]), Ok((128, 2)));
        assert_eq!(read(&[0xff, 0xff, 0x03]), Ok((65_535, 3)));
        // One behind the other, with other bits in each byte.
        let (bytes, mut pos) = ([5, 0xaa, 0x55, 0xd5, 0x2a, 0x81], 0);
        let numbers = [0; 4].map(|_| uvarint(&bytes, &mut pos));
        assert_eq!(numbers, [Ok(5), Ok(0x2aaa), Ok(0x1555), Err(VarintError::Cut)]);
        // Zero-padded to ten bytes, as batch lengths are.
        assert_eq!(read(&[0x98, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0]), Ok((24, 10)));
        let mut max = [0xff; 10];
        max[9] = 1;
        assert_eq!(read(&max), Ok((u64::MAX, 10)));
        max[9] = 2;
        assert_eq!(read(&max), Err(VarintError::TooLong));
        assert_eq!(read(&[0x80; 11]), Err(VarintError::TooLong));
        for n in 0..10 {
            assert_eq!(read(&vec![0x80; n]), Err(VarintError::Cut), "{n} bytes");
        }
    }

    #[test]
    fn a_word_gives_the_same_number_as_the_cursor_unless_it_is_longer() {
        for value in (0..64).flat_map(|bits| [(1u64 << bits) - 1, 1 << bits, (1 << bits) | 0x55]) {
            let mut bytes = encoded(value);
            let (len, mut pos) = (bytes.len(), 0);
            bytes.resize(16, 0xff);
            assert_eq!((uvarint(&bytes, &mut pos), pos), (Ok(value), len));
            let word = bytes[..8].iter().rev().fold(0, |word, &b| word << 8 | u64::from(b));
            assert_eq!(in_word(word), (len <= 8).then_some((value, 8 * len as u32)));
        }
    }
}
