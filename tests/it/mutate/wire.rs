//! Numbers as traces write them.

/// Reads a number at `*pos`, which moves behind it.
pub fn take(bytes: &[u8], pos: &mut usize) -> Option<u64> {
    let (mut value, mut shift) = (0u64, 0);
    loop {
        let byte = *bytes.get(*pos)?;
        *pos += 1;
        value |= u64::from(byte & 0x7f).checked_shl(shift)?;
        if byte < 0x80 {
            return Some(value);
        }
        shift += 7;
    }
}

/// Writes a number in as few bytes as it takes.
pub fn put(out: &mut Vec<u8>, value: u64) {
    put_wide(out, value, 1);
}

/// Writes a number in at least `width` bytes.
pub fn put_wide(out: &mut Vec<u8>, mut value: u64, width: usize) {
    let mut left = width;
    while value >= 0x80 || left > 1 {
        out.push(value as u8 | 0x80);
        value >>= 7;
        left = left.saturating_sub(1);
    }
    out.push(value as u8);
}
