//! The header of a trace file, and which releases wrote which.
//!
//! A header names the format, not the release: Go 1.24 writes `go 1.23`, Go 1.27 writes `go 1.26`.

use super::error::{TraceError, TraceErrorKind};
use super::v1;

/// Length of the header: `go 1.NN trace`, padded with NUL.
pub const HEADER_LEN: usize = 16;

/// A trace format that is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Version {
    /// Go 1.11 to 1.21: one stream of batches for each processor.
    V1(v1::Version),
    /// Go 1.22 and newer: generations of batches, one stream for each thread.
    V2(V2),
}

/// The formats of Go 1.22 and newer, oldest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum V2 {
    /// Go 1.22.
    Go122,
    /// Go 1.23 and 1.24: coroutine switches, status with stack, experiments.
    Go123,
    /// Go 1.25: sync batches with clock snapshots.
    Go125,
    /// Go 1.26 and 1.27: generations end with a mark.
    Go126,
}

impl Version {
    /// Reads a header.
    ///
    /// # Errors
    /// When it is cut, not a trace's, or names a format that is not read.
    pub fn parse(header: &[u8]) -> Result<Version, TraceError> {
        let fail = |kind| Err(TraceError::new(kind, 0));
        if header.is_empty() {
            return fail(TraceErrorKind::NoBytes);
        }
        let prefix = b"go 1.";
        let known = header.len().min(prefix.len());
        if header[..known] != prefix[..known] {
            return fail(TraceErrorKind::BadHeader);
        }
        if header.len() < HEADER_LEN {
            return Err(TraceError::new(TraceErrorKind::HeaderCut, header.len() as u64));
        }
        let rest = &header[prefix.len()..HEADER_LEN];
        let digits = rest.iter().take_while(|b| b.is_ascii_digit()).count();
        let tail = rest[digits..].strip_prefix(b" trace".as_slice());
        let minor = std::str::from_utf8(&rest[..digits]).ok().and_then(|s| s.parse::<u32>().ok());
        let (Some(minor), Some(padding)) = (minor, tail) else { return fail(TraceErrorKind::BadHeader) };
        if padding.iter().any(|&b| b != 0) {
            return fail(TraceErrorKind::BadHeader);
        }
        Ok(match minor {
            11 => Version::V1(v1::Version::Go111),
            19 => Version::V1(v1::Version::Go119),
            21 => Version::V1(v1::Version::Go121),
            22 => Version::V2(V2::Go122),
            23 => Version::V2(V2::Go123),
            25 => Version::V2(V2::Go125),
            26 => Version::V2(V2::Go126),
            _ => {
                let kind = match minor {
                    0..=10 => TraceErrorKind::TooOld,
                    27.. => TraceErrorKind::TooNew,
                    _ => TraceErrorKind::UnknownVersion,
                };
                return Err(TraceError::new(kind, 0).with(format_args!("go 1.{minor}")));
            }
        })
    }

    /// The header's words for it.
    pub fn name(self) -> &'static str {
        match self {
            Version::V1(v1::Version::Go111) => "go 1.11",
            Version::V1(v1::Version::Go119) => "go 1.19",
            Version::V1(v1::Version::Go121) => "go 1.21",
            Version::V2(V2::Go122) => "go 1.22",
            Version::V2(V2::Go123) => "go 1.23",
            Version::V2(V2::Go125) => "go 1.25",
            Version::V2(V2::Go126) => "go 1.26",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers() {
        let header = |text: &str| {
            let mut bytes = text.as_bytes().to_vec();
            bytes.resize(HEADER_LEN, 0);
            Version::parse(&bytes).map(Version::name).map_err(|e| e.kind())
        };
        for name in ["go 1.11", "go 1.19", "go 1.21", "go 1.22", "go 1.23", "go 1.25", "go 1.26"] {
            assert_eq!(header(&format!("{name} trace")), Ok(name));
        }
        assert_eq!(header("go 1.5 trace"), Err(TraceErrorKind::TooOld));
        assert_eq!(header("go 1.28 trace"), Err(TraceErrorKind::TooNew));
        assert_eq!(header("go 1.24 trace"), Err(TraceErrorKind::UnknownVersion));
        assert_eq!(header("go 1.26 trace\0x"), Err(TraceErrorKind::BadHeader));
        assert_eq!(header("go 1. trace"), Err(TraceErrorKind::BadHeader));
        assert_eq!(Version::parse(b"").map_err(|e| e.kind()), Err(TraceErrorKind::NoBytes));
        assert_eq!(Version::parse(b"go 1.26 tr").map_err(|e| e.kind()), Err(TraceErrorKind::HeaderCut));
        assert_eq!(Version::parse(b"PK\x03\x04").map_err(|e| e.kind()), Err(TraceErrorKind::BadHeader));
    }
}
