//! Waiting for a future on a thread that has better things to do with its runtime, or has none.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};

/// Wakes the thread that waits.
struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// Holds this thread until `work` is done. The connection itself is driven by another thread, so
/// this may be called from anywhere, also from a task of a runtime.
pub(super) fn wait<F: Future>(work: F) -> F::Output {
    // A task's share of its runtime's time must not run out here: nobody would give it a new one.
    let mut work = pin!(tokio::task::unconstrained(work));
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut context = Context::from_waker(&waker);
    loop {
        match work.as_mut().poll(&mut context) {
            Poll::Ready(done) => return done,
            Poll::Pending => thread::park(),
        }
    }
}
