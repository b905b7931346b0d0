//! Recordings of testdata, for the benches.

use std::io::Read;
use std::path::Path;

/// The bytes of a recording, unpacked; none where it cannot be read.
pub(crate) fn load(name: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata").join(name);
    let bytes = std::fs::read(&path).unwrap_or_default();
    if !name.ends_with(".zst") {
        return bytes;
    }
    let mut plain = Vec::new();
    if let Ok(mut decoder) = ruzstd::decoding::StreamingDecoder::new(bytes.as_slice()) {
        let _ = decoder.read_to_end(&mut plain);
    }
    plain
}
