//! A bar on standard error while traces are read: on a terminal only, and only where it takes long enough to wonder.

use std::io::{IsTerminal, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::trace::ReadAt;

/// Whoever waits for less does not wonder.
const PATIENCE: Duration = Duration::from_millis(400);

/// How far reading has come. Where standard error is no terminal it does nothing.
#[derive(Clone)]
pub(super) struct Progress(Option<Arc<Shown>>);

struct Shown {
    bar: ProgressBar,
    begun: Instant,
    visible: AtomicBool,
}

impl Progress {
    /// For so many bytes.
    pub(super) fn of(bytes: u64) -> Progress {
        if !std::io::stderr().is_terminal() || std::env::var_os("CI").is_some() {
            return Progress(None);
        }
        let bar = ProgressBar::with_draw_target(Some(bytes), ProgressDrawTarget::hidden());
        if let Ok(style) =
            ProgressStyle::with_template("reading traces [{bar:30}] {bytes} of {total_bytes}, {eta} left")
        {
            bar.set_style(style.progress_chars("=> "));
        }
        Progress(Some(Arc::new(Shown { bar, begun: Instant::now(), visible: AtomicBool::new(false) })))
    }

    /// Nobody is told.
    pub(super) fn untold() -> Progress {
        Progress(None)
    }

    /// The same reader, counted.
    pub(super) fn count<R: Read>(&self, inner: R) -> Counted<R> {
        Counted { inner, progress: self.clone() }
    }

    fn advance(&self, bytes: usize) {
        let Some(shown) = &self.0 else { return };
        shown.bar.inc(bytes as u64);
        if shown.begun.elapsed() > PATIENCE && !shown.visible.swap(true, Ordering::Relaxed) {
            shown.bar.set_draw_target(ProgressDrawTarget::stderr_with_hz(10));
        }
    }
}

impl Drop for Shown {
    /// Whatever comes next finds an empty line.
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

/// A reader that tells how far it has come.
pub(super) struct Counted<R> {
    inner: R,
    progress: Progress,
}

impl<R: ReadAt> ReadAt for Counted<R> {
    fn read_at(&self, into: &mut [u8], at: u64) -> std::io::Result<usize> {
        let n = self.inner.read_at(into, at)?;
        self.progress.advance(n);
        Ok(n)
    }

    fn will_need(&self, at: u64, len: u64) {
        self.inner.will_need(at, len);
    }
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        let n = self.inner.read(into)?;
        self.progress.advance(n);
        Ok(n)
    }
}
