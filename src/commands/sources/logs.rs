//! What `go test -json` printed, where no trace tells of the run.

use std::io::{BufRead as _, BufReader, Read as _};
use std::path::Path;

use serde::Deserialize;

use super::open;

/// More is not looked through: the line that says it is the last one, of a run that nobody counts.
const MOST: u64 = 64 << 20;

#[derive(Deserialize)]
struct Event {
    #[serde(rename = "Action")]
    action: String,
}

/// Whether a log says that something in it failed.
pub(super) fn failed(log: &Path) -> bool {
    let Ok(file) = open(log) else { return false };
    let lines = BufReader::new(file.take(MOST)).split(b'\n').map_while(Result::ok);
    lines
        .filter(|line| line.windows(b"fail".len()).any(|word| word == b"fail"))
        .any(|line| serde_json::from_slice::<Event>(&line).is_ok_and(|event| event.action == "fail"))
}
