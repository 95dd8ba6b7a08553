//! The log: one JSON object a line on standard error.
//!
//! Lines go through memory, so that no request waits for a slow disk or a full pipe: they are
//! written a few milliseconds later and many at a time. Where they cannot be written fast enough,
//! lines are dropped and counted rather than requests held up.
//!
//! What a caller sent stands in a line only as a JSON string, so nobody can forge a line or move a
//! terminal's cursor. Tokens and query strings are never logged.

use std::io::{self, Write as _};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tracing::Level;
use tracing_subscriber::fmt::MakeWriter;

/// The most bytes that wait to be written.
const WAITING_MAX: usize = 8 << 20;
/// How many bytes are worth writing before the time is over.
const WORTH_WRITING: usize = 64 << 10;
/// How long a line waits for others at most.
const PAUSE: Duration = Duration::from_millis(20);

/// Where lines wait. Clones share it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Log(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    waiting: Mutex<Vec<u8>>,
    wake: Condvar,
    dropped: AtomicU64,
    /// Held while bytes are on their way out, so that lines keep their order.
    out: Mutex<()>,
}

impl Log {
    /// Starts writing and takes over everything that this process traces, from `level` up.
    pub(crate) fn begin(level: Level) -> Self {
        let log = Self::default();
        let shared = Arc::clone(&log.0);
        // The thread ends with the process; `flush` has written everything by then.
        std::thread::spawn(move || {
            loop {
                shared.wait();
                shared.write_out();
            }
        });
        let subscriber = tracing_subscriber::fmt()
            .json()
            .flatten_event(true)
            .with_current_span(false)
            .with_span_list(false)
            .with_target(false)
            .with_max_level(level)
            .with_writer(log.clone())
            .finish();
        // A second server in one process (there is none) would share the first one's log.
        let _ = tracing::subscriber::set_global_default(subscriber);
        // A fault is a line like any other, and not some lines that no program can read.
        std::panic::set_hook(Box::new(|fault| tracing::error!(cause = %fault, "a fault")));
        log
    }

    /// How many lines were dropped so far.
    pub(crate) fn dropped(&self) -> u64 {
        self.0.dropped.load(Ordering::Relaxed)
    }

    /// Writes whatever waits, now.
    pub(crate) fn flush(&self) {
        self.0.write_out();
    }
}

impl Shared {
    fn waiting(&self) -> MutexGuard<'_, Vec<u8>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn add(&self, line: &[u8]) {
        let mut waiting = self.waiting();
        if waiting.len() + line.len() > WAITING_MAX {
            self.dropped.fetch_add(1, Ordering::Relaxed);
            return;
        }
        let before = waiting.len();
        waiting.extend_from_slice(line);
        // The writer is woken for the first line and for a full load, not for every line.
        if before == 0 || (before < WORTH_WRITING && waiting.len() >= WORTH_WRITING) {
            self.wake.notify_one();
        }
    }

    /// Until there is something to write and some time for more of it has passed.
    fn wait(&self) {
        let waiting = self.wake.wait_while(self.waiting(), |waiting| waiting.is_empty());
        let waiting = waiting.unwrap_or_else(PoisonError::into_inner);
        let few = |waiting: &mut Vec<u8>| waiting.len() < WORTH_WRITING;
        drop(self.wake.wait_timeout_while(waiting, PAUSE, few));
    }

    fn write_out(&self) {
        let _order = self.out.lock().unwrap_or_else(PoisonError::into_inner);
        let lines = std::mem::take(&mut *self.waiting());
        // Where standard error is closed there is nobody left to tell.
        let _ = io::stderr().write_all(&lines);
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Line<'a>;

    fn make_writer(&'a self) -> Line<'a> {
        Line(&self.0)
    }
}

/// Takes whole lines.
pub(crate) struct Line<'a>(&'a Shared);

impl io::Write for Line<'_> {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.0.add(line);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
