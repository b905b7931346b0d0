//! The recordings in testdata: their names, their bytes, and the reference's figures.

use std::io::Read;
use std::path::{Path, PathBuf};

/// The folder of the recordings.
pub fn dir() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata")
}

/// The bytes of a file in testdata, unpacked where they are stored compressed (`.zst` is added to the name then).
pub fn read(name: &str) -> Vec<u8> {
    let path = dir().join(name);
    if let Ok(bytes) = std::fs::read(&path) {
        return bytes;
    }
    let packed = std::fs::read(format!("{}.zst", path.display())).unwrap_or_else(|e| panic!("{name}: {e}"));
    let mut bytes = Vec::new();
    let mut decoder = ruzstd::decoding::StreamingDecoder::new(packed.as_slice()).expect("a Zstandard file");
    decoder.read_to_end(&mut bytes).expect("unpacks");
    bytes
}

/// The bytes of a recording, by `release/name`.
pub fn trace(name: &str) -> Vec<u8> {
    read(&format!("traces/{name}.out"))
}

/// What the reference says of a recording.
pub fn oracle(name: &str) -> serde_json::Value {
    let bytes = read(&format!("traces/{name}.oracle.json"));
    serde_json::from_slice(&bytes).unwrap_or_else(|e| panic!("{name}: {e}"))
}

/// All recordings as `release/name`, sorted.
pub fn names() -> Vec<String> {
    let mut names = Vec::new();
    for release in std::fs::read_dir(dir().join("traces")).expect("testdata").flatten() {
        let release_name = release.file_name().to_string_lossy().into_owned();
        for file in std::fs::read_dir(release.path()).expect("testdata").flatten() {
            let file = file.file_name().to_string_lossy().into_owned();
            if let Some(name) = file.strip_suffix(".out").or_else(|| file.strip_suffix(".out.zst")) {
                names.push(format!("{release_name}/{name}"));
            }
        }
    }
    names.sort();
    names
}
