//! Any bytes, through to the summary and its JSON: no panic, and what reads is written and read again unchanged.
//!
//! ```sh
//! cargo +nightly fuzz run trace -- -max_len=65536 testdata/traces/go1.27.3
//! ```
#![no_main]

use gotrace_diff::summarize::{Options, summarize};
use gotrace_diff::summary::Summary;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let whole = summarize("fuzz", bytes, &Options::default());
    let partial = summarize("fuzz", bytes, &Options { allow_partial: true, ..Options::default() });
    if let Ok(summary) = &whole {
        let text = serde_json::to_string(summary).expect("a summary is JSON");
        let read: Summary = serde_json::from_str(&text).expect("its own JSON");
        assert_eq!(&read, summary);
        // What reads as whole reads the same when partial traces are allowed.
        assert_eq!(partial.as_ref().ok(), Some(summary));
    }
    if let Err(error) = &whole {
        assert!(error.to_string().len() < 2048);
        assert!(partial.is_err() || partial.is_ok_and(|summary| !summary.complete));
    }
});
