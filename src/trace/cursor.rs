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
}
